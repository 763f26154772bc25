"""Sheets of requests that no weights are known to meet: an impossibility with its proof, or an open question.

Both say what every weight set must miss by, which theorem says so, and what the closest construction reaches.
"""

from __future__ import annotations

from collections.abc import Mapping

from constructions.answer import Construction, Impossibility, Unanswered
from proofs.ask import Open
from proofs.impossible import Impossible, checked
from proofs.sheet.answer import answer_blocks, asked, cell_blocks
from proofs.sheet.document import Block, Heading, Inline, Line, Listing, Math, Paragraph, Strong, Table, Text
from proofs.sheet.notation import prose, rational
from proofs.sheet.numbers import at_least, at_most, stated
from proofs.sheet.question import request
from proofs.sheet.theorems import theorem_blocks, verdict_line
from proofs.theorem import Floor, Theorem
from proofs.theorems import THEOREMS
from verifier.arithmetic.balls import Balls
from verifier.cells import CELLS
from verifier.certify import Certificate
from verifier.regime import Regime
from verifier.summary import error_text
from verifier.verdict import Verdict

ANSWERS = {
    Verdict.PROVED: "No.",
    Verdict.REFUTED: "The claim that it is impossible fails (see the checks).",
    Verdict.UNDECIDED: "Not decided (see the checks).",
}


def impossible_blocks(answer: Impossibility, decision: Impossible, level: int = 1, alone: bool = True) -> tuple[Block, ...]:
    """Question, answer, least error, theorem with proof and checks, closest construction, how to reproduce."""
    regime, floor, theorem = decision.regime, decision.floor, decision.theorem
    because = "" if floor is None else f" {floor.because}"
    line: list[Inline] = [Strong(ANSWERS[decision.verdict]), *prose(f" By {theorem.id} ({theorem.title}).{because}")]
    least = (
        prose(f"{theorem.id} does not apply to this question.")
        if floor is None
        else (*_least(floor), *_closest(decision.best, decision.sharp))
    )
    blocks: list[Block] = [
        *asked(regime, level, alone),
        Paragraph((*line, Text(" Verdict: "), Strong(decision.verdict.value), Text("."))),
        Paragraph(least, lead=(Text("Best possible error."),)),
        *_theorem(regime, theorem, decision.checks, {} if floor is None else floor.checks, level, alone),
        *_construction(answer.best, decision.best, regime, level),
    ]
    return (*blocks, _head("How to reproduce", level), Listing((request(regime), f"verify explain {theorem.id}")))


def open_blocks(answer: Unanswered, found: Open, level: int = 1, alone: bool = True) -> tuple[Block, ...]:
    """A request that this version does not decide: what every weight set must miss by, and what some weights reach."""
    regime = found.regime
    line = (
        Strong("Not known to this version"),
        *prose(f": {answer.reason}. Verdict: "),
        Strong(found.verdict.value),
        Text("."),
    )
    blocks: list[Block] = [*asked(regime, level, alone), Paragraph(line)]
    commands = [request(regime)]
    if found.floor is None:
        least: Line = (*prose("No theorem of this version bounds it from below"), *_closest(found.best, None))
        blocks.append(Paragraph(least, lead=(Text("Best possible error."),)))
        if alone:
            blocks += [_head("The cell", level), *cell_blocks(CELLS[regime.architecture])]
    else:
        name, floor = found.floor
        least = (*_least(floor), *prose(f" (by {name})"), *_closest(found.best, None))
        blocks.append(Paragraph(least, lead=(Text("Best possible error."),)))
        blocks += _theorem(regime, THEOREMS[name], {**checked(name), **floor.checks}, floor.checks, level, alone)
        commands.append(f"verify explain {name}")
    blocks += _construction(answer.best, found.best, regime, level)
    return (*blocks, _head("How to reproduce", level), Listing(tuple(commands)))


def _theorem(
    regime: Regime, theorem: Theorem, checks: Mapping[str, Verdict], here: Mapping[str, Verdict], level: int, alone: bool
) -> tuple[Block, ...]:
    """The cell and the theorem in full. Not `alone`, both stand elsewhere: what was checked `here`, and how many checks there."""
    if alone:
        cell = (_head("The cell", level), *cell_blocks(CELLS[regime.architecture]))
        return (*cell, _head("The theorem", level), *theorem_blocks(theorem, checks))
    general = {name: found for name, found in checks.items() if name not in here}
    failed = {name: found for name, found in general.items() if found is not Verdict.PROVED}
    told = (
        f"{len(general) - len(failed)} of {len(general)} checks of {theorem.id}, listed with it, are proved; and at this question:"
    )
    rows = tuple((prose(name), (verdict_line(found),)) for name, found in {**failed, **here}.items())
    return (Paragraph(prose(told)), Table((0.78, "l"), ((Text("check"),), (Text("result"),)), rows))


def _construction(best: Construction | None, certificate: Certificate | None, regime: Regime, level: int) -> tuple[Block, ...]:
    if best is None or certificate is None:
        return ()
    return (
        _head("The closest construction", level),
        *answer_blocks(best, certificate, level + 1, alone=False, asked_by=request(regime)),
    )


def _head(text: str, level: int) -> Heading:
    return Heading(level, (Text(text),))


def _least(floor: Floor) -> Line:
    """What every weight set misses by, rounded down; no stop at its end."""
    if floor.error is None:
        return prose("No finite error is possible for any weights")
    exact = at_least(floor.error) == rational(floor.error)
    relation = "Every weight set has an error above " if floor.strict else "Every weight set has an error of at least "
    return (Text(relation), Math(at_least(floor.error)), Text("" if exact else " (rounded down)"))


def _closest(best: Certificate | None, sharp: Verdict | None) -> Line:
    """What explicit weights reach, rounded up, and the stop."""
    if best is None:
        return (Text("; no weights that come close are known to this version."),)
    if sharp is Verdict.PROVED:
        return (Text("; explicit weights reach it exactly."),)
    if best.supremum is None:
        return (Text("; the error of the closest construction was not reached."),)
    exact = best.supremum.exact_value
    if exact is not None:
        return (
            Text("; explicit weights reach "),
            Math(at_most(exact)),
            Text("." if at_most(exact) == rational(exact) else " (rounded up)."),
        )
    with Balls(best.working_bits).working():
        reached = stated(error_text(best.supremum.upper, up=True))
    return (Text("; explicit weights reach "), Math(reached), Text(" (rounded up)."))

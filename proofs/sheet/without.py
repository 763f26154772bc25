"""Sheets of requests that no weights meet: an impossibility with its proof and its closest construction, or an open question."""

from __future__ import annotations

from constructions.answer import Impossibility, Unanswered
from proofs.impossible import Impossible
from proofs.sheet.answer import answer_blocks, cell_blocks
from proofs.sheet.document import Block, Heading, Inline, Listing, Math, Paragraph, Strong, Table, Text
from proofs.sheet.notation import number, prose
from proofs.sheet.numbers import stated
from proofs.sheet.question import question, request
from proofs.sheet.theorems import theorem_blocks, verdict_line
from verifier.arithmetic.balls import Balls, show_lower, show_upper, to_ball
from verifier.cells import CELLS
from verifier.certify import Certificate
from verifier.regime import Regime
from verifier.summary import DIGITS, short
from verifier.verdict import Verdict

FLOOR_BITS = 128
"""Precision at which a floor is rounded for printing."""

ANSWERS = {
    Verdict.PROVED: "No.",
    Verdict.REFUTED: "The claim that it is impossible fails (see the checks).",
    Verdict.UNDECIDED: "Not decided (see the checks).",
}


def impossible_blocks(answer: Impossibility, decision: Impossible, level: int = 1, alone: bool = True) -> tuple[Block, ...]:
    """Question, answer, least error, theorem with proof and checks, closest construction, how to reproduce."""
    regime, floor = decision.regime, decision.floor
    because = "" if floor is None else f" {floor.because}"
    line: list[Inline] = [
        Strong(ANSWERS[decision.verdict]),
        *prose(f" By {decision.theorem.id} ({decision.theorem.title}).{because}"),
    ]
    blocks: list[Block] = [
        _head("The question", level),
        *question(regime),
        _head("The answer", level),
        Paragraph((*line, Text(" Verdict: "), Strong(decision.verdict.value), Text("."))),
        Paragraph(_least(decision), lead=(Text("Best possible error."),)),
    ]
    if alone:
        blocks += [_head("The cell", level), *cell_blocks(CELLS[regime.architecture]), _head("The theorem", level)]
        blocks += theorem_blocks(decision.theorem, decision.checks)
    else:
        rows = tuple((prose(name), (verdict_line(found),)) for name, found in decision.checks.items())
        blocks.append(Table((0.78, "l"), ((Text("check"),), (Text("result"),)), rows))
    if answer.best is not None and decision.best is not None:
        blocks += [_head("The closest construction", level), *answer_blocks(answer.best, decision.best, level + 1, alone=False)]
    blocks += [_head("How to reproduce", level), Listing((request(regime), f"verify explain {decision.theorem.id}"))]
    return tuple(blocks)


def open_blocks(answer: Unanswered, level: int = 1, alone: bool = True) -> tuple[Block, ...]:
    """A request to which this version has no answer: it says so."""
    regime: Regime = answer.regime
    line = (
        Strong("Not known to this version"),
        *prose(f": {answer.reason}. Verdict: "),
        Strong(Verdict.UNDECIDED.value),
        Text("."),
    )
    blocks: list[Block] = [_head("The question", level), *question(regime), _head("The answer", level), Paragraph(line)]
    if alone:
        blocks += [_head("The cell", level), *cell_blocks(CELLS[regime.architecture])]
    return (*blocks, _head("How to reproduce", level), Listing((request(regime),)))


def _head(text: str, level: int) -> Heading:
    return Heading(level, (Text(text),))


def _least(decision: Impossible) -> tuple[Inline, ...]:
    floor = decision.floor
    if floor is None:
        return prose(f"{decision.theorem.id} does not apply to this question.")
    if floor.error is None:
        return prose("No finite error is possible for any weights.")
    with Balls(FLOOR_BITS).working():
        text = short(floor.error)
        exact = not text.endswith("...")
        value = stated(text) if exact else number(show_lower(to_ball(floor.error), DIGITS))
    relation = "Every weight set has an error above " if floor.strict else "Every weight set has an error of at least "
    line: tuple[Inline, ...] = (Text(relation), Math(value), Text("" if exact else " (rounded down)"))
    if decision.best is None:
        return (*line, Text("."))
    if decision.sharp is Verdict.PROVED:
        return (*line, Text("; explicit weights reach it exactly."))
    return (*line, Text("; explicit weights reach "), Math(_reached(decision.best)), Text(" (rounded up)."))


def _reached(best: Certificate) -> str:
    if best.supremum is None:
        return r"\text{--}"
    with Balls(best.working_bits).working():
        return number(show_upper(best.supremum.upper, DIGITS))

"""A theorem on a sheet: statement, hypotheses as checked, proof in words, and every step that the checker ran."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping

from sympy import Expr, Symbol

from proofs.sheet.document import (
    Block,
    Code,
    Display,
    Enumeration,
    Inline,
    Line,
    LongFormula,
    Paragraph,
    Proof,
    Refer,
    Statement,
    Strong,
    Table,
    Text,
)
from proofs.sheet.notation import expression, formula, prose
from proofs.theorem import Theorem
from verifier.inequality import CellEquations, Derivation, Identity, ReluIs, ReluSplit, Step
from verifier.verdict import Verdict, all_of

KINDS = {
    "Identity": "identity",
    "AtMost": "inequality",
    "Growth": "growth from 0",
    "UpToTheEnd": "monotone in the variable",
    "SquareRoot": "square root",
    "Increasing": "increasing function",
    "Instance": "instance",
    "Assumed": "hypothesis",
    "Induction": "induction",
    "ReluIs": "sign of a relu",
    "ReluSplit": "parts of an input",
    "CellEquations": "cell equations",
    "Chain": "chain",
}
"""How a step is checked, in a word."""


MOST_STEPS, FIRST_STEPS, LAST_STEPS = 48, 12, 4
"""Entries of a list of steps that are all printed; of more, the first and the last."""

MOST_EQUATIONS = 12
"""Equations of a step that are all printed; of more, the first and the last."""


def theorem_blocks(
    theorem: Theorem,
    results: Mapping[str, Verdict],
    derivation: Derivation | None = None,
    hypotheses: Mapping[str, Verdict] | None = None,
) -> tuple[Block, ...]:
    """Statement, proof and checks.

    `results`: what the checks said when they ran, by name. `derivation`: the one made for the request, if it has a size of
    its own. `hypotheses`: as checked at the numbers of the request; None where the theorem is shown for itself.
    """
    made = derivation if derivation is not None else theorem.derivation() if theorem.derivation is not None else None
    statement = made.statement if made is not None else theorem.statement
    body: list[Block] = [Paragraph(prose(statement))]
    if theorem.hypotheses:
        body.append(Paragraph(_hypotheses(made, theorem, hypotheses)))
    proof: list[Block] = [Paragraph(prose(paragraph)) for paragraph in theorem.argument]
    status = all_of(results.values())
    blocks: list[Block] = [
        Statement(theorem.id, prose(_title(theorem, derivation)), tuple(body)),
        Proof(tuple(proof), status is Verdict.PROVED),
    ]
    blocks.append(Paragraph(prose(f"{theorem.source}."), lead=(Text("Source."),)))
    if theorem.uses:
        used: list[Inline] = []
        for name in theorem.uses:
            used += [Text(", " if used else ""), Refer(name)]
        blocks.append(Paragraph(tuple(used), lead=(Text("Uses."),)))
    blocks.append(Paragraph((Code(theorem.sha256(made), anywhere=True),), lead=(Text("Statement sha256."),)))
    if made is not None:
        blocks += _derivation(made, results)
    named = [name for name in results if made is None or name not in {step.name for step in made.steps}]
    if named:
        rows = tuple((prose(name), (verdict_line(results[name]),)) for name in named)
        blocks.append(Table((0.78, "l"), ((Text("check"),), (Text("result"),)), rows))
    return tuple(blocks)


def _title(theorem: Theorem, derivation: Derivation | None) -> str:
    """The title, without the remark on the example's size where the request has its own."""
    if derivation is None:
        return theorem.title
    return re.sub(r"\s*\((?:([^()]*), )?shown for[^()]*\)", lambda m: f" ({m[1]})" if m[1] else "", theorem.title)


def verdict_line(verdict: Verdict) -> Text | Strong:
    """A verdict as it came from the run; anything but PROVED stands out."""
    return Text(verdict.value.lower()) if verdict is Verdict.PROVED else Strong(verdict.value)


def _hypotheses(made: Derivation | None, theorem: Theorem, checked: Mapping[str, Verdict] | None) -> Line:
    texts = [h.text for h in made.hypotheses] if made is not None else list(theorem.hypotheses)
    line: list[Inline] = [Text("Hypotheses: ")]
    for k, text in enumerate(texts):
        line += [Text("; " if k else ""), *prose(text)]
        if checked is not None and text in checked:
            line += [Text(" ("), verdict_line(checked[text]), Text(")")]
    return (*line, Text("."))


def _derivation(made: Derivation, results: Mapping[str, Verdict]) -> list[Block]:
    """Abbreviations, the bound, and the steps in order."""
    blocks: list[Block] = []
    if made.definitions:
        rows = tuple(f"{expression(symbol)} &= {expression(value)}" for symbol, value in made.definitions.items())
        blocks += [Paragraph((Text("Abbreviations:"),)), Display(rows)]
    blocks += [Paragraph((Text("The bound that is evaluated:"),)), LongFormula(expression(made.bound))]
    told = "The steps as the checker ran them, each from the ranges of its symbols and the steps before it:"
    blocks.append(Paragraph((Text(told),)))
    groups = [list(group) for _, group in itertools.groupby(made.steps, lambda step: (type(step), step.text))]
    if len(groups) > MOST_STEPS:
        left = [step for group in groups[FIRST_STEPS:-LAST_STEPS] for step in group]
        blocks.append(Enumeration(tuple(_steps(group, results) for group in groups[:FIRST_STEPS])))
        said = all_of(results.get(step.name, Verdict.UNDECIDED) for step in left)
        told = f"{len(left)} steps of the same kinds follow, {left[0].name} to {left[-1].name} (together: "
        blocks.append(Paragraph((*prose(told), verdict_line(said), Text("); the last ones are:"))))
        groups = groups[-LAST_STEPS:]
    blocks.append(Enumeration(tuple(_steps(group, results) for group in groups)))
    return blocks


def _steps(group: list[Step], results: Mapping[str, Verdict]) -> tuple[Block, ...]:
    """One step, or neighbours that say the same of several units: the first, the last, and how many."""
    if len(group) <= 2:
        return tuple(block for step in group for block in _step(step, results))
    said = all_of(results.get(step.name, Verdict.UNDECIDED) for step in group)
    told: Line = (Text(f"In the same way, {len(group)} steps together ("), verdict_line(said), Text("), up to:"))
    return (*_step(group[0], results), Paragraph(told), *_step(group[-1], results))


def _step(step: Step, results: Mapping[str, Verdict]) -> tuple[Block, ...]:
    kind = KINDS.get(type(step).__name__, type(step).__name__)
    verdict = results.get(step.name, Verdict.UNDECIDED)
    end = "" if step.text.endswith(".") else "."
    line: Line = (
        *prose(step.text),
        Text(f"{end} ({kind}: "),
        verdict_line(verdict),
        Text(")"),
    )
    return (Paragraph(line, lead=prose(f"{step.name}.")), *(LongFormula(text) for text in _formulas(step)))


def _formulas(step: Step) -> list[str]:
    if step.relation is not None:
        sign = "=" if isinstance(step, Identity) else r"\le"
        left, right = expression(step.relation.left), expression(step.relation.right)
        return [rf"{left} \;{sign}\; {right}"] if left != right else []  # both sides are one expression: the words say it
    if isinstance(step, CellEquations):
        rows = [rf"{_new(name, step.state)} = {expression(value)}" for name, value in step.expected.items()]
        return rows if len(rows) <= MOST_EQUATIONS else [*rows[: MOST_EQUATIONS // 2], r"\dots", *rows[-2:]]
    if isinstance(step, ReluIs | ReluSplit):
        return [rf"\operatorname{{relu}}({expression(a)}) = {expression(value)}" for a, value in step.resolved()]
    return []


def _new(name: str, state: Mapping[str, Expr]) -> str:
    """The name of a new state entry: that of the old one with a prime, if it is a symbol."""
    old = state.get(name)
    if isinstance(old, Symbol):
        return expression(old) + "'"
    return formula(name.replace("[", "_").replace("]", "")) + ("" if name == "y" else "'")

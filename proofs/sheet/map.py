"""The map of all regimes as a sheet: every architecture in every regime, as `verify map` decided it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from constructions import ARCHITECTURES
from proofs.sheet.document import Block, Heading, Line, Listing, Paragraph, Strong, Table, Text
from proofs.sheet.notation import prose
from proofs.survey import COLUMNS, PRECISION, Finding, Map, describe_cell, draw_map
from verifier.regime import DEFAULT_HIDDEN
from verifier.verdict import Verdict

NAME_SHARE = 0.1
"""Share of the width that the names of the architectures take."""

COMPLETENESS = (
    "A cell lists the n that were asked and what was decided: yes, with the theorem whose weights are certified; no, with the "
    "theorem that forbids it and the least error e that it leaves to every weight set, in units of M; open, where this version "
    "decides neither, with the best bound from below and the error of the closest certified weights. Errors are rounded "
    "outward. One layer throughout, but for stacked: two diagonal layers with a pointwise ReLU between do what no single one "
    "can (C13; Sarrof, Veitsman & Hahn 2024 and Muca Cirone et al. 2024 have the published form of that remark)."
)
"""How a cell is read, and what the map does not say."""


_DECIDED: dict[tuple[tuple[str, ...], int], Map] = {}
"""Maps that this process has decided."""


def decided_map(
    architectures: Iterable[str] = (),
    hidden: int = DEFAULT_HIDDEN,
    done: Callable[[Finding], None] | None = None,
    workers: int | None = None,
) -> Map:
    """The map of these architectures (all, if none is named), decided once per process; `workers`: as many as cores if None."""
    asked = (tuple(architectures) or tuple(sorted(ARCHITECTURES)), hidden)
    if asked not in _DECIDED:
        _DECIDED[asked] = draw_map(*asked, workers or os.cpu_count() or 1, done)
    return _DECIDED[asked]


def map_blocks(drawn: Map, level: int = 1, alone: bool = True) -> tuple[Block, ...]:
    """Question, verdict, how to read the table, how to reproduce it, and the table."""
    verdict = drawn.holds()
    asked = (
        f"Can {drawn.hidden} hidden units put out x_1 at time n, for which architecture, inputs, horizon and accuracy? Each "
        f"cell was put to the program and decided in this run; “{PRECISION} digits” stands for any accuracy, M = 1."
    )
    counts = count_answers(drawn)
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    total = sum(counts.values())
    said: Line = (*prose(f"Of {total} questions: {told}. Verdict of all that is claimed: "), Strong(verdict.value), Text("."))
    blocks: list[Block] = []
    if alone:
        blocks.append(Heading(level, (Text("The question"),)))
    blocks += [Paragraph(prose(asked)), Paragraph(said), Paragraph(prose(COMPLETENESS), lead=(Text("How to read a cell."),))]
    if alone:
        hidden = "" if drawn.hidden == DEFAULT_HIDDEN else f" --hidden {drawn.hidden}"
        names = "" if set(drawn.cells) == set(ARCHITECTURES) else " " + " ".join(drawn.cells)
        command = f"verify map{names}{hidden}"
        blocks += [Heading(level, (Text("How to reproduce"),)), Listing((command, f"{command} --json"))]
    return (*blocks, _table(drawn))


def count_answers(drawn: Map) -> dict[str, int]:
    """How many questions were decided in which way."""
    answers = [finding.answer for cells in drawn.cells.values() for cell in cells.values() for finding in cell]
    return {word: answers.count(word) for word in ("yes", "no", "open", "undecided", "refuted")}


def _table(drawn: Map) -> Table:
    share = (1 - NAME_SHARE) / len(COLUMNS)
    heads: tuple[Line, ...] = ((), *(prose(column.title) for column in COLUMNS))
    rows = []
    for names, cells in drawn.rows():
        told = tuple(_cell("; ".join(describe_cell(cells[column.key]))) for column in COLUMNS)
        rows.append((prose(", ".join(names)), *told))
    return Table((NAME_SHARE, *(share for _ in COLUMNS)), heads, tuple(rows), wide=True)


def _cell(text: str) -> Line:
    """A cell in words; a claim that failed stands out."""
    if text in (Verdict.REFUTED.value, Verdict.UNDECIDED.value):
        return (Strong(text),)
    return prose(text)

"""The weights of a network on a sheet: matrices of the nonzero rows, and a table of every weight with its reason."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from fractions import Fraction

import sympy

from constructions.answer import Construction, Place
from proofs.sheet.document import Block, Display, Line, Math, Paragraph, Table, Text
from proofs.sheet.notation import expression, formula, prose, unit_label
from proofs.sheet.numbers import weight
from verifier.cells import CELLS
from verifier.gates import live_units
from verifier.inequality import CellEquations
from verifier.weights import Weights

LARGEST_MATRIX = 6
"""Live units up to which matrices are displayed whole."""

SHARES = ((12, (0.24, 0.2, 0.5)), (17, (0.24, 0.27, 0.43)), (math.inf, (0.23, 0.32, 0.39)))
"""Longest value and the shares of place, value and reason in the table."""

MOST_PARAMETERS = ("n", "M", "d")
"""Parameters of a derivation that the question already states."""


def weights_blocks(construction: Construction) -> tuple[Block, ...]:
    """Sizes, matrices and the table of reasons."""
    weights = construction.weights
    sizes = [
        rf"{expression(symbol)} = {weight(value)}"
        for symbol, value in construction.parameters.items()
        if symbol.name not in MOST_PARAMETERS
    ]
    blocks: list[Block] = []
    if sizes:
        words = "Sized from the request: "
        line: list[Text | Math] = [Text(words)]
        for k, size in enumerate(sizes):
            line += [Text(", " if k else ""), Math(size)]
        blocks.append(Paragraph((*line, Text("."))))
    units = live_units(weights)
    if len(units) <= LARGEST_MATRIX:
        blocks += _matrices(weights, units)
    rest = f"All other weights of the {weights.hidden} hidden units are 0, and s_0 = 0."
    if any(len(weights[f"{state}_0"]) for state in CELLS[weights.cell].states):
        rest = f"All other weights of the {weights.hidden} hidden units are 0; s_0 is set, not 0."
    blocks += [Paragraph(prose(rest)), reasons(construction)]
    return tuple(blocks)


def _matrices(weights: Weights, units: list[int]) -> list[Block]:
    """(W | U | b) of every gate with a nonzero row, and V."""
    cell = CELLS[weights.cell]
    names = ", ".join(weights.unit_name(unit) for unit in units)
    rows = []
    for gate in cell.gates:
        parts = [name for name in (f"W_{gate}", f"U_{gate}", f"b_{gate}", f"c_{gate}") if name in weights.blocks()]
        shown = [unit for unit in units if any(_row(weights, name, unit, units) != _zeros(weights, name, units) for name in parts)]
        if not shown:
            continue
        heads = r" \mid ".join(formula(name) for name in parts)
        widths = "|".join("c" * len(_zeros(weights, name, units)) for name in parts)
        lines = [" & ".join(weight(v) for name in parts for v in _row(weights, name, unit, units)) for unit in shown]
        labels = r" \\ ".join(unit_label(weights.unit_name(unit)) for unit in shown)
        body = r" \\ ".join(lines)
        rows.append(
            rf"({heads}) &= \begin{{array}}{{r}} {labels} \end{{array}} "
            rf"\left(\begin{{array}}{{{widths}}} {body} \end{{array}}\right)"
        )
    for name in cell.vectors:
        if len(weights[name]):
            entries = ",\\, ".join(weight(weights[name][unit,]) for unit in units)
            rows.append(rf"{formula(name)} &= ({entries})")
    readout = ",\\, ".join(weight(weights["V"][unit,]) for unit in units)
    rows.append(rf"V &= ({readout}), \qquad v_0 = {weight(weights['v0'][()])}")
    places = f"units {names}, in this order" if len(units) > 1 else f"unit {names}"
    told = f"Rows and columns of the {places}; then the column of x_t and the bias. Rows not shown are 0."
    return [Paragraph(prose(told)), Display(tuple(rows))]


def _row(weights: Weights, name: str, unit: int, units: list[int]) -> list[Fraction]:
    array = weights[name]
    return [array[unit, column] for column in units] if len(array.shape) == 2 else [array[unit,]]


def _zeros(weights: Weights, name: str, units: list[int]) -> list[Fraction]:
    return [Fraction(0)] * (len(units) if len(weights[name].shape) == 2 else 1)


def reasons(construction: Construction) -> Table:
    """Every nonzero weight: its place, its closed form and value, and why it is there; like ones in one row."""
    weights = construction.weights
    symbols = closed_forms(construction)
    kinds: dict[tuple[str, str], list[Place]] = {}
    for name, array in weights.blocks().items():
        for index, _ in array:
            kinds.setdefault((name, re.sub(r"\d+", "#", construction.reasons[name, index])), []).append((name, index))
    rows: list[tuple[Line, ...]] = []
    for places in kinds.values():
        first = places[0]
        reason = construction.reasons[first]
        value = _value(weights, symbols, first)
        where: Line = (Math(_place(weights, first)),)
        what: Line = (Math(value),)
        if len(places) > 1:
            last = places[-1]
            where = (*where, Text(" to "), Math(_place(weights, last)))
            if len({weights[name][index] for name, index in places}) > 1:
                what = (*what, Text(" to "), Math(_value(weights, symbols, last)))
            reason = f"{reason} ({len(places)} such weights)"
        rows.append((where, what, prose(reason)))
    longest = max(len(str(weights[name][index])) for places in kinds.values() for name, index in places)
    columns: tuple[str | float, ...] = next(shares for most, shares in SHARES if longest <= most)
    return Table(columns, ((Text("weight"),), (Text("value"),), (Text("what it does, and why"),)), tuple(rows))


def _place(weights: Weights, place: Place) -> str:
    name, index = place
    names = ",\\allowbreak ".join(unit_label(weights.unit_name(unit)) for unit in index)
    return formula(name) + (f"[{names}]" if index else "")


def _value(weights: Weights, symbols: Mapping[Place, str], place: Place) -> str:
    value = weight(weights[place[0]][place[1]])
    symbol = symbols.get(place)
    return value if symbol is None or symbol == value else f"{symbol} = {value}"


def closed_forms(construction: Construction) -> dict[Place, str]:
    """The weights as the theorem writes them, where its equations show this cell."""
    for step in () if construction.derivation is None else construction.derivation.steps:
        if isinstance(step, CellEquations) and step.cell == construction.weights.cell:
            made = step
            if step.sized_by is not None and step.grown is not None:
                made = step.grown(int(construction.parameters[step.sized_by]))
            return {
                (name, index): expression(sympy.sympify(entry))
                for name, entries in made.template.items()
                for index, entry in entries.items()
                if not sympy.sympify(entry).is_Rational
            }
    return {}

"""One-layer RNNs with tanh or σ units in one normal form: u_t = tanh(W u_{t-1} + U x_t + b), y_t = V u_t + v_0.

A sigmoid unit is a tanh unit in other words: with h = (1 + u)/2,

    h' = σ(w·h + a x + b)   if and only if   u' = tanh((w·h + a x + b)/2),   h = (1 + u)/2,

because σ(z) = (1 + tanh(z/2))/2. A unit that starts at h = 0 starts at u = -1. Units that inputs reach are put into these terms;
what the others add stays an affine function of their values. Source: this project, theory C5 (conjugation).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from verifier.program import Program
from verifier.refresh.form import STEADY, Affine

SLOPE = {"tanh": Fraction(1), "sigmoid": Fraction(1, 2)}
"""The activations as 1 - s + s tanh(s z), with s from here."""


@dataclass(frozen=True)
class Row:
    """What a unit (or the readout) reads: units that inputs reach, the input, and the rest."""

    moving: Mapping[int, Fraction]
    input: Fraction
    steady: Affine

    def numbers(self) -> list[Fraction]:
        """All of them."""
        return [*self.moving.values(), self.input, self.steady.bias, *self.steady.terms.values()]


@dataclass(frozen=True)
class Network:
    """The units that inputs reach, in tanh's terms: rows and starting values by state, and the readout's row."""

    rows: Mapping[int, Row]
    start: Mapping[int, Fraction]
    readout: Row

    @property
    def largest(self) -> Fraction:
        """The largest modulus of a number in it."""
        return max(abs(value) for row in (*self.rows.values(), self.readout) for value in row.numbers())


def in_terms_of_tanh(program: Program) -> Network | None:
    """The normal form of a recorded step; None unless each unit that inputs reach is tanh or σ of states and x."""
    slopes: dict[int, Fraction] = {}
    for k in program.driven():
        name = program.operations[program.new[k]].name
        if name not in SLOPE:
            return None
        slopes[k] = SLOPE[name]
    rows: dict[int, Row] = {}
    for k, slope in slopes.items():
        row = _row(program, program.operations[program.new[k]].arguments[0], program.old, slopes, slope)
        if row is None:
            return None
        rows[k] = row
    readout = _row(program, program.readout, program.new, slopes, Fraction(1))
    start = {k: (program.initial[k] - 1 + slope) / slope for k, slope in slopes.items()}
    return None if readout is None or not rows else Network(rows, start, readout)


def _row(program: Program, node: int, nodes: tuple[int, ...], slopes: Mapping[int, Fraction], scale: Fraction) -> Row | None:
    """`scale` times an affine node, with 1 - s + s u for every unit that inputs reach; None if it reads anything else.

    `nodes`: where the states stand, before the step or after it.
    """
    operation = program.operations[node]
    terms, bias = {node: Fraction(1)}, Fraction(0)
    if operation.name == "affine":
        terms, bias = dict(zip(operation.arguments, operation.coefficients, strict=True)), operation.bias
    places = {nodes[k]: k for k in slopes}
    moving: dict[int, Fraction] = {}
    steady: dict[int, Fraction] = {}
    entered = Fraction(0)
    for index, coefficient in terms.items():
        if index == program.x:
            entered = scale * coefficient
        elif index in places:
            unit = places[index]
            bias += coefficient * (1 - slopes[unit])
            moving[unit] = scale * coefficient * slopes[unit]
        elif program.kinds[index] in STEADY:
            steady[index] = scale * coefficient
        else:
            return None
    return Row(moving, entered, Affine(scale * bias, steady))

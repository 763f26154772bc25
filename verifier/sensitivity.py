"""How the outputs of a copy move with the inputs: enclosures of ∂y_T/∂x_k over a whole box, for any weights.

The inputs are x_1 ... x_n, each within `radius` of a centre, then blanks (input 0) until step 2n - 1; y is read at
T = n ... 2n - 1. Let s_t(x) be the driven state, s̄_t its centre trajectory, and A_t, b_t enclosures of the derivatives of
step t over all states and inputs that can occur in it. Then

    J_t = A_t J_{t-1} + b_t e_t     encloses ∂s_t/∂x at every x of the box (e_t: the row that picks x_t; absent for blanks),
    s_t(x) ∈ s̄_t + J_t·[-radius, radius]^n     by the mean value theorem (a box is convex),

and this box is what step t + 1 is enclosed on. Multiplied out in the units' own coordinates, enclosures of a delay line
would grow by a constant factor per step: its step matrix is nilpotent, the matrix of moduli is not. So J_t = B K_t in a
fixed basis B of input slots, the columns b, A b, A² b ... of the centre, in which a delay line is a plain shift:

    K_t = (B^-1 A B) K_{t-1} + B^-1 (A_t - A) J_{t-1} + B^-1 b_t e_t,

A the centre's step matrix; the middle term is as small as the box and needs few bits.
B is any invertible matrix: a bad one costs sharpness, never truth. Where a cell has kinks (relu) the derivatives enclose
all difference quotients and the same argument holds. Source: mean value form and preconditioning are standard interval
analysis; the choice of basis is this project's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
from flint import arb, arb_mat

from verifier.arithmetic.balls import ONE, ZERO, Balls, largest, to_ball
from verifier.arithmetic.enclosures import Enclosures, Interval
from verifier.derivatives import INPUT, StepDerivatives, Tangent, combine, derivatives
from verifier.program import Program
from verifier.run import Runner

BLANK = Fraction(0)
"""The input after the sequence."""

DEPENDENT_SHARE = 4
"""A basis column is taken for dependent on the earlier ones when less than 2^-(precision / 4) of it is left."""

SPARSE_ENTRIES = 4
"""Large entries per row up to which products are done entry by entry."""

SPREAD_BITS = 64
"""Precision of the terms that are small against the slopes they change."""


@dataclass(frozen=True)
class Sensitivities:
    """`outputs[j]` = y_{n+j} at the centre; `slopes[j][k]` encloses ∂y_{n+j}/∂x_{k+1} at every point of the box."""

    outputs: list[arb]
    slopes: list[list[arb]]


def copy_inputs(sequence: Sequence[Any]) -> list[Any]:
    """x_1 ... x_n followed by the n - 1 blanks of a copy."""
    return [*sequence, *[BLANK] * (len(sequence) - 1)]


def copy_outputs(runner: Runner, sequence: Sequence[Any]) -> list[Any]:
    """y_n ... y_{2n-1} of one input sequence."""
    state, outputs = runner.start(), []
    for t, x in enumerate(copy_inputs(sequence), 1):
        state = runner.step(t, state, x)
        if t >= len(sequence):
            outputs.append(runner.output())
    return outputs


def sensitivities(program: Program, centre: Sequence[Fraction], radius: Fraction) -> Sensitivities:
    """Outputs at the centre and slopes over all x with |x_k - centre_k| <= radius, at the current precision."""
    n, size = len(centre), len(program.driven())
    inputs = copy_inputs(centre)
    path = _trajectory(program, inputs)
    runner = Runner(program, Enclosures)
    middle, start = _linearised(runner, path.states[n - 1], centre[n - 1], n)
    basis, inverse = _slot_basis(middle, start)
    carry, reach = _Carry(inverse * (middle * basis)), to_ball(radius)
    coarse_basis, coarse_inverse = _coarse(basis), _coarse(inverse)
    boxes = {x: _around(to_ball(x), reach) for x in set(centre)}
    slots, moves = arb_mat(size, n), arb_mat(size, n)
    box = [Interval(value) for value in path.states[0]]
    slopes: list[list[arb]] = []
    for t, x in enumerate(inputs, 1):
        natural = runner.step(t, box, boxes[x] if t <= n else x)
        runner.output()
        step = derivatives(runner)
        matrix, column = _matrices(step, size)
        if t >= n:
            row = (_row(step.readout, size) * basis) * slots
            slopes.append([row[0, k] for k in range(n)])
            if t == n:
                slopes[0][n - 1] += _ball(step.readout.get(INPUT))
        spread = matrix - middle
        with flint.ctx.workprec(SPREAD_BITS):
            change = coarse_inverse * (_coarse(spread) * moves)
        slots = carry.apply(slots) + change
        if t <= n:
            slots = slots + (inverse * column) * _unit_row(t - 1, n)
        with flint.ctx.workprec(SPREAD_BITS):
            moves = coarse_basis * _coarse(slots)
        box = [
            _meet(_around(value, reach * _modulus_sum(moves, i)), wide)
            for i, (value, wide) in enumerate(zip(path.states[t], natural, strict=True))
        ]
    return Sensitivities(path.outputs, slopes)


def slopes_at(program: Program, sequence: Sequence[Fraction], output: int) -> list[arb]:
    """∂y_{n+output-1}/∂x_k at one input sequence, by pulling one row back."""
    n = len(sequence)
    runner = Runner(program, Enclosures)
    state: list[Interval] = runner.start()
    steps: list[StepDerivatives] = []
    for t, x in enumerate(copy_inputs(sequence)[: n + output - 1], 1):
        state = runner.step(t, state, x)
        runner.output()
        steps.append(derivatives(runner))
    slopes = [ZERO] * n
    row = steps[-1].readout
    for t in range(len(steps), 0, -1):
        if t < len(steps):
            row = combine([(steps[t - 1].states[k], value) for k, value in row.items() if k != INPUT])
        if t <= n:
            slopes[t - 1] = _ball(row.get(INPUT))
    return slopes


@dataclass(frozen=True)
class _Path:
    """The centre trajectory: the driven states before step 1, 2, ... and after the last, and the outputs from n on."""

    states: list[list[arb]]
    outputs: list[arb]


def _trajectory(program: Program, inputs: Sequence[Fraction]) -> _Path:
    runner = Runner(program, Balls(flint.ctx.prec))
    path = _Path([runner.start()], [])
    for t, x in enumerate(inputs, 1):
        path.states.append(runner.step(t, path.states[-1], x))
        if 2 * t > len(inputs):
            path.outputs.append(runner.output())
    return path


def _linearised(runner: Runner, state: Sequence[arb], x: Fraction, n: int) -> tuple[arb_mat, arb_mat]:
    """A and b of step n at a point, as exact matrices near the true ones."""
    runner.step(n, [Interval(value) for value in state], x)
    runner.output()
    matrix, column = _matrices(derivatives(runner), len(state))
    return matrix.mid(), column.mid()


def _slot_basis(matrix: arb_mat, column: arb_mat) -> tuple[arb_mat, arb_mat]:
    """B = (b, A b, A² b, ...), completed by unit vectors where these depend, and B^-1."""
    size = matrix.nrows()
    smallest = arb(2) ** -(flint.ctx.prec // DEPENDENT_SHARE)
    scale = _largest([column[i, 0] for i in range(size)])
    columns: list[arb_mat] = []
    reduced: list[tuple[int, list[arb]]] = []
    while len(columns) < size:
        rest = [column[i, 0] for i in range(size)]
        floor = smallest * _largest(rest)
        for pivot, vector in reduced:
            factor = rest[pivot]
            rest = [(a - factor * b).mid() for a, b in zip(rest, vector, strict=True)]
        peak = _largest(rest)
        if not peak > floor:
            break
        pivot = next(i for i, value in enumerate(rest) if not abs(value) < peak)
        reduced.append((pivot, [(value / rest[pivot]).mid() for value in rest]))
        columns.append(column)
        column = (matrix * column).mid()
    free = sorted(set(range(size)) - {pivot for pivot, _ in reduced})
    peak = scale if scale > 0 else ONE
    columns += [arb_mat(size, 1, [peak if i == unit else ZERO for i in range(size)]) for unit in free]
    basis = arb_mat(size, size, [column[i, 0] for i in range(size) for column in columns])
    try:
        return basis, basis.inv()
    except ZeroDivisionError:
        identity = arb_mat(size, size, [arb(i == k) for i in range(size) for k in range(size)])
        return identity, identity


class _Carry:
    """Products with one matrix that has few large entries: these at full precision, the tiny rest with few bits."""

    def __init__(self, matrix: arb_mat) -> None:
        size = matrix.nrows()
        entries = {(i, k): matrix[i, k] for i in range(size) for k in range(size)}
        floor = arb(2) ** -(flint.ctx.prec // DEPENDENT_SHARE) * _largest([value.mid() for value in entries.values()])
        self.large = {place: value for place, value in entries.items() if not abs(value.mid()) < floor}
        self.is_sparse = len(self.large) <= SPARSE_ENTRIES * size
        rest = arb_mat(size, size, [ZERO if p in self.large else v for p, v in entries.items()])
        self.matrix = _coarse(rest) if self.is_sparse else matrix

    def apply(self, right: arb_mat) -> arb_mat:
        """matrix·right."""
        if not self.is_sparse:
            return self.matrix * right
        with flint.ctx.workprec(SPREAD_BITS):
            rest = self.matrix * _coarse(right)
        columns = range(right.ncols())
        rows = [[ZERO] * len(columns) for _ in range(right.nrows())]
        for (i, k), value in self.large.items():
            rows[i] = [total + value * right[k, j] for total, j in zip(rows[i], columns, strict=True)]
        return arb_mat(right.nrows(), len(columns), [value for row in rows for value in row]) + rest


def _coarse(matrix: arb_mat) -> arb_mat:
    """The matrix rounded to `SPREAD_BITS`, what is lost added to the radii."""
    with flint.ctx.workprec(SPREAD_BITS):
        return matrix + arb_mat(matrix.nrows(), matrix.ncols())


def _matrices(step: StepDerivatives, size: int) -> tuple[arb_mat, arb_mat]:
    """∂(new state)/∂(old state) and ∂(new state)/∂x as ball matrices."""
    matrix, column = arb_mat(size, size), arb_mat(size, 1)
    for i, row in enumerate(step.states):
        for key, value in row.items():
            if key == INPUT:
                column[i, 0] = _ball(value)
            else:
                matrix[i, key] = _ball(value)
    return matrix, column


def _row(readout: Tangent, size: int) -> arb_mat:
    return arb_mat(1, size, [_ball(readout.get(k)) for k in range(size)])


def _unit_row(place: int, length: int) -> arb_mat:
    return arb_mat(1, length, [arb(k == place) for k in range(length)])


def _ball(value: Interval | None) -> arb:
    """The ball around an interval; exactly 0 where there is none."""
    return ZERO if value is None else value.ball()


def _around(centre: arb, radius: arb) -> Interval:
    """[centre - radius, centre + radius]."""
    reach = radius.upper()
    return Interval(centre) if reach.is_zero() else Interval(centre - reach, centre + reach)


def _meet(a: Interval, b: Interval) -> Interval:
    """A set that contains every point common to two intervals which do meet."""
    if a.is_point or b.is_point:
        return a if a.is_point else b
    return Interval(a.lower.max(b.lower), a.upper.min(b.upper))


def _modulus_sum(matrix: arb_mat, row: int) -> arb:
    return sum((abs(matrix[row, k]) for k in range(matrix.ncols())), ZERO)


def _largest(points: Sequence[arb]) -> arb:
    return largest(abs(point) for point in points).mid()

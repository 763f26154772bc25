"""The recall error by its Taylor expansion in x_1, for weights whose readout cancels.

Where a readout takes differences of nearly equal memories, ∂y/∂x_1 - 1 is smaller than any interval enclosure of it is wide.
Here y is a power series c_0 + c_1 x_1 + ... + c_m x_1^m with later inputs 0, where c_0 ... c_{m-1} are expanded at 0 and c_m,
Lagrange's remainder, over all of [-M, M] (or at the centres of pieces of it, and over each piece); and what later inputs add
is at most M times the sum of their derivatives:

    |y_n - x_1| <= |c_0| + |c_1 - 1| M + |c_2| M² + ... + |c_m| M^m + M Σ_{t >= 2} sup |∂y_n/∂x_t|.

Horizons beyond the settled step T follow from the closed form s_m = a^m s_T + b (1 + ... + a^{m-1}) of affine states with one
common factor a: along a^m = 1 - τ(1 - a^{n-T}), 0 <= τ <= 1, the error moves by at most sup |dy/dτ|, a power series again.
Nothing here knows a construction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
from flint import arb, arb_series, fmpz

from verifier.arithmetic.balls import ONE, ZERO, Balls, to_ball
from verifier.arithmetic.enclosures import Interval
from verifier.derivatives import INPUT, Tangent, combine
from verifier.induction import forms_of_driven_states, settle
from verifier.monotone import Walk, interval_of, walk_box
from verifier.program import Program
from verifier.run import Runner
from verifier.sequences import Runs, join
from verifier.settled import SETTLING_STEPS, LaterStep

TRIES = ((8, 1), (16, 1), (32, 1), (64, 1), (16, 16), (32, 32))
"""Orders m and numbers of pieces of [-M, M] that are tried."""

LONGEST_STEPPED = 64
"""Longest horizon for which a network whose autonomous part does not settle is stepped."""


class TooWide(ArithmeticError):
    """A ball is too wide for the arithmetic of series."""


class Series:
    """Arithmetic of power series in x_1, cut at the order that `cut` set; σ and tanh through the exponential."""

    name = "series"

    @staticmethod
    def exact(value: Fraction) -> arb_series:
        """A rational constant."""
        return arb_series([to_ball(value)])

    @staticmethod
    def sigmoid(value: arb_series) -> arb_series:
        """σ(v) = 1/(1 + e^-v)."""
        return _inverse(1 + (-value).exp())

    @staticmethod
    def tanh(value: arb_series) -> arb_series:
        """tanh(v) = 1 - 2/(1 + e^{2v})."""
        return 1 - 2 * _inverse(1 + (2 * value).exp())


@contextmanager
def cut(order: int) -> Iterator[None]:
    """Series of order `order`, restored afterwards."""
    before = flint.ctx.cap
    flint.ctx.cap = order + 1
    try:
        yield
    finally:
        flint.ctx.cap = before


def _inverse(value: arb_series) -> arb_series:
    """1/value; raises `TooWide` where the first coefficient may be 0."""
    if not value[0] > 0:
        raise TooWide
    return 1 / value


class Dual:
    """A series with its derivative by τ."""

    __slots__ = ("slope", "value")

    def __init__(self, value: arb_series, slope: arb_series) -> None:
        self.value, self.slope = value, slope

    def __add__(self, other: Dual) -> Dual:
        return Dual(self.value + other.value, self.slope + other.slope)

    def __mul__(self, other: Dual) -> Dual:
        return Dual(self.value * other.value, self.value * other.slope + self.slope * other.value)


class Duals:
    """Arithmetic of `Dual`."""

    name = "duals"

    @staticmethod
    def exact(value: Fraction) -> Dual:
        """A rational constant."""
        return Dual(Series.exact(value), arb_series([ZERO]))

    @staticmethod
    def sigmoid(value: Dual) -> Dual:
        """σ, σ' = σ(1 - σ)."""
        image = Series.sigmoid(value.value)
        return Dual(image, image * (1 - image) * value.slope)

    @staticmethod
    def tanh(value: Dual) -> Dual:
        """tanh, tanh' = 1 - tanh²."""
        image = Series.tanh(value.value)
        return Dual(image, (1 - image * image) * value.slope)


def bound_by_expansion(program: Program, bound: Fraction, n: int, only_last: bool, aim: Fraction) -> arb | None:
    """An upper bound of |y_n' - x_1| over [-bound, bound]^n' for all n' <= n (or n alone), at most `aim` if some order serves.

    None where a premise fails: the net reads relu, or beyond the settled step a state is not affine, with a factor in (0, 1]
    that is one node for all; and where balls become too wide. Works at the current precision.
    """
    if program.x is None or any(operation.name == "relu" for operation in program.operations):
        return None
    plan = _Plan.of(program, bound, n, only_last)
    if plan is None:
        return None
    try:
        return _best_bound(plan, bound, aim)
    except TooWide:
        return None


def _best_bound(plan: _Plan, bound: Fraction, aim: Fraction) -> arb | None:
    """The least bound of some orders and numbers of pieces."""
    leaks = plan.leaks()
    if leaks is None:
        return None
    best: arb | None = None
    for order, pieces in TRIES:
        found = ZERO
        for piece in range(pieces):
            worst = _on_piece(plan, order, Fraction(2 * piece + 1 - pieces, pieces) * bound, bound / pieces, leaks)
            if worst is None:
                return None
            found = found.max(worst)
        best = found if best is None else best.min(found)
        if best <= to_ball(aim):
            break
    return best


def _on_piece(plan: _Plan, order: int, centre: Fraction, radius: Fraction, leaks: Sequence[arb]) -> arb | None:
    """The bound for x_1 within `radius` of `centre`: the largest over the horizons of the sizes of their series."""
    with cut(order):
        near = plan.errors(arb_series([to_ball(centre), ONE]))
        wide = plan.errors(arb_series([_hull(centre - radius, centre + radius), ONE]))
        if near is None or wide is None:
            return None
        found = ZERO
        for at_centre, anywhere, leak in zip(near, wide, leaks, strict=True):
            parts = [_largest(a, b, order, radius) for a, b in zip(at_centre, anywhere, strict=True)]
            found = found.max(sum(parts, leak))
    return found


def _largest(at_centre: arb_series, anywhere: arb_series, order: int, radius: Fraction) -> arb:
    """The sum of |c_i| r^i, the last coefficient from the expansion over the whole piece."""
    size, total = to_ball(radius), abs(anywhere[order]) * to_ball(radius**order)
    for i in range(order):
        total = total + abs(at_centre[i]) * size**i
    return arb(total.upper())


def _hull(low: Fraction, high: Fraction) -> arb:
    return to_ball(low).union(to_ball(high))


def _common_factor(program: Program) -> bool:
    """Whether every driven state s moves as s' = c a s + ..., with one node a and one rational c for all."""
    found = set()
    for k in program.driven():
        old, new = program.old[k], program.new[k]
        operation = program.operations[new]
        terms = (
            [(Fraction(1), new)] if operation.name == "mul" else [*zip(operation.coefficients, operation.arguments, strict=True)]
        )
        reading = [index for index in program.needed_for([new]) if old in program.operations[index].arguments]
        if len(reading) != 1 or program.operations[reading[0]].name != "mul" or reading[0] not in [index for _, index in terms]:
            return False
        (factor,) = [a for a in program.operations[reading[0]].arguments if a != old] or [old]
        found.add((factor, next(c for c, index in terms if index == reading[0])))
    return len(found) == 1


@dataclass(frozen=True)
class _Plan:
    """The horizons 1 ... `start` are stepped, `count` further ones taken together from `later`."""

    program: Program
    bound: Fraction
    only_last: bool
    start: int
    count: int
    autonomous: list[Interval]
    later: LaterStep | None
    walk: Walk

    @classmethod
    def of(cls, program: Program, bound: Fraction, n: int, only_last: bool) -> _Plan | None:
        """The plan, or None where a premise fails."""
        forms = forms_of_driven_states(program) or []
        settled = settle(program, min(n - 1, SETTLING_STEPS)) if n > 1 else None
        if settled is None or not forms:
            if n > LONGEST_STEPPED:
                return None
            return cls(program, bound, only_last, n, 0, [], None, walk_box(program, [(-bound, bound)] * n))
        start, count = settled.steps, n - settled.steps
        walk = walk_box(program, [(-bound, bound)] * start)
        inputs = (interval_of((-bound, bound)), bound, -bound)
        later = LaterStep.of(program, forms, settled.box, inputs, walk.states[start], count)
        if later is None or any(form.kind != "affine" for form in forms) or not _common_factor(program):
            return None
        return cls(program, bound, only_last, start, count, settled.box, later, walk)

    def leaks(self) -> list[arb] | None:
        """M Σ_{t >= 2} sup |∂y/∂x_t| at each horizon that is read; None where a factor is not known."""
        horizons = [] if self.only_last and self.count else [self.start] if self.only_last else range(1, self.start + 1)
        size = to_ball(self.bound)
        found = [size * self._pulled(self.walk.steps[t - 1].readout, t) for t in horizons]
        if self.later is None:
            return found
        row: Tangent = {}
        for k, value in self.later.step.readout.items():
            if k == INPUT:
                continue
            slope = self.later.slopes[k]
            if slope is None:
                return None
            row[k] = value * Interval(slope.lower ** fmpz(self.count - 1), slope.upper ** fmpz(self.count - 1)).hull(Interval(ONE))
        between = combine([(self.later.step.states[k], value) for k, value in row.items()])
        last = _size({INPUT: self.later.step.readout[INPUT]} if INPUT in self.later.step.readout else {})
        after = combine([(self.walk.steps[self.start - 1].states[k], value) for k, value in row.items()])
        return [*found, size * (last + (self.count - 1) * _size(between) + self._pulled(after, self.start))]

    def _pulled(self, row: Tangent, t: int) -> arb:
        """Σ |∂/∂x_t| down to x_2, of what has the derivatives `row` by x_t and the states before step t."""
        total = ZERO
        while t > 1:
            total = total + _size(row)
            t -= 1
            row = combine([(self.walk.steps[t - 1].states[k], value) for k, value in row.items() if k != INPUT])
        return total

    def errors(self, x_1: arb_series) -> list[list[arb_series]] | None:
        """For each horizon that is read, with later inputs 0, series whose sizes add to the error: y - x_1 and dy/dτ."""
        runner = Runner(self.program, Series)
        zero = arb_series([ZERO])
        state, found = runner.start(), []
        for t in range(1, self.start + 1):
            state = runner.step(t, state, x_1 if t == 1 else zero)
            if not self.only_last or (t == self.start and not self.count):
                found.append([runner.output() - x_1])
        if self.later is None:
            return found
        none, one = [zero for _ in state], [arb_series([ONE]) for _ in state]
        offsets = self._step(runner, Series, none, zero)
        factors = [a[0] - b[0] for a, b in zip(self._step(runner, Series, one, zero), offsets, strict=True)]
        factor = factors[0]
        for other in factors:
            if not (other > 0 and other <= 1):
                return None
        least = factor ** fmpz(self.count - 1)
        spread = ZERO.union(arb(fmpz(self.count - 1)))
        begin = least if self.only_last else ONE
        moved = [value * begin + offset * spread for value, offset in zip(state, offsets, strict=True)]
        self._step(runner, Series, moved, zero)
        parts = [runner.output() - x_1]
        if not self.only_last:
            duals = Runner(self.program, Duals)
            along = least.union(ONE)
            both = [
                Dual(value * along + offset * spread, value * (least - ONE)) for value, offset in zip(state, offsets, strict=True)
            ]
            self._step(duals, Duals, both, Dual(zero, zero))
            parts.append(duals.output().slope)
        return [*found, parts]

    def _step(self, runner: Runner, arithmetic: Any, state: Sequence[Any], x: Any) -> list[Any]:
        """One step from settled autonomous states."""
        zero = arb_series([ZERO])
        settled = [arb_series([value.lower.union(value.upper)]) for value in self.autonomous]
        runner.advance_autonomous([Dual(v, zero) for v in settled] if arithmetic is Duals else settled)
        runner.load_input(x)
        for index, value in zip(runner.driven_old, state, strict=True):
            runner.values[index] = value
        return runner.evaluate_driven()


def _size(row: Tangent) -> arb:
    """|∂/∂x| of a row."""
    return row[INPUT].largest_modulus() if INPUT in row else ZERO


def attained(program: Program, bound: Fraction, n: int, steps: int, only_last: bool) -> tuple[arb, int, Runs]:
    """The largest error found of x_1 = M followed by M or -M, read at step 1 and at n, or where n is not reached at `steps`."""
    runner = Runner(program, Balls(flint.ctx.prec))
    best: tuple[arb, int, Runs] = (-ONE, 1, ((bound, 1),))
    for sign in (1, -1):
        state, last = runner.start(), min(n, steps)
        for t in range(1, last + 1):
            state = runner.step(t, state, bound if t == 1 else sign * bound)
            if t == last or (t == 1 and not only_last):
                best = _larger(best, abs(runner.output() - to_ball(bound)), t, bound, sign)
        if n > steps:
            best = _larger(best, _far(program, bound, n, sign), n, bound, sign)
    return best


def _larger(best: tuple[arb, int, Runs], error: arb | None, t: int, bound: Fraction, sign: int) -> tuple[arb, int, Runs]:
    if error is None or not error > best[0]:
        return best
    return error, t, join([(bound, 1), (sign * bound, t - 1)] if t > 1 else [(bound, 1)])


def _far(program: Program, bound: Fraction, n: int, sign: int) -> arb | None:
    """|y_n - x_1| of x_1 = M followed by sign·M, by the closed form of affine states; None where it has none."""
    plan = _Plan.of(program, bound, n, True)
    if plan is None or plan.later is None or plan.count < 2:
        return None
    runner = Runner(program, Balls(flint.ctx.prec))
    state = runner.start()
    for t in range(1, plan.start + 1):
        state = runner.step(t, state, bound if t == 1 else sign * bound)
    following = plan.later.place([Interval(value) for value in state], sign * bound)
    before = plan.later.iterate(following, sign * bound, plan.count - 2)
    if before is None:
        return None
    output = plan.later.read(before, sign * bound)
    error = output.lower.union(output.upper) - to_ball(bound)
    return abs(error)

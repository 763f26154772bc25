"""The supremum at long horizons, in time that does not grow with n.

Let the autonomous part settle after T steps (`induction.settle`) and let every driven state obey s' = a s + (input part)
with a > 0 not depending on the input. For the horizons n = T + m, m = 1, 2, ...:

* ∂y_n/∂x_t has for T < t < n the sign of r b (readout slope times input slope), whatever n and t;
* ∂y_n/∂x_1 = Σ r_k a_k^{m-1} ∂s_k(T)/∂x_1 lies in the hull of its values at both ends of m;
* on an extreme path s(m) = a^m s(0) + r G_m; with all ∂y/∂s_k (s_k(1) - s_k(0)) of one sign the error is monotone in m,
  so the worst horizon beyond T is T + 1 or the last one, and both are evaluated.

Every premise is checked in balls; where one fails the answer is None and the caller steps instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
from flint import arb, fmpz

from verifier.arithmetic.balls import ONE, ZERO, Balls, to_ball
from verifier.arithmetic.enclosures import Enclosures, Interval
from verifier.derivatives import INPUT, StepDerivatives, Tangent, combine, derivatives
from verifier.induction import is_affine_in_driven_states, iterate_affine, settle
from verifier.monotone import (
    Key,
    Sign,
    Walk,
    error_slope,
    grow,
    interval_of,
    pull_pattern,
    readout_pattern,
    run_extremes,
    sum_of_signs,
    walk_box,
)
from verifier.program import Program
from verifier.run import Runner
from verifier.sequences import Runs, compress, join

SETTLING_STEPS = 512
"""Steps within which the autonomous part must settle."""

Answer = tuple[arb, int, Runs, int]
"""Worst error, the horizon where it is attained, the witness, T."""


def bound_beyond(program: Program, bound: Fraction, n: int, only_last: bool) -> Answer | None:
    """The exact worst-case error over [-bound, bound]^{n'} for all n' <= n (or n alone); None where a premise fails."""
    if not program.driven() or program.x is None or not is_affine_in_driven_states(program):
        return None
    settled = settle(program, min(n - 1, SETTLING_STEPS)) if n > 1 else None
    if settled is None:
        return None
    start, count = settled.steps, n - settled.steps
    box = [(-bound, bound)] * start
    walk = walk_box(program, box)
    later = _LaterStep.of(program, settled.box, bound)
    if later is None:
        return None
    signs = _later_signs(later, walk, start, count, only_last)
    if signs is None:
        return None
    tail: Key = (signs.first, signs.pattern)
    forest = grow(walk, () if only_last else range(1, start + 1), tail)
    beginning = forest.path(tail, start)
    if None in beginning:
        return None
    found: list[tuple[arb, int, Runs]] = []
    if not only_last:
        early = run_extremes(program, box, forest)
        if early.undecided:
            return None
        found.append((early.upper, early.horizon, early.witness))
    for orientation in (1, -1) if signs.first > 0 else (-1, 1):  # x_1 = +M first
        choice = {1: orientation * bound, -1: -orientation * bound, 0: bound}
        opening = [choice[sign] for sign in beginning if sign is not None]
        state = _run(program, opening)
        offsets = later.offsets[choice[signs.on_input]]
        if not only_last and not later.is_monotone(state, offsets):
            return None
        for m in [count] if only_last else sorted({1, count}):
            before = [iterate_affine(a, r, s, m - 1) for a, r, s in zip(later.slopes, offsets, state, strict=True)]
            output = later.read(before, choice[signs.on_last])
            error = output - Interval(to_ball(opening[0]))
            value = orientation * error.lower.union(error.upper)
            runs = [*compress(opening), (choice[signs.on_input], m - 1), (choice[signs.on_last], 1)]
            found.append((value, start + m, join(runs)))
    worst = found[0]
    for candidate in found[1:]:
        if candidate[0] > worst[0]:
            worst = candidate
    value = worst[0]
    for candidate in found:
        value = value.max(candidate[0])
    return value, worst[1], worst[2], start


class _LaterStep:
    """One step with the autonomous states anywhere in their settled box and the input anywhere in the box."""

    def __init__(self, program: Program, autonomous: list[Interval], bound: Fraction) -> None:
        self.runner = Runner(program, Enclosures)
        self.autonomous = autonomous
        self.whole = interval_of((-bound, bound))
        zero = [Interval(ZERO) for _ in program.driven()]
        self.offset_range = self.place(zero, self.whole)
        self.runner.output()
        self.step: StepDerivatives = derivatives(self.runner)
        self.slopes = [row.get(k, Interval(ZERO)) for k, row in enumerate(self.step.states)]
        self.offsets = {value: self.place(zero, value) for value in (bound, -bound)}
        self.readout: Tangent = {}

    @classmethod
    def of(cls, program: Program, autonomous: list[Interval], bound: Fraction) -> _LaterStep | None:
        """The step, or None if the driven states mix or a slope is not proved positive."""
        later = cls(program, autonomous, bound)
        for k, row in enumerate(later.step.states):
            if set(row) - {k, INPUT} or not later.slopes[k].lower > 0:
                return None
        return later

    def place(self, state: Sequence[Interval], x: Any) -> list[Interval]:
        """Put states and input in place and evaluate the step; returns the new driven states."""
        runner = self.runner
        runner.advance_autonomous(self.autonomous)
        runner.load_input(x)
        for index, value in zip(runner.driven_old, state, strict=True):
            runner.values[index] = value
        new: list[Interval] = runner.evaluate_driven()
        return new

    def read(self, state: Sequence[Interval], x: Any) -> Interval:
        """y after one step from `state` with input x."""
        self.place(state, x)
        output: Interval = self.runner.output()
        return output

    def enclose_readout(self, reach: Sequence[Interval]) -> None:
        """Fill `readout`, the derivative of y, for old states anywhere in `reach`."""
        self.read(reach, self.whole)
        self.readout = derivatives(self.runner).readout

    def is_monotone(self, state: Sequence[Interval], offsets: Sequence[Interval]) -> bool:
        """Whether y moves one way along s(m).

        s_k(m+1) - s_k(m) = a_k^m (s_k(1) - s_k(0)), so it is enough that all ∂y/∂s_k (s_k(1) - s_k(0)) have one sign.
        """
        signs: list[Sign] = []
        for k, (slope, offset, value) in enumerate(zip(self.slopes, offsets, state, strict=True)):
            if k in self.readout:
                signs.append((self.readout[k] * (slope * value + offset - value)).sign)
        return sum_of_signs(signs) is not None


@dataclass(frozen=True)
class _Signs:
    """Signs of the derivatives beyond T: of E by x_1, of y by an input between, by the last input; pattern at T."""

    first: int
    on_input: int
    on_last: int
    pattern: tuple[Sign, ...]


def _later_signs(later: _LaterStep, walk: Walk, start: int, count: int, only_last: bool) -> _Signs | None:
    before_last = [
        iterate_affine(a, r, s, count - 1) for a, r, s in zip(later.slopes, later.offset_range, walk.states[start], strict=True)
    ]
    reach = [s.hull(end) for s, end in zip(walk.states[start], before_last, strict=True)]
    later.enclose_readout(reach)
    readout = later.readout
    pattern = readout_pattern(readout, len(reach))
    _, on_input = pull_pattern(later.step, pattern)
    on_last = readout[INPUT].sign if INPUT in readout else 0
    terms: list[tuple[Tangent, Interval | None]] = []
    for k, slope in walk.first[start].items():
        if k in readout:
            ratio = later.slopes[k]
            last = Interval(ratio.lower ** fmpz(count - 1), ratio.upper ** fmpz(count - 1))
            power = last if only_last else last.hull(Interval(ONE))
            terms.append(({0: power * slope}, readout[k]))
    first = error_slope(combine(terms).get(0)).sign
    if first is None or on_input is None or on_last is None or None in pattern:
        return None
    return _Signs(first, on_input, on_last, pattern)


def _run(program: Program, opening: Sequence[Fraction]) -> list[Interval]:
    """The driven states after an opening, as points."""
    runner = Runner(program, Balls(flint.ctx.prec))
    state = runner.start()
    for t, x in enumerate(opening, 1):
        state = runner.step(t, state, x)
    return [Interval(value) for value in state]

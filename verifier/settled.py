"""The supremum at long horizons, in time that does not grow with n.

Let the autonomous part settle after T steps (`induction.settle`) and let every driven state be memoryless, or obey
s' = F(s) on its own with F increasing, affine or an activation of an affine map, once the input stays the same
(`induction.forms_of_driven_states`). For the horizons n = T + m, m = 1, 2, ...:

* ∂y_n/∂x_t has for T < t < n one sign, whatever n and t: the sign pattern of ∂y_n/∂(driven state) is the same before and
  after a step over any states reachable later, which lie in a box that a step maps into itself;
* ∂y_n/∂x_1 = Σ r_k (product of m-1 slopes of F_k) ∂s_k(T)/∂x_1 lies in the hull of its values at both ends of m;
* on an extreme path the input is constant between, so each s_k(m) moves one way, as an increasing map does; if all
  ∂y/∂s_k (s_k(2) - s_k(1)) have one sign the error is monotone in m >= 2, so the worst horizon beyond T is T + 1, T + 2 or
  the last one, and all three are evaluated.

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
from verifier.induction import Form, forms_of_driven_states, iterate_activation, iterate_affine, settle
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
    sign_up_to_rounding,
    sum_of_signs,
    walk_box,
)
from verifier.program import Program
from verifier.run import Runner
from verifier.sequences import Runs, compress, join

SETTLING_STEPS = 512
"""Steps within which the autonomous part must settle."""

NATURAL_RANGES = {"tanh": (-ONE, ONE), "sigmoid": (ZERO, ONE)}
"""Where an activation always lies."""


Answer = tuple[arb, int, Runs, int]
"""Worst error, the horizon where it is attained, the witness, T."""


def bound_beyond(program: Program, bound: Fraction, n: int, only_last: bool) -> Answer | None:
    """The exact worst-case error over [-bound, bound]^{n'} for all n' <= n (or n alone); None where a premise fails."""
    forms = forms_of_driven_states(program)
    if not forms or program.x is None:
        return None
    settled = settle(program, min(n - 1, SETTLING_STEPS)) if n > 1 else None
    if settled is None:
        return None
    # a memoryless state at T has seen the autonomous part before its last step: one more step brings both into the box
    start = settled.steps + any(form.kind == "memoryless" for form in forms)
    count = n - start
    if count < 1:
        return None
    box = [(-bound, bound)] * start
    walk = walk_box(program, box)
    later = LaterStep.of(program, forms, settled.box, bound, walk.states[start], count)
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
        between, last = choice[signs.on_input], choice[signs.on_last]
        state = _run(program, opening)
        following = later.place(state, between)
        if not only_last and not later.is_monotone(following, between):
            return None
        for m in [count] if only_last else sorted({1, min(2, count), count}):
            before = state if m == 1 else later.iterate(following, between, m - 2)
            if before is None:
                return None
            error = later.read(before, last) - Interval(to_ball(opening[0]))
            value = orientation * error.lower.union(error.upper)
            found.append((value, start + m, join([*compress(opening), (between, m - 1), (last, 1)])))
    worst = found[0]
    for candidate in found[1:]:
        if candidate[0] > worst[0]:
            worst = candidate
    value = worst[0]
    for candidate in found:
        value = value.max(candidate[0])
    return value.union(value + signs.violation * to_ball(2 * bound)), worst[1], worst[2], start


class LaterStep:
    """One step with the autonomous states anywhere in their settled box and the input anywhere in the box.

    `reach` holds every driven state that occurs at or after T; `slopes` are those of the states with memory (None for the
    others), over `reach`.
    """

    def __init__(self, program: Program, forms: Sequence[Form], autonomous: Sequence[Interval], bound: Fraction) -> None:
        self.runner = Runner(program, Enclosures)
        self.forms = forms
        self.autonomous = autonomous
        self.whole = interval_of((-bound, bound))
        self.inputs: list[Any] = [self.whole, bound, -bound]
        rest = [Interval(ZERO) for _ in forms]
        self.fed = [self._only_memoryless(self.place(rest, x)) for x in self.inputs]
        self.offsets = []
        for x, fed in zip(self.inputs, self.fed, strict=True):
            self.place(fed, x)
            self.offsets.append([self.runner.values[form.argument] for form in forms])
        self.reach: list[Interval] = []
        self.slopes: list[Interval | None] = []
        self.step = StepDerivatives([], {})

    @classmethod
    def of(
        cls,
        program: Program,
        forms: Sequence[Form],
        autonomous: Sequence[Interval],
        bound: Fraction,
        start: Sequence[Interval],
        count: int,
    ) -> LaterStep | None:
        """The step, or None if the states with memory mix or a slope is not proved positive over all that is reached."""
        later = cls(program, forms, autonomous, bound)
        factors = later._affine_factors()
        for k, (form, at_start) in enumerate(zip(forms, start, strict=True)):
            offset, factor = later.offsets[0][k], factors[k]
            if form.kind == "memoryless":
                later.reach.append(at_start.hull(later.fed[0][k]))
            elif factor is not None:
                if not factor.lower > 0:
                    return None
                later.reach.append(at_start.hull(iterate_affine(factor, offset, at_start, count)))
            else:
                later.reach.append(_invariant_range(form, offset, at_start))
        later.read(later.reach, later.whole)
        later.step = derivatives(later.runner)
        memoryless = {k for k, form in enumerate(forms) if form.kind == "memoryless"}
        for k, row in enumerate(later.step.states):
            if k in memoryless:
                later.slopes.append(None)
                continue
            slope = row.get(k, Interval(ZERO))
            if set(row) - memoryless - {k, INPUT} or not slope.lower > 0:
                return None
            later.slopes.append(slope if factors[k] is None else factors[k])
        return later

    def _affine_factors(self) -> list[Interval | None]:
        """The factors of the affine states, which do not depend on where the driven states are."""
        self.place(self.fed[0], self.whole)
        self.runner.output()
        rows = derivatives(self.runner).states
        return [
            row.get(k, Interval(ZERO)) if form.kind == "affine" else None
            for k, (form, row) in enumerate(zip(self.forms, rows, strict=True))
        ]

    def _only_memoryless(self, state: Sequence[Interval]) -> list[Interval]:
        """The memoryless states as they are, the others 0."""
        return [value if form.kind == "memoryless" else Interval(ZERO) for form, value in zip(self.forms, state, strict=True)]

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

    def iterate(self, state: Sequence[Interval], x: Fraction, count: int) -> list[Interval] | None:
        """The driven states `count` steps later under the constant input x, which the step before had too."""
        offsets, result = self.offsets[self.inputs.index(x)], []
        for form, slope, offset, value in zip(self.forms, self.slopes, offsets, state, strict=True):
            if form.kind == "memoryless" or slope is None:
                result.append(value)
            elif form.kind == "affine":
                result.append(iterate_affine(slope, offset, value, count))
            else:
                moved = iterate_activation(form, offset, value, count)
                if moved is None:
                    return None
                result.append(moved)
        return result

    def is_monotone(self, state: Sequence[Interval], x: Fraction) -> bool:
        """Whether y moves one way while the input stays x, from `state`, which the input x produced.

        An increasing map moves a state always the way of its first move, so it is enough that all
        ∂y/∂s_k (s_k(2) - s_k(1)) have one sign.
        """
        signs: list[Sign] = []
        for k, (new, old) in enumerate(zip(self.place(state, x), state, strict=True)):
            if k in self.step.readout and self.slopes[k] is not None:
                signs.append((self.step.readout[k] * (new - old)).sign)
        return sum_of_signs(signs) is not None


def _invariant_range(form: Form, offset: Interval, start: Interval) -> Interval:
    """A range around `start` that act(slope·s + offset) maps into itself: widened by doubling, at most the natural one."""
    low, high = NATURAL_RANGES[form.kind]
    middle = (low + high) / 2
    slope = Interval(to_ball(form.slope))
    radius = (abs(start.lower - middle).max(abs(start.upper - middle))).upper()
    activation = getattr(Enclosures, form.kind)
    while radius < (high - low) / 2:
        box = Interval(middle - radius, middle + radius)
        image = activation(slope * box + offset)
        if box.lower <= image.lower and image.upper <= box.upper:
            return box
        radius = 2 * radius if radius > 0 else arb(2) ** -flint.ctx.prec
    return Interval(low, high)


@dataclass(frozen=True)
class _Signs:
    """Signs of the derivatives beyond T: of E by x_1, of y by an input between, by the last input; pattern at T.

    `violation` bounds by how much ∂E/∂x_1 violates its sign.
    """

    first: int
    on_input: int
    on_last: int
    pattern: tuple[Sign, ...]
    violation: arb


def _later_signs(later: LaterStep, walk: Walk, start: int, count: int, only_last: bool) -> _Signs | None:
    readout = later.step.readout
    pattern = readout_pattern(readout, len(later.forms))
    before, on_input = pull_pattern(later.step, pattern)
    on_last = readout[INPUT].sign if INPUT in readout else 0
    if before != pattern:
        return None
    terms: list[tuple[Tangent, Interval | None]] = []
    for k, slope in walk.first[start].items():
        if k in readout:
            ratio = later.slopes[k]
            if ratio is None:
                return None
            last = Interval(ratio.lower ** fmpz(count - 1), ratio.upper ** fmpz(count - 1))
            power = last if only_last else last.hull(Interval(ONE))
            terms.append(({0: power * slope}, readout[k]))
    first, violation = sign_up_to_rounding(error_slope(combine(terms).get(0)))
    if first is None or on_input is None or on_last is None or None in pattern:
        return None
    return _Signs(first, on_input, on_last, pattern, violation)


def _run(program: Program, opening: Sequence[Fraction]) -> list[Interval]:
    """The driven states after an opening, as points."""
    runner = Runner(program, Balls(flint.ctx.prec))
    state = runner.start()
    for t, x in enumerate(opening, 1):
        state = runner.step(t, state, x)
    return [Interval(value) for value in state]

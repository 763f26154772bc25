"""A refreshed memory in IEEE arithmetic: the inequalities of C9 with every rounding in them, for every library of theorem F1.

In floats gates that are far from their threshold are exactly 0 or 1, so between loads fl(1·c + 0·g) = c: what is held does not
move at all, and a bit is taken wholly, not at all, or, within z of its threshold, by any share in [0, 1]: nothing is asked of σ
there. What floats add are roundings. With u = 2^-p, A = o(tanh c_capture + tanh c_hold) and D = A - o tanh c_accumulate in
real numbers of the float cells:

comparator  its argument is κ(D - θ) up to κe; so the bit is taken for D >= θ + z, refused for D <= θ - z, z = zero/κ + e.
residual    D in [lo, hi] becomes D' in [min(lo, θ - z - b) - r, max(min(hi, θ + z), hi - b s) + r], s <= 1 the slope of tanh
            below the move, r the rounding of a sum; soft bits cost at most z on either side.
load        A' = h_accumulate + ℓ up to the cubic term and the roundings of argument and tanh.
decisive    sums and thresholds are multiples of w up to `grid`, roundings of the sums and of the clock included.

The clock is enclosed: from any state of a set it comes back to that set. Levels and borders return as in `bound`.

Hypotheses on the library: those of F1 (`float_bound.Library.says`), and σ(0) = 1/2.

Source: this project, theories C9 and F1; error of sums in any order: Higham 2002, section 4.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from flint import arb

from verifier.arithmetic.balls import ONE, ZERO, exact_fraction, largest, to_ball, upper_fraction
from verifier.arithmetic.enclosures import Interval
from verifier.arithmetic.floats import Floats
from verifier.float_bound import Library
from verifier.float_enclosures import FloatEnclosures, FloatSet
from verifier.program import Program, record
from verifier.refresh import lstm
from verifier.refresh.cells import Hints
from verifier.refresh.clock import LARGEST_PERIOD, SHORTEST_PERIOD, Cycles
from verifier.refresh.form import Affine
from verifier.refresh.levels import SPARE_LEVELS, Cycle, Inequalities, Inequality, close_levels, distortion
from verifier.run import Runner
from verifier.verdict import Verdict, all_of, check_at_most
from verifier.weights import Weights

Form = lstm.Form

QUIET = "held values do not change between loads: gates are exactly 0 or 1"
STARTS = "step 1 admits its input, and leaves the hold and accumulate units at 0"


class Phase(NamedTuple):
    """What the step that leaves this phase does: gates as sets of floats, tanh T of the bit, threshold θ and lift λ, and the sum
    of the moduli of the terms of θκ and of λ, with their numbers."""

    capture: tuple[FloatSet, FloatSet]
    hold: tuple[FloatSet, FloatSet]
    kept: FloatSet
    bit: Interval
    threshold: Interval
    threshold_size: arb
    threshold_terms: int
    lift: Interval
    lift_size: arb
    lift_terms: int


@dataclass(frozen=True)
class RefreshInFloats:
    """The inequalities, and the bound they give for |y_n - x_1|, for all n >= 1 and all float inputs, if `verdict` is PROVED."""

    library: Library
    inequalities: tuple[Inequality, ...]
    upper: Fraction | None
    form: Form
    hints: Hints
    levels: int = 0

    @property
    def period(self) -> int:
        """P: steps from one load to the next."""
        return self.hints.period

    @property
    def verdict(self) -> Verdict:
        """PROVED if every inequality holds, else UNDECIDED: they are sufficient, and say nothing where they fail."""
        holds = all_of(inequality.verdict for inequality in self.inequalities)
        return holds if holds is Verdict.PROVED else Verdict.UNDECIDED

    @property
    def missing(self) -> tuple[str, ...]:
        """The inequalities that do not hold."""
        return tuple(f"{i.text} ({i.name})" for i in self.inequalities if i.verdict is not Verdict.PROVED)


def says(library: Library) -> tuple[str, ...]:
    """The hypotheses in words."""
    return (*library.says(), "σ(0) = 1/2")


def check_floats(weights: Weights, library: Library) -> None:
    """Raise `ValueError` where a weight is not a float of the format."""
    arithmetic = Floats.of(library.form)
    for _, array in weights.blocks().items():
        for _, value in array:
            if Fraction(float(arithmetic.exact(value))) != value:
                raise ValueError(f"{value} is not a {library.form} number")


def bound_refresh_in_floats(weights: Weights, bound: Fraction, library: Library) -> RefreshInFloats | None:
    """Bound |y_n - x_1| over all n >= 1 and float inputs in [-bound, bound]; None where the step is not of the form.

    Works at the current precision. Raises `ValueError` where a weight is not a float of the format.
    """
    check_floats(weights, library)
    program = record(weights)
    form = lstm.recognise(program)
    if form is None:
        return None
    clock = FloatClock(program, form, library)
    start = clock.first()
    if start is None or len(start[1]) < SHORTEST_PERIOD:
        text = f"every gate that the clock drives is exactly 0 or 1, and the hold unit loads, after {SHORTEST_PERIOD} to "
        never = Inequality("clock", f"{text}{LARGEST_PERIOD} steps", 1, Verdict.UNDECIDED)
        return RefreshInFloats(library, (never,), None, form, Hints.none())
    return _InFloats(form, clock, *start, bound).decide()


class FloatClock:
    """The autonomous units of a program of this form, as sets of floats."""

    def __init__(self, program: Program, form: Form, library: Library) -> None:
        self.arithmetic = FloatEnclosures(library)
        self.runner, self.form = Runner(program, self.arithmetic), form

    def leave(self, state: Sequence[Interval]) -> tuple[Phase, list[Interval]]:
        """What the gates do in the step that leaves this state, and the next state."""
        new = self.runner.advance_autonomous([self.arithmetic.of(value) for value in state])
        form, value, sigmoid = self.form, self.runner.values, self.arithmetic.sigmoid
        phase = Phase(
            (sigmoid(value[form.capture.forget]), sigmoid(value[form.capture.admit])),
            (sigmoid(value[form.hold.forget]), sigmoid(value[form.hold.admit])),
            sigmoid(value[form.accumulate.forget]),
            self.arithmetic.tanh(value[form.accumulate.candidate]).settled(),
            *self._affine(form.threshold),
            *self._affine(form.lift),
        )
        return phase, [entry.settled() for entry in new]

    def _affine(self, affine: Affine) -> tuple[Interval, arb, int]:
        """The real affine function of the clock's floats, Σ|terms|, and how many terms there are."""
        total, size = Interval(to_ball(affine.bias)), abs(to_ball(affine.bias))
        for node, coefficient in affine.terms.items():
            term = Interval(to_ball(coefficient)) * self.runner.values[node].settled()
            total, size = total + term, size + term.largest_modulus()
        return total, size, len(affine.terms) + (affine.bias != 0)

    def first(self) -> tuple[Phase, list[Phase], list[Interval]] | None:
        """What step 1 does, the phases from then until the hold unit loads, and the state after that."""
        opening, state = self.leave([entry.settled() for entry in self.runner.autonomous_state(0)])
        phases = []
        for _ in range(LARGEST_PERIOD):
            phase, state = self.leave(state)
            phases.append(phase)
            if not phase.hold[1].is_zero:
                return (opening, phases, state) if phase.hold[1].is_one else None
        return None

    def later(self, state: list[Interval], period: int) -> tuple[list[Phase], Verdict]:
        """The phases of every cycle from this state on, and whether a cycle maps the set that they are about into itself."""
        around, after = state, self._cycle(state, period)[1]
        around = [_around(old.hull(new), self.arithmetic) for old, new in zip(state, after, strict=True)]
        phases, image = self._cycle(around, period)
        pairs = [*zip(image, around, strict=True), *zip(state, around, strict=True)]
        return phases, all_of(check for small, big in pairs for check in _inside(small, big))

    def _cycle(self, state: list[Interval], period: int) -> tuple[list[Phase], list[Interval]]:
        phases = []
        for _ in range(period):
            phase, state = self.leave(state)
            phases.append(phase)
        return phases, state


def _around(interval: Interval, arithmetic: FloatEnclosures) -> Interval:
    """As wide again on either side, and a rounding: a cycle shrinks differences of states by 2^-P, and adds its roundings."""
    reach = interval.upper - interval.lower + interval.largest_modulus() * arithmetic.unit
    return Interval((interval.lower - reach).lower(), (interval.upper + reach).upper())


def _inside(inner: Interval, outer: Interval) -> tuple[Verdict, Verdict]:
    return check_at_most(outer.lower, inner.lower), check_at_most(inner.upper, outer.upper)


class _InFloats:
    """The inequalities at the numbers of a form and its clock, in floats."""

    def __init__(
        self, form: Form, clock: FloatClock, opening: Phase, first: list[Phase], state: list[Interval], bound: Fraction
    ) -> None:
        self.form, self.opening, self.first, self.bound = form, opening, first, bound
        self.arithmetic, self.library = clock.arithmetic, clock.arithmetic.library
        self.shown, self.gain, self.feedback = to_ball(form.shown), to_ball(form.gain), to_ball(form.feedback)
        self.found = Inequalities()
        self.later, returns = clock.later(state, len(first))
        self.found.state("clock", "the clock comes back to one set of floats every P steps, whatever inputs and library", returns)
        wide = lstm.Unit(ONE, ZERO, ONE, ZERO)  # the gate of step 1 is exactly 1 (`_gates`)
        opened = lstm.Phase(wide, wide, ONE, ZERO, ZERO, ZERO, ZERO)
        self.reals = lstm.Numbers(form, bound, Cycles(opened, (), (), returns))

    def decide(self) -> RefreshInFloats:
        """All inequalities, and the bound."""
        form, slope = self.form, to_ball(self.form.slope)
        self.found.positive("signs", "readout, input scale and comparator gain are positive",
                            to_ball(min(form.slope, form.scale, form.gain)))  # fmt: skip
        self._gates()
        entered = self._entry_error()
        ends = [self.reals.captured(to_ball(sign * self.bound)) for sign in (-1, 1)]
        spare = SPARE_LEVELS * _middle(self.later[-2].threshold)
        low, high = ends[0] - entered - spare, ends[1] + entered + spare
        first = self._cycle("first cycle", self.first, low, high)
        later = self._cycle("later cycles", self.later, low, high)
        moved = close_levels(first, later, high, self.found)
        self.found.at_most("levels", "held values stay in the range assumed of them", moved + entered, spare)
        upper = slope * (moved + entered) + distortion(self.reals, self.bound) + self._reading_error(high)
        margin = first.margin.max(later.margin)
        if not (upper.is_finite() and margin.is_finite()):
            return RefreshInFloats(self.library, self.found.all(), None, form, Hints.none())
        hints = Hints(
            len(self.first),
            len(self.later),
            exact_fraction(later.unit),
            upper_fraction(margin),
            form.slope,
            form.constant,
            Fraction(0),
        )
        levels = int(upper_fraction((ends[1] - ends[0]) / later.unit)) + 1
        return RefreshInFloats(self.library, self.found.all(), upper_fraction(upper), form, hints, levels)

    # --- gates ------------------------------------------------------------------------------------------------------------

    def _gates(self) -> None:
        """Which gates are exactly 0 and which exactly 1, at step 1 and in each phase."""
        self._exactly("start", STARTS, self.opening.capture[1], 1)
        for interval in (self.opening.lift, self.opening.bit):
            self.found.at_most("start", STARTS, interval.largest_modulus(), ZERO)
        for phases in (self.first, self.later):
            for place, phase in enumerate(phases):
                loads = place == len(phases) - 1
                for gate, value in zip((*phase.capture, *phase.hold), (not loads, 0, not loads, loads), strict=True):
                    self._exactly("gates", QUIET, gate, value)
                self._exactly("gates", "sums are cleared once in P steps, and kept else", phase.kept, place > 0)
                self.found.positive("signs", "every bit is worth something", phase.bit.lower)

    def _exactly(self, name: str, text: str, gate: FloatSet, value: int) -> None:
        holds = gate.is_one if value else gate.is_zero
        opposite = gate.is_zero if value else gate.is_one
        self.found.state(name, text, Verdict.PROVED if holds else Verdict.REFUTED if opposite else Verdict.UNDECIDED)

    # --- roundings --------------------------------------------------------------------------------------------------------

    def _shown_error(self, size: arb) -> arb:
        """|fl(o·tanh~ c) - o tanh c| where |o tanh c| <= size."""
        arithmetic = self.arithmetic
        return arithmetic.tanh_error * size + self.shown * arithmetic.tiny + arithmetic.least

    def _summing_error(self, terms: int, size: arb) -> arb:
        """The roundings of a sum of so many products with Σ|products| <= size."""
        return self.arithmetic.growth(terms) * size + terms * self.arithmetic.least

    def _tanh_error(self, size: arb) -> arb:
        """|tanh~ - tanh| where |tanh| <= size."""
        return self.arithmetic.tanh_error * size + self.arithmetic.tiny

    def _entry_error(self) -> arb:
        """How far the captured A is from o tanh tanh(εx + b)."""
        size = to_ball(abs(self.form.scale) * self.bound + abs(self.form.offset))
        summed = self._summing_error(2, size)
        return self.shown * (summed + self._tanh_error(size + summed))

    def _reading_error(self, high: arb) -> arb:
        """|fl(y) - (V A + v_0)|."""
        slope = to_ball(abs(self.form.slope))
        shown = self._shown_error(high) + self._shown_error(ZERO)
        return slope * shown + self._summing_error(3, slope * (high + shown) + abs(to_ball(self.form.constant)))

    def _open(self, phase: Phase, high: arb, top: arb) -> arb:
        """z of a phase: zero/κ, and the roundings of the comparator's argument in units of D."""
        shown = self._shown_error(high) + self._shown_error(ZERO) + self._shown_error(top)
        size = self.gain * (high + top + shown + phase.threshold_size)
        summed = self._summing_error(3 + phase.threshold_terms, size)
        return (to_ball(max(self.library.zero, self.library.one)) + summed) / self.gain + shown + _radius(phase.threshold)

    # --- one cycle --------------------------------------------------------------------------------------------------------

    def _cycle(self, name: str, phases: Sequence[Phase], low: arb, high: arb) -> Cycle:
        """The bounds of a cycle throughout which low <= A <= high."""
        last, bits = phases[-1], phases[1:-1]
        top = high + largest(phase.threshold.upper for phase in (self.first[-2], self.later[-2]))
        cell_top = (top / self.shown).atanh()
        added = self.arithmetic.unit * (1 + self.arithmetic.unit) * (cell_top + largest(phase.bit.upper for phase in phases))
        opening = phases[0]
        self.found.at_most(
            name, "no bit is taken while the sum is cleared", high + self._open(opening, high, top), _middle(opening.threshold)
        )
        lowest, highest = low, high
        for phase in bits:
            z, threshold = self._open(phase, high, top), _middle(phase.threshold)
            rate = 1 - (((high - threshold).max(ZERO) / self.shown).atanh() + phase.bit.upper).tanh() ** 2
            worth, least_worth = self.shown * phase.bit.upper, self.shown * phase.bit.lower
            highest = highest.min(threshold + z).max(highest - least_worth * rate) + self.shown * added
            lowest = lowest.min(threshold - z - worth) - self.shown * added
            self.found.at_most(name, "the sum stays below its limit", high - lowest, top)
        spent = high - lowest + self.shown * (last.bit.upper + added)
        self.found.at_most(name, "the sum stays below its limit", spent, top)
        lift, load = self._load(last, top)
        unit = _middle(phases[-2].threshold)
        grid = self._grid(bits, unit, cell_top, added)
        margin = largest(self._open(phase, high, top) for phase in bits) + grid
        self.found.at_most(name, "the lowest held value is above level 0", margin, low)
        self.found.at_most(name, "the bits can express the highest held value", high + margin, arb(2) ** len(bits) * unit)
        return Cycle(unit, lift, ZERO, lift - lowest + load, highest - lift + load, grid + load, margin)

    def _load(self, last: Phase, top: arb) -> tuple[arb, arb]:
        """ℓ, and |A' - h_accumulate - ℓ| after a load: |tanh tanh X - X| <= 2|X|³/3, and the roundings."""
        feedback, middle = abs(self.feedback), _middle(last.lift)
        shown = self._shown_error(top)
        argument = feedback * (top + shown) + last.lift_size
        off = feedback * shown + self._summing_error(1 + last.lift_terms, argument) + _radius(last.lift)
        uneven = abs(self.shown * self.feedback - 1) * top
        lift = arb((self.shown * middle).mid())
        rounded = off + self._tanh_error(argument + off) + abs(self.shown * middle - lift) / self.shown
        return lift, self.shown * (2 * (argument + off) ** 3 / 3 + rounded) + uneven

    def _grid(self, bits: Sequence[Phase], unit: arb, cell_top: arb, added: arb) -> arb:
        """How far sums and thresholds are from multiples of w where every comparator is decided."""
        uneven, apart = ZERO, ZERO
        for k, phase in enumerate(reversed(bits)):
            exact = arb(2) ** k * unit
            ends = (abs(self.shown * phase.bit.lower - exact), abs(self.shown * phase.bit.upper - exact))
            uneven = uneven + ends[0].max(ends[1])
            apart = apart.max(abs(_middle(phase.threshold) - exact))
        cubic = self.shown * cell_top**3 / 3  # |tanh c - c| <= c³/3
        return uneven + apart + cubic + self.shown * len(bits) * added


def _middle(interval: Interval) -> arb:
    """A number of the interval."""
    return arb(((interval.lower + interval.upper) / 2).mid())


def _radius(interval: Interval) -> arb:
    """The distance of its ends from `_middle`, at most."""
    return (interval.upper - _middle(interval)).max(_middle(interval) - interval.lower)

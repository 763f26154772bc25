"""The recall error for ever of a memory that refreshes itself: inequalities read off the weights, for all levels at once.

`form` recognises the units, `clock` says what their gates do at each phase; here these numbers are put into the inequalities of
theorem C9. A cycle has the phases 0 ... P-1, phase 0 following a load; A = h_capture + h_hold is the held value, D = A -
h_accumulate the residual. Values are in units of h; every bound holds for all input sequences and all levels of the memory:

hold      Between loads A moves by at most `drift`, inputs included.
residual  At phase τ the comparator is σ(κ(D - θ)), the bit is worth b = o tanh T when taken. Whatever it decides, D in [lo, hi]
          becomes D' in [min(lo - b s, θ - b), max(min(hi, θ), hi - b(1 - s)r)], s = σ(-κz), up to drift and leak, for any
          z <= b r/2; r <= 1 bounds the slope of tanh over the move from below.
load      A is replaced by h_accumulate + ℓ, up to `load` (the cubic term, gates not quite shut): it moves by -D + ℓ.
decisive  θ and b are w·(powers of two) up to `grid`. If A is Z = z + drift + grid or more away from wℤ, every comparator is z
          or more away from its threshold, and h_accumulate ends within `grid` of w·floor(A/w).
levels    So A at distance >= Z from wℤ goes to L_m = mw + ℓ within E = grid + load, m = floor(A/w), and A within Z of mw to
          J_m = [L_{m-1} - ρ, L_m + ρ], ρ = Z + max(hi - w, -lo) + .... J_m maps into itself if ρ + ℓ + Z <= w, ρ + Z <= ℓ
          and E <= ρ. The first cycle has w, ℓ and Z of its own; its levels are at most `shift` from the later ones.

Source: this project, theory C9; quantised refresh of analog memories: Cauwenberghs & Yariv 1995.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import flint
from flint import arb

from verifier.arithmetic.balls import ZERO, exact_fraction, to_ball, upper_fraction
from verifier.program import Program
from verifier.refresh.cells import Enumeration, Hints, enumerate_levels
from verifier.refresh.clock import LARGEST_PERIOD, SHARE_BITS, Clock, Phase, shares
from verifier.refresh.form import Form, recognise
from verifier.verdict import Verdict, all_of, check_at_most, check_less

CAPTURE_PIECES = 64
"""Pieces of [-M, M] on which the distortion of the captured value is bounded."""

SPARE_LEVELS = 2
"""Levels by which held values may leave the range of captured ones; that they leave it by less is one of the inequalities."""

COMPARATOR_SHARE = 4
"""In the residual lemma a comparator counts as open within this part of its bit (any part up to a half will do)."""

BESIDE = Fraction(3, 4)
"""Inputs with large errors lie about this many times Z from a border between two levels."""

ATTACKED = (Fraction(-3, 4), Fraction(0), Fraction(3, 4))
"""Places in [-1, 1] near which such inputs are looked for."""


class Inequality(NamedTuple):
    """One hypothesis of the theorem at the numbers of the weights: how many comparisons it is, and what all of them say."""

    name: str
    text: str
    comparisons: int
    verdict: Verdict


@dataclass(frozen=True)
class Refresh:
    """The inequalities, and the bound they give for |y_n - x_1|.

    `upper` holds if `verdict` is PROVED. `levels`: how many are in use; `firsts`: inputs x_1 beside borders of levels, where the
    error is largest; `hints`: where levels and borders are, for `enumerate_levels`.
    """

    inequalities: tuple[Inequality, ...]
    upper: arb
    form: Form
    hints: Hints
    levels: int
    firsts: tuple[Fraction, ...]
    theorem: str = "C9"

    @property
    def period(self) -> int:
        """P: steps from one load to the next."""
        return self.hints.period

    @property
    def verdict(self) -> Verdict:
        """Whether every inequality holds."""
        return all_of(inequality.verdict for inequality in self.inequalities)


def push_levels(program: Program, bound: Fraction, found: Refresh) -> Enumeration:
    """Every level of a refreshed memory as a box of states pushed through a cycle, where there are few enough."""
    return enumerate_levels(program, found.form, bound, found.levels, found.hints)


def bound_refresh(program: Program, bound: Fraction) -> Refresh | None:
    """Bound sup over n >= 1 and inputs in [-bound, bound] of |y_n - x_1|; None where the step is not of the form.

    Works at the current precision. Hypotheses checked here: all of theory C9.
    """
    form = recognise(program)
    if form is None:
        return None
    clock = Clock(program, form)
    start = clock.first()
    if start is None or len(start[1]) < SHORTEST_PERIOD:
        never = Inequality("clock", f"the hold unit loads, after {SHORTEST_PERIOD} to {LARGEST_PERIOD} steps", 1, Verdict.UNDECIDED)
        return Refresh((never,), arb("inf"), form, Hints(0, Fraction(0), Fraction(0), form.slope, form.constant), 0, ())
    return _Refreshed(form, clock, *start, bound).decide()


SHORTEST_PERIOD = 3
"""A cycle clears, takes at least one bit and loads."""


class _Range(NamedTuple):
    """What holds at all times: bounds of A, of h_accumulate and its cell, of the other candidates and cells."""

    low: arb
    high: arb
    top: arb
    cell_top: arb
    hold_candidate: arb
    hold_cell: arb
    capture_candidate: arb
    capture_cell: arb


class _Cycle(NamedTuple):
    """The bounds of one kind of cycle, named as in the module; `up` and `down` are the largest moves of A per cycle."""

    unit: arb
    lift: arb
    drift: arb
    up: arb
    down: arb
    spread: arb
    margin: arb


class _Refreshed:
    """The inequalities at the numbers of a form and its clock."""

    def __init__(self, form: Form, clock: Clock, opening: Phase, first: list[Phase], state: list[arb], bound: Fraction) -> None:
        self.form, self.opening, self.first, self.bound = form, opening, first, bound
        self.shown, self.gain, self.feedback = to_ball(form.shown), to_ball(form.gain), to_ball(form.feedback)
        self.found: dict[tuple[str, str], list[Verdict]] = {}
        self.later, returns = clock.later(state, len(first))
        self._state("clock", "the clock comes back to one set of states every P steps, whatever the inputs", returns)

    def _state(self, name: str, text: str, verdict: Verdict) -> None:
        self.found.setdefault((name, text), []).append(verdict)

    def _at_most(self, name: str, text: str, left: arb, right: arb) -> None:
        self._state(name, text, check_at_most(left, right))

    def _positive(self, name: str, text: str, value: arb) -> None:
        self._state(name, text, check_less(ZERO, value))

    def decide(self) -> Refresh:
        """All inequalities, and the bound."""
        form = self.form
        self._positive("signs", "readout, input scale and comparator gain are positive",
                       to_ball(min(form.slope, form.scale, form.gain)))  # fmt: skip
        for phase in (*self.first, *self.later):
            self._positive("signs", "every bit is worth something", phase.bit)
        self._at_most("start", "step 1 leaves the hold and accumulate units at 0",
                      abs(self.opening.lift) + abs(self.opening.bit), ZERO)  # fmt: skip
        ends = [self._captured(to_ball(sign * self.bound)) for sign in (-1, 1)]
        spare = SPARE_LEVELS * self.later[-2].threshold
        limits = self._limits(ends[0] - spare, ends[1] + spare)
        first, later = self._cycle("first cycle", self.first, limits), self._cycle("later cycles", self.later, limits)
        moved = self._levels(first, later, limits)
        self._at_most("levels", "held values stay in the range assumed of them", moved, spare)
        slope = to_ball(form.slope)
        upper = slope * moved + self._distortion()
        inequalities = tuple(Inequality(*key, len(verdicts), all_of(verdicts)) for key, verdicts in self.found.items())
        margin = later.margin.max(first.margin)
        if not (upper.is_finite() and later.unit.is_finite() and margin.is_finite()):
            hints = Hints(len(self.first), Fraction(0), Fraction(0), form.slope, form.constant)
            return Refresh(inequalities, arb("inf"), form, hints, 0, ())
        hints = Hints(len(self.first), exact_fraction(later.unit), upper_fraction(margin), form.slope, form.constant)
        count = int(upper_fraction((ends[1] - ends[0]) / later.unit)) + 1
        return Refresh(inequalities, upper, form, hints, count, self._firsts(first))

    # --- the captured value -----------------------------------------------------------------------------------------------

    def _entry(self, x: arb) -> arb:
        """tanh(εx + b)."""
        return (to_ball(self.form.scale) * x + to_ball(self.form.offset)).tanh()

    def _captured(self, x: arb) -> arb:
        """A after step 1."""
        return self.shown * (self.opening.capture.admitted * self._entry(x)).tanh()

    def _distortion(self) -> arb:
        """max |y_1 - x_1|: on each piece of [-M, M] the value at its middle, and the slope over the piece."""
        form, open_share, worst = self.form, self.opening.capture.admitted, ZERO
        half = to_ball(self.bound / CAPTURE_PIECES)
        gain = to_ball(form.slope * form.scale) * self.shown * open_share
        for k in range(CAPTURE_PIECES):
            middle = to_ball(-self.bound + (2 * k + 1) * self.bound / CAPTURE_PIECES)
            entry = self._entry(middle.union(middle - half).union(middle + half))
            rate = gain * (1 - (open_share * entry).tanh() ** 2) * (1 - entry**2)
            at_middle = to_ball(form.slope) * self._captured(middle) + to_ball(form.constant) - middle
            worst = worst.max((abs(at_middle) + abs(rate - 1) * half).upper())
        return worst

    # --- one cycle --------------------------------------------------------------------------------------------------------

    def _limits(self, low: arb, high: arb) -> _Range:
        """Candidates and cells where low <= A <= high: |c| <= |g|(1 + Σ i)/(1 - f), f the share that survives a load."""
        both = (self.first, self.later)
        top = high + _largest(phases[-2].threshold for phases in both)
        lift = _largest(abs(phase.lift) for phases in both for phase in phases)
        hold = (abs(self.feedback) * top + lift).tanh()
        capture = to_ball(abs(self.form.scale) * self.bound + abs(self.form.offset)).tanh()
        leaked = [_largest(_total(getattr(p, unit).admitted for p in phases[:-1]) for phases in both) for unit in UNITS]
        loaded = [_largest(getattr(phases[-1], unit).kept for phases in both) for unit in UNITS]
        entered = _largest(phases[-1].capture.admitted for phases in both)
        return _Range(
            low, high, top, (top / self.shown).atanh(),
            hold, hold * (1 + leaked[0]) / (1 - loaded[0]),
            capture, capture * (1 + leaked[1] + entered) / (1 - loaded[1]),
        )  # fmt: skip

    def _cycle(self, name: str, phases: Sequence[Phase], limits: _Range) -> _Cycle:
        """The bounds of a cycle throughout which the limits hold."""
        last, quiet = phases[-1], phases[:-1]
        moves = [
            self.shown
            * (
                phase.hold.lost * limits.hold_cell
                + phase.hold.admitted * limits.hold_candidate
                + phase.capture.lost * limits.capture_cell
                + phase.capture.admitted * limits.capture_candidate
            )
            for phase in quiet
        ]
        drift = _total(moves)
        leak = self.shown * limits.cell_top * _largest(phase.lost for phase in quiet[1:])
        opening = phases[0]
        cleared = self.shown * (
            opening.kept * limits.cell_top + opening.bit * shares(self.gain * (limits.high - opening.threshold))[0]
        )
        lowest, highest = self._residual(name, phases, moves, leak, cleared, limits)
        lift = arb((self.shown * last.lift).mid())
        load = self._load(last, lift, limits)
        unit = arb(phases[-2].threshold.mid())
        decided, grid = self._grid(quiet[1:], unit, leak, cleared, limits)
        margin = decided + drift + grid
        self._at_most(name, "the lowest held value is above level 0", margin, limits.low)
        self._at_most(name, "the bits can express the highest held value", limits.high + margin, arb(2) ** len(quiet[1:]) * unit)
        return _Cycle(
            unit, lift, drift, lift - lowest + load + drift, highest - lift + load + drift, grid + load, margin,
        )  # fmt: skip

    def _residual(
        self, name: str, phases: Sequence[Phase], moves: Sequence[arb], leak: arb, cleared: arb, limits: _Range
    ) -> tuple[arb, arb]:
        """Bounds of D before the load, whatever the comparators decide."""
        lowest, highest = limits.low - cleared, limits.high
        for phase, move in zip(phases[1:-1], moves[1:], strict=True):
            worth, threshold = self.shown * phase.bit, phase.threshold
            z = arb((worth / COMPARATOR_SHARE).mid())
            with flint.ctx.workprec(SHARE_BITS):
                sag = (((limits.high - threshold).max(ZERO) / self.shown).atanh() + phase.bit).tanh() ** 2
            rate = 1 - sag
            self._at_most(name, "comparators are narrow: z <= b r/2", z, worth * rate / 2)
            slip = shares(-self.gain * z)[0]
            highest = highest.min(threshold).max(highest - worth * (1 - slip) * rate) + move + leak
            lowest = (lowest - worth * slip).min(threshold - worth) - move
            self._at_most(name, "the sum stays below its limit", limits.high - lowest, limits.top)
        spent = limits.high - lowest + self.shown * phases[-1].bit
        self._at_most(name, "the sum stays below its limit", spent, limits.top)
        return lowest, highest

    def _load(self, last: Phase, lift: arb, limits: _Range) -> arb:
        """|A' - h_accumulate - ℓ| after a load: |tanh tanh X - X| <= 2|X|³/3, and gates not quite open or shut."""
        argument = abs(self.feedback) * limits.top + abs(last.lift)
        gates = (
            last.hold.kept * limits.hold_cell
            + last.hold.shut * limits.hold_candidate
            + last.capture.kept * limits.capture_cell
            + last.capture.admitted * limits.capture_candidate
        )
        uneven = abs(self.shown * self.feedback - 1) * limits.top + abs(self.shown * last.lift - lift)
        return self.shown * (2 * argument**3 / 3 + gates) + uneven

    def _grid(self, bits: Sequence[Phase], unit: arb, leak: arb, cleared: arb, limits: _Range) -> tuple[arb, arb]:
        """z at which a comparator counts as decided, and how far sums and thresholds are from multiples of w then."""
        size = _total(self.shown * phase.bit for phase in bits)
        decided = arb(((self.gain * size + 2).log() / self.gain).mid())
        uneven, apart = ZERO, ZERO
        for k, phase in enumerate(reversed(bits)):
            exact = arb(2) ** k * unit
            uneven = uneven + abs(self.shown * phase.bit - exact)
            apart = apart.max(abs(phase.threshold - exact))
        cubic = self.shown * limits.cell_top**3 / 3  # |tanh c - c| <= c³/3
        return decided, uneven + apart + cubic + leak * len(bits) + cleared + shares(-self.gain * decided)[0] * size

    # --- all cycles -------------------------------------------------------------------------------------------------------

    def _levels(self, first: _Cycle, later: _Cycle, limits: _Range) -> arb:
        """The invariant sets; the largest distance of a held value from the captured one."""
        unit, lift, margin = later.unit, later.lift, later.margin
        count = limits.high / unit.min(first.unit) + 1
        shift = abs(first.unit - unit) * count + abs(first.lift - lift)
        around = margin + (later.up - lift).max(later.down + lift - unit)
        wide = around.max(first.margin + shift + (first.up - lift).max(first.down + lift - unit))
        self._at_most("levels", "E <= ρ: a decided value is near its level", later.spread, around)
        self._at_most("levels", "ρ + ℓ + Z <= w: what is near a level is decided, from above", wide + lift + margin, unit)
        self._at_most("levels", "ρ + Z <= ℓ: and from below", wide + margin, lift)
        self._at_most("levels", "the first level found is decided, from above", lift + shift + first.spread + margin, unit)
        self._at_most("levels", "and from below", shift + first.spread + margin, lift)
        side = lift.max(unit - lift)
        beside = side + first.margin + shift + around
        decided = side + 2 * shift + first.spread + later.spread
        return first.up.max(first.down).max(beside).max(decided) + first.drift.max(later.drift)

    def _firsts(self, cycle: _Cycle) -> tuple[Fraction, ...]:
        """x_1 whose captured value lies beside a border between levels, on either side."""
        slope, constant = self.form.slope, self.form.constant
        unit, near = exact_fraction(cycle.unit), BESIDE * exact_fraction(arb(cycle.margin.mid()))
        found: list[Fraction] = []
        for share in ATTACKED:
            held = self._captured(to_ball(share * self.bound))
            distorted = exact_fraction(arb((to_ball(slope) * held).mid())) + constant - share * self.bound
            border = round(exact_fraction(arb(held.mid())) / unit) * unit
            found += [slope * (border + side * near) + constant - distorted for side in (1, -1)]
        return tuple(x for x in found if abs(x) <= self.bound)


UNITS = ("hold", "capture")


def _total(values: Iterable[arb]) -> arb:
    total = ZERO
    for value in values:
        total = total + value
    return total


def _largest(values: Iterable[arb]) -> arb:
    largest = ZERO
    for value in values:
        largest = largest.max(value)
    return largest

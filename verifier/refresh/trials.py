"""What a refreshed memory made of integrators does in numbers (theory C9): bits on trial, drift, load, read off the weights.

Times within a cycle: the held value A and the sum q are new at 1, the load unit opens at P - 1 and lands at P + 1, which is time 1
of the next cycle. With v the value of the bit unit's argument less its partner's, D = A - q and X = Ys + K:

hold      A' = tanh(A + a), |a| what the load and entry units let through while shut: monotone in q - A and x, so bounded at ends.
          |tanh z - z| <= |z|³/3. All of it over a cycle is `drift`; the sum wanders likewise.
bit       g - k = tanh(X + v) - tanh(X) is between 0 and v; it grows with X while X + v <= 0, and on an interval of X is smallest
          at an end. The comparator of time i - 1 decides on what lands at i + 2.
residual  If |D - θ| >= z the comparator is saturated, |s| >= tanh κz. Otherwise the bit is anything between nothing and all. So D
          in [lo, hi] becomes D' in [min(lo - off, θ - z - all), max(hi - on, θ + z)], up to what A and q wander meanwhile.
load      A' = tanh(A + tanh(-D + H) + ...): -D + ℓ is added, up to what is monotone in D and so bounded at ends.
clear     q' = tanh(q + tanh(-q + C) + ...), monotone in q.

The rest is the same for every form (`levels`). Source: this project, theory C9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

from flint import arb

from verifier.arithmetic.balls import ZERO, to_ball
from verifier.program import Program
from verifier.refresh.clock import Clock, Cycles
from verifier.refresh.integrators import Integrators
from verifier.refresh.levels import (
    CYCLES,
    Cycle,
    Decision,
    Inequalities,
    Span,
    conclude,
    distance_from_input,
    middle_of,
    span_of,
)
from verifier.verdict import Verdict

FADES = 4
"""A phase takes a bit if that is worth at least this part of the next larger one."""

BIT_STEPS = 3
"""Steps from a comparison to the sum that knows of it."""


class Phase(NamedTuple):
    """What the clock adds to the arguments of the units at one time (see `integrators`), and to the readout a step later."""

    entry: arb
    threshold: arb
    pair: arb
    worth: arb
    sum: arb
    clear: arb
    load: arb
    hold: arb
    read: arb


def clock(program: Program, form: Integrators) -> Clock[Phase]:
    """The clock of a network of this form; a cycle ends where the load unit's argument is above -1."""
    parts = (form.entry, form.threshold, form.pair, form.worth, form.sum, form.clear, form.load, form.hold, form.read)
    balls = [(to_ball(part.bias), [(node, to_ball(weight)) for node, weight in part.terms.items()]) for part in parts]

    def read(values: Sequence[arb]) -> Phase:
        return Phase(*(bias + sum((weight * values[node] for node, weight in terms), ZERO) for bias, terms in balls))

    return Clock(program, read, lambda phase: bool(phase.load > -1))


class _Start(NamedTuple):
    """What step 1 leaves: A and q, and what step 2 then adds to each besides the input."""

    hold: arb
    sum: arb
    hold_added: arb
    sum_added: arb


class Numbers:
    """A network of this form in numbers (`levels.Held`)."""

    def __init__(self, form: Integrators, bound: Fraction, cycles: Cycles[Phase]) -> None:
        self.form, self.cycles, self.bound = form, cycles, bound
        self.slope, self.origin = form.slope, Fraction(0)
        self.gain, self.swing, self.scale = to_ball(form.gain), to_ball(form.swing), to_ball(form.scale)
        self.reach = self.scale * to_ball(bound)
        self.start = self._start()
        self.first, self.later = (_Cycle(self, phases, cycles.later[0]) for phases in (cycles.first, cycles.later))
        last = cycles.later[-1]
        self.constant = middle_of(to_ball(form.slope) * last.entry.tanh() + last.read)

    # --- the captured value -----------------------------------------------------------------------------------------------

    def _start(self) -> _Start:
        form, at, opening, first = self.form, self.form.places, self.cycles.opening, self.cycles.first[0]
        before = {k: to_ball(value) for k, value in form.network.start.items()}
        after = {k: self._argument(k, before, opening).tanh() for k in before if k != at.entry}
        hold, sum_ = after[at.hold], after[at.sum]
        added = after[at.clear] + after[at.bit] - after[at.pair] + first.sum
        return _Start(hold, sum_, after[at.load] + first.hold, added)

    def _argument(self, unit: int, state: dict[int, arb], phase: Phase) -> arb:
        """The argument of a unit but the entry."""
        form, at = self.form, self.form.places
        steady = {
            at.compare: -self.gain * phase.threshold, at.bit: phase.pair + phase.worth, at.pair: phase.pair, at.sum: phase.sum,
            at.clear: phase.clear, at.load: phase.load, at.hold: phase.hold,
        }  # fmt: skip
        moving = form.network.rows[unit].moving
        return sum((to_ball(weight) * state[k] for k, weight in moving.items()), ZERO) + steady[unit]

    def _entered(self, x: arb) -> arb:
        """The entry unit after step 1."""
        return (self.scale * x + self.cycles.opening.entry).tanh()

    def captured(self, x: arb) -> arb:
        """A after step 2."""
        return (self.start.hold + self.start.hold_added + self._entered(x)).tanh()

    def rate(self, x: arb) -> arb:
        """dy/dx of that, over a ball of inputs."""
        return to_ball(self.slope) * (1 - self.captured(x) ** 2) * (1 - self._entered(x) ** 2) * self.scale

    def first_error(self) -> arb:
        """max |y_1 - x_1|."""
        slope = to_ball(self.slope)
        constant = slope * self.start.hold + self.cycles.opening.read
        return distance_from_input(
            lambda x: slope * self._entered(x) + constant, lambda x: slope * (1 - self._entered(x) ** 2) * self.scale, self.bound
        )

    def read_leak(self) -> arb:
        """|y - V A - constant| after step 1: what the entry unit lets through while shut."""
        phases = (*self.cycles.first, *self.cycles.later)
        entered = self.ends(hull(phase.entry for phase in phases))
        constant = hull(phase.read for phase in phases) - to_ball(self.constant)
        return abs(to_ball(self.slope) * entered[0] + constant).max(abs(to_ball(self.slope) * entered[1] + constant))

    def ends(self, entry: arb) -> tuple[arb, arb]:
        """The least and the largest value of the entry unit, whatever the input."""
        return (entry - self.reach).tanh(), (entry + self.reach).tanh()

    def unit(self) -> arb:
        """w: what the first threshold of a later cycle says it is."""
        return self.later.unit


def decide(numbers: Numbers, bound: Fraction, found: Inequalities) -> Decision:
    """All inequalities of theory C9 for inputs in [-bound, bound], and the bound they give. Works at the current precision."""
    form = numbers.form
    found.positive("signs", "readout, input scale, comparator gain and swing are positive",
                   to_ball(min(form.slope, form.scale, form.gain, form.swing)))  # fmt: skip
    span = span_of(numbers, bound)
    first, later = (cycle.bounds(name, span, found) for name, cycle in zip(CYCLES, (numbers.first, numbers.later), strict=True))
    decision = conclude(numbers, bound, span, first, later, found)
    return decision._replace(upper=(decision.upper + numbers.read_leak()).max(numbers.first_error()))


class _Cycle:
    """One kind of cycle: `phases[i]` is what the clock adds at time i = 0 ... P, time P being time 0 of the next."""

    def __init__(self, numbers: Numbers, phases: Sequence[Phase], then: Phase) -> None:
        self.numbers, self.phases = numbers, (*phases, then)
        self.period = len(phases)
        self.caps = [self._cap(phase) for phase in self.phases]
        self.bits = self._bits()
        threshold = self.phases[self.bits[0] - 1].threshold if self.bits else arb("nan")
        self.unit = arb((threshold * arb(2) ** (1 - len(self.bits))).mid())

    def _cap(self, phase: Phase) -> arb:
        """The most that bit and partner differ by: v, or where X <= -1 what is left of it at the largest X."""
        worth, highest = abs(phase.worth).upper(), self.numbers.swing + phase.pair
        if highest <= -1 and worth <= 1:
            return worth.min((highest + worth).tanh() - highest.tanh())
        return worth

    def _bits(self) -> list[int]:
        """The times whose phases take bits: by falling worth, until one is worth less than a part of the one before; none where
        the clock is not known."""
        if not all(cap.is_finite() for cap in self.caps):
            return []
        falling = sorted(range(1, self.period), key=lambda i: middle_of(self.caps[i]), reverse=True)
        chosen: list[int] = []
        for i in falling:
            if chosen and not FADES * self.caps[i] >= self.caps[chosen[-1]]:
                break
            chosen.append(i)
        return sorted(chosen)

    def bounds(self, name: str, span: Span, found: Inequalities) -> Cycle:
        """The bounds of this cycle while A is in the span and the sum between -spare and high + spare."""
        phases, last = self.phases, self.period
        in_order = all(b - a >= BIT_STEPS for a, b in zip((2 - BIT_STEPS, *self.bits), (*self.bits, last), strict=True))
        structure = "comparisons come three steps apart, after the last load and before the next"
        found.state(name, structure, Verdict.PROVED if in_order and self.bits else Verdict.UNDECIDED)
        if not (in_order and self.bits):
            return Cycle(*[arb("nan")] * 7)
        for i in self.bits:
            found.positive("signs", "every bit is worth something", phases[i].worth)
        sums = (-span.spare, span.high + span.spare)
        self._check_start(sums, span, found)
        move, wander = self._move(sums, span), self._wander(sums, span)
        cleared = self._cleared(sums, wander)
        lowest, highest = self._residual(name, span, cleared, [move + q for q in wander], found)
        lift, load = self._load(lowest, highest, span)
        load, drift = load + move, move * (last - 1)
        decided, grid = self._grid(cleared, wander)
        margin = decided + drift + grid
        found.at_most(name, "the lowest held value is above level 0", margin, span.low)
        found.at_most(name, "the bits can express the highest held value", span.high + margin, arb(2) ** len(self.bits) * self.unit)
        found.at_most(name, "the sum stays above its limit", cleared + sum(wander[1:last], ZERO), span.spare)
        moved = load + drift
        return Cycle(self.unit, lift, drift, lift - lowest + moved, highest - lift + moved, grid + load, margin)

    def _check_start(self, sums: tuple[arb, arb], span: Span, found: Inequalities) -> None:
        """Step 1 leaves hold and sum where the bounds of shut units are right about them."""
        start, text = self.numbers.start, "step 1 leaves the hold and sum units where shut units stay shut"
        found.at_most("start", text, sums[0], start.sum)
        found.at_most("start", text, start.sum, sums[1])
        found.at_most("start", text, sums[0] - span.high, start.sum - start.hold)
        found.at_most("start", text, start.sum - start.hold, sums[1] - span.low)

    def _move(self, sums: tuple[arb, arb], span: Span) -> arb:
        """How far A may move in a step before time P."""
        load, entry, hold = self._before(lambda phase: phase.load), self._before(lambda phase: phase.entry), self._hold_and_sum()[0]
        low, high = self.numbers.ends(entry)
        least = (sums[0] - span.high + load).tanh() + low + hold
        most = (sums[1] - span.low + load).tanh() + high + hold
        leak = abs(least).max(abs(most))
        return leak + (span.high + leak) ** 3 / 3

    def _wander(self, sums: tuple[arb, arb], span: Span) -> list[arb]:
        """How far the sum may move from time i to i + 1 besides the bits, for i = 1 ... P - 1 (nothing at 0)."""
        clear, added = self._before(lambda phase: phase.clear), self._hold_and_sum()[1]
        leak = abs((clear - sums[1]).tanh() + added).max(abs((clear - sums[0]).tanh() + added))
        wander = [ZERO]
        for i in range(1, self.period):
            cap = self.caps[i - 1]
            wander.append(leak + (sums[1] + leak + cap) ** 3 / 3 + (ZERO if i - 1 in self.bits else cap))
        return wander

    def _before(self, part: Callable[[Phase], arb]) -> arb:
        """A ball around a part of the phases that a step before time P comes from."""
        return hull(part(phase) for phase in self.phases[: self.period - 1])

    def _hold_and_sum(self) -> tuple[arb, arb]:
        """Balls around what is added to A and to the sum in the steps before time P."""
        phases = self.phases[1 : self.period]
        return hull(phase.hold for phase in phases), hull(phase.sum for phase in phases)

    def _cleared(self, sums: tuple[arb, arb], wander: Sequence[arb]) -> arb:
        """The modulus of the sum at time 1, after a cycle or after step 2."""
        start, before, now = self.numbers.start, self.phases[-2], self.phases[-1]
        left = ZERO
        for q in sums:
            left = left.max(abs(q + (before.clear - q).tanh() + now.sum))
        return (left + wander[-1] + self.caps[-2]).max(abs((start.sum + start.sum_added).tanh()))

    def _residual(self, name: str, span: Span, cleared: arb, steps: Sequence[arb], found: Inequalities) -> tuple[arb, arb]:
        """Bounds of D at times P - 1 and P, whatever the comparators decide; `steps`: how far it may move in each, besides bits."""
        lowest, highest = span.low - cleared, span.high + cleared
        z, time = self._decided(), 1
        for i in self.bits:
            wait, around = sum(steps[time : i - 1], ZERO), sum(steps[i - 1 : i + 2], ZERO)
            lowest, highest = lowest - wait, highest + wait
            threshold, on, off = self.phases[i - 1].threshold, *self._shares(i, z)
            highest = (highest - on).max(threshold + z) + around
            lowest = (lowest - off).min(threshold - z - self.caps[i]) - around
            found.at_most(name, "the sum stays below its limit", -lowest, span.spare)
            time = i + 2
        rest = sum(steps[time:], ZERO)
        found.at_most(name, "the sum stays below its limit", rest - lowest, span.spare)
        return lowest - rest, highest + rest

    def _decided(self) -> arb:
        """z with e^(-2κz) = 1/(κ Σ v + 2)."""
        size = sum((self.phases[i].worth for i in self.bits), ZERO)
        return arb(((self.numbers.gain * size + 2).log() / (2 * self.numbers.gain)).mid())

    def _shares(self, i: int, z: arb) -> tuple[arb, arb]:
        """The least that a bit adds where D >= θ + z, and the most where D <= θ - z."""
        phase, swing = self.phases[i], self.numbers.swing
        saturated = (self.numbers.gain * z).tanh()
        ends = [phase.pair + swing * s for s in (saturated, arb(1), -saturated)]
        on_low, on_high, off = ((end + phase.worth).tanh() - end.tanh() for end in ends)
        return on_low.min(on_high), off if ends[2] + phase.worth <= 0 else self.caps[i]

    def _load(self, lowest: arb, highest: arb, span: Span) -> tuple[arb, arb]:
        """ℓ, and |A' - (A - D + ℓ)| at a load."""
        before, now = self.phases[-2], self.phases[-1]
        low, high = self.numbers.ends(before.entry)
        lift = arb((before.load.tanh() + before.entry.tanh() + now.hold).mid())
        least = (before.load - highest).tanh() + low + now.hold
        most = (before.load - lowest).tanh() + high + now.hold
        above, below = least + high - low + highest - lift, most - (high - low) + lowest - lift
        return lift, abs(above).max(abs(below)) + (span.high + abs(least).max(abs(most))) ** 3 / 3

    def _grid(self, cleared: arb, wander: Sequence[arb]) -> tuple[arb, arb]:
        """z at which a comparator counts as decided, and how far sums and thresholds are from multiples of w then."""
        z = self._decided()
        uneven, apart = cleared + sum(wander[1 : self.period], ZERO), ZERO
        for k, i in enumerate(reversed(self.bits)):
            exact = arb(2) ** k * self.unit
            on, off = self._shares(i, z)
            uneven = uneven + abs(on - exact).max(abs(self.caps[i] - exact)) + off
            apart = apart.max(abs(self.phases[i - 1].threshold - exact))
        return z, uneven + apart


def hull(balls: Iterable[arb]) -> arb:
    """A ball around all of these."""
    first, *others = balls
    for other in others:
        first = first.union(other)
    return first

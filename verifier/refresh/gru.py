"""The GRU form of a memory that refreshes itself (theory C9): recognised from a recorded step, and what it does in numbers.

Besides autonomous units (a clock), which no input reaches, it has two units h' = (1 - s) h + s tanh(n), s a σ or 1 - σ of it:

    hold         s = σ(εx + F)            n = u h_acc + λ
    accumulate   s = σ(κ(h_hold - h_acc - θ))   n = ρ h_acc + T

and y = V h_hold + v_0. F, u, λ, θ, ρ and T are functions of the clock alone; ε, κ, V, v_0 are numbers; both units start at 0. A
gate of the clock may multiply what n reads, before or after the product. `recognise` reads this off the operations and their
exact coefficients; nothing here knows a construction.

The held value is A = h_hold - o, o a number near θ - T of the last bit; the sum of the bits is h_acc. It stays between 0 and its
limit, because it is a mean of itself and of tanh(n), n >= 0, so a bit taken in full adds at most T and, from a sum of at most S,
at least T - (S + T)³/3 - (1 - ρ)S; where that is negative the sum may shrink by as much, which is a leak. A load replaces A by
tanh(u h_acc + λ) - o, which is h_acc + ℓ up to the mean value theorem.
In the first cycle step 1 stands for the phase that clears the sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from flint import arb

from verifier.arithmetic.balls import ONE, ZERO, Balls, largest, to_ball
from verifier.arithmetic.enclosures import Interval
from verifier.program import Program
from verifier.refresh.cells import Box
from verifier.refresh.clock import Clock, Cycles, shares
from verifier.refresh.form import Steady, is_sum, linear
from verifier.refresh.levels import Bit, Conversion, Inequalities, middle_of


@dataclass(frozen=True)
class Mixed:
    """One driven unit h' = (1 - s) h + s tanh(n): nodes of its state, of the argument of ±s's sigmoid, of n and tanh(n)."""

    state: int
    gate: int
    sign: int
    inner: int
    candidate: int
    products: frozenset[int]


@dataclass(frozen=True)
class Form:
    """The two units, and the numbers in which they are coupled (see the module)."""

    hold: Mixed
    accumulate: Mixed
    scale: Fraction
    open: Steady
    feedback: Steady
    lift: Steady
    gain: Fraction
    threshold: Steady
    kept: Steady
    bit: Steady
    slope: Fraction
    constant: Fraction


def recognise(program: Program) -> Form | None:
    """The form of a refreshed memory, or None where the step is not of that form."""
    driven = program.driven()
    if len(driven) != 2 or program.x is None or any(program.initial[k] for k in driven):
        return None
    units = [unit for unit in (_mixed(program, k) for k in driven) if unit is not None]
    if len(units) < 2:
        return None
    read = program.operations[program.readout]
    for hold, accumulate in (units, units[::-1]):
        if read.name == "affine" and set(read.arguments) == hold.products and len(set(read.coefficients)) == 1:
            return _coupled(program, hold, accumulate, read.coefficients[0], read.bias)
    return None


def _coupled(program: Program, hold: Mixed, accumulate: Mixed, slope: Fraction, constant: Fraction) -> Form | None:
    """The form, if the two units read each other and the input as it says."""
    entry, reload = linear(program, hold.gate), linear(program, hold.inner)
    compared, added = linear(program, accumulate.gate), linear(program, accumulate.inner)
    if entry is None or reload is None or compared is None or added is None:
        return None
    if set(entry.moving) != {program.x} or not set(reload.moving) == set(added.moving) == {accumulate.state}:
        return None
    scale = next(iter(entry.moving.values())).number
    if set(compared.moving) != {hold.state, accumulate.state} or scale is None:
        return None
    gain, against = compared.moving[hold.state].number, compared.moving[accumulate.state].number
    if gain is None or against is None or not gain or gain != -against:
        return None
    return Form(
        hold=hold,
        accumulate=accumulate,
        scale=scale * hold.sign,
        open=entry.rest.times(Fraction(hold.sign)),
        feedback=reload.moving[accumulate.state],
        lift=reload.rest,
        gain=gain * accumulate.sign,
        threshold=compared.rest.times(-1 / gain),
        kept=added.moving[accumulate.state],
        bit=added.rest,
        slope=slope,
        constant=constant,
    )


def _mixed(program: Program, k: int) -> Mixed | None:
    """A unit that is a mean of itself and of a tanh, with weights σ and 1 - σ."""
    operations, old = program.operations, program.old[k]
    update = operations[program.new[k]]
    if not is_sum(update, 2) or set(update.coefficients) != {1}:
        return None
    kept = taken = candidate = None
    for index in update.arguments:
        product = operations[index]
        if product.name != "mul":
            return None
        for gate, other in (product.arguments, product.arguments[::-1]):
            if other == old:
                kept = _gate(program, gate)
            elif operations[other].name == "tanh":
                taken, candidate = _gate(program, gate), other
    if kept is None or taken is None or candidate is None or kept != (taken[0], -taken[1]):
        return None
    inner = operations[candidate].arguments[0]
    return Mixed(old, taken[0], taken[1], inner, candidate, frozenset(update.arguments))


def _gate(program: Program, node: int) -> tuple[int, int] | None:
    """(v, 1) for σ(v), (v, -1) for 1 - σ(v) = σ(-v), None for anything else."""
    operation, sign = program.operations[node], 1
    if operation.name == "affine" and operation.bias == 1 and operation.coefficients == (Fraction(-1),):
        operation, sign = program.operations[operation.arguments[0]], -1
    return (operation.arguments[0], sign) if operation.name == "sigmoid" else None


# --- phases -----------------------------------------------------------------------------------------------------------


class Phase(NamedTuple):
    """What the step that leaves this phase does: F, u, λ of the hold unit, θ, ρ, T of the accumulate unit."""

    open: arb
    feedback: arb
    lift: arb
    threshold: arb
    kept: arb
    bit: arb


def clock(program: Program, form: Form) -> Clock[Phase]:
    """The clock of a network of this form."""
    parts = (form.open, form.feedback, form.lift, form.threshold, form.kept, form.bit)
    return Clock(program, lambda values: Phase(*(part.at(values) for part in parts)), lambda phase: bool(phase.open > 0))


# --- numbers ----------------------------------------------------------------------------------------------------------


class Numbers:
    """A network of this form in numbers (`levels.Memory`)."""

    def __init__(self, form: Form, bound: Fraction, cycles: Cycles[Phase]) -> None:
        self.form, self.opening, self.first, self.later = form, cycles.opening, cycles.first, cycles.later
        self.slope, self.gain = form.slope, to_ball(form.gain)
        self.scale, self.reach = to_ball(form.scale), to_ball(abs(form.scale) * bound)
        self.origin = middle_of(self.later[-2].threshold - self.later[-2].bit)
        self.constant = form.constant + form.slope * self.origin
        self.zero = to_ball(self.origin)

    def check(self, found: Inequalities) -> None:
        """Signs, that step 1 leaves the sum at 0, and what keeps it from growing by itself."""
        form = self.form
        found.positive("signs", "readout, input scale and comparator gain are positive",
                       to_ball(min(form.slope, form.scale, form.gain)))  # fmt: skip
        for phase in (*self.first, *self.later):
            found.positive("signs", "every bit is worth something", phase.bit)
            found.at_most("signs", "the sum is read with a factor from 0 to 1", abs(phase.kept - ONE / 2), ONE / 2)
        found.at_most("start", "step 1 leaves the accumulate unit at 0", abs(self.opening.bit), ZERO)

    def unit(self) -> arb:
        """w: the worth of the last bit."""
        return self.later[-2].bit

    def captured(self, x: arb) -> arb:
        """A after step 1."""
        return Balls.sigmoid(self.scale * x + self.opening.open) * self.opening.lift.tanh() - self.zero

    def rate(self, x: arb) -> arb:
        """dy/dx after step 1, over a ball of inputs."""
        half = ((self.scale * x + self.opening.open) / 2).tanh()  # σ' = (1 - tanh²(v/2))/4
        return to_ball(self.slope * self.form.scale) * self.opening.lift.tanh() * (1 - half**2) / 4

    def conversions(self, low: arb, high: arb) -> tuple[Conversion, Conversion]:
        """The first cycle and the later ones, while low <= A <= high."""
        top = high + largest(phases[-2].bit for phases in (self.first, self.later))
        held = abs(low + self.zero).max(abs(high + self.zero))
        clear = self.later[0]
        kept = shares(self.gain * (low - top - self._threshold(clear)))[1]
        cleared = kept * top + (clear.kept * top + clear.bit).tanh()
        return (
            self._conversion(self.first[:-1], self.first[-1], ZERO, ZERO, high, top, held),
            self._conversion(self.later[1:-1], self.later[-1], cleared, self._move(clear, top, held), high, top, held),
        )

    def _conversion(
        self, bits: Sequence[Phase], last: Phase, cleared: arb, before: arb, high: arb, top: arb, held: arb
    ) -> Conversion:
        """The numbers of a cycle: these phases take bits, the last one loads; A moved by `before` while the sum was cleared."""
        taken = [self._bit(phase, high, top, held) for phase in bits]
        lift, load = self._load(last, top, held)
        return Conversion(
            cleared=cleared,
            bits=taken,
            leak=largest(self._lost(phase, top) - phase.bit for phase in bits),
            drift=before + sum((bit.move for bit in taken), ZERO),
            top=top,
            beyond=last.bit,
            unit=arb(bits[-1].bit.mid()),
            lift=lift,
            load=load,
            uneven=sum((bit.worth * (1 - bit.rate) for bit in taken), ZERO),
        )

    def _threshold(self, phase: Phase) -> arb:
        """θ for D."""
        return phase.threshold - self.zero

    def _move(self, phase: Phase, top: arb, held: arb) -> arb:
        """How far A may move in a step that does not load: s times the distance to the candidate."""
        return shares(phase.open + self.reach)[0] * ((abs(phase.feedback) * top + abs(phase.lift)).tanh() + held)

    def _bit(self, phase: Phase, high: arb, top: arb, held: arb) -> Bit:
        """A bit; where D >= θ the sum is at most A - θ before it."""
        lost = self._lost(phase, (high - self._threshold(phase)).max(ZERO))
        return Bit(self._threshold(phase), phase.bit, 1 - lost / phase.bit, self._move(phase, top, held))

    def _lost(self, phase: Phase, most: arb) -> arb:
        """What T exceeds the change of a sum of at most `most` by, where the bit is taken in full."""
        return (most + phase.bit) ** 3 / 3 + (1 - phase.kept) * most

    def _load(self, last: Phase, top: arb, held: arb) -> tuple[arb, arb]:
        """ℓ, and how far tanh(u h_acc + λ) - o is from h_acc + ℓ for sums from 0 to their limit, gates not quite open."""
        middle = top / 2
        entry = (last.feedback * middle + last.lift).tanh() - self.zero - middle
        rate = last.feedback * (1 - (last.feedback * middle.union(ZERO).union(top) + last.lift).tanh() ** 2)
        lift = arb(entry.mid())
        shut = shares(last.open - self.reach)[1] * ((abs(last.feedback) * top + abs(last.lift)).tanh() + held)
        return lift, (abs(rate - 1) * middle + abs(entry - lift) + shut).upper()


# --- boxes ------------------------------------------------------------------------------------------------------------


class StateBoxes:
    """Boxes of the states of a network of this form (`cells.Boxes`): h_hold and h_acc."""

    def __init__(self, program: Program, form: Form) -> None:
        self.form, self.gain = form, to_ball(form.gain)
        states = [program.old[k] for k in program.driven()]
        self.hold, self.accumulate = states.index(form.hold.state), states.index(form.accumulate.state)

    def make(self, held: Interval, others: Sequence[Interval]) -> Box:
        """The states with h_hold in `held` and h_acc in `others`."""
        box = [held, held]
        box[self.accumulate] = others[0]
        return box

    def held(self, box: Box) -> Interval:
        """h_hold."""
        return box[self.hold]

    def sum(self, box: Box) -> Interval:
        """h_acc."""
        return box[self.accumulate]

    def others(self, box: Box) -> list[Interval]:
        """h_acc."""
        return [box[self.accumulate]]

    def rest(self, others: Sequence[Interval], spare: arb) -> list[Interval]:
        """A wider set, in which what a cycle leaves of the sum may lie again."""
        return [Interval(others[0].lower - spare, others[0].upper + spare)]

    def with_sum(self, box: Box, low: arb, high: arb) -> Box:
        """The part of a box in which the sum of the bits is between these values."""
        part = list(box)
        part[self.accumulate] = Interval(low, high)
        return part

    def compared(self, values: Sequence[Interval]) -> tuple[Interval, Interval]:
        """The argument of the comparator, and the candidate."""
        argument = values[self.form.accumulate.gate]
        return Interval(to_ball(self.form.accumulate.sign)) * argument, values[self.form.accumulate.inner]

    def narrowed(self, values: Sequence[Interval], box: Box, image: Box) -> Box:
        """The image, cut to what a mean of the state and of the candidate can be."""
        narrow = list(image)
        for place, unit in ((self.hold, self.form.hold), (self.accumulate, self.form.accumulate)):
            mean = box[place].hull(values[unit.candidate])
            narrow[place] = Interval(mean.lower.max(image[place].lower), mean.upper.min(image[place].upper))
        return narrow

"""The LSTM form of a memory that refreshes itself (theory C9): recognised from a recorded step, and what it does in numbers.

Besides autonomous units (a clock), which no input reaches, it has three LSTM units whose shown value is h = o tanh c:

    capture      c' = σ(F) c + σ(I) tanh(εx + b)
    hold         c' = σ(F) c + σ(I) tanh(u h_acc + λ)
    accumulate   c' = σ(F) c + σ(κ(h_cap + h_hold - h_acc - θ)) tanh(T)

and y = V (h_cap + h_hold) + v_0. F, I, T, λ and θ are functions of the clock alone; ε, b, u, κ, V, v_0 are numbers. Everything
starts at 0. `recognise` reads this off the operations and their exact coefficients; nothing here knows a construction.

The held value is A = h_cap + h_hold, the sum of the bits h_acc, a bit is worth b = o tanh T. The slope of tanh over the move of
a bit is at least r = 1 - tanh² at its end. A load replaces A by h_acc + ℓ up to |tanh tanh X - X| <= 2|X|³/3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import flint
from flint import arb

from verifier.arithmetic.balls import ZERO, largest, to_ball
from verifier.arithmetic.enclosures import Enclosures, Interval
from verifier.program import Kind, Program
from verifier.refresh.cells import Box
from verifier.refresh.clock import SHARE_BITS, Clock, Cycles, shares
from verifier.refresh.form import STEADY, Affine, is_sum, split
from verifier.refresh.levels import Bit, Conversion, Inequalities


@dataclass(frozen=True)
class Gated:
    """One driven unit: nodes of the arguments of its forget gate, input gate and candidate, and of tanh(c')."""

    shown_state: int
    forget: int
    admit: int
    candidate: int
    cell_tanh: int
    shown: Fraction


@dataclass(frozen=True)
class Form:
    """The three units, and the numbers in which they are coupled (see the module)."""

    capture: Gated
    hold: Gated
    accumulate: Gated
    shown: Fraction
    scale: Fraction
    offset: Fraction
    feedback: Fraction
    lift: Affine
    gain: Fraction
    threshold: Affine
    slope: Fraction
    constant: Fraction


def recognise(program: Program) -> Form | None:
    """The form of a refreshed memory, or None where the step is not of that form."""
    driven = program.driven()
    if any(program.initial[k] for k in driven):
        return None
    units = sorted({program.states[k][1] for k in driven})
    if len(units) != 3 or len(driven) != 6:
        return None
    found = [gated(program, unit) for unit in units]
    known = [unit for unit in found if unit is not None]
    if len(known) < 3 or len({unit.shown for unit in known}) > 1:
        return None
    kinds = program.kinds
    accumulate = [unit for unit in known if kinds[unit.admit] is Kind.DRIVEN]
    capture = [unit for unit in known if kinds[unit.candidate] is Kind.INPUT]
    hold = [unit for unit in known if unit not in accumulate and unit not in capture]
    if not len(accumulate) == len(capture) == len(hold) == 1:
        return None
    return _coupled(program, capture[0], hold[0], accumulate[0])


def _coupled(program: Program, capture: Gated, hold: Gated, accumulate: Gated) -> Form | None:
    """The form, if the three units read each other and the input as it says."""
    kinds = program.kinds
    gates = (capture.forget, capture.admit, hold.forget, hold.admit, accumulate.forget, accumulate.candidate)
    if not all(kinds[node] in STEADY for node in gates):
        return None
    entry, reload = split(program, capture.candidate), split(program, hold.candidate)
    compared = split(program, accumulate.admit)
    read = program.operations[program.readout]
    if program.x is None or read.name != "affine" or entry is None or reload is None or compared is None:
        return None
    gain = compared[0].get(capture.shown_state, Fraction(0))
    slopes = dict(zip(read.arguments, read.coefficients, strict=True))
    slope = slopes.get(capture.cell_tanh, Fraction(0)) / capture.shown
    expected = {capture.shown_state: gain, hold.shown_state: gain, accumulate.shown_state: -gain}
    if (
        set(entry[0]) != {program.x}
        or entry[1].terms
        or set(reload[0]) != {accumulate.shown_state}
        or compared[0] != expected
        or slopes != {capture.cell_tanh: slope * capture.shown, hold.cell_tanh: slope * capture.shown}
    ):
        return None
    return Form(
        capture=capture,
        hold=hold,
        accumulate=accumulate,
        shown=capture.shown,
        scale=entry[0][program.x],
        offset=entry[1].bias,
        feedback=reload[0][accumulate.shown_state],
        lift=reload[1],
        gain=gain,
        threshold=Affine(-compared[1].bias / gain, {node: -value / gain for node, value in compared[1].terms.items()}),
        slope=slope,
        constant=read.bias,
    )


def gated(program: Program, unit: int) -> Gated | None:
    """A unit with c' = σ(F) c + σ(I) tanh(T) and h' = o tanh c', o an exact number."""
    place = {state: k for k, state in enumerate(program.states)}
    if ("h", unit) not in place or ("c", unit) not in place:
        return None
    operations = program.operations
    cell, shown = place["c", unit], place["h", unit]
    output = operations[program.new[shown]]
    update = operations[program.new[cell]]
    if not is_sum(output, 1) or output.coefficients[0] <= 0 or not is_sum(update, 2) or set(update.coefficients) != {1}:
        return None
    last = operations[output.arguments[0]]
    if last.name != "tanh" or last.arguments != (program.new[cell],):
        return None
    forget = admit = candidate = None
    for index in update.arguments:
        product = operations[index]
        if product.name != "mul":
            return None
        for gate, other in (product.arguments, product.arguments[::-1]):
            if operations[gate].name != "sigmoid":
                continue
            if other == program.old[cell]:
                forget = operations[gate].arguments[0]
            elif operations[other].name == "tanh":
                admit, candidate = operations[gate].arguments[0], operations[other].arguments[0]
    if forget is None or admit is None or candidate is None:
        return None
    return Gated(program.old[shown], forget, admit, candidate, output.arguments[0], output.coefficients[0])


# --- phases -----------------------------------------------------------------------------------------------------------


class Unit(NamedTuple):
    """The gates of one unit at one phase: the share of the cell kept and lost, of the candidate admitted and shut out."""

    kept: arb
    lost: arb
    admitted: arb
    shut: arb


class Phase(NamedTuple):
    """What the step that leaves this phase does: gates of the capture and hold units, share of the sum kept and lost,
    tanh T of the bit, threshold θ and lift λ."""

    capture: Unit
    hold: Unit
    kept: arb
    lost: arb
    bit: arb
    threshold: arb
    lift: arb


def clock(program: Program, form: Form) -> Clock[Phase]:
    """The clock of a network of this form."""

    def read(values: Sequence[arb]) -> Phase:
        kept, lost = shares(values[form.accumulate.forget])
        return Phase(
            capture=_gates(values, form.capture),
            hold=_gates(values, form.hold),
            kept=kept,
            lost=lost,
            bit=values[form.accumulate.candidate].tanh(),
            threshold=form.threshold.at(values),
            lift=form.lift.at(values),
        )

    return Clock(program, read, lambda phase: bool(phase.hold.admitted > phase.hold.shut))


def _gates(values: Sequence[arb], unit: Gated) -> Unit:
    return Unit(*shares(values[unit.forget]), *shares(values[unit.admit]))


# --- numbers ----------------------------------------------------------------------------------------------------------


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


class Numbers:
    """A network of this form in numbers (`levels.Memory`), as a memory of x_position.

    The step `position` captures. Before it the capture unit may hold anything; in the first cycle only the bits that come on
    trial after it count, and what was let in before is part of the drift.
    """

    def __init__(self, form: Form, bound: Fraction, cycles: Cycles[Phase], position: int = 1) -> None:
        self.form, self.first, self.later, self.bound = form, cycles.first, cycles.later, bound
        self.start, self.before = cycles.opening, cycles.first[: position - 1]
        self.opening = self.before[-1] if self.before else self.start
        self.slope, self.constant, self.origin = form.slope, form.constant, Fraction(0)
        self.shown, self.gain, self.feedback = to_ball(form.shown), to_ball(form.gain), to_ball(form.feedback)

    def check(self, found: Inequalities) -> None:
        """Signs, and that step 1 reaches at most the capture unit."""
        form = self.form
        found.positive("signs", "readout, input scale and comparator gain are positive",
                       to_ball(min(form.slope, form.scale, form.gain)))  # fmt: skip
        for phase in (*self.first, *self.later):
            found.positive("signs", "every bit is worth something", phase.bit)
        found.at_most("start", "step 1 leaves the hold and accumulate units at 0",
                      abs(self.start.lift) + abs(self.start.bit), ZERO)  # fmt: skip

    def unit(self) -> arb:
        """w: the threshold of the last bit."""
        return self.later[-2].threshold

    def _entry(self, x: arb) -> arb:
        """tanh(εx + b)."""
        return (to_ball(self.form.scale) * x + to_ball(self.form.offset)).tanh()

    def captured(self, x: arb) -> arb:
        """A after the step that captures, up to what was there before."""
        return self.shown * (self.opening.capture.admitted * self._entry(x)).tanh()

    def rate(self, x: arb) -> arb:
        """dy/dx after the step that captures, over a ball of inputs."""
        entry, admitted = self._entry(x), self.opening.capture.admitted
        gain = to_ball(self.slope * self.form.scale) * self.shown * admitted
        return gain * (1 - (admitted * entry).tanh() ** 2) * (1 - entry**2)

    def conversions(self, low: arb, high: arb) -> tuple[Conversion, Conversion]:
        """The first cycle and the later ones, while low <= A <= high."""
        limits = self._limits(low, high)
        return self._conversion(self.first, limits, self.before), self._conversion(self.later, limits, ())

    def _limits(self, low: arb, high: arb) -> _Range:
        """Candidates and cells where low <= A <= high: |c| <= |g|(1 + Σ i)/(1 - f), f the share that survives a load."""
        both = (self.first, self.later)
        top = high + largest(phases[-2].threshold for phases in both)
        lift = largest(abs(phase.lift) for phases in both for phase in phases)
        hold = (abs(self.feedback) * top + lift).tanh()
        capture = to_ball(abs(self.form.scale) * self.bound + abs(self.form.offset)).tanh()
        leaked = [largest(sum((getattr(p, unit).admitted for p in phases[:-1]), ZERO) for phases in both) for unit in UNITS]
        loaded = [largest(getattr(phases[-1], unit).kept for phases in both) for unit in UNITS]
        entered = largest(phases[-1].capture.admitted for phases in both)
        return _Range(
            low, high, top, (top / self.shown).atanh(),
            hold, hold * (1 + leaked[0]) / (1 - loaded[0]),
            capture, capture * (1 + leaked[1] + entered) / (1 - loaded[1]),
        )  # fmt: skip

    def _conversion(self, phases: Sequence[Phase], limits: _Range, before: Sequence[Phase]) -> Conversion:
        """The numbers of a cycle: phase 0 clears the sum, the last one loads, those between that are not `before` take bits."""
        quiet, last = phases[:-1], phases[-1]
        early = quiet[: max(1, len(before))]
        reach, seed = self._seed(limits)
        slipped = sum((phase.bit * shares(self.gain * (reach - phase.threshold))[0] for phase in early), ZERO)
        cleared = self.shown * (phases[0].kept * limits.cell_top + slipped)
        bits = quiet[len(early) :]
        lift = arb((self.shown * last.lift).mid())
        return Conversion(
            cleared=cleared,
            bits=[self._bit(phase, self._move(phase, limits), limits) for phase in bits],
            leak=self.shown * limits.cell_top * largest(phase.lost for phase in bits),
            drift=sum((self._move(phase, limits) for phase in quiet[len(before) :]), ZERO) + (seed if before else ZERO),
            top=limits.top,
            beyond=self.shown * last.bit,
            unit=arb(phases[-2].threshold.mid()),
            lift=lift,
            load=self._load(last, lift, limits),
            uneven=self.shown * limits.cell_top**3 / 3,  # |tanh c - c| <= c³/3
        )

    def _seed(self, limits: _Range) -> tuple[arb, arb]:
        """Before and at the step that captures: what A is at most, and what A then differs from the captured value at most."""
        cell, reach, held, kept = ZERO, limits.high, ZERO, ZERO
        for phase in self.before:
            held = held + phase.hold.admitted * limits.hold_candidate + phase.hold.lost * limits.hold_cell
        for phase in (self.start, *self.before):
            kept = phase.capture.kept * cell
            cell = kept + phase.capture.admitted * limits.capture_candidate
            reach = reach.max(self.shown * (cell + held))
        return reach, self.shown * (kept + held)

    def _move(self, phase: Phase, limits: _Range) -> arb:
        """How far A may move in a step that does not load."""
        return self.shown * (
            phase.hold.lost * limits.hold_cell
            + phase.hold.admitted * limits.hold_candidate
            + phase.capture.lost * limits.capture_cell
            + phase.capture.admitted * limits.capture_candidate
        )

    def _bit(self, phase: Phase, move: arb, limits: _Range) -> Bit:
        """A bit; where D >= θ the sum is at most A - θ before it."""
        with flint.ctx.workprec(SHARE_BITS):
            sag = (((limits.high - phase.threshold).max(ZERO) / self.shown).atanh() + phase.bit).tanh() ** 2
        return Bit(phase.threshold, self.shown * phase.bit, 1 - sag, move)

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


UNITS = ("hold", "capture")


# --- boxes ------------------------------------------------------------------------------------------------------------


class StateBoxes:
    """Boxes of the states of LSTM units (`cells.Boxes`): h follows from c; held in h_hold, summed in h_acc.

    `others`: the units besides hold whose cells are free at the start of a cycle, the accumulate unit last.
    """

    def __init__(self, program: Program, gain: Fraction, hold: Gated, others: Sequence[Gated]) -> None:
        self.gain, self.shown_factor, self.accumulate = to_ball(gain), to_ball(hold.shown), others[-1]
        states = [program.old[k] for k in program.driven()]
        names = [program.states[k] for k in program.driven()]
        self.shown = [states.index(unit.shown_state) for unit in (hold, *others)]
        self.cells = [names.index(("c", names[place][1])) for place in self.shown]

    def make(self, held: Interval, others: Sequence[Interval]) -> Box:
        """The states with h_hold in `held` and the cells of the other units in `others`."""
        box: Box = [held] * (2 * len(self.cells))
        for k, cell in enumerate((self._cell(held), *others)):
            box[self.cells[k]], box[self.shown[k]] = cell, self._show(cell)
        return box

    def held(self, box: Box) -> Interval:
        """h_hold."""
        return box[self.shown[0]]

    def sum(self, box: Box) -> Interval:
        """h_acc."""
        return box[self.shown[-1]]

    def others(self, box: Box) -> list[Interval]:
        """The cells of the other units."""
        return [box[place] for place in self.cells[1:]]

    def rest(self, others: Sequence[Interval], spare: arb) -> list[Interval]:
        """Wider sets, in which what a cycle leaves of them may lie again: the sum's by `spare`, twice as far from 0 the others'."""
        *captured, total = others
        reaches = [2 * capture.largest_modulus() for capture in captured]
        return [*(Interval(-reach, reach) for reach in reaches), Interval(total.lower - spare, total.upper + spare)]

    def with_sum(self, box: Box, low: arb, high: arb) -> Box:
        """The part of a box in which the sum of the bits is between these values."""
        part = list(box)
        part[self.cells[-1]] = self._cell(Interval(low, high))
        part[self.shown[-1]] = self._show(part[self.cells[-1]])
        return part

    def compared(self, values: Sequence[Interval]) -> tuple[Interval, Interval]:
        """The argument of the comparator, and what a bit adds before it is shown."""
        return values[self.accumulate.admit], values[self.accumulate.candidate]

    def narrowed(self, values: Sequence[Interval], box: Box, image: Box) -> Box:
        """The image itself: cells are sums."""
        return image

    def _cell(self, shown: Interval) -> Interval:
        return Interval((shown.lower / self.shown_factor).atanh(), (shown.upper / self.shown_factor).atanh())

    def _show(self, cell: Interval) -> Interval:
        return Interval(self.shown_factor) * Enclosures.tanh(cell)

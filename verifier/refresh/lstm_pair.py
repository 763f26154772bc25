"""The LSTM form with two driven units (theory C9): recognised from a recorded step, and what it does in numbers.

Besides autonomous units (a clock), which no input reaches, it has two LSTM units whose shown value is h = o tanh c:

    hold         c' = σ(F) c + σ(εx + I) tanh(u h_acc + λ)
    accumulate   c' = σ(F') c + σ(κ(h_hold - h_acc - θ)) tanh(T)

and y = V h_hold + v_0. F, I, λ, F', θ and T are functions of the clock alone; ε, u, κ, V, v_0 are numbers; everything starts at
0. `recognise` reads this off the operations and their exact coefficients; nothing here knows a construction.

The held value is A = h_hold - s, s a number near θ - (worth) of the last bit; the sum of the bits is h_acc, and bits are as in the
form with three units (`lstm`). The phases of a cycle before its bits are those in which σ(F') < 1/2; whatever the sum was, they
leave little of it. A load replaces A by o tanh tanh(u h_acc + λ) - s, which is h_acc + ℓ up to the mean value theorem.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import flint
from flint import arb

from verifier.arithmetic.balls import ZERO, Balls, largest, to_ball
from verifier.program import Kind, Program
from verifier.refresh.clock import SHARE_BITS, Clock, Cycles, shares
from verifier.refresh.form import STEADY, Affine, split
from verifier.refresh.levels import Bit, Conversion, Inequalities, middle_of
from verifier.refresh.lstm import Gated, gated


@dataclass(frozen=True)
class Form:
    """The two units, and the numbers in which they are coupled (see the module)."""

    hold: Gated
    accumulate: Gated
    shown: Fraction
    scale: Fraction
    open: Affine
    feedback: Fraction
    lift: Affine
    gain: Fraction
    threshold: Affine
    slope: Fraction
    constant: Fraction


def recognise(program: Program) -> Form | None:
    """The form of a refreshed memory, or None where the step is not of that form."""
    driven = program.driven()
    units = sorted({program.states[k][1] for k in driven})
    if len(driven) != 4 or len(units) != 2 or program.x is None or any(program.initial[k] for k in driven):
        return None
    known = [unit for unit in (gated(program, unit) for unit in units) if unit is not None]
    if len(known) < 2 or known[0].shown != known[1].shown:
        return None
    for hold, accumulate in (known, known[::-1]):
        form = _coupled(program, hold, accumulate)
        if form is not None:
            return form
    return None


def _coupled(program: Program, hold: Gated, accumulate: Gated) -> Form | None:
    """The form, if the two units read each other and the input as it says."""
    if not all(program.kinds[node] in STEADY for node in (hold.forget, accumulate.forget, accumulate.candidate)):
        return None
    entry, reload, compared = (split(program, node) for node in (hold.admit, hold.candidate, accumulate.admit))
    read = program.operations[program.readout]
    if entry is None or reload is None or compared is None or program.kinds[hold.candidate] is not Kind.DRIVEN:
        return None
    gain = compared[0].get(hold.shown_state, Fraction(0))
    if (
        program.x is None
        or set(entry[0]) != {program.x}
        or set(reload[0]) != {accumulate.shown_state}
        or not gain
        or compared[0] != {hold.shown_state: gain, accumulate.shown_state: -gain}
        or read.name != "affine"
        or read.arguments != (hold.cell_tanh,)
    ):
        return None
    return Form(
        hold=hold,
        accumulate=accumulate,
        shown=hold.shown,
        scale=entry[0][program.x],
        open=entry[1],
        feedback=reload[0][accumulate.shown_state],
        lift=reload[1],
        gain=gain,
        threshold=Affine(-compared[1].bias / gain, {node: -value / gain for node, value in compared[1].terms.items()}),
        slope=read.coefficients[0] / hold.shown,
        constant=read.bias,
    )


# --- phases -----------------------------------------------------------------------------------------------------------


class Phase(NamedTuple):
    """What the step that leaves this phase does: shares of the held cell kept and lost, I and λ of the hold unit; shares of the
    sum's cell kept and lost, θ and tanh T of the accumulate unit."""

    kept: arb
    lost: arb
    open: arb
    lift: arb
    sum_kept: arb
    sum_lost: arb
    threshold: arb
    bit: arb


def clock(program: Program, form: Form) -> Clock[Phase]:
    """The clock of a network of this form."""

    def read(values: Sequence[arb]) -> Phase:
        return Phase(
            *shares(values[form.hold.forget]),
            form.open.at(values),
            form.lift.at(values),
            *shares(values[form.accumulate.forget]),
            form.threshold.at(values),
            values[form.accumulate.candidate].tanh(),
        )

    return Clock(program, read, lambda phase: bool(phase.open > 0))


# --- numbers ----------------------------------------------------------------------------------------------------------


class Numbers:
    """A network of this form in numbers (`levels.Memory`)."""

    def __init__(self, form: Form, bound: Fraction, cycles: Cycles[Phase]) -> None:
        self.form, self.opening, self.first, self.later = form, cycles.opening, cycles.first, cycles.later
        self.slope, self.gain, self.shown = form.slope, to_ball(form.gain), to_ball(form.shown)
        self.scale, self.reach, self.feedback = to_ball(form.scale), to_ball(abs(form.scale) * bound), to_ball(form.feedback)
        self.origin = middle_of(self.later[-2].threshold - self.unit())
        self.constant = form.constant + form.slope * self.origin
        self.zero = to_ball(self.origin)

    def check(self, found: Inequalities) -> None:
        """Signs, and that step 1 leaves the sum at 0."""
        form = self.form
        found.positive("signs", "readout, input scale and comparator gain are positive",
                       to_ball(min(form.slope, form.scale, form.gain)))  # fmt: skip
        for phase in (*self.first[:-1], *self.later[:-1]):
            found.positive("signs", "every bit is worth something", phase.bit)
        found.at_most("start", "step 1 leaves the accumulate unit at 0", abs(self.opening.bit), ZERO)

    def unit(self) -> arb:
        """w: the worth of the last bit."""
        return self.shown * self.later[-2].bit

    def captured(self, x: arb) -> arb:
        """A after step 1."""
        return self.shown * (Balls.sigmoid(self.scale * x + self.opening.open) * self.opening.lift.tanh()).tanh() - self.zero

    def rate(self, x: arb) -> arb:
        """dy/dx after step 1, over a ball of inputs."""
        argument, candidate = self.scale * x + self.opening.open, self.opening.lift.tanh()
        shown = 1 - (Balls.sigmoid(argument) * candidate).tanh() ** 2
        slope = (1 - (argument / 2).tanh() ** 2) / 4  # σ' = (1 - tanh²(v/2))/4
        return to_ball(self.slope * self.form.scale) * self.shown * shown * candidate * slope

    def conversions(self, low: arb, high: arb) -> tuple[Conversion, Conversion]:
        """The first cycle and the later ones, while low <= A <= high."""
        top = high + largest(self.shown * phases[-2].bit for phases in (self.first, self.later))
        held = abs(low + self.zero).max(abs(high + self.zero))
        cells = (held / self.shown).atanh(), (top / self.shown).atanh()
        return self._conversion(self.first, high, top, *cells), self._conversion(self.later, high, top, *cells)

    def _conversion(self, phases: Sequence[Phase], high: arb, top: arb, held: arb, cell_top: arb) -> Conversion:
        """The numbers of a cycle; `held` and `cell_top` bound the cells of the hold unit, and of the sum while it takes bits."""
        quiet, last = phases[:-1], phases[-1]
        clears = max((k + 1 for k, phase in enumerate(quiet) if phase.sum_kept < phase.sum_lost), default=0)
        moves = [self.shown * (phase.lost * held + shares(phase.open + self.reach)[0]) for phase in quiet]
        cleared = self._cleared(quiet[:clears], high, cell_top)
        lift, load = self._load(last, cleared, top, held)
        return Conversion(
            cleared=cleared,
            bits=[self._bit(phase, move, high) for phase, move in zip(quiet[clears:], moves[clears:], strict=True)],
            leak=self.shown * cell_top * largest(phase.sum_lost for phase in quiet[clears:]),
            drift=sum(moves, ZERO),
            top=top,
            beyond=ZERO,
            unit=arb((self.shown * quiet[-1].bit).mid()),
            lift=lift,
            load=load,
            uneven=self.shown * cell_top**3 / 3,  # |tanh c - c| <= c³/3
        )

    def _cleared(self, phases: Sequence[Phase], high: arb, cell_top: arb) -> arb:
        """|h_acc| after these phases, its cell being at most cell_top + 1 in modulus before: a load adds 1 or less."""
        lowest, highest = -cell_top - 1, cell_top + 1
        for phase in phases:
            taken = shares(self.gain * (high - self.shown * lowest.tanh() - self._threshold(phase)))[0]
            lowest, highest = (phase.sum_kept * lowest).lower(), (phase.sum_kept * highest.max(ZERO) + taken * phase.bit).upper()
        return self.shown * abs(lowest).max(abs(highest))

    def _threshold(self, phase: Phase) -> arb:
        """θ for D."""
        return phase.threshold - self.zero

    def _bit(self, phase: Phase, move: arb, high: arb) -> Bit:
        """A bit; where D >= θ the sum is at most A - θ before it."""
        with flint.ctx.workprec(SHARE_BITS):
            before = (high - self._threshold(phase)).max(ZERO)
            sag = ((before / self.shown).atanh() + phase.bit).tanh() ** 2
        return Bit(self._threshold(phase), self.shown * phase.bit, 1 - sag, move)

    def _load(self, last: Phase, least: arb, top: arb, held: arb) -> tuple[arb, arb]:
        """ℓ, and how far o tanh tanh(u h_acc + λ) - s is from h_acc + ℓ for -least <= h_acc <= top, gates not quite open."""
        middle = top / 2
        entry = self.shown * (self.feedback * middle + last.lift).tanh().tanh() - self.zero - middle
        inner = (self.feedback * middle.union(-least).union(top) + last.lift).tanh()
        rate = self.shown * self.feedback * (1 - inner**2) * (1 - inner.tanh() ** 2)
        lift = arb(entry.mid())
        gates = self.shown * (last.kept * held + shares(last.open - self.reach)[1])
        return lift, (abs(rate - 1) * (middle + least) + abs(entry - lift) + gates).upper()

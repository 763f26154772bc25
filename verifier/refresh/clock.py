"""The clock of a refreshed memory: the autonomous units, and what the gates they drive do at each phase of its cycle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import flint
from flint import arb

from verifier.arithmetic.balls import ONE, Balls, to_ball
from verifier.program import Program
from verifier.refresh.form import Affine, Form
from verifier.run import Runner
from verifier.verdict import Verdict, all_of, check_at_most

LARGEST_PERIOD = 5_000
"""Steps within which a load is looked for."""

SHARE_BITS = 64
"""Relative precision of what saturated gates lose."""

ROOM = 64
"""The clock's invariant set is this many times wider than one cycle moves it."""


class Unit(NamedTuple):
    """The gates of one unit at one phase: the share of the cell kept and lost, of the candidate admitted and shut out."""

    kept: arb
    lost: arb
    admitted: arb
    shut: arb


class Phase(NamedTuple):
    """What the step that leaves this phase does: gates of the capture and hold units, share of the sum kept and lost,
    tanh T of the bit, threshold θ and lift λ (see `form`)."""

    capture: Unit
    hold: Unit
    kept: arb
    lost: arb
    bit: arb
    threshold: arb
    lift: arb


class Clock:
    """The autonomous units of a program of this form, in balls at the current precision."""

    def __init__(self, program: Program, form: Form) -> None:
        self.runner, self.form = Runner(program, Balls(flint.ctx.prec)), form

    def start(self) -> list[arb]:
        """The state before step 1."""
        return self.runner.autonomous_state(0)

    def leave(self, state: Sequence[arb]) -> tuple[Phase, list[arb]]:
        """What the gates do in the step that leaves this state, and the next state."""
        new = self.runner.advance_autonomous(state)
        form, value = self.form, self.runner.values
        kept, lost = shares(value[form.accumulate.forget])
        phase = Phase(
            capture=_gates(value[form.capture.forget], value[form.capture.admit]),
            hold=_gates(value[form.hold.forget], value[form.hold.admit]),
            kept=kept,
            lost=lost,
            bit=value[form.accumulate.candidate].tanh(),
            threshold=self._affine(form.threshold),
            lift=self._affine(form.lift),
        )
        return phase, new

    def _affine(self, affine: Affine) -> arb:
        total = to_ball(affine.bias)
        for node, coefficient in affine.terms.items():
            total = total + to_ball(coefficient) * self.runner.values[node]
        return total

    def first(self) -> tuple[Phase, list[Phase], list[arb]] | None:
        """What step 1 does, the phases from then until the hold unit loads, and the state after that.

        None where it does not load within `LARGEST_PERIOD` steps.
        """
        opening, state = self.leave(self.start())
        phases = []
        for _ in range(LARGEST_PERIOD):
            phase, state = self.leave(state)
            phases.append(phase)
            if phase.hold.admitted > phase.hold.shut:
                return opening, phases, state
        return None

    def cycle(self, state: list[arb], period: int) -> tuple[list[Phase], list[arb]]:
        """The phases of a cycle from this state on, and the state after it."""
        phases = []
        for _ in range(period):
            phase, state = self.leave(state)
            phases.append(phase)
        return phases, state

    def later(self, state: list[arb], period: int) -> tuple[list[Phase], Verdict]:
        """The phases of every cycle from this state on: those of a set around it, and whether a cycle maps the set into itself."""
        after = state
        for _ in range(period):
            after = self.runner.advance_autonomous(after)
        floor = arb(2) ** (ROOM.bit_length() - flint.ctx.prec)
        around = []
        for old, new in zip(state, after, strict=True):
            reach = ROOM * (abs(new - old).upper() + old.rad() + new.rad() + abs(old).upper() * floor)
            around.append(arb(old.mid(), reach))
        phases, image = self.cycle(around, period)
        inside = [
            all_of((check_at_most(big.lower(), small.lower()), check_at_most(small.upper(), big.upper())))
            for small, big in zip((*image, *state), (*around, *around), strict=True)
        ]
        return phases, all_of(inside)


def _gates(forget: arb, admit: arb) -> Unit:
    return Unit(*shares(forget), *shares(admit))


def shares(argument: arb) -> tuple[arb, arb]:
    """σ(v) and 1 - σ(v), the smaller one to `SHARE_BITS` bits and the other one as what is left of 1."""
    with flint.ctx.workprec(SHARE_BITS):
        small = Balls.sigmoid(-abs(argument))
    if argument >= 0:
        return ONE - small, small
    return (small, ONE - small) if argument <= 0 else (Balls.sigmoid(argument), Balls.sigmoid(-argument))

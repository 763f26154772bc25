"""The clock of a refreshed memory: the autonomous units, and what they make of each phase of its cycle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

import flint
from flint import arb

from verifier.arithmetic.balls import ONE, Balls
from verifier.program import Program
from verifier.run import Runner
from verifier.verdict import Verdict, all_of, check_at_most

LARGEST_PERIOD = 5_000
"""Steps within which a load is looked for."""

SHORTEST_PERIOD = 3
"""A cycle clears, takes at least one bit and loads."""

SHARE_BITS = 64
"""Relative precision of what saturated gates lose."""

ROOM = 64
"""The clock's invariant set is this many times wider than one cycle moves it."""

P = TypeVar("P")
"""What a form says of the step that leaves a phase."""


class Cycles(NamedTuple, Generic[P]):
    """What step 1 does, the steps from then until a load, those of every later cycle, and whether a cycle maps the set of clock
    states that `later` is about into itself."""

    opening: P
    first: Sequence[P]
    later: Sequence[P]
    returns: Verdict

    @property
    def are_long(self) -> bool:
        """Whether each has at least `SHORTEST_PERIOD` phases."""
        return min(len(self.first), len(self.later)) >= SHORTEST_PERIOD


class Clock(Generic[P]):
    """The autonomous units of a program, in balls at the current precision.

    `read(values)` says what the step does from the nodes' values; `loads(phase)` whether the held value is replaced in it.
    """

    def __init__(self, program: Program, read: Callable[[Sequence[arb]], P], loads: Callable[[P], bool]) -> None:
        self.runner, self.read, self.loads = Runner(program, Balls(flint.ctx.prec)), read, loads

    def cycles(self) -> Cycles[P] | None:
        """All cycles; None where no load, or no second one, comes within `LARGEST_PERIOD` steps."""
        opening, state = self._leave(self.runner.autonomous_state(0))
        first, state = self._until_load(state)
        again, _ = self._until_load(state)
        if not first or not again:
            return None
        later, returns = self._later(state, len(again))
        return Cycles(opening, first, later, returns)

    def _leave(self, state: Sequence[arb]) -> tuple[P, list[arb]]:
        """What the step that leaves this state does, and the next state."""
        new = self.runner.advance_autonomous(state)
        return self.read(self.runner.values), new

    def _until_load(self, state: list[arb]) -> tuple[list[P], list[arb]]:
        """The phases up to and with the next load, and the state after it; no phases where none comes."""
        phases = []
        for _ in range(LARGEST_PERIOD):
            phase, state = self._leave(state)
            phases.append(phase)
            if self.loads(phase):
                return phases, state
        return [], state

    def _cycle(self, state: list[arb], period: int) -> tuple[list[P], list[arb]]:
        """The phases of a cycle from this state on, and the state after it."""
        phases = []
        for _ in range(period):
            phase, state = self._leave(state)
            phases.append(phase)
        return phases, state

    def _later(self, state: list[arb], period: int) -> tuple[list[P], Verdict]:
        """The phases of every cycle from this state on: those of a set around it, and whether a cycle maps the set into itself."""
        after = state
        for _ in range(period):
            after = self.runner.advance_autonomous(after)
        floor = arb(2) ** (ROOM.bit_length() - flint.ctx.prec)
        around = []
        for old, new in zip(state, after, strict=True):
            reach = ROOM * (abs(new - old).upper() + old.rad() + new.rad() + abs(old).upper() * floor)
            around.append(arb(old.mid(), reach))
        phases, image = self._cycle(around, period)
        inside = [
            all_of((check_at_most(big.lower(), small.lower()), check_at_most(small.upper(), big.upper())))
            for small, big in zip((*image, *state), (*around, *around), strict=True)
        ]
        return phases, all_of(inside)


def shares(argument: arb) -> tuple[arb, arb]:
    """σ(v) and 1 - σ(v), the smaller one to `SHARE_BITS` bits and the other one as what is left of 1."""
    with flint.ctx.workprec(SHARE_BITS):
        small = Balls.sigmoid(-abs(argument))
    if argument >= 0:
        return ONE - small, small
    return (small, ONE - small) if argument <= 0 else (Balls.sigmoid(argument), Balls.sigmoid(-argument))

"""A memory that refreshes itself: recognised in one of its forms, and bounded for ever by the inequalities of theory C9."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import TypeVar

import flint
from flint import arb

from verifier.program import Program
from verifier.refresh import gru, lstm, lstm_pair
from verifier.refresh.cells import Boxes, Enumeration, Hints, enumerate_levels
from verifier.refresh.clock import LARGEST_PERIOD, SHORTEST_PERIOD, Clock, Cycles
from verifier.refresh.levels import Inequalities, Inequality, Memory, decide
from verifier.verdict import Verdict, all_of

P = TypeVar("P")


@dataclass(frozen=True)
class Refresh:
    """The inequalities, and the bound they give for |y_n - x_1|.

    `upper` holds if `verdict` is PROVED. `levels`: how many are in use; `firsts`: inputs x_1 beside borders of levels, where the
    error is largest; `boxes` and `hints`: what states and levels are, for `enumerate_levels`.
    """

    inequalities: tuple[Inequality, ...]
    upper: arb
    boxes: Boxes
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
    return enumerate_levels(program, found.boxes, bound, found.levels, found.hints)


def bound_refresh(program: Program, bound: Fraction, position: int = 1) -> Refresh | None:
    """Bound sup over n >= k and inputs in [-bound, bound] of |y_n - x_k|, k = position; None where the step is of no such form.

    Works at the current precision, for a GRU with as many bits more as its gain has: a flag next to -1 moves thresholds by its
    distance from -1, and these are compared with 1/gain. Hypotheses checked here: all of theory C9.
    """
    if (long := lstm.recognise(program)) is not None:
        return _bound(
            lstm.StateBoxes(program, long.gain, long.hold, (long.capture, long.accumulate)),
            lstm.clock(program, long),
            partial(lstm.Numbers, long, bound, position=position),
            bound,
            position,
        )
    if position > 1:
        return None
    if (pair := lstm_pair.recognise(program)) is not None:
        boxes = lstm.StateBoxes(program, pair.gain, pair.hold, (pair.accumulate,))
        with flint.ctx.workprec(flint.ctx.prec + int(abs(pair.gain)).bit_length()):
            return _bound(boxes, lstm_pair.clock(program, pair), partial(lstm_pair.Numbers, pair, bound), bound)
    if (gated := gru.recognise(program)) is not None:
        with flint.ctx.workprec(flint.ctx.prec + int(abs(gated.gain)).bit_length()):
            return _bound(gru.StateBoxes(program, gated), gru.clock(program, gated), partial(gru.Numbers, gated, bound), bound)
    return None


def _bound(boxes: Boxes, clock: Clock[P], numbers: Callable[[Cycles[P]], Memory], bound: Fraction, position: int = 1) -> Refresh:
    """The inequalities of a network of some form."""
    cycles = clock.cycles()
    if cycles is None or not cycles.are_long or len(cycles.first) < SHORTEST_PERIOD + position - 1:
        text = f"the hold unit loads, after {SHORTEST_PERIOD} to {LARGEST_PERIOD} steps"
        never = Inequality("clock", text, 1, Verdict.UNDECIDED)
        return Refresh((never,), arb("inf"), boxes, Hints.none(), 0, ())
    found = Inequalities()
    found.state("clock", "the clock comes back to one set of states every P steps, whatever the inputs", cycles.returns)
    memory = numbers(cycles)
    decision = decide(memory, bound, found)
    hints = Hints(
        len(cycles.first), len(cycles.later), decision.unit, decision.margin, memory.slope, memory.constant, memory.origin, position
    )
    return Refresh(found.all(), decision.upper, boxes, hints, decision.levels, decision.firsts)

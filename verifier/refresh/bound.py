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
from verifier.refresh import gru, integrators, lstm, lstm_pair, trials
from verifier.refresh.cells import Boxes, Enumeration, Hints, enumerate_levels
from verifier.refresh.clock import LARGEST_PERIOD, SHORTEST_PERIOD, Clock, Cycles
from verifier.refresh.levels import Decision, Held, Inequalities, Inequality, decide
from verifier.verdict import Verdict, all_of

P = TypeVar("P")
H = TypeVar("H", bound=Held)

LARGEST_BITS = 100_000
"""Bits of the weights' numerators and denominators: what is proposed for M = 10^±20000 has fewer, and balls of more are slow."""

SPARE_BITS = 96
"""Bits beyond those with which the parts of integrators cancel."""


@dataclass(frozen=True)
class Refresh:
    """The inequalities, and the bound they give for |y_n - x_1|.

    `upper` holds if `verdict` is PROVED. `levels`: how many are in use; `firsts`: inputs x_1 beside borders of levels, where the
    error is largest; `boxes` and `hints`: what states and levels are, for `enumerate_levels`; None where this version has
    no boxes of the form. `bits`: the precision with which they were decided.
    """

    inequalities: tuple[Inequality, ...]
    upper: arb
    boxes: Boxes | None
    hints: Hints
    levels: int
    firsts: tuple[Fraction, ...]
    theorem: str
    bits: int

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
    if found.boxes is None:
        return Enumeration(0, arb("inf"), Verdict.UNDECIDED, "boxes of states do not see that pairs of units cancel")
    return enumerate_levels(program, found.boxes, bound, found.levels, found.hints)


def bound_refresh(program: Program, bound: Fraction, position: int = 1) -> Refresh | None:
    """Bound sup over n >= k and inputs in [-bound, bound] of |y_n - x_k|, k = position; None where the step is of no such form.

    Works at the current precision, for a GRU with as many bits more as its gain has: a flag next to -1 moves thresholds by its
    distance from -1, and these are compared with 1/gain; for integrators with half as many bits more than the largest weight
    has, and `SPARE_BITS`: what is open is next to 1 but for a part that cancels. Hypotheses checked here: all of theory C9.
    """
    decided = _recognised(program, bound, position)
    if decided is None:
        return None
    if not is_short(program):
        return _undecided("size", f"numerators and denominators of its weights have at most {LARGEST_BITS:,} bits")
    return decided()


def is_short(program: Program) -> bool:
    """Whether all numbers of a program have at most `LARGEST_BITS`."""
    numbers = [*program.initial, *(number for o in program.operations for number in (o.bias, *o.coefficients))]
    return all(part.bit_length() <= LARGEST_BITS for number in numbers for part in number.as_integer_ratio())


def _recognised(program: Program, bound: Fraction, position: int) -> Callable[[], Refresh] | None:
    """What decides a network of one of the forms; None for any other."""
    if (long := lstm.recognise(program)) is not None:
        return partial(_decide_long, program, long, bound, position)
    if position > 1:
        return None
    if (pair := lstm_pair.recognise(program)) is not None:
        return partial(_decide_pair, program, pair, bound)
    if (gated := gru.recognise(program)) is not None:
        return partial(_decide_gated, program, gated, bound)
    if (added := integrators.recognise(program)) is not None:
        return partial(_decide_added, program, added, bound)
    return None


def _decide_long(program: Program, form: lstm.Form, bound: Fraction, position: int) -> Refresh:
    boxes = lstm.StateBoxes(program, form.gain, form.hold, (form.capture, form.accumulate))
    captured = partial(lstm.Numbers, form, bound, position=position)
    return _bound(boxes, lstm.clock(program, form), captured, decide, bound, position=position)


def _decide_pair(program: Program, form: lstm_pair.Form, bound: Fraction) -> Refresh:
    boxes = lstm.StateBoxes(program, form.gain, form.hold, (form.accumulate,))
    with flint.ctx.workprec(flint.ctx.prec + int(abs(form.gain)).bit_length()):
        return _bound(boxes, lstm_pair.clock(program, form), partial(lstm_pair.Numbers, form, bound), decide, bound)


def _decide_gated(program: Program, form: gru.Form, bound: Fraction) -> Refresh:
    with flint.ctx.workprec(flint.ctx.prec + int(abs(form.gain)).bit_length()):
        boxes, clock = gru.StateBoxes(program, form), gru.clock(program, form)
        return _bound(boxes, clock, partial(gru.Numbers, form, bound), decide, bound)


def _decide_added(program: Program, form: integrators.Integrators, bound: Fraction) -> Refresh:
    with flint.ctx.workprec(max(flint.ctx.prec, 3 * int(form.network.largest).bit_length() // 2 + SPARE_BITS)):
        numbers = partial(trials.Numbers, form, bound)
        return _bound(None, trials.clock(program, form), numbers, trials.decide, bound, "C9-tanh")


def _undecided(name: str, text: str, boxes: Boxes | None = None, theorem: str = "C9") -> Refresh:
    """Nothing but one hypothesis that is not met."""
    missing = Inequality(name, text, 1, Verdict.UNDECIDED)
    return Refresh((missing,), arb("inf"), boxes, Hints.none(), 0, (), theorem, flint.ctx.prec)


def _bound(
    boxes: Boxes | None,
    clock: Clock[P],
    numbers: Callable[[Cycles[P]], H],
    decided: Callable[[H, Fraction, Inequalities], Decision],
    bound: Fraction,
    theorem: str = "C9",
    position: int = 1,
) -> Refresh:
    """The inequalities of a network of some form."""
    cycles = clock.cycles()
    if cycles is None or not cycles.are_long or len(cycles.first) < SHORTEST_PERIOD + position - 1:
        return _undecided("clock", f"the hold unit loads, after {SHORTEST_PERIOD} to {LARGEST_PERIOD} steps", boxes, theorem)
    found = Inequalities()
    found.state("clock", "the clock comes back to one set of states every P steps, whatever the inputs", cycles.returns)
    memory = numbers(cycles)
    decision = decided(memory, bound, found)
    hints = Hints(
        len(cycles.first), len(cycles.later), decision.unit, decision.margin, memory.slope, memory.constant, memory.origin, position
    )
    return Refresh(found.all(), decision.upper, boxes, hints, decision.levels, decision.firsts, theorem, flint.ctx.prec)

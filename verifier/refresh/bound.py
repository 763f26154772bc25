"""A memory that refreshes itself: recognised in one of its forms, and bounded for ever by the inequalities of theory C9."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

import flint
from flint import arb

from verifier.program import Program
from verifier.refresh import integrators, lstm, trials
from verifier.refresh.cells import Enumeration, Hints, enumerate_levels
from verifier.refresh.clock import LARGEST_PERIOD, Cycles
from verifier.refresh.levels import Decision, Inequalities, Inequality, decide
from verifier.verdict import Verdict, all_of

P = TypeVar("P")
"""A form's phase."""

SHORTEST_PERIOD = 3
"""A cycle clears, takes at least one bit and loads."""

SPARE_BITS = 96
"""Bits beyond those of the largest weight with which integrators are bounded: their parts cancel to an absolute precision."""

Form = lstm.Form | integrators.Integrators
"""Any form of refreshed memory."""


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
    theorem: str

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
    if isinstance(found.form, integrators.Integrators):
        return Enumeration(0, arb("inf"), Verdict.UNDECIDED, "this version pushes none of a memory made of integrators")
    return enumerate_levels(program, found.form, bound, found.levels, found.hints)


def bound_refresh(program: Program, bound: Fraction) -> Refresh | None:
    """Bound sup over n >= 1 and inputs in [-bound, bound] of |y_n - x_1|; None where the step is of none of the forms.

    Works at the current precision. Hypotheses checked here: all of theory C9.
    """
    form = lstm.recognise(program)
    if form is not None:
        gated = lstm.clock(program, form).cycles()
        return _refresh(form, gated, lambda cycles, found: decide(lstm.Numbers(form, cycles, bound), bound, found))
    made = integrators.recognise(program)
    if made is None:
        return None
    with flint.ctx.workprec(max(flint.ctx.prec, int(made.network.largest).bit_length() + SPARE_BITS)):
        added = trials.clock(program, made).cycles()
        return _refresh(made, added, lambda cycles, found: trials.Trials(made, cycles, bound).decide(found), "C9-tanh")


def _refresh(
    form: Form, cycles: Cycles[P] | None, decided: Callable[[Cycles[P], Inequalities], Decision], theorem: str = "C9"
) -> Refresh:
    """The inequalities at the numbers of a form whose clock has these cycles, or that it has none."""
    if cycles is None or min(len(cycles.first), len(cycles.later)) < SHORTEST_PERIOD:
        text = f"the hold unit loads, after {SHORTEST_PERIOD} to {LARGEST_PERIOD} steps"
        never = Inequality("clock", text, 1, Verdict.UNDECIDED)
        return Refresh((never,), arb("inf"), form, Hints(0, Fraction(0), Fraction(0), Fraction(0), Fraction(0)), 0, (), theorem)
    found = Inequalities()
    found.state("clock", "the clock comes back to one set of states every P steps, whatever the inputs", cycles.returns)
    decision = decided(cycles, found)
    hints = Hints(len(cycles.later), decision.unit, decision.margin, decision.slope, decision.constant)
    return Refresh(found.all(), decision.upper, form, hints, decision.levels, decision.firsts, theorem)

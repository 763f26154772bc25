"""A memory that refreshes itself: recognised in one of its forms, and bounded for ever by the inequalities of theory C9."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from verifier.program import Program
from verifier.refresh import lstm
from verifier.refresh.cells import Enumeration, Hints, enumerate_levels
from verifier.refresh.clock import LARGEST_PERIOD
from verifier.refresh.levels import Inequalities, Inequality, decide
from verifier.verdict import Verdict, all_of

SHORTEST_PERIOD = 3
"""A cycle clears, takes at least one bit and loads."""


@dataclass(frozen=True)
class Refresh:
    """The inequalities, and the bound they give for |y_n - x_1|.

    `upper` holds if `verdict` is PROVED. `levels`: how many are in use; `firsts`: inputs x_1 beside borders of levels, where the
    error is largest; `hints`: where levels and borders are, for `enumerate_levels`.
    """

    inequalities: tuple[Inequality, ...]
    upper: arb
    form: lstm.Form
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
    """Bound sup over n >= 1 and inputs in [-bound, bound] of |y_n - x_1|; None where the step is of none of the forms.

    Works at the current precision. Hypotheses checked here: all of theory C9.
    """
    form = lstm.recognise(program)
    if form is None:
        return None
    cycles = lstm.clock(program, form).cycles()
    if cycles is None or min(len(cycles.first), len(cycles.later)) < SHORTEST_PERIOD:
        text = f"the hold unit loads, after {SHORTEST_PERIOD} to {LARGEST_PERIOD} steps"
        never = Inequality("clock", text, 1, Verdict.UNDECIDED)
        return Refresh((never,), arb("inf"), form, Hints(0, Fraction(0), Fraction(0), form.slope, form.constant), 0, ())
    found = Inequalities()
    found.state("clock", "the clock comes back to one set of states every P steps, whatever the inputs", cycles.returns)
    decision = decide(lstm.Numbers(form, cycles, bound), bound, found)
    hints = Hints(len(cycles.later), decision.unit, decision.margin, form.slope, form.constant)
    return Refresh(found.all(), decision.upper, form, hints, decision.levels, decision.firsts)

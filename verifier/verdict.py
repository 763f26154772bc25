"""Verdicts, and the one place where balls are compared.

A ball comparison has three outcomes. `x <= y` on Arb balls is true only when it holds for every pair of points, so
"not (x <= y)" proves nothing; this module asks both questions and keeps the third answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from flint import arb


class Verdict(Enum):
    """Outcome of a decision. `bool(UNDECIDED)` raises: unknown is never success and never failure."""

    PROVED = "PROVED"
    REFUTED = "REFUTED"
    UNDECIDED = "UNDECIDED"

    def __bool__(self) -> bool:
        if self is Verdict.UNDECIDED:
            raise ValueError("the verdict is UNDECIDED; compare with Verdict.PROVED or Verdict.REFUTED instead")
        return self is Verdict.PROVED

    @property
    def exit_code(self) -> int:
        """Process exit code: 0 proved, 4 refuted, 3 undecided."""
        return {Verdict.PROVED: 0, Verdict.REFUTED: 4, Verdict.UNDECIDED: 3}[self]


def check_at_most(left: arb, right: arb) -> Verdict:
    """PROVED if left <= right for all points of the balls, REFUTED if left > right for all, else UNDECIDED.

    >>> check_at_most(arb(1), arb(2)), check_at_most(arb(2), arb(1)), check_at_most(arb(1, 1), arb(1))
    (<Verdict.PROVED: 'PROVED'>, <Verdict.REFUTED: 'REFUTED'>, <Verdict.UNDECIDED: 'UNDECIDED'>)
    """
    if left <= right:
        return Verdict.PROVED
    if left > right:
        return Verdict.REFUTED
    return Verdict.UNDECIDED


def check_less(left: arb, right: arb) -> Verdict:
    """PROVED if left < right for all points of the balls, REFUTED if left >= right for all, else UNDECIDED."""
    if left < right:
        return Verdict.PROVED
    if left >= right:
        return Verdict.REFUTED
    return Verdict.UNDECIDED


def check_within(value: arb, limit: arb, strict: bool) -> Verdict:
    """value <= limit, value < limit if strict.

    >>> check_within(arb(1), arb(1), strict=False), check_within(arb(1), arb(1), strict=True)
    (<Verdict.PROVED: 'PROVED'>, <Verdict.REFUTED: 'REFUTED'>)
    """
    return check_less(value, limit) if strict else check_at_most(value, limit)


def all_of(verdicts: Iterable[Verdict]) -> Verdict:
    """REFUTED if any is, else UNDECIDED if any is, else PROVED. No verdicts at all are UNDECIDED: nothing ran."""
    seen = list(verdicts)
    if Verdict.REFUTED in seen:
        return Verdict.REFUTED
    if Verdict.UNDECIDED in seen or not seen:
        return Verdict.UNDECIDED
    return Verdict.PROVED

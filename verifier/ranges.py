"""Ranges with rational or infinite ends: of closed forms (`inequality`) and of recorded steps (`hypotheses`)."""

from __future__ import annotations

import math
from fractions import Fraction

End = Fraction | float
"""An end of a range: a rational, or float ±infinity (the only floats here, used for order alone)."""

Range = tuple[End, End]
"""Lower and upper end."""

INFINITY = math.inf
NONNEGATIVE: Range = (Fraction(0), INFINITY)
AT_LEAST_ONE: Range = (Fraction(1), INFINITY)
UNIT: Range = (Fraction(0), Fraction(1))
SYMMETRIC_UNIT: Range = (Fraction(-1), Fraction(1))
ALL: Range = (-INFINITY, INFINITY)


def add_ends(a: End, b: End, infinite: float) -> End:
    """a + b where at most `infinite` is not a rational; no float arithmetic."""
    return a + b if isinstance(a, Fraction) and isinstance(b, Fraction) else infinite


def multiply_ends(a: End, b: End) -> End:
    """a·b with 0·∞ = 0; infinite ends by their signs alone."""
    if a == 0 or b == 0:
        return Fraction(0)
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a * b
    return INFINITY if (a > 0) == (b > 0) else -INFINITY


def add_ranges(a: Range, b: Range) -> Range:
    """All sums."""
    return add_ends(a[0], b[0], -INFINITY), add_ends(a[1], b[1], INFINITY)


def multiply_ranges(a: Range, b: Range) -> Range:
    """All products."""
    corners = [multiply_ends(x, y) for x in a for y in b]
    return min(corners), max(corners)


def hull(a: Range, b: Range) -> Range:
    """The smallest range that contains both."""
    return min(a[0], b[0]), max(a[1], b[1])

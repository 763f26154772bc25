"""Searching for the smallest weights: every predicate is decided in balls or rationals, never in floats."""

from __future__ import annotations

from collections.abc import Callable


def smallest(holds: Callable[[int], bool], start: int) -> int:
    """The least integer for which a monotone predicate holds (false below, true from there on).

    >>> smallest(lambda k: k * k >= 50, 0)
    8
    """
    if holds(start):
        step, high = 1, start
        while holds(high - step):
            high, step = high - step, 2 * step
        low = high - step
    else:
        step, low = 1, start
        while not holds(low + step):
            low, step = low + step, 2 * step
        high = low + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high

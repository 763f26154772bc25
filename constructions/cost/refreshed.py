"""What a refreshed memory costs (C9): the gain G of its comparators, which no other weight exceeds.

M = 1. An error of half a level is always possible, and with fine comparators the proved one is at most 3/5 of a level (checked by
C9's inequalities for each L). So L is the least with 2^-L (3/5) <= δ, or less: δ/(6/5) <= 2^-L < 2δ. G is the power of two next
above 64Λ/w, Λ = (25/36)(P + 8), or up to 8 times less where δ leaves room: 8Λ/w <= G < 128Λ/w. In units of h and in steps

    LSTM, 4 units  w = 2^-(L + ⌈L/2⌉ + 7),            P = L + 5
    LSTM, 3 units  w = 2^-(L + ⌈L/2⌉ + ⌈L/4⌉ + 7),    P = L + ⌈L/2⌉ + ⌈L/4⌉ + 7
    GRU            w = 2^-(L + ⌈L/2⌉ + ⌈L/4⌉ + 5),    P = L + 5

with ⌈L/2⌉ - L/2 <= 1/2 and ⌈L/2⌉ + ⌈L/4⌉ - 3L/4 <= 5/4. With m = 1/δ and ℓ = log2 m, ℓ - 1 < L <= ℓ + log2(6/5). So with a = 3/2 or
7/4, places p = 7 or 5 and s = 1/2 or 5/4, and P + 8 between (9/10) and (12/11) of ℓ + 13, or 7ℓ/4 + 15, for δ <= 1/8,

    2^(p+3) (25/36)(9/10)(ℓ + 13) (m/2)^a  <=  G  <  2^(p+7) (25/36)(12/11)(ℓ + 13) 2^s (6m/5)^a.

Source: this project, theory C9.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from sympy import Expr, Integer, Rational, log

from constructions.cost.row import Row, always, built
from constructions.latch import SIGNS
from verifier.law import DELTA, Law, Plan, Term
from verifier.weights import Weights

FEW = ("δ <= 1/8", Rational(1, 8) - DELTA)

MEMORIES = Plan(
    (*((1, Fraction(1, 10**d)) for d in (2, 20, 60)), *((1, Fraction(9, 16 * 2**bits)) for bits in (9, 33))),
    (1, (Fraction(1, 10**4), Fraction(1, 10**5)), (Fraction(1, 10**24), Fraction(1, 10**25))), None, Fraction(16),
)  # fmt: skip
"""G is rounded up to a power of two, and may be 8 times less; little above what L can do it is largest."""


def _law(units: int, places: int, power: Rational, spare: Rational, period: Expr) -> Law:
    """Law for w = 2^-places δ^power, up to 2^spare, and P + 8 next to `period`."""
    value = 2 ** (6 + places) * Rational(25, 36) * period * DELTA**-power
    low = Rational(9, 10) / 8 / 2**power
    high = 2 * Rational(12, 11) * 2**spare * Rational(6, 5) ** power
    return Law((Term(value, low, high),), Integer(units), period, (FEW,))


def _build(units: int) -> Callable[[str, int, Fraction], Weights]:
    return lambda cell, n, tolerance: built(cell, n, tolerance, units, "forever")


SHORT = log(2**13 / DELTA) / log(2)
"""ℓ + 13."""

LONG = log(2**15 / DELTA ** Rational(7, 4)) / log(2)
"""7ℓ/4 + 15."""

ROWS: tuple[Row, ...] = tuple(
    Row(
        "C9", cells, "forever, any δ", _law(units, places, power, spare, period),
        f"levels of 2^-L, the fewest whose error, 3/5 of one or less, is at most δ; comparators open over 2^-6 of a level w, "
        f"G = 64 ln2 (P + 8)/w rounded up to a power of two, or up to 8 times less; w = 2^-({width} + {places})",
        _build(units), MEMORIES, always,
    )
    for cells, units, places, power, spare, period, width in (
        (("lstm",), 4, 7, Rational(3, 2), Rational(1, 2), SHORT, "L + ⌈L/2⌉"),
        (("lstm",), 3, 7, Rational(7, 4), Rational(5, 4), LONG, "L + ⌈L/2⌉ + ⌈L/4⌉"),
        (tuple(SIGNS), 4, 5, Rational(7, 4), Rational(5, 4), SHORT, "L + ⌈L/2⌉ + ⌈L/4⌉"),
    )
)  # fmt: skip
"""The refreshed memories."""

"""What a refreshed memory costs (C9): the gain G of its comparators, which no other weight exceeds.

M = 1. An error of half a level is always possible, and with fine comparators the proved one is at most 3/5 of a level (checked by
C9's inequalities for each L). So the least L with 2^-L (3/5) <= δ, or the one before, is taken: δ/(6/5) <= 2^-L <= 2δ. G is the
power of two next above 64Λ/w, Λ = (25/36)(P + 8), or up to 8 times less where δ leaves room: 8Λ/w <= G < 128Λ/w, and w in units
of h is

    LSTM  w = 2^-(L + ⌈L/2⌉ + 7),           GRU  w = 2^-(L + ⌈L/2⌉ + ⌈L/4⌉ + 5),

with ⌈L/2⌉ - L/2 <= 1/2 and ⌈L/2⌉ + ⌈L/4⌉ - 3L/4 <= 5/4. With m = 1/δ, ℓ = log2 m and P + 8 = L + 13 between ℓ + 12 and ℓ + 13 +
log2(6/5),

    LSTM  2^10 (25/36)(ℓ + 12) (m/2)^(3/2) <= G < 2^14 (25/36)(ℓ + 13.27) √2 (6m/5)^(3/2)
    GRU   2^8 (25/36)(ℓ + 12) (m/2)^(7/4)  <= G < 2^12 (25/36)(ℓ + 13.27) 2^(5/4) (6m/5)^(7/4)

where for δ <= 1/8 ℓ + 12 >= (15/16)(ℓ + 13) and ℓ + 13.27 < (49/48)(ℓ + 13).
For tanh, G is the compare unit's gain κ, P + 8 = 3L + 17 is between 3ℓ + 14 and 3ℓ + 17.79, and with N = L + 3 and its b binary
digits, N < 2^b <= 2N, w = 2^-(L + 2 + ⌊(L + 11 + b)/2⌋):

    2^10 (25/36)(3ℓ + 14)(ℓ + 2)^(1/2) (m/2)^(3/2) <= G < 2^15 (25/36)(3ℓ + 17.79)(ℓ + 3.27)^(1/2) (6m/5)^(3/2),

which the turn unit's weights, 32Λ'/w with 2Λ' < (25/36)(N + b + 12) at most, do not exceed above. A sigmoid RNN's are 4 times
these. Source: this project, theory C9.
"""

from __future__ import annotations

from fractions import Fraction

from sympy import Expr, Integer, Rational, log, sqrt

from constructions import integrators, refresh, refresh_gru
from constructions.cost.row import Row, always, built
from constructions.latch import SIGNS
from verifier.law import DELTA, Law, Plan, Term, phases
from verifier.weights import Weights

FEW = ("δ <= 1/8", Rational(1, 8) - DELTA)
LOGARITHM = log(2**13 / DELTA) / log(2)
"""ℓ + 13."""

UNITS = Integer(4)

MEMORIES = Plan(
    tuple((1, Fraction(1, 10**d)) for d in (2, 20, 60)),
    (1, phases(4), phases(24)), None, Fraction(8),
)  # fmt: skip
"""G is a power of two that varies by less than 16 over the law's two ends, so means of eight phases by less than 8."""


def _law(places: int, power: Expr, spare: Expr) -> Law:
    """Law for w = 2^-(places) δ^power, up to 2^spare."""
    value = 2 ** (6 + places) * Rational(25, 36) * LOGARITHM * DELTA**-power
    low = Rational(15, 16) / 8 / 2**power
    high = 2 * Rational(49, 48) * 2**spare * Rational(6, 5) ** power
    return Law((Term(value, low, high),), UNITS, LOGARITHM, (FEW,))


def _law_of_integrators(stretch: int) -> Law:
    """Law for κ, and for `stretch` times κ."""
    level = log(1 / DELTA) / log(2)
    beside = (level + 5) * sqrt(level + 3)
    value = stretch * 2**6 * 3 * Rational(25, 36) * 2 ** Rational(15, 2) * beside * DELTA ** -Rational(3, 2)
    low = Rational(23, 24) * sqrt(Rational(5, 6)) / 2**5
    high = 2 * sqrt(2) * Rational(6, 5) ** Rational(3, 2) * Rational(268, 240) * sqrt(Rational(627, 600))
    return Law((Term(value, low, high),), Integer(len(integrators.UNITS)), beside, (FEW,))


def _build(cell: str, n: int, tolerance: Fraction) -> Weights:
    units = {"lstm": refresh.UNITS, **dict.fromkeys(integrators.FAMILIES, integrators.UNITS)}.get(cell, refresh_gru.UNITS)
    return built(cell, n, tolerance, len(units), "forever")


ROWS: tuple[Row, ...] = tuple(
    Row(
        "C9", cells, "forever, any tolerance", law,
        f"levels of 2^-L, the fewest whose error, 3/5 of one or less, is at most δ; comparators open over 2^-6 of a level w, "
        f"G = 64 ln2 (L + 13)/w rounded up to a power of two, or up to 8 times less; w = {width}",
        _build, MEMORIES, always,
    )
    for cells, law, width in (
        (("lstm",), _law(7, Rational(3, 2), Rational(1, 2)), "2^-(L + ⌈L/2⌉ + 7)"),
        (tuple(SIGNS), _law(5, Rational(7, 4), Rational(5, 4)), "2^-(L + ⌈L/2⌉ + ⌈L/4⌉ + 5)"),
    )
) + tuple(
    Row(
        "C9-tanh", (cell,), "forever, any tolerance", _law_of_integrators(stretch),
        "levels of 2^-L, the fewest whose error, 3/5 of one or less, is at most δ; comparators open over 2^-6 of a level w, "
        f"κ = 64 ln2 (3L + 17)/w rounded up to a power of two, or up to 8 times less{more}; w = 2^-(L + 2 + ⌊(L + 11 + b)/2⌋), "
        "b the binary digits of L + 3",
        _build, MEMORIES, always,
    )
    for cell, stretch, more in (("tanh", 1, ""), ("sigmoid", 4, ", and 4 times that in σ's terms"))
)  # fmt: skip
"""The refreshed memories."""

"""What a refreshed memory of integrators costs (C9-tanh): the gain κ of its comparators, which no other weight exceeds.

M = 1. As for every refreshed memory (`refreshed`) δ/(6/5) <= 2^-L < 2δ and 8Λ/w <= κ < 128Λ/w, Λ = (25/36)(P + 8). Here P + 8 =
3L + 17, and with N = L + 3 and its b binary digits, N < 2^b <= 2N, w = 2^-(L + 2 + ⌊(L + 11 + b)/2⌋). With m = 1/δ and ℓ = log2 m

    2^10 (25/36)(3ℓ + 14)(ℓ + 2)^(1/2) (m/2)^(3/2)  <=  κ  <  2^15 (25/36)(3ℓ + 17.79)(ℓ + 3.27)^(1/2) (6m/5)^(3/2),

in which for δ <= 1/8 the factors are next to 3(ℓ + 5)(ℓ + 3)^(1/2), between 23/24 (5/6)^(1/2) and 26.8/24 (6.27/6)^(1/2) of it. The
turn unit's weights are at most 32Λ'/w with 2Λ' < (25/36)(N + b + 12), below this. A sigmoid RNN's are 4 times these. Source: this
project, theory C9.
"""

from __future__ import annotations

from fractions import Fraction

from sympy import Integer, Rational, log, sqrt

from constructions.cost.refreshed import FEW, MEMORIES
from constructions.cost.row import Row, always, built
from constructions.integrators import UNITS
from verifier.law import DELTA, Law, Plan, Term
from verifier.weights import Weights

PLAN = Plan(
    (*((1, Fraction(1, 10**d)) for d in (2, 20, 60)), *((1, Fraction(35, 64 * 2**bits)) for bits in (9, 28))),
    MEMORIES.over_tolerance, None, MEMORIES.spread,
)  # fmt: skip
"""As for every refreshed memory; κ is largest for tolerances little above what L can do."""

BESIDE = log(32 / DELTA) * sqrt(log(8 / DELTA)) / log(2) ** Rational(3, 2)
"""(ℓ + 5)(ℓ + 3)^(1/2)."""


def _law(stretch: int) -> Law:
    """Law for `stretch` times κ."""
    value = stretch * 2**6 * 3 * Rational(25, 36) * 2 ** Rational(15, 2) * BESIDE * DELTA ** -Rational(3, 2)
    low = Rational(23, 24) * sqrt(Rational(5, 6)) / 2**5
    high = 2 * sqrt(2) * Rational(6, 5) ** Rational(3, 2) * Rational(268, 240) * sqrt(Rational(627, 600))
    return Law((Term(value, low, high),), Integer(len(UNITS)), BESIDE, (FEW,))


def _build(cell: str, n: int, tolerance: Fraction) -> Weights:
    return built(cell, n, tolerance, len(UNITS), "forever")


ROWS: tuple[Row, ...] = tuple(
    Row(
        "C9-tanh", (cell,), "forever, any δ", _law(stretch),
        "levels of 2^-L, the fewest whose error, 3/5 of one or less, is at most δ; comparators open over 2^-6 of a level w, "
        f"κ = 64 ln2 (3L + 17)/w rounded up to a power of two, or up to 8 times less{more}; w = 2^-(L + 2 + ⌊(L + 11 + b)/2⌋), "
        "b the binary digits of L + 3",
        _build, PLAN, always,
    )
    for cell, stretch, more in (("tanh", 1, ""), ("sigmoid", 4, ", and 4 times that in σ's terms"))
)  # fmt: skip
"""The refreshed memories of tanh and sigmoid RNNs."""

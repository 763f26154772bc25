"""What linear filters and lattices of diagonal cells cost: C2-doubling, C14, C15, C16. Their weights do not depend on δ.

n different poles λ_m with shares γ_m give the response e_{n-1} (C14) where γ_m c_m = 1/Π_{l≠m}(λ_m - λ_l), and 2^(j-n+1) (C15)
where it is that times 2^(1-n) Π_{l≠m}(2 - λ_l): Lagrange interpolation. With k = n - 1 and
2^k (2/(π(k+2)))^(1/2) <= C(k, ⌊k/2⌋) <= 2^k (2/(πk))^(1/2), (2πn)^(1/2)(n/e)^n <= n! <= e^(1/12n) times that:

*diagonal*    poles 2/k apart: the largest |c_m| is (k/2)^k C(k, ⌊k/2⌋)/k!, which is e^k/(πk) up to the factors above.
*minimal*     minGRU, minLSTM: γ_m = 1 - λ_m, and the λ_m are within 1/32n of (2m+1)/2n, 1/n apart. In the middle
              2 n^k C(k, ⌊k/2⌋)/k! ~ (2e)^n/(πn); |m - l|/n is off by its 16|m - l|-th part at most, the product by a factor
              (en/2)^(2/15), which leaves 1/2 ... 2 for 4 <= n <= 64. In C15 Π(2 - λ_l) is (4/e)^n to e^(1/24n + 1/32) by the
              midpoint rule, and 2/(2 - λ_m) is 4/3 in the middle and 2 at most: 4^(n+1)/(3πn), up to 1/2 ... 7/2.
*selective*   γ_m = ln 2, and 2^-A with A a multiple of 1/4n is within λ_m ln2/8n: (2e)^n/(2π ln2 n) up to 1/3 ... 4, and
              4^(n+1)/(6π ln2 n) up to 1/3 ... 7.
*rotations*   LRU, S4D, S5: N = 2⌈n/2⌉ poles within 1/(64√2 n) of the roots of z^N + r^N, r = 15/16, where 1/Π(λ_m - λ_l) has the
              modulus r^(1-N)/N; a pair's real parts count twice. An odd n leaves one condition free, which is used up at the last
              pole: |λ_m - 2 Re λ_last| <= 3r in place of r (C14), |4/(2-λ_m) - 8/(2+r)²| < 3 (C15). So 2/n r^(1-n) up to 9/10
              and, for odd n, 13/4; for even n 11/10 (C14) and 21/10 (C15, |2-λ_m| >= 2-r). Up to n = 32 the readout, 1, exceeds
              it at most n.
*lattice*     2n - 1 points 1, 2, 1/2, -2, ... up to z = ⌊n/2⌋ + 1, whose middle gate (z + 1)²/2z is the largest weight for
              n >= 3: between (n+5)/4 and (n+6)/4 + 1/(n+2).

Source: this project, theory C2, C14, C15, C16.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from sympy import E, Expr, Integer, Rational, ceiling, exp, log, pi, sqrt

from constructions.cost.row import AT_LEAST_TWO, MOST_STEPS, ONE, Row, built, constant, within
from constructions.paths import LONGEST
from constructions.paths import least_error as least_of_paths
from constructions.poles import LARGEST_FILTER
from constructions.poles import least_error as least_of_filters
from verifier.law import Law, N, Plan, Term
from verifier.weights import Weights

COARSE, FINE = Fraction(1, 100), Fraction(1, 10**20)


def _points(*lengths: int) -> tuple[tuple[int, Fraction], ...]:
    """All lengths at a coarse tolerance, the first at a fine one too."""
    return (*((n, COARSE) for n in lengths), (lengths[0], FINE))


ROTATIONS, MINIMAL = ("lru", "s4d", "s5"), ("mingru", "minlstm")

FILTERS = Plan(_points(4, 5, 8, 16), (8, (COARSE,), (FINE,)), ((COARSE,), 8, 16), Fraction(5, 4))
"""Between n = 8 and n = 16 what the law leaves moves by less than a quarter on these weights; proved is a factor 4 (C14-min)."""

EXACT_FILTERS = replace(FILTERS, points=_points(2, 3, 8, 33))

LATTICES = replace(FILTERS, points=_points(3, 4, 7, 12), over_horizon=((COARSE,), 5, 15))

SOLVED = (f"n <= {LARGEST_FILTER}", LARGEST_FILTER - N)
AT_LEAST_FOUR = ("n >= 4", N - 4)

ROUNDING_SHARE = 1000
"""Rounded doubling filters are asked for within a thousandth of the gap 2^-(n-1) above their least error."""


def _solved(architecture: str, n: int, tolerance: Fraction) -> Weights:
    """C14 in exactly the units it needs."""
    units = (n + 1) // 2 if architecture in ROTATIONS else n
    return built(architecture, n, tolerance, units, "fixed")


def _doubled(architecture: str, n: int, _: Fraction) -> Weights:
    """C15, or C2-doubling, at its own error; nearly so where it is rounded."""
    least = least_of_filters("C15", n)
    if architecture in ("linear", "diagonal"):
        return built(architecture, n, least, 1)
    if architecture in ROTATIONS:
        return built(architecture, n, least, (n + 1) // 2)
    return built(architecture, n, least + (1 - least) / ROUNDING_SHARE, n)


def _lattice(architecture: str, n: int, _: Fraction) -> Weights:
    """C16 at its own error."""
    return built(architecture, n, least_of_paths(n), 2 * n - 1)


def _exponential(factor: Expr, rest: Expr, low: Expr, high: Expr) -> Law:
    """factor·rest, exponential `factor`, in n units."""
    return Law((Term(factor * rest, low, high),), N, factor, (AT_LEAST_FOUR, SOLVED))


def _rotation_law(even: Expr) -> Law:
    """`even` and 13/4: the largest coefficient over 2/n r^(1-n), for even and odd n."""
    odd = Rational(13, 4)
    high = (even + odd) / 2 + (even - odd) / 2 * (-ONE) ** N
    resonance = Term(2 * Rational(16, 15) ** (N - 1) / N, Rational(9, 10), high)
    return Law((Term(ONE, ONE, ONE), resonance), ceiling(N / 2), ONE, (AT_LEAST_TWO, SOLVED))


def _row(
    theorem: str,
    cells: tuple[str, ...],
    task: str,
    law: Law,
    derived: str,
    build: Callable[[str, int, Fraction], Weights],
    plan: Plan,
) -> Row:
    least = 3 if plan is LATTICES else 4 if plan is FILTERS else 2
    return Row(theorem, cells, task, law, derived, build, plan, within(least, LONGEST if plan is LATTICES else MOST_STEPS))


_STEEP = exp(N - 1)
_SPREAD_OUT = sqrt((N - 1) / (N + 1)) * (1 - 1 / (12 * (N - 1)))
"""(2/(π(k+2)))^(1/2) over (2/(πk))^(1/2), and Stirling's e^(-1/12k), k = n - 1."""

DOUBLING = "n' <= n, T4's bound"
SINGLE, LATTICE_TASK = "one n", "n' <= n, T5's bound"

ROWS: tuple[Row, ...] = (
    _row(
        "C2-doubling", ("linear",), DOUBLING, replace(constant(2, ONE), requires=(AT_LEAST_TWO,)),
        "the factor 2; the readout is 2^(1-n)", _doubled, EXACT_FILTERS,
    ),
    _row(
        "C15", ("diagonal",), DOUBLING, replace(constant(2, ONE), requires=(AT_LEAST_TWO,)),
        "the gate 2; the readout is 2^(1-n)", _doubled, EXACT_FILTERS,
    ),
    _row(
        "C14", ("diagonal",), "one n, exact",
        Law(
            (Term(_STEEP / (pi * (N - 1)), _SPREAD_OUT, ONE), Term(ONE, ONE, ONE)), N, _STEEP * N / (N - 1),
            (AT_LEAST_TWO, SOLVED),
        ),
        "the readout ((n-1)/2)^(n-1) C(n-1, ⌊(n-1)/2⌋)/(n-1)! of n poles spread evenly over [-1, 1]: exponential in n, and the "
        "price of distinct real poles",
        lambda cell, n, _: built(cell, n, Fraction(0), n, "fixed", exact_recall=True), EXACT_FILTERS,
    ),
    _row(
        "C14-lru", ROTATIONS, "one n, exact", _rotation_law(Rational(11, 10)),
        "poles next to a circle of radius r = 15/16: coefficients of 2/n r^(1-n), up to 13/4 of that; the readout is 1",
        lambda cell, n, _: built(cell, n, Fraction(0), (n + 1) // 2, "fixed", exact_recall=True), EXACT_FILTERS,
    ),
    _row(
        "C14-min", MINIMAL, SINGLE, _exponential((2 * E) ** N, 1 / (pi * N), Rational(1, 2), Integer(2)),
        "the readout of n poles spread evenly over (0, 1), each with the share 1 - λ", _solved, FILTERS,
    ),
    _row(
        "C14-selective", ("selective",), SINGLE,
        _exponential((2 * E) ** N, 1 / (2 * pi * log(2) * N), Rational(1, 3), Integer(4)),
        "the readout of n poles spread evenly over (0, 1), each with the share Δ = ln 2", _solved, FILTERS,
    ),
    _row(
        "C15-lru", ROTATIONS, DOUBLING, _rotation_law(Rational(21, 10)),
        "poles next to a circle of radius r = 15/16: coefficients of 2/n r^(1-n), up to 13/4 of that; the readout is 1",
        _doubled, EXACT_FILTERS,
    ),
    _row(
        "C15-min", MINIMAL, DOUBLING, _exponential(4**N, 4 / (3 * pi * N), Rational(1, 2), Rational(7, 2)),
        "C14's readout times 2^(1-n) Π(2 - λ_l) ~ 2(2/e)^n", _doubled, FILTERS,
    ),
    _row(
        "C15-selective", ("selective",), DOUBLING,
        _exponential(4**N, 2 / (3 * pi * log(2) * N), Rational(1, 3), Integer(7)),
        "C14's readout times 2^(1-n) Π(2 - λ_l) ~ 2(2/e)^n", _doubled, FILTERS,
    ),
    _row(
        "C16", ("diagonal",), LATTICE_TASK,
        Law(
            (Term((N + 5) / 4, ONE, 1 + (1 + 4 / (N + 2)) / (N + 5)),), 2 * N - 1, 1 + 5 / N,
            (("n >= 3", N - 3), (f"n <= {LONGEST}", LONGEST - N)),
        ),
        "the middle gate (z + 1)²/2z at the largest point z = ⌊n/2⌋ + 1: 2n - 1 units buy small weights", _lattice, LATTICES,
    ),
)  # fmt: skip
"""Filters, doubling and lattice."""

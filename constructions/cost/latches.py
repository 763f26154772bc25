"""What the thermometer latch costs (C8): the feedback Γ that d units need.

M = 1, u = κ/d and d the number of thresholds. Sizes are read off the derivation's hypotheses and bound (`thermometer`):

*Levels* (a grid of d + 1 points, δ = 1/d). At step 1 the bound is below δ where (1 - show(u)) + (d-1)(1 - show(3u)) < 1. With
show = tanh and w = e^2u that is w³ - 2w² + 2w + 1 > 2d, so w³ > 2d - 1 is needed and w >= 2/3 + (2d)^(1/3) enough; κ is whole,
so u < ln(2/3 + (2d)^(1/3))/2 + 1/d. Then Γ tanh u >= 2κ - u + T with T >= u is needed, hence Γ >= 2d u coth u, and T = 3u is
enough, hence Γ < 1 + 2(d+1) u coth u. As u coth u increases and u coth u - u decreases, with x = ln(2d-1)

    d x/3 coth(x/6) <= Γ < 1 + 2(d+1)(x/6 (coth(x/6) - 1) + ln(2/3 + (2d)^(1/3))/2 + 1/d) < 4 d x/3     for d >= 7:

the right over dx/3 decreases in d and is 3.74 at d = 7, 1.93 at d = 31. LSTM: show = tanh(tanh u)/tanh 1 and keep = tanh(tanh u)
lie between tanh u·(1, tanh 1), and 1 - show between (1 - tanh u)·(c, 1), c = 2/sinh 2 > 0.55, as tanh is concave. So the same
sizes serve, u > ln(1.1(d-1) - 1)/6 is needed, and Γ lies between 2/3 and 4 times d x/(3 tanh 1) for d >= 7.

*Box* with δ = 1/m, m whole: d = m + 1 levels leave δ - 1/d = δ²/(1+δ) for the width w of the undecided band. At step 1
e^2u >= 2m is enough; Γ keep(κw) >= κ(2 - 1/d + w) and keep(v) <= v give

    2/δ² + 1/δ = (2 - 1/d)(1 + δ)/δ² < Γ,

and v/keep(v) <= 1 + 2v²/3 + v⁴/15 at v = κw <= uδ, with 1 - show(T) < e^-40 for d >= 8, gives Γ <= (1 + 2δ) 2/δ² for m >= 7. The
fewest thresholds nearly use δ up, and whole 1/δ leaves most: in general Γ is about 2/(δ - 1/d), d = ⌊1/δ⌋ + 1.

The sigmoid's weights are four times as large (σ(2z) = (1 + tanh z)/2 and u = 2h - 1). K and B are sized last, like the logarithm
of what rounding Γ up to a whole number leaves, and stay below Γ. Source: this project, theory C8.
"""

from __future__ import annotations

from fractions import Fraction

from sympy import Expr, Integer, Rational, Symbol, log, sqrt, tanh

from constructions import thermometer
from constructions.cost.row import ONE, Row, built
from constructions.latch import GRU, KAPPA, LATCHES, LSTM, SIGMOID, TANH, D, Latch, M
from verifier.errors import UsageError
from verifier.law import DELTA, SCALE, Law, Leading, Plan, Term
from verifier.weights import LARGEST_HIDDEN, Weights

LEVELS = {Fraction(1, 2**b - 1): b for b in range(1, 12)}
"""Half the spacing of a grid's points -> its bits; more points need more units than are built."""

STAIRCASES = Plan(
    tuple((1, Fraction(1, 2**b - 1)) for b in range(3, 9)),
    (1, (Fraction(1, 31), Fraction(1, 63)), (Fraction(1, 511), Fraction(1, 1023))), None, Fraction(2),
)  # fmt: skip
"""From d = 31 on Γ is at most twice its least law: 1.93 for tanh, 2.09 against 1.10 for the LSTM."""

BOXES = Plan(
    tuple((1, Fraction(1, m)) for m in (7, 8, 10, 31, 100)),
    (1, (Fraction(1, 10), Fraction(1, 31)), (Fraction(1, 100), Fraction(1, 316))), None, Rational(5, 4),
)  # fmt: skip
"""From m = 10 on Γ lies between 2m² and (1 + 2/m) 2m²."""

LEVEL_LOG = log(2 / DELTA - 1)

FEW = ("δ <= 1/7", Rational(1, 7) - DELTA)

GAINS = {"C8": 1, "C8-sigmoid": 4, "C8-gru": 1, "C8-lstm": 1}
"""The largest weight over Γ."""


def _levels(cell: str, n: int, tolerance: Fraction) -> Weights:
    if tolerance not in LEVELS:
        raise UsageError(f"tolerance {tolerance} is not half the spacing of a grid of 2^b points, b up to {max(LEVELS.values())}")
    units = tolerance.denominator + LATCHES[cell].flags
    return built(cell, n, tolerance, units, "forever", domain="grid", bits=LEVELS[tolerance])


def _box(cell: str, n: int, tolerance: Fraction) -> Weights:
    return built(cell, n, tolerance, tolerance.denominator + 1 + LATCHES[cell].flags, "forever")


def _is_built(_: int, tolerance: Fraction) -> bool:
    return tolerance.numerator == 1 and tolerance.denominator < LARGEST_HIDDEN - 1


def _units(latch: Latch, extra: int) -> Expr:
    return 1 / DELTA + extra + latch.flags


def _levels_law(latch: Latch) -> Law:
    constant, least = Rational(1, 3), 1 / tanh(LEVEL_LOG / 6)
    if latch.theorem == "C8-lstm":
        constant, least = Rational(7, 16), Rational(2, 3)  # 7/16 is 1/(3 tanh 1) to a part in 2000
    power = GAINS[latch.theorem] * constant * LEVEL_LOG / DELTA
    return Law((Term(power, least, Integer(4)),), _units(latch, 0), LEVEL_LOG, (FEW,))


def _box_law(latch: Latch) -> Law:
    width = SCALE**2
    delta = (width + SCALE * sqrt(width + 4)) / 2  # δ²/(1+δ) = w
    needed = (thermometer.OPPOSED + KAPPA * width) / latch.keep(KAPPA * width)  # Γ keep(κw) = κ(2M - M/d + w)
    resting: dict[Symbol, Expr] = {M: ONE, KAPPA: ONE, **{symbol: Integer(value) for symbol, value in latch.limit.items()}}
    leading = Leading(delta, GAINS[latch.theorem] * needed.subs(D, 1 / (delta - width)).subs(resting))
    power = GAINS[latch.theorem] * 2 / DELTA**2
    return Law((Term(power, 1 + DELTA / 2, 1 + 2 * DELTA),), _units(latch, 1), ONE, (FEW,), leading)


ROWS: tuple[Row, ...] = (
    *(
        Row(
            latch.theorem, latch.cells, "forever, levels", _levels_law(latch),
            "1/δ + 1 levels for ever, one unit per threshold: step 1 needs e^6κδ > 2/δ - 1 (LSTM: 1.1(1/δ - 1) - 1), and Γ must "
            "outweigh the opposite input, Γ keep(κδ) >= 2κ; κ and Γ are whole",
            _levels, STAIRCASES, lambda _, tolerance: tolerance in LEVELS,
        )
        for latch in (TANH, SIGMOID, GRU, LSTM)
    ),
    *(
        Row(
            latch.theorem, latch.cells, "forever", _box_law(latch),
            "1/δ whole: d = 1/δ + 1 thresholds leave w = δ²/(1+δ) of the tolerance, and a unit w away from x_1 must outweigh the "
            "opposite input, Γ keep(κw) >= κ(2 - 1/d + w)",
            _box, BOXES, _is_built,
        )
        for latch in (TANH, SIGMOID, GRU, LSTM)
    ),
)  # fmt: skip
"""The latch on grids and on the box."""

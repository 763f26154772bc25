"""What a chain of tanh costs: the analog constructions C4a, C4b, C5, C6, C6b, C7, whose only error at rest is that tanh bends.

Next to 0 a chain of k tanh obeys

    v(1 + 2k v²/3 + k v⁴/15)^(-1/2) <= tanh(...tanh(v)) <= v(1 + 2k v²/3)^(-1/2),

as 1/v² + 2/3 <= 1/tanh² v <= 1/v² + 2/3 + v²/15: on the right see `elman`; on the left g = v(1 + 2v²/3)^(-1/2) has
g' >= 1 - g², because (1+x)^(-1/2) >= 1 - x/2, so it stays above tanh, which starts with it at 0. So at scale ε the error
1 - tanh(...)/ε lies between 1 - (1 + 2kε²/3)^(-1/2) and kε²/3 (1 + ε²/10). A construction that takes the largest power of
ten ε whose error is at most δ therefore has

    (1-δ) (k/(3δ))^(1/2) <= 1/ε <= 10.5 (k/(3δ))^(1/2)      (10 without the ε²/10, for k = 1, 2):

the left because (1 + 2kε²/3)^(-1/2) >= 1-δ, the right because 10ε misses.

With k cells whose errors cancel (C6b) the bound at rest is pε^2k (1 + rε²), p = |a_k| k!², and the largest readout v/ε,
v the greatest |w_j|/j. pε^2k <= δ gives v(p/δ)^(1/2k) <= v/ε; 10ε misses, and while 10ε <= 1/2k that gives v/ε <=
10 v (p/δ)^(1/2k) (1 + r/4k²)^(1/2k). It is so where δ <= p e^2k, e the greatest power of ten up to 1/2k. The gates' gain is
C6's with δ/W in place of δ, W = Σ|w_j|. Source: this project, theory C4a ... C7.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, factorial

from sympy import Expr, Integer, Rational, Symbol, log, sqrt, tanh

from constructions import construct, elman, extrapolated, gru, lstm, register, sigmoid
from constructions import tanh as tanh_rnn
from constructions.answer import Construction
from constructions.cost.row import (
    AT_LEAST_TWO,
    DIGITS,
    EXPLODING,
    ONE,
    ROUNDED,
    SMALL_ENOUGH,
    Row,
    always,
    built,
    few_digits,
    grid,
    number,
    within,
)
from constructions.latch import SIGNS
from verifier.errors import UsageError
from verifier.inequality import Derivation, unfold
from verifier.law import DELTA, SCALE, Law, Leading, N, Plan, Term, phases
from verifier.regime import Regime
from verifier.weights import Weights

LOOSE = Rational(21, 2)
"""10 (1 + ε²/10)^(1/2) at the largest ε, 1, is below 10.5."""

HORIZONS = (2, 1000, 10**12)
LONG = Plan(grid(HORIZONS, DIGITS), (1000, phases(4), phases(44)), (phases(20), 10, 10**12))
"""Points of constructions that serve any horizon in a fixed number of units."""

REGISTER = Plan(grid((1, 8, 512), DIGITS), (32, phases(4), phases(44)), (phases(20), 2, 2000))
"""Points of constructions with n units."""

MOST_UNITS = 4096
"""Units of a register that is built."""

LSTM_LOG = (log((N + 1) * (1 - DELTA) / DELTA) + log((N - 1 - DELTA) / DELTA)) / tanh(ONE)
"""L >= this: (n+1)e^-K <= δ/(1-δ), (n-1)σ(K - L s) <= δ and s < tanh 1."""

GRU_LOG = log((1 - DELTA) / DELTA) + log((N - 1) * (2 - DELTA) / DELTA)
"""L >= this: e^-K <= δ/(1-δ), (n-1)e^(K-L) <= δ/(2-δ)."""


def limit_error(derivation: Derivation, scale: Symbol, **limits: int) -> Expr:
    """A derivation's bound with M = 1, its saturated quantities at their limits, as a function of the scale s."""
    saturated = {symbol: limits[symbol.name] for symbol in derivation.definitions if symbol.name in limits}
    if len(saturated) != len(limits):
        raise ValueError(f"{derivation.theorem} does not define all of {', '.join(limits)}")
    bound = unfold(derivation.bound.subs(saturated), derivation.definitions)
    names = {"M": ONE, "n": N, scale.name: SCALE}
    return bound.subs({symbol: names[symbol.name] for symbol in bound.free_symbols if symbol.name in names})


def _tanh_chain(k: Expr, high: Expr, readout: int = 1) -> Term:
    """The term readout·(k/(3δ))^(1/2) with its factors."""
    return Term(readout * sqrt(k / (3 * DELTA)), 1 - DELTA, high)


def _register(cell: str, n: int, tolerance: Fraction) -> Weights:
    return register.construct_register(Regime(cell, n, Fraction(1), tolerance, "fixed", hidden=n)).weights


AT_REST = {lstm.PHI: 1, lstm.POWER: 1, lstm.ETA: 0, lstm.M: 1, lstm.EPSILON: SCALE}
"""C6b's quantities with closed gates, at scale s."""


def _cancelling(cells: int) -> Row:
    """C6b with this many memory cells."""
    shares, outer = extrapolated.combination(cells), extrapolated.series(cells + 2)[1]
    worth, whole = max(abs(w) / j for j, w in enumerate(shares, 1)), sum(map(abs, shares), Fraction(0))
    lead = abs(outer[cells]) * factorial(cells) ** 2
    rest = abs(outer[cells + 1]) * sum((abs(w) * j ** (2 * cells + 2) for j, w in enumerate(shares, 1)), Fraction(0)) / lead
    high = Fraction(ceil(100 * (1 + rest / (8 * cells**3))), 10)  # (1 + r/4k²)^(1/2k) <= 1 + r/8k³
    widest = Fraction(1, 10 if 2 * cells <= 10 else 100)
    finest = Fraction(1, int(1 / (lead * widest ** (2 * cells))) + 1)
    power = Rational(1, 2 * cells)
    return Row(
        "C6b", ("lstm",), f"n' <= n, {cells} cells",
        Law(
            (
                Term(number(worth) * (number(lead) / DELTA) ** power, ONE, number(high)),
                Term(LSTM_LOG.subs(DELTA, DELTA / number(whole)), ONE, Integer(2)),
            ),
            Integer(cells + 1), ONE, ((f"δ <= {finest}", number(finest) - DELTA), AT_LEAST_TWO),
            Leading(extrapolated.closed_form(cells).subs(AT_REST), number(worth) / SCALE),
        ),
        f"v/ε, v = {worth}: with {cells} cells the error at rest is {lead} ε^{2 * cells} to leading order; the gates' L takes over "
        "where δ is coarse or n huge",
        lambda cell, n, tolerance: _extrapolated(cell, n, tolerance, cells),
        Plan(
            grid((2, 1000, 10**12), (20, 101)), (1000, phases(24, 2 * cells), phases(84, 2 * cells)),
            ((Fraction(1, 10**100),), 10, 10**12),
        ),
        always,
    )  # fmt: skip


def _extrapolated(cell: str, n: int, tolerance: Fraction, cells: int) -> Weights:
    answer = construct(cell, n, tolerance=tolerance, hidden=cells + 1, cells=cells)
    if not isinstance(answer, Construction):
        raise UsageError(f"no {cell} weights of {cells} memory cells at n = {n}, tolerance {tolerance}")
    return answer.weights


ROWS: tuple[Row, ...] = (
    Row(
        "C6", ("lstm",), "n' <= n",
        Law(
            (_tanh_chain(Integer(2), ROUNDED), Term(LSTM_LOG, ONE, Integer(2))), Integer(2), ONE, (SMALL_ENOUGH, AT_LEAST_TWO),
            Leading(limit_error(lstm.derivation(), lstm.EPSILON, phi=1, eta=0, P=1), 1 / SCALE),
        ),
        "1/ε of two tanh in a row, whatever n; the gates' L >= coth(1) ln((n+1)(1-δ)(n-1-δ)/δ²) takes over at huge n",
        lambda cell, n, tolerance: built(cell, n, tolerance, 2), LONG, always,
    ),
    *(_cancelling(cells) for cells in range(2, extrapolated.LARGEST_CELLS + 1)),
    Row(
        "C7", tuple(SIGNS), "n' <= n",
        Law(
            (_tanh_chain(Integer(1), ROUNDED), Term(GRU_LOG, ONE, Integer(2))), Integer(2), ONE, (SMALL_ENOUGH, AT_LEAST_TWO),
            Leading(limit_error(gru.derivation(), gru.EPSILON, phi=1, kappa=1), 1 / SCALE),
        ),
        "1/ε of one tanh, whatever n; the gates' L >= ln((1-δ)(2-δ)(n-1)/δ²) takes over at huge n",
        lambda cell, n, tolerance: built(cell, n, tolerance, 2), LONG, always,
    ),
    Row(
        "C5", ("tanh",), "n' <= n",
        Law(
            (_tanh_chain(N, LOOSE),), Integer(4), ONE, (SMALL_ENOUGH,),
            Leading(limit_error(tanh_rnn.derivation(), elman.EPSILON, ell=0), 1 / SCALE),
        ),
        "1/ε of n tanh in a row",
        lambda cell, n, tolerance: built(cell, n, tolerance, 4), LONG, always,
    ),
    Row(
        "C5-sigmoid", ("sigmoid",), "n' <= n",
        Law(
            (_tanh_chain(N, LOOSE, 2),), Integer(4), ONE, (SMALL_ENOUGH,),
            Leading(limit_error(sigmoid.derivation(), elman.EPSILON, ell=0, q=0), 2 / SCALE),
        ),
        "2/ε of n tanh in a row, as σ has half the slope",
        lambda cell, n, tolerance: built(cell, n, tolerance, 4), LONG, always,
    ),
    Row(
        "C4a", ("tanh",), "one n",
        Law(
            (_tanh_chain(N, LOOSE),), N, ONE, (SMALL_ENOUGH,),
            Leading(limit_error(register.derivation("tanh"), elman.EPSILON), 1 / SCALE),
        ),
        "1/ε of n tanh in a row",
        lambda cell, n, tolerance: _register(cell, n, tolerance), REGISTER, within(1, MOST_UNITS),
    ),
    Row(
        "C4a-sigmoid", ("sigmoid",), "one n",
        Law(
            (_tanh_chain(N, LOOSE, 2),), N, ONE, (SMALL_ENOUGH,),
            Leading(limit_error(register.derivation("sigmoid"), elman.EPSILON), 2 / SCALE),
        ),
        "2/ε of n tanh in a row, as σ has half the slope",
        lambda cell, n, tolerance: _register(cell, n, tolerance), REGISTER, within(1, MOST_UNITS),
    ),
    Row(
        "C4b", ("tanh",), "one n",
        Law(
            (Term(1 / DELTA, ONE, Rational(15, 2)),), ONE, ONE, (AT_LEAST_TWO, ("δ <= 1/10", Rational(1, 10) - DELTA)),
            Leading((1 - SCALE ** (N - 1)) * SCALE / (1 - SCALE), 1 / SCALE, (2, 3, 10)),
        ),
        "λ = 1/δ + 2, as λ > M/δ; the readout, with ε at the power of ten after (3/(q(q+1)))^(1/2), q = 1/δ, is at most 7.5/δ. "
        "Its smallest weight is ε ~ δ λ^(1-n): the price of n is the range",
        lambda cell, n, tolerance: built(cell, n, tolerance, 1, "fixed"), EXPLODING, few_digits,
    ),
)  # fmt: skip
"""The analog constructions."""

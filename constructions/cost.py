"""What accuracy costs: for each construction the law of its largest weight, where it comes from, and where it is checked.

Inputs lie in [-1, 1]; for [-M, M] divide the input weights by M, multiply the readout by M and take tolerance δM. To add a
construction add a `Row`: its law in n and δ, the bound the law is read off, how weights are built, and a plan of points.

Next to 0 a chain of k tanh obeys

    v(1 + 2k v²/3 + k v⁴/15)^(-1/2) <= tanh(...tanh(v)) <= v(1 + 2k v²/3)^(-1/2),

as 1/v² + 2/3 <= 1/tanh² v <= 1/v² + 2/3 + v²/15: on the right see `elman`; on the left g = v(1 + 2v²/3)^(-1/2) has
g' >= 1 - g², because (1+x)^(-1/2) >= 1 - x/2, so it stays above tanh, which starts with it at 0. So at scale ε the error
1 - tanh(...)/ε lies between 1 - (1 + 2kε²/3)^(-1/2) and kε²/3 (1 + ε²/10). A construction that takes the largest power of
ten ε whose error is at most δ therefore has

    (1-δ) (k/(3δ))^(1/2) <= 1/ε <= 10.5 (k/(3δ))^(1/2)      (10 without the ε²/10, for k = 1, 2):

the left because (1 + 2kε²/3)^(-1/2) >= 1-δ, the right because 10ε misses. Source: this project, theory C1 ... C13.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import sympy
from sympy import Expr, Integer, Rational, Symbol, log, sqrt, tanh

from constructions import ARCHITECTURES, construct, elman, gru, linear, lstm, register, sigmoid
from constructions import tanh as tanh_rnn
from constructions.answer import Construction
from constructions.delay import DELAY_LINES, FIRST_GUESS, CopyConstruction, construct_copy
from constructions.latch import SIGNS
from verifier.copy_task import CopyTask
from verifier.errors import UsageError
from verifier.inequality import Derivation, unfold
from verifier.law import DELTA, SCALE, Law, Leading, N, Plan, Term, phases
from verifier.regime import Regime
from verifier.weights import Weights

ONE = Integer(1)
ROUNDED = Integer(10)
"""A scale rounded to a power of ten is less than ten times too small."""

LOOSE = Rational(21, 2)
"""10 (1 + ε²/10)^(1/2) at the largest ε, 1, is below 10.5."""


@dataclass(frozen=True)
class Row:
    """One construction: what it does, its law, from where, and how weights are built at n and δ (None: not at this n)."""

    theorem: str
    architectures: tuple[str, ...]
    task: str
    law: Law
    derived: str
    build: Callable[[str, int, Fraction], Weights]
    plan: Plan
    serves: Callable[[int, Fraction], bool]


def rows_of(architecture: str | None) -> tuple[Row, ...]:
    """The rows of one architecture, or all. Raises `UsageError` for an architecture that has none."""
    if architecture is None:
        return ROWS
    known = sorted({name for row in ROWS for name in row.architectures})
    if architecture not in known:
        near = difflib.get_close_matches(architecture.lower(), known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"no cost law for {architecture!r} in this version{hint} (known: {', '.join(known)})")
    return tuple(row for row in ROWS if architecture in row.architectures)


def without_law() -> list[str]:
    """The architectures of this version that have no row."""
    return sorted((set(ARCHITECTURES) | set(DELAY_LINES)) - {name for row in ROWS for name in row.architectures})


def grid(lengths: tuple[int, ...], digits: tuple[int, ...]) -> tuple[tuple[int, Fraction], ...]:
    """All (n, 10^-D)."""
    return tuple((n, Fraction(1, 10**d)) for n in lengths for d in digits)


def limit_error(derivation: Derivation, scale: Symbol, **limits: int) -> Expr:
    """A derivation's bound with M = 1, its saturated quantities at their limits, as a function of the scale s."""
    saturated = {symbol: limits[symbol.name] for symbol in derivation.definitions if symbol.name in limits}
    if len(saturated) != len(limits):
        raise ValueError(f"{derivation.theorem} does not define all of {', '.join(limits)}")
    bound = unfold(derivation.bound.subs(saturated), derivation.definitions)
    names = {"M": ONE, "n": N, scale.name: SCALE}
    return bound.subs({symbol: names[symbol.name] for symbol in bound.free_symbols if symbol.name in names})


def built(architecture: str, n: int, tolerance: Fraction, hidden: int, horizon: str = "upto", **rest: object) -> Weights:
    """The weights `construct` proposes in exactly the units that are needed; raises `UsageError` where it has none."""
    accuracy = {} if "exact_recall" in rest or "bits" in rest else {"tolerance": tolerance}
    answer = construct(architecture, n, hidden=hidden, horizon=horizon, **accuracy, **rest)  # type: ignore[arg-type]
    if not isinstance(answer, Construction):
        raise UsageError(f"no {architecture} weights at n = {n}, tolerance {tolerance}")
    return answer.weights


def copied(architecture: str, n: int, tolerance: Fraction, hidden: int) -> Weights:
    """The weights of a delay line for n numbers."""
    answer = construct_copy(CopyTask(architecture, n, Fraction(1), tolerance, hidden))
    if not isinstance(answer, CopyConstruction):
        raise UsageError(f"no {architecture} delay line of {n} numbers in {hidden} units")
    return answer.weights


def _tanh_chain(k: Expr, high: Expr, readout: int = 1) -> Term:
    """The term readout·(k/(3δ))^(1/2) with its factors."""
    return Term(readout * sqrt(k / (3 * DELTA)), 1 - DELTA, high)


def _constant(value: int, units: Expr) -> Law:
    """A largest weight that depends on nothing."""
    return Law((Term(Integer(value), ONE, ONE),), units)


SMALL_ENOUGH = ("δ <= 1/100", Rational(1, 100) - DELTA)
AT_LEAST_TWO = ("n >= 2", N - 2)

HORIZONS = (2, 1000, 10**12)
DIGITS = (2, 20, 101)
LONG = Plan(grid(HORIZONS, DIGITS), (1000, phases(4), phases(44)), (phases(20), 10, 10**12))
"""Points of constructions that serve any horizon in a fixed number of units."""

REGISTER = Plan(grid((1, 8, 512), DIGITS), (32, phases(4), phases(44)), (phases(20), 2, 2000))
"""Points of constructions with n units."""

EXACT = Plan(grid((1, 2, 32), (2, 20)), (32, phases(4), phases(44)), (phases(20), 2, 32))
"""Points of constructions that do not depend on the tolerance."""

EXPLODING = Plan(grid((2, 5, 100), (1, 3, 20)), (5, phases(4), phases(44)), (phases(4), 5, 101))
"""Points of constructions whose readout has n times the digits of δ. As n = 1 mod 4, n times quarter decades are quarters."""

COPIES = Plan(grid((1, 5), (2, 20)), (2, phases(4), phases(24)), (phases(6), 1, 8))
"""Points of delay lines; each of these is sized by bounds certified over the box, so they are few and short."""

MOST_UNITS = 4096
"""Units of a register that is built."""

MOST_STEPS = 64
"""Steps of a register that is exact: its proof is written out step by step."""

MOST_COPIED = 64

MOST_DIGITS = 20_000
"""Digits of λ^n in an exploding construction that is built."""


def _few_digits(n: int, tolerance: Fraction) -> bool:
    return n >= 2 and n * len(str(int(1 / tolerance))) <= MOST_DIGITS


def _always(n: int, tolerance: Fraction) -> bool:
    return n >= 1 and tolerance > 0


def _up_to(most: int) -> Callable[[int, Fraction], bool]:
    return lambda n, tolerance: 1 <= n <= most and tolerance > 0


LSTM_LOG = (log((N + 1) * (1 - DELTA) / DELTA) + log((N - 1 - DELTA) / DELTA)) / tanh(ONE)
"""L >= this: (n+1)e^-K <= δ/(1-δ), (n-1)σ(K - L s) <= δ and s < tanh 1."""

GRU_LOG = log((1 - DELTA) / DELTA) + log((N - 1) * (2 - DELTA) / DELTA)
"""L >= this: e^-K <= δ/(1-δ), (n-1)e^(K-L) <= δ/(2-δ)."""

LEVELS = {b: Fraction(1, 2**b - 1) for b in range(1, 8)}
"""Bits of a grid -> half the spacing of its points."""

STAIRCASES = Plan(
    tuple((1, tolerance) for tolerance in LEVELS.values()), (1, (LEVELS[3], LEVELS[4], LEVELS[5]), (LEVELS[6], LEVELS[7])), None,
    Fraction(2),
)  # fmt: skip
"""The latch has a whole T >= x = ln(4d-1)/2, so from d = 7 on its Γ is at most ((x+1)(2d+1)2d/(2d-1) + 1)/(2dx) < 2 laws."""


def _latch(_: str, n: int, tolerance: Fraction) -> Weights:
    levels = 1 / tolerance
    bits = (levels + 1).numerator.bit_length() - 1
    if levels.denominator != 1 or 2**bits - 1 != levels:
        raise UsageError(f"tolerance {tolerance} is not half the spacing of a grid of 2^b points")
    return built("tanh", n, tolerance, levels.numerator, "forever", domain="grid", bits=bits)


ROWS: tuple[Row, ...] = (
    Row(
        "C6", ("lstm",), "n' <= n",
        Law(
            (_tanh_chain(Integer(2), ROUNDED), Term(LSTM_LOG, ONE, Integer(2))), Integer(2), ONE, (SMALL_ENOUGH, AT_LEAST_TWO),
            Leading(limit_error(lstm.derivation(), lstm.EPSILON, phi=1, eta=0, P=1), 1 / SCALE),
        ),
        "1/ε of two tanh in a row, whatever n; the gates' L >= coth(1) ln((n+1)(1-δ)(n-1-δ)/δ²) takes over at huge n",
        lambda cell, n, tolerance: built(cell, n, tolerance, 2), LONG, _always,
    ),
    Row(
        "C7", tuple(SIGNS), "n' <= n",
        Law(
            (_tanh_chain(Integer(1), ROUNDED), Term(GRU_LOG, ONE, Integer(2))), Integer(2), ONE, (SMALL_ENOUGH, AT_LEAST_TWO),
            Leading(limit_error(gru.derivation(), gru.EPSILON, phi=1, kappa=1), 1 / SCALE),
        ),
        "1/ε of one tanh, whatever n; the gates' L >= ln((1-δ)(2-δ)(n-1)/δ²) takes over at huge n",
        lambda cell, n, tolerance: built(cell, n, tolerance, 2), LONG, _always,
    ),
    Row(
        "C5", ("tanh",), "n' <= n",
        Law(
            (_tanh_chain(N, LOOSE),), Integer(4), ONE, (SMALL_ENOUGH,),
            Leading(limit_error(tanh_rnn.derivation(), elman.EPSILON, ell=0), 1 / SCALE),
        ),
        "1/ε of n tanh in a row",
        lambda cell, n, tolerance: built(cell, n, tolerance, 4), LONG, _always,
    ),
    Row(
        "C5-sigmoid", ("sigmoid",), "n' <= n",
        Law(
            (_tanh_chain(N, LOOSE, 2),), Integer(4), ONE, (SMALL_ENOUGH,),
            Leading(limit_error(sigmoid.derivation(), elman.EPSILON, ell=0, q=0), 2 / SCALE),
        ),
        "2/ε of n tanh in a row, as σ has half the slope",
        lambda cell, n, tolerance: built(cell, n, tolerance, 4), LONG, _always,
    ),
    Row(
        "C4a", ("tanh",), "one n",
        Law(
            (_tanh_chain(N, LOOSE),), N, ONE, (SMALL_ENOUGH,),
            Leading(limit_error(register.derivation("tanh"), elman.EPSILON), 1 / SCALE),
        ),
        "1/ε of n tanh in a row",
        lambda cell, n, tolerance: _register(cell, n, tolerance), REGISTER, _up_to(MOST_UNITS),
    ),
    Row(
        "C4a-sigmoid", ("sigmoid",), "one n",
        Law(
            (_tanh_chain(N, LOOSE, 2),), N, ONE, (SMALL_ENOUGH,),
            Leading(limit_error(register.derivation("sigmoid"), elman.EPSILON), 2 / SCALE),
        ),
        "2/ε of n tanh in a row, as σ has half the slope",
        lambda cell, n, tolerance: _register(cell, n, tolerance), REGISTER, _up_to(MOST_UNITS),
    ),
    Row(
        "C4b", ("tanh",), "one n",
        Law(
            (Term(1 / DELTA, ONE, Rational(15, 2)),), ONE, ONE, (AT_LEAST_TWO, ("δ <= 1/10", Rational(1, 10) - DELTA)),
            Leading((1 - SCALE ** (N - 1)) * SCALE / (1 - SCALE), 1 / SCALE, (2, 3, 10)),
        ),
        "λ = 1/δ + 2, as λ > M/δ; the readout, with ε at the power of ten after (3/(q(q+1)))^(1/2), q = 1/δ, is at most 7.5/δ. "
        "Its smallest weight is ε ~ δ λ^(1-n): the price of n is the range",
        lambda cell, n, tolerance: built(cell, n, tolerance, 1, "fixed"), EXPLODING, _few_digits,
    ),
    Row(
        "C1", ("linear",), "one n, exact", _constant(1, N), "a shift register: all weights are 1",
        lambda cell, n, _: built(cell, n, Fraction(0), n, "fixed", exact_recall=True), EXACT, _up_to(MOST_STEPS),
    ),
    Row(
        "C2", ("linear",), "one n",
        Law(
            (Term(1 / DELTA, ONE, 1 + 2 * DELTA),), ONE, ONE, (AT_LEAST_TWO,),
            Leading(
                linear.exploding().bound.subs({linear.LAMBDA: 1 / SCALE, linear.M: 1}), 1 / SCALE, (2, 3, 10),
            ),
        ),
        "1/λ <= sum of λ^-k, k < n, < 1/(λ-1), and λ is the least whole number with that at most δ. Its smallest weight is "
        "the readout λ^(1-n): the price of n is the range",
        lambda cell, n, tolerance: built(cell, n, tolerance, 1, "fixed"), EXPLODING, _few_digits,
    ),
    Row(
        "C3", ("relu",), "forever, exact", _constant(2, Integer(3)), "weights 1 and 2M",
        lambda cell, n, _: built(cell, n, Fraction(0), 3, exact_recall=True), EXACT, _always,
    ),
    Row(
        "C12", ("relu",), "one n, exact, ℝ",
        Law((Term(Integer(2), ONE, ONE),), N + 2, ONE, (AT_LEAST_TWO,)), "weights 1 and 2",
        lambda cell, n, _: built(cell, n, Fraction(0), n + 2, "fixed", domain="reals", exact_recall=True),
        Plan(grid((2, 3, 16), (2, 20)), (16, phases(4), phases(44)), (phases(20), 2, 16)), lambda n, _: 2 <= n <= MOST_STEPS,
    ),
    Row(
        "C11", ("bilinear",), "forever, exact, ℝ", _constant(1, Integer(2)), "all weights are ±1",
        lambda cell, n, _: built(cell, n, Fraction(0), 2, exact_recall=True), EXACT, _always,
    ),
    Row(
        "C13", ("stacked",), "forever, exact", _constant(5, ONE), "weights up to 5M; one unit per layer",
        lambda cell, n, _: built(cell, n, Fraction(0), 1, exact_recall=True), EXACT, _always,
    ),
    Row(
        "C10", ("linear",), "copy n, exact", _constant(1, N), "a shift register: all weights are 1",
        lambda cell, n, tolerance: copied(cell, n, tolerance, n), COPIES, _up_to(MOST_COPIED),
    ),
    Row(
        "C10", ("relu",), "copy n, exact", _constant(1, N), "a shift register: weights 1 and M",
        lambda cell, n, tolerance: copied(cell, n, tolerance, n), COPIES, _up_to(MOST_COPIED),
    ),
    Row(
        "C10", ("tanh", *SIGNS), "copy n",
        Law((Term(sqrt(N / DELTA), ONE, ROUNDED),), N, ONE, (SMALL_ENOUGH,), Leading(N * SCALE**2, 1 / SCALE)),
        "1/ε of n slopes, each within ε² of 1 (mean value form)",
        lambda cell, n, tolerance: copied(cell, n, tolerance, n), COPIES, _up_to(MOST_COPIED),
    ),
    Row(
        "C10", ("lstm",), "copy n",
        Law(
            (Term(FIRST_GUESS * N / DELTA, ONE, ROUNDED),), sympy.ceiling(N / 2), ONE, (SMALL_ENOUGH,),
            Leading(FIRST_GUESS * N * SCALE, 1 / SCALE),
        ),
        f"1/ε: the error is O(nε), and the constant {FIRST_GUESS} is the sizing's own, which the certified bound confirms",
        lambda cell, n, tolerance: copied(cell, n, tolerance, (n + 1) // 2), COPIES, _up_to(MOST_COPIED),
    ),
)  # fmt: skip
"""Every construction of this version."""


def _register(cell: str, n: int, tolerance: Fraction) -> Weights:
    return register.construct_register(Regime(cell, n, Fraction(1), tolerance, "fixed", hidden=n)).weights

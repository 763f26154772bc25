"""What accuracy costs: laws for the largest weight, checked against weights that were built.

A law is a set of terms in n (horizon), δ (tolerance) and nothing else, inputs in [-1, 1]:

    low_i · term_i <= largest |weight| for every i,      largest |weight| <= max_i high_i · term_i.

Its first term is c n^a δ^-b times a factor `beside` that is no such power, as ln(1/δ) or e^n; a and b are the exponents. Three
independent checks:

*leading*    the first term follows from the theorem's own bound: with error ~ p s^i and weight ~ q s^-j as the scale s -> 0,
             error = δ gives weight ~ q (p/δ)^(j/i);
*points*     both inequalities, and the number of units, decided for weights built at explicit (n, δ);
*exponents*  the powers of n and of 1/δ measured on such weights. Scales are rounded to powers of ten, so logarithms are
             averaged over `PHASES` tolerances per rounding period before slopes are taken.

A law is derived as its text says; what is checked here is checked at those points, not for all n and δ.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import sympy
from flint import arb
from sympy import Expr, Symbol

from verifier.arithmetic.balls import ZERO, Balls, to_ball
from verifier.arithmetic.symbols import evaluate, evaluate_exactly
from verifier.gates import live_units
from verifier.verdict import Verdict, all_of, check_at_most
from verifier.weights import Weights

N = Symbol("n", integer=True, positive=True)
DELTA = Symbol("delta", positive=True)
SCALE = Symbol("s", positive=True)
INVERSE = Symbol("m", positive=True)
"""1/δ."""

UNITY: Expr = sympy.Integer(1)

PHASES = 8
"""Tolerances over which a logarithm is averaged; they divide `PERIOD` equally."""

PERIOD = 2
"""Decades of δ after which the rounding of a scale ~ δ^(1/2), δ or δ^2 to a power of ten repeats."""

SPREAD = Fraction(9, 5)
"""10^(2/PHASES) = 1.78: each mean over a period of rounding up to powers of ten is one phase's share off at most."""

Tolerances = tuple[Fraction, ...]

GUARD_BITS = 64
"""Bits beyond those of the weight and of 1/δ with which a comparison is decided."""

SERIES_ORDER = 6
"""Powers of the scale up to which a leading term is looked for."""


@dataclass(frozen=True)
class Term:
    """low·value <= largest weight; the largest weight is at most the greatest high·value of all terms."""

    value: Expr
    low: Expr
    high: Expr


@dataclass(frozen=True)
class Leading:
    """A theorem's error and largest weight as functions of the scale s -> 0 (and n, or at each of `horizons`)."""

    error: Expr
    weight: Expr
    horizons: tuple[int, ...] = ()


@dataclass(frozen=True)
class Law:
    """The largest weight and the units of a construction as functions of n and δ; `requires` are expressions >= 0.

    Raises `ValueError` if the first term divided by `beside` is not c n^a δ^-b with rational a, b.
    """

    terms: tuple[Term, ...]
    units: Expr
    beside: Expr = UNITY
    requires: tuple[tuple[str, Expr], ...] = ()
    leading: Leading | None = None

    def __post_init__(self) -> None:
        _ = self.exponents

    @property
    def exponents(self) -> tuple[Fraction, Fraction]:
        """(a, b) of the first term c n^a δ^-b."""
        power = self.terms[0].value / self.beside
        found = []
        for symbol, sign in ((N, 1), (DELTA, -1)):
            exponent = sympy.simplify(sign * symbol * sympy.diff(power, symbol) / power)
            if not exponent.is_Rational:
                raise ValueError(f"{power} is not a power of n times a power of δ")
            found.append(Fraction(int(exponent.p), int(exponent.q)))
        return found[0], found[1]

    def holds_at(self, n: int, tolerance: Fraction) -> bool:
        """Whether the law says anything at this n and δ; the conditions are rational, so this is decided."""
        values = {N: Fraction(n), DELTA: tolerance}
        sides = [evaluate_exactly(condition, values) for _, condition in self.requires]
        return all(side is not None and side >= 0 for side in sides)


@dataclass(frozen=True)
class Sample:
    """Weights built at n and δ: how many units they use and the largest modulus among them."""

    n: int
    tolerance: Fraction
    units: int
    largest: Fraction


@dataclass(frozen=True)
class Plan:
    """Where a law is checked: at `points` (n, δ), and two groups of points for each power that is measured.

    `over_tolerance` is (n, coarse, fine), `over_horizon` is (tolerances, n, n') or None where nothing depends on n. Rounding
    moves the mean of a group by less than the factor `spread` against the other's.
    """

    points: tuple[tuple[int, Fraction], ...]
    over_tolerance: tuple[int, Tolerances, Tolerances]
    over_horizon: tuple[Tolerances, int, int] | None
    spread: Fraction = SPREAD


@dataclass(frozen=True)
class Fit:
    """A power measured between two groups of samples, the law's, and by how much rounding may move it."""

    measured: arb
    claimed: Fraction
    resolution: arb
    verdict: Verdict


@dataclass(frozen=True)
class Survey:
    """What checking a law found: each sample with its verdict, the leading term, the measured powers of 1/δ and of n."""

    samples: tuple[tuple[Sample, Verdict], ...]
    leading: Verdict | None
    tolerance: Fit
    horizon: Fit | None

    @property
    def verdict(self) -> Verdict:
        """PROVED if everything that was to be checked holds: the law at every sample, the leading term, the powers."""
        fits = [fit.verdict for fit in (self.tolerance, self.horizon) if fit is not None]
        leading = [] if self.leading is None else [self.leading]
        return all_of([verdict for _, verdict in self.samples] + leading + fits)


Build = Callable[[int, Fraction], Weights]
"""The weights proposed at n and δ."""


def survey(law: Law, plan: Plan, build: Build) -> Survey:
    """Check a law on weights built where the plan says."""
    points = [sample_of(build(n, tolerance), n, tolerance) for n, tolerance in plan.points]

    def group(n: int, tolerances: Tolerances) -> list[Sample]:
        return [sample_of(build(n, tolerance), n, tolerance) for tolerance in tolerances]

    n, coarse, fine = plan.over_tolerance
    low, high = group(n, coarse), group(n, fine)
    samples, horizon = [*points, *low, *high], None
    if plan.over_horizon is not None:
        tolerances, short, long = plan.over_horizon
        near, far = group(short, tolerances), group(long, tolerances)
        samples += [*near, *far]
        horizon = fit_horizon(law, near, far, plan.spread)
    leading = None if law.leading is None else check_leading(law)
    checked = tuple((sample, check_sample(law, sample)) for sample in samples)
    return Survey(checked, leading, fit_tolerance(law, low, high, plan.spread), horizon)


def sample_of(weights: Weights, n: int, tolerance: Fraction) -> Sample:
    """What the law speaks of, counted on the weights themselves."""
    return Sample(n, tolerance, len(live_units(weights)), weights.largest)


def check_leading(law: Law) -> Verdict:
    """Whether the first term is what the bound gives to leading order; UNDECIDED where the law states no bound."""
    if law.leading is None:
        return Verdict.UNDECIDED
    places = law.leading.horizons or (N,)
    return all_of(_check_leading_at(law, law.leading, n) for n in places)


def _check_leading_at(law: Law, leading: Leading, n: int | Symbol) -> Verdict:
    error, power = leading_term(leading.error.subs(N, n))
    weight, growth = leading_term(leading.weight.subs(N, n))
    if not (power > 0 and growth < 0):
        return Verdict.REFUTED
    wanted = weight * (error / DELTA) ** (-growth / power)
    ratio = sympy.simplify(wanted / law.terms[0].value.subs(N, n))
    return Verdict.PROVED if ratio == 1 else Verdict.REFUTED


def leading_term(expression: Expr) -> tuple[Expr, Expr]:
    """(c, k) with expression ~ c s^k as s -> 0.

    >>> leading_term(1 - sympy.tanh(SCALE) / SCALE)
    (1/3, 2)
    """
    if not expression.is_polynomial(SCALE):
        expression = sympy.series(expression, SCALE, 0, SERIES_ORDER).removeO()
    coefficient, power = sympy.expand(expression).leadterm(SCALE)
    return sympy.simplify(coefficient), power


def check_sample(law: Law, sample: Sample) -> Verdict:
    """Both inequalities and the number of units; UNDECIDED where the law says nothing."""
    if not law.holds_at(sample.n, sample.tolerance):
        return Verdict.UNDECIDED
    with Balls(_bits(sample)).working():
        below = [_at_most(term.low * term.value, sample, 1) for term in law.terms]
        above = [_at_most(term.high * term.value, sample, -1) for term in law.terms]
    counted = Verdict.PROVED if units_at(law, sample.n, sample.tolerance) == sample.units else Verdict.REFUTED
    return all_of((counted, *below, _any_of(above)))


def units_at(law: Law, n: int, tolerance: Fraction) -> int:
    """The number of units at n and δ."""
    return int(law.units.subs({N: n, DELTA: sympy.Rational(tolerance.numerator, tolerance.denominator)}))


def _at_most(expression: Expr, sample: Sample, side: int) -> Verdict:
    """expression <= weight (side 1) or expression >= weight (side -1): in rationals where they suffice, else in balls."""
    exact = evaluate_exactly(expression, {N: Fraction(sample.n), DELTA: sample.tolerance})
    if exact is not None:
        return Verdict.PROVED if side * exact <= side * sample.largest else Verdict.REFUTED
    return check_at_most(side * _value(expression, sample.n, sample.tolerance), side * to_ball(sample.largest))


def _value(expression: Expr, n: int, tolerance: Fraction) -> arb:
    """An expression in n and δ as a ball. 1/δ is put in for δ: where it is whole, powers of it stay exact."""
    return evaluate(expression.subs(DELTA, 1 / INVERSE), {N: Fraction(n), INVERSE: 1 / tolerance})


def _any_of(verdicts: Sequence[Verdict]) -> Verdict:
    if Verdict.PROVED in verdicts:
        return Verdict.PROVED
    return Verdict.UNDECIDED if Verdict.UNDECIDED in verdicts else Verdict.REFUTED


def law_value(law: Law, n: int, tolerance: Fraction) -> arb:
    """The greatest term at n and δ, at the current precision."""
    best = ZERO
    for term in law.terms:
        best = best.max(_value(term.value, n, tolerance))
    return best


def phases(digits: int, period: int = PERIOD) -> Tolerances:
    """`PHASES` tolerances 1/m next to 10^-(digits + period·j/PHASES), j = 0, 1, ..."""
    powers = (10 ** (digits * PHASES + period * j) for j in range(PHASES))
    return tuple(Fraction(1, int(sympy.integer_nthroot(power, PHASES)[0])) for power in powers)


def fit_tolerance(law: Law, coarse: Sequence[Sample], fine: Sequence[Sample], spread: Fraction = SPREAD) -> Fit:
    """The power of 1/δ between two groups of samples at one n."""
    return _fit(law, (coarse, fine), law.exponents[1], lambda sample: 1 / sample.tolerance, spread)


def fit_horizon(law: Law, short: Sequence[Sample], long: Sequence[Sample], spread: Fraction = SPREAD) -> Fit:
    """The power of n between two groups of samples at the same tolerances."""
    return _fit(law, (short, long), law.exponents[0], lambda sample: Fraction(sample.n), spread)


def _fit(
    law: Law,
    groups: tuple[Sequence[Sample], Sequence[Sample]],
    claimed: Fraction,
    along: Callable[[Sample], Fraction],
    spread: Fraction,
) -> Fit:
    """The slope of the mean of ln(weight/beside) along an axis; the factor `spread` may move it by ln(spread)/distance."""
    with Balls(max(_bits(sample) for group in groups for sample in group)).working():
        first, last = (_mean([to_ball(along(sample)).log() for sample in group]) for group in groups)
        low, high = (_mean([_log_weight(law, sample) for sample in group]) for group in groups)
        distance = last - first
        measured, resolution = (high - low) / distance, to_ball(spread).log() / abs(distance)
        verdict = check_at_most(abs(measured - to_ball(claimed)), resolution)
    return Fit(measured, claimed, resolution, verdict)


def _log_weight(law: Law, sample: Sample) -> arb:
    return (to_ball(sample.largest) / _value(law.beside, sample.n, sample.tolerance)).log()


def _mean(values: Sequence[arb]) -> arb:
    return sum(values, ZERO) / len(values)


def _bits(sample: Sample) -> int:
    size = sample.largest + 1 / sample.tolerance
    return (size.numerator // size.denominator).bit_length() + sample.n.bit_length() + GUARD_BITS

"""Cost laws: right ones are confirmed, wrong constants, powers, units and leading terms are refuted."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest
import sympy
from sympy import Integer, Rational, log, sqrt, tanh

from verifier.arithmetic.balls import Balls, to_ball
from verifier.law import (
    DELTA,
    PHASES,
    SCALE,
    SPREAD,
    Law,
    Leading,
    N,
    Plan,
    Sample,
    Term,
    check_leading,
    check_sample,
    fit_horizon,
    fit_tolerance,
    law_value,
    leading_term,
    phases,
    sample_of,
    survey,
    units_at,
)
from verifier.verdict import Verdict
from verifier.weights import Weights

P, R, U = Verdict.PROVED, Verdict.REFUTED, Verdict.UNDECIDED
ONE = Integer(1)

ROOT = Law(
    (Term(sqrt(N / (3 * DELTA)), 1 - DELTA, Integer(10)),),
    Integer(2),
    requires=(("δ <= 1/100", Rational(1, 100) - DELTA),),
    leading=Leading(N * (1 - tanh(SCALE) / SCALE), 1 / SCALE),
)


def rounded_up(n: int, tolerance: Fraction) -> Fraction:
    """The least power of ten at or above √(n/(3δ)), by whole numbers."""
    power = Fraction(1)
    while power * power < Fraction(n) / (3 * tolerance):
        power *= 10
    return power


def samples(n: int, tolerances: tuple[Fraction, ...], built: Callable[[int, Fraction], Fraction] = rounded_up) -> list[Sample]:
    return [Sample(n, tolerance, 2, built(n, tolerance)) for tolerance in tolerances]


def other(law: Law, factor: sympy.Expr) -> Law:
    """The law with its first term multiplied."""
    first = law.terms[0]
    return replace(law, terms=(Term(first.value * factor, first.low, first.high), *law.terms[1:]))


def test_exponents_are_read_off_the_first_term() -> None:
    assert ROOT.exponents == (Fraction(1, 2), Fraction(1, 2))
    logarithmic = Law((Term(log(4 / DELTA - 1) / DELTA, ONE, ONE),), ONE, log(4 / DELTA - 1))
    assert logarithmic.exponents == (0, 1)


@pytest.mark.parametrize("value", [log(1 / DELTA), N + 1 / DELTA, 2**N, 1 / DELTA - 1, sympy.exp(N)])
def test_what_is_no_power_is_refused(value: sympy.Expr) -> None:
    with pytest.raises(ValueError, match="is not a power"):
        Law((Term(value, ONE, ONE),), ONE)


@pytest.mark.parametrize(
    ("expression", "coefficient", "power"),
    [
        (1 - tanh(SCALE) / SCALE, Rational(1, 3), 2),
        (1 - tanh(tanh(SCALE)) / SCALE, Rational(2, 3), 2),
        (1 - (1 + N * SCALE**2 * (Rational(2, 3) + SCALE**2 / 15)) ** Rational(-1, 2), N / 3, 2),
        (1 / SCALE, 1, -1),
        (SCALE * (1 - SCALE**3) / (1 - SCALE), 1, 1),
    ],
)
def test_leading_terms(expression: sympy.Expr, coefficient: sympy.Expr, power: int) -> None:
    found, exponent = leading_term(expression)
    assert sympy.simplify(found - coefficient) == 0
    assert exponent == power


def test_the_leading_term_decides_constant_and_powers() -> None:
    assert check_leading(ROOT) is P
    for factor in (Integer(2), sqrt(2), N ** Rational(1, 8), DELTA ** Rational(1, 8), 1 / sqrt(N), 1 / sqrt(DELTA)):
        assert check_leading(other(ROOT, factor)) is R
    assert check_leading(replace(ROOT, leading=Leading(N * (1 - tanh(tanh(SCALE)) / SCALE), 1 / SCALE))) is R
    assert check_leading(replace(ROOT, leading=Leading(1 - tanh(SCALE) / SCALE, 1 / SCALE))) is R
    assert check_leading(replace(ROOT, leading=Leading(N * (1 - tanh(SCALE) / SCALE), SCALE))) is R
    assert check_leading(replace(ROOT, leading=None)) is U


def test_both_inequalities_hold_with_equality_and_fail_next_to_it() -> None:
    exact = Law((Term(7 * N / DELTA, ONE, Integer(3)),), Integer(2))
    tolerance, law = Fraction(1, 1000), 7000 * 5
    for largest, expected in ((law, P), (3 * law, P), (law - Fraction(1, 10**9), R), (3 * law + Fraction(1, 10**9), R)):
        assert check_sample(exact, Sample(5, tolerance, 2, Fraction(largest))) is expected
    square = Law((Term(sqrt(N / DELTA), ONE, ONE),), Integer(2))  # exact roots of exact squares
    assert check_sample(square, Sample(1, Fraction(1, 10**60), 2, Fraction(10**30))) is P
    assert check_sample(square, Sample(1, Fraction(1, 10**60), 2, Fraction(10**30 + 1))) is R


def test_every_term_is_a_lower_bound_and_one_must_be_an_upper_bound() -> None:
    law = Law((Term(1 / DELTA, ONE, Integer(2)), Term(100 * log(N), ONE, Integer(2))), Integer(2))
    assert check_sample(law, Sample(1000, Fraction(1, 10), 2, Fraction(700))) is P
    assert check_sample(law, Sample(1000, Fraction(1, 10), 2, Fraction(600))) is R
    assert check_sample(law, Sample(1000, Fraction(1, 10), 2, Fraction(1400))) is R
    assert check_sample(law, Sample(1, Fraction(1, 10), 2, Fraction(15))) is P


def test_wrong_units_are_refuted_and_outside_its_conditions_a_law_says_nothing() -> None:
    good = Sample(5, Fraction(1, 10**6), 2, rounded_up(5, Fraction(1, 10**6)))
    assert check_sample(ROOT, good) is P
    assert check_sample(ROOT, replace(good, units=3)) is R
    assert check_sample(ROOT, replace(good, tolerance=Fraction(1, 10))) is U
    assert units_at(replace(ROOT, units=sympy.ceiling(N / 2)), 5, Fraction(1, 10)) == 3


@pytest.mark.parametrize("digits", [2, 10, 40])
@pytest.mark.parametrize("n", [1, 2, 1000, 10**9])
def test_the_law_of_rounded_scales(n: int, digits: int) -> None:
    for sample in samples(n, phases(digits)):
        assert check_sample(ROOT, sample) is P
    assert R in [check_sample(other(ROOT, Integer(10)), sample) for sample in samples(n, phases(digits))]
    assert R in [check_sample(other(ROOT, Rational(1, 10)), sample) for sample in samples(n, phases(digits))]


def test_phases_divide_a_period() -> None:
    found = phases(4)
    assert len(found) == PHASES
    assert found[0] == Fraction(1, 10**4)
    assert all(tolerance.numerator == 1 for tolerance in found)
    for a, b in itertools.pairwise(found):
        assert Fraction(177, 100) < a / b < Fraction(179, 100)  # 10^(1/4)


def test_the_spread_is_what_rounding_explains() -> None:
    assert Fraction(10) ** 2 < SPREAD**PHASES


@pytest.mark.parametrize("off", [Fraction(1, 8), Fraction(-1, 8), Fraction(1, 2), Fraction(-1, 2), Fraction(1)])
def test_measured_powers_agree_with_the_law_and_with_no_other(off: Fraction) -> None:
    power = Rational(off.numerator, off.denominator)
    coarse, fine = samples(1000, phases(4)), samples(1000, phases(44))
    near, far = samples(10, phases(20)), samples(10**12, phases(20))
    assert fit_tolerance(ROOT, coarse, fine).verdict is P
    assert fit_horizon(ROOT, near, far).verdict is P
    assert fit_tolerance(other(ROOT, DELTA**power), coarse, fine).verdict is R
    assert fit_horizon(other(ROOT, N**power), near, far).verdict is R


def test_the_factor_beside_is_taken_out_before_a_power_is_measured() -> None:
    law = Law((Term(log(1 / DELTA) / DELTA, ONE, Integer(2)),), Integer(2), log(1 / DELTA))

    def built(_: int, tolerance: Fraction) -> Fraction:
        with Balls(200).working():
            mantissa, exponent = (to_ball(1 / tolerance).log() / to_ball(tolerance)).mid().floor().man_exp()
        return Fraction(int(mantissa)) * Fraction(2) ** int(exponent) + 1

    coarse, fine = samples(1, phases(4), built), samples(1, phases(24), built)
    fit = fit_tolerance(law, coarse, fine)
    assert fit.verdict is P
    assert abs(fit.measured - 1) < to_ball(Fraction(1, 10**4))
    assert fit_tolerance(replace(law, beside=ONE, terms=(Term(1 / DELTA, ONE, ONE),)), coarse, fine).verdict is R


def weights(n: int, tolerance: Fraction, units: int = 2) -> Weights:
    size = rounded_up(n, tolerance)
    return Weights("tanh", 5, {"V": {(0,): size}, "U_h": {(k,): 1 / size for k in range(units)}})


PLAN = Plan(((1, Fraction(1, 100)), (1000, Fraction(1, 10**30))), (10, phases(4), phases(24)), (phases(6), 10, 10**6))


def test_a_survey_counts_on_the_weights_themselves() -> None:
    found = survey(ROOT, PLAN, weights)
    assert found.verdict is P
    assert len(found.samples) == 2 + 4 * PHASES
    assert found.leading is P
    assert sample_of(weights(10, Fraction(1, 100)), 10, Fraction(1, 100)) == Sample(10, Fraction(1, 100), 2, Fraction(100))
    assert survey(ROOT, PLAN, lambda n, d: weights(n, d, 3)).verdict is R
    assert survey(ROOT, PLAN, lambda n, d: weights(n, d / 1000)).verdict is R
    assert survey(ROOT, PLAN, lambda n, _: weights(n, Fraction(1, 10**30))).verdict is R
    assert survey(replace(ROOT, leading=Leading(SCALE, 1 / SCALE)), PLAN, weights).verdict is R


def test_one_bad_point_is_enough() -> None:
    def spoilt(n: int, tolerance: Fraction) -> Weights:
        return weights(n, tolerance * (Fraction(1, 10**4) if (n, tolerance) == PLAN.points[1] else 1))

    found = survey(ROOT, PLAN, spoilt)
    assert found.verdict is R
    assert [sample.n for sample, verdict in found.samples if verdict is R] == [1000]


def test_a_point_outside_the_conditions_is_never_success() -> None:
    plan = replace(PLAN, points=(*PLAN.points, (1, Fraction(1, 10))))
    assert survey(ROOT, plan, weights).verdict is U


def test_the_value_of_a_law_is_its_greatest_term() -> None:
    law = Law((Term(1 / DELTA, ONE, ONE), Term(100 * N, ONE, ONE)), ONE)
    with Balls(100).working():
        assert law_value(law, 1, Fraction(1, 1000)) == 1000
        assert law_value(law, 50, Fraction(1, 1000)) == 5000

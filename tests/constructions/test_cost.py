"""What accuracy costs: every law holds for the weights that are built, no false one does, and the weights do their task."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from fractions import Fraction
from functools import cache

import mpmath
import pytest
import sympy
from sympy import Integer, Rational

from constructions import ARCHITECTURES, Construction, construct, thermometer
from constructions.cost import ROWS, Row, rows_of, without_law
from constructions.delay import DELAY_LINES
from constructions.paths import least_error as least_of_paths
from verifier import Verdict, certify_weights
from verifier.copy_task import CopyTask
from verifier.copying import certify_copy
from verifier.errors import UsageError
from verifier.law import (
    DELTA,
    Law,
    N,
    Sample,
    Survey,
    Term,
    check_leading,
    check_sample,
    fit_horizon,
    fit_tolerance,
    sample_of,
    survey,
)
from verifier.regime import Regime

P, R = Verdict.PROVED, Verdict.REFUTED

PAIRS = [(row, name) for row in ROWS for name in row.architectures]
FIRST = [(row, row.architectures[0]) for row in ROWS]
SIZED = [(row, name) for row, name in FIRST if row.law.exponents[1]]
"""Rows whose weights depend on the tolerance."""


def is_a_number(law: Law) -> bool:
    return len(law.terms) == 1 and law.terms[0].value.is_Integer


def ids(pairs: list[tuple[Row, str]]) -> list[str]:
    return [f"{row.theorem}-{name}-{row.task.partition(',')[0].replace(' ', '')}" for row, name in pairs]


@cache
def surveyed(row: int, name: str) -> Survey:
    return survey(ROWS[row].law, ROWS[row].plan, lambda n, tolerance: ROWS[row].build(name, n, tolerance))


def of(row: Row, name: str) -> Survey:
    return surveyed(ROWS.index(row), name)


def other(law: Law, factor: sympy.Expr) -> Law:
    first = law.terms[0]
    beside = law.beside * factor if factor.is_Pow and factor.exp == N else law.beside
    return replace(law, terms=(Term(first.value * factor, first.low, first.high), *law.terms[1:]), beside=beside)


@pytest.mark.parametrize(("row", "name"), PAIRS, ids=ids(PAIRS))
def test_every_law_holds_for_the_weights_that_are_built(row: Row, name: str) -> None:
    found = of(row, name)
    assert [sample for sample, verdict in found.samples if verdict is not P] == []
    assert found.leading in (P, None)
    assert found.tolerance.verdict is P
    assert found.horizon is None or found.horizon.verdict is P
    assert found.verdict is P


@pytest.mark.parametrize(("row", "name"), SIZED, ids=ids(SIZED))
@pytest.mark.parametrize(
    "factor",
    [
        sympy.sqrt(DELTA), 1 / sympy.sqrt(DELTA), DELTA, 1 / DELTA, N, 1 / N, Integer(20), Rational(1, 20),
    ],
    ids=str,
)  # fmt: skip
def test_no_other_power_or_constant_fits(row: Row, name: str, factor: sympy.Expr) -> None:
    if row.theorem.startswith(("C8", "C9")):  # built at n = 1 alone, because nothing depends on n
        factor = factor.subs(N, 1 / DELTA)
    false = other(row.law, factor)
    assert R in [check_sample(false, sample) for sample, _ in of(row, name).samples]


@pytest.mark.parametrize(("row", "name"), SIZED, ids=ids(SIZED))
@pytest.mark.parametrize("off", [Rational(1, 2), Rational(-1, 2), Integer(1)], ids=str)
def test_wrong_powers_are_refuted_by_what_is_measured(row: Row, name: str, off: sympy.Expr) -> None:
    samples = [sample for sample, _ in of(row, name).samples]
    points, plan = len(row.plan.points), row.plan
    _, coarse, fine = plan.over_tolerance
    first, second = samples[points : points + len(coarse)], samples[points + len(coarse) : points + len(coarse) + len(fine)]
    assert fit_tolerance(row.law, first, second, plan.spread).verdict is P
    assert fit_tolerance(other(row.law, DELTA**off), first, second, plan.spread).verdict is R
    if plan.over_horizon is not None:
        rest = samples[points + len(coarse) + len(fine) :]
        short, long = rest[: len(rest) // 2], rest[len(rest) // 2 :]
        assert fit_horizon(row.law, short, long, plan.spread).verdict is P
        assert fit_horizon(other(row.law, N**off), short, long, plan.spread).verdict is R


EXACTLY = [(row, name) for row, name in FIRST if not row.law.exponents[1]]
"""Rows whose weights do not depend on the tolerance."""


@pytest.mark.parametrize(("row", "name"), EXACTLY, ids=ids(EXACTLY))
@pytest.mark.parametrize(
    "factor", [DELTA, 1 / DELTA, N**3, N**-3, Rational(3, 2) ** N, Rational(2, 3) ** N, Integer(20), Rational(1, 20)], ids=str
)
def test_no_other_growth_fits_where_the_tolerance_does_not_matter(row: Row, name: str, factor: sympy.Expr) -> None:
    false = other(row.law, factor)
    assert R in [check_sample(false, sample) for sample, _ in of(row, name).samples]


EXPONENTIAL = [(row, name) for row, name in EXACTLY if row.law.beside.has(sympy.exp, 4**N, (2 * sympy.E) ** N)]


@pytest.mark.parametrize(("row", "name"), EXPONENTIAL, ids=ids(EXPONENTIAL))
@pytest.mark.parametrize("off", [sympy.sqrt(N), 1 / sympy.sqrt(N), Rational(11, 10) ** N, Rational(10, 11) ** N], ids=str)
def test_wrong_growth_is_refuted_by_what_is_measured(row: Row, name: str, off: sympy.Expr) -> None:
    samples = [sample for sample, _ in of(row, name).samples]
    short, long = samples[-2:-1], samples[-1:]
    assert fit_horizon(row.law, short, long, row.plan.spread).verdict is P
    assert fit_horizon(other(row.law, off), short, long, row.plan.spread).verdict is R


def test_every_exponential_law_was_tried() -> None:
    assert {row.theorem for row, _ in EXPONENTIAL} == {"C14", "C14-min", "C14-selective", "C15-min", "C15-selective"}


@pytest.mark.parametrize("row", [row for row, _ in SIZED if row.law.leading is not None], ids=lambda row: row.theorem)
@pytest.mark.parametrize("factor", [sympy.sqrt(2), DELTA ** Rational(1, 8), N ** Rational(1, 8)], ids=str)
def test_the_leading_term_refutes_other_laws(row: Row, factor: sympy.Expr) -> None:
    assert check_leading(row.law) is P
    assert check_leading(other(row.law, factor)) is R


@pytest.mark.parametrize(("row", "name"), [(row, name) for row, name in PAIRS if is_a_number(row.law)])
def test_exact_constructions_cost_what_they_say_to_the_last_digit(row: Row, name: str) -> None:
    for sample, _ in of(row, name).samples:
        assert sample.largest == int(row.law.terms[0].value)


@pytest.mark.parametrize("k", [1, 2, 5, 40])
def test_a_chain_of_tanh_lies_between_its_two_closed_forms(k: int) -> None:
    mp = mpmath.MPContext()
    mp.dps = 60
    for exponent in range(-40, 9):
        v = mp.mpf(10) ** (mp.mpf(exponent) / 8)
        value = v
        for _ in range(k):
            value = mp.tanh(value)
        low = v / mp.sqrt(1 + 2 * k * v**2 / 3 + k * v**4 / 15)
        high = v / mp.sqrt(1 + 2 * k * v**2 / 3)
        assert low < value < high
        assert value > v / mp.sqrt(1 + mp.mpf("0.6667") * k * v**2 + k * v**4 / 15)
        if v < mp.mpf("0.01"):
            assert value > v / mp.sqrt(1 + mp.mpf("0.667") * k * v**2), "the upper form is sharp next to 0"
            assert value < v / mp.sqrt(1 + mp.mpf("0.666") * k * v**2)


RANDOM_POINTS = 12


@pytest.mark.parametrize("theorem", ["C5", "C5-sigmoid", "C6", "C7"])
def test_the_factors_hold_at_random_tolerances_too(theorem: str) -> None:
    (row,) = (row for row in ROWS if row.theorem == theorem)
    generator = random.Random(theorem)
    for _ in range(RANDOM_POINTS):
        tolerance = Fraction(generator.randint(1, 10**6), 10 ** generator.randint(8, 40))
        n = generator.randint(2, 10 ** generator.randint(1, 9))
        sample = sample_of(row.build(row.architectures[0], n, tolerance), n, tolerance)
        if theorem in ("C6", "C7"):  # the factor 2 of the gates' term is for tolerances 10^-D; here the scale alone
            law = replace(row.law, terms=row.law.terms[:1])
        else:
            law = row.law
        assert check_sample(law, sample) is P, (n, tolerance)


def regime(row: Row, name: str, n: int, tolerance: Fraction, hidden: int) -> Regime:
    """The question that a row's weights answer."""
    horizon = "forever" if "forever" in row.task else "fixed" if "one n" in row.task else "upto"
    domain, bits = "reals" if "ℝ" in row.task else "box", None
    if "levels" in row.task:
        domain, bits = "grid", (int(1 / tolerance) + 1).bit_length() - 1
    accuracy = Fraction(0) if "exact" in row.task else tolerance
    if "T4's bound" in row.task:
        accuracy = 1 - Fraction(999, 1000 * 2 ** (n - 1))
    elif "T5's bound" in row.task:
        accuracy = least_of_paths(n)
    return Regime(name, n, Fraction(1), accuracy, horizon, domain, bits, hidden)


@pytest.mark.parametrize(("row", "name"), PAIRS, ids=ids(PAIRS))
def test_what_is_priced_does_its_task(row: Row, name: str) -> None:
    points = [point for point in row.plan.points if point[0] <= 8 and point[1] > Fraction(1, 10**21)][:2]
    assert points
    for n, tolerance in points:
        weights = row.build(name, n, tolerance)
        if "copy" in row.task:
            verdict = certify_copy(weights, CopyTask(name, n, Fraction(1), tolerance, weights.hidden)).verdict
        else:
            verdict = certify_weights(weights, regime(row, name, max(n, 2 if "forever" in row.task else 1), tolerance,
                                                      weights.hidden), steps=50).verdict  # fmt: skip
        assert verdict is P, (n, tolerance)


def test_every_construction_has_a_law_and_one_without_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert without_law() == []
    assert {name for row in ROWS for name in row.architectures} == set(ARCHITECTURES) | set(DELAY_LINES)
    monkeypatch.setattr("constructions.cost.ROWS", tuple(row for row in ROWS if "bilinear" not in row.architectures))
    assert without_law() == ["C11"]


# --- what the derivations say, step by step -------------------------------------------------------------------------------


def test_levels_need_what_the_polynomial_says() -> None:
    d, w = sympy.symbols("d w", positive=True)
    first, others = (w - 1) / (w + 1), (w**3 - 1) / (w**3 + 1)  # tanh u, tanh 3u for w = e^2u
    lacking = (1 - first) + (d - 1) * (1 - others)
    assert sympy.simplify((1 - lacking) * (w**3 + 1) - (w**3 - 2 * w**2 + 2 * w + 1 - 2 * d)) == 0
    assert sympy.expand(w**3 - 2 * w**2 + 2 * w + 1 - (w - Rational(2, 3)) ** 3 - 2 * w / 3 - Rational(35, 27)) == 0
    sizing = thermometer.derivation("tanh", True).bound.subs({thermometer.M: 1, thermometer.D: d})
    kappa = next(s for s in sizing.free_symbols if s.name == "kappa")
    for units, steps in ((7, 4), (63, 55)):
        value = sizing.subs({d: units, kappa: steps}) * units - lacking.subs({d: units, w: sympy.exp(2 * Rational(steps, units))})
        assert abs(sympy.N(value, 40)) < Rational(1, 10**30)


def level_ratio(mp: mpmath.MPContext, d: int, share: mpmath.mpf) -> mpmath.mpf:
    """The upper bound of Γ over d ln(2d-1)/3, times the LSTM's 1/tanh 1 as `share`."""
    x, high = mp.log(2 * d - 1), mp.log(mp.mpf(2) / 3 + mp.cbrt(2 * d)) / 2 + mp.mpf(1) / d
    return (1 + share * 2 * (d + 1) * (x / 6 * (mp.coth(x / 6) - 1) + high)) / (d * x / 3)


def test_the_latch_gain_stays_within_its_factors_at_every_number_of_units() -> None:
    mp = mpmath.MPContext()
    ratios = [level_ratio(mp, d, mp.mpf(1)) for d in range(7, 3000)]
    assert ratios == sorted(ratios, reverse=True)
    assert 3.73 < ratios[0] < 3.75
    assert 1.92 < ratios[24] < 1.94
    assert level_ratio(mp, 7, mp.coth(1)) / mp.coth(1) < 4
    for d in range(7, 3000):  # the LSTM's least
        assert mp.log(1.1 * (d - 1) - 1) / mp.log(2 * d - 1) > Rational(2, 3) * mp.mpf(7) / 16 * 3 * mp.tanh(1)


@pytest.mark.parametrize("n", [2, 3, 5, 8, 21])
def test_the_diagonal_readout_is_the_closed_form(n: int) -> None:
    (row,) = (row for row in ROWS if row.theorem == "C14")
    closed = Fraction(n - 1, 2) ** (n - 1) * math.comb(n - 1, (n - 1) // 2) / math.factorial(n - 1)
    assert row.build("diagonal", n, Fraction(1, 100)).largest == max(1, closed)


@pytest.mark.parametrize("n", [3, 4, 5, 10, 11])
def test_the_lattice_weight_is_the_closed_form(n: int) -> None:
    (row,) = (row for row in ROWS if row.theorem == "C16")
    z = n // 2 + 1
    assert row.build("diagonal", n, Fraction(1, 100)).largest == Fraction((z + 1) ** 2, 2 * z)


@pytest.mark.parametrize(
    "tolerance", [Fraction(1, 7), Fraction(1, 40), Fraction(2, 15), Fraction(3, 22), Fraction(9, 100)], ids=str
)
def test_the_fewest_units_cost_two_over_the_room_they_leave_and_whole_inverses_leave_most(tolerance: Fraction) -> None:
    answer = construct("tanh", 1, tolerance=tolerance, hidden=64, horizon="forever")
    assert isinstance(answer, Construction)
    units = int(1 / tolerance) + 1
    room = tolerance - Fraction(1, units)
    assert room <= tolerance**2 / (1 + tolerance)
    assert (room == tolerance**2 / (1 + tolerance)) == (tolerance.numerator == 1)
    assert (2 - Fraction(1, units)) / room < answer.weights.largest < (2 + Fraction(8, units)) / room


def test_rows_are_found_by_name() -> None:
    assert rows_of(None) == ROWS
    assert [row.theorem for row in rows_of("gru-keep")] == ["C7", "C8-gru", "C8-gru", "C9", "C10"]
    with pytest.raises(UsageError, match="did you mean 'lstm'"):
        rows_of("lstn")


@pytest.mark.parametrize(("row", "name"), FIRST, ids=ids(FIRST))
def test_a_request_it_does_not_serve_is_said(row: Row, name: str) -> None:
    del name
    assert not row.serves(0, Fraction(1, 100)) or row.theorem.startswith("C8")
    assert isinstance(row.law.holds_at(1000, Fraction(1, 10**20)), bool)


def test_a_sample_speaks_of_live_units_only() -> None:
    (row,) = (row for row in ROWS if row.theorem == "C6")
    weights = row.build("lstm", 10, Fraction(1, 10**6))
    assert sample_of(weights, 10, Fraction(1, 10**6)) == Sample(10, Fraction(1, 10**6), 2, Fraction(1000))

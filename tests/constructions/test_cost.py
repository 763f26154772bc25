"""What accuracy costs: every law holds for the weights that are built, no false one does, and the weights do their task."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from functools import cache

import mpmath
import pytest
import sympy
from sympy import Integer, Rational

from constructions import ARCHITECTURES
from constructions.cost import ROWS, Row, rows_of, without_law
from constructions.delay import DELAY_LINES
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


def ids(pairs: list[tuple[Row, str]]) -> list[str]:
    return [f"{row.theorem}-{name}-{row.task.partition(',')[0].replace(' ', '')}" for row, name in pairs]


@cache
def surveyed(row: int, name: str) -> Survey:
    return survey(ROWS[row].law, ROWS[row].plan, lambda n, tolerance: ROWS[row].build(name, n, tolerance))


def of(row: Row, name: str) -> Survey:
    return surveyed(ROWS.index(row), name)


def other(law: Law, factor: sympy.Expr) -> Law:
    first = law.terms[0]
    return replace(law, terms=(Term(first.value * factor, first.low, first.high), *law.terms[1:]))


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
    if row.theorem == "C8":  # the latch is built at n = 1 alone: it does not depend on n
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


@pytest.mark.parametrize("row", [row for row, _ in SIZED if row.law.leading is not None], ids=lambda row: row.theorem)
@pytest.mark.parametrize("factor", [sympy.sqrt(2), DELTA ** Rational(1, 8), N ** Rational(1, 8)], ids=str)
def test_the_leading_term_refutes_other_laws(row: Row, factor: sympy.Expr) -> None:
    assert check_leading(row.law) is P
    assert check_leading(other(row.law, factor)) is R


@pytest.mark.parametrize(("row", "name"), [(row, name) for row, name in PAIRS if row.law.terms[0].value.is_Integer])
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


def test_architectures_without_a_row_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    named = {name for row in ROWS for name in row.architectures}
    assert named.isdisjoint(without_law())
    assert named | set(without_law()) == set(ARCHITECTURES) | set(DELAY_LINES)
    monkeypatch.setattr("constructions.cost.ROWS", tuple(row for row in ROWS if "bilinear" not in row.architectures))
    assert "bilinear" in without_law()


def test_rows_are_found_by_name() -> None:
    assert rows_of(None) == ROWS
    assert [row.theorem for row in rows_of("gru-keep")] == ["C7", "C10"]
    with pytest.raises(UsageError, match="did you mean 'lstm'"):
        rows_of("lstn")


@pytest.mark.parametrize(("row", "name"), FIRST, ids=ids(FIRST))
def test_a_request_it_does_not_serve_is_said(row: Row, name: str) -> None:
    del name
    assert not row.serves(0, Fraction(1, 100)) or row.theorem == "C8"
    assert isinstance(row.law.holds_at(1000, Fraction(1, 10**20)), bool)


def test_a_sample_speaks_of_live_units_only() -> None:
    (row,) = (row for row in ROWS if row.theorem == "C6")
    weights = row.build("lstm", 10, Fraction(1, 10**6))
    assert sample_of(weights, 10, Fraction(1, 10**6)) == Sample(10, Fraction(1, 10**6), 2, Fraction(1000))

"""What C5, C6 and C7 say about their gradients, against independent networks, and false variants of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import elman_reference
import flint
import pytest
from independent_gru import IndependentGru
from independent_lstm import IndependentLstm
from sympy import Expr

from constructions import Construction, construct
from constructions.slopes import stated_gradient
from constructions.transitions import TRANSITIONS, transition
from verifier.errors import UsageError
from verifier.gradient import StatedGradient, decide_gradients
from verifier.program import record
from verifier.spectral import Limit, exact_matrix, spectrum
from verifier.verdict import Verdict
from verifier.weights import Weights

ARCHITECTURES = ("lstm", "gru", "gru-keep", "gru-after", "gru-after-keep", "tanh", "sigmoid")
DIGITS = 160
STEP = Fraction(1, 10**50)


def made(name: str, n: int = 12, precision: int = 4, **changes: Any) -> Construction:
    answer = construct(name, n, precision, hidden=4, **changes)
    assert isinstance(answer, Construction)
    return answer


def statement(construction: Construction) -> StatedGradient:
    found = stated_gradient(construction)
    assert found is not None
    return found


def last_output(weights: Weights, inputs: Sequence[Fraction]) -> Fraction:
    if weights.cell in ("tanh", "sigmoid"):
        value = elman_reference.outputs(weights, inputs, DIGITS)[-1]
    elif weights.cell == "lstm":
        value = list(IndependentLstm(weights.to_data(), DIGITS).outputs(list(inputs)))[-1]
    else:
        value = IndependentGru(weights.to_data(), DIGITS).outputs(list(inputs))[-1]
    sign, mantissa, exponent, _ = value._mpf_
    return (-1) ** sign * Fraction(int(mantissa)) * Fraction(2) ** exponent


def difference(weights: Weights, inputs: Sequence[Fraction], t: int) -> Fraction:
    """∂y_n/∂x_t to about 10^-90."""
    ends = []
    for sign in (1, -1):
        moved = [x + (sign * STEP if k == t else 0) for k, x in enumerate(inputs, 1)]
        ends.append(last_output(weights, moved))
    return (ends[0] - ends[1]) / (2 * STEP)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_statement_and_enclosure_hold_independent_differences(name: str) -> None:
    construction = made(name)
    told, weights = statement(construction), construction.weights
    with flint.ctx.workprec(256):
        report = decide_gradients(record(weights), Fraction(1), [1, 2, 3, 12], 256, stated=told)
        assert report.verdict is Verdict.PROVED
        assert report.carried is Verdict.PROVED
        for row in report.rows:
            n = row.n
            deficit, later = (_rational(value) for value in (told.deficit_at(n), told.later_at(n)))
            for inputs in ([Fraction(0)] * n, [Fraction(1)] * n, [Fraction(1)] + [Fraction(-1)] * (n - 1), [Fraction(-1, 3)] * n):
                slope = difference(weights, inputs, 1)
                assert abs(1 - slope) <= deficit
                assert _rational(row.first.lower.lower()) - Fraction(1, 10**60) <= slope
                assert slope <= _rational(row.first.upper.upper()) + Fraction(1, 10**60)
                for t in {2, n} if n > 1 else ():
                    assert abs(difference(weights, inputs, t)) <= min(later, _rational(row.later.upper()) + Fraction(1, 10**60))


def _rational(point: Any) -> Fraction:
    mantissa, exponent = point.upper().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize(
    ("n", "precision", "bound"), [(1, 3, 1), (2, 1, 1), (50, 20, 3), (10**18, 20, 1), (10**6, 60, Fraction(1, 7))]
)
def test_the_enclosure_lies_inside_the_statement(name: str, n: int, precision: int, bound: Fraction) -> None:
    construction = made(name, n, precision, bound=bound)
    bits = construction.regime.working_bits + 64
    horizons = sorted({k for k in (1, 2, 10, n) if k <= n})
    report = decide_gradients(record(construction.weights), Fraction(bound), horizons, bits, stated=statement(construction))
    assert report.verdict is Verdict.PROVED, report.reason
    assert report.inside == [Verdict.PROVED] * len(horizons)


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_the_statement_is_sharp(name: str) -> None:
    """At n = 1000 the deficit is reached up to one part in a thousand."""
    construction = made(name, 1000, 20)
    told = statement(construction)
    with flint.ctx.workprec(256):
        report = decide_gradients(record(construction.weights), Fraction(1), [1000], 256, stated=told)
        (row,) = report.rows
        assert row.lowest is not None
        assert (1 - row.lowest.value.upper) / told.deficit_at(1000) > flint.arb("0.999")
        assert row.later_seen is not None
        assert row.later_seen.value.lower / told.later_at(1000) > flint.arb("0.99")


def _thinner(told: StatedGradient, **changes: Expr) -> StatedGradient:
    return dataclasses.replace(told, **changes)


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("field", ["deficit", "later"])
def test_half_of_what_is_stated_is_not_proved(name: str, field: str) -> None:
    """False variants: a statement of half the size, refuted by a sequence wherever the full one is sharp within a factor 2."""
    construction = made(name, 100, 6)
    told = statement(construction)
    half = _thinner(told, **{field: getattr(told, field) / 2})
    report = decide_gradients(record(construction.weights), Fraction(1), [1, 2, 3], 256, stated=half)
    assert report.verdict is Verdict.REFUTED


def test_the_statement_of_other_weights_is_refuted() -> None:
    """ε ten times as large as the theorem's: the gradient loses a hundred times as much."""
    construction = made("lstm", 100, 6)
    epsilon = construction.weights["U_g"][1,]
    wrong = construction.weights.replace({("U_g", (1,)): 10 * epsilon, ("V", (1,)): 1 / (10 * epsilon)})
    report = decide_gradients(record(wrong), Fraction(1), [1, 10], 256, stated=statement(construction))
    assert report.verdict is Verdict.REFUTED


def test_theorems_without_a_statement() -> None:
    assert stated_gradient(made("relu", 5)) is None


@pytest.mark.parametrize(
    ("name", "size", "limit"),
    [
        ("shift", 32, Limit.VANISHING),
        ("exploding", 3, Limit.EXPLODING),
        ("rotation", 4, Limit.NEITHER),
        ("permutation", 7, Limit.NEITHER),
        ("jordan", 5, Limit.EXPLODING),
        ("lehmer", 10, Limit.EXPLODING),
        ("contraction", 6, Limit.VANISHING),
    ],
)
def test_named_transitions_do_what_they_say(name: str, size: int, limit: Limit) -> None:
    given = transition(name, size)
    assert given.size == size
    assert spectrum(exact_matrix(given.matrix)).limit is limit
    if name == "contraction":
        assert all(sum(abs(v) for v in row) < 1 for row in given.matrix)
    assert given.weights("tanh").cell == "tanh"


def test_every_named_transition_exists_and_seeds_matter() -> None:
    for name in TRANSITIONS:
        assert transition(name, 10).size == 10
    assert transition("random", 4, 1).matrix != transition("random", 4, 2).matrix
    with pytest.raises(UsageError, match="odd"):
        transition("rotation", 3)
    with pytest.raises(UsageError, match="degree 10"):
        transition("lehmer", 9)

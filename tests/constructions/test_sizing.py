"""Sizing: decided at rising precision, given up aloud, and never asked what balls cannot decide."""

from __future__ import annotations

from fractions import Fraction

import flint
import pytest
from flint import arb

from constructions import ARCHITECTURES, Construction, construct, sizing
from verifier.certify import certify
from verifier.errors import UsageError
from verifier.regime import Regime
from verifier.verdict import Verdict

REGIME = Regime("lstm", 10, Fraction(1), Fraction(1, 3))


def test_open_comparisons_are_asked_again_at_twice_the_precision() -> None:
    asked: list[int] = []

    def choose(meets: sizing.Meets) -> bool:
        asked.append(flint.ctx.prec)
        return meets(arb(1) / 3 + arb(2) ** -500)

    assert sizing.decide(REGIME, choose) is False
    assert len(asked) >= 3
    assert [2 * bits for bits in asked[:-1]] == asked[1:]
    assert asked[-1] > 500


def test_what_is_never_decided_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizing, "LARGEST_BITS", 1000)
    with pytest.raises(UsageError, match="1/3 at 1000 bits"):
        sizing.decide(REGIME, lambda meets: meets(arb(1) / 3))


def test_strict_leaves_equality_out() -> None:
    third = Fraction(1, 3)
    assert [sizing.within(third, third, strict) for strict in (False, True)] == [True, False]
    assert [sizing.within(third + Fraction(delta, 9), third, True) for delta in (-1, 1)] == [True, False]


@pytest.mark.parametrize("value", [Fraction(1, 7), Fraction(1), Fraction(4), Fraction(9, 2), Fraction(2**70), Fraction(2**90, 3)])
def test_the_least_exponent_reaches_and_the_next_smaller_does_not(value: Fraction) -> None:
    exponent = sizing.least_exponent(value)
    assert 2**exponent >= value
    assert exponent == 0 or 2 ** (exponent - 1) < value


@pytest.mark.parametrize("precision_error", [ValueError, ZeroDivisionError])
def test_other_errors_are_not_swallowed(precision_error: type[Exception]) -> None:
    def choose(meets: sizing.Meets) -> bool:
        raise precision_error

    with pytest.raises(precision_error):
        sizing.decide(REGIME, choose)


@pytest.mark.parametrize("architecture", ["lstm", *(name for name in sorted(ARCHITECTURES) if name.startswith("gru"))])
@pytest.mark.parametrize("bound", [Fraction(1), Fraction(7, 10**9), Fraction(10**30)])
def test_signs_alone_leave_the_scale_free_and_it_stays_moderate(architecture: str, bound: Fraction) -> None:
    proposal = construct(architecture, 20, bound=bound, domain="grid", bits=1)
    assert isinstance(proposal, Construction)
    scale = next(value for symbol, value in proposal.parameters.items() if symbol.name == "epsilon")
    assert Fraction(1) <= scale * bound < 10
    assert certify(proposal, steps=20).verdict is Verdict.PROVED


@pytest.mark.parametrize("architecture", ["lstm", "gru"])
@pytest.mark.parametrize("digits", [1, 2, 3, 30])
def test_tolerances_next_to_the_bound_are_decided(architecture: str, digits: int) -> None:
    """At ε = 1/(M - tolerance) the error exceeds the tolerance by less than any ball shows."""
    tolerance = 1 - Fraction(1, 10**digits)
    proposal = construct(architecture, 5, tolerance=tolerance)
    assert isinstance(proposal, Construction)
    assert certify(proposal).verdict is Verdict.PROVED

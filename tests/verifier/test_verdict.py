"""Three-valued verdicts and the comparison of balls."""

import pytest
from flint import arb

from verifier.verdict import Verdict, all_of, check_at_most, check_less

P, R, U = Verdict.PROVED, Verdict.REFUTED, Verdict.UNDECIDED
NAN = arb("nan")
EVERYTHING = arb(0, 1) / arb(0, 1)


def test_bool_of_undecided_raises():
    assert bool(P) is True
    assert bool(R) is False
    with pytest.raises(ValueError, match="UNDECIDED"):
        bool(U)
    with pytest.raises(ValueError, match="UNDECIDED"):
        _ = not U


def test_exit_codes_never_use_1():
    assert [v.exit_code for v in (P, R, U)] == [0, 4, 3]


@pytest.mark.parametrize(
    ("left", "right", "at_most", "less"),
    [
        (arb(1), arb(2), P, P),
        (arb(2), arb(1), R, R),
        (arb(1), arb(1), P, R),
        (arb(0), arb(0), P, R),
        (arb(0, 1), arb(0), U, U),
        (arb(0), arb(0, 1), U, U),
        (arb(-3, 1), arb(0, 1), P, P),
        (arb(-1, 1), arb(0, 1), U, U),
        (arb(4, 1), arb(1, 1), R, R),
        (arb(1) / 3, arb(1) / 3, U, U),
        (NAN, arb(0), U, U),
        (arb(0), NAN, U, U),
        (NAN, NAN, U, U),
        (EVERYTHING, arb(0), U, U),
        (arb(0), EVERYTHING, U, U),
        (arb("inf"), arb(0), R, R),
        (arb(0), arb("inf"), P, P),
    ],
)
def test_comparisons(left, right, at_most, less):
    assert check_at_most(left, right) is at_most
    assert check_less(left, right) is less


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ([], U),
        ([P], P),
        ([U], U),
        ([R], R),
        ([P, P], P),
        ([P, U], U),
        ([U, P, R], R),
        ([P, R], R),
    ],
)
def test_all_of(parts, whole):
    assert all_of(parts) is whole
    assert all_of(iter(parts)) is whole
    assert all_of(reversed(parts)) is whole

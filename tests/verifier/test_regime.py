"""The question and its limits."""

from fractions import Fraction

import pytest
from core_cases import laws
from hypothesis import given
from hypothesis import strategies as st

from verifier.errors import UsageError
from verifier.regime import LARGEST_HORIZON_DIGITS, LARGEST_PRECISION, Regime, decide_tolerance

SMALL = Fraction(1, 100)


def make(**changes):
    values = {"architecture": "lstm", "n": 10, "bound": Fraction(1), "tolerance": SMALL, **changes}
    return Regime(**values)


@pytest.mark.parametrize(
    "changes",
    [
        {"n": 0},
        {"n": -1},
        {"n": 10**LARGEST_HORIZON_DIGITS},
        {"bound": 0},
        {"bound": -1},
        {"domain": "ball"},
        {"horizon": "always"},
        {"hidden": 0},
        {"domain": "grid"},
        {"domain": "grid", "bits": 0},
        {"bits": 3},
        {"tolerance": -SMALL},
        {"tolerance": 1},
        {"tolerance": 2},
        {"domain": "grid", "bits": 1, "tolerance": 2},
    ],
)
def test_refused(changes):
    with pytest.raises(UsageError):
        make(**changes)


@pytest.mark.parametrize(
    "changes",
    [{"n": True}, {"n": 10.0}, {"n": "10"}, {"bound": 1.0}, {"tolerance": 0.01}, {"hidden": 2.0}, {"hidden": True}],
)
def test_wrong_types(changes):
    with pytest.raises(TypeError):
        make(**changes)


def test_is_immutable():
    with pytest.raises(AttributeError):
        make().n = 3


def test_half_spacing_and_strictness():
    assert make().half_spacing is None
    assert make().strict is False
    grid = make(domain="grid", bits=2, tolerance=Fraction(1, 3))
    assert grid.half_spacing == Fraction(1, 3)  # points -1, -1/3, 1/3, 1
    assert grid.strict is True
    assert make(domain="grid", bits=2, tolerance=Fraction(1, 4)).strict is False


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "recall x_1 within 0.01 at every n <= 10, all x_t in [-1, 1]"),
        ({"horizon": "fixed"}, "recall x_1 within 0.01 at n = 10, all x_t in [-1, 1]"),
        ({"horizon": "forever"}, "recall x_1 within 0.01 at every n >= 1, all x_t in [-1, 1]"),
        (
            {"domain": "grid", "bits": 2, "tolerance": Fraction(1, 3)},
            "recall x_1 exactly after rounding at every n <= 10, all x_t among 2^2 equispaced points of [-1, 1]",
        ),
    ],
)
def test_describe(changes, text):
    assert make(**changes).describe() == text


@laws
@given(
    st.integers(1, 10**30),
    st.fractions(Fraction(1, 1000), 1000),
    st.fractions(Fraction(1, 10**9), Fraction(999, 1000)),
    st.sampled_from(["upto", "fixed", "forever"]),
    st.one_of(st.none(), st.integers(1, 9)),
)
def test_data_round_trip(n, bound, share, horizon, bits):
    regime = make(n=n, bound=bound, tolerance=bound * share, horizon=horizon, domain="grid" if bits else "box", bits=bits)
    assert Regime.from_data(regime.to_data()) == regime


@pytest.mark.parametrize(
    "change",
    [
        {"bound": 1},
        {"tolerance": 0.5},
        {"tolerance": "nan"},
        {"n": "10"},
        {"n": True},
        {"n": 1.0},
        {"n": 0},
        {"bits": 2.5},
        {"hidden": "2"},
        {"horizon": 3},
        {"domain": None},
        {"architecture": 7},
        {"extra": 1},
    ],
)
def test_malformed_data(change):
    with pytest.raises(UsageError):
        Regime.from_data({**make().to_data(), **change})


@pytest.mark.parametrize("missing", ["n", "bound", "tolerance", "bits", "horizon"])
def test_missing_field(missing):
    data = make().to_data()
    del data[missing]
    with pytest.raises(UsageError, match=missing):
        Regime.from_data(data)


def test_tolerance_of_a_request():
    assert decide_tolerance(Fraction(3), 2, None, None) == Fraction(3, 100)
    assert decide_tolerance(Fraction(3), None, SMALL, None) == SMALL
    assert decide_tolerance(Fraction(3), None, None, 2) == Fraction(1)
    assert decide_tolerance(Fraction(3), 5, None, 2) == Fraction(3, 10**5)
    assert decide_tolerance(Fraction(3), None, Fraction(2), 2) == Fraction(1)


@pytest.mark.parametrize(
    "arguments",
    [(None, None, None), (3, SMALL, None), (0, None, None), (LARGEST_PRECISION + 1, None, None), (None, None, 0)],
)
def test_tolerance_refused(arguments):
    with pytest.raises(UsageError):
        decide_tolerance(Fraction(1), *arguments)


@pytest.mark.parametrize("precision", [True, 2.0, "3"])
def test_precision_type(precision):
    with pytest.raises(TypeError):
        decide_tolerance(Fraction(1), precision, None, None)

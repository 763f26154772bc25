"""IEEE numbers: one rounding, silent overflow of e^-v, and how far floats are from real numbers."""

from fractions import Fraction

import numpy as np
import pytest
from core_cases import ACTIVATIONS, DIGITS, POINTS, SHORT_POINTS, laws, to_fraction
from hypothesis import given
from hypothesis import strategies as st

from verifier.arithmetic.floats import Floats
from verifier.arithmetic.reference import Reference

FORMATS = {"binary32": (24, -149, 128), "binary64": (53, -1074, 1024)}
"""Precision, least exponent, overflow exponent."""
REFERENCE = Reference(DIGITS)


def nearest(value, form):
    """Round to nearest, ties to even, by integers alone."""
    precision, least, _ = FORMATS[form]
    if value == 0:
        return Fraction(0)
    size = abs(value)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    while Fraction(2) ** exponent > size:
        exponent -= 1
    unit = Fraction(2) ** max(exponent - precision + 1, least)
    return round(value / unit) * unit


@pytest.mark.parametrize("form", FORMATS)
@laws
@given(st.fractions(), st.integers(-160, 60))
def test_one_rounding(form, value, exponent):
    value *= Fraction(2) ** exponent
    assert Fraction(float(Floats(form).exact(value))) == nearest(value, form)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("odd", [1, 2, 3, -5])
def test_ties_and_double_rounding(form, odd):
    """Half-way cases and points just beside them, where rounding to binary64 first would go wrong."""
    half = Fraction(1, 2 ** FORMATS[form][0])
    for offset in (Fraction(0), Fraction(1, 2**80), -Fraction(1, 2**80)):
        value = 1 + odd * half + offset
        assert Fraction(float(Floats(form).exact(value))) == nearest(value, form)


@pytest.mark.parametrize("form", FORMATS)
def test_type_zero_and_underflow(form):
    floats = Floats(form)
    assert type(floats.exact(Fraction(1, 3))) is {"binary32": np.float32, "binary64": np.float64}[form]
    assert floats.exact(Fraction(0)) == 0
    assert floats.exact(Fraction(1, 10**400)) == 0
    assert floats.exact(-Fraction(1, 10**400)) == 0


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("size", [Fraction(10) ** 39, Fraction(10) ** 309, Fraction(10) ** 5000])
def test_overflow_is_an_error(form, sign, size):
    if form == "binary64" and size < Fraction(2) ** 1024:
        assert Floats(form).exact(size) == float(size)
        return
    with pytest.raises(OverflowError, match=form):
        Floats(form).exact(sign * size)


@pytest.mark.parametrize("form", FORMATS)
def test_largest_number(form):
    precision, _, top = FORMATS[form]
    largest = Fraction(2) ** top - Fraction(2) ** (top - precision)
    assert Fraction(float(Floats(form).exact(largest))) == largest
    below_the_tie = largest + Fraction(2) ** (top - precision - 1) - 1
    assert Fraction(float(Floats(form).exact(below_the_tie))) == largest


@pytest.mark.parametrize("point", POINTS, ids=SHORT_POINTS)
@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("form", FORMATS)
def test_the_table_of_points(form, name, point):
    floats = Floats(form)
    argument = floats.exact(point)
    value = getattr(floats, name)(argument)
    assert value.dtype == floats.type
    if np.isinf(value):
        assert name == "exp"
        assert argument > np.log(np.finfo(floats.type).max)
        return
    expected = to_fraction(getattr(REFERENCE, name)(REFERENCE.exact(Fraction(float(argument)))))
    unit = Fraction(2) ** (1 - FORMATS[form][0])
    assert abs(Fraction(float(value)) - expected) <= 8 * unit * abs(expected) + Fraction(2) ** FORMATS[form][1] + (
        unit * unit if name == "sigmoid" else 0
    )


def test_floats_saturate_where_reals_do_not():
    assert Floats("binary32").sigmoid(np.float32(18)) == 1
    assert Floats("binary64").sigmoid(np.float64(-1000)) == 0
    assert Floats("binary64").tanh(np.float64(20)) == 1


def test_batches():
    batch = np.array([-1.0, 0.0, 2.0])
    floats = Floats("binary64")
    assert floats.relu(batch).tolist() == [0.0, 0.0, 2.0]
    assert floats.sigmoid(batch)[1] == 0.5
    assert floats.tanh(batch)[1] == 0

"""Exact numbers in and out."""

from fractions import Fraction

import pytest
import sympy
from core_cases import laws
from hypothesis import given
from hypothesis import strategies as st

from verifier.errors import UsageError
from verifier.exact import LARGEST_EXPONENT, exact, parse_count, parse_rational, show_rational


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, Fraction(3)),
        (-(10**50), Fraction(-(10**50))),
        (Fraction(2, 6), Fraction(1, 3)),
        (sympy.Rational(2, 3), Fraction(2, 3)),
        (sympy.Integer(-4), Fraction(-4)),
    ],
)
def test_exact_accepts(value, expected):
    result = exact(value)
    assert result == expected
    assert type(result) is Fraction


@pytest.mark.parametrize(
    "value", [0.5, 1.0, float("nan"), True, False, "1", None, 1j, sympy.Float("0.5"), sympy.pi, sympy.Symbol("p"), [1]]
)
def test_exact_refuses(value):
    with pytest.raises(TypeError, match="exact constants"):
        exact(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", Fraction(3)),
        ("-3", Fraction(-3)),
        ("+3", Fraction(3)),
        (" 3 ", Fraction(3)),
        ("0.1", Fraction(1, 10)),
        (".5", Fraction(1, 2)),
        ("5.", Fraction(5)),
        ("-0.25", Fraction(-1, 4)),
        ("1/3", Fraction(1, 3)),
        ("-1/3", Fraction(-1, 3)),
        ("1 / 3", Fraction(1, 3)),
        ("0.1/0.3", Fraction(1, 3)),
        ("1e-200", Fraction(1, 10**200)),
        ("1.5E3", Fraction(1500)),
        ("10^-200", Fraction(1, 10**200)),
        ("10**3", Fraction(1000)),
        ("2^-10", Fraction(1, 1024)),
    ],
)
def test_parse_accepts(text, expected):
    assert parse_rational(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ".",
        "e5",
        "nan",
        "inf",
        "-inf",
        "1/0",
        "0^-1",
        "1/2/3",
        "1,5",
        "0x10",
        "1e",
        "--1",
        "1e1.5",
        f"1e{LARGEST_EXPONENT + 1}",
        f"10^-{LARGEST_EXPONENT + 1}",
        "1e999999999999",
        "one",
        "1_000",
        "3 4",
        "9" * 300_000,
    ],
)
def test_parse_refuses(text):
    with pytest.raises(UsageError) as caught:
        parse_rational(text, "tolerance")
    message = str(caught.value)
    assert message.startswith("tolerance")
    assert len(message) < 300
    assert "\n" not in message


@pytest.mark.parametrize(("text", "count"), [("1", 1), ("1e6", 10**6), ("10^18", 10**18), ("4/2", 2), ("1000.0", 1000)])
def test_counts(text, count):
    assert parse_count(text) == count


@pytest.mark.parametrize(("text", "least"), [("0", 1), ("-1", 1), ("1/2", 1), ("1.5", 1), ("4", 5), ("x", 0)])
def test_counts_refused(text, least):
    with pytest.raises(UsageError, match="n "):
        parse_count(text, "n", least)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(0), "0"),
        (Fraction(-7), "-7"),
        (Fraction(10**6), "1000000"),
        (Fraction(-(10**7)), "-1e7"),
        (Fraction(1, 8), "0.125"),
        (Fraction(-1, 10), "-0.1"),
        (Fraction(3, 10**30), "3e-30"),
        (Fraction(-2, 3), "-2/3"),
        (Fraction(1, 6), "1/6"),
    ],
)
def test_show(value, text):
    assert show_rational(value) == text


@laws
@given(st.fractions())
def test_shown_fractions_read_back(value):
    assert parse_rational(show_rational(value)) == value


@laws
@given(st.integers(-(10**30), 10**30), st.integers(-300, 300))
def test_shown_decimals_read_back(mantissa, exponent):
    value = mantissa * Fraction(10) ** exponent
    assert parse_rational(show_rational(value)) == value


@pytest.mark.parametrize(
    "text", ["1e100000/1e-20000", "1e-60000/1e60000", "3e-100000/1e10000", "2^-100000/2^60000", "-0.0001e-100000"]
)
def test_numbers_with_longer_exponents_than_are_read_are_written_without(text):
    value = parse_rational(text)
    assert parse_rational(show_rational(value)) == value


@pytest.mark.parametrize("text", ["1e100000/1e-100000", "1e-100000/1e100000", "1e100000/3e-20500"])
def test_quotients_beyond_the_largest_numbers_are_refused(text):
    with pytest.raises(UsageError, match="exponents up to 100,000"):
        parse_rational(text)


@pytest.mark.parametrize("text", ["1e5000", "-1e5000", "1e-5000", "3e99999", "1/3e5000", "7^-9000"])
def test_numbers_beyond_4300_digits_read_back(text):
    """Python refuses int <-> str beyond 4300 digits unless told otherwise; the parser accepts exponents up to 100 000."""
    value = parse_rational(text)
    assert parse_rational(show_rational(value)) == value

"""Exact numbers: how text and Python numbers become rationals, and how rationals become text."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from flint import fmpz

from verifier.errors import UsageError

LARGEST_EXPONENT = 100_000
"""Powers of ten (or two) beyond this are refused: a rational is stored in full."""

LARGEST_BITS = 4 * LARGEST_EXPONENT
"""Bits that numerator and denominator of a number may have: room for `LARGEST_EXPONENT` and 20,000 digits before it."""

LARGEST_COUNT_DIGITS = 1_100
"""Decimal digits of a whole number on the command line."""

_NUMBER = re.compile(r"(?P<sign>[+-]?)(?P<whole>\d*)(?:\.(?P<decimals>\d*))?(?:[eE](?P<exponent>[+-]?\d+))?")
_POWER = re.compile(r"(?P<base>[+-]?\d+)(?:\^|\*\*)(?P<exponent>[+-]?\d+)")


def exact(value: Any) -> Fraction:
    """Return `value` as an exact rational.

    `value` is an `int`, a `Fraction` or a sympy rational. A float raises `TypeError`: its decimal form and its
    binary value differ, and a weight must be what it says it is.

    >>> exact(3), exact(Fraction(1, 10))
    (Fraction(3, 1), Fraction(1, 10))
    """
    if isinstance(value, (bool, float)):
        raise TypeError(f"{value!r} is a {type(value).__name__}; exact constants are int or Fraction")
    if isinstance(value, Fraction):
        return value
    if isinstance(value, int):
        return Fraction(value)
    numerator, denominator = getattr(value, "p", None), getattr(value, "q", None)
    if isinstance(numerator, int) and isinstance(denominator, int):
        return Fraction(numerator, denominator)
    raise TypeError(f"{value!r} is a {type(value).__name__}; exact constants are int or Fraction")


def parse_rational(text: str, what: str = "number") -> Fraction:
    """Return the exact rational written in `text`: `3`, `0.1`, `1/3`, `1e-200`, `10^-200`.

    Raises `UsageError` for anything else, `nan` and `inf` included, and for numbers of more than `LARGEST_BITS`.

    >>> parse_rational("1e-3"), parse_rational("2/3"), parse_rational("10^-2")
    (Fraction(1, 1000), Fraction(2, 3), Fraction(1, 100))
    """
    stripped = text.strip()
    numerator, slash, denominator = stripped.partition("/")
    try:
        value = _parse_plain(numerator)
        if slash:
            value = value / _parse_plain(denominator)
        if max(value.numerator.bit_length(), value.denominator.bit_length()) > LARGEST_BITS:
            raise ValueError(text)
    except (ValueError, ZeroDivisionError):
        shown = stripped if len(stripped) <= 40 else stripped[:37] + "..."
        raise UsageError(
            f"{what} {shown!r} is not an exact number; write it as 3, 0.1, 1/3, 1e-20 or 10^-20 "
            f"(exponents up to {LARGEST_EXPONENT:,})"
        ) from None
    return value


def _parse_plain(text: str) -> Fraction:
    text = text.strip()
    power = _POWER.fullmatch(text)
    if power is not None:
        if len(power["base"]) * abs(_exponent(power["exponent"])) > 2 * LARGEST_EXPONENT:
            raise ValueError(text)
        return Fraction(int(fmpz(power["base"].lstrip("+")))) ** _exponent(power["exponent"])
    number = _NUMBER.fullmatch(text)
    if number is None or not (number["whole"] or number["decimals"]) or len(text) > 2 * LARGEST_EXPONENT:
        raise ValueError(text)
    decimals = number["decimals"] or ""
    digits = int(fmpz((number["whole"] + decimals) or "0"))  # fmpz: Python's own conversion stops at 4300 digits
    value = Fraction(digits) * Fraction(10) ** (_exponent(number["exponent"] or "0") - len(decimals))
    return -value if number["sign"] == "-" else value


def _exponent(text: str) -> int:
    if len(text) > 8 or abs(int(text)) > LARGEST_EXPONENT:
        raise ValueError(text)
    return int(text)


def parse_count(text: str, what: str = "count", least: int = 1) -> int:
    """Return the whole number written in `text` (`1000`, `1e6`, `10^18`), at least `least`.

    >>> parse_count("10^18") == parse_count("1e18") == 10**18
    True
    """
    value = parse_rational(text, what)
    if abs(value) >= 10**LARGEST_COUNT_DIGITS:
        raise UsageError(f"{what} has more than {LARGEST_COUNT_DIGITS:,} digits; choose a smaller number")
    if value.denominator != 1 or value < least:
        raise UsageError(f"{what} {text.strip()} is not allowed; it must be a whole number, at least {least}")
    return value.numerator


def show_rational(value: Fraction) -> str:
    """Return `value` as text that `parse_rational` reads back exactly (up to `LARGEST_BITS`), with powers of ten kept short.

    >>> show_rational(Fraction(1, 10**101)), show_rational(Fraction(469)), show_rational(Fraction(2, 3))
    ('1e-101', '469', '2/3')
    """
    numerator, denominator = value.numerator, value.denominator
    if denominator == 1:
        digits = str(fmpz(abs(numerator)))
        short = digits.rstrip("0")
        zeros = len(digits) - len(short)
        text = f"{short}e{zeros}" if 6 < zeros <= LARGEST_EXPONENT else digits
        return "-" + text if numerator < 0 else text
    tens = _ten_power(denominator)
    if tens is not None and tens <= LARGEST_EXPONENT:
        scaled = numerator * (10**tens // denominator)
        digits = str(fmpz(abs(scaled)))
        if tens <= 6:
            digits = digits.rjust(tens + 1, "0")
            text = f"{digits[:-tens]}.{digits[-tens:]}"
        else:
            text = f"{digits}e-{tens}"
        return "-" + text if scaled < 0 else text
    return f"{fmpz(numerator)}/{fmpz(denominator)}"


def _ten_power(denominator: int) -> int | None:
    """The least k with `denominator` dividing 10^k, or None."""
    twos = (denominator & -denominator).bit_length() - 1
    fives, rest = _divided_out(denominator >> twos, 5)
    return max(twos, fives) if rest == 1 else None


def _divided_out(value: int, divisor: int) -> tuple[int, int]:
    """The largest k with divisor^k dividing `value` > 0, and value / divisor^k; in about 2 log2 k divisions, by squares."""
    quotient, rest = divmod(value, divisor)
    if rest:
        return 0, value
    pairs, left = _divided_out(quotient, divisor * divisor)
    once_more, rest = divmod(left, divisor)
    return (2 * pairs + 1, left) if rest else (2 * pairs + 2, once_more)

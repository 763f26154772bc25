"""Numbers of any size for people, rounded outward."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

from flint import arb, fmpz_poly

from verifier.arithmetic.balls import ONE, show_lower, show_upper
from verifier.exact import show_rational

LARGEST_POWER_BITS = 30_000
"""Binary exponents beyond this are printed as a power of ten with a fractional exponent."""

DECIMAL_DIGITS = 40
"""Digits up to which a rate is printed as a decimal."""

NEAR_ONE = ONE / 100
"""Numbers this close to 1 are printed by their distance from it."""


def show_bound(value: arb, up: bool, digits: int = 6) -> str:
    """The upper (`up`) or lower end of a ball: 6.66667e-5, or 10^4.77122e9 where the exponent is out of reach.

    >>> show_bound(arb(2) / 3, up=True, digits=3), show_bound(arb(2) / 3, up=False, digits=3), show_bound(arb(2) ** 10**9, True)
    ('0.667', '0.666', '10^3.0103e8')
    """
    end = value.upper() if up else value.lower()
    if not end.is_finite() or end.is_zero():
        return show_upper(end, digits) if up else show_lower(end, digits)
    if abs(_size(end)) <= LARGEST_POWER_BITS:
        return show_upper(end, digits) if up else show_lower(end, digits)
    away = up == bool(end > 0)  # a larger modulus is farther out
    logarithm = abs(end).log() / arb(10).log()
    text = show_upper(logarithm, digits) if away else show_lower(logarithm, digits)
    return f"{'' if end > 0 else '-'}10^{text}"


def _size(point: arb) -> int:
    mantissa, exponent = point.man_exp()
    return int(exponent) + int(mantissa).bit_length()


def show_slope(value: arb, up: bool, digits: int = 3) -> str:
    """One end of a ball around a gradient: next to ±1 by the distance from it, else as `show_bound`.

    >>> show_slope(1 - arb(2) ** -10, up=False), show_slope(arb(1), up=True), show_slope(arb(1) / 3, up=True)
    ('1 - 0.000977', '1', '0.334')
    >>> show_slope(arb(2) ** -10 - 1, up=True), show_slope(arb(-1), up=False)
    ('-1 + 0.000977', '-1')
    """
    end = value.upper() if up else value.lower()
    if abs(end + ONE) < NEAR_ONE:
        _, sign, distance = show_slope(-end, not up, digits).partition(" ")
        return f"-1 {'+' if distance[0] == '-' else '-'}{distance[1:]}" if sign else "-1"
    gap = ONE - end
    if gap.is_zero():
        return "1"
    if not abs(gap) < NEAR_ONE:
        return show_bound(end, up, digits)
    if gap > 0:
        return f"1 - {show_bound(gap, not up, digits)}"
    return f"1 + {show_bound(-gap, up, digits)}"


def show_rate(rate: Fraction) -> str:
    """An exact rate; next to 1 by its distance from it.

    >>> show_rate(Fraction(37, 50)), show_rate(1 - Fraction(3, 4 * 10**30))
    ('0.74', '1 - 7.5e-31')
    """
    gap = abs(1 - rate)
    if not gap or gap >= Fraction(1, 100):
        return _plain(rate)
    return f"1 {'-' if rate < 1 else '+'} {_plain(gap)}"


def _plain(value: Fraction) -> str:
    """A positive rational as a decimal where it is one of few digits, else as `show_rational`."""
    with localcontext(prec=DECIMAL_DIGITS):
        decimal = Decimal(value.numerator) / Decimal(value.denominator)
    if Fraction(decimal) != value:
        return show_rational(value)
    return str(decimal.normalize()).replace("E+", "e").replace("E", "e")


def show_horizon(n: int) -> str:
    """A whole number for a table: 1000, 10^18, 3e20.

    >>> show_horizon(5000), show_horizon(10**18), show_horizon(123456789012345)
    ('5000', '10^18', '1234...(15 digits)')
    """
    text = str(n)
    zeros = len(text) - len(text.rstrip("0"))
    if zeros < 6:
        return text if len(text) <= 12 else f"{text[:4]}...({len(text)} digits)"
    lead = text[: len(text) - zeros]
    return f"10^{zeros}" if lead == "1" else f"{lead}e{zeros}"


def show_polynomial(polynomial: fmpz_poly) -> str:
    """A polynomial in z, highest power first.

    >>> show_polynomial(fmpz_poly([5, -6, 5])), show_polynomial(fmpz_poly([-1, 1])), show_polynomial(fmpz_poly([0, 1]))
    ('5z^2 - 6z + 5', 'z - 1', 'z')
    """
    text = ""
    for power in range(polynomial.degree(), -1, -1):
        coefficient = int(polynomial[power])
        if not coefficient:
            continue
        letter = "" if power == 0 else "z" if power == 1 else f"z^{power}"
        size = str(abs(coefficient)) if abs(coefficient) != 1 or not letter else ""
        sign = ("-" if coefficient < 0 else "") if not text else (" - " if coefficient < 0 else " + ")
        text += f"{sign}{size}{letter}"
    return text or "0"

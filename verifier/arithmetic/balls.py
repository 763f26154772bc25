"""Arb balls: the only arithmetic that certifies.

A ball [m ± r] contains the exact result for every choice of points in the operands (the inclusion principle). The
working precision of python-flint is global; `Balls.working()` sets it for a block and restores it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from fractions import Fraction
from typing import Any

import flint
from flint import arb, fmpq, fmpz

FAR_BELOW = -(2**20)
"""Arguments of σ below which e^-v would not fit; e^v is so small that it may occur twice."""

STATED_DIGITS = 12
"""Digits of the outward-rounded decimal as which a bound is compared and stored."""

TINY_EXPONENT = -(2**20)
"""Numbers below 2^this are not written out: the power of ten alone would take long."""

TINIEST = "1e-315652"
"""A decimal just above 2^TINY_EXPONENT = 10^-315652.8...: what such numbers are rounded to, away from 0."""

ONE = arb(1)
ZERO = arb(0)


class Balls:
    """Ball arithmetic at `bits` bits. Values are `flint.arb`."""

    name = "balls"

    def __init__(self, bits: int) -> None:
        self.bits = bits

    def working(self) -> AbstractContextManager[Any]:
        """Context in which python-flint computes at this precision."""
        return flint.ctx.workprec(self.bits)

    @staticmethod
    def exact(value: Fraction) -> arb:
        """The ball of a rational: exact if it fits, else correctly enclosed at the working precision."""
        if value.denominator == 1:
            return arb(fmpz(value.numerator)) + ZERO
        return arb(fmpq(value.numerator, value.denominator))

    @staticmethod
    def sigmoid(value: arb) -> arb:
        """σ(v) = 1/(1 + e^-v), in which v occurs once: a ball is widened by σ' alone. Far below 0 as e^v/(1 + e^v);
        of balls so wide that e^-v is not apart from 0 as the hull of its values at their ends."""
        if value < FAR_BELOW:
            exponential = value.exp()
            return exponential / (ONE + exponential)
        found = ONE / (ONE + (-value).exp())
        if found.is_finite() or not value.is_finite() or value.is_exact():
            return found
        return Balls.sigmoid(value.lower()).union(Balls.sigmoid(value.upper()))  # σ increases

    @staticmethod
    def tanh(value: arb) -> arb:
        """tanh(v)."""
        return value.tanh()

    @staticmethod
    def relu(value: arb) -> arb:
        """max(v, 0)."""
        return value.max(ZERO)

    @staticmethod
    def softplus(value: arb) -> arb:
        """ln(1 + e^v); above 0 as v + ln(1 + e^-v), so that e^v need not fit."""
        return value + (-value).exp().log1p() if value > 0 else value.exp().log1p()

    @staticmethod
    def exp(value: arb) -> arb:
        """e^v."""
        return value.exp()


def to_ball(value: Fraction | int) -> arb:
    """The ball of an exact number at the current working precision."""
    return Balls.exact(Fraction(value))


def upper_fraction(value: arb) -> Fraction:
    """A rational at or just above the upper end of a ball (rounded up to the current precision)."""
    return exact_fraction(value.upper())


def lower_fraction(value: arb) -> Fraction:
    """A rational at or just below the lower end of a ball (rounded down to the current precision)."""
    return exact_fraction(value.lower())


def exact_fraction(point: arb) -> Fraction:
    """The rational of an exact point (a ball of radius 0)."""
    mantissa, exponent = point.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def show_upper(value: arb, digits: int = 6) -> str:
    """The upper end of a ball in `digits` significant decimals, rounded up (outward).

    >>> show_upper(arb(2) / 3, 4), show_upper(arb(0)), show_upper(arb(10) ** -200, 3)
    ('0.6667', '0', '1.01e-200')
    """
    return _show(value.upper(), digits, up=True)


def stated_upper(value: arb) -> Fraction:
    """The decimal of `STATED_DIGITS` digits as which a finite bound is compared and stored: its upper end, rounded up.

    >>> stated_upper(arb(2) / 3)
    Fraction(666666666667, 1000000000000)
    """
    return Fraction(show_upper(value, STATED_DIGITS))


def show_lower(value: arb, digits: int = 6) -> str:
    """The lower end of a ball in `digits` significant decimals, rounded down (outward).

    >>> show_lower(arb(2) / 3, 4)
    '0.6666'
    """
    return _show(value.lower(), digits, up=False)


def show_near(value: arb, digits: int = 3) -> str:
    """A number in [-1, 1] for people, cut towards 0 after few digits; next to ±1 the distance from it is shown instead.

    Where the precision does not separate it from ±1, "> 1 - δ" says what is known; a modulus below
    2^`TINY_EXPONENT` is "almost 0".

    >>> show_near(arb("0.25")), show_near(1 - arb(10) ** -5), show_near(arb(0)), show_near(arb(500).tanh())
    ('0.25', '1 - 9.99e-6', '0', '> 1 - 2.23e-16')
    """
    for end, beyond, gap in (("1 -", ">", ONE - value), ("-1 +", "<", ONE + value)):
        if gap.is_zero():
            return end.split()[0]
        if abs(gap) < arb(1) / 100 and not gap < 0:
            return f"{end} {show_lower(gap, digits)}" if gap > 0 else f"{beyond} {end} {show_upper(gap, digits)}"
    if not value.is_zero() and abs(value) < arb(2) ** TINY_EXPONENT:
        return "almost 0"
    return show_upper(value, digits) if value < 0 else show_lower(value, digits)


def _show(point: arb, digits: int, up: bool) -> str:
    if not point.is_finite():
        return "inf" if up or point > 0 else "-inf"
    if not point.is_zero() and abs(point) < arb(2) ** TINY_EXPONENT:
        return (TINIEST if up else f"-{TINIEST}") if up == bool(point > 0) else "0"
    return show_decimal(_point_pair(point), digits, up)


def _point_pair(point: arb) -> tuple[int, int]:
    mantissa, exponent = point.man_exp()
    return int(mantissa), int(exponent)


def show_decimal(point: tuple[int, int], digits: int, up: bool) -> str:
    """mantissa·2^exponent in `digits` significant decimals, rounded up or down; never through a float."""
    mantissa, exponent = point
    if mantissa == 0:
        return "0"
    sign = "-" if mantissa < 0 else ""
    away = up != (mantissa < 0)
    size = abs(mantissa)
    # 10^power <= size·2^exponent < 10^(power+1), first by logarithm (log10 2 = 0.30102999...), then corrected
    power = ((size.bit_length() - 1 + exponent) * 30103) // 100000
    quotient, rest = _scaled_quotient(size, exponent, digits - 1 - power)
    while not 10 ** (digits - 1) <= quotient < 10**digits:
        power += 1 if quotient >= 10**digits else -1
        quotient, rest = _scaled_quotient(size, exponent, digits - 1 - power)
    if away and rest:
        quotient += 1
        if quotient == 10**digits:
            quotient, power = quotient // 10, power + 1
    text = str(fmpz(quotient))
    if -5 < power < digits:
        if power >= 0:
            text = text[: power + 1] + "." + text[power + 1 :]
        else:
            text = "0." + "0" * (-power - 1) + text
        text = text.rstrip("0").rstrip(".")
        return sign + text
    fraction = text[1:].rstrip("0")
    return f"{sign}{text[0]}{'.' + fraction if fraction else ''}e{power}"


def _scaled_quotient(size: int, exponent: int, tens: int) -> tuple[int, int]:
    """size·2^exponent·10^tens as a quotient and whether-something-remains."""
    numerator = size * 10**tens if tens >= 0 else size
    denominator = 1 if tens >= 0 else 10**-tens
    if exponent >= 0:
        numerator <<= exponent
    else:
        denominator <<= -exponent
    return divmod(numerator, denominator)


def largest(values: Iterable[arb]) -> arb:
    """A ball around the largest of these and 0."""
    result = ZERO
    for value in values:
        result = result.max(value)
    return result

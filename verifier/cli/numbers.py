"""Numbers of any size for people, rounded outward."""

from __future__ import annotations

from flint import arb

from verifier.arithmetic.balls import ONE, show_lower, show_upper

LARGEST_POWER_BITS = 30_000
"""Binary exponents beyond this are printed as a power of ten with a fractional exponent."""

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
    """One end of a ball around a gradient: next to 1 by the distance from 1, else as `show_bound`.

    >>> show_slope(1 - arb(2) ** -10, up=False), show_slope(arb(1), up=True), show_slope(arb(1) / 3, up=True)
    ('1 - 0.000977', '1', '0.334')
    """
    end = value.upper() if up else value.lower()
    gap = ONE - end
    if gap.is_zero():
        return "1"
    if not abs(gap) < NEAR_ONE:
        return show_bound(end, up, digits)
    if gap > 0:
        return f"1 - {show_bound(gap, not up, digits)}"
    return f"1 + {show_bound(-gap, up, digits)}"

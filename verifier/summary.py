"""The numbers of a certificate for people: observed, supremum, symbolic, tolerance, each rounded outward."""

from __future__ import annotations

from fractions import Fraction

from flint import arb

from verifier.arithmetic.balls import ONE, Balls, show_lower, show_upper, to_ball
from verifier.certify import Certificate
from verifier.exact import show_rational

DIGITS = 6
"""Significant digits of the printed bounds, rounded outward."""

MANY = 10**6
"""Levels of a memory whose number is not printed."""

BRACKETS = ("invariant sets", "expansion", "refreshed levels")
"""Methods whose name says where a bracket comes from."""

GUARD_BITS = 64
"""Bits beyond those of its denominator at which a rational is rounded."""

LONGEST_NUMBER = 24
"""Characters of a number printed in full."""


NEAR_ONE = ONE / 1000
"""An error closer to 1 than this is printed by its distance from 1: 1 - 9.33e-302 is not 1."""


def error_text(value: arb, up: bool, digits: int = DIGITS) -> str:
    """The upper (`up`) or lower end of an error, rounded outward; next to 1 by its distance from 1.

    >>> error_text(ONE - arb(2) ** -40, up=True), error_text(ONE / 3, up=False), error_text(ONE, up=True)
    ('1 - 9.09494e-13', '0.333333', '1')
    """
    end = value.upper() if up else value.lower()
    gap = ONE - end
    if gap.is_zero() or not abs(gap) < NEAR_ONE:
        return show_upper(end, digits) if up else show_lower(end, digits)
    distance = show_lower(abs(gap), digits) if up == bool(gap > 0) else show_upper(abs(gap), digits)
    return f"1 {'-' if gap > 0 else '+'} {distance}"


def rational_text(value: Fraction, up: bool) -> str:
    """A rational error as `error_text` shows it, at a precision of its own.

    >>> rational_text(1 - Fraction(1, 2**999), up=True)
    '1 - 1.86652e-301'
    """
    with Balls(value.denominator.bit_length() + GUARD_BITS).working():
        return error_text(to_ball(value), up)


def numbers(certificate: Certificate) -> list[tuple[str, str, str]]:
    """(name, value, where it comes from) of the four numbers, at the current precision; "-" where one was not reached."""
    if certificate.observed is None:
        columns = [("observed", "-", f"n beyond {certificate.steps} steps")]
    else:
        worst = certificate.observed.worst
        where = "every sequence" if worst.error.is_zero() else f"{worst.family}, n' = {worst.horizon}"
        columns = [("observed", error_text(worst.error, up=False), where)]
    supremum = certificate.supremum
    if supremum is None:
        columns.append(("supremum", "-", "not reached"))
    else:
        how = {
            "invariant sets": f"invariant sets, {supremum.boxes} ranges",
            "refreshed levels": f"{supremum.boxes} levels, all at once" if supremum.boxes < MANY else "all levels at once",
            "induction": "exact, closed form in n",
            "stepping": "exact, stepped",
            "exact forms": "exact rational",
            "expansion": "powers of x_1",
            "bounded readout": "the readout is bounded",
            "lattice paths": "exact, over lattice paths",
        }[supremum.method]
        exact = supremum.exact_value
        value = error_text(supremum.upper, up=True) if exact is None else rational_text(exact, up=True)
        if not supremum.exact and supremum.upper.is_finite():
            how = how if supremum.method in BRACKETS else "bracket"
            value = f"{error_text(supremum.lower, up=False)} .. {value}"
        columns.append(("supremum", value, how))
    if certificate.symbolic is not None:
        exact = certificate.symbolic.exact_value
        bound = error_text(certificate.symbolic.value, up=True) if exact is None else rational_text(exact, up=True)
        columns.append(("symbolic", bound, f"{certificate.symbolic.theorem}, closed form"))
    asked = "asked: below" if certificate.regime.strict else "asked"
    columns.append(("tolerance", short(certificate.regime.tolerance), asked))
    return columns


def short(value: Fraction) -> str:
    """A rational as it is if that is short, else cut after a few digits and marked as such."""
    text = show_rational(value)
    if len(text) <= LONGEST_NUMBER:
        return text
    near = 0 < 1 - value < Fraction(1, 1000)  # then the digits of the distance from 1 are cut, not those of the value
    return f"{rational_text(value, up=near)}..."

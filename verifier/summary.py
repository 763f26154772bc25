"""The numbers of a certificate for people: observed, supremum, symbolic, tolerance, each rounded outward."""

from __future__ import annotations

from fractions import Fraction

from verifier.arithmetic.balls import show_lower, show_upper, to_ball
from verifier.certify import Certificate
from verifier.exact import show_rational

DIGITS = 6
"""Significant digits of the printed bounds, rounded outward."""

MANY = 10**6
"""Levels of a memory whose number is not printed."""

BRACKETS = ("invariant sets", "expansion", "refreshed levels")
"""Methods whose name says where a bracket comes from."""

LONGEST_NUMBER = 24
"""Characters of a number printed in full."""


def numbers(certificate: Certificate) -> list[tuple[str, str, str]]:
    """(name, value, where it comes from) of the four numbers, at the current precision; "-" where one was not reached."""
    if certificate.observed is None:
        columns = [("observed", "-", f"n beyond {certificate.steps} steps")]
    else:
        worst = certificate.observed.worst
        where = "every sequence" if worst.error.is_zero() else f"{worst.family}, n' = {worst.horizon}"
        columns = [("observed", show_lower(worst.error, DIGITS), where)]
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
        value = show_upper(supremum.upper, DIGITS)
        if not supremum.exact and supremum.upper.is_finite():
            how = how if supremum.method in BRACKETS else "bracket"
            value = f"{show_lower(supremum.lower, DIGITS)} .. {value}"
        columns.append(("supremum", value, how))
    if certificate.symbolic is not None:
        bound = show_upper(certificate.symbolic.value, DIGITS)
        columns.append(("symbolic", bound, f"{certificate.symbolic.theorem}, closed form"))
    asked = "asked: below" if certificate.regime.strict else "asked"
    columns.append(("tolerance", short(certificate.regime.tolerance), asked))
    return columns


def short(value: Fraction) -> str:
    """A rational as it is if that is short, else cut after a few digits and marked as such."""
    text = show_rational(value)
    return text if len(text) <= LONGEST_NUMBER else f"{show_lower(to_ball(value), DIGITS)}..."

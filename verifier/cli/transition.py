"""What `verify gradient linear` prints: where the powers of one matrix go."""

from __future__ import annotations

from typing import Any

import click
from flint import arb

from verifier.arithmetic.balls import ONE, exact_fraction, to_ball
from verifier.cli.copy import machine_line
from verifier.cli.numbers import show_bound, show_horizon, show_polynomial, show_rate, show_slope
from verifier.cli.report import print_columns, wrapped
from verifier.exact import show_rational
from verifier.linear_gradient import TransitionReport
from verifier.linear_memory import central_binomial, worthless_horizon
from verifier.powers import GeometricBound
from verifier.spectral import Limit, Spectrum

LONGEST_POLYNOMIAL = 60
"""Characters of a factor that is printed in full."""

MOST_FACTORS = 6
"""Factors of a minimal polynomial that are printed."""

NORM = "largest row sum of moduli, the operator norm of the sup norm"

SOURCES = (
    "criterion: Hochreiter 1991; Bengio, Simard & Frasconi 1994; Pascanu, Mikolov & Bengio 2013; rank bound: Jaeger 2001; "
    "prices: this project, T3b, T3c (relatives: Turán's power sums; François, Orvieto & Bach 2025)"
)


def print_transition(report: TransitionReport) -> None:
    """The whole report, without the last line."""
    size, found = report.transition.size, report.spectrum
    click.echo(
        wrapped("question", f"linear state, A is {size} x {size} ({report.transition.title}): where does ∂s_n/∂s_0 = A^n go?")
    )
    click.echo(wrapped("norm", f"‖·‖ = {NORM}"))
    click.echo(wrapped("spectrum", spectrum_text(found)))
    click.echo(wrapped("answer", answer_text(report)))
    click.echo(wrapped("upper", upper_text(report)))
    click.echo(wrapped("lower", lower_text(report)))
    click.echo(wrapped("recall", recall_text(report)))
    click.echo(wrapped("price", price_text(found)))
    click.echo()
    _print_rows(report)
    click.echo()
    if report.reason:
        click.echo(wrapped("because", report.reason))
    click.echo(wrapped("sources", SOURCES))
    click.echo()


def spectrum_text(found: Spectrum) -> str:
    """Minimal polynomial and spectral radius in words."""
    parts = []
    for factor in found.factors[:MOST_FACTORS]:
        text = show_polynomial(factor.polynomial)
        text = f"({text})" if len(text) <= LONGEST_POLYNOMIAL else f"(irreducible of degree {factor.polynomial.degree()})"
        parts.append(text + (f"^{factor.multiplicity}" if factor.multiplicity > 1 else ""))
    more = f" and {len(found.factors) - MOST_FACTORS} more" if len(found.factors) > MOST_FACTORS else ""
    return f"minimal polynomial of degree {found.degree}, up to a constant {' '.join(parts)}{more}; {radius_text(found)}"


def radius_text(found: Spectrum) -> str:
    """ρ(A), exact where it is."""
    if found.nilpotency is not None:
        return "ρ(A) = 0 exactly"
    if found.side == 0:
        return "ρ(A) = 1 exactly"
    if found.radius.is_exact():
        return f"ρ(A) = {show_rational(exact_fraction(found.radius))} exactly"
    low, high = show_slope(found.radius, up=False, digits=12), show_slope(found.radius, up=True, digits=12)
    return f"{low} <= ρ(A) <= {high}"


def answer_text(report: TransitionReport) -> str:
    """The verdict with its reason."""
    found = report.spectrum
    if found.limit is None:
        return "UNDECIDED: ρ(A) could not be told from 1"
    if found.nilpotency is not None:
        m = found.nilpotency
        before = "A" if m == 2 else f"A^{m - 1}"
        return f"VANISHING: A^{m} = 0 exactly, " + (f"though {before} ≠ 0" if m > 1 else "A is the zero matrix")
    if found.side == 0:
        if found.limit is Limit.NEITHER:
            return (
                "NEITHER: the eigenvalues of modulus 1 are semisimple (exactly decided), so A^n stays bounded and does not vanish"
            )
        return f"EXPLODING, like n^{found.order - 1}: ρ(A) = 1 with a Jordan block of size {found.order} (exactly decided)"
    if found.limit is Limit.VANISHING:
        return "VANISHING: ρ(A) < 1, geometrically"
    return "EXPLODING: ρ(A) > 1, geometrically"


def upper_text(report: TransitionReport) -> str:
    """The bound from above with its reason."""
    upper = report.upper
    if upper is None:
        return "none found"
    if not isinstance(upper, GeometricBound):
        degree = len(upper.upper) - 1
        terms = [f"C(n,{j})" if u == 1 else f"{show_bound(to_ball(u), True, 4)} C(n,{j})" for j, u in enumerate(upper.upper) if u]
        shown = " + ".join(terms if len(terms) <= 4 else [*terms[:2], "...", terms[-1]])
        return f"‖A^n‖ <= {shown} for every n >= 1, of order n^{degree} (spectral projectors)"
    constant = show_bound(to_ball(upper.constant), up=True)
    if upper.rate == 1:
        bound = f"‖A^n‖ <= {constant} for every n >= 0"
    else:
        bound = f"‖A^n‖ <= {constant} · r^n, r = {show_rate(upper.rate)}, for every n >= 0"
    if upper.period is None:
        return f"{bound} (spectral projectors)"
    scaled = "A" if upper.rate == 1 else "(A/r)"
    return f"{bound}, because ‖{scaled}^{upper.period}‖ <= 1; no smaller constant does: it is attained at n = {upper.attained_at}"


def lower_text(report: TransitionReport) -> str:
    """The bound from below with its reason."""
    found = report.spectrum
    if found.nilpotency is not None:
        return "‖A^n‖ >= ρ(A)^n = 0 says nothing here"
    if found.limit is None:
        return "none"
    if found.order > 1:
        return (
            f"‖A^n‖ >= 1, and from a chain of {found.order} generalised eigenvectors a bound of order n^{found.order - 1} (table)"
        )
    if found.side == 0:
        return "‖A^n‖ >= ρ(A)^n = 1 for every n"
    return f"‖A^n‖ >= ρ(A)^n >= r^n, r = {show_rate(report.lower_rate)}, for every n"


def recall_text(report: TransitionReport) -> str:
    """What the state can recall of x_1."""
    degree = report.spectrum.degree
    checked = "found and recomputed exactly" if report.readout is not None else "not found"
    return (
        f"with this A some B and C recall x_1 exactly at n = {degree}, the degree of the minimal polynomial, and at every smaller "
        f"n ({checked} for n = {degree}); at n > {degree} none do (T3)"
    )


def price_text(found: Spectrum) -> str:
    """What it costs not to explode."""
    if found.side is None:
        return "not known, as ρ(A) could not be told from 1"
    if found.side > 0:
        return "ρ(A) > 1: T3b and T3c do not bind; longer memory is possible because this state explodes"
    m, later = found.degree, worthless_horizon(found.degree)
    return (
        f"ρ(A) <= 1: every B and C has recall error >= M/C({m},{m // 2}) = M/{central_binomial(m):,} for n > {m} (T3b), and >= M, "
        f"no better than guessing, for n >= {later:,} (T3c)"
    )


def _print_rows(report: TransitionReport) -> None:
    given = any(row.response is not None for row in report.rows)
    heads = [
        "n",
        "‖A^n‖ at least",
        "‖A^n‖",
        "at most",
        *(["g_{n-1} = C A^(n-1) B", "error / M"] if given else []),
        "least error / M",
    ]
    lines = []
    for row in report.rows:
        line = [show_horizon(row.n)]
        line += [show_bound(row.lower, up=False), "-" if row.norm is None else _both(row.norm), show_bound(row.upper, up=True)]
        if given:
            line += ["-" if row.response is None else _both(row.response), "-" if row.error is None else _both(row.error)]
        least = row.least_error
        line.append("-" if least is None else show_rational(least))
        lines.append(line)
    print_columns(heads, lines)


def _both(value: arb) -> str:
    """A number whose two ends agree to the shown digits, else both ends."""
    low, high = show_bound(value, up=False, digits=7), show_bound(value, up=True, digits=7)
    if low == high:
        return low
    return show_bound(value, up=False) if value.rel_accuracy_bits() > 24 else f"{low} .. {high}"


def transition_line(report: TransitionReport) -> str:
    """The machine-readable last line."""
    found, upper = report.spectrum, report.upper
    geometric = isinstance(upper, GeometricBound)
    fields = {
        "network": "linear",
        "hidden": str(report.transition.size),
        "limit": "UNDECIDED" if found.limit is None else found.limit.value,
        "radius_lower": show_slope(found.radius, up=False, digits=12).replace(" ", ""),
        "radius_upper": show_slope(found.radius, up=True, digits=12).replace(" ", ""),
        "minimal_degree": str(found.degree),
        "nilpotent": "no" if found.nilpotency is None else str(found.nilpotency),
        "block": str(found.order),
        "constant": show_bound(to_ball(upper.constant), up=True) if isinstance(upper, GeometricBound) else "none",
        "rate": show_rate(upper.rate).replace(" ", "") if isinstance(upper, GeometricBound) else "polynomial" if upper else "none",
        "period": str(upper.period) if geometric and isinstance(upper, GeometricBound) and upper.period else "none",
        "recalls": str(found.degree) if report.readout is not None else "none",
    }
    return machine_line(report.verdict, fields)


def transition_data(report: TransitionReport) -> dict[str, Any]:
    """Matrix, spectrum, bounds, table and conclusions as plain data; bounds are decimals rounded outward."""
    found, upper, given = report.spectrum, report.upper, report.transition
    bound: dict[str, Any] | None = None
    if isinstance(upper, GeometricBound):
        bound = {
            "form": "norm(A^n) <= constant rate^n for every n >= 0",
            "constant": show_bound(to_ball(upper.constant), up=True, digits=20),
            "rate": show_rational(upper.rate),
            "period": upper.period,
            "attained_at": upper.attained_at,
        }
    elif upper is not None:
        bound = {
            "form": "sum_j upper[j] C(n,j) >= norm(A^n) >= lower[k-1] C(n,k-1) - sum_{j<k-1} lower[j] C(n,j) for every n >= 1",
            "upper": [show_bound(to_ball(u), up=True, digits=20) for u in upper.upper],
            "lower": [show_bound(to_ball(v), up=j < len(upper.lower) - 1, digits=20) for j, v in enumerate(upper.lower)],
        }
    binds = found.side is not None and found.side <= 0
    return {
        "verdict": report.verdict.value,
        "reason": report.reason,
        "limit": None if found.limit is None else found.limit.value,
        "norm": NORM,
        "title": given.title,
        "A": [[show_rational(v) for v in row] for row in given.matrix],
        "B": None if given.input is None else [show_rational(v) for v in given.input],
        "C": None if given.output is None else [show_rational(v) for v in given.output],
        "minimal_polynomial": [str(c) for c in found.minimal.coeffs()],
        "factors": [
            {
                "polynomial": [str(c) for c in factor.polynomial.coeffs()],
                "multiplicity": factor.multiplicity,
                "largest_root_against_1": {None: "undecided", -1: "below", 0: "equal", 1: "above"}[factor.side],
            }
            for factor in found.factors
        ],
        "spectral_radius": {
            "lower": show_bound(found.radius, up=False, digits=40),
            "upper": show_bound(found.radius, up=True, digits=40),
            "minus_1": {
                "lower": show_bound(found.radius - ONE, up=False, digits=20),
                "upper": show_bound(found.radius - ONE, up=True, digits=20),
            },
            "against_1": {None: "undecided", -1: "below", 0: "equal", 1: "above"}[found.side],
        },
        "largest_block_on_the_circle": found.order,
        "nilpotency": found.nilpotency,
        "bound": bound,
        "lower_rate": show_rational(report.lower_rate),
        "recall": {
            "exact_up_to": found.degree,
            "B": None if report.readout is None else [show_rational(v) for v in report.readout.input],
            "C": None if report.readout is None else [show_rational(v) for v in report.readout.output],
        },
        "price": {
            "binds": binds,
            "least_error_beyond": f"1/{central_binomial(found.degree)}" if binds else None,
            "worthless_from": str(worthless_horizon(found.degree)) if binds else None,
        },
        "rows": [
            {
                "n": str(row.n),
                "lower": show_bound(row.lower, up=False, digits=12),
                "norm": None
                if row.norm is None
                else [show_bound(row.norm, up=False, digits=12), show_bound(row.norm, up=True, digits=12)],
                "upper": show_bound(row.upper, up=True, digits=12),
                "response": None
                if row.response is None
                else [show_bound(row.response, up=False, digits=12), show_bound(row.response, up=True, digits=12)],
                "error": None
                if row.error is None
                else [show_bound(row.error, up=False, digits=12), show_bound(row.error, up=True, digits=12)],
                "least_error": None if row.least_error is None else show_rational(row.least_error),
            }
            for row in report.rows
        ],
    }

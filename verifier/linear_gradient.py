"""The gradient of a linear state, decided: ∂s_n/∂s_0 = A^n, for every n at once and at chosen n.

Put together from `spectral` (ρ(A) against 1, exactly), `powers` (‖A^n‖ from both sides with explicit constants) and
`linear_memory` (what the state can recall and what not exploding costs).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import flint
from flint import arb, arb_mat, fmpq_mat, fmpz

from verifier.arithmetic.balls import ONE, ZERO, to_ball
from verifier.errors import UsageError
from verifier.exact import show_rational
from verifier.impulse import recall_error
from verifier.linear_memory import Readout, least_error, recalling_readout
from verifier.powers import GeometricBound, PolynomialBound, balls_of, bound_polynomially, bound_powers, norm, power
from verifier.spectral import Limit, Spectrum, exact_matrix, rate_above, rate_below, spectrum
from verifier.transition import Transition
from verifier.verdict import Verdict

RESPONSE_WORK = 2_000_000
"""Steps × d² up to which the impulse response is computed one by one."""

POWER_WORK = 4_000_000
"""Squarings × d³ up to which ‖A^n‖ is computed; beyond, the bounds for every n are all that is shown."""

POWER_BITS = 256
"""Precision beyond what n and the dimension cost."""

POWER_ATTEMPTS = 4
"""Precisions tried for powers of A, each four times the one before: balls of products widen with every step."""

ACCURATE_BITS = 32
"""Relative accuracy at which a number counts as known."""


@dataclass(frozen=True)
class PowerRow:
    """‖A^n‖ and its bounds; g_{n-1} and e_n/M of the given B and C, the least e_n/M of any B and C; None where not computed."""

    n: int
    lower: arb
    norm: arb | None
    upper: arb
    response: arb | None
    error: arb | None
    least_error: Fraction | None


@dataclass(frozen=True)
class TransitionReport:
    """What A^n does. `upper` and `lower_rate` (‖A^n‖ >= lower_rate^n) hold for every n; `readout` recalls x_1 exactly at
    n = `spectrum.degree`, which was recomputed exactly. Balls are of `working_bits`."""

    transition: Transition
    spectrum: Spectrum
    upper: GeometricBound | PolynomialBound | None
    lower_rate: Fraction
    rows: list[PowerRow]
    readout: Readout | None
    verdict: Verdict
    reason: str
    working_bits: int


def decide_transition(transition: Transition, horizons: Sequence[int], rate: Fraction | None = None) -> TransitionReport:
    """Decide where A^n goes, bound ‖A^n‖ for every n and tabulate it at the horizons.

    `rate` is the r of ‖A^n‖ <= κ r^n; by default one near ρ(A). Raises `UsageError` for a rate that is not above ρ(A).
    """
    matrix = exact_matrix(transition.matrix)
    bits = POWER_BITS + 4 * max(horizons).bit_length()
    with flint.ctx.workprec(bits):
        found = spectrum(matrix)
        upper = _upper(matrix, found, rate)
        readout = recalling_readout(matrix, found.degree, found.degree)
        recalled = readout is not None and recall_error(readout.response(matrix, found.degree)) == 0
        lower_rate = Fraction(1) if found.side == 0 else rate_below(found) if found.side is not None else Fraction(0)
        rows = _rows(matrix, transition, found, upper, lower_rate, horizons)
    if found.limit is None:
        verdict, reason = Verdict.UNDECIDED, "no precision tried told ρ(A) from 1"
    elif upper is None:
        verdict, reason = Verdict.UNDECIDED, "no bound of ‖A^n‖ for every n was found at the precisions tried"
    elif not recalled:
        verdict, reason = Verdict.UNDECIDED, "no readout that recalls x_1 was found"
    else:
        verdict, reason = Verdict.PROVED, ""
    return TransitionReport(transition, found, upper, lower_rate, rows, readout, verdict, reason, bits)


def _upper(matrix: fmpq_mat, found: Spectrum, rate: Fraction | None) -> GeometricBound | PolynomialBound | None:
    if found.side is None:
        return None
    if rate is None:
        if found.side == 0:
            return bound_powers(matrix, found, Fraction(1)) if found.limit is Limit.NEITHER else bound_polynomially(matrix, found)
        return bound_powers(matrix, found, rate_above(found))
    if not (to_ball(rate) > found.radius or (rate == 1 and found.limit is Limit.NEITHER)):
        raise UsageError(
            f"--rate {show_rational(rate)} is not above the spectral radius {found.radius.str(12, radius=False)}: no constant κ "
            "gives ‖A^n‖ <= κ r^n (or none is known); choose a larger rate"
        )
    return bound_powers(matrix, found, rate)


def _rows(
    matrix: fmpq_mat,
    transition: Transition,
    found: Spectrum,
    upper: GeometricBound | PolynomialBound | None,
    lower_rate: Fraction,
    horizons: Sequence[int],
) -> list[PowerRow]:
    longest = max((n for n in horizons if n * matrix.nrows() ** 2 <= RESPONSE_WORK), default=0)
    response = _accurate_response(matrix, transition, longest)
    rows = []
    for n in horizons:
        if isinstance(upper, PolynomialBound):
            lower = upper.lower_at(n)
        else:
            lower = to_ball(lower_rate) ** fmpz(n)
        known = n <= len(response)
        rows.append(
            PowerRow(
                n=n,
                lower=lower,
                norm=_norm_of_power(matrix, n) if n.bit_length() * matrix.nrows() ** 3 <= POWER_WORK else None,
                upper=arb("inf") if upper is None else upper.upper_at(n),
                response=response[n - 1] if known else None,
                error=abs(ONE - response[n - 1]) + sum((abs(g) for g in response[: n - 1]), ZERO) if known else None,
                least_error=least_error(found, n),
            )
        )
    return rows


def _norm_of_power(matrix: fmpq_mat, n: int) -> arb:
    """‖A^n‖, at more bits where the first do not suffice."""
    bits = flint.ctx.prec
    for _ in range(POWER_ATTEMPTS):
        with flint.ctx.workprec(bits):
            value = norm(power(balls_of(matrix), n))
        if value.is_zero() or (value.is_finite() and value.rel_accuracy_bits() >= ACCURATE_BITS):
            break
        bits *= 4
    return value


def _accurate_response(matrix: fmpq_mat, transition: Transition, length: int) -> list[arb]:
    """g_0, g_1, ..., at more bits where the last ones are not accurate enough."""
    bits = POWER_BITS
    for _ in range(POWER_ATTEMPTS):
        with flint.ctx.workprec(bits):
            response = _response(matrix, transition, length)
        if all(g.is_zero() or g.rel_accuracy_bits() >= ACCURATE_BITS for g in response[-matrix.nrows() :]):
            break
        bits *= 4
    return response


def _response(matrix: fmpq_mat, transition: Transition, length: int) -> list[arb]:
    """g_0, g_1, ... of the given B and C in balls; empty where they are missing."""
    if transition.input is None or transition.output is None:
        return []
    size, general = matrix.nrows(), balls_of(matrix)
    column = arb_mat(size, 1, [to_ball(v) for v in transition.input])
    row = arb_mat(1, size, [to_ball(v) for v in transition.output])
    response = []
    for _ in range(length):
        response.append((row * column)[0, 0])
        column = general * column
    return response

"""Bounds of ‖A^n‖ with explicit constants for all n at once, ‖·‖ the largest row sum of moduli (the norm of sup norms).

*Direct*, for a rate r: with B = A/r, one p with ‖B^p‖ <= 1 gives for all n, because ‖B^(j+mp)‖ <= ‖B^j‖ ‖B^p‖^m,

    ‖A^n‖ <= κ r^n,    κ = max over j < p of ‖B^j‖,

the least constant there is, as it is attained. *By projectors*, where p is large: with the spectral projectors E_λ and
N_λj = (A - λ)^j E_λ,

    A^n = Σ_λ Σ_j C(n,j) λ^(n-j) N_λj,    so    ‖A^n‖ <= r^n Σ_λ Σ_j ‖N_λj‖ r^-j max_n C(n,j) (|λ|/r)^(n-j),

where the maximum over n is at n = max(j, ⌊j/(1-q)⌋), q = |λ|/r, since C(n+1,j) q >= C(n,j) just when n + 1 <= j/(1-q).

*Polynomial*, for ρ(A) = 1 with blocks of size k > 1: ‖A^n‖ <= Σ_{j<k} u_j C(n,j) from the same sum, and below, with the
chain v_j = N_λj e of a λ of modulus 1 and a unit vector e,

    ‖A^n‖ ‖v_0‖ >= ‖A^n v_0‖ >= C(n,k-1) ‖v_{k-1}‖ - Σ_{j<k-1} C(n,j) ‖v_j‖.

*Below* ‖A^n‖ >= ρ(A)^n always. The projector onto a rational factor of the minimal polynomial is exact, the splitting into
single eigenvalues is in balls around certified roots. Source: standard linear algebra.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import flint
from flint import acb, acb_mat, acb_poly, arb, arb_mat, fmpq_mat, fmpq_poly, fmpz, fmpz_poly

from verifier.arithmetic.balls import ONE, ZERO, exact_fraction, lower_fraction, to_ball, upper_fraction
from verifier.spectral import Spectrum, roots_of
from verifier.verdict import Verdict, check_at_most

DIRECT_POWERS = 512
"""Powers B, B², ... formed one by one in search of p."""

SAMPLED_DOUBLINGS = 256
"""Powers B^(2^k) at which a claimed constant is put to the test besides."""

WIDEST_BITS = 1 << 13
"""Precision up to which a bound is looked for."""


@dataclass(frozen=True)
class GeometricBound:
    """‖A^n‖ <= `constant`·`rate`^n for every n >= 0.

    With a `period` p the reason is ‖A^p‖ <= rate^p, and the constant is the least one: ‖A^j‖ = constant·rate^j at
    j = `attained_at`, up to the rounding of the constant. Without, the spectral projectors gave it.
    """

    constant: Fraction
    rate: Fraction
    period: int | None
    attained_at: int | None

    def upper_at(self, n: int) -> arb:
        """The upper bound at n: constant·rate^n."""
        return to_ball(self.constant) * to_ball(self.rate) ** fmpz(n)


@dataclass(frozen=True)
class PolynomialBound:
    """Σ_{j<k} upper[j] C(n,j) >= ‖A^n‖ >= lower[k-1] C(n,k-1) - Σ_{j<k-1} lower[j] C(n,j) for every n >= 0; k = len(upper)."""

    upper: tuple[Fraction, ...]
    lower: tuple[Fraction, ...]

    def upper_at(self, n: int) -> arb:
        """The upper bound at n."""
        return _sum_of_binomials(self.upper, n)

    def lower_at(self, n: int) -> arb:
        """The lower bound at n; at least 1, as ρ(A) = 1."""
        *lesser, leading = self.lower
        return (to_ball(leading) * binomial(n, len(lesser)) - _sum_of_binomials(lesser, n)).max(ONE)


def _sum_of_binomials(coefficients: Sequence[Fraction], n: int) -> arb:
    return sum((to_ball(c) * binomial(n, j) for j, c in enumerate(coefficients)), ZERO)


def binomial(n: int, j: int) -> arb:
    """C(n, j) for any n >= 0 and small j."""
    value = ONE
    for i in range(j):
        value = value * (fmpz(n) - i) / (i + 1)
    return value


def norm(matrix: arb_mat | acb_mat) -> arb:
    """‖A‖ = max_i Σ_k |a_ik|."""
    largest = ZERO
    for i in range(matrix.nrows()):
        largest = largest.max(sum((abs(matrix[i, k]) for k in range(matrix.ncols())), ZERO))
    return largest


def balls_of(matrix: fmpq_mat) -> arb_mat:
    """The matrix in balls at the current precision."""
    return arb_mat(matrix.nrows(), matrix.ncols(), [arb(value) + ZERO for value in matrix.entries()])


def identity(size: int) -> arb_mat:
    """The unit matrix."""
    return arb_mat(size, size, [arb(i == k) for i in range(size) for k in range(size)])


def power(matrix: arb_mat, n: int) -> arb_mat:
    """A^n by squaring."""
    result = identity(matrix.nrows())
    for digit in bin(n)[2:]:
        result = result * result
        if digit == "1":
            result = result * matrix
    return result


def bound_powers(matrix: fmpq_mat, found: Spectrum, rate: Fraction) -> GeometricBound | None:
    """A bound ‖A^n‖ <= κ rate^n for every n >= 0, rate > 0; None where none was found.

    There is one if rate > ρ(A), or if rate = ρ(A) = 1 and the eigenvalues of modulus 1 are semisimple.
    """
    bits = flint.ctx.prec
    while bits <= WIDEST_BITS:
        with flint.ctx.workprec(bits):
            bound = _directly(matrix, rate) or _by_projectors(matrix, found, rate)
        if bound is not None:
            return bound
        bits *= 2
    return None


def _directly(matrix: fmpq_mat, rate: Fraction) -> GeometricBound | None:
    scaled = balls_of(matrix) / to_ball(rate)
    current, constant, place = scaled, ONE, 0
    for p in range(1, DIRECT_POWERS + 1):
        size = norm(current)
        if size <= 1:
            return GeometricBound(upper_fraction(constant), rate, p, place)
        if size.upper() > constant.upper():
            constant, place = constant.max(size), p
        current = current * scaled
    return None


def _by_projectors(matrix: fmpq_mat, found: Spectrum, rate: Fraction) -> GeometricBound | None:
    total, r = ZERO, to_ball(rate)
    for factor in found.factors:
        for root, chain in chains(matrix, found.minimal, factor.polynomial, factor.multiplicity):
            ratio = ONE if factor.side == 0 and rate == 1 else abs(root) / r
            for j, part in enumerate(chain):
                peak = largest_term(j, ratio)
                if peak is None:
                    return None
                total = total + norm(part) * peak / r**j
    return GeometricBound(upper_fraction(total), rate, None, None) if total.is_finite() else None


def largest_term(j: int, ratio: arb) -> arb | None:
    """max over n >= j of C(n,j) q^(n-j), bounded above by the upper end of q; None where it is infinite or not told finite.

    >>> largest_term(1, arb(3) / 4), largest_term(0, arb(1)), largest_term(1, arb(1))
    (1.68750000000000, 1.00000000000000, None)
    """
    if j == 0:
        return ONE if ratio <= 1 else None
    if not ratio < 1:
        return None
    q = exact_fraction(ratio.upper())
    n = max(j, int(j / (1 - q)))
    return binomial(n, j) * to_ball(q) ** fmpz(n - j)


def check_bound(matrix: fmpq_mat, found: Spectrum, constant: Fraction, rate: Fraction) -> tuple[Verdict, int | None]:
    """Decide the claim ‖A^n‖ <= constant·rate^n for every n >= 0: PROVED, REFUTED with an n that breaks it, or UNDECIDED."""
    claimed = to_ball(constant)
    for n, scaled in _sampled_powers(balls_of(matrix) / to_ball(rate)):
        if norm(scaled) > claimed:
            return Verdict.REFUTED, n
    bound = bound_powers(matrix, found, rate)
    if bound is not None and check_at_most(to_ball(bound.constant), claimed) is Verdict.PROVED:
        return Verdict.PROVED, None
    return Verdict.UNDECIDED, None


def _sampled_powers(matrix: arb_mat) -> Iterator[tuple[int, arb_mat]]:
    """(n, A^n) for n <= `DIRECT_POWERS` and for doublings of that."""
    current = identity(matrix.nrows())
    for n in range(DIRECT_POWERS):
        yield n, current
        current = current * matrix
    for k in range(SAMPLED_DOUBLINGS):
        if not norm(current).is_finite():
            return
        yield DIRECT_POWERS << k, current
        current = current * current


def bound_polynomially(matrix: fmpq_mat, found: Spectrum) -> PolynomialBound | None:
    """The polynomial bound of a matrix with ρ(A) = 1 and blocks of size `found.order` > 1; None where balls do not tell."""
    upper = [ZERO] * found.order
    lower: list[arb] = []
    for factor in found.factors:
        for root, chain in chains(matrix, found.minimal, factor.polynomial, factor.multiplicity):
            for j, part in enumerate(chain):
                if factor.side == 0:
                    upper[j] = upper[j] + norm(part)
                    continue
                peak = largest_term(j, abs(root))
                if peak is None:
                    return None
                upper[0] = upper[0] + norm(part) * peak
            if factor.side == 0 and len(chain) == found.order and not lower:
                lower = _chain_lengths(chain)
    if not lower or any(not value.is_finite() for value in [*upper, *lower]):
        return None
    rounded = [upper_fraction(value) for value in lower[:-1]] + [lower_fraction(lower[-1])]
    return PolynomialBound(tuple(upper_fraction(value) for value in upper), tuple(rounded))


def _chain_lengths(chain: Sequence[acb_mat]) -> list[arb]:
    """‖v_j‖ / ‖v_0‖ of the chain that starts in the unit vector with the largest proved share ‖v_{k-1}‖ / ‖v_0‖."""
    best: list[arb] = []
    for column in range(chain[0].ncols()):
        lengths = []
        for part in chain:
            longest = ZERO
            for i in range(part.nrows()):
                longest = longest.max(abs(part[i, column]))
            lengths.append(longest)
        if lengths[-1] > 0:
            shares = [length / lengths[0] for length in lengths]
            if not best or exact_fraction(shares[-1].lower()) > exact_fraction(best[-1].lower()):
                best = shares
    return best


def chains(matrix: fmpq_mat, minimal: fmpq_poly, factor: fmpz_poly, multiplicity: int) -> Iterator[tuple[acb, list[acb_mat]]]:
    """(λ, [N_λ0, ..., N_λ(k-1)]) for every root λ of an irreducible factor that occurs k times in the minimal polynomial.

    E_λ = (S·Q)(A - λ) P with P the exact projector of the factor, Q(w) = f(λ+w)^k / w^k and S = 1/Q mod w^k.
    """
    whole = fmpq_poly(factor) ** multiplicity
    projector = _complex(balls_of(project(matrix, whole, _cofactor(minimal, whole))))
    general = _complex(balls_of(matrix))
    size = matrix.nrows()
    roots = roots_of(factor)
    for place, root in enumerate(roots):
        others = acb_poly.from_roots([mu - root for i, mu in enumerate(roots) if i != place])
        cofactor = acb_poly([1])
        for _ in range(multiplicity):
            cofactor = cofactor * others
        series = _series_inverse(cofactor.coeffs(), multiplicity)
        shifted = general - _scalar(root, size)
        total = acb_mat(size, size)
        for coefficient in reversed((acb_poly(series) * cofactor).coeffs()):
            total = total * shifted + _scalar(coefficient, size)
        part = total * projector
        chain = [part]
        for _ in range(1, multiplicity):
            part = shifted * part
            chain.append(part)
        yield root, chain


def _cofactor(whole: fmpq_poly, part: fmpq_poly) -> fmpq_poly:
    quotient, remainder = divmod(whole, part)
    if remainder:
        raise ArithmeticError(f"{part} does not divide {whole}")
    return quotient


def project(matrix: fmpq_mat, part: fmpq_poly, rest: fmpq_poly) -> fmpq_mat:
    """The projector onto ker part(A) along ker rest(A), exactly: (b·rest)(A) with a·part + b·rest = 1."""
    _, a, b = part.xgcd(rest)
    if a * part + b * rest != fmpq_poly([1]):
        raise ArithmeticError(f"{part} and {rest} have a common factor")
    return evaluate(b * rest, matrix)


def evaluate(polynomial: fmpq_poly, matrix: fmpq_mat) -> fmpq_mat:
    """p(A) by Horner's scheme, exactly."""
    size = matrix.nrows()
    unit = fmpq_mat(size, size, [int(i == k) for i in range(size) for k in range(size)])
    total = fmpq_mat(size, size)
    for coefficient in reversed(polynomial.coeffs()):
        total = total * matrix + unit * coefficient
    return total


def _series_inverse(coefficients: Sequence[acb], length: int) -> list[acb]:
    """The first coefficients of 1/Q: s_0 = 1/q_0, s_m = -s_0 Σ_{i=1..m} q_i s_{m-i}."""
    first = 1 / coefficients[0]
    series = [first]
    for m in range(1, length):
        total = acb(0)
        for i in range(1, min(m, len(coefficients) - 1) + 1):
            total = total + coefficients[i] * series[m - i]
        series.append(-first * total)
    return series


def _scalar(value: acb, size: int) -> acb_mat:
    return acb_mat(size, size, [value if i == k else acb(0) for i in range(size) for k in range(size)])


def _complex(matrix: arb_mat) -> acb_mat:
    return acb_mat(matrix.nrows(), matrix.ncols(), [acb(value) for value in matrix.entries()])

"""Where the eigenvalues of a rational matrix lie: its spectral radius enclosed, and decided exactly against 1.

The minimal polynomial μ over ℚ is computed exactly and split into irreducible factors, so defective matrices are no harder
than others: the characteristic polynomial by Faddeev and LeVerrier, its factors by FLINT, and of each the least power for which
μ(A) = 0, evaluated exactly. (FLINT's own function for μ is not used: FLINT 3.6 gives x² + 1457092405402534206x for
diag(10^20 + 1, 0). Its bound on coefficients was found too small before: flintlib/flint #2296, #2480.)
For an irreducible f over ℤ, f(λ) = 0:

    f = z                        λ = 0
    f cyclotomic                 every root is a root of unity
    f(z) ≠ ±z^deg f(1/z)         no root has modulus 1 (a root λ on the circle has 1/λ = conjugate λ as a root too), so balls
                                 around the roots separate the largest modulus from 1 at some precision
    f(z) = z^k g(z + 1/z)        roots come in pairs λ, 1/λ: all of modulus 1 if all roots of g lie in (-2, 2), else the
                                 largest is above 1; g is irreducible and ±2 no root of it, so balls decide this too

ρ(A) < 1: A^n -> 0. ρ(A) > 1: ‖A^n‖ >= ρ^n -> ∞. ρ(A) = 1: bounded if the eigenvalues of modulus 1 are semisimple, that is if
their factors occur once in the minimal polynomial; of order n^(k-1) if one occurs k times. Source: standard linear algebra;
as the criterion for vanishing and exploding gradients Bengio, Simard & Frasconi 1994, Pascanu, Mikolov & Bengio 2013.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any

import flint
from flint import acb, arb, fmpq, fmpq_mat, fmpq_poly, fmpz, fmpz_mat, fmpz_poly

from verifier.arithmetic.balls import ONE, largest, lower_fraction, upper_fraction
from verifier.arithmetic.rationals import to_flint
from verifier.errors import UsageError
from verifier.exact import exact
from verifier.verdict import Verdict

LARGEST_DIMENSION = 64
"""Rows of a matrix: beyond, exact arithmetic takes minutes."""

RATE_DIGITS = 12
"""Significant digits of |1 - r| for a rate r below ρ(A)."""

SEPARATING_BITS = 1 << 14
"""Precision up to which eigenvalues are separated from the unit circle before the answer is UNDECIDED."""


class Limit(Enum):
    """What ‖A^n‖ does as n grows: tends to 0, is unbounded, or stays between two positive constants."""

    VANISHING = "VANISHING"
    EXPLODING = "EXPLODING"
    NEITHER = "NEITHER"


@dataclass(frozen=True)
class Factor:
    """An irreducible factor of the minimal polynomial and how often it occurs there.

    `side` compares the largest modulus of its roots with 1: -1, 0, +1, or None where no precision up to
    `SEPARATING_BITS` told; `radius` is that modulus, exact where it is 0 or 1.
    """

    polynomial: fmpz_poly
    multiplicity: int
    side: int | None
    radius: arb


@dataclass(frozen=True)
class Spectrum:
    """The minimal polynomial of a rational d x d matrix, split, and what follows for A^n.

    `radius` encloses ρ(A); `side` compares ρ(A) with 1 exactly (None: not decided); `order` is the largest multiplicity of
    a factor with roots of modulus 1 when ρ(A) = 1, else 0; `nilpotency` is the least m with A^m = 0, or None.
    """

    dimension: int
    minimal: fmpq_poly
    factors: tuple[Factor, ...]
    radius: arb
    side: int | None
    order: int
    nilpotency: int | None

    @property
    def degree(self) -> int:
        """Degree of the minimal polynomial."""
        return int(self.minimal.degree())

    @property
    def limit(self) -> Limit | None:
        """The behaviour of ‖A^n‖ as n -> ∞, or None where ρ(A) could not be compared with 1."""
        if self.side is None:
            return None
        if self.side == 0:
            return Limit.EXPLODING if self.order > 1 else Limit.NEITHER
        return Limit.VANISHING if self.side < 0 else Limit.EXPLODING


def exact_matrix(rows: Sequence[Sequence[Fraction | int]]) -> fmpq_mat:
    """The square rational matrix with these rows.

    Raises `UsageError` on a matrix that is empty, not square or larger than `LARGEST_DIMENSION`, `TypeError` on a float.
    """
    size = len(rows)
    if size == 0:
        raise UsageError("the matrix is empty; give at least one row")
    if size > LARGEST_DIMENSION:
        raise UsageError(f"the matrix has {size} rows; at most {LARGEST_DIMENSION} are taken")
    for number, row in enumerate(rows, 1):
        if len(row) != size:
            raise UsageError(f"the matrix is not square: {size} rows, but row {number} has {len(row)} entries")
    return fmpq_mat(size, size, [rational(value) for row in rows for value in row])


def rational(value: Fraction | int) -> fmpq:
    """An exact number as a FLINT rational."""
    return to_flint(exact(value))


def spectrum(matrix: fmpq_mat) -> Spectrum:
    """Decide where the eigenvalues of a square rational matrix lie; ρ(A) is enclosed at the current precision."""
    powers = minimal_factors(matrix)
    minimal = fmpq_poly([1])
    for polynomial, count in powers:
        minimal = minimal * (fmpq_poly(polynomial) / polynomial.leading_coefficient()) ** count
    factors = tuple(_factor(polynomial, count) for polynomial, count in powers)
    radius = largest(factor.radius for factor in factors)
    sides = {factor.side for factor in factors}
    side = 1 if 1 in sides else None if None in sides else 0 if 0 in sides else -1
    order = max((f.multiplicity for f in factors if f.side == 0), default=0) if side == 0 else 0
    nilpotent = len(factors) == 1 and factors[0].polynomial == fmpz_poly([0, 1])
    return Spectrum(
        dimension=matrix.nrows(),
        minimal=minimal,
        factors=factors,
        radius=ONE if side == 0 else radius,
        side=side,
        order=order,
        nilpotency=int(minimal.degree()) if nilpotent else None,
    )


def check_non_expanding(found: Spectrum) -> Verdict:
    """Whether ρ(A) <= 1."""
    if found.side is None:
        return Verdict.UNDECIDED
    return Verdict.PROVED if found.side <= 0 else Verdict.REFUTED


def minimal_factors(matrix: fmpq_mat) -> list[tuple[fmpz_poly, int]]:
    """The irreducible factors of the minimal polynomial with their multiplicities, every one checked to be needed.

    Raises `ArithmeticError` if the factors found do not annihilate the matrix.

    >>> minimal_factors(exact_matrix([[10**20 + 1, 0], [0, 0]]))
    [(x + (-100000000000000000001), 1), (x, 1)]
    """
    whole, denominator = matrix.numer_denom()
    found: list[tuple[fmpz_poly, int]] = [(f, e) for f, e in characteristic_polynomial(matrix).numer().factor()[1]]
    if not _annihilates(found, whole, denominator):
        raise ArithmeticError("the factors of the characteristic polynomial do not annihilate the matrix")
    for place, (polynomial, most) in enumerate(found):
        low, high = 0, most  # the least power that annihilates lies in (low, high]
        while high - low > 1:
            middle = (low + high) // 2
            found[place] = (polynomial, middle)
            if _annihilates(found, whole, denominator):
                high = middle
            else:
                low = middle
        found[place] = (polynomial, high)
    for place, (polynomial, least) in enumerate(found):
        fewer = [*found[:place], (polynomial, least - 1), *found[place + 1 :]]
        if _annihilates(fewer, whole, denominator):
            raise ArithmeticError(f"the minimal polynomial does not need {least} times the factor {polynomial}")
    return found


def _annihilates(factors: Sequence[tuple[fmpz_poly, int]], whole: fmpz_mat, denominator: fmpz) -> bool:
    """Whether Π f^k is zero at whole/denominator, exactly, by Horner's scheme with q^i N^(m-i)."""
    product = fmpz_poly([1])
    for polynomial, count in factors:
        product = product * polynomial**count
    size = whole.nrows()
    total, scale = fmpz_mat(size, size), fmpz(1)
    for coefficient in reversed(product.coeffs()):
        total = total * whole + _scalar(coefficient * scale, size)
        scale = scale * denominator
    return bool(total == fmpz_mat(size, size))


def characteristic_polynomial(matrix: fmpq_mat) -> fmpq_poly:
    """det(z - A) by Faddeev and LeVerrier: M_1 = A, c_k = -tr(M_k)/k, M_{k+1} = A (M_k + c_k), p = z^d + Σ c_k z^(d-k)."""
    whole, denominator = matrix.numer_denom()
    size = whole.nrows()
    coefficients, current = [fmpq(1)], whole
    for k in range(1, size + 1):
        trace = sum((current[i, i] for i in range(size)), fmpz(0))
        value = -trace // k  # exact: the coefficients of an integer matrix are whole
        coefficients.append(fmpq(value) / denominator**k)
        current = whole * (current + _scalar(value, size))
    return fmpq_poly(coefficients[::-1])


def _scalar(value: fmpz, size: int) -> fmpz_mat:
    return fmpz_mat(size, size, [value if i == k else 0 for i in range(size) for k in range(size)])


def rate_above(found: Spectrum) -> Fraction:
    """A rate r > ρ(A) of few digits: 1 - r = ¾(1 - ρ) below 1, r - 1 = 17/16 (ρ - 1) above, rounded away from ρ; ½ for ρ = 0.

    >>> rate_above(spectrum(exact_matrix([[0]]))), rate_above(spectrum(exact_matrix([[3]])))
    (Fraction(1, 2), Fraction(313, 100))
    """
    if found.side is None or found.side == 0:
        raise ValueError("a rate above ρ(A) = 1 is not chosen here: the bound is polynomial")
    if found.nilpotency is not None:
        return Fraction(1, 2)
    if found.side < 0:
        return 1 - round_down(lower_fraction(ONE - found.radius) * Fraction(3, 4))
    return 1 + round_up(upper_fraction(found.radius - ONE) * Fraction(17, 16))


def rate_below(found: Spectrum) -> Fraction:
    """A rate r <= ρ(A) of few digits, r > 1 where ρ(A) > 1: the proved ‖A^n‖ >= ρ^n >= r^n."""
    if found.side == 1:
        return 1 + round_down(lower_fraction(found.radius - ONE), RATE_DIGITS)
    if found.radius > ONE / 2:
        return 1 - round_up(upper_fraction(ONE - found.radius), RATE_DIGITS)
    return round_down(lower_fraction(found.radius), RATE_DIGITS) if found.radius > 0 else Fraction(0)


def round_down(value: Fraction, digits: int = 3) -> Fraction:
    """A positive rational cut after this many significant decimals."""
    return _cut(value, digits, up=False)


def round_up(value: Fraction, digits: int = 3) -> Fraction:
    """A positive rational rounded up to this many significant decimals."""
    return _cut(value, digits, up=True)


def _cut(value: Fraction, digits: int, up: bool) -> Fraction:
    if value <= 0:
        raise ValueError(f"{value} has no significant digits")
    # 10^power <= value < 10^(power+1), first by bit lengths (log10 2 = 0.30103), then corrected
    power = (value.numerator.bit_length() - value.denominator.bit_length()) * 30103 // 100000
    while Fraction(10) ** power > value:
        power -= 1
    while Fraction(10) ** (power + 1) <= value:
        power += 1
    unit = Fraction(10) ** (power - digits + 1)
    whole, rest = divmod(value, unit)
    return (whole + (1 if up and rest else 0)) * unit


def _factor(polynomial: fmpz_poly, multiplicity: int) -> Factor:
    side = side_of(polynomial)
    return Factor(polynomial, multiplicity, side, ONE if side == 0 else _radius(polynomial, side))


def _radius(polynomial: fmpz_poly, side: int | None) -> arb:
    """The largest modulus, at the least precision that shows it on its side of 1."""
    bits = flint.ctx.prec
    while True:
        with flint.ctx.workprec(bits):
            radius = largest_modulus(polynomial)
        if side is None or radius < 1 or radius > 1 or bits > SEPARATING_BITS:
            return radius
        bits *= 2


def largest_modulus(polynomial: fmpz_poly) -> arb:
    """The largest modulus of a root of a squarefree polynomial, at the current precision."""
    return largest(abs(root) for root in roots_of(polynomial))


def roots_of(polynomial: fmpz_poly) -> list[acb]:
    """Isolating enclosures of the roots of a squarefree polynomial; those of real roots have imaginary part exactly 0."""
    pairs: Any = polynomial.complex_roots()
    return [root for root, _ in pairs]


def side_of(polynomial: fmpz_poly) -> int | None:
    """Compare the largest modulus of the roots of an irreducible integer polynomial with 1: -1, 0, +1, or None if undecided.

    >>> side_of(fmpz_poly([5, -6, 5])), side_of(fmpz_poly([1, -3, 1])), side_of(fmpz_poly([1, 2]))
    (0, 1, -1)
    """
    if polynomial.is_cyclotomic():
        return 0
    coefficients = polynomial.coeffs()
    if coefficients in (coefficients[::-1], [-c for c in coefficients[::-1]]):
        return _side_of_reciprocal(trace_polynomial(polynomial))
    bits = flint.ctx.prec
    while bits <= SEPARATING_BITS:
        with flint.ctx.workprec(bits):
            largest = largest_modulus(polynomial)
            if largest < 1:
                return -1
            if largest > 1:
                return 1
        bits *= 2
    return None


def trace_polynomial(polynomial: fmpz_poly) -> fmpz_poly:
    """The g with f(z) = z^k g(z + 1/z) for a self-reciprocal f of degree 2k.

    f = Σ a_i z^i gives g = a_k + Σ_{j=1..k} a_{k+j} p_j with p_j = z^j + z^-j: p_0 = 2, p_1 = t, p_{j+1} = t p_j - p_{j-1}.

    >>> trace_polynomial(fmpz_poly([5, -6, 5]))
    5*x + (-6)
    """
    coefficients = polynomial.coeffs()
    half = polynomial.degree() // 2
    t = fmpz_poly([0, 1])
    before, power = fmpz_poly([2]), t
    total = fmpz_poly([coefficients[half]])
    for j in range(1, half + 1):
        total += coefficients[half + j] * power
        before, power = power, t * power - before
    return total


def _side_of_reciprocal(trace: fmpz_poly) -> int | None:
    """0 if all roots of the trace polynomial are real and in (-2, 2), 1 if one is not."""
    bits = flint.ctx.prec
    while bits <= SEPARATING_BITS:
        with flint.ctx.workprec(bits):
            inside = 0
            for root in roots_of(trace):
                if not root.imag.contains(0) or abs(root.real) > 2:
                    return 1
                inside += bool(root.imag.is_zero() and abs(root.real) < 2)
            if inside == trace.degree():
                return 0
        bits *= 2
    return None

"""Spectral radii against 1: a table of matrices with known answers, and independent floating-point and sympy references."""

import random
from fractions import Fraction

import flint
import mpmath
import pytest
import sympy
from core_cases import encloses
from flint import fmpq_mat, fmpq_poly, fmpz_poly

from verifier import spectral
from verifier.errors import UsageError
from verifier.spectral import (
    Limit,
    characteristic_polynomial,
    exact_matrix,
    minimal_factors,
    rate_above,
    rate_below,
    round_down,
    round_up,
    side_of,
    spectrum,
)

TINY = Fraction(1, 10**30)
TINIEST = Fraction(1, 10**400)
LEHMER = [1, 1, 0, -1, -1, -1, -1, -1, 0, 1, 1]
SALEM_FREE = [1, -3, 1]


def jordan(eigenvalue, size):
    return [[eigenvalue if i == k else int(i + 1 == k) for k in range(size)] for i in range(size)]


def companion(coefficients):
    size = len(coefficients) - 1
    top = Fraction(coefficients[-1])
    return [[-Fraction(coefficients[k]) / top if i == size - 1 else int(k == i + 1) for k in range(size)] for i in range(size)]


def blocks(*parts):
    size = sum(map(len, parts))
    rows, at = [[0] * size for _ in range(size)], 0
    for part in parts:
        for i, row in enumerate(part):
            rows[at + i][at : at + len(row)] = row
        at += len(part)
    return rows


def conjugated(rows, seed):
    """P A P^-1 with a random integer P of determinant 1."""
    generator, size = random.Random(seed), len(rows)
    p = sympy.eye(size)
    for i in range(size):
        for k in range(size):
            if i != k:
                p = p * (
                    sympy.eye(size)
                    + generator.randint(-1, 1) * sympy.Matrix(size, size, lambda a, b, i=i, k=k: int((a, b) == (i, k)))
                )
    made = p * sympy.Matrix(size, size, lambda i, k: sympy.Rational(*Fraction(rows[i][k]).as_integer_ratio())) * p.inv()
    return [[Fraction(int(made[i, k].p), int(made[i, k].q)) for k in range(size)] for i in range(size)]


ROTATION = [[Fraction(3, 5), Fraction(-4, 5)], [Fraction(4, 5), Fraction(3, 5)]]
QUARTER = [[0, -1], [1, 0]]
TWISTED = [[*ROTATION[0], 1, 0], [*ROTATION[1], 0, 1], [0, 0, *ROTATION[0]], [0, 0, *ROTATION[1]]]
SIXTH = companion([1, -1, 1])
TWISTED_SIXTH = blocks(SIXTH, SIXTH)
TWISTED_SIXTH[0][2] = TWISTED_SIXTH[1][3] = 1

CASES = {
    # name: (rows, side of ρ against 1, largest block on the circle, nilpotency, limit)
    "zero": ([[0]], -1, 0, 1, Limit.VANISHING),
    "nilpotent": (jordan(0, 5), -1, 0, 5, Limit.VANISHING),
    "nilpotent, two blocks": (blocks(jordan(0, 2), jordan(0, 3)), -1, 0, 3, Limit.VANISHING),
    "shift of 32": (jordan(0, 32), -1, 0, 32, Limit.VANISHING),
    "half": ([[Fraction(1, 2)]], -1, 0, None, Limit.VANISHING),
    "identity": (blocks([[1]], [[1]], [[1]]), 0, 1, None, Limit.NEITHER),
    "minus one": ([[-1]], 0, 1, None, Limit.NEITHER),
    "one and half": (blocks([[1]], jordan(Fraction(1, 2), 3)), 0, 1, None, Limit.NEITHER),
    "rotation, no root of unity": (ROTATION, 0, 1, None, Limit.NEITHER),
    "quarter turn": (QUARTER, 0, 1, None, Limit.NEITHER),
    "sixth turn": (SIXTH, 0, 1, None, Limit.NEITHER),
    "two equal rotations": (blocks(ROTATION, ROTATION), 0, 1, None, Limit.NEITHER),
    "Jordan block at 1": (jordan(1, 2), 0, 2, None, Limit.EXPLODING),
    "Jordan block at -1": (jordan(-1, 3), 0, 3, None, Limit.EXPLODING),
    "block at a sixth root of unity": (TWISTED_SIXTH, 0, 2, None, Limit.EXPLODING),
    "block at a rotation, no root of unity": (TWISTED, 0, 2, None, Limit.EXPLODING),
    "Jordan block of 32 at 1": (jordan(1, 32), 0, 32, None, Limit.EXPLODING),
    "just below": ([[1 - TINY]], -1, 0, None, Limit.VANISHING),
    "just above": ([[1 + TINY]], 1, 0, None, Limit.EXPLODING),
    "block just below": (jordan(1 - TINY, 4), -1, 0, None, Limit.VANISHING),
    "spiral just below": ([[0, 1], [-1 + TINY, TINY]], -1, 0, None, Limit.VANISHING),
    "spiral just above": ([[0, 1], [-1 - TINY, TINY]], 1, 0, None, Limit.EXPLODING),
    "reciprocal, real pair": (companion(SALEM_FREE), 1, 0, None, Limit.EXPLODING),
    "reciprocal, real pair next to 1": (companion([1, -2 - TINY, 1]), 1, 0, None, Limit.EXPLODING),
    "Lehmer": (companion(LEHMER), 1, 0, None, Limit.EXPLODING),
    "1 beside a Jordan block at 1": (blocks([[1]], jordan(1, 2)), 0, 2, None, Limit.EXPLODING),
    "2 hides a block at 1": (blocks([[2]], jordan(1, 2)), 1, 0, None, Limit.EXPLODING),
}


@pytest.mark.parametrize("name", CASES)
def test_the_table(name):
    rows, side, order, nilpotency, limit = CASES[name]
    found = spectrum(exact_matrix(rows))
    assert (found.side, found.order, found.nilpotency, found.limit) == (side, order, nilpotency, limit)
    assert found.dimension == len(rows)
    if side == 0 or nilpotency:
        assert found.radius.is_exact()
        assert found.radius == (1 if side == 0 else 0)
    else:
        assert (found.radius < 1) is (side < 0)
        assert (found.radius > 1) is (side > 0)


@pytest.mark.parametrize("name", [name for name in CASES if len(CASES[name][0]) <= 4])
def test_a_change_of_basis_changes_nothing(name):
    rows, side, order, nilpotency, limit = CASES[name]
    found = spectrum(exact_matrix(conjugated(rows, 1)))
    assert (found.side, found.order, found.nilpotency, found.limit) == (side, order, nilpotency, limit)


@pytest.mark.parametrize(("size", "seed"), [(1, 0), (2, 1), (3, 2), (5, 3), (8, 4), (12, 5)])
def test_the_radius_encloses_an_independent_one(size, seed):
    """mpmath's eigenvalues at 60 digits."""
    generator = random.Random(seed)
    rows = [[Fraction(generator.randint(-99, 99), 60) for _ in range(size)] for _ in range(size)]
    context = mpmath.MPContext()
    context.dps = 60
    values, _ = context.eig(context.matrix([[context.mpf(v.numerator) / v.denominator for v in row] for row in rows]))
    largest = max(abs(v) for v in values)
    with flint.ctx.workprec(128):
        radius = spectrum(exact_matrix(rows)).radius
    assert encloses(radius, largest, digits=45)
    assert radius.rel_accuracy_bits() >= 90


@pytest.mark.parametrize("seed", range(3))
def test_the_radius_of_32_units_against_arbs_own_eigenvalues(seed):
    generator = random.Random(seed)
    rows = [[Fraction(generator.randint(-99, 99), 60) for _ in range(32)] for _ in range(32)]
    with flint.ctx.workprec(256):
        matrix = exact_matrix(rows)
        values = flint.acb_mat(32, 32, [flint.acb(flint.arb(v)) for v in matrix.entries()]).eig()
        largest = flint.arb(0)
        for value in values:
            largest = largest.max(abs(value))
        radius = spectrum(matrix).radius
        assert radius.overlaps(largest)
        assert radius.rel_accuracy_bits() > 200


@pytest.mark.parametrize("seed", range(6))
def test_polynomials_against_sympy(seed):
    generator = random.Random(seed)
    size = generator.randint(1, 5)
    rows = [[Fraction(generator.randint(-3, 3), generator.randint(1, 3)) for _ in range(size)] for _ in range(size)]
    z = sympy.Symbol("z")
    reference = sympy.Matrix(size, size, lambda i, k: sympy.Rational(*rows[i][k].as_integer_ratio())).charpoly(z).all_coeffs()
    found = characteristic_polynomial(exact_matrix(rows)).coeffs()
    assert [Fraction(int(c.p), int(c.q)) for c in found] == [Fraction(int(c.p), int(c.q)) for c in reversed(reference)]


def test_minimal_polynomials_are_minimal_where_the_library_function_is_not_right():
    """diag(10^20 + 1, 0): the library's minimal polynomial does not even annihilate the matrix."""
    matrix = exact_matrix([[10**20 + 1, 0], [0, 0]])
    assert {(str(f), e) for f, e in minimal_factors(matrix)} == {(str(fmpz_poly([-(10**20) - 1, 1])), 1), ("x", 1)}
    assert spectrum(matrix).radius == 10**20 + 1


def test_factors_that_do_not_annihilate_are_rejected(monkeypatch):
    monkeypatch.setattr(spectral, "characteristic_polynomial", lambda _: fmpq_poly([1, 1]))
    with pytest.raises(ArithmeticError, match="do not annihilate"):
        minimal_factors(exact_matrix([[2]]))


def test_factors_that_are_not_needed_are_rejected(monkeypatch):
    monkeypatch.setattr(spectral, "characteristic_polynomial", lambda _: fmpq_poly([-2, 1]) * fmpq_poly([-5, 1]))
    with pytest.raises(ArithmeticError, match="does not need"):
        minimal_factors(exact_matrix([[2]]))


@pytest.mark.parametrize("order", [1, 2, 3, 5, 12, 30, 105])
def test_cyclotomic_polynomials_lie_on_the_circle(order):
    assert side_of(fmpz_poly.cyclotomic(order)) == 0


@pytest.mark.parametrize(
    ("coefficients", "side"),
    [
        ([5, -6, 5], 0),
        ([5, 6, 5], 0),
        ([3, 1, 3, 1, 3], 0),
        ([2, -5, 1], 1),
        ([1, -3, 1], 1),
        ([1, -1, -1, -1, 1], 1),
        (LEHMER, 1),
        ([1, 2], -1),
    ],
)
def test_sides(coefficients, side):
    assert side_of(fmpz_poly(coefficients)) == side


def test_without_the_precision_the_answer_is_undecided(monkeypatch):
    """The guard: ρ = 1 + 10^-400 is not told from 1 at 53 bits, and is not guessed."""
    monkeypatch.setattr(spectral, "SEPARATING_BITS", 53)
    found = spectrum(exact_matrix([[1 + TINIEST]]))
    assert found.side is None
    assert found.limit is None
    reciprocal = spectrum(exact_matrix(companion([1, -2 - TINIEST, 1])))
    assert reciprocal.limit is None
    monkeypatch.undo()
    assert spectrum(exact_matrix([[1 + TINIEST]])).limit is Limit.EXPLODING
    assert spectrum(exact_matrix(companion([1, -2 - TINIEST, 1]))).limit is Limit.EXPLODING


def test_an_undecided_factor_beside_one_above_1_does_not_matter(monkeypatch):
    monkeypatch.setattr(spectral, "SEPARATING_BITS", 53)
    assert spectrum(exact_matrix([[1 + TINIEST, 0], [0, 2]])).limit is Limit.EXPLODING
    assert spectrum(exact_matrix([[1 + TINIEST, 0], [0, Fraction(1, 2)]])).limit is None


def test_rates():
    with flint.ctx.workprec(256):
        for name, (rows, side, *_) in CASES.items():
            if side == 0:
                continue
            found = spectrum(exact_matrix(rows))
            above, below = rate_above(found), rate_below(found)
            assert found.radius < spectral.arb(spectral.rational(above)), name
            assert found.radius >= spectral.arb(spectral.rational(below)) or found.radius.overlaps(
                spectral.arb(spectral.rational(below))
            )
            assert (above < 1) is (side < 0)
            assert (below > 1) is (side > 0)
    with pytest.raises(ValueError, match="polynomial"):
        rate_above(spectrum(exact_matrix([[1]])))


def test_rounding():
    assert round_down(Fraction(2, 3), 2) == Fraction(66, 100)
    assert round_up(Fraction(2, 3), 2) == Fraction(67, 100)
    assert round_up(Fraction(999, 1000), 2) == 1
    assert round_down(Fraction(10**40), 3) == round_up(Fraction(10**40), 3) == 10**40
    with pytest.raises(ValueError, match="no significant digits"):
        round_down(Fraction(0))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "empty"),
        ([[1, 2]], "not square: 1 rows, but row 1 has 2"),
        ([[1, 2], [3]], "row 2 has 1"),
        ([[0] * 65] * 65, "65 rows; at most 64"),
    ],
)
def test_bad_matrices(rows, message):
    with pytest.raises(UsageError, match=message):
        exact_matrix(rows)


def test_floats_are_refused():
    with pytest.raises(TypeError, match="float"):
        exact_matrix([[0.5]])


def test_exact_matrix():
    assert exact_matrix([[1, Fraction(1, 3)], [0, 2]]) == fmpq_mat(2, 2, [1, spectral.fmpq(1, 3), 0, 2])

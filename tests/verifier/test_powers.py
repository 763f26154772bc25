"""‖A^n‖ against exact rational powers: bounds hold for all n tried, are attained, and false constants are rejected."""

import random
from fractions import Fraction

import flint
import pytest
from flint import fmpq_mat, fmpq_poly
from test_spectral import CASES, ROTATION, TINY, TWISTED, blocks, companion, jordan

from verifier import powers
from verifier.arithmetic.balls import to_ball
from verifier.powers import (
    binomial,
    bound_polynomially,
    bound_powers,
    chains,
    check_bound,
    evaluate,
    largest_term,
    norm,
    power,
    project,
)
from verifier.spectral import Limit, exact_matrix, rate_above, spectrum
from verifier.verdict import Verdict


@pytest.fixture(autouse=True)
def _working_precision():
    with flint.ctx.workprec(192):
        yield


def exact_norms(matrix, count):
    """‖A^0‖, ‖A^1‖, ... in rationals."""
    size = matrix.nrows()
    current = fmpq_mat(size, size, [int(i == k) for i in range(size) for k in range(size)])
    for _ in range(count):
        yield max(sum((abs(Fraction(int(v.p), int(v.q))) for v in row), Fraction(0)) for row in current.tolist())
        current = current * matrix


GEOMETRIC = [name for name, case in CASES.items() if case[1] != 0]
CIRCLE = [name for name, case in CASES.items() if case[4] is Limit.NEITHER]
POLYNOMIAL = [name for name, case in CASES.items() if case[1] == 0 and case[2] > 1]


@pytest.mark.parametrize("name", [*GEOMETRIC, *CIRCLE])
def test_geometric_bounds_hold_and_smaller_constants_are_refuted(name):
    matrix = exact_matrix(CASES[name][0])
    found = spectrum(matrix)
    rate = Fraction(1) if found.side == 0 else rate_above(found)
    bound = bound_powers(matrix, found, rate)
    assert bound is not None
    for n, value in enumerate(exact_norms(matrix, 40)):
        assert value <= bound.constant * rate**n
        if n == bound.attained_at:
            assert value >= bound.constant * rate**n * (1 - Fraction(1, 10**30))
    assert (bound.period is None) is (bound.attained_at is None)
    assert check_bound(matrix, found, bound.constant, rate) == (Verdict.PROVED, None)
    if bound.attained_at is not None:
        verdict, witness = check_bound(matrix, found, bound.constant * (1 - Fraction(1, 10**20)), rate)
        assert verdict is Verdict.REFUTED
        norms = list(exact_norms(matrix, witness + 1))
        assert norms[witness] > bound.constant * (1 - Fraction(1, 10**20)) * rate**witness


@pytest.mark.parametrize("name", POLYNOMIAL)
def test_polynomial_bounds_hold_on_both_sides(name):
    matrix = exact_matrix(CASES[name][0])
    found = spectrum(matrix)
    bound = bound_polynomially(matrix, found)
    assert bound is not None
    assert len(bound.upper) == len(bound.lower) == found.order
    for n, value in enumerate(exact_norms(matrix, 60)):
        assert not bound.upper_at(n) < to_ball(value)
        if n:
            assert not bound.lower_at(n) > to_ball(value)
    n = 10**9
    low, high = bound.lower_at(n), bound.upper_at(n)
    assert low > to_ball(n) ** (found.order - 1) / 10**60
    assert high / low < 100  # of the same order: both sides are sharp up to a constant


def test_the_polynomial_bound_is_an_equality_for_a_jordan_block():
    """‖J^n‖ = Σ C(n,j)."""
    matrix = exact_matrix(jordan(1, 4))
    bound = bound_polynomially(matrix, spectrum(matrix))
    for n, value in enumerate(exact_norms(matrix, 30)):
        assert bound.upper_at(n) == to_ball(value)


def test_a_long_transient_is_bounded_by_projectors():
    """(1 - 10^-30, 1; 0, 1 - 10^-30) grows for 10^30 steps first; the constant is of that size and no larger than twice it."""
    matrix = exact_matrix(jordan(1 - TINY, 2))
    found = spectrum(matrix)
    rate = rate_above(found)
    bound = bound_powers(matrix, found, rate)
    assert bound.period is None
    n = 10**30
    value = norm(power(powers.balls_of(matrix), n))
    assert value < bound.upper_at(n)
    assert bound.upper_at(n) < 10 * value
    verdict, witness = check_bound(matrix, found, Fraction(10**20), rate)
    assert verdict is Verdict.REFUTED
    assert witness > 10**15


def test_no_bound_at_a_rate_that_is_too_small():
    for rows, rate in (([[2]], Fraction(2) - TINY), ([[1, 1], [0, 1]], Fraction(1)), (ROTATION, 1 - TINY)):
        matrix = exact_matrix(rows)
        assert bound_powers(matrix, spectrum(matrix), rate) is None
        verdict, _ = check_bound(matrix, spectrum(matrix), Fraction(10**9), rate)
        assert verdict is not Verdict.PROVED


def test_a_true_claim_that_is_not_proved_is_undecided(monkeypatch):
    """The guard: with no search for p and one precision at which projectors fail, nothing is claimed."""
    matrix = exact_matrix(jordan(Fraction(1, 2), 3))
    found = spectrum(matrix)
    monkeypatch.setattr(powers, "_directly", lambda *_: None)
    monkeypatch.setattr(powers, "_by_projectors", lambda *_: None)
    assert check_bound(matrix, found, Fraction(10**6), Fraction(3, 4)) == (Verdict.UNDECIDED, None)


@pytest.mark.parametrize("seed", range(6))
def test_chains_add_up_to_the_powers(seed):
    """A^n = Σ_λ Σ_j C(n,j) λ^(n-j) N_λj, entry by entry."""
    generator = random.Random(seed)
    rows = [
        jordan(Fraction(1, 2), 3),
        blocks(jordan(2, 2), [[2]], [[0, 1], [0, 0]]),
        TWISTED,
        blocks(ROTATION, jordan(-1, 2)),
        companion([generator.randint(-3, 3) or 1 for _ in range(5)] + [2]),
        [[Fraction(generator.randint(-5, 5), 3) for _ in range(4)] for _ in range(4)],
    ][seed]
    matrix = exact_matrix(rows)
    found = spectrum(matrix)
    size = matrix.nrows()
    for n in (0, 1, 2, 7):
        total = flint.acb_mat(size, size)
        for factor in found.factors:
            for root, chain in chains(matrix, found.minimal, factor.polynomial, factor.multiplicity):
                for j, part in enumerate(chain):
                    if j <= n:
                        total = total + part * (flint.acb(binomial(n, j)) * root ** (n - j))
        wanted = power(powers.balls_of(matrix), n)
        for i in range(size):
            for k in range(size):
                assert (total[i, k] - wanted[i, k]).contains(0)
                assert abs(total[i, k] - wanted[i, k]).upper() < flint.arb(10) ** -25


@pytest.mark.parametrize("q", [Fraction(0), Fraction(1, 3), Fraction(9, 10), 1 - Fraction(1, 1000)])
@pytest.mark.parametrize("j", range(5))
def test_the_largest_term_is_the_largest(q, j):
    best = max(binomial(n, j).mid() * to_ball(q).mid() ** (n - j) for n in range(j, 8000))
    found = largest_term(j, to_ball(q))
    assert not found < best
    assert found <= best * (1 + flint.arb(10) ** -9)


def test_the_largest_term_may_be_infinite():
    assert largest_term(1, to_ball(1)) is None
    assert largest_term(0, to_ball(2)) is None


def test_projectors_are_exact():
    matrix = exact_matrix(blocks([[2]], jordan(3, 2)))
    part, rest = fmpq_poly([-2, 1]), fmpq_poly([-3, 1]) ** 2
    found = project(matrix, part, rest)
    assert found * found == found
    assert found.rank() == 1
    assert evaluate(part, matrix) * found == fmpq_mat(3, 3)
    with pytest.raises(ArithmeticError, match="common factor"):
        project(matrix, part, part)


def test_power_and_binomial():
    matrix = powers.balls_of(exact_matrix([[1, 1], [1, 0]]))
    assert power(matrix, 10)[0, 1] == 55
    assert power(matrix, 0)[0, 0] == 1
    assert binomial(10**18, 2) == to_ball(10**18 * (10**18 - 1) // 2)
    assert binomial(2, 5) == 0

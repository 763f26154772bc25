"""What a linear state recalls: exactly up to the minimal degree, by linear programme no better than T3b beyond."""

import random
from fractions import Fraction

import pytest
from test_spectral import CASES, blocks, jordan

from verifier.impulse import recall_error
from verifier.linear_memory import (
    Readout,
    central_binomial,
    least_error,
    recalling_readout,
    worthless_horizon,
)
from verifier.spectral import exact_matrix, spectrum


@pytest.mark.parametrize("name", CASES)
def test_exact_recall_up_to_the_minimal_degree_and_not_beyond(name):
    matrix = exact_matrix(CASES[name][0])
    degree = spectrum(matrix).degree
    for n in {1, degree}:
        readout = recalling_readout(matrix, degree, n)
        assert readout is not None
        assert recall_error(readout.response(matrix, n)) == 0
    assert recalling_readout(matrix, degree, degree + 1) is None


def test_where_unit_columns_do_not_serve_another_does():
    matrix = exact_matrix([[i + 1 if i == k else 0 for k in range(6)] for i in range(6)])
    readout = recalling_readout(matrix, 6, 6)
    assert sum(1 for v in readout.input if v) == 6


def test_a_readout_of_too_large_a_degree_is_not_found():
    """The guard: the identity has degree 1; claiming degree 2 finds no independent columns."""
    assert recalling_readout(exact_matrix(blocks([[1]], [[1]])), 2, 2) is None


@pytest.mark.parametrize("seed", range(20))
def test_no_readout_beats_the_price(seed):
    """Adversarial: random B and C, scaled to g_{n-1} = 1, against T3b and T3c."""
    generator = random.Random(seed)
    name = generator.choice([n for n, case in CASES.items() if case[1] <= 0 and len(case[0]) <= 5])
    matrix = exact_matrix(CASES[name][0])
    found = spectrum(matrix)
    size = matrix.nrows()
    for n in range(found.degree + 1, worthless_horizon(found.degree) + 3):
        floor = least_error(found, n)
        assert floor == (1 if n >= worthless_horizon(found.degree) else Fraction(1, central_binomial(found.degree)))
        for _ in range(20):
            column = tuple(Fraction(generator.randint(-4, 4)) for _ in range(size))
            row = tuple(Fraction(generator.randint(-4, 4)) for _ in range(size))
            response = Readout(column, row).response(matrix, n)
            for scale in {Fraction(1), *([1 / response[-1]] if response[-1] else [])}:
                assert recall_error([scale * g for g in response]) >= floor


def test_the_price_is_for_states_that_do_not_explode():
    assert least_error(spectrum(exact_matrix([[2]])), 5) is None
    assert least_error(spectrum(exact_matrix(jordan(0, 3))), 3) is None


def test_t3b_is_attained_for_two_poles():
    """d = 2, n = 3: a double pole at 1, read as g = (0, 1/2, 1), has error exactly M/2."""
    matrix = exact_matrix(jordan(1, 2))
    found = spectrum(matrix)
    readout = Readout((Fraction(0), Fraction(1)), (Fraction(1, 2), Fraction(0)))
    assert recall_error(readout.response(matrix, 3)) == Fraction(1, 2) == least_error(found, 3)


def test_worthless_horizons_are_those_of_the_definition():
    import math

    for degree in range(1, 21):
        length = degree
        while not 2 ** (length - degree + 1) > (2**degree * math.comb(length, degree)) ** degree:
            length += 1
        assert worthless_horizon(degree) == min(2**degree, length + 1)
    assert worthless_horizon(32) == 11_042

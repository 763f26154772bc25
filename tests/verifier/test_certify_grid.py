"""On a grid only grid points are inputs: a sequence between them refutes nothing."""

from fractions import Fraction

import pytest
from core_cases import plain_error, to_fraction

from verifier.certify import certify_weights
from verifier.regime import Regime
from verifier.sequences import expand
from verifier.verdict import Verdict
from verifier.weights import Weights

STEEP = Weights("lstm", 1, {"U_g": {(0,): 8}, "b_i": {(0,): 12}, "b_o": {(0,): 12}, "V": {(0,): Fraction(1313, 1000)}})
"""y_1 ≈ the sign of x_1: right at the two grid points -1 and 1, far off between them."""


def regime(bits, tolerance):
    return Regime("lstm", 1, Fraction(1), tolerance, domain="grid", bits=bits, hidden=1)


def test_a_net_that_is_right_on_the_grid_is_not_refuted():
    tolerance = Fraction(1, 100)
    assert all(to_fraction(plain_error(STEEP, [Fraction(x)])) < tolerance for x in (-1, 1))
    assert certify_weights(STEEP, regime(1, tolerance)).verdict is not Verdict.REFUTED


@pytest.mark.parametrize("bits", [2, 3])
def test_a_net_that_is_wrong_on_the_grid_is_refuted_by_a_grid_point(bits):
    """At ±1/3 (two bits) and ±1/7 (three bits) the error is about 2/3 and more."""
    grid = {-1 + Fraction(2 * k, 2**bits - 1) for k in range(2**bits)}
    certificate = certify_weights(STEEP, regime(bits, Fraction(1, 100)))
    assert certificate.verdict is Verdict.REFUTED
    assert set(expand(certificate.observed.worst.runs)) <= grid

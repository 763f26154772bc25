"""Products of intervals whose signs the balls leave open: enclosed, and computed at all."""

import itertools
from fractions import Fraction

import pytest
from flint import arb

from verifier.arithmetic.balls import lower_fraction, upper_fraction
from verifier.arithmetic.enclosures import Interval, multiply

OPEN = arb(0, 1)
"""A number of which only |v| <= 1 is known."""


@pytest.mark.parametrize("other", [Interval(arb(2)), Interval(arb(1), arb(2)), Interval(arb(-1), arb(2)), Interval(OPEN)])
@pytest.mark.parametrize("point", [Interval(OPEN), Interval(OPEN, arb(1, 1))])
def test_products_with_an_open_sign_end_and_enclose(point: Interval, other: Interval) -> None:
    for a, b in ((point, other), (other, point)):
        product = multiply(a, b)
        least, most = lower_fraction(product.lower), upper_fraction(product.upper)
        for u, v in itertools.product((a.lower, a.upper), (b.lower, b.upper)):
            for x, y in itertools.product((lower_fraction(u), upper_fraction(u)), (lower_fraction(v), upper_fraction(v))):
                assert least <= x * y <= most
        assert most - least <= Fraction(9)

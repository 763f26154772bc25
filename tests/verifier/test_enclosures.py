"""Intervals with ball ends: inclusion, sharpness, isotonicity, symmetry, slopes."""

from fractions import Fraction

import pytest
from core_cases import (
    ACTIVATIONS,
    BITS,
    DIGITS,
    POINTS,
    SHORT_POINTS,
    dyadic,
    encloses,
    is_sharp,
    laws,
    lower_end,
    plain,
    plain_function,
    plain_number,
    to_fraction,
    upper_end,
)
from flint import arb
from hypothesis import assume, given
from hypothesis import strategies as st

from verifier.arithmetic.balls import Balls, to_ball
from verifier.arithmetic.enclosures import Enclosures, Interval, multiply
from verifier.arithmetic.reference import Reference

REFERENCE = Reference(DIGITS)


def between(low, high):
    """The interval between two rationals."""
    return Interval(to_ball(low), to_ball(high))


def ordered(*points):
    return sorted(points)


def contains(interval, value, slack=Fraction(0)):
    """Whether a rational lies in the largest set the interval may stand for."""
    return lower_end(interval.lower) - slack <= value <= upper_end(interval.upper) + slack


def slope_at(name, v):
    """f'(v) at DIGITS digits, from sinh and cosh alone."""
    context = plain(DIGITS)
    v = plain_number(context, v)
    return 1 / (4 * context.cosh(v / 2) ** 2) if name == "sigmoid" else 1 / context.cosh(v) ** 2


@pytest.mark.parametrize("point", POINTS, ids=SHORT_POINTS)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_points(name, point):
    with Balls(BITS).working():
        image = getattr(Enclosures, name)(Enclosures.exact(point))
    assert image.is_point
    assert encloses(image.lower, getattr(REFERENCE, name)(REFERENCE.exact(point)))
    assert is_sharp(image.lower, BITS, 16)


@pytest.mark.parametrize("high", POINTS[::2], ids=SHORT_POINTS[::2])
@pytest.mark.parametrize("low", POINTS[1::2], ids=SHORT_POINTS[1::2])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_both_ends_are_the_images_of_the_ends(name, low, high):
    low, high = ordered(low, high)
    with Balls(BITS).working():
        image = getattr(Enclosures, name)(between(low, high))
    for end, point in ((image.lower, low), (image.upper, high)):
        assert encloses(end, getattr(REFERENCE, name)(REFERENCE.exact(point)))
        assert is_sharp(end, BITS, 16)


@pytest.mark.parametrize("name", ACTIVATIONS)
@laws
@given(dyadic, dyadic, dyadic)
def test_inclusion(name, a, b, c):
    low, point, high = ordered(a, b, c)
    with Balls(BITS).working():
        image = getattr(Enclosures, name)(between(low, high))
    value = to_fraction(getattr(REFERENCE, name)(REFERENCE.exact(point)))
    assert contains(image, value, Fraction(1, 10**80))


@pytest.mark.parametrize("name", ACTIVATIONS)
@laws
@given(dyadic, dyadic, dyadic, dyadic)
def test_isotonicity(name, a, b, c, d):
    outer_low, low, high, outer_high = ordered(a, b, c, d)
    with Balls(BITS).working():
        inner = getattr(Enclosures, name)(between(low, high))
        outer = getattr(Enclosures, name)(between(outer_low, outer_high))
    assert lower_end(outer.lower) <= upper_end(inner.lower)
    assert upper_end(outer.upper) >= lower_end(inner.upper)


@laws
@given(dyadic, dyadic)
def test_symmetry(a, b):
    low, high = ordered(a, b)
    with Balls(BITS).working():
        side, mirrored = between(low, high), between(-high, -low)
        turned = -Enclosures.tanh(side)
        image = Enclosures.tanh(mirrored)
        assert image.lower.overlaps(turned.lower)
        assert image.upper.overlaps(turned.upper)
        one = Interval(arb(1))
        turned, image = one - Enclosures.sigmoid(side), Enclosures.sigmoid(mirrored)
        assert image.lower.overlaps(turned.lower)
        assert image.upper.overlaps(turned.upper)
        for slope, function in ((Enclosures.tanh_slope, Enclosures.tanh), (Enclosures.sigmoid_slope, Enclosures.sigmoid)):
            here, there = slope(side, function(side)), slope(mirrored, function(mirrored))
            assert here.lower.overlaps(there.lower)
            assert here.upper.overlaps(there.upper)


@laws
@given(dyadic, dyadic, dyadic, dyadic, st.integers(0, 8), st.integers(0, 8))
def test_products_are_exactly_the_corners(a, b, c, d, i, j):
    (a, b), (c, d) = ordered(a, b), ordered(c, d)
    with Balls(BITS).working():
        product = multiply(between(a, b), between(c, d))
        total = between(a, b) + between(c, d)
        less = between(a, b) - between(c, d)
        hull = between(a, b).hull(between(c, d))
        opposite = -between(a, b)
    corners = [x * y for x in (a, b) for y in (c, d)]
    assert lower_end(product.lower) == min(corners) == upper_end(product.lower)
    assert lower_end(product.upper) == max(corners) == upper_end(product.upper)
    assert contains(product, (a + (b - a) * Fraction(i, 8)) * (c + (d - c) * Fraction(j, 8)))
    assert (lower_end(total.lower), upper_end(total.upper)) == (a + c, b + d)
    assert (lower_end(less.lower), upper_end(less.upper)) == (a - d, b - c)
    assert (lower_end(hull.lower), upper_end(hull.upper)) == (min(a, c), max(b, d))
    assert (lower_end(opposite.lower), upper_end(opposite.upper)) == (-b, -a)


@laws
@given(dyadic, dyadic, dyadic)
def test_products_with_a_point(a, c, d):
    c, d = ordered(c, d)
    with Balls(BITS).working():
        point, side = Interval(to_ball(a)), between(c, d)
        for product in (point * side, side * point):
            assert (lower_end(product.lower), upper_end(product.upper)) == (min(a * c, a * d), max(a * c, a * d))
        square = point * point
    assert square.is_point
    assert lower_end(square.lower) == a * a


FUZZY = st.tuples(dyadic, st.integers(0, 40), st.integers(0, 2**10))
"""A middle, a width in sixteenths, and a radius in 2^-10 of both ends."""


@laws
@given(FUZZY, FUZZY, st.lists(st.integers(-8, 8), min_size=6, max_size=6))
def test_products_with_ends_that_are_wide_balls(first, second, shares):
    """Ends whose signs are open: every pair of sets that the operands may stand for is contained."""
    chosen, intervals = [], []
    with Balls(BITS).working():
        for (low, width, radius), (i, j, k) in zip((first, second), (shares[:3], shares[3:]), strict=True):
            high, r = low + Fraction(width, 16), Fraction(radius, 2**10)
            interval = Interval(arb(0, 1) * to_ball(r) + to_ball(low), arb(0, 1) * to_ball(r) + to_ball(high))
            least, most = low + r * Fraction(i, 8), high + r * Fraction(j, 8)
            least, most = min(least, most), max(least, most)
            chosen.append(least + (most - least) * Fraction(k + 8, 16))
            intervals.append(interval)
        product = intervals[0] * intervals[1]
        total = intervals[0] + intervals[1]
    assert contains(product, chosen[0] * chosen[1])
    assert contains(total, chosen[0] + chosen[1])


@pytest.mark.parametrize("other", [(1, 2), (0, 2), (Fraction(1, 3), 7)])
def test_a_point_of_open_sign_times_a_positive_interval(other):
    with Balls(BITS).working():
        low, high = other
        for product in (
            multiply(Interval(arb(0, 1)), between(Fraction(low), Fraction(high))),
            multiply(between(Fraction(low), Fraction(high)), Interval(arb(0, 1))),
        ):
            assert contains(product, Fraction(high))
            assert contains(product, -Fraction(high))
            assert upper_end(product.upper) <= high + Fraction(1, 1000)
            assert lower_end(product.lower) >= -high - Fraction(1, 1000)


@pytest.mark.parametrize(
    ("ends", "sign"),
    [((1, 2), 1), ((0, 2), 1), ((-2, -1), -1), ((-2, 0), -1), ((0, 0), 0), ((-1, 1), None)],
)
def test_signs(ends, sign):
    assert Interval(arb(ends[0]), arb(ends[1])).sign == sign
    assert Interval(arb(0, 1)).sign is None
    assert Interval(arb("nan")).sign is None


def test_modulus_and_identity_of_ends():
    with Balls(BITS).working():
        assert lower_end(between(-3, 2).largest_modulus()) == 3
        assert lower_end(between(-1, 2).largest_modulus()) == 2
        side = between(-3, 2)
        assert side.hull(side) is side
        assert not side.is_point
        assert Interval(arb(1)).is_point


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
@laws
@given(dyadic, dyadic)
def test_slopes_are_exactly_their_range(name, a, b):
    """On [low, high] the slope's extremes are at the point nearest to 0 and at the farthest: both ends are attained."""
    low, high = ordered(a, b)
    nearest = Fraction(0) if low <= 0 <= high else min(low, high, key=abs)
    farthest = max(low, high, key=abs)
    with Balls(BITS).working():
        side = between(low, high)
        slope = getattr(Enclosures, name + "_slope")(side, getattr(Enclosures, name)(side))
    assert encloses(slope.lower, slope_at(name, farthest), 60)
    assert encloses(slope.upper, slope_at(name, nearest), 60)
    assert is_sharp(slope.lower, BITS, 24)
    assert is_sharp(slope.upper, BITS, 24)


@pytest.mark.parametrize("name", ACTIVATIONS)
@laws
@given(dyadic, dyadic, dyadic, dyadic)
def test_slopes_enclose_difference_quotients(name, a, b, c, d):
    low, u, v, high = ordered(a, b, c, d)
    assume(u < v)
    context = plain(DIGITS)
    rise = plain_function(context, name, plain_number(context, v)) - plain_function(context, name, plain_number(context, u))
    quotient = to_fraction(rise) / (v - u)
    with Balls(BITS).working():
        side = between(low, high)
        slope = getattr(Enclosures, name + "_slope")(side, getattr(Enclosures, name)(side))
    assert contains(slope, quotient, Fraction(1, 10**70))


@pytest.mark.parametrize("point", POINTS, ids=SHORT_POINTS)
@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_slopes_at_points(name, point):
    with Balls(BITS).working():
        argument = Enclosures.exact(point)
        slope = getattr(Enclosures, name + "_slope")(argument, getattr(Enclosures, name)(argument))
    assert slope.is_point
    assert encloses(slope.lower, slope_at(name, point))
    assert is_sharp(slope.lower, BITS, 24)


@pytest.mark.parametrize(("ends", "slope"), [((1, 2), (1, 1)), ((0, 2), (1, 1)), ((-2, 0), (0, 0)), ((-1, 1), (0, 1))])
def test_relu_slopes(ends, slope):
    side = Interval(arb(ends[0]), arb(ends[1]))
    found = Enclosures.relu_slope(side, Enclosures.relu(side))
    assert (lower_end(found.lower), upper_end(found.upper)) == slope

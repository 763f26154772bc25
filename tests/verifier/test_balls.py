"""Arb balls: inclusion and sharpness against the independent reference, and the outward decimals."""

from fractions import Fraction

import flint
import pytest
from core_cases import ACTIVATIONS, BITS, DIGITS, POINTS, SHORT_POINTS, encloses, is_sharp, laws, lower_end, upper_end
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from verifier.arithmetic.balls import (
    Balls,
    lower_fraction,
    show_decimal,
    show_lower,
    show_near,
    show_upper,
    to_ball,
    upper_fraction,
)
from verifier.arithmetic.reference import Reference
from verifier.exact import parse_rational

REFERENCE = Reference(DIGITS)


@pytest.mark.parametrize("point", POINTS, ids=SHORT_POINTS)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_encloses_the_reference_sharply(name, point):
    with Balls(BITS).working():
        ball = getattr(Balls, name)(to_ball(point))
    assert encloses(ball, getattr(REFERENCE, name)(REFERENCE.exact(point)))
    # e^±v carries the rounding of v = 1/3 or 1000 into the relative error, by a factor |v| at most
    assert is_sharp(ball, BITS, 16)


@pytest.mark.parametrize(("bits", "point"), [(64, Fraction(-200)), (256, Fraction(-1000)), (4096, Fraction(-9000))])
def test_small_sigmoid_keeps_its_relative_accuracy(bits, point):
    with Balls(bits).working():
        ball = Balls.sigmoid(to_ball(point))
    assert ball > 0
    assert is_sharp(ball, bits, 24)


@pytest.mark.parametrize("name", ACTIVATIONS)
@laws
@given(st.fractions(-50, 50), st.fractions(0, 5), st.integers(-16, 16))
def test_image_of_a_wide_ball(name, middle, radius, share):
    point = middle + radius * Fraction(share, 16)
    with Balls(BITS).working():
        ball = to_ball(middle) + to_ball(radius) * arb(0, 1)
        image = getattr(Balls, name)(ball)
        assert encloses(image, getattr(REFERENCE, name)(REFERENCE.exact(point)))


def test_relu_is_exact():
    assert upper_end(Balls.relu(arb(-3))) == 0 == lower_end(Balls.relu(arb(-3)))
    assert lower_end(Balls.relu(arb(3))) == 3 == upper_end(Balls.relu(arb(3)))
    across = Balls.relu(arb(0, 1))
    assert -Fraction(1, 10**6) <= lower_end(across) <= 0
    assert 1 <= upper_end(across) <= 1 + Fraction(1, 10**6)


@laws
@given(st.fractions())
def test_exact_encloses_its_rational(value):
    with Balls(BITS).working():
        ball = to_ball(value)
    assert lower_end(ball) <= value <= upper_end(ball)
    assert is_sharp(ball, BITS, 4)


@laws
@given(st.integers(-(2**100), 2**100), st.integers(0, 100))
def test_exact_is_exact_where_it_fits(mantissa, shift):
    value = Fraction(mantissa, 2**shift)
    with Balls(BITS).working():
        assert lower_end(to_ball(value)) == value == upper_end(to_ball(value))


def test_whole_numbers_are_rounded_to_the_working_precision():
    value = 3**500
    with Balls(64).working():
        ball = to_ball(value)
    assert lower_end(ball) <= value <= upper_end(ball)
    assert not ball.is_exact()
    assert is_sharp(ball, 64, 4)


def test_working_precision_is_restored():
    before = flint.ctx.prec
    with Balls(333).working():
        assert flint.ctx.prec == 333
        with Balls(77).working():
            assert flint.ctx.prec == 77
        assert flint.ctx.prec == 333
    assert flint.ctx.prec == before
    with pytest.raises(KeyError), Balls(99).working():
        raise KeyError
    assert flint.ctx.prec == before


@laws
@given(st.fractions(), st.integers(-400, 400), st.integers(1, 30))
def test_decimals_are_rounded_outward(value, exponent, digits):
    with Balls(BITS).working():
        ball = to_ball(value * Fraction(10) ** exponent)
        upper, lower = parse_rational(show_upper(ball, digits)), parse_rational(show_lower(ball, digits))
    for shown, exact, up in ((upper, upper_end(ball), True), (lower, lower_end(ball), False)):
        assert shown >= exact if up else shown <= exact
        assert abs(shown - exact) <= abs(exact) * Fraction(10) ** (1 - digits)


@pytest.mark.parametrize(
    ("mantissa", "exponent", "digits", "up", "text"),
    [
        (0, 0, 3, True, "0"),
        (1, 0, 3, True, "1"),
        (999, 0, 2, True, "1e3"),
        (999, 0, 2, False, "9.9e2"),
        (-999, 0, 2, True, "-9.9e2"),
        (-999, 0, 2, False, "-1e3"),
        (1, -1, 3, True, "0.5"),
        (1, -20, 3, True, "9.54e-7"),
        (1, -20, 3, False, "9.53e-7"),
        (10**6, 0, 7, True, "1000000"),
    ],
)
def test_show_decimal(mantissa, exponent, digits, up, text):
    assert show_decimal((mantissa, exponent), digits, up) == text


def test_infinite_ends_are_shown_as_such():
    everything = arb(0, 1) / arb(0, 1)
    assert show_upper(everything) == "inf"
    assert show_lower(everything) == "-inf"


@laws
@given(st.fractions(-1, 1))
def test_show_near_is_between_zero_and_the_number(value):
    with Balls(BITS).working():
        text = show_near(to_ball(value), 4)
    base = Fraction(0)
    for prefix, end in (("> 1 -", 1), ("1 -", 1), ("< -1 +", -1), ("-1 +", -1)):
        if text.startswith(prefix):
            rest = parse_rational(text[len(prefix) :])
            base, text = Fraction(end), str(-rest if end > 0 else rest)
            break
    shown = base + Fraction(parse_rational(text) if isinstance(text, str) else text)
    assert abs(shown - value) <= Fraction(1, 10**3) * max(abs(value), Fraction(1, 10**6))


@laws
@given(st.fractions(), st.sampled_from([53, 128, 999]))
def test_fractions_of_the_ends_are_outward(value, bits):
    """Exactly the ends at the precision of the ball; at a lower one, rounded outward."""
    with Balls(BITS).working():
        ball = to_ball(value)
    with Balls(bits).working():
        assert lower_fraction(ball) <= lower_end(ball) <= value <= upper_end(ball) <= upper_fraction(ball)
        if bits > BITS + 40:
            assert (lower_fraction(ball), upper_fraction(ball)) == (lower_end(ball), upper_end(ball))


@pytest.mark.parametrize(("middle", "radius"), [(-(2**18), 42), (-(2**18), 2**19), (-40, 39)])
def test_sigmoid_of_a_wide_ball_far_below_zero_is_enclosed(middle: int, radius: int) -> None:
    """e^-v of such a ball is not apart from -1, so it is the hull of σ at both ends."""
    with Balls(100).working():
        found = Balls.sigmoid(arb(middle, radius))
        assert found.is_finite()
        for end in (middle - radius, middle + radius):
            assert found.overlaps(Balls.sigmoid(arb(end)))
        assert found.upper() < Balls.sigmoid(arb(middle + radius + 1)).upper() * 2

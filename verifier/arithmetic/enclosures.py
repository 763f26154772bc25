"""Intervals whose end points are balls.

`Interval(lower, upper)` stands for all sets contained in [l, u] where l and u are the exact numbers that the end-point
balls enclose. End points therefore stay as sharp as the working precision, also where an interval is wide and one ball
could not say whether its upper end is 1 or 1 + 2^-30 of its width. A point is an interval whose two ends are the same
object.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from flint import arb

from verifier.arithmetic.balls import ONE, ZERO, Balls, to_ball

HALF = ONE / 2
QUARTER = ONE / 4


class Interval:
    """A closed interval with ball end points; `is_point` when both ends are one number."""

    __slots__ = ("lower", "upper")

    def __init__(self, lower: arb, upper: arb | None = None) -> None:
        self.lower = lower
        self.upper = lower if upper is None else upper

    @property
    def is_point(self) -> bool:
        """Whether the interval is known to be a single number."""
        return self.lower is self.upper

    @property
    def sign(self) -> int | None:
        """+1 if the interval is proved >= 0, -1 if proved <= 0, 0 if proved zero, None if neither."""
        if self.lower >= 0:
            return 0 if self.upper.is_zero() else 1
        if self.upper <= 0:
            return -1
        return None

    def ball(self) -> arb:
        """A ball that holds the interval."""
        return self.lower if self.is_point else self.lower.union(self.upper)

    def largest_modulus(self) -> arb:
        """An upper bound of |v| over the interval."""
        return abs(self.lower).max(abs(self.upper))

    def __add__(self, other: Interval) -> Interval:
        if self.is_point and other.is_point:
            return Interval(self.lower + other.lower)
        return Interval(self.lower + other.lower, self.upper + other.upper)

    def __neg__(self) -> Interval:
        return Interval(-self.lower) if self.is_point else Interval(-self.upper, -self.lower)

    def __sub__(self, other: Interval) -> Interval:
        return self + -other

    def __mul__(self, other: Interval) -> Interval:
        return multiply(self, other)

    def hull(self, other: Interval) -> Interval:
        """The smallest interval found that contains both."""
        if other is self:
            return self
        return Interval(self.lower.min(other.lower), self.upper.max(other.upper))

    def __repr__(self) -> str:
        return f"Interval({self.lower.str(8)}, {self.upper.str(8)})"


def multiply(a: Interval, b: Interval) -> Interval:
    """The products of all pairs, by the signs of the ends where they are decided, else by all four corners."""
    if a.is_point and b.is_point:
        return Interval(a.lower * b.lower)
    if b.is_point:
        a, b = b, a
    if a.is_point:
        if a.lower >= 0:
            return Interval(a.lower * b.lower, a.lower * b.upper)
        if a.lower <= 0:
            return Interval(a.lower * b.upper, a.lower * b.lower)
    if a.lower >= 0:
        if b.lower >= 0:
            return Interval(a.lower * b.lower, a.upper * b.upper)
        if b.upper <= 0:
            return Interval(a.upper * b.lower, a.lower * b.upper)
        if b.lower <= 0 and b.upper >= 0:
            return Interval(a.upper * b.lower, a.upper * b.upper)
    elif b.lower >= 0 and not a.is_point:  # a point of open sign has only corners
        return multiply(b, a)
    corners = [a.lower * b.lower, a.lower * b.upper, a.upper * b.lower, a.upper * b.upper]
    least, most = corners[0], corners[0]
    for corner in corners[1:]:
        least, most = least.min(corner), most.max(corner)
    return Interval(least, most)


class Enclosures:
    """Interval arithmetic with ball end points: for each function the image of the interval, by monotonicity."""

    name = "enclosures"

    @staticmethod
    def exact(value: Fraction) -> Interval:
        """The point interval of a rational."""
        return Interval(to_ball(value))

    @staticmethod
    def sigmoid(value: Interval) -> Interval:
        """σ, increasing."""
        lower = Balls.sigmoid(value.lower)
        return Interval(lower) if value.is_point else Interval(lower, Balls.sigmoid(value.upper))

    @staticmethod
    def tanh(value: Interval) -> Interval:
        """tanh, increasing."""
        lower = value.lower.tanh()
        return Interval(lower) if value.is_point else Interval(lower, value.upper.tanh())

    @staticmethod
    def relu(value: Interval) -> Interval:
        """max(v, 0), nondecreasing."""
        lower = Balls.relu(value.lower)
        return Interval(lower) if value.is_point else Interval(lower, Balls.relu(value.upper))

    @staticmethod
    def softplus(value: Interval) -> Interval:
        """ln(1 + e^v), increasing."""
        lower = Balls.softplus(value.lower)
        return Interval(lower) if value.is_point else Interval(lower, Balls.softplus(value.upper))

    @staticmethod
    def exp(value: Interval) -> Interval:
        """e^v, increasing."""
        lower = value.lower.exp()
        return Interval(lower) if value.is_point else Interval(lower, value.upper.exp())

    @staticmethod
    def tanh_slope(argument: Interval, image: Interval) -> Interval:
        """tanh'(v) = sech(v)² = 1 - tanh(v)², even, decreasing in |v|, at most 1; `image` is tanh(argument)."""
        return _even_slope(argument, image, _sech_squared, ONE)

    @staticmethod
    def sigmoid_slope(argument: Interval, image: Interval) -> Interval:
        """σ'(v) = σ(v)σ(-v), even, decreasing in |v|, at most 1/4; `image` is σ(argument)."""
        return _even_slope(argument, image, _sigmoid_slope, QUARTER)

    @staticmethod
    def relu_slope(argument: Interval, image: Interval) -> Interval:
        """0 left of 0, 1 right of it, [0, 1] across it (every difference quotient lies there)."""
        if argument.lower >= 0:
            return Interval(ONE)
        if argument.upper <= 0:
            return Interval(ZERO)
        return Interval(ZERO, ONE)

    @staticmethod
    def softplus_slope(argument: Interval, image: Interval) -> Interval:
        """softplus'(v) = σ(v)."""
        return Enclosures.sigmoid(argument)

    @staticmethod
    def exp_slope(argument: Interval, image: Interval) -> Interval:
        """exp'(v) = e^v, which `image` is."""
        return image


def _sech_squared(point: arb, image: arb) -> arb:
    if abs(image) < HALF:  # no cancellation: 1 - tanh² > 3/4
        return ONE - image * image
    return point.sech() ** 2


def _sigmoid_slope(point: arb, image: arb) -> arb:
    return image * Balls.sigmoid(-point)


def _even_slope(argument: Interval, image: Interval, slope: Callable[[arb, arb], arb], peak: arb) -> Interval:
    """Image of an even function that decreases in |v|: the ends nearest to and farthest from 0 decide."""
    at_lower = slope(argument.lower, image.lower)
    if argument.is_point:
        return Interval(at_lower)
    at_upper = slope(argument.upper, image.upper)
    if argument.lower >= 0:
        return Interval(at_upper, at_lower)
    if argument.upper <= 0:
        return Interval(at_lower, at_upper)
    return Interval(at_lower.min(at_upper), peak)

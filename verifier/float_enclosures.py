"""Sets of floats as intervals with ball ends, for every library that meets the hypotheses of theorem F1.

The arithmetic of `verifier.run.Runner` in which a value stands for every float that a library may compute: products are rounded
or fused, sums are taken in any order and of any shape, σ(v) is anything in [0, 1] between its thresholds, tanh is off by u ulps.
A sum is kept open, with Σ|terms| and the number of terms k, until `settled` adds γ_{k-1} Σ|terms| (Higham 2002, section 4.2). What
floats do exactly stays exact: 1·c + 0·g = c, and products with powers of two up to underflow.
"""

from __future__ import annotations

from fractions import Fraction

from flint import arb

from verifier.arithmetic.balls import ONE, ZERO, to_ball
from verifier.arithmetic.enclosures import Enclosures, Interval, multiply
from verifier.float_bound import Library, is_power_of_two

EVERYTHING = Interval(arb("-inf"), arb("inf"))


class FloatSet:
    """All floats of an interval; as long as it is a sum, `size` >= Σ|terms| and `count` is the number of terms."""

    __slots__ = ("arithmetic", "count", "interval", "is_power", "size")

    def __init__(self, arithmetic: FloatEnclosures, interval: Interval, size: arb, count: int = 1, is_power: bool = False) -> None:
        self.arithmetic, self.interval, self.size, self.count, self.is_power = arithmetic, interval, size, count, is_power

    @property
    def is_zero(self) -> bool:
        """Whether it is 0 and nothing else."""
        return bool(self.interval.lower.is_zero() and self.interval.upper.is_zero())

    @property
    def is_one(self) -> bool:
        """Whether it is 1 and nothing else."""
        return bool(self.interval.lower == 1 and self.interval.upper == 1)

    def settled(self) -> Interval:
        """The interval with the roundings of the sum; everything where the sum may overflow."""
        if not self.size < self.arithmetic.largest:
            return EVERYTHING
        if self.count == 1:
            return self.interval
        return _widened(self.interval, self.arithmetic.growth(self.count - 1) * self.size)

    def __add__(self, other: FloatSet) -> FloatSet:
        if self.is_zero or other.is_zero:
            return self if other.is_zero else other
        return FloatSet(self.arithmetic, self.interval + other.interval, self.size + other.size, self.count + other.count)

    def __mul__(self, other: FloatSet) -> FloatSet:
        if self.is_zero or other.is_zero:
            return self if self.is_zero else other
        if self.is_one or other.is_one:
            return other if self.is_one else self
        a, b, arithmetic = self.settled(), other.settled(), self.arithmetic
        exact = multiply(a, b)
        error = arithmetic.least
        if not (self.is_power or other.is_power):
            error = error + arithmetic.unit * exact.largest_modulus()
        return arithmetic.of(_widened(exact, error))


class FloatEnclosures:
    """The arithmetic of `FloatSet`s under the hypotheses of a library, at the current precision."""

    name = "sets of floats"

    def __init__(self, library: Library) -> None:
        self.library = library
        self.unit = to_ball(library.unit)
        self.tanh_error = to_ball(2 * library.ulps * library.unit)
        self.tiny = arb(2) ** library.emin
        self.least = arb(2) ** (library.emin - library.p)
        self.largest = arb(2) ** (1 - library.emin)

    def of(self, interval: Interval) -> FloatSet:
        """The floats of an interval."""
        return FloatSet(self, interval, interval.largest_modulus())

    def growth(self, roundings: int) -> arb:
        """γ_k = ku/(1 - ku)."""
        return roundings * self.unit / (1 - roundings * self.unit)

    def exact(self, value: Fraction) -> FloatSet:
        """A weight, which is a float of the format (`check_floats`)."""
        found = self.of(Interval(to_ball(value)))
        found.is_power = bool(value) and is_power_of_two(value)
        return found

    def sigmoid(self, value: FloatSet) -> FloatSet:
        """1 or 0 where saturated, else anything in [0, 1]."""
        argument = value.settled()
        if argument.lower >= self.library.one:
            return self.of(Interval(ONE))
        if argument.upper <= -self.library.zero:
            return self.of(Interval(ZERO))
        return self.of(Interval(ZERO, ONE))

    def tanh(self, value: FloatSet) -> FloatSet:
        """Within u ulps of tanh; tanh(0) = 0."""
        if value.is_zero:
            return value
        image = Enclosures.tanh(value.settled())
        return self.of(_widened(image, self.tanh_error * image.largest_modulus() + self.tiny))


def _widened(interval: Interval, by: arb) -> Interval:
    return Interval((interval.lower - by).lower(), (interval.upper + by).upper())

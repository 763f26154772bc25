"""Sizes of a construction, chosen from the request: each the smallest weight that leaves room for the next.

A comparison that is open at one working precision is asked again at twice the precision, so every choice is decided in
balls. What is chosen here is a proposal like any other; the verifier decides about the weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Protocol, TypeVar

from flint import arb

from verifier.arithmetic.balls import Balls, to_ball
from verifier.errors import UsageError
from verifier.regime import Regime
from verifier.verdict import Verdict, check_within

GUARD_BITS = 64
"""Bits beyond those of M/tolerance and twice those of n with which the sizes are first decided."""

LARGEST_BITS = 1 << 20
"""Precision at which sizing gives up."""

Sizes = TypeVar("Sizes")

Meets = Callable[[arb], bool]
"""Whether an error bound meets the tolerance of the request."""


class ErrorBound(Protocol):
    """A closed-form bound at scale ε, saturation K and gain L; None stands for the limit of large K or L."""

    def __call__(self, scale: Fraction, saturation: int | None, gain: int | None, /) -> arb:
        """The bound as a ball at the current precision."""


class _Undecided(Exception):
    """A comparison was open at this precision."""


def sure(verdict: Verdict) -> bool:
    """The decided answer of a comparison; inside `decide` an open one is asked again at twice the precision."""
    if verdict is Verdict.UNDECIDED:
        raise _Undecided
    return verdict is Verdict.PROVED


def decide(regime: Regime, choose: Callable[[Meets], Sizes]) -> Sizes:
    """What `choose` returns at the first working precision at which all its comparisons are decided.

    Raises `UsageError` if some are open at `LARGEST_BITS`.
    """

    def meets(error: arb) -> bool:
        return sure(check_within(error, to_ball(regime.tolerance), regime.strict))

    bits = regime.working_bits + GUARD_BITS
    while bits <= LARGEST_BITS:
        try:
            with Balls(bits).working():
                return choose(meets)
        except _Undecided:
            bits *= 2
    raise UsageError(f"no sizes could be decided for tolerance {regime.tolerance} at {LARGEST_BITS} bits")


def scale_saturation_gain(regime: Regime, error: ErrorBound) -> tuple[Fraction, int, int]:
    """(ε, K, L): the largest power of ten, then the smallest positive integers for which `error` meets the tolerance.

    Each is chosen with what comes after it at its limit. `error` must grow with ε, be more than M - 1/ε (a readout 1/ε of
    values below 1 cannot do better), and fall with K and with L. Where signs are all that is asked, every ε serves; then
    εM < 10.
    """
    room = regime.bound - regime.tolerance
    ceiling = 1 / room if room else 10 / regime.bound  # at ε >= 1/room the error exceeds the tolerance

    def choose(meets: Meets) -> tuple[Fraction, int, int]:
        def small_enough(exponent: int) -> bool:
            scale = Fraction(10) ** -exponent
            return scale < ceiling and meets(error(scale, None, None))

        scale = Fraction(10) ** -smallest(small_enough, 0)
        saturation = smallest(lambda k: k > 0 and meets(error(scale, k, None)), 1)
        gain = smallest(lambda g: g > 0 and meets(error(scale, saturation, g)), 1)
        return scale, saturation, gain

    return decide(regime, choose)


def within(error: Fraction, tolerance: Fraction, strict: bool) -> bool:
    """Whether an exact error meets the tolerance: error <= tolerance, error < tolerance if strict."""
    return error < tolerance if strict else error <= tolerance


def least_exponent(value: Fraction) -> int:
    """The least k >= 0 with 2^k >= value, for value > 0.

    >>> least_exponent(Fraction(1, 3)), least_exponent(Fraction(8)), least_exponent(Fraction(17, 2))
    (0, 3, 4)
    """
    return (math.ceil(value) - 1).bit_length()


def smallest(holds: Callable[[int], bool], start: int) -> int:
    """The least integer for which a monotone predicate holds (false below, true from there on).

    >>> smallest(lambda k: k * k >= 50, 0)
    8
    """
    if holds(start):
        step, high = 1, start
        while holds(high - step):
            high, step = high - step, 2 * step
        low = high - step
    else:
        step, low = 1, start
        while not holds(low + step):
            low, step = low + step, 2 * step
        high = low + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high

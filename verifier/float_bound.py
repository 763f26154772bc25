"""What a network computes in IEEE arithmetic, for all inputs of the box and whichever library evaluates it (theorem F1).

One step is evaluated over sets of floats. A value knows a range; an enclosure s·x_1 + o of it; and a *key*, a name of the
computation that made it: equal keys mean equal floats, bit for bit. Where a gate is exactly 1 and what it lets in exactly
0, fl(1·c) + 0 = c keeps the key. If all keys of the state after step t and after step t + 1 agree, the state never changes
again, whatever the inputs: bit-exact memory for every n (the sign of a zero aside), which real numbers do not have.

Assumed of the arithmetic and the library, and of nothing else (`Library`):

    rounding   +, -, · are rounded to nearest, ties to even, with gradual underflow; sums in any order, products fused or not
    σ          σ(v) = 1 for v >= one, σ(v) = 0 for v <= -zero, 0 <= σ(v) <= 1 between
    tanh       |tanh~(v) - tanh v| <= u·2^(1-p)·|tanh v| + 2^emin, tanh~(0) = 0
    places     the same place of the step, given the same floats, gives the same float at every step
    cell       the equations as in `cells`: z∘h + (1-z)∘n, not (h - n)∘z + n

Nothing here knows a construction.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from verifier.arithmetic.balls import Balls, lower_fraction, to_ball, upper_fraction
from verifier.arithmetic.floats import Floats
from verifier.cells import CELLS, Maps
from verifier.errors import UsageError
from verifier.float_run import without_dead_units
from verifier.verdict import Verdict
from verifier.weights import Weights

BITS = 128
"""Bits to which enclosures are rounded outward, and working precision of tanh."""

TANH_ULPS = 8
"""u: ONNX Runtime's tanh is off by up to 5.5 units in the last place in binary32, numpy's and PyTorch's by less than 2."""

SETTLING_STEPS = 8
"""Steps after which the state must repeat; constructions settle after 1 or 2."""

LONGEST_SUM = 3
"""Terms up to which all orders of a sum are tried; longer sums get the general bound."""

Interval = tuple[Fraction, Fraction]
ZERO, ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True)
class Library:
    """The hypotheses on one float format and the functions computed in it.

    p: bits of a significand; emin: exponent of the least normal number; σ(v) = 1 for v >= `one`, 0 for v <= -`zero`;
    `ulps`: u of the tanh.
    """

    form: str
    p: int
    emin: int
    one: int
    zero: int
    ulps: int = TANH_ULPS

    @property
    def unit(self) -> Fraction:
        """2^-p, half the spacing of the floats in [1, 2]."""
        return Fraction(1, 1 << self.p)

    def says(self) -> tuple[str, ...]:
        """The hypotheses in words."""
        return (
            f"+, -, · are those of IEEE {self.form}, rounded to nearest, with subnormals",
            f"σ(v) = 1 for v >= {self.one}, σ(v) = 0 for v <= -{self.zero}, else 0 <= σ(v) <= 1",
            f"tanh is off by at most {self.ulps} units in the last place (plus 2^{self.emin}), and tanh(0) = 0",
            "each step is evaluated by the same code, as the cell's equations say",
        )


BINARY32 = Library("binary32", 24, -126, 18, 104)
BINARY64 = Library("binary64", 53, -1022, 38, 746)
LIBRARIES = {library.form: library for library in (BINARY32, BINARY64)}
"""`one` and `zero` are the least whole numbers at which σ, rounded correctly, is 1 and 0 (checked by theorem F1)."""


@dataclass(frozen=True)
class Value:
    """A set of floats: `range`; |value - s·x_1| with s in `slope` lies in `offset`; `key` names the computation."""

    arithmetic: SetsOfFloats
    range: Interval
    slope: Interval
    offset: Interval
    key: int

    @property
    def constant(self) -> Fraction | None:
        """The float it is, if it is one for all inputs."""
        return self.range[0] if self.range[0] == self.range[1] else None

    def __add__(self, other: Value) -> Value:
        return self.arithmetic.sum((self, other))

    def __sub__(self, other: Value) -> Value:
        return self.arithmetic.sum((self, self.arithmetic.product(self.arithmetic.exact(-ONE), other)))

    def __mul__(self, other: Value) -> Value:
        return self.arithmetic.product(self, other)


class SetsOfFloats:
    """Arithmetic on `Value`s under the hypotheses of a library."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._floats = Floats.of(library.form)
        self._keys: dict[tuple[Any, ...], int] = {}
        self._site = 0

    def start_step(self) -> None:
        """Begin a step: sums, σ and tanh are told apart by their place in it.

        Rows may be summed in different orders and lanes, so the same terms at another place need not give the same float.
        """
        self._site = 0

    def _place(self) -> int:
        self._site += 1
        return self._site

    def key(self, *parts: Any) -> int:
        """The number of a computation, the same for the same parts."""
        return self._keys.setdefault(parts, len(self._keys))

    def exact(self, value: Fraction) -> Value:
        """A constant, which must be a float of the format."""
        if self._round(value) != value:
            raise ValueError(f"{value} is not a {self.library.form} number")
        return Value(self, (value, value), (ZERO, ZERO), (value, value), self.key("constant", value))

    def first_input(self, bound: Fraction) -> Value:
        """x_1, any float of [-bound, bound]."""
        return Value(self, (-bound, bound), (ONE, ONE), (ZERO, ZERO), self.key("x", 1))

    def later_input(self, bound: Fraction, t: int) -> Value:
        """x_t for t >= 2."""
        return Value(self, (-bound, bound), (ZERO, ZERO), (-bound, bound), self.key("x", t))

    def _round(self, value: Fraction) -> Fraction:
        try:
            found: Any = self._floats.exact(value)
            return Fraction(float(found))
        except OverflowError:
            raise UsageError(f"a value of this network overflows {self.library.form}") from None

    def _value(self, bounds: Interval, slope: Interval, offset: Interval, key: int) -> Value:
        if bounds[0] == bounds[1]:
            return self.exact(bounds[0])
        return Value(self, bounds, _outward(slope), _outward(offset), key)

    def product(self, a: Value, b: Value) -> Value:
        """fl(a·b), or a·b where it is fused with a sum; exact where one factor is 0, ±1 or a power of two."""
        if b.constant is not None:
            a, b = b, a
        factor = a.constant
        if factor == 0:
            return self.exact(ZERO)
        if factor == 1:
            return b
        ends = [x * y for x in a.range for y in b.range]
        low, high = min(ends), max(ends)
        bounds = (min(low, self._round(low)), max(high, self._round(high)))
        if factor is not None:
            slope, offset = _times((factor, factor), b.slope), _times((factor, factor), b.offset)
        else:
            slope, offset = (ZERO, ZERO), bounds
        key = self.key("product", *sorted((a.key, b.key)))
        if factor is not None and abs(factor) == 1:
            return self._value(bounds, slope, offset, key)
        relative = ZERO if factor is not None and is_power_of_two(factor) else self.library.unit
        slope, offset = _rounded(slope, offset, relative, ONE / 2 ** (self.library.p - self.library.emin))
        return self._value(bounds, slope, offset, key)

    def sum(self, values: Iterable[Value]) -> Value:
        """The floating-point sum of the values in any order; terms that are 0 change nothing."""
        place, terms = self._place(), [value for value in values if value.constant != 0]
        if not terms:
            return self.exact(ZERO)
        if len(terms) == 1:
            return terms[0]
        relative = len(terms) - 1
        growth = relative * self.library.unit / (1 - relative * self.library.unit)  # γ_{k-1} (Higham 2002, section 4.2)
        if len(terms) <= LONGEST_SUM:
            options = [self._ordered(order) for order in itertools.permutations([value.range for value in terms])]
            bounds = (min(low for low, _ in options), max(high for _, high in options))
        else:
            size = growth * sum(max(abs(v.range[0]), abs(v.range[1])) for v in terms)
            bounds = (sum(v.range[0] for v in terms) - size, sum(v.range[1] for v in terms) + size)
            bounds = (min(bounds[0], self._round(bounds[0])), max(bounds[1], self._round(bounds[1])))
        around = (1 - growth, 1 + growth)
        slope = _add(_times(around, value.slope) for value in terms)
        offset = _add(_times(around, value.offset) for value in terms)
        return self._value(bounds, slope, offset, self.key("sum", place, *sorted(value.key for value in terms)))

    def _ordered(self, ranges: Sequence[Interval]) -> Interval:
        """The range of ((r_1 + r_2) + r_3): rounding is monotone."""
        low, high = ranges[0]
        for a, b in ranges[1:]:
            low, high = self._round(low + a), self._round(high + b)
        return low, high

    def sigmoid(self, value: Value) -> Value:
        """1 or 0 where saturated, else only known to lie in [0, 1]."""
        place = self._place()
        if value.range[0] >= self.library.one:
            return self.exact(ONE)
        if value.range[1] <= -self.library.zero:
            return self.exact(ZERO)
        return Value(self, (ZERO, ONE), (ZERO, ZERO), (ZERO, ONE), self.key("sigmoid", place, value.key))

    def tanh(self, value: Value) -> Value:
        """Within u ulps of tanh; next to 0 also s·x_1 + o, as tanh v = (1 - ψ)v with 0 <= ψ <= v²/3."""
        place = self._place()
        if value.constant == 0:
            return value
        off, least = 2 * self.library.ulps * self.library.unit, ONE / 2**-self.library.emin
        with Balls(BITS).working():
            low = lower_fraction(to_ball(value.range[0]).tanh())
            high = upper_fraction(to_ball(value.range[1]).tanh())
        bounds = (low - off * abs(low) - least, high + off * abs(high) + least)
        key, size = self.key("tanh", place, value.key), max(abs(value.range[0]), abs(value.range[1]))
        if size > 1:
            return Value(self, bounds, (ZERO, ZERO), bounds, key)
        around = ((1 - size**2 / 3) * (1 - off), 1 + off)
        slope, offset = _times(around, value.slope), _times(around, value.offset)
        return Value(self, bounds, _outward(slope), _outward((offset[0] - least, offset[1] + least)), key)

    def relu(self, value: Value) -> Value:
        """The value itself where it is nowhere negative, 0 where it is nowhere positive, else max(v, 0)."""
        low, high = value.range
        if low >= 0:
            return value
        if high <= 0:
            return self.exact(ZERO)
        return Value(self, (ZERO, high), (ZERO, ZERO), (ZERO, high), self.key("relu", value.key))


def _times(a: Interval, b: Interval) -> Interval:
    ends = [x * y for x in a for y in b]
    return min(ends), max(ends)


def _add(intervals: Iterable[Interval]) -> Interval:
    low = high = ZERO
    for a, b in intervals:
        low, high = low + a, high + b
    return low, high


def _rounded(slope: Interval, offset: Interval, relative: Fraction, least: Fraction) -> tuple[Interval, Interval]:
    """(s·x + o)(1 + θ) + η with |θ| <= relative, |η| <= least."""
    around = (1 - relative, 1 + relative)
    low, high = _times(around, offset)
    return _times(around, slope), (low - least, high + least)


def is_power_of_two(value: Fraction) -> bool:
    """Whether a number is ± a power of two, or 0."""
    top, bottom = abs(value.numerator), value.denominator
    return top & (top - 1) == 0 and bottom & (bottom - 1) == 0


def _outward(interval: Interval) -> Interval:
    """The interval with ends of `BITS` bits."""
    return _cut(interval[0], up=False), _cut(interval[1], up=True)


def _cut(value: Fraction, up: bool) -> Fraction:
    shift = value.denominator.bit_length() - value.numerator.bit_length() + BITS
    if value.denominator.bit_length() <= BITS or not value:
        return value
    scaled = value * Fraction(2) ** shift
    return Fraction(scaled.__ceil__() if up else scaled.__floor__()) / Fraction(2) ** shift


@dataclass(frozen=True)
class FloatBound:
    """What is proved of a network in floats for all inputs of the box.

    `held_from`: the step from which on y is the same float for ever, bit for bit; None where that is not shown.
    `errors`: bounds of |y_t - x_1| for t = 1, 2, ...; after `held_from` the last one holds for ever.
    """

    library: Library
    held_from: int | None
    errors: tuple[Fraction, ...]

    @property
    def verdict(self) -> Verdict:
        """PROVED if the memory is bit-exact; else UNDECIDED."""
        return Verdict.UNDECIDED if self.held_from is None else Verdict.PROVED

    def error(self, n: int, only_last: bool = False) -> Fraction | None:
        """A bound of |y_n' - x_1| over all n' <= n (or n alone); None where this many steps were not covered."""
        if self.held_from is None and n > len(self.errors):
            return None
        last = min(n, len(self.errors))
        return self.errors[last - 1] if only_last else max(self.errors[:last])


def bound_floats(weights: Weights, bound: Fraction, library: Library, steps: int = SETTLING_STEPS) -> FloatBound:
    """Evaluate up to `steps` steps over all float inputs of [-bound, bound], until the state repeats (theorem F1).

    Raises `UsageError` where a value overflows, `ValueError` where a weight is not a float of the format.
    """
    sets, found = SetsOfFloats(library), without_dead_units(weights)
    cell = CELLS[found.cell]
    blocks = {name: {index: sets.exact(value) for index, value in array} for name, array in found.blocks().items()}

    def combine(bias: Any, terms: list[tuple[Value, Value]]) -> Value:
        start = [] if isinstance(bias, int) else [bias]
        return sets.sum([*start, *(coefficient * value for coefficient, value in terms)])

    maps = Maps(found.hidden, blocks, combine)
    none = sets.exact(ZERO)
    state = {s: [blocks[f"{s}_0"].get((k,), none) for k in range(found.hidden)] for s in cell.states}
    errors: list[Fraction] = []
    for t in range(1, steps + 1):
        sets.start_step()
        x = sets.first_input(bound) if t == 1 else sets.later_input(bound, t)
        new = cell.step(sets, maps, state, x)
        if all(a.key == b.key for s in cell.states for a, b in zip(state[s], new[s], strict=True)) and t > 1:
            return FloatBound(library, t - 1, tuple(errors))
        state = new
        read = [blocks["v0"].get((), none), *(value * state[cell.states[0]][index[0]] for index, value in blocks["V"].items())]
        y = sets.sum(read)
        errors.append(max(abs(end - 1) for end in y.slope) * bound + max(abs(end) for end in y.offset))
    return FloatBound(library, None, tuple(errors))

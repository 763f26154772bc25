"""The recall error for ever of a memory that refreshes itself: inequalities for all levels at once, the same for every form.

A form (see the other modules) says in numbers what its network does in each step of a cycle; here these numbers are put into
the inequalities of theorem C9. A is the held value, D = A - (sum of the bits taken) the residual. Every bound holds for all
input sequences and all levels of the memory:

hold      Between loads A moves by at most `drift`, inputs included.
residual  The comparator of a bit is σ(κ(D - θ)), the bit is worth b when taken. Whatever it decides, D in [lo, hi] becomes D' in
          [min(lo - b s, θ - b), max(min(hi, θ), hi - b(1 - s)r)], s = σ(-κz), up to drift and leak, for any z <= b r/2; a share
          β of the bit lowers D by b β r' with r <= r' <= 1 where D >= θ, and by at most b β anywhere.
load      A is replaced by (the sum) + ℓ, up to `load`: it moves by -D + ℓ.
decisive  θ and b are w·(powers of two) up to `grid`. If A is Z = z + drift + grid or more away from wℤ, every comparator is z
          or more away from its threshold, and the sum ends within `grid` of w·floor(A/w).
levels    So A at distance >= Z from wℤ goes to L_m = mw + ℓ within E = grid + load, m = floor(A/w), and A within Z of mw to
          J_m = [L_{m-1} - ρ, L_m + ρ], ρ = Z + max(hi - w, -lo) + .... J_m maps into itself if ρ + ℓ + Z <= w, ρ + Z <= ℓ
          and E <= ρ. The first cycle has w, ℓ and Z of its own; its levels are at most `shift` from the later ones.

Source: this project, theory C9; quantised refresh of analog memories: Cauwenberghs & Yariv 1995.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple, Protocol

from flint import arb

from verifier.arithmetic.balls import ZERO, exact_fraction, largest, to_ball, upper_fraction
from verifier.refresh.clock import shares
from verifier.verdict import Verdict, all_of, check_at_most, check_less

CAPTURE_PIECES = 64
"""Pieces of [-M, M] on which the distortion of the captured value is bounded."""

SPARE_LEVELS = 2
"""Levels by which held values may leave the range of captured ones; that they leave it by less is one of the inequalities."""

COMPARATOR_SHARE = 4
"""In the residual lemma a comparator counts as open within this part of its bit (any part up to a half will do)."""

BESIDE = Fraction(3, 4)
"""Inputs with large errors lie about this many times Z from a border between two levels."""

ATTACKED = (Fraction(-3, 4), Fraction(0), Fraction(3, 4))
"""Places in [-1, 1] near which such inputs are looked for."""


LARGEST_EXPONENT = 400_000
"""Binary exponents up to which numbers are turned into rationals, those of weights of `bound.LARGEST_BITS` among them: a gate may
be open by 2^-(2^40), which fits a ball alone."""


class Inequality(NamedTuple):
    """One hypothesis of the theorem at the numbers of the weights: how many comparisons it is, and what all of them say."""

    name: str
    text: str
    comparisons: int
    verdict: Verdict


class Inequalities:
    """Comparisons, collected by name and text."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], list[Verdict]] = {}

    def state(self, name: str, text: str, verdict: Verdict) -> None:
        """Add a comparison that was decided."""
        self._found.setdefault((name, text), []).append(verdict)

    def at_most(self, name: str, text: str, left: arb, right: arb) -> None:
        """left <= right."""
        self.state(name, text, check_at_most(left, right))

    def positive(self, name: str, text: str, value: arb) -> None:
        """value > 0."""
        self.state(name, text, check_less(ZERO, value))

    def all(self) -> tuple[Inequality, ...]:
        """What was collected, in order."""
        return tuple(Inequality(*key, len(verdicts), all_of(verdicts)) for key, verdicts in self._found.items())


class Bit(NamedTuple):
    """One bit on trial: its comparator's threshold θ for D, its worth b, the least rate r at which it is added where D >= θ, and
    how far A moves in that step."""

    threshold: arb
    worth: arb
    rate: arb
    move: arb


class Conversion(NamedTuple):
    """One kind of cycle in numbers that hold while A is in the range asked for.

    `cleared`: the modulus of the sum before the first bit; `leak`: what the sum loses in a step besides; `top`: the limit of the
    sum assumed of it; `beyond`: what the step of the load may add to the sum; `unit`: w; `lift`: ℓ; `uneven`: what bits add more
    or less than their worth in one cycle. Bits from the largest to the smallest.
    """

    cleared: arb
    bits: Sequence[Bit]
    leak: arb
    drift: arb
    top: arb
    beyond: arb
    unit: arb
    lift: arb
    load: arb
    uneven: arb


class Held(Protocol):
    """A held value A and the reading slope·A + constant of it."""

    slope: Fraction
    """V: y = V A + constant."""
    constant: Fraction
    origin: Fraction
    """The state of the unit that holds A is A + origin."""

    def captured(self, x: arb) -> arb:
        """A after step 1."""

    def rate(self, x: arb) -> arb:
        """dy/dx after step 1, over a ball of inputs."""

    def unit(self) -> arb:
        """w in later cycles, about."""


class Memory(Held, Protocol):
    """A network of one form, in numbers: what `decide` asks of it."""

    gain: arb

    def check(self, found: Inequalities) -> None:
        """Signs, and what step 1 leaves."""

    def conversions(self, low: arb, high: arb) -> tuple[Conversion, Conversion]:
        """The first cycle and the later ones, while low <= A <= high."""


class Decision(NamedTuple):
    """|y_n - x_1| <= `upper` for ever if all inequalities hold; `levels` in use, `unit` w, `margin` Z, `firsts`: see `Refresh`."""

    upper: arb
    levels: int
    unit: Fraction
    margin: Fraction
    firsts: tuple[Fraction, ...]


CYCLES = ("first cycle", "later cycles")
"""The two kinds, as inequalities name them."""


class Span(NamedTuple):
    """The captured values of -M and M, and the range `low` ... `high` that reaches beyond them by `spare`."""

    first: arb
    last: arb
    spare: arb
    low: arb
    high: arb


class Cycle(NamedTuple):
    """The bounds of one kind of cycle, named as in the module; `up` and `down` are the largest moves of A per cycle."""

    unit: arb
    lift: arb
    drift: arb
    up: arb
    down: arb
    spread: arb
    margin: arb


def decide(memory: Memory, bound: Fraction, found: Inequalities) -> Decision:
    """All inequalities of theory C9 for inputs in [-bound, bound], and the bound they give. Works at the current precision."""
    memory.check(found)
    span = span_of(memory, bound)
    first, later = (
        _cycle(name, conversion, memory.gain, span.low, span.high, found)
        for name, conversion in zip(CYCLES, memory.conversions(span.low, span.high), strict=True)
    )
    return conclude(memory, bound, span, first, later, found)


def span_of(memory: Held, bound: Fraction) -> Span:
    """The range of held values that is assumed, and later found to be kept to, for inputs in [-bound, bound]."""
    ends = [memory.captured(to_ball(sign * bound)) for sign in (-1, 1)]
    spare = SPARE_LEVELS * memory.unit()
    return Span(ends[0], ends[1], spare, ends[0] - spare, ends[1] + spare)


def conclude(memory: Held, bound: Fraction, span: Span, first: Cycle, later: Cycle, found: Inequalities) -> Decision:
    """The levels, and the bound, from what a first and a later cycle do to held values in the span."""
    moved = close_levels(first, later, span.high, found)
    found.at_most("levels", "held values stay in the range assumed of them", moved, span.spare)
    upper = to_ball(memory.slope) * moved + distortion(memory, bound)
    margin = later.margin.max(first.margin)
    range_in_levels = (span.last - span.first) / later.unit
    if not all(fits(number) for number in (upper, range_in_levels, first.unit, later.unit, first.margin, margin)):
        return Decision(arb("inf"), 0, Fraction(0), Fraction(0), ())
    count = int(upper_fraction(range_in_levels)) + 1
    unit, firsts = exact_fraction(later.unit), _firsts(memory, bound, first)
    return Decision(upper, count, unit, upper_fraction(margin), firsts)


def fits(number: arb) -> bool:
    """Whether a number is finite and has a binary exponent up to `LARGEST_EXPONENT`, so that it can be turned into a rational."""
    if not number.is_finite():
        return False
    return all(abs(int(point.man_exp()[1])) <= LARGEST_EXPONENT for point in (number.upper(), number.mid()))


def middle_of(number: arb) -> Fraction:
    """The middle of a number; 0 where it does not fit a rational, for what may be any number near that."""
    return exact_fraction(arb(number.mid())) if fits(number) else Fraction(0)


def distortion(memory: Held, bound: Fraction) -> arb:
    """max |y_1 - x_1|."""
    slope, constant = to_ball(memory.slope), to_ball(memory.constant)
    return distance_from_input(lambda x: slope * memory.captured(x) + constant, memory.rate, bound)


def distance_from_input(shown: Callable[[arb], arb], rate: Callable[[arb], arb], bound: Fraction) -> arb:
    """max |shown(x) - x| over [-M, M], `rate` its slope: on each piece the value at its middle, and the slope over the piece."""
    half = to_ball(bound / CAPTURE_PIECES)

    def on_piece(k: int) -> arb:
        middle = to_ball(-bound + (2 * k + 1) * bound / CAPTURE_PIECES)
        over = rate(middle.union(middle - half).union(middle + half))
        return (abs(shown(middle) - middle) + abs(over - 1) * half).upper()

    return largest(on_piece(k) for k in range(CAPTURE_PIECES))


def _cycle(name: str, cycle: Conversion, gain: arb, low: arb, high: arb, found: Inequalities) -> Cycle:
    """The bounds of a cycle throughout which low <= A <= high."""
    lowest, highest = _residual(name, cycle, gain, low, high, found)
    decided, grid = _grid(cycle, gain)
    margin = decided + cycle.drift + grid
    found.at_most(name, "the lowest held value is above level 0", margin, low)
    found.at_most(name, "the bits can express the highest held value", high + margin, arb(2) ** len(cycle.bits) * cycle.unit)
    moved = cycle.load + cycle.drift
    return Cycle(
        cycle.unit, cycle.lift, cycle.drift, cycle.lift - lowest + moved, highest - cycle.lift + moved, grid + cycle.load, margin,
    )  # fmt: skip


def _residual(name: str, cycle: Conversion, gain: arb, low: arb, high: arb, found: Inequalities) -> tuple[arb, arb]:
    """Bounds of D before the load, whatever the comparators decide."""
    lowest, highest = low - cycle.cleared, high
    for threshold, worth, rate, move in cycle.bits:
        z = arb((worth / COMPARATOR_SHARE).mid())
        found.at_most(name, "comparators are narrow: z <= b r/2", z, worth * rate / 2)
        slip = shares(-gain * z)[0]
        highest = highest.min(threshold).max(highest - worth * (1 - slip) * rate) + move + cycle.leak
        lowest = (lowest - worth * slip).min(threshold - worth) - move
        found.at_most(name, "the sum stays below its limit", high - lowest, cycle.top)
    found.at_most(name, "the sum stays below its limit", high - lowest + cycle.beyond, cycle.top)
    return lowest, highest


def _grid(cycle: Conversion, gain: arb) -> tuple[arb, arb]:
    """z at which a comparator counts as decided, and how far sums and thresholds are from multiples of w then."""
    size = sum((bit.worth for bit in cycle.bits), ZERO)
    decided = arb(((gain * size + 2).log() / gain).mid())
    uneven, apart = ZERO, ZERO
    for k, bit in enumerate(reversed(cycle.bits)):
        exact = arb(2) ** k * cycle.unit
        uneven = uneven + abs(bit.worth - exact)
        apart = apart.max(abs(bit.threshold - exact))
    slipped = shares(-gain * decided)[0] * size
    return decided, uneven + apart + cycle.uneven + cycle.leak * len(cycle.bits) + cycle.cleared + slipped


def close_levels(first: Cycle, later: Cycle, high: arb, found: Inequalities) -> arb:
    """The invariant sets; the largest distance of a held value from the captured one."""
    unit, lift, margin = later.unit, later.lift, later.margin
    count = high / unit.min(first.unit) + 1
    shift = abs(first.unit - unit) * count + abs(first.lift - lift)
    around = margin + (later.up - lift).max(later.down + lift - unit)
    wide = around.max(first.margin + shift + (first.up - lift).max(first.down + lift - unit))
    found.at_most("levels", "E <= ρ: a decided value is near its level", later.spread, around)
    found.at_most("levels", "ρ + ℓ + Z <= w: what is near a level is decided, from above", wide + lift + margin, unit)
    found.at_most("levels", "ρ + Z <= ℓ: and from below", wide + margin, lift)
    found.at_most("levels", "the first level found is decided, from above", lift + shift + first.spread + margin, unit)
    found.at_most("levels", "and from below", shift + first.spread + margin, lift)
    side = lift.max(unit - lift)
    beside = side + first.margin + shift + around
    decided = side + 2 * shift + first.spread + later.spread
    return first.up.max(first.down).max(beside).max(decided) + first.drift.max(later.drift)


def _firsts(memory: Held, bound: Fraction, cycle: Cycle) -> tuple[Fraction, ...]:
    """x_1 whose captured value lies beside a border between levels, on either side."""
    slope, constant = memory.slope, memory.constant
    unit, near = exact_fraction(cycle.unit), BESIDE * exact_fraction(arb(cycle.margin.mid()))
    found: list[Fraction] = []
    for share in ATTACKED:
        held = memory.captured(to_ball(share * bound))
        distorted = middle_of(to_ball(slope) * held) + constant - share * bound
        border = round(middle_of(held) / unit) * unit
        found += [slope * (border + side * near) + constant - distorted for side in (1, -1)]
    return tuple(x for x in found if abs(x) <= bound)

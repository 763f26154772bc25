"""The same claim without the theorem: every level of a refreshed memory as a box of states, pushed through whole cycles.

The cell's own recorded step is evaluated on intervals, with every later input anywhere in [-M, M]. [-M, M] is cut into pieces
around the borders mw between levels (within Z of one) and between them; each is pushed through the first cycle. In later cycles
the box of level m, held values in [mw + Z, (m+1)w - Z], must go into itself, and that of border m, within Z of mw, into levels
m - 1 and m and the border between. By induction on cycles the outputs read from these boxes bound |y_n - x_1| for all n.

A box in which a bit is undecided is cut in three along the sum of the bits: taken, refused, open; the hull of the images is
kept. Where boxes are cut is a matter of sharpness alone: w, Z and P are hints, and so is the form.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple, Protocol

import flint
from flint import arb

from verifier.arithmetic.balls import ZERO, exact_fraction, to_ball
from verifier.arithmetic.enclosures import Enclosures, Interval
from verifier.monotone import interval_of
from verifier.program import Program
from verifier.refresh.clock import ROOM
from verifier.run import Runner
from verifier.verdict import Verdict, all_of, check_at_most

LARGEST_WORK = 50_000
"""Boxes times steps beyond which levels are not enumerated: some seconds."""

BOXES_PER_LEVEL = 7
"""Three pieces of x_1; a level, its border, and what is read from either."""

SPARE = 4
"""Levels, in units of h, by which sums of bits at the start of a cycle may exceed those found after the first one."""

SLIP = 64
"""A bit counts as decided where what the gate gets wrong of it is below 1/(64G)."""

Box = list[Interval]
"""Intervals of the states that inputs reach, in the program's order."""


class Boxes(Protocol):
    """What a form says of boxes of its states: which interval is the held value, which the sum of the bits, and what else there
    is at the start of a cycle ("others")."""

    gain: arb

    def make(self, held: Interval, others: Sequence[Interval]) -> Box:
        """The states at the start of a cycle with these."""

    def held(self, box: Box) -> Interval:
        """The state of the unit that holds A."""

    def sum(self, box: Box) -> Interval:
        """The sum of the bits."""

    def others(self, box: Box) -> list[Interval]:
        """What a box has of the others."""

    def rest(self, others: Sequence[Interval], spare: arb) -> list[Interval]:
        """Wider sets of the others."""

    def with_sum(self, box: Box, low: arb, high: arb) -> Box:
        """The part of a box in which the sum of the bits is between these values."""

    def compared(self, values: Sequence[Interval]) -> tuple[Interval, Interval]:
        """The argument of the comparator in a step, and of the tanh that a bit adds or the sum moves to."""

    def narrowed(self, values: Sequence[Interval], box: Box, image: Box) -> Box:
        """An image of a box, cut to what the cell's equations allow besides."""


class Hints(NamedTuple):
    """Steps after step 1 until the first load, period P, level w and half-width Z of a border in units of h; slope V and constant
    of the readout for A; the held state is A + origin."""

    first: int
    period: int
    unit: Fraction
    margin: Fraction
    slope: Fraction
    constant: Fraction
    origin: Fraction

    @classmethod
    def none(cls) -> Hints:
        """Of a memory that never loads."""
        return cls(0, 0, *[Fraction(0)] * 5)


class Enumeration(NamedTuple):
    """`boxes` pushed through a cycle each; `upper` bounds the error for ever if `verdict` is PROVED. `skipped`: why not run."""

    boxes: int
    upper: arb
    verdict: Verdict
    skipped: str = ""


def enumerate_levels(program: Program, boxes: Boxes, bound: Fraction, levels: int, hints: Hints) -> Enumeration:
    """Push every level and border through a cycle, as boxes of the whole state. Works at the current precision."""
    work = BOXES_PER_LEVEL * levels * hints.period
    if work > LARGEST_WORK:
        many = f"2^{levels.bit_length() - 1} levels are too many to push one by one"
        return Enumeration(0, arb("inf"), Verdict.UNDECIDED, many)
    return _Levels(program, boxes, bound, hints).decide()


class _Levels:
    """Boxes of one network."""

    def __init__(self, program: Program, states: Boxes, bound: Fraction, hints: Hints) -> None:
        self.program, self.states, self.bound, self.hints = program, states, bound, hints
        self.runner = Runner(program, Enclosures)
        self.later = interval_of((-bound, bound))
        self.found: list[Verdict] = []
        self.boxes = 0
        self.unit, self.margin, self.origin = to_ball(hints.unit), to_ball(hints.margin), to_ball(hints.origin)
        self._clock()

    # --- steps ------------------------------------------------------------------------------------------------------------

    def _clock(self) -> None:
        """The gates of the clock: at step 1, in the first cycle, and in all later ones (a set that a cycle maps into itself)."""
        state = [Enclosures.exact(self.program.initial[k]) for k in self.program.autonomous()]
        self.opening, state = self._phase(state)
        self.first, state = self._phases(state, self.hints.first)
        _, after = self._phases(state, self.hints.period)
        floor = arb(2) ** (ROOM.bit_length() - flint.ctx.prec)
        around = []
        for old, new in zip(state, after, strict=True):
            span = old.hull(new)
            reach = ROOM * (span.upper - span.lower + span.largest_modulus() * floor)
            around.append(Interval(span.lower - reach, span.upper + reach))
        self.cycle, image = self._phases(around, self.hints.period)
        self.found += [_inside(new, old) for new, old in zip(image, around, strict=True)]

    def _phase(self, state: Sequence[Interval]) -> tuple[list[Interval], list[Interval]]:
        new = self.runner.advance_autonomous(state)
        return [self.runner.values[index] for index in self.runner.boundary], new

    def _phases(self, state: list[Interval], count: int) -> tuple[list[list[Interval]], list[Interval]]:
        phases = []
        for _ in range(count):
            phase, state = self._phase(state)
            phases.append(phase)
        return phases, state

    def _step(self, phase: Sequence[Interval], box: Box, x: Interval) -> tuple[Box, Interval]:
        """The images of all states of a box, and the outputs."""
        runner = self.runner
        for index, value in zip(runner.boundary, phase, strict=True):
            runner.values[index] = value
        runner.load_input(x)
        for index, value in zip(runner.driven_old, box, strict=True):
            runner.values[index] = value
        image = runner.evaluate_driven()
        return self.states.narrowed(runner.values, box, image), runner.output()

    def _split_step(self, phase: Sequence[Interval], box: Box) -> tuple[Box, Interval]:
        """`_step`, with the box cut along the sum of the bits where the comparator surely takes the bit and surely does not."""
        image, output = self._step(phase, box, self.later)
        total, gain = self.states.sum(box), self.states.gain
        argument, bit = self.states.compared(self.runner.values)
        decided = arb((SLIP * gain * abs(bit.upper) + 1).log().mid())
        if argument.lower >= -decided or argument.upper <= decided:
            return image, output
        takes = total.upper + (argument.lower - decided) / gain  # for sums below, the argument is at least `decided`
        refuses = total.lower + (argument.upper + decided) / gain
        cuts = [total.lower, *(cut for cut in (takes, refuses) if total.lower < cut and cut < total.upper), total.upper]
        parts = [self._step(phase, self.states.with_sum(box, *ends), self.later) for ends in itertools.pairwise(cuts)]
        return [_hull(column) for column in zip(*(part for part, _ in parts), strict=True)], _hull([y for _, y in parts])

    def _push(self, phases: Sequence[Sequence[Interval]], box: Box, split: bool) -> _Pushed:
        """A box after a cycle. Without `split` the sum of the bits may be enclosed badly; the outputs do not read it."""
        self.boxes += 1
        outputs: list[Interval] = []
        for phase in phases:
            box, output = self._split_step(phase, box) if split else self._step(phase, box, self.later)
            outputs.append(output)
        return _Pushed(box, _hull(outputs[:-1]), outputs[-1])

    # --- sets -------------------------------------------------------------------------------------------------------------

    def decide(self) -> Enumeration:
        """All pieces of x_1, all levels and borders they lead to, and the bound read from them."""
        pieces = [(piece, *self._begin(piece)) for piece in self._pieces()]
        others = zip(*(self.states.others(pushed.image) for _, pushed, _, _ in pieces), strict=True)
        self.rest = self.states.rest([_hull(column) for column in others], SPARE * self.unit)
        levels: dict[int, list[Box]] = {}
        borders: dict[int, list[Box]] = {}
        for _, pushed, level, is_border in pieces:
            (borders if is_border else levels).setdefault(level, []).append(pushed.image)
        for level in borders:
            levels.setdefault(level - 1, [])
            levels.setdefault(level, [])
        read = {level: self._level(level, images) for level, images in levels.items()}
        beside = {m: _hull([self._border(m, images), read[m - 1], read[m]]) for m, images in borders.items()}
        worst = ZERO
        for piece, pushed, level, is_border in pieces:
            y = _hull([pushed.outputs, pushed.last, beside[level] if is_border else read[level]])
            worst = worst.max(y.upper - piece.lower).max(piece.upper - y.lower)
        return Enumeration(self.boxes, worst, all_of(self.found))

    def _pieces(self) -> list[Interval]:
        """[-M, M] cut Z beside every border, and once between."""
        hints = self.hints
        level, near = hints.slope * hints.unit, hints.slope * hints.margin
        low, high = ((sign * self.bound - hints.constant) / level for sign in (-1, 1))
        cuts = {-self.bound, self.bound}
        for m in range(low.numerator // low.denominator, high.numerator // high.denominator + 2):
            x = m * level + hints.constant
            border = x - self._distortion(x)
            cuts |= {border - near, border + near, border + level / 2}
        kept = sorted(x for x in cuts if abs(x) <= self.bound)
        return [interval_of(ends) for ends in itertools.pairwise(kept)]

    def _distortion(self, x: Fraction) -> Fraction:
        """About y_1 - x_1."""
        _, y = self._step(self.opening, self._zero(), interval_of((x, x)))
        return exact_fraction(arb(y.lower.mid())) - x

    def _zero(self) -> Box:
        return [Enclosures.exact(self.program.initial[k]) for k in self.program.driven()]

    def _begin(self, piece: Interval) -> tuple[_Pushed, int, bool]:
        """A piece of x_1 after the first cycle, with what was read on the way, and the level or border it is in."""
        box, y = self._step(self.opening, self._zero(), piece)
        pushed = self._push(self.first, box, True)
        held = self._held(pushed.image)
        middle = exact_fraction(arb((held.lower + held.upper).mid())) / 2
        width = held.upper - held.lower
        level = middle // self.hints.unit
        is_border = not width < self.unit / 2
        if is_border:
            level = round(middle / self.hints.unit)
        self._between(held, level - 1 if is_border else level, level + 1)
        return pushed._replace(outputs=pushed.outputs.hull(y)), level, is_border

    def _between(self, held: Interval, low: int, high: int) -> None:
        """Held values lie Z or more inside [low·w, high·w]."""
        self.found.append(check_at_most(low * self.unit + self.margin, held.lower))
        self.found.append(check_at_most(held.upper, high * self.unit - self.margin))

    def _held(self, box: Box) -> Interval:
        """A."""
        held = self.states.held(box)
        return Interval(held.lower - self.origin, held.upper - self.origin)

    def _set(self, low: arb, high: arb) -> Box:
        """The states at the start of a later cycle with A in [low, high]."""
        return self.states.make(Interval(low + self.origin, high + self.origin), self.rest)

    def _returns(self, image: Box) -> None:
        """The other states are in the sets of a cycle's start."""
        self.found += [_inside(other, rest) for other, rest in zip(self.states.others(image), self.rest, strict=True)]

    def _level(self, level: int, images: Sequence[Box]) -> Interval:
        """Push level m into itself; what is read for ever from there, and from these images of the first cycle."""
        pushed = self._push(self.cycle, self._set(level * self.unit + self.margin, (level + 1) * self.unit - self.margin), True)
        self._between(self._held(pushed.image), level, level + 1)
        return self._read(pushed, images)

    def _border(self, level: int, images: Sequence[Box]) -> Interval:
        """Push border m into its neighbours; what is read in a cycle that starts there, or at these images."""
        pushed = self._push(self.cycle, self._set(level * self.unit - self.margin, level * self.unit + self.margin), True)
        self._between(self._held(pushed.image), level - 1, level + 1)
        return self._read(pushed, images)

    def _read(self, pushed: _Pushed, images: Sequence[Box]) -> Interval:
        """The outputs of a cycle that starts in any of these boxes."""
        self._returns(pushed.image)
        for image in images:
            self._returns(image)
        together = [_hull(column) for column in zip(pushed.image, *images, strict=True)]
        return self._push(self.cycle, together, False).outputs.hull(pushed.last)


class _Pushed(NamedTuple):
    """A box after a cycle, the hull of the outputs before its last step, and that after it."""

    image: Box
    outputs: Interval
    last: Interval


def _inside(inner: Interval, outer: Interval) -> Verdict:
    return all_of((check_at_most(outer.lower, inner.lower), check_at_most(inner.upper, outer.upper)))


def _hull(intervals: Sequence[Interval]) -> Interval:
    total = intervals[0]
    for interval in intervals[1:]:
        total = total.hull(interval)
    return total

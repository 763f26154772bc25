"""The recall error for ever, by invariant sets: for any weights, a bracket of sup over all n >= 1 and all inputs.

For x_1 in an interval X the states after step 1, 2, ... are enclosed with every later input anywhere in [-M, M]. Where one
step maps a set around such an enclosure into itself, all later states lie in it (induction on t; base and step are ball
evaluations) and in its images, and the outputs read from these bound |y_n - x_1| for every n and every x_1 in X. [-M, M] is
covered by such intervals; the worst ones are halved until the bound is near an attained error or the work is used up. On a
grid x_1 runs through its points.

Nothing here knows a construction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import flint
from flint import arb

from verifier.arithmetic.balls import Balls, exact_fraction, to_ball
from verifier.arithmetic.enclosures import Enclosures, Interval
from verifier.monotone import interval_of
from verifier.observed import run_error
from verifier.program import Program
from verifier.run import Runner
from verifier.sequences import Runs, join

TRANSIENT_STEPS = 6
"""The step around whose enclosure an invariant set is looked for."""

LARGEST_STEPS = 24
"""Steps that are enclosed one by one at most; an invariant set holds the states of all later ones."""

INFLATION = Fraction(1, 16)
"""Share of its width by which an image is enlarged on either side in search of an invariant set."""

INFLATIONS = 40
"""Images that are tried."""

WORTHWHILE = Fraction(255, 256)
"""An image of the invariant set whose error is not below this share of the one before ends the tightening."""

FIRST_CELLS = 64
"""Intervals of x_1 to start with."""

LARGEST_CELLS = 1000
"""Intervals of x_1 at most."""

CLOSE_ENOUGH = Fraction(101, 100)
"""Ratio of bound and attained error at which refinement stops."""

LARGEST_GRID = 4096
"""Grid points of x_1 that are run through one by one."""

ATTACK_STEPS = 5
"""Length of the sequences x_1, ±M, ±M, ... that are tried from the ends of the worst intervals."""


@dataclass(frozen=True)
class Invariant:
    """A bracket of the error for ever: `lower` is attained by `witness`, `upper` holds for all inputs and all n >= 1."""

    lower: arb
    upper: arb
    witness: Runs
    cells: int
    steps: int


@dataclass(frozen=True)
class _Cell:
    first: tuple[Fraction, Fraction]
    upper: arb | None
    steps: int

    @property
    def rank(self) -> tuple[int, Fraction]:
        """Cells without a bound come first, then by the exact upper end of the bound."""
        if self.upper is None or not self.upper.is_finite():
            return 1, self.first[1] - self.first[0]
        return 0, exact_fraction(self.upper.upper())


def bound_forever(
    program: Program,
    bound: Fraction,
    points: Sequence[Fraction] | None = None,
    target: Fraction | None = None,
    aim: Fraction | None = None,
) -> Invariant | None:
    """Bracket sup over n >= 1 of |y_n - x_1| for inputs in [-bound, bound], with x_1 among `points` if given.

    Refinement also stops once an attained error exceeds `target`, and goes on below a ratio of `CLOSE_ENOUGH` while the bound
    exceeds `aim` and no attained error does. None where no invariant set is found for some x_1 and
    nothing exceeds the target. Works at the current precision.
    """
    flow = _Flow(program, bound)
    if points is not None:
        cells = [flow.cell((point, point)) for point in points]
    else:
        cells = [
            flow.cell((-bound + 2 * bound * k / FIRST_CELLS, -bound + 2 * bound * (k + 1) / FIRST_CELLS))
            for k in range(FIRST_CELLS)
        ]
    lower = arb(0)
    witness: Runs = ((bound, 1),)
    while True:
        place = max(range(len(cells)), key=lambda k: cells[k].rank)
        worst = cells[place]
        for x_1 in {*worst.first, (worst.first[0] + worst.first[1]) / 2}:
            for runs, error in flow.attack(x_1):
                if error > lower:
                    lower, witness = error, runs
        close = worst.upper is not None and worst.upper <= to_ball(CLOSE_ENOUGH) * lower
        aimed = aim is None or worst.upper is None or worst.upper <= to_ball(aim) or lower > to_ball(aim)
        missed = target is not None and lower > to_ball(target)
        if points is not None or missed or (close and aimed) or len(cells) >= LARGEST_CELLS:
            break
        low, high = worst.first
        middle = (low + high) / 2
        cells[place : place + 1] = [flow.cell((low, middle)), flow.cell((middle, high))]
    upper = arb(0)
    for cell in cells:
        if cell.upper is None and not missed:
            return None
        upper = upper.max(arb("inf") if cell.upper is None else cell.upper)
    return Invariant(lower, upper, witness, len(cells), max(cell.steps for cell in cells))


def grid_points(bound: Fraction, bits: int) -> list[Fraction] | None:
    """The 2^bits points of the grid, or None if there are more than `LARGEST_GRID`."""
    if bits >= LARGEST_GRID.bit_length():
        return None
    return [-bound + 2 * bound * k / (2**bits - 1) for k in range(2**bits)]


class _Flow:
    """Steps of the whole state (autonomous and driven) over intervals."""

    def __init__(self, program: Program, bound: Fraction) -> None:
        self.program, self.bound = program, bound
        self.runner = Runner(program, Enclosures)
        self.points = Runner(program, Balls(flint.ctx.prec))
        self.later = interval_of((-bound, bound))
        self.margin = arb(2) ** -(flint.ctx.prec // 2)

    def step(self, state: list[Interval], x: Interval) -> tuple[list[Interval], Interval]:
        """The state after one step, autonomous variables first, and y."""
        runner, count = self.runner, len(self.program.autonomous())
        autonomous = runner.advance_autonomous(state[:count])
        runner.load_input(x)
        for index, value in zip(runner.driven_old, state[count:], strict=True):
            runner.values[index] = value
        driven = runner.evaluate_driven()
        return [*autonomous, *driven], runner.output()

    def cell(self, first: tuple[Fraction, Fraction]) -> _Cell:
        """Bound |y_n - x_1| for ever with x_1 in `first`.

        The errors read from the enclosures of steps 1 ... t, and those read from the k-th image of an invariant set around
        the enclosure of some step t - k, which holds the states of every step from t on.
        """
        program = self.program
        order = (*program.autonomous(), *program.driven())
        x_1 = interval_of(first)
        state, output = self.step([Enclosures.exact(program.initial[k]) for k in order], x_1)
        worst = _error(output, x_1)
        for _ in range(TRANSIENT_STEPS - 1):
            state, output = self.step(state, self.later)
            worst = worst.max(_error(output, x_1))
        invariant = self._invariant(state)
        if invariant is None:
            return _Cell(first, None, LARGEST_STEPS)
        beyond, t = arb("inf"), TRANSIENT_STEPS
        while t < LARGEST_STEPS:
            t += 1
            invariant, output = self.step(invariant, self.later)
            last, beyond = beyond, beyond.min(_error(output, x_1))
            state, output = self.step(state, self.later)
            worst = worst.max(_error(output, x_1))
            if beyond <= worst or not beyond < to_ball(WORTHWHILE) * last:
                break
        return _Cell(first, worst.max(beyond), t)

    def _invariant(self, start: list[Interval]) -> list[Interval] | None:
        """A set that contains `start` and that a step maps into itself: images, enlarged until one lies in its set."""
        state = start
        for _ in range(INFLATIONS):
            new, _ = self.step(state, self.later)
            if all(b.lower <= a.lower and a.upper <= b.upper for a, b in zip(new, state, strict=True)):
                return state
            state = [self._inflated(image.hull(old)) for image, old in zip(new, start, strict=True)]
        return None

    def _inflated(self, interval: Interval) -> Interval:
        room = to_ball(INFLATION) * (interval.upper - interval.lower) + self.margin * (1 + interval.largest_modulus())
        return Interval(interval.lower - room, interval.upper + room)

    def attack(self, x_1: Fraction) -> list[tuple[Runs, arb]]:
        """Errors attained by x_1 alone and by x_1 followed by M or -M for one or more steps."""
        tries = [join([(x_1, 1)])]
        for sign in (1, -1):
            tries += [join([(x_1, 1), (sign * self.bound, count)]) for count in (1, ATTACK_STEPS)]
        return [(runs, run_error(self.points, runs)) for runs in tries]


def _error(output: Interval, x_1: Interval) -> arb:
    return (output.upper - x_1.lower).max(x_1.upper - output.lower)

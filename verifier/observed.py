"""Observed errors: adversarial sequences run through the cell's own recurrence in balls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import flint
from flint import arb, fmpq

from verifier.adversary import Sequence, families, gradient_attack
from verifier.arithmetic.balls import Balls, exact_fraction, to_ball
from verifier.arithmetic.rationals import Rationals, to_fraction
from verifier.parallel import finished
from verifier.piecewise import is_piecewise_affine
from verifier.program import Program
from verifier.run import Runner
from verifier.sequences import Runs, expand

Progress = Callable[[int], None]
"""Called with the number of steps done since the last call."""

PROGRESS_EVERY = 256

LONG_RUN = 20_000
"""Steps from which on starting processes pays: each takes about a second, which is some 20,000 steps of two units."""


LARGEST_GROWTH = 16
"""Times the working precision with which a run is repeated at most whose balls grew too wide."""

GUARD_BITS = 64
"""Bits beyond those in proportion to the steps of such a run."""


@dataclass(frozen=True)
class Observation:
    """The largest error a family attained: at horizon `horizon` of its sequence.

    `exact_value` is the error as a rational where the network runs in rationals. `resolved`: the last checkpoint up to which every
    error was known to the resolution asked for.
    """

    family: str
    error: arb
    horizon: int
    sequence: Sequence
    resolved: int
    exact_value: Fraction | None = None

    @cached_property
    def runs(self) -> Runs:
        """The sequence up to `horizon`, coded when it is asked for: a random one has about as many runs as inputs."""
        return self.sequence.first(self.horizon)


@dataclass(frozen=True)
class Observed:
    """The families' errors in order, the largest of them, and how far the sequences were stepped."""

    observations: tuple[Observation, ...]
    worst: Observation
    steps: int

    @property
    def resolved(self) -> int:
        """The last step up to which the errors of all families were known to the resolution asked for; `steps` if all were."""
        return min(observation.resolved for observation in self.observations)


def observe(
    program: Program,
    bound: Fraction,
    n: int,
    only_last: bool,
    seed: int,
    bits: int | None = None,
    progress: Progress | None = None,
    jobs: int = 1,
    resolution: Fraction | None = None,
) -> Observed:
    """Run every family and the gradient attack for n steps at the current precision.

    The error |y_{n'} - x_1| is read at the checkpoints n' = 1, 2, 3, 4, 6, 8, 12, ..., n - 1, n; with `only_last` at n
    alone; an error is resolved if its ball reaches at most `resolution` from its middle (any finite one if there is none).
    From `LONG_RUN` steps on, sequences run in `jobs` processes at once; the numbers are the same.
    """
    question = _Question(program, bound, n, only_last, seed, bits, flint.ctx.prec, resolution)
    found = _observe_all(question, list(question.sequences()), jobs, progress)
    done = {seen.sequence.runs: seen for seen in found if seen.sequence.runs is not None}
    attacks = gradient_attack(program, bound, n)
    new = [sequence for sequence in attacks if sequence.runs not in done]
    best = _largest(
        [done[sequence.runs] for sequence in attacks if sequence.runs in done] + _observe_all(question, new, jobs, progress)
    )
    found.append(replace(best, family="gradient signs"))
    return Observed(tuple(found), _largest(found), n)


@dataclass(frozen=True)
class _Question:
    """What all runs share; it pickles."""

    program: Program
    bound: Fraction
    n: int
    only_last: bool
    seed: int
    grid_bits: int | None
    working_bits: int
    resolution: Fraction | None

    def sequences(self) -> Iterator[Sequence]:
        """The named families."""
        return families(self.bound, self.n, self.seed, self.grid_bits)

    def runner(self, bits: int) -> Runner:
        """The network in rationals where it has only relu, else in balls of so many bits."""
        return Runner(self.program, Rationals() if is_piecewise_affine(self.program) else Balls(bits))

    def radius(self) -> arb:
        """The largest radius of a ball that counts as resolved."""
        return arb("inf") if self.resolution is None else to_ball(self.resolution)

    def checkpoints(self) -> set[int]:
        """Where errors are read."""
        return {self.n} if self.only_last else _checkpoints(self.n)


def _observe_all(question: _Question, sequences: list[Sequence], jobs: int, progress: Progress | None) -> list[Observation]:
    """The observation of each sequence, in order."""
    if jobs == 1 or question.n < LONG_RUN:
        runner = question.runner(question.working_bits)
        return [_resolve(question, runner, sequence, progress) for sequence in sequences]
    found: dict[int, Observation] = {}
    pieces = [(question, k, sequence.family if sequence.make else sequence.runs) for k, sequence in enumerate(sequences)]
    for k, at, resolved, middle, radius, value in finished(_observe_piece, pieces, jobs):
        found[k] = Observation(sequences[k].family, arb(to_ball(middle), to_ball(radius)), at, sequences[k], resolved, value)
        if progress is not None:
            progress(question.n)
    return [found[k] for k in range(len(sequences))]


_Piece = tuple[_Question, int, str | Runs | None]
"""A question, the place of a sequence in the list, and the sequence: its runs, or the name of a family made anew."""


def _observe_piece(piece: _Piece) -> tuple[int, int, int, Fraction, Fraction, Fraction | None]:
    """Of one sequence: its place; the largest error's horizon; how far errors are resolved; the middle, radius and value of it."""
    question, place, told = piece
    with Balls(question.working_bits).working():
        if isinstance(told, str):
            sequence = next(sequence for sequence in question.sequences() if sequence.family == told)
        else:
            sequence = Sequence("", told)
        seen = _resolve(question, question.runner(question.working_bits), sequence, None)
        middle, radius = exact_fraction(seen.error.mid()), exact_fraction(seen.error.rad())
        return place, seen.horizon, seen.resolved, middle, radius, seen.exact_value


def _resolve(question: _Question, runner: Runner, sequence: Sequence, progress: Progress | None) -> Observation:
    """The observation of a sequence, repeated with more bits where its balls grew too wide.

    A memory that adds what it keeps doubles its radius at every load, so what a run loses is about in proportion to its steps; a
    comparator that is met on its threshold loses the bits of its gain at once. So bits are doubled once, whatever is lost, and
    from then on raised in proportion.
    """
    checkpoints, radius, bits = question.checkpoints(), question.radius(), question.working_bits
    seen = _observe_one(runner, sequence, checkpoints, radius, progress)
    needed = 2 * bits
    while seen.resolved < question.n and question.resolution and needed <= LARGEST_GROWTH * question.working_bits:
        bits = needed
        with Balls(bits).working():
            seen = _observe_one(question.runner(bits), sequence, checkpoints, radius, progress)
        needed = bits * question.n // max(seen.resolved, 1) + GUARD_BITS
    return seen


def _checkpoints(n: int) -> set[int]:
    marks, step = {1, 2, 3, n}, 4
    while step < n:
        marks |= {step, step + step // 2}
        step *= 2
    return {m for m in marks | {n - 1} if 1 <= m <= n}


def _observe_one(runner: Runner, sequence: Sequence, checkpoints: set[int], radius: arb, progress: Progress | None) -> Observation:
    exact = runner.arithmetic.exact
    state, worst, at, pending = runner.start(), exact(Fraction(0)), min(checkpoints), 0
    resolved, wide = 0, False
    first = worst
    for t, x in enumerate(sequence.inputs(), 1):
        if t == 1:
            first = exact(x)
        state = runner.step(t, state, x)
        if t in checkpoints:
            error = abs(runner.output() - first)
            if error > worst:
                worst, at = error, t
            wide = wide or not (isinstance(error, fmpq) or (error.is_finite() and error.rad() <= radius))
            resolved = resolved if wide else t
        pending += 1
        if progress is not None and pending == PROGRESS_EVERY:
            progress(pending)
            pending = 0
    if progress is not None and pending:
        progress(pending)
    if isinstance(worst, fmpq):
        exactly = to_fraction(worst)
        return Observation(sequence.family, to_ball(exactly), at, sequence, resolved, exactly)
    return Observation(sequence.family, worst, at, sequence, resolved)


def _largest(found: Iterable[Observation]) -> Observation:
    best: Observation | None = None
    for observation in found:
        if best is None or observation.error > best.error:
            best = observation
    if best is None:
        raise ValueError("no sequence was observed")
    return best


def error_of(program: Program, runs: Runs) -> arb:
    """|y_n - x_1| of one input sequence at the current precision, n its length."""
    return run_error(Runner(program, Rationals() if is_piecewise_affine(program) else Balls(flint.ctx.prec)), runs)


def run_error(runner: Runner, runs: Runs) -> arb:
    """`error_of` on a runner over balls or rationals that is there already."""
    state = runner.start()
    for t, x in enumerate(expand(runs), 1):
        state = runner.step(t, state, x)
    error = abs(runner.output() - runner.arithmetic.exact(runs[0][0]))
    result: arb = arb(error) if isinstance(error, fmpq) else error
    return result

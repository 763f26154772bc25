"""Observed errors: adversarial sequences run through the cell's own recurrence in balls."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import flint
from flint import arb

from verifier.adversary import Sequence, families, gradient_attack
from verifier.arithmetic.balls import Balls, to_ball
from verifier.arithmetic.rationals import Rationals
from verifier.piecewise import is_piecewise_affine
from verifier.program import Program
from verifier.run import Runner
from verifier.sequences import Runs, expand

Progress = Callable[[int], None]
"""Called with the number of steps done since the last call."""

PROGRESS_EVERY = 256


@dataclass(frozen=True)
class Observation:
    """The largest error a family attained: at horizon `horizon` of its sequence.

    `exact_value` is the error as a rational where the network runs in rationals.
    """

    family: str
    error: arb
    horizon: int
    sequence: Sequence
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


def observe(
    program: Program,
    bound: Fraction,
    n: int,
    only_last: bool,
    seed: int,
    bits: int | None = None,
    progress: Progress | None = None,
) -> Observed:
    """Run every family and the gradient attack for n steps at the current precision.

    The error |y_{n'} - x_1| is read at the checkpoints n' = 1, 2, 3, 4, 6, 8, 12, ..., n - 1, n; with `only_last` at n
    alone.
    """
    runner = Runner(program, Rationals() if is_piecewise_affine(program) else Balls(flint.ctx.prec))
    checkpoints = {n} if only_last else _checkpoints(n)
    found: list[Observation] = []
    done: dict[Runs, Observation] = {}
    for sequence in families(bound, n, seed, bits):
        found.append(_observe_one(runner, sequence, checkpoints, progress))
        if sequence.runs is not None:
            done[sequence.runs] = found[-1]
    attacks = []
    for sequence in gradient_attack(program, bound, n):
        known = None if sequence.runs is None else done.get(sequence.runs)
        attacks.append(known or _observe_one(runner, sequence, checkpoints, progress))
    best = _largest(attacks)
    found.append(replace(best, family="gradient signs"))
    return Observed(tuple(found), _largest(found), n)


def _checkpoints(n: int) -> set[int]:
    marks, step = {1, 2, 3, n}, 4
    while step < n:
        marks |= {step, step + step // 2}
        step *= 2
    return {m for m in marks | {n - 1} if 1 <= m <= n}


def _observe_one(runner: Runner, sequence: Sequence, checkpoints: set[int], progress: Progress | None) -> Observation:
    exact = runner.arithmetic.exact
    state, worst, at, pending = runner.start(), exact(Fraction(0)), min(checkpoints), 0
    first = worst
    for t, x in enumerate(sequence.inputs(), 1):
        if t == 1:
            first = exact(x)
        state = runner.step(t, state, x)
        if t in checkpoints:
            error = abs(runner.output() - first)
            if error > worst:
                worst, at = error, t
        pending += 1
        if progress is not None and pending == PROGRESS_EVERY:
            progress(pending)
            pending = 0
    if progress is not None and pending:
        progress(pending)
    if isinstance(worst, Fraction):
        return Observation(sequence.family, to_ball(worst), at, sequence, worst)
    return Observation(sequence.family, worst, at, sequence)


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
    result: arb = to_ball(error) if isinstance(error, Fraction) else error
    return result

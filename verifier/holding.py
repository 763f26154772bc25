"""Copying for ever, for any weights: n numbers that a network shows at every step from then on, whatever comes.

One network with n readouts; readout j is to give |y^(j)_t - x_j| <= tolerance for every t >= j and all inputs in [-M, M], so
all n numbers at every t >= n. Each readout is decided alone, on what it sees of the network, by the inequalities of theory C9 for
a memory that captures x_j at step j.

    attained <= supremum of the errors <= bound,   proved if bound <= tolerance
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import flint
from flint import arb

from verifier.arithmetic.balls import ZERO, Balls, largest, to_ball
from verifier.copy_task import CopyTask
from verifier.errors import UsageError
from verifier.program import Program, record
from verifier.refresh import Enumeration, Refresh, bound_refresh, push_levels
from verifier.refresh.clock import LARGEST_PERIOD
from verifier.run import Runner
from verifier.sequences import Runs, expand, join
from verifier.verdict import Verdict, check_less, check_within
from verifier.weights import Weights

LONGEST_HOLD = 100
"""Numbers that are held for ever."""

GUARD_BITS = 160
"""Working precision beyond the bits of the weights' scales and of M/tolerance."""

LOADS = 2
"""Loads after which an attack reads its error."""


@dataclass(frozen=True)
class Held:
    """What is decided of one number: `refresh` bounds its error if PROVED (None: of no known form); `inputs` attain `attained`.

    `pushed`: the same by boxes of states, where levels are few and no inputs miss the tolerance. `longest`: inputs of the longest
    attack.
    """

    refresh: Refresh | None
    pushed: Enumeration | None
    attained: arb
    inputs: Runs
    longest: int

    @property
    def upper(self) -> arb:
        """A bound of the error; infinite where it is not proved to be held."""
        proved = self.refresh is not None and self.refresh.verdict is Verdict.PROVED
        return self.refresh.upper if proved and self.refresh is not None else arb("inf")


@dataclass(frozen=True)
class HoldCertificate:
    """Everything decided about one network with n readouts. Numbers are balls at `working_bits`."""

    task: CopyTask
    readouts: tuple[Weights, ...]
    held: tuple[Held, ...]
    verdict: Verdict
    reason: str
    working_bits: int
    seconds: float

    @property
    def upper(self) -> arb:
        """A bound of all errors; infinite where some number is not proved to be held."""
        return largest(held.upper for held in self.held)

    @property
    def theorem(self) -> str:
        """The theorem all bounds rest on; "none" where some number is in no known form."""
        return "C9" if all(held.refresh is not None for held in self.held) else "none"

    @property
    def attained(self) -> arb:
        """The largest error that some inputs attain."""
        return largest(held.attained for held in self.held)


def certify_hold(readouts: Sequence[Weights], task: CopyTask) -> HoldCertificate:
    """Decide whether these readouts of one network show x_1 ... x_n for ever.

    Raises `UsageError` where they are not n readouts of one network of the task's architecture and size.
    """
    check_one_network(readouts, task)
    started, held = time.perf_counter(), []
    bits = working_bits(task)
    with Balls(bits).working():
        for position, weights in enumerate(readouts, 1):
            held.append(_decide(record(weights), task, position))
        found = HoldCertificate(task, tuple(readouts), tuple(held), Verdict.UNDECIDED, "", bits, 0.0)
        tolerance = to_ball(task.tolerance)
        verdict, reason = Verdict.UNDECIDED, _missing(held)
        if check_within(found.attained, tolerance, task.strict) is Verdict.REFUTED:
            verdict, reason = Verdict.REFUTED, "some inputs attain a larger error"
        elif not reason and check_within(found.upper, tolerance, task.strict) is Verdict.PROVED:
            verdict = Verdict.PROVED
        elif not reason:
            reason = "the bound is above the tolerance, no inputs found are"
    return HoldCertificate(task, tuple(readouts), tuple(held), verdict, reason, bits, time.perf_counter() - started)


def working_bits(task: CopyTask) -> int:
    """Four times log2(M/tolerance) and some; levels finer than 2^-`LARGEST_PERIOD` M are none that C9 is checked for."""
    size = task.bound / task.tolerance
    return 4 * min((size.numerator // size.denominator + 1).bit_length(), LARGEST_PERIOD) + GUARD_BITS


def check_one_network(readouts: Sequence[Weights], task: CopyTask) -> None:
    """Raise `UsageError` unless these are n readouts of one network, all else equal, as the task says."""
    if len(readouts) != task.n:
        raise UsageError(f"{len(readouts)} readouts are given for {task.n} numbers; each number has its own")
    for weights in readouts:
        if (weights.cell, weights.hidden) != (task.architecture, task.hidden):
            raise UsageError(
                f"the weights are a {weights.cell} with {weights.hidden} units; the question is about a "
                f"{task.architecture} with {task.hidden}"
            )
    kept = [{name: tuple(array) for name, array in w.blocks().items() if name not in ("V", "v0")} for w in readouts]
    if any(other != kept[0] for other in kept):
        raise UsageError("the readouts are of different networks; only V and v0 may differ")


def held_error(program: Program, inputs: Runs, position: int) -> arb:
    """|y_t - x_k| at the end of some inputs, t their number and k = position <= t, at the current precision."""
    return _error(Runner(program, Balls(flint.ctx.prec)), inputs, position)


def _error(runner: Runner, inputs: Runs, position: int) -> arb:
    """`held_error` on a runner over balls that is there already."""
    values = list(expand(inputs))
    *_, y = runner.outputs(values)
    error: arb = abs(y - to_ball(values[position - 1]))
    return error


def _decide(program: Program, task: CopyTask, position: int) -> Held:
    """The inequalities for one number, and the worst of some inputs of the question beside borders between levels."""
    found = bound_refresh(program, task.bound, position)
    firsts = () if found is None else (x for x in found.firsts if task.contains(x))
    later = LOADS * (1 if found is None else found.period)
    runner, worst, inputs = Runner(program, Balls(flint.ctx.prec)), ZERO, join([(task.bound, position)])
    for x in (*firsts, task.bound, -task.bound):
        other = -task.bound if x > 0 else task.bound
        for runs in ([(other, position - 1), (x, 1)], [(other, position - 1), (x, 1), (other, later)]):
            error = _error(runner, join(runs), position)
            if error > worst:
                worst, inputs = error, join(runs)
    proved = found is not None and found.verdict is Verdict.PROVED
    missed = check_less(to_ball(task.tolerance), worst) is Verdict.PROVED
    pushed = push_levels(program, task.bound, found) if found is not None and proved and not missed else None
    return Held(found, pushed, worst, inputs, position + later)


def _missing(held: Sequence[Held]) -> str:
    """Which numbers are not proved to be held, and why."""
    for position, one in enumerate(held, 1):
        if one.refresh is None:
            return f"readout {position} is not that of a refreshed memory"
        missing = [f"{i.text} ({i.name})" for i in one.refresh.inequalities if i.verdict is not Verdict.PROVED]
        if missing:
            return f"not every inequality of C9 holds for x_{position}: {'; '.join(missing)}"
    return ""

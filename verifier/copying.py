"""The decision for the copy task, for any weights.

    attained <= supremum of max_j |E_j| over the box <= bound,   proved if bound <= tolerance

*bound*: exact where the network is affine on the box (`affine`); else the mean value form
|E_j| <= |E_j(0)| + M Σ_k sup |∂y_{n+j-1}/∂x_k - [k = j]| with the slopes enclosed over the whole box (`sensitivity`).
*attained*: the largest error found on explicit sequences, evaluated in balls. PROVED needs the bound, REFUTED a sequence.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import flint
from flint import arb

from verifier.affine import AffineForms, Form, NotAffine
from verifier.arithmetic.balls import ZERO, Balls, to_ball
from verifier.copy_task import CopyTask
from verifier.errors import UsageError
from verifier.program import Program, record
from verifier.run import Runner
from verifier.sensitivity import copy_outputs, sensitivities, slopes_at
from verifier.sequences import Runs, compress, expand
from verifier.verdict import Verdict, check_within
from verifier.weights import Weights

GUARD_BITS = 64
"""Bits beyond those of the weights, of M/tolerance and of the steps with which the first attempt computes."""

BITS_PER_STEP = 2
"""Bits that balls are allowed to lose per step: natural ball evaluation of a delay line grows about this fast."""

ATTEMPTS = 3
"""Times the working precision doubles before the verdict is UNDECIDED."""

RANDOM_SEQUENCES = 8
"""Random sign sequences, and as many random reals (or symbols)."""

GRAIN = 2**40
"""Random reals are multiples of M/GRAIN."""

CLIMBS = 2
"""Times the search moves to the vertex that the slopes at the worst vertex so far point to."""


LONGEST_COPY = 512
"""Numbers of a copy that is decided here; the walk over the box takes 2n products of n × n matrices."""

LARGEST_STATE = 2 * LONGEST_COPY
"""Input-driven reals of a state with which a copy is decided."""


@dataclass(frozen=True)
class Attained:
    """An error that a sequence attains: |E_output| on `inputs`, found by `family`."""

    error: arb
    output: int
    family: str
    inputs: Runs


@dataclass(frozen=True)
class CopyBound:
    """`upper` >= max_j sup |E_j| over the box, largest at `output`.

    `method` is "affine", then `upper` is the supremum itself and `vertex` attains it, or "mean value", then `vertex` is
    where the linear part of E_output is largest.
    """

    upper: arb
    output: int
    method: str
    vertex: list[Fraction]


@dataclass(frozen=True)
class CopyCertificate:
    """Everything decided about one weight set and one copy question. Numbers are balls at `working_bits`."""

    task: CopyTask
    weights: Weights
    attained: Attained
    bound: CopyBound
    verdict: Verdict
    reason: str
    working_bits: int
    seed: int
    seconds: float
    semantics: str = "real numbers"

    def _repr_html_(self) -> str:
        """Question, verdict and numbers, for notebooks."""
        from verifier.display import copy_certificate_html

        return copy_certificate_html(self)

    @property
    def starts_at_zero(self) -> bool:
        """Whether the initial state is 0, the default of the libraries."""
        return not any(len(array) for name, array in self.weights.blocks().items() if name.endswith("_0"))


def certify_copy(weights: Weights, task: CopyTask, *, seed: int = 0) -> CopyCertificate:
    """Decide whether these weights copy as `task` asks; precision doubles while rounding is what leaves it open.

    `seed` fixes the random sequences of the search. Raises `UsageError` if weights and task do not fit together
    or are larger than `LONGEST_COPY`, `LARGEST_STATE`.
    """
    if (weights.cell, weights.hidden) != (task.architecture, task.hidden):
        raise UsageError(
            f"the weights are a {weights.cell} with {weights.hidden} units; the question is about a "
            f"{task.architecture} with {task.hidden}"
        )
    if task.n > LONGEST_COPY:
        raise UsageError(f"a copy of {task.n} numbers is not decided here; up to {LONGEST_COPY} are")
    started = time.perf_counter()
    program = record(weights)
    if len(program.driven()) > LARGEST_STATE:
        raise UsageError(f"a copy with {len(program.driven())} input-driven state reals is not decided; up to {LARGEST_STATE} are")
    bits = starting_bits(weights, task)
    for attempt in range(ATTEMPTS):
        with Balls(bits).working():
            tolerance = to_ball(task.tolerance)
            bound = bound_copy(program, task)
            attained = attack(program, task, bound, seed)
            if check_within(attained.error, tolerance, task.strict) is Verdict.REFUTED:
                verdict, reason = Verdict.REFUTED, f'the sequence "{attained.family}" misses by more than the tolerance'
            elif check_within(bound.upper, tolerance, task.strict) is Verdict.PROVED:
                verdict, reason = Verdict.PROVED, ""
            else:
                verdict, reason = Verdict.UNDECIDED, "the bound over the box is above the tolerance, no sequence found is"
            settled = bound.method == "affine" or 2 * attained.error.rad() < attained.error.mid()
        if verdict is not Verdict.UNDECIDED or settled or attempt == ATTEMPTS - 1:
            break
        bits *= 2
    return CopyCertificate(task, weights, attained, bound, verdict, reason, bits, seed, time.perf_counter() - started)


def starting_bits(weights: Weights, task: CopyTask) -> int:
    """Working precision of the first attempt: weights and 1/tolerance resolved, and what the steps lose."""
    size = weights.largest * task.bound / task.tolerance
    return (size.numerator // size.denominator + 1).bit_length() + 2 * BITS_PER_STEP * task.n + GUARD_BITS


def bound_copy(program: Program, task: CopyTask) -> CopyBound:
    """Bound the worst copy error over the box at the current precision."""
    forms = exact_errors(program, task)
    if forms is not None:
        return _affine_bound(forms, task)
    spread = sensitivities(program, [Fraction(0)] * task.n, task.bound)
    reach, best, worst = to_ball(task.bound), -arb(1), 0
    for j in range(task.n):
        upper = (abs(spread.outputs[j]) + reach * _distance_from_copy(spread.slopes[j], j)).upper()
        if not upper <= best:
            best, worst = best.max(upper), j
    return CopyBound(best, worst + 1, "mean value", error_vertex(spread.slopes[worst], worst + 1, task.bound))


def _distance_from_copy(slopes: Sequence[arb], j: int) -> arb:
    """Σ_k |slope_k - [k = j]|."""
    return sum((abs(slope - int(k == j)) for k, slope in enumerate(slopes)), ZERO)


def exact_errors(program: Program, task: CopyTask) -> list[Form] | None:
    """E_1 ... E_n as exact affine forms of the inputs; None where the network is not affine on the box."""
    try:
        runner = Runner(program, AffineForms(task.bound))
        inputs = [Form(Fraction(0), {k: Fraction(1)}) for k in range(task.n)]
        outputs = copy_outputs(runner, inputs)
    except NotAffine:
        return None
    return [output + Form(Fraction(0), {j: Fraction(-1)}) for j, output in enumerate(outputs)]


def _affine_bound(forms: Sequence[Form], task: CopyTask) -> CopyBound:
    sizes = [form.largest_modulus(task.bound) for form in forms]
    worst = max(range(len(sizes)), key=lambda j: sizes[j])
    vertex = [forms[worst].attained_at(k, task.bound) for k in range(task.n)]
    return CopyBound(to_ball(sizes[worst]), worst + 1, "affine", vertex)


def attack(program: Program, task: CopyTask, bound: CopyBound, seed: int = 0) -> Attained:
    """The largest error found on vertices and random sequences, then by following the slopes from the worst of them."""
    runner = Runner(program, Balls(flint.ctx.prec))
    if bound.method == "affine":
        return _attained(runner, bound.vertex, "vertex of the exact form")
    best = _attained(runner, bound.vertex, "slopes of the bound")
    for family, sequence in sequences(task, bound.vertex, seed):
        best = _worse(best, _attained(runner, sequence, family))
    for _ in range(CLIMBS):
        here = list(expand(best.inputs))
        outward = 1 if copy_outputs(runner, here)[best.output - 1] >= to_ball(here[best.output - 1]) else -1
        slopes = slopes_at(program, here, best.output)
        up = error_vertex(slopes, best.output, task.bound)
        climbed = _worse(best, _attained(runner, [outward * value for value in up], "climb along the slopes"))
        if climbed is best:
            break
        best = climbed
    return best


def sequences(task: CopyTask, vertex: Sequence[Fraction], seed: int) -> Iterator[tuple[str, list[Fraction]]]:
    """Named input sequences of the task: on symbols all of them are made of codes."""
    n, size = task.n, task.bound
    for sign in (size, -size):
        yield "constant", [sign] * n
        yield "alternating", [sign if t % 2 == 0 else -sign for t in range(n)]
        yield "half and half", [sign if 2 * t < n else -sign for t in range(n)]
        yield "one against the rest", [sign if t == 0 else -sign for t in range(n)]
    yield "slopes of the bound", [-value for value in vertex]
    if task.symbols is None:
        yield "blanks only", [Fraction(0)] * n
    generator = random.Random(seed)
    for _ in range(RANDOM_SEQUENCES):
        yield "random signs", [generator.choice((size, -size)) for _ in range(n)]
    for _ in range(RANDOM_SEQUENCES):
        if task.symbols is None:
            yield "random reals", [size * Fraction(generator.randint(-GRAIN, GRAIN), GRAIN) for _ in range(n)]
        else:
            yield "random symbols", [task.code(generator.randrange(task.symbols)) for _ in range(n)]


def error_vertex(slopes: Sequence[arb], output: int, bound: Fraction) -> list[Fraction]:
    """The vertex at which the linear part of E_output, Σ (slope_k - [k = output]) x_k, is largest."""
    return [-bound if slope - int(k == output) < 0 else bound for k, slope in enumerate(slopes, 1)]


def copy_errors(program: Program, inputs: Sequence[Fraction]) -> list[arb]:
    """|E_1| ... |E_n| on one input sequence, at the current precision."""
    return _errors(Runner(program, Balls(flint.ctx.prec)), inputs)


def _errors(runner: Runner, inputs: Sequence[Fraction]) -> list[arb]:
    return [abs(y - to_ball(x)) for y, x in zip(copy_outputs(runner, inputs), inputs, strict=True)]


def _attained(runner: Runner, inputs: Sequence[Fraction], family: str) -> Attained:
    errors = _errors(runner, inputs)
    worst = 0
    for j, error in enumerate(errors):
        if error > errors[worst]:
            worst = j
    return Attained(errors[worst], worst + 1, family, compress(inputs))


def _worse(old: Attained, new: Attained) -> Attained:
    return new if new.error > old.error else old

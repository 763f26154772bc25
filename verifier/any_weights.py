"""The worst recall error of any weights, from both sides: a sequence that attains the lower end, a proof of the upper end.

The one place that chooses how weights from outside are bounded.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from flint import arb

from verifier.arithmetic.balls import ZERO, Balls, to_ball, upper_fraction
from verifier.certify import DEFAULT_STEPS, GUARD_BITS, Certificate, certify_weights
from verifier.hypotheses import largest_output
from verifier.observed import Progress, error_of
from verifier.program import Program, record
from verifier.regime import LARGEST_PRECISION, Regime
from verifier.sequences import Runs, join
from verifier.verdict import Verdict, check_at_most
from verifier.weights import Weights

if TYPE_CHECKING:
    from verifier.bracket.search import Bracket as Divided

SHARP = Fraction(99, 100)
"""A bracket around one number is sharpened until its lower end is this share of the upper one."""

GAP = 0.02
"""Dividing the box stops when the upper end is within this share of the attained error."""

NEGLIGIBLE = Fraction(1, 1000)
"""... or within this share of the tolerance: errors near the rounding of the bounds' floats cannot be told apart."""

PATIENCE = 60.0
"""Seconds of dividing the box, unless asked otherwise."""

TELLING = 2.0
"""Seconds between two reports while the box is divided."""

LONGEST_DIVIDED = 24
"""Longest sequences whose box is divided: the number of monomials grows like n^degree."""

DEGREE_FOUR = range(8, 13)
"""Lengths at which polynomials of degree 4 gain more than they cost. Beyond them it is degree 5 with monomials of near inputs only:
bounds are wide there because what is cut off early grows from step to step, and each degree cuts off less."""

DENSE_TERMS = 500
"""Terms per step from which the box is divided at once: walking over it in balls takes a minute then and bounds nothing. The dense
networks of this size are trained ones; a construction that is this dense is divided as well."""

SHARPENINGS = 4
"""Times the precision of such a bracket is raised."""


@dataclass(frozen=True)
class Moment:
    """The bracket while the box was divided: after `boxes` boxes, the error seen in binary64 and the bound proved by then."""

    boxes: int
    seen: float
    upper: float


@dataclass(frozen=True)
class Bracket:
    """`lower` is attained by `witness`; `upper` bounds every sequence of the box, None where nothing was proved.

    `verdict` answers whether the error is at most the regime's tolerance: PROVED, REFUTED (the witness misses) or UNDECIDED.
    Numbers are balls at `working_bits`; `moments` tell how it became sharp where the box was divided.
    """

    weights: Weights
    regime: Regime
    lower: arb
    witness: Runs
    upper: arb | None
    verdict: Verdict
    reason: str
    working_bits: int
    seconds: float
    moments: tuple[Moment, ...] = ()


def bracket(
    weights: Weights,
    regime: Regime,
    *,
    steps: int = DEFAULT_STEPS,
    seed: int = 0,
    progress: Progress | None = None,
    patience: float = PATIENCE,
    sofar: Callable[[Bracket], None] | None = None,
) -> Bracket:
    """Bracket sup |y_n' - x_1| over the box of the regime, for any weights of a known cell.

    The lower end is the larger of what adversarial runs and the bound's own worst case attain. Where walking over the box leaves
    a gap at one horizon n, the box is divided for `patience` seconds (`verifier.bracket`, which needs numba). `sofar` hears of
    every bracket on the way, each as true as the last.
    """
    divisible = regime.only_last and regime.domain == "box" and regime.n <= LONGEST_DIVIDED
    if divisible and _is_dense(weights):
        divided = _divided(_nothing(weights, regime), patience, sofar)
        if divided.upper is not None:
            return divided
    found = certify_weights(weights, regime, steps=steps, seed=seed, progress=progress)
    made, seconds = _bracket(found), found.seconds
    if sofar is not None:
        sofar(made)
    for _ in range(SHARPENINGS):
        exact = found.supremum is not None and found.supremum.exact
        if not exact or made.upper is None or made.upper.is_zero() or bool(made.upper * to_ball(SHARP) <= made.lower):
            break
        ratio = upper_fraction(made.upper) / regime.bound
        finer = replace(regime, tolerance=max(regime.bound * ratio**2, regime.bound / 10**LARGEST_PRECISION))
        found = certify_weights(weights, finer, steps=steps, seed=seed, progress=progress)
        seconds += found.seconds
        made = replace(_bracket(found), regime=regime, verdict=made.verdict, reason=made.reason, seconds=seconds)
        if sofar is not None:
            sofar(made)
    is_exact = found.supremum is not None and found.supremum.exact
    return _divided(made, patience, sofar) if divisible and not is_exact else made


def walked(
    weights: Weights, regime: Regime, horizons: Iterable[int], *, steps: int = DEFAULT_STEPS, seed: int = 0
) -> list[Bracket]:
    """The bracket at each n' alone as walking over the box gives it: nothing is sharpened or divided."""
    questions = (replace(regime, n=n, horizon="fixed") for n in horizons)
    return [_bracket(certify_weights(weights, question, steps=steps, seed=seed)) for question in questions]


def _is_dense(weights: Weights) -> bool:
    """Whether a step adds up many terms and has activations that are not piecewise linear."""
    operations = record(weights).operations
    return sum(len(o.arguments) for o in operations) >= DENSE_TERMS and any(o.name in ("tanh", "sigmoid") for o in operations)


def _nothing(weights: Weights, regime: Regime) -> Bracket:
    """The bracket before anything is known."""
    return Bracket(weights, regime, ZERO, (), None, Verdict.UNDECIDED, "", regime.working_bits + GUARD_BITS, 0.0)


def _divided(made: Bracket, patience: float, sofar: Callable[[Bracket], None] | None) -> Bracket:
    """The bracket after dividing the box, where that improves it."""
    try:
        from verifier.bracket.network import Unsupported
        from verifier.bracket.search import search_bracket
    except ImportError:
        return replace(made, reason=f"{made.reason}; without numba (pip install 'first-input-recall[bracket]') it is not sharpened")
    regime, program, started = made.regime, record(made.weights), time.perf_counter()
    told = started
    moments: list[Moment] = []

    def improved(found: Divided) -> Bracket:
        seconds = made.seconds + time.perf_counter() - started
        return replace(_improved(made, program, found), seconds=seconds, moments=tuple(moments))

    def heard(found: Divided) -> None:
        nonlocal told
        moments.append(Moment(found.boxes, found.seen, math.inf if found.upper is None else float(found.upper)))
        if sofar is not None and time.perf_counter() > told + TELLING:
            told = time.perf_counter()
            sofar(improved(found))

    try:
        enough = regime.tolerance * NEGLIGIBLE
        found = search_bracket(program, regime.bound, regime.n, GAP, patience, enough, degree_for(regime.n), heard)
    except Unsupported:
        return made
    return improved(found)


def degree_for(n: int) -> int:
    """Degree of the polynomials that bound sequences of this length."""
    return 3 if n < DEGREE_FOUR.start else 4 if n in DEGREE_FOUR else 5


def _improved(made: Bracket, program: Program, found: Divided) -> Bracket:
    """The better ends of both, with the verdict they allow."""
    with Balls(made.working_bits).working():
        lower, witness, upper = made.lower, made.witness, made.upper
        runs = join((x, 1) for x in found.witness)
        attained = error_of(program, runs)
        if not witness or attained > lower:
            lower, witness = attained, runs
        if found.upper is not None:
            upper = _lowest(upper, to_ball(found.upper), _bound_by_range(program, made.regime))
        tolerance = to_ball(made.regime.tolerance)
        proved = Verdict.UNDECIDED if upper is None else check_at_most(upper, tolerance)
        verdict = Verdict.REFUTED if lower > tolerance else Verdict.PROVED if proved is Verdict.PROVED else Verdict.UNDECIDED
    left = "" if found.tight else f", {found.leaves:,} are left to divide when the time is up"
    return replace(
        made, lower=lower, witness=witness, upper=upper, verdict=verdict, reason=f"{found.boxes:,} boxes were bounded{left}"
    )


def _bound_by_range(program: Program, regime: Regime) -> arb | None:
    """max |y| + M, which no error exceeds; None where the readout is not bounded (theory T1) or x_1 is not."""
    largest = largest_output(program)
    return None if largest is None or regime.domain == "reals" else to_ball(largest + regime.bound)


def _lowest(*bounds: arb | None) -> arb | None:
    """The lowest of these bounds, None where none is known."""
    known = [bound for bound in bounds if bound is not None]
    return min(known, key=upper_fraction, default=None)


def _bracket(found: Certificate) -> Bracket:
    lower = ZERO
    witness: Runs = ()
    with Balls(found.working_bits).working():
        upper = _bound_by_range(record(found.weights), found.regime)
        if found.observed is not None:
            lower, witness = found.observed.worst.error, found.observed.worst.runs
        if found.supremum is not None:
            if not found.supremum.lower < lower:
                lower, witness = found.supremum.lower, found.supremum.witness
            if found.supremum.upper.is_finite():
                upper = _lowest(upper, found.supremum.upper)
    return Bracket(
        found.weights, found.regime, lower, witness, upper, found.verdict, found.reason, found.working_bits, found.seconds
    )

"""The worst recall error of any weights, from both sides: a sequence that attains the lower end, a proof of the upper end.

The one place that chooses how weights from outside are bounded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from flint import arb

from verifier.arithmetic.balls import ZERO, Balls, to_ball, upper_fraction
from verifier.certify import DEFAULT_STEPS, Certificate, certify_weights
from verifier.observed import Progress, error_of
from verifier.program import record
from verifier.regime import LARGEST_PRECISION, Regime
from verifier.sequences import Runs, join
from verifier.verdict import Verdict, check_at_most
from verifier.weights import Weights

SHARP = Fraction(99, 100)
"""A bracket around one number is sharpened until its lower end is this share of the upper one."""

GAP = 0.02
"""Dividing the box stops when the upper end is within this share of the attained error."""

PATIENCE = 60.0
"""Seconds of dividing the box, unless asked otherwise."""

LONGEST_DIVIDED = 24
"""Longest sequences whose box is divided: the number of monomials grows like n^degree."""

DEGREE_FOUR = range(8, 13)
"""Lengths at which polynomials of degree 4 gain more than they cost; beyond them there are too many monomials."""

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
    if not is_exact and regime.only_last and regime.domain == "box" and regime.n <= LONGEST_DIVIDED:
        return _divided(made, patience)
    return made


def walked(
    weights: Weights, regime: Regime, horizons: Iterable[int], *, steps: int = DEFAULT_STEPS, seed: int = 0
) -> list[Bracket]:
    """The bracket at each n' alone as walking over the box gives it: nothing is sharpened or divided."""
    questions = (replace(regime, n=n, horizon="fixed") for n in horizons)
    return [_bracket(certify_weights(weights, question, steps=steps, seed=seed)) for question in questions]


def _divided(made: Bracket, patience: float) -> Bracket:
    """The bracket after dividing the box, where that improves it."""
    try:
        from verifier.bracket.network import Unsupported
        from verifier.bracket.search import search_bracket
    except ImportError:
        return replace(made, reason=f"{made.reason}; without numba (pip install 'first-input-recall[bracket]') it is not sharpened")
    regime, program, started = made.regime, record(made.weights), time.perf_counter()
    degree = 4 if regime.n in DEGREE_FOUR else 3
    moments: list[Moment] = []

    def heard(seen: float, upper: float, boxes: int) -> None:
        moments.append(Moment(boxes, seen, upper))

    try:
        found = search_bracket(program, regime.bound, regime.n, GAP, patience, float(regime.tolerance), degree, heard)
    except Unsupported:
        return made
    with Balls(made.working_bits).working():
        lower, witness, upper = made.lower, made.witness, made.upper
        runs = join((x, 1) for x in found.witness)
        attained = error_of(program, runs)
        if attained > lower:
            lower, witness = attained, runs
        if found.upper is not None and (upper is None or to_ball(found.upper) < upper):
            upper = to_ball(found.upper)
        tolerance = to_ball(regime.tolerance)
        proved = Verdict.UNDECIDED if upper is None else check_at_most(upper, tolerance)
        verdict = Verdict.REFUTED if lower > tolerance else Verdict.PROVED if proved is Verdict.PROVED else Verdict.UNDECIDED
    reason = f"{found.boxes:,} boxes were bounded" + ("" if found.tight else f"; {found.leaves:,} are left after {patience:g} s")
    seconds = made.seconds + time.perf_counter() - started
    return replace(
        made,
        lower=lower,
        witness=witness,
        upper=upper,
        verdict=verdict,
        reason=reason,
        seconds=seconds,
        moments=tuple(moments),
    )


def _bracket(found: Certificate) -> Bracket:
    lower, upper = ZERO, None
    witness: Runs = ()
    with Balls(found.working_bits).working():
        if found.observed is not None:
            lower, witness = found.observed.worst.error, found.observed.worst.runs
        if found.supremum is not None:
            if not found.supremum.lower < lower:
                lower, witness = found.supremum.lower, found.supremum.witness
            if found.supremum.upper.is_finite():
                upper = found.supremum.upper
    return Bracket(
        found.weights, found.regime, lower, witness, upper, found.verdict, found.reason, found.working_bits, found.seconds
    )

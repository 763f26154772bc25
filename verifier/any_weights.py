"""The worst recall error of any weights, from both sides: a sequence that attains the lower end, a proof of the upper end.

The one place that chooses how weights from outside are bounded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from flint import arb

from verifier.arithmetic.balls import ZERO, Balls, to_ball, upper_fraction
from verifier.certify import DEFAULT_STEPS, Certificate, certify_weights
from verifier.observed import Progress
from verifier.regime import LARGEST_PRECISION, Regime
from verifier.sequences import Runs
from verifier.verdict import Verdict
from verifier.weights import Weights

SHARP = Fraction(99, 100)
"""A bracket around one number is sharpened until its lower end is this share of the upper one."""

SHARPENINGS = 4
"""Times the precision of such a bracket is raised."""


@dataclass(frozen=True)
class Bracket:
    """`lower` is attained by `witness`; `upper` bounds every sequence of the box, None where nothing was proved.

    `verdict` answers whether the error is at most the regime's tolerance: PROVED, REFUTED (the witness misses) or UNDECIDED.
    Numbers are balls at `working_bits`.
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


def bracket(
    weights: Weights, regime: Regime, *, steps: int = DEFAULT_STEPS, seed: int = 0, progress: Progress | None = None
) -> Bracket:
    """Bracket sup |y_n' - x_1| over the box of the regime, for any weights of a known cell.

    The lower end is the larger of what adversarial runs and the bound's own worst case attain.
    """
    found = certify_weights(weights, regime, steps=steps, seed=seed, progress=progress)
    made, seconds = _bracket(found), found.seconds
    for _ in range(SHARPENINGS):
        exact = found.supremum is not None and found.supremum.exact
        if not exact or made.upper is None or made.upper.is_zero() or bool(made.upper * to_ball(SHARP) <= made.lower):
            break
        ratio = upper_fraction(made.upper) / regime.bound
        finer = replace(regime, tolerance=max(regime.bound * ratio**2, regime.bound / 10**LARGEST_PRECISION))
        found = certify_weights(weights, finer, steps=steps, seed=seed, progress=progress)
        seconds += found.seconds
        made = replace(_bracket(found), regime=regime, verdict=made.verdict, reason=made.reason, seconds=seconds)
    return made


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

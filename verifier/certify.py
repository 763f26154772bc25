"""The decision: three independent layers, compared in balls.

    observed <= supremum <= symbolic <= tolerance

*observed*: adversarial sequences run through the cell (a lower bound). *supremum*: the worst error over the whole box,
for any weights. *symbolic*: the closed-form bound of a derivation whose steps, hypotheses and weights are checked.
PROVED needs every layer that was claimed and every comparison; REFUTED needs a sequence whose error exceeds the
tolerance, or weights that are not those of the claimed theorem. Working precision doubles until the comparisons are
decided or the ceiling is reached.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Protocol

from flint import arb
from sympy import Symbol

from verifier.arithmetic.balls import ZERO, Balls, stated_upper, to_ball
from verifier.errors import StepLimit, UsageError
from verifier.forever import grid_points
from verifier.inequality import Derivation
from verifier.observed import Observed, Progress, error_of, observe
from verifier.program import Program, record
from verifier.regime import LARGEST_PRECISION, Regime
from verifier.run import Runner
from verifier.sequences import length
from verifier.supremum import Supremum, bound_supremum
from verifier.verdict import Verdict, all_of, check_at_most, check_within
from verifier.weights import Weights

DEFAULT_STEPS = 2000
"""Steps an adversarial run takes at most, unless asked otherwise."""

LARGEST_STEPS = 10_000_000
"""More stepping than this is refused: a run keeps one number per step and takes about a minute per million."""

GUARD_BITS = 64
"""Bits beyond those of M/tolerance and n with which the first attempt computes."""

DOUBLINGS = 1000
"""Doublings of a witness on ℝ, whose error grows in proportion."""

PROBE_STEPS = 4
"""Steps of the run that finds out how much precision the readout costs."""

RESOLUTION_BITS = 64
"""The working precision resolves tolerance/n to about 2^-this."""

LARGEST_LOSS = 5 * LARGEST_PRECISION
"""Bits lost to a readout that are made up for: three times what the tanh network of 20,000 digits loses, half as many digits."""

ATTEMPTS = 4
"""Times the working precision doubles before the verdict is UNDECIDED."""


RESOLVED = 1000
"""Observed errors are resolved to this part of the tolerance."""


class Proposal(Protocol):
    """What a construction offers to be decided."""

    @property
    def weights(self) -> Weights:
        """The exact weights."""

    @property
    def regime(self) -> Regime:
        """The question."""

    @property
    def derivation(self) -> Derivation | None:
        """The closed-form bound and its steps; None where the bound is in no closed form."""

    @property
    def parameters(self) -> Mapping[Symbol, Fraction]:
        """The derivation's parameters as exact numbers."""


@dataclass(frozen=True)
class Symbolic:
    """The third layer: are the weights the theorem's, do steps and hypotheses hold, and what is the bound."""

    theorem: str
    value: arb
    covers: Verdict
    steps: Mapping[str, Verdict]
    hypotheses: Mapping[str, Verdict]
    exact_value: Fraction | None = None
    proof: Verdict = Verdict.UNDECIDED

    @property
    def verdict(self) -> Verdict:
        """PROVED if the closed form is a proved bound for these weights."""
        return all_of((self.covers, self.proof, *self.steps.values(), *self.hypotheses.values()))


@dataclass(frozen=True)
class Comparison:
    """One link of the chain."""

    text: str
    verdict: Verdict


@dataclass(frozen=True)
class Certificate:
    """Everything decided about one set of weights in one regime. Numbers are balls at `working_bits`.

    `observed` is None for a fixed horizon beyond the steps that adversarial runs may take.
    """

    regime: Regime
    weights: Weights
    observed: Observed | None
    supremum: Supremum | None
    symbolic: Symbolic | None
    comparisons: tuple[Comparison, ...]
    verdict: Verdict
    reason: str
    working_bits: int
    seed: int
    steps: int
    seconds: float
    parameters: Mapping[str, Fraction] = field(default_factory=dict)
    semantics: str = "real numbers"

    def _repr_html_(self) -> str:
        """Question, verdict and numbers, for notebooks."""
        from verifier.display import certificate_html

        return certificate_html(self)

    @property
    def theorem(self) -> str | None:
        """The theorem the bound rests on: of the closed form, or of the inequalities read off the weights."""
        if self.symbolic is not None:
            return self.symbolic.theorem
        return None if self.supremum is None or self.supremum.refresh is None else self.supremum.refresh.theorem

    @property
    def working_digits(self) -> int:
        """Decimal digits of the working precision, rounded down."""
        return self.working_bits * 30103 // 100000


def certify(
    proposal: Proposal,
    *,
    steps: int = DEFAULT_STEPS,
    seed: int = 0,
    progress: Progress | None = None,
    jobs: int = 1,
) -> Certificate:
    """Decide a construction: does it recall x_1 as its regime asks?

    `steps` bounds the adversarial runs (and the walk over the box where no closed form applies); `seed` fixes the random
    families; long runs are spread over `jobs` processes. Returns a `Certificate`; raises `UsageError` for steps outside
    1 ... `LARGEST_STEPS` and for weights of another architecture than the question's.

    >>> from constructions import construct
    >>> certify(construct("lstm", n=10, precision=5)).verdict
    <Verdict.PROVED: 'PROVED'>
    """
    return _certify(proposal.weights, proposal.regime, proposal.derivation, proposal.parameters, steps, seed, progress, jobs)


def certify_weights(
    weights: Weights,
    regime: Regime,
    *,
    steps: int = DEFAULT_STEPS,
    seed: int = 0,
    progress: Progress | None = None,
) -> Certificate:
    """Decide any weights, with no theorem claimed: observed <= supremum <= tolerance."""
    return _certify(weights, regime, None, {}, steps, seed, progress)


def _certify(
    weights: Weights,
    regime: Regime,
    derivation: Derivation | None,
    parameters: Mapping[Symbol, Fraction],
    steps: int,
    seed: int,
    progress: Progress | None,
    jobs: int = 1,
) -> Certificate:
    if isinstance(steps, bool) or not isinstance(steps, int):
        raise TypeError(f"steps {steps!r} must be an int")
    if not 1 <= steps <= LARGEST_STEPS:
        raise UsageError(f"--steps {steps} is not allowed; 1 to {LARGEST_STEPS:,} steps fit memory and patience")
    if regime.architecture != weights.cell:
        raise UsageError(f"the question is about {regime.architecture!r}, the weights are those of a {weights.cell!r}")
    if regime.hidden != weights.hidden:
        raise UsageError(f"the question has {regime.hidden} hidden units, the weights have {weights.hidden}")
    started = time.perf_counter()
    program = record(weights)
    bits = regime.working_bits + GUARD_BITS
    bits += _bits_lost(program, regime, bits)
    for attempt in range(ATTEMPTS):
        layers = _layers(program, weights, regime, derivation, parameters, steps, seed, progress, jobs, bits)
        if layers.verdict is not Verdict.UNDECIDED or layers.stuck or attempt == ATTEMPTS - 1:
            break
        bits *= 2
    return Certificate(
        regime=regime,
        weights=weights,
        observed=layers.observed,
        supremum=layers.supremum,
        symbolic=layers.symbolic,
        comparisons=tuple(layers.comparisons),
        verdict=layers.verdict,
        reason=layers.reason,
        working_bits=bits,
        seed=seed,
        steps=steps,
        seconds=time.perf_counter() - started,
        parameters={symbol.name: value for symbol, value in parameters.items()},
    )


def _bits_lost(program: Program, regime: Regime, bits: int) -> int:
    """Bits by which the outputs of a short run at this precision are too wide to resolve tolerance/n.

    A readout that takes the difference of saturated units and magnifies it loses digits that the tolerance knows nothing of. Of
    more than `LARGEST_LOSS` nothing is made up for: such outputs, if they are wrong at all, are seen to be without it.
    """
    with Balls(bits).working():
        runner = Runner(program, Balls(bits))
        wanted = to_ball(regime.tolerance / regime.n) * arb(2) ** -RESOLUTION_BITS
        inputs = [regime.bound, *[-regime.bound] * (PROBE_STEPS - 1)][: regime.n]
        lost = ZERO
        for y in runner.outputs(inputs):
            lost = lost.max(arb(y.rad()) / wanted)
        if not lost.is_finite() or lost <= 1:
            return 0
        mantissa, exponent = lost.upper().man_exp()
        found = int(mantissa).bit_length() + int(exponent)
        return found if found <= LARGEST_LOSS else 0


@dataclass(frozen=True)
class _Layers:
    observed: Observed | None
    supremum: Supremum | None
    symbolic: Symbolic | None
    comparisons: list[Comparison]
    verdict: Verdict
    reason: str
    stuck: bool


def _layers(
    program: Program,
    weights: Weights,
    regime: Regime,
    derivation: Derivation | None,
    parameters: Mapping[Symbol, Fraction],
    steps: int,
    seed: int,
    progress: Progress | None,
    jobs: int,
    bits: int,
) -> _Layers:
    """All layers and comparisons at one working precision."""
    only_last = regime.only_last
    with Balls(bits).working():
        tolerance = to_ball(regime.tolerance)
        seen = min(regime.n, steps)
        observed = None
        if not only_last or seen == regime.n:  # a fixed horizon beyond the steps is not reached by any run
            resolution = regime.tolerance / RESOLVED
            observed = observe(program, regime.bound, seen, only_last, seed, regime.bits, progress, jobs, resolution)
        asked = _Number(tolerance, regime.tolerance)
        attained = None if observed is None else _Number(observed.worst.error, observed.worst.exact_value)
        missed = attained is not None and _within(attained, asked, regime.strict) is Verdict.REFUTED
        symbolic = None
        if derivation is not None:
            symbolic = Symbolic(
                derivation.theorem,
                derivation.enclose(parameters),
                derivation.matches(weights, parameters),
                derivation.check(),
                derivation.check_hypotheses(parameters),
                derivation.exact_value(parameters),
                derivation.verdict,
            )
        aim = regime.tolerance
        if symbolic is not None and symbolic.value.is_finite():
            aim = min(aim, stated_upper(symbolic.value))
        supremum, step_limit = None, ""
        try:
            if missed and regime.length is None:
                raise StepLimit("an adversarial run already misses, so no invariant set was looked for")
            points = None if regime.bits is None else grid_points(regime.bound, regime.bits)
            supremum = bound_supremum(
                program, regime.extent, regime.length, only_last, steps, points, regime.tolerance, not missed, aim, regime.contains
            )
        except StepLimit as limit:
            step_limit = str(limit)
        if supremum is not None and regime.extent is None and not supremum.upper.is_finite():
            supremum = _scale_witness(program, supremum, regime, steps)
        highest = None if supremum is None else _Number(supremum.upper, supremum.exact_value)
        bound = None if symbolic is None else _Number(symbolic.value, symbolic.exact_value)
        relation = "<" if regime.strict else "<="
        comparisons: list[Comparison] = []
        if highest is not None:
            if supremum is not None and supremum.pushed is not None and not supremum.pushed.skipped:
                comparisons.append(Comparison("levels pushed as boxes return", supremum.pushed.verdict))
            if attained is not None:
                comparisons.append(Comparison("observed <= supremum", _not_above(attained, highest)))
            if bound is not None:
                comparisons.append(Comparison("supremum <= symbolic", _not_above(highest, bound)))
            else:
                comparisons.append(Comparison(f"supremum {relation} tolerance", _within(highest, asked, regime.strict)))
        if bound is not None:
            comparisons.append(Comparison(f"symbolic {relation} tolerance", _within(bound, asked, regime.strict)))

        if observed is not None and missed:
            reason = f'the sequence "{observed.worst.family}" misses by more than the tolerance'
            return _Layers(observed, supremum, symbolic, comparisons, Verdict.REFUTED, reason, True)
        if supremum is not None and all(regime.contains(value) for value, _ in supremum.witness):
            lowest = _Number(supremum.lower, supremum.exact_value if supremum.exact else None)
            if _within(lowest, asked, regime.strict) is Verdict.REFUTED:
                reason = "the worst-case sequence misses by more than the tolerance"
                return _Layers(observed, supremum, symbolic, comparisons, Verdict.REFUTED, reason, True)
        if symbolic is not None and symbolic.covers is Verdict.REFUTED:
            reason = f"the weights are not those of theorem {symbolic.theorem} with the stated parameters"
            return _Layers(observed, supremum, symbolic, comparisons, Verdict.REFUTED, reason, True)
        if supremum is None:
            return _Layers(observed, supremum, symbolic, comparisons, Verdict.UNDECIDED, step_limit, True)
        parts = [comparison.verdict for comparison in comparisons]
        if symbolic is not None:
            parts.append(symbolic.verdict)
        verdict = all_of(parts)
        if verdict is Verdict.PROVED:
            return _Layers(observed, supremum, symbolic, comparisons, verdict, "", True)
        open_links = [c.text for c in comparisons if c.verdict is not Verdict.PROVED]
        if symbolic is not None:
            if symbolic.proof is not Verdict.PROVED:
                open_links.append(f"the derivation of {symbolic.theorem}")
            for kind, results in (("step", symbolic.steps), ("hypothesis", symbolic.hypotheses)):
                open_links += [f"{kind} {name!r}" for name, v in results.items() if v is not Verdict.PROVED]
        reason = f"not shown: {', '.join(open_links)}"
        if supremum.undecided:
            reason += f" ({supremum.undecided} inputs whose monotonicity is open, after {supremum.boxes} boxes)"
        # a failed claim about a bound is not a counterexample: only a sequence refutes recall
        return _Layers(observed, supremum, symbolic, comparisons, Verdict.UNDECIDED, reason, not supremum.exact)


def _scale_witness(program: Program, supremum: Supremum, regime: Regime, steps: int) -> Supremum:
    """An unbounded error on ℝ, with its witness doubled until it misses by more than the tolerance.

    A witness that already misses stays, and one of more than `steps` inputs is not run.
    """
    runs, error = supremum.witness, supremum.lower
    if error.is_finite():
        return supremum
    if length(runs) > steps:
        return replace(supremum, lower=ZERO)
    for _ in range(DOUBLINGS):
        error = error_of(program, runs)
        if error > to_ball(regime.tolerance):
            break
        runs = tuple((2 * value, count) for value, count in runs)
    return replace(supremum, lower=error, witness=runs)


@dataclass(frozen=True)
class _Number:
    """A number as a ball and, where it is known, as a rational; comparisons use the rationals if both sides have one."""

    ball: arb
    exact: Fraction | None


def _within(value: _Number, limit: _Number, strict: bool) -> Verdict:
    """value <= limit (< if strict)."""
    if value.exact is not None and limit.exact is not None:
        holds = value.exact < limit.exact if strict else value.exact <= limit.exact
        return Verdict.PROVED if holds else Verdict.REFUTED
    return check_within(value.ball, limit.ball, strict)


def _not_above(value: _Number, bound: _Number) -> Verdict:
    """value <= bound. Balls are compared with the bound stated as a decimal: rounded up to `STATED_DIGITS` digits.

    Both sides may be the same number, e.g. when the worst case was found by an adversary, and two balls around one
    number decide nothing; the stated decimal does.
    """
    if (value.exact is not None and bound.exact is not None) or not bound.ball.is_finite():
        return _within(value, bound, strict=False)
    return check_at_most(value.ball, to_ball(stated_upper(bound.ball)))

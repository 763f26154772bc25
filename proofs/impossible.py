"""Deciding an impossibility: does the named theorem hold, does it cover the regime, and how close do explicit weights come.

    tolerance < floor (the theorem at the numbers of the regime) <= best error known (certified like every construction)

And the other way round: weights offered for what a theorem forbids are refuted by an input sequence that they miss.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flint import arb

from constructions.answer import Impossibility
from proofs.theorem import Floor, Theorem
from proofs.theorems import THEOREMS
from verifier.arithmetic.balls import Balls, to_ball
from verifier.certify import DEFAULT_STEPS, DOUBLINGS, GUARD_BITS, Certificate, certify, certify_weights
from verifier.display import no_weights_html
from verifier.observed import error_of
from verifier.program import record
from verifier.regime import Regime
from verifier.sequences import Runs, length
from verifier.verdict import Verdict, all_of, check_at_most, check_less
from verifier.weights import Weights


@dataclass(frozen=True)
class Impossible:
    """The decision on an `Impossibility`. `verdict` PROVED means: no weights of the architecture meet the request.

    `checks`: the theorem's machine checks as they ran, then the hypotheses on the regime. `best`: the certificate of the
    closest construction. `sharp`: PROVED where that construction's certified error is the floor itself, REFUTED or UNDECIDED
    where it was claimed to be and is not, None where no such claim was made.
    """

    regime: Regime
    theorem: Theorem
    floor: Floor | None
    checks: Mapping[str, Verdict]
    best: Certificate | None
    sharp: Verdict | None
    verdict: Verdict

    def _repr_html_(self) -> str:
        """The question, the theorem and the verdict, for notebooks."""
        told = f"{self.verdict.value}: impossible by {self.theorem.id} ({self.theorem.title})"
        return no_weights_html(self.regime, told)


def floors(regime: Regime) -> dict[str, Floor]:
    """The floor of every theorem that applies to the regime, by theorem id."""
    found = {name: theorem.floor(regime) for name, theorem in THEOREMS.items() if theorem.floor is not None}
    return {name: floor for name, floor in found.items() if floor is not None}


_RESULTS: dict[str, Mapping[str, Verdict]] = {}
"""What the theorems' checks said in this run of the program."""


def checked(theorem: str) -> Mapping[str, Verdict]:
    """The machine checks of a theorem, run once per run of the program: they do not depend on the question."""
    if theorem not in _RESULTS:
        _RESULTS[theorem] = THEOREMS[theorem].run()
    return _RESULTS[theorem]


def told(results: Mapping[str, Mapping[str, Verdict]]) -> None:
    """Take over what `checked` said in another process of the same run."""
    _RESULTS.update(results)


def decide(answer: Impossibility, steps: int = DEFAULT_STEPS, seed: int = 0) -> Impossible:
    """Run the theorem, apply it to the regime and certify the closest construction."""
    theorem, regime = THEOREMS[answer.theorem], answer.regime
    floor = None if theorem.floor is None else theorem.floor(regime)
    checks = dict(checked(theorem.id))
    verdicts = [theorem.judge(checks)]
    if floor is None:
        verdicts.append(Verdict.REFUTED)
    else:
        checks |= floor.checks
        verdicts += floor.checks.values()
        verdicts.append(Verdict.PROVED if floor.forbids(regime.tolerance, below=regime.strict) else Verdict.REFUTED)
    best = None if answer.best is None else certify(answer.best, steps=max(steps, DEFAULT_STEPS), seed=seed)
    sharp = None
    if best is not None:
        verdicts.append(best.verdict)
        if answer.attains:
            sharp = _equals(best, floor)
            verdicts.append(sharp)
    return Impossible(regime, theorem, floor, checks, best, sharp, all_of(verdicts))


ATTEMPTS = 7
"""Times the precision of a witness's error doubles before another witness is tried."""


@dataclass(frozen=True)
class Refutation:
    """Weights against a theorem: `runs` is an input sequence of the question whose error is at least `error` > tolerance."""

    theorem: str
    runs: Runs
    error: arb

    @property
    def horizon(self) -> int:
        """The n at which the output is read."""
        return length(self.runs)


def forbidding(regime: Regime) -> list[str]:
    """The ids of the theorems that forbid what the regime asks."""
    return [name for name, floor in floors(regime).items() if floor.forbids(regime.tolerance, below=regime.strict)]


def refute(weights: Weights, regime: Regime, found: Certificate | None = None) -> Refutation | None:
    """A sequence that the weights miss, where a theorem forbids the regime; None where none does, or none was found.

    First what the verifier found for these weights, then the theorems' own sequences, on ℝ doubled until they miss by more
    than the tolerance, then what the verifier finds now. Every error is evaluated at the given weights, in rationals or
    balls, so a refutation does not rest on the theorem.
    """
    names = forbidding(regime)
    if not names:
        return None
    seen = None if found is None else _seen(names[0], found)
    if seen is not None:
        return seen
    by_word = missed_word(weights, regime)
    if by_word is not None or found is not None:
        return by_word
    return _seen(names[0], certify_weights(weights, regime))


def missed_word(weights: Weights, regime: Regime) -> Refutation | None:
    """A sequence out of the proof of a theorem that forbids the regime, which these weights miss; None without one."""
    for name in forbidding(regime):
        propose = THEOREMS[name].witnesses
        for runs in () if propose is None else propose(weights, regime):
            refutation = _enlarged(name, weights, regime, runs)
            if refutation is not None:
                return refutation
    return None


def _seen(name: str, found: Certificate) -> Refutation | None:
    """The sequence by which the verifier refuted, if it did."""
    supremum, observed = found.supremum, found.observed
    asked = supremum is not None and all(found.regime.contains(value) for value, _ in supremum.witness)
    if supremum is not None and asked and _exceeds(found.regime, supremum.lower) is Verdict.PROVED:
        return Refutation(name, supremum.witness, supremum.lower)
    if observed is not None and _exceeds(found.regime, observed.worst.error) is Verdict.PROVED:
        return Refutation(name, observed.worst.runs, observed.worst.error)
    return None


def _enlarged(name: str, weights: Weights, regime: Regime, runs: Runs) -> Refutation | None:
    """The sequence if it misses, at growing precision; on ℝ its multiples by powers of two are tried too."""
    count = length(runs)
    if regime.length is not None and (count > regime.n or (regime.only_last and count != regime.n)):
        return None
    program = record(weights)
    for power in range(DOUBLINGS if regime.extent is None else 1):
        scaled = tuple((value * 2**power, times) for value, times in runs)
        if not all(regime.contains(value) for value, _ in scaled):
            return None
        for attempt in range(ATTEMPTS):
            with Balls((regime.working_bits + GUARD_BITS) << attempt).working():
                error = error_of(program, scaled)
                verdict = _exceeds(regime, error)
            if verdict is Verdict.PROVED:
                return Refutation(name, scaled, error)
            if verdict is Verdict.REFUTED:
                break
    return None


def _exceeds(regime: Regime, error: arb) -> Verdict:
    """Whether an error is beyond the tolerance (at it, if it must stay strictly below)."""
    tolerance = to_ball(regime.tolerance)
    return check_at_most(tolerance, error) if regime.strict else check_less(tolerance, error)


def _equals(best: Certificate, floor: Floor | None) -> Verdict:
    """Whether the certified error is at most the floor (no weights are below it): in rationals where both layers have one."""
    if floor is None or floor.error is None or best.supremum is None:
        return Verdict.REFUTED
    if best.supremum.exact_value is not None:
        return Verdict.PROVED if best.supremum.exact_value <= floor.error else Verdict.REFUTED
    if best.symbolic is not None and best.symbolic.exact_value is not None and best.symbolic.verdict is Verdict.PROVED:
        return Verdict.PROVED if best.symbolic.exact_value <= floor.error else Verdict.UNDECIDED
    with Balls(best.working_bits).working():
        return check_at_most(best.supremum.upper, to_ball(floor.error))

"""Deciding an impossibility: does the named theorem hold, does it cover the regime, and how close do explicit weights come.

tolerance < floor (the theorem at the numbers of the regime) <= best error known (certified like every construction)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from constructions.answer import Impossibility
from proofs.theorem import Floor, Theorem
from proofs.theorems import THEOREMS
from verifier.arithmetic.balls import Balls, to_ball
from verifier.certify import DEFAULT_STEPS, Certificate, certify
from verifier.regime import Regime
from verifier.verdict import Verdict, all_of, check_at_most


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


def floors(regime: Regime) -> dict[str, Floor]:
    """The floor of every theorem that applies to the regime, by theorem id."""
    found = {name: theorem.floor(regime) for name, theorem in THEOREMS.items() if theorem.floor is not None}
    return {name: floor for name, floor in found.items() if floor is not None}


def decide(answer: Impossibility, steps: int = DEFAULT_STEPS, seed: int = 0) -> Impossible:
    """Run the theorem, apply it to the regime and certify the closest construction."""
    theorem, regime = THEOREMS[answer.theorem], answer.regime
    floor = None if theorem.floor is None else theorem.floor(regime)
    checks = dict(theorem.run())
    verdicts = [theorem.judge(checks)]
    if floor is None:
        verdicts.append(Verdict.REFUTED)
    else:
        checks |= floor.checks
        verdicts += floor.checks.values()
        verdicts.append(Verdict.PROVED if floor.forbids(regime.tolerance, below=regime.strict) else Verdict.REFUTED)
    best = None if answer.best is None else certify(answer.best, steps=steps, seed=seed)
    sharp = None
    if best is not None:
        verdicts.append(best.verdict)
        if answer.attains:
            sharp = _equals(best, floor)
            verdicts.append(sharp)
    return Impossible(regime, theorem, floor, checks, best, sharp, all_of(verdicts))


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

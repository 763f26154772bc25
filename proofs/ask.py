"""One walk from what `construct` returned to a decision: certified weights, a proved impossibility, or an open question.

Construction  -> certify  -> Certificate
Impossibility -> decide   -> Impossible
Unanswered    -> floors   -> Open: the best lower bound of a theorem, the best certified construction
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import overload

from constructions.answer import Construction, Impossibility, Unanswered
from proofs.impossible import Impossible, decide, floors
from proofs.theorem import Floor
from verifier.certify import DEFAULT_STEPS, Certificate, certify
from verifier.display import no_weights_html
from verifier.observed import Progress
from verifier.regime import Regime
from verifier.verdict import Verdict


@dataclass(frozen=True)
class Open:
    """A question that this version does not decide: what every weight set must miss by, and what some weights reach.

    `floors`: the theorems that apply, each with the least error it leaves; `best`: the certificate of the closest construction.
    """

    regime: Regime
    reason: str
    floors: Mapping[str, Floor]
    best: Certificate | None
    verdict: Verdict = Verdict.UNDECIDED

    def _repr_html_(self) -> str:
        """The question and what is missing, for notebooks."""
        return no_weights_html(self.regime, f"{self.verdict.value}: {self.reason}")

    @property
    def floor(self) -> tuple[str, Floor] | None:
        """The theorem with the highest floor, and the floor; None where no theorem applies."""

        def height(item: tuple[str, Floor]) -> tuple[bool, object, bool]:
            error = item[1].error
            return error is None, 0 if error is None else error, item[1].strict

        return max(self.floors.items(), key=height, default=None)


Decision = Certificate | Impossible | Open


@overload
def ask(
    answer: Construction, *, steps: int = DEFAULT_STEPS, seed: int = 0, progress: Progress | None = None, jobs: int = 1
) -> Certificate: ...


@overload
def ask(
    answer: Impossibility | Unanswered,
    *,
    steps: int = DEFAULT_STEPS,
    seed: int = 0,
    progress: Progress | None = None,
    jobs: int = 1,
) -> Impossible | Open: ...


def ask(
    answer: Construction | Impossibility | Unanswered,
    *,
    steps: int = DEFAULT_STEPS,
    seed: int = 0,
    progress: Progress | None = None,
    jobs: int = 1,
) -> Decision:
    """Decide what `construct` returned; `steps`, `seed`, `progress` and `jobs` as in `verifier.certify.certify`.

    >>> from constructions import construct
    >>> ask(construct("relu", n=10, exact_recall=True)).verdict
    <Verdict.PROVED: 'PROVED'>
    """
    if isinstance(answer, Construction):
        return certify(answer, steps=steps, seed=seed, progress=progress, jobs=jobs)
    if isinstance(answer, Impossibility):
        return decide(answer, steps=steps, seed=seed)
    best = None if answer.best is None else certify(answer.best, steps=steps, seed=seed, progress=progress, jobs=jobs)
    return Open(answer.regime, answer.reason, floors(answer.regime), best)

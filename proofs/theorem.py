"""Theorems as data: statement, hypotheses, what they use, where they come from, and checks that run.

A theorem's status is never typed: `Theorem.run()` executes its checks and the status is what they say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from proofs.lemmas import LEMMAS, Lemma
from verifier.inequality import Derivation
from verifier.verdict import Verdict, all_of


@dataclass(frozen=True)
class Theorem:
    """One theorem.

    `id` as in the specification (C6, T4, ...); `uses` the ids it relies on; `argument` the proof in words, paragraph by
    paragraph; `derivation` the closed-form bound whose steps are checked, if it is a quantitative construction; `checks`
    further named machine checks.
    """

    id: str
    title: str
    statement: str
    hypotheses: tuple[str, ...]
    source: str
    argument: tuple[str, ...]
    uses: tuple[str, ...] = ()
    derivation: Callable[[], Derivation] | None = None
    checks: Mapping[str, Callable[[], Verdict]] | None = None

    @classmethod
    def of(cls, derivation: Callable[[], Derivation], title: str, argument: tuple[str, ...]) -> Theorem:
        """The theorem that a derivation proves: statement, hypotheses and source are the derivation's."""
        made = derivation()
        return cls(
            id=made.theorem,
            title=title,
            statement=made.statement,
            hypotheses=tuple(h.text for h in made.hypotheses),
            source=made.source,
            argument=argument,
            derivation=derivation,
        )

    @property
    def lemmas(self) -> tuple[Lemma, ...]:
        """The lemmas of proofs/rocq that prove it, checked by `verify proofs --kernel`."""
        return LEMMAS.get(self.id, ())

    def run(self) -> dict[str, Verdict]:
        """Run every check now: the derivation's steps and the named ones."""
        results: dict[str, Verdict] = {}
        if self.derivation is not None:
            results.update(self.derivation().check())
            results["the steps end in the bound"] = self.derivation().check_conclusion()
        for name, check in (self.checks or {}).items():
            results[name] = check()
        return results

    def status(self) -> Verdict:
        """What the checks say; a theorem without checks is UNDECIDED."""
        return all_of(self.run().values())

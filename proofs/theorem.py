"""Theorems as data: statement, hypotheses, what they use, where they come from, and checks that run.

A theorem's status is never typed: `Theorem.run()` executes its checks and the status is what they say. Where the checks are
of consequences only and the statement itself rests on a cited proof (`is_cited`), the status is never PROVED.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from proofs.lemmas import LEMMAS, Lemma
from verifier.inequality import Derivation
from verifier.regime import Regime
from verifier.sequences import Runs
from verifier.statement import text_sha256
from verifier.verdict import Verdict, all_of
from verifier.weights import Weights


@dataclass(frozen=True)
class Floor:
    """What a theorem says about *every* weight set of an architecture in a regime: the error is at least `error`.

    `error` is None where no finite error is possible. `strict`: the floor itself is not attained either (with error 0: never
    exact). `because`: the theorem at the numbers of the regime, one sentence. `checks`: the hypotheses as checked on the
    cell and the regime, by name. `formula`: the floor in closed form, where `error` is long or only a part of it.
    """

    error: Fraction | None
    because: str
    checks: Mapping[str, Verdict]
    strict: bool = False
    formula: str = ""

    def forbids(self, tolerance: Fraction, below: bool = False) -> bool:
        """Whether an error <= tolerance (`below`: < tolerance) is out of reach."""
        if self.error is None or tolerance < self.error:
            return True
        return tolerance == self.error and (self.strict or below)


@dataclass(frozen=True)
class Theorem:
    """One theorem.

    `id` as in the specification (C6, T4, ...); `uses` the ids it relies on; `argument` the proof in words, paragraph by
    paragraph; `derivation` the closed-form bound whose steps are checked, if it is a quantitative construction; `checks`
    further named machine checks; `floor` the least error the theorem leaves in a regime, None where it does not apply.
    `witnesses`: for weights offered against the floor, input sequences some of which they should miss (on ℝ up to a factor).
    `is_cited`: the statement rests on a published theorem that no check here covers, so that its checks alone prove nothing.
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
    floor: Callable[[Regime], Floor | None] | None = None
    witnesses: Callable[[Weights, Regime], Iterable[Runs]] | None = None
    is_cited: bool = False

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

    def sha256(self, derivation: Derivation | None = None) -> str:
        """SHA-256 of what is stated and checked: the words, the names of the checks and the derivation.

        `derivation`: the one made for a request, where the theorem's own shows an example size.
        """
        made = derivation if derivation is not None or self.derivation is None else self.derivation()
        words = (self.id, self.statement, self.hypotheses, self.uses, self.argument, tuple(self.checks or ()))
        return text_sha256((words, made))

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

    def judge(self, results: Mapping[str, Verdict]) -> Verdict:
        """What these results of `run` say about the theorem; UNDECIDED at best where it `is_cited` or has no checks."""
        return all_of((*results.values(), Verdict.UNDECIDED) if self.is_cited else results.values())

    def _repr_html_(self) -> str | None:
        """Statement, proof and checks as they run now, for notebooks; None without the libraries of the sheets."""
        try:
            from proofs.sheet.html import fragment
            from proofs.sheet.theorems import theorem_blocks
        except ImportError:
            return None
        return fragment(theorem_blocks(self, self.run()))

    def status(self) -> Verdict:
        """What the checks say now."""
        return self.judge(self.run())

"""One row of a sweep: a question, how it was decided, and what that took."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, fields, replace
from fractions import Fraction
from typing import Any, get_type_hints

from constructions import construct
from proofs.ask import Decision, ask
from proofs.impossible import Impossible
from verifier import __version__
from verifier.certificate import to_data
from verifier.certify import Certificate
from verifier.cli.grid import Asked
from verifier.cli.impossible import best_error, floor_text
from verifier.cli.memory import peak_memory
from verifier.cli.report import number_fields
from verifier.errors import UsageError
from verifier.exact import parse_rational, show_rational
from verifier.gates import live_units
from verifier.summary import short
from verifier.verdict import Verdict


@dataclass(frozen=True)
class Row:
    """A row, as plain data.

    `answer`: "weights" (then the errors are theirs), "impossible" and "open" (then `least_error` is what every weight set must
    miss by, `best_known` what some reach), or "refused" (no such network; `reason` says why). Numbers that may be as small as
    1e-20000 are text, errors rounded outward. `units`: those with a nonzero weight. `seconds`: to construct and decide, by
    the clock; `cpu_seconds`: of computing, with the checks of a theorem that a process meets for the first time. `peak_megabytes`:
    of the process meanwhile. `certificate`, `weights`: SHA-256.
    """

    architecture: str
    n: str
    precision: int
    bound: str
    hidden: int
    horizon: str
    tolerance: str
    answer: str
    verdict: str
    theorem: str | None = None
    symbolic: str | None = None
    supremum: str | None = None
    observed: str | None = None
    least_error: str | None = None
    best_known: str | None = None
    largest_weight: str | None = None
    units: int | None = None
    nonzero_weights: int | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_megabytes: float = 0.0
    certificate: str | None = None
    weights: str | None = None
    semantics: str = "real numbers"
    reason: str = ""
    version: str = __version__

    @property
    def key(self) -> tuple[str, str, int, str, int, str]:
        """The question, as in `Asked.key`."""
        return self.architecture, self.n, self.precision, self.bound, self.hidden, self.horizon

    def to_data(self) -> dict[str, Any]:
        """Plain data for JSON; `Row.from_data` reads it back."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Any) -> Row:
        """Read what `to_data` wrote; raises `UsageError` on anything else."""
        if not isinstance(data, dict) or set(data) != set(COLUMNS):
            raise UsageError(f"a row must have the columns {', '.join(COLUMNS)}")
        for name, value in data.items():
            if not isinstance(value, COLUMNS[name]) or isinstance(value, bool):
                raise UsageError(f"a row has {name} = {str(value)[:40]!r}, which cannot be")
        for name in NUMBERS:
            number(data[name])
        if data["verdict"] not in {verdict.value for verdict in Verdict}:
            raise UsageError(f"a row has the unknown verdict {data['verdict'][:40]!r}")
        return cls(**data)


COLUMNS: dict[str, Any] = {field.name: get_type_hints(Row)[field.name] for field in fields(Row)}
"""The columns of a table of rows, with the type of each."""


NUMBERS = ("n", "bound", "tolerance", "symbolic", "supremum", "observed", "least_error", "best_known", "largest_weight")
"""The columns whose text is a number."""


def number(text: str | None) -> Fraction | None:
    """The number in a column of text; None where it is missing or infinite. Raises `UsageError` where it is neither.

    >>> number("9.5e-21"), number("1.25..."), number(">0"), number("infinite")
    (Fraction(19, 2000000000000000000000), Fraction(5, 4), Fraction(0, 1), None)
    """
    if text is None or text in ("none", "inf", "infinite"):
        return None
    return parse_rational(text.removesuffix("...").removeprefix(">"), "a column's number")


@dataclass(frozen=True)
class Task:
    """A question with how far and from which seed adversarial runs go."""

    asked: Asked
    steps: int
    seed: int


def decide_row(task: Task) -> Row:
    """Construct, decide, measure."""
    asked = task.asked
    regime = asked.regime()
    blank = Row(*asked.key, show_rational(regime.tolerance), "refused", Verdict.UNDECIDED.value)
    started, started_cpu = time.perf_counter(), time.process_time()
    with peak_memory() as peak:
        try:
            answer = construct(
                asked.architecture, asked.n, asked.precision, bound=asked.bound, hidden=asked.hidden, horizon=asked.horizon
            )
            row = _decided(blank, ask(answer, steps=task.steps, seed=task.seed))
        except UsageError as error:
            row = replace(blank, reason=str(error))
    return replace(
        row,
        seconds=round(time.perf_counter() - started, 4),
        cpu_seconds=round(time.process_time() - started_cpu, 4),
        peak_megabytes=peak.megabytes,
    )


def _decided(blank: Row, decision: Decision) -> Row:
    verdict = decision.verdict.value
    if isinstance(decision, Certificate):
        weights, numbers = decision.weights, number_fields(decision)
        return replace(
            blank,
            answer="weights",
            verdict=verdict,
            theorem=numbers["theorem"],
            symbolic=numbers["symbolic"],
            supremum=numbers["supremum"],
            observed=numbers["observed"],
            largest_weight=short(weights.largest),
            units=len(live_units(weights)),
            nonzero_weights=sum(len(array) for array in weights.blocks().values()),
            certificate=to_data(decision)["sha256"],
            weights=weights.sha256,
            reason=decision.reason,
        )
    if isinstance(decision, Impossible):
        return replace(
            blank,
            answer="impossible",
            verdict=verdict,
            theorem=decision.theorem.id,
            least_error=floor_text(decision.floor),
            best_known=best_error(decision.best),
        )
    found = decision.floor
    return replace(
        blank,
        answer="open",
        verdict=verdict,
        theorem=None if found is None else found[0],
        least_error=None if found is None else floor_text(found[1]),
        best_known=best_error(decision.best),
        reason=decision.reason,
    )

"""The map: every architecture in every regime, each cell asked and decided now; nothing is typed.

A cell of the map is a row of questions (the same regime at several n), put to `construct` and decided by `ask`. Rows whose
answers agree word for word, such as the four forms of the GRU, are printed as one.

Source: this project, theory section 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from constructions import Construction, Impossibility, Unanswered, construct
from constructions.poles import FAMILY_OF
from proofs.ask import ask
from proofs.impossible import Impossible, checked, told
from verifier.arithmetic.balls import Balls, show_lower, show_upper, to_ball
from verifier.certify import Certificate
from verifier.parallel import finished
from verifier.regime import DEFAULT_HIDDEN
from verifier.verdict import Verdict

LONG = 1000
"""The horizon at which "any accuracy" is asked."""

PRECISION = 20
"""Decimal digits of "any accuracy"."""

STEPS = 1000
"""Longest adversarial run of a cell."""

DIGITS = 3
"""Significant digits of an error in a cell, rounded outward."""

FLOOR_BITS = 128
"""Precision at which a floor is rounded for printing."""


@dataclass(frozen=True)
class Question:
    """One request to `construct`; `options` are its keyword arguments."""

    architecture: str
    n: int
    options: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def of(cls, architecture: str, n: int, **options: Any) -> Question:
        """The question with these keyword arguments of `construct`."""
        return cls(architecture, n, tuple(sorted(options.items())))

    def put(self) -> Construction | Impossibility | Unanswered:
        """What `construct` answers."""
        return construct(self.architecture, self.n, **dict(self.options))


@dataclass(frozen=True)
class Finding:
    """How one question was decided, as plain data.

    `answer`: "yes" (weights certified), "no" (impossibility proved), "open" (this version decides neither), or "undecided"
    and "refuted" where a claim of the package did not hold. `theorem`: what answers it. `floor`: the least error any weights
    have, rounded down ("inf": none is finite), `floor_theorem` says so. `error`: the certified error of the closest weights,
    rounded up. `reached`: whether those weights reach the floor.
    """

    question: Question
    describe: str
    answer: str
    theorem: str | None
    floor: str | None
    floor_theorem: str | None
    error: str | None
    reached: bool = False

    def to_data(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "architecture": self.question.architecture,
            "n": self.question.n,
            **{name: str(v) if isinstance(v, Fraction) else v for name, v in self.question.options},
            "question": self.describe,
            "answer": self.answer,
            "theorem": self.theorem,
            "least_error": self.floor,
            "least_error_theorem": self.floor_theorem,
            "certified_error": self.error,
            "reached": self.reached,
        }


def decide_question(question: Question) -> Finding:
    """Ask and decide one question."""
    return _decide(question, question.put())


def _decide(question: Question, answer: Construction | Impossibility | Unanswered) -> Finding:
    decision = ask(answer, steps=STEPS)
    describe = decision.regime.describe()
    if isinstance(decision, Certificate):
        return Finding(question, describe, _word(decision.verdict, "yes"), decision.theorem, None, None, _error(decision))
    if isinstance(decision, Impossible):
        name, floor = decision.theorem.id, decision.floor
        shown = None if floor is None else _floor(floor.error)
        return Finding(
            question, describe, _word(decision.verdict, "no"), name, shown, name, _error(decision.best),
            decision.sharp is Verdict.PROVED,
        )  # fmt: skip
    found = decision.floor
    by, shown = (None, None) if found is None else (found[0], _floor(found[1].error))
    return Finding(question, describe, "open", None, shown, by, _error(decision.best))


def _word(verdict: Verdict, proved: str) -> str:
    return {Verdict.PROVED: proved, Verdict.REFUTED: "refuted", Verdict.UNDECIDED: "undecided"}[verdict]


def _error(certificate: Certificate | None) -> str | None:
    if certificate is None or certificate.supremum is None:
        return None
    with Balls(certificate.working_bits).working():
        return show_upper(certificate.supremum.upper, DIGITS)


def _floor(error: Fraction | None) -> str:
    if error is None:
        return "inf"
    with Balls(FLOOR_BITS).working():
        return show_lower(to_ball(error), DIGITS)


def decide_all(
    questions: Iterable[Question], workers: int, done: Callable[[Finding], None] | None = None
) -> dict[Question, Finding]:
    """Decide questions on `workers` processes; `done` hears of each as it is decided.

    Questions that share their filter's poles are decided by one process, one after the other. Those that a theorem forbids wait
    until its checks have run, each theorem's once, and every process is told how they ended.
    """
    waiting = list(dict.fromkeys(questions))
    found: dict[Question, Finding] = {}
    results: dict[str, Mapping[str, Verdict]] = {}
    while waiting:
        jobs = [(batch, results) for batch in _batches(waiting)]
        waiting, wanted = [], set()
        for outcomes in finished(_decide_batch, jobs, workers):
            for outcome in outcomes:
                if isinstance(outcome, Finding):
                    found[outcome.question] = outcome
                    if done is not None:
                        done(outcome)
                else:
                    waiting.append(outcome.question)
                    wanted.add(outcome.theorem)
        results |= dict(finished(_checked, sorted(wanted), workers))
    return found


@dataclass(frozen=True)
class Waiting:
    """A question that a theorem forbids whose checks have not run yet."""

    question: Question
    theorem: str


def _batches(questions: Iterable[Question]) -> list[list[Question]]:
    """Questions that use the same derivations together: of one family of poles, or one architecture, at one n; long ones first."""
    batches: dict[tuple[str, int], list[Question]] = {}
    for question in questions:
        family = FAMILY_OF.get(question.architecture, question.architecture)
        batches.setdefault((family, question.n), []).append(question)
    return sorted(batches.values(), key=len, reverse=True)


def _checked(theorem: str) -> tuple[str, Mapping[str, Verdict]]:
    return theorem, checked(theorem)


def _decide_batch(job: tuple[Sequence[Question], Mapping[str, Mapping[str, Verdict]]]) -> list[Finding | Waiting]:
    """The questions' answers, given how the theorems' checks ended."""
    batch, results = job
    told(results)
    outcomes: list[Finding | Waiting] = []
    for question in batch:
        answer = question.put()
        if isinstance(answer, Impossibility) and answer.theorem not in results:
            outcomes.append(Waiting(question, answer.theorem))
        else:
            outcomes.append(_decide(question, answer))
    return outcomes


# --- the map of theory section 1 ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """A regime of the map: its heading and the (n, options) asked, given d hidden units."""

    key: str
    title: str
    asked: Callable[[int], Sequence[tuple[int, dict[str, Any]]]]


def _edges(hidden: int, *more: int) -> list[int]:
    """The n at which answers change for d units: around d, and 2."""
    return sorted({n for n in (2, hidden - 2, hidden - 1, hidden, hidden + 1, *more) if n >= 1})


def _exactly(domain: str, *more: int) -> Callable[[int], list[tuple[int, dict[str, Any]]]]:
    def asked(hidden: int) -> list[tuple[int, dict[str, Any]]]:
        options = {"exact_recall": True, "horizon": "fixed", "domain": domain}
        return [(n, options) for n in _edges(hidden, *more)]

    return asked


def _forever(hidden: int) -> list[tuple[int, dict[str, Any]]]:
    """Exactly, to `PRECISION` digits, and to four times the resolution of d levels."""
    accuracies: list[dict[str, Any]] = [{"exact_recall": True}, {"precision": PRECISION}]
    if hidden > 4:
        accuracies.append({"tolerance": Fraction(4, hidden)})
    return [(LONG, {"horizon": "forever", **accuracy}) for accuracy in accuracies]


COLUMNS = (
    Column("reals-fixed", "ℝ: exact, one n", _exactly("reals")),
    Column("reals-upto", "ℝ: exact, up to N", lambda _: [(n, {"exact_recall": True, "domain": "reals"}) for n in (2, LONG)]),
    Column("box-exact", "box: exact, one n", _exactly("box", LONG)),
    Column(
        "box-fixed",
        f"box: {PRECISION} digits, one n",
        lambda hidden: [(n, {"precision": PRECISION, "horizon": "fixed"}) for n in _edges(hidden, LONG)],
    ),
    Column("box-upto", f"box: {PRECISION} digits, up to N", lambda _: [(n, {"precision": PRECISION}) for n in (2, LONG)]),
    Column("box-forever", "box: for ever", _forever),
)
"""The regimes of theory section 1, in its order."""


@dataclass(frozen=True)
class Map:
    """The decided map. `cells[architecture][column key]` are the findings of a cell, in the order asked."""

    hidden: int
    cells: dict[str, dict[str, tuple[Finding, ...]]] = field(default_factory=dict)

    def rows(self) -> list[tuple[tuple[str, ...], dict[str, tuple[Finding, ...]]]]:
        """Architectures with their cells, those with the same answers together."""
        merged: dict[tuple[tuple[str, ...], ...], list[str]] = {}
        for architecture, cells in self.cells.items():
            merged.setdefault(tuple(tuple(describe_cell(cells[column.key])) for column in COLUMNS), []).append(architecture)
        return [(tuple(names), self.cells[names[0]]) for names in merged.values()]

    def holds(self) -> Verdict:
        """PROVED if no claim of the package failed; open cells say so themselves."""
        answers = {finding.answer for cells in self.cells.values() for cell in cells.values() for finding in cell}
        if "refuted" in answers:
            return Verdict.REFUTED
        return Verdict.UNDECIDED if "undecided" in answers else Verdict.PROVED


def map_questions(architectures: Iterable[str], hidden: int = DEFAULT_HIDDEN) -> dict[str, dict[str, tuple[Question, ...]]]:
    """The questions of each cell."""
    return {
        name: {
            column.key: tuple(Question.of(name, n, hidden=hidden, **options) for n, options in column.asked(hidden))
            for column in COLUMNS
        }
        for name in architectures
    }


def draw_map(
    architectures: Sequence[str],
    hidden: int = DEFAULT_HIDDEN,
    workers: int = 1,
    done: Callable[[Finding], None] | None = None,
) -> Map:
    """Ask every question of the map and decide it."""
    asked = map_questions(architectures, hidden)
    found = decide_all((q for cells in asked.values() for cell in cells.values() for q in cell), workers, done)
    return Map(hidden, {a: {key: tuple(found[q] for q in cell) for key, cell in cells.items()} for a, cells in asked.items()})


def describe_cell(findings: Sequence[Finding]) -> list[str]:
    """A cell in words, a line per answer: ["n = 2, 30-32: yes (C1)", "n = 33: no (T3), e = ∞"]; neighbours alike together."""
    groups: list[tuple[str, list[Question]]] = []
    for finding in findings:
        text = _describe(finding)
        if groups and groups[-1][0] == text:
            groups[-1][1].append(finding.question)
        else:
            groups.append((text, [finding.question]))
    if len(groups) == 1:
        return [groups[0][0]]
    return [f"{_listed(questions)}: {text}" for text, questions in groups]


def _describe(finding: Finding) -> str:
    if finding.answer == "yes":
        return f"yes ({_plain(finding.theorem)})"
    if finding.answer == "no":
        return f"no ({_plain(finding.theorem)}), {_least(finding)}"
    if finding.answer == "open":
        low = f"{_least(finding)} ({_plain(finding.floor_theorem)})" if finding.floor_theorem else ""
        high = f"best known {finding.error}" if finding.error else ""
        return "open" + (": " + ", ".join(part for part in (low, high) if part) if low or high else ", no bounds known")
    return finding.answer.upper()


def _plain(theorem: str | None) -> str:
    """The id without the name of its variant: C5 for C5-sigmoid."""
    return str(theorem).partition("-")[0]


def _least(finding: Finding) -> str:
    if finding.floor == "inf":
        return "e = ∞"
    if finding.floor == "0":
        return "e > 0"
    return f"e >= {finding.floor}" + (", reached" if finding.reached else "")


def _listed(questions: Sequence[Question]) -> str:
    """Where an answer holds: "n = 2, 30-32", or the accuracies asked for ever."""
    if dict(questions[0].options).get("horizon") == "forever":
        return ", ".join(_accuracy(dict(question.options)) for question in questions)
    runs: list[list[int]] = []
    for n in (question.n for question in questions):
        if runs and n == runs[-1][-1] + 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    parts = [f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
    return "n = " + ", ".join(parts)


def _accuracy(options: dict[str, Any]) -> str:
    if options.get("exact_recall"):
        return "exactly"
    return f"{options['precision']} digits" if "precision" in options else f"within {options['tolerance']}"

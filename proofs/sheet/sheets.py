"""Every sheet by name: one answer, the capacity, the whole document."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

from constructions import Construction, Impossibility, Unanswered
from proofs.ask import Decision, Open, ask
from proofs.impossible import Impossible
from proofs.sheet.answer import answer_blocks
from proofs.sheet.capacity import capacity_blocks
from proofs.sheet.document import Block, Document
from proofs.sheet.gradient import gradient_blocks
from proofs.sheet.map import decided_map, map_blocks
from proofs.sheet.notation import prose
from proofs.sheet.question import condition_line
from proofs.sheet.without import impossible_blocks, open_blocks
from proofs.survey import Finding
from verifier.cells import CELLS
from verifier.certify import DEFAULT_STEPS, Certificate
from verifier.verdict import Verdict

Answer = Construction | Impossibility | Unanswered


@dataclass(frozen=True)
class Sheet:
    """A document and the verdict of what it claims."""

    document: Document
    verdict: Verdict


@dataclass(frozen=True)
class Decided:
    """An answer with what running it said."""

    answer: Answer
    result: Decision

    @property
    def verdict(self) -> Verdict:
        """The verdict of the run; an open question is UNDECIDED."""
        return self.result.verdict

    def blocks(self, level: int, alone: bool) -> tuple[Block, ...]:
        """The blocks of this answer's sheet."""
        if isinstance(self.answer, Construction) and isinstance(self.result, Certificate):
            return answer_blocks(self.answer, self.result, level, alone)
        if isinstance(self.answer, Impossibility) and isinstance(self.result, Impossible):
            return impossible_blocks(self.answer, self.result, level, alone)
        if isinstance(self.answer, Unanswered) and isinstance(self.result, Open):
            return open_blocks(self.answer, self.result, level, alone)
        raise TypeError(f"no sheet for a {type(self.answer).__name__} with a {type(self.result).__name__}")

    @property
    def theorem(self) -> str:
        """The theorem it rests on; empty for none."""
        return self.answer.theorem if isinstance(self.answer, Construction | Impossibility) else ""


def decided(answer: Answer, steps: int = DEFAULT_STEPS, seed: int = 0) -> Decided:
    """Run an answer: certify its weights, decide its theorem, or bound what is open from both sides."""
    return Decided(answer, ask(answer, steps=steps, seed=seed))


def one_answer(answer: Answer, steps: int = DEFAULT_STEPS, seed: int = 0) -> Sheet:
    """The sheet of one request."""
    found = decided(answer, steps, seed)
    regime = answer.regime
    subtitle = condition_line(regime)
    title = f"First-input recall: {CELLS[regime.architecture].title}"
    return Sheet(Document(title, subtitle, found.blocks(1, alone=True), title_line=prose(title)), found.verdict)


def map_sheet(hidden: int, done: Callable[[Finding], None] | None = None, architectures: Iterable[str] = ()) -> Sheet:
    """The sheet of the map: these architectures, or all, in every regime."""
    drawn = decided_map(architectures, hidden, done)
    subtitle = prose(f"Every architecture in every regime, {hidden} hidden units")
    return Sheet(Document("First-input recall: the map", subtitle, map_blocks(drawn)), drawn.holds())


def gradient_sheet(n: int, precision: int, bound: Fraction, hidden: int, seed: int = 0) -> Sheet:
    """The sheet of the gradients of recalling networks and of one that forgets."""
    blocks, verdict = gradient_blocks(n, precision, bound, hidden, seed)
    subtitle = prose("What reaches x_1 at time n, in an LSTM, a tanh RNN and a linear memory")
    return Sheet(Document("Gradients of first-input recall", subtitle, blocks), verdict)


def capacity_sheet(hidden: int, bound: Fraction, tolerance: Fraction, seed: int = 0) -> Sheet:
    """The sheet of the capacity of `hidden` units."""
    blocks, verdict = capacity_blocks(hidden, bound, tolerance, seed)
    subtitle = prose(f"How many reals {hidden} hidden units can copy, and why not one more")
    return Sheet(Document("Memorisation capacity", subtitle, blocks), verdict)

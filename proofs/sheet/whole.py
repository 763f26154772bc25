"""The whole document: every architecture asked the same questions, the figures, every theorem with its checks as they ran."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from constructions import ARCHITECTURES, Construction, construct
from proofs.impossible import checked
from proofs.sheet import figures
from proofs.sheet.alike import differing
from proofs.sheet.answer import cell_blocks
from proofs.sheet.capacity import capacity_blocks
from proofs.sheet.document import Block, Document, Heading, Line, Paragraph, Picture, Text
from proofs.sheet.gradient import gradient_blocks
from proofs.sheet.map import decided_map, map_blocks
from proofs.sheet.notation import prose
from proofs.sheet.question import condition_line
from proofs.sheet.sheets import Decided, Sheet, decided
from proofs.sheet.theorems import theorem_blocks
from proofs.theorems import THEOREMS
from verifier.cells import CELLS
from verifier.errors import UsageError
from verifier.regime import DEFAULT_HIDDEN
from verifier.verdict import Verdict, all_of

Progress = Callable[[str], None]
"""Called with what is being done."""


@dataclass(frozen=True)
class Question:
    """A question that every architecture is asked: its name and the arguments of `construct`."""

    name: str
    arguments: Mapping[str, Any]


QUESTIONS = (
    Question("box, to 20 digits, at every n' <= 1000", {"n": 1000, "precision": 20}),
    Question("box, to 20 digits, at n = 100 alone", {"n": 100, "precision": 20, "horizon": "fixed"}),
    Question("box, within M/16, for ever", {"n": 1000, "tolerance": Fraction(1, 16), "horizon": "forever"}),
    Question("all reals, exactly, at n = 20", {"n": 20, "exact_recall": True, "horizon": "fixed", "domain": "reals"}),
    Question("all reals, exactly, for ever", {"n": 1000, "exact_recall": True, "horizon": "forever", "domain": "reals"}),
)
"""One per column of what theory distinguishes: horizon, domain, accuracy. The numbers are examples."""

PRECISIONS = (2, 5, 10, 20, 40)
"""Decimal digits of the figure of accuracy against weights."""

PICTURED_N = 100
"""Its horizon."""

FAMILIES = {
    "GRU, reset before or after the product, z takes or keeps": ("gru", "gru-after", "gru-after-keep", "gru-keep"),
    "Diagonal cells with constant complex poles": ("lru", "s4d", "s5"),
    "Diagonal cells with 0 < a(x) < 1": ("mingru", "minlstm", "selective"),
}
"""Architectures whose answers are nearly alike: one chapter, where the first is set in full and of the others what differs."""

CAPACITY_UNITS = 4
"""Units of the capacity table."""

GRADIENT_N, GRADIENT_PRECISION = 1000, 20
"""Last horizon of the chapter on gradients, and the digits of recall its networks are sized for."""

INTRODUCTION = (
    "A course assignment asks: a recurrent network with one layer of 32 hidden units reads n real numbers; can it output the "
    "first one after the last? Which architectures can, with which weights, and where not, why not? Each claim below lives in "
    "a regime (domain, horizon, accuracy), every verdict comes from the run that made this document, and a question to which "
    "this version has no answer says so.",
    "That gradients vanish or explode along such a task is due to Bengio, Simard & Frasconi 1994; simple recurrent networks "
    "are those of Elman 1990, the LSTM is that of Hochreiter & Schmidhuber 1997, the GRU that of Cho et al. 2014. Rectified "
    "units started at the identity (Le, Jaitly & Hinton 2015) and orthogonal recurrences (Henaff, Szlam & LeCun 2016, with "
    "explicit solutions of the copy and adding tasks) were proposed for long memory; Weiss, Goldberg & Yahav 2018 compare what "
    "the cells count in finite precision, which is a different question. Cells whose gates do not see the state are those of "
    "Gu & Dao 2023 and Feng et al. 2024. That no continuum of fixed points exists in saturating cells rests on Ax 1971, the "
    "limit of the capacity on Borsuk 1933. How many reals trained networks hold was measured by Collins, Sohl-Dickstein & "
    "Sussillo 2017. Limits of single diagonal layers on discrete tasks: Merrill, Petty & Sabharwal 2024, Sarrof, Veitsman & "
    "Hahn 2024, Shakerinava et al. 2026; of long linear filters: François, Orvieto & Bach 2025.",
)
"""Opening words: the question, and whose results stand around it."""


def whole(
    steps: int,
    seed: int,
    progress: Progress = lambda _: None,
    architectures: Sequence[str] = (),
    theorems: Sequence[str] = (),
    workers: int | None = None,
) -> Sheet:
    """The document; its verdict is that of everything it claims to have answered. `architectures`, `theorems`: all, or these.

    The map is decided on `workers` processes, as many as cores if None.
    """
    names = tuple(architectures) or tuple(sorted(ARCHITECTURES))
    stated = {name: THEOREMS[name] for name in (tuple(theorems) or tuple(THEOREMS))}
    progress("map")
    drawn = decided_map(names, workers=workers)
    asked: dict[str, list[tuple[Question, Decided]]] = {}
    for name in names:
        progress(name)
        asked[name] = [(question, found) for question in QUESTIONS if (found := _ask(name, question, steps, seed)) is not None]
    answered = [found.verdict for rows in asked.values() for _, found in rows if found.theorem]
    progress("capacity")
    capacity, both_sides = capacity_blocks(CAPACITY_UNITS, Fraction(1), Fraction(1, 1000), seed, 2, alone=False)
    progress("gradients")
    gradients, slopes = gradient_blocks(GRADIENT_N, GRADIENT_PRECISION, Fraction(1), DEFAULT_HIDDEN, seed, 2, alone=False)
    progress("theorems")
    results = {name: checked(name) for name in stated}
    blocks: list[Block] = [_chapter("The question"), *(Paragraph(prose(text)) for text in INTRODUCTION)]
    blocks += [_chapter("The map"), *map_blocks(drawn, 2, alone=False)]
    for title, members in _chapters(names):
        blocks += _architectures(title, {name: asked[name] for name in members})
    blocks += [_chapter("Capacity: how many reals fit"), *capacity, _chapter("Gradients"), *gradients, *_pictures(names)]
    blocks.append(_chapter("Theorems"))
    for name, theorem in stated.items():
        blocks += [Heading(2, (Text(f"{name}: "), *prose(theorem.title))), *theorem_blocks(theorem, results[name])]
    title = "Which recurrent networks can output their first input?"
    subtitle: Line = (Text("Explicit weights or a proof that none exist"),)
    checks = (found for ran in results.values() for found in ran.values())
    verdict = all_of([drawn.holds(), *answered, both_sides, slopes, *checks])
    return Sheet(Document(title, subtitle, tuple(blocks), contents=True), verdict)


def _ask(name: str, question: Question, steps: int, seed: int) -> Decided | None:
    """The decided answer; None where the architecture does not know the question."""
    try:
        return decided(construct(name, **question.arguments), steps, seed)
    except UsageError:
        return None


def _chapter(text: str) -> Heading:
    return Heading(1, (Text(text),))


def _chapters(names: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    """(title, architectures) of each chapter, in the order of the names; a family stands where its first member does."""
    found: dict[str, tuple[str, ...]] = {}
    for name in names:
        family = next((title for title, members in FAMILIES.items() if name in members), "")
        members = tuple(member for member in names if member in FAMILIES.get(family, ()))
        alone = CELLS[name].title[0].upper() + CELLS[name].title[1:]
        found.setdefault(*((family, members) if len(members) > 1 else (alone, (name,))))
    return list(found.items())


def _architectures(title: str, asked: Mapping[str, list[tuple[Question, Decided]]]) -> list[Block]:
    """The cells, then every answer of the first architecture, and of the others what is not the same."""
    first, *others = asked
    blocks: list[Block] = [Heading(1, prose(title))]
    if not others:
        blocks += cell_blocks(CELLS[first])
    else:
        told = (
            f"These {len(asked)} cells differ in the equations shown. Every answer is given in full for the first of them; of the "
            "others the rest, whatever is not shown, is word for word the same, but for the pictures, which are drawn once."
        )
        blocks.append(Paragraph(prose(told)))
        for name in asked:
            cell = cell_blocks(CELLS[name])
            blocks += [_named(name, 2), *(cell if name == first else differing(cell_blocks(CELLS[first]), cell))]
    answers = {name: _answers(rows) for name, rows in asked.items()}
    for question in (question.name for question in QUESTIONS):
        full, *rest = [name for name in asked if question in answers[name]] or [first]
        if question not in answers[full]:
            continue
        blocks += [Heading(2, (Text("Asked: "), *prose(question)), listed=False), *answers[full][question]]
        for name in rest:
            blocks += [_named(name, 3), *differing(answers[full][question], answers[name][question])]
    return blocks


def _named(name: str, level: int) -> Heading:
    """The heading of an architecture inside the chapter of its family."""
    title = CELLS[name].title
    return Heading(level, prose(title[0].upper() + title[1:]), listed=level < 3)


def _answers(rows: Sequence[tuple[Question, Decided]]) -> dict[str, tuple[Block, ...]]:
    """The blocks of every answer, by question; an answer with the weights of an earlier one refers to it."""
    found: dict[str, tuple[Block, ...]] = {}
    seen: dict[str, str] = {}
    for question, decision in rows:
        weights = decision.answer.weights.sha256 if isinstance(decision.answer, Construction) else ""
        if weights and weights in seen and decision.verdict is Verdict.PROVED:
            line: Line = (*condition_line(decision.answer.regime), *prose(f", by {decision.theorem}: "))
            again = f"the weights and the theorem are those of “{seen[weights]}”. {decision.verdict.value}."
            found[question.name] = (Paragraph((*line, *prose(again))),)
        else:
            seen[weights] = question.name
            found[question.name] = decision.blocks(3, alone=False)
    return found


def _pictures(names: Sequence[str]) -> list[Block]:
    """Figures that belong to no single answer."""
    proposals: list[tuple[str, list[Construction]]] = []
    for name in names:
        try:
            made = [construct(name, n=PICTURED_N, precision=digits) for digits in PRECISIONS]
        except UsageError:
            continue
        kept = [i for i in made if isinstance(i, Construction) and i.derivation is not None and i.derivation.bound != 0]
        if kept and kept[0].theorem not in {items[0].theorem for _, items in proposals}:
            proposals.append((f"{name} ({kept[0].theorem})", kept))
    responses = prose(
        "Linear memories: what x_1 = 1 leaves in the state of h' = λh + x. Bengio, Simard & Frasconi 1994 describe the first and "
        "the last as vanishing and exploding gradients; it is the exploding memory that recalls x_1 (C2)."
    )
    lattice = prose(
        "The lattice of the path theorem: every input +M is a step right, every -M a step up, read backwards. At each point "
        "the least spread of the path values, in units of 2η: C(i+j, i) - 1. On the dashed diagonal it may be at most (1-η)/η."
    )
    price = prose(f"The price of accuracy: bound of the error at n = {PICTURED_N} against the largest weight.")
    pictures: list[Block] = [
        _chapter("Pictures"),
        Picture(figures.impulse_responses(), responses),
        Picture(figures.lattice_paths(), lattice),
    ]
    if proposals:
        pictures.append(Picture(figures.accuracy_against_weight(proposals, 4 * max(PRECISIONS) * 4), price))
    return pictures

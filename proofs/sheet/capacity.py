"""The sheet of the memorisation capacity: how many reals each cell copies, and why not one more (T8, C10)."""

from __future__ import annotations

from fractions import Fraction

from constructions.delay import DELAY_LINES, CopyConstruction, construct_copy
from proofs.sheet.document import Block, Display, Heading, Line, Listing, Math, Paragraph, Strong, Table, Text
from proofs.sheet.notation import prose, rational
from proofs.sheet.numbers import stated
from proofs.sheet.theorems import theorem_blocks, verdict_line
from proofs.theorems import THEOREMS
from verifier.arithmetic.balls import Balls, show_upper
from verifier.cells import CELLS
from verifier.copy_task import CopyTask
from verifier.copying import certify_copy
from verifier.exact import show_rational
from verifier.summary import DIGITS
from verifier.verdict import Verdict, all_of

UPPER_SIDE, LOWER_SIDE = "T8", "C10"


def capacity_blocks(
    hidden: int, bound: Fraction, tolerance: Fraction, seed: int = 0, level: int = 1, alone: bool = True
) -> tuple[tuple[Block, ...], Verdict]:
    """Question, table of cells, both theorems (if `alone`), how to reproduce; and the joint verdict.

    Every cell with a delay line is certified at n = D, and T8's hypotheses are checked at n = D + 1.
    """
    upper = THEOREMS[UPPER_SIDE].run()
    verdicts = list(upper.values())
    rows: list[tuple[Line, ...]] = []
    for name in DELAY_LINES:
        most = CELLS[name].state_reals(hidden)
        row, found = _cell(CopyTask(name, most, bound, tolerance, hidden), seed)
        beyond = Verdict.PROVED if CopyTask(name, most + 1, bound, tolerance, hidden).is_impossible else Verdict.UNDECIDED
        rows.append((*row, (verdict_line(beyond),)))
        verdicts += [found, beyond]
    verdict = all_of(verdicts)
    heads: tuple[Line, ...] = ((Text("cell"),), (Math("D"),), (Math("n = D"),), (Text("error at most"),), (Math("s_0"),))
    told = (
        "Copy task: read x_1, ..., x_n, then blanks, and put out x_1, ..., x_n at the times n, ..., 2n - 1. How large can n be "
        f"with d = {hidden} hidden units, for all real inputs of the box and an error of at most"
    )
    end = rational(bound)
    asked = rf"\max_j |y_{{n+j-1}} - x_j| \le {rational(tolerance)}, \qquad x_j \in [-{end},\, {end}] \;?"
    blocks: list[Block] = [Heading(level, (Text("The question"),)), Paragraph(prose(told))]
    blocks += [
        Display((asked,)),
        Heading(level, (Text("The answer"),)),
        Paragraph(
            (
                *prose("As many as the state holds reals: D = d for an RNN, D = 2d for an LSTM, whose h and c are both kept. "),
                *prose(
                    f"For n = D explicit delay lines are certified ({LOWER_SIDE}); for n = D + 1 every choice of weights has an "
                ),
                *prose(f"error of at least M, no better than the constant output 0 ({UPPER_SIDE}). Verdict: "),
                Strong(verdict.value),
                Text("."),
            )
        ),
        Table((0.36, "r", "l", "r", "l", 0.17), (*heads, (Math("n = D + 1"), Text(" impossible"))), tuple(rows)),
    ]
    if alone:
        for name in (UPPER_SIDE, LOWER_SIDE):
            theorem = THEOREMS[name]
            results = upper if name == UPPER_SIDE else theorem.run()
            blocks += [Heading(level, (Text(f"Theorem {name}: "), *prose(theorem.title))), *theorem_blocks(theorem, results)]
    commands = tuple(f"verify capacity {name} --hidden {hidden} --tolerance {show_rational(tolerance)}" for name in DELAY_LINES)
    blocks += [Heading(level, (Text("How to reproduce"),)), Listing(commands)]
    return tuple(blocks), verdict


def _cell(task: CopyTask, seed: int) -> tuple[tuple[Line, ...], Verdict]:
    """Name, D, verdict at n = D, certified error, initial state."""
    answer = construct_copy(task)
    name: Line = prose(CELLS[task.architecture].title)
    held: Line = (Math(str(task.n)),)
    if not isinstance(answer, CopyConstruction):
        return (name, held, (verdict_line(Verdict.UNDECIDED),), (Text("–"),), (Text("–"),)), Verdict.UNDECIDED
    result = certify_copy(answer.weights, task, seed=seed)
    with Balls(result.working_bits).working():
        error = stated(show_upper(result.bound.upper, DIGITS))
    start = "0" if result.starts_at_zero else "set"
    return (name, held, (verdict_line(result.verdict),), (Math(error),), (Text(start),)), result.verdict

"""The sheet of the gradients: how y_n moves with x_1 in an LSTM and a tanh RNN that recall, in one that does not, and the
price of a linear memory that does not expand (theory section 4, T3b, T3c)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from constructions import Construction, construct
from constructions.slopes import stated_gradient
from constructions.transitions import transition
from proofs.impossible import checked
from proofs.sheet import charts, figures
from proofs.sheet.document import Block, Heading, Line, Listing, Math, Paragraph, Picture, Strong, Table, Text
from proofs.sheet.figure import Figure
from proofs.sheet.notation import prose
from proofs.sheet.numbers import at_most, stated
from proofs.sheet.theorems import verdict_line
from verifier.arithmetic.balls import Balls
from verifier.cells import CELLS
from verifier.exact import show_rational
from verifier.gradient import GradientReport, decide_gradients
from verifier.linear_memory import central_binomial, worthless_horizon
from verifier.program import record
from verifier.regime import DEFAULT_HIDDEN
from verifier.summary import error_text
from verifier.verdict import Verdict, all_of
from verifier.weights import Weights

RECALLING = ("lstm", "tanh")
"""Architectures whose constructed weights are compared."""

FORGETTING = "contraction"
"""The named matrix of the tanh RNN whose gradients vanish."""

FORGETTING_UNITS = 4
"""Its units."""

GIVEN_BITS, GUARD_BITS = 192, 64
"""Working precision of weights without a request, and bits beyond the request's."""

DIGITS = 3
"""Significant digits of a slope, rounded outward."""

DEGREES = (1, 2, 4, 8, 16, 32)
"""Units of the linear memories in the table of prices."""

PRICES = ("T3b", "T3c")


@dataclass(frozen=True)
class Slopes:
    """One network, where its weights come from, and what was decided of its gradients."""

    name: str
    weights: Weights
    construction: Construction | None
    report: GradientReport


@cache
def compare(n: int, precision: int, bound: Fraction, hidden: int = DEFAULT_HIDDEN, seed: int = 0) -> tuple[Slopes, ...]:
    """The recalling networks sized for `precision` digits at every n' <= n, and the forgetting one."""
    horizons = figures.horizons(n)
    found = []
    for name in RECALLING:
        answer = construct(name, n, precision, bound=bound, hidden=hidden)
        if isinstance(answer, Construction):
            bits = answer.regime.working_bits + GUARD_BITS
            stated_here = stated_gradient(answer)
            report = decide_gradients(record(answer.weights), bound, horizons, bits, stated=stated_here, seed=seed)
            found.append(Slopes(name, answer.weights, answer, report))
    weights = transition(FORGETTING, FORGETTING_UNITS, seed).weights("tanh")
    report = decide_gradients(record(weights), bound, horizons, GIVEN_BITS, seed=seed)
    return (*found, Slopes(f"tanh, {FORGETTING}", weights, None, report))


def gradient_blocks(
    n: int, precision: int, bound: Fraction, hidden: int = DEFAULT_HIDDEN, seed: int = 0, level: int = 1, alone: bool = True
) -> tuple[tuple[Block, ...], Verdict]:
    """Question, answer, table over n, figures, what the theorems state, the linear price, how to reproduce; the verdict."""
    found = compare(n, precision, bound, hidden, seed)
    prices = {name: all_of(checked(name).values()) for name in PRICES}
    verdict = all_of([*(item.report.verdict for item in found), *prices.values()])
    m = at_most(bound)
    asked: Line = (
        Text("How does the output move with the first input? Enclosed are the least and the largest "),
        Math(r"\partial y_n/\partial x_1"),
        *prose(" over every input sequence of the box, and the largest modulus of "),
        Math(r"\partial y_n/\partial x_t,\ t \ge 2"),
        Text(", for "),
        Math(rf"x_t \in [-{m},\, {m}]"),
        Text("."),
    )
    blocks: list[Block] = [Heading(level, (Text("The question"),)), Paragraph(asked)]
    blocks += [Heading(level, (Text("The answer"),)), *(Paragraph(_answer(item)) for item in found)]
    blocks.append(Paragraph((Text("Verdict: "), Strong(verdict.value), Text("."))))
    blocks += [Heading(level, (Text("The numbers"),)), *(block for item in found for block in _tables(item))]
    for picture, caption in gradient_pictures(found):
        blocks.append(Picture(picture, prose(caption)))
    blocks += [Heading(level, (Text("What the theorems state"),)), *_stated(found)]
    blocks += [Heading(level, (Text("The linear price"),)), *_price(prices)]
    if alone:
        blocks += [Heading(level, (Text("How to reproduce"),)), Listing(_commands(n, precision, bound, hidden))]
    return tuple(blocks), verdict


def gradient_pictures(found: Sequence[Slopes]) -> tuple[tuple[Figure, str], ...]:
    """The figures of a comparison, each with its caption."""
    deficits = (
        "How far the gradient falls short of 1 in the worst case. At its fixed scale ε the deficit of the LSTM hardly grows, "
        "the constant error carousel of Hochreiter & Schmidhuber 1997; that of the tanh line grows with n, so its scale is "
        "sized for the last n."
    )
    slopes = (
        "The largest gradient over all input sequences. What recalls keeps it at 1; the random contraction loses it "
        "exponentially (Hochreiter 1991; Bengio, Simard & Frasconi 1994)."
    )
    drawn = []
    named = [(item.name, item.report) for item in found]
    deficit = charts.gradient_deficits([pair for pair, item in zip(named, found, strict=True) if item.construction is not None])
    if deficit is not None:
        drawn.append((deficit, deficits))
    largest = charts.largest_gradients(named)
    if largest is not None:
        drawn.append((largest, slopes))
    return tuple(drawn)


def _answer(item: Slopes) -> Line:
    """One sentence on a network, from its report."""
    title = CELLS[item.weights.cell].title
    if item.construction is None:
        what: Line = prose(f"{title}, {item.weights.hidden} units, a random matrix whose rows have absolute sums below 1: ")
    else:
        tolerance = item.construction.regime.tolerance
        what = (*prose(f"{title} ({item.construction.theorem}), sized to recall within "), Math(at_most(tolerance)), Text(": "))
    if not item.report.rows:
        return (*what, *prose(f"{item.report.reason}. "), verdict_line(item.report.verdict), Text("."))
    row = item.report.rows[-1]
    with Balls(item.report.working_bits).working():
        low = stated(error_text(row.first.lower, up=False, digits=DIGITS))
        high = stated(error_text(row.first.upper, up=True, digits=DIGITS))
    between = rf"{low} \;\le\; \partial y_{{{row.n}}}/\partial x_1 \;\le\; {high}"
    fate = ""
    if item.report.carried is Verdict.PROVED:
        fate = ", the gradient is carried"
    elif item.report.contraction is not None:
        fate = ", and gradients vanish for ever"
    return (*what, Math(between), Text(f" for every sequence{fate} ("), verdict_line(item.report.verdict), Text(")."))


def _tables(item: Slopes) -> list[Block]:
    """n, least and largest slope, largest later slope of one network."""
    heads: tuple[Line, ...] = (
        (Math("n"),),
        (Text("least "), Math(r"\partial y_n/\partial x_1")),
        (Text("largest"),),
        (Text("largest "), Math(r"|\partial y_n/\partial x_t|,\ t \ge 2")),
    )
    rows = []
    for row in item.report.rows:
        with Balls(item.report.working_bits).working():
            ends = (error_text(row.first.lower, up=False, digits=DIGITS), error_text(row.first.upper, up=True, digits=DIGITS))
            later = error_text(row.later, up=True, digits=DIGITS) if row.n > 1 else "-"
        rows.append(((Math(str(row.n)),), *((Math(stated(text)),) for text in (*ends, later))))
    if not rows:
        return []
    title = CELLS[item.weights.cell].title
    named = f"{title}, random contraction" if item.construction is None else f"{title} ({item.construction.theorem})"
    told = Paragraph((Text("Rounded outward."),), lead=prose(f"{named[0].upper()}{named[1:]}."))
    return [told, Table(("r",) * 4, heads, tuple(rows))]


def _stated(found: Sequence[Slopes]) -> list[Block]:
    blocks: list[Block] = []
    for item in found:
        said = item.report.stated
        if said is None or not item.report.rows:
            continue
        last = item.report.rows[-1].n
        with Balls(item.report.working_bits).working():
            value = stated(error_text(said.deficit_at(last), up=True))
        line: list[Text | Math | Strong] = [
            *prose(f"{said.statement}; at n = {last} the deficit is at most "),  # type: ignore[list-item]
            Math(value),
            Text(". The enclosures of all rows lie inside: "),
            verdict_line(all_of(item.report.inside)),
            Text("."),
        ]
        blocks.append(Paragraph(tuple(line), lead=(Text(f"{said.theorem}."),)))
    return blocks


def _price(prices: dict[str, Verdict]) -> list[Block]:
    told = (
        "A linear state keeps its gradient only by not contracting, and without expanding it cannot keep x_1 for long: if no "
        "eigenvalue of the d by d matrix lies beyond the unit circle, every readout misses x_1 by at least M/C(d, ⌊d/2⌋) at "
        "every n > d (T3b), and by M, no better than the constant 0, from some n on (T3c)."
    )
    heads: tuple[Line, ...] = ((Math("d"),), prose("least error for n > d"), (Text("worthless from"),))
    rows = tuple(
        (
            (Math(str(d)),),
            (Math(f"M/{central_binomial(d)}" if d > 1 else "M"),),
            (Math(f"n = {worthless_horizon(d)}"),),
        )
        for d in DEGREES
    )
    line: list[Text | Strong] = []
    for name, verdict in prices.items():
        line += [Text(f"{'; ' if line else ''}checks of {name}: "), verdict_line(verdict)]
    return [Paragraph(prose(told)), Table(("r", "r", "r"), heads, rows), Paragraph((*line, Text(".")))]


def _commands(n: int, precision: int, bound: Fraction, hidden: int) -> tuple[str, ...]:
    box = "" if bound == 1 else f" --bound {show_rational(bound)}"
    units = "" if hidden == DEFAULT_HIDDEN else f" --hidden {hidden}"
    return (
        f"verify gradient {' '.join(RECALLING)} --n {n} --precision {precision}{box}{units}",
        f"verify gradient tanh --example {FORGETTING} --hidden {FORGETTING_UNITS} --n {n}{box}",
        *(f"verify explain {name}" for name in PRICES),
    )

"""A construction with its certificate as the blocks of a sheet."""

from __future__ import annotations

import itertools

from constructions.answer import Construction
from proofs.impossible import checked
from proofs.sheet import drift, figures
from proofs.sheet.document import (
    Block,
    Code,
    Display,
    Heading,
    Inline,
    Line,
    Listing,
    Math,
    Paragraph,
    Picture,
    Strong,
    Table,
    Text,
)
from proofs.sheet.notation import formula, prose, unit_label
from proofs.sheet.numbers import at_most, enclosure, sequence, stated
from proofs.sheet.question import condition, condition_line, equations, question, request
from proofs.sheet.theorems import theorem_blocks, verdict_line
from proofs.sheet.weights import weights_blocks
from proofs.theorems import THEOREMS
from verifier.arithmetic.balls import ONE, ZERO, Balls, to_ball
from verifier.arithmetic.enclosures import Interval
from verifier.cells import CELLS, Cell
from verifier.certificate import to_data
from verifier.certify import Certificate
from verifier.gates import Ranges, enclose_activations, live_units
from verifier.regime import Regime
from verifier.sequences import length
from verifier.summary import error_text, numbers
from verifier.verdict import Verdict

LATER_STEPS = 16
"""The last step whose activations are enclosed."""

MOST_UNITS = 4
"""Units whose activations are tabulated."""


def answer_blocks(
    construction: Construction, certificate: Certificate, level: int = 1, alone: bool = True, asked_by: str = ""
) -> tuple[Block, ...]:
    """Question, answer, cell, weights, activations, theorem, numbers, worst case, how to reproduce.

    Not `alone`: cell and theorem stand elsewhere in the document. `asked_by`: the command of the question that no weights
    meet, where this is the closest construction.
    """
    regime = certificate.regime
    cell = CELLS[regime.architecture]
    with Balls(certificate.working_bits).working():
        opening: tuple[Block, ...] = (*asked(regime, level, alone), _answer(construction, certificate))
        if alone:
            opening += (_head("The cell", level), *cell_blocks(cell))
        middle = (
            _head("The weights", level),
            *weights_blocks(construction),
            _head("Step by step", level),
            *_activations(certificate),
        )
        if alone:
            middle += (_head("The theorem", level), *proof_blocks(construction, certificate))
        numbers_and_more = (
            _head("The numbers", level),
            *numbers_blocks(construction, certificate, pictured=not asked_by),
            _head("How to reproduce", level),
            *reproduce(certificate, asked_by),
        )
        return (*opening, *middle, *numbers_and_more)


def asked(regime: Regime, level: int, alone: bool) -> tuple[Block, ...]:
    """The question in words and as a formula, and the heading of the answer; not `alone`, only the formula."""
    if not alone:
        return (Paragraph((Text("Asked:"),)), Display((condition(regime),)))
    return (_head("The question", level), *question(regime), _head("The answer", level))


def cell_blocks(cell: Cell) -> tuple[Block, ...]:
    """The equations of the cell."""
    return (Paragraph((Text("One step of the cell:"),)), *equations(cell))


def _head(text: str, level: int) -> Heading:
    return Heading(level, (Text(text),))


def _answer(construction: Construction, certificate: Certificate) -> Paragraph:
    """One sentence; the verdict is that of the run."""
    regime = certificate.regime
    if certificate.verdict is Verdict.PROVED:
        units = len(live_units(certificate.weights))
        count = f"{units} of the {regime.hidden} units" if units < regime.hidden else f"all {regime.hidden} units"
        line: Line = (
            Strong("Yes"),
            *prose(f": {construction.title}, with {count}. "),
            *_reached(certificate),
            *prose(f" (theorem {construction.theorem})."),
        )
    elif certificate.verdict is Verdict.REFUTED:
        line = (Strong("These weights do not"), *prose(f" ({construction.title}): {certificate.reason}."))
    else:
        line = (Strong("Undecided for these weights"), *prose(f" ({construction.title}): {certificate.reason}."))
    return Paragraph((*line, Text(" Verdict: "), Strong(certificate.verdict.value), Text(".")))


def _reached(certificate: Certificate) -> tuple[Inline, ...]:
    supremum = certificate.supremum
    if supremum is None or supremum.upper.is_zero():
        return condition_line(certificate.regime) if supremum is not None else ()
    exact = supremum.exact_value
    worst = stated(error_text(supremum.upper, up=True)) if exact is None else at_most(exact)
    return (Text("The worst error over all these sequences is at most "), Math(worst))


def _activations(certificate: Certificate) -> tuple[Block, ...]:
    """Enclosures over all inputs of the box at step 1, step 2 and the steps after, and a heat map on one sequence."""
    regime, weights = certificate.regime, certificate.weights
    last = min(regime.n, LATER_STEPS)
    steps = enclose_activations(weights, [Interval(to_ball(-regime.bound), to_ball(regime.bound))] * last)
    cell = CELLS[weights.cell]
    units = live_units(weights)
    shown = units if len(units) <= MOST_UNITS else [*units[: MOST_UNITS - 1], units[-1]]
    kind = "gate" if len(cell.gates) > 1 else "unit"
    heads: list[Line] = [(Text(kind),), (Math("t = 1"),)]
    groups: list[list[Ranges]] = [steps[:1]]
    if last >= 2:
        heads.append((Math("t = 2"),))
        groups.append(steps[1:2])
    if last >= 3:
        heads.append((Math(rf"3 \le t \le {last}" if last > 3 else "t = 3"),))
        groups.append(steps[2:])
    rows = []
    for gate, unit in ((gate, unit) for unit in shown for gate in cell.gates if (gate, unit) in steps[0]):
        name = f"{formula(gate)}[{unit_label(weights.unit_name(unit))}]"
        ranges = [_within_range(_hull(group, gate, unit), cell.activation[gate]) for group in groups]
        rows.append(((Math(name),), *((Math(enclosure(value)),) for value in ranges)))
    among = f" (units {', '.join(weights.unit_name(u) for u in shown)})" if shown != units else ""
    inputs = "all inputs" if regime.extent is not None else "all inputs of [-1, 1], as an example"
    told = f"What each {kind}{among} does at every step, enclosed over {inputs}; ends rounded outward."
    picture = figures.activations(certificate)
    return (
        Paragraph(prose(told)),
        Table(("l", *("r" for _ in groups)), tuple(heads), tuple(rows)),
        Picture(
            picture,
            prose(
                f"The activations on {'the worst-case sequence' if figures.on_worst_case(certificate) else 'x_1 = M/3, then -M'}"
                f": black is the largest and white the least value that a {kind} can take{_shades(cell)}."
            ),
        ),
    )


def _shades(cell: Cell) -> str:
    """Which values these are, for the activations that a cell has."""
    known = {"sigmoid": "σ: 1 and 0", "tanh": "tanh: 1 and -1"}
    used = dict.fromkeys(cell.activation[gate] for gate in cell.gates)
    told = [known[activation] for activation in used if activation in known]
    if used.keys() - known.keys():
        told.append("others: largest modulus and 0" if told else "largest modulus and 0")
    return f" ({'; '.join(told)})"


def _hull(steps: list[Ranges], gate: str, unit: int) -> Interval:
    value = steps[0][gate, unit]
    for step in itertools.islice(steps, 1, None):
        value = value.hull(step[gate, unit])
    return value


def _within_range(value: Interval, activation: str) -> Interval:
    """An interval of σ or tanh without what its rounding put beyond the function's range."""
    least = {"sigmoid": ZERO, "tanh": -ONE}.get(activation)
    return value if least is None else Interval(value.lower.max(least), value.upper.min(ONE))


def proof_blocks(construction: Construction, certificate: Certificate) -> tuple[Block, ...]:
    """The theorem with the derivation made for this request, as the certificate checked it."""
    theorem = THEOREMS[construction.theorem]
    symbolic = certificate.symbolic
    if symbolic is None or construction.derivation is None:
        refresh = None if certificate.supremum is None else certificate.supremum.refresh
        read = {} if refresh is None else {f"{i.name}: {i.text}": i.verdict for i in refresh.inequalities}
        return theorem_blocks(theorem, {name: check() for name, check in (theorem.checks or {}).items()} | read)
    results = {**symbolic.steps, "the steps end in the bound": construction.derivation.check_conclusion()}
    results["the weights are the theorem's at these numbers"] = symbolic.covers
    ran = checked(theorem.id)
    results |= {name: ran[name] for name in theorem.checks or {}}
    blocks = theorem_blocks(theorem, results, construction.derivation, symbolic.hypotheses)
    if construction.leading_order not in ("", "0"):
        return (*blocks, Paragraph(prose(f"To leading order the bound is {construction.leading_order}.")))
    return blocks


def numbers_blocks(construction: Construction, certificate: Certificate, pictured: bool = True) -> tuple[Block, ...]:
    """Observed, supremum, symbolic and tolerance, the links between them, the worst case; a picture over n if `pictured`."""
    rows = tuple(((Text(name),), (Math(stated(value)),), prose(where)) for name, value, where in numbers(certificate))
    links: list[Inline] = []
    for link in certificate.comparisons:
        links += [Text("; " if links else ""), Text(link.text.replace("<=", "≤")), Text(": "), verdict_line(link.verdict)]
    blocks: list[Block] = [Table(("l", "r", 0.55), ((Text(""),), (Text("error"),), (Text("how it was found"),)), rows)]
    if links:
        blocks.append(Paragraph((*links, Text("."))))
    supremum = certificate.supremum
    if supremum is not None and supremum.upper.is_zero():
        blocks.append(Paragraph(prose("There is no worst case: the error is 0 for every sequence."), lead=(Text("Worst case."),)))
    elif supremum is not None and supremum.witness:
        lead: Line = (Text("Worst case." if supremum.exact else "Worst case found."),)
        told = f", read at n' = {length(supremum.witness)}."
        blocks.append(Paragraph((Math(f"x = {sequence(supremum.witness)}"), *prose(told)), lead=lead))
    drawn = figures.error_against_n(construction, certificate) if pictured else None
    if drawn is not None:
        caption = "The same weights read earlier: worst error over all inputs, the adversaries' best, and the theorem's bound."
        blocks.append(Picture(drawn, prose(caption)))
    beyond = drift.drift(certificate) if pictured else None
    if beyond is not None:
        blocks.append(Picture(beyond, prose(drift.CAPTION)))
    return tuple(blocks)


def reproduce(certificate: Certificate, asked_by: str = "") -> tuple[Block, ...]:
    """The commands and the hashes; `asked_by` as in `answer_blocks`."""
    name = f"{certificate.regime.architecture}.json"
    data = to_data(certificate)
    bits = f"{certificate.working_digits} working digits; the claims are about real numbers, and nothing rests on floating point."
    commands: Block = Listing((f"{request(certificate.regime)} --certificate {name}", f"verify check {name}"))
    if asked_by:
        commands = Paragraph((Text("Part of the answer of "), Code(asked_by), Text(".")))
    return (
        commands,
        Paragraph((Code(data["weights_sha256"], anywhere=True),), lead=(Text("Weights sha256."),)),
        Paragraph((Code(data["sha256"], anywhere=True),), lead=(Text("Certificate sha256."),)),
        Paragraph(prose(f"Decided in Arb balls with {bits}")),
    )

"""Figures of what the commands beside recall found: copying, the price of accuracy, gradients, powers of a matrix, the map."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

from proofs.sheet.figure import LINES, Axis, Cells, Curve, Figure, Note, coordinate, curve, decade_axis, decades, style
from proofs.sheet.figures import heat_map
from proofs.survey import COLUMNS, Finding, Map
from verifier.any_weights import Bracket
from verifier.arithmetic.balls import Balls, to_ball
from verifier.copy_task import CopyTask
from verifier.copying import CopyCertificate
from verifier.gates import gate_activations
from verifier.gradient import GradientReport
from verifier.holding import HoldCertificate
from verifier.law import Sample
from verifier.linear_gradient import TransitionReport
from verifier.program import record
from verifier.run import Runner
from verifier.sequences import expand

SHADES = {"yes": 0.0, "differs": 0.12, "open": 0.25, "no": 0.4}
"""Grey of a cell of the map, light enough for black words on it."""

FLAT = 0.01
"""Decades from 1 within which a curve is no picture."""

NOT_PROVED = {"undecided": "?", "refuted": "REFUTED"}
"""Words of a claim of the map that did not hold."""


def copied(certificate: CopyCertificate) -> Figure:
    """Where x_1 is: how far each gate is from its rest after x_1 = M and 2n - 2 zeros, in shares of the row's largest."""
    task, weights = certificate.task, certificate.weights
    steps = 2 * task.n - 1
    with Balls(certificate.working_bits).working():
        pulse, rest = (gate_activations(weights, [first, *[Fraction(0)] * (steps - 1)]) for first in (task.bound, Fraction(0)))
        moved = [{place: abs(value - still[place]) for place, value in now.items()} for now, still in zip(pulse, rest, strict=True)]
    return heat_map(weights, moved, certificate.working_bits, relative=True)


def held(certificate: HoldCertificate) -> Figure:
    """Errors of the first, middle and last number while they are held, step by step; what is proved of all; the tolerance.

    Inputs are the worst found up to the number, then the opposite sign for twice as long as the longest attack.
    """
    task, curves = certificate.task, []
    with Balls(certificate.working_bits).working():
        for line, position in zip(LINES, sorted({1, (task.n + 1) // 2, task.n}), strict=False):
            runner = Runner(record(certificate.readouts[position - 1]), Balls(certificate.working_bits))
            attack = certificate.held[position - 1]
            *first, number = list(expand(attack.inputs))[:position]
            later = -task.bound if number > 0 else task.bound
            inputs = [*first, number, *[later] * (2 * attack.longest - position)]
            errors = [decades(abs(y - to_ball(number))) for y in runner.outputs(inputs)]
            points = [(float(t), error) for t, error in enumerate(errors, 1) if t >= position]
            curves.append(curve(f"$x_{{{position}}}$", points, line))
        ends = [float(t) for t in (1, 2 * max(attack.longest for attack in certificate.held))]
        proved = decades(certificate.upper) if certificate.upper.is_finite() else None
    curves.append(curve("proved", [(t, proved) for t in ends], "solid", "o"))
    curves.append(curve("asked", [(t, decades(task.tolerance)) for t in ends], "dotted", "s"))
    shown = tuple(item for item in curves if item.points)
    vertical = decade_axis("error of $x_j$", (y for item in shown for _, y in item.points))
    return Figure(name="held", title="", horizontal=Axis("step $t$"), vertical=vertical, curves=shown)


def capacity(certificates: Sequence[CopyCertificate], forbidden: CopyTask) -> Figure:
    """Error of copying n numbers: proved and attained by the delay lines up to the capacity, M for every network beyond it.

    The vertical axis is logarithmic unless every copy is exact.
    """
    bound, beyond = forbidden.bound, (forbidden.n, max(forbidden.n + 1, 2 * forbidden.capacity))
    exact = all(certificate.bound.upper.is_zero() for certificate in certificates)
    height = coordinate if exact else decades
    proved, attained = [], []
    for certificate in certificates:
        with Balls(certificate.working_bits).working():
            proved.append((float(certificate.task.n), height(certificate.bound.upper)))
            attained.append((float(certificate.task.n), height(certificate.attained.error)))
    curves = (
        curve("C10: proved", proved, "solid", "o"),
        curve("C10: attained", attained, "none", "x"),
        curve("T8: at least", [(float(n), height(bound)) for n in beyond], "dashed", "s"),
    )
    label = "largest error"
    return Figure(
        name="capacity",
        title="",
        horizontal=Axis("numbers $n$"),
        vertical=Axis(label) if exact else decade_axis(label, (y for item in curves for _, y in item.points)),
        curves=curves,
    )


def bracket_against_n(brackets: Sequence[Bracket]) -> Figure | None:
    """Attained error and proved bound at each n' alone, and the tolerance; None where all of them are 0 or only one n' is known."""
    known = []
    for found in brackets:
        with Balls(found.working_bits).working():
            upper = None if found.upper is None else decades(found.upper)
            known.append((decades(found.regime.n), decades(found.lower), upper))
    if len(known) < 2 or all(lower is None and upper is None for _, lower, upper in known):
        return None
    asked = decades(brackets[0].regime.tolerance)
    return _decades_chart(
        "bracket",
        "$n'$",
        "recall error",
        (
            curve("proved", ((n, upper) for n, _, upper in known), "solid", "o"),
            curve("attained", ((n, lower) for n, lower, _ in known), "none", "x"),
            curve("asked", ((n, asked) for n, _, _ in (known[0], known[-1])), "dotted"),
        ),
    )


def bracket_against_boxes(found: Bracket) -> Figure | None:
    """The bracket while the box of all sequences was divided, and the tolerance; None where nothing was bounded by dividing."""
    moments = [moment for moment in found.moments if math.isfinite(moment.upper) and moment.seen > 0]
    if not moments:
        return None
    asked = decades(found.regime.tolerance)
    places = [decades(moment.boxes) for moment in moments]
    return _decades_chart(
        "boxes",
        "boxes bounded",
        "recall error",
        (
            curve("proved", zip(places, (decades(Fraction(moment.upper)) for moment in moments), strict=True), "solid", "o"),
            curve("seen", zip(places, (decades(Fraction(moment.seen)) for moment in moments), strict=True), "none", "x"),
            curve("asked", ((place, asked) for place in (places[0], places[-1])), "dotted"),
        ),
    )


def price_of_accuracy(samples: Mapping[str, Sequence[Sample]]) -> Figure | None:
    """1/tolerance against the largest weight that was built for it, one curve per construction, each at one n."""
    curves = []
    for k, (name, found) in enumerate(samples.items()):
        n = _most_often(found)
        points = sorted({(sample.tolerance, sample.largest) for sample in found if sample.n == n}, reverse=True)
        curves.append(curve(f"{name}, $n = {n}$", ((decades(1 / d), decades(w)) for d, w in points), *style(k)))
    return _decades_chart("price", r"accuracy $1/\delta$", "largest weight", curves)


def _most_often(samples: Sequence[Sample]) -> int:
    """The horizon at which most tolerances were built; the smallest of several."""
    return min({sample.n for sample in samples}, key=lambda n: (-len({s.tolerance for s in samples if s.n == n}), n))


def gradient_deficits(reports: Sequence[tuple[str, GradientReport]]) -> Figure | None:
    """The worst shortfall 1 - ∂y_n/∂x_1 against n, an upper bound; None where nothing was enclosed."""
    curves = []
    for k, (name, report) in enumerate(reports):
        with Balls(report.working_bits).working():
            points = [(decades(row.n), decades((1 - row.first.lower).upper())) for row in report.rows]
        curves.append(curve(name, points, *style(k)))
    return _decades_chart("deficits", "$n$", r"worst $1 - \partial y_n/\partial x_1$", curves)


def largest_gradients(reports: Sequence[tuple[str, GradientReport]]) -> Figure | None:
    """The largest |∂y_n/∂x_1| over all input sequences against n, an upper bound; None where it is 1 for every network."""
    curves = []
    for k, (name, report) in enumerate(reports):
        with Balls(report.working_bits).working():
            points = [(decades(row.n), decades(row.first.largest_modulus())) for row in report.rows]
        curves.append(curve(name, points, *style(k)))
    if all(abs(y) < FLAT for item in curves for _, y in item.points):
        return None
    return _decades_chart("slopes", "$n$", r"largest $|\partial y_n/\partial x_1|$", curves)


def powers(report: TransitionReport) -> Figure | None:
    """‖A^n‖ with its bounds for all n, and the recall error of the given B and C, against n."""
    with Balls(report.working_bits).working():
        rows = report.rows
        curves = (
            curve("at most", ((decades(row.n), decades(row.upper)) for row in rows), "dashed"),
            curve(r"$\|A^n\|$", ((decades(row.n), None if row.norm is None else decades(row.norm)) for row in rows), "solid", "o"),
            curve("at least", ((decades(row.n), decades(row.lower)) for row in rows), "dotted"),
            curve("error$/M$", ((decades(row.n), None if row.error is None else decades(row.error)) for row in rows), "none", "x"),
        )
    return _decades_chart("powers", "$n$", "", curves)


def _decades_chart(name: str, horizontal: str, vertical: str, curves: Sequence[Curve]) -> Figure | None:
    """Curves on two logarithmic axes; None where none has a point."""
    shown = tuple(item for item in curves if item.points)
    if not shown:
        return None
    return Figure(
        name=name,
        title="",
        horizontal=decade_axis(horizontal, (x for item in shown for x, _ in item.points)),
        vertical=decade_axis(vertical, (y for item in shown for _, y in item.points)),
        curves=shown,
    )


def chart(drawn: Map) -> Figure:
    """The map: a row per group of architectures with the same answers, a column per regime, darker where it is impossible."""
    rows = drawn.rows()
    words = [[_word(cells[column.key]) for column in COLUMNS] for _, cells in rows]
    names = [names[0] + (f" +{len(names) - 1}" if len(names) > 1 else "") for names, _ in rows]
    notes = [
        Note((k + 1.0, float(len(rows) - r)), rf"\text{{{text}}}") for r, row in enumerate(words) for k, (_, text) in enumerate(row)
    ]
    titles = tuple((k + 1.0, column.title.replace(": ", ":\n").replace(", ", ",\n")) for k, column in enumerate(COLUMNS))
    return Figure(
        name="map",
        title="",
        horizontal=Axis("", ticks=titles, limits=(0.5, len(COLUMNS) + 0.5)),
        vertical=Axis("", ticks=tuple((float(len(rows) - r), n) for r, n in enumerate(names)), limits=(0.5, len(rows) + 0.5)),
        cells=Cells(tuple(tuple(SHADES[kind] for kind, _ in row) for row in words)),
        notes=tuple(notes),
    )


def _word(findings: Sequence[Finding]) -> tuple[str, str]:
    """Shade and words of a cell: the answer where all n agree, else that it depends on n or on the accuracy."""
    answers = list(dict.fromkeys(finding.answer for finding in findings))
    for answer, word in NOT_PROVED.items():
        if answer in answers:
            return "open", word
    if len(answers) == 1:
        return answers[0], answers[0]
    return "differs", " / ".join(answers)

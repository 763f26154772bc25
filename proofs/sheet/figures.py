"""The figures of the sheets, computed: nothing in them is drawn by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from math import comb

from flint import arb

from constructions.answer import Construction
from proofs.sheet.figure import Axis, Cells, Curve, Figure, Note, coordinate, curve, decade_axis, decades, rounded, style
from proofs.sheet.notation import formula, unit_label
from verifier.arithmetic.balls import Balls, to_ball
from verifier.cells import CELLS
from verifier.certify import Certificate
from verifier.errors import StepLimit
from verifier.gates import Activations, gate_activations, live_units
from verifier.inspection import Inspection
from verifier.observed import observe
from verifier.program import record
from verifier.sequences import expand, length
from verifier.supremum import bound_supremum
from verifier.weights import Weights

MOST_STEPS = 24
"""Columns of the heat map."""

MOST_ROWS = 32
"""Rows of the heat map."""

MOST_HORIZONS = 12
"""Horizons at which the error is evaluated."""

SHADES = 20
"""Grey levels of the heat map."""

RESPONSES = (Fraction(1, 2), Fraction(1), Fraction(2))
"""Eigenvalues of a vanishing, a holding and an exploding linear memory."""

RESPONSE_STEPS = 12


def activations(certificate: Certificate) -> Figure:
    """Gate activations of the live units on the worst-case sequence, or on x = (M/3, -M, -M, ...), as shades of grey."""
    bound = certificate.regime.bound
    count = min(certificate.regime.n, MOST_STEPS)
    inputs = [bound / 3, *[-bound] * (count - 1)]
    if on_worst_case(certificate) and certificate.supremum is not None:
        inputs = list(islice(expand(certificate.supremum.witness), count))
    with Balls(certificate.working_bits).working():
        steps = gate_activations(certificate.weights, inputs)
    return heat_map(certificate.weights, steps, certificate.working_bits)


def heat_map(
    weights: Weights, steps: Sequence[Activations], bits: int, relative: bool = False, units: Sequence[int] | None = None
) -> Figure:
    """Activations of these units, or of all live ones, over time as shades of grey: by the range of each gate's function, or by
    what each row reaches if `relative`."""
    cell, shown = CELLS[weights.cell], live_units(weights) if units is None else units
    with Balls(bits).working():
        places = [(gate, unit) for unit in shown for gate in cell.gates if (gate, unit) in steps[0]]
        shades = {place: _shades(steps, place, "" if relative else cell.activation[place[0]]) for place in places}
    if len(places) > MOST_ROWS:
        places = _telling(shades)[:MOST_ROWS]
    rows = tuple(shades[place] for place in places)
    names = [f"${formula(gate)}[{unit_label(weights.unit_name(unit))}]$" for gate, unit in places]
    return _cells("activations", "", rows, names)


def _cells(name: str, title: str, rows: tuple[tuple[float, ...], ...], names: Sequence[str]) -> Figure:
    """Grey cells over the steps, one named row under the other."""
    count = len(rows[0])
    return Figure(
        name=name,
        title=title,
        horizontal=Axis("step $t$", ticks=_marks(count), limits=(0.5, count + 0.5)),
        vertical=Axis("", ticks=tuple((len(rows) - k, n) for k, n in enumerate(names)), limits=(0.5, len(rows) + 0.5)),
        cells=Cells(rows),
    )


def _marks(count: int) -> tuple[tuple[float, str], ...]:
    """1 and every fourth step, or as many as there is room for."""
    apart = max(4, -(-count // 8))
    return tuple((float(t), str(t)) for t in (1, *range(apart, count + 1, apart)))


def inspection(found: Inspection, units: Sequence[int]) -> list[Figure]:
    """What `verify inspect` found of these units: gates along the run, shares of ∂y_n/∂x_1 and |∂y_n/∂x_t|."""
    weights = found.weights
    with Balls(found.working_bits).working():
        pictures = []
        if units:
            steps = gate_activations(weights, found.inputs)
            pictures.append(
                replace(heat_map(weights, steps, found.working_bits, units=units), title="gates along the run, 0 white, 1 black")
            )
            shares = {carrier.unit: carrier.shares for carrier in found.carriers}
            largest = max(float(abs(share).mid()) for unit in units for share in shares[unit])
            rows = tuple(tuple(rounded(float(abs(share).mid()) / largest) for share in shares[unit]) for unit in units)
            names = [f"${unit_label(weights.unit_name(unit))}$" for unit in units]
            title = rf"|share| of $\partial y_n/\partial x_1$ after step $t$, black is {largest:.2g}"
            pictures.append(_cells("shares", title, rows, names))
        points = [(float(moment.t), decades(moment.along_run.largest_modulus())) for moment in found.memory]
        if any(height is not None for _, height in points):
            axis = decade_axis(r"$|\partial y_n/\partial x_t|$", [height for _, height in points])
            pictures.append(Figure("memory", "", Axis("$t$", ticks=_marks(len(points))), axis, (curve("", points, mark="o"),)))
    return pictures


def on_worst_case(certificate: Certificate) -> bool:
    """Whether the worst-case sequence is known and long enough to be drawn."""
    if certificate.supremum is None or certificate.supremum.upper.is_zero():
        return False
    return length(certificate.supremum.witness) >= min(certificate.regime.n, MOST_STEPS)


def _telling(shades: Mapping[tuple[str, int], tuple[float, ...]]) -> list[tuple[str, int]]:
    """The rows in order, those of gates that are one shade throughout last."""
    seen: dict[str, set[float]] = {}
    for (gate, _), row in shades.items():
        seen.setdefault(gate, set()).update(row)
    return sorted(shades, key=lambda place: len(seen[place[0]]) == 1)


def _shades(steps: Sequence[Activations], place: tuple[str, int], activation: str) -> tuple[float, ...]:
    """Where an activation lies between the least and the largest value of its function, in steps of 1/SHADES."""
    values = [step[place] for step in steps]
    if activation == "tanh":
        values = [(1 + value) / 2 for value in values]
    elif activation != "sigmoid":
        values = [abs(value) for value in values]
        largest = arb(0)
        for value in values:
            largest = largest.max(value)
        values = [value / largest if largest > 0 else value for value in values]
    return tuple(round(coordinate(value) * SHADES) / SHADES for value in values)


def error_against_n(construction: Construction, certificate: Certificate) -> Figure | None:
    """Observed error, supremum and bound of these weights read at n' = 1 ... n; None where they were claimed for n alone,
    where the error is 0, or where the certificate did not reach the supremum."""
    regime, supremum = certificate.regime, certificate.supremum
    if regime.only_last or regime.length is None or supremum is None or supremum.upper.is_zero() or regime.n < 3:
        return None
    program = record(certificate.weights)
    symbol = {s.name: s for s in construction.parameters}.get("n")
    rows: list[tuple[float | None, float | None, float | None, float | None]] = []
    with Balls(certificate.working_bits).working():
        for n in horizons(regime.n):
            try:
                worst = bound_supremum(program, regime.bound, n, True, certificate.steps)
            except StepLimit:
                return None
            seen = None
            if n <= certificate.steps:
                seen = decades(observe(program, regime.bound, n, True, certificate.seed, regime.bits).worst.error)
            bound = None
            if symbol is not None and construction.derivation is not None:
                bound = decades(construction.derivation.enclose({**construction.parameters, symbol: Fraction(n)}))
            rows.append((decades(n), seen, decades(worst.upper), bound))
    return Figure(
        name="error",
        title="",
        horizontal=decade_axis("$n'$", (row[0] for row in rows)),
        vertical=decade_axis("recall error", (value for row in rows for value in row[1:])),
        curves=(
            curve("symbolic", ((x, bound) for x, _, _, bound in rows), "dashed"),
            curve("supremum", ((x, worst) for x, _, worst, _ in rows), "solid", "o"),
            curve("observed", ((x, seen) for x, seen, _, _ in rows), "none", "x"),
        ),
    )


def horizons(n: int) -> list[int]:
    """At most MOST_HORIZONS whole numbers from 1 to n, evenly spread on a logarithmic axis."""
    if n <= MOST_HORIZONS:
        return list(range(1, n + 1))
    found = {1, n}
    digits = n.bit_length()
    for k in range(1, MOST_HORIZONS - 1):
        found.add(min(n, max(1, 2 ** (digits * k // (MOST_HORIZONS - 1)))))
    return sorted(found)


def impulse_responses() -> Figure:
    """|∂h_t/∂x_1| = |λ|^(t-1) of h' = λh + x: vanishing, holding, exploding."""
    names = ("vanishing", "holding", "exploding")
    marks = ("o", "s", "x")
    return Figure(
        name="impulse",
        title="",
        horizontal=Axis("step $t$"),
        vertical=decade_axis(r"response to $x_1$", (decades(value ** (RESPONSE_STEPS - 1)) for value in RESPONSES)),
        curves=tuple(
            curve(
                rf"$\lambda = {_fraction(value)}$, {name}",
                ((float(t), decades(value ** (t - 1))) for t in range(1, RESPONSE_STEPS + 1)),
                "solid",
                mark,
            )
            for value, name, mark in zip(RESPONSES, names, marks, strict=True)
        ),
    )


def _fraction(value: Fraction) -> str:
    return str(value) if value.denominator == 1 else rf"\frac{{{value.numerator}}}{{{value.denominator}}}"


def lattice_paths(inputs: int = 4) -> Figure:
    """The lattice of the path theorem: at (i, j) the least spread of path values, in units of 2η: C(i+j, i) - 1.

    Each step right is an input +M, each step up an input -M, read backwards; the diagonal i + j = `inputs` is drawn dashed.
    """
    edges = [
        Curve("", ((float(i), float(j)), (float(i + a), float(j + b))))
        for i in range(inputs + 1)
        for j in range(inputs + 1 - i)
        for a, b in ((1, 0), (0, 1))
        if i + j < inputs
    ]
    end = Curve("", ((0.0, float(inputs)), (float(inputs), 0.0)), "dashed")
    ticks, limits = tuple((float(k), str(k)) for k in range(inputs + 1)), (-0.3, inputs + 0.6)
    notes = tuple(Note((i + 0.18, j + 0.22), str(comb(i + j, i) - 1)) for i in range(inputs + 1) for j in range(inputs + 1 - i))
    return Figure(
        name="lattice",
        title="",
        horizontal=Axis("inputs $+M$", ticks=ticks, limits=limits),
        vertical=Axis("inputs $-M$", ticks=ticks, limits=limits),
        curves=(*edges, end),
        notes=notes,
    )


def accuracy_against_weight(proposals: Sequence[tuple[str, Sequence[Construction]]], bits: int) -> Figure:
    """Bound of the error against the largest weight, one curve per architecture, each point a construction."""
    curves = []
    with Balls(bits).working():
        for k, (name, made) in enumerate(proposals):
            points = (
                (decades(item.weights.largest), decades(item.derivation.enclose(item.parameters) / to_ball(item.regime.bound)))
                for item in made
                if item.derivation is not None
            )
            curves.append(curve(name, points, *style(k)))
    return Figure(
        name="accuracy",
        title="",
        horizontal=decade_axis("largest weight", (x for item in curves for x, _ in item.points)),
        vertical=decade_axis("bound of the error, in units of $M$", (y for item in curves for _, y in item.points)),
        curves=tuple(curves),
    )

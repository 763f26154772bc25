"""`verify report FILE`: error and cost curves of a sweep, and the exponents fitted to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import click

from proofs.sheet.figure import Axis, Curve, Figure, curve, decade_axis, decades
from verifier.arithmetic.balls import Balls
from verifier.cli.files import write_bytes
from verifier.cli.fit import Law, fit_exponent
from verifier.cli.numbers import show_horizon
from verifier.cli.plot import check_plot
from verifier.cli.row import Row, number
from verifier.cli.table import read_table
from verifier.errors import UsageError
from verifier.exact import parse_rational, show_rational

MOST_CURVES = 12
"""Curves in one figure; more are hard to tell apart."""

COORDINATE_BITS = 64
"""Precision of logarithms that are drawn or fitted."""

LINES, MARKS = ("solid", "dashed", "dotted"), ("o", "s", "x")


@dataclass(frozen=True)
class Scale:
    """What a sweep varies: how a row is placed on it, as a logarithm or itself, and how it is written."""

    name: str
    label: str
    value: Callable[[Row], Fraction]
    show: Callable[[Row], str]


@dataclass(frozen=True)
class Quantity:
    """What a sweep finds out: `law` says how it depends on the digits: like 1/tolerance, or like their number; None: not fitted."""

    name: str
    label: str
    value: Callable[[Row], Fraction | None]
    law: str | None


SCALES = (
    Scale("n", "$n$", lambda row: Fraction(int(row.n)), lambda row: f"n = {show_horizon(int(row.n))}"),
    Scale("digits", "decimal digits asked", lambda row: Fraction(row.precision), lambda row: f"{row.precision} digits"),
    Scale("M", "$M$", lambda row: parse_rational(row.bound, "bound"), lambda row: f"M = {row.bound}"),
    Scale("units", "hidden units $d$", lambda row: Fraction(row.hidden), lambda row: f"d = {row.hidden}"),
)

QUANTITIES = (
    Quantity("supremum", "worst-case error", lambda row: number(row.supremum), None),
    Quantity("largest weight", "largest weight", lambda row: number(row.largest_weight), "1/tolerance"),
    Quantity("CPU seconds", "CPU seconds", lambda row: Fraction(str(row.cpu_seconds)), "digits"),
)


@click.command("report", help="Draw the error and cost curves of a sweep and print fitted exponents.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="FILE.svg, FILE.pdf or FILE.png.")
def report(file: Path, output: Path | None) -> int:
    """Print what the rows say; nothing is decided anew, so the exit code is 0 once it is written."""
    if output is not None:
        check_plot(output)
    rows = read_table(file)
    try:
        with Balls(COORDINATE_BITS).working():
            laws = list(fitted(rows))
            drawn, left_out = figures(rows)
    except (ValueError, UsageError) as error:
        raise UsageError(f"{file} is not a table of `verify sweep`: {error}") from None
    if output is not None:
        if not drawn:
            raise UsageError(f"nothing to draw: the rows of {file} with weights do not differ in n, digits, M or units")
        from proofs.sheet.pictures import draw

        write_bytes(output, draw(drawn, output.suffix))
    _print(file, rows, laws)
    if output is not None:
        more = f"; {left_out} more curves are left out" if left_out else ""
        click.echo(f"{len(drawn)} figures drawn to {output}{more}")
    verdicts = Counter(row.verdict.lower() for row in rows)
    counts = " ".join(f"{name}={verdicts[name]}" for name in ("proved", "undecided", "refuted"))
    click.echo(f"report rows={len(rows)} {counts} laws={len(laws)} file={file}")
    return 0


def varied(rows: Iterable[Row]) -> list[Scale]:
    """The scales on which rows differ."""
    found = list(rows)
    return [scale for scale in SCALES if len({scale.value(row) for row in found}) > 1]


def _others(row: Row, scale: Scale, scales: list[Scale]) -> tuple[str, ...]:
    """Everything about a question but its place on `scale`, as far as rows differ in it."""
    return (row.architecture, *([] if row.horizon == "upto" else [row.horizon]), *(s.show(row) for s in scales if s is not scale))


def fitted(rows: list[Row]) -> Iterator[tuple[str, Quantity, str, Law, list[Row]]]:
    """(architecture, quantity, against what, law, rows used) wherever more was measured than a law has constants."""
    with_weights = [row for row in rows if row.answer == "weights"]
    scales = varied(with_weights)
    for architecture in dict.fromkeys(row.architecture for row in with_weights):
        mine = [row for row in with_weights if row.architecture == architecture]
        for quantity in QUANTITIES:
            if quantity.law is None:
                continue
            for scale in varied(mine):
                against = quantity.law if scale.name == "digits" else scale.name
                points = []
                for row in mine:
                    x = float(scale.value(row)) if against == "1/tolerance" else decades(scale.value(row))
                    y = decades(quantity.value(row) or 0)
                    if x is not None and y is not None:
                        points.append((_others(row, scale, scales), x, y))
                law = fit_exponent(points)
                if law is not None and law.error is not None:  # a law through as many points as it has constants says nothing
                    yield architecture, quantity, against, law, mine


def figures(rows: list[Row]) -> tuple[list[Figure], int]:
    """One figure per quantity and scale that the rows vary, and how many curves were one too many."""
    with_weights = [row for row in rows if row.answer == "weights"]
    scales = varied(with_weights)
    drawn: list[Figure] = []
    left_out = 0
    for quantity in QUANTITIES:
        for scale in scales:
            curves = _curves(with_weights, quantity, scale, scales)
            if not curves:
                continue
            left_out += max(0, len(curves) - MOST_CURVES)
            kept = curves[:MOST_CURVES]
            heights = [y for item in kept for _, y in item.points]
            drawn.append(
                Figure(
                    name=f"{quantity.name} against {scale.name}".replace(" ", "-"),
                    title="",
                    horizontal=_horizontal(scale, [x for item in kept for x, _ in item.points]),
                    vertical=decade_axis(quantity.label, heights),
                    curves=tuple(kept),
                )
            )
    return drawn, left_out


def _horizontal(scale: Scale, places: list[float]) -> Axis:
    return Axis(scale.label) if scale.name == "digits" else decade_axis(scale.label, places)


def _curves(rows: list[Row], quantity: Quantity, scale: Scale, scales: list[Scale]) -> list[Curve]:
    """A curve for all rows that agree in everything but their place on the scale, where these are two or more."""
    grouped: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        grouped.setdefault(_others(row, scale, scales), []).append(row)
    found = []
    for k, (name, members) in enumerate(grouped.items()):
        points = sorted(
            (float(scale.value(row)) if scale.name == "digits" else decades(scale.value(row)) or 0.0, height)
            for row in members
            if (height := decades(quantity.value(row) or 0)) is not None
        )
        if len({x for x, _ in points}) > 1:
            found.append(curve(", ".join(name), points, LINES[k // len(MARKS) % len(LINES)], MARKS[k % len(MARKS)]))
    return found


def _print(file: Path, rows: list[Row], laws: list[tuple[str, Quantity, str, Law, list[Row]]]) -> None:
    answers = Counter(row.answer for row in rows)
    click.echo(f"{file}: {len(rows)} rows, {', '.join(f'{count} {answer}' for answer, count in answers.items())}")
    if not laws:
        click.echo("no exponents: for one, three rows must agree in everything but n, digits, M or units")
        return
    click.echo("fitted to the rows with weights, exponent ± standard error:")
    for architecture, quantity, against, law, mine in laws:
        scale = next(s for s in SCALES if s.name == ("digits" if against in ("digits", "1/tolerance") else against))
        low, high = min(map(scale.value, mine)), max(map(scale.value, mine))
        where = f"{scale.name} = {_show(low)} ... {_show(high)}, {law.points} rows"
        base = f"({against})" if "/" in against else against
        click.echo(f"  {architecture:<16} {quantity.name:<15} ~ {base + '^' + str(law):<26} {where}")


def _show(value: Fraction) -> str:
    return show_horizon(int(value)) if value.denominator == 1 else show_rational(value)

"""Figures as data: axes, curves, marks and grey cells, computed elsewhere and drawn by `pgfplots` or `pictures`.

Coordinates are decimals rounded to `DIGITS` significant digits: enough for an eye, and the same on every machine. An axis
whose scale is "decades" holds exponents of ten, because errors such as 10^-200 are no floating-point numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import count

from flint import arb

from verifier.arithmetic.balls import to_ball

DIGITS = 5
"""Significant digits of a coordinate."""

MOST_TICKS = 8
"""Ticks of a logarithmic axis, but one."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Axis:
    """An axis: its label (LaTeX mathematics between $), its scale, and tick labels where they are words."""

    label: str
    scale: str = "linear"
    ticks: tuple[tuple[float, str], ...] = ()
    limits: tuple[float, float] | None = None


@dataclass(frozen=True)
class Curve:
    """Points joined by a line (`line`: "solid", "dashed", "dotted" or "none") with marks ("o", "x", "s", "none")."""

    name: str
    points: tuple[Point, ...]
    line: str = "solid"
    mark: str = "none"


@dataclass(frozen=True)
class Cells:
    """A heat map: `values`[row][column] in [0, 1], 0 white and 1 black; row k is drawn at height k, the first on top."""

    values: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Note:
    """A short formula at a place."""

    place: Point
    latex: str


@dataclass(frozen=True)
class Figure:
    """One pair of axes with what is drawn in it."""

    name: str
    title: str
    horizontal: Axis
    vertical: Axis
    curves: tuple[Curve, ...] = ()
    cells: Cells | None = None
    notes: tuple[Note, ...] = ()


MARKS = ("o", "s", "x", "none")
LINES = ("solid", "dashed", "dotted")


def style(k: int) -> tuple[str, str]:
    """Line and mark of the k-th curve of a figure: the first twelve differ."""
    return LINES[k // len(MARKS) % len(LINES)], MARKS[k % len(MARKS)]


def rounded(value: float) -> float:
    """A coordinate cut to `DIGITS` significant digits."""
    return 0.0 if value == 0 else round(value, DIGITS - 1 - math.floor(math.log10(abs(value))))


def coordinate(value: Fraction | arb | int) -> float:
    """A number as a coordinate: the middle of a ball, rounded."""
    ball = value if isinstance(value, arb) else to_ball(value)
    return rounded(float(ball.mid()))


def decades(value: Fraction | arb | int) -> float | None:
    """log10 of a positive number as a coordinate; None where it is 0 or its sign is open."""
    ball = value if isinstance(value, arb) else to_ball(value)
    return coordinate(ball.log() / arb(10).log()) if ball > 0 else None


def decade_axis(label: str, values: Iterable[float | None]) -> Axis:
    """A logarithmic axis over whole decades that hold the exponents, with at most `MOST_TICKS` + 2 ticks at round ones."""
    known = [value for value in values if value is not None]
    low, high = math.floor(min(known)), math.ceil(max(known))
    high = max(high, low + 1)
    step = next(size for power in count() for size in (10**power, 2 * 10**power, 5 * 10**power) if size * MOST_TICKS >= high - low)
    low, high = low // step * step, -(-high // step) * step
    ticks = tuple((float(k), f"$10^{{{k}}}$") for k in range(low, high + 1, step))
    return Axis(label, "decades", ticks, (float(low), float(high)))


def curve(name: str, points: Iterable[tuple[float | None, float | None]], line: str = "solid", mark: str = "none") -> Curve:
    """A curve through the points that have both coordinates."""
    return Curve(name, tuple((x, y) for x, y in points if x is not None and y is not None), line, mark)

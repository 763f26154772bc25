"""Figures drawn with matplotlib: SVG, PDF or PNG files, and SVG inside a page. Grey only; the same bytes on every run."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from proofs.sheet.figure import Axis, Figure
from verifier.errors import UsageError

FORMATS = (".svg", ".pdf", ".png")

LINES = {"solid": "-", "dashed": "--", "dotted": ":", "none": ""}
MARKS = {"none": "", "o": "o", "x": "x", "s": "s"}
WIDTH_INCHES, HEIGHT_INCHES, ROW_INCHES = 6.4, 3.4, 0.19
DOTS_PER_INCH = 160
NOTE_SIZE = 8
"""Points of a note and of the names of ticks."""


def svg(figure: Figure, prefix: str = "") -> str:
    """The figure as an <svg> element with its text as text; `prefix` keeps its names apart from those of others in a page."""
    buffer = io.StringIO()
    drawn = _drawn([figure])
    drawn.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    _close(drawn)
    text = buffer.getvalue()
    return re.sub(r'id="|"#|url\(#', lambda m: f"{m.group()}{figure.name}{prefix}-", text[text.index("<svg") :]).strip()


def check_format(path: Path) -> None:
    """Raise `UsageError` where the name of a picture ends in none of the formats, or matplotlib is missing."""
    if path.suffix not in FORMATS:
        raise UsageError(f"cannot draw {path.name}: the name must end in {', '.join(FORMATS)}")
    check_available()


def check_available() -> None:
    """Raise `UsageError` where matplotlib is missing."""
    _matplotlib()


def draw(figures: Sequence[Figure], suffix: str) -> bytes:
    """The figures, one under the other, as the content of a file of this kind."""
    buffer = io.BytesIO()
    drawn = _drawn(figures)
    metadata: dict[str, Any] = {".svg": {"Date": None, "Creator": None}, ".pdf": {"CreationDate": None, "Producer": None}}.get(
        suffix, {"Software": None}
    )
    drawn.savefig(buffer, format=suffix[1:], dpi=DOTS_PER_INCH, metadata=metadata)
    _close(drawn)
    return buffer.getvalue()


def _matplotlib() -> Any:
    try:
        import matplotlib
    except ImportError:
        raise UsageError("figures need matplotlib: pip install 'first-input-recall[sheets]'") from None
    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.hashsalt": "first-input-recall", "svg.fonttype": "none", "font.family": "serif"})
    matplotlib.rcParams.update({"mathtext.fontset": "cm", "axes.formatter.use_mathtext": True})
    return matplotlib


def _drawn(figures: Sequence[Figure]) -> Any:
    _matplotlib()
    from matplotlib.figure import Figure as Canvas

    heights = [HEIGHT_INCHES if f.cells is None else max(1.4, 0.9 + ROW_INCHES * len(f.cells.values)) for f in figures]
    canvas = Canvas(figsize=(WIDTH_INCHES, sum(heights)), layout="constrained")
    axes = canvas.subplots(len(figures), 1, squeeze=False, height_ratios=heights)
    for figure, (place,) in zip(figures, axes, strict=True):
        _draw(figure, place)
    return canvas


def _close(drawn: Any) -> None:
    drawn.clear()


def _draw(figure: Figure, place: Any) -> None:
    if figure.title:
        place.set_title(figure.title)
    if figure.cells is not None:
        rows = figure.cells.values
        extent = (0.5, len(rows[0]) + 0.5, 0.5, len(rows) + 0.5)
        place.imshow(rows, cmap="Greys", vmin=0, vmax=1, aspect="auto", interpolation="nearest", extent=extent)
    for curve in figure.curves:
        xs, ys = zip(*curve.points, strict=True) if curve.points else ((), ())
        style = {"linestyle": LINES[curve.line], "marker": MARKS[curve.mark], "label": curve.name or None}
        place.plot(xs, ys, color="black", linewidth=1, markerfacecolor="none", clip_on=False, **style)
    for note in figure.notes:
        place.annotate(_plain(f"${note.latex}$"), note.place, ha="center", va="center", fontsize=NOTE_SIZE)
    _label(figure.horizontal, place.set_xlabel, place.set_xticks, place.set_xlim)
    _label(figure.vertical, place.set_ylabel, place.set_yticks, place.set_ylim)
    if any(curve.name for curve in figure.curves):
        place.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _label(axis: Axis, name: Any, ticks: Any, limits: Any) -> None:
    name(axis.label)
    if axis.ticks:
        ticks([place for place, _ in axis.ticks], [_plain(text) for _, text in axis.ticks], fontsize=NOTE_SIZE)
    if axis.limits is not None:
        limits(*axis.limits)


def _plain(text: str) -> str:
    """Words inside formulas, as matplotlib knows them."""
    return re.sub(r"\\text\{([^}]*)\}", lambda found: r"\mathrm{" + found[1].replace(" ", r"\ ") + "}", text)

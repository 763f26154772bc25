"""Figures as pgfplots code: the picture is text in the LaTeX file, in its fonts, and grey."""

from __future__ import annotations

from proofs.sheet.figure import Axis, Curve, Figure

MARKS = {"none": "no marks", "o": "mark=o", "x": "mark=x", "s": "mark=square"}
LINES = {"solid": "solid", "dashed": "dashed", "dotted": "densely dotted", "none": "only marks"}

WIDTH, HEIGHT = r"0.82\linewidth", r"0.46\linewidth"


def render(figure: Figure) -> str:
    """The tikzpicture of a figure."""
    options = [
        f"width={WIDTH}",
        f"height={_height(figure)}",
        rf"title={{{figure.title}}}",
        *_axis("x", figure.horizontal),
        *_axis("y", figure.vertical),
        "tick align=outside",
        "tick pos=left",
        "axis on top",
        "clip=false",
        "legend pos=outer north east",
        r"legend style={draw=none,font=\small}",
        "legend cell align=left",
        r"every axis/.append style={font=\small}",
        "unbounded coords=jump",
    ]
    body = [*_cells(figure), *(_curve(curve) for curve in figure.curves)]
    body += [rf"\node[font=\small] at (axis cs:{x},{y}) {{${note.latex}$}};" for note in figure.notes for x, y in (note.place,)]
    named = [curve.name for curve in figure.curves]
    if any(named):
        body.append(r"\legend{" + ",".join(f"{{{name}}}" for name in named) + "}")
        options[0] = r"width=0.66\linewidth"
    return "\n".join([r"\begin{tikzpicture}", rf"\begin{{axis}}[{', '.join(options)}]", *body, r"\end{axis}", r"\end{tikzpicture}"])


def _height(figure: Figure) -> str:
    if figure.cells is None:
        return HEIGHT
    return rf"{min(0.16 + 0.028 * len(figure.cells.values), 0.9):.3f}\linewidth"


def _axis(letter: str, axis: Axis) -> list[str]:
    options = [rf"{letter}label={{{axis.label}}}"]
    if axis.ticks:
        places = ",".join(f"{place:g}" for place, _ in axis.ticks)
        names = ",".join(f"{{{name}}}" for _, name in axis.ticks)
        options += [f"{letter}tick={{{places}}}", f"{letter}ticklabels={{{names}}}"]
    if axis.limits is not None:
        options += [f"{letter}min={axis.limits[0]:g}", f"{letter}max={axis.limits[1]:g}"]
    return options


def _curve(curve: Curve) -> str:
    points = " ".join(f"({x:g},{y:g})" for x, y in curve.points)
    style = f"black, {LINES[curve.line]}" + ("" if curve.line == "none" else f", {MARKS[curve.mark]}")
    if curve.line == "none":
        style += f", {MARKS[curve.mark]}" if curve.mark != "none" else ""
    return rf"\addplot[{style}] coordinates {{{points}}};"


def _cells(figure: Figure) -> list[str]:
    """One filled rectangle per run of equal cells, and the limits of the axes."""
    if figure.cells is None:
        return []
    rows = figure.cells.values
    drawn = []
    for k, row in enumerate(rows):
        column = 0
        while column < len(row):
            end = column
            while end < len(row) and row[end] == row[column]:
                end += 1
            shade = round(100 * row[column])
            top, bottom = len(rows) - k + 0.5, len(rows) - k - 0.5
            drawn.append(rf"\fill[black!{shade}] (axis cs:{column + 0.5:g},{bottom:g}) rectangle (axis cs:{end + 0.5:g},{top:g});")
            column = end
    return drawn

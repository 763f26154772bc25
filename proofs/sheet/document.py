"""The document model: what a sheet says, before it is LaTeX or HTML.

    answer ──> Document (headings, paragraphs, formulas, tables, figures) ──> latex.render · html.render

Formulas are LaTeX mathematics in both; HTML turns them into MathML. A document holds no date, time or fact of a machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from proofs.sheet.figure import Figure


@dataclass(frozen=True)
class Text:
    """Plain words."""

    text: str


@dataclass(frozen=True)
class Math:
    """A formula in the line."""

    latex: str


@dataclass(frozen=True)
class Code:
    """Something to type, or a hash; broken anywhere if `anywhere`."""

    text: str
    anywhere: bool = False


@dataclass(frozen=True)
class Strong:
    """Words that matter."""

    text: str


@dataclass(frozen=True)
class Cite:
    """A reference to the literature, by its key in the bibliography."""

    key: str


@dataclass(frozen=True)
class Refer:
    """The name of a theorem, linked where the document states it."""

    theorem: str


Inline = Text | Math | Code | Strong | Cite | Refer
Line = tuple[Inline, ...]


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is a chapter of the whole document or a section of a sheet. `label` can be referred to; the table of
    contents has it if `listed`."""

    level: int
    line: Line
    label: str = ""
    listed: bool = True


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `lead` is set in bold in front of it."""

    line: Line
    lead: Line = ()


@dataclass(frozen=True)
class Display:
    """A formula on lines of its own; `rows` are aligned at &."""

    rows: tuple[str, ...]


@dataclass(frozen=True)
class LongFormula:
    """A formula that may be broken at its relations and operators."""

    latex: str


@dataclass(frozen=True)
class Table:
    """A table. A column is "l", "r" or "c", or the share of the text width of a column of paragraphs. A `wide` one lies on a
    page of its own, turned."""

    columns: tuple[str | float, ...]
    head: tuple[Line, ...]
    rows: tuple[tuple[Line, ...], ...]
    wide: bool = False


@dataclass(frozen=True)
class Enumeration:
    """Numbered entries."""

    entries: tuple[tuple[Block, ...], ...]


@dataclass(frozen=True)
class Picture:
    """A figure with what it shows."""

    figure: Figure
    caption: Line


@dataclass(frozen=True)
class Listing:
    """Lines to type."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Statement:
    """A theorem: its id, title and text."""

    theorem: str
    title: Line
    body: tuple[Block, ...]


@dataclass(frozen=True)
class Proof:
    """A proof; `complete` puts the mark at its end."""

    body: tuple[Block, ...]
    complete: bool


Block = Heading | Paragraph | Display | LongFormula | Table | Enumeration | Picture | Listing | Statement | Proof


@dataclass(frozen=True)
class Document:
    """A title, what stands under it, the blocks, and whether a table of contents comes first."""

    title: str
    subtitle: Line
    blocks: tuple[Block, ...]
    contents: bool = False
    title_line: Line = ()

    @property
    def heading(self) -> Line:
        """The title as it is set: `title_line` where the title has formulas."""
        return self.title_line or (Text(self.title),)

    def parts(self) -> Iterator[Any]:
        """Every block and inline, in order."""
        yield from _parts(self.subtitle)
        yield from _parts(self.blocks)

    def citations(self) -> tuple[str, ...]:
        """Keys of the works cited, sorted."""
        return tuple(sorted({part.key for part in self.parts() if isinstance(part, Cite)}))

    def theorems(self) -> tuple[str, ...]:
        """Ids of the theorems stated, in order."""
        return tuple(part.theorem for part in self.parts() if isinstance(part, Statement))


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple):
        for item in value:
            yield from _parts(item)
    elif is_dataclass(value) and not isinstance(value, Figure):
        yield value
        for item in fields(value):
            yield from _parts(getattr(value, item.name))


def plain(line: Line) -> str:
    """The words of a line, formulas spelt out, for titles of files and bookmarks.

    >>> plain((Text("at every "), Math(r"n' \\le N_{2}")))
    "at every n' <= N2"
    """
    return "".join(
        _spelt(part.latex) if isinstance(part, Math) else getattr(part, "text", "") or getattr(part, "theorem", "") for part in line
    )


SPELT = {r"\le": "<=", r"\ge": ">=", r"\mathbb{R}": "R", r"\varepsilon": "epsilon", r"\varphi": "phi", r"\dots": "..."}


def _spelt(latex: str) -> str:
    """A formula as letters and signs."""
    for command, word in SPELT.items():
        latex = re.sub(re.escape(command) + r"(?![a-z])", lambda _, word=word: word, latex)  # type: ignore[misc]
    return " ".join(re.sub(r"\\([a-z]+)", r"\1", latex).translate(str.maketrans("", "", "{}_^\\")).split())

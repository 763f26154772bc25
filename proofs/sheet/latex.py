"""A document as one LaTeX file, bibliography included, for pdflatex with Debian's `PACKAGES`."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from proofs.sheet import pgfplots
from proofs.sheet.bibliography import references
from proofs.sheet.document import (
    Block,
    Cite,
    Code,
    Display,
    Document,
    Enumeration,
    Heading,
    Line,
    Listing,
    LongFormula,
    Math,
    Paragraph,
    Picture,
    Proof,
    Refer,
    Statement,
    Strong,
    Table,
    Text,
    plain,
)
from proofs.sheet.notation import escape

PACKAGES = ("latexmk", "texlive-latex-base", "texlive-latex-recommended", "texlive-pictures", "lmodern")
"""Debian packages with which every sheet compiles."""

BOOKMARKS = {
    "≤": "<=",
    "≥": ">=",
    "ℝ": "R",
    "±": "+-",
    "–": "-",
    "“": "",
    "”": "",
    "λ": "lambda",
    "σ": "sigma",
    "ε": "epsilon",
    "φ": "phi",
    **{c: rf"\{c}" for c in "&%$#_{}"},
    "^": "",
    "~": "",
    "\\": "",
}
"""Characters that a bookmark cannot hold, and what it holds instead."""

LONGEST_WORD = 60
"""Characters of a word in a listing that is not broken."""

LINES_TOGETHER = 12
"""Lines of a display or a table that are kept on one page."""

LETTERS = 90
"""Letters of a line as wide as the text."""

HEADING_LINES = 3
"""Lines of a heading with its space, and of a table's head and rules."""

SHORT_LEAD = 4
"""Lines of a paragraph, its space among them, that stays with the table it leads to."""

LINES_BELOW_HEADING = 9
"""Lines that must fit below a heading on its page: a table that follows does not keep to it by itself."""

PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage{lmodern,amsmath,amssymb,amsthm,array,booktabs,longtable,microtype}
\usepackage[margin=26mm]{geometry}
\usepackage{pgfplots,pdflscape,calc}
\pgfplotsset{compat=1.17}
\usepackage[hidelinks]{hyperref}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.55\baselineskip plus 2pt minus 1pt}
\setlength{\emergencystretch}{4em}
\setlength{\LTpre}{0.2\baselineskip}
\setlength{\LTpost}{0.4\baselineskip}
\allowdisplaybreaks
\widowpenalty=10000
\clubpenalty=10000
\binoppenalty=400
\relpenalty=200
\AtBeginDocument{\setlength{\abovedisplayskip}{5pt plus 2pt}\setlength{\belowdisplayskip}{5pt plus 2pt}}
\newcommand{\anywhere}[1]{{\ttfamily\footnotesize\hyphenchar\font=-1\sloppy #1}}
\setcounter{tocdepth}{2}
\makeatletter
\renewcommand*\l@subsection{\@dottedtocline{2}{1.5em}{3.2em}}
\renewcommand\paragraph{\@startsection{paragraph}{4}{\z@}{1.5ex}{0.5ex}{\normalfont\normalsize\bfseries}}
\makeatother
\newcommand{\needlines}[1]{\par\penalty-100\begingroup\dimen0=\pagegoal\advance\dimen0 by-\pagetotal
  \ifdim\dimen0>0pt\relax\ifdim\dimen0<#1\baselineskip\relax\newpage\fi\fi\endgroup}
\newenvironment{statement}[2]{\par\medskip\begingroup\rightskip=0pt plus 3em\relax
  \textbf{Theorem #1} (#2).\ \itshape}{\par\endgroup\medskip}
\newenvironment{longformula}{\par\nobreak\begingroup\leftskip=1.6em\hangindent=1.6em\hangafter=1%
  \rightskip=0pt plus 0.6\textwidth\relax\noindent}{\par\endgroup}
"""


def render(document: Document) -> str:
    """The whole file."""
    stated = frozenset(document.theorems())
    cited = document.citations()
    lines = [
        PREAMBLE + rf"\hypersetup{{pdftitle={{{bookmark(document.title)}}}}}",
        r"\begin{document}",
        rf"\begin{{center}}{{\LARGE {_line(document.heading, stated)}\par}}\medskip",
        rf"{{\large {_line(document.subtitle, stated)}\par}}\end{{center}}",
    ]
    if document.contents:
        lines += [r"\tableofcontents", r"\clearpage"]
    turned = [block for block in document.blocks[-1:] if isinstance(block, Table) and block.wide]
    lines.append(_blocks(document.blocks[: len(document.blocks) - len(turned)], stated))
    if cited:
        lines += [r"\begingroup\raggedright", references(cited, "latex"), r"\endgroup"]
    lines += [_block(block, stated) for block in turned]  # a turned table at the end has the last pages for itself
    lines.append(r"\end{document}")
    return "\n".join(lines) + "\n"


def _blocks(blocks: tuple[Block, ...], stated: frozenset[str]) -> str:
    """Blocks one after another; a display belongs to the paragraph before it, and what leads to a block stays on its page."""
    out = ""
    for k, block in enumerate(blocks):
        led = k > 0 and _leads(blocks[k - 1], block)
        needed = 0 if led else _needed(blocks[k:])
        out += "" if not out else "\n" if isinstance(block, Display) else "\n\n"
        out += (rf"\needlines{{{needed}}}" if needed else "") + _block(block, stated)
    return out


def _leads(block: Block, following: Block) -> bool:
    """Whether a block is to stand on the page of the one that follows."""
    short = isinstance(block, Paragraph) and _lines(block) <= SHORT_LEAD
    return isinstance(block, Heading) or (short and isinstance(following, Table) and not following.wide)


def _needed(blocks: tuple[Block, ...]) -> int:
    """Lines that must be left on the page for the first block and what it leads to; 0 where it may be broken anywhere."""
    if not isinstance(blocks[0], Heading | Table) and not (len(blocks) > 1 and _leads(blocks[0], blocks[1])):
        return 0
    total = 0
    for k, block in enumerate(blocks):
        total += _lines(block)
        if not (k + 1 < len(blocks) and _leads(block, blocks[k + 1])):
            break
    return max(total, LINES_BELOW_HEADING) if isinstance(blocks[0], Heading) else total


def _lines(block: Block) -> int:
    """Lines of a block, or of as much of it as must not be parted; a long table shows some rows below its head."""
    if isinstance(block, Heading):
        return HEADING_LINES
    if isinstance(block, Paragraph):
        return -(-len(plain((*block.lead, *block.line))) // LETTERS) + 1
    if isinstance(block, Table) and not block.wide:
        return min(sum(_height(row, block.columns) for row in block.rows), LINES_TOGETHER) + HEADING_LINES
    if isinstance(block, Display):
        return min(sum(map(_rows, block.rows)), LINES_TOGETHER) + 1
    return 0


def _rows(row: str) -> int:
    """Lines of a row of a display; a matrix has its labels beside it, line by line."""
    return 1 + row.count(r"\\") // 2


def _height(row: tuple[Line, ...], columns: tuple[str | float, ...]) -> int:
    """Lines of a row, estimated from the letters that fit into its columns of paragraphs."""
    shares = [(plain(cell), kind) for cell, kind in zip(row, columns, strict=True) if not isinstance(kind, str)]
    return max([1, *(-(-len(words) // int(LETTERS * share)) for words, share in shares if words)])


def label(theorem: str) -> str:
    """The label of a theorem."""
    return f"theorem:{theorem}"


def _line(line: Line, stated: frozenset[str]) -> str:
    return "".join(_inline(part, stated) for part in line)


def bookmark(text: str) -> str:
    """Words for the title and the bookmarks of a PDF, which hold letters but no formulas."""
    return "".join(BOOKMARKS.get(c, c) if c.isascii() or c in BOOKMARKS else escape(c) if c.isalpha() else "" for c in text)


@singledispatch
def _inline(part: Any, stated: frozenset[str]) -> str:
    raise TypeError(f"{type(part).__name__} has no LaTeX")


@_inline.register
def _(part: Text, stated: frozenset[str]) -> str:
    return words(part.text)


def words(text: str) -> str:
    """Words as LaTeX, with no-break spaces kept and the dashes of options not run together."""
    return "~".join(_typewriter(piece) for piece in text.split("\u00a0"))


@_inline.register
def _(part: Math, stated: frozenset[str]) -> str:
    return f"${part.latex}$"


@_inline.register
def _(part: Code, stated: frozenset[str]) -> str:
    if part.anywhere:
        return r"\anywhere{" + r"\allowbreak ".join(escape(c) for c in part.text) + "}"
    return rf"\texttt{{{_typewriter(part.text)}}}"


def _typewriter(text: str) -> str:
    """Escaped, without ligatures of dashes and quotes."""
    return escape(text).replace("--", "-{}-").replace("--", "-{}-")


@_inline.register
def _(part: Strong, stated: frozenset[str]) -> str:
    return rf"\textbf{{{words(part.text)}}}"


@_inline.register
def _(part: Cite, stated: frozenset[str]) -> str:
    return rf"\cite{{{part.key}}}"


@_inline.register
def _(part: Refer, stated: frozenset[str]) -> str:
    return rf"\hyperref[{label(part.theorem)}]{{{part.theorem}}}" if part.theorem in stated else part.theorem


@singledispatch
def _block(block: Any, stated: frozenset[str]) -> str:
    raise TypeError(f"{type(block).__name__} has no LaTeX")


@_block.register
def _(block: Heading, stated: frozenset[str]) -> str:
    command = ("section", "subsection", "subsubsection", "paragraph")[block.level - 1]
    named = rf"\texorpdfstring{{{_line(block.line, stated)}}}{{{bookmark(plain(block.line))}}}"
    heading = rf"\{command}{{{named}}}" + (rf"\label{{{block.label}}}" if block.label else "")
    if not block.listed:
        heading = rf"{{\renewcommand{{\addcontentsline}}[3]{{}}{heading}}}"
    return heading


@_block.register
def _(block: Paragraph, stated: frozenset[str]) -> str:
    lead = rf"\textbf{{{_line(block.lead, stated)}}} " if block.lead else ""
    return lead + _line(block.line, stated)


@_block.register
def _(block: Display, stated: frozenset[str]) -> str:
    apart = r" \\*" if sum(map(_rows, block.rows)) <= LINES_TOGETHER else r" \\"
    return "\\begin{align*}\n" + f"{apart}\n".join(block.rows) + "\n\\end{align*}"


@_block.register
def _(block: LongFormula, stated: frozenset[str]) -> str:
    return rf"\begin{{longformula}}$\displaystyle {block.latex}$\end{{longformula}}"


@_block.register
def _(block: Table, stated: frozenset[str]) -> str:
    def column(kind: str | float) -> str:
        return kind if isinstance(kind, str) else rf">{{\raggedright\arraybackslash}}p{{{kind:.3f}\linewidth-2\tabcolsep}}"

    rows = [" & ".join(_line(cell, stated) for cell in row) + r" \\" for row in block.rows]
    head = " & ".join(_line(cell, stated) for cell in block.head) + r" \\"
    table = "\n".join(
        [
            rf"\begin{{longtable}}{{@{{}}{''.join(column(kind) for kind in block.columns)}@{{}}}}",
            rf"\toprule {head}\midrule\endhead",
            r"\bottomrule\endfoot",
            ("\n\\addlinespace[3pt]\n" if block.wide else "\n").join(rows),
            r"\end{longtable}",
        ]
    )
    if not block.wide:
        return table
    return "\n".join([r"\begin{landscape}\footnotesize\setlength{\tabcolsep}{4pt}", table, r"\end{landscape}"])


@_block.register
def _(block: Enumeration, stated: frozenset[str]) -> str:
    entries = [r"\item " + _blocks(entry, stated) for entry in block.entries]
    return "\n".join([r"\begin{enumerate}\setlength{\itemsep}{2pt}\setlength{\parskip}{2pt}", *entries, r"\end{enumerate}"])


@_block.register
def _(block: Picture, stated: frozenset[str]) -> str:
    return "\n".join(
        [
            r"\begin{center}\begin{minipage}{\linewidth}\centering",
            pgfplots.render(block.figure),
            rf"\par\smallskip\parbox{{0.9\linewidth}}{{\small {_line(block.caption, stated)}}}",
            r"\end{minipage}\end{center}",
        ]
    )


@_block.register
def _(block: Listing, stated: frozenset[str]) -> str:
    lines = r"\\".join(rf"\texttt{{{' '.join(_breakable(word) for word in line.split(' '))}}}" for line in block.lines)
    return rf"\begin{{quote}}\raggedright {lines}\end{{quote}}"


def _breakable(word: str) -> str:
    """A word of a listing, broken anywhere if it is long."""
    return _typewriter(word) if len(word) <= LONGEST_WORD else r"\allowbreak ".join(escape(c) for c in word)


@_block.register
def _(block: Statement, stated: frozenset[str]) -> str:
    body = _blocks(block.body, stated)
    anchor = rf"\phantomsection\label{{{label(block.theorem)}}}"
    return rf"{anchor}\begin{{statement}}{{{block.theorem}}}{{{_line(block.title, stated)}}}{body}\end{{statement}}"


@_block.register
def _(block: Proof, stated: frozenset[str]) -> str:
    body = _blocks(block.body, stated)
    end = "" if block.complete else r"\renewcommand{\qedsymbol}{}"
    return rf"\begin{{proof}}{end}{body}\end{{proof}}"

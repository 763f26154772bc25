"""A document as one self-contained HTML page: MathML, inline SVG, no script, nothing fetched."""

from __future__ import annotations

import itertools
import re
from functools import cache, singledispatch
from html import escape
from typing import Any

from latex2mathml.converter import convert

from proofs.sheet import pictures
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

STYLE = """
:root { color-scheme: light dark }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 1.05rem/1.5 Georgia, serif }
h1 { font-weight: normal; text-align: center; margin-bottom: .3rem } .subtitle { text-align: center }
table { border-collapse: collapse; margin: .6rem auto } thead th { border-bottom: 1px solid; text-align: left; font-weight: normal }
table { border-top: 2px solid; border-bottom: 2px solid } td, th { padding: .15rem .6rem; vertical-align: top }
td.r, th.r { text-align: right !important } code, dd { overflow-wrap: anywhere } figure { margin: 1rem 0; text-align: center }
figure svg { max-width: 100%; height: auto; background: white } figcaption { font-size: .9rem }
.display, .long { overflow: auto hidden; padding: .15rem 0 } .display { text-align: center; margin: .4rem 0 }
.long { margin: .1rem 0 .1rem 1.6rem }
.statement > p { font-style: italic } .statement > p:first-child { font-style: normal }
.table { overflow-x: auto } .wide { font-size: .85rem }
pre { margin-left: 1.6rem; overflow-x: auto }
.proof > p:first-of-type::before { content: "Proof. "; font-style: italic } .complete { display: flow-root }
.complete::after { content: "\\25A1"; float: right }
""".strip()


def render(document: Document) -> str:
    """The whole page."""
    page = _Page(document)
    body = [f"<h1>{page.line(document.heading)}</h1>", f'<p class="subtitle">{page.line(document.subtitle)}</p>']
    if document.contents:
        body.append(page.contents())
    body += [page.block(block) for block in document.blocks]
    if page.numbers:
        body += ["<h2>References</h2>", page.references()]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(document.title)}</title>'
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head>{head}<style>{STYLE}</style></head>\n<body>\n'
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def fragment(blocks: tuple[Block, ...]) -> str:
    """Blocks alone, to be shown inside another page."""
    page = _Page(Document("", (), blocks))
    return f"<div>{page.blocks(blocks)}</div>"


@cache
def mathml(latex: str, display: bool = False) -> str:
    """MathML of a formula."""
    plain_latex = re.sub(r"\\allowbreak\s*", "", latex).replace(r"\displaystyle", "")
    plain_latex = re.sub(r"(\\(?:tanh|sinh|cosh|exp|log|ln)) +(?=[A-Za-z0-9\\])", r"\1\\,", plain_latex)
    return _spaced(str(convert(plain_latex, display="block" if display else "inline")))


BAR, SLASH = '<mo stretchy="false">&#x0007C;</mo>', "<mo>&#x0002F;</mo>"

_SIGN = re.compile(r"(<mo[^>]*>(?![\])}!]|&#x0002[19];|&#x0007D;|&#x02032;)[^<]*</mo>(?:<mspace[^>]*>)?)<mo>&#x02212;</mo>")
"""A minus after an operator, a comma or an opening bracket."""


def _spaced(text: str) -> str:
    """MathML whose bars open and close in turn, whose slashes are tight and whose signs stand by their numbers."""
    forms = itertools.cycle(("prefix", "postfix"))
    text = re.sub(re.escape(BAR), lambda _: f'<mo stretchy="false" form="{next(forms)}">&#x0007C;</mo>', text)
    text = text.replace(SLASH, '<mo lspace="0" rspace="0">&#x0002F;</mo>')
    return _SIGN.sub(lambda m: m[1] + ("<mo>" if 'form="postfix"' in m[1] else '<mo form="prefix">') + "&#x02212;</mo>", text)


class _Page:
    """What rendering needs to know of the whole document: numbers of the works cited, theorems stated, headings."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.pictures = itertools.count(1)
        self.stated = frozenset(document.theorems())
        cited = document.citations()
        self.list = references(cited, "html") if cited else ""
        latex = references(cited, "latex") if cited else ""
        self.numbers = {key: number for number, key in re.findall(r"\\bibitem\[(\d+)\]\{(\w+)\}", latex)}

    def line(self, line: Line) -> str:
        """Inlines one after another."""
        return "".join(_inline(part, self) for part in line)

    def block(self, block: Block) -> str:
        """One block."""
        return _block(block, self)

    def blocks(self, blocks: tuple[Block, ...]) -> str:
        """Blocks one after another."""
        return "\n".join(_block(block, self) for block in blocks)

    def contents(self) -> str:
        """Links to the chapters."""
        chapters = [b for b in self.document.blocks if isinstance(b, Heading) and b.level == 1]
        entries = "".join(f'<li><a href="#{_anchor(h)}">{escape(plain(h.line))}</a></li>' for h in chapters)
        return f"<nav><ol>{entries}</ol></nav>"

    def references(self) -> str:
        """The works cited, with anchors."""
        found = re.search(r"<dl>.*</dl>", self.list, re.DOTALL)
        text = "" if found is None else found.group()
        for key, number in self.numbers.items():
            text = text.replace(f"<dt>{number}</dt>", f'<dt id="cite-{key}">[{number}]</dt>')
        return text


def _anchor(heading: Heading) -> str:
    return heading.label or re.sub(r"\W+", "-", plain(heading.line)).strip("-").lower()


@singledispatch
def _inline(part: Any, page: _Page) -> str:
    raise TypeError(f"{type(part).__name__} has no HTML")


@_inline.register
def _(part: Text, page: _Page) -> str:
    return escape(part.text)


@_inline.register
def _(part: Math, page: _Page) -> str:
    return mathml(part.latex)


@_inline.register
def _(part: Code, page: _Page) -> str:
    return f"<code>{escape(part.text)}</code>"


@_inline.register
def _(part: Strong, page: _Page) -> str:
    return f"<strong>{escape(part.text)}</strong>"


@_inline.register
def _(part: Cite, page: _Page) -> str:
    return f'<a href="#cite-{part.key}">[{page.numbers[part.key]}]</a>'


@_inline.register
def _(part: Refer, page: _Page) -> str:
    name = escape(part.theorem)
    return f'<a href="#theorem-{name}">{name}</a>' if part.theorem in page.stated else name


@singledispatch
def _block(block: Any, page: _Page) -> str:
    raise TypeError(f"{type(block).__name__} has no HTML")


@_block.register
def _(block: Heading, page: _Page) -> str:
    level = block.level + 1
    name = f' id="{_anchor(block)}"' if block.level == 1 or block.label else ""
    return f"<h{level}{name}>{page.line(block.line)}</h{level}>"


@_block.register
def _(block: Paragraph, page: _Page) -> str:
    lead = f"<strong>{page.line(block.lead)}</strong> " if block.lead else ""
    return f"<p>{lead}{page.line(block.line)}</p>"


@_block.register
def _(block: Display, page: _Page) -> str:
    rows = "".join(f'<div class="display">{mathml(row.replace("&=", "="), True)}</div>' for row in block.rows)
    return f"<div>{rows}</div>"


@_block.register
def _(block: LongFormula, page: _Page) -> str:
    return f'<div class="long">{mathml(block.latex)}</div>'


@_block.register
def _(block: Table, page: _Page) -> str:
    kinds = ["r" if kind == "r" else "l" for kind in block.columns]

    def row(cells: tuple[Line, ...], tag: str) -> str:
        made = (f'<{tag} class="{kind}">{page.line(cell)}</{tag}>' for kind, cell in zip(kinds, cells, strict=True))
        return f"<tr>{''.join(made)}</tr>"

    body = "\n".join(row(cells, "td") for cells in block.rows)
    kind, head = "table wide" if block.wide else "table", row(block.head, "th")
    return f'<div class="{kind}"><table><thead>{head}</thead><tbody>\n{body}\n</tbody></table></div>'


@_block.register
def _(block: Enumeration, page: _Page) -> str:
    return "<ol>" + "\n".join(f"<li>{page.blocks(entry)}</li>" for entry in block.entries) + "</ol>"


@_block.register
def _(block: Picture, page: _Page) -> str:
    drawn = pictures.svg(block.figure, str(next(page.pictures)))
    return f"<figure>{drawn}<figcaption>{page.line(block.caption)}</figcaption></figure>"


@_block.register
def _(block: Listing, page: _Page) -> str:
    return f"<pre>{escape(chr(10).join(block.lines))}</pre>"


@_block.register
def _(block: Statement, page: _Page) -> str:
    head = f"<strong>Theorem {escape(block.theorem)}</strong> ({page.line(block.title)})."
    return f'<div class="statement" id="theorem-{escape(block.theorem)}"><p>{head}</p>{page.blocks(block.body)}</div>'


@_block.register
def _(block: Proof, page: _Page) -> str:
    complete = " complete" if block.complete else ""
    return f'<div class="proof{complete}">{page.blocks(block.body)}</div>'

"""The literature: entries as BibTeX (`bibliography.bib`), and where a text names one of them.

A work is named as "Surname ... year": `Hochreiter & Schmidhuber 1997`, `Cho et al. 2014`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pybtex import format_from_string
from pylatexenc.latex2text import LatexNodes2Text

SOURCE = Path(__file__).with_name("bibliography.bib")

_ENTRY = re.compile(r"^@\w+\{(?P<key>[^,]+),.*?^\}$", re.MULTILINE | re.DOTALL)
_AUTHORS = re.compile(r"\bauthor = \{(?P<authors>.*?)\},?$", re.MULTILINE)
_YEAR = re.compile(r"\byear = \{(?P<year>\d{4})\}")
_NAMED = re.compile(r"[A-Z][\w'’-]+(?:(?:,| &| and) [A-Z][\w'’-]*)*(?: et al\.)?,? \(?(?:19|20)\d\d")


@dataclass(frozen=True)
class Entry:
    """One work: its key, the surname of its first author, its year and its BibTeX text."""

    key: str
    surname: str
    year: str
    bibtex: str


@cache
def entries() -> dict[str, Entry]:
    """Every work, by key."""
    found = {}
    for match in _ENTRY.finditer(SOURCE.read_text(encoding="utf-8")):
        authors, year = _AUTHORS.search(match.group()), _YEAR.search(match.group())
        first = "" if authors is None else authors["authors"].split(" and ")[0].split(",")[0]
        surname = LatexNodes2Text().latex_to_text(first)
        found[match["key"]] = Entry(match["key"], surname, "" if year is None else year["year"], match.group())
    return found


def bibtex(keys: Iterable[str]) -> str:
    """The entries with these keys, as BibTeX."""
    return "\n\n".join(entries()[key].bibtex for key in keys)


def references(keys: Iterable[str], markup: str) -> str:
    """The list of references in "latex" or "html", sorted by author and numbered (BibTeX's plain style)."""
    return str(format_from_string(bibtex(keys), style="plain", output_backend=markup))


def citations_in(text: str) -> list[tuple[int, int, str]]:
    """(start, end, key) of every work that a text names, in order; a named work without an entry is not among them."""
    found = []
    for match in _NAMED.finditer(text):
        key = named(match.group())
        if key is not None:
            found.append((match.start(), match.end(), key))
    return found


def named(words: str) -> str | None:
    """The key of the work that "Surname ... year" names; None where there is no entry."""
    for entry in entries().values():
        names = {entry.surname, entry.surname.rpartition(" ")[2]}
        if entry.year and words.endswith(entry.year) and any(re.match(rf"{re.escape(name)}\b", words) for name in names if name):
            return entry.key
    return None


def names_works(text: str) -> list[str]:
    """Everything in a text that looks like a named work, with an entry or without."""
    return [match.group() for match in _NAMED.finditer(text)]

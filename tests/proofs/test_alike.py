"""What a family's later members say is what differs, and what is left out is the same."""

import pytest

from proofs.sheet.alike import LEVEL, differing
from proofs.sheet.document import Display, Heading, Math, Paragraph, Picture, Table, Text
from proofs.sheet.figures import impulse_responses
from proofs.sheet.whole import FAMILIES, _chapters
from verifier.cells import CELLS


def heading(words, level=3):
    return Heading(level, (Text(words),))


def table(*rows):
    head = ((Text("gate"),), (Math("t = 1"),))
    return Table(("l", "r"), head, tuple(((Text(name),), (Math(value),)) for name, value in rows))


def paragraph(words):
    return Paragraph((Text(words),))


def section(words, *blocks):
    return (heading(words), *blocks)


FIRST = (
    paragraph("Asked"),
    *section("The weights", Display(("a &= 1", "b &= 2")), table(("f", "1"), ("i", "0"))),
    *section("Step by step", paragraph("What each gate does."), Picture(impulse_responses(), (Text("drawn"),))),
    *section("The numbers", table(("observed", "1"))),
)


def replaced(old, new):
    return tuple(new if block == old else block for block in FIRST)


def kept(words, *blocks):
    return (Heading(LEVEL, (Text(words),), listed=False), *blocks)


NUMBERS = kept("The numbers", table(("observed", "1")))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (None, None, NUMBERS),
        (FIRST[0], paragraph("Otherwise"), (paragraph("Otherwise"), *NUMBERS)),
        (FIRST[2], Display(("a &= 1", "b &= 3")), (*kept("The weights", Display(("b &= 3",))), *NUMBERS)),
        (FIRST[2], Display(("b &= 2",)), (*kept("The weights", Display(("b &= 2",))), *NUMBERS)),
        (FIRST[3], table(("f", "1"), ("i", "2")), (*kept("The weights", table(("i", "2"))), *NUMBERS)),
        (FIRST[3], table(("f", "1")), (*kept("The weights", table(("f", "1"))), *NUMBERS)),
        (FIRST[5], table(("x", "1")), (*kept("Step by step", table(("x", "1"))), *NUMBERS)),
        (FIRST[8], table(("observed", "2")), kept("The numbers", table(("observed", "2")))),
    ],
)
def test_what_differs_is_said_and_what_is_gone_is_not_passed_over(old, new, said):
    assert differing(FIRST, replaced(old, new)) == said


def test_another_shape_is_shown_whole():
    longer = (*FIRST, *section("How to reproduce", paragraph("x")))
    assert differing(FIRST, longer) == longer
    more = (*FIRST[:4], paragraph("more"), *FIRST[4:])
    assert differing(FIRST, more) == (*kept("The weights", *more[2:5]), *NUMBERS)


def test_every_architecture_has_its_chapter():
    names = sorted(CELLS)
    chapters = _chapters(names)
    assert sorted(name for _, members in chapters for name in members) == names
    assert {title: members for title, members in chapters if len(members) > 1} == FAMILIES
    assert _chapters(("gru", "linear")) == [
        (title, (name,)) for title, name in ((CELLS["gru"].title, "gru"), ("Linear RNN", "linear"))
    ]

"""Answers of cells that are nearly alike: the first is set in full, of the others what is not the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from proofs.sheet.document import Block, Display, Heading, Picture, Table, Text, plain

LEVEL = 4
"""Of the headings inside an answer that shows what differs."""

ALWAYS = ("The numbers",)
"""Sections whose tables are shown even where they are the same."""


def differing(first: Sequence[Block], other: Sequence[Block]) -> tuple[Block, ...]:
    """What `other` says that `first` does not say at the same place; what is left out is the same in both, but for pictures.

    Of tables and displays the rows that differ; whole, where `first` has rows that `other` has not, and a section whole where it
    is made of other blocks. All of `other` if it has other sections.
    """
    known, made = dict(_sections(first)), dict(_sections(other))
    if known.keys() != made.keys():
        return tuple(other)
    out: list[Block] = []
    for (heading, number), blocks in made.items():
        there = known[heading, number]
        if [type(block) for block in blocks] != [type(block) for block in there]:
            new: list[Block] = list(blocks)
        else:
            pairs = zip(blocks, there, strict=True)
            new = [kept for block, old in pairs if (kept := _new(block, old, heading in ALWAYS)) is not None]
        if new and heading:
            out.append(Heading(LEVEL, (Text(heading),), listed=False))
        out += new
    return tuple(out)


def _sections(blocks: Sequence[Block]) -> Iterator[tuple[tuple[str, int], tuple[Block, ...]]]:
    """((words of the heading, how often it came before), the blocks below it but pictures), those above the first heading first."""
    seen: dict[str, int] = {}
    words, body = "", list[Block]()
    for block in (*blocks, None):
        if block is not None and not isinstance(block, Heading):
            body += [] if isinstance(block, Picture) else [block]
            continue
        yield (words, seen.get(words, 0)), tuple(body)
        seen[words] = seen.get(words, 0) + 1
        if block is not None:
            words, body = plain(block.line), []


def _new(block: Block, old: Block, always: bool) -> Block | None:
    """A block that is not the old one, or its rows that are not; None if it is the old one and not a table shown `always`."""
    if block == old and not (always and isinstance(block, Table)):
        return None
    if isinstance(block, Table) and isinstance(old, Table) and block.head == old.head and not always:
        rows = tuple(row for row in block.rows if row not in old.rows)
        gone = {row[0] for row in old.rows} - {row[0] for row in block.rows}
        return block if gone else Table(block.columns, block.head, rows, block.wide)
    if isinstance(block, Display) and isinstance(old, Display) and len(block.rows) == len(old.rows):
        return Display(tuple(row for row, known in zip(block.rows, old.rows, strict=True) if row != known))
    return block

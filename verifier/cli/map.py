"""`verify map`: every architecture in every regime, asked and decided now."""

from __future__ import annotations

import json
from pathlib import Path

import click

from constructions import ARCHITECTURES, canonical, unknown_architecture
from proofs.survey import COLUMNS, Finding, Map, describe_cell, draw_map, map_questions
from verifier.cli.architecture import Count
from verifier.cli.plot import check_plot, draw_figures, plot_option
from verifier.cli.progress import Counting
from verifier.cli.report import print_table, report_width, wrapped
from verifier.errors import UsageError
from verifier.parallel import cores
from verifier.regime import DEFAULT_HIDDEN
from verifier.verdict import Verdict

WIDTH = 120

MEANING = (
    "recall of x_1 by {} hidden units, inputs in [-1, 1] or all of ℝ; e is the worst error. yes: weights were built now and "
    "certified (by construction C...). no: impossible by theorem T..., whose checks ran now; every weight set has the error that "
    "is given, and some reach it where it says reached. open: this version decides neither. Answers hold for the n that were "
    "asked: verify ARCHITECTURE --n N asks another"
)


@click.command("map", help="Ask every architecture in every regime and print the answers as one table.")
@click.argument("architectures", nargs=-1)
@click.option("--hidden", type=Count(1), default=str(DEFAULT_HIDDEN), show_default=True, help="Hidden units d.")
@click.option("--json", "as_json", is_flag=True, help="Print every question with its answer as JSON, nothing else.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the table as Markdown, nothing else.")
@click.option("--quiet", is_flag=True, help="Print the last line only.")
@plot_option("the table in shades of grey")
@click.option("--jobs", type=Count(1), help="Processes.  [the number of cores]")
def map_command(
    architectures: tuple[str, ...], hidden: int, as_json: bool, as_markdown: bool, quiet: bool, plot: Path | None, jobs: int | None
) -> int:
    """Print the map; exit 0 if every claim in it was proved (open cells are marked open), 3 or 4 if one was not."""
    if as_json and as_markdown:
        raise UsageError("give one of --json and --markdown")
    for name in architectures:
        if canonical(name) not in ARCHITECTURES:
            raise UsageError(unknown_architecture(name))
    check_plot(plot)
    names = tuple(dict.fromkeys(map(canonical, architectures))) or tuple(sorted(ARCHITECTURES))
    count = sum(len(cell) for cells in map_questions(names, hidden).values() for cell in cells.values())
    found: list[Finding] = []
    with Counting("questions", count) as progress:

        def heard(finding: Finding) -> None:
            found.append(finding)
            progress.advance()

        try:
            drawn = draw_map(names, hidden, jobs or cores(), heard)
        except KeyboardInterrupt:
            progress.stop()
            _print_answered(found, as_json)
            click.echo(f"verify: {len(found)} of {count} questions were answered", err=True)
            raise
    if plot is not None:
        from proofs.sheet.charts import chart

        draw_figures(plot, [chart(drawn)])
    if as_json:
        click.echo(json.dumps(map_data(drawn), indent=1, ensure_ascii=False))
        return drawn.holds().exit_code
    if as_markdown:
        click.echo(markdown(drawn))
        return drawn.holds().exit_code
    if not quiet:
        print_map(drawn)
    click.echo(_last_line(drawn))
    return drawn.holds().exit_code


def _print_answered(found: list[Finding], as_json: bool) -> None:
    """What an unfinished map has so far: a list of findings, or one line each."""
    if as_json:
        click.echo(json.dumps([finding.to_data() for finding in found], indent=1, ensure_ascii=False))
        return
    for finding in found:
        click.echo(f"{finding.question.architecture}: {finding.describe}: {', '.join(describe_cell([finding]))}")


def map_data(drawn: Map) -> dict[str, object]:
    """Every finding as plain data."""
    cells = {name: {key: [finding.to_data() for finding in cell] for key, cell in row.items()} for name, row in drawn.cells.items()}
    return {"hidden": drawn.hidden, "verdict": drawn.holds().value, "cells": cells}


def markdown(drawn: Map) -> str:
    """The map as a Markdown table, one row per group of architectures with the same answers."""
    lines = ["| | " + " | ".join(column.title for column in COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for names, cells in drawn.rows():
        lines.append(f"| {', '.join(names)} | " + " | ".join("<br>".join(describe_cell(cells[c.key])) for c in COLUMNS) + " |")
    return "\n".join(lines)


def print_map(drawn: Map) -> None:
    """The map for the terminal, and what its words mean."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    found = Table(box=SIMPLE_HEAD, show_lines=True, pad_edge=False, padding=(0, 1, 0, 0), collapse_padding=True)
    for title in ("", *(column.title for column in COLUMNS)):
        found.add_column(title, overflow="fold", ratio=1, no_wrap=not title)
    for names, cells in drawn.rows():
        found.add_row("\n".join(names), *("\n".join(describe_cell(cells[column.key])) for column in COLUMNS))
    print_table(found, report_width(WIDTH))
    click.echo()
    click.echo(wrapped("meaning", MEANING.format(drawn.hidden)))
    click.echo()


def _last_line(drawn: Map) -> str:
    answers = [finding.answer for cells in drawn.cells.values() for cell in cells.values() for finding in cell]
    counts = " ".join(f"{word}={answers.count(word)}" for word in ("yes", "no", "open", "undecided", "refuted"))
    verdict: Verdict = drawn.holds()
    return f"{verdict.value} map hidden={drawn.hidden} architectures={len(drawn.cells)} questions={len(answers)} {counts}"

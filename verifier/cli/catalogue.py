"""`verify list`: architectures and theorems."""

from __future__ import annotations

import textwrap

import click

from constructions import ARCHITECTURES
from proofs.theorems import THEOREMS
from verifier.cells import CELLS
from verifier.cli.report import report_width

INDENT = 17


@click.command("list", help="Name the architectures and the theorems this version knows.")
def catalogue() -> int:
    """Print architectures with their equations, and theorems with what they state."""
    click.echo("architectures")
    for name in sorted(ARCHITECTURES):
        cell = CELLS[name]
        click.echo(hanging(name, f"{cell.title}; {cell.source}"))
        for equation in cell.equations:
            click.echo(" " * INDENT + equation)
    click.echo("theorems")
    for name, theorem in THEOREMS.items():
        click.echo(hanging(name, f"{theorem.title}. {theorem.statement}"))
    return 0


def hanging(name: str, text: str) -> str:
    """A name and what it is, wrapped to the right of the names."""
    return textwrap.fill(text, report_width(), initial_indent=f"  {name:<{INDENT - 3}} ", subsequent_indent=" " * INDENT)

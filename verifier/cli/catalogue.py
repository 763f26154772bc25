"""`verify list`: architectures and theorems."""

from __future__ import annotations

import click

from constructions import ARCHITECTURES
from proofs.theorems import THEOREMS
from verifier.cells import CELLS


@click.command("list", help="Name the architectures and the theorems this version knows.")
def catalogue() -> int:
    """Print one line per architecture and per theorem."""
    click.echo("architectures")
    for name in sorted(ARCHITECTURES):
        cell = CELLS[name]
        click.echo(f"  {name:<14} {cell.title}; {cell.source}")
        for equation in cell.equations:
            click.echo(f"                 {equation}")
    click.echo("theorems")
    for name, theorem in THEOREMS.items():
        click.echo(f"  {name:<14} {theorem.title}: {theorem.statement}")
    return 0

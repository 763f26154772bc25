"""`verify list`: architectures and theorems."""

from __future__ import annotations

import click

from constructions import ARCHITECTURES, derivations
from verifier.cells import CELLS


@click.command("list", help="Name the architectures and the theorems this version knows.")
def catalogue() -> int:
    """Print one line per architecture and per theorem."""
    click.echo("architectures")
    for name in sorted(ARCHITECTURES):
        cell = CELLS[name]
        click.echo(f"  {name:<10} {cell.title}; {cell.source}")
        for equation in cell.equations:
            click.echo(f"             {equation}")
    click.echo("theorems")
    for name, derivation in sorted(derivations().items()):
        click.echo(f"  {name:<10} {derivation().statement}")
    return 0

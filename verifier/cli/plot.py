"""`--plot FILE`: pictures of what a command found, computed from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from constructions import Construction
from proofs.ask import Open
from proofs.impossible import Impossible
from verifier.certify import Certificate
from verifier.cli.files import check_writable, write_bytes
from verifier.errors import UsageError

if TYPE_CHECKING:
    from proofs.sheet.figure import Figure

EXTRA = "figures need their libraries: pip install 'first-input-recall[sheets]'"


LATTICE_THEOREM = "T5"
"""The impossibility whose proof is a picture of its own."""


def plot_option(what: str) -> Callable[[Any], Any]:
    """The option `--plot FILE` of a command; `what` it draws."""
    return click.option("--plot", type=click.Path(path_type=Path), help=f"Draw {what} to FILE.svg, .pdf or .png.")


def check_plot(path: Path | None) -> None:
    """Raise `UsageError` now if no picture could be drawn to `path` later; nothing is asked of no path."""
    if path is None:
        return
    try:
        from proofs.sheet.pictures import check_format
    except ImportError:
        raise UsageError(EXTRA) from None
    check_format(path)
    check_writable(path)


def draw_figures(path: Path, drawn: Sequence[Figure | None]) -> None:
    """The figures that there are, one under the other; a line on stderr where there is none."""
    from proofs.sheet.pictures import draw

    shown = [figure for figure in drawn if figure is not None]
    if shown:
        write_bytes(path, draw(shown, path.suffix))
    else:
        click.echo(f"verify: nothing drawn to {path}: there is nothing to show", err=True)


def draw_answer(path: Path, construction: Construction, certificate: Certificate) -> None:
    """Gate activations on the worst case, the error against n where it varies, and for ever, what others lose beyond n."""
    from proofs.sheet.drift import drift
    from proofs.sheet.figures import activations, error_against_n

    beyond = drift(certificate) if certificate.regime.horizon == "forever" else None
    draw_figures(path, [activations(certificate), error_against_n(construction, certificate), beyond])


def draw_without_weights(path: Path, found: Impossible | Open) -> None:
    """The closest construction's gates, and the lattice of the path theorem where that is what forbids the request."""
    from proofs.sheet.figures import activations, lattice_paths

    named = isinstance(found, Impossible) and found.theorem.id == LATTICE_THEOREM
    draw_figures(path, [None if found.best is None else activations(found.best), lattice_paths() if named else None])

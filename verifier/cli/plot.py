"""`--plot FILE`: pictures of what a command found, computed from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from constructions import Construction
from verifier.certify import Certificate
from verifier.cli.files import check_writable, write_bytes
from verifier.errors import UsageError

if TYPE_CHECKING:
    from proofs.sheet.figure import Figure

EXTRA = "figures need their libraries: pip install 'first-input-recall[sheets]'"


def check_plot(path: Path) -> None:
    """Raise `UsageError` now if no picture could be drawn to `path` later."""
    try:
        from proofs.sheet.pictures import check_format
    except ImportError:
        raise UsageError(EXTRA) from None
    check_format(path)
    check_writable(path)


def draw_answer(path: Path, construction: Construction, certificate: Certificate) -> None:
    """Gate activations on the worst case, and below them the error against n where it varies."""
    from proofs.sheet.figures import activations, error_against_n

    error = error_against_n(construction, certificate)
    draw(path, [activations(certificate), *([] if error is None else [error])])


def draw(path: Path, figures: Sequence[Figure]) -> None:
    """The figures, one under the other, as a file."""
    from proofs.sheet.pictures import draw as drawn

    write_bytes(path, drawn(figures, path.suffix))

"""From a file's content to exact weights: which tensor is which, and of which cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from verifier.cells import CELLS
from verifier.errors import UsageError
from verifier.formats.content import Content
from verifier.formats.state_dict import from_state_dict, guess_cell, roles_of
from verifier.weights import Weights


def weights_of(
    content: Content, cell: str | None = None, chosen: Sequence[tuple[str, str]] = ()
) -> tuple[Weights, Mapping[str, str]]:
    """The exact weights of a file and, where it has named tensors, which tensor plays which role.

    `cell`: as asked for, None to go by the file: what it says itself, else its shapes. `chosen`: (role, tensor) pairs that
    overrule the guess. Raises `UsageError` where file and request disagree or the network is not supported.
    """
    if cell is not None and cell not in CELLS:
        raise UsageError(f"--arch {cell} is unknown (known: {', '.join(sorted(CELLS))})")
    if content.weights is not None:
        if chosen:
            raise UsageError("--map names tensors; this file says itself what its numbers are")
        if cell not in (None, content.weights.cell):
            raise UsageError(f"--arch {cell}, but this file holds the weights of a {content.weights.cell}")
        return content.weights, {}
    roles = roles_of(content.tensors, chosen)
    noted = content.note.get("cell")
    if cell is None and noted in CELLS:
        cell = noted
    return from_state_dict(content.tensors, roles, cell or guess_cell(content.tensors, roles)), roles

"""What accuracy costs: for each construction the law of its largest weight, where it comes from, and where it is checked.

Inputs lie in [-1, 1]; for [-M, M] divide the input weights by M, multiply the readout by M and take tolerance δM. To add a
construction add a `Row` in the module of its kind: its law in n and δ, the bound the law is read off, how weights are built,
and a plan of points. Source: this project, theory C1 ... C16.
"""

from __future__ import annotations

import difflib

from constructions import derivations
from constructions.cost import chains, copying, exact, integrators, latches, poles, refreshed
from constructions.cost.row import Row
from verifier.errors import UsageError

ROWS: tuple[Row, ...] = (*chains.ROWS, *latches.ROWS, *refreshed.ROWS, *integrators.ROWS, *exact.ROWS, *poles.ROWS, *copying.ROWS)
"""Every construction of this version."""


def rows_of(architecture: str | None) -> tuple[Row, ...]:
    """The rows of one architecture, or all. Raises `UsageError` for an architecture that has none."""
    if architecture is None:
        return ROWS
    known = sorted({name for row in ROWS for name in row.architectures})
    if architecture not in known:
        near = difflib.get_close_matches(architecture.lower(), known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"no cost law for {architecture!r} in this version{hint} (known: {', '.join(known)})")
    return tuple(row for row in ROWS if architecture in row.architectures)


def without_law() -> list[str]:
    """The constructions of this version that have no row, by the id of their derivation."""
    return sorted({*derivations(), "C10"} - {row.theorem for row in ROWS})


__all__ = ["ROWS", "Row", "rows_of", "without_law"]

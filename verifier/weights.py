"""Exact, immutable, sparse, named weights.

A weight set is a cell name, a number d of hidden units and blocks of rationals:

    W_<gate>  (d, d)   recurrent weights      h_0, c_0, ...  (d,)   initial state (0 where nothing is stored)
    U_<gate>  (d,)     input weights          V              (d,)   readout
    b_<gate>  (d,)     biases                 v0             ()     readout bias
    c_<gate>  (d,)     biases of a recurrent part that a gate multiplies (cells with `recurrent_biases`)

Only nonzero entries are stored. The content hash is the SHA-256 of the canonical JSON form.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from verifier.cells import CELLS
from verifier.errors import UsageError
from verifier.exact import exact, parse_rational, show_rational

Index = tuple[int, ...]

LARGEST_HIDDEN = 4096
"""Hidden units a weight set may have."""


@dataclass(frozen=True)
class ExactArray:
    """An immutable sparse array of rationals: `shape` and its nonzero `entries`, sorted by index."""

    shape: Index
    entries: tuple[tuple[Index, Fraction], ...]

    @classmethod
    def build(cls, shape: Index, entries: Mapping[Index, Any], what: str = "array") -> ExactArray:
        """The array with these entries, zeros dropped. Raises `TypeError` on a float, `IndexError` outside."""
        kept = []
        for index, value in entries.items():
            if len(index) != len(shape) or not all(0 <= i < size for i, size in zip(index, shape, strict=True)):
                raise IndexError(f"{what} has shape {shape}; index {index} lies outside")
            number = exact(value)
            if number:
                kept.append((tuple(index), number))
        return cls(tuple(shape), tuple(sorted(kept)))

    def __getitem__(self, index: Index) -> Fraction:
        return self._lookup.get(index, Fraction(0))

    @property
    def _lookup(self) -> dict[Index, Fraction]:
        cached: dict[Index, Fraction] | None = self.__dict__.get("_cached_lookup")
        if cached is None:
            cached = dict(self.entries)
            object.__setattr__(self, "_cached_lookup", cached)
        return cached

    def __iter__(self) -> Iterator[tuple[Index, Fraction]]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


class Weights:
    """The exact weights of one network: cell, hidden units, blocks, unit names.

    >>> w = Weights("lstm", 2, {"W_i": {(1, 0): -8}, "b_f": {(0,): -3, (1,): 3}, "V": {(1,): 10}}, units=("s", "m"))
    >>> w["W_i"][1, 0], w["b_f"][1,], w["U_g"][0,]
    (Fraction(-8, 1), Fraction(3, 1), Fraction(0, 1))
    >>> Weights("lstm", 2, {"b_f": {(0,): 0.5}})
    Traceback (most recent call last):
    ...
    TypeError: 0.5 is a float; exact constants are int or Fraction

    Raises `UsageError` on an unknown cell or block and on values the cell cannot have, `IndexError` on an index outside a
    block, `TypeError` on a float.
    """

    __slots__ = ("_blocks", "_digest", "cell", "hidden", "units")

    cell: str
    hidden: int
    units: tuple[str, ...]
    _blocks: dict[str, ExactArray]
    _digest: str | None

    def __init__(
        self,
        cell: str,
        hidden: int,
        blocks: Mapping[str, Mapping[Index, Any]],
        units: tuple[str, ...] = (),
    ) -> None:
        if cell not in CELLS:
            raise UsageError(f"cell {cell!r} is unknown; known cells: {', '.join(sorted(CELLS))}")
        if isinstance(hidden, bool) or not isinstance(hidden, int) or not 1 <= hidden <= LARGEST_HIDDEN:
            raise UsageError(f"hidden units d = {hidden!r} is not allowed; 1 to {LARGEST_HIDDEN}")
        shapes = CELLS[cell].block_shapes(hidden)
        unknown = sorted(set(blocks) - set(shapes))
        if unknown:
            raise UsageError(f"{cell} has no weights named {', '.join(unknown)}; it has {', '.join(shapes)}")
        if len(units) > hidden:
            raise UsageError(f"{len(units)} unit names for {hidden} hidden units")
        arrays = {name: ExactArray.build(shape, blocks.get(name, {}), name) for name, shape in shapes.items()}
        wrong = CELLS[cell].complaint({name: dict(array) for name, array in arrays.items()})
        if wrong:
            raise UsageError(f"{cell} weights: {wrong}")
        object.__setattr__(self, "cell", cell)
        object.__setattr__(self, "hidden", hidden)
        object.__setattr__(self, "units", tuple(units))
        object.__setattr__(self, "_blocks", arrays)
        object.__setattr__(self, "_digest", None)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("weights are immutable; build new ones with .replace()")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("weights are immutable; build new ones with .replace()")

    def __getitem__(self, name: str) -> ExactArray:
        return self._blocks[name]

    def blocks(self) -> dict[str, ExactArray]:
        """All blocks by name, zero blocks included."""
        return dict(self._blocks)

    def unit_name(self, index: int) -> str:
        """The name of a unit, or its number where it has none."""
        return self.units[index] if index < len(self.units) else str(index)

    def replace(self, changes: Mapping[tuple[str, Index], Any]) -> Weights:
        """Return new weights with single entries changed: {(block, index): value}."""
        blocks = {name: dict(array.entries) for name, array in self._blocks.items()}
        for (name, index), value in changes.items():
            blocks[name][index] = exact(value)
        return Weights(self.cell, self.hidden, blocks, self.units)

    @property
    def largest(self) -> Fraction:
        """The largest modulus of any weight, readout included (the price of accuracy)."""
        return max((abs(v) for array in self._blocks.values() for _, v in array), default=Fraction(0))

    @property
    def sha256(self) -> str:
        """Content hash: SHA-256 of the canonical JSON form. Unit names are labels and do not count."""
        digest = self._digest
        if digest is None:
            data = self.to_data()
            del data["units"]
            text = json.dumps(data, sort_keys=True, separators=(",", ":"))
            digest = hashlib.sha256(text.encode()).hexdigest()
            object.__setattr__(self, "_digest", digest)
        return digest

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Weights) and self.cell == other.cell and self.hidden == other.hidden and self._blocks == other._blocks
        )

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __repr__(self) -> str:
        nonzero = sum(len(array) for array in self._blocks.values())
        return f"Weights({self.cell!r}, hidden={self.hidden}, {nonzero} nonzero, sha256 {self.sha256[:12]})"

    def to_data(self) -> dict[str, Any]:
        """Plain data: {"cell", "hidden", "units", "blocks": {name: [[index..., "value"], ...]}}, without zero blocks."""
        return {
            "cell": self.cell,
            "hidden": self.hidden,
            "units": list(self.units),
            "blocks": {
                name: [[*index, show_rational(value)] for index, value in array]
                for name, array in self._blocks.items()
                if len(array)
            },
        }

    @classmethod
    def from_data(cls, data: Any) -> Weights:
        """Read what `to_data` wrote; raises `UsageError` naming the first thing that is wrong."""
        if not isinstance(data, dict) or set(data) != {"cell", "hidden", "units", "blocks"}:
            raise UsageError("weights must be an object with the fields cell, hidden, units, blocks")
        cell, hidden, units, stored = data["cell"], data["hidden"], data["units"], data["blocks"]
        if not isinstance(cell, str) or not isinstance(stored, dict):
            raise UsageError("weights: cell must be text and blocks an object")
        if not isinstance(units, list) or not all(isinstance(name, str) for name in units):
            raise UsageError("weights: units must be a list of names")
        blocks: dict[str, dict[Index, Fraction]] = {}
        for name, rows in stored.items():
            entries: dict[Index, Fraction] = {}
            if not isinstance(rows, list):
                raise UsageError(f'weights: block {name} must be a list of [index..., "value"] rows')
            for row in rows:
                if not (
                    isinstance(row, list)
                    and row
                    and isinstance(row[-1], str)
                    and all(isinstance(i, int) and not isinstance(i, bool) for i in row[:-1])
                ):
                    raise UsageError(f"weights: block {name} has the malformed row {str(row)[:60]}")
                index = tuple(row[:-1])
                if index in entries:
                    raise UsageError(f"weights: block {name} gives entry {index} twice")
                entries[index] = parse_rational(row[-1], f"weight {name}{list(index)}")
            blocks[name] = entries
        try:
            return cls(cell, hidden, blocks, tuple(units))
        except IndexError as error:
            raise UsageError(f"weights: {error}") from None

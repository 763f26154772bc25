"""A linear transition A with its input column B and output row C, exact, and how it is read from JSON text.

    {"A": [["1/2", "0.25"], [0, "1"]], "B": ["1", "0"], "C": ["0", "1"]}        or the rows of A alone: [["1/2"]]

Numbers are text (`3`, `0.1`, `1/3`, `1e-20`, exact as written) or whole JSON numbers. A JSON number with a point or an exponent
is refused: it names a binary float to most programs, so 0.1 would not be the tenth it looks like.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from verifier.errors import UsageError
from verifier.exact import parse_rational
from verifier.spectral import LARGEST_DIMENSION
from verifier.weights import Weights

LARGEST_ENTRY_DIGITS = 5_000
"""Decimal digits of a numerator or denominator: exact eigenvalue arithmetic multiplies them by the dimension."""


@dataclass(frozen=True)
class Transition:
    """A square matrix A with an input column B and an output row C; B and C may be missing together."""

    title: str
    matrix: tuple[tuple[Fraction, ...], ...]
    input: tuple[Fraction, ...] | None = None
    output: tuple[Fraction, ...] | None = None

    @property
    def size(self) -> int:
        """The number of units d."""
        return len(self.matrix)

    def weights(self, cell: str) -> Weights:
        """The one-gate cell h' = act(A h + B x), y = C h. Raises `UsageError` without B and C."""
        if self.input is None or self.output is None:
            raise UsageError(f"a {cell} network needs B and C besides A; give all three")
        return Weights(
            cell,
            self.size,
            {
                "W_h": {(i, k): value for i, row in enumerate(self.matrix) for k, value in enumerate(row)},
                "U_h": {(i,): value for i, value in enumerate(self.input)},
                "V": {(i,): value for i, value in enumerate(self.output)},
            },
        )


class _Float(str):
    """The text of a JSON number with a point or an exponent, or of NaN or Infinity."""


def transition_from_text(text: str, title: str) -> Transition:
    """Read A, B and C. Raises `UsageError` naming the first thing that is wrong."""
    try:
        data = json.loads(text, parse_float=_Float, parse_constant=_Float)
    except (ValueError, RecursionError) as error:
        detail = str(error) if isinstance(error, json.JSONDecodeError) else "it is not usable JSON"
        raise UsageError(f"{title} is not a matrix file: {detail}") from None
    if isinstance(data, list):
        data = {"A": data}
    if not isinstance(data, dict) or "A" not in data or set(data) - {"A", "B", "C"}:
        raise UsageError(f'{title} must hold a list of rows, or an object with the fields "A" and perhaps "B" and "C"')
    if ("B" in data) != ("C" in data):
        raise UsageError(f'{title} gives one of "B" and "C"; give both or neither')
    rows = data["A"]
    if not isinstance(rows, list) or not rows:
        raise UsageError(f"{title}: A must be a list of rows, at least one")
    size = len(rows)
    if size > LARGEST_DIMENSION:
        raise UsageError(f"{title}: A has {size} rows; at most {LARGEST_DIMENSION} are taken")
    matrix = []
    for number, row in enumerate(rows, 1):
        if not isinstance(row, list):
            raise UsageError(f"{title}: row {number} of A is not a list but {_short(row)}")
        if len(row) != size:
            raise UsageError(f"{title}: A is not square: {size} rows, but row {number} has {len(row)} entries")
        matrix.append(tuple(_number(value, f"{title}: A[{number}][{k}]") for k, value in enumerate(row, 1)))
    vectors = {name: _vector(data[name], name, size, title) for name in ("B", "C") if name in data}
    return Transition(title, tuple(matrix), vectors.get("B"), vectors.get("C"))


def _vector(values: Any, name: str, size: int, title: str) -> tuple[Fraction, ...]:
    if not isinstance(values, list) or len(values) != size:
        what = f"{len(values)} entries" if isinstance(values, Sequence) and not isinstance(values, str) else _short(values)
        raise UsageError(f"{title}: {name} must be a list of {size} numbers, not {what}")
    return tuple(_number(value, f"{title}: {name}[{k}]") for k, value in enumerate(values, 1))


def _number(value: Any, what: str) -> Fraction:
    if isinstance(value, _Float):
        raise UsageError(
            f'{what} is the JSON number {_short(str(value))}, a float; write it as text, "0.1" or "1/3", which is exact'
        )
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise UsageError(f'{what} is {_short(value)}, not a number; write "1/3", "0.1" or 2')
    number = Fraction(value) if isinstance(value, int) else parse_rational(value, what)
    if max(abs(number.numerator), number.denominator) >= 10**LARGEST_ENTRY_DIGITS:
        raise UsageError(f"{what} has more than {LARGEST_ENTRY_DIGITS:,} digits; round it")
    return number


def _short(value: Any) -> str:
    text = str(value) if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."

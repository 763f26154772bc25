"""A second LSTM, written from the textbook formulas with mpmath alone, that reads weights as plain data.

It shares no code with `verifier`: not the cell, not σ, not the parsing of numbers. It says nothing about rounding, so
callers ask for many more digits than they compare.

    f = σ(W_f h + U_f x + b_f),  i, o alike,  g = tanh(W_g h + U_g x + b_g),  c' = f c + i g,  h' = o tanh c',  y = V h + v0
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import mpmath


class IndependentLstm:
    """The network of `Weights.to_data()`, evaluated at `digits` decimals."""

    def __init__(self, data: dict[str, Any], digits: int) -> None:
        if data["cell"] != "lstm":
            raise ValueError(f"{data['cell']} is not an LSTM")
        self.context = mpmath.MPContext()
        self.context.dps = digits
        self.entries: dict[str, list[list[Any]]] = {
            name: [[*row[:-1], self.number(read_number(row[-1]))] for row in rows] for name, rows in data["blocks"].items()
        }
        # units that no weight mentions stay at 0 for ever and are left out
        named = {index for rows in self.entries.values() for row in rows for index in row[:-1]}
        self.size = 1 + max(named, default=0)
        self.sigmoid = functools.cache(lambda z: 1 / (1 + self.context.exp(-z)))
        self.tanh = functools.cache(self.context.tanh)

    def number(self, value: Fraction) -> Any:
        """A rational as an mpf."""
        return self.context.mpf(value.numerator) / value.denominator

    def vector(self, block: str) -> list[Any]:
        """A block of d values."""
        values = [self.context.zero] * self.size
        for index, value in self.entries.get(block, []):
            values[index] = value
        return values

    def outputs(self, inputs: Iterable[Fraction]) -> Iterator[Any]:
        """y_1, y_2, ... over an input sequence."""
        biases = {gate: self.vector(f"b_{gate}") for gate in "fiog"}
        on_input = {gate: self.vector(f"U_{gate}") for gate in "fiog"}
        recurrent = {gate: self.entries.get(f"W_{gate}", []) for gate in "fiog"}
        readout = self.vector("V")
        offset = self.entries.get("v0", [[self.context.zero]])[0][0]
        h, c = self.vector("h_0"), self.vector("c_0")
        for x in inputs:
            at = self.number(x)
            z = {gate: [b + u * at for b, u in zip(biases[gate], on_input[gate], strict=True)] for gate in "fiog"}
            for gate in "fiog":
                for row, column, value in recurrent[gate]:
                    z[gate][row] += value * h[column]
            c = [self.sigmoid(z["f"][k]) * c[k] + self.sigmoid(z["i"][k]) * self.tanh(z["g"][k]) for k in range(self.size)]
            h = [self.sigmoid(z["o"][k]) * self.context.tanh(c[k]) for k in range(self.size)]
            yield offset + self.context.fsum(v * value for v, value in zip(readout, h, strict=True))

    def errors(self, inputs: list[Fraction]) -> list[Fraction]:
        """|y_n' - x_1| for n' = 1, 2, ..."""
        return [abs(as_fraction(y) - inputs[0]) for y in self.outputs(inputs)]

    def error(self, inputs: list[Fraction]) -> Fraction:
        """|y_n - x_1| at the end of the sequence."""
        return self.errors(inputs)[-1]


def read_number(text: str) -> Fraction:
    """The rational of "3", "1/3" or "2e-7"."""
    return Fraction(text)


def as_fraction(value: Any) -> Fraction:
    """An mpf as the exact rational it is."""
    sign, mantissa, exponent, _ = value._mpf_
    size = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
    return -size if sign else size

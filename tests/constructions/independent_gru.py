"""A second GRU, written from the papers' formulas with mpmath alone, that reads weights as plain data.

It shares no code with `verifier`: not the cell, not σ, not the parsing of numbers. It says nothing about rounding, so
callers ask for many more digits than they compare.

    z = σ(W_z h + U_z x + b_z),  r alike
    n = tanh(W_n (r∘h) + U_n x + b_n)          reset before the product (gru, gru-keep)
    n = tanh(r∘(W_n h + c_n) + U_n x + b_n)    reset after it (gru-after, gru-after-keep)
    h' = (1-z)∘h + z∘n, where z keeps (-keep) h' = z∘h + (1-z)∘n;   y = V h + v0
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import mpmath

CONVENTIONS = {  # cell -> (reset after the product, z keeps)
    "gru": (False, False),
    "gru-keep": (False, True),
    "gru-after": (True, False),
    "gru-after-keep": (True, True),
}


class IndependentGru:
    """The network of `Weights.to_data()`, evaluated at `digits` decimals."""

    def __init__(self, data: dict[str, Any], digits: int) -> None:
        self.reset_after, self.z_keeps = CONVENTIONS[data["cell"]]
        self.mp = mpmath.MPContext()
        self.mp.dps = digits
        self.entries = {
            name: {tuple(row[:-1]): self.number(Fraction(row[-1])) for row in rows} for name, rows in data["blocks"].items()
        }
        # units that no weight mentions stay at 0 for ever and are left out
        self.size = 1 + max((k for rows in self.entries.values() for index in rows for k in index), default=0)

    def number(self, value: Fraction) -> Any:
        """A rational as an mpf."""
        return self.mp.mpf(value.numerator) / value.denominator

    def vector(self, block: str) -> list[Any]:
        """A block of d values."""
        return [self.entries.get(block, {}).get((k,), self.mp.zero) for k in range(self.size)]

    def product(self, block: str, h: list[Any]) -> list[Any]:
        """W h."""
        total = [self.mp.zero] * self.size
        for (row, column), value in self.entries.get(block, {}).items():
            total[row] += value * h[column]
        return total

    def sigmoid(self, v: Any) -> Any:
        """1/(1 + e^-v)."""
        return 1 / (1 + self.mp.exp(-v))

    def steps(self, inputs: Iterable[Fraction]) -> Iterator[tuple[Any, list[Any], dict[str, list[Any]]]]:
        """(y, h, {gate: activations}) after each input."""
        units = range(self.size)
        h, readout = self.vector("h_0"), self.vector("V")
        offset = self.entries.get("v0", {}).get((), self.mp.zero)
        bias = {gate: self.vector(f"b_{gate}") for gate in "zrn"}
        on_input = {gate: self.vector(f"U_{gate}") for gate in "zrn"}
        inner = self.vector("c_n")
        for value in inputs:
            x = self.number(value)
            outside = {gate: [bias[gate][k] + on_input[gate][k] * x for k in units] for gate in "zrn"}
            z, r = ([self.sigmoid(v + w) for v, w in zip(outside[g], self.product(f"W_{g}", h), strict=True)] for g in "zr")
            if self.reset_after:
                part = [r[k] * (v + inner[k]) for k, v in enumerate(self.product("W_n", h))]
            else:
                part = self.product("W_n", [r[k] * h[k] for k in units])
            n = [self.mp.tanh(outside["n"][k] + part[k]) for k in units]
            h = [z[k] * h[k] + (1 - z[k]) * n[k] if self.z_keeps else (1 - z[k]) * h[k] + z[k] * n[k] for k in units]
            y = offset + self.mp.fsum(readout[k] * h[k] for k in units)
            yield y, h, {"z": z, "r": r, "n": n}

    def outputs(self, inputs: Iterable[Fraction]) -> list[Any]:
        """y_1, y_2, ..."""
        return [y for y, _, _ in self.steps(inputs)]

    def error(self, inputs: list[Fraction]) -> Fraction:
        """|y_n - x_1| at the end of the sequence."""
        return abs(as_fraction(self.outputs(inputs)[-1]) - inputs[0])


def as_fraction(value: Any) -> Fraction:
    """An mpf as the exact rational it is."""
    sign, mantissa, exponent, _ = value._mpf_
    size = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
    return -size if sign else size

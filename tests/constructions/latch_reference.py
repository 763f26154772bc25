"""The four latches written out with mpmath alone: outputs of given weights, and what the bound needs at given sizes."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import mpmath

from verifier.weights import Weights

CONTEXT = mpmath.MPContext()
CONTEXT.dps = 40


def number(value: Fraction | int) -> Any:
    """A rational as an mpf."""
    return CONTEXT.mpf(Fraction(value).numerator) / Fraction(value).denominator


def sigma(value: Any) -> Any:
    """1/(1 + e^-v)."""
    return 1 / (1 + CONTEXT.exp(-value))


def outputs(weights: Weights, inputs: Sequence[Fraction]) -> list[Any]:
    """y_1, y_2, ... of a network of any of the latch's cells, from the textbook formulas."""
    units = sorted({index[-1] for name, array in weights.blocks().items() for index, _ in array if name != "v0"})

    def block(name: str) -> list[Any]:
        return [number(weights[name][k,]) for k in units]

    def affine(gate: str, h: list[Any], x: Any) -> list[Any]:
        rows = {(i, j): number(v) for (i, j), v in weights[f"W_{gate}"]}
        on_input, bias = block(f"U_{gate}"), block(f"b_{gate}")
        sums = [CONTEXT.fsum(rows[i, j] * v for j, v in zip(units, h, strict=True) if (i, j) in rows) for i in units]
        return [s + u * x + b for s, u, b in zip(sums, on_input, bias, strict=True)]

    readout, offset = block("V"), number(weights["v0"][()])
    h, c = [CONTEXT.zero for _ in units], [CONTEXT.zero for _ in units]
    found = []
    for value in inputs:
        x = number(value)
        if weights.cell in ("tanh", "sigmoid"):
            act = CONTEXT.tanh if weights.cell == "tanh" else sigma
            h = [act(z) for z in affine("h", h, x)]
        elif weights.cell == "lstm":
            f, i, o = ([sigma(z) for z in affine(gate, h, x)] for gate in "fio")
            g = [CONTEXT.tanh(z) for z in affine("g", h, x)]
            c = [a * old + b * new for a, old, b, new in zip(f, c, i, g, strict=True)]
            h = [a * CONTEXT.tanh(v) for a, v in zip(o, c, strict=True)]
        else:
            z, r = ([sigma(v) for v in affine(gate, h, x)] for gate in "zr")
            if "after" in weights.cell:
                zero = [CONTEXT.zero for _ in units]
                whole, fed = affine("n", h, x), affine("n", zero, x)
                n = [CONTEXT.tanh(a * (w - b) + b) for a, w, b in zip(r, whole, fed, strict=True)]
            else:
                n = [CONTEXT.tanh(v) for v in affine("n", [a * b for a, b in zip(r, h, strict=True)], x)]
            take = [1 - a for a in z] if "keep" in weights.cell else z
            h = [(1 - a) * old + a * new for a, old, new in zip(take, h, n, strict=True)]
        found.append(offset + CONTEXT.fsum(v * a for v, a in zip(readout, h, strict=True)))
    return found


def held(cell: str, argument: Any, strength: Any) -> Any:
    """The least state of a unit with at least this argument; `strength` None for saturated gates."""
    phi = CONTEXT.one if strength is None else sigma(strength)
    value = CONTEXT.tanh(argument)
    if cell == "lstm":
        return phi * CONTEXT.tanh(phi * value)
    return value if cell in ("tanh", "sigmoid") else phi * value


def keeps(cell: str, argument: Any, strength: Any) -> Any:
    """What feedback sees of it."""
    value = held(cell, argument, strength)
    if cell == "sigmoid":
        return value if strength is None else value - sigma(-2 * strength)
    return value if cell in ("tanh", "lstm") or strength is None else sigma(strength) * value


def early(cell: str, units: int, a: Any, strength: Any, worth: Any) -> Any:
    """What units lack at step 1, of M = 1, with κM = a and a unit's worth ρ/d."""
    lack = [1 - worth * held(cell, k * CONTEXT.mpf(a) / units, strength) for k in (1, 3)]
    return (lack[0] + (units - 1) * lack[1]) / units


def serves(cell: str, units: int, tolerance: Any, a: int, gain: int, strength: Any, worth: Any, grid: bool) -> bool:
    """Whether these sizes keep the error of M = 1 below the tolerance for ever, by the formulas of theory C8."""
    first = early(cell, units, a, strength, worth)
    if (0 if grid else CONTEXT.one / units) + first > tolerance:
        return False
    settled = gain * keeps(cell, CONTEXT.mpf(a) / units, strength) - (2 * a - CONTEXT.mpf(a) / units)
    if settled < CONTEXT.mpf(a) / units:
        return False
    lack = 1 - worth * held(cell, settled, strength)
    if grid:
        return bool(lack <= first)
    width = tolerance - CONTEXT.one / units - (1 - CONTEXT.one / units) * lack
    return bool(width > 0 and gain * keeps(cell, a * width, strength) >= a * (2 - CONTEXT.one / units + width))

"""Independent Elman RNNs for the tests: mpmath with its own loops, and ONNX Runtime. Shares no code with cells.py."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
from onnx_runtime import float_blocks, hidden_states

from verifier import Weights

DIGITS = 700


def outputs(weights: Weights, inputs: Sequence[Fraction], digits: int = DIGITS) -> list[Any]:
    """y_1, y_2, ... in mpmath at `digits` digits."""
    mp = mpmath.MPContext()
    mp.dps = digits

    def number(value: Fraction) -> Any:
        return mp.mpf(value.numerator) / value.denominator

    def activate(z: Any) -> Any:
        return mp.tanh(z) if weights.cell == "tanh" else 1 / (1 + mp.exp(-z))

    d = weights.hidden
    used = sorted({k for _, array in weights.blocks().items() for index, _ in array for k in index})
    recurrent = {(i, j): number(value) for (i, j), value in weights["W_h"]}
    h = [number(weights["h_0"][k,]) for k in range(d)]
    found = []
    for x in inputs:
        new = list(h)
        for i in used:
            z = number(weights["b_h"][i,]) + number(weights["U_h"][i,]) * number(x)
            for j in used:
                if (i, j) in recurrent:
                    z += recurrent[i, j] * h[j]
            new[i] = activate(z)
        h = new
        y = number(weights["v0"][()])
        for k in used:
            y += number(weights["V"][k,]) * h[k]
        found.append(y)
    return found


def error(weights: Weights, inputs: Sequence[Fraction], digits: int = DIGITS) -> Any:
    """|y_n - x_1|."""
    first = inputs[0]
    return abs(outputs(weights, inputs, digits)[-1] - mpmath.mpf(first.numerator) / first.denominator)


def random_weights(cell: str, hidden: int, seed: int) -> Weights:
    """Dense rational weights, multiples of 1/16 (exact in float32), h_0 and v0 included."""
    generator = random.Random(seed)

    def draw() -> Fraction:
        return Fraction(generator.randint(-24, 24), 16)

    units = range(hidden)
    return Weights(
        cell,
        hidden,
        {
            "W_h": {(i, j): draw() for i in units for j in units},
            **{name: {(k,): draw() for k in units} for name in ("U_h", "b_h", "h_0", "V")},
            "v0": {(): draw()},
        },
    )


def onnx_outputs(weights: Weights, inputs: Sequence[Fraction]) -> list[float]:
    """y_1, y_2, ... by ONNX Runtime's RNN operator in float32 (readout in Python)."""
    blocks = float_blocks(weights)
    bias = np.concatenate([blocks["b_h"], np.zeros_like(blocks["b_h"])])
    activation = {"tanh": "Tanh", "sigmoid": "Sigmoid"}[weights.cell]
    states = hidden_states(
        "RNN", blocks["U_h"], blocks["W_h"], bias, {"h": blocks["h_0"]}, inputs, activations=[activation], direction="forward"
    )
    return [float(h @ blocks["V"]) + float(weights["v0"][()]) for h in states]

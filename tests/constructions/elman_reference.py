"""Independent Elman RNNs for the tests: mpmath with its own loops, and ONNX Runtime. Shares no code with cells.py."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import mpmath

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
    import numpy as np
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper

    d, n = weights.hidden, len(inputs)

    def dense(name: str) -> Any:
        array = np.zeros(weights[name].shape, dtype=np.float32)
        for index, value in weights[name]:
            array[index] = np.float32(float(value))
        return array

    activation = {"tanh": "Tanh", "sigmoid": "Sigmoid"}[weights.cell]
    node = helper.make_node(
        "RNN", ["X", "W", "R", "B", "", "h0"], ["Y", "Yh"], hidden_size=d, activations=[activation], direction="forward"
    )
    graph = helper.make_graph(
        [node],
        "elman",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, [n, 1, 1])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, [n, 1, 1, d])],
        [
            helper.make_tensor("W", TensorProto.FLOAT, [1, d, 1], dense("U_h").reshape(-1)),
            helper.make_tensor("R", TensorProto.FLOAT, [1, d, d], dense("W_h").reshape(-1)),
            helper.make_tensor("B", TensorProto.FLOAT, [1, 2 * d], np.concatenate([dense("b_h"), np.zeros(d, np.float32)])),
            helper.make_tensor("h0", TensorProto.FLOAT, [1, 1, d], dense("h_0")),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    x = np.array([float(v) for v in inputs], dtype=np.float32).reshape(n, 1, 1)
    (h,) = session.run(["Y"], {"X": x})
    readout = dense("V")
    return [float(h[t, 0, 0] @ readout) + float(weights["v0"][()]) for t in range(n)]

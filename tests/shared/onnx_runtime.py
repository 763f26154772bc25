"""Recurrent operators run by ONNX Runtime in float32; a test that asks for it is skipped, and counted, where it is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from verifier.weights import Weights


def float_blocks(weights: Weights) -> dict[str, Any]:
    """The blocks as dense float32 arrays."""
    arrays = {}
    for name, block in weights.blocks().items():
        arrays[name] = np.zeros(block.shape, np.float32)
        for index, value in block:
            arrays[name][index] = float(value)
    return arrays


def stacked_gates(arrays: Mapping[str, Any], letter: str, gates: str) -> Any:
    """The blocks letter_gate below each other, as the operators want them."""
    return np.concatenate([arrays[f"{letter}_{gate}"] for gate in gates])


def hidden_states(
    operator: str,
    on_input: Any,
    recurrent: Any,
    bias: Any,
    initial: Mapping[str, Any],
    inputs: Sequence[Fraction],
    **attributes: Any,
) -> Any:
    """h_1, h_2, ... (n, d) of ONNX operator RNN, GRU or LSTM.

    on_input (g d), recurrent (g d, d), bias (2 g d: input biases, then recurrent ones), initial {"h": (d,), "c": (d,)}.
    """
    onnx = pytest.importorskip("onnx", reason="onnx is not installed (extra 'runtimes')")
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed (extra 'runtimes')")
    d, n, kind = recurrent.shape[1], len(inputs), onnx.TensorProto.FLOAT
    starts = [f"{name}_0" for name in initial]
    node = onnx.helper.make_node(operator, ["X", "W", "R", "B", "", *starts], ["Y"], hidden_size=d, **attributes)
    shapes = {"X": [n, 1, 1], **{name: [1, 1, d] for name in starts}}
    constants = {"W": on_input.reshape(1, -1, 1), "R": recurrent.reshape(1, -1, d), "B": bias.reshape(1, -1)}
    graph = onnx.helper.make_graph(
        [node],
        operator.lower(),
        [onnx.helper.make_tensor_value_info(name, kind, shape) for name, shape in shapes.items()],
        [onnx.helper.make_tensor_value_info("Y", kind, [n, 1, 1, d])],
        [onnx.numpy_helper.from_array(value.astype(np.float32), name) for name, value in constants.items()],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 14)], ir_version=8)
    onnx.checker.check_model(model)
    session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    feed = {"X": np.array([float(x) for x in inputs], np.float32).reshape(n, 1, 1)}
    feed |= {f"{name}_0": value.reshape(1, 1, d) for name, value in initial.items()}
    (states,) = session.run(["Y"], feed)
    return states.reshape(n, d)

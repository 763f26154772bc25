"""An exported LSTM run by ONNX Runtime in chunks that carry its state: as many steps as wanted in little memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from verifier.formats import encode
from verifier.weights import Weights


class CarriedLstm:
    """The model that `verify export` writes, with its state as further inputs and outputs.

    `outputs(x)` gives y (steps, batch) for x (steps, batch) and goes on from where the last call ended.
    """

    def __init__(self, weights: Weights, form: str, batch: int) -> None:
        import onnx
        import onnxruntime

        model = onnx.load_from_string(encode(".onnx", weights, form, {}))
        (lstm,) = [node for node in model.graph.node if node.op_type == "LSTM"]
        lstm.input.extend(["", "h_0", "c_0"])
        lstm.output.extend(["h_n", "c_n"])
        kind = model.graph.input[0].type.tensor_type.elem_type
        describe = onnx.helper.make_tensor_value_info
        shape = [1, "batch", weights.hidden]
        model.graph.input.extend([describe(name, kind, shape) for name in ("h_0", "c_0")])
        model.graph.output.extend([describe(name, kind, shape) for name in ("h_n", "c_n")])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        self.type = np.float32 if form == "binary32" else np.float64
        self.state = [np.zeros((1, batch, weights.hidden), self.type) for _ in "hc"]

    def outputs(self, x: Any) -> Any:
        """y of the next steps."""
        feed = {"x": x[:, :, None].astype(self.type), "h_0": self.state[0], "c_0": self.state[1]}
        y, *self.state = self.session.run(["y", "h_n", "c_n"], feed)
        return y[:, :, 0]


def adversarial_chunks(first: Any, steps: int, chunk: int, seed: int) -> Iterator[Any]:
    """Inputs (chunk, batch) up to `steps` steps: x_1, then signs, by column constant, alternating, in long runs, or random."""
    generator = np.random.default_rng(seed)
    batch = len(first)
    for start in range(0, steps, chunk):
        t = np.arange(start, min(start + chunk, steps))[:, None]
        kinds = [np.ones_like(t), -np.ones_like(t), (-1) ** t, (-1) ** (t // 97)]
        x = np.concatenate([kinds[k % 5] if k % 5 < 4 else generator.choice([-1, 1], size=t.shape) for k in range(batch)], axis=1)
        x = x.astype(np.float64)
        if start == 0:
            x[0] = first
        yield x

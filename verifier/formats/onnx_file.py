"""ONNX files: one RNN, LSTM or GRU operator, then the readout as a MatMul or Gemm. Needs the package `onnx`.

Layouts (ONNX operator specification): W [1, g·d, 1], R [1, g·d, d], B [1, 2·g·d] = (Wb, Rb), gates in the order i, o, f, c
and z, r, h; H_t = (1 - z)∘h̃ + z∘H_{t-1}, so z keeps; linear_before_reset = 1 puts the reset gate outside the recurrent
product, where Rb's last part lies inside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from verifier.errors import UsageError
from verifier.formats.content import Content, Note, Tensor, check_shape
from verifier.formats.layout import ONNX, head, native, stack, unstack
from verifier.formats.safetensors_file import widen
from verifier.weights import Weights

OPSET, IR_VERSION = 14, 8
"""Versions of the operator set and the file format that are written; ONNX Runtime reads them since 1.8."""

ACTIVATIONS = {"tanh": "Tanh", "relu": "Relu", "sigmoid": "Sigmoid", "linear": "Affine"}
"""Activation of an RNN operator by cell; Affine with α = 1, β = 0 is the identity."""

DEFAULTS = {"RNN": ("Tanh",), "LSTM": ("Sigmoid", "Tanh", "Tanh"), "GRU": ("Sigmoid", "Tanh")}
"""Activations of an operator that names none."""

PASSES = ("Identity", "Squeeze", "Unsqueeze", "Reshape", "Flatten", "Gather", "Slice", "Transpose")
"""Operators that only choose or rearrange what the layer put out."""

SUPPORTED = "one RNN, LSTM or GRU operator in one direction, then one MatMul or Gemm to one number"

MAIN = ("", "ai.onnx")


def require() -> Any:
    """The package onnx; raises `UsageError` where it is missing."""
    try:
        import onnx
    except ImportError:
        raise UsageError("an .onnx file needs the Python package onnx, which is not installed; try: pip install onnx") from None
    return onnx


def encode(weights: Weights, kind: Any, note: Note) -> bytes:
    """The model of weights that are floats of the type `kind`; input x [n, batch, 1], output y [n, batch, 1]."""
    found = native(weights, ONNX)
    onnx = require()
    operator, order = ONNX.operators[found.cell], ONNX.order(found.cell)
    arrays = stack(found, order, kind)
    matrix, bias = head(found, kind)
    constants = {
        "W": arrays["weight_ih"][None],
        "R": arrays["weight_hh"][None],
        "B": np.concatenate([arrays["bias_ih"], arrays["bias_hh"]])[None],
        "V": np.ascontiguousarray(matrix.T),
        "v0": bias,
        "one": np.array([1], np.int64),
    }
    attributes: dict[str, Any] = {"hidden_size": found.hidden}
    if operator == "RNN":
        attributes["activations"] = [ACTIVATIONS[found.cell]]
        if found.cell == "linear":
            attributes |= {"activation_alpha": [1.0], "activation_beta": [0.0]}
    if operator == "GRU":
        attributes["linear_before_reset"] = 1 if found.cell == "gru-after-keep" else 0
    make = onnx.helper
    element = {4: onnx.TensorProto.FLOAT, 8: onnx.TensorProto.DOUBLE}[np.dtype(kind).itemsize]
    graph = make.make_graph(
        [
            make.make_node(operator, ["x", "W", "R", "B"], ["Y"], name="layer", **attributes),
            make.make_node("Squeeze", ["Y", "one"], ["h"], name="one_direction"),
            make.make_node("MatMul", ["h", "V"], ["Vh"], name="readout"),
            make.make_node("Add", ["Vh", "v0"], ["y"], name="readout_bias"),
        ],
        "first_input_recall",
        [make.make_tensor_value_info("x", element, ["n", "batch", 1])],
        [make.make_tensor_value_info("y", element, ["n", "batch", 1])],
        [onnx.numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in constants.items()],
    )
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    model.producer_name = "first-input-recall"
    make.set_model_props(model, dict(note))
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def decode(data: bytes) -> Content:
    """The network of a model; raises `UsageError` naming what was found and what is supported."""
    onnx = require()
    from google.protobuf.message import DecodeError  # what onnx itself is built on

    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError:
        raise UsageError("this is not a whole ONNX file") from None
    if not model.graph.node:
        raise UsageError("this is not an ONNX model: it has no nodes")
    layer = _Layer.of(onnx, model.graph)
    weights = layer.weights()
    return Content("weights", weights=weights, note={p.key: p.value for p in model.metadata_props}, told=tuple(layer.told))


@dataclass
class _Layer:
    """The recurrent operator of a graph with its constants and its readout."""

    node: Any
    constants: dict[str, Tensor]
    attributes: dict[str, Any]
    readout: tuple[Tensor, bool, Tensor | None] | None = None
    told: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, onnx: Any, graph: Any) -> _Layer:
        recurrent = [node for node in graph.node if node.domain in MAIN and node.op_type in DEFAULTS]
        if len(recurrent) != 1:
            kinds = ", ".join(node.op_type for node in recurrent[:4]) or "none of them"
            raise UsageError(f"this ONNX model has {len(recurrent)} recurrent operators ({kinds}); supported: {SUPPORTED}")
        node = recurrent[0]
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        layer = cls(node, dict(_constants(onnx, graph)), attributes)
        layer._check()
        layer._follow(onnx, graph)
        return layer

    def weights(self) -> Weights:
        """The exact weights."""
        cell, order = self._cell(), ONNX.orders[self.node.op_type]
        tensors: dict[str, Tensor] = {}
        for role, place in (("weight_ih", 1), ("weight_hh", 2)):
            tensors[role] = self._one_direction(self._input(place, role))
        if self._given(3):
            both = self._one_direction(self._input(3, "bias"))
            if len(both.shape) != 1 or both.shape[0] % 2:
                raise UsageError(f"B = {both.name} has shape {list(both.shape)} per direction; it has [2·{len(order)}·d]")
            half = both.shape[0] // 2
            tensors["bias_ih"] = Tensor(both.name, both.values[:half])
            tensors["bias_hh"] = Tensor(both.name, both.values[half:])
        if self.readout is None:
            raise UsageError(f"this ONNX model's output does not come from a linear head; supported: {SUPPORTED}")
        matrix, transposed, bias = self.readout
        if len(matrix.shape) != 2:
            raise UsageError(f"the readout {matrix.name} has shape {list(matrix.shape)}; a matrix is wanted")
        tensors["head.weight"] = matrix if transposed else Tensor(matrix.name, matrix.values.T)
        if bias is not None:
            tensors["head.bias"] = Tensor(bias.name, bias.values.reshape(-1))
        return unstack(cell, order, tensors)

    def _cell(self) -> str:
        operator = self.node.op_type
        if operator == "LSTM":
            return "lstm"
        if operator == "GRU":
            return "gru-after-keep" if self.attributes.get("linear_before_reset", 0) else "gru-keep"
        cells = {activation: cell for cell, activation in ACTIVATIONS.items()}
        return cells[self._activations()[0]]

    def _activations(self) -> tuple[str, ...]:
        named = self.attributes.get("activations")
        if not named:
            return DEFAULTS[self.node.op_type]
        return tuple(name.decode(errors="replace") if isinstance(name, bytes) else str(name) for name in named)

    def _check(self) -> None:
        """Refuse what the cells here do not compute."""
        found = self.attributes
        direction = found.get("direction", b"forward")
        if direction != b"forward":
            raise UsageError(f"this ONNX {self.node.op_type} runs {direction.decode(errors='replace')}; supported: {SUPPORTED}")
        names = self._activations()
        allowed = [(name,) for name in ACTIVATIONS.values()] if self.node.op_type == "RNN" else [DEFAULTS[self.node.op_type]]
        if names not in allowed:
            wanted = " or ".join("/".join(option) for option in allowed)
            raise UsageError(f"this ONNX {self.node.op_type} has the activations {'/'.join(names)[:60]}; supported: {wanted}")
        if names == ("Affine",) and (list(found.get("activation_alpha", [1.0])), list(found.get("activation_beta", [0.0]))) != (
            [1.0],
            [0.0],
        ):
            raise UsageError("this ONNX RNN has an Affine activation that is not the identity (α = 1, β = 0)")
        if "clip" in found:
            raise UsageError(f"this ONNX {self.node.op_type} clips its gates at {found['clip']}; cells without clip are supported")
        if found.get("input_forget", 0):
            raise UsageError("this ONNX LSTM couples its input and forget gates; supported: LSTMs with separate gates")
        if self.node.op_type == "LSTM" and self._given(7):
            raise UsageError("this ONNX LSTM has peepholes; supported: LSTMs without")
        if self._given(4):
            self.told.append(f"sequence lengths come from {self.node.input[4][:40]}; every input counts here")
        for place, state in ((5, "h_0"), (6, "c_0")):
            if self._given(place):
                name = self.node.input[place]
                known = self.constants.get(name)
                if known is not None and len(list(known.entries())):
                    raise UsageError(f"this ONNX model sets the initial state {state} = {name[:40]}; supported: s_0 = 0")
                if known is None:
                    self.told.append(f"{state} comes from {name[:40]}, which the file does not hold; taken to be 0")

    def _given(self, place: int) -> bool:
        return len(self.node.input) > place and self.node.input[place] != ""

    def _input(self, place: int, role: str) -> Tensor:
        if not self._given(place) or self.node.input[place] not in self.constants:
            name = self.node.input[place] if self._given(place) else "nothing"
            raise UsageError(f"{role} of this ONNX {self.node.op_type} is {name[:40]}, which is no float constant of the file")
        return self.constants[self.node.input[place]]

    def _one_direction(self, tensor: Tensor) -> Tensor:
        if not tensor.shape or tensor.shape[0] != 1:
            raise UsageError(f"{tensor.name} has shape {list(tensor.shape)}; the first axis counts directions and must be 1")
        return Tensor(tensor.name, tensor.values[0])

    def _follow(self, onnx: Any, graph: Any) -> None:
        """Find the readout on the way from the operator's Y or Y_h to the output."""
        hidden, read = set(self.node.output[:2]) - {""}, set[str]()
        lost = set(self.node.output[2:]) - {""}
        between: list[str] = []
        for node in graph.node:
            inputs = list(node.input)
            if node is self.node or not (hidden | read | lost) & set(inputs):
                continue
            if node.op_type == "Shape":
                continue
            if lost & set(inputs):
                lost |= set(node.output)
                continue
            last = [onnx.helper.get_attribute_value(a) for a in node.attribute if a.name == "perm"]
            moved = node.op_type == "Transpose" and (not last or last[0][-1] != len(last[0]) - 1)
            if node.op_type in PASSES and not moved and inputs[0] in hidden | read:
                (hidden if inputs[0] in hidden else read).update(node.output)
                between.append(node.op_type)
            elif node.op_type in ("MatMul", "Gemm") and self.readout is None and inputs[0] in hidden:
                self._read(onnx, node, inputs)
                read |= set(node.output)
            elif node.op_type == "Add" and self.readout is not None and self.readout[2] is None and read & set(inputs):
                other = next((name for name in inputs if name not in read), "")
                if other not in self.constants:
                    raise UsageError(f"this ONNX model adds {other[:40] or 'its output to itself'}; supported: {SUPPORTED}")
                self.readout = (*self.readout[:2], self.constants[other])
                read |= set(node.output)
            else:
                raise UsageError(f"this ONNX model passes its hidden state through {node.op_type}; supported: {SUPPORTED}")
        if {"Gather", "Slice"} & set(between):
            self.told.append(f"the head reads through {', '.join(dict.fromkeys(between))}; taken to choose the last step")
        outputs = [value.name for value in graph.output]
        if not set(outputs) & read:
            self.readout = None

    def _read(self, onnx: Any, node: Any, inputs: list[str]) -> None:
        if len(inputs) < 2 or inputs[1] not in self.constants:
            raise UsageError(f"the {node.op_type} after the recurrent layer has no constant matrix; supported: {SUPPORTED}")
        found = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        if found.get("alpha", 1.0) != 1.0 or found.get("beta", 1.0) != 1.0 or found.get("transA", 0):
            raise UsageError("the Gemm after the recurrent layer scales or transposes its input; supported: alpha = beta = 1")
        bias = None
        if len(inputs) > 2 and inputs[2]:
            if inputs[2] not in self.constants:
                raise UsageError(f"the Gemm after the recurrent layer adds {inputs[2][:40]}, which is no constant")
            bias = self.constants[inputs[2]]
        self.readout = (self.constants[inputs[1]], bool(found.get("transB", 0)), bias)


def _constants(onnx: Any, graph: Any) -> Iterator[tuple[str, Tensor]]:
    """Float initializers and Constant nodes, exact, by name; other types are left out."""
    found = [(tensor.name, tensor) for tensor in graph.initializer]
    for node in graph.node:
        if node.op_type == "Constant" and node.domain in MAIN and node.output:
            found += [(node.output[0], a.t) for a in node.attribute if a.name == "value"]
    if graph.sparse_initializer:
        raise UsageError("this ONNX model has sparse weights; supported: dense ones")
    kinds = {
        onnx.TensorProto.FLOAT: np.dtype("<f4"),
        onnx.TensorProto.DOUBLE: np.dtype("<f8"),
        onnx.TensorProto.FLOAT16: np.dtype("<f2"),
        onnx.TensorProto.BFLOAT16: np.dtype("<u2"),
    }
    for name, tensor in found:
        if tensor.data_type not in kinds:
            continue
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise UsageError(f"tensor {name[:60]} of this ONNX model lies in another file; supported: models that are one file")
        shape = check_shape(name, [int(n) for n in tensor.dims])
        raw = _raw(name, tensor, kinds[tensor.data_type], int(np.prod(shape, dtype=np.int64)), onnx)
        values = widen(raw, tensor.data_type == onnx.TensorProto.BFLOAT16)
        yield name, Tensor(name, values.reshape(shape))


def _raw(name: str, tensor: Any, kind: Any, count: int, onnx: Any) -> Any:
    """The numbers of a tensor proto as its own type (bfloat16: 16-bit words)."""
    if tensor.HasField("raw_data"):
        raw = tensor.raw_data
        if len(raw) != count * kind.itemsize:
            raise UsageError(f"tensor {name[:60]} of this ONNX model has {len(raw):,} bytes for {count:,} numbers")
        return np.frombuffer(raw, kind)
    if tensor.data_type == onnx.TensorProto.DOUBLE:
        values = np.array(tensor.double_data, kind)
    elif tensor.data_type == onnx.TensorProto.FLOAT:
        values = np.array(tensor.float_data, kind)
    else:
        words = np.array(tensor.int32_data, np.int64)
        if len(words) and (words.min() < 0 or words.max() >= 2**16):
            raise UsageError(f"tensor {name[:60]} of this ONNX model has 16-bit numbers that are none")
        values = words.astype("<u2").view(kind)
    if len(values) != count:
        raise UsageError(f"tensor {name[:60]} of this ONNX model has {len(values):,} numbers; its shape wants {count:,}")
    return values

"""How runtimes stack the weights of a cell: one matrix per kind, the gates' rows one block below the other.

    weight_ih  (g·d, 1)   U of each gate      bias_ih  (g·d,)   b of each gate
    weight_hh  (g·d, d)   W of each gate      bias_hh  (g·d,)   c, the bias inside the reset product, of each gate; else 0

A runtime adds bias_ih and bias_hh except where a reset gate multiplies the recurrent part, so both biases of the other
gates are summed when read. Where a runtime has no cell of ours but one that computes the same function of other weights,
`native` returns those weights: z of a GRU that takes is 1 minus one that keeps, σ(-v) = 1 - σ(v); and where W_n = 0 the
reset gate multiplies nothing, before the product or after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from verifier.cells import CELLS
from verifier.errors import UsageError
from verifier.formats.content import Tensor
from verifier.weights import Weights

Blocks = dict[str, dict[tuple[int, ...], Fraction]]

TAKES = {"gru": "gru-keep", "gru-after": "gru-after-keep"}
"""GRUs whose z takes the candidate, and the same GRU with z keeping the state."""


@dataclass(frozen=True)
class Layout:
    """A runtime's cells: `operators` names what runs each cell, `orders` the order of the gates' rows by operator."""

    runtime: str
    operators: Mapping[str, str]
    orders: Mapping[str, tuple[str, ...]]

    def order(self, cell: str) -> tuple[str, ...]:
        """The gates of a cell in the order of their rows."""
        return self.orders[self.operators[cell]]


TORCH = Layout(
    "PyTorch",
    {"tanh": "nn.RNN", "relu": "nn.RNN", "lstm": "nn.LSTM", "gru-after-keep": "nn.GRU"},
    {"nn.RNN": ("h",), "nn.LSTM": ("i", "f", "g", "o"), "nn.GRU": ("r", "z", "n")},
)
ONNX = Layout(
    "ONNX",
    {
        "tanh": "RNN",
        "relu": "RNN",
        "sigmoid": "RNN",
        "linear": "RNN",
        "lstm": "LSTM",
        "gru-keep": "GRU",
        "gru-after-keep": "GRU",
    },
    {"RNN": ("h",), "LSTM": ("i", "o", "f", "g"), "GRU": ("z", "r", "n")},
)


def native(weights: Weights, layout: Layout) -> Weights:
    """The weights as those of a cell that the runtime has, computing the same outputs in real numbers.

    Raises `UsageError` where there is none, or where s_0 is not 0: these files have no place for it.
    """
    for state in CELLS[weights.cell].states:
        if len(weights[f"{state}_0"]):
            raise UsageError(
                f"these weights set the initial state {state}_0, which {layout.runtime} files do not hold; write .json"
            )
    found = weights
    if found.cell in TAKES:
        found = _negated_update(found)
    if found.cell == "gru-keep" and found.cell not in layout.operators and not len(found["W_n"]):
        found = Weights("gru-after-keep", found.hidden, {k: dict(a.entries) for k, a in found.blocks().items()}, found.units)
    if found.cell not in layout.operators:
        has = ", ".join(sorted(layout.operators))
        raise UsageError(f"{layout.runtime} has no operator for {weights.cell}; it runs {has}. Write .json, which holds any cell")
    return found


def _negated_update(weights: Weights) -> Weights:
    """The same GRU with z keeping instead of taking: z's rows change their sign."""
    blocks: Blocks = {}
    for name, array in weights.blocks().items():
        sign = -1 if name in ("W_z", "U_z", "b_z") else 1
        blocks[name] = {index: sign * value for index, value in array}
    return Weights(TAKES[weights.cell], weights.hidden, blocks, weights.units)


def stack(weights: Weights, order: tuple[str, ...], kind: Any) -> dict[str, Any]:
    """weight_ih, weight_hh, bias_ih, bias_hh as arrays of the float type `kind`; the weights must be floats of it."""
    d = weights.hidden
    shapes = {"weight_ih": (1,), "weight_hh": (d,), "bias_ih": (), "bias_hh": ()}
    arrays = {role: np.zeros((len(order) * d, *rest), kind) for role, rest in shapes.items()}
    blocks = weights.blocks()
    for role, letter in (("weight_ih", "U"), ("weight_hh", "W"), ("bias_ih", "b"), ("bias_hh", "c")):
        for place, gate in enumerate(order):
            for index, value in blocks.get(f"{letter}_{gate}", ()):
                target = (place * d + index[0], *(index[1:] if letter == "W" else (0,) if letter == "U" else ()))
                arrays[role][target] = _float(value, kind)
    return arrays


def head(weights: Weights, kind: Any) -> tuple[Any, Any]:
    """The readout as a (1, d) matrix and a (1,) bias."""
    matrix, bias = np.zeros((1, weights.hidden), kind), np.zeros((1,), kind)
    for index, value in weights["V"]:
        matrix[0, index[0]] = _float(value, kind)
    bias[0] = _float(weights["v0"][()], kind)
    return matrix, bias


def _float(value: Fraction, kind: Any) -> Any:
    number = kind(value.numerator) / kind(value.denominator) if value.denominator == 1 else kind(float(value))
    if Fraction(float(number)) != value:
        raise ValueError(f"{value} is not a float of this format; round the weights first")
    return number


def unstack(cell: str, order: tuple[str, ...], tensors: Mapping[str, Tensor]) -> Weights:
    """The exact weights of `cell` from weight_ih, weight_hh, head.weight and, where present, bias_ih, bias_hh, head.bias.

    Raises `UsageError` naming the tensor whose shape does not fit, what was found and what was expected.
    """
    d = _units(cell, order, tensors["weight_hh"])
    expected: dict[str, tuple[int, ...]] = {
        "weight_ih": (len(order) * d, 1),
        "weight_hh": (len(order) * d, d),
        "bias_ih": (len(order) * d,),
        "bias_hh": (len(order) * d,),
        "head.weight": (1, d),
        "head.bias": (1,),
    }
    for role, tensor in tensors.items():
        if tensor.shape != expected[role]:
            raise UsageError(
                f"{role} = {tensor.name} has shape {list(tensor.shape)}; one {cell} layer of {d} units reading one real number "
                f"per step, with a linear head to one number, has {list(expected[role])}"
            )
    blocks: Blocks = {name: {} for name in CELLS[cell].block_shapes(d)}
    for role, tensor in tensors.items():
        for index, value in tensor.entries():
            if role == "head.weight":
                name, at = "V", index[1:]
            elif role == "head.bias":
                name, at = "v0", ()
            else:
                name, at = _place(cell, order[index[0] // d], role, (index[0] % d, *index[1:]))
            blocks[name][at] = blocks[name].get(at, Fraction(0)) + value
    return Weights(cell, d, blocks)


def _place(cell: str, gate: str, role: str, index: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
    if role == "weight_hh":
        return f"W_{gate}", index
    if role == "weight_ih":
        return f"U_{gate}", index[:1]
    letter = "c" if role == "bias_hh" and gate in CELLS[cell].recurrent_biases else "b"
    return f"{letter}_{gate}", index


def _units(cell: str, order: tuple[str, ...], recurrent: Tensor) -> int:
    shape, gates = recurrent.shape, len(order)
    if len(shape) != 2 or not shape[1] or shape[0] != gates * shape[1]:
        raise UsageError(
            f"weight_hh = {recurrent.name} has shape {list(shape)}; a layer of {cell} with d units has [{gates}·d, d]"
            if gates > 1
            else f"weight_hh = {recurrent.name} has shape {list(shape)}; a layer of {cell} with d units has [d, d]"
        )
    return shape[1]

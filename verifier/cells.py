"""The recurrent cells: each equation once, against an explicit arithmetic.

A cell reads one real input x per step and updates a state of d units; the readout is y = V h + v0. Its step is a plain
function of

    arithmetic   gives meaning to sigmoid, tanh and relu (balls, mpmath, numpy, sympy, or the recorder of `program`)
    maps         the affine maps of the gates: maps(gate, h, x) is the list W_gate h + U_gate x + b_gate,
                 maps.recurrent(gate, h) is W_gate h (+ c_gate), maps.input(gate, x) is U_gate x + b_gate
    state        {"h": [...], ...}, d values each
    x            the input

and returns the new state. Values are whatever the arithmetic uses; `+`, `-` and `*` are theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Activations(Protocol):
    """What a cell needs of an arithmetic besides `+`, `-`, `*`."""

    def sigmoid(self, value: Any, /) -> Any:
        """1 / (1 + exp(-value))."""

    def tanh(self, value: Any, /) -> Any:
        """Hyperbolic tangent."""


Vector = list[Any]
State = Mapping[str, Vector]
Entries = Mapping[tuple[int, ...], Any]
Combine = Callable[[Any, list[tuple[Any, Any]]], Any]


class Maps:
    """The affine maps of a cell's gates for `units` units, from sparse blocks of coefficients.

    `combine(bias, [(coefficient, value), ...])` gives bias + Σ coefficient·value in the arithmetic at hand.
    """

    def __init__(self, units: int, blocks: Mapping[str, Entries], combine: Combine) -> None:
        self.units, self._blocks, self._combine = units, blocks, combine
        self._rows: dict[str, list[list[tuple[int, Any]]]] = {}

    def __call__(self, gate: str, h: Sequence[Any], x: Any) -> Vector:
        """W_gate h + U_gate x + b_gate."""
        on_input, bias = self._block("U", gate), self._block("b", gate)
        return [
            self._combine(bias.get((k,), 0), [*self._recurrent(gate, k, h), *_term(on_input, k, x)])
            for k in range(self.units)
        ]

    def recurrent(self, gate: str, h: Sequence[Any]) -> Vector:
        """W_gate h + c_gate, for cells in which a gate multiplies the recurrent part alone."""
        bias = self._block("c", gate)
        return [self._combine(bias.get((k,), 0), self._recurrent(gate, k, h)) for k in range(self.units)]

    def input(self, gate: str, x: Any) -> Vector:
        """U_gate x + b_gate."""
        on_input, bias = self._block("U", gate), self._block("b", gate)
        return [self._combine(bias.get((k,), 0), _term(on_input, k, x)) for k in range(self.units)]

    def _block(self, letter: str, gate: str) -> Entries:
        return self._blocks.get(f"{letter}_{gate}", {})

    def _recurrent(self, gate: str, unit: int, h: Sequence[Any]) -> list[tuple[Any, Any]]:
        if gate not in self._rows:
            rows: list[list[tuple[int, Any]]] = [[] for _ in range(self.units)]
            for (row, column), value in self._block("W", gate).items():
                rows[row].append((column, value))
            self._rows[gate] = rows
        return [(value, h[column]) for column, value in self._rows[gate][unit]]


def _term(on_input: Entries, unit: int, x: Any) -> list[tuple[Any, Any]]:
    return [(on_input[unit,], x)] if (unit,) in on_input else []


@dataclass(frozen=True)
class Cell:
    """A recurrent cell: its gates, its state vectors and its step.

    `gates` name the affine maps; `states` the vectors kept between steps, the one the readout sees first;
    `activation` says what each gate is passed through; `equations` is the step as text; `recurrent_biases` names the gates
    whose recurrent part has a bias c_gate of its own.
    """

    name: str
    title: str
    states: tuple[str, ...]
    gates: tuple[str, ...]
    activation: Mapping[str, str]
    equations: tuple[str, ...]
    step: Callable[[Any, Maps, State, Any], dict[str, Vector]]
    source: str
    recurrent_biases: tuple[str, ...] = ()

    def block_shapes(self, hidden: int) -> dict[str, tuple[int, ...]]:
        """Names and shapes of all weight blocks for `hidden` units."""
        shapes: dict[str, tuple[int, ...]] = {}
        for gate in self.gates:
            shapes[f"W_{gate}"] = (hidden, hidden)
            shapes[f"U_{gate}"] = (hidden,)
            shapes[f"b_{gate}"] = (hidden,)
            if gate in self.recurrent_biases:
                shapes[f"c_{gate}"] = (hidden,)
        for state in self.states:
            shapes[f"{state}_0"] = (hidden,)
        shapes["V"] = (hidden,)
        shapes["v0"] = ()
        return shapes


def step_lstm(arithmetic: Activations, maps: Maps, state: State, x: Any) -> dict[str, Vector]:
    """LSTM: f = σ(z_f), i = σ(z_i), o = σ(z_o), g = tanh(z_g); c' = f c + i g; h' = o tanh(c')."""
    h, c = state["h"], state["c"]
    forget = [arithmetic.sigmoid(z) for z in maps("f", h, x)]
    admit = [arithmetic.sigmoid(z) for z in maps("i", h, x)]
    output = [arithmetic.sigmoid(z) for z in maps("o", h, x)]
    candidate = [arithmetic.tanh(z) for z in maps("g", h, x)]
    new_c = [f * c_k + i * g for f, c_k, i, g in zip(forget, c, admit, candidate, strict=True)]
    new_h = [o * arithmetic.tanh(c_k) for o, c_k in zip(output, new_c, strict=True)]
    return {"h": new_h, "c": new_c}


LSTM = Cell(
    name="lstm",
    title="LSTM",
    states=("h", "c"),
    gates=("f", "i", "o", "g"),
    activation={"f": "sigmoid", "i": "sigmoid", "o": "sigmoid", "g": "tanh"},
    equations=(
        "f_t = σ(W_f h_{t-1} + U_f x_t + b_f)",
        "i_t = σ(W_i h_{t-1} + U_i x_t + b_i)",
        "o_t = σ(W_o h_{t-1} + U_o x_t + b_o)",
        "g_t = tanh(W_g h_{t-1} + U_g x_t + b_g)",
        "c_t = f_t∘c_{t-1} + i_t∘g_t",
        "h_t = o_t∘tanh(c_t)",
        "y_t = V h_t + v0",
    ),
    step=step_lstm,
    source="Hochreiter & Schmidhuber 1997; forget gate: Gers, Schmidhuber & Cummins 2000",
)


def elman(name: str, title: str, symbol: str, activate: Callable[[Activations, Any], Any]) -> Cell:
    """The Elman RNN h' = act(W_h h + U_h x + b_h), y = V h + v0, with act given by `activate(arithmetic, z)`.

    `symbol` is how the activation is written in the equation.
    """

    def step(arithmetic: Activations, maps: Maps, state: State, x: Any) -> dict[str, Vector]:
        """One step of the Elman RNN: h' = act(W_h h + U_h x + b_h)."""
        return {"h": [activate(arithmetic, z) for z in maps("h", state["h"], x)]}

    return Cell(
        name=name,
        title=title,
        states=("h",),
        gates=("h",),
        activation={"h": name},
        equations=(f"h_t = {symbol}(W_h h_{{t-1}} + U_h x_t + b_h)", "y_t = V h_t + v0"),
        step=step,
        source="Elman 1990",
    )


TANH = elman("tanh", "tanh RNN", "tanh", lambda arithmetic, z: arithmetic.tanh(z))
SIGMOID = elman("sigmoid", "sigmoid RNN", "σ", lambda arithmetic, z: arithmetic.sigmoid(z))

CELLS: dict[str, Cell] = {cell.name: cell for cell in (LSTM, TANH, SIGMOID)}
"""Every cell the verifier knows, by name."""

"""A network in IEEE arithmetic, one operation at a time: what floats compute, which is not what real numbers are.

The semantics: every +, -, · of the cell's equations is rounded to nearest, ties to even, with subnormals and without fused
multiply-add; an affine map is bias + Σ W h (units in order) + U x from left to right; σ(v) = 1/(1 + exp(-v)) and tanh with
numpy's exp and tanh. Terms whose weight is 0 are left out, which changes no value. Runtimes differ in the order of sums
and in exp and tanh; `float_hold` says what holds for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from verifier.adversary import families
from verifier.arithmetic.floats import Floats
from verifier.cells import CELLS, Activations, Maps, State, Vector
from verifier.errors import UsageError
from verifier.sequences import Runs, compress
from verifier.weights import Weights

Step = Callable[[Activations, Maps, State, Any], dict[str, Vector]]


def step_pytorch_gru(arithmetic: Activations, maps: Maps, state: State, x: Any) -> dict[str, Vector]:
    """nn.GRU as PyTorch evaluates it: h' = (h - n)∘z + n, the polynomial of `gru-after-keep` with other roundings.

    Even at z = 1 it rounds: fl(fl(h - n) + n) need not be h. Source: ATen, RNN.cpp, GRUCell.
    """
    h = state["h"]
    update = [arithmetic.sigmoid(z) for z in maps("z", h, x)]
    reset = [arithmetic.sigmoid(z) for z in maps("r", h, x)]
    candidate = [arithmetic.tanh(z) for z in maps.gated("n", reset, h, x)]
    return {"h": [(v - n) * z + n for v, n, z in zip(h, candidate, update, strict=True)]}


PYTORCH_STEPS: dict[str, Step] = {"gru-after-keep": step_pytorch_gru}
"""Cells that PyTorch evaluates by other operations than their equations."""


class FloatNetwork:
    """A network over floats of `form`, run on a batch of sequences at once; `step`: in place of the cell's own.

    Raises `ValueError` where a weight is not a float of the format (`formats.rounding.round_weights` rounds).

    >>> w = Weights("relu", 1, {"U_h": {(0,): 1}, "V": {(0,): 1}})
    >>> [y.tolist() for y in FloatNetwork(w, "binary32").outputs(np.array([[0.5, -1.0]], np.float32))]
    [[0.5, 0.0]]
    """

    def __init__(self, weights: Weights, form: str, step: Step | None = None) -> None:
        self.arithmetic = Floats.of(form)
        self.weights = weights = without_dead_units(weights)
        self._cell = CELLS[weights.cell]
        self._step = step or self._cell.step
        blocks = {name: {at: self._float(v) for at, v in array} for name, array in weights.blocks().items()}
        self._maps = Maps(weights.hidden, blocks, self._sum)
        self._readout = [(index[0], value) for index, value in blocks["V"].items()]
        self._bias = blocks["v0"].get((), self.arithmetic.type(0))
        self._initial = {s: [blocks[f"{s}_0"].get((k,)) for k in range(weights.hidden)] for s in self._cell.states}

    def _float(self, value: Fraction) -> Any:
        found = self.arithmetic.exact(value)
        if Fraction(float(found)) != value:
            raise ValueError(f"{value} is not a {self.arithmetic.name} number")
        return found

    def _sum(self, bias: Any, terms: list[tuple[Any, Any]]) -> Any:
        total = bias if not isinstance(bias, int) else None
        for coefficient, value in terms:
            product = coefficient * value
            total = product if total is None else total + product
        return self.arithmetic.type(0) if total is None else total

    def outputs(self, inputs: Any) -> Iterator[Any]:
        """y_1, y_2, ... for inputs of shape (n, batch) in the format; each y has shape (batch,)."""
        zero = np.zeros(inputs.shape[1], self.arithmetic.type)
        state = {s: [zero if v is None else zero + v for v in values] for s, values in self._initial.items()}
        with np.errstate(under="ignore", over="ignore", invalid="ignore"):  # overflow shows in y
            for x in inputs:
                state = self._step(self.arithmetic, self._maps, state, x)
                y = self._bias + zero
                for unit, value in self._readout:
                    y = y + value * state[self._cell.states[0]][unit]
                yield y


def without_dead_units(weights: Weights) -> Weights:
    """The network without the units that no weight touches: the same outputs in every arithmetic, as 0·h adds 0.

    Units keep their order; one is kept where none is alive.
    """
    units = {
        k
        for name, array in weights.blocks().items()
        for index, _ in array
        if index
        for k in (index if name.startswith("W_") else index[:1])
    }
    alive = sorted(units) or [0]
    place = {k: i for i, k in enumerate(alive)}
    blocks = {name: {tuple(place[k] for k in index): value for index, value in array} for name, array in weights.blocks().items()}
    names = tuple(weights.unit_name(k) for k in alive)
    return Weights(weights.cell, len(alive), blocks, names)


@dataclass(frozen=True)
class FloatObserved:
    """The largest |y_n' - x_1| seen in floats, exact, at `horizon` of the sequence `runs` of `family`; out of `sequences`.

    `changes`: sequences along which the output changed after the first step.
    """

    error: Fraction
    horizon: int
    family: str
    runs: Runs
    sequences: int
    steps: int
    changes: int


def observe_floats(
    weights: Weights, form: str, bound: Fraction, n: int, seed: int, only_last: bool = False, step: Step | None = None
) -> FloatObserved:
    """Run the adversarial families in floats, inputs rounded to the format (x_1 means the rounded one).

    A lower bound of the worst case in this arithmetic, nothing more. Raises `UsageError` where an output overflows.
    """
    network = FloatNetwork(weights, form, step)
    named = list(families(bound, n, seed))
    columns = [[float(network.arithmetic.exact(x)) for x in sequence.inputs()] for sequence in named]
    inputs = np.array(columns, network.arithmetic.type).T
    first, before = inputs[0].astype(np.float64), None
    worst, at, who, value = -1.0, 1, 0, 0.0
    changed = np.zeros(len(named), bool)
    for t, y in enumerate(network.outputs(inputs), 1):
        if before is not None:
            changed |= y != before
        before = y
        if not np.isfinite(y).all():
            raise UsageError(f"the outputs of these weights overflow {form} at step {t}")
        if only_last and t < n:
            continue
        errors = np.abs(y.astype(np.float64) - first)
        k = int(errors.argmax())
        if errors[k] > worst:
            worst, at, who, value = float(errors[k]), t, k, float(y[k])
    runs = compress([Fraction(float(x)) for x in inputs[:at, who]])
    error = abs(Fraction(value) - Fraction(float(first[who])))
    return FloatObserved(error, at, named[who].family, runs, len(named), n, int(changed.sum()))

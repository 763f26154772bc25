"""Gate activations of a run, as the cell computes them: what each gate of each live unit does at each step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

import flint
from flint import arb

from verifier.arithmetic.balls import Balls, to_ball
from verifier.arithmetic.enclosures import Enclosures, Interval
from verifier.cells import CELLS, Maps
from verifier.weights import Weights

Activations = dict[tuple[str, int], arb]
"""(gate, unit) -> activation."""

Ranges = dict[tuple[str, int], Interval]
"""(gate, unit) -> interval of activations."""


def live_units(weights: Weights) -> list[int]:
    """Units with a nonzero weight of their own or one that reads them."""
    found: set[int] = set()
    for array in weights.blocks().values():
        for index, _ in array:
            found.update(index)
    return sorted(found)


def gate_activations(weights: Weights, inputs: Iterable[Fraction]) -> list[Activations]:
    """The activations of all gates of the live units at every step of a run, as balls at the current precision."""
    return _listen(weights, Balls(flint.ctx.prec), map(to_ball, inputs))


def enclose_activations(weights: Weights, inputs: Iterable[Interval]) -> list[Ranges]:
    """Intervals that hold the activations of every run whose inputs lie in these intervals, at the current precision."""
    return _listen(weights, Enclosures(), inputs)


def _listen(weights: Weights, arithmetic: Any, inputs: Iterable[Any]) -> list[dict[tuple[str, int], Any]]:
    cell, units = CELLS[weights.cell], live_units(weights)
    place = {unit: k for k, unit in enumerate(units)}
    zero = arithmetic.exact(Fraction(0))
    blocks: dict[str, dict[tuple[int, ...], Any]] = {
        name: {tuple(place[i] for i in index): arithmetic.exact(value) for index, value in array}
        for name, array in weights.blocks().items()
    }
    for name in cell.vectors:
        blocks[name] = {(k,): blocks[name].get((k,), zero) for k in range(len(units))}
    maps = _Listening(len(units), blocks, partial(_combine, zero))
    state: dict[str, list[Any]] = {name: [arithmetic.exact(weights[f"{name}_0"][unit,]) for unit in units] for name in cell.states}
    record: list[dict[tuple[str, int], Any]] = []
    for x in inputs:
        maps.heard.clear()
        state = cell.step(arithmetic, maps, state, x)
        record.append(
            {
                (gate, unit): _activate(arithmetic, cell.activation[gate], maps.heard[gate][k])
                for gate in cell.gates
                if gate in maps.heard
                for k, unit in enumerate(units)
            }
        )
    return record


def _activate(arithmetic: Any, activation: str, value: Any) -> Any:
    return value if activation == "identity" else getattr(arithmetic, activation)(value)


class _Listening(Maps):
    """Maps that remember the pre-activations of the step."""

    def __init__(self, units: int, blocks: Mapping[str, Any], combine: Any) -> None:
        super().__init__(units, blocks, combine)
        self.heard: dict[str, list[Any]] = {}

    def __call__(self, gate: str, h: Sequence[Any], x: Any) -> list[Any]:
        self.heard[gate] = super().__call__(gate, h, x)
        return self.heard[gate]

    def input(self, gate: str, x: Any) -> list[Any]:
        self.heard[gate] = super().input(gate, x)
        return self.heard[gate]

    def gated(self, gate: str, factor: Sequence[Any], h: Sequence[Any], x: Any) -> list[Any]:
        self.heard[gate] = super().gated(gate, factor, h, x)
        return self.heard[gate]


def _combine(zero: Any, bias: Any, terms: list[tuple[Any, Any]]) -> Any:
    total = zero if isinstance(bias, int) else bias
    for coefficient, value in terms:
        total = total + coefficient * value
    return total

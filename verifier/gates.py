"""Gate activations of a run, as the cell computes them: what each gate of each live unit does at each step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import flint
from flint import arb

from verifier.arithmetic.balls import Balls, to_ball
from verifier.cells import CELLS, Maps
from verifier.weights import Weights

Activations = dict[tuple[str, int], arb]
"""(gate, unit) -> activation."""


def live_units(weights: Weights) -> list[int]:
    """Units with a nonzero weight of their own or one that reads them."""
    found: set[int] = set()
    for array in weights.blocks().values():
        for index, _ in array:
            found.update(index)
    return sorted(found)


def gate_activations(weights: Weights, inputs: Iterable[Fraction | arb]) -> list[Activations]:
    """The activations of all gates of the live units at every step of a run, as balls at the current precision.

    An input that is a ball stands for all its points: the activations then enclose those of every such run.
    """
    cell, units = CELLS[weights.cell], live_units(weights)
    place = {unit: k for k, unit in enumerate(units)}
    blocks: dict[str, dict[tuple[int, ...], arb]] = {
        name: {tuple(place[i] for i in index): to_ball(value) for index, value in array} for name, array in weights.blocks().items()
    }
    balls = Balls(flint.ctx.prec)
    maps = _Listening(len(units), blocks, _combine)
    state: dict[str, list[Any]] = {name: [to_ball(weights[f"{name}_0"][unit,]) for unit in units] for name in cell.states}
    record: list[Activations] = []
    for x in inputs:
        maps.heard.clear()
        state = cell.step(balls, maps, state, x if isinstance(x, arb) else to_ball(x))
        record.append(
            {
                (gate, unit): _activate(balls, cell.activation[gate], maps.heard[gate][k])
                for gate in cell.gates
                if gate in maps.heard
                for k, unit in enumerate(units)
            }
        )
    return record


def _activate(balls: Balls, activation: str, value: arb) -> arb:
    result: arb = value if activation == "identity" else getattr(balls, activation)(value)
    return result


class _Listening(Maps):
    """Maps that remember the pre-activations of the step."""

    def __init__(self, units: int, blocks: Mapping[str, Any], combine: Any) -> None:
        super().__init__(units, blocks, combine)
        self.heard: dict[str, list[Any]] = {}

    def __call__(self, gate: str, h: Sequence[Any], x: Any) -> list[Any]:
        self.heard[gate] = super().__call__(gate, h, x)
        return self.heard[gate]

    def gated(self, gate: str, factor: Sequence[Any], h: Sequence[Any], x: Any) -> list[Any]:
        self.heard[gate] = super().gated(gate, factor, h, x)
        return self.heard[gate]


def _combine(bias: Any, terms: list[tuple[Any, Any]]) -> arb:
    total = arb(bias)
    for coefficient, value in terms:
        total = total + coefficient * value
    return total

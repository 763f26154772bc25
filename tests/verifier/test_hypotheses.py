"""What is read off a recorded step: the kind of its operations, and ranges of states found by induction."""

from __future__ import annotations

import dataclasses
import random
from fractions import Fraction

import pytest

from verifier import Weights
from verifier.arithmetic.balls import Balls, to_ball
from verifier.cells import CELLS, LSTM, RELU, Activations, Cell, Maps, State, Vector
from verifier.hypotheses import (
    bound_readout,
    is_analytic,
    is_continuous,
    is_homogeneous,
    is_linear,
    is_rectified_layer,
    operations_of,
    range_of_readout,
)
from verifier.program import Recorder, record
from verifier.ranges import ALL, INFINITY, add_ends, hull, multiply_ranges
from verifier.run import Runner

F = Fraction
BOUNDED = {"tanh", "sigmoid", "lstm", "gru", "gru-keep", "gru-after", "gru-after-keep"}


def test_kinds_of_every_cell() -> None:
    names = set(CELLS)
    assert {name for name in names if is_linear(CELLS[name])} == {"linear", "lru", "s4d", "s5"}
    assert {name for name in names if is_homogeneous(CELLS[name])} == {"linear", "lru", "relu", "s4d", "s5", "stacked"}
    assert {name for name in names if is_rectified_layer(CELLS[name])} == {"relu"}
    assert {name for name in names if is_analytic(CELLS[name])} == names - {"relu", "stacked"}
    assert {name for name in names if bound_readout(CELLS[name]) == 1} == BOUNDED
    assert {name for name in names if bound_readout(CELLS[name]) is None} == names - BOUNDED
    assert all(is_continuous(cell) for cell in CELLS.values())


def test_reading_c_or_skipping_relu_changes_the_answer() -> None:
    assert bound_readout(dataclasses.replace(LSTM, states=("c", "h"))) is None

    def leaky(arithmetic: Activations, maps: Maps, state: State, x: object) -> dict[str, Vector]:
        return {"h": [arithmetic.relu(z) + old for z, old in zip(maps("h", state["h"], x), state["h"], strict=True)]}

    cell = dataclasses.replace(RELU, step=leaky)
    assert is_homogeneous(cell)
    assert not is_rectified_layer(cell)


def test_an_unknown_operation_is_neither_analytic_nor_bounded() -> None:
    def step(arithmetic: Activations, maps: Maps, state: State, x: object) -> dict[str, Vector]:
        tape = maps("h", state["h"], x)[0].recorder
        return {"h": [tape._apply("mystery", z) for z in maps("h", state["h"], x)]}

    cell = Cell("mystery", "", ("h",), ("h",), {"h": "mystery"}, (), step, "")
    assert "mystery" in operations_of(cell)
    assert not is_analytic(cell)
    assert not is_continuous(cell)
    assert bound_readout(cell) is None
    assert not is_continuous(cell, Recorder())


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (Weights("tanh", 1, {"W_h": {(0, 0): 9}, "U_h": {(0,): 1}, "V": {(0,): 3}, "v0": {(): 1}}), (-2, 4)),
        (Weights("sigmoid", 1, {"U_h": {(0,): 1}, "V": {(0,): -3}}), (-3, 0)),
        (Weights("relu", 1, {"U_h": {(0,): 1}, "V": {(0,): 1}}), (0, INFINITY)),
        (Weights("linear", 1, {"U_h": {(0,): 1}, "V": {(0,): 1}}), ALL),
        (Weights("linear", 1, {"b_h": {(0,): 1}, "W_h": {(0, 0): 1}, "V": {(0,): 1}}), (1, INFINITY)),
        (Weights("linear", 1, {"b_h": {(0,): 2}, "V": {(0,): 1}}), (2, 2)),
        (Weights("gru", 1, {"W_z": {(0, 0): 1}, "U_n": {(0,): 1}, "V": {(0,): 1}, "h_0": {(0,): 5}}), (-1, 5)),
        (Weights("gru", 1, {"U_n": {(0,): 1}, "V": {(0,): 1}}), (-1, 1)),  # z = 1/2 exactly: no gate is left to see
        (Weights("lstm", 1, {"U_g": {(0,): 1}, "V": {(0,): 1}, "h_0": {(0,): 5}}), (F(-1, 2), F(1, 2))),
    ],
)  # fmt: skip
def test_ranges_of_readouts(weights: Weights, expected: tuple[object, object]) -> None:
    low, high = range_of_readout(record(weights))
    assert low <= expected[0]
    assert high >= expected[1]
    if weights.cell != "linear" or expected == (2, 2):
        assert (low, high) in (expected, (min(expected[0], -1), expected[1]), (-1, expected[1]))


@pytest.mark.parametrize("name", sorted(CELLS))
def test_runs_stay_in_the_range(name: str) -> None:
    generator = random.Random(name)
    for _ in range(6):
        blocks = {}
        for block, shape in CELLS[name].block_shapes(2).items():
            least = 0 if block in CELLS[name].nonnegative else -9
            size = 16 if any(block in pair for pair in CELLS[name].unit_disc) else 4
            blocks[block] = {index: F(generator.randint(least, 9), size) for index in _indices(shape)}
        program = record(Weights(name, 2, blocks))
        low, high = range_of_readout(program)
        with Balls(200).working():
            for y in Runner(program, Balls(200)).outputs([F(generator.randint(-50, 50), 3) for _ in range(7)]):
                assert low == -INFINITY or not y < to_ball(F(low))
                assert high == INFINITY or not y > to_ball(F(high))


def _indices(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [()] if not shape else [(*rest, k) for rest in _indices(shape[:-1]) for k in range(shape[-1])]


def test_products_that_are_no_mixture_are_not_taken_for_one() -> None:
    """h' = (1-w) h + w n counts as lying between h and n; with 1 - 2w, or another w, it does not."""

    def step(arithmetic: Activations, maps: Maps, state: State, x: object) -> dict[str, Vector]:
        one = arithmetic.exact(F(1))
        gates, others = maps("z", state["h"], x), maps("n", state["h"], x)
        weight = [arithmetic.sigmoid(z) for z in gates]
        rest = [one - factor * w for w in weight]
        return {"h": [r * h + w * arithmetic.tanh(n) for r, h, w, n in zip(rest, state["h"], weight, others, strict=True)]}

    factor = 1
    cell = Cell("mixed", "", ("h",), ("z", "n"), {"z": "sigmoid", "n": "tanh"}, (), step, "")
    assert bound_readout(cell) == 1
    factor = 2
    assert bound_readout(cell) is None


def test_ends_never_become_floats() -> None:
    assert add_ends(F(1), INFINITY, INFINITY) == INFINITY
    assert multiply_ranges((F(0), INFINITY), (F(0), F(0))) == (0, 0)
    assert multiply_ranges((F(-1), INFINITY), (F(-2), F(3))) == (-INFINITY, INFINITY)
    assert hull((F(0), F(1)), (F(-1), F(1, 2))) == (-1, 1)

"""The cell equations in every arithmetic against a plain implementation."""

import inspect
import random
from fractions import Fraction

import numpy as np
import pytest
import sympy
from core_cases import BITS, DIGITS, encloses, is_sharp, plain_lstm, random_inputs, random_weights, to_fraction

from verifier.arithmetic.balls import Balls, to_ball
from verifier.arithmetic.enclosures import Enclosures, Interval
from verifier.arithmetic.floats import Floats
from verifier.arithmetic.reference import Reference
from verifier.arithmetic.symbols import Symbols, evaluate
from verifier.cells import CELLS, LSTM, Maps


def maps_of(weights, arithmetic):
    """Maps with all coefficients, zeros included, in an arithmetic."""
    blocks = {name: {index: arithmetic.exact(value) for index, value in array} for name, array in weights.blocks().items()}

    def combine(bias, terms):
        total = arithmetic.exact(Fraction(0)) if isinstance(bias, int) else bias
        for coefficient, value in terms:
            total = total + coefficient * value
        return total

    return Maps(weights.hidden, blocks, combine)


def run(weights, inputs, arithmetic):
    """[(h, c), ...] by the cell's own step."""
    maps = maps_of(weights, arithmetic)
    state = {name: [arithmetic.exact(weights[f"{name}_0"][k,]) for k in range(weights.hidden)] for name in LSTM.states}
    found = []
    for x in inputs:
        state = LSTM.step(arithmetic, maps, state, arithmetic.exact(x))
        found.append(state)
    return found


CASES = [(seed, hidden) for hidden in (1, 2, 3) for seed in range(3)]


@pytest.mark.parametrize(("seed", "hidden"), CASES)
def test_balls_and_enclosures(seed, hidden):
    weights, inputs = random_weights(seed, hidden), random_inputs(seed, 4)
    expected = plain_lstm(weights, inputs)
    with Balls(BITS).working():
        by_balls, by_intervals = run(weights, inputs, Balls(BITS)), run(weights, inputs, Enclosures)
    for (_, h, c), ball, interval in zip(expected, by_balls, by_intervals, strict=True):
        for name, values in (("h", h), ("c", c)):
            for k, value in enumerate(values):
                assert encloses(ball[name][k], value, DIGITS - 15)
                assert is_sharp(ball[name][k], BITS, 40)
                assert interval[name][k].is_point
                assert encloses(interval[name][k].lower, value, DIGITS - 15)
                assert is_sharp(interval[name][k].lower, BITS, 40)


@pytest.mark.parametrize(("seed", "hidden"), CASES)
def test_reference(seed, hidden):
    weights, inputs = random_weights(seed, hidden), random_inputs(seed, 4)
    for (_, h, c), state in zip(plain_lstm(weights, inputs), run(weights, inputs, Reference(DIGITS)), strict=True):
        for name, values in (("h", h), ("c", c)):
            for found, value in zip(state[name], values, strict=True):
                assert abs(found - value) <= abs(value) * 10 ** -(DIGITS - 15)


@pytest.mark.parametrize(("seed", "hidden"), CASES)
@pytest.mark.parametrize(("form", "error"), [("binary32", 1e-4), ("binary64", 1e-12)])
def test_floats(seed, hidden, form, error):
    weights, inputs = random_weights(seed, hidden), random_inputs(seed, 4)
    for (_, h, c), state in zip(plain_lstm(weights, inputs), run(weights, inputs, Floats(form)), strict=True):
        for name, values in (("h", h), ("c", c)):
            for found, value in zip(state[name], values, strict=True):
                assert found.dtype == np.dtype(Floats(form).type)
                assert abs(Fraction(float(found)) - to_fraction(value)) < error


def test_symbols():
    weights, inputs = random_weights(5, 2), random_inputs(5, 2)
    states = run(weights, inputs, Symbols)
    with Balls(BITS).working():
        for (_, h, c), state in zip(plain_lstm(weights, inputs), states, strict=True):
            for name, values in (("h", h), ("c", c)):
                for expression, value in zip(state[name], values, strict=True):
                    ball = evaluate(sympy.sympify(expression), {})
                    assert encloses(ball, value, DIGITS - 15)
                    assert is_sharp(ball, BITS, 40)


@pytest.mark.parametrize(("seed", "hidden"), CASES)
def test_wide_inputs_are_enclosed(seed, hidden):
    """Every input sequence in a box of boxes ends in the state that intervals give."""
    weights = random_weights(seed, hidden)
    generator = random.Random(seed)
    centers, radius = random_inputs(seed, 3), Fraction(1, 8)
    with Balls(BITS).working():
        maps = maps_of(weights, Enclosures)
        state = {name: [Enclosures.exact(weights[f"{name}_0"][k,]) for k in range(hidden)] for name in LSTM.states}
        for x in centers:
            state = LSTM.step(Enclosures, maps, state, Interval(to_ball(x - radius), to_ball(x + radius)))
    for _ in range(8):
        inputs = [x + radius * Fraction(generator.randint(-8, 8), 8) for x in centers]
        _, h, c = plain_lstm(weights, inputs, 40)[-1]
        for name, values in (("h", h), ("c", c)):
            for interval, value in zip(state[name], values, strict=True):
                assert interval.lower <= to_ball(to_fraction(value)) <= interval.upper


def test_the_gates_are_told_apart():
    """Swapping any two gates' weights changes the output: no gate is used for another."""
    weights, inputs = random_weights(9, 2), random_inputs(9, 3)
    blocks = {name: dict(array) for name, array in weights.blocks().items()}
    base = run(weights, inputs, Reference(30))[-1]["h"][0]
    seen = [base]
    for a, b in [(a, b) for a in "fiog" for b in "fiog" if a < b]:
        swapped = dict(blocks)
        for letter in "WUb":
            swapped[f"{letter}_{a}"], swapped[f"{letter}_{b}"] = blocks[f"{letter}_{b}"], blocks[f"{letter}_{a}"]
        seen.append(run(type(weights)("lstm", 2, swapped), inputs, Reference(30))[-1]["h"][0])
    assert all(abs(p - q) > 1e-6 for k, p in enumerate(seen) for q in seen[:k])


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_is_described(name):
    cell = CELLS[name]
    shapes = cell.block_shapes(3)
    assert cell.name == name
    assert set(cell.activation) <= set(cell.gates)
    assert len(cell.equations) >= len(cell.states) + 1
    assert cell.source
    assert cell.title
    for gate in cell.gates:
        assert (shapes[f"U_{gate}"], shapes[f"b_{gate}"]) == ((3,), (3,))
        assert shapes.get(f"W_{gate}") == (None if gate in cell.input_gates else (3, 3))
    for state in cell.states:
        assert shapes[f"{state}_0"] == (3,)
    assert (shapes["V"], shapes["v0"]) == ((3,), ())
    assert inspect.getdoc(cell.step)


def test_lstm_shapes():
    names = {f"{letter}_{gate}" for letter in "WUb" for gate in "fiog"} | {"h_0", "c_0", "V", "v0"}
    assert set(LSTM.block_shapes(4)) == names


def test_maps():
    """W h + U x + b, its two halves, and units that no entry names."""
    blocks = {"W_a": {(0, 1): 2, (0, 0): 3}, "U_a": {(0,): 5}, "b_a": {(0,): 7, (1,): 11}, "c_a": {(0,): 13}}
    maps = Maps(2, blocks, lambda bias, terms: bias + sum(c * v for c, v in terms))
    assert maps("a", [10, 100], 1000) == [3 * 10 + 2 * 100 + 5 * 1000 + 7, 11]
    assert maps.recurrent("a", [10, 100]) == [230 + 13, 0]
    assert maps.input("a", 1000) == [5007, 11]
    assert maps("other", [10, 100], 1000) == [0, 0]

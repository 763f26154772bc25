"""Gate activations of a run against the plain cell."""

from fractions import Fraction

import numpy as np
import pytest
from core_cases import (
    BITS,
    encloses,
    flag_and_memory,
    is_sharp,
    plain,
    plain_lstm,
    plain_number,
    plain_sigmoid,
    plain_tanh,
    random_inputs,
    random_weights,
)

from verifier.arithmetic.balls import Balls
from verifier.arithmetic.enclosures import Interval
from verifier.cells import CELLS
from verifier.gates import enclose_activations, gate_activations, live_units
from verifier.weights import Weights


def spread(weights, places, hidden):
    """The same net with its units at other places among `hidden`."""
    blocks = {name: {tuple(places[i] for i in index): value for index, value in array} for name, array in weights.blocks().items()}
    return Weights("lstm", hidden, blocks)


@pytest.mark.parametrize("places", [(0, 1), (3, 1)])
@pytest.mark.parametrize("seed", range(3))
def test_activations(seed, places):
    weights, inputs = random_weights(seed, 2), random_inputs(seed, 3)
    context = plain()
    history = plain_lstm(weights, inputs)
    with Balls(BITS).working():
        steps = gate_activations(spread(weights, places, 4), inputs)
    assert len(steps) == 3
    for t, step in enumerate(steps):
        h = history[t - 1][1] if t else [plain_number(context, weights["h_0"][k,]) for k in range(2)]
        assert set(step) == {(gate, unit) for gate in "fiog" for unit in places}
        for unit in range(2):
            for gate in "fiog":
                z = sum(plain_number(context, weights["W_" + gate][unit, k]) * h[k] for k in range(2))
                z += plain_number(context, weights["U_" + gate][unit,]) * plain_number(context, inputs[t])
                z += plain_number(context, weights["b_" + gate][unit,])
                ball = step[gate, places[unit]]
                assert encloses(ball, (plain_tanh if gate == "g" else plain_sigmoid)(context, z))
                assert is_sharp(ball, BITS, 40)


def test_live_units():
    assert live_units(flag_and_memory(2, 3, Fraction(1, 2), hidden=9)) == [0, 1]
    assert live_units(Weights("lstm", 3, {})) == []
    assert live_units(Weights("lstm", 5, {"W_f": {(1, 3): 1}})) == [1, 3]


def test_no_inputs_no_steps():
    assert gate_activations(random_weights(0, 1), []) == []


@pytest.mark.parametrize("cell", ["lstm", "tanh", "stacked", "gru-after", "relu"])
def test_enclosures_hold_the_run_of_every_point(cell):
    shapes = CELLS[cell].block_shapes(2)
    weights = Weights(cell, 2, {name: {next(np.ndindex(shape)): 3} for name, shape in shapes.items()})
    with Balls(BITS).working():
        unit = Interval(Balls.exact(Fraction(0)), Balls.exact(Fraction(1)))
        box = enclose_activations(weights, [unit] * 3)
        for inputs in ([Fraction(0)] * 3, [Fraction(1), Fraction(0), Fraction(1, 3)]):
            for wide, narrow in zip(box, gate_activations(weights, inputs), strict=True):
                assert all(wide[name].lower.lower() <= value.upper() for name, value in narrow.items())
                assert all(value.lower() <= wide[name].upper.upper() for name, value in narrow.items())
        outside = gate_activations(weights, [Fraction(2)] * 3)
        assert any(outside[0][name] > box[0][name].upper for name in box[0])


def test_enclosures_are_sharp_for_wide_arguments():
    weights = Weights("tanh", 1, {"U_h": {(0,): 1000}, "b_h": {(0,): 900}})
    with Balls(BITS).working():
        (step,) = enclose_activations(weights, [Interval(Balls.exact(Fraction(-1)), Balls.exact(Fraction(1)))])
        assert step["h", 0].lower.overlaps(Balls.exact(Fraction(-100)).tanh())
        assert step["h", 0].upper.overlaps(Balls.exact(Fraction(1900)).tanh())

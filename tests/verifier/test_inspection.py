"""What `verify inspect` finds: derivatives against finite differences of mpmath, shares that add up, enclosures that hold."""

import random
from fractions import Fraction

import mpmath
import pytest
from flint import arb

from constructions import construct
from verifier.arithmetic.balls import Balls, to_ball
from verifier.cells import CELLS
from verifier.errors import StepLimit
from verifier.inspection import inspect
from verifier.program import record
from verifier.run import Runner
from verifier.verdict import Verdict
from verifier.weights import Weights

F = Fraction
CELL_NAMES = ("linear", "tanh", "sigmoid", "relu", "lstm", "gru", "gru-after-keep", "mingru", "bilinear")


def some_weights(name, hidden=3, seed=1):
    """Dense weights that are multiples of 1/16."""
    generator = random.Random(seed)
    shapes = CELLS[name].block_shapes(hidden)
    blocks = {}
    for block, shape in shapes.items():
        places = [()]
        for size in shape:
            places = [(*place, k) for place in places for k in range(size)]
        blocks[block] = {place: F(generator.randint(-16, 16), 16) for place in places if not block.endswith("_0")}
    return Weights(name, hidden, {block: entries for block, entries in blocks.items() if entries})


def output(weights, inputs):
    with Balls(300).working():
        return list(Runner(record(weights), Balls(300)).outputs(inputs))[-1]


@pytest.mark.parametrize("name", CELL_NAMES)
def test_memory_is_the_derivative(name):
    weights, inputs = some_weights(name), [F(1, 2), F(-1, 3), F(3, 4), F(1, 5)]
    found = inspect(weights, F(1), inputs)
    assert found.verdict is Verdict.PROVED
    step = F(1, 2**80)
    with Balls(300).working():
        for moment in found.memory:
            above, below = ([x + s * step * (t == moment.t) for t, x in enumerate(inputs, 1)] for s in (1, -1))
            slope = (output(weights, above) - output(weights, below)) / to_ball(2 * step)
            assert abs(slope - moment.along_run.lower) < arb(2) ** -60
            assert moment.over_box.lower <= slope + arb(2) ** -60
            assert slope <= moment.over_box.upper + arb(2) ** -60
            assert moment.least <= slope + arb(2) ** -60
            assert slope <= moment.largest + arb(2) ** -60
        assert (found.error - (output(weights, inputs) - to_ball(inputs[0]))).overlaps(arb(0))


@pytest.mark.parametrize("name", CELL_NAMES)
def test_shares_of_every_step_add_up(name):
    found = inspect(some_weights(name), F(1), [F(1, 2), F(-1, 3), F(3, 4), F(1, 5)])
    with Balls(found.working_bits).working():
        for t in range(3):
            total = sum((carrier.shares[t] for carrier in found.carriers), arb(0))
            assert total.overlaps(found.memory[0].along_run.lower)
            assert total.rad() < arb(2) ** -20


def test_a_share_is_what_a_unit_passes_on():
    """Two separate linear units: the share of each is its own product of weights."""
    weights = Weights("linear", 2, {"W_h": {(0, 0): 2, (1, 1): F(1, 2)}, "U_h": {(0,): 1, (1,): 3}, "V": {(0,): 1, (1,): -1}})
    found = inspect(weights, F(1), [F(1), F(0), F(0)])
    with Balls(found.working_bits).working():
        shares = {carrier.unit: [float(share.mid()) for share in carrier.shares] for carrier in found.carriers}
    assert shares == {0: [4.0, 4.0], 1: [-0.75, -0.75]}
    assert [carrier.unit for carrier in found.carriers] == [0, 1]


def test_a_wrong_backward_pass_is_refuted(monkeypatch):
    import verifier.inspection as module

    honest = module.pull_back

    def doubled(walk, n):
        for t, row in honest(walk, n):
            yield t, {k: value + value if t == 3 and k != module.INPUT else value for k, value in row.items()}

    monkeypatch.setattr(module, "pull_back", doubled)
    assert inspect(some_weights("lstm"), F(1), [F(1, 2), F(-1, 3), F(3, 4), F(1, 5)]).verdict is Verdict.REFUTED


def test_the_hand_set_lstm_listens_to_x_1_alone_through_one_unit():
    made = construct("lstm", 20, 12)
    found = inspect(made.weights, F(1), [F(1), *[F(-1)] * 19])
    with Balls(found.working_bits).working():
        assert 1 - found.attention < arb(10) ** -11
        assert [found.weights.unit_name(c.unit) for c in found.carriers if not c.weight.is_zero()] == ["memory"]
        first, later = found.ranges[0], found.ranges[5]
        unit = found.carriers[0].unit
        assert first["i", unit].lower > 1 - arb(10) ** -11
        assert later["i", unit].upper < arb(10) ** -11
        assert all(moment.over_box.lower > 1 - arb(10) ** -10 for moment in found.memory[:1])


def test_relu_kinks_give_difference_quotients_next_to_the_run():
    made = construct("relu", 5, exact_recall=True)
    found = inspect(made.weights, F(1), [F(1), F(-1), F(1), F(0), F(1)])
    with Balls(found.working_bits).working():
        assert [float(moment.along_run.upper.mid()) for moment in found.memory] == [1, 0, 0, 0, 0]


def test_gates_against_mpmath():
    weights = Weights("lstm", 1, {"U_i": {(0,): 2}, "b_f": {(0,): 1}, "U_g": {(0,): 1}, "V": {(0,): 1}})
    found = inspect(weights, F(1), [F(1, 2)])
    with mpmath.workdps(40):
        expected = mpmath.tanh(mpmath.mpf(1) / 2)
    assert abs(float(found.gates[0]["g", 0].lower.mid()) - float(expected)) < 1e-15
    assert found.carriers == []


def test_an_empty_run_and_a_walk_that_is_too_long_are_refused():
    with pytest.raises(ValueError, match="at least one input"):
        inspect(some_weights("lstm"), F(1), [])
    with pytest.raises(StepLimit, match="too many to walk"):
        inspect(some_weights("lstm", hidden=16), F(1), [F(1)] * 100_000)

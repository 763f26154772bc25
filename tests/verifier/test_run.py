"""The runner in every arithmetic, with what it keeps between steps and sequences."""

from fractions import Fraction

import pytest
from core_cases import (
    BITS,
    encloses,
    few_laws,
    flag_and_memory,
    is_sharp,
    lower_end,
    plain_lstm,
    random_inputs,
    random_weights,
    to_fraction,
    upper_end,
)
from hypothesis import given
from hypothesis import strategies as st

from verifier.arithmetic.balls import Balls, to_ball
from verifier.arithmetic.enclosures import Enclosures, Interval
from verifier.arithmetic.floats import Floats
from verifier.arithmetic.reference import Reference
from verifier.program import Kind, record
from verifier.run import DENSE_TERMS, MEMO_ENTRIES, Runner


def reference_outputs(weights, inputs):
    return [y for y, _, _ in plain_lstm(weights, inputs)]


@few_laws
@given(st.integers(0, 10**6), st.integers(1, 3), st.sampled_from([0.3, 1.0]))
def test_dense_rational_weights_in_every_arithmetic(seed, hidden, density):
    weights, inputs = random_weights(seed, hidden, density=density), random_inputs(seed, 4)
    program, expected = record(weights), reference_outputs(weights, inputs)
    with Balls(BITS).working():
        balls = list(Runner(program, Balls(BITS)).outputs(inputs))
        intervals = list(Runner(program, Enclosures).outputs(inputs))
    floats = list(Runner(program, Floats("binary64")).outputs(inputs))
    references = list(Runner(program, Reference(60)).outputs(inputs))
    for t, value in enumerate(expected):
        assert encloses(balls[t], value)
        assert upper_end(balls[t]) - lower_end(balls[t]) < Fraction(1, 2 ** (BITS - 20))
        assert intervals[t].is_point
        assert encloses(intervals[t].lower, value)
        assert abs(Fraction(float(floats[t])) - to_fraction(value)) < Fraction(1, 10**11)
        assert abs(references[t] - value) < 1e-45


@pytest.mark.parametrize("hidden", [DENSE_TERMS - 1, DENSE_TERMS, DENSE_TERMS + 2])
def test_matrix_products_change_nothing(hidden):
    """From DENSE_TERMS units on, balls gather the affine maps into one matrix."""
    weights, inputs = random_weights(hidden, hidden, size=1), random_inputs(hidden, 3)
    with Balls(BITS).working():
        runner = Runner(record(weights), Balls(BITS))
        assert (runner._matrix is None) == (hidden < DENSE_TERMS - 1)
        for ball, value in zip(runner.outputs(inputs), reference_outputs(weights, inputs), strict=True):
            assert encloses(ball, value)
            assert is_sharp(ball, BITS, 40)


def test_matrix_products_with_autonomous_columns():
    """Dense rows that read driven units, an autonomous unit and the input."""
    hidden = DENSE_TERMS + 2
    dense = random_weights(77, hidden, size=1)
    cut = {(f"{block}_{gate}", (0, k)): 0 for block in "W" for gate in "fiog" for k in range(1, hidden)}
    cut.update({(f"U_{gate}", (0,)): 0 for gate in "fiog"})
    weights, inputs = dense.replace(cut), random_inputs(77, 4)
    program = record(weights)
    assert program.state_kinds.count(Kind.AUTONOMOUS) == 2
    with Balls(BITS).working():
        runner = Runner(program, Balls(BITS))
        assert runner._matrix is not None
        for ball, value in zip(runner.outputs(inputs), reference_outputs(weights, inputs), strict=True):
            assert encloses(ball, value)
            assert is_sharp(ball, BITS, 40)


def test_one_runner_serves_many_sequences():
    """The autonomous trajectory and the memo of inputs are shared; the second pass gives what a fresh runner gives."""
    weights = flag_and_memory(3, 5, Fraction(1, 4))
    program = record(weights)
    sequences = [random_inputs(seed, 6) for seed in range(4)] + [random_inputs(0, 3), random_inputs(9, 9)]
    with Balls(BITS).working():
        shared = Runner(program, Balls(BITS))
        for inputs in sequences:
            fresh = Runner(program, Balls(BITS))
            for a, b, value in zip(shared.outputs(inputs), fresh.outputs(inputs), reference_outputs(weights, inputs), strict=True):
                assert a.mid() == b.mid()
                assert a.rad() == b.rad()
                assert encloses(a, value)


def test_steps_may_be_taken_out_of_order():
    weights = flag_and_memory(3, 5, Fraction(1, 4))
    with Balls(BITS).working():
        runner = Runner(record(weights), Balls(BITS))
        state = runner.start()
        third = runner.step(3, state, Fraction(1, 2))
        first = runner.step(1, state, Fraction(1, 2))
        again = runner.step(3, state, Fraction(1, 2))
        assert third[0].mid() == again[0].mid()
        assert not third[0].overlaps(first[0])


def test_memo_is_emptied_and_refilled():
    weights = flag_and_memory(3, 5, Fraction(1, 4))
    with Balls(64).working():
        runner = Runner(record(weights), Balls(64))
        state = runner.start()
        before = runner.step(1, state, Fraction(1, 3))
        for k in range(MEMO_ENTRIES + 5):
            runner.load_input(Fraction(k, 10**4))
        assert len(runner._memo) <= MEMO_ENTRIES
        after = runner.step(1, state, Fraction(1, 3))
        assert before[0].mid() == after[0].mid()


def test_inputs_may_be_values_of_the_arithmetic():
    weights = flag_and_memory(3, 5, Fraction(1, 4))
    with Balls(BITS).working():
        program = record(weights)
        exact = list(Runner(program, Balls(BITS)).outputs([Fraction(1, 3)] * 3))
        balls = list(Runner(program, Balls(BITS)).outputs([to_ball(Fraction(1, 3)) for _ in range(3)]))
        assert all(a.overlaps(b) for a, b in zip(exact, balls, strict=True))
        side = Interval(to_ball(-1), to_ball(1))
        for interval in Runner(program, Enclosures).outputs([side] * 3):
            assert interval.lower < 0 < interval.upper
            assert interval.largest_modulus() < 4


@pytest.mark.parametrize("t", [1, 2, 3, 10, 80])
def test_a_resting_trajectory_stays_exact(t):
    """Long after the flag's balls repeat, the stored trajectory still encloses the truth."""
    weights = flag_and_memory(20, 30, Fraction(1, 4))
    inputs = [Fraction(1, 2)] * t
    with Balls(BITS).working():
        runner = Runner(record(weights), Balls(BITS))
        *_, last = runner.outputs(inputs)
    assert encloses(last, reference_outputs(weights, inputs)[-1])
    assert len(runner._trajectory) < 60


def test_autonomous_state_by_stepping_anew():
    weights = flag_and_memory(3, 5, Fraction(1, 4))
    with Balls(BITS).working():
        runner = Runner(record(weights), Balls(BITS))
        for t in (0, 1, 4):
            states = plain_lstm(weights, [Fraction(0)] * t)
            expected = [states[-1][1][0], states[-1][2][0]] if t else [Fraction(0), Fraction(0)]
            for ball, value in zip(runner.autonomous_state(t), expected, strict=True):
                assert encloses(ball, value)


def test_initial_states_count():
    weights = random_weights(4, 2)
    assert any(weights["c_0"][k,] for k in range(2))
    silent = weights.replace({("c_0", (k,)): 0 for k in range(2)})
    inputs = random_inputs(4, 2)
    a, b = (list(Runner(record(w), Reference(30)).outputs(inputs)) for w in (weights, silent))
    assert abs(a[-1] - b[-1]) > 1e-6

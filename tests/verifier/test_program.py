"""Recorded programs: same function, dead units gone, kinds right."""

from fractions import Fraction

import pytest
from core_cases import few_laws, flag_and_memory, plain_lstm, random_inputs, random_weights
from hypothesis import given
from hypothesis import strategies as st

from verifier.arithmetic.reference import Reference
from verifier.program import Kind, Operation, Recorder, record
from verifier.run import Runner
from verifier.weights import Weights


def outputs(weights, inputs, digits=60):
    return list(Runner(record(weights), Reference(digits)).outputs(inputs))


def assert_same(weights, inputs):
    expected = [y for y, _, _ in plain_lstm(weights, inputs, 60)]
    for found, value in zip(outputs(weights, inputs), expected, strict=True):
        assert abs(found - value) <= 1e-45 * (1 + abs(value))


@few_laws
@given(st.integers(0, 10**6), st.integers(1, 4), st.sampled_from([0.2, 0.5, 1.0]))
def test_program_equals_the_plain_cell(seed, hidden, density):
    assert_same(random_weights(seed, hidden, density=density), random_inputs(seed, 3))


def test_programs_are_straight_lines():
    program = record(random_weights(3, 3))
    for index, operation in enumerate(program.operations):
        assert all(a < index for a in operation.arguments)
    assert len(program.old) == len(program.new) == len(program.states) == len(program.initial) == 6
    assert sorted(program.driven() + program.autonomous()) == list(range(6))


def with_dead_unit(weights, place):
    """The same net with one more unit that reads everything and that nobody reads."""
    d = weights.hidden
    move = {k: k + (k >= place) for k in range(d)}
    blocks = {name: {tuple(move[i] for i in index): value for index, value in array} for name, array in weights.blocks().items()}
    for gate in "fiog":
        for k in range(d + 1):
            blocks[f"W_{gate}"][place, k] = Fraction(k + 1, 3)
        blocks[f"U_{gate}"][place,] = Fraction(-2, 5)
        blocks[f"b_{gate}"][place,] = Fraction(1, 5)
    blocks["c_0"][place,] = Fraction(2)
    return Weights("lstm", d + 1, blocks)


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("seed", range(3))
def test_dead_units_are_pruned_without_a_trace(seed, place):
    weights, inputs = random_weights(seed, 2), random_inputs(seed, 3)
    wider = with_dead_unit(weights, place)
    assert len(record(wider).operations) == len(record(weights).operations)
    assert len(record(wider).states) == len(record(weights).states)
    assert outputs(wider, inputs) == outputs(weights, inputs)
    assert_same(wider, inputs)


def test_a_unit_read_only_through_another_is_alive():
    weights = Weights(
        "lstm",
        3,
        {"U_g": {(0,): 1}, "W_g": {(1, 0): 1, (2, 1): 1}, "b_g": {(1,): Fraction(1, 3)}, "V": {(2,): 1}},
    )
    assert {unit for _, unit in record(weights).states} == {0, 1, 2}
    assert_same(weights, random_inputs(1, 5))


def test_no_readout_leaves_a_constant():
    program = record(Weights("lstm", 2, {"U_g": {(0,): 1}, "v0": {(): Fraction(2, 3)}}))
    assert program.states == ()
    assert program.x is None
    assert program.kinds[program.readout] is Kind.CONSTANT
    assert len(program.operations) == 1
    assert outputs(Weights("lstm", 1, {"v0": {(): 2}}), random_inputs(0, 3)) == [2, 2, 2]


def kinds_of_states(weights):
    program = record(weights)
    return {f"{name}[{unit}]": program.state_kinds[k] for k, (name, unit) in enumerate(program.states)}


def kinds_of_operations(weights, name):
    program = record(weights)
    return sorted(k for o, k in zip(program.operations, program.kinds, strict=True) if o.name == name)


def test_kinds_of_a_flag_and_a_memory():
    """The flag has no input: autonomous. The memory's cell is driven; its forget gate is constant."""
    weights = flag_and_memory(5, 9, Fraction(1, 10))
    program = record(weights)
    assert kinds_of_states(weights) == {
        "h[0]": Kind.AUTONOMOUS,
        "c[0]": Kind.AUTONOMOUS,
        "c[1]": Kind.DRIVEN,
    }
    assert program.kinds[program.readout] is Kind.DRIVEN
    assert program.kinds[program.x] is Kind.INPUT
    gates = dict.fromkeys(kinds_of_operations(weights, "sigmoid"))
    assert set(gates) == {Kind.CONSTANT, Kind.AUTONOMOUS}
    assert Kind.INPUT in kinds_of_operations(weights, "tanh")


def test_input_alone_and_input_times_autonomous():
    """tanh(x) is INPUT; an input gate that a flag moves times tanh(x) depends on the step: DRIVEN."""
    weights = flag_and_memory(5, 9, Fraction(1, 10))
    program = record(weights)
    products = [k for o, k in zip(program.operations, program.kinds, strict=True) if o.name == "mul"]
    assert Kind.DRIVEN in products
    memoryless = Weights("lstm", 1, {"U_g": {(0,): 1}, "b_f": {(0,): 1}, "V": {(0,): 1}})
    kinds = record(memoryless).kinds
    assert Kind.INPUT in kinds
    assert Kind.AUTONOMOUS not in kinds


def test_a_gate_that_reads_the_input_drives_the_flag():
    kinds = kinds_of_states(flag_and_memory(5, 9, Fraction(1, 10), U_f={(0,): 1}))
    assert set(kinds.values()) == {Kind.DRIVEN}
    only_shown = kinds_of_states(flag_and_memory(5, 9, Fraction(1, 10), U_o={(0,): 1}))
    assert (only_shown["c[0]"], only_shown["h[0]"]) == (Kind.AUTONOMOUS, Kind.DRIVEN)
    via_memory = flag_and_memory(5, 9, Fraction(1, 10), W_f={(0, 1): 1})
    assert set(kinds_of_states(via_memory).values()) == {Kind.DRIVEN}


def test_everything_autonomous():
    weights = Weights("lstm", 1, {"b_g": {(0,): 1}, "W_f": {(0, 0): 1}, "V": {(0,): 1}})
    program = record(weights)
    assert program.x is None
    assert program.driven() == ()
    assert program.kinds[program.readout] is Kind.AUTONOMOUS
    assert_same(weights, random_inputs(2, 4))


def test_constants_are_folded():
    """A dense net whose gates have no weights at all: σ(0) = 1/2 and tanh(0) = 0 leave no activation but those of c."""
    recorder = Recorder()
    x = recorder.add(Operation("x"))
    zero, one = recorder.constant(Fraction(0)), recorder.constant(Fraction(1))
    assert recorder.exact_value(recorder.sigmoid(zero)) == Fraction(1, 2)
    assert recorder.exact_value(recorder.tanh(zero)) == 0
    assert recorder.exact_value(recorder.relu(recorder.constant(Fraction(-3)))) == 0
    assert recorder.exact_value(recorder.relu(recorder.constant(Fraction(3)))) == 3
    assert recorder.exact_value(recorder.sigmoid(one)) is None
    assert recorder.exact_value(x - x) == 0
    assert recorder.exact_value(x * zero) == 0
    assert (x * one).index == x.index
    opposite = -x
    assert (-opposite).index == x.index
    assert recorder.exact_value(2 - one * 3) == -1


def test_equal_operations_are_shared_and_sums_flattened():
    recorder = Recorder()
    x, y = recorder.add(Operation("x")), recorder.add(Operation("state", label="h[0]"))
    assert recorder.tanh(x).index == recorder.tanh(x).index
    assert (x * y).index == (y * x).index
    assert recorder.tanh(x).index != recorder.sigmoid(x).index
    total = 2 * (x + 3 * y + 1) - y
    operation = recorder.operations[total.index]
    assert (operation.arguments, operation.coefficients, operation.bias) == ((x.index, y.index), (2, 5), 2)


def test_states_with_equal_initial_values_stay_apart():
    weights = Weights("lstm", 2, {"U_g": {(0,): 1, (1,): -1}, "V": {(0,): 1, (1,): 2}})
    assert len(record(weights).states) == 2
    assert_same(weights, random_inputs(3, 4))

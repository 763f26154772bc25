"""The supremum over lattice paths against all vertices of the box, in rationals and in balls; what is outside the class."""

import itertools
from fractions import Fraction

import pytest
from core_cases import BITS, random_inputs, upper_end
from flint import arb
from test_diagonal_cells import random_cell

from verifier.arithmetic.balls import Balls, to_ball
from verifier.arithmetic.rationals import Rationals, to_fraction
from verifier.certify import certify_weights
from verifier.multiaffine import path_supremum
from verifier.program import record
from verifier.regime import Regime
from verifier.run import Runner
from verifier.sequences import expand, length
from verifier.supremum import bound_supremum
from verifier.verdict import Verdict
from verifier.weights import Weights

BOUND = Fraction(3, 2)


def errors(program, arithmetic, n):
    """(horizon, |y - x_1|, inputs) at every vertex and horizon up to n."""
    for x in itertools.product((BOUND, -BOUND), repeat=n):
        for k, y in enumerate(Runner(program, arithmetic).outputs(list(x)), 1):
            yield k, abs(y - arithmetic.exact(x[0])), x[:k]


CASES = [(name, seed, n) for name in ("diagonal", "lru", "s5") for seed in range(5) for n in (1, 2, 5)]


@pytest.mark.parametrize(("name", "seed", "n"), CASES)
@pytest.mark.parametrize("only_last", [True, False])
def test_rational_networks_against_all_vertices(name, seed, n, only_last):
    program = record(random_cell(name, seed, 2))
    found = path_supremum(program, BOUND, n, only_last)
    expected = to_fraction(max(e for k, e, _ in errors(program, Rationals(), n) if k == n or not only_last))
    inputs = list(expand(found.witness))
    assert found.exact_value == expected
    assert len(inputs) == found.horizon
    assert abs(to_fraction(list(Runner(program, Rationals()).outputs(inputs))[-1]) - inputs[0]) == expected


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n", [1, 4])
def test_no_interior_point_is_worse(seed, n):
    program = record(random_cell("diagonal", seed, 3))
    found = path_supremum(program, BOUND, n, True)
    for k in range(20):
        inputs = random_inputs(100 * seed + k, n, BOUND)
        assert abs(to_fraction(list(Runner(program, Rationals()).outputs(inputs))[-1]) - inputs[0]) <= found.exact_value


def constant_gates(name, seed):
    """Random weights whose gates do not see the input, and for the selective cell no input in C and B."""
    weights = random_cell(name, seed, 3)
    gates = {"mingru": "z", "minlstm": "fi", "selective": ("delta", "B", "C")}[name]
    return weights.replace({(f"U_{gate}", (k,)): 0 for gate in gates for k in range(3)})


@pytest.mark.parametrize("name", ["mingru", "minlstm", "selective"])
@pytest.mark.parametrize("seed", range(4))
def test_constant_gates_in_balls_against_all_vertices(name, seed):
    program = record(constant_gates(name, seed))
    with Balls(BITS).working():
        found = path_supremum(program, BOUND, 4, False)
        worst = arb(0)
        for _, error, _ in errors(program, Balls(BITS), 4):
            worst = worst.max(error)
        inputs = list(expand(found.witness))
        attained = abs(list(Runner(program, Balls(BITS)).outputs(inputs))[-1] - to_ball(inputs[0]))
    assert found.value.overlaps(worst)
    assert found.value.overlaps(attained)
    assert found.value.rad() < worst.mid() * arb(2) ** -100
    assert found.exact_value is None


def test_gated_balls_against_all_vertices():
    """An affine gate beside an irrational constant: paths are followed in balls."""
    weights = Weights(
        "selective",
        2,
        {"b_delta": {(0,): 1, (1,): 2}, "A": {(0,): 1, (1,): Fraction(1, 3)}, "b_B": {(0,): 1, (1,): -1}, "b_C": {(0,): 3, (1,): 2},
         "V": {(0,): 1, (1,): 1}, "h_0": {(0,): 1}},
    )  # fmt: skip
    program = record(weights)
    with Balls(BITS).working():
        found = path_supremum(program, BOUND, 4, True)
        worst = arb(0)
        for k, error, _ in errors(program, Balls(BITS), 4):
            worst = worst.max(error) if k == 4 else worst
    assert found.value.overlaps(worst)


def test_a_coefficient_that_may_be_zero_is_kept():
    """Differences of balls are not dropped as if they were zero: the ball contains the exact error."""
    same = {"b_z": {(0,): 1, (1,): 1}, "U_n": {(0,): 1, (1,): 1}, "V": {(0,): 10**40, (1,): -(10**40)}}
    with Balls(64).working():
        found = path_supremum(record(Weights("mingru", 2, same)), Fraction(1), 2, True)
    assert upper_end(found.value) >= 1


@pytest.mark.parametrize("name", ["mingru", "minlstm", "selective", "bilinear", "stacked", "lstm", "tanh", "gru"])
def test_networks_outside_the_class(name):
    """σ gates that see the input, two inputs multiplied, transitions that do not commute: no answer rather than a wrong one."""
    if name in ("mingru", "minlstm", "selective"):
        weights = random_cell(name, 1, 2)
    else:
        generic = {"lstm": "fiog", "gru": "zrn", "tanh": "h", "bilinear": "ax", "stacked": "u"}[name]
        blocks = {f"W_{g}": {(i, k): 1 + i + 2 * k for i in range(2) for k in range(2)} for g in generic}
        blocks |= {f"U_{g}": {(0,): 1, (1,): 2} for g in generic} | {"V": {(0,): 1, (1,): 1}}
        blocks |= {"a_h": {(0,): 1}, "a_p": {(0,): 1}} if name == "stacked" else {}
        weights = Weights(name, 2, blocks)
    with Balls(BITS).working():
        assert path_supremum(record(weights), BOUND, 3, True) is None


def test_two_gates_on_one_input_are_outside():
    """C(x) h(x) is quadratic in the last input: its extremes need not lie at vertices."""
    weights = constant_gates("selective", 0).replace({("U_C", (0,)): 1})
    with Balls(BITS).working():
        assert path_supremum(record(weights), BOUND, 3, True) is None


def test_long_lattices_are_left_to_others():
    assert path_supremum(record(random_cell("diagonal", 0, 2)), BOUND, 10**4, True) is None


EXACT_ON_TWO = {
    "U_b": {(0,): 1},
    "b_b": {(1,): 1, (2,): -1},
    "b_a": {(0,): 1},
    "U_a": {(1,): -1},
    "V": {(0,): 1, (1,): 1, (2,): 1},
}
"""y_1 = x_1 + 1 - 1 and y_2 = x_1 + x_2 - x_2: exact at n = 1 and n = 2 on all of ℝ."""


def test_reals():
    program = record(Weights("diagonal", 3, EXACT_ON_TWO))
    with Balls(BITS).working():
        assert bound_supremum(program, None, 2, False, 10).exact_value == 0
        assert path_supremum(program, None, 2, False).exact_value == 0
        third = bound_supremum(program, None, 3, True, 10)
        assert not third.upper.is_finite()
        assert (length(third.witness), third.method) == (3, "lattice paths")
        shifted = record(Weights("diagonal", 3, EXACT_ON_TWO | {"v0": {(): Fraction(-1, 7)}}))
        assert bound_supremum(shifted, None, 2, False, 10).exact_value == Fraction(1, 7)


@pytest.mark.parametrize("unit", range(3))
def test_reals_in_a_certificate(unit):
    weights = Weights("diagonal", 3, EXACT_ON_TWO)
    regime = Regime("diagonal", 2, Fraction(1), Fraction(0), "upto", "reals", hidden=3)
    assert certify_weights(weights, regime).verdict is Verdict.PROVED
    wrong = weights.replace({("b_a", (unit,)): weights["b_a"][unit,] + Fraction(1, 10**9)})
    assert certify_weights(wrong, regime).verdict is Verdict.REFUTED

"""The impulse response gives the same exact suprema as affine forms, and its witnesses attain them."""

import random
from fractions import Fraction as F

import pytest

from constructions import construct
from verifier.certify import certify
from verifier.impulse import is_linear, linear_supremum
from verifier.piecewise import exact_supremum
from verifier.program import record
from verifier.sequences import expand
from verifier.verdict import Verdict
from verifier.weights import Weights


def random_linear(seed, hidden):
    draw = random.Random(seed)

    def number():
        return F(draw.randint(-5, 5), draw.randint(1, 4))

    blocks = {
        "W_h": {(i, j): number() for i in range(hidden) for j in range(hidden)},
        "U_h": {(i,): number() for i in range(hidden)},
        "b_h": {(i,): number() for i in range(hidden)},
        "V": {(i,): number() for i in range(hidden)},
        "v0": {(): number()},
    }
    return Weights("linear", hidden, {name: {k: v for k, v in block.items() if v} for name, block in blocks.items()})


def error(weights, sequence):
    """y_n - x_1 by the textbook recurrence in Fractions."""
    hidden = weights.hidden
    entry = {name: dict(block) for name, block in weights.blocks().items()}
    h = [F(0)] * hidden
    for x in sequence:
        h = [
            sum((entry.get("W_h", {}).get((i, j), F(0)) * h[j] for j in range(hidden)), F(0))
            + entry.get("U_h", {}).get((i,), F(0)) * x
            + entry.get("b_h", {}).get((i,), F(0))
            for i in range(hidden)
        ]
    read = sum((entry.get("V", {}).get((i,), F(0)) * h[i] for i in range(hidden)), F(0)) + entry.get("v0", {}).get((), F(0))
    return read - sequence[0]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("only_last", [True, False])
def test_agrees_with_affine_forms(seed, only_last):
    weights = random_linear(seed, 1 + seed % 3)
    program = record(weights)
    assert is_linear(program)
    n = 1 + seed % 7
    found = linear_supremum(program, F(3, 2), n, only_last)
    assert found.value == exact_supremum(program, F(3, 2), n, only_last, 100).value
    assert abs(error(weights, list(expand(found.witness)))) == found.value
    assert len(list(expand(found.witness))) == found.horizon


@pytest.mark.parametrize("seed", range(10))
def test_on_the_reals_one_input_shows_that_the_error_is_unbounded(seed):
    weights = random_linear(seed, 2)
    found = linear_supremum(record(weights), None, 4, True)
    assert found.value is None
    sequence = list(expand(found.witness))
    assert error(weights, [1000 * x for x in sequence]) - error(weights, [F(0)] * 4) == 1000 * (
        error(weights, sequence) - error(weights, [F(0)] * 4)
    )
    assert error(weights, sequence) != error(weights, [F(0)] * 4)


def test_a_shift_register_is_exact_on_the_reals():
    answer = construct("linear", 5, exact_recall=True, horizon="fixed", domain="reals", hidden=5)
    assert linear_supremum(record(answer.weights), None, 5, True).value == 0
    assert linear_supremum(record(answer.weights), None, 5, False).value is None
    assert linear_supremum(record(answer.weights), None, 4, True).value is None


def test_a_thousand_steps_of_the_exploding_scalar():
    """Forms grow with n, and their coefficients with the digits: n² Fractions of 20,000 digits took minutes."""
    answer = construct("linear", 1000, 20, horizon="fixed")
    result = certify(answer)
    assert result.verdict is Verdict.PROVED
    assert result.supremum.exact_value == result.symbolic.exact_value


def test_a_relu_is_not_linear():
    assert not is_linear(record(construct("relu", 5, 5).weights))

"""Named families and the gradient attack: lengths, ranges, and errors that the supremum really bounds."""

import itertools
from fractions import Fraction

import pytest
from core_cases import BITS, flag_and_memory, plain_error, random_weights, to_fraction

from verifier.adversary import GRADIENT_STEPS, Sequence, families, gradient_attack
from verifier.arithmetic.balls import Balls
from verifier.program import record
from verifier.sequences import compress, expand, length
from verifier.weights import Weights

HORIZONS = [1, 2, 3, 7, 64, 100]
ONE = Fraction(1)


@pytest.mark.parametrize("bound", [ONE, Fraction(1, 3)])
@pytest.mark.parametrize("n", HORIZONS)
def test_every_family_has_n_inputs_in_the_box(n, bound):
    found = list(families(bound, n, seed=0))
    assert len({s.family for s in found}) == len(found) == 14
    for sequence in found:
        inputs = list(sequence.inputs())
        assert len(inputs) == n
        assert all(-bound <= x <= bound for x in inputs)
        if sequence.runs is not None:
            assert length(sequence.runs) == n


@pytest.mark.parametrize("bits", [1, 2, 3])
@pytest.mark.parametrize("n", [1, 2, 70])
def test_on_the_grid_every_input_is_a_grid_point(n, bits):
    bound = Fraction(1, 3)
    grid = {-bound + 2 * bound * k / (2**bits - 1) for k in range(2**bits)}
    for sequence in families(bound, n, seed=3, bits=bits):
        assert set(sequence.inputs()) <= grid


def test_families_are_reproducible_and_seeded():
    def inputs(seed):
        return {s.family: list(s.inputs()) for s in families(ONE, 20, seed)}

    assert inputs(1) == inputs(1)
    changed = [name for name in inputs(1) if inputs(1)[name] != inputs(2)[name]]
    assert sorted(changed) == ["random reals", "random signs"]


def test_random_sequences_read_twice_are_the_same():
    for sequence in families(ONE, 30, seed=0):
        assert list(sequence.inputs()) == list(sequence.inputs())


@pytest.mark.parametrize("m", [1, 5, 9])
def test_first(m):
    for sequence in families(ONE, 9, seed=0):
        assert sequence.first(m) == compress(list(itertools.islice(sequence.inputs(), m)))


def test_shapes_of_some_families():
    named = {s.family: list(s.inputs()) for s in families(ONE, 5, 0)}
    assert named["opposite to x_1 = -M"] == [-1, 1, 1, 1, 1]
    assert named["alternating"] == [1, -1, 1, -1, 1]
    assert named["impulse in the middle"] == [0, 0, 1, 0, 0]
    assert named["one late spike"] == [-1, 0, 0, 0, 1]
    assert named["ramp up"] == sorted(named["ramp up"])
    assert (named["ramp up"][0], named["ramp up"][-1]) == (-1, 1)
    assert named["ramp down"] == [-x for x in named["ramp up"]]
    assert 0 < named["tiny x_1, then -M"][0] < Fraction(1, 10**6)


def test_a_sequence_without_inputs_is_an_error():
    with pytest.raises(ValueError, match="empty"):
        Sequence("empty", None).inputs()


@pytest.mark.parametrize("n", [1, 2, 3, GRADIENT_STEPS, GRADIENT_STEPS + 1, GRADIENT_STEPS + 20, 10**18])
def test_gradient_attack_has_n_inputs_at_vertices(n):
    found = gradient_attack(record(flag_and_memory(4, 8, Fraction(1, 8))), Fraction(1, 3), n)
    assert len(found) == 4
    for sequence in found:
        assert length(sequence.runs) == n
        assert {value for value, _ in sequence.runs} <= {Fraction(1, 3), -Fraction(1, 3)}


@pytest.mark.parametrize("weights", [Weights("lstm", 1, {"v0": {(): 1}}), Weights("lstm", 1, {"b_g": {(0,): 1}, "V": {(0,): 1}})])
def test_gradient_attack_on_nets_that_ignore_their_input(weights):
    assert all(length(s.runs) == 4 for s in gradient_attack(record(weights), ONE, 4))


@pytest.mark.parametrize("n", [1, 3, 5])
def test_gradient_attack_finds_the_worst_vertex_of_a_monotone_net(n):
    weights = flag_and_memory(4, 8, Fraction(1, 8))
    with Balls(BITS).working():
        attacks = gradient_attack(record(weights), ONE, n)
    best = max(to_fraction(plain_error(weights, expand(s.runs), 40)) for s in attacks)
    vertices = itertools.product((ONE, -ONE), repeat=n)
    worst = max(to_fraction(plain_error(weights, list(v), 40)) for v in vertices)
    assert abs(best - worst) < Fraction(1, 10**30)


def test_gradient_attack_never_leaves_the_box_on_random_nets():
    for seed in range(3):
        for sequence in gradient_attack(record(random_weights(seed, 2)), ONE, 6):
            assert set(expand(sequence.runs)) <= {ONE, -ONE}

"""Settled states, geometric sums and affine recurrences."""

import random
from fractions import Fraction

import pytest
from core_cases import (
    BITS,
    encloses,
    flag_and_memory,
    is_sharp,
    laws,
    lower_end,
    plain_lstm,
    random_weights,
    to_fraction,
    upper_end,
)
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from verifier.arithmetic.balls import Balls, to_ball
from verifier.arithmetic.enclosures import Interval
from verifier.induction import forms_of_driven_states, geometric_sum, iterate_affine, settle
from verifier.program import record
from verifier.weights import Weights

OSCILLATOR = Weights(
    "lstm",
    1,
    {
        "W_g": {(0, 0): -20},
        "b_f": {(0,): -20},
        "b_i": {(0,): 20},
        "b_o": {(0,): 20},
        "c_0": {(0,): 1},
        "h_0": {(0,): 1},
        "V": {(0,): 1},
    },
)
"""h' ≈ -0.76 sign h: period two, so it never settles."""


def autonomous_after(weights, program, t):
    """The autonomous states by the plain cell."""
    _, h, c = plain_lstm(weights, [Fraction(0)] * t)[-1]
    new = {"h": h, "c": c}
    return [new[program.states[k][0]][program.states[k][1]] for k in program.autonomous()]


@pytest.mark.parametrize(("k", "gain"), [(1, 1), (5, 9), (40, 60)])
def test_settled_states_stay_in_their_box(k, gain):
    weights = flag_and_memory(k, gain, Fraction(1, 10))
    program = record(weights)
    with Balls(BITS).working():
        settled = settle(program, 400)
        assert settled is not None
        for t in (settled.steps, settled.steps + 1, settled.steps + 17):
            for side, value in zip(settled.box, autonomous_after(weights, program, t), strict=True):
                assert side.lower <= to_ball(to_fraction(value)) <= side.upper
        for side in settled.box:
            assert upper_end(side.upper) - lower_end(side.lower) < Fraction(1, 2 ** (BITS - 60))


def test_an_oscillator_never_settles():
    with Balls(BITS).working():
        assert settle(record(OSCILLATOR), 300) is None
    program = record(OSCILLATOR)
    signs = [autonomous_after(OSCILLATOR, program, t)[0] > 0 for t in (1, 2, 3, 4)]
    assert signs in ([True, False, True, False], [False, True, False, True])


def test_a_growing_cell_never_settles():
    """c' = σ(60) c + 1/2 tanh(1) grows for longer than anyone waits."""
    weights = Weights("lstm", 1, {"b_f": {(0,): 60}, "b_g": {(0,): 1}, "V": {(0,): 1}})
    with Balls(BITS).working():
        assert settle(record(weights), 200) is None


@pytest.mark.parametrize("limit", [0, 1, 2])
def test_too_few_steps(limit):
    with Balls(BITS).working():
        assert settle(record(flag_and_memory(1, 1, Fraction(1, 10))), limit) is None


def test_nothing_to_settle():
    with Balls(BITS).working():
        settled = settle(record(Weights("lstm", 1, {"U_g": {(0,): 1}, "V": {(0,): 1}})), 5)
    assert (settled.steps, settled.box) == (1, [])


def is_affine_in_driven_states(program):
    forms = forms_of_driven_states(program)
    return forms is not None and {form.kind for form in forms} <= {"affine", "memoryless"}


def test_affine_nets_are_recognised():
    assert is_affine_in_driven_states(record(flag_and_memory(5, 9, Fraction(1, 10))))
    assert is_affine_in_driven_states(record(Weights("lstm", 1, {"U_g": {(0,): 1}, "U_i": {(0,): 1}, "V": {(0,): 1}})))
    two = Weights("lstm", 2, {"U_g": {(0,): 1, (1,): 2}, "b_f": {(1,): 1}, "V": {(0,): 1, (1,): 1}})
    assert is_affine_in_driven_states(record(two))


@pytest.mark.parametrize(
    "changes",
    [
        {"W_g": {(1, 1): 1}},  # candidate reads the memory
        {"W_f": {(1, 1): 1}},  # forget gate reads the memory
        {"W_i": {(1, 0): -9, (1, 1): 1}},  # input gate reads the memory
        {"U_f": {(1,): 1}},  # forget gate reads the input: factor times state
        {"W_o": {(0, 1): 1}},  # the flag shows what the memory says
    ],
)
def test_nets_that_are_not_affine(changes):
    assert not is_affine_in_driven_states(record(flag_and_memory(5, 9, Fraction(1, 10), **changes)))


def test_an_output_gate_that_reads_the_memory_is_still_affine_in_the_cell():
    """h then belongs to the state and its map is not affine."""
    assert not is_affine_in_driven_states(record(flag_and_memory(5, 9, Fraction(1, 10), W_o={(1, 1): 1})))


@laws
@given(st.fractions(Fraction(1, 50), 3), st.integers(0, 40))
def test_geometric_sums(ratio, count):
    expected = sum((ratio**k for k in range(count)), Fraction(0))
    with Balls(BITS).working():
        ball = geometric_sum(to_ball(ratio), count)
    assert encloses(ball, expected)
    assert is_sharp(ball, BITS, 60) or abs(ratio - 1) < Fraction(1, 2**30)


NEXT_TO_ONE = [
    (Fraction(side) * Fraction(2) ** -bits, count)
    for side in (1, -1)
    for bits in (200, 60, 20)
    for count in (1, 2, 1000, 10**18)
    if (side, bits, count) != (1, 20, 10**18)  # a number of 10^12 bits
]


@pytest.mark.parametrize(("step", "count"), NEXT_TO_ONE)
def test_geometric_sums_next_to_one(step, count):
    """1 ± 2^-200 at 128 bits is a ball around 1: the mean value keeps the sum sharp; further away the quotient does."""
    with Balls(2000).working():
        ratio = to_ball(1 + step)
        expected = (ratio**count - 1) / (ratio - 1)
    with Balls(BITS).working():
        ball = geometric_sum(to_ball(1 + step), count)
    assert ball.overlaps(expected)
    assert is_sharp(ball, BITS, 75)


def test_geometric_sum_of_one_and_of_nothing():
    with Balls(BITS).working():
        assert geometric_sum(arb(1), 10**30) == arb(10**30)
    assert geometric_sum(arb(5), 0) == 0
    assert geometric_sum(arb(5), 1) == 1


FRACTIONS = st.fractions(-2, 2, max_denominator=64)
RATIOS = st.fractions(Fraction(1, 64), Fraction(3, 2), max_denominator=64)


@laws
@given(RATIOS, FRACTIONS, FRACTIONS, st.integers(0, 25))
def test_points_are_iterated_sharply(ratio, offset, start, count):
    value = start
    for _ in range(count):
        value = ratio * value + offset
    with Balls(BITS).working():
        found = iterate_affine(*(Interval(to_ball(v)) for v in (ratio, offset, start)), count)
    assert found.is_point
    assert encloses(found.lower, value)
    assert upper_end(found.lower) - lower_end(found.lower) < Fraction(10**8, 2 ** (BITS - 8))


@laws
@given(
    st.tuples(RATIOS, RATIOS),
    st.tuples(FRACTIONS, FRACTIONS),
    st.tuples(FRACTIONS, FRACTIONS),
    st.integers(0, 12),
    st.integers(0, 99),
)
def test_every_trajectory_is_enclosed(ratios, offsets, starts, count, seed):
    """Ratios and offsets that change at every step, at the ends of their ranges and inside."""
    generator = random.Random(seed)

    def pick(ends, corner):
        low, high = sorted(ends)
        return low + (high - low) * (Fraction(corner) if corner is not None else Fraction(generator.randint(0, 4), 4))

    with Balls(BITS).working():
        sides = [Interval(to_ball(min(e)), to_ball(max(e))) for e in (ratios, offsets, starts)]
        found = iterate_affine(*sides, count)
        for corners in [(None, None, None), *((i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1))]:
            value = pick(starts, corners[2])
            for _ in range(count):
                value = pick(ratios, corners[0]) * value + pick(offsets, corners[1])
            assert lower_end(found.lower) <= value <= upper_end(found.upper)


def test_a_fixed_ratio_gives_exactly_the_two_extreme_trajectories():
    with Balls(BITS).working():
        half = Interval(arb(1) / 2)
        found = iterate_affine(half, Interval(arb(-1), arb(1)), Interval(arb(-3), arb(5)), 3)
    # s_3 = s_0/8 ± (1 + 1/2 + 1/4)
    assert lower_end(found.lower) == Fraction(-3, 8) - Fraction(7, 4) == upper_end(found.lower)
    assert lower_end(found.upper) == Fraction(5, 8) + Fraction(7, 4) == upper_end(found.upper)


def test_affine_in_random_dense_nets_is_refused():
    assert not any(is_affine_in_driven_states(record(random_weights(seed, 2))) for seed in range(5))

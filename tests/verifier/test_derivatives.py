"""Derivative enclosures of one step against difference quotients of the plain cell."""

import random
from fractions import Fraction

import pytest
from core_cases import (
    BITS,
    DIGITS,
    flag_and_memory,
    lower_end,
    plain,
    plain_lstm,
    plain_number,
    random_weights,
    to_fraction,
    upper_end,
)
from flint import arb

from verifier.arithmetic.balls import Balls, to_ball
from verifier.arithmetic.enclosures import Enclosures, Interval
from verifier.derivatives import INPUT, combine, derivatives
from verifier.program import record
from verifier.run import Runner


def step_of(program, state, x):
    """Derivatives of the first step over a box of driven states and inputs."""
    runner = Runner(program, Enclosures)
    runner.step(1, [Interval(to_ball(a), to_ball(b)) for a, b in state], Interval(to_ball(x[0]), to_ball(x[1])))
    runner.output()
    return derivatives(runner)


def plain_step(weights, program, state, x):
    """(new driven states, y) after one step from given driven states, by the plain cell."""
    context = plain(DIGITS)
    start = {name: [plain_number(context, weights[f"{name}_0"][k,]) for k in range(weights.hidden)] for name in ("h", "c")}
    for k, value in zip(program.driven(), state, strict=True):
        name, unit = program.states[k]
        start[name][unit] = plain_number(context, value)
    ((y, h, c),) = plain_lstm(weights, [x], DIGITS, start)
    new = {"h": h, "c": c}
    return [new[program.states[k][0]][program.states[k][1]] for k in program.driven()], y


NETS = [random_weights(seed, hidden) for hidden in (1, 2, 3) for seed in range(2)] + [flag_and_memory(2, 4, Fraction(1, 2))]


@pytest.mark.parametrize("case", range(len(NETS)))
def test_difference_quotients_are_enclosed(case):
    """Along each coordinate, and by the mean value theorem along any segment."""
    weights = NETS[case]
    program, generator = record(weights), random.Random(case)
    size = len(program.driven())
    slack = Fraction(1, 10**60)
    with Balls(BITS).working():
        for width in (Fraction(0), Fraction(1, 16), Fraction(1)):
            low = [Fraction(generator.randint(-16, 16), 16) for _ in range(size + 1)]
            box = [(a, a + width) for a in low]
            step = step_of(program, box[:size], box[size])
            for trial in range(size + 3):
                # with an empty box a short move towards its point: the quotient tends to the derivative
                move = width or Fraction(1, 2**40)
                start = [a + (width and move * Fraction(generator.randint(0, 4), 8)) for a, _ in box]
                end = list(start)
                for k in range(size + 1):
                    if trial in (k, size + 1, size + 2):
                        end[k] += move * Fraction(generator.randint(1, 4), 8)
                before, y_before = plain_step(weights, program, start[:size], start[size])
                after, y_after = plain_step(weights, program, end[:size], end[size])
                loose = slack if width else Fraction(1, 2**60)
                for tangent, a, b in [
                    *zip(step.states, before, after, strict=True),
                    (step.readout, y_before, y_after),
                ]:
                    rise = combine(
                        [
                            ({0: tangent[key]}, Interval(to_ball(q - p)))
                            for key, p, q in zip([*range(size), INPUT], start, end, strict=True)
                            if key in tangent
                        ]
                    ).get(0, Interval(arb(0)))
                    moved = to_fraction(b) - to_fraction(a)
                    assert not rise.lower > to_ball(moved + loose)
                    assert not rise.upper < to_ball(moved - loose)


@pytest.mark.parametrize("case", range(len(NETS)))
def test_at_points_the_derivatives_are_sharp(case):
    """Central differences of the plain cell, to h² = 1e-50."""
    weights = NETS[case]
    program, generator = record(weights), random.Random(case)
    size, h = len(program.driven()), Fraction(1, 10**25)
    point = [Fraction(generator.randint(-16, 16), 16) for _ in range(size + 1)]
    with Balls(BITS).working():
        step = step_of(program, [(a, a) for a in point[:size]], (point[size], point[size]))
    for k in range(size + 1):
        ends = []
        for sign in (1, -1):
            moved = list(point)
            moved[k] += sign * h
            new, y = plain_step(weights, program, moved[:size], moved[size])
            ends.append([*new, y])
        for row, above, below in zip([*step.states, step.readout], *ends, strict=True):
            quotient = (to_fraction(above) - to_fraction(below)) / (2 * h)
            found = row.get(INPUT if k == size else k)
            if found is None:
                assert abs(quotient) < Fraction(1, 10**45)
                continue
            for end in (found.lower, found.upper):
                assert max(abs(upper_end(end) - quotient), abs(lower_end(end) - quotient)) < Fraction(1, 10**30)


def test_absent_entries_are_exact_zeros():
    """The memory's cell does not depend on anything but itself and the input."""
    program = record(flag_and_memory(2, 4, Fraction(1, 2)))
    step = step_of(program, [(Fraction(-1), Fraction(1))], (Fraction(-1), Fraction(1)))
    assert [set(row) for row in step.states] == [{0, INPUT}]
    assert set(step.readout) == {0, INPUT}


def test_combine():
    two, three = Interval(arb(2)), Interval(arb(3))
    total = combine([({0: two, 1: three}, None), ({0: three}, two), ({}, three)])
    assert set(total) == {0, 1}
    assert total[0].lower == 8
    assert total[1].lower == 3
    assert combine([]) == {}

"""What C9 asks of copying for ever: numbers that share a clock, each captured at its own step."""

from __future__ import annotations

from fractions import Fraction

from constructions.hold import fine_gain, network, units_for
from constructions.refresh import Sizes
from proofs.checks import holds
from proofs.theorems.refreshed import read_off
from verifier.arithmetic.balls import Balls, to_ball
from verifier.refresh import push_levels
from verifier.verdict import Verdict, all_of, check_less
from verifier.weights import Weights

NUMBERS = 3
SHOWN_BITS = (4, 40)
"""L of the memories whose inequalities are checked here."""

SMALL_BITS = 2
"""L of the memories that are pushed box by box."""

GUARD_BITS = 400
"""Working precision: the age reaches 2^-(3P), and levels are 2^-L."""

SLOW = Fraction(-1)
"""Argument of the age's forget gate with which it hardly shrinks."""


def _readouts(bits: int) -> tuple[Weights, ...]:
    return network(units_for(NUMBERS), NUMBERS, Sizes(bits, fine_gain(bits, 0)), Fraction(1))[0]


def every_number_is_held() -> Verdict:
    """Every inequality for each of three numbers, and errors below 3/5 of a level."""
    found = []
    with Balls(GUARD_BITS).working():
        for bits in SHOWN_BITS:
            for position, weights in enumerate(_readouts(bits), 1):
                memory = read_off(weights, position)[1]
                found += [memory.verdict, check_less(memory.upper, to_ball(Fraction(3, 5 * 2**bits)))]
    return all_of(found)


def a_number_is_not_its_neighbour() -> Verdict:
    """False variant: the memory of x_3 as one of x_2."""
    with Balls(GUARD_BITS).working():
        found = read_off(_readouts(SHOWN_BITS[0])[2], 2)[1]
        return holds(found.verdict is not Verdict.PROVED or bool(found.upper > 1))


def a_slow_age_is_not_proved() -> Verdict:
    """Near miss: an age that hardly shrinks from step to step does not tell them apart."""
    with Balls(GUARD_BITS).working():
        last = _readouts(SHOWN_BITS[0])[-1]
        age = units_for(NUMBERS) - 1
        return holds(read_off(last.replace({("b_f", (age,)): SLOW}), NUMBERS)[1].verdict is not Verdict.PROVED)


def levels_return_as_boxes() -> Verdict:
    """Every level of each number as a box of states through whole cycles, inputs before and after its own step anywhere."""
    with Balls(GUARD_BITS).working():
        pairs = [read_off(weights, position) for position, weights in enumerate(_readouts(SMALL_BITS), 1)]
        return all_of(push_levels(program, Fraction(1), found).verdict for program, found in pairs)


CHECKS = {
    "copies: the inequalities hold for each of three numbers, L = 4 and 40": every_number_is_held,
    "false variant: the memory of x_3 holds x_2": a_number_is_not_its_neighbour,
    "near miss: an age that hardly shrinks": a_slow_age_is_not_proved,
    "copies: the levels of each number for L = 2 return as boxes of states": levels_return_as_boxes,
}
"""For C9's page."""

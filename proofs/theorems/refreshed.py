"""What C9's pages share: a memory of a family as it is proposed, what is read off it, and what is claimed of it at the numbers."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from constructions.refreshed import Family, precision_of
from proofs.checks import holds
from verifier.arithmetic.balls import Balls, to_ball
from verifier.program import Program, record
from verifier.refresh import Refresh, bound_refresh, push_levels
from verifier.run import Runner
from verifier.verdict import Verdict, all_of, check_less
from verifier.weights import Weights

INPUTS = Fraction(1)
"""M."""

GUARD_BITS = 128

BISECTIONS = 40
"""Halvings of x_1 between two inputs that go to different levels."""

ATTACK_BITS = 2 * BISECTIONS + GUARD_BITS
"""Precision at which inputs next to a border are run."""

CYCLES = 12
"""Cycles of an attack."""


def read_off(weights: Weights, position: int = 1) -> tuple[Program, Refresh]:
    """A network as a memory of x_position, at the current precision; raises `ValueError` where it is of no known form."""
    program = record(weights)
    found = bound_refresh(program, INPUTS, position)
    if found is None:
        raise ValueError("the construction is not of the form of a refreshed memory")
    return program, found


def proposed(family: Family, bits: int, coarser: int = 0) -> tuple[Program, Refresh]:
    """A memory of 2^-L levels, with comparators 2^coarser times wider than fine ones, and what is read off it."""
    return read_off(family.network(len(family.units), bits, family.fine_gain(bits) - coarser, INPUTS)[0])


@dataclass(frozen=True)
class Shown:
    """What a page shows of some families: for each L of `bits` an error below `levels` 2^-L; `coarser`: log2 of a factor by which
    comparators are then too wide."""

    families: tuple[Family, ...]
    bits: tuple[int, ...]
    levels: Fraction
    coarser: int

    def inequalities_hold(self) -> Verdict:
        """Every inequality, and the error, for every L and family."""
        found = []
        for family in self.families:
            for bits in self.bits:
                with Balls(precision_of(family, bits)).working():
                    refresh = proposed(family, bits)[1]
                    found += [refresh.verdict, check_less(refresh.upper, to_ball(self.levels / 2**bits))]
        return all_of(found)

    def coarse_comparators_are_not_proved(self) -> Verdict:
        """Near miss: with a 2^coarser times smaller gain some inequality fails, whichever the family."""
        verdicts = []
        for family in self.families:
            with Balls(precision_of(family, self.bits[1])).working():
                verdicts.append(proposed(family, self.bits[1], self.coarser)[1].verdict)
        return holds(Verdict.PROVED not in verdicts)


def levels_return_as_boxes(family: Family, bits: int) -> Verdict:
    """Every level and border of a small memory, pushed through a cycle as a box of states with every input anywhere."""
    with Balls(precision_of(family, bits)).working():
        program, found = proposed(family, bits)
        return push_levels(program, INPUTS, found).verdict


def bisected(runner: Runner, found: Refresh, periods: int) -> tuple[Fraction, Fraction]:
    """Inputs next to one border of the levels, on either side, told apart by y after so many periods."""

    def reads(first: Fraction) -> arb:
        y: arb = list(runner.outputs([first, *[-INPUTS] * (periods * found.period)]))[-1]
        return y

    low, high = sorted(found.firsts[:2])
    at_low, half_a_level = reads(low), to_ball(found.hints.slope * found.hints.unit / 2)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if abs(reads(middle) - at_low) < half_a_level else (low, middle)
    return low, high

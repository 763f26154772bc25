"""What C9 asks in IEEE arithmetic: bits that any σ takes, and the LSTM's inequalities with every rounding, at the numbers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import sympy
from sympy import Symbol

from constructions.refresh import UNITS, Sizes, network
from constructions.refresh_in_floats import gain
from proofs.checks import holds
from verifier.arithmetic.balls import Balls, to_ball
from verifier.float_bound import BINARY32, BINARY64, Library
from verifier.float_run import FloatNetwork
from verifier.inequality import NONNEGATIVE, UNIT, check_nonnegative
from verifier.program import record
from verifier.ranges import Range
from verifier.refresh import bound_refresh
from verifier.refresh.cells_in_floats import push_levels_in_floats
from verifier.refresh.in_floats import RefreshInFloats, bound_refresh_in_floats
from verifier.verdict import Verdict, all_of, check_less
from verifier.weights import Weights

SHOWN = ((BINARY32, 3), (BINARY32, 10), (BINARY64, 3), (BINARY64, 38))
"""Formats and L whose inequalities are checked here."""

BEYOND = ((BINARY32, 12), (BINARY64, 40))
"""Formats and the least L whose levels are too few roundings wide."""

BITS = 320
"""Working precision: some significands."""

STEPS = 400

FINE, OPEN = 6, 1
"""log2 of G w/zero: comparators open over 2^-6 of a level; gates that need not be exactly 0 or 1."""

U, B, BETA, Z, R = sympy.symbols("u b beta z r", real=True)
LEMMA: dict[Symbol, Range] = {U: NONNEGATIVE, B: NONNEGATIVE, BETA: UNIT, Z: NONNEGATIVE, R: UNIT}


def any_share_costs_at_most_z() -> Verdict:
    """D = θ ± z ∓ u, any share β of b, slope r: D' - (θ - z - b) and θ + z - D' are >= 0."""
    below = check_nonnegative((-Z + U) - BETA * R * B - (-Z - B), LEMMA)  # D = θ - z + u
    above = check_nonnegative(Z - ((Z - U) - BETA * R * B), LEMMA)  # D = θ + z - u
    return all_of((below, above))


def any_share_costs_something() -> Verdict:
    """False variant: without monotone σ a bit taken below its threshold, D = θ - z + u, leaves D' below θ - b."""
    return holds(check_nonnegative(U - Z + B * (1 - BETA), LEMMA) is Verdict.REFUTED)


def _memory(library: Library, bits: int, finer: int = FINE) -> tuple[Weights, RefreshInFloats]:
    weights, _ = network(len(UNITS), Sizes(bits, gain(bits, library, finer)), Fraction(1))
    found = bound_refresh_in_floats(weights, Fraction(1), library)
    if found is None:
        raise ValueError("the construction is not of the form of a refreshed memory")
    return weights, found


def the_inequalities_hold() -> Verdict:
    """Every inequality with every rounding, and an error below 4/5 of a level, in both formats."""
    found = []
    with Balls(BITS).working():
        for library, bits in SHOWN:
            memory = _memory(library, bits)[1]
            if memory.upper is None:
                return Verdict.UNDECIDED
            found += [memory.verdict, check_less(to_ball(memory.upper), to_ball(Fraction(4, 5 * 2**bits)))]
    return all_of(found)


def finer_levels_are_not_proved() -> Verdict:
    """Near miss: where a level is some roundings wide, not every inequality holds."""
    with Balls(BITS).working():
        return holds(all(_memory(*beyond)[1].verdict is not Verdict.PROVED for beyond in BEYOND))


def open_gates_are_not_proved() -> Verdict:
    """False variant: gates between the thresholds of σ, of which the hypotheses say nothing."""
    with Balls(BITS).working():
        return holds(_memory(*SHOWN[0], OPEN)[1].verdict is not Verdict.PROVED)


def levels_return_as_boxes() -> Verdict:
    """Every level of a small memory as a box of floats through whole cycles, every rounding and every later input in it."""
    with Balls(BITS).working():
        return push_levels_in_floats(*_arguments(*SHOWN[0])).verdict


def _arguments(library: Library, bits: int) -> tuple[Weights, Fraction, RefreshInFloats]:
    weights, found = _memory(library, bits)
    return weights, Fraction(1), found


def runs_stay_within_the_bound() -> Verdict:
    """Attack: x_1 beside borders between levels, then signs, with numpy's functions."""
    library, bits = SHOWN[1]
    with Balls(BITS).working():
        weights, found = _memory(library, bits)
        reals = bound_refresh(record(weights), Fraction(1))
    if reals is None or found.upper is None:
        return Verdict.UNDECIDED
    firsts = [float(x) for x in reals.firsts]
    inputs = np.ones((STEPS, 2 * len(firsts)), np.float32)
    inputs[1::2, ::2] = -1
    inputs[0] = np.repeat(firsts, 2)
    errors = [np.abs(y.astype(np.float64) - inputs[0]).max() for y in FloatNetwork(weights, library.form).outputs(inputs)]
    return holds(Fraction(float(max(errors))) <= found.upper)


CHECKS = {
    "floats: a bit of which σ takes any share within z of its threshold costs at most z": any_share_costs_at_most_z,
    "false variant: it costs nothing": any_share_costs_something,
    "floats: the inequalities hold with every rounding, binary32 L = 3 and 10, binary64 L = 3 and 38": the_inequalities_hold,
    "near miss: levels of some roundings, binary32 L = 12, binary64 L = 40": finer_levels_are_not_proved,
    "false variant: gates that are not exactly 0 or 1": open_gates_are_not_proved,
    "floats: the levels for L = 3 return as boxes of binary32 states": levels_return_as_boxes,
    "floats: attack in binary32, x_1 beside borders": runs_stay_within_the_bound,
}
"""For C9's page."""

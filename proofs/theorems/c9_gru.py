"""What C9 asks of the GRU alone: its equations in all four conventions, its bits, and its inequalities at the numbers."""

from __future__ import annotations

from fractions import Fraction

import sympy
from sympy import Expr, Rational, Symbol, tanh

from constructions.latch import SIGNS
from constructions.refresh_gru import ACCUMULATE, CLOCK, HOLD, PULSE, UNITS, family
from proofs.checks import holds
from proofs.theorems.refreshed import Shown, levels_return_as_boxes
from verifier.arithmetic.symbols import sigmoid
from verifier.inequality import NONNEGATIVE, UNIT, CellEquations, Context, check_nonnegative
from verifier.ranges import Range
from verifier.verdict import Verdict, all_of

SMALL_BITS = 3
"""L of the memory that is pushed box by box."""

S, T, LOST, RHO = sympy.symbols("S T u rho", real=True)
RANGES: dict[Symbol, Range] = {S: NONNEGATIVE, T: NONNEGATIVE, LOST: NONNEGATIVE, RHO: UNIT}


# --- a bit ------------------------------------------------------------------------------------------------------------


def a_bit_adds_its_worth() -> Verdict:
    """With y = ρS + T, y - y³/3 <= tanh y <= y: T - (1-ρ)S - (S+T)³/3 <= tanh y - S <= T."""
    above = check_nonnegative(S + T - (RHO * S + T), RANGES)
    y = RHO * S + T
    below = check_nonnegative(((y + LOST) ** 3 - y**3) / 3, RANGES)  # (S+T)³/3 is at least y³/3, as S + T = y + u
    rest = check_nonnegative(y - S - (T - (1 - RHO) * S), RANGES)
    return all_of((above, below, rest))


def an_amplified_sum_would_grow() -> Verdict:
    """False variant: with a factor of 2 on the sum a bit may add more than its worth."""
    return holds(check_nonnegative(S + T - (2 * S + T), RANGES) is Verdict.REFUTED)


# --- the cell ---------------------------------------------------------------------------------------------------------


def the_cells_have_these_equations() -> Verdict:
    """Each GRU's own equations with the template weights are the four recurrences."""
    return all_of(_equations(cell, Rational(3, 4)).check(Context({}, {}, {})) for cell in SIGNS)


def another_threshold_is_another_cell() -> Verdict:
    """Near miss: with another threshold in one gate the recurrences are not the cell's."""
    return holds(_equations("gru", Rational(1, 2)).check(Context({}, {}, {})) is not Verdict.PROVED)


def _equations(cell: str, low: Expr) -> CellEquations:
    gain, k, full, unit, scale, entry, lift, slope, read, origin, amplitude = sympy.symbols(
        "G K gamma w epsilon B lambda u V o T", positive=True
    )
    x, *h = sympy.symbols("x h_hold h_acc h_clk h_pulse", real=True)
    hold, acc, clk, pulse = h
    sign, after, theta = SIGNS[cell], "after" in cell, Rational(3, 4) * unit
    plain = 2 if after else 1  # the reset gate of what these weights pass stands at 1/2, or is open
    opened = sigmoid(-k * pulse)
    outside = 1 if after else opened
    share = {
        HOLD: sigmoid(scale * x - gain * clk - gain * low * unit * pulse),
        ACCUMULATE: sigmoid(gain * (hold - acc - clk + full * pulse) + gain * (full - origin)),
        CLOCK: sigmoid(k + k * pulse),
        PULSE: sigmoid(k),
    }
    candidate = {
        HOLD: slope * outside * acc + (entry - lift) * pulse + entry,
        ACCUMULATE: opened * (acc + clk),
        CLOCK: full * pulse + full,
        PULSE: -gain / 2 * outside * clk - gain * theta * pulse - gain * theta / 2,
    }
    new = {unit: (1 - share[unit]) * h[unit] + share[unit] * tanh(candidate[unit]) for unit in share}
    template: dict[str, dict[tuple[int, ...], Expr]] = {
        "U_z": {(HOLD,): sign * scale},
        "W_z": {
            (HOLD, CLOCK): -sign * gain, (HOLD, PULSE): -sign * gain * theta, (CLOCK, PULSE): sign * k,
            (ACCUMULATE, HOLD): sign * gain, (ACCUMULATE, ACCUMULATE): -sign * gain, (ACCUMULATE, CLOCK): -sign * gain,
            (ACCUMULATE, PULSE): sign * gain * full,
        },
        "b_z": {(ACCUMULATE,): sign * gain * (full - origin), (CLOCK,): sign * k, (PULSE,): sign * k},
        "W_r": {(ACCUMULATE, PULSE): -k, **({} if after else {(CLOCK, PULSE): -k})},
        "W_n": {
            (HOLD, ACCUMULATE): plain * slope, (HOLD, PULSE): 2 * (entry - lift),
            (ACCUMULATE, ACCUMULATE): sympy.Integer(1), (ACCUMULATE, CLOCK): sympy.Integer(1),
            (CLOCK, PULSE): 2 * full, (PULSE, CLOCK): -plain * gain / 2, (PULSE, PULSE): -2 * gain * theta,
        },
        "b_n": {(HOLD,): entry, (CLOCK,): full, (PULSE,): -gain * theta / 2},
        "V": {(HOLD,): read},
        "v0": {(): -read * amplitude / 2},
    }  # fmt: skip
    return CellEquations(
        "cell", "four recurrences", cell=cell, size=len(UNITS), template=template,
        state={f"h[{unit}]": value for unit, value in enumerate(h)}, input=x,
        expected={**{f"h[{unit}]": value for unit, value in new.items()}, "y": read * (new[HOLD] - amplitude / 2)},
    )  # fmt: skip


SHOWN = Shown(tuple(family(cell) for cell in SIGNS), (3, 64), levels=Fraction(3, 5), coarser=6)
"""The memories whose inequalities are checked here: with fine comparators they are within 3/5 of a level."""

CHECKS = {
    "GRU: the cells' equations with the template weights, in four conventions": the_cells_have_these_equations,
    "near miss: another threshold gives another GRU": another_threshold_is_another_cell,
    "GRU: a bit adds at most T, and at least T - (1-ρ)S - (S+T)³/3": a_bit_adds_its_worth,
    "false variant: a sum that is amplified": an_amplified_sum_would_grow,
    "GRU: the inequalities hold for L = 3 and 64 in four conventions": SHOWN.inequalities_hold,
    "near miss: a 2^6 times smaller gain in the GRU": SHOWN.coarse_comparators_are_not_proved,
    "GRU: the levels for L = 3 return as boxes of states": lambda: levels_return_as_boxes(family("gru"), SMALL_BITS),
}
"""For C9's page."""

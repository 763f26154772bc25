"""What C9 asks of the LSTM with three units alone: its equations, how its sum is cleared, and its inequalities at the numbers."""

from __future__ import annotations

from fractions import Fraction

import sympy
from sympy import Expr, Rational, Symbol, tanh

from constructions.refresh_pair import ACCUMULATE, CLOCK, HOLD, LSTM_PAIR, UNITS
from proofs.checks import holds
from proofs.theorems.refreshed import Shown, levels_return_as_boxes
from verifier.arithmetic.symbols import sigmoid
from verifier.inequality import NONNEGATIVE, UNIT, CellEquations, Context, check_nonnegative
from verifier.ranges import Range
from verifier.verdict import Verdict, all_of

SMALL_BITS = 3
"""L of the memory that is pushed box by box."""

K, BETA, C, T, REST = sympy.symbols("k beta C T rest", real=True)
RANGES: dict[Symbol, Range] = {K: UNIT, BETA: UNIT, C: NONNEGATIVE, T: NONNEGATIVE, REST: UNIT}


# --- clearing ---------------------------------------------------------------------------------------------------------


def clearing_forgets() -> Verdict:
    """-C <= c <= C and a gate β taking tanh T >= 0: k c + β T lies in [-kC, kC + βT], whatever c = C(1 - 2 rest)."""
    cell = C * (1 - 2 * REST)
    low = check_nonnegative(K * cell + BETA * T + K * C, RANGES)
    high = check_nonnegative(K * C + BETA * T - (K * cell + BETA * T), RANGES)
    return all_of((low, high))


def a_negative_bit_would_pass_below() -> Verdict:
    """False variant: with a bit worth less than nothing the sum may end below -kC."""
    cell = C * (1 - 2 * REST)
    return holds(check_nonnegative(K * cell - BETA * T + K * C, RANGES) is Verdict.REFUTED)


# --- the cell ---------------------------------------------------------------------------------------------------------


def the_cell_has_these_equations() -> Verdict:
    """The LSTM's own equations with the template weights are the three recurrences."""
    return _equations(Rational(3, 2)).check(Context({}, {}, {}))


def another_threshold_is_another_cell() -> Verdict:
    """Near miss: with another threshold in one gate the recurrences are not the cell's."""
    return holds(_equations(Rational(1, 2)).check(Context({}, {}, {})) is not Verdict.PROVED)


def _equations(turn: Expr) -> CellEquations:
    gain, unit, scale, entry, slope, turned, origin, middle, read, rest = sympy.symbols("G w epsilon B u mu s m V r", positive=True)
    x, *h = sympy.symbols("x h_hold h_acc h_clk", real=True)
    c = sympy.symbols("c_hold c_acc c_clk", real=True)
    hold, acc, clk = h
    new = {
        HOLD: sigmoid(gain * clk) * c[0] + sigmoid(scale * x - gain * clk) * tanh(slope * acc + turned * clk + entry),
        ACCUMULATE: sigmoid(2 * gain * middle - gain * clk) * c[1]
        + sigmoid(gain * (hold - acc - clk) - gain * origin) * tanh(2 * clk),
        CLOCK: c[2] / 2 + sigmoid(turn * gain * unit - gain * clk) * tanh(gain * unit / 2 - gain * clk),
    }
    template: dict[str, dict[tuple[int, ...], Expr]] = {
        "U_i": {(HOLD,): scale},
        "W_i": {
            (HOLD, CLOCK): -gain, (ACCUMULATE, HOLD): gain, (ACCUMULATE, ACCUMULATE): -gain, (ACCUMULATE, CLOCK): -gain,
            (CLOCK, CLOCK): -gain,
        },
        "b_i": {(ACCUMULATE,): -gain * origin, (CLOCK,): Rational(3, 2) * gain * unit},
        "W_f": {(HOLD, CLOCK): gain, (ACCUMULATE, CLOCK): -gain},
        "b_f": {(ACCUMULATE,): 2 * gain * middle},
        "W_g": {
            (HOLD, ACCUMULATE): slope, (HOLD, CLOCK): turned, (ACCUMULATE, CLOCK): sympy.Integer(2), (CLOCK, CLOCK): -gain,
        },
        "b_g": {(HOLD,): entry, (CLOCK,): gain * unit / 2},
        "V": {(HOLD,): read},
        "v0": {(): -read * rest},
    }  # fmt: skip
    return CellEquations(
        "cell", "three recurrences", cell="lstm", size=len(UNITS), template=template,
        state={f"{name}[{k}]": values[k] for name, values in (("h", h), ("c", c)) for k in range(len(UNITS))},
        input=x,
        expected={
            **{f"c[{k}]": value for k, value in new.items()}, **{f"h[{k}]": tanh(value) / 2 for k, value in new.items()},
            "y": read * (tanh(new[HOLD]) / 2 - rest),
        },
    )  # fmt: skip


SHOWN = Shown((LSTM_PAIR,), (3, 64), levels=Fraction(5, 9), coarser=6)
"""The memories whose inequalities are checked here: with fine comparators they are within 5/9 of a level."""

CHECKS = {
    "three units: the LSTM's equations with the template weights": the_cell_has_these_equations,
    "near miss: another threshold gives another clock": another_threshold_is_another_cell,
    "three units: a forget gate clears the sum, whatever it was": clearing_forgets,
    "false variant: a bit worth less than nothing": a_negative_bit_would_pass_below,
    "three units: the inequalities hold for L = 3 and 64": SHOWN.inequalities_hold,
    "near miss: a 2^6 times smaller gain with three units": SHOWN.coarse_comparators_are_not_proved,
    "three units: the levels for L = 3 return as boxes of states": lambda: levels_return_as_boxes(LSTM_PAIR, SMALL_BITS),
}
"""For C9's page."""

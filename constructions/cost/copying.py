"""What copying costs (C10): delay lines, whose scale is rounded to a power of ten and certified over the box."""

from __future__ import annotations

from fractions import Fraction

import sympy
from sympy import sqrt

from constructions.cost.row import ONE, ROUNDED, SMALL_ENOUGH, Row, constant, grid, within
from constructions.delay import FIRST_GUESS, CopyConstruction, construct_copy
from constructions.latch import SIGNS
from verifier.copy_task import CopyTask
from verifier.errors import UsageError
from verifier.law import DELTA, SCALE, Law, Leading, N, Plan, Term, phases
from verifier.weights import Weights

COPIES = Plan(grid((1, 5), (2, 20)), (2, phases(4), phases(24)), (phases(6), 1, 8))
"""Points of delay lines; each of these is sized by bounds certified over the box, so they are few and short."""

MOST_COPIED = 64


def copied(architecture: str, n: int, tolerance: Fraction, hidden: int) -> Weights:
    """The weights of a delay line for n numbers."""
    answer = construct_copy(CopyTask(architecture, n, Fraction(1), tolerance, hidden))
    if not isinstance(answer, CopyConstruction):
        raise UsageError(f"no {architecture} delay line of {n} numbers in {hidden} units")
    return answer.weights


ROWS: tuple[Row, ...] = (
    Row(
        "C10", ("linear",), "copy n, exact", constant(1, N), "a shift register: all weights are 1",
        lambda cell, n, tolerance: copied(cell, n, tolerance, n), COPIES, within(1, MOST_COPIED),
    ),
    Row(
        "C10", ("relu",), "copy n, exact", constant(1, N), "a shift register: weights 1 and M",
        lambda cell, n, tolerance: copied(cell, n, tolerance, n), COPIES, within(1, MOST_COPIED),
    ),
    Row(
        "C10", ("tanh", *SIGNS), "copy n",
        Law((Term(sqrt(N / DELTA), ONE, ROUNDED),), N, ONE, (SMALL_ENOUGH,), Leading(N * SCALE**2, 1 / SCALE)),
        "1/ε of n slopes, each within ε² of 1 (mean value form)",
        lambda cell, n, tolerance: copied(cell, n, tolerance, n), COPIES, within(1, MOST_COPIED),
    ),
    Row(
        "C10", ("lstm",), "copy n",
        Law(
            (Term(FIRST_GUESS * N / DELTA, ONE, ROUNDED),), sympy.ceiling(N / 2), ONE, (SMALL_ENOUGH,),
            Leading(FIRST_GUESS * N * SCALE, 1 / SCALE),
        ),
        f"1/ε: the error is O(nε), and the constant {FIRST_GUESS} is the sizing's own, which the certified bound confirms",
        lambda cell, n, tolerance: copied(cell, n, tolerance, (n + 1) // 2), COPIES, within(1, MOST_COPIED),
    ),
)  # fmt: skip
"""Delay lines for n numbers."""

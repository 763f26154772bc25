"""What exact constructions cost, and the exploding unit: weights that follow from the bound in whole numbers."""

from __future__ import annotations

from fractions import Fraction

from sympy import Integer

from constructions import linear
from constructions.cost.row import (
    AT_LEAST_TWO,
    EXACT,
    EXPLODING,
    MOST_STEPS,
    ONE,
    Row,
    always,
    built,
    constant,
    few_digits,
    grid,
    within,
)
from verifier.law import DELTA, SCALE, Law, Leading, N, Plan, Term, phases

ROWS: tuple[Row, ...] = (
    Row(
        "C1", ("linear",), "one n, exact", constant(1, N), "a shift register: all weights are 1",
        lambda cell, n, _: built(cell, n, Fraction(0), n, "fixed", exact_recall=True), EXACT, within(1, MOST_STEPS),
    ),
    Row(
        "C2", ("linear", "diagonal"), "one n",
        Law(
            (Term(1 / DELTA, ONE, 1 + 2 * DELTA),), ONE, ONE, (AT_LEAST_TWO,),
            Leading(
                linear.exploding().bound.subs({linear.LAMBDA: 1 / SCALE, linear.M: 1}), 1 / SCALE, (2, 3, 10),
            ),
        ),
        "1/λ <= sum of λ^-k, k < n, < 1/(λ-1), and λ is the least whole number with that at most δ. Its smallest weight is "
        "the readout λ^(1-n): the price of n is the range",
        lambda cell, n, tolerance: built(cell, n, tolerance, 1, "fixed"), EXPLODING, few_digits,
    ),
    Row(
        "C3", ("relu",), "forever, exact", constant(2, Integer(3)), "weights 1 and 2M",
        lambda cell, n, _: built(cell, n, Fraction(0), 3, exact_recall=True), EXACT, always,
    ),
    Row(
        "C12", ("relu",), "one n, exact, ℝ",
        Law((Term(Integer(2), ONE, ONE),), N + 2, ONE, (AT_LEAST_TWO,)), "weights 1 and 2",
        lambda cell, n, _: built(cell, n, Fraction(0), n + 2, "fixed", domain="reals", exact_recall=True),
        Plan(grid((2, 3, 16), (2, 20)), (16, phases(4), phases(44)), (phases(20), 2, 16)), within(2, MOST_STEPS),
    ),
    Row(
        "C11", ("bilinear",), "forever, exact, ℝ", constant(1, Integer(2)), "all weights are ±1",
        lambda cell, n, _: built(cell, n, Fraction(0), 2, exact_recall=True), EXACT, always,
    ),
    Row(
        "C13", ("stacked",), "forever, exact", constant(5, ONE), "weights up to 5M; one unit per layer",
        lambda cell, n, _: built(cell, n, Fraction(0), 1, exact_recall=True), EXACT, always,
    ),
)  # fmt: skip
"""Shift registers, exploding and exact networks."""

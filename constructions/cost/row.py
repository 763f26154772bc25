"""One construction and its price: a row of `verify cost`, how its weights are built, and where its law is checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import sympy
from sympy import Expr, Integer, Rational

from constructions import construct
from constructions.answer import Construction
from verifier.errors import UsageError
from verifier.law import DELTA, Law, N, Plan, Term, phases
from verifier.weights import Weights

ONE: Expr = Integer(1)
ROUNDED = Integer(10)
"""A scale rounded to a power of ten is less than ten times too small."""

SMALL_ENOUGH = ("δ <= 1/100", Rational(1, 100) - DELTA)
AT_LEAST_TWO = ("n >= 2", N - 2)


@dataclass(frozen=True)
class Row:
    """One construction: what it does, its law, from where, and how weights are built at n and δ where it `serves` these.

    `theorem` is the id of its derivation (C6, C8-gru, ...), or C10 for the delay lines.
    """

    theorem: str
    architectures: tuple[str, ...]
    task: str
    law: Law
    derived: str
    build: Callable[[str, int, Fraction], Weights]
    plan: Plan
    serves: Callable[[int, Fraction], bool]


def grid(lengths: tuple[int, ...], digits: tuple[int, ...]) -> tuple[tuple[int, Fraction], ...]:
    """All (n, 10^-D)."""
    return tuple((n, Fraction(1, 10**d)) for n in lengths for d in digits)


DIGITS = (2, 20, 101)

EXACT = Plan(grid((1, 2, 32), (2, 20)), (32, phases(4), phases(44)), (phases(20), 2, 32))
"""Points of constructions that do not depend on the tolerance."""

EXPLODING = Plan(grid((2, 5, 100), (1, 3, 20)), (5, phases(4), phases(44)), (phases(4), 5, 101))
"""Points of constructions whose readout has n times the digits of δ. As n = 1 mod 4, n times quarter decades are quarters."""

MOST_STEPS = 64
"""Steps of a construction that is exact: its proof is written out step by step, or its poles are solved for."""

MOST_DIGITS = 20_000
"""Digits of λ^n in an exploding construction that is built."""


def few_digits(n: int, tolerance: Fraction) -> bool:
    """Whether λ^n, λ ~ 1/δ, has no more than `MOST_DIGITS` digits."""
    return n >= 2 and n * len(str(int(1 / tolerance))) <= MOST_DIGITS


def always(n: int, tolerance: Fraction) -> bool:
    """Every horizon and tolerance."""
    return n >= 1 and tolerance > 0


def within(least: int, most: int) -> Callable[[int, Fraction], bool]:
    """Horizons from `least` to `most`."""
    return lambda n, tolerance: least <= n <= most and tolerance > 0


def built(architecture: str, n: int, tolerance: Fraction, hidden: int, horizon: str = "upto", **rest: object) -> Weights:
    """The weights `construct` proposes in exactly the units that are needed; raises `UsageError` where it has none."""
    accuracy = {} if "exact_recall" in rest or "bits" in rest else {"tolerance": tolerance}
    answer = construct(architecture, n, hidden=hidden, horizon=horizon, **accuracy, **rest)  # type: ignore[arg-type]
    if not isinstance(answer, Construction):
        raise UsageError(f"no {architecture} weights at n = {n}, tolerance {tolerance}")
    return answer.weights


def constant(value: int, units: Expr) -> Law:
    """A largest weight that depends on nothing."""
    return Law((Term(Integer(value), ONE, ONE),), units)


def number(value: Fraction) -> Expr:
    """A rational as a sympy number."""
    return sympy.Rational(value.numerator, value.denominator)

"""Inverses and roots of sums in exact algebra, and the steps that use them."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy
from flint import arb
from sympy import Rational, Symbol, tanh

from verifier.arithmetic.balls import Balls
from verifier.arithmetic.symbols import evaluate, sigmoid
from verifier.inequality import (
    NONNEGATIVE,
    UNIT,
    AtMost,
    Atom,
    Context,
    Growth,
    Relation,
    SquareRoot,
    check_identity,
    range_of,
)
from verifier.verdict import Verdict

X = Symbol("x", positive=True)
Y = Symbol("y", positive=True)
HALF = Rational(1, 2)

EQUAL = [
    ((1 + X) ** HALF * (1 + X) ** HALF, 1 + X),
    ((1 + X) ** -HALF * (1 + X), (1 + X) ** HALF),
    ((1 + X) ** Rational(3, 2), (1 + X) * sympy.sqrt(1 + X)),
    ((1 + X) / (1 + X) ** 2 * (1 + X), sympy.Integer(1)),
    (1 / (1 + X) + X / (1 + X), sympy.Integer(1)),
    (1 / (1 + 1 / (1 + X)), (1 + X) / (2 + X)),
    (1 / (1 + X) - 1 / (1 + Y), (Y - X) / (1 + X) / (1 + Y)),
    (sigmoid(2 * X), (1 + tanh(X)) / 2),
    (sigmoid(-X), 1 - sigmoid(X)),
    (sigmoid(X) * (1 - sigmoid(X)), (1 - tanh(X / 2) ** 2) / 4),
]

DIFFERENT = [
    ((1 + X) ** HALF, 1 + X),
    ((1 + X) ** HALF, (1 + Y) ** HALF),
    ((1 + X) ** -HALF * (2 + X), (1 + X) ** HALF),
    (1 / (1 + X), 1 - X),
    (1 / (1 + X) + Y / (1 + X), sympy.Integer(1)),
    (sympy.sqrt(1 + X) + sympy.sqrt(1 + Y), sympy.sqrt(2 + X + Y)),
    (sigmoid(2 * X), (1 + tanh(2 * X)) / 2),
]


@pytest.mark.parametrize(("left", "right"), EQUAL)
def test_equal_forms(left: sympy.Expr, right: sympy.Expr) -> None:
    assert check_identity(left, right) is Verdict.PROVED


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_different_forms(left: sympy.Expr, right: sympy.Expr) -> None:
    assert check_identity(left, right) is Verdict.UNDECIDED
    with Balls(80).working():
        values = {X: Fraction(1, 3), Y: Fraction(2, 5)}
        assert not evaluate(left - right, values).contains(0)


def test_roots_in_balls() -> None:
    with Balls(120).working():
        assert abs(evaluate((1 + X) ** Rational(-3, 2), {X: Fraction(3)}) * 8 - 1) < arb(10) ** -30
        assert abs(evaluate((1 + X) ** Rational(-4, 3), {X: Fraction(7)}) * 16 - 1) < arb(10) ** -30
        assert not evaluate(X ** Rational(1, 3), {X: Fraction(-8)}).is_finite()
        with pytest.raises(TypeError):
            evaluate((1 + X) ** Y, {X: Fraction(3), Y: Fraction(1, 2)})


def test_ranges_of_roots() -> None:
    ranges = {X: NONNEGATIVE}
    assert range_of((1 + X) ** -HALF, ranges) == UNIT
    assert range_of(sympy.sqrt(X), ranges) == NONNEGATIVE
    assert range_of((X - 1) ** HALF, ranges)[0] < 0


def context(**proved: Relation) -> Context:
    return Context({X: NONNEGATIVE, Y: NONNEGATIVE}, {}, proved)


def test_square_root_step() -> None:
    squares = Relation((X / 2) ** 2, X**2)
    assert SquareRoot("r", "", X / 2, X, "squares").check(context(squares=squares)) is Verdict.PROVED
    assert SquareRoot("r", "", X / 2, -X, "squares").check(context(squares=squares)) is Verdict.UNDECIDED
    assert SquareRoot("r", "", X / 3, X, "squares").check(context(squares=squares)) is Verdict.UNDECIDED
    assert SquareRoot("r", "", X / 2, X, "other").check(context(squares=squares)) is Verdict.UNDECIDED


def test_growth_with_damping() -> None:
    """3x <= (3 + x²) tanh x needs x - tanh x >= 0 and the damping tanh x; without it, or with 4x, it does not go through."""
    f = Symbol("f", real=True)
    below = AtMost("below", "", tanh(X), X)
    known = context(below=Relation(tanh(X), X))
    atom = (Atom(f, X - tanh(X), "below"),)
    assert below.check(known) is not Verdict.PROVED
    good = Growth("g", "", 3 * X, tanh(X) * (3 + X**2), X, X * f, atom, tanh(X))
    assert good.check(known) is Verdict.PROVED
    for bad in (
        Growth("g", "", 3 * X, tanh(X) * (3 + X**2), X, X * f, atom),
        Growth("g", "", 4 * X, tanh(X) * (3 + X**2), X, X * f, atom, tanh(X)),
        Growth("g", "", 3 * X - 1, tanh(X) * (3 + X**2), X, X * f, atom, tanh(X)),
        Growth("g", "", 3 * X, tanh(X) * (3 + X**2), X, X * f, atom, 1 / X),
    ):
        assert bad.check(known) is not Verdict.PROVED

"""The independent reference against functions written out, and closed forms against the reference."""

from fractions import Fraction

import mpmath
import pytest
import sympy
from core_cases import (
    ACTIVATIONS,
    BITS,
    DIGITS,
    POINTS,
    SHORT_POINTS,
    encloses,
    is_sharp,
    laws,
    lower_end,
    plain,
    plain_function,
    plain_number,
    to_fraction,
    upper_end,
)
from flint import arb
from hypothesis import given
from hypothesis import strategies as st
from sympy import Symbol, exp, log, tanh

from verifier.arithmetic.balls import Balls, to_ball
from verifier.arithmetic.rationals import Rationals
from verifier.arithmetic.reference import Reference
from verifier.arithmetic.symbols import Symbols, evaluate, sigmoid, softplus
from verifier.inequality import ALL, INFINITY, UNIT, check_identity, range_of
from verifier.verdict import Verdict

REFERENCE = Reference(DIGITS)
x, y, K = sympy.symbols("x y K", real=True)
n = Symbol("n", integer=True, positive=True)


@pytest.mark.parametrize("point", POINTS, ids=SHORT_POINTS)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_reference_agrees_with_the_plain_functions(name, point):
    context = plain(DIGITS + 500)
    expected = plain_function(context, name, plain_number(context, point))
    found = getattr(REFERENCE, name)(REFERENCE.exact(point))
    assert abs(found - expected) <= abs(expected) * context.mpf(10) ** -(DIGITS - 6)


def test_reference_leaves_global_precision_alone():
    before = mpmath.mp.dps
    Reference(777).sigmoid(Reference(777).exact(Fraction(1, 3)))
    assert mpmath.mp.dps == before


@pytest.mark.parametrize("point", POINTS, ids=SHORT_POINTS)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_symbols_evaluate_to_the_reference(name, point):
    if name == "relu":
        assert Symbols.relu(Symbols.exact(point)) == max(point, 0)
        return
    expression = getattr(Symbols, name)(x)
    with Balls(BITS).working():
        for ball in (evaluate(expression, {x: point}), evaluate(getattr(Symbols, name)(Symbols.exact(point)), {})):
            assert encloses(ball, getattr(REFERENCE, name)(REFERENCE.exact(point)))
            assert is_sharp(ball, BITS, 16)


def test_sigmoid_is_a_symbol_of_its_own():
    assert sigmoid(0) == sympy.Rational(1, 2)
    assert sigmoid(x).has(sigmoid)
    assert sigmoid(x).diff(x) == sigmoid(x) * (1 - sigmoid(x))
    assert sympy.latex(sigmoid(x) ** 2) == r"\sigma\left(x\right)^{2}"


CLOSED_FORMS = [
    (x + 2 * y - sympy.Rational(1, 3), lambda m, x, y: x + 2 * y - m.mpf(1) / 3),
    (x * y**3 / (1 + x**2), lambda m, x, y: x * y**3 / (1 + x**2)),
    (exp(x) * log(y), lambda m, x, y: m.exp(x) * m.log(y)),
    (sigmoid(x * tanh(y)) - tanh(tanh(x)), lambda m, x, y: 1 / (1 + m.exp(-x * m.tanh(y))) - m.tanh(m.tanh(x))),
    (y**-5, lambda m, x, y: y**-5),
]


@pytest.mark.parametrize("case", range(len(CLOSED_FORMS)))
@laws
@given(st.fractions(-4, 4), st.fractions(Fraction(1, 4), 4))
def test_closed_forms(case, a, b):
    expression, function = CLOSED_FORMS[case]
    context = plain(DIGITS)
    expected = function(context, plain_number(context, a), plain_number(context, b))
    with Balls(BITS).working():
        ball = evaluate(expression, {x: a, y: b})
        assert ball.overlaps(evaluate(sympy.expand(expression), {x: a, y: b}))
    assert upper_end(ball) - lower_end(ball) < Fraction(1, 2**85)
    slack = Fraction(1, 10**70)  # the reference's own cancellation
    assert lower_end(ball) - slack <= to_fraction(expected) <= upper_end(ball) + slack


@pytest.mark.parametrize(
    "expression",
    [x ** sympy.Rational(1, 3), x ** sympy.Rational(-5, 3), x ** sympy.Rational(3, 2), sympy.pi * x, sympy.E * x],
    ids=str,
)
def test_roots_pi_and_e(expression):
    with Balls(BITS).working():
        ball = evaluate(expression, {x: Fraction(7)})
    context = plain(DIGITS)
    expected = context.mpf(str(sympy.N(expression.subs(x, 7), DIGITS + 10)))
    assert encloses(ball, expected)
    assert is_sharp(ball, BITS, 10)


def test_huge_exponents():
    with Balls(BITS).working():
        ball = evaluate((1 - x) ** (n + 1), {x: Fraction(1, 10**18), n: 10**18})
    context = plain(DIGITS)
    expected = context.exp((10**18 + 1) * context.log1p(-(context.mpf(10) ** -18)))
    assert encloses(ball, expected)
    assert is_sharp(ball, BITS, 70)


def test_values_may_be_balls():
    assert evaluate(x + 1, {x: arb(2)}) == 3


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        (x + y, KeyError),
        (sympy.sin(x), TypeError),
        (sympy.EulerGamma * x, TypeError),
        (x**y, TypeError),
        (sympy.Float("0.5") * x, TypeError),
        (sympy.Max(x, 0), TypeError),
        (sympy.oo * sympy.Integer(1), TypeError),
    ],
)
def test_what_has_no_meaning_in_balls(expression, error):
    with pytest.raises(error):
        evaluate(expression, {x: Fraction(2)})


def test_fractional_exponent_is_refused():
    with pytest.raises(TypeError, match="whole"):
        evaluate(x**n, {x: 2, n: Fraction(1, 2)})


def test_division_by_zero_is_no_number():
    assert not evaluate(1 / x, {x: 0}).is_finite()
    assert not evaluate(1 / x, {x: to_ball(Fraction(1, 3)) - to_ball(Fraction(1, 3))}).is_finite()


def test_softplus_and_exp_in_symbols():
    """Derivatives, ranges and normal forms: exp(0) = 1, softplus stays a symbol of its own."""
    assert softplus(x).diff(x) == sigmoid(x)
    assert sympy.latex(softplus(x) ** 2) == r"\operatorname{softplus}\left(x\right)^{2}"
    assert check_identity(softplus(x) - softplus(x + y - y), sympy.Integer(0)) is Verdict.PROVED
    assert check_identity(exp(x - x) + sympy.E, 1 + exp(sympy.Integer(1))) is Verdict.PROVED
    assert check_identity(softplus(x), softplus(-x)) is Verdict.UNDECIDED
    assert check_identity(softplus(x) - softplus(-x), x) is Verdict.PROVED
    assert check_identity(softplus(-x) - softplus(x), x) is Verdict.UNDECIDED
    assert check_identity(sigmoid(softplus(x) - softplus(-x)), sigmoid(x)) is Verdict.PROVED
    assert check_identity(exp(x), exp(-x)) is Verdict.UNDECIDED
    assert range_of(exp(-softplus(x)), {x: ALL}) == UNIT
    assert range_of(exp(softplus(x)), {x: ALL}) == (1, INFINITY)
    assert range_of(exp(x), {x: ALL}) == (0, INFINITY)


def test_softplus_and_exp_in_rationals():
    assert Rationals.exp(Fraction(0)) == 1
    with pytest.raises(ValueError, match="not rational"):
        Rationals.exp(Fraction(1))
    with pytest.raises(ValueError, match="not rational"):
        Rationals.softplus(Fraction(0))

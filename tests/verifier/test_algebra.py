"""Normal forms: equal where they must be, different where they must be, and true under evaluation."""

import random
from fractions import Fraction

import pytest
import sympy
from core_cases import few_laws
from hypothesis import given
from hypothesis import strategies as st
from sympy import Integer, Rational, Symbol, tanh

from verifier.algebra import ONE, Normaliser, add, multiply, negative, scale
from verifier.arithmetic.balls import Balls
from verifier.arithmetic.symbols import evaluate, sigmoid

a, b, c = sympy.symbols("a b c", real=True)
n = Symbol("n", integer=True, positive=True)
K = Symbol("K", positive=True)
third = Rational(1, 3)

EQUAL = [
    ((a + b) ** 2, a**2 + 2 * a * b + b**2),
    ((a - b) * (a + b), a**2 - b**2),
    (third * a + third * a * 2, a),
    (tanh(-a * b), -tanh(a * b)),
    (tanh(a - b), -tanh(b - a)),
    (sigmoid(-a), 1 - sigmoid(a)),
    (sigmoid(a - b) + sigmoid(b - a), Integer(1)),
    (sigmoid(a - a), Rational(1, 2)),
    (tanh(tanh(-a)), -tanh(tanh(a))),
    (tanh((a + b) ** 2), tanh(a**2 + b**2 + 2 * a * b)),
    (K**n * K, K ** (n + 1)),
    (K ** (2 * n), (K**n) ** 2),
    (sigmoid(K) ** (n - 1) * sigmoid(K), sigmoid(K) ** n),
    (a / K * K, a),
    (1 / K**2, (1 / K) ** 2),
    (1 / (1 + a) ** 2, (1 / (a + 1)) * (1 / (1 + a))),
]

DIFFERENT = [
    ((a + b) ** 2, a**2 + b**2),
    ((a - b) * (a + b), a**2 + b**2),
    (tanh(-a), tanh(a)),
    (tanh(a + b), tanh(a) + tanh(b)),
    (tanh(2 * a), 2 * tanh(a)),
    (tanh(a), sigmoid(a)),
    (sigmoid(-a), -sigmoid(a)),
    (sigmoid(-a), sigmoid(a)),
    (sigmoid(a), Rational(1, 2)),
    (K**n, K ** (n + 1)),
    (K**n, K ** (n - 1)),
    (K ** (2 * n), K**n),
    ((1 - K) ** n, 1 - K**n),
    (1 / (1 + a), 1 + 1 / a),
    (1 / (1 + a), 1 / (1 - a)),
    (a * K, a / K),
    (a, a + Rational(1, 10**60)),
]


@pytest.mark.parametrize(("left", "right"), EQUAL)
def test_equal_normal_forms(left, right):
    normaliser = Normaliser()
    assert normaliser.same(normaliser.normal(left), normaliser.normal(right))


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_different_normal_forms(left, right):
    normaliser = Normaliser()
    assert not normaliser.same(normaliser.normal(left), normaliser.normal(right))


@pytest.mark.parametrize(
    "expression",
    [
        sympy.log(a),
        sympy.pi,
        sympy.oo,
        sympy.zoo,
        sympy.nan,
        sympy.I,
        sympy.Float("0.5"),
        abs(a),
    ],
)
def test_no_normal_form(expression):
    with pytest.raises(TypeError):
        Normaliser().normal(expression)


def random_expression(generator, depth, powers=True):
    """A closed form in a, b, K."""
    if depth == 0:
        return generator.choice([a, b, K, Integer(generator.randint(-2, 2)), Rational(generator.randint(-3, 3), 3)])
    kind = generator.randint(0, 4 if powers else 3)
    left = random_expression(generator, depth - 1, powers)
    if kind == 0:
        return left + random_expression(generator, depth - 1, powers)
    if kind == 1:
        return left * random_expression(generator, depth - 1, powers)
    if kind == 2:
        return tanh(left)
    if kind == 3:
        return sigmoid(left)
    return left ** generator.randint(1, 3)


def value_of(form, normaliser, point):
    """A polynomial over generators, each evaluated from its own key: an evaluator of normal forms by their meaning."""
    inverse = {index: key for key, index in normaliser._generators.items()}

    def generator_value(index):
        key = inverse[index]
        if isinstance(key, Symbol):
            return evaluate(key, point)
        kind, inner = key[0], value_of(dict(key[1]), normaliser, point)
        return {"tanh": lambda v: v.tanh(), "sigmoid": Balls.sigmoid, "inverse": lambda v: 1 / v}[kind](inner)

    total = evaluate(Integer(0), {})
    for monomial, coefficient in form.items():
        product = evaluate(Rational(coefficient.numerator, coefficient.denominator), {})
        for index, exponent in monomial:
            product = product * generator_value(index) ** exponent
        total = total + product
    return total


@few_laws
@given(st.integers(0, 10**6))
def test_normal_forms_keep_the_value(seed):
    generator = random.Random(seed)
    expression = random_expression(generator, 3)
    point = {a: Fraction(generator.randint(-8, 8), 4), b: Fraction(generator.randint(-8, 8), 4), K: Fraction(3, 2)}
    normaliser = Normaliser()
    with Balls(128).working():
        assert value_of(normaliser.normal(expression), normaliser, point).overlaps(evaluate(expression, point))


@few_laws
@given(st.integers(0, 10**6))
def test_derivatives_are_sympys(seed):
    """The derivative's normal form against sympy's derivative, compared as numbers; sympy knows tanh' and σ' by itself."""
    generator = random.Random(seed)
    expression = random_expression(generator, 3)
    point = {a: Fraction(generator.randint(-8, 8), 4), b: Fraction(generator.randint(-8, 8), 4), K: Fraction(3, 2)}
    normaliser = Normaliser()
    with Balls(128).working():
        ours = value_of(normaliser.derivative(expression, a), normaliser, point)
        assert ours.overlaps(evaluate(sympy.diff(expression, a), point))


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        (tanh(a), 1 - tanh(a)),
        (tanh(2 * a), 1 - tanh(2 * a) ** 2),
        (sigmoid(a), 1 - sigmoid(a)),
        (a**3, 3 * a**3),
        (a * b, a),
        (a**-1, a**-2),
    ],
)
def test_wrong_derivatives_differ(expression, wrong):
    normaliser = Normaliser()
    assert normaliser.derivative(expression, a) != normaliser.normal(wrong)
    assert normaliser.derivative(expression, a) == normaliser.normal(sympy.diff(expression, a))


def test_no_derivative_of_symbolic_powers():
    with pytest.raises(TypeError):
        Normaliser().derivative(a**n, a)
    with pytest.raises(TypeError):
        Normaliser().derivative(K**n, n)
    with pytest.raises(TypeError):
        Normaliser().derivative(sympy.sin(a), a)


def test_values_are_put_in_everywhere():
    normaliser = Normaliser()
    values = {b: normaliser.normal(a + 1)}
    assert normaliser.normal(b**2 + tanh(b) + sigmoid(-b), values) == normaliser.normal(
        (a + 1) ** 2 + tanh(a + 1) + 1 - sigmoid(1 + a)
    )
    assert normaliser.derivative(a * b, a, values) == normaliser.normal(a + 1)


POLYNOMIALS = st.integers(0, 10**6).map(
    lambda seed: {
        tuple(sorted((g, e) for g, e in ((0, r.randint(-2, 2)), (1, r.randint(-2, 2))) if e)): Fraction(r.choice([-2, -1, 1, 3]), 2)
        for r in [random.Random(seed)]
        for _ in range(r.randint(0, 4))
    }
)


@few_laws
@given(POLYNOMIALS, POLYNOMIALS, POLYNOMIALS)
def test_ring_laws(p, q, r):
    assert add(p, q) == add(q, p)
    assert multiply(p, q) == multiply(q, p)
    assert add(add(p, q), r) == add(p, add(q, r))
    assert multiply(multiply(p, q), r) == multiply(p, multiply(q, r))
    assert multiply(p, add(q, r)) == add(multiply(p, q), multiply(p, r))
    assert add(p, negative(p)) == {}
    assert multiply(p, ONE) == p
    assert scale(p, Fraction(0)) == {}
    assert scale(p, Fraction(-1)) == negative(p)
    assert all(value for value in multiply(p, q).values())


def test_nothing_shared_is_changed():
    normaliser = Normaliser()
    normaliser.normal(a * b + (a + b) ** 3 / 7 + sigmoid(-a) ** 2)
    normaliser.derivative(a**2 * tanh(a), a)
    assert {(): Fraction(1)} == ONE

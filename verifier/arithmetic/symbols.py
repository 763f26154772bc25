"""sympy: closed forms as expressions, and their evaluation in balls.

`sigmoid` is a function symbol of its own, so that σ(K) stays σ(K) in a derivation and is evaluated stably in balls.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy
from flint import arb, fmpz
from sympy import Expr, Function, Rational, Symbol, tanh

from verifier.arithmetic.balls import ONE, ZERO, Balls


class sigmoid(Function):  # type: ignore[misc]
    """The logistic function σ(v) = 1/(1 + exp(-v)) as a sympy function; σ(0) = 1/2, σ' = σ(1 - σ)."""

    nargs = 1
    is_real = True
    is_positive = True

    @classmethod
    def eval(cls, argument: Expr) -> Expr | None:
        """σ(0) = 1/2; everything else stays as written."""
        return Rational(1, 2) if argument == 0 else None

    def fdiff(self, argindex: int = 1) -> Expr:
        """σ'(v) = σ(v)(1 - σ(v))."""
        return self * (1 - self)

    def _latex(self, printer: Any, exp: Any = None) -> str:
        body = rf"\sigma\left({printer._print(self.args[0])}\right)"
        return body if exp is None else f"{body}^{{{exp}}}"


class relu(Function):  # type: ignore[misc]
    """relu(v) = max(v, 0) as a sympy function; evaluated on numbers, left as written otherwise."""

    nargs = 1
    is_real = True
    is_nonnegative = True

    @classmethod
    def eval(cls, argument: Expr) -> Expr | None:
        """max(v, 0) where v is a rational number."""
        return (argument if argument > 0 else sympy.Integer(0)) if argument.is_Rational else None


class softplus(Function):  # type: ignore[misc]
    """softplus(v) = ln(1 + exp(v)) as a sympy function; softplus' = σ."""

    nargs = 1
    is_real = True
    is_positive = True

    def fdiff(self, argindex: int = 1) -> Expr:
        """softplus'(v) = σ(v)."""
        return sigmoid(self.args[0])

    def _latex(self, printer: Any, exp: Any = None) -> str:
        body = rf"\operatorname{{softplus}}\left({printer._print(self.args[0])}\right)"
        return body if exp is None else f"{body}^{{{exp}}}"


class Symbols:
    """Symbolic arithmetic. Values are sympy expressions."""

    name = "symbols"

    @staticmethod
    def exact(value: Fraction) -> Expr:
        """The rational as a sympy number."""
        return Rational(value.numerator, value.denominator)

    @staticmethod
    def sigmoid(value: Expr) -> Expr:
        """σ(v)."""
        return sigmoid(value)

    @staticmethod
    def tanh(value: Expr) -> Expr:
        """tanh(v)."""
        return tanh(value)

    @staticmethod
    def relu(value: Expr) -> Expr:
        """max(v, 0)."""
        return relu(value)

    @staticmethod
    def softplus(value: Expr) -> Expr:
        """ln(1 + e^v)."""
        return softplus(value)

    @staticmethod
    def exp(value: Expr) -> Expr:
        """e^v."""
        return sympy.exp(value)


def evaluate(expression: Expr, values: Mapping[Symbol, Fraction | arb | int]) -> arb:
    """Enclose a closed form in a ball at the current working precision.

    Takes sums, products, powers, rationals, e, π, σ, tanh, softplus, exp and log of such, and the given symbols. Exponents are
    whole and may be huge (φ^n with n = 10^18), or fractions. Raises `KeyError` for a symbol without a value and `TypeError` for
    anything else in the expression.
    """
    balls: dict[Expr, arb] = {}
    for symbol, value in values.items():
        balls[symbol] = value if isinstance(value, arb) else Balls.exact(Fraction(value))
    return _evaluate(expression, balls, values)


def evaluate_exactly(expression: Expr, values: Mapping[Symbol, Fraction]) -> Fraction | None:
    """The rational value of a closed form made of sums, products and integer powers; None if it holds anything else."""
    if expression.is_Rational:
        return Fraction(int(expression.p), int(expression.q))
    if expression.is_Symbol:
        return values.get(expression)
    if expression.is_Add or expression.is_Mul:
        result = Fraction(0 if expression.is_Add else 1)
        for argument in expression.args:
            value = evaluate_exactly(argument, values)
            if value is None:
                return None
            result = result + value if expression.is_Add else result * value
        return result
    if expression.is_Pow:
        base, exponent = (evaluate_exactly(argument, values) for argument in expression.args)
        if base is None or exponent is None or exponent.denominator != 1 or abs(exponent) > LARGEST_EXACT_POWER:
            return None
        if base == 0 and exponent < 0:
            return None
        return base ** int(exponent)
    return None


LARGEST_EXACT_POWER = 100_000
"""Exponents beyond this are evaluated in balls, not as exact rationals."""


def _evaluate(node: Expr, known: dict[Expr, arb], values: Mapping[Symbol, Fraction | arb | int]) -> arb:
    found = known.get(node)
    if found is not None:
        return found
    if node.is_Rational:
        result = Balls.exact(Fraction(int(node.p), int(node.q)))
    elif node.is_Add:
        result = ZERO
        for argument in node.args:
            result = result + _evaluate(argument, known, values)
    elif node.is_Mul:
        result = ONE
        for argument in node.args:
            result = result * _evaluate(argument, known, values)
    elif node.is_Pow:
        base, exponent = node.args
        ball = _evaluate(base, known, values)
        if exponent.is_Rational and not exponent.is_Integer:
            whole, part = divmod(int(exponent.p), int(exponent.q))
            result = ball ** fmpz(whole) * ball.root(int(exponent.q)) ** fmpz(part)
        else:
            result = ball ** fmpz(_whole(exponent, values))
    elif isinstance(node, sigmoid):
        result = Balls.sigmoid(_evaluate(node.args[0], known, values))
    elif isinstance(node, tanh):
        result = _evaluate(node.args[0], known, values).tanh()
    elif isinstance(node, relu):
        result = Balls.relu(_evaluate(node.args[0], known, values))
    elif isinstance(node, softplus):
        result = Balls.softplus(_evaluate(node.args[0], known, values))
    elif isinstance(node, sympy.exp):
        result = _evaluate(node.args[0], known, values).exp()
    elif node is sympy.E:
        result = ONE.exp()
    elif node is sympy.pi:
        result = arb.pi()
    elif isinstance(node, sympy.log):
        result = _evaluate(node.args[0], known, values).log()
    elif node.is_Symbol:
        raise KeyError(f"no value for {node}")
    else:
        raise TypeError(f"{type(node).__name__} has no meaning in balls: {node}")
    known[node] = result
    return result


def _whole(exponent: Expr, values: Mapping[Symbol, Fraction | arb | int]) -> int:
    """The exact integer that an exponent such as n + 1 stands for."""
    exact_values = {s: sympy.Rational(v.numerator, v.denominator) for s, v in values.items() if not isinstance(v, arb)}
    number = exponent.subs(exact_values)
    if not number.is_Integer:
        raise TypeError(f"the exponent {exponent} is not a whole number here")
    return int(number)

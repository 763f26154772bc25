"""Exact algebra for checked derivations: normal forms of closed forms as Laurent polynomials.

Generators are symbols, tanh(...) and σ(...) of normal forms, symbolic powers such as φ^n, and inverses of sums. Two
closed forms with the same normal form are equal wherever both are defined. The rules built in, besides those of a
commutative ring: tanh is odd, tanh 0 = 0; σ(-v) = 1 - σ(v), σ(0) = 1/2; b^(k+n) = b^k b^n.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from sympy import Expr, Symbol, tanh

from verifier.arithmetic.symbols import relu, sigmoid

Monomial = tuple[tuple[int, int], ...]
"""Sorted (generator, exponent ≠ 0) pairs."""

Polynomial = dict[Monomial, Fraction]
"""Nonzero coefficients of a Laurent polynomial."""

ONE: Polynomial = {(): Fraction(1)}


class Normaliser:
    """Turns sympy closed forms into normal forms over one growing list of generators."""

    def __init__(self) -> None:
        self._generators: dict[object, int] = {}
        self.symbols: dict[int, Symbol] = {}
        self.relus: dict[object, Polynomial] = {}

    def know_relu(self, argument: Expr, value: Expr, values: Mapping[Symbol, Polynomial] | None = None) -> None:
        """Use relu(argument) = value from now on."""
        self.relus[_key(self.normal(argument, values))] = self.normal(value, values)

    def normal(self, expression: Expr, values: Mapping[Symbol, Polynomial] | None = None) -> Polynomial:
        """The normal form, with polynomials put in for some symbols. Raises `TypeError` on an unknown function."""
        values = values or {}
        if expression.is_Rational:
            number = Fraction(int(expression.p), int(expression.q))
            return {(): number} if number else {}
        if expression.is_Symbol:
            found = values.get(expression)
            if found is not None:
                return found
            index = self._generator(expression)
            self.symbols[index] = expression
            return {((index, 1),): Fraction(1)}
        if expression.is_Add:
            total: Polynomial = {}
            for argument in expression.args:
                for monomial, coefficient in self.normal(argument, values).items():
                    total[monomial] = total.get(monomial, Fraction(0)) + coefficient
            return {monomial: coefficient for monomial, coefficient in total.items() if coefficient}
        if expression.is_Mul:
            product = ONE
            for argument in expression.args:
                product = multiply(product, self.normal(argument, values))
            return product
        if expression.is_Pow:
            return self._power(expression.args[0], expression.args[1], values)
        if isinstance(expression, tanh):
            argument, negated = _positive_form(self.normal(expression.args[0], values))
            if not argument:
                return {}
            return {((self._generator(("tanh", _key(argument))), 1),): Fraction(-1 if negated else 1)}
        if isinstance(expression, sigmoid):
            argument, negated = _positive_form(self.normal(expression.args[0], values))
            if not argument:
                return {(): Fraction(1, 2)}
            value: Polynomial = {((self._generator(("sigmoid", _key(argument))), 1),): Fraction(1)}
            return add(ONE, negative(value)) if negated else value
        if isinstance(expression, relu):
            argument = self.normal(expression.args[0], values)
            known = self.relus.get(_key(argument))
            return known if known is not None else {((self._generator(("relu", _key(argument))), 1),): Fraction(1)}
        raise TypeError(f"{type(expression).__name__} has no normal form: {expression}")

    def derivative(self, expression: Expr, variable: Symbol, values: Mapping[Symbol, Polynomial] | None = None) -> Polynomial:
        """The normal form of the derivative by `variable` (which `values` must not replace).

        Sums, products, whole powers, tanh' = 1 - tanh², σ' = σ(1 - σ).
        """
        values = values or {}
        if not expression.has(variable):
            return {}
        if expression.is_Symbol:
            return dict(ONE)
        if expression.is_Add:
            total: Polynomial = {}
            for argument in expression.args:
                total = add(total, self.derivative(argument, variable, values))
            return total
        if expression.is_Mul:
            total = {}
            for k, argument in enumerate(expression.args):
                term = self.derivative(argument, variable, values)
                for other in expression.args[:k] + expression.args[k + 1 :]:
                    term = multiply(term, self.normal(other, values))
                total = add(total, term)
            return total
        inner = expression.args[0]
        chain = self.derivative(inner, variable, values)
        if expression.is_Pow and expression.args[1].is_Integer:
            exponent = int(expression.args[1])
            outer = scale(self._whole_power(self.normal(inner, values), exponent - 1), Fraction(exponent))
            return multiply(outer, chain)
        value = self.normal(expression, values)
        if isinstance(expression, tanh):
            return multiply(add(ONE, negative(multiply(value, value))), chain)
        if isinstance(expression, sigmoid):
            return multiply(add(value, negative(multiply(value, value))), chain)
        raise TypeError(f"{type(expression).__name__} has no derivative here: {expression}")

    def _power(self, base: Expr, exponent: Expr, values: Mapping[Symbol, Polynomial]) -> Polynomial:
        form = self.normal(base, values)
        if exponent.is_Integer:
            return self._whole_power(form, int(exponent))
        result = ONE
        for monomial, coefficient in self.normal(exponent, values).items():
            if coefficient.denominator != 1:
                raise TypeError(f"the exponent {exponent} is not whole")
            if monomial == ():
                result = multiply(result, self._whole_power(form, int(coefficient)))
            else:
                index = self._generator(("power", _key(form), monomial))
                result = multiply(result, {((index, int(coefficient)),): Fraction(1)})
        return result

    def _whole_power(self, form: Polynomial, exponent: int) -> Polynomial:
        if exponent < 0:
            if len(form) == 1:
                ((monomial, coefficient),) = form.items()
                form = {tuple((g, -e) for g, e in monomial): 1 / coefficient}
            else:
                form = {((self._generator(("inverse", _key(form))), 1),): Fraction(1)}
            exponent = -exponent
        result = ONE
        for _ in range(exponent):
            result = multiply(result, form)
        return result

    def _generator(self, key: object) -> int:
        return self._generators.setdefault(key, len(self._generators))


def add(a: Polynomial, b: Polynomial) -> Polynomial:
    """a + b."""
    result = dict(a)
    for monomial, coefficient in b.items():
        total = result.get(monomial, Fraction(0)) + coefficient
        if total:
            result[monomial] = total
        else:
            result.pop(monomial, None)
    return result


def scale(a: Polynomial, factor: Fraction) -> Polynomial:
    """factor·a."""
    return {monomial: coefficient * factor for monomial, coefficient in a.items()} if factor else {}


def negative(a: Polynomial) -> Polynomial:
    """-a."""
    return {monomial: -coefficient for monomial, coefficient in a.items()}


def multiply(a: Polynomial, b: Polynomial) -> Polynomial:
    """a·b."""
    result: Polynomial = {}
    for left, x in a.items():
        for right, y in b.items():
            exponents = dict(left)
            for generator, exponent in right:
                exponents[generator] = exponents.get(generator, 0) + exponent
            monomial = tuple(sorted((g, e) for g, e in exponents.items() if e))
            total = result.get(monomial, Fraction(0)) + x * y
            if total:
                result[monomial] = total
            else:
                result.pop(monomial, None)
    return result


def _key(form: Polynomial) -> tuple[tuple[Monomial, Fraction], ...]:
    return tuple(sorted(form.items()))


def _positive_form(form: Polynomial) -> tuple[Polynomial, bool]:
    """The form or its negative, whichever has a positive leading coefficient; whether it was negated."""
    if form and form[min(form)] < 0:
        return negative(form), True
    return form, False

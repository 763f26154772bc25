"""Exact algebra for checked derivations: normal forms of closed forms as Laurent polynomials.

Generators are symbols, tanh(...), softplus(...) and exp(...) of normal forms, symbolic powers such as φ^n, and *bases*: sums
that are inverted or under a root, with rational exponents. Two closed forms that `same` calls equal are equal wherever both
are defined. The rules built in, besides those of a commutative ring: tanh is odd, tanh 0 = 0; σ(v) = (1 + tanh(v/2))/2;
softplus(-v) = softplus(v) - v; b^(k+n) = b^k b^n; a base s stands for its sum, so s^(1/2) s^(1/2) and s s^-1 s give back the
sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import sympy
from sympy import Expr, Symbol, tanh

from verifier.arithmetic.symbols import relu, sigmoid, softplus

Exponent = int | Fraction
"""Whole, except of bases under a root."""

Monomial = tuple[tuple[int, Exponent], ...]
"""Sorted (generator, exponent ≠ 0) pairs."""

Polynomial = dict[Monomial, Fraction]
"""Nonzero coefficients of a Laurent polynomial."""

ONE: Polynomial = {(): Fraction(1)}
HALF = Fraction(1, 2)


class Normaliser:
    """Turns sympy closed forms into normal forms over one growing list of generators."""

    def __init__(self) -> None:
        self._generators: dict[object, int] = {}
        self.symbols: dict[int, Symbol] = {}
        self.relus: dict[object, Polynomial] = {}
        self.bases: dict[int, Polynomial] = {}

    def know_relu(self, argument: Expr, value: Expr, values: Mapping[Symbol, Polynomial] | None = None) -> None:
        """Use relu(argument) = value from now on."""
        self.relus[_key(self.normal(argument, values))] = self.normal(value, values)

    def same(self, left: Polynomial, right: Polynomial) -> bool:
        """Whether two normal forms agree once every base is replaced by its sum."""
        return self._vanishes(add(left, negative(right)))

    def _vanishes(self, form: Polynomial) -> bool:
        """Whether a form is zero: sorted by the powers of its latest base s, s^p Σ_k s^k form_k for each p in [0, 1)."""
        if not form:
            return True
        present = [g for monomial in form for g, _ in monomial if g in self.bases]
        if not present:
            return False
        base = max(present)  # its sum has earlier bases only
        parts: dict[Exponent, Polynomial] = {}
        for monomial, coefficient in form.items():
            exponent = dict(monomial).get(base, 0)
            rest = tuple((g, e) for g, e in monomial if g != base)
            part = parts.setdefault(exponent, {})
            part[rest] = coefficient
        for fraction in {exponent % 1 for exponent in parts}:
            group = {exponent: part for exponent, part in parts.items() if exponent % 1 == fraction}
            least, total = min(group), Polynomial()
            for exponent, part in group.items():
                total = add(total, multiply(part, self._whole_power(self.bases[base], int(exponent - least))))
            if not self._vanishes(total):
                return False
        return True

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
            return add(scale(ONE, HALF), scale(self.normal(tanh(expression.args[0] / 2), values), HALF))
        if isinstance(expression, softplus):
            argument, negated = _positive_form(self.normal(expression.args[0], values))
            form: Polynomial = {((self._generator(("softplus", _key(argument))), 1),): Fraction(1)}
            return add(form, negative(argument)) if negated else form
        if isinstance(expression, sympy.exp) or expression is sympy.E:
            argument = self.normal(expression.args[0], values) if expression.args else ONE
            return {((self._generator(("exp", _key(argument))), 1),): Fraction(1)} if argument else dict(ONE)
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
        if expression.is_Pow and expression.args[1].is_Rational:
            exponent = expression.args[1]
            outer = scale(self._power(inner, exponent - 1, values), Fraction(int(exponent.p), int(exponent.q)))
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
        if exponent.is_Rational:
            whole, fraction = divmod(Fraction(int(exponent.p), int(exponent.q)), 1)
            return multiply({((self._base(form), fraction),): Fraction(1)}, self._whole_power(form, whole))
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
                return {((self._base(form), exponent),): Fraction(1)}
            exponent = -exponent
        result = ONE
        for _ in range(exponent):
            result = multiply(result, form)
        return result

    def _base(self, form: Polynomial) -> int:
        index = self._generator(("base", _key(form)))
        self.bases[index] = form
        return index

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

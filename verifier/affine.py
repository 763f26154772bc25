"""Exact affine forms: what a piecewise-linear cell computes on a box where every relu keeps its side.

A form is a constant plus Σ slope_k x_k with rational coefficients, x_k in [-bound, bound]. On a linear cell, and on a
relu cell whose arguments do not change sign on the box, running the program on forms gives each output as an exact
affine function of the inputs; its supremum is then exact too. Anything else raises `NotAffine`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction


class NotAffine(ArithmeticError):
    """A value that is not an affine function of the inputs on this box."""


@dataclass(frozen=True)
class Form:
    """constant + Σ slopes[k]·x_k; zero slopes are left out."""

    constant: Fraction
    slopes: Mapping[int, Fraction]

    def __add__(self, other: Form) -> Form:
        slopes = dict(self.slopes)
        for key, value in other.slopes.items():
            slopes[key] = slopes.get(key, Fraction(0)) + value
        return Form(self.constant + other.constant, {k: v for k, v in slopes.items() if v})

    def __mul__(self, other: Form) -> Form:
        if self.slopes and other.slopes:
            raise NotAffine("a product of two inputs")
        form, factor = (other, self.constant) if not self.slopes else (self, other.constant)
        if not factor:
            return Form(Fraction(0), {})
        return Form(form.constant * factor, {k: v * factor for k, v in form.slopes.items()})

    def reach(self, bound: Fraction) -> Fraction:
        """Σ |slope|·bound: the form's values on the box fill [constant - reach, constant + reach]."""
        return bound * sum((abs(v) for v in self.slopes.values()), Fraction(0))

    def largest_modulus(self, bound: Fraction) -> Fraction:
        """max |form| over the box, exactly."""
        return abs(self.constant) + self.reach(bound)

    def attained_at(self, key: int, bound: Fraction) -> Fraction:
        """The value of x_key at a vertex where |form| is largest."""
        slope = self.slopes.get(key, Fraction(0))
        return bound if (slope >= 0) == (self.constant >= 0) else -bound


class AffineForms:
    """The arithmetic of forms over [-bound, bound]."""

    name = "affine forms"

    def __init__(self, bound: Fraction) -> None:
        self.bound = bound

    @staticmethod
    def exact(value: Fraction) -> Form:
        """The constant form of a rational."""
        return Form(value, {})

    def relu(self, value: Form) -> Form:
        """max(v, 0) where v keeps its side on the box; raises `NotAffine` where it does not."""
        reach = value.reach(self.bound)
        if value.constant - reach >= 0:
            return value
        if value.constant + reach <= 0:
            return Form(Fraction(0), {})
        raise NotAffine("a relu whose argument changes sign on the box")

    @staticmethod
    def sigmoid(value: Form) -> Form:
        """Not affine."""
        raise NotAffine("σ")

    @staticmethod
    def tanh(value: Form) -> Form:
        """Not affine."""
        raise NotAffine("tanh")

    @staticmethod
    def softplus(value: Form) -> Form:
        """Not affine."""
        raise NotAffine("softplus")

    @staticmethod
    def exp(value: Form) -> Form:
        """Not affine."""
        raise NotAffine("exp")

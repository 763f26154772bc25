"""Exact rationals: for networks made of sums, products and relu, whose runs need no enclosure at all."""

from __future__ import annotations

from fractions import Fraction


class Rationals:
    """Exact arithmetic. Values are `Fraction`; σ, tanh and exp have rational values only at 0, softplus at no rational."""

    name = "rationals"

    @staticmethod
    def exact(value: Fraction) -> Fraction:
        """The rational itself."""
        return value

    @staticmethod
    def relu(value: Fraction) -> Fraction:
        """max(v, 0)."""
        return max(value, Fraction(0))

    @staticmethod
    def sigmoid(value: Fraction) -> Fraction:
        """σ(0) = 1/2; raises `ValueError` elsewhere, where σ is irrational."""
        if value != 0:
            raise ValueError(f"σ({value}) is not rational")
        return Fraction(1, 2)

    @staticmethod
    def tanh(value: Fraction) -> Fraction:
        """tanh(0) = 0; raises `ValueError` elsewhere, where tanh is irrational."""
        if value != 0:
            raise ValueError(f"tanh({value}) is not rational")
        return Fraction(0)

    @staticmethod
    def softplus(value: Fraction) -> Fraction:
        """Raises `ValueError`: ln(1 + e^v) is irrational at every rational v (Lindemann-Weierstrass)."""
        raise ValueError(f"softplus({value}) is not rational")

    @staticmethod
    def exp(value: Fraction) -> Fraction:
        """exp(0) = 1; raises `ValueError` elsewhere, where exp is irrational."""
        if value != 0:
            raise ValueError(f"exp({value}) is not rational")
        return Fraction(1)

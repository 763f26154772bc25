"""Exact rationals: for networks made of sums, products and relu, whose runs need no enclosure at all."""

from __future__ import annotations

from fractions import Fraction


class Rationals:
    """Exact arithmetic. Values are `Fraction`; σ and tanh have rational values only at 0."""

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

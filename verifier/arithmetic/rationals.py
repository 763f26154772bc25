"""Exact rationals: for networks made of sums, products and relu, whose runs need no enclosure at all."""

from __future__ import annotations

from fractions import Fraction

from flint import fmpq

ZERO = fmpq(0)


def to_flint(value: Fraction | int) -> fmpq:
    """Python's rational as flint's, whose arithmetic is faster where numbers are long."""
    return fmpq(value.numerator, value.denominator)


def to_fraction(value: fmpq) -> Fraction:
    """Flint's rational as Python's."""
    return Fraction(int(value.p), int(value.q))


class Rationals:
    """Exact arithmetic. Values are flint's `fmpq`; σ, tanh and exp have rational values only at 0, softplus at no rational."""

    name = "rationals"

    @staticmethod
    def exact(value: Fraction) -> fmpq:
        """The rational itself."""
        return to_flint(value)

    @staticmethod
    def relu(value: fmpq) -> fmpq:
        """max(v, 0)."""
        return value if value > 0 else ZERO

    @staticmethod
    def sigmoid(value: fmpq) -> fmpq:
        """σ(0) = 1/2; raises `ValueError` elsewhere, where σ is irrational."""
        if value != 0:
            raise ValueError(f"σ({value}) is not rational")
        return fmpq(1, 2)

    @staticmethod
    def tanh(value: fmpq) -> fmpq:
        """tanh(0) = 0; raises `ValueError` elsewhere, where tanh is irrational."""
        if value != 0:
            raise ValueError(f"tanh({value}) is not rational")
        return ZERO

    @staticmethod
    def softplus(value: fmpq) -> fmpq:
        """Raises `ValueError`: ln(1 + e^v) is irrational at every rational v (Lindemann-Weierstrass)."""
        raise ValueError(f"softplus({value}) is not rational")

    @staticmethod
    def exp(value: fmpq) -> fmpq:
        """exp(0) = 1; raises `ValueError` elsewhere, where exp is irrational."""
        if value != 0:
            raise ValueError(f"exp({value}) is not rational")
        return fmpq(1)

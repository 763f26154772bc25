"""IEEE binary32 and binary64 with numpy, operation by operation, batched over sequences.

The numbers of another semantics: what a float library computes, never evidence about real numbers. Overflow in e^-v is
intended (σ(-1000) is 0 in floats), so numpy's overflow warnings are silenced here and nowhere else.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Literal

import numpy as np

from verifier.errors import UsageError

Array = Any

FORMATS: tuple[Literal["binary32", "binary64"], ...] = ("binary32", "binary64")
"""IEEE 754 formats, by name."""


class Floats:
    """IEEE arithmetic in one format. Values are numpy arrays (one entry per sequence) or scalars of the format.

    >>> float(Floats("binary32").sigmoid(np.float32(18)))
    1.0
    """

    def __init__(self, form: Literal["binary32", "binary64"]) -> None:
        self.name = form
        self.type: Any = {"binary32": np.float32, "binary64": np.float64}[form]

    @classmethod
    def of(cls, form: str) -> Floats:
        """The arithmetic of the format with this name; raises `UsageError` on another name."""
        for known in FORMATS:
            if form == known:
                return cls(known)
        raise UsageError(f"float format {form!r} is unknown; choose one of {', '.join(FORMATS)}")

    def exact(self, value: Fraction) -> Any:
        """The float nearest to a rational (ties to even); overflow raises `OverflowError`, underflow gives 0.

        One rounding: a binary32 result goes through binary64 only when that is exact or the rounding is innocuous,
        which the neighbours decide.
        """
        most = np.finfo(self.type).max
        top = Fraction(float(most))
        if abs(value) >= top + (top - Fraction(float(np.nextafter(most, self.type(0))))) / 2:
            raise OverflowError(f"a number of modulus above 2^{abs(value).__floor__().bit_length() - 1} lies outside {self.name}")
        with np.errstate(over="ignore"):  # an infinity is beyond the largest float, which is then nearest
            guess = self.type(_to_double(value))
            guess = guess if np.isfinite(guess) else np.copysign(most, guess)
            candidates = [guess, np.nextafter(guess, self.type(-np.inf)), np.nextafter(guess, self.type(np.inf))]
        finite = [c for c in candidates if np.isfinite(c)]
        return min(finite, key=lambda c: (abs(Fraction(float(c)) - value), self._mantissa_is_odd(c)))

    def _mantissa_is_odd(self, value: Any) -> bool:
        bits = value.view(np.uint32 if self.name == "binary32" else np.uint64)
        return bool(int(bits) & 1)

    def sigmoid(self, value: Array) -> Array:
        """1 / (1 + exp(-v)), each operation rounded."""
        with np.errstate(over="ignore"):
            return self.type(1) / (self.type(1) + np.exp(-value))

    @staticmethod
    def tanh(value: Array) -> Array:
        """numpy's tanh in the format of `value`."""
        return np.tanh(value)

    def relu(self, value: Array) -> Array:
        """max(v, 0)."""
        return np.maximum(value, self.type(0))

    def softplus(self, value: Array) -> Array:
        """max(v, 0) + log1p(exp(-|v|)), each operation rounded."""
        return np.maximum(value, self.type(0)) + np.log1p(np.exp(-np.abs(value)))

    @staticmethod
    def exp(value: Array) -> Array:
        """numpy's exp in the format of `value`; infinite beyond the largest float."""
        with np.errstate(over="ignore"):
            return np.exp(value)


def _to_double(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")

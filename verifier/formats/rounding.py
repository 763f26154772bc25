"""Weights as floats of one format: each rational rounded once, and nothing lost in silence."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from verifier.arithmetic.floats import Floats
from verifier.errors import UsageError
from verifier.exact import show_rational
from verifier.weights import Weights


def round_weights(weights: Weights, form: str) -> Weights:
    """The weights with every rational replaced by the nearest float of `form` ("binary32", "binary64"), ties to even.

    Raises `UsageError` where one overflows, or underflows: is not 0 and smaller than the least normal number.

    >>> round_weights(Weights("linear", 1, {"V": {(0,): Fraction(1, 3)}}), "binary32")["V"][0,]
    Fraction(11184811, 33554432)
    """
    arithmetic = Floats.of(form)
    least = Fraction(float(np.finfo(arithmetic.type).tiny))
    blocks: dict[str, dict[tuple[int, ...], Fraction]] = {}
    for name, array in weights.blocks().items():
        for index, value in array:
            where = f"{name}[{', '.join(weights.unit_name(k) for k in index)}]" if index else name
            try:
                rounded = Fraction(float(arithmetic.exact(value)))
            except OverflowError:
                raise UsageError(f"the weight {where} = {_short(value)} overflows {form}; {_ADVICE}") from None
            if abs(rounded) < least:
                raise UsageError(f"the weight {where} = {_short(value)} underflows {form}; {_ADVICE}")
            blocks.setdefault(name, {})[index] = rounded
    return Weights(weights.cell, weights.hidden, blocks, weights.units)


_ADVICE = "take --profile binary64, ask for less accuracy, or write a .json file, which holds exact rationals"


def _short(value: Fraction) -> str:
    text = show_rational(value)
    if len(text) <= 24:
        return text
    bits = value.numerator.bit_length() - value.denominator.bit_length()
    return f"{'-' if value < 0 else ''}2^{bits} or so"

"""What a file of weights holds: named tensors, or the weights themselves, and a note about them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from verifier.errors import UsageError
from verifier.weights import Weights

Note = Mapping[str, str]
"""What the writer of a file says about its weights, as text by name; believed by nobody."""

LARGEST_NUMBERS = 2**26
"""Numbers that the tensors of one file may have together."""

LARGEST_NAME = 200
"""Characters of a tensor's name."""


@dataclass(frozen=True)
class Tensor:
    """A tensor of a file: `values` is an array of binary64 numbers, which hold every smaller float exactly, or of rationals.

    Raises `UsageError` on nan and infinity.
    """

    name: str
    values: Any

    def __post_init__(self) -> None:
        if self.values.dtype == object:
            return
        wrong = np.argwhere(~np.isfinite(self.values))
        if len(wrong):
            index = tuple(int(i) for i in wrong[0])
            raise UsageError(f"tensor {self.name}{list(index)} is {self.values[index]}; weights must be finite numbers")

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return tuple(int(size) for size in self.values.shape)

    def entries(self) -> Iterator[tuple[tuple[int, ...], Fraction]]:
        """(index, exact value) of all nonzero entries."""
        for index in zip(*(axis.tolist() for axis in np.nonzero(self.values)), strict=True) if self.shape else [()]:
            value = self.values[index]
            yield index, value if isinstance(value, Fraction) else Fraction(float(value))


@dataclass(frozen=True)
class Content:
    """A file as read: `tensors` by name in a layout that `kind` names, or `weights` where the file says what they mean.

    kind: "state_dict" (PyTorch's names) or "weights". `told`: what was found out about the file, line by line.
    """

    kind: str
    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    weights: Weights | None = None
    note: Note = field(default_factory=dict)
    told: tuple[str, ...] = ()


def printable(text: str) -> str:
    """The text with a question mark for every character that a terminal would act on."""
    return "".join(c if c.isprintable() else "?" for c in text)


def check_shape(name: str, shape: Any) -> tuple[int, ...]:
    """The shape of a tensor, as a file states it; raises `UsageError` where it is none or too large, or the name is no text."""
    if not isinstance(name, str):
        raise UsageError(f"a tensor's name is no text: {str(name)[:40]}")
    if len(name) > LARGEST_NAME:
        raise UsageError(f"a tensor's name has {len(name):,} characters; at most {LARGEST_NAME} are read")
    if not name.isprintable():
        raise UsageError(f"a tensor's name holds control characters: {printable(name)}")
    whole = isinstance(shape, list | tuple) and all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in shape)
    if not whole or len(shape) > 8:
        raise UsageError(f"tensor {name} has the shape {str(shape)[:40]}; axes are whole numbers, at most 8 of them")
    if math.prod(shape) > LARGEST_NUMBERS:
        raise UsageError(f"tensor {name} has shape {list(shape)}; at most {LARGEST_NUMBERS:,} numbers are read")
    return tuple(shape)

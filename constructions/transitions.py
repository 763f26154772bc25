"""Linear transitions that teach: which way A^n goes, each with an input column B and an output row C.

*shift*        ones below the diagonal: ρ(A) = 0, and yet x_1 arrives unchanged at time n = d
*exploding*    A = diag(λ) in one unit, λ = 2: a long memory that works by exploding (C2)
*rotation*     the rational rotation (3/5, -4/5; 4/5, 3/5), no root of unity, in d/2 planes: neither
*permutation*  one cycle through all units: A^d = I
*jordan*       one Jordan block at 1: ρ(A) = 1 and ‖A^n‖ grows like n^(d-1)
*lehmer*       companion of Lehmer's polynomial: ten units, ρ(A) = 1.17628..., eight eigenvalues of modulus 1
*contraction*  random entries k/(100 d), |k| <= 90: every row sum is below 1, so A vanishes in this norm at once
*random*       random entries k/100 · 1/√d rounded, |k| <= 100: what an untrained network looks like

Source: shift register White, Lee & Sompolinsky 2004; Lehmer 1933; the rest textbook examples.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from fractions import Fraction

from verifier.errors import UsageError
from verifier.transition import Transition

Rows = list[list[Fraction]]

LEHMER = (1, 1, 0, -1, -1, -1, -1, -1, 0, 1, 1)
"""Coefficients of Lehmer's polynomial, lowest first."""


def _zeros(size: int) -> Rows:
    return [[Fraction(0)] * size for _ in range(size)]


def _shift(size: int, _: int) -> Rows:
    rows = _zeros(size)
    for k in range(1, size):
        rows[k][k - 1] = Fraction(1)
    return rows


def _exploding(size: int, _: int) -> Rows:
    rows = _zeros(size)
    rows[0][0] = Fraction(2)
    return rows


def _rotation(size: int, _: int) -> Rows:
    if size % 2:
        raise UsageError(f"a rotation turns planes and needs an even number of units; --hidden {size} is odd")
    rows = _zeros(size)
    cosine, sine = Fraction(3, 5), Fraction(4, 5)
    for k in range(0, size, 2):
        rows[k][k] = rows[k + 1][k + 1] = cosine
        rows[k][k + 1], rows[k + 1][k] = -sine, sine
    return rows


def _permutation(size: int, seed: int) -> Rows:
    rows = _shift(size, seed)
    rows[0][size - 1] = Fraction(1)
    return rows


def _jordan(size: int, seed: int) -> Rows:
    rows = _shift(size, seed)
    for k in range(size):
        rows[k][k] = Fraction(1)
    return rows


def _lehmer(size: int, _: int) -> Rows:
    degree = len(LEHMER) - 1
    if size < degree:
        raise UsageError(f"Lehmer's polynomial has degree {degree}; --hidden {size} is too small")
    rows = _zeros(size)
    for k in range(degree - 1):
        rows[k][k + 1] = Fraction(1)
    for k in range(degree):
        rows[degree - 1][k] = Fraction(-LEHMER[k])
    return rows


def _contraction(size: int, seed: int) -> Rows:
    generator = random.Random(seed)
    return [[Fraction(generator.randint(-90, 90), 100 * size) for _ in range(size)] for _ in range(size)]


def _random(size: int, seed: int) -> Rows:
    generator = random.Random(seed)
    scale = Fraction(100, math.isqrt(10_000 * size))  # 1/√d in hundredths
    return [[scale * Fraction(generator.randint(-100, 100), 100) for _ in range(size)] for _ in range(size)]


TRANSITIONS: dict[str, tuple[str, Callable[[int, int], Rows]]] = {
    "shift": ("shift register of {d} units", _shift),
    "exploding": ("one exploding unit, λ = 2", _exploding),
    "rotation": ("rotation by arctan(4/3) in {d}/2 planes", _rotation),
    "permutation": ("cyclic permutation of {d} units", _permutation),
    "jordan": ("Jordan block of size {d} at 1", _jordan),
    "lehmer": ("companion matrix of Lehmer's polynomial", _lehmer),
    "contraction": ("random contraction, rows of sum below 1", _contraction),
    "random": ("random matrix, entries up to 1/√{d}", _random),
}
"""Name -> (title, rows from d and a seed)."""


def transition(name: str, size: int, seed: int = 0) -> Transition:
    """A named transition of `size` units: x enters unit 1, the last unit that the matrix reaches is read."""
    title, make = TRANSITIONS[name]
    rows = make(size, seed)
    last = max((k for k in range(size) if any(rows[k])), default=0)
    unit = tuple(Fraction(int(k == 0)) for k in range(size))
    read = tuple(Fraction(int(k == last)) for k in range(size))
    return Transition(title.format(d=size), tuple(tuple(row) for row in rows), unit, read)

"""What the checks of several theorems share: verdicts of exact facts, random exact weights, linear systems as weights."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from fractions import Fraction

from flint import fmpq_mat

from verifier.arithmetic.rationals import to_flint, to_fraction
from verifier.cells import CELLS
from verifier.verdict import Verdict
from verifier.weights import Weights

DENOMINATOR = 64
"""Random weights are multiples of 1/64."""


def holds(claim: bool) -> Verdict:
    """PROVED or REFUTED: the verdict of a fact that was computed exactly."""
    return Verdict.PROVED if claim else Verdict.REFUTED


def random_rational(generator: random.Random, size: int) -> Fraction:
    """A multiple of 1/64 in [-size, size]."""
    return Fraction(generator.randint(-size * DENOMINATOR, size * DENOMINATOR), DENOMINATOR)


def random_weights(generator: random.Random, cell: str, hidden: int, size: int) -> Weights:
    """All weights of a cell drawn from [-size, size]; s_0 = 0."""
    blocks = {
        name: {index: random_rational(generator, size) for index in itertools.product(*map(range, shape))}
        for name, shape in CELLS[cell].block_shapes(hidden).items()
        if not name.endswith("_0")
    }
    return Weights(cell, hidden, blocks)


def random_allowed_weights(generator: random.Random, cell: str, hidden: int) -> Weights:
    """All weights of a cell, s_0 included, in [-2, 2]; in [0, 2] where nothing negative is allowed, parts of λ in [-1/2, 1/2]."""
    found = CELLS[cell]
    inside = {name for pair in found.unit_disc for name in pair}
    blocks = {}
    for name, shape in found.block_shapes(hidden).items():
        low, high = (0, 128) if name in found.nonnegative else (-32, 32) if name in inside else (-128, 128)
        blocks[name] = {
            index: Fraction(generator.randint(low, high), DENOMINATOR) for index in itertools.product(*map(range, shape))
        }
    return Weights(cell, hidden, blocks)


def matrix(rows: Sequence[Sequence[Fraction | int]]) -> fmpq_mat:
    """An exact matrix."""
    return fmpq_mat(len(rows), len(rows[0]), [to_flint(value) for row in rows for value in row])


def linear_weights(a: fmpq_mat, b: fmpq_mat, c: fmpq_mat) -> Weights:
    """The linear RNN h' = A h + B x, y = C h."""
    units = range(a.nrows())
    return Weights(
        "linear",
        a.nrows(),
        {
            "W_h": {(i, k): to_fraction(a[i, k]) for i in units for k in units},
            "U_h": {(i,): to_fraction(b[i, 0]) for i in units},
            "V": {(k,): to_fraction(c[0, k]) for k in units},
        },
    )


def realise(coefficients: Sequence[Fraction | int], response: Sequence[Fraction | int]) -> tuple[fmpq_mat, fmpq_mat, fmpq_mat]:
    """(A, B, C) with the characteristic polynomial z^d + c_1 z^(d-1) + ... + c_d and g_k = `response`[k] for k < d.

    A shifts up and its last row is -c_d ... -c_1, B holds the response, C = (1, 0, ..., 0).
    """
    d = len(coefficients)
    rows = [[Fraction(int(k == i + 1)) for k in range(d)] for i in range(d - 1)]
    rows.append([-Fraction(value) for value in reversed(coefficients)])
    return matrix(rows), matrix([[g] for g in response]), matrix([[int(k == 0) for k in range(d)]])

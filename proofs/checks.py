"""What the checks of several theorems share: verdicts of exact facts, random exact weights."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction

from verifier.cells import CELLS
from verifier.verdict import Verdict
from verifier.weights import Weights

DENOMINATOR = 64
"""Random weights are multiples of 1/64."""


def holds(claim: bool) -> Verdict:
    """PROVED or REFUTED: the verdict of a fact that was computed exactly."""
    return Verdict.PROVED if claim else Verdict.REFUTED


def random_weights(generator: random.Random, cell: str, hidden: int) -> Weights:
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

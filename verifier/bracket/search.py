"""Branch and bound: divide the box of all sequences until the bracket on the worst error is tight or the time is used up.

    attained by a witness (recomputed in balls)  <=  sup |y_n - x_1|  <=  the largest bound of the leaves

Best first: the leaves with the largest bounds are halved along the input that is to blame for most of their looseness. Leaves
whose bound is within `gap` of the attained error are done. Candidates for the witness are the vertices that the leaves' linear
parts point to, improved one input at a time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from verifier.bracket.kernels import LANES
from verifier.bracket.network import Bounds, Compiled, bound_boxes, compile_program, run_sequences
from verifier.program import Program

Floats = NDArray[np.float64]

FIRST_CELLS = 16
"""Cells of x_1 at the start; later inputs start whole."""

BATCH = 32 * LANES
"""Boxes bounded at a time."""

STARTS = 4096
"""Random sequences tried at the start."""

IMPROVED = 32
"""Candidates improved one input at a time after each batch."""

FINEST = 2.0**-20
"""Boxes are not halved below this part of the bound: their ends stay exact floats."""

LONGEST = 24
"""Longest sequences: the number of monomials grows like n^degree."""

LARGEST_LEAVES = 4_000_000


@dataclass(frozen=True)
class Bracket:
    """What the search found. `upper` bounds |y_n - x_1| over the whole box (None: no finite bound); `witness` is the worst
    sequence found. `boxes` were bounded, `leaves` are left; `tight` says whether the gap asked for was reached.
    """

    upper: Fraction | None
    witness: tuple[Fraction, ...]
    boxes: int
    leaves: int
    tight: bool
    degree: int


def search_bracket(
    program: Program,
    bound: Fraction,
    n: int,
    gap: float = 0.02,
    seconds: float = 60.0,
    enough: float = math.inf,
    degree: int = 3,
    heard: Callable[[float, float, int], None] | None = None,
) -> Bracket:
    """Bracket the worst error at horizon n over [-bound, bound]^n.

    Stops at upper <= (1 + gap)·attained, at upper <= `enough`, at attained > `enough`, or after `seconds`. `degree` 3 or 4 of the
    polynomials. `heard(attained, upper, boxes)` is told after each batch. Raises `network.Unsupported` for networks that the
    kernels do not know.
    """
    ends = time.monotonic() + seconds
    compiled = compile_program(program)
    size = _rounded_up(bound)
    attack = _Attack(compiled, float(bound) if float(bound) <= bound else math.nextafter(float(bound), 0.0), n)
    edges = np.linspace(-size, size, FIRST_CELLS + 1)
    centres, radii = np.zeros((FIRST_CELLS, n)), np.full((FIRST_CELLS, n), size)
    centres[:, 0], radii[:, 0] = (edges[1:] + edges[:-1]) / 2, size / FIRST_CELLS
    found = bound_boxes(compiled, degree, centres, radii)
    leaves = _Leaves(centres, radii, found)
    attack.follow(leaves.centres, leaves.radii, found.slopes)
    boxes = FIRST_CELLS
    while True:
        upper, attained = leaves.upper.max(), attack.best
        if heard is not None:
            heard(attained, float(upper), boxes)
        goal = max(attained * (1 + gap), enough if attained <= enough < math.inf else 0.0)
        finished = upper <= goal or attained > enough
        if finished or time.monotonic() > ends or len(leaves.upper) > LARGEST_LEAVES:
            break
        chosen = leaves.worst(goal, size * FINEST, BATCH // 2)
        if not len(chosen):
            break
        centres, radii = leaves.halve(chosen, size)
        found = bound_boxes(compiled, degree, centres, radii)
        boxes += len(centres)
        attack.follow(centres, radii, found.slopes)
        leaves.replace(chosen, centres, radii, found)
    witness = tuple(Fraction(float(x)) for x in attack.sequence)
    proved = Fraction(float(upper)) if math.isfinite(upper) else None
    return Bracket(proved, witness, boxes, len(leaves.upper), bool(finished), degree)


def _rounded_up(bound: Fraction) -> float:
    """The least float >= bound with 24 bits, so that halving it 20 times is exact."""
    mantissa, exponent = math.frexp(float(bound))
    rounded = math.ldexp(math.ceil(mantissa * 2**24), exponent - 24)
    return rounded if rounded >= bound else math.ldexp(math.ceil(mantissa * 2**24) + 1, exponent - 24)


class _Leaves:
    """The boxes that cover everything, with their bounds."""

    def __init__(self, centres: Floats, radii: Floats, found: Bounds) -> None:
        self.centres, self.radii, self.upper, self.scores = centres, radii, found.upper, found.scores

    def worst(self, goal: float, finest: float, most: int) -> NDArray[np.int64]:
        """Up to `most` leaves with the largest bounds above the goal that can still be halved."""
        open_ones = np.flatnonzero((self.upper > goal) & (self.radii.max(axis=1) > finest))
        if len(open_ones) > most:
            open_ones = open_ones[np.argpartition(-self.upper[open_ones], most)[:most]]
        return open_ones

    def halve(self, chosen: NDArray[np.int64], size: float) -> tuple[Floats, Floats]:
        """Both halves of each chosen leaf, along the input with the largest score, or the widest where scores say nothing."""
        centres, radii, scores = self.centres[chosen], self.radii[chosen], self.scores[chosen]
        hopeless = ~np.isfinite(scores).all(axis=1) | (self.upper[chosen] > size)
        weights = np.where(hopeless[:, None], radii * np.r_[FIRST_CELLS, np.ones(radii.shape[1] - 1)], scores)
        weights = np.where(radii > size * FINEST, weights, -1.0)
        along = weights.argmax(axis=1)
        rows = np.arange(len(chosen))
        halved = radii.copy()
        halved[rows, along] /= 2
        low, high = centres.copy(), centres.copy()
        low[rows, along] -= halved[rows, along]
        high[rows, along] += halved[rows, along]
        return np.concatenate([low, high]), np.concatenate([halved, halved])

    def replace(self, chosen: NDArray[np.int64], centres: Floats, radii: Floats, found: Bounds) -> None:
        """Put the halves in the place of the chosen leaves; a half is never bounded worse than the whole."""
        kept = np.ones(len(self.upper), dtype=bool)
        kept[chosen] = False
        upper = np.minimum(found.upper, np.tile(self.upper[chosen], 2))
        self.centres = np.concatenate([self.centres[kept], centres])
        self.radii = np.concatenate([self.radii[kept], radii])
        self.upper = np.concatenate([self.upper[kept], upper])
        self.scores = np.concatenate([self.scores[kept], found.scores])


class _Attack:
    """The worst sequence found so far, in binary64; `best` is only a guide, the witness is recomputed in balls."""

    def __init__(self, compiled: Compiled, bound: float, n: int) -> None:
        self.compiled, self.bound, self.n = compiled, bound, n
        draw = np.random.default_rng(0)
        starts = draw.uniform(-bound, bound, (STARTS, n))
        starts[: STARTS // 2] = np.sign(starts[: STARTS // 2]) * bound
        starts[: STARTS // 4, 0] = draw.uniform(-bound, bound, STARTS // 4)
        errors = self.errors(starts)
        self.best, self.sequence = -1.0, starts[0]
        self._improve(starts[np.argsort(-errors)[:IMPROVED]])

    def errors(self, sequences: Floats) -> Floats:
        """|y_n - x_1| of each sequence [sequences, n]."""
        outputs = run_sequences(self.compiled, sequences)
        return np.nan_to_num(np.abs(outputs - sequences[:, 0]), nan=-1.0, posinf=-1.0)

    def follow(self, centres: Floats, radii: Floats, slopes: Floats) -> None:
        """Try the vertices that the linear parts of the errors point to, and improve the best of them."""
        signs = np.sign(np.nan_to_num(slopes))
        candidates = np.clip(np.concatenate([centres + radii * signs, centres - radii * signs]), -self.bound, self.bound)
        errors = self.errors(candidates)
        best = np.argsort(-errors)[:IMPROVED]
        if errors[best[0]] > self.best / 2:
            self._improve(candidates[best])

    def _improve(self, sequences: Floats) -> None:
        """One round over the inputs: each is tried at the ends and nearby."""
        errors = self.errors(sequences)
        for j in range(self.n):
            tries = [sequences]
            for value in (-self.bound, self.bound):
                moved = sequences.copy()
                moved[:, j] = value
                tries.append(moved)
            for step in (-0.05, 0.05, -0.005, 0.005):
                moved = sequences.copy()
                moved[:, j] = np.clip(moved[:, j] + step * self.bound, -self.bound, self.bound)
                tries.append(moved)
            all_errors = np.stack([errors, *(self.errors(tried) for tried in tries[1:])])
            pick = all_errors.argmax(axis=0)
            sequences = np.stack(tries)[pick, np.arange(len(sequences))]
            errors = all_errors.max(axis=0)
        top = int(errors.argmax())
        if errors[top] > self.best:
            self.best, self.sequence = float(errors[top]), sequences[top]

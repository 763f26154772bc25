"""Branch and bound: divide the box of all sequences until the bracket on the worst error is tight or the time is used up.

    attained by a witness (recomputed in balls)  <=  sup |y_n - x_1|  <=  the largest bound of the leaves

The start is a grid (`grid`). Then best first: the leaves with the largest bounds are halved along the input that is to blame for
most of their looseness, where blame is weighted by what halving was measured to gain. Leaves whose bound is within `gap` of the
attained error are done. Candidates for the witness are the vertices that the leaves' linear parts point to, improved one input at
a time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from verifier.bracket.grid import FAVOUR, plan_grid, trees
from verifier.bracket.kernels import LANES
from verifier.bracket.network import (
    Bounds,
    Compiled,
    Unsupported,
    bound_boxes,
    bound_trees,
    boxes_of,
    compile_program,
    joined,
    run_sequences,
)
from verifier.parallel import cores
from verifier.program import Program

Floats = NDArray[np.float64]
FIRST_CELLS = 16
"""Cells of x_1 that give a first bound; later inputs are whole."""

GRID_SHARE = 0.5
"""Share of the time for the grid after them."""

BATCH = 32 * LANES
"""Most boxes bounded at a time."""

LARGEST_BOUND = 2**1000
"""Larger boxes have ranges and sums that are no floats."""

BATCH_SECONDS = 8.0
"""Fewer are bounded at a time if they took longer than this before: the time asked for is kept, and the worst stay the worst."""

STARTS = 4096
"""Random sequences tried at the start."""

IMPROVED = 32
"""Candidates improved one input at a time after each batch."""

FRUITLESS = 3
"""Batches without a better sequence after which candidates are improved only if they are better as they are."""

FINEST = 2.0**-20
"""Boxes are not halved below this part of the bound: their ends stay exact floats."""

LONGEST = 24
"""Longest sequences: the number of monomials grows like n^degree."""

LARGEST_LEAVES = 4_000_000


@dataclass(frozen=True)
class Bracket:
    """What the search found. `upper` bounds |y_n - x_1| over the whole box (None: no finite bound); `witness` is the worst
    sequence found, `seen` its error in binary64. `boxes` were bounded, `leaves` are left; `tight` says whether the gap asked for
    was reached.
    """

    upper: Fraction | None
    witness: tuple[Fraction, ...]
    seen: float
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
    enough: Fraction = Fraction(0),
    degree: int = 3,
    heard: Callable[[Bracket], None] | None = None,
) -> Bracket:
    """Bracket the worst error at horizon n over [-bound, bound]^n.

    Stops at upper <= (1 + gap)·attained, at upper <= `enough`, or after `seconds`. `degree` 3, 4 or 5 of the polynomials. `heard`
    is told after each batch. Raises `network.Unsupported` for networks that the kernels do not know and bounds beyond
    `LARGEST_BOUND`.
    """
    ends = time.monotonic() + seconds
    search = _Search(compile_program(program), bound, n, degree, gap, enough, heard)
    if not search.finished() and time.monotonic() < ends:
        search.start_from_grid(ends)
    while not search.finished() and time.monotonic() < ends and len(search.leaves.upper) <= LARGEST_LEAVES:
        if not search.halve_worst():
            break
    return search.found()


class _Search:
    """The state of a search: the leaves, the attack, and how many boxes were bounded."""

    def __init__(
        self,
        compiled: Compiled,
        bound: Fraction,
        n: int,
        degree: int,
        gap: float,
        enough: Fraction,
        heard: Callable[[Bracket], None] | None,
    ) -> None:
        self.compiled, self.n, self.degree, self.gap, self.heard = compiled, n, degree, gap, heard
        if bound > LARGEST_BOUND:
            raise Unsupported("inputs beyond 2^1000")
        nearest, self.enough = float(bound), float(enough)
        self.size = _rounded_up(bound)
        self.attack = _Attack(compiled, nearest if nearest <= bound else math.nextafter(nearest, 0.0), n)
        edges = np.linspace(-self.size, self.size, FIRST_CELLS + 1)
        centres, radii = np.zeros((FIRST_CELLS, n)), np.full((FIRST_CELLS, n), self.size)
        centres[:, 0], radii[:, 0] = (edges[1:] + edges[:-1]) / 2, self.size / FIRST_CELLS
        found = bound_boxes(compiled, degree, centres, radii)
        self.gains = np.ones(n)
        self.batch = BATCH
        self.leaves, self.boxes = _Leaves(centres, radii, found), FIRST_CELLS
        self._learn(centres, radii, found)

    @property
    def goal(self) -> float:
        return max(self.attack.best * (1 + self.gap), self.enough)

    def finished(self) -> bool:
        return bool(self.leaves.upper.max() <= self.goal)

    def found(self) -> Bracket:
        """What is known so far."""
        upper = float(self.leaves.upper.max())
        proved = Fraction(upper) if math.isfinite(upper) else None
        witness = tuple(Fraction(float(x)) for x in self.attack.sequence)
        return Bracket(proved, witness, self.attack.best, self.boxes, len(self.leaves.upper), self.finished(), self.degree)

    def start_from_grid(self, ends: float) -> None:
        """Replace the first cells by a grid, if it is bounded before the time ends."""
        share = (ends - time.monotonic()) * GRID_SHARE
        plan = plan_grid(self.compiled, self.degree, self.n, self.size, self.goal, share)
        self.gains = plan.gains
        waiting, done = trees(plan.pieces, self.size), []
        while group := list(islice(waiting, cores())):
            if time.monotonic() > ends:
                return
            found = bound_trees(self.compiled, self.degree, group)
            centres, radii = (np.concatenate(parts) for parts in zip(*map(boxes_of, group), strict=True))
            self.boxes += len(centres)
            done.append((centres, radii, found))
            self._learn(centres, radii, found)
        centres, radii = (np.concatenate([part[k] for part in done]) for k in (0, 1))
        self.leaves = _Leaves(centres, radii, joined([found for *_, found in done]))

    def halve_worst(self) -> bool:
        """Halve a batch of the leaves with the largest bounds; False where none can be halved."""
        chosen = self.leaves.worst(self.goal, self.size * FINEST, self.batch // 2)
        if not len(chosen):
            return False
        started = time.monotonic()
        centres, radii = self.leaves.halve(chosen, self.size, self.gains)
        found = bound_boxes(self.compiled, self.degree, centres, radii)
        self.boxes += len(centres)
        self.leaves.replace(chosen, centres, radii, found)
        self._learn(centres, radii, found)
        fitting = BATCH_SECONDS * len(centres) / (time.monotonic() - started)
        self.batch = LANES * max(2, min(BATCH, int(fitting)) // LANES)
        return True

    def _learn(self, centres: Floats, radii: Floats, found: Bounds) -> None:
        self.attack.follow(centres, radii, found.slopes)
        if self.heard is not None:
            self.heard(self.found())


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

    def halve(self, chosen: NDArray[np.int64], size: float, gains: Floats) -> tuple[Floats, Floats]:
        """Both halves of each chosen leaf, along the input with the largest score, or the widest where scores say nothing."""
        centres, radii, scores = self.centres[chosen], self.radii[chosen], self.scores[chosen] * gains
        hopeless = ~np.isfinite(scores).all(axis=1) | (self.upper[chosen] > size)
        weights = np.where(hopeless[:, None], radii * np.r_[FAVOUR, np.ones(radii.shape[1] - 1)], scores)
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
        self.best, self.sequence, self.fruitless = -1.0, starts[0], 0
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
        if self.fruitless < FRUITLESS or errors[best[0]] > self.best:
            before = self.best
            self._improve(candidates[best])
            self.fruitless = 0 if self.best > before else self.fruitless + 1

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

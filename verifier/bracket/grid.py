"""The grid that the search starts from: pieces per input, few where little is at stake, found on boxes drawn at random.

Halving the whole box best first is slow while every bound is still hopeless: all boxes of one size must be halved before the
largest bound falls. A few boxes of a grid tell what all of them are worth, so that the grid is refined before any box is bounded
for good, and boxes of a grid share the first steps of their runs (`network.bound_trees`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from verifier.bracket.kernels import LANES, TINY
from verifier.bracket.monomials import monomials
from verifier.bracket.network import Bounds, Compiled, Tree, bound_boxes

Floats = NDArray[np.float64]

DRAWN = 2 * LANES
"""Boxes of a grid that are looked at."""

FAVOUR = 16
"""Where bounds are hopeless nothing tells the inputs apart: then x_1, which is kept, is cut this much finer than the others."""

SHARED = 32
"""Choices of pieces per tree: boxes times `LANES` that one call bounds, and that Ctrl-C waits for."""


LOOKING = {5: 3}
"""Degree at which boxes are looked at, where it is not the degree itself: at n = 20 looks of degree 5 took most of five minutes,
those of degree 3 take a tenth."""

LEAST_GAIN = 1e-3
"""What halving an input in one piece is taken to gain where less is measured; without it no input would come first."""

HUGE = 1e300
"""Stands for bounds that are not finite."""


@dataclass(frozen=True)
class Plan:
    """`pieces` of each input, and the `gains` of halving them once more: by how much the logarithm of a bound falls, over the share
    of looseness that its box's scores blame on the input.
    """

    pieces: tuple[int, ...]
    gains: Floats


def plan_grid(compiled: Compiled, degree: int, n: int, size: float, goal: float, seconds: float) -> Plan:
    """Pieces of each input, powers of two, x_1's at least `LANES`: the input whose halving gains most, again and again, until half
    of the boxes are below the goal or there are more boxes than can be bounded in these seconds.

    What halving gains falls, as a rule, when other inputs are halved: gains are measured anew only while the largest is an old one.
    """
    looking = LOOKING.get(degree, degree)
    dearer = len(monomials(n, degree).left) / len(monomials(n, looking).left)
    points = np.random.default_rng(0).uniform(-1, 1, (DRAWN, n))
    started, looked = time.monotonic(), 0

    def look(pieces: NDArray[np.int64]) -> Bounds:
        nonlocal looked
        looked += DRAWN
        return bound_boxes(compiled, looking, *_around(points, pieces, size))

    pieces = np.array([LANES, *[1] * (n - 1)])
    found, gains = look(pieces), np.full(n, np.inf)
    halved: dict[int, Bounds] = {}
    while True:
        spent = time.monotonic() - started
        done = np.median(found.upper) <= goal or spent / looked * dearer * 2 * math.prod(pieces.tolist()) > seconds - spent
        best = int(gains.argmax())
        if best in halved and not done:
            pieces[best] *= 2
            found, halved = halved[best], {}
        elif done and len(halved) == n:
            return Plan(tuple(pieces.tolist()), gains / _blame(found))
        else:
            if done:
                best = next(j for j in range(n) if j not in halved)
            halved[best] = look(pieces * (1 + (np.arange(n) == best)))
            gains[best] = max(
                _logarithms(found) - _logarithms(halved[best]), LEAST_GAIN * (FAVOUR if best == 0 else 1) / pieces[best]
            )


def _around(points: Floats, pieces: NDArray[np.int64], size: float) -> tuple[Floats, Floats]:
    """Centres and radii of the boxes of the grid that hold these points of [-1, 1]^n."""
    radii = np.tile(size / pieces, (len(points), 1))
    return (2 * np.floor((points + 1) / 2 * pieces) + 1) * radii - size, radii


def _logarithms(found: Bounds) -> float:
    """The mean logarithm of the bounds."""
    return float(np.log(np.clip(found.upper, TINY, HUGE)).mean())


def _blame(found: Bounds) -> Floats:
    """The mean share of looseness that is blamed on each input; 1 where nothing is known."""
    usable = np.isfinite(found.scores).all(axis=1) & (found.scores.sum(axis=1) > 0)
    if not usable.any():
        return np.ones(found.scores.shape[1])
    scores = found.scores[usable]
    return np.asarray((scores / scores.sum(axis=1, keepdims=True)).mean(axis=0) + LEAST_GAIN)


def trees(pieces: tuple[int, ...], size: float) -> Iterator[Tree]:
    """The boxes of the grid, with `LANES` cells of x_1 side by side and the choices of the last inputs in one tree."""
    centres = [(2 * np.arange(count) + 1) * (size / count) - size for count in pieces]
    first = len(pieces)
    while first > 1 and np.prod(pieces[first - 1 :]) <= SHARED:
        first -= 1
    for cells in centres[0].reshape(-1, LANES):
        for picks in product(*(range(count) for count in pieces[1:first])):
            ends = [cells[None], *(np.full((1, LANES), c[p]) for c, p in zip(centres[1:first], picks, strict=True))]
            ends += [np.tile(c[:, None], LANES) for c in centres[first:]]
            yield [(c, np.full_like(c, size / count)) for c, count in zip(ends, pieces, strict=True)]

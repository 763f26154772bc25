"""Adversarial input sequences: named families, and an attack that follows the signs of the gradient.

Families are heuristics for finding large errors; every error they report is an exact evaluation in balls, hence a lower
bound of the worst case. All inputs are rationals in [-M, M] (on a grid: grid points).
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from verifier.arithmetic.balls import Balls
from verifier.monotone import grow, walk_box
from verifier.program import Program
from verifier.sequences import Runs, compress, cut, expand, join

RANDOM_BITS = 40
"""Random reals are multiples of M·2^-40."""

GRADIENT_BITS = 128
"""Precision at which gradient signs are guessed; the run that follows is rigorous whatever they are."""

STAIRS = 64
"""Levels of a ramp."""

GRADIENT_STEPS = 64
"""Longest opening on which gradient signs are computed one by one; beyond it the last pair of signs repeats."""


@dataclass(frozen=True)
class Sequence:
    """A named input sequence: run-length coded, or made anew at each reading (random families, which may be long)."""

    family: str
    runs: Runs | None
    make: Callable[[], Iterator[Fraction]] | None = None

    def inputs(self) -> Iterator[Fraction]:
        """The inputs one by one."""
        if self.runs is not None:
            return expand(self.runs)
        if self.make is None:
            raise ValueError(f"the sequence {self.family} has no inputs")
        return self.make()

    def first(self, n: int) -> Runs:
        """The first n inputs, run-length coded."""
        return cut(self.runs, n) if self.runs is not None else compress(itertools.islice(self.inputs(), n))


def families(bound: Fraction, n: int, seed: int, bits: int | None = None) -> Iterator[Sequence]:
    """The named families for horizon n on [-bound, bound], or on the 2^bits points of the grid.

    Constant ±M; opposite to x_1 (both signs); alternating; impulse at the start, in the middle; one late spike; ramp up
    and down in 64 stairs; tiny and zero x_1 against ±M; random signs; random reals.
    """
    size, zero = bound, Fraction(0)
    snap = _snapper(bound, bits)
    tiny = snap(bound / 2**RANDOM_BITS)

    def named(family: str, *runs: tuple[Fraction, int]) -> Sequence:
        return Sequence(family, join((snap(value), count) for value, count in runs))

    yield named("constant +M", (size, n))
    yield named("constant -M", (-size, n))
    yield named("opposite to x_1 = +M", (size, 1), (-size, n - 1))
    yield named("opposite to x_1 = -M", (-size, 1), (size, n - 1))
    yield Sequence("alternating", None, lambda: (size if t % 2 == 0 else -size for t in range(n)))
    yield named("impulse at the start", (size, 1), (zero, n - 1))
    yield named("impulse in the middle", (zero, n // 2), (size, 1), (zero, n - n // 2 - 1))
    yield named("one late spike", (-size, 1), (zero, n - 2), (size, 1 if n > 1 else 0))
    stairs = min(n, STAIRS)
    ramp = [(-size + 2 * size * k / max(1, stairs - 1), n * (k + 1) // stairs - n * k // stairs) for k in range(stairs)]
    yield named("ramp up", *ramp)
    yield named("ramp down", *((-value, count) for value, count in ramp))
    yield named("tiny x_1, then -M", (tiny, 1), (-size, n - 1))
    yield named("x_1 = 0, then +M", (zero, 1), (size, n - 1))

    def signs() -> Iterator[Fraction]:
        generator = random.Random(seed)
        return (generator.choice((size, -size)) for _ in range(n))

    def reals() -> Iterator[Fraction]:
        generator, scale = random.Random(seed + 1), 2**RANDOM_BITS
        return (snap(size * generator.randint(-scale, scale) / scale) for _ in range(n))

    yield Sequence("random signs", None, signs)
    yield Sequence("random reals", None, reals)


def _snapper(bound: Fraction, bits: int | None) -> Callable[[Fraction], Fraction]:
    """The nearest grid point of a number; the number itself on the box."""
    if bits is None:
        return lambda value: value
    gaps = 2**bits - 1

    def snap(value: Fraction) -> Fraction:
        index = round((value + bound) / (2 * bound) * gaps)
        point: Fraction = -bound + 2 * bound * min(max(index, 0), gaps) / gaps
        return point

    return snap


def gradient_attack(program: Program, bound: Fraction, n: int) -> list[Sequence]:
    """Vertex sequences that follow the signs of ∂E_n/∂x_t, guessed at the point sequences x = (+M, 0, ...) and (-M, 0, ...).

    The signs of the first inputs come from a run of at most `GRADIENT_STEPS` steps; for longer horizons the sign of the
    middle is repeated. Both choices of x_1 are returned with both signs of the rest.
    """
    short = min(n, GRADIENT_STEPS)
    with Balls(GRADIENT_BITS).working():
        center = [(bound / 2, bound / 2)] + [(Fraction(0), Fraction(0))] * (short - 1)
        forest = grow(walk_box(program, center), [short])
        signs = [1 if sign is None or sign >= 0 else -1 for sign in forest.horizon_path(short)]
    found = []
    for flip in (1, -1):
        for first in (bound, -bound):
            rest = [flip * sign * bound for sign in signs[1:]]
            if n > short and rest:
                middle = rest[len(rest) // 2]
                runs = [*compress(rest[:-1]), (middle, n - short), (rest[-1], 1)]
            else:
                runs = list(compress(rest))
            found.append(Sequence("gradient signs", join([(first, 1), *runs])))
    return found

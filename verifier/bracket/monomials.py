"""Chebyshev monomials of bounded total degree and their truncated product, as flat tables.

A monomial is T_{e_1}(u_1) ... T_{e_n}(u_n) with Σ e_j <= D and |u_j| <= 1, so |monomial| <= 1. T_a T_b = (T_{a+b} + T_{|a-b|})/2
per variable: the product of two monomials is a convex combination of monomials, so a polynomial's l1 norm bounds it and is
submultiplicative. Monomials are ordered by their largest variable: those of the first t inputs are a prefix.

Long sequences have too many monomials of high degree. A network that remembers x_1 and forgets the rest has large coefficients
where the later inputs, all but x_1, are near each other: tables of degree 5 leave out those of high degree with later inputs far
apart (`spans_of`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Unsigned = NDArray[np.uint64]  # what compiled loops index with: no test whether an index counts from the end
Floats = NDArray[np.float64]


NARROW = {4: 12, 5: 5}
"""In tables of degree 5: how many steps apart the later inputs of a monomial of this degree may be. Measured on trained networks at
n = 20: with 5 and 3 a run takes half the time, but its bounds are worse than those of degree 4 without gaps."""


@dataclass(frozen=True)
class Monomials:
    """The monomials of total degree <= `degree` in `variables` variables, with later inputs at most `spans[degree]` steps apart.

    `exponents` [count, variables] and total `degrees` [count]; `prefix[t]` counts those in the first t variables; `linear[j]` is
    the index of T_1(u_j). The product table lists pairs i <= j with e = deg i + deg j <= degree and all later inputs of both at
    most spans[e] steps apart, by the monomial k they add to: the product a·b has the coefficient Σ shares[p] (a_i b_j + a_j b_i),
    i = left[p], j = right[p], over starts[k] <= p < ends[t, k] where only the first t variables occur. `members` [count, degree]
    lists the variables of each monomial, -1 where there are fewer; `multilinear` [count] says that none occurs twice. `longest` is
    the largest number of products that are added into one coefficient. Where spans leave monomials out, those of equal `kinds`
    [runs, 3], that is degree, first and last later input, stand from `runs[k]` to `runs[k + 1]`; otherwise there are no kinds.
    """

    variables: int
    degree: int
    exponents: Integers
    degrees: Integers
    prefix: Integers
    linear: Integers
    left: Unsigned
    right: Unsigned
    shares: Floats
    starts: Unsigned
    ends: Unsigned
    members: Integers
    multilinear: NDArray[np.bool_]
    longest: int
    spans: Integers
    runs: Integers
    kinds: Integers


def spans_of(variables: int, degree: int) -> tuple[int, ...]:
    """How many steps apart the later inputs of monomials of each degree may be; never more for a higher degree than for a lower."""
    return tuple(min(variables, NARROW.get(e, variables)) if degree > 4 else variables for e in range(degree + 1))


@cache
def monomials(variables: int, degree: int) -> Monomials:
    """The tables for this many variables and this total degree."""
    spans = spans_of(variables, degree)
    has_gaps = min(spans) < variables
    exponents = sorted(
        (e for e in _exponents(variables, degree) if _apart(e) <= spans[sum(e)]),
        key=lambda e: (_top(e), sum(e), _later(e)[0] if has_gaps else 0, e),
    )
    place = {exponent: index for index, exponent in enumerate(exponents)}
    degrees = [sum(exponent) for exponent in exponents]
    tops = [_top(exponent) for exponent in exponents]
    rows: list[tuple[int, int, int, int, float]] = []  # result, largest variable, i, j, share
    later = [_later(exponent) for exponent in exponents]
    of_degree = [[i for i, e in enumerate(degrees) if e == total] for total in range(degree + 1)]
    for i, a in enumerate(exponents):
        for total in range(degree + 1 - degrees[i]):
            span = spans[degrees[i] + total]
            for j in of_degree[total][bisect_left(of_degree[total], i) :]:
                if max(later[i][1], later[j][1]) - min(later[i][0], later[j][0]) <= span:
                    for share, result in _product(a, exponents[j]):
                        rows.append((place[result], max(tops[i], tops[j]), i, j, share / 2 if i == j else share))
    rows.sort()
    kinds = np.array([(e, *ends) for e, ends in zip(degrees, later, strict=True)], dtype=np.int64)
    changes = np.flatnonzero(np.r_[True, (kinds[1:] != kinds[:-1]).any(axis=1)])
    if not has_gaps:
        changes = changes[:0]
    pairs = np.array([row[:4] for row in rows], dtype=np.int64)
    starts = np.searchsorted(pairs[:, 0], np.arange(len(exponents)))
    within = [np.bincount(pairs[pairs[:, 1] <= t, 0], minlength=len(exponents)) for t in range(variables + 1)]
    members = np.full((len(exponents), degree), -1, dtype=np.int64)
    for index, exponent in enumerate(exponents):
        inside = [k for k, e in enumerate(exponent) if e]
        members[index, : len(inside)] = inside
    units = [tuple(int(k == j) for k in range(variables)) for j in range(variables)]
    return Monomials(
        variables=variables,
        degree=degree,
        exponents=np.array(exponents, dtype=np.int64).reshape(len(exponents), variables),
        degrees=np.array(degrees, dtype=np.int64),
        prefix=np.array([sum(top <= t for top in tops) for t in range(variables + 1)], dtype=np.int64),
        linear=np.array([place[unit] for unit in units], dtype=np.int64),
        left=pairs[:, 2].astype(np.uint64),
        right=pairs[:, 3].astype(np.uint64),
        shares=np.array([row[4] for row in rows]),
        starts=starts.astype(np.uint64),
        ends=(starts + np.array(within)).astype(np.uint64),
        members=members,
        multilinear=np.array([max(exponent, default=0) <= 1 for exponent in exponents]),
        longest=2 * int(within[-1].max()),
        spans=np.array(spans, dtype=np.int64),
        runs=np.r_[changes, len(exponents)].astype(np.int64),
        kinds=kinds[changes],
    )


def _exponents(variables: int, degree: int) -> Iterator[tuple[int, ...]]:
    if variables == 0:
        yield ()
        return
    for last in range(degree + 1):
        for rest in _exponents(variables - 1, degree - last):
            yield (*rest, last)


def _top(exponent: tuple[int, ...]) -> int:
    """The largest variable that occurs, counted from 1; 0 for the constant."""
    return max((k + 1 for k, e in enumerate(exponent) if e), default=0)


def _later(exponent: tuple[int, ...]) -> tuple[int, int]:
    """The first and the last input that occurs, x_1 aside; where there is none, a first beyond all and a last before all."""
    there = [k for k, e in enumerate(exponent) if e and k]
    return (there[0], there[-1]) if there else (len(exponent), 0)


def _apart(exponent: tuple[int, ...]) -> int:
    first, last = _later(exponent)
    return last - first


def _product(a: tuple[int, ...], b: tuple[int, ...]) -> Iterator[tuple[float, tuple[int, ...]]]:
    """The terms of a product of two monomials; equal ones are listed apart."""
    choices = [((1.0, x + y),) if not x or not y else ((0.5, x + y), (0.5, abs(x - y))) for x, y in zip(a, b, strict=True)]
    for picked in product(*choices):
        share = 1.0
        for factor, _ in picked:
            share *= factor
        yield share, tuple(e for _, e in picked)

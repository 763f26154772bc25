"""What a linear state A can remember of its first input, exactly: recall within the minimal degree, its price beyond.

y_n = Σ_{k<n} g_k x_{n-k} with the impulse response g_k = C A^k B, and over [-M, M]^n the recall error is

    e_n = M (|1 - g_{n-1}| + Σ_{k<n-1} |g_k|).

Let m be the degree of the minimal polynomial of A. For n <= m some B and C recall x_1 exactly: B with independent
B, AB, ..., A^(m-1)B exists, and C solves C A^k B = 0 for k < n - 1, C A^(n-1) B = 1. For n > m none does (T3). If moreover
ρ(A) <= 1, then for every B and C

    e_n >= M / C(m, ⌊m/2⌋)   for n > m (T3b)      and      e_n >= M   for n >= n*(m) (T3c),
    n*(m) <= min(2^m, N + 1) for the least N >= m with 2^(N-m+1) > (2^m C(N,m))^m.

Both proofs use the characteristic polynomial only through its roots and A's being a root of it, so m stands in for d.
Source: this project, theory T3, T3b, T3c; T3 is the rank bound on linear memory (Jaeger 2001), T3b and T3c are relatives of
Turán's power sums and of François, Orvieto & Bach 2025.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq, fmpq_mat

from verifier.arithmetic.rationals import to_flint, to_fraction
from verifier.impulse import impulse_response
from verifier.spectral import Spectrum


@dataclass(frozen=True)
class Readout:
    """An input column B and an output row C of a linear state, exact."""

    input: tuple[Fraction, ...]
    output: tuple[Fraction, ...]

    def response(self, matrix: fmpq_mat, length: int) -> list[Fraction]:
        """g_0 ... g_{length-1} of the state with this input and output."""
        size = matrix.nrows()
        column, row = (
            fmpq_mat(*shape, [to_flint(v) for v in values]) for shape, values in (((size, 1), self.input), ((1, size), self.output))
        )
        return impulse_response(matrix, column, row, length)


def central_binomial(degree: int) -> int:
    """C(m, ⌊m/2⌋), the largest binomial coefficient: the T3b price of recall beyond m is M over this."""
    return math.comb(degree, degree // 2)


def worthless_horizon(degree: int) -> int:
    """The n*(m) of T3c: with ρ(A) <= 1 every readout has error >= M at every n >= this.

    >>> [worthless_horizon(m) for m in (1, 2, 3, 4, 8, 10, 16, 32)]
    [2, 4, 8, 16, 256, 868, 2444, 11042]
    """
    doubling: int = 2**degree

    def wins(length: int) -> bool:
        return bool(2 ** (length - degree + 1) > (doubling * math.comb(length, degree)) ** degree)

    # the logarithm of the ratio is convex in N and at most 0 at N = m, so the condition stays true once it is
    low, high = degree, 2 * degree
    while not wins(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if wins(middle) else (middle, high)
    return min(doubling, high + 1)


def least_error(found: Spectrum, n: int) -> Fraction | None:
    """A lower bound of e_n / M over all B and C, where T3b or T3c gives one; None for n <= m and for ρ(A) > 1 or undecided."""
    degree = found.degree
    if n <= degree or found.side is None or found.side > 0:
        return None
    if n >= worthless_horizon(degree):
        return Fraction(1)
    return Fraction(1, central_binomial(degree))


def recalling_readout(matrix: fmpq_mat, degree: int, n: int) -> Readout | None:
    """B and C with which the state recalls x_1 exactly at n <= `degree` = m; None for n > m, where none do.

    A column B serves if (μ/f)(A) B ≠ 0 for each irreducible factor f of the minimal polynomial μ. On the curve
    B = (1, t, t², ..., t^(d-1)), which spans the space, each of these at most d vectors of polynomials has at most d - 1 zeros
    t, so one of t = 1, ..., d² + 1 serves; unit vectors are tried first. Whether one does is decided by exact elimination.
    """
    if n > degree:
        return None
    size = matrix.nrows()
    for candidate in _candidates(size):
        column = fmpq_mat(size, 1, candidate)
        powers = [column]
        for _ in range(degree - 1):
            powers.append(matrix * powers[-1])
        krylov = fmpq_mat(degree, size, [power[i, 0] for power in powers for i in range(size)])
        row = _solve_underdetermined(krylov, n - 1)
        if row is not None:
            return Readout(tuple(to_fraction(v) for v in candidate), tuple(to_fraction(v) for v in row))
    return None


def _candidates(size: int) -> Iterator[list[fmpq]]:
    for unit in range(size):
        yield [fmpq(int(i == unit)) for i in range(size)]
    for base in range(1, size * size + 2):
        yield [fmpq(base) ** i for i in range(size)]


def _solve_underdetermined(rows: fmpq_mat, place: int) -> list[fmpq] | None:
    """A c with rows·c = e_place, if the rows are independent."""
    count, size = rows.nrows(), rows.ncols()
    augmented = fmpq_mat(
        count,
        size + 1,
        [rows[i, k] if k < size else fmpq(int(i == place)) for i in range(count) for k in range(size + 1)],
    )
    reduced, rank = augmented.rref()
    solution = [fmpq(0)] * size
    for i in range(count):
        pivot = next((k for k in range(size) if reduced[i, k] != 0), None)
        if pivot is None:
            return None
        solution[pivot] = reduced[i, size]
    return solution if rank == count else None

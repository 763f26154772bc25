"""The linear programme behind T5, both sides exact: the least error over inputs ±1 of anything that commutes.

A cell with commuting linear transitions outputs, on inputs x_1 ... x_n in {1, -1},

    y_n = c(all inputs as a multiset) + Σ_t D(x_t; the multiset of x_{t+1} ... x_n),

with tables c and D that are the same for every n. The programme: choose the tables to make e = max |y_n - x_1| over all n <= N
least. *Dual*: a signed measure on words that every such y integrates to 0; then e >= |Σ μ x_1| / Σ |μ|. *Primal*: tables, with
e found over all words as longest and shortest lattice paths. Whoever checks need not know where measure or tables come from.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import comb

from constructions.paths import least_error

Word = tuple[int, ...]
"""Inputs ±1, x_1 first."""

Measure = Mapping[Word, Fraction]
"""Word -> its signed weight."""

Node = tuple[int, int]
"""How many later inputs are 1 and how many are -1."""


def contributions(word: Word) -> Iterator[tuple[int, Node]]:
    """(x_t, later inputs counted) for t = n ... 1: the entries of D that y_n is the sum of."""
    plus = minus = 0
    for sign in reversed(word):
        yield sign, (plus, minus)
        plus, minus = plus + (sign > 0), minus + (sign < 0)


def bound_of(measure: Measure) -> Fraction | None:
    """The lower bound |Σ μ x_1| / Σ |μ| on e, or None unless every commuting y integrates to 0 (checked exactly).

    That means: every entry of D, and every multiset as a whole (h_0 and c enter through it), has total weight 0.
    """
    tables: defaultdict[tuple[int, Node], Fraction] = defaultdict(Fraction)
    wholes: defaultdict[Node, Fraction] = defaultdict(Fraction)
    for word, weight in measure.items():
        if not word or set(word) - {1, -1}:
            return None
        wholes[sum(sign > 0 for sign in word), sum(sign < 0 for sign in word)] += weight
        for entry in contributions(word):
            tables[entry] += weight
    total = sum((abs(weight) for weight in measure.values()), Fraction(0))
    if not total or any(tables.values()) or any(wholes.values()):
        return None
    return abs(sum((weight * word[0] for word, weight in measure.items()), Fraction(0))) / total


def extremal_paths(i: int, j: int) -> tuple[Word, Word]:
    """The paths to (i, j) along the border as words: up then right, and right then up (paths start at the last input)."""
    return (1,) * i + (-1,) * j, (-1,) * j + (1,) * i


@cache
def dual(length: int) -> Measure:
    """The measure of T5's proof on words of at most `length` = N >= 1 inputs; closed form, integer weights.

    With S(i,j) = y(up, then right) - y(right, then up), the spread at (i,j):
    S(i,j) = S(i-1,j) + S(i,j-1) + y(a) - y(b), where a is right^(i-1) up^j and one more step right, b is up^(j-1) right^i and
    one more step up. Unrolled from (I,J), I + J = N-1, the pair (a, b) of (i,j) counts C(I-i+J-j, I-i) times, and S(I,J) is
    the difference of two words that both begin with x_1 = 1.
    """
    right = length // 2
    up = length - 1 - right
    measure: Counter[Word] = Counter()
    above, below = extremal_paths(right, up)
    measure[(1, *above)] += 1
    measure[(1, *below)] -= 1
    for i in range(1, right + 1):
        for j in range(1, up + 1):
            count = comb(right - i + up - j, right - i)
            measure[(1, *(-1,) * j, *(1,) * (i - 1))] -= count
            measure[(-1, *(1,) * i, *(-1,) * (j - 1))] += count
    return {word: Fraction(weight) for word, weight in measure.items()}


@dataclass(frozen=True)
class Tables:
    """D as two functions on the lattice: `plus`[i, j] for an input 1, `minus`[i, j] for -1, with i + j <= N - 1; c = `constant`."""

    plus: Mapping[Node, Fraction]
    minus: Mapping[Node, Fraction]
    constant: Fraction = Fraction(0)

    def output(self, word: Word) -> Fraction:
        """y_n on one word."""
        table = {1: self.plus, -1: self.minus}
        return self.constant + sum((table[sign][node] for sign, node in contributions(word)), Fraction(0))

    def error(self, length: int) -> Fraction:
        """max |y_n - x_1| over all words of at most `length` inputs, node by node."""
        highest: dict[Node, Fraction] = {(0, 0): self.constant}
        lowest = dict(highest)
        worst = Fraction(0)
        for size in range(length):
            ends: dict[Node, list[tuple[Fraction, Fraction]]] = {}
            for i in range(size + 1):
                node = (i, size - i)
                for sign, table, to in ((1, self.plus, (i + 1, size - i)), (-1, self.minus, (i, size - i + 1))):
                    low, high = lowest[node] + table[node], highest[node] + table[node]
                    worst = max(worst, abs(low - sign), abs(high - sign))
                    ends.setdefault(to, []).append((low, high))
            lowest = {node: min(low for low, _ in found) for node, found in ends.items()}
            highest = {node: max(high for _, high in found) for node, found in ends.items()}
        return worst


@cache
def primal(length: int) -> Tables:
    """Tables that attain the bound for `length` = N: each step right leaves the least path to it at exactly η = 1 - e.

    plus(i, j) = 2η C(i+j-1, i) (η at (0,0)), minus(i, j) = -plus(j, i), η = 1/C(N-1, ⌊(N-1)/2⌋).
    """
    eta = 1 - least_error(length)
    plus = {(i, m - i): 2 * eta * comb(m - 1, i) if m else eta for m in range(length) for i in range(m + 1)}
    return Tables(plus, {(j, i): -value for (i, j), value in plus.items()})

"""What a cell's transitions are, read off its own step with generic weights: linear in the state, commuting, non-expanding.

    s_t = T(x_t) s_{t-1} + b(x_t),    y_t = r(x_t) s_t + c(x_t)

T5 and T5b speak of cells whose T(x) commute. The step runs once on symbols for two units, every weight a symbol of its own;
what does not depend on the state after differentiating by it is linear in it. Nothing here knows a construction.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache

import sympy
from sympy import Expr, Matrix, Symbol

from verifier.arithmetic.symbols import Symbols
from verifier.cells import CELLS, Cell, Maps
from verifier.inequality import ALL, NONNEGATIVE, range_of

UNITS = 2
"""Units of the generic network: enough for one to read the other."""

INPUT = Symbol("x", real=True)
OTHER = Symbol("x'", real=True)


@dataclass(frozen=True)
class Transitions:
    """T(x) and b(x) of a cell whose step is linear in the state, the vector seen and its row r(x), the symbols of the weights."""

    cell: Cell
    matrix: Matrix
    offset: Matrix
    seen: Matrix
    row: Matrix
    weights: dict[Symbol, str]

    @property
    def commute(self) -> bool:
        """Whether T(x)T(x') = T(x')T(x) for all inputs and weights."""
        other = self.matrix.subs(INPUT, OTHER)
        return (self.matrix * other - other * self.matrix).applyfunc(sympy.expand).is_zero_matrix is True

    @property
    def readout_sees_the_input(self) -> bool:
        """Whether the row r(x) that multiplies the state depends on the last input."""
        return bool(self.row.has(INPUT))

    @property
    def are_polynomial(self) -> bool:
        """Whether T(x), b(x) and the readout are polynomials in x, and so every y_n in the inputs."""
        return all(entry.is_polynomial(INPUT) for entry in (*self.matrix, *self.offset, *self.seen))

    @property
    def never_expand(self) -> bool:
        """Whether all eigenvalues of every T(x) lie in the closed unit disc, for all weights the cell can have.

        T(x) must be diagonal with entries in [-1, 1] by their shape, or rotate and scale pairs of a declared `unit_disc`.
        """
        ranges = {symbol: NONNEGATIVE if name in self.cell.nonnegative else ALL for symbol, name in self.weights.items()}
        if self.matrix.is_diagonal():
            ends = [range_of(entry, {**ranges, INPUT: ALL}) for entry in self.matrix.diagonal()]
            return all(low >= -1 and high <= 1 for low, high in ends)
        return any(self.matrix == self._rotations(re, im) for re, im in self.cell.unit_disc)

    def _rotations(self, re: str, im: str) -> Matrix:
        """The matrix of (h, g) ↦ (re h - im g, im h + re g), unit by unit."""
        a, b = (sympy.diag(*(s for s, name in self.weights.items() if name == block)) for block in (re, im))
        return Matrix.vstack(Matrix.hstack(a, -b), Matrix.hstack(b, a))


@cache
def transitions(name: str) -> Transitions | None:
    """The transitions of a known cell, or None where the step or the readout is not linear in the state."""
    return transitions_of(CELLS[name])


def transitions_of(cell: Cell) -> Transitions | None:
    """`transitions` of any cell."""
    blocks, weights = {}, {}
    for block, shape in cell.block_shapes(UNITS).items():
        indices = itertools.product(*map(range, shape))
        blocks[block] = {index: Symbol(f"{block}{list(index)}", real=True) for index in indices}
        weights.update(dict.fromkeys(blocks[block].values(), block))
    maps = Maps(UNITS, blocks, _combine)
    old = {name: [Symbol(f"{name}{k}", real=True) for k in range(UNITS)] for name in cell.states}
    variables = [symbol for vector in old.values() for symbol in vector]
    new = cell.step(Symbols, maps, old, INPUT)
    state = Matrix([value for name in cell.states for value in new[name]])
    seen = Matrix(cell.read(Symbols, maps, old, INPUT))  # as a function of the state after the step
    matrix, row = state.jacobian(variables), seen.jacobian(variables)
    if any(matrix.has(symbol) or row.has(symbol) for symbol in variables):
        return None
    offset = state.subs(dict.fromkeys(variables, sympy.Integer(0)))
    return Transitions(cell, matrix.applyfunc(sympy.expand), offset, seen, row, weights)


def _combine(bias: Expr | int, terms: list[tuple[Expr, Expr]]) -> Expr:
    return sum((coefficient * value for coefficient, value in terms), sympy.sympify(bias))

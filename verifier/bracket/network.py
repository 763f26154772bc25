"""A recorded program as flat arrays for the kernels: operations unit by unit, values in as few slots as possible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from verifier.bracket import kernels
from verifier.bracket.kernels import AFFINE, LANES, LONGEST_SUM, MUL, RELU, SIGMOID, TANH, chebyshev_nodes, run_points
from verifier.bracket.monomials import Monomials, monomials
from verifier.parallel import cores
from verifier.program import Operation, Program

CODES = {"affine": AFFINE, "mul": MUL, "tanh": TANH, "sigmoid": SIGMOID, "relu": RELU}

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


LEAST_DENSE = 8
"""Sums of at least this many states and inputs are computed together, as one matrix product."""


class Unsupported(Exception):
    """The network is outside of what these kernels bound; the text says why."""


@dataclass(frozen=True)
class Compiled:
    """One step of a network for the kernels. Weights are the nearest floats: their rounding is part of every operation's.

    `read_at` is the operation that only the last step needs, the readout; -1 if a state is read out as it is. Old states and
    the input stand in the first `matrix.shape[1]` slots; the sums of the first operations are `matrix` times these slots, in the
    slots that follow.
    """

    codes: Integers
    outs: Integers
    starts: Integers
    arguments: Integers
    weights: Floats
    biases: Floats
    initial: Floats
    old: Integers
    new: Integers
    x_slot: int
    readout: int
    read_at: int
    slots: int
    matrix: Floats


def compile_program(program: Program) -> Compiled:
    """Order the operations so that each unit is finished before the next begins, and share slots; raises `Unsupported`."""
    for operation in program.operations:
        if operation.name not in (*CODES, "x", "state"):
            raise Unsupported(f"a {operation.name} operation")
        if len(operation.arguments) > LONGEST_SUM:
            raise Unsupported(f"a sum of {len(operation.arguments)} terms")
    fixed = {node: slot for slot, node in enumerate(program.old)}
    if program.x is not None:
        fixed[program.x] = len(fixed)
    order = [i for i in _unit_by_unit(program) if i not in fixed]
    dense = [i for i in order if _is_dense(program.operations[i], fixed)]
    order = [*dense, *(i for i in order if i not in set(dense))]
    kept = {*program.new, program.readout}
    last_use = {a: place for place, index in enumerate(order) for a in program.operations[index].arguments}
    free: list[int] = []
    slot, count = dict(fixed), len(fixed)
    for place, index in enumerate(order):
        if free:
            slot[index] = free.pop()
        else:
            slot[index] = count
            count += 1
        for a in set(program.operations[index].arguments):
            if last_use[a] == place and a not in kept and a not in fixed:
                free.append(slot[a])
    operations = [program.operations[index] for index in order]
    outs = [slot[index] for index in order]
    new = []
    for node in program.new:  # a new state that is an old one, or the input: a copy in a slot of its own
        if node in fixed:
            operations.append(Operation("affine", (node,), (Fraction(1),)))
            outs.append(count)
            count += 1
            new.append(outs[-1])
        else:
            new.append(slot[node])
    return Compiled(
        codes=np.array([CODES[o.name] for o in operations], dtype=np.int64),
        outs=np.array(outs, dtype=np.int64),
        starts=np.cumsum([0, *(len(o.arguments) for o in operations)]).astype(np.int64),
        arguments=np.array([slot[a] for o in operations for a in o.arguments], dtype=np.int64),
        weights=np.array([_float(c) for o in operations for c in _coefficients(o.coefficients, o.arguments)], dtype=np.float64),
        biases=np.array([_float(o.bias) for o in operations], dtype=np.float64),
        initial=np.array([_float(value) for value in program.initial], dtype=np.float64),
        old=np.array([slot[node] for node in program.old], dtype=np.int64),
        new=np.array(new, dtype=np.int64),
        x_slot=-1 if program.x is None else slot[program.x],
        readout=slot[program.readout],
        read_at=-1 if program.readout in (*program.new, *fixed) else order.index(program.readout),
        slots=count,
        matrix=_matrix([program.operations[i] for i in dense], fixed),
    )


def _is_dense(operation: Operation, fixed: Mapping[int, int]) -> bool:
    few = len(operation.arguments) < LEAST_DENSE
    return operation.name == "affine" and not few and all(a in fixed for a in operation.arguments)


def _matrix(operations: Sequence[Operation], fixed: Mapping[int, int]) -> Floats:
    """The weights of sums over old states and the input, [sums, slots of these]."""
    matrix = np.zeros((len(operations), len(fixed)))
    for row, operation in enumerate(operations):
        for coefficient, a in zip(operation.coefficients, operation.arguments, strict=True):
            matrix[row, fixed[a]] = _float(coefficient)
    return matrix


def _coefficients(coefficients: tuple[Fraction, ...], arguments: tuple[int, ...]) -> tuple[Fraction, ...]:
    return coefficients or (Fraction(0),) * len(arguments)


def _float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        raise Unsupported("a weight beyond the range of binary64") from None


def _unit_by_unit(program: Program) -> list[int]:
    """All nodes, arguments first, those of one new state together."""
    order: list[int] = []
    seen: set[int] = set()
    for root in (*program.new, program.readout):
        stack = [(root, False)]
        while stack:
            index, done = stack.pop()
            if done:
                order.append(index)
            elif index not in seen:
                seen.add(index)
                stack.append((index, True))
                stack.extend((a, False) for a in reversed(program.operations[index].arguments) if a not in seen)
    return order


@dataclass(frozen=True)
class Bounds:
    """Results for boxes: upper bounds of |y_n - x_1| [boxes], looseness by input and linear slopes of the error [boxes, n]."""

    upper: Floats
    scores: Floats
    slopes: Floats


def bound_boxes(compiled: Compiled, degree: int, centres: Floats, radii: Floats) -> Bounds:
    """Upper bounds over the boxes c_j + r_j [-1, 1]; centres and radii [boxes, n], taken as exact."""
    boxes, n = centres.shape
    table = monomials(n, degree)
    if table.longest > LONGEST_SUM:
        raise Unsupported(f"products of degree {degree} in {n} inputs add up {table.longest} terms")
    batches = -(-boxes // LANES)
    shaped = [_in_lanes(values, batches) for values in (centres, radii)]
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(min(batches, cores())) as pool:
        idle = [_Walker(compiled, table, degree) for _ in range(min(batches, cores()))]

        def walk(batch: int) -> tuple[Floats, Floats, Floats]:
            walker = idle.pop()
            try:
                return walker.walk(shaped[0][batch], shaped[1][batch])
            finally:
                idle.append(walker)

        upper, scores, slopes = (np.stack(parts) for parts in zip(*pool.map(walk, range(batches)), strict=True))
    upper[~np.isfinite(upper)] = np.inf
    flat = [values.transpose(0, 2, 1).reshape(-1, n)[:boxes] for values in (scores, slopes)]
    return Bounds(upper.reshape(-1)[:boxes], *flat)


class _Walker:
    """The network on one batch of boxes at a time, with arrays of its own."""

    def __init__(self, compiled: Compiled, table: Monomials, degree: int) -> None:
        self.compiled, self.table = compiled, table
        self.nodes, self.cosines = chebyshev_nodes(degree)
        slots, symbols = compiled.slots, table.variables * len(compiled.old)
        self.coefficients = np.zeros((slots, len(table.degrees), LANES))
        self.noise = np.zeros((slots, symbols, LANES))
        self.radius, self.spread = np.zeros((slots, LANES)), np.zeros((slots, LANES))
        self.norms = np.zeros((slots, degree + 1, LANES))
        self.work = np.zeros((3, len(table.degrees), LANES))
        self.corners = np.zeros((2 ** min(table.variables, kernels.CORNERS), LANES))
        self.blame = np.zeros((symbols, table.variables, LANES))

    def walk(self, centres: Floats, radii: Floats) -> tuple[Floats, Floats, Floats]:
        """Bounds [LANES], scores and slopes [n, LANES] of boxes with centres and radii [n, LANES]."""
        compiled, table = self.compiled, self.table
        values = self.coefficients, self.noise, self.radius, self.norms, self.spread
        n, states = table.variables, len(compiled.old)
        kernels.start(compiled.initial, compiled.old, *values)
        for t in range(1, n + 1):
            count, symbols = int(table.prefix[t]), (t - 1) * states
            if compiled.x_slot >= 0:
                kernels.load_input(
                    t, compiled.x_slot, symbols, centres, radii, table.degrees, table.prefix, table.linear, *values
                )  # fmt: skip
            self._multiply(self.coefficients, count)
            self._multiply(self.noise, symbols)
            kernels.step(
                compiled.codes, compiled.outs, compiled.starts, compiled.arguments, compiled.weights, compiled.biases,
                len(compiled.matrix), compiled.read_at if t < n else -1, count, table.terms[t], symbols,
                table.degrees, table.pairs, table.shares, *values, self.work, self.nodes, self.cosines,
            )  # fmt: skip
            if t < n:
                kernels.carry(
                    t, compiled.old, compiled.new, count, symbols, table.degrees, table.linear, *values, self.blame
                )  # fmt: skip
        bounds, scores, slopes = np.empty(LANES), np.empty((n, LANES)), np.empty((n, LANES))
        kernels.read(
            compiled.readout, (n - 1) * states, centres, radii, table.exponents, table.degrees, table.linear,
            table.members, table.multilinear, self.corners,
            self.coefficients, self.noise, self.radius, self.spread, self.blame, bounds, scores, slopes,
        )  # fmt: skip
        return bounds, scores, slopes

    def _multiply(self, values: Floats, count: int) -> None:
        """The dense sums of the first `count` rows of all slots."""
        sums, fixed = self.compiled.matrix.shape
        if sums and count:
            flat = values.reshape(len(values), -1)
            np.matmul(self.compiled.matrix, flat[:fixed, : count * LANES], out=flat[fixed : fixed + sums, : count * LANES])


def run_sequences(compiled: Compiled, sequences: Floats) -> Floats:
    """y_n of each sequence [sequences, n] in binary64, without error bounds."""
    outputs = np.empty(len(sequences))
    run_points(
        compiled.codes, compiled.outs, compiled.starts, compiled.arguments, compiled.weights, compiled.biases,
        compiled.initial, compiled.old, compiled.new, compiled.x_slot, compiled.readout, compiled.slots,
        np.ascontiguousarray(sequences), outputs,
    )  # fmt: skip
    return outputs


def _in_lanes(values: Floats, batches: int) -> Floats:
    """[boxes, n] as [batches, n, LANES], the last batch filled up with its last box."""
    boxes, n = values.shape
    filled = np.concatenate([values, np.repeat(values[-1:], batches * LANES - boxes, axis=0)])
    return np.ascontiguousarray(filled.reshape(batches, LANES, n).transpose(0, 2, 1))

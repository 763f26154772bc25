"""A recorded program as flat arrays for the kernels: operations unit by unit, values in as few slots as possible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from threading import Event

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
    the input stand in the first `fixed` slots, those that dense sums read before the others; the sums of the first operations are
    `matrix` times the first slots, in the slots after the fixed ones.
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
    fixed: int
    matrix: Floats


def compile_program(program: Program) -> Compiled:
    """Order the operations so that each unit is finished before the next begins, and share slots; raises `Unsupported`."""
    for operation in program.operations:
        if operation.name not in (*CODES, "x", "state"):
            raise Unsupported(f"a {operation.name} operation")
        if len(operation.arguments) > LONGEST_SUM:
            raise Unsupported(f"a sum of {len(operation.arguments)} terms")
    summed = {a for operation in program.operations if len(operation.arguments) >= LEAST_DENSE for a in operation.arguments}
    inputs = () if program.x is None else (program.x,)
    fixed = {node: slot for slot, node in enumerate(sorted((*program.old, *inputs), key=lambda node: node not in summed))}
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
        fixed=len(fixed),
        matrix=_matrix([program.operations[i] for i in dense], fixed),
    )


def _is_dense(operation: Operation, fixed: Mapping[int, int]) -> bool:
    few = len(operation.arguments) < LEAST_DENSE
    return operation.name == "affine" and not few and all(a in fixed for a in operation.arguments)


def _matrix(operations: Sequence[Operation], fixed: Mapping[int, int]) -> Floats:
    """The weights of sums over old states and the input, [sums, slots of these up to the last that is used]."""
    used = {fixed[a] for operation in operations for a in operation.arguments}
    matrix = np.zeros((len(operations), max(used, default=-1) + 1))
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


Tree = Sequence[tuple[Floats, Floats]]
"""Boxes that agree in their first inputs: for each input the pieces it is divided into, centres and radii [pieces, LANES]."""


@dataclass(frozen=True)
class Bounds:
    """Results for boxes: upper bounds of |y_n - x_1| [boxes], looseness by input and linear slopes of the error [boxes, n]."""

    upper: Floats
    scores: Floats
    slopes: Floats


def joined(parts: Sequence[Bounds]) -> Bounds:
    """The results of all parts, one after the other."""
    return Bounds(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("upper", "scores", "slopes")))


def bound_boxes(compiled: Compiled, degree: int, centres: Floats, radii: Floats) -> Bounds:
    """Upper bounds over the boxes c_j + r_j [-1, 1]; centres and radii [boxes, n], taken as exact."""
    boxes = len(centres)
    batches = -(-boxes // LANES)
    shaped = [_in_lanes(values, batches) for values in (centres, radii)]
    trees = [
        tuple((c[None], r[None]) for c, r in zip(*(values[batch] for values in shaped), strict=True)) for batch in range(batches)
    ]
    found = bound_trees(compiled, degree, trees)
    return Bounds(found.upper[:boxes], found.scores[:boxes], found.slopes[:boxes])


def bound_trees(compiled: Compiled, degree: int, trees: Sequence[Tree]) -> Bounds:
    """Upper bounds over all boxes of the trees, in the order of `boxes_of`."""
    n = len(trees[0])
    table = monomials(n, degree)
    if table.longest > LONGEST_SUM:
        raise Unsupported(f"products of degree {degree} in {n} inputs add up {table.longest} terms")
    workers = min(len(trees), cores())
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(workers) as pool:
        stopped = Event()
        idle = [_Walker(compiled, table, degree, stopped) for _ in range(workers)]

        def walk(tree: Tree) -> list[Bounds]:
            walker = idle.pop()
            try:
                return walker.walk(tree)
            finally:
                idle.append(walker)

        try:
            found = joined([part for parts in pool.map(walk, trees) for part in parts])
        except BaseException:  # Ctrl-C above all: walkers stop before their next step, and the pool does not wait for whole trees
            stopped.set()
            raise
    found.upper[~np.isfinite(found.upper)] = np.inf
    return found


def boxes_of(tree: Tree) -> tuple[Floats, Floats]:
    """Centres and radii [boxes, n]: all choices of a piece per input, the last input's changing first, LANES boxes each."""
    picks = list(product(*(range(len(centres)) for centres, _ in tree)))
    shaped = (np.array([[part[k][p] for part, p in zip(tree, pick, strict=True)] for pick in picks]) for k in (0, 1))
    centres, radii = (np.ascontiguousarray(values.transpose(0, 2, 1)).reshape(-1, len(tree)) for values in shaped)
    return centres, radii


class _Walker:
    """The network on one tree of boxes at a time, with arrays of its own."""

    def __init__(self, compiled: Compiled, table: Monomials, degree: int, stopped: Event) -> None:
        self.compiled, self.table, self.stopped = compiled, table, stopped
        self.nodes, self.cosines = chebyshev_nodes(min(degree, kernels.FIT))
        slots, symbols = compiled.slots, table.variables * len(compiled.old)
        self.coefficients = np.zeros((slots, len(table.degrees), LANES))
        self.noise = np.zeros((slots, symbols, LANES))
        self.radius, self.spread = np.zeros((slots, LANES)), np.zeros((slots, LANES))
        self.norms = np.zeros((slots, degree + 1, LANES))
        self.work = np.zeros((3, len(table.degrees), LANES))
        self.corners = np.zeros((2 ** min(table.variables, kernels.CORNERS), LANES))
        self.blame = np.zeros((symbols, table.variables, LANES))
        self.centres, self.radii = (np.zeros((table.variables, LANES)) for _ in range(2))

    def walk(self, tree: Tree) -> list[Bounds]:
        """The bounds of LANES boxes for each choice of a piece per input; common first steps are done once."""
        kernels.start(self.compiled.initial, self.compiled.old, *self._values())
        return list(self._from(1, tree))

    def _from(self, t: int, tree: Tree) -> Iterator[Bounds]:
        """Steps t to n from the states that stand in the old slots."""
        if self.stopped.is_set():
            return
        centres, radii = tree[t - 1]
        kept = self._states(t) if len(centres) > 1 else None
        for piece in range(len(centres)):
            if piece and kept is not None:
                self._put_back(t, kept)
            self.centres[t - 1], self.radii[t - 1] = centres[piece], radii[piece]
            self._step(t, last=t == len(tree))
            if t < len(tree):
                yield from self._from(t + 1, tree)
            else:
                yield self._read()

    def _values(self) -> tuple[Floats, ...]:
        return self.coefficients, self.noise, self.radius, self.norms, self.spread

    def _states(self, t: int) -> tuple[Floats, ...]:
        """Copies of the old states before step t; their radii are 0 after the first."""
        old, count, symbols = self.compiled.old, int(self.table.prefix[t - 1]), (t - 1) * len(self.compiled.old)
        coefficients, noise, *rest = self._values()
        return coefficients[old, :count], noise[old, :symbols], *(values[old] for values in rest)

    def _put_back(self, t: int, kept: tuple[Floats, ...]) -> None:
        old = self.compiled.old
        coefficients, noise, *rest = self._values()
        coefficients[old, : kept[0].shape[1]] = kept[0]
        noise[old, : kept[1].shape[1]] = kept[1]
        for values, copy in zip(rest, kept[2:], strict=True):
            values[old] = copy

    def _step(self, t: int, last: bool) -> None:
        """Step t with the input box in place; its new states become the old ones unless it is the last."""
        compiled, table, values = self.compiled, self.table, self._values()
        count, symbols = int(table.prefix[t]), (t - 1) * len(compiled.old)
        if compiled.x_slot >= 0:
            kernels.load_input(
                t, compiled.x_slot, symbols, self.centres, self.radii, table.degrees, table.prefix, table.linear, *values
            )  # fmt: skip
        for slot in compiled.old:  # rows that only later inputs have reached before
            self.coefficients[slot, table.prefix[t - 1] : count] = 0.0
        self._multiply(self.coefficients, count)
        self._multiply(self.noise, symbols)
        kernels.step(
            compiled.codes, compiled.outs, compiled.starts, compiled.arguments, compiled.weights, compiled.biases,
            len(compiled.matrix), -1 if last else compiled.read_at, count, symbols, table.degrees,
            table.ends[t, :count], table.starts, table.left, table.right, table.shares, table.spans, table.runs, table.kinds,
            *values, self.work, self.nodes, self.cosines,
        )  # fmt: skip
        if not last:
            kernels.carry(t, compiled.old, compiled.new, count, symbols, table.degrees, table.linear, *values, self.blame)

    def _read(self) -> Bounds:
        compiled, table, n = self.compiled, self.table, self.table.variables
        bounds, scores, slopes = np.empty(LANES), np.empty((n, LANES)), np.empty((n, LANES))
        kernels.read(
            compiled.readout, (n - 1) * len(compiled.old), self.centres, self.radii, table.exponents, table.degrees, table.linear,
            table.members, table.multilinear, self.corners,
            self.coefficients, self.noise, self.radius, self.spread, self.blame, bounds, scores, slopes,
        )  # fmt: skip
        return Bounds(bounds, scores.T, slopes.T)

    def _multiply(self, values: Floats, count: int) -> None:
        """The dense sums of the first `count` rows of all slots."""
        (sums, read), fixed = self.compiled.matrix.shape, self.compiled.fixed
        if sums and count:
            flat = values.reshape(len(values), -1)
            np.matmul(self.compiled.matrix, flat[:read, : count * LANES], out=flat[fixed : fixed + sums, : count * LANES])


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

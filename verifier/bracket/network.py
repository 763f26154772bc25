"""A recorded program as flat arrays for the kernels: operations unit by unit, values in as few slots as possible."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from verifier.bracket.kernels import AFFINE, LANES, LONGEST_SUM, MUL, RELU, SIGMOID, TANH, chebyshev_nodes, run_points, walk_all
from verifier.bracket.monomials import monomials
from verifier.program import Operation, Program

CODES = {"affine": AFFINE, "mul": MUL, "tanh": TANH, "sigmoid": SIGMOID, "relu": RELU}

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Unsupported(Exception):
    """The network is outside of what these kernels bound; the text says why."""


@dataclass(frozen=True)
class Compiled:
    """One step of a network for the kernels. Weights are the nearest floats: their rounding is part of every operation's.

    `read_at` is the operation that only the last step needs, the readout; -1 if a state is read out as it is.
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
    )


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
    nodes, cosines = chebyshev_nodes(degree)
    batches = -(-boxes // LANES)
    shaped = [_in_lanes(values, batches) for values in (centres, radii)]
    upper, scores, slopes = np.empty((batches, LANES)), np.empty((batches, n, LANES)), np.empty((batches, n, LANES))
    walk_all(
        compiled.codes, compiled.outs, compiled.starts, compiled.arguments, compiled.weights, compiled.biases,
        compiled.initial, compiled.old, compiled.new, compiled.x_slot, compiled.readout, compiled.read_at, compiled.slots,
        *shaped, table.exponents, table.degrees, table.prefix, table.linear, table.pairs, table.shares, table.terms, nodes, cosines,
        upper, scores, slopes,
    )  # fmt: skip
    upper[~np.isfinite(upper)] = np.inf
    flat = [values.transpose(0, 2, 1).reshape(-1, n)[:boxes] for values in (scores, slopes)]
    return Bounds(upper.reshape(-1)[:boxes], *flat)


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

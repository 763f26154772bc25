"""A network as a straight-line program, recorded from the cell equations and specialised to the weights.

`record(weights)` runs the cell's step once over a recording arithmetic. What comes back is one list of operations

    x        the input                     mul      product of two nodes
    state    a state variable (one real)   sigmoid, tanh, relu, softplus, exp
    affine   bias + Σ coefficient·node     (rational coefficients)

in which units that the readout can never see are gone and equal operations occur once. Each node is classified by what
it depends on, found by following the recurrence:

    CONSTANT      on nothing: one value for ever, e.g. a saturated gate
    AUTONOMOUS    on states that no input ever reaches: one trajectory for all input sequences, e.g. a "started" flag
    INPUT         on the current input alone
    DRIVEN        on states that inputs reach

Evaluation engines work on programs and so on any weights of any cell; none asks which construction made them.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from typing import Any, NamedTuple

from verifier.cells import CELLS, Cell, Maps
from verifier.weights import Weights


class Kind(IntEnum):
    """What a node depends on."""

    CONSTANT = 0
    AUTONOMOUS = 1
    INPUT = 2
    DRIVEN = 3


class Operation(NamedTuple):
    """One node: an operation, the nodes it reads, and for `affine` the rational bias and coefficients."""

    name: str
    arguments: tuple[int, ...] = ()
    coefficients: tuple[Fraction, ...] = ()
    bias: Fraction = Fraction(0)
    label: str = ""


class Node:
    """A value of the recording arithmetic: an index into the recorder's list."""

    __slots__ = ("index", "recorder")

    def __init__(self, recorder: Recorder, index: int) -> None:
        self.recorder = recorder
        self.index = index

    def __add__(self, other: Any) -> Node:
        return self.recorder.affine_of(Fraction(0), ((Fraction(1), self), (Fraction(1), self.recorder.lift(other))))

    __radd__ = __add__

    def __sub__(self, other: Any) -> Node:
        return self.recorder.affine_of(Fraction(0), ((Fraction(1), self), (Fraction(-1), self.recorder.lift(other))))

    def __rsub__(self, other: Any) -> Node:
        return self.recorder.lift(other) - self

    def __neg__(self) -> Node:
        return self.recorder.affine_of(Fraction(0), ((Fraction(-1), self),))

    def __mul__(self, other: Any) -> Node:
        return self.recorder.product(self, self.recorder.lift(other))

    __rmul__ = __mul__


class Recorder:
    """The recording arithmetic: folds exact constants, flattens sums, shares equal nodes."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self._known: dict[Operation, int] = {}

    def add(self, operation: Operation) -> Node:
        """Return the node of an operation, the old one if it was recorded before."""
        index = self._known.get(operation)
        if index is None:
            index = len(self.operations)
            self.operations.append(operation)
            self._known[operation] = index
        return Node(self, index)

    def lift(self, value: Any) -> Node:
        """A node as it is; an exact number as a constant node."""
        return value if isinstance(value, Node) else self.constant(Fraction(value))

    def constant(self, value: Fraction) -> Node:
        """The node of an exact constant."""
        return self.add(Operation("affine", bias=value))

    exact = constant

    def exact_value(self, node: Node) -> Fraction | None:
        """The rational a node is known to be, or None."""
        operation = self.operations[node.index]
        return operation.bias if operation.name == "affine" and not operation.arguments else None

    def affine_of(self, bias: Fraction, terms: Sequence[tuple[Fraction, Node]]) -> Node:
        """bias + Σ coefficient·node with sums of sums flattened."""
        total = bias
        collected: dict[int, Fraction] = {}
        for coefficient, node in terms:
            operation = self.operations[node.index]
            if operation.name == "affine":
                total += coefficient * operation.bias
                for inner, index in zip(operation.coefficients, operation.arguments, strict=True):
                    collected[index] = collected.get(index, Fraction(0)) + coefficient * inner
            else:
                collected[node.index] = collected.get(node.index, Fraction(0)) + coefficient
        kept = sorted((index, c) for index, c in collected.items() if c)
        if len(kept) == 1 and not total and kept[0][1] == 1:
            return Node(self, kept[0][0])
        return self.add(Operation("affine", tuple(i for i, _ in kept), tuple(c for _, c in kept), total))

    def product(self, a: Node, b: Node) -> Node:
        """a·b; an exact factor becomes a coefficient."""
        for left, right in ((a, b), (b, a)):
            value = self.exact_value(left)
            if value is not None:
                return self.affine_of(Fraction(0), ((value, right),))
        return self.add(Operation("mul", (min(a.index, b.index), max(a.index, b.index))))

    def sigmoid(self, value: Node) -> Node:
        """σ; σ(0) = 1/2 exactly."""
        return self.constant(Fraction(1, 2)) if self.exact_value(value) == 0 else self._apply("sigmoid", value)

    def tanh(self, value: Node) -> Node:
        """tanh; tanh(0) = 0 exactly."""
        return self.constant(Fraction(0)) if self.exact_value(value) == 0 else self._apply("tanh", value)

    def relu(self, value: Node) -> Node:
        """relu, exact on exact constants."""
        number = self.exact_value(value)
        return self._apply("relu", value) if number is None else self.constant(max(number, Fraction(0)))

    def softplus(self, value: Node) -> Node:
        """ln(1 + e^v)."""
        return self._apply("softplus", value)

    def exp(self, value: Node) -> Node:
        """exp; exp(0) = 1 exactly."""
        return self.constant(Fraction(1)) if self.exact_value(value) == 0 else self._apply("exp", value)

    def _apply(self, name: str, value: Node) -> Node:
        return self.add(Operation(name, (value.index,)))


@dataclass(frozen=True)
class Program:
    """One step of a network, pruned to what the readout can see.

    `operations` in an order where arguments come first; `kinds` and `labels` per node. `states` are the live state
    variables as (vector, unit); `old[k]` and `new[k]` their nodes before and after the step, `initial[k]` the exact
    start. `x` is the input node (None if no live node reads it) and `readout` the node of y = V h + v0.
    """

    operations: tuple[Operation, ...]
    kinds: tuple[Kind, ...]
    states: tuple[tuple[str, int], ...]
    old: tuple[int, ...]
    new: tuple[int, ...]
    initial: tuple[Fraction, ...]
    x: int | None
    readout: int
    state_kinds: tuple[Kind, ...]

    def driven(self) -> tuple[int, ...]:
        """Positions (in `states`) of the state variables that inputs reach."""
        return tuple(k for k, kind in enumerate(self.state_kinds) if kind is Kind.DRIVEN)

    def autonomous(self) -> tuple[int, ...]:
        """Positions (in `states`) of the live state variables that no input reaches."""
        return tuple(k for k, kind in enumerate(self.state_kinds) if kind is not Kind.DRIVEN)

    def needed_for(self, roots: Sequence[int]) -> list[int]:
        """The nodes on which `roots` depend within one step, arguments first."""
        needed: set[int] = set()
        stack = list(roots)
        while stack:
            index = stack.pop()
            if index not in needed:
                needed.add(index)
                stack.extend(self.operations[index].arguments)
        return sorted(needed)


def record(weights: Weights) -> Program:
    """Record one step of the network, prune it to the live part and classify its nodes."""
    blocks = {name: dict(array.entries) for name, array in weights.blocks().items()}
    return record_cell(CELLS[weights.cell], weights.hidden, blocks)


def record_cell(
    cell: Cell, hidden: int, blocks: Mapping[str, Mapping[tuple[int, ...], Fraction]], recorder: Recorder | None = None
) -> Program:
    """`record` of any cell, known to the verifier or not, with these weights; absent entries are 0.

    `recorder` is left with every operation of the step, live or not.
    """
    tape = Recorder() if recorder is None else recorder
    x = tape.add(Operation("x"))
    old: dict[str, list[Node]] = {
        name: [tape.add(Operation("state", label=f"{name}[{k}]")) for k in range(hidden)] for name in cell.states
    }
    maps = Maps(hidden, blocks, lambda bias, terms: tape.affine_of(Fraction(bias), terms))
    new = cell.step(tape, maps, old, x)
    seen = cell.read(tape, maps, new, x)
    read = [(value, tape.lift(seen[index[0]])) for index, value in blocks.get("V", {}).items()]
    readout = tape.affine_of(blocks.get("v0", {}).get((), Fraction(0)), read)
    variables = [(name, unit) for name in cell.states for unit in range(hidden)]
    return _prune(
        tape.operations,
        readout.index,
        {v: old[v[0]][v[1]].index for v in variables},
        {v: new[v[0]][v[1]].index for v in variables},
        {(name, unit): blocks.get(f"{name}_0", {}).get((unit,), Fraction(0)) for name, unit in variables},
        x.index,
    )


def full_blocks(cell: Cell, hidden: int, value: Fraction) -> dict[str, dict[tuple[int, ...], Fraction]]:
    """Blocks of `hidden` units in which every weight is `value`, the initial state too."""
    shapes = cell.block_shapes(hidden)
    return {name: dict.fromkeys(itertools.product(*map(range, shape)), value) for name, shape in shapes.items()}


def _prune(
    operations: list[Operation],
    readout: int,
    old: dict[tuple[str, int], int],
    new: dict[tuple[str, int], int],
    initial: dict[tuple[str, int], Fraction],
    x: int,
) -> Program:
    owner = {index: variable for variable, index in old.items()}
    live: list[tuple[str, int]] = []
    seen: set[int] = set()
    stack = [readout]
    while stack:  # the least set of nodes closed under "read by" within a step and "carried by" between steps
        index = stack.pop()
        if index in seen:
            continue
        seen.add(index)
        stack.extend(operations[index].arguments)
        if index in owner:
            variable = owner[index]
            live.append(variable)
            stack.append(new[variable])
    live.sort(key=lambda v: old[v])
    order = sorted(seen)
    place = {index: position for position, index in enumerate(order)}
    kept = tuple(operations[i]._replace(arguments=tuple(place[a] for a in operations[i].arguments)) for i in order)

    driven: set[tuple[str, int]] = set()
    while True:
        kinds = _classify(kept, {place[old[v]] for v in driven})
        grown = {v for v in live if kinds[place[new[v]]] in (Kind.INPUT, Kind.DRIVEN)}
        if grown == driven:
            break
        driven = grown
    return Program(
        operations=kept,
        kinds=tuple(kinds),
        states=tuple(live),
        old=tuple(place[old[v]] for v in live),
        new=tuple(place[new[v]] for v in live),
        initial=tuple(initial[v] for v in live),
        x=place.get(x),
        readout=place[readout],
        state_kinds=tuple(Kind.DRIVEN if v in driven else Kind.AUTONOMOUS for v in live),
    )


def _classify(operations: Sequence[Operation], driven_nodes: set[int]) -> list[Kind]:
    kinds: list[Kind] = []
    for index, operation in enumerate(operations):
        if operation.name == "x":
            kind = Kind.INPUT
        elif operation.name == "state":
            kind = Kind.DRIVEN if index in driven_nodes else Kind.AUTONOMOUS
        else:
            below = {kinds[a] for a in operation.arguments}
            kind = max(below, default=Kind.CONSTANT)
            if Kind.INPUT in below and Kind.AUTONOMOUS in below:
                kind = Kind.DRIVEN  # depends on the input and on the step: evaluated anew each time
        kinds.append(kind)
    return kinds

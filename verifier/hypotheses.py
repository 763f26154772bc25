"""What the impossibility theorems ask of a cell, read off its recorded step: continuous, analytic, linear, bounded.

A recorded step is straight-line (it cannot branch on a value), so what holds of every operation holds of the step. The
range of a state is found by induction on the steps: a box that contains the initial state and that one step maps into
itself, whatever the inputs are. A state that no such box was found for is unbounded here; that is not a proof that it is.

Nothing here knows a construction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from verifier.cells import Cell
from verifier.program import Operation, Program, Recorder, full_blocks, record_cell
from verifier.ranges import ALL, INFINITY, SYMMETRIC_UNIT, UNIT, Range, add_ranges, hull, multiply_ranges

LINEAR = frozenset({"x", "state", "affine"})
"""Operations that are affine functions of their arguments."""

ANALYTIC = LINEAR | {"mul", "sigmoid", "tanh", "softplus", "exp"}
"""Operations that are real-analytic on all of ℝ."""

HOMOGENEOUS = LINEAR | {"relu"}
"""Operations that without their constants are positively homogeneous."""

CONTINUOUS = ANALYTIC | {"relu"}
"""Operations that are continuous functions of their arguments."""

ROUNDS = 4
"""Steps after which a state whose range still grows is taken as unbounded."""

GENERIC_WEIGHT = Fraction(1, 3)
"""Every weight of a recording that must not miss an operation: no product folds away."""


def operations_of(cell: Cell, recorder: Recorder | None = None) -> frozenset[str]:
    """The names of all operations of the cell's step, recorded with every weight nonzero."""
    tape = Recorder() if recorder is None else recorder
    record_cell(cell, 1, full_blocks(cell, 1, GENERIC_WEIGHT), tape)
    return frozenset(operation.name for operation in tape.operations)


def is_continuous(cell: Cell, recorder: Recorder | None = None) -> bool:
    """Whether every operation of the cell's step is continuous in states and input."""
    return operations_of(cell, recorder) <= CONTINUOUS


def is_analytic(cell: Cell) -> bool:
    """Whether every operation of the cell's step is real-analytic on all of ℝ."""
    return operations_of(cell) <= ANALYTIC


def is_linear(cell: Cell) -> bool:
    """Whether the cell's step is one affine map of state and input, the same at every step."""
    return operations_of(cell) <= LINEAR


def is_homogeneous(cell: Cell) -> bool:
    """Whether the step without its constants satisfies Φ(λs, λx) = λΦ(s, x) for λ >= 0: sums and relu alone."""
    return operations_of(cell) <= HOMOGENEOUS


def is_rectified_layer(cell: Cell) -> bool:
    """Whether the cell has one state vector and each new entry is relu of an affine function of old state and input."""
    program = record_cell(cell, 2, full_blocks(cell, 2, GENERIC_WEIGHT))
    new = [program.operations[node] for node in program.new]
    inner = [program.operations[a] for operation in new for a in operation.arguments]
    sums = all(operation.name == "affine" for operation in inner)
    plain = all(program.operations[a].name in ("x", "state") for operation in inner for a in operation.arguments)
    return len(cell.states) == 1 and all(operation.name == "relu" for operation in new) and sums and plain


def bound_readout(cell: Cell) -> Fraction | None:
    """H with |h_t| <= H for all inputs, all weights and h_0 = 0, where h is the state that the readout sees; None if unbounded.

    The ranges of σ and tanh do not depend on their arguments, so one recording speaks for all weights.
    """
    blocks = full_blocks(cell, 1, GENERIC_WEIGHT)
    for name in cell.states:
        del blocks[f"{name}_0"]
    blocks["V"], blocks["v0"] = {(0,): Fraction(1)}, {}
    return largest_output(record_cell(cell, 1, blocks))


def largest_output(program: Program) -> Fraction | None:
    """Y with |y_n| <= Y for every n >= 1 and every input sequence in ℝ^n; None where no bounded range was found."""
    low, high = range_of_readout(program)
    return max(-low, high) if isinstance(low, Fraction) and isinstance(high, Fraction) else None


def range_of_readout(program: Program) -> Range:
    """A range that contains y_n for every n >= 1 and every input sequence in ℝ^n; infinite where none was found.

    Induction: the states' ranges contain s_0 and are mapped into themselves by one step with any input. Looked for from s_0
    outward, then from [-1, 1] outward, which gates of a fixed value (h' = h/2 + n/2) need.
    """
    found = _invariant_range(program, [(value, value) for value in program.initial])
    if ALL[0] < found[0] and found[1] < ALL[1]:
        return found
    wider = _invariant_range(program, [hull((value, value), SYMMETRIC_UNIT) for value in program.initial])
    return max(found[0], wider[0]), min(found[1], wider[1])


def _invariant_range(program: Program, states: list[Range]) -> Range:
    """The readout's range from a box of states that is grown until one step maps it into itself."""
    for round_ in range(ROUNDS + 2 * len(states) + 1):
        values = _step(program, states)
        grown = [hull(old, values[node]) for old, node in zip(states, program.new, strict=True)]
        if grown == states:
            return values[program.readout]
        states = grown if round_ < ROUNDS else [_widened(old, now) for old, now in zip(states, grown, strict=True)]
    return ALL


def _widened(old: Range, now: Range) -> Range:
    """Ends that still move go to infinity."""
    return -INFINITY if now[0] < old[0] else old[0], INFINITY if now[1] > old[1] else old[1]


def _step(program: Program, states: list[Range]) -> list[Range]:
    """The ranges of all nodes, from those of the states before the step."""
    before = dict(zip(program.old, states, strict=True))
    values: list[Range] = []
    for index, operation in enumerate(program.operations):
        inner = [values[a] for a in operation.arguments]
        if operation.name == "state":
            found = before[index]
        elif operation.name == "affine":
            found = _affine(program, operation, values)
        elif operation.name == "mul":
            found = multiply_ranges(*inner)
        elif operation.name in RANGES:
            found = RANGES[operation.name]
        elif operation.name == "relu":
            found = max(inner[0][0], Fraction(0)), max(inner[0][1], Fraction(0))
        else:
            found = ALL
        values.append(found)
    return values


RANGES = {"sigmoid": UNIT, "tanh": SYMMETRIC_UNIT}
"""Images of all of ℝ."""


def _affine(program: Program, operation: Operation, values: list[Range]) -> Range:
    """bias + Σ coefficient·node, where w·a + (1-w)·b with 0 <= w <= 1 counts as one value between a and b."""
    total: Range = (operation.bias, operation.bias)
    terms = dict(zip(operation.arguments, operation.coefficients, strict=True))
    for mixture in _mixtures(program, terms, values):
        coefficient = terms.pop(mixture.first)
        del terms[mixture.second]
        total = add_ranges(total, multiply_ranges((coefficient, coefficient), hull(values[mixture.a], values[mixture.b])))
    for node, coefficient in terms.items():
        total = add_ranges(total, multiply_ranges((coefficient, coefficient), values[node]))
    return total


@dataclass(frozen=True)
class _Mixture:
    """The products w·a and (1-w)·b at the nodes `first` and `second`."""

    first: int
    second: int
    a: int
    b: int


def _mixtures(program: Program, terms: dict[int, Fraction], values: list[Range]) -> Iterator[_Mixture]:
    """Disjoint pairs of products w·a, (1-w)·b with equal coefficients and w in [0, 1]."""
    products = [node for node in terms if program.operations[node].name == "mul"]
    used: set[int] = set()
    for k, first in enumerate(products):
        for second in products[k + 1 :]:
            if first in used or second in used or terms[first] != terms[second]:
                continue
            found = _mixture(program, first, second, values)
            if found is not None:
                used |= {first, second}
                yield found


def _mixture(program: Program, first: int, second: int, values: list[Range]) -> _Mixture | None:
    for one, other in ((first, second), (second, first)):
        for weight, a in _both_ways(program.operations[one].arguments):
            low, high = values[weight]
            if not (low >= 0 and high <= 1):
                continue
            for rest, b in _both_ways(program.operations[other].arguments):
                operation = program.operations[rest]
                if operation.name == "affine" and operation[1:4] == ((weight,), (Fraction(-1),), Fraction(1)):
                    return _Mixture(first, second, a, b)
    return None


def _both_ways(pair: tuple[int, ...]) -> tuple[tuple[int, int], tuple[int, int]]:
    return (pair[0], pair[1]), (pair[1], pair[0])

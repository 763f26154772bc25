"""Forward pass of a program in any arithmetic, each part as often as it changes.

Constant nodes are evaluated once, the autonomous trajectory once for all input sequences, input-only nodes once per
input value, driven nodes every step, the readout where it is asked for. What falls into which class is found from the
weights (`program.Kind`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from flint import arb, arb_mat

from verifier.arithmetic.balls import ONE, ZERO, Balls
from verifier.program import Kind, Program

MEMO_ENTRIES = 4096
"""Input values whose nodes are kept."""

DENSE_TERMS = 8
"""Affine nodes with at least this many terms are gathered into one matrix product (balls only)."""


class _Product(NamedTuple):
    """Affine nodes as one matrix product: value of node rows[i] = Σ_j matrix[i, j] (values[columns[j]], 1)_j / scale."""

    matrix: arb_mat
    scale: arb
    rows: list[int]
    columns: list[int]

    def evaluate(self, values: list[Any]) -> None:
        """Put the nodes in place."""
        column = arb_mat(len(self.columns) + 1, 1, [*(values[c] for c in self.columns), ONE])
        if self.scale is not ONE:
            column = column / self.scale
        for index, value in zip(self.rows, (self.matrix * column).entries(), strict=True):
            values[index] = value


class Runner:
    """A program over one arithmetic.

    The arithmetic offers `exact`, the activations of `cells.Activations`, and values with `+` and `*`. Inputs are rationals
    (converted with `exact`) or values of the arithmetic. `values` holds all nodes of the last step.
    """

    def __init__(self, program: Program, arithmetic: Any) -> None:
        self.program = program
        self.arithmetic = arithmetic
        operations, kinds = program.operations, program.kinds
        self.coefficients: list[list[Any]] = [[None if c == 1 else arithmetic.exact(c) for c in o.coefficients] for o in operations]
        self.values: list[Any] = [None] * len(operations)
        driven, autonomous = program.driven(), program.autonomous()
        self.driven_old = [program.old[k] for k in driven]
        self.driven_new = [program.new[k] for k in driven]
        self.autonomous_old = [program.old[k] for k in autonomous]
        self.autonomous_new = [program.new[k] for k in autonomous]
        self._compile([i for i, kind in enumerate(kinds) if kind is Kind.CONSTANT])(self.values)
        self.input_nodes = [i for i, kind in enumerate(kinds) if kind is Kind.INPUT and operations[i].name != "x"]
        step_nodes = program.needed_for(self.driven_new)
        inner = {i for i in step_nodes if kinds[i] is Kind.DRIVEN and operations[i].name != "state"}
        outer = {i for i in program.needed_for([program.readout]) if kinds[i] is Kind.DRIVEN} - inner
        self.step_nodes = sorted(inner)
        self.readout_nodes = sorted(i for i in outer if operations[i].name != "state")
        self.autonomous_nodes = [i for i, kind in enumerate(kinds) if kind is Kind.AUTONOMOUS and operations[i].name != "state"]
        used = {a for i in inner | outer for a in operations[i].arguments} | set(self.driven_new) | {program.readout}
        self.boundary = [i for i, kind in enumerate(kinds) if kind is Kind.AUTONOMOUS and i in used]
        self._autonomous_state = [arithmetic.exact(program.initial[k]) for k in autonomous]
        self._trajectory: list[list[Any]] = []
        self._at_rest = False
        self._rest_in_place = False
        self._memo: dict[Any, tuple[Any, list[Any]]] = {}
        self._last_input: Any = None
        self._matrix = self._gather() if isinstance(arithmetic, Balls) else None
        gathered = () if self._matrix is None else self._matrix.rows
        self._evaluate_autonomous = self._compile(self.autonomous_nodes)
        self._evaluate_input = self._compile(self.input_nodes)
        self._evaluate_step = self._compile([i for i in self.step_nodes if i not in gathered])
        self._evaluate_readout = self._compile(self.readout_nodes)

    def start(self) -> list[Any]:
        """The driven part of the initial state."""
        return [self.arithmetic.exact(self.program.initial[k]) for k in self.program.driven()]

    def autonomous_state(self, t: int) -> list[Any]:
        """All autonomous state variables after t steps, by stepping anew (t small)."""
        state = [self.arithmetic.exact(self.program.initial[k]) for k in self.program.autonomous()]
        for _ in range(t):
            state = self.advance_autonomous(state)
        return state

    def advance_autonomous(self, state: Sequence[Any]) -> list[Any]:
        """One step of the autonomous part; `values` then holds its nodes."""
        values = self.values
        self._rest_in_place = False
        for index, value in zip(self.autonomous_old, state, strict=True):
            values[index] = value
        self._evaluate_autonomous(values)
        return [values[i] for i in self.autonomous_new]

    def load_autonomous(self, t: int) -> None:
        """Put the autonomous nodes of step t (1, 2, ...) in place, extending the shared trajectory."""
        if not self.autonomous_old or (self._rest_in_place and t >= len(self._trajectory)):
            return
        while len(self._trajectory) < t and not self._at_rest:
            old, self._autonomous_state = self._autonomous_state, self.advance_autonomous(self._autonomous_state)
            self._trajectory.append([self.values[i] for i in self.boundary])
            self._at_rest = all(self._same(a, b) for a, b in zip(old, self._autonomous_state, strict=True))
        values = self.values
        for index, value in zip(self.boundary, self._trajectory[min(t, len(self._trajectory)) - 1], strict=True):
            values[index] = value
        self._rest_in_place = self._at_rest and t >= len(self._trajectory)

    def _same(self, a: Any, b: Any) -> bool:
        """Whether two balls are the same representation, so that the deterministic recurrence stays there for ever."""
        return isinstance(self.arithmetic, Balls) and a.mid() == b.mid() and a.rad() == b.rad()

    def load_input(self, x: Any) -> None:
        """Put the input and everything that depends on it alone in place."""
        at = self.program.x
        if at is None or x is self._last_input:
            return
        values, key = self.values, x if isinstance(x, Fraction) else id(x)
        found = self._memo.get(key)
        if found is None:
            values[at] = self.arithmetic.exact(x) if isinstance(x, Fraction) else x
            self._evaluate_input(values)
            if len(self._memo) >= MEMO_ENTRIES:
                self._memo.clear()
            self._memo[key] = (x, [values[at], *(values[i] for i in self.input_nodes)])
        else:
            stored = found[1]
            values[at] = stored[0]
            for index, value in zip(self.input_nodes, stored[1:], strict=True):
                values[index] = value
        self._last_input = x

    def step(self, t: int, state: Sequence[Any], x: Any) -> list[Any]:
        """The driven state after step t from the one before it."""
        values = self.values
        self.load_autonomous(t)
        self.load_input(x)
        for index, value in zip(self.driven_old, state, strict=True):
            values[index] = value
        return self.evaluate_driven()

    def evaluate_driven(self) -> list[Any]:
        """Evaluate the driven nodes on what is in place; return the new driven state."""
        values = self.values
        if self._matrix is not None:
            self._matrix.evaluate(values)
        self._evaluate_step(values)
        return [values[i] for i in self.driven_new]

    def output(self) -> Any:
        """y after the last step."""
        self._evaluate_readout(self.values)
        return self.values[self.program.readout]

    def outputs(self, inputs: Sequence[Any]) -> Iterator[Any]:
        """y_1, y_2, ... over an input sequence."""
        state = self.start()
        for t, x in enumerate(inputs, 1):
            state = self.step(t, state, x)
            yield self.output()

    def _compile(self, nodes: Sequence[int]) -> Callable[[list[Any]], None]:
        """A function that evaluates these nodes, in order, on a list of node values: one Python line per node."""
        lines: list[str] = ["def evaluate(v):"]
        names: dict[str, Any] = {}
        for index in nodes:
            operation = self.program.operations[index]
            if operation.name == "affine":
                terms = []
                for k, (coefficient, a) in enumerate(zip(self.coefficients[index], operation.arguments, strict=True)):
                    names[f"c{index}_{k}"] = coefficient
                    terms.append(f"v[{a}]" if coefficient is None else f"c{index}_{k} * v[{a}]")
                if operation.bias or not terms:
                    names[f"b{index}"] = self.arithmetic.exact(operation.bias)
                    terms.insert(0, f"b{index}")
                body = " + ".join(terms)
            elif operation.name == "mul":
                body = "v[{}] * v[{}]".format(*operation.arguments)
            else:
                names[operation.name] = getattr(self.arithmetic, operation.name)
                body = f"{operation.name}(v[{operation.arguments[0]}])"
            lines.append(f"    v[{index}] = {body}")
        if len(lines) == 1:
            lines.append("    pass")
        exec("\n".join(lines), names)  # the text holds node numbers and activation names, nothing from outside
        function: Callable[[list[Any]], None] = names["evaluate"]
        return function

    def _gather(self) -> _Product | None:
        """Affine nodes that read only loaded values (states, input, boundary), as one matrix product.

        Rational coefficients are multiplied by the odd part s of their common denominator, which leaves exact dyadic
        numbers of few bits: Arb multiplies these faster than quotients that fill the working precision. The short column of
        values is divided by s instead, Σ (s c_j) (v_j / s) = Σ c_j v_j. Where the multiples would not be short, s = 1.
        """
        operations = self.program.operations
        loaded = set(self.driven_old) | set(self.boundary) | {self.program.x} | set(self.input_nodes)
        rows = [
            i
            for i in self.step_nodes
            if operations[i].name == "affine"
            and len(operations[i].arguments) >= DENSE_TERMS
            and set(operations[i].arguments) <= loaded
        ]
        if len(rows) < DENSE_TERMS:
            return None
        columns = sorted({a for i in rows for a in operations[i].arguments})
        place = {column: k for k, column in enumerate(columns)}
        numbers = [c for i in rows for c in (*operations[i].coefficients, operations[i].bias)]
        scale = math.lcm(*{c.denominator for c in numbers})
        scale //= scale & -scale
        if scale.bit_length() + max(c.numerator.bit_length() for c in numbers) > self.arithmetic.bits // 2:
            scale = 1
        exact = self.arithmetic.exact
        matrix = []
        for index in rows:
            row = [ZERO] * len(columns) + [exact(operations[index].bias * scale)]
            for coefficient, argument in zip(operations[index].coefficients, operations[index].arguments, strict=True):
                row[place[argument]] = exact(coefficient * scale if scale > 1 else coefficient)
            matrix.append(row)
        return _Product(arb_mat(matrix), ONE if scale == 1 else arb(scale), rows, columns)

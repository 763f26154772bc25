"""Extreme paths: which ends of their ranges the inputs of a worst sequence take, for every horizon at once.

With E_n(x) = y_n(x) - x_1 and the step derivatives J_t, b_t (driven state) and r_t, q_t (readout) enclosed over a box,

    ∂y_n/∂x_n = q_n,    ∂y_n/∂x_t = r_n J_{n-1} ... J_{t+1} b_t,    ∂E_n/∂x_1 = ∂y_n/∂x_1 - 1.

Where such a derivative has one sign on the whole box, both extremes of E_n lie at an end of that coordinate. For t >= 2
only the sign is needed; sign patterns of the rows r_n J ... are pulled back through the steps, those of all horizons n
together, and horizons whose patterns meet share the beginning of their paths. ∂y_n/∂x_1 is compared with 1, so it is
carried forwards as a number. Where it touches 1 (a tanh RNN at x = 0) rounding alone would leave the sign open: a slope
of E below s > 0 still puts the maximum at the lower end up to s times the width, and the ball of the answer is
made that much wider.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
from flint import arb

from verifier.arithmetic.balls import ONE, ZERO, Balls, to_ball
from verifier.arithmetic.enclosures import Enclosures, Interval
from verifier.derivatives import INPUT, StepDerivatives, Tangent, combine, derivatives
from verifier.program import Program
from verifier.run import Runner
from verifier.sequences import Runs, compress

NUMERIC_ADJOINT_WORK = 200_000
"""Horizons² × states² up to which undecided sign patterns are retried with numbers."""

ROUNDING_BITS = 40
"""A slope below 2^(this - precision) is rounding: its sign counts as decided, its effect widens the answer's ball."""

Box = Sequence[tuple[Fraction, Fraction]]
"""The ranges of x_1, x_2, ..."""

Sign = int | None
Pattern = tuple[Sign, ...]
Key = tuple[Any, ...]
Step = tuple[Key | None, Sign]
"""How a path goes on: the node it comes from and the sign of its input."""


def interval_of(ends: tuple[Fraction, Fraction]) -> Interval:
    """The interval between two rationals."""
    low, high = ends
    return Interval(to_ball(low)) if low == high else Interval(to_ball(low), to_ball(high))


@dataclass(frozen=True)
class Walk:
    """A pass over a box: derivative enclosures of each step; driven states and ∂(driven state)/∂x_1 before each step."""

    steps: list[StepDerivatives]
    states: list[list[Interval]]
    first: list[Tangent]


def walk_box(program: Program, box: Box) -> Walk:
    """Enclose all states and step derivatives over a box of input sequences."""
    runner = Runner(program, Enclosures)
    ranges = {ends: interval_of(ends) for ends in set(box)}
    state: list[Interval] = runner.start()
    first: Tangent = {}
    walk = Walk([], [state], [first])
    for t, ends in enumerate(box, 1):
        state = runner.step(t, state, ranges[ends])
        runner.output()
        step = derivatives(runner)
        if t == 1:
            first = {k: row[INPUT] for k, row in enumerate(step.states) if INPUT in row}
        else:
            first = _advance(step, first)
        walk.steps.append(step)
        walk.states.append(state)
        walk.first.append(first)
    return walk


def _advance(step: StepDerivatives, first: Tangent) -> Tangent:
    moved = {}
    for k, row in enumerate(step.states):
        total = inner_product(row, first)
        if total is not None:
            moved[k] = total
    return moved


def inner_product(row: Tangent, column: Tangent) -> Interval | None:
    """Σ row_j column_j over the driven states; None when it is exactly zero."""
    return combine([({0: column[j]}, factor) for j, factor in row.items() if j in column]).get(0)


def error_slope(slope: Interval | None) -> Interval:
    """∂E/∂x_1 = ∂y/∂x_1 - 1."""
    if slope is None:
        return Interval(-ONE)
    return Interval(slope.lower - 1) if slope.is_point else Interval(slope.lower - 1, slope.upper - 1)


def sign_up_to_rounding(slope: Interval) -> tuple[Sign, arb]:
    """A sign for a slope and how far it may be violated (0, or a rounding error)."""
    if slope.sign is not None:
        return slope.sign, ZERO
    rounding = arb(2) ** (ROUNDING_BITS - flint.ctx.prec)
    if slope.upper <= rounding:
        return -1, slope.upper.upper().max(ZERO)
    if slope.lower >= -rounding:
        return 1, (-slope.lower).upper().max(ZERO)
    return None, ZERO


def sum_of_signs(signs: Sequence[Sign]) -> Sign:
    """Sign of a sum of terms with these signs; None where they conflict or one is unknown."""
    kept = {s for s in signs if s != 0}
    if not kept:
        return 0
    return next(iter(kept)) if len(kept) == 1 else None


def _times(a: Sign, b: Sign) -> Sign:
    if a == 0 or b == 0:
        return 0
    return None if a is None or b is None else a * b


def pull_pattern(step: StepDerivatives, pattern: Pattern) -> tuple[Pattern, Sign]:
    """Signs of λ J and of λ b for a row λ with the given signs."""
    columns: list[list[Sign]] = [[] for _ in step.states]
    on_input: list[Sign] = []
    for sign, row in zip(pattern, step.states, strict=True):
        for key, value in row.items():
            product = _times(sign, value.sign)
            if key == INPUT:
                on_input.append(product)
            else:
                columns[key].append(product)
    return tuple(sum_of_signs(column) for column in columns), sum_of_signs(on_input)


def readout_pattern(readout: Tangent, size: int) -> Pattern:
    """Signs of ∂y/∂(driven state)."""
    return tuple(readout[k].sign if k in readout else 0 for k in range(size))


@dataclass(frozen=True)
class Forest:
    """Extreme paths of many horizons, sharing equal beginnings.

    A key is (sign of ∂E/∂x_1, sign pattern of ∂y/∂(driven state)), or for a path decided by numbers (sign of ∂E/∂x_1,
    signs of x_1 ... x_t, horizon). `nodes[t]` maps the keys of step t to their `Step`; `leaves[n]` is the step n of
    horizon n. `violation` bounds by how much any ∂E/∂x_1 violates its sign.
    """

    nodes: list[dict[Key, Step]]
    leaves: dict[int, Step]
    violation: arb

    def path(self, key: Key | None, t: int, last: Sequence[Sign] = ()) -> list[Sign]:
        """Signs of the inputs 1 ... t on the path through node `key` of step t, followed by `last`."""
        signs = list(reversed(last))
        while t > 0:
            if key is None:
                raise ValueError(f"a path breaks off before step {t}")
            key, sign = self.nodes[t][key]
            signs.append(sign)
            t -= 1
        return signs[::-1]

    def horizon_path(self, horizon: int) -> list[Sign]:
        """Signs of the inputs of the extreme path of one horizon."""
        key, sign = self.leaves[horizon]
        return self.path(key, horizon - 1, [sign])

    def first_sign(self, horizon: int) -> Sign:
        """Sign of ∂E/∂x_1 for one horizon."""
        key, sign = self.leaves[horizon]
        return sign if key is None else key[0]


def grow(walk: Walk, horizons: Sequence[int], tail: Key | None = None) -> Forest:
    """Extreme paths of the given horizons, and of a pattern `tail` handed down from beyond the last step."""
    size, last = len(walk.states[0]), len(walk.steps)
    leaves: dict[int, Step] = {}
    nodes: list[dict[Key, Step]] = [{} for _ in range(last + 1)]
    violation = ZERO
    wanted = set(horizons)
    above: set[Key] = set() if tail is None else {tail}
    numeric = size > 1 and last * last * size * size <= NUMERIC_ADJOINT_WORK
    for t in range(last, 0, -1):
        step = walk.steps[t - 1]
        below: set[Key] = set()
        for key in above:
            parent: Key | None
            if len(key) == 3:
                parent, sign = (key[0], key[1][:-1], key[2]), key[1][-1]
            else:
                pattern, sign = pull_pattern(step, key[1])
                parent = (key[0], pattern)
            if t == 1:
                parent, sign = None, key[0]
            else:
                below.add(parent)
            nodes[t][key] = (parent, sign)
        if t in wanted:
            slope = step.readout.get(INPUT) if t == 1 else inner_product(step.readout, walk.first[t - 1])
            first, violated = sign_up_to_rounding(error_slope(slope))
            violation = violation.max(violated)
            if t == 1:
                leaves[1] = (None, first)
            else:
                leaf: Key = (first, readout_pattern(step.readout, size))
                if numeric and _conflicts(walk, leaf[1], t):
                    leaf = (first, (first, *_numeric_signs(walk, t)), t)
                leaves[t] = (leaf, step.readout[INPUT].sign if INPUT in step.readout else 0)
                below.add(leaf)
        above = below
    return Forest(nodes, leaves, violation)


def _conflicts(walk: Walk, pattern: Pattern, horizon: int) -> bool:
    for t in range(horizon - 1, 1, -1):
        pattern, sign = pull_pattern(walk.steps[t - 1], pattern)
        if sign is None:
            return True
    return False


def _numeric_signs(walk: Walk, horizon: int) -> list[Sign]:
    """Signs of ∂y_horizon/∂x_t for t = 2 ... horizon - 1 from interval adjoints."""
    adjoint = {k: v for k, v in walk.steps[horizon - 1].readout.items() if k != INPUT}
    signs: list[Sign] = []
    for t in range(horizon - 1, 1, -1):
        pulled = combine([(walk.steps[t - 1].states[k], value) for k, value in adjoint.items()])
        signs.append(pulled[INPUT].sign if INPUT in pulled else 0)
        adjoint = {k: v for k, v in pulled.items() if k != INPUT}
    return signs[::-1]


@dataclass(frozen=True)
class Extremes:
    """The worst error of the horizons of a forest over a box.

    `upper` bounds it; with `undecided` empty it is also attained by `witness`. `undecided` lists the inputs (1, 2, ...)
    whose sign is open on the path of `horizon` and which were kept as intervals; `witness` has them at their upper ends.
    """

    upper: arb
    horizon: int
    witness: Runs
    undecided: tuple[int, ...]


def run_extremes(program: Program, box: Box, forest: Forest) -> Extremes:
    """Evaluate max E and min E of every horizon on its extreme paths; keep the largest modulus."""
    steps = [*forest.leaves.values(), *(step for level in forest.nodes for step in level.values())]
    unknown = any(sign is None for _, sign in steps)
    runner = Runner(program, Enclosures if unknown else Balls(flint.ctx.prec))
    ranges = {ends: interval_of(ends) for ends in set(box)} if unknown else {}
    best, place = -ONE, (0, 0)
    for orientation in (1, -1):
        before: dict[Key | None, Any] = {None: runner.start()}
        for t, ends in enumerate(box, 1):
            leaf = forest.leaves.get(t)
            output: Any = None
            done: dict[Step, Any] = {}
            after: dict[Key | None, Any] = {}
            for key, step in forest.nodes[t].items():
                if step not in done:
                    done[step] = runner.step(t, before[step[0]], _choose(step[1], orientation, ends, ranges))
                    if step == leaf:
                        output = runner.output()
                after[key] = done[step]
            if leaf is not None:
                if output is None:
                    runner.step(t, before[leaf[0]], _choose(leaf[1], orientation, ends, ranges))
                    output = runner.output()
                first = _choose(forest.first_sign(t), orientation, box[0], ranges)
                error = _largest_error(output, first, orientation)
                if not error <= best:
                    best, place = best.max(error), (t, orientation)
            before = after
    horizon, orientation = place
    path = forest.horizon_path(horizon)
    values = [_end(sign, orientation, ends) for sign, ends in zip(path, box, strict=False)]
    undecided = tuple(t for t, sign in enumerate(path, 1) if sign is None)
    upper = best.union(best + forest.violation * to_ball(box[0][1] - box[0][0]))
    return Extremes(upper, horizon, compress(values), undecided)


def _end(sign: Sign, orientation: int, ends: tuple[Fraction, Fraction]) -> Fraction:
    return ends[0] if sign is not None and sign * orientation < 0 else ends[1]


def _choose(
    sign: Sign, orientation: int, ends: tuple[Fraction, Fraction], ranges: dict[tuple[Fraction, Fraction], Interval]
) -> Any:
    return ranges[ends] if sign is None else _end(sign, orientation, ends)


def _largest_error(output: Any, first: Any, orientation: int) -> arb:
    """The largest value of orientation·(y - x_1)."""
    if not isinstance(output, Interval):
        error: arb = orientation * (output - to_ball(first))
        return error
    x_1 = first if isinstance(first, Interval) else Interval(to_ball(first))
    return output.upper - x_1.lower if orientation > 0 else x_1.upper - output.lower

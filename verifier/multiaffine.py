"""The supremum of the recall error where the state is linear, gated by the input alone, and transitions commute.

    s' = (A + x A')s + b + x b',    y = (r + x r')s + c + x c'    (s the old state)

Written out, y_n is affine in each input separately, so both extremes of y_n - x_1 over the box lie at vertices x in
{-M, M}^n. Where the transitions T₊, T₋ at x = ±M commute, an input contributes what the *multiset* of later inputs makes
of it, r T₊^i T₋^j b: a sequence read backwards is a lattice path that steps to i + 1 or j + 1, and the extremes over all
2^n vertices are those of longest paths, found node by node. Where A' = r' = 0 the contributions do not even depend on
signs and add up. Rational weights of sums and products give the supremum as a rational; gates that are constants such as
σ(b) give it as one ball. On all of ℝ the error is finite only where it is constant.

Nothing here knows a construction. Source: this project, theory T5; multilinear extension over a cube: standard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from flint import arb, fmpq

from verifier.arithmetic.balls import ZERO, Balls, to_ball
from verifier.arithmetic.rationals import to_flint, to_fraction
from verifier.program import Kind, Program
from verifier.sequences import Runs, compress

LATTICE_WORK = 3_000_000
"""Lattice nodes times states up to which paths are followed: about half a minute of rational arithmetic."""

UNIT = -1
"""The key of the constant 1 among the states."""

Number = Any
"""An `fmpq` (flint's rational), or an `arb` where the network has irrational constants."""

Row = Mapping[int, Number]
"""A linear form in the states and the constant 1; zero coefficients are left out."""


class _OutsideClass(Exception):
    """The network is not linear in the state, or not affine in the input."""


@dataclass(frozen=True)
class _Form:
    """steady + x·slope, both linear forms in the old states and 1."""

    steady: Row
    slope: Row

    def at(self, x: Number) -> dict[int, Number]:
        """The linear form at one input."""
        return _sum(self.steady, self.slope, x)


@dataclass(frozen=True)
class PathSupremum:
    """max |y_n - x_1| over the asked horizons; `exact_value` where it is rational; `is_finite` False on ℝ if E is not constant.

    `witness` attains it (on ℝ: the error along its multiples is unbounded).
    """

    value: arb
    exact_value: Fraction | None
    horizon: int
    witness: Runs
    is_finite: bool = True


def path_supremum(program: Program, bound: Fraction | None, n: int, only_last: bool) -> PathSupremum | None:
    """The exact worst error over [-bound, bound]^n' (ℝ^n' with bound None) for n' = n or every n' <= n.

    None where the network is outside the class, where transitions do not commute, or where there are too many nodes. Works
    at the current precision.
    """
    try:
        network = _Network.of(program, Fraction(1) if bound is None else bound)
    except _OutsideClass:
        return None
    if not network.commutes or (bound is None and not network.is_rational):
        return None
    nodes = n if network.is_time_invariant else n * n
    if nodes * (1 + len(program.states)) > LATTICE_WORK:
        return None
    extremes = network.sums(n) if network.is_time_invariant else network.paths(n)
    asked = (found for found in extremes if not only_last or found.horizon == n)
    return _constant_error(asked, network) if bound is None else _largest_error(asked, network)


Path = tuple[int, Any] | None
"""The signs of inputs, oldest first, as linked pairs (sign, later ones)."""


@dataclass(frozen=True)
class _Extreme:
    """The largest and the smallest y_n - x_1 at one horizon, with the signs of x_1 ... x_n that attain them."""

    horizon: int
    high: Number
    low: Number
    high_signs: Callable[[], list[int]]
    low_signs: Callable[[], list[int]]


def _largest_error(extremes: Iterator[_Extreme], network: _Network) -> PathSupremum:
    found = [side for e in extremes for side in ((e.high, e.horizon, e.high_signs), (-e.low, e.horizon, e.low_signs))]
    value, horizon, signs = found[0]
    for other, at, how in found[1:]:
        if _exceeds(other, value):
            horizon, signs = at, how
        value = _larger(other, value)
    return PathSupremum(_ball(value), _fraction(value), horizon, network.inputs(signs()))


def _constant_error(extremes: Iterator[_Extreme], network: _Network) -> PathSupremum:
    """On ℝ: an error that differs between two vertices is an unbounded function, and E(0), the mean, lies between them."""
    worst: PathSupremum | None = None
    for found in extremes:
        witness, size = network.inputs(found.high_signs()), _fraction(abs(found.high))
        if found.high != found.low:
            return PathSupremum(arb("inf"), None, found.horizon, witness, is_finite=False)
        if size is not None and (worst is None or worst.exact_value is None or size > worst.exact_value):
            worst = PathSupremum(to_ball(size), size, found.horizon, witness)
    if worst is None:
        raise ValueError("no horizon was asked for")
    return worst


def _fraction(value: Number) -> Fraction | None:
    """The number as a rational; None if it is a ball."""
    return to_fraction(value) if isinstance(value, fmpq) else None


def _ball(value: Number) -> arb:
    return arb(value) if isinstance(value, fmpq) else value


def _exceeds(a: Number, b: Number) -> bool:
    """a > b, decided; of overlapping balls the one with the larger midpoint is taken, and `_larger` covers both."""
    return a > b if isinstance(a, fmpq) else bool(a.mid() > b.mid())


def _larger(a: Number, b: Number) -> Number:
    """max(a, b)."""
    return max(a, b) if isinstance(a, fmpq) else a.max(b)


def _sum(a: Row, b: Row, factor: Number) -> dict[int, Number]:
    """a + factor·b."""
    result = dict(a)
    for key, value in b.items():
        result[key] = result[key] + factor * value if key in result else factor * value
    return {key: value for key, value in result.items() if not _is_zero(value)}


def _is_zero(value: Number) -> bool:
    """Whether a number is exactly 0 (a ball around 0 is not)."""
    return value == 0 if isinstance(value, fmpq) else bool(value.is_zero())


@dataclass(frozen=True)
class _Network:
    """A network of the class: rows of the new states and the readout, the initial state, and M in the same numbers.

    `at_ends`[±1] are the rows at the inputs ±M.
    """

    rows: tuple[_Form, ...]
    readout: _Form
    initial: tuple[Number, ...]
    bound: Fraction
    size: Number
    is_rational: bool
    at_ends: Mapping[int, tuple[Row, ...]]

    @classmethod
    def of(cls, program: Program, bound: Fraction) -> _Network:
        """Evaluate one step on forms; raises `_OutsideClass`."""
        is_rational = all(operation.name in ("x", "state", "affine", "mul") for operation in program.operations)
        exact: Callable[[Fraction], Number] = to_flint if is_rational else Balls.exact
        one = exact(Fraction(1))
        place = {index: k for k, index in enumerate(program.old)}
        values: list[_Form] = []
        for index, operation in enumerate(program.operations):
            inner = [values[a] for a in operation.arguments]
            if operation.name == "x":
                form = _Form({}, {UNIT: one})
            elif operation.name == "state":
                form = _Form({place[index]: one}, {})
            elif operation.name == "affine":
                steady: dict[int, Number] = {UNIT: exact(operation.bias)} if operation.bias else {}
                slope: dict[int, Number] = {}
                for coefficient, term in zip(operation.coefficients, inner, strict=True):
                    factor = exact(coefficient)
                    steady, slope = _sum(steady, term.steady, factor), _sum(slope, term.slope, factor)
                form = _Form(steady, slope)
            elif operation.name == "mul":
                form = _product(*inner)
            elif program.kinds[index] is Kind.CONSTANT:
                form = _Form({UNIT: getattr(Balls, operation.name)(inner[0].steady.get(UNIT, ZERO))}, {})
            else:
                raise _OutsideClass
            values.append(form)
        initial = tuple(exact(value) for value in program.initial)
        rows, size = tuple(values[index] for index in program.new), exact(bound)
        at_ends = {sign: tuple(form.at(sign * size) for form in rows) for sign in (1, -1)}
        return cls(rows, values[program.readout], initial, bound, size, is_rational, at_ends)

    @property
    def is_time_invariant(self) -> bool:
        """Whether no input multiplies a state."""
        return not any(set(form.slope) - {UNIT} for form in (*self.rows, self.readout))

    @property
    def commutes(self) -> bool:
        """Whether T₊T₋ = T₋T₊ by structure: one transition for all inputs, or a diagonal one."""
        fixed = not any(set(form.slope) - {UNIT} for form in self.rows)
        return fixed or all({*form.steady, *form.slope} <= {k, UNIT} for k, form in enumerate(self.rows))

    def inputs(self, signs: list[int]) -> Runs:
        """The vertex with these signs."""
        return compress([sign * self.bound for sign in signs])

    def apply(self, row: Row, sign: int) -> tuple[dict[int, Number], Number]:
        """row T and row·b at the input sign·M."""
        moved: dict[int, Number] = {}
        for key, value in row.items():
            for inner, factor in self.at_ends[sign][key].items():
                moved[inner] = moved[inner] + value * factor if inner in moved else value * factor
        gained = moved.pop(UNIT, self.zero)
        return {key: value for key, value in moved.items() if not _is_zero(value)}, gained

    @property
    def zero(self) -> Number:
        """0."""
        return fmpq(0) if self.is_rational else ZERO

    def start(self, row: Row) -> Number:
        """row·s_0."""
        return sum((value * self.initial[key] for key, value in row.items()), self.zero)

    def sums(self, n: int) -> Iterator[_Extreme]:
        """No input multiplies a state: y_n = const + Σ_j g_j x_{n-j}, whose extremes are const ± M Σ |g_j|."""
        constant, last = self.readout.steady.get(UNIT, self.zero), self.readout.slope.get(UNIT, self.zero)
        row: Row = {key: value for key, value in self.readout.steady.items() if key != UNIT}
        responses, newer = [last], self.zero
        for horizon in range(1, n + 1):
            reach = self.size * (newer + abs(responses[-1] - 1))  # E = y - x_1, and x_1 is the oldest input
            middle = constant + self.start(row)
            above, below = (partial(_signs, responses, horizon, side) for side in (1, -1))
            yield _Extreme(horizon, middle + reach, middle - reach, above, below)
            newer = newer + abs(responses[-1])
            moved: dict[int, Number] = {}
            slope: dict[int, Number] = {}
            for key, value in row.items():
                moved = _sum(moved, self.rows[key].steady, value)
                slope = _sum(slope, self.rows[key].slope, value)
            constant = constant + moved.pop(UNIT, self.zero)
            responses.append(slope.get(UNIT, self.zero))
            row = moved

    def paths(self, n: int) -> Iterator[_Extreme]:
        """Longest and shortest lattice paths for every horizon, over either sign of the last input."""
        layers: list[_Layer] = []
        for horizon in range(1, n + 1):
            if horizon == 1:
                layers = [_Layer.first(self, sign) for sign in (1, -1)]
                ends = [end for layer in layers for end in layer.alone(self)]
            else:
                steps = [layer.steps(self) for layer in layers]
                ends = [end for layer, ways in zip(layers, steps, strict=True) for end in layer.ends(self, ways)]
                layers = [layer.next(ways) for layer, ways in zip(layers, steps, strict=True)]
            (high, longest), (low, shortest) = _highest(ends), _lowest(ends)
            yield _Extreme(horizon, high, low, partial(_unlinked, longest), partial(_unlinked, shortest))


Reached = tuple[Number, Path]
"""The value of a path and its signs."""

Steps = list[dict[int, tuple[Row, Number]]]
"""For every node and sign of one input more: the row behind it and what the input contributes."""


def _highest(paths: Sequence[Reached]) -> Reached:
    """The largest value; of overlapping balls a ball that contains it."""
    value, signs = paths[0]
    for other, how in paths[1:]:
        value, signs = _larger(other, value), how if _exceeds(other, value) else signs
    return value, signs


def _lowest(paths: Sequence[Reached]) -> Reached:
    value, signs = _highest([(-value, signs) for value, signs in paths])
    return -value, signs


def _unlinked(path: Path) -> list[int]:
    signs = []
    while path is not None:
        sign, path = path
        signs.append(sign)
    return signs


def _signs(responses: Sequence[Number], horizon: int, side: int) -> list[int]:
    """The signs of x_1 ... x_n at which side·(Σ_{j<n} g_j x_{n-j} - x_1) is largest."""
    slopes = [responses[horizon - 1] - 1, *reversed(responses[: horizon - 1])]
    return [-side if _exceeds(-slope, slope) else side for slope in slopes]


def _product(a: _Form, b: _Form) -> _Form:
    """A product that stays linear in the states and affine in the input."""
    for factor, other in ((a, b), (b, a)):
        if {*factor.steady, *factor.slope} <= {UNIT} and not (factor.slope and other.slope):
            u, w = factor.steady.get(UNIT), factor.slope.get(UNIT)
            steady = {} if u is None else {key: u * value for key, value in other.steady.items()}
            slope = {} if u is None else {key: u * value for key, value in other.slope.items()}
            if w is not None:
                slope = _sum(slope, other.steady, w)
            return _Form(steady, slope)
    raise _OutsideClass


@dataclass(frozen=True)
class _Layer:
    """The nodes (i, m - i) of one diagonal, for one sign of the last input: rows r T₊^i T₋^{m-i} and extreme path values.

    `high[i]`, `low[i]`: what the m inputs before the last contribute at most and at least, and their signs.
    """

    sign: int
    constant: Number
    rows: tuple[Row, ...]
    high: tuple[Reached, ...]
    low: tuple[Reached, ...]

    @classmethod
    def first(cls, network: _Network, sign: int) -> _Layer:
        """Nothing was read before the last input."""
        row = network.readout.at(sign * network.size)
        constant = row.pop(UNIT, network.zero)
        nothing: Reached = (network.zero, (sign, None))
        return cls(sign, constant, (row,), (nothing,), (nothing,))

    def alone(self, network: _Network) -> Iterator[Reached]:
        """y_1 - x_1: the last input is x_1."""
        yield self.constant + network.start(self.rows[0]) - self.sign * network.size, (self.sign, None)

    def steps(self, network: _Network) -> Steps:
        """Row and contribution of one input more, ±M, for every node."""
        return [{sign: network.apply(row, sign) for sign in (1, -1)} for row in self.rows]

    def ends(self, network: _Network, steps: Steps) -> Iterator[Reached]:
        """y_n - x_1 of the extreme paths that end here, x_1 = ±M being one input more."""
        for node, ways in enumerate(steps):
            for sign, (moved, gained) in ways.items():
                rest = self.constant + gained + network.start(moved) - sign * network.size
                for value, signs in (self.high[node], self.low[node]):
                    yield value + rest, (sign, signs)

    def next(self, steps: Steps) -> _Layer:
        """The next diagonal: from (i, j) an input M leads to i + 1, an input -M to j + 1."""
        rows, high, low = [], [], []
        for node in range(len(self.rows) + 1):
            ways = [(old, sign) for old, sign in ((node - 1, 1), (node, -1)) if 0 <= old < len(self.rows)]
            rows.append(steps[ways[0][0]][ways[0][1]][0])
            high.append(_highest([self._extended(self.high[old], steps[old][sign][1], sign) for old, sign in ways]))
            low.append(_lowest([self._extended(self.low[old], steps[old][sign][1], sign) for old, sign in ways]))
        return _Layer(self.sign, self.constant, tuple(rows), tuple(high), tuple(low))

    @staticmethod
    def _extended(path: Reached, gained: Number, sign: int) -> Reached:
        return path[0] + gained, (sign, path[1])

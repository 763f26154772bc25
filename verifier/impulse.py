"""The exact worst error of linear time-invariant networks, from their impulse response.

    y_t = c_t + Σ_{k<t} g_k x_{t-k},      sup |y_t - x_1| = |c_t| + M (|1 - g_{t-1}| + Σ_{k<t-1} |g_k|)   over [-M, M]^t

g is the output of the network without constants after one input 1, c its output without inputs. Both are walked once, in
rationals, so n horizons cost n steps. On ℝ the supremum is infinite unless y_t - x_1 is a constant.

Source: this project, theory T3; the formula is the l1 norm of a convolution, e.g. Dahleh & Pearson 1987.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq

from verifier.piecewise import ExactSupremum
from verifier.program import Operation, Program
from verifier.sequences import Runs, join

ZERO, ONE = fmpq(0), fmpq(1)


def is_linear(program: Program) -> bool:
    """Whether the live part of the network consists of affine maps of inputs and states alone."""
    return all(operation.name in ("x", "state", "affine") for operation in program.operations)


def linear_supremum(program: Program, bound: Fraction | None, n: int, only_last: bool) -> ExactSupremum:
    """The supremum over [-bound, bound]^n' (over ℝ^n' with bound None) for n alone, or the largest of all n' <= n.

    `program` must be linear (`is_linear`).
    """
    size = None if bound is None else _rational(bound)
    response: list[fmpq] = []
    older, best, best_at, best_constant = ZERO, ZERO, 0, ZERO  # older: Σ |g_k| of all inputs after the first
    outputs = zip(_outputs(program, impulse=True), _outputs(program, impulse=False), strict=False)
    for t, (share, constant) in enumerate(outputs, 1):
        response.append(share)
        if not only_last or t == n:
            spread = abs(ONE - share) + older
            if size is None and spread:
                return ExactSupremum(None, t, _one_input(response), None)
            error = abs(constant) + (spread * size if size is not None else ZERO)
            if best_at == 0 or error > best:
                best, best_at, best_constant = error, t, constant
        older += abs(share)
        if t == n:
            break
    value = Fraction(int(best.p), int(best.q))
    size_of_inputs = Fraction(1) if bound is None else bound
    return ExactSupremum(value, best_at, _worst(response[:best_at], best_constant, size_of_inputs), None)


def _outputs(program: Program, impulse: bool) -> Iterator[fmpq]:
    """y_1, y_2, ...: without constants after the inputs 1, 0, 0, ... (impulse), or with them and without inputs."""
    operations = [_Exact.of(operation, constants=not impulse) for operation in program.operations]
    state = [ZERO if impulse else _rational(value) for value in program.initial]
    x = ONE if impulse else ZERO
    while True:
        old = dict(zip(program.old, state, strict=True))
        values: list[fmpq] = []
        for index, operation in enumerate(operations):
            if operation.name == "affine":
                total = operation.bias
                for coefficient, argument in operation.terms:
                    total = total + coefficient * values[argument]
                values.append(total)
            else:
                values.append(x if operation.name == "x" else old[index])
        yield values[program.readout]
        state = [values[index] for index in program.new]
        x = ZERO


@dataclass(frozen=True)
class _Exact:
    """An operation with its coefficients as FLINT rationals."""

    name: str
    bias: fmpq
    terms: tuple[tuple[fmpq, int], ...]

    @classmethod
    def of(cls, operation: Operation, constants: bool) -> _Exact:
        terms = zip(map(_rational, operation.coefficients), operation.arguments, strict=False)
        return cls(operation.name, _rational(operation.bias) if constants else ZERO, tuple(terms))


def _rational(value: Fraction) -> fmpq:
    return fmpq(value.numerator, value.denominator)


def _worst(response: Sequence[fmpq], constant: fmpq, size: Fraction) -> Runs:
    """The sequence on which every part of the error has the sign of the constant."""
    sign = -1 if constant < 0 else 1
    slopes = [response[-1] - 1, *reversed(response[:-1])]
    return join([(-size if sign * slope < 0 else size, 1) for slope in slopes])


def _one_input(response: Sequence[fmpq]) -> Runs:
    """One nonzero input whose part of the error is not 0, all others 0."""
    slopes = [response[-1] - 1, *reversed(response[:-1])]
    place = next(k for k, slope in enumerate(slopes) if slope)
    sign = 1 if slopes[place] > 0 else -1
    return join([(Fraction(0), place), (Fraction(sign), 1), (Fraction(0), len(slopes) - 1 - place)])

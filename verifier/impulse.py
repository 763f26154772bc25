"""The exact worst error of a linear network from its impulse response, without carrying forms of all inputs.

A step that is one affine map gives y_n = const_n + Σ_{k<n} g_k x_{n-k}, where g_0, g_1, ... are the outputs after the single
input 1 without biases and const_n those of zero inputs. Over [-M, M]^n

    sup |y_n - x_1| = M (|1 - g_{n-1}| + Σ_{k<n-1} |g_k|) + |const_n|,

and over ℝ^n it is |const_n| if g_{n-1} = 1 and all other g_k = 0, else infinite. Source: this project, theory T3.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from verifier.errors import StepLimit
from verifier.piecewise import ExactSupremum
from verifier.program import Program
from verifier.sequences import join

ZERO, ONE = Fraction(0), Fraction(1)

LARGEST_WORK = 4_000_000
"""Steps × coefficients after which stepping is given up."""


def is_affine(program: Program) -> bool:
    """Whether the live part of the network is one affine map per step."""
    return all(operation.name in ("x", "state", "affine") for operation in program.operations)


def linear_supremum(program: Program, bound: Fraction | None, n: int, only_last: bool) -> ExactSupremum:
    """The exact worst error over [-bound, bound]^n' (over ℝ^n' with bound None) for every n' <= n, or for n alone.

    Raises `StepLimit` where that takes more than `LARGEST_WORK` multiplications.
    """
    if n * sum(len(operation.arguments) for operation in program.operations) > LARGEST_WORK:
        raise StepLimit(f"{n} steps of this linear network are too many to walk in exact arithmetic")
    response: list[Fraction] = []
    still: list[Fraction] = list(program.initial)
    pulse = [ZERO] * len(still)
    rest, best = ZERO, None
    for t in range(1, n + 1):
        pulse, answer = _step(program, pulse, ONE if t == 1 else ZERO, biased=False)
        still, constant = _step(program, still, ZERO, biased=True)
        response.append(answer)
        if not only_last or t == n:
            first = abs(1 - answer)
            value = None if bound is None and (first or rest) else (bound or ZERO) * (first + rest) + abs(constant)
            if best is None or (best[0] is not None and (value is None or value > best[0])):
                best = value, t, constant
        rest += abs(answer)
    if best is None:
        raise StepLimit("no horizon was asked for")
    value, horizon, constant = best
    return _with_witness(value, response[:horizon], constant, bound)


def _step(program: Program, state: Sequence[Fraction], x: Fraction, biased: bool) -> tuple[list[Fraction], Fraction]:
    """The state after one step, and the readout."""
    old = dict(zip(program.old, state, strict=True))
    values: list[Fraction] = []
    for index, operation in enumerate(program.operations):
        if operation.name == "x":
            values.append(x)
        elif operation.name == "state":
            values.append(old[index])
        else:
            total = operation.bias if biased else ZERO
            for coefficient, argument in zip(operation.coefficients, operation.arguments, strict=True):
                if values[argument]:
                    total += coefficient * values[argument]
            values.append(total)
    return [values[index] for index in program.new], values[program.readout]


def _with_witness(
    value: Fraction | None, response: Sequence[Fraction], constant: Fraction, bound: Fraction | None
) -> ExactSupremum:
    """A vertex that attains a finite error; on ℝ one input that y_n - x_1 depends on."""
    slopes = [response[-1] - 1, *reversed(response[:-1])]  # of x_1, x_2, ..., x_n in y_n - x_1
    if value is None:
        place = next(k for k, slope in enumerate(slopes) if slope)
        inputs = [ONE if k == place else ZERO for k in range(len(slopes))]
    else:
        size = ONE if bound is None else bound
        inputs = [size if (slope >= 0) == (constant >= 0) else -size for slope in slopes]
    return ExactSupremum(value, len(slopes), join((x, 1) for x in inputs), None)

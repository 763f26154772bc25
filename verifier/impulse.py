"""Impulse responses: what a linear network makes of one input k steps later, and its exact worst error from that.

A step that is one affine map gives y_n = const_n + Σ_{k<n} g_k x_{n-k}, where g_0, g_1, ... are the outputs after the single
input 1 without biases, C A^k B, and const_n those of zero inputs. Over [-M, M]^n

    sup |y_n - x_1| = M (|1 - g_{n-1}| + Σ_{k<n-1} |g_k|) + |const_n|,

and over ℝ^n it is |const_n| if g_{n-1} = 1 and all other g_k = 0, else infinite. Source: this project, theory T3.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from flint import fmpq, fmpq_mat

from verifier.arithmetic.rationals import ZERO, to_flint, to_fraction
from verifier.errors import StepLimit
from verifier.piecewise import ExactSupremum
from verifier.program import Program
from verifier.sequences import join

ONE = fmpq(1)

LARGEST_WORK = 4_000_000
"""Steps × coefficients after which stepping is given up."""


def impulse_response(matrix: fmpq_mat, column: fmpq_mat, row: fmpq_mat, length: int) -> list[Fraction]:
    """g_k = C A^k B for k = 0 ... length - 1, exactly; A is d×d, B d×1, C 1×d. Time and size grow with `length`."""
    response = []
    for _ in range(length):
        response.append(to_fraction((row * column)[0, 0]))
        column = matrix * column
    return response


def recall_error(response: Sequence[Fraction]) -> Fraction:
    """e_n / M = |1 - g_{n-1}| + Σ_{k<n-1} |g_k| of a linear network without biases, from g_0 ... g_{n-1}."""
    return abs(1 - response[-1]) + sum((abs(g) for g in response[:-1]), Fraction(0))


def is_affine(program: Program) -> bool:
    """Whether the live part of the network is one affine map per step."""
    return all(operation.name in ("x", "state", "affine") for operation in program.operations)


def linear_supremum(program: Program, bound: Fraction | None, n: int, only_last: bool) -> ExactSupremum:
    """The exact worst error over [-bound, bound]^n' (over ℝ^n' with bound None) for every n' <= n, or for n alone.

    Raises `StepLimit` where that takes more than `LARGEST_WORK` multiplications.
    """
    if n * sum(len(operation.arguments) for operation in program.operations) > LARGEST_WORK:
        raise StepLimit(f"{n} steps of this linear network are too many to walk in exact arithmetic")
    affine, size = _Affine(program), ZERO if bound is None else to_flint(bound)
    response: list[fmpq] = []
    still = [to_flint(value) for value in program.initial]
    pulse = [ZERO] * len(still)
    rest, best = ZERO, None
    for t in range(1, n + 1):
        pulse, answer = affine.step(pulse, ONE if t == 1 else ZERO, biased=False)
        still, constant = affine.step(still, ZERO, biased=True)
        response.append(answer)
        if not only_last or t == n:
            first = abs(1 - answer)
            value = None if bound is None and (first != 0 or rest != 0) else size * (first + rest) + abs(constant)
            if best is None or (best[0] is not None and (value is None or value > best[0])):
                best = value, t, constant
        rest += abs(answer)
    if best is None:
        raise StepLimit("no horizon was asked for")
    value, horizon, constant = best
    return _with_witness(None if value is None else to_fraction(value), response[:horizon], constant, bound)


class _Affine:
    """The program's operations with flint's rationals: its coefficients may be long."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.terms = [
            [(to_flint(c), a) for c, a in zip(operation.coefficients, operation.arguments, strict=True)]
            for operation in program.operations
        ]
        self.biases = [to_flint(operation.bias) for operation in program.operations]

    def step(self, state: Sequence[fmpq], x: fmpq, biased: bool) -> tuple[list[fmpq], fmpq]:
        """The state after one step, and the readout."""
        old = dict(zip(self.program.old, state, strict=True))
        values: list[fmpq] = []
        for index, operation in enumerate(self.program.operations):
            if operation.name == "x":
                values.append(x)
            elif operation.name == "state":
                values.append(old[index])
            else:
                total = self.biases[index] if biased else ZERO
                for coefficient, argument in self.terms[index]:
                    if values[argument] != 0:
                        total += coefficient * values[argument]
                values.append(total)
        return [values[index] for index in self.program.new], values[self.program.readout]


def _with_witness(value: Fraction | None, response: Sequence[fmpq], constant: fmpq, bound: Fraction | None) -> ExactSupremum:
    """A vertex that attains a finite error; on ℝ one input that y_n - x_1 depends on."""
    slopes = [response[-1] - 1, *reversed(response[:-1])]  # of x_1, x_2, ..., x_n in y_n - x_1
    one, zero = Fraction(1), Fraction(0)
    if value is None:
        place = next(k for k, slope in enumerate(slopes) if slope != 0)
        inputs = [one if k == place else zero for k in range(len(slopes))]
    else:
        size = one if bound is None else bound
        inputs = [size if (slope >= 0) == (constant >= 0) else -size for slope in slopes]
    return ExactSupremum(value, len(slopes), join((x, 1) for x in inputs), None)

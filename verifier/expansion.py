"""The recall error by its Taylor expansion in x_1, for weights whose readout cancels.

Where a readout takes differences of nearly equal memories, ∂y/∂x_1 - 1 is smaller than any interval enclosure of it is wide.
Here y is a power series in x_1: every state is c_0 + c_1 x_1 + ... + c_m x_1^m, where the balls c_i hold all values that the
later inputs in [-M, M] allow, c_0 ... c_{m-1} expanded at 0 and c_m, Lagrange's remainder, over all of [-M, M]. So

    |y_n - x_1| <= |c_0| + |c_1 - 1| M + |c_2| M² + ... + |c_m| M^m.

Horizons beyond the settled step T follow from the closed form s_m = a^m s_T + b (1 + ... + a^{m-1}) of affine states, with a^m
in [a^{n-T}, 1] for all of them at once. The bound is not exact: what later inputs do is added over the terms of the readout.
Nothing here knows a construction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import flint
from flint import arb, arb_series, fmpz

from verifier.arithmetic.balls import ONE, ZERO, Balls, to_ball
from verifier.arithmetic.enclosures import Interval
from verifier.induction import forms_of_driven_states, settle
from verifier.program import Program
from verifier.run import Runner
from verifier.sequences import Runs, join
from verifier.settled import SETTLING_STEPS

ORDERS = (8, 16, 32, 64)
"""Orders m that are tried."""


class Series:
    """Arithmetic of power series in x_1, cut at the order that `cut` set; σ and tanh through the exponential."""

    name = "series"

    @staticmethod
    def exact(value: Fraction) -> arb_series:
        """A rational constant."""
        return arb_series([to_ball(value)])

    @staticmethod
    def sigmoid(value: arb_series) -> arb_series:
        """σ(v) = 1/(1 + e^-v)."""
        return 1 / (1 + (-value).exp())

    @staticmethod
    def tanh(value: arb_series) -> arb_series:
        """tanh(v) = 1 - 2/(1 + e^{2v})."""
        return 1 - 2 / (1 + (2 * value).exp())


@contextmanager
def cut(order: int) -> Iterator[None]:
    """Series of order `order`, restored afterwards."""
    before = flint.ctx.cap
    flint.ctx.cap = order + 1
    try:
        yield
    finally:
        flint.ctx.cap = before


def bound_by_expansion(program: Program, bound: Fraction, n: int, only_last: bool, aim: Fraction) -> arb | None:
    """An upper bound of |y_n' - x_1| over [-bound, bound]^n' for all n' <= n (or n alone), at most `aim` if some order serves.

    None where a premise fails: the net reads relu, or beyond the settled step a state is neither affine nor memoryless.
    Works at the current precision.
    """
    if program.x is None or any(operation.name == "relu" for operation in program.operations):
        return None
    best: arb | None = None
    for order in ORDERS:
        with cut(order):
            near = _errors(program, bound, n, only_last, arb_series([ZERO, ONE]))
            wide = _errors(program, bound, n, only_last, arb_series([_hull(-bound, bound), ONE]))
        if near is None or wide is None:
            return None
        found = ZERO
        for at_zero, anywhere in zip(near, wide, strict=True):
            found = found.max(_largest(at_zero, anywhere, order, bound))
        if not found.is_finite():
            return None
        best = found if best is None else best.min(found)
        if best <= to_ball(aim):
            break
    return best


def _largest(at_zero: arb_series, anywhere: arb_series, order: int, bound: Fraction) -> arb:
    """The sum of |c_i| M^i, the last coefficient from the expansion over all of [-M, M]."""
    size, total = to_ball(bound), abs(anywhere[order]) * to_ball(bound**order)
    for i in range(order):
        total = total + abs(at_zero[i]) * size**i
    return arb(total.upper())


def _hull(low: Fraction, high: Fraction) -> arb:
    return to_ball(low).union(to_ball(high))


def _errors(program: Program, bound: Fraction, n: int, only_last: bool, x_1: arb_series) -> list[arb_series] | None:
    """y_n' - x_1 at the horizons 1 ... T, and one series that holds it at all horizons beyond; at n alone with `only_last`."""
    forms = forms_of_driven_states(program) or []
    settled = settle(program, min(n - 1, SETTLING_STEPS)) if n > 1 else None
    closed = bool(forms) and settled is not None and all(form.kind in ("memoryless", "affine") for form in forms)
    if settled is not None and closed:
        start = settled.steps + any(form.kind == "memoryless" for form in forms)
    else:
        start = n
    if start > SETTLING_STEPS:
        return None
    runner = Runner(program, Series)
    later = arb_series([_hull(-bound, bound)])
    state, found = runner.start(), []
    for t in range(1, min(start, n) + 1):
        state = runner.step(t, state, x_1 if t == 1 else later)
        if not only_last or t == n:
            found.append(runner.output() - x_1)
    count = n - start
    if count < 1 or settled is None:
        return found
    moved = _moved(runner, settled.box, [form.kind for form in forms], state, later, count, only_last)
    if moved is None:
        return None
    _place(runner, settled.box, moved, later)
    found.append(runner.output() - x_1)
    return found


def _place(runner: Runner, autonomous: Sequence[Interval], state: Sequence[Any], x: Any) -> list[Any]:
    """One step from settled autonomous states."""
    runner.advance_autonomous([arb_series([value.lower.union(value.upper)]) for value in autonomous])
    runner.load_input(x)
    for index, value in zip(runner.driven_old, state, strict=True):
        runner.values[index] = value
    return runner.evaluate_driven()


def _moved(
    runner: Runner, autonomous: Sequence[Interval], kinds: Sequence[str], state: Sequence[Any], x: Any, count: int, only_last: bool
) -> list[Any] | None:
    """The driven states before the last of 1 ... count further steps (of `count` steps with `only_last`); None without decay."""
    zero, one = arb_series([ZERO]), arb_series([ONE])
    fed = _place(runner, autonomous, [zero for _ in kinds], x)
    rest = [value if kind == "memoryless" else zero for kind, value in zip(kinds, fed, strict=True)]
    offsets, still = _place(runner, autonomous, rest, x), _place(runner, autonomous, rest, zero)
    result = []
    for k, (kind, offset, value) in enumerate(zip(kinds, offsets, state, strict=True)):
        if kind == "memoryless":
            result.append(arb_series([value[i].union(offset[i]) for i in range(flint.ctx.cap)]))
            continue
        at_one = _place(runner, autonomous, [one if position == k else other for position, other in enumerate(rest)], zero)[k]
        factor = at_one[0] - still[k][0]  # depends on autonomous states alone
        if not (factor > 0 and factor <= 1):
            return None
        least = factor ** fmpz(count - 1)
        power = least if only_last else least.union(ONE)
        result.append(value * power + offset * ZERO.union(arb(fmpz(count - 1))))
    return result


def attained(program: Program, bound: Fraction, length: int, only_last: bool) -> tuple[arb, int, Runs]:
    """The largest error of x_1 = M followed by M or -M, read at step 1 and at `length` (there alone with `only_last`)."""
    runner = Runner(program, Balls(flint.ctx.prec))
    best: tuple[arb, int, Runs] = (-ONE, 1, ((bound, 1),))
    for sign in (1, -1):
        state = runner.start()
        for t in range(1, length + 1):
            state = runner.step(t, state, bound if t == 1 else sign * bound)
            if t == length or (t == 1 and not only_last):
                error = abs(runner.output() - to_ball(bound))
                if error > best[0]:
                    best = (error, t, join([(bound, 1), (sign * bound, t - 1)] if t > 1 else [(bound, 1)]))
    return best

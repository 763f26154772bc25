"""Exact suprema of linear networks: the impulse response against affine forms and against all vertices."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from fractions import Fraction

import pytest

from verifier.arithmetic.rationals import Rationals, to_fraction
from verifier.errors import StepLimit
from verifier.impulse import is_affine, linear_supremum
from verifier.piecewise import exact_supremum
from verifier.program import Program, record
from verifier.run import Runner
from verifier.sequences import expand
from verifier.weights import Weights

F = Fraction


def weights(seed: int, hidden: int, start: bool) -> Weights:
    generator = random.Random(seed)

    def number() -> Fraction:
        return F(generator.randint(-8, 8), generator.randint(1, 4))

    blocks = {
        "W_h": {(i, k): number() for i in range(hidden) for k in range(hidden)},
        **{name: {(k,): number() for k in range(hidden)} for name in ("U_h", "V", *(("b_h", "h_0") if start else ()))},
    }
    return Weights("linear", hidden, {**blocks, "v0": {(): number() if start else 0}})


@pytest.mark.parametrize("only_last", [False, True])
@pytest.mark.parametrize("start", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_it_is_the_forms_supremum_and_attained(seed: int, start: bool, only_last: bool) -> None:
    program, bound, n = record(weights(seed, 1 + seed % 3, start)), F(3, 2), 1 + seed
    found = linear_supremum(program, bound, n, only_last)
    assert found.value == exact_supremum(program, bound, n, only_last, 10).value
    inputs = list(expand(found.witness))
    assert len(inputs) == found.horizon
    horizons = [n] if only_last else range(1, n + 1)
    worst = max(
        abs(_output(program, vertex) - vertex[0]) for m in horizons for vertex in itertools.product((bound, -bound), repeat=m)
    )
    assert found.value == worst == abs(_output(program, inputs) - inputs[0])


def _output(program: Program, inputs: Sequence[Fraction]) -> Fraction:
    *_, last = Runner(program, Rationals()).outputs(list(inputs))
    return to_fraction(last)


def test_on_the_reals_only_the_exact_response_is_finite() -> None:
    shift = Weights("linear", 2, {"W_h": {(1, 0): 1}, "U_h": {(0,): 1}, "V": {(1,): 1}, "v0": {(): F(1, 3)}})
    assert linear_supremum(record(shift), None, 2, True).value == F(1, 3)
    early = linear_supremum(record(shift), None, 1, True)
    assert early.value is None
    assert early.witness == ((F(1), 1),)
    late = linear_supremum(record(shift), None, 3, True)
    assert late.value is None
    assert late.horizon == 3
    assert abs(_output(record(shift), list(expand(late.witness))) - next(expand(late.witness))) >= F(2, 3)
    assert linear_supremum(record(shift), None, 2, False).value is None


def test_only_affine_steps_qualify_and_long_walks_are_declined() -> None:
    assert not is_affine(record(Weights("relu", 1, {"U_h": {(0,): 1}, "V": {(0,): 1}})))
    program = record(Weights("linear", 1, {"W_h": {(0, 0): 2}, "U_h": {(0,): 1}, "V": {(0,): 1}}))
    assert is_affine(program)
    with pytest.raises(StepLimit, match="too many"):
        linear_supremum(program, F(1), 10**9, True)

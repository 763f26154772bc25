"""The closed-form bounds of C4a, C4b and C5 against the exact supremum for weights nobody sized: any B, ε, M, also large."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from constructions import exploding, register, sigmoid, tanh
from constructions.elman import EPSILON, B, M, N
from verifier.arithmetic.balls import Balls
from verifier.program import record
from verifier.supremum import supremum_by_stepping
from verifier.verdict import Verdict


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("theorem", ["C4a", "C4a-sigmoid", "C4b", "C5", "C5-sigmoid"])
def test_bound_holds_for_any_sizes(theorem: str, seed: int) -> None:
    generator = random.Random(f"{theorem} {seed}")
    n = generator.randint(1, 8)
    bound = Fraction(generator.randint(1, 40), 10)
    scale = Fraction(generator.randint(1, 300), generator.choice([100, 1000]))
    size = Fraction(generator.randint(1, 60), 10)
    values = {N: Fraction(n), M: bound, EPSILON: scale}
    if theorem == "C5":
        weights, derivation = tanh.network(4, size, scale)[0], tanh.derivation()
        values[B] = size
    elif theorem == "C5-sigmoid":
        weights, derivation = sigmoid.network(4, size, scale)[0], sigmoid.derivation()
        values[B] = size
    elif theorem == "C4b":
        growth = generator.randint(2, 15)
        values[EPSILON], values[exploding.LAMBDA] = scale / growth**n, Fraction(growth)
        weights, derivation = exploding.network(1, growth, values[EPSILON], n)[0], exploding.derivation()
    else:
        cell = "sigmoid" if theorem.endswith("sigmoid") else "tanh"
        weights, derivation = register.network(cell, 8, n, scale)[0], register.derivation(cell)
    with Balls(300).working():
        assert derivation.matches(weights, values) is Verdict.PROVED
        assert all(verdict is Verdict.PROVED for verdict in derivation.check_hypotheses(values).values())
        exact = supremum_by_stepping(record(weights), bound, n, theorem.startswith("C4"))
        assert exact.exact
        assert exact.upper <= derivation.enclose(values)

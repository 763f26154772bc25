"""Deciding impossibilities, and refuting weights that are offered against a theorem, each by a sequence they miss."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from constructions import Construction, Impossibility, construct
from proofs.checks import linear_weights, random_allowed_weights, random_weights
from proofs.impossible import decide, forbidding, missed_word, refute
from proofs.theorems import THEOREMS, t3b
from proofs.theorems.t6 import output
from verifier import Verdict, Weights
from verifier.arithmetic.balls import Balls, lower_fraction, to_ball
from verifier.observed import error_of
from verifier.program import record
from verifier.regime import Regime
from verifier.sequences import expand, length

F = Fraction
SATURATING = ("tanh", "sigmoid", "lstm", "gru", "gru-keep", "gru-after", "gru-after-keep")


def built(architecture: str, n: int, **options: Any) -> Weights:
    answer = construct(architecture, n, **options)
    assert isinstance(answer, Construction)
    return answer.weights


def zero(cell: str, hidden: int = 2) -> Weights:
    return Weights(cell, hidden, {})


def randoms(cell: str, hidden: int, count: int = 4) -> Iterator[Weights]:
    generator = random.Random(f"{cell} {hidden}")
    for _ in range(count):
        yield random_weights(generator, cell, hidden, 2)


def against_t1() -> Iterator[tuple[Weights, Regime]]:
    for cell in SATURATING:
        offered = [zero(cell, 4), built(cell, 9, precision=8, hidden=4), *randoms(cell, 4, 3)]
        for weights in offered:
            for horizon, n in (("upto", 9), ("fixed", 9), ("fixed", 10**18), ("forever", 9)):
                yield weights, Regime(cell, n, F(1), F(7), horizon, "reals", hidden=4)


def against_t2() -> Iterator[tuple[Weights, Regime]]:
    for cell in SATURATING:
        offered = [
            zero(cell, 4),
            built(cell, 9, precision=8, hidden=4),
            built(cell, 9, precision=60, hidden=4),
            *randoms(cell, 4, 2),
        ]
        for weights in offered:
            for horizon, n in (("upto", 9), ("fixed", 9), ("forever", 9), ("upto", 10**18)):
                yield weights, Regime(cell, n, F(2), F(0), horizon, hidden=4)


def against_t3() -> Iterator[tuple[Weights, Regime]]:
    offered = [zero("linear"), built("linear", 3, precision=12, horizon="fixed", hidden=2), *randoms("linear", 2)]
    offered += [linear_weights(*t3b.sharp_weights(2)), built("linear", 2, exact_recall=True, horizon="fixed", hidden=2)]
    for weights in offered:
        for domain, bits in (("box", None), ("reals", None), ("grid", 1), ("grid", 3)):
            yield weights, Regime("linear", 3, F(1), F(0), "fixed", domain, bits, hidden=2)


def against_t4() -> Iterator[tuple[Weights, Regime]]:
    offered = [zero("linear"), built("linear", 5, tolerance=F(15, 16), hidden=2), *randoms("linear", 2)]
    offered += [
        built("linear", 5, precision=3, horizon="fixed", hidden=2),
        built("linear", 2, horizon="fixed", precision=1, hidden=2),
    ]
    for weights in offered:
        for horizon, n, domain, bits in (
            ("upto", 5, "box", None), ("upto", 10**18, "box", None), ("forever", 3, "box", None), ("upto", 2, "reals", None),
            ("forever", 2, "reals", None), ("upto", 5, "grid", 2), ("forever", 5, "grid", 2),
        ):  # fmt: skip
            tolerance = F(1, 3) if domain == "grid" else F(9) if domain == "reals" else F(7, 8)
            yield weights, Regime("linear", n, F(1), tolerance, horizon, domain, bits, hidden=2)
        yield weights, Regime("linear", 10**18, F(1), 1 - F(1, 2**40), "upto", hidden=2)


def against_t6() -> Iterator[tuple[Weights, Regime]]:
    generator = random.Random(6)
    offered = [zero("relu", 4), built("relu", 9, exact_recall=True, hidden=4), *randoms("relu", 4)]
    offered.append(built("relu", 2, exact_recall=True, horizon="fixed", domain="reals", hidden=4))
    for weights in offered:
        for horizon, n in (("upto", 2), ("upto", 10**18), ("forever", 5), ("fixed", 3), ("fixed", 5)):
            yield weights, Regime("relu", n, F(1), F(10**6), horizon, "reals", hidden=4)
    c13 = built("stacked", 5, exact_recall=True, hidden=2)
    for weights in (c13, zero("stacked"), *(random_weights(generator, "stacked", 2, 2) for _ in range(3))):
        for horizon in ("upto", "forever"):
            yield weights, Regime("stacked", 5, F(1), F(100), horizon, "reals", hidden=2)


def against_t5() -> Iterator[tuple[Weights, Regime]]:
    generator = random.Random(15)
    best = built("diagonal", 4, tolerance=F(2, 3), hidden=7)
    for weights in (zero("diagonal", 7), best, *(random_allowed_weights(generator, "diagonal", 7) for _ in range(3))):
        for horizon, n, domain, tolerance in (
            ("upto", 4, "box", F(2, 3) - F(1, 10**12)), ("upto", 10**18, "box", F(99, 100)), ("forever", 4, "box", F(9, 10)),
            ("upto", 3, "reals", F(10)),
        ):  # fmt: skip
            yield weights, Regime("diagonal", n, F(1), tolerance, horizon, domain, hidden=7)
    for cell in ("mingru", "minlstm", "selective", "lru"):
        for weights in (built(cell, 4, precision=6, horizon="fixed", hidden=4), random_allowed_weights(generator, cell, 4)):
            yield weights, Regime(cell, 7, F(2), F(1), "upto", hidden=4)


def against_t5b() -> Iterator[tuple[Weights, Regime]]:
    generator = random.Random(16)
    for cell in ("mingru", "minlstm", "selective", "lru"):
        most = 2 * (2 if cell == "lru" else 1)
        near = built(cell, most, precision=6, horizon="fixed", hidden=2)
        for weights in (zero(cell), near, *(random_allowed_weights(generator, cell, 2) for _ in range(2))):
            for n in (most + 2 + (cell == "selective"), most + 9):
                yield weights, Regime(cell, n, F(2), F(2, 2**most) - F(1, 10**9), "fixed", hidden=2)


CASES = {
    "T1": against_t1,
    "T2": against_t2,
    "T3": against_t3,
    "T4": against_t4,
    "T5": against_t5,
    "T5b": against_t5b,
    "T6": against_t6,
}


@pytest.mark.parametrize("name", CASES)
def test_weights_against_a_theorem_get_a_witness(name: str) -> None:
    seen = set()
    for weights, regime in CASES[name]():
        assert name in forbidding(regime), regime
        found = refute(weights, regime)
        assert found is not None, (weights, regime)
        seen.add(weights)
        assert found.theorem in forbidding(regime)
        assert all(regime.contains(value) for value, _ in found.runs)
        count = length(found.runs)
        assert found.horizon == count
        assert regime.length is None or count <= regime.n
        assert not regime.only_last or count == regime.n
        if count > 10**6:
            continue
        with Balls(400).working():
            error = error_of(record(weights), found.runs)
            assert error > to_ball(regime.tolerance)
            assert lower_fraction(error) >= lower_fraction(found.error) * F(999, 1000)
        if weights.cell in ("relu", "linear"):  # and once more in rationals, through another path
            inputs = list(expand(found.runs))
            assert abs(output(weights, inputs) - inputs[0]) > regime.tolerance
    assert len(seen) >= 5


@pytest.mark.parametrize("name", ["T4", "T5", "T5b"])
def test_the_words_of_the_proof_are_enough(name: str) -> None:
    for weights, regime in CASES[name]():
        found = missed_word(weights, regime)
        assert found is not None, (weights, regime)
        with Balls(400).working():
            assert error_of(record(weights), found.runs) > to_ball(regime.tolerance)


def test_every_theorem_with_a_floor_has_words_but_two_that_the_verifier_refutes_itself() -> None:
    assert {name for name, theorem in THEOREMS.items() if theorem.floor and not theorem.witnesses} == {"T1", "T3"}
    assert missed_word(zero("linear"), Regime("linear", 2, F(1), F(1, 10), "fixed", hidden=2)) is None


def test_nothing_is_refuted_where_nothing_is_forbidden() -> None:
    for architecture, options in (
        ("lstm", {"n": 9, "precision": 5}),
        ("linear", {"n": 4, "horizon": "fixed", "exact_recall": True}),
        ("linear", {"n": 4, "tolerance": F(7, 8)}),
        ("relu", {"n": 3, "horizon": "fixed", "domain": "reals", "exact_recall": True}),
        ("linear", {"n": 4, "domain": "grid", "bits": 1}),
    ):
        answer = construct(architecture, hidden=5, **options)  # type: ignore[arg-type]
        assert isinstance(answer, Construction)
        assert forbidding(answer.regime) == []
        assert refute(answer.weights, answer.regime) is None


def test_a_tolerance_at_the_floor_is_not_refuted_and_a_hair_below_is() -> None:
    weights = built("linear", 6, tolerance=F(31, 32), hidden=1)
    assert refute(weights, Regime("linear", 6, F(1), F(31, 32), hidden=1)) is None
    found = refute(weights, Regime("linear", 6, F(1), F(31, 32) - F(1, 10**40), hidden=1))
    assert found is not None
    assert lower_fraction(found.error) == F(31, 32)


@pytest.mark.parametrize(
    ("architecture", "options", "theorem", "sharp"),
    [
        ("lstm", {"n": 9, "domain": "reals", "precision": 3}, "T1", None),
        ("gru-after-keep", {"n": 9, "exact_recall": True}, "T2", None),
        ("linear", {"n": 6, "horizon": "fixed", "exact_recall": True, "hidden": 5}, "T3", None),
        ("linear", {"n": 6, "precision": 3, "bound": F(5, 7)}, "T4", Verdict.PROVED),
        ("linear", {"n": 6, "domain": "grid", "bits": 2}, "T4", Verdict.PROVED),
        ("linear", {"n": 6, "precision": 3, "horizon": "forever"}, "T4", None),
        ("relu", {"n": 31, "horizon": "fixed", "domain": "reals", "exact_recall": True}, "T6", None),
        ("relu", {"n": 1, "horizon": "fixed", "domain": "reals", "exact_recall": True, "hidden": 1}, "T6", None),
        ("stacked", {"n": 2, "domain": "reals", "exact_recall": True}, "T6", None),
    ],
)
def test_impossibilities_are_proved(architecture: str, options: dict[str, Any], theorem: str, sharp: Verdict | None) -> None:
    answer = construct(architecture, **options)
    assert isinstance(answer, Impossibility)
    assert answer.theorem == theorem
    decision = decide(answer)
    assert decision.verdict is Verdict.PROVED, decision.checks
    assert decision.sharp is sharp
    if sharp is Verdict.PROVED:
        assert decision.best is not None
        assert decision.best.supremum is not None
        assert decision.floor is not None
        assert decision.best.supremum.exact_value == decision.floor.error


def test_false_claims_of_impossibility_are_refuted() -> None:
    possible = construct("linear", 4, horizon="fixed", exact_recall=True)
    assert isinstance(possible, Construction)
    assert decide(Impossibility(possible.regime, "T3")).verdict is Verdict.REFUTED
    assert decide(Impossibility(possible.regime, "T4")).verdict is Verdict.REFUTED
    reached = construct("linear", 4, tolerance=F(7, 8))
    assert isinstance(reached, Construction)
    assert decide(Impossibility(reached.regime, "T4")).verdict is Verdict.REFUTED
    assert decide(Impossibility(Regime("lstm", 4, F(1), F(1, 10)), "T2")).verdict is Verdict.REFUTED


def test_a_theorem_that_is_only_cited_or_has_no_floor_forbids_nothing() -> None:
    regime = Regime("lstm", 4, F(1), F(0), "forever")
    assert decide(Impossibility(regime, "T7")).verdict is Verdict.REFUTED
    assert THEOREMS["T3b"].floor is None
    assert THEOREMS["T3c"].floor is None


def test_an_example_that_does_not_attain_the_floor_is_noticed() -> None:
    answer = construct("linear", 5, precision=3)
    assert isinstance(answer, Impossibility)
    loose = construct("linear", 7, tolerance=F(63, 64))
    assert isinstance(loose, Construction)
    decision = decide(replace(answer, best=loose))
    assert decision.sharp is Verdict.REFUTED
    assert decision.verdict is Verdict.REFUTED


def test_few_adversarial_steps_do_not_undo_the_example() -> None:
    answer = construct("linear", 30, precision=3)
    assert isinstance(answer, Impossibility)
    assert decide(answer, steps=3).verdict is Verdict.PROVED

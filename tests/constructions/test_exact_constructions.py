"""Exact constructions (C1, C2, C3, C11, C12, C13): right ones are proved, wrong ones refuted, both against plain rationals."""

import itertools
import random
from collections.abc import Iterator
from fractions import Fraction

import pytest

from constructions import Construction, Impossibility, Unanswered, construct
from verifier import UsageError, Verdict, certify, certify_weights
from verifier.observed import error_of
from verifier.program import record
from verifier.regime import Regime
from verifier.sequences import expand
from verifier.weights import Weights

F = Fraction


def plain_error(weights: Weights, inputs: list[Fraction]) -> Fraction:
    """|y_n - x_1| by formulas written here, unit by unit, without the verifier's cells."""
    d = weights.hidden
    w = weights
    h = [w["h_0"][k,] for k in range(d)]
    p = [w["p_0"][k,] for k in range(d)] if w.cell == "stacked" else []
    live = sorted({i for name, array in w.blocks().items() for index, _ in array for i in index})
    for x in inputs:
        if w.cell in ("linear", "relu"):
            z = {i: sum(w["W_h"][i, j] * h[j] for j in live) + w["U_h"][i,] * x + w["b_h"][i,] for i in live}
            new = {i: max(v, F(0)) if w.cell == "relu" else v for i, v in z.items()}
        elif w.cell == "bilinear":
            new = {}
            for i in live:
                a = sum(w["W_a"][i, j] * h[j] for j in live) + w["U_a"][i,] * x + w["b_a"][i,]
                b = sum(w["W_x"][i, j] * h[j] for j in live) + w["U_x"][i,] * x + w["b_x"][i,]
                new[i] = a + x * b
        else:
            for i in live:
                p[i] = w["a_p"][i,] * p[i] + w["U_p"][i,] * x + w["b_p"][i,]
            new = {}
            for i in live:
                u = sum(w["W_u"][i, j] * p[j] for j in live) + w["U_u"][i,] * x + w["b_u"][i,]
                new[i] = w["a_h"][i,] * h[i] + max(u, F(0))
        for i, value in new.items():
            h[i] = value
    return abs(sum((w["V"][k,] * h[k] for k in range(d)), F(0)) + w["v0"][()] - inputs[0])


def sequences(bound: Fraction, n: int) -> Iterator[list[Fraction]]:
    if n <= 4:
        yield from (list(c) for c in itertools.product((-bound, bound / 3, bound), repeat=n))
    generator = random.Random(n)
    for _ in range(6 if n <= 6 else 2):
        yield [bound * F(generator.randint(-100, 100), 100) for _ in range(n)]


CASES = [
    ("relu", {"n": 4, "horizon": "forever"}, F(1)),
    ("relu", {"n": 5}, F(1, 3)),
    ("relu", {"n": 10**18, "hidden": 3}, F(7)),
    ("relu", {"n": 4, "domain": "grid", "bits": 3, "horizon": "forever"}, F(2)),
    ("relu", {"n": 1, "horizon": "fixed", "domain": "reals", "hidden": 2}, F(1)),
    ("relu", {"n": 4, "horizon": "fixed", "domain": "reals", "hidden": 6}, F(1)),
    ("relu", {"n": 30, "horizon": "fixed", "domain": "reals"}, F(1)),
    ("linear", {"n": 4, "horizon": "fixed", "hidden": 4}, F(1)),
    ("linear", {"n": 32, "horizon": "fixed", "domain": "reals"}, F(1)),
    ("linear", {"n": 1}, F(1)),
    ("bilinear", {"n": 4, "horizon": "forever", "domain": "reals"}, F(1)),
    ("bilinear", {"n": 10**18, "hidden": 2}, F(5)),
    ("stacked", {"n": 4, "horizon": "forever"}, F(1)),
    ("stacked", {"n": 10**18, "hidden": 1}, F(3, 7)),
]


def build(architecture: str, options: dict[str, object], bound: Fraction) -> Construction:
    answer = construct(architecture, bound=bound, exact_recall=True, **options)  # type: ignore[arg-type]
    assert isinstance(answer, Construction)
    return answer


@pytest.mark.parametrize(("architecture", "options", "bound"), CASES)
def test_exact_recall_is_proved_with_all_layers_zero(architecture: str, options: dict[str, object], bound: Fraction) -> None:
    answer = build(architecture, options, bound)
    certificate = certify(answer, steps=min(200, answer.regime.n))
    assert certificate.verdict is Verdict.PROVED
    assert certificate.supremum is not None
    assert certificate.supremum.upper.is_zero()
    assert certificate.symbolic is not None
    assert certificate.symbolic.value.is_zero()
    if certificate.observed is not None:
        assert certificate.observed.worst.error.is_zero()
    n = min(answer.regime.n, 6) if answer.regime.horizon != "fixed" else answer.regime.n
    assert all(plain_error(answer.weights, x) == 0 for x in sequences(bound, n))


@pytest.mark.parametrize(("n", "tolerance"), [(2, F(1, 10)), (5, F(1, 1000)), (40, F(1, 10**20)), (33, F(9, 10))])
@pytest.mark.parametrize("bound", [F(1), F(1, 3), F(12)])
def test_exploding_scalar_error_is_an_equality(n: int, tolerance: Fraction, bound: Fraction) -> None:
    answer = construct("linear", n=n, tolerance=tolerance * bound, bound=bound, horizon="fixed", hidden=1)
    assert isinstance(answer, Construction)
    factor = answer.weights["W_h"][0, 0]
    formula = bound * (1 - factor ** (1 - n)) / (factor - 1)
    certificate = certify(answer)
    assert certificate.verdict is Verdict.PROVED
    assert certificate.supremum is not None
    assert plain_error(answer.weights, list(expand(certificate.supremum.witness))) == formula <= tolerance * bound
    smaller = factor - 1
    assert smaller < 2 or bound * (1 - smaller ** (1 - n)) / (smaller - 1) > tolerance * bound


def variants(weights: Weights) -> Iterator[tuple[str, Weights]]:
    """Every weight negated, dropped, doubled, nudged; zero weights and initial states set; units exchanged."""
    for name, array in weights.blocks().items():
        for index, value in array:
            for text, new in (("negated", -value), ("dropped", 0), ("doubled", 2 * value), ("nudged", value + F(1, 1000))):
                yield f"{name}{index} {text}", weights.replace({(name, index): new})
        if name.endswith("_0"):
            for k in range(min(weights.hidden, 4)):
                yield f"{name}[{k}] = 1/7", weights.replace({(name, (k,)): F(1, 7)})
    yield "v0 = 1/5", weights.replace({("v0", ()): weights["v0"][()] + F(1, 5)})


@pytest.mark.parametrize(
    ("architecture", "options", "bound"),
    [
        ("relu", {"n": 4, "hidden": 3}, F(1)),
        ("relu", {"n": 4, "horizon": "fixed", "domain": "reals", "hidden": 6}, F(1)),
        ("linear", {"n": 4, "horizon": "fixed", "hidden": 4}, F(1)),
        ("bilinear", {"n": 4, "hidden": 2}, F(1)),
        ("stacked", {"n": 4, "hidden": 1}, F(1)),
    ],
)
def test_wrong_weights_are_refuted_with_a_witness(architecture: str, options: dict[str, object], bound: Fraction) -> None:
    answer = build(architecture, options, bound)
    regime, refuted, harmless = answer.regime, 0, 0
    horizons = [regime.n] if regime.only_last else range(1, regime.n + 1)
    for name, wrong in variants(answer.weights):
        truly_wrong = any(plain_error(wrong, x) > 0 for n in horizons for x in sequences(bound, n))
        certificate = certify_weights(wrong, regime, steps=8)
        if not truly_wrong:
            harmless += 1
            assert certificate.verdict is not Verdict.REFUTED, name
            continue
        refuted += 1
        assert certificate.verdict is Verdict.REFUTED, name
        assert certificate.supremum is not None or certificate.observed is not None
        witness = certificate.observed.worst.runs if certificate.observed is not None else ()
        if not witness or not error_of(record(wrong), witness) > 0:
            assert certificate.supremum is not None, name
            witness = certificate.supremum.witness
        assert plain_error(wrong, list(expand(witness))) > 0, name
    assert refuted >= 20


Changes = dict[tuple[str, tuple[int, ...]], Fraction | int]

WRONG_REGISTERS: dict[str, Changes] = {
    "one unit too few": {("V", (3,)): 0, ("V", (2,)): 1},
    "one unit too many": {("V", (3,)): 0, ("V", (4,)): 1, ("W_h", (4, 3)): 1},
    "read two units": {("V", (2,)): 1},
    "read the mean of two units": {("V", (3,)): F(1, 2), ("V", (2,)): F(1, 2)},
    "input at the second unit": {("U_h", (0,)): 0, ("U_h", (1,)): 1},
    "input at two units": {("U_h", (1,)): 1},
    "input at the last unit too": {("U_h", (3,)): F(1, 100)},
    "a short cut": {("W_h", (3, 1)): 1},
    "two short cuts": {("W_h", (2, 0)): F(1, 2), ("W_h", (3, 1)): F(1, 2)},
    "closed to a ring with a tap": {("W_h", (0, 3)): 1, ("V", (0,)): 1},
    "turned round": {("W_h", (k, k + 1)): 1 for k in range(3)} | {("W_h", (k + 1, k)): 0 for k in range(3)},
    "gains 2, 1/2, 1.001": {("W_h", (1, 0)): 2, ("W_h", (2, 1)): F(1, 2), ("W_h", (3, 2)): F(1001, 1000)},
    "a bias on the way": {("b_h", (2,)): F(1, 10**9)},
    "biases that nearly cancel": {("b_h", (1,)): 1, ("v0", ()): F(-999, 1000)},
}

HARMLESS_REGISTERS: dict[str, Changes] = {
    "a loop at the start": {("W_h", (0, 0)): F(1, 10)},
    "a loop at the end": {("W_h", (3, 3)): 7},
    "loops everywhere": {("W_h", (k, k)): F(1, 10**6) for k in range(4)},
    "feedback": {("W_h", (1, 3)): 1},
}
"""What only delays further brings nothing to y_4 that is not there at x_1 already."""

WRONG_EXPLODING: dict[str, Changes] = {
    "λ one less, its readout": {("W_h", (0, 0)): 9, ("V", (0,)): F(1, 9**5)},
    "λ = 2, its readout": {("W_h", (0, 0)): 2, ("V", (0,)): F(1, 2**5)},
    "λ = 1": {("W_h", (0, 0)): 1, ("V", (0,)): 1},
    "λ < 1": {("W_h", (0, 0)): F(1, 10), ("V", (0,)): 10**5},
    "λ < 0, readout of λ > 0": {("W_h", (0, 0)): -10},
    "readout one power short": {("V", (0,)): F(1, 10**4)},
    "readout one power long": {("V", (0,)): F(1, 10**6)},
    "readout 1": {("V", (0,)): 1},
    "input scaled, readout not": {("U_h", (0,)): 2},
    "λ a little off, old readout": {("W_h", (0, 0)): F(11, 1)},
    "a bias": {("b_h", (0,)): F(1, 2)},
    "a start elsewhere": {("h_0", (0,)): F(1, 2)},
    "a second unit interferes": {("U_h", (1,)): 1, ("W_h", (0, 1)): 5},
    "the last input read directly": {("U_h", (1,)): F(1, 10), ("V", (1,)): 1},
    "a second unit read at full size": {("U_h", (1,)): 1, ("V", (1,)): 1},
    "an offset": {("v0", ()): F(1, 100)},
}

LINEAR = [("register", name) for name in WRONG_REGISTERS] + [("exploding", name) for name in WRONG_EXPLODING]


@pytest.mark.parametrize(("kind", "name"), LINEAR, ids=[f"{kind}: {name}" for kind, name in LINEAR])
def test_wrong_linear_networks_are_refuted_with_a_witness(kind: str, name: str) -> None:
    if kind == "register":
        answer, changes = build("linear", {"n": 4, "horizon": "fixed", "hidden": 5}, F(1)), WRONG_REGISTERS[name]
    else:
        proposal = construct("linear", n=6, tolerance=F(12, 100), horizon="fixed", hidden=2)
        assert isinstance(proposal, Construction)
        answer, changes = proposal, WRONG_EXPLODING[name]
        assert answer.weights["W_h"][0, 0] == 10
    assert certify_weights(answer.weights, answer.regime).verdict is Verdict.PROVED
    wrong = answer.weights.replace(changes)
    certificate = certify_weights(wrong, answer.regime)
    assert certificate.verdict is Verdict.REFUTED
    assert certificate.supremum is not None
    witness = list(expand(certificate.supremum.witness))
    assert all(abs(x) <= 1 for x in witness)
    assert plain_error(wrong, witness) > answer.regime.tolerance


@pytest.mark.parametrize("name", HARMLESS_REGISTERS)
def test_harmless_linear_networks_are_proved(name: str) -> None:
    answer = build("linear", {"n": 4, "horizon": "fixed", "hidden": 5}, F(1))
    assert certify_weights(answer.weights.replace(HARMLESS_REGISTERS[name]), answer.regime).verdict is Verdict.PROVED


def test_each_kind_of_linear_network_has_its_wrong_variants() -> None:
    assert len(LINEAR) >= 30


def test_one_step_too_far_is_impossible() -> None:
    for architecture, theorem, options in (
        ("linear", "T3", {"n": 33, "horizon": "fixed"}),
        ("relu", "T6", {"n": 31, "horizon": "fixed", "domain": "reals"}),
        ("relu", "T6", {"n": 2, "domain": "reals"}),
        ("relu", "T6", {"n": 1, "domain": "reals", "hidden": 1}),
        ("linear", "T4", {"n": 2}),
        ("stacked", "T6", {"n": 2, "domain": "reals"}),
    ):
        answer = construct(architecture, exact_recall=True, **options)  # type: ignore[arg-type]
        assert isinstance(answer, Impossibility)
        assert answer.theorem == theorem
    assert isinstance(construct("stacked", 2, exact_recall=True, horizon="fixed", domain="reals"), Unanswered)


def test_exploding_weights_that_cannot_be_written_down_are_not_proposed() -> None:
    for n, precision in ((10**18, 3), (2001, 1), (1500, 20)):
        answer = construct("linear", n, precision, horizon="fixed")
        assert isinstance(answer, Unanswered)
        assert "C2" in answer.reason
    assert isinstance(construct("linear", 100, 3, horizon="fixed"), Construction)


def test_shift_register_is_wrong_one_step_earlier_and_later() -> None:
    weights = build("linear", {"n": 4, "horizon": "fixed", "hidden": 8}, F(1)).weights
    for n in (3, 5):
        other = construct("linear", n=n, horizon="fixed", hidden=8, exact_recall=True)
        assert certify_weights(weights, other.regime).verdict is Verdict.REFUTED


def test_too_few_units_are_said() -> None:
    for architecture, hidden in (("relu", 2), ("bilinear", 1)):
        with pytest.raises(UsageError, match="hidden"):
            construct(architecture, n=4, hidden=hidden, exact_recall=True)


def test_a_box_construction_fails_on_the_reals_with_a_scaled_witness() -> None:
    weights = build("relu", {"n": 4, "hidden": 3}, F(1)).weights
    asked = Regime("relu", 4, F(1), F(0), "upto", "reals", None, 3)
    certificate = certify_weights(weights, asked)
    assert certificate.verdict is not Verdict.PROVED


def test_an_unbounded_error_comes_with_a_witness_beyond_the_tolerance() -> None:
    good = build("bilinear", {"n": 4, "hidden": 2}, F(1)).weights
    wrong = good.replace({("U_a", (1,)): F(1001, 1000)})
    asked = Regime("bilinear", 4, F(1), F(10**6), "upto", "reals", None, 2)
    certificate = certify_weights(wrong, asked)
    assert certificate.verdict is Verdict.REFUTED
    assert certificate.supremum is not None
    assert not certificate.supremum.upper.is_finite()
    assert plain_error(wrong, list(expand(certificate.supremum.witness))) > 10**6

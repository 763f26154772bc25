"""The lines of the tanh and the sigmoid RNN (C5): cells against independent implementations, sharpness, sizes, wrong weights."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import mpmath
import pytest
from elman_reference import error, onnx_outputs, outputs, random_weights

from constructions import Construction, Unanswered, construct, derivations, elman
from constructions.elman import EPSILON, B, M, N
from verifier import Verdict, Weights, certify, certify_weights
from verifier.arithmetic.balls import Balls, to_ball
from verifier.arithmetic.reference import Reference
from verifier.certificate import check_data, to_data
from verifier.errors import UsageError
from verifier.program import record
from verifier.regime import Regime
from verifier.run import Runner
from verifier.sequences import expand
from verifier.supremum import bound_supremum, supremum_by_stepping

SHARP = 1.05
"""The closed-form bound may exceed the exact supremum by this factor."""

SIZES = [Fraction(1), Fraction(1, 3), Fraction(27, 5), Fraction(100)]

FLAG, GATE, PAIR, MEMORY = range(4)


Place = tuple[str, tuple[int, ...]]

SCALE = Fraction(1, 1000)
"""ε of the right weights at n = 10 and five digits."""


@dataclass(frozen=True)
class Line:
    """One cell's line: theorem, sign of the worst x_1, B of the right weights, how often σ has tanh's weights, spoiled weights."""

    cell: str
    theorem: str
    worst_first: int
    saturation: int
    doubled: int
    kept: Fraction
    wrong: Mapping[str, Mapping[Place, Fraction | int]]
    fixed: tuple[tuple[int, int, int, str], ...]
    spoiled_at_one_horizon: tuple[tuple[int, int, int], ...]

    @property
    def regime(self) -> Regime:
        return Regime(self.cell, 10, Fraction(1), Fraction(1, 10**5))

    def built(
        self, n: int = 10, precision: int = 5, bound: Fraction = Fraction(1), horizon: str = "upto", hidden: int = 32
    ) -> Construction:
        answer = construct(self.cell, n, precision, bound=bound, horizon=horizon, hidden=hidden)
        assert isinstance(answer, Construction)
        return answer


WRONG_TANH: dict[str, dict[Place, Fraction | int]] = {
    "flag too weak": {("b_h", (FLAG,)): 1},
    "flag never rises": {("b_h", (FLAG,)): 0},
    "flag sees the input": {("U_h", (FLAG,)): 8},
    "flag up at the start": {("h_0", (FLAG,)): 1},
    "gate never closes": {("W_h", (GATE, FLAG)): 0},
    "gate closes halfway": {("W_h", (GATE, FLAG)): 2},
    "gate saturates the other way": {("W_h", (GATE, FLAG)): -8},
    "gate scale 1% off": {("U_h", (GATE,)): SCALE * Fraction(101, 100)},
    "gate scale ten times": {("U_h", (GATE,)): SCALE * 10},
    "gate deaf": {("U_h", (GATE,)): 0},
    "gate reads inverted": {("U_h", (GATE,)): -SCALE},
    "gate biased": {("b_h", (GATE,)): Fraction(1, 10**7)},
    "pair not saturated": {("W_h", (PAIR, FLAG)): 3},
    "pair missing": {("W_h", (PAIR, FLAG)): 0},
    "pair hears the input": {("U_h", (PAIR,)): SCALE},
    "memory leaks": {("W_h", (MEMORY, MEMORY)): Fraction(999, 1000)},
    "memory explodes": {("W_h", (MEMORY, MEMORY)): Fraction(1001, 1000)},
    "memory forgets": {("W_h", (MEMORY, MEMORY)): 0},
    "memory alternates": {("W_h", (MEMORY, MEMORY)): -1},
    "memory ignores the gate": {("W_h", (MEMORY, GATE)): 0},
    "memory keeps the saturation": {("W_h", (MEMORY, PAIR)): 0},
    "memory adds inputs": {("U_h", (MEMORY,)): SCALE},
    "memory sees the flag": {("W_h", (MEMORY, FLAG)): Fraction(1, 10**8)},
    "readout without gate": {("V", (GATE,)): 0},
    "readout without pair": {("V", (PAIR,)): 0},
    "readout 0.1% off": {("V", (MEMORY,)): 1001, ("V", (GATE,)): 1001, ("V", (PAIR,)): -1001},
    "readout shifted": {("v0", ()): Fraction(1, 1000)},
}

WRONG_SIGMOID: dict[str, dict[Place, Fraction | int]] = {
    "flag too weak": {("b_h", (FLAG,)): 2},
    "flag never rises": {("b_h", (FLAG,)): 0},
    "flag inverted": {("b_h", (FLAG,)): -22},
    "flag sees the input": {("U_h", (FLAG,)): 22},
    "flag up at the start": {("h_0", (FLAG,)): 1},
    "gate never closes": {("W_h", (GATE, FLAG)): 0},
    "gate closes halfway": {("W_h", (GATE, FLAG)): 8},
    "gate saturates the other way": {("W_h", (GATE, FLAG)): -44},
    "gate scale 1% off": {("U_h", (GATE,)): SCALE * Fraction(202, 100)},
    "gate scale of tanh": {("U_h", (GATE,)): SCALE},
    "gate deaf": {("U_h", (GATE,)): 0},
    "gate reads inverted": {("U_h", (GATE,)): -2 * SCALE},
    "gate biased": {("b_h", (GATE,)): Fraction(1, 10**6)},
    "pair not saturated": {("W_h", (PAIR, FLAG)): 12},
    "pair missing": {("W_h", (PAIR, FLAG)): 0},
    "pair hears the input": {("U_h", (PAIR,)): 2 * SCALE},
    "memory leaks": {("W_h", (MEMORY, MEMORY)): Fraction(3999, 1000)},
    "memory has the slope of tanh": {("W_h", (MEMORY, MEMORY)): 1},
    "memory alternates": {("W_h", (MEMORY, MEMORY)): -4},
    "memory ignores the gate": {("W_h", (MEMORY, GATE)): 0},
    "memory keeps the saturation": {("W_h", (MEMORY, PAIR)): 0},
    "memory not centred": {("W_h", (MEMORY, FLAG)): 0},
    "memory centred badly": {("W_h", (MEMORY, FLAG)): Fraction(-1999999, 10**6)},
    "memory adds inputs": {("U_h", (MEMORY,)): SCALE},
    "memory started at 1/2": {("h_0", (MEMORY,)): Fraction(1, 2)},
    "readout without gate": {("V", (GATE,)): 0},
    "readout without pair": {("V", (PAIR,)): 0},
    "readout without shift": {("v0", ()): 0},
    "readout 0.1% off": {("V", (MEMORY,)): 2002},
}

TANH = Line(
    cell="tanh",
    theorem="C5",
    worst_first=1,
    saturation=8,
    doubled=1,
    kept=1 - Fraction(1, 10**9),
    wrong=WRONG_TANH,
    fixed=(
        (1, 1, 32, "C4a"),
        (2, 1, 32, "C4a"),
        (3, 6, 3, "C4a"),
        (5, 3, 32, "C4a"),
        (32, 4, 32, "C5"),
        (33, 30, 32, "C5"),
        (1000, 100, 4, "C5"),
        (10**18, 40, 32, "C5"),
        (2, 1, 1, "C4b"),
        (10, 5, 3, "C4b"),
        (1000, 1, 32, "C4b"),
        (40, 20, 2, "C4b"),
    ),
    spoiled_at_one_horizon=((4, 5, 32), (6, 20, 6), (8, 4, 2)),
)

SIGMOID = Line(
    cell="sigmoid",
    theorem="C5-sigmoid",
    worst_first=-1,
    saturation=11,
    doubled=2,
    kept=4 - Fraction(1, 10**12),
    wrong=WRONG_SIGMOID,
    fixed=(
        (1, 1, 32, "C4a-sigmoid"),
        (2, 1, 32, "C4a-sigmoid"),
        (3, 6, 3, "C4a-sigmoid"),
        (5, 3, 32, "C4a-sigmoid"),
        (32, 4, 32, "C5-sigmoid"),
        (33, 30, 32, "C5-sigmoid"),
        (1000, 100, 4, "C5-sigmoid"),
        (10**18, 40, 32, "C5-sigmoid"),
    ),
    spoiled_at_one_horizon=((4, 5, 32), (5, 20, 5)),
)

LINES = (TANH, SIGMOID)


@pytest.fixture(params=LINES, ids=lambda line: line.cell)
def line(request: pytest.FixtureRequest) -> Line:
    """Each of the two lines."""
    found: Line = request.param
    return found


def each(name: str) -> pytest.MarkDecorator:
    """Every line with each entry of its table `name`."""
    cases = [(line, case) for line in LINES for case in getattr(line, name)]
    return pytest.mark.parametrize(("line", "case"), cases, ids=lambda value: value.cell if isinstance(value, Line) else str(value))


# --- the cell ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_cell_agrees_with_independent_mpmath(line: Line, seed: int) -> None:
    weights = random_weights(line.cell, 5, seed)
    generator = random.Random(seed)
    inputs = [Fraction(generator.randint(-64, 64), 32) for _ in range(12)]
    expected = outputs(weights, inputs, 60)
    program = record(weights)
    for found, want in zip(Runner(program, Reference(60)).outputs(inputs), expected, strict=True):
        assert abs(found - want) < mpmath.mpf(10) ** -55
    with Balls(200).working():
        for ball, want in zip(Runner(program, Balls(200)).outputs(inputs), expected, strict=True):
            assert ball.contains(to_ball(Fraction(mpmath.nstr(want, 58)))) or abs(
                ball - to_ball(Fraction(mpmath.nstr(want, 58)))
            ) < to_ball(Fraction(1, 10**50))


@pytest.mark.parametrize("seed", range(4))
def test_cell_agrees_with_onnx_runtime(line: Line, seed: int) -> None:
    weights = random_weights(line.cell, 6, 100 + seed)
    generator = random.Random(seed)
    inputs = [Fraction(generator.randint(-64, 64), 32) for _ in range(10)]
    for found, want in zip(onnx_outputs(weights, inputs), outputs(weights, inputs, 30), strict=True):
        assert abs(found - float(want)) < 2e-5


def test_onnx_comparison_would_notice_a_changed_weight(line: Line) -> None:
    weights = random_weights(line.cell, 6, 100)
    changed = weights.replace({("W_h", (1, 2)): weights["W_h"][1, 2] + Fraction(1, 4)})
    inputs = [Fraction(1, 2), Fraction(-1), Fraction(1)]
    assert max(abs(a - float(b)) for a, b in zip(onnx_outputs(changed, inputs), outputs(weights, inputs, 30), strict=True)) > 1e-3


# --- the theorem ------------------------------------------------------------------------------------------------------


def test_every_step_of_the_derivation_is_proved(line: Line) -> None:
    derivation = derivations()[line.theorem]({})
    assert derivation.verdict is Verdict.PROVED
    assert len(derivation.check()) >= 39


@pytest.mark.parametrize("name", ["fourth convergent", "inverse square", "squares", "held from below", "passed from above"])
def test_a_false_variant_of_a_step_is_not_proved(line: Line, name: str) -> None:
    """The right side of the step's inequality made slightly smaller."""
    derivation = derivations()[line.theorem]({})
    steps = []
    for step in derivation.steps:
        if step.name == name:
            if hasattr(step, "lower"):
                step = dataclasses.replace(step, lower=step.lower * Fraction(99, 100))
            else:
                step = dataclasses.replace(step, right=step.right * Fraction(99, 100))
        steps.append(step)
    false = dataclasses.replace(derivation, steps=tuple(steps))
    results = false.check()
    assert results[name] is not Verdict.PROVED
    assert false.verdict is not Verdict.PROVED


@pytest.mark.parametrize("bound", SIZES)
@pytest.mark.parametrize("precision", [1, 2, 5, 30])
@pytest.mark.parametrize("n", [1, 2, 3, 5, 40])
def test_grid_is_proved_and_sharp(line: Line, n: int, precision: int, bound: Fraction) -> None:
    certificate = certify(line.built(n, precision, bound))
    assert certificate.verdict is Verdict.PROVED, certificate.reason
    assert certificate.supremum is not None
    assert certificate.supremum.exact
    assert certificate.symbolic is not None
    assert certificate.symbolic.value <= certificate.supremum.lower * to_ball(Fraction(SHARP))


@pytest.mark.parametrize(("n", "precision"), [(1000, 200), (10**18, 200), (10**18, 1), (10**6, 3), (10**30, 50)])
def test_long_horizons_are_proved_in_closed_form(line: Line, n: int, precision: int) -> None:
    certificate = certify(line.built(n, precision), steps=50 if n > 1000 else 1000)
    assert certificate.verdict is Verdict.PROVED, certificate.reason
    supremum, symbolic = certificate.supremum, certificate.symbolic
    assert supremum is not None
    assert symbolic is not None
    assert supremum.method == "induction"
    assert supremum.horizon == n
    assert supremum.witness == ((line.worst_first, 1), (-line.worst_first, n - 1))
    assert symbolic.value <= supremum.lower * to_ball(Fraction(SHARP))
    assert supremum.upper - supremum.lower <= supremum.lower * to_ball(Fraction(1, 10**9))


@pytest.mark.parametrize("bound", SIZES)
@pytest.mark.parametrize("precision", [1, 3, 12])
@pytest.mark.parametrize("n", [4, 5, 17, 60])
def test_closed_form_agrees_with_stepping(line: Line, n: int, precision: int, bound: Fraction) -> None:
    program = record(line.built(n, precision, bound).weights)
    with Balls(700).working():
        closed = bound_supremum(program, bound, n, False, 2000)
        stepped = supremum_by_stepping(program, bound, n, False)
        assert (closed.method, stepped.method) == ("induction", "stepping")
        assert closed.upper.overlaps(stepped.upper)
        assert abs(closed.upper - stepped.upper) <= stepped.lower * to_ball(Fraction(1, 10**9))
    assert (closed.horizon, closed.witness) == (stepped.horizon, stepped.witness)


@pytest.mark.parametrize(("n", "precision"), [(1, 1), (2, 1), (3, 2), (9, 4), (30, 20)])
def test_supremum_is_attained_by_its_witness(line: Line, n: int, precision: int) -> None:
    answer = line.built(n, precision)
    supremum = certify(answer).supremum
    assert supremum is not None
    found = to_ball(Fraction(mpmath.nstr(error(answer.weights, list(expand(supremum.witness))), 40)))
    assert abs(found - supremum.lower) <= supremum.upper * to_ball(Fraction(1, 10**12))


def test_no_random_sequence_beats_the_supremum(line: Line) -> None:
    answer = line.built(6, 2)
    supremum = certify(answer).supremum
    assert supremum is not None
    top = mpmath.mpf(supremum.upper.upper().str(30, radius=False))
    generator = random.Random(5)
    for _ in range(300):
        sizes = [generator.choice((64, 64, 64, generator.randint(0, 64))) for _ in range(6)]
        inputs = [Fraction(generator.choice((-1, 1)) * size, 64) for size in sizes]
        first = mpmath.mpf(inputs[0].numerator) / inputs[0].denominator
        assert all(abs(y - first) <= top for y in outputs(answer.weights, inputs, 30))


@pytest.mark.parametrize(("n", "precision", "bound"), [(1, 1, 1), (7, 3, 1), (7, 3, 20), (100, 20, 1), (10**18, 200, 3)])
def test_sizes_are_minimal(line: Line, n: int, precision: int, bound: int) -> None:
    answer = line.built(n, precision, Fraction(bound))
    scale, saturation = answer.parameters[EPSILON], answer.parameters[B]
    with Balls(4000).working():
        tolerance = to_ball(answer.regime.tolerance)
        assert answer.derivation.enclose(answer.parameters) <= tolerance
        assert scale * bound * 10 > 1 or elman.loss(answer.regime, 10 * scale) > tolerance
        if saturation > 1:
            assert answer.derivation.enclose({**answer.parameters, B: saturation - 1}) > tolerance


def test_grid_domain_and_trivial_accuracy(line: Line) -> None:
    for bits in (1, 2, 8):
        answer = construct(line.cell, 20, domain="grid", bits=bits)
        assert isinstance(answer, Construction)
        assert certify(answer).verdict is Verdict.PROVED


def test_forever_with_too_few_units_is_unanswered_and_three_units_are_refused(line: Line) -> None:
    assert isinstance(construct(line.cell, 10, 5, horizon="forever", hidden=14), Unanswered)
    with pytest.raises(UsageError, match="4 hidden units"):
        construct(line.cell, 10, 5, hidden=3)


# --- wrong weights ----------------------------------------------------------------------------------------------------


def test_the_right_weights_are_as_the_wrong_ones_assume(line: Line) -> None:
    right = line.built().weights
    assert right["U_h"][GATE,] == line.doubled * SCALE
    assert right["b_h"][FLAG,] == line.doubled * line.saturation
    assert len(line.wrong) >= 20
    assert certify_weights(right, line.regime).verdict is Verdict.PROVED


@each("wrong")
def test_wrong_weights_are_refuted_with_a_witness(line: Line, case: str) -> None:
    weights = line.built().weights.replace(line.wrong[case])
    certificate = certify_weights(weights, line.regime)
    assert certificate.verdict is Verdict.REFUTED
    witnesses = [certificate.supremum.witness] if certificate.supremum is not None else []
    witnesses += [certificate.observed.worst.runs] if certificate.observed is not None else []
    found = max(error(weights, list(expand(runs)), 80) for runs in witnesses)
    assert found > mpmath.mpf(10) ** -5
    assert certificate.supremum is None or found <= mpmath.mpf(certificate.supremum.upper.upper().str(20, radius=False))


def test_the_mirrored_flag_works_as_well() -> None:
    """A flag at -tanh(B) saturates gate and pair on the other side: found by looking for wrong weights, and right."""
    mirrored = TANH.built().weights.replace({("b_h", (FLAG,)): -TANH.saturation})
    assert certify_weights(mirrored, TANH.regime).verdict is Verdict.PROVED


def test_stepping_does_not_lose_digits_on_either_side_of_one_half() -> None:
    """σ evaluated so that its argument occurs once: a run of 1000 steps below 1/2 keeps its digits (it lost all of them)."""
    program = record(SIGMOID.built(1000, 20).weights)
    with Balls(400).working():
        for first in (1, -1):
            for y in Runner(program, Balls(400)).outputs([Fraction(first)] * 1000):
                assert y.rad() < to_ball(Fraction(1, 10**60))


def test_wrong_weights_at_a_long_horizon(line: Line) -> None:
    weights = line.built().weights.replace({("V", (MEMORY,)): line.doubled * 1001})
    certificate = certify_weights(weights, dataclasses.replace(line.regime, n=10**12), steps=20)
    assert certificate.verdict is Verdict.REFUTED


def test_other_weights_than_the_theorems_are_refuted(line: Line) -> None:
    answer = line.built(10, 5)
    changed = answer.weights.replace({("W_h", (MEMORY, MEMORY)): line.kept})
    certificate = certify(dataclasses.replace(answer, weights=changed))
    assert certificate.verdict is Verdict.REFUTED
    assert f"not those of theorem {line.theorem} with" in certificate.reason


def test_wrong_parameters_are_refuted(line: Line) -> None:
    answer = line.built(10, 5)
    certificate = certify(dataclasses.replace(answer, parameters={**answer.parameters, B: Fraction(line.saturation + 1)}))
    assert certificate.verdict is Verdict.REFUTED


# --- one fixed horizon ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bound", SIZES)
@each("fixed")
def test_fixed_horizon_is_proved_and_sharp(line: Line, case: tuple[int, int, int, str], bound: Fraction) -> None:
    n, precision, hidden, theorem = case
    answer = line.built(n, precision, bound, "fixed", hidden)
    assert bound != 1 or answer.theorem == theorem
    certificate = certify(answer)
    assert certificate.verdict is Verdict.PROVED, certificate.reason
    supremum, symbolic = certificate.supremum, certificate.symbolic
    assert supremum is not None
    assert symbolic is not None
    assert supremum.exact
    assert supremum.horizon == n
    assert symbolic.value <= supremum.lower * to_ball(Fraction(SHARP))


@pytest.mark.parametrize(("n", "precision", "hidden"), [(3, 5, 3), (8, 20, 32), (2, 5, 1), (10, 5, 3)])
def test_fixed_horizon_scale_is_the_largest(line: Line, n: int, precision: int, hidden: int) -> None:
    answer = construct(line.cell, n, precision, horizon="fixed", hidden=hidden)
    if isinstance(answer, Unanswered):
        assert line is SIGMOID
        assert n > hidden
        return
    with Balls(2000).working():
        larger = {**answer.parameters, EPSILON: 10 * answer.parameters[EPSILON]}
        assert answer.derivation.enclose(larger) > to_ball(answer.regime.tolerance)


@each("spoiled_at_one_horizon")
def test_fixed_horizon_wrong_weights_are_refuted(line: Line, case: tuple[int, int, int]) -> None:
    """Every weight in turn one thousandth too large, or left out."""
    n, precision, hidden = case
    answer = line.built(n, precision, Fraction(1), "fixed", hidden)
    assert answer.theorem in ("C4a", "C4a-sigmoid", "C4b")
    for place in answer.reasons:
        name, index = place
        for factor in (Fraction(1001, 1000), Fraction(0)):
            weights = answer.weights.replace({place: answer.weights[name][index] * factor})
            certificate = certify_weights(weights, answer.regime)
            assert certificate.verdict is Verdict.REFUTED, (place, factor)
            assert certificate.supremum is not None
            found = error(weights, list(expand(certificate.supremum.witness)), 120)
            assert found > mpmath.mpf(10) ** -precision


def test_fixed_horizon_round_trip_and_false_sizes(line: Line) -> None:
    answer = line.built(5, 10, Fraction(1), "fixed")
    review = check_data(to_data(certify(answer)), derivations())
    assert review.verdict is Verdict.PROVED, review.reason
    for n in (4, 6, 40):
        assert answer.derivation.matches(answer.weights, {**answer.parameters, N: n}) is Verdict.REFUTED


@pytest.mark.parametrize("theorem", ["C4a", "C4a-sigmoid", "C4b"])
def test_derivations_for_a_fixed_horizon_are_proved(theorem: str) -> None:
    assert derivations()[theorem]({}).verdict is Verdict.PROVED


def test_fixed_horizon_without_a_construction_is_unanswered(line: Line) -> None:
    assert isinstance(construct(line.cell, 10**6, 20, horizon="fixed", hidden=3), Unanswered)


# --- certificates -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [10, 10**18])
def test_certificate_round_trip(line: Line, n: int) -> None:
    data = to_data(certify(line.built(n, 20), steps=50))
    review = check_data(data, derivations())
    assert review.verdict is Verdict.PROVED, review.reason


def test_a_false_claim_in_a_certificate_is_refuted(line: Line) -> None:
    from verifier.certificate import content_hash

    data = to_data(certify(line.built(10, 20)))
    claim = next(c for c in data["claims"] if c["quantity"] == "symbolic bound")
    claim["value"] = "1e-25"
    data["sha256"] = content_hash(data)
    assert check_data(data, derivations()).verdict is Verdict.REFUTED


def test_parameters_are_named(line: Line) -> None:
    assert {s.name for s in line.built(10, 5).parameters} == {"n", "M", "epsilon", "B"}
    assert {N, M, EPSILON, B} == set(line.built(10, 5).parameters)
    assert isinstance(line.built().weights, Weights)

"""C6b: k memory cells whose errors cancel; smaller weights, certified through the expansion in x_1."""

import dataclasses
import random
from fractions import Fraction
from typing import Any

import mpmath
import pytest
from independent_lstm import IndependentLstm

from constructions import Construction, construct, derivations
from constructions.extrapolated import LARGEST_CELLS, combination, derivation, series
from constructions.lstm import EPSILON, K, L, M, N
from proofs.theorems import THEOREMS
from verifier import Verdict, certify, certify_weights
from verifier.arithmetic.balls import Balls, lower_fraction, to_ball, upper_fraction
from verifier.certificate import check_data, content_hash, to_data
from verifier.errors import UsageError
from verifier.expansion import bound_by_expansion
from verifier.inequality import AtMost, Growth
from verifier.observed import run_error
from verifier.program import record
from verifier.run import Runner
from verifier.sequences import compress
from verifier.weights import Weights

F = Fraction


def built(cells: int, n: int = 1000, precision: int = 20, **asked: Any) -> Construction:
    answer = construct("lstm", n, precision, cells=cells, **asked)
    assert isinstance(answer, Construction)
    return answer


@pytest.mark.parametrize("cells", [2, 3, 4])
@pytest.mark.parametrize(("n", "precision"), [(1, 12), (2, 12), (1000, 20), (10**18, 60)])
def test_certified(cells: int, n: int, precision: int) -> None:
    certificate = certify(built(cells, n, precision), steps=100)
    assert certificate.verdict is Verdict.PROVED, certificate.reason
    assert certificate.supremum is not None
    assert certificate.supremum.method == "expansion"
    assert not certificate.supremum.exact
    assert upper_fraction(certificate.supremum.upper) <= F(101, 100) * lower_fraction(certificate.supremum.lower)


@pytest.mark.parametrize("bound", [F(7), F(1, 1000)])
def test_bounds_and_a_fixed_horizon(bound: Fraction) -> None:
    assert certify(built(3, 50, 12, bound=bound), steps=60).verdict is Verdict.PROVED
    assert certify(built(3, 50, 12, bound=bound, horizon="fixed"), steps=60).verdict is Verdict.PROVED


def test_the_largest_weight_falls() -> None:
    sizes = [built(cells, 1000, 60).weights.largest for cells in range(1, LARGEST_CELLS + 1)]
    assert sizes[0] == 10**30
    assert sizes[1] < sizes[0] / 10**13
    assert sizes[2] < sizes[1] / 10**4
    assert sizes[4] < sizes[3] < 2 * 10**8


def test_one_cell_is_c6() -> None:
    assert built(1).weights == construct("lstm", 1000, 20).weights  # type: ignore[union-attr]
    assert built(1).theorem == "C6"


@pytest.mark.parametrize("cells", range(1, LARGEST_CELLS + 1))
def test_the_combination_cancels_exactly(cells: int) -> None:
    shares = combination(cells)
    assert sum(shares) == 1
    for i in range(1, cells):
        assert sum(w * j ** (2 * i) for j, w in enumerate(shares, 1)) == 0
    left = abs(sum(w * j ** (2 * cells) for j, w in enumerate(shares, 1)))
    factorial = 1
    for j in range(1, cells + 1):
        factorial *= j
    assert left == factorial**2


def test_the_series_is_that_of_tanh_and_tanh_tanh() -> None:
    inner, outer = series(8)
    with mpmath.workdps(60):
        for z in (mpmath.mpf("0.1"), mpmath.mpf("0.01")):
            for found, exact in ((inner, mpmath.tanh(z)), (outer, mpmath.tanh(mpmath.tanh(z)))):
                total = mpmath.fsum(mpmath.mpf(a.numerator) / a.denominator * z ** (2 * i + 1) for i, a in enumerate(found))
                assert abs(total - exact) < z**17
    assert outer[1] == F(-2, 3)
    assert outer[2] == F(3, 5)


@pytest.mark.parametrize("cells", [2, 4])
def test_sizes_are_the_smallest(cells: int) -> None:
    answer = built(cells)
    with Balls(400).working():
        tolerance = to_ball(answer.regime.tolerance)

        def bound(**change: Fraction) -> Any:
            named = {s.name: s for s in answer.parameters}
            return answer.derivation.enclose({**answer.parameters, **{named[key]: value for key, value in change.items()}})

        sizes = answer.parameters
        assert bound() <= tolerance
        assert bound(epsilon=10 * sizes[EPSILON], K=F(500), L=F(2000)) > tolerance
        assert bound(K=sizes[K] - 1, L=F(2000)) > tolerance
        assert bound(L=sizes[L] - 1) > tolerance


@pytest.mark.parametrize("cells", [2, 3])
def test_an_independent_network_stays_below_the_bound(cells: int) -> None:
    answer = built(cells, 12, 10)
    certificate = certify(answer, steps=12)
    assert certificate.supremum is not None
    network = IndependentLstm(answer.weights.to_data(), 60)
    generator = random.Random(cells)
    limit = network.number(upper_fraction(certificate.supremum.upper))
    worst = 0
    for trial in range(40):
        inputs = [F(generator.choice((-1, 1))) if trial % 2 else F(generator.randint(-100, 100), 100) for _ in range(12)]
        for y in network.outputs(inputs):
            worst = max(worst, abs(y - network.number(inputs[0])))
    assert 0 < worst <= limit


# --- the expansion, for any weights -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_the_expansion_bounds_any_weights(seed: int) -> None:
    generator = random.Random(seed)
    weights = built(3, 10, 6).weights
    places = [(name, index) for name, array in weights.blocks().items() for index, _ in array]
    place = generator.choice(places)
    changed = weights.replace({place: weights[place[0]][place[1]] * F(generator.randint(50, 150), 100)})
    program = record(changed)
    with Balls(200).working():
        bound = bound_by_expansion(program, F(1), 6, False, F(0))
        assert bound is not None
        runner = Runner(program, Balls(200))
        for _ in range(30):
            length = generator.randint(1, 6)
            runs = compress([F(generator.randint(-10, 10), 10) for _ in range(length)])
            assert run_error(runner, runs) <= bound


@pytest.mark.parametrize("seed", range(4))
def test_the_expansion_bounds_any_weights_beyond_the_settled_step(seed: int) -> None:
    generator = random.Random(seed)
    weights = built(3, 40, 4).weights
    changed = weights
    for name in ("V", "U_g"):
        for index, value in weights[name]:
            changed = changed.replace({(name, index): value * F(generator.randint(90, 110), 100)})
    changed = changed.replace({("b_f", (j,)): F(3) for j in (1, 2, 3)} if seed % 2 else {("v0", ()): F(1, 7)})
    program = record(changed)
    with Balls(200).working():
        bounds = [bound_by_expansion(program, F(1), 40, only_last, F(0)) for only_last in (False, True)]
        runner = Runner(program, Balls(200))
        for bound, lengths in zip(bounds, (range(1, 41), [40]), strict=True):
            assert bound is not None
            for length in generator.choices(lengths, k=25):
                runs = compress([F(generator.choice((-1, 1))) for _ in range(length)])
                assert run_error(runner, runs) <= bound
        assert all(run_error(runner, ((F(1), 1), (F(-1), t))) <= bounds[0] for t in range(1, 40))  # type: ignore[operator]


def test_memories_that_fade_at_different_rates_are_not_expanded_together() -> None:
    weights = built(2, 40, 4).weights
    program = record(weights.replace({("b_f", (1,)): weights["b_f"][1,] / 2}))
    with Balls(200).working():
        assert bound_by_expansion(program, F(1), 10**6, False, F(0)) is None


@pytest.mark.parametrize("tolerance", [F(99, 100), F(3, 10), F(1, 100)])
def test_coarse_requests_are_certified(tolerance: Fraction) -> None:
    answer = construct("lstm", 50, tolerance=tolerance, cells=2)
    assert isinstance(answer, Construction)
    certificate = certify(answer, steps=50)
    assert certificate.verdict is Verdict.PROVED, certificate.reason


def test_the_expansion_is_sharp_at_the_first_step() -> None:
    program = record(built(3, 1, 20).weights)
    with Balls(300).working():
        bound = bound_by_expansion(program, F(1), 1, False, F(1, 10**20))
        assert bound is not None
        assert bound <= 1001 * run_error(Runner(program, Balls(300)), ((F(1), 1),)) / 1000 + to_ball(F(1, 10**30))


def test_relu_has_no_expansion() -> None:
    weights = Weights("relu", 1, {"U_h": {(0,): 1}, "V": {(0,): 1}})
    with Balls(100).working():
        assert bound_by_expansion(record(weights), F(1), 3, False, F(1)) is None


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("architecture", "asked", "words"),
    [
        ("lstm", {"cells": 3, "hidden": 3}, "4 hidden units"),
        ("lstm", {"cells": 7}, "1 to 6"),
        ("lstm", {"cells": 0}, "1 to 6"),
        ("lstm", {"cells": -2}, "1 to 6"),
        ("gru", {"cells": 2}, "only the lstm"),
        ("lstm", {"cells": 2, "horizon": "forever"}, "forever"),
        ("lstm", {"cells": 2, "domain": "reals"}, "reals"),
    ],
)
def test_bad_requests_say_what_is_allowed(architecture: str, asked: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        construct(architecture, 10, 5, **asked)


# --- the derivation and its false variants ----------------------------------------------------------------------------


@pytest.mark.parametrize("cells", [1, 2, 3])
def test_the_derivation_is_proved(cells: int) -> None:
    assert derivation(cells).verdict is Verdict.PROVED
    assert THEOREMS["C6b"].status() is Verdict.PROVED


@pytest.mark.parametrize("change", [F(99, 100), F(1, 2), F(0)])
def test_a_smaller_bound_is_not_proved(change: Fraction) -> None:
    made = derivation(2)
    small = made.bound * change
    steps = tuple(
        dataclasses.replace(s, right=small) if isinstance(s, AtMost) and s.name in ("x_1 - y_n", "y_n - x_1") else s
        for s in made.steps
    )
    assert dataclasses.replace(made, bound=small, steps=steps).verdict is not Verdict.PROVED


def test_partial_sums_on_the_wrong_side_are_not_proved() -> None:
    made = derivation(2)
    for step in made.steps:
        if isinstance(step, Growth) and step.name[:2] in ("s ", "T ") and step.name not in ("s 0", "T 0"):
            wrong = dataclasses.replace(step, left=step.right, right=step.left)
            steps = tuple(wrong if s is step else s for s in made.steps)
            assert dataclasses.replace(made, steps=steps).verdict is not Verdict.PROVED, step.name


def test_every_conclusion_is_needed() -> None:
    made = derivation(2)
    for name in made.conclusions:
        fewer = dataclasses.replace(made, steps=tuple(step for step in made.steps if step.name != name))
        assert fewer.verdict is not Verdict.PROVED, name


def test_arguments_beyond_the_half_break_a_hypothesis() -> None:
    answer = built(3)
    with Balls(200).working():
        verdicts = answer.derivation.check_hypotheses({**answer.parameters, EPSILON: F(1, 5), N: F(3), M: F(1)})
    assert verdicts["kεM ≤ 1/2"] is Verdict.REFUTED


# --- certificates and wrong weights -----------------------------------------------------------------------------------


def test_certificates_are_recomputed() -> None:
    data = to_data(certify(built(3, 20, 8), steps=30))
    assert check_data(data, derivations()).verdict is Verdict.PROVED
    for claim in data["claims"]:
        if claim["relation"] == "<=":
            claim["value"] = "1e-10"
    data["sha256"] = content_hash(data)
    assert check_data(data, derivations()).verdict is Verdict.REFUTED


@pytest.mark.parametrize("wrong", ["0", "7", "5/2", "2"])
def test_a_wrong_number_of_cells_in_a_certificate(wrong: str) -> None:
    data = to_data(certify(built(3, 20, 8), steps=30))
    data["parameters"]["k"] = wrong
    data["sha256"] = content_hash(data)
    try:
        assert check_data(data, derivations()).verdict is not Verdict.PROVED
    except UsageError:
        assert wrong != "2"


def wrong_weights() -> list[tuple[str, Weights]]:
    weights = built(3, 20, 8).weights
    found = []
    for j in (1, 2, 3):
        value = {name: weights[name][j,] for name in ("V", "U_g", "b_f", "b_i", "b_o")}
        found += [
            (f"readout {j} dropped", weights.replace({("V", (j,)): 0})),
            (f"readout {j} negated", weights.replace({("V", (j,)): -value["V"]})),
            (f"readout {j} one in 10^6 off", weights.replace({("V", (j,)): value["V"] * F(10**6 + 1, 10**6)})),
            (f"scale {j} negated", weights.replace({("U_g", (j,)): -value["U_g"]})),
            (f"scale {j} off", weights.replace({("U_g", (j,)): value["U_g"] * F(101, 100)})),
            (f"memory {j} forgets", weights.replace({("b_f", (j,)): value["b_f"] / 3})),
            (f"memory {j} not shown", weights.replace({("b_o", (j,)): value["b_o"] / 3})),
            (f"gate {j} shut", weights.replace({("b_i", (j,)): 0})),
            (f"gate {j} stays open", weights.replace({("W_i", (j, 0)): 0})),
        ]
    found.append(("no flag", weights.replace({("b_g", (0,)): 0})))
    found.append(("offset", weights.replace({("v0", ()): F(1, 10**7)})))
    return found


@pytest.mark.parametrize(("name", "weights"), wrong_weights(), ids=[name for name, _ in wrong_weights()])
def test_wrong_weights_are_refuted(name: str, weights: Weights) -> None:
    certificate = certify_weights(weights, built(3, 20, 8).regime, steps=20)
    assert certificate.verdict is Verdict.REFUTED, name


def test_there_are_at_least_twenty_wrong_weights() -> None:
    assert len(wrong_weights()) >= 20

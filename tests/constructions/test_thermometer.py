"""C8: the latch holds for ever in every cell that can be one; its certificate is an invariant set; wrong latches are refuted."""

import dataclasses
import itertools
import random
from fractions import Fraction
from typing import Any

import pytest
from latch_reference import CONTEXT, early, number, outputs, serves

from constructions import Construction, Impossibility, Unanswered, construct, derivations, thermometer
from constructions.latch import GAMMA, KAPPA, LATCHES, RHO, D, K, M, equations
from constructions.thermometer import T, W, derivation
from proofs.theorems import THEOREMS
from verifier import Verdict, certify, certify_weights
from verifier.arithmetic.balls import Balls, lower_fraction, to_ball, upper_fraction
from verifier.certificate import check_data, content_hash, to_data
from verifier.inequality import AtMost, CellEquations, Derivation, Identity
from verifier.regime import Regime
from verifier.weights import Weights

F = Fraction
ONE = Fraction(1)
CELLS = tuple(LATCHES)
KINDS = ("tanh", "sigmoid", "gru", "lstm")
"""One cell of each kind of latch."""


def latch(cell: str, tolerance: Fraction, bound: Fraction = ONE, hidden: int = 32) -> Construction:
    answer = construct(cell, n=50, tolerance=tolerance, bound=bound, hidden=hidden, horizon="forever")
    assert isinstance(answer, Construction)
    return answer


def grid_latch(cell: str, bits: int, bound: Fraction = ONE, **asked: Any) -> Construction:
    answer = construct(cell, n=50, horizon="forever", domain="grid", bits=bits, bound=bound, **asked)
    assert isinstance(answer, Construction)
    return answer


# --- what is certified ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tolerance", "bound"), [(F(3, 5), F(1)), (F(3, 10), F(1)), (F(2), F(12)), (F(1, 10), F(1, 3))])
@pytest.mark.parametrize("cell", CELLS)
def test_holds_for_ever(cell: str, tolerance: Fraction, bound: Fraction) -> None:
    answer = latch(cell, tolerance, bound)
    certificate = certify(answer, steps=50)
    assert certificate.verdict is Verdict.PROVED, certificate.reason
    supremum, symbolic = certificate.supremum, certificate.symbolic
    assert supremum is not None
    assert symbolic is not None
    lower, upper = lower_fraction(supremum.lower), upper_fraction(supremum.upper)
    assert upper <= F(101, 100) * lower
    assert bound / answer.parameters[D] < lower
    assert upper <= upper_fraction(symbolic.value) <= tolerance
    assert upper_fraction(symbolic.value) <= F(105, 100) * upper


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bits", [1, 2, 3])
def test_a_grid_is_recalled_exactly_for_ever(cell: str, bits: int) -> None:
    answer = grid_latch(cell, bits, hidden=8)
    certificate = certify(answer, steps=50)
    assert certificate.verdict is Verdict.PROVED, certificate.reason
    assert certificate.supremum is not None
    assert certificate.symbolic is not None
    half_spacing = answer.regime.half_spacing
    assert half_spacing is not None
    upper = upper_fraction(certificate.supremum.upper)
    assert upper <= upper_fraction(certificate.symbolic.value) < half_spacing
    assert upper_fraction(certificate.symbolic.value) <= 3 * upper


@pytest.mark.parametrize("cell", CELLS)
def test_a_grid_is_recalled_to_any_digits(cell: str) -> None:
    certificate = certify(grid_latch(cell, 2, precision=30), steps=20)
    assert certificate.verdict is Verdict.PROVED
    assert certificate.supremum is not None
    assert upper_fraction(certificate.supremum.upper) <= F(1, 10**30)


@pytest.mark.parametrize("cell", CELLS)
def test_attacks_on_an_independent_network_stay_below_the_supremum(cell: str) -> None:
    answer = latch(cell, F(3, 10))
    certificate = certify(answer, steps=20)
    assert certificate.supremum is not None
    limit = number(upper_fraction(certificate.supremum.upper))
    generator = random.Random(1)
    thresholds = [F(-3, 4), F(-1, 4), F(1, 4), F(3, 4)]
    width = answer.parameters[W]
    starts = [t + sign * shift for t in thresholds for shift in (width, width / 2, F(1, 2**30)) for sign in (1, -1)]
    starts += [F(generator.randint(-1000, 1000), 1000) for _ in range(4)]
    worst = CONTEXT.zero
    for x_1 in starts:
        for later in ([F(1)] * 5, [F(-1)] * 5, [F(generator.choice((1, -1))) for _ in range(5)]):
            for y in outputs(answer.weights, [x_1, *later]):
                worst = max(worst, abs(y - number(x_1)))
    assert worst <= limit
    assert worst >= number(F(1, 4))


@pytest.mark.parametrize("cell", KINDS)
def test_the_width_is_sharp(cell: str) -> None:
    """Just inside w of the outermost threshold the opposite input turns the unit over; just outside it does not."""
    answer = latch(cell, F(26, 100))
    width, level = answer.parameters[W], F(1) - F(1, answer.parameters[D])
    away = {
        share: abs(outputs(answer.weights, [level + share * width, *[F(-1)] * 20])[-1] - number(level + share * width))
        for share in (F(9, 10), F(11, 10))
    }
    assert away[F(9, 10)] > number(F(25, 100) + F(8, 10) * width)
    assert away[F(11, 10)] < number(F(25, 100))


# --- what is not answered ---------------------------------------------------------------------------------------------


def latched(cell: str, tolerance: F, hidden: int, **asked: Any) -> Construction | Unanswered:
    """What C8 alone answers; for the lstm `construct` goes on to C9."""
    return thermometer.construct(Regime(cell, 5, F(1), tolerance, "forever", hidden=hidden, **asked))


@pytest.mark.parametrize("cell", CELLS)
def test_what_cannot_be_had_says_how_many_levels_it_needs(cell: str) -> None:
    flags = LATCHES[cell].flags
    held = latched(cell, tolerance=F(1, 8), hidden=8 + flags)
    assert isinstance(held, Unanswered)
    assert "9 levels" in held.reason
    assert f"--hidden {9 + flags}" in held.reason
    assert "C9" in held.reason
    finer = latched(cell, tolerance=F(1, 15), domain="grid", bits=4, hidden=14 + flags)
    assert isinstance(finer, Unanswered)
    assert "16 levels" in finer.reason
    assert isinstance(construct(cell, n=5, horizon="forever", domain="grid", bits=4, hidden=15 + flags), Construction)
    for theorem, asked in (("T2", {"exact_recall": True}), ("T1", {"domain": "reals", "tolerance": F(1, 2)})):
        never = construct(cell, n=5, horizon="forever", **asked)  # type: ignore[arg-type]
        assert isinstance(never, Impossibility)
        assert never.theorem == theorem
    exact_grid = construct(cell, n=5, horizon="forever", domain="grid", bits=2, exact_recall=True)
    assert isinstance(exact_grid, Unanswered)
    far = construct(cell, n=5, horizon="forever", domain="grid", bits=10_000)
    assert isinstance(far, Unanswered)
    assert len(far.reason) < 400


def test_one_sigmoid_unit_has_no_threshold_left() -> None:
    answer = construct("sigmoid", n=5, horizon="forever", tolerance=F(9, 10), hidden=1)
    assert isinstance(answer, Unanswered)
    assert "1 level;" in answer.reason


# --- sizes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("tolerance", [F(9, 10), F(3, 10), F(1, 4), F(2501, 10_000), F(1, 9)])
def test_sizes_on_the_box_are_the_smallest(cell: str, tolerance: Fraction) -> None:
    check_smallest(cell, latch(cell, tolerance), number(tolerance), grid=False)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(("bits", "asked"), [(1, {}), (2, {}), (4, {}), (3, {"precision": 12})])
def test_sizes_on_a_grid_are_the_smallest(cell: str, bits: int, asked: dict[str, Any]) -> None:
    answer = grid_latch(cell, bits, **asked)
    check_smallest(cell, answer, number(answer.regime.tolerance), grid=True)


def check_smallest(cell: str, answer: Construction, tolerance: Any, grid: bool) -> None:
    """Fewest units; then κM, Γ, the gates' saturation and ρ's decimals, each with what comes after it at its limit."""
    found, options = answer.parameters, LATCHES[cell]
    units, a, gain = (int(found[s]) for s in (D, KAPPA, GAMMA))
    exact_worth = 1 / CONTEXT.tanh(1) if RHO in options.extra else CONTEXT.one
    strength = None if options.saturation is None else int(found[options.saturation])
    worth = number(found[RHO]) if RHO in options.extra else CONTEXT.one
    resolution = 0 if grid else CONTEXT.one / units
    if grid:
        assert answer.regime.bits is not None
        assert units == 2**answer.regime.bits - 1
    else:
        assert resolution < tolerance <= (CONTEXT.one / (units - 1))
    assert serves(cell, units, tolerance, a, gain, strength, worth, grid)
    assert a == 1 or resolution + early(cell, units, a - 1, None, exact_worth) > tolerance
    assert not serves(cell, units, tolerance, a, gain - 1, None, exact_worth, grid)
    if strength is not None:
        assert strength == 1 or not serves(cell, units, tolerance, a, gain, strength - 1, exact_worth, grid)
    if RHO in options.extra:
        places = 0
        while (found[RHO] * 10**places).denominator != 1:
            places += 1
        shorter = CONTEXT.floor(exact_worth * 10 ** (places - 1)) / CONTEXT.mpf(10) ** (places - 1)
        assert places == 0 or not serves(cell, units, tolerance, a, gain, strength, shorter, grid)


def test_coarse_requests_need_few_units_and_small_weights() -> None:
    for cell in CELLS:
        flags = LATCHES[cell].flags
        used = {index[-1] for name, array in latch(cell, F(9, 10)).weights.blocks().items() for index, _ in array if index}
        assert len(used) == 2 + flags
        assert latch(cell, F(9, 10)).weights.largest <= 24 * (1 + flags)


def test_scaling_inputs_changes_no_feedback() -> None:
    for cell in KINDS:
        plain, scaled = latch(cell, F(3, 10)), latch(cell, F(3, 10**9), F(1, 10**8))
        assert plain.parameters[GAMMA] == scaled.parameters[GAMMA]
        assert plain.parameters[KAPPA] == scaled.parameters[KAPPA] * F(1, 10**8)


# --- the derivation ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("grid", [False, True])
@pytest.mark.parametrize("cell", KINDS)
def test_every_step_is_needed_for_the_verdict(cell: str, grid: bool) -> None:
    made = derivation(cell, grid)
    assert made.verdict is Verdict.PROVED
    for name in made.conclusions:
        fewer = dataclasses.replace(made, steps=tuple(step for step in made.steps if step.name != name))
        assert fewer.verdict is not Verdict.PROVED, name


def false_derivations(cell: str, grid: bool) -> list[tuple[str, Derivation]]:
    """Derivations with one thing in them that is false."""
    made = derivation(cell, grid)
    found = [("bound without its loss", dataclasses.replace(made, bound=M / D if grid else M / D + W))]
    found += [
        (f"hypothesis {h.text} dropped", dataclasses.replace(made, hypotheses=tuple(o for o in made.hypotheses if o is not h)))
        for h in made.hypotheses
        if "≥ κ(2M" in h.text or "the bound is" in h.text or "tanh 1" in h.text
    ]
    for step in made.steps:
        wrong: Any = None
        if isinstance(step, AtMost) and not step.left.is_Number:
            wrong = dataclasses.replace(step, left=step.left + F(1, 100) * step.left**2 + F(1, 100))
        elif isinstance(step, Identity):
            wrong = dataclasses.replace(step, right=step.right * 2)
        elif isinstance(step, CellEquations):
            wrong = dataclasses.replace(step, expected={**step.expected, "y": step.expected["y"] * 2})
        if wrong is not None:
            steps = tuple(wrong if other is step else other for other in made.steps)
            found.append((f"step {step.name}", dataclasses.replace(made, steps=steps)))
    return found


@pytest.mark.parametrize("grid", [False, True])
@pytest.mark.parametrize("cell", KINDS)
def test_false_derivations_are_not_proved(cell: str, grid: bool) -> None:
    wrong = false_derivations(cell, grid)
    assert len(wrong) >= 10
    for name, made in wrong:
        assert made.verdict is not Verdict.PROVED, name


@pytest.mark.parametrize("cell", CELLS)
def test_hypotheses_fail_just_outside(cell: str) -> None:
    answer = latch(cell, F(3, 10))
    wrong: list[dict[Any, Fraction]] = [
        {GAMMA: answer.parameters[GAMMA] / 2}, {W: answer.parameters[W] / 2}, {W: F(0)},
        {T: answer.parameters[T] * 2}, {T: F(1, 10)}, {KAPPA: answer.parameters[KAPPA] / 4},
    ]  # fmt: skip
    if RHO in LATCHES[cell].extra:
        wrong.append({RHO: F(4, 3)})
    with Balls(200).working():
        assert all(v is Verdict.PROVED for v in answer.derivation.check_hypotheses(answer.parameters).values())
        for change in wrong:
            verdicts = answer.derivation.check_hypotheses({**answer.parameters, **change}).values()
            assert Verdict.REFUTED in verdicts, change


@pytest.mark.parametrize("cell", CELLS)
def test_weights_must_be_the_templates(cell: str) -> None:
    answer = latch(cell, F(3, 10))
    assert answer.derivation.matches(answer.weights, answer.parameters) is Verdict.PROVED
    for name, array in answer.weights.blocks().items():
        for index, value in list(array)[:2]:
            other = answer.weights.replace({(name, index): value + F(1, 10**9)})
            assert answer.derivation.matches(other, answer.parameters) is Verdict.REFUTED, (name, index)
    for units in (F(3), F(5), F(1, 2), F(0), F(1000)):
        assert answer.derivation.matches(answer.weights, {**answer.parameters, D: units}) is Verdict.REFUTED


@pytest.mark.parametrize(("cell", "other"), list(itertools.permutations(KINDS, 2)))
def test_a_latch_is_not_another_cells(cell: str, other: str) -> None:
    answer = latch(cell, F(3, 10))
    values = {**answer.parameters, **dict.fromkeys(LATCHES[other].extra, F(7))}
    assert derivation(LATCHES[other].cells[0], False).matches(answer.weights, values) is Verdict.REFUTED


def test_the_equations_hold_at_every_size() -> None:
    for cell in CELLS:
        made = derivation(LATCHES[cell].cells[0], False)
        for units in (1, 3, 8):
            alone = dataclasses.replace(made, steps=(equations(LATCHES[cell], cell, units),), conclusions=())
            assert set(alone.check().values()) == {Verdict.PROVED}


def test_theorems_are_listed_and_proved() -> None:
    for name in ("C8", "C8-sigmoid", "C8-gru", "C8-lstm"):
        assert THEOREMS[name].status() is Verdict.PROVED
        assert name in derivations()


# --- certificates -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("grid", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_certificates_are_recomputed(cell: str, grid: bool) -> None:
    answer = grid_latch(cell, 2) if grid else latch(cell, F(3, 10))
    data = to_data(certify(answer, steps=20))
    assert check_data(data, derivations()).verdict is Verdict.PROVED
    for claim in data["claims"]:
        if claim["relation"] == "<=":
            claim["value"] = "1e-3" if grid else "0.25"
    data["sha256"] = content_hash(data)
    assert check_data(data, derivations()).verdict is Verdict.REFUTED


def test_the_grids_bound_is_not_proved_for_the_box() -> None:
    """Latch weights of a grid under a question about the box, with the grid's derivation."""
    data = to_data(certify(grid_latch("lstm", 2), steps=20))
    data["question"] = {**data["question"], "domain": "box", "bits": None}
    data["sha256"] = content_hash(data)
    assert check_data(data, derivations()).verdict is not Verdict.PROVED


# --- wrong latches ----------------------------------------------------------------------------------------------------

FED = {"tanh": "h", "sigmoid": "h", "lstm": "g", **dict.fromkeys(("gru", "gru-keep", "gru-after", "gru-after-keep"), "n")}
"""The gate that feedback and input enter."""


def wrong_latches(cell: str) -> list[tuple[str, Weights]]:
    weights, gate = latch(cell, F(3, 10)).weights, FED[cell]
    found = []
    for k in range(4):
        gain, bias, steepness = weights[f"W_{gate}"][k, k], weights[f"b_{gate}"][k,], weights[f"U_{gate}"][k,]
        found += [
            (f"feedback {k} negated", weights.replace({(f"W_{gate}", (k, k)): -gain})),
            (f"feedback {k} dropped", weights.replace({(f"W_{gate}", (k, k)): 0})),
            (f"feedback {k} too weak", weights.replace({(f"W_{gate}", (k, k)): gain / 20})),
            (
                f"feedback {k} misplaced",
                weights.replace({(f"W_{gate}", (k, k)): 0, (f"W_{gate}", (k, (k + 1) % 4)): gain}),
            ),
            (f"threshold {k} shifted", weights.replace({(f"b_{gate}", (k,)): bias + steepness / 2})),
            (f"readout {k} dropped", weights.replace({("V", (k,)): 0})),
            (f"readout {k} negated", weights.replace({("V", (k,)): -weights["V"][k,]})),
            (f"input {k} negated", weights.replace({(f"U_{gate}", (k,)): -steepness})),
        ]
    every = range(4)
    found.append(("readout offset", weights.replace({("v0", ()): weights["v0"][()] + F(1, 5)})))
    found.append(("feedback too weak", weights.replace({(f"W_{gate}", (k, k)): weights[f"W_{gate}"][k, k] / 3 for k in every})))
    if cell == "lstm":
        found += [
            ("readout M/d", weights.replace({("V", (k,)): F(1, 4) for k in every})),
            ("gates half open", weights.replace({(f"b_{gate}", (k,)): 0 for k in every for gate in "fio"})),
            ("cells kept", weights.replace({("b_f", (k,)): -weights["b_f"][k,] for k in every})),
            ("outputs shut", weights.replace({("b_o", (k,)): -weights["b_o"][k,] for k in every})),
            ("inputs shut", weights.replace({("b_i", (k,)): -weights["b_i"][k,] for k in every})),
            ("no output bias", weights.replace({("b_o", (k,)): 0 for k in every})),
        ]
    elif cell == "sigmoid":
        found += [
            ("no flag", weights.replace({("W_h", (k, 4)): 0 for k in every})),
            ("flag's sign", weights.replace({("W_h", (k, 4)): -weights["W_h"][k, 4] for k in every})),
            ("flag down", weights.replace({("b_h", (4,)): -weights["b_h"][4,]})),
            ("flag at half", weights.replace({("b_h", (4,)): 0})),
            ("no centring", weights.replace({("v0", ()): 0})),
            ("first unit without flag", weights.replace({("W_h", (0, 4)): 0})),
        ]
    elif cell != "tanh":
        found += [
            ("z turned", weights.replace({("b_z", (k,)): -weights["b_z"][k,] for k in every})),
            ("z half open", weights.replace({("b_z", (k,)): 0 for k in every})),
            ("reset shut", weights.replace({("b_r", (k,)): -weights["b_r"][k,] for k in every})),
        ]
    return found


@pytest.mark.parametrize(
    ("cell", "name", "weights"),
    [pytest.param(cell, name, weights, id=f"{cell}: {name}") for cell in CELLS for name, weights in wrong_latches(cell)],
)
def test_wrong_latches_are_refuted(cell: str, name: str, weights: Weights) -> None:
    certificate = certify_weights(weights, latch(cell, F(3, 10)).regime, steps=30)
    assert certificate.verdict is Verdict.REFUTED, name
    assert certificate.supremum is not None or certificate.observed is not None


@pytest.mark.parametrize("cell", CELLS)
def test_there_are_at_least_twenty_wrong_latches(cell: str) -> None:
    assert len(wrong_latches(cell)) >= 20


@pytest.mark.parametrize("cell", KINDS)
def test_a_slightly_weaker_feedback_is_not_proved_by_the_theorem(cell: str) -> None:
    """The weights may still hold; the theorem's hypotheses no longer do."""
    answer = latch(cell, F(26, 100))
    weaker = {**answer.parameters, GAMMA: answer.parameters[GAMMA] * F(9, 10)}
    options = LATCHES[cell]
    entries = options.weights(cell, int(answer.parameters[D]), weaker)
    changed = answer.weights.replace({place: value for place, (value, _) in entries.items()})
    certificate = certify(dataclasses.replace(answer, weights=changed, parameters=weaker), steps=20)
    assert certificate.verdict is not Verdict.PROVED


def test_saturation_is_needed() -> None:
    """A gate weaker by one breaks the bound that sized it, at the numbers."""
    for cell, symbol in (("gru", K), ("lstm", K)):
        answer = latch(cell, F(26, 100))
        weaker = {**answer.parameters, symbol: answer.parameters[symbol] - 1}
        with Balls(200).working():
            held = all(v is Verdict.PROVED for v in answer.derivation.check_hypotheses(weaker).values())
            assert not held or not answer.derivation.enclose(weaker) <= to_ball(answer.regime.tolerance)

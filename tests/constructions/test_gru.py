"""The C7 GRU in four conventions: the cells are the runtimes', sizes are smallest, the bound is right and sharp."""

from __future__ import annotations

import dataclasses
import itertools
import json
import random
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import pytest
import sympy
from commands import verify
from flint import arb, fmpz
from independent_gru import CONVENTIONS, IndependentGru, as_fraction
from onnx_runtime import float_blocks, hidden_states

from constructions import ARCHITECTURES, Construction, Unanswered, construct, derivations
from constructions.gru import FLAG, MEMORY, SIGNS, N, derivation, error_bound, network
from proofs.theorems import THEOREMS
from verifier.arithmetic.balls import Balls, lower_fraction, to_ball, upper_fraction
from verifier.arithmetic.enclosures import Enclosures
from verifier.arithmetic.reference import Reference
from verifier.arithmetic.symbols import sigmoid
from verifier.cells import CELLS, Maps
from verifier.certificate import check_data, content_hash, to_data
from verifier.certify import certify, certify_weights
from verifier.errors import UsageError
from verifier.gates import gate_activations
from verifier.inequality import CellEquations, Derivation, Identity
from verifier.program import record
from verifier.regime import Regime
from verifier.run import Runner
from verifier.sequences import expand
from verifier.supremum import bound_supremum, supremum_by_stepping
from verifier.verdict import Verdict, check_at_most
from verifier.weights import Weights

ALL_CELLS = tuple(CONVENTIONS)
BITS = 200
STEPS = 60
"""Longest adversarial run in the grid; longer horizons go through the closed form."""

Changes = Mapping[tuple[str, tuple[int, ...]], Fraction | int]


def propose(*arguments: Any, **options: Any) -> Construction:
    """`construct` where it must answer."""
    answer = construct(*arguments, **options)
    assert isinstance(answer, Construction)
    return answer


def sizes(proposal: Construction) -> tuple[Fraction, Fraction, Fraction]:
    """(ε, K, L)."""
    values = {symbol.name: value for symbol, value in proposal.parameters.items()}
    return values["epsilon"], values["K"], values["L"]


def bits_for(regime: Regime) -> int:
    """Twice the bits that the accuracy and the horizon need, and some more."""
    return 2 * int(regime.bound / regime.tolerance).bit_length() + 4 * regime.n.bit_length() + 128


def sigma(value: arb) -> arb:
    """1/(1 + e^-v)."""
    return 1 / (1 + (-value).exp())


def bound_c7(size: Fraction, n: int, scale: Fraction, k: Fraction, gain: Fraction) -> arb:
    """M - (1/ε) tanh(εM) ((1+φ)κ^{n-1} - 1), φ = σ(K), κ = σ(Lσ(L) tanh L - K), typed from the docstring."""
    m, e, wide, strong = to_ball(size), to_ball(scale), to_ball(k), to_ball(gain)
    kept = sigma(strong * sigma(strong) * strong.tanh() - wide)
    return m - (e * m).tanh() / e * ((1 + sigma(wide)) * kept ** fmpz(n - 1) - 1)


def meets(regime: Regime, scale: Fraction, k: Fraction, gain: Fraction) -> Verdict:
    """Whether the bound with these sizes meets the tolerance."""
    with Balls(bits_for(regime)).working():
        return check_at_most(bound_c7(regime.bound, regime.n, scale, k, gain), to_ball(regime.tolerance))


# --- the cells --------------------------------------------------------------------------------------------------------


def dense(cell: str, seed: int, hidden: int = 3, size: int = 2) -> Weights:
    """Weights with every entry of every block a random rational."""
    generator = random.Random(seed)
    blocks: dict[str, dict[tuple[int, ...], Fraction]] = {}
    for name, shape in CELLS[cell].block_shapes(hidden).items():
        blocks[name] = {
            index: Fraction(generator.randint(-8 * size, 8 * size), 8)
            for index in itertools.product(*(range(length) for length in shape))
        }
    return Weights(cell, hidden, blocks)


def sequence(seed: int, n: int, bound: Fraction = Fraction(1)) -> list[Fraction]:
    """n random rationals in [-bound, bound]."""
    generator = random.Random(seed)
    return [bound * Fraction(generator.randint(-64, 64), 64) for _ in range(n)]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("cell", ALL_CELLS)
def test_recorded_program_encloses_an_independent_gru(cell: str, seed: int) -> None:
    weights, inputs = dense(cell, seed), sequence(seed, 9)
    expected = IndependentGru(weights.to_data(), 90).outputs(inputs)
    with Balls(BITS).working():
        found = list(Runner(record(weights), Balls(BITS)).outputs(inputs))
        for ball, value in zip(found, expected, strict=True):
            exact = to_ball(as_fraction(value))
            assert abs(ball - exact) < arb(2) ** (40 - BITS)
            assert ball.rad() < arb(2) ** (30 - BITS)


@pytest.mark.parametrize("arithmetic", [Balls(BITS), Enclosures, Reference(60)], ids=["balls", "enclosures", "reference"])
@pytest.mark.parametrize("cell", ALL_CELLS)
def test_the_step_itself_runs_in_every_arithmetic(cell: str, arithmetic: Any) -> None:
    weights, inputs = dense(cell, 11), sequence(11, 4)
    expected = [h for _, h, _ in IndependentGru(weights.to_data(), 90).steps(inputs)]
    with Balls(BITS).working():
        blocks = {name: {index: arithmetic.exact(value) for index, value in array} for name, array in weights.blocks().items()}

        def combine(bias: Any, terms: list[tuple[Any, Any]]) -> Any:
            total = bias if bias != 0 else arithmetic.exact(Fraction(0))
            for coefficient, value in terms:
                total = total + coefficient * value
            return total

        maps = Maps(weights.hidden, blocks, combine)
        state = {"h": [arithmetic.exact(weights["h_0"][k,]) for k in range(weights.hidden)]}
        for x, wanted in zip(inputs, expected, strict=True):
            state = CELLS[cell].step(arithmetic, maps, state, arithmetic.exact(x))
            for value, exact in zip(state["h"], wanted, strict=True):
                plain = value.lower if arithmetic is Enclosures else value
                number = plain if isinstance(plain, arb) else to_ball(as_fraction(plain))
                assert abs(number - to_ball(as_fraction(exact))) < arb(2) ** -150


def test_the_four_conventions_differ() -> None:
    """No convention is another one under a different name: on dense weights all outputs differ."""
    with_bias = {cell: dense(cell, 3) for cell in ALL_CELLS}
    blocks = {name: dict(array.entries) for name, array in with_bias["gru"].blocks().items()}
    same = {cell: Weights(cell, 3, blocks) for cell in ALL_CELLS}
    outputs = [IndependentGru(w.to_data(), 30).outputs(sequence(3, 3))[-1] for w in same.values()]
    assert all(abs(a - b) > 0.001 for a, b in itertools.combinations(outputs, 2))
    assert set(CELLS["gru-after"].block_shapes(2)) - set(CELLS["gru"].block_shapes(2)) == {"c_n"}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("cell", ALL_CELLS)
def test_reported_gates_are_the_gates(cell: str, seed: int) -> None:
    weights, inputs = dense(cell, seed + 20), sequence(seed, 4)
    expected = [gates for _, _, gates in IndependentGru(weights.to_data(), 60).steps(inputs)]
    with Balls(BITS).working():
        found = gate_activations(weights, inputs)
        for step, gates in zip(found, expected, strict=True):
            assert set(step) == {(gate, unit) for gate in "zrn" for unit in range(3)}
            for (gate, unit), ball in step.items():
                assert abs(ball - to_ball(as_fraction(gates[gate][unit]))) < arb(2) ** (60 - BITS)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("cell", ALL_CELLS)
def test_onnx_runtime_computes_the_same(cell: str, seed: int) -> None:
    weights, inputs = dense(cell, seed + 40, hidden=4, size=1), sequence(seed + 40, 12)
    reset_after, z_keeps = CONVENTIONS[cell]
    a, d = float_blocks(weights), weights.hidden
    sign = 1 if z_keeps else -1  # ONNX has h' = (1-z)∘n + z∘h; σ(-v) = 1 - σ(v)
    on_input = np.concatenate([sign * a["U_z"], a["U_r"], a["U_n"]])
    recurrent = np.concatenate([sign * a["W_z"], a["W_r"], a["W_n"]])
    inner = a["c_n"] if reset_after else np.zeros(d, np.float32)
    zero = np.zeros(2 * d, np.float32)
    bias = np.concatenate([sign * a["b_z"], a["b_r"], a["b_n"], zero, inner])
    states = hidden_states("GRU", on_input, recurrent, bias, {"h": a["h_0"]}, inputs, linear_before_reset=int(reset_after))
    expected = [h for _, h, _ in IndependentGru(weights.to_data(), 40).steps(inputs)]
    for row, h in zip(states.reshape(-1, d), expected, strict=True):
        assert max(abs(Fraction(float(v)) - as_fraction(w)) for v, w in zip(row, h, strict=True)) < Fraction(1, 10**5)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("cell", ["gru-after", "gru-after-keep"])
def test_torch_computes_the_same(cell: str, seed: int) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed (extra 'runtimes')")
    weights, inputs = dense(cell, seed + 60, hidden=4, size=1), sequence(seed + 60, 12)
    a, d = float_blocks(weights), weights.hidden
    sign = 1 if CONVENTIONS[cell][1] else -1
    module = torch.nn.GRU(1, d)
    zero = np.zeros(2 * d, np.float32)
    with torch.no_grad():  # torch orders its gates r, z, n
        module.weight_ih_l0.copy_(torch.tensor(np.concatenate([a["U_r"], sign * a["U_z"], a["U_n"]]).reshape(-1, 1)))
        module.weight_hh_l0.copy_(torch.tensor(np.concatenate([a["W_r"], sign * a["W_z"], a["W_n"]])))
        module.bias_ih_l0.copy_(torch.tensor(np.concatenate([a["b_r"], sign * a["b_z"], a["b_n"]])))
        module.bias_hh_l0.copy_(torch.tensor(np.concatenate([zero, a["c_n"]])))
        x = torch.tensor([[[float(v)]] for v in inputs])
        states = module(x, torch.tensor(a["h_0"]).reshape(1, 1, d))[0].reshape(-1, d).numpy()
    expected = [h for _, h, _ in IndependentGru(weights.to_data(), 40).steps(inputs)]
    for row, h in zip(states, expected, strict=True):
        assert max(abs(Fraction(float(v)) - as_fraction(w)) for v, w in zip(row, h, strict=True)) < Fraction(1, 10**5)


# --- sizes, verdicts, sharpness ---------------------------------------------------------------------------------------

HORIZONS = (1, 2, 3, 10, 1000, 10**18)
GRID = [
    *((cell, n, digits, Fraction(1)) for cell in ALL_CELLS for n in HORIZONS for digits in (1, 5, 20, 200)),
    *(
        (cell, n, digits, bound)
        for cell in ("gru", "gru-after-keep")
        for n in (3, 1000, 10**18)
        for digits in (1, 20)
        for bound in (Fraction(1, 3), Fraction(1000), Fraction(1, 1000))
    ),
]


@pytest.mark.parametrize(("cell", "n", "digits", "bound"), GRID)
def test_proved_sharp_and_smallest(cell: str, n: int, digits: int, bound: Fraction) -> None:
    proposal = propose(cell, n, digits, bound=bound, hidden=2)
    regime = proposal.regime
    certificate = certify(proposal, steps=min(n, STEPS))
    assert certificate.verdict is Verdict.PROVED, certificate.reason
    supremum, symbolic = certificate.supremum, certificate.symbolic
    assert supremum is not None
    assert supremum.exact
    assert symbolic is not None
    with Balls(bits_for(regime)).working():
        assert check_at_most(symbolic.value, to_ball(Fraction(105, 100)) * supremum.upper) is Verdict.PROVED
        if n <= certificate.steps:
            assert certificate.observed is not None
            assert check_at_most(supremum.upper * to_ball(1 - Fraction(1, 10**6)), certificate.observed.worst.error)
    scale, k, gain = sizes(proposal)
    assert meets(regime, scale, k, gain) is Verdict.PROVED
    strong = 1000 * (k + gain)  # so saturated that neither φ nor κ costs anything
    assert meets(regime, 10 * scale, strong, 10 * strong) is Verdict.REFUTED
    assert k == 1 or meets(regime, scale, k - 1, strong) is Verdict.REFUTED
    assert gain == 1 or meets(regime, scale, k, gain - 1) is Verdict.REFUTED


@pytest.mark.parametrize("tolerance", [Fraction(1, 3), Fraction(9, 10), Fraction(99, 100), 1 - Fraction(1, 10**30)])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 10, 10**6])
def test_any_tolerance_below_the_bound_is_served_sharply(n: int, tolerance: Fraction) -> None:
    certificate = certify(propose("gru", n, tolerance=tolerance, hidden=2), steps=min(n, STEPS))
    assert certificate.verdict is Verdict.PROVED, certificate.reason
    assert certificate.supremum is not None
    assert certificate.symbolic is not None
    assert certificate.symbolic.value <= certificate.supremum.upper * to_ball(Fraction(105, 100))


@pytest.mark.parametrize("cell", ALL_CELLS)
@pytest.mark.parametrize(
    "options",
    [
        {"horizon": "fixed", "precision": 30},
        {"domain": "grid", "bits": 1},
        {"domain": "grid", "bits": 12},
        {"domain": "grid", "bits": 12, "horizon": "fixed", "precision": 9},
    ],
    ids=["fixed", "signs", "grid", "fixed grid"],
)
def test_other_horizons_and_domains(cell: str, options: dict[str, Any]) -> None:
    for n in (1, 2, 50, 10**9):
        certificate = certify(propose(cell, n, **options), steps=50)
        assert certificate.verdict is Verdict.PROVED, certificate.reason


def test_sizing_uses_the_derived_bound() -> None:
    for cell, n, digits, bound in (("gru", 1000, 20, Fraction(7, 3)), ("gru-keep", 5, 3, Fraction(1, 9))):
        proposal = propose(cell, n, digits, bound=bound)
        scale, k, gain = sizes(proposal)
        with Balls(bits_for(proposal.regime)).working():
            stated = bound_c7(bound, n, scale, k, gain)
            for value in (
                proposal.derivation.enclose(proposal.parameters),
                error_bound(proposal.regime)(scale, int(k), int(gain)),
            ):
                assert abs(value - stated) < to_ball(proposal.regime.tolerance / 10**20)


def test_leading_order() -> None:
    for n, digits in itertools.product((1, 10, 10**6, 10**18), (10, 50, 200)):
        proposal = propose("gru", n, digits)
        scale, k, gain = sizes(proposal)
        with Balls(bits_for(proposal.regime)).working():
            strong = to_ball(gain)
            leak = sigma(to_ball(k) - strong * sigma(strong) * strong.tanh())
            leading = to_ball(scale**2 / 3) + (-to_ball(k)).exp() + 2 * (n - 1) * leak
            value = bound_c7(Fraction(1), n, scale, k, gain)
            assert check_at_most(abs(value - leading), value / 10**4) is Verdict.PROVED, (n, digits)


def test_every_weight_has_its_reason_and_hidden_units_change_nothing() -> None:
    for cell in ALL_CELLS:
        found = []
        for hidden in (2, 32):
            proposal = propose(cell, 20, 10, hidden=hidden)
            places = {(name, index) for name, array in proposal.weights.blocks().items() for index, _ in array}
            assert places == set(proposal.reasons)
            certificate = certify(proposal, steps=20)
            assert certificate.supremum is not None
            found.append((sizes(proposal), upper_fraction(certificate.supremum.upper), certificate.supremum.witness))
        assert found[0] == found[1]
    assert set(SIGNS) == set(CONVENTIONS) <= set(ARCHITECTURES)


def test_forever_is_unanswered_and_one_unit_is_refused() -> None:
    for cell in ALL_CELLS:
        answer = construct(cell, 10, 5, horizon="forever", hidden=3)
        assert isinstance(answer, Unanswered)
        assert "C8" in answer.reason
        with pytest.raises(UsageError, match="2 hidden units"):
            construct(cell, 10, 5, hidden=1)


# --- the supremum by other means --------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ALL_CELLS)
@pytest.mark.parametrize("only_last", [False, True], ids=["upto", "fixed"])
@pytest.mark.parametrize(("n", "digits"), [(12, 2), (30, 20), (75, 100)])
def test_closed_form_equals_stepping(cell: str, only_last: bool, n: int, digits: int) -> None:
    proposal = propose(cell, n, digits, bound=Fraction(5, 7), hidden=2)
    program = record(proposal.weights)
    with Balls(bits_for(proposal.regime)).working():
        closed = bound_supremum(program, proposal.regime.bound, n, only_last, n)
        stepped = supremum_by_stepping(program, proposal.regime.bound, n, only_last)
        assert closed.method == "induction"
        assert stepped.method == "stepping"
        assert closed.exact
        assert stepped.exact
        assert abs(closed.upper - stepped.upper) <= closed.upper * arb(10) ** -15
    assert (closed.horizon, closed.witness) == (stepped.horizon, stepped.witness)
    exact = IndependentGru(proposal.weights.to_data(), 2 * digits + 60).error(list(expand(closed.witness)))
    assert abs(exact - upper_fraction(closed.upper)) <= proposal.regime.tolerance / 10**15


@pytest.mark.parametrize("cell", ALL_CELLS)
def test_horizons_far_beyond_stepping(cell: str) -> None:
    certificate = certify(propose(cell, 10**18, 200), steps=20)
    assert certificate.verdict is Verdict.PROVED
    assert certificate.supremum is not None
    assert certificate.supremum.method == "induction"
    assert certificate.supremum.witness == ((Fraction(1), 1), (Fraction(-1), 10**18 - 1))
    assert certificate.seconds < 20


# --- attacks on the derivation ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_bound_holds_for_parameters_nobody_sized(seed: int) -> None:
    """The theorem is claimed for all K, L, ε, M > 0: also where nothing saturates."""
    generator = random.Random(seed)
    cell = ALL_CELLS[seed % 4]
    k, gain, scale, size = (Fraction(generator.randint(1, 40), generator.randint(4, 16)) for _ in range(4))
    n = generator.randint(1, 7)
    weights, _ = network(cell, 2, k, gain, scale)
    values = dict(zip(derivation().parameters, (n, size, scale, k, gain), strict=True))
    assert derivation().matches(weights, values) is Verdict.PROVED
    net = IndependentGru(weights.to_data(), 40)
    with Balls(BITS).working():
        stated = derivation().enclose(values)
        supremum = bound_supremum(record(weights), size, n, False, n)
        assert check_at_most(supremum.upper, stated * to_ball(1 + Fraction(1, 10**30))) is Verdict.PROVED
        limit = upper_fraction(stated) * (1 + Fraction(1, 10**30))
    for trial in range(40):
        inputs = sequence(100 * seed + trial, n, size)
        if trial % 2:
            inputs = [size if x >= 0 else -size for x in inputs]
        assert net.error(inputs) <= limit


@pytest.mark.parametrize(
    "wrong",
    [
        "M - (T/e)*((1+p)*k**(n-1) - 1)*(1 + 1/1000)",
        "M - (T/e)*((1+p)*k**(n-2) - 1)",
        "M - (T/e)*p*k**(n-1)",
        "M - (T/e)*((1+p)*k**(n-1) - k)",
        "M - M*((1+p)*k**(n-1) - 1)",
        "M - (T/e)*(2*k**(n-1) - 1)",
    ],
)
def test_smaller_bounds_are_exceeded_and_not_derived(wrong: str) -> None:
    """Each false variant is beaten by a sequence and rejected by the checker."""
    good = derivation()
    phi, _, _, kept, tau = good.definitions
    n, size, scale, _, _ = good.parameters
    names = {"M": size, "T": tau, "e": scale, "p": phi, "k": kept, "n": n}
    smaller = sympy.sympify(wrong, locals=names)
    changed = replace_bound(good, smaller)
    assert changed.verdict is not Verdict.PROVED
    values = dict(zip(good.parameters, (4, Fraction(2), Fraction(1, 2), 3, 12), strict=True))
    weights, _ = network("gru", 2, 3, 12, Fraction(1, 2))
    with Balls(BITS).working():
        limit = changed.enclose(values)
        worst = bound_supremum(record(weights), Fraction(2), 4, False, 4)
        assert worst.lower > limit
    exact = IndependentGru(weights.to_data(), 40).error(list(expand(worst.witness)))
    assert exact > upper_fraction(limit)


def replace_bound(good: Derivation, bound: Any) -> Derivation:
    """The derivation with another bound wherever a step ends in it."""
    old = good.bound
    steps = []
    for step in good.steps:
        changes: dict[str, Any] = {}
        for field in dataclasses.fields(step):
            value = getattr(step, field.name)
            if field.name in ("left", "right") and value == old:
                changes[field.name] = bound
            if field.name == "right" and value == old.xreplace({N: N + 1}):
                changes[field.name] = bound.xreplace({N: N + 1})
            if field.name == "terms" and value[-1] == old:
                changes["terms"] = (*value[:-1], bound)
        steps.append(dataclasses.replace(step, **changes))
    return dataclasses.replace(good, steps=tuple(steps), bound=bound)


def test_replacing_the_bound_by_itself_changes_nothing() -> None:
    same = replace_bound(derivation(), derivation().bound)
    assert same.verdict is Verdict.PROVED
    assert set(same.check()) == set(derivation().check())


def test_wrong_templates_are_rejected() -> None:
    """Each cell with each entry of its template negated, doubled or dropped fails its cell step, which fails the derivation."""
    good = derivation()
    templates = [step for step in good.steps if isinstance(step, CellEquations)]
    assert {step.cell for step in templates} == set(ALL_CELLS)
    for step in templates:
        alone = dataclasses.replace(good, steps=(step,))
        assert alone.check() == {step.name: Verdict.PROVED}
        for block, entries in step.template.items():
            for index, value in entries.items():
                for changed in (-value, 2 * value, sympy.Integer(0)):
                    wrong = dataclasses.replace(step, template={**step.template, block: {**entries, index: changed}})
                    found = dataclasses.replace(alone, steps=(wrong,)).check()
                    assert found[step.name] is not Verdict.PROVED, (step.cell, block, index)
        others = tuple(wrong if other is step else other for other in good.steps)
        assert dataclasses.replace(good, steps=others).verdict is not Verdict.PROVED


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("kappa", "sigmoid(L*T_L - K)"),
        ("kappa", "sigmoid(L*psi*T_L)"),
        ("kappa", "sigmoid(L*psi*T_L - K/2)"),
        ("phi", "sigmoid(2*K)"),
        ("phi", "1"),
        ("psi", "1"),
        ("T_L", "1"),
        ("tau", "epsilon*M/2"),
    ],
)
def test_wrong_constants_are_rejected(name: str, wrong: str) -> None:
    """Each abbreviation with another meaning leaves a step unproved."""
    good = derivation()
    names = {s.name: s for s in (*good.parameters, *good.definitions)}
    definitions = {
        symbol: sympy.sympify(wrong, locals={**names, "sigmoid": sigmoid}) if symbol.name == name else value
        for symbol, value in good.definitions.items()
    }
    assert dataclasses.replace(good, definitions=definitions).verdict is not Verdict.PROVED


def test_every_step_is_needed_and_checked() -> None:
    """Without any one step nothing is proved, except the remark on oddness, and every step is PROVED as it stands."""
    good = derivation()
    assert set(good.check().values()) == {Verdict.PROVED}
    for step in good.steps:
        if isinstance(step, Identity):
            continue
        without = dataclasses.replace(good, steps=tuple(s for s in good.steps if s is not step))
        assert without.verdict is not Verdict.PROVED, step.name


def test_theorem_is_registered_and_its_hypotheses_bite() -> None:
    assert THEOREMS["C7"].status() is Verdict.PROVED
    assert derivations()["C7"]({}) is derivation()
    values = dict(zip(derivation().parameters, (5, 1, Fraction(1, 10), 7, 9), strict=True))
    assert set(derivation().check_hypotheses(values).values()) == {Verdict.PROVED}
    for symbol in derivation().parameters[1:]:
        for bad in (0, -1):
            assert Verdict.REFUTED in derivation().check_hypotheses({**values, symbol: bad}).values()


# --- wrong weights ----------------------------------------------------------------------------------------------------

B_Z_FLAG, B_Z_MEMORY = ("b_z", (FLAG,)), ("b_z", (MEMORY,))
B_N_FLAG, W_Z = ("b_n", (FLAG,)), ("W_z", (MEMORY, FLAG))
U_N, V = ("U_n", (MEMORY,)), ("V", (MEMORY,))
WRONG: dict[str, Callable[[Weights, int], Changes]] = {
    "flag never rises": lambda w, s: {B_N_FLAG: 0},
    "flag points down": lambda w, s: {B_N_FLAG: -w["b_n"][FLAG,]},
    "flag shut": lambda w, s: {B_Z_FLAG: -w["b_z"][FLAG,]},
    "flag half open": lambda w, s: {B_Z_FLAG: 0},
    "flag slow": lambda w, s: {B_Z_FLAG: s * Fraction(-1)},
    "flag up from the start": lambda w, s: {("h_0", (FLAG,)): 1},
    "memory shut at step 1": lambda w, s: {B_Z_MEMORY: -w["b_z"][MEMORY,]},
    "memory half open": lambda w, s: {B_Z_MEMORY: 0},
    "K too small": lambda w, s: {B_Z_MEMORY: s * 5},
    "K too large for L": lambda w, s: {B_Z_MEMORY: s * 30},
    "flag not read": lambda w, s: {W_Z: 0},
    "flag read with the wrong sign": lambda w, s: {W_Z: -w["W_z"][MEMORY, FLAG]},
    "L too small": lambda w, s: {W_Z: w["W_z"][MEMORY, FLAG] / 2},
    "L just too small": lambda w, s: {W_Z: w["W_z"][MEMORY, FLAG] * Fraction(85, 100)},
    "flag reads itself": lambda w, s: {W_Z: 0, ("W_z", (FLAG, FLAG)): w["W_z"][MEMORY, FLAG]},
    "memory reads itself": lambda w, s: {W_Z: 0, ("W_z", (MEMORY, MEMORY)): w["W_z"][MEMORY, FLAG]},
    "no input": lambda w, s: {U_N: 0},
    "input negated": lambda w, s: {U_N: -w["U_n"][MEMORY,]},
    "ε too large": lambda w, s: {U_N: 100 * w["U_n"][MEMORY,], V: w["V"][MEMORY,] / 100},
    "input goes to the flag": lambda w, s: {U_N: 0, ("U_n", (FLAG,)): w["U_n"][MEMORY,]},
    "input disturbs the flag": lambda w, s: {("U_n", (FLAG,)): -100},
    "input opens the memory": lambda w, s: {("U_z", (MEMORY,)): s * 20},
    "input opens the flag": lambda w, s: {("U_z", (FLAG,)): 100},
    "readout too large": lambda w, s: {V: w["V"][MEMORY,] * Fraction(1001, 1000)},
    "readout too small": lambda w, s: {V: w["V"][MEMORY,] * Fraction(999, 1000)},
    "readout negated": lambda w, s: {V: -w["V"][MEMORY,]},
    "readout of the flag": lambda w, s: {V: 0, ("V", (FLAG,)): w["V"][MEMORY,]},
    "readout offset": lambda w, s: {("v0", ()): Fraction(1, 1000)},
    "memory starts elsewhere": lambda w, s: {("h_0", (MEMORY,)): Fraction(1, 2), B_Z_MEMORY: s * 8},
    "candidate offset": lambda w, s: {("b_n", (MEMORY,)): w["U_n"][MEMORY,] / 100},
    "flag feeds the candidate": lambda w, s: {("W_n", (MEMORY, FLAG)): 1, W_Z: w["W_z"][MEMORY, FLAG] / 2},
    "memory feeds the candidate": lambda w, s: {("W_n", (MEMORY, MEMORY)): 1, W_Z: w["W_z"][MEMORY, FLAG] * 2 / 3},
    "units swapped in the update": lambda w, s: {B_Z_FLAG: w["b_z"][MEMORY,], B_Z_MEMORY: w["b_z"][FLAG,]},
}


SLOW = ("input goes to the flag", "input disturbs the flag", "input opens the memory", "input opens the flag")
"""Nothing is autonomous then, so boxes are halved to the end; tried on one cell for each reading of z."""


@pytest.mark.parametrize(
    ("cell", "name"),
    [(c, v) for c in ALL_CELLS for v in WRONG if v not in SLOW or c in ("gru", "gru-after-keep")],
)
def test_wrong_weights_are_refuted_by_a_sequence(cell: str, name: str) -> None:
    proposal = propose(cell, 9, 6, hidden=2)
    changes = WRONG[name](proposal.weights, SIGNS[cell])
    wrong = proposal.weights.replace(changes)
    assert wrong != proposal.weights
    certificate = certify_weights(wrong, proposal.regime)
    assert certificate.verdict is Verdict.REFUTED, certificate.reason
    assert certificate.observed is not None
    net = IndependentGru(wrong.to_data(), 60)
    witnesses = [(certificate.observed.worst.runs, certificate.observed.worst.error)]
    if certificate.supremum is not None:
        witnesses.append((certificate.supremum.witness, certificate.supremum.lower))
    exceeded = 0
    for runs, error in witnesses:
        inputs = list(expand(runs))
        assert 1 <= len(inputs) <= 9
        assert all(abs(x) <= 1 for x in inputs)
        exact = net.error(inputs)
        assert lower_fraction(error) <= exact <= upper_fraction(error)
        exceeded += exact > proposal.regime.tolerance
    assert exceeded
    assert proposal.derivation.matches(wrong, proposal.parameters) is Verdict.REFUTED


def all_places(weights: Weights) -> list[tuple[str, tuple[int, ...]]]:
    """Every nonzero place."""
    return [(name, index) for name, array in weights.blocks().items() for index, _ in array]


@pytest.mark.parametrize(("cell", "other"), [(a, b) for a in ALL_CELLS for b in ALL_CELLS if a != b])
def test_weights_of_one_convention_in_another(cell: str, other: str) -> None:
    """z read the wrong way is refuted by a sequence; the reset's place does not matter for these weights."""
    proposal = propose(cell, 9, 6, hidden=2)
    blocks = {name: dict(array.entries) for name, array in proposal.weights.blocks().items() if len(array)}
    regime = dataclasses.replace(proposal.regime, architecture=other)
    verdict = certify_weights(Weights(other, 2, blocks), regime).verdict
    assert verdict is (Verdict.PROVED if SIGNS[cell] == SIGNS[other] else Verdict.REFUTED)


def test_reset_gates_do_not_matter_and_that_is_seen() -> None:
    """With W_n = 0 the reset rows are free: still PROVED as weights, though not the theorem's."""
    for cell in ALL_CELLS:
        proposal = propose(cell, 9, 6, hidden=2)
        other = proposal.weights.replace({("b_r", (MEMORY,)): -7, ("U_r", (FLAG,)): 3})
        assert certify_weights(other, proposal.regime).verdict is Verdict.PROVED
        reasons = dict.fromkeys(all_places(other), "")
        claimed = certify(dataclasses.replace(proposal, weights=other, reasons=reasons))
        assert claimed.verdict is Verdict.REFUTED
        assert "not those of theorem C7" in claimed.reason


# --- command line and certificates ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("gru", "--n", "1000", "--precision", "200"),
        ("gru-after-keep", "--n", "1000", "--precision", "200"),
        ("gru-keep", "--n", "10^18", "--precision", "200", "--quiet"),
    ],
    ids=lambda a: a[0],
)
def test_command_line_proves(arguments: tuple[str, ...]) -> None:
    result = verify(*arguments)
    assert result.err == ""
    assert result.code == 0
    last = result.out.splitlines()[-1]
    assert last.startswith(f"PROVED architecture={arguments[0]} theorem=C7 ")
    if "--quiet" not in arguments:
        for shown in ("z[memory]", "r[memory]", "n[memory]", "W_z[memory, flag]", "b_n[flag]", "25 of 25 proof steps"):
            assert shown in result.out


def test_command_line_for_ever_is_undecided() -> None:
    result = verify("gru-after", "--horizon", "forever", "--hidden", "3")
    assert result.code == 3
    assert result.out.splitlines()[-1].startswith("UNDECIDED architecture=gru-after theorem=none")


@pytest.mark.parametrize("cell", ALL_CELLS)
def test_certificate_survives_the_round_trip(cell: str) -> None:
    certificate = certify(propose(cell, 40, 12), steps=40)
    data = json.loads(json.dumps(to_data(certificate)))
    review = check_data(data, derivations())
    assert review.verdict is Verdict.PROVED, review.reason
    assert {finding.verdict for finding in review.findings} == {Verdict.PROVED}


def forged(**changes: Any) -> dict[str, Any]:
    """A GRU certificate with fields replaced and all hashes made right again."""
    data = json.loads(json.dumps(to_data(certify(propose("gru", 40, 12), steps=40))))
    for path, value in changes.items():
        place: Any = data
        *parents, last = path.split("__")
        for name in parents:
            place = place[int(name) if name.isdigit() else name]
        place[last] = value
    data["weights_sha256"] = Weights.from_data(data["weights"]).sha256
    data["sha256"] = content_hash(data)
    return data


def test_an_unchanged_forgery_is_true() -> None:
    assert check_data(forged(), derivations()).verdict is Verdict.PROVED


@pytest.mark.parametrize(
    "changes",
    [
        {"weights__cell": "gru-keep", "question__architecture": "gru-keep"},
        {"weights__cell": "gru-after"},
        {"question__architecture": "gru-after-keep"},
        {"question__architecture": "lstm"},
        {"question__n": 41},
        {"question__tolerance": "1e-13"},
        {"theorem": "C6"},
        {"parameters__K": "30"},
        {"parameters__L": "500"},
        {"parameters__epsilon": "1e-7"},
        {"weights__blocks__W_z": [[1, 0, "-30"]]},
        {"weights__blocks__b_r": [[1, "1"]]},
        {"weights__blocks__V": [[1, "1000001"]]},
        {"claims__0__value": "1e-5"},
        {"claims__1__value": "1e-5"},
        {"claims__2__value": "1e-15"},
        {"claims__3__value": "1e-15"},
        {"claims__1__witness": [["1", 40]]},
        {"claims__1__witness": [["2", 1], ["-1", 39]]},
        {"verdict": "REFUTED"},
    ],
    ids=lambda changes: ", ".join(changes),
)
def test_forged_certificates_are_refuted(changes: dict[str, Any]) -> None:
    review = check_data(forged(**changes), derivations())
    assert review.verdict is Verdict.REFUTED
    assert review.reason


def test_tampering_without_new_hashes_is_noticed() -> None:
    data = forged()
    data["question"]["n"] = 39
    assert check_data(data, derivations()).reason.startswith("content hash")
    data = forged()
    data["weights"]["blocks"]["W_z"] = [[1, 0, "-30"]]
    data["sha256"] = content_hash(data)
    assert check_data(data, derivations()).reason.startswith("weights hash")


@pytest.mark.parametrize("theorem", ["C99", ["C7"], 7])
def test_an_unknown_theorem_is_a_usage_error(theorem: Any) -> None:
    with pytest.raises(UsageError, match="is unknown"):
        check_data(forged(theorem=theorem), derivations())


def test_a_question_about_another_architecture_is_refused() -> None:
    proposal = propose("gru", 5, 5)
    with pytest.raises(UsageError, match="'lstm'"):
        certify_weights(proposal.weights, dataclasses.replace(proposal.regime, architecture="lstm"))


def test_working_precision_is_restored() -> None:
    before = flint.ctx.prec
    certify(propose("gru-after", 12, 30))
    assert flint.ctx.prec == before

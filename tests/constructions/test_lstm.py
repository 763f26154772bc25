"""The C6 LSTM: its sizes are the smallest, its bound is right and sharp, its weights do what their reasons say."""

from __future__ import annotations

import dataclasses
import itertools
import math
from fractions import Fraction
from typing import Any

import mpmath
import pytest
from flint import arb, fmpz
from independent_lstm import IndependentLstm, as_fraction
from sympy import Symbol

from constructions import Construction, Unanswered, construct
from constructions.lstm import FLAG, MEMORY, network
from constructions.sizing import smallest
from verifier.arithmetic.balls import Balls, lower_fraction, to_ball, upper_fraction
from verifier.certify import Certificate, certify, certify_weights
from verifier.errors import UsageError
from verifier.program import record
from verifier.regime import Regime
from verifier.sequences import expand, length
from verifier.supremum import bound_supremum, supremum_by_stepping
from verifier.verdict import Verdict, check_at_most, check_less

HORIZONS = (1, 2, 3, 10, 100, 1000, 10**6, 10**18)
PRECISIONS = (1, 2, 5, 20, 50, 200)
BOUNDS = (Fraction(1), Fraction(1, 3), Fraction(7), Fraction(1000), Fraction(1, 1000))
STEPS = 100
"""Longest adversarial run in the grid; longer horizons go through the closed form."""


def bits_for(regime: Regime) -> int:
    """Twice the bits that the accuracy and the horizon need, and some more."""
    return 2 * int(regime.bound / regime.tolerance).bit_length() + 4 * regime.n.bit_length() + 128


def propose(*arguments: Any, **options: Any) -> Construction:
    """`construct` where it must answer."""
    answer = construct(*arguments, **options)
    assert isinstance(answer, Construction)
    return answer


def sizes(proposal: Construction) -> tuple[Fraction, Fraction, Fraction]:
    """(ε, K, L)."""
    values = {symbol.name: value for symbol, value in proposal.parameters.items()}
    return values["epsilon"], values["K"], values["L"]


def sigma(value: arb) -> arb:
    """σ(v) = e^v/(1 + e^v)."""
    return 1 / (1 + (-value).exp())


def bound_c6(regime: Regime, scale: Fraction, k: Fraction, gain: Fraction) -> arb:
    """M - (φ/ε)(φ^n - (n-1)η) tanh(tanh(εM)) in balls, typed from the docstring."""
    size, wide = to_ball(regime.bound), to_ball(k)
    phi = sigma(wide)
    eta = sigma(wide - to_ball(gain) * phi * (phi * wide.tanh()).tanh())
    kept = phi ** fmpz(regime.n) - (regime.n - 1) * eta
    return size - phi * kept * (to_ball(scale) * size).tanh().tanh() / to_ball(scale)


def meets(regime: Regime, scale: Fraction, k: Fraction, gain: Fraction) -> Verdict:
    """Whether the bound with these sizes meets the tolerance."""
    with Balls(bits_for(regime)).working():
        within = check_less if regime.strict else check_at_most
        return within(bound_c6(regime, scale, k, gain), to_ball(regime.tolerance))


def check_ratio(regime: Regime, part: arb, whole: arb, ratio: Fraction) -> Verdict:
    """Whether part >= ratio * whole."""
    with Balls(bits_for(regime)).working():
        return check_at_most(to_ball(ratio) * whole, part)


CASES = [
    pytest.param(n, precision, bound, id=f"n={n}-digits={precision}-M={bound}")
    for n, precision, bound in itertools.product(HORIZONS, PRECISIONS, BOUNDS)
]


# --- sizes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "precision", "bound"), CASES)
def test_every_size_is_the_smallest(n: int, precision: int, bound: Fraction) -> None:
    proposal = propose("lstm", n, precision, bound=bound)
    regime = proposal.regime
    scale, k, gain = sizes(proposal)
    assert meets(regime, scale, k, gain) is Verdict.PROVED
    strong = 1000 * (k + gain)  # so saturated that neither φ nor η costs anything
    assert meets(regime, scale * 10, strong, 10 * strong) is Verdict.REFUTED
    assert k == 1 or meets(regime, scale, k - 1, strong) is Verdict.REFUTED
    if n == 1:
        assert gain == 1, "no input follows x_1, so the gate need not close"
    else:
        assert gain == 1 or meets(regime, scale, k, gain - 1) is Verdict.REFUTED
    assert scale in {Fraction(10) ** e for e in range(-precision - 5, 6)}
    assert k.denominator == gain.denominator == 1


@pytest.mark.parametrize("bits", [2, 3, 8, 64, 200])
@pytest.mark.parametrize("n", [1, 2, 100, 10**9])
def test_sizes_on_the_grid_are_the_smallest(n: int, bits: int) -> None:
    proposal = propose("lstm", n, bound=3, domain="grid", bits=bits)
    regime = proposal.regime
    assert regime.strict
    assert regime.tolerance == Fraction(3, 2**bits - 1)
    scale, k, gain = sizes(proposal)
    assert meets(regime, scale, k, gain) is Verdict.PROVED
    strong = 1000 * (k + gain)
    assert meets(regime, scale * 10, strong, 10 * strong) is Verdict.REFUTED
    assert k == 1 or meets(regime, scale, k - 1, strong) is Verdict.REFUTED
    assert n == 1 or gain == 1 or meets(regime, scale, k, gain - 1) is Verdict.REFUTED


@pytest.mark.parametrize(
    "tolerance", [Fraction(1, 3), Fraction(9, 10), 1 - Fraction(1, 10**30), Fraction(2, 7) * Fraction(1, 10**40)]
)
def test_any_tolerance_below_the_bound_is_served(tolerance: Fraction) -> None:
    proposal = propose("lstm", 7, tolerance=tolerance)
    scale, k, gain = sizes(proposal)
    assert meets(proposal.regime, scale, k, gain) is Verdict.PROVED
    strong = 1000 * (k + gain)
    assert meets(proposal.regime, scale * 10, strong, 10 * strong) is Verdict.REFUTED
    assert certify(proposal).verdict is Verdict.PROVED


def test_forget_bias_grows_with_the_logarithm_of_n() -> None:
    found = [sizes(propose("lstm", 10**e, 20))[1] for e in range(31)]
    steps = [after - before for before, after in itertools.pairwise(found)]
    assert all(step in (2, 3) for step in steps), steps  # ln 10 = 2.302585...
    per_decade = Fraction(found[-1] - found[1], 29)
    assert Fraction(2302585, 10**6) - Fraction(1, 29) <= per_decade <= Fraction(2302586, 10**6) + Fraction(1, 29)


def test_forget_bias_grows_with_the_digits() -> None:
    found = [sizes(propose("lstm", 1000, digits))[1] for digits in (50, 100, 200, 400)]
    for (low, high), digits in zip(itertools.pairwise(found), (50, 100, 200), strict=True):
        assert abs((high - low) - Fraction(2302585, 10**6) * digits) <= 2


@pytest.mark.parametrize(("target", "start"), [(50, 0), (50, 200), (-7, 0), (-7, -400), (0, 0), (1, 0), (0, 1)])
def test_smallest_finds_the_threshold_from_either_side(target: int, start: int) -> None:
    assert smallest(lambda k: k >= target, start) == target


# --- verdicts and sharpness -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "precision", "bound"), CASES)
def test_certified_and_sharp(n: int, precision: int, bound: Fraction) -> None:
    certificate = certify(propose("lstm", n, precision, bound=bound, hidden=2), steps=min(n, STEPS))
    assert certificate.verdict is Verdict.PROVED, certificate.reason
    assert certificate.reason == ""
    check_is_sharp(certificate)


def check_is_sharp(certificate: Certificate) -> None:
    """observed/supremum >= 0.999999 wherever runs reach n, supremum/symbolic >= 1/1.05, and no ball is loose."""
    regime, supremum, symbolic, observed = (
        certificate.regime,
        certificate.supremum,
        certificate.symbolic,
        certificate.observed,
    )
    assert supremum is not None
    assert supremum.exact
    assert symbolic is not None
    assert check_ratio(regime, supremum.upper, symbolic.value, Fraction(100, 105)) is Verdict.PROVED
    almost_one = 1 - Fraction(1, 10**9)  # for n = 1 both are the same number
    assert check_ratio(regime, symbolic.value, supremum.upper, almost_one) is Verdict.PROVED
    if regime.n <= certificate.steps:
        assert observed is not None
        assert check_ratio(regime, observed.worst.error, supremum.upper, Fraction(999_999, 10**6)) is Verdict.PROVED
    for ball in (supremum.upper, symbolic.value):
        assert upper_fraction(ball) - lower_fraction(ball) <= regime.tolerance / 10**9


@pytest.mark.parametrize("horizon", ["upto", "fixed"])
@pytest.mark.parametrize("n", [1, 2, 17, 300])
@pytest.mark.parametrize(("bits", "precision"), [(None, 20), (6, None), (30, None), (6, 12)])
def test_every_horizon_and_domain_is_certified(n: int, horizon: str, bits: int | None, precision: int | None) -> None:
    domain = "box" if bits is None else "grid"
    proposal = propose("lstm", n, precision, horizon=horizon, domain=domain, bits=bits)
    certificate = certify(proposal, steps=n)
    assert certificate.verdict is Verdict.PROVED, certificate.reason
    check_is_sharp(certificate)


def test_fixed_horizon_beyond_the_steps_is_proved_without_an_observation() -> None:
    certificate = certify(propose("lstm", 10**12, 20, horizon="fixed"), steps=10)
    assert certificate.verdict is Verdict.PROVED
    assert certificate.observed is None
    assert [c.text for c in certificate.comparisons] == ["supremum <= symbolic", "symbolic <= tolerance"]


@pytest.mark.parametrize("n", [3, 10**7])
def test_hidden_units_beyond_two_change_nothing(n: int) -> None:
    found = []
    for hidden in (2, 32, 100):
        proposal = propose("lstm", n, 30, hidden=hidden)
        certificate = certify(proposal, steps=50)
        supremum, symbolic, observed = certificate.supremum, certificate.symbolic, certificate.observed
        assert supremum is not None
        assert symbolic is not None
        assert observed is not None
        balls = (supremum.upper, symbolic.value, observed.worst.error)
        ends = [(lower_fraction(ball), upper_fraction(ball)) for ball in balls]
        blocks = {name: array.entries for name, array in proposal.weights.blocks().items()}
        found.append((certificate.verdict, sizes(proposal), ends, supremum.witness, blocks))
    assert found[0] == found[1] == found[2]


def test_leading_order_is_the_bound_to_leading_order() -> None:
    for n, precision in itertools.product((1, 10, 10**6, 10**18), (10, 50, 200)):
        proposal = propose("lstm", n, precision)
        scale, k, gain = sizes(proposal)
        with Balls(bits_for(proposal.regime)).working():
            phi = sigma(to_ball(k))
            eta = sigma(to_ball(k) - to_ball(gain) * phi * (phi * to_ball(k).tanh()).tanh())
            leading = to_ball(Fraction(2, 3) * scale**2) + (n + 1) * (-to_ball(k)).exp() + (n - 1) * eta
            value = bound_c6(proposal.regime, scale, k, gain)
            assert check_at_most(abs(value - leading), value / 10**4) is Verdict.PROVED, (n, precision)


# --- the supremum by other means --------------------------------------------------------------------------------------


@pytest.mark.parametrize("only_last", [False, True], ids=["upto", "fixed"])
@pytest.mark.parametrize("precision", [2, 20, 100])
@pytest.mark.parametrize("n", [4, 7, 30, 75])
def test_closed_form_and_stepping_agree_to_the_last_digits(n: int, precision: int, only_last: bool) -> None:
    proposal = propose("lstm", n, precision, bound=Fraction(5, 7))
    program, bits = record(proposal.weights), bits_for(proposal.regime)
    with Balls(bits).working():
        closed = bound_supremum(program, proposal.regime.bound, n, only_last, n)
        stepped = supremum_by_stepping(program, proposal.regime.bound, n, only_last)
        assert stepped.method == "stepping"
        assert closed.exact
        assert stepped.exact
        assert closed.upper.overlaps(stepped.upper)
        assert check_at_most(abs(closed.upper - stepped.upper), arb(2) ** (40 - bits)) is Verdict.PROVED
        assert (closed.horizon, closed.witness) == (stepped.horizon, stepped.witness)


@pytest.mark.parametrize("precision", [2, 20])
def test_closed_form_is_used_once_the_flag_has_settled(precision: int) -> None:
    proposal = propose("lstm", 200, precision)
    with Balls(bits_for(proposal.regime)).working():
        closed = bound_supremum(record(proposal.weights), Fraction(1), 200, False, 1)
    assert closed.method == "induction"
    assert closed.settled_after is not None
    assert closed.settled_after < 100


@pytest.mark.parametrize(
    ("n", "precision", "bound"),
    [(1, 5, 1), (2, 1, 7), (3, 20, Fraction(1, 3)), (10, 200, 1000), (100, 50, 1), (1000, 20, Fraction(1, 1000))],
)
def test_independent_run_at_the_witness_reproduces_the_supremum(n: int, precision: int, bound: Fraction | int) -> None:
    proposal = propose("lstm", n, precision, bound=bound)
    certificate = certify(proposal, steps=min(n, 10))
    supremum = certificate.supremum
    assert supremum is not None
    inputs = list(expand(supremum.witness))
    assert len(inputs) == supremum.horizon <= n
    assert max(map(abs, inputs)) <= proposal.regime.bound
    digits = certificate.working_digits + 30
    error = IndependentLstm(proposal.weights.to_data(), 2 * digits).error(inputs)
    rounding = Fraction(1, 10**digits)
    assert lower_fraction(supremum.lower) - rounding <= error <= upper_fraction(supremum.upper) + rounding


@pytest.mark.parametrize(("n", "precision", "bound"), CASES[::3])
def test_bound_recomputed_with_mpmath_is_the_certified_one(n: int, precision: int, bound: Fraction) -> None:
    proposal = propose("lstm", n, precision, bound=bound)
    certificate = certify(proposal, steps=1)
    symbolic = certificate.symbolic
    assert symbolic is not None
    mp = mpmath.MPContext()
    mp.dps = 2 * certificate.working_digits + 30
    scale, k, gain = (mp.mpf(v.numerator) / v.denominator for v in sizes(proposal))
    size = mp.mpf(bound.numerator) / bound.denominator
    phi = 1 / (1 + mp.exp(-k))
    eta = 1 / (1 + mp.exp(gain * phi * mp.tanh(phi * mp.tanh(k)) - k))
    value = size - phi / scale * (phi**n - (n - 1) * eta) * mp.tanh(mp.tanh(scale * size))
    rounding = Fraction(1, 10 ** (certificate.working_digits + 5))
    recomputed = as_fraction(value)
    assert lower_fraction(symbolic.value) - rounding <= recomputed <= upper_fraction(symbolic.value) + rounding


def test_one_weight_set_is_right_at_every_earlier_horizon() -> None:
    proposal = propose("lstm", 30, 5, bound=2)
    regime = proposal.regime
    reference = IndependentLstm(proposal.weights.to_data(), 60)
    two = regime.bound
    sequences = [
        [two] + [-two] * 29,
        [-two] + [two] * 29,
        [two] * 30,
        [two, -two] * 15,
        [Fraction(0)] + [two] * 29,
        [Fraction(k, 7) - two for k in range(28)] + [two] * 2,
    ]
    for inputs in sequences:
        errors = reference.errors(inputs)
        assert len(errors) == 30
        assert max(errors) <= regime.tolerance
    for n in range(1, 31, 2):
        certificate = certify_weights(proposal.weights, dataclasses.replace(regime, n=n, horizon="fixed"), steps=30)
        assert certificate.verdict is Verdict.PROVED, (n, certificate.reason)


def test_supremum_is_the_maximum_over_all_vertices() -> None:
    n = 6
    proposal = propose("lstm", n, 3)
    supremum = certify(proposal).supremum
    assert supremum is not None
    reference = IndependentLstm(proposal.weights.to_data(), 60)
    worst = max(
        error for signs in itertools.product((1, -1), repeat=n) for error in reference.errors([Fraction(sign) for sign in signs])
    )
    rounding = Fraction(1, 10**20)
    assert lower_fraction(supremum.lower) - rounding <= worst <= upper_fraction(supremum.upper) + rounding
    assert worst <= proposal.regime.tolerance


# --- weights and reasons ----------------------------------------------------------------------------------------------


def test_every_weight_has_a_reason_of_its_own() -> None:
    proposal = propose("lstm", 1000, 20)
    places = {(name, index) for name, array in proposal.weights.blocks().items() for index, _ in array}
    assert set(proposal.reasons) == places
    assert len(places) == 10
    reasons = list(proposal.reasons.values())
    assert all(len(reason) > 10 for reason in reasons)
    assert len(set(reasons)) == len(reasons)


def test_a_weight_without_a_reason_is_refused() -> None:
    proposal = propose("lstm", 10, 5)
    fewer = {place: reason for place, reason in proposal.reasons.items() if place != ("W_i", (MEMORY, FLAG))}
    with pytest.raises(ValueError, match=r"weights without a reason: W_i\[1, 0\]"):
        dataclasses.replace(proposal, reasons=fewer)


def test_an_extra_weight_without_a_reason_is_refused() -> None:
    proposal = propose("lstm", 10, 5)
    with pytest.raises(ValueError, match=r"weights without a reason: U_f\[0\]"):
        dataclasses.replace(proposal, weights=proposal.weights.replace({("U_f", (0,)): 1}))


def test_weights_are_the_sizes() -> None:
    proposal = propose("lstm", 1000, 20)
    scale, k, gain = sizes(proposal)
    assert proposal.weights == network(32, k, gain, scale)[0]
    assert proposal.weights["V"][MEMORY,] * proposal.weights["U_g"][MEMORY,] == 1
    assert {symbol.name for symbol in proposal.parameters} == {"n", "M", "epsilon", "K", "L"}
    assert all(isinstance(symbol, Symbol) for symbol in proposal.parameters)


def test_flag_is_down_at_the_start_and_full_after_one_step() -> None:
    # the flag read out in place of the memory: h_s(t) = φ tanh(c_s(t)) >= φ tanh(φ tanh K) from step 1 on
    proposal = propose("lstm", 50, 10)
    _, k, _ = sizes(proposal)
    flag = proposal.weights.replace({("V", (MEMORY,)): 0, ("V", (FLAG,)): 1})
    mp = mpmath.MPContext()
    mp.dps = 60
    phi = 1 / (1 + mp.exp(-int(k)))
    least = phi * mp.tanh(phi * mp.tanh(int(k)))
    shown = list(IndependentLstm(flag.to_data(), 80).outputs([Fraction(1), Fraction(-1)] * 10))
    assert all(least * (1 - mp.mpf(10) ** -50) <= value < mp.tanh(1) for value in shown)
    assert flag["h_0"][FLAG,] == flag["c_0"][FLAG,] == 0


# --- requests that are refused or not answered ------------------------------------------------------------------------


def test_forever_with_two_units_is_not_answered_and_says_what_would_do() -> None:
    answer = construct("lstm", 10, 5, horizon="forever", hidden=2)
    assert isinstance(answer, Unanswered)
    assert "3 levels" in answer.reason
    assert "an lstm with 3 units" in answer.reason


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 0, "precision": 5}, "at least 1"),
        ({"n": -3, "precision": 5}, "at least 1"),
        ({"n": 5}, "--precision"),
        ({"n": 5, "precision": 5, "tolerance": Fraction(1, 9)}, "one of"),
        ({"n": 5, "precision": 0}, "decimal digits"),
        ({"n": 5, "precision": 10**9}, "decimal digits"),
        ({"n": 5, "precision": 5, "bound": 0}, "M > 0"),
        ({"n": 5, "precision": 5, "bound": -1}, "M > 0"),
        ({"n": 5, "precision": 5, "hidden": 0}, "at least 1"),
        ({"n": 5, "precision": 5, "hidden": 1}, "2 hidden units"),
        ({"n": 5, "precision": 5, "hidden": 10**6}, "hidden units"),
        ({"n": 5, "tolerance": 1}, "asks for nothing"),
        ({"n": 5, "tolerance": 2}, "asks for nothing"),
        ({"n": 5, "precision": 5, "horizon": "sometimes"}, "unknown"),
        ({"n": 5, "precision": 5, "domain": "ball"}, "unknown"),
        ({"n": 5, "precision": 5, "domain": "grid"}, "--bits"),
        ({"n": 5, "precision": 5, "bits": 4}, "--domain grid"),
        ({"n": 10**1000, "precision": 5}, "digits"),
    ],
)
def test_bad_requests_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        construct("lstm", **options)


@pytest.mark.parametrize(
    "options",
    [
        {"n": 5.0, "precision": 5},
        {"n": True, "precision": 5},
        {"n": 5, "precision": 5.0},
        {"n": 5, "tolerance": 0.1},
        {"n": 5, "precision": 5, "bound": 1.0},
        {"n": 5, "precision": 5, "bound": math.inf},
        {"n": 5, "precision": 5, "hidden": 2.0},
    ],
)
def test_floats_and_truth_values_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        construct("lstm", **options)


def test_misspelt_architecture_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'lstm'"):
        construct("lsmt", 5, 5)


def test_witness_of_a_long_horizon_is_a_few_runs() -> None:
    supremum = certify(propose("lstm", 10**18, 20), steps=1).supremum
    assert supremum is not None
    assert length(supremum.witness) == supremum.horizon == 10**18
    assert len(supremum.witness) <= 4

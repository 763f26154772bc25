"""Certificates: an honest one is confirmed, a forged one never is, and no file whatever ends in a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from fractions import Fraction
from functools import partial
from typing import Any

import forging
import mpmath
import pytest
from forging import (
    USAGE,
    WRONG_TYPES,
    Change,
    Data,
    Mutation,
    P,
    R,
    U,
    claim,
    extra_weight,
    forge,
    in_question,
    mutated,
    mutations,
    replaced,
    run,
    saved,
    weight,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from constructions import Construction, construct, derivations
from verifier.certificate import FIELDS, content_hash, to_data
from verifier.certify import certify, certify_weights
from verifier.errors import UsageError
from verifier.regime import Regime
from verifier.verdict import Verdict
from verifier.weights import Weights

N = 6
DIGITS = 4


def proposal(n: int = N, **options: Any) -> Construction:
    """A right network."""
    answer = construct("lstm", n, DIGITS, **options)
    assert isinstance(answer, Construction)
    return answer


HONEST = to_data(certify(proposal()))
BARE = to_data(certify_weights(proposal().weights, proposal().regime))
"""The same weights with no theorem claimed."""


def forged(change: Change, base: Data = HONEST, *, hashes: bool = True) -> Data:
    """`base` with a change, its hashes right again unless told otherwise."""
    return forge(base, change, hashes=hashes)


review = partial(forging.review, theorems=derivations())
outcome = partial(forging.outcome, theorems=derivations())


# --- honest certificates ----------------------------------------------------------------------------------------------

HONEST_CASES = [
    {"n": 1},
    {"n": 2},
    {"n": 6, "bound": Fraction(1, 3)},
    {"n": 40, "horizon": "fixed"},
    {"n": 5, "domain": "grid", "bits": 5},
    {"n": 10**18, "hidden": 2},
    {"n": 10**9, "horizon": "fixed"},
]


@pytest.mark.parametrize("options", HONEST_CASES, ids=str)
def test_round_trip(options: dict[str, Any]) -> None:
    certificate = certify(proposal(**options), steps=50)
    data = saved(to_data(certificate))
    assert tuple(data) == FIELDS
    assert data["verdict"] == "PROVED"
    found = review(data)
    assert found.verdict is Verdict.PROVED, found.reason
    assert all(finding.verdict is Verdict.PROVED for finding in found.findings)
    assert len(found.findings) == 3 + len(data["claims"])
    assert found.certificate is not None
    assert to_data(found.certificate) == data
    assert found.certificate.weights == certificate.weights
    assert found.certificate.regime == certificate.regime


def test_round_trip_without_a_theorem() -> None:
    assert BARE["theorem"] is None
    assert BARE["parameters"] == {}
    assert outcome(BARE) is P


def test_honest_refutation_is_confirmed_as_a_refutation() -> None:
    right = proposal()
    wrong = right.weights.replace({("W_i", (1, 0)): 0})
    data = to_data(certify_weights(wrong, right.regime))
    assert data["verdict"] == "REFUTED"
    found = review(data)
    assert found.verdict is R
    assert all(finding.verdict is P for finding in found.findings)


def test_honest_doubt_is_confirmed_as_doubt() -> None:
    # the flag waits for the input: no closed form, and the horizon is beyond the steps
    right = proposal(n=100)
    open_gate = right.weights.replace({("U_g", (0,)): Fraction(1, 100), ("W_g", (1, 1)): Fraction(1, 100)})
    data = to_data(certify_weights(open_gate, right.regime, steps=5))
    assert data["verdict"] == "UNDECIDED"
    assert outcome(data) is U
    assert outcome(forged(lambda d: d.update(verdict="PROVED"), data)) is R


def test_claims_are_rounded_outward() -> None:
    claims = {(c["quantity"], c["relation"]): Fraction(c["value"]) for c in HONEST["claims"]}
    assert claims["observed error", ">="] <= claims["supremum of the error", "<="]
    assert claims["supremum of the error", ">="] < claims["supremum of the error", "<="]
    assert claims["symbolic bound", "<="] <= Fraction(HONEST["question"]["tolerance"])


# --- forged certificates ----------------------------------------------------------------------------------------------


def asked(n: int | None = None, bound: str | None = None) -> Change:
    """Change n or M in the question and in the theorem's parameters alike."""

    def change(data: Data) -> None:
        if n is not None:
            data["question"]["n"] = n
            data["parameters"]["n"] = str(n)
        if bound is not None:
            data["question"]["bound"] = bound
            data["parameters"]["M"] = bound

    return change


def parameter(name: str, value: str) -> Change:
    """Change a parameter of the theorem."""
    return lambda data: data["parameters"].update({name: value})


EVERY_WEIGHT = [(block, position) for block, rows in HONEST["weights"]["blocks"].items() for position in range(len(rows))]

SMALLER, LARGER = "9e-05", "9.9e-05"  # than the supremum 9.504e-05

FORGED: dict[str, tuple[Change, Any]] = {
    # the question
    "n one more": (in_question(n=N + 1), R),
    "n one less": (in_question(n=N - 1), R),
    "n and parameter one more": (asked(n=N + 1), R),
    "n and parameter one less": (asked(n=N - 1), R),
    "n and parameter huge": (asked(n=10**18), R),
    "M doubled": (in_question(bound="2"), R),
    "M and parameter doubled": (asked(bound="2"), R),
    "M and parameter halved": (asked(bound="1/2"), R),
    "tolerance tighter than the error": (in_question(tolerance="9e-05"), R),
    "tolerance between error and bound": (in_question(tolerance="9.5043e-05"), R),
    "tolerance far tighter": (in_question(tolerance="1e-300"), R),
    "horizon forever": (in_question(horizon="forever"), "not PROVED"),
    "horizon misspelt": (in_question(horizon="until"), USAGE),
    "another architecture": (in_question(architecture="gru"), "not PROVED"),
    "other hidden units": (in_question(hidden=64), "not PROVED"),
    "fewer hidden units": (in_question(hidden=2), "not PROVED"),
    "bits on the box": (in_question(bits=3), USAGE),
    "domain without bits": (in_question(domain="grid"), USAGE),
    "domain unknown": (in_question(domain="ball"), USAGE),
    # weights
    **{f"weight {block} {k} negated": (weight(block, k, "-7"), R) for block, k in EVERY_WEIGHT},
    **{f"weight {block} {k} zero": (weight(block, k, "0"), R) for block, k in EVERY_WEIGHT},
    "harmless larger gain": (weight("W_i", 0, "-35"), R),
    "extra weight": (extra_weight("U_f", [0, "1"]), R),
    "extra initial state": (extra_weight("c_0", [0, "1"]), R),
    "extra readout bias": (extra_weight("v0", ["1e-9"]), R),
    "extra weight of an idle unit": (extra_weight("b_g", [31, "1"]), R),
    "weight given twice": (extra_weight("b_f", [0, "-13"]), USAGE),
    "weight outside": (extra_weight("b_f", [32, "1"]), USAGE),
    "weight at a negative index": (extra_weight("b_f", [-1, "1"]), USAGE),
    "another number of units in the weights": (lambda d: d["weights"].update(hidden=33), "not PROVED"),
    "another cell": (lambda d: d["weights"].update(cell="gru"), USAGE),
    # theorem and parameters
    "unknown theorem": (lambda d: d.update(theorem="C99"), USAGE),
    "theorem of another case": (lambda d: d.update(theorem="c6"), USAGE),
    "theorem not text": (lambda d: d.update(theorem=6), USAGE),
    "theorem a list": (lambda d: d.update(theorem=["C6"]), USAGE),
    "theorem an object": (lambda d: d.update(theorem={"C6": 1}), USAGE),
    "theorem empty": (lambda d: d.update(theorem=""), USAGE),
    "theorem withdrawn, its claim kept": (lambda d: d.update(theorem=None), U),
    "K of the theorem larger": (parameter("K", "14"), R),
    "K of the theorem negative": (parameter("K", "-13"), R),
    "K of the theorem zero": (parameter("K", "0"), R),
    "L of the theorem larger": (parameter("L", "35"), R),
    "epsilon of the theorem smaller": (parameter("epsilon", "0.001"), R),
    "epsilon of the theorem negative": (parameter("epsilon", "-0.01"), R),
    "epsilon of the theorem zero": (parameter("epsilon", "0"), "not PROVED"),
    "n of the theorem": (parameter("n", "7"), R),
    "n of the theorem a fraction": (parameter("n", "13/2"), R),
    "M of the theorem": (parameter("M", "1/2"), R),
    "parameter missing": (lambda d: d["parameters"].pop("K"), USAGE),
    "parameter unknown": (parameter("Q", "1"), USAGE),
    "parameter a number": (lambda d: d["parameters"].update(K=13), USAGE),
    "parameter not a number": (parameter("K", "thirteen"), USAGE),
    # claims
    "observed larger": (claim(0, value="9.6e-05"), R),
    "observed above the tolerance": (claim(0, value="1"), R),
    "supremum at least more": (claim(1, value="9.6e-05"), R),
    "supremum at most less": (claim(2, value="9.5e-05"), R),
    "supremum at most zero": (claim(2, value="0"), R),
    "supremum at most in the last digit less": (claim(2, value="9.50427853862e-05"), R),
    "symbolic at most less": (claim(3, value="9.504e-05"), R),
    "symbolic below the supremum": (claim(3, value="9e-05"), R),
    "supremum turned round, without a witness": (claim(2, relation=">="), USAGE),
    "observed turned round": (claim(0, relation="<="), "not PROVED"),
    "symbolic turned round": (claim(3, relation=">="), "not PROVED"),
    "claim of another quantity": (claim(3, quantity="largest weight"), USAGE),
    "claim of a quantity that is a list": (claim(3, quantity=["symbolic bound"]), USAGE),
    "claim with an unknown relation": (claim(3, relation="<"), USAGE),
    "claim with a relation that is a list": (claim(3, relation=["<="]), USAGE),
    "claim with a number": (claim(3, value=1), USAGE),
    "claim that is not a number": (claim(3, value="small"), USAGE),
    "claim of nan": (claim(3, value="nan"), USAGE),
    "claim of inf": (claim(3, value="inf"), USAGE),
    "claim without a value": (lambda d: d["claims"][3].pop("value"), USAGE),
    "claim that is text": (lambda d: d["claims"].append("PROVED"), USAGE),
    "no claims": (lambda d: d["claims"].clear(), USAGE),
    "an extra false claim": (
        lambda d: d["claims"].append({"quantity": "supremum of the error", "relation": "<=", "value": "1e-9"}),
        R,
    ),
    # witnesses
    "witness constant": (claim(0, witness=[["1", N]]), R),
    "witness zero": (claim(0, witness=[["0", N]]), R),
    "witness longer": (claim(0, witness=[["1", 1], ["-1", N]], horizon=N + 1), R),
    "witness longer than its horizon": (claim(0, witness=[["1", 1], ["-1", N]]), R),
    "witness shorter than its horizon": (claim(0, witness=[["1", 1], ["-1", 2]]), R),
    "witness cut": (claim(0, witness=[["1", 1], ["-1", 2]], horizon=3), R),
    "witness of another horizon": (claim(0, horizon=N - 1), R),
    "witness without a horizon": (lambda d: d["claims"][0].pop("horizon"), R),
    "witness out of the box": (claim(0, witness=[["2", 1], ["-1", N - 1]]), R),
    "witness just out of the box": (claim(1, witness=[["1.000000001", 1], ["-1", N - 1]]), R),
    "witness astronomically long": (claim(0, witness=[["1", 1], ["-1", 10**18]], horizon=10**18 + 1), R),
    "witness empty": (claim(0, witness=[], horizon=0), R),
    "witness missing": (lambda d: d["claims"][1].pop("witness"), USAGE),
    "witness not a list": (claim(0, witness="1, then -1"), USAGE),
    "witness with a number": (claim(0, witness=[[1, N]]), USAGE),
    "witness with a negative count": (claim(0, witness=[["1", N + 1], ["-1", -1]]), USAGE),
    "witness with a fractional count": (claim(0, witness=[["1", 1.5]]), USAGE),
    "witness with nan": (claim(0, witness=[["nan", N]]), USAGE),
    # verdict and the rest
    "verdict REFUTED": (lambda d: d.update(verdict="REFUTED"), R),
    "verdict UNDECIDED": (lambda d: d.update(verdict="UNDECIDED"), R),
    "verdict in small letters": (lambda d: d.update(verdict="proved"), "not PROVED"),
    "verdict null": (lambda d: d.update(verdict=None), "not PROVED"),
    "verdict a list": (lambda d: d.update(verdict=["PROVED"]), "not PROVED"),
    "semantics of floats": (lambda d: d.update(semantics="IEEE 754 binary32"), "not PROVED"),
    "semantics missing its text": (lambda d: d.update(semantics=None), "not PROVED"),
    "steps below the witness": (run(steps=3), "not PROVED"),
    "steps zero": (run(steps=0), USAGE),
    "steps negative": (run(steps=-1), USAGE),
    "steps beyond memory": (run(steps=10**18), USAGE),
    "steps a float": (run(steps=2000.0), USAGE),
    "steps a truth value": (run(steps=True), USAGE),
    "seed null": (run(seed=None), USAGE),
    "run with more fields": (run(trust=True), USAGE),
    "run a list": (lambda d: d.update(run=[0, 2000, 84]), USAGE),
    "working bits negative": (run(working_bits=-84), "not PROVED"),
    # format
    "another format": (lambda d: d.update(format="another"), USAGE),
    "no format": (lambda d: d.pop("format"), USAGE),
    "another version": (lambda d: d.update(version=2), USAGE),
    "version as text": (lambda d: d.update(version="1"), USAGE),
    "version a truth value": (lambda d: d.update(version=True), USAGE),
    "unknown field": (lambda d: d.update(note="trust me"), USAGE),
    "question a list": (lambda d: d.update(question=[]), USAGE),
    "question with an unknown field": (in_question(trust=1), USAGE),
    "question without n": (lambda d: d["question"].pop("n"), USAGE),
    "n as text": (in_question(n="6"), USAGE),
    "n as a float": (in_question(n=6.0), USAGE),
    "n as a truth value": (in_question(n=True), USAGE),
    "n zero": (in_question(n=0), USAGE),
    "n negative": (in_question(n=-6), USAGE),
    "n with a thousand digits too many": (in_question(n=10**2000), USAGE),
    "n negative with thousands of digits": (in_question(n=-(10**4000)), USAGE),
    "n null": (in_question(n=None), USAGE),
    "n infinite": (in_question(n=float("inf")), USAGE),
    "bound nan": (in_question(bound="nan"), USAGE),
    "bound a number": (in_question(bound=1), USAGE),
    "bound zero": (in_question(bound="0"), USAGE),
    "bound negative": (in_question(bound="-1"), USAGE),
    "bound one over zero": (in_question(bound="1/0"), USAGE),
    "bound beyond the exponents": (in_question(bound="1e999999999"), USAGE),
    "bound with thousands of digits": (in_question(bound="1e5000"), "not PROVED"),
    "bound negative with thousands of digits": (in_question(bound="-1e5000"), USAGE),
    "tolerance zero": (in_question(tolerance="0"), "not PROVED"),
    "tolerance the bound": (in_question(tolerance="1"), USAGE),
    "tolerance null": (in_question(tolerance=None), USAGE),
    "hidden zero": (in_question(hidden=0), USAGE),
    "hidden null": (in_question(hidden=None), USAGE),
    "weights a list": (lambda d: d.update(weights=[]), USAGE),
    "weights null": (lambda d: d.update(weights=None), USAGE),
    "weights without blocks": (lambda d: d["weights"].pop("blocks"), USAGE),
    "weights with an unknown block": (extra_weight("W_z", [0, 0, "1"]), USAGE),
    "weights a float": (extra_weight("b_f", [3, 0.5]), USAGE),
    "weights a bare number": (extra_weight("b_f", [3, 5]), USAGE),
    "weights nan": (extra_weight("b_f", [3, "nan"]), USAGE),
    "weights with an empty row": (extra_weight("b_f", []), USAGE),
    "weights with a short index": (extra_weight("W_f", [3, "1"]), USAGE),
    "weights with a fractional index": (extra_weight("b_f", [0.5, "1"]), USAGE),
    "weights with a true index": (extra_weight("b_f", [True, "1"]), USAGE),
    "weights of too many units": (lambda d: d["weights"].update(hidden=10**9), USAGE),
    "weights of half a unit": (lambda d: d["weights"].update(hidden=1.5), USAGE),
    "weights with a huge entry": (weight("b_f", 0, "-1e99999"), R),
    "weights beyond the exponents": (weight("b_f", 0, "-1e999999"), USAGE),
    "unit names not text": (lambda d: d["weights"].update(units=[1, 2]), USAGE),
    "more unit names than units": (lambda d: d["weights"].update(units=["u"] * 33), USAGE),
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_with_right_hashes(name: str) -> None:
    change, expected = FORGED[name]
    found = outcome(forged(change))
    assert found is not P
    if expected != "not PROVED":
        assert found is expected


@pytest.mark.parametrize("name", FORGED)
def test_forged_with_stale_hashes(name: str) -> None:
    change, _ = FORGED[name]
    data = forged(change, hashes=False)
    assert outcome(data) in (R, UsageError)
    if outcome(data) is R:
        found = review(data)
        assert found.certificate is None, "nothing is recomputed for a file that was changed"
        assert "content hash" in found.reason


@pytest.mark.parametrize("name", [name for name in FORGED if name.startswith(("weight ", "harmless", "extra weight"))])
def test_changed_weights_with_a_stale_weights_hash(name: str) -> None:
    change, _ = FORGED[name]
    data = forged(change, hashes=False)
    data["sha256"] = content_hash(data)
    if FORGED[name][1] is USAGE:
        assert outcome(data) is UsageError
    else:
        assert review(data).reason.startswith("weights hash")
        assert outcome(data) is R


@pytest.mark.parametrize("field", FIELDS)
def test_missing_fields_are_a_usage_error(field: str) -> None:
    data = {key: value for key, value in HONEST.items() if key != field}
    data["sha256" if field != "sha256" else "theorem"] = content_hash(data)
    assert outcome(data) is UsageError


@pytest.mark.parametrize("value", WRONG_TYPES, ids=repr)
@pytest.mark.parametrize("field", FIELDS)
def test_fields_of_the_wrong_type_are_never_proved(field: str, value: Any) -> None:
    if (field, value) == ("theorem", None):
        pytest.skip("null is the right way to claim no theorem; the claim of a symbolic bound is then undecided")
    if field == "reason":
        pytest.skip("the reason is a remark; it is replaced by the recomputed one")
    assert outcome(replaced(HONEST, field, value)) is not P


@pytest.mark.parametrize("value", [None, 0, 1.5, "text", [], [HONEST], True, float("nan")], ids=lambda v: str(v)[:10])
def test_what_is_not_an_object_is_a_usage_error(value: Any) -> None:
    assert outcome(value) is UsageError


def test_true_changes_stay_true() -> None:
    for change in (
        claim(0, value=SMALLER),
        claim(1, value="0"),
        claim(2, value=LARGER),
        claim(3, value="1"),
        claim(0, witness=[["-1", 1], ["1", N - 1]]),
        run(seed=17),
        run(steps=N),
        lambda d: d["claims"].pop(),
        lambda d: d["weights"].update(units=[]),
    ):
        assert outcome(forged(change)) is P


def test_a_claim_the_balls_cannot_decide_is_undecided() -> None:
    # the 200 leading digits of the supremum, more than the working precision holds
    mp = mpmath.MPContext()
    mp.dps = 230
    scale, k, gain = mp.mpf(1) / 100, mp.mpf(13), mp.mpf(34)

    def sigma(v: Any) -> Any:
        return 1 / (1 + mp.exp(-v))

    flag, memory, shown = mp.zero, mp.zero, mp.zero
    for t in range(N):
        gate = sigma(k - gain * shown)
        memory = sigma(k) * memory + gate * mp.tanh(scale * (1 if t == 0 else -1))
        flag = sigma(-k) * flag + sigma(k) * mp.tanh(k)
        shown = sigma(k) * mp.tanh(flag)
    error = 1 - sigma(k) * mp.tanh(memory) / scale
    value = mp.nstr(error, 200)
    assert outcome(forged(claim(2, value=value))) is U


# --- a bare certificate: no theorem ------------------------------------------------------------------------------------

BARE_FORGED: dict[str, tuple[Change, Any]] = {
    "weights that never forget their input": (weight("W_i", 0, "0"), R),
    "readout off": (weight("V", 0, "101"), R),
    "n beyond what the weights hold": (in_question(n=10**9), R),
    "M larger": (in_question(bound="10"), R),
    "tolerance tighter": (in_question(tolerance="1e-5"), R),
    "theorem invented": (lambda d: d.update(theorem="C6"), USAGE),
    "symbolic claim invented": (
        lambda d: d["claims"].append({"quantity": "symbolic bound", "relation": "<=", "value": "1"}),
        U,
    ),
}


@pytest.mark.parametrize("name", BARE_FORGED)
def test_forged_without_a_theorem(name: str) -> None:
    change, expected = BARE_FORGED[name]
    assert outcome(forged(change, BARE)) is expected


def test_harmless_weights_without_a_theorem_are_judged_on_their_own() -> None:
    def change(data: Data) -> None:
        weight("W_i", 0, "-34.001")(data)
        data["claims"] = [c for c in data["claims"] if c["relation"] == "<="]  # its errors are a little smaller

    assert outcome(forged(change, BARE)) is P


# --- numbers that must not take for ever ------------------------------------------------------------------------------

TIME_BOMBS: dict[str, Change] = {
    "a grid of 2^(10^9) points": in_question(domain="grid", bits=10**9),
    "a grid of 2^(10^18) points": in_question(domain="grid", bits=10**18),
    "a tolerance of 100 000 digits": in_question(tolerance="1e-100000"),
}


@pytest.mark.parametrize("name", TIME_BOMBS)
def test_huge_numbers_are_refused_at_once(name: str) -> None:
    program = (
        "import json, sys\n"
        "from constructions import derivations\n"
        "from verifier.certificate import check_data\n"
        "from verifier.errors import UsageError\n"
        "try:\n"
        "    print(check_data(json.load(sys.stdin), derivations()).verdict.value)\n"
        "except UsageError:\n"
        "    print('UsageError')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(forged(TIME_BOMBS[name])),
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "default"},
    )
    assert done.stdout.strip() in ("UsageError", "REFUTED"), done.stderr[-500:]


# --- fuzz -------------------------------------------------------------------------------------------------------------


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(changes=mutations(HONEST), rehash=st.booleans())
def test_any_mutation_is_reviewed_or_refused(changes: list[Mutation], rehash: bool) -> None:
    data = mutated(HONEST, changes, hashes=rehash)
    if outcome(data) is P:
        assert_true(data)


def assert_true(data: Data) -> None:
    """What a confirmed certificate says is true, by independent means: the statement is about this network."""
    assert data["sha256"] == content_hash(data)
    weights, regime = Weights.from_data(data["weights"]), Regime.from_data(data["question"])
    assert data["weights_sha256"] == weights.sha256
    assert (regime.architecture, regime.hidden) == (weights.cell, weights.hidden)
    assert data["verdict"] == "PROVED"
    assert data["semantics"] == "real numbers"
    assert certify_weights(weights, regime).verdict is P
    error, bound = Fraction("9.50427853863e-05"), Fraction("9.50449078703e-05")
    if weights == proposal(hidden=weights.hidden).weights and (regime.n, regime.bound) == (N, 1):
        for stated in data["claims"]:
            value = Fraction(stated["value"])
            if stated["relation"] == ">=":
                assert value <= error
            else:
                assert value >= (error if stated["quantity"].startswith("supremum") else bound * (1 - Fraction(1, 10**9)))

"""Certificates of copies: an honest one is confirmed, a forged one never is, and no file whatever ends in a traceback."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

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
    assert_confirmed,
    claim,
    extra_weight,
    forge,
    in_question,
    mutated,
    mutations,
    outcome,
    replaced,
    review,
    run,
    saved,
    weight,
    without,
)
from hypothesis import HealthCheck, given, settings

from constructions.delay import CopyConstruction, construct_copy
from verifier import copy_certificate
from verifier.arithmetic.reference import Reference
from verifier.cells import CELLS, Maps
from verifier.copy_certificate import FIELDS, to_data
from verifier.copy_task import CopyTask
from verifier.copying import CopyCertificate, certify_copy
from verifier.errors import UsageError
from verifier.review import content_hash
from verifier.verdict import Verdict
from verifier.weights import Weights

N = 3
ONE = Fraction(1)


def certified(cell: str = "tanh", n: int = N, tolerance: str = "1e-4", hidden: int = N, **rest: Any) -> CopyCertificate:
    """A right network, decided."""
    task = CopyTask(cell, n, rest.pop("bound", ONE), Fraction(tolerance), hidden, **rest)
    answer = construct_copy(task)
    assert isinstance(answer, CopyConstruction)
    return certify_copy(answer.weights, task)


HONEST = to_data(certified())
EXACT = to_data(certified("linear"))
SYMBOLS = to_data(certified(tolerance="1/3", symbols=4))
LSTM = to_data(certified("lstm", n=4, hidden=2))
LOWER, UPPER = (Fraction(stated["value"]) for stated in HONEST["claims"])


# --- honest certificates ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"n": 1, "hidden": 1},
        {"cell": "linear"},
        {"cell": "relu", "bound": Fraction(7, 3)},
        {"cell": "lstm", "n": 3, "hidden": 2},
        {"cell": "lstm", "n": 4, "hidden": 2, "tolerance": "1e-30"},
        {"tolerance": "1/3", "symbols": 4},
        {"cell": "linear", "tolerance": "1/9", "symbols": 10},
    ],
    ids=str,
)
def test_round_trip(options: dict[str, Any]) -> None:
    certificate = certified(**options)
    data = saved(to_data(certificate))
    assert tuple(data) == FIELDS
    found = assert_confirmed(data, P)
    assert len(found.findings) == 3 + len(data["claims"])
    assert isinstance(found.certificate, CopyCertificate)
    assert to_data(found.certificate) == data
    assert found.certificate.weights == certificate.weights
    assert found.certificate.task == certificate.task


def test_claims_are_rounded_outward_and_close() -> None:
    assert 0 < LOWER < UPPER <= Fraction(1, 10**4)
    assert [Fraction(stated["value"]) for stated in EXACT["claims"]] == [0, 0]


def test_an_honest_refutation_is_confirmed_as_a_refutation() -> None:
    right = certified()
    data = to_data(certify_copy(right.weights.replace({("W_h", (0, 1)): 0}), right.task))
    assert_confirmed(data, R)
    assert outcome(forge(data, lambda d: d.update(verdict="PROVED"))) is R


def test_an_honest_doubt_is_confirmed_as_doubt() -> None:
    right = certified()
    task = CopyTask("tanh", N, ONE, (LOWER + UPPER) / 2, N)
    data = to_data(certify_copy(right.weights, task))
    assert data["verdict"] == "UNDECIDED"
    assert outcome(data) is U
    assert outcome(forge(data, lambda d: d.update(verdict="PROVED"))) is R


def test_true_changes_stay_true() -> None:
    for change in (
        claim(0, value=str(LOWER / 2)),
        claim(1, value="9e-05"),
        claim(0, value="0", witness=[["0", N]], output=2),
        claim(0, value="-1", output=3),
        run(seed=17),
        lambda d: d["claims"].pop(0),
        lambda d: d["claims"].pop(1),
        lambda d: d["weights"].update(units=["first"]),
        in_question(tolerance="1/2"),
        extra_weight("h_0", [0, "1"]),  # it is shifted out before the first output
    ):
        assert outcome(forge(HONEST, change)) is P


# --- forged certificates ----------------------------------------------------------------------------------------------

EVERY_WEIGHT = [
    (name, base, block, k)
    for name, base in (("tanh", HONEST), ("lstm", LSTM), ("linear", EXACT))
    for block, rows in base["weights"]["blocks"].items()
    for k in range(len(rows))
]


@pytest.mark.parametrize(("name", "base", "block", "k"), EVERY_WEIGHT, ids=[f"{w[0]}-{w[2]}-{w[3]}" for w in EVERY_WEIGHT])
@pytest.mark.parametrize("value", ["0", "-7", "2", "1.1"])
def test_any_other_weight_is_refuted(name: str, base: Data, block: str, k: int, value: str) -> None:
    del name
    assert outcome(forge(base, weight(block, k, value))) is R


FORGED: dict[str, tuple[Change, Verdict | type[UsageError]]] = {
    # the question
    "n one more": (in_question(n=N + 1), R),
    "n one less": (in_question(n=N - 1), R),
    "n beyond what is decided": (in_question(n=10**9), USAGE),
    "n just beyond what is decided": (in_question(n=513), USAGE),
    "M doubled": (in_question(bound="2"), R),
    "M a tenth, the witness outside": (in_question(bound="0.1"), R),
    "tolerance tighter": (in_question(tolerance="1e-6"), R),
    "tolerance far tighter": (in_question(tolerance="1e-300"), R),
    "tolerance in between": (in_question(tolerance=str((LOWER + UPPER) / 2)), R),
    "another architecture": (in_question(architecture="relu"), R),
    "an unknown architecture": (in_question(architecture="gruu"), USAGE),
    "other hidden units": (in_question(hidden=4), USAGE),
    "symbols instead of reals, the witness no code": (
        lambda d: (in_question(symbols=4)(d), claim(0, witness=[["1/2", N]])(d)),
        R,
    ),
    "more symbols than the tolerance tells apart": (in_question(symbols=10**6), USAGE),
    # claims
    "attained larger": (claim(0, value=str(LOWER * 2)), R),
    "attained above the tolerance": (claim(0, value="1"), R),
    "attained in the last digit more": (claim(0, value=str(LOWER * (1 + Fraction(1, 10**10)))), R),
    "bound less than attained": (claim(1, value=str(LOWER / 2)), R),
    "bound a little less": (claim(1, value=str(UPPER * (1 - Fraction(1, 10**10)))), R),
    "bound zero": (claim(1, value="0"), R),
    "an extra false bound": (
        lambda d: d["claims"].append({"quantity": "supremum of the error", "relation": "<=", "value": "1e-9"}),
        R,
    ),
    "a bound turned round, without a witness": (claim(1, relation=">="), USAGE),
    "an attained error turned round": (claim(0, relation="<="), R),
    "another quantity": (claim(1, quantity="symbolic bound"), USAGE),
    "a quantity that is a list": (claim(1, quantity=["supremum of the error"]), USAGE),
    "an unknown relation": (claim(1, relation="<"), USAGE),
    "a value that is a number": (claim(1, value=1), USAGE),
    "a value of nan": (claim(1, value="nan"), USAGE),
    "a claim that is text": (lambda d: d["claims"].append("PROVED"), USAGE),
    "no claims": (lambda d: d["claims"].clear(), USAGE),
    # witnesses
    "witness zero": (claim(0, witness=[["0", N]]), R),
    "witness of another output": (claim(0, witness=[["1", 1], ["0", N - 1]], output=2), R),
    "witness longer": (claim(0, witness=[["1", N + 1]]), R),
    "witness shorter": (claim(0, witness=[["1", N - 1]]), R),
    "witness astronomically long": (claim(0, witness=[["1", 10**18]]), R),
    "witness empty": (claim(0, witness=[]), R),
    "witness out of the box": (claim(0, witness=[["2", N]]), R),
    "witness just out of the box": (claim(0, witness=[["1.000000001", N]]), R),
    "witness missing": (lambda d: d["claims"][0].pop("witness"), USAGE),
    "witness not a list": (claim(0, witness="1 (3 times)"), USAGE),
    "witness with a number": (claim(0, witness=[[1, N]]), USAGE),
    "witness with a negative count": (claim(0, witness=[["1", N + 1], ["1", -1]]), USAGE),
    "output zero": (claim(0, output=0), R),
    "output beyond n": (claim(0, output=N + 1), R),
    "output negative": (claim(0, output=-1), R),
    "output a fraction": (claim(0, output=1.5), USAGE),
    "output a truth value": (claim(0, output=True), USAGE),
    "output text": (claim(0, output="1"), USAGE),
    "output missing": (lambda d: d["claims"][0].pop("output"), USAGE),
    # weights
    "extra weight": (extra_weight("W_h", [2, 2, "1/10"]), R),
    "extra bias": (extra_weight("b_h", [1, "1e-3"]), R),
    "extra readout bias": (extra_weight("v0", ["1e-3"]), R),
    "weight given twice": (extra_weight("V", [0, "1"]), USAGE),
    "weight outside": (extra_weight("V", [3, "1"]), USAGE),
    "a float weight": (extra_weight("b_h", [0, 0.5]), USAGE),
    "unknown block": (extra_weight("W_z", [0, 0, "1"]), USAGE),
    "another cell": (lambda d: d["weights"].update(cell="relu"), R),
    "more units in the weights": (lambda d: d["weights"].update(hidden=4), USAGE),
    "weights null": (lambda d: d.update(weights=None), USAGE),
    # verdict and the rest
    "verdict REFUTED": (lambda d: d.update(verdict="REFUTED"), R),
    "verdict UNDECIDED": (lambda d: d.update(verdict="UNDECIDED"), R),
    "verdict null": (lambda d: d.update(verdict=None), R),
    "seed null": (run(seed=None), USAGE),
    "seed a truth value": (run(seed=True), USAGE),
    "steps, as for recall": (run(steps=100), USAGE),
    "working bits zero": (run(working_bits=0), USAGE),
    "semantics of floats": (lambda d: d.update(semantics="IEEE 754 binary32"), USAGE),
    "another version": (lambda d: d.update(version=2), USAGE),
    "version a truth value": (lambda d: d.update(version=True), USAGE),
    "no format": (lambda d: d.pop("format"), USAGE),
    "format a list": (lambda d: d.update(format=["copy certificate"]), USAGE),
    "format of recall": (lambda d: d.update(format="first-input-recall certificate"), USAGE),
    "unknown field": (lambda d: d.update(note="trust me"), USAGE),
    "a theorem, as for recall": (lambda d: d.update(theorem="C10"), USAGE),
    "question a list": (lambda d: d.update(question=[]), USAGE),
    "question with a horizon, as for recall": (in_question(horizon="upto"), USAGE),
    "question without n": (lambda d: d["question"].pop("n"), USAGE),
    "n as text": (in_question(n="3"), USAGE),
    "n zero": (in_question(n=0), USAGE),
    "bound a number": (in_question(bound=1), USAGE),
    "bound negative": (in_question(bound="-1"), USAGE),
    "tolerance zero": (in_question(tolerance="0"), USAGE),
    "tolerance the bound": (in_question(tolerance="1"), USAGE),
    "tolerance of 100 000 digits": (in_question(tolerance="1e-100000"), USAGE),
    "symbols one": (in_question(symbols=1), USAGE),
    "symbols text": (in_question(symbols="4"), USAGE),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_forged_with_right_hashes(name: str) -> None:
    change, expected = FORGED[name]
    assert outcome(forge(HONEST, change)) is expected


@pytest.mark.parametrize("name", FORGED)
def test_forged_with_stale_hashes(name: str) -> None:
    data = forge(HONEST, FORGED[name][0], hashes=False)
    found = outcome(data)
    assert found in (R, UsageError)
    if found is R:
        assert review(data).certificate is None, "nothing is recomputed for a file that was changed"
        assert "content hash" in review(data).reason


def test_changed_weights_with_a_stale_weights_hash() -> None:
    data = forge(HONEST, weight("V", 0, "7"), hashes=False)
    data["sha256"] = content_hash(data)
    assert outcome(data) is R
    assert review(data).reason.startswith("weights hash")


@pytest.mark.parametrize("field", FIELDS)
def test_missing_fields_are_a_usage_error(field: str) -> None:
    assert outcome(without(HONEST, field)) is UsageError


@pytest.mark.parametrize("value", WRONG_TYPES, ids=repr)
@pytest.mark.parametrize("field", [field for field in FIELDS if field != "reason"])
def test_fields_of_the_wrong_type_are_never_proved(field: str, value: Any) -> None:
    assert outcome(replaced(HONEST, field, value)) is not P


def test_a_symbol_that_is_no_code_is_no_witness() -> None:
    assert outcome(SYMBOLS) is P
    assert outcome(forge(SYMBOLS, claim(0, value="0", witness=[["1/3", N]]))) is P
    assert outcome(forge(SYMBOLS, claim(0, value="0", witness=[["1/2", N]]))) is R
    assert outcome(forge(SYMBOLS, in_question(symbols=5))) is USAGE  # its tolerance no longer tells them apart


def test_a_wide_network_is_declined_at_once() -> None:
    size = 1025
    ones = {(k,): k + 1 for k in range(size)}
    weights = Weights("tanh", size, {"W_h": {(k, k): 1 for k in range(size)}, "U_h": ones, "V": ones})
    task = CopyTask("tanh", 2, ONE, Fraction(1, 100), size)
    with pytest.raises(UsageError, match="1025 input-driven state reals"):
        certify_copy(weights, task)


def test_a_swallowed_guard_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    # were the witness not checked against the box, a sequence outside it would confirm any claim
    data = forge(HONEST, claim(0, value="1/2", witness=[["1000", N]]))
    assert outcome(data) is R
    monkeypatch.setattr(CopyTask, "contains", lambda self, value: True)
    assert outcome(data) is P


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(changes=mutations(HONEST), rehash=...)
def test_any_mutation_is_reviewed_or_refused(changes: list[Mutation], rehash: bool) -> None:
    data = mutated(HONEST, changes, hashes=rehash)
    if outcome(data) is P:
        assert_true(data)


def assert_true(data: Data) -> None:
    """What a confirmed certificate says is true of this network, by mpmath on the cell equations themselves."""
    assert data["sha256"] == content_hash(data)
    weights, task = Weights.from_data(data["weights"]), CopyTask.from_data(data["question"])
    assert data["weights_sha256"] == weights.sha256
    assert (task.architecture, task.hidden, data["verdict"]) == (weights.cell, weights.hidden, "PROVED")
    arithmetic = Reference(40)
    tolerance = arithmetic.exact(task.tolerance)
    for inputs in ([task.bound] * task.n, [-task.bound] * task.n, [task.bound, *[-task.bound] * (task.n - 1)]):
        errors = reference_errors(weights, inputs, arithmetic)
        assert all(error <= tolerance for error in errors)
        for stated in data["claims"]:
            if stated["relation"] == "<=":
                assert all(error <= arithmetic.exact(Fraction(stated["value"])) for error in errors)


def reference_errors(weights: Weights, inputs: list[Fraction], arithmetic: Reference) -> list[Any]:
    """|E_1| ... |E_n| by mpmath."""
    blocks = {name: {index: arithmetic.exact(value) for index, value in array} for name, array in weights.blocks().items()}
    maps = Maps(weights.hidden, blocks, lambda bias, terms: sum((c * v for c, v in terms), bias))
    zero = arithmetic.exact(Fraction(0))
    state = {s: [blocks[f"{s}_0"].get((k,), zero) for k in range(weights.hidden)] for s in CELLS[weights.cell].states}
    errors = []
    for t in range(2 * len(inputs) - 1):
        x = arithmetic.exact(inputs[t]) if t < len(inputs) else zero
        state = CELLS[weights.cell].step(arithmetic, maps, state, x)
        if t >= len(inputs) - 1:
            y = sum((v * state["h"][k] for (k,), v in blocks["V"].items()), blocks["v0"].get((), zero))
            errors.append(abs(y - arithmetic.exact(inputs[t - len(inputs) + 1])))
    return errors


def test_the_format_tells_the_kind() -> None:
    assert HONEST["format"] == copy_certificate.FORMAT
    with pytest.raises(UsageError, match=r"first-input-recall certificate.*copy certificate"):
        review({"format": "another"})

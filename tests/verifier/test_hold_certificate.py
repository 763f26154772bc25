"""Certificates of copies for ever: honest ones are confirmed, forged ones refuted, malformed ones a usage error."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from forging import (
    USAGE,
    WRONG_TYPES,
    Change,
    P,
    R,
    U,
    assert_confirmed,
    claim,
    extra_weight,
    forge,
    in_question,
    outcome,
    replaced,
    review,
    run,
    saved,
    weight,
    without,
)

from constructions.hold import HoldConstruction, construct_hold
from verifier import hold_certificate
from verifier.copy_task import CopyTask
from verifier.errors import UsageError
from verifier.hold_certificate import FIELDS, to_data
from verifier.holding import GUARD_BITS, HoldCertificate, certify_hold
from verifier.refresh.clock import LARGEST_PERIOD
from verifier.verdict import Verdict

N, UNITS = 2, 8


def certified(n: int = N, tolerance: str = "1e-6", hidden: int = UNITS, **rest: Any) -> HoldCertificate:
    """A right network, decided."""
    task = CopyTask("lstm", n, rest.pop("bound", Fraction(1)), Fraction(tolerance), hidden, **rest)
    answer = construct_hold(task)
    assert isinstance(answer, HoldConstruction)
    return certify_hold(answer.readouts, task)


RIGHT = certified()
HONEST = to_data(RIGHT)
SYMBOLS = to_data(certified(symbols=4))
LOWER, UPPER = (Fraction(stated["value"]) for stated in HONEST["claims"][2:])


def reading(position: int, value: str) -> Change:
    """Change one weight of the readout of x_2."""
    return lambda data: data["further_readouts"][0]["V"][position].__setitem__(-1, value)


# --- honest certificates ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"n": 1, "hidden": 4},
        {},
        {"n": 3, "hidden": 12, "bound": Fraction(7, 3)},
        {"symbols": 4},
        {"tolerance": "1/3", "symbols": 4},
    ],
    ids=str,
)
def test_round_trip(options: dict[str, Any]) -> None:
    certificate = certified(**options)
    data = saved(to_data(certificate))
    assert tuple(data) == FIELDS
    found = assert_confirmed(data, P)
    assert len(found.findings) == 3 + 2 * certificate.task.n
    assert isinstance(found.certificate, HoldCertificate)
    assert to_data(found.certificate) == data
    assert found.certificate.readouts == certificate.readouts
    assert found.certificate.task == certificate.task


def test_claims_are_of_every_number_and_close() -> None:
    assert [(stated["position"], stated["relation"]) for stated in HONEST["claims"]] == [(1, ">="), (1, "<="), (2, ">="), (2, "<=")]
    assert UPPER / 3 < LOWER < UPPER <= Fraction(1, 10**6)


def test_an_honest_refutation_is_confirmed_as_a_refutation() -> None:
    data = to_data(certify_hold(RIGHT.readouts[::-1], RIGHT.task))
    assert_confirmed(data, R)
    assert outcome(forge(data, lambda d: d.update(verdict="PROVED"))) is R


def test_an_honest_doubt_is_confirmed_as_doubt_and_never_becomes_a_bound() -> None:
    """The second sum is cleared by another gain: no inequality bounds x_2, and no inputs are known that it misses."""
    wrong = tuple(w.replace({("W_f", (5, 6)): w["W_f"][5, 6] / 1024}) for w in RIGHT.readouts)
    data = to_data(certify_hold(wrong, RIGHT.task))
    assert data["verdict"] == "UNDECIDED"
    assert (2, "<=") not in [(stated["position"], stated["relation"]) for stated in data["claims"]]
    assert outcome(data) is U
    assert outcome(forge(data, lambda d: d.update(verdict="PROVED"))) is R
    with_bound = forge(data, lambda d: d["claims"].append(HONEST["claims"][3]))
    assert review(with_bound).findings[-2].verdict is U
    assert outcome(with_bound) is U


def test_true_changes_stay_true() -> None:
    for change in (
        claim(0, value=str(LOWER / 2)),
        claim(1, value="9e-7"),
        claim(0, value="0", witness=[["0", 3]], position=2),
        claim(0, value="-1", position=2),
        run(working_bits=17),
        lambda d: d["claims"].pop(0),
        lambda d: d["weights"].update(units=["first"]),
        in_question(tolerance="1/2"),
    ):
        assert outcome(forge(HONEST, change)) is P


def test_a_number_lost_beyond_any_exponent_is_refuted() -> None:
    """Read as x_2, the memory of x_1 keeps 2^-(2^40) of it or so; that is decided, and in a moment."""
    certificate = certify_hold(RIGHT.readouts[::-1], RIGHT.task)
    assert certificate.verdict is R
    assert all(not held.upper.is_finite() for held in certificate.held)


def test_a_tolerance_far_beyond_the_weights_is_refuted_at_a_precision_that_is_bounded() -> None:
    """10^-20000 would ask for 265,910 bits; levels that fine are not checked, and what misses the tolerance is not pushed."""
    coarse = certified(tolerance="1/10")
    certificate = certify_hold(coarse.readouts, replace(coarse.task, tolerance=Fraction(1, 10**20_000)))
    assert certificate.verdict is R
    assert certificate.working_bits == 4 * LARGEST_PERIOD + GUARD_BITS
    assert all(held.upper.is_finite() and held.pushed is None for held in certificate.held)
    assert all(held.pushed is not None for held in coarse.held)


# --- forged certificates ----------------------------------------------------------------------------------------------

EVERY_WEIGHT = [(block, k) for block, rows in HONEST["weights"]["blocks"].items() for k in range(len(rows))]

SPARE = {("W_f", 4), ("b_i", 5)}
"""The second capture has nothing to forget before step 2, and the age may as well begin half as large."""


@pytest.mark.parametrize(("block", "k"), EVERY_WEIGHT, ids=[f"{block}-{k}" for block, k in EVERY_WEIGHT])
def test_any_weight_as_zero_is_refuted_unless_it_is_spare(block: str, k: int) -> None:
    assert outcome(forge(HONEST, weight(block, k, "0"))) is (P if (block, k) in SPARE else R)


FORGED: dict[str, tuple[Change, Verdict | type[UsageError]]] = {
    # the question
    "n one more": (in_question(n=N + 1), USAGE),
    "n one less": (in_question(n=N - 1), USAGE),
    "n beyond any list": (in_question(n=10**9), USAGE),
    "M doubled": (in_question(bound="2"), R),
    "M a tenth, the witness outside": (in_question(bound="0.1"), R),
    "tolerance tighter": (in_question(tolerance="1e-7"), R),
    "tolerance in between": (in_question(tolerance=str((LOWER + UPPER) / 2)), R),
    "another architecture": (in_question(architecture="gru"), R),
    "other hidden units": (in_question(hidden=UNITS + 1), USAGE),
    "question with a horizon": (in_question(horizon="forever"), USAGE),
    # claims
    "attained larger": (claim(0, value=str(LOWER * 2)), R),
    "attained in the last digit more": (claim(2, value=str(LOWER * (1 + Fraction(1, 10**10)))), R),
    "bound less than attained": (claim(1, value=str(LOWER / 2)), R),
    "bound a little less": (claim(3, value=str(UPPER * (1 - Fraction(1, 10**10)))), R),
    "an attained error turned round": (claim(0, relation="<="), R),
    "a bound turned round, without a witness": (claim(1, relation=">="), USAGE),
    "another quantity": (claim(1, quantity="supremum of the error"), USAGE),
    "a value that is a number": (claim(1, value=1), USAGE),
    "no claims": (lambda d: d["claims"].clear(), USAGE),
    "position zero": (claim(1, position=0), R),
    "position beyond n": (claim(1, position=N + 1), R),
    "position a fraction": (claim(1, position=1.5), USAGE),
    "position a truth value": (claim(1, position=True), USAGE),
    "position missing": (lambda d: d["claims"][1].pop("position"), USAGE),
    # witnesses
    "witness zero": (claim(0, witness=[["0", 3]]), R),
    "witness before its number": (claim(2, value="0", witness=[["1", 1]]), R),
    "witness out of the box": (claim(0, value="0", witness=[["1.000000001", 3]]), R),
    "witness longer than is run": (claim(0, value="0", witness=[["1", 10**18]]), U),
    "witness missing": (lambda d: d["claims"][0].pop("witness"), USAGE),
    "witness with a negative count": (claim(0, witness=[["1", 3], ["1", -1]]), USAGE),
    # weights and readouts
    "extra weight": (extra_weight("W_f", [2, 2, "1000"]), R),
    "the readout of x_1 off": (weight("V", 0, "3"), R),
    "the readout of x_2 off": (reading(0, "3"), R),
    "the readout of x_2 given twice": (lambda d: d["further_readouts"].append(d["further_readouts"][0]), USAGE),
    "the readout of x_2 missing": (lambda d: d["further_readouts"].clear(), USAGE),
    "the readout of x_2 empty": (lambda d: d["further_readouts"].__setitem__(0, {}), R),
    "the readout of x_2 that of x_1": (
        lambda d: d["further_readouts"].__setitem__(0, {name: d["weights"]["blocks"][name] for name in ("V", "v0")}),
        R,
    ),
    "a readout with recurrent weights": (lambda d: d["further_readouts"][0].update(W_f=[]), USAGE),
    "a readout outside": (lambda d: d["further_readouts"][0]["V"].append([UNITS, "1"]), USAGE),
    "a float in a readout": (lambda d: d["further_readouts"][0]["V"][0].__setitem__(-1, 0.5), USAGE),
    "a readout that is a list": (lambda d: d["further_readouts"].__setitem__(0, []), USAGE),
    "readouts null": (lambda d: d.update(further_readouts=None), USAGE),
    "another cell": (lambda d: d["weights"].update(cell="gru"), USAGE),
    # verdict and the rest
    "verdict REFUTED": (lambda d: d.update(verdict="REFUTED"), R),
    "verdict null": (lambda d: d.update(verdict=None), R),
    "a seed, as for other copies": (run(seed=0), USAGE),
    "semantics of floats": (lambda d: d.update(semantics="IEEE 754 binary32"), USAGE),
    "another version": (lambda d: d.update(version=2), USAGE),
    "format of other copies": (lambda d: d.update(format="copy certificate"), USAGE),
    "unknown field": (lambda d: d.update(note="trust me"), USAGE),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_forged_with_right_hashes(name: str) -> None:
    change, expected = FORGED[name]
    assert outcome(forge(HONEST, change)) is expected


@pytest.mark.parametrize("name", FORGED)
def test_forged_with_stale_hashes(name: str) -> None:
    found = outcome(forge(HONEST, FORGED[name][0], hashes=False))
    assert found in (R, UsageError)


def test_a_witness_of_the_longest_attack_is_run_and_one_step_more_is_not() -> None:
    longest = RIGHT.held[0].longest
    for steps, expected in ((longest, P), (longest + 1, U)):
        assert outcome(forge(HONEST, claim(0, value="0", witness=[["1", steps]]))) is expected


@pytest.mark.parametrize("field", FIELDS)
def test_missing_fields_are_a_usage_error(field: str) -> None:
    assert outcome(without(HONEST, field)) is UsageError


@pytest.mark.parametrize("value", WRONG_TYPES, ids=repr)
@pytest.mark.parametrize("field", [field for field in FIELDS if field != "reason"])
def test_fields_of_the_wrong_type_are_never_proved(field: str, value: Any) -> None:
    assert outcome(replaced(HONEST, field, value)) is not P


def test_a_symbol_that_is_no_code_is_no_witness() -> None:
    assert outcome(forge(SYMBOLS, claim(0, value="0", witness=[["1/3", 3]]))) is P
    assert outcome(forge(SYMBOLS, claim(0, value="0", witness=[["1/2", 3]]))) is R


def test_attacks_on_symbols_use_their_codes_only() -> None:
    """Between codes an error of half a level is attained; on the codes -1 and 1 these weights are far better."""
    found = certified(tolerance="1/3", symbols=4)
    for held in found.held:
        assert all(found.task.contains(value) for value, _ in held.inputs)


def test_a_swallowed_guard_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    # were the witness not checked against the box, a sequence outside it would confirm any claim
    data = forge(HONEST, claim(0, value="1/10", witness=[["1000", N]]))
    assert outcome(data) is R
    monkeypatch.setattr(CopyTask, "contains", lambda self, value: True)
    assert outcome(data) is P


def test_the_format_tells_the_kind() -> None:
    assert HONEST["format"] == hold_certificate.FORMAT
    with pytest.raises(UsageError, match=r"copy certificate.*copy for ever certificate"):
        review({"format": "another"})

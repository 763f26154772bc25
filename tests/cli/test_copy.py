"""`verify copy` and `verify capacity`: verdicts, exit codes, last lines, one-line errors."""

import json
from pathlib import Path

import pytest
from commands import last, verify

from proofs.theorems import THEOREMS
from proofs.theorems.c10 import gru_chain, gru_leak, slot_equations
from verifier.review import content_hash
from verifier.verdict import Verdict


def test_a_copy_is_proved_and_the_set_initial_state_is_said() -> None:
    code, output, error = verify("copy", "lstm", "--n", "4", "--hidden", "2", "--precision", "10")
    assert (code, error) == (0, "")
    assert "s_0 is SET" in output
    assert last(output).startswith("PROVED answer=copies theorem=C10 architecture=lstm n=4 hidden=2 capacity=4 ")
    assert "initial_state=set" in last(output)


def test_n_defaults_to_the_capacity_and_quiet_prints_one_line() -> None:
    code, output, _ = verify("copy", "relu", "--hidden", "5", "--quiet")
    assert code == 0
    assert len(output.splitlines()) == 1
    assert " n=5 " in output
    assert "upper=0 initial_state=zero" in output


def test_beyond_the_capacity_the_answer_is_proved_impossible() -> None:
    code, output, error = verify("copy", "lstm", "--n", "5", "--hidden", "2")
    assert (code, error) == (0, "")
    assert "Borsuk-Ulam" in output
    assert "h and c, 4 reals" in output
    assert last(output).startswith("PROVED answer=impossible theorem=T8 architecture=lstm n=5 hidden=2 capacity=4 ")


def test_symbols_beyond_the_slots_are_undecided() -> None:
    code, output, _ = verify("copy", "tanh", "--n", "3", "--hidden", "2", "--symbols", "4")
    assert code == 3
    assert last(output).startswith("UNDECIDED answer=unknown theorem=none")


def test_symbols_are_proved() -> None:
    code, output, _ = verify("copy", "tanh", "--hidden", "2", "--symbols", "4")
    assert code == 0
    assert "tolerance=<1/3" in last(output)


def test_json_holds_weights_and_conclusions() -> None:
    code, output, _ = verify("copy", "tanh", "--hidden", "2", "--tolerance", "1e-4", "--json")
    data = json.loads(output)
    assert code == 0
    assert data["verdict"] == "PROVED"
    assert data["weights"]["cell"] == "tanh"
    assert [claim["relation"] for claim in data["claims"]] == [">=", "<="]
    code, output, _ = verify("copy", "tanh", "--n", "3", "--hidden", "2", "--json")
    assert code == 0
    assert json.loads(output)["theorem"] == "T8"


@pytest.mark.parametrize(
    "arguments",
    [
        ("lstm", "--hidden", "2", "--precision", "10"),
        ("linear", "--hidden", "3"),
        ("tanh", "--hidden", "2", "--symbols", "4"),
    ],
)
def test_a_certificate_is_written_and_confirmed(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    file = tmp_path / "copy.json"
    code, output, error = verify("copy", *arguments, "--certificate", str(file))
    assert (code, error) == (0, "")
    assert f"certificate written to {file}" in output
    code, checked, error = verify("check", str(file))
    assert (code, error) == (0, "")
    assert checked.count("confirmed") == 5
    assert last(checked).startswith(f"PROVED answer=copies theorem=none architecture={arguments[0]} ")
    code, printed, _ = verify("copy", *arguments, "--json")
    assert json.loads(printed) == json.loads(file.read_text(encoding="utf-8"))


def test_a_false_copy_certificate_is_refuted_and_a_malformed_one_is_a_usage_error(tmp_path: Path) -> None:
    file = tmp_path / "copy.json"
    verify("copy", "tanh", "--hidden", "2", "--precision", "4", "--certificate", str(file))
    data = json.loads(file.read_text(encoding="utf-8"))
    data["claims"][1]["value"] = "1e-30"
    data["sha256"] = content_hash(data)
    file.write_text(json.dumps(data), encoding="utf-8")
    code, output, error = verify("check", str(file))
    assert (code, error) == (4, "")
    assert last(output).startswith("REFUTED file=")
    assert "supremum of the error <= 1e-30: it is at least" in last(output)
    data["question"]["n"] = 1.5
    data["sha256"] = content_hash(data)
    file.write_text(json.dumps(data), encoding="utf-8")
    code, output, error = verify("check", str(file))
    assert (code, output) == (2, "")
    assert error == "verify: n must be a whole number\n"


def test_no_certificate_is_written_where_there_are_no_weights(tmp_path: Path) -> None:
    file = tmp_path / "copy.json"
    code, output, error = verify("copy", "tanh", "--n", "3", "--hidden", "2", "--certificate", str(file))
    assert (code, output) == (2, "")
    assert len(error.splitlines()) == 1
    assert "there are none here: its state holds 2 reals" in error
    assert not file.exists()


def test_capacity_prints_both_sides() -> None:
    code, output, error = verify("capacity", "lstm", "--hidden", "2", "--precision", "6")
    assert (code, error) == (0, "")
    assert "n = 4       PROVED: copied" in output
    assert "n = 5       PROVED: impossible (T8)" in output
    for source in ("DeVore, Howard & Micchelli 1989", "Siegel 2024", "Collins, Sohl-Dickstein & Sussillo 2017"):
        assert source in " ".join(output.split())
    assert last(output).startswith("PROVED architecture=lstm hidden=2 capacity=4 copies=PROVED one_more_impossible=PROVED")


@pytest.mark.parametrize("cell", ["gru", "gru-after-keep"])
def test_capacity_of_a_gru_has_both_sides(cell: str) -> None:
    code, output, error = verify("capacity", cell, "--hidden", "3", "--precision", "6")
    assert (code, error) == (0, "")
    assert "n = 3       PROVED: copied" in output
    assert "n = 4       PROVED: impossible (T8)" in output
    assert last(output).startswith(f"PROVED architecture={cell} hidden=3 capacity=3 copies=PROVED one_more_impossible=PROVED")


def test_a_gru_says_both_of_its_sizes() -> None:
    code, output, _ = verify("copy", "gru", "--n", "4", "--hidden", "4", "--precision", "10")
    assert code == 0
    assert "ε = 0.000001, K = 26" in output
    assert "initial_state=zero" in last(output)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["copy", "gruu"], "no delay line for 'gruu'"),
        (["copy", "lstn"], "did you mean 'lstm'?"),
        (["copy", "lstm", "--n", "0"], "--n 0 is not allowed"),
        (["copy", "lstm", "--tolerance", "2"], "asks for nothing"),
        (["copy", "lstm", "--precision", "3", "--tolerance", "1/10"], "one of"),
        (["copy", "lstm", "--symbols", "1"], "--symbols 1 is not allowed"),
        (["copy", "lstm", "--bound", "-1"], "M > 0"),
        (["copy", "linear", "--symbols", "5", "--certificate", "no/such/folder/x.json"], "there is no folder"),
        (["copy"], "ARCHITECTURE"),
        (["capacity", "elmann"], "no delay line for 'elmann'"),
    ],
)
def test_bad_requests_are_one_line_with_code_2(arguments: list[str], said: str) -> None:
    code, output, error = verify(*arguments)
    assert code == 2
    assert output == ""
    assert len(error.splitlines()) == 1
    assert said in error


@pytest.mark.parametrize("theorem", ["T8", "C10"])
def test_the_theorems_checks_hold(theorem: str) -> None:
    results = THEOREMS[theorem].run()
    assert results
    assert set(results.values()) == {Verdict.PROVED}


def test_the_slot_equations_reject_a_wrong_sign() -> None:
    assert slot_equations() is Verdict.PROVED
    assert slot_equations(-1) is Verdict.REFUTED


def test_the_gru_checks_reject_false_variants() -> None:
    assert gru_chain() is Verdict.PROVED
    assert gru_chain(doubling=1) is Verdict.REFUTED
    assert gru_leak() is Verdict.PROVED
    assert gru_leak(factor=1) is Verdict.REFUTED


def test_a_certificate_of_a_copy_for_ever_is_confirmed_and_a_false_one_refuted(tmp_path: Path) -> None:
    file = tmp_path / "hold.json"
    asked = ("--horizon", "forever", "--n", "2", "--hidden", "8", "--precision", "6")
    code, output, error = verify("copy", "lstm", *asked, "--certificate", str(file))
    assert (code, error) == (0, "")
    assert f"certificate written to {file}" in output
    code, checked, error = verify("check", str(file))
    assert (code, error) == (0, "")
    assert checked.count("confirmed") == 7
    assert last(checked).startswith("PROVED answer=holds theorem=C9 architecture=lstm n=2 ")
    data = json.loads(file.read_text(encoding="utf-8"))
    data["question"]["tolerance"] = "1e-7"
    data["sha256"] = content_hash(data)
    file.write_text(json.dumps(data), encoding="utf-8")
    code, output, error = verify("check", str(file))
    assert (code, error) == (4, "")
    assert 'the file says "PROVED", recomputing gives REFUTED' in output


def test_no_certificate_for_ever_is_written_where_there_are_no_weights(tmp_path: Path) -> None:
    file = tmp_path / "hold.json"
    code, output, error = verify("copy", "lstm", "--horizon", "forever", "--n", "3", "--hidden", "8", "--certificate", str(file))
    assert (code, output) == (2, "")
    assert len(error.splitlines()) == 1
    assert "there are none here: holding n = 3 for ever takes 11 units" in error
    assert not file.exists()

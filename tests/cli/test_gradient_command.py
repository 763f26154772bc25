"""`verify gradient`: verdicts, exit codes, last lines, JSON and one-line errors."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Finished, fields

from constructions import construct
from verifier.cli import gradient as command
from verifier.exact import parse_rational

Run = Callable[..., Finished]


@pytest.mark.parametrize(
    ("example", "hidden", "limit"),
    [
        ("shift", "32", "VANISHING"),
        ("rotation", "4", "NEITHER"),
        ("permutation", "5", "NEITHER"),
        ("jordan", "4", "EXPLODING"),
        ("lehmer", "10", "EXPLODING"),
        ("contraction", "5", "VANISHING"),
    ],
)
def test_linear_examples(verify: Run, example: str, hidden: str, limit: str) -> None:
    code, output, error = verify("gradient", "linear", "--example", example, "--hidden", hidden, "--n", "100")
    assert (code, error) == (0, "")
    found = fields(output)
    assert (found["verdict"], found["limit"]) == ("PROVED", limit)
    assert max(map(len, output.splitlines()[:8])) <= 100


def test_the_shift_register_vanishes_and_recalls(verify: Run) -> None:
    """ρ = 0, and yet the gradient C A^31 B is 1 at n = 32, with error 0; one step later the price is M/C(32,16)."""
    _, output, _ = verify("gradient", "linear", "--example", "shift", "--n", "11042")
    rows = {line.split()[0]: line.split() for line in output.splitlines() if line.startswith("  ")}
    assert rows["32"][1:] == ["0", "0", "0.5", "1", "0", "-"]  # A^32 = 0, but g_31 = C A^31 B = 1
    assert rows["33"][1:] == ["0", "0", "0.25", "0", "2", "1/601080390"]
    assert rows["11042"][-1] == "1"
    assert "A^32 = 0 exactly, though A^31 ≠ 0" in output
    assert "for n >= 11,042 (T3c)" in output


def test_a_matrix_file(verify: Run, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"A": [["1", "1e-30"], ["-1e-30", "1"]], "B": ["1", "0"], "C": ["0", "1"]}')
    code, output, _ = verify("gradient", "linear", "--matrix", "a.json", "--n", "5", "--json")
    data = json.loads(output)
    assert code == 0
    assert data["limit"] == "EXPLODING"
    low, high = (1 + parse_rational(data["spectral_radius"]["minus_1"][end]) for end in ("lower", "upper"))
    assert low > 1
    assert low**2 <= 1 + parse_rational("1e-60") <= high**2
    assert [row["n"] for row in data["rows"]] == ["1", "2", "3", "5"]
    assert data["A"][1][0] == "-1e-30"


def test_powers_of_a_large_matrix_at_a_huge_horizon_are_bounded_not_formed(verify: Run) -> None:
    code, output, _ = verify("gradient", "linear", "--example", "jordan", "--hidden", "20", "--n", "10^900")
    assert code == 0
    last = next(line.split() for line in output.splitlines() if line.strip().startswith("10^900 "))
    assert last[2] == "-"
    low, high = (float(last[column].split("e")[-1].removeprefix("10^")) for column in (1, 3))
    assert low <= high < low + 1  # both bounds hold and agree to a power of ten


def test_rates(verify: Run) -> None:
    code, output, _ = verify("gradient", "linear", "--example", "shift", "--hidden", "3", "--rate", "1/4", "--quiet")
    assert code == 0
    assert fields(output)["rate"] == "0.25"
    assert fields(output)["constant"] == "16"
    code, _, error = verify("gradient", "linear", "--example", "exploding", "--hidden", "3", "--rate", "2")
    assert code == 2
    assert "is not above the spectral radius" in error


def test_the_default_is_the_constructed_linear_network(verify: Run) -> None:
    _, output, _ = verify("gradient", "linear", "--n", "5", "--quiet")
    assert fields(output)["nilpotent"] == "5"
    _, output, _ = verify("gradient", "linear", "--n", "40", "--precision", "3", "--quiet")
    assert fields(output)["limit"] == "EXPLODING"


def test_two_architectures_side_by_side(verify: Run) -> None:
    code, output, error = verify("gradient", "lstm", "tanh", "--n", "50", "--precision", "8")
    assert (code, error) == (0, "")
    found = fields(output)
    assert found["networks"] == "lstm,tanh"
    assert (found["carried"], found["inside_stated"]) == ("PROVED,PROVED", "PROVED,PROVED")
    assert found["vanishing"] == "PROVED,UNDECIDED"
    assert "C6: |1 - ∂y_n/∂x_1| <= " in output
    assert output.count("attained") == 2
    head = next(line for line in output.splitlines() if "lstm from" in line)
    assert "tanh from" in head


def test_horizons_beyond_all_stepping(verify: Run) -> None:
    code, output, _ = verify("gradient", "lstm", "gru", "tanh", "sigmoid", "--n", "10^18", "--steps", 50, "--quiet")
    assert code == 0
    assert fields(output)["inside_stated"] == "PROVED,PROVED,PROVED,PROVED"


def test_a_small_tanh_network_vanishes(verify: Run) -> None:
    code, output, _ = verify("gradient", "tanh", "--example", "contraction", "--hidden", "4", "--n", "10^18", "--steps", 50)
    assert code == 0
    assert fields(output)["vanishing"] == "PROVED"
    assert fields(output)["carried"] == "REFUTED"
    assert "for every n > t >= 1 and every sequence: PROVED" in " ".join(output.split())


def test_weights_files_and_certificates(verify: Run, tmp_path: Path) -> None:
    made = construct("lstm", 20, 5, hidden=3)
    data = made.weights.to_data()  # type: ignore[union-attr]
    (tmp_path / "given.json").write_text(json.dumps(data))
    (tmp_path / "certificate.json").write_text(json.dumps({"weights": data, "more": 1}))
    code, output, _ = verify("gradient", "--weights", "given.json", "--weights", "certificate.json", "--n", "20", "--json")
    report = json.loads(output)
    assert code == 0
    first, second = report["networks"]
    assert first["name"] == "given"
    assert first["rows"] == second["rows"]
    assert first["stated"] is None
    assert first["rows"][-1]["highest"]["inputs"]


def test_undecided_is_exit_code_3(verify: Run) -> None:
    code, output, _ = verify("gradient", "tanh", "--horizon", "forever", "--precision", "1", "--n", "5")
    assert code == 3
    assert fields(output)["verdict"] == "UNDECIDED"
    assert "because     tanh: " in output


def test_a_construction_that_is_missing_is_undecided(verify: Run) -> None:
    code, output, _ = verify("gradient", "gru", "--horizon", "forever", "--hidden", "3", "--n", "5")
    assert code == 3
    assert "no weights to look at" in output
    assert fields(output)["lower"] == "none"
    code, output, _ = verify("gradient", "gru", "--horizon", "forever", "--hidden", "3", "--n", "5", "--json")
    assert json.loads(output)["unanswered"][0]["architecture"] == "gru"


def test_a_false_statement_is_exit_code_4(verify: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: half of C6's deficit."""
    import dataclasses

    original = command.stated_gradient

    def halved(construction):  # type: ignore[no-untyped-def]
        told = original(construction)
        return dataclasses.replace(told, deficit=told.deficit / 2)

    monkeypatch.setattr(command, "stated_gradient", halved)
    code, output, _ = verify("gradient", "lstm", "--n", "10", "--precision", "5")
    assert code == 4
    assert fields(output)["inside_stated"] == "REFUTED"
    assert "a sequence has a gradient outside what the theorem states" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name a network"),
        (("lsmt",), "did you mean 'lstm'"),
        (("linear", "--example", "shift", "--matrix", "x.json"), "one of --example and --matrix"),
        (("lstm", "--example", "shift"), "a lstm has more than one"),
        (("linear", "--matrix", "missing.json"), "cannot read missing.json"),
        (("linear", "--matrix", "float.json"), 'is the JSON number 0.1, a float; write it as text, "0.1"'),
        (("tanh", "--matrix", "bare.json"), "needs B and C"),
        (("--weights", "float.json"), "weights must be an object"),
        (("--weights", "broken.json"), "broken.json is not a weights file"),
        (("linear", "--horizon", "upto"), "no linear network to look at"),
        (("lstm", "--rate", "1/2"), "--rate belongs to"),
        (("lstm", "--n", "0"), "at least 1"),
        (("linear", "--example", "shift", "--bound", "-1"), "--bound -1 is not allowed"),
        (("lstm", "--steps", "10^9"), "1 to 100,000 steps"),
        (("linear", "--example", "rotation", "--hidden", "3"), "is odd"),
        (("linear", "--example", "shift", "--hidden", "65"), "at most 64"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(verify: Run, tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    (tmp_path / "float.json").write_text("[[0.1]]")
    (tmp_path / "bare.json").write_text('[["0.1"]]')
    (tmp_path / "broken.json").write_text("{")
    code, output, error = verify("gradient", *arguments)
    assert (code, output) == (2, "")
    assert len(error.splitlines()) == 1
    assert message in error

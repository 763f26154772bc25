"""`verify cost`: the table, its machine forms, and one-line errors."""

import json

import pytest
from commands import verify


def test_the_table_of_one_architecture() -> None:
    code, output, error = verify("cost", "sigmoid", "--n", "100", "--precision", "30")
    assert (code, error) == (0, "")
    (up_to, fixed) = (line for line in output.splitlines() if "sigmoid" in line and "√(4n/(3δ))" in line)
    assert any("8/δ^2" in line and "2 + 1/δ" in line for line in output.splitlines())
    assert " 4 " in up_to
    assert " 2e16 " in up_to
    assert " 0.500 " in up_to
    assert up_to.endswith("PROVED")
    assert " n " in fixed
    assert "It is not proved for all n and δ" in " ".join(output.split())
    assert "(1 - δ) A <= largest |weight| <= 21/2 A, where A = √(4n/(3δ))" in output
    assert all(len(line) <= 100 for line in output.splitlines()[:-1])
    assert output.splitlines()[-1].startswith("PROVED architecture=sigmoid constructions=5 points=")
    assert " n=100 tolerance=1e-30 bound=1 outside=0 semantics=reals seconds=" in output


def test_quiet_is_one_line() -> None:
    code, output, _ = verify("cost", "relu", "--quiet")
    assert code == 0
    assert len(output.splitlines()) == 1
    assert output.startswith("PROVED architecture=relu constructions=3 ")


def test_beyond_its_conditions_a_law_is_not_claimed() -> None:
    code, output, _ = verify("cost", "lstm", "--n", "1", "--precision", "1")
    assert code == 0
    line = next(line for line in output.splitlines() if line.startswith("C6  "))
    assert " 10* " in line
    assert "where       δ <= 1/100, n >= 2" in output
    assert " outside=7 " in output.splitlines()[-1]


def test_json_holds_every_point() -> None:
    code, output, _ = verify("cost", "bilinear", "--json")
    data = json.loads(output)
    assert code == 0
    (row,) = data["rows"]
    assert data["verdict"] == row["verdict"] == "PROVED"
    assert row["theorem"] == "C11"
    assert row["power_of_inverse_tolerance"] == "0"
    (check,) = row["checks"]
    assert len(check["points"]) == 38
    assert {point["largest"] for point in check["points"]} == {"1"}
    assert check["measured_power_of_n"] == {"measured": "0.000", "resolution": "0.211", "verdict": "PROVED"}


def test_markdown_is_a_table() -> None:
    code, output, _ = verify("cost", "relu", "--markdown")
    assert code == 0
    head, rule, *rows = output.splitlines()
    assert head.startswith("| theorem | cell | task | units | largest weight |")
    assert rule == "|" + "---|" * 9
    assert len(rows) == 3
    assert all(line.count("|") == 10 for line in rows)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["cost", "lstn"], "did you mean 'lstm'?"),
        (["cost", "lstm", "--n", "0"], "--n 0 is not allowed"),
        (["cost", "lstm", "--precision", "0"], "--precision 0 is not allowed"),
        (["cost", "lstm", "--precision", "30000"], "1 to 20,000"),
        (["cost", "lstm", "--precision", "x"], "is not an exact number"),
        (["cost", "lstm", "--json", "--markdown"], "give one of --json and --markdown"),
        (["cost", "lstm", "gru"], "unexpected extra argument"),
    ],
)
def test_bad_requests_are_one_line_with_code_2(arguments: list[str], said: str) -> None:
    code, output, error = verify(*arguments)
    assert (code, output) == (2, "")
    assert len(error.splitlines()) == 1
    assert said in error

"""What a person sees where something is impossible, and when weights are offered for it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from commands import Finished, last

from constructions import Construction, Impossibility, construct
from proofs.impossible import decide
from proofs.theorem import Theorem
from proofs.theorems import THEOREMS
from verifier import Verdict, certify
from verifier.certificate import content_hash, to_data
from verifier.cli.impossible import impossible_text

F = Fraction


@pytest.mark.parametrize(
    ("arguments", "shown", "line"),
    [
        (
            "linear --n 33 --exact --horizon fixed",
            "C2 comes close: error 1.00001e-20",
            "PROVED impossible architecture=linear theorem=T3 horizon=fixed n=33 domain=box bound=1 hidden=32 tolerance=0 "
            "least_error=>0 best_known=1.00001e-20 sharp=no",
        ),
        (
            "lstm --n 10 --domain reals --precision 3",
            "infinite: no finite error is possible for any weights",
            "PROVED impossible architecture=lstm theorem=T1 horizon=upto n=10 domain=reals bound=1 hidden=32 tolerance=0.001 "
            "least_error=infinite best_known=none sharp=no",
        ),
        (
            "linear --n 5 --precision 2",
            "at least M (1 - 2^-4) = 0.9375",
            "PROVED impossible architecture=linear theorem=T4 horizon=upto n=5 domain=box bound=1 hidden=32 tolerance=0.01 "
            "least_error=0.9375 best_known=0.9375 sharp=PROVED",
        ),
        (
            "linear --n 10^18 --precision 2",
            "at least M (1 - 2^-999999999999999999) >= 1 - 8.70981e-603",
            "PROVED impossible architecture=linear theorem=T4 horizon=upto n=1000000000000000000 domain=box bound=1 hidden=32 "
            "tolerance=0.01 least_error=1-8.70981e-603 best_known=none sharp=no",
        ),
        (
            "relu --n 31 --domain reals --horizon fixed --exact",
            "needs n + 2 = 33 units on ℝ",
            "PROVED impossible architecture=relu theorem=T6 horizon=fixed n=31 domain=reals bound=1 hidden=32 tolerance=0 "
            "least_error=infinite best_known=none sharp=no",
        ),
    ],
)
def test_impossible_is_a_proved_answer(arguments: str, shown: str, line: str, verify: Callable[..., Finished]) -> None:
    code, out, err = verify(*arguments.split())
    assert (code, err) == (0, "")
    assert shown in " ".join(out.split())
    assert last(out) == line
    assert "answer      impossible by T" in out
    assert max(map(len, out.splitlines()[:-1])) <= 100
    assert len(out.splitlines()) < 25


def test_quiet_and_json(verify: Callable[..., Finished]) -> None:
    code, out, _ = verify("linear", "--n", "3", "--precision", "2", "--quiet")
    assert code == 0
    assert len(out.splitlines()) == 1
    code, out, _ = verify("linear", "--n", "3", "--precision", "2", "--json")
    data = json.loads(out)
    assert code == 0
    assert data["impossible"] is True
    assert (data["verdict"], data["theorem"], data["least_error"]) == ("PROVED", "T4", "0.75")
    assert data["best"]["verdict"] == "PROVED"
    assert set(data["checks"].values()) == {"PROVED"}


def test_no_certificate_is_written_and_that_is_said(verify: Callable[..., Finished], tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    code, out, _ = verify("linear", "--n", "2", "--precision", "2", "--certificate", str(target))
    assert code == 0
    assert "no certificate is written" in out
    assert not target.exists()


def test_a_failing_check_is_named_and_not_a_success(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = construct("linear", 3, precision=2)
    assert isinstance(answer, Impossibility)
    theorem = THEOREMS["T4"]
    broken = dataclasses.replace(theorem, checks={**(theorem.checks or {}), "a broken check": lambda: Verdict.UNDECIDED})
    monkeypatch.setitem(THEOREMS, "T4", broken)
    monkeypatch.setattr("proofs.impossible.checked", lambda name: THEOREMS[name].run())  # not what ran before
    decision = decide(answer)
    assert decision.verdict is Verdict.UNDECIDED
    text = impossible_text(decision)
    assert "a broken check: UNDECIDED" in " ".join(text.split())
    assert "answer      undecided" in text
    assert last(text).startswith("UNDECIDED impossible")


def forged(tmp_path: Path, architecture: str, options: dict[str, Any], **changes: Any) -> Path:
    """A certificate of honest weights whose question was changed to something a theorem forbids, with all hashes right."""
    answer = construct(architecture, **options)
    assert isinstance(answer, Construction)
    data = to_data(certify(answer, steps=20))
    data["question"] = dataclasses.replace(answer.regime, **changes).to_data()
    data["sha256"] = content_hash(data)
    path = tmp_path / "forged.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("architecture", "options", "changes", "theorem"),
    [
        ("lstm", {"n": 9, "precision": 5}, {"domain": "reals"}, "T1"),
        ("gru-after-keep", {"n": 9, "precision": 5}, {"domain": "reals", "horizon": "forever"}, "T1"),
        ("lstm", {"n": 9, "precision": 5}, {"tolerance": F(0)}, "T2"),
        ("tanh", {"n": 9, "precision": 5}, {"tolerance": F(0), "horizon": "forever"}, "T2"),
        ("linear", {"n": 4, "precision": 5, "horizon": "fixed", "hidden": 3}, {"tolerance": F(0)}, "T3"),
        ("linear", {"n": 4, "precision": 5, "horizon": "fixed", "hidden": 3}, {"domain": "reals"}, "T3"),
        ("linear", {"n": 4, "tolerance": F(7, 8), "hidden": 3}, {"tolerance": F(1, 2)}, "T4"),
        ("linear", {"n": 4, "tolerance": F(7, 8), "hidden": 3}, {"horizon": "forever"}, "T4"),
        ("linear", {"n": 4, "tolerance": F(7, 8), "hidden": 3}, {"n": 10**18}, "T4"),
        ("relu", {"n": 4, "exact_recall": True, "hidden": 6}, {"domain": "reals"}, "T6"),
        ("relu", {"n": 4, "exact_recall": True, "hidden": 6, "horizon": "fixed"}, {"domain": "reals", "hidden": 6, "n": 5}, "T6"),
        ("stacked", {"n": 4, "exact_recall": True, "hidden": 2}, {"domain": "reals"}, "T6"),
    ],
)
def test_certificates_of_the_impossible_are_refuted_with_a_witness(
    architecture: str,
    options: dict[str, Any],
    changes: dict[str, Any],
    theorem: str,
    verify: Callable[..., Finished],
    tmp_path: Path,
) -> None:
    path = forged(tmp_path, architecture, options, **changes)
    code, out, err = verify("check", str(path))
    if "parameters" in out:  # refused before anything is recomputed, because the theorem's n is not the question's
        assert changes.get("n")
        assert code == 4
        return
    assert (code, err) == (4, "")
    (witness,) = [line for line in out.splitlines() if "forbids it" in line]
    assert witness.split()[0] == "REFUTED"
    assert f"theorem {theorem} forbids it: x = " in witness
    assert "read at n' = " in witness
    assert last(out).startswith("REFUTED")
    code, quiet, _ = verify("check", str(path), "--quiet")
    assert code == 4
    assert len(quiet.splitlines()) == 1


def test_without_a_witness_the_theorem_is_named_and_the_verdict_stays_open(verify: Callable[..., Finished], tmp_path: Path) -> None:
    path = forged(tmp_path, "tanh", {"n": 9, "precision": 5, "horizon": "upto"}, tolerance=F(0), horizon="fixed", n=10**18)
    data = json.loads(path.read_text(encoding="utf-8"))
    data["theorem"], data["parameters"] = None, {}
    data["claims"] = data["claims"][:1]
    data["verdict"] = "UNDECIDED"
    data["sha256"] = content_hash(data)
    path.write_text(json.dumps(data), encoding="utf-8")
    code, out, _ = verify("check", str(path))
    assert code == 3
    assert "UNDECIDED  theorem T2 forbids it, but no sequence was found that these weights miss" in out


def test_an_honest_certificate_is_confirmed_without_a_word_about_theorems(verify: Callable[..., Finished], tmp_path: Path) -> None:
    path = forged(tmp_path, "linear", {"n": 4, "tolerance": F(7, 8), "hidden": 3})
    code, out, _ = verify("check", str(path))
    assert code == 0
    assert "forbids" not in out
    assert last(out).startswith("PROVED architecture=linear theorem=C2-doubling")


@pytest.mark.parametrize("name", ["T1", "t2", "T3", "T3b", "t3C", "T4", "T6", "C2-doubling"])
def test_explain_prints_statement_hypotheses_proof_and_checks(name: str, verify: Callable[..., Finished]) -> None:
    code, out, err = verify("explain", name)
    assert (code, err) == (0, "")
    theorem = next(t for key, t in THEOREMS.items() if key.lower() == name.lower())
    assert theorem.title in " ".join(out.split())
    assert " ".join(theorem.statement.split())[:60] in " ".join(out.split())
    for label in ("source", "hypotheses", "proof"):
        assert f"\n{label}" in out
    assert all(f"PROVED    {check}" in out for check in theorem.checks or {})
    assert last(out).startswith(f"PROVED theorem={theorem.id} checks=")
    if theorem.uses:
        assert f"\nuses        {', '.join(theorem.uses)}" in out


def test_explain_never_calls_a_cited_theorem_proved(verify: Callable[..., Finished]) -> None:
    code, out, _ = verify("explain", "T7")
    assert code == 3
    assert "stated, resting on its source" in out
    assert last(out) == "UNDECIDED theorem=T7 checks=5 status=cited"


def test_explain_exits_with_a_refuted_check(monkeypatch: pytest.MonkeyPatch, verify: Callable[..., Finished]) -> None:
    made = Theorem("T1", "x", "x", (), "x", ("x",), checks={"wrong": lambda: Verdict.REFUTED})
    monkeypatch.setitem(THEOREMS, "T1", made)
    code, out, _ = verify("explain", "T1")
    assert code == 4
    assert last(out) == "REFUTED theorem=T1 checks=1"


def test_list_names_every_theorem(verify: Callable[..., Finished]) -> None:
    code, out, _ = verify("list")
    assert code == 0
    for name in THEOREMS:
        assert any(line.split()[:1] == [name] for line in out.splitlines()), name


def test_open_questions_stay_undecided(verify: Callable[..., Finished]) -> None:
    for arguments in (
        "linear --domain grid --bits 1 --horizon forever",
        "lstm --domain grid --bits 2 --exact",
        "stacked --domain reals --horizon fixed --n 3 --exact",
        "linear --n 10^18 --horizon fixed --precision 3",
    ):
        code, out, _ = verify(*arguments.split())
        assert code == 3, arguments
        assert last(out).startswith("UNDECIDED")

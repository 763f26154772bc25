"""The kernel's verdicts: everything here is accepted, and whatever is planted is rejected."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

import pytest
from commands import verify

from proofs import kernel
from proofs.cells_in_rocq import COUNTERPARTS, comparison
from proofs.kernel import ALLOWED_AXIOMS, SOURCES, TRUSTED, NotInstalled, assumptions, check
from proofs.lemmas import LEFT_OUT, LEMMAS, Lemma
from proofs.theorems import THEOREMS
from verifier.cells import CELLS
from verifier.verdict import Verdict

needs_rocq = pytest.mark.skipif(shutil.which("coqc") is None, reason="Rocq (coqc) is not installed")

C11 = {"C11": LEMMAS["C11"]}


@pytest.fixture
def copy(tmp_path):
    """The files that C11 needs, copied, with one text of one file replaced."""

    def plant(file, old, new):
        folder = tmp_path / "rocq"
        folder.mkdir()
        for needed in ("definitions.v", "statements.v", "basics.v", "c11.v"):
            shutil.copyfile(SOURCES / needed, folder / needed)
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new), encoding="utf-8")
        return folder

    return plant


def digests(folder):
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in TRUSTED}


@needs_rocq
def test_every_lemma_is_accepted_and_rests_on_the_reals_alone(cache):
    report = check(cache=cache)
    assert [row.problem for row in report.lemmas] == [""] * len(report.lemmas)
    assert {row.lemma for row in report.lemmas} == {lemma for found in LEMMAS.values() for lemma in found}
    assert report.verdict() is Verdict.PROVED
    assert report.cells is Verdict.PROVED
    assert set().union(*(row.axioms for row in report.lemmas)) == set(ALLOWED_AXIOMS)


PLANTED = {
    "admitted": ("c11.v", "rewrite I0, I1. lra.\nQed.", "rewrite I0, I1. lra.\nAdmitted.", "contains 'Admitted'"),
    "admit": ("c11.v", "rewrite I0, I1. lra.\nQed.", "admit.\nAdmitted.", "contains 'admit'"),
    "axiom": ("c11.v", "Theorem recalls", "Axiom cheat : False.\nTheorem recalls", "contains 'Axiom'"),
    "a gap in a file that it needs": ("basics.v", "(** A run reads", "Axiom cheat : 0 = 1.\n(** A run reads", "basics.v contains"),
    "check switched off": ("c11.v", "Lemma units", "Unset Guard Checking.\nLemma units", "contains 'Unset Guard Checking'"),
    "false proof": ("c11.v", "x * (1 - h 0%nat)", "x * (2 - h 0%nat)", "c11.v line"),
    "weakened": (
        "c11.v",
        "Theorem recalls : C11.\nProof.\n  intros d Hd [|n] Hn x _; [lia|].",
        "Theorem recalls : forall d, (3 <= d)%nat -> recalls_forever 0 reals (bilinear_output d C11_weights).\n"
        "Proof.\n  intros d Hd3 [|n] Hn x _; [lia|]. assert (Hd : (2 <= d)%nat) by lia.",
        "does not have the pinned statement C11",
    ),
    "renamed": ("c11.v", "Theorem recalls", "Theorem recalled", "c11.recalls or statements.C11 does not exist"),
    "statement weakened": (
        "statements.v",
        "forall d, (2 <= d)%nat -> recalls_forever 0 reals",
        "forall d, (5 <= d)%nat -> recalls_forever 0 reals",
        "statements.v is not the one that was read",
    ),
}


@needs_rocq
@pytest.mark.parametrize("name", PLANTED)
def test_planted_faults_are_rejected(name, copy, cache):
    file, old, new, told = PLANTED[name]
    report = check(copy(file, old, new), C11, cache)
    (row,) = report.lemmas
    assert row.verdict is Verdict.REFUTED
    assert told in row.problem
    assert report.verdict() is Verdict.REFUTED


@needs_rocq
@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("rewrite I0, I1. lra.\nQed.", "rewrite I0, I1. lra.\nAdmitted.", "Recall.c11.recalls"),
        ("Theorem recalls : C11.\nProof.", "Axiom cheat : False.\nTheorem recalls : C11.\nProof.\n  assert (F := cheat).", "cheat"),
    ],
)
def test_the_kernel_itself_names_gaps_and_axioms(old, new, name, copy, cache, monkeypatch):
    """Without the search for words, `Print Assumptions` still tells."""
    monkeypatch.setattr(kernel, "FORBIDDEN", re.compile(r"(?!)"))
    (row,) = check(copy("c11.v", old, new), C11, cache).lemmas
    assert row.verdict is Verdict.REFUTED
    assert "rests on" in row.problem
    assert name.rpartition(".")[2] in row.problem


@needs_rocq
def test_an_axiom_under_an_allowed_name_is_not_allowed(copy, cache, monkeypatch):
    monkeypatch.setattr(kernel, "FORBIDDEN", re.compile(r"(?!)"))
    module = "Module Classical_Prop. Axiom classic : False. End Classical_Prop.\n"
    planted = f"{module}Theorem recalls : C11.\nProof.\n  assert (F := Classical_Prop.classic)."
    (row,) = check(copy("c11.v", "Theorem recalls : C11.\nProof.", planted), C11, cache).lemmas
    assert row.verdict is Verdict.REFUTED
    assert "rests on" in row.problem


@needs_rocq
def test_a_false_statement_has_no_proof(copy, cache):
    folder = copy("statements.v", "forall d, (2 <= d)%nat -> recalls_forever 0 reals", "forall d, recalls_forever 0 reals")
    (row,) = check(folder, C11, cache, trusted=digests(folder)).lemmas
    assert row.verdict is Verdict.REFUTED
    assert row.problem.startswith("c11.v line")


@needs_rocq
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("let i k := sigmoid (affine d (lstm_i w)", "let i k := sigmoid (affine d (lstm_f w)"),
        ("else fun k => (1 - z k) * h k + z k * n k", "else fun k => z k * h k + (1 - z k) * n k"),
        ("relu (z : R) : R := Rmax 0 z", "relu (z : R) : R := Rmax 0 (z + z)"),
        ("affine d (bilinear_a w) h x k + x *", "affine d (bilinear_a w) h x k - x *"),
        ("fun x k => exp (- (A k * width x k))", "fun x k => exp (A k * width x k)"),
        ("lru_re w k * h k - lru_im w k * g k", "lru_re w k * h k + lru_im w k * g k"),
    ],
)
def test_a_cell_that_is_not_that_of_cells_py_is_rejected(old, new, copy, cache):
    """relu itself is a primitive on both sides: its definition is pinned by content."""
    folder = copy("definitions.v", old, new)
    for proof in ("basics.v", "c11.v"):
        (folder / proof).unlink()
    pinned = check(folder, {}, cache)
    assert pinned.cells is Verdict.REFUTED
    assert "definitions.v is not the one that was read" in pinned.cells_problem
    if "relu" not in old:
        report = check(folder, {}, cache, trusted=digests(folder))
        assert report.cells is Verdict.REFUTED
        assert "generated_cells.v line" in report.cells_problem


@needs_rocq
def test_a_missing_file_and_a_missing_statement_are_rejected(cache):
    lemmas = {"X": (Lemma("c99.recalls", "C11", ""), Lemma("c11.recalls", "C99", ""), Lemma("c11.recalls", "C11", ""))}
    missing, unstated, good = check(cache=cache, lemmas=lemmas).lemmas
    assert missing.problem == "there is no file c99.v"
    assert "statements.C99 does not exist" in unstated.problem
    assert good.verdict is Verdict.PROVED


@needs_rocq
def test_the_cache_holds_whole_files_of_what_compiled(copy, tmp_path):
    folder, own = copy("c11.v", "x * (1 - h 0%nat)", "x * (2 - h 0%nat)"), tmp_path / "cache"
    check(folder, C11, own)
    assert len(list(own.glob("*.vo"))) == 3
    assert not [file for file in own.iterdir() if file.suffix not in (".vo", ".txt")]


@needs_rocq
def test_coqchk_accepts_what_compiled_and_tells_what_was_switched_off(copy, cache, monkeypatch):
    """An unsafe fixpoint that the lemma does not use escapes `Print Assumptions`, not coqchk."""
    assert check(SOURCES, C11, cache, recheck=True).rechecked is Verdict.PROVED
    monkeypatch.setattr(kernel, "FORBIDDEN", re.compile(r"(?!)"))
    unsafe = "Unset Guard Checking.\nFixpoint loop (n : nat) : False := loop n.\nSet Guard Checking.\nLemma units"
    report = check(copy("c11.v", "Lemma units", unsafe), C11, cache, recheck=True)
    assert [row.verdict for row in report.lemmas] == [Verdict.PROVED]
    assert report.verdict() is Verdict.REFUTED
    assert "unsafe (co)fixpoints" in report.recheck_problem


@needs_rocq
def test_coqchk_rejects_what_is_not_a_compiled_file(tmp_path):
    (tmp_path / "c11.vo").write_bytes(b"not compiled")
    assert kernel.coqchk(tmp_path, ["c11"]).startswith("coqchk: ")


def test_every_theorem_has_a_lemma_or_a_reason():
    assert [name for name in THEOREMS if name not in LEMMAS and name not in LEFT_OUT] == []
    assert all(THEOREMS[name].lemmas == LEMMAS.get(name, ()) for name in THEOREMS)


def test_every_cell_has_a_counterpart_in_definitions():
    assert set(COUNTERPARTS) == set(CELLS)
    assert comparison().count("Lemma ") == sum(2 * len(CELLS[name].states) for name in COUNTERPARTS)


@pytest.mark.parametrize("printed", ["", "Axioms:", "nothing that is known", "Closed under the global context\nAxioms:\na : P"])
def test_an_answer_of_another_form_counts_as_an_axiom(printed):
    assert assumptions(printed)


def test_without_rocq_nothing_is_proved(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotInstalled, match=r"apt-get install coq libcoq-coquelicot libcoq-interval"):
        check(cache=tmp_path)
    monkeypatch.setattr("verifier.cli.proofs.THEOREMS", {"C11": THEOREMS["C11"]})
    told = verify("proofs", "--kernel", "--cache", tmp_path)
    assert told.code == 3
    assert "steps=PROVED" in told.out
    assert "not checked by the kernel: Rocq (coqc) is not installed" in told.out
    assert told.out.splitlines()[-1].startswith("UNDECIDED")


@pytest.mark.parametrize(
    "arguments", [["--cache", "somewhere"], ["--recheck"], ["--kernel", "--jobs", "0"], ["--kernel", "--cache", __file__]]
)
def test_bad_input_is_one_line(arguments):
    told = verify("proofs", *arguments)
    assert told.code == 2
    assert len(told.err.splitlines()) == 1


def test_without_kernel_the_steps_alone_are_checked():
    told = verify("proofs")
    assert told.code == 0
    lines = told.out.splitlines()
    assert lines[-1].startswith("PROVED")
    assert "kernel=not-run" in lines[-1]
    assert sum("not run" in line for line in lines) == len(THEOREMS)


def test_the_sources_ship_with_the_package():
    files = {file.name for file in Path(SOURCES).glob("*.v")}
    assert {"definitions.v", "statements.v"} <= files
    assert {lemma.module + ".v" for found in LEMMAS.values() for lemma in found} <= files

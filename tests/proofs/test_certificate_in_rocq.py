"""Certificates as Rocq files: accepted as written, rejected with one wrong constant."""

from __future__ import annotations

import shutil
from fractions import Fraction

import pytest
from commands import verify

from constructions import construct
from proofs.certificate_in_rocq import certificate_in_rocq
from proofs.kernel import TRUSTED, check_certificate
from verifier.errors import UsageError
from verifier.verdict import Verdict

needs_rocq = pytest.mark.skipif(shutil.which("coqc") is None, reason="Rocq (coqc) is not installed")

EXACT = {
    "relu": ({"horizon": "forever", "exact_recall": True, "bound": Fraction(7, 3)}, "recalls_forever 0 (box (7 / 3))"),
    "bilinear": ({"horizon": "forever", "exact_recall": True, "domain": "reals"}, "recalls_forever 0 reals"),
    "stacked": ({"horizon": "forever", "exact_recall": True}, "recalls_forever 0 (box 1)"),
    "linear": ({"horizon": "fixed", "exact_recall": True, "domain": "reals"}, "recalls_at 0 reals 10"),
}

LATCHES = {
    "C8": ("tanh", {"tolerance": Fraction(2, 3), "bound": Fraction(3, 2)}, "recalls_forever (2 / 3) (box (3 / 2))"),
    "C8-sigmoid": ("sigmoid", {"domain": "grid", "bits": 1}, "exists e : R, e < 1 /\\ recalls_forever e (grid 2 1)"),
    "C8-gru": ("gru-after-keep", {"tolerance": Fraction(2, 5)}, "recalls_forever (2 / 5) (box 1)"),
    "C8-lstm": ("lstm", {"domain": "grid", "bits": 2, "bound": 3}, "exists e : R, e < 1 /\\ recalls_forever e (grid 4 3)"),
}

FIXED = {
    "C2": ("linear", 12, {}, "(linear_output 3 weights)"),
    "C4a": ("tanh", 3, {}, "(tanh_output 3 weights)"),
    "C4a-sigmoid": ("sigmoid", 3, {}, "(sigmoid_output 3 weights)"),
    "C4b": ("tanh", 12, {}, "(tanh_output 3 weights)"),
}


@needs_rocq
@pytest.mark.parametrize("name", EXACT)
def test_exact_constructions(name, cache):
    question, says = EXACT[name]
    verdict, told, _ = check_certificate(certificate_in_rocq(construct(name, 10, **question)), cache=cache)
    assert verdict is Verdict.PROVED
    assert told.startswith(says)


@needs_rocq
@pytest.mark.parametrize("file", ["definitions.v", "statements.v"])
def test_no_file_is_accepted_where_the_pinned_words_have_changed(file, cache):
    text = certificate_in_rocq(construct("relu", 10, **EXACT["relu"][0]))
    verdict, told, _ = check_certificate(text, cache=cache, trusted={**TRUSTED, file: "0" * 64})
    assert verdict is Verdict.REFUTED
    assert told == f"{file} is not the one that was read: its digest differs from the pinned one"


@needs_rocq
@pytest.mark.parametrize("theorem", FIXED)
def test_one_horizon(theorem, cache):
    name, n, question, says = FIXED[theorem]
    construction = construct(name, n, 4, horizon="fixed", hidden=3, **question)
    assert construction.theorem == theorem
    text = certificate_in_rocq(construction)
    verdict, told, _ = check_certificate(text, cache=cache)
    assert verdict is Verdict.PROVED
    assert told.startswith("recalls_at (1 / 10000) (box")
    assert told.endswith(f"{n} {says}")
    if theorem in ("C2", "C4b"):
        wrong = text.replace("U := vec [0 |-> ", "U := vec [0 |-> 1 + ", 1)
        assert check_certificate(wrong, cache=cache)[0] is Verdict.REFUTED


@needs_rocq
@pytest.mark.parametrize("theorem", LATCHES)
def test_latches_for_ever(theorem, cache):
    name, question, says = LATCHES[theorem]
    construction = construct(name, 10, horizon="forever", hidden=4, **question)
    assert construction.theorem == theorem
    verdict, told, axioms = check_certificate(certificate_in_rocq(construction), cache=cache)
    assert verdict is Verdict.PROVED, told
    assert told.startswith(says)
    assert len(axioms) == 4


@needs_rocq
def test_the_refreshed_memory_for_ever(cache):
    construction = construct("lstm", 10, tolerance=Fraction(1, 10), horizon="forever", hidden=4)
    assert construction.theorem == "C9"
    text = certificate_in_rocq(construction)
    verdict, told, axioms = check_certificate(text, cache=cache)
    assert verdict is Verdict.PROVED, told
    assert told == "recalls_forever (1 / 10) (box 1) (lstm_output 4 weights)"
    assert len(axioms) == 4
    for old, new in (("recalls_forever (1 / 10)", "recalls_forever (1 / 20)"), ("3 & 3 |-> (-1)", "3 & 3 |-> 1")):
        assert old in text
        assert check_certificate(text.replace(old, new, 1), cache=cache)[0] is Verdict.REFUTED


@needs_rocq
@pytest.mark.parametrize(
    ("old", "new"),
    [("e < (1 / 3)", "e < (1 / 60)"), ("(grid 4 1)", "(box 1)"), ("V := vec [0 |-> ", "V := vec [0 |-> 1 + ")],
)
def test_one_wrong_constant_of_a_latch_is_rejected(old, new, cache):
    text = certificate_in_rocq(construct("tanh", 10, horizon="forever", domain="grid", bits=2))
    assert old in text
    assert check_certificate(text.replace(old, new, 1), cache=cache)[0] is Verdict.REFUTED


@needs_rocq
@pytest.mark.parametrize("n", [1, 5])
def test_a_delay_line_over_a_carrier(n, cache):
    text = certificate_in_rocq(construct("relu", n, horizon="fixed", exact_recall=True, domain="reals", hidden=7))
    verdict, told, _ = check_certificate(text, cache=cache)
    assert verdict is Verdict.PROVED, told
    assert told == f"recalls_at 0 reals {n} (relu_output 7 weights)"
    assert n == 1 or check_certificate(text.replace("0 |-> 1;", "0 |-> 2;", 1), cache=cache)[0] is Verdict.REFUTED


@needs_rocq
@pytest.mark.parametrize(
    ("name", "n", "precision"),
    [("lstm", 1, 1), ("lstm", 10**18, 20), ("gru-after-keep", 10**18, 20), ("tanh", 1000, 20), ("sigmoid", 10**18, 20)],
)
def test_bounded_constructions(name, n, precision, cache):
    text = certificate_in_rocq(construct(name, n, precision, bound=Fraction(3, 2), hidden=4))
    verdict, told, axioms = check_certificate(text, cache=cache)
    assert verdict is Verdict.PROVED
    assert told.startswith("recalls_upto")
    assert f"(Z.to_nat {n})" in told
    assert len(axioms) == 4


@needs_rocq
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("3 & 2 |-> (-1)", "3 & 2 |-> 1"),
        ("(Z.to_nat 1000)", "(Z.to_nat 4000)"),
    ],
)
def test_one_wrong_constant_of_the_line_is_rejected(old, new, cache):
    text = certificate_in_rocq(construct("tanh", 1000, 3))
    assert old in text
    verdict, told, _ = check_certificate(text.replace(old, new, 1), cache=cache)
    assert verdict is Verdict.REFUTED
    assert told


@needs_rocq
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(box 1)", "(box 2)"),
        ("V := vec [1 |-> 1", "V := vec [1 |-> 2"),
        ("recalls_upto (1 / 1000)", "recalls_upto (1 / 2000)"),
        ("Theorem certified", "Axiom cheat : False. Theorem certified"),
    ],
)
def test_one_wrong_constant_is_rejected(old, new, cache):
    text = certificate_in_rocq(construct("lstm", 1000, 3))
    assert old in text
    verdict, told, _ = check_certificate(text.replace(old, new, 1), cache=cache)
    assert verdict is Verdict.REFUTED
    assert told


@pytest.mark.parametrize(
    ("name", "n", "question", "told"),
    [
        ("lstm", 10, {"precision": 3, "cells": 2}, "no Rocq file for theorem C6b"),
        ("linear", 2, {"precision": 3, "horizon": "fixed", "hidden": 1}, "change the tolerance"),
        ("linear", 401, {"precision": 3, "horizon": "fixed"}, "n up to 400"),
        ("lstm", 10, {"domain": "grid", "bits": 3}, "--domain box"),
    ],
)
def test_what_has_no_file_says_so(name, n, question, told):
    with pytest.raises(UsageError, match=told):
        certificate_in_rocq(construct(name, n, **question))


def test_the_command_writes_the_file_and_says_how_to_check_it(tmp_path):
    file = tmp_path / "out.v"
    written = verify("lstm", "--n", 6, "--precision", 4, "--rocq", file)
    assert written.code == 0
    assert f"verify proofs --certificate {file}" in written.out
    assert "Theorem certified : recalls_upto (1 / 10000) (box 1) (Z.to_nat 6) (lstm_output 32 weights)." in file.read_text()
    assert verify("lstm", "--cells", 2, "--n", 6, "--precision", 4, "--rocq", tmp_path / "none.v").code == 2
    assert not (tmp_path / "none.v").exists()

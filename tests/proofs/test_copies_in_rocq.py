"""Copies as Rocq files (C10): accepted as written, rejected with one wrong constant; what has none says so."""

from __future__ import annotations

import shutil
from dataclasses import replace
from fractions import Fraction

import pytest
from commands import verify

from constructions.delay import DELAY_LINES, CopyConstruction, construct_copy
from proofs.copies_in_rocq import Line, copy_in_rocq
from proofs.kernel import check_certificate
from verifier.arithmetic.balls import to_ball
from verifier.copy_task import copy_task
from verifier.copying import certify_copy
from verifier.errors import UsageError
from verifier.verdict import Verdict, check_at_most

needs_rocq = pytest.mark.skipif(shutil.which("coqc") is None, reason="Rocq (coqc) is not installed")


def proposed(name: str, n: int, **question: object) -> CopyConstruction:
    """The delay line for a request with two digits, or as `question` says."""
    asked = {"precision": 2, "tolerance": None, "bound": Fraction(3, 2), "hidden": 4, "symbols": None} | question
    precision = asked.pop("precision")
    answer = construct_copy(copy_task(name, n, precision, **asked))
    assert isinstance(answer, CopyConstruction)
    return answer


@needs_rocq
@pytest.mark.parametrize(
    ("name", "n", "output", "old", "new"),
    [
        ("linear", 3, "linear_output", "1 & 2 |-> 1", "1 & 2 |-> 2"),
        ("relu", 1, "relu_output", "", ""),
        ("lstm", 1, "lstm_output", "", ""),
        ("lstm", 4, "lstm_output", "0 & 1 |-> (-216395341373865284877", "0 & 1 |-> (-216395341373865284876"),
        ("tanh", 2, "tanh_output", "", ""),
        ("gru-after-keep", 2, "gru_output true true", "1 |-> (-7)", "1 |-> 7"),
    ],
)
def test_copies_are_accepted_as_written_and_rejected_with_one_wrong_number(name, n, output, old, new, cache):
    text = copy_in_rocq(proposed(name, n))
    verdict, told, axioms = check_certificate(text, cache=cache)
    assert verdict is Verdict.PROVED, told
    assert told == f"copies (3 / 200) (3 / 2) {n} ({output} 4 weights)"
    assert len(axioms) <= 4
    if old:
        assert old in text
        assert check_certificate(text.replace(old, new, 1), cache=cache)[0] is Verdict.REFUTED


@pytest.mark.parametrize("name", DELAY_LINES)
def test_every_delay_line_has_a_file(name):
    assert "Theorem certified : copies (3 / 200) (3 / 2) 2" in copy_in_rocq(proposed(name, 2))


def test_the_command_for_a_cell_without_a_delay_line_says_so():
    answer = proposed("tanh", 2)
    with pytest.raises(UsageError, match="no Rocq file for a copy with sigmoid"):
        copy_in_rocq(replace(answer, task=replace(answer.task, architecture="sigmoid")))


@needs_rocq
@pytest.mark.parametrize(("old", "new"), [("start := (vec [0 |-> (", "start := (vec [0 |-> (-"), ("(3 / 200)", "(3 / 20000)")])
def test_a_wrong_start_or_tolerance_of_an_lstms_copy_is_rejected(old, new, cache):
    text = copy_in_rocq(proposed("lstm", 2))
    assert old in text
    assert check_certificate(text.replace(old, new, 1), cache=cache)[0] is Verdict.REFUTED


@pytest.mark.parametrize(("n", "times"), [(1, 18), (2, 4), (5, 4), (8, 4)])
def test_what_an_lstms_line_misses_is_bounded_and_not_far_from_what_is_seen(n, times):
    answer = proposed("lstm", n)
    line, units = Line.of(answer), (n + 1) // 2
    held, room = answer.scale * answer.task.bound, answer.task.tolerance * answer.scale
    slot = line.largest_slot(units, held, room)
    missed = units * line.lost(slot)
    assert held + missed <= slot
    assert missed <= room
    seen = certify_copy(answer.weights, answer.task).attained.error
    assert check_at_most(seen, to_ball(missed / answer.scale)) is Verdict.PROVED
    assert check_at_most(to_ball(missed / answer.scale), times * seen) is Verdict.PROVED


def test_a_line_that_misses_more_than_allowed_has_no_file():
    line = Line.of(proposed("lstm", 2))
    with pytest.raises(UsageError, match="change the tolerance"):
        line.largest_slot(1, Fraction(1, 1000), Fraction(1, 10**6))
    with pytest.raises(UsageError, match="change the tolerance"):
        line.largest_slot(1, Fraction(10), Fraction(10**30))


def test_symbols_are_sent_to_a_tolerance():
    with pytest.raises(UsageError, match="use --tolerance below half the spacing"):
        copy_in_rocq(proposed("tanh", 2, precision=None, symbols=4))


def test_the_command_writes_the_file_or_nothing(tmp_path):
    file = tmp_path / "out.v"
    written = verify("copy", "tanh", "--n", 2, "--precision", 2, "--hidden", 2, "--rocq", file)
    assert written.code == 0
    assert f"verify proofs --certificate {file}" in written.out
    assert "Theorem certified : copies (1 / 100) 1 2 (tanh_output 2 weights)." in file.read_text()
    file.unlink()
    for arguments, told in (
        (("tanh", "--n", "3", "--precision", "2", "--hidden", "2"), "--rocq needs weights"),
        (("lstm", "--horizon", "forever", "--n", "1"), "--rocq is not there for --horizon forever"),
    ):
        refused = verify("copy", *arguments, "--rocq", file)
        assert refused.code == 2
        assert told in refused.err
        assert refused.err.count("\n") == 1
        assert not list(tmp_path.iterdir())

"""Copies as Rocq files (C10): accepted as written, rejected with one wrong constant; what has none says so."""

from __future__ import annotations

import shutil
from fractions import Fraction

import pytest
from commands import verify

from constructions.delay import DELAY_LINES, CopyConstruction, construct_copy
from proofs.copies_in_rocq import COPIES, copy_in_rocq
from proofs.kernel import check_certificate
from verifier.copy_task import copy_task
from verifier.errors import UsageError
from verifier.verdict import Verdict

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


def test_every_delay_line_has_a_file_or_one_line_that_says_why_not():
    for name in DELAY_LINES:
        answer = proposed(name, 2)
        if name in COPIES:
            assert "Theorem certified : copies (3 / 200) (3 / 2) 2" in copy_in_rocq(answer)
        else:
            with pytest.raises(UsageError, match=r"no Rocq file for a copy with lstm .*there are ones for linear, relu, tanh, gru"):
                copy_in_rocq(answer)
    assert set(DELAY_LINES) - set(COPIES) == {"lstm"}


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
        (("lstm", "--n", "2", "--precision", "2", "--hidden", "2"), "no Rocq file for a copy with lstm"),
        (("tanh", "--n", "3", "--precision", "2", "--hidden", "2"), "--rocq needs weights"),
        (("lstm", "--horizon", "forever", "--n", "1"), "--rocq is not there for --horizon forever"),
    ):
        refused = verify("copy", *arguments, "--rocq", file)
        assert refused.code == 2
        assert told in refused.err
        assert refused.err.count("\n") == 1
        assert not list(tmp_path.iterdir())

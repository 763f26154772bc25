"""Diagonal layers as Rocq files: accepted as written, rejected with one wrong constant, also where it is wrong everywhere."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import pytest
from commands import verify

from constructions import Construction, construct, derivations
from proofs.certificate_in_rocq import INSTANCES, certificate_in_rocq
from proofs.kernel import check_certificate
from verifier.errors import UsageError
from verifier.verdict import Verdict
from verifier.weights import Weights

needs_rocq = pytest.mark.skipif(shutil.which("coqc") is None, reason="Rocq (coqc) is not installed")


@dataclass(frozen=True)
class Case:
    """A request, what its file says, and replacements that make a consistent file of one wrong number."""

    theorem: str
    name: str
    n: int
    question: dict[str, Any]
    says: str
    wrong: dict[str, str]
    horizon: str = "upto"
    hidden: int = 4

    def construct(self) -> Construction:
        """The weights."""
        found = construct(self.name, self.n, horizon=self.horizon, hidden=self.hidden, **self.question)
        assert isinstance(found, Construction)
        assert found.theorem == self.theorem
        return found


CASES = [
    Case(
        "C14", "diagonal", 3, {"exact_recall": True, "domain": "reals"},
        "recalls_at 0 reals 3 (diagonal_output 4 (fst weights) (snd weights))",
        {"1 / 2": "1 / 3", "1 // 2": "1 // 3"}, "fixed",
    ),
    Case(
        "C2", "diagonal", 12, {"precision": 4},
        "recalls_at (1 / 10000) (box 1) 12 (diagonal_output 4 (fst weights) (snd weights))",
        {}, "fixed",
    ),
    Case(
        "C15", "diagonal", 4, {"tolerance": Fraction(7, 8)},
        "recalls_upto (7 / 8) (box 1) 4 (diagonal_output 4 (fst weights) (snd weights))",
        {"recalls_upto (7 / 8)": "recalls_upto (6 / 8)"},
    ),
    Case(
        "C2-doubling", "linear", 4, {"tolerance": Fraction(15, 8), "bound": 2},
        "recalls_upto (15 / 8) (box 2) 4 (linear_output 4 weights)",
        {},
    ),
    Case(
        "C16", "diagonal", 3, {"tolerance": Fraction(3, 4), "bound": Fraction(3, 2)},
        "recalls_upto (3 / 4) (box (3 / 2)) 3 (diagonal_output 5 (fst weights) (snd weights))",
        {"(-1 / 4)": "(-1 / 5)", "-1 // 4": "-1 // 5"}, hidden=5,
    ),
    Case(
        "C14-lru", "lru", 3, {"exact_recall": True, "domain": "reals"}, "recalls_at 0 reals 3 (lru_output 2 weights)",
        {"127 / 192": "127 / 96", "127 // 192": "127 // 96"}, "fixed", hidden=2,
    ),
    Case("C15-lru", "s5", 2, {"tolerance": Fraction(1, 2)}, "recalls_upto (1 / 2) (box 1) 2 (lru_output 4 weights)", {}),
    Case(
        "C14-min", "mingru", 2, {"precision": 4},
        "recalls_at (1 / 10000) (box 1) 2 (diagonal_output 4 (fst weights) (snd weights))",
        {"800309 / 100000": "800309 / 200000", "800309 // 100000": "800309 // 200000"}, "fixed",
    ),
    Case(
        "C15-min", "minlstm", 2, {"tolerance": Fraction(3, 5)},
        "recalls_upto (3 / 5) (box 1) 2 (diagonal_output 4 (fst weights) (snd weights))", {},
    ),
    Case(
        "C14-selective", "selective", 2, {"precision": 4},
        "recalls_at (1 / 10000) (box 1) 2 (selective_output 4 (fst weights) (snd weights))",
        {"(3 / 8)": "(5 / 8)", "3 // 8": "5 // 8"}, "fixed",
    ),
    Case(
        "C15-selective", "selective", 2, {"tolerance": Fraction(6, 5), "bound": 2},
        "recalls_upto (6 / 5) (box 2) 2 (selective_output 4 (fst weights) (snd weights))", {},
    ),
]  # fmt: skip


@needs_rocq
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.theorem + "-" + case.name)
def test_files_are_accepted_as_written_and_rejected_with_one_wrong_number(case, cache):
    text = certificate_in_rocq(case.construct())
    verdict, told, axioms = check_certificate(text, cache=cache)
    assert verdict is Verdict.PROVED, told
    assert told == case.says
    assert len(axioms) <= 4
    for old, new in case.wrong.items():
        assert old in text
        text = text.replace(old, new)
    assert not case.wrong or check_certificate(text, cache=cache)[0] is Verdict.REFUTED


REQUESTS = [
    *((name, n, {"precision": 4, "horizon": "fixed", "hidden": 3}) for name in ("linear", "tanh") for n in (3, 12)),
    ("sigmoid", 3, {"precision": 4, "horizon": "fixed", "hidden": 4}),
    *((name, 3, {"tolerance": Fraction(2, 3), "horizon": "forever"}) for name in ("tanh", "sigmoid", "gru", "lstm")),
    *((name, 3, {"precision": 3, "horizon": "forever"}) for name in ("tanh", "gru", "lstm", "relu", "bilinear", "stacked")),
    *((name, 3, {"precision": 3}) for name in ("tanh", "sigmoid", "gru", "lstm")),
    ("lstm", 3, {"precision": 3, "horizon": "forever", "hidden": 3}),
    ("lstm", 3, {"precision": 3, "cells": 2}),
    ("relu", 3, {"exact_recall": True, "domain": "reals", "horizon": "fixed"}),
    ("linear", 3, {"tolerance": Fraction(9, 10), "hidden": 3}),
    *((n, 3, {"precision": 4, "horizon": "fixed"}) for n in ("diagonal", "lru", "s4d", "s5", "mingru", "minlstm", "selective")),
    *((n, 3, {"tolerance": Fraction(4, 5)}) for n in ("diagonal", "lru", "s4d", "s5", "mingru", "minlstm", "selective")),
    ("diagonal", 12, {"precision": 4, "horizon": "fixed", "hidden": 4}),
    ("diagonal", 3, {"tolerance": Fraction(9, 10), "hidden": 3}),
]
"""At least one request for every theorem that a construction rests on."""


def test_every_construction_has_a_file_or_one_line_that_says_why_not():
    told: dict[str, set[str]] = {}
    for name, n, question in REQUESTS:
        construction = construct(name, n, **question)
        assert isinstance(construction, Construction)
        try:
            answer = "file" if "Theorem certified" in certificate_in_rocq(construction) else "nothing"
        except UsageError as error:
            answer = str(error)
        told.setdefault(construction.theorem, set()).add(answer)
    theorems = set(derivations()) | {"C9", "C9-tanh"}
    assert told.keys() >= theorems
    for theorem, answers in told.items():
        assert ("file" in answers) == (theorem in INSTANCES), theorem
        for answer in answers - {"file"}:
            assert answer.startswith("no Rocq file for"), answer
            assert "\n" not in answer
            assert theorem in answer
            assert "there are ones for C1, " in answer or "use lstm with --hidden 4" in answer


@pytest.mark.parametrize(("name", "n", "least"), [("mingru", 1, 2), ("mingru", 13, 2), ("selective", 13, 1)])
def test_gates_with_irrational_poles_are_decided_for_few_inputs(name, n, least):
    told = rf"no Rocq file for theorem C14-\w+ with n = {n}; there are ones for n from {least} to 12"
    with pytest.raises(UsageError, match=told):
        certificate_in_rocq(construct(name, n, 4, horizon="fixed"))


def test_a_readout_with_a_skip_has_no_file():
    construction = construct("selective", 2, 4, horizon="fixed", hidden=2)
    assert isinstance(construction, Construction)
    blocks = {name: dict(array) for name, array in construction.weights.blocks().items()} | {"D": {(0,): Fraction(1)}}
    with pytest.raises(UsageError, match="no Rocq file for a readout with a skip D x"):
        certificate_in_rocq(
            replace(construction, weights=Weights("selective", 2, blocks), reasons={**construction.reasons, ("D", (0,)): "skip"})
        )


def test_a_construction_without_a_file_ends_with_exit_code_2_and_writes_nothing(tmp_path):
    file = tmp_path / "out.v"
    told = verify("lstm", "--horizon", "forever", "--precision", 3, "--hidden", 3, "--rocq", file)
    assert told.code == 2
    assert told.err.count("\n") == 1
    assert "its kernel theorem is about the LSTM's four units" in told.err
    assert not file.exists()
    assert not list(tmp_path.iterdir())

"""What a notebook shows of constructions, certificates and theorems."""

import dataclasses
import re
from fractions import Fraction

import pytest

from constructions import Unanswered, construct
from constructions.delay import construct_copy
from proofs.ask import ask
from proofs.theorems import THEOREMS
from verifier.certify import certify
from verifier.copy_task import copy_task
from verifier.copying import certify_copy
from verifier.display import LARGEST_SHOWN
from verifier.regime import Regime
from verifier.summary import LONGEST_NUMBER
from verifier.verdict import Verdict


def test_a_construction_shows_its_matrices():
    shown = construct("lstm", n=10, precision=5)._repr_latex_()
    assert shown.startswith("$$")
    assert shown.endswith("$$")
    assert r"W_{i} &= \left[\begin{matrix}0 & 0\\-" in shown
    assert "W_{f}" not in shown
    assert "units flag, memory;" in shown
    assert r"lstm: recall x\_1 within 0.00001 at every n <= 10, all x\_t in [-1, 1] (C6)" in shown


def test_many_units_are_counted():
    made = construct("linear", n=20, exact_recall=True, horizon="fixed", domain="reals")
    shown = made._repr_latex_()
    assert LARGEST_SHOWN < 20
    assert "(20 of 32 units)" in shown
    assert shown.count(r"\ddots") == 1
    assert shown.count(r"\vdots") > 1
    names = [made.weights.unit_name(unit) for unit in (0, 1, 2, 19)]
    assert f"units {names[0]}, {names[1]}, {names[2]}, ..., {names[3]}" in shown


def test_long_numbers_are_powers_or_cut():
    shown = construct("lstm", n=1000, precision=200)._repr_latex_()
    assert "10^{-100}" in shown
    assert "10^{100}" in shown
    refreshed = construct("lstm", n=1000, precision=12, horizon="forever")._repr_latex_()
    assert "2^{-23}" in refreshed
    assert r"-1.50001\ldots" in refreshed
    for text in (shown, refreshed):
        assert max(len(digits) for digits in re.findall(r"\d+", text)) <= LONGEST_NUMBER


@pytest.mark.parametrize(
    ("architecture", "arguments", "pieces"),
    [
        ("tanh", {"n": 9, "tolerance": Fraction(1, 8), "horizon": "forever"}, (r"\ddots", "(9 of 32 units)")),
        ("lstm", {"n": 9, "precision": 6, "horizon": "forever"}, ("units capture, hold, accumulate, clock;", "(C9)")),
        ("bilinear", {"n": 9, "exact_recall": True, "horizon": "forever", "domain": "reals"}, ("W_{x}", "(C11)")),
        ("stacked", {"n": 9, "exact_recall": True, "horizon": "forever"}, (r"\text{unit memory;", "(C13)")),
        ("lru", {"n": 4, "exact_recall": True, "horizon": "fixed", "hidden": 4}, (r"\mathrm{re} &=", "(C14-lru)")),
    ],
)
def test_constructions_of_every_kind_show_themselves(architecture, arguments, pieces):
    shown = construct(architecture, **arguments)._repr_latex_()
    for piece in pieces:
        assert piece in shown
    assert shown.count("{") == shown.count("}")


def test_a_delay_line_shows_its_matrices():
    shown = construct_copy(copy_task("tanh", 2, 4, hidden=2))._repr_latex_()
    assert r"tanh: copy 2 numbers within 0.0001, all x\_t in [-1, 1] (C10)" in shown
    assert r"W_{h} &= \left[\begin{matrix}0 & 1\\0 & 0" in shown


def test_without_weights_the_question_and_the_reason_are_shown():
    forbidden = construct("linear", n=33, exact_recall=True, horizon="fixed")._repr_html_()
    for piece in ("linear, 32 hidden units", "impossible, says theorem T3", "closest construction: exploding scalar (C2)"):
        assert piece in forbidden
    unknown = Unanswered(Regime("relu", 5, Fraction(1), Fraction(1, 10), "forever"), "a < b")._repr_html_()
    assert "not known to this version: a &lt; b" in unknown
    assert "closest" not in unknown


def test_decisions_without_weights_show_their_verdict():
    no = ask(construct("linear", n=33, exact_recall=True, horizon="fixed"))._repr_html_()
    assert "PROVED: impossible by T3 (linear RNN: exact" in no
    unknown = ask(Unanswered(Regime("relu", 5, Fraction(1), Fraction(1, 10), "forever"), "a < b"))._repr_html_()
    assert "UNDECIDED: a &lt; b" in unknown


def test_a_copy_shows_verdict_and_both_ends():
    made = construct_copy(copy_task("tanh", 2, 4, hidden=2))
    certificate = certify_copy(made.weights, made.task)
    shown = certificate._repr_html_()
    for piece in ("<strong>PROVED</strong>", "attained", "at most", "copy 2 numbers within 0.0001", certificate.weights.sha256):
        assert piece in shown


def test_one_row_and_scalars_keep_their_shape():
    shown = construct("relu", n=10, precision=5)._repr_latex_()
    assert r"v_0 &= \left[\begin{matrix}-1\end{matrix}\right]" in shown


def test_a_certificate_shows_verdict_and_numbers():
    certificate = certify(construct("lstm", n=10, precision=5))
    shown = certificate._repr_html_()
    for piece in ("<strong>PROVED</strong>", "supremum", "symbolic", certificate.weights.sha256, "every n &lt;= 10"):
        assert piece in shown
    undecided = dataclasses.replace(certificate, verdict=Verdict.UNDECIDED, reason="a < b")._repr_html_()
    assert "<strong>UNDECIDED</strong>" in undecided
    assert "a &lt; b" in undecided


def test_a_refreshed_memory_names_its_theorem():
    assert "(theorem C9)" in certify(construct("lstm", n=20, precision=6, horizon="forever"))._repr_html_()


def test_a_theorem_shows_its_proof_and_its_checks():
    shown = THEOREMS["C11"]._repr_html_()
    for piece in ("<math", "Theorem C11", "proved", THEOREMS["C11"].sha256()):
        assert piece in shown
    failing = dataclasses.replace(THEOREMS["C11"], checks={"a false claim": lambda: Verdict.REFUTED})
    assert "<strong>REFUTED</strong>" in failing._repr_html_()

"""What a notebook shows of constructions, certificates and theorems."""

import dataclasses

from constructions import construct
from proofs.theorems import THEOREMS
from verifier.certify import certify
from verifier.display import LARGEST_SHOWN
from verifier.verdict import Verdict


def test_a_construction_shows_its_matrices():
    shown = construct("lstm", n=10, precision=5)._repr_latex_()
    assert shown.startswith("$$")
    assert shown.endswith("$$")
    assert r"W_{i} &= \left[\begin{matrix}0 & 0\\-" in shown
    assert "W_{f}" not in shown
    assert "units flag, memory" in shown


def test_many_units_are_counted():
    shown = construct("linear", n=20, exact_recall=True, horizon="fixed", domain="reals")._repr_latex_()
    assert LARGEST_SHOWN < 20
    assert "20 of 32 units" in shown
    assert "matrix" not in shown


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


def test_a_theorem_shows_its_proof_and_its_checks():
    shown = THEOREMS["C11"]._repr_html_()
    for piece in ("<math", "Theorem C11", "proved", THEOREMS["C11"].sha256()):
        assert piece in shown
    failing = dataclasses.replace(THEOREMS["C11"], checks={"a false claim": lambda: Verdict.REFUTED})
    assert "<strong>REFUTED</strong>" in failing._repr_html_()

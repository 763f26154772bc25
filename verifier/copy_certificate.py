"""Certificates of copies as plain data: the copy question, the exact weights, what was claimed, and a hash over all of it.

`to_data` writes; `certificate.check_data` recomputes from the weights alone. Two claims about max_j |E_j|: its supremum
over the box is at least what a sequence attains at one output (checked by running that sequence), and at most the bound.
"""

from __future__ import annotations

from typing import Any

from verifier.arithmetic.balls import STATED_DIGITS, Balls, show_lower, show_upper
from verifier.copy_task import CopyTask
from verifier.copying import CopyCertificate, certify_copy, copy_errors
from verifier.program import record
from verifier.review import Claim, Finding, Kind, compare_upper, compare_witness, sealed, unknown_quantity
from verifier.sequences import expand, length, runs_from_data, runs_to_data
from verifier.verdict import Verdict
from verifier.weights import Weights

FORMAT = "copy certificate"

FIELDS = (
    "format", "version", "semantics", "question", "weights", "weights_sha256", "run", "claims", "verdict", "reason", "sha256",
)  # fmt: skip

SUPREMUM = "supremum of the error"
"""max_j sup |y_{n+j-1} - x_j| over all inputs of the question."""


def to_data(certificate: CopyCertificate) -> dict[str, Any]:
    """The certificate as JSON-ready data, hash included."""
    attained, bound = certificate.attained, certificate.bound
    with Balls(certificate.working_bits).working():
        lower, upper = show_lower(attained.error, STATED_DIGITS), show_upper(bound.upper, STATED_DIGITS)
    reached = {
        "quantity": SUPREMUM,
        "relation": ">=",
        "value": lower,
        "output": attained.output,
        "family": attained.family,
        "witness": runs_to_data(attained.inputs),
    }
    rest = {
        "run": {"seed": certificate.seed, "working_bits": certificate.working_bits},
        "claims": [reached, {"quantity": SUPREMUM, "relation": "<=", "value": upper, "method": bound.method}],
        "verdict": certificate.verdict.value,
        "reason": certificate.reason,
    }
    return sealed(FORMAT, certificate.task.to_data(), certificate.weights, rest)


def _recompute(data: dict[str, Any], weights: Weights, task: CopyTask) -> CopyCertificate:
    return certify_copy(weights, task, seed=data["run"]["seed"])


def _check_claim(claim: Claim, certificate: CopyCertificate) -> Finding:
    if claim.quantity != SUPREMUM:
        raise unknown_quantity(claim.quantity)
    if claim.relation == "<=":
        return compare_upper(claim, certificate.bound.upper)
    return _check_witness(claim, certificate)


def _check_witness(claim: Claim, certificate: CopyCertificate) -> Finding:
    """An attained error: n inputs of the question, run through the cell, and the error of the named output."""
    task, weights = certificate.task, certificate.weights
    runs, output = runs_from_data(claim.fields.get("witness")), claim.place("output")
    if length(runs) != task.n:
        return Finding(claim.text, Verdict.REFUTED, f"its witness has {length(runs)} inputs, the question {task.n}")
    if not 1 <= output <= task.n:
        return Finding(claim.text, Verdict.REFUTED, f"it is about output {output}, the question has outputs 1 to {task.n}")
    if not all(task.contains(value) for value, _ in runs):
        return Finding(claim.text, Verdict.REFUTED, "its witness leaves the inputs of the question")
    return compare_witness(claim, copy_errors(record(weights), list(expand(runs)))[output - 1])


KIND = Kind(
    format=FORMAT,
    fields=FIELDS,
    objects=("question", "run"),
    run=("seed", "working_bits"),
    read_question=CopyTask.from_data,
    recompute=_recompute,
    check_claim=_check_claim,
)
"""Certificates of copies, for `review`."""

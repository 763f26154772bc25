"""Certificates of copies for ever as plain data: the copy question, one network, the readouts of x_2 ... x_n, what was claimed.

`to_data` writes; `certificate.check_data` recomputes from the weights alone. Two claims for each number j: sup |y^(j)_t - x_j| over
all t >= j and all inputs of the question is at least what an input sequence attains at its end (checked by running it), and at
most the bound.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from verifier.arithmetic.balls import STATED_DIGITS, Balls, show_lower, show_upper
from verifier.copy_task import CopyTask
from verifier.errors import UsageError
from verifier.holding import Held, HoldCertificate, certify_hold, held_error
from verifier.program import record
from verifier.review import Claim, Finding, Kind, compare_upper, compare_witness, sealed, unknown_quantity
from verifier.sequences import length, runs_from_data, runs_to_data
from verifier.verdict import Verdict
from verifier.weights import Weights

FORMAT = "copy for ever certificate"

FIELDS = (
    "format", "version", "semantics", "question", "weights", "weights_sha256", "further_readouts", "run", "claims", "verdict",
    "reason", "sha256",
)  # fmt: skip

SUPREMUM = "supremum of the error for ever"
"""sup |y^(j)_t - x_j| over all t >= j and all inputs of the question."""

READOUT = ("V", "v0")
"""Blocks in which the readouts of one network differ."""


def to_data(certificate: HoldCertificate) -> dict[str, Any]:
    """The certificate as JSON-ready data, hash included."""
    with Balls(certificate.working_bits).working():
        claims = [claim for position, held in enumerate(certificate.held, 1) for claim in _claims(position, held)]
    rest = {
        "further_readouts": [_readout(weights) for weights in certificate.readouts[1:]],
        "run": {"working_bits": certificate.working_bits},
        "claims": claims,
        "verdict": certificate.verdict.value,
        "reason": certificate.reason,
    }
    return sealed(FORMAT, certificate.task.to_data(), certificate.readouts[0], rest)


def _claims(position: int, held: Held) -> list[dict[str, Any]]:
    """What is claimed of one number; no bound where none is proved."""
    claims = [
        {
            "quantity": SUPREMUM,
            "position": position,
            "relation": ">=",
            "value": show_lower(held.attained, STATED_DIGITS),
            "witness": runs_to_data(held.inputs),
        }
    ]
    if held.upper.is_finite():
        value = show_upper(held.upper, STATED_DIGITS)
        claims.append({"quantity": SUPREMUM, "position": position, "relation": "<=", "value": value})
    return claims


def _readout(weights: Weights) -> dict[str, Any]:
    blocks: dict[str, Any] = weights.to_data()["blocks"]
    return {name: blocks[name] for name in READOUT if name in blocks}


def _recompute(data: dict[str, Any], weights: Weights, task: CopyTask) -> HoldCertificate:
    return certify_hold(_readouts(weights, data["further_readouts"], task.n), task)


def _readouts(weights: Weights, further: Any, numbers: int) -> list[Weights]:
    """The network with each readout; raises `UsageError` on what is not n - 1 further readouts."""
    if not isinstance(further, list) or len(further) != numbers - 1:
        raise UsageError(f"further_readouts must be a list of {numbers - 1}, one for each number after x_1")
    if not all(isinstance(readout, dict) and set(readout) <= set(READOUT) for readout in further):
        raise UsageError(f"each of further_readouts must be an object with the blocks {', '.join(READOUT)} only")
    data = weights.to_data()
    network = {name: rows for name, rows in data["blocks"].items() if name not in READOUT}
    return [weights, *(Weights.from_data(data | {"blocks": network | readout}) for readout in further)]


def _check_claim(claim: Claim, certificate: HoldCertificate) -> Finding:
    if claim.quantity != SUPREMUM:
        raise unknown_quantity(claim.quantity)
    position = claim.place("position")
    text = f"x_{str(position)[:20]}: {claim.text}"
    if not 1 <= position <= certificate.task.n:
        return Finding(text, Verdict.REFUTED, f"the question has the numbers 1 to {certificate.task.n}")
    found = (_check_upper if claim.relation == "<=" else _check_witness)(claim, certificate, position)
    return replace(found, text=text)


def _check_upper(claim: Claim, certificate: HoldCertificate, position: int) -> Finding:
    """A bound; one that was not found is open, not false."""
    upper = certificate.held[position - 1].upper
    if not upper.is_finite():
        return Finding(claim.text, Verdict.UNDECIDED, "no bound was proved for it")
    return compare_upper(claim, upper)


def _check_witness(claim: Claim, certificate: HoldCertificate, position: int) -> Finding:
    """An attained error: inputs of the question, x_number among them, run through the cell."""
    task, held, runs = certificate.task, certificate.held[position - 1], runs_from_data(claim.fields.get("witness"))
    count = length(runs)
    if count < position:
        return Finding(claim.text, Verdict.REFUTED, f"its witness has {count} inputs and ends before x_{position}")
    if not all(task.contains(value) for value, _ in runs):
        return Finding(claim.text, Verdict.REFUTED, "its witness leaves the inputs of the question")
    if runs == held.inputs:
        return compare_witness(claim, held.attained)
    if count > held.longest:
        detail = f"its witness is not the recomputed one and has {count} inputs; up to {held.longest} are run"
        return Finding(claim.text, Verdict.UNDECIDED, detail)
    return compare_witness(claim, held_error(record(certificate.readouts[position - 1]), runs, position))


KIND = Kind(
    format=FORMAT,
    fields=FIELDS,
    objects=("question", "run"),
    run=("working_bits",),
    read_question=CopyTask.from_data,
    recompute=_recompute,
    check_claim=_check_claim,
)
"""Certificates of copies for ever, for `review`."""

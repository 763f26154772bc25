"""Checking a certificate: the walk that every kind of certificate shares.

    shape -> content hash -> weights, question -> weights hash -> recompute -> each claim -> verdict

A `Kind` says how its question is read, how it is decided from the weights, and what its claims mean. What is not of the
kind's shape is a usage error; what is false is REFUTED; what cannot be decided is UNDECIDED. Nothing in the file is
believed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Generic, Protocol, TypeVar

from flint import arb

from verifier.arithmetic.balls import STATED_DIGITS, Balls, lower_fraction, show_lower, show_upper, to_ball
from verifier.errors import UsageError
from verifier.exact import parse_rational, show_rational
from verifier.verdict import Verdict
from verifier.weights import Weights

VERSION = 1
SEMANTICS = "real numbers"


class Question(Protocol):
    """What was asked."""

    @property
    def architecture(self) -> str:
        """The cell it is about."""


class Decided(Protocol):
    """What recomputing gives."""

    @property
    def verdict(self) -> Verdict:
        """The decision."""

    @property
    def reason(self) -> str:
        """Why it is not PROVED."""

    @property
    def working_bits(self) -> int:
        """Precision of its balls."""


Q = TypeVar("Q", bound=Question)
C_co = TypeVar("C_co", bound=Decided, covariant=True)
C = TypeVar("C", bound=Decided)


@dataclass(frozen=True)
class Claim:
    """A claim: quantity, relation ("<=" or ">=") and value, with all its `fields`."""

    quantity: str
    relation: str
    value: Fraction
    fields: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The claim as one line."""
        return f"{self.quantity} {self.relation} {''.join(self.fields['value'].split())}"

    def place(self, name: str) -> int:
        """The field that says which of the n numbers it is about; raises `UsageError` unless it is a whole number."""
        place = self.fields.get(name)
        if isinstance(place, bool) or not isinstance(place, int):
            raise UsageError(f"the certificate's claim names the {name} {str(place)[:20]!r}; it must be a whole number 1 ... n")
        return place


@dataclass(frozen=True)
class Finding:
    """One checked statement of a certificate."""

    text: str
    verdict: Verdict
    detail: str = ""


@dataclass(frozen=True)
class Review(Generic[C_co]):
    """What checking a certificate found. `verdict` is the recomputed one if the certificate tells the truth.

    A false claim makes it REFUTED, an undecidable one UNDECIDED. `certificate` is None when the recomputation was not
    reached because a hash was wrong.
    """

    findings: tuple[Finding, ...]
    verdict: Verdict
    reason: str
    certificate: C_co | None


class Refused(Exception):
    """A certificate that contradicts itself: `text` names the statement, `detail` the contradiction."""

    def __init__(self, text: str, detail: str) -> None:
        super().__init__(f"{text}: {detail}")
        self.text, self.detail = text, detail


@dataclass(frozen=True)
class Kind(Generic[Q, C]):
    """One kind of certificate.

    `format` names it in the file; `fields` are all its fields, `objects` those of them that hold objects, `run` the whole
    numbers that say how it was run. `recompute` decides from the data, the weights and the question alone; it and
    `read_question` raise `UsageError` on what is malformed, `recompute` also `Refused` on a contradiction. `check_claim`
    decides one claim.
    """

    format: str
    fields: tuple[str, ...]
    objects: tuple[str, ...]
    run: tuple[str, ...]
    read_question: Callable[[dict[str, Any]], Q]
    recompute: Callable[[dict[str, Any], Weights, Q], C]
    check_claim: Callable[[Claim, C], Finding]


def content_hash(data: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON form of everything but the field `sha256`."""
    rest = {key: value for key, value in data.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def sealed(kind: str, question: Mapping[str, Any], weights: Weights, rest: Mapping[str, Any]) -> dict[str, Any]:
    """A certificate as plain data: what all kinds say first, `rest`, and the hash over everything."""
    data = {
        "format": kind,
        "version": VERSION,
        "semantics": SEMANTICS,
        "question": question,
        "weights": weights.to_data(),
        "weights_sha256": weights.sha256,
        **rest,
    }
    return data | {"sha256": content_hash(data)}


def review(data: dict[str, Any], kind: Kind[Q, C]) -> Review[C]:
    """Recompute a certificate of this kind. Raises `UsageError` if `data` has not the kind's shape."""
    findings: list[Finding] = []
    try:
        certificate = _recomputed(data, kind, findings)
    except Refused as wrong:
        findings.append(Finding(wrong.text, Verdict.REFUTED, wrong.detail))
        return Review(tuple(findings), Verdict.REFUTED, str(wrong), None)
    with Balls(certificate.working_bits).working():
        findings += [kind.check_claim(_read_claim(claim), certificate) for claim in data["claims"]]
    agreed = data["verdict"] == certificate.verdict.value
    detail = "" if agreed else f"the file says {json.dumps(data['verdict'])[:40]}, recomputing gives {certificate.verdict.value}"
    if certificate.reason:
        detail = (detail + "; " if detail else "") + certificate.reason
    findings.append(Finding("verdict", Verdict.PROVED if agreed else Verdict.REFUTED, detail))
    for worst in (Verdict.REFUTED, Verdict.UNDECIDED):
        bad = next((finding for finding in findings if finding.verdict is worst), None)
        if bad is not None:
            return Review(tuple(findings), worst, f"{bad.text}: {bad.detail}", certificate)
    return Review(tuple(findings), certificate.verdict, certificate.reason, certificate)


def _recomputed(data: dict[str, Any], kind: Kind[Q, C], findings: list[Finding]) -> C:
    """Check shape and hashes, then decide the question from the weights; what holds is added to `findings`."""
    _check_shape(data, kind)
    _check_hash("content hash", "its content has", data["sha256"], content_hash(data))
    findings.append(Finding("content hash", Verdict.PROVED))
    weights, question = Weights.from_data(data["weights"]), kind.read_question(data["question"])
    _check_hash("weights hash", "the weights have", data["weights_sha256"], weights.sha256)
    findings.append(Finding("weights hash", Verdict.PROVED))
    if question.architecture != weights.cell:
        detail = f"the question is about {question.architecture!r}, the weights are a {weights.cell!r}"
        raise Refused("architecture", detail)
    return kind.recompute(data, weights, question)


def _check_hash(text: str, has: str, stated: Any, found: str) -> None:
    if stated != found:
        raise Refused(text, f"the file says {json.dumps(stated)[:17]}..., {has} {found[:16]}...")


def _check_shape(data: dict[str, Any], kind: Kind[Q, C]) -> None:
    version = data.get("version")
    if version != VERSION or isinstance(version, bool):
        raise UsageError(f"certificate version {str(version)[:20]!r} is not supported; this program reads {VERSION}")
    if data.get("semantics") != SEMANTICS:
        raise UsageError(f"certificate semantics {str(data.get('semantics'))[:40]!r} is not supported; it must be {SEMANTICS!r}")
    wrong = set(data) ^ set(kind.fields)
    if wrong:
        raise UsageError(f"the certificate has missing or unknown fields: {', '.join(sorted(wrong))}")
    for name in (*kind.objects, "claims"):
        if not isinstance(data[name], list if name == "claims" else dict):
            raise UsageError(f"the certificate's field {name} has the wrong type")
    run = data["run"]
    if set(run) != set(kind.run) or not all(isinstance(v, int) and not isinstance(v, bool) for v in run.values()):
        raise UsageError(f"the certificate's field run must hold the whole numbers {', '.join(kind.run)}")
    if run["working_bits"] < 1:
        raise UsageError("the certificate's working_bits must be positive")
    if not data["claims"]:
        raise UsageError("the certificate claims nothing")


def _read_claim(claim: Any) -> Claim:
    malformed = UsageError(f"the certificate has the malformed claim {str(claim)[:60]}")
    if not isinstance(claim, dict) or not {"quantity", "relation", "value"} <= set(claim):
        raise malformed
    quantity, relation, value = claim["quantity"], claim["relation"], claim["value"]
    if relation not in ("<=", ">=") or not isinstance(value, str):
        raise malformed
    if not isinstance(quantity, str):
        raise unknown_quantity(quantity)
    return Claim(quantity, relation, parse_rational(value, "claimed value"), claim)


def unknown_quantity(quantity: Any) -> UsageError:
    """The error for a claim about something that no certificate of this kind states."""
    return UsageError(f"the certificate claims the unknown quantity {str(quantity)[:40]!r}")


def compare_upper(claim: Claim, recomputed: arb) -> Finding:
    """Whether the recomputed number is at most the claimed one."""
    stated = to_ball(claim.value)
    if recomputed <= stated:
        return Finding(claim.text, Verdict.PROVED)
    if recomputed > stated:
        return Finding(claim.text, Verdict.REFUTED, f"it is at least {show_lower(recomputed, STATED_DIGITS)}")
    return Finding(claim.text, Verdict.UNDECIDED, f"recomputed as {recomputed.str(STATED_DIGITS)}")


def compare_witness(claim: Claim, recomputed: arb) -> Finding:
    """Whether the error that a claim's witness attains is at least the claimed one."""
    stated = to_ball(claim.value)
    if recomputed >= stated:
        return Finding(claim.text, Verdict.PROVED)
    if recomputed < stated:
        detail = f"the witness misses by at most {show_upper(recomputed, STATED_DIGITS)}"
        return Finding(claim.text, Verdict.REFUTED, detail)
    low = show_rational(lower_fraction(recomputed)) if recomputed.is_finite() else "-inf"
    return Finding(claim.text, Verdict.UNDECIDED, f"the witness gives at least {low[:40]}")

"""Certificates as plain data: what was asked, the exact weights, what was claimed, and a hash over all of it.

`to_data` writes, `check_data` recomputes every conclusion from the weights and believes none. Numbers are decimals
rounded outward: a claim ">=" is rounded down, a claim "<=" up.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import arb
from sympy import Symbol

from verifier.arithmetic.balls import Balls, lower_fraction, show_lower, show_upper, to_ball
from verifier.certify import STATED_DIGITS, Certificate, certify, certify_weights
from verifier.errors import UsageError
from verifier.exact import parse_rational, show_rational
from verifier.inequality import Derivation
from verifier.observed import Progress, error_of
from verifier.program import record
from verifier.regime import Regime
from verifier.sequences import Runs, length, runs_from_data, runs_to_data
from verifier.verdict import Verdict
from verifier.weights import Weights

FORMAT = "first-input-recall certificate"
VERSION = 1
SEMANTICS = "real numbers"

FIELDS = (
    "format", "version", "semantics", "question", "weights", "weights_sha256", "theorem", "parameters", "run", "claims",
    "verdict", "reason", "sha256",
)  # fmt: skip

Derivations = Mapping[str, Callable[[Mapping[str, Fraction]], Derivation]]
"""Theorem id -> its derivation, made from the parameters (by name) it was applied with."""


def to_data(certificate: Certificate) -> dict[str, Any]:
    """The certificate as JSON-ready data, hash included."""
    with Balls(certificate.working_bits).working():
        claims: list[dict[str, Any]] = []
        if certificate.observed is not None:
            observed = certificate.observed.worst
            claims.append(
                {
                    "quantity": "observed error",
                    "relation": ">=",
                    "value": show_lower(observed.error, STATED_DIGITS),
                    "horizon": observed.horizon,
                    "family": observed.family,
                    "witness": runs_to_data(observed.runs),
                }
            )
        if certificate.supremum is not None:
            supremum = certificate.supremum
            claims += [
                {
                    "quantity": "supremum of the error",
                    "relation": ">=",
                    "value": show_lower(supremum.lower, STATED_DIGITS),
                    "horizon": supremum.horizon,
                    "witness": runs_to_data(supremum.witness),
                },
            ]
            if supremum.upper.is_finite():
                value = show_upper(supremum.upper, STATED_DIGITS)
                claims.append({"quantity": "supremum of the error", "relation": "<=", "value": value})
        if certificate.symbolic is not None:
            claims.append(
                {
                    "quantity": "symbolic bound",
                    "relation": "<=",
                    "value": show_upper(certificate.symbolic.value, STATED_DIGITS),
                }
            )
    data = {
        "format": FORMAT,
        "version": VERSION,
        "semantics": certificate.semantics,
        "question": certificate.regime.to_data(),
        "weights": certificate.weights.to_data(),
        "weights_sha256": certificate.weights.sha256,
        "theorem": None if certificate.symbolic is None else certificate.symbolic.theorem,
        "parameters": {name: show_rational(value) for name, value in certificate.parameters.items()},
        "run": {"seed": certificate.seed, "steps": certificate.steps, "working_bits": certificate.working_bits},
        "claims": claims,
        "verdict": certificate.verdict.value,
        "reason": certificate.reason,
    }
    data["sha256"] = content_hash(data)
    return data


def content_hash(data: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON form of everything but the field `sha256`."""
    rest = {key: value for key, value in data.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True)
class Finding:
    """One checked statement of a certificate."""

    text: str
    verdict: Verdict
    detail: str = ""


@dataclass(frozen=True)
class Review:
    """What checking a certificate found. `verdict` is the recomputed one if the certificate tells the truth.

    A false claim makes it REFUTED, an undecidable one UNDECIDED. `certificate` is None when the recomputation was not
    reached because a hash was wrong.
    """

    findings: tuple[Finding, ...]
    verdict: Verdict
    reason: str
    certificate: Certificate | None


@dataclass(frozen=True)
class _Claimed:
    weights: Weights
    regime: Regime
    derivation: Derivation
    parameters: Mapping[Symbol, Fraction]


def check_data(data: Any, derivations: Derivations, progress: Progress | None = None) -> Review:
    """Recompute a certificate from its weights and question.

    Raises `UsageError` if `data` is not a certificate of this format. A wrong hash, changed weights or a false claim is
    REFUTED with the reason.
    """
    try:
        return _review(data, derivations, progress)
    except RecursionError:
        raise UsageError("this is not a certificate: it is nested too deeply") from None


def _review(data: Any, derivations: Derivations, progress: Progress | None) -> Review:
    _check_shape(data)
    findings: list[Finding] = []

    def refuse(text: str, detail: str) -> Review:
        findings.append(Finding(text, Verdict.REFUTED, detail))
        return Review(tuple(findings), Verdict.REFUTED, f"{text}: {detail}", None)

    found = content_hash(data)
    if data["sha256"] != found:
        return refuse("content hash", f"the file says {json.dumps(data['sha256'])[:17]}..., its content has {found[:16]}...")
    findings.append(Finding("content hash", Verdict.PROVED))
    weights, regime = Weights.from_data(data["weights"]), Regime.from_data(data["question"])
    if data["weights_sha256"] != weights.sha256:
        detail = f"the file says {json.dumps(data['weights_sha256'])[:17]}..., the weights have {weights.sha256[:16]}..."
        return refuse("weights hash", detail)
    findings.append(Finding("weights hash", Verdict.PROVED))
    if regime.architecture != weights.cell:
        return refuse("architecture", f"the question is about {regime.architecture!r}, the weights are a {weights.cell!r}")
    run = data["run"]
    certificate: Certificate
    if data["theorem"] is None:
        certificate = certify_weights(weights, regime, steps=run["steps"], seed=run["seed"], progress=progress)
    else:
        if not isinstance(data["theorem"], str) or data["theorem"] not in derivations:
            raise UsageError(f"theorem {str(data['theorem'])[:40]!r} is unknown (known: {', '.join(derivations)})")
        stored = _read_numbers(data["parameters"])
        derivation = derivations[data["theorem"]](stored)
        parameters = _match_parameters(stored, derivation)
        wrong = _contradiction(derivation, parameters, regime)
        if wrong:
            return refuse("parameters", wrong)
        claimed = _Claimed(weights, regime, derivation, parameters)
        certificate = certify(claimed, steps=run["steps"], seed=run["seed"], progress=progress)
    with Balls(certificate.working_bits).working():
        findings += [_check_claim(claim, certificate) for claim in data["claims"]]
    agreed = data["verdict"] == certificate.verdict.value
    detail = "" if agreed else f"the file says {json.dumps(data['verdict'])[:40]}, recomputing gives {certificate.verdict.value}"
    if certificate.reason:
        detail = (detail + "; " if detail else "") + certificate.reason
    findings.append(Finding("verdict", Verdict.PROVED if agreed else Verdict.REFUTED, detail))
    bad = [f for f in findings if f.verdict is Verdict.REFUTED]
    if bad:
        return Review(tuple(findings), Verdict.REFUTED, f"{bad[0].text}: {bad[0].detail}", certificate)
    undecided = [f for f in findings if f.verdict is Verdict.UNDECIDED]
    if undecided:
        return Review(tuple(findings), Verdict.UNDECIDED, f"{undecided[0].text}: {undecided[0].detail}", certificate)
    return Review(tuple(findings), certificate.verdict, certificate.reason, certificate)


def _check_shape(data: Any) -> None:
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise UsageError(f"this is not a certificate: the field format must be {FORMAT!r}")
    version = data.get("version")
    if version != VERSION or isinstance(version, bool):
        raise UsageError(f"certificate version {str(version)[:20]!r} is not supported; this program reads {VERSION}")
    if data.get("semantics") != SEMANTICS:
        raise UsageError(f"certificate semantics {str(data.get('semantics'))[:40]!r} is not supported; it must be {SEMANTICS!r}")
    if set(data) != set(FIELDS):
        wrong = ", ".join(sorted(set(data) ^ set(FIELDS)))
        raise UsageError(f"the certificate has missing or unknown fields: {wrong}")
    for name, kind in (("question", dict), ("parameters", dict), ("run", dict), ("claims", list)):
        if not isinstance(data[name], kind):
            raise UsageError(f"the certificate's field {name} has the wrong type")
    run = data["run"]
    if set(run) != {"seed", "steps", "working_bits"} or not all(
        isinstance(v, int) and not isinstance(v, bool) for v in run.values()
    ):
        raise UsageError("the certificate's field run must hold the whole numbers seed, steps, working_bits")
    if run["working_bits"] < 1:
        raise UsageError("the certificate's working_bits must be positive")
    if not data["claims"]:
        raise UsageError("the certificate claims nothing")


def _read_numbers(stored: Mapping[str, Any]) -> dict[str, Fraction]:
    if not all(isinstance(value, str) for value in stored.values()):
        raise UsageError('the certificate\'s parameters must be text such as "469" or "1e-20"')
    return {name: parse_rational(value, name) for name, value in stored.items()}


def _match_parameters(stored: Mapping[str, Fraction], derivation: Derivation) -> dict[Symbol, Fraction]:
    names = {symbol.name: symbol for symbol in derivation.parameters}
    if set(stored) != set(names):
        raise UsageError(f"theorem {derivation.theorem} has the parameters {', '.join(names) or 'none'}")
    return {names[name]: value for name, value in stored.items()}


def _contradiction(derivation: Derivation, parameters: Mapping[Symbol, Fraction], regime: Regime) -> str:
    """Parameters that are also part of the question must agree with it."""
    by_name = {symbol.name: value for symbol, value in parameters.items()}
    for name, asked in (("n", Fraction(regime.n)), ("M", regime.bound)):
        if name in by_name and by_name[name] != asked:
            return f"the theorem is applied with {name} = {show_rational(by_name[name])}, the question has {show_rational(asked)}"
    return ""


def _check_claim(claim: Any, certificate: Certificate) -> Finding:
    if not isinstance(claim, dict) or not {"quantity", "relation", "value"} <= set(claim):
        raise UsageError(f"the certificate has the malformed claim {str(claim)[:60]}")
    quantity, relation, value = claim["quantity"], claim["relation"], claim["value"]
    if relation not in ("<=", ">=") or not isinstance(value, str):
        raise UsageError(f"the certificate has the malformed claim {str(claim)[:60]}")
    text = f"{quantity} {relation} {''.join(value.split())}"
    stated = parse_rational(value, "claimed value")
    if quantity == "symbolic bound" and relation == "<=" and certificate.symbolic is not None:
        return _compare_upper(text, certificate.symbolic.value, stated)
    if quantity == "supremum of the error" and certificate.supremum is not None:
        if relation == "<=":
            return _compare_upper(text, certificate.supremum.upper, stated)
        return _compare_witness(text, claim, certificate, stated, certificate.supremum.lower, certificate.supremum.witness)
    if quantity == "observed error" and relation == ">=" and certificate.observed is not None:
        worst = certificate.observed.worst
        return _compare_witness(text, claim, certificate, stated, worst.error, worst.runs)
    if quantity in ("symbolic bound", "supremum of the error", "observed error"):
        return Finding(text, Verdict.UNDECIDED, "this was not recomputed")
    raise UsageError(f"the certificate claims the unknown quantity {str(quantity)[:40]!r}")


def _compare_upper(text: str, recomputed: arb, stated: Fraction) -> Finding:
    if recomputed <= to_ball(stated):
        return Finding(text, Verdict.PROVED)
    shown = show_lower(recomputed, STATED_DIGITS)
    if recomputed > to_ball(stated):
        return Finding(text, Verdict.REFUTED, f"it is at least {shown}")
    return Finding(text, Verdict.UNDECIDED, f"recomputed as {recomputed.str(STATED_DIGITS)}")


def _compare_witness(
    text: str, claim: Mapping[str, Any], certificate: Certificate, stated: Fraction, value: arb, witness: Runs
) -> Finding:
    """An attained error: the witness must lie in the box, end at a horizon of the question, and give the value."""
    regime, runs = certificate.regime, runs_from_data(claim.get("witness"))
    horizon, count = claim.get("horizon"), length(runs)
    if (
        horizon != count
        or count < 1
        or (regime.length is not None and count > regime.n)
        or (regime.horizon == "fixed" and count != regime.n)
    ):
        return Finding(text, Verdict.REFUTED, f"its witness has {count} inputs, horizon {horizon}, question {regime.n}")
    if not all(regime.contains(x) for x, _ in runs):
        return Finding(text, Verdict.REFUTED, "its witness leaves the inputs of the question")
    if runs != witness:
        if count > certificate.steps:
            return Finding(text, Verdict.UNDECIDED, f"its witness is not the recomputed one and has {count} inputs")
        value = error_of(record(certificate.weights), runs)
    if value >= to_ball(stated):
        return Finding(text, Verdict.PROVED)
    if value < to_ball(stated):
        return Finding(text, Verdict.REFUTED, f"the witness misses by at most {show_upper(value, STATED_DIGITS)}")
    low = show_rational(lower_fraction(value)) if value.is_finite() else "-inf"
    return Finding(text, Verdict.UNDECIDED, f"the witness gives at least {low[:40]}")

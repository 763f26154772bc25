"""Certificates of recall as plain data: what was asked, the exact weights, what was claimed, and a hash over all of it.

`to_data` writes, `check_data` recomputes every conclusion of a certificate of any kind (recall here, copies in
`copy_certificate`, copies for ever in `hold_certificate`) from the weights and believes none. Numbers are decimals rounded
outward: a claim ">=" is rounded down, a claim "<=" up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import arb
from sympy import Symbol

from verifier import copy_certificate, hold_certificate
from verifier.arithmetic.balls import STATED_DIGITS, Balls, show_lower, show_upper
from verifier.certify import Certificate, certify, certify_weights
from verifier.copying import CopyCertificate
from verifier.errors import UsageError
from verifier.exact import parse_rational, show_rational
from verifier.holding import HoldCertificate
from verifier.inequality import Derivation
from verifier.observed import Progress, error_of
from verifier.program import record
from verifier.regime import Regime
from verifier.review import (
    Claim,
    Finding,
    Kind,
    Refused,
    Review,
    compare_upper,
    compare_witness,
    content_hash,
    review,
    sealed,
    unknown_quantity,
)
from verifier.sequences import Runs, length, runs_from_data, runs_to_data
from verifier.verdict import Verdict
from verifier.weights import Weights

__all__ = ["FIELDS", "FORMAT", "AnyReview", "Review", "check_data", "content_hash", "to_data"]

FORMAT = "first-input-recall certificate"

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
    rest = {
        "theorem": None if certificate.symbolic is None else certificate.symbolic.theorem,
        "parameters": {name: show_rational(value) for name, value in certificate.parameters.items()},
        "run": {"seed": certificate.seed, "steps": certificate.steps, "working_bits": certificate.working_bits},
        "claims": claims,
        "verdict": certificate.verdict.value,
        "reason": certificate.reason,
    }
    return sealed(FORMAT, certificate.regime.to_data(), certificate.weights, rest)


AnyReview = Review[Certificate] | Review[CopyCertificate] | Review[HoldCertificate]
"""What checking a certificate of any kind gives."""


@dataclass(frozen=True)
class _Claimed:
    weights: Weights
    regime: Regime
    derivation: Derivation
    parameters: Mapping[Symbol, Fraction]


def check_data(data: Any, derivations: Derivations, progress: Progress | None = None) -> AnyReview:
    """Recompute a certificate from its weights and question; which kind it is, its format says.

    Raises `UsageError` if `data` is not a certificate of a format known here. A wrong hash, changed weights or a false
    claim is REFUTED with the reason.
    """
    stated = data.get("format") if isinstance(data, dict) else None
    try:
        if stated == FORMAT:
            return review(data, _kind(derivations, progress))
        if stated == copy_certificate.FORMAT:
            return review(data, copy_certificate.KIND)
        if stated == hold_certificate.FORMAT:
            return review(data, hold_certificate.KIND)
    except RecursionError:
        raise UsageError("this is not a certificate: it is nested too deeply") from None
    known = f"{FORMAT!r}, {copy_certificate.FORMAT!r} or {hold_certificate.FORMAT!r}"
    raise UsageError(f"this is not a certificate: the field format must be {known}")


def _kind(derivations: Derivations, progress: Progress | None) -> Kind[Regime, Certificate]:
    """Certificates of recall, with these derivations."""

    def recompute(data: dict[str, Any], weights: Weights, regime: Regime) -> Certificate:
        run = data["run"]
        if data["theorem"] is None:
            return certify_weights(weights, regime, steps=run["steps"], seed=run["seed"], progress=progress)
        if not isinstance(data["theorem"], str) or data["theorem"] not in derivations:
            raise UsageError(f"theorem {str(data['theorem'])[:40]!r} is unknown (known: {', '.join(derivations)})")
        stored = _read_numbers(data["parameters"])
        derivation = derivations[data["theorem"]](stored)
        parameters = _match_parameters(stored, derivation)
        wrong = _contradiction(derivation, parameters, regime)
        if wrong:
            raise Refused("parameters", wrong)
        claimed = _Claimed(weights, regime, derivation, parameters)
        return certify(claimed, steps=run["steps"], seed=run["seed"], progress=progress)

    return Kind(
        format=FORMAT,
        fields=FIELDS,
        objects=("question", "parameters", "run"),
        run=("seed", "steps", "working_bits"),
        read_question=Regime.from_data,
        recompute=recompute,
        check_claim=_check_claim,
    )


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


def _check_claim(claim: Claim, certificate: Certificate) -> Finding:
    quantity, upper = claim.quantity, claim.relation == "<="
    if quantity == "symbolic bound" and upper and certificate.symbolic is not None:
        return compare_upper(claim, certificate.symbolic.value)
    if quantity == "supremum of the error" and certificate.supremum is not None:
        if upper:
            return compare_upper(claim, certificate.supremum.upper)
        return _check_witness(claim, certificate, certificate.supremum.lower, certificate.supremum.witness)
    if quantity == "observed error" and not upper and certificate.observed is not None:
        worst = certificate.observed.worst
        return _check_witness(claim, certificate, worst.error, worst.runs)
    if quantity in ("symbolic bound", "supremum of the error", "observed error"):
        return Finding(claim.text, Verdict.UNDECIDED, "this was not recomputed")
    raise unknown_quantity(quantity)


def _check_witness(claim: Claim, certificate: Certificate, value: arb, witness: Runs) -> Finding:
    """An attained error: the witness must lie in the box, end at a horizon of the question, and give the value."""
    regime, runs = certificate.regime, runs_from_data(claim.fields.get("witness"))
    horizon, count = claim.fields.get("horizon"), length(runs)
    if (
        horizon != count
        or count < 1
        or (regime.length is not None and count > regime.n)
        or (regime.horizon == "fixed" and count != regime.n)
    ):
        detail = f"its witness has {count} inputs, horizon {horizon}, question {regime.n}"
        return Finding(claim.text, Verdict.REFUTED, detail)
    if not all(regime.contains(x) for x, _ in runs):
        return Finding(claim.text, Verdict.REFUTED, "its witness leaves the inputs of the question")
    if runs != witness:
        if count > certificate.steps:
            detail = f"its witness is not the recomputed one and has {count} inputs"
            return Finding(claim.text, Verdict.UNDECIDED, detail)
        value = error_of(record(certificate.weights), runs)
    return compare_witness(claim, value)

"""How an answer without weights is shown: the theorem that forbids the request, or that the question is open here.

Both say what every weight set must miss by and what explicit weights reach.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from proofs.ask import Open
from proofs.impossible import Impossible
from proofs.theorem import Floor
from verifier.arithmetic.balls import Balls, show_lower, show_upper, to_ball
from verifier.certificate import to_data
from verifier.certify import Certificate
from verifier.cli.report import regime_fields, wrapped
from verifier.exact import show_rational
from verifier.summary import DIGITS
from verifier.verdict import Verdict

OUTCOMES = {
    Verdict.PROVED: "impossible by",
    Verdict.REFUTED: "impossible, it was claimed, but a check failed:",
    Verdict.UNDECIDED: "undecided whether it is impossible by",
}

LONGEST_NUMBER = 11
"""Characters of a rational printed in full."""

FLOOR_BITS = 128
"""Precision at which a floor is rounded for printing."""


def impossible_text(decision: Impossible) -> str:
    """Report and last line of an impossibility."""
    theorem, floor = decision.theorem, decision.floor
    because = "" if floor is None else f". {floor.because}"
    lines = [
        wrapped("question", decision.regime.asked()),
        wrapped("answer", f"{OUTCOMES[decision.verdict]} {theorem.id} ({theorem.title}){because}"),
        wrapped("theorem", theorem.statement),
        wrapped("least error", _least(floor)),
        *_closest(decision.best, "reaches it exactly" if decision.sharp is Verdict.PROVED else "comes close"),
        wrapped("checked", _checked(decision)),
        wrapped("source", theorem.source),
    ]
    fields = {"theorem": theorem.id, **regime_fields(decision.regime), "least_error": floor_text(floor)}
    last = _fields(
        {"architecture": decision.regime.architecture, **fields, "best_known": best_error(decision.best), "sharp": _sharp(decision)}
    )
    return "\n".join(lines) + f"\n\n{decision.verdict.value} impossible {last}"


def _sharp(decision: Impossible) -> str:
    return "no" if decision.sharp is None else decision.sharp.value


def _checked(decision: Impossible) -> str:
    """The hypotheses on this question one by one, the theorem's own checks by number, and whatever was not proved."""
    here = {} if decision.floor is None else decision.floor.checks
    general = {name: verdict for name, verdict in decision.checks.items() if name not in here}
    parts = [f"{name}: {verdict.value}" for name, verdict in here.items()]
    proved = sum(verdict is Verdict.PROVED for verdict in general.values())
    parts.append(f"{proved} of {len(general)} checks of {decision.theorem.id} (listed by: verify explain {decision.theorem.id})")
    parts += [f"{name}: {verdict.value}" for name, verdict in general.items() if verdict is not Verdict.PROVED]
    return "; ".join(parts)


def open_text(decision: Open) -> str:
    """Report and last line of a question that is not decided."""
    found = decision.floor
    forced = "no theorem of this version bounds it from below" if found is None else f"{_least(found[1])} ({found[0]})"
    lines = [
        wrapped("question", decision.regime.asked()),
        wrapped("answer", f"not known to this version: {decision.reason}"),
        wrapped("least error", forced),
        *_closest(decision.best, "is the best known here"),
    ]
    fields = {
        "architecture": decision.regime.architecture,
        "theorem": "none",
        **regime_fields(decision.regime),
        "least_error": floor_text(None if found is None else found[1]),
        "best_known": best_error(decision.best),
    }
    return "\n".join(lines) + f"\n\n{decision.verdict.value} {_fields(fields)}"


def impossible_data(decision: Impossible) -> dict[str, Any]:
    """The impossibility as plain data; the certificate of the closest construction is inside."""
    floor = decision.floor
    return {
        "question": decision.regime.to_data(),
        "verdict": decision.verdict.value,
        "impossible": decision.verdict is Verdict.PROVED,
        "theorem": decision.theorem.id,
        "statement": decision.theorem.statement,
        "because": None if floor is None else floor.because,
        "least_error": _exact_floor(floor),
        "checks": {name: verdict.value for name, verdict in decision.checks.items()},
        "best": None if decision.best is None else to_data(decision.best),
    }


def open_data(decision: Open) -> dict[str, Any]:
    """The open question as plain data."""
    found = decision.floor
    return {
        "question": decision.regime.to_data(),
        "verdict": decision.verdict.value,
        "reason": decision.reason,
        "theorem": None if found is None else found[0],
        "least_error": None if found is None else _exact_floor(found[1]),
        "best": None if decision.best is None else to_data(decision.best),
    }


def floor_text(floor: Floor | None) -> str:
    """The floor as a number, rounded down where it is long; ">" where it is not attained; "none" without a theorem."""
    if floor is None:
        return "none"
    if floor.error is None:
        return "infinite"
    return (">" if floor.strict else "") + _number(floor.error, up=False)


def best_error(best: Certificate | None) -> str:
    """The certified error of the closest construction, rounded up; "none" without one."""
    if best is None or best.supremum is None:
        return "none"
    if best.supremum.exact_value is not None:
        return _number(best.supremum.exact_value, up=True)
    with Balls(best.working_bits).working():
        return show_upper(best.supremum.upper, DIGITS)


def _number(value: Fraction, *, up: bool) -> str:
    """A rational in full if it is short, else as a decimal rounded up or down, next to 1 by the distance from 1."""
    text, gap = show_rational(value), 1 - value
    if len(text) <= LONGEST_NUMBER:
        return text
    with Balls(FLOOR_BITS).working():
        if 0 < gap < Fraction(1, 10**DIGITS):
            return f"1-{(show_lower if up else show_upper)(to_ball(gap), DIGITS)}"
        return (show_upper if up else show_lower)(to_ball(value), DIGITS)


def _exact_floor(floor: Floor | None) -> str | None:
    if floor is None:
        return None
    return "infinite" if floor.error is None else show_rational(floor.error)


def _least(floor: Floor | None) -> str:
    if floor is None:
        return "the theorem does not apply to this question"
    if floor.error is None:
        return "infinite: no finite error is possible for any weights"
    if floor.strict and floor.error == 0:
        return "every weight set has an error above 0"
    shown = _number(floor.error, up=False)
    rounded, shown = "=" if shown == show_rational(floor.error) else ">=", _in_words(shown)
    relation = "above" if floor.strict else "of at least"
    return f"every weight set has an error {relation} " + (f"{floor.formula} {rounded} {shown}" if floor.formula else shown)


def _closest(best: Certificate | None, does: str) -> list[str]:
    if best is None:
        return []
    by = best.symbolic.theorem if best.symbolic else "explicit weights"
    return [wrapped("best known", f"{by} {does}: error {_in_words(best_error(best))} {best.regime.scope()}, {best.verdict.value}")]


def _in_words(number: str) -> str:
    """1 - 2e-10 for the 1-2e-10 of a last line."""
    return number.replace("1-", "1 - ", 1) if number.startswith("1-") else number


def _fields(fields: dict[str, str]) -> str:
    return " ".join(f"{key}={value}" for key, value in fields.items())

"""How an impossibility is shown: the theorem that forbids the request, the best error there is, and what reaches it."""

from __future__ import annotations

from typing import Any

from proofs.impossible import Impossible
from verifier.arithmetic.balls import Balls, show_upper
from verifier.certificate import to_data
from verifier.cli.report import regime_fields, wrapped
from verifier.exact import show_rational
from verifier.summary import DIGITS
from verifier.verdict import Verdict

ANSWERS = {
    Verdict.PROVED: "impossible",
    Verdict.REFUTED: "the claim that it is impossible fails; see the checks",
    Verdict.UNDECIDED: "not decided; see the checks",
}


def impossible_text(decision: Impossible) -> str:
    """Report and last line."""
    regime, theorem, floor = decision.regime, decision.theorem, decision.floor
    lines = [wrapped("question", f"{regime.architecture}, {regime.hidden} hidden units: {regime.describe()}")]
    answer = ANSWERS[decision.verdict]
    lines.append(wrapped("answer", f"{answer} by {theorem.id} ({theorem.title}). {floor.because if floor else ''}".strip()))
    lines.append(wrapped("theorem", theorem.statement))
    lines.append(wrapped("least error", _least(decision)))
    checked = "; ".join(f"{name}: {verdict.value}" for name, verdict in decision.checks.items())
    lines.append(wrapped("checked", checked))
    lines.append(wrapped("source", theorem.source))
    fields = " ".join(f"{key}={value}" for key, value in _fields(decision).items())
    return "\n".join(lines) + f"\n\n{decision.verdict.value} impossible {fields}"


def impossible_data(decision: Impossible) -> dict[str, Any]:
    """The decision as plain data; the certificate of the closest construction is inside."""
    floor = decision.floor
    return {
        "question": decision.regime.to_data(),
        "verdict": decision.verdict.value,
        "impossible": decision.verdict is Verdict.PROVED,
        "theorem": decision.theorem.id,
        "statement": decision.theorem.statement,
        "because": None if floor is None else floor.because,
        "least_error": None if floor is None else _floor_text(decision),
        "checks": {name: verdict.value for name, verdict in decision.checks.items()},
        "best": None if decision.best is None else to_data(decision.best),
    }


def _floor_text(decision: Impossible) -> str:
    floor = decision.floor
    if floor is None:
        return "none"
    return "infinite" if floor.error is None else show_rational(floor.error)


def _least(decision: Impossible) -> str:
    floor = decision.floor
    if floor is None:
        return f"{decision.theorem.id} does not apply to this question"
    if floor.error is None:
        text = "infinite: no finite error is possible for any weights"
    else:
        relation = "every weight set has an error above" if floor.strict else "every weight set has an error of at least"
        text = f"{relation} {show_rational(floor.error)}"
    if decision.best is None:
        return text
    best = decision.best
    reached = "reached exactly" if decision.sharp is Verdict.PROVED else f"error {_best_error(decision)} reached"
    by = f" by {best.symbolic.theorem}" if best.symbolic else ""
    return f"{text}; {reached}{by}, explicit weights: {best.verdict.value}"


def _best_error(decision: Impossible) -> str:
    """The certified error of the closest construction, rounded up; "none" without one."""
    best = decision.best
    if best is None or best.supremum is None:
        return "none"
    with Balls(best.working_bits).working():
        return show_upper(best.supremum.upper, DIGITS)


def _fields(decision: Impossible) -> dict[str, str]:
    regime = decision.regime
    return {
        "architecture": regime.architecture,
        "theorem": decision.theorem.id,
        **regime_fields(regime),
        "least_error": _floor_text(decision),
        "best_known": _best_error(decision),
    }

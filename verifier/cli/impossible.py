"""How an impossibility is shown: the theorem that forbids the request, the best error there is, and what reaches it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from proofs.impossible import Impossible
from verifier.arithmetic.balls import Balls, show_lower, show_upper, to_ball
from verifier.certificate import to_data
from verifier.cli.report import DIGITS, regime_fields, wrapped
from verifier.exact import show_rational
from verifier.verdict import Verdict

LONGEST_NUMBER = 12
"""Characters of a rational printed in full."""

OUTCOMES = {
    Verdict.PROVED: "impossible by",
    Verdict.REFUTED: "impossible, it was claimed, but a check failed:",
    Verdict.UNDECIDED: "undecided whether it is impossible by",
}


def impossible_text(decision: Impossible) -> str:
    """Report and last line."""
    regime, theorem, floor = decision.regime, decision.theorem, decision.floor
    because = floor.because if floor else ""
    paragraphs = [
        ("question", f"{regime.architecture}, {regime.hidden} hidden units: {regime.describe()}"),
        ("answer", f"{OUTCOMES[decision.verdict]} {theorem.id} ({theorem.title}). {because}".strip()),
        ("theorem", theorem.statement),
        ("least error", _least(decision)),
        ("checked", _checked(decision)),
        ("source", theorem.source),
    ]
    fields = " ".join(f"{key}={value}" for key, value in _fields(decision).items())
    text = "\n".join(wrapped(label, paragraph) for label, paragraph in paragraphs)
    return f"{text}\n\n{decision.verdict.value} impossible {fields}"


def _checked(decision: Impossible) -> str:
    """The hypotheses on this question one by one, the theorem's own checks by number, and whatever was not proved."""
    here = {} if decision.floor is None else decision.floor.checks
    general = {name: verdict for name, verdict in decision.checks.items() if name not in here}
    parts = [f"{name}: {verdict.value}" for name, verdict in here.items()]
    proved = sum(verdict is Verdict.PROVED for verdict in general.values())
    parts.append(f"{proved} of {len(general)} checks of {decision.theorem.id} (listed by: verify explain {decision.theorem.id})")
    parts += [f"{name}: {verdict.value}" for name, verdict in general.items() if verdict is not Verdict.PROVED]
    return "; ".join(parts)


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
    """The floor as a number, rounded down where it is long; ">" where it is not attained."""
    floor = decision.floor
    if floor is None:
        return "none"
    if floor.error is None:
        return "infinite"
    return (">" if floor.strict else "") + _number(floor.error, up=False)


def _number(value: Fraction, *, up: bool) -> str:
    """A rational in full if it is short, else as a decimal rounded up or down."""
    text = show_rational(value)
    with Balls(64).working():
        return text if len(text) <= LONGEST_NUMBER else (show_upper if up else show_lower)(to_ball(value), DIGITS)


def _least(decision: Impossible) -> str:
    floor = decision.floor
    if floor is None:
        return f"{decision.theorem.id} does not apply to this question"
    if floor.error is None:
        text = "infinite: no finite error is possible for any weights"
    else:
        relation = "every weight set has an error above" if floor.strict else "every weight set has an error of at least"
        shown = _number(floor.error, up=False)
        rounded = "=" if shown == show_rational(floor.error) else ">="
        text = f"{relation} " + (f"{floor.formula} {rounded} {shown}" if floor.formula else shown)
    best = decision.best
    if best is None:
        return text
    reached = "reached exactly" if decision.sharp is Verdict.PROVED else f"an error of {_best_error(decision)} is reached"
    by = f" by {best.symbolic.theorem}" if best.symbolic else ""
    return f"{text}; {reached}{by}, explicit weights: {best.verdict.value}"


def _best_error(decision: Impossible) -> str:
    """The certified error of the closest construction, rounded up; "none" without one."""
    best = decision.best
    if best is None or best.supremum is None:
        return "none"
    if best.supremum.exact_value is not None:
        return _number(best.supremum.exact_value, up=True)
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
        "sharp": "no" if decision.sharp is None else decision.sharp.value,
    }

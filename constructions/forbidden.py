"""What is impossible for every cell with a bounded, analytic readout: ℝ (T1) and exactness on an interval (T2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from constructions.answer import Construction, Impossibility, Unanswered
from verifier.errors import UsageError
from verifier.regime import Regime

EXAMPLE_DIGITS = 20
"""Where exactness is impossible but any tolerance is not: the example is accurate to 10^-20 M."""

Construct = Callable[[Regime], Construction | Impossibility | Unanswered]


def on_reals_or_exactly(regime: Regime, construct: Construct) -> Impossibility | Unanswered | None:
    """T1 on ℝ, T2 for tolerance 0 on the box; None where neither forbids. `construct` is the cell's own, for the example."""
    if regime.domain == "reals":
        return Impossibility(regime, "T1")
    if regime.tolerance:
        return None
    if regime.domain == "grid":
        return Unanswered(
            regime,
            "error exactly 0 on a grid is open (T2 speaks of intervals); without --exact rounding to the nearest point gives x_1",
        )
    return Impossibility(regime, "T2", example(regime, construct))


def example(regime: Regime, construct: Construct) -> Construction | None:
    """The construction at tolerance 10^-20 M in the same regime; None where there is none, or too few units for it."""
    try:
        answer = construct(replace(regime, tolerance=regime.bound / 10**EXAMPLE_DIGITS))
    except UsageError:
        return None
    return answer if isinstance(answer, Construction) else None

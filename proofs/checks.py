"""What the checks of several theorems share."""

from __future__ import annotations

from verifier.verdict import Verdict


def holds(claim: bool) -> Verdict:
    """PROVED or REFUTED: the verdict of a fact that was computed exactly."""
    return Verdict.PROVED if claim else Verdict.REFUTED

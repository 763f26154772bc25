"""Holding beyond n: the error of weights made for every n' <= n drifts, that of weights which refresh themselves does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from flint import arb

from constructions import construct
from constructions.answer import Construction
from proofs.sheet.figure import Figure, curve, decade_axis, decades
from verifier.arithmetic.balls import Balls, to_ball
from verifier.certify import Certificate, certify
from verifier.errors import StepLimit, UsageError
from verifier.observed import observe
from verifier.program import Program, record
from verifier.regime import Regime
from verifier.supremum import bound_supremum
from verifier.verdict import Verdict, check_less

MOST_POINTS = 16
"""Horizons at which the drifting supremum is evaluated."""

FARTHEST = 4096
"""Largest power of ten that is tried as a horizon: beyond it weights are taken not to drift."""

BITS_PER_DIGIT = 4
"""Working bits per decimal digit of the horizon, above log2(10): a sum of n terms loses log2(n) bits."""


def drift(certificate: Certificate) -> Figure | None:
    """Supremum of the weights for every n' <= n far beyond n, and the bound that refreshed weights of the same tolerance keep.

    Both are observed too, as far as the certificate stepped. None where the architecture has no refreshed memory (C9), where
    the question has no horizon up to n, or where no closed form reaches beyond n.
    """
    plain, refreshed = _partners(certificate)
    if plain is None or refreshed is None or refreshed.supremum is None:
        return None
    bound, program = plain.regime.bound, record(plain.weights)

    def worst(power: int) -> arb:
        with Balls(plain.working_bits + BITS_PER_DIGIT * power).working():
            return bound_supremum(program, bound, 10**power, True, plain.steps).upper

    try:
        last = _first_power(lambda power: check_less(to_ball(bound / 2), worst(power)) is Verdict.PROVED)
        if last is None:
            return None
        powers = [*range(0, last, -(-last // MOST_POINTS)), last]
        drifting = [(float(power), decades(worst(power))) for power in powers]
    except StepLimit:
        return None
    with Balls(refreshed.working_bits).working():
        kept = decades(refreshed.supremum.upper)
    curves = (
        curve(f"{plain.theorem}: supremum", drifting, "solid", "o"),
        curve(f"{plain.theorem}: observed", _seen(plain, program), "none", "x"),
        curve(f"{refreshed.theorem}: proved", [(0.0, kept), (float(last), kept)], "dashed"),
        curve(f"{refreshed.theorem}: observed", _seen(refreshed, record(refreshed.weights)), "none", "s"),
    )
    return Figure(
        name="drift",
        title="",
        horizontal=decade_axis("$n$", (float(power) for power in powers)),
        vertical=decade_axis("recall error", (y for item in curves for _, y in item.points)),
        curves=curves,
    )


CAPTION = (
    "Beyond the horizon asked, read at n alone: no gate is exactly 1, so weights made for every n' up to a horizon lose x_1 in the "
    "end, while a memory that refreshes itself (the quantised refresh of analog memories: Cauwenberghs & Yariv 1995) keeps its "
    "bound for every n. Both are sized for the same tolerance."
)


def _partners(certificate: Certificate) -> tuple[Certificate | None, Certificate | None]:
    """The certificate and the other one of the pair, first that up to n, then the refreshed one; None for what is not proved."""
    regime = certificate.regime
    refreshes = certificate.supremum is not None and certificate.supremum.refresh is not None
    if regime.domain != "box" or regime.horizon == "fixed" or not regime.tolerance or certificate.verdict is not Verdict.PROVED:
        return None, None
    if regime.horizon == "forever" and not refreshes:
        return None, None
    other = _partner(regime, "forever" if regime.horizon == "upto" else "upto", certificate.steps, certificate.seed)
    plain, refreshed = (certificate, other) if regime.horizon == "upto" else (other, certificate)
    if plain is None or refreshed is None or refreshed.supremum is None or refreshed.supremum.refresh is None:
        return None, None
    return (plain, refreshed) if other is not None and other.verdict is Verdict.PROVED else (None, None)


@cache
def _partner(regime: Regime, horizon: str, steps: int, seed: int) -> Certificate | None:
    """The same question for the other horizon, certified; None where there are no weights for it."""
    asked = replace(regime, horizon=horizon)
    name, bound, hidden = asked.architecture, asked.bound, asked.hidden
    try:
        answer = construct(name, asked.n, tolerance=asked.tolerance, bound=bound, hidden=hidden, horizon=horizon)
    except UsageError:
        return None
    return certify(answer, steps=steps, seed=seed) if isinstance(answer, Construction) else None


def _first_power(reached: Callable[[int], bool]) -> int | None:
    """The least power of ten at which `reached` holds, for what never falls back; None up to `FARTHEST`."""
    high = 1
    while not reached(high):
        if high >= FARTHEST:
            return None
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def _seen(certificate: Certificate, program: Program) -> list[tuple[float | None, float | None]]:
    """The adversaries' largest errors, read at each power of ten alone, as far as the certificate stepped."""
    found: list[tuple[float | None, float | None]] = []
    with Balls(certificate.working_bits).working():
        for power in range(len(str(certificate.steps))):
            seen = observe(program, certificate.regime.bound, 10**power, True, certificate.seed)
            found.append((float(power), decades(seen.worst.error)))
    return found

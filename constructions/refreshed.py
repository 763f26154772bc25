"""Memories that refresh themselves (C9): sized from the request, for every cell that has one.

A family proposes a network for L (levels of M 2^-L) and for log2 of its comparators' gain G. The fewest bits are taken for which
the verifier's inequalities meet the tolerance with fine comparators, then the smallest G.

Source: this project, theory C9; the mechanism is that of quantised refresh of analog memories: Cauwenberghs & Yariv 1995.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from flint import arb

from constructions import thermometer
from constructions.answer import Construction, Place, Unanswered
from constructions.sizing import least_exponent, smallest, within
from verifier.arithmetic.balls import Balls, exact_fraction, upper_fraction
from verifier.program import record
from verifier.refresh import bound_refresh
from verifier.regime import Regime
from verifier.verdict import Verdict
from verifier.weights import Weights

MOST_STEPS = 4005
"""Period of the largest memory that is proposed: deciding one takes some minutes."""

FINE = 6
"""Comparators that open over 2^-6 of a level are fine: L is chosen with them."""

COARSEST = 3
"""G is at least 2^-3 of that: coarser comparators are proved, but whole boxes of states can then not be pushed through a cycle."""

GUARD_BITS = 128
"""Working precision beyond the largest weight's with which sizes are decided."""

LOG_2 = Fraction(25, 36)
"""Just above ln 2 = 0.69315 (25/36 = 0.69444)."""


@dataclass(frozen=True)
class Family:
    """The refreshed memories of one cell.

    `network(hidden, L, log2 G, M)`: weights and reasons. `period(L)`: P. `unit(L)`: w, one level in units of h. `smallest_bits`:
    the least L. `sizes(L)`: the parameters besides G, as text; `readout`: V, as text; `extra_bits`: bits of a cycle beyond L.
    """

    cell: str
    units: tuple[str, ...]
    smallest_bits: int
    network: Callable[[int, int, int, Fraction], tuple[Weights, dict[Place, str]]]
    period: Callable[[int], int]
    unit: Callable[[int], Fraction]
    sizes: Callable[[int], str]
    readout: str
    extra_bits: int = 1
    theorem: str = "C9"

    def fine_gain(self, bits: int) -> int:
        """log2 of the least power of two G >= 2^FINE Λ/w, Λ = ln 2 (P + 8): Λ/G off its threshold a bit is 2^-(P+8) off."""
        return least_exponent(2**FINE * LOG_2 * (self.period(bits) + 8) / self.unit(bits))


def applies(regime: Regime, family: Family) -> bool:
    """Whether C9 can be asked: a positive tolerance, inputs in [-M, M] and enough units."""
    return regime.tolerance > 0 and regime.extent is not None and regime.hidden >= len(family.units)


def construct(regime: Regime, family: Family) -> Construction | Unanswered:
    """C9 with the fewest bits, then the smallest gain, for which the verifier's inequalities meet the tolerance."""
    least = fewest_bits(regime.bound, regime.tolerance, family)
    if family.period(least) >= MOST_STEPS:
        return Unanswered(
            regime,
            f"a refreshed memory (C9) of this accuracy has levels of 2^-{least} M and a period of {family.period(least)} steps; "
            f"this version checks periods up to {MOST_STEPS}",
        )
    return construction(regime, family, *size(family, regime.bound, regime.tolerance, regime.strict, least))


def construction(regime: Regime, family: Family, bits: int, gain: int) -> Construction:
    """C9 at these sizes, and what is claimed of it."""
    weights, reasons = family.network(regime.hidden, bits, gain, regime.bound)
    return Construction(
        regime=regime,
        weights=weights,
        theorem=family.theorem,
        title=f"refreshed memory: {bits + family.extra_bits} bits, re-quantised every {family.period(bits)} steps",
        parameters={},
        derivation=None,
        reasons=reasons,
        leading_order="M 2^-L (1/2 + 2Z), Z the width of a comparator in levels",
        statement="For these weights, every n >= 1 and every x in [-M, M]^n: |y_n - x_1| <= V (ℓ + ρ + Z + drift) + distortion, "
        f"V = {family.readout}, all of them numbers that the verifier reads off the weights (verify explain {family.theorem}).",
        sized=f"levels of 2^-{bits} M, period P = {family.period(bits)}, {family.sizes(bits)}, G = 2^{gain}: "
        "the fewest bits and then the smallest power of two G whose inequalities give the tolerance",
    )


def forever(regime: Regime, family: Family) -> Construction | Unanswered:
    """The thermometer latch (C8) where its units suffice, else the refreshed memory (C9) where it can be asked."""
    latched = thermometer.construct(regime)
    return construct(regime, family) if isinstance(latched, Unanswered) and applies(regime, family) else latched


def fewest_bits(bound: Fraction, tolerance: Fraction, family: Family) -> int:
    """The least L with M 2^-(L+1) < tolerance: an error of half a level is always possible."""
    ratio = bound / tolerance
    return max((ratio.numerator // ratio.denominator).bit_length() - 1, family.smallest_bits)


@cache
def size(family: Family, bound: Fraction, tolerance: Fraction, strict: bool, least: int) -> tuple[int, int]:
    """`smallest_sizes` of the family."""
    return smallest_sizes(lambda L, gain: _proved_error(family, L, gain, bound), family.fine_gain, bound, tolerance, strict, least)


def smallest_sizes(
    proved_error: Callable[[int, int], Fraction | None],
    fine_gain: Callable[[int], int],
    bound: Fraction,
    tolerance: Fraction,
    strict: bool,
    least: int,
) -> tuple[int, int]:
    """The smallest L >= `least`, with fine comparators, and then log2 of the smallest G whose proved error meets the tolerance.

    `proved_error(L, log2 G)` in units of inputs, None where nothing is proved; `fine_gain(L)`: log2 G of fine comparators.
    """

    def meets(bits: int, gain: int) -> bool:
        error = proved_error(bits, gain)
        return error is not None and within(error, tolerance, strict)

    bits = smallest(lambda bits: bits >= least and meets(bits, fine_gain(bits)), least)
    gain = fine_gain(bits)
    spare = (tolerance - (proved_error(bits, gain) or tolerance)) / bound * 2**bits
    likely = int(1 + spare * 2 ** (FINE - 1)).bit_length() - 1  # in levels, 2^k times less G costs about 2^-FINE 2 (2^k - 1)
    least_gain = gain - COARSEST
    return bits, smallest(lambda g: g >= least_gain and meets(bits, g), max(gain - likely, least_gain))


@cache
def _proved_error(family: Family, bits: int, gain: int, bound: Fraction) -> Fraction | None:
    """The error that the verifier's inequalities give for these sizes; None if some do not hold."""
    weights, _ = family.network(len(family.units), bits, gain, bound)
    with Balls(precision_of(family, bits)).working():
        found = bound_refresh(record(weights), bound)
        return upper_fraction(found.upper) if found is not None and found.verdict is Verdict.PROVED else None


def precision_of(family: Family, bits: int) -> int:
    """Working precision for L: one level to 2^-L of itself, as a flag's distance from 1 is known, and some."""
    return family.unit(bits).denominator.bit_length() + bits + GUARD_BITS


def dyadic(value: arb, places: int) -> Fraction:
    """The multiple of 2^-places next to a number."""
    return Fraction(round(exact_fraction(arb(value.mid())) * 2**places), 2**places)

"""LSTM: the memory that refreshes itself (C9), sized from the request: any tolerance, for ever, with four units.

A slow analog-to-digital conversion, one bit per step, re-quantises the held value every P = L + 5 steps, for ever. All output gates
are 1/2, so h = tanh(c)/2; all weights are dyadic rationals if M is one. With γ = 2^-(⌈L/2⌉+3), w = γ 2^-(P-1), ε = γ/(8M):

    unit         i                                     f                    g
    capture      σ(G(w/4 - h_clk))       step 1        σ(G(h_clk - 3w/4))   tanh(ε x + 3γ/16 + w)
    hold         σ(G(3w/4 - h_clk))      load          σ(G(h_clk - 3w/4))   tanh(2 h_acc + 2 h_clk)
    accumulate   σ(G(A - h_acc - h_clk)) the bit       σ(G(3γ/8 - h_clk))   tanh(2 h_clk)
    clock        σ(G(3w/4 - h_clk))      reload        1/2                  tanh(γ - h_clk)

and y = (2/ε)(A - w/2) - 3M/2, A = h_cap + h_hold. The clock halves itself every step from γ/2 to w/2 and is then reloaded; it
is the weight of the bit under trial, its orbit depends on neither input nor held value, and where it is 0, before step 1, the
capture unit admits its input. The residual A - h_acc needs no register. Through its own term -h_clk the reloaded clock repeats
the first cycle.
One level, w in units of h, is 2^-L M in y.

Source: this project, theory C9; the mechanism is that of quantised refresh of analog memories: Cauwenberghs & Yariv 1995.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from constructions.answer import Construction, Place, Unanswered, assemble
from constructions.sizing import smallest
from verifier.arithmetic.balls import Balls, upper_fraction
from verifier.program import record
from verifier.refresh import bound_refresh
from verifier.regime import Regime
from verifier.verdict import Verdict
from verifier.weights import Weights

CAPTURE, HOLD, ACCUMULATE, CLOCK = range(4)
UNITS = ("capture", "hold", "accumulate", "clock")

SMALLEST_BITS = 2
"""L of the smallest memory: with fewer the lowest held value lies too near 0."""

MOST_BITS = 4000
"""L of the largest memory that is proposed: deciding one of a period of 4000 steps takes some minutes."""

FINE = 6
"""Comparators that open over 2^-6 of a level are fine: L is chosen with them."""

COARSEST = 3
"""G is at least 2^-3 of that: coarser comparators are proved, but whole boxes of states can then not be pushed through a cycle."""

GUARD_BITS = 128
"""Working precision beyond L with which sizes are decided."""


@dataclass(frozen=True)
class Sizes:
    """L (levels of M·2^-L) and log2 of the gain G."""

    bits: int
    gain: int

    @property
    def period(self) -> int:
        """P = L + 5: clear, load, and bits for the range γ/2 of sums, of which inputs use a quarter."""
        return self.bits + 5

    @property
    def full(self) -> Fraction:
        """γ: γ² <= 2^-(P+1) keeps cubic terms below a small part of a level."""
        exponent = (self.bits + 1) // 2 + 3
        return Fraction(1, 1 << exponent)

    @property
    def unit(self) -> Fraction:
        """w = γ 2^-(P-1), one level in units of h."""
        return self.full / (1 << self.period - 1)


LOG_2 = Fraction(25, 36)
"""Just above ln 2 = 0.69315 (25/36 = 0.69444)."""


def fine_gain(bits: int) -> int:
    """log2 of the least power of two G >= 2^FINE Λ/w, Λ = ln 2 (P + 8): Λ/G away from its threshold a bit is 2^-(P+8) off."""
    sizes = Sizes(bits, 0)
    least = 2**FINE * LOG_2 * (sizes.period + 8) / sizes.unit
    return int(-(-least.numerator // least.denominator) - 1).bit_length()


def network(hidden: int, sizes: Sizes, bound: Fraction) -> tuple[Weights, dict[Place, str]]:
    """The C9 weights in `hidden` >= 4 units for inputs in [-bound, bound], and each weight's reason."""
    gain, full, unit = Fraction(2) ** sizes.gain, sizes.full, sizes.unit
    scale = full / (8 * bound)
    low, top, start = 3 * unit / 4, 3 * full / 8, unit / 4
    admits = "capture: admits where the clock is below w/4, that is at step 1 only"
    yields = "capture: is cleared where the clock is below 3w/4, once in P steps, when the hold unit takes over"
    loads = "hold: changes its value where the clock is below 3w/4, once in P steps"
    fits = "accumulate: takes the bit under trial if it fits into A - h_acc - h_clk, A = h_cap + h_hold"
    clears = "accumulate: is cleared where the clock is above 3γ/8, once in P steps"
    reloads = "clock: reloads where it is below 3w/4; its forget gate is 1/2, so it halves at every step"
    reads = "readout undoes the scale: y = (2/ε)(h_cap + h_hold - w/2) - 3M/2"
    entries: dict[Place, tuple[Fraction | int, str]] = {
        ("b_i", (CAPTURE,)): (gain * start, admits),
        ("W_i", (CAPTURE, CLOCK)): (-gain, admits),
        ("b_f", (CAPTURE,)): (-gain * low, yields),
        ("W_f", (CAPTURE, CLOCK)): (gain, yields),
        ("U_g", (CAPTURE,)): (scale, "capture: candidate tanh(εx + 3γ/16 + w), ε = γ/(8M): so small that tanh is linear"),
        ("b_g", (CAPTURE,)): (
            Fraction(3, 16) * full + unit,
            "capture: so that held values are between γ/32 and 5γ/32, and multiples of 2^-L M are mid-level",
        ),
        ("b_i", (HOLD,)): (gain * low, loads),
        ("W_i", (HOLD, CLOCK)): (-gain, loads),
        ("b_f", (HOLD,)): (-gain * low, loads),
        ("W_f", (HOLD, CLOCK)): (gain, loads),
        ("W_g", (HOLD, ACCUMULATE)): (2, "hold: loads the sum of the bits, tanh(c)/2 undone by 2"),
        ("W_g", (HOLD, CLOCK)): (2, "hold: plus w/2, where the clock is then: the middle of the level"),
        ("W_i", (ACCUMULATE, CAPTURE)): (gain, fits),
        ("W_i", (ACCUMULATE, HOLD)): (gain, fits),
        ("W_i", (ACCUMULATE, ACCUMULATE)): (-gain, fits),
        ("W_i", (ACCUMULATE, CLOCK)): (-gain, fits),
        ("b_f", (ACCUMULATE,)): (gain * top, clears),
        ("W_f", (ACCUMULATE, CLOCK)): (-gain, clears),
        ("W_g", (ACCUMULATE, CLOCK)): (2, "accumulate: the bit under trial is worth the clock's value"),
        ("b_i", (CLOCK,)): (gain * low, reloads),
        ("W_i", (CLOCK, CLOCK)): (-gain, reloads),
        ("b_g", (CLOCK,)): (full, "clock: starts from γ/2, above every held value"),
        ("W_g", (CLOCK, CLOCK)): (-1, "clock: takes off what is left of the last cycle, so that all cycles are alike"),
        ("V", (CAPTURE,)): (2 / scale, reads),
        ("V", (HOLD,)): (2 / scale, reads),
        ("v0", ()): (-3 * bound / 2 - unit / scale, reads),
    }
    return assemble("lstm", hidden, entries, UNITS)


def applies(regime: Regime) -> bool:
    """Whether C9 can be asked: a positive tolerance, inputs in [-M, M] and four units."""
    return regime.tolerance > 0 and regime.extent is not None and regime.hidden >= len(UNITS)


def construct(regime: Regime) -> Construction | Unanswered:
    """C9 with the fewest bits, then the smallest gain, for which the verifier's inequalities meet the tolerance."""
    least = _fewest_bits(regime)
    if least >= MOST_BITS:
        return Unanswered(
            regime,
            f"a refreshed memory (C9) of this accuracy has levels of 2^-{least} M and a period of {least + 5} steps; "
            f"this version checks periods up to {MOST_BITS + 5}",
        )
    sizes = size(regime.bound, regime.tolerance, regime.strict, least)
    weights, reasons = network(regime.hidden, sizes, regime.bound)
    return Construction(
        regime=regime,
        weights=weights,
        theorem="C9",
        title=f"refreshed memory: {sizes.bits + 1} bits, re-quantised every {sizes.period} steps",
        parameters={},
        derivation=None,
        reasons=reasons,
        leading_order="M 2^-L (1/2 + 2Z), Z the width of a comparator in levels",
        statement="For these weights, every n >= 1 and every x in [-M, M]^n: |y_n - x_1| <= V (ℓ + ρ + Z + drift) + distortion, "
        "V = 2/ε, all of them numbers that the verifier reads off the weights (verify explain C9).",
        sized=f"levels of 2^-{sizes.bits} M, period P = {sizes.period}, γ = 2^-{(sizes.bits + 1) // 2 + 3}, G = 2^{sizes.gain}: "
        "the fewest bits and then the smallest power of two G whose inequalities give the tolerance",
    )


def _fewest_bits(regime: Regime) -> int:
    """The least L with M 2^-(L+1) < tolerance: an error of half a level is always possible."""
    ratio = regime.bound / regime.tolerance
    return max((ratio.numerator // ratio.denominator).bit_length() - 1, SMALLEST_BITS)


@cache
def size(bound: Fraction, tolerance: Fraction, strict: bool, least: int) -> Sizes:
    """The smallest L >= `least`, with fine comparators, and then the smallest G whose proved error meets the tolerance."""

    def meets(sizes: Sizes) -> bool:
        error = _proved_error(sizes, bound)
        return error is not None and (error < tolerance if strict else error <= tolerance)

    bits = smallest(lambda bits: bits >= least and meets(Sizes(bits, fine_gain(bits))), least)
    gain = fine_gain(bits)
    spare = (tolerance - (_proved_error(Sizes(bits, gain), bound) or tolerance)) / bound * 2**bits
    likely = int(1 + spare * 2 ** (FINE - 1)).bit_length() - 1  # in levels, 2^k times less G costs about 2^-FINE 2 (2^k - 1)
    least_gain = gain - COARSEST
    return Sizes(bits, smallest(lambda g: g >= least_gain and meets(Sizes(bits, g)), max(gain - likely, least_gain)))


@cache
def _proved_error(sizes: Sizes, bound: Fraction) -> Fraction | None:
    """The error that the verifier's inequalities give for these sizes; None if some do not hold."""
    weights, _ = network(len(UNITS), sizes, bound)
    with Balls(sizes.bits + GUARD_BITS).working():
        found = bound_refresh(record(weights), bound)
        return upper_fraction(found.upper) if found is not None and found.verdict is Verdict.PROVED else None

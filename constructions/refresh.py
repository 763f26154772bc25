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

from constructions.answer import Place, assemble
from constructions.refreshed import COARSEST as COARSEST
from constructions.refreshed import Family
from verifier.weights import Weights

CAPTURE, HOLD, ACCUMULATE, CLOCK = range(4)
UNITS = ("capture", "hold", "accumulate", "clock")

SMALLEST_BITS = 2
"""L of the smallest memory: with fewer the lowest held value lies too near 0."""


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


LSTM = Family(
    cell="lstm",
    units=UNITS,
    smallest_bits=SMALLEST_BITS,
    network=lambda hidden, bits, gain, bound: network(hidden, Sizes(bits, gain), bound),
    period=lambda bits: Sizes(bits, 0).period,
    unit=lambda bits: Sizes(bits, 0).unit,
    sizes=lambda bits: f"γ = 2^-{(bits + 1) // 2 + 3}",
    readout="2/ε",
)


def fine_gain(bits: int) -> int:
    """log2 of the G of fine comparators."""
    return LSTM.fine_gain(bits)

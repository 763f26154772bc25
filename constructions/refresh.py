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
    """L (levels of M·2^-L) and log2 of the gain G; `shift`: inputs use 2^-shift of the range they could."""

    bits: int
    gain: int
    shift: int = 0

    @property
    def period(self) -> int:
        """P = L + 5: clear, load, and bits for the range γ/2 of sums, of which inputs use a quarter."""
        return self.bits + self.shift + 5

    @property
    def full(self) -> Fraction:
        """γ: γ² <= 2^-(P+1) keeps cubic terms below a small part of a level."""
        exponent = (self.bits + self.shift + 1) // 2 + 3
        return Fraction(1, 1 << exponent)

    @property
    def unit(self) -> Fraction:
        """w = γ 2^-(P-1), one level in units of h."""
        return self.full / (1 << self.period - 1)


Entries = dict[Place, tuple[Fraction | int, str]]
"""Weights with their reasons."""


def network(hidden: int, sizes: Sizes, bound: Fraction) -> tuple[Weights, dict[Place, str]]:
    """The C9 weights in `hidden` >= 4 units for inputs in [-bound, bound], and each weight's reason."""
    units = (CAPTURE, HOLD, ACCUMULATE)
    entries = first_capture(sizes, CAPTURE, CLOCK) | memory(sizes, bound, units, CLOCK) | clock(sizes, CLOCK)
    return assemble("lstm", hidden, entries | readout(sizes, bound, units), UNITS)


def first_capture(sizes: Sizes, capture: int, clock: int) -> Entries:
    """The gates of a unit that admits at step 1 and is cleared with the first load."""
    gain, low, start = Fraction(2) ** sizes.gain, 3 * sizes.unit / 4, sizes.unit / 4
    admits = "capture: admits where the clock is below w/4, that is at step 1 only"
    yields = "capture: is cleared where the clock is below 3w/4, once in P steps, when the hold unit takes over"
    return {
        ("b_i", (capture,)): (gain * start, admits),
        ("W_i", (capture, clock)): (-gain, admits),
        ("b_f", (capture,)): (-gain * low, yields),
        ("W_f", (capture, clock)): (gain, yields),
    }


def memory(sizes: Sizes, bound: Fraction, units: tuple[int, int, int], clock: int) -> Entries:
    """Capture, hold and accumulate units, but for the gates of the first."""
    capture, hold, accumulate = units
    gain, full, unit, share = Fraction(2) ** sizes.gain, sizes.full, sizes.unit, Fraction(1, 1 << sizes.shift)
    low, top = 3 * unit / 4, 3 * full / 8
    loads = "hold: changes its value where the clock is below 3w/4, once in P steps"
    fits = "accumulate: takes the bit under trial if it fits into A - h_acc - h_clk, A = h_cap + h_hold"
    clears = "accumulate: is cleared where the clock is above 3γ/8, once in P steps"
    return {
        ("U_g", (capture,)): (
            scale(sizes, bound),
            "capture: candidate tanh(εx + 3γ/16 + w), ε = γ/(8M): so small that tanh is linear",
        ),
        ("b_g", (capture,)): (
            Fraction(3, 16) * full * share + unit,
            "capture: so that held values are between γ/32 and 5γ/32, and multiples of 2^-L M are mid-level",
        ),
        ("b_i", (hold,)): (gain * low, loads),
        ("W_i", (hold, clock)): (-gain, loads),
        ("b_f", (hold,)): (-gain * low, loads),
        ("W_f", (hold, clock)): (gain, loads),
        ("W_g", (hold, accumulate)): (2, "hold: loads the sum of the bits, tanh(c)/2 undone by 2"),
        ("W_g", (hold, clock)): (2, "hold: plus w/2, where the clock is then: the middle of the level"),
        ("W_i", (accumulate, capture)): (gain, fits),
        ("W_i", (accumulate, hold)): (gain, fits),
        ("W_i", (accumulate, accumulate)): (-gain, fits),
        ("W_i", (accumulate, clock)): (-gain, fits),
        ("b_f", (accumulate,)): (gain * top, clears),
        ("W_f", (accumulate, clock)): (-gain, clears),
        ("W_g", (accumulate, clock)): (2, "accumulate: the bit under trial is worth the clock's value"),
    }


def clock(sizes: Sizes, clock: int) -> Entries:
    """The unit that halves itself and reloads."""
    gain, low = Fraction(2) ** sizes.gain, 3 * sizes.unit / 4
    reloads = "clock: reloads where it is below 3w/4; its forget gate is 1/2, so it halves at every step"
    return {
        ("b_i", (clock,)): (gain * low, reloads),
        ("W_i", (clock, clock)): (-gain, reloads),
        ("b_g", (clock,)): (sizes.full, "clock: starts from γ/2, above every held value"),
        ("W_g", (clock, clock)): (-1, "clock: takes off what is left of the last cycle, so that all cycles are alike"),
    }


def scale(sizes: Sizes, bound: Fraction) -> Fraction:
    """ε = γ/(8M), a 2^shift-th of it."""
    return sizes.full / (8 * bound) / (1 << sizes.shift)


def readout(sizes: Sizes, bound: Fraction, units: tuple[int, int, int]) -> Entries:
    """y = (2/ε)(h_cap + h_hold - w/2) - 3M/2."""
    capture, hold, _ = units
    reads = "readout undoes the scale: y = (2/ε)(h_cap + h_hold - w/2) - 3M/2"
    slope = 2 / scale(sizes, bound)
    return {
        ("V", (capture,)): (slope, reads),
        ("V", (hold,)): (slope, reads),
        ("v0", ()): (-3 * bound / 2 - slope * sizes.unit / 2, reads),
    }


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

"""GRU: the memory that refreshes itself (C9), sized from the request: any tolerance, for ever, with four units, in each convention.

A slow analog-to-digital conversion, one bit per step, re-quantises the held value every P = L + 5 steps, for ever. With s the share
of the candidate tanh(n) that a unit takes (z where z takes, 1 - z where it keeps), r = σ(-K h_pulse) and θ = 3w/4:

    unit         s                                                                     n
    hold         σ(εx - G h_clock - Gθ h_pulse)                            load        u h_acc + (B - λ) h_pulse + B
    accumulate   σ(G(h_hold - o - h_acc - h_clock + γ(1 + h_pulse)))       the bit     r (h_acc + h_clock)
    clock        σ(K(1 + h_pulse))                                         1/2, or 1   γ (1 + h_pulse)
    pulse        σ(K)                                                      always      -(G/2)(h_clock + 2θ h_pulse + θ)

and y = V (h_hold - T/2), V = 4/(εT), T = tanh B. The clock halves itself every step; it is the weight of the bit under trial. Where
it has come below 3w/4 the hold unit loads, and the pulse, else -1, is +1 for the one step after it, in which the clock reloads
to 2γ and the accumulate unit, whose reset gate shuts, clears. Before step 1 clock and pulse are 0: there alone the hold unit's
gate stands at 1/2, h_hold = T σ(εx), and the clock starts from γ. The clock's and the pulse's orbits depend on neither input nor
held value. ε makes the cubic term of σ, T the quadratic term of tanh around T/2 small against one level; u undoes its slope there.
Reset gates that are not listed stand at 1/2, which doubled weights undo. Where they stand before the product, everything reads
r h_acc and r h_clock: r is open in all steps that matter.
One level, w = Tε/8 2^-L M in units of h, is 2^-L M in y.

Source: this project, theory C9; the mechanism is that of quantised refresh of analog memories: Cauwenberghs & Yariv 1995.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from constructions.answer import Entries, Place, assemble
from constructions.latch import SIGNS
from constructions.refreshed import LOG_2, Family, dyadic
from verifier.arithmetic.balls import Balls, to_ball
from verifier.weights import Weights

HOLD, ACCUMULATE, CLOCK, PULSE = range(4)
UNITS = ("hold", "accumulate", "clock", "pulse")

SMALLEST_BITS = 2
"""L of the smallest memory."""

SHARPNESS = 10
"""Dyadic weights that stand for tanh, artanh and quotients are 2^-SHARPNESS w or less off in what they are for."""

AMPLITUDE_BITS = 2
"""T = 2^-(⌈L/4⌉ + 2): over sums up to 5/2 2^L w a load is off by less than 2 T (2^L w)² = T² ε 2^(L-1) w, 2^-6 w or less."""

SCALE_BITS = 1
"""εM = 2^-(⌈L/2⌉ + 1): the cubic term of σ(εx) is off by (εM)²M/12, which is 2^-5.5 2^-L M or less."""

STEADY_BITS = 6
"""K: e^-K P <= 2^-(P+6), so that in P steps halving, clearing and reading the sum go wrong by 2^-6 w or less."""


@dataclass(frozen=True)
class Sizes:
    """L (levels of M·2^-L) and log2 of the gain G; all else follows."""

    bits: int
    gain: int

    @property
    def period(self) -> int:
        """P = L + 5: clear, load, and bits for the range 4γ of sums."""
        return self.bits + 5

    @property
    def amplitude(self) -> Fraction:
        """T."""
        return Fraction(1, 1 << (self.bits + 3) // 4 + AMPLITUDE_BITS)

    @property
    def scale(self) -> Fraction:
        """εM."""
        return Fraction(1, 1 << (self.bits + 1) // 2 + SCALE_BITS)

    @property
    def unit(self) -> Fraction:
        """w = TεM 2^-(L+2): σ(εx) moves by εM/2 over the box, in 2^(L+1) levels."""
        return self.amplitude * self.scale / (1 << self.bits + 2)

    @property
    def full(self) -> Fraction:
        """γ = 2^(L+1) w: bits from γ to w express 4·2^L levels, held values are between 1/2 and 5/2 2^L."""
        return self.unit * (1 << self.bits + 1)

    @property
    def saturation(self) -> int:
        """K."""
        return math.ceil(LOG_2 * (self.period + STEADY_BITS + self.period.bit_length()))


@dataclass(frozen=True)
class _Rounded:
    """The dyadic numbers near those that are not rational."""

    entry: Fraction
    lift: Fraction
    slope: Fraction
    readout: Fraction


@cache
def _rounded(sizes: Sizes) -> _Rounded:
    """B, λ, u and εV near artanh T, artanh(T/2) - u(3/2)2^L w, 1/(1 - T²/4) and 4/tanh B."""
    places = sizes.unit.denominator.bit_length() + SHARPNESS
    amplitude, middle = sizes.amplitude, 3 * sizes.full / 4
    with Balls(2 * places).working():
        entry = dyadic(to_ball(amplitude).atanh(), places)
        slope = dyadic(to_ball(1 / (1 - amplitude**2 / 4)), places)
        lift = dyadic(to_ball(amplitude / 2).atanh() - to_ball(slope * middle), places)
        readout = dyadic(4 / to_ball(entry).tanh(), places)
    return _Rounded(entry, lift, slope, readout)


def network(cell: str, hidden: int, sizes: Sizes, bound: Fraction) -> tuple[Weights, dict[Place, str]]:
    """The C9 weights of a GRU in `hidden` >= 4 units for inputs in [-bound, bound], and each weight's reason."""
    sign, after = SIGNS[cell], "after" in cell
    gain, unit, full, saturation = Fraction(2) ** sizes.gain, sizes.unit, sizes.full, sizes.saturation
    numbers, low = _rounded(sizes), 3 * unit / 4
    origin = sizes.amplitude / 2 - (3 * full / 4 + unit / 2)
    scale = sizes.scale / bound

    def doubled(target: int, source: int) -> int:
        """2 where the reset gate on the way, unused, stands at 1/2."""
        return 2 if (target != ACCUMULATE if after else source == PULSE) else 1

    loads = "hold: takes its candidate where the clock is below 3w/4, once in P steps, and half of it at step 1, x entering there"
    fits = "accumulate: takes the bit under trial if it fits into h_hold - o - h_acc - h_clk"
    clears = "accumulate: and its candidate, 0, where the pulse is up"
    shuts = "accumulate: reset gate open, σ(K), but shut where the pulse is up"
    reloads = "clock: halves itself, and reloads where the pulse is up"
    ends = "pulse: +1 for the step after the clock was below 3w/4, else -1"
    reads = "readout undoes the scale: y = V (h_hold - T/2)"
    entries: Entries = {
        ("U_z", (HOLD,)): (sign * scale, "hold: at step 1 its gate is σ(εx), so near 1/2 that σ is linear"),
        ("W_z", (HOLD, CLOCK)): (-sign * gain, loads),
        ("W_z", (HOLD, PULSE)): (-sign * gain * low, loads),
        ("W_n", (HOLD, ACCUMULATE)): (doubled(HOLD, ACCUMULATE) * numbers.slope, "hold: loads the sum of the bits, slope undone"),
        ("W_n", (HOLD, PULSE)): (
            doubled(HOLD, PULSE) * (numbers.entry - numbers.lift), "hold: candidate tanh(u h_acc + λ) but at step 1",
        ),
        ("b_n", (HOLD,)): (numbers.entry, "hold: candidate T = tanh B at step 1"),
        ("W_z", (ACCUMULATE, HOLD)): (sign * gain, fits),
        ("W_z", (ACCUMULATE, ACCUMULATE)): (-sign * gain, fits),
        ("W_z", (ACCUMULATE, CLOCK)): (-sign * gain, fits),
        ("W_z", (ACCUMULATE, PULSE)): (sign * gain * full, clears),
        ("b_z", (ACCUMULATE,)): (sign * gain * (full - origin), fits),
        ("W_r", (ACCUMULATE, PULSE)): (-saturation, shuts),
        ("W_n", (ACCUMULATE, ACCUMULATE)): (1, "accumulate: candidate is the sum plus the bit under trial"),
        ("W_n", (ACCUMULATE, CLOCK)): (1, "accumulate: the bit under trial is worth the clock's value"),
        ("W_z", (CLOCK, PULSE)): (sign * saturation, reloads),
        ("b_z", (CLOCK,)): (sign * saturation, reloads),
        ("W_n", (CLOCK, PULSE)): (doubled(CLOCK, PULSE) * full, "clock: reloads to tanh 2γ, at step 1 to tanh γ"),
        ("b_n", (CLOCK,)): (full, "clock: candidate 0 where the pulse is down"),
        ("b_z", (PULSE,)): (sign * saturation, "pulse: takes its candidate at every step"),
        ("W_n", (PULSE, CLOCK)): (-doubled(PULSE, CLOCK) * gain / 2, ends),
        ("W_n", (PULSE, PULSE)): (-doubled(PULSE, PULSE) * gain * low, ends),
        ("b_n", (PULSE,)): (-gain * low / 2, ends),
        ("V", (HOLD,)): (numbers.readout / scale, reads),
        ("v0", ()): (-numbers.readout / scale * sizes.amplitude / 2, reads),
        **({} if after else {("W_r", (CLOCK, PULSE)): (-saturation, shuts)}),
    }  # fmt: skip
    return assemble(cell, hidden, entries, UNITS)


@cache
def family(cell: str) -> Family:
    """The refreshed memories of a GRU."""
    return Family(
        cell=cell,
        units=UNITS,
        smallest_bits=SMALLEST_BITS,
        network=lambda hidden, bits, gain, bound: network(cell, hidden, Sizes(bits, gain), bound),
        period=lambda bits: Sizes(bits, 0).period,
        unit=lambda bits: Sizes(bits, 0).unit,
        sizes=lambda bits: (
            f"ε = 2^-{(bits + 1) // 2 + SCALE_BITS}/M, T = 2^-{(bits + 3) // 4 + AMPLITUDE_BITS}, K = {Sizes(bits, 0).saturation}"
        ),
        readout="4/(εT)",
    )

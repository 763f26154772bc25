"""LSTM: the memory that refreshes itself (C9) with three units, sized from the request: any tolerance, for ever.

A slow analog-to-digital conversion, one bit per step, re-quantises the held value for ever. All output gates are 1/2, so
h = tanh(c)/2; θ = 3w/2:

    unit         i                                                f                    g
    hold         σ(εx - G h_clk)                  load, step 1    σ(G h_clk)           tanh(u h_acc + μ h_clk + B)
    accumulate   σ(G(h_hold - s - h_acc - h_clk)) the bit         σ(G(top - h_clk))    tanh(2 h_clk)
    clock        σ(G(θ - h_clk))                  turn            1/2                  tanh(G(w/2 - h_clk))

and y = V (h_hold - tanh(T/2)/2), V = 8/(εT(1 - tanh²(T/2))), T = tanh B. The clock halves itself every step; it is the weight
of the bit under trial, and large ones that fit nowhere clear the sum. Where it has come to w it turns: its cell falls to about -1,
which opens the hold unit's gate, and rises to 1/2 from there (from 0, before step 1, to 1). Before step 1 the clock is 0: there
alone the hold unit's gate stands at 1/2, and x enters through σ(εx). One candidate serves step 1, at T, and loads, at u h_acc + λ,
λ = B - μν, -ν what the clock shows then. ε makes the cubic term of σ, T the quadratic term of tanh tanh around T/2 small against
one level; u undoes its slope there. One level, w = Tε/8 2^-L M in units of h, is 2^-L M in y.

Source: this project, theory C9; the mechanism is that of quantised refresh of analog memories: Cauwenberghs & Yariv 1995.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from constructions.answer import Entries, Place, assemble
from constructions.refreshed import Family, dyadic
from verifier.arithmetic.balls import Balls, to_ball
from verifier.weights import Weights

HOLD, ACCUMULATE, CLOCK = range(3)
UNITS = ("hold", "accumulate", "clock")

SMALLEST_BITS = 2
"""L of the smallest memory."""

SHARPNESS = 10
"""Dyadic weights that stand for tanh, artanh and quotients are 2^-SHARPNESS w or less off in what they are for."""

AMPLITUDE_BITS = 2
"""T = 2^-(⌈L/4⌉ + 2): over sums up to 5/2 2^L w a load is off by less than 8 T (2^L w)² = T² ε 2^L w, 2^-6 w or less."""

SCALE_BITS = 2
"""εM = 2^-(⌈L/2⌉ + 2): the cubic term of σ(εx) is off by (εM)²M/12, which is 2^-7.5 2^-L M or less."""


@dataclass(frozen=True)
class Sizes:
    """L (levels of M·2^-L) and log2 of the gain G; all else follows."""

    bits: int
    gain: int

    @property
    def amplitude(self) -> Fraction:
        """T, about."""
        return Fraction(1, 1 << (self.bits + 3) // 4 + AMPLITUDE_BITS)

    @property
    def scale(self) -> Fraction:
        """εM."""
        return Fraction(1, 1 << (self.bits + 1) // 2 + SCALE_BITS)

    @property
    def unit(self) -> Fraction:
        """w = TεM 2^-(L+3): h_hold moves by TεM/4 over the box, in 2^(L+1) levels."""
        return self.amplitude * self.scale / (1 << self.bits + 3)

    @property
    def period(self) -> int:
        """P = log2(1/w): the clock's cell halves from 1/2 to 2w, then it turns."""
        return self.unit.denominator.bit_length() - 1

    @property
    def middle(self) -> Fraction:
        """3/2 2^L w: the middle of held values, which are between 1/2 and 5/2 2^L w."""
        return 3 * self.unit * (1 << self.bits) / 2


@dataclass(frozen=True)
class _Rounded:
    """The dyadic numbers near those that are not rational."""

    entry: Fraction
    slope: Fraction
    turn: Fraction
    origin: Fraction
    readout: Fraction
    rest: Fraction


@cache
def _rounded(sizes: Sizes) -> _Rounded:
    """B = artanh T, u, μ, s, εV and the readout's constant over V, all near what the module says."""
    places = sizes.unit.denominator.bit_length() + SHARPNESS
    half = sizes.amplitude / 2
    with Balls(2 * places).working():
        share = 1 - to_ball(half).tanh() ** 2
        entry = dyadic(to_ball(sizes.amplitude).atanh(), places)
        slope = dyadic(2 / (share * to_ball(1 - half**2)), places)
        lift = to_ball(half).atanh() - to_ball(slope * sizes.middle)
        shown = (1 - to_ball(sizes.unit)).tanh() / 2
        turn = dyadic((to_ball(entry) - lift) / shown, places)
        centre = dyadic(to_ball(half).tanh() / 2, places)
        readout = dyadic(8 / (to_ball(sizes.amplitude) * share), places)
    return _Rounded(entry, slope, turn, centre - sizes.middle - sizes.unit / 2, readout, centre)


def network(hidden: int, sizes: Sizes, bound: Fraction) -> tuple[Weights, dict[Place, str]]:
    """The C9 weights in `hidden` >= 3 units for inputs in [-bound, bound], and each weight's reason."""
    gain, unit, numbers, scale = Fraction(2) ** sizes.gain, sizes.unit, _rounded(sizes), sizes.scale / bound
    loads = "hold: takes its candidate where the clock is negative, once in P steps, and half of it at step 1"
    fits = "accumulate: takes the bit under trial if it fits into h_hold - s - h_acc - h_clk"
    clears = "accumulate: is cleared where the clock is above every bit that is used"
    turns = "clock: turns where it is below 3w/2; its forget gate is 1/2, so it halves at every step"
    falls = "clock: falls to -1 where it has come to w, rises where it is 0 or negative"
    entries: Entries = {
        ("U_i", (HOLD,)): (scale, "hold: at step 1 its gate is σ(εx), so near 1/2 that σ is linear"),
        ("W_i", (HOLD, CLOCK)): (-gain, loads),
        ("W_f", (HOLD, CLOCK)): (gain, "hold: forgets where the clock is negative, once in P steps"),
        ("W_g", (HOLD, ACCUMULATE)): (numbers.slope, "hold: loads the sum of the bits, slope undone"),
        ("W_g", (HOLD, CLOCK)): (numbers.turn, "hold: candidate tanh(u h_acc + λ) but at step 1"),
        ("b_g", (HOLD,)): (numbers.entry, "hold: candidate T = tanh B at step 1"),
        ("W_i", (ACCUMULATE, HOLD)): (gain, fits),
        ("W_i", (ACCUMULATE, ACCUMULATE)): (-gain, fits),
        ("W_i", (ACCUMULATE, CLOCK)): (-gain, fits),
        ("b_i", (ACCUMULATE,)): (-gain * numbers.origin, fits),
        ("W_f", (ACCUMULATE, CLOCK)): (-gain, clears),
        ("b_f", (ACCUMULATE,)): (2 * gain * sizes.middle, clears),
        ("W_g", (ACCUMULATE, CLOCK)): (2, "accumulate: the bit under trial is worth the clock's value"),
        ("W_i", (CLOCK, CLOCK)): (-gain, turns),
        ("b_i", (CLOCK,)): (3 * gain * unit / 2, turns),
        ("W_g", (CLOCK, CLOCK)): (-gain, falls),
        ("b_g", (CLOCK,)): (gain * unit / 2, falls),
        ("V", (HOLD,)): (numbers.readout / scale, "readout undoes the scale"),
        ("v0", ()): (-numbers.readout / scale * numbers.rest, "readout undoes the scale"),
    }
    return assemble("lstm", hidden, entries, UNITS)


LSTM_PAIR = Family(
    cell="lstm",
    units=UNITS,
    smallest_bits=SMALLEST_BITS,
    network=lambda hidden, bits, gain, bound: network(hidden, Sizes(bits, gain), bound),
    period=lambda bits: Sizes(bits, 0).period,
    unit=lambda bits: Sizes(bits, 0).unit,
    sizes=lambda bits: f"ε = 2^-{(bits + 1) // 2 + SCALE_BITS}/M, T = 2^-{(bits + 3) // 4 + AMPLITUDE_BITS}",
    readout="8/(εT(1 - tanh²(T/2)))",
)

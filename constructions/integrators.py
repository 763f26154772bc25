"""tanh and sigmoid RNN: the memory that refreshes itself (C9), sized from the request: any tolerance, for ever, with 15 units.

A slow analog-to-digital conversion, one bit in three steps, re-quantises the held value every P = 3(L + 3) steps, for ever. A
tanh unit of self-weight 1 next to 0 keeps its value up to the cube of it; what is added to it passes through a pair of units
tanh(v - Y) - tanh(-Y): next to nothing where Y is large, v where Y is 0. In units of A one level is w; T = 2^(L+2) w:

    flag f        tanh(Λ_f)                                      0 before step 1, then 1
    entry p       tanh(εx + o + Λf), its partner r = tanh(Λf)    p - r is tanh(εx + o) at step 1, later nothing
    trial a       tanh(c/2)                                      weight of the bit on trial: T/2, T/4, ..., w, w/2 every third step
    worth b       tanh(a)                                        the same one step later
    rest c        tanh(b + ρ(1 + e) + (T - ρ)(1 - f))            reloaded to T where e is up: ρ = (T - w/2)/2
    turn e        tanh(G(3w/4 - a - 4b - 4c) - H(1 - f))         1 for one step in a cycle, when a is w/2; else -1
    compare s     tanh(κ(A - q - a))                             does the bit fit? 1 or -1
    bit g         tanh(b + Y(s - 1) - Y(e + 1)), its partner k without b: g - k is the bit if it fits
    sum q         tanh(q + z - n + g - k)                        the sum of the bits
    load m        tanh(q - A + b + Y(e - 1))                     to A, once in a cycle, when b is w/2
    clear z       tanh(-q + Y(e - 1))                            to q, once in a cycle; partner of both n = tanh(Y(e - 1))
    hold A        tanh(A + m - n + p - r)                        goes to the middle of its level

and y = (A + p - r - o)/ε. The clock a, b, c, e sees neither inputs nor the held value. One level is 2^-L M in y. A sigmoid
RNN is the same network in u = 2h - 1; started at u = -1, each unit gets from the flag what makes step 1 the one from u = 0.

Source: this project, theory C9; the mechanism is that of quantised refresh of analog memories: Cauwenberghs & Yariv 1995.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from constructions.answer import Place, assemble
from constructions.refreshed import LOG_2, Family
from constructions.sizing import least_exponent
from verifier.weights import Weights

UNITS = (
    "flag", "entry", "entry pair", "trial", "worth", "rest", "turn", "compare", "bit", "bit pair", "sum", "load", "clear",
    "load pair", "hold",
)  # fmt: skip
(
    FLAG, ENTRY, ENTRY_PAIR, TRIAL, WORTH, REST, TURN, COMPARE, BIT, BIT_PAIR, SUM, LOAD, CLEAR, LOAD_PAIR, HOLD,
) = range(len(UNITS))  # fmt: skip

SMALLEST_BITS = 2
"""L of the smallest memory: with fewer the lowest held value lies too near 0."""

LEAK_BITS = 10
"""Saturated units let through 2^-10 of a level in all, if 2^-LEAK_BITS w/T of what they shut out and 1/N of that in each step."""

CUBE_BITS = 8
"""N T² <= 2^-(N + 7): the cubes of held values, 3N of them, are below 2^-8 of a level."""


@dataclass(frozen=True)
class Sizes:
    """L (levels of M·2^-L) and log2 of the comparator's gain κ."""

    bits: int
    gain: int

    @property
    def weights(self) -> int:
        """N = L + 3 weights T/2, T/4, ..., w, w/2: inputs use half of the range T of the sums, and the last one ends the cycle."""
        return self.bits + 3

    @property
    def period(self) -> int:
        """P = 3N: a comparison is known to the sum three steps later."""
        return 3 * self.weights

    @property
    def full(self) -> Fraction:
        """T, the largest power of two with N T² <= 2^-(N + CUBE_BITS - 1), N rounded up to a power of two."""
        return Fraction(1, 1 << (self.weights + self.weights.bit_length() + CUBE_BITS) // 2)

    @property
    def unit(self) -> Fraction:
        """w = 2^-(L+2) T, one level in units of A."""
        return self.full / (1 << self.bits + 2)

    @property
    def leak_bits(self) -> int:
        """What is shut lets through 2^-this, times 4 at most."""
        return self.weights + self.weights.bit_length() + LEAK_BITS

    @property
    def swing(self) -> int:
        """Y: a pair driven to 2Y lets 4 e^-4Y through."""
        return math.ceil(LOG_2 * self.leak_bits / 4)

    @property
    def saturation(self) -> int:
        """Λ: a unit driven to Λ is 2 e^-2Λ from 1."""
        return math.ceil(LOG_2 * self.leak_bits / 2)

    @property
    def flag(self) -> int:
        """The flag's own Λ: 1 - f is that part of w and not of T, because sigmoid units that start at -1 read 1 - f."""
        return math.ceil(LOG_2 * (self.leak_bits + least_exponent(1 / self.full)) / 2)

    @property
    def turn(self) -> Fraction:
        """G, the least power of two with G w/4 >= Λ: the weight on trial is w/4 or more from the turn unit's threshold 3w/4."""
        return Fraction(2) ** least_exponent(4 * self.saturation / self.unit)


@dataclass(frozen=True)
class Unit:
    """One tanh unit of a network that starts at 0: why it is there, and what it reads."""

    reason: str
    reads: Mapping[int, Fraction | int]
    bias: Fraction | int = 0
    input: Fraction | int = 0


def units(sizes: Sizes, bound: Fraction) -> dict[int, Unit]:
    """The 15 units of the tanh network for inputs in [-bound, bound], started at 0 (see the module)."""
    full, unit, swing, saturation, turn = sizes.full, sizes.unit, sizes.swing, sizes.saturation, sizes.turn
    gain, reload, low = Fraction(2) ** sizes.gain, (full - unit / 2) / 2, 3 * unit / 4
    held_back = 2 * turn * low
    return {
        FLAG: Unit("flag: its start before step 1, saturated ever after", {}, sizes.flag),
        ENTRY: Unit(
            "entry: tanh(εx + o) at step 1, so small that tanh is linear; saturated by the flag ever after",
            {FLAG: saturation}, full / 2 + unit / 2, full / (4 * bound),
        ),
        ENTRY_PAIR: Unit("entry pair: saturates like the entry, without the input", {FLAG: saturation}),
        TRIAL: Unit("trial: the weight of the bit on trial, half of what it was three steps before", {REST: Fraction(1, 2)}),
        WORTH: Unit("worth: the weight of the bit, when the comparison is known", {TRIAL: 1}),
        REST: Unit(
            "rest: hands the weight on; reloads to T at step 1 and where the turn unit is up",
            {WORTH: 1, TURN: reload, FLAG: reload - full}, full,
        ),
        TURN: Unit(
            "turn: up for one step where the weight on trial is below 3w/4; other weights and step 1 keep it down",
            {TRIAL: -turn, WORTH: -4 * turn, REST: -4 * turn, FLAG: held_back}, turn * low - held_back,
        ),
        COMPARE: Unit("compare: does the bit on trial fit into A - q?", {HOLD: gain, SUM: -gain, TRIAL: -gain}),
        BIT: Unit(
            "bit: passes the bit's worth if it fits, but not that of w/2", {WORTH: 1, COMPARE: swing, TURN: -swing}, -2 * swing,
        ),
        BIT_PAIR: Unit("bit pair: saturates like the bit, without its worth", {COMPARE: swing, TURN: -swing}, -2 * swing),
        SUM: Unit("sum: keeps the sum of the bits, up to its cube", {SUM: 1, CLEAR: 1, LOAD_PAIR: -1, BIT: 1, BIT_PAIR: -1}),
        LOAD: Unit(
            "load: once in a cycle, when worth is w/2, takes A to the sum plus half a level",
            {SUM: 1, HOLD: -1, WORTH: 1, TURN: swing}, -swing,
        ),
        CLEAR: Unit("clear: once in a cycle takes the sum off itself", {SUM: -1, TURN: swing}, -swing),
        LOAD_PAIR: Unit("load pair: saturates like load and clear, without what they pass", {TURN: swing}, -swing),
        HOLD: Unit(
            "hold: keeps the held value, up to its cube", {HOLD: 1, LOAD: 1, LOAD_PAIR: -1, ENTRY: 1, ENTRY_PAIR: -1},
        ),
    }  # fmt: skip


READS = {HOLD: 1, ENTRY: 1, ENTRY_PAIR: -1}
"""y = (A + p - r - o)/ε."""

READOUT = "readout undoes the scale: y = (hold + entry - entry pair - o)/ε"


def network(cell: str, hidden: int, sizes: Sizes, bound: Fraction) -> tuple[Weights, dict[Place, str]]:
    """The C9 weights of a tanh or sigmoid RNN of `hidden` >= 15 units for inputs in [-bound, bound], and each weight's reason."""
    all_units = units(sizes, bound)
    slope, offset = 1 / Fraction(all_units[ENTRY].input), Fraction(all_units[ENTRY].bias)
    entries: dict[Place, tuple[Fraction | int, str]] = {}
    for k, unit in all_units.items():
        reads, bias = (dict(unit.reads), unit.bias) if cell == "tanh" or k == FLAG else from_below(unit)
        stretch, scale = (1, 1) if cell == "tanh" else (4, 2)  # σ(z) = (1 + tanh(z/2))/2 and u = 2h - 1
        constant = scale * bias - (0 if cell == "tanh" else scale * sum(reads.values()))
        entries |= {("W_h", (k, j)): (stretch * value, unit.reason) for j, value in reads.items()}
        entries |= {("U_h", (k,)): (scale * unit.input, unit.reason), ("b_h", (k,)): (constant, unit.reason)}
    stretch = 1 if cell == "tanh" else 2
    entries |= {("V", (j,)): (stretch * sign * slope, READOUT) for j, sign in READS.items()}
    entries["v0", ()] = (-slope * offset - (0 if cell == "tanh" else slope * sum(READS.values())), READOUT)
    return assemble(cell, hidden, {place: entry for place, entry in entries.items() if entry[0]}, UNITS)


def from_below(unit: Unit) -> tuple[dict[int, Fraction | int], Fraction]:
    """What a unit reads, and its bias, if before step 1 all units are -1 and not 0: the flag makes up for it.

    With F of the flag and S of the others, F f + b becomes (F - S)/2 f + b + (F + S)/2: the same at f = 1, and b + S at f = -1.
    """
    flag = Fraction(unit.reads.get(FLAG, 0))
    others = sum((Fraction(value) for j, value in unit.reads.items() if j != FLAG), Fraction(0))
    return {**unit.reads, FLAG: (flag - others) / 2}, unit.bias + (flag + others) / 2


def _family(cell: str) -> Family:
    """The refreshed memories of a tanh or sigmoid RNN."""

    def described(bits: int) -> str:
        sizes = Sizes(bits, 0)
        return f"T = 2^-{least_exponent(1 / sizes.full)}, Y = {sizes.swing}, Λ = {sizes.saturation}, κ = G"

    return Family(
        cell=cell,
        units=UNITS,
        smallest_bits=SMALLEST_BITS,
        network=lambda hidden, bits, gain, bound: network(cell, hidden, Sizes(bits, gain), bound),
        period=lambda bits: Sizes(bits, 0).period,
        unit=lambda bits: Sizes(bits, 0).unit,
        sizes=described,
        readout="1/ε",
        extra_bits=2,
        theorem="C9-tanh",
    )


FAMILIES = {cell: _family(cell) for cell in ("tanh", "sigmoid")}
"""By cell."""

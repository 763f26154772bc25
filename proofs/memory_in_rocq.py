"""The numbers that the kernel theorem C9 needs besides the weights: proposed here, decided in balls here, by the kernel later.

C and D enclose the clock after a load, s bounds what shut gates let through, a comparator z off its threshold is decided up to
t, Q limits the cell of the sum. The inequalities are those of `C9_conditions` in proofs/rocq/statements.v, in its order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from verifier.arithmetic.balls import Balls, lower_fraction, to_ball, upper_fraction
from verifier.verdict import Verdict, check_at_most

FINE_BITS = 24
"""C and D are multiples of 2^-24 w: what that adds to the error is a small part of a level."""

MOVED_UNITS = 3
"""Q leaves room for three levels above the captured values: twice the moves of a held value, and little."""


@dataclass(frozen=True)
class Memory:
    """The weights: B bits, γ, w = γ 2^-(B+1), G, and M."""

    bits: int
    full: Fraction
    unit: Fraction
    gain: Fraction
    bound: Fraction


@dataclass(frozen=True)
class Numbers:
    """C, D, s, t, z and Q, in the order of the theorem."""

    clock: Fraction
    spread: Fraction
    shut: Fraction
    soft: Fraction
    width: Fraction
    limit: Fraction

    @property
    def shutting(self) -> int:
        """A whole number v with σ(-v) <= s, v >= -ln s: what the arguments of shut gates must reach."""
        return int(upper_fraction(-to_ball(self.shut).log()).__ceil__())

    def listed(self) -> tuple[Fraction, ...]:
        """All of them."""
        return (self.clock, self.spread, self.shut, self.soft, self.width, self.limit)


class Bound:
    """`C9_conditions` and `C9_bound` in balls, at the current precision."""

    def __init__(self, memory: Memory, numbers: Numbers) -> None:
        self.memory, self.numbers = memory, numbers
        self.level = to_ball(numbers.clock / 2 ** (memory.bits + 1))
        self.low = to_ball((numbers.clock + numbers.spread) / 2 ** (memory.bits + 1) + 2 * numbers.shut)
        c, d, s, t, _, limit = numbers.listed()
        size = (c + d) / 4 + memory.bits * s
        exact = limit**3 / 6 + c**3 / 168 + t * size + 2 * d + (memory.bits + 1) * s * (limit + 10)
        self.off = to_ball(exact) + self.level**3 / 6 + (to_ball(limit) + self.low) ** 3 / 3
        self.moved = self.level / 2 + to_ball(2 * numbers.width + 2 * (memory.bits + 1) * s) + 3 * self.off
        self.captured = to_ball((5 * memory.full / 16 + memory.unit) ** 3 / 3 + s / 2)
        self.highest = to_ball((5 * memory.full / 16 + memory.unit) / 2) + self.moved + self.off

    def gates(self) -> tuple[arb, ...]:
        """Arguments of shut gates."""
        full, unit, n = to_ball(self.memory.full), to_ball(self.memory.unit), self.numbers
        start = to_ball(n.clock).tanh() / 2
        arguments = (
            3 * unit / 4 - (2 * self.level).tanh() / 2,
            self.low / 2 - 3 * unit / 4,
            unit / 4 - self.level.tanh() / 2,
            -unit / 4,
            to_ball((n.clock + n.spread) / 4 + n.shut) - 3 * full / 8,
            3 * full / 8 - start,
            self.highest - start,
            self.highest - to_ball(n.clock / 4 - n.clock**3 / 24),
        )
        return tuple(to_ball(self.memory.gain) * argument for argument in arguments)

    def inequalities(self) -> Iterator[tuple[arb, arb]]:
        """(left, right) of every inequality that is not one of signs."""
        n, full, unit = self.numbers, to_ball(self.memory.full), to_ball(self.memory.unit)
        clock, limit = to_ball(n.clock), to_ball(n.limit)
        yield clock, full.tanh() - to_ball(n.shut) * full
        yield full.tanh() + self.low**3 / 6 + self.low * full**2 / 2, to_ball(n.clock + n.spread)
        yield to_ball((n.clock + n.spread) / 2 + n.shut), full
        yield from ((gate, to_ball(-n.shutting)) for gate in self.gates())
        yield Balls.sigmoid(-to_ball(self.memory.gain * n.width)), to_ball(n.soft)
        yield to_ball(4 * n.width), (2 * self.level).tanh().tanh()
        yield self.captured + self.moved, (full / 16 + unit) / 2
        yield self.highest, clock / 4
        yield 2 * (self.highest + self.off), limit
        yield to_ball(2 * n.width) + 3 * self.off, self.level / 2

    def error(self) -> arb:
        """16 M/γ (moved + captured)."""
        return to_ball(16 * self.memory.bound / self.memory.full) * (self.moved + self.captured)


def choose(memory: Memory, tolerance: Fraction) -> tuple[Numbers, int] | None:
    """Numbers with which every inequality holds and the error is at most the tolerance, and the bits that decide it; or None."""
    for bits in (8 * memory.bits + 128, 16 * memory.bits + 256):
        with Balls(bits).working():
            numbers = _propose(memory)
            found = Bound(memory, numbers)
            pairs = [*found.inequalities(), (found.error(), to_ball(tolerance))]
            if all(check_at_most(left, right) is Verdict.PROVED for left, right in pairs):
                return numbers, bits
    return None


def _propose(memory: Memory) -> Numbers:
    """The smallest s of a ladder that bounds what shut gates let through; the other numbers as explained beside them."""
    full, unit, gain = memory.full, memory.unit, memory.gain
    soft = 1 / (full * gain)  # about where 2z + 3 t γ/4 is least
    width = upper_fraction(to_ball(full * gain).log() * 2**FINE_BITS).__ceil__() / (gain * 2**FINE_BITS)
    limit = 5 * full / 16 + MOVED_UNITS * unit
    least = unit / (2**FINE_BITS << memory.bits.bit_length())
    for doublings in range(FINE_BITS):
        shut = least * 2**doublings
        clock, spread = _clock(memory, shut)
        numbers = Numbers(clock, spread, shut, soft, width, limit)
        if all(check_at_most(gate, to_ball(-numbers.shutting)) is Verdict.PROVED for gate in Bound(memory, numbers).gates()):
            break
    return numbers


def _clock(memory: Memory, shut: Fraction) -> tuple[Fraction, Fraction]:
    """C and D, multiples of 2^-FINE_BITS w; D is below w."""
    full, fine = to_ball(memory.full), memory.unit / 2**FINE_BITS
    clock = (lower_fraction(full.tanh() - to_ball(shut * memory.full)) / fine).__floor__() * fine
    low = to_ball((clock + memory.unit) / 2 ** (memory.bits + 1) + 2 * shut)
    top = upper_fraction(full.tanh() + low**3 / 6 + low * full**2 / 2)
    return clock, ((top - clock) / fine).__ceil__() * fine

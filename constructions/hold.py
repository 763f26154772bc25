"""LSTM: k numbers held for ever, to any tolerance, by refreshed memories that share a clock: 3k + 2 units (four for k = 1).

Every number has the capture, hold and accumulate units of `refresh`; the clock serves all. For x_1 the clock itself says when to
admit: it is 0 before step 1 only. For x_j, j >= 2, one more unit knows the age of the run: it is set at step 1 and from then on
shrinks by φ = σ(-K), 2^-(q+1) <= φ <= 2^-q about, at every step, for ever, so that in state t >= 1 its h_age is φ^(t-1)/4 to
φ^(t-1)/2:

    unit        i                            f                                    g
    age         σ(G(w/4 - h_clk))   step 1   φ = σ(-K)                            tanh(1)
    capture j   σ(S(2^(e+1) h_age - 1))      σ(G(h_clk - 3w/4) - Gγ 2^e h_age)    as in `refresh`

with S = Gw/4 and 2^-e <= φ^(j-2)/8. So at steps 2 ... j the capture unit takes whatever comes and forgets what it had, and from
step j + 1 on it does neither: what stays is x_j. Readout j is that of `refresh` on the units of number j, and y^(j)_n = x_j up to
the tolerance for all n >= j, in particular all k numbers at every n >= k.

In the first cycle number j meets only the bits that come on trial after step j, so inputs use 2^-shift of the range, shift = k - 3
where that is positive, and the period is L + 5 + shift.

Source: this project, theory C9.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from constructions.answer import Place, assemble
from constructions.delay import Impossible, NotKnown
from constructions.refresh import LSTM, Entries, Sizes, clock, first_capture, memory, readout
from constructions.refreshed import GUARD_BITS, LOG_2, MOST_STEPS, fewest_bits, smallest_sizes
from constructions.sizing import smallest
from verifier.arithmetic.balls import Balls, upper_fraction
from verifier.copy_task import CopyTask
from verifier.holding import LONGEST_HOLD
from verifier.program import record
from verifier.refresh import bound_refresh
from verifier.verdict import Verdict
from verifier.weights import Weights

UNITS_PER_NUMBER = 3

SLACK = 500
"""φ^500 2^(500 q) >= 1/2, as K = 25/36 q is at most 0.19 % above q ln 2."""


@dataclass(frozen=True)
class HoldConstruction:
    """One network, proposed as `readouts`: the same recurrent weights with the readout of each number."""

    task: CopyTask
    readouts: tuple[Weights, ...]
    reasons: Mapping[Place, str]
    sizes: Sizes
    theorem: str = "C9"

    @property
    def title(self) -> str:
        """What it is."""
        return f"{self.task.n} refreshed memories of {self.sizes.bits + 1} bits with one clock, period {self.sizes.period}"


def units_for(numbers: int) -> int:
    """Units that hold so many numbers."""
    return UNITS_PER_NUMBER * numbers + (1 if numbers == 1 else 2)


def numbers_in(hidden: int) -> int:
    """Numbers that so many units hold, at least 1."""
    return min(max((hidden - 2) // UNITS_PER_NUMBER, 1), LONGEST_HOLD)


def construct_hold(task: CopyTask) -> HoldConstruction | Impossible | NotKnown:
    """k memories with one clock, sized from the tolerance; T8 where k exceeds the state."""
    if task.is_impossible:
        return Impossible(task, "T8", f"n = {task.n} numbers exceed the {task.capacity} reals of the state")
    if task.architecture != "lstm":
        return NotKnown(task, f"copying for ever is built for the lstm only, not for {task.architecture}")
    if task.n > LONGEST_HOLD:
        return NotKnown(task, f"this version holds at most {LONGEST_HOLD} numbers for ever")
    needed = units_for(task.n)
    if task.hidden < needed:
        held = f"{task.hidden} hold {numbers_in(task.hidden)}" if task.hidden >= units_for(1) else f"fewer than {units_for(1)} none"
        return NotKnown(task, f"holding n = {task.n} for ever takes {needed} units here, {held}; whether fewer do is open")
    least = fewest_bits(task.bound, task.tolerance, LSTM)
    period = Sizes(least, 0, _shift(task.n)).period
    if period >= MOST_STEPS:
        reached = f"this version checks periods up to {MOST_STEPS}"
        return NotKnown(task, f"levels of 2^-{least} M need a period of {period} steps; {reached}")
    sizes = _size(task.n, task.bound, task.tolerance, task.strict, least)
    readouts, reasons = network(task.hidden, task.n, sizes, task.bound)
    return HoldConstruction(task, readouts, reasons, sizes)


def network(hidden: int, numbers: int, sizes: Sizes, bound: Fraction) -> tuple[tuple[Weights, ...], dict[Place, str]]:
    """The weights with each readout, and the reason of each weight. Numbers' units first, then clock and age."""
    triples = [(UNITS_PER_NUMBER * j, UNITS_PER_NUMBER * j + 1, UNITS_PER_NUMBER * j + 2) for j in range(numbers)]
    clocking, age = UNITS_PER_NUMBER * numbers, UNITS_PER_NUMBER * numbers + 1
    names = [f"{name} {j + 1}" for j in range(numbers) for name in ("capture", "hold", "accumulate")]
    entries = clock(sizes, clocking) | first_capture(sizes, triples[0][0], clocking)
    for triple in triples:
        entries |= memory(sizes, bound, triple, clocking)
    if numbers > 1:
        rate = _rate(sizes, numbers)
        entries |= _age(sizes, age, clocking, rate)
        for j, (capture, _, _) in enumerate(triples[1:], 2):
            entries |= _later_capture(sizes, capture, clocking, age, rate, j)
    units = (*names, "clock", *(("age",) if numbers > 1 else ()))
    made = [assemble("lstm", hidden, entries | readout(sizes, bound, triple), units) for triple in triples]
    reasons = {place: reason for _, found in made for place, reason in found.items()}
    return tuple(weights for weights, _ in made), reasons


def _rate(sizes: Sizes, numbers: int) -> int:
    """q: φ <= 2^-q is so small that from one step to the next the age's gates go from open by S to shut by 3S/4 or more."""
    return smallest(lambda q: q >= sizes.period + 4 + q * (numbers - 2) // SLACK, sizes.period + 4)


def _age(sizes: Sizes, age: int, clocking: int, rate: int) -> Entries:
    gain = Fraction(2) ** sizes.gain
    starts = "age: is set where the clock is below w/4, that is at step 1 only"
    return {
        ("b_i", (age,)): (gain * sizes.unit / 4, starts),
        ("W_i", (age, clocking)): (-gain, starts),
        ("b_f", (age,)): (-LOG_2 * rate, f"age: shrinks by φ = σ(-K) at every step, φ <= 2^-{rate}"),
        ("b_g", (age,)): (1, "age: tanh(1) at step 1, shown as 1/4 to 1/2"),
    }


def _later_capture(sizes: Sizes, capture: int, clocking: int, age: int, rate: int, j: int) -> Entries:
    gain, low, strength = Fraction(2) ** sizes.gain, 3 * sizes.unit / 4, Fraction(2) ** sizes.gain * sizes.unit / 4
    reach = Fraction(2) ** (rate * (j - 2) + 3 + rate * (j - 2) // SLACK)  # 1/reach <= h_age / 2 at step j
    admits = f"capture: admits at steps 2 ... {j}, as long as the age is not below 2^-{rate * (j - 2) + 3} or so"
    yields = f"capture: overwrites up to step {j}, and is cleared where the clock is below 3w/4"
    return {
        ("b_i", (capture,)): (-strength, admits),
        ("W_i", (capture, age)): (2 * strength * reach, admits),
        ("b_f", (capture,)): (-gain * low, yields),
        ("W_f", (capture, clocking)): (gain, yields),
        ("W_f", (capture, age)): (-gain * sizes.full * reach, yields),
    }


def _shift(numbers: int) -> int:
    """Inputs below 5γ/32 meet all bits that they need from γ/8 on, those after step 3; each later step halves the range."""
    return max(0, numbers - 3)


@cache
def _size(numbers: int, bound: Fraction, tolerance: Fraction, strict: bool, least: int) -> Sizes:
    """`smallest_sizes` for the largest of the numbers' errors."""
    shift = _shift(numbers)

    def largest_error(bits: int, gain: int) -> Fraction | None:
        return proved_error(numbers, Sizes(bits, gain, shift), bound)

    bits, gain = smallest_sizes(largest_error, lambda bits: fine_gain(bits, shift), bound, tolerance, strict, least)
    return Sizes(bits, gain, shift)


def fine_gain(bits: int, shift: int) -> int:
    """log2 of the G of fine comparators: that of `refresh`, for the period and the level of these sizes."""
    return LSTM.fine_gain(bits) + (Sizes(bits, 0).unit / Sizes(bits, 0, shift).unit).numerator.bit_length() - 1


@cache
def proved_error(numbers: int, sizes: Sizes, bound: Fraction) -> Fraction | None:
    """The largest error that the verifier's inequalities give for any of the numbers; None if some do not hold."""
    worst = Fraction(0)
    readouts, _ = network(units_for(numbers), numbers, sizes, bound)
    with Balls(sizes.period + sizes.unit.denominator.bit_length() + GUARD_BITS).working():
        for position, weights in enumerate(readouts, 1):
            found = bound_refresh(record(weights), bound, position)
            if found is None or found.verdict is not Verdict.PROVED:
                return None
            worst = max(worst, upper_fraction(found.upper))
    return worst

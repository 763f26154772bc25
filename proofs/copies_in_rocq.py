"""A certified copy as a Rocq file: C10's delay lines at the numbers of a construction.

The linear and the ReLU line are exact; the tanh line's and the GRU's closed forms n ε²M³/3 and 2nM e^-K are decided by
CoqInterval. So is the LSTM's, with the rounding of its weights: each slot that moves on misses by at most e_h or e_a, quadratic
in the largest slot, and ⌈n/2⌉ (e_h + e_a) in all (proofs/rocq/lstm_copies.v). Source: this project, theory C10.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from constructions.delay import CopyConstruction
from constructions.latch import SIGNS
from proofs.certificate_in_rocq import written
from proofs.instances_in_rocq import GUARD_BITS, Instance, decide, line_share, lost, missed, number, precision
from verifier.arithmetic.balls import Balls, to_ball, upper_fraction
from verifier.errors import UsageError

MODULE = "copies"
"""The file of the kernel theorems used here, but for the LSTM's."""

SLOT_STEPS = 1024
"""The largest slot is a multiple of εM over this."""


def copy_in_rocq(answer: CopyConstruction) -> str:
    """The text of a file whose theorem `certified` says that these weights copy n numbers within the tolerance.

    Raises `UsageError` where no kernel theorem serves the cell, or its closed form misses the tolerance.
    """
    cell = answer.task.architecture
    if cell not in COPIES:
        raise UsageError(f"no Rocq file for a copy with {cell} ({answer.theorem}); there are ones for {', '.join(COPIES)}")
    if answer.task.strict:
        raise UsageError("the Rocq file of a copy states a tolerance; use --tolerance below half the spacing, not --symbols")
    instance = COPIES[cell](answer)
    return written(f"{cell}: {answer.task.describe()}", answer.theorem, answer.weights, instance)


def _instance(
    answer: CopyConstruction, output: str, weights: str, proof: tuple[str, ...], listed: tuple[str, ...] = (), module: str = MODULE
) -> Instance:
    task = answer.task
    claim = f"copies {number(task.tolerance)} {number(task.bound)} {task.n} ({output} {task.hidden} weights)"
    return Instance(claim, weights, proof, listed, decides=any("interval" in line for line in proof), module=module)


def _exact(answer: CopyConstruction) -> Instance:
    n, cell = answer.task.n, answer.task.architecture
    bias = number(answer.task.bound) if cell == "relu" else "0"
    blank = () if cell == "relu" else (f"blank_listed ({n} - 1)",)
    proof = (f"  apply {cell}_copy_certified; [lia|lra|lra].",)
    return _instance(answer, f"{cell}_output", f"C10_weights {n} 1 {bias}", proof, (f"next_listed 1 {n}", *blank))


def _tanh(answer: CopyConstruction) -> Instance:
    task, scale = answer.task, answer.scale
    share = line_share(Fraction(task.n), task.bound, scale)
    bits = precision(_size(answer), lambda: to_ball(task.bound) * lost(share), task.tolerance)
    proof = (
        f"  apply (tanh_copy_certified {task.hidden} {task.n} {number(scale)} {number(task.bound)} {number(share)}).",
        "  - lia.",
        *(["  - lra."] * 2),
        "  - cbn [Z.of_nat Pos.of_succ_nat Pos.succ]; lra.",
        f"  - unfold lost. {decide(bits)}.",
    )
    listed = (f"next_listed 1 {task.n}", f"blank_listed ({task.n} - 1)")
    return _instance(answer, "tanh_output", f"C10_weights {task.n} {number(scale)} 0", proof, listed)


def _gru(answer: CopyConstruction) -> Instance:
    task, scale, cell = answer.task, answer.scale, answer.task.architecture
    if answer.saturation is None:
        raise UsageError("a GRU's copy without its saturation has no Rocq file")
    gate = Fraction(answer.saturation)
    share = line_share(Fraction(task.n), task.bound, scale)
    bits = precision(
        _size(answer),
        lambda: to_ball(task.bound) * lost(share) + to_ball(2 * task.bound * task.n) * to_ball(-gate).exp(),
        task.tolerance,
    )
    after, keeps = (str(word in cell).lower() for word in ("after", "keep"))
    numbers = f"{number(scale)} {number(gate)}"
    proof = (
        f"  apply (gru_copy_certified {after} {keeps} {task.hidden} {task.n} {numbers} {number(task.bound)} {number(share)}).",
        "  - lia.",
        *(["  - lra."] * 2),
        "  - cbn [Z.of_nat Pos.of_succ_nat Pos.succ]; lra.",
        f"  - unfold lost. cbn [Z.of_nat Pos.of_succ_nat Pos.succ]. {decide(bits)}.",
    )
    listed = (f"next_listed 2 {task.n}", f"bias_listed {task.n} {f'(Ropp {number(gate)})' if keeps == 'true' else number(gate)}")
    return _instance(answer, f"gru_output {after} {keeps}", f"C10_gru_weights {keeps} {task.n} {numbers}", proof, listed)


@dataclass(frozen=True)
class Line:
    """The LSTM's line in numbers: the rounded artanh(1/2), h*, p and r of its weights, and `mu`, how far they are from true."""

    rest: Fraction
    start: Fraction
    p: Fraction
    r: Fraction
    mu: Fraction

    @classmethod
    def of(cls, answer: CopyConstruction) -> Line:
        """Read off the weights; r = 4/h* where no weight has it (n = 1)."""
        weights, last = answer.weights, (answer.task.n + 1) // 2 - 1
        start, p = weights["h_0"][(0,)], -4 * weights["W_g"][0, 0]
        rest = weights["b_g"][(last,)] - start * p / 4
        r = -weights["W_o"][0, 1] if last else -weights["U_o"][(0,)] / answer.scale or 4 / start
        size = max(value.denominator for value in (rest, start, p, r)).bit_length()
        with Balls(2 * size + GUARD_BITS).working():
            shown = to_ball(Fraction(1, 2)).tanh()
            off = (
                to_ball(rest).tanh() - to_ball(Fraction(1, 2)),
                shown / 2 - to_ball(start),
                1 - shown**2 - to_ball(32 / (3 * p)),
                shown - to_ball(8 / r),
            )
            worst = max(upper_fraction(abs(distance)) for distance in off)
        return cls(rest, start, p, r, Fraction(1, 2 ** ((1 / worst).__floor__().bit_length() - 2)))

    def listed(self, n: int, scale: Fraction) -> tuple[Fraction, ...]:
        """The numbers that stand in the weights, in the order of `written_line`."""
        s, p, r = self.start, self.p, self.r
        onward, last = self.rest - s * (p - p / 4), self.rest + s * p / 4
        return (s, -p / 4, p, -r, r * s, onward, last, scale * (p / 2 if n % 2 else p), -scale * r, 1 / scale, -s / scale)

    def lost(self, slot: Fraction) -> Fraction:
        """e_h + e_a: what the two slots of a unit miss in a step, no slot above `slot`."""
        p, r, mu = self.p, self.r, self.mu
        reach = Fraction(5, 4) * p * slot
        bend = 4 / (3 * p) * (mu + Fraction(3, 2) * mu * reach + Fraction(2, 5) * reach**2)
        lift = (Fraction(3, 2) * slot + bend) * 3 * p / 8
        gate = r * slot / 4 * ((32 / (3 * p) + mu) * lift + Fraction(2, 5) * lift**2)
        slip = mu + mu * lift / 2 + r / 4 * mu * slot + gate + lift**2 / 5 + (r * slot) ** 3 / 48
        return 2 * bend + Fraction(3, 2) * slip

    def largest_slot(self, units: int, held: Fraction, room: Fraction) -> Fraction:
        """B >= held + units (e_h + e_a), the latter at most `room`; raises `UsageError` if there is none."""
        steps = SLOT_STEPS
        while units * self.lost(held * steps / SLOT_STEPS) < room * (1 - Fraction(1, 2**GUARD_BITS)):
            needed = SLOT_STEPS + (units * self.lost(held * steps / SLOT_STEPS) / held * SLOT_STEPS).__floor__() + 1
            if needed <= steps:
                return held * steps / SLOT_STEPS
            steps = needed
        raise missed()


def _lstm(answer: CopyConstruction) -> Instance:
    task, scale, line = answer.task, answer.scale, Line.of(answer)
    units = (task.n + 1) // 2
    slot = line.largest_slot(units, scale * task.bound, task.tolerance * scale)
    bits = line.mu.denominator.bit_length() + _size(answer) + GUARD_BITS
    numbers = " ".join(number(value) for value in (line.rest, line.start, line.p, line.r, scale))
    even = str(task.n % 2 == 0).lower()
    listed = " ".join(number(value) for value in line.listed(task.n, scale))
    proof = (
        f"  rewrite (line_written {even} {units} {numbers}) by (repeat split; lra).",
        f"  apply (lstm_copy_certified {even} {task.hidden} {units} {task.n} {numbers}",
        f"    {number(task.bound)} {number(slot)} {number(line.mu)}); [lia|reflexivity|lra|lra|lra|lra|lra|lra| | |].",
        f"  - unfold near. repeat split; rewrite !tanh_exp; {decide(bits)}.",
        *[f"  - unfold slip, lift, bend, reach. cbn [Z.of_nat Pos.of_succ_nat Pos.succ]. {decide(bits)}."] * 2,
    )
    return _instance(answer, "lstm_output", f"written_line {even} {units} {listed}", proof, module="lstm_copies")


def _size(answer: CopyConstruction) -> int:
    return (answer.task.n * max(Fraction(answer.saturation or 1), 1 / answer.scale)).__ceil__().bit_length()


COPIES: Mapping[str, Callable[[CopyConstruction], Instance]] = {
    "linear": _exact,
    "relu": _exact,
    "tanh": _tanh,
    **dict.fromkeys(SIGNS, _gru),
    "lstm": _lstm,
}
"""What a copy's file claims and how it is proved, by cell."""

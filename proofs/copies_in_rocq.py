"""A certified copy as a Rocq file: C10's delay lines at the numbers of a construction.

The linear and the ReLU line are exact; the tanh line's and the GRU's closed forms n ε²M³/3 and 2nM e^-K are decided by
CoqInterval. The LSTM's kernel theorem has no explicit constant, so it has no file. Source: this project, theory C10.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from constructions.delay import CopyConstruction
from constructions.latch import SIGNS
from proofs.certificate_in_rocq import written
from proofs.instances_in_rocq import Instance, decide, line_share, lost, number, precision
from verifier.arithmetic.balls import to_ball
from verifier.errors import UsageError

MODULE = "copies"
"""The file of the kernel theorems used here."""


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


def _instance(answer: CopyConstruction, output: str, weights: str, proof: tuple[str, ...], listed: tuple[str, ...]) -> Instance:
    task = answer.task
    claim = f"copies {number(task.tolerance)} {number(task.bound)} {task.n} ({output} {task.hidden} weights)"
    return Instance(claim, weights, proof, listed, decides=any("interval" in line for line in proof), module=MODULE)


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
    flags = f"{str('after' in cell).lower()} {str('keep' in cell).lower()}"
    keeps = flags.split()[1]
    numbers = f"{number(scale)} {number(gate)}"
    proof = (
        f"  apply (gru_copy_certified {flags} {task.hidden} {task.n} {numbers} {number(task.bound)} {number(share)}).",
        "  - lia.",
        *(["  - lra."] * 2),
        "  - cbn [Z.of_nat Pos.of_succ_nat Pos.succ]; lra.",
        f"  - unfold lost. cbn [Z.of_nat Pos.of_succ_nat Pos.succ]. {decide(bits)}.",
    )
    listed = (f"next_listed 2 {task.n}", f"bias_listed {task.n} {f'(Ropp {number(gate)})' if keeps == 'true' else number(gate)}")
    return _instance(answer, f"gru_output {flags}", f"C10_gru_weights {keeps} {task.n} {numbers}", proof, listed)


def _size(answer: CopyConstruction) -> int:
    return (answer.task.n * max(Fraction(answer.saturation or 1), 1 / answer.scale)).__ceil__().bit_length()


COPIES: Mapping[str, Callable[[CopyConstruction], Instance]] = {
    "linear": _exact,
    "relu": _exact,
    "tanh": _tanh,
    **dict.fromkeys(SIGNS, _gru),
}
"""What a copy's file claims and how it is proved, by cell."""

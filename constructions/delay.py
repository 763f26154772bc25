"""Delay lines (C10): copy n reals with n units (RNNs and GRU) or with ⌈n/2⌉ units (LSTM).

A delay line keeps x_1 ... x_n in n slots, moves every slot on by one per step and reads out the last: at time n it shows
x_1, at time n + 1 x_2, and so on. Unit 0 is read, inputs enter at the last unit.

    linear   h_k' = h_{k+1},           h_last' = x                exact (a shift register)
    relu     h_k' = relu(h_{k+1}),     h_last' = relu(x + M)      exact: x + M >= 0, the readout takes M off again
    tanh     h_k' = tanh(h_{k+1}),     h_last' = tanh(ε x)        |E_j| <= n ε²M³/3: nearly linear at scale ε
    gru      h_k' = (1-φ) h_k + φ tanh(h_{k+1}),  φ = σ(K)        n ε²M³/3 + 2M(1 - φ^n): update gate saturated
    lstm     two slots per unit, c and h                          |E_j| = O(n ε M²)

The GRU. The reset gate is r = σ(0) = 1/2, exactly, and doubled recurrent weights undo it, so before or after the product
the candidate is the tanh chain's. Each slot keeps the share 1 - φ of its old value, so without the tanh slot 0 shows
x_{t-k} with the weight C(k, n-1) φ^n (1-φ)^{k-n+1}, k = n-1, n, ...: the weights add up to 1 and the wanted one is φ^n.
What is missing there and what is shown of other inputs are each at most M(1 - φ^n) <= nM e^-K.

The LSTM. With f = i = 1/2 (zero weights) the cell rests at c* = 1/2, h* = tanh(c*)/2 when x = 0, g = 1/2 and o = 1/2.
Around that point, with z_g = artanh(1/2) + W_g δh + u_g x, z_o = W_o δh + u_o x and

    κ = (1 - tanh²(1/2))/2,    γ = 3/8,    α = tanh(1/2)/4,

one step is, to first order,  δc' = δc/2 + γ(W_g δh + u_g x),  δh' = κ δc' + α(W_o δh + u_o x). In the coordinates
b = δh and a = κ δc/2 - δh/2 (what h will be, without its own past) this reads

    b' = a + (I/2 + κγ W_g + α W_o) b + (κγ u_g + α u_o) x,      a' = -(α/2)(W_o b + u_o x).

So W_o = -(2/α) S and W_g = p (S - I/4) with p = 2/(κγ) = (32/3) cosh²(1/2) and S the shift (S b)_k = b_{k+1} give
b' = a, a' = S b: two slots per unit, first a, then b. The input enters at the last a (u_o = -2ε/α, u_g = εp), or for
odd n at the last b (u_o = 0, u_g = εp/2), and y = δh_0/ε. With r = 2/α = 8/tanh(1/2) the four numbers artanh(1/2), h*,
p, r are irrational: the weights are rationals near them, the biases exact consequences of these rationals, and what the
rounding does is inside the certificate like everything else. s_0 is set to the operating point: from s_0 = 0 this line
does not work (whether some other LSTM copies 2d reals from 0 is open).

Source: this project, theory C10; the shift register: White, Lee & Sompolinsky 2004.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from constructions.answer import Place, assemble
from constructions.latch import SIGNS
from constructions.sizing import smallest
from verifier.arithmetic.balls import Balls, to_ball
from verifier.copy_task import CopyTask
from verifier.copying import LONGEST_COPY, bound_copy, starting_bits
from verifier.errors import UsageError
from verifier.program import record
from verifier.verdict import Verdict, check_within
from verifier.weights import Weights

Entries = dict[Place, tuple[Fraction, str]]
"""Each nonzero weight with its reason."""

FIRST_GUESS = 128
"""The LSTM's ε is first tried at tolerance / (128 n M²); the certified bound decides."""

ROUNDING_DIGITS = 12
"""Decimals of the rounded irrationals beyond those that ε and M/tolerance need."""

FAR_BITS = 64
"""The GRU's ε is sized with K so large that 2nM e^-K is this many bits below the tolerance."""

LARGEST_SIZING_DIGITS = 20_100
"""Powers of ten at which sizing gives up."""


@dataclass(frozen=True)
class CopyConstruction:
    """Explicit weights proposed for a copy task.

    `scale` is ε (1 where the line is exact), `saturation` the K of a gate held next to 1, `reasons` one per weight.
    """

    task: CopyTask
    weights: Weights
    theorem: str
    title: str
    scale: Fraction
    reasons: Mapping[Place, str]
    leading_order: str
    saturation: int | None = None

    def _repr_latex_(self) -> str:
        """The question, and the weights as matrices, for notebooks."""
        from verifier.display import weights_latex

        return weights_latex(self.weights, f"{self.task.architecture}: {self.task.describe()} ({self.theorem})")


@dataclass(frozen=True)
class Impossible:
    """The statement that no weights do it, with the theorem that says so; the verifier checks its hypotheses."""

    task: CopyTask
    theorem: str
    reason: str


@dataclass(frozen=True)
class NotKnown:
    """No construction and no impossibility proof for this task in this version; never a success."""

    task: CopyTask
    reason: str


def construct_copy(task: CopyTask) -> CopyConstruction | Impossible | NotKnown:
    """Propose weights with which the task's architecture copies its n numbers, or say that T8 forbids it.

    Raises `UsageError` for a cell without a delay line in this version.

    >>> construct_copy(CopyTask("tanh", 2, 1, Fraction(1, 100), 2)).weights
    Weights('tanh', hidden=2, 3 nonzero, sha256 03a3d2ad98d4)
    """
    if task.architecture not in DELAY_LINES:
        raise UsageError(unknown_line(task.architecture))
    if task.is_impossible:
        return Impossible(task, "T8", f"its state holds {task.capacity} reals, {task.n} are to be copied")
    if task.n > task.capacity:
        return NotKnown(
            task,
            f"a delay line of {task.hidden} units has {task.capacity} slots; T8 excludes more for real numbers only, and "
            "packing several symbols into one slot is not in this version",
        )
    if task.n > LONGEST_COPY:
        raise UsageError(f"a copy of {task.n} numbers is not certified here; lines of up to {LONGEST_COPY} slots are")
    return DELAY_LINES[task.architecture](task)


def unknown_line(name: str) -> str:
    """One line for an architecture without a delay line, with the nearest known name."""
    near = difflib.get_close_matches(name.lower(), DELAY_LINES, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"no delay line for {name!r} in this version{hint} (known: {', '.join(sorted(DELAY_LINES))})"


def linear_line(task: CopyTask) -> CopyConstruction:
    """The shift register, exact."""
    return _propose(task, chain(task.n, Fraction(1)), Fraction(1), "shift register", "exact")


def relu_line(task: CopyTask) -> CopyConstruction:
    """The shift register behind a bias M, exact on [-M, M]."""
    entries = chain(task.n, Fraction(1))
    entries["b_h", (task.n - 1,)] = (task.bound, "bias M in front: x + M >= 0, so relu changes nothing on the box")
    entries["v0", ()] = (-task.bound, "readout takes the bias M off again")
    return _propose(task, entries, Fraction(1), "shift register behind a bias M", "exact")


def tanh_line(task: CopyTask) -> CopyConstruction:
    """The chain at scale ε: n tanh in a row bend each value by at most n ε²M³/3."""
    return _sized(task, lambda scale: chain(task.n, scale), _chain_guess(task), "chain at scale ε", "n ε²M³/3")


def gru_line(task: CopyTask) -> CopyConstruction:
    """The tanh chain with the update gate saturated: ε as if K were infinite, then the smallest K."""
    title, order = "chain at scale ε, update gate saturated", "n ε²M³/3 + 2nM e^-K"
    leak = 2 * task.n * task.bound / task.tolerance  # 2nM e^-K <= tolerance from K = ln(leak) on
    guess = max(1, (leak.numerator // leak.denominator).bit_length() * 9 // 13)  # ln 2 = 0.693 > 9/13
    far = guess + FAR_BITS
    scale = _sized(task, lambda scale: gru_entries(task, scale, far), _chain_guess(task), title, order).scale

    def proposal(saturation: int) -> CopyConstruction:
        return _propose(task, gru_entries(task, scale, saturation), scale, title, order, saturation)

    return proposal(smallest(lambda k: k > 0 and _meets(proposal(k)), guess))


def lstm_line(task: CopyTask) -> CopyConstruction:
    """Two slots per unit around the operating point c* = 1/2."""

    def first(exponent: int) -> bool:
        return FIRST_GUESS * task.n * task.bound**2 <= task.tolerance * Fraction(10) ** exponent

    return _sized(task, lambda scale: lstm_entries(task, scale), first, "two slots per unit, c and h", "27 n ε M² (worst seen)")


DELAY_LINES: dict[str, Callable[[CopyTask], CopyConstruction]] = {
    **dict.fromkeys(SIGNS, gru_line),
    "linear": linear_line,
    "lstm": lstm_line,
    "relu": relu_line,
    "tanh": tanh_line,
}
"""The delay line of each architecture that has one here."""


def _chain_guess(task: CopyTask) -> Callable[[int], bool]:
    """Whether 10^-exponent is a first guess at ε: the mean value form sees 1 - sech² <= ε²M², n times."""
    return lambda exponent: task.n * task.bound**3 <= task.tolerance * Fraction(10) ** (2 * exponent)


def chain(n: int, scale: Fraction) -> Entries:
    """n units in a row at scale ε for a one-gate cell: the input enters at the last, the first is read."""
    entries: Entries = {("W_h", (k, k + 1)): (Fraction(1), "every value moves on by one unit per step") for k in range(n - 1)}
    small, undone = ("", "") if scale == 1 else (" at scale ε", ", with the scale undone")
    entries["U_h", (n - 1,)] = (scale, f"input enters the last unit{small}")
    entries["V", (0,)] = (1 / scale, f"readout: the unit whose value has come all the way{undone}")
    return entries


def gru_entries(task: CopyTask, scale: Fraction, saturation: int) -> Entries:
    """The chain's weights in a GRU's candidate, with K = `saturation` in every unit's update gate."""
    sign = Fraction(SIGNS[task.architecture])
    share = "z" if sign > 0 else "1 - z"
    entries: Entries = {}
    for (name, index), (value, reason) in chain(task.n, scale).items():
        if name == "W_h":
            entries["W_n", index] = (2 * value, f"{reason}; doubled, as the reset gate is 1/2")
        else:
            entries["U_n" if name == "U_h" else name, index] = (value, reason)
    for k in range(task.n):
        entries["b_z", (k,)] = (sign * saturation, f"every unit takes: {share} = φ = σ(K), next to 1")
    return entries


def lstm_entries(task: CopyTask, scale: Fraction) -> Entries:
    """The LSTM's weights at scale ε, rounded to rationals."""
    units = (task.n + 1) // 2
    ratio = task.bound / task.tolerance
    rest, start, p, r = _operating_point(len(str(scale.denominator)) + len(str(int(ratio) + 1)) + ROUNDING_DIGITS)
    entries: Entries = {}
    for k in range(units):
        onward = k + 1 < units
        entries["W_g", (k, k)] = (-p / 4, "takes away what the forget gate 1/2 keeps of the old value")
        if onward:
            entries["W_g", (k, k + 1)] = (p, "next unit's h moves into this unit's c, ...")
            entries["W_o", (k, k + 1)] = (-r, "... and the output gate hides it for one step")
            entries["b_o", (k,)] = (r * start, "output gate 1/2 at the operating point: cancels W_o h*")
        entries["b_g", (k,)] = (
            rest - start * (p - p / 4 if onward else -p / 4),
            "candidate 1/2 at the operating point: artanh(1/2) - W_g h*",
        )
        entries["h_0", (k,)] = (start, "start at the operating point: h* = tanh(1/2)/2")
        entries["c_0", (k,)] = (Fraction(1, 2), "start at the operating point: c* = 1/2")
    last = units - 1
    if task.n % 2 == 0:
        entries["U_g", (last,)] = (scale * p, "input enters the last unit's c at scale ε, ...")
        entries["U_o", (last,)] = (-scale * r, "... hidden for one step, as from a neighbour")
    else:
        entries["U_g", (last,)] = (scale * p / 2, "odd n: input enters the last unit's h at scale ε, one slot later")
    entries["V", (0,)] = (1 / scale, "readout undoes the scale: y = (h_0 - h*)/ε")
    entries["v0", ()] = (-start / scale, "readout takes the operating point off")
    return entries


def _operating_point(digits: int) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    """Rationals within 10^-digits of artanh(1/2), h* = tanh(1/2)/2, p = (32/3) cosh²(1/2), r = 8/tanh(1/2)."""
    with Balls(4 * digits + 64).working():
        half = to_ball(Fraction(1, 2))
        show = half.tanh()
        p, r = 32 * half.cosh() ** 2 / 3, 8 / show
        return _near(half.atanh(), digits), _near(show / 2, digits), _near(p, digits), _near(r, digits)


def _near(value: arb, digits: int) -> Fraction:
    """A decimal with `digits` places next to the middle of a ball; which one does not matter, so nothing is decided."""
    mantissa, exponent = (value * arb(10) ** digits).mid().floor().man_exp()
    return Fraction(int(mantissa) * 2 ** int(exponent), 10**digits)


def _propose(
    task: CopyTask, entries: Entries, scale: Fraction, title: str, order: str, saturation: int | None = None
) -> CopyConstruction:
    weights, reasons = assemble(task.architecture, task.hidden, entries)
    return CopyConstruction(task, weights, "C10", title, scale, reasons, order, saturation)


def _sized(
    task: CopyTask,
    entries: Callable[[Fraction], Entries],
    first: Callable[[int], bool],
    title: str,
    order: str,
) -> CopyConstruction:
    """The proposal at ε = 10^-e for the least e >= the first guess whose error, bounded in balls, meets the tolerance."""
    start = 0
    while not first(start):
        start += 1
    for exponent in range(start, LARGEST_SIZING_DIGITS):
        proposal = _propose(task, entries(Fraction(10) ** -exponent), Fraction(10) ** -exponent, title, order)
        if _meets(proposal):
            return proposal
    raise UsageError(f"no scale meets tolerance {task.tolerance} within {LARGEST_SIZING_DIGITS:,} digits")


def _meets(proposal: CopyConstruction) -> bool:
    task = proposal.task
    with Balls(starting_bits(proposal.weights, task)).working():
        upper = bound_copy(record(proposal.weights), task).upper
        return check_within(upper, to_ball(task.tolerance), task.strict) is Verdict.PROVED

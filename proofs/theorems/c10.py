"""C10: delay lines copy as many reals as the state holds."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import sympy

from constructions.delay import DELAY_LINES, CopyConstruction, construct_copy, gru_entries
from constructions.latch import SIGNS
from proofs.theorem import Theorem
from verifier.arithmetic.balls import Balls
from verifier.arithmetic.symbols import Symbols, evaluate, sigmoid
from verifier.cells import CELLS, Maps
from verifier.copy_task import CopyTask
from verifier.copying import certify_copy, exact_errors
from verifier.inequality import check_identity
from verifier.program import record
from verifier.verdict import Verdict, all_of
from verifier.weights import Weights

UNITS = 4
"""Units of the matrices in which the slot equations are expanded."""

WITNESS_BITS = 64
"""Precision at which two sides that differ are told apart."""


def slot_equations(hidden_sign: int = 1) -> Verdict:
    """b' = a + e_in b-part and a' = S b + e_in a-part, expanded for four units with κ, γ, α, ε free.

    `hidden_sign` = -1 is a false variant: the output gate shows the neighbour instead of hiding it.
    """
    kappa, gamma, alpha, epsilon, x = sympy.symbols("kappa gamma alpha epsilon x", positive=True)
    half = sympy.Rational(1, 2)
    shift = sympy.Matrix(UNITS, UNITS, lambda i, k: int(k == i + 1))
    last = sympy.Matrix(UNITS, 1, lambda i, _: int(i == UNITS - 1))
    c, h = (sympy.Matrix(sympy.symbols(f"{name}0:{UNITS}")) for name in "ch")
    p, r = 2 / (kappa * gamma), 2 / alpha
    w_g, w_o = p * (shift - sympy.eye(UNITS) / 4), -hidden_sign * r * shift
    found = []
    for u_g, u_o, into_a, into_b in (
        (epsilon * p, -epsilon * r, epsilon, 0),  # even n
        (epsilon * p / 2, 0, 0, epsilon),  # odd n
    ):
        new_c = half * c + gamma * (w_g * h + u_g * x * last)
        new_h = kappa * new_c + alpha * (w_o * h + u_o * x * last)
        a, new_a = kappa * c / 2 - h / 2, kappa * new_c / 2 - new_h / 2
        rest = [*(new_h - a - into_b * x * last), *(new_a - shift * h - into_a * x * last)]
        found.append(all(sympy.expand(entry) == 0 for entry in rest))
    return Verdict.PROVED if all(found) else Verdict.REFUTED


def _the_false_variant_fails() -> Verdict:
    return Verdict.PROVED if slot_equations(-1) is Verdict.REFUTED else Verdict.REFUTED


def gru_chain(doubling: int = 2) -> Verdict:
    """Each GRU cell with the line's weights steps as h_k' = (1-φ)h_k + φ tanh(h_{k+1}), the last with εx instead.

    `doubling` other than 2 is a false variant: the reset gate is 1/2 and is not undone.
    """
    scale, saturation, x = Fraction(1, 10), 5, sympy.Symbol("x", real=True)
    slots = sympy.symbols(f"h0:{UNITS}", real=True)
    verdicts = []
    for cell, sign in SIGNS.items():
        task = CopyTask(cell, UNITS, Fraction(1), Fraction(1, 10), UNITS)
        blocks: dict[str, dict[tuple[int, ...], sympy.Expr]] = {}
        for (name, index), (value, _) in gru_entries(task, scale, saturation).items():
            kept = Fraction(doubling, 2) if name == "W_n" else 1
            blocks.setdefault(name, {})[index] = Symbols.exact(value * kept)
        maps = Maps(UNITS, blocks, lambda bias, terms: sum((c * v for c, v in terms), sympy.sympify(bias)))
        found = CELLS[cell].step(Symbols, maps, {"h": list(slots)}, x)["h"]
        share = sigmoid(sympy.Integer(saturation)) if sign > 0 else 1 - sigmoid(sympy.Integer(-saturation))
        arguments = [*slots[1:], Symbols.exact(scale) * x]
        wanted = [(1 - share) * h + share * sympy.tanh(v) for h, v in zip(slots, arguments, strict=True)]
        verdicts += [_same(a, b, [*slots, x]) for a, b in zip(found, wanted, strict=True)]
    return all_of(verdicts)


def _same(left: sympy.Expr, right: sympy.Expr, symbols: Sequence[sympy.Symbol]) -> Verdict:
    """PROVED by normal forms, REFUTED by a point (1, 2, 3, ...) at which the two sides differ."""
    verdict = check_identity(left, right)
    if verdict is Verdict.PROVED:
        return verdict
    with Balls(WITNESS_BITS).working():
        values = {symbol: Fraction(k) for k, symbol in enumerate(symbols, 1)}
        return Verdict.REFUTED if not evaluate(left, values).overlaps(evaluate(right, values)) else verdict


def gru_leak(factor: int = 2) -> Verdict:
    """Without the tanh the line's error is at most factor·M(1 - φ^n), exactly, for n = 1 ... 4 and φ = 9/10, 99/100.

    `factor` = 1 is a false variant: it forgets what is shown of the other inputs.
    """
    verdicts = []
    for n in range(1, UNITS + 1):
        for taken in (Fraction(9, 10), Fraction(99, 100)):
            onward: dict[tuple[int, ...], Fraction] = {(k, k + 1): taken for k in range(n - 1)}
            kept: dict[tuple[int, ...], Fraction] = {(k, k): 1 - taken for k in range(n)}
            weights = Weights("linear", n, {"W_h": onward | kept, "U_h": {(n - 1,): taken}, "V": {(0,): 1}})
            forms = exact_errors(record(weights), CopyTask("linear", n, Fraction(1), Fraction(1, 2), n))
            worst = max((form.largest_modulus(Fraction(1)) for form in forms or []), default=None)
            known = Verdict.UNDECIDED if worst is None else Verdict.REFUTED
            verdicts.append(Verdict.PROVED if worst is not None and worst <= factor * (1 - taken**n) else known)
    return all_of(verdicts)


def _the_undoubled_reset_fails() -> Verdict:
    return Verdict.PROVED if gru_chain(doubling=1) is Verdict.REFUTED else Verdict.REFUTED


def _half_the_leak_fails() -> Verdict:
    return Verdict.PROVED if gru_leak(factor=1) is Verdict.REFUTED else Verdict.REFUTED


def every_line_fills_its_state() -> Verdict:
    """With d = 1, 2, 3 units each line copies n = D and n = D - 1 reals within 10^-6, certified."""
    found = []
    for name in DELAY_LINES:
        for hidden in (1, 2, 3):
            most = CELLS[name].state_reals(hidden)
            for n in {most, max(1, most - 1)}:
                task = CopyTask(name, n, Fraction(1), Fraction(1, 10**6), hidden)
                answer = construct_copy(task)
                if not isinstance(answer, CopyConstruction):
                    return Verdict.UNDECIDED
                found.append(certify_copy(answer.weights, task).verdict)
    return all_of(found)


C10 = Theorem(
    id="C10",
    title="delay lines",
    statement=(
        "For every n <= D and every tolerance there are weights that copy n reals of [-M, M]: d reals with d units of a "
        "linear or ReLU RNN (exactly), a tanh RNN or a GRU, 2d reals with d LSTM units started at their operating point. "
        "With T8 the capacity is exactly D."
    ),
    hypotheses=(
        "n <= D",
        "the LSTM's s_0 is set (whether 2d reals can be copied from s_0 = 0 is open)",
        "weights may depend on n and on the tolerance",
    ),
    source=(
        "this project, theory C10 (no earlier LSTM line of length 2d found); shift register: White et al. 2004; explicit "
        "orthogonal solutions of the copy task on symbols: Henaff, Szlam & LeCun 2016"
    ),
    argument=(
        "n slots in a row: inputs enter at one end, every value moves on by one slot per step, the other end is read. A "
        "linear register does this exactly; so does relu behind a bias M, because x + M >= 0; a tanh chain at scale ε bends "
        "each value by at most n ε²M³/3 in all.",
        "A GRU whose update gate takes the share φ = σ(K) of the candidate, whose reset gate is 1/2 and whose recurrent "
        "weights are doubled is that chain, except that every slot keeps the share 1 - φ of its old value. Without the tanh "
        "slot 0 then shows x_{t-k} with the negative binomial weight C(k, n-1) φ^n (1-φ)^{k-n+1}; the weights add up to 1 "
        "and the wanted one is φ^n, so this costs at most 2M(1 - φ^n) <= 2nM e^-K more.",
        "The LSTM keeps two reals per unit. With f = i = 1/2 it rests at c* = 1/2, h* = tanh(1/2)/2. Around that point, "
        "with κ = (1 - tanh²(1/2))/2, γ = 3/8, α = tanh(1/2)/4, b = δh and a = κδc/2 - δh/2, one step is to first order "
        "b' = a + (I/2 + κγW_g + αW_o) b, a' = -(α/2) W_o b. The choice W_o = -(2/α)S, W_g = (2/κγ)(S - I/4), S the shift, "
        "gives b' = a, a' = S b: both slots of every unit are used.",
        "What is left is of second order, so the error, divided by the scale of the readout, is O(nεM²). How small it is at "
        "a given ε, with all rounding of the four irrational numbers in these weights, is decided by the certificate.",
    ),
    uses=("T8",),
    checks={
        "the linearised LSTM is a line of 2d slots": slot_equations,
        "false variant: with W_o of the other sign it is not": _the_false_variant_fails,
        "the GRU cells are leaky tanh chains": gru_chain,
        "false variant: with the reset gate's 1/2 not undone they are not": _the_undoubled_reset_fails,
        "the leak costs at most 2M(1 - φ^n), n = 1 ... 4": gru_leak,
        "false variant: half of that is not enough": _half_the_leak_fails,
        "every line fills its state, d = 1, 2, 3": every_line_fills_its_state,
    },
)

"""C10: delay lines copy as many reals as the state holds."""

from __future__ import annotations

from fractions import Fraction

import sympy

from constructions.delay import DELAY_LINES, CopyConstruction, construct_copy
from proofs.theorem import Theorem
from verifier.cells import CELLS
from verifier.copy_task import CopyTask
from verifier.copying import certify_copy
from verifier.verdict import Verdict, all_of

UNITS = 4
"""Units of the matrices in which the slot equations are expanded."""


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
        "linear or ReLU RNN (exactly) or a tanh RNN, 2d reals with d LSTM units started at their operating point. With T8 "
        "the capacity is exactly D."
    ),
    hypotheses=(
        "n <= D",
        "the LSTM's s_0 is set (whether 2d reals can be copied from s_0 = 0 is open)",
        "weights may depend on n and on the tolerance",
    ),
    source="this project, theory C10 (no earlier LSTM line of length 2d found); shift register: White et al. 2004",
    argument=(
        "n slots in a row: inputs enter at one end, every value moves on by one slot per step, the other end is read. A "
        "linear register does this exactly; so does relu behind a bias M, because x + M >= 0; a tanh chain at scale ε bends "
        "each value by at most n ε²M³/3 in all.",
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
        "every line fills its state, d = 1, 2, 3": every_line_fills_its_state,
    },
)

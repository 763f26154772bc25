"""Two stacked diagonal layers with a pointwise ReLU between: exact on the box, for ever (C13).

    layer 1  p_t = p_{t-1}/2 + 1:  1 at step 1, in [3/2, 2] later; sees no input
    between  u_t = relu(x_t + M - 4M (p_t - 1)):  x_1 + M at step 1, then 0, because x_t - M <= 0
    layer 2  h_t = h_{t-1} + u_t:  x_1 + M for ever
    readout  y = h - M

One diagonal layer cannot do it (T5 speaks of a single layer). Source: this project, theory C13; chaining of diagonal layers:
Sarrof, Veitsman & Hahn 2024, Muca Cirone et al. 2024.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import sympy
from sympy import Expr, Symbol

from constructions.answer import Construction, Impossibility, Place, Unanswered, assemble
from verifier.inequality import NONNEGATIVE, SYMMETRIC_UNIT, AtMost, CellEquations, Derivation, Hypothesis, ReluIs
from verifier.regime import Regime

M = Symbol("M", positive=True)


def construct(regime: Regime) -> Construction | Impossibility | Unanswered:
    """C13 on the box and the grid, for every horizon and tolerance; one unit per layer. On ℝ at every n' <= n: T6 forbids."""
    if regime.domain == "reals" and (regime.horizon == "forever" or (regime.horizon == "upto" and regime.n > 1)):
        return Impossibility(regime, "T6")
    if regime.domain == "reals":
        return Unanswered(
            regime,
            "C13 needs bounded inputs, because its relu closes for |x| <= M only; at one fixed n on ℝ neither weights nor a proof "
            "against them are in this version",
        )
    size = regime.bound
    entries: dict[Place, tuple[Fraction | int, str]] = {
        ("a_p", (0,)): (Fraction(1, 2), "layer 1 halves its distance from 2: a flag that rises without seeing any input"),
        ("b_p", (0,)): (1, "p_1 = 1, p_t >= 3/2 later"),
        ("U_u", (0,)): (1, "between the layers: the input ..."),
        ("W_u", (0, 0)): (-4 * size, "... minus 4M (p - 1): at most x - M <= 0 once p >= 3/2"),
        ("b_u", (0,)): (5 * size, "... plus M at step 1, where p = 1: x_1 + M >= 0 passes"),
        ("a_h", (0,)): (1, "layer 2 keeps its sum"),
        ("V", (0,)): (1, "readout: the sum ..."),
        ("v0", ()): (-size, "... minus the offset M"),
    }
    weights, reasons = assemble("stacked", regime.hidden, entries, ("memory",))
    return Construction(
        regime=regime,
        weights=weights,
        theorem="C13",
        title="a rising flag below, a sum above",
        parameters={M: size},
        derivation=derivation(),
        reasons=reasons,
        leading_order="0",
    )


@cache
def derivation() -> Derivation:
    """Error 0 at every n >= 1 on [-M, M] (theory C13)."""
    first, late, part = Symbol("theta", real=True), Symbol("rho", real=True), Symbol("s", real=True)
    x_1, x = M * first, M * late
    half, one, zero = sympy.Rational(1, 2), sympy.Integer(1), sympy.Integer(0)
    template: dict[str, dict[tuple[int, ...], Expr]] = {
        "a_p": {(0,): half}, "b_p": {(0,): one}, "U_u": {(0,): one}, "W_u": {(0, 0): -4 * M}, "b_u": {(0,): 5 * M},
        "a_h": {(0,): one}, "V": {(0,): one}, "v0": {(): -M},
    }  # fmt: skip
    held = x_1 + M
    later = 1 + half * part  # p_{t-1} = s with 1 <= s <= 2 (s = 1 at t = 2), so p_t = 1 + s/2 in [3/2, 2]

    def at(name: str, text: str, old: tuple[Expr, Expr], value: Expr, flag: Expr) -> CellEquations:
        return CellEquations(
            name, text, cell="stacked", size=1, template=template, state={"h[0]": old[0], "p[0]": old[1]}, input=value,
            expected={"h[0]": held, "p[0]": flag, "y": x_1},
        )  # fmt: skip

    steps = (
        ReluIs("captured value", "x_1 + M >= 0 on the box, x_1 = θM", held, True),
        AtMost("flag at most 2", "p_t = 1 + p_{t-1}/2 <= 2 if p_{t-1} <= 2", later, sympy.Integer(2)),
        AtMost("flag at least 3/2", "and p_t >= 3/2 >= 1 if p_{t-1} >= 1: the range [1, 2] is kept", sympy.Rational(3, 2), later),
        ReluIs("closed", "x + M - 4M (p - 1) <= 0 for p >= 3/2, x = ρM", x + 5 * M - 4 * M * later, False),
        at("first step", "from 0: p = 1, u = x_1 + M, h = x_1 + M", (zero, zero), x_1, one),
        at("every later step", "p in [1, 2] gives u = 0: h reproduces itself, the induction step", (held, part), x, later),
    )
    return Derivation(
        theorem="C13",
        statement="For the two layers with these weights, every n >= 1 and every x in [-M, M]^n: y_n = x_1.",
        parameters=(M,),
        ranges={M: NONNEGATIVE, first: SYMMETRIC_UNIT, late: SYMMETRIC_UNIT, part: (Fraction(1), Fraction(2))},
        definitions={},
        hypotheses=(Hypothesis("M > 0", M, strict=True),),
        steps=steps,
        bound=zero,
        conclusions=("flag at most 2", "flag at least 3/2", "first step", "every later step"),
        source="this project, theory C13; chained diagonal layers: Sarrof, Veitsman & Hahn 2024",
    )

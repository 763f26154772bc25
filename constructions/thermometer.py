"""The thermometer latch (C8): d staggered bistable units hold one of d + 1 levels for ever.

Unit j has the threshold θ_j = -M + (2j-1)M/d. The first input sets its sign, feedback Γ then outweighs every later input:

    tanh      h_j' = tanh(Γ h_j + κ (x - θ_j)),                 y = (M/d) Σ h_j

A unit with |x_1 - θ_j| >= w is decided: tanh(κw) Γ >= 2κM + T drives it to |h| >= tanh T at step 2, and tanh(T) Γ >= 2κM + T
keeps it there. At most one unit is undecided (w < M/d), and whatever it does its reading stays between two neighbouring
levels, so

    |y_n - x_1| <= M/d + w + M (1 - tanh T)   for every n >= 1.

Source: this project, theory C8; staggered bistable units as analog store: Koulakov et al. 2002.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import sympy
from sympy import Expr, Symbol, tanh

from constructions.answer import Construction, Place, Unanswered, assemble
from constructions.sizing import smallest
from verifier.arithmetic.balls import Balls, to_ball
from verifier.inequality import (
    ALL,
    NONNEGATIVE,
    UNIT,
    Assumed,
    AtMost,
    Atom,
    CellEquations,
    Derivation,
    Hypothesis,
    Increasing,
    Relation,
    Step,
)
from verifier.regime import Regime

D = Symbol("d", integer=True, positive=True)
M = Symbol("M", positive=True)
KAPPA = Symbol("kappa", positive=True)
GAMMA = Symbol("Gamma", positive=True)
T = Symbol("T", positive=True)
W = Symbol("w", positive=True)

SIZING_BITS = 128
"""Precision of the sizing comparisons; they are between numbers that differ in their first digits."""


def thresholds(units: int, bound: Fraction) -> list[Fraction]:
    """θ_j = -M + (2j-1)M/d for j = 1 ... d."""
    return [-bound + (2 * j - 1) * bound / units for j in range(1, units + 1)]


def construct_tanh(regime: Regime) -> Construction | Unanswered:
    """C8 for the tanh RNN; the tolerance must exceed M/d, the resolution of d + 1 levels."""
    units, bound = regime.hidden, regime.bound
    if regime.domain == "grid" and regime.bits is not None and 2**regime.bits - 1 <= units:
        return _on_grid(regime, 2**regime.bits - 1)
    slack = regime.tolerance - bound / units
    if regime.domain == "reals" or slack <= 0:
        return Unanswered(
            regime,
            f"d = {units} latched units hold {units + 1} levels, so their error exceeds M/d; ask for a tolerance above "
            f"{bound}/{units}, or more units (--hidden)",
        )
    # beyond the resolution M/d, at most a twentieth of it goes to the undecided zone and a fiftieth to imperfect saturation
    loss = min(slack / 10, bound / (50 * units))
    steepness, gain, margin, width = size(bound, units, loss, min(slack - loss, bound / (20 * units)))
    return build_tanh(regime, units, steepness, gain, margin, width)


def _on_grid(regime: Regime, units: int) -> Construction:
    """One threshold between neighbouring grid points: all units are decided, w = M/d, and the error is M(1 - tanh T)."""
    width = regime.bound / units
    steepness, gain, margin, _ = size(regime.bound, units, regime.tolerance / 2, width)
    return build_tanh(regime, units, steepness, gain, margin, width)


def size(bound: Fraction, units: int, loss: Fraction, width: Fraction) -> tuple[int, int, int, Fraction]:
    """(κ, Γ, T, w): the smallest whole T with M(1 - tanh T) <= loss, then κ with κw >= T, then Γ with Γ tanh T >= 2κM + T.

    Comparisons are decided in balls; loss and w are what the tolerance leaves beyond the resolution M/d.
    """
    with Balls(loss_bits(bound, loss)).working():

        def settled(margin: int) -> bool:
            return margin > 0 and bool(to_ball(bound) * (1 - to_ball(margin).tanh()) <= to_ball(loss))

        margin = smallest(settled, 1)
        steepness = -((-margin * width.denominator) // width.numerator)
        gain = smallest(lambda g: bool(to_ball(g) * to_ball(margin).tanh() >= to_ball(2 * steepness * bound + margin)), steepness)
    return steepness, gain, margin, width


def loss_bits(bound: Fraction, loss: Fraction) -> int:
    """Bits that tell M(1 - tanh T) from the loss."""
    return SIZING_BITS + (bound / loss).__ceil__().bit_length()


def build_tanh(regime: Regime, units: int, steepness: int, gain: int, margin: int, width: Fraction) -> Construction:
    """The tanh thermometer of `units` units with these parameters, every weight with its reason."""
    bound, grid = regime.bound, regime.domain == "grid"
    entries: dict[Place, tuple[Fraction | int, str]] = {}
    for k, threshold in enumerate(thresholds(units, bound)):
        entries["W_h", (k, k)] = (gain, "feedback Γ: keeps the unit's sign against every later input")
        entries["U_h", (k,)] = (steepness, "steepness κ: the first input decides the sign")
        entries["b_h", (k,)] = (-steepness * threshold, f"threshold θ_{k + 1} of the staircase")
        entries["V", (k,)] = (bound / units, "each unit is worth one step of the staircase")
    weights, reasons = assemble("tanh", regime.hidden, entries, tuple(f"level {k + 1}" for k in range(units)))
    return Construction(
        regime=regime,
        weights=weights,
        theorem="C8",
        title=f"thermometer latch with {units + 1} levels",
        parameters={
            D: Fraction(units), M: bound, KAPPA: Fraction(steepness), GAMMA: Fraction(gain), T: Fraction(margin), W: width,
        },
        derivation=derivation_tanh(units, grid),
        reasons=reasons,
        leading_order="2M e^-2T" if grid else "M/d + w + 2M e^-2T",
    )  # fmt: skip


@cache
def derivation_tanh(units: int, grid: bool) -> Derivation:
    """|y_n - x_1| <= M/d + w + M(1 - tanh T) for every n >= 1; without M/d + w on the grid between thresholds (theory C8)."""
    h = sympy.symbols(f"h_1:{units + 1}", real=True)
    x, share, slack, excess, part = sympy.symbols("x rho s e g", real=True)
    count = sympy.Integer(units)
    template: dict[str, dict[tuple[int, ...], Expr]] = {"W_h": {}, "U_h": {}, "b_h": {}, "V": {}}
    expected: dict[str, Expr] = {}
    for k in range(units):
        threshold = -M + (2 * k + 1) * M / count
        template["W_h"][k, k], template["U_h"][k,] = GAMMA, KAPPA
        template["b_h"][k,], template["V"][k,] = -KAPPA * threshold, M / count
        expected[f"h[{k}]"] = tanh(GAMMA * h[k] + KAPPA * x - KAPPA * threshold)
    push = 2 * KAPPA * M + T
    captures = Hypothesis("Γ tanh(κw) ≥ 2κM + T", GAMMA * tanh(KAPPA * W) - push)
    holds = Hypothesis("Γ tanh T ≥ 2κM + T", GAMMA * tanh(T) - push)
    fits = Hypothesis("w ≤ M/d", M / D - W)
    steep = Hypothesis("κM/d ≥ T", KAPPA * M / D - T)
    against = 2 * KAPPA * M * share  # κ|x - θ| for x, θ in [-M, M]
    first = Relation(KAPPA * W, KAPPA * (W + slack))
    caught = Relation(T, GAMMA * (tanh(KAPPA * W) + slack) - against)
    kept = Relation(T, GAMMA * (tanh(T) + slack) - against)
    far = Relation(T, KAPPA * (M / D + slack))
    lost = M * (1 - tanh(T))
    steps: tuple[Step, ...] = (
        CellEquations(
            "cell", "each unit is a tanh of its own state, the input and its threshold",
            cell="tanh", size=units, template=template, state={f"h[{k}]": h[k] for k in range(units)}, input=x,
            expected=expected,
        ),
        AtMost("decided", "a unit with x_1 - θ_j >= w sees κ(x_1 - θ_j) >= κw at step 1 (and mirrored)", first.left, first.right),
        Increasing("first sign", "so h_j(1) >= tanh(κw)", tanh, "decided", first),
        Assumed("captures", "hypothesis: Γ tanh(κw) >= 2κM + T", push, GAMMA * tanh(KAPPA * W)),
        Assumed("holds", "hypothesis: Γ tanh T >= 2κM + T", push, GAMMA * tanh(T)),
        AtMost(
            "step 2", "whatever x_2 is, Γ h_j(1) + κ(x_2 - θ_j) >= T", caught.left, caught.right,
            excess + GAMMA * slack + 2 * KAPPA * M * (1 - share), (Atom(excess, GAMMA * tanh(KAPPA * W) - push, "captures"),),
        ),
        Increasing("caught", "so h_j(2) >= tanh T", tanh, "step 2", caught),
        AtMost(
            "later steps", "if h_j(t) >= tanh T then Γ h_j(t) + κ(x_{t+1} - θ_j) >= T: the induction step", kept.left, kept.right,
            excess + GAMMA * slack + 2 * KAPPA * M * (1 - share), (Atom(excess, GAMMA * tanh(T) - push, "holds"),),
        ),
        Increasing("kept", "so h_j(t+1) >= tanh T, for ever", tanh, "later steps", kept),
        Assumed("steep", "hypothesis: κM/d >= T", T, KAPPA * M / D),
        AtMost(
            "first reading", "at n = 1 every unit but the nearest is M/d or more away from its threshold", far.left, far.right,
            excess + KAPPA * slack, (Atom(excess, KAPPA * M / D - T, "steep"),),
        ),
        Increasing("first reading shown", "so it reads at least tanh T in modulus", tanh, "first reading", far),
        AtMost(
            "levels", "d units off by at most 1 - tanh T each move the sum by at most M(1 - tanh T)",
            M / D * (D * share * (1 - tanh(T))), lost, M * part * (1 - share), (Atom(part, 1 - tanh(T)),),
        ),
    )  # fmt: skip
    if grid:
        steps += (Assumed("one undecided", "hypothesis: w <= M/d, which every grid point is from every threshold", W, M / D),)
        ending = "levels"
        bound, claim, points = lost, "M(1 - tanh T)", f"x_t in [-M, M], x_1 among its {units + 1} equispaced points"
    else:
        steps += (
            Assumed("one undecided", "hypothesis: w <= M/d, half a step of the staircase: one undecided unit", W, M / D),
            AtMost(
                "error", "x_1 is within M/d of its level; next to a threshold, within w of it, and y is between its two levels",
                M / D + W * share + lost, M / D + W + lost, W * (1 - share),
            ),
        )  # fmt: skip
        ending = "error"
        bound, claim, points = M / D + W + lost, "M/d + w + M(1 - tanh T)", "x in [-M, M]^n"
    return Derivation(
        theorem="C8",
        statement=(
            f"For the tanh RNN with these weights (d = {units}), every n >= 1 and every {points}: |y_n - x_1| <= {claim}."
        ),
        parameters=(D, M, KAPPA, GAMMA, T, W),
        ranges={
            D: (Fraction(units), Fraction(units)), M: NONNEGATIVE, KAPPA: NONNEGATIVE, GAMMA: NONNEGATIVE, T: NONNEGATIVE,
            W: NONNEGATIVE, x: ALL, share: UNIT, slack: NONNEGATIVE, **dict.fromkeys(h, ALL),
        },
        definitions={},
        hypotheses=(captures, holds, fits, steep, Hypothesis("T > 0", T, strict=True), Hypothesis("w > 0", W, strict=True)),
        steps=steps,
        bound=bound,
        conclusions=("cell", "first sign", "caught", "kept", "first reading shown", "levels", "one undecided", ending),
        source="this project, theory C8; staggered bistable units as analog store: Koulakov et al. 2002",
    )  # fmt: skip

"""C4b: one exploding tanh unit, for one fixed horizon n of any length.

h' = tanh(λh + εx), y = h/(ε λ^{n-1}) with λ > 1: x_1 outgrows everything that comes later. With μ = λ - 1:

    |y_n - x_1| <= M(1 - λ^{1-n})/μ + ε²M³λ³(λ^{2n} - 1)/(3μ⁴(λ + 1)).

The first part is the later inputs, the second the cubes. λ > M/tolerance whatever n; ε shrinks like λ^-n, so the price of a
long horizon is the range between the smallest and the largest weight. Source: this project, theory C4b (its sum closed).
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import sympy
from flint import arb
from sympy import Expr, Symbol, tanh

from constructions.answer import Construction, Place
from constructions.elman import EPSILON, M, N
from constructions.sizing import Meets, decide, smallest
from verifier.arithmetic.balls import to_ball
from verifier.arithmetic.symbols import evaluate
from verifier.inequality import (
    ALL,
    AT_LEAST_ONE,
    NONNEGATIVE,
    SYMMETRIC_UNIT,
    UNIT,
    AtMost,
    Atom,
    CellEquations,
    Derivation,
    Growth,
    Hypothesis,
    Identity,
    Induction,
)
from verifier.regime import Regime
from verifier.weights import Weights

LAMBDA = Symbol("lambda", positive=True)
MU = Symbol("mu", positive=True)
"""λ - 1."""


def network(hidden: int, growth: int, scale: Fraction, n: int) -> tuple[Weights, dict[Place, str]]:
    """The C4b weights with λ = `growth`, ε = `scale` for horizon n, and each weight's reason."""
    entries: dict[Place, tuple[Fraction | int, str]] = {
        ("W_h", (0, 0)): (growth, "what is held grows λ-fold per step, so later inputs count less and less"),
        ("U_h", (0,)): (scale, "ε x, so small that tanh is still linear after n steps of growth"),
        ("V", (0,)): (1 / (scale * growth ** (n - 1)), "readout undoes scale and growth: y = h/(ε λ^(n-1))"),
    }
    blocks = {name: {index: value} for (name, index), (value, _) in entries.items()}
    return Weights("tanh", hidden, blocks, ("memory",)), {place: reason for place, (_, reason) in entries.items()}


def least_growth(regime: Regime) -> int:
    """The least whole λ with M/(λ - 1) < tolerance, which leaves room for the cubes."""
    ratio = regime.bound / regime.tolerance
    return ratio.numerator // ratio.denominator + 2


def construct_exploding(regime: Regime) -> Construction:
    """C4b with the least whole λ, then the largest power of ten ε, for which the bound at n meets the tolerance."""
    growth, n = least_growth(regime), regime.n

    def choose(meets: Meets) -> Fraction:
        values: dict[Symbol, Fraction | arb | int] = {N: n, M: regime.bound, LAMBDA: growth, MU: growth - 1}

        def holds(exponent: int) -> bool:
            scale = Fraction(10) ** -exponent
            return scale * regime.bound <= 1 and meets(evaluate(bound(), {**values, EPSILON: to_ball(scale)}))

        return Fraction(10) ** -smallest(holds, 0)

    scale = decide(regime, choose)
    weights, reasons = network(regime.hidden, growth, scale, n)
    return Construction(
        regime=regime,
        weights=weights,
        theorem="C4b",
        title="one exploding unit: x_1 outgrows everything that comes later",
        parameters={N: Fraction(n), M: regime.bound, EPSILON: scale, LAMBDA: Fraction(growth)},
        derivation=derivation(),
        reasons=reasons,
        leading_order="M/(λ-1) + ε²M³λ^(2n-2)/3",
    )


def bound() -> Expr:
    """M(1 - λ^{1-n})/μ + ε²M³λ³(λ^{2n} - 1)/(3μ⁴(λ + 1))."""
    return M * (1 - LAMBDA ** (1 - N)) / MU + _cubes() * LAMBDA**3 * (LAMBDA ** (2 * N) - 1) / (MU * (LAMBDA + 1))


def _cubes() -> Expr:
    """(εM/μ)³/(3ε): the cube at step t is at most this times λ^{3t}."""
    return EPSILON**2 * M**3 / (3 * MU**3)


@cache
def derivation() -> Derivation:
    """The closed-form bound of C4b and the steps that prove it (theory C4b)."""
    x, h, e, f, g = sympy.symbols("x h e f g", real=True)
    v = Symbol("v", positive=True)
    state, slack = sympy.symbols("D slack", real=True)
    share, side, other = sympy.symbols("kappa s s_c", real=True)
    first, last = Symbol("x_1", real=True), Symbol("y_n", real=True)
    argument = Symbol("Z", real=True)
    power = LAMBDA**N
    size = EPSILON * M * (power - 1) / MU
    later = M * LAMBDA**-N
    cube = _cubes() * LAMBDA ** (2 * N + 3)
    grown = slack + f * (1 + side) + g * (1 + other)
    parts = (Atom(f, later), Atom(g, cube))
    return Derivation(
        theorem="C4b",
        statement=(
            "For the tanh RNN with these weights and every x in [-M, M]^n: |y_n - x_1| <= "
            "M(1 - λ^(1-n))/μ + ε²M³λ³(λ^(2n) - 1)/(3μ⁴(λ + 1)), where μ = λ - 1."
        ),
        parameters=(N, M, EPSILON, LAMBDA),
        ranges={
            N: AT_LEAST_ONE,
            M: NONNEGATIVE,
            EPSILON: NONNEGATIVE,
            LAMBDA: AT_LEAST_ONE,
            v: NONNEGATIVE,
            share: UNIT,
            side: SYMMETRIC_UNIT,
            other: SYMMETRIC_UNIT,
            **dict.fromkeys((x, h), ALL),
        },
        definitions={MU: LAMBDA - 1},
        hypotheses=(
            Hypothesis("λ > 1", LAMBDA - 1, strict=True),
            Hypothesis("ε > 0", EPSILON, strict=True),
            Hypothesis("M > 0", M, strict=True),
        ),
        steps=(
            CellEquations(
                "cell",
                "the equations of the tanh RNN with these weights",
                cell="tanh",
                size=1,
                template={
                    "W_h": {(0, 0): LAMBDA},
                    "U_h": {(0,): EPSILON},
                    "V": {(0,): 1 / (EPSILON * LAMBDA ** (N - 1))},
                },
                state={"h[0]": h},
                input=x,
                expected={
                    "h[0]": tanh(LAMBDA * h + EPSILON * x),
                    "y": tanh(LAMBDA * h + EPSILON * x) * LAMBDA ** (1 - N) / EPSILON,
                },
            ),
            Growth(
                "tanh below v",
                "tanh v <= v: the derivative of v - tanh v is tanh² v",
                tanh(v),
                v,
                v,
                f**2,
                (Atom(f, tanh(v)),),
            ),
            Growth(
                "cube",
                "v - tanh v <= v³/3: the derivative of the difference is v² - tanh² v",
                v - tanh(v),
                v**3 / 3,
                v,
                f * (f + 2 * g),
                (Atom(f, v - tanh(v), "tanh below v"), Atom(g, tanh(v))),
            ),
            Induction(
                "powers",
                "λ^t >= 1",
                state=state,
                index=N,
                lower=sympy.Integer(1),
                start=LAMBDA,
                successor=LAMBDA * state,
                base_polynomial=None,
                base_atoms=(),
                step_polynomial=None,
                step_atoms=(),
                slack=slack,
                stands_for=power,
            ),
            Induction(
                "argument",
                "the argument Z of tanh is at least -εM(λ^t - 1)/μ, and by oddness at most that: Z_{t+1} = λκZ_t + εx",
                state=state,
                index=N,
                lower=-size,
                start=EPSILON * M * side,
                successor=LAMBDA * share * state + EPSILON * M * side,
                base_polynomial=EPSILON * M * (1 + side),
                base_atoms=(),
                step_polynomial=LAMBDA * share * slack + EPSILON * M * (1 + side) + LAMBDA * (1 - share) * EPSILON * M * e * g,
                step_atoms=(Atom(e, power - 1, "powers"), Atom(g, 1 / MU)),
                slack=slack,
                stands_for=argument,
            ),
            AtMost(
                "cube of the argument",
                "so what tanh takes off at step t is at most (εM/μ)³λ^(3t)/3, for any κ of that argument",
                (share * size) ** 3 / 3,
                EPSILON**3 * M**3 * power**3 / (3 * MU**3),
                EPSILON**3 * M**3 * (3 * e**2 + 3 * e + 1 + e**3 * (1 - share**3)),
                (Atom(e, power - 1, "powers"),),
                MU**-3 / 3,
            ),
            Identity(
                "normalised",
                "y_{t+1} = y_t + λ^(-t) x_{t+1} minus the cube: (λh + εx)/(ελ^t) with h = ελ^(t-1) y_t",
                (LAMBDA * (EPSILON * LAMBDA ** (N - 1) * last) + EPSILON * x) * LAMBDA**-N / EPSILON,
                last + LAMBDA**-N * x,
            ),
            Identity(
                "cube normalised",
                "the cube of step t+1 over ελ^t is (εM)³/(3εμ³) λ^(2t+3)",
                EPSILON**3 * M**3 * LAMBDA ** (3 * N + 3) / (3 * MU**3) * LAMBDA**-N / EPSILON,
                cube,
            ),
            Induction(
                "x_1 - y_n",
                "y_1 - x_1 is minus a cube; then D_{t+1} = D_t + λ^(-t) x minus a cube",
                state=state,
                index=N,
                lower=-bound(),
                start=_cubes() * LAMBDA**3 * other,
                successor=state + later * side + cube * other,
                base_polynomial=f * (1 + other),
                base_atoms=(Atom(f, _cubes() * LAMBDA**3),),
                step_polynomial=grown,
                step_atoms=parts,
                slack=slack,
                stands_for=last - first,
            ),
            Induction(
                "y_n - x_1",
                "and -D in the same way",
                state=state,
                index=N,
                lower=-bound(),
                start=-_cubes() * LAMBDA**3 * other,
                successor=state - later * side - cube * other,
                base_polynomial=f * (1 - other),
                base_atoms=(Atom(f, _cubes() * LAMBDA**3),),
                step_polynomial=grown.subs({side: -side, other: -other}, simultaneous=True),
                step_atoms=parts,
                slack=slack,
                stands_for=first - last,
            ),
        ),
        bound=bound(),
        conclusions=(
            "cell",
            "cube",
            "argument",
            "cube of the argument",
            "normalised",
            "cube normalised",
            "x_1 - y_n",
            "y_n - x_1",
        ),
        source="this project, theory C4b",
    )

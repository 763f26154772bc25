"""What the tanh and the sigmoid RNN share: the line of tanh, its closed form, and sizes.

Both constructions hold εx_1 in a unit that passes it through tanh once per step. In u = 2h - 1 a sigmoid unit is a tanh
unit, σ(2z) = (1 + tanh z)/2, so one proof serves both cells. With v_1 = tanh(εx_1), v_{t+1} = tanh(v_t) and δ = εM:

    1/tanh² v <= 1/v² + 2/3 + v²/15,   hence   v_n >= εx_1 ρ_n,   ρ_n = (1 + n δ² (2/3 + δ²/15))^(-1/2).

The inequality follows from tanh v >= v(105 + 10v²)/(105 + 45v² + v⁴), a convergent of Lambert's continued fraction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

import sympy
from flint import arb
from sympy import Expr, Rational, Symbol, tanh

from constructions.answer import Construction, Place
from constructions.sizing import Meets, decide, smallest
from verifier.arithmetic.balls import ONE, Balls, to_ball
from verifier.exact import show_rational
from verifier.inequality import (
    AT_LEAST_ONE,
    NONNEGATIVE,
    SYMMETRIC_UNIT,
    UNIT,
    AtMost,
    Atom,
    Chain,
    Derivation,
    Growth,
    Identity,
    Increasing,
    Induction,
    Instance,
    Range,
    Relation,
    SquareRoot,
    Step,
)
from verifier.regime import Regime
from verifier.weights import Weights

B = Symbol("B", positive=True)
EPSILON = Symbol("epsilon", positive=True)
M = Symbol("M", positive=True)
N = Symbol("n", integer=True, positive=True)

DELTA = Symbol("delta", positive=True)
"""εM."""
A = Symbol("a", positive=True)
"""What the flag adds to the gate's argument from step 2 on."""
EDGE = Symbol("ell", positive=True)
"""The most that the gate passes once the flag is up: tanh a - tanh(a - δ)."""
RHO = Symbol("rho", positive=True)
"""ρ_n, the part of εx_1 that n times tanh leave at least."""

V = Symbol("v", positive=True)
THETA = Symbol("theta", positive=True)
SHARE = Symbol("kappa", real=True)
SIDE = Symbol("s", real=True)
OFFSET = Symbol("s_q", real=True)
Z = Symbol("z", positive=True)
SLACK = Symbol("slack", real=True)
HELD = Symbol("S", real=True)

RANGES: dict[Symbol, Range] = {
    B: NONNEGATIVE,
    EPSILON: NONNEGATIVE,
    M: NONNEGATIVE,
    N: AT_LEAST_ONE,
    V: NONNEGATIVE,
    Z: NONNEGATIVE,
    THETA: UNIT,
    SHARE: UNIT,
    SIDE: SYMMETRIC_UNIT,
    OFFSET: SYMMETRIC_UNIT,
}

ZERO: Expr = sympy.Integer(0)
UNITY: Expr = sympy.Integer(1)
FIRST = DELTA * THETA  # εx_1 with x_1 = θM, 0 < θ <= 1
GAIN = Rational(2, 3) + DELTA**2 / 15  # 1/v² grows by at most this per step


def kept(steps: Expr) -> Expr:
    """ρ after so many steps."""
    return (1 + steps * DELTA**2 * GAIN) ** Rational(-1, 2)


def steps_of_the_line() -> tuple[Step, ...]:
    """εx_1 ρ_n <= v_n <= εx_1 for the n-fold tanh v_n of εx_1 >= 0 (v stands for v_n)."""
    T = tanh(V)
    f, g = sympy.symbols("atom_1 atom_2", real=True)
    top, bottom = V * (105 + 10 * V**2), 105 + 45 * V**2 + V**4
    wide = 15 + 10 * V**2 + V**4
    inverse_squares = -(FIRST**-2 + N * GAIN)
    return (
        Growth("tanh below v", "tanh v <= v: the derivative of v - tanh v is tanh² v", T, V, V, f**2, (Atom(f, T),)),
        Growth(
            "second convergent",
            "3v <= (3 + v²) tanh v: f' + f tanh v = v (v - tanh v)",
            3 * V,
            T * (3 + V**2),
            V,
            V * f,
            (Atom(f, V - T, "tanh below v"),),
            T,
        ),
        Growth(
            "third convergent",
            "(15 + 6v²) tanh v <= v(15 + v²): f' + f tanh v = v times the step before",
            T * (15 + 6 * V**2),
            V * (15 + V**2),
            V,
            V * f,
            (Atom(f, T * (3 + V**2) - 3 * V, "second convergent"),),
            T,
        ),
        Growth(
            "fourth convergent",
            "v(105 + 10v²) <= (105 + 45v² + v⁴) tanh v: f' + f tanh v = v times the step before",
            top,
            T * bottom,
            V,
            V * f,
            (Atom(f, V * (15 + V**2) - T * (15 + 6 * V**2), "third convergent"),),
            T,
        ),
        AtMost(
            "inverse square",
            "1/tanh² v <= 1/v² + 2/3 + v²/15",
            T**-2,
            V**-2 + Rational(2, 3) + V**2 / 15,
            wide * g**2 + 2 * wide * top * g + 85 * V**10 + 1750 * V**8,
            (Atom(g, T * bottom - top, "fourth convergent"),),
            V**-2 * T**-2 * bottom**-2 / 15,
        ),
        Induction(
            "line from above",
            "v_t <= εx_1: v_{t+1} = tanh v_t = κ v_t with 0 <= κ <= 1",
            state=HELD,
            index=N,
            lower=-FIRST,
            start=-SHARE * FIRST,
            successor=SHARE * HELD,
            base_polynomial=None,
            base_atoms=(),
            step_polynomial=None,
            step_atoms=(),
            slack=SLACK,
            stands_for=-V,
        ),
        AtMost(
            "gain",
            "at v = δκ <= δ one more tanh adds at most 2/3 + δ²/15 to the inverse square",
            Rational(2, 3) + (DELTA * SHARE) ** 2 / 15,
            GAIN,
        ),
        Induction(
            "inverse squares",
            "1/v_t² <= 1/(εx_1)² + t (2/3 + δ²/15), each step adding κ times the most, 0 <= κ <= 1",
            state=HELD,
            index=N,
            lower=inverse_squares,
            start=-(FIRST**-2 + SHARE * GAIN),
            successor=HELD - SHARE * GAIN,
            base_polynomial=None,
            base_atoms=(),
            step_polynomial=None,
            step_atoms=(),
            slack=SLACK,
            stands_for=-(V**-2),
        ),
        AtMost(
            "squares",
            "so (εx_1 ρ_n)² <= v_n², as x_1 <= M",
            (FIRST * RHO) ** 2,
            V**2,
            THETA**2 * f + N * GAIN * (1 - THETA**2),
            (Atom(f, -(V**-2) - inverse_squares, "inverse squares"),),
            V**2 * RHO**2 * DELTA**2,
        ),
        SquareRoot("line from below", "and εx_1 ρ_n <= v_n", FIRST * RHO, V, "squares"),
        AtMost(
            "squares fall",
            "ρ_{n+1}² <= ρ_n²",
            kept(N + 1) ** 2,
            RHO**2,
            DELTA**2 * GAIN,
            (),
            RHO**2 * kept(N + 1) ** 2,
        ),
        SquareRoot("line falls", "ρ_{n+1} <= ρ_n", kept(N + 1), RHO, "squares fall"),
        Identity("odd", "tanh is odd: negating x_1 negates the whole line; so let x_1 = θM > 0", tanh(-V), -tanh(V)),
    )


def steps_of_the_gate() -> tuple[Step, ...]:
    """-ℓ <= tanh(a + εx) - tanh(a) <= ℓ for |x| <= M (εx = δs, |s| <= 1), whatever a >= 0."""
    f, g = sympy.symbols("atom_1 atom_2", real=True)
    passed = tanh(A + DELTA * SIDE) - tanh(A)
    lowest = Relation(A - DELTA, A + DELTA * SIDE)
    highest = Relation(A + DELTA * SIDE, A + DELTA)
    across = Relation(A - Z, A + Z)
    back = Relation(Z - A, Z + A)
    concave = Relation(tanh(A + Z) + tanh(A - Z), 2 * tanh(A))
    return (
        AtMost("gate input from below", "a - δ <= a + εx", lowest.left, lowest.right),
        Increasing("gate from below", "tanh increases", tanh, "gate input from below", lowest),
        AtMost(
            "passed from below",
            "the closed gate passes at least -ℓ",
            -EDGE,
            passed,
            f,
            (Atom(f, tanh(A + DELTA * SIDE) - tanh(A - DELTA), "gate from below"),),
        ),
        AtMost("across", "a - z <= a + z", across.left, across.right),
        Increasing("tanh across", "tanh increases", tanh, "across", across),
        AtMost("back", "z - a <= z + a", back.left, back.right),
        Increasing("tanh back", "tanh increases", tanh, "back", back),
        Growth(
            "concave",
            "tanh(a+z) + tanh(a-z) <= 2 tanh a: in z the difference grows by tanh²(a+z) - tanh²(a-z) >= 0",
            concave.left,
            concave.right,
            Z,
            f * g,
            (
                Atom(f, tanh(A + Z) - tanh(A - Z), "tanh across"),
                Atom(g, tanh(Z + A) - tanh(Z - A), "tanh back"),
            ),
        ),
        Instance("concave at the edge", "at z = δ", "concave", concave, {Z: DELTA}),
        AtMost("gate input from above", "a + εx <= a + δ", highest.left, highest.right),
        Increasing("gate from above", "tanh increases", tanh, "gate input from above", highest),
        AtMost(
            "passed from above",
            "and at most ℓ, the saturated side being the flatter one",
            passed,
            EDGE,
            f + g,
            (
                Atom(f, 2 * tanh(A) - tanh(A + DELTA) - tanh(A - DELTA), "concave at the edge"),
                Atom(g, tanh(A + DELTA) - tanh(A + DELTA * SIDE), "gate from above"),
            ),
        ),
    )


def steps_of_the_latch(offset: Expr) -> tuple[Step, ...]:
    """|y_n - x_1| <= M(1 - ρ_n) + (n-1)(ℓ + q)/ε for y = S/ε, S_1 = v_1, S_{t+1} = tanh(S_t + q s_q) + ℓ s, |s|, |s_q| <= 1.

    `offset` is q.
    """
    f, g = sympy.symbols("atom_1 atom_2", real=True)
    drift = Symbol("D", real=True)
    leak = EDGE + offset
    most = (N - 1) * leak
    edge = Atom(f, EDGE, "edge")
    following = SHARE * (drift + offset * OFFSET) + EDGE * SIDE
    growth = (f + offset) * (N - 1) * (1 - SHARE) + f * (1 + SIDE) + offset * (1 + SHARE * OFFSET) + SHARE * SLACK
    mirrored = growth.subs({SIDE: -SIDE, OFFSET: -OFFSET}, simultaneous=True)
    bound = latch_bound(offset)
    edge_input = Relation(A - DELTA, A)
    return (
        AtMost("edge input", "a - δ <= a", edge_input.left, edge_input.right),
        Increasing("edge tanh", "tanh increases", tanh, "edge input", edge_input),
        AtMost("edge", "ℓ >= 0", ZERO, EDGE, f, (Atom(f, tanh(A) - tanh(A - DELTA), "edge tanh"),)),
        Growth(
            "not expanding",
            "tanh v - z <= tanh(v - z): tanh increases and does not expand, tanh S - tanh v = κ(S - v), 0 <= κ <= 1",
            tanh(V) - Z,
            tanh(V - Z),
            Z,
            f**2,
            (Atom(f, tanh(V - Z)),),
        ),
        Induction(
            "held from below",
            "D = S - v >= -(n-1)(ℓ + q): D_1 = 0 and D_{t+1} = κ(D_t + q s_q) + ℓ s",
            state=drift,
            index=N,
            lower=-most,
            start=ZERO,
            successor=following,
            base_polynomial=None,
            base_atoms=(),
            step_polynomial=growth,
            step_atoms=(edge,),
            slack=SLACK,
            stands_for=HELD - V,
        ),
        Induction(
            "held from above",
            "and -D >= -(n-1)(ℓ + q) in the same way",
            state=drift,
            index=N,
            lower=-most,
            start=ZERO,
            successor=SHARE * (drift - offset * OFFSET) - EDGE * SIDE,
            base_polynomial=None,
            base_atoms=(),
            step_polynomial=mirrored,
            step_atoms=(edge,),
            slack=SLACK,
            stands_for=V - HELD,
        ),
        AtMost(
            "worst x_1",
            "the line's loss x_1(1 - ρ) is largest at x_1 = M",
            M * THETA - FIRST * RHO / EPSILON + most / EPSILON,
            bound,
            M * (1 - THETA) * (1 - RHO),
        ),
        Chain(
            "x_1 - y_n",
            "x_1 - y_n <= bound",
            (
                M * THETA - HELD / EPSILON,
                M * THETA - V / EPSILON + most / EPSILON,
                M * THETA - FIRST * RHO / EPSILON + most / EPSILON,
                bound,
            ),
            (("held from below", 1 / EPSILON), ("line from below", 1 / EPSILON), ("worst x_1", UNITY)),
        ),
        AtMost("leaks alone", "the leaks alone are below the bound", most / EPSILON, bound, M * (1 - RHO)),
        Chain(
            "y_n - x_1",
            "y_n - x_1 <= bound",
            (
                HELD / EPSILON - M * THETA,
                V / EPSILON + most / EPSILON - M * THETA,
                most / EPSILON,
                bound,
            ),
            (("held from above", 1 / EPSILON), ("line from above", 1 / EPSILON), ("leaks alone", UNITY)),
        ),
        AtMost(
            "grows with n",
            "from n to n+1 the bound grows: one weight set serves every n' <= n",
            bound,
            M * (1 - kept(N + 1)) + N * leak / EPSILON,
            EPSILON * M * g + f + offset,
            (edge, Atom(g, RHO - kept(N + 1), "line falls")),
            1 / EPSILON,
        ),
    )


LATCH_CONCLUSIONS = (
    "cell",
    "start",
    "passed from below",
    "passed from above",
    "odd",
    "gain",
    "x_1 - y_n",
    "y_n - x_1",
    "grows with n",
)


def latch_bound(offset: Expr) -> Expr:
    """M(1 - ρ_n) + (n-1)(ℓ + q)/ε."""
    return M * (1 - RHO) + (N - 1) * (EDGE + offset) / EPSILON


def steps_of_the_register() -> tuple[Step, ...]:
    """|y_n - x_1| <= M(1 - ρ_n) for y = v_n/ε."""
    return (
        AtMost(
            "worst x_1",
            "the line's loss x_1(1 - ρ) is largest at x_1 = M",
            M * THETA - FIRST * RHO / EPSILON,
            M * (1 - RHO),
            M * (1 - THETA) * (1 - RHO),
        ),
        Chain(
            "x_1 - y_n",
            "x_1 - y_n <= bound",
            (M * THETA - V / EPSILON, M * THETA - FIRST * RHO / EPSILON, M * (1 - RHO)),
            (("line from below", 1 / EPSILON), ("worst x_1", UNITY)),
        ),
        AtMost("no excess", "0 is below the bound", ZERO, M * (1 - RHO)),
        Chain(
            "y_n - x_1",
            "y_n - x_1 <= 0 <= bound",
            (V / EPSILON - M * THETA, ZERO, M * (1 - RHO)),
            (("line from above", 1 / EPSILON), ("no excess", UNITY)),
        ),
    )


# --- sizes ------------------------------------------------------------------------------------------------------------


def loss(regime: Regime, scale: Fraction) -> arb:
    """M(1 - ρ_n) in balls, as M y/(1 + y + √(1 + y)) with y = n δ²(2/3 + δ²/15)."""
    square = to_ball((scale * regime.bound) ** 2)
    y = regime.n * square * (to_ball(Fraction(2, 3)) + square / 15)
    return to_ball(regime.bound) * y / (ONE + y + (ONE + y).sqrt())


def edge(regime: Regime, scale: Fraction, flag: arb) -> arb:
    """ℓ = tanh a - tanh(a - δ) in balls, as sinh δ/(cosh a cosh(a - δ))."""
    delta = to_ball(scale * regime.bound)
    return delta.sinh() * flag.sech() * (flag - delta).sech()


def largest_scale(regime: Regime, meets: Meets) -> Fraction:
    """The largest power of ten ε with εM <= 1 for which the loss of the line alone meets the tolerance."""

    def holds(exponent: int) -> bool:
        scale = Fraction(10) ** -exponent
        return scale * regime.bound <= 1 and meets(loss(regime, scale))

    return Fraction(10) ** -smallest(holds, 0)


def size_register(regime: Regime) -> Fraction:
    """ε of a register: the largest power of ten that meets the tolerance."""
    return decide(regime, lambda meets: largest_scale(regime, meets))


def size_latch(regime: Regime, conjugated: bool) -> tuple[Fraction, int]:
    """(ε, B): the largest power of ten, then the smallest whole B, for which the bound meets the tolerance.

    `conjugated` for the sigmoid units, whose flag is read as 1 + f and whose held value also gains q = σ(-2B) per step.
    """

    def choose(meets: Meets) -> tuple[Fraction, int]:
        scale = largest_scale(regime, meets)

        def holds(b: int) -> bool:
            if b < 1:
                return False
            size = to_ball(b)
            flag = size * (size.tanh() + (1 if conjugated else 0))
            leak = edge(regime, scale, flag) + (Balls.sigmoid(-2 * size) if conjugated else 0)
            return meets(loss(regime, scale) + (regime.n - 1) * leak / to_ball(scale))

        return scale, smallest(holds, 1)

    return decide(regime, choose)


def construct_latch(
    regime: Regime,
    network: Callable[[int, Fraction | int, Fraction], tuple[Weights, dict[Place, str]]],
    derivation: Derivation,
    *,
    conjugated: bool,
    title: str,
    leading_order: str,
) -> Construction:
    """The line with ε the largest power of ten with εM <= 1, then B the smallest integer, that meet the tolerance.

    `network(d, B, ε)` gives weights and reasons, and raises `UsageError` where d is too small.
    """
    network(regime.hidden, 1, Fraction(1))
    scale, saturation = size_latch(regime, conjugated)
    weights, reasons = network(regime.hidden, saturation, scale)
    return Construction(
        regime=regime,
        weights=weights,
        theorem=derivation.theorem,
        title=title,
        parameters={N: Fraction(regime.n), M: regime.bound, EPSILON: scale, B: Fraction(saturation)},
        derivation=derivation,
        reasons=reasons,
        leading_order=leading_order,
    )


def cheapest(options: Sequence[Construction]) -> Construction:
    """The construction with the smallest largest weight, then with the fewest weights; its title compares them."""
    best = min(options, key=lambda option: (option.weights.largest, len(option.reasons)))
    if len(options) == 1:
        return best
    compared = ", ".join(f"{o.theorem}: {show_rational(o.weights.largest)}, {len(o.reasons)} weights" for o in options)
    return replace(best, title=f"{best.title}; least largest weight, then fewest weights, of what fits ({compared})")

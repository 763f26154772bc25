"""LSTM: the flag/memory cell C6, sized from the request.

Two units. The *flag* s is closed at the start and full after one step; the *memory* m admits its input only while the
flag is down, that is at step 1, and holds it ever after. With φ = σ(K):

    flag     f: -K     i: K                g: K       o: K      c_s(t) = tanh(K)(1 - (1-φ)^t),  h_s = φ tanh(c_s)
    memory   f:  K     i: K - L h_s(t-1)   g: ε x_t   o: K      c_m(t) = φ c_m(t-1) + i_t tanh(ε x_t)
    readout  y = h_m / ε

At step 1 h_s(0) = 0, so i_1 = φ; later i_t <= η = σ(K - L φ tanh(φ tanh K)). The bound derived below is

    |y_n - x_1| <= M - (φ/ε) (φ^n - (n-1) η) tanh(tanh(ε M)),

to leading order M (2/3 ε²M² + (n+1) e^-K + (n-1) η). Source: this project, theory C6 (with a sharper closed form).
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import sympy
from flint import arb
from sympy import Expr, Symbol, tanh

from constructions import refresh, refresh_pair, refreshed
from constructions.answer import Construction, Impossibility, Place, Unanswered, assemble
from constructions.forbidden import on_reals_or_exactly
from constructions.sizing import ErrorBound, scale_saturation_gain
from verifier.arithmetic.balls import Balls, to_ball
from verifier.arithmetic.symbols import sigmoid
from verifier.errors import UsageError
from verifier.inequality import (
    ALL,
    AT_LEAST_ONE,
    NONNEGATIVE,
    SYMMETRIC_UNIT,
    UNIT,
    Assumed,
    AtMost,
    Atom,
    CellEquations,
    Chain,
    Derivation,
    Growth,
    Hypothesis,
    Identity,
    Increasing,
    Induction,
    Instance,
    Relation,
    Step,
    UpToTheEnd,
)
from verifier.regime import Regime
from verifier.weights import Weights

FLAG, MEMORY = 0, 1
UNITS = ("flag", "memory")

K = Symbol("K", positive=True)
L = Symbol("L", positive=True)
EPSILON = Symbol("epsilon", positive=True)
M = Symbol("M", positive=True)
N = Symbol("n", integer=True, positive=True)

PHI, ETA, POWER, FULL = (Symbol(s, positive=True) for s in ("phi", "eta", "P", "T_K"))
GATES: dict[Symbol, Expr] = {
    PHI: sigmoid(K),
    FULL: tanh(K),
    ETA: sigmoid(K - L * PHI * tanh(PHI * FULL)),
    POWER: PHI**N,
}
"""φ, tanh K, η and φ^n."""

C_S, C_FLAG = sympy.symbols("c_s C", real=True)
"""The flag's cell before a step, and from step 1 on."""

NEW_FLAG = sigmoid(-K) * C_S + sigmoid(K) * tanh(K)


def network(hidden: int, k: Fraction | int, gain: Fraction | int, scale: Fraction) -> tuple[Weights, dict[Place, str]]:
    """The C6 weights with K = `k`, L = `gain`, ε = `scale` in `hidden` >= 2 units, and each weight's reason."""
    if hidden < len(UNITS):
        raise UsageError(f"this LSTM needs 2 hidden units, a flag and a memory; --hidden {hidden} is too small")
    entries: dict[Place, tuple[Fraction | int, str]] = {
        ("b_f", (FLAG,)): (-k, "flag forgets: its cell is tanh(K) up to e^-K after one step, whatever came before"),
        ("b_i", (FLAG,)): (k, "flag always admits its constant candidate"),
        ("b_g", (FLAG,)): (k, "constant candidate tanh(K), next to 1: the flag rises at step 1"),
        ("b_o", (FLAG,)): (k, "flag is always shown"),
        ("b_f", (MEMORY,)): (k, "memory holds: the forget gate is φ = σ(K) = 1 - O(e^-K) at every step"),
        ("b_i", (MEMORY,)): (k, "input gate open (φ) while the flag is down, i.e. at step 1 only"),
        ("W_i", (MEMORY, FLAG)): (-gain, "raised flag closes the input gate: σ(K - L h_s) <= η for every t >= 2"),
        ("U_g", (MEMORY,)): (scale, "candidate tanh(ε x), so small that tanh is linear up to ε²M²/3"),
        ("b_o", (MEMORY,)): (k, "memory is always shown"),
        ("V", (MEMORY,)): (1 / scale, "readout undoes the scale: y = h_m / ε"),
    }
    return assemble("lstm", hidden, entries, UNITS)


def construct(regime: Regime) -> Construction | Impossibility | Unanswered:
    """The C6 LSTM sized from the request; `Impossibility` by T1 and T2; `forever`: the thermometer latch (C8)
    where its units suffice, else the refreshed memory (C9), with four units or, where there are fewer, three.

    ε is the largest power of ten, then K the smallest integer, then L the smallest integer for which the closed-form
    bound at n meets the tolerance; each choice is decided in balls. The bound grows with n, so one weight set serves
    every n' <= n. Hypotheses: d >= 2, K > 0, φ^n >= (n-1)η.
    """
    forbidden = on_reals_or_exactly(regime, construct)
    if forbidden is not None:
        return forbidden
    if regime.horizon == "forever":
        small = regime.hidden < len(refresh.UNITS)
        return refreshed.forever(regime, refresh_pair.LSTM_PAIR if small else refresh.LSTM)
    network(regime.hidden, 1, 1, Fraction(1))
    scale, k, gain = scale_saturation_gain(regime, error_bound(regime))
    weights, reasons = network(regime.hidden, k, gain, scale)
    return Construction(
        regime=regime,
        weights=weights,
        theorem="C6",
        title="flag and memory: input gate open at step 1 only, forget gate saturated",
        parameters={
            N: Fraction(regime.n),
            M: regime.bound,
            EPSILON: scale,
            K: Fraction(k),
            L: Fraction(gain),
        },
        derivation=derivation(),
        reasons=reasons,
        leading_order="M (2/3 ε²M² + (n+1) e^-K + (n-1) η)",
    )


def error_bound(regime: Regime) -> ErrorBound:
    """The closed-form bound at the request's n and M, in balls: M - (φ/ε)(φ^n - (n-1)η) tanh(tanh(εM))."""
    n = regime.n

    def error(scale: Fraction, saturation: int | None, gain: int | None) -> arb:
        bound = to_ball(regime.bound)
        memory = to_ball(1 / scale) * (to_ball(scale) * bound).tanh().tanh()
        if saturation is None:  # φ = 1, η = 0
            return bound - memory
        k = to_ball(saturation)
        phi = Balls.sigmoid(k)
        if gain is None:  # η = 0
            return bound - phi * phi**n * memory
        shown = phi * (phi * k.tanh()).tanh()
        eta = Balls.sigmoid(k - gain * shown)
        return bound - phi * (phi**n - (n - 1) * eta) * memory

    return error


def steps_of_the_flag() -> tuple[Step, ...]:
    """The memory's input gate is at most η at every step t >= 2."""
    slack, d = sympy.symbols("s d", real=True)
    shown = Relation(K - L * PHI * tanh(C_FLAG), K - L * PHI * tanh(PHI * FULL))
    return (
        Identity("flag recurrence", "the flag's forget gate is σ(-K) = 1 - φ", NEW_FLAG, (1 - PHI) * C_S + PHI * FULL),
        Induction(
            "flag",
            "from step 1 on the flag's cell is at least φ tanh K",
            state=C_FLAG,
            index=N,
            lower=PHI * FULL,
            start=(1 - PHI) * 0 + PHI * FULL,
            successor=(1 - PHI) * C_FLAG + PHI * FULL,
            base_polynomial=None,
            base_atoms=(),
            step_polynomial=None,
            step_atoms=(),
            slack=slack,
        ),
        Increasing("flag shown", "tanh increases", tanh, "flag", Relation(PHI * FULL, C_FLAG)),
        AtMost(
            "gate argument",
            "so the memory's input gate is driven below K - Lφ tanh(φ tanh K)",
            shown.left,
            shown.right,
            L * PHI * d,
            (Atom(d, tanh(C_FLAG) - tanh(PHI * FULL), "flag shown"),),
        ),
        Increasing("gate", "and at every step t >= 2 the gate is at most η", sigmoid, "gate argument", shown),
    )


@cache
def derivation() -> Derivation:
    """The closed-form bound of C6 and the steps that prove it (theory C6)."""
    phi, eta, power, tau = PHI, ETA, POWER, Symbol("tau", positive=True)
    x, h_s, c_m = sympy.symbols("x h_s c_m", real=True)
    rest, gate, late, share, z, slack = sympy.symbols("R i T rho z s", real=True)
    opposite = Symbol("Q", real=True)
    theta = Symbol("theta", real=True)
    sign, weight = sympy.symbols("s_T w", real=True)
    leak = (N - 1) * eta
    held = power - leak
    definitions = {
        **GATES,
        tau: tanh(EPSILON * M),
    }
    ranges = {
        K: NONNEGATIVE,
        L: NONNEGATIVE,
        EPSILON: NONNEGATIVE,
        M: NONNEGATIVE,
        N: AT_LEAST_ONE,
        theta: UNIT,
        share: UNIT,
        weight: UNIT,
        sign: SYMMETRIC_UNIT,
        z: NONNEGATIVE,
        x: ALL,
        C_S: ALL,
        h_s: ALL,
        c_m: ALL,
        C_FLAG: ALL,
        rest: ALL,
        gate: UNIT,
        late: SYMMETRIC_UNIT,
    }
    bound = M - phi / EPSILON * held * tanh(tau)
    hypotheses = (
        Hypothesis("K > 0", K, strict=True),
        Hypothesis("L > 0", L, strict=True),
        Hypothesis("ε > 0", EPSILON, strict=True),
        Hypothesis("M > 0", M, strict=True),
        Hypothesis("φ^n ≥ (n-1)η", held),
    )
    template: dict[str, dict[tuple[int, ...], Expr]] = {
        "b_f": {(FLAG,): -K, (MEMORY,): K},
        "b_i": {(FLAG,): K, (MEMORY,): K},
        "b_g": {(FLAG,): K},
        "b_o": {(FLAG,): K, (MEMORY,): K},
        "W_i": {(MEMORY, FLAG): -L},
        "U_g": {(MEMORY,): EPSILON},
        "V": {(MEMORY,): 1 / EPSILON},
    }
    new_memory = sigmoid(K) * c_m + sigmoid(K - L * h_s) * tanh(EPSILON * x)

    first = EPSILON * M * theta  # ε x_1 with x_1 = θ M, 0 <= θ <= 1
    cell_value = power * tanh(first) + rest  # c_m(n)
    least = power * tanh(first) - leak * tau
    most = power * tanh(first) + leak * tau
    shortfall = M * theta - phi / EPSILON * tanh(least)
    at_end = M - phi / EPSILON * tanh(power * tanh(EPSILON * M) - leak * tau)
    slope_a, slope_b, rise, gap, d = sympy.symbols("A B b g d", real=True)
    wide = Relation(weight * z, z)
    least_cell = Relation(least, cell_value)
    most_cell = Relation(cell_value, most)
    concave = Relation(weight * tanh(z), tanh(weight * z))
    cubic_free = Relation(tanh(z), z)
    steps = (
        CellEquations(
            "cell",
            "the LSTM equations with these weights, unit by unit",
            cell="lstm",
            size=2,
            template=template,
            state={"h[0]": h_s, "h[1]": Symbol("h_m"), "c[0]": C_S, "c[1]": c_m},
            input=x,
            expected={
                "c[0]": NEW_FLAG,
                "h[0]": sigmoid(K) * tanh(NEW_FLAG),
                "c[1]": new_memory,
                "y": sigmoid(K) * tanh(new_memory) / EPSILON,
            },
        ),
        *steps_of_the_flag(),
        AtMost("input in the box", "x = θM with θ <= 1", EPSILON * M * theta, EPSILON * M),
        Increasing(
            "input",
            "so |tanh(εx)| <= τ, by oddness for both signs",
            tanh,
            "input in the box",
            Relation(EPSILON * M * theta, EPSILON * M),
        ),
        Identity(
            "memory starts",
            "h_s(0) = 0: the gate is φ at step 1, so c_m(1) = φ tanh(εx_1) and R_1 = 0",
            sigmoid(K) * 0 + sigmoid(K - L * 0) * tanh(first),
            phi**1 * tanh(first) + 0,
        ),
        Identity(
            "memory splits",
            "c_m(t) = φ^t tanh(εx_1) + R_t with R_{t+1} = φ R_t + i_{t+1} tanh(εx_{t+1})",
            sigmoid(K) * (phi**N * tanh(first) + rest) + gate * late,
            phi ** (N + 1) * tanh(first) + (phi * rest + gate * late),
        ),
        Induction(
            "rest from below",
            "R_t >= -(t-1)ητ, for any gate ρη and any input tanh = s_T τ, 0 <= ρ <= 1, |s_T| <= 1",
            state=rest,
            index=N,
            lower=-leak * tau,
            start=sympy.Integer(0),
            successor=phi * rest + eta * share * tau * sign,
            base_polynomial=None,
            base_atoms=(),
            step_polynomial=None,
            step_atoms=(),
            slack=slack,
        ),
        Induction(
            "rest from above",
            "-R_t >= -(t-1)ητ in the same way",
            state=opposite,
            index=N,
            lower=-leak * tau,
            start=sympy.Integer(0),
            successor=phi * opposite - eta * share * tau * sign,
            base_polynomial=None,
            base_atoms=(),
            step_polynomial=None,
            step_atoms=(),
            slack=slack,
            stands_for=-rest,
        ),
        Identity(
            "odd",
            "negating all inputs negates c_m and y; so let x_1 = θM >= 0",
            phi * (-c_m) + gate * tanh(-EPSILON * x),
            -(phi * c_m + gate * tanh(EPSILON * x)),
        ),
        AtMost("shrunk argument", "w z <= z for 0 <= w <= 1 and z >= 0", wide.left, wide.right),
        Increasing("shrunk tanh", "tanh(wz) <= tanh(z)", tanh, "shrunk argument", wide),
        Growth(
            "concave",
            "w tanh z <= tanh(wz): both are 0 at 0, and the derivative is w(tanh² z - tanh² wz)",
            concave.left,
            concave.right,
            z,
            weight * (2 * rise * gap + gap**2),
            (Atom(rise, tanh(weight * z)), Atom(gap, tanh(z) - tanh(weight * z), "shrunk tanh")),
        ),
        Growth(
            "tanh below z",
            "tanh z <= z for z >= 0: the derivative of z - tanh z is tanh² z",
            tanh(z),
            z,
            z,
            rise**2,
            (Atom(rise, tanh(z)),),
        ),
        Assumed("held", "hypothesis: φ^n >= (n-1)η", leak, power),
        AtMost("held at most 1", "φ^n - (n-1)η <= 1", held, sympy.Integer(1)),
        # x_1 - y_n
        AtMost(
            "cell from below",
            "c_m(n) >= φ^n tanh(εx_1) - (n-1)ητ",
            least_cell.left,
            least_cell.right,
            d,
            (Atom(d, rest + leak * tau, "rest from below"),),
        ),
        Increasing("shown from below", "tanh increases", tanh, "cell from below", least_cell),
        AtMost("theta", "θ <= 1", theta, sympy.Integer(1)),
        UpToTheEnd(
            "worst x_1",
            "the shortfall grows with x_1: its derivative is M(1 - φ φ^n sech² sech²) >= 0",
            shortfall,
            theta,
            sympy.Integer(1),
            M * (1 - phi * power * slope_a * slope_b),
            (Atom(slope_a, 1 - tanh(least) ** 2), Atom(slope_b, 1 - tanh(first) ** 2)),
            "theta",
        ),
        Instance(
            "tanh of the held part",
            "concavity at w = φ^n - (n-1)η, z = τ",
            "concave",
            concave,
            {weight: held, z: tau},
            ("held", "held at most 1"),
        ),
        Chain(
            "x_1 - y_n",
            "x_1 - y_n <= bound",
            (M * theta - phi / EPSILON * tanh(cell_value), shortfall, at_end, bound),
            (
                ("shown from below", phi / EPSILON),
                ("worst x_1", sympy.Integer(1)),
                ("tanh of the held part", phi / EPSILON),
            ),
        ),
        # y_n - x_1
        AtMost(
            "cell from above",
            "c_m(n) <= φ^n tanh(εx_1) + (n-1)ητ",
            most_cell.left,
            most_cell.right,
            d,
            (Atom(d, leak * tau - rest, "rest from above"),),
        ),
        Increasing("shown from above", "tanh increases", tanh, "cell from above", most_cell),
        Instance("tanh of the cell", "tanh z <= z at z = φ^n tanh(εx_1) + (n-1)ητ", "tanh below z", cubic_free, {z: most}),
        Instance("tanh of the first", "tanh z <= z at z = εx_1", "tanh below z", cubic_free, {z: first}),
        Instance("tanh of the end", "tanh z <= z at z = εM", "tanh below z", cubic_free, {z: EPSILON * M}),
        Instance("tanh of tau", "tanh z <= z at z = τ", "tanh below z", cubic_free, {z: tau}),
        AtMost(
            "excess",
            "what remains is smaller than the bound, because φ^n = (φ^n - (n-1)η) + (n-1)η <= 1",
            phi / EPSILON * (power * first + leak * tau) - M * theta,
            bound,
            EPSILON * M * (1 + theta) * (1 - phi * power) + phi * power * slope_b + phi * d * slope_a,
            (
                Atom(slope_a, tau - tanh(tau), "tanh of tau"),
                Atom(slope_b, EPSILON * M - tau, "tanh of the end"),
                Atom(d, held, "held"),
            ),
            1 / EPSILON,
        ),
        Chain(
            "y_n - x_1",
            "y_n - x_1 <= bound",
            (
                phi / EPSILON * tanh(cell_value) - M * theta,
                phi / EPSILON * tanh(most) - M * theta,
                phi / EPSILON * most - M * theta,
                phi / EPSILON * (power * first + leak * tau) - M * theta,
                bound,
            ),
            (
                ("shown from above", phi / EPSILON),
                ("tanh of the cell", phi / EPSILON),
                ("tanh of the first", phi * power / EPSILON),
                ("excess", sympy.Integer(1)),
            ),
        ),
        AtMost(
            "grows with n",
            "from n to n+1 the bound grows: one weight set serves every n' <= n",
            bound,
            M - phi / EPSILON * (phi * power - N * eta) * tanh(tau),
            phi * (power * (1 - phi) + eta) * rise,
            (Atom(rise, tanh(tau)),),
            1 / EPSILON,
        ),
        AtMost(
            "hypothesis inherited",
            "φ^n - (n-1)η falls with n: if the hypothesis holds at n it holds at every n' <= n",
            phi * power - N * eta,
            held,
        ),
    )
    return Derivation(
        theorem="C6",
        statement=(
            "For the LSTM with these weights, every n' <= n and every x in [-M, M]^n': "
            "|y_{n'} - x_1| <= M - (φ/ε)(φ^n - (n-1)η) tanh(tanh(εM)), where φ = σ(K), η = σ(K - Lφ tanh(φ tanh K))."
        ),
        parameters=(N, M, EPSILON, K, L),
        ranges=ranges,
        definitions=definitions,
        hypotheses=hypotheses,
        steps=steps,
        bound=bound,
        conclusions=("cell", "gate", "input", "x_1 - y_n", "y_n - x_1", "grows with n", "hypothesis inherited"),
        source="this project, theory C6; saturated gates: Hochreiter & Schmidhuber 1997 (constant error carousel)",
    )

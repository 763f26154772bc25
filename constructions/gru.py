"""GRU: the flag/memory cell C7, sized from the request, for both reset conventions and both readings of z.

Two units. The *flag* s rises at step 1 and stays; the *memory* m takes its candidate only while the flag is down, that
is at step 1, and holds it ever after. The share of the candidate that a unit takes is

    flag     σ(L)                candidate tanh(L)       s_t = tanh(L) (1 - (1-σ(L))^t)
    memory   σ(K - L s_{t-1})    candidate tanh(ε x_t)   m_t = (1 - share) m_{t-1} + share tanh(ε x_t)
    readout  y = m / ε

Where z takes, these arguments are z's rows; where z keeps (Cho et al. 2014, PyTorch), their negatives are, because
σ(-v) = 1 - σ(v). The reset gate multiplies zero weights, so it may stand before or after the product.

At step 1 s_0 = 0, so the memory takes φ = σ(K); later it keeps at least κ = σ(L σ(L) tanh(L) - K) per step. As m_n is a
convex combination of the candidates and 0, with at least φ κ^{n-1} of it on x_1, the bound derived below is

    |y_n - x_1| <= M - (1/ε) tanh(ε M) ((1+φ) κ^{n-1} - 1),

to leading order M (ε²M²/3 + e^-K + 2 (n-1)(1-κ)). Source: this project, theory C7 (with a sharper closed form, and a
flag driven by L instead of K: it is up sooner and no weight gets larger).
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import sympy
from flint import arb, fmpz
from sympy import Expr, Symbol, tanh

from constructions import refresh_gru, refreshed
from constructions.answer import Construction, Impossibility, Place, Unanswered, assemble
from constructions.forbidden import on_reals_or_exactly
from constructions.latch import SIGNS
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


def network(cell: str, hidden: int, k: Fraction | int, gain: Fraction | int, scale: Fraction) -> tuple[Weights, dict[Place, str]]:
    """The C7 weights of a cell with K = `k`, L = `gain`, ε = `scale` in `hidden` >= 2 units, and each weight's reason."""
    if hidden < len(UNITS):
        raise UsageError(f"this GRU needs 2 hidden units, a flag and a memory; --hidden {hidden} is too small")
    sign = SIGNS[cell]
    share = "z" if sign > 0 else "1 - z"
    entries: dict[Place, tuple[Fraction | int, str]] = {
        ("b_z", (FLAG,)): (sign * gain, f"flag takes: {share} = σ(L), so it is tanh(L) up to e^-L after one step"),
        ("b_n", (FLAG,)): (gain, "constant candidate tanh(L), next to 1: the flag rises at step 1"),
        ("b_z", (MEMORY,)): (sign * k, f"memory takes while the flag is down: {share} = φ = σ(K) at step 1 only"),
        ("W_z", (MEMORY, FLAG)): (-sign * gain, f"raised flag makes it hold: {share} = σ(K - L s) <= 1 - κ for t >= 2"),
        ("U_n", (MEMORY,)): (scale, "candidate tanh(ε x), so small that tanh is linear up to ε²M²/3"),
        ("V", (MEMORY,)): (1 / scale, "readout undoes the scale: y = m / ε"),
    }
    return assemble(cell, hidden, entries, UNITS)


def construct(regime: Regime) -> Construction | Impossibility | Unanswered:
    """The C7 GRU sized from the request; `Impossibility` by T1 and T2; `forever`: the thermometer latch (C8)
    where its units suffice, else the refreshed memory (C9).

    ε is the largest power of ten, then K the smallest integer, then L the smallest integer for which the closed-form
    bound at n meets the tolerance; each choice is decided in balls. The bound grows with n, so one weight set serves
    every n' <= n. Hypotheses: d >= 2, K > 0, L > 0. `regime.architecture` names the cell, one of `SIGNS`.
    """
    forbidden = on_reals_or_exactly(regime, construct)
    if forbidden is not None:
        return forbidden
    if regime.horizon == "forever":
        return refreshed.forever(regime, refresh_gru.family(regime.architecture))
    network(regime.architecture, regime.hidden, 1, 1, Fraction(1))
    scale, k, gain = scale_saturation_gain(regime, error_bound(regime))
    weights, reasons = network(regime.architecture, regime.hidden, k, gain, scale)
    return Construction(
        regime=regime,
        weights=weights,
        theorem="C7",
        title="flag and memory: candidate taken at step 1 only, held ever after",
        parameters={
            N: Fraction(regime.n),
            M: regime.bound,
            EPSILON: scale,
            K: Fraction(k),
            L: Fraction(gain),
        },
        derivation=derivation(),
        reasons=reasons,
        leading_order="M (1/3 ε²M² + e^-K + 2 (n-1)(1-κ))",
    )


def error_bound(regime: Regime) -> ErrorBound:
    """The closed-form bound at the request's n and M, in balls: M - (1/ε) tanh(εM) ((1+φ) κ^{n-1} - 1)."""
    n = regime.n

    def error(scale: Fraction, saturation: int | None, gain: int | None) -> arb:
        bound = to_ball(regime.bound)
        memory = to_ball(1 / scale) * (to_ball(scale) * bound).tanh()
        if saturation is None:  # φ = κ = 1
            return bound - memory
        k = to_ball(saturation)
        phi = Balls.sigmoid(k)
        if gain is None:  # κ = 1
            return bound - phi * memory
        raised = Balls.sigmoid(to_ball(gain)) * to_ball(gain).tanh()
        kept = Balls.sigmoid(gain * raised - k) ** fmpz(n - 1)
        return bound - memory * ((1 + phi) * kept - 1)

    return error


def _template(sign: int) -> dict[str, dict[tuple[int, ...], Expr]]:
    """The weights of `network` as closed forms, for z's rows with this sign."""
    return {
        "b_z": {(FLAG,): sign * L, (MEMORY,): sign * K},
        "W_z": {(MEMORY, FLAG): -sign * L},
        "b_n": {(FLAG,): L},
        "U_n": {(MEMORY,): EPSILON},
        "V": {(MEMORY,): 1 / EPSILON},
    }


@cache
def derivation() -> Derivation:
    """The closed-form bound of C7 and the steps that prove it (theory C7), for the four conventions at once."""
    phi, psi, full, kept, tau = (Symbol(s, positive=True) for s in ("phi", "psi", "T_L", "kappa", "tau"))
    s, m, opposite, slack, x, z = sympy.symbols("s m Q r x z", real=True)
    theta, u = sympy.symbols("theta u", real=True)
    definitions = {
        phi: sigmoid(K),
        psi: sigmoid(L),
        full: tanh(L),
        kept: sigmoid(L * psi * full - K),
        tau: tanh(EPSILON * M),
    }
    ranges = {
        K: NONNEGATIVE,
        L: NONNEGATIVE,
        EPSILON: NONNEGATIVE,
        M: NONNEGATIVE,
        N: AT_LEAST_ONE,
        theta: UNIT,
        u: SYMMETRIC_UNIT,
        z: NONNEGATIVE,
        x: ALL,
        s: ALL,
        m: ALL,
    }
    power = kept ** (N - 1)
    bound = M - tau / EPSILON * ((1 + phi) * power - 1)
    hypotheses = (
        Hypothesis("K > 0", K, strict=True),
        Hypothesis("L > 0", L, strict=True),
        Hypothesis("ε > 0", EPSILON, strict=True),
        Hypothesis("M > 0", M, strict=True),
    )

    def flag_after(flag: Expr) -> Expr:
        return (1 - sigmoid(L)) * flag + sigmoid(L) * tanh(L)

    def memory_after(memory: Expr, flag: Expr, value: Expr) -> Expr:
        return (1 - sigmoid(K - L * flag)) * memory + sigmoid(K - L * flag) * tanh(EPSILON * value)

    zero = sympy.Integer(0)
    first = EPSILON * M * theta  # ε x_1 with x_1 = θ M, 0 <= θ <= 1
    later = EPSILON * M * u  # ε x_t with x_t = u M, -1 <= u <= 1
    share = sigmoid(K - L * s)
    least = power * phi * tanh(first) - (1 - power) * tau
    most = power * phi * tanh(first) + (1 - power) * tau
    shortfall = M * theta - least / EPSILON

    # atoms: p = κ^{n-1}, a = tanh(εx_1), q = the share taken; A, B, D, d, e are differences of proved relations
    p, a, q, above, below, spare, d, e = sympy.symbols("p a q A B D d e", real=True)
    at_power, at_first, at_share = Atom(p, power), Atom(a, tanh(first)), Atom(q, share)
    at_spare = Atom(spare, 1 - kept - share, "share")
    argument = Relation(K - L * s, K - L * psi * full)
    highest, lowest = Relation(later, EPSILON * M), Relation(-EPSILON * M, later)
    at_end = Relation(first, EPSILON * M)
    linear = Relation(tanh(z), z)
    cells = tuple(
        CellEquations(
            f"cell {cell}",
            f"the equations of the cell {cell} with these weights, unit by unit",
            cell=cell,
            size=len(UNITS),
            template=_template(sign),
            state={"h[0]": s, "h[1]": m},
            input=x,
            expected={
                "h[0]": flag_after(s),
                "h[1]": memory_after(m, s, x),
                "y": memory_after(m, s, x) / EPSILON,
            },
        )
        for cell, sign in SIGNS.items()
    )
    steps: tuple[Step, ...] = (
        *cells,
        Induction(
            "flag",
            "from step 1 on the flag is at least σ(L) tanh L",
            state=s,
            index=N,
            lower=psi * full,
            start=flag_after(zero),
            successor=flag_after(s),
            base_polynomial=zero,
            base_atoms=(),
            step_polynomial=(1 - psi) * (psi * full + slack),
            step_atoms=(),
            slack=slack,
        ),
        AtMost(
            "share argument",
            "so the share is driven below K - Lσ(L) tanh L",
            argument.left,
            argument.right,
            L * d,
            (Atom(d, s - psi * full, "flag"),),
        ),
        Increasing("share", "so at every step t >= 2 the share taken is at most 1 - κ", sigmoid, "share argument", argument),
        AtMost("input at most M", "x = uM with u <= 1", highest.left, highest.right),
        Increasing("candidate at most τ", "tanh increases", tanh, "input at most M", highest),
        AtMost("input at least -M", "x = uM with u >= -1", lowest.left, lowest.right),
        Increasing("candidate at least -τ", "tanh increases", tanh, "input at least -M", lowest),
        AtMost("first input at most M", "x_1 = θM with θ <= 1", at_end.left, at_end.right),
        Increasing("first at most τ", "tanh increases", tanh, "first input at most M", at_end),
        Induction(
            "memory from below",
            "m_t >= κ^{t-1} φ tanh(εx_1) - (1 - κ^{t-1})τ: both sides are convex combinations, the right one takes more",
            state=m,
            index=N,
            lower=least,
            start=memory_after(zero, zero, M * theta),
            successor=memory_after(m, s, M * u),
            base_polynomial=zero,
            base_atoms=(),
            step_polynomial=(1 - q) * slack + q * below + p * (phi * a + tau) * spare,
            step_atoms=(
                at_power,
                at_first,
                at_share,
                at_spare,
                Atom(below, tanh(later) + tau, "candidate at least -τ"),
            ),
            slack=slack,
        ),
        Induction(
            "memory from above",
            "-m_t >= -κ^{t-1} φ tanh(εx_1) - (1 - κ^{t-1})τ in the same way, as φ tanh(εx_1) <= τ",
            state=opposite,
            index=N,
            lower=-most,
            start=-memory_after(zero, zero, M * theta),
            successor=-memory_after(-opposite, s, M * u),
            base_polynomial=zero,
            base_atoms=(),
            step_polynomial=(1 - q) * slack + q * above + p * ((1 - phi) * a + d) * spare,
            step_atoms=(
                at_power,
                at_first,
                at_share,
                at_spare,
                Atom(above, tau - tanh(later), "candidate at most τ"),
                Atom(d, tau - tanh(first), "first at most τ"),
            ),
            slack=slack,
            stands_for=-m,
        ),
        Identity(
            "odd",
            "negating all inputs negates m and y; so let x_1 = θM >= 0",
            memory_after(-m, s, -x),
            -memory_after(m, s, x),
        ),
        # x_1 - y_n
        AtMost("theta", "θ <= 1", theta, sympy.Integer(1)),
        UpToTheEnd(
            "worst x_1",
            "the shortfall grows with x_1: its derivative is M(1 - κ^{n-1} φ sech²) >= 0",
            shortfall,
            theta,
            sympy.Integer(1),
            M * (1 - p * phi * d),
            (at_power, Atom(d, 1 - tanh(first) ** 2)),
            "theta",
        ),
        Chain(
            "x_1 - y_n",
            "x_1 - y_n <= bound",
            (M * theta - m / EPSILON, shortfall, bound),
            (("memory from below", 1 / EPSILON), ("worst x_1", sympy.Integer(1))),
        ),
        # y_n - x_1
        Growth(
            "tanh below z",
            "tanh z <= z for z >= 0: the derivative of z - tanh z is tanh² z",
            linear.left,
            linear.right,
            z,
            d**2,
            (Atom(d, tanh(z)),),
        ),
        Instance("tanh of the first", "tanh z <= z at z = εx_1", "tanh below z", linear, {z: first}),
        Instance("tanh of the end", "tanh z <= z at z = εM", "tanh below z", linear, {z: EPSILON * M}),
        AtMost(
            "excess",
            "what remains is smaller than the bound: tanh(εx_1) <= εx_1, τ <= εM and κ^{n-1} φ <= 1",
            most / EPSILON - M * theta,
            bound,
            d + e + (1 - p * phi) * (tau + a),
            (
                at_power,
                at_first,
                Atom(d, first - tanh(first), "tanh of the first"),
                Atom(e, EPSILON * M - tau, "tanh of the end"),
            ),
            1 / EPSILON,
        ),
        Chain(
            "y_n - x_1",
            "y_n - x_1 <= bound",
            (m / EPSILON - M * theta, most / EPSILON - M * theta, bound),
            (("memory from above", 1 / EPSILON), ("excess", sympy.Integer(1))),
        ),
        AtMost(
            "grows with n",
            "from n to n+1 the bound grows: one weight set serves every n' <= n",
            bound,
            bound.xreplace({N: N + 1}),
            tau * (1 + phi) * p * (1 - kept),
            (at_power,),
            1 / EPSILON,
        ),
    )
    return Derivation(
        theorem="C7",
        statement=(
            "For the GRU with these weights, reset before or after the product, every n' <= n and every x in [-M, M]^n': "
            "|y_{n'} - x_1| <= M - (1/ε) tanh(εM) ((1+φ)κ^{n-1} - 1), where φ = σ(K), κ = σ(Lσ(L) tanh L - K)."
        ),
        parameters=(N, M, EPSILON, K, L),
        ranges=ranges,
        definitions=definitions,
        hypotheses=hypotheses,
        steps=steps,
        bound=bound,
        conclusions=(*(step.name for step in cells), "share", "x_1 - y_n", "y_n - x_1", "grows with n"),
        source="this project, theory C7; the cell: Cho et al. 2014",
    )

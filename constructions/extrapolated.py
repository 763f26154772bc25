"""LSTM: the extrapolated memory C6b, a profile of the flag/memory cell C6 with k memory cells and smaller weights.

The flag is C6's and closes k memories, which hold x_1 at the scales ε_j = jε; their errors, odd powers of ε_j x_1, cancel:

    memory   c_j(t) = φ c_j(t-1) + i_t tanh(ε_j x_t),  h_j = φ tanh(c_j),  j = 1 ... k
    readout  y = Σ V_j h_j,  V_j = w_j/ε_j,  Σ w_j = 1,  Σ w_j j^{2i} = 0 for 0 < i < k,  so w_j = Π_{m≠j} m²/(m² - j²)

With tanh tanh z = Σ a_i z^{2i+1}, whose partial sums lie above and below it in turn for 0 <= z <= 1/2, W = Σ |w_j| and
η as in C6:

    |y_n - x_1| <= |a_k| k!² (εM)^{2k} M + |a_{k+1}| Σ |w_j| j^{2k+2} (εM)^{2k+2} M + M W ((1-φ) + (1-φ^n) + (n-1)η).

So a readout of size R serves a tolerance of order R^{-2k}. Source: this project, theory C6b; extrapolation to the limit:
Richardson 1911.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from math import factorial, prod
from typing import Any

import sympy
from flint import arb
from sympy import Expr, Rational, Symbol, tanh

from constructions.answer import Construction, Place, Unanswered, assemble
from constructions.lstm import C_FLAG, C_S, EPSILON, ETA, FLAG, GATES, NEW_FLAG, PHI, POWER, K, L, M, N, steps_of_the_flag
from constructions.sizing import ErrorBound, scale_saturation_gain
from verifier.arithmetic.balls import Balls, to_ball
from verifier.arithmetic.symbols import evaluate, sigmoid
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
    Derivation,
    Growth,
    Hypothesis,
    Identity,
    Increasing,
    Induction,
    Instance,
    Relation,
    Step,
)
from verifier.regime import Regime

LARGEST_CELLS = 6
"""Most memory cells: more gain nothing where the gates' weights are the largest, and make the last step long to check."""

LARGEST_ARGUMENT = Fraction(1, 2)
"""kεM at most: there the partial sums of tanh tanh are checked to lie above and below it in turn."""


def combination(cells: int) -> list[Fraction]:
    """w_1 ... w_k with Σ w_j = 1 and Σ w_j j^{2i} = 0 for 0 < i < k: extrapolation from the squares j² to 0."""
    nodes = range(1, cells + 1)
    return [prod((Fraction(m * m, m * m - j * j) for m in nodes if m != j), start=Fraction(1)) for j in nodes]


@cache
def series(terms: int) -> tuple[list[Fraction], list[Fraction]]:
    """The coefficients of z, z³, z⁵, ... in tanh z and tanh tanh z, from s' = 1 - s² and T' = (1 - T²)(1 - s²)."""

    def complement(values: list[Fraction], k: int) -> Fraction:
        """The coefficient of z^{2k} in 1 - (odd series)²."""
        return Fraction(k == 0) - sum((values[p] * values[k - 1 - p] for p in range(k)), Fraction(0))

    inner, outer = [Fraction(1)], [Fraction(1)]
    for k in range(1, terms):
        slope = sum((complement(outer, p) * complement(inner, k - p) for p in range(k + 1)), Fraction(0))
        outer.append(slope / (2 * k + 1))
        inner.append(complement(inner, k) / (2 * k + 1))
    return inner, outer


def checked(cells: Fraction) -> int:
    """The number of memory cells as a whole number; raises `UsageError` if it is none from 1 to `LARGEST_CELLS`."""
    if cells.denominator != 1 or not 1 <= cells <= LARGEST_CELLS:
        raise UsageError(f"--cells {cells} is not allowed; 1 to {LARGEST_CELLS} memory cells")
    return int(cells)


def unit_weights(cells: int, numbers: Mapping[Symbol, Any]) -> dict[Place, tuple[Any, str]]:
    """Every weight with its reason, for K, L and ε as numbers or symbols."""
    k, gain, scale = numbers[K], numbers[L], numbers[EPSILON]
    entries: dict[Place, tuple[Any, str]] = {
        ("b_f", (FLAG,)): (-k, "flag forgets: its cell is tanh(K) up to e^-K after one step, whatever came before"),
        ("b_i", (FLAG,)): (k, "flag always admits its constant candidate"),
        ("b_g", (FLAG,)): (k, "constant candidate tanh(K), next to 1: the flag rises at step 1"),
        ("b_o", (FLAG,)): (k, "flag is always shown"),
    }
    for j, share in enumerate(combination(cells), 1):
        worth = share / j if isinstance(scale, Fraction) else Rational(share.numerator, share.denominator * j)
        entries |= {
            ("b_f", (j,)): (k, "memory holds: the forget gate is φ = σ(K) = 1 - O(e^-K) at every step"),
            ("b_i", (j,)): (k, "input gate open (φ) while the flag is down, i.e. at step 1 only"),
            ("W_i", (j, FLAG)): (-gain, "raised flag closes the input gate: σ(K - L h_s) <= η for every t >= 2"),
            ("U_g", (j,)): (j * scale, f"candidate at the scale ε_{j} = {j}ε"),
            ("b_o", (j,)): (k, "memory is always shown"),
            ("V", (j,)): (worth / scale, f"w_{j}/ε_{j}: in the sum the powers ε², ..., ε^{2 * cells - 2} cancel"),
        }
    return entries


def construct(regime: Regime, cells: int) -> Construction | Unanswered:
    """The C6b LSTM of `cells` memories sized from the request: ε, K and L as in C6.

    Raises `UsageError` for fewer than cells + 1 hidden units, more than `LARGEST_CELLS`, and for ever.
    """
    checked(Fraction(cells))
    if regime.hidden < cells + 1:
        raise UsageError(f"--cells {cells} needs {cells + 1} hidden units, a flag and {cells} memories; --hidden {regime.hidden}")
    if regime.horizon == "forever" or regime.domain == "reals" or not regime.tolerance:
        raise UsageError("--cells is about a horizon n and a tolerance: leave it out for --horizon forever, --exact or the reals")
    scale, k, gain = scale_saturation_gain(regime, error_bound(regime, cells))
    parameters = {N: Fraction(regime.n), M: regime.bound, EPSILON: scale, K: Fraction(k), L: Fraction(gain)}
    names = ("flag", *(f"memory {j}" for j in range(1, cells + 1)))
    weights, reasons = assemble("lstm", regime.hidden, unit_weights(cells, parameters), names)
    return Construction(
        regime=regime,
        weights=weights,
        theorem="C6b",
        title=f"flag and {cells} memories at scales ε ... {cells}ε, combined so that their errors cancel",
        parameters={**parameters, CELLS: Fraction(cells)},
        derivation=derivation(cells),
        reasons=reasons,
        leading_order=f"M ({abs(series(cells + 1)[1][cells]) * factorial(cells) ** 2} (εM)^{2 * cells} + W((n+1) e^-K + (n-1) η))",
    )


def error_bound(regime: Regime, cells: int) -> ErrorBound:
    """The closed-form bound at the request's n and M, in balls; more than any tolerance beyond kεM = 1/2."""
    n = regime.n

    def error(scale: Fraction, saturation: int | None, gain: int | None) -> arb:
        if scale * cells * regime.bound > LARGEST_ARGUMENT:
            return to_ball(2 * regime.bound)
        phi = arb(1) if saturation is None else Balls.sigmoid(to_ball(saturation))
        eta = arb(0)
        if saturation is not None and gain is not None:
            k = to_ball(saturation)
            eta = Balls.sigmoid(k - gain * phi * (phi * k.tanh()).tanh())
        values: dict[Symbol, Any] = {EPSILON: scale, M: regime.bound, N: n, PHI: phi, POWER: phi**n, ETA: eta}
        return evaluate(closed_form(cells), values)

    return error


# --- the proof --------------------------------------------------------------------------------------------------------

CELLS = Symbol("k", integer=True, positive=True)
Z, SCALE, THETA, HELD, ROOM, REST, OPPOSITE = sympy.symbols("z e theta c z_2 R Q", real=True)
INNER, OUTER, GAP_S, GAP_T, SMALL, BELOW_ONE, LOW_S, LOW_T = sympy.symbols("S T g_s g_T G u v_s v_T", real=True)
RISE, SLACK, SHARE, SIGN, TAU = sympy.symbols("b r rho s_T tau", real=True)
LEAK = (N - 1) * ETA
GATE_ERROR = (1 - PHI) + (1 - POWER) + LEAK


def _number(value: Fraction) -> Expr:
    return Rational(value.numerator, value.denominator)


def _partial(coefficients: list[Fraction], level: int, z: Expr) -> Expr:
    """The terms of order up to z^{2·level+1}."""
    return sum((_number(a) * z ** (2 * i + 1) for i, a in enumerate(coefficients[: level + 1])), sympy.Integer(0))


def closed_form(cells: int) -> Expr:
    """The bound for k memory cells, in ε, M, n and the gates' φ, φ^n, η."""
    shares, outer = combination(cells), series(cells + 2)[1]
    left = sum((abs(w) * j ** (2 * cells + 2) for j, w in enumerate(shares, 1)), Fraction(0)) * abs(outer[cells + 1])
    lead = abs(outer[cells]) * factorial(cells) ** 2
    whole = sum(map(abs, shares), Fraction(0))
    return (
        _number(lead) * EPSILON ** (2 * cells) * M ** (2 * cells + 1)
        + _number(left) * EPSILON ** (2 * cells + 2) * M ** (2 * cells + 3)
        + M * _number(whole) * GATE_ERROR
    )


def _steps_of_the_series(levels: int) -> tuple[Step, ...]:
    """The partial sums of tanh z and tanh tanh z lie above (even level) and below (odd level) them for 0 <= z <= 1/2."""
    s, t = tanh(Z), tanh(tanh(Z))
    inner, outer = series(levels + 1)
    steps: list[Step] = [
        Growth("s 0", "tanh z <= z", s, Z, Z, INNER**2, (Atom(INNER, s),)),
        Growth(
            "T 0", "tanh tanh z <= z: the derivative of the difference is 1 - (1 - T²)(1 - s²)", t, Z, Z,
            OUTER**2 + INNER**2 * (1 - OUTER**2), (Atom(INNER, s), Atom(OUTER, t)),
        ),
    ]  # fmt: skip
    for level in range(levels):
        above = 1 if level % 2 == 0 else -1
        p_s, p_t = _partial(inner, level, Z), _partial(outer, level, Z)
        q_s, q_t = _partial(inner, level + 1, Z), _partial(outer, level + 1, Z)
        gap_s = sympy.expand(above * (1 - p_s**2 - sympy.diff(q_s, Z)))
        gap_t = sympy.expand(above * ((1 - p_s**2) * (1 - p_t**2) - sympy.diff(q_t, Z)))
        atoms_s = (
            Atom(INNER, s), Atom(GAP_S, above * (p_s - s), f"s {level}"), Atom(LOW_S, p_s, f"s {level} positive"),
            Atom(SMALL, gap_s, f"s {level} slope"),
        )  # fmt: skip
        atoms_t = (
            Atom(INNER, s), Atom(OUTER, t), Atom(GAP_S, above * (p_s - s), f"s {level}"),
            Atom(GAP_T, above * (p_t - t), f"T {level}"), Atom(LOW_S, p_s, f"s {level} positive"),
            Atom(LOW_T, p_t, f"T {level} positive"), Atom(BELOW_ONE, 1 - p_s**2, f"s {level} below 1"),
            Atom(SMALL, gap_t, f"T {level} slope"),
        )  # fmt: skip
        where = "below" if above > 0 else "above"
        ends_s, ends_t = ((q_s, s), (q_t, t)) if above > 0 else ((s, q_s), (t, q_t))
        steps += [
            AtMost(f"s {level} positive", "0 <= partial sum", sympy.Integer(0), p_s),
            AtMost(f"T {level} positive", "0 <= partial sum", sympy.Integer(0), p_t),
            AtMost(f"s {level} below 1", "its square is at most 1", p_s**2, sympy.Integer(1)),
            AtMost(f"s {level} slope", "1 - s² is on the right side of the next slope", sympy.Integer(0), gap_s),
            AtMost(f"T {level} slope", "and the product for tanh tanh", sympy.Integer(0), gap_t),
            Growth(
                f"s {level + 1}", f"the next partial sum lies {where} tanh z, as s' = 1 - s²", *ends_s, Z,
                GAP_S * (INNER + LOW_S) + SMALL, atoms_s,
            ),
            Growth(
                f"T {level + 1}", f"the next partial sum lies {where} tanh tanh z, as T' = (1 - T²)(1 - s²)", *ends_t, Z,
                (1 - OUTER**2) * GAP_S * (INNER + LOW_S) + BELOW_ONE * GAP_T * (OUTER + LOW_T) + SMALL, atoms_t,
            ),
        ]  # fmt: skip
    return tuple(steps)


def _steps_of_a_memory() -> tuple[Step, ...]:
    """|φ tanh c(n) - tanh tanh(e x_1)| <= e M ((1-φ) + (1-φ^n) + (n-1)η) for a memory at any scale e and x_1 = θM >= 0."""
    end, argument = SCALE * M, SCALE * M * THETA
    t, tau = tanh(argument), tanh(end)
    cell = POWER * t + REST
    fades, leaks = SCALE * M * (1 - POWER + LEAK), SCALE * M * LEAK
    free, slow = Relation(tanh(ROOM), ROOM), Relation(tanh(HELD + ROOM), tanh(HELD) + ROOM)
    below, above = Relation(t, cell + fades), Relation(cell, t + leaks)
    in_box = Relation(argument, end)
    moved = -PHI * (N - 1) * ETA * TAU + PHI * SLACK + N * ETA * TAU
    d, f, g, h, p, q = sympy.symbols("d_1 d_2 d_3 d_4 d_5 d_6", real=True)

    def induction(name: str, text: str, state: Symbol, sign: int) -> Induction:
        return Induction(
            name, text, state=state, index=N, lower=-LEAK * tau, start=sympy.Integer(0),
            successor=PHI * state + sign * ETA * SHARE * tau * SIGN, base_polynomial=None, base_atoms=(),
            step_polynomial=moved + sign * ETA * SHARE * TAU * SIGN, step_atoms=(Atom(TAU, tau),), slack=SLACK,
            stands_for=None if sign > 0 else -REST,
        )  # fmt: skip

    return (
        Identity(
            "odd", "negating all inputs negates c and y; so let x_1 = θM >= 0",
            PHI * (-HELD) + ETA * tanh(-argument), -(PHI * HELD + ETA * tanh(argument)),
        ),
        Identity(
            "memory splits", "c(t) = φ^t tanh(e x_1) + R_t, R_1 = 0, R_{t+1} = φ R_t + i_{t+1} tanh(e x_{t+1})",
            PHI * (PHI**N * t + REST) + ETA * SHARE * tau * SIGN, PHI ** (N + 1) * t + (PHI * REST + ETA * SHARE * tau * SIGN),
        ),
        induction("rest from below", "R_t >= -(t-1)ητ, τ = tanh(eM), for any gate ρη and input s_T τ", REST, 1),
        induction("rest from above", "-R_t >= -(t-1)ητ in the same way", OPPOSITE, -1),
        AtMost("in the box", "x_1 = θM with θ <= 1", argument, end),
        Increasing("input", "so tanh(e x_1) <= τ", tanh, "in the box", in_box),
        Growth("tanh below z", "tanh z <= z", free.left, free.right, ROOM, RISE**2, (Atom(RISE, tanh(ROOM)),)),
        Instance("end below", "τ <= eM", "tanh below z", free, {ROOM: end}),
        Instance("shown below", "tanh tanh(e x_1) <= tanh(e x_1)", "tanh below z", free, {ROOM: t}),
        Growth("slow", "tanh(c + z) <= tanh c + z", slow.left, slow.right, ROOM, RISE**2, (Atom(RISE, tanh(HELD + ROOM)),)),
        AtMost(
            "cell from below", "tanh(e x_1) <= c(n) + eM((1 - φ^n) + (n-1)η)", below.left, below.right,
            d + (1 - POWER) * (g + h) + LEAK * g,
            (Atom(d, REST + LEAK * tau, "rest from below"), Atom(g, end - tau, "end below"), Atom(h, tau - t, "input")),
        ),
        Increasing("shown from below", "tanh increases", tanh, "cell from below", below),
        Instance("moved from below", "tanh moves by no more", "slow", slow, {HELD: cell, ROOM: fades}),
        AtMost(
            "memory from below", "φ tanh c(n) >= tanh tanh(e x_1) - eM((1-φ) + (1-φ^n) + (n-1)η)",
            tanh(t) - SCALE * M * GATE_ERROR, PHI * tanh(cell),
            PHI * (p + q) + (1 - PHI) * (f + h + g) + (1 - PHI) * SCALE * M * (1 - POWER + LEAK),
            (
                Atom(p, tanh(cell) + fades - tanh(cell + fades), "moved from below"),
                Atom(q, tanh(cell + fades) - tanh(t), "shown from below"),
                Atom(f, t - tanh(t), "shown below"), Atom(h, tau - t, "input"), Atom(g, end - tau, "end below"),
            ),
        ),
        AtMost(
            "cell from above", "c(n) <= tanh(e x_1) + eM(n-1)η", above.left, above.right,
            (1 - POWER) * RISE + d + LEAK * g,
            (Atom(RISE, t), Atom(d, LEAK * tau - REST, "rest from above"), Atom(g, end - tau, "end below")),
        ),
        Increasing("shown from above", "tanh increases", tanh, "cell from above", above),
        Instance("moved from above", "tanh moves by no more", "slow", slow, {HELD: t, ROOM: leaks}),
        AtMost(
            "memory from above", "φ tanh c(n) <= tanh tanh(e x_1) + eM((1-φ) + (1-φ^n) + (n-1)η)",
            PHI * tanh(cell), tanh(t) + SCALE * M * GATE_ERROR,
            PHI * (p + q) + (1 - PHI) * (RISE + SCALE * M * LEAK) + SCALE * M * (1 - PHI + 1 - POWER),
            (
                Atom(p, tanh(t) + leaks - tanh(t + leaks), "moved from above"),
                Atom(q, tanh(t + leaks) - tanh(cell), "shown from above"), Atom(RISE, tanh(t)),
            ),
        ),
    )  # fmt: skip


def _steps_of_the_sum(cells: int) -> tuple[Step, ...]:
    """The error of the sum: series at every scale, and shares s_j of each memory's gate error."""
    outer, shares = series(cells + 2)[1], combination(cells)
    fine, coarse = cells + 1, cells  # levels of the partial sums on either side
    highest, lowest = (fine, coarse) if fine % 2 == 0 else (coarse, fine)
    t = tanh(tanh(Z))
    upper, lower = Relation(t, _partial(outer, highest, Z)), Relation(_partial(outer, lowest, Z), t)
    bound = closed_form(cells)
    marks = sympy.symbols(f"s_1:{cells + 1}", real=True)
    gaps = sympy.symbols(f"d_1:{cells + 1}", real=True)
    room = Symbol("r_k", real=True)
    steps: list[Step] = [
        Assumed("small arguments", "hypothesis: kεM <= 1/2", cells * EPSILON * M, _number(LARGEST_ARGUMENT)),
    ]
    total: Expr = sympy.Integer(0)
    atoms: dict[int, list[Atom]] = {1: [], -1: []}
    for j, (share, mark, gap) in enumerate(zip(shares, marks, gaps, strict=True), 1):
        z = j * EPSILON * M * THETA
        name = f"argument {j}"
        steps += [
            AtMost(
                name, f"{j}εx_1 <= 1/2", z, _number(LARGEST_ARGUMENT), room + EPSILON * M * (cells - j * THETA),
                (Atom(room, _number(LARGEST_ARGUMENT) - cells * EPSILON * M, "small arguments"),),
            ),
            Instance(f"upper {j}", f"the partial sum above, at {j}εx_1", f"T {highest}", upper, {Z: z}, (name,)),
            Instance(f"lower {j}", f"the partial sum below, at {j}εx_1", f"T {lowest}", lower, {Z: z}, (name,)),
        ]  # fmt: skip
        value = tanh(tanh(z))
        total += _number(share / j) / EPSILON * (value + mark * j * EPSILON * M * GATE_ERROR)
        for sign in (1, -1):  # sign 1: x_1 - y, which needs y from below
            from_below = (share > 0) == (sign > 0)
            low, high = lower.left.xreplace({Z: z}), upper.right.xreplace({Z: z})
            atoms[sign].append(Atom(gap, value - low if from_below else high - value, f"{'lower' if from_below else 'upper'} {j}"))
    for sign, name in ((1, "x_1 - y_n"), (-1, "y_n - x_1")):
        # ε times (bound - error), with tanh tanh written as partial sum ± gap
        left = sign * (M * THETA - total)
        polynomial: Expr = EPSILON * (bound - sign * M * THETA)
        for j, (share, mark, gap) in enumerate(zip(shares, marks, gaps, strict=True), 1):
            z = j * EPSILON * M * THETA
            from_below = (share > 0) == (sign > 0)
            known = (lower.left if from_below else upper.right).xreplace({Z: z}) + (gap if from_below else -gap)
            polynomial += sign * _number(share / j) * (known + mark * j * EPSILON * M * GATE_ERROR)
        steps.append(
            AtMost(
                name,
                "the powers below 2k + 1 cancel, what is left is the bound",
                left,
                bound,
                sympy.expand(polynomial),
                tuple(atoms[sign]),
                1 / EPSILON,
            )
        )
    later = bound.xreplace({POWER: PHI * POWER}) + M * _number(sum(map(abs, shares), Fraction(0))) * ETA
    steps.append(AtMost("grows with n", "from n to n+1 the bound grows: one weight set serves every n' <= n", bound, later))
    return tuple(steps)


def _readout(cells: int, shown: list[Expr]) -> Expr:
    """Σ V_j h_j."""
    worth = [_number(w / j) / EPSILON for j, w in enumerate(combination(cells), 1)]
    return sum((v * h for v, h in zip(worth, shown, strict=True)), sympy.Integer(0))


def _equations(cells: int) -> CellEquations:
    x, h_s = sympy.symbols("x h_s", real=True)
    template: dict[str, dict[tuple[int, ...], Expr]] = {}
    for (block, index), (value, _) in unit_weights(cells, {K: K, L: L, EPSILON: EPSILON}).items():
        template.setdefault(block, {})[index] = value
    old = [Symbol(f"c_{j}", real=True) for j in range(1, cells + 1)]
    new = [sigmoid(K) * c + sigmoid(K - L * h_s) * tanh(j * EPSILON * x) for j, c in enumerate(old, 1)]
    return CellEquations(
        "cell",
        "the LSTM equations with these weights, unit by unit",
        cell="lstm",
        size=cells + 1,
        template=template,
        state={"h[0]": h_s, "c[0]": C_S, **{f"c[{j}]": c for j, c in enumerate(old, 1)}},
        input=x,
        expected={
            "c[0]": NEW_FLAG,
            "h[0]": sigmoid(K) * tanh(NEW_FLAG),
            **{f"c[{j}]": c for j, c in enumerate(new, 1)},
            "y": _readout(cells, [sigmoid(K) * tanh(c) for c in new]),
        },
    )


@cache
def derivation(cells: int) -> Derivation:
    """The closed-form bound of C6b for k memories and the steps that prove it (theory C6b)."""
    marks = sympy.symbols(f"s_1:{cells + 1}", real=True)
    x, h_s = sympy.symbols("x h_s", real=True)
    return Derivation(
        theorem="C6b",
        statement=(
            f"For the LSTM with these weights (k = {cells} memories), every n' <= n and every x in [-M, M]^n': |y_{{n'}} - x_1| <= "
            "|a_k| k!² (εM)^(2k) M + |a_{k+1}| Σ|w_j|j^(2k+2) (εM)^(2k+2) M + M Σ|w_j| ((1-φ) + (1-φ^n) + (n-1)η), where "
            "tanh tanh z = Σ a_i z^(2i+1), w_j = Π m²/(m² - j²), φ = σ(K), η = σ(K - Lφ tanh(φ tanh K))."
        ),
        parameters=(N, M, EPSILON, K, L, CELLS),
        ranges={
            **dict.fromkeys((K, L, EPSILON, M, SCALE, ROOM), NONNEGATIVE), N: AT_LEAST_ONE, Z: (Fraction(0), LARGEST_ARGUMENT),
            **dict.fromkeys((THETA, SHARE), UNIT), **dict.fromkeys((SIGN, *marks), SYMMETRIC_UNIT), CELLS: AT_LEAST_ONE,
            **dict.fromkeys((x, h_s, C_S, C_FLAG, HELD, REST), ALL),
        },
        definitions=dict(GATES),
        hypotheses=(
            Hypothesis("K > 0", K, strict=True), Hypothesis("L > 0", L, strict=True), Hypothesis("ε > 0", EPSILON, strict=True),
            Hypothesis("M > 0", M, strict=True), Hypothesis("kεM ≤ 1/2", _number(LARGEST_ARGUMENT) - cells * EPSILON * M),
        ),
        steps=(
            _equations(cells), *steps_of_the_flag(), *_steps_of_a_memory(), *_steps_of_the_series(cells + 1),
            *_steps_of_the_sum(cells),
        ),
        bound=closed_form(cells),
        conclusions=("cell", "gate", "odd", "memory from below", "memory from above", "x_1 - y_n", "y_n - x_1", "grows with n"),
        source="this project, theory C6b; extrapolation to the limit: Richardson 1911",
    )  # fmt: skip

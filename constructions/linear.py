"""Linear RNN h' = W h + U x + b: the shift register (C1) and the exploding scalar (C2).

*C1, fixed n <= d*: exact, on ℝ too. A chain of n units hands x_1 on; at time n it has arrived at the readout.
*C2, fixed n*: one unit h' = λh + x, y = λ^-(n-1) h. The error is *equal* to M (1 - λ^-(n-1))/(λ - 1).

Beyond n = d exactness is impossible (T3), and no linear RNN serves every n' <= N for N >= 2 better than
M (1 - 2^-(N-1)) (T4), which h' = 2h + x, y = 2^-(N-1) h attains. Source: this project, theory C1, C2, T3, T4.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import sympy
from sympy import Expr, Symbol

from constructions.answer import Construction, Place, Unanswered
from constructions.sizing import smallest
from verifier.inequality import (
    ALL,
    AT_LEAST_ONE,
    NONNEGATIVE,
    SYMMETRIC_UNIT,
    AtMost,
    CellEquations,
    Derivation,
    Hypothesis,
    Identity,
)
from verifier.regime import Regime
from verifier.weights import Weights

LAMBDA = Symbol("lambda", positive=True)
M = Symbol("M", positive=True)
N = Symbol("n", integer=True, positive=True)


def construct(regime: Regime) -> Construction | Unanswered:
    """The shift register where it fits, else the exploding scalar for a fixed horizon; hypotheses n <= d resp. λ > 1."""
    if regime.horizon == "fixed" and regime.n <= regime.hidden:
        return _shift_register(regime)
    if regime.n == 1 and regime.horizon == "upto":
        return _shift_register(regime)
    if regime.horizon == "fixed" and regime.domain != "reals" and regime.tolerance:
        return _exploding(regime)
    if regime.horizon == "fixed":
        return Unanswered(
            regime, f"n > d = {regime.hidden}: exact recall is impossible for linear RNNs (T3, not proved in this version)"
        )
    return Unanswered(
        regime,
        "no linear RNN serves every n' <= N, N >= 2, with an error below M (1 - 2^-(N-1)) (T4, not proved in this version)",
    )


def _shift_register(regime: Regime) -> Construction:
    n = regime.n
    entries: dict[Place, tuple[Fraction | int, str]] = {("U_h", (0,)): (1, "the chain takes the newest input in")}
    for k in range(1, n):
        entries["W_h", (k, k - 1)] = (1, f"unit {k} takes what unit {k - 1} held: the input of {k} steps ago")
    entries["V", (n - 1,)] = (1, "readout: at time n the end of the chain holds x_1")
    blocks: dict[str, dict[tuple[int, ...], Fraction | int]] = {}
    for (name, index), (value, _) in entries.items():
        blocks.setdefault(name, {})[index] = value
    units = tuple(f"delay {k}" for k in range(n))
    return Construction(
        regime=regime,
        weights=Weights("linear", regime.hidden, blocks, units),
        theorem="C1",
        title="shift register of n units",
        parameters={N: Fraction(n)},
        derivation=shift_register(n),
        reasons={place: reason for place, (_, reason) in entries.items()},
        leading_order="0",
    )


@cache
def shift_register(n: int) -> Derivation:
    """Error 0: each unit holds the input of its age, step by step (theory C1)."""
    inputs = sympy.symbols(f"x_1:{n + 1}", real=True)
    template: dict[str, dict[tuple[int, ...], Expr]] = {
        "U_h": {(0,): sympy.Integer(1)},
        "W_h": {(k, k - 1): sympy.Integer(1) for k in range(1, n)},
        "V": {(n - 1,): sympy.Integer(1)},
    }
    steps = []
    for t in range(1, n + 1):
        old = {f"h[{k}]": inputs[t - 2 - k] if t - 2 - k >= 0 else sympy.Integer(0) for k in range(n)}
        new = {f"h[{k}]": inputs[t - 1 - k] if t - 1 - k >= 0 else sympy.Integer(0) for k in range(n)}
        if t == n:
            new["y"] = inputs[0]
        steps.append(
            CellEquations(
                f"step {t}", f"after step {t} unit k holds x_({t}-k), and 0 where there is none",
                cell="linear", size=n, template=template, state=old, input=inputs[t - 1], expected=new,
            )
        )  # fmt: skip
    return Derivation(
        theorem="C1",
        statement=f"For the linear RNN with these weights and every x in ℝ^{n}: y_{n} = x_1.",
        parameters=(N,),
        ranges={N: AT_LEAST_ONE, **dict.fromkeys(inputs, ALL)},
        definitions={},
        hypotheses=(),
        steps=tuple(steps),
        bound=sympy.Integer(0),
        conclusions=(f"step {n}",),
        source="shift registers as linear memory: White, Lee & Sompolinsky 2004",
    )


def exploding_factor(regime: Regime) -> int:
    """λ of C2: the smallest whole number for which the error formula meets the tolerance."""

    def error(factor: int) -> Fraction:
        return regime.bound * (1 - Fraction(1, factor ** (regime.n - 1))) / (factor - 1)

    def meets(factor: int) -> bool:
        return factor >= 2 and (error(factor) < regime.tolerance or (not regime.strict and error(factor) == regime.tolerance))

    return smallest(meets, 2)


def _exploding(regime: Regime) -> Construction:
    factor = exploding_factor(regime)
    readout = Fraction(1, factor ** (regime.n - 1))
    entries: dict[Place, tuple[Fraction | int, str]] = {
        ("W_h", (0, 0)): (
            factor,
            "the state explodes: each step multiplies x_1's share by λ, so later inputs stay λ times smaller",
        ),
        ("U_h", (0,)): (1, "the input is added as it comes"),
        ("V", (0,)): (readout, "readout undoes the n - 1 multiplications of x_1"),
    }
    return Construction(
        regime=regime,
        weights=Weights(
            "linear", regime.hidden, {name: {index: value} for (name, index), (value, _) in entries.items()}, ("memory",)
        ),
        theorem="C2",
        title="exploding scalar",
        parameters={N: Fraction(regime.n), M: regime.bound, LAMBDA: Fraction(factor)},
        derivation=exploding(),
        reasons={place: reason for place, (_, reason) in entries.items()},
        leading_order="M / λ",
    )


@cache
def exploding() -> Derivation:
    """|y_n - x_1| <= M (1 - λ^-(n-1))/(λ - 1), with equality at x_2 = ... = x_n = ±M (theory C2)."""
    h, x = sympy.symbols("h x", real=True)
    first, rest, late, _slack = sympy.symbols("theta R T s", real=True)
    excess = Symbol("kappa", positive=True)
    power = Symbol("P", positive=True)
    growth = 1 + excess
    template: dict[str, dict[tuple[int, ...], Expr]] = {
        "W_h": {(0, 0): LAMBDA},
        "U_h": {(0,): sympy.Integer(1)},
        "V": {(0,): LAMBDA ** (1 - N)},
    }
    gated: dict[str, dict[tuple[int, ...], Expr]] = {"b_a": {(0,): LAMBDA}, "U_b": template["U_h"], "V": template["V"]}
    ranges = {
        LAMBDA: AT_LEAST_ONE, M: NONNEGATIVE, N: AT_LEAST_ONE, h: ALL, x: ALL, rest: ALL, first: SYMMETRIC_UNIT,
        late: SYMMETRIC_UNIT, excess: NONNEGATIVE, power: AT_LEAST_ONE,
    }  # fmt: skip
    steps = (
        CellEquations(
            "cell", "the recurrence and the readout",
            cell="linear", size=1, template=template, state={"h[0]": h}, input=x,
            expected={"h[0]": LAMBDA * h + x, "y": LAMBDA ** (1 - N) * (LAMBDA * h + x)},
        ),
        CellEquations(
            "cell, diagonal", "the same recurrence with a constant gate",
            cell="diagonal", size=1, template=gated, state={"h[0]": h}, input=x,
            expected={"h[0]": LAMBDA * h + x, "y": LAMBDA ** (1 - N) * (LAMBDA * h + x)},
        ),
        Identity(
            "state splits", "h_t = λ^(t-1) x_1 + R_t with R_1 = 0 and R_{t+1} = λ R_t + x_{t+1}",
            LAMBDA * (LAMBDA ** (N - 1) * M * first + rest) + M * late, LAMBDA**N * M * first + (LAMBDA * rest + M * late),
        ),
        AtMost(
            "rest starts", "with λ = 1 + κ: κ |R_1| <= M (λ^0 - 1) = 0", sympy.Integer(0), sympy.Integer(0) * M,
        ),
        AtMost(
            "rest grows", "if κ|R_t| <= M (P - 1), P = λ^(t-1), then κ|R_{t+1}| <= M (λP - 1): the induction step",
            growth * (M * (power - 1)) + excess * M * late, M * (growth * power - 1), excess * M * (1 - late),
        ),
        Identity(
            "rest attained", "with x_2 = ... = x_n = M the step is an equality",
            growth * (M * (power - 1)) + excess * M, M * (growth * power - 1),
        ),
        Identity(
            "error", "y_n - x_1 = λ^(1-n) R_n, so it is at most M (1 - λ^(1-n)) / (λ - 1), and that is attained",
            LAMBDA ** (1 - N) * (LAMBDA ** (N - 1) * M * first + rest) - M * first, LAMBDA ** (1 - N) * rest,
        ),
        Identity(
            "bound", "R_n is at most M (λ^(n-1) - 1)/(λ - 1) in modulus",
            LAMBDA ** (1 - N) * M * (LAMBDA ** (N - 1) - 1) / (LAMBDA - 1), M * (1 - LAMBDA ** (1 - N)) / (LAMBDA - 1),
        ),
    )  # fmt: skip
    return Derivation(
        theorem="C2",
        statement=("For h' = λh + x, y = λ^-(n-1) h and x in [-M, M]^n: sup |y_n - x_1| = M (1 - λ^-(n-1)) / (λ - 1)."),
        parameters=(N, M, LAMBDA),
        ranges=ranges,
        definitions={},
        hypotheses=(Hypothesis("λ > 1", LAMBDA - 1, strict=True), Hypothesis("M > 0", M, strict=True)),
        steps=steps,
        bound=M * (1 - LAMBDA ** (1 - N)) / (LAMBDA - 1),
        conclusions=("cell", "cell, diagonal", "rest grows", "rest attained", "error", "bound"),
        source="this project, theory C2; scaled encodings of this kind: Siegelmann & Sontag 1995",
    )

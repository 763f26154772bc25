"""Linear RNN h' = W h + U x + b: the shift register (C1), the exploding scalar (C2) and the doubling scalar (T4).

*C1, fixed n <= d*: exact, on ℝ too. A chain of n units hands x_1 on; at time n it has arrived at the readout.
*C2, fixed n*: one unit h' = λh + x, y = λ^-(n-1) h. The error is *equal* to M (1 - λ^-(n-1))/(λ - 1).
*Doubling, every n' <= n*: C2 with λ = 2 has the error M (1 - 2^-(n-1)) at every n' <= n.

Beyond n = d exactness is impossible (T3), and no linear RNN serves every n' <= n for n >= 2 better than the doubling scalar
(T4). Source: this project, theory C1, C2, T3, T4.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache

import sympy
from sympy import Expr, Symbol

from constructions.answer import Construction, Impossibility, Place, Unanswered, assemble
from constructions.sizing import smallest, within
from verifier.inequality import (
    ALL,
    AT_LEAST_ONE,
    NONNEGATIVE,
    SYMMETRIC_UNIT,
    UNIT,
    AtMost,
    CellEquations,
    Derivation,
    Hypothesis,
    Identity,
)
from verifier.regime import Regime

LAMBDA = Symbol("lambda", positive=True)
M = Symbol("M", positive=True)
N = Symbol("n", integer=True, positive=True)


LONGEST = 2000
"""Longest horizon for which an exploding unit is proposed: it is certified step by step, in exact arithmetic."""

LARGEST_DIGITS = 30_000
"""Most digits of λ^(n-1), the readout's reciprocal, for which C2 is proposed."""

BITS_PER_TEN_DIGITS = 33
"""log2(10^10), rounded down."""

EXAMPLE_DIGITS = 20
"""Where exactness is impossible but any tolerance is not: the example is accurate to 10^-20 M."""


def construct(regime: Regime) -> Construction | Impossibility | Unanswered:
    """A fixed n: the shift register for n <= d, else the exploding scalar; every n' <= n: the doubling scalar.

    `Impossibility` by T3 (a fixed n > d, exactly or on ℝ) and by T4 (every n' <= n, n >= 2, below M (1 - 2^-(n-1))).
    """
    if regime.n <= (regime.hidden if regime.horizon == "fixed" else 1) and regime.horizon != "forever":
        return _shift_register(regime)
    if regime.horizon == "fixed":
        return _at_one_time(regime)
    return _at_every_time(regime)


def _at_one_time(regime: Regime) -> Construction | Impossibility | Unanswered:
    """A fixed n > d."""
    if regime.domain == "reals":
        return Impossibility(regime, "T3")
    if regime.tolerance:
        return _exploding(regime)
    best = _exploding(replace(regime, tolerance=regime.bound / 10**EXAMPLE_DIGITS))
    return Impossibility(regime, "T3", best if isinstance(best, Construction) else None)


def _at_every_time(regime: Regime) -> Construction | Impossibility | Unanswered:
    """Every n' <= n, n >= 2, or for ever."""
    if regime.domain == "reals":
        return Impossibility(regime, "T4")
    if regime.horizon == "forever":
        if regime.strict and regime.bits == 1:
            return Unanswered(
                regime,
                "with one bit h' = 2h + x, y = h has the sign of x_1 for ever, but its error grows without bound; a certificate "
                "bounds errors, and no linear RNN keeps its error below M for ever (T4)",
            )
        return Impossibility(regime, "T4")
    if _doubling_serves(regime):
        if regime.n > LONGEST:
            return Unanswered(
                regime,
                f"the doubling scalar serves it, but its readout 2^-(n-1) has n bits; it is proposed up to n = {LONGEST}",
            )
        return _doubling(regime)
    best = None
    if regime.n <= LONGEST:
        best = _doubling(replace(regime, tolerance=regime.bound * (1 - Fraction(1, 2 ** (regime.n - 1)))))
    return Impossibility(regime, "T4", best, attains=best is not None)


def _doubling_serves(regime: Regime) -> bool:
    """Whether M (1 - 2^-(n-1)) <= tolerance (< if strict), without forming 2^-(n-1) for large n."""
    gap = 1 - regime.tolerance / regime.bound  # at most 0, or at least 1/denominator
    if gap <= 0:
        return True
    if regime.n > gap.denominator.bit_length() + 1:
        return False
    return within(gap, Fraction(1, 2 ** (regime.n - 1)), regime.strict)


def _shift_register(regime: Regime) -> Construction:
    n = regime.n
    entries: dict[Place, tuple[Fraction | int, str]] = {("U_h", (0,)): (1, "the chain takes the newest input in")}
    for k in range(1, n):
        entries["W_h", (k, k - 1)] = (1, f"unit {k} takes what unit {k - 1} held: the input of {k} steps ago")
    entries["V", (n - 1,)] = (1, "readout: at time n the end of the chain holds x_1")
    weights, reasons = assemble("linear", regime.hidden, entries, tuple(f"delay {k}" for k in range(n)))
    return Construction(
        regime=regime,
        weights=weights,
        theorem="C1",
        title="shift register of n units",
        parameters={N: Fraction(n)},
        derivation=shift_register(n),
        reasons=reasons,
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
    """λ of C2: the smallest whole number for which the error formula meets the tolerance; it lies next to M/tolerance."""
    steps = regime.n - 1

    def error(factor: int) -> Fraction:
        return regime.bound * (1 - Fraction(1, factor**steps)) / (factor - 1)

    def meets(factor: int) -> bool:
        return factor >= 2 and within(error(factor), regime.tolerance, regime.strict)

    return smallest(meets, 2)


def _exploding(regime: Regime) -> Construction | Unanswered:
    growth, steps = (regime.bound / regime.tolerance).__ceil__() + 1, regime.n - 1
    if regime.n > LONGEST or steps * growth.bit_length() > LARGEST_DIGITS * BITS_PER_TEN_DIGITS // 10:
        return Unanswered(
            regime,
            f"the exploding scalar (C2) reaches it, but its readout λ^-(n-1) has more than {LARGEST_DIGITS:,} digits or n exceeds "
            f"{LONGEST} steps of exact arithmetic",
        )
    factor = exploding_factor(regime)
    return _scalar(
        regime,
        factor,
        "C2",
        "exploding scalar",
        {N: Fraction(regime.n), M: regime.bound, LAMBDA: Fraction(factor)},
        exploding(),
        "M / λ",
        "the state explodes: each step multiplies x_1's share by λ, so later inputs stay λ times smaller",
    )


def _doubling(regime: Regime) -> Construction:
    return _scalar(
        regime,
        2,
        "C2-doubling",
        "doubling scalar",
        {N: Fraction(regime.n), M: regime.bound},
        doubling(),
        "M (1 - 2^-(n-1))",
        "each step doubles x_1's share: the least factor that keeps it above the sum of all later ones",
    )


def _scalar(
    regime: Regime,
    factor: int,
    theorem: str,
    title: str,
    parameters: dict[Symbol, Fraction],
    derivation: Derivation,
    leading_order: str,
    why: str,
) -> Construction:
    """h' = λh + x, y = λ^-(n-1) h in one unit."""
    entries: dict[Place, tuple[Fraction | int, str]] = {
        ("W_h", (0, 0)): (factor, why),
        ("U_h", (0,)): (1, "the input is added as it comes"),
        ("V", (0,)): (Fraction(1, factor ** (regime.n - 1)), "readout undoes the n - 1 multiplications of x_1"),
    }
    weights, reasons = assemble("linear", regime.hidden, entries, ("memory",))
    return Construction(regime, weights, theorem, title, parameters, derivation, reasons, leading_order)


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


@cache
def doubling() -> Derivation:
    """|y_t - x_1| <= M (1 - 2^-(n-1)) at every t <= n, with equality at x = (M, -M, ..., -M) (theory T4)."""
    h, x = sympy.symbols("h x", real=True)
    first, late, rest = sympy.symbols("theta rho R", real=True)
    t = Symbol("t", integer=True, positive=True)
    power, scale, share = Symbol("P", positive=True), Symbol("u", positive=True), Symbol("w", positive=True)
    two, one = sympy.Integer(2), sympy.Integer(1)
    template: dict[str, dict[tuple[int, ...], Expr]] = {
        "W_h": {(0, 0): two}, "U_h": {(0,): one}, "V": {(0,): two ** (1 - N)},
    }  # fmt: skip
    bound = M * (1 - two ** (1 - N))
    steps = (
        CellEquations(
            "cell", "the recurrence and the readout",
            cell="linear", size=1, template=template, state={"h[0]": h}, input=x,
            expected={"h[0]": 2 * h + x, "y": two ** (1 - N) * (2 * h + x)},
        ),
        Identity(
            "state splits", "h_t = 2^(t-1) x_1 + R_t with R_1 = 0 and R_{t+1} = 2 R_t + x_{t+1}",
            2 * (two ** (t - 1) * M * first + rest) + M * late, two**t * M * first + (2 * rest + M * late),
        ),
        AtMost("rest starts", "|R_1| = 0 <= M (2^0 - 1)", sympy.Integer(0), sympy.Integer(0) * M),
        AtMost(
            "rest grows", "if |R_t| <= M (P - 1), P = 2^(t-1), then |R_{t+1}| <= M (2P - 1): the induction step",
            2 * M * (power - 1) + M * late, M * (2 * power - 1), M * (1 - late),
        ),
        Identity("rest attained", "with x_2 = ... = x_t = M the step is an equality", 2 * M * (power - 1) + M, M * (2 * power - 1)),
        Identity(
            "error", "y_t - x_1 = -(1 - 2^(t-n)) x_1 + 2^(1-n) R_t",
            two ** (1 - N) * (two ** (t - 1) * M * first + rest) - M * first,
            -(1 - two ** (t - N)) * M * first + two ** (1 - N) * rest,
        ),
        AtMost(
            "both parts", "with w = 2^(t-n) <= 1 (t <= n), u = 2^(1-n) and |R_t| <= M (P - 1) the modulus is at most this",
            M * (1 - share) * first + scale * M * (power - 1) * late, M * (1 - share) + scale * M * (power - 1),
            M * (1 - share) * (1 - first) + scale * M * (power - 1) * (1 - late),
        ),
        Identity(
            "bound", "which is the same at every t <= n, because 2^(1-n) 2^(t-1) = 2^(t-n)",
            M * (1 - two ** (t - N)) + two ** (1 - N) * M * (two ** (t - 1) - 1), bound,
        ),
    )  # fmt: skip
    return Derivation(
        theorem="C2-doubling",
        statement="For h' = 2h + x, y = 2^-(n-1) h, every n' <= n and x in [-M, M]^n': |y_n' - x_1| <= M (1 - 2^-(n-1)), attained.",
        parameters=(N, M),
        ranges={
            M: NONNEGATIVE, N: AT_LEAST_ONE, t: AT_LEAST_ONE, h: ALL, x: ALL, rest: ALL, first: SYMMETRIC_UNIT,
            late: SYMMETRIC_UNIT, power: AT_LEAST_ONE, scale: UNIT, share: UNIT,
        },
        definitions={},
        hypotheses=(Hypothesis("M > 0", M, strict=True),),
        steps=steps,
        bound=bound,
        conclusions=("cell", "state splits", "rest starts", "rest grows", "rest attained", "error", "both parts", "bound"),
        source="this project, theory T4",
    )  # fmt: skip

"""ReLU RNN: exact recall.

*C3, on the box, for ever, 3 units.* With h_0 = 0:

    started   s_t = relu(1) = 1
    capture   g_t = relu(x_t + M - 2M s_{t-1}):  x_1 + M at step 1 (s_0 = 0), then 0, because x_t - M <= 0
    store     m_t = relu(m_{t-1} + g_{t-1}):     0, then x_1 + M for ever
    readout   y = m + g - M

*C12, on ℝ, fixed n <= d - 2.* A delay line that carries c = Σ|x| along to stay nonnegative:

    u = relu(x), v = relu(-x), c' = relu(c + u + v), w_1' = relu(c + 2u), w_k' = relu(w_{k-1} + u + v),
    y = w_{n-1} - c;  invariant w_k(t) = c(t) + x_{t-k} >= 0.

Source: this project, theory C3, C12; ReLU recurrences that hold a value: Le, Jaitly & Hinton 2015.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import sympy
from sympy import Expr, Symbol

from constructions.answer import Construction, Impossibility, Place, Unanswered
from verifier.errors import UsageError
from verifier.inequality import NONNEGATIVE, SYMMETRIC_UNIT, CellEquations, Derivation, Hypothesis, ReluIs, ReluSplit, Step
from verifier.regime import Regime
from verifier.weights import Weights

STARTED, CAPTURE, STORE = 0, 1, 2
UNITS = ("started", "capture", "store")

M = Symbol("M", positive=True)
N = Symbol("n", integer=True, positive=True)


def construct(regime: Regime) -> Construction | Impossibility | Unanswered:
    """C3 on the box and the grid, any horizon; C12 on ℝ for a fixed n <= d - 2 (n = 1: d >= 2), else `Impossibility` by T6."""
    if regime.domain == "reals":
        longest = regime.hidden - 2 if regime.n > 1 else regime.hidden - 1
        at_one_time = regime.horizon == "fixed" or (regime.horizon == "upto" and regime.n == 1)
        return _on_reals(regime) if at_one_time and regime.n <= longest else Impossibility(regime, "T6")
    if regime.hidden < len(UNITS):
        raise UsageError(f"this ReLU RNN needs 3 hidden units; --hidden {regime.hidden} is too small")
    size = regime.bound
    entries: dict[Place, tuple[Fraction | int, str]] = {
        ("b_h", (STARTED,)): (1, "started: relu(1) = 1 from step 1 on"),
        ("U_h", (CAPTURE,)): (1, "capture sees the input"),
        ("b_h", (CAPTURE,)): (size, "capture's bias M makes x_1 + M >= 0 pass at step 1"),
        ("W_h", (CAPTURE, STARTED)): (-2 * size, "once started, x + M - 2M <= 0: nothing is captured again"),
        ("W_h", (STORE, STORE)): (1, "store keeps what it has: it is >= 0, so relu is the identity"),
        ("W_h", (STORE, CAPTURE)): (1, "store takes what was captured"),
        ("V", (STORE,)): (1, "readout: the stored value"),
        ("V", (CAPTURE,)): (1, "readout at n = 1: the value just captured"),
        ("v0", ()): (-size, "readout: minus the offset M"),
    }
    return Construction(
        regime=regime,
        weights=_weights(regime, entries, UNITS),
        theorem="C3",
        title="capture once, store for ever",
        parameters={M: size},
        derivation=box(),
        reasons={place: reason for place, (_, reason) in entries.items()},
        leading_order="0",
    )


def _weights(regime: Regime, entries: dict[Place, tuple[Fraction | int, str]], units: tuple[str, ...]) -> Weights:
    blocks: dict[str, dict[tuple[int, ...], Fraction | int]] = {}
    for (name, index), (value, _) in entries.items():
        blocks.setdefault(name, {})[index] = value
    return Weights("relu", regime.hidden, blocks, units)


@cache
def box() -> Derivation:
    """Error 0 at every n >= 1 on [-M, M] (theory C3)."""
    first, late = Symbol("theta", real=True), Symbol("rho", real=True)
    x_1, x = M * first, M * late
    template: dict[str, dict[tuple[int, ...], Expr]] = {
        "b_h": {(STARTED,): sympy.Integer(1), (CAPTURE,): M},
        "U_h": {(CAPTURE,): sympy.Integer(1)},
        "W_h": {(CAPTURE, STARTED): -2 * M, (STORE, STORE): sympy.Integer(1), (STORE, CAPTURE): sympy.Integer(1)},
        "V": {(STORE,): sympy.Integer(1), (CAPTURE,): sympy.Integer(1)},
        "v0": {(): -M},
    }

    def at(name: str, text: str, old: tuple[Expr, Expr, Expr], value: Expr, new: tuple[Expr, Expr, Expr]) -> CellEquations:
        return CellEquations(
            name, text, cell="relu", size=3, template=template, state={f"h[{k}]": v for k, v in enumerate(old)}, input=value,
            expected={**{f"h[{k}]": v for k, v in enumerate(new)}, "y": x_1},
        )  # fmt: skip

    zero, one = sympy.Integer(0), sympy.Integer(1)
    held = x_1 + M
    steps = (
        ReluIs("captured value", "x_1 + M >= 0 on the box, x_1 = θM with |θ| <= 1", held, True),
        ReluIs("closed capture", "x_t + M - 2M <= 0 on the box, x_t = ρM", x + M - 2 * M, False),
        at("first step", "from h_0 = 0: started, capture x_1 + M, store 0, and y_1 = x_1", (zero, zero, zero), x_1,
           (one, held, zero)),
        at("second step", "capture closes, store takes x_1 + M, and y_2 = x_1", (one, held, zero), x, (one, zero, held)),
        at("every later step", "the state reproduces itself whatever x_t is, and y_t = x_1: the induction step",
           (one, zero, held), x, (one, zero, held)),
    )  # fmt: skip
    return Derivation(
        theorem="C3",
        statement="For the ReLU RNN with these weights, every n >= 1 and every x in [-M, M]^n: y_n = x_1.",
        parameters=(M,),
        ranges={M: NONNEGATIVE, first: SYMMETRIC_UNIT, late: SYMMETRIC_UNIT},
        definitions={},
        hypotheses=(Hypothesis("M > 0", M, strict=True),),
        steps=steps,
        bound=zero,
        conclusions=("first step", "second step", "every later step"),
        source="this project, theory C3; ReLU recurrences that hold a value: Le, Jaitly & Hinton 2015",
    )


def _on_reals(regime: Regime) -> Construction:
    n = regime.n
    entries: dict[Place, tuple[Fraction | int, str]] = {
        ("U_h", (0,)): (1, "u = relu(x): the positive part of the newest input"),
        ("U_h", (1,)): (-1, "v = relu(-x): its negative part"),
    }
    if n == 1:
        entries["V", (0,)] = (1, "readout: x = u - v")
        entries["V", (1,)] = (-1, "readout: x = u - v")
        units: tuple[str, ...] = ("u", "v")
    else:
        for source in (2, 0, 1):
            entries["W_h", (2, source)] = (1, "c = Σ|x| of the inputs before the newest: grows, so it stays >= 0")
        entries["W_h", (3, 2)] = (1, "w_1 starts from c ...")
        entries["W_h", (3, 0)] = (2, "... plus 2u: c + 2u = (c + u + v) + (u - v) is the new c plus x, and >= 0")
        for k in range(2, n):
            for source in (k + 1, 0, 1):
                entries["W_h", (k + 2, source)] = (
                    1,
                    f"w_{k} takes w_{k - 1} and adds |x|, as c does: it stays c + x of its age",
                )
        entries["V", (n + 1,)] = (1, "readout: w_(n-1) = c + x_1 at time n")
        entries["V", (2,)] = (-1, "readout: minus c")
        units = ("u", "v", "c", *(f"w_{k}" for k in range(1, n)))
    return Construction(
        regime=regime,
        weights=_weights(regime, entries, units),
        theorem="C12",
        title="delay line over a growing nonnegative carrier",
        parameters={N: Fraction(n)},
        derivation=reals(n),
        reasons={place: reason for place, (_, reason) in entries.items()},
        leading_order="0",
    )


@cache
def reals(n: int) -> Derivation:
    """Error 0 at n on all of ℝ with n + 2 units (2 for n = 1); x_t = p_t - q_t, p_t, q_t >= 0, p_t q_t = 0 (theory C12)."""
    size = 2 if n == 1 else n + 2
    plus, minus = sympy.symbols(f"p_1:{n + 1}", real=True), sympy.symbols(f"q_1:{n + 1}", real=True)
    one, zero = sympy.Integer(1), sympy.Integer(0)
    template: dict[str, dict[tuple[int, ...], Expr]] = {"U_h": {(0,): one, (1,): -one}}
    if n == 1:
        template["V"] = {(0,): one, (1,): -one}
    else:
        rows: dict[tuple[int, ...], Expr] = {(2, 2): one, (2, 0): one, (2, 1): one, (3, 2): one, (3, 0): 2 * one}
        for k in range(2, n):
            rows |= {(k + 2, k + 1): one, (k + 2, 0): one, (k + 2, 1): one}
        template["W_h"] = rows
        template["V"] = {(n + 1,): one, (2,): -one}

    def state(t: int) -> dict[str, Expr]:
        """u, v, c, w_1, ... after step t."""
        found: dict[str, Expr] = {"h[0]": plus[t - 1] if t else zero, "h[1]": minus[t - 1] if t else zero}
        if n > 1:
            carrier = sum((plus[s] + minus[s] for s in range(t - 1)), zero)
            found["h[2]"] = carrier
            for k in range(1, n):
                found[f"h[{k + 2}]"] = carrier + (plus[t - k - 1] - minus[t - k - 1] if t > k else zero)
        return found

    steps: list[Step] = []
    for t in range(1, n + 1):
        steps.append(ReluSplit(f"parts of x_{t}", f"x_{t} = p_{t} - q_{t}", plus[t - 1], minus[t - 1]))
        new = state(t)
        for name, value in new.items():
            if name not in ("h[0]", "h[1]") and value != 0:
                steps.append(ReluIs(f"{name} active at step {t}", "a sum of nonnegative parts", value, True))
        steps.append(
            CellEquations(
                f"step {t}", "the invariant w_k = c + x_(t-k) after this step",
                cell="relu", size=size, template=template, state=state(t - 1), input=plus[t - 1] - minus[t - 1],
                expected=new if t < n else {**new, "y": plus[0] - minus[0]},
            )
        )  # fmt: skip
    return Derivation(
        theorem="C12",
        statement=f"For the ReLU RNN with these weights and every x in ℝ^{n}: y_{n} = x_1.",
        parameters=(N,),
        ranges=dict.fromkeys((N, *plus, *minus), NONNEGATIVE),
        definitions={},
        hypotheses=(),
        steps=tuple(steps),
        bound=zero,
        conclusions=(f"step {n}",),
        source="this project, theory C12",
    )

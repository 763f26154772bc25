"""tanh RNN: the latch-free line C5, up to n, sized from the request.

Four units. The *flag* f is 0 before step 1 and tanh(B) ever after. The *gate* g passes εx while the flag is down, that is
at step 1, and saturates later; the *pair* p saturates alike and cancels it. The *memory* m adds what they pass and keeps
it by passing it through tanh, which next to 0 is nearly the identity. With δ = εM and a = B tanh B:

    flag     f_t = tanh(B)
    gate     g_t = tanh(ε x_t + B f_{t-1})
    pair     p_t = tanh(B f_{t-1})
    memory   m_t = tanh(m_{t-1} + g_{t-1} - p_{t-1})
    readout  y = (m + g - p) / ε

S = m + g - p obeys S_1 = tanh(εx_1), S_{t+1} = tanh(S_t) + r_{t+1} with |r| <= ℓ = tanh a - tanh(a - δ). Bound:

    |y_n - x_1| <= M(1 - (1 + n δ² (2/3 + δ²/15))^(-1/2)) + (n-1) ℓ/ε,

to leading order n ε²M³/3 + (n-1) M sech² a. Source: this project, theory C5 (with a sharper closed form).
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import sympy
from sympy import Symbol, tanh

from constructions import elman, exploding, integrators, refreshed
from constructions.answer import Construction, Impossibility, Place, Unanswered, assemble
from constructions.elman import DELTA, EDGE, EPSILON, RHO, A, B, M, N
from constructions.forbidden import on_reals_or_exactly
from constructions.register import construct_register
from verifier.errors import UsageError
from verifier.inequality import ALL, CellEquations, Derivation, Hypothesis, Identity
from verifier.regime import Regime
from verifier.weights import Weights

FLAG, GATE, PAIR, MEMORY = 0, 1, 2, 3
UNITS = ("flag", "gate", "pair", "memory")

LONGEST_EXPLODING = 1000
"""Longest horizon for which the exploding unit is proposed: it is certified step by step."""

LARGEST_EXPLODING_DIGITS = 20_000
"""Most digits of λ^(n-1) for which it is proposed."""


def network(hidden: int, saturation: Fraction | int, scale: Fraction) -> tuple[Weights, dict[Place, str]]:
    """The C5 weights with B = `saturation`, ε = `scale` in `hidden` >= 4 units, and each weight's reason."""
    if hidden < len(UNITS):
        raise UsageError(f"this tanh RNN needs 4 hidden units (flag, gate, pair, memory); --hidden {hidden} is too small")
    entries: dict[Place, tuple[Fraction | int, str]] = {
        ("b_h", (FLAG,)): (saturation, "flag: 0 before step 1, tanh(B) ever after"),
        ("U_h", (GATE,)): (scale, "ε x, so small that tanh is linear up to ε²M²/3"),
        ("W_h", (GATE, FLAG)): (saturation, "raised flag saturates the gate: inputs move it by at most ℓ from step 2 on"),
        ("W_h", (PAIR, FLAG)): (saturation, "saturates like the gate, without the input: g - p forgets the flag"),
        ("W_h", (MEMORY, MEMORY)): (1, "memory keeps its value, up to the cube of it"),
        ("W_h", (MEMORY, GATE)): (1, "adds what the gate passed"),
        ("W_h", (MEMORY, PAIR)): (-1, "takes the saturation off again"),
        ("V", (MEMORY,)): (1 / scale, "readout undoes the scale: y = (m + g - p)/ε"),
        ("V", (GATE,)): (1 / scale, "what the gate passes at this step, not yet in the memory"),
        ("V", (PAIR,)): (-1 / scale, "without its saturation"),
    }
    return assemble("tanh", hidden, entries, UNITS)


def construct(regime: Regime) -> Construction | Impossibility | Unanswered:
    """The tanh RNN sized from the request; `Impossibility` by T1 (on ℝ) and T2 (exactly on the box).

    `upto`: C5. `fixed`: of C5, the shift register C4a and the exploding unit C4b, as far as they fit in d units, the one
    with the smallest largest weight. `forever`: the thermometer latch (C8)
    where its units suffice, else the refreshed memory (C9).
    Sizes are decided in balls from the closed-form bounds at n.
    """
    forbidden = on_reals_or_exactly(regime, construct)
    if forbidden is not None:
        return forbidden
    if regime.horizon == "forever":
        return refreshed.forever(regime, integrators.FAMILIES["tanh"])
    if regime.horizon == "fixed":
        return _best_for_one_horizon(regime)
    return construct_line(regime)


def _best_for_one_horizon(regime: Regime) -> Construction | Unanswered:
    """Of the constructions that fit in d units the one with the smallest largest weight, then with the fewest weights."""
    options: list[Construction] = []
    if regime.n <= regime.hidden:
        options.append(construct_register(regime))
    if regime.hidden >= len(UNITS):
        options.append(construct_line(regime))
    if _may_explode(regime, options):
        options.append(exploding.construct_exploding(regime))
    if not options:
        return Unanswered(
            regime,
            f"for n = {regime.n} in {regime.hidden} units only one exploding unit (C4b) fits, which is proposed up to "
            f"n = {LONGEST_EXPLODING} and {LARGEST_EXPLODING_DIGITS:,} digits of λ^(n-1); the line (C5) needs --hidden 4",
        )
    return elman.cheapest(options)


def _may_explode(regime: Regime, others: list[Construction]) -> bool:
    """Whether C4b is of a size that can be run and could beat the others: its λ is below all their largest weights."""
    growth, steps = exploding.least_growth(regime), regime.n - 1
    small = steps < LONGEST_EXPLODING and steps * growth.bit_length() <= 3 * LARGEST_EXPLODING_DIGITS
    return small and all(growth < option.weights.largest for option in others)


def construct_line(regime: Regime) -> Construction:
    """C5, sized from the tolerance. Raises `UsageError` for d < 4."""
    return elman.construct_latch(
        regime,
        network,
        derivation(),
        conjugated=False,
        title="a line of tanh next to 0: gate open at step 1 only, memory the identity up to its cube",
        leading_order="n ε²M³/3 + (n-1) M sech²(B tanh B)",
    )


@cache
def derivation() -> Derivation:
    """The closed-form bound of C5 and the steps that prove it (theory C5)."""
    x, f, g, p, m = sympy.symbols("x f g p m", real=True)
    held = tanh(m + g - p) + tanh(EPSILON * x + B * f) - tanh(B * f)
    before = {f: 0, g: 0, p: 0, m: 0}
    saturated = Symbol("S", real=True)
    return Derivation(
        theorem="C5",
        statement=(
            "For the tanh RNN with these weights, every n' <= n and every x in [-M, M]^n': |y_{n'} - x_1| <= "
            "M(1 - (1 + n δ²(2/3 + δ²/15))^(-1/2)) + (n-1) ℓ/ε, where δ = εM, ℓ = tanh a - tanh(a - δ), a = B tanh B."
        ),
        parameters=(N, M, EPSILON, B),
        ranges={**elman.RANGES, **dict.fromkeys((x, f, g, p, m), ALL)},
        definitions={
            DELTA: EPSILON * M,
            A: B * tanh(B),
            EDGE: tanh(A) - tanh(A - DELTA),
            RHO: elman.kept(N),
        },
        hypotheses=(
            Hypothesis("B > 0", B, strict=True),
            Hypothesis("ε > 0", EPSILON, strict=True),
            Hypothesis("M > 0", M, strict=True),
        ),
        steps=(
            CellEquations(
                "cell",
                "the equations of the tanh RNN with these weights, unit by unit",
                cell="tanh",
                size=4,
                template={
                    "b_h": {(FLAG,): B},
                    "U_h": {(GATE,): EPSILON},
                    "W_h": {
                        (GATE, FLAG): B,
                        (PAIR, FLAG): B,
                        (MEMORY, MEMORY): sympy.Integer(1),
                        (MEMORY, GATE): sympy.Integer(1),
                        (MEMORY, PAIR): sympy.Integer(-1),
                    },
                    "V": {(MEMORY,): 1 / EPSILON, (GATE,): 1 / EPSILON, (PAIR,): -1 / EPSILON},
                },
                state={"h[0]": f, "h[1]": g, "h[2]": p, "h[3]": m},
                input=x,
                expected={
                    "h[0]": tanh(B),
                    "h[1]": tanh(EPSILON * x + B * f),
                    "h[2]": tanh(B * f),
                    "h[3]": tanh(m + g - p),
                    "y": held / EPSILON,
                },
            ),
            Identity(
                "start",
                "S = m + g - p: all units are 0 before step 1, so S_1 = tanh(εx_1) = v_1",
                held.xreplace(before),
                tanh(EPSILON * x),
            ),
            Identity(
                "later",
                "from step 2 on f = tanh B: S_{t+1} = tanh(S_t) + tanh(εx + a) - tanh(a)",
                held.xreplace({m: saturated - g + p, f: tanh(B)}),
                tanh(saturated) + tanh(EPSILON * x + A) - tanh(A),
            ),
            *elman.steps_of_the_line(),
            *elman.steps_of_the_gate(),
            *elman.steps_of_the_latch(sympy.Integer(0)),
        ),
        bound=elman.latch_bound(sympy.Integer(0)),
        conclusions=(*elman.LATCH_CONCLUSIONS, "later"),
        source="this project, theory C5; the fraction of tanh: Lambert 1761",
    )

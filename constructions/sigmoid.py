"""sigmoid RNN: the line C5 carried over by u = 2h - 1, up to n, sized from the request.

σ(2z) = (1 + tanh z)/2, so in u = 2h - 1 the units are tanh units that start at u = -1 instead of 0. The flag is therefore
read as f + 1, which is 0 before step 1, and the memory gets (1 - f)/2 besides, which lifts it from -1 to 0 at step 1 and
leaves q = σ(-2B) at every later step. With δ = εM and a = B(1 + tanh B), in u:

    flag     f_t = tanh(B)
    gate     g_t = tanh(ε x_t + B(f_{t-1} + 1))
    pair     p_t = tanh(B(f_{t-1} + 1))
    memory   m_t = tanh(m_{t-1} + g_{t-1} - p_{t-1} + (1 - f_{t-1})/2)
    readout  y = (m + g - p) / ε

S = m + g - p obeys S_1 = tanh(εx_1), S_{t+1} = tanh(S_t + q) + r_{t+1} with |r| <= ℓ = tanh a - tanh(a - δ). Bound:

    |y_n - x_1| <= M(1 - (1 + n δ² (2/3 + δ²/15))^(-1/2)) + (n-1)(ℓ + q)/ε,

to leading order n ε²M³/3 + (n-1) e^-2B/ε. Source: this project, theory C5 (with a sharper closed form).
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import sympy
from sympy import Expr, Symbol, tanh

from constructions import elman, integrators, refreshed
from constructions.answer import Construction, Impossibility, Place, Unanswered, assemble
from constructions.elman import DELTA, EDGE, EPSILON, OFFSET, RHO, A, B, M, N
from constructions.forbidden import on_reals_or_exactly
from constructions.register import construct_register
from verifier.arithmetic.symbols import sigmoid
from verifier.errors import UsageError
from verifier.inequality import ALL, CellEquations, Derivation, Hypothesis, Identity
from verifier.regime import Regime
from verifier.weights import Weights

FLAG, GATE, PAIR, MEMORY = 0, 1, 2, 3
UNITS = ("flag", "gate", "pair", "memory")

Q = Symbol("q", positive=True)
"""What the memory gains per step once the flag is up: (1 - tanh B)/2 = σ(-2B)."""


def network(hidden: int, saturation: Fraction | int, scale: Fraction) -> tuple[Weights, dict[Place, str]]:
    """The conjugated C5 weights with B = `saturation`, ε = `scale` in `hidden` >= 4 units, and each weight's reason."""
    if hidden < len(UNITS):
        raise UsageError(f"this sigmoid RNN needs 4 hidden units (flag, gate, pair, memory); --hidden {hidden} is too small")
    entries: dict[Place, tuple[Fraction | int, str]] = {
        ("b_h", (FLAG,)): (2 * saturation, "flag: 0 before step 1, σ(2B) ever after"),
        ("U_h", (GATE,)): (2 * scale, "2ε x, so small that σ is linear up to ε²M²/3"),
        ("W_h", (GATE, FLAG)): (4 * saturation, "raised flag saturates the gate: inputs move it by at most ℓ/2 later"),
        ("W_h", (PAIR, FLAG)): (4 * saturation, "saturates like the gate, without the input: g - p forgets the flag"),
        ("W_h", (MEMORY, MEMORY)): (4, "memory keeps its value: σ has slope 1/4 at 0"),
        ("W_h", (MEMORY, GATE)): (4, "adds what the gate passed"),
        ("W_h", (MEMORY, PAIR)): (-4, "takes the saturation off again"),
        ("W_h", (MEMORY, FLAG)): (-2, "centres the memory: at 1/2 from step 1 on, up to q"),
        ("V", (MEMORY,)): (2 / scale, "readout undoes the scale: y = (2(m + g - p) - 1)/ε"),
        ("V", (GATE,)): (2 / scale, "what the gate passes at this step, not yet in the memory"),
        ("V", (PAIR,)): (-2 / scale, "without its saturation"),
        ("v0", ()): (-1 / scale, "σ is 1/2 where tanh is 0"),
    }
    return assemble("sigmoid", hidden, entries, UNITS)


def construct(regime: Regime) -> Construction | Impossibility | Unanswered:
    """The sigmoid RNN sized from the request; `Impossibility` by T1 (on ℝ) and T2 (exactly on the box).

    `upto`: C5. `fixed`: of the conjugated C5 and the shift register C4a, as far as they fit in d units, the one with the
    smallest largest weight. `forever`: the thermometer latch (C8)
    where its units suffice, else the refreshed memory (C9). Sizes are decided in balls from the closed-form bounds at n.
    """
    forbidden = on_reals_or_exactly(regime, construct)
    if forbidden is not None:
        return forbidden
    if regime.horizon == "forever":
        return refreshed.forever(regime, integrators.FAMILIES["sigmoid"])
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
    if not options:
        return Unanswered(
            regime,
            f"for n = {regime.n} in {regime.hidden} units nothing here fits: a shift register (C4a) needs n <= d, the line "
            "(C5) --hidden 4",
        )
    return elman.cheapest(options)


def construct_line(regime: Regime) -> Construction:
    """The conjugated C5, sized from the tolerance. Raises `UsageError` for d < 4."""
    return elman.construct_latch(
        regime,
        network,
        derivation(),
        conjugated=True,
        title="a line of σ next to 1/2: gate open at step 1 only, memory the identity up to its cube",
        leading_order="n ε²M³/3 + (n-1) e^-2B/ε",
    )


@cache
def derivation() -> Derivation:
    """The closed-form bound of the conjugated C5 and the steps that prove it (theory C5, last sentences)."""
    x, f, g, p, m = sympy.symbols("x f g p m", real=True)
    line, held = Symbol("S", real=True), Symbol("r", real=True)
    gate, pair = tanh(EPSILON * x + B * (f + 1)), tanh(B * (f + 1))
    memory = tanh(m + g - p + (1 - f) / 2)
    read = memory + gate - pair
    before = {f: -1, g: -1, p: -1, m: -1}
    one = sympy.Integer(1)

    def unit(value: Expr) -> Expr:
        return (1 + value) / 2

    return Derivation(
        theorem="C5-sigmoid",
        statement=(
            "For the sigmoid RNN with these weights, every n' <= n and every x in [-M, M]^n': |y_{n'} - x_1| <= "
            "M(1 - (1 + n δ²(2/3 + δ²/15))^(-1/2)) + (n-1)(ℓ + q)/ε, where δ = εM, ℓ = tanh a - tanh(a - δ), "
            "a = B(1 + tanh B), q = σ(-2B)."
        ),
        parameters=(N, M, EPSILON, B),
        ranges={**elman.RANGES, **dict.fromkeys((x, f, g, p, m, line, held), ALL)},
        definitions={
            DELTA: EPSILON * M,
            A: B * (1 + tanh(B)),
            EDGE: tanh(A) - tanh(A - DELTA),
            Q: sigmoid(-2 * B),
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
                "the equations of the sigmoid RNN with these weights, unit by unit, in u = 2h - 1",
                cell="sigmoid",
                size=4,
                template={
                    "b_h": {(FLAG,): 2 * B},
                    "U_h": {(GATE,): 2 * EPSILON},
                    "W_h": {
                        (GATE, FLAG): 4 * B,
                        (PAIR, FLAG): 4 * B,
                        (MEMORY, MEMORY): 4 * one,
                        (MEMORY, GATE): 4 * one,
                        (MEMORY, PAIR): -4 * one,
                        (MEMORY, FLAG): -2 * one,
                    },
                    "V": {(MEMORY,): 2 / EPSILON, (GATE,): 2 / EPSILON, (PAIR,): -2 / EPSILON},
                    "v0": {(): -1 / EPSILON},
                },
                state={"h[0]": unit(f), "h[1]": unit(g), "h[2]": unit(p), "h[3]": unit(m)},
                input=x,
                expected={
                    "h[0]": unit(tanh(B)),
                    "h[1]": unit(gate),
                    "h[2]": unit(pair),
                    "h[3]": unit(memory),
                    "y": read / EPSILON,
                },
            ),
            Identity("before step 1", "all units are h = 0, that is u = -1", unit(-one), sympy.Integer(0)),
            Identity(
                "start",
                "S = m + g - p: the flag is read as 0 and the memory lifted to 0 at step 1, so S_1 = tanh(εx_1) = v_1",
                read.xreplace(before),
                tanh(EPSILON * x),
            ),
            Identity(
                "later",
                "from step 2 on f = tanh B: S_{t+1} = tanh(S_t + q) + tanh(εx + a) - tanh(a)",
                read.xreplace({m: line - g + p, f: tanh(B)}),
                tanh(line + Q) + tanh(EPSILON * x + A) - tanh(A),
            ),
            Identity(
                "mirrored",
                "negating S and the passed input turns q into -q: both signs of x_1 are covered by |s_q| <= 1",
                -(tanh(line + Q * OFFSET) + held),
                tanh(-line - Q * OFFSET) - held,
            ),
            *elman.steps_of_the_line(),
            *elman.steps_of_the_gate(),
            *elman.steps_of_the_latch(Q),
        ),
        bound=elman.latch_bound(Q),
        conclusions=(*elman.LATCH_CONCLUSIONS, "before step 1", "later", "mirrored"),
        source="this project, theory C5; the fraction of tanh: Lambert 1761",
    )

"""Bilinear RNN (linear state, input-dependent transition): exact on all of ℝ, for ever, with two units (C11).

    started  f_t = 1
    memory   m_t = m_{t-1} + x_t (1 - f_{t-1}):  x_1 at step 1, where f_0 = 0, and unchanged ever after
    readout  y = m

The transitions depend on the input alone but do not commute; commuting ones (diagonal cells) cannot do it (T5). The
pair is a weighted automaton of rank 2. Source: this project, theory C11; Rabusseau, Li & Precup 2019.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import sympy
from sympy import Expr, Symbol

from constructions.answer import Construction, Place
from verifier.errors import UsageError
from verifier.inequality import ALL, CellEquations, Derivation
from verifier.regime import Regime
from verifier.weights import Weights

STARTED, MEMORY = 0, 1
UNITS = ("started", "memory")

ENTRIES: dict[Place, tuple[int, str]] = {
    ("b_a", (STARTED,)): (1, "started: 1 from step 1 on"),
    ("W_a", (MEMORY, MEMORY)): (1, "memory keeps what it has"),
    ("U_a", (MEMORY,)): (1, "memory adds the input ..."),
    ("W_x", (MEMORY, STARTED)): (-1, "... times 1 - f: nothing once started"),
    ("V", (MEMORY,)): (1, "readout: the memory"),
}


def construct(regime: Regime) -> Construction:
    """C11 for every domain, horizon and tolerance; needs two units."""
    if regime.hidden < len(UNITS):
        raise UsageError(f"this bilinear RNN needs 2 hidden units; --hidden {regime.hidden} is too small")
    blocks: dict[str, dict[tuple[int, ...], Fraction | int]] = {}
    for (name, index), (value, _) in ENTRIES.items():
        blocks.setdefault(name, {})[index] = value
    return Construction(
        regime=regime,
        weights=Weights("bilinear", regime.hidden, blocks, UNITS),
        theorem="C11",
        title="non-commuting pair: the flag switches the input off",
        parameters={},
        derivation=derivation(),
        reasons={place: reason for place, (_, reason) in ENTRIES.items()},
        leading_order="0",
    )


@cache
def derivation() -> Derivation:
    """Error 0 at every n >= 1 on ℝ (theory C11)."""
    first, x = sympy.symbols("x_1 x", real=True)
    zero, one = sympy.Integer(0), sympy.Integer(1)
    template: dict[str, dict[tuple[int, ...], Expr]] = {}
    for (name, index), (value, _) in ENTRIES.items():
        template.setdefault(name, {})[index] = sympy.Integer(value)

    def at(name: str, text: str, old: tuple[Expr, Expr], value: Symbol) -> CellEquations:
        return CellEquations(
            name, text, cell="bilinear", size=2, template=template, state={"h[0]": old[0], "h[1]": old[1]}, input=value,
            expected={"h[0]": one, "h[1]": first, "y": first},
        )  # fmt: skip

    return Derivation(
        theorem="C11",
        statement="For the bilinear RNN with these weights, every n >= 1 and every x in ℝ^n: y_n = x_1.",
        parameters=(),
        ranges={first: ALL, x: ALL},
        definitions={},
        hypotheses=(),
        steps=(
            at("first step", "from h_0 = 0 the state becomes (1, x_1)", (zero, zero), first),
            at(
                "every later step",
                "the state (1, x_1) reproduces itself whatever x_t is: the induction step",
                (one, first),
                x,
            ),
        ),
        bound=zero,
        conclusions=("first step", "every later step"),
        source="this project, theory C11; weighted automata: Rabusseau, Li & Precup 2019",
    )

"""C4a: a shift register of n tanh or sigmoid units next to 0 (or 1/2), for one fixed horizon n <= d.

tanh: h_1' = tanh(εx), h_{k+1}' = tanh(h_k), y = h_n/ε. At step n the last unit holds the n-fold tanh of εx_1, whatever the
state was before step 1. In u = 2h - 1 the sigmoid register is the same. With δ = εM:

    |y_n - x_1| <= M(1 - (1 + n δ² (2/3 + δ²/15))^(-1/2)) <= n ε²M³/3 (1 + δ²/10).

Source: this project, theory C4a (with a sharper closed form).
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import sympy
from sympy import Expr, Symbol, tanh

from constructions import elman
from constructions.answer import Construction, Place, assemble
from constructions.elman import DELTA, EPSILON, RHO, M, N
from verifier.errors import UsageError
from verifier.inequality import ALL, CellEquations, Derivation, Hypothesis, Step
from verifier.regime import Regime
from verifier.weights import Weights

THEOREMS = {"tanh": "C4a", "sigmoid": "C4a-sigmoid"}
"""Theorem id by cell."""

SHOWN_SIZE = 3
"""Units of the register whose equations are printed; those of the register at hand are checked with its weights."""


def network(cell: str, hidden: int, n: int, scale: Fraction) -> tuple[Weights, dict[Place, str]]:
    """The C4a weights of `cell` with ε = `scale` for n <= `hidden`, and each weight's reason."""
    if n > hidden:
        raise UsageError(f"a shift register needs n <= d units; n = {n} with --hidden {hidden} is too long")
    units = tuple(f"place {k}" for k in range(1, n + 1))
    moved = "passes what the unit before it held"
    entries: dict[Place, tuple[Fraction | int, str]]
    if cell == "tanh":
        entries = {("U_h", (0,)): (scale, "ε x, so small that tanh is linear up to ε²M²/3")}
        entries |= {("W_h", (k, k - 1)): (1, moved) for k in range(1, n)}
        entries["V", (n - 1,)] = (1 / scale, "readout undoes the scale: y = h_n/ε")
    else:
        entries = {("U_h", (0,)): (2 * scale, "2ε x, so small that σ is linear up to ε²M²/3")}
        for k in range(1, n):
            entries["W_h", (k, k - 1)] = (4, f"{moved}: σ has slope 1/4 at 0")
            entries["b_h", (k,)] = (-2, "centres it: 1/2 goes to 1/2")
        entries["V", (n - 1,)] = (2 / scale, "readout undoes the scale: y = (2h_n - 1)/ε")
        entries["v0", ()] = (-1 / scale, "σ is 1/2 where tanh is 0")
    return assemble(cell, hidden, entries, units)


def construct_register(regime: Regime) -> Construction:
    """The C4a register with the largest power of ten ε, εM <= 1, for which the bound at n meets the tolerance."""
    cell, n = regime.architecture, regime.n
    network(cell, regime.hidden, n, Fraction(1))
    scale = elman.size_register(regime)
    weights, reasons = network(cell, regime.hidden, n, scale)
    return Construction(
        regime=regime,
        weights=weights,
        theorem=THEOREMS[cell],
        title="shift register: x_1 moves on by one unit per step, each next to the identity",
        parameters={N: Fraction(n), M: regime.bound, EPSILON: scale},
        derivation=derivation(cell),
        reasons=reasons,
        leading_order="n ε²M³/3",
    )


def _equations(cell: str, size: int, x: Symbol) -> CellEquations:
    """The register of `size` units in the values u that tanh units hold (h itself, or 2h - 1)."""
    old = [Symbol(f"u{k}", real=True) for k in range(size)]
    new: list[Expr] = [tanh(EPSILON * x), *(tanh(value) for value in old[:-1])]
    numbers = network(cell, size, size, Fraction(1))[0]
    template: dict[str, dict[tuple[int, ...], Expr]] = {}
    for name, array in numbers.blocks().items():
        factor = {"U_h": EPSILON, "V": 1 / EPSILON, "v0": 1 / EPSILON}.get(name, sympy.Integer(1))
        if len(array):
            template[name] = {index: sympy.Integer(int(value)) * factor for index, value in array}

    def unit(value: Expr) -> Expr:
        return value if cell == "tanh" else (1 + value) / 2

    return CellEquations(
        "cell",
        f"the equations of the {cell} RNN with these weights, unit by unit" + ("" if cell == "tanh" else ", in u = 2h - 1"),
        cell=cell,
        size=size,
        template=template,
        state={f"h[{k}]": unit(value) for k, value in enumerate(old)},
        input=x,
        expected={**{f"h[{k}]": unit(value) for k, value in enumerate(new)}, "y": new[-1] / EPSILON},
        sized_by=N,
        grown=lambda n: _equations(cell, n, x),
    )


@cache
def derivation(cell: str) -> Derivation:
    """The closed-form bound of C4a for the cell and the steps that prove it (theory C4a)."""
    x = Symbol("x", real=True)
    steps: tuple[Step, ...] = (
        _equations(cell, SHOWN_SIZE, x),
        *elman.steps_of_the_line(),
        *elman.steps_of_the_register(),
    )
    return Derivation(
        theorem=THEOREMS[cell],
        statement=(
            f"For the {cell} RNN with these weights, n units and every x in [-M, M]^n: |y_n - x_1| <= "
            "M(1 - (1 + n δ²(2/3 + δ²/15))^(-1/2)), where δ = εM."
        ),
        parameters=(N, M, EPSILON),
        ranges={**elman.RANGES, x: ALL},
        definitions={DELTA: EPSILON * M, RHO: elman.kept(N)},
        hypotheses=(Hypothesis("ε > 0", EPSILON, strict=True), Hypothesis("M > 0", M, strict=True)),
        steps=steps,
        bound=M * (1 - RHO),
        conclusions=("cell", "odd", "gain", "x_1 - y_n", "y_n - x_1"),
        source="this project, theory C4a; the fraction of tanh: Lambert 1761",
    )

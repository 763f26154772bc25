"""C4a: n tanh or sigmoid units in a row recall x_1 at one fixed n to any tolerance."""

from functools import partial

from constructions.register import derivation
from proofs.theorem import Theorem
from proofs.theorems.c5 import LINE


def _theorem(cell: str, conjugation: str) -> Theorem:
    found = derivation(cell)
    return Theorem(
        id=found.theorem,
        title=f"{cell} shift register",
        statement=found.statement,
        hypotheses=tuple(h.text for h in found.hypotheses),
        source=found.source,
        argument=(
            f"{conjugation}After step t unit t holds v_t, the t-fold tanh of εx_1, whatever was held before step 1; so "
            "y_n = v_n/ε and later inputs do not count.",
            LINE,
            "Since tanh is odd let x_1 > 0: 0 <= x_1 - y_n <= x_1(1 - ρ_n), largest at x_1 = M.",
            "The equations printed are those of three units; those of the network at hand are checked with its weights.",
        ),
        derivation=partial(derivation, cell),
    )


C4A = _theorem("tanh", "")
C4A_SIGMOID = _theorem("sigmoid", "In u = 2h - 1 the units are tanh units, as σ(2z) = (1 + tanh z)/2. ")

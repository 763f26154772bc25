"""C8: a latch of d bistable units holds x_1 to the resolution of d + 1 levels for ever, in four cells."""

from dataclasses import replace
from functools import partial

from constructions.thermometer import derivation
from proofs.theorem import Theorem

OWN = {
    "tanh": "",
    "sigmoid": "In u = 2h - 1 a sigmoid unit is a tanh unit that starts at u = -1, already latched: a flag unit takes the "
    "feedback off at step 1 and leaves Γq, q = σ(-2B), of it later, which counts against the units below x_1 or above it.",
    "gru": "Both gates are open: the state takes φ = σ(K) of its candidate, and feedback passes the reset gate as Γφ h, before or "
    "after the product. A state that is not negative stays so where the candidate is not.",
    "lstm": "The cell forgets all but 1 - φ, takes φ of its candidate and shows φ tanh of the cell, at most φ tanh 1: a unit is "
    "worth ρM/d, ρ <= 1/(φ tanh 1). With ρ = 1 the levels would be 24 per cent short.",
}
"""What is the cell's own in the proof."""


def theorem(cell: str) -> Theorem:
    """C8 for one cell: on the box, with the grid's derivation as a further check."""
    made = Theorem.of(
        partial(derivation, cell, False),
        f"thermometer latch ({derivation(cell, False).theorem.removeprefix('C8-') if cell != 'tanh' else 'tanh'})",
        tuple(
            paragraph
            for paragraph in (
                OWN[cell],
                "A unit whose argument is u or more shows at least show(u) of a step of the staircase, and keep(u) is what its "
                "feedback sees.",
                "Unit j compares x_1 with its threshold θ_j. Thresholds are 2M/d apart, so all but the nearest are M/d or more "
                "away: their argument is κM/d or more at step 1 and, since feedback then outweighs every input, T or more later.",
                "The nearest unit has the sign of δ = x_1 - θ_j at step 1. If |δ| >= w its argument is κw or more, and "
                "Γ keep(κw) >= κ(2M - M/d + w) makes that hold for ever: y and x_1 are on one side of θ_j, at most M/d from it.",
                "If |δ| < w, whatever it does its reading lies between the two levels next to θ_j. The other units lack at most "
                "1 - show(T) each; at n = 1, where no unit has gone astray, one on a side 1 - show(κM/d), the "
                "rest 1 - show(3κM/d).",
                "With saturated gates the width is sharp: at |δ| = w the outermost unit and the opposite input balance, just "
                "below it the unit gives way, and the error M/d + w is approached.",
            )
            if paragraph
        ),
    )
    checks = {"the same on the grid, for d + 1 points": lambda: derivation(cell, True).verdict}
    return replace(made, uses=() if cell == "tanh" else ("C8",), checks=checks)


C8, C8_SIGMOID, C8_GRU, C8_LSTM = (theorem(cell) for cell in OWN)

"""C8: a latch of d bistable units holds x_1 to the resolution of d + 1 levels for ever."""

from functools import partial

from constructions.thermometer import derivation_tanh
from proofs.theorem import Theorem

C8 = Theorem.of(
    partial(derivation_tanh, 4, False),
    "thermometer latch (tanh RNN, shown for d = 4; a request checks its own d)",
    (
        "Unit j compares x_1 with its threshold θ_j at step 1. If |x_1 - θ_j| >= w its state is at least tanh(κw) in modulus, and "
        "Γ tanh(κw) >= 2κM + T outweighs every later input, so from step 2 on it is at least tanh T, with the sign it took.",
        "Thresholds are 2M/d apart and w <= M/d, so at most one unit is undecided. Whatever it does, the reading stays between "
        "the two levels next to x_1's threshold, up to M(1 - tanh T); x_1 is within w of that threshold or M/d of its level.",
        "At n = 1 every unit but the nearest is at least M/d away from its threshold, and κM/d >= T.",
    ),
)

"""C11: non-commuting pair."""

from constructions.bilinear import derivation
from proofs.theorem import Theorem

C11 = Theorem.of(
    derivation,
    "non-commuting pair",
    (
        "The flag is 0 before step 1 and 1 ever after. The memory adds x_t (1 - f_{t-1}): x_1 at step 1 and nothing "
        "later. The state (1, x_1) reproduces itself for every input, on all of ℝ.",
    ),
)

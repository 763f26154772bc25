"""C13: two stacked diagonal layers."""

from constructions.stacked import derivation
from proofs.theorem import Theorem

C13 = Theorem.of(
    derivation,
    "two stacked diagonal layers",
    (
        "The first layer's flag is 1 at step 1 and stays in [3/2, 2] later, so the relu between the layers passes x_1 + "
        "M at step 1 and nothing later. The second layer sums what passes: x_1 + M for ever.",
    ),
)

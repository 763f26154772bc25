"""C3: ReLU RNN on the box."""

from constructions.relu import box
from proofs.theorem import Theorem

C3 = Theorem.of(
    box,
    "ReLU RNN on the box",
    (
        "At step 1 nothing has started, so capture holds x_1 + M >= 0. From step 2 on its argument is x_t - M <= 0, so "
        "it holds 0, and store has taken x_1 + M, which relu leaves alone for ever. The state reproduces itself, so y_n "
        "= x_1 at every n.",
    ),
)

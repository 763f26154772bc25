"""C12: ReLU RNN on the reals."""

from functools import partial

from constructions.relu import reals
from proofs.theorem import Theorem

C12 = Theorem.of(
    partial(reals, 4),
    "ReLU RNN on the reals (shown for n = 4; a request checks its own n)",
    (
        "Split x_t = p_t - q_t into its positive and negative part; u and v are these parts. c sums |x| of the inputs "
        "before the newest, and w_k = c + x_(t-k) is a sum of nonnegative parts, so every relu after the first two is "
        "the identity. At time n the readout w_(n-1) - c is x_1.",
    ),
)

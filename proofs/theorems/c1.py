"""C1: linear shift register."""

from functools import partial

from constructions.linear import shift_register
from proofs.theorem import Theorem

C1 = Theorem.of(
    partial(shift_register, 3),
    "linear shift register (shown for n = 3; a request checks its own n)",
    (
        "Unit 0 takes the newest input and unit k what unit k-1 held, so after step t unit k holds x_(t-k), and 0 where "
        "there is none. At time n the last of n units holds x_1. Every step is an identity of the cell's equations, so "
        "it holds on all of ℝ.",
    ),
)

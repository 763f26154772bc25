"""C16: the lattice network."""

from constructions.paths import HORIZON_SHOWN, derivation
from proofs.theorem import Theorem

C16 = Theorem.of(
    lambda: derivation(HORIZON_SHOWN),
    f"the lattice network up to N = {HORIZON_SHOWN}",
    (
        "At inputs ±M unit z multiplies by 1 + 1/z or 1 + z, so the contribution of an input that i inputs M and j inputs -M "
        "follow is a sum over units of products of powers. Written as generating functions these sums are checked to be P(i,j) = "
        "2ηM C(i+j-1, i) and Q(i,j) = -P(j,i).",
        "Read backwards, an input sequence is a lattice path. By induction a path to (i,j) has a value of at most η(2C(m-1,j) - 1) "
        "and at least -η(2C(m-1,i) - 1), m = i + j, in units of M; one more step right leaves at least η and at most "
        "η(2C(m,j) - 1) <= 2 - η, so x_1 = M is missed by at most 1 - η, and x_1 = -M likewise.",
        "The gates are affine in x, and every input enters every product once: y_n - x_1 is affine in each input, and its modulus "
        "is largest at a vertex of the box.",
    ),
)

"""C6b: k memories at scales ε ... kε, combined so that their errors cancel, need weights of order δ^(-1/2k)."""

from functools import partial

from constructions.extrapolated import derivation
from proofs.theorem import Theorem

SHOWN_CELLS = 3

C6B = Theorem.of(
    partial(derivation, SHOWN_CELLS),
    f"flag and k memories (LSTM, shown for k = {SHOWN_CELLS}; a request checks its own k)",
    (
        "The flag is that of C6. A memory at any scale e holds c(n) = φ^n tanh(e x_1) + R_n with |R_n| <= (n-1)η tanh(eM); as tanh "
        "does not expand, what it shows is within eM((1-φ) + (1-φ^n) + (n-1)η) of tanh tanh(e x_1).",
        "The partial sums of the series of tanh and of tanh tanh lie above and below them in turn for 0 <= z <= 1/2: from one to "
        "the next by s' = 1 - s² and T' = (1 - T²)(1 - s²), where the slopes are compared as polynomials.",
        "In Σ V_j tanh tanh(ε_j x_1) the weights w_j = V_j ε_j sum to 1 and annihilate ε², ..., ε^{2k-2}; the term of order 2k + 1 "
        "has the factor Σ w_j j^{2k} = ±k!², and the partial sum on the other side bounds what is left.",
        "The gates' errors are added with |w_j|. All maps are odd in the inputs, and the bound grows with n.",
    ),
)

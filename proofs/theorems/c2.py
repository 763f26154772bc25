"""C2: exploding linear scalar."""

from constructions.linear import exploding
from proofs.theorem import Theorem

C2 = Theorem.of(
    exploding,
    "exploding linear scalar",
    (
        "The state is h_t = λ^(t-1) x_1 + R_t with R_1 = 0 and R_{t+1} = λ R_t + x_{t+1}; hence |R_t| (λ-1) <= M "
        "(λ^(t-1) - 1) by induction, with equality when x_2 = ... = x_t = M. The readout divides by λ^(n-1), so the "
        "error is R_n / λ^(n-1).",
    ),
)

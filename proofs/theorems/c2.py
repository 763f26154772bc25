"""C2: exploding linear scalar, and the doubling scalar that serves every n' <= n."""

from constructions.linear import doubling, exploding
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

C2_DOUBLING = Theorem.of(
    doubling,
    "doubling linear scalar",
    (
        "With λ = 2 and the readout 2^-(n-1) the error at t <= n has two parts: x_1 is scaled by 2^(t-n) instead of 1, and later "
        "inputs contribute up to 2^(1-n) M (2^(t-1) - 1). Their sum M (1 - 2^-(n-1)) does not depend on t. It is attained at "
        "x = (M, -M, ..., -M). No linear RNN does better at every t <= n (T4).",
    ),
)

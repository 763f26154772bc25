"""C5: a four-unit tanh RNN recalls x_1 at every n <= N to any tolerance."""

from constructions.tanh import derivation
from proofs.theorem import Theorem

LINE = (
    "The line v_1 = tanh(εx_1), v_{t+1} = tanh v_t loses little: by Lambert's continued fraction "
    "tanh v >= v(105 + 10v²)/(105 + 45v² + v⁴), so 1/tanh² v <= 1/v² + 2/3 + v²/15. Each step adds at most "
    "2/3 + δ²/15 to 1/v², hence v_n >= εx_1 (1 + n δ²(2/3 + δ²/15))^(-1/2) with δ = εM; and v_n <= εx_1."
)

C5 = Theorem(
    id="C5",
    title="tanh line with a gate that closes after step 1",
    statement=derivation().statement,
    hypotheses=tuple(h.text for h in derivation().hypotheses),
    source=derivation().source,
    argument=(
        "The flag is 0 before step 1 and tanh B after it, whatever the inputs. With S = m + g - p, which is read out, "
        "S_1 = tanh(εx_1) and S_{t+1} = tanh(S_t) + r_{t+1}, r = tanh(a + εx) - tanh a.",
        "For |x| <= M, -ℓ <= r <= ℓ with ℓ = tanh a - tanh(a - δ): tanh increases, and on the saturated side it is flatter.",
        LINE,
        "tanh increases and does not expand, so |S_n - v_n| <= (n-1)ℓ by induction on n.",
        "Since tanh is odd let x_1 > 0. The shortfall x_1 - y_n is at most x_1(1 - ρ_n) + (n-1)ℓ/ε, largest at x_1 = M; the "
        "excess y_n - x_1 is at most (n-1)ℓ/ε. The bound grows with n, so one weight set serves every n' <= n.",
    ),
    derivation=derivation,
)

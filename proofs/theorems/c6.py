"""C6: a two-unit LSTM recalls x_1 at every n <= N to any tolerance."""

from constructions.lstm import derivation
from proofs.theorem import Theorem

C6 = Theorem.of(
    derivation,
    "flag and memory LSTM",
    (
        "The flag's forget gate is shut and its candidate saturated: c_s' = (1-φ) c_s + φ tanh K, so its cell is at least "
        "φ tanh K from step 1 on. Hence the memory's input gate is φ at step 1, where h_s = 0, and at most η later.",
        "The memory cell is c_m(n) = φ^n tanh(εx_1) + R_n with |R_n| <= (n-1) η tanh(εM), by induction on n.",
        "All maps are odd in the inputs, so let x_1 >= 0. The shortfall x_1 - y_n is at most its value at "
        "c_m = φ^n tanh(εx_1) - (n-1)ητ with τ = tanh(εM). That value grows with x_1, its derivative being "
        "1 - φ φ^n sech²(c_m) sech²(εx_1) >= 0, so x_1 = M is worst; tanh(wz) >= w tanh z for 0 <= w <= 1 then gives the bound.",
        "The excess y_n - x_1 is at most (φ/ε)(φ^n εx_1 + (n-1)ητ) - x_1, below the bound because tanh τ <= τ <= εM.",
        "The bound grows with n and the hypothesis is inherited by smaller n, so one weight set serves every n' <= n.",
    ),
)

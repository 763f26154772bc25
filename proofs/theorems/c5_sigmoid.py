"""C5 for the sigmoid RNN: the same line in u = 2h - 1."""

from constructions.sigmoid import derivation
from proofs.theorem import Theorem
from proofs.theorems.c5 import LINE

C5_SIGMOID = Theorem(
    id="C5-sigmoid",
    title="sigmoid line with a gate that closes after step 1",
    statement=derivation().statement,
    hypotheses=tuple(h.text for h in derivation().hypotheses),
    source=derivation().source,
    argument=(
        "σ(2z) = (1 + tanh z)/2: in u = 2h - 1 a sigmoid unit is a tanh unit, started at -1. The flag enters as f + 1, "
        "which is 0 before step 1 and 1 + tanh B after it; the memory's extra (1 - f)/2 lifts it from -1 to 0 at step 1.",
        "With S = m + g - p: S_1 = tanh(εx_1) and S_{t+1} = tanh(S_t + q) + r_{t+1}, q = (1 - tanh B)/2 = σ(-2B), "
        "|r| <= ℓ = tanh a - tanh(a - δ).",
        LINE,
        "tanh increases and does not expand, so |S_n - v_n| <= (n-1)(ℓ + q) by induction on n; the same holds for -S, where "
        "q counts with the other sign. The rest is as in C5.",
    ),
    uses=("C5",),
    derivation=derivation,
)

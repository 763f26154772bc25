"""C4b: one tanh unit recalls x_1 at one fixed n, of any length, to any tolerance."""

from constructions.exploding import derivation
from proofs.theorem import Theorem

C4B = Theorem(
    id="C4b",
    title="exploding tanh unit",
    statement=derivation().statement,
    hypotheses=tuple(h.text for h in derivation().hypotheses),
    source=derivation().source,
    argument=(
        "The argument of tanh at step t is at most εM(λ^t - 1)/μ in modulus, by induction, as |tanh z| <= |z|.",
        "tanh z differs from z by at most |z|³/3, hence at step t by at most (εM/μ)³λ^(3t)/3.",
        "So y_1 = x_1 minus a cube and y_{t+1} = y_t + λ^(-t) x_{t+1} minus a cube of at most (εM/μ)³λ^(2t+3)/(3ε). The "
        "sums of both geometric series, by induction on n, are the bound.",
    ),
    derivation=derivation,
)

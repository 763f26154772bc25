"""C7: a two-unit GRU recalls x_1 at every n <= N to any tolerance, in every convention for reset and z."""

from constructions.gru import derivation
from proofs.theorem import Theorem

C7 = Theorem(
    id="C7",
    title="flag and memory GRU",
    statement=derivation().statement,
    hypotheses=tuple(h.text for h in derivation().hypotheses),
    source=derivation().source,
    argument=(
        "The reset gate multiplies zero weights, so both reset conventions give the same cell; where z keeps instead of "
        "takes, z's rows change sign, as σ(-v) = 1 - σ(v). Write share for what a unit takes of its candidate.",
        "The flag's share is σ(L) and its candidate tanh L: s' = (1 - σ(L)) s + σ(L) tanh L, so it is at least σ(L) tanh L "
        "from step 1 on. Hence the memory's share is φ at step 1, where s = 0, and at most 1 - κ later.",
        "So m_n is a convex combination of 0 and the candidates, |tanh(εx_t)| <= τ = tanh(εM), with at least φκ^{n-1} of it "
        "on x_1 and at most 1 - κ^{n-1} on later inputs: by induction, m_n lies between "
        "κ^{n-1} φ tanh(εx_1) - (1 - κ^{n-1})τ and κ^{n-1} φ tanh(εx_1) + (1 - κ^{n-1})τ for x_1 >= 0.",
        "All maps are odd in the inputs, so let x_1 >= 0. The shortfall x_1 - y_n is at most its value on the lower side, "
        "which grows with x_1, its derivative being 1 - κ^{n-1} φ sech²(εx_1) >= 0, so x_1 = M is worst: that is the bound.",
        "The excess y_n - x_1 is below the bound because tanh(εx_1) <= εx_1, τ <= εM and κ^{n-1} φ <= 1.",
        "The bound grows with n, so one weight set serves every n' <= n.",
    ),
    derivation=derivation,
)

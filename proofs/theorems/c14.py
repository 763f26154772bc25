"""C14, C15: filters with distinct poles, for each family of diagonal cells; the doubling unit."""

from functools import partial

from constructions.diagonal import doubling
from constructions.poles import DECIMALS_SHOWN, FAMILIES, UNITS_SHOWN, derivation
from proofs.theorem import Theorem

_FILTER = (
    "With constant gates an input contributes c λ^j after j later inputs, λ the unit's pole: by induction the output is "
    "Σ_j g_j x_(n-j) with g_j = Σ_m c_m ρ_m(j). n different poles make the n×n system for the c_m regular (Vandermonde).",
    "Rational poles give a rational solution: the hypotheses below hold with r = 0. The poles of σ and exp gates are irrational: "
    "the solution is rounded to q decimals, every g_j is enclosed in balls at the numbers of a request and lies within r of the "
    "wanted one, so the n inputs miss by at most n r M together.",
)

_DOUBLING = (
    "The wanted response is g_j = 2^j η, η = 2^-(n-1). At horizon k + 1 <= n the filter misses x_1 by |1 - 2^k η| and adds "
    "Σ_{j<k} 2^j η = (2^k - 1) η of other inputs: 1 - η in all, at every horizon the same.",
)


def _filter(theorem: str, suffix: str) -> Theorem:
    what = "recall at n <= D" if theorem == "C14" else "the doubling response"
    return Theorem.of(
        partial(derivation, theorem, suffix, UNITS_SHOWN, DECIMALS_SHOWN),
        f"{what} with {UNITS_SHOWN} different poles of {', '.join(FAMILIES[suffix].cells)} (a request checks its own n)",
        _FILTER if theorem == "C14" else _FILTER + _DOUBLING,
    )


FILTERS = (*(_filter("C14", suffix) for suffix in FAMILIES), *(_filter("C15", suffix) for suffix in FAMILIES if suffix))
"""The doubling response of `diagonal` has a theorem of its own."""

C15 = Theorem.of(
    doubling,
    "the doubling unit",
    (
        "The state is h_t = Σ_s 2^(t-s) x_s, read with η = 2^-(n-1). At horizon k + 1 <= n it misses x_1 by |1 - 2^k η| and adds "
        "Σ_{j<k} 2^j η = (2^k - 1) η of other inputs: 1 - η in all, at every horizon the same. No linear network is better (T4); "
        "for gates that see the input C16 is.",
    ),
)

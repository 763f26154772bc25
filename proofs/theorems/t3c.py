"""T3c: linear memory that does not explode is worthless from an explicit n on."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

from flint import fmpz_mpoly, fmpz_mpoly_ctx

from proofs.checks import holds, matrix, random_rational, realise
from proofs.theorem import Theorem
from proofs.theorems.t3b import Factor, polynomial, random_factors, sharp_weights
from verifier.impulse import impulse_response, recall_error
from verifier.linear_memory import least_error, worthless_horizon
from verifier.spectral import spectrum
from verifier.verdict import Verdict, all_of

HORIZONS = {1: 2, 2: 4, 3: 8, 4: 16, 8: 256, 10: 868, 16: 2444, 32: 11042}
"""n*(d) as stated; recomputed by `verifier.linear_memory`, and by counting."""

SYMBOLIC_SIZES = (1, 2, 3, 4)
"""Numbers of poles at which the product polynomial is expanded in symbols."""

RESIDUE_DEGREE = 9
"""Largest j at which the residue of z^j is expanded in symbols."""

INTEGER_POLYNOMIALS = ((-1,), (1, -2), (-1, 3, -3), (1, 0, -2, 0), (1, -4, 6, -4), (1, 1), (1, 2, 3, 2))
"""(z-1), (z-1)², (z-1)³, (z²-1)², (z-1)⁴, z²+z+1 and its square: constant term first, the leading 1 left out."""

LONGEST_SEARCH = 14
"""Degree up to which a multiple with coefficients -1, 0, 1 is searched for."""

CLIMBS = 300
"""Steps of the search for weights below the bound."""


def _pigeonhole(d: int, highest: int) -> bool:
    """Whether the subsets of {z^d ... z^N} outnumber the unit cells that their residues lie in."""
    return bool(2 ** (highest - d + 1) > (2**d * math.comb(highest, d)) ** d)


def the_product_has_height_one() -> Verdict:
    """∏_i (z^(2^(i-1)) - λ_i^(2^(i-1))), expanded in symbols: each power of z up to 2^d - 1 occurs once, with the factor ±1.

    And its factor i vanishes at z = λ_i, so that ∏(z - λ_i) divides it.
    """
    found = []
    for d in SYMBOLIC_SIZES:
        context = fmpz_mpoly_ctx.get(["z", *(f"l{i}" for i in range(d))], "lex")
        z, *poles = context.gens()
        product = context.from_dict({(0,) * (d + 1): 1})
        for i, pole in enumerate(poles):
            factor = z ** (2**i) - pole ** (2**i)
            found.append(holds(divmod(factor, z - pole)[1] == 0))
            product = product * factor
        powers = sorted(exponents[0] for exponents in product.to_dict())
        found.append(holds(powers == list(range(2**d)) and all(abs(c) == 1 for c in product.to_dict().values())))
        found.append(holds(product.to_dict()[2**d - 1, *(0,) * d] == 1))
    return all_of(found)


def residues_are_bounded() -> Verdict:
    """z^j mod ∏(z - λ_i) in symbols, d <= 3: the coefficients' moduli add up to at most (2^d - 1) C(j-1, d-1)."""
    found = []
    for d in SYMBOLIC_SIZES[:3]:
        context = fmpz_mpoly_ctx.get([f"l{i}" for i in range(d)], "lex")
        poles, zero = context.gens(), context.from_dict({})
        one = context.from_dict({(0,) * d: 1})
        low_first = [one]
        for pole in poles:
            low_first = [x - pole * y for x, y in zip([zero, *low_first], [*low_first, zero], strict=True)]
        residue = [zero] * (d - 1) + [one]  # z^(d-1)
        for j in range(d, RESIDUE_DEGREE + 1):
            carry = residue[-1]
            residue = [x - carry * c for x, c in zip([zero, *residue[:-1]], low_first[:d], strict=True)]
            most = (2**d - 1) * math.comb(j - 1, d - 1)
            found += [holds(_height_sum(value) <= most) for value in residue]
    sums = [(d, highest) for d in (1, 2, 5, 32) for highest in (d, d + 1, 4 * d)]
    found += [holds(sum(math.comb(j - 1, d - 1) for j in range(d, top + 1)) == math.comb(top, d)) for d, top in sums]
    return all_of(found)


def _height_sum(value: fmpz_mpoly) -> int:
    return sum(abs(int(c)) for c in value.to_dict().values())


def the_stated_horizons_are_right() -> Verdict:
    """Exact integers: n*(d) for d = 1 ... 32, and each N is the least: the count fails at N - 1."""
    found = []
    for d, stated in HORIZONS.items():
        found.append(holds(worthless_horizon(d) == stated))
        if stated < 2**d:
            found.append(holds(_pigeonhole(d, stated - 1) and not _pigeonhole(d, stated - 2)))
    return all_of(found)


def integer_multiples_are_found() -> Verdict:
    """For integer polynomials: a multiple with coefficients -1, 0, 1, of a degree below n*(d), found by equal residues."""
    found = []
    for low_first in INTEGER_POLYNOMIALS:
        divisor = [Fraction(c) for c in low_first]
        multiple = _multiple(divisor, 0, lambda residue: residue)
        if multiple is None:
            return Verdict.UNDECIDED
        short = len(multiple) <= worthless_horizon(len(divisor))
        found.append(holds(short and set(multiple) <= {-1, 0, 1} and _is_height_one_multiple(multiple, divisor)))
    return all_of(found)


def pigeonhole_multiples_are_found() -> Verdict:
    """For random poles in the disk, d = 2: two sums of distinct powers whose residues share a unit cell give the multiple."""
    generator = random.Random(10)
    found = []
    for _ in range(20):
        low_first = polynomial(random_factors(generator, 2))[:-1]
        multiple = _multiple(low_first, 2, lambda residue: tuple(Fraction(value.__floor__()) for value in residue))
        if multiple is None:
            return Verdict.UNDECIDED
        found.append(holds(_is_height_one_multiple(multiple, low_first)))
    return all_of(found)


def _multiple(low_first: Sequence[Fraction], lowest: int, cell: Callable[[Residue], Residue]) -> list[Fraction] | None:
    """D - R for two sets of powers from z^lowest on whose residues lie in one cell: D their difference, R its residue.

    Constant term first; None if no two sets of powers up to z^LONGEST_SEARCH share a cell.
    """
    d = len(low_first)
    start = ((Fraction(0),) * d, frozenset[int]())
    seen: dict[Residue, tuple[Residue, frozenset[int]]] = {cell(start[0]): start}
    for j, power in enumerate(itertools.islice(_residues(low_first), LONGEST_SEARCH + 1)):
        for residue, members in list(seen.values()) if j >= lowest else ():
            total, larger = tuple(x + y for x, y in zip(residue, power, strict=True)), members | {j}
            other, fewer = seen.setdefault(cell(total), (total, larger))
            if fewer != larger:
                multiple = [Fraction((k in larger) - (k in fewer)) for k in range(max(j + 1, d))]
                for k in range(d):
                    multiple[k] -= total[k] - other[k]
                return multiple
    return None


Residue = tuple[Fraction, ...]


def _residues(low_first: Sequence[Fraction]) -> Iterator[Residue]:
    """1, z, z², ... modulo the polynomial."""
    residue: Residue = (Fraction(1), *[Fraction(0)] * (len(low_first) - 1))
    while True:
        yield residue
        carry = residue[-1]
        residue = tuple(x - carry * c for x, c in zip((Fraction(0), *residue[:-1]), low_first, strict=True))


def _is_height_one_multiple(multiple: Sequence[Fraction], low_first: Sequence[Fraction]) -> bool:
    """Leading coefficient ±1, all of modulus <= 1, and no remainder on division; by long division."""
    rest, d = list(multiple), len(low_first)
    while rest and rest[-1] == 0:
        rest.pop()
    fits = len(rest) > d and abs(rest[-1]) == 1 and all(abs(value) <= 1 for value in rest)
    while len(rest) > d:
        leading = rest.pop()
        for k, c in enumerate(low_first):
            rest[len(rest) - d + k] -= leading * c
    return fits and not any(rest)


def beyond_the_circle_there_is_none() -> Verdict:
    """Near miss ρ > 1: not covered. z - 2 has no multiple of height 1, and h' = 2h + x has |g_(n-1)| > Σ_{k<n-1} |g_k|."""
    a, b = matrix([[2]]), matrix([[1]])
    found = [holds(least_error(spectrum(a), 2**20) is None)]
    for degree in range(1, LONGEST_SEARCH):
        g = impulse_response(a, b, matrix([[Fraction(1, 2**degree)]]), degree + 1)
        found.append(holds(g[-1] > sum(g[:-1]) and recall_error(g) < 1))
    found.append(holds(_multiple([Fraction(-2)], 0, lambda residue: residue) is None))
    return all_of(found)


def shorter_horizons_would_be_false() -> Verdict:
    """False variants "n*(1) = 1" and "n*(2) = 3": weights with ρ <= 1 have error 0 at n = 1 and M/2 at d = 2, n = 3 (T3b)."""
    one = recall_error(impulse_response(matrix([[0]]), matrix([[1]]), matrix([[1]]), 1))
    two = recall_error(impulse_response(*sharp_weights(2), 3))
    covered = [least_error(spectrum(sharp_weights(d)[0]), HORIZONS[d] - 1) == 1 for d in (1, 2, 3)]
    return holds(one == 0 and two == Fraction(1, 2) and not any(covered))


def searched_weights_stay_above() -> Verdict:
    """Attack at n = n*(d), d = 1, 2, 3: hill climbs over poles in the disk and readouts never go below M, which V = 0 attains."""
    generator = random.Random(11)
    found = []
    for d in (1, 2, 3):
        n = worthless_horizon(d)
        best: tuple[list[Factor], list[Fraction]] = (random_factors(generator, d), [Fraction(0)] * d)
        least = Fraction(1)
        for step in range(CLIMBS):
            poles = random_factors(generator, d) if step % 2 else best[0]
            tap = [value + random_rational(generator, 1) / (1 + step // 10) for value in best[1]]
            error = recall_error(impulse_response(*realise(polynomial(poles)[-2::-1], tap), n))
            found.append(holds(error >= 1))
            if error <= least:
                best, least = (poles, tap), error
        found.append(holds(least == 1 and least_error(spectrum(realise([Fraction(0)] * d, [Fraction(0)] * d)[0]), n) == 1))
    return all_of(found)


T3C = Theorem(
    id="T3c",
    title="long linear memory without explosion is worthless",
    statement=(
        "If a linear RNN with d units has ρ(W) <= 1, then at every n >= n*(d) its error on [-M, M] is at least M: no better than "
        "the constant 0. n*(d) <= min(2^d, N + 1) for the least N >= d with 2^(N-d+1) > (2^d C(N,d))^d, which is 4, 8, 16, 256, "
        "868, 2444, 11042 for d = 2, 3, 4, 8, 10, 16, 32: O(d² log d). The exact n*(d) is open."
    ),
    hypotheses=("the step is one affine map of state and input", "ρ(W) <= 1: no eigenvalue beyond the unit circle", "n >= n*(d)"),
    source=(
        "this project, theory T3c; polynomials of height 1 (Bloch & Pólya): Borwein, Erdélyi & Kós 1999, Bombieri & Vaaler 1987; "
        "multiples of small height in signal recovery: Chen, Kane, Price & Song 2016, Chen & Price 2019"
    ),
    argument=(
        "It is enough that the characteristic polynomial P divides some polynomial of degree at most n - 1 with leading "
        "coefficient ±1 and all others of modulus at most 1: times a power of z it has degree n - 1, W is a root of it, so "
        "|g_(n-1)| <= S = Σ_{k<n-1} |g_k| and the error is at least M(|1 - g_(n-1)| + S) >= M(1 - |g_(n-1)| + S) >= M (T3).",
        "(a) Degree 2^d - 1: ∏_i (z^(2^(i-1)) - λ_i^(2^(i-1))). Each power of z occurs once, times λ's of modulus <= 1.",
        "(b) Pigeonhole: modulo P, z^j has coefficients of modulus at most (2^d - 1) C(j-1,d-1), because they are "
        "Σ ± e_a(λ) h_b(λ) with at most C(d,a) resp. C(b+d-1,d-1) terms. So the residues of the 2^(N-d+1) sums of distinct z^j, "
        "d <= j <= N, lie in a box with sides at most (2^d - 1) C(N,d), which (2^d C(N,d))^d unit cells cover. Two of them share "
        "a cell; their difference, which has coefficients -1, 0, 1, minus its residue, which has coefficients of modulus < 1, is "
        "the multiple wanted.",
    ),
    uses=("T3",),
    checks={
        "(a) expanded in symbols, d = 1 ... 4: height 1, degree 2^d - 1, a multiple of P": the_product_has_height_one,
        "(b) residues of z^j in symbols are within their bound; the bounds add up to C(N,d)": residues_are_bounded,
        "the stated n*(d), in exact integers, and N is the least": the_stated_horizons_are_right,
        "integer P up to degree 4: a multiple with coefficients -1, 0, 1 by exact search": integer_multiples_are_found,
        "(b) carried out: random P of degree 2, two sums in one cell give the multiple": pigeonhole_multiples_are_found,
        "near miss: ρ > 1 is not covered, z - 2 has no such multiple, 2h + x goes below M": beyond_the_circle_there_is_none,
        "false variant: 'n*(1) = 1', 'n*(2) = 3' are contradicted by explicit weights": shorter_horizons_would_be_false,
        "attack: hill climbs at n*(d), d = 1, 2, 3, never go below M": searched_weights_stay_above,
    },
)

"""T3: a linear RNN recalls x_1 exactly at a fixed n only for n <= d."""

from __future__ import annotations

import itertools
import math
import random
from fractions import Fraction

from flint import fmpq_mat, fmpz_mpoly, fmpz_mpoly_ctx

from constructions import Construction, construct
from proofs.checks import (
    holds,
    linear_weights,
    matrix,
    random_rational,
    random_weights,
)
from proofs.theorem import Floor, Theorem
from verifier.arithmetic.rationals import to_fraction
from verifier.cells import CELLS
from verifier.certify import certify, certify_weights
from verifier.hypotheses import is_linear
from verifier.impulse import impulse_response, recall_error
from verifier.piecewise import exact_supremum
from verifier.program import record
from verifier.regime import Regime
from verifier.verdict import Verdict, all_of
from verifier.weights import Weights

GENERIC_SIZES = (1, 2, 3, 4)
"""Sizes at which Cayley-Hamilton is checked for matrices of independent symbols."""

LARGE = 32
"""Units of the course question; there Cayley-Hamilton is checked on rational matrices."""

SEARCHED = ((1, 2), (2, 3), (3, 4), (2, 5))
"""(d, n) with n > d at which exact weights are searched for."""

CLIMBS = 200
"""Steps of a random hill climb."""

Matrix = list[list[fmpz_mpoly]]


def floor(regime: Regime) -> Floor | None:
    """n > D for a cell whose step is one affine map of D reals: infinite on ℝ, positive on the box and on every grid."""
    cell = CELLS[regime.architecture]
    size = cell.state_reals(regime.hidden)
    if not is_linear(cell) or (regime.length is not None and regime.n <= size):
        return None
    n = size + 1 if regime.length is None else regime.n
    checks = {"the cell's recorded step is affine": Verdict.PROVED, f"n = {n} > D = {size}": holds(n > size)}
    forced = f"n = {n} > D = {size} reals of state: g_(n-1) is a combination of g_0 ... g_(n-2) and cannot be 1 while these are 0"
    if regime.domain == "reals":
        return Floor(None, f"{forced}, so y_n - x_1 is an affine function of the inputs that is not constant.", checks)
    return Floor(Fraction(0), f"{forced}.", checks, strict=True)


def generic_matrices_satisfy_their_polynomial() -> Verdict:
    """Cayley-Hamilton for d = 1 ... 4: A^d + c_1 A^(d-1) + ... + c_d = 0 with d² independent symbols, c_i = ± sums of minors."""
    found = []
    for d in GENERIC_SIZES:
        context = fmpz_mpoly_ctx.get([f"a{i}{k}" for i in range(d) for k in range(d)], "lex")
        symbols = context.gens()
        a: Matrix = [[symbols[i * d + k] for k in range(d)] for i in range(d)]
        one, zero = context.from_dict({(0,) * d * d: 1}), context.from_dict({})
        total: Matrix = [[one if i == k else zero for k in range(d)] for i in range(d)]
        for size in range(1, d + 1):  # Horner: total = total·A + c_size·1
            total = _times(total, a, zero)
            coefficient = _minors(a, size, zero) * (-1) ** size
            for i in range(d):
                total[i][i] = total[i][i] + coefficient
        found.append(holds(all(entry == zero for row in total for entry in row)))
    return all_of(found)


def _times(a: Matrix, b: Matrix, zero: fmpz_mpoly) -> Matrix:
    size = range(len(a))
    return [[sum((a[i][j] * b[j][k] for j in size), zero) for k in size] for i in size]


def _minors(a: Matrix, size: int, zero: fmpz_mpoly) -> fmpz_mpoly:
    """The sum of the principal minors of a size, by Leibniz' formula."""
    total = zero
    for rows in itertools.combinations(range(len(a)), size):
        for columns in itertools.permutations(rows):
            term = math.prod((a[i][k] for i, k in zip(rows, columns, strict=True)), start=zero + 1)
            total = total + _sign(columns) * term
    return total


def _sign(permutation: tuple[int, ...]) -> int:
    inversions = sum(a > b for a, b in itertools.combinations(permutation, 2))
    return -1 if inversions % 2 else 1


def large_matrices_satisfy_their_polynomial() -> Verdict:
    """d = 32, exact rational A, B, C: p(A) = 0, and g_k = -Σ c_i g_(k-i) for every k from 32 to 40."""
    generator = random.Random(5)
    found = []
    for _ in range(2):
        a = matrix([[random_rational(generator, 1) for _ in range(LARGE)] for _ in range(LARGE)])
        b = matrix([[random_rational(generator, 1)] for _ in range(LARGE)])
        c = matrix([[random_rational(generator, 1) for _ in range(LARGE)]])
        low_first = [to_fraction(value) for value in a.charpoly().coeffs()]
        total = matrix([[0] * LARGE for _ in range(LARGE)])
        identity = matrix([[int(i == k) for k in range(LARGE)] for i in range(LARGE)])
        for value in a.charpoly().coeffs()[::-1]:
            total = total * a + identity * value
        found.append(holds(low_first[LARGE] == 1 and total == matrix([[0] * LARGE for _ in range(LARGE)])))
        g = impulse_response(a, b, c, LARGE + 9)
        for k in range(LARGE, LARGE + 9):
            found.append(holds(g[k] == -sum(low_first[i] * g[k - LARGE + i] for i in range(LARGE))))
    return all_of(found)


def the_error_formula_is_the_verifiers() -> Verdict:
    """e_n = M(|1 - g_(n-1)| + Σ_{k<n-1} |g_k|) + |const| against the verifier's affine forms, biases and h_0 included."""
    generator = random.Random(6)
    found = []
    for d, n in ((1, 1), (1, 4), (2, 3), (3, 3), (3, 6), (4, 5)):
        weights = random_weights(generator, "linear", d, 2)
        weights = weights.replace({("h_0", (k,)): random_rational(generator, 2) for k in range(d)})
        a, b, c = _system(weights)
        state = matrix([[weights["h_0"][k,]] for k in range(d)])
        for _ in range(n):
            state = a * state + matrix([[weights["b_h"][k,]] for k in range(d)])
        constant = to_fraction((c * state)[0, 0]) + weights["v0"][()]
        bound = Fraction(3, 2)
        formula = bound * recall_error(impulse_response(a, b, c, n)) + abs(constant)
        found.append(holds(exact_supremum(record(weights), bound, n, True, n + 1).value == formula))
    return all_of(found)


def _system(weights: Weights) -> tuple[fmpq_mat, fmpq_mat, fmpq_mat]:
    units = range(weights.hidden)
    return (
        matrix([[weights["W_h"][i, k] for k in units] for i in units]),
        matrix([[weights["U_h"][i,]] for i in units]),
        matrix([[weights["V"][k,] for k in units]]),
    )


def n_up_to_d_is_exact() -> Verdict:
    """Near miss n <= D: not covered, and the shift register (C1) is exact there, on ℝ too."""
    found = []
    for n, d in ((1, 1), (2, 2), (5, 5), (3, 5), (LARGE, LARGE)):
        regime = Regime("linear", n, Fraction(1), Fraction(0), "fixed", "reals", hidden=d)
        answer = construct("linear", n, horizon="fixed", domain="reals", exact_recall=True, hidden=d)
        found.append(holds(floor(regime) is None))
        found.append(certify(answer, steps=n).verdict if isinstance(answer, Construction) else Verdict.UNDECIDED)
    return all_of(found)


def other_cells_and_tolerances_are_not_forbidden() -> Verdict:
    """Near misses: relu and bilinear steps are not affine; at n = d + 1 no positive tolerance on the box is forbidden."""
    found = [holds(floor(Regime(name, 9, Fraction(1), Fraction(0), "fixed", hidden=3)) is None) for name in ("relu", "bilinear")]
    least = floor(Regime("linear", 4, Fraction(1), Fraction(0), "fixed", hidden=3))
    found.append(holds(least is not None and least.forbids(Fraction(0)) and not least.forbids(Fraction(1, 10**100))))
    return all_of(found)


def n_equal_to_d_would_be_false() -> Verdict:
    """False variant "g_(d-1) is a combination of g_0 ... g_(d-2)": the shift register has g = 0, ..., 0, 1."""
    found = []
    for d in (1, 2, 5, LARGE):
        shift = matrix([[int(i == k + 1) for k in range(d)] for i in range(d)])
        g = impulse_response(shift, matrix([[int(i == 0)] for i in range(d)]), matrix([[int(k == d - 1) for k in range(d)]]), d)
        found.append(holds(g == [0] * (d - 1) + [1]))
    return all_of(found)


def no_exact_weights_are_found_beyond_d() -> Verdict:
    """Attack at n > d: hill climbs on exact weights lower the error from 1 but never to 0; every end point gets a witness."""
    generator = random.Random(7)
    found = []
    for d, n in SEARCHED:
        places: list[tuple[str, tuple[int, ...]]] = [("W_h", (i, k)) for i in range(d) for k in range(d)]
        places += [(name, (k,)) for name in ("U_h", "V") for k in range(d)]
        best = random_weights(generator, "linear", d, 4).replace({("V", (k,)): 0 for k in range(d)})
        least = Fraction(1)
        for step in range(CLIMBS):
            moves = {}
            for name, index in generator.choices(places, k=1 + step % 3):
                moves[name, index] = best[name][index] + random_rational(generator, 4) / (1 + step % 5) ** 3
            moved = best.replace(moves)
            error = recall_error(impulse_response(*_system(moved), n))
            if error < least:
                best, least = moved, error
        regime = Regime("linear", n, Fraction(1), Fraction(0), "fixed", hidden=d)
        found.append(holds(0 < least < 1))
        found.append(holds(certify_weights(linear_weights(*_system(best)), regime, steps=n).verdict is Verdict.REFUTED))
    return all_of(found)


def any_tolerance_is_reached_beyond_d() -> Verdict:
    """The infimum is 0: C2 with one unit is certified below 10^-12 at n = 2, 5 and 9."""
    found = []
    for n in (2, 5, 9):
        answer = construct("linear", n, 12, horizon="fixed", hidden=1)
        found.append(certify(answer, steps=n).verdict if isinstance(answer, Construction) else Verdict.UNDECIDED)
    return all_of(found)


T3 = Theorem(
    id="T3",
    title="linear RNN: exact at a fixed n iff n <= d",
    statement=(
        "A linear RNN with d units has weights that output exactly x_1 at time n if and only if n <= d. For n > d no weights are "
        "exact on any open set, nor on any grid with two or more points; over all of ℝ the error is then infinite, and on "
        "[-M, M] it is M(|1 - g_(n-1)| + Σ_{k<n-1} |g_k|) + |const| > 0 with g_k = V W^k U."
    ),
    hypotheses=("the step is one affine map of state and input, the same at every step", "n > D, the reals of the state"),
    source=(
        "the rank bound on linear memory in finite horizon and sup norm: realisation theory, Jaeger 2001, White, Lee & "
        "Sompolinsky 2004; shift register: White, Lee & Sompolinsky 2004 (this project, theory T3)"
    ),
    argument=(
        "By induction y_n = const + Σ_{k<n} g_k x_(n-k) with g_k = V W^k U. Two affine functions that agree on an open set, or on "
        "a product of two-point sets, have equal coefficients: exactness needs g_(n-1) = 1 and g_0 = ... = g_(n-2) = 0.",
        "By Cayley-Hamilton W^d = -c_1 W^(d-1) - ... - c_d, where z^d + c_1 z^(d-1) + ... + c_d is the characteristic polynomial. "
        "Multiplying by W^(n-1-d), for n > d: g_(n-1) = -c_1 g_(n-2) - ... - c_d g_(n-1-d) = 0. Contradiction.",
        "For n <= d the shift register is exact (C1). An affine function on ℝ^n that is not constant is unbounded; on [-M, M]^n "
        "its largest modulus is M times the sum of its coefficients' moduli plus the modulus of its constant.",
        "For n > d the infimum of the error is 0 on the box: the exploding scalar C2 has error at most M/(λ - 1).",
    ),
    uses=("C1", "C2"),
    checks={
        "Cayley-Hamilton for matrices of independent symbols, d = 1 ... 4": generic_matrices_satisfy_their_polynomial,
        "Cayley-Hamilton and its recurrence for g on rational matrices, d = 32": large_matrices_satisfy_their_polynomial,
        "the error formula equals the verifier's exact supremum, biases and h_0 included": the_error_formula_is_the_verifiers,
        "near miss: n <= d is not covered, and the shift register is exact there": n_up_to_d_is_exact,
        "near miss: relu, bilinear, and positive tolerances are not forbidden": other_cells_and_tolerances_are_not_forbidden,
        "false variant: 'n = d is impossible' is contradicted by the shift register": n_equal_to_d_would_be_false,
        "attack: hill climbs at n > d never reach error 0": no_exact_weights_are_found_beyond_d,
        "sharp: at n > d the error goes below 10^-12 M (C2)": any_tolerance_is_reached_beyond_d,
    },
    floor=floor,
)

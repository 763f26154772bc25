"""T6: ReLU networks on all of ℝ: never at every n <= N, and at a fixed n only for n <= d - 2."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from fractions import Fraction

import sympy

from constructions import Construction, construct
from proofs.checks import holds, matrix, random_rational, random_weights
from proofs.theorem import Floor, Theorem
from verifier.arithmetic.rationals import ZERO, Rationals, to_flint, to_fraction
from verifier.arithmetic.symbols import Symbols
from verifier.cells import CELLS, Maps
from verifier.certify import certify
from verifier.hypotheses import is_homogeneous, is_rectified_layer
from verifier.regime import Regime
from verifier.sequences import Runs, compress
from verifier.verdict import Verdict, all_of
from verifier.weights import Weights

HOMOGENEOUS = ("linear", "relu", "stacked")
"""Cells of sums and relu alone."""

SCALES = (2, 10, 1000)
"""Ratios of neighbouring inputs of scale-separated sequences."""

PATTERNS = 64
"""Sign patterns tried per scale."""

TRIALS = 200
"""Random sequences tried."""

LONGEST_WITNESS = 64
"""Inputs of a witness at a fixed n at most."""

SEARCHED = ((2, 3), (3, 4), (2, 2))
"""(n, d) with n > d - 2 at which weights are searched for."""

CLIMBS = 150
"""Steps of the search."""


def floor(regime: Regime) -> Floor | None:
    """Infinite on ℝ: at every n <= N, N >= 2, for cells of sums and relu; at a fixed n > d - 2 (n = 1: d = 1) for ReLU RNNs."""
    cell, d = CELLS[regime.architecture], regime.hidden
    if regime.domain != "reals" or not is_homogeneous(cell):
        return None
    if regime.horizon == "forever" or (regime.horizon == "upto" and regime.n >= 2):
        checks = {"the cell's recorded step consists of sums and relu": Verdict.PROVED}
        return Floor(
            None, "with inputs (0, x) the network at n = 2 answers, up to bounded terms, what it answers to x at n = 1.", checks
        )
    if not is_rectified_layer(cell) or regime.n <= (d - 2 if regime.n > 1 else d - 1):
        return None
    needed = f"n + 2 = {regime.n + 2}" if regime.n > 1 else "2"
    checks = {"the cell's recorded step is relu of an affine map": Verdict.PROVED, f"d = {d} < {needed}": Verdict.PROVED}
    return Floor(None, f"A fixed n = {regime.n} needs {needed} units on ℝ (with which C12 is exact), and there are {d}.", checks)


def limit_network(weights: Weights) -> Weights:
    """The network without biases and with s_0 = 0: f∞(x) = lim f(λx)/λ."""
    changes = {
        (name, index): 0
        for name, array in weights.blocks().items()
        if name == "v0" or name.startswith(("b_", "c_")) or name.endswith("_0")
        for index, _ in array
    }
    return weights.replace(changes)


def states(weights: Weights, inputs: Sequence[Fraction]) -> dict[str, list[Fraction]]:
    """The state after the inputs, in exact arithmetic."""
    cell, units = CELLS[weights.cell], range(weights.hidden)
    blocks = {name: {place: to_flint(v) for place, v in array} for name, array in weights.blocks().items()}
    maps = Maps(weights.hidden, blocks, lambda bias, terms: sum((c * v for c, v in terms), ZERO + bias))
    state = {name: [to_flint(weights[f"{name}_0"][k,]) for k in units] for name in cell.states}
    for x in inputs:
        state = cell.step(Rationals(), maps, state, to_flint(x))
    return {name: [to_fraction(value) for value in vector] for name, vector in state.items()}


def output(weights: Weights, inputs: Sequence[Fraction]) -> Fraction:
    """y_n in exact arithmetic."""
    seen = states(weights, inputs)[CELLS[weights.cell].states[0]]
    return sum((value * seen[k] for (k,), value in weights["V"]), weights["v0"][()])


def witnesses(weights: Weights, regime: Regime) -> Iterator[Runs]:
    """Sequences that the limit network answers wrongly; scaled up, the error of the network grows beyond every tolerance."""
    limit = limit_network(weights)
    for inputs in _candidates(regime):
        if output(limit, inputs) != inputs[0]:
            yield compress(inputs)


def _candidates(regime: Regime) -> Iterator[list[Fraction]]:
    one, zero = Fraction(1), Fraction(0)
    if not regime.only_last:
        yield from ([one], [-one])
        if regime.length is None or regime.n >= 2:
            yield from ([zero, one], [zero, -one])
        return
    n, generator = regime.n, random.Random(0)
    if n > LONGEST_WITNESS:
        return
    patterns = list(itertools.islice(itertools.product((one, -one), repeat=n), PATTERNS))
    for first in range(n):
        for sign in (one, -one):
            yield [sign if k == first else zero for k in range(n)]
    for scale in SCALES:
        for signs in patterns:
            yield [sign * scale**k for k, sign in enumerate(signs)]
            yield [sign * scale ** (n - k) for k, sign in enumerate(signs)]
    for _ in range(TRIALS):
        yield [random_rational(generator, 1) for _ in range(n)]


def zero_input_leaves_zero_state() -> Verdict:
    """Without biases, weights as symbols: from the state 0 the input 0 leads to the state 0, so y_2(0, x) = y_1(x)."""
    found = []
    for name in HOMOGENEOUS:
        cell = CELLS[name]
        blocks = {
            block: {index: sympy.Symbol(f"{block}{index}") for index in itertools.product(*map(range, shape))}
            for block, shape in cell.block_shapes(2).items()
            if not block.startswith("b_")
        }
        maps = Maps(2, blocks, lambda bias, terms: sum((c * v for c, v in terms), sympy.sympify(bias)))
        state = {vector: [sympy.Integer(0)] * 2 for vector in cell.states}
        new = cell.step(Symbols, maps, state, sympy.Integer(0))
        found += [holds(value == 0) for vector in new.values() for value in vector]
    return all_of(found)


def the_limit_is_homogeneous_and_near() -> Verdict:
    """Exactly, on random weights: f∞(λx) = λ f∞(x), and one-layer |f(λx) - λ f∞(x)| <= Σ|V|δ_n + |v0|, δ_t = |W|δ_{t-1} + |b|."""
    generator = random.Random(13)
    found = []
    for name in HOMOGENEOUS:
        for _ in range(4):
            weights = random_weights(generator, name, 3, 1)
            limit, inputs = limit_network(weights), [random_rational(generator, 1) for _ in range(4)]
            for scale in (3, 10**6, 10**12):
                scaled = [scale * x for x in inputs]
                found.append(holds(output(limit, scaled) == scale * output(limit, inputs)))
                if name != "stacked":
                    found.append(holds(abs(output(weights, scaled) - scale * output(limit, inputs)) <= _distance(weights, 4)))
    return all_of(found)


def _distance(weights: Weights, n: int) -> Fraction:
    units = range(weights.hidden)
    norm = max(sum((abs(weights["W_h"][i, k]) for k in units), Fraction(0)) for i in units)
    delta = max(abs(weights["h_0"][k,]) for k in units)
    for _ in range(n):
        delta = norm * delta + max(abs(weights["b_h"][k,]) for k in units)
    return sum((abs(weights["V"][k,]) for k in units), Fraction(0)) * delta + abs(weights["v0"][()])


def anti_triangular_hankel_matrices_are_regular() -> Verdict:
    """det (m_{j+k}) = ±1 for m_0 = ... = m_{r-2} = 0, m_{r-1} = 1 and symbols beyond: the rows V A^j are independent."""
    found = []
    for r in range(1, 7):
        moments = [sympy.Integer(int(i == r - 1)) if i < r else sympy.Symbol(f"m{i}") for i in range(2 * r - 1)]
        hankel = sympy.Matrix(r, r, lambda j, k, moments=moments: moments[j + k])
        found.append(holds(sympy.expand(hankel.det()) ** 2 == 1))
    return all_of(found)


def the_state_has_rank_n() -> Verdict:
    """C12, n = 2 ... 5: on scale-separated inputs of every sign pattern x -> s_n is linear of rank n, and only units with
    B > 0 or B = 0 are active after x_n > 0 (mirrored for x_n < 0), as the counting argument says."""
    found = []
    for n in (2, 3, 4, 5):
        weights = _c12(n, n + 2)
        if weights is None:
            return Verdict.UNDECIDED
        for signs in itertools.product((1, -1), repeat=n):
            x = [Fraction(sign * 1000 ** (k + 1)) for k, sign in enumerate(signs)]
            base = states(weights, x)["h"]
            slopes = [[(b - a) for a, b in zip(base, states(weights, _nudged(x, k, 1))["h"], strict=True)] for k in range(n)]
            twice = [[(b - a) for a, b in zip(base, states(weights, _nudged(x, k, 2))["h"], strict=True)] for k in range(n)]
            found.append(holds(twice == [[2 * v for v in row] for row in slopes] and matrix(slopes).rank() == n))
            away = [base[k] for k in range(weights.hidden) if weights["U_h"][k,] * signs[-1] < 0]
            found.append(holds(len(away) == 1 and not any(away)))
    return all_of(found)


def _c12(n: int, hidden: int) -> Weights | None:
    answer = construct("relu", n, horizon="fixed", domain="reals", exact_recall=True, hidden=hidden)
    return answer.weights if isinstance(answer, Construction) else None


def _nudged(x: Sequence[Fraction], place: int, size: int) -> list[Fraction]:
    return [value + size * (k == place) for k, value in enumerate(x)]


def n_up_to_d_minus_two_is_exact() -> Verdict:
    """Near misses n = d - 2, and n = 1 with d = 2: not covered, and C12 is certified exact there; the box is not covered (C3)."""
    found = []
    for n, d in ((1, 2), (2, 4), (3, 5), (5, 7)):
        found.append(holds(floor(Regime("relu", n, Fraction(1), Fraction(0), "fixed", "reals", hidden=d)) is None))
        answer = construct("relu", n, horizon="fixed", domain="reals", exact_recall=True, hidden=d)
        found.append(certify(answer, steps=n).verdict if isinstance(answer, Construction) else Verdict.UNDECIDED)
    box = construct("relu", 9, exact_recall=True, hidden=3)
    found.append(holds(floor(Regime("relu", 9, Fraction(1), Fraction(0), hidden=3)) is None))
    found.append(certify(box, steps=9).verdict if isinstance(box, Construction) else Verdict.UNDECIDED)
    return all_of(found)


def products_are_not_covered() -> Verdict:
    """Near miss: the bilinear cell multiplies the state by the input; C11 is certified exact on ℝ for ever with d = 2."""
    answer = construct("bilinear", 3, horizon="forever", domain="reals", exact_recall=True, hidden=2)
    certified = certify(answer, steps=8).verdict if isinstance(answer, Construction) else Verdict.UNDECIDED
    uncovered = floor(Regime("bilinear", 3, Fraction(1), Fraction(0), "forever", "reals", hidden=2)) is None
    tanh = floor(Regime("tanh", 3, Fraction(1), Fraction(0), "forever", "reals", hidden=2)) is None
    return all_of((certified, holds(uncovered and tanh)))


def other_counts_would_be_false() -> Verdict:
    """False variants "n = d - 2 is impossible" and "n = 1 needs d = 3": C12's limit network, itself, has error 0 there."""
    found = []
    for n, d in ((1, 2), (2, 4), (3, 5)):
        weights = _c12(n, d)
        regime = Regime("relu", n, Fraction(1), Fraction(0), "fixed", "reals", hidden=d)
        found.append(holds(weights is not None and not list(witnesses(weights, regime))))
    return all_of(found)


def a_unit_less_is_refuted() -> Verdict:
    """C12 with any one of its n + 2 units cut out misses some sequence, n = 2 ... 4."""
    found = []
    for n in (2, 3, 4):
        weights = _c12(n, n + 2)
        if weights is None:
            return Verdict.UNDECIDED
        regime = Regime("relu", n, Fraction(1), Fraction(0), "fixed", "reals", hidden=n + 2)
        for unit in range(n + 2):
            cut = weights.replace({(name, index): 0 for name in ("U_h", "V", "W_h") for index, _ in weights[name] if unit in index})
            found.append(holds(next(iter(witnesses(cut, regime)), None) is not None))
    return all_of(found)


def searched_weights_miss() -> Verdict:
    """Attack at n > d - 2: hill climbs over exact weights lower the error on a sample, and each end point misses some sequence."""
    generator = random.Random(14)
    found = []
    for n, d in SEARCHED:
        regime = Regime("relu", n, Fraction(1), Fraction(0), "fixed", "reals", hidden=d)
        sample = [[random_rational(generator, 1) for _ in range(n)] for _ in range(6)]
        best = limit_network(random_weights(generator, "relu", d, 2))
        least = start = _largest(best, sample)
        places: list[tuple[str, tuple[int, ...]]] = [("W_h", (i, k)) for i in range(d) for k in range(d)]
        places += [(name, (k,)) for name in ("U_h", "V") for k in range(d)]
        for step in range(CLIMBS):
            moves = {
                p: best[p[0]][p[1]] + random_rational(generator, 2) / (1 + step % 4)
                for p in generator.choices(places, k=1 + step % 3)
            }
            moved = best.replace(moves)
            error = _largest(moved, sample)
            if error < least:
                best, least = moved, error
        found.append(holds(0 < least < start and next(iter(witnesses(best, regime)), None) is not None))
    return all_of(found)


def _largest(weights: Weights, sample: Sequence[Sequence[Fraction]]) -> Fraction:
    return max(abs(output(weights, x) - x[0]) for x in sample)


T6 = Theorem(
    id="T6",
    title="ReLU RNN on all of ℝ: a fixed n iff n <= d - 2",
    statement=(
        "On all of ℝ no network of sums and relu (ReLU RNN, linear RNN, stacked diagonal layers with relu between) has a "
        "finite error at both n = 1 and n = 2. A ReLU RNN with d units can have a finite error at a fixed n >= 2 if and only if "
        "n <= d - 2, and is then exact with suitable weights (C12); at n = 1 if and only if d >= 2."
    ),
    hypotheses=(
        "the step consists of sums and relu: without its constants it is positively homogeneous",
        "the inputs are all real numbers",
        "for a fixed n: every new state is relu of an affine map, d < n + 2 (n = 1: d < 2)",
    ),
    source=(
        "this project, theory T6; no earlier statement found. Minimal widths of approximators: Park et al. 2021, Song et al. 2022"
    ),
    argument=(
        "f∞(x) = lim f(λx)/λ for λ -> ∞ is the same network without biases and with s_0 = 0, because relu(λu + b)/λ -> relu(u). "
        "A finite error of f on ℝ^n makes f∞ exact: f∞(x) = x_1.",
        "At every n <= N, N >= 2: from the state 0 the input 0 leads to the state 0, so f∞ at n = 2 on (0, x) equals f∞ at n = 1 "
        "on x, which is x and must be 0. Contradiction.",
        "A fixed n >= 2, lower bound. Let P, Q, R be the units with input weight B > 0, < 0, = 0, of sizes p, q, r. p, q >= 1, "
        "else the input (±1, 0, ..., 0) leaves the state 0. Take scale-separated inputs x_i = τ^i u_i: on each sign pattern of u "
        "and for τ beyond some τ_0 the network is linear, as every relu's argument has the sign of its leading term.",
        "Followed by zeros, the outputs at n, ..., 2n-1 are τ^i (u_i + O(1/τ)), because the state before x_i is O(τ^(i-1)). They "
        "factor through s_n, so x -> s_n has rank n on each sign pattern. After x_n > 0 the units Q are 0 (x_n dominates), so "
        "p + r >= n; likewise q + r >= n. Hence d >= n + 1.",
        "Suppose d = n + 1: then p = q = 1, r = n - 1, and by rank no R unit is ever 0: all are linear for every sign pattern, "
        "at earlier times too (let the first inputs tend to 0). y_n does not depend on x_n, so V_P = V_Q = 0. Put a = A_RP B_P "
        "and b = A_RQ |B_Q|: the R units' leading terms after x_(n-1) > 0 and < 0, so a, b >= 0.",
        "Comparing coefficients of x_(n-1), x_(n-2), ..., x_1 in turn: V_R A_RR^k a = V_R A_RR^k b = 0 for k < n - 2, and 1 and "
        "-1 at k = n - 2. The Hankel matrix V_R A_RR^(j+k) a, j, k <= n - 2, is anti-triangular with ones, so the n - 1 rows "
        "V_R A_RR^k are independent; they annihilate a + b, so a + b = 0 and a = b = 0. Contradiction. For n = 1 and d = 1 the "
        "output is constant on a half-line. The other side is C12.",
    ),
    uses=("C12",),
    checks={
        "from the state 0 the input 0 leads to 0, weights as symbols: linear, relu, stacked": zero_input_leaves_zero_state,
        "the limit network is homogeneous and within its bound, exact random instances": the_limit_is_homogeneous_and_near,
        "anti-triangular Hankel matrices in symbols are regular, n - 1 = 1 ... 6": anti_triangular_hankel_matrices_are_regular,
        "rank and active units on every sign pattern, C12 at n = 2 ... 5": the_state_has_rank_n,
        "near miss: n = d - 2, n = 1 with d = 2, and the box are not covered, and are exact": n_up_to_d_minus_two_is_exact,
        "near miss: products (bilinear, C11) and tanh are not covered": products_are_not_covered,
        "false variant: 'n = d - 2 is impossible' is contradicted by C12": other_counts_would_be_false,
        "C12 with one unit cut out gets a witness, n = 2 ... 4": a_unit_less_is_refuted,
        "attack: hill climbs at n > d - 2 end in weights with a witness": searched_weights_miss,
    },
    floor=floor,
    witnesses=witnesses,
)

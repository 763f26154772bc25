"""T5b: at one fixed n, commuting transitions are exact only for n <= D + 1, and non-expanding ones do not even come close."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import sympy
from flint import fmpq, fmpq_mat

from constructions import Construction, construct
from proofs.checks import holds, random_allowed_weights
from proofs.theorem import Floor, Theorem
from verifier.arithmetic.balls import ZERO, Balls, to_ball
from verifier.cells import CELLS
from verifier.certify import certify
from verifier.commuting import transitions
from verifier.multiaffine import path_supremum
from verifier.observed import error_of
from verifier.program import record
from verifier.regime import Regime
from verifier.sequences import Runs, compress
from verifier.verdict import Verdict, all_of, check_at_most
from verifier.weights import Weights

SYMBOLIC = ((1, 3), (2, 4), (3, 5), (1, 5), (2, 6))
"""(D, n) at which the relation between the outputs is expanded with free gates, inputs, readout and s_0."""

PROOF_BITS = 256
"""Working precision of random runs."""

SHORT = (1, 2, 3, 4)
"""Units d of the networks that come close at n = d + 1."""

SEARCHES = ((1, 3), (2, 4), (3, 5))
CLIMBS = 80

NON_EXPANDING = ("mingru", "minlstm", "lru", "s4d", "s5", "selective")


def floor(regime: Regime) -> Floor | None:
    """n >= D + 2 fixed (D + 3 if the readout row sees x_n): not exact; M/2^D, on ℝ infinite, where transitions do not expand."""
    found = transitions(regime.architecture)
    if found is None or not found.commute or regime.horizon != "fixed":
        return None
    size, lost = CELLS[regime.architecture].state_reals(regime.hidden), int(found.readout_sees_the_input)
    if regime.n < size + 2 + lost:
        return None
    because = f"n = {regime.n} >= D + {2 + lost} with D = {size} reals of state"
    checks = {"T(x)T(x') = T(x')T(x) for generic weights": holds(found.commute), because: holds(regime.n >= size + 2 + lost)}
    if regime.domain == "reals" and (found.never_expand or found.are_polynomial):
        why = "transitions never expand" if found.never_expand else "y_n is a polynomial in the inputs"
        checks[why] = Verdict.PROVED
        return Floor(None, f"{because}, {why}: no error is finite.", checks)
    if not found.never_expand:
        return Floor(Fraction(0), f"{because}: no weights are exact.", checks, strict=True)
    checks["all eigenvalues of every T(x) lie in the unit disc, by shape"] = holds(found.never_expand)
    reach = regime.bound if regime.half_spacing is None else regime.bound - 2 * regime.half_spacing
    if reach <= 0:
        return Floor(Fraction(0), f"{because}: no weights are exact.", checks, strict=True)
    inner = "" if regime.half_spacing is None else ", M the outermost points that round from both sides"
    return Floor(reach / 2**size, f"{because}, and gates within the unit disc: e >= M/2^D{inner}.", checks)


def witnesses(weights: Weights, regime: Regime) -> Iterator[Runs]:
    """The words of the proof: -M throughout but M once, at t = 1 ... D + 2; of these every weight set misses one."""
    size, found = CELLS[regime.architecture].state_reals(regime.hidden), transitions(regime.architecture)
    reach = regime.bound if regime.half_spacing is None else regime.bound - 2 * regime.half_spacing
    for changed in range(min(size + 2, regime.n) if found is not None else 0):
        yield compress([reach if t == changed else -reach for t in range(regime.n)])


def every_weight_set_misses_a_word() -> Verdict:
    """Random weights of the cells that never expand, s_0 too: some word of the proof is missed by M/2^D or more."""
    generator = random.Random(9)
    found = []
    for name, units in itertools.product(NON_EXPANDING, (1, 2)):
        weights = random_allowed_weights(generator, name, units)
        size = CELLS[name].state_reals(units)
        regime = Regime(name, size + 2 + int(name == "selective"), Fraction(1), Fraction(0), "fixed", hidden=units)
        program, worst = record(weights), ZERO
        with Balls(PROOF_BITS).working():
            for runs in witnesses(weights, regime):
                worst = worst.max(error_of(program, runs))
            found.append(check_at_most(to_ball(Fraction(1, 2**size)), worst))
    return all_of(found)


def annihilator(poles: Sequence[Any]) -> list[Any]:
    """Coefficients of (z - 1) Π (z - a_k), highest power first."""
    coefficients: list[Any] = [1]
    for pole in (1, *poles):
        shifted = [*coefficients, 0]
        coefficients = [a - pole * b for a, b in zip(shifted, [0, *coefficients], strict=True)]
    return coefficients


def outputs_with_one_changed(gates: Any, adds: Any, readout: Any, start: Any, n: int) -> list[Any]:
    """y_n for the words c...c with one input replaced by c', at t = 1 ... n; gates[w][k], adds[w][k] for w = 0 (c), 1 (c')."""
    found = []
    for changed in range(n):
        state = list(start)
        for t in range(n):
            w = int(t == changed)
            state = [a * h + b for a, h, b in zip(gates[w], state, adds[w], strict=True)]
        found.append(sum(v * h for v, h in zip(readout, state, strict=True)))
    return found


def the_outputs_are_related(shift: int = 0) -> Verdict:
    """Σ_i q_i y(c' at t = 1 + i) = 0 with q = (z - 1) Π (z - a_k(c)), all symbols free; `shift` 1: one pole fewer, false."""
    found = []
    for size, n in SYMBOLIC:
        names = sympy.symbols(f"a0:{size} A0:{size} b0:{size} B0:{size} v0:{size} h0:{size}")
        a, a_other, b, b_other, v, h = (names[k * size : (k + 1) * size] for k in range(6))
        outputs = outputs_with_one_changed((a, a_other), (b, b_other), v, h, n)
        relation = sum(q * y for q, y in zip(annihilator(a[: size - shift]), outputs, strict=False))
        found.append(sympy.expand(relation) == 0)
    if shift:
        return holds(not any(found))
    return holds(all(found))


def commuting_matrices_are_related() -> Verdict:
    """The same relation for matrices that are not diagonal: A generic, or one Jordan block at 1, and A' a polynomial in A."""
    generator = random.Random(4)
    found = []
    for size, n in ((2, 4), (3, 5), (3, 7)):
        for block in (False, True):
            rows = [[generator.randint(-3, 3) for _ in range(size)] for _ in range(size)]
            if block:
                rows = [[int(i == k) + int(k == i + 1) for k in range(size)] for i in range(size)]
            a = fmpq_mat(size, size, [fmpq(value) for row in rows for value in row])
            b, b_other, start, readout = (
                fmpq_mat(size, 1, [fmpq(generator.randint(-5, 5)) for _ in range(size)]) for _ in range(4)
            )
            other = a * a * 2 - a * 3
            low_first = a.charpoly().coeffs()
            q = [x - y for x, y in zip([fmpq(0), *low_first], [*low_first, fmpq(0)], strict=True)][::-1]  # (z - 1) p(z)
            total = fmpq(0)
            for changed, weight in enumerate(q):
                state = start
                for t in range(n):
                    state = (other if t == changed else a) * state + (b_other if t == changed else b)
                total += weight * (readout.transpose() * state)[0, 0]
            found.append(holds(total == 0))
    return all_of(found)


def coefficients_are_bounded() -> Verdict:
    """Σ|q_i| <= Π (1 + |root|) <= 2^(D+1) for roots in the unit disc, with equality for all roots 1; q(1) = 0."""
    generator = random.Random(1)
    found = []
    for size in range(1, 9):
        for _ in range(20):
            poles = [Fraction(generator.randint(-64, 64), 64) for _ in range(size)]
            q = annihilator(poles)
            found.append(holds(sum(q) == 0 and q[0] == 1 and sum(abs(value) for value in q) <= 2 ** (size + 1)))
        found.append(holds(sum(abs(value) for value in annihilator([1] * size)) == 2 ** (size + 1)))
    return all_of(found)


def one_more_than_the_state(units: int, scale: Fraction) -> Weights:
    """`diagonal` weights with gates in (0, 1) whose error at n = d + 1 goes to 0 with `scale` = ε.

    Unit 1 holds a constant 1/ε and its gate moves by εu x: to first order that adds u x_t (1 - a^(t-1)) at step t, an input seen
    from step 2 on, so the response is Σ c_k a_k^j + K, one pole (at 1) more than units. c_k and K solve g = 0, ..., 0, 1.
    """
    poles = [Fraction(k + 1, units + 1) for k in range(units)]
    nodes = [*poles, Fraction(1)]
    system = fmpq_mat([[fmpq(node.numerator, node.denominator) ** j for node in nodes] for j in range(units + 1)])
    solved = system.solve(fmpq_mat([[fmpq(int(j == units))] for j in range(units + 1)]))
    *c, extra = (Fraction(int(solved[k, 0].p), int(solved[k, 0].q)) for k in range(units + 1))
    return extra_pole(poles, c, extra, units + 1, scale)


def extra_pole(poles: Sequence[Fraction], c: Sequence[Fraction], extra: Fraction, n: int, scale: Fraction) -> Weights:
    """`diagonal` weights with the response Σ c_k a_k^j + extra at horizon n, to first order in `scale`."""
    units = range(len(poles))
    first = poles[0]
    modulation = -extra / first ** (n - 1)
    return Weights(
        "diagonal",
        len(poles),
        {
            "b_a": {(k,): poles[k] for k in units},
            "U_a": {(0,): scale * modulation},
            "b_b": {(0,): (1 - first) / scale},
            "U_b": {(k,): c[0] - modulation if k == 0 else c[k] for k in units},
            "V": {(k,): 1 for k in units},
            "v0": {(): -(1 - first**n) / scale},
        },
    )


def _error(weights: Weights, n: int) -> Fraction:
    found = path_supremum(record(weights), Fraction(1), n, True)
    if found is None or found.exact_value is None:
        raise ValueError("these weights have no exact supremum")
    return found.exact_value


def _gates_within(weights: Weights, low: int, high: int) -> bool:
    middle, slope = dict(weights["b_a"]), dict(weights["U_a"])
    ends = (middle.get(k, Fraction(0)) + sign * slope.get(k, Fraction(0)) for k in {*middle, *slope} for sign in (1, -1))
    return all(low <= end <= high for end in ends)


def close_at_d_plus_one() -> Verdict:
    """Near miss n = d + 1: gates in (0, 1) on the whole box and errors below 2^-d, 10^-3 and 10^-6, exactly computed."""
    found = []
    for units in SHORT:
        for tolerance in (Fraction(1, 2**units), Fraction(1, 10**3), Fraction(1, 10**6)):
            weights = one_more_than_the_state(units, tolerance / 10 ** (2 * units))
            found.append(holds(_gates_within(weights, 0, 1) and _error(weights, units + 1) < tolerance))
    return all_of(found)


def expanding_gates_come_close() -> Verdict:
    """Near miss |a| > 1: C2 in `diagonal` is certified far below 2^-d at n = d + 2; the floor claims no error there but 0."""
    found = []
    for units in (1, 2, 5):
        regime = Regime("diagonal", units + 2, Fraction(1), Fraction(1, 10**9), "fixed", hidden=units)
        least = floor(regime)
        found.append(holds(least is not None and least.forbids(Fraction(0)) and not least.forbids(regime.tolerance)))
        answer = construct("diagonal", units + 2, 9, horizon="fixed", hidden=units)
        found.append(certify(answer, steps=units + 2).verdict if isinstance(answer, Construction) else Verdict.UNDECIDED)
    return all_of(found)


def sharp_for_one_real() -> Verdict:
    """D = 1, n = 3: errors 1/2 + 10^-2 and 1/2 + 10^-4 with |a| <= 1, so 1/2 is the infimum and no larger constant holds.

    The response c(a^j - 1) with c(a - 1) = 1/2 tends to 0, 1/2, 1 as a goes to 1.
    """
    found = []
    for gap in (Fraction(1, 10**2), Fraction(1, 10**4)):
        pole = 1 - gap
        c = -1 / (2 * gap)
        weights = extra_pole([pole], [c], -c, 3, gap**4)
        error = _error(weights, 3)
        found.append(holds(_gates_within(weights, -1, 1) and Fraction(1, 2) <= error < Fraction(1, 2) + gap))
    return all_of(found)


def cells_that_never_expand() -> Verdict:
    """By the shape of their gates: minGRU, minLSTM, selective (in [0, 1]), LRU, S4D, S5 (|λ| < 1); not linear, not diagonal."""
    found = [holds(_never_expands(name)) for name in NON_EXPANDING]
    return all_of([*found, *(holds(not _never_expands(name)) for name in ("linear", "diagonal", "bilinear", "lstm"))])


def _never_expands(name: str) -> bool:
    found = transitions(name)
    return found is not None and found.never_expand


def no_weights_are_found_below() -> Verdict:
    """Attack at n = d + 2: exact hill climbs with gates kept in [-1, 1] stay at 2^-d or above."""
    generator = random.Random(6)
    found = []
    for units, n in SEARCHES:
        least = Fraction(1, 2**units)
        starts = [one_more_than_the_state(units, Fraction(1, 1000)), _random_allowed_weights(generator, units)]
        for weights in starts:
            best, reached = weights, _error(weights, n)
            for step in range(CLIMBS):
                name = generator.choice(("U_a", "b_a", "U_b", "b_b", "V"))
                index = (generator.randrange(units),)
                move = Fraction(generator.randint(-64, 64), 64 * (1 + step % 9) ** 2)
                moved = best.replace({(name, index): best[name][index] + move})
                if _gates_within(moved, -1, 1):
                    error = _error(moved, n)
                    found.append(holds(error >= least))
                    best, reached = (moved, error) if error < reached else (best, reached)
    return all_of(found)


def _random_allowed_weights(generator: random.Random, units: int) -> Weights:
    blocks: dict[str, dict[tuple[int, ...], Fraction]] = {}
    for name, k in itertools.product(("U_a", "b_a", "U_b", "b_b", "V"), range(units)):
        blocks.setdefault(name, {})[k,] = Fraction(generator.randint(-32, 32), 64 if name.endswith("_a") else 16)
    return Weights("diagonal", units, blocks)


T5B = Theorem(
    id="T5b",
    title="fixed horizons beyond the state",
    statement=(
        "Let the state hold D reals, be linear with commuting transitions T(x), the readout be affine, and n >= D + 2. Then no "
        "weights are exact at time n, on any domain with two or more points. If moreover all eigenvalues of T(M) or of T(-M) lie "
        "in the closed unit disc, as in minGRU, minLSTM, LRU, S4D, S5 and the selective SSM, every weight set has an error of at "
        "least M/2^D on inputs ±M; for D = 1, n = 3 that is the infimum. At n = D + 1 gates in (0, 1) reach every tolerance. If "
        "the readout row sees the last input, add 1 to n."
    ),
    hypotheses=(
        "the step is linear in the state and the transitions commute (checked on the cell's own step with generic weights)",
        "n >= D + 2 (n <= D: C14; n = D + 1: any tolerance with gates in (0, 1))",
        "for the bound M/2^D: no transition expands (expanding gates reach every tolerance: C2)",
    ),
    source="this project, theory T5b; it answers for diagonal cells with 0 < a(x) < 1 what the specification had left open",
    argument=(
        "Fix two inputs c, c', write A = T(c), A' = T(c'), and let Y_t be the output after n inputs c but x_t = c', Y_0 that after "
        "c...c. Then Y_t - Y_0 = v A^(n-t) [(A' - A) h_(t-1) + b' - b] with h_(t-1) = A^(t-1) h_0 + (1 + ... + A^(t-2)) b, and A' "
        "commutes with A.",
        "Let q(z) = (z - 1) p(z), p the characteristic polynomial of A, so q_0 = 1 and Σ q_i = 0. For n >= D + 2 the sum Σ_i q_i "
        "(Y_(1+i) - Y_0), i = 0 ... D + 1, has three parts: A^(n-2-D) q(A) = 0 (Cayley-Hamilton) times b' - b; Σ q_i = 0 times "
        "A^(n-1) h_0; and with Σ_i q_i (z^(n-2) + ... + z^(n-1-i)) = -z^(n-2-D) p(z) again p(A) = 0, times b: "
        "Σ q_i Y_(1+i) = 0.",
        "Y_1 should be c' and every other Y_t should be c: writing Y_t = x_1 + E_t gives 0 = (c' - c) + Σ q_i E_(1+i). Exactness "
        "(all E = 0) is impossible. With c = -M, c' = M and the roots of q in the unit disc: 2M <= e Σ|q_i| <= e 2^(D+1).",
        "If the readout row sees x_n, fix x_n = c: a fixed readout at n - 1.",
        "n = D + 1: a unit that holds a large constant 1/ε and whose gate moves by εu x_t sees inputs from step 2 on only; that "
        "adds the root 1 to the response, and D + 1 roots solve D + 1 equations. The error is O(ε).",
    ),
    uses=("C2", "C14"),
    checks={
        "Σ q_i Y_(1+i) = 0 with free gates, inputs, readout and s_0, D = 1, 2, 3": the_outputs_are_related,
        "the same for commuting matrices that are not diagonal, exactly": commuting_matrices_are_related,
        "random weights of cells that never expand miss a word of the proof": every_weight_set_misses_a_word,
        "Σ|q_i| <= 2^(D+1), attained; Σ q_i = 0": coefficients_are_bounded,
        "cells whose transitions never expand, from their steps": cells_that_never_expand,
        "near miss: at n = d + 1 gates in (0, 1) come below 10^-6": close_at_d_plus_one,
        "near miss: expanding gates come below 10^-9": expanding_gates_come_close,
        "sharp: D = 1, n = 3 has errors down to 1/2": sharp_for_one_real,
        "false variant: a polynomial with one root fewer does not annihilate": lambda: the_outputs_are_related(1),
        "attack: exact hill climbs with gates in [-1, 1] stay above the bound": no_weights_are_found_below,
    },
    floor=floor,
    witnesses=witnesses,
)

"""Distinct poles and a solved readout: any response g_0 ... g_{n-1} from n exponentials (C14, C15).

Diagonal cells with constant gates are linear filters: an input contributes g_j after j later inputs, g_j = Σ_m c_m ρ_m(j) with
one exponential sequence ρ_m per real of the state. n distinct poles make the n×n system for the c_m invertible
(Vandermonde), so every response is reached:

    C14, fixed n <= D      g = 0, ..., 0, 1: the output is x_1
    C15, every n <= N <= D  g_j = 2^(j-N+1): the doubling filter, error M (1 - 2^-(N-1)) at every n, the least of all filters (T4)

With rational poles the solution is rational and the filter exact. The gates of minGRU, minLSTM and of the selective SSM have
irrational poles σ(-b), exp(-AΔ): there the solution is rounded to q decimals, and the certificate contains the rounding,
|g_j - wanted_j| <= r. Source: this project, theory C14, C15; Vandermonde readouts of diagonal state spaces: standard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import sympy
from flint import arb, arb_mat, fmpq, fmpq_mat
from sympy import Expr, Rational, Symbol

from constructions.answer import Construction, Place, Unanswered, assemble
from constructions.sizing import smallest
from verifier.arithmetic.balls import Balls, exact_fraction, to_ball, upper_fraction
from verifier.arithmetic.symbols import evaluate, sigmoid, softplus
from verifier.errors import UsageError
from verifier.inequality import (
    ALL,
    AT_LEAST_ONE,
    NONNEGATIVE,
    SYMMETRIC_UNIT,
    AtMost,
    CellEquations,
    Chain,
    Derivation,
    Hypothesis,
    Identity,
)
from verifier.regime import Regime

M = Symbol("M", positive=True)
N = Symbol("n", integer=True, positive=True)
RESIDUAL = Symbol("r", nonnegative=True)
DECIMALS = Symbol("q", integer=True, nonnegative=True)

DOUBLING_STEPS = ("shares doubled", "every horizon", "bound")
"""Steps that C15 has beyond those of C14."""

LARGEST_FILTER = 64
"""Poles up to which the system is solved here."""

LARGEST_DECIMALS = 25_000
"""More decimals than the finest tolerance needs."""

UNITS_SHOWN, DECIMALS_SHOWN = 4, 30
"""Poles and decimals of the filters that stand for their theorem."""

PRECISION_STEP = 1024
"""Working precisions are multiples of this."""

SOLVING_BITS = 32
"""Bits per pole and above the wanted decimals with which the system is solved: more than the condition of evenly spread poles."""

Template = dict[str, dict[tuple[int, ...], Expr]]
Moments = Callable[[int, int], Expr]
"""ρ_m(j) as a closed form, from m and j."""


@dataclass(frozen=True)
class Family:
    """Cells that realise n exponentials in the same way.

    `gates(n, cell)`: the weights that set the poles, with reasons. `moments(n)`: ρ_m(j). `place(m, n)`: where coefficient c_m goes
    and why. `size(n)`: the units taken. `reals`: exponentials per unit.
    """

    cells: tuple[str, ...]
    gates: Callable[[int, str], dict[Place, tuple[Fraction, str]]]
    moments: Callable[[int], Moments]
    place: Callable[[int, int], tuple[Place, str]]
    size: Callable[[int], int]
    is_rational: bool
    reals: int = 1


def _even(k: int, n: int) -> Fraction:
    """The k-th of n points spread evenly over (0, 1)."""
    return Fraction(2 * k + 1, 2 * n)


def _rounded(value: arb, grid: int) -> Fraction:
    """The multiple of 1/grid next to a number known to 64 bits."""
    return Fraction(round(exact_fraction(value.mid()) * grid), grid)


def _diagonal_pole(k: int, n: int) -> Fraction:
    return Fraction(2 * k - n + 1, max(1, n - 1))


def _diagonal_gates(n: int, cell: str) -> dict[Place, tuple[Fraction, str]]:
    entries: dict[Place, tuple[Fraction, str]] = {}
    for k in range(n):
        entries["b_a", (k,)] = (_diagonal_pole(k, n), "constant gate: n different poles, spread evenly over [-1, 1]")
        entries["U_b", (k,)] = (Fraction(1), "the input is added as it comes")
    return entries


def _update_gate(k: int, n: int) -> Fraction:
    """b with 1 - σ(b) next to (2k+1)/2n: ln of the odds, to a multiple of 1/4n."""
    with Balls(64).working():
        odds = to_ball((1 - _even(k, n)) / _even(k, n))
        return _rounded(odds.log(), 4 * n)


def _min_gates(n: int, cell: str) -> dict[Place, tuple[Fraction, str]]:
    entries: dict[Place, tuple[Fraction, str]] = {}
    for k in range(n):
        value = _update_gate(k, n)
        if cell == "mingru":
            entries["b_z", (k,)] = (value, "constant update gate: n different poles 1 - σ(b_z), spread evenly over (0, 1)")
        else:
            entries["b_i", (k,)] = (value, "constant input gate; with b_f = -b_i the gates sum to 1, so i/(f+i) = σ(b_i)")
            entries["b_f", (k,)] = (-value, "constant forget gate: n different poles f/(f+i) = σ(b_f), spread evenly over (0, 1)")
        entries["U_n", (k,)] = (Fraction(1), "the candidate is the input")
    return entries


def _min_moments(n: int) -> Moments:
    gates = [sigmoid(_number(_update_gate(k, n))) for k in range(n)]
    return lambda m, j: gates[m] * (1 - gates[m]) ** j


def _decay(k: int, n: int) -> Fraction:
    """A with 2^-A next to (2k+1)/2n, to a multiple of 1/4n."""
    with Balls(64).working():
        return _rounded(-to_ball(_even(k, n)).log() / arb(2).log(), 4 * n)


def _selective_gates(n: int, cell: str) -> dict[Place, tuple[Fraction, str]]:
    entries: dict[Place, tuple[Fraction, str]] = {}
    for k in range(n):
        entries["A", (k,)] = (_decay(k, n), "constant Δ = ln 2: n different poles 2^-A, spread evenly over (0, 1)")
        entries["b_B", (k,)] = (Fraction(1), "B is constant: the input is added as it comes, times Δ")
        entries["b_C", (k,)] = (Fraction(1), "C is constant: the readout does not look at the last input")
    return entries


def _selective_moments(n: int) -> Moments:
    width = softplus(sympy.Integer(0))
    return lambda m, j: width * sympy.exp(-_number(_decay(m, n)) * width) ** j


def _rotation(k: int, n: int) -> tuple[Fraction, Fraction]:
    """λ of pair k next to radius 15/16, its angle the k-th of ⌈n/2⌉ spread evenly over (0, π)."""
    pairs = _half(n)
    with Balls(64).working():
        angle, radius = arb.pi() * to_ball(_even(k, pairs)), to_ball(Fraction(15, 16))
        return _rounded(radius * angle.cos(), 64 * n), _rounded(radius * angle.sin(), 64 * n)


def _rotation_gates(n: int, cell: str) -> dict[Place, tuple[Fraction, str]]:
    entries: dict[Place, tuple[Fraction, str]] = {}
    for k in range(_half(n)):
        re, im = _rotation(k, n)
        entries["re", (k,)] = (re, "λ: different poles next to a circle of radius 15/16, two reals per unit ...")
        entries["im", (k,)] = (im, "... each pair of states turned and shrunk by λ")
        entries["V", (k,)] = (Fraction(1), "readout: the real parts are added; the coefficients sit at the input")
    return entries


def _rotation_moments(n: int) -> Moments:
    powers = []
    for k in range(_half(n)):
        re, im = _rotation(k, n)
        a, b, found = Fraction(1), Fraction(0), []
        for _ in range(n):
            found.append((a, b))
            a, b = re * a - im * b, im * a + re * b
        powers.append(found)
    return lambda m, j: _number(powers[m // 2][j][0] if m % 2 == 0 else -powers[m // 2][j][1])


def _readout(m: int, n: int) -> tuple[Place, str]:
    return ("V", (m,)), "readout: the solution of the linear system for the wanted response"


def _input_pair(m: int, n: int) -> tuple[Place, str]:
    return ("U_h" if m % 2 == 0 else "U_g", (m // 2,)), "input weight: the solution of the system for the wanted response"


def _all(n: int) -> int:
    return n


def _half(n: int) -> int:
    return (n + 1) // 2


def _diagonal_moments(n: int) -> Moments:
    return lambda m, j: _number(_diagonal_pole(m, n) ** j)


FAMILIES: dict[str, Family] = {
    "": Family(("diagonal",), _diagonal_gates, _diagonal_moments, _readout, _all, True),
    "-lru": Family(("lru", "s4d", "s5"), _rotation_gates, _rotation_moments, _input_pair, _half, True, 2),
    "-min": Family(("mingru", "minlstm"), _min_gates, _min_moments, _readout, _all, False),
    "-selective": Family(("selective",), _selective_gates, _selective_moments, _readout, _all, False),
}
"""The families by the suffix of their theorems: C14, C14-lru, ..."""

FAMILY_OF = {cell: suffix for suffix, family in FAMILIES.items() for cell in family.cells}
"""Cell -> suffix."""


def _number(value: Fraction) -> Expr:
    return Rational(value.numerator, value.denominator)


def wanted(theorem: str, n: int) -> list[Fraction]:
    """g_0 ... g_{n-1} of C14 (recall at n) or C15 (the doubling filter)."""
    if theorem == "C14":
        return [Fraction(int(j == n - 1)) for j in range(n)]
    return [Fraction(1, 2 ** (n - 1 - j)) for j in range(n)]


@cache
def coefficients(theorem: str, suffix: str, n: int, decimals: int) -> tuple[Fraction, ...]:
    """c_1 ... c_n: exact where the poles are rational, else rounded to `decimals` decimals."""
    family = FAMILIES[suffix]
    moments, target = family.moments(n), wanted(theorem, n)
    if family.is_rational:
        rows = [[_flint(moments(m, j)) for m in range(n)] for j in range(n)]
        solved = fmpq_mat(rows).solve(fmpq_mat([[fmpq(g.numerator, g.denominator)] for g in target]))
        return tuple(Fraction(int(solved[m, 0].p), int(solved[m, 0].q)) for m in range(n))
    with Balls(_bits(n, decimals)).working():
        found = _system(suffix, n, _bits(n, decimals)).solve(arb_mat([[to_ball(g)] for g in target]))
        return tuple(_rounded(found[m, 0], 10**decimals) for m in range(n))


def _bits(n: int, decimals: int) -> int:
    """A working precision for the system, in steps so that the matrix is made once."""
    wanted_bits = SOLVING_BITS * (n + 2) + 4 * decimals
    return -(-wanted_bits // PRECISION_STEP) * PRECISION_STEP


@cache
def _system(suffix: str, n: int, bits: int) -> arb_mat:
    """ρ_m(j), row j, column m, as ρ_m(0) (ρ_m(1)/ρ_m(0))^j."""
    moments = FAMILIES[suffix].moments(n)
    with Balls(bits).working():
        shares = [evaluate(moments(m, 0), {}) for m in range(n)]
        poles = [evaluate(moments(m, 1), {}) / share for m, share in enumerate(shares)]
        return arb_mat([[share * pole**j for share, pole in zip(shares, poles, strict=True)] for j in range(n)])


def _flint(value: Expr) -> fmpq:
    return fmpq(int(value.p), int(value.q))


def _residual(theorem: str, suffix: str, n: int, decimals: int) -> Fraction:
    """An upper bound of max |g_j - wanted_j|."""
    values, target = coefficients(theorem, suffix, n, decimals), wanted(theorem, n)
    with Balls(_bits(n, decimals)).working():
        found = _system(suffix, n, _bits(n, decimals)) * arb_mat([[to_ball(c)] for c in values])
        worst = arb(0)
        for j in range(n):
            worst = worst.max(abs(found[j, 0] - to_ball(target[j])))
        return upper_fraction(worst)


def least_error(theorem: str, n: int) -> Fraction:
    """The error for M = 1 of the unrounded filter: 0 (C14), 1 - 2^-(n-1) (C15)."""
    return Fraction(0) if theorem == "C14" else 1 - Fraction(1, 2 ** (n - 1))


def construct_filter(theorem: str, regime: Regime) -> Construction | Unanswered:
    """The filter of C14 or C15 for regime.n <= D, with the fewest decimals whose bound meets the tolerance."""
    suffix, n = FAMILY_OF[regime.architecture], regime.n
    family = FAMILIES[suffix]
    if n > LARGEST_FILTER:
        return Unanswered(regime, f"n = {n} distinct poles are possible but not solved for here; at most {LARGEST_FILTER}")
    decimals, residual = 0, Fraction(0)
    if not family.is_rational and _residual(theorem, suffix, n, 0):
        room = regime.tolerance - regime.bound * least_error(theorem, n)
        share = room / (n * regime.bound)  # n r M fits into what the tolerance leaves
        exponent = smallest(lambda e: Fraction(10) ** -e < share or (not regime.strict and Fraction(10) ** -e == share), 0)
        residual = Fraction(10) ** -exponent
        decimals = smallest(lambda q: q >= 0 and _residual(theorem, suffix, n, q) <= residual, exponent)
    entries = family.gates(n, regime.architecture)
    for m, value in enumerate(coefficients(theorem, suffix, n, decimals)):
        place, reason = family.place(m, n)
        entries[place] = (value, reason)
    weights, reasons = assemble(regime.architecture, regime.hidden, entries, tuple(f"pole {k + 1}" for k in range(family.size(n))))
    rounding = {} if family.is_rational else {RESIDUAL: residual, DECIMALS: Fraction(decimals)}
    return Construction(
        regime=regime,
        weights=weights,
        theorem=theorem + suffix,
        title=f"{n} different poles, {'readout solved for x_1' if theorem == 'C14' else 'solved for the doubling response'}",
        parameters={N: Fraction(n), M: regime.bound} | rounding,
        derivation=derivation(theorem, suffix, n, decimals),
        reasons=reasons,
        leading_order="0" if theorem == "C14" and family.is_rational else "M (1 - 2^-(n-1))" if theorem == "C15" else "n r M",
    )


def rebuild(theorem: str, suffix: str, parameters: Mapping[str, Fraction]) -> Derivation:
    """The derivation from the parameters it was applied with; raises `UsageError` through `derivation` sizes."""
    n, decimals = parameters.get("n", Fraction(0)), parameters.get("q", Fraction(0))
    return derivation(theorem, suffix, _within(n, 1, LARGEST_FILTER, "n"), _within(decimals, 0, LARGEST_DECIMALS, "q"))


def _within(value: Fraction, least: int, most: int, name: str) -> int:
    if value.denominator != 1 or not least <= value <= most:
        raise UsageError(f"{name} = {value} is not allowed for a filter; a whole number from {least} to {most}")
    return value.numerator


@cache
def derivation(theorem: str, suffix: str, n: int, decimals: int) -> Derivation:
    """|y_n - x_1| <= n r M (C14), or <= M (1 - 2^-(n-1)) + n r M at every horizon up to n (C15); r = 0 for rational poles."""
    family = FAMILIES[suffix]
    residual: Expr = sympy.Integer(0) if family.is_rational else RESIDUAL
    moments, target, values = family.moments(n), wanted(theorem, n), coefficients(theorem, suffix, n, decimals)
    share, part, step, pole, power, eta = (Symbol(s, real=True) for s in ("rho", "theta", "x", "lambda", "P", "eta"))
    hypotheses = [Hypothesis("M > 0", M, strict=True)]
    for j in range(n):
        response = sum((_number(c) * moments(m, j) for m, c in enumerate(values)), sympy.Integer(0))
        hypotheses.append(Hypothesis(f"g_{j} <= {target[j]} + r", residual - (response - _number(target[j]))))
        hypotheses.append(Hypothesis(f"g_{j} >= {target[j]} - r", residual + (response - _number(target[j]))))
    total = N * residual * M
    kept = Identity(
        "share kept", "the share of one input is multiplied by the pole in every step: c λ^j after j steps (induction)",
        pole * (pole ** (N - 1) * share), pole**N * share,
    )  # fmt: skip
    each = AtMost(
        "one share", "the share of one input differs from the wanted one by at most rM: r ρ M θ with |ρ|, |θ| <= 1",
        residual * share * M * part, residual * M, residual * M * (1 - share * part),
    )  # fmt: skip
    every = Chain("n shares", "and there are n inputs", (N * residual * share * M * part, total), (("one share", N),))
    steps = [*(_cell_equations(family, cell, n, values, step) for cell in family.cells), kept, each, every]
    bound = total
    if theorem == "C15":
        bound = M * (1 - 2 ** (1 - N)) + total
        steps += [
            Identity(
                "shares doubled", "Σ_{j<k} 2^j η = (2^k - 1) η, P = 2^k: the induction step over k",
                (power - 1) * eta + power * eta, (2 * power - 1) * eta,
            ),
            Identity(
                "every horizon", "at horizon k + 1 the filter misses by |1 - 2^k η| + Σ_{j<k} 2^j η = 1 - η, P = 2^k, Pη <= 1",
                (1 - power * eta) + (power - 1) * eta, 1 - eta,
            ),
            AtMost("bound", "η = 2^-(n-1), and the roundings on top", M * (1 - 2 ** (1 - N)) + total, bound),
        ]  # fmt: skip
    rational = "exactly" if family.is_rational else f"rounded to {decimals} decimals"
    parts = (*["M (1 - 2^-(n-1))"] * (theorem == "C15"), *["n r M"] * (not family.is_rational))
    what = " + ".join(parts) or "0"
    when = f"x in [-M, M]^{n}: |y_{n} - x_1|" if theorem == "C14" else f"n' <= {n} and x in [-M, M]^n': |y_n' - x_1|"
    return Derivation(
        theorem=theorem + suffix,
        statement=(
            f"For {' or '.join(family.cells)} with these {n} poles, the system solved {rational}, and every {when} <= {what}."
        ),
        parameters=(N, M) if family.is_rational else (N, M, RESIDUAL, DECIMALS),
        ranges={
            N: AT_LEAST_ONE, M: NONNEGATIVE, RESIDUAL: NONNEGATIVE, DECIMALS: NONNEGATIVE, share: SYMMETRIC_UNIT,
            part: SYMMETRIC_UNIT, step: ALL, pole: ALL, power: AT_LEAST_ONE, eta: NONNEGATIVE,
            **dict.fromkeys(_state_symbols(family.size(n)), ALL),
        },
        definitions={},
        hypotheses=tuple(hypotheses),
        steps=tuple(steps),
        bound=bound,
        conclusions=("share kept", "one share", "n shares", *(step.name for step in steps if step.name in DOUBLING_STEPS)),
        source=f"this project, theory {theorem}; Vandermonde readouts of diagonal state spaces: standard",
    )  # fmt: skip


def _state_symbols(size: int) -> list[Symbol]:
    return [Symbol(f"{letter}_{k}", real=True) for letter in "hg" for k in range(size)]


def _cell_equations(family: Family, cell: str, n: int, values: tuple[Fraction, ...], x: Symbol) -> CellEquations:
    """One step of the cell: every state is multiplied by its pole and takes its share of the input."""
    size, moments = family.size(n), family.moments(n)
    template: Template = {}
    for (block, index), (value, _) in family.gates(n, cell).items():
        template.setdefault(block, {})[index] = _number(value)
    for m, value in enumerate(values):
        (block, index), _ = family.place(m, n)
        template.setdefault(block, {})[index] = _number(value)
    symbols = _state_symbols(size)
    h, g = symbols[:size], symbols[size:]
    state: dict[str, Expr] = {f"h[{k}]": h[k] for k in range(size)}
    expected: dict[str, Any] = {}
    if family.reals == 2:
        state |= {f"g[{k}]": g[k] for k in range(size)}
        for k in range(size):
            re, im = (_number(v) for v in _rotation(k, n))
            into = [template.get(block, {}).get((k,), sympy.Integer(0)) for block in ("U_h", "U_g")]
            expected[f"h[{k}]"] = re * h[k] - im * g[k] + into[0] * x
            expected[f"g[{k}]"] = im * h[k] + re * g[k] + into[1] * x
        expected["y"] = sum((expected[f"h[{k}]"] for k in range(size)), sympy.Integer(0))
    else:
        for k in range(size):
            pole = moments(k, 1) / moments(k, 0)
            expected[f"h[{k}]"] = pole * h[k] + moments(k, 0) * x
        expected["y"] = sum((_number(v) * expected[f"h[{k}]"] for k, v in enumerate(values)), sympy.Integer(0))
    return CellEquations(
        f"cell, {cell}", "each state is multiplied by its pole and takes its share of the input; the readout adds up",
        cell=cell, size=size, template=template, state=state, input=x, expected=expected,
    )  # fmt: skip

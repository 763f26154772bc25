"""The lattice network: 2N-1 input-gated diagonal units that reach T5's bound at every n <= N, on the whole box (C16).

T5 leaves M(1 - η), η = 1/C(N-1, ⌊(N-1)/2⌋), with contributions P(i,j) = 2ηM C(i+j-1, i) of an input M that i inputs M and j
inputs -M follow (ηM at i = j = 0), and Q(i,j) = -P(j,i) of an input -M. Binomials are constant terms,

    C(m-1, i) = CT of (1+z)^(m-1) z^-i = CT of (1+z)^-1 ((1+z)/z)^i (1+z)^j,    i + j = m,

and CT is a weighted sum over 2N-1 real points on Laurent polynomials of degree N-1. So a unit per point z, with the gate
1 + 1/z at input M and 1 + z at -M, input weights 1 and -z and readout 2ηM w_z/(1+z), makes all contributions at once. Gates
affine in x make y_n affine in each input: what holds at ±M holds on the box. The points are 1 and z, 1/z for z = 2, -2, 3,
-3, ...: the weights depend on z + 1/z alone, whose moments are C(k, k/2). Source: this project, theory C16.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from math import comb

import sympy
from flint import fmpq, fmpq_mat
from sympy import Expr, Rational, Symbol

from constructions.answer import Construction, Place, assemble
from verifier.errors import UsageError
from verifier.inequality import (
    ALL,
    AT_LEAST_ONE,
    NONNEGATIVE,
    UNIT,
    AtMost,
    CellEquations,
    Derivation,
    Hypothesis,
    Identity,
    Step,
)
from verifier.regime import Regime

M = Symbol("M", positive=True)
N = Symbol("n", integer=True, positive=True)
ETA = Symbol("eta", positive=True)

HORIZON_SHOWN = 6
"""Horizon of the network that stands for the theorem."""

LONGEST = 20
"""Horizon up to which the lattice network is built."""


def least_error(length: int) -> Fraction:
    """1 - 1/C(N-1, ⌊(N-1)/2⌋): what T5 leaves for M = 1 up to horizon N = `length`.

    >>> [str(least_error(n)) for n in range(3, 9)]
    ['1/2', '2/3', '5/6', '9/10', '19/20', '34/35']
    """
    return 1 - Fraction(1, comb(length - 1, (length - 1) // 2))


def units(length: int) -> int:
    """2N-1: the units of the lattice network."""
    return 2 * length - 1


@cache
def points(length: int) -> tuple[tuple[Fraction, Fraction], ...]:
    """(z, w_z): 2N-1 points and weights with Σ w_z z^k = [k = 0] for |k| <= N-1."""
    signed = [Fraction((k // 2 + 2) * (-1) ** k) for k in range(length - 1)]  # 2, -2, 3, -3, ...
    sums = [Fraction(2), *(z + 1 / z for z in signed)]
    moments = [comb(k, k // 2) if k % 2 == 0 else 0 for k in range(length)]  # CT of (z + 1/z)^k
    system = fmpq_mat([[fmpq(u.numerator, u.denominator) ** k for u in sums] for k in range(length)])
    solved = system.solve(fmpq_mat([[fmpq(m)] for m in moments]))
    shares = [Fraction(int(solved[k, 0].p), int(solved[k, 0].q)) for k in range(length)]
    pairs = [(point, share / 2) for z, share in zip(signed, shares[1:], strict=True) for point in (z, 1 / z)]
    return ((Fraction(1), shares[0]), *pairs)


def construct_paths(regime: Regime) -> Construction:
    """The lattice network for every n' <= regime.n; 2n-1 units."""
    size, eta = regime.bound, 1 - least_error(regime.n)
    entries: dict[Place, tuple[Fraction | int, str]] = {}
    for k, (z, weight) in enumerate(points(regime.n)):
        up, down = 1 + 1 / z, 1 + z
        entries["U_a", (k,)] = ((up - down) / (2 * size), "gate 1 + 1/z at x = M and 1 + z at x = -M, affine between")
        entries["b_a", (k,)] = ((up + down) / 2, "the middle of these two gates")
        entries["U_b", (k,)] = ((1 + z) / (2 * size), "what an input adds: 1 at x = M, -z at x = -M")
        entries["b_b", (k,)] = ((1 - z) / 2, "the middle of these two")
        entries["V", (k,)] = (2 * eta * size * weight / (1 + z), "readout 2ηM w/(1+z): the units sum up to binomials")
    weights, reasons = assemble("diagonal", regime.hidden, entries, tuple(f"z = {z}" for z, _ in points(regime.n)))
    return Construction(
        regime=regime,
        weights=weights,
        theorem="C16",
        title=f"lattice network of {units(regime.n)} units",
        parameters={N: Fraction(regime.n), M: size},
        derivation=derivation(regime.n),
        reasons=reasons,
        leading_order="M (1 - η)",
    )


def rebuild(parameters: Mapping[str, Fraction]) -> Derivation:
    """The derivation for the n it was applied with; raises `UsageError` outside 1 ... `LONGEST`."""
    n = parameters.get("n", Fraction(0))
    if n.denominator != 1 or not 1 <= n <= LONGEST:
        raise UsageError(f"n = {n} is not the horizon of a lattice network; 1 to {LONGEST}")
    return derivation(n.numerator)


@cache
def derivation(length: int) -> Derivation:
    """|y_n - x_1| <= M(1 - η) for every n <= N on the whole box (theory C16)."""
    found = points(length)
    s, u, v, part = Symbol("s", real=True), Symbol("u", positive=True), Symbol("v", positive=True), Symbol("kappa", real=True)
    h = [Symbol(f"h_{k}", real=True) for k in range(len(found))]
    template: dict[str, dict[tuple[int, ...], Expr]] = {name: {} for name in ("U_a", "b_a", "U_b", "b_b", "V")}
    for k, (z, weight) in enumerate(found):
        up, down = 1 + 1 / z, 1 + z
        template["U_a"][k,] = _number((up - down) / 2) / M
        template["b_a"][k,] = _number((up + down) / 2)
        template["U_b"][k,] = _number((1 + z) / 2) / M
        template["b_b"][k,] = _number((1 - z) / 2)
        template["V"][k,] = _number(2 * (1 - least_error(length)) * weight / (1 + z)) * M
    state: dict[str, Expr] = {f"h[{k}]": value for k, value in enumerate(h)}

    def at(name: str, text: str, sign: int) -> CellEquations:
        gates = [1 + 1 / z if sign > 0 else 1 + z for z, _ in found]
        gains = [Fraction(1) if sign > 0 else -z for z, _ in found]
        expected = {f"h[{k}]": _number(gates[k]) * h[k] + _number(gains[k]) for k in range(len(h))}
        return CellEquations(
            name, text, cell="diagonal", size=len(h), template=template, state=state, input=sign * M, expected=expected
        )

    steps: list[Step] = [
        at("cell at M", "an input M multiplies unit z by 1 + 1/z and adds 1", 1),
        at("cell at -M", "an input -M multiplies unit z by 1 + z and adds -z", -1),
    ]
    for m in range(length):
        steps += [_table(found, m, s, sign) for sign in (1, -1)]
    most, least = ETA * (2 * u - 1), -ETA * (2 * v - 1)
    steps += [
        Identity(
            "largest path", "inside, paths to (i,j) reach at most η(2u-1), u = C(m-1,j); a step right adds 2ηv, v = C(m-1,i) = "
            "C(m-1,j-1), and u + v = C(m,j): the induction step; on the border there is one path",
            most + 2 * ETA * v, ETA * (2 * (u + v) - 1),
        ),
        Identity(
            "smallest path", "and at least -η(2v-1), so a path that ends with a step right has at least η; a step up mirrors both",
            least + 2 * ETA * v, ETA,
        ),
        AtMost(
            "not above", "with ηC(m,j) = κ <= 1 the largest path misses x_1 = M by at most 2κ - η - 1 <= 1 - η",
            M * (2 * part - ETA - 1), M * (1 - ETA), 2 * M * (1 - part),
        ),
        AtMost("not below", "and the smallest misses by 1 - η", M * (1 - ETA), M * (1 - ETA), ZERO),
    ]  # fmt: skip
    middle = comb(length - 1, (length - 1) // 2)
    return Derivation(
        theorem="C16",
        statement=(
            f"For the lattice network of {len(found)} units, every n' <= {length} and every x in [-M, M]^n': "
            f"|y_n' - x_1| <= M (1 - η), η = 1/{middle}; y_n' is affine in each input, so vertices decide."
        ),
        parameters=(N, M),
        ranges={N: AT_LEAST_ONE, M: NONNEGATIVE, s: ALL, u: AT_LEAST_ONE, v: AT_LEAST_ONE, part: UNIT, **dict.fromkeys(h, ALL)},
        definitions={ETA: Rational(1, middle)},
        hypotheses=(
            Hypothesis("M > 0", M, strict=True),
            *(
                Hypothesis(f"η C({m}, j) <= 1 for all j", 1 - Rational(comb(m, j), middle))
                for m in range(length)
                for j in (m // 2,)
            ),
        ),
        steps=tuple(steps),
        bound=M * (1 - ETA),
        conclusions=("cell at M", "cell at -M", "largest path", "smallest path", "not above", "not below"),
        source="this project, theory C16",
    )  # fmt: skip


def _table(found: tuple[tuple[Fraction, Fraction], ...], m: int, s: Symbol, sign: int) -> Identity:
    """Σ_z V_z b_z(±M) (α_z s + β_z)^m is the generating function of P(i, m-i), resp. Q(i, m-i)."""
    made = ZERO
    for z, weight in found:
        gain = _number(2 * weight / (1 + z) * (1 if sign > 0 else -z))
        made += gain * (_number(1 + 1 / z) * s + _number(1 + z)) ** m
    table = [sign * 2 * comb(m - 1, i if sign > 0 else m - i) if m else sign for i in range(m + 1)]
    wanted = sum((comb(m, i) * value * s**i for i, value in enumerate(table)), ZERO)
    name = "P" if sign > 0 else "Q"
    text = f"{m} inputs after x = {'M' if sign > 0 else '-M'}: Σ_z V_z b_z T^i T'^j = {name}(i,j), as generating functions over ηM"
    return Identity(f"{name} at {m}", text, made, wanted)


ZERO: Expr = sympy.Integer(0)


def _number(value: Fraction) -> Expr:
    return Rational(value.numerator, value.denominator)

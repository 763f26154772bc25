"""Guards of checked derivations: whole powers, abbreviations that hide a variable, several conventions of one cell."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import Any

import pytest
import sympy
from sympy import Expr, Symbol, tanh

from constructions.gru import derivation, network
from constructions.linear import doubling
from proofs.theorems.t4 import recursion
from verifier.arithmetic.symbols import sigmoid
from verifier.inequality import (
    AT_LEAST_ONE,
    NONNEGATIVE,
    SYMMETRIC_UNIT,
    UNIT,
    AtMost,
    Atom,
    CellEquations,
    Context,
    Growth,
    Induction,
    Instance,
    Range,
    Relation,
    UpToTheEnd,
    range_of,
)
from verifier.verdict import Verdict
from verifier.weights import Weights

V = Symbol("v", real=True)
B = Symbol("b", positive=True)
A = Symbol("a", positive=True)
S = Symbol("s", real=True)
R = Symbol("r", real=True)
N = Symbol("n", integer=True, positive=True)
K = Symbol("K", positive=True)
ZERO = sympy.Integer(0)


def context(**definitions: Expr) -> Context:
    """Ranges of the symbols above, and what `a` abbreviates."""
    ranges: dict[Symbol, Range] = {V: UNIT, B: UNIT, S: SYMMETRIC_UNIT, N: AT_LEAST_ONE, K: NONNEGATIVE}
    symbols = {"a": A}
    return Context(ranges, {symbols[name]: value for name, value in definitions.items()}, {})


@pytest.mark.parametrize("exponent", [N, N - 1, 2 * N, 3 * N - 2, N**2])
def test_whole_powers_of_the_unit_interval_stay_in_it(exponent: Expr) -> None:
    assert range_of(B**exponent, context().ranges) == UNIT


@pytest.mark.parametrize("power", [B ** (N - 2), B ** (-N), (2 * B) ** N, S ** (N - 1), B**K, B ** (N / 2)])
def test_other_powers_are_not_bounded(power: Expr) -> None:
    assert range_of(power, context().ranges) != UNIT


@pytest.mark.parametrize(
    ("left", "right", "verdict"),
    [
        (A * A ** (N - 1), A**N, Verdict.PROVED),
        (A ** (N + 2) / A, A * A**N, Verdict.PROVED),
        (A, 1 - sigmoid(K), Verdict.PROVED),
        (A * A ** (N - 1), A ** (N - 1), Verdict.UNDECIDED),
        (A * A ** (N - 1), A ** (N + 1), Verdict.UNDECIDED),
        (A, sigmoid(K), Verdict.UNDECIDED),
    ],
)
def test_powers_of_an_abbreviation(left: Expr, right: Expr, verdict: Verdict) -> None:
    assert context(a=sigmoid(-K)).check_identity(left, right) is verdict


def induction(lower: Expr, successor: Expr, argument: Expr | None = None, **options: Any) -> Verdict:
    """Whether `Induction` proves lower <= s for s_1 = 0 and this successor."""
    step = Induction(
        "claim",
        "lower <= s",
        state=S,
        index=N,
        lower=lower,
        start=ZERO,
        successor=successor,
        base_polynomial=None,
        base_atoms=(),
        step_polynomial=argument,
        step_atoms=(),
        slack=R,
    )
    base = context(**{name: value for name, value in options.items() if name == "a"})
    return step.check(dataclasses.replace(base, ranges={**base.ranges, N: options.get("ranges", AT_LEAST_ONE)}))


def test_induction_starts_at_one() -> None:
    assert induction(1 - N, S) is Verdict.PROVED
    assert induction(1 - N, S, ranges=(Fraction(2), AT_LEAST_ONE[1])) is Verdict.UNDECIDED
    assert induction(1 - N, S, ranges=UNIT) is Verdict.UNDECIDED
    assert induction(N - 1, S) is Verdict.REFUTED


def test_induction_sees_through_abbreviations() -> None:
    """s_t = t(t-1)/2 is not >= a (t-1) with a = t, but from t to t + 1 with the same a it would seem so."""
    assert induction(A * (N - 1), S + N, R, a=N) is Verdict.UNDECIDED
    assert induction(A * (N - 1), S + A, R, a=sigmoid(K)) is Verdict.PROVED


def test_growth_sees_through_abbreviations() -> None:
    """3v² <= 2v² is false; written 3av <= 2v² with a = v its slope is 4v - 3a = v."""
    wrong = Growth("claim", "", 3 * A * V, 2 * V**2, V, V)
    assert wrong.check(context(a=V)) is Verdict.UNDECIDED
    right = Growth("claim", "", 2 * V**2, 3 * V**2, V, 2 * V)
    assert right.check(context()) is Verdict.PROVED


def test_up_to_the_end_sees_through_abbreviations() -> None:
    """av - v²/2 <= a - 1/2 is false with a = v < 1, though the slope a - v is 0."""
    room = Relation(V, sympy.Integer(1))
    for function, slope, verdict in (
        (A * V - V**2 / 2, ZERO, Verdict.UNDECIDED),
        (V**2 / 2, V, Verdict.PROVED),
    ):
        step = UpToTheEnd("claim", "", function, V, sympy.Integer(1), slope, (), "room")
        assert step.check(dataclasses.replace(context(a=V), proved={"room": room})) is verdict


def test_instance_sees_through_abbreviations() -> None:
    """From a <= v with a = v it does not follow that a <= 0."""
    claim = Relation(A, V)
    for definition, verdict in ((V, Verdict.UNDECIDED), (tanh(K), Verdict.PROVED)):
        step = Instance("instance", "at v = 0", "claim", claim, {V: ZERO})
        assert step.check(dataclasses.replace(context(a=definition), proved={"claim": claim})) is verdict


def test_a_false_polynomial_argument_is_refused_with_abbreviations_free() -> None:
    """The free reading proves more identities, not more inequalities."""
    p = Symbol("p", real=True)
    growing = AtMost("claim", "", A ** (N - 1), A**N, p * (A - 1), (Atom(p, A ** (N - 1)),))
    falling = AtMost("claim", "", A**N, A ** (N - 1), p * (1 - A), (Atom(p, A ** (N - 1)),))
    assert falling.check(context(a=sigmoid(K))) is Verdict.PROVED
    assert growing.check(context(a=sigmoid(K))) is Verdict.REFUTED


# --- one derivation for several conventions ---------------------------------------------------------------------------

CELLS = ("gru", "gru-keep", "gru-after", "gru-after-keep")


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("other", CELLS)
def test_weights_match_the_template_of_their_own_cell(cell: str, other: str) -> None:
    values = dict(zip(derivation().parameters, (5, 1, Fraction(1, 10), 7, 9), strict=True))
    weights, _ = network(cell, 4, 7, 9, Fraction(1, 10))
    assert derivation().matches(weights, values) is Verdict.PROVED
    copied = {name: dict(array.entries) for name, array in weights.blocks().items() if len(array)}
    as_other = type(weights)(other, 4, copied)
    same_sign = cell.endswith("keep") == other.endswith("keep")
    assert derivation().matches(as_other, values) is (Verdict.PROVED if same_sign else Verdict.REFUTED)


def test_no_template_two_templates_and_foreign_cells() -> None:
    values = dict(zip(derivation().parameters, (5, 1, Fraction(1, 10), 7, 9), strict=True))
    weights, _ = network("gru", 2, 7, 9, Fraction(1, 10))
    steps = derivation().steps
    without = tuple(step for step in steps if not isinstance(step, CellEquations))
    others = tuple(step for step in steps if not (isinstance(step, CellEquations) and step.cell == "gru"))
    for chosen, verdict in (
        (without, Verdict.UNDECIDED),
        (others, Verdict.REFUTED),
        ((dataclasses.replace(steps[0], template={}), *steps), Verdict.UNDECIDED),
    ):
        changed = dataclasses.replace(derivation(), steps=chosen)
        assert changed.matches(weights, values) is verdict


def test_a_bound_from_below_says_nothing_about_weights() -> None:
    """T4's derivation bounds every network's error from below; offered as a bound for weights it covers none."""
    lower = recursion()
    assert lower.verdict is Verdict.PROVED
    assert dataclasses.replace(lower, from_below=False).check_conclusion() is Verdict.UNDECIDED
    weights = Weights("linear", 1, {"W_h": {(0, 0): 2}, "U_h": {(0,): 1}, "V": {(0,): Fraction(1, 2)}})
    upper = doubling()
    values = {upper.parameters[0]: 2, upper.parameters[1]: 1}
    assert upper.matches(weights, values) is Verdict.PROVED
    assert dataclasses.replace(upper, from_below=True).matches(weights, values) is Verdict.UNDECIDED
    rises = (AtMost("rises", "0 <= M", sympy.Integer(0), upper.parameters[1]),)
    above = dataclasses.replace(upper, steps=rises, bound=upper.parameters[1], conclusions=("rises",))
    assert above.check_conclusion() is Verdict.PROVED
    assert dataclasses.replace(above, from_below=True).check_conclusion() is Verdict.UNDECIDED
    assert dataclasses.replace(above, from_below=True, bound=sympy.Integer(0)).check_conclusion() is Verdict.PROVED

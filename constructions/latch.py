"""Cells that can be a latch (C8): weights of one bistable unit per threshold, and what a step keeps of a unit's sign.

Unit j feeds itself back with Γ against the input κ(x - θ_j); the cell passes that argument through tanh and its gates:

    tanh      h' = tanh(Γ h + κ(x - θ))
    sigmoid   u = 2h - 1:  u' = tanh(Γ u + Γ(1 - f)/2 + κ(x - θ)); the flag f is -1 before step 1 and tanh(B) after it
    gru       h' = (1-φ) h + φ tanh(Γφ h + κ(x - θ)),  both gates open: φ = σ(K)
    lstm      c' = (1-φ) c + φ tanh(Γ h + κ(x - θ)),  h' = φ tanh(c')

`held(u)` is the least state of a unit, not negative before, whose argument is at least u; `scale`·h is its share of one step of
the staircase, at most 1. Source: this project, theory C8.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy
from sympy import Expr, Symbol, tanh

from constructions.answer import Place
from verifier.arithmetic.symbols import sigmoid
from verifier.inequality import (
    NONNEGATIVE,
    SYMMETRIC_UNIT,
    Assumed,
    AtMost,
    Atom,
    CellEquations,
    Hypothesis,
    Identity,
    Increasing,
    Range,
    Relation,
    Step,
)

D = Symbol("d", integer=True, positive=True)
M = Symbol("M", positive=True)
KAPPA = Symbol("kappa", positive=True)
GAMMA = Symbol("Gamma", positive=True)
K = Symbol("K", positive=True)
B = Symbol("B", positive=True)
RHO = Symbol("rho", positive=True)
PHI = Symbol("phi", positive=True)
Q = Symbol("q", positive=True)
ONE = sympy.Integer(1)
ZERO = sympy.Integer(0)

STATE, INPUT, THRESHOLD, FLAG, CELL = sympy.symbols("h x theta f c", real=True)
BEFORE, CANDIDATE, RISE, ROOM = sympy.symbols("h_0 g e r", real=True)

RANGES: dict[Symbol, Range] = {
    **dict.fromkeys((STATE, CELL, BEFORE, CANDIDATE), SYMMETRIC_UNIT),
    **dict.fromkeys((KAPPA, GAMMA, M, K, B, RHO), NONNEGATIVE),
}

Numbers = Mapping[Symbol, Any]
"""M, κ, Γ and the cell's own sizes: rationals, or the symbols themselves."""

UnitWeights = dict[Place, tuple[Any, str]]
"""Every weight with its reason."""


@dataclass(frozen=True)
class Latch:
    """One cell as a latch.

    `extra` are the sizes besides κ and Γ, `saturation` the one that makes it nearly a plain tanh unit; `limit` gives the
    abbreviations there. `weights(d, numbers)` are the weights of d thresholds; `held`, `gain`, `leak` and `scale` as above: an
    argument is Γ(gain·h - leak·s) + κ(x - θ) with |s| <= 1. `unit` is a unit's new state from its old one and κ(x - θ),
    `memory` its new cell where it has one; `conjugated` says that both stand for 2h - 1. `lift` proves held(u) <= h' from
    u <= argument, `full` that scale·held(u) <= 1, `own` what else is the cell's alone. Texts are for people, with {} for u.
    """

    theorem: str
    title: str
    cells: tuple[str, ...]
    flags: int
    weights: Callable[[str, int, Numbers], UnitWeights]
    held: Callable[[Expr], Expr]
    lift: Callable[[str, str, Relation, Expr], tuple[Step, ...]]
    full: Callable[[str, Expr], tuple[Step, ...]]
    own: tuple[Step, ...]
    unit: Callable[[Expr, Expr], Expr]
    show_text: str
    keep_text: str
    where: str = ""
    lost: tuple[str, str] = ("", "2")
    gain: Expr = ONE
    leak: Expr = ZERO
    scale: Expr = ONE
    saturation: Symbol | None = None
    extra: tuple[Symbol, ...] = ()
    definitions: Mapping[Symbol, Expr] = field(default_factory=dict)
    limit: Mapping[Symbol, int] = field(default_factory=dict)
    hypotheses: tuple[Hypothesis, ...] = ()
    memory: Callable[[Expr, Expr], Expr] | None = None
    conjugated: bool = False

    def keep(self, argument: Expr) -> Expr:
        """What feedback sees of a unit whose argument was at least this: gain·held - leak."""
        return self.gain * self.held(argument) - self.leak

    def show(self, argument: Expr) -> Expr:
        """The least share of a step of the staircase that such a unit reads."""
        return self.scale * self.held(argument)


def threshold(k: int, units: int, bound: Any) -> Any:
    """θ_{k+1} = -M + (2k+1)M/d."""
    return -bound + (2 * k + 1) * bound / units


def _staircase(letter: str, units: int, numbers: Numbers, gain: int = 1) -> UnitWeights:
    """Feedback `gain`²Γ, input `gain`κ and threshold of each unit, in the map named `letter`."""
    entries: UnitWeights = {}
    for k in range(units):
        level = threshold(k, units, numbers[M])
        entries[f"W_{letter}", (k, k)] = (gain**2 * numbers[GAMMA], "feedback Γ: keeps the unit's sign against every later input")
        entries[f"U_{letter}", (k,)] = (gain * numbers[KAPPA], "steepness κ: the first input decides the sign")
        entries[f"b_{letter}", (k,)] = (-gain * numbers[KAPPA] * level, f"threshold θ_{k + 1} of the staircase")
    return entries


def _readout(units: int, worth: Any) -> UnitWeights:
    return {("V", (k,)): (worth, "each unit is worth one step of the staircase") for k in range(units)}


# --- tanh -------------------------------------------------------------------------------------------------------------


def _tanh_weights(_: str, units: int, numbers: Numbers) -> UnitWeights:
    return {**_staircase("h", units, numbers), **_readout(units, numbers[M] / units)}


def _tanh_lift(name: str, fact: str, argument: Relation, _: Expr) -> tuple[Step, ...]:
    """tanh u <= tanh z."""
    return (Increasing(name, "tanh increases", tanh, fact, argument),)


def _tanh_full(name: str, argument: Expr) -> tuple[Step, ...]:
    """tanh u <= 1."""
    return (AtMost(name, "a unit reads at most one step", tanh(argument), ONE, 1 - RISE, (Atom(RISE, tanh(argument)),)),)


def _tanh_unit(state: Expr, pushed: Expr) -> Expr:
    return tanh(GAMMA * state + pushed)


TANH = Latch(
    theorem="C8",
    title="tanh RNN",
    cells=("tanh",),
    flags=0,
    weights=_tanh_weights,
    held=tanh,
    lift=_tanh_lift,
    full=_tanh_full,
    own=(
        Identity(
            "mirrored", "negating state, input and threshold negates the unit: what holds below x_1 holds above it",
            tanh(GAMMA * -STATE + KAPPA * (-INPUT + THRESHOLD)), -tanh(GAMMA * STATE + KAPPA * (INPUT - THRESHOLD)),
        ),
    ),
    unit=_tanh_unit,
    show_text="tanh({})",
    keep_text="tanh({})",
)  # fmt: skip


# --- sigmoid ----------------------------------------------------------------------------------------------------------


def _sigmoid_weights(_: str, units: int, numbers: Numbers) -> UnitWeights:
    """σ(2z) = (1 + tanh z)/2 in u = 2h - 1; the flag is the last unit."""
    lowered: UnitWeights = {
        ("W_h", (k, units)): (-2 * numbers[GAMMA], "flag: 0 before step 1, where the units start at u = -1; then takes Γ off")
        for k in range(units)
    }
    return {
        **_staircase("h", units, numbers, gain=2),
        **lowered,
        ("b_h", (units,)): (2 * numbers[B], "flag: 0 before step 1, σ(2B) ever after"),
        **_readout(units, 2 * numbers[M] / units),
        ("v0", ()): (-numbers[M], "σ is 1/2 where tanh is 0"),
    }


def _sigmoid_unit(state: Expr, pushed: Expr) -> Expr:
    return tanh(GAMMA * state + GAMMA * (1 - FLAG) / 2 + pushed)


_PUSHED = KAPPA * (INPUT - THRESHOLD)

SIGMOID = Latch(
    theorem="C8-sigmoid",
    title="sigmoid RNN",
    cells=("sigmoid",),
    flags=1,
    weights=_sigmoid_weights,
    held=tanh,
    lift=_tanh_lift,
    full=_tanh_full,
    own=(
        Identity(
            "before step 1", "all units are h = 0, that is u = f = -1: the flag takes the feedback off",
            _sigmoid_unit(-ONE, _PUSHED).subs(FLAG, -1), tanh(_PUSHED),
        ),
        Identity(
            "flag up", "from step 1 on f = tanh B: what it leaves of the feedback is Γq",
            _sigmoid_unit(STATE, _PUSHED).subs(FLAG, tanh(B)), tanh(GAMMA * (STATE + Q) + _PUSHED),
        ),
        Identity(
            "mirrored", "negating state, input and threshold negates the unit and q: covered by any share of q between ±1",
            tanh(GAMMA * (-STATE + Q) + KAPPA * (-INPUT + THRESHOLD)), -tanh(GAMMA * (STATE - Q) + _PUSHED),
        ),
    ),
    unit=_sigmoid_unit,
    show_text="tanh({})",
    keep_text="(tanh({}) - q)",
    where=", where q = σ(-2B)",
    conjugated=True,
    leak=Q,
    saturation=B,
    extra=(B,),
    definitions={Q: sigmoid(-2 * B)},
    limit={Q: 0},
    hypotheses=(Hypothesis("B > 0", B, strict=True),),
)  # fmt: skip


# --- GRU --------------------------------------------------------------------------------------------------------------

SIGNS = {"gru": 1, "gru-keep": -1, "gru-after": 1, "gru-after-keep": -1}
"""The sign of z's rows: 1 where z takes the candidate, -1 where it keeps the state."""


def _gru_weights(cell: str, units: int, numbers: Numbers) -> UnitWeights:
    sign = SIGNS[cell]
    share = "z" if sign > 0 else "1 - z"
    entries = _staircase("n", units, numbers)
    for k in range(units):
        entries["b_z", (k,)] = (sign * numbers[K], f"takes its candidate at every step: {share} = φ = σ(K)")
        entries["b_r", (k,)] = (numbers[K], "reset open: feedback passes, up to φ")
    return {**entries, **_readout(units, numbers[M] / units)}


def _taken(old: Expr, candidate: Expr) -> Expr:
    """(1-φ) old + φ candidate."""
    return (1 - PHI) * old + PHI * candidate


def _gru_lift(name: str, fact: str, argument: Relation, old: Expr) -> tuple[Step, ...]:
    """φ tanh u <= (1-φ) h + φ tanh z, for h >= 0."""
    low, high = tanh(argument.left), tanh(argument.right)
    return (
        Increasing(f"{name}: candidate", "tanh increases", tanh, fact, argument),
        AtMost(
            name, "the new state takes φ of the candidate and keeps the sign", PHI * low, _taken(old, high),
            (1 - PHI) * old + PHI * RISE, (Atom(RISE, high - low, f"{name}: candidate"),),
        ),
    )  # fmt: skip


def _gru_full(name: str, argument: Expr) -> tuple[Step, ...]:
    """φ tanh u <= 1."""
    value = PHI * tanh(argument)
    return (AtMost(name, "a unit reads at most one step", value, ONE, 1 - PHI * RISE, (Atom(RISE, tanh(argument)),)),)


def _gru_unit(state: Expr, pushed: Expr) -> Expr:
    return _taken(state, tanh(GAMMA * PHI * state + pushed))


GRU = Latch(
    theorem="C8-gru",
    title="GRU",
    cells=tuple(SIGNS),
    flags=0,
    weights=_gru_weights,
    held=lambda argument: PHI * tanh(argument),
    lift=_gru_lift,
    full=_gru_full,
    own=(
        Identity(
            "mirrored", "negating state, input and threshold negates the unit: what holds below x_1 holds above it",
            _gru_unit(-STATE, KAPPA * (-INPUT + THRESHOLD)), -_gru_unit(STATE, _PUSHED),
        ),
        AtMost("bounded", "a state is a convex combination: at most 1", _taken(BEFORE, CANDIDATE), ONE),
    ),
    unit=_gru_unit,
    show_text="φ tanh({})",
    keep_text="φ² tanh({})",
    where=", where φ = σ(K)",
    lost=("e^-K", "2"),
    gain=PHI,
    saturation=K,
    extra=(K,),
    definitions={PHI: sigmoid(K)},
    limit={PHI: 1},
    hypotheses=(Hypothesis("K > 0", K, strict=True),),
)  # fmt: skip


# --- LSTM -------------------------------------------------------------------------------------------------------------


def _lstm_weights(_: str, units: int, numbers: Numbers) -> UnitWeights:
    entries = _staircase("g", units, numbers)
    for k in range(units):
        entries["b_f", (k,)] = (-numbers[K], "cell forgets all but 1 - φ = σ(-K): the candidate decides anew at every step")
        entries["b_i", (k,)] = (numbers[K], "candidate is admitted up to φ = σ(K)")
        entries["b_o", (k,)] = (numbers[K], "unit is always shown")
    return {**entries, **_readout(units, numbers[RHO] * numbers[M] / units)}


def _lstm_lift(name: str, fact: str, argument: Relation, old: Expr) -> tuple[Step, ...]:
    """φ tanh(φ tanh u) <= φ tanh((1-φ) c + φ tanh z), for c >= 0."""
    low, high = tanh(argument.left), tanh(argument.right)
    cell = Relation(PHI * low, _taken(old, high))
    return (
        Increasing(f"{name}: candidate", "tanh increases", tanh, fact, argument),
        AtMost(
            f"{name}: cell", "the cell takes φ of the candidate and keeps the sign", cell.left, cell.right,
            (1 - PHI) * old + PHI * RISE, (Atom(RISE, high - low, f"{name}: candidate"),),
        ),
        Increasing(f"{name}: shown", "tanh increases", tanh, f"{name}: cell", cell),
        AtMost(
            name, "the output gate shows φ of it", PHI * tanh(cell.left), PHI * tanh(cell.right),
            PHI * RISE, (Atom(RISE, tanh(cell.right) - tanh(cell.left), f"{name}: shown"),),
        ),
    )  # fmt: skip


def _lstm_read(name: str, cell: Expr, fact: str) -> tuple[Step, ...]:
    """ρφ tanh c <= ρφ tanh 1 <= 1, for c <= 1."""
    return (
        Increasing(f"{name}: shown", "tanh increases", tanh, fact, Relation(cell, ONE)),
        AtMost(
            name, "a unit reads at most one step: ρφ tanh c <= ρφ tanh 1 <= 1", RHO * PHI * tanh(cell), ONE,
            ROOM + RHO * PHI * RISE,
            (Atom(ROOM, 1 - RHO * PHI * tanh(1), "share"), Atom(RISE, tanh(1) - tanh(cell), f"{name}: shown")),
        ),
    )  # fmt: skip


def _lstm_full(name: str, argument: Expr) -> tuple[Step, ...]:
    """ρφ tanh(φ tanh u) <= 1."""
    cell = PHI * tanh(argument)
    below = AtMost(f"{name}: cell", "its cell is at most 1", cell, ONE, 1 - PHI * RISE, (Atom(RISE, tanh(argument)),))
    return (below, *_lstm_read(name, cell, f"{name}: cell"))


def _lstm_cell(state: Expr, pushed: Expr) -> Expr:
    return _taken(CELL, tanh(GAMMA * state + pushed))


def _lstm_unit(state: Expr, pushed: Expr) -> Expr:
    return PHI * tanh(_lstm_cell(state, pushed))


LSTM = Latch(
    theorem="C8-lstm",
    title="LSTM",
    cells=("lstm",),
    flags=0,
    weights=_lstm_weights,
    held=lambda argument: PHI * tanh(PHI * tanh(argument)),
    lift=_lstm_lift,
    full=_lstm_full,
    own=(
        Identity(
            "mirrored", "negating state, cell, input and threshold negates the unit: what holds below x_1 holds above it",
            _lstm_unit(-STATE, KAPPA * (-INPUT + THRESHOLD)).subs(CELL, -CELL), -_lstm_unit(STATE, _PUSHED),
        ),
        Assumed("share", "hypothesis: ρφ tanh 1 <= 1", RHO * PHI * tanh(1), ONE),
        AtMost("cell bounded", "a cell is a convex combination: at most 1", _taken(BEFORE, CANDIDATE), ONE),
        *_lstm_read("bounded", _taken(BEFORE, CANDIDATE), "cell bounded"),
    ),
    unit=_lstm_unit,
    show_text="ρφ tanh(φ tanh({}))",
    keep_text="φ tanh(φ tanh({}))",
    where=", where φ = σ(K)",
    lost=("1 - ρ tanh 1 + 1.55 e^-K", "1.1"),
    memory=_lstm_cell,
    scale=RHO,
    saturation=K,
    extra=(K, RHO),
    definitions={PHI: sigmoid(K)},
    limit={PHI: 1},
    hypotheses=(
        Hypothesis("K > 0", K, strict=True),
        Hypothesis("ρ > 0", RHO, strict=True),
        Hypothesis("ρφ tanh 1 ≤ 1", 1 - RHO * PHI * tanh(1)),
    ),
)  # fmt: skip

LATCHES: dict[str, Latch] = {cell: latch for latch in (TANH, SIGMOID, GRU, LSTM) for cell in latch.cells}
"""The latch of each cell that can be one."""


def equations(latch: Latch, cell: str, units: int) -> CellEquations:
    """The equations of a cell with the latch's weights for this many thresholds, unit by unit."""
    symbols: dict[Symbol, Any] = {s: s for s in (M, KAPPA, GAMMA, *latch.extra)}
    template: dict[str, dict[tuple[int, ...], Expr]] = {}
    for (block, index), (value, _) in latch.weights(cell, units, symbols).items():
        template.setdefault(block, {})[index] = value

    def stored(value: Expr) -> Expr:
        return (1 + value) / 2 if latch.conjugated else value

    state: dict[str, Expr] = {}
    expected: dict[str, Expr] = {}
    total: Expr = sympy.Integer(0)
    for k in range(units):
        old, memory = Symbol(f"h_{k + 1}", real=True), Symbol(f"c_{k + 1}", real=True)
        put_in = {**latch.definitions, CELL: memory}
        pushed = KAPPA * INPUT - KAPPA * threshold(k, units, M)
        new = latch.unit(old, pushed).xreplace(put_in)
        state[f"h[{k}]"], expected[f"h[{k}]"] = stored(old), stored(new)
        if latch.memory is not None:
            state[f"c[{k}]"], expected[f"c[{k}]"] = memory, latch.memory(old, pushed).xreplace(put_in)
        total += M / units * latch.scale * new
    for k in range(units, units + latch.flags):
        state[f"h[{k}]"], expected[f"h[{k}]"] = stored(FLAG), stored(tanh(B))
    return CellEquations(
        "cell" if cell == latch.cells[0] else f"cell {cell}",
        f"the equations of {cell} with these weights, unit by unit" + (", in u = 2h - 1" if latch.conjugated else ""),
        cell=cell,
        size=units + latch.flags,
        template=template,
        state=state,
        input=INPUT,
        expected={**expected, "y": total},
        sized_by=D,
        grown=lambda size: equations(latch, cell, size),
    )

"""The thermometer latch (C8): d staggered bistable units hold one of d + 1 levels for ever.

Unit j has the threshold θ_j = -M + (2j-1)M/d. The first input sets its sign, feedback Γ then outweighs every later input, whose
argument κ(x - θ_j) is at least -κ(2M - M/d). All units but the nearest are M/d or more away from x_1, and but for one on either
side 3M/d or more: their arguments are κM/d and 3κM/d or more at step 1, and T or more later. The nearest keeps its sign for ever
if |x_1 - θ_j| >= w; if not, its reading still lies between the two levels next to θ_j. So, for every n >= 1,

    |y_n - x_1| <= M/d + w + M(1 - 1/d)(1 - show(T)),

and on a grid of d + 1 points, each M/d or more away from every threshold,

    |y_n - x_1| <= (M/d)((1 - show(κM/d)) + (d - 1)(1 - show(3κM/d)));

`latch` says what a unit shows of its argument. Γ keep(κw) = κ(2M - M/d + w) is where an outermost unit gives way to the opposite
input, so w is sharp.

Source: this project, theory C8; staggered bistable units as analog store: Koulakov et al. 2002.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import sympy
from flint import arb
from sympy import Expr, Symbol

from constructions.answer import Construction, Unanswered, assemble
from constructions.latch import (
    FLAG,
    GAMMA,
    INPUT,
    KAPPA,
    LATCHES,
    RANGES,
    RHO,
    THRESHOLD,
    D,
    Latch,
    M,
    equations,
)
from constructions.sizing import Meets, decide, smallest, sure
from verifier.arithmetic.balls import lower_fraction, to_ball
from verifier.arithmetic.symbols import evaluate
from verifier.inequality import (
    ALL,
    AT_LEAST_ONE,
    NONNEGATIVE,
    SYMMETRIC_UNIT,
    UNIT,
    Assumed,
    AtMost,
    Atom,
    Derivation,
    Hypothesis,
    Identity,
    Relation,
    Step,
)
from verifier.regime import Regime
from verifier.verdict import check_at_most, check_less
from verifier.weights import LARGEST_HIDDEN

T = Symbol("T", positive=True)
W = Symbol("w", positive=True)

Values = Mapping[Symbol, Fraction | int | arb]
"""The abbreviations of a latch, and ρ, as numbers."""

SHOWN_UNITS = 2
"""Thresholds with which a derivation shows the cell's equations; a request checks them at its own number."""

LONGEST_PART = 60
"""Decimals after which no T and w are found."""


# --- the proposal -----------------------------------------------------------------------------------------------------


def construct(regime: Regime) -> Construction | Unanswered:
    """C8 with the fewest units, or `Unanswered` where d + 1 levels cannot hold what is asked."""
    latch = LATCHES[regime.architecture]
    if regime.domain == "reals" or not regime.tolerance:
        return Unanswered(
            regime,
            f"no {latch.title} recalls x_1 on all of ℝ (its output is bounded) or with error 0 (it is analytic and bounded): "
            "theorems T1 and T2 of the specification, whose proofs are not in this version",
        )
    if regime.bits is None:
        ratio = regime.bound / regime.tolerance
        units = ratio.numerator // ratio.denominator + 1  # the fewest with M/d below the tolerance
    else:
        units = 2**regime.bits - 1
    if units + latch.flags > regime.hidden:
        return Unanswered(regime, _too_few(regime, latch, units))
    return build(regime, latch, units, size(regime, latch, units))


def _too_few(regime: Regime, latch: Latch, units: int) -> str:
    """What the hidden units at hand can hold, and how many would do."""
    have, needed = max(regime.hidden - latch.flags, 0), units + latch.flags
    flag = ", one of them a flag," if latch.flags else ""
    level = f", so its error exceeds M/{have}" if have and regime.bits is None else ""
    asked = "this tolerance" if regime.bits is None else f"a grid of 2^{regime.bits} points"
    wanted = f"{units + 1} levels: --hidden {needed}" if needed <= LARGEST_HIDDEN else f"more than {LARGEST_HIDDEN} units"
    return (
        f"a thermometer latch (C8) with --hidden {regime.hidden}{flag} has {have + 1} level{'s' * (have > 0)}{level}; {asked} "
        f"needs {wanted}; the refreshed memory (C9) needs fewer: an lstm with 3 units, a gru with 4, a tanh or sigmoid with 15"
    )


@dataclass(frozen=True)
class Sizes:
    """κ, Γ, the cell's own sizes, and of the proof alone T and w (None on a grid)."""

    steepness: Fraction
    gain: int
    extra: Mapping[Symbol, Fraction]
    settled: Fraction
    width: Fraction | None

    def parameters(self, units: int, bound: Fraction) -> dict[Symbol, Fraction]:
        """The derivation's parameters at these sizes."""
        found = {D: Fraction(units), M: bound, KAPPA: self.steepness, GAMMA: Fraction(self.gain), **self.extra, T: self.settled}
        return found if self.width is None else {**found, W: self.width}


def build(regime: Regime, latch: Latch, units: int, sizes: Sizes) -> Construction:
    """The thermometer of `units` units with these sizes, every weight with its reason."""
    parameters = sizes.parameters(units, regime.bound)
    entries = latch.weights(regime.architecture, units, parameters)
    names = (*(f"level {k + 1}" for k in range(units)), *["flag"] * latch.flags)
    weights, reasons = assemble(regime.architecture, regime.hidden, entries, names)
    grid = sizes.width is None
    return Construction(
        regime=regime,
        weights=weights,
        theorem=latch.theorem,
        title=f"thermometer latch with {units + 1} levels",
        parameters=parameters,
        derivation=derivation(latch.cells[0], grid),
        reasons=reasons,
        leading_order=_leading_order(latch, grid),
        sized="the smallest whole κM, Γ and gate saturation whose bound meets the tolerance; T and w are the proof's",
    )


def _leading_order(latch: Latch, grid: bool) -> str:
    """The bound to leading order, as text: a gate's share is lost for good, saturation falls like e^-2u."""
    constant, rate = latch.lost
    if grid:
        gates = f"M ({constant}) + " if constant else ""
        return f"{gates}(M/d) {rate} (e^(-2u) + (d - 1) e^(-6u)), u = κM/d"
    gates = f"{constant} + " if constant else ""
    return f"M/d + w + M(1 - 1/d)({gates}{rate} e^(-2T))"


# --- sizes ------------------------------------------------------------------------------------------------------------


def size(regime: Regime, latch: Latch, units: int) -> Sizes:
    """κM, Γ, the gates' saturation: in this order the smallest whole numbers, each with what comes after it at its limit.

    Then ρ with the fewest decimals, T and w the shortest decimals that leave the bound below the tolerance.
    """
    return decide(regime, lambda meets: _Sizing(regime, latch, units, meets).choose())


class _Sizing:
    """The conditions of the derivation in balls, at the current precision."""

    def __init__(self, regime: Regime, latch: Latch, units: int, meets: Meets) -> None:
        self.latch, self.units, self.meets, self.grid = latch, units, meets, regime.bits is not None
        self.bound, self.tolerance = regime.bound, regime.tolerance
        self.steps = 1
        self.limit: dict[Symbol, Fraction | int | arb] = {**latch.limit}
        if RHO in latch.extra:
            self.limit[RHO] = 1 / arb(1).tanh()

    def choose(self) -> Sizes:
        """All sizes in order."""
        self.steps = smallest(lambda a: a > 0 and self._first_reading(self.limit, a), 1)
        gain = smallest(lambda g: g > 0 and self.holds(self.limit, g), 1)
        extra: dict[Symbol, Fraction] = {}
        values = dict(self.limit)
        if self.latch.saturation is not None:
            saturation = self.latch.saturation
            strength = smallest(lambda k: k > 0 and self.holds({**self.limit, **self._saturated(k)}, gain), 1)
            extra[saturation] = Fraction(strength)
            values |= self._saturated(strength)
        if RHO in self.latch.extra:
            full = lower_fraction(1 / arb(1).tanh())
            places = smallest(lambda j: j >= 0 and self.holds({**values, RHO: _cut(full, j)}, gain), 0)
            extra[RHO] = values[RHO] = _cut(full, places)
        settled, width = self._proof_sizes(values, gain)
        return Sizes(self.steps / self.bound, gain, extra, settled, width)

    def _saturated(self, strength: int) -> dict[Symbol, Fraction | int | arb]:
        """The gates' abbreviations at this saturation."""
        symbol = self.latch.saturation
        return {s: evaluate(e, {symbol: strength}) for s, e in self.latch.definitions.items() if symbol is not None}

    def _keep(self, argument: arb, values: Values) -> arb:
        return evaluate(self.latch.keep(T), {**values, T: argument})

    def _short(self, argument: arb, values: Values) -> arb:
        """1 - show: what a unit lacks of a step of the staircase."""
        return 1 - evaluate(self.latch.show(T), {**values, T: argument})

    def _lost_early(self, values: Values, steps: int) -> arb:
        """(M/d)((1 - show(κM/d)) + (d - 1)(1 - show(3κM/d))), with κM = `steps`."""
        first = to_ball(Fraction(steps, self.units))
        share = to_ball(self.bound / self.units)
        return share * (self._short(first, values) + (self.units - 1) * self._short(3 * first, values))

    def _lost(self, settled: arb, values: Values) -> arb:
        """M(1 - 1/d)(1 - show(T)), on the grid M(1 - show(T))."""
        share = Fraction(1) if self.grid else 1 - Fraction(1, self.units)
        return to_ball(self.bound * share) * self._short(settled, values)

    def _resolution(self) -> Fraction:
        return Fraction(0) if self.grid else self.bound / self.units

    def _first_reading(self, values: Values, steps: int) -> bool:
        """Whether the bound at n = 1 meets the tolerance."""
        return self.meets(to_ball(self._resolution()) + self._lost_early(values, steps))

    def holds(self, values: Values, gain: int) -> bool:
        """Whether some T and w satisfy the hypotheses and the bound meets the tolerance."""
        if not self._first_reading(values, self.steps):
            return False
        settled = self._settled(values, gain)
        if not sure(check_at_most(to_ball(Fraction(self.steps, self.units)), settled)):
            return False
        return self._settles(settled, values) and (self.grid or self._near_keeps(self._width(values, settled), values, gain))

    def _settles(self, settled: arb, values: Values) -> bool:
        """On the grid, whether units lack no more at T than at step 1."""
        return not self.grid or sure(check_at_most(self._lost(settled, values), self._lost_early(values, self.steps)))

    def _settled(self, values: Values, gain: int) -> arb:
        """The largest T: Γ keep(κM/d) - κ(2M - M/d)."""
        first = Fraction(self.steps, self.units)
        return gain * self._keep(to_ball(first), values) - to_ball(2 * self.steps - first)

    def _width(self, values: Values, settled: arb) -> arb:
        """The largest w: what the tolerance leaves."""
        return to_ball(self.tolerance - self._resolution()) - self._lost(settled, values)

    def _near_keeps(self, width: arb, values: Values, gain: int) -> bool:
        """Whether 0 < w and Γ keep(κw) >= κ(2M - M/d + w)."""
        if not sure(check_less(arb(0), width)):
            return False
        reach = to_ball(self.steps / self.bound) * width
        against = to_ball(2 * self.steps - Fraction(self.steps, self.units)) + reach
        return sure(check_at_most(against, gain * self._keep(reach, values)))

    def _proof_sizes(self, values: Values, gain: int) -> tuple[Fraction, Fraction | None]:
        """T and w cut to as few decimals as the hypotheses allow, w after its leading zeros; no w on the grid."""
        most = lower_fraction(self._settled(values, gain))
        for places in range(LONGEST_PART):
            settled = _cut(most, places)
            if settled * self.units <= self.steps or not self._settles(to_ball(settled), values):
                continue
            if self.grid:
                return settled, None
            room = lower_fraction(self._width(values, to_ball(settled)))
            width = _cut(room, places + len(str(int(1 / room)))) if room > 0 else room
            if self._near_keeps(to_ball(width), values, gain):
                return settled, width
        return most, None if self.grid else lower_fraction(self._width(values, to_ball(most)))


def _cut(value: Fraction, places: int) -> Fraction:
    """A positive number cut to this many decimals."""
    return Fraction(value.numerator * 10**places // value.denominator, 10**places)


# --- the proof --------------------------------------------------------------------------------------------------------

POSITION, PLACE, SHARE, PART, OTHER = sympy.symbols("p xi s_q s_n s_d", real=True)
NEAR, AWAY, OLD, SLACK, EXCESS, BELOW = sympy.symbols("nu beta o s e_x k", real=True)
LOST, LOST_FIRST, LOST_OTHERS = sympy.symbols("l l_1 l_3", real=True)
OPPOSED = KAPPA * (2 * M - M / D)
"""κ|x - θ_j| at most, for x in [-M, M]."""

FIRST = KAPPA * M / D
"""The least argument of a far unit at step 1."""


@cache
def derivation(cell: str, grid: bool) -> Derivation:
    """The bound of C8 for a cell and the steps that prove it: M/d + w + M(1 - 1/d)(1 - show(T)), on a grid M(1 - show(κM/d))."""
    latch = LATCHES[cell]
    bound = _lost_early(latch) if grid else M / D + W + M * (1 - 1 / D) * (1 - latch.show(T))
    steps = (
        *(equations(latch, name, SHOWN_UNITS) for name in latch.cells),
        *latch.own,
        *_far_units(latch),
        *(_grid_readings(latch) if grid else (*_near_unit(latch), *_readings(latch))),
    )
    ends = ("first reading", "later reading") if grid else ("near later", "undecided", "decided", "first reading")
    cells, own = (step.name for step in steps[: len(latch.cells)]), (step.name for step in latch.own)
    show = latch.show_text.format
    claim = f"(M/d)((1 - {show('κM/d')}) + (d - 1)(1 - {show('3κM/d')}))" if grid else f"M/d + w + M(1 - 1/d)(1 - {show('T')})"
    points = "x_t in [-M, M], x_1 among its d + 1 equispaced points" if grid else "x in [-M, M]^n"
    return Derivation(
        theorem=latch.theorem,
        statement=(
            f"For the {latch.title} with these weights of d thresholds, every n >= 1 and every {points}: "
            f"|y_n - x_1| <= {claim}{latch.where}."
        ),
        parameters=(D, M, KAPPA, GAMMA, *latch.extra, T, *(() if grid else (W,))),
        ranges={
            **RANGES, D: AT_LEAST_ONE, T: NONNEGATIVE, W: NONNEGATIVE, SLACK: NONNEGATIVE,
            **dict.fromkeys((INPUT, THRESHOLD, FLAG), ALL), **dict.fromkeys((POSITION, PLACE, NEAR, AWAY), UNIT),
            **dict.fromkeys((SHARE, PART, OTHER), SYMMETRIC_UNIT), OLD: NONNEGATIVE,
        },
        definitions=dict(latch.definitions),
        hypotheses=_hypotheses(latch, grid),
        steps=steps,
        bound=bound,
        conclusions=(*cells, *own, "first at step 1", "far later", "far again", "levels", *ends),
        source="this project, theory C8; staggered bistable units as analog store: Koulakov et al. 2002",
    )  # fmt: skip


def _hypotheses(latch: Latch, grid: bool) -> tuple[Hypothesis, ...]:
    keep = latch.keep_text.format
    always = (
        Hypothesis("M > 0", M, strict=True),
        Hypothesis("κ > 0", KAPPA, strict=True),
        *latch.hypotheses,
        Hypothesis("T ≥ κM/d", T - FIRST),
        Hypothesis(f"Γ {keep('κM/d')} ≥ κ(2M - M/d) + T", GAMMA * latch.keep(FIRST) - OPPOSED - T),
    )
    if grid:
        return (*always, Hypothesis("the bound is at least M(1 - show(T))", _lost_early(latch) - M * (1 - latch.show(T))))
    return (
        *always,
        Hypothesis("w > 0", W, strict=True),
        Hypothesis(f"Γ {keep('κw')} ≥ κ(2M - M/d + w)", GAMMA * latch.keep(KAPPA * W) - OPPOSED - KAPPA * W),
        Hypothesis("the bound is at least that at n = 1", W + M * (1 - 1 / D) * (1 - latch.show(T)) - _lost_early(latch)),
    )


def _lost_early(latch: Latch) -> Expr:
    """(M/d)((1 - show(κM/d)) + (d - 1)(1 - show(3κM/d))): what units lack at step 1."""
    return M / D * (1 - latch.show(FIRST) + (D - 1) * (1 - latch.show(3 * FIRST)))


def _starts(latch: Latch, name: str, text: str, least: Expr) -> tuple[Step, ...]:
    """held(κ·least) <= state at step 1, of a unit `least` or more below x_1."""
    argument = Relation(KAPPA * least, KAPPA * (least + SLACK))
    return (
        AtMost(f"{name}: argument", text, argument.left, argument.right, KAPPA * SLACK),
        *latch.lift(name, f"{name}: argument", argument, OLD),
    )


def _pushed(latch: Latch, name: str, text: str, old: Expr, new: Expr, fact: str) -> tuple[Step, ...]:
    """held(old) <= state gives held(new) <= next state, whatever the input; `fact` is Γ keep(old) >= κ(2M - M/d) + new."""
    place = -M + M / D + 2 * M * (1 - 1 / D) * POSITION  # θ_1 ... θ_d
    x = M * (2 * PLACE - 1)
    seen = GAMMA * (latch.gain * (latch.held(old) + SLACK) - latch.leak * SHARE) + KAPPA * (x - place)
    argument = Relation(new, seen)
    return (
        AtMost(
            f"{name}: argument", text, argument.left, argument.right,
            D * (EXCESS + GAMMA * (latch.gain * SLACK + latch.leak * (1 - SHARE)))
            + 2 * KAPPA * M * (D * PLACE + (D - 1) * (1 - POSITION)),
            (Atom(EXCESS, GAMMA * latch.keep(old) - OPPOSED - new, fact),), 1 / D,
        ),
        *latch.lift(name, f"{name}: argument", argument, OLD),
    )  # fmt: skip


def _far_units(latch: Latch) -> tuple[Step, ...]:
    """Units M/d and 3M/d or more away from x_1 read at least show(κM/d) and show(3κM/d) at step 1, all show(T) later."""
    return (
        *_starts(latch, "first at step 1", "a unit with x_1 - θ_j >= M/d sees κM/d or more at step 1", M / D),
        *_starts(latch, "others at step 1", "and with x_1 - θ_j >= 3M/d, all but one on either side, 3κM/d", 3 * M / D),
        Assumed("far outweighs", "hypothesis: their feedback outweighs every input", OPPOSED + T, GAMMA * latch.keep(FIRST)),
        *_pushed(latch, "far later", "whatever the input, their argument is at least T", FIRST, T, "far outweighs"),
        Assumed("T above κM/d", "hypothesis: T >= κM/d", FIRST, T),
        *latch.lift("far again", "T above κM/d", Relation(FIRST, T), sympy.Integer(0)),
        *latch.full("within one step", T),
        *latch.full("first within one step", FIRST),
        *latch.full("others within one step", 3 * FIRST),
    )


def _near_unit(latch: Latch) -> tuple[Step, ...]:
    """The nearest unit has the sign of x_1 - θ_j at step 1, and keeps it if that is w or more in modulus."""
    return (
        *_starts(latch, "sign at step 1", "the nearest unit, if θ_j is below x_1, is not negative at step 1", sympy.Integer(0)),
        *_starts(latch, "near at step 1", "if x_1 - θ_j >= w it sees κw or more", W),
        Assumed(
            "near outweighs", "hypothesis: its feedback outweighs every input", OPPOSED + KAPPA * W, GAMMA * latch.keep(KAPPA * W)
        ),
        *_pushed(
            latch,
            "near later",
            "whatever the input, its argument is at least κw: it keeps its sign",
            KAPPA * W,
            KAPPA * W,
            "near outweighs",
        ),
    )


def _atoms(latch: Latch) -> tuple[Atom, Atom, Atom]:
    """What a unit lacks at T, κM/d and 3κM/d."""
    return (
        Atom(LOST, 1 - latch.show(T), "within one step"),
        Atom(LOST_FIRST, 1 - latch.show(FIRST), "first within one step"),
        Atom(LOST_OTHERS, 1 - latch.show(3 * FIRST), "others within one step"),
    )


def _early(latch: Latch) -> Expr:
    """The deviation at step 1: one unit on a side may lack 1 - show(κM/d), the others 1 - show(3κM/d)."""
    return M / D * ((1 - latch.show(FIRST)) * OTHER + (D - 1) * (1 - latch.show(3 * FIRST)) * PART)


EARLY_ROOM = M * (LOST_FIRST * (1 - OTHER) + (D - 1) * LOST_OTHERS * (1 - PART))
"""d times what is left of the largest deviation at step 1."""


def _readings(latch: Latch) -> tuple[Step, ...]:
    """The three cases of the error, for x_1 = θ_j + δ, with k units below it; the nearest unit's share is s_n or ν."""
    settled, first, others = _atoms(latch)
    rest = M * (1 - 1 / D) * (1 - latch.show(T))
    bound = M / D + W + rest
    return (
        Identity(
            "levels", "k units below x_1 and d - 1 - k above it, all saturated, read θ_j",
            M / D * (BELOW - (D - 1 - BELOW)), -M + (2 * BELOW + 1) * M / D,
        ),
        AtMost(
            "undecided", "|δ| <= w: y is within one step of θ_j, x_1 within w, up to what the other units lack",
            M / D * PART + W * SHARE + rest * OTHER, bound,
            M * (1 - PART) + D * W * (1 - SHARE) + M * (D - 1) * LOST * (1 - OTHER), (settled,), 1 / D,
        ),
        AtMost(
            "decided", "w <= |δ| <= M/d: y and x_1 are on the same side of θ_j, within one step of it",
            M / D * (NEAR - AWAY) + rest * OTHER, bound,
            M * (1 - NEAR + AWAY) + D * W + M * (D - 1) * LOST * (1 - OTHER), (settled,), 1 / D,
        ),
        Assumed("first within w", "hypothesis: the bound is at least that at n = 1", _lost_early(latch), W + rest),
        AtMost(
            "first reading", "n = 1: the same with what units lack at step 1, for every |δ| <= M/d",
            M / D * (NEAR - AWAY) + _early(latch), bound, M * (1 - NEAR + AWAY) + D * EXCESS + EARLY_ROOM,
            (first, others, Atom(EXCESS, W + rest - _lost_early(latch), "first within w")), 1 / D,
        ),
    )  # fmt: skip


def _grid_readings(latch: Latch) -> tuple[Step, ...]:
    """The error for x_1 = -M + 2kM/d, with k units below it."""
    settled, first, others = _atoms(latch)
    rest, bound = M * (1 - latch.show(T)), _lost_early(latch)
    return (
        Identity(
            "levels", "k units below x_1 and d - k above it, all saturated, read x_1",
            M / D * (BELOW - (D - BELOW)), -M + 2 * BELOW * M / D,
        ),
        AtMost("first reading", "so y is off by what the units on one side lack",
            _early(latch), bound, EARLY_ROOM, (first, others), 1 / D,
        ),
        Assumed("later within", "hypothesis: the bound is at least M(1 - show(T))", rest, bound),
        AtMost(
            "later reading", "and later by what d units lack", rest * OTHER, bound,
            EXCESS + M * LOST * (1 - OTHER), (settled, Atom(EXCESS, bound - rest, "later within")),
        ),
    )  # fmt: skip

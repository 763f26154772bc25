"""Diagonal cells: the input-gated family h' = a(x)∘h + b(x), minGRU, minLSTM, LRU, S4D, S5 and the selective SSM.

*Fixed n <= D* (D reals of state): n different poles and a solved readout (C14), exact where poles are rational. *Fixed n > D*:
the gates of `diagonal` may exceed 1, so one unit explodes as C2 does; cells whose gates stay within [-1, 1] cannot from
n = D + 2 on (T5b). *Every n <= N*: T5 leaves M (1 - 1/C(N-1, ⌊(N-1)/2⌋)); the lattice network C16 reaches that with 2N-1
units of `diagonal`, the doubling filter C15 reaches M (1 - 2^-(N-1)). *For ever*: nobody is better than M (T5).
Source: this project, theory C2, C14, C15, C16, T5, T5b.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache

import sympy
from sympy import Expr, Symbol

from constructions.answer import Construction, Entries, Impossibility, Unanswered, assemble
from constructions.linear import LAMBDA, exploding, exploding_factor
from constructions.paths import LONGEST, construct_paths, units
from constructions.paths import least_error as least_of_paths
from constructions.poles import FAMILIES, FAMILY_OF, LARGEST_FILTER, construct_filter
from constructions.poles import least_error as least_of_filters
from verifier.cells import CELLS
from verifier.commuting import transitions
from verifier.exact import show_rational
from verifier.inequality import ALL, AT_LEAST_ONE, NONNEGATIVE, CellEquations, Derivation, Hypothesis, Identity
from verifier.regime import Regime

M = Symbol("M", positive=True)
N = Symbol("n", integer=True, positive=True)

LONGEST_DOUBLING = 2000
"""Horizon up to which the doubling unit is proposed: its readout 2^-(n-1) is a weight of n bits."""

WIDEST_FLOOR = 64
"""Horizon at which T5 is applied when a longer one is asked: its numbers have 18 digits there."""

ROUNDING_SHARE = 1000
"""The rounded doubling filter is offered with a thousandth of the gap 2^-(N-1) M on top of its error."""

Answer = Construction | Impossibility | Unanswered


TIME_INVARIANT = ("lru", "s4d", "s5")
"""Members that are linear RNNs, so that T4 speaks of them too and says more than T5."""

LONGEST_DOUBLING = 2000
"""Horizon at which 2^-(N-1) is last formed; beyond it T4's floor is taken from below."""


def construct(regime: Regime) -> Answer:
    """C14, C2, C15 or C16 by horizon, or the theorem that forbids the request: T4, T5, T5b."""
    if regime.horizon == "forever":
        return _forever(regime)
    if regime.horizon == "fixed" or regime.n == 1:
        return _fixed(regime)
    return _upto(regime)


def _forever(regime: Regime) -> Answer:
    if regime.strict and regime.bits == 1:
        return Unanswered(
            regime,
            "two points are told apart by the sign of y alone; T5 speaks of the distance |y - x_1|, which is M or more in the "
            "long run for every commuting cell",
        )
    return Impossibility(regime, "T5")


def _fixed(regime: Regime) -> Answer:
    cell, n, most = regime.architecture, regime.n, CELLS[regime.architecture].state_reals(regime.hidden)
    is_rational = FAMILIES[FAMILY_OF[cell]].is_rational
    if n <= most:
        if is_rational or (n == 1 and cell != "selective"):
            return construct_filter("C14", regime)
        if regime.domain == "reals" or not regime.tolerance:
            return Unanswered(
                regime,
                f"the poles of constant {cell} gates are irrational, so the exact readout is, and weights here are rational; every "
                "positive tolerance on the box is met",
            )
        return construct_filter("C14", regime)
    if cell in TIME_INVARIANT and (regime.domain == "reals" or not regime.tolerance):
        return Impossibility(regime, "T3")
    if forbidden_at(regime):
        return Impossibility(regime, "T5b")
    if cell == "diagonal" and regime.domain != "reals" and regime.tolerance:
        return _exploding(regime)
    if n < most + 2 + _lost_steps(cell):
        reason = (
            f"n = {n} lies between what C14 builds (n <= {most}, the reals of the state) and what T5b forbids (n >= "
            f"{most + 2 + _lost_steps(cell)}); gates in (0, 1) come as close as one likes at n = D + 1, but no {cell} weights are "
            "built here"
        )
    else:
        reason = f"for n = {n} T5b leaves errors of {show_rational(regime.bound / 2**most)} or more, and no weights are known here"
    return Unanswered(regime, reason)


def forbidden_at(regime: Regime) -> bool:
    """Whether T5b forbids the tolerance at the fixed horizon n."""
    most = CELLS[regime.architecture].state_reals(regime.hidden)
    found = transitions(regime.architecture)
    if found is None or regime.n < most + 2 + _lost_steps(regime.architecture):
        return False
    if regime.domain == "reals" or not regime.tolerance:
        return found.never_expand or found.are_polynomial or not regime.tolerance
    reach = regime.bound if regime.half_spacing is None else regime.bound - 2 * regime.half_spacing
    return found.never_expand and regime.tolerance < reach / 2**most


def _lost_steps(cell: str) -> int:
    """1 where the readout row sees the last input: T5 and T5b then speak of n - 1."""
    found = transitions(cell)
    return int(found is not None and found.readout_sees_the_input)


def _upto(regime: Regime) -> Answer:
    """n >= 2: what T5 forbids, what a construction reaches, and the gap between them."""
    floor = least_of_paths(min(regime.n - _lost_steps(regime.architecture), WIDEST_FLOOR)) * regime.bound
    best = _closest(regime)
    if best is not None and _is_reached(regime, best):
        return _closest(regime, regime.tolerance) or best
    if regime.domain == "reals" and regime.architecture in TIME_INVARIANT:
        return Impossibility(regime, "T4")
    if regime.domain == "reals" and floor:
        return Impossibility(regime, "T5")
    doubled = regime.bound * (1 - Fraction(1, 2 ** (min(regime.n, LONGEST_DOUBLING) - 1)))
    if regime.architecture in TIME_INVARIANT and regime.tolerance < doubled:
        return Impossibility(regime, "T4", best, best is not None and best.regime.tolerance == doubled)
    if regime.tolerance < floor or (regime.n > WIDEST_FLOOR and not _meets(regime, _finer_floor(regime))):
        attains = best is not None and best.regime.tolerance == floor and best.theorem == "C16"
        return Impossibility(regime, "T5", None if regime.domain == "reals" else best, attains)
    known = "no weights are known here" if best is None else f"{best.theorem} reaches {show_rational(best.regime.tolerance)}"
    least = f"T5 forbids errors below {show_rational(floor)}" if floor else "no theorem here forbids it"
    return Unanswered(regime, f"{least}, {known}; what lies between is open")


def _is_reached(regime: Regime, best: Construction) -> bool:
    """Whether the best construction meets the tolerance; a rounded one meets every tolerance above the limit of its error."""
    if regime.domain == "reals":
        return not best.regime.tolerance
    if FAMILIES[FAMILY_OF[regime.architecture]].is_rational:
        return _meets(regime, best.regime.tolerance)
    return regime.tolerance > regime.bound * least_of_filters("C15", regime.n)


def _finer_floor(regime: Regime) -> Fraction:
    """T5 beyond `WIDEST_FLOOR`, only as far as the tolerance needs: C(m, ⌊m/2⌋) >= 2^m/(m+1)."""
    gap = 1 - regime.tolerance / regime.bound
    if gap <= 0:
        return regime.bound
    wanted = gap.denominator.bit_length() + 8 + 2 * gap.denominator.bit_length().bit_length()
    return least_of_paths(min(regime.n - _lost_steps(regime.architecture), max(WIDEST_FLOOR, wanted))) * regime.bound


def _meets(regime: Regime, error: Fraction) -> bool:
    return error < regime.tolerance or (error == regime.tolerance and not regime.strict)


def _closest(regime: Regime, tolerance: Fraction | None = None) -> Construction | None:
    """The best construction known for every n' <= n, asked for its own error or for a larger tolerance."""
    cell, n, size = regime.architecture, regime.n, regime.bound
    if cell == "diagonal" and n <= LONGEST and units(n) <= regime.hidden:
        error = size * least_of_paths(n)
        return construct_paths(replace(regime, tolerance=error if tolerance is None else tolerance))
    error = size * least_of_filters("C15", n) if n <= LONGEST_DOUBLING else size
    if cell == "diagonal":
        return None if n > LONGEST_DOUBLING else _doubling(replace(regime, tolerance=error if tolerance is None else tolerance))
    if n > min(LARGEST_FILTER, CELLS[cell].state_reals(regime.hidden)):
        return None
    if not FAMILIES[FAMILY_OF[cell]].is_rational:
        error += (size - error) / ROUNDING_SHARE
    found = construct_filter("C15", replace(regime, tolerance=error if tolerance is None else tolerance))
    return found if isinstance(found, Construction) else None


def _exploding(regime: Regime) -> Construction:
    """C2 with a constant gate λ."""
    factor = exploding_factor(regime)
    entries: Entries = {
        ("b_a", (0,)): (factor, "constant gate: each step multiplies x_1's share by λ, so later inputs stay λ times smaller"),
        ("U_b", (0,)): (1, "the input is added as it comes"),
        ("V", (0,)): (Fraction(1, factor ** (regime.n - 1)), "readout undoes the n - 1 multiplications of x_1"),
    }
    weights, reasons = assemble("diagonal", regime.hidden, entries, ("memory",))
    return Construction(
        regime=regime,
        weights=weights,
        theorem="C2",
        title="exploding unit",
        parameters={N: Fraction(regime.n), M: regime.bound, LAMBDA: Fraction(factor)},
        derivation=exploding(),
        reasons=reasons,
        leading_order="M / λ",
    )


def _doubling(regime: Regime) -> Construction:
    """C15 with one unit: its gate 2 makes the doubling response by itself."""
    entries: Entries = {
        ("b_a", (0,)): (2, "constant gate: each later input counts half as much as the one before"),
        ("U_b", (0,)): (1, "the input is added as it comes"),
        ("V", (0,)): (Fraction(1, 2 ** (regime.n - 1)), "readout: x_1 counts fully at the last horizon, less before"),
    }
    weights, reasons = assemble("diagonal", regime.hidden, entries, ("memory",))
    return Construction(
        regime=regime,
        weights=weights,
        theorem="C15",
        title="doubling unit",
        parameters={N: Fraction(regime.n), M: regime.bound},
        derivation=doubling(),
        reasons=reasons,
        leading_order="M (1 - 2^-(n-1))",
    )


@cache
def doubling() -> Derivation:
    """|y_n' - x_1| <= M (1 - 2^-(n-1)) at every n' <= n (theory C15, T4)."""
    h, x, share = sympy.symbols("h x s", real=True)
    power, eta = Symbol("P", positive=True), Symbol("eta", real=True)
    readout = 2 ** (1 - N)
    two, one = sympy.Integer(2), sympy.Integer(1)
    template: dict[str, dict[tuple[int, ...], Expr]] = {"b_a": {(0,): two}, "U_b": {(0,): one}, "V": {(0,): readout}}
    bound = M * (1 - readout)
    steps = (
        CellEquations(
            "cell", "the recurrence and the readout",
            cell="diagonal", size=1, template=template, state={"h[0]": h}, input=x,
            expected={"h[0]": 2 * h + x, "y": readout * (2 * h + x)},
        ),
        Identity(
            "share doubled", "after j more steps an input counts 2^j times: the induction step",
            2 * (power * share), 2 * power * share,
        ),
        Identity(
            "shares add up", "Σ_{j<k} 2^j η = (2^k - 1) η, P = 2^k, η = 2^-(n-1): the induction step",
            (power - 1) * eta + power * eta, (2 * power - 1) * eta,
        ),
        Identity(
            "every horizon", "at horizon k + 1 the error is M (|1 - 2^k η| + Σ_{j<k} 2^j η) = M (1 - η), attained at a vertex",
            M * ((1 - power * eta) + (power - 1) * eta), M * (1 - eta),
        ),
        Identity("bound", "with η = 2^-(n-1)", M * (1 - readout), bound),
    )  # fmt: skip
    return Derivation(
        theorem="C15",
        statement="For h' = 2h + x, y = 2^-(n-1) h, every n' <= n and x in [-M, M]^n': sup |y_n' - x_1| = M (1 - 2^-(n-1)).",
        parameters=(N, M),
        ranges={N: AT_LEAST_ONE, M: NONNEGATIVE, h: ALL, x: ALL, share: ALL, power: AT_LEAST_ONE, eta: NONNEGATIVE},
        definitions={},
        hypotheses=(Hypothesis("M > 0", M, strict=True),),
        steps=steps,
        bound=bound,
        conclusions=("cell", "share doubled", "shares add up", "every horizon", "bound"),
        source="this project, theory T4 and C15",
    )

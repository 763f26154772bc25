"""The supremum of the recall error over the whole box, for any weights.

e_n = sup |y_n - x_1| over [-M, M]^n. `monotone` finds the extreme paths; if all signs are decided the two extremes are
vertices and e_n is *exact* up to the width of one ball evaluation, with the vertex as witness. Where a sign is open the
box is halved along that input, and what is still open at the end is kept as an interval and said so. Long horizons go
through `settled`, without stepping. Nothing here knows a construction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import flint
from flint import arb

from verifier.arithmetic.balls import ZERO, Balls, to_ball
from verifier.errors import StepLimit
from verifier.expansion import attained, bound_by_expansion
from verifier.forever import bound_forever
from verifier.hypotheses import largest_output
from verifier.impulse import is_affine, linear_supremum
from verifier.monotone import Box, Extremes, grow, run_extremes, walk_box
from verifier.multiaffine import PathSupremum, path_supremum
from verifier.observed import run_error
from verifier.piecewise import ExactSupremum, NotPiecewiseAffine, exact_supremum, is_piecewise_affine
from verifier.program import Program
from verifier.refresh import Enumeration, Refresh, bound_refresh, push_levels
from verifier.run import Runner
from verifier.sequences import Runs, expand, join, length
from verifier.settled import bound_beyond
from verifier.verdict import Verdict

SUBDIVISION_WORK = 40_000
"""Steps × operations spent on halving a box whose signs are not all decided."""

SHORT_FORMS = 64
"""Horizon beyond which forms that do not settle grow slow, so that lattice paths are tried first."""

SHARPER = (1, 2, 4, 8, 16)
"""Multiples of the working precision at which a closed form is looked for before long horizons are given up: a gate that is
1 in binary64 differs from 1 by as little as 2^-1077, which balls must tell apart."""


LOADS = 2
"""Loads of a refreshed memory after which an attack reads its error."""

WALK_WORK = 50_000_000
"""Steps × terms × driven states beyond which the box is not walked: some minutes of interval operations."""


@dataclass(frozen=True)
class Supremum:
    """An enclosure of max over the asked horizons n' of the worst-case error e_{n'}.

    `upper` bounds the error of every sequence in the box at every asked horizon. `lower` is attained by `witness` at
    `horizon`. With `exact` every sign was decided: both are one ball. Otherwise `undecided` inputs were kept as
    intervals after `boxes` boxes. `method` is "exact forms", "lattice paths", "bounded readout" (on ℝ), "invariant sets"
    (over `boxes` ranges of x_1), "refreshed levels" (`boxes` of them: by the inequalities in `refresh`, and `pushed` as boxes of
    states), "induction" (then `settled_after` steps were walked), "expansion" (in powers of x_1) or "stepping".
    `exact_value` is the supremum as a rational where it was computed as one.
    """

    lower: arb
    upper: arb
    horizon: int
    witness: Runs
    exact: bool
    undecided: int
    method: str
    settled_after: int | None = None
    boxes: int = 1
    exact_value: Fraction | None = None
    refresh: Refresh | None = None
    pushed: Enumeration | None = None


def bound_supremum(
    program: Program,
    bound: Fraction | None,
    n: int | None,
    only_last: bool,
    steps: int,
    points: Sequence[Fraction] | None = None,
    target: Fraction | None = None,
    refine: bool = True,
    aim: Fraction | None = None,
    allowed: Callable[[Fraction], bool] | None = None,
) -> Supremum:
    """Enclose max over n' <= n (or n alone, or for ever) of sup |y_{n'} - x_1| over [-bound, bound]^{n'}, or over ℝ^{n'}.

    `bound` None means ℝ and needs a piecewise affine network; `n` None means for ever, by exact forms that settle or by
    invariant sets, there with x_1 among `points` if given, stopping at an attained error above `target`, and not
    before the bound is below `aim` where that can be had; `allowed` says which x_1 the question knows. Works at the current
    precision; raises `StepLimit` where no method applies within `steps` steps.
    """
    beyond_readout = _beyond_the_readout(program, n, only_last, target or Fraction(0)) if bound is None else None
    if beyond_readout is not None:
        return beyond_readout
    if n is not None and n <= steps and is_affine(program):
        return _from_exact(linear_supremum(program, bound, n, only_last))
    unresolved, along_paths = "", None
    if n is not None and n > SHORT_FORMS and bound is not None:
        along_paths = path_supremum(program, bound, n, only_last)
    if along_paths is None and is_piecewise_affine(program):
        try:
            return _from_exact(exact_supremum(program, bound, n, only_last, steps))
        except NotPiecewiseAffine as trouble:
            unresolved = f"the exact forms of these weights do not resolve: {trouble}"
    if along_paths is None and n is not None:
        along_paths = path_supremum(program, bound, n, only_last)
    if along_paths is not None:
        return _from_paths(along_paths)
    if unresolved and (bound is None or n is None):
        raise StepLimit(unresolved)
    if bound is None:
        raise StepLimit("no method of this version bounds the error of these weights on all of ℝ")
    if n is None:
        refreshed = bound_refresh(program, bound)
        if refreshed is not None:
            return _from_refresh(program, bound, refreshed, target, allowed)
        found = bound_forever(program, bound, points, target, aim)
        if found is None:
            raise StepLimit("no invariant set was found: the states do not settle into a box that one step maps into itself")
        horizon = length(found.witness)
        return Supremum(found.lower, found.upper, horizon, found.witness, False, 0, "invariant sets", found.steps, found.cells)
    for factor in SHARPER if n > steps else SHARPER[:1]:
        with flint.ctx.workprec(factor * flint.ctx.prec):
            beyond = bound_beyond(program, bound, n, only_last)
        if beyond is not None:
            value, horizon, witness, settled_after = beyond
            return Supremum(value, value, horizon, witness, True, 0, "induction", settled_after)
    terms = sum(len(operation.arguments) for operation in program.operations)
    short = n <= steps and n * terms * (1 + len(program.driven())) <= WALK_WORK
    stepped = supremum_by_stepping(program, bound, n, only_last, False) if short else None
    if stepped is not None and (stepped.exact or not refine):
        return stepped
    expanded = None if aim is None else _from_expansion(program, bound, n, only_last, steps, aim)
    if expanded is not None:
        return expanded
    if n > steps:
        raise StepLimit(f"these weights have no closed form in n that this version knows, and n = {n} exceeds {steps} steps")
    if not short:
        raise StepLimit(f"{n} steps of a network with {terms} terms per step are too many to walk over the box")
    return supremum_by_stepping(program, bound, n, only_last)


def _from_expansion(program: Program, bound: Fraction, n: int, only_last: bool, steps: int, aim: Fraction) -> Supremum | None:
    """The bracket of the expansion in x_1 where a sign is open and its upper end is at most `aim`; None otherwise."""
    with flint.ctx.workprec(SHARPER[1] * flint.ctx.prec):
        upper = bound_by_expansion(program, bound, n, only_last, aim)
        if upper is None or not upper <= to_ball(aim):
            return None
        lower, horizon, witness = attained(program, bound, n, steps, only_last)
    return Supremum(lower, upper, horizon, witness, False, 1, "expansion")


def _from_refresh(
    program: Program, bound: Fraction, found: Refresh, target: Fraction | None, allowed: Callable[[Fraction], bool] | None
) -> Supremum:
    """The bound of a refreshed memory's inequalities, and the largest error of inputs beside the borders of its levels."""
    lower, witness = ZERO, join([(bound, 1)])
    with flint.ctx.workprec(found.bits):
        runner = Runner(program, Balls(found.bits))
        for x_1 in (*found.firsts, bound, -bound):
            for count in (0, LOADS * found.period):
                runs = join([(x_1, 1), (-bound if x_1 > 0 else bound, count)])
                error = run_error(runner, runs) if allowed is None or allowed(x_1) else ZERO
                if error > lower:
                    lower, witness = error, runs
    holds = found.verdict is Verdict.PROVED
    if not holds and (target is None or not lower > to_ball(target)):
        missing = [f"{i.text} ({i.name})" for i in found.inequalities if i.verdict is not Verdict.PROVED]
        raise StepLimit(
            f"these weights refresh a held value, but not every inequality of {found.theorem} holds: {'; '.join(missing)}"
        )
    upper = found.upper if holds else arb("inf")
    return Supremum(
        lower, upper, length(witness), witness, False, 0, "refreshed levels", found.period, found.levels,
        refresh=found, pushed=push_levels(program, bound, found) if holds else None,
    )  # fmt: skip


def _beyond_the_readout(program: Program, n: int | None, only_last: bool, target: Fraction) -> Supremum | None:
    """The infinite error on ℝ of a readout with |y| <= Y: x_1 = Y + target + 1 is missed by target + 1 or more (theory T1)."""
    largest = largest_output(program)
    if largest is None:
        return None
    first = largest + target + 1
    horizon = n if only_last and n is not None else 1
    witness = join([(first, 1), (Fraction(0), horizon - 1)])
    return Supremum(to_ball(target + 1), arb("inf"), horizon, witness, False, 0, "bounded readout")


def _from_exact(found: ExactSupremum) -> Supremum:
    value = arb("inf") if found.value is None else to_ball(found.value)
    return Supremum(value, value, found.horizon, found.witness, True, 0, "exact forms", found.settled_after, 1, found.value)


def _from_paths(found: PathSupremum) -> Supremum:
    value = found.value if found.is_finite else arb("inf")
    return Supremum(value, value, found.horizon, found.witness, True, 0, "lattice paths", None, 1, found.exact_value)


def supremum_by_stepping(program: Program, bound: Fraction, n: int, only_last: bool, refine: bool = True) -> Supremum:
    """`bound_supremum` by walking all n steps over the box: any weights, time growing with n; halving boxes if `refine`."""
    horizons = [n] if only_last else range(1, n + 1)
    queue = [_Candidate.of(program, [(-bound, bound)] * n, horizons)]
    finished: list[_Candidate] = []
    allowed = SUBDIVISION_WORK // (n * max(1, len(program.operations))) if refine else 1
    count = 1
    while queue:
        worst = max(range(len(queue)), key=lambda k: queue[k].rank)
        candidate = queue.pop(worst)
        if not candidate.extremes.undecided or count + 2 > allowed:
            finished.append(candidate)
            if all(other.rank <= candidate.rank for other in queue):
                break  # the worst box cannot be improved: halving the others would change nothing
            continue
        count += 2
        t = min(candidate.extremes.undecided, key=lambda t: (candidate.box[t - 1][0] - candidate.box[t - 1][1], t))
        low, high = candidate.box[t - 1]
        for half in ((low, (low + high) / 2), ((low + high) / 2, high)):
            box = [*candidate.box[: t - 1], half, *candidate.box[t:]]
            queue.append(_Candidate.of(program, box, horizons))
    every = finished + queue
    top = max(every, key=lambda c: c.rank)
    upper = every[0].extremes.upper
    for other in every[1:]:
        upper = upper.max(other.extremes.upper)
    if not top.extremes.undecided:
        return Supremum(
            top.extremes.upper, upper, top.extremes.horizon, top.extremes.witness, True, 0, "stepping", boxes=len(every)
        )
    attained = [(_attained(program, c.extremes), c) for c in every]
    lower, best = max(attained, key=lambda pair: _rank(pair[0].lower()))
    undecided = len(top.extremes.undecided)
    return Supremum(lower, upper, best.extremes.horizon, best.extremes.witness, False, undecided, "stepping", boxes=len(every))


@dataclass(frozen=True)
class _Candidate:
    """A box with its extremes; `rank` is the exact upper end of the bound, so that candidates can be ordered."""

    box: Box
    extremes: Extremes
    rank: arb

    @classmethod
    def of(cls, program: Program, box: Box, horizons: Sequence[int]) -> _Candidate:
        extremes = run_extremes(program, box, grow(walk_box(program, box), horizons))
        return cls(box, extremes, _rank(extremes.upper.upper()))


def _rank(point: arb) -> arb:
    """An exact point, which compares with others as a number; what is not finite ranks above everything."""
    return point if point.is_finite() else arb("inf")


def _attained(program: Program, extremes: Extremes) -> arb:
    """|y - x_1| at the witness, in balls."""
    runner = Runner(program, Balls(flint.ctx.prec))
    state, first = runner.start(), None
    for t, x in enumerate(expand(extremes.witness), 1):
        first = x if first is None else first
        state = runner.step(t, state, x)
    return ZERO if first is None else abs(runner.output() - to_ball(first))

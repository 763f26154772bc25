"""Long horizons without stepping: settled states, affine recurrences, their closed forms.

Two facts carry a horizon of 10^18 steps.

*Settling* (invariant set). If after T steps the autonomous states lie in a box I and one step maps I into I, then by
induction on t they lie in I for every t >= T. Base and step are one ball evaluation each.

*Affine recurrence* (closed form). If s_{t+1} = a s_t + r_t with a > 0 and r <= r_t <= R, then by induction on m

    a^m s_0 + r G_m  <=  s_m  <=  a^m s_0 + R G_m,      G_m = 1 + a + ... + a^{m-1},

because G_{m+1} = a G_m + 1, and each side is monotone in m (its increments are a^m times the first one).
"""

from __future__ import annotations

from dataclasses import dataclass

import flint
from flint import arb, fmpz

from verifier.arithmetic.balls import ONE, ZERO, Balls
from verifier.arithmetic.enclosures import Enclosures, Interval
from verifier.program import Kind, Program
from verifier.run import Runner

SETTLING_GUARD_BITS = 40
"""The box I is this many bits wider than the rounding of one step, so that the step can be shown to map into it."""


@dataclass(frozen=True)
class Settled:
    """The autonomous states lie in `box` after every step t >= `steps` (in the order of `program.autonomous()`)."""

    steps: int
    box: list[Interval]


def settle(program: Program, limit: int) -> Settled | None:
    """Find T <= limit and a box that the autonomous states enter after T steps and never leave; None if not found.

    Candidate boxes are balls around the state after T steps, wider than its last move; inclusion of the image is checked
    with interval end points. Works at the current precision.
    """
    bits = flint.ctx.prec
    balls, enclosures = Runner(program, Balls(bits)), Runner(program, Enclosures)
    state = balls.autonomous_state(1)
    if not state:
        return Settled(1, [])
    steps = 1
    while steps < limit:
        new = balls.advance_autonomous(state)
        steps += 1
        moves = [abs(a - b).upper() for a, b in zip(new, state, strict=True)]
        state = new
        floor = arb(2) ** -(bits - SETTLING_GUARD_BITS)
        if all(move <= floor * (abs(value).upper() + floor) for move, value in zip(moves, state, strict=True)):
            radii = [floor * (abs(value).upper() + floor) * 8 for value in state]
            box = [Interval(v - r, v + r) for v, r in zip(state, radii, strict=True)]
            image = enclosures.advance_autonomous(box)
            if all(_inside(new_side, side) for new_side, side in zip(image, box, strict=True)):
                return Settled(steps, box)
    return None


def _inside(inner: Interval, outer: Interval) -> bool:
    return bool(outer.lower <= inner.lower and inner.upper <= outer.upper)


def is_affine_in_driven_states(program: Program) -> bool:
    """Whether every new driven state is Σ (autonomous factor)·(old driven state) + (input part), decided from the graph."""
    degree: list[int] = []
    for index, operation in enumerate(program.operations):
        kind = program.kinds[index]
        if operation.name == "state":
            degree.append(1 if kind is Kind.DRIVEN else 0)
        elif operation.name == "affine":
            degree.append(max((degree[a] for a in operation.arguments), default=0))
        elif operation.name == "mul":
            a, b = operation.arguments
            if degree[a] and degree[b]:
                degree.append(2)
            elif degree[a] or degree[b]:
                factor = b if degree[a] else a
                steady = program.kinds[factor] in (Kind.CONSTANT, Kind.AUTONOMOUS)
                degree.append(max(degree[a], degree[b]) if steady else 2)
            else:
                degree.append(0)
        else:
            degree.append(2 if any(degree[a] for a in operation.arguments) else 0)
    return all(degree[program.new[k]] <= 1 for k in program.driven())


def geometric_sum(ratio: arb, count: int) -> arb:
    """G = 1 + a + ... + a^{count-1} for a > 0, sharp for a next to 1.

    min(1, a^{count-1})·count <= G <= max(1, a^{count-1})·count, and G = (1 - a^count)/(1 - a) where a ≠ 1.

    >>> geometric_sum(arb(2), 10)
    1023.00000000000
    """
    if count == 0:
        return ZERO
    last, number = ratio ** fmpz(count - 1), arb(fmpz(count))
    mean_value = number * last.min(ONE).union(last.max(ONE))
    away = ONE - ratio
    if not (away > 0 or away < 0):
        return mean_value
    quotient = (ONE - last * ratio) / away
    return quotient.intersection(mean_value) if quotient.overlaps(mean_value) else quotient


def iterate_affine(ratio: Interval, offset: Interval, start: Interval, count: int) -> Interval:
    """Enclose s_count where s_{t+1} = a_t s_t + r_t with a_t in `ratio` > 0 and r_t in `offset`, s_0 in `start`."""
    if count == 0:
        return start
    if ratio.is_point and offset.is_point and start.is_point:
        return Interval(_closed_form(ratio.lower, offset.lower, start.lower, count))
    upper = _one_side(ratio, offset.upper, start.upper, count)
    lower = -_one_side(ratio, -offset.lower, -start.lower, count)
    return Interval(lower, upper)


def _one_side(ratio: Interval, offset: arb, start: arb, count: int) -> arb:
    """An upper bound of s_count. With a fixed sign of the bounding path its worst ratio is an end of `ratio`."""
    if ratio.is_point:
        return _closed_form(ratio.lower, offset, start, count)
    rising = _closed_form(ratio.upper, offset, start, count)
    if start >= 0 and rising >= 0:  # the path is monotone in m, so it is >= 0 throughout
        return rising
    falling = _closed_form(ratio.lower, offset, start, count)
    if start <= 0 and falling <= 0:
        return falling
    return _closed_form(ratio.upper, offset.max(ZERO), start.max(ZERO), count)


def _closed_form(ratio: arb, offset: arb, start: arb, count: int) -> arb:
    return ratio ** fmpz(count) * start + offset * geometric_sum(ratio, count)

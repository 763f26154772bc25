"""T7: no saturating cell has a continuum of resting states. Stated; it rests on Ax's theorem."""

from __future__ import annotations

import random
from fractions import Fraction

from proofs.checks import holds, random_weights
from proofs.theorem import Theorem
from proofs.theorems.t1 import BOUNDED
from verifier.arithmetic.balls import ONE, Balls, to_ball
from verifier.arithmetic.enclosures import Enclosures, Interval
from verifier.cells import CELLS
from verifier.derivatives import derivatives
from verifier.hypotheses import ANALYTIC, operations_of
from verifier.program import record
from verifier.run import Runner
from verifier.verdict import Verdict, all_of
from verifier.weights import Weights

BITS = 96
"""Working precision of the searches for fixed points."""

LARGEST_COVER = 2000
"""Boxes of a cover at most."""

SAMPLED = (("tanh", 2, 3), ("sigmoid", 2, 6), ("gru", 1, 4), ("gru-after-keep", 1, 4), ("lstm", 1, 1))
"""Cells, units and size of the random weights whose fixed points are enclosed."""

TRIALS = 3
"""Random weight sets per cell."""

INPUT = Fraction(1, 3)
"""The constant input."""

EXPONENTIAL = frozenset({"sigmoid", "tanh"})
"""Operations that are rational in an exponential of their argument."""

Box = tuple[tuple[Fraction, Fraction], ...]


def check_isolated(weights: Weights, reach: Fraction) -> Verdict:
    """Whether the fixed points with all states in [-reach, reach] are isolated, for the constant input 1/3; at most two states.

    The box is halved until on each piece Φ(s) - s has no zero, or its derivative's enclosure has a determinant without 0:
    then Φ(s) - s is injective there (mean value theorem, row by row) and has at most one. UNDECIDED after too many pieces.
    """
    program = record(weights)
    size = len(program.driven())
    if size != len(program.states) or size > 2:
        return Verdict.UNDECIDED
    runner = Runner(program, Enclosures())
    pieces: list[Box] = [((-reach, reach),) * size]
    done = 0
    with Balls(BITS).working():
        while pieces:
            box = pieces.pop()
            done += 1
            if done > LARGEST_COVER:
                return Verdict.UNDECIDED
            if _has_none(runner, box) or _has_at_most_one(runner, box):
                continue
            widest = max(range(size), key=lambda k: box[k][1] - box[k][0])
            low, high = box[widest]
            for half in ((low, (low + high) / 2), ((low + high) / 2, high)):
                pieces.append((*box[:widest], half, *box[widest + 1 :]))
    return Verdict.PROVED


def _has_none(runner: Runner, box: Box) -> bool:
    """Evaluate the step on the box; whether some coordinate of Φ(s) - s has one sign."""
    state = [Interval(to_ball(low), to_ball(high)) for low, high in box]
    new = runner.step(1, state, INPUT)
    runner.output()
    gaps = [value - old for value, old in zip(new, state, strict=True)]
    return any(gap.lower > 0 or gap.upper < 0 for gap in gaps)


def _has_at_most_one(runner: Runner, box: Box) -> bool:
    """Whether det(Φ'(s) - 1) keeps away from 0, from the step just evaluated on the box."""
    slopes, size = derivatives(runner).states, len(box)
    zero, one = Interval(to_ball(0)), Interval(ONE)
    j = [[slopes[i].get(k, zero) - (one if i == k else zero) for k in range(size)] for i in range(size)]
    determinant = j[0][0] if size == 1 else j[0][0] * j[1][1] - j[0][1] * j[1][0]
    return bool(determinant.lower > 0 or determinant.upper < 0)


def the_named_cells_are_built_from_exponentials() -> Verdict:
    """Sums, products, σ and tanh, and one of the latter two: u -> (u, exp u) is all that is transcendental in a fixed point."""
    found = []
    for name in BOUNDED:
        operations = operations_of(CELLS[name])
        found.append(holds(operations <= ANALYTIC and bool(operations & EXPONENTIAL)))
    return all_of(found)


def sampled_fixed_points_are_isolated() -> Verdict:
    """A consequence: the fixed points of random tanh, sigmoid, GRU and LSTM cells are isolated, each box decided in balls.

    Bounded states lie in [-1, 1]; the LSTM's c = i g/(1 - f) in [-8, 8], because |z_f| <= 3/2 makes 1/(1 - f) <= 1 + e^(3/2) < 8.
    """
    generator = random.Random(15)
    found = []
    for name, hidden, size in SAMPLED:
        for _ in range(TRIALS):
            weights = random_weights(generator, name, hidden, size)
            reach = Fraction(1)
            if name == "lstm":
                weights = weights.replace(
                    {(f"{block}_f", index): Fraction(1, 2) for block, index in (("W", (0, 0)), ("U", (0,)), ("b", (0,)))}
                )
                reach = Fraction(8)
            found.append(check_isolated(weights, reach))
    return all_of(found)


def linear_and_relu_continua_are_not_covered() -> Verdict:
    """Near miss: h' = h and h' = relu(h) have a continuum of fixed points; no exponential occurs in their steps."""
    found = []
    for name in ("linear", "relu"):
        weights = Weights(name, 1, {"W_h": {(0, 0): 1}, "V": {(0,): 1}})
        for start in (Fraction(k, 7) for k in range(9)):
            *_, last = Runner(record(weights.replace({("h_0", (0,)): start})), Balls(BITS)).outputs([INPUT] * 5)
            found.append(holds(bool(last.overlaps(to_ball(start))) and last.rad() < to_ball(Fraction(1, 2**40))))
        found.append(holds(not operations_of(CELLS[name]) & EXPONENTIAL))
        moved = weights.replace({("U_h", (0,)): Fraction(1, 2**60), ("b_h", (0,)): Fraction(-1, 3 * 2**60)})
        found.append(holds(check_isolated(moved, Fraction(1)) is Verdict.UNDECIDED))
    return all_of(found)


def a_degenerate_fixed_point_is_left_undecided() -> Verdict:
    """The guard fires: h' = tanh(h) rests at 0 only, with slope 1; the determinant test never claims it."""
    weights = Weights("tanh", 1, {"W_h": {(0, 0): 1}, "U_h": {(0,): 3}, "b_h": {(0,): -1}, "V": {(0,): 1}})  # 3·(1/3) - 1 = 0
    return holds(check_isolated(weights, Fraction(1)) is Verdict.UNDECIDED)


def more_than_one_is_possible() -> Verdict:
    """False variant "at most one fixed point": tanh(2h) - h changes sign three times on [-1, 1]."""
    with Balls(BITS).working():
        places = [Fraction(-1), Fraction(-1, 2), Fraction(1, 2), Fraction(1)]
        gaps = [(2 * to_ball(h)).tanh() - to_ball(h) for h in places]
        return holds(bool(gaps[0] > 0) and bool(gaps[1] < 0) and bool(gaps[2] > 0) and bool(gaps[3] < 0))


T7 = Theorem(
    id="T7",
    title="no continuum of resting states",
    statement=(
        "For a constant input, a tanh, sigmoid, LSTM or GRU cell with finite weights has no non-constant real-analytic curve of "
        "fixed points, nor of points of one period. So no such cell can keep a real number at rest, as a ReLU cell can (C3). "
        "Invariant circles are not excluded, and no error bound is claimed."
    ),
    hypotheses=("the step consists of sums, products, σ and tanh", "the input is constant", "all weights are finite"),
    source=(
        "this project, theory T7, from Ax 1971 (Schanuel's conjecture for functions). That continuous attractors "
        "are structurally unstable is known (Seung 1996, Ságodi et al. 2024); quasi-periodic memories: Park, Ságodi & Sokół 2023"
    ),
    argument=(
        "Along a curve of fixed points let u collect the pre-activations, and the LSTM's c. h = tanh(u) and σ(u) are rational in "
        "exp(2u) and exp(u). The LSTM's c = f c + i g gives c = i g/(1 - f), f < 1; the GRU's h = (1-z)h + z n gives h = n, "
        "z > 0: these too are rational in exponentials of u, and u is a linear function of h (and r∘h). For period p the same "
        "with p steps.",
        "So all of u and exp(u) is algebraic over the field generated by exp(u_i). If r is the rank of the u_i modulo constants "
        "over the rationals, r of these exponentials generate the others up to algebraic elements: trdeg(u, exp u) <= r.",
        "Ax's theorem (Schanuel's conjecture for functions) says trdeg(u, exp u) >= r + 1 unless r = 0. So r = 0, all u are "
        "constant, and the curve is a point.",
        "Ax's theorem is cited and not machine-checked here; the checks below are of the hypothesis and of consequences.",
    ),
    checks={
        "tanh, sigmoid, LSTM and GRU steps as recorded: sums, products, σ and tanh": the_named_cells_are_built_from_exponentials,
        "consequence: the fixed points of random cells are isolated (interval enclosures)": sampled_fixed_points_are_isolated,
        "near miss: linear and ReLU cells have a continuum and are not covered": linear_and_relu_continua_are_not_covered,
        "guard: a fixed point of slope 1 is left undecided by the enclosure": a_degenerate_fixed_point_is_left_undecided,
        "false variant: 'at most one fixed point' is contradicted by tanh(2h)": more_than_one_is_possible,
    },
    is_cited=True,
)

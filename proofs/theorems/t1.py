"""T1: on all of ℝ a cell with a bounded readout has infinite error."""

from __future__ import annotations

import dataclasses
import random
from fractions import Fraction

from proofs.checks import holds, random_rational, random_weights
from proofs.theorem import Floor, Theorem
from verifier.arithmetic.balls import Balls, to_ball
from verifier.cells import CELLS, LSTM
from verifier.certify import certify_weights
from verifier.hypotheses import bound_readout, range_of_readout
from verifier.program import record
from verifier.regime import Regime
from verifier.run import Runner
from verifier.verdict import Verdict, all_of, check_at_most, check_less
from verifier.weights import Weights

BOUNDED = ("tanh", "sigmoid", "lstm", "gru", "gru-keep", "gru-after", "gru-after-keep")
"""The cells that the theorem names."""

BITS = 128
"""Working precision of the checks."""

TRIALS = 12
"""Random weight sets per cell."""

STEPS = 8
"""Length of the runs."""

SATURATION = 40
"""Gates at σ(±40) and candidates at tanh(40) in the weights that come close to the bound."""

ROUNDING = Fraction(1, 2**64)
"""Balls next to ±1 reach beyond it by their radius, which is far less than this."""

CLOSE = Fraction(1, 10**6)
"""How close saturated weights come to H within the run."""


def floor(regime: Regime) -> Floor | None:
    """Infinite on ℝ for every horizon, where the recorded cell keeps the state that the readout sees bounded."""
    height = bound_readout(CELLS[regime.architecture])
    if regime.domain != "reals" or height is None:
        return None
    factor = "" if height == 1 else f"{height}·"
    return Floor(
        error=None,
        because=f"|h_t| <= {height} whatever the inputs are, so |y_n| <= {factor}Σ|V_k| + |v0|, and x_1 may be any real number.",
        checks={f"the cell's recorded step keeps |h| <= {height}": Verdict.PROVED},
    )


def the_named_cells_are_bounded_by_one() -> Verdict:
    """H = 1 from the range analysis of each recorded step, s_0 = 0."""
    return all_of(holds(bound_readout(CELLS[name]) == 1) for name in BOUNDED)


def a_start_beyond_one_counts() -> Verdict:
    """GRU: H = max(1, |h_0|), because h_t is a convex combination of h_{t-1} and tanh; LSTM: 1 whatever h_0 and c_0 are."""
    found = []
    for name in BOUNDED:
        weights = random_weights(random.Random(1), name, 1, 2).replace({("h_0", (0,)): 3, ("V", (0,)): 1, ("v0", ()): 0})
        low, high = range_of_readout(record(weights))
        found.append(holds(low >= -1 and high == (3 if name.startswith("gru") else 1)))
    return all_of(found)


def unbounded_states_are_not_covered() -> Verdict:
    """Near misses: relu, linear, bilinear and stacked cells, an LSTM read at c instead of h, and inputs from a box."""
    reads_c = dataclasses.replace(LSTM, name="lstm read at c", states=("c", "h"))
    found = [holds(bound_readout(reads_c) is None)]
    found += [
        holds(floor(Regime(name, 3, Fraction(1), Fraction(1), domain="reals")) is None) for name in CELLS if name not in BOUNDED
    ]
    found += [holds(floor(Regime(name, 3, Fraction(1), Fraction(1, 2))) is None) for name in BOUNDED]
    return all_of(found)


def one_is_the_least_bound() -> Verdict:
    """False variant "|h| <= H for some H < 1": saturated weights come within 10^-6 of 1."""
    found = []
    with Balls(BITS).working():
        for name in BOUNDED:
            cell, k = CELLS[name], SATURATION
            signs = {"z": -1 if name.endswith("keep") else 1}
            blocks: dict[str, dict[tuple[int, ...], int]] = {f"b_{gate}": {(0,): k * signs.get(gate, 1)} for gate in cell.gates}
            weights = Weights(name, 1, {**blocks, "V": {(0,): 1}})
            *_, last = Runner(record(weights), Balls(BITS)).outputs([Fraction(0)] * STEPS)
            found.append(check_less(to_ball(1 - CLOSE), last))
    return all_of(found)


def random_runs_stay_inside() -> Verdict:
    """Attack: random weights on random inputs up to 1000 never leave the computed range of y by more than 2^-64."""
    generator = random.Random(2)
    found = []
    with Balls(BITS).working():
        for name in BOUNDED:
            for _ in range(TRIALS):
                program = record(random_weights(generator, name, 2, 8))
                low, high = range_of_readout(program)
                if not (isinstance(low, Fraction) and isinstance(high, Fraction)):
                    return Verdict.REFUTED
                for y in Runner(program, Balls(BITS)).outputs([random_rational(generator, 1000) for _ in range(STEPS)]):
                    found += [check_at_most(to_ball(low - ROUNDING), y), check_at_most(y, to_ball(high + ROUNDING))]
    return all_of(found)


def random_weights_are_refuted_on_the_reals() -> Verdict:
    """Attack: each random weight set gets a witness x_1 beyond the range of its readout, certified by the verifier."""
    generator = random.Random(3)
    found = []
    for name in BOUNDED:
        weights = random_weights(generator, name, 2, 8)
        regime = Regime(name, 3, Fraction(1), Fraction(10), domain="reals", hidden=2)
        found.append(holds(certify_weights(weights, regime, steps=3).verdict is Verdict.REFUTED))
    return all_of(found)


T1 = Theorem(
    id="T1",
    title="bounded readout",
    statement=(
        "If |h_t| <= H for all inputs, then |y_n| <= H·Σ|V_k| + |v0| =: Y for every n, so every x_1 with |x_1| > Y + δ is "
        "missed by more than δ: over all of ℝ the error is infinite for every choice of weights. H = 1 for tanh, sigmoid and "
        "LSTM networks, H = max(1, |h_0|) for the GRU."
    ),
    hypotheses=("the state that the readout sees is bounded, whatever the inputs are", "x_1 may be any real number"),
    source=(
        "folklore; bounded h against unbounded c is the point of Weiss, Goldberg & Yahav 2018 and Merrill et al. 2020 "
        "(this project, theory T1)"
    ),
    argument=(
        "tanh lies in [-1, 1] and σ in [0, 1] whatever their arguments are. So h = tanh(...) and h = σ(...) are bounded by 1, "
        "and so is the LSTM's h = o·tanh(c) with o in [0, 1], although its c is not bounded.",
        "The GRU's h_t = (1-z)h_{t-1} + z n with z in [0, 1] lies between h_{t-1} and n in [-1, 1]; by induction on t it stays "
        "between the extremes of h_0 and ±1.",
        "Hence |y_n| = |V h_n + v0| <= Y, and |y_n - x_1| >= |x_1| - Y, which exceeds every δ.",
    ),
    checks={
        "the recorded tanh, sigmoid, LSTM and GRU steps keep |h| <= 1": the_named_cells_are_bounded_by_one,
        "with h_0 = 3: at most 3 for the GRU, 1 for the others": a_start_beyond_one_counts,
        "near miss: relu, linear, bilinear, stacked, an LSTM read at c, the box: not covered": unbounded_states_are_not_covered,
        "false variant: 'H < 1' is contradicted by saturated weights": one_is_the_least_bound,
        "attack: random weights and inputs stay within the computed range": random_runs_stay_inside,
        "attack: random weights get a witness beyond their range": random_weights_are_refuted_on_the_reals,
    },
    floor=floor,
)

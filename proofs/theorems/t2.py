"""T2: an analytic cell with a bounded readout is never exact on an interval."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from constructions import Construction, construct
from proofs.checks import holds, random_weights
from proofs.theorem import Floor, Theorem
from proofs.theorems.t1 import BOUNDED
from verifier.arithmetic.floats import Floats
from verifier.cells import CELLS
from verifier.certify import certify, certify_weights
from verifier.hypotheses import bound_readout, is_analytic
from verifier.program import record
from verifier.regime import Regime
from verifier.run import Runner
from verifier.sequences import Runs, join
from verifier.verdict import Verdict, all_of
from verifier.weights import Weights

SMALL = Fraction(1, 10**12)
"""An error that the false variant forbids and the constructions reach."""

TRIALS = 2
"""Random weight sets per cell."""

SHORT, LONGEST_WITNESS = 3, 2000
"""Inputs of a witness against offered weights where any n may be read, and at a fixed n, at most."""

SAMPLES = 400
"""Inputs on which the readout is fitted."""


def floor(regime: Regime) -> Floor | None:
    """Above 0 on the box for every horizon, where the recorded cell is analytic and its readout bounded."""
    cell = CELLS[regime.architecture]
    height = bound_readout(cell)
    if regime.domain != "box" or height is None or not is_analytic(cell):
        return None
    factor = "" if height == 1 else f"{height}·"
    return Floor(
        error=Fraction(0),
        because=(
            "y_n is a real-analytic function of the inputs; equal to x_1 on an interval it would equal x_1 on all of ℝ, "
            f"where |y_n| <= {factor}Σ|V_k| + |v0|."
        ),
        checks={
            "the cell's recorded step is real-analytic": Verdict.PROVED,
            f"the cell's recorded step keeps |h| <= {height}": Verdict.PROVED,
        },
        strict=True,
    )


def witnesses(weights: Weights, regime: Regime) -> Iterator[Runs]:
    """Short sequences of unlike inputs; of length n where n is fixed."""
    size, rest = regime.bound, -regime.bound
    for length in (regime.n,) if regime.only_last else range(1, min(regime.n, SHORT) + 1):
        if length <= LONGEST_WITNESS:
            for first in (size, size / 2, -size, -size / 3):
                yield join([(first, 1), (rest, length - 1)])


def the_named_cells_are_analytic_and_bounded() -> Verdict:
    """Only sums, products, constants, σ and tanh occur in the recorded steps, and the readout is bounded."""
    return all_of(holds(is_analytic(CELLS[name]) and bound_readout(CELLS[name]) is not None) for name in BOUNDED)


def relu_and_linear_are_not_covered() -> Verdict:
    """Near misses: relu is not analytic, linear and bilinear not bounded; and their constructions are exact on the box."""
    found = [holds(not is_analytic(CELLS["relu"]) and not is_analytic(CELLS["stacked"]))]
    found += [holds(is_analytic(CELLS[name]) and bound_readout(CELLS[name]) is None) for name in ("linear", "bilinear")]
    for name, horizon in (("relu", "forever"), ("bilinear", "forever"), ("stacked", "forever"), ("linear", "fixed")):
        found.append(holds(floor(Regime(name, 3, Fraction(1), Fraction(0), horizon)) is None))
        answer = construct(name, 3, horizon=horizon, exact_recall=True, hidden=3)
        found.append(certify(answer, steps=8).verdict if isinstance(answer, Construction) else Verdict.UNDECIDED)
    return all_of(found)


def grids_and_tolerances_are_not_forbidden() -> Verdict:
    """Near misses: a grid holds no interval, and no positive tolerance is forbidden."""
    grid = floor(Regime("lstm", 3, Fraction(1), Fraction(0), domain="grid", bits=2))
    box = floor(Regime("lstm", 3, Fraction(1), Fraction(0)))
    if box is None:
        return Verdict.REFUTED
    return holds(grid is None and box.forbids(Fraction(0)) and not box.forbids(Fraction(1, 10**100)))


def a_positive_floor_would_be_false() -> Verdict:
    """False variant "the error is at least 10^-12 M": the constructions are certified below it."""
    found = []
    for name in BOUNDED:
        answer = construct(name, 3, tolerance=SMALL / 2, hidden=4)
        found.append(certify(answer, steps=8).verdict if isinstance(answer, Construction) else Verdict.UNDECIDED)
    return all_of(found)


def fitted_readouts_miss() -> Verdict:
    """Attack: random cells with the readout fitted by least squares have a certified nonzero error, and so have C5, C6, C7."""
    generator = random.Random(4)
    found = []
    for name in BOUNDED:
        regime = Regime(name, 2, Fraction(1), Fraction(0), hidden=4)
        offered = [fitted(random_weights(generator, name, 4, 1), generator) for _ in range(TRIALS)]
        answer = construct(name, 2, tolerance=SMALL, hidden=4)
        if not isinstance(answer, Construction):
            return Verdict.UNDECIDED
        for weights in (*offered, answer.weights):
            found.append(holds(certify_weights(weights, regime, steps=2).verdict is Verdict.REFUTED))
    return all_of(found)


def fitted(weights: Weights, generator: random.Random) -> Weights:
    """The weights with V and v0 that fit y_2 to x_1 on random inputs of [-1, 1]² best, in floats (any readout is a proposal)."""
    inputs = np.array([[generator.uniform(-1, 1) for _ in range(SAMPLES)] for _ in range(2)])
    columns = []
    for unit in range(weights.hidden):
        only: dict[tuple[str, tuple[int, ...]], int] = {("V", (k,)): int(k == unit) for k in range(weights.hidden)}
        runner = Runner(record(weights.replace({**only, ("v0", ()): 0})), Floats("binary64"))
        *_, last = runner.outputs(list(inputs))
        columns.append(last)
    solution, *_ = np.linalg.lstsq(np.array([*columns, np.ones(SAMPLES)]).T, inputs[0], rcond=None)
    *readout, offset = (Fraction(float(value)) for value in solution)
    changes: dict[tuple[str, tuple[int, ...]], Fraction] = {("V", (k,)): value for k, value in enumerate(readout)}
    return weights.replace({**changes, ("v0", ()): offset})


T2 = Theorem(
    id="T2",
    title="never exact on an interval",
    statement=(
        "No tanh, sigmoid, LSTM or GRU network outputs exactly x_1 at time n on a non-empty open set of inputs, for any n >= 1 "
        "and any weights: on [-M, M]^n its error is positive (but as small as one likes: C5, C6, C7)."
    ),
    hypotheses=(
        "the step consists of sums, products, σ and tanh: it is real-analytic on all of ℝ",
        "the state that the readout sees is bounded (T1)",
        "the inputs fill an open set (on finitely many points there is no such limit)",
    ),
    source=(
        "elementary, from the identity theorem for real-analytic functions (this project, theory T2); in the same spirit "
        "Emami et al. 2019 on maps of smooth and unitary RNNs"
    ),
    argument=(
        "tanh and σ are real-analytic on all of ℝ, and sums, products and compositions of real-analytic functions are "
        "real-analytic. So y_n is a real-analytic function of (x_1, ..., x_n) in ℝ^n.",
        "If y_n = x_1 on a non-empty open set, then by the identity theorem (ℝ^n is connected) y_n = x_1 on all of ℝ^n. But y_n "
        "is bounded there (T1), and x_1 is not.",
        "The kernel checks it without the identity theorem (proofs/rocq/t2.v): along x_1 every quantity of the cell has k-th "
        "derivatives of at most A·C^k·k! on all of ℝ, with the same constants for all k, so y_n = x_1 on a segment, however "
        "short, with the other inputs fixed, carries over to all larger x_1.",
    ),
    uses=("T1",),
    checks={
        "the recorded tanh, sigmoid, LSTM and GRU steps are analytic and bounded": the_named_cells_are_analytic_and_bounded,
        "near miss: relu and stacked (not analytic), linear and bilinear (not bounded) are exact": relu_and_linear_are_not_covered,
        "near miss: grids and positive tolerances are not forbidden": grids_and_tolerances_are_not_forbidden,
        "false variant: 'error >= 10^-12 M' is contradicted by C5, C6, C7": a_positive_floor_would_be_false,
        "attack: fitted readouts and the constructions miss by a certified positive amount": fitted_readouts_miss,
    },
    floor=floor,
    witnesses=witnesses,
)

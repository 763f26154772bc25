"""T8: no continuous cell copies more reals than its state holds."""

from __future__ import annotations

from fractions import Fraction

import sympy
from flint import arb

from constructions.delay import CopyConstruction, construct_copy
from proofs.checks import holds
from proofs.theorem import Theorem
from verifier.affine import AffineForms, Form
from verifier.arithmetic.balls import Balls, to_ball
from verifier.cells import CELLS, Activations, Cell, Maps, State, Vector
from verifier.copy_task import CopyTask
from verifier.copying import certify_copy
from verifier.hypotheses import is_continuous
from verifier.program import Node, Recorder, full_blocks, record
from verifier.run import Runner
from verifier.sensitivity import copy_outputs
from verifier.verdict import Verdict, all_of, check_at_most
from verifier.weights import Weights

BISECTIONS = 80
"""Halvings of the path on the square's boundary."""

PROOF_BITS = 256
"""Working precision of the checks."""


def every_cell_is_continuous() -> Verdict:
    """The recorded step of every cell consists of continuous operations."""
    return all_of(holds(is_continuous(cell)) for cell in CELLS.values())


def a_threshold_cell_is_not_covered() -> Verdict:
    """Near miss: a cell with a jump fails the hypothesis, so `CopyTask.is_impossible` would not claim anything for it."""

    class Jumps(Recorder):
        def threshold(self, value: Node) -> Node:
            """1 where the value is positive, else 0."""
            return self._apply("threshold", value)

    def step(arithmetic: Activations, maps: Maps, state: State, x: object) -> dict[str, Vector]:
        jump = getattr(arithmetic, "threshold")  # noqa: B009
        return {"h": [jump(z) for z in maps("h", state["h"], x)]}

    cell = Cell("threshold", "threshold RNN", ("h",), ("h",), {"h": "threshold"}, (), step, "McCulloch & Pitts 1943")
    return holds(not is_continuous(cell, Jumps()))


def the_state_has_d_reals() -> Verdict:
    """D, computed from the cell, is the number of state variables of the recorded program when every weight is nonzero."""
    found = []
    for name, cell in CELLS.items():
        for hidden in (1, 3):
            carried = len(record(Weights(name, hidden, full_blocks(cell, hidden, Fraction(1, 7)))).states)
            found.append(holds(carried == cell.state_reals(hidden)))
    return all_of(found)


def n_equal_to_d_is_not_claimed() -> Verdict:
    """The verifier claims impossibility for n = D + 1 and for no n <= D."""
    found = []
    for name, cell in CELLS.items():
        most = cell.state_reals(3)
        tolerance = Fraction(1, 1000)
        found.append(holds(CopyTask(name, most + 1, Fraction(1), tolerance, 3).is_impossible))
        found.append(holds(not CopyTask(name, most, Fraction(1), tolerance, 3).is_impossible))
        found.append(holds(not CopyTask(name, most + 1, Fraction(1), tolerance, 3, symbols=4).is_impossible))
    return all_of(found)


def n_at_least_d_would_be_false() -> Verdict:
    """False variant: "n >= D has error >= M" is contradicted by C10 at n = D, whose error is certified below M."""
    found = []
    for name, hidden in (("linear", 2), ("relu", 2), ("tanh", 2), ("lstm", 1), ("lstm", 2)):
        task = CopyTask(name, CELLS[name].state_reals(hidden), Fraction(1), Fraction(1, 1000), hidden)
        answer = construct_copy(task)
        found.append(certify_copy(answer.weights, task).verdict if isinstance(answer, CopyConstruction) else Verdict.UNDECIDED)
    return all_of(found)


def one_unit_by_intermediate_values() -> Verdict:
    """d = 1, n = 2: an antipodal pair with equal states on the square's boundary, located for a tanh unit.

    Along the boundary from (1, -1) over (1, 1) to (-1, 1) the difference s_2(x) - s_2(-x) changes its sign; at its zero
    all outputs of x and -x agree, and one coordinate has modulus M = 1. Checked: the signs at both ends of a piece of
    length 2^-80, and max |E_j| >= 1 - 2^-60 for the pair on the whole piece.
    """
    weights = Weights("tanh", 1, {"W_h": {(0, 0): Fraction(3, 4)}, "U_h": {(0,): Fraction(1, 2)}, "V": {(0,): 3}})
    with Balls(PROOF_BITS).working():
        low, high = Fraction(0), Fraction(4)
        if not (_difference(weights, low) < 0 and _difference(weights, high) > 0):
            return Verdict.UNDECIDED
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            below = _difference(weights, middle) < 0
            low, high = (middle, high) if below else (low, middle)
        if not (_difference(weights, low) < 0 and _difference(weights, high) >= 0):
            return Verdict.UNDECIDED
        piece = [to_ball(a).union(to_ball(b)) for a, b in zip(_boundary(low), _boundary(high), strict=True)]
        worst = _largest_error(weights, piece).max(_largest_error(weights, [-x for x in piece]))
        return check_at_most(1 - arb(2) ** -60, worst)


def _boundary(place: Fraction) -> list[Fraction]:
    """The point at arc length 0 ... 4 from (1, -1) over (1, 1) to (-1, 1)."""
    return [Fraction(1), place - 1] if place <= 2 else [3 - place, Fraction(1)]


def _difference(weights: Weights, place: Fraction) -> arb:
    """s_2(x) - s_2(-x)."""
    return _state(weights, _boundary(place)) - _state(weights, [-x for x in _boundary(place)])


def _state(weights: Weights, inputs: list[Fraction]) -> arb:
    runner = Runner(record(weights), Balls(PROOF_BITS))
    state = runner.start()
    for t, x in enumerate(inputs, 1):
        state = runner.step(t, state, x)
    last: arb = state[0]
    return last


def _largest_error(weights: Weights, inputs: list[arb]) -> arb:
    outputs = copy_outputs(Runner(record(weights), Balls(PROOF_BITS)), inputs)
    first, second = (abs(y - x) for y, x in zip(outputs, inputs, strict=True))
    worst: arb = first.max(second)
    return worst


def linear_cells_by_a_kernel() -> Verdict:
    """Linear cells, exactly: n = d + 1 inputs have a kernel vector, which the state and all outputs do not see.

    Scaled to sup norm M it is an antipodal pair of T8; its error is exactly at least M.
    """
    hidden, n = 3, 4
    blocks: dict[str, dict[tuple[int, ...], Fraction]] = {
        "W_h": {(i, k): Fraction(i * i + 2 * k + 1, 7 - i) for i in range(hidden) for k in range(hidden)},
        "U_h": {(k,): Fraction(k + 1, 3) for k in range(hidden)},
        "V": {(k,): Fraction(2 - k) for k in range(hidden)},
    }
    program = record(Weights("linear", hidden, blocks))
    runner = Runner(program, AffineForms(Fraction(1)))
    state = runner.start()
    for t in range(n):
        state = runner.step(t + 1, state, Form(Fraction(0), {t: Fraction(1)}))
    rows = [[sympy.Rational(*form.slopes.get(k, Fraction(0)).as_integer_ratio()) for k in range(n)] for form in state]
    kernel = [Fraction(int(v.p), int(v.q)) for v in sympy.Matrix(rows).nullspace()[0]]
    size = max(abs(v) for v in kernel)
    x = [v / size for v in kernel]
    forms = copy_outputs(Runner(program, AffineForms(Fraction(1))), [Form(v, {}) for v in x])
    blanks = copy_outputs(Runner(program, AffineForms(Fraction(1))), [Form(Fraction(0), {})] * n)
    unseen = all(a.constant == b.constant for a, b in zip(forms, blanks, strict=True))
    misses = max(max(abs(y.constant - v), abs(y.constant + v)) for y, v in zip(forms, x, strict=True))
    return holds(unseen and misses >= 1)


T8 = Theorem(
    id="T8",
    title="memorisation capacity",
    statement=(
        "Let the state of a recurrent cell hold D reals (D = d for a linear, ReLU or tanh RNN, D = 2d for an LSTM, whose h "
        "and c are both kept) and let its step be continuous. If n > D, then for every choice of weights, s_0 and readout "
        "some input sequence in [-M, M]^n is copied with error at least M: no better than the constant output 0."
    ),
    hypotheses=(
        "the step is a continuous function of state and input",
        "the inputs are all reals of [-M, M] (on finitely many symbols there is no such limit)",
        "n > D (n = D is possible to any tolerance: C10)",
    ),
    source=(
        "this project, theory T8, from Borsuk 1933; special case of the known manifold (Alexandrov) width of the cube: DeVore, "
        "Howard & Micchelli 1989, Siegel 2024. Collins, Sohl-Dickstein & Sussillo 2017 measured about one real per hidden unit for "
        "all trained architectures"
    ),
    argument=(
        "The outputs y_n, ..., y_{2n-1} depend on the inputs through s_n alone, because everything after x_n is blank.",
        "The boundary of the cube [-M, M]^n is a sphere of dimension n - 1 on which x -> -x is the antipodal map, and "
        "x -> s_n(x) is continuous from it to R^D with D <= n - 1. By the Borsuk-Ulam theorem some x on it has "
        "s_n(x) = s_n(-x): both sequences get the same outputs.",
        "Some coordinate has |x_j| = M. The same number y cannot be nearer than M to both x_j and -x_j.",
        "For D = 1 this is the intermediate value theorem: s_2(x) - s_2(-x) is odd on the boundary of the square, which is "
        "connected, so it vanishes somewhere. The general case uses Borsuk-Ulam, which is cited, not machine-checked here.",
    ),
    uses=(),
    checks={
        "every cell's step is continuous": every_cell_is_continuous,
        "near miss: a threshold cell is not covered": a_threshold_cell_is_not_covered,
        "D from the cell is the number of recorded state variables": the_state_has_d_reals,
        "near miss: n = D, and symbols, are not claimed impossible": n_equal_to_d_is_not_claimed,
        "false variant: 'n >= D' is contradicted by C10": n_at_least_d_would_be_false,
        "d = 1: the antipodal pair by intermediate values": one_unit_by_intermediate_values,
        "linear cells: the antipodal pair as a kernel vector": linear_cells_by_a_kernel,
    },
)

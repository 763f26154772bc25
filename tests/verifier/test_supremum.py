"""The worst case: extreme paths, closed form and subdivision, against every vertex, interior points and a second run."""

import itertools
import random
from fractions import Fraction

import numpy as np
import pytest
from core_cases import BITS, flag_and_memory, lower_end, plain_error, random_weights, to_fraction, upper_end
from flint import arb

from verifier.arithmetic.balls import Balls
from verifier.arithmetic.enclosures import Interval
from verifier.derivatives import INPUT, StepDerivatives
from verifier.errors import StepLimit
from verifier.monotone import error_slope, grow, inner_product, pull_pattern, run_extremes, sum_of_signs, walk_box
from verifier.program import record
from verifier.run import Runner
from verifier.sequences import expand, length
from verifier.settled import bound_beyond
from verifier.supremum import bound_supremum, supremum_by_stepping
from verifier.weights import Weights

ONE = Fraction(1)
CLOSE = Fraction(1, 10**9)
RUN_ERROR = Fraction(1, 10**14)
"""Above the rounding of 64-bit balls, far below CLOSE."""


@pytest.fixture(autouse=True)
def _little_subdivision(monkeypatch):
    """Seconds instead of minutes; the bounds must hold however much is subdivided."""
    monkeypatch.setattr("verifier.supremum.SUBDIVISION_WORK", 1500)


def error(weights, inputs):
    return to_fraction(plain_error(weights, list(inputs), 40))


def float_errors(weights, sequences):
    """|y_n - x_1| of many input sequences at once, in plain numpy written from scratch."""
    d = weights.hidden

    def block(name):
        return np.array([[float(weights[name][j, k]) for k in range(d)] for j in range(d)])

    def row(name):
        return np.array([float(weights[name][k,]) for k in range(d)])

    x = np.array([[float(v) for v in sequence] for sequence in sequences])
    h = np.tile(row("h_0"), (len(x), 1))
    c = np.tile(row("c_0"), (len(x), 1))
    for t in range(x.shape[1]):
        z = {g: h @ block("W_" + g).T + x[:, t, None] * row("U_" + g) + row("b_" + g) for g in "fiog"}
        f, i, o = (1 / (1 + np.exp(-z[g])) for g in "fio")
        c = f * c + i * np.tanh(z["g"])
        h = o * np.tanh(c)
    return np.abs(h @ row("V") + float(weights["v0"][()]) - x[:, 0])


def brute_force(weights, bound, horizons, seed=0, interior=200):
    """(largest error over all vertices of all horizons, largest over random interior points as well)."""
    generator = random.Random(seed)
    at_vertices, anywhere = Fraction(0), Fraction(0)
    for n in horizons:
        vertices = list(itertools.product((bound, -bound), repeat=n))
        points = [[bound * Fraction(generator.randint(-32, 32), 32) for _ in range(n)] for _ in range(interior)]
        for kind, sequences in (("vertices", vertices), ("points", points)):
            if not sequences:
                continue
            worst = error(weights, sequences[int(np.argmax(float_errors(weights, sequences)))])
            anywhere = max(anywhere, worst)
            if kind == "vertices":
                at_vertices = max(at_vertices, worst)
    return at_vertices, anywhere


def check(weights, bound, n, only_last, found):
    """What every answer must satisfy; returns the brute-force numbers."""
    horizons = [n] if only_last else range(1, n + 1)
    at_vertices, anywhere = brute_force(weights, bound, horizons)
    assert upper_end(found.upper) >= anywhere - RUN_ERROR
    witness = list(expand(found.witness))
    assert len(witness) == found.horizon
    assert found.horizon in horizons
    assert all(-bound <= x <= bound for x in witness)
    attained = error(weights, witness)
    assert upper_end(found.upper) >= attained - RUN_ERROR
    assert lower_end(found.lower) - RUN_ERROR <= attained <= upper_end(found.lower) + RUN_ERROR
    if found.exact:
        assert found.undecided == 0
        assert abs(lower_end(found.upper) - attained) < RUN_ERROR
        assert abs(upper_end(found.upper) - attained) < RUN_ERROR
        if found.boxes == 1:
            assert abs(attained - at_vertices) < CLOSE
    else:
        assert found.undecided > 0
    return at_vertices, anywhere


@pytest.mark.parametrize("only_last", [True, False])
@pytest.mark.parametrize("bound", [ONE, Fraction(1, 3)])
@pytest.mark.parametrize(("seed", "hidden", "n"), [(0, 1, 4), (1, 1, 3), (2, 2, 3), (3, 2, 4), (4, 3, 3), (5, 3, 2)])
def test_random_nets(seed, hidden, n, bound, only_last):
    weights = random_weights(seed, hidden)
    with Balls(BITS).working():
        found = supremum_by_stepping(record(weights), bound, n, only_last)
        check(weights, bound, n, only_last, found)


@pytest.mark.parametrize("seed", range(8))
def test_gentle_nets_are_decided(seed):
    """Small weights: gates hardly move, so most signs are decided and the answer is exact."""
    weights = random_weights(seed, 2, size=1, initial=False)
    small = {
        (name, index): value / 16
        for name, array in weights.blocks().items()
        for index, value in array
        if name[0] in "W" or name in ("U_f", "U_i", "U_o")
    }
    weights = weights.replace(small)
    with Balls(BITS).working():
        found = supremum_by_stepping(record(weights), ONE, 4, False)
        at_vertices, _ = check(weights, ONE, 4, False, found)
        if found.exact:
            assert upper_end(found.upper) >= at_vertices - RUN_ERROR


def test_most_gentle_nets_are_exact():
    """The test above is worth nothing if nothing is ever exact."""
    exact = 0
    for seed in range(8):
        weights = random_weights(seed, 1, size=1, initial=False).replace({})
        small = {("W_" + gate, (0, 0)): weights["W_" + gate][0, 0] / 16 for gate in "fiog"}
        small.update({("U_" + gate, (0,)): weights["U_" + gate][0,] / 16 for gate in "fio"})
        with Balls(BITS).working():
            exact += supremum_by_stepping(record(weights.replace(small)), ONE, 3, True).exact
    assert exact >= 6


CLOSED = [
    (k, gain, scale, n, bound)
    for k, gain, scale in [
        (2, 3, Fraction(1, 4)),
        (5, 20, Fraction(1, 10)),
        (8, 30, Fraction(1, 100)),
        (20, 60, Fraction(1, 1000)),
    ]
    for n, bound in [(60, ONE), (90, Fraction(1, 3))]
]


@pytest.mark.parametrize("only_last", [False, True])
@pytest.mark.parametrize(("k", "gain", "scale", "n", "bound"), CLOSED)
def test_closed_form_is_what_stepping_gives(k, gain, scale, n, bound, only_last):
    """To the last digits: both balls overlap and both are narrow."""
    program = record(flag_and_memory(k, gain, scale))
    with Balls(96).working():
        beyond = bound_beyond(program, bound, n, only_last)
        stepped = supremum_by_stepping(program, bound, n, only_last)
        assert stepped.exact
        assert beyond is not None
        value, horizon, witness, settled_after = beyond
        assert value.overlaps(stepped.upper)
        for ball in (value, stepped.upper):
            assert upper_end(ball) - lower_end(ball) < Fraction(1, 2**50)
        assert 1 <= settled_after < n
        assert length(witness) == horizon == stepped.horizon
        attained = error(flag_and_memory(k, gain, scale), expand(witness))
        assert abs(attained - lower_end(value)) < Fraction(1, 2**50)
        answer = bound_supremum(program, bound, n, only_last, steps=1)
        assert (answer.method, answer.exact, answer.settled_after) == ("induction", True, settled_after)
        assert answer.upper.overlaps(value)


@pytest.mark.parametrize("gain", [1, 4, 12])
@pytest.mark.parametrize("only_last", [False, True])
def test_closed_form_where_the_gate_leaks(gain, only_last):
    """L so small that the memory keeps admitting inputs: the answer must still be stepping's, or None."""
    program = record(flag_and_memory(3, gain, Fraction(1, 4)))
    with Balls(96).working():
        beyond = bound_beyond(program, ONE, 70, only_last)
        stepped = supremum_by_stepping(program, ONE, 70, only_last)
        assert upper_end(stepped.upper) > 0
        if beyond is not None:
            assert stepped.exact
            assert beyond[0].overlaps(stepped.upper)


@pytest.mark.parametrize("n", [10**6, 10**18, 10**100])
def test_horizons_nobody_can_step(n):
    """Two nested horizons: the larger one is worse, and both stay below the trivial bound."""
    digits = len(str(n))
    k, gain = 3 * digits + 20, 8 * digits + 60
    program = record(flag_and_memory(k, gain, Fraction(1, 10**6)))
    with Balls(256 + 8 * digits).working():
        near, far = (bound_supremum(program, ONE, m, False, steps=10) for m in (n // 10, n))
        assert near.method == far.method == "induction"
        assert 0 < near.upper < far.upper < arb(10) ** -3
        assert far.horizon == n
        assert length(far.witness) == n


PREMISES_FAIL = {
    "candidate reads the memory": {"W_g": {(1, 1): Fraction(1, 2)}},
    "forget gate reads the input": {"U_f": {(1,): 1}},
    "flag reads the memory": {"W_g": {(0, 1): 1}},
    "output gate reads the memory": {"W_o": {(1, 1): 1}},
}


@pytest.mark.parametrize("name", PREMISES_FAIL)
def test_no_closed_form_where_a_premise_fails(name):
    program = record(flag_and_memory(5, 20, Fraction(1, 10), **PREMISES_FAIL[name]))
    with Balls(96).working():
        assert bound_beyond(program, ONE, 100, False) is None
        with pytest.raises(StepLimit, match="100"):
            bound_supremum(program, ONE, 100, False, steps=99)


def test_no_closed_form_for_nets_without_input_or_memory():
    oscillating = flag_and_memory(5, 20, Fraction(1, 10), b_g={(0,): 0}, W_g={(0, 0): -20}, c_0={(0,): 1}, h_0={(0,): 1})
    with Balls(96).working():
        for weights in (
            oscillating,
            Weights("lstm", 1, {"b_g": {(0,): 1}, "V": {(0,): 1}}),
            Weights("lstm", 1, {"v0": {(): 1}}),
            random_weights(0, 2),
        ):
            assert bound_beyond(record(weights), ONE, 100, False) is None


def test_no_closed_form_where_two_memories_mix():
    """Both cells are affine, but the readout's signs conflict or the states mix: None or the right answer."""
    weights = Weights(
        "lstm",
        2,
        {"U_g": {(0,): Fraction(1, 4), (1,): Fraction(1, 4)}, "b_f": {(0,): 2, (1,): 3}, "V": {(0,): 9, (1,): -7}},
    )
    with Balls(96).working():
        for only_last in (True, False):
            beyond = bound_beyond(record(weights), ONE, 6, only_last)
            if beyond is not None:
                _, anywhere = brute_force(weights, ONE, [6] if only_last else range(1, 7), interior=10)
                assert upper_end(beyond[0]) >= anywhere - RUN_ERROR


@pytest.mark.parametrize("only_last", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_closed_form_of_random_affine_nets(seed, only_last):
    """Memories whose gates read at most an autonomous flag, random constants: None or brute force."""
    generator = random.Random(seed)

    def number(size=2):
        return Fraction(generator.randint(-size * 4, size * 4), 4)

    changes = {
        "b_f": {(1,): number()},
        "b_i": {(1,): number()},
        "b_g": {(1,): number(1) / 4},
        "b_o": {(1,): number()},
        "W_i": {(1, 0): number(4)},
        "W_o": {(1, 0): number()},
        "U_g": {(1,): number() + Fraction(1, 8)},
        "V": {(1,): number() + Fraction(1, 8)},
        "c_0": {(1,): number()},
    }
    weights = flag_and_memory(90, 1, Fraction(1, 2), **changes)
    program = record(weights)
    with Balls(BITS).working():
        beyond = bound_beyond(program, ONE, 5, only_last)
        horizons = [5] if only_last else range(1, 6)
        at_vertices, anywhere = brute_force(weights, ONE, horizons, interior=10)
        if beyond is not None:
            value, horizon, witness, _ = beyond
            assert upper_end(value) >= anywhere - RUN_ERROR
            assert abs(upper_end(value) - at_vertices) < CLOSE
            assert abs(error(weights, expand(witness)) - at_vertices) < CLOSE
            assert horizon in horizons
        found = bound_supremum(program, ONE, 5, only_last, steps=5)
        assert upper_end(found.upper) >= anywhere - RUN_ERROR


def test_the_closed_form_is_used_on_most_random_affine_nets():
    """The test above is worth nothing if the answer is always None."""
    weights = flag_and_memory(90, 1, Fraction(1, 2), W_i={(1, 0): 2}, b_f={(1,): 1}, c_0={(1,): Fraction(1, 2)})
    with Balls(BITS).working():
        assert bound_beyond(record(weights), ONE, 5, True) is not None


BUMP = Weights("lstm", 1, {"U_g": {(0,): 8}, "b_i": {(0,): 9}, "b_o": {(0,): 9}, "V": {(0,): Fraction(4, 3)}})
"""y_1 ≈ sign-like in x_1: |y_1 - x_1| is largest inside the box, not at a vertex."""

VALLEY = Weights(
    "lstm", 1, {"U_g": {(0,): 2}, "b_g": {(0,): 1}, "U_i": {(0,): -3}, "U_o": {(0,): 2}, "b_o": {(0,): -1}, "V": {(0,): 3}}
)


@pytest.mark.parametrize(("weights", "n"), [(BUMP, 1), (VALLEY, 1), (VALLEY, 2)])
def test_worst_cases_inside_the_box(weights, n):
    """Undecided signs: the bound holds at interior points, is not below what is attained, and says that it is not exact."""
    with Balls(64).working():
        found = supremum_by_stepping(record(weights), ONE, n, True)
        at_vertices, anywhere = check(weights, ONE, n, True, found)
        assert found.boxes > 1
        assert upper_end(found.upper) - lower_end(found.lower) < Fraction(1, 10)
    if weights is BUMP:
        assert anywhere > at_vertices + Fraction(1, 4)


def test_without_room_to_subdivide_the_bound_is_wide_and_says_so(monkeypatch):
    monkeypatch.setattr("verifier.supremum.SUBDIVISION_WORK", 0)
    with Balls(64).working():
        found = supremum_by_stepping(record(BUMP), ONE, 1, True)
        check(BUMP, ONE, 1, True, found)
    assert not found.exact
    assert (found.undecided, found.boxes) == (1, 1)
    assert upper_end(found.upper) > upper_end(found.lower) + Fraction(1, 10)


def test_more_subdivision_is_sharper(monkeypatch):
    widths = []
    for work in (0, 200, 2000):
        monkeypatch.setattr("verifier.supremum.SUBDIVISION_WORK", work)
        with Balls(64).working():
            found = supremum_by_stepping(record(BUMP), ONE, 1, True)
        widths.append(upper_end(found.upper) - lower_end(found.lower))
    assert widths[0] > widths[1] > widths[2]


def test_step_limit():
    program = record(random_weights(0, 2))
    with Balls(64).working():
        assert bound_supremum(program, ONE, 2, True, steps=2).method == "stepping"
        with pytest.raises(StepLimit):
            bound_supremum(program, ONE, 3, True, steps=2)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [(Weights("lstm", 1, {}), ONE), (Weights("lstm", 1, {"v0": {(): Fraction(1, 4)}}), Fraction(5, 4))],
)
def test_constant_outputs(weights, expected):
    with Balls(64).working():
        found = supremum_by_stepping(record(weights), ONE, 3, False)
        assert found.exact
        assert lower_end(found.upper) == expected == upper_end(found.upper)


def test_autonomous_output():
    """y_n moves with n but not with the inputs: the worst horizon is found."""
    weights = Weights("lstm", 1, {"b_g": {(0,): 1}, "b_f": {(0,): 2}, "V": {(0,): 1}})
    with Balls(64).working():
        found = supremum_by_stepping(record(weights), ONE, 4, False)
        check(weights, ONE, 4, False, found)
    assert found.exact
    assert found.horizon == 4


# --- monotone ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signs", "total"),
    [
        ([], 0),
        ([0, 0], 0),
        ([1, 0], 1),
        ([-1, -1], -1),
        ([1, -1], None),
        ([None], None),
        ([0, None], None),
        ([1, None], None),
    ],
)
def test_signs_of_sums(signs, total):
    assert sum_of_signs(signs) == total


def side(low, high):
    return Interval(arb(low), arb(high))


def test_patterns_are_pulled_back_through_a_step():
    step = StepDerivatives([{0: side(1, 2), INPUT: side(-2, -1)}, {0: side(-3, -1), 1: side(-1, 1)}], {})
    assert pull_pattern(step, (1, 0)) == ((1, 0), -1)
    assert pull_pattern(step, (1, -1)) == ((1, None), -1)
    assert pull_pattern(step, (1, 1)) == ((None, None), -1)
    assert pull_pattern(step, (0, 1)) == ((-1, None), 0)
    assert pull_pattern(step, (None, 0)) == ((None, 0), None)


def test_error_slopes():
    assert error_slope(None).lower == -1
    assert error_slope(side(0, 1)).sign == -1
    assert error_slope(side(1, 2)).sign == 1
    assert error_slope(side(0, 2)).sign is None
    assert error_slope(Interval(arb(1))).sign == 0


def test_inner_product_of_disjoint_rows_is_exactly_zero():
    assert inner_product({0: side(1, 2)}, {1: side(1, 2)}) is None
    product = inner_product({0: side(1, 2), 1: side(3, 3)}, {0: side(-1, 1), 1: side(1, 1)})
    assert (product.lower, product.upper) == (1, 5)


@pytest.mark.parametrize("horizons", [[1], [3], [1, 2, 3, 4], [2, 4]])
def test_horizons_together_or_alone(horizons):
    """A forest of several horizons gives the largest of what each gives by itself."""
    weights = flag_and_memory(3, 5, Fraction(1, 4))
    program, box = record(weights), [(-ONE, ONE)] * 4
    with Balls(BITS).working():
        walk = walk_box(program, box)
        together = run_extremes(program, box, grow(walk, horizons))
        alone = [run_extremes(program, box[:n], grow(walk_box(program, box[:n]), [n])) for n in horizons]
        assert not together.undecided
        assert together.upper.overlaps(max(alone, key=lambda e: lower_end(e.upper)).upper)
    at_vertices, _ = brute_force(weights, ONE, horizons, interior=0)
    assert abs(at_vertices - lower_end(together.upper)) < CLOSE


def test_boxes_need_not_be_symmetric():
    weights = flag_and_memory(3, 5, Fraction(1, 4))
    box = [(Fraction(1, 4), Fraction(1, 2)), (Fraction(-1), Fraction(-1, 2)), (Fraction(0), Fraction(0))]
    with Balls(BITS).working():
        found = run_extremes(record(weights), box, grow(walk_box(record(weights), box), [3]))
    worst = max(error(weights, vertex) for vertex in itertools.product(*box))
    assert not found.undecided
    assert abs(lower_end(found.upper) - worst) < CLOSE
    assert abs(error(weights, expand(found.witness)) - worst) < CLOSE


def test_states_of_a_walk_enclose_every_run():
    weights = random_weights(3, 2)
    program = record(weights)
    with Balls(BITS).working():
        walk = walk_box(program, [(-ONE, ONE)] * 4)
        runner, generator = Runner(program, Balls(BITS)), random.Random(0)
        for _ in range(10):
            state = runner.start()
            for t in range(1, 5):
                state = runner.step(t, state, Fraction(generator.randint(-8, 8), 8))
                for value, interval in zip(state, walk.states[t], strict=True):
                    assert not value < interval.lower
                    assert not value > interval.upper


def test_a_dense_net_at_a_long_horizon_is_declined_at_once():
    weights = random_weights(1, 6)
    program = record(weights)
    with Balls(64).working(), pytest.raises(StepLimit, match="too many to walk"):
        bound_supremum(program, Fraction(1), 10**6, False, 10**7)

"""Gradient enclosures against mpmath differences of the plain LSTM, closed forms against stepping, and what must not be claimed."""

import random
from fractions import Fraction

import flint
import pytest
from core_cases import flag_and_memory, plain, plain_lstm, plain_number, random_inputs, random_weights, to_fraction
from flint import arb
from sympy import Integer, Symbol

from verifier import gradient
from verifier.arithmetic.balls import to_ball
from verifier.arithmetic.enclosures import Interval
from verifier.errors import StepLimit
from verifier.gradient import (
    GradientRow,
    StatedGradient,
    decide_gradients,
    enclose_gradients,
    find_contraction,
    invariant_box,
    step_over,
)
from verifier.program import record
from verifier.sequences import expand, length
from verifier.verdict import Verdict
from verifier.weights import Weights

ONE = Fraction(1)
STEP = Fraction(1, 10**25)
SLACK = Fraction(1, 10**40)


def difference(weights, inputs, t):
    """∂y_n/∂x_t at a sequence to about 10^-48: a central difference of the plain LSTM at 90 digits."""
    context, ends = plain(), []
    for sign in (1, -1):
        moved = [plain_number(context, x + (sign * STEP if k == t else 0)) for k, x in enumerate(inputs, 1)]
        ends.append(to_fraction(plain_lstm(weights, moved)[-1][0]))
    return (ends[0] - ends[1]) / (2 * STEP)


def holds(interval, value):
    """Whether an enclosure holds a rational, up to the error of a difference."""
    return not (interval.lower > to_ball(value + SLACK) or interval.upper < to_ball(value - SLACK))


NETS = [random_weights(seed, hidden, size=1) for seed, hidden in ((0, 1), (1, 2), (2, 3))] + [
    flag_and_memory(4, 8, Fraction(1, 2)),
    flag_and_memory(12, 30, Fraction(1, 100)),
]


@pytest.mark.parametrize("case", range(len(NETS)))
@pytest.mark.parametrize("bound", [ONE, Fraction(1, 8)])
def test_differences_of_the_plain_lstm_are_enclosed(case, bound):
    """At random sequences, at vertices, and at the sequences the report names."""
    weights, horizons = NETS[case], [1, 2, 3, 6]
    with flint.ctx.workprec(160):
        rows = enclose_gradients(record(weights), bound, horizons)
        for row in rows:
            n = row.n
            tried = [random_inputs(seed, n, bound) for seed in range(3)] + [[bound] * n, [-bound] + [bound] * (n - 1)]
            for inputs in tried:
                inner = [x * (1 - Fraction(1, 10**20)) for x in inputs]
                assert holds(row.first, difference(weights, inner, 1))
                for t in range(2, n + 1):
                    assert abs(difference(weights, inner, t)) <= gradient.upper_fraction(row.later) + SLACK
            for found in (row.lowest, row.highest, row.later_seen):
                if found is not None:
                    inputs = list(expand(found.inputs))
                    assert len(inputs) == n
                    value = difference(weights, inputs, found.t)
                    assert holds(found.value, value)
                    assert found.value.upper - found.value.lower < arb(10) ** -25
            assert not row.lowest.value.upper < row.first.lower
            assert not row.highest.value.lower > row.first.upper


@pytest.mark.parametrize("case", [3, 4])
def test_enclosures_of_the_memory_cell_are_sharp(case):
    """Both ends are attained, up to rounding, and so is the bound of the later ones."""
    with flint.ctx.workprec(160):
        for row in enclose_gradients(record(NETS[case]), ONE, [1, 2, 5, 40]):
            width = row.first.upper - row.first.lower
            assert row.lowest.value.upper - row.first.lower <= width / 10**9
            assert row.first.upper - row.highest.value.lower <= width / 10**9
            if row.n > 1:
                assert row.later - abs(row.later_seen.value.lower) <= row.later / 10**9


@pytest.mark.parametrize("n", [4, 9, 120])
@pytest.mark.parametrize("case", [3, 4])
def test_the_closed_form_agrees_with_stepping(case, n):
    program = record(NETS[case])
    with flint.ctx.workprec(320):
        (stepped,) = enclose_gradients(program, ONE, [n])
        row = gradient._closed_form(program, ONE, n)
        if row is None:
            assert n < 100  # the flag has not settled yet
            return
        assert row.method == "closed form"
        assert not row.first.lower > stepped.first.lower
        assert not row.first.upper < stepped.first.upper
        assert not row.later < stepped.later
        for a, b in ((row.first.lower, stepped.first.lower), (row.first.upper, stepped.first.upper), (row.later, stepped.later)):
            assert abs(a - b) < arb(10) ** -60
        assert abs(row.lowest.value.lower - stepped.lowest.value.lower) < arb(10) ** -60
        assert abs(row.highest.value.lower - stepped.highest.value.lower) < arb(10) ** -60


def test_horizons_beyond_the_steps_need_a_closed_form():
    """A dense LSTM has none and does not contract: it is not stepped for ever, and nothing is claimed."""
    weights = random_weights(3, 2, size=8)
    with pytest.raises(StepLimit, match="neither a closed form"):
        enclose_gradients(record(weights), ONE, [10**6])
    report = decide_gradients(record(weights), ONE, [10, 10**6], 128)
    assert report.verdict is Verdict.UNDECIDED
    assert report.rows == []
    assert "closed form" in report.reason


def test_walks_that_are_too_long_are_refused(monkeypatch):
    monkeypatch.setattr(gradient, "WALK_WORK", 100)
    with pytest.raises(StepLimit, match="too many to walk"):
        enclose_gradients(record(NETS[3]), ONE, [50])


def tanh_network(size, scale, seed):
    generator = random.Random(seed)
    return Weights(
        "tanh",
        size,
        {
            "W_h": {(i, k): scale * Fraction(generator.randint(-99, 99), 100 * size) for i in range(size) for k in range(size)},
            "U_h": {(i,): Fraction(generator.randint(-99, 99), 100) for i in range(size)},
            "V": {(i,): Fraction(generator.randint(-99, 99), 100) for i in range(size)},
        },
    )


@pytest.mark.parametrize("seed", range(4))
def test_contractions_bound_every_later_gradient(seed):
    """|∂y_n/∂x_t| at random and extreme sequences against factor·rate^(n-1-t), t = 1 ... n - 1."""
    weights = tanh_network(3, Fraction(9, 10), seed)
    program = record(weights)
    with flint.ctx.workprec(128):
        contraction = find_contraction(program, ONE)
        assert contraction is not None
        assert contraction.powers.rate < 1
        assert contraction.spectrum.side == -1
        for n in (2, 5, 12):
            for inputs in ([Fraction(0)] * n, [ONE] * n, random_inputs(seed, n)):
                walk = gradient.walk_box(program, [(x, x) for x in inputs])
                values = {1: gradient._first(walk, n)} | dict(gradient._pulled_back(walk, n))
                for t, value in values.items():
                    if t < n and value is not None:
                        assert value.largest_modulus() <= contraction.at(n - 1 - t)
                assert values[n] is None or not values[n].largest_modulus() > contraction.last
        (row,) = enclose_gradients(program, ONE, [10**18], contraction=contraction)
        assert row.method == "contraction"
        assert row.first.upper < arb(10) ** -(10**15)


def test_a_contraction_is_refused_where_the_moduli_do_not_contract():
    """W = 1 with tanh: at rest the gradient stays 1 for ever."""
    keeps = Weights("tanh", 1, {"W_h": {(0, 0): 1}, "U_h": {(0,): 1}, "V": {(0,): 1}})
    assert find_contraction(record(keeps), ONE) is None
    report = decide_gradients(record(keeps), ONE, [1, 30], 128)
    assert report.verdict is Verdict.UNDECIDED
    assert report.carried is Verdict.REFUTED


def test_a_rate_below_the_spectral_radius_gives_no_contraction():
    weights = Weights("tanh", 1, {"W_h": {(0, 0): Fraction(1, 2)}, "U_h": {(0,): 1}, "V": {(0,): 1}})
    program = record(weights)
    assert find_contraction(program, ONE, Fraction(49, 100)) is None
    assert find_contraction(program, ONE, Fraction(51, 100)) is not None


def test_a_network_without_memory_vanishes_at_once():
    """y_n sees x_n alone."""
    weights = Weights("tanh", 1, {"U_h": {(0,): 1}, "V": {(0,): 1}})
    report = decide_gradients(record(weights), ONE, [1, 5], 128)
    assert report.contraction is not None
    assert report.contraction.at(0) == 0
    assert report.rows[-1].first.upper == 0
    assert report.verdict is Verdict.PROVED


def test_a_growing_state_has_no_invariant_box():
    doubles = Weights("linear", 1, {"W_h": {(0, 0): 2}, "U_h": {(0,): 1}, "V": {(0,): 1}})
    assert invariant_box(record(doubles), ONE) is None
    assert find_contraction(record(doubles), ONE) is None


@pytest.mark.parametrize("case", range(len(NETS)))
def test_invariant_boxes_are_not_left(case):
    weights = NETS[case]
    program = record(weights)
    box = invariant_box(program, ONE)
    if box is None:
        return
    order = [program.states[k] for k in (*program.autonomous(), *program.driven())]
    for seed in range(3):
        for _, h, c in plain_lstm(weights, random_inputs(seed, 12)):
            for (name, unit), side in zip(order, box, strict=True):
                value = to_ball(to_fraction({"h": h, "c": c}[name][unit]))
                assert not value < side.lower - arb(10) ** -9
                assert not value > side.upper + arb(10) ** -9
    assert len(step_over(program, ONE, box).states) == len(program.driven())


def relu_network():
    """y = relu(x) + relu(half of the state): kinks at 0."""
    return Weights("relu", 2, {"W_h": {(1, 0): 1}, "U_h": {(0,): 1}, "V": {(0,): 1, (1,): 1}})


def test_at_kinks_sequences_found_are_boxes_inside_the_box():
    """∂y_2/∂x_1 is 0 or 1, ∂y_2/∂x_2 too: the enclosure is [0, 1] and sequences next to 0 and ±1 show both."""
    with flint.ctx.workprec(96):
        (row,) = enclose_gradients(record(relu_network()), ONE, [2])
    assert (row.first.lower, row.first.upper) == (0, 1)
    assert row.lowest.value.upper == 0
    assert row.highest.value.lower == 1
    assert row.later == 1


def test_a_derivative_at_a_kink_is_not_taken_for_attained():
    """relu(x - 1) is 0 on the whole box; the derivative at x = 1 from outside is 1 and must not be shown."""
    weights = Weights("relu", 1, {"U_h": {(0,): 1}, "b_h": {(0,): -1}, "V": {(0,): 1}})
    (row,) = enclose_gradients(record(weights), ONE, [1])
    assert row.first.upper == 0
    assert row.highest.value.upper == 0


HORIZON = Symbol("m", integer=True, positive=True)


def stated(deficit, later):
    return StatedGradient("test", "", HORIZON, {}, deficit, later)


def row_of(lower, upper, later, seen=None):
    attained = None if seen is None else gradient.Attained(Interval(to_ball(seen)), ((Fraction(0), 2),))
    return GradientRow(2, Interval(to_ball(lower), to_ball(upper)), attained, attained, to_ball(later), None, "stepping")


def test_statements_are_proved_refuted_or_left_open():
    tenth = Integer(1) / 10
    nine, ten = Fraction(9, 10), Fraction(1)
    assert stated(tenth, tenth).check(row_of(nine, ten, Fraction(1, 10))) is Verdict.PROVED
    assert stated(tenth, tenth).check(row_of(Fraction(8, 10), ten, 0)) is Verdict.UNDECIDED
    assert stated(tenth, tenth).check(row_of(Fraction(8, 10), ten, 0, Fraction(85, 100))) is Verdict.REFUTED
    assert stated(tenth, tenth).check(row_of(nine, Fraction(12, 10), 0, Fraction(115, 100))) is Verdict.REFUTED
    assert stated(tenth, tenth).check(row_of(nine, ten, Fraction(2, 10))) is Verdict.UNDECIDED
    late = GradientRow(
        2,
        Interval(to_ball(1)),
        None,
        None,
        to_ball(1),
        gradient.Attained(Interval(to_ball(-1)), ((Fraction(0), 2),), 2),
        "stepping",
    )
    assert stated(tenth, tenth).check(late) is Verdict.REFUTED


def test_a_wrong_statement_refutes_the_report():
    """The memory cell at a coarse scale loses 20 percent; a statement of 10^-9 is refuted by a sequence."""
    program = record(flag_and_memory(12, 30, Fraction(1, 4)))
    false = stated(Integer(1) / 10**9, Integer(1))
    report = decide_gradients(program, ONE, [1, 5], 128, stated=false)
    assert report.verdict is Verdict.REFUTED
    assert report.inside == [Verdict.REFUTED] * 2
    true = decide_gradients(program, ONE, [1, 5], 128, stated=stated(Integer(1) / 4, Integer(1)))
    assert true.verdict is Verdict.PROVED


def test_a_bare_sign_is_not_carried():
    """The gradient of a line that shrinks by tanh stays positive but falls below 1/2."""
    weights = flag_and_memory(2, 8, Fraction(1, 100))
    report = decide_gradients(record(weights), ONE, [1, 40], 128)
    assert report.rows[-1].first.lower > 0
    assert report.carried is Verdict.REFUTED


def test_sequences_named_have_the_length_of_their_horizon():
    for row in enclose_gradients(record(NETS[4]), ONE, [1, 7, 5000]):
        assert row.first.lower <= row.first.upper
        for found in (row.lowest, row.highest):
            assert length(found.inputs) == row.n

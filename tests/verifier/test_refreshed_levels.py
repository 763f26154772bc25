"""A refreshed memory is recognised by its form, decided by inequalities, and pushed level by level as boxes of states."""

import random
from fractions import Fraction

import pytest
from flint import arb

from constructions import Construction, construct, integrators, refresh_gru, refresh_pair
from constructions.refresh import ACCUMULATE, CAPTURE, CLOCK, HOLD, Sizes, fine_gain, network
from proofs.checks import random_weights
from verifier.arithmetic.balls import TINY_EXPONENT, Balls, show_lower, show_near, show_upper, to_ball
from verifier.observed import run_error
from verifier.program import record
from verifier.refresh import bound_refresh, gru, lstm_pair, push_levels
from verifier.refresh.clock import SHARE_BITS, Cycles, shares
from verifier.refresh.levels import fits, middle_of
from verifier.refresh.lstm import recognise
from verifier.run import Runner
from verifier.sequences import join, show_runs
from verifier.supremum import bound_supremum
from verifier.verdict import Verdict
from verifier.weights import Weights

F = Fraction
BITS = 160


def small(bits: int = 3, coarser: int = 0) -> Weights:
    return network(4, Sizes(bits, fine_gain(bits) - coarser), F(1))[0]


# --- the form ---------------------------------------------------------------------------------------------------------


def test_the_form_is_read_off_the_weights() -> None:
    weights = small()
    form = recognise(record(weights))
    assert form is not None
    assert form.shown == F(1, 2)
    assert form.gain == weights["W_i"][ACCUMULATE, HOLD]
    assert form.feedback == 2
    assert form.slope == weights["V"][HOLD,] / 1
    assert form.scale == weights["U_g"][0,]


def test_units_may_come_in_any_order_and_among_others() -> None:
    weights, order = small(), (5, 2, 0, 3)
    blocks = {name: {tuple(order[k] for k in index): value for index, value in array} for name, array in weights.blocks().items()}
    moved = Weights("lstm", 7, blocks)
    with Balls(BITS).working():
        first, second = bound_refresh(record(weights), F(1)), bound_refresh(record(moved), F(1))
        assert first is not None
        assert second is not None
        assert second.verdict is Verdict.PROVED
        assert first.upper.overlaps(second.upper)


@pytest.mark.parametrize("cell", ["lstm", "gru", "tanh", "linear"])
def test_other_networks_are_not_of_the_form(cell: str) -> None:
    for seed in range(3):
        assert recognise(record(random_weights(random.Random(seed), cell, 4, 2))) is None
    plain = construct(cell, n=5, precision=2, horizon="fixed", hidden=32)
    assert isinstance(plain, Construction)
    assert recognise(record(plain.weights)) is None


@pytest.mark.parametrize(
    "change",
    [
        {("U_f", (HOLD,)): F(1)},
        {("U_o", (HOLD,)): F(1)},
        {("W_i", (HOLD, ACCUMULATE)): F(1)},
        {("W_g", (HOLD, HOLD)): F(1)},
        {("W_g", (HOLD, 0)): F(1)},
        {("W_g", (ACCUMULATE, HOLD)): F(1)},
        {("W_g", (CLOCK, ACCUMULATE)): F(1)},
        {("V", (ACCUMULATE,)): F(1)},
        {("V", (CLOCK,)): F(1)},
        {("W_i", (ACCUMULATE, 0)): F(1)},
        {("h_0", (HOLD,)): F(1)},
    ],
    ids=str,
)
def test_any_other_coupling_is_not_of_the_form(change: dict[tuple[str, tuple[int, ...]], Fraction]) -> None:
    assert recognise(record(small().replace(change))) is None


# --- the inequalities -------------------------------------------------------------------------------------------------


def test_low_precision_proves_nothing() -> None:
    with Balls(12).working():
        found = bound_refresh(record(small(8)), F(1))
        assert found is not None
        assert found.verdict is not Verdict.PROVED


def test_inputs_beyond_the_range_are_not_proved() -> None:
    with Balls(BITS).working():
        for bound, verdict in ((F(1), Verdict.PROVED), (F(4), Verdict.REFUTED)):
            found = bound_refresh(record(small(6)), bound)
            assert found is not None
            assert found.verdict is verdict


def test_a_clock_that_does_not_return_is_said_so() -> None:
    weights = small().replace({("b_i", (HOLD,)): F(-100), ("W_i", (HOLD, CLOCK)): F(0)})
    with Balls(BITS).working():
        found = bound_refresh(record(weights), F(1))
        assert found is not None
        assert found.verdict is Verdict.UNDECIDED
        assert "loads" in found.inequalities[0].text


def test_a_clock_without_its_correction_has_a_shifted_first_cycle() -> None:
    """Without -h_clk the first cycle's levels are another grid: still proved, with a larger bound."""
    exact, shifted = small(8), small(8).replace({("W_g", (CLOCK, CLOCK)): F(0)})
    with Balls(BITS).working():
        with_it, without = (bound_refresh(record(weights), F(1)) for weights in (exact, shifted))
        assert with_it is not None
        assert without is not None
        assert with_it.verdict is without.verdict is Verdict.PROVED
        assert without.upper > with_it.upper * F(11, 10).numerator / 10


def test_proved_bounds_hold_for_changed_weights_too() -> None:
    """Random changes that keep the form: where the inequalities hold, no run exceeds their bound."""
    generator, proved = random.Random(9), 0
    base = small(4)
    places = [(name, index) for name, array in base.blocks().items() for index, _ in array if name not in ("V",)]
    for _ in range(30):
        name, index = generator.choice(places)
        changed = base.replace({(name, index): base[name][index] * (1 + F(generator.randint(-50, 50), 1000))})
        with Balls(BITS).working():
            program = record(changed)
            found = bound_refresh(program, F(1))
            if found is None or found.verdict is not Verdict.PROVED:
                continue
            proved += 1
            runner = Runner(program, Balls(BITS))
            for x in (*found.firsts, F(1), F(-1)):
                runs = join([(x, 1), (F(generator.choice((-1, 1))), generator.randint(1, 30))])
                assert run_error(runner, runs) <= found.upper
    assert proved >= 10


def test_the_supremum_is_attained_up_to_a_fifth() -> None:
    with Balls(BITS).working():
        found = bound_supremum(record(small(6)), F(1), None, False, 100)
        assert found.method == "refreshed levels"
        assert found.lower > found.upper * 4 / 5
        assert found.pushed is not None
        assert found.pushed.verdict is Verdict.PROVED


# --- boxes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bits", "coarser"), [(2, 0), (3, 0), (3, 3), (4, 1)])
def test_every_level_returns_as_a_box(bits: int, coarser: int) -> None:
    with Balls(BITS).working():
        program = record(small(bits, coarser))
        found = bound_refresh(program, F(1))
        assert found is not None
        pushed = push_levels(program, F(1), found)
        assert pushed.verdict is Verdict.PROVED
        assert pushed.boxes >= 5 * 2**bits
        assert pushed.upper < found.upper * 5 / 4  # two ways to the same number
        assert pushed.upper > found.upper * 4 / 5


@pytest.mark.parametrize(
    "change",
    [
        {("W_g", (HOLD, CLOCK)): F(0)},
        {("W_g", (HOLD, ACCUMULATE)): F(21, 10)},
        {("W_g", (ACCUMULATE, CLOCK)): F(3, 2)},
        {("b_f", (ACCUMULATE,)): F(0), ("W_f", (ACCUMULATE, CLOCK)): F(1)},
        {("W_g", (CLOCK, CLOCK)): F(2)},
    ],
    ids=str,
)
def test_boxes_of_wrong_weights_do_not_return(change: dict[tuple[str, tuple[int, ...]], Fraction]) -> None:
    """The hints of the right weights, and the wrong network: what is claimed of the boxes does not hold."""
    with Balls(BITS).working():
        found = bound_refresh(record(small()), F(1))
        assert found is not None
        wrong = record(small().replace(change))
        assert push_levels(wrong, F(1), found).verdict is not Verdict.PROVED


def test_many_levels_are_not_pushed_and_it_says_so() -> None:
    with Balls(BITS).working():
        program = record(small(20))
        found = bound_refresh(program, F(1))
        assert found is not None
        pushed = push_levels(program, F(1), found)
        assert pushed.verdict is Verdict.UNDECIDED
        assert "2^21 levels" in pushed.skipped


# --- small parts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("argument", [0, 1, -1, 30, -30, 700, -700, 10**9, -(10**9)])
def test_shares_add_up_and_keep_the_small_one(argument: int) -> None:
    with Balls(400).working():
        value = to_ball(argument)
        kept, lost = shares(value)
        assert kept.overlaps(Balls.sigmoid(value))
        assert lost.overlaps(Balls.sigmoid(-value))
        assert (kept + lost).contains(1)
        small_one = lost if argument >= 0 else kept
        assert small_one.rad() <= small_one.mid() * arb(2) ** (4 - SHARE_BITS)


def test_shares_of_a_ball_around_zero() -> None:
    with Balls(100).working():
        kept, lost = shares(arb(0, 1))
        assert kept.contains(Balls.sigmoid(arb(1) / 2))
        assert lost.contains(Balls.sigmoid(arb(1) / 2))


def test_numbers_too_small_to_write_are_called_so() -> None:
    with Balls(100).working():
        assert show_near(to_ball(-(10**15)).exp()) == "almost 0"
        assert show_near(to_ball(-700).exp()) != "almost 0"
        tiny = to_ball(-(10**15)).exp()
        assert [show_upper(tiny), show_lower(tiny), show_upper(-tiny), show_lower(-tiny)] == ["1e-315652", "0", "0", "-1e-315652"]
        assert arb(10) ** -315652 > arb(2) ** TINY_EXPONENT > arb(10) ** -315653


def test_long_inputs_are_cut_and_marked() -> None:
    assert show_runs(((F(1, 3) + F(1, 2**200), 1),)) == "0.333333333333333..."
    assert show_runs(((F(-1, 3) - F(1, 2**200), 1),)).startswith("-0.33333333333333")
    assert show_runs(((F(3, 4), 2),)) == "0.75 (2 times)"


# --- numbers too long, too large or too small -------------------------------------------------------------------------

LONG = F(1, 10**40_000)
SHORT = F(1, 10**20_000)
"""10^40000 has 132,878 bits, 10^20000 half as many."""


OF_EVERY_FORM = {
    "lstm": (small(), [("V", (CAPTURE,)), ("V", (HOLD,))]),
    "three units": (refresh_pair.network(3, refresh_pair.Sizes(3, 20), F(1))[0], [("V", (refresh_pair.HOLD,))]),
    "gru": (refresh_gru.network("gru", 4, refresh_gru.Sizes(3, 20), F(1))[0], [("b_n", (refresh_gru.HOLD,))]),
    "tanh": (integrators.network("tanh", 15, integrators.Sizes(3, 20), F(1))[0], [("b_h", (integrators.FLAG,))]),
}


@pytest.mark.parametrize("name", OF_EVERY_FORM)
@pytest.mark.parametrize(("number", "is_long"), [(LONG, True), (1 / LONG, True), (SHORT, False)])
def test_weights_of_too_many_bits_are_told_and_not_decided(name: str, number: Fraction, is_long: bool) -> None:
    weights, places = OF_EVERY_FORM[name]
    with Balls(BITS).working():
        found = bound_refresh(record(weights.replace(dict.fromkeys(places, number))), F(1))
        assert found is not None
        assert [i.name for i in found.inequalities if i.name == "size"] == ["size"] * is_long
        if is_long:
            assert found.verdict is Verdict.UNDECIDED
            assert (len(found.inequalities), found.bits, found.upper.is_finite()) == (1, BITS, False)


def test_other_networks_of_too_many_bits_are_left_to_other_methods() -> None:
    assert bound_refresh(record(Weights("lstm", 1, {"V": {(0,): LONG}})), F(1)) is None


@pytest.mark.parametrize("number", [arb(2) ** -(10**12), arb(2) ** (10**12), arb("inf"), arb(1, arb("inf"))])
def test_numbers_that_no_rational_holds_have_no_middle(number: arb) -> None:
    assert not fits(number)
    assert middle_of(number) == 0


def test_the_middle_of_a_number_is_exact() -> None:
    assert middle_of(arb(F(3, 8).numerator) / 8) == F(3, 8)
    assert middle_of(arb(2) ** -300_000) == F(1, 2**300_000)


def test_thresholds_below_any_exponent_are_no_origin() -> None:
    """Clocks that have almost vanished leave thresholds of 2^-(2^40) or so: the GRU's and the pair's origins are 0 then."""
    tiny, one = arb(2) ** -(2**40), arb(1)
    program = record(refresh_gru.network("gru", 4, refresh_gru.Sizes(3, 20), F(1))[0])
    form, phase = gru.recognise(program), gru.Phase(one, one, one, tiny, one, arb(0))
    assert form is not None
    assert gru.Numbers(form, F(1), Cycles(phase, [phase] * 3, [phase] * 3, Verdict.PROVED)).origin == 0
    pair_form = lstm_pair.recognise(record(refresh_pair.network(3, refresh_pair.Sizes(3, 20), F(1))[0]))
    pair_phase = lstm_pair.Phase(one, one, one, one, one, one, tiny, arb(0))
    assert pair_form is not None
    assert lstm_pair.Numbers(pair_form, F(1), Cycles(pair_phase, [pair_phase] * 3, [pair_phase] * 3, Verdict.PROVED)).origin == 0

"""C9 for the LSTM with three units: sized from the request, proved from the weights, and wrong weights are never proved."""

import random
from fractions import Fraction

import pytest
from independent_lstm import IndependentLstm
from refreshed import (
    ONE,
    SOON,
    Change,
    Place,
    assert_bits_and_gain_are_the_smallest,
    assert_bound_is_kept_by,
    assert_bounds_of_changed_weights_hold,
    assert_boxes_do_not_return,
    assert_error_in_levels_below,
    assert_errors_do_not_add_up,
    assert_every_level_returns,
    assert_not_proved_within,
    assert_only_the_true_certificate_is_believed,
    assert_proved_as_asked,
    assert_proved_in_any_order,
    memory,
    places,
    proved_error,
    read,
    scaled,
    small,
)

from constructions import Construction, Unanswered, construct, refresh_pair
from constructions.refresh_pair import ACCUMULATE, CLOCK, HOLD, LSTM_PAIR, SMALLEST_BITS, Sizes
from verifier import Verdict, certify, certify_weights
from verifier.certificate import content_hash, to_data
from verifier.program import record
from verifier.refresh import clock
from verifier.refresh.lstm_pair import recognise
from verifier.regime import Regime

F = Fraction
STEPS = 40

GOOD = small(LSTM_PAIR, 4)


# --- what is proposed is proved ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tolerance", "bound"), [(F(1, 10), ONE), (F(1, 10**12), F(7, 3)), (F(1, 10**50), F(1, 1000))])
def test_what_is_asked_is_proved(tolerance: Fraction, bound: Fraction) -> None:
    assert_proved_as_asked(memory(LSTM_PAIR, tolerance * bound, bound), STEPS)


def test_four_units_are_taken_where_there_are_four() -> None:
    """Three have larger weights."""
    three, four = memory(LSTM_PAIR, F(1, 10**6)), construct("lstm", n=STEPS, precision=6, hidden=4, horizon="forever")
    assert isinstance(four, Construction)
    assert four.weights.largest < three.weights.largest


def test_too_few_units_and_too_long_periods_are_not_answered() -> None:
    for hidden, precision in ((2, 5), (3, 700)):
        answer = construct("lstm", n=5, precision=precision, horizon="forever", hidden=hidden)
        assert isinstance(answer, Unanswered)
        assert "C9" in answer.reason


@pytest.mark.parametrize("bits", [2, 4, 7, 64])
def test_the_error_is_below_five_ninths_of_a_level(bits: int) -> None:
    assert_error_in_levels_below(LSTM_PAIR, bits, F(5, 9))


@pytest.mark.parametrize("tolerance", [F(1, 100), F(56, 100 * 2**20)])
def test_bits_and_gain_are_the_smallest(tolerance: Fraction) -> None:
    assert_bits_and_gain_are_the_smallest(LSTM_PAIR, tolerance, lambda weights: weights["W_i"][ACCUMULATE, HOLD])


def test_fewer_bits_than_the_smallest_are_not_proved() -> None:
    assert proved_error(LSTM_PAIR, SMALLEST_BITS - 1) is None


@pytest.mark.parametrize("name", ["AMPLITUDE_BITS", "SCALE_BITS"])
def test_a_notch_coarser_costs_more_than_five_ninths_of_a_level(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh_pair, name, getattr(refresh_pair, name) - 1)
    refresh_pair._rounded.cache_clear()
    error = proved_error(LSTM_PAIR, 4)
    refresh_pair._rounded.cache_clear()
    assert error is None or error * 2**4 > F(5, 9)


def test_the_first_cycle_is_one_step_longer_than_the_others() -> None:
    what = read(GOOD)
    assert (what.hints.first, what.period) == (Sizes(4, 0).period + 1, Sizes(4, 0).period)


# --- the form ---------------------------------------------------------------------------------------------------------


def test_the_form_is_read_off_the_weights_whatever_the_order_of_units() -> None:
    form = recognise(record(GOOD))
    assert form is not None
    assert form.gain == GOOD["W_i"][ACCUMULATE, HOLD]
    assert form.scale == GOOD["U_i"][HOLD,]
    assert_proved_in_any_order(GOOD, 6, (4, 2, 0))


@pytest.mark.parametrize(
    "change",
    [
        {("U_g", (HOLD,)): ONE},
        {("U_f", (HOLD,)): ONE},
        {("U_i", (ACCUMULATE,)): ONE},
        {("U_g", (CLOCK,)): ONE},
        {("W_i", (HOLD, HOLD)): ONE},
        {("W_g", (HOLD, HOLD)): ONE},
        {("W_g", (ACCUMULATE, HOLD)): ONE},
        {("W_f", (CLOCK, ACCUMULATE)): ONE},
        {("W_i", (ACCUMULATE, HOLD)): F(3)},
        {("V", (ACCUMULATE,)): ONE},
        {("b_o", (HOLD,)): ONE},
        {("c_0", (HOLD,)): ONE},
        {("U_i", (HOLD,)): F(0)},
    ],
    ids=str,
)
def test_any_other_coupling_is_not_of_the_form(change: Change) -> None:
    assert recognise(record(GOOD.replace(change))) is None


# --- wrong weights ----------------------------------------------------------------------------------------------------

BENT = [(place, factor) for place in places(GOOD) for factor in (F(0), F(-1), F(2))]
HARMLESS = {(("W_f", (HOLD, CLOCK)), F(2)), (("W_i", (HOLD, CLOCK)), F(2)), (("W_g", (CLOCK, CLOCK)), F(2))}
"""Saturated gates: twice the weight saturates them more, and the clock may as well turn below w/4 as below w/2."""


@pytest.mark.parametrize(("place", "factor"), [bent for bent in BENT if bent not in HARMLESS], ids=str)
def test_weights_that_are_zeroed_flipped_or_doubled_are_not_proved(
    place: Place, factor: Fraction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "LARGEST_PERIOD", SOON)
    assert_not_proved_within(scaled(GOOD, place, factor), F(5, 9 * 2**4))


def test_proved_bounds_hold_for_changed_weights_too() -> None:
    """Random changes that keep the form: where the inequalities hold, no run exceeds their bound."""
    generator = random.Random(6)
    assert_bounds_of_changed_weights_hold(
        GOOD,
        generator,
        tries=30,
        most=F(30, 10_000),
        least=8,
        firsts=lambda what: (*what.firsts, ONE, -ONE),
        steps=lambda what: generator.randint(1, 40),
    )


GROSS: dict[str, Change] = {
    "hold never loads": {("W_i", (HOLD, CLOCK)): F(0)},
    "input scale doubled": {("U_i", (HOLD,)): 2 * GOOD["U_i"][HOLD,]},
    "one candidate for step 1 and loads": {("W_g", (HOLD, CLOCK)): F(0)},
    "no bit is worth anything": {("W_g", (ACCUMULATE, CLOCK)): F(0)},
}


@pytest.mark.parametrize("name", GROSS)
def test_gross_mistakes_are_refuted(name: str) -> None:
    regime = Regime("lstm", STEPS, ONE, F(6, 10 * 2**4), "forever", hidden=3)
    assert certify_weights(GOOD.replace(GROSS[name]), regime, steps=STEPS).verdict is Verdict.REFUTED


# --- boxes and attacks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bits", "coarser"), [(2, 0), (3, 3)])
def test_every_level_returns_as_a_box(bits: int, coarser: int) -> None:
    assert_every_level_returns(small(LSTM_PAIR, bits, coarser), bits, F(4, 3))


@pytest.mark.parametrize(
    "change",
    [
        {("W_g", (HOLD, ACCUMULATE)): F(21, 10)},
        {("W_g", (ACCUMULATE, CLOCK)): F(3, 2)},
        {("W_f", (ACCUMULATE, CLOCK)): F(0)},
        {("b_g", (CLOCK,)): F(0)},
    ],
    ids=str,
)
def test_boxes_of_wrong_weights_do_not_return(change: Change) -> None:
    assert_boxes_do_not_return(small(LSTM_PAIR, 3), change)


def test_a_second_implementation_stays_within_the_bound() -> None:
    assert_bound_is_kept_by(small(LSTM_PAIR, 3, 3), IndependentLstm, 60)


def test_thousands_of_steps_do_not_add_up() -> None:
    weights = small(LSTM_PAIR, 3)
    assert_errors_do_not_add_up(weights, read(weights).firsts[0], steps=4000, every=37, drift=F(1, 10**6))


# --- certificates -----------------------------------------------------------------------------------------------------


def test_a_saved_certificate_is_checked_and_a_forged_one_is_not_believed() -> None:
    first, again = (certify(memory(LSTM_PAIR, F(1, 10)), steps=STEPS) for _ in range(2))
    assert content_hash(to_data(first)) == content_hash(to_data(again))
    assert_only_the_true_certificate_is_believed(first)

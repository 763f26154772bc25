"""C9 for the GRU: sized from the request in every convention, proved from the weights, and wrong weights are never proved."""

import random
from fractions import Fraction

import pytest
from independent_gru import IndependentGru
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
    border,
    memory,
    places,
    proved_error,
    read,
    scaled,
    small,
)

from constructions import Construction, construct, refresh_gru
from constructions.latch import SIGNS
from constructions.refresh_gru import ACCUMULATE, CLOCK, HOLD, PULSE, SMALLEST_BITS, Sizes, family
from verifier import Verdict, certify, certify_weights
from verifier.certificate import content_hash, to_data
from verifier.program import record
from verifier.refresh import clock
from verifier.refresh.gru import recognise
from verifier.regime import Regime

F = Fraction
CELLS = sorted(SIGNS)
STEPS = 40

FAMILIES = {cell: family(cell) for cell in CELLS}
GRU = FAMILIES["gru"]
GOOD = small(GRU, 4)


# --- what is proposed is proved ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "tolerance", "bound", "hidden"),
    [
        ("gru", F(1, 10), ONE, 4),
        ("gru-keep", F(1, 30), F(7, 3), 5),
        ("gru-after", F(1, 10**12), F(1, 1000), 4),
        ("gru-after-keep", F(1, 10**50), F(100), 32),
    ],
)
def test_what_is_asked_is_proved(cell: str, tolerance: Fraction, bound: Fraction, hidden: int) -> None:
    assert_proved_as_asked(memory(FAMILIES[cell], tolerance * bound, bound, hidden), STEPS)


def test_a_hundred_digits() -> None:
    answer = construct("gru-after-keep", n=3, precision=100, horizon="forever")
    assert isinstance(answer, Construction)
    assert certify(answer, steps=3).verdict is Verdict.PROVED


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bits", [2, 4, 5, 64])
def test_the_error_is_below_three_fifths_of_a_level(cell: str, bits: int) -> None:
    assert_error_in_levels_below(FAMILIES[cell], bits, F(3, 5))


@pytest.mark.parametrize("tolerance", [F(1, 100), F(3, 10**5), F(56, 100 * 2**20)])
def test_bits_and_gain_are_the_smallest(tolerance: Fraction) -> None:
    assert_bits_and_gain_are_the_smallest(GRU, tolerance, lambda weights: weights["W_z"][ACCUMULATE, HOLD])


def test_fewer_bits_than_the_smallest_are_not_proved() -> None:
    assert proved_error(GRU, SMALLEST_BITS - 1) is None


@pytest.mark.parametrize(("name", "bits"), [("AMPLITUDE_BITS", 4), ("SCALE_BITS", 4), ("STEADY_BITS", 4)])
def test_a_notch_coarser_costs_more_than_three_fifths_of_a_level(name: str, bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh_gru, name, getattr(refresh_gru, name) - 1)
    refresh_gru._rounded.cache_clear()
    error = proved_error(GRU, bits)
    refresh_gru._rounded.cache_clear()
    assert error is None or error * 2**bits > F(3, 5)


def test_the_first_cycle_is_two_steps_shorter_than_the_others() -> None:
    what = read(small(GRU, 4))
    assert (what.hints.first, what.period) == (7, Sizes(4, 0).period)
    assert what.levels == 2**5


# --- the form ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
def test_the_form_is_read_off_the_weights(cell: str) -> None:
    weights = small(FAMILIES[cell], 4)
    form = recognise(record(weights))
    assert form is not None
    assert form.gain == abs(weights["W_z"][ACCUMULATE, HOLD])
    assert form.scale == abs(weights["U_z"][HOLD,])
    assert form.slope == weights["V"][HOLD,]


def test_units_may_come_in_any_order_and_among_others() -> None:
    assert_proved_in_any_order(small(FAMILIES["gru-after"], 4), 7, (5, 2, 0, 3))


@pytest.mark.parametrize(
    "change",
    [
        {("U_n", (HOLD,)): ONE},
        {("U_z", (ACCUMULATE,)): ONE},
        {("U_n", (CLOCK,)): ONE},
        {("W_z", (HOLD, HOLD)): ONE},
        {("W_n", (HOLD, HOLD)): ONE},
        {("W_n", (ACCUMULATE, HOLD)): ONE},
        {("W_r", (ACCUMULATE, HOLD)): ONE},
        {("W_z", (CLOCK, ACCUMULATE)): ONE},
        {("W_z", (ACCUMULATE, HOLD)): F(3)},
        {("V", (ACCUMULATE,)): ONE},
        {("h_0", (HOLD,)): ONE},
        {("U_z", (HOLD,)): F(0)},
    ],
    ids=str,
)
def test_any_other_coupling_is_not_of_the_form(change: Change) -> None:
    for cell in ("gru", "gru-after-keep"):
        assert recognise(record(small(FAMILIES[cell], 4).replace(change))) is None


# --- wrong weights ----------------------------------------------------------------------------------------------------

HARMLESS = {("b_z", (PULSE,)), ("W_r", (ACCUMULATE, PULSE)), ("W_r", (CLOCK, PULSE))}
"""Saturated gates: twice the weight saturates them more."""

BENT = [
    (cell, place, factor)
    for cell, factors in (("gru", (F(0), F(-1), F(2))), ("gru-after-keep", (F(99, 100),)))
    for place in places(small(FAMILIES[cell], 4))
    for factor in factors
    if not (factor == 2 and place in HARMLESS) and not (factor == F(99, 100) and place[0] in ("b_z", "W_r", "W_n", "W_z", "b_n"))
]


@pytest.mark.parametrize(("cell", "place", "factor"), BENT, ids=str)
def test_weights_that_are_zeroed_flipped_or_scaled_are_not_proved(
    cell: str, place: Place, factor: Fraction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "LARGEST_PERIOD", SOON)
    assert_not_proved_within(scaled(small(FAMILIES[cell], 4), place, factor), F(6, 10 * 2**4))


def test_proved_bounds_hold_for_changed_weights_too() -> None:
    """Random changes that keep the form: where the inequalities hold, no run exceeds their bound."""
    generator = random.Random(5)
    assert_bounds_of_changed_weights_hold(
        small(FAMILIES["gru-keep"], 4),
        generator,
        tries=40,
        most=F(30, 10_000),
        least=10,
        firsts=lambda what: (*what.firsts, ONE, -ONE),
        steps=lambda what: generator.randint(1, 30),
    )


GROSS: dict[str, Change] = {
    "hold never loads": {("W_z", (HOLD, CLOCK)): F(0)},
    "input scale doubled": {("U_z", (HOLD,)): 2 * GOOD["U_z"][HOLD,]},
    "sum never cleared": {("W_z", (ACCUMULATE, PULSE)): F(0), ("b_z", (ACCUMULATE,)): GOOD["b_z"][ACCUMULATE,]},
    "no bit is worth anything": {("W_n", (ACCUMULATE, CLOCK)): F(0)},
    "readout doubled": {("V", (HOLD,)): 2 * GOOD["V"][HOLD,]},
}


@pytest.mark.parametrize("name", GROSS)
def test_gross_mistakes_are_refuted_with_a_witness(name: str) -> None:
    weights = GOOD.replace(GROSS[name])
    regime = Regime("gru", STEPS, ONE, F(6, 10 * 2**4), "forever", hidden=4)
    certificate = certify_weights(weights, regime, steps=STEPS)
    assert certificate.verdict is Verdict.REFUTED
    witness = certificate.supremum.witness if certificate.supremum is not None else None
    runs = witness if certificate.observed is None else certificate.observed.worst.runs
    assert runs is not None


# --- boxes and attacks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cell", "bits", "coarser"), [("gru", 2, 0), ("gru-after-keep", 3, 3), ("gru-keep", 3, 0)])
def test_every_level_returns_as_a_box(cell: str, bits: int, coarser: int) -> None:
    assert_every_level_returns(small(FAMILIES[cell], bits, coarser), bits, F(5, 4))


@pytest.mark.parametrize(
    "change",
    [
        {("W_n", (HOLD, ACCUMULATE)): F(21, 20)},
        {("W_n", (ACCUMULATE, CLOCK)): F(3, 4)},
        {("b_n", (CLOCK,)): F(0)},
        {("W_r", (ACCUMULATE, PULSE)): F(0)},
    ],
    ids=str,
)
def test_boxes_of_wrong_weights_do_not_return(change: Change) -> None:
    assert_boxes_do_not_return(small(GRU, 3), change)


def test_a_second_implementation_stays_within_the_bound() -> None:
    for cell in ("gru", "gru-after-keep"):
        assert_bound_is_kept_by(small(FAMILIES[cell], 3, 3), IndependentGru, 50)


def test_thousands_of_steps_do_not_add_up() -> None:
    weights = small(GRU, 3)
    x = border(weights, *sorted(read(weights).firsts[2:4]), F(1, 2**3))
    assert_errors_do_not_add_up(weights, x, steps=4000, every=37, drift=F(1, 10**6))


# --- certificates -----------------------------------------------------------------------------------------------------


def test_a_saved_certificate_is_checked_and_a_forged_one_is_not_believed() -> None:
    first, again = (certify(memory(FAMILIES["gru-after-keep"], F(1, 10)), steps=STEPS) for _ in range(2))
    assert content_hash(to_data(first)) == content_hash(to_data(again))
    assert_only_the_true_certificate_is_believed(first)

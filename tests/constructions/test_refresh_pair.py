"""C9 for the LSTM with three units: sized from the request, proved from the weights, and wrong weights are never proved."""

import json
import random
from fractions import Fraction

import pytest
from independent_lstm import IndependentLstm

from constructions import Construction, Unanswered, construct, derivations, refresh_pair
from constructions.refresh_pair import ACCUMULATE, CLOCK, HOLD, LSTM_PAIR, SMALLEST_BITS, Sizes, network
from constructions.refreshed import COARSEST, precision_of
from verifier import Verdict, certify, certify_weights
from verifier.arithmetic.balls import Balls, to_ball, upper_fraction
from verifier.certificate import check_data, content_hash, to_data
from verifier.observed import run_error
from verifier.program import record
from verifier.refresh import Refresh, bound_refresh, clock, push_levels
from verifier.refresh.lstm_pair import recognise
from verifier.regime import Regime
from verifier.run import Runner
from verifier.sequences import join
from verifier.weights import Weights

F = Fraction
ONE = F(1)
STEPS = 40
BITS = 200

Change = dict[tuple[str, tuple[int, ...]], Fraction]


def memory(tolerance: Fraction, bound: Fraction = ONE) -> Construction:
    answer = construct("lstm", n=STEPS, tolerance=tolerance, bound=bound, hidden=3, horizon="forever")
    assert isinstance(answer, Construction)
    assert answer.theorem == "C9"
    return answer


def small(bits: int = 4, coarser: int = 0) -> Weights:
    return network(3, Sizes(bits, LSTM_PAIR.fine_gain(bits) - coarser), ONE)[0]


def found(weights: Weights, bits: int = BITS) -> Refresh | None:
    with Balls(bits).working():
        return bound_refresh(record(weights), ONE)


def proved_error(sizes: Sizes) -> Fraction | None:
    with Balls(precision_of(LSTM_PAIR, sizes.bits)).working():
        read = bound_refresh(record(network(3, sizes, ONE)[0]), ONE)
        assert read is not None
        return upper_fraction(read.upper) if read.verdict is Verdict.PROVED else None


# --- what is proposed is proved ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tolerance", "bound"), [(F(1, 10), ONE), (F(1, 10**12), F(7, 3)), (F(1, 10**50), F(1, 1000))])
def test_what_is_asked_is_proved(tolerance: Fraction, bound: Fraction) -> None:
    certificate = certify(memory(tolerance * bound, bound), steps=STEPS)
    assert certificate.verdict is Verdict.PROVED, certificate.reason
    assert certificate.theorem == "C9"
    supremum = certificate.supremum
    assert supremum is not None
    assert supremum.method == "refreshed levels"
    with Balls(certificate.working_bits).working():
        assert supremum.upper <= to_ball(tolerance * bound)
        assert supremum.lower > to_ball(tolerance * bound / 5)


def test_four_units_are_taken_where_there_are_four() -> None:
    """Three have larger weights."""
    three, four = memory(F(1, 10**6)), construct("lstm", n=STEPS, precision=6, hidden=4, horizon="forever")
    assert isinstance(four, Construction)
    assert four.weights.largest < three.weights.largest


def test_too_few_units_and_too_long_periods_are_not_answered() -> None:
    for hidden, precision in ((2, 5), (3, 700)):
        answer = construct("lstm", n=5, precision=precision, horizon="forever", hidden=hidden)
        assert isinstance(answer, Unanswered)
        assert "C9" in answer.reason


@pytest.mark.parametrize("bits", [2, 4, 7, 64])
def test_the_error_is_below_five_ninths_of_a_level(bits: int) -> None:
    error = proved_error(Sizes(bits, LSTM_PAIR.fine_gain(bits)))
    assert error is not None
    assert F(1, 2) < error * 2**bits < F(5, 9)


@pytest.mark.parametrize("tolerance", [F(1, 100), F(56, 100 * 2**20)])
def test_bits_and_gain_are_the_smallest(tolerance: Fraction) -> None:
    weights = memory(tolerance).weights
    gain = weights["W_i"][ACCUMULATE, HOLD].numerator.bit_length() - 1
    bits = next(b for b in range(2, 60) if network(3, Sizes(b, gain), ONE)[0] == weights)
    error = proved_error(Sizes(bits, gain))
    assert error is not None
    assert error <= tolerance
    if gain > LSTM_PAIR.fine_gain(bits) - COARSEST:
        coarser = proved_error(Sizes(bits, gain - 1))
        assert coarser is None or coarser > tolerance
    fewer = proved_error(Sizes(bits - 1, LSTM_PAIR.fine_gain(bits - 1)))
    assert fewer is None or fewer > tolerance


def test_fewer_bits_than_the_smallest_are_not_proved() -> None:
    bits = SMALLEST_BITS - 1
    assert proved_error(Sizes(bits, LSTM_PAIR.fine_gain(bits))) is None


@pytest.mark.parametrize("name", ["AMPLITUDE_BITS", "SCALE_BITS"])
def test_a_notch_coarser_costs_more_than_five_ninths_of_a_level(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh_pair, name, getattr(refresh_pair, name) - 1)
    refresh_pair._rounded.cache_clear()
    error = proved_error(Sizes(4, LSTM_PAIR.fine_gain(4)))
    refresh_pair._rounded.cache_clear()
    assert error is None or error * 2**4 > F(5, 9)


def test_the_first_cycle_is_one_step_longer_than_the_others() -> None:
    read = found(small())
    assert read is not None
    assert (read.hints.first, read.period) == (Sizes(4, 0).period + 1, Sizes(4, 0).period)


# --- the form ---------------------------------------------------------------------------------------------------------


def test_the_form_is_read_off_the_weights_whatever_the_order_of_units() -> None:
    weights, order = small(), (4, 2, 0)
    form = recognise(record(weights))
    assert form is not None
    assert form.gain == weights["W_i"][ACCUMULATE, HOLD]
    assert form.scale == weights["U_i"][HOLD,]
    blocks = {name: {tuple(order[k] for k in index): value for index, value in array} for name, array in weights.blocks().items()}
    read, moved = found(weights), found(Weights("lstm", 6, blocks))
    assert read is not None
    assert moved is not None
    assert moved.verdict is Verdict.PROVED
    assert moved.upper.overlaps(read.upper)


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
    assert recognise(record(small().replace(change))) is None


# --- wrong weights ----------------------------------------------------------------------------------------------------

SOON = 200
"""Steps within which a clock that still loads does so here."""

BENT = [((name, index), factor) for name, array in small().blocks().items() for index, _ in array for factor in (F(0), F(-1), F(2))]
HARMLESS = {(("W_f", (HOLD, CLOCK)), F(2)), (("W_i", (HOLD, CLOCK)), F(2)), (("W_g", (CLOCK, CLOCK)), F(2))}
"""Saturated gates: twice the weight saturates them more, and the clock may as well turn below w/4 as below w/2."""


@pytest.mark.parametrize(("place", "factor"), [bent for bent in BENT if bent not in HARMLESS], ids=str)
def test_weights_that_are_zeroed_flipped_or_doubled_are_not_proved(
    place: tuple[str, tuple[int, ...]], factor: Fraction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "LARGEST_PERIOD", SOON)
    name, index = place
    read = found(small().replace({place: small()[name][index] * factor}))
    if read is not None and read.verdict is Verdict.PROVED:
        with Balls(BITS).working():
            assert read.upper > to_ball(F(5, 9 * 2**4))


def test_proved_bounds_hold_for_changed_weights_too() -> None:
    """Random changes that keep the form: where the inequalities hold, no run exceeds their bound."""
    generator, proved = random.Random(6), 0
    base = small()
    places = [(name, index) for name, array in base.blocks().items() for index, _ in array]
    for _ in range(30):
        name, index = generator.choice(places)
        changed = base.replace({(name, index): base[name][index] * (1 + F(generator.randint(-30, 30), 10_000))})
        read = found(changed)
        if read is None or read.verdict is not Verdict.PROVED:
            continue
        proved += 1
        with Balls(BITS).working():
            runner = Runner(record(changed), Balls(BITS))
            for x in (*read.firsts, ONE, -ONE):
                assert run_error(runner, join([(x, 1), (F(generator.choice((-1, 1))), generator.randint(1, 40))])) <= read.upper
    assert proved >= 8


GROSS: dict[str, Change] = {
    "hold never loads": {("W_i", (HOLD, CLOCK)): F(0)},
    "input scale doubled": {("U_i", (HOLD,)): 2 * small()["U_i"][HOLD,]},
    "one candidate for step 1 and loads": {("W_g", (HOLD, CLOCK)): F(0)},
    "no bit is worth anything": {("W_g", (ACCUMULATE, CLOCK)): F(0)},
}


@pytest.mark.parametrize("name", GROSS)
def test_gross_mistakes_are_refuted(name: str) -> None:
    regime = Regime("lstm", STEPS, ONE, F(6, 10 * 2**4), "forever", hidden=3)
    assert certify_weights(small().replace(GROSS[name]), regime, steps=STEPS).verdict is Verdict.REFUTED


# --- boxes and attacks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bits", "coarser"), [(2, 0), (3, 3)])
def test_every_level_returns_as_a_box(bits: int, coarser: int) -> None:
    weights = small(bits, coarser)
    read = found(weights)
    assert read is not None
    with Balls(BITS).working():
        pushed = push_levels(record(weights), ONE, read)
        assert pushed.verdict is Verdict.PROVED
        assert pushed.boxes >= 5 * 2**bits
        assert read.upper * 3 / 4 < pushed.upper < read.upper * 4 / 3  # two ways to the same number


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
    """The hints of the right weights, and the wrong network: what is claimed of the boxes does not hold."""
    read = found(small(3))
    assert read is not None
    with Balls(BITS).working():
        assert push_levels(record(small(3).replace(change)), ONE, read).verdict is not Verdict.PROVED


def test_a_second_implementation_stays_within_the_bound() -> None:
    """mpmath alone, x_1 beside borders of levels, inputs against it: within the bound, which is not half too large."""
    weights = small(3, 3)
    read = found(weights)
    assert read is not None
    network_of_papers = IndependentLstm(weights.to_data(), 60)
    worst = F(0)
    for x in read.firsts:
        outputs = network_of_papers.outputs([x, *[-ONE if x > 0 else ONE] * 60])
        worst = max(worst, *(abs(F(str(y)) - x) for y in outputs))
    assert upper_fraction(read.upper) / 2 < worst <= upper_fraction(read.upper)


def test_thousands_of_steps_do_not_add_up() -> None:
    """x_1 beside a border of levels, then ±1 in turn: errors below the bound, late ones no larger than early ones."""
    weights = small(3)
    read = found(weights)
    assert read is not None
    with Balls(BITS).working():
        runner, x = Runner(record(weights), Balls(BITS)), read.firsts[0]
        state, late, early = runner.start(), to_ball(0), to_ball(0)
        for t in range(1, 4001):
            state = runner.step(t, state, x if t == 1 else ONE * (-1) ** (t // 7))
            if t % 37 == 0:
                error = abs(runner.output() - to_ball(x))
                assert error < read.upper
                late, early = (late.max(error), early) if t > 2000 else (late, early.max(error))
        assert late <= early + to_ball(F(1, 10**6))


# --- certificates -----------------------------------------------------------------------------------------------------


def test_a_saved_certificate_is_checked_and_a_forged_one_is_not_believed() -> None:
    certificate = certify(memory(F(1, 10)), steps=STEPS)
    data = json.loads(json.dumps(to_data(certificate)))
    assert content_hash(data) == content_hash(to_data(certify(memory(F(1, 10)), steps=STEPS)))
    assert check_data(data, derivations()).verdict is Verdict.PROVED
    row = next(claim for claim in data["claims"] if claim["relation"] == "<=")
    row["value"] = "0.01"
    data["sha256"] = content_hash(data)
    assert check_data(data, derivations()).verdict is Verdict.REFUTED

"""C9: the refreshed memory is sized from the request, proved from its weights, and wrong weights are never proved."""

from fractions import Fraction

import numpy as np
import pytest
from commands import verify
from refreshed import (
    ONE,
    SOON,
    Change,
    Place,
    assert_bits_and_gain_are_the_smallest,
    assert_error_in_levels_below,
    assert_errors_do_not_add_up,
    assert_not_proved_within,
    assert_only_the_true_certificate_is_believed,
    assert_proved_as_asked,
    border,
    memory,
    proved_error,
    read,
    small,
)

from constructions import Construction, Unanswered, construct, derivations
from constructions.refresh import (
    ACCUMULATE,
    CAPTURE,
    CLOCK,
    HOLD,
    LSTM,
    SMALLEST_BITS,
    Sizes,
    fine_gain,
)
from constructions.refreshed import MOST_STEPS
from verifier import Verdict, certify, certify_weights
from verifier.arithmetic.balls import Balls, to_ball
from verifier.certificate import check_data, to_data
from verifier.float_run import FloatNetwork
from verifier.observed import run_error
from verifier.program import record
from verifier.refresh import clock
from verifier.regime import Regime
from verifier.run import Runner
from verifier.sequences import join

F = Fraction
STEPS = 60
"""Longest adversarial run of these tests."""

GOOD = small(LSTM, 5)


# --- what is proposed is proved ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tolerance", "bound", "hidden"),
    [(F(1, 10), ONE, 4), (F(1, 30), ONE, 5), (F(1, 10**3), F(7, 3), 32), (F(1, 10**12), F(1, 1000), 4), (F(1, 10**50), F(100), 6)],
)
def test_what_is_asked_is_proved(tolerance: Fraction, bound: Fraction, hidden: int) -> None:
    assert_proved_as_asked(memory(LSTM, tolerance * bound, bound, hidden, STEPS), STEPS)


def test_two_hundred_digits() -> None:
    answer = construct("lstm", n=3, precision=200, horizon="forever")
    assert isinstance(answer, Construction)
    certificate = certify(answer, steps=3)
    assert certificate.verdict is Verdict.PROVED
    assert certificate.supremum is not None
    assert certificate.supremum.refresh is not None
    assert certificate.supremum.refresh.period == 669


def test_a_grid_with_more_points_than_units_is_exact_after_rounding() -> None:
    answer = construct("lstm", n=STEPS, horizon="forever", domain="grid", bits=4, hidden=4)
    assert isinstance(answer, Construction)
    assert answer.theorem == "C9"
    certificate = certify(answer, steps=STEPS)
    assert certificate.verdict is Verdict.PROVED
    assert check_data(to_data(certificate), derivations()).verdict is Verdict.PROVED


def test_the_latch_answers_where_its_units_suffice() -> None:
    answer = construct("lstm", n=5, tolerance=F(1, 4), horizon="forever")
    assert isinstance(answer, Construction)
    assert answer.theorem == "C8-lstm"


def test_too_few_units_and_too_long_periods_are_not_answered() -> None:
    few = construct("lstm", n=5, precision=5, horizon="forever", hidden=2)
    assert isinstance(few, Unanswered)
    assert "C9" in few.reason
    long = construct("lstm", n=5, precision=2000, horizon="forever")
    assert isinstance(long, Unanswered)
    assert str(MOST_STEPS) in long.reason


# --- sizes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tolerance", [F(1, 100), F(3, 10**5), F(1, 10**12), F(1, 2**30), F(56, 100 * 2**20)])
def test_bits_and_gain_are_the_smallest(tolerance: Fraction) -> None:
    assert_bits_and_gain_are_the_smallest(LSTM, tolerance, lambda weights: weights["W_i"][ACCUMULATE, HOLD])


def test_fewer_bits_than_the_smallest_are_not_proved() -> None:
    assert proved_error(LSTM, SMALLEST_BITS - 1) is None


@pytest.mark.parametrize("bits", [3, 7, 8, 20, 33, 100])
def test_the_error_is_below_three_fifths_of_a_level(bits: int) -> None:
    assert_error_in_levels_below(LSTM, bits, F(3, 5))


def test_the_period_is_the_clocks() -> None:
    what = read(GOOD)
    assert what.period == Sizes(5, 0).period == 10
    assert what.levels in range(2**6, 2**6 + 3)


# --- wrong weights ----------------------------------------------------------------------------------------------------

W = Sizes(5, 0).unit
FULL = Sizes(5, 0).full
GAIN = F(2) ** fine_gain(5)


def times(place: Place, factor: Fraction) -> Change:
    return {place: GOOD[place[0]][place[1]] * factor}


WRONG = {
    "capture opens at every reload": {("b_i", (CAPTURE,)): GAIN * W * 3 / 4},
    "capture never opens": {("b_i", (CAPTURE,)): -GAIN * W},
    "capture is never cleared": {("b_f", (CAPTURE,)): GAIN * W},
    "capture is always cleared": {("b_f", (CAPTURE,)): -GAIN * FULL},
    "input scale doubled": times(("U_g", (CAPTURE,)), F(2)),
    "input scale a per cent off": times(("U_g", (CAPTURE,)), F(101, 100)),
    "input scale negative": times(("U_g", (CAPTURE,)), F(-1)),
    "no offset": {("b_g", (CAPTURE,)): F(0)},
    "offset too large for the bits": {("b_g", (CAPTURE,)): FULL},
    "hold loads a step early": {("b_i", (HOLD,)): GAIN * W * 3 / 2, ("b_f", (HOLD,)): -GAIN * W * 3 / 2},
    "hold never loads": {("b_i", (HOLD,)): -GAIN * W},
    "hold adds instead of replacing": {("b_f", (HOLD,)): GAIN * W},
    "hold loads half the sum": {("W_g", (HOLD, ACCUMULATE)): F(1)},
    "hold loads a per cent too much": {("W_g", (HOLD, ACCUMULATE)): F(202, 100)},
    "no half level added": {("W_g", (HOLD, CLOCK)): F(0)},
    "a whole level added": {("W_g", (HOLD, CLOCK)): F(4)},
    "comparator does not see the hold unit": {("W_i", (ACCUMULATE, HOLD)): F(0)},
    "comparator does not see the sum": {("W_i", (ACCUMULATE, ACCUMULATE)): F(0)},
    "comparator a per cent uneven": times(("W_i", (ACCUMULATE, HOLD)), F(101, 100)),
    "comparator's threshold doubled": times(("W_i", (ACCUMULATE, CLOCK)), F(2)),
    "comparator's threshold a tenth off": times(("W_i", (ACCUMULATE, CLOCK)), F(11, 10)),
    "sum never cleared": {("b_f", (ACCUMULATE,)): GAIN * FULL},
    "sum cleared twice a cycle": {("b_f", (ACCUMULATE,)): GAIN * FULL / 5},
    "bits twice as heavy": {("W_g", (ACCUMULATE, CLOCK)): F(4)},
    "bits a tenth too light": {("W_g", (ACCUMULATE, CLOCK)): F(9, 5)},
    "clock reloads too high": {("b_i", (CLOCK,)): GAIN * W * 2},
    "clock never reloads": {("b_i", (CLOCK,)): -GAIN * W},
    "clock starts at half": times(("b_g", (CLOCK,)), F(1, 2)),
    "clock negative": times(("b_g", (CLOCK,)), F(-1)),
    "clock adds what is left": {("W_g", (CLOCK, CLOCK)): F(60)},
    "clock reads the input": {("U_g", (CLOCK,)): F(1, 1000)},
    "clock reads the held value": {("W_g", (CLOCK, HOLD)): F(1, 1000)},
    "hold reads the input": {("U_i", (HOLD,)): F(1)},
    "readout doubled": times(("V", (HOLD,)), F(2)),
    "readout without the capture unit": {("V", (CAPTURE,)): F(0)},
    "readout offset a level off": {("v0", ()): GOOD["v0"][()] + F(1, 32)},
    "output gate of the hold unit not 1/2": {("b_o", (HOLD,)): F(1)},
    "does not start at 0": {("c_0", (ACCUMULATE,)): F(1, 100)},
}
GROSS = {
    "capture never opens", "capture is never cleared", "capture is always cleared", "input scale doubled", "input scale negative",
    "hold never loads", "hold loads half the sum", "comparator does not see the sum", "bits twice as heavy", "no offset",
    "readout without the capture unit", "readout doubled", "clock never reloads", "sum never cleared", "clock negative",
}  # fmt: skip
"""Changes that adversarial runs alone refute."""


TOLERANCE = F(6, 10 * 32)


def question(tolerance: Fraction = TOLERANCE) -> Regime:
    return Regime("lstm", STEPS, ONE, tolerance, "forever", hidden=4)


def test_the_unchanged_weights_are_proved() -> None:
    assert certify_weights(GOOD, question(), steps=STEPS).verdict is Verdict.PROVED


@pytest.mark.parametrize("name", WRONG)
def test_wrong_weights_are_not_proved(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "LARGEST_PERIOD", SOON)
    wrong = GOOD.replace(WRONG[name])
    assert_not_proved_within(wrong, TOLERANCE)
    if name in GROSS:
        certificate = certify_weights(wrong, question(), steps=STEPS)
        assert certificate.verdict is Verdict.REFUTED
        assert certificate.observed is not None
        runs = certificate.observed.worst.runs
        with Balls(160).working():
            assert run_error(Runner(record(wrong), Balls(160)), runs) > to_ball(question().tolerance)


def test_what_fails_is_named() -> None:
    what = read(GOOD.replace(WRONG["clock starts at half"]))
    assert any(i.verdict is not Verdict.PROVED for i in what.inequalities)
    wrong = GOOD.replace({("W_i", (CLOCK, CLOCK)): -GAIN / 64, ("b_i", (CLOCK,)): GAIN * W * 3 / 256})
    certificate = certify_weights(wrong, question(F(9, 10)), steps=12)
    assert certificate.verdict is Verdict.UNDECIDED
    assert "refresh" in certificate.reason


# --- attacks ----------------------------------------------------------------------------------------------------------


def test_ten_thousand_steps_do_not_add_up() -> None:
    weights, level = small(LSTM, 4), F(1, 2**4)
    x = border(weights, level / 4, 3 * level / 4, level)
    assert_errors_do_not_add_up(weights, x, steps=10_000, every=97, drift=level / 10**6)


def test_error_of_the_network_without_refresh_grows_and_this_one_does_not() -> None:
    plain = construct("lstm", n=10, precision=2)
    assert isinstance(plain, Construction)
    errors = []
    with Balls(200).working():
        for weights in (plain.weights, small(LSTM, 8)):
            runner = Runner(record(weights), Balls(200))
            errors.append([run_error(runner, join([(F(1, 3), 1), (-ONE, n)])) for n in (10, 3000)])
        assert errors[0][1] > to_ball(F(1, 10))
        assert errors[1][1] < to_ball(F(6, 10 * 2**8))


@pytest.mark.parametrize(("form", "kind", "bits"), [("binary64", np.float64, 40), ("binary32", np.float32, 8)])
def test_it_restores_in_floats_too(form: str, kind: type, bits: int) -> None:
    """Observed, not proved: the rounded recurrence stays within 3/5 of a level, as late as early."""
    generator = np.random.default_rng(2)
    inputs = generator.choice([-1.0, 1.0], size=(1500, 16)).astype(kind)
    inputs[0] = generator.uniform(-1, 1, 16)
    errors = [np.abs(y.astype(np.float64) - inputs[0]).max() for y in FloatNetwork(small(LSTM, bits), form).outputs(inputs)]
    assert max(errors) < 0.6 / 2**bits
    assert max(errors[-200:]) <= max(errors[:-200])


# --- certificates and the command line --------------------------------------------------------------------------------


def test_a_saved_certificate_is_checked_and_a_forged_one_is_not_believed() -> None:
    assert_only_the_true_certificate_is_believed(certify(memory(LSTM, F(1, 10)), steps=STEPS))


def test_the_command_says_what_was_read_and_pushed() -> None:
    result = verify("lstm", "--horizon", "forever", "--tolerance", "0.1", "--hidden", "4", "--n", "40")
    assert result.code == 0, result.err
    for text in ("refreshed memory", "18 of 18 inequalities of C9", "levels pushed as boxes return: PROVED", "theorem=C9"):
        assert text in " ".join(result.out.split())
    fine = verify("lstm", "--horizon", "forever", "--precision", "12", "--n", "40")
    assert fine.code == 0
    assert "too many to push one by one" in " ".join(fine.out.split())
    assert max(map(len, fine.out.splitlines()[:-1])) <= 100

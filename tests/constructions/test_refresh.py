"""C9: the refreshed memory is sized from the request, proved from its weights, and wrong weights are never proved."""

import json
from fractions import Fraction

import numpy as np
import pytest
from click.testing import CliRunner

from constructions import Construction, Unanswered, construct, derivations
from constructions.refresh import (
    ACCUMULATE,
    CAPTURE,
    CLOCK,
    COARSEST,
    HOLD,
    SMALLEST_BITS,
    Sizes,
    fine_gain,
    network,
)
from constructions.refreshed import MOST_STEPS
from verifier import Verdict, certify, certify_weights
from verifier.arithmetic.balls import Balls, to_ball, upper_fraction
from verifier.certificate import check_data, content_hash, to_data
from verifier.cli.main import verify
from verifier.float_run import FloatNetwork
from verifier.observed import run_error
from verifier.program import record
from verifier.refresh import bound_refresh
from verifier.regime import Regime
from verifier.run import Runner
from verifier.sequences import join
from verifier.weights import Weights

F = Fraction
ONE = F(1)
STEPS = 60
"""Longest adversarial run of these tests."""


def memory(tolerance: Fraction, bound: Fraction = ONE, hidden: int = 4, **asked: object) -> Construction:
    answer = construct("lstm", n=STEPS, tolerance=tolerance, bound=bound, hidden=hidden, horizon="forever", **asked)  # type: ignore[arg-type]
    assert isinstance(answer, Construction)
    assert answer.theorem == "C9"
    return answer


def small(bits: int = 5) -> Weights:
    return network(4, Sizes(bits, fine_gain(bits)), ONE)[0]


# --- what is proposed is proved ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tolerance", "bound", "hidden"),
    [(F(1, 10), ONE, 4), (F(1, 30), ONE, 5), (F(1, 10**3), F(7, 3), 32), (F(1, 10**12), F(1, 1000), 4), (F(1, 10**50), F(100), 6)],
)
def test_what_is_asked_is_proved(tolerance: Fraction, bound: Fraction, hidden: int) -> None:
    certificate = certify(memory(tolerance * bound, bound, hidden), steps=STEPS)
    assert certificate.verdict is Verdict.PROVED, certificate.reason
    assert certificate.theorem == "C9"
    supremum = certificate.supremum
    assert supremum is not None
    assert supremum.method == "refreshed levels"
    with Balls(certificate.working_bits).working():
        assert supremum.upper <= to_ball(tolerance * bound)
        assert supremum.lower > to_ball(tolerance * bound / 5)


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


def proved_error(sizes: Sizes, bound: Fraction = ONE) -> Fraction | None:
    with Balls(sizes.bits + 128).working():
        found = bound_refresh(record(network(4, sizes, bound)[0]), bound)
        assert found is not None
        return upper_fraction(found.upper) if found.verdict is Verdict.PROVED else None


@pytest.mark.parametrize("tolerance", [F(1, 100), F(3, 10**5), F(1, 10**12), F(1, 2**30), F(56, 100 * 2**20)])
def test_bits_and_gain_are_the_smallest(tolerance: Fraction) -> None:
    weights = memory(tolerance).weights
    gain = weights["W_i"][ACCUMULATE, HOLD]
    exponent = gain.numerator.bit_length() - 1
    assert gain == F(2) ** exponent
    bits = next(L for L in range(3, 100) if Sizes(L, 0).full / 8 == weights["U_g"][CAPTURE,] and network(
        4, Sizes(L, exponent), ONE)[0] == weights)  # fmt: skip
    error = proved_error(Sizes(bits, exponent))
    assert error is not None
    assert error <= tolerance
    if exponent > fine_gain(bits) - COARSEST:
        coarser = proved_error(Sizes(bits, exponent - 1))
        assert coarser is None or coarser > tolerance
    if bits > SMALLEST_BITS:
        fewer = proved_error(Sizes(bits - 1, fine_gain(bits - 1)))
        assert fewer is None or fewer > tolerance


def test_fewer_bits_than_the_smallest_are_not_proved() -> None:
    bits = SMALLEST_BITS - 1
    assert proved_error(Sizes(bits, fine_gain(bits))) is None


@pytest.mark.parametrize("bits", [3, 7, 8, 20, 33, 100])
def test_the_error_is_below_three_fifths_of_a_level(bits: int) -> None:
    error = proved_error(Sizes(bits, fine_gain(bits)))
    assert error is not None
    assert F(1, 2) < error * 2**bits < F(3, 5)


def test_the_period_is_the_clocks() -> None:
    weights = small(5)
    with Balls(150).working():
        found = bound_refresh(record(weights), ONE)
        assert found is not None
        assert found.period == Sizes(5, 0).period == 10
        assert found.levels in range(2**6, 2**6 + 3)


# --- wrong weights ----------------------------------------------------------------------------------------------------

W = Sizes(5, 0).unit
FULL = Sizes(5, 0).full
GAIN = F(2) ** fine_gain(5)
GOOD = small(5)


def scaled(place: tuple[str, tuple[int, ...]], factor: Fraction) -> dict[tuple[str, tuple[int, ...]], Fraction]:
    return {place: GOOD[place[0]][place[1]] * factor}


WRONG = {
    "capture opens at every reload": {("b_i", (CAPTURE,)): GAIN * W * 3 / 4},
    "capture never opens": {("b_i", (CAPTURE,)): -GAIN * W},
    "capture is never cleared": {("b_f", (CAPTURE,)): GAIN * W},
    "capture is always cleared": {("b_f", (CAPTURE,)): -GAIN * FULL},
    "input scale doubled": scaled(("U_g", (CAPTURE,)), F(2)),
    "input scale a per cent off": scaled(("U_g", (CAPTURE,)), F(101, 100)),
    "input scale negative": scaled(("U_g", (CAPTURE,)), F(-1)),
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
    "comparator a per cent uneven": scaled(("W_i", (ACCUMULATE, HOLD)), F(101, 100)),
    "comparator's threshold doubled": scaled(("W_i", (ACCUMULATE, CLOCK)), F(2)),
    "comparator's threshold a tenth off": scaled(("W_i", (ACCUMULATE, CLOCK)), F(11, 10)),
    "sum never cleared": {("b_f", (ACCUMULATE,)): GAIN * FULL},
    "sum cleared twice a cycle": {("b_f", (ACCUMULATE,)): GAIN * FULL / 5},
    "bits twice as heavy": {("W_g", (ACCUMULATE, CLOCK)): F(4)},
    "bits a tenth too light": {("W_g", (ACCUMULATE, CLOCK)): F(9, 5)},
    "clock reloads too high": {("b_i", (CLOCK,)): GAIN * W * 2},
    "clock never reloads": {("b_i", (CLOCK,)): -GAIN * W},
    "clock starts at half": scaled(("b_g", (CLOCK,)), F(1, 2)),
    "clock negative": scaled(("b_g", (CLOCK,)), F(-1)),
    "clock adds what is left": {("W_g", (CLOCK, CLOCK)): F(60)},
    "clock reads the input": {("U_g", (CLOCK,)): F(1, 1000)},
    "clock reads the held value": {("W_g", (CLOCK, HOLD)): F(1, 1000)},
    "hold reads the input": {("U_i", (HOLD,)): F(1)},
    "readout doubled": scaled(("V", (HOLD,)), F(2)),
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
def test_wrong_weights_are_not_proved(name: str) -> None:
    program = record(GOOD.replace(WRONG[name]))
    with Balls(160).working():
        found = bound_refresh(program, ONE)
        if found is not None and found.verdict is Verdict.PROVED:
            assert found.upper > to_ball(question().tolerance)
    if name in GROSS:
        certificate = certify_weights(GOOD.replace(WRONG[name]), question(), steps=STEPS)
        assert certificate.verdict is Verdict.REFUTED
        assert certificate.observed is not None
        runs = certificate.observed.worst.runs
        with Balls(160).working():
            assert run_error(Runner(program, Balls(160)), runs) > to_ball(question().tolerance)


def test_what_fails_is_named() -> None:
    with Balls(160).working():
        found = bound_refresh(record(GOOD.replace(WRONG["clock starts at half"])), ONE)
        assert found is not None
        assert any(i.verdict is not Verdict.PROVED for i in found.inequalities)
    wrong = GOOD.replace({("W_i", (CLOCK, CLOCK)): -GAIN / 64, ("b_i", (CLOCK,)): GAIN * W * 3 / 256})
    certificate = certify_weights(wrong, question(F(9, 10)), steps=12)
    assert certificate.verdict is Verdict.UNDECIDED
    assert "refresh" in certificate.reason


# --- attacks ----------------------------------------------------------------------------------------------------------


def test_ten_thousand_steps_do_not_add_up() -> None:
    """x_1 bisected onto a border of levels, then ±1 in turn: errors stay below the bound, late ones no larger than early ones."""
    bits = 4
    with Balls(200).working():
        program = record(small(bits))
        found = bound_refresh(program, ONE)
        assert found is not None
        runner = Runner(program, Balls(200))
        level = F(1, 2**bits)
        low, high = level / 4, 3 * level / 4
        reading = {x: held(runner, x, found.period) for x in (low, high)}
        for _ in range(30):
            middle = (low + high) / 2
            if abs(held(runner, middle, found.period) - reading[F(1, 4) * level]) < to_ball(level / 2):
                low = middle
            else:
                high = middle
        state, late, early = runner.start(), to_ball(0), to_ball(0)
        for t in range(1, 10_001):
            state = runner.step(t, state, low if t == 1 else ONE * (-1) ** (t // 7))
            if t % 97 == 0:
                error = abs(runner.output() - to_ball(low))
                assert error < found.upper
                late, early = (late.max(error), early) if t > 5000 else (late, early.max(error))
        assert late <= early + to_ball(level / 10**6)


def held(runner: Runner, x: Fraction, period: int):  # type: ignore[no-untyped-def]
    """What is read two loads later."""
    *_, y = runner.outputs([x, *[-ONE] * (2 * period)])
    return y


def test_error_of_the_network_without_refresh_grows_and_this_one_does_not() -> None:
    plain = construct("lstm", n=10, precision=2)
    assert isinstance(plain, Construction)
    errors = []
    with Balls(200).working():
        for weights in (plain.weights, small(8)):
            runner = Runner(record(weights), Balls(200))
            errors.append([run_error(runner, join([(F(1, 3), 1), (-ONE, n)])) for n in (10, 3000)])
        assert errors[0][1] > to_ball(F(1, 10))
        assert errors[1][1] < to_ball(F(6, 10 * 2**8))


@pytest.mark.parametrize(("form", "kind", "bits"), [("binary64", np.float64, 40), ("binary32", np.float32, 8)])
def test_it_restores_in_floats_too(form: str, kind: type, bits: int) -> None:
    """Observed, not proved: the rounded recurrence stays within 3/5 of a level, as late as early."""
    sizes = Sizes(bits, fine_gain(bits))
    generator = np.random.default_rng(2)
    inputs = generator.choice([-1.0, 1.0], size=(1500, 16)).astype(kind)
    inputs[0] = generator.uniform(-1, 1, 16)
    errors = [np.abs(y.astype(np.float64) - inputs[0]).max() for y in FloatNetwork(network(4, sizes, ONE)[0], form).outputs(inputs)]
    assert max(errors) < 0.6 / 2**bits
    assert max(errors[-200:]) <= max(errors[:-200])


# --- certificates and the command line --------------------------------------------------------------------------------


def test_a_saved_certificate_is_checked_and_a_forged_one_is_not_believed() -> None:
    certificate = certify(memory(F(1, 10)), steps=STEPS)
    data = json.loads(json.dumps(to_data(certificate)))
    assert check_data(data, derivations()).verdict is Verdict.PROVED
    row = next(claim for claim in data["claims"] if claim["relation"] == "<=")
    row["value"] = "0.01"
    data["sha256"] = content_hash(data)
    assert check_data(data, derivations()).verdict is Verdict.REFUTED


def test_the_command_says_what_was_read_and_pushed() -> None:
    result = CliRunner().invoke(verify, ["lstm", "--horizon", "forever", "--tolerance", "0.1", "--hidden", "4", "--n", "40"])
    assert result.exit_code == 0, result.output
    for text in ("refreshed memory", "18 of 18 inequalities of C9", "levels pushed as boxes return: PROVED", "theorem=C9"):
        assert text in " ".join(result.output.split())
    fine = CliRunner().invoke(verify, ["lstm", "--horizon", "forever", "--precision", "12", "--n", "40"])
    assert fine.exit_code == 0
    assert "too many to push one by one" in " ".join(fine.output.split())
    assert max(map(len, fine.output.splitlines()[:-1])) <= 100

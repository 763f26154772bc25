"""Copying for ever: k numbers in one LSTM, sized from the request, proved from the weights, wrong weights refuted."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from commands import last, verify

from constructions.delay import Impossible, NotKnown
from constructions.hold import HoldConstruction, construct_hold, network, numbers_in, proved_error, units_for
from constructions.refresh import Sizes
from verifier import Verdict
from verifier.arithmetic.balls import Balls, to_ball
from verifier.copy_task import CopyTask
from verifier.errors import UsageError
from verifier.float_run import FloatNetwork
from verifier.formats.rounding import round_weights
from verifier.holding import LONGEST_HOLD, certify_hold
from verifier.program import record
from verifier.refresh import bound_refresh

F = Fraction
ONE = F(1)


def question(n: int, tolerance: Fraction, hidden: int, bound: Fraction = ONE) -> CopyTask:
    return CopyTask("lstm", n, bound, tolerance, hidden)


def built(n: int, tolerance: Fraction, hidden: int, bound: Fraction = ONE) -> HoldConstruction:
    answer = construct_hold(question(n, tolerance, hidden, bound))
    assert isinstance(answer, HoldConstruction)
    return answer


# --- what is proposed is proved ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "tolerance", "hidden", "bound"),
    [(1, F(1, 10), 4, ONE), (3, F(1, 10**6), 11, F(7, 3)), (5, F(1, 1000), 17, ONE)],
)
def test_what_is_asked_is_proved(n: int, tolerance: Fraction, hidden: int, bound: Fraction) -> None:
    made = built(n, tolerance * bound, hidden, bound)
    found = certify_hold(made.readouts, made.task)
    assert found.verdict is Verdict.PROVED, found.reason
    assert len(found.held) == n
    with Balls(found.working_bits).working():
        assert found.upper <= to_ball(tolerance * bound)
        for held in found.held:
            assert held.attained > to_ball(tolerance * bound / 5)


def test_ten_numbers_to_twenty_digits_in_thirty_two_units() -> None:
    made = built(10, F(1, 10**20), 32)
    found = certify_hold(made.readouts, made.task)
    assert found.verdict is Verdict.PROVED, found.reason


def test_bits_and_gain_are_the_smallest() -> None:
    tolerance = F(1, 1000)
    sizes = built(4, tolerance, 14).sizes
    error = proved_error(4, sizes, ONE)
    assert error is not None
    assert error <= tolerance
    for other in (Sizes(sizes.bits, sizes.gain - 1, sizes.shift), Sizes(sizes.bits - 1, sizes.gain + 8, sizes.shift)):
        worse = proved_error(4, other, ONE)
        assert worse is None or worse > tolerance


def test_without_the_halved_range_later_numbers_miss_their_bits() -> None:
    """Near miss: the fifth number of five meets no bit above γ/64 in the first cycle, and values go up to 5γ/32."""
    sizes = built(5, F(1, 1000), 17).sizes
    assert sizes.shift == 2
    assert proved_error(5, sizes, ONE) is not None
    assert proved_error(5, Sizes(sizes.bits, sizes.gain, 0), ONE) is None


def test_every_level_of_every_number_returns_as_a_box() -> None:
    made = built(2, F(1, 5), 8)
    found = certify_hold(made.readouts, made.task)
    assert [held.pushed.verdict for held in found.held if held.pushed is not None] == [Verdict.PROVED] * 2


# --- attacks and wrong weights ----------------------------------------------------------------------------------------


def test_runs_stay_within_the_bound() -> None:
    """All numbers at once, in binary64 with 10^-9 to spare: x_1, x_2, x_3 anywhere, then signs."""
    made = built(3, F(1, 100), 11)
    proved = proved_error(3, made.sizes, ONE)
    assert proved is not None
    upper = float(proved)
    generator = np.random.default_rng(1)
    x = generator.choice([-1.0, 1.0], size=(60, 200))
    x[:3] = generator.uniform(-1, 1, (3, 200))
    for j, weights in enumerate(made.readouts):
        reads = FloatNetwork(round_weights(weights, "binary64"), "binary64").outputs(x)
        worst = max(float(np.abs(y - x[j]).max()) for t, y in enumerate(reads) if t >= j)
        assert upper / 4 < worst <= upper + 1e-9


@pytest.mark.parametrize("block", ["W_i", "W_f"])
def test_a_capture_that_comes_late_or_early_is_refuted(block: str) -> None:
    """The third number's capture with a weight of the second's size: it closes a step early, or forgets a step late."""
    made = built(3, F(1, 20), 11)
    age, capture = 10, 6
    small = made.readouts[0][block][3, age]
    wrong = tuple(weights.replace({(block, (capture, age)): small}) for weights in made.readouts)
    found = certify_hold(wrong, made.task)
    assert found.verdict is Verdict.REFUTED
    with Balls(found.working_bits).working():
        assert found.held[1].attained < to_ball(F(1, 20)) < found.held[2].attained


def test_readouts_in_the_wrong_order_are_refuted() -> None:
    made = built(2, F(1, 10), 8)
    assert certify_hold(made.readouts[::-1], made.task).verdict is Verdict.REFUTED


def test_the_memory_of_x_2_is_not_one_of_x_1() -> None:
    weights = built(2, F(1, 100), 8).readouts[1]
    with Balls(200).working():
        right, wrong = (bound_refresh(record(weights), ONE, position) for position in (2, 1))
        assert right is not None
        assert right.verdict is Verdict.PROVED
        assert wrong is None or wrong.verdict is not Verdict.PROVED or wrong.upper > 1


def test_an_age_that_hardly_shrinks_is_not_proved() -> None:
    made = built(3, F(1, 10), 11)
    wrong = tuple(weights.replace({("b_f", (10,)): F(-1)}) for weights in made.readouts)
    assert certify_hold(wrong, made.task).verdict is not Verdict.PROVED


def test_another_network_is_open_or_refuted_with_inputs() -> None:
    made = built(2, F(1, 10), 8)
    wrong = tuple(weights.replace({("U_g", (3,)): weights["U_g"][3,] / 2}) for weights in made.readouts)
    found = certify_hold(wrong, made.task)
    assert found.verdict is Verdict.REFUTED
    assert found.held[1].inputs


def test_readouts_of_different_networks_are_refused() -> None:
    made = built(2, F(1, 100), 8)
    first, second = made.readouts
    with pytest.raises(UsageError, match="different networks"):
        certify_hold((first, second.replace({("b_g", (0,)): F(1, 2)})), made.task)
    with pytest.raises(UsageError, match="1 readouts are given for 2 numbers"):
        certify_hold((first,), made.task)
    with pytest.raises(UsageError, match="lstm with 8 units"):
        certify_hold(made.readouts, question(2, F(1, 100), 9))


# --- beyond -----------------------------------------------------------------------------------------------------------


def test_units() -> None:
    assert [units_for(k) for k in (1, 2, 3, 10)] == [4, 8, 11, 32]
    assert numbers_in(32) == 10
    assert all(numbers_in(units_for(k)) == k for k in range(1, 20))
    readouts, _ = network(units_for(6), 6, Sizes(4, 20, 3), ONE)
    assert len(readouts[0].units) == units_for(6)


@pytest.mark.parametrize(
    ("task", "kind", "words"),
    [
        (question(11, F(1, 10), 32), NotKnown, "takes 35 units here, 32 hold 10"),
        (question(1, F(1, 10), 3), NotKnown, "takes 4 units here, fewer than 4 none"),
        (question(65, F(1, 10), 32), Impossible, "exceed the 64 reals"),
        (question(LONGEST_HOLD + 1, F(1, 10), 900), NotKnown, "at most 100 numbers"),
        (CopyTask("gru", 2, ONE, F(1, 10), 32), NotKnown, "lstm only, not for gru"),
    ],
)
def test_what_is_not_built_says_why(task: CopyTask, kind: type, words: str) -> None:
    answer = construct_hold(task)
    assert isinstance(answer, kind)
    assert words in answer.reason  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "code", "ending"),
    [
        ("lstm --n 2 --precision 1 --hidden 8", 0, "PROVED answer=holds theorem=C9"),
        ("lstm --n 3 --precision 1 --hidden 8", 3, "UNDECIDED answer=unknown"),
        ("lstm --n 17 --precision 1 --hidden 8", 0, "PROVED answer=impossible theorem=T8"),
        ("tanh --n 3 --precision 1 --hidden 8", 3, "UNDECIDED answer=unknown"),
    ],
)
def test_the_command_line(arguments: str, code: int, ending: str) -> None:
    run = verify("copy", "--horizon", "forever", *arguments.split())
    assert (run.code, run.err) == (code, "")
    assert last(run.out).startswith(ending)
    assert "horizon=forever" in last(run.out)
    assert ("boxes" in run.out) == ("holds" in ending)


def test_json_holds_every_readout() -> None:
    run = verify("copy", "lstm", "--horizon", "forever", "--n", 2, "--precision", 1, "--hidden", 8, "--json")
    data = json.loads(run.out)
    assert (run.code, data["verdict"], data["format"]) == (0, "PROVED", "copy for ever certificate")
    assert len(data["further_readouts"]) == 1
    assert len(data["claims"]) == 4


def test_what_is_not_there_is_said_in_one_line() -> None:
    run = verify("copy", "lstm", "--horizon", "forever", "--n", 2, "--rocq", "out.v")
    assert (run.code, run.out) == (2, "")
    assert run.err.count("\n") == 1
    assert "--rocq is not there for --horizon forever" in run.err


def test_a_picture_of_what_is_held(tmp_path: Path) -> None:
    asked = ("copy", "lstm", "--horizon", "forever", "--n", 2, "--precision", 2, "--plot")
    run = verify(*asked, tmp_path / "held.svg", "--quiet")
    assert (run.code, run.err) == (0, "")
    assert "<svg" in (tmp_path / "held.svg").read_text(encoding="utf-8")
    run = verify(*asked, tmp_path / "held.txt")
    assert (run.code, run.out) == (2, "")
    assert not (tmp_path / "held.txt").exists()
    run = verify("copy", "tanh", "--horizon", "forever", "--n", 2, "--plot", tmp_path / "none.svg", "--quiet")
    assert run.code == 3
    assert not (tmp_path / "none.svg").exists()

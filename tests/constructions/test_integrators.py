"""C9-tanh: tanh and sigmoid RNNs that refresh their memory are sized from the request, proved from their weights, and wrong
weights are never proved."""

import random
from fractions import Fraction

import pytest
from commands import verify
from refreshed import (
    ONE,
    SOON,
    Place,
    assert_bits_and_gain_are_the_smallest,
    assert_bounds_of_changed_weights_hold,
    assert_error_in_levels_below,
    assert_errors_do_not_add_up,
    assert_not_proved_within,
    assert_only_the_true_certificate_is_believed,
    assert_proved_as_asked,
    memory,
    places,
    proved_error,
    read,
    scaled,
    small,
)

from constructions import Construction, Unanswered, construct, derivations
from constructions.integrators import (
    COMPARE,
    ENTRY,
    ENTRY_PAIR,
    FAMILIES,
    FLAG,
    HOLD,
    LOAD,
    SMALLEST_BITS,
    SUM,
    TURN,
    UNITS,
    Sizes,
    from_below,
    units,
)
from constructions.refreshed import COARSEST, MOST_STEPS
from verifier import Verdict, certify, certify_weights
from verifier.arithmetic.balls import Balls, to_ball
from verifier.certificate import check_data, to_data
from verifier.observed import run_error
from verifier.program import record
from verifier.refresh import clock
from verifier.regime import Regime
from verifier.run import Runner

F = Fraction
CELLS = ("tanh", "sigmoid")
STEPS = 60
"""Longest adversarial run of these tests."""

ATTACK_BITS = 600
"""Precision of runs of 2000 steps: a ball's radius doubles at each load, because A - D + ℓ reads A twice."""


# --- what is proposed is proved ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(
    ("tolerance", "bound", "hidden"),
    [(F(1, 17), ONE, 15), (F(1, 10**3), F(7, 3), 32), (F(1, 10**12), F(1, 1000), 16), (F(1, 10**40), F(100), 20)],
)
def test_what_is_asked_is_proved(cell: str, tolerance: Fraction, bound: Fraction, hidden: int) -> None:
    assert_proved_as_asked(memory(FAMILIES[cell], tolerance * bound, bound, hidden, STEPS), STEPS)


@pytest.mark.parametrize("cell", CELLS)
def test_sixty_digits(cell: str) -> None:
    answer = construct(cell, n=3, precision=60, horizon="forever")
    assert isinstance(answer, Construction)
    certificate = certify(answer, steps=3)
    assert certificate.verdict is Verdict.PROVED
    assert certificate.supremum is not None
    assert certificate.supremum.refresh is not None
    assert certificate.supremum.refresh.period == Sizes(199, 0).period


def test_weights_are_dyadic_and_sized_by_powers_of_two() -> None:
    for cell in CELLS:
        for name, array in FAMILIES[cell].network(15, 9, FAMILIES[cell].fine_gain(9), F(1, 4))[0].blocks().items():
            for _, value in array:
                assert value.denominator & (value.denominator - 1) == 0, name


def test_a_grid_with_more_points_than_units_is_exact_after_rounding() -> None:
    answer = construct("sigmoid", n=STEPS, horizon="forever", domain="grid", bits=5, hidden=15)
    assert isinstance(answer, Construction)
    assert answer.theorem == "C9-tanh"
    certificate = certify(answer, steps=STEPS)
    assert certificate.verdict is Verdict.PROVED
    assert check_data(to_data(certificate), derivations()).verdict is Verdict.PROVED


def test_the_latch_answers_where_its_units_suffice() -> None:
    answer = construct("tanh", n=5, tolerance=F(1, 4), horizon="forever")
    assert isinstance(answer, Construction)
    assert answer.theorem == "C8"


def test_too_few_units_and_too_long_periods_are_not_answered() -> None:
    for cell in CELLS:
        few = construct(cell, n=5, precision=5, horizon="forever", hidden=14)
        assert isinstance(few, Unanswered)
        assert "a tanh or sigmoid with 15" in few.reason
        long = construct(cell, n=5, precision=1000, horizon="forever")
        assert isinstance(long, Unanswered)
        assert str(MOST_STEPS) in long.reason


# --- sizes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("tolerance", [F(1, 40), F(3, 10**5), F(1, 2**20), F(54, 100 * 2**20)])
def test_bits_and_gain_are_the_smallest(cell: str, tolerance: Fraction) -> None:
    slope = 1 if cell == "tanh" else 4
    assert_bits_and_gain_are_the_smallest(FAMILIES[cell], tolerance, lambda weights: weights["W_h"][COMPARE, HOLD] / slope)


@pytest.mark.parametrize("cell", CELLS)
def test_fewer_bits_than_the_smallest_are_not_proved(cell: str) -> None:
    assert proved_error(FAMILIES[cell], SMALLEST_BITS) is not None
    assert proved_error(FAMILIES[cell], SMALLEST_BITS - 1) is None


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bits", [2, 7, 8, 33, 100])
def test_the_error_is_below_three_fifths_of_a_level(cell: str, bits: int) -> None:
    assert_error_in_levels_below(FAMILIES[cell], bits, F(3, 5))


def test_the_period_is_the_clocks() -> None:
    for family in FAMILIES.values():
        what = read(small(family, 5))
        assert what.period == Sizes(5, 0).period == 24
        assert what.levels in range(2**6, 2**6 + 3)


# --- the network ------------------------------------------------------------------------------------------------------


def test_a_conjugated_unit_starts_where_the_other_does() -> None:
    """At -1 before step 1 each unit reads what the tanh network's reads at 0, and later the same."""
    for k, unit in units(Sizes(4, 10), ONE).items():
        if k == FLAG:
            continue
        reads, bias = from_below(unit)
        assert bias - sum(reads.values()) == unit.bias
        later = {j: F(j + 1, 7) for j in range(len(UNITS))} | {FLAG: ONE}
        tanh_reads = sum(value * later[j] for j, value in unit.reads.items()) + unit.bias
        assert sum(value * later[j] for j, value in reads.items()) + bias == tanh_reads


def test_both_cells_read_nearly_the_same() -> None:
    inputs = [F(1, 3), *[F((-1) ** t) for t in range(70)]]
    with Balls(200).working():
        runs = [list(Runner(record(small(FAMILIES[cell], 3)), Balls(200)).outputs(inputs)) for cell in CELLS]
        assert all(abs(a - b) < to_ball(F(1, 100 * 2**3)) for a, b in zip(*runs, strict=True))
        assert all(abs(a - to_ball(F(1, 3))) < to_ball(F(6, 10 * 2**3)) for run in runs for a in run)


# --- wrong weights ----------------------------------------------------------------------------------------------------

GOOD = {cell: small(family, 3, COARSEST) for cell, family in FAMILIES.items()}
TOLERANCE = F(6, 10 * 8)


def question(cell: str, tolerance: Fraction = TOLERANCE) -> Regime:
    return Regime(cell, STEPS, ONE, tolerance, "forever", hidden=15)


@pytest.mark.parametrize("cell", CELLS)
def test_the_unchanged_weights_are_proved(cell: str) -> None:
    assert certify_weights(GOOD[cell], question(cell, F(8, 10 * 8)), steps=STEPS).verdict is Verdict.PROVED


@pytest.mark.parametrize("place", places(GOOD["tanh"]), ids=str)
@pytest.mark.parametrize("factor", [0, -1])
def test_a_weight_that_is_missing_or_negative_is_not_proved(place: Place, factor: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "LARGEST_PERIOD", SOON)
    assert_not_proved_within(scaled(GOOD["tanh"], place, F(factor)), TOLERANCE)


SCALED = [
    ("W_h", (COMPARE, HOLD)), ("W_h", (COMPARE, SUM)), ("W_h", (HOLD, HOLD)), ("W_h", (SUM, SUM)), ("W_h", (LOAD, SUM)),
    ("W_h", (LOAD, HOLD)), ("W_h", (HOLD, LOAD)), ("W_h", (HOLD, ENTRY)), ("b_h", (LOAD,)), ("b_h", (ENTRY,)), ("U_h", (ENTRY,)),
    ("W_h", (ENTRY, FLAG)), ("V", (HOLD,)), ("V", (ENTRY_PAIR,)), ("v0", ()),
]  # fmt: skip


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("place", SCALED, ids=str)
def test_a_weight_that_is_off_is_not_proved(cell: str, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "LARGEST_PERIOD", SOON)
    assert_not_proved_within(scaled(GOOD[cell], place, F(3, 2)), TOLERANCE)


GROSS = {
    "input scale doubled": ("U_h", (ENTRY,), 2),
    "hold forgets": ("W_h", (HOLD, HOLD), 0),
    "comparator does not see the sum": ("W_h", (COMPARE, SUM), 0),
    "load the wrong way": ("W_h", (LOAD, HOLD), -1),
    "readout doubled": ("V", (HOLD,), 2),
    "flag never rises": ("b_h", (FLAG,), 0),
}


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("name", GROSS)
def test_gross_errors_are_refuted_by_a_run(cell: str, name: str) -> None:
    block, index, factor = GROSS[name]
    wrong = GOOD[cell].replace({(block, index): factor * GOOD[cell][block][index]})
    certificate = certify_weights(wrong, question(cell), steps=STEPS)
    assert certificate.verdict is Verdict.REFUTED
    assert certificate.observed is not None
    with Balls(160).working():
        assert run_error(Runner(record(wrong), Balls(160)), certificate.observed.worst.runs) > to_ball(TOLERANCE)


def test_what_fails_is_named() -> None:
    wrong = GOOD["tanh"].replace({("b_h", (LOAD,)): GOOD["tanh"]["b_h"][LOAD,] + Sizes(3, 0).unit})
    certificate = certify_weights(wrong, question("tanh", F(9, 10)), steps=12)
    assert certificate.verdict is Verdict.UNDECIDED
    assert "not every inequality of C9-tanh holds" in certificate.reason


def test_a_memory_that_never_loads_is_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "LARGEST_PERIOD", SOON)
    wrong = GOOD["tanh"].replace({("b_h", (TURN,)): F(-1000)})
    what = read(wrong)
    assert what.verdict is Verdict.UNDECIDED
    assert what.period == 0


# --- attacks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
def test_thousands_of_steps_do_not_add_up(cell: str) -> None:
    for x in read(GOOD[cell], ATTACK_BITS).firsts[2:4]:
        drift_of_one_cycle = F(1, 1000)
        assert_errors_do_not_add_up(GOOD[cell], x, steps=2000, every=17, drift=drift_of_one_cycle, bits=ATTACK_BITS)


def test_what_is_proved_of_changed_weights_holds() -> None:
    """Small random changes: where a bound is still proved, runs with x_1 beside a border keep to it."""
    assert_bounds_of_changed_weights_hold(
        GOOD["tanh"],
        random.Random(3),
        tries=30,
        most=F(50, 1000),
        least=5,
        firsts=lambda what: what.firsts[:2],
        steps=lambda what: 3 * what.period,
    )


# --- certificates and the command line --------------------------------------------------------------------------------


def test_a_saved_certificate_is_checked_and_a_forged_one_is_not_believed() -> None:
    assert_only_the_true_certificate_is_believed(certify(memory(FAMILIES["sigmoid"], F(1, 40)), steps=STEPS))


@pytest.mark.parametrize("cell", CELLS)
def test_the_command_says_what_was_read(cell: str) -> None:
    result = verify(cell, "--horizon", "forever", "--precision", "12", "--n", "40")
    assert result.code == 0, result.err
    for text in ("refreshed memory", "20 of 20 inequalities of C9-tanh", "re-quantised every 126 steps", "theorem=C9-tanh"):
        assert text in " ".join(result.out.split())

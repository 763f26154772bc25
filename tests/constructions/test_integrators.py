"""C9-tanh: tanh and sigmoid RNNs that refresh their memory are sized from the request, proved from their weights, and wrong
weights are never proved."""

import json
import random
from fractions import Fraction

import pytest
from click.testing import CliRunner

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
    network,
    units,
)
from constructions.refreshed import COARSEST, MOST_STEPS
from verifier import Verdict, certify, certify_weights
from verifier.arithmetic.balls import Balls, to_ball, upper_fraction
from verifier.certificate import check_data, content_hash, to_data
from verifier.cli.main import verify
from verifier.observed import run_error
from verifier.program import record
from verifier.refresh import bound_refresh
from verifier.regime import Regime
from verifier.run import Runner
from verifier.sequences import join
from verifier.weights import Weights

F = Fraction
ONE = F(1)
CELLS = ("tanh", "sigmoid")
STEPS = 60
"""Longest adversarial run of these tests."""

ATTACK_BITS = 600
"""Precision of runs of 2000 steps: a ball's radius doubles at each load, because A - D + ℓ reads A twice."""


def fine_gain(bits: int) -> int:
    return FAMILIES["tanh"].fine_gain(bits)


def memory(cell: str, tolerance: Fraction, bound: Fraction = ONE, hidden: int = 15, **asked: object) -> Construction:
    asked = {"n": STEPS, "horizon": "forever", "tolerance": tolerance, "bound": bound, "hidden": hidden, **asked}
    answer = construct(cell, **asked)  # type: ignore[arg-type]
    assert isinstance(answer, Construction)
    assert answer.theorem == "C9-tanh"
    return answer


def small(cell: str = "tanh", bits: int = 3) -> Weights:
    return network(cell, 15, Sizes(bits, fine_gain(bits)), ONE)[0]


# --- what is proposed is proved ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(
    ("tolerance", "bound", "hidden"),
    [(F(1, 17), ONE, 15), (F(1, 10**3), F(7, 3), 32), (F(1, 10**12), F(1, 1000), 16), (F(1, 10**40), F(100), 20)],
)
def test_what_is_asked_is_proved(cell: str, tolerance: Fraction, bound: Fraction, hidden: int) -> None:
    certificate = certify(memory(cell, tolerance * bound, bound, hidden), steps=STEPS)
    assert certificate.verdict is Verdict.PROVED, certificate.reason
    assert certificate.theorem == "C9-tanh"
    supremum = certificate.supremum
    assert supremum is not None
    assert supremum.method == "refreshed levels"
    with Balls(certificate.working_bits).working():
        assert supremum.upper <= to_ball(tolerance * bound)
        assert supremum.lower > to_ball(tolerance * bound / 5)


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
        for name, array in network(cell, 15, Sizes(9, fine_gain(9)), F(1, 4))[0].blocks().items():
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


def proved_error(cell: str, sizes: Sizes, bound: Fraction = ONE) -> Fraction | None:
    with Balls(sizes.bits + 128).working():
        found = bound_refresh(record(network(cell, 15, sizes, bound)[0]), bound)
        assert found is not None
        return upper_fraction(found.upper) if found.verdict is Verdict.PROVED else None


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("tolerance", [F(1, 40), F(3, 10**5), F(1, 2**20), F(54, 100 * 2**20)])
def test_bits_and_gain_are_the_smallest(cell: str, tolerance: Fraction) -> None:
    weights = memory(cell, tolerance).weights
    gain = weights["W_h"][COMPARE, HOLD] / (1 if cell == "tanh" else 4)
    exponent = gain.numerator.bit_length() - 1
    assert gain == F(2) ** exponent
    bits = next(L for L in range(2, 60) if network(cell, 15, Sizes(L, exponent), ONE)[0] == weights)
    error = proved_error(cell, Sizes(bits, exponent))
    assert error is not None
    assert error <= tolerance
    if exponent > fine_gain(bits) - COARSEST:
        coarser = proved_error(cell, Sizes(bits, exponent - 1))
        assert coarser is None or coarser > tolerance
    if bits > SMALLEST_BITS:
        fewer = proved_error(cell, Sizes(bits - 1, fine_gain(bits - 1)))
        assert fewer is None or fewer > tolerance


@pytest.mark.parametrize("cell", CELLS)
def test_fewer_bits_than_the_smallest_are_not_proved(cell: str) -> None:
    assert proved_error(cell, Sizes(SMALLEST_BITS, fine_gain(SMALLEST_BITS))) is not None
    bits = SMALLEST_BITS - 1
    assert proved_error(cell, Sizes(bits, fine_gain(bits))) is None


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bits", [2, 7, 8, 33, 100])
def test_the_error_is_below_three_fifths_of_a_level(cell: str, bits: int) -> None:
    error = proved_error(cell, Sizes(bits, fine_gain(bits)))
    assert error is not None
    assert F(1, 2) < error * 2**bits < F(3, 5)


def test_the_period_is_the_clocks() -> None:
    for cell in CELLS:
        with Balls(150).working():
            found = bound_refresh(record(small(cell, 5)), ONE)
            assert found is not None
            assert found.period == Sizes(5, 0).period == 24
            assert found.levels in range(2**6, 2**6 + 3)


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
        runs = [list(Runner(record(small(cell)), Balls(200)).outputs(inputs)) for cell in CELLS]
        assert all(abs(a - b) < to_ball(F(1, 100 * 2**3)) for a, b in zip(*runs, strict=True))
        assert all(abs(a - to_ball(F(1, 3))) < to_ball(F(6, 10 * 2**3)) for run in runs for a in run)


# --- wrong weights ----------------------------------------------------------------------------------------------------

GOOD = {cell: network(cell, 15, Sizes(3, fine_gain(3) - COARSEST), ONE)[0] for cell in CELLS}
TOLERANCE = F(6, 10 * 8)
PLACES = [(name, index) for name, array in GOOD["tanh"].blocks().items() for index, _ in array]


def question(cell: str, tolerance: Fraction = TOLERANCE) -> Regime:
    return Regime(cell, STEPS, ONE, tolerance, "forever", hidden=15)


@pytest.mark.parametrize("cell", CELLS)
def test_the_unchanged_weights_are_proved(cell: str) -> None:
    assert certify_weights(GOOD[cell], question(cell, F(8, 10 * 8)), steps=STEPS).verdict is Verdict.PROVED


@pytest.mark.parametrize("place", PLACES, ids=str)
@pytest.mark.parametrize("factor", [0, -1])
def test_a_weight_that_is_missing_or_negative_is_not_proved(place: tuple[str, tuple[int, ...]], factor: int) -> None:
    name, index = place
    wrong = GOOD["tanh"].replace({place: factor * GOOD["tanh"][name][index]})
    assert_not_within(wrong)


SCALED = [
    ("W_h", (COMPARE, HOLD)), ("W_h", (COMPARE, SUM)), ("W_h", (HOLD, HOLD)), ("W_h", (SUM, SUM)), ("W_h", (LOAD, SUM)),
    ("W_h", (LOAD, HOLD)), ("W_h", (HOLD, LOAD)), ("W_h", (HOLD, ENTRY)), ("b_h", (LOAD,)), ("b_h", (ENTRY,)), ("U_h", (ENTRY,)),
    ("W_h", (ENTRY, FLAG)), ("V", (HOLD,)), ("V", (ENTRY_PAIR,)), ("v0", ()),
]  # fmt: skip


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("place", SCALED, ids=str)
def test_a_weight_that_is_off_is_not_proved(cell: str, place: tuple[str, tuple[int, ...]]) -> None:
    name, index = place
    assert_not_within(GOOD[cell].replace({place: F(3, 2) * GOOD[cell][name][index]}))


def assert_not_within(wrong: Weights) -> None:
    """What is wrong is of another form, or some inequality fails, or the bound exceeds the tolerance."""
    with Balls(160).working():
        found = bound_refresh(record(wrong), ONE)
        if found is not None and found.verdict is Verdict.PROVED:
            assert found.upper > to_ball(TOLERANCE)


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


def test_a_memory_that_never_loads_is_not_proved() -> None:
    wrong = GOOD["tanh"].replace({("b_h", (TURN,)): F(-1000)})
    with Balls(160).working():
        found = bound_refresh(record(wrong), ONE)
        assert found is not None
        assert found.verdict is Verdict.UNDECIDED
        assert found.period == 0


# --- attacks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
def test_thousands_of_steps_do_not_add_up(cell: str) -> None:
    """x_1 beside a border of levels, then ±1 in turn: errors stay below the bound, late ones no larger than early ones."""
    with Balls(ATTACK_BITS).working():
        program = record(GOOD[cell])
        found = bound_refresh(program, ONE)
        assert found is not None
        runner = Runner(program, Balls(ATTACK_BITS))
        for first in found.firsts[2:4]:
            state, late, early = runner.start(), to_ball(0), to_ball(0)
            for t in range(1, 2001):
                state = runner.step(t, state, first if t == 1 else ONE * (-1) ** (t // 7))
                if t % 17 == 0:
                    error = abs(runner.output() - to_ball(first))
                    assert error < found.upper
                    late, early = (late.max(error), early) if t > 1000 else (late, early.max(error))
            assert late <= early + to_ball(F(1, 1000))  # the drift of one cycle


def test_what_is_proved_of_changed_weights_holds() -> None:
    """Small random changes: where a bound is still proved, runs with x_1 beside a border keep to it."""
    generator = random.Random(3)
    proved = 0
    with Balls(150).working():
        for _ in range(30):
            place = generator.choice(PLACES)
            changed = GOOD["tanh"].replace({place: GOOD["tanh"][place[0]][place[1]] * (1 + F(generator.randint(-50, 50), 1000))})
            program = record(changed)
            found = bound_refresh(program, ONE)
            if found is None or found.verdict is not Verdict.PROVED:
                continue
            proved += 1
            runner = Runner(program, Balls(150))
            for first in found.firsts[:2]:
                runs = join([(first, 1), (ONE * generator.choice((1, -1)), 3 * found.period)])
                assert run_error(runner, runs) < found.upper
    assert proved >= 5


# --- certificates and the command line --------------------------------------------------------------------------------


def test_a_saved_certificate_is_checked_and_a_forged_one_is_not_believed() -> None:
    certificate = certify(memory("sigmoid", F(1, 40)), steps=STEPS)
    data = json.loads(json.dumps(to_data(certificate)))
    assert check_data(data, derivations()).verdict is Verdict.PROVED
    row = next(claim for claim in data["claims"] if claim["relation"] == "<=")
    row["value"] = "0.01"
    data["sha256"] = content_hash(data)
    assert check_data(data, derivations()).verdict is Verdict.REFUTED


@pytest.mark.parametrize("cell", CELLS)
def test_the_command_says_what_was_read(cell: str) -> None:
    result = CliRunner().invoke(verify, [cell, "--horizon", "forever", "--precision", "12", "--n", "40"])
    assert result.exit_code == 0, result.output
    for text in ("refreshed memory", "20 of 20 inequalities of C9-tanh", "re-quantised every 126 steps", "theorem=C9-tanh"):
        assert text in " ".join(result.output.split())

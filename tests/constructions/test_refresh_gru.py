"""C9 for the GRU: sized from the request in every convention, proved from the weights, and wrong weights are never proved."""

import json
import random
from fractions import Fraction

import pytest
from independent_gru import IndependentGru

from constructions import Construction, construct, derivations, refresh_gru
from constructions.latch import SIGNS
from constructions.refresh_gru import ACCUMULATE, CLOCK, HOLD, PULSE, SMALLEST_BITS, Sizes, family, network
from constructions.refreshed import COARSEST, precision_of
from verifier import Verdict, certify, certify_weights
from verifier.arithmetic.balls import Balls, to_ball, upper_fraction
from verifier.certificate import check_data, content_hash, to_data
from verifier.observed import run_error
from verifier.program import record
from verifier.refresh import Refresh, bound_refresh, clock, push_levels
from verifier.refresh.gru import recognise
from verifier.regime import Regime
from verifier.run import Runner
from verifier.sequences import join
from verifier.weights import Weights

F = Fraction
ONE = F(1)
CELLS = sorted(SIGNS)
STEPS = 40
BITS = 200

Change = dict[tuple[str, tuple[int, ...]], Fraction]


def memory(cell: str, tolerance: Fraction, bound: Fraction = ONE, hidden: int = 4) -> Construction:
    answer = construct(cell, n=STEPS, tolerance=tolerance, bound=bound, hidden=hidden, horizon="forever")
    assert isinstance(answer, Construction)
    assert answer.theorem == "C9"
    return answer


def small(cell: str = "gru", bits: int = 4, coarser: int = 0) -> Weights:
    return network(cell, 4, Sizes(bits, family(cell).fine_gain(bits) - coarser), ONE)[0]


def found(weights: Weights, bits: int = BITS) -> Refresh | None:
    with Balls(bits).working():
        return bound_refresh(record(weights), ONE)


def proved_error(sizes: Sizes, bound: Fraction = ONE, cell: str = "gru") -> Fraction | None:
    with Balls(precision_of(family(cell), sizes.bits)).working():
        read = bound_refresh(record(network(cell, 4, sizes, bound)[0]), bound)
        assert read is not None
        return upper_fraction(read.upper) if read.verdict is Verdict.PROVED else None


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
    certificate = certify(memory(cell, tolerance * bound, bound, hidden), steps=STEPS)
    assert certificate.verdict is Verdict.PROVED, certificate.reason
    assert certificate.theorem == "C9"
    supremum = certificate.supremum
    assert supremum is not None
    assert supremum.method == "refreshed levels"
    with Balls(certificate.working_bits).working():
        assert supremum.upper <= to_ball(tolerance * bound)
        assert supremum.lower > to_ball(tolerance * bound / 5)


def test_a_hundred_digits() -> None:
    answer = construct("gru-after-keep", n=3, precision=100, horizon="forever")
    assert isinstance(answer, Construction)
    assert certify(answer, steps=3).verdict is Verdict.PROVED


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bits", [2, 4, 5, 64])
def test_the_error_is_below_three_fifths_of_a_level(cell: str, bits: int) -> None:
    error = proved_error(Sizes(bits, family(cell).fine_gain(bits)), cell=cell)
    assert error is not None
    assert F(1, 2) < error * 2**bits < F(3, 5)


@pytest.mark.parametrize("tolerance", [F(1, 100), F(3, 10**5), F(56, 100 * 2**20)])
def test_bits_and_gain_are_the_smallest(tolerance: Fraction) -> None:
    weights = memory("gru", tolerance).weights
    gain = weights["W_z"][ACCUMULATE, HOLD].numerator.bit_length() - 1
    bits = next(b for b in range(2, 60) if network("gru", 4, Sizes(b, gain), ONE)[0] == weights)
    error = proved_error(Sizes(bits, gain))
    assert error is not None
    assert error <= tolerance
    fine = family("gru").fine_gain
    if gain > fine(bits) - COARSEST:
        coarser = proved_error(Sizes(bits, gain - 1))
        assert coarser is None or coarser > tolerance
    fewer = proved_error(Sizes(bits - 1, fine(bits - 1)))
    assert fewer is None or fewer > tolerance


def test_fewer_bits_than_the_smallest_are_not_proved() -> None:
    bits = SMALLEST_BITS - 1
    assert proved_error(Sizes(bits, family("gru").fine_gain(bits))) is None


@pytest.mark.parametrize(("name", "bits"), [("AMPLITUDE_BITS", 4), ("SCALE_BITS", 4), ("STEADY_BITS", 4)])
def test_a_notch_coarser_costs_more_than_three_fifths_of_a_level(name: str, bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh_gru, name, getattr(refresh_gru, name) - 1)
    refresh_gru._rounded.cache_clear()
    error = proved_error(Sizes(bits, family("gru").fine_gain(bits)))
    refresh_gru._rounded.cache_clear()
    assert error is None or error * 2**bits > F(3, 5)


def test_the_first_cycle_is_two_steps_shorter_than_the_others() -> None:
    read = found(small())
    assert read is not None
    assert (read.hints.first, read.period) == (7, Sizes(4, 0).period)
    assert read.levels == 2**5


# --- the form ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
def test_the_form_is_read_off_the_weights(cell: str) -> None:
    weights = small(cell)
    form = recognise(record(weights))
    assert form is not None
    assert form.gain == abs(weights["W_z"][ACCUMULATE, HOLD])
    assert form.scale == abs(weights["U_z"][HOLD,])
    assert form.slope == weights["V"][HOLD,]


def test_units_may_come_in_any_order_and_among_others() -> None:
    weights, order = small("gru-after"), (5, 2, 0, 3)
    blocks = {name: {tuple(order[k] for k in index): value for index, value in array} for name, array in weights.blocks().items()}
    read, moved = found(weights), found(Weights("gru-after", 7, blocks))
    assert read is not None
    assert moved is not None
    assert moved.verdict is Verdict.PROVED
    assert moved.upper.overlaps(read.upper)


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
        assert recognise(record(small(cell).replace(change))) is None


# --- wrong weights ----------------------------------------------------------------------------------------------------

SOON = 200
"""Steps within which a clock that still loads does so here."""

HARMLESS = {("b_z", (PULSE,)), ("W_r", (ACCUMULATE, PULSE)), ("W_r", (CLOCK, PULSE))}
"""Saturated gates: twice the weight saturates them more."""

BENT = [
    (cell, place, factor)
    for cell, factors in (("gru", (F(0), F(-1), F(2))), ("gru-after-keep", (F(99, 100),)))
    for place in [(name, index) for name, array in small(cell).blocks().items() for index, _ in array]
    for factor in factors
    if not (factor == 2 and place in HARMLESS) and not (factor == F(99, 100) and place[0] in ("b_z", "W_r", "W_n", "W_z", "b_n"))
]


@pytest.mark.parametrize(("cell", "place", "factor"), BENT, ids=str)
def test_weights_that_are_zeroed_flipped_or_scaled_are_not_proved(
    cell: str, place: tuple[str, tuple[int, ...]], factor: Fraction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "LARGEST_PERIOD", SOON)
    name, index = place
    read = found(small(cell).replace({place: small(cell)[name][index] * factor}))
    if read is not None and read.verdict is Verdict.PROVED:
        with Balls(BITS).working():
            assert read.upper > to_ball(F(6, 10 * 2**4))


def test_proved_bounds_hold_for_changed_weights_too() -> None:
    """Random changes that keep the form: where the inequalities hold, no run exceeds their bound."""
    generator, proved = random.Random(5), 0
    base = small("gru-keep")
    places = [(name, index) for name, array in base.blocks().items() for index, _ in array]
    for _ in range(40):
        name, index = generator.choice(places)
        changed = base.replace({(name, index): base[name][index] * (1 + F(generator.randint(-30, 30), 10_000))})
        read = found(changed)
        if read is None or read.verdict is not Verdict.PROVED:
            continue
        proved += 1
        with Balls(BITS).working():
            runner = Runner(record(changed), Balls(BITS))
            for x in (*read.firsts, ONE, -ONE):
                assert run_error(runner, join([(x, 1), (F(generator.choice((-1, 1))), generator.randint(1, 30))])) <= read.upper
    assert proved >= 10


GROSS: dict[str, Change] = {
    "hold never loads": {("W_z", (HOLD, CLOCK)): F(0)},
    "input scale doubled": {("U_z", (HOLD,)): 2 * small()["U_z"][HOLD,]},
    "sum never cleared": {("W_z", (ACCUMULATE, PULSE)): F(0), ("b_z", (ACCUMULATE,)): small()["b_z"][ACCUMULATE,]},
    "no bit is worth anything": {("W_n", (ACCUMULATE, CLOCK)): F(0)},
    "readout doubled": {("V", (HOLD,)): 2 * small()["V"][HOLD,]},
}


@pytest.mark.parametrize("name", GROSS)
def test_gross_mistakes_are_refuted_with_a_witness(name: str) -> None:
    weights = small().replace(GROSS[name])
    regime = Regime("gru", STEPS, ONE, F(6, 10 * 2**4), "forever", hidden=4)
    certificate = certify_weights(weights, regime, steps=STEPS)
    assert certificate.verdict is Verdict.REFUTED
    witness = certificate.supremum.witness if certificate.supremum is not None else None
    runs = witness if certificate.observed is None else certificate.observed.worst.runs
    assert runs is not None


# --- boxes and attacks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cell", "bits", "coarser"), [("gru", 2, 0), ("gru-after-keep", 3, 3), ("gru-keep", 3, 0)])
def test_every_level_returns_as_a_box(cell: str, bits: int, coarser: int) -> None:
    weights = small(cell, bits, coarser)
    read = found(weights)
    assert read is not None
    with Balls(BITS).working():
        pushed = push_levels(record(weights), ONE, read)
        assert pushed.verdict is Verdict.PROVED
        assert pushed.boxes >= 5 * 2**bits
        assert read.upper * 4 / 5 < pushed.upper < read.upper * 5 / 4  # two ways to the same number


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
    """The hints of the right weights, and the wrong network: what is claimed of the boxes does not hold."""
    read = found(small(bits=3))
    assert read is not None
    with Balls(BITS).working():
        assert push_levels(record(small(bits=3).replace(change)), ONE, read).verdict is not Verdict.PROVED


def test_a_second_implementation_stays_within_the_bound() -> None:
    """mpmath alone, x_1 beside borders of levels, inputs against it: within the bound, which is not half too large."""
    for cell in ("gru", "gru-after-keep"):
        weights = small(cell, 3, 3)
        read = found(weights)
        assert read is not None
        network_of_papers = IndependentGru(weights.to_data(), 60)
        worst = F(0)
        for x in read.firsts:
            outputs = network_of_papers.outputs([x, *[-ONE if x > 0 else ONE] * 50])
            worst = max(worst, *(abs(F(str(y)) - x) for y in outputs))
        assert upper_fraction(read.upper) / 2 < worst <= upper_fraction(read.upper)


def test_thousands_of_steps_do_not_add_up() -> None:
    """x_1 bisected onto a border of levels, then ±1 in turn: errors below the bound, late ones no larger than early ones."""
    weights = small(bits=3)
    read = found(weights)
    assert read is not None
    with Balls(BITS).working():
        runner = Runner(record(weights), Balls(BITS))
        low, high = sorted(read.firsts[2:4])
        start = _later(runner, low, read.period)
        for _ in range(40):
            middle = (low + high) / 2
            near = abs(_later(runner, middle, read.period) - start) < to_ball(F(1, 2 * 2**3))
            low, high = (middle, high) if near else (low, middle)
        state, late, early = runner.start(), to_ball(0), to_ball(0)
        for t in range(1, 4001):
            state = runner.step(t, state, low if t == 1 else ONE * (-1) ** (t // 7))
            if t % 37 == 0:
                error = abs(runner.output() - to_ball(low))
                assert error < read.upper
                late, early = (late.max(error), early) if t > 2000 else (late, early.max(error))
        assert late <= early + to_ball(F(1, 10**6))


def _later(runner: Runner, x: Fraction, period: int):  # type: ignore[no-untyped-def]
    """What is read two loads later."""
    *_, y = runner.outputs([x, *[-ONE] * (2 * period)])
    return y


# --- certificates -----------------------------------------------------------------------------------------------------


def test_a_saved_certificate_is_checked_and_a_forged_one_is_not_believed() -> None:
    certificate = certify(memory("gru-after-keep", F(1, 10)), steps=STEPS)
    data = json.loads(json.dumps(to_data(certificate)))
    again = to_data(certify(memory("gru-after-keep", F(1, 10)), steps=STEPS))
    assert content_hash(data) == content_hash(again)
    assert check_data(data, derivations()).verdict is Verdict.PROVED
    row = next(claim for claim in data["claims"] if claim["relation"] == "<=")
    row["value"] = "0.01"
    data["sha256"] = content_hash(data)
    assert check_data(data, derivations()).verdict is Verdict.REFUTED

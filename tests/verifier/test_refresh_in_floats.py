"""C9 in IEEE arithmetic: proved for every library of F1 where L fits the format, attacked with hostile libraries, else refused."""

import itertools
import random
from fractions import Fraction

import numpy as np
import pytest
from flint import arb

from constructions import Construction, Unanswered
from constructions.refresh import ACCUMULATE, CLOCK, HOLD, Sizes, network
from constructions.refresh_in_floats import SATURATING, construct_in_floats, gain, proved_error
from verifier import Verdict
from verifier.arithmetic.balls import Balls, to_ball
from verifier.arithmetic.enclosures import Interval
from verifier.arithmetic.floats import Floats
from verifier.cli.export import DIGITS_FOR_EVER
from verifier.float_bound import BINARY32, BINARY64, LIBRARIES, Library
from verifier.float_enclosures import FloatEnclosures
from verifier.float_run import FloatNetwork
from verifier.program import record
from verifier.refresh import bound_refresh
from verifier.refresh.cells_in_floats import push_levels_in_floats
from verifier.refresh.in_floats import RefreshInFloats, bound_refresh_in_floats
from verifier.regime import Regime
from verifier.weights import Weights

F = Fraction
ONE = F(1)
BITS = 320


def memory(bits: int, library: Library, finer: int = 6) -> Weights:
    return network(4, Sizes(bits, gain(bits, library, finer)), ONE)[0]


def decided(weights: Weights, library: Library) -> RefreshInFloats:
    found = bound_refresh_in_floats(weights, ONE, library)
    assert found is not None
    return found


# --- what is proved ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("library", "bits"), [(BINARY32, 2), (BINARY32, 10), (BINARY64, 3), (BINARY64, 20), (BINARY64, 38)])
def test_levels_that_fit_the_format_are_proved(library: Library, bits: int) -> None:
    with Balls(BITS).working():
        found = decided(memory(bits, library), library)
    assert found.verdict is Verdict.PROVED, found.missing
    assert found.upper is not None
    assert F(1, 2) < found.upper * 2**bits < F(4, 5)


@pytest.mark.parametrize(("library", "bits"), [(BINARY32, 12), (BINARY64, 41)])
def test_finer_levels_than_roundings_allow_are_undecided(library: Library, bits: int) -> None:
    with Balls(BITS).working():
        found = decided(memory(bits, library), library)
        reals = bound_refresh(record(memory(bits, library)), ONE)
        assert reals is not None
        assert reals.verdict is Verdict.PROVED
    assert found.verdict is Verdict.UNDECIDED
    assert found.missing


@pytest.mark.parametrize("library", LIBRARIES.values(), ids=LIBRARIES)
def test_gates_that_need_not_saturate_are_undecided(library: Library) -> None:
    with Balls(BITS).working():
        found = decided(memory(4, library, 1), library)
    assert found.verdict is Verdict.UNDECIDED
    assert any("exactly 0 or 1" in text for text in found.missing)


def test_weights_that_are_not_floats_are_refused() -> None:
    third = memory(4, BINARY32).replace({("U_g", (0,)): F(1, 3)})
    with Balls(BITS).working(), pytest.raises(ValueError, match="not a binary32 number"):
        bound_refresh_in_floats(third, ONE, BINARY32)


def test_an_lstm_of_another_form_has_no_such_bound() -> None:
    other = Weights("lstm", 2, {"U_g": {(0,): 1}, "V": {(0,): 1}})
    with Balls(BITS).working():
        assert bound_refresh_in_floats(other, ONE, BINARY32) is None


@pytest.mark.parametrize(
    "change",
    [
        {("W_g", (HOLD, CLOCK)): F(0)},
        {("W_g", (HOLD, ACCUMULATE)): F(17, 8)},
        {("W_g", (ACCUMULATE, CLOCK)): F(3, 2)},
        {("b_f", (ACCUMULATE,)): F(0)},
        {("U_g", (0,)): F(1, 4)},
    ],
    ids=str,
)
def test_wrong_weights_are_not_proved(change: dict[tuple[str, tuple[int, ...]], Fraction]) -> None:
    with Balls(BITS).working():
        found = decided(memory(4, BINARY32).replace(change), BINARY32)
    assert found.verdict is Verdict.UNDECIDED or (found.upper is not None and found.upper > ONE)


# --- sizes ------------------------------------------------------------------------------------------------------------


def asked(tolerance: Fraction, bound: Fraction = ONE) -> Regime:
    return Regime("lstm", 1000, bound, tolerance, "forever", "box", None, 4)


@pytest.mark.parametrize(("library", "tolerance", "bound"), [(BINARY32, F(1, 1000), ONE), (BINARY64, F(1, 10**9), F(7, 3))])
def test_bits_and_gain_are_the_smallest(library: Library, tolerance: Fraction, bound: Fraction) -> None:
    made = construct_in_floats(asked(tolerance, bound), library)
    assert isinstance(made, Construction)
    exponent = made.weights["W_i"][ACCUMULATE, HOLD].numerator.bit_length() - 1
    bits = next(b for b in range(2, library.p) if f"levels of 2^-{b} M" in made.sized)
    error = proved_error(Sizes(bits, exponent), bound, library)
    assert error is not None
    assert error <= tolerance
    coarser = proved_error(Sizes(bits, exponent - 1), bound, library)
    assert coarser is None or coarser > tolerance
    fewer = proved_error(Sizes(bits - 1, gain(bits - 1, library)), bound, library)
    assert fewer is None or fewer > tolerance


def test_what_the_format_cannot_hold_is_not_built() -> None:
    answer = construct_in_floats(asked(F(1, 10**4)), BINARY32)
    assert isinstance(answer, Unanswered)
    assert "0.000457 at best" in answer.reason


@pytest.mark.parametrize("library", LIBRARIES.values(), ids=LIBRARIES)
def test_the_digits_asked_for_by_default_are_the_most(library: Library) -> None:
    digits = DIGITS_FOR_EVER[library.form]
    assert isinstance(construct_in_floats(asked(F(1, 10**digits)), library), Construction)
    assert isinstance(construct_in_floats(asked(F(1, 10 ** (digits + 1))), library), Unanswered)


def test_the_least_gain_saturates_gates() -> None:
    for bits, library in itertools.product((2, 7), LIBRARIES.values()):
        assert 2 ** gain(bits, library, SATURATING) * Sizes(bits, 0).unit / 4 >= library.zero


# --- boxes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("library", "bits"), [(BINARY32, 2), (BINARY64, 3)])
def test_every_level_returns_as_a_box(library: Library, bits: int) -> None:
    weights = memory(bits, library)
    with Balls(BITS).working():
        found = decided(weights, library)
        pushed = push_levels_in_floats(weights, ONE, found)
        assert pushed.verdict is Verdict.PROVED
        assert found.upper is not None
        assert to_ball(F(9, 10) * found.upper) < pushed.upper < to_ball(F(11, 10) * found.upper)
        wrong = weights.replace({("W_g", (HOLD, ACCUMULATE)): F(17, 8)})
        assert push_levels_in_floats(wrong, ONE, found).verdict is not Verdict.PROVED


def test_boxes_with_open_gates_do_not_return() -> None:
    right, wrong = memory(2, BINARY32), memory(2, BINARY32, 1)
    with Balls(BITS).working():
        hints = decided(right, BINARY32)
        assert push_levels_in_floats(wrong, ONE, hints).verdict is not Verdict.PROVED


def test_many_levels_are_not_pushed_and_it_says_so() -> None:
    weights = memory(9, BINARY32)
    with Balls(BITS).working():
        pushed = push_levels_in_floats(weights, ONE, decided(weights, BINARY32))
    assert pushed.verdict is Verdict.UNDECIDED
    assert "2^10 levels" in pushed.skipped


# --- hostile libraries ------------------------------------------------------------------------------------------------


class Hostile:
    """Anything that F1 allows: σ is random between its thresholds, tanh off by u ulps up or down; `leak`: what σ gives for 0."""

    def __init__(self, library: Library, seed: int, leak: float = 0.0) -> None:
        self.library, self.leak, self.generator = library, leak, np.random.default_rng(seed)
        self.inner = Floats.of(library.form)
        self.type, self.name, self.exact = self.inner.type, library.form, self.inner.exact

    def sigmoid(self, value: np.ndarray) -> np.ndarray:
        between = self.generator.choice([0.0, 1.0, 0.5, self.generator.random()], size=np.shape(value))
        sure = np.where(value >= self.library.one, 1.0, np.where(value <= -self.library.zero, self.leak, between))
        return np.asarray(np.where(value == 0, 0.5, sure)).astype(self.type)

    def tanh(self, value: np.ndarray) -> np.ndarray:
        off = self.generator.choice([-1, 1], size=np.shape(value)) * (2 * self.library.ulps - 1) * float(self.library.unit)
        return np.asarray(np.tanh(value.astype(np.float64)) * (1 + off)).astype(self.type)


def worst_error(weights: Weights, library: Library, steps: int, leak: float = 0.0) -> Fraction:
    """The largest |y - x_1| over inputs beside borders and anywhere, later ones ±1."""
    with Balls(BITS).working():
        reals = bound_refresh(record(weights), ONE)
    assert reals is not None
    generator = np.random.default_rng(7)
    level = float(reals.hints.slope * reals.hints.unit)
    x = generator.choice([-1.0, 1.0], size=(steps, 120))
    x[0] = generator.uniform(-1, 1, 120)
    beside = np.resize([float(first) for first in reals.firsts], 60)
    x[0, :60] = np.clip(beside + generator.uniform(-0.1, 0.1, 60) * level, -1, 1)
    network = FloatNetwork(weights, library.form)
    network.arithmetic = Hostile(library, 3, leak)  # type: ignore[assignment]
    x = x.astype(network.arithmetic.type)
    errors = [np.abs(y.astype(np.float64) - x[0]).max() for y in network.outputs(x)]
    return F(float(max(errors)))


@pytest.mark.parametrize(("library", "bits"), [(BINARY32, 5), (BINARY32, 10), (BINARY64, 12)])
def test_hostile_libraries_stay_within_the_bound(library: Library, bits: int) -> None:
    weights = memory(bits, library, 4)
    with Balls(BITS).working():
        found = decided(weights, library)
    assert found.verdict is Verdict.PROVED
    assert found.upper is not None
    worst = worst_error(weights, library, 200)
    assert F(1, 2) / 2**bits < worst <= found.upper


def test_a_library_whose_gates_leak_breaks_the_bound() -> None:
    """False variant: σ(v) = 1/50 where F1 asks for 0."""
    weights = memory(5, BINARY32, 4)
    with Balls(BITS).working():
        upper = decided(weights, BINARY32).upper
    assert upper is not None
    assert worst_error(weights, BINARY32, 200, leak=0.02) > upper


# --- sets of floats ---------------------------------------------------------------------------------------------------


def test_sums_in_every_order_and_products_lie_in_their_sets() -> None:
    generator, floats = random.Random(4), Floats.of("binary32")
    kind, outside_without_roundings = floats.type, 0
    with Balls(BITS).working():
        sets = FloatEnclosures(BINARY32)
        for _ in range(60):
            pairs = [[kind(generator.uniform(-1, 1) * 10 ** generator.randint(-3, 3)) for _ in "ab"] for _ in range(4)]
            total = None
            for a, b in pairs:
                term = sets.of(_point(a)) * sets.of(_point(b))
                total = term if total is None else total + term
            assert total is not None
            interval = total.settled()
            exact = sum(F(float(a)) * F(float(b)) for a, b in pairs)
            for order in itertools.permutations([a * b for a, b in pairs]):
                left = order[0]
                for term in order[1:]:
                    left = kind(left + term)
                tree = kind(kind(order[0] + order[1]) + kind(order[2] + order[3]))
                for found in (left, tree):
                    assert interval.lower <= arb(float(found)) <= interval.upper
                    outside_without_roundings += F(float(found)) != exact
    assert outside_without_roundings > 100


def _point(value: np.floating) -> Interval:
    return Interval(arb(float(value)))


def test_what_floats_do_exactly_stays_exact() -> None:
    with Balls(BITS).working():
        sets = FloatEnclosures(BINARY32)
        cell, one, zero = sets.of(Interval(arb(1) / 4, arb(1) / 2)), sets.exact(ONE), sets.exact(F(0))
        kept = (one * cell + zero * sets.of(Interval(arb(-5), arb(7)))).settled()
        assert kept.lower == cell.interval.lower
        assert kept.upper == cell.interval.upper
        assert not sets.sigmoid(sets.exact(F(BINARY32.one - 1))).is_one
        assert sets.sigmoid(sets.exact(F(BINARY32.one))).is_one
        assert not sets.sigmoid(sets.exact(F(1 - BINARY32.zero))).is_zero
        assert sets.sigmoid(sets.exact(F(-BINARY32.zero))).is_zero
        assert sets.tanh(zero).is_zero


def test_a_sum_that_may_overflow_is_anything() -> None:
    with Balls(BITS).working():
        sets = FloatEnclosures(BINARY32)
        huge = sets.exact(F(2) ** 126)
        assert (huge + huge).settled().upper == arb("inf")
        assert huge.settled().upper == arb(2) ** 126

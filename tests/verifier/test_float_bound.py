"""What is proved in floats holds for libraries that are as bad as the hypotheses allow, and is not claimed for worse ones."""

import random
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from constructions import gru, lstm, tanh
from constructions.profile import balanced_scale, construct_profile, largest_scale
from constructions.relu import construct as construct_relu
from proofs.theorems.f1 import F1
from verifier.arithmetic.floats import Floats
from verifier.errors import UsageError
from verifier.float_bound import BINARY32, BINARY64, LIBRARIES, SetsOfFloats, bound_floats
from verifier.float_run import FloatNetwork, observe_floats, without_dead_units
from verifier.formats.rounding import round_weights
from verifier.regime import Regime
from verifier.verdict import Verdict
from verifier.weights import Weights

ONE = Fraction(1)
FORMS = list(LIBRARIES)


class Hostile(Floats):
    """A library within the hypotheses: tanh off by up to 8 ulps, σ any number in [0, 1] where it is not saturated.

    Both are functions: what they are off by depends on the argument alone.
    """

    def __init__(self, form, ulps=8, one=None, seed=0):
        super().__init__(form)
        library = LIBRARIES[form]
        self.ulps, self.seed = ulps, seed
        self.one, self.zero = library.one if one is None else one, library.zero

    def noise(self, value):
        """A number in [-1, 1] for each float."""
        return np.sin(np.asarray(value, np.float64) * 1e9 + self.seed) if np.ndim(value) else np.sin(float(value) * 1e9 + self.seed)

    def sigmoid(self, value):
        found = (1 + self.noise(value)) / 2
        found = np.where(value >= self.one, 1, np.where(value <= -self.zero, 0, found))
        return found.astype(self.type)

    def tanh(self, value):
        exact = np.tanh(np.asarray(value, np.longdouble))
        off = 2 * self.ulps * np.longdouble(2) ** -LIBRARIES[self.name].p
        return (exact * (1 + off * np.longdouble(0.999) * self.noise(value))).astype(self.type)


def hostile_network(weights, form, library, order=None):
    """A network whose sums run in a shuffled order, the same at every step."""
    network = FloatNetwork(weights, form)
    network.arithmetic = library
    if order is not None:

        def combine(bias, terms):
            parts = [bias] if not isinstance(bias, int) else []
            parts += [coefficient * value for coefficient, value in terms]
            if not parts:
                return library.type(0)
            random.Random(f"{order} {len(parts)}").shuffle(parts)
            total = parts[0]
            for part in parts[1:]:
                total = total + part
            return total

        network._maps._combine = combine
    return network


def inputs(form, n=40, batch=64, seed=0):
    generator = np.random.default_rng(seed)
    x = generator.uniform(-1, 1, (n, batch))
    x[:, 0], x[:, 1] = 1, -1
    x[1:, 2] = -np.sign(x[0, 2])
    x[0, 3], x[0, 4] = 1e-30, 0
    return x.astype(Floats.of(form).type)


def profiles(form):
    names = ("lstm", "gru", "gru-keep", "gru-after", "gru-after-keep")
    return {name: construct_profile(name, 100, form, bound=ONE, hidden=5).weights for name in names}


@pytest.mark.parametrize("form", FORMS)
def test_hostile_libraries_keep_every_bit(form):
    """Any tanh and σ within the hypotheses, sums in any order: y never changes and the error obeys the bound."""
    x = inputs(form)
    worst = {}
    for name, weights in profiles(form).items():
        proved = bound_floats(weights, ONE, LIBRARIES[form])
        assert proved.held_from == 1
        bound = proved.error(10**9)
        for seed in range(3):
            ys = list(hostile_network(weights, form, Hostile(form, seed=seed), order=seed).outputs(x))
            assert all((y == ys[0]).all() for y in ys)
            error = np.abs(ys[0].astype(np.float64) - x[0]).max()
            worst[name] = max(worst.get(name, 0), error / float(bound))
    assert max(worst.values()) <= 1
    assert min(worst.values()) > 0.25  # the bound is not loose: hostile libraries come near it


@pytest.mark.parametrize("form", FORMS)
def test_a_library_that_is_worse_breaks_what_is_claimed(form):
    """The hypotheses are needed: σ below 1 past the threshold, or a worse tanh, and the conclusion is false."""
    weights, x = profiles(form)["lstm"], inputs(form)
    never_one = list(hostile_network(weights, form, Hostile(form, one=10**6)).outputs(x))
    assert any((y != never_one[0]).any() for y in never_one)
    coarse = next(hostile_network(weights, form, Hostile(form, ulps=64)).outputs(x))
    bound = bound_floats(weights, ONE, LIBRARIES[form]).error(1)
    assert np.abs(coarse.astype(np.float64) - x[0]).max() > float(bound)


def test_the_theorem_runs():
    assert F1.status() is Verdict.PROVED
    assert set(F1.uses) == {"C3", "C6", "C7"}


@pytest.mark.parametrize("form", FORMS)
def test_the_gain_is_the_least(form):
    library = LIBRARIES[form]
    made = construct_profile("lstm", 100, form, bound=ONE, hidden=2)
    sizes = {symbol.name: value for symbol, value in made.parameters.items()}
    assert sizes["K"] == library.zero
    less = lstm.network(2, sizes["K"], sizes["L"] - 1, sizes["epsilon"])[0]
    assert bound_floats(less, ONE, library).held_from is None
    taking = construct_profile("gru", 100, form, bound=ONE, hidden=2)
    gain = {symbol.name: value for symbol, value in taking.parameters.items()}["L"]
    less = gru.network("gru", 2, library.zero, gain - 1, sizes["epsilon"])[0]
    assert bound_floats(less, ONE, library).held_from is None


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("bound", [ONE, Fraction(3), Fraction(1, 10), Fraction(1000)])
def test_scales_are_the_largest_powers_of_two(form, bound):
    library = LIBRARIES[form]
    for scale, holds in (
        (largest_scale(bound, library), lambda e: (e * bound) ** 2 < 3 * library.unit / 2),
        (balanced_scale(bound, 77, library), lambda e: 77 * (e * bound) ** 3 / 3 <= library.unit),
    ):
        assert scale.numerator == 1 or scale.denominator == 1
        assert (scale.numerator * scale.denominator).bit_count() == 1
        assert holds(scale)
        assert not holds(2 * scale)


@pytest.mark.parametrize("form", FORMS)
def test_tanh_rounds_to_its_argument_below_the_scale(form):
    """What ε is chosen for: the correctly rounded tanh(v) is v for |v| <= εM."""
    import mpmath

    floats, scale = Floats.of(form), largest_scale(ONE, LIBRARIES[form])
    with mpmath.workdps(60):
        for k in range(64):
            v = floats.exact(scale * Fraction(64 - k, 64))
            exact = mpmath.tanh(mpmath.mpf(float(v)))
            assert floats.exact(Fraction(int(mpmath.floor(exact * 2**180)), 2**180)) == v


def test_the_linear_shift_register_holds_nothing():
    """A value that moves on from unit to unit is not held, even where it meets its own name."""
    weights = Weights("linear", 2, {"U_h": {(0,): 1}, "W_h": {(1, 0): 1}, "V": {(1,): 1}})
    found = bound_floats(weights, ONE, BINARY32)
    assert found.held_from is None
    assert found.error(20) is None


def test_a_value_that_is_summed_elsewhere_gets_another_name():
    """The same three terms at two places may be summed in two orders."""
    sets = SetsOfFloats(BINARY32)
    terms = [sets.first_input(ONE), sets.exact(ONE), sets.later_input(ONE, 2)]
    sets.start_step()
    first, second = sets.sum(terms), sets.sum(terms)
    sets.start_step()
    again = sets.sum(reversed(terms))
    assert first.key != second.key
    assert first.key == again.key


def test_relu_settles_after_two_steps():
    made = construct_relu(Regime("relu", 10, ONE, Fraction(0), hidden=3))
    for library in (BINARY32, BINARY64):
        found = bound_floats(made.weights, ONE, library)
        assert found.held_from == 2
        assert found.error(10**18) <= 6 * library.unit


def test_the_tanh_line_is_not_claimed():
    weights = tanh.network(4, 52, Fraction(1, 1024))[0]
    found = bound_floats(weights, ONE, BINARY32)
    assert found.held_from is None
    assert found.verdict is Verdict.UNDECIDED
    assert observe_floats(weights, "binary32", ONE, 50, 0).changes > 0


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(6))
def test_bounds_of_unsaturated_networks_hold_too(form, seed):
    """Enclosures of ordinary small networks contain what hostile libraries compute, step by step."""
    generator = random.Random(seed)
    cell = ["relu", "tanh", "linear"][seed % 3]
    blocks = {
        "W_h": {(i, k): Fraction(generator.randint(-64, 64), 128) for i in range(3) for k in range(3)},
        "U_h": {(i,): Fraction(generator.randint(-64, 64), 128) for i in range(3)},
        "b_h": {(i,): Fraction(generator.randint(-9, 9), 64) for i in range(3)},
        "V": {(i,): Fraction(generator.randint(-64, 64), 32) for i in range(3)},
        "v0": {(): Fraction(1, 8)},
    }
    weights, x = Weights(cell, 3, blocks), inputs(form, 6)
    proved = bound_floats(weights, ONE, LIBRARIES[form], steps=6)
    for order in range(3):
        ys = hostile_network(weights, form, Hostile(form, seed=order), order=order).outputs(x)
        for y, bound in zip(ys, proved.errors, strict=False):
            assert np.abs(y.astype(np.float64) - x[0]).max() <= float(bound)


def test_weights_must_be_floats():
    with pytest.raises(ValueError, match="not a binary32 number"):
        bound_floats(Weights("linear", 1, {"V": {(0,): Fraction(1, 3)}, "U_h": {(0,): 1}}), ONE, BINARY32)
    with pytest.raises(ValueError, match="not a binary32 number"):
        FloatNetwork(Weights("linear", 1, {"V": {(0,): Fraction(1, 3)}}), "binary32")


def test_overflow_is_a_usage_error():
    big = Fraction(2) ** 100
    weights = Weights("linear", 1, {"U_h": {(0,): big}, "W_h": {(0, 0): big}, "V": {(0,): 1}})
    with pytest.raises(UsageError, match="overflows binary32"):
        bound_floats(weights, ONE, BINARY32)
    with pytest.raises(UsageError, match="overflow"):
        observe_floats(weights, "binary32", ONE, 5, 0)


def test_more_ulps_give_a_larger_bound():
    weights = profiles("binary32")["lstm"]
    errors = [bound_floats(weights, ONE, replace(BINARY32, ulps=u)).error(1) for u in (1, 4, 8, 64)]
    assert errors == sorted(errors)
    assert len(set(errors)) == 4


def test_dead_units_change_nothing():
    weights = profiles("binary32")["lstm"]
    small = without_dead_units(weights)
    assert (small.hidden, weights.hidden) == (2, 5)
    assert without_dead_units(Weights("lstm", 4, {})).hidden == 1
    lone = round_weights(Weights("tanh", 4, {"U_h": {(2,): 1}, "V": {(2,): 1}}), "binary32")
    y = list(FloatNetwork(lone, "binary32").outputs(np.array([[0.5]], np.float32)))
    assert y[0][0] == np.tanh(np.float32(0.5))

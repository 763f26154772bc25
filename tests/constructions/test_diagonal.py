"""Diagonal cells: what is proposed, how it is sized, what it reaches, and that other weights are refuted."""

import json
from dataclasses import replace
from fractions import Fraction
from random import Random

import pytest

from constructions import Construction, Impossibility, Unanswered, construct, derivations
from constructions.diagonal import LONGEST_DOUBLING
from constructions.paths import LONGEST, construct_paths, least_error, points, units
from constructions.poles import FAMILIES, FAMILY_OF, coefficients, construct_filter, derivation
from constructions.poles import _residual as residual
from verifier.arithmetic.balls import Balls
from verifier.cells import CELLS
from verifier.certificate import check_data, content_hash, to_data
from verifier.certify import certify, certify_weights
from verifier.errors import UsageError
from verifier.program import record
from verifier.regime import Regime
from verifier.verdict import Verdict

EXACT = ("diagonal", "lru", "s4d", "s5")
ROUNDED = ("mingru", "minlstm", "selective")
ALL_CELLS = EXACT + ROUNDED
TINY = Fraction(1, 10**20)


def ask(cell, n, tolerance=TINY, **options):
    return construct(cell, n, tolerance=tolerance, **options)


# --- fixed n <= D: C14 -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", EXACT)
@pytest.mark.parametrize("n", [1, 2, 3, 6])
@pytest.mark.parametrize("domain", ["box", "reals"])
def test_rational_poles_are_exact(cell, n, domain):
    answer = construct(cell, n, exact_recall=True, horizon="fixed", domain=domain, hidden=6)
    result = certify(answer)
    assert (result.verdict, result.supremum.exact_value, answer.theorem) == (Verdict.PROVED, 0, "C14" + FAMILY_OF[cell])


@pytest.mark.parametrize("cell", ["lru", "s4d", "s5"])
@pytest.mark.parametrize("n", [3, 4])
def test_complex_units_hold_two_reals_each(cell, n):
    answer = construct(cell, n, exact_recall=True, horizon="fixed", hidden=2)
    assert certify(answer).verdict is Verdict.PROVED
    beyond = construct(cell, 5, exact_recall=True, horizon="fixed", hidden=2)
    assert not isinstance(beyond, Construction)


@pytest.mark.parametrize("cell", ROUNDED)
@pytest.mark.parametrize("n", [2, 3, 7])
@pytest.mark.parametrize(("tolerance", "bound"), [(TINY, 1), (Fraction(1, 7), Fraction(5, 2))])
def test_irrational_poles_reach_the_tolerance(cell, n, tolerance, bound):
    answer = ask(cell, n, tolerance, bound=bound, horizon="fixed")
    result = certify(answer)
    assert result.verdict is Verdict.PROVED
    assert result.supremum.method == "lattice paths"
    assert result.supremum.upper > 0


@pytest.mark.parametrize("cell", ROUNDED)
@pytest.mark.parametrize("n", [2, 5])
def test_residual_and_decimals_are_the_smallest(cell, n):
    """r is the largest power of ten with n r M <= tolerance, q the fewest decimals that keep it."""
    answer = ask(cell, n, Fraction(1, 300), bound=2, horizon="fixed")
    values = {symbol.name: value for symbol, value in answer.parameters.items()}
    assert n * values["r"] * 2 <= Fraction(1, 300) < n * 10 * values["r"] * 2
    suffix, q = FAMILY_OF[cell], int(values["q"])
    assert residual("C14", suffix, n, q) <= values["r"]
    assert q == 0 or residual("C14", suffix, n, q - 1) > values["r"]


@pytest.mark.parametrize("cell", ALL_CELLS)
def test_one_input_takes_no_memory(cell):
    answer = ask(cell, 1)
    assert certify(answer).verdict is Verdict.PROVED
    if cell in ("mingru", "minlstm"):
        assert certify(construct(cell, 1, exact_recall=True)).supremum.exact_value == 0


@pytest.mark.parametrize("cell", ALL_CELLS)
def test_the_whole_state_is_used(cell):
    """n = D works, with every real of the state taken (a unit with pole 0 carries nothing from step to step)."""
    n = 3 * CELLS[cell].state_reals(1)
    answer = ask(cell, n, horizon="fixed", hidden=3)
    assert certify(answer).verdict is Verdict.PROVED
    assert len(record(answer.weights).states) == n - (cell == "diagonal")


@pytest.mark.parametrize("cell", ROUNDED)
def test_irrational_poles_are_not_called_exact(cell):
    assert isinstance(construct(cell, 4, exact_recall=True, horizon="fixed"), Unanswered)
    assert isinstance(ask(cell, 4, horizon="fixed", domain="reals"), Unanswered)


def wrong_weights(answer, count=24):
    """Variants of the weights: each nonzero entry of some units scaled, moved, negated or dropped."""
    generator = Random(answer.weights.sha256)
    places = [(name, index) for name, array in answer.weights.blocks().items() for index, _ in array]
    found = []
    while len(found) < count:
        name, index = generator.choice(places)
        value = answer.weights[name][index]
        changed = generator.choice([0, -value, value * 2, value + Fraction(1, 7), value * Fraction(99, 100)])
        try:
            wrong = answer.weights.replace({(name, index): changed})
        except UsageError:  # the cell cannot have it
            continue
        if wrong != answer.weights:
            found.append(wrong)
    return found


@pytest.mark.parametrize("cell", ALL_CELLS)
def test_wrong_weights_are_refuted(cell):
    """Twenty-four variants per cell miss the tolerance and are told from the theorem's weights."""
    answer = ask(cell, 4, Fraction(1, 10**12), horizon="fixed", hidden=4)
    for wrong in wrong_weights(answer):
        assert certify_weights(wrong, answer.regime).verdict is Verdict.REFUTED
        assert certify(replace(answer, weights=wrong)).verdict is Verdict.REFUTED


@pytest.mark.parametrize("cell", ALL_CELLS)
def test_weights_of_another_horizon_are_refuted(cell):
    for n in (3, 5):
        other = ask(cell, n, horizon="fixed", hidden=6)
        regime = replace(ask(cell, 4, horizon="fixed", hidden=6).regime)
        assert certify_weights(other.weights, regime).verdict is Verdict.REFUTED


# --- fixed n > D -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "hidden"), [(5, 1), (33, 32), (1000, 32)])
def test_expanding_gates_at_any_fixed_n(n, hidden):
    answer = ask("diagonal", n, Fraction(1, 10**5), horizon="fixed", hidden=hidden)
    result = certify(answer)
    assert (answer.theorem, result.verdict) == ("C2", Verdict.PROVED)
    factor = answer.weights["b_a"][0,]
    assert 1 / (factor - 2) > Fraction(1, 10**5)  # the next smaller gate would miss


@pytest.mark.parametrize("cell", ROUNDED)
def test_non_expanding_cells_beyond_the_state(cell):
    lost = int(cell == "selective")
    forbidden = ask(cell, 4 + lost, horizon="fixed", hidden=2)
    assert (type(forbidden), forbidden.theorem) == (Impossibility, "T5b")
    assert isinstance(ask(cell, 3 + lost, horizon="fixed", hidden=2), Unanswered)
    assert isinstance(ask(cell, 4 + lost, Fraction(1, 4), horizon="fixed", hidden=2), Unanswered)
    assert isinstance(ask(cell, 4 + lost, Fraction(24, 100), horizon="fixed", hidden=2), Impossibility)


# --- every n <= N ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [2, 3, 5, 9])
@pytest.mark.parametrize("bound", [Fraction(1), Fraction(7, 3)])
def test_the_lattice_network_reaches_the_bound_exactly(n, bound):
    answer = ask("diagonal", n, max(bound * least_error(n), bound / 100), bound=bound)
    result = certify(answer)
    assert (answer.theorem, result.verdict) == ("C16", Verdict.PROVED)
    assert result.supremum.exact_value == bound * least_error(n)
    if n > 2:
        assert result.symbolic.exact_value == bound * least_error(n)


@pytest.mark.parametrize("length", [1, 2, 3, 8, 16])
def test_points_take_constant_terms(length):
    found = points(length)
    assert len(found) == units(length) == len({z for z, _ in found})
    for k in range(1 - length, length):
        assert sum(weight * z**k for z, weight in found) == int(k == 0)
    assert sum(weight * z**length for z, weight in found) != 0


def test_units_decide_between_lattice_and_doubling():
    at = Fraction(99, 100)
    assert ask("diagonal", 5, at, hidden=9).theorem == "C16"
    assert ask("diagonal", 5, at, hidden=8).theorem == "C15"
    assert ask("diagonal", LONGEST + 1, 1 - Fraction(1, 10**30), hidden=200).theorem == "C15"


def test_two_inputs_are_exact_on_the_reals():
    answer = construct("diagonal", 2, exact_recall=True, domain="reals", hidden=3)
    assert (answer.theorem, certify(answer).verdict) == ("C16", Verdict.PROVED)


@pytest.mark.parametrize("hidden", [1, 9])
@pytest.mark.parametrize("n", [5, 6])
def test_tolerances_on_both_sides(n, hidden):
    """Below T5: impossible. From the best construction on: constructed. Between, if there is room: not answered."""
    floor, lattice = least_error(n), units(n) <= hidden
    best = floor if lattice else 1 - Fraction(1, 2 ** (n - 1))
    below = ask("diagonal", n, floor - TINY, hidden=hidden)
    assert (type(below), below.theorem, below.attains) == (Impossibility, "T5", lattice)
    assert below.best.regime.tolerance == best
    at = ask("diagonal", n, best, hidden=hidden)
    assert certify(at).verdict is Verdict.PROVED
    if not lattice:
        assert isinstance(ask("diagonal", n, floor, hidden=hidden), Unanswered)
        assert isinstance(ask("diagonal", n, best - TINY, hidden=hidden), Unanswered)


@pytest.mark.parametrize("cell", [c for c in ALL_CELLS if c != "diagonal"])
@pytest.mark.parametrize("n", [2, 5])
def test_the_doubling_filter(cell, n):
    least = 1 - Fraction(1, 2 ** (n - 1))
    tolerance = least if cell in EXACT else least + Fraction(1, 10**8)
    answer = ask(cell, n, tolerance, hidden=5)
    result = certify(answer)
    assert (answer.theorem, result.verdict) == ("C15" + FAMILY_OF[cell], Verdict.PROVED)
    if cell in EXACT:
        assert result.supremum.exact_value == least
    else:
        assert result.supremum.lower < tolerance.numerator / tolerance.denominator


@pytest.mark.parametrize("theorem", ["C15", "C16"])
def test_wrong_weights_up_to_n_are_refuted(theorem):
    answer = ask("diagonal", 4, Fraction(9, 10), hidden=7 if theorem == "C16" else 1)
    assert answer.theorem == theorem
    exact = replace(answer, regime=replace(answer.regime, tolerance=certify(answer).supremum.exact_value))
    assert certify(exact).verdict is Verdict.PROVED
    verdicts = {certify(replace(exact, weights=wrong)).verdict for wrong in wrong_weights(exact)}
    assert verdicts == {Verdict.REFUTED}


@pytest.mark.parametrize("n", [LONGEST_DOUBLING, LONGEST_DOUBLING + 1, 10**18])
def test_long_horizons(n):
    answer = ask("diagonal", n)
    assert (answer.theorem, answer.best is None) == ("T5", n > LONGEST_DOUBLING)


def test_signs_alone():
    """On two points every error below M tells the signs; for ever this version says nothing about rounding."""
    for cell, n in (("diagonal", 40), ("mingru", 8), ("lru", 8)):
        answer = construct(cell, n, domain="grid", bits=1)
        assert certify(answer).verdict is Verdict.PROVED
    assert isinstance(construct("diagonal", 5, domain="grid", bits=1, horizon="forever"), Unanswered)
    assert isinstance(construct("diagonal", 5, domain="grid", bits=2, horizon="forever"), Impossibility)
    assert isinstance(construct("diagonal", 3, domain="grid", bits=2), Impossibility)
    assert certify(construct("diagonal", 2, domain="grid", bits=2)).verdict is Verdict.PROVED


@pytest.mark.parametrize("cell", ALL_CELLS)
@pytest.mark.parametrize("domain", ["box", "reals"])
def test_for_ever(cell, domain):
    answer = ask(cell, 9, horizon="forever", domain=domain)
    assert (type(answer), answer.theorem, answer.best) == (Impossibility, "T5", None)


# --- certificates ----------------------------------------------------------------------------------------------------

CERTIFIED = [
    ("diagonal", 3, TINY, "fixed"),
    ("lru", 4, TINY, "fixed"),
    ("minlstm", 3, TINY, "fixed"),
    ("selective", 3, TINY, "fixed"),
    ("diagonal", 6, TINY, "fixed"),
    ("s5", 3, Fraction(9, 10), "upto"),
    ("mingru", 3, Fraction(9, 10), "upto"),
    ("diagonal", 4, Fraction(9, 10), "upto"),
    ("diagonal", 3, Fraction(9, 10), "upto"),
]


@pytest.mark.parametrize(("cell", "n", "tolerance", "horizon"), CERTIFIED)
def test_certificates_are_confirmed(cell, n, tolerance, horizon):
    data = json.loads(json.dumps(to_data(certify(ask(cell, n, tolerance, horizon=horizon, hidden=5)))))
    review = check_data(data, derivations())
    assert review.verdict is Verdict.PROVED
    if "r" in data["parameters"]:
        data["parameters"]["q"] = str(int(data["parameters"]["q"]) + 1)  # other decimals: other weights
    else:
        block = "U_h" if cell in ("lru", "s5") else "V"
        data["weights"]["blocks"][block][0][-1] += "1"
    data["sha256"] = content_hash(data)
    assert check_data(data, derivations()).verdict is Verdict.REFUTED


@pytest.mark.parametrize(
    ("theorem", "parameters"),
    [
        ("C14", {"n": "0"}),
        ("C14-min", {"n": "65"}),
        ("C14-lru", {"n": "1/2"}),
        ("C16", {"n": "21"}),
        ("C15-min", {"n": "3", "q": "-1"}),
    ],
)
def test_parameters_outside_a_theorem(theorem, parameters):
    with pytest.raises(UsageError):
        derivations()[theorem]({name: Fraction(value) for name, value in parameters.items()})


@pytest.mark.parametrize("suffix", FAMILIES)
def test_hypotheses_hold_only_for_the_solved_response(suffix):
    """Thirty decimals leave less than 10^-25 and more than 10^-40; weights of another n are not the theorem's."""
    one, other = derivation("C14", suffix, 3, 30), derivation("C15", suffix, 3, 30)
    values = dict.fromkeys(one.parameters, Fraction(1, 10**25)) | {one.parameters[0]: Fraction(3), one.parameters[1]: Fraction(1)}
    with Balls(400).working():
        assert set(one.check_hypotheses(values).values()) == {Verdict.PROVED}
        assert set(other.check_hypotheses(values).values()) == {Verdict.PROVED}
        finer = {symbol: Fraction(1, 10**40) if symbol.name == "r" else value for symbol, value in values.items()}
        if not FAMILIES[suffix].is_rational:
            assert Verdict.REFUTED in one.check_hypotheses(finer).values()
    assert coefficients("C14", suffix, 3, 30) != coefficients("C15", suffix, 3, 30)
    found = one.matches(construct_filter("C14", Regime(FAMILIES[suffix].cells[0], 4, 1, TINY, "fixed")).weights, values)
    assert found is Verdict.REFUTED


@pytest.mark.parametrize("n", [3, 5])
def test_the_lattice_network_of_another_horizon(n):
    """Each horizon has weights of its own: those of N = 4 are neither the theorem's nor as good at N = 3 and 5."""
    regime = Regime("diagonal", n, Fraction(1), least_error(n))
    right, other = construct_paths(regime), construct_paths(Regime("diagonal", 4, Fraction(1), Fraction(9, 10)))
    result = certify(replace(right, weights=other.weights, reasons=other.reasons))
    assert (result.verdict, result.symbolic.covers) == (Verdict.REFUTED, Verdict.REFUTED)
    assert result.supremum.exact_value > least_error(n)


def fits_the_kernels_lemma(n, found):
    """C16_points of proofs/rocq/statements.v: z, 1 + z not 0; Σ w z^i/z^j = [i = j] for i, j < n; Σ w/(1+z) = 1/2."""
    regular = len(found) == 2 * n - 1 and all(z != 0 and 1 + z != 0 for z, _ in found)
    moments = all(sum(w * z ** (i - j) for z, w in found) == int(i == j) for i in range(n) for j in range(n))
    return regular and moments and sum(w / (1 + z) for z, w in found) == Fraction(1, 2)


@pytest.mark.parametrize("n", [1, 2, 3, 7, LONGEST])
def test_the_points_are_those_of_the_kernels_lemma(n):
    found = points(n)
    assert fits_the_kernels_lemma(n, found)
    (z, w), *rest = found
    assert not fits_the_kernels_lemma(n, ((z, w + Fraction(1, 10**9)), *rest))
    assert not fits_the_kernels_lemma(n + 1, found)

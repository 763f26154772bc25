"""T5 and T5b: their checks, their floors at the numbers of many regimes, and claims that go beyond them."""

from fractions import Fraction
from itertools import product
from math import comb

import pytest

from constructions import Impossibility, construct
from constructions.paths import construct_paths, least_error
from proofs.impossible import decide, floors
from proofs.lattice import Tables, bound_of, contributions, dual, extremal_paths, primal
from proofs.theorems import THEOREMS
from proofs.theorems.t5 import CHECKED, COVERED, NOT_COVERED, T5, effective_horizon
from proofs.theorems.t5b import T5B, annihilator, extra_pole, one_more_than_the_state, the_outputs_are_related
from verifier.cells import BILINEAR, CELLS, LRU, Cell
from verifier.certify import certify_weights
from verifier.commuting import transitions, transitions_of
from verifier.regime import Regime
from verifier.verdict import Verdict

HALF = Fraction(1, 2)
TINY = Fraction(1, 10**20)

PUBLISHED = dict(enumerate(("1/2", "2/3", "5/6", "9/10", "19/20", "34/35", "69/70", "125/126", "251/252", "461/462"), start=3))
"""Minima of the linear programme over {1, -1}^n, N = 3 ... 8 from the theory's own runs; the rest by the formula."""


def question(cell, n, tolerance=TINY, **options):
    return Regime(cell, n, options.pop("bound", Fraction(1)), tolerance, options.pop("horizon", "upto"), **options)


@pytest.mark.parametrize("theorem", [T5, T5B], ids=["T5", "T5b"])
def test_every_check_is_proved(theorem):
    found = theorem.run()
    assert found
    assert set(found.values()) == {Verdict.PROVED}


@pytest.mark.parametrize("theorem", [name for name in THEOREMS if name.startswith(("C14", "C15", "C16"))])
def test_constructions_are_proved(theorem):
    assert THEOREMS[theorem].status() is Verdict.PROVED


# --- the linear programme --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", PUBLISHED)
def test_both_sides_give_the_published_minimum(n):
    value = Fraction(PUBLISHED[n])
    assert bound_of(dual(n)) == primal(n).error(n) == least_error(n) == value


@pytest.mark.parametrize("n", [20, 41, CHECKED])
def test_both_sides_at_long_horizons(n):
    assert bound_of(dual(n)) == primal(n).error(n) == 1 - Fraction(1, comb(n - 1, (n - 1) // 2))


@pytest.mark.parametrize("n", [3, 6, 7])
def test_a_measure_bounds_every_table(n):
    """Weak duality, tried on tables that are not optimal: their error is never below the measure's bound."""
    for shift in range(6):
        plus = {node: value + Fraction(node[0] * shift - node[1], 7) for node, value in primal(n).plus.items()}
        assert Tables(plus, primal(n).minus, Fraction(shift, 9)).error(n) >= bound_of(dual(n))


def test_words_are_read_backwards():
    assert list(contributions((1, -1, -1))) == [(-1, (0, 0)), (-1, (0, 1)), (1, (0, 2))]
    assert extremal_paths(1, 2) == ((1, -1, -1), (-1, -1, 1))


def test_measures_that_see_the_initial_state_are_no_certificate():
    """Tables cancel here but multisets do not: with s_0 ≠ 0 this would bound nothing."""
    words = {(1,): Fraction(1), (1, 1): Fraction(1)}
    assert bound_of(words) is None


@pytest.mark.parametrize("n", [3, 4, 7])
def test_wrong_tables_miss_by_more(n):
    for node in primal(n).plus:
        for move in (Fraction(1, 3), Fraction(-1, 3)):
            changed = {**primal(n).plus, node: primal(n).plus[node] + move}
            assert Tables(changed, primal(n).minus).error(n) >= least_error(n)
    assert Tables({k: 2 * v for k, v in primal(n).plus.items()}, primal(n).minus).error(n) > least_error(n)


# --- floors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", COVERED)
@pytest.mark.parametrize("n", [1, 2, 3, 8, 64])
@pytest.mark.parametrize("bound", [Fraction(1), Fraction(5, 3)])
def test_floors_up_to_n(cell, n, bound):
    found = T5.floor(question(cell, n, bound=bound))
    used = effective_horizon(cell, n)
    assert used == n - (cell == "selective")
    if used < 3:
        assert found is None
    else:
        assert found.error == bound * least_error(used)
        assert set(found.checks.values()) == {Verdict.PROVED}


@pytest.mark.parametrize("cell", NOT_COVERED)
@pytest.mark.parametrize("horizon", ["upto", "fixed", "forever"])
def test_cells_that_are_not_covered(cell, horizon):
    assert T5.floor(question(cell, 50, horizon=horizon)) is None
    assert T5B.floor(question(cell, 50, horizon=horizon)) is None


@pytest.mark.parametrize("n", [65, 1000, 10**18, 10**500])
def test_long_horizons_need_no_large_binomials(n):
    assert T5.floor(question("diagonal", n)).error == least_error(CHECKED)
    near = 1 - Fraction(1, 10**40)
    if n >= 1000:
        assert T5.floor(question("diagonal", n, near)).forbids(near)
        assert T5.floor(question("diagonal", n, near)).error < 1


@pytest.mark.parametrize("n", [3, 5, 30])
def test_tolerances_at_the_floor(n):
    found = T5.floor(question("diagonal", n))
    assert found.forbids(found.error - TINY)
    assert not found.forbids(found.error)


def test_domains_and_horizons():
    assert T5.floor(question("mingru", 9, horizon="fixed")) is None
    assert T5.floor(question("mingru", 9, horizon="forever", bound=Fraction(3))).error == 3
    assert T5.floor(question("mingru", 9, domain="reals")).error is None
    assert T5.floor(question("mingru", 2, domain="reals")) is None
    assert T5.floor(question("mingru", 9, HALF, domain="grid", bits=1)).forbids(HALF)
    signs = question("mingru", 9, Fraction(1), domain="grid", bits=1)
    assert not T5.floor(signs).forbids(signs.tolerance, below=True)
    assert T5.floor(question("mingru", 9, Fraction(1), domain="grid", bits=1, horizon="forever")) is None
    thirds = question("mingru", 3, Fraction(1, 3), domain="grid", bits=2)
    assert T5.floor(thirds).forbids(thirds.tolerance, below=True)


@pytest.mark.parametrize("cell", ["mingru", "minlstm", "lru", "s4d", "s5", "selective"])
def test_floors_at_a_fixed_n(cell):
    size, lost = CELLS[cell].state_reals(2), int(cell == "selective")
    assert T5B.floor(question(cell, size + 1 + lost, horizon="fixed", hidden=2)) is None
    found = T5B.floor(question(cell, size + 2 + lost, horizon="fixed", hidden=2, bound=Fraction(3)))
    assert found.error == Fraction(3, 2**size)
    assert T5B.floor(question(cell, size + 2 + lost, hidden=2)) is None
    assert T5B.floor(question(cell, size + 2 + lost, horizon="fixed", hidden=2, domain="reals")).error is None


@pytest.mark.parametrize("cell", ["linear", "diagonal"])
def test_expanding_cells_are_only_never_exact(cell):
    found = T5B.floor(question(cell, 4, horizon="fixed", hidden=2))
    assert found.forbids(Fraction(0))
    assert not found.forbids(TINY)
    assert T5B.floor(question(cell, 3, horizon="fixed", hidden=2)) is None
    assert T5B.floor(question(cell, 4, horizon="fixed", hidden=2, domain="reals")).error is None


@pytest.mark.parametrize(("bits", "error"), [(1, 0), (2, Fraction(1, 12)), (4, Fraction(13, 60))])
def test_grids_at_a_fixed_n(bits, error):
    """Between the outermost points but one: M - 2 half spacings."""
    half = Fraction(1, 2**bits - 1)
    found = T5B.floor(question("mingru", 4, half, horizon="fixed", hidden=2, domain="grid", bits=bits))
    assert found.error == error


# --- commuting -------------------------------------------------------------------------------------------------------


def test_what_the_steps_say():
    assert not transitions("bilinear").commute
    assert transitions("selective").readout_sees_the_input
    assert [name for name in COVERED if transitions(name).never_expand] == ["mingru", "minlstm", "lru", "s4d", "s5", "selective"]
    assert [name for name in COVERED if transitions(name).are_polynomial] == ["linear", "diagonal", "lru", "s4d", "s5"]


def test_declarations_are_what_keeps_a_cell_from_expanding():
    """Without the declared range of A, or the declared disc of λ, nothing is claimed."""

    def without(cell, **changes):
        return Cell(**{**{f: getattr(cell, f) for f in cell.__dataclass_fields__}, **changes})

    assert not transitions_of(without(LRU, unit_disc=())).never_expand
    assert not transitions_of(without(CELLS["selective"], nonnegative=())).never_expand
    assert not transitions_of(BILINEAR).never_expand


# --- the relation behind T5b -----------------------------------------------------------------------------------------


def test_annihilator():
    assert annihilator([Fraction(1, 2)]) == [1, Fraction(-3, 2), HALF]
    assert sum(annihilator([Fraction(k, 5) for k in range(4)])) == 0
    assert the_outputs_are_related() is Verdict.PROVED


@pytest.mark.parametrize("units", [1, 2, 3])
def test_one_more_real_than_the_state_holds(units):
    """At n = d + 1 errors shrink with ε; the same weights fail at n = d + 2, as T5b says, and up to n = d + 1, as T5 says."""
    errors = []
    for digits in (6, 9, 12):
        weights = one_more_than_the_state(units, Fraction(1, 10**digits))
        found = certify_weights(weights, question("diagonal", units + 1, horizon="fixed", hidden=units))
        errors.append(found.supremum.exact_value)
    assert errors[0] > 100 * errors[1] > 10**4 * errors[2] > 0
    beyond = certify_weights(weights, question("diagonal", units + 2, horizon="fixed", hidden=units))
    assert beyond.supremum.exact_value >= Fraction(1, 2**units)


def test_the_constant_is_sharp_for_one_real():
    weights = extra_pole([1 - Fraction(1, 1000)], [Fraction(-500)], Fraction(500), 3, Fraction(1, 10**12))
    found = certify_weights(weights, question("diagonal", 3, Fraction(501, 1000), horizon="fixed", hidden=1))
    assert found.verdict is Verdict.PROVED
    assert found.supremum.exact_value > HALF


# --- decisions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cell", "n"), [("diagonal", 5), ("minGRU", 10), ("minLSTM", 4), ("S5", 4), ("Mamba", 5)])
def test_impossible_with_the_best_weights(cell, n):
    found = decide(construct(cell, n, 20, hidden=12))
    assert found.verdict is Verdict.PROVED
    assert found.best.verdict is Verdict.PROVED
    assert found.sharp is (Verdict.PROVED if cell in ("diagonal", "S5") else None)


WRONG_CLAIMS = {
    "the tolerance is reachable": Impossibility(question("diagonal", 4, Fraction(7, 10)), "T5"),
    "the tolerance is the floor itself": Impossibility(question("diagonal", 4, Fraction(2, 3)), "T5"),
    "the cell does not commute": Impossibility(question("bilinear", 9), "T5"),
    "the cell is not linear": Impossibility(question("lstm", 9), "T5"),
    "two layers": Impossibility(question("stacked", 9), "T5"),
    "N = 2": Impossibility(question("diagonal", 2), "T5"),
    "N = 3 where the readout sees the input": Impossibility(question("selective", 3), "T5"),
    "n alone": Impossibility(question("mingru", 9, horizon="fixed"), "T5"),
    "n = D + 1": Impossibility(question("mingru", 3, horizon="fixed", hidden=2), "T5b"),
    "expanding gates": Impossibility(question("diagonal", 9, horizon="fixed", hidden=2), "T5b"),
    "a tolerance above 2^-D": Impossibility(question("mingru", 9, Fraction(1, 4), horizon="fixed", hidden=2), "T5b"),
    "another theorem": Impossibility(question("diagonal", 9), "C16"),
    "not attained": Impossibility(
        question("diagonal", 5), "T5", construct("diagonal", 5, tolerance=Fraction(15, 16), hidden=1), attains=True
    ),
    "a best that is no such thing": Impossibility(
        question("diagonal", 5), "T5", construct_paths(question("diagonal", 5, Fraction(4, 5))), attains=True
    ),
}


@pytest.mark.parametrize("name", WRONG_CLAIMS)
def test_wrong_claims_are_refuted(name):
    assert decide(WRONG_CLAIMS[name]).verdict is Verdict.REFUTED


def test_floors_by_theorem():
    assert set(floors(question("diagonal", 9))) >= {"T5"}
    assert set(floors(question("mingru", 99, horizon="fixed"))) >= {"T5b"}
    assert "T5" not in floors(question("gru", 9))


def test_all_short_words_are_needed():
    """Every word in the dual measure for N = 3 carries part of the proof: 1, 1, -1, -1 on four words."""
    assert dual(3) == {(1, 1, -1): 1, (1, -1, 1): -1, (1, -1): -1, (-1, 1): 1}
    assert all(abs(primal(3).output(word) - word[0]) <= HALF for k in (1, 2, 3) for word in product((1, -1), repeat=k))

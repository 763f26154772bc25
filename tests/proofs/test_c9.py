"""C9's page: every check holds, false variants are rejected, and a broken ingredient makes a check fail."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from constructions import refresh_gru, refresh_pair
from constructions.latch import SIGNS
from constructions.refresh import LSTM, Sizes, network
from constructions.refresh_gru import Sizes as GruSizes
from constructions.refresh_pair import Sizes as PairSizes
from proofs.theorems import THEOREMS, c9, c9_copies, c9_floats, c9_gru, c9_pair, c9_tanh, refreshed
from verifier.refresh import Enumeration, clock
from verifier.verdict import Verdict
from verifier.weights import Weights


def test_every_check_holds_and_each_kind_is_there() -> None:
    theorem = THEOREMS["C9"]
    results = theorem.run()
    assert set(results.values()) == {Verdict.PROVED}, results
    named = " ".join(results)
    assert named.count("false variant") >= 4
    assert named.count("near miss") >= 3
    assert "attack" in named
    assert "Cauwenberghs" in theorem.source
    assert not theorem.is_cited


SHOWN = {"lstm": c9.SHOWN, "gru": c9_gru.SHOWN, "pair": c9_pair.SHOWN, "tanh": c9_tanh.SHOWN}


def with_gains(shown: refreshed.Shown, change: int) -> refreshed.Shown:
    """The same for the last of the families, proposed with gains 2^change times as large."""
    family = shown.families[-1]
    network = family.network
    made = replace(family, network=lambda hidden, bits, gain, bound: network(hidden, bits, gain + change, bound))
    return replace(shown, families=(*shown.families[:-1], made))


@pytest.mark.parametrize("name", SHOWN)
def test_coarse_comparators_and_smaller_errors_are_not_shown(name: str) -> None:
    shown = replace(SHOWN[name], bits=SHOWN[name].bits[1:2])
    assert with_gains(shown, -shown.coarser - 1).inequalities_hold() is not Verdict.PROVED
    assert replace(shown, levels=Fraction(1, 2)).inequalities_hold() is Verdict.REFUTED


@pytest.mark.parametrize("name", SHOWN)
def test_fine_comparators_are_no_false_variant(name: str) -> None:
    shown = replace(SHOWN[name], bits=(3, 3))
    assert with_gains(shown, shown.coarser).coarse_comparators_are_not_proved() is Verdict.REFUTED


def test_other_networks_are_no_refreshed_memories() -> None:
    made = replace(LSTM, network=lambda hidden, *_: (Weights("lstm", hidden, {"V": {(0,): 1}}), {}))
    with pytest.raises(ValueError, match="not of the form"):
        refreshed.proposed(made, 3)


@pytest.mark.parametrize("checks", [c9.C9.checks, c9_gru.CHECKS, c9_pair.CHECKS])
def test_levels_that_do_not_return_are_not_proved(checks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refreshed, "push_levels", lambda *_: Enumeration(0, c9.arb("inf"), Verdict.UNDECIDED))
    name = next(name for name in checks if "return as boxes" in name)
    assert checks[name]() is not Verdict.PROVED


SOON = 200
"""Steps within which a clock that still loads does so here."""


def test_the_clocks_of_what_is_shown_load_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "LARGEST_PERIOD", SOON)
    assert c9.SHOWN.inequalities_hold() is Verdict.PROVED
    assert c9_copies.every_number_is_held() is Verdict.PROVED


BROKEN: list[tuple[str, Any, Callable[[], Verdict]]] = [
    ("_cubic_steps", lambda factor: (), c9.the_load_is_cubic),
    ("_bits", lambda m, inside: m ^ 1, c9.bits_are_the_floor),
    ("_bits", lambda m, inside: m, c9.next_to_a_border_bits_may_differ),
    ("check_nonnegative", lambda *_: Verdict.UNDECIDED, c9.soft_bits_lose_nothing),
    ("check_nonnegative", lambda *_: Verdict.PROVED, c9.wide_comparators_would_lose),
    ("check_nonnegative", lambda *_: Verdict.PROVED, c9.wide_borders_would_not_return),
    ("run_error", lambda *_: c9.arb(1), c9.inputs_on_a_border_stay_within_the_bound),
    ("run_error", lambda *_: c9.arb(0), c9.half_a_level_is_not_enough),
]


@pytest.mark.parametrize(("name", "value", "check"), BROKEN, ids=[f"{b[2].__name__}-{b[0]}" for b in BROKEN])
def test_checks_fail_where_something_is_broken(
    name: str, value: Any, check: Callable[[], Verdict], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "LARGEST_PERIOD", SOON)
    monkeypatch.setattr(c9, name, value)
    assert check() is not Verdict.PROVED


BROKEN_GRU: list[tuple[str, Any, Callable[[], Verdict]]] = [
    ("check_nonnegative", lambda *_: Verdict.UNDECIDED, c9_gru.a_bit_adds_its_worth),
    ("check_nonnegative", lambda *_: Verdict.PROVED, c9_gru.an_amplified_sum_would_grow),
    ("SIGNS", {"gru": -1, "gru-keep": -1}, c9_gru.the_cells_have_these_equations),
]


@pytest.mark.parametrize(("name", "value", "check"), BROKEN_GRU, ids=[f"{b[2].__name__}-{b[0]}" for b in BROKEN_GRU])
def test_checks_of_the_gru_fail_where_something_is_broken(
    name: str, value: Any, check: Callable[[], Verdict], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(c9_gru, name, value)
    assert check() is not Verdict.PROVED


BROKEN_PAIR: list[tuple[str, Any, Callable[[], Verdict]]] = [
    ("check_nonnegative", lambda *_: Verdict.UNDECIDED, c9_pair.clearing_forgets),
    ("check_nonnegative", lambda *_: Verdict.PROVED, c9_pair.a_negative_bit_would_pass_below),
    ("sigmoid", lambda v: v, c9_pair.the_cell_has_these_equations),
]


@pytest.mark.parametrize(("name", "value", "check"), BROKEN_PAIR, ids=[f"{b[2].__name__}-{b[0]}" for b in BROKEN_PAIR])
def test_checks_of_three_units_fail_where_something_is_broken(
    name: str, value: Any, check: Callable[[], Verdict], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(c9_pair, name, value)
    assert check() is not Verdict.PROVED


def test_the_template_of_three_units_is_the_construction() -> None:
    sizes = PairSizes(6, 20)
    weights, _ = refresh_pair.network(3, sizes, Fraction(1))
    rounded = refresh_pair._rounded(sizes)
    values = {
        "G": Fraction(2) ** 20, "w": sizes.unit, "epsilon": sizes.scale, "B": rounded.entry, "u": rounded.slope,
        "mu": rounded.turn, "s": rounded.origin, "m": sizes.middle, "V": rounded.readout / sizes.scale, "r": rounded.rest,
    }  # fmt: skip
    numbers = {c9.sympy.Symbol(name, positive=True): c9.Rational(str(value)) for name, value in values.items()}
    made = {
        (name, index): Fraction(str(c9.sympy.sympify(entry).subs(numbers)))
        for name, entries in c9_pair._equations(c9.Rational(3, 2)).template.items()
        for index, entry in entries.items()
    }
    assert made == {(name, index): value for name, array in weights.blocks().items() for index, value in array}


class Far:
    """A network whose output is 1 off."""

    def outputs(self, inputs: Any) -> Any:
        return iter([inputs[0] + 1])


BROKEN_MORE: list[tuple[Any, str, Any, Callable[[], Verdict]]] = [
    (c9_floats, "gain", lambda bits, library, finer: 8, c9_floats.the_inequalities_hold),
    (c9_floats, "BEYOND", c9_floats.SHOWN, c9_floats.finer_levels_are_not_proved),
    (c9_floats, "OPEN", 6, c9_floats.open_gates_are_not_proved),
    (c9_floats, "check_nonnegative", lambda *_: Verdict.UNDECIDED, c9_floats.any_share_costs_at_most_z),
    (c9_floats, "check_nonnegative", lambda *_: Verdict.PROVED, c9_floats.any_share_costs_something),
    (
        c9_floats,
        "push_levels_in_floats",
        lambda *_: Enumeration(0, c9.arb("inf"), Verdict.UNDECIDED),
        c9_floats.levels_return_as_boxes,
    ),
    (c9_floats, "FloatNetwork", lambda *_: Far(), c9_floats.runs_stay_within_the_bound),
    (c9_copies, "fine_gain", lambda bits, shift: 2, c9_copies.every_number_is_held),
    (c9_copies, "SLOW", Fraction(-325, 36), c9_copies.a_slow_age_is_not_proved),
    (c9_copies, "push_levels", lambda *_: Enumeration(0, c9.arb("inf"), Verdict.UNDECIDED), c9_copies.levels_return_as_boxes),
]


@pytest.mark.parametrize(("module", "name", "value", "check"), BROKEN_MORE, ids=[f"{b[3].__name__}-{b[1]}" for b in BROKEN_MORE])
def test_checks_of_floats_and_copies_fail_where_something_is_broken(
    module: Any, name: str, value: Any, check: Callable[[], Verdict], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "LARGEST_PERIOD", SOON)
    monkeypatch.setattr(module, name, value)
    assert check() is not Verdict.PROVED


@pytest.mark.parametrize("cell", sorted(SIGNS))
def test_the_grus_template_is_the_construction(cell: str) -> None:
    """The equations that are checked are those of the weights that are proposed, entry by entry."""
    sizes = GruSizes(6, 20)
    weights, _ = refresh_gru.network(cell, 4, sizes, Fraction(1))
    rounded = refresh_gru._rounded(sizes)
    values = {
        "G": Fraction(2) ** 20, "K": Fraction(sizes.saturation), "gamma": sizes.full, "w": sizes.unit, "epsilon": sizes.scale,
        "B": rounded.entry, "lambda": rounded.lift, "u": rounded.slope, "V": rounded.readout / sizes.scale,
        "o": sizes.amplitude / 2 - 3 * sizes.full / 4 - sizes.unit / 2, "T": sizes.amplitude,
    }  # fmt: skip
    numbers = {c9.sympy.Symbol(name, positive=True): c9.Rational(str(value)) for name, value in values.items()}
    made = {
        (name, index): Fraction(str(c9.sympy.sympify(entry).subs(numbers)))
        for name, entries in c9_gru._equations(cell, c9.Rational(3, 4)).template.items()
        for index, entry in entries.items()
    }
    assert made == {(name, index): value for name, array in weights.blocks().items() for index, value in array}


def test_the_template_is_the_construction() -> None:
    """The equations that are checked are those of the weights that are proposed, entry by entry."""
    sizes = Sizes(6, 20)
    weights, _ = network(4, sizes, Fraction(1))
    values = {"G": Fraction(2) ** 20, "gamma": sizes.full, "w": sizes.unit, "epsilon": sizes.full / 8}
    step = c9._equations(c9.Rational(3, 8))
    made = {
        (name, index): Fraction(str(c9.sympy.sympify(entry).subs({s: c9.Rational(str(values[s.name])) for s in c9.sympy.sympify(
            entry).free_symbols})))
        for name, entries in step.template.items()
        for index, entry in entries.items()
    }  # fmt: skip
    built = {(name, index): value for name, array in weights.blocks().items() for index, value in array if name != "v0"}
    assert made == built

"""C9-tanh's page: every check holds, false variants are rejected, and a broken ingredient makes a check fail."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from constructions.integrators import Sizes, network
from proofs.theorems import THEOREMS, c9_tanh
from verifier.verdict import Verdict


def test_every_check_holds_and_each_kind_is_there() -> None:
    theorem = THEOREMS["C9-tanh"]
    results = theorem.run()
    assert set(results.values()) == {Verdict.PROVED}, results
    named = " ".join(results)
    assert named.count("false variant") >= 3
    assert named.count("near miss") >= 3
    assert "attack" in named
    assert "Cauwenberghs" in theorem.source
    assert not theorem.is_cited


def unconjugated(cell: str, hidden: int, sizes: Sizes, bound: Fraction) -> Any:
    """The network for inputs twice as large where it is a sigmoid RNN."""
    return network(cell, hidden, sizes, bound if cell == "tanh" else 2 * bound)


BROKEN: list[tuple[str, Any, Callable[[], Verdict]]] = [
    ("network", unconjugated, c9_tanh.both_cells_are_one_network),
    ("sigmoid", lambda z: c9_tanh.sympy.tanh(z), c9_tanh.sigmoid_units_are_tanh_units),
    ("sigmoid", lambda z: (1 + c9_tanh.sympy.tanh(z)) / 2, c9_tanh.without_the_factor_they_are_not),
    ("tanh", lambda z: z - z**3 / 3, c9_tanh.pairs_pass_more_the_less_they_are_driven),
    ("tanh", lambda z: z, c9_tanh.loads_and_clearing_are_monotone),
    ("tanh", lambda z: z, c9_tanh.the_cell_has_these_equations),
    ("check_nonnegative", lambda *_: Verdict.PROVED, c9_tanh.open_pairs_pass_less_beyond_the_middle),
    ("check_nonnegative", lambda *_: Verdict.UNDECIDED, c9_tanh.undecided_bits_cost_a_width),
    ("check_nonnegative", lambda *_: Verdict.PROVED, c9_tanh.without_the_width_it_would_be_false),
    ("run_error", lambda *_: c9_tanh.arb(1), c9_tanh.inputs_on_a_border_stay_within_the_bound),
    ("run_error", lambda *_: c9_tanh.arb(0), c9_tanh.half_a_level_is_not_enough),
]


@pytest.mark.parametrize(("name", "value", "check"), BROKEN, ids=[f"{b[2].__name__}-{b[0]}" for b in BROKEN])
def test_checks_fail_where_something_is_broken(
    name: str, value: Any, check: Callable[[], Verdict], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(c9_tanh, name, value)
    assert check() is not Verdict.PROVED


def test_the_template_is_the_construction() -> None:
    """The equations that are checked are those of the weights that are proposed, entry by entry."""
    sizes = Sizes(6, 20)
    weights, _ = network("tanh", 15, sizes, Fraction(1))
    values = {
        "Lambda": Fraction(sizes.saturation), "Lambda_f": Fraction(sizes.flag), "Y": Fraction(sizes.swing), "T": sizes.full,
        "kappa": Fraction(2) ** 20, "G": sizes.turn, "w": sizes.unit, "epsilon": sizes.full / 4,
    }  # fmt: skip
    step = c9_tanh._equations(c9_tanh.Rational(3, 4))
    exact = {name: c9_tanh.Rational(value.numerator, value.denominator) for name, value in values.items()}
    made = {
        (name, index): Fraction(str(c9_tanh.sympy.sympify(entry).subs({s: exact[s.name] for s in entry.free_symbols})))
        for name, entries in step.template.items()
        for index, entry in entries.items()
    }
    built = {(name, index): value for name, array in weights.blocks().items() for index, value in array if name != "v0"}
    assert made == built

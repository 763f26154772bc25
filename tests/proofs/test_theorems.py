"""Theorems as data: every impossibility theorem's checks run, reject false variants, and can fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from proofs.theorem import Theorem
from proofs.theorems import IMPOSSIBILITIES, THEOREMS, t1, t2, t3, t3b, t3c, t4, t6, t7
from verifier.verdict import Verdict

F = Fraction
HERE = ("T1", "T2", "T3", "T3b", "T3c", "T4", "T6", "T7")


@pytest.mark.parametrize("name", HERE)
def test_every_check_holds(name: str) -> None:
    results = THEOREMS[name].run()
    assert len(results) >= 5
    assert set(results.values()) == {Verdict.PROVED}, results


@pytest.mark.parametrize("name", HERE)
def test_each_has_a_near_miss_a_false_variant_and_the_whole_proof(name: str) -> None:
    theorem = THEOREMS[name]
    named = " ".join(theorem.checks or {})
    assert "near miss" in named
    assert "false variant" in named
    assert theorem.statement
    assert theorem.hypotheses
    assert theorem.source
    assert len(" ".join(theorem.argument)) > 300
    assert set(theorem.uses) <= set(THEOREMS)
    if name != "T7":
        assert "attack" in named


def test_the_registry_holds_them_under_their_ids() -> None:
    assert [theorem.id for theorem in IMPOSSIBILITIES] == sorted([*HERE, "T5", "T5b", "T8"])
    assert all(THEOREMS[name].id == name for name in THEOREMS)


def test_a_cited_theorem_is_never_proved() -> None:
    cited = THEOREMS["T7"]
    assert cited.is_cited
    assert cited.judge({"a": Verdict.PROVED}) is Verdict.UNDECIDED
    assert cited.judge({"a": Verdict.PROVED, "b": Verdict.REFUTED}) is Verdict.REFUTED
    assert cited.floor is None
    assert not any(THEOREMS[name].is_cited for name in THEOREMS if name != "T7")


def test_status_is_what_the_checks_say() -> None:
    def made(**checks: Verdict) -> Theorem:
        return Theorem("X", "x", "x", (), "x", ("x",), checks={name: lambda v=v: v for name, v in checks.items()})

    assert made(a=Verdict.PROVED).status() is Verdict.PROVED
    assert made(a=Verdict.PROVED, b=Verdict.UNDECIDED).status() is Verdict.UNDECIDED
    assert made(a=Verdict.UNDECIDED, b=Verdict.REFUTED).status() is Verdict.REFUTED
    assert made().status() is Verdict.UNDECIDED
    assert replace(made(a=Verdict.PROVED), is_cited=True).status() is Verdict.UNDECIDED


BROKEN: list[tuple[Any, str, Any, Callable[[], Verdict]]] = [
    (t1, "bound_readout", lambda cell: F(1, 2), t1.the_named_cells_are_bounded_by_one),
    (t1, "bound_readout", lambda cell: F(1), t1.unbounded_states_are_not_covered),
    (t1, "SATURATION", 2, t1.one_is_the_least_bound),
    (t1, "range_of_readout", lambda program: (F(-1, 8), F(1, 8)), t1.random_runs_stay_inside),
    (t2, "is_analytic", lambda cell: True, t2.relu_and_linear_are_not_covered),
    (t2, "is_analytic", lambda cell: False, t2.the_named_cells_are_analytic_and_bounded),
    (t2, "bound_readout", lambda cell: None, t2.grids_and_tolerances_are_not_forbidden),
    (t3, "_sign", lambda permutation: 1, t3.generic_matrices_satisfy_their_polynomial),
    (t3, "recall_error", lambda response: F(0), t3.the_error_formula_is_the_verifiers),
    (t3, "recall_error", lambda response: F(0), t3.no_exact_weights_are_found_beyond_d),
    (t3, "floor", lambda regime: t4.Floor(F(0), "", {}), t3.n_up_to_d_is_exact),
    (t3b, "check_non_expanding", lambda a: Verdict.PROVED, t3b.expanding_matrices_are_not_covered),
    (t3b, "check_non_expanding", lambda a: Verdict.UNDECIDED, t3b.the_bound_is_attained),
    (t3b, "sharp_weights", lambda d: t3b.realise([0] * d, [0] * d), t3b.the_bound_is_attained),
    (t3b, "sharp_weights", lambda d: t3b.realise([0] * d, [0] * d), t3b.a_smaller_constant_would_be_false),
    (t3b, "recall_error", lambda response: F(0), t3b.the_bound_holds_on_exact_instances),
    (t3b, "CLIMBS", 1, t3b.searched_poles_do_no_better),
    (t3c, "HORIZONS", {2: 4, 10: 869}, t3c.the_stated_horizons_are_right),
    (t3c, "HORIZONS", {2: 3}, t3c.the_stated_horizons_are_right),
    (t3c, "LONGEST_SEARCH", 4, t3c.integer_multiples_are_found),
    (t3c, "least_error", lambda found, n: F(1), t3c.shorter_horizons_would_be_false),
    (t3c, "worthless_horizon", lambda d: d, t3c.searched_weights_stay_above),
    (t3c, "_is_height_one_multiple", lambda multiple, low_first: False, t3c.pigeonhole_multiples_are_found),
    (t4, "floor", lambda regime: t4.Floor(F(1), "", {}), t4.one_bit_is_possible),
    (t4, "floor", lambda regime: t4.Floor(F(1), "", {}), t4.other_questions_are_not_covered),
    (t4, "floor", lambda regime: t4.Floor(F(1, 4), "", {}), t4.two_bits_are_impossible),
    (t4, "recall_error", lambda response: abs(1 - response[-1]), t4.searched_responses_do_no_better),
    (t6, "floor", lambda regime: t4.Floor(None, "", {}), t6.n_up_to_d_minus_two_is_exact),
    (t6, "floor", lambda regime: t4.Floor(None, "", {}), t6.products_are_not_covered),
    (t6, "limit_network", lambda weights: weights, t6.the_limit_is_homogeneous_and_near),
    (t6, "_distance", lambda weights, n: F(0), t6.the_limit_is_homogeneous_and_near),
    (t6, "_c12", lambda n, d: t6.random_weights(t6.random.Random(0), "relu", d, 1), t6.the_state_has_rank_n),
    (t6, "_c12", lambda n, d: t6.random_weights(t6.random.Random(0), "relu", d, 1), t6.other_counts_would_be_false),
    (t6, "witnesses", lambda weights, regime: iter(()), t6.a_unit_less_is_refuted),
    (t6, "witnesses", lambda weights, regime: iter(()), t6.searched_weights_miss),
    (t7, "LARGEST_COVER", 1, t7.sampled_fixed_points_are_isolated),
    (t7, "_has_at_most_one", lambda runner, box: True, t7.a_degenerate_fixed_point_is_left_undecided),
    (t7, "EXPONENTIAL", frozenset({"relu"}), t7.the_named_cells_are_built_from_exponentials),
    (t7, "EXPONENTIAL", frozenset({"relu", "affine"}), t7.linear_and_relu_continua_are_not_covered),
]


@pytest.mark.parametrize(("module", "name", "value", "check"), BROKEN, ids=[f"{b[3].__name__}-{b[1]}" for b in BROKEN])
def test_checks_fail_where_something_is_broken(
    module: Any, name: str, value: Any, check: Callable[[], Verdict], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, name, value)
    assert check() is not Verdict.PROVED

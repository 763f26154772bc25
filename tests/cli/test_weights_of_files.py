"""`verify weights FILE`: a proved bracket, and one clear line for everything that is not a supported network."""

import importlib
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from commands import fields, verify
from flint import arb

from constructions import construct
from verifier import any_weights
from verifier.any_weights import Bracket, Moment, bracket
from verifier.arithmetic.balls import Balls, exact_fraction, to_ball
from verifier.cli.weights import _draw
from verifier.exact import parse_rational
from verifier.expansion import bound_by_expansion
from verifier.formats import decode, encode, weights_of
from verifier.observed import error_of
from verifier.program import record
from verifier.regime import Regime
from verifier.verdict import Verdict
from verifier.weights import Weights

FOLDER = Path(__file__).parent.parent / "reference" / "networks"
TRAINED = Path(__file__).parent.parent / "networks"


def test_a_network_of_somebody_else_is_refuted_with_a_witness():
    run = verify("weights", FOLDER / "lstm.pt", "--n", 3)
    said = fields(run.out)
    assert (run.code, run.err, said["verdict"]) == (4, "", "REFUTED")
    assert Fraction(said["lower"]) > Fraction(said["tolerance"]) == Fraction(1, 10)
    told = " ".join(run.out.split())
    assert "head.weight = fc.weight" in told
    assert "M/10, as no --tolerance was given" in told
    assert "attained by x =" in told
    assert "A runtime rounds every operation, which these bounds do not cover" in told


@pytest.mark.parametrize(("tolerance", "verdict", "code"), [("2.9146", "PROVED", 0), ("1.6", "REFUTED", 4), ("2", "UNDECIDED", 3)])
def test_the_verdict_follows_the_bracket(tolerance, verdict, code):
    """The box is [-3, 3], so that a tolerance of 2 asks for something; the bracket of M = 1 is [1.648, 2.915]."""
    weights = FOLDER / "lstm.pt"
    run = verify("weights", weights, "--n", 2, "--bound", 3, "--tolerance", tolerance, "--quiet")
    said = fields(run.out)
    lower, upper, asked = (Fraction(said[k]) for k in ("lower", "upper", "tolerance"))
    expected = "PROVED" if upper <= asked else "REFUTED" if lower > asked else "UNDECIDED"
    assert said["verdict"] == expected
    assert run.code == {"PROVED": 0, "REFUTED": 4, "UNDECIDED": 3}[expected]


def test_the_bracket_is_sharp_for_a_construction():
    made = construct("lstm", 50, 30, hidden=2)
    found = bracket(made.weights, Regime("lstm", 50, Fraction(1), Fraction(1, 10), hidden=2))
    with Balls(found.working_bits).working():
        assert found.verdict is Verdict.PROVED
        assert not found.lower > found.upper
        assert found.upper * to_ball(Fraction(999, 1000)) <= found.lower
        assert found.upper <= to_ball(made.regime.tolerance)
        attained = error_of(record(made.weights), found.witness)
        assert attained >= found.lower.lower()


def test_a_horizon_out_of_reach_is_undecided():
    """The upper end is what the range of the output allows, and no more is known."""
    run = verify("weights", FOLDER / "lstm.pt", "--n", 100_000, "--tolerance", "0.99", "--steps", 10, "--quiet")
    said = fields(run.out)
    found, _ = weights_of(decode(".pt", (FOLDER / "lstm.pt").read_bytes()), "lstm", [])
    most = 1 + sum(abs(value) for name in ("V", "v0") for _, value in found[name])
    assert (run.code, said["verdict"], said["lower"]) == (3, "UNDECIDED", "none")
    assert most <= Fraction(said["upper"]) < most + Fraction(1, 10**4)


@pytest.fixture
def arrays():
    return {
        "rnn.weight_ih_l0": np.ones((2, 1)),
        "rnn.weight_hh_l0": np.zeros((2, 2)),
        "a.weight": np.full((1, 2), 0.5),
        "b.weight": np.full((1, 2), 0.25),
    }


def test_maps_overrule_the_guess(tmp_path, arrays):
    np.savez(tmp_path / "m.npz", **arrays)
    options = ("m.npz", "--arch", "relu", "--n", 1, "--tolerance", "0.99")
    run = verify("weights", *options, folder=tmp_path)
    assert run.code == 2
    assert "the head could be a.weight, b.weight" in run.err
    for head, other in (("a", "b"), ("b", "a")):
        run = verify("weights", *options, "--map", f"head.weight={head}.weight", "--map", f"ignore={other}.weight", folder=tmp_path)
        assert f"head.weight = {head}.weight" in run.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["m.npz"], "Missing option '--n'"),
        (["m.h5", "--n", "3"], "'.h5'; choose one of .pt"),
        (["nowhere.npz", "--n", "3"], "cannot read nowhere.npz"),
        (["m.npz", "--n", "3", "--arch", "lsmt"], "--arch lsmt is unknown"),
        (["m.npz", "--n", "3", "--arch", "relu", "--map", "head"], "not of the form ROLE=NAME"),
        (["m.npz", "--n", "3", "--arch", "relu", "--map", "tail=a.weight"], "'tail' is no part of a network"),
        (["m.npz", "--n", "3", "--arch", "lstm"], "[4·d, d]"),
        (["bad.npz", "--n", "3"], "not a whole npz file"),
        (["bad.pt", "--n", "3"], "not a zip archive"),
        (["bad.safetensors", "--n", "3"], "safetensors"),
        (["bad.json", "--n", "3"], "not a JSON file"),
        (["m.npz", "--n", "0"], "at least 1"),
        ([".", "--n", "3"], "choose one of"),
    ],
)
def test_bad_input_is_one_line(tmp_path, arrays, arguments, words):
    arrays["head.weight"] = arrays.pop("a.weight")
    del arrays["b.weight"]
    np.savez(tmp_path / "m.npz", **arrays)
    for suffix in (".npz", ".pt", ".safetensors", ".json"):
        (tmp_path / f"bad{suffix}").write_bytes(b"nonsense")
    run = verify("weights", *arguments, folder=tmp_path)
    assert (run.code, run.out) == (2, "")
    assert len(run.err.splitlines()) == 1
    assert words in run.err


def test_the_note_of_an_exported_file_is_shown_and_not_believed(tmp_path):
    weights = construct("relu", 5, exact_recall=True, hidden=3).weights
    note = {"written_by": "somebody", "claim": "anything", "question": "any", "weights_sha256": weights.sha256}
    (tmp_path / "m.json").write_bytes(encode(".json", weights, None, note))
    run = verify("weights", "m.json", "--n", 4, folder=tmp_path)
    assert "somebody says: anything (any); not used below" in " ".join(run.out.split())
    (tmp_path / "m.json").write_bytes(encode(".json", weights, None, {**note, "weights_sha256": "0"}))
    run = verify("weights", "m.json", "--n", 4, folder=tmp_path)
    assert "the file's note is about other weights" in run.out


def test_a_horizon_of_every_n_is_no_less_than_n_alone():
    lowers = []
    for horizon in ("fixed", "upto"):
        said = fields(verify("weights", FOLDER / "tanh.pt", "--arch", "tanh", "--n", 3, "--horizon", horizon, "--quiet").out)
        lowers.append(Fraction(said["lower"]))
    assert lowers[0] <= lowers[1]


def test_the_bracket_is_drawn(tmp_path):
    (tmp_path / "m.json").write_bytes(encode(".json", construct("lstm", 5, 6, hidden=2).weights, None, {}))
    run = verify("weights", "m.json", "--n", 5, "--quiet", "--plot", "p.svg", folder=tmp_path)
    assert (run.code, run.err, run.out.split()[0]) == (0, "", "PROVED")
    assert (tmp_path / "p.svg").read_bytes().startswith(b"<?xml")


def test_where_the_box_is_divided_its_boxes_are_drawn_and_nothing_is_walked_again(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr("verifier.cli.weights.draw_figures", lambda path, figures: drawn.extend(figures))
    monkeypatch.setattr("verifier.cli.weights.walked", None)
    made = construct("lstm", 5, 6, hidden=2).weights
    divided = refused(Verdict.UNDECIDED)(made, Regime("lstm", 5, Fraction(1), Fraction(1, 10), hidden=2))
    _draw(tmp_path / "p.svg", replace(divided, moments=(Moment(16, 0.1, 0.2),)), 10, 0)
    assert [figure.name for figure in drawn] == ["boxes"]


def test_weights_without_error_have_nothing_to_draw(tmp_path):
    made = construct("relu", 4, exact_recall=True, hidden=3).weights
    (tmp_path / "m.json").write_bytes(encode(".json", made, None, {}))
    run = verify("weights", "m.json", "--n", 4, "--quiet", "--plot", "p.svg", folder=tmp_path)
    assert (run.code, run.out.split()[0]) == (0, "PROVED")
    assert run.err == "verify: nothing drawn to p.svg: there is nothing to show\n"
    assert not (tmp_path / "p.svg").exists()


def refused(verdict):
    """A bracket that tells nothing."""
    return lambda weights, regime, **_: Bracket(weights, regime, arb(0), (), None, verdict, "nothing was tried", 128, 0.0)


@pytest.mark.parametrize(
    ("architecture", "asked", "theorem"),
    [
        (("mingru", 4, {"precision": 6, "horizon": "fixed", "hidden": 4}), ("--n", "9", "--horizon", "upto"), "T5"),
        (("mingru", 2, {"precision": 6, "horizon": "fixed", "hidden": 2}), ("--n", "7"), "T5b"),
        (("linear", 5, {"precision": 3, "horizon": "fixed", "hidden": 2}), ("--n", "6", "--horizon", "upto"), "T4"),
    ],
)
def test_weights_against_a_theorem_are_refuted_by_a_word_of_its_proof(architecture, asked, theorem, tmp_path, monkeypatch):
    name, n, options = architecture
    file = tmp_path / "m.json"
    file.write_bytes(encode(".json", construct(name, n, **options).weights, None, {}))
    monkeypatch.setattr("verifier.cli.weights.bracket", refused(Verdict.UNDECIDED))
    code, out, err = verify("weights", file, *asked)
    said = fields(out)
    assert (code, said["verdict"], err) == (4, "REFUTED", "")
    assert theorem in said["forbidden_by"].split(",")
    assert Fraction(said["lower"]) > Fraction(1, 10)
    assert f"a sequence out of the proof of {theorem} misses by more than the tolerance" in " ".join(out.split())
    assert "no weights of " in out


def test_what_no_theorem_forbids_stays_as_the_bracket_left_it(tmp_path, monkeypatch):
    file = tmp_path / "m.json"
    file.write_bytes(encode(".json", construct("lstm", 5, 6, hidden=2).weights, None, {}))
    monkeypatch.setattr("verifier.cli.weights.bracket", refused(Verdict.UNDECIDED))
    code, out, _ = verify("weights", file, "--n", "5")
    assert code == 3
    assert "forbidden_by=none" in out
    assert "forbidden   " not in out


def test_a_trained_network_is_divided_until_the_gap_is_closed_whatever_the_tolerance():
    pytest.importorskip("numba")
    run = verify("weights", TRAINED / "gru3.npz", "--arch", "gru-after-keep", "--n", 3)
    said = fields(run.out)
    assert (run.code, run.err, said["verdict"]) == (0, "", "PROVED")
    assert Fraction(said["lower"]) <= Fraction(said["upper"]) <= Fraction(21, 20) * Fraction(said["lower"])
    assert "boxes were bounded" in run.out
    assert "left to divide" not in run.out


def test_boxes_beyond_the_floats_are_bounded():
    run = verify("weights", TRAINED / "gru3.npz", "--arch", "gru-after-keep", "--n", 3, "--bound", "1e400", "--quiet")
    said = fields(run.out)
    assert (run.code, run.err, said["verdict"]) == (4, "", "REFUTED")
    assert Fraction(99, 100) * 10**400 < Fraction(said["lower"]) <= Fraction(said["upper"]) < Fraction(101, 100) * 10**400


HUGE = 10**100_000


@pytest.mark.parametrize(
    ("weights", "worst"),
    [
        (Weights("gru-after-keep", 2, {"b_z": {(0,): 3}, "U_n": {(0,): 1}, "V": {(0,): -HUGE}}), ("1e99999", "1e100000")),
        (Weights("relu", 2, {"W_h": {(0, 0): HUGE, (0, 1): 1}, "U_h": {(0,): 1}, "V": {(0,): 1}}), ("9e199999", "2e200000")),
        (Weights("tanh", 2, {"W_h": {(0, 0): HUGE, (0, 1): 1}, "U_h": {(0,): 1}, "V": {(0,): 1}}), ("0.9", "2")),
    ],
    ids=lambda case: case.cell if isinstance(case, Weights) else "",
)
def test_huge_weights_are_decided_soon(tmp_path, weights, worst):
    """They ask for no precision that nothing comes of; exact errors of 200,000 digits are compared and printed."""
    (tmp_path / "m.json").write_bytes(encode(".json", weights, None, {}))
    run = verify("weights", tmp_path / "m.json", "--n", 3, "--quiet")
    said = fields(run.out)
    assert (run.code, run.err, said["verdict"]) == (4, "", "REFUTED")
    assert Fraction(worst[0]) <= Fraction(said["lower"]) <= Fraction(said["upper"]) <= Fraction(worst[1])


def test_series_of_balls_that_are_too_wide_bound_nothing():
    found, _ = weights_of(decode(".npz", (TRAINED / "gru5.npz").read_bytes()), "gru-after-keep", [])
    with Balls(100).working():
        assert bound_by_expansion(record(found), Fraction(1), 5, True, Fraction(1, 10)) is None


def test_no_error_exceeds_what_the_range_of_the_output_allows(monkeypatch):
    """|y| <= |V_0| + |V_1| + |v0|; a readout that no range was found for has no such bound."""
    chaotic = {
        "W_h": {(0, 0): 7, (0, 1): 3, (1, 0): -5, (1, 1): 2},
        "U_h": {(0,): 2, (1,): 1},
        "V": {(0,): 1, (1,): Fraction(1, 2)},
    }
    for domain, most in (("box", Fraction(11, 4)), ("reals", None)):
        regime = Regime("tanh", 10**7, Fraction(1), Fraction(1, 10), hidden=2, domain=domain)
        found = bracket(Weights("tanh", 2, {**chaotic, "v0": {(): Fraction(-1, 4)}}), regime)
        assert (None if found.upper is None else exact_fraction(found.upper)) == most
    grown = Weights("relu", 1, {"W_h": {(0, 0): 2}, "U_h": {(0,): 1}, "V": {(0,): 1}})
    pytest.importorskip("numba")
    search = importlib.import_module("verifier.bracket.search")
    wide = search.Bracket(Fraction(1000), (Fraction(1),) * 5, 0.0, 1, 1, False, 3)
    monkeypatch.setattr(search, "search_bracket", lambda *_: wide)
    monkeypatch.setattr(any_weights, "_is_dense", lambda _: True)
    for weights, most in ((Weights("tanh", 2, chaotic), Fraction(5, 2)), (grown, Fraction(1000))):
        regime = Regime(weights.cell, 5, Fraction(1), Fraction(1, 10), hidden=weights.hidden, horizon="fixed")
        assert exact_fraction(bracket(weights, regime).upper) == most


@pytest.mark.parametrize(("value", "shown"), [("1e400", "1e400"), ("1e2000", "1e2000"), ("469", "469")])
def test_weights_beyond_the_floats_are_printed(tmp_path, value, shown):
    weights = Weights("lstm", 1, {"b_i": {(0,): parse_rational(value)}, "V": {(0,): 1}})
    (tmp_path / "m.json").write_bytes(encode(".json", weights, None, {}))
    run = verify("weights", tmp_path / "m.json", "--n", 1)
    assert run.code == 4
    assert f"the largest is {shown}" in " ".join(run.out.split())

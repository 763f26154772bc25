"""`verify` of the diagonal cells: names as people write them, answers, last lines, exit codes, one-line errors."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from commands import Finished

from constructions import ALIASES, ARCHITECTURES, canonical, construct

WRITTEN = {
    "minGRU": "mingru",
    "MinLSTM": "minlstm",
    "LRU": "lru",
    "S4": "s4d",
    "S5": "s5",
    "S6": "selective",
    "Mamba": "selective",
    "LSTM": "lstm",
    "Diagonal": "diagonal",
}

MISSPELT = {"mingur": "mingru", "minlst": "minlstm", "diagnal": "diagonal", "lruu": "lru"}


@pytest.mark.parametrize(("written", "known"), WRITTEN.items())
def test_names_as_people_write_them(written: str, known: str, verify: Callable[..., Finished]) -> None:
    assert canonical(written) == known
    assert construct(written, 2, 5, horizon="fixed").regime.architecture == known
    code, out, err = verify(written, "--n", "2", "--horizon", "fixed", "--precision", "5", "--quiet")
    assert (code, err) == (0, "")
    assert out.startswith(f"PROVED architecture={known} ")


def test_aliases_lead_somewhere_and_shadow_nothing() -> None:
    assert set(ALIASES.values()) <= set(ARCHITECTURES)
    assert not set(ALIASES) & set(ARCHITECTURES)


@pytest.mark.parametrize(("written", "meant"), MISSPELT.items())
def test_misspelt_names(written: str, meant: str, verify: Callable[..., Finished]) -> None:
    code, out, err = verify(written)
    assert (code, out) == (2, "")
    assert f"did you mean {meant!r}" in err
    assert len(err.splitlines()) == 1


def test_the_lattice_bound_is_shown_with_both_sides(verify: Callable[..., Finished]) -> None:
    code, out, err = verify("diagonal", "--horizon", "upto", "--n", "8")
    text = " ".join(out.split())
    assert (code, err) == (0, "")
    assert "e >= M(1 - 1/C(7,3)) = 34/35 M; over the inputs ±M this is the exact minimum" in text
    assert "dual measure on words of length 8: at least 34/35: PROVED" in text
    assert "primal tables for inputs ±1: exactly 34/35: PROVED" in text
    assert "C16 reaches it exactly: error 34/35 at every n <= 8, all x_t in [-1, 1], PROVED" in text
    assert out.splitlines()[-1].startswith("PROVED impossible architecture=diagonal theorem=T5 horizon=upto n=8 ")
    assert "least_error=34/35" in out.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "fields"),
    [
        (("minGRU", "--horizon", "upto", "--n", "10"), ("theorem=T5", "least_error=125/126", "best_known=0.998047")),
        (("S4", "--horizon", "forever"), ("architecture=s4d", "theorem=T5", "least_error=1", "best_known=none")),
        (("mamba", "--n", "5"), ("architecture=selective", "least_error=2/3")),
        (("lru", "--domain", "reals", "--n", "3"), ("least_error=infinite",)),
        (("minlstm", "--horizon", "fixed", "--n", "1000", "--hidden", "3"), ("theorem=T5b", "least_error=0.125")),
        (("diagonal", "--horizon", "fixed", "--n", "40", "--exact"), ("theorem=T5b", "tolerance=0")),
        (("diagonal", "--n", "10^18"), ("n=1000000000000000000", "best_known=none")),
        (("diagonal", "--n", "3", "--domain", "grid", "--bits", "3"), ("bits=3", "least_error=0.5")),
    ],
)
def test_impossible(arguments: tuple[str, ...], fields: tuple[str, ...], verify: Callable[..., Finished]) -> None:
    code, out, err = verify(*arguments, "--quiet")
    assert (code, err) == (0, "")
    assert out.startswith("PROVED impossible ")
    assert all(f" {field}" in out for field in fields)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("minGRU", "--horizon", "fixed", "--n", "33"), "T5b forbids (n >= 34)"),
        (("minGRU", "--horizon", "fixed", "--n", "3", "--exact"), "irrational"),
        (("selective", "--n", "3"), "C15-selective reaches 0.75025"),
        (("minGRU", "--n", "5", "--tolerance", "0.9"), "T5 forbids errors below 5/6, C15-min reaches"),
        (("diagonal", "--n", "5", "--domain", "grid", "--bits", "1", "--horizon", "forever"), "sign of y"),
    ],
)
def test_open_questions_end_with_three(arguments: tuple[str, ...], words: str, verify: Callable[..., Finished]) -> None:
    code, out, _ = verify(*arguments)
    assert code == 3
    assert words in " ".join(out.split())
    assert out.splitlines()[-1].startswith("UNDECIDED ")


def test_json_holds_the_certificate_of_the_best_weights(verify: Callable[..., Finished]) -> None:
    code, out, _ = verify("diagonal", "--n", "4", "--json")
    data = json.loads(out)
    assert code == 0
    assert (data["impossible"], data["least_error"], data["best"]["verdict"]) == (True, "2/3", "PROVED")


def test_certificates_of_diagonal_cells_are_checked(verify: Callable[..., Finished]) -> None:
    for cell in ("minGRU", "LRU", "diagonal", "selective"):
        assert verify(cell, "--n", "3", "--horizon", "fixed", "--precision", "9", "--certificate", "c.json", "--quiet")[0] == 0
        code, out, err = verify("check", "c.json")
        assert (code, err) == (0, "")
        assert "confirmed" in out


@pytest.mark.parametrize("name", ["T5", "t5b", "C14", "c16", "C15-lru"])
def test_explain(name: str, verify: Callable[..., Finished]) -> None:
    code, out, err = verify("explain", name)
    assert (code, err) == (0, "")
    assert out.splitlines()[-1].lower().startswith(f"proved theorem={name.lower()} ")

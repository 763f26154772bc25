"""`verify inspect FILE`: what a network does, and one clear line for what cannot be looked at."""

import json
from fractions import Fraction
from pathlib import Path

import pytest
from commands import verify

NETWORKS = Path(__file__).parent.parent / "networks"


def test_a_trained_network_shows_who_carries_x_1(tmp_path):
    picture = tmp_path / "p.svg"
    run = verify("inspect", NETWORKS / "gru3.npz", "--n", 3, "--plot", picture)
    assert (run.code, run.err) == (0, "")
    told = run.out
    for words in ("share of ∂y_n/∂x_1", "units with the gate open", "every sequence", "others", "along the run"):
        assert words in told
    assert told.splitlines()[-1].startswith("PROVED architecture=gru-after-keep n=3 ")
    assert picture.read_text().count("</svg>") == 1


def test_json_holds_enclosures_of_everything():
    run = verify("inspect", NETWORKS / "lstm3.npz", "--inputs", "1,-1*2", "--json")
    assert run.code == 0
    data = json.loads(run.out)
    assert data["inputs"] == [["1", 1], ["-1", 2]]
    assert [moment["t"] for moment in data["memory"]] == [1, 2, 3]
    for moment in data["memory"]:
        low, high = (Fraction(moment["every_sequence"][end]) for end in ("lower", "upper"))
        inner = [Fraction(moment["along_run"][end]) for end in ("lower", "upper")]
        assert low <= inner[0] <= inner[1] <= high
    assert len(data["carriers"]) == 32
    assert len(data["gates"][0]) == 4 * 32


def test_an_exported_construction_is_seen_through(tmp_path):
    path = tmp_path / "m.json"
    assert verify("export", "lstm", "--n", 30, "--precision", 12, "-o", path).code == 0
    run = verify("inspect", path, "--n", 30)
    assert "memory  1 - 2.14e-12" in run.out
    assert "carriers=memory" in run.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--n", "4", "--inputs", "1,-1"], "--inputs has 2 inputs, --n says 4"),
        (["--inputs", "1,2"], "2 is outside [-M, M] with M = 1"),
        (["--inputs", "1,x"], "number 'x' is not an exact number"),
        (["--inputs", ""], "is not an exact number"),
        (["--inputs", "1*0"], "is not VALUE*COUNT"),
        (["--inputs", "1*9999999999"], "is not VALUE*COUNT"),
        ([], "say how long the run is"),
        (["--n", "10^18"], "too many to walk over the box"),
        (["--inputs", "1*90000"], "look at a shorter run"),
        (["--n", "20000"], "too many to walk over the box"),
        (["--n", "3", "--bound", "0"], "--bound is M > 0, not 0"),
        (["--n", "3", "--plot", "p.gif"], "the name must end in"),
    ],
)
def test_refusals_are_one_line(arguments, words):
    run = verify("inspect", NETWORKS / "lstm3.npz", *arguments)
    assert (run.code, run.out) == (2, "")
    assert run.err.count("\n") == 1
    assert words in run.err

"""Exact, immutable, named weights."""

import json
from fractions import Fraction

import pytest
from core_cases import few_laws, laws, random_weights
from hypothesis import given
from hypothesis import strategies as st

from verifier.cells import CELLS
from verifier.errors import UsageError
from verifier.weights import LARGEST_HIDDEN, ExactArray, Weights

SMALL = Weights("lstm", 2, {"W_i": {(1, 0): -8}, "b_f": {(0,): -3}, "V": {(1,): Fraction(1, 3)}, "v0": {(): 2}}, ("s", "m"))


@pytest.mark.parametrize("value", [0.5, 0.0, 1.0, float("nan"), True, "1", None])
@pytest.mark.parametrize(("block", "index"), [("b_f", (0,)), ("W_g", (0, 1)), ("v0", ()), ("c_0", (1,))])
def test_only_exact_entries(block, index, value):
    with pytest.raises(TypeError):
        Weights("lstm", 2, {block: {index: value}})
    with pytest.raises(TypeError):
        SMALL.replace({(block, index): value})


@pytest.mark.parametrize("index", [(2,), (-1,), (0, 0), ()])
def test_index_outside(index):
    with pytest.raises(IndexError, match="b_f"):
        Weights("lstm", 2, {"b_f": {index: 1}})


@pytest.mark.parametrize("hidden", [0, -1, LARGEST_HIDDEN + 1, True, 2.0, "2", None])
def test_hidden_refused(hidden):
    with pytest.raises(UsageError):
        Weights("lstm", hidden, {})


@pytest.mark.parametrize(("cell", "blocks", "units"), [("gru2", {}, ()), ("lstm", {"W_z": {}}, ()), ("lstm", {}, ("a", "b", "c"))])
def test_unknown_parts(cell, blocks, units):
    with pytest.raises(UsageError):
        Weights(cell, 2, blocks, units)


@pytest.mark.parametrize("name", ["cell", "hidden", "units", "_blocks", "_digest", "new"])
def test_cannot_be_set(name):
    with pytest.raises(AttributeError):
        setattr(SMALL, name, 1)


def test_cannot_be_deleted():
    weights = SMALL.replace({})
    with pytest.raises(AttributeError):
        del weights.cell
    assert weights.cell == "lstm"


def test_blocks_are_copies():
    SMALL.blocks().clear()
    assert SMALL["V"][1,] == Fraction(1, 3)
    with pytest.raises(AttributeError):
        SMALL["V"].shape = (3,)
    source = {"V": {(0,): 1}}
    weights = Weights("lstm", 1, source)
    source["V"][0,] = 5
    assert weights["V"][0,] == 1


def test_zeros_are_not_stored():
    explicit = Weights("lstm", 2, {"V": {(0,): 0, (1,): 1}})
    assert explicit == Weights("lstm", 2, {"V": {(1,): 1}})
    assert explicit.sha256 == Weights("lstm", 2, {"V": {(1,): 1}}).sha256
    assert len(explicit["V"]) == 1
    assert explicit["V"][0,] == 0


def test_order_of_entries_does_not_matter():
    assert ExactArray.build((3,), {(2,): 1, (0,): 2}) == ExactArray.build((3,), {(0,): 2, (2,): 1})


def test_names_largest_and_repr():
    assert [SMALL.unit_name(k) for k in (0, 1, 2)] == ["s", "m", "2"]
    assert SMALL.largest == 8
    assert Weights("lstm", 1, {}).largest == 0
    assert "4 nonzero" in repr(SMALL)
    assert SMALL.sha256[:12] in repr(SMALL)


def test_hash_changes_with_any_entry():
    """Every entry of every block of a dense net of two units."""
    weights = random_weights(1, 2)
    seen = {weights.sha256}
    places = [
        (name, index)
        for name, shape in CELLS["lstm"].block_shapes(2).items()
        for index in (
            [()] if not shape else [(k,) for k in range(2)] if len(shape) == 1 else [(j, k) for j in range(2) for k in range(2)]
        )
    ]
    assert len(places) == 4 * (4 + 2 + 2) + 2 + 2 + 2 + 1
    for name, index in places:
        changed = weights.replace({(name, index): weights[name][index] + Fraction(1, 10**50)})
        assert changed != weights
        seen.add(changed.sha256)
    assert len(seen) == len(places) + 1


def test_hash_and_equality_of_size_and_names():
    wider = Weights("lstm", 3, {name: dict(array) for name, array in SMALL.blocks().items()})
    assert wider != SMALL
    assert wider.sha256 != SMALL.sha256
    unnamed = Weights("lstm", 2, {name: dict(array) for name, array in SMALL.blocks().items()})
    assert unnamed == SMALL
    assert hash(unnamed) == hash(SMALL)
    assert SMALL != "weights"


@few_laws
@given(st.integers(0, 10**6), st.integers(1, 4), st.floats(0, 1))
def test_json_round_trip(seed, hidden, density):
    weights = random_weights(seed, hidden, density=density)
    again = Weights.from_data(json.loads(json.dumps(weights.to_data())))
    assert again == weights
    assert again.sha256 == weights.sha256


@laws
@given(st.fractions())
def test_any_rational_survives(value):
    weights = Weights("lstm", 1, {"v0": {(): value}})
    assert Weights.from_data(json.loads(json.dumps(weights.to_data())))["v0"][()] == value


@pytest.mark.parametrize(
    "change",
    [
        {"cell": 3},
        {"cell": "unknown"},
        {"cell": ["lstm"]},
        {"hidden": "2"},
        {"hidden": 2.0},
        {"hidden": True},
        {"hidden": None},
        {"hidden": 10**9},
        {"hidden": 1},
        {"units": "sm"},
        {"units": [1]},
        {"units": ["a", "b", "c"]},
        {"blocks": []},
        {"blocks": {"V": {}}},
        {"blocks": {"nope": []}},
        {"blocks": {"V": [[0, 1]]}},
        {"blocks": {"V": [[0, 1.5]]}},
        {"blocks": {"V": [[0, "1.5.2"]]}},
        {"blocks": {"V": [[0, "nan"]]}},
        {"blocks": {"V": [[0, "1/0"]]}},
        {"blocks": {"V": [["0", "1"]]}},
        {"blocks": {"V": [[0.0, "1"]]}},
        {"blocks": {"V": [[True, "1"]]}},
        {"blocks": {"V": [[0, 0, "1"]]}},
        {"blocks": {"V": [["1"]]}},
        {"blocks": {"V": [[]]}},
        {"blocks": {"V": ["1"]}},
        {"blocks": {"V": [[2, "1"]]}},
        {"blocks": {"V": [[-1, "1"]]}},
        {"blocks": {"V": [[0, "1"], [0, "2"]]}},
        {"extra": 1},
    ],
)
def test_malformed_data(change):
    with pytest.raises(UsageError):
        Weights.from_data({**SMALL.to_data(), **change})


@pytest.mark.parametrize("data", [None, [], "x", 3, {}])
def test_not_even_an_object(data):
    with pytest.raises(UsageError):
        Weights.from_data(data)


def test_weights_beyond_4300_digits_have_a_hash():
    """A tolerance of 10^-12000 needs a readout of 10^6000."""
    weights = Weights("lstm", 1, {"V": {(0,): 10**6000}})
    assert Weights.from_data(weights.to_data()) == weights
    assert len(weights.sha256) == 64

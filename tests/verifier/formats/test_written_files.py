"""What is written reads back as the same exact weights, means the same function, and is refused where a format has no place."""

import json
from fractions import Fraction

import numpy as np
import pytest
from networks import random_network, rounded_network

from verifier.arithmetic.reference import Reference
from verifier.cells import CELLS
from verifier.errors import UsageError
from verifier.formats import WRITABLE, decode, encode, weights_of
from verifier.formats.layout import ONNX, TAKES, TORCH, native, stack
from verifier.formats.rounding import round_weights
from verifier.formats.safetensors_file import decode as decode_safetensors
from verifier.program import record
from verifier.run import Runner
from verifier.weights import Weights

RUNTIMES = {".onnx": ONNX, ".safetensors": TORCH, ".npz": TORCH}
NOTE = {"written_by": "a test", "weights_sha256": "0"}
SUFFIXES = [pytest.param(s, marks=pytest.mark.onnx) if s == ".onnx" else s for s in RUNTIMES]


def outputs(weights, inputs):
    """y_1, y_2, ... in 30 digits."""
    return list(Runner(record(weights), Reference(30)).outputs([Fraction(x) for x in inputs]))


def same_function(a, b):
    inputs = ["1/3", "-1", "7/8", "-1/5"]
    return all(abs(y - z) < 1e-25 for y, z in zip(outputs(a, inputs), outputs(b, inputs), strict=True))


@pytest.mark.parametrize("form", ["binary32", "binary64"])
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("cell", CELLS)
def test_round_trip(suffix, cell, form):
    weights = random_network(cell)
    runtime = RUNTIMES[suffix]
    if cell not in runtime.operators and TAKES.get(cell) not in runtime.operators:
        with pytest.raises(UsageError, match=f"{runtime.runtime} has no operator for"):
            native(weights, runtime)
        return
    stored = round_weights(native(weights, runtime), form)
    content = decode(suffix, encode(suffix, stored, form, {**NOTE, "cell": stored.cell}))
    found, _ = weights_of(content)
    assert found == stored
    assert found.sha256 == stored.sha256
    assert content.note["written_by"] == "a test"
    assert same_function(native(weights, runtime), weights)


@pytest.mark.parametrize("cell", CELLS)
def test_json_holds_every_cell_exactly(cell):
    weights = random_network(cell, start=True)
    content = decode(".json", encode(".json", weights, None, NOTE))
    assert weights_of(content)[0] == weights
    assert dict(content.note) == NOTE


@pytest.mark.parametrize(
    ("cell", "runtime", "becomes"),
    [
        ("gru", ONNX, "gru-keep"),
        ("gru-keep", ONNX, "gru-keep"),
        ("gru-after", ONNX, "gru-after-keep"),
        ("gru-after", TORCH, "gru-after-keep"),
        ("gru-after-keep", TORCH, "gru-after-keep"),
        ("linear", ONNX, "linear"),
        ("sigmoid", ONNX, "sigmoid"),
        ("gru", TORCH, None),
        ("gru-keep", TORCH, None),
        ("sigmoid", TORCH, None),
        ("linear", TORCH, None),
        ("bilinear", ONNX, None),
        ("stacked", ONNX, None),
        ("stacked", TORCH, None),
    ],
)
def test_which_runtime_has_which_cell(cell, runtime, becomes):
    weights = random_network(cell)
    if becomes is None:
        with pytest.raises(UsageError, match="has no operator"):
            native(weights, runtime)
        return
    found = native(weights, runtime)
    assert found.cell == becomes
    assert same_function(found, weights)


def test_the_sign_of_z_matters():
    """Near miss: relabelling a GRU without changing z's sign is another function."""
    weights = random_network("gru-after")
    blocks = {name: dict(array) for name, array in weights.blocks().items()}
    assert not same_function(Weights("gru-after-keep", 3, blocks), weights)


def test_a_reset_gate_of_nothing_stands_anywhere():
    """With W_n = 0 a GRU that resets before the product is one that resets after it, and PyTorch has that."""
    weights = random_network("gru")
    bare = Weights("gru", 3, {name: dict(array) for name, array in weights.blocks().items() if name != "W_n"})
    found = native(bare, TORCH)
    assert found.cell == "gru-after-keep"
    assert same_function(found, bare)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_set_initial_state_is_refused(suffix):
    with pytest.raises(UsageError, match=r"initial state.*\.json"):
        encode(suffix, random_network("lstm", start=True), "binary64", {})


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_weights_give_the_same_bytes(suffix):
    weights = rounded_network("lstm")
    assert encode(suffix, weights, "binary32", NOTE) == encode(suffix, weights, "binary32", NOTE)


def test_gate_orders_are_the_documented_ones():
    """PyTorch stacks i, f, g, o and r, z, n; ONNX i, o, f, c and z, r, h: one marked gate at a time."""
    places = [(TORCH, "lstm", "ifgo"), (TORCH, "gru-after-keep", "rzn"), (ONNX, "lstm", "iofg"), (ONNX, "gru-keep", "zrn")]
    for runtime, cell, order in places:
        for place, gate in enumerate(order):
            weights = Weights(cell, 2, {f"b_{gate}": {(0,): 1}})
            (row,) = np.flatnonzero(stack(weights, runtime.order(cell), np.float32)["bias_ih"])
            assert row == 2 * place


def test_only_the_inner_bias_goes_to_bias_hh():
    weights = Weights("gru-after-keep", 1, {"c_n": {(0,): 2}, "b_n": {(0,): 3}, "b_r": {(0,): 5}})
    arrays = stack(weights, TORCH.order("gru-after-keep"), np.float64)
    assert arrays["bias_hh"].tolist() == [0, 0, 2]
    assert arrays["bias_ih"].tolist() == [5, 0, 3]


@pytest.mark.parametrize(("value", "word"), [(Fraction(10) ** 39, "overflows"), (Fraction(1, 10**39), "underflows")])
def test_what_a_float_cannot_hold_is_refused(value, word):
    weights = Weights("linear", 2, {"V": {(1,): value}}, ("a", "b"))
    with pytest.raises(UsageError, match=rf"V\[b\].*{word} binary32"):
        round_weights(weights, "binary32")
    assert abs(round_weights(weights, "binary64")["V"][1,] / value - 1) < Fraction(1, 2**52)


def test_the_least_normal_number_still_fits():
    least = Fraction(1, 2**126)
    assert round_weights(Weights("linear", 1, {"V": {(0,): least}}), "binary32")["V"][0,] == least
    with pytest.raises(UsageError, match="underflows"):
        round_weights(Weights("linear", 1, {"V": {(0,): least / 2}}), "binary32")


def test_weights_that_are_no_floats_are_not_written():
    with pytest.raises(ValueError, match="not a float"):
        encode(".npz", random_network("lstm"), "binary32", {})


def test_float_files_need_a_format():
    with pytest.raises(UsageError, match="binary32 or binary64"):
        encode(".npz", rounded_network("lstm"), None, {})


def test_a_changed_number_in_json_is_noticed():
    data = json.loads(encode(".json", random_network("lstm"), None, {}))
    data["weights"]["blocks"]["V"][0][-1] = "17"
    with pytest.raises(UsageError, match="the file was changed"):
        decode(".json", json.dumps(data).encode())


def test_safetensors_files_are_those_of_the_library():
    library = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed")
    weights = rounded_network("lstm")
    data = encode(".safetensors", weights, "binary32", NOTE)
    arrays = library.load(data)
    assert {name: array.shape for name, array in arrays.items()}["rnn.weight_hh_l0"] == (12, 3)
    again = decode_safetensors(library.save(arrays))
    assert weights_of(again)[0] == weights


def test_npz_files_are_those_of_numpy(tmp_path):
    weights = rounded_network("gru-after-keep", "binary64")
    path = tmp_path / "w.npz"
    path.write_bytes(encode(".npz", weights, "binary64", NOTE))
    with np.load(path) as arrays:
        stored = {name: arrays[name] for name in arrays}
    assert json.loads(str(stored.pop("first_input_recall"))) == NOTE
    np.savez_compressed(path, **stored)
    assert weights_of(decode(".npz", path.read_bytes()))[0] == weights


@pytest.mark.onnx
@pytest.mark.parametrize("cell", ONNX.operators)
def test_onnx_models_pass_the_checker(cell):
    onnx = pytest.importorskip("onnx")
    model = onnx.load_model_from_string(encode(".onnx", rounded_network(cell), "binary32", NOTE))
    onnx.checker.check_model(model, full_check=True)
    assert {p.key: p.value for p in model.metadata_props} == NOTE


def test_writable_formats():
    assert set(WRITABLE) == {*RUNTIMES, ".json"}

"""Files that PyTorch, safetensors and its ONNX exporter made (tests/reference/networks): the same weights, PyTorch's outputs."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from verifier.arithmetic.reference import Reference
from verifier.formats import decode, weights_of
from verifier.formats.state_dict import roles_of
from verifier.program import record
from verifier.run import Runner

FOLDER = Path(__file__).parent.parent.parent / "reference" / "networks"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())["networks"]


def read(path, cell=None):
    return weights_of(decode(path.suffix, path.read_bytes()), cell)


@pytest.mark.parametrize("cell", EXPECTED)
def test_outputs_are_those_of_pytorch(cell):
    """Binary64 outputs of PyTorch, to 12 digits, from the exact weights in 30 digits."""
    weights, roles = read(FOLDER / f"{cell}.pt", cell)
    assert roles["head.weight"] == "fc.weight"
    inputs, outputs = np.array(EXPECTED[cell]["inputs"]), np.array(EXPECTED[cell]["outputs"])
    runner = Runner(record(weights), Reference(30))
    for x, y in zip(inputs.T, outputs.T, strict=True):
        for found, expected in zip(runner.outputs([Fraction(v) for v in x]), y, strict=True):
            assert abs(found - expected) < 1e-12


@pytest.mark.parametrize("cell", EXPECTED)
@pytest.mark.parametrize("name", ["{}.safetensors", pytest.param("{}.onnx", marks=pytest.mark.onnx), "{}-last.onnx"])
def test_every_format_has_the_same_weights(cell, name):
    if name.endswith("onnx"):
        pytest.importorskip("onnx")
    reference, _ = read(FOLDER / f"{cell}.pt", cell)
    found, _ = read(FOLDER / name.format(cell), cell)
    assert found.sha256 == reference.sha256


@pytest.mark.parametrize(("cell", "told"), [("lstm", True), ("gru-after-keep", True), ("tanh", False)])
def test_the_cell_is_told_by_the_shapes(cell, told):
    content = decode(".pt", (FOLDER / f"{cell}.pt").read_bytes())
    if told:
        assert weights_of(content)[0].cell == cell
        return
    with pytest.raises(ValueError, match="--arch tanh or --arch relu"):
        weights_of(content)


def test_roles_can_be_chosen():
    tensors = decode(".pt", (FOLDER / "lstm.pt").read_bytes()).tensors
    renamed = {name.replace("rnn.", "").replace("_l0", "").replace("fc", "out"): tensor for name, tensor in tensors.items()}
    guessed = roles_of(renamed)
    assert guessed["weight_hh"] == "weight_hh"
    odd = {f"a{k}": tensor for k, tensor in enumerate(tensors.values())}
    names = dict(zip(tensors, odd, strict=True))
    chosen = [
        ("weight_ih", names["rnn.weight_ih_l0"]),
        ("weight_hh", names["rnn.weight_hh_l0"]),
        ("bias_ih", names["rnn.bias_ih_l0"]),
        ("bias_hh", names["rnn.bias_hh_l0"]),
        ("head.weight", names["fc.weight"]),
        ("head.bias", names["fc.bias"]),
    ]
    assert roles_of(odd, chosen) == dict(chosen)


def test_a_network_of_decimals_in_json():
    """A state_dict dumped as nested lists: decimals are the rationals they are written as."""
    text = '{"weight_ih_l0": [[0.1]], "weight_hh_l0": [["1/3"]], "fc.weight": [[-2e-1]], "fc.bias": [7]}'
    weights, _ = weights_of(decode(".json", text.encode()), "tanh")
    assert (weights["U_h"][0,], weights["W_h"][0, 0]) == (Fraction(1, 10), Fraction(1, 3))
    assert (weights["V"][0,], weights["v0"][()]) == (Fraction(-1, 5), 7)


@pytest.mark.torch
def test_more_pt_files_of_pytorch(tmp_path):
    """Transposed and shared storages, half precision, bfloat16, checkpoints with counters, parameters."""
    import torch

    base = torch.arange(12, dtype=torch.float32).reshape(4, 3) / 8
    tensors = {
        "rnn.weight_ih_l0": torch.ones(4, 1, dtype=torch.bfloat16) * 1.5,
        "rnn.weight_hh_l0": torch.arange(16, dtype=torch.float64).reshape(4, 4).T / 16,
        "rnn.bias_ih_l0": base[:, 1],
        "fc.weight": torch.nn.Parameter(torch.full((1, 4), 0.25, dtype=torch.float16)),
    }
    torch.save(
        {"epoch": 3, "state_dict": tensors, "optimizer": {"step": torch.tensor(7), "names": ["a", None, 1.5]}}, tmp_path / "c.pt"
    )
    weights, roles = read(tmp_path / "c.pt", "tanh")
    assert roles["weight_hh"] == "state_dict.rnn.weight_hh_l0"
    assert weights["W_h"][1, 0] == Fraction(1, 16)
    assert weights["W_h"][0, 1] == Fraction(4, 16)
    assert weights["b_h"][2,] == Fraction(7, 8)
    assert (weights["U_h"][0,], weights["V"][3,]) == (Fraction(3, 2), Fraction(1, 4))

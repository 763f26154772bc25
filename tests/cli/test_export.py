"""`verify export`: what is asked is proved of what is written, or nothing is written."""

import json
from fractions import Fraction

import pytest
from commands import fields, importing_the_same, verify, verify_in_own_process

from verifier.formats import decode, weights_of


def onnx_or_skip(suffix):
    if suffix == ".onnx":
        pytest.importorskip("onnx")


@pytest.mark.parametrize(
    ("suffix", "architecture", "form"),
    [
        (".onnx", "lstm", "binary32"),
        (".onnx", "gru", "binary64"),
        (".safetensors", "lstm", "binary32"),
        (".npz", "lstm", "binary64"),
        (".json", "gru", "binary32"),
    ],
)
def test_the_file_holds_what_was_proved(tmp_path, suffix, architecture, form):
    onnx_or_skip(suffix)
    path = tmp_path / f"m{suffix}"
    run = verify("export", architecture, "--n", 300, "--hidden", 4, "-o", path, "--profile", form)
    assert (run.code, run.err) == (0, "")
    said = fields(run.out)
    weights, _ = weights_of(decode(suffix, path.read_bytes()))
    note = decode(suffix, path.read_bytes()).note
    assert said["verdict"] == "PROVED"
    assert said["weights"] == weights.sha256[:16]
    assert note["weights_sha256"] == weights.sha256
    assert note["verdict"] == "PROVED"
    assert note["architecture"] == architecture
    assert (note["regime_n"], note["regime_horizon"], note["regime_bound"]) == ("300", "upto", "1")
    assert said["float_held_from"] == "1"
    assert said["float_observed"] == "0"
    assert Fraction(said["float_error"]) < Fraction(1, 10**5)
    told = " ".join(run.out.split())
    assert "bit for bit" in told
    assert "Neither statement follows from the other" in told
    check = verify("weights", path, "--n", 300, "--horizon", "upto", "--tolerance", said["tolerance"], "--quiet")
    assert check.code == 0
    assert fields(check.out)["weights"] == said["weights"]


def test_json_without_a_profile_is_the_construction_itself(tmp_path):
    path = tmp_path / "m.json"
    run = verify("export", "lstm", "--n", 1000, "--precision", 200, "-o", path)
    assert run.code == 0
    data = json.loads(path.read_text())
    assert data["weights_sha256"].startswith("0b270409c4083915")
    assert data["note"]["theorem"] == "C6"
    assert ["1", "1e100"] not in data["weights"]["blocks"]["V"]
    assert [1, "1e100"] in data["weights"]["blocks"]["V"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["lstm", "-o", "m.h5"], "'.h5'; choose one of .onnx"),
        (["lstm", "-o", "m"], "'no suffix'"),
        (["lstm", "-o", "nowhere/m.npz"], "there is no folder nowhere"),
        (["lsmt", "-o", "m.npz"], "did you mean 'lstm'?"),
        (["sigmoid", "-o", "m.npz"], "PyTorch has no operator for sigmoid"),
        (["bilinear", "--exact", "-o", "m.onnx"], "ONNX has no operator for bilinear"),
        (["stacked", "--exact", "-o", "m.safetensors"], "PyTorch has no operator for stacked"),
        (["linear", "--n", "40", "--horizon", "fixed", "--hidden", "4", "-o", "m.onnx", "--precision", "2"], "underflows binary32"),
        (["lstm", "-o", "m.npz", "--hidden", "1"], "needs 2 hidden units"),
        (["lstm", "-o", "m.npz", "--n", "0"], "at least 1"),
        (["lstm", "--n", "10^60", "-o", "m.npz"], "does not reach n"),
    ],
)
def test_refusals_are_one_line_and_leave_no_file(tmp_path, arguments, words):
    run = verify("export", *arguments, folder=tmp_path)
    assert run.code == 2
    assert run.out == ""
    assert run.err.startswith("verify: ")
    assert len(run.err.splitlines()) == 1
    assert words in run.err
    assert list(tmp_path.iterdir()) == []


def test_an_accuracy_that_the_profile_misses_is_refuted_and_not_written(tmp_path):
    path = tmp_path / "m.npz"
    run = verify("export", "lstm", "--n", 100, "--precision", 12, "-o", path)
    assert run.code in (3, 4)
    assert "nothing written" in run.out
    assert list(tmp_path.iterdir()) == []


def test_an_older_file_survives_a_refusal(tmp_path):
    path = tmp_path / "m.npz"
    path.write_bytes(b"precious")
    assert verify("export", "lstm", "--n", 100, "--precision", 12, "-o", path).code != 0
    assert path.read_bytes() == b"precious"


def test_no_weights_no_file(tmp_path):
    run = verify("export", "gru", "--horizon", "forever", "--hidden", "3", "-o", tmp_path / "m.npz")
    assert run.code != 0
    assert "nothing written" in run.out
    assert list(tmp_path.iterdir()) == []


def test_relu_is_exact_in_reals_and_rounds_once_in_floats(tmp_path):
    path = tmp_path / "m.npz"
    run = verify("export", "relu", "--exact", "--horizon", "forever", "-o", path)
    said = fields(run.out)
    assert (said["verdict"], said["supremum"], said["float_held_from"]) == ("PROVED", "0", "2")
    assert 0 < Fraction(said["float_observed"]) <= Fraction(said["float_error"])


def test_the_gru_of_pytorch_is_not_claimed_to_be_bit_exact(tmp_path):
    """PyTorch evaluates nn.GRU by operations that F1 excludes; ONNX has the equations as written."""
    run = verify("export", "gru", "--n", 400, "-o", tmp_path / "m.safetensors")
    said = fields(run.out)
    told = " ".join(run.out.split())
    assert (said["verdict"], said["float_held_from"], said["float_error"]) == ("PROVED", "none", "none")
    assert "(h - n)∘z + n" in told
    assert "bit for bit" not in told
    assert 0 < Fraction(said["float_observed"]) < Fraction(1, 10**5)


def test_a_grid_takes_the_profile_too(tmp_path):
    run = verify("export", "lstm", "--n", "10^6", "--domain", "grid", "--bits", 3, "-o", tmp_path / "m.npz")
    said = fields(run.out)
    assert (said["verdict"], said["float_held_from"], said["tolerance"]) == ("PROVED", "1", "<1/7")


def test_a_shift_register_is_exact_in_floats_too(tmp_path):
    """Carried step by step, as its state does not repeat; on ℝ the floats are those of [-M, M]."""
    pytest.importorskip("onnx")
    options = ("--n", 20, "--horizon", "fixed", "--exact", "--domain", "reals")
    run = verify("export", "linear", *options, "-o", tmp_path / "m.onnx")
    said = fields(run.out)
    assert (said["verdict"], said["float_held_from"], said["float_error"]) == ("PROVED", "none", "0")
    assert "for inputs in [-1, 1]" in " ".join(run.out.split())


def test_the_tanh_line_claims_no_bit_exactness(tmp_path):
    run = verify("export", "tanh", "--n", 100, "-o", tmp_path / "m.npz")
    said = fields(run.out)
    assert (said["verdict"], said["float_held_from"], said["float_error"]) == ("PROVED", "none", "none")
    assert "F1 does not apply" in run.out
    assert "bit for bit" not in run.out


def test_a_missing_package_is_one_line(tmp_path):
    blocked = tmp_path / "onnx.py"
    blocked.write_text("raise ImportError('blocked')\n")
    run = verify_in_own_process("export", "lstm", "-o", tmp_path / "m.onnx", **importing_the_same(tmp_path))
    assert run.code == 2
    assert "needs the Python package onnx" in run.err
    assert len(run.err.splitlines()) == 1
    assert not (tmp_path / "m.onnx").exists()


@pytest.mark.parametrize(("suffix", "form", "tolerance"), [(".onnx", "binary32", "1/50"), (".npz", "binary64", "1e-11")])
def test_the_refreshed_memory_states_its_bound_in_floats(tmp_path, suffix, form, tolerance):
    """C9 is sized for the format; file and terminal say what holds there for ever, and under which hypotheses."""
    onnx_or_skip(suffix)
    path = tmp_path / f"m{suffix}"
    run = verify("export", "lstm", "--horizon", "forever", "--hidden", 4, "--tolerance", tolerance, "-o", path, "--profile", form)
    assert (run.code, run.err) == (0, "")
    said = fields(run.out)
    assert (said["verdict"], said["theorem"], said["horizon"], said["floats"]) == ("PROVED", "C9", "forever", form)
    assert Fraction(said["float_observed"]) < Fraction(said["float_error"]) <= Fraction(tolerance)
    weights, _ = weights_of(decode(suffix, path.read_bytes()))
    note = decode(suffix, path.read_bytes()).note
    assert note["weights_sha256"] == weights.sha256
    assert note["regime_horizon"] == "forever"
    assert f"|y - x_1| <= {said['float_error']} in {form} at every n >= 1" in note["claim_floats"]
    assert "σ(0) = 1/2" in note["hypotheses_floats"]
    told = " ".join(run.out.split())
    assert ("every level as a box" in told) == (form == "binary32")
    assert "bit for bit" not in told


def test_the_refreshed_memory_of_three_units_has_no_bound_in_floats(tmp_path):
    run = verify("export", "lstm", "--horizon", "forever", "--hidden", 3, "--tolerance", "1/10", "-o", tmp_path / "m.npz")
    said = fields(run.out)
    assert (said["verdict"], said["theorem"], said["float_error"]) == ("PROVED", "C9", "none")
    assert "no bound of |y - x_1| in binary32 is proved" in " ".join(run.out.split())


def test_levels_finer_than_the_format_are_open_and_not_written(tmp_path):
    run = verify("export", "lstm", "--horizon", "forever", "--precision", 5, "-o", tmp_path / "m.npz")
    assert run.code == 3
    assert "roundings of binary32" in " ".join(run.out.split())
    assert run.out.splitlines()[-1].startswith("UNDECIDED")
    assert list(tmp_path.iterdir()) == []

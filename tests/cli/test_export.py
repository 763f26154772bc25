"""`verify export`: what is asked is proved of what is written, or nothing is written."""

import json
import subprocess
import sys
from fractions import Fraction

import pytest

from verifier.formats import decode, weights_of


def verify(*arguments):
    return subprocess.run([sys.executable, "-m", "verifier", *map(str, arguments)], capture_output=True, text=True, check=False)


def fields(line):
    verdict, *pairs = line.split()
    return verdict, dict(pair.split("=", 1) for pair in pairs)


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
    assert (run.returncode, run.stderr) == (0, "")
    verdict, said = fields(run.stdout.splitlines()[-1])
    weights, _ = weights_of(decode(suffix, path.read_bytes()))
    note = decode(suffix, path.read_bytes()).note
    assert verdict == "PROVED"
    assert said["weights"] == weights.sha256[:16]
    assert note["weights_sha256"] == weights.sha256
    assert note["verdict"] == "PROVED"
    assert note["architecture"] == architecture
    assert (note["regime_n"], note["regime_horizon"], note["regime_bound"]) == ("300", "upto", "1")
    assert said["float_held_from"] == "1"
    assert said["float_observed"] == "0"
    assert Fraction(said["float_error"]) < Fraction(1, 10**5)
    told = " ".join(run.stdout.split())
    assert "bit for bit" in told
    assert "Neither statement follows from the other" in told
    check = verify("weights", path, "--n", 300, "--horizon", "upto", "--tolerance", said["tolerance"], "--quiet")
    assert check.returncode == 0
    assert fields(check.stdout)[1]["weights"] == said["weights"]


def test_json_without_a_profile_is_the_construction_itself(tmp_path):
    path = tmp_path / "m.json"
    run = verify("export", "lstm", "--n", 1000, "--precision", 200, "-o", path)
    assert run.returncode == 0
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
    run = subprocess.run(
        [sys.executable, "-m", "verifier", "export", *arguments], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.startswith("verify: ")
    assert len(run.stderr.splitlines()) == 1
    assert words in run.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_accuracy_that_the_profile_misses_is_refuted_and_not_written(tmp_path):
    path = tmp_path / "m.npz"
    run = verify("export", "lstm", "--n", 100, "--precision", 12, "-o", path)
    assert run.returncode in (3, 4)
    assert "nothing written" in run.stdout
    assert list(tmp_path.iterdir()) == []


def test_an_older_file_survives_a_refusal(tmp_path):
    path = tmp_path / "m.npz"
    path.write_bytes(b"precious")
    assert verify("export", "lstm", "--n", 100, "--precision", 12, "-o", path).returncode != 0
    assert path.read_bytes() == b"precious"


def test_no_weights_no_file(tmp_path):
    run = verify("export", "gru", "--horizon", "forever", "--hidden", "3", "-o", tmp_path / "m.npz")
    assert run.returncode != 0
    assert "nothing written" in run.stdout
    assert list(tmp_path.iterdir()) == []


def test_relu_is_exact_in_reals_and_rounds_once_in_floats(tmp_path):
    path = tmp_path / "m.npz"
    run = verify("export", "relu", "--exact", "--horizon", "forever", "-o", path)
    verdict, said = fields(run.stdout.splitlines()[-1])
    assert (verdict, said["supremum"], said["float_held_from"]) == ("PROVED", "0", "2")
    assert 0 < Fraction(said["float_observed"]) <= Fraction(said["float_error"])


def test_the_gru_of_pytorch_is_not_claimed_to_be_bit_exact(tmp_path):
    """PyTorch evaluates nn.GRU by operations that F1 excludes; ONNX has the equations as written."""
    run = verify("export", "gru", "--n", 400, "-o", tmp_path / "m.safetensors")
    verdict, said = fields(run.stdout.splitlines()[-1])
    told = " ".join(run.stdout.split())
    assert (verdict, said["float_held_from"], said["float_error"]) == ("PROVED", "none", "none")
    assert "(h - n)∘z + n" in told
    assert "bit for bit" not in told
    assert 0 < Fraction(said["float_observed"]) < Fraction(1, 10**5)


def test_a_grid_takes_the_profile_too(tmp_path):
    run = verify("export", "lstm", "--n", "10^6", "--domain", "grid", "--bits", 3, "-o", tmp_path / "m.npz")
    verdict, said = fields(run.stdout.splitlines()[-1])
    assert (verdict, said["float_held_from"], said["tolerance"]) == ("PROVED", "1", "<1/7")


def test_a_shift_register_is_exact_in_floats_too(tmp_path):
    """Carried step by step, as its state does not repeat; on ℝ the floats are those of [-M, M]."""
    pytest.importorskip("onnx")
    options = ("--n", 20, "--horizon", "fixed", "--exact", "--domain", "reals")
    run = verify("export", "linear", *options, "-o", tmp_path / "m.onnx")
    verdict, said = fields(run.stdout.splitlines()[-1])
    assert (verdict, said["float_held_from"], said["float_error"]) == ("PROVED", "none", "0")
    assert "for inputs in [-1, 1]" in " ".join(run.stdout.split())


def test_the_tanh_line_claims_no_bit_exactness(tmp_path):
    run = verify("export", "tanh", "--n", 100, "-o", tmp_path / "m.npz")
    verdict, said = fields(run.stdout.splitlines()[-1])
    assert (verdict, said["float_held_from"], said["float_error"]) == ("PROVED", "none", "none")
    assert "F1 does not apply" in run.stdout
    assert "bit for bit" not in run.stdout


def test_a_missing_package_is_one_line(tmp_path):
    blocked = tmp_path / "onnx.py"
    blocked.write_text("raise ImportError('blocked')\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from verifier.cli.main import main; main(sys.argv[1:])"
    run = subprocess.run(
        [sys.executable, "-c", code, "export", "lstm", "-o", str(tmp_path / "m.onnx")], capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
    assert "needs the Python package onnx" in run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert not (tmp_path / "m.onnx").exists()

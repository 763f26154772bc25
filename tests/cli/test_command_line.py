"""The `verify` command: what a person types, good and bad, and what comes back."""

from __future__ import annotations

import copy
import itertools
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from fcntl import ioctl
from pathlib import Path
from typing import Any

import pytest
from commands import Finished, fields, importing_the_same, verify_in_own_process

from verifier.certificate import content_hash
from verifier.cli import files

SMALL = ("lstm", "--n", "6", "--precision", "4")


def assert_is_a_usage_error(finished: Finished, *words: str) -> None:
    """Exit code 2, one line on stderr, nothing on stdout."""
    code, out, err = finished
    assert code == 2, (out[-300:], err[-300:])
    assert out == ""
    assert err.endswith("\n")
    assert len(err.splitlines()) == 1
    assert err.startswith("verify: ")
    assert "Traceback" not in err
    assert len(err) < 1000
    for word in words:
        assert word in err


# --- bad input --------------------------------------------------------------------------------------------------------

BAD: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "n zero": (("lstm", "--n", "0"), ("--n 0", "at least 1")),
    "n negative": (("lstm", "--n", "-1"), ("--n -1", "at least 1")),
    "n a fraction": (("lstm", "--n", "2.5"), ("--n 2.5", "whole number")),
    "n a rational": (("lstm", "--n", "7/2"), ("--n 7/2", "whole number")),
    "n letters": (("lstm", "--n", "abc"), ("'abc'",)),
    "n half an exponent": (("lstm", "--n", "1e"), ("'1e'",)),
    "n empty": (("lstm", "--n", ""), ("--n", "''")),
    "n blank": (("lstm", "--n", "  "), ("--n",)),
    "n nan": (("lstm", "--n", "nan"), ("'nan'",)),
    "n inf": (("lstm", "--n", "inf"), ("'inf'",)),
    "n hexadecimal": (("lstm", "--n", "0x10"), ("'0x10'",)),
    "n with underscores": (("lstm", "--n", "1_000"), ("'1_000'",)),
    "n a small power": (("lstm", "--n", "10^-3"), ("--n 10^-3",)),
    "n beyond a thousand digits": (("lstm", "--n", "1e1000"), ("1000 digits",)),
    "n beyond the exponents": (("lstm", "--n", "1e999999999"), ("exponents",)),
    "n with ten thousand digits": (("lstm", "--n", "9" * 10_000), ("--n",)),
    "n without a value": (("lstm", "--n"), ("--n", "argument")),
    "precision zero": (("lstm", "--precision", "0"), ("--precision 0",)),
    "precision negative": (("lstm", "--precision", "-1"), ("--precision -1",)),
    "precision a fraction": (("lstm", "--precision", "1.5"), ("--precision 1.5",)),
    "precision huge": (("lstm", "--precision", "10^9"), ("20,000",)),
    "precision with thousands of digits": (("lstm", "--precision", "1e5000"), ("digits",)),
    "bound zero": (("lstm", "--bound", "0"), ("M = 0",)),
    "bound negative": (("lstm", "--bound", "-1"), ("M = -1",)),
    "bound nan": (("lstm", "--bound", "nan"), ("'nan'",)),
    "bound inf": (("lstm", "--bound", "inf"), ("'inf'",)),
    "bound one over zero": (("lstm", "--bound", "1/0"), ("'1/0'",)),
    "bound of two slashes": (("lstm", "--bound", "1/2/3"), ("'1/2/3'",)),
    "bound beyond the exponents": (("lstm", "--bound", "1e999999999"), ("exponents",)),
    "bound negative with thousands of digits": (("lstm", "--bound", "-1e5000"), ("M",)),
    "bound a name": (("lstm", "--bound", "one"), ("'one'",)),
    "tolerance negative": (("lstm", "--tolerance", "-1e-9"), ("positive",)),
    "tolerance negative with thousands of digits": (("lstm", "--tolerance", "-1e5000"), ("positive",)),
    "tolerance the bound": (("lstm", "--tolerance", "1"), ("asks for nothing",)),
    "tolerance above the bound": (("lstm", "--tolerance", "3", "--bound", "2"), ("asks for nothing",)),
    "tolerance above by thousands of digits": (("lstm", "--tolerance", "1e5000"), ("asks for nothing",)),
    "precision and tolerance": (("lstm", "--precision", "5", "--tolerance", "0.1"), ("one of",)),
    "hidden zero": (("lstm", "--hidden", "0"), ("--hidden 0",)),
    "hidden one": (("lstm", "--hidden", "1"), ("2 hidden units",)),
    "hidden huge": (("lstm", "--hidden", "10^9"), ("4096",)),
    "hidden with thousands of digits": (("lstm", "--hidden", "1e5000"), ("digits",)),
    "architecture misspelt": (("lstn",), ("'lstn'", "did you mean 'lstm'")),
    "architecture unknown": (("transformer",), ("'transformer'", "lstm")),
    "command misspelt": (("chekc",), ("did you mean 'check'",)),
    "no command": ((), ("command",)),
    "option misspelt": (("lstm", "--precison", "5"), ("--precison",)),
    "option unknown to the program": (("--fast", "lstm"), ("--fast",)),
    "extra argument": (("lstm", "1000"), ("1000",)),
    "horizon misspelt": (("lstm", "--horizon", "uptoo"), ("uptoo", "upto")),
    "domain misspelt": (("lstm", "--domain", "cube"), ("cube", "grid")),
    "bits without a grid": (("lstm", "--bits", "4"), ("--domain grid",)),
    "grid without bits": (("lstm", "--domain", "grid"), ("--precision",)),
    "grid with digits but without bits": (("lstm", "--domain", "grid", "--precision", "5"), ("--bits",)),
    "bits zero": (("lstm", "--domain", "grid", "--bits", "0"), ("--bits 0",)),
    "bits a fraction": (("lstm", "--domain", "grid", "--bits", "1/2"), ("--bits 1/2",)),
    "steps zero": (("lstm", "--steps", "0"), ("--steps 0",)),
    "steps beyond memory": (("lstm", "--steps", "1e12"), ("10,000,000",)),
    "steps with thousands of digits": (("lstm", "--steps", "1e5000"), ("digits",)),
    "steps a fraction": (("lstm", "--steps", "0.5"), ("--steps 0.5",)),
    "seed negative": (("lstm", "--seed", "-1"), ("--seed -1",)),
    "seed a word": (("lstm", "--seed", "luck"), ("'luck'",)),
    "certificate in a folder that is not": (("lstm", "--certificate", "nowhere/c.json"), ("no folder nowhere",)),
    "certificate is a folder": (("lstm", "--certificate", "."), ("folder",)),
    "certificate without a name": (("lstm", "--certificate", ""), ("folder",)),
    "certificate with a name too long": (("lstm", "--n", "5", "--certificate", "c" * 300), ("cannot write",)),
    "explain nothing": (("explain",), ("THEOREM",)),
    "explain an unknown theorem": (("explain", "C99"), ("'C99'", "C6")),
    "check nothing": (("check",), ("FILE",)),
    "check a missing file": (("check", "missing.json"), ("cannot read missing.json", "No such file")),
    "check a folder": (("check", "."), ("cannot read .", "directory")),
    "check two files": (("check", "a.json", "b.json"), ("b.json",)),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_and_code_2(name: str, verify: Callable[..., Finished], tmp_path: Path) -> None:
    arguments, words = BAD[name]
    assert_is_a_usage_error(verify(*arguments), *words)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("lstm", "--domain", "grid", "--bits", "10^9"),
        ("lstm", "--domain", "grid", "--bits", "10^18"),
        ("lstm", "--n", "5", "--tolerance", "1e-100000"),
    ],
    ids=" ".join,
)
def test_huge_requests_do_not_hang(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert_is_a_usage_error(verify_in_own_process(*arguments, folder=tmp_path, seconds=60))


@pytest.mark.parametrize(
    "arguments",
    [
        ("lstm", "--n", "5", "--bound", "1e5000"),
        ("lstm", "--n", "5", "--bound", "1e-5000"),
        ("lstm", "--n", "5", "--bound", "1/3", "--precision", "4500"),
        ("lstm", "--n", "5", "--domain", "grid", "--bits", "15000"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("option", ["--quiet", "--json"])
def test_numbers_of_thousands_of_digits_are_answered_or_refused(
    arguments: tuple[str, ...], option: str, verify: Callable[..., Finished]
) -> None:
    finished = verify(*arguments, option)
    if finished[0]:
        assert_is_a_usage_error(finished)
    elif option == "--json":
        assert json.loads(finished[1])["verdict"] == "PROVED"
    else:
        assert fields(finished[1].strip())["verdict"] == "PROVED"


def test_a_grid_of_two_points_is_answered(tmp_path: Path) -> None:
    # tolerance M, strictly: any network whose output has the sign of x_1 does
    code, out, err = verify_in_own_process(
        "lstm", "--n", "5", "--domain", "grid", "--bits", "1", "--quiet", folder=tmp_path, seconds=60
    )
    assert (code, err) == (0, "")
    assert fields(out)["bits"] == "1"


@pytest.mark.parametrize("name", ["n zero", "architecture misspelt", "check a missing file", "no command"])
def test_bad_input_in_a_real_process(name: str, tmp_path: Path) -> None:
    arguments, words = BAD[name]
    assert_is_a_usage_error(verify_in_own_process(*arguments, folder=tmp_path), *words)


MALFORMED: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \n",
    "text": b"PROVED architecture=lstm",
    "binary": bytes(range(256)) * 4,
    "zero bytes": b"\0" * 100,
    "half a file": b'{"format": "first-input-recall certificate", "version": 1, "sem',
    "null": b"null",
    "a number": b"42",
    "nan": b"NaN",
    "infinity": b"-Infinity",
    "a list": b"[]",
    "an empty object": b"{}",
    "another object": b'{"format": "something else", "version": 1}',
    "another version": b'{"format": "first-input-recall certificate", "version": 2}',
    "nothing but a format": b'{"format": "first-input-recall certificate", "version": 1}',
    "a huge integer": b'{"format": "first-input-recall certificate", "version": ' + b"9" * 10_000 + b"}",
    "a huge version": b'{"format": "first-input-recall certificate", "version": ' + b"9" * 4_000 + b"}",
    "a huge float": b'{"format": "first-input-recall certificate", "version": 1e400}',
    "deep lists": b"[" * 100_000,
    "deep lists closed": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "UTF-16": '{"format": "first-input-recall certificate"}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "a lone surrogate": b'{"format": "\\ud800", "version": 1}',
    "two objects": b"{}{}",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_files_are_one_line_and_code_2(name: str, verify: Callable[..., Finished], tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_bytes(MALFORMED[name])
    finished = verify("check", "c.json")
    assert_is_a_usage_error(finished)
    assert [p.name for p in tmp_path.iterdir()] == ["c.json"]


def test_a_file_too_large_is_not_read(verify: Callable[..., Finished], tmp_path: Path) -> None:
    with (tmp_path / "c.json").open("wb") as file:
        file.truncate(files.LARGEST_FILE + 1)
    assert_is_a_usage_error(verify("check", "c.json"), "bytes", "at most")


def test_a_file_without_permission_is_not_read(verify: Callable[..., Finished], monkeypatch: pytest.MonkeyPatch) -> None:
    Path("c.json").write_text("{}")

    def forbidden(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    assert_is_a_usage_error(verify("check", "c.json"), "cannot read c.json", "Permission denied")


# --- good runs --------------------------------------------------------------------------------------------------------

GOOD: dict[str, tuple[str, ...]] = {
    "small": SMALL,
    "one step": ("lstm", "--n", "1"),
    "power notation": ("lstm", "--n", "10^18", "--precision", "30", "--steps", "20"),
    "exponent notation": ("lstm", "--n", "1e6", "--precision", "3", "--steps", "20"),
    "rational bound": ("lstm", "--n", "5", "--bound", "1/3"),
    "tolerance": ("lstm", "--n", "5", "--tolerance", "1e-7", "--bound", "20"),
    "fixed horizon": ("lstm", "--n", "50", "--horizon", "fixed"),
    "grid": ("lstm", "--n", "5", "--domain", "grid", "--bits", "8"),
    "two units": ("lstm", "--n", "5", "--hidden", "2"),
    "seeded": ("lstm", "--n", "5", "--seed", "12345678901234567890"),
}


@pytest.mark.parametrize("name", GOOD)
def test_good_runs_end_with_a_proved_line(name: str, verify: Callable[..., Finished]) -> None:
    code, out, err = verify(*GOOD[name])
    assert (code, err) == (0, "")
    last = fields(out)
    assert last["verdict"] == "PROVED"
    assert last["architecture"] == "lstm"
    assert last["theorem"] == "C6"
    for label in ("question", "answer", "sized", "worst case", "bound", "checked", "semantics"):
        assert re.search(rf"^{label}\b", out, re.MULTILINE), label
    assert out.endswith("\n")
    assert "\x1b" not in out
    assert all(line == line.rstrip() or "│" in line or line.startswith("  ") for line in out.splitlines())


def test_last_line_says_what_was_asked(verify: Callable[..., Finished]) -> None:
    _, out, _ = verify("lstm", "--n", "12", "--precision", "5", "--bound", "3", "--hidden", "4", "--quiet")
    last = fields(out)
    assert (last["n"], last["bound"], last["hidden"], last["tolerance"]) == ("12", "3", "4", "0.00003")
    assert (last["horizon"], last["domain"]) == ("upto", "box")
    assert re.fullmatch(r"[0-9a-f]{16}", last["weights"])
    assert all(re.fullmatch(r"\d(\.\d+)?e-\d+|0\.\d+", last[key]) for key in ("observed", "supremum", "symbolic"))


def test_quiet_prints_one_line(verify: Callable[..., Finished]) -> None:
    code, out, err = verify(*SMALL, "--quiet")
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == 1
    assert fields(out)["verdict"] == "PROVED"


def test_json_is_what_check_confirms(verify: Callable[..., Finished], tmp_path: Path) -> None:
    code, out, err = verify(*SMALL, "--json")
    assert (code, err) == (0, "")
    data = json.loads(out)
    assert data["sha256"] == content_hash(data)
    (tmp_path / "c.json").write_text(out)
    code, out, err = verify("check", "c.json")
    assert (code, err) == (0, "")
    assert fields(out)["verdict"] == "PROVED"
    assert out.count("confirmed") == 3 + len(data["claims"])
    assert "REFUTED" not in out


def test_certificate_file_is_the_json(verify: Callable[..., Finished], tmp_path: Path) -> None:
    code, out, _ = verify(*SMALL, "--certificate", "c.json")
    assert code == 0
    assert "certificate written to c.json" in out
    assert [p.name for p in tmp_path.iterdir()] == ["c.json"]
    written = json.loads((tmp_path / "c.json").read_text())
    _, out, _ = verify(*SMALL, "--json")
    assert json.loads(out) == written
    code, out, err = verify("check", "c.json", "--quiet")
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == 1


def test_certificate_file_is_replaced(verify: Callable[..., Finished], tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text("old")
    assert verify(*SMALL, "--certificate", "c.json", "--quiet")[0] == 0
    assert json.loads((tmp_path / "c.json").read_text())["verdict"] == "PROVED"


def test_forever_is_undecided(verify: Callable[..., Finished], tmp_path: Path) -> None:
    code, out, err = verify("gru", "--horizon", "forever", "--hidden", "3", "--certificate", "c.json")
    assert (code, err) == (3, "")
    assert fields(out)["verdict"] == "UNDECIDED"
    assert "PROVED" not in out
    assert list(tmp_path.iterdir()) == []


def test_forever_as_json(verify: Callable[..., Finished]) -> None:
    code, out, _ = verify("gru", "--horizon", "forever", "--hidden", "3", "--json")
    assert code == 3
    assert json.loads(out)["verdict"] == "UNDECIDED"


def test_forever_quiet_prints_one_line(verify: Callable[..., Finished]) -> None:
    code, out, _ = verify("gru", "--horizon", "forever", "--hidden", "3", "--quiet")
    assert code == 3
    assert len(out.splitlines()) == 1
    assert fields(out)["verdict"] == "UNDECIDED"


def certificate_of(verify: Callable[..., Finished]) -> dict[str, Any]:
    """A small honest certificate."""
    data: dict[str, Any] = json.loads(verify(*SMALL, "--json")[1])
    return data


FORGED: dict[str, Callable[[dict[str, Any]], object]] = {
    "a claim too good": lambda d: d["claims"][2].update(value="1e-9"),
    "tolerance too good": lambda d: d["question"].update(tolerance="1e-9"),
    "verdict flipped": lambda d: d.update(verdict="REFUTED"),
    "verdict of escape codes": lambda d: d.update(verdict="\x1b[2J\x1b[32mPROVED"),
    "verdict of lines": lambda d: d.update(verdict="x\nPROVED architecture=lstm theorem=C6\n"),
    "verdict not printable": lambda d: d.update(verdict="\ud800"),
}


@pytest.mark.parametrize("rehash", [False, True], ids=["stale", "rehashed"])
@pytest.mark.parametrize("name", FORGED)
def test_forged_certificates_are_refuted(name: str, rehash: bool, verify: Callable[..., Finished], tmp_path: Path) -> None:
    data = copy.deepcopy(certificate_of(verify))
    FORGED[name](data)
    if rehash:
        data["sha256"] = content_hash(data)
    (tmp_path / "forged.json").write_text(json.dumps(data))
    code, out, err = verify("check", "forged.json")
    assert (code, err) == (4, "")
    last = out.splitlines()[-1]
    assert last.startswith("REFUTED ")
    if "reason=" in last:
        assert json.loads(last.split("reason=", 1)[1])
    assert "\x1b" not in out
    assert not any(line.startswith("PROVED") for line in out.splitlines())
    code, out, _ = verify("check", "forged.json", "--quiet")
    assert code == 4
    assert len(out.splitlines()) == 1
    assert out.startswith("REFUTED ")


def test_forged_certificate_with_a_surrogate_in_a_real_process(verify: Callable[..., Finished], tmp_path: Path) -> None:
    data = certificate_of(verify)
    data["verdict"] = "\ud800"
    data["sha256"] = content_hash(data)
    (tmp_path / "forged.json").write_text(json.dumps(data))
    code, _, err = verify_in_own_process("check", "forged.json", folder=tmp_path)
    assert "Traceback" not in err
    assert code in (2, 4)


@pytest.mark.parametrize("depth", [*range(900, 1000, 4), 5000])
def test_nested_remarks_do_not_overflow(depth: int, verify: Callable[..., Finished], tmp_path: Path) -> None:
    data = certificate_of(verify)
    text = json.dumps({**data, "reason": "here"}).replace('"here"', "[" * depth + "]" * depth)
    (tmp_path / "deep.json").write_text(text)
    code, _, err = verify("check", "deep.json")
    assert code in (2, 4)
    assert "Traceback" not in err


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "9" * 4000, "-1", "0.5", "true", "null"])
@pytest.mark.parametrize("field", ["n", "hidden"])
def test_numbers_that_are_none(field: str, number: str, verify: Callable[..., Finished], tmp_path: Path) -> None:
    data = certificate_of(verify)
    data["question"][field] = "HERE"
    data["sha256"] = content_hash(json.loads(json.dumps(data).replace('"HERE"', number)))
    (tmp_path / "c.json").write_text(json.dumps(data).replace('"HERE"', number))
    finished = verify("check", "c.json")
    if (field, number) == ("hidden", "9" * 4000):
        assert finished[0] in (2, 4)
    else:
        assert_is_a_usage_error(finished)


# --- other commands and options ---------------------------------------------------------------------------------------


def test_version(verify: Callable[..., Finished]) -> None:
    code, out, err = verify("--version")
    assert (code, err) == (0, "")
    assert re.fullmatch(r"verify \d+\.\d+\.\d+ \(python-flint .*, FLINT .*, sympy .*, mpmath .*\)\n", out)


@pytest.mark.parametrize("arguments", [("--help",), ("-h",), ("lstm", "--help"), ("check", "-h")], ids=" ".join)
def test_help(arguments: tuple[str, ...], verify: Callable[..., Finished]) -> None:
    code, out, err = verify(*arguments)
    assert (code, err) == (0, "")
    assert out.startswith("Usage: verify")


def test_show_weights_lists_all_ten(verify: Callable[..., Finished]) -> None:
    code, out, _ = verify(*SMALL, "--show-weights")
    assert code == 0
    names = [
        "b_f[flag]",
        "b_i[flag]",
        "b_g[flag]",
        "b_o[flag]",
        "b_f[memory]",
        "b_i[memory]",
        "b_o[memory]",
        "W_i[memory, flag]",
        "U_g[memory]",
        "V[memory]",
    ]
    for name in names:
        assert len(re.findall(rf"^  {re.escape(name)} +-?\S+  \S", out, re.MULTILINE)) == 1, name
    assert "more nonzero weights" not in out
    _, shorter, _ = verify(*SMALL)
    assert "5 more nonzero weights (--show-weights)" in shorter


def test_list_names_architectures_and_theorems(verify: Callable[..., Finished]) -> None:
    code, out, err = verify("list")
    assert (code, err) == (0, "")
    assert "lstm" in out
    assert "C6" in out


@pytest.mark.parametrize("name", ["C6", "c6"])
def test_explain_checks_every_step(name: str, verify: Callable[..., Finished]) -> None:
    code, out, err = verify("explain", name)
    assert (code, err) == (0, "")
    assert out.splitlines()[-1].startswith("PROVED theorem=C6 ")
    assert "UNDECIDED" not in out


# --- files are whole or absent ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("broken", ["replace", "chmod", "fdopen"])
def test_a_failed_write_leaves_nothing_behind(
    broken: str, verify: Callable[..., Finished], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "c.json").write_text("old")
    monkeypatch.setattr(files.os, broken, full)
    finished = verify(*SMALL, "--certificate", "c.json")
    monkeypatch.undo()
    assert_is_a_usage_error(finished, "cannot write c.json", "No space left")
    assert [p.name for p in tmp_path.iterdir()] == ["c.json"]
    assert (tmp_path / "c.json").read_text() == "old"


def test_an_interrupted_write_leaves_nothing_behind(
    verify: Callable[..., Finished], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "replace", interrupted)
    code, out, err = verify(*SMALL, "--certificate", "c.json")
    assert (code, out, err.strip()) == (130, "", "verify: interrupted")
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_folder_is_refused_before_the_work(
    verify: Callable[..., Finished], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files.os, "access", lambda *_: False)
    assert_is_a_usage_error(verify("lstm", "--certificate", "c.json"), "permission denied")
    assert list(tmp_path.iterdir()) == []


def test_a_device_or_pipe_is_not_replaced(verify: Callable[..., Finished], tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert_is_a_usage_error(verify(*SMALL, "--certificate", "pipe"), "pipe")
    assert pipe.is_fifo()


def test_nothing_is_written_for_a_usage_error_found_late(verify: Callable[..., Finished], tmp_path: Path) -> None:
    assert_is_a_usage_error(verify(*SMALL, "--steps", "1e12", "--certificate", "c.json"))
    assert list(tmp_path.iterdir()) == []


# --- real processes and terminals -------------------------------------------------------------------------------------


def test_a_real_run(tmp_path: Path) -> None:
    code, out, err = verify_in_own_process(*SMALL, folder=tmp_path)
    assert (code, err) == (0, "")
    assert fields(out)["verdict"] == "PROVED"
    assert "\x1b" not in out


@pytest.mark.parametrize("arguments", [SMALL, ("gru", "--horizon", "forever", "--hidden", "3"), ("explain", "C6")], ids=" ".join)
def test_a_run_on_an_ascii_terminal_ends_without_a_traceback(arguments: tuple[str, ...], tmp_path: Path) -> None:
    code, _, err = verify_in_own_process(*arguments, folder=tmp_path, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert "Traceback" not in err
    assert code == (3 if "forever" in arguments else 0)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is always full here")
def test_a_full_disk_under_stdout_is_one_line(tmp_path: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "verifier", *SMALL],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=30,
            check=False,
            env=importing_the_same(),
        )
    err = done.stderr.decode()
    assert done.returncode not in (0, 1, 3, 4)
    assert "Traceback" not in err
    assert len(err.splitlines()) == 1


def test_a_closed_pipe_is_silent(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "verifier", *SMALL],
            cwd=tmp_path,
            stdout=writing,
            stderr=subprocess.PIPE,
            timeout=30,
            check=False,
            env=importing_the_same(),
        )
    finally:
        os.close(writing)
    assert done.returncode not in (0, 2, 3, 4)
    assert done.stderr == b""


def on_a_terminal(*arguments: str, columns: int, folder: Path) -> tuple[int, str]:
    """Exit code and what a terminal of this width receives."""
    master, slave = pty.openpty()
    ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES", "NO_COLOR")}
    with subprocess.Popen(
        [sys.executable, "-m", "verifier", *arguments],
        cwd=folder,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**environment, "TERM": "xterm", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    ) as process:
        os.close(slave)
        received = b""
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:  # the terminal was closed at the other end
                break
            if not part:
                break
            received += part
        os.close(master)
        code = process.wait(timeout=30)
    return code, received.decode().replace("\r\n", "\n")


def plain(text: str) -> str:
    """Text without escape sequences."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


NUMBER = re.compile(r"[0-9.]")


@pytest.mark.parametrize(
    "options",
    [
        ("--n", "1000"),
        ("--n", "10^18", "--precision", "200", "--steps", "10", "--show-weights"),
        ("--n", "7", "--bound", "1/3", "--precision", "60"),
        ("--n", "7", "--domain", "grid", "--bits", "100"),
    ],
    ids=" ".join,
)
def test_no_number_is_broken_on_a_terminal_of_80_columns(options: tuple[str, ...], tmp_path: Path) -> None:
    code, text = on_a_terminal("lstm", *options, columns=80, folder=tmp_path)
    assert code == 0
    *report, last = plain(text).splitlines()
    assert fields(last)["verdict"] == "PROVED"
    assert "…" not in text, "a number or its note is cut"
    for line in report:
        for edge in range(80, len(line), 80):
            word = line[:edge].split(" ")[-1] + line[edge:].split(" ")[0]
            broken = NUMBER.match(line[edge - 1]) and NUMBER.match(line[edge])
            assert not broken or len(word) > 69, (word, line)
    for before, after in itertools.pairwise(report):
        hash_only = re.fullmatch(r"[0-9a-f]{64}", before.split()[-1]) if before.split() else None
        assert hash_only or not re.search(r"\de-?$", before), (before, after)  # 1e-|20


@pytest.mark.parametrize("precision", ["20", "60"])
def test_the_table_shows_every_number_whole(precision: str, verify: Callable[..., Finished]) -> None:
    _, out, _ = verify("lstm", "--n", "7", "--bound", "1/3", "--precision", precision)
    last = fields(out)
    report = out[: out.rindex("PROVED architecture")]
    for key in ("observed", "supremum", "symbolic", "tolerance"):
        assert last[key] in report, key
    assert "…" not in out

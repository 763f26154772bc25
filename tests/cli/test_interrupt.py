"""Ctrl-C: every command ends with exit 130 within a second, says what it keeps, and leaves no process behind."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from commands import Command, verify

NETWORKS = Path(__file__).parent.parent / "networks"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")

CLAIMS = """
[[claim]]
name = "short"
ask = "relu --n 5"
expect = "PROVED"

[[claim]]
name = "long"
ask = "lstm --n 10^6 --precision 200 --steps 10^6"
expect = "PROVED"
"""


PATIENCE = 5
"""Seconds: a second on an idle machine, more where tests share its cores; an interrupt that is not heard takes minutes."""


def interrupted(command, group=False):
    """What it printed; its exit was that of Ctrl-C, at once, with everything it started."""
    code, seconds, output = command.interrupt(group)
    assert code == 130
    assert seconds < PATIENCE
    assert not command.has_left_processes()
    assert "Traceback" not in command.shown
    assert command.shown.rstrip().endswith("verify: interrupted")
    return output


def test_a_long_run_shows_its_progress_and_ends(tmp_path):
    certificate = tmp_path / "out.json"
    command = Command("lstm", "--n", "10^6", "--precision", 200, "--steps", "10^6", "--certificate", certificate)
    command.wait_for(lambda: "adversarial runs" in command.shown and "steps/s" in command.shown)
    assert interrupted(command) == ""
    assert "steps of adversarial runs were done; nothing is decided" in command.shown
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("group", [False, True], ids=["alone", "with its workers"])
def test_a_sweep_keeps_its_rows_and_goes_on_from_them(tmp_path, group):
    rows, journal = tmp_path / "rows.csv", tmp_path / "rows.csv.journal"
    lists = ["sweep", "--arch", "relu,tanh", "--n", "5,10^6", "--precision", 200, "-o", rows]
    command = Command(*lists, "--steps", "10^6", "--jobs", 2)
    command.wait_for(lambda: journal.exists() and journal.read_bytes().count(b"\n") >= 2)
    assert interrupted(command, group) == ""
    kept = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()[1:]]
    assert 1 <= len(kept) <= 3
    assert f"{len(kept)} of 4 rows were finished and kept in" in command.shown
    assert list(tmp_path.iterdir()) == [journal]


def test_claims_that_are_settled_are_printed(tmp_path):
    file = tmp_path / "claims.toml"
    file.write_text(CLAIMS, encoding="utf-8")
    command = Command("claims", file, "--jobs", 2, "--junit", tmp_path / "out.xml")
    command.wait_for(lambda: "1/2" in command.shown)
    output = interrupted(command)
    assert output.startswith("holds")
    assert output.rstrip().endswith("short")
    assert "1 of 2 claims were settled" in command.shown
    assert list(tmp_path.iterdir()) == [file]


def test_answered_questions_of_a_map_are_printed():
    command = Command("map", "lstm", "tanh", "--jobs", 1)
    command.wait_for(lambda: "questions" in command.shown and " 0/" not in command.shown.rpartition("questions")[2])
    output = interrupted(command)
    assert "recall x_1" in output
    assert "questions were answered" in command.shown


def test_a_bracket_so_far_is_printed():
    command = Command("weights", NETWORKS / "rnn10.npz", "--arch", "tanh", "--n", 12, "--tolerance", "1e-9", "--time", 600)
    command.wait_for(lambda: "sharpening the bracket: error at least" in command.shown)
    output = interrupted(command)
    assert output.startswith("REFUTED architecture=tanh")
    assert "the bracket so far is printed, it holds" in command.shown


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupt_while_work_is_handed_out(monkeypatch, tmp_path, jobs):
    """What a signal in the middle of writing a row does, without the signal."""
    from verifier.cli.table import Journal

    def stop(self, row):
        raise KeyboardInterrupt

    monkeypatch.setattr(Journal, "add", stop)
    finished = verify("sweep", "--arch", "relu", "--n", "2,3", "-o", tmp_path / "rows.csv", "--jobs", jobs)
    assert finished.code == 130
    assert list(tmp_path.iterdir()) == []
    assert "0 of 2 rows were finished" in finished.err


HELD = """
import signal
from verifier.cli.interrupt import held, interruptible
with interruptible():
    try:
        with held():
            signal.raise_signal(signal.SIGINT)
            print("the whole row", flush=True)
        print("the next one", flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


def test_an_interrupt_in_the_middle_of_a_row_waits_for_its_end():
    done = subprocess.run([sys.executable, "-c", HELD], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["the whole row", "interrupted"]


def test_a_sweep_after_a_kill(tmp_path):
    """Rows that were finished are kept as they are, a line that was cut short is dropped, no process stays."""
    rows, journal = tmp_path / "rows.csv", tmp_path / "rows.csv.journal"
    lists = ["sweep", "--arch", "relu", "--n", ",".join(map(str, range(5, 105))), "-o", rows]
    command = Command(*lists, "--jobs", 2)
    command.wait_for(lambda: journal.exists() and journal.read_bytes().count(b"\n") >= 4)
    command.wait_for(lambda: re.search(r"rows/(s|min)\S* \S*0:\d\d:\d\d", command.shown))  # its rate and the time that remains
    command.kill()
    assert not command.has_left_processes()
    assert not rows.exists()
    with journal.open("ab") as file:
        file.write(b'{"architecture": "re')
    lines = journal.read_bytes().split(b"\n")[1:-1]
    kept = {entry["n"]: entry for entry in map(json.loads, lines)}
    assert 3 <= len(kept) < 100
    assert verify(*lists, "--jobs", 1).code == 0
    with rows.open(encoding="utf-8") as file:
        found = {row["n"]: row for row in csv.DictReader(file)}
    assert list(found) == [str(n) for n in range(5, 105)]
    assert all(float(found[n]["seconds"]) == row["seconds"] for n, row in kept.items())
    assert not journal.exists()

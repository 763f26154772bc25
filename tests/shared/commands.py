"""The `verify` command, in this process, in one of its own, or watched on a terminal and interrupted."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from verifier.cli.main import main

PATIENCE_SECONDS = 120
LEAVING_SECONDS = 20
VERDICTS = {"PROVED": 0, "UNDECIDED": 3, "REFUTED": 4}
"""Exit codes."""


class Finished(NamedTuple):
    """What a command ended with."""

    code: int
    out: str
    err: str


def verify(*arguments: object, folder: Path | str = ".") -> Finished:
    """`verify ARGUMENTS` in this process, in a folder."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as stopped,
    ):
        main(list(map(str, arguments)))
    assert isinstance(stopped.value.code, int)
    return Finished(stopped.value.code, out.getvalue(), err.getvalue())


def verify_in_own_process(*arguments: object, folder: Path | str = ".", seconds: int = 60, **environment: str) -> Finished:
    """`verify ARGUMENTS` as a process that finds the same modules as this one, in a folder."""
    done = subprocess.run(
        [sys.executable, "-m", "verifier", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        timeout=seconds,
        check=False,
        env=importing_the_same(**environment),
    )
    return Finished(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def importing_the_same(*first: Path, **environment: str) -> dict[str, str]:
    """The environment of a process that finds the same modules as this one, after those of the folders `first`."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [*map(str, first), *sys.path])), **environment}


def last(output: str) -> str:
    """The last line."""
    return output.strip().splitlines()[-1]


def fields(output: str) -> dict[str, str]:
    """The last line: a verdict, then key=value."""
    verdict, *pairs = last(output).split(" ")
    assert verdict in VERDICTS
    found = dict(pair.split("=", 1) for pair in pairs)
    assert len(found) == len(pairs)
    return {"verdict": verdict, **found}


class Command:
    """`verify ARGUMENTS` with a terminal as its stderr, leader of a session, so that what it starts can be found."""

    def __init__(self, *arguments: object) -> None:
        master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "verifier", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=slave,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            env={**os.environ, "COLUMNS": "120", "TERM": "xterm"},
        )
        os.close(slave)
        self.shown = ""
        self._reader = threading.Thread(target=self._read, args=(master,), daemon=True)
        self._reader.start()

    def _read(self, master: int) -> None:
        while True:
            try:
                content = os.read(master, 4096)
            except OSError:  # the other end is closed
                content = b""
            if not content:
                os.close(master)
                return
            self.shown += content.decode("utf-8", errors="replace")

    def wait_for(self, condition) -> None:
        """Wait until the condition (of no arguments) holds."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            if self.process.poll() is not None or time.monotonic() > end:
                self.kill()
                raise AssertionError(f"the command ended or stalled before: {self.shown}")
            time.sleep(0.02)

    def interrupt(self, group: bool = False) -> tuple[int, float, str]:
        """Send SIGINT (to all its processes, as a terminal does, or to it alone); its exit code, seconds until then, stdout."""
        started = time.monotonic()
        (os.killpg if group else os.kill)(self.process.pid, signal.SIGINT)
        code = self.process.wait(PATIENCE_SECONDS)
        seconds = time.monotonic() - started
        output = self.process.stdout.read()
        self.process.stdout.close()
        self._reader.join(PATIENCE_SECONDS)
        return code, seconds, output

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.process.kill()
        self.process.wait(PATIENCE_SECONDS)
        self.process.stdout.close()

    def has_left_processes(self) -> bool:
        """Whether a process it started is still there, as long after it ended as a busy machine may take to end it."""
        end = time.monotonic() + LEAVING_SECONDS
        while time.monotonic() < end:
            if not any(_session(pid) == self.process.pid for pid in _running()):
                return False
            time.sleep(0.05)
        return True


def _running() -> list[int]:
    """Process ids, without those that have ended and wait to be collected."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                found.append(int(entry.name))
    return found


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None

"""README examples are run: console blocks must print what they show (up to the time taken), Python blocks must pass."""

import doctest
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"
TEXT = README.read_text(encoding="utf-8")


def _console_blocks() -> list[tuple[str, str]]:
    found = []
    for block in re.findall(r"```console\n\$ verify (.*?)```", TEXT, flags=re.DOTALL):
        command, _, output = block.partition("\n")
        found.append((command, output))
    return found


def _without_time(text: str) -> str:
    return re.sub(r"seconds=[\d.]+|[\d.]+ s;", "TIME", text).strip()


@pytest.mark.parametrize(("command", "shown"), _console_blocks())
def test_console_block_prints_what_it_shows(command: str, shown: str, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "verifier", *shlex.split(command)], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert run.stderr == ""
    assert _without_time(run.stdout) == _without_time(shown)
    assert run.returncode == 0


def test_there_are_console_blocks() -> None:
    assert len(_console_blocks()) >= 2


def test_a_changed_number_would_be_noticed() -> None:
    command, shown = _console_blocks()[0]
    assert _without_time(shown.replace("K = 469", "K = 470")) != _without_time(shown), command


def test_python_blocks_pass() -> None:
    failed, tried = doctest.testfile(str(README), module_relative=False)
    assert tried >= 3
    assert failed == 0


def test_setup_commands_are_marked_for_continuous_integration() -> None:
    for name in ("main-job", "tests"):
        assert re.search(rf"<!-- {name} -->\n```bash\n[^\n]+\n```", TEXT), name

"""README examples are run: console blocks must print what they show (up to the time taken), Python blocks must pass."""

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

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


def _block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.DOTALL)
    return str(found)


def test_the_workflow_is_one_that_github_takes() -> None:
    flow = yaml.safe_load(_block("yaml"))
    assert flow.pop(True) == ["push", "pull_request"]  # YAML 1.1 reads the key `on` as true
    assert set(flow) == {"name", "jobs"}
    (job,) = flow["jobs"].values()
    assert set(job) == {"runs-on", "steps"}
    for step in job["steps"]:
        assert ("uses" in step) != ("run" in step)
        assert set(step) <= {"uses", "with", "run", "if"}
        assert re.fullmatch(r"actions/[a-z-]+@v\d+", step.get("uses", "actions/x@v1"))
    assert [step["run"] for step in job["steps"] if "run" in step] == [
        "pip install ./first-input-recall", "verify claims claims.toml --junit claims.xml",
    ]  # fmt: skip


@pytest.mark.parametrize(("tolerance", "code"), [("1e-200", 0), ("1e-201", 4)])
def test_the_workflow_runs_in_a_repository_that_holds_nothing_else(tolerance: str, code: int, tmp_path: Path) -> None:
    """What pip would install, and nothing else of this repository, is importable; the claims file is the README's."""
    root = README.parent
    installed = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]["find"]
    for pattern in installed["include"]:
        name = pattern.rstrip("*")
        shutil.copytree(root / name, tmp_path / "site" / name, ignore=shutil.ignore_patterns("__pycache__", "*.tex"))
    packages = {file.parent for file in (tmp_path / "site").rglob("*.py")}
    assert all((folder / "__init__.py").exists() for folder in packages), "setuptools finds packages by their __init__.py"
    (tmp_path / "claims.toml").write_text(_block("toml").replace("1e-200", tolerance), encoding="utf-8")
    command = [sys.executable, "-m", "verifier", "claims", "claims.toml", "--junit", "claims.xml"]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path / "site")}, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    results = ElementTree.parse(tmp_path / "claims.xml").getroot()
    assert (results.get("tests"), results.get("failures")) == ("1", str(int(code != 0)))

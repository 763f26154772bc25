"""Optional packages: a test that needs one is marked with its name, and skipped and counted where it is missing. The command."""

import importlib.util

import commands
import pytest

OPTIONAL = ("distributed", "onnx", "onnxruntime", "pyarrow", "torch")


def pytest_addoption(parser):
    parser.addoption(
        "--every-sheet",
        action="store_true",
        help="make and compile every committed sheet, not a few; TeX or Chromium missing is then a failure, not a skip",
    )


def pytest_runtest_setup(item):
    for name in OPTIONAL:
        if item.get_closest_marker(name) is not None and importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed")


@pytest.fixture
def verify(tmp_path, monkeypatch):
    """The command in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return commands.verify

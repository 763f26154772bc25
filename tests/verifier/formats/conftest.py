"""Optional packages: tests that need one are marked, and skipped with its name where it is missing."""

import importlib.util

import pytest


def pytest_runtest_setup(item):
    for name in ("onnx", "onnxruntime", "torch"):
        if item.get_closest_marker(name) is not None and importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed")

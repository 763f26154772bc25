"""What the tests of the formal proofs share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """One cache for all workers: files are compiled once per session, or once for all sessions that name a folder in ROCQ_CACHE."""
    if named := os.environ.get("ROCQ_CACHE"):
        return Path(named)
    base = tmp_path_factory.getbasetemp()
    return (base.parent if base.name.startswith("popen-") else base) / "rocq-cache"

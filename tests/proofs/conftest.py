"""What the tests of the formal proofs share."""

from __future__ import annotations

import fcntl
import os
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from proofs import kernel


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """One cache for all workers, who compile one at a time: each file once per session, or once for all sessions that name
    a folder in ROCQ_CACHE."""
    base = tmp_path_factory.getbasetemp()
    own = (base.parent if base.name.startswith("popen-") else base) / "rocq-cache"
    folder = Path(os.environ.get("ROCQ_CACHE", own))
    compiled = kernel.compiled

    @contextmanager
    def one_at_a_time(*arguments):
        with ExitStack() as stack:
            with folder.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                development = stack.enter_context(compiled(*arguments))
            yield development

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "compiled", one_at_a_time)
        yield folder

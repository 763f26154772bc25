"""The most memory a process held while it did something."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 10**6

RESET_PEAK = "5"
"""Written to /proc/self/clear_refs, lets the kernel forget the peak so far (proc(5))."""


@dataclass
class Peak:
    """`megabytes`: the most resident memory of this process, interpreter included, once measured."""

    megabytes: float = 0.0


@contextmanager
def peak_memory() -> Iterator[Peak]:
    """Measure the peak over the block on Linux; elsewhere over the life of the process."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text(RESET_PEAK, encoding="ascii")
    peak = Peak()
    yield peak
    peak.megabytes = round(_peak_bytes() / MEGABYTE, 1)


def _peak_bytes() -> int:
    """VmHWM of proc(5) where there is one, else the peak of getrusage(2), in bytes on macOS and in KiB elsewhere."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024

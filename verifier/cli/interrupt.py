"""Ctrl-C ends a command within a second: what is finished is kept, what is running is dropped."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

INTERRUPTED_CODE = 130

GRACE_SECONDS = 0.8
"""How long a command has after Ctrl-C to say what it keeps."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C raises `KeyboardInterrupt`, and ends the process `GRACE_SECONDS` later whatever it then still waits for."""
    alone = threading.current_thread() is threading.main_thread()
    if not alone or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is _interrupt:
            signal.signal(signal.SIGINT, signal.default_int_handler)


class _Held:
    """Whether an interrupt has to wait, and whether one does."""

    now = False
    waiting = False


@contextmanager
def held() -> Iterator[None]:
    """An interrupt that comes in this short block takes effect at its end: what the block does is done or not begun."""
    _Held.now = True
    try:
        yield
    finally:
        _Held.now = False
        if _Held.waiting:
            _Held.waiting = False
            _interrupt(signal.SIGINT, None)


def _interrupt(number: int, frame: FrameType | None) -> None:
    if _Held.now:
        _Held.waiting = True
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # once is enough
    timer = threading.Timer(GRACE_SECONDS, os._exit, (INTERRUPTED_CODE,))
    timer.daemon = True
    timer.start()
    raise KeyboardInterrupt


def end_interrupted() -> NoReturn:
    """Say so, and exit with code 130."""
    print("verify: interrupted", file=sys.stderr)
    sys.stdout.flush()
    sys.exit(INTERRUPTED_CODE)

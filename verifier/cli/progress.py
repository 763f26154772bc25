"""A progress bar on a terminal, only once the work has taken a second."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any

PATIENCE_SECONDS = 1.0


class Stepping:
    """Counts steps (`count`); draws them with rich when stderr is a terminal and a second has passed."""

    def __init__(self, show: bool, what: str = "adversarial runs: {} steps") -> None:
        self._what = what
        self._show = show and sys.stderr.isatty()
        self._started = time.monotonic()
        self._bar: Any = None
        self._task: Any = None
        self.count = 0

    def __enter__(self) -> Stepping:
        return self

    def advance(self, steps: int) -> None:
        """Note `steps` more steps."""
        self.count += steps
        waited = time.monotonic() - self._started
        if self._show and waited >= PATIENCE_SECONDS:
            self._draw(self._what.format(f"{self.count:,}"), show_speed(self.count / waited, "steps"))

    def say(self, doing: str) -> None:
        """Say what is done instead of counting steps."""
        if self._show:
            self._draw(doing, "")

    def _draw(self, doing: str, rate: str) -> None:
        if self._bar is None:
            from rich.console import Console
            from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

            self._bar = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                TextColumn("{task.fields[rate]}"),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._bar.start()
            self._task = self._bar.add_task(doing, total=None, rate=rate)
        else:
            self._bar.update(self._task, description=doing, rate=rate)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()


def show_speed(speed: float | None, one: str) -> str:
    """Pieces per second, or per minute where they are slow.

    >>> show_speed(2.34, "rows"), show_speed(0.05, "rows"), show_speed(12345.6, "steps"), show_speed(None, "rows")
    ('2.3 rows/s', '3.0 rows/min', '12,346 steps/s', '')
    """
    if not speed:
        return ""
    if speed < 1:
        return f"{60 * speed:.1f} {one}/min"
    return f"{speed:.1f} {one}/s" if speed < 100 else f"{speed:,.0f} {one}/s"


class Counting:
    """Counts finished pieces of known work, `done` of which were there before; draws them with rich when stderr is a terminal."""

    def __init__(self, what: str, total: int, done: int = 0) -> None:
        self._what, self._total, self._done = what, total, done
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Counting:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(),
            )
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task(self._what, total=self._total, completed=self._done, rate="")
        return self

    def advance(self) -> None:
        """Note one more finished piece."""
        if self._bar is not None:
            self._bar.advance(self._task)
            speed = self._bar.tasks[0].finished_speed or self._bar.tasks[0].speed
            self._bar.update(self._task, rate=show_speed(speed, self._what))

    def stop(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

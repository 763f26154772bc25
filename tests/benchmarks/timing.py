"""Rows of the table, and cases measured in turn: medians, and ratios with their quartiles."""

from __future__ import annotations

import math
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from verifier.cli.fit import fit_exponent  # noqa: E402
from verifier.cli.numbers import show_horizon  # noqa: E402

Case = Callable[[], float]
"""Runs something once and returns its CPU seconds."""


@dataclass(frozen=True)
class Row:
    """One line of the table. `ratio` is this case over `against`; without a number the row says why."""

    benchmark: str
    case: str
    time: str
    ratio: str = ""
    against: str = ""
    target: str = ""
    met: bool | None = None

    @property
    def verdict(self) -> str:
        """What became of the target: met, missed, not measured, or nothing where there is none."""
        if not self.target:
            return ""
        return {True: "met", False: "missed", None: "not measured"}[self.met]


@dataclass(frozen=True)
class Sample:
    """CPU seconds of several cases, measured round by round."""

    seconds: Mapping[str, list[float]]

    def median(self, case: str) -> float:
        """Median CPU seconds of a case."""
        return statistics.median(self.seconds[case])

    def ratios(self, case: str, against: str) -> list[float]:
        """case / against, one ratio per round."""
        return [a / b for a, b in zip(self.seconds[case], self.seconds[against], strict=True)]


def measure(cases: Mapping[str, Case], repeat: int) -> Sample:
    """Run all cases `repeat` times, interleaved, each round starting with another case; one round before goes unmeasured."""
    names = list(cases)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for name in names:
        cases[name]()
    for turn in range(repeat):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            seconds[name].append(cases[name]())
    return Sample(seconds)


def compare(
    benchmark: str,
    sample: Sample,
    case: str,
    against: str = "",
    most: float | None = None,
    *,
    per: int = 1,
    unit: str = "ms",
) -> Row:
    """The row of a case: median per step, and the median ratio with quartiles against another case."""
    text = show_time(sample.median(case) / per, unit)
    if not against:
        return Row(benchmark, case, text)
    ratios = sample.ratios(case, against)
    ratio = statistics.median(ratios)
    target = "" if most is None else f"<= {most:g}"
    return Row(benchmark, case, text, show_ratio(ratios), against, target, None if most is None else ratio <= most)


def show_time(seconds: float, unit: str) -> str:
    """Seconds in the unit, three significant digits."""
    value = seconds * {"ms": 1e3, "us": 1e6}[unit]
    return f"{value:.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def show_ratio(ratios: Sequence[float]) -> str:
    """Median and quartiles."""
    if len(ratios) < 2:
        return f"{ratios[0]:.2f}"
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def timed(action: Callable[[], Any]) -> float:
    """CPU seconds of this process for one call."""
    start = time.process_time()
    action()
    return time.process_time() - start


def fitted(
    benchmark: str, against: str, cases: Mapping[int, Case], repeat: int, least: float | None = None, most: float | None = None
) -> Row:
    """The row of a law: time ~ size^exponent, fitted to every round of every size, with a target for the exponent."""
    sample = measure({str(size): case for size, case in cases.items()}, repeat)
    points = [(turn, math.log(size), math.log(sample.seconds[str(size)][turn])) for size in cases for turn in range(repeat)]
    law = fit_exponent(points)
    if law is None:
        raise ValueError(f"{benchmark}: one size makes no law")
    low, high = show_horizon(min(cases)), show_horizon(max(cases))
    text = show_time(sample.median(str(max(cases))), "ms")
    target = "" if least is None or most is None else f"{least:g} to {most:g}"
    met = None if least is None or most is None else least <= law.exponent <= most
    return Row(benchmark, f"{against} = {low} ... {high}", text, f"{against}^{law}", "fitted", target, met)

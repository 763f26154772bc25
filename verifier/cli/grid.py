"""The questions of a sweep: lists of architectures, n, digits, M, units and horizons, and every combination of them.

Lists come from the command line (`--n 10,1000`) or from a TOML file:

    arch = ["lstm", "gru"]
    n = [10, 1000, "10^18"]
    precision = [20, 50]
    bound = ["1", "1/2"]
    hidden = [32]
    horizon = ["upto", "fixed"]
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from pathlib import Path
from typing import Any

from constructions import ARCHITECTURES, canonical, unknown_architecture
from verifier.cli.files import read_text
from verifier.errors import UsageError
from verifier.exact import parse_count, parse_rational, show_rational
from verifier.regime import DEFAULT_HIDDEN, HORIZONS, Regime, decide_tolerance

MOST_QUESTIONS = 100_000
"""Questions of one sweep: a table of more rows wants several files."""


@dataclass(frozen=True)
class Asked:
    """One question of a sweep: recall x_1 to `precision` digits of M = `bound`, with `hidden` units."""

    architecture: str
    n: int
    precision: int
    bound: Fraction
    hidden: int
    horizon: str

    def regime(self) -> Regime:
        """The question as `verifier` knows it; raises `UsageError` where it is none."""
        tolerance = decide_tolerance(self.bound, self.precision, None, None)
        return Regime(self.architecture, self.n, self.bound, tolerance, self.horizon, hidden=self.hidden)

    @property
    def key(self) -> tuple[str, str, int, str, int, str]:
        """The question as it stands in a row."""
        return self.architecture, str(self.n), self.precision, show_rational(self.bound), self.hidden, self.horizon


@dataclass(frozen=True)
class Axis:
    """One list of a sweep: how an entry is read, and what a list looks like. `default` "" means that it must be given."""

    read: Callable[[str, str], Any]
    example: str
    default: str


def _architecture(text: str, _: str) -> str:
    name = canonical(text)
    if name not in ARCHITECTURES:
        raise UsageError(unknown_architecture(text))
    return name


def _horizon(text: str, what: str) -> str:
    if text not in HORIZONS:
        raise UsageError(f"{what} {text!r} is unknown; choose among {', '.join(HORIZONS)}")
    return text


AXES = {
    "arch": Axis(_architecture, "lstm,gru", ""),
    "n": Axis(parse_count, "10,1000,10^18", ""),
    "precision": Axis(parse_count, "20,50", "20"),
    "bound": Axis(parse_rational, "1,1/2", "1"),
    "hidden": Axis(parse_count, "2,32", str(DEFAULT_HIDDEN)),
    "horizon": Axis(_horizon, "upto,fixed", "upto"),
}
"""The lists of a sweep, by their names on the command line and in the file; the first varies slowest."""


def read_grid(file: Path | None, given: Mapping[str, str | None]) -> list[Asked]:
    """Every combination of the lists of `file` and of the command line, in order.

    Raises `UsageError` on a list that is missing, empty, malformed, given twice or holds an entry twice, and on questions
    that no regime allows.
    """
    listed = {name: ("--" + name, text.split(",")) for name, text in given.items() if text is not None}
    if file is not None:
        for name, entries in _lists_of(file).items():
            if name in listed:
                raise UsageError(f"the list {name} is given both by --{name} and in {file}; give it once")
            listed[name] = (f"{name} of {file}", entries)
    values: dict[str, list[Any]] = {}
    for name, axis in AXES.items():
        if name not in listed and not axis.default:
            raise UsageError(f"the list --{name} is missing; give one, such as --{name} {axis.example}")
        what, entries = listed.get(name, ("--" + name, [axis.default]))
        values[name] = _read(axis, what, entries)
    count = prod(len(entries) for entries in values.values())
    if count > MOST_QUESTIONS:
        raise UsageError(f"these lists make {count:,} questions; at most {MOST_QUESTIONS:,} fit one sweep, so divide them")
    asked = [Asked(*combination) for combination in itertools.product(*values.values())]
    for question in asked:
        question.regime()
    return asked


def _read(axis: Axis, what: str, entries: list[str]) -> list[Any]:
    """The entries as values, all different."""
    found: list[Any] = []
    for entry in entries:
        text = entry.strip()
        if not text:
            raise UsageError(f"{what} has an empty entry; write a list such as {axis.example}")
        value = axis.read(text, what)
        if value in found:
            raise UsageError(f"{what} lists {text} twice; once is enough")
        found.append(value)
    return found


def _lists_of(file: Path) -> dict[str, list[str]]:
    """The lists of a TOML file, entries as text."""
    try:
        data = tomllib.loads(read_text(file))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file} is not TOML: {error}") from None
    unknown = sorted(set(data) - set(AXES))
    if unknown:
        raise UsageError(f"{file} has {', '.join(unknown)}; known are the lists {', '.join(AXES)}")
    for name, entries in data.items():
        if not isinstance(entries, list) or not entries:
            raise UsageError(f"{name} of {file} must be a list, such as {name} = [{_quoted(AXES[name].example)}]")
        for entry in entries:
            if isinstance(entry, bool) or not isinstance(entry, (int, str)):
                raise UsageError(f'{name} of {file} holds {entry!r}; write whole numbers, or exact ones as text such as "1/10"')
    return {name: [str(entry) for entry in entries] for name, entries in data.items()}


def _quoted(example: str) -> str:
    return ", ".join(f'"{entry}"' for entry in example.split(","))

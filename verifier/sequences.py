"""Input sequences, run-length coded, so that a witness of 10^18 inputs is two runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from verifier.arithmetic.balls import show_decimal
from verifier.errors import UsageError
from verifier.exact import parse_rational, show_rational

LONGEST_VALUE = 24
"""Characters of an input that is printed in full."""

SHOWN_DIGITS = 15
"""Digits of a longer one."""

Runs = tuple[tuple[Fraction, int], ...]
"""An input sequence: (value, how often), in order."""


def compress(values: Iterable[Fraction]) -> Runs:
    """Run-length code of a sequence.

    >>> compress([Fraction(1), Fraction(-1), Fraction(-1)])
    ((Fraction(1, 1), 1), (Fraction(-1, 1), 2))
    """
    runs: list[tuple[Fraction, int]] = []
    for value in values:
        if runs and runs[-1][0] == value:
            runs[-1] = (value, runs[-1][1] + 1)
        else:
            runs.append((value, 1))
    return tuple(runs)


def join(runs: Iterable[tuple[Fraction, int]]) -> Runs:
    """Run-length code of runs: empty ones dropped, equal neighbours merged."""
    result: list[tuple[Fraction, int]] = []
    for value, count in runs:
        if count <= 0:
            continue
        if result and result[-1][0] == value:
            result[-1] = (value, result[-1][1] + count)
        else:
            result.append((value, count))
    return tuple(result)


def cut(runs: Runs, n: int) -> Runs:
    """The first n inputs of a sequence."""
    kept: list[tuple[Fraction, int]] = []
    left = n
    for value, count in runs:
        kept.append((value, min(count, left)))
        left -= count
        if left <= 0:
            break
    return join(kept)


def length(runs: Runs) -> int:
    """Number of inputs."""
    return sum(count for _, count in runs)


def expand(runs: Runs) -> Iterator[Fraction]:
    """The inputs one by one."""
    for value, count in runs:
        for _ in range(count):
            yield value


def show_runs(runs: Runs, most: int = 4) -> str:
    """A sequence for people: `1, then -1 (999 times)`; long ones are cut with their length stated.

    >>> show_runs(((Fraction(1), 1), (Fraction(-1), 999)))
    '1, then -1 (999 times)'
    """
    parts = [_show_value(v) if c == 1 else f"{_show_value(v)} ({c} times)" for v, c in runs[:most]]
    text = ", then ".join(parts)
    return text if len(runs) <= most else f"{text}, ... ({length(runs)} inputs in {len(runs)} runs)"


def _show_value(value: Fraction) -> str:
    """A rational as it is if that is short, else its first digits, cut towards -∞ and marked as such."""
    text = show_rational(value)
    if len(text) <= LONGEST_VALUE:
        return text
    bits = 4 * SHOWN_DIGITS + max(0, value.denominator.bit_length() - value.numerator.bit_length())
    return f"{show_decimal((value.numerator * (1 << bits) // value.denominator, -bits), SHOWN_DIGITS, up=False)}..."


def runs_to_data(runs: Runs) -> list[list[Any]]:
    """Plain data: [["value", count], ...]."""
    return [[show_rational(value), count] for value, count in runs]


def runs_from_data(data: Any) -> Runs:
    """Read what `runs_to_data` wrote; raises `UsageError` otherwise."""
    if not isinstance(data, list):
        raise UsageError('a witness must be a list of ["value", count] pairs')
    result = []
    for row in data:
        if not (isinstance(row, list) and len(row) == 2 and isinstance(row[0], str)):
            raise UsageError(f"a witness has the malformed run {str(row)[:60]}")
        if isinstance(row[1], bool) or not isinstance(row[1], int) or row[1] < 1:
            raise UsageError(f"a witness has the malformed count {str(row[1])[:60]}")
        result.append((parse_rational(row[0], "witness value"), row[1]))
    return tuple(result)

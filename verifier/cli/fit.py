"""Exponents of power laws, fitted to measured numbers by least squares on logarithms.

    log y = a_g + b log x + rest,   one a_g for each group g of points that agree in everything but x

Measured times are floats and stay so: what is fitted here is a measurement, never a claim.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

Point = tuple[Hashable, float, float]
"""Group, log x, log y."""


@dataclass(frozen=True)
class Law:
    """y ~ x^exponent over `points` points of `groups` groups; `error` is the standard error, None where no point is spare."""

    exponent: float
    error: float | None
    points: int
    groups: int

    def __str__(self) -> str:
        """The exponent with its standard error.

        >>> str(Law(0.98765, 0.0123, 6, 1)), str(Law(-0.001, None, 2, 1))
        ('0.99 ± 0.01', '0.00')
        """
        text = f"{self.exponent:.2f}".replace("-0.00", "0.00")
        return text if self.error is None else f"{text} ± {self.error:.2f}"


def fit_exponent(points: Iterable[Point]) -> Law | None:
    """The exponent b of y ~ x^b common to all groups; None where no group has two different x.

    b = S_xy / S_xx and error² = (S_yy - b S_xy) / (points - groups - 1) / S_xx, the sums over deviations from the mean of
    each group.

    >>> fit_exponent([("a", 0.0, 1.0), ("a", 1.0, 3.0), ("a", 2.0, 5.0), ("b", 0.0, 7.0), ("b", 1.0, 9.0)])
    Law(exponent=2.0, error=0.0, points=5, groups=2)
    """
    grouped: dict[Hashable, list[tuple[float, float]]] = {}
    for group, x, y in points:
        grouped.setdefault(group, []).append((x, y))
    used = [members for members in grouped.values() if len({x for x, _ in members}) > 1]
    if not used:
        return None
    deviations = [deviation for members in used for deviation in _centred(members)]
    xx = math.fsum(x * x for x, _ in deviations)
    xy = math.fsum(x * y for x, y in deviations)
    yy = math.fsum(y * y for _, y in deviations)
    spare = len(deviations) - len(used) - 1
    error = math.sqrt(max(0.0, yy - xy * xy / xx) / spare / xx) if spare > 0 else None
    return Law(xy / xx, error, len(deviations), len(used))


def _centred(members: list[tuple[float, float]]) -> list[tuple[float, float]]:
    count = len(members)
    x0, y0 = math.fsum(x for x, _ in members) / count, math.fsum(y for _, y in members) / count
    return [(x - x0, y - y0) for x, y in members]

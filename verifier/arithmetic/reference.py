"""mpmath `mp`: the independent reference, never the judge.

Correctly rounded to `digits` decimals in each operation but without error bounds. Each instance has a context of its
own; nothing global changes. `mpmath.iv` is not used anywhere: its exp violates enclosure and it has no tanh.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath


class Reference:
    """mpmath arithmetic at `digits` decimal digits. Values are `mpf` of this instance's context."""

    name = "reference"

    def __init__(self, digits: int) -> None:
        self.context: Any = mpmath.MPContext()
        self.context.dps = digits

    def exact(self, value: Fraction) -> Any:
        """The rational, rounded to the working precision."""
        return self.context.mpf(value.numerator) / value.denominator

    def sigmoid(self, value: Any) -> Any:
        """σ(v) = e^min(v,0) / (1 + e^-|v|)."""
        exponential = self.context.exp(-abs(value))
        return (exponential if value < 0 else 1) / (1 + exponential)

    def tanh(self, value: Any) -> Any:
        """tanh(v)."""
        return self.context.tanh(value)

    def relu(self, value: Any) -> Any:
        """max(v, 0)."""
        return value if value > 0 else self.context.zero

    def softplus(self, value: Any) -> Any:
        """max(v, 0) + ln(1 + e^-|v|)."""
        return self.relu(value) + self.context.log1p(self.context.exp(-abs(value)))

    def exp(self, value: Any) -> Any:
        """e^v."""
        return self.context.exp(value)

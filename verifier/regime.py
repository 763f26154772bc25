"""The question, decided once: architecture, domain, horizon, accuracy.

*First-input recall*: after reading x_1 ... x_n output x_1. The error is e = sup |y_n - x_1| over the domain.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from verifier.errors import UsageError
from verifier.exact import exact, parse_rational, show_rational

DOMAINS = ("box", "grid", "reals")
HORIZONS = ("upto", "fixed", "forever")

DEFAULT_HIDDEN = 32
"""Hidden units in the course question."""

LARGEST_PRECISION = 20_000
"""Decimal digits a claim may ask for."""

LARGEST_BITS = 10_000
"""Bits of a grid."""

LARGEST_HORIZON_DIGITS = 1_000
"""The horizon n may have this many decimal digits."""


@dataclass(frozen=True)
class Regime:
    """A recall question with its quantifiers.

    `horizon`: `upto` claims every n' with 1 <= n' <= n from one weight set; `fixed` claims n alone.
    `forever` claims every n >= 1 (then `n` only says how far adversarial runs go).
    `domain`: `box` is [-bound, bound]^n; `grid` is 2^bits equispaced points of it, end points included; `reals` is ℝ^n
    (then `bound` only scales the adversarial runs). A tolerance of 0 asks for exact recall.
    `tolerance`: the claim is e <= tolerance on the box, and additionally e < half the spacing,
    bound / (2^bits - 1), on the grid, where rounding to the nearest point then gives x_1 exactly.

    Raises `UsageError` on values outside the question and `TypeError` on floats. Source: this project, theory
    section 1.

    >>> Regime("lstm", n=1000, bound=1, tolerance=Fraction(1, 10**200)).describe()
    'recall x_1 within 1e-200 at every n <= 1000, all x_t in [-1, 1]'
    """

    architecture: str
    n: int
    bound: Fraction
    tolerance: Fraction
    horizon: str = "upto"
    domain: str = "box"
    bits: int | None = None
    hidden: int = DEFAULT_HIDDEN

    def __post_init__(self) -> None:
        object.__setattr__(self, "bound", exact(self.bound))
        object.__setattr__(self, "tolerance", exact(self.tolerance))
        if isinstance(self.n, bool) or not isinstance(self.n, int):
            raise TypeError(f"the horizon n = {self.n!r} must be an int")
        if self.n < 1:
            raise UsageError(f"the horizon n = {self.n} is not allowed; it must be a whole number, at least 1")
        if self.n >= 10**LARGEST_HORIZON_DIGITS:
            raise UsageError(f"the horizon n has more than {LARGEST_HORIZON_DIGITS} digits; choose a smaller n")
        if self.bound <= 0:
            raise UsageError(f"the bound M = {show_rational(self.bound)} is not allowed; inputs lie in [-M, M], M > 0")
        if self.domain not in DOMAINS:
            raise UsageError(f"domain {self.domain!r} is unknown; choose one of {', '.join(DOMAINS)}")
        if self.horizon not in HORIZONS:
            raise UsageError(f"horizon {self.horizon!r} is unknown; choose one of {', '.join(HORIZONS)}")
        if isinstance(self.hidden, bool) or not isinstance(self.hidden, int):
            raise TypeError(f"hidden units d = {self.hidden!r} must be an int")
        if self.hidden < 1:
            raise UsageError(f"hidden units d = {self.hidden} is not allowed; it must be at least 1")
        if self.domain == "grid" and (self.bits is None or self.bits < 1):
            raise UsageError("the grid needs --bits b with b >= 1 (2^b equispaced points)")
        if self.domain != "grid" and self.bits is not None:
            raise UsageError("--bits belongs to --domain grid; the box holds all real numbers of [-M, M]")
        if self.bits is not None and self.bits > LARGEST_BITS:
            raise UsageError(f"--bits {self.bits} is not allowed; at most {LARGEST_BITS:,}")
        if self.tolerance < 0:
            raise UsageError(f"tolerance {show_rational(self.tolerance)} is not allowed; it must be positive, or 0 for exact")
        largest = Fraction(10) ** LARGEST_PRECISION
        if not 1 / largest <= self.bound <= largest:
            raise UsageError(f"the bound M lies outside 10^-{LARGEST_PRECISION} ... 10^{LARGEST_PRECISION}; scale the inputs")
        if self.tolerance and not 1 / largest <= self.tolerance / self.bound:
            raise UsageError(f"the tolerance is finer than 10^-{LARGEST_PRECISION} M; ask for fewer digits or --exact")
        if self.domain == "reals":
            return
        if self.tolerance > self.bound or (self.tolerance == self.bound and self.domain == "box"):
            raise UsageError(
                f"tolerance {show_rational(self.tolerance)} asks for nothing: the constant output 0 already has error "
                f"M = {show_rational(self.bound)}; choose a smaller tolerance"
            )

    @property
    def half_spacing(self) -> Fraction | None:
        """Half the distance of neighbouring grid points, M / (2^bits - 1); None on the box."""
        return None if self.bits is None else self.bound / (2**self.bits - 1)

    @property
    def extent(self) -> Fraction | None:
        """M where inputs lie in [-M, M]; None on ℝ."""
        return None if self.domain == "reals" else self.bound

    @property
    def length(self) -> int | None:
        """The horizon n; None for ever."""
        return None if self.horizon == "forever" else self.n

    @property
    def only_last(self) -> bool:
        """Whether the claim is about n alone."""
        return self.horizon == "fixed"

    @property
    def working_bits(self) -> int:
        """log2(M n² / tolerance), rounded up: the bits that tell errors of the tolerance's size apart."""
        ratio = self.bound / self.tolerance if self.tolerance else Fraction(1)
        return (ratio.numerator // ratio.denominator).bit_length() + 2 * self.n.bit_length()

    def contains(self, value: Fraction) -> bool:
        """Whether an input may take this value: in [-M, M], a grid point, or any real."""
        if self.domain == "reals":
            return True
        if abs(value) > self.bound:
            return False
        return self.bits is None or ((value + self.bound) * (2**self.bits - 1) / (2 * self.bound)).denominator == 1

    @property
    def strict(self) -> bool:
        """Whether the error must be strictly below the tolerance (a grid whose half spacing is the tolerance)."""
        return self.half_spacing is not None and self.tolerance == self.half_spacing

    def describe(self) -> str:
        """The question in one line of plain words."""
        if self.strict:
            return f"recall x_1 exactly after rounding {self.scope()}"
        how = f"within {show_rational(self.tolerance)}" if self.tolerance else "exactly"
        return f"recall x_1 {how} {self.scope()}"

    def asked(self) -> str:
        """The question with the network it is about: "lstm, 32 hidden units: recall ..."."""
        return f"{self.architecture}, {self.hidden} hidden units: {self.describe()}"

    def scope(self) -> str:
        """When and for which inputs: "at every n <= 9, all x_t in [-1, 1]"."""
        when = {"upto": f"every n <= {self.n}", "fixed": f"n = {self.n}", "forever": "every n >= 1"}[self.horizon]
        bound = show_rational(self.bound)
        where = "ℝ" if self.domain == "reals" else f"[-{bound}, {bound}]"
        if self.domain == "grid":
            where = f"2^{self.bits} equispaced points of {where}"
        relation = "among" if self.domain == "grid" else "in"
        return f"at {when}, all x_t {relation} {where}"

    def to_data(self) -> dict[str, Any]:
        """Plain data for a certificate; `from_data` reads it back."""
        data = dataclasses.asdict(self)
        return {key: show_rational(v) if isinstance(v, Fraction) else v for key, v in data.items()}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Regime:
        """Read what `to_data` wrote; raises `UsageError` on missing, unknown or malformed fields."""
        names = {field.name for field in dataclasses.fields(cls)}
        if set(data) != names:
            wrong = sorted(set(data) ^ names)
            raise UsageError(f"the question has wrong fields: {', '.join(wrong)}")
        values = dict(data)
        for key in ("bound", "tolerance"):
            if not isinstance(values[key], str):
                raise UsageError(f'{key} must be text such as "1/3" or "1e-20"')
            values[key] = parse_rational(values[key], key)
        for key in ("n", "hidden", "bits"):
            if (key != "bits" or values[key] is not None) and (isinstance(values[key], bool) or not isinstance(values[key], int)):
                raise UsageError(f"{key} must be a whole number")
        for key in ("architecture", "horizon", "domain"):
            if not isinstance(values[key], str):
                raise UsageError(f"{key} must be text")
        return cls(**values)


def decide_tolerance(
    bound: Fraction, precision: int | None, tolerance: Fraction | None, bits: int | None, exact_recall: bool = False
) -> Fraction:
    """The tolerance a request means: 0 for exact recall, `tolerance`, or 10^-precision times the bound.

    On a grid at most half the spacing, which is also the default there. Raises `UsageError` when nothing states an
    accuracy or more than one thing does.
    """
    if sum((precision is not None, tolerance is not None, exact_recall)) > 1:
        raise UsageError("give one of --precision, --tolerance and --exact")
    if exact_recall:
        return Fraction(0)
    if precision is not None:
        if isinstance(precision, bool) or not isinstance(precision, int):
            raise TypeError(f"precision {precision!r} must be an int")
        if not 1 <= precision <= LARGEST_PRECISION:
            raise UsageError(f"precision {precision} is not allowed; it counts decimal digits, 1 to {LARGEST_PRECISION:,}")
        tolerance = bound / 10**precision
    if bits is not None and not 1 <= bits <= LARGEST_BITS:
        raise UsageError(f"--bits {bits} is not allowed; 1 to {LARGEST_BITS:,}")
    half_spacing = None if bits is None else bound / (2**bits - 1)
    stated = [value for value in (tolerance, half_spacing) if value is not None]
    if not stated:
        raise UsageError("say how accurate: --precision DIGITS, --tolerance DELTA or --exact (on a grid --bits B says it)")
    return min(stated)

"""The copy question: read n reals, then blanks, and give them back in order.

Inputs x_1 ... x_n in [-M, M], then 0 ("blanks") at steps n + 1 ... 2n - 1; wanted y_n = x_1, y_{n+1} = x_2, ...,
y_{2n-1} = x_n. The errors are E_j = y_{n+j-1} - x_j and the claim is |E_j| <= tolerance for every j and every x.

In the classical form of the task the inputs are one-hot symbols. A cell here reads one real per step, so symbol
k = 0 ... m - 1 is coded as the point M (2k/(m-1) - 1) and read off by rounding y to the nearest code; every |E_j| below
half the spacing, M/(m-1), gives every symbol exactly.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from verifier.cells import CELLS
from verifier.errors import UsageError
from verifier.exact import exact, parse_rational, show_rational
from verifier.hypotheses import is_continuous
from verifier.regime import DEFAULT_HIDDEN, LARGEST_PRECISION, decide_tolerance


@dataclass(frozen=True)
class CopyTask:
    """A copy question with its quantifiers; `symbols` is m, or None for all reals of the box.

    Raises `UsageError` on values outside the question and `TypeError` on floats. Source: this project, theory T8 and
    C10; one-hot form: Henaff, Szlam & LeCun 2016.

    >>> CopyTask("lstm", n=64, bound=1, tolerance=Fraction(1, 10**20)).describe()
    'copy 64 numbers within 1e-20, all x_t in [-1, 1]'
    """

    architecture: str
    n: int
    bound: Fraction
    tolerance: Fraction
    hidden: int = DEFAULT_HIDDEN
    symbols: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "bound", exact(self.bound))
        object.__setattr__(self, "tolerance", exact(self.tolerance))
        if self.architecture not in CELLS:
            raise UsageError(f"cell {self.architecture!r} is unknown; known cells: {', '.join(sorted(CELLS))}")
        for name, value, least in (("n", self.n, 1), ("hidden", self.hidden, 1), ("symbols", self.symbols, 2)):
            if value is None and name == "symbols":
                continue
            if isinstance(value, bool) or not isinstance(value, int):
                raise TypeError(f"{name} = {value!r} must be an int")
            if value < least:
                raise UsageError(f"{name} = {value} is not allowed; it must be at least {least}")
        if self.bound <= 0:
            raise UsageError(f"the bound M = {show_rational(self.bound)} is not allowed; inputs lie in [-M, M], M > 0")
        if self.tolerance <= 0:
            raise UsageError(f"tolerance {show_rational(self.tolerance)} is not allowed; it must be positive")
        if self.tolerance >= self.bound and not self.strict:
            raise UsageError(
                f"tolerance {show_rational(self.tolerance)} asks for nothing: the constant output 0 already has error "
                f"M = {show_rational(self.bound)}; choose a smaller tolerance"
            )
        if self.tolerance * 10**LARGEST_PRECISION < self.bound:
            raise UsageError(f"the tolerance is finer than 10^-{LARGEST_PRECISION} M; ask for fewer digits")
        if self.half_spacing is not None and self.tolerance > self.half_spacing:
            raise UsageError(
                f"tolerance {show_rational(self.tolerance)} does not tell {self.symbols} symbols apart; half the spacing of "
                f"their codes is {show_rational(self.half_spacing)}"
            )

    @property
    def half_spacing(self) -> Fraction | None:
        """Half the distance of neighbouring codes, M/(m-1); None for reals."""
        return None if self.symbols is None else self.bound / (self.symbols - 1)

    @property
    def strict(self) -> bool:
        """Whether the error must be strictly below the tolerance (it is half the spacing of the codes)."""
        return self.half_spacing is not None and self.tolerance == self.half_spacing

    def code(self, symbol: int) -> Fraction:
        """The point M (2k/(m-1) - 1) that stands for symbol k."""
        if self.symbols is None or not 0 <= symbol < self.symbols:
            raise ValueError(f"there is no symbol {symbol}")
        return self.bound * Fraction(2 * symbol, self.symbols - 1) - self.bound

    def contains(self, value: Fraction) -> bool:
        """Whether an input may take this value: a real of [-M, M], or the code of a symbol."""
        if abs(value) > self.bound:
            return False
        return self.symbols is None or ((value + self.bound) * (self.symbols - 1) / (2 * self.bound)).denominator == 1

    @property
    def capacity(self) -> int:
        """D: the reals that the state of this many units carries."""
        return CELLS[self.architecture].state_reals(self.hidden)

    @property
    def is_impossible(self) -> bool:
        """T8: more reals than the state holds, through a continuous step, have error >= M > tolerance.

        Hypotheses checked here: the inputs are all reals of the box (on finitely many symbols T8 says nothing), n > D,
        and every operation of the step is continuous.
        """
        return self.symbols is None and self.n > self.capacity and is_continuous(CELLS[self.architecture])

    def describe(self) -> str:
        """The question in one line of plain words."""
        bound = show_rational(self.bound)
        if self.symbols is not None:
            what = f"copy {self.n} of {self.symbols} symbols, coded as equispaced points of [-{bound}, {bound}]"
            return f"{what}, exactly after rounding" if self.strict else f"{what}, within {show_rational(self.tolerance)}"
        return f"copy {self.n} numbers within {show_rational(self.tolerance)}, all x_t in [-{bound}, {bound}]"

    def asked(self) -> str:
        """The question with the network it is about: "lstm, 32 hidden units: copy ..."."""
        return f"{self.architecture}, {self.hidden} hidden units: {self.describe()}"

    def to_data(self) -> dict[str, Any]:
        """Plain data for a certificate; `from_data` reads it back."""
        return {key: show_rational(v) if isinstance(v, Fraction) else v for key, v in dataclasses.asdict(self).items()}

    @classmethod
    def from_data(cls, data: Any) -> CopyTask:
        """Read what `to_data` wrote; raises `UsageError` on missing, unknown or malformed fields."""
        names = {field.name for field in dataclasses.fields(cls)}
        if not isinstance(data, dict) or set(data) != names:
            raise UsageError(f"the question must have the fields {', '.join(sorted(names))}")
        values = dict(data)
        for key in ("bound", "tolerance"):
            if not isinstance(values[key], str):
                raise UsageError(f'{key} must be text such as "1/3" or "1e-20"')
            values[key] = parse_rational(values[key], key)
        for key in ("n", "hidden", "symbols"):
            optional = key == "symbols" and values[key] is None
            if not optional and (isinstance(values[key], bool) or not isinstance(values[key], int)):
                raise UsageError(f"{key} must be a whole number")
        if not isinstance(values["architecture"], str):
            raise UsageError("architecture must be text")
        return cls(**values)


def copy_task(
    architecture: str,
    n: int | None = None,
    precision: int | None = None,
    *,
    tolerance: Fraction | int | None = None,
    bound: Fraction | int = 1,
    hidden: int = DEFAULT_HIDDEN,
    symbols: int | None = None,
) -> CopyTask:
    """The question a request means: n defaults to the capacity; with symbols the tolerance to half their spacing."""
    if architecture not in CELLS:
        raise UsageError(f"cell {architecture!r} is unknown; known cells: {', '.join(sorted(CELLS))}")
    size = exact(bound)
    wanted = None if tolerance is None else exact(tolerance)
    half = size / (symbols - 1) if symbols is not None and symbols > 1 else None
    if half is not None and precision is None and wanted is None:
        wanted = half
    decided = decide_tolerance(size, precision, wanted, None)
    length = CELLS[architecture].state_reals(hidden) if n is None else n
    return CopyTask(architecture, length, size, decided if half is None else min(decided, half), hidden, symbols)

"""Untrusted proposals: for each architecture explicit weights, sized from the request, with the bound that sized them.

>>> construct("lstm", n=1000, precision=200).weights
Weights('lstm', hidden=32, 10 nonzero, sha256 0b270409c408)
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial

from constructions import (
    bilinear,
    diagonal,
    exploding,
    extrapolated,
    gru,
    linear,
    lstm,
    paths,
    poles,
    register,
    relu,
    sigmoid,
    stacked,
    tanh,
    thermometer,
)
from constructions.answer import Construction, Impossibility, Unanswered
from constructions.latch import LATCHES, SIGNS
from verifier.errors import UsageError
from verifier.exact import exact
from verifier.inequality import Derivation
from verifier.regime import DEFAULT_HIDDEN, Regime, decide_tolerance
from verifier.weights import LARGEST_HIDDEN

ARCHITECTURES: dict[str, Callable[[Regime], Construction | Impossibility | Unanswered]] = {
    "linear": linear.construct,
    "relu": relu.construct,
    "tanh": tanh.construct,
    "sigmoid": sigmoid.construct,
    "lstm": lstm.construct,
    **dict.fromkeys(SIGNS, gru.construct),
    "bilinear": bilinear.construct,
    "stacked": stacked.construct,
    **dict.fromkeys(poles.FAMILY_OF, diagonal.construct),
}
"""`construct` of each architecture, by the name used on the command line."""

ALIASES = {"s4": "s4d", "s6": "selective", "mamba": "selective"}
"""Other names of architectures, in lower case."""


def canonical(name: str) -> str:
    """The name under which an architecture is known here: lower case, aliases resolved.

    >>> canonical("minGRU"), canonical("S4"), canonical("Mamba")
    ('mingru', 's4d', 'selective')
    """
    return ALIASES.get(name.lower(), name.lower())


def construct(
    architecture: str,
    n: int,
    precision: int | None = None,
    *,
    tolerance: Fraction | int | None = None,
    bound: Fraction | int = 1,
    hidden: int = DEFAULT_HIDDEN,
    horizon: str = "upto",
    domain: str = "box",
    bits: int | None = None,
    exact_recall: bool = False,
    cells: int = 1,
) -> Construction | Impossibility | Unanswered:
    """Propose weights with which `architecture` recalls x_1.

    n: horizon. precision: decimal digits, tolerance = 10^-precision·bound; or `tolerance` itself (exact). bound: inputs
    lie in [-bound, bound]. hidden: units d. horizon: "upto" (every n' <= n), "fixed", "forever". domain: "box",
    "reals", or "grid" with `bits`. exact_recall: ask for error 0 instead of an accuracy. cells: memory cells of the LSTM;
    more of them need smaller weights (C6b).
    Returns a `Construction`; an `Impossibility` naming the theorem that forbids one; or `Unanswered` where this version has
    neither. Raises `UsageError` on bad values and
    `TypeError` on floats.
    """
    architecture = canonical(architecture)
    if architecture not in ARCHITECTURES:
        raise UsageError(unknown_architecture(architecture))
    size = exact(bound)
    wanted = decide_tolerance(size, precision, None if tolerance is None else exact(tolerance), bits, exact_recall)
    regime = Regime(architecture, n, size, wanted, horizon, domain, bits, hidden)
    if cells == 1:
        return ARCHITECTURES[architecture](regime)
    if architecture != "lstm":
        raise UsageError(f"--cells {cells} is not allowed for {architecture}; only the lstm has more than one memory cell (C6b)")
    return extrapolated.construct(regime, cells)


def derivations() -> dict[str, Callable[[Mapping[str, Fraction]], Derivation]]:
    """The derivation of each theorem that a construction uses, by id, made from the parameters it was applied with."""
    return {
        "C1": lambda parameters: linear.shift_register(_units(parameters)),
        "C2": lambda _: linear.exploding(),
        "C2-doubling": lambda _: linear.doubling(),
        "C3": lambda _: relu.box(),
        "C4a": lambda _: register.derivation("tanh"),
        "C4a-sigmoid": lambda _: register.derivation("sigmoid"),
        "C4b": lambda _: exploding.derivation(),
        "C5": lambda _: tanh.derivation(),
        "C5-sigmoid": lambda _: sigmoid.derivation(),
        "C6": lambda _: lstm.derivation(),
        "C6b": lambda parameters: extrapolated.derivation(extrapolated.checked(parameters.get("k", Fraction(0)))),
        "C7": lambda _: gru.derivation(),
        **{latch.theorem: partial(_thermometer, latch.cells[0]) for latch in LATCHES.values()},
        "C11": lambda _: bilinear.derivation(),
        "C12": lambda parameters: relu.reals(_units(parameters)),
        "C13": lambda _: stacked.derivation(),
        "C14": lambda parameters: poles.rebuild("C14", "", parameters),
        "C15": lambda _: diagonal.doubling(),
        **{
            f"{theorem}{suffix}": partial(poles.rebuild, theorem, suffix)
            for theorem in ("C14", "C15")
            for suffix in poles.FAMILIES
            if suffix
        },
        "C16": paths.rebuild,
    }


def _thermometer(cell: str, parameters: Mapping[str, Fraction]) -> Derivation:
    """C8 on the box, where a width w is among the parameters, or else on a grid."""
    return thermometer.derivation(cell, grid="w" not in parameters)


def _units(parameters: Mapping[str, Fraction]) -> int:
    """The n of a delay line, which has that many units or more."""
    n = parameters.get("n", Fraction(0))
    if n.denominator != 1 or not 1 <= n <= LARGEST_HIDDEN:
        raise UsageError(f"n = {n} is not the length of a delay line; 1 to {LARGEST_HIDDEN}")
    return n.numerator


def unknown_architecture(name: str) -> str:
    """One line for a misspelt architecture, with the nearest known name."""
    near = difflib.get_close_matches(name.lower(), (*ARCHITECTURES, *ALIASES), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"architecture {name!r} is unknown{hint} (known: {', '.join(sorted(ARCHITECTURES))})"


__all__ = ["ARCHITECTURES", "Construction", "Impossibility", "Unanswered", "construct", "derivations", "unknown_architecture"]

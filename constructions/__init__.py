"""Untrusted proposals: for each architecture explicit weights, sized from the request, with the bound that sized them.

>>> construct("lstm", n=1000, precision=200).weights
Weights('lstm', hidden=32, 10 nonzero, sha256 0b270409c408)
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from fractions import Fraction
from functools import partial

from constructions import exploding, lstm, register, sigmoid, tanh
from constructions.answer import Construction, Unanswered
from verifier.errors import UsageError
from verifier.exact import exact
from verifier.inequality import Derivation
from verifier.regime import DEFAULT_HIDDEN, Regime, decide_tolerance

ARCHITECTURES: dict[str, Callable[[Regime], Construction | Unanswered]] = {
    "lstm": lstm.construct,
    "sigmoid": sigmoid.construct,
    "tanh": tanh.construct,
}
"""`construct` of each architecture, by the name used on the command line."""


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
) -> Construction | Unanswered:
    """Propose weights with which `architecture` recalls x_1.

    n: horizon. precision: decimal digits, tolerance = 10^-precision·bound; or `tolerance` itself (exact). bound: inputs
    lie in [-bound, bound]. hidden: units d. horizon: "upto" (every n' <= n), "fixed", "forever". domain: "box", or
    "grid" with `bits`. Returns a `Construction`, or `Unanswered` where this version has none. Raises `UsageError` on bad
    values and `TypeError` on floats.
    """
    if architecture not in ARCHITECTURES:
        raise UsageError(unknown_architecture(architecture))
    size = exact(bound)
    wanted = decide_tolerance(size, precision, None if tolerance is None else exact(tolerance), bits)
    regime = Regime(architecture, n, size, wanted, horizon, domain, bits, hidden)
    return ARCHITECTURES[architecture](regime)


def derivations() -> dict[str, Callable[[], Derivation]]:
    """The derivation of each theorem that a construction uses, by theorem id."""
    return {
        "C4a": partial(register.derivation, "tanh"),
        "C4a-sigmoid": partial(register.derivation, "sigmoid"),
        "C4b": exploding.derivation,
        "C5": tanh.derivation,
        "C5-sigmoid": sigmoid.derivation,
        "C6": lstm.derivation,
    }


def unknown_architecture(name: str) -> str:
    """One line for a misspelt architecture, with the nearest known name."""
    near = difflib.get_close_matches(name.lower(), ARCHITECTURES, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"architecture {name!r} is unknown{hint} (known: {', '.join(sorted(ARCHITECTURES))})"


__all__ = ["ARCHITECTURES", "Construction", "Unanswered", "construct", "derivations", "unknown_architecture"]

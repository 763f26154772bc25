"""What a `construct()` returns: explicit weights, the theorem that forbids any, or the statement that neither is known here.

Nothing in this package decides anything; `verifier.certify` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from sympy import Symbol

from verifier.inequality import Derivation
from verifier.regime import Regime
from verifier.weights import Weights

Place = tuple[str, tuple[int, ...]]
"""A weight's block and index."""


Entries = Mapping[Place, tuple[Fraction | int, str]]
"""Every nonzero weight with the reason for it."""


def assemble(cell: str, hidden: int, entries: Entries, units: tuple[str, ...] = ()) -> tuple[Weights, dict[Place, str]]:
    """The weights of `cell` with these entries, and the reason of each."""
    blocks: dict[str, dict[tuple[int, ...], Fraction | int]] = {}
    for (name, index), (value, _) in entries.items():
        blocks.setdefault(name, {})[index] = value
    return Weights(cell, hidden, blocks, units), {place: reason for place, (_, reason) in entries.items()}


@dataclass(frozen=True)
class Construction:
    """Explicit weights proposed for a regime, with the closed-form bound that sized them.

    `parameters` are the derivation's symbols at exact values; where the verifier bounds the error from the weights alone there
    is no derivation, and `statement` says what is claimed. `reasons` says for each nonzero weight why it is there;
    `leading_order` is the bound to leading order and `sized` says how the parameters were chosen, as text for people.
    """

    regime: Regime
    weights: Weights
    theorem: str
    title: str
    parameters: Mapping[Symbol, Fraction]
    derivation: Derivation | None
    reasons: Mapping[Place, str]
    leading_order: str
    sized: str = "the smallest whole numbers and power of ten whose bound meets the tolerance"
    statement: str = ""

    def _repr_latex_(self) -> str:
        """The question, and the weights as matrices, for notebooks."""
        from verifier.display import weights_latex

        return weights_latex(self.weights, f"{self.regime.architecture}: {self.regime.describe()} ({self.theorem})")

    def __post_init__(self) -> None:
        missing = [
            f"{name}{list(index)}"
            for name, array in self.weights.blocks().items()
            for index, _ in array
            if (name, index) not in self.reasons
        ]
        if missing:
            raise ValueError(f"weights without a reason: {', '.join(missing)}")


@dataclass(frozen=True)
class Impossibility:
    """No weights of the architecture meet the request, says the named theorem; `proofs.impossible` decides whether it does.

    `best`: the construction of this package that comes closest to the theorem's floor under the same domain and horizon, with
    a regime of its own (the tolerance it reaches); None where no finite error is possible or none is known.
    `attains`: whether the error of `best` is claimed to equal the floor; else it is an example on the way to the infimum.
    """

    regime: Regime
    theorem: str
    best: Construction | None = None
    attains: bool = False

    def _repr_html_(self) -> str:
        """The question and the claim, for notebooks."""
        from verifier.display import no_weights_html

        told = f"impossible, says theorem {self.theorem}; proofs.ask.ask() decides whether it does"
        return no_weights_html(self.regime, told, "" if self.best is None else f"{self.best.title} ({self.best.theorem})")


@dataclass(frozen=True)
class Unanswered:
    """No construction and no impossibility proof for this regime in this version; never a success.

    `best`: the construction that comes closest under the same domain and horizon, with the tolerance it reaches; None if there
    is none.
    """

    regime: Regime
    reason: str
    best: Construction | None = None

    def _repr_html_(self) -> str:
        """The question and what is missing, for notebooks."""
        from verifier.display import no_weights_html

        told = f"not known to this version: {self.reason}"
        return no_weights_html(self.regime, told, "" if self.best is None else f"{self.best.title} ({self.best.theorem})")

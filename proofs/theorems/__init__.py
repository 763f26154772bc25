"""One file per theorem."""

from proofs.theorem import Theorem
from proofs.theorems.c6 import C6
from proofs.theorems.c7 import C7

THEOREMS: dict[str, Theorem] = {theorem.id: theorem for theorem in (C6, C7)}
"""Every theorem of this version, by id."""

__all__ = ["THEOREMS"]

"""One file per theorem."""

from proofs.theorem import Theorem
from proofs.theorems.c6 import C6
from proofs.theorems.c10 import C10
from proofs.theorems.t8 import T8

THEOREMS: dict[str, Theorem] = {theorem.id: theorem for theorem in (C6, C10, T8)}
"""Every theorem of this version, by id."""

__all__ = ["THEOREMS"]

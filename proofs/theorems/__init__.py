"""One file per theorem."""

from proofs.theorem import Theorem
from proofs.theorems.c4a import C4A, C4A_SIGMOID
from proofs.theorems.c4b import C4B
from proofs.theorems.c5 import C5
from proofs.theorems.c5_sigmoid import C5_SIGMOID
from proofs.theorems.c6 import C6

THEOREMS: dict[str, Theorem] = {theorem.id: theorem for theorem in (C4A, C4A_SIGMOID, C4B, C5, C5_SIGMOID, C6)}
"""Every theorem of this version, by id."""

__all__ = ["THEOREMS"]

"""One file per theorem."""

from proofs.theorem import Theorem
from proofs.theorems.c1 import C1
from proofs.theorems.c2 import C2
from proofs.theorems.c3 import C3
from proofs.theorems.c4a import C4A, C4A_SIGMOID
from proofs.theorems.c4b import C4B
from proofs.theorems.c5 import C5
from proofs.theorems.c5_sigmoid import C5_SIGMOID
from proofs.theorems.c6 import C6
from proofs.theorems.c6b import C6B
from proofs.theorems.c7 import C7
from proofs.theorems.c8 import C8, C8_GRU, C8_LSTM, C8_SIGMOID
from proofs.theorems.c10 import C10
from proofs.theorems.c11 import C11
from proofs.theorems.c12 import C12
from proofs.theorems.c13 import C13
from proofs.theorems.t8 import T8

THEOREMS: dict[str, Theorem] = {
    theorem.id: theorem
    for theorem in (
        C1,
        C2,
        C3,
        C4A,
        C4A_SIGMOID,
        C4B,
        C5,
        C5_SIGMOID,
        C6,
        C6B,
        C7,
        C8,
        C8_SIGMOID,
        C8_GRU,
        C8_LSTM,
        C10,
        C11,
        C12,
        C13,
        T8,
    )
}
"""Every theorem of this version, by id."""

__all__ = ["THEOREMS"]

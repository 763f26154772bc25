"""One file per theorem."""

from proofs.theorem import Theorem
from proofs.theorems.c1 import C1
from proofs.theorems.c2 import C2, C2_DOUBLING
from proofs.theorems.c3 import C3
from proofs.theorems.c4a import C4A, C4A_SIGMOID
from proofs.theorems.c4b import C4B
from proofs.theorems.c5 import C5
from proofs.theorems.c5_sigmoid import C5_SIGMOID
from proofs.theorems.c6 import C6
from proofs.theorems.c6b import C6B
from proofs.theorems.c7 import C7
from proofs.theorems.c8 import C8, C8_GRU, C8_LSTM, C8_SIGMOID
from proofs.theorems.c9 import C9
from proofs.theorems.c9_tanh import C9_TANH
from proofs.theorems.c10 import C10
from proofs.theorems.c11 import C11
from proofs.theorems.c12 import C12
from proofs.theorems.c13 import C13
from proofs.theorems.c14 import C15, FILTERS
from proofs.theorems.c16 import C16
from proofs.theorems.f1 import F1
from proofs.theorems.t1 import T1
from proofs.theorems.t2 import T2
from proofs.theorems.t3 import T3
from proofs.theorems.t3b import T3B
from proofs.theorems.t3c import T3C
from proofs.theorems.t4 import T4
from proofs.theorems.t5 import T5
from proofs.theorems.t5b import T5B
from proofs.theorems.t6 import T6
from proofs.theorems.t7 import T7
from proofs.theorems.t8 import T8

CONSTRUCTIONS = (
    *(
        C1,
        C2,
        C2_DOUBLING,
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
        C9,
        C9_TANH,
        C10,
        C11,
        C12,
        C13,
    ),
    *FILTERS,
    *(C15, C16),
)
FLOATS = (F1,)
IMPOSSIBILITIES = (T1, T2, T3, T3B, T3C, T4, T5, T5B, T6, T7, T8)

THEOREMS: dict[str, Theorem] = {theorem.id: theorem for theorem in (*CONSTRUCTIONS, *FLOATS, *IMPOSSIBILITIES)}
"""Every theorem of this version, by id."""

__all__ = ["THEOREMS"]

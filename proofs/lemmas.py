"""Which lemma of proofs/rocq proves which theorem: name, pinned statement, and what is not formalised, with the reason.

The statements are those of `proofs/rocq/statements.v`; `proofs.kernel` checks that every lemma named here has the type it is
pinned to and rests on no axiom but those listed there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Lemma:
    """A lemma `module.name` of proofs/rocq, the statement of statements.v it is pinned to, and what it says in words."""

    name: str
    statement: str
    says: str

    @property
    def module(self) -> str:
        """The file that proves it, without its ending."""
        return self.name.partition(".")[0]


LEMMAS: Mapping[str, tuple[Lemma, ...]] = {
    "T1": (Lemma("t1.bounded", "T1", "tanh, sigmoid, LSTM, all GRU: no finite error on ℝ"),),
    "T2": (
        Lemma("t2.open_set", "T2", "tanh, sigmoid, LSTM, all GRU: never exact around any point, any n and weights"),
        Lemma("t2.segment", "T2_segment", "nor on a segment along x_1, the other inputs fixed"),
        Lemma("t2.on_the_box", "T2_box", "so not on [-M, M]"),
    ),
    "T3": (Lemma("t3.iff", "T3", "exact at n if and only if n <= d; beyond, no finite error on ℝ"),),
    "T3b": (
        Lemma("t3b.beyond", "T3b", "spectral radius at most 1, every d"),
        Lemma("t3.one_unit", "T3b_one_unit", "d = 1"),
    ),
    "T3c": (Lemma("t3c.worthless", "T3c", "from 2^d steps on, and by the pigeonhole count"),),
    "T4": (
        Lemma("t4.doubles", "T4", "the floor, the unit that attains it, and ℝ"),
        Lemma("t4.complex_diagonal", "T4_lru", "LRU, S4D, S5: linear RNNs of 2d units"),
    ),
    "T5": (
        Lemma("t5.lattice_paths", "T5", "the floor for all N and every i"),
        Lemma("t5.lattice_paths_selective", "T5_selective", "the readout sees the last input"),
    ),
    "T5b": (
        Lemma("t5b.commuting_state", "T5b", "any linear state with commuting transitions: not exact, and the floor"),
        Lemma("t5b.one_layer", "T5b_diagonal", "so one diagonal layer with any gates"),
        Lemma("t5b.seeing_the_last", "T5b_selective", "the readout sees the last input"),
        Lemma("t5b.on_the_box", "T5b_box", "M/2^d on [-M, M]"),
    ),
    "T6": (
        Lemma("t6.scaled", "T6_upto", "up to N >= 2"),
        Lemma("t6.one_unit", "T6_one_unit", "at one n, d = 1"),
    ),
    "T8": (
        Lemma("t8.linear_capacity", "T8_linear", "linear RNN, every d"),
        Lemma("t8.one_real", "T8_one_real", "any continuous step on one real, any readout"),
        Lemma("t8.one_unit", "T8_one_unit", "so ReLU, tanh, sigmoid RNN and GRU, d = 1"),
    ),
    "C1": (Lemma("c1.recalls", "C1", "exact"),),
    "C2": (Lemma("c2.explodes", "C2", "the error is equal to the formula"),),
    "C2-doubling": (Lemma("doubling.linear", "C2_doubling", "the error is equal to the formula, at every n <= N"),),
    "C3": (Lemma("c3.recalls", "C3", "exact, for ever"),),
    "C4a": (Lemma("c4a.tanh_recalls", "C4a", "the printed bound"),),
    "C4a-sigmoid": (Lemma("c4a.sigmoid_recalls", "C4a_sigmoid", "the printed bound"),),
    "C4b": (
        Lemma("c4b.explodes", "C4b", "the printed bound"),
        Lemma("c4b.any", "C4b_any", "for all n, M and tolerances"),
    ),
    "C5": (
        Lemma("c5.tanh_recalls", "C5", "the printed bound"),
        Lemma("c5.tanh_any", "C5_any", "for all N, M and tolerances"),
    ),
    "C5-sigmoid": (
        Lemma("c5.sigmoid_recalls", "C5_sigmoid", "the printed bound"),
        Lemma("c5.sigmoid_any", "C5_sigmoid_any", "for all N, M and tolerances"),
    ),
    "C6": (
        Lemma("c6.recalls", "C6", "the printed bound"),
        Lemma("c6.any", "C6_any", "for all N, M and tolerances"),
    ),
    "C7": (
        Lemma("c7.recalls", "C7", "the printed bound, four conventions"),
        Lemma("c7.any", "C7_any", "for all N, M and tolerances"),
    ),
    "C8": (
        Lemma("c8.tanh_latches", "C8", "the printed bound, for ever"),
        Lemma("c8.tanh_latches_grid", "C8_grid", "the printed bound on a grid, for ever"),
        Lemma("c8.tanh_any", "C8_any", "for all M, numbers of units and tolerances above M/d"),
    ),
    "C8-sigmoid": (
        Lemma("c8.sigmoid_latches", "C8_sigmoid", "the printed bound, for ever"),
        Lemma("c8.sigmoid_latches_grid", "C8_sigmoid_grid", "the printed bound on a grid, for ever"),
    ),
    "C8-gru": (
        Lemma("c8.gru_latches", "C8_gru", "the printed bound, for ever, four conventions"),
        Lemma("c8.gru_latches_grid", "C8_gru_grid", "the printed bound on a grid, for ever"),
    ),
    "C8-lstm": (
        Lemma("c8.lstm_latches", "C8_lstm", "the printed bound, for ever"),
        Lemma("c8.lstm_latches_grid", "C8_lstm_grid", "the printed bound on a grid, for ever"),
    ),
    "C9": (Lemma("c9.recalls", "C9", "the construction's weights, for ever, from inequalities at the numbers"),),
    "C10": (
        Lemma("c10.copied", "C10", "linear, ReLU and tanh lines"),
        Lemma("c10_gru.copied", "C10_gru", "the tanh line's bound and 2M(1 - φ^n), four conventions"),
        Lemma("c10_gru.any", "C10_gru_any", "GRU, for all n <= d, M and tolerances"),
        Lemma("c10_lstm.copied", "C10_lstm", "LSTM from its operating point, n <= 2d: the error is at most a constant times ε"),
    ),
    "C11": (Lemma("c11.recalls", "C11", "exact on ℝ, for ever"),),
    "C12": (Lemma("c12.recalls", "C12", "exact on ℝ"),),
    "C13": (Lemma("c13.recalls", "C13", "exact, for ever"),),
    "C14": (Lemma("filters.any_poles", "C14", "any distinct poles reach it exactly, and a rounded readout misses by n r M"),),
    "C14-lru": (Lemma("filters.lru_delays", "C14_lru", "as C14, n <= 2D, complex poles"),),
    "C14-min": (Lemma("filters.min_delays", "C14_min", "as C14, minGRU and minLSTM"),),
    "C14-selective": (Lemma("filters.selective_delays", "C14_selective", "as C14"),),
    "C15": (Lemma("doubling.diagonal", "C15", "the error is equal to the formula, at every n <= N"),),
    "C15-lru": (Lemma("filters.lru_halves", "C15_lru", "any distinct poles reach it, and the bound with roundings"),),
    "C15-min": (Lemma("filters.min_halves", "C15_min", "as C15-lru, minGRU and minLSTM"),),
    "C15-selective": (Lemma("filters.selective_halves", "C15_selective", "as C15-lru"),),
    "C16": (
        Lemma("c16.lattice_network", "C16", "T5's floor for every N, on the whole box, from any such points"),
        Lemma("c16.points_exist", "C16_exists", "such points exist for every N"),
    ),
}
"""Lemmas by theorem id."""

LEFT_OUT: Mapping[str, str] = {
    "T6": "at a fixed n and d >= 2 the lower bound d >= n + 2 needs invariance of domain",
    "T7": "needs Ax's theorem on exponentials of power series",
    "T8": "a state of two or more reals and units that are not linear need the Borsuk-Ulam theorem, which no installed library has",
    "C6b": "not written yet: partial sums of the odd series of tanh(tanh z)",
    "F1": "not written yet: IEEE arithmetic with hypotheses on the library's functions",
    "T5b": "the near misses: gates in (0, 1) reach every tolerance at n = D + 1, and the floor is the infimum for D = 1",
    "C9": "GRU, three units, floats, copies, other weights the verifier recognises; that the inequalities hold for every L",
    "C9-tanh": "not written yet: as C9 for the LSTM, with pairs of units that cancel",
    "C10": "the LSTM's constant as a number, and rounded weights, once for all: a file of `verify copy lstm --rocq` proves its own",
}
"""What the kernel has not checked, by theorem id, and why; beside a lemma it says what of the theorem is missing."""

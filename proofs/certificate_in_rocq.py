"""A certificate as a Rocq file: the very rationals of the weights, and a kernel theorem instantiated with them.

For C6 and C7 the file proves |y_n' - x_1| <= tolerance for every n' <= n from conditions without cancellation (numbers.v),
which CoqInterval decides over whole numbers of unlimited size; for C3, C11 and C13 the theorem is exact as it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from flint import arb
from sympy import Symbol

from constructions import Construction
from constructions.lstm import EPSILON, K, L, M, N
from verifier.arithmetic.balls import Balls, lower_fraction, to_ball
from verifier.errors import UsageError
from verifier.weights import ExactArray, Weights

GUARD_BITS = 64
"""Bits beyond those that tell the bound from the tolerance."""

SUPPORTED = ("C3", "C6", "C7", "C11", "C13")


@dataclass(frozen=True)
class Layout:
    """How definitions.v writes a cell's weights: record type, field prefix, gates, zero start, further fields."""

    record: str
    gates: Mapping[str, str]
    start: str
    out: str
    vectors: Mapping[str, str]


def _layout(record: str, gates: Iterable[str], pair: bool = False, vectors: Mapping[str, str] | None = None) -> Layout:
    names = {gate: f"{record}_{gate}" for gate in gates}
    return Layout(record, names, f"{record}_start := {'(zero, zero)' if pair else 'zero'}", f"{record}_out", vectors or {})


LAYOUTS = {
    **{name: _layout("elman", "h") for name in ("linear", "relu", "tanh", "sigmoid")},
    "lstm": _layout("lstm", "fiog", pair=True),
    **{name: _layout("gru", "zrn", vectors={"c_n": "gru_c"}) for name in ("gru", "gru-keep", "gru-after", "gru-after-keep")},
    "bilinear": _layout("bilinear", "ax"),
    "stacked": _layout("stacked", "pu", pair=True, vectors={"a_p": "stacked_ap", "a_h": "stacked_ah"}),
}


def certificate_in_rocq(construction: Construction) -> str:
    """The text of a file whose theorem `certified` says that these weights recall x_1 as the regime asks.

    Raises `UsageError` where no kernel theorem serves the construction, its domain or its tolerance.
    """
    regime, theorem = construction.regime, construction.theorem
    if theorem not in SUPPORTED:
        raise UsageError(f"no Rocq file for theorem {theorem}; there are ones for {', '.join(SUPPORTED)}")
    if regime.domain == "grid":
        raise UsageError("the Rocq file states box and reals; use --domain box with the grid's tolerance")
    numeric = theorem in ("C6", "C7")
    claim, instance, proof = _numeric(construction) if numeric else _exact(construction)
    lines = [
        f"(** {regime.describe().replace('<=', 'at most')}; theorem {theorem};",
        f"    weights sha256 {construction.weights.sha256}.",
        "    Check with: verify proofs --certificate THIS_FILE *)",
        "",
        "From Coq Require Import Reals List ZArith Lra Lia.",
        *(["From Interval Require Import Tactic."] if numeric else []),
        f"From Recall Require Import definitions statements analysis {theorem.lower()} numbers decide.",
        "Import ListNotations.",
        "Open Scope R_scope.",
        "",
        *(["Import Decide.", ""] if numeric else []),
        _record(construction.weights),
        "",
        "Ltac agree := lazymatch goal with |- @eq R _ _ => first [lra | field; lra] | |- @eq nat _ _ => reflexivity",
        "  | |- @eq vector zero zero => reflexivity | _ => progress f_equal; agree end.",
        f"Lemma weights_are_the_theorems : weights = {instance}.",
        f"Proof. unfold weights, {instance.split()[0]}, no_weights; cbv beta iota zeta; agree. Qed.",
        "",
        f"Theorem certified : {claim}.",
        "Proof.",
        "  rewrite weights_are_the_theorems.",
        *proof,
        "Qed.",
    ]
    return "\n".join(lines) + "\n"


def _exact(construction: Construction) -> tuple[str, str, list[str]]:
    regime, theorem = construction.regime, construction.theorem
    d, domain = regime.hidden, "reals" if regime.domain == "reals" else f"(box {_number(regime.bound)})"
    output = {"C3": "relu_output", "C11": "bilinear_output", "C13": "stacked_output"}[theorem]
    claim = f"recalls_forever 0 {domain} ({output} {d} weights)"
    instance = f"{theorem}_weights" if theorem == "C11" else f"{theorem}_weights {_number(regime.bound)}"
    if theorem == "C11":
        return claim, instance, ["  intros n Hn x _. apply c11.recalls; [lia|exact Hn|exact I]."]
    return claim, instance, [f"  apply {theorem.lower()}.recalls; [lia|lra]."]


def _numeric(construction: Construction) -> tuple[str, str, list[str]]:
    regime, cell = construction.regime, construction.weights.cell
    values = {symbol: construction.parameters[symbol] for symbol in (N, M, EPSILON, K, L)}
    lstm = construction.theorem == "C6"
    shown, precision = _shown(values, regime.tolerance, lstm)
    numbers = " ".join(_number(values[symbol]) for symbol in (K, L, EPSILON))
    flags = f"{str('after' in cell).lower()} {str('keep' in cell).lower()}"
    output = "lstm_output" if lstm else f"gru_output {flags}"
    instance = f"C6_weights {numbers}" if lstm else f"C7_weights {flags.split()[1]} {numbers}"
    tolerance, box, n = _number(regime.tolerance), _number(values[M]), values[N]
    claim = f"recalls_upto {tolerance} (box {box}) (Z.to_nat {n}) ({output} {regime.hidden} weights)"
    lemma = "lstm_certified" if lstm else f"gru_certified {flags}"
    decide = f"interval with (i_prec {precision})"
    proof = [
        f"  apply ({lemma} {regime.hidden} {n} {numbers} {box} {_number(shown)}).",
        "  - lia.",
        "  - lia.",
        *(["  - lra."] * 4),
        f"  - rewrite !tanh_exp. unfold sigmoid. {decide}.",
        f"  - {decide}.",
        f"  - {decide}.",
    ]
    return claim, instance, proof


def _shown(values: Mapping[Symbol, Fraction], tolerance: Fraction, lstm: bool) -> tuple[Fraction, int]:
    """(a, bits): a rational just below what the flag shows, and the precision that decides the conditions of numbers.v."""
    n, bound, scale, k, gain = (values[symbol] for symbol in (N, M, EPSILON, K, L))
    size = (n * max(k, gain)).__ceil__().bit_length()
    for bits in (GUARD_BITS, 4 * GUARD_BITS, 16 * GUARD_BITS):
        with Balls(size + 2 * bits).working():
            psi = Balls.sigmoid(to_ball(k if lstm else gain))
            shown = psi * Balls.tanh(psi * Balls.tanh(to_ball(k))) if lstm else psi * Balls.tanh(to_ball(gain))
            fine = 2 ** (bits + size)
            below = Fraction((lower_fraction(shown) * fine).__floor__() - 1, fine)
            early, late, cube = (to_ball(-k)).exp(), to_ball(k - gain * below).exp(), to_ball((scale * bound) ** 2)
            if lstm:
                error = to_ball(n + 1) * early + to_ball(n - 1) * late + 2 * cube / 3
            else:
                error = early + to_ball(2 * (n - 1)) * late + cube / 3
            with_room = error * (1 + arb(2) ** (-bits // 2))
            if with_room * to_ball(bound) <= to_ball(tolerance):
                return below, size + bits + GUARD_BITS
    raise UsageError("the simplified bound of the Rocq file misses the tolerance that the closed form meets; change the tolerance")


# --- text -----------------------------------------------------------------------------------------------------------


def _number(value: Fraction | int) -> str:
    value = Fraction(value)
    if value.denominator == 1:
        return f"({value.numerator})" if value < 0 else str(value.numerator)
    return f"({value.numerator} / {value.denominator})"


def _vec(array: ExactArray) -> str:
    return f"vec [{'; '.join(f'{index[0]} |-> {_number(value)}' for index, value in array)}]"


def _mat(array: ExactArray) -> str:
    return f"mat [{'; '.join(f'{i} & {j} |-> {_number(value)}' for (i, j), value in array)}]"


def _record(weights: Weights) -> str:
    layout = LAYOUTS[weights.cell]
    blocks = weights.blocks()
    if any(len(blocks[name]) for name in blocks if name.endswith("_0")):
        raise UsageError("the Rocq theorems start from s_0 = 0")

    def part(letter: str, gate: str) -> ExactArray:
        """A block of a gate, empty where the cell has none."""
        return blocks.get(f"{letter}_{gate}", ExactArray((), ()))

    fields = [
        f"{field} := {{| W := {_mat(part('W', gate))}; U := {_vec(part('U', gate))}; b := {_vec(part('b', gate))} |}}"
        for gate, field in layout.gates.items()
    ]
    for name, field in layout.vectors.items():
        if name in blocks and len(blocks[name]):
            fields.append(f"{field} := {_vec(blocks[name])}")
        else:
            fields.append(f"{field} := zero")
    fields += [layout.start, f"{layout.out} := {{| V := {_vec(blocks['V'])}; v0 := {_number(blocks['v0'][()])} |}}"]
    return f"Definition weights : {layout.record} := {{|\n  " + ";\n  ".join(fields) + " |}."

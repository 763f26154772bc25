"""A certificate as a Rocq file: the very rationals of the weights, and a kernel theorem instantiated with them.

`instances_in_rocq` says what a theorem claims at the numbers; here the weights are written out and compared with the theorem's,
entry by entry, by the kernel. Conditions on numbers are decided by CoqInterval over whole numbers of unlimited size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from constructions import Construction
from proofs import filters_in_rocq, instances_in_rocq
from proofs.instances_in_rocq import Instance, number
from verifier.errors import UsageError
from verifier.weights import ExactArray, Weights


@dataclass(frozen=True)
class Layout:
    """How definitions.v writes a cell's weights: record type, gates by field, letters of the state, further fields.

    `family`: the function that makes a diagonal layer of its gates and vectors; the weights are then that layer and its readout.
    `seen`: the gate through which a readout that also sees the last input looks at the state.
    """

    record: str
    gates: Mapping[str, str]
    states: str
    out: str
    vectors: Mapping[str, str]
    family: str = ""
    seen: str = ""


def _layout(record: str, gates: Iterable[str], states: str = "h", vectors: Mapping[str, str] | None = None) -> Layout:
    names = {gate: f"{record}_{gate}" for gate in gates}
    return Layout(record, names, states, f"{record}_out", vectors or {})


def _layer(family: str, gates: Iterable[str]) -> Layout:
    return Layout("diagonal * readout", dict.fromkeys(gates, ""), "h", "", {}, family)


LAYOUTS = {
    **{name: _layout("elman", "h") for name in ("linear", "relu", "tanh", "sigmoid")},
    "lstm": _layout("lstm", "fiog", "hc"),
    **{name: _layout("gru", "zrn", vectors={"c_n": "gru_c"}) for name in ("gru", "gru-keep", "gru-after", "gru-after-keep")},
    "bilinear": _layout("bilinear", "ax"),
    "stacked": _layout("stacked", "pu", "hp", vectors={"a_p": "stacked_ap", "a_h": "stacked_ah"}),
    **{name: _layout("lru", "hg", "hg", vectors={"re": "lru_re", "im": "lru_im"}) for name in ("lru", "s4d", "s5")},
    "diagonal": _layer("affine_diagonal", "ab"),
    "mingru": _layer("mingru", "zn"),
    "minlstm": _layer("minlstm", "fin"),
    "selective": Layout("diagonal * (R -> readout)", {"delta": "", "B": ""}, "h", "", {"A": ""}, "selective", "C"),
}

INSTANCES: Mapping[str, Callable[[Construction], Instance]] = {**instances_in_rocq.INSTANCES, **filters_in_rocq.INSTANCES}
"""What a certificate's file claims and how it is proved, by theorem id."""


LISTS = "map seq flat_map filter app fst snd off_centre negb Nat.add Nat.sub Nat.eqb Nat.leb Z.of_nat Pos.of_succ_nat Pos.succ"
"""What lists of weights are computed with."""


def certificate_in_rocq(construction: Construction) -> str:
    """The text of a file whose theorem `certified` says that these weights recall x_1 as the regime asks.

    Raises `UsageError` where no kernel theorem serves the construction, its domain or its tolerance.
    """
    regime, theorem = construction.regime, construction.theorem
    if theorem not in INSTANCES or construction.weights.cell not in LAYOUTS:
        cell = construction.weights.cell
        raise UsageError(f"no Rocq file for theorem {theorem} with the {cell} cell; there are ones for {', '.join(INSTANCES)}")
    if regime.domain == "grid" and not theorem.startswith("C8"):
        raise UsageError("the Rocq file states box and reals; use --domain box with the grid's tolerance")
    instance = INSTANCES[theorem](construction)
    return written(regime.describe(), theorem, construction.weights, instance)


def written(question: str, theorem: str, weights: Weights, instance: Instance) -> str:
    """The file of an instance: the weights, that they are the theorem's, and the claim `certified`."""
    module = instance.module or theorem.lower().partition("-")[0]
    unfolded = ", ".join(("weights", instance.weights.split()[0], "no_weights", *instance.unfolds))
    listed = "".join(f" rewrite <- ({equation})." for equation in instance.listed)
    lines = [
        f"(** {question.replace('<=', 'at most')}; theorem {theorem};",
        f"    weights sha256 {weights.sha256}.",
        "    Check with: verify proofs --certificate THIS_FILE *)",
        "",
        "From Coq Require Import Reals List ZArith Lra Lia.",
        *(["From Interval Require Import Tactic."] if instance.decides else []),
        f"From Recall Require Import definitions statements analysis {module} numbers listed decide.",
        "Import ListNotations.",
        "Open Scope R_scope.",
        "",
        *(["Import Decide.", ""] if instance.decides else []),
        _record(weights),
        "",
        "Ltac agree := lazymatch goal with |- ?w = ?w => reflexivity | |- @eq R _ _ => first [lra | field; lra]",
        "  | _ => progress f_equal; agree end.",
        f"Lemma weights_are_the_theorems : weights = {instance.weights}.",
        f"Proof. unfold {unfolded}; cbv beta iota zeta.{listed}",
        f"  cbn [{LISTS}]; agree. Qed.",
        "",
        f"Theorem certified : {instance.claim}.",
        "Proof.",
        "  rewrite weights_are_the_theorems.",
        *instance.proof,
        "Qed.",
    ]
    return "\n".join(lines) + "\n"


# --- text -----------------------------------------------------------------------------------------------------------


def _vec(array: ExactArray) -> str:
    return f"vec [{'; '.join(f'{index[0]} |-> {number(value)}' for index, value in array)}]"


def _mat(array: ExactArray) -> str:
    return f"mat [{'; '.join(f'{i} & {j} |-> {number(value)}' for (i, j), value in array)}]"


def _record(weights: Weights) -> str:
    layout = LAYOUTS[weights.cell]
    blocks = weights.blocks()

    def part(letter: str, gate: str) -> ExactArray:
        """A block of a gate, empty where the cell has none."""
        return blocks.get(f"{letter}_{gate}", ExactArray((), ()))

    def gate(name: str) -> str:
        return f"{{| W := {_mat(part('W', name))}; U := {_vec(part('U', name))}; b := {_vec(part('b', name))} |}}"

    def vector(name: str) -> str:
        """A vector, `zero` where nothing is listed."""
        return _vec(blocks[name]) if name in blocks and len(blocks[name]) else "zero"

    states = [vector(f"{letter}_0") for letter in layout.states]
    start = states[0] if len(states) == 1 else f"({', '.join(states)})"
    out = f"{{| V := {_vec(blocks['V'])}; v0 := {number(blocks['v0'][()])} |}}"
    if layout.seen:
        if len(blocks["D"]):
            raise UsageError("no Rocq file for a readout with a skip D x; there are ones for D = 0")
        row = f"fun k => {_vec(blocks['V'])} k * input_map {gate(layout.seen)} x k"
        out = f"fun x => {{| V := {row}; v0 := {number(blocks['v0'][()])} |}}"
    if layout.family:
        made = "\n    ".join([layout.family, *map(gate, layout.gates), *(f"({vector(v)})" for v in layout.vectors), start])
        return f"Definition weights : {layout.record} := (\n  {made},\n  {out})."
    fields = [f"{field} := {gate(name)}" for name, field in layout.gates.items()]
    fields += [f"{field} := {vector(name)}" for name, field in layout.vectors.items()]
    fields += [f"{layout.record}_start := {start}", f"{layout.out} := {out}"]
    return f"Definition weights : {layout.record} := {{|\n  " + ";\n  ".join(fields) + " |}."

"""The cells of verifier/cells.py as Rocq text, to be compared with proofs/rocq/definitions.v by the kernel.

Each cell's own step runs on an arithmetic whose values are Rocq terms. For every unit of a two-unit network with arbitrary
weights, state and input the resulting term is claimed to equal one step of the Rocq cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from verifier.cells import CELLS, Cell, Maps

UNITS = 2
"""Units of the compared networks: every kind of weight, on and off the diagonal, occurs."""


@dataclass(frozen=True)
class Term:
    """A Rocq term of type R."""

    text: str

    def __add__(self, other: Term | int) -> Term:
        return Term(f"({self.text} + {_text(other)})")

    def __radd__(self, other: int) -> Term:
        return Term(f"({other} + {self.text})")

    def __sub__(self, other: Term) -> Term:
        return Term(f"({self.text} - {other.text})")

    def __mul__(self, other: Term) -> Term:
        return Term(f"({self.text} * {other.text})")

    def __neg__(self) -> Term:
        return Term(f"(- {self.text})")


INPUT = Term("x")


def _text(value: Term | int) -> str:
    return value.text if isinstance(value, Term) else str(value)


class Terms:
    """The arithmetic whose values are Rocq terms."""

    def exact(self, value: Fraction) -> Term:
        """A rational constant."""
        return Term(str(value.numerator) if value.denominator == 1 else f"({value.numerator} / {value.denominator})")

    def sigmoid(self, value: Term) -> Term:
        """The logistic function of definitions.v."""
        return Term(f"sigmoid ({value.text})")

    def tanh(self, value: Term) -> Term:
        """The standard library's tanh."""
        return Term(f"tanh ({value.text})")

    def relu(self, value: Term) -> Term:
        """relu of definitions.v."""
        return Term(f"relu ({value.text})")

    def exp(self, value: Term) -> Term:
        """The standard library's exp."""
        return Term(f"exp ({value.text})")

    def softplus(self, value: Term) -> Term:
        """softplus of definitions.v."""
        return Term(f"softplus ({value.text})")


def _number(unit: int) -> str:
    return f"{unit}%nat"


def _combine(bias: Any, products: Iterable[tuple[Any, Any]]) -> Term:
    """bias + Σ coefficient·value, written as definitions.v writes it: Σ over the units, then the input, then the bias."""
    pairs = list(products)
    recurrent = [f"{c.text} * {v.text}" for c, v in pairs if v != INPUT]
    on_input = [f"{c.text} * {v.text}" for c, v in pairs if v == INPUT]
    total = [" + ".join(["0", *recurrent])] if recurrent else []
    return Term(f"({' + '.join([*total, *on_input, _text(bias)])})")


@dataclass(frozen=True)
class Counterpart:
    """How definitions.v writes a cell: the binders of its weights, the term of its step, the Rocq name of each weight block."""

    binders: str
    step: str
    names: Mapping[str, str]
    states: Mapping[str, str]


def _gates(*gates: str, recurrent: bool = True) -> dict[str, str]:
    letters = ("W", "U", "b") if recurrent else ("U", "b")
    return {f"{letter}_{gate}": f"{letter} g{gate}" for gate in gates for letter in letters}


def _elman(activation: str) -> Counterpart:
    weights = "(Elman gh zero (Readout zero 0))"
    return Counterpart("(gh : gate)", f"elman_step {activation} 2 {weights} h x", _gates("h"), {"h": "{}"})


def _gru(after: bool, keeps: bool) -> Counterpart:
    flags = f"{str(after).lower()} {str(keeps).lower()}"
    return Counterpart(
        "(gz gr gn : gate) (cn : vector)",
        f"gru_step {flags} 2 (Gru gz gr gn cn zero (Readout zero 0)) h x",
        {**_gates("z", "r", "n"), "c_n": "cn"},
        {"h": "{}"},
    )


def _diagonal(cell: str, *gates: str, vectors: tuple[str, ...] = ()) -> Counterpart:
    listed = " ".join(f"g{gate}" for gate in gates)
    return Counterpart(
        " ".join([f"({listed} : gate)", *(f"({name} : vector)" for name in vectors)]),
        f"diagonal_step ({' '.join([cell, listed, *vectors, 'zero'])}) h x",
        {**_gates(*gates, recurrent=False), **{name: name for name in vectors}},
        {"h": "{}"},
    )


LRU = Counterpart(
    "(gh gg : gate) (re im g : vector)",
    "lru_step (Lru re im gh gg (zero, zero) (Readout zero 0)) (h, g) x",
    {**_gates("h", "g", recurrent=False), "re": "re", "im": "im"},
    {"h": "fst {}", "g": "snd {}"},
)

COUNTERPARTS: Mapping[str, Counterpart] = {
    "linear": _elman("(fun z => z)"),
    "relu": _elman("relu"),
    "tanh": _elman("tanh"),
    "sigmoid": _elman("sigmoid"),
    "lstm": Counterpart(
        "(gf gi go gg : gate) (c : vector)",
        "lstm_step 2 (Lstm gf gi go gg (zero, zero) (Readout zero 0)) (h, c) x",
        _gates("f", "i", "o", "g"),
        {"h": "fst {}", "c": "snd {}"},
    ),
    "gru": _gru(False, False),
    "gru-keep": _gru(False, True),
    "gru-after": _gru(True, False),
    "gru-after-keep": _gru(True, True),
    "bilinear": Counterpart(
        "(ga gx : gate)", "bilinear_step 2 (Bilinear ga gx zero (Readout zero 0)) h x", _gates("a", "x"), {"h": "{}"}
    ),
    "stacked": Counterpart(
        "(gp gu : gate) (ap ah p : vector)",
        "stacked_step 2 (Stacked ap gp gu ah (zero, zero) (Readout zero 0)) (h, p) x",
        {**_gates("p", "u"), "a_p": "ap", "a_h": "ah"},
        {"h": "fst {}", "p": "snd {}"},
    ),
    "diagonal": _diagonal("affine_diagonal", "a", "b"),
    "mingru": _diagonal("mingru", "z", "n"),
    "minlstm": _diagonal("minlstm", "f", "i", "n"),
    "selective": _diagonal("selective", "delta", "B", vectors=("A",)),
    "lru": LRU,
    "s4d": LRU,
    "s5": LRU,
}
"""The cells that definitions.v writes too."""


def _blocks(cell: Cell, found: Counterpart) -> dict[str, dict[tuple[int, ...], Term]]:
    blocks: dict[str, dict[tuple[int, ...], Term]] = {}
    for name, shape in cell.block_shapes(UNITS).items():
        if name in found.names:
            indices = [(i,) for i in range(UNITS)] if len(shape) == 1 else [(i, j) for i in range(UNITS) for j in range(UNITS)]
            blocks[name] = {index: Term(f"{found.names[name]} {' '.join(map(_number, index))}") for index in indices}
    return blocks


def claims(cell: Cell) -> list[tuple[str, str]]:
    """(what definitions.v computes, what cells.py computes) for every state vector and unit of a two-unit network."""
    found = COUNTERPARTS[cell.name]
    state = {name: [Term(f"{name} {_number(k)}") for k in range(UNITS)] for name in cell.states}
    after = cell.step(Terms(), Maps(UNITS, _blocks(cell, found), _combine), state, INPUT)
    return [
        (f"{found.states[name].format(f'({found.step})')} {_number(k)}", after[name][k].text)
        for name in cell.states
        for k in range(UNITS)
    ]


def comparison(names: Iterable[str] = COUNTERPARTS) -> str:
    """A Rocq file that the kernel accepts only if these cells of definitions.v are those of cells.py, gate by gate."""
    lines = [
        "From Coq Require Import Reals.",
        "From Recall Require Import definitions.",
        "Open Scope R_scope.",
    ]
    for name in names:
        for number, (rocq, python) in enumerate(claims(CELLS[name])):
            binders = f"{COUNTERPARTS[name].binders} (h : vector) (x : R)"
            lines += [f"Lemma {name.replace('-', '_')}_{number} {binders} : {rocq} = {python}.", "Proof. reflexivity. Qed."]
    return "\n".join(lines) + "\n"

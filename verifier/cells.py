"""The recurrent cells: each equation once, against an explicit arithmetic.

A cell reads one real input x per step and updates a state of d units; the readout is y = V h + v0. Its step is a plain
function of

    arithmetic   gives meaning to constants and activations (balls, mpmath, numpy, sympy, or the recorder of `program`)
    maps         the affine maps of the gates: maps(gate, h, x) is the list W_gate h + U_gate x + b_gate,
                 maps.gated(gate, r, h, x) is r∘(W_gate h + c_gate) + U_gate x + b_gate
    state        {"h": [...], ...}, d values each
    x            the input

and returns the new state. Values are whatever the arithmetic uses; `+`, `-` and `*` are theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any, Protocol


class Activations(Protocol):
    """What a cell needs of an arithmetic besides `+`, `-`, `*`."""

    def exact(self, value: Fraction, /) -> Any:
        """A rational constant."""

    def sigmoid(self, value: Any, /) -> Any:
        """1 / (1 + exp(-value))."""

    def tanh(self, value: Any, /) -> Any:
        """Hyperbolic tangent."""

    def relu(self, value: Any, /) -> Any:
        """max(value, 0)."""

    def softplus(self, value: Any, /) -> Any:
        """ln(1 + exp(value))."""

    def exp(self, value: Any, /) -> Any:
        """The exponential function."""


Vector = list[Any]
State = Mapping[str, Vector]
Entries = Mapping[tuple[int, ...], Any]
Combine = Callable[[Any, list[tuple[Any, Any]]], Any]


class Maps:
    """The affine maps of a cell's gates for `units` units, from sparse blocks of coefficients.

    `combine(bias, [(coefficient, value), ...])` gives bias + Σ coefficient·value in the arithmetic at hand.
    """

    def __init__(self, units: int, blocks: Mapping[str, Entries], combine: Combine) -> None:
        self.units, self._blocks, self._combine = units, blocks, combine
        self._rows: dict[str, list[list[tuple[int, Any]]]] = {}

    def __call__(self, gate: str, h: Sequence[Any], x: Any) -> Vector:
        """W_gate h + U_gate x + b_gate."""
        on_input, bias = self._block("U", gate), self._block("b", gate)
        return [self._combine(bias.get((k,), 0), [*self._recurrent(gate, k, h), *_term(on_input, k, x)]) for k in range(self.units)]

    def gated(self, gate: str, factor: Sequence[Any], h: Sequence[Any], x: Any) -> Vector:
        """factor∘(W_gate h + c_gate) + U_gate x + b_gate, for cells in which a gate multiplies the recurrent part alone."""
        recurrent, on_input = self.recurrent(gate, h), self.input(gate, x)
        return [r * v + u for r, v, u in zip(factor, recurrent, on_input, strict=True)]

    def recurrent(self, gate: str, h: Sequence[Any]) -> Vector:
        """W_gate h + c_gate."""
        bias = self._block("c", gate)
        return [self._combine(bias.get((k,), 0), self._recurrent(gate, k, h)) for k in range(self.units)]

    def input(self, gate: str, x: Any) -> Vector:
        """U_gate x + b_gate."""
        on_input, bias = self._block("U", gate), self._block("b", gate)
        return [self._combine(bias.get((k,), 0), _term(on_input, k, x)) for k in range(self.units)]

    def vector(self, name: str) -> Vector:
        """A vector of weights that multiplies states unit by unit."""
        entries = self._blocks.get(name, {})
        return [entries.get((k,), 0) for k in range(self.units)]

    def _block(self, letter: str, gate: str) -> Entries:
        return self._blocks.get(f"{letter}_{gate}", {})

    def _recurrent(self, gate: str, unit: int, h: Sequence[Any]) -> list[tuple[Any, Any]]:
        if gate not in self._rows:
            rows: list[list[tuple[int, Any]]] = [[] for _ in range(self.units)]
            for (row, column), value in self._block("W", gate).items():
                rows[row].append((column, value))
            self._rows[gate] = rows
        return [(value, h[column]) for column, value in self._rows[gate][unit]]


def _term(on_input: Entries, unit: int, x: Any) -> list[tuple[Any, Any]]:
    return [(on_input[unit,], x)] if (unit,) in on_input else []


@dataclass(frozen=True)
class Cell:
    """A recurrent cell: its gates, its state vectors and its step.

    `gates` name the affine maps, the one that decides what is kept first; `states` the vectors kept between steps, the one
    the readout sees first; `activation` says what each gate is passed through ("identity":
    nothing); `equations` is the step as text;
    `recurrent_biases` names the gates whose recurrent part has a bias c_gate of its own; `input_gates` those that read the
    input alone and so have no W_gate; `vectors` names further weight vectors.
    `seen` is the vector that V multiplies in the readout, from (arithmetic, maps, new state, x); without it the first state.
    What the published parametrisation guarantees: `nonnegative` names vectors without negative entries, `unit_disc` pairs of
    vectors (re, im) with re² + im² < 1 unit by unit.
    """

    name: str
    title: str
    states: tuple[str, ...]
    gates: tuple[str, ...]
    activation: Mapping[str, str]
    equations: tuple[str, ...]
    step: Callable[[Any, Maps, State, Any], dict[str, Vector]]
    source: str
    recurrent_biases: tuple[str, ...] = ()
    input_gates: tuple[str, ...] = ()
    vectors: tuple[str, ...] = ()
    seen: Callable[[Any, Maps, State, Any], Vector] | None = None
    nonnegative: tuple[str, ...] = ()
    unit_disc: tuple[tuple[str, str], ...] = ()

    def read(self, arithmetic: Any, maps: Maps, state: State, x: Any) -> Vector:
        """The vector that the readout's V multiplies after a step that ended in `state`."""
        return list(state[self.states[0]]) if self.seen is None else self.seen(arithmetic, maps, state, x)

    def complaint(self, blocks: Mapping[str, Entries]) -> str:
        """What is wrong with weights that the published parametrisation cannot express; "" if nothing."""
        for name in self.nonnegative:
            for (unit,), value in blocks[name].items():
                if value < 0:
                    return f"{name} of unit {unit} is negative; the published parametrisation keeps it positive"
        for re, im in self.unit_disc:
            for place in sorted({*blocks[re], *blocks[im]}):
                if blocks[re].get(place, 0) ** 2 + blocks[im].get(place, 0) ** 2 >= 1:
                    return f"|{re} + i {im}| of unit {place[0]} is not below 1; the published exp(-exp(ν) + iθ) is"
        return ""

    def state_reals(self, hidden: int) -> int:
        """D, the number of reals that `hidden` units carry from step to step: d, or 2d where h and c are both kept."""
        return len(self.states) * hidden

    def block_shapes(self, hidden: int) -> dict[str, tuple[int, ...]]:
        """Names and shapes of all weight blocks for `hidden` units."""
        shapes: dict[str, tuple[int, ...]] = {}
        for gate in self.gates:
            if gate not in self.input_gates:
                shapes[f"W_{gate}"] = (hidden, hidden)
            shapes[f"U_{gate}"] = (hidden,)
            shapes[f"b_{gate}"] = (hidden,)
            if gate in self.recurrent_biases:
                shapes[f"c_{gate}"] = (hidden,)
        for name in self.vectors:
            shapes[name] = (hidden,)
        for state in self.states:
            shapes[f"{state}_0"] = (hidden,)
        shapes["V"] = (hidden,)
        shapes["v0"] = ()
        return shapes


def step_lstm(arithmetic: Activations, maps: Maps, state: State, x: Any) -> dict[str, Vector]:
    """LSTM: f = σ(z_f), i = σ(z_i), o = σ(z_o), g = tanh(z_g); c' = f c + i g; h' = o tanh(c')."""
    h, c = state["h"], state["c"]
    forget = [arithmetic.sigmoid(z) for z in maps("f", h, x)]
    admit = [arithmetic.sigmoid(z) for z in maps("i", h, x)]
    output = [arithmetic.sigmoid(z) for z in maps("o", h, x)]
    candidate = [arithmetic.tanh(z) for z in maps("g", h, x)]
    new_c = [f * c_k + i * g for f, c_k, i, g in zip(forget, c, admit, candidate, strict=True)]
    new_h = [o * arithmetic.tanh(c_k) for o, c_k in zip(output, new_c, strict=True)]
    return {"h": new_h, "c": new_c}


LSTM = Cell(
    name="lstm",
    title="LSTM",
    states=("h", "c"),
    gates=("f", "i", "o", "g"),
    activation={"f": "sigmoid", "i": "sigmoid", "o": "sigmoid", "g": "tanh"},
    equations=(
        "f_t = σ(W_f h_{t-1} + U_f x_t + b_f)",
        "i_t = σ(W_i h_{t-1} + U_i x_t + b_i)",
        "o_t = σ(W_o h_{t-1} + U_o x_t + b_o)",
        "g_t = tanh(W_g h_{t-1} + U_g x_t + b_g)",
        "c_t = f_t∘c_{t-1} + i_t∘g_t",
        "h_t = o_t∘tanh(c_t)",
        "y_t = V h_t + v0",
    ),
    step=step_lstm,
    source="Hochreiter & Schmidhuber 1997; forget gate: Gers, Schmidhuber & Cummins 2000",
)


def elman(name: str, title: str, activation: str, formula: str, source: str) -> Cell:
    """The one-gate cell h' = act(W_h h + U_h x + b_h); `activation` is an arithmetic's function, or "identity"."""

    def step(arithmetic: Activations, maps: Maps, state: State, x: Any) -> dict[str, Vector]:
        """One step: h' = act(W_h h + U_h x + b_h)."""
        sums = maps("h", state["h"], x)
        return {"h": sums if activation == "identity" else [getattr(arithmetic, activation)(z) for z in sums]}

    return Cell(
        name=name,
        title=title,
        states=("h",),
        gates=("h",),
        activation={"h": activation},
        equations=(f"h_t = {formula.format('W_h h_{t-1} + U_h x_t + b_h')}", "y_t = V h_t + v0"),
        step=step,
        source=source,
    )


LINEAR = elman("linear", "linear RNN", "identity", "{}", "linear state-space model with a scalar input")
RELU = elman("relu", "ReLU RNN", "relu", "relu({})", "Elman 1990; rectified: Le, Jaitly & Hinton 2015")
TANH = elman("tanh", "tanh RNN", "tanh", "tanh({})", "Elman 1990")
SIGMOID = elman("sigmoid", "sigmoid RNN", "sigmoid", "σ({})", "Elman 1990")


def step_bilinear(arithmetic: Activations, maps: Maps, state: State, x: Any) -> dict[str, Vector]:
    """h' = (W_a h + U_a x + b_a) + x (W_x h + U_x x + b_x): a linear state whose transition W_a + x W_x depends on x."""
    h = state["h"]
    return {"h": [a + x * b for a, b in zip(maps("a", h, x), maps("x", h, x), strict=True)]}


BILINEAR = Cell(
    name="bilinear",
    title="bilinear RNN (linear state, input-dependent transition)",
    states=("h",),
    gates=("a", "x"),
    activation={"a": "identity", "x": "identity"},
    equations=("h_t = W_a h_{t-1} + U_a x_t + b_a + x_t (W_x h_{t-1} + U_x x_t + b_x)", "y_t = V h_t + v0"),
    step=step_bilinear,
    source="weighted automata as second-order RNNs: Rabusseau, Li & Precup 2019",
)


def step_stacked(arithmetic: Activations, maps: Maps, state: State, x: Any) -> dict[str, Vector]:
    """p' = a_p∘p + U_p x + b_p;  u = relu(W_u p' + U_u x + b_u);  h' = a_h∘h + u."""
    first = [a * p + z for a, p, z in zip(maps.vector("a_p"), state["p"], maps.input("p", x), strict=True)]
    between = [arithmetic.relu(z) for z in maps("u", first, x)]
    return {"h": [a * h + u for a, h, u in zip(maps.vector("a_h"), state["h"], between, strict=True)], "p": first}


STACKED = Cell(
    name="stacked",
    title="two stacked diagonal layers with a pointwise ReLU between",
    states=("h", "p"),
    gates=("p", "u"),
    activation={"p": "identity", "u": "relu"},
    equations=(
        "p_t = a_p∘p_{t-1} + U_p x_t + b_p",
        "u_t = relu(W_u p_t + U_u x_t + b_u)",
        "h_t = a_h∘h_{t-1} + u_t",
        "y_t = V h_t + v0",
    ),
    step=step_stacked,
    source="stacked diagonal state-space layers: Sarrof, Veitsman & Hahn 2024",
    input_gates=("p",),
    vectors=("a_p", "a_h"),
)


def step_gru(arithmetic: Activations, maps: Maps, state: State, x: Any, *, reset_after: bool, z_keeps: bool) -> dict[str, Vector]:
    """GRU: z = σ(z_z), r = σ(z_r); n = tanh(W_n (r∘h) + U_n x + b_n), or with `reset_after` the reset gate outside:
    n = tanh(r∘(W_n h + c_n) + U_n x + b_n); h' = (1-z)∘h + z∘n, or with `z_keeps` z∘h + (1-z)∘n."""
    h = state["h"]
    update = [arithmetic.sigmoid(z) for z in maps("z", h, x)]
    reset = [arithmetic.sigmoid(z) for z in maps("r", h, x)]
    inner = maps.gated("n", reset, h, x) if reset_after else maps("n", [r * v for r, v in zip(reset, h, strict=True)], x)
    candidate = [arithmetic.tanh(z) for z in inner]
    rest = [arithmetic.exact(Fraction(1)) - z for z in update]
    kept, taken = (update, rest) if z_keeps else (rest, update)
    return {"h": [a * v + b * n for a, v, b, n in zip(kept, h, taken, candidate, strict=True)]}


def _gru(name: str, title: str, source: str, *, reset_after: bool, z_keeps: bool) -> Cell:
    candidate = "r_t∘(W_n h_{t-1} + c_n) + U_n x_t + b_n" if reset_after else "W_n (r_t∘h_{t-1}) + U_n x_t + b_n"
    return Cell(
        name=name,
        title=title,
        states=("h",),
        gates=("z", "r", "n"),
        activation={"z": "sigmoid", "r": "sigmoid", "n": "tanh"},
        equations=(
            "z_t = σ(W_z h_{t-1} + U_z x_t + b_z)",
            "r_t = σ(W_r h_{t-1} + U_r x_t + b_r)",
            f"n_t = tanh({candidate})",
            "h_t = z_t∘h_{t-1} + (1-z_t)∘n_t" if z_keeps else "h_t = (1-z_t)∘h_{t-1} + z_t∘n_t",
            "y_t = V h_t + v0",
        ),
        step=partial(step_gru, reset_after=reset_after, z_keeps=z_keeps),
        source=source,
        recurrent_biases=("n",) if reset_after else (),
    )


GRU = _gru(
    "gru",
    "GRU, reset before the product, z takes",
    "Chung, Gulcehre, Cho & Bengio 2014",
    reset_after=False,
    z_keeps=False,
)
GRU_KEEP = _gru(
    "gru-keep",
    "GRU, reset before the product, z keeps",
    "Cho et al. 2014; ONNX GRU with linear_before_reset = 0",
    reset_after=False,
    z_keeps=True,
)
GRU_AFTER = _gru(
    "gru-after",
    "GRU, reset after the product, z takes",
    "reset as in cuDNN, z as in Chung, Gulcehre, Cho & Bengio 2014",
    reset_after=True,
    z_keeps=False,
)
GRU_AFTER_KEEP = _gru(
    "gru-after-keep",
    "GRU, reset after the product, z keeps",
    "cuDNN; PyTorch nn.GRU; ONNX GRU with linear_before_reset = 1",
    reset_after=True,
    z_keeps=True,
)


def step_diagonal(arithmetic: Activations, maps: Maps, state: State, x: Any) -> dict[str, Vector]:
    """h' = a∘h + b with a = U_a x + b_a and b = U_b x + b_b: any two values of each gate at the inputs M and -M."""
    return {"h": [a * h + b for a, h, b in zip(maps.input("a", x), state["h"], maps.input("b", x), strict=True)]}


DIAGONAL = Cell(
    name="diagonal",
    title="diagonal RNN (linear state, input-gated unit by unit)",
    states=("h",),
    gates=("a", "b"),
    activation={"a": "identity", "b": "identity"},
    equations=("a_t = U_a x_t + b_a", "h_t = a_t∘h_{t-1} + U_b x_t + b_b", "y_t = V h_t + v0"),
    step=step_diagonal,
    source="gated linear recurrence: Martin & Cundy 2018; gates affine in x, of any size and sign",
    input_gates=("a", "b"),
)


def step_mingru(arithmetic: Activations, maps: Maps, state: State, x: Any) -> dict[str, Vector]:
    """minGRU: z = σ(U_z x + b_z); n = U_n x + b_n; h' = (1-z)∘h + z∘n."""
    take = [arithmetic.sigmoid(z) for z in maps.input("z", x)]
    return {"h": _mixed(arithmetic, take, state["h"], maps.input("n", x))}


def _mixed(arithmetic: Activations, take: Vector, old: Vector, new: Vector) -> Vector:
    """(1-z)∘old + z∘new."""
    rest = [arithmetic.exact(Fraction(1)) - z for z in take]
    return [k * h + z * n for k, h, z, n in zip(rest, old, take, new, strict=True)]


MINGRU = Cell(
    name="mingru",
    title="minGRU",
    states=("h",),
    gates=("z", "n"),
    activation={"z": "sigmoid", "n": "identity"},
    equations=("z_t = σ(U_z x_t + b_z)", "n_t = U_n x_t + b_n", "h_t = (1-z_t)∘h_{t-1} + z_t∘n_t", "y_t = V h_t + v0"),
    step=step_mingru,
    source="Feng, Tung, Ahmed, Bengio & Hajimirsadeghi 2024, without the positive candidate of their log-space variant",
    input_gates=("z", "n"),
)


def step_minlstm(arithmetic: Activations, maps: Maps, state: State, x: Any) -> dict[str, Vector]:
    """minLSTM: f = σ(z_f), i = σ(z_i); h' = f/(f+i)∘h + i/(f+i)∘n.

    i/(f+i) = σ(softplus(-z_f) - softplus(-z_i)), because ln σ(z) = -softplus(-z).
    """
    gates = zip(maps.input("f", x), maps.input("i", x), strict=True)
    take = [arithmetic.sigmoid(arithmetic.softplus(-f) - arithmetic.softplus(-i)) for f, i in gates]
    return {"h": _mixed(arithmetic, take, state["h"], maps.input("n", x))}


MINLSTM = Cell(
    name="minlstm",
    title="minLSTM (normalised gates)",
    states=("h",),
    gates=("f", "i", "n"),
    activation={"f": "sigmoid", "i": "sigmoid", "n": "identity"},
    equations=(
        "f_t = σ(U_f x_t + b_f)",
        "i_t = σ(U_i x_t + b_i)",
        "n_t = U_n x_t + b_n",
        "h_t = f_t/(f_t+i_t)∘h_{t-1} + i_t/(f_t+i_t)∘n_t",
        "y_t = V h_t + v0",
    ),
    step=step_minlstm,
    source="Feng, Tung, Ahmed, Bengio & Hajimirsadeghi 2024, without the positive candidate of their log-space variant",
    input_gates=("f", "i", "n"),
)


def step_lru(arithmetic: Activations, maps: Maps, state: State, x: Any) -> dict[str, Vector]:
    """h + ig ↦ λ(h + ig) + Bx + b with λ = re + i·im: the pair (h, g) is rotated and scaled."""
    h, g, re, im = state["h"], state["g"], maps.vector("re"), maps.vector("im")
    new_h = [a * p - b * q + z for a, b, p, q, z in zip(re, im, h, g, maps.input("h", x), strict=True)]
    new_g = [b * p + a * q + z for a, b, p, q, z in zip(re, im, h, g, maps.input("g", x), strict=True)]
    return {"h": new_h, "g": new_g}


def _diagonal_ssm(name: str, title: str, source: str) -> Cell:
    """A time-invariant complex diagonal recurrence; its discretised λ is the weight, its readout row is absorbed in B."""
    return Cell(
        name=name,
        title=title,
        states=("h", "g"),
        gates=("h", "g"),
        activation={"h": "identity", "g": "identity"},
        equations=(
            "h_t = re∘h_{t-1} - im∘g_{t-1} + U_h x_t + b_h",
            "g_t = im∘h_{t-1} + re∘g_{t-1} + U_g x_t + b_g",
            "y_t = V h_t + v0",
        ),
        step=step_lru,
        source=source,
        input_gates=("h", "g"),
        vectors=("re", "im"),
        unit_disc=(("re", "im"),),
    )


LRU = _diagonal_ssm("lru", "LRU (complex diagonal, |λ| < 1)", "Orvieto et al. 2023; λ itself is the weight, C is absorbed in B")
S4D = _diagonal_ssm(
    "s4d", "S4D (complex diagonal after discretisation)", "Gu, Gupta, Goel & Ré 2022; the same recurrence as lru; λ = exp(ΔA)"
)
S5 = _diagonal_ssm(
    "s5",
    "S5 (complex diagonal after discretisation)",
    "Smith, Warrington & Linderman 2023; the same recurrence as lru, one channel",
)


def step_selective(arithmetic: Activations, maps: Maps, state: State, x: Any) -> dict[str, Vector]:
    """Selective SSM: Δ = softplus(U_delta x + b_delta); h' = exp(-ΔA)∘h + Δ∘(U_B x + b_B) x."""
    width = [arithmetic.softplus(z) for z in maps.input("delta", x)]
    kept = [arithmetic.exp(-(a * delta)) for a, delta in zip(maps.vector("A"), width, strict=True)]
    written = [delta * b * x for delta, b in zip(width, maps.input("B", x), strict=True)]
    return {"h": [a * h + b for a, h, b in zip(kept, state["h"], written, strict=True)]}


def see_selective(arithmetic: Activations, maps: Maps, state: State, x: Any) -> Vector:
    """(U_C x + b_C)∘h + D x: the readout row depends on the last input."""
    return [c * h + d * x for c, h, d in zip(maps.input("C", x), state["h"], maps.vector("D"), strict=True)]


SELECTIVE = Cell(
    name="selective",
    title="selective SSM (Mamba's S6, one input channel)",
    states=("h",),
    gates=("delta", "B", "C"),
    activation={"delta": "softplus", "B": "identity", "C": "identity"},
    equations=(
        "Δ_t = softplus(U_delta x_t + b_delta)",
        "h_t = exp(-Δ_t∘A)∘h_{t-1} + Δ_t∘(U_B x_t + b_B) x_t",
        "y_t = V ((U_C x_t + b_C)∘h_t + D x_t) + v0",
    ),
    step=step_selective,
    source="Gu & Dao 2023, without the convolution and the gated branch around it; Δ may differ from unit to unit",
    input_gates=("delta", "B", "C"),
    vectors=("A", "D"),
    seen=see_selective,
    nonnegative=("A",),
)

CELLS: dict[str, Cell] = {
    cell.name: cell
    for cell in (
        LINEAR,
        RELU,
        TANH,
        SIGMOID,
        LSTM,
        GRU,
        GRU_KEEP,
        GRU_AFTER,
        GRU_AFTER_KEEP,
        BILINEAR,
        STACKED,
        DIAGONAL,
        MINGRU,
        MINLSTM,
        LRU,
        S4D,
        S5,
        SELECTIVE,
    )
}
"""Every cell the verifier knows, by name."""

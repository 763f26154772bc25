"""Every cell as the verifier runs it against its textbook equations, written here with mpmath matrices, and ONNX Runtime."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from onnx_runtime import float_blocks, hidden_states, stacked_gates

from verifier.arithmetic.balls import Balls
from verifier.cells import CELLS
from verifier.program import record
from verifier.run import Runner
from verifier.weights import Weights

MP = mpmath.MPContext()
MP.dps = 80

BITS = 160
LOST_BITS = 60

Matrix = Any
Net = dict[str, Matrix]
State = dict[str, Matrix]


def number(value: Fraction) -> Any:
    return MP.mpf(value.numerator) / value.denominator


def each(function: Callable[[Any], Any], vector: Matrix) -> Matrix:
    return MP.matrix([function(vector[k]) for k in range(len(vector))])


def times(a: Matrix, b: Matrix) -> Matrix:
    """a∘b."""
    return MP.matrix([a[k] * b[k] for k in range(len(a))])


def sigmoid(z: Any) -> Any:
    return 1 / (1 + MP.exp(-z))


def tanh(z: Any) -> Any:
    return (MP.exp(z) - MP.exp(-z)) / (MP.exp(z) + MP.exp(-z))


def relu(z: Any) -> Any:
    return z if z > 0 else MP.zero


def ones(d: int) -> Matrix:
    return MP.matrix([1] * d)


def elman(activation: Callable[[Any], Any]) -> Callable[[Net, State, Any], State]:
    """h' = act(W h + U x + b). Elman 1990, eq. as in Goodfellow, Bengio & Courville 2016, 10.8-10.9."""
    return lambda w, s, x: {"h": each(activation, w["W_h"] * s["h"] + w["U_h"] * x + w["b_h"])}


def lstm(w: Net, s: State, x: Any) -> State:
    """Gers, Schmidhuber & Cummins 2000."""
    f, i, o = (each(sigmoid, w[f"W_{g}"] * s["h"] + w[f"U_{g}"] * x + w[f"b_{g}"]) for g in "fio")
    c = times(f, s["c"]) + times(i, each(tanh, w["W_g"] * s["h"] + w["U_g"] * x + w["b_g"]))
    return {"h": times(o, each(tanh, c)), "c": c}


def gru(after: bool, keeps: bool) -> Callable[[Net, State, Any], State]:
    """Cho et al. 2014 (z keeps, reset before), Chung et al. 2014 (z takes), cuDNN (reset after)."""

    def step(w: Net, s: State, x: Any) -> State:
        h = s["h"]
        z, r = (each(sigmoid, w[f"W_{g}"] * h + w[f"U_{g}"] * x + w[f"b_{g}"]) for g in "zr")
        inner = times(r, w["W_n"] * h + w["c_n"]) if after else w["W_n"] * times(r, h)
        n = each(tanh, inner + w["U_n"] * x + w["b_n"])
        rest = ones(len(z)) - z
        return {"h": times(z, h) + times(rest, n) if keeps else times(rest, h) + times(z, n)}

    return step


def bilinear(w: Net, s: State, x: Any) -> State:
    """h' = (A + x B) h + ..., one matrix that depends on the input. Rabusseau, Li & Precup 2019."""
    return {"h": (w["W_a"] + x * w["W_x"]) * s["h"] + w["U_a"] * x + w["b_a"] + w["U_x"] * x**2 + w["b_x"] * x}


def stacked(w: Net, s: State, x: Any) -> State:
    """Two diagonal layers, a ReLU between them that reads the new state of the first."""
    p = times(w["a_p"], s["p"]) + w["U_p"] * x + w["b_p"]
    return {"p": p, "h": times(w["a_h"], s["h"]) + each(relu, w["W_u"] * p + w["U_u"] * x + w["b_u"])}


TEXTBOOK: dict[str, Callable[[Net, State, Any], State]] = {
    "linear": elman(lambda z: z),
    "relu": elman(relu),
    "tanh": elman(tanh),
    "sigmoid": elman(sigmoid),
    "lstm": lstm,
    "gru": gru(after=False, keeps=False),
    "gru-keep": gru(after=False, keeps=True),
    "gru-after": gru(after=True, keeps=False),
    "gru-after-keep": gru(after=True, keeps=True),
    "bilinear": bilinear,
    "stacked": stacked,
}
"""The equations of every cell."""


ELSEWHERE = {"diagonal", "mingru", "minlstm", "lru", "s4d", "s5", "selective"}
"""Cells compared with mpmath in test_diagonal_cells."""


def test_every_cell_has_its_textbook_equations() -> None:
    assert set(TEXTBOOK) | ELSEWHERE == set(CELLS), "a new cell wants its equations in TEXTBOOK above"
    assert not set(TEXTBOOK) & ELSEWHERE


def dense(cell: str, hidden: int, seed: int) -> Weights:
    """Every weight drawn, initial states, readout bias and biases of gated parts included; multiples of 1/16 below 2."""
    generator = random.Random(f"{cell} {hidden} {seed}")

    def draw() -> Fraction:
        return Fraction(generator.randint(-24, 24) or 1, 16)

    blocks: dict[str, dict[tuple[int, ...], Fraction]] = {}
    for name, shape in CELLS[cell].block_shapes(hidden).items():
        indices: list[tuple[int, ...]] = [()]
        for length in shape:
            indices = [(*index, k) for index in indices for k in range(length)]
        blocks[name] = {index: draw() for index in indices}
    return Weights(cell, hidden, blocks)


def inputs(seed: int, n: int = 6) -> list[Fraction]:
    generator = random.Random(seed)
    return [Fraction(generator.randint(-32, 32), 16) for _ in range(n)]


def by_textbook(weights: Weights, sequence: list[Fraction]) -> list[tuple[Any, State]]:
    """[(y, state), ...]."""
    d = weights.hidden
    net: Net = {}
    for name, array in weights.blocks().items():
        net[name] = MP.zeros(d, d) if len(array.shape) == 2 else MP.zeros(d, 1)
        for index, value in array:
            if index:
                net[name][index if len(index) == 2 else (index[0], 0)] = number(value)
    state = {name: net[f"{name}_0"] for name in CELLS[weights.cell].states}
    found = []
    for x in sequence:
        state = TEXTBOOK[weights.cell](net, state, number(x))
        found.append(((net["V"].T * state["h"])[0] + number(weights["v0"][()]), state))
    return found


def exact(value: Any) -> Fraction:
    sign, mantissa, exponent, _ = value._mpf_
    return (-1) ** sign * Fraction(int(mantissa)) * Fraction(2) ** exponent


def outputs(weights: Weights, sequence: list[Fraction]) -> list[Any]:
    """y_1, y_2, ... as balls, by the recorded and compiled step."""
    with Balls(BITS).working():
        return list(Runner(record(weights), Balls(BITS)).outputs(sequence))


def near(ball: Any, value: Any) -> bool:
    """Whether a ball is narrow and around a reference value."""
    with Balls(BITS).working():
        middle = Balls.exact(exact(value))
        return bool(abs(ball - middle) < Balls.exact(Fraction(1, 2 ** (BITS - LOST_BITS))))


CASES = [(cell, hidden, seed) for cell in TEXTBOOK for hidden in (1, 2, 3, 5) for seed in range(3)]


@pytest.mark.parametrize(("cell", "hidden", "seed"), CASES)
def test_the_verifier_runs_the_textbook_equations(cell: str, hidden: int, seed: int) -> None:
    weights, sequence = dense(cell, hidden, seed), inputs(seed)
    found, expected = outputs(weights, sequence), by_textbook(weights, sequence)
    assert len(found) == len(sequence)
    assert all(near(ball, y) for ball, (y, _) in zip(found, expected, strict=True))


@pytest.mark.parametrize("cell", TEXTBOOK)
def test_any_changed_weight_would_be_noticed(cell: str) -> None:
    weights, sequence = dense(cell, 2, 9), inputs(9)
    expected = by_textbook(weights, sequence)
    silent = []
    for name, array in weights.blocks().items():
        for index, value in array:
            found = outputs(weights.replace({(name, index): value + Fraction(1, 64)}), sequence)
            if all(near(ball, y) for ball, (y, _) in zip(found, expected, strict=True)):
                silent.append((name, index))
    # where a relu is shut all the time its weights say nothing; nothing else may be silent
    assert [place for place in silent if cell not in ("relu", "stacked")] == []
    assert len(silent) < sum(map(len, weights.blocks().values())) / 2


@pytest.mark.parametrize(("cell", "other"), [(a, b) for a in TEXTBOOK for b in TEXTBOOK if a < b])
def test_no_two_cells_are_one_under_two_names(cell: str, other: str) -> None:
    if CELLS[cell].block_shapes(2) != CELLS[other].block_shapes(2):
        return
    weights, sequence = dense(cell, 2, 4), inputs(4)
    blocks = {name: dict(array.entries) for name, array in weights.blocks().items()}
    a, b = (outputs(Weights(name, 2, blocks), sequence) for name in (cell, other))
    assert any(bool(abs(x - y) > Balls.exact(Fraction(1, 1000))) for x, y in zip(a, b, strict=True))


# --- ONNX Runtime -------------------------------------------------------------------------------------------------------

FLOAT_ERROR = 2e-5
"""What float32 may lose on states of size up to about 2 in a dozen steps; larger states in proportion."""


def small(cell: str, hidden: int, seed: int) -> Weights:
    """Dense weights a third of the size, so that states of linear and ReLU RNNs stay moderate."""
    weights = dense(cell, hidden, seed)
    return weights.replace({(name, index): value / 4 for name, array in weights.blocks().items() for index, value in array})


def assert_states(weights: Weights, sequence: list[Fraction], found: Any) -> None:
    expected = [state["h"] for _, state in by_textbook(weights, sequence)]
    largest = max(1.0, *(float(abs(h[k])) for h in expected for k in range(weights.hidden)))
    worst = max(abs(float(row[k]) - float(h[k])) for row, h in zip(found, expected, strict=True) for k in range(weights.hidden))
    assert worst < FLOAT_ERROR * largest


def onnx_elman(weights: Weights, sequence: list[Fraction], activation: str, **attributes: Any) -> Any:
    a = float_blocks(weights)
    bias = np.concatenate([a["b_h"], np.zeros_like(a["b_h"])])
    return hidden_states("RNN", a["U_h"], a["W_h"], bias, {"h": a["h_0"]}, sequence, activations=[activation], **attributes)


def onnx_lstm(weights: Weights, sequence: list[Fraction]) -> Any:
    a, order = float_blocks(weights), "iofg"  # ONNX: input, output, forget, cell
    bias = stacked_gates(a, "b", order)
    return hidden_states(
        "LSTM",
        stacked_gates(a, "U", order),
        stacked_gates(a, "W", order),
        np.concatenate([bias, np.zeros_like(bias)]),
        {"h": a["h_0"], "c": a["c_0"]},
        sequence,
    )


@pytest.mark.parametrize("hidden", [1, 3, 8])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("cell", "activation"), [("relu", "Relu"), ("tanh", "Tanh"), ("sigmoid", "Sigmoid"), ("linear", "Affine")])
def test_onnx_runtime_runs_the_same_rnn(cell: str, activation: str, hidden: int, seed: int) -> None:
    weights, sequence = small(cell, hidden, seed), inputs(seed, 12)
    slope: dict[str, Any] = {"activation_alpha": [1.0], "activation_beta": [0.0]} if activation == "Affine" else {}
    assert_states(weights, sequence, onnx_elman(weights, sequence, activation, **slope))


@pytest.mark.parametrize("hidden", [1, 3, 8])
@pytest.mark.parametrize("seed", range(3))
def test_onnx_runtime_runs_the_same_lstm(hidden: int, seed: int) -> None:
    weights, sequence = dense("lstm", hidden, seed), inputs(seed, 12)
    assert_states(weights, sequence, onnx_lstm(weights, sequence))


@pytest.mark.parametrize("name", ["W_f", "U_i", "b_o", "W_g", "b_f", "h_0", "c_0"])
def test_the_comparison_with_onnx_runtime_would_notice(name: str) -> None:
    weights, sequence = dense("lstm", 3, 1), inputs(1, 12)
    index = (1, 2) if name.startswith("W") else (1,)
    changed = weights.replace({(name, index): weights[name][index] + 1})
    found = onnx_lstm(changed, sequence)
    with pytest.raises(AssertionError):
        assert_states(weights, sequence, found)


def test_swapped_gates_would_be_noticed() -> None:
    weights, sequence = dense("lstm", 3, 2), inputs(2, 12)
    blocks = {name: dict(array.entries) for name, array in weights.blocks().items()}
    for letter in "WUb":
        blocks[f"{letter}_f"], blocks[f"{letter}_i"] = blocks[f"{letter}_i"], blocks[f"{letter}_f"]
    found = onnx_lstm(Weights("lstm", 3, blocks), sequence)
    with pytest.raises(AssertionError):
        assert_states(weights, sequence, found)

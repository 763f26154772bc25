"""Exported models in ONNX Runtime: bit-exact memory, the proved error bound, and agreement with our float arithmetic.

ONNX Runtime runs RNN, LSTM and GRU in binary32 only.
"""

import numpy as np
import pytest
from carried_state import CarriedLstm, adversarial_chunks
from sequences_for_runtimes import ONE, adversarial, beside_borders, judge, proved_bound, random_batch, refreshed, ulps

from constructions import construct
from constructions.profile import construct_profile
from verifier.cells import CELLS
from verifier.float_bound import BINARY32
from verifier.float_run import FloatNetwork
from verifier.formats import decode, encode, weights_of
from verifier.formats.layout import ONNX, native
from verifier.formats.rounding import round_weights
from verifier.weights import Weights

pytestmark = [pytest.mark.onnx, pytest.mark.onnxruntime]

FORM = "binary32"
HELD = ("lstm", "gru", "gru-keep", "gru-after", "gru-after-keep", "relu")
UNITS = 5

DENSE_ULPS = 1024
"""Agreement of dense random networks over 8 steps, in ulps of 1: their states amplify tanh's and σ's errors by up to 2 a step."""


def weights_for(architecture):
    """The float profile, or C3 for relu, as stored in an ONNX file."""
    if architecture == "relu":
        return construct("relu", 10, exact_recall=True, hidden=UNITS).weights
    return native(construct_profile(architecture, 1000, FORM, bound=ONE, hidden=UNITS).weights, ONNX)


def session(data):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def run(weights, x):
    """y of shape (n, batch) from the exported model."""
    model = session(encode(".onnx", weights, FORM, {}))
    return model.run(["y"], {"x": x[:, :, None]})[0][:, :, 0]


@pytest.mark.parametrize("architecture", HELD)
def test_thousands_of_sequences(architecture):
    weights = weights_for(architecture)
    x = random_batch(FORM, 60, 3000)
    y = run(weights, x)
    judge(y, x, weights, FORM)
    ours = np.array(list(FloatNetwork(weights, FORM).outputs(x)))
    bound, _ = proved_bound(weights, FORM)
    assert np.abs(y - ours).max() <= 2 * bound  # both obey F1
    assert ulps(np.abs(y - ours).max(), FORM) <= 8  # and are closer than that


@pytest.mark.parametrize("architecture", ["lstm", "gru", "gru-after", "relu"])
def test_a_hundred_thousand_steps(architecture):
    """n = 10^5, every second adversarial family."""
    weights = weights_for(architecture)
    x = adversarial(FORM, 100_000)[:, 1::2]
    judge(run(weights, x), x, weights, FORM)


def test_our_arithmetic_over_ten_thousand_steps():
    weights = weights_for("lstm")
    x = adversarial(FORM, 10_000)
    ours = np.array(list(FloatNetwork(weights, FORM).outputs(x)))
    assert judge(ours, x, weights, FORM) == 0
    assert ulps(np.abs(ours - run(weights, x)).max(), FORM) <= 8


@pytest.mark.parametrize("cell", ONNX.operators)
def test_dense_networks_agree(cell):
    """Every weight is nonzero, so a wrong gate order, bias, sign of z or place of the reset gate would show."""
    weights = round_weights(dense(cell), FORM)
    x = random_batch(FORM, 8, 200, seed=1)
    ours = np.array(list(FloatNetwork(weights, FORM).outputs(x)))
    assert ulps(np.abs(run(weights, x) - ours).max(), FORM) <= DENSE_ULPS


@pytest.mark.parametrize(("cell", "other"), [("gru-keep", "gru-after-keep"), ("tanh", "sigmoid")])
def test_near_miss_another_cell_is_far_away(cell, other):
    blocks = {name: dict(array) for name, array in dense(cell).blocks().items()}
    weights, wrong = round_weights(dense(cell), FORM), round_weights(Weights(other, 3, blocks), FORM)
    x = random_batch(FORM, 8, 200, seed=1)
    ours = np.array(list(FloatNetwork(weights, FORM).outputs(x)))
    assert ulps(np.abs(run(wrong, x) - ours).max(), FORM) > 100 * DENSE_ULPS


def dense(cell):
    generator = np.random.default_rng(5)
    blocks = {}
    for name, shape in CELLS[cell].block_shapes(3).items():
        if not name.endswith("_0"):
            indices = [()]
            for size in shape:
                indices = [(*index, k) for index in indices for k in range(size)]
            blocks[name] = {index: int(generator.integers(1, 9)) * (-1) ** int(generator.integers(2)) for index in indices}
    eighth = {name: {index: ONE * value / 8 for index, value in block.items()} for name, block in blocks.items()}
    return Weights(cell, 3, eighth)


def test_the_rnn_operator_has_a_coarser_tanh():
    """Its tanh errs by about 2^-24 whatever the size of the argument, outside F1's hypothesis, so tiny values are lost."""
    unit = Weights("tanh", 1, {"U_h": {(0,): 1}, "V": {(0,): 1}})
    x = np.array([[1e-8, 1e-7, 1e-6, 1e-3, 0.5]], np.float32)
    off = np.abs(run(unit, x)[0].astype(np.float64) - np.tanh(x[0].astype(np.float64)))
    allowed = 2 * BINARY32.ulps * float(BINARY32.unit) * np.abs(x[0])
    assert off[0] > allowed[0]
    assert (off <= 4 * float(BINARY32.unit)).all()


def test_the_tanh_line_within_a_few_roundings_of_its_readout():
    """C5 in floats: nothing is proved; the readout 1/ε magnifies the roundings of saturated sums and of that tanh."""
    made = construct_profile("tanh", 1000, FORM, bound=ONE, hidden=4)
    x = adversarial(FORM, 1000)
    worst = np.abs(run(made.weights, x) - x[0]).max()
    rounding = float(BINARY32.unit * made.weights.largest)
    assert worst <= float(made.regime.tolerance) + 8 * rounding


def test_the_hypotheses_hold_in_onnx_runtime():
    """σ(v) = 1 for v >= 18, 0 for v <= -104; tanh within 8 ulps: on millions of floats, the thresholds' neighbours among them."""
    import onnx
    from onnx import helper as make

    def operator(name):
        value = onnx.TensorProto.FLOAT
        graph = make.make_graph(
            [make.make_node(name, ["x"], ["y"])],
            "one",
            [make.make_tensor_value_info("x", value, [None])],
            [make.make_tensor_value_info("y", value, [None])],
        )
        model = make.make_model(graph, opset_imports=[make.make_opsetid("", 14)], ir_version=8)
        return lambda v: session(model.SerializeToString()).run(None, {"x": v})[0]

    sigmoid, tanh = operator("Sigmoid"), operator("Tanh")
    high, low = neighbours(BINARY32.one, 1), -neighbours(BINARY32.zero, 1)
    assert (sigmoid(high) == 1).all()
    assert (sigmoid(low) == 0).all()
    assert sigmoid(np.zeros(1, np.float32))[0] == 0.5
    between = np.linspace(-BINARY32.zero, BINARY32.one, 2_000_001).astype(np.float32)
    assert (sigmoid(between) >= 0).all()
    assert (sigmoid(between) <= 1).all()
    v = np.concatenate([between, np.geomspace(1e-37, 20, 2_000_001).astype(np.float32)])
    exact = np.tanh(v.astype(np.float64))
    off = np.abs(tanh(v) - exact)
    assert (off <= 2 * BINARY32.ulps * float(BINARY32.unit) * np.abs(exact) + 2.0**BINARY32.emin).all()
    assert tanh(np.zeros(1, np.float32))[0] == 0


def test_the_refreshed_memory_for_twenty_thousand_steps():
    """C9 in chunks that carry the state: adversarial inputs, x_1 beside borders of levels; the error stays and does not grow."""
    weights, bound = refreshed(FORM, ONE / 1000)
    first = beside_borders(weights, FORM, 30)
    errors = carried(weights, first, 20_000)
    assert ONE / 2**12 < errors.max() <= bound
    assert errors[:200].max() == errors.max()


def test_near_miss_a_wrong_load_leaves_the_bound():
    weights, bound = refreshed(FORM, ONE / 1000)
    wrong = weights.replace({("W_g", (1, 2)): weights["W_g"][1, 2] * 17 / 16})
    assert carried(wrong, beside_borders(weights, FORM, 30), 400).max() > bound


def carried(weights, first, steps):
    """|y - x_1| at every step, the largest of all columns."""
    network = CarriedLstm(weights, FORM, len(first))
    chunks = adversarial_chunks(first, steps, 5_000, 1)
    return np.concatenate([np.abs(network.outputs(x).astype(np.float64) - first).max(axis=1) for x in chunks])


def neighbours(threshold, sign):
    """The float at the threshold, the thousands above it, and some up to the largest."""
    words = np.float32(threshold).view(np.uint32) + np.arange(100_000, dtype=np.uint32)
    return sign * np.concatenate([words.view(np.float32), np.geomspace(threshold, 3e38, 100_000).astype(np.float32)])


def test_a_model_read_back_from_its_file_is_the_model():
    weights = weights_for("gru")
    assert weights_of(decode(".onnx", encode(".onnx", weights, FORM, {})))[0] == weights

"""Exported state_dicts in PyTorch, binary32 and binary64: bit-exact memory, the proved bound, agreement with our arithmetic."""

import numpy as np
import pytest
from carried_state import adversarial_chunks
from sequences_for_runtimes import ONE, adversarial, beside_borders, judge, proved_bound, random_batch, refreshed, ulps
from test_onnxruntime import dense

from constructions import construct
from constructions.profile import construct_profile
from verifier.float_bound import LIBRARIES
from verifier.float_run import PYTORCH_STEPS, FloatNetwork
from verifier.formats import decode, encode
from verifier.formats.layout import TORCH, native
from verifier.formats.rounding import round_weights

pytestmark = pytest.mark.torch

FORMS = list(LIBRARIES)
HELD = ("lstm", "relu")
GRUS = ("gru-after", "gru-after-keep")
UNITS = 5
DENSE_ULPS = 256
"""Agreement of dense random networks over 8 steps, in ulps of 1."""

GRU_ULPS = 128
"""Drift of nn.GRU over 5,000 adversarial steps, in ulps of 1."""


def weights_for(architecture, form):
    """The float profile, or C3 for relu, as stored in a state_dict."""
    if architecture == "relu":
        return construct("relu", 10, exact_recall=True, hidden=UNITS).weights
    return native(construct_profile(architecture, 1000, form, bound=ONE, hidden=UNITS).weights, TORCH)


def run(weights, form, x):
    """y of shape (n, batch) from PyTorch's own layer with the exported tensors."""
    import torch

    torch.set_num_threads(1)
    kind = {"binary32": torch.float32, "binary64": torch.float64}[form]
    tensors = decode(".safetensors", encode(".safetensors", weights, form, {})).tensors
    stored = {name: torch.tensor(tensor.values, dtype=kind) for name, tensor in tensors.items()}
    layers = {"nn.RNN": torch.nn.RNN, "nn.LSTM": torch.nn.LSTM, "nn.GRU": torch.nn.GRU}
    options = {"nonlinearity": weights.cell} if weights.cell in ("tanh", "relu") else {}
    rnn = layers[TORCH.operators[weights.cell]](1, weights.hidden, dtype=kind, **options)
    rnn.load_state_dict({name.removeprefix("rnn."): value for name, value in stored.items() if name.startswith("rnn.")})
    head = torch.nn.Linear(weights.hidden, 1, dtype=kind)
    head.load_state_dict({name.removeprefix("head."): value for name, value in stored.items() if name.startswith("head.")})
    with torch.no_grad():
        return head(rnn(torch.from_numpy(x[:, :, None].copy()))[0])[:, :, 0].numpy()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("architecture", HELD)
def test_thousands_of_sequences(architecture, form):
    weights = weights_for(architecture, form)
    x = random_batch(form, 40, 2000)
    y = run(weights, form, x)
    judge(y, x, weights, form)
    ours = np.array(list(FloatNetwork(weights, form).outputs(x)))
    bound, _ = proved_bound(weights, form)
    assert np.abs(y - ours).max() <= 2 * bound  # both obey F1
    assert ulps(np.abs(y - ours).max(), form) <= 4  # and are closer than that


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("architecture", GRUS)
def test_the_gru_of_pytorch_rounds_at_every_step(architecture, form):
    """nn.GRU evaluates (h - n)∘z + n, which theorem F1 excludes: y moves, as it does in our arithmetic in that order."""
    weights = weights_for(architecture, form)
    x = adversarial(form, 5_000)
    y = run(weights, form, x)
    ours = np.array(list(FloatNetwork(weights, form, PYTORCH_STEPS[weights.cell]).outputs(x)))
    assert (y != y[0]).any()
    assert (ours != ours[0]).any()
    assert ulps(np.abs(y - ours).max(), form) <= 2
    assert ulps(np.abs(y - x[0]).max(), form) <= GRU_ULPS
    as_written = np.array(list(FloatNetwork(weights, form).outputs(x[:200])))
    assert (as_written == as_written[0]).all()


def test_a_hundred_thousand_steps():
    weights = weights_for("lstm", "binary32")
    x = adversarial("binary32", 100_000)[:, ::4]
    judge(run(weights, "binary32", x), x, weights, "binary32")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("cell", TORCH.operators)
def test_dense_networks_agree(cell, form):
    weights = round_weights(dense(cell), form)
    x = random_batch(form, 8, 200, seed=1)
    ours = np.array(list(FloatNetwork(weights, form).outputs(x)))
    assert ulps(np.abs(run(weights, form, x) - ours).max(), form) <= DENSE_ULPS


@pytest.mark.parametrize("form", FORMS)
def test_the_hypotheses_hold_in_pytorch(form):
    import torch

    library = LIBRARIES[form]
    kind = {"binary32": torch.float32, "binary64": torch.float64}[form]
    most = float(torch.finfo(kind).max)
    high = torch.cat([torch.linspace(library.one, library.one + 1, 100_001, dtype=kind), torch.tensor([1e3, most], dtype=kind)])
    low = -torch.cat([torch.linspace(library.zero, library.zero + 9, 100_001, dtype=kind), torch.tensor([1e3, most], dtype=kind)])
    assert bool((torch.sigmoid(high) == 1).all())
    assert bool((torch.sigmoid(low) == 0).all())
    assert float(torch.sigmoid(torch.zeros(1, dtype=kind))[0]) == 0.5
    v = torch.cat([torch.linspace(-20, 20, 500_001, dtype=kind), torch.logspace(-36, 0, 500_001, dtype=kind)]).numpy()
    exact = np.tanh(v.astype(np.longdouble))
    off = np.abs(torch.tanh(torch.from_numpy(v)).numpy().astype(np.longdouble) - exact)
    assert (off <= 2 * library.ulps * float(library.unit) * np.abs(exact) + 2.0**library.emin).all()


def test_a_state_dict_saved_by_pytorch_itself_is_read(tmp_path):
    import torch

    from verifier.formats import weights_of

    weights = weights_for("lstm", "binary32")
    tensors = decode(".safetensors", encode(".safetensors", weights, "binary32", {})).tensors
    torch.save({name: torch.tensor(t.values, dtype=torch.float32) for name, t in tensors.items()}, tmp_path / "m.pt")
    assert weights_of(decode(".pt", (tmp_path / "m.pt").read_bytes()))[0] == weights


@pytest.mark.parametrize(("form", "tolerance"), [("binary32", ONE / 1000), ("binary64", ONE / 10**11)])
def test_the_refreshed_memory_stays_within_its_bound(form, tolerance):
    """C9: adversarial inputs, x_1 beside borders of levels."""
    weights, bound = refreshed(form, tolerance)
    first = beside_borders(weights, form, 20)
    (x,) = adversarial_chunks(first, 3000, 3000, 1)
    y = run(weights, form, x.astype(first.dtype))
    errors = np.abs(y.astype(np.float64) - first).max(axis=1)
    assert tolerance / 4 < errors.max() <= bound
    assert errors[:200].max() == errors.max()

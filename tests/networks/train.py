"""Trains the small networks of this folder: 32 units, to output their first input at one time n.

    python tests/networks/train.py            # needs PyTorch; some minutes on one core

Inputs are uniform on [-1, 1], with signs +-1 mixed in, since the worst case lies near corners; the loss is the mean square
plus the largest squared error of the batch; Adam with a cosine schedule. The RNN and the LSTM for n = 20 start from their weights
for n = 10 and learn n = 11 ... 19 one after the other first. The weights are rounded to binary16, so that the files stay small,
and written as they are in `torch.nn.RNN`, `GRU` and `LSTM` (float32, both biases) with a linear head. Results depend on the version
of PyTorch and on the machine; the committed files are what the tests and benchmarks are about.
"""

import math
import pathlib
import sys

import numpy as np
import torch

FOLDER = pathlib.Path(__file__).resolve().parent
CELLS = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}
HORIZONS = (3, 5, 10, 20)
HIDDEN = 32
BATCH = 512
STEPS = {3: 3000, 5: 4000, 10: 6000, 20: 8000}
LEARNING_RATE = 4e-3
# the n whose weights are the start, steps for each n on the way, steps for the last
CURRICULUM = {("rnn", 20): (10, 200, 2000), ("lstm", 20): (10, 300, 3000)}
CURRICULUM_RATE = 2e-3
CURRICULUM_BATCH = 256
SIGNS = 0.2  # share of inputs set to +-1
CLIP = 1.0


def train(kind, n):
    torch.manual_seed(1000 * n + len(kind))
    cell = CELLS[kind](1, HIDDEN, batch_first=True)
    head = torch.nn.Linear(HIDDEN, 1)
    if (kind, n) in CURRICULUM:
        first, brief, long = CURRICULUM[kind, n]
        put(np.load(FOLDER / f"{kind}{first}.npz"), cell, head)
        for m in range(first + 1, n + 1):
            descend(cell, head, m, long if m == n else brief, CURRICULUM_RATE, CURRICULUM_BATCH)
    else:
        descend(cell, head, n, STEPS[n], LEARNING_RATE, BATCH)
    state = {name: value.detach().half().float() for name, value in cell.state_dict().items()}
    state |= {f"head.{name}": value.detach().half().float() for name, value in head.state_dict().items()}
    put({name: value.numpy() for name, value in state.items()}, cell, head)
    with torch.no_grad():
        x = torch.sign(2 * torch.rand(1 << 14, n, 1) - 1) * torch.rand(1 << 14, n, 1) ** 0.3
        worst = (head(cell(x)[0][:, -1]) - x[:, 0]).abs().max().item()
    np.savez_compressed(FOLDER / f"{kind}{n}.npz", **{name: value.numpy() for name, value in state.items()})
    print(f"{kind}{n}: worst of {1 << 14} random sequences {worst:.4f}", flush=True)
    return worst


def put(arrays, cell, head):
    state = {name: torch.tensor(value) for name, value in arrays.items()}
    cell.load_state_dict({name: value for name, value in state.items() if not name.startswith("head.")})
    head.load_state_dict({name[5:]: value for name, value in state.items() if name.startswith("head.")})


def descend(cell, head, n, steps, rate, batch):
    parameters = [*cell.parameters(), *head.parameters()]
    optimiser = torch.optim.Adam(parameters, rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        x = 2 * torch.rand(batch, n, 1) - 1
        x = torch.where(torch.rand_like(x) < SIGNS, torch.sign(x), x)
        error = (head(cell(x)[0][:, -1]) - x[:, 0]) ** 2
        loss = error.mean() + error.max() / 10
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, CLIP)
        optimiser.step()
        schedule.step()


if __name__ == "__main__":
    torch.set_num_threads(1)
    asked = sys.argv[1:] or [f"{kind}{n}" for n in HORIZONS for kind in CELLS]
    for name in asked:
        kind = name.rstrip("0123456789")
        worst = train(kind, int(name[len(kind) :]))
        if not math.isfinite(worst):
            raise SystemExit(f"{name} did not train")

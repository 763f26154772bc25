"""auto_LiRPA on an unrolled trained network: bounds of y_n - x_1 over [-1, 1]^n, in double precision.

    PYTHON tests/benchmarks/lirpa_trained.py FILE.npz METHOD      # METHOD: IBP, CROWN, CROWN-Optimized (alpha-CROWN), ...

The file is one of tests/networks: torch.nn.RNN, GRU or LSTM of one layer with a linear head; n is the number in its name. Prints
one line of JSON as lirpa_lstm.py does. Nothing of this project is imported.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import torch
from lirpa_lstm import bounds


class Trained(torch.nn.Module):
    """x of shape (1, n) -> y_n - x_1 of shape (1, 1), step by step, as PyTorch's equations read."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        data = {name: torch.tensor(value, dtype=torch.float64) for name, value in np.load(file).items()}
        self.size = data["weight_hh_l0"].shape[1]
        self.kind = {1: "rnn", 3: "gru", 4: "lstm"}[len(data["weight_hh_l0"]) // self.size]
        for name, value in data.items():
            self.register_buffer(name.replace("head.", "head_"), value)

    def _part(self, k: int, side: str, value: torch.Tensor) -> torch.Tensor:
        """Block k of what the gates read of x (side ih) or h (hh)."""
        rows = slice(k * self.size, (k + 1) * self.size)
        return value.matmul(getattr(self, f"weight_{side}_l0")[rows].t()) + getattr(self, f"bias_{side}_l0")[rows]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The whole sequence."""
        h = c = torch.zeros(1, self.size, dtype=torch.float64)
        for t in range(x.shape[1]):
            now, before = x[:, t : t + 1], h

            def gate(k: int, now: torch.Tensor = now, before: torch.Tensor = before) -> torch.Tensor:
                return self._part(k, "ih", now) + self._part(k, "hh", before)

            if self.kind == "rnn":
                h = torch.tanh(gate(0))
            elif self.kind == "gru":
                r, z = torch.sigmoid(gate(0)), torch.sigmoid(gate(1))
                new = torch.tanh(self._part(2, "ih", now) + r * self._part(2, "hh", h))
                h = new + z * (h - new)
            else:
                c = torch.sigmoid(gate(1)) * c + torch.sigmoid(gate(0)) * torch.tanh(gate(2))
                h = torch.sigmoid(gate(3)) * torch.tanh(c)
        return h.matmul(self.head_weight.t()) + self.head_bias - x[:, 0:1]


def main() -> None:
    """Read, bound, write."""
    if len(sys.argv) != 3:
        raise SystemExit("lirpa_trained.py: give a file of tests/networks and a method")
    file, method = Path(sys.argv[1]), sys.argv[2]
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    found = re.search(r"\d+$", file.stem)
    if found is None:
        raise SystemExit(f"lirpa_trained.py: {file.name} does not end in a horizon")
    ones = torch.ones(1, int(found[0]), dtype=torch.float64)
    print(json.dumps(bounds(Trained(file), -ones, ones, method, 1)))


if __name__ == "__main__":
    main()

"""auto_LiRPA on an unrolled hand-set LSTM: bounds of y_n - x_1 over a box of sequences, in double precision.

Reads JSON from standard input and writes one line of JSON: {"version", "seconds", "lower", "upper"}.

    weights   {"f": [W, U, b], "i": ..., "o": ..., "g": ..., "V": [...], "v0": ...} as floats, W by rows
    low, high the box, n numbers each
    method    as `compute_bounds` knows it: IBP, CROWN, ...
    repeat    how often; `seconds` lists the CPU time of each

Runs where auto_LiRPA is installed, in a process of its own; nothing of this project is imported.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from typing import Any

warnings.filterwarnings("ignore")

import auto_LiRPA  # noqa: E402
import torch  # noqa: E402


class Unrolled(torch.nn.Module):
    """x of shape (1, n) -> y_n - x_1 of shape (1, 1)."""

    def __init__(self, weights: dict[str, Any]) -> None:
        super().__init__()
        for gate in "fiog":
            for name, value in zip("WUb", weights[gate], strict=True):
                self.register_buffer(f"{name}_{gate}", torch.tensor(value, dtype=torch.float64))
        self.register_buffer("V", torch.tensor(weights["V"], dtype=torch.float64))
        self.v0 = float(weights["v0"])

    def _gate(self, gate: str, h: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        matrix, column, bias = (getattr(self, f"{name}_{gate}") for name in "WUb")
        return h.matmul(matrix.t()) + x.matmul(column.unsqueeze(0)) + bias

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Step by step, as the equations read."""
        size = self.V.shape[0]
        h = c = torch.zeros(1, size, dtype=torch.float64)
        for t in range(x.shape[1]):
            now = x[:, t : t + 1]
            f, i, o = (torch.sigmoid(self._gate(gate, h, now)) for gate in "fio")
            g = torch.tanh(self._gate("g", h, now))
            c = f * c + i * g
            h = o * torch.tanh(c)
        return h.matmul(self.V.unsqueeze(1)) + self.v0 - x[:, 0:1]


def bounds(network: torch.nn.Module, low: torch.Tensor, high: torch.Tensor, method: str, repeat: int) -> dict[str, Any]:
    """Version, CPU seconds of each round without building the network, lower and upper bound of its one output."""
    bounded = auto_LiRPA.BoundedModule(network, low, device="cpu")
    seconds = []
    for _ in range(repeat):
        perturbation = auto_LiRPA.PerturbationLpNorm(norm=float("inf"), x_L=low, x_U=high)
        box = auto_LiRPA.BoundedTensor((low + high) / 2, perturbation)
        started = time.process_time()
        lower, upper = bounded.compute_bounds(x=(box,), method=method)
        seconds.append(time.process_time() - started)
    return {"version": auto_LiRPA.__version__, "seconds": seconds, "lower": lower.item(), "upper": upper.item()}


def main() -> None:
    """Read, bound, write."""
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    asked = json.load(sys.stdin)
    low, high = (torch.tensor([asked[name]], dtype=torch.float64) for name in ("low", "high"))
    print(json.dumps(bounds(Unrolled(asked["weights"]), low, high, asked["method"], asked["repeat"])))


if __name__ == "__main__":
    main()

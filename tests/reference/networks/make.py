"""Makes the files beside it: small networks saved by PyTorch itself, with the outputs it computes in binary64.

Run with PyTorch, safetensors and onnx installed: python tests/reference/networks/make.py. The committed files were made by
the versions named in expected.json.
"""

import json
from pathlib import Path

import onnx
import safetensors.torch
import torch

HERE = Path(__file__).parent
UNITS, STEPS, SEQUENCES = 3, 6, 4


class Network(torch.nn.Module):
    """One recurrent layer and a linear head that reads every step."""

    def __init__(self, layer):
        super().__init__()
        self.rnn = layer
        self.fc = torch.nn.Linear(UNITS, 1)

    def forward(self, x):
        return self.fc(self.rnn(x)[0])


class LastStep(Network):
    """The same, batch first, with a head that reads the last step only."""

    def forward(self, x):
        return self.fc(self.rnn(x.transpose(0, 1))[0][-1])


def main():
    """Write NAME.pt, NAME.safetensors, NAME.onnx and NAME-last.onnx for each layer, and expected.json."""
    layers = {
        "tanh": lambda: torch.nn.RNN(1, UNITS),
        "relu": lambda: torch.nn.RNN(1, UNITS, nonlinearity="relu"),
        "lstm": lambda: torch.nn.LSTM(1, UNITS),
        "gru-after-keep": lambda: torch.nn.GRU(1, UNITS),
    }
    expected = {"made_by": {"torch": torch.__version__, "onnx": onnx.__version__}, "networks": {}}
    for number, (name, make) in enumerate(layers.items()):
        torch.manual_seed(number)
        network = Network(make())
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.uniform_(-1.5, 1.5)
        torch.save(network.state_dict(), HERE / f"{name}.pt")
        safetensors.torch.save_file(network.state_dict(), HERE / f"{name}.safetensors")
        example = torch.zeros(STEPS, 2, 1)
        torch.onnx.export(network, (example,), HERE / f"{name}.onnx", dynamo=False)
        last = LastStep(network.rnn)
        last.fc = network.fc
        torch.onnx.export(last, (example.transpose(0, 1),), HERE / f"{name}-last.onnx", dynamo=False)
        x = torch.rand(STEPS, SEQUENCES, 1, dtype=torch.float64) * 2 - 1
        with torch.no_grad():
            y = network.double()(x)
        expected["networks"][name] = {"inputs": x[:, :, 0].tolist(), "outputs": y[:, :, 0].tolist()}
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()

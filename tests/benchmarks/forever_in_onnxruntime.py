"""The refreshed memory (C9) in ONNX Runtime for 10^6 steps: python tests/benchmarks/forever_in_onnxruntime.py

Prints the largest |y - x_1| seen after 10, 10^2, ... steps under adversarial inputs, and the bounds that are proved.
"""

from __future__ import annotations

import argparse
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np

from constructions import Construction
from constructions.refresh_in_floats import construct_in_floats
from verifier.arithmetic.balls import Balls
from verifier.float_bound import BINARY32
from verifier.program import record
from verifier.refresh import bound_refresh
from verifier.refresh.in_floats import bound_refresh_in_floats
from verifier.regime import Regime

sys.path.insert(0, str(Path(__file__).parents[1] / "shared"))
from carried_state import CarriedLstm, adversarial_chunks

BATCH = 40
CHUNK = 10_000
BITS = 256


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=10**6)
    parser.add_argument("--tolerance", type=Fraction, default=Fraction(1, 1000))
    asked = parser.parse_args()
    regime = Regime("lstm", asked.steps, Fraction(1), asked.tolerance, "forever", "box", None, 4)
    made = construct_in_floats(regime, BINARY32)
    if not isinstance(made, Construction):
        raise SystemExit(made.reason)
    with Balls(BITS).working():
        reals = bound_refresh(record(made.weights), regime.bound)
        floats = bound_refresh_in_floats(made.weights, regime.bound, BINARY32)
    if reals is None or floats is None or floats.upper is None:
        raise SystemExit("not a refreshed memory")
    print(made.sized)
    print(f"proved for every n in binary32: {float(floats.upper):.4g} ({floats.verdict.value})")
    generator = np.random.default_rng(1)
    level = float(reals.hints.slope * reals.hints.unit)
    first = generator.uniform(-1, 1, BATCH)
    beside = np.resize([float(x) for x in reals.firsts], BATCH // 2)
    first[: BATCH // 2] = beside + generator.uniform(-0.2, 0.2, BATCH // 2) * level
    first = first.astype(np.float32)
    network = CarriedLstm(made.weights, "binary32", BATCH)
    started, seen, done, shown = time.perf_counter(), 0.0, 0, 10
    for x in adversarial_chunks(first, asked.steps, CHUNK, 2):
        errors = np.abs(network.outputs(x).astype(np.float64) - first).max(axis=1)
        while shown <= done + len(x):
            print(f"{shown:>9} steps  worst so far {max(seen, errors[: shown - done].max()):.6g}")
            shown *= 10
        seen, done = max(seen, float(errors.max())), done + len(x)
    print(f"{done:>9} steps  worst {seen:.6g}, {BATCH} sequences, {time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    main()

"""Networks for the tests of file formats: random weights of every cell, and what a float format makes of them."""

import random
from fractions import Fraction

from verifier.cells import CELLS
from verifier.formats.rounding import round_weights
from verifier.weights import Weights


def random_network(cell, hidden=3, seed=0, start=False):
    """Dense weights, all nonzero, in [-1.5, 1.5], within what the cell allows; s_0 = 0 unless `start`."""
    generator = random.Random(f"{cell} {seed}")
    blocks = {}
    for name, shape in CELLS[cell].block_shapes(hidden).items():
        if name.endswith("_0") and not start:
            continue
        indices = [()]
        for size in shape:
            indices = [(*index, k) for index in indices for k in range(size)]
        signs = [1] if name in CELLS[cell].nonnegative else [-1, 1]
        largest = 700 if any(name in pair for pair in CELLS[cell].unit_disc) else 1500
        blocks[name] = {index: Fraction(generator.choice(signs) * generator.randint(1, largest), 1000) for index in indices}
    return Weights(cell, hidden, blocks)


def rounded_network(cell, form="binary32", hidden=3, seed=0):
    """`random_network` with floats of the format."""
    return round_weights(random_network(cell, hidden, seed), form)

"""The diagonal cells against implementations written out from the papers, in mpmath; weights that a cell cannot have."""

from fractions import Fraction
from random import Random

import pytest
from core_cases import BITS, DIGITS, encloses, is_sharp, lower_end, plain, plain_number, random_inputs, to_fraction, upper_end
from flint import arb

from verifier.arithmetic.balls import Balls, to_ball
from verifier.arithmetic.enclosures import Enclosures, Interval
from verifier.arithmetic.floats import Floats
from verifier.arithmetic.rationals import Rationals
from verifier.arithmetic.rationals import to_fraction as exactly
from verifier.arithmetic.reference import Reference
from verifier.cells import CELLS
from verifier.errors import UsageError
from verifier.gates import gate_activations
from verifier.program import record
from verifier.run import Runner
from verifier.weights import Weights

DIAGONAL_CELLS = ("diagonal", "mingru", "minlstm", "lru", "s4d", "s5", "selective")

SLACK = Fraction(1, 10**60)
"""More than the reference's error."""


def random_cell(name, seed, hidden=3):
    """Weights with all entries drawn, within what the cell can have."""
    generator = Random(f"{name} {seed}")
    blocks = {}
    for block, shape in CELLS[name].block_shapes(hidden).items():
        for unit in range(hidden):
            value = Fraction(generator.randint(-14, 14), 7)
            if block in ("re", "im"):
                value = Fraction(generator.randint(-13, 13), 20)
            if block == "A":
                value = abs(value)
            blocks.setdefault(block, {})[(unit,) if shape else ()] = value
    return Weights(name, hidden, blocks)


def plain_outputs(weights, inputs):
    """y_1, y_2, ... from the published equations."""
    m = plain(DIGITS)
    d = weights.hidden

    def number(block, unit):
        return plain_number(m, weights[block][unit,])

    def line(gate, unit, x):
        return number(f"U_{gate}", unit) * x + number(f"b_{gate}", unit)

    def logistic(v):
        return 1 / (1 + m.exp(-v))

    pairs = weights.cell in ("lru", "s4d", "s5")
    h = [m.mpc(number("h_0", k), number("g_0", k)) if pairs else number("h_0", k) for k in range(d)]
    outputs = []
    for x in (plain_number(m, x) for x in inputs):
        seen = []
        for k in range(d):
            if weights.cell == "diagonal":
                h[k] = line("a", k, x) * h[k] + line("b", k, x)
            elif weights.cell == "mingru":
                z = logistic(line("z", k, x))
                h[k] = h[k] + z * (line("n", k, x) - h[k])
            elif weights.cell == "minlstm":
                f, i = logistic(line("f", k, x)), logistic(line("i", k, x))
                h[k] = (f * h[k] + i * line("n", k, x)) / (f + i)
            elif pairs:
                h[k] = m.mpc(number("re", k), number("im", k)) * h[k] + m.mpc(line("h", k, x), line("g", k, x))
            else:
                delta = m.log(1 + m.exp(line("delta", k, x)))
                h[k] = m.exp(-delta * number("A", k)) * h[k] + delta * line("B", k, x) * x
            seen.append(line("C", k, x) * h[k] + number("D", k) * x if weights.cell == "selective" else m.re(h[k]))
        outputs.append(sum((number("V", k) * seen[k] for k in range(d)), plain_number(m, weights["v0"][()])))
    return outputs


CASES = [(name, seed) for name in DIAGONAL_CELLS for seed in range(4)]


@pytest.mark.parametrize(("name", "seed"), CASES)
def test_balls_and_enclosures(name, seed):
    weights, inputs = random_cell(name, seed), random_inputs(seed, 5)
    with Balls(BITS).working():
        balls = list(Runner(record(weights), Balls(BITS)).outputs(inputs))
        intervals = list(Runner(record(weights), Enclosures).outputs(inputs))
    for expected, ball, interval in zip(plain_outputs(weights, inputs), balls, intervals, strict=True):
        assert encloses(ball, expected, DIGITS - 20)
        assert is_sharp(ball, BITS, 30)
        assert encloses(interval.lower, expected, DIGITS - 20)


@pytest.mark.parametrize(("name", "seed"), CASES)
def test_reference_and_floats(name, seed):
    weights, inputs = random_cell(name, seed), random_inputs(seed, 5)
    program, expected = record(weights), plain_outputs(weights, inputs)
    for arithmetic, error in ((Reference(DIGITS), 1e-60), (Floats("binary64"), 1e-10), (Floats("binary32"), 1e-2)):
        for value, y in zip(expected, Runner(program, arithmetic).outputs(inputs), strict=True):
            assert abs(y - value) < error


@pytest.mark.parametrize(("name", "seed"), CASES)
def test_wide_inputs_are_enclosed(name, seed):
    weights, centers, radius = random_cell(name, seed), random_inputs(seed, 4), Fraction(1, 8)
    generator = Random(seed)
    with Balls(BITS).working():
        boxes = [Interval(to_ball(x - radius), to_ball(x + radius)) for x in centers]
        wide = list(Runner(record(weights), Enclosures).outputs(boxes))
        for _ in range(5):
            inputs = [x + radius * Fraction(generator.randint(-8, 8), 8) for x in centers]
            for y, interval in zip(plain_outputs(weights, inputs), wide, strict=True):
                inside = lower_end(interval.lower) <= to_fraction(y) + SLACK and to_fraction(y) - SLACK <= upper_end(interval.upper)
                assert inside


@pytest.mark.parametrize("name", ["diagonal", "lru", "s4d", "s5"])
def test_rational_cells_run_in_rationals(name):
    weights, inputs = random_cell(name, 1), random_inputs(1, 5)
    for expected, y in zip(plain_outputs(weights, inputs), Runner(record(weights), Rationals()).outputs(inputs), strict=True):
        assert abs(to_fraction(expected) - exactly(y)) < Fraction(1, 10**60)


@pytest.mark.parametrize("name", DIAGONAL_CELLS)
def test_the_gates_are_told_apart(name):
    """Every weight block changes the output after three inputs: none is read in place of another, none is forgotten."""
    weights, inputs = random_cell(name, 2), [Fraction(1, 3), Fraction(-2, 5), Fraction(3, 4)]

    def last(w):
        with Balls(BITS).working():
            return list(Runner(record(w), Balls(BITS)).outputs(inputs))[-1]

    base = last(weights)
    seen = []
    for block, shape in CELLS[name].block_shapes(3).items():
        index = (0,) if shape else ()
        moved = last(weights.replace({(block, index): weights[block][index] + Fraction(1, 64)}))
        assert moved > base or moved < base, block
        seen.append(moved)
    assert all(p > q or p < q for k, p in enumerate(seen) for q in seen[:k])


def test_gates_are_shown_as_they_act():
    weights = Weights("selective", 1, {"b_delta": {(0,): 1}, "A": {(0,): 1}, "b_B": {(0,): 2}, "b_C": {(0,): 1}, "V": {(0,): 1}})
    (step,) = gate_activations(weights, [Fraction(1)])
    assert abs(step["delta", 0] - (1 + arb(1).exp()).log()) < arb(10) ** -12
    assert step["B", 0] == 2


@pytest.mark.parametrize(
    ("name", "blocks", "words"),
    [
        ("lru", {"re": {(0,): 1}}, "unit 0"),
        ("s4d", {"im": {(1,): -1}}, "unit 1"),
        ("s5", {"re": {(0,): Fraction(4, 5)}, "im": {(0,): Fraction(3, 5)}}, "not below 1"),
        ("selective", {"A": {(1,): Fraction(-1, 9)}}, "unit 1 is negative"),
        ("diagonal", {"W_a": {(0, 0): 1}}, "no weights named W_a"),
        ("mingru", {"W_z": {(0, 0): 1}}, "no weights named W_z"),
        ("stacked", {"W_p": {(0, 0): 1}}, "no weights named W_p"),
    ],
)
def test_weights_that_the_cell_cannot_have(name, blocks, words):
    with pytest.raises(UsageError, match=words):
        Weights(name, 2, blocks)


def test_the_limits_of_what_a_cell_can_have():
    nearly = 1 - Fraction(1, 10**30)
    assert Weights("lru", 1, {"re": {(0,): nearly}})["re"][0,] == nearly
    assert Weights("selective", 1, {"A": {(0,): 0}})["A"][0,] == 0

"""The kernels enclose, the search closes the gap, and wrong arithmetic would be seen."""

import math
import random
from dataclasses import replace
from fractions import Fraction as F
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from flint import arb, ctx

pytest.importorskip("numba")

from constructions import construct
from verifier.any_weights import degree_for
from verifier.arithmetic.balls import Balls, to_ball
from verifier.bracket import kernels
from verifier.bracket import monomials as monomials_module
from verifier.bracket.grid import plan_grid, trees
from verifier.bracket.kernels import TANH_ERROR, tanh_of
from verifier.bracket.monomials import monomials
from verifier.bracket.network import Unsupported, bound_boxes, bound_trees, boxes_of, compile_program, run_sequences
from verifier.bracket.search import search_bracket
from verifier.cells import CELLS
from verifier.observed import error_of
from verifier.program import record
from verifier.run import Runner
from verifier.weights import Weights

NETWORKS = Path(__file__).resolve().parent.parent / "networks"
GATES = {"rnn": ("tanh", ("h",)), "gru": ("gru-after-keep", ("r", "z", "n")), "lstm": ("lstm", ("i", "f", "g", "o"))}


def trained(name):
    """The committed network as exact weights: PyTorch's layout, both biases."""
    data = np.load(NETWORKS / f"{name}.npz")
    cell, gates = GATES[name.rstrip("0123456789")]
    hidden = data["weight_hh_l0"].shape[1]
    blocks = {"V": {(i,): F(float(v)) for i, v in enumerate(data["head.weight"][0])}, "v0": {(): F(float(data["head.bias"][0]))}}
    for k, gate in enumerate(gates):
        rows = range(k * hidden, (k + 1) * hidden)
        blocks[f"W_{gate}"] = {(i, j): F(float(data["weight_hh_l0"][r, j])) for i, r in enumerate(rows) for j in range(hidden)}
        blocks[f"U_{gate}"] = {(i,): F(float(data["weight_ih_l0"][r, 0])) for i, r in enumerate(rows)}
        ours, theirs = ({(i,): F(float(data[b][r])) for i, r in enumerate(rows)} for b in ("bias_ih_l0", "bias_hh_l0"))
        if gate == "n":
            blocks["b_n"], blocks["c_n"] = ours, theirs
        else:
            blocks[f"b_{gate}"] = {index: ours[index] + theirs[index] for index in ours}
    return Weights(cell, hidden, blocks)


def random_weights(cell, hidden, seed, size=1.5):
    draw = random.Random(seed)
    shapes = CELLS[cell].block_shapes(hidden)

    def entries(shape):
        indices = [()]
        for length in shape:
            indices = [(*index, k) for index in indices for k in range(length)]
        return {index: F(draw.uniform(-size, size)) for index in indices}

    return Weights(cell, hidden, {name: entries(shape) for name, shape in shapes.items() if not name.endswith("_0")})


def exact_error(runner, sequence):
    """|y_n - x_1| as a ball."""
    with Balls(200).working():
        outputs = list(runner.outputs([F(float(x)) for x in sequence]))
        return abs(outputs[-1] - to_ball(F(float(sequence[0]))))


# --- the parts -----------------------------------------------------------------------------------------------------------


def test_tanh_is_within_its_error():
    draw = random.Random(1)
    points = [draw.uniform(-25, 25) for _ in range(3000)] + [
        draw.uniform(-1, 1) * 10.0 ** -draw.randint(0, 12) for _ in range(1000)
    ]
    points += [k / 128 for k in range(-2600, 2600)] + [0.0, 20.0, -20.0, math.nextafter(20.0, 0.0)]
    ctx.prec, old = 128, ctx.prec
    try:
        worst = max(float(abs(arb(x).tanh() - arb(tanh_of(x))).upper()) for x in points)
    finally:
        ctx.prec = old
    assert worst < TANH_ERROR / 4


@pytest.mark.parametrize(("order", "stated"), [(4, 4.086), (5, 16.0), (6, 52.3), (7, 272.0)])
def test_suprema_of_the_derivatives_of_tanh(order, stated):
    """In t = tanh the derivative is a polynomial, even or odd: its values at 10,001 exact points of [0, 1]."""
    derivative = np.polynomial.Polynomial([0, 1])
    for _ in range(order):
        derivative = derivative.deriv() * np.polynomial.Polynomial([1, 0, -1])
    coefficients = [round(c) for c in derivative.coef]
    values = [abs(sum(c * F(k, 10_000) ** e for e, c in enumerate(coefficients))) for k in range(10_001)]  # odd or even in t
    assert F(99, 100) * F(stated) < max(values) <= F(stated)


@pytest.mark.parametrize(("variables", "degree"), [(1, 4), (2, 3), (3, 4), (4, 3)])
def test_truncated_products_are_products(variables, degree):
    table = monomials(variables, degree)
    draw = np.random.default_rng(variables)
    lanes = kernels.LANES
    a, b = (draw.integers(-3, 4, (len(table.degrees), lanes)).astype(float) for _ in range(2))
    a[table.degrees > degree // 2] = 0  # no pair beyond the degree: the product is exact
    b[table.degrees > degree - degree // 2] = 0
    out = np.zeros_like(a)
    tables = table.ends[variables], table.starts, table.left, table.right, table.shares
    kernels.truncated(a, b, out, *tables)
    u = draw.uniform(-1, 1, variables)
    values = np.cos(table.exponents * np.arccos(u)).prod(axis=1)
    assert np.allclose(values @ out, (values @ a) * (values @ b), atol=1e-12)
    square, doubled = np.zeros_like(a), np.zeros_like(a)
    kernels.truncated(b, b, square, *tables)
    kernels.doubled_square(b, doubled, *tables)
    assert np.array_equal(doubled, 2 * square)


@pytest.mark.parametrize("degree", [3, 4, 5])
@pytest.mark.parametrize(("code", "function"), [(kernels.TANH, np.tanh), (kernels.SIGMOID, lambda p: 1 / (1 + np.exp(-p)))])
@pytest.mark.parametrize("size", [1e-3, 0.1, 0.4, 3.0])
def test_an_activation_is_within_its_radius_and_the_radius_is_not_idle(degree, code, function, size):
    """Of all monomials, so that pairs beyond the degree are dropped from the square and from the product."""
    table, draw = monomials(3, degree), np.random.default_rng(degree)
    argument = size * draw.uniform(-1, 1, (len(table.degrees), kernels.LANES)) / (1 + table.degrees[:, None]) ** 3
    off, radius = activated(table, code, function, argument)
    assert (off <= radius + 1e-14).all()
    assert (radius <= 40 * off + 1e-9).all()


def activated(table, code, function, argument):
    """The largest error seen and the radius, of an activation of a polynomial."""
    lanes, degree, variables, count = kernels.LANES, table.degree, table.variables, len(table.degrees)
    coefficients, noise, norms = np.zeros((2, count, lanes)), np.zeros((2, 1, lanes)), np.zeros((2, degree + 1, lanes))
    radius, spread = np.zeros((2, lanes)), np.zeros((2, lanes))
    coefficients[0] = argument
    kernels.measure(0, count, 0, table.degrees, coefficients, noise, norms, spread)
    kernels.activate(
        1, 0, code, count, 0, table.degrees, table.ends[variables], table.starts, table.left, table.right, table.shares,
        table.spans, table.runs, table.kinds,
        coefficients, noise, radius, norms, spread, np.zeros((3, count, lanes)), *kernels.chebyshev_nodes(min(degree, kernels.FIT)),
    )  # fmt: skip
    points = np.random.default_rng(1).uniform(-1, 1, (4000, variables))
    points[:1000] = np.sign(points[:1000])
    values = np.cos(table.exponents[None] * np.arccos(points)[:, None, :]).prod(axis=2)
    return np.abs(function(values @ coefficients[0]) - values @ coefficients[1]).max(axis=0), radius[1]


@pytest.fixture
def narrow(monkeypatch):
    """Tables of degree 5 that leave monomials out at few inputs already."""
    monkeypatch.setattr(monomials_module, "NARROW", {3: 3, 4: 2, 5: 1})
    monomials.cache_clear()
    yield
    monomials.cache_clear()


def _later(table, *indices):
    """The inputs after the first that occur in these monomials."""
    return [j for j in range(1, table.variables) if any(table.exponents[i, j] for i in indices)]


def test_what_a_table_leaves_out_is_bounded(narrow):
    """Against the sum over all pairs; among them a wide monomial beside a power of x_1, and one around a single input."""
    table = monomials(6, 5)
    listed = set(zip(table.left.tolist(), table.right.tolist(), strict=True))
    out, draw = np.zeros(kernels.LANES), np.random.default_rng(1)
    apart = {}
    for i, j in product(range(len(table.degrees)), repeat=2):
        e, later = table.degrees[i] + table.degrees[j], _later(table, i, j)
        if e <= 5:
            apart[i, j] = bool(later) and later[-1] - later[0] > table.spans[e]
            assert apart[i, j] == ((min(i, j), max(i, j)) not in listed)
    for t in (4, 5, 6):
        count = table.prefix[t]
        a, b = (draw.standard_normal((len(table.degrees), kernels.LANES)) ** 5 for _ in range(2))
        kernels.outside(a, b, count, table.spans, table.runs, table.kinds, out)
        true = sum(np.abs(a[i] * b[j]) for (i, j), left_out in apart.items() if left_out and max(i, j) < count)
        assert (true <= out).all()
        assert (out <= 2 * true).all()
    for (i, j), left_out in apart.items():
        if left_out and (i + j) % 5 == 0:
            a, b = np.zeros((2, len(table.degrees), kernels.LANES))
            a[i], b[j] = 1, 1
            kernels.outside(a, b, len(a), table.spans, table.runs, table.kinds, out)
            assert (out >= 1).all()


@pytest.mark.parametrize(("code", "function"), [(kernels.TANH, np.tanh), (kernels.SIGMOID, lambda p: 1 / (1 + np.exp(-p)))])
def test_an_activation_counts_what_the_table_leaves_out(narrow, code, function):
    """x_2 + x_6 of size 0.2: the cube's mixed terms have no place; where they are not counted, the radius is below the error."""
    table = monomials(6, 5)
    argument = np.zeros((len(table.degrees), kernels.LANES))
    argument[0], argument[table.linear[[1, 5]]] = 0.3, 0.2
    off, radius = activated(table, code, function, argument)
    assert (off <= radius).all()
    assert (radius <= 10 * off).all()
    off, uncounted = activated(replace(table, kinds=table.kinds[:0]), code, function, argument)
    assert (uncounted < off).all()


def test_a_product_counts_what_the_table_leaves_out(narrow):
    """T_2(x_2) times x_6, of degree 3 and four steps apart: no coefficient is left, the radius is the whole product."""
    table = monomials(6, 5)
    coefficients, noise, norms = (np.zeros((3, rows, kernels.LANES)) for rows in (len(table.degrees), 1, 6))
    radius, spread = np.zeros((2, 3, kernels.LANES))
    coefficients[0, (table.exponents == [0, 2, 0, 0, 0, 0]).all(axis=1)], coefficients[1, table.linear[5]] = 1, 1
    for slot in (0, 1):
        kernels.measure(slot, len(table.degrees), 0, table.degrees, coefficients, noise, norms, spread)
    kernels.mul(
        2, 0, 1, 0, table.ends[6], table.starts, table.left, table.right, table.shares, table.spans, table.runs, table.kinds,
        coefficients, noise, radius, norms, spread,
    )  # fmt: skip
    assert not coefficients[2].any()
    assert ((radius[2] >= 1) & (radius[2] <= 1 + 1e-9)).all()


def test_boxes_are_enclosed_where_monomials_are_left_out(narrow):
    for cell in ("tanh", "lstm", "gru"):
        program = record(random_weights(cell, 3, seed=len(cell), size=1.5))
        runner, draw = Runner(program, Balls(200)), np.random.default_rng(3)
        centres, radii = draw.uniform(-1, 1, (8, 7)), np.full((8, 7), 0.3)
        found = bound_boxes(compile_program(program), 5, centres, radii)
        for box in range(8):
            signs = np.sign(found.slopes[box])
            for sign in (1, -1):
                true = float(exact_error(runner, centres[box] + sign * radii[box] * signs).lower())
                assert true <= found.upper[box]


def test_monomials_of_the_first_inputs_are_a_prefix():
    table = monomials(5, 3)
    for t in range(6):
        inside = table.exponents[: table.prefix[t], t:]
        assert not inside.any()
        assert table.prefix[t] == math.comb(t + 3, 3)
        for k, (first, last) in enumerate(zip(table.starts, table.ends[t], strict=True)):
            assert table.left[first:last].max(initial=0) <= table.right[first:last].max(initial=0) < table.prefix[t]
            assert first == last or k < table.prefix[t]


# --- enclosure ------------------------------------------------------------------------------------------------------------

CASES = [(cell, size, radius) for cell in ("tanh", "sigmoid", "relu", "lstm", "gru", "gru-after") for size, radius in
         ((0.7, 1e-3), (1.5, 0.3), (6.0, 1.0), (1e5, 0.5))]  # fmt: skip


@pytest.mark.parametrize(("cell", "size", "radius"), CASES)
@pytest.mark.parametrize("degree", [3, 4])
def test_every_sequence_of_a_box_is_below_its_bound(cell, size, radius, degree):
    n = 4
    program = record(random_weights(cell, 3, seed=len(cell), size=size))
    runner = Runner(program, Balls(200))
    compiled = compile_program(program)
    draw = np.random.default_rng(7)
    centres = draw.uniform(-1, 1, (9, n))
    radii = radius * draw.uniform(0, 1, (9, n))
    found = bound_boxes(compiled, degree, centres, radii)
    for box in range(9):
        for _ in range(4):
            signs = draw.choice([-1.0, 1.0, draw.uniform(-1, 1)], n)
            point = centres[box] + 0.999 * radii[box] * signs
            assert float(exact_error(runner, point).lower()) <= found.upper[box]


@pytest.mark.parametrize("cell", ["tanh", "sigmoid", "relu", "lstm", "gru"])
def test_a_point_is_bounded_by_its_error(cell):
    program = record(random_weights(cell, 4, seed=3))
    centres = np.random.default_rng(5).uniform(-1, 1, (8, 5))
    found = bound_boxes(compile_program(program), 3, centres, np.zeros((8, 5)))
    runner = Runner(program, Balls(200))
    outputs = run_sequences(compile_program(program), centres)
    for box in range(8):
        true = exact_error(runner, centres[box])
        assert float(true.lower()) <= found.upper[box] <= float(true.upper()) + 1e-6
        assert abs(abs(outputs[box] - centres[box, 0]) - float(true.mid())) < 1e-9


def test_degree_four_is_tighter_where_it_should_be():
    program = record(trained("lstm5"))
    compiled = compile_program(program)
    centres, radii = np.zeros((1, 5)), np.array([[0.1, 0.5, 0.5, 0.5, 0.5]])
    three, four = (bound_boxes(compiled, degree, centres, radii).upper[0] for degree in (3, 4))
    assert four < three


def test_degree_five_without_inputs_far_apart_is_tighter_for_twenty_inputs():
    """And still a bound: no vertex that the slopes point to is worse."""
    compiled = compile_program(record(trained("rnn20")))
    centres, radii = np.zeros((8, 20)), np.ones((8, 20))
    centres[:, 0], radii[:, 0] = np.linspace(-1, 1, 9)[1:] - 1 / 128, 1 / 128
    three, five = (bound_boxes(compiled, degree, centres, radii) for degree in (3, degree_for(20)))
    assert (five.upper < 0.8 * three.upper).all()
    for sign in (1, -1):
        corners = centres + sign * radii * np.sign(five.slopes)
        assert (np.abs(run_sequences(compiled, corners) - corners[:, 0]) < five.upper).all()


def test_a_state_that_is_an_input_or_another_state():
    """A shift register copies states: copies must not overwrite what is still to be read."""
    weights = construct("linear", 4, exact_recall=True, horizon="fixed", hidden=4).weights
    compiled = compile_program(record(weights))
    sequences = np.random.default_rng(2).uniform(-1, 1, (8, 4))
    assert np.array_equal(run_sequences(compiled, sequences), sequences[:, 0])
    assert bound_boxes(compiled, 3, np.zeros((1, 4)), np.ones((1, 4))).upper[0] < 1e-8


def test_a_state_that_is_read_out_as_it_is():
    """The readout of the last step alone is the state itself here; it must not be skipped at the steps before."""
    weights = Weights("linear", 1, {"W_h": {(0, 0): F(2)}, "U_h": {(0,): F(1)}, "V": {(0,): F(1)}})
    found = bound_boxes(compile_program(record(weights)), 3, np.zeros((1, 3)), np.ones((1, 3)))
    assert 6 <= found.upper[0] < 6 + 1e-6  # y_3 - x_1 = 3 x_1 + 2 x_2 + x_3


def test_boxes_beyond_binary64_are_unbounded_not_wrong():
    weights = Weights("linear", 1, {"W_h": {(0, 0): F(10) ** 200}, "U_h": {(0,): F(10) ** 200}, "V": {(0,): F(1)}})
    compiled = compile_program(record(weights))
    assert bound_boxes(compiled, 3, np.zeros((1, 4)), np.ones((1, 4))).upper[0] == math.inf
    with pytest.raises(Unsupported):
        compile_program(record(Weights("linear", 1, {"W_h": {(0, 0): F(10) ** 400}, "U_h": {(0,): F(1)}, "V": {(0,): F(1)}})))


# --- the search -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "n"), [("rnn3", 3), ("gru3", 3), ("lstm3", 3), ("rnn5", 5)])
def test_trained_networks_are_bracketed_within_five_per_cent(name, n):
    program = record(trained(name))
    found = search_bracket(program, F(1), n, gap=0.04, seconds=120)
    assert found.tight
    with Balls(128).working():
        attained = error_of(program, tuple((x, 1) for x in found.witness))
        assert attained <= to_ball(found.upper)
        assert to_ball(found.upper) <= attained * to_ball(F(105, 100))
    assert all(abs(x) <= 1 for x in found.witness)


def test_the_hand_set_lstm_is_bracketed():
    answer = construct("lstm", 5, 3, hidden=4)
    found = search_bracket(record(answer.weights), F(1), 5, gap=0.05, seconds=60)
    with Balls(128).working():
        assert error_of(record(answer.weights), tuple((x, 1) for x in found.witness)) <= to_ball(found.upper)
    assert found.upper <= F(2, 1000)


@pytest.mark.parametrize("bound", [2**1000 + F(1, 3), F(10) ** 308, F(10) ** 400])
def test_boxes_beyond_the_floats_are_not_divided(bound):
    with pytest.raises(Unsupported, match="inputs beyond"):
        search_bracket(record(trained("lstm5")), bound, 5)


def test_a_bound_that_is_no_float_is_rounded_up():
    program = record(trained("rnn3"))
    narrow, wide = (search_bracket(program, bound, 3, gap=0.1, seconds=30).upper for bound in (F(1, 3), F(1, 3) + F(1, 10**6)))
    assert narrow <= wide * F(3, 2)


def test_no_time_gives_a_bound_all_the_same():
    found = search_bracket(record(trained("lstm5")), F(1), 5, gap=1e-9, seconds=0)
    assert not found.tight
    assert found.upper is not None
    assert found.boxes == 16


def test_a_bracket_is_told_on_the_way_and_ends_where_enough_is_known():
    program, heard = record(trained("lstm3")), []
    found = search_bracket(program, F(1), 3, gap=0.04, seconds=60, heard=heard.append)
    assert heard[-1].upper == found.upper
    assert heard[-1].boxes == found.boxes
    assert all(a.upper >= b.upper and a.boxes < b.boxes for a, b in pairwise(heard))
    easy = search_bracket(program, F(1), 3, gap=0.04, seconds=60, enough=2 * found.upper)
    assert easy.tight
    assert easy.boxes < found.boxes


# --- the grid at the start ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pieces", [(8, 1, 1), (16, 2, 4), (8, 4, 64)])
def test_the_boxes_of_a_grid_cover_everything_once(pieces):
    parts = [boxes_of(tree) for tree in trees(pieces, 2.0)]
    centres, radii = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
    assert np.array_equal(radii, np.tile(2.0 / np.array(pieces), (math.prod(pieces), 1)))
    corners = {tuple(row) for row in centres - radii}
    assert len(corners) == math.prod(pieces)
    for j, count in enumerate(pieces):
        assert {corner[j] for corner in corners} == {-2.0 + 4.0 * k / count for k in range(count)}


@pytest.mark.parametrize("name", ["gru5", "lstm5"])
def test_common_first_steps_change_nothing(name):
    """Bounds with shared steps are those of each box alone; a state that is not put back after a branch would show."""
    compiled = compile_program(record(trained(name)))
    tree = next(trees((8, 1, 2, 1, 4), 1.0))
    shared, alone = bound_trees(compiled, 3, [tree]), bound_boxes(compiled, 3, *boxes_of(tree))
    assert len(shared.upper) == 64
    assert len(set(np.round(alone.upper, 9))) > 32
    for one, other in ((shared.upper, alone.upper), (shared.scores, alone.scores), (shared.slopes, alone.slopes)):
        assert np.allclose(one, other, rtol=1e-9, atol=1e-12)


def test_the_plan_divides_what_matters():
    """The output is tanh(3 x_2) but for 10^-6, x_3 is not read: only x_2 is worth halving further."""
    blocks = {"W_h": {(1, 0): F(1, 1000)}, "U_h": {(0,): F(3)}, "V": {(1,): F(1000)}}
    compiled = compile_program(record(Weights("tanh", 2, blocks)))
    plan = plan_grid(compiled, 3, 3, 1.0, 1.01 * (1 + math.tanh(3)), 60.0)
    assert plan.pieces[1] >= 2
    assert plan.pieces[0] == 8
    assert plan.pieces[2] == 1


def test_the_plan_keeps_to_its_time():
    compiled = compile_program(record(trained("lstm5")))
    assert plan_grid(compiled, 3, 5, 1.0, 0.0, 0.0).pieces == (8, 1, 1, 1, 1)


# --- the range of the error's multilinear part ----------------------------------------------------------------------------


@pytest.mark.parametrize(("variables", "degree"), [(1, 3), (3, 4), (5, 3), (14, 3)])
def test_the_extent_bounds_the_polynomial_and_is_exact_where_it_is_multilinear(variables, degree):
    table = monomials(variables, degree)
    draw = np.random.default_rng(variables)
    values = draw.uniform(-1, 1, (len(table.degrees), kernels.LANES))
    corners, out = np.zeros((2 ** min(variables, kernels.CORNERS), kernels.LANES)), np.zeros(kernels.LANES)
    kernels.extent(values, table.linear, table.members, table.multilinear, corners, out)
    points = draw.uniform(-1, 1, (400, variables))
    points[:200] = np.sign(points[:200])
    reached = np.abs(np.cos(table.exponents[None] * np.arccos(points)[:, None, :]).prod(axis=2) @ values).max(axis=0)
    assert (reached <= out).all()
    assert (out <= np.abs(values).sum(axis=0) * (1 + 1e-9)).all()
    values[~table.multilinear] = 0
    kernels.extent(values, table.linear, table.members, table.multilinear, corners, out)
    if variables <= 5:
        signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * variables)).reshape(variables, -1).T
        exact = np.abs(np.prod(np.where(table.exponents[None] > 0, signs[:, None, :], 1.0), axis=2) @ values).max(axis=0)
        assert np.allclose(out, exact, rtol=1e-8)

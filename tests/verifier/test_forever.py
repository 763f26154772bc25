"""Invariant sets for ever: brackets hold for any weights of any cell, and refinement goes as far as it is asked to."""

import random
from fractions import Fraction

import pytest

from constructions import Construction, construct
from verifier.arithmetic.balls import Balls, lower_fraction, to_ball, upper_fraction
from verifier.forever import bound_forever, grid_points
from verifier.observed import run_error
from verifier.program import record
from verifier.run import Runner
from verifier.sequences import join, length
from verifier.weights import Weights

F = Fraction
BITS = 90
GATES = {"tanh": "h", "sigmoid": "h", "gru": "zrn", "gru-after": "zrn", "lstm": "fiog"}


def random_weights(cell: str, generator: random.Random, size: int = 2) -> Weights:
    """Small random weights, with which the state forgets."""

    def entry() -> Fraction:
        return F(generator.randint(-40, 40), 100)

    blocks: dict[str, dict[tuple[int, ...], Fraction | int]] = {"V": {(k,): entry() for k in range(size)}}
    for gate in "n" if cell.startswith("gru") else GATES[cell]:  # a share z that moves widens the enclosure of (1-z)h + zn
        blocks[f"W_{gate}"] = {(i, j): entry() for i in range(size) for j in range(size)}
        blocks[f"U_{gate}"] = {(k,): entry() for k in range(size)}
        blocks[f"b_{gate}"] = {(k,): entry() for k in range(size)}
    return Weights(cell, size, blocks)


@pytest.mark.parametrize("cell", GATES)
@pytest.mark.parametrize("seed", range(3))
def test_the_bracket_holds_for_any_weights(cell: str, seed: int) -> None:
    generator = random.Random(f"{cell} {seed}")
    program = record(random_weights(cell, generator))
    with Balls(BITS).working():
        found = bound_forever(program, F(1), target=F(0))
        assert found is not None
        assert found.upper.is_finite()
        assert found.lower <= found.upper
        runner = Runner(program, Balls(BITS))
        assert run_error(runner, found.witness) >= found.lower.lower()
        assert length(found.witness) >= 1
        for _ in range(20):
            runs = join([(F(generator.randint(-100, 100), 100), generator.randint(1, 3)) for _ in range(generator.randint(1, 12))])
            assert run_error(runner, runs) <= found.upper


def latch(cell: str) -> Weights:
    answer = construct(cell, n=5, tolerance=F(3, 10), horizon="forever")
    assert isinstance(answer, Construction)
    return answer.weights


@pytest.mark.parametrize("cell", ["tanh", "lstm"])
def test_refinement_goes_on_to_the_aim(cell: str) -> None:
    program = record(latch(cell))
    with Balls(BITS).working():
        coarse = bound_forever(program, F(1))
        fine = bound_forever(program, F(1), aim=F(29999, 100_000))
        assert coarse is not None
        assert fine is not None
        assert fine.upper <= to_ball(F(29999, 100_000))
        assert fine.cells >= coarse.cells
        assert upper_fraction(coarse.upper) <= F(101, 100) * lower_fraction(coarse.lower)


def test_an_aim_below_what_is_attained_does_not_hold_refinement_up() -> None:
    program = record(latch("tanh"))
    with Balls(BITS).working():
        plain, hopeless = bound_forever(program, F(1)), bound_forever(program, F(1), aim=F(1, 10))
        assert plain is not None
        assert hopeless is not None
        assert plain.cells == hopeless.cells


def test_an_attained_error_above_the_target_ends_the_search() -> None:
    program = record(latch("tanh"))
    with Balls(BITS).working():
        found = bound_forever(program, F(1), target=F(1, 100))
        assert found is not None
        assert found.lower > to_ball(F(1, 100))


def test_an_integrator_has_no_invariant_set() -> None:
    weights = Weights("linear", 1, {"W_h": {(0, 0): 1}, "U_h": {(0,): 1}, "V": {(0,): 1}})
    with Balls(BITS).working():
        assert bound_forever(record(weights), F(1)) is None


def test_grid_points_are_the_grid() -> None:
    assert grid_points(F(3), 1) == [F(-3), F(3)]
    assert grid_points(F(1), 2) == [F(-1), F(-1, 3), F(1, 3), F(1)]
    assert grid_points(F(1), 13) is None

"""Iterates of tanh without stepping: enclosure and sharpness against mpmath, forms found from the graph, false variants."""

from __future__ import annotations

import random
from fractions import Fraction

import flint
import mpmath
import pytest
from flint import arb, arb_poly

from verifier import Weights
from verifier.arithmetic.balls import ZERO, Balls, to_ball
from verifier.arithmetic.enclosures import Interval
from verifier.induction import (
    Form,
    _compose,
    _doublings,
    _Enclosed,
    _invariant_radius,
    forms_of_driven_states,
    iterate_activation,
    iterate_tanh,
)
from verifier.monotone import sign_up_to_rounding
from verifier.program import record
from verifier.settled import bound_beyond
from verifier.supremum import supremum_by_stepping


def ball(value: mpmath.mpf) -> arb:
    return to_ball(Fraction(mpmath.nstr(value, 50)))


@pytest.mark.parametrize("seed", range(40))
def test_iterates_enclose_the_stepped_ones_and_are_sharp(seed: int) -> None:
    generator = random.Random(seed)
    mp = mpmath.MPContext()
    mp.dps = 60
    start = mp.mpf(generator.uniform(-0.15, 0.15)) * mp.mpf(10) ** generator.randint(-4, 0)
    offset = mp.mpf(generator.uniform(-1, 1)) * abs(start) ** 3 * generator.choice([0, 0.01, 1])
    count = generator.randint(0, 1500)
    value = start
    for _ in range(count):
        value = mp.tanh(value + offset)
    with Balls(400).working():
        found = iterate_tanh(arb(1), ball(offset), ball(start), count)
        assert found is not None
        distance = abs(found - ball(value))
        assert distance <= abs(ball(start) - found) * to_ball(Fraction(1, 10**9)) + to_ball(Fraction(1, 10**40))
        assert found.overlaps(ball(value) + arb(0, arb(10) ** -45))


def test_pure_line_lies_between_its_closed_bounds() -> None:
    """1/v² grows by 2/3 to 2/3 + v²/15 per step."""
    with Balls(400).working():
        start, n = arb(10) ** -4, 10**9
        found = iterate_tanh(arb(1), arb(0), start, n)
        assert found is not None
        squares = start**-2 + n * arb(2) / 3
        assert found**-2 >= squares
        assert found**-2 <= squares + n * start**2 / 15


def test_sigmoid_is_conjugated() -> None:
    mp = mpmath.MPContext()
    mp.dps = 60
    value = mp.mpf("0.51")
    for _ in range(300):
        value = 1 / (1 + mp.exp(-(4 * value - 2)))
    with Balls(300).working():
        form = Form("sigmoid", 0, Fraction(4))
        found = iterate_activation(form, Interval(arb(-2)), Interval(to_ball(Fraction(51, 100))), 300)
        assert found is not None
        assert abs(found.lower - ball(value)) < to_ball(Fraction(1, 10**12))


def test_a_varying_offset_is_enclosed() -> None:
    """Offsets jumping between the ends of a ball stay inside what the ball gives."""
    with Balls(200).working():
        low, high = -(arb(10) ** -9), arb(10) ** -9
        start = to_ball(Fraction(1, 100))
        found = iterate_tanh(arb(1), low.union(high), start, 500)
        assert found is not None
        generator = random.Random(1)
        value = start
        for _ in range(500):
            value = (value + generator.choice((low, high))).tanh()
        assert found.contains(value)


def test_steps_that_are_not_close_to_the_identity_are_left_out() -> None:
    with Balls(200).working():
        assert iterate_tanh(arb(3), arb(0), arb(1) / 10, 10) is None  # expands: no invariant range
        assert iterate_tanh(arb(1), arb(1), arb(0), 10) is None  # far from 0
        assert _invariant_radius(arb(1), arb(0), arb(2)) is None


def test_errors_of_compositions_are_not_lost() -> None:
    """A doubling whose truncation error were dropped would miss the true iterate: a degree too low must be noticed."""
    with Balls(200).working():
        radius = to_ball(Fraction(1, 4))
        base = _Enclosed.step(arb(1), arb(0), radius, 4)
        assert not base.is_sharp()
        double = _compose(base, base)
        exact = (arb(1) / 4).tanh().tanh() / radius
        assert double.apply(arb(1)).contains(exact)
        assert not double.polynomial(arb(1)).contains(exact)
        assert _doublings(arb(1), arb(0), radius, 8, 4) == []
        wide = _Enclosed(arb_poly([0, 1]), arb(1) / 2)
        assert _compose(wide, wide).error >= 1


# --- forms ------------------------------------------------------------------------------------------------------------

LATCH = {
    "b_h": {(0,): 9},
    "U_h": {(1,): Fraction(1, 1000)},
    "W_h": {(1, 0): 9, (2, 0): 9, (3, 3): 1, (3, 1): 1, (3, 2): -1},
    "V": {(3,): 1000},
}


def forms(cell: str = "tanh", **changes: object) -> list[str] | None:
    blocks: dict[str, dict[tuple[int, ...], object]] = {name: dict(entries) for name, entries in LATCH.items()}
    for name, entries in changes.items():
        blocks.setdefault(name, {}).update(entries)  # type: ignore[call-overload]
    found = forms_of_driven_states(record(Weights(cell, 5, blocks)))
    return None if found is None else [form.kind for form in found]


def test_gate_and_memory_are_recognised() -> None:
    assert forms() == ["memoryless", "tanh"]
    assert forms("sigmoid") == ["memoryless", "sigmoid"]
    assert forms(W_h={(3, 3): Fraction(1, 2)}) == ["memoryless", "tanh"]


@pytest.mark.parametrize(
    "changes",
    [
        {"W_h": {(3, 3): -1}},  # falling map
        {"W_h": {(1, 3): 1}},  # the gate reads the memory, which reads the gate
        {"W_h": {(4, 3): 1, (3, 4): 1}},  # two states that read each other
    ],
)
def test_other_nets_have_no_form(changes: dict[str, dict[tuple[int, ...], object]]) -> None:
    assert forms(**changes) is None


def test_precision_is_restored() -> None:
    before = flint.ctx.prec
    with Balls(333).working():
        iterate_tanh(arb(1), arb(0), arb(1) / 100, 1000)
        assert flint.ctx.prec == 333
    assert flint.ctx.prec == before


# --- the supremum in closed form ---------------------------------------------------------------------------------------


def random_latch(generator: random.Random) -> tuple[Weights, Fraction, int, bool]:
    """A gate, a pair and a memory with weights of all kinds: leaking, growing, biased, started anywhere, read anyhow."""

    def pick(*values: object) -> Fraction:
        return Fraction(generator.choice(values))  # type: ignore[arg-type]

    cell = generator.choice(["tanh", "sigmoid"])
    scale, k = Fraction(1, generator.choice([4, 10, 100])), 1 if cell == "tanh" else 4
    own = pick(1, 1, Fraction(9, 10), Fraction(1, 2), Fraction(101, 100))
    blocks: dict[str, dict[tuple[int, ...], Fraction]] = {
        "b_h": {(0,): pick(2, 5, -3)},
        "U_h": {(1,): scale * pick(1, 2, -1)},
        "W_h": {
            (1, 0): k * pick(3, 6, -4),
            (2, 0): k * pick(3, 6),
            (3, 3): k * own,
            (3, 1): k * pick(1, 1, -1),
            (3, 2): -k * pick(1, 0),
        },
        "V": {(3,): pick(1, 2, -1) / scale, (1,): pick(1, 0) / scale, (2,): pick(-1, 0) / scale},
        "h_0": {(3,): pick(0, 0, Fraction(1, 4))},
        "v0": {(): pick(0, 0, Fraction(1, 3))},
    }
    blocks["U_h"][3,] = scale * pick(0, 0, Fraction(1, 10))
    blocks["b_h"][3,] = pick(0, Fraction(1, 50), Fraction(-1, 100)) - (2 if cell == "sigmoid" else 0)
    return Weights(cell, 4, blocks), pick(1, 2), generator.choice([4, 6, 9, 25]), generator.random() < 0.3


def test_closed_form_of_random_latches_is_what_stepping_gives() -> None:
    generator, answered = random.Random(7), 0
    for _ in range(150):
        weights, bound, n, only_last = random_latch(generator)
        program = record(weights)
        with Balls(200).working():
            beyond = bound_beyond(program, bound, n, only_last)
            if beyond is None:
                continue
            answered += 1
            stepped = supremum_by_stepping(program, bound, n, only_last)
            assert stepped.exact
            assert beyond[0].overlaps(stepped.upper)
            assert abs(beyond[0] - stepped.upper) <= stepped.upper * arb(10) ** -9
    assert answered >= 20


def test_a_sign_open_by_rounding_alone_widens_the_answer() -> None:
    with Balls(100).working():
        tiny, small = arb(2) ** -98, arb(2) ** -20
        assert sign_up_to_rounding(Interval(arb(-1), ZERO)) == (-1, ZERO)
        sign, violation = sign_up_to_rounding(Interval(arb(-1), tiny))
        assert sign == -1
        assert violation >= tiny
        sign, violation = sign_up_to_rounding(Interval(-tiny, arb(1)))
        assert sign == 1
        assert violation >= tiny
        assert sign_up_to_rounding(Interval(arb(-1), small))[0] is None
        assert sign_up_to_rounding(Interval(-small, arb(1)))[0] is None

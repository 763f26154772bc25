"""The copy decision: wrong weights never pass, right ones are bounded from both sides."""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import pytest

from constructions.delay import DELAY_LINES, CopyConstruction, construct_copy
from constructions.latch import SIGNS
from verifier.affine import AffineForms, Form, NotAffine
from verifier.arithmetic.balls import Balls, lower_fraction, to_ball
from verifier.cells import CELLS
from verifier.copy_task import CopyTask, copy_task
from verifier.copying import bound_copy, certify_copy, exact_errors
from verifier.errors import UsageError
from verifier.hypotheses import is_continuous
from verifier.program import record
from verifier.run import Runner
from verifier.sensitivity import copy_outputs, sensitivities, slopes_at
from verifier.sequences import expand
from verifier.verdict import Verdict
from verifier.weights import Weights

TOLERANCE = Fraction(1, 1000)
ONE = Fraction(1)

Change = Callable[[Weights], Mapping[tuple[str, tuple[int, ...]], Any]]


def line(cell: str, n: int, hidden: int, tolerance: Fraction = TOLERANCE) -> Weights:
    answer = construct_copy(CopyTask(cell, n, ONE, tolerance, hidden))
    assert isinstance(answer, CopyConstruction)
    return answer.weights


def scaled(name: str, index: tuple[int, ...], factor: Fraction | int) -> Change:
    return lambda weights: {(name, index): weights[name][index] * factor}


def start_at_zero(weights: Weights) -> dict[tuple[str, tuple[int, ...]], int]:
    return {(name, index): 0 for name in ("h_0", "c_0") for index, _ in weights[name]}


def reversed_chain(weights: Weights) -> dict[tuple[str, tuple[int, ...]], Fraction | int]:
    last = weights.hidden - 1
    changes: dict[tuple[str, tuple[int, ...]], Fraction | int] = {("V", (0,)): 0, ("V", (last,)): weights["V"][0,]}
    return changes


CHAIN: list[tuple[str, Change]] = [
    ("no readout", scaled("V", (0,), 0)),
    ("readout doubled", scaled("V", (0,), 2)),
    ("readout negated", scaled("V", (0,), -1)),
    ("readout off by 2 in 1000", scaled("V", (0,), Fraction(1002, 1000))),
    ("readout of the next unit", lambda w: {("V", (0,)): 0, ("V", (1,)): w["V"][0,]}),
    ("readout of two units", lambda w: {("V", (1,)): w["V"][0,] / 100}),
    ("a readout bias", lambda w: {("v0", ()): w["v0"][()] + Fraction(2, 1000)}),
    ("no input", scaled("U_h", (2,), 0)),
    ("input negated", scaled("U_h", (2,), -1)),
    ("input at the middle unit", lambda w: {("U_h", (2,)): 0, ("U_h", (1,)): w["U_h"][2,]}),
    ("input at two units", lambda w: {("U_h", (0,)): w["U_h"][2,]}),
    ("the chain turned round", lambda w: {
        ("W_h", (0, 1)): 0, ("W_h", (1, 2)): 0, ("W_h", (1, 0)): w["W_h"][0, 1], ("W_h", (2, 1)): w["W_h"][1, 2],
    }),
    ("a short cut", lambda _: {("W_h", (0, 2)): 1}),
    ("a feedback", lambda _: {("W_h", (1, 0)): 1}),
    ("a link negated", scaled("W_h", (1, 2), -1)),
    ("both links of gain 0.999", lambda _: {("W_h", (k, k + 1)): Fraction(999, 1000) for k in range(2)}),
    ("a bias on the way", lambda w: {("b_h", (1,)): w["b_h"][1,] - Fraction(1, 100)}),
]  # fmt: skip
"""Wrong variants of a chain of three units, whatever the cell."""


def update(factor: Fraction | int, *units: int) -> Change:
    """The update gates of these units with another K."""
    return lambda weights: {("b_z", (k,)): weights["b_z"][k,] * factor for k in units or range(3)}


GRU: list[tuple[str, Change]] = [
    ("update gates at 1/2", update(0)),
    ("one update gate at 1/2", update(0, 1)),
    ("sign of z's rows, the other convention", update(-1)),
    ("K too small by a third", update(Fraction(2, 3))),
    ("K of the last unit halved", update(Fraction(1, 2), 2)),
    ("recurrent weights not doubled", lambda w: {("W_n", (k, k + 1)): 1 for k in range(2)}),
    ("one recurrent weight not doubled", scaled("W_n", (0, 1), Fraction(1, 2))),
    ("recurrent weights doubled twice", lambda w: {("W_n", (k, k + 1)): 4 for k in range(2)}),
    ("reset gates open, weights still doubled", lambda _: {("b_r", (k,)): 20 for k in range(3)}),
    ("reset gates shut", lambda _: {("b_r", (k,)): -20 for k in range(3)}),
    ("reset gate moved by the input", lambda _: {("U_r", (k,)): 1 for k in range(3)}),
    ("a missing link", scaled("W_n", (1, 2), 0)),
    ("a negated link", scaled("W_n", (0, 1), -1)),
    ("a link of gain 1.01", scaled("W_n", (0, 1), Fraction(101, 100))),
    ("a loop on the last unit", lambda _: {("W_n", (2, 2)): Fraction(1, 5)}),
    ("a loop on the first unit", lambda _: {("W_n", (0, 0)): Fraction(1, 5)}),
    ("a short cut", lambda _: {("W_n", (0, 2)): 2}),
    ("no input", scaled("U_n", (2,), 0)),
    ("input negated", scaled("U_n", (2,), -1)),
    ("input at the middle unit", lambda w: {("U_n", (2,)): 0, ("U_n", (1,)): w["U_n"][2,]}),
    ("read the wrong unit", reversed_chain),
    ("readout doubled", scaled("V", (0,), 2)),
    ("readout off by 2 in 1000", scaled("V", (0,), Fraction(1002, 1000))),
    ("input at scale 1", lambda _: {("U_n", (2,)): 1, ("V", (0,)): 1}),
    ("a bias on the way", lambda _: {("b_n", (1,)): Fraction(1, 1000)}),
    ("a readout bias", lambda _: {("v0", ()): Fraction(2, 1000)}),
]  # fmt: skip
"""Wrong variants of the GRU's chain of three units."""

WRONG: list[tuple[str, str, int, Change]] = [
    ("read the wrong unit", "linear", 3, reversed_chain),
    ("read the wrong unit", "tanh", 3, reversed_chain),
    ("read the wrong unit", "relu", 3, reversed_chain),
    ("a link is missing", "linear", 3, scaled("W_h", (0, 1), 0)),
    ("a link is missing", "tanh", 3, scaled("W_h", (1, 2), 0)),
    ("a link has gain 1.01", "linear", 3, scaled("W_h", (0, 1), Fraction(101, 100))),
    ("a link has gain 0.99", "tanh", 3, scaled("W_h", (0, 1), Fraction(99, 100))),
    ("no bias in front", "relu", 3, scaled("b_h", (2,), 0)),
    ("half the bias in front", "relu", 3, scaled("b_h", (2,), Fraction(1, 2))),
    ("the readout forgets the bias", "relu", 3, scaled("v0", (), 0)),
    ("sign of the readout", "tanh", 3, scaled("V", (0,), -1)),
    ("a loop on the last unit", "linear", 3, lambda _: {("W_h", (2, 2)): Fraction(1, 10)}),
    ("a loop on the first unit", "tanh", 3, lambda _: {("W_h", (0, 0)): Fraction(1, 10)}),
    ("input at scale 1", "tanh", 3, lambda _: {("U_h", (2,)): 1, ("V", (0,)): 1}),
    ("start at s_0 = 0", "lstm", 4, start_at_zero),
    ("only the cells start at 0", "lstm", 4, lambda _: {("c_0", (k,)): 0 for k in range(2)}),
    ("sign of S in W_o", "lstm", 4, scaled("W_o", (0, 1), -1)),
    ("no S in W_o", "lstm", 4, scaled("W_o", (0, 1), 0)),
    ("no S in W_g", "lstm", 4, scaled("W_g", (0, 1), 0)),
    ("diagonal of W_g missing", "lstm", 4, scaled("W_g", (1, 1), 0)),
    ("diagonal of W_g off by 1%", "lstm", 4, scaled("W_g", (0, 0), Fraction(99, 100))),
    ("input not hidden at first", "lstm", 4, scaled("U_o", (1,), 0)),
    ("input at half size", "lstm", 4, scaled("U_g", (1,), Fraction(1, 2))),
    ("bias b_g off by 1e-3", "lstm", 4, scaled("b_g", (0,), Fraction(999, 1000))),
    ("readout keeps the operating point", "lstm", 4, scaled("v0", (), 0)),
    ("ε a thousand times larger", "lstm", 4, lambda w: {
        ("U_g", (1,)): w["U_g"][1,] * 1000, ("U_o", (1,)): w["U_o"][1,] * 1000,
        ("V", (0,)): w["V"][0,] / 1000, ("v0", ()): w["v0"][()] / 1000,
    }),
    ("b_g of the wrong sign", "lstm", 4, scaled("b_g", (1,), -1)),
    ("b_o missing", "lstm", 4, scaled("b_o", (0,), 0)),
    ("readout of the other unit", "lstm", 4, reversed_chain),
    ("the h's start at 0", "lstm", 4, lambda _: {("h_0", (k,)): 0 for k in range(2)}),
    ("input and readout of opposite signs", "lstm", 4, lambda w: {
        ("U_g", (1,)): -w["U_g"][1,], ("U_o", (1,)): -w["U_o"][1,],
    }),
    ("a forget gate held open", "lstm", 4, lambda _: {("b_f", (0,)): 1}),
    ("an input gate half shut", "lstm", 4, lambda _: {("b_i", (1,)): -1}),
    ("W_g scaled by 1.01", "lstm", 4, lambda w: {("W_g", i): v * Fraction(101, 100) for i, v in w["W_g"]}),
    *[(what, cell, 3, change) for cell in ("linear", "relu", "tanh") for what, change in CHAIN],
    *[(what, cell, 3, change) for cell in sorted(SIGNS) for what, change in GRU],
]  # fmt: skip


def test_every_architecture_has_twenty_wrong_variants() -> None:
    counts = Counter(cell for _, cell, _, _ in WRONG)
    assert set(counts) == set(DELAY_LINES)
    assert min(counts.values()) >= 20


@pytest.mark.parametrize(("what", "cell", "n", "change"), WRONG, ids=[f"{w[1]}: {w[0]}" for w in WRONG])
def test_wrong_weights_are_refuted(what: str, cell: str, n: int, change: Change) -> None:
    hidden = n // len(CELLS[cell].states)
    weights = line(cell, n, hidden)
    question = CopyTask(cell, n, ONE, TOLERANCE, hidden)
    assert certify_copy(weights, question).verdict is Verdict.PROVED
    result = certify_copy(weights.replace(change(weights)), question)
    assert result.verdict is Verdict.REFUTED, what
    assert result.reason


@pytest.mark.parametrize(
    ("cell", "hidden"), [("linear", 3), ("relu", 3), ("tanh", 3), ("lstm", 2), ("gru", 3), ("gru-after-keep", 3)]
)
def test_one_more_input_is_refuted(cell: str, hidden: int) -> None:
    n = CELLS[cell].state_reals(hidden)
    question = CopyTask(cell, n + 1, ONE, TOLERANCE, hidden)
    result = certify_copy(line(cell, n, hidden), question)
    assert result.verdict is Verdict.REFUTED
    with Balls(result.working_bits).working():
        assert result.attained.error > to_ball(1 - TOLERANCE)  # T8: no better than guessing


@pytest.mark.parametrize(("cell", "hidden"), [("tanh", 3), ("lstm", 2), ("gru", 3), ("gru-keep", 3)])
def test_one_input_less_is_refuted(cell: str, hidden: int) -> None:
    n = CELLS[cell].state_reals(hidden)
    result = certify_copy(line(cell, n, hidden), CopyTask(cell, n - 1, ONE, TOLERANCE, hidden))
    assert result.verdict is Verdict.REFUTED


def test_a_coarsely_rounded_operating_point_is_not_proved_at_a_fine_tolerance() -> None:
    fine = Fraction(1, 10**30)
    weights = line("lstm", 4, 2, fine)
    rounded = {
        (name, index): Fraction(round(value * 10**20), 10**20)
        for name in ("W_g", "W_o", "b_g", "b_o", "h_0")
        for index, value in weights[name]
    }
    assert certify_copy(weights, CopyTask("lstm", 4, ONE, fine, 2)).verdict is Verdict.PROVED
    assert certify_copy(weights.replace(rounded), CopyTask("lstm", 4, ONE, fine, 2)).verdict is Verdict.REFUTED


def test_a_larger_box_or_a_smaller_tolerance_is_not_proved() -> None:
    weights = line("lstm", 4, 2)
    assert certify_copy(weights, CopyTask("lstm", 4, Fraction(30), TOLERANCE, 2)).verdict is Verdict.REFUTED
    assert certify_copy(weights, CopyTask("lstm", 4, ONE, TOLERANCE / 10**4, 2)).verdict is Verdict.REFUTED
    relu = line("relu", 3, 3)
    assert certify_copy(relu, CopyTask("relu", 3, Fraction(2), TOLERANCE, 3)).verdict is Verdict.REFUTED


def test_between_attained_and_bound_nothing_is_claimed() -> None:
    weights = line("lstm", 4, 2)
    proved = certify_copy(weights, CopyTask("lstm", 4, ONE, TOLERANCE, 2))
    with Balls(proved.working_bits).working():
        between = (proved.attained.error + proved.bound.upper) / 2
        mantissa, exponent = between.mid().man_exp()
    tolerance = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
    result = certify_copy(weights, CopyTask("lstm", 4, ONE, tolerance, 2))
    assert result.verdict is Verdict.UNDECIDED
    assert "above the tolerance" in result.reason


def test_weights_of_another_shape_are_refused() -> None:
    with pytest.raises(UsageError, match="the question is about"):
        certify_copy(line("tanh", 2, 2), CopyTask("tanh", 2, ONE, TOLERANCE, 3))


@pytest.mark.parametrize(
    ("cell", "n", "hidden"),
    [("tanh", 4, 4), ("gru", 4, 4), ("gru-after-keep", 4, 4), ("lstm", 4, 2), ("lstm", 5, 3), ("lstm", 16, 8)],
)
def test_random_sequences_never_exceed_the_bound(cell: str, n: int, hidden: int) -> None:
    weights = line(cell, n, hidden)
    program = record(weights)
    generator = random.Random(7)
    with Balls(200).working():
        bound = bound_copy(program, CopyTask(cell, n, ONE, TOLERANCE, hidden))
        runner = Runner(program, Balls(200))
        for k in range(60):
            grain = 1 if k % 2 else 1000
            x = [Fraction(generator.choice([-grain, generator.randint(-grain, grain), grain]), grain) for _ in range(n)]
            for y, wanted in zip(copy_outputs(runner, x), x, strict=True):
                assert abs(y - to_ball(wanted)) <= bound.upper


@pytest.mark.parametrize(("cell", "n", "hidden"), [("tanh", 3, 3), ("lstm", 3, 2), ("lstm", 4, 2), ("gru-after", 3, 3)])
def test_slopes_over_the_box_contain_slopes_and_difference_quotients(cell: str, n: int, hidden: int) -> None:
    program = record(line(cell, n, hidden, Fraction(1, 10)))
    generator = random.Random(3)
    with Balls(200).working():
        over_box = sensitivities(program, [Fraction(0)] * n, ONE).slopes
        runner = Runner(program, Balls(200))
        for _ in range(10):
            x = [Fraction(generator.randint(-100, 100), 100) for _ in range(n)]
            k = generator.randrange(n)
            moved = [*x[:k], Fraction(generator.randint(-100, 100), 100), *x[k + 1 :]]
            here, there = copy_outputs(runner, x), copy_outputs(runner, moved)
            for j in range(n):
                assert all(a.contains(b) for a, b in zip(over_box[j], slopes_at(program, x, j + 1), strict=True))
                if moved != x:
                    assert over_box[j][k].overlaps((there[j] - here[j]) / to_ball(moved[k] - x[k]))


def test_slopes_over_a_box_that_is_too_small_would_be_noticed() -> None:
    program = record(line("lstm", 4, 2, Fraction(1, 10)))
    with Balls(200).working():
        small = sensitivities(program, [Fraction(0)] * 4, ONE / 10).slopes
        corner = slopes_at(program, [ONE, ONE, -ONE, ONE], 1)
        assert not all(a.contains(b) for a, b in zip(small[0], corner, strict=True))


def test_slopes_of_point_boxes_agree_with_pulled_back_rows() -> None:
    program = record(line("lstm", 5, 3, Fraction(1, 10)))
    x = [Fraction(1, 3), ONE, -ONE, Fraction(-1, 2), Fraction(1, 5)]
    with Balls(300).working():
        for j, row in enumerate(sensitivities(program, x, Fraction(0)).slopes, 1):
            for a, b in zip(row, slopes_at(program, x, j), strict=True):
                assert a.overlaps(b)
                assert (a - b).rad() < to_ball(Fraction(1, 10**12))


def test_affine_forms_stop_where_a_relu_bends() -> None:
    weights = Weights("relu", 1, {"U_h": {(0,): 1}, "V": {(0,): 1}})
    assert exact_errors(record(weights), CopyTask("relu", 1, ONE, TOLERANCE, 1)) is None
    with pytest.raises(NotAffine):
        AffineForms(ONE).relu(Form(Fraction(0), {0: ONE}))
    with pytest.raises(NotAffine):
        Form(ONE, {0: ONE}) * Form(ONE, {0: ONE})


def test_an_error_form_is_exact_and_attained() -> None:
    weights = line("linear", 3, 3).replace({("W_h", (0, 1)): Fraction(5, 4), ("v0", ()): Fraction(-1, 7)})
    result = certify_copy(weights, CopyTask("linear", 3, ONE, TOLERANCE, 3))
    with Balls(result.working_bits).working():
        assert result.bound.upper.contains(to_ball(Fraction(1, 4) + Fraction(1, 7)))
        assert result.attained.error.overlaps(result.bound.upper)
    assert all(abs(x) == 1 for x in expand(result.attained.inputs))


@pytest.mark.parametrize("cell", sorted(DELAY_LINES))
@pytest.mark.parametrize("symbols", [2, 3, 10])
def test_symbols_are_copied_exactly_after_rounding(cell: str, symbols: int) -> None:
    question = copy_task(cell, hidden=2, symbols=symbols)
    assert question.strict
    weights_answer = construct_copy(question)
    assert isinstance(weights_answer, CopyConstruction)
    assert certify_copy(weights_answer.weights, question).verdict is Verdict.PROVED
    codes = [question.code(k) for k in range(symbols)]
    runner = Runner(record(weights_answer.weights), Balls(200))
    generator = random.Random(symbols)
    with Balls(200).working():
        for _ in range(10):
            sent = [generator.randrange(symbols) for _ in range(question.n)]
            outputs = copy_outputs(runner, [codes[k] for k in sent])
            read = [min(range(symbols), key=lambda k, y=y: abs(lower_fraction(y) - codes[k])) for y in outputs]
            assert read == sent


def test_symbols_that_are_mixed_up_are_refuted() -> None:
    question = copy_task("tanh", 3, hidden=3, symbols=5)
    weights = line("tanh", 3, 3).replace({("W_h", (0, 1)): Fraction(1, 2)})
    result = certify_copy(weights, question)
    assert result.verdict is Verdict.REFUTED
    assert all(x in [question.code(k) for k in range(5)] for x in expand(result.attained.inputs))


def test_the_capacity_is_the_size_of_the_state() -> None:
    assert {name: CopyTask(name, 1, ONE, TOLERANCE, 32).capacity for name in ("linear", "relu", "tanh", "lstm")} == {
        "linear": 32,
        "relu": 32,
        "tanh": 32,
        "lstm": 64,
    }
    assert all(is_continuous(cell) for cell in CELLS.values())


def test_tasks_survive_plain_data() -> None:
    question = CopyTask("lstm", 4, Fraction(1, 3), Fraction(1, 10**30), 2)
    assert CopyTask.from_data(question.to_data()) == question


@pytest.mark.parametrize(
    "change",
    [
        {"n": "4"},
        {"n": True},
        {"n": 0},
        {"bound": "0"},
        {"bound": 1},
        {"tolerance": "-1"},
        {"tolerance": "1"},
        {"symbols": 1},
        {"architecture": "gruu"},
        {"architecture": 3},
        {"extra": 1},
    ],
)
def test_malformed_tasks_are_refused(change: dict[str, Any]) -> None:
    data = CopyTask("lstm", 4, ONE, TOLERANCE, 2).to_data()
    with pytest.raises(UsageError):
        CopyTask.from_data(data | change)


def test_floats_are_refused() -> None:
    with pytest.raises(TypeError):
        CopyTask("lstm", 4, 1.0, TOLERANCE, 2)  # type: ignore[arg-type]

"""Delay lines: what is proposed is certified, exact where it says so, and an independent run agrees."""

from fractions import Fraction

import pytest

from constructions.answer import assemble
from constructions.delay import DELAY_LINES, CopyConstruction, Impossible, NotKnown, construct_copy, gru_entries
from constructions.latch import SIGNS
from verifier.arithmetic.balls import Balls, lower_fraction, to_ball, upper_fraction
from verifier.arithmetic.reference import Reference
from verifier.cells import CELLS, Maps
from verifier.copy_task import CopyTask
from verifier.copying import certify_copy
from verifier.errors import UsageError
from verifier.sequences import expand
from verifier.verdict import Verdict
from verifier.weights import Weights

GRUS = sorted(SIGNS)


def task(cell: str, n: int, digits: int, hidden: int, bound: Fraction | int = 1) -> CopyTask:
    return CopyTask(cell, n, Fraction(bound), Fraction(bound) / 10**digits, hidden)


def proposal(question: CopyTask) -> CopyConstruction:
    answer = construct_copy(question)
    assert isinstance(answer, CopyConstruction)
    return answer


def reference_errors(weights: Weights, inputs: list[Fraction], digits: int) -> list[object]:
    """|E_1| ... |E_n| by mpmath on the cell equations themselves, not on a recorded program."""
    arithmetic = Reference(digits)
    blocks = {name: {index: arithmetic.exact(value) for index, value in array} for name, array in weights.blocks().items()}
    maps = Maps(weights.hidden, blocks, lambda bias, terms: sum((c * v for c, v in terms), bias))
    cell = CELLS[weights.cell]
    zero = arithmetic.exact(Fraction(0))
    state = {s: [blocks[f"{s}_0"].get((k,), zero) for k in range(weights.hidden)] for s in cell.states}
    errors = []
    for t in range(2 * len(inputs) - 1):
        x = arithmetic.exact(inputs[t]) if t < len(inputs) else zero
        state = cell.step(arithmetic, maps, state, x)
        if t >= len(inputs) - 1:
            y = sum((v * state["h"][k] for (k,), v in blocks["V"].items()), blocks["v0"].get((), zero))
            errors.append(abs(y - arithmetic.exact(inputs[t - len(inputs) + 1])))
    return errors


@pytest.mark.parametrize("cell", ["linear", "relu"])
@pytest.mark.parametrize("n", [1, 2, 5, 8])
@pytest.mark.parametrize("bound", [1, Fraction(7, 3), 1000])
def test_linear_and_relu_lines_are_exact(cell: str, n: int, bound: Fraction | int) -> None:
    question = task(cell, n, 50, 8, bound)
    result = certify_copy(proposal(question).weights, question)
    assert result.verdict is Verdict.PROVED
    assert result.bound.method == "affine"
    assert result.bound.upper == 0
    assert result.starts_at_zero


@pytest.mark.parametrize("digits", [3, 10, 50])
@pytest.mark.parametrize("hidden", [1, 2, 4, 8])
@pytest.mark.parametrize("cell", ["tanh", "lstm", *GRUS])
def test_a_full_line_is_proved_and_an_independent_run_agrees(cell: str, hidden: int, digits: int) -> None:
    question = task(cell, CELLS[cell].state_reals(hidden), digits, hidden)
    answer = proposal(question)
    result = certify_copy(answer.weights, question)
    assert result.verdict is Verdict.PROVED
    with Balls(result.working_bits).working():
        low, high = lower_fraction(result.attained.error), upper_fraction(result.attained.error)
        assert high <= upper_fraction(result.bound.upper) <= question.tolerance
        assert question.tolerance < 10**3 * upper_fraction(result.bound.upper)  # ε is not wastefully small (tanh: ε² jumps)
        assert upper_fraction(result.bound.upper) < 6 * high  # the bound is sharp up to a small factor
    errors = reference_errors(answer.weights, list(expand(result.attained.inputs)), 3 * digits + 60)
    seen = errors[result.attained.output - 1]
    reference = Reference(3 * digits + 60)
    assert reference.exact(low) <= seen <= reference.exact(high)


@pytest.mark.parametrize("digits", [2, 9, 40])
@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("cell", GRUS)
def test_the_gru_line_has_the_smallest_k_and_a_needed_scale(cell: str, n: int, digits: int) -> None:
    question = task(cell, n, digits, n)
    answer = proposal(question)
    assert answer.saturation is not None
    assert answer.saturation > 1

    def verdict(scale: Fraction, saturation: int) -> Verdict:
        return certify_copy(assemble(cell, n, gru_entries(question, scale, saturation))[0], question).verdict

    assert verdict(answer.scale, answer.saturation) is Verdict.PROVED
    assert verdict(answer.scale, answer.saturation - 1) is not Verdict.PROVED
    assert verdict(10 * answer.scale, answer.saturation + 64) is not Verdict.PROVED


@pytest.mark.parametrize("cell", GRUS)
def test_thirty_two_gru_units_copy_thirty_two_numbers(cell: str) -> None:
    question = task(cell, 32, 20, 32)
    result = certify_copy(proposal(question).weights, question)
    assert result.verdict is Verdict.PROVED
    assert question.capacity == 32


def test_the_leak_of_the_gru_line_is_what_the_derivation_says() -> None:
    # at a tiny ε the error is the leak, 2M(1 - φ^n), attained up to what n inputs are too few to show
    question = task("gru", 4, 6, 4)
    answer = proposal(question)
    assert answer.saturation is not None
    wrong = assemble("gru", 4, gru_entries(question, Fraction(1, 10**9), answer.saturation - 4))[0]
    result = certify_copy(wrong, CopyTask("gru", 4, Fraction(1), Fraction(1, 10), 4))
    with Balls(result.working_bits).working():
        leak = 2 * (1 - Balls.sigmoid(to_ball(answer.saturation - 4)) ** 4)
        assert result.attained.error <= leak + to_ball(Fraction(4, 10**18))  # and the cubic part, nε²M³/3
        assert result.attained.error >= leak * to_ball(Fraction(3, 4))


@pytest.mark.parametrize("hidden", [1, 2, 3, 4])
def test_the_lstm_line_of_odd_length_is_proved(hidden: int) -> None:
    question = task("lstm", 2 * hidden - 1, 10, hidden)
    assert certify_copy(proposal(question).weights, question).verdict is Verdict.PROVED


@pytest.mark.parametrize("cell", sorted(DELAY_LINES))
@pytest.mark.parametrize("bound", [Fraction(1, 100), 30])
def test_other_bounds_are_proved(cell: str, bound: Fraction | int) -> None:
    question = task(cell, 3, 6, 3, bound)
    assert certify_copy(proposal(question).weights, question).verdict is Verdict.PROVED


@pytest.mark.parametrize("cell", sorted(DELAY_LINES))
def test_unused_units_change_nothing(cell: str) -> None:
    few, many = (proposal(task(cell, 2, 5, hidden)).weights for hidden in (2, 9))
    assert {n: a.entries for n, a in few.blocks().items()} == {n: a.entries for n, a in many.blocks().items()}


@pytest.mark.parametrize("cell", sorted(DELAY_LINES))
def test_every_weight_has_a_reason_and_is_exact(cell: str) -> None:
    answer = proposal(task(cell, 4, 8, 4))
    for name, array in answer.weights.blocks().items():
        for index, value in array:
            assert isinstance(value, Fraction)
            assert answer.reasons[name, index]


def test_only_the_lstm_sets_its_initial_state() -> None:
    for cell in DELAY_LINES:
        question = task(cell, 2, 5, 2)
        assert certify_copy(proposal(question).weights, question).starts_at_zero == (cell != "lstm")


@pytest.mark.parametrize("cell", sorted(DELAY_LINES))
def test_one_more_is_called_impossible_and_the_verifier_agrees(cell: str) -> None:
    question = task(cell, CELLS[cell].state_reals(3) + 1, 3, 3)
    answer = construct_copy(question)
    assert isinstance(answer, Impossible)
    assert answer.theorem == "T8"
    assert question.is_impossible


def test_more_symbols_than_slots_are_not_called_impossible() -> None:
    answer = construct_copy(CopyTask("tanh", 4, Fraction(1), Fraction(1, 10), 3, symbols=4))
    assert isinstance(answer, NotKnown)


def test_a_cell_without_a_line_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    question = task("tanh", 2, 3, 2)
    monkeypatch.delitem(DELAY_LINES, "tanh")
    with pytest.raises(UsageError, match="no delay line for 'tanh'"):
        construct_copy(question)


def test_a_line_that_would_take_hours_is_refused() -> None:
    with pytest.raises(UsageError, match="up to 512 slots"):
        construct_copy(task("tanh", 513, 3, 600))


def test_thirty_two_lstm_units_copy_sixty_four_numbers() -> None:
    question = task("lstm", 64, 10, 32)
    result = certify_copy(proposal(question).weights, question)
    assert result.verdict is Verdict.PROVED
    assert question.capacity == 64

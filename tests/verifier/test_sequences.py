"""Run-length coded sequences."""

import itertools
from fractions import Fraction

import pytest
from core_cases import laws
from hypothesis import given
from hypothesis import strategies as st

from verifier.errors import UsageError
from verifier.sequences import compress, cut, expand, join, length, runs_from_data, runs_to_data, show_runs

values = st.sampled_from([Fraction(-1), Fraction(0), Fraction(1, 3)])
sequences = st.lists(values, max_size=12)


@laws
@given(sequences)
def test_compress_and_expand(inputs):
    runs = compress(inputs)
    assert list(expand(runs)) == inputs
    assert length(runs) == len(inputs)
    assert all(count >= 1 for _, count in runs)
    assert all(a[0] != b[0] for a, b in itertools.pairwise(runs))


@laws
@given(st.lists(st.tuples(values, st.integers(-2, 5)), max_size=8))
def test_join(runs):
    inputs = [value for value, count in runs for _ in range(count)]
    assert join(runs) == compress(inputs)


@laws
@given(sequences, st.integers(1, 15))
def test_cut(inputs, n):
    assert cut(compress(inputs), n) == compress(inputs[:n])


def test_long_sequences_cost_nothing():
    runs = join([(Fraction(1), 1), (Fraction(-1), 10**30), (Fraction(-1), 5)])
    assert runs == ((Fraction(1), 1), (Fraction(-1), 10**30 + 5))
    assert length(cut(runs, 10**29)) == 10**29
    assert show_runs(runs) == f"1, then -1 ({10**30 + 5} times)"


def test_long_lists_of_runs_are_cut_with_their_length():
    runs = compress([Fraction(k % 2) for k in range(7)])
    assert show_runs(runs, 2) == "0, then 1, ... (7 inputs in 7 runs)"
    assert show_runs(()) == ""


@laws
@given(sequences)
def test_data_round_trip(inputs):
    assert runs_from_data(runs_to_data(compress(inputs))) == compress(inputs)


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        "1",
        [1],
        [[]],
        [["1"]],
        [["1", 1, 1]],
        [[1, 1]],
        [[0.5, 1]],
        [["1", "1"]],
        [["1", 1.0]],
        [["1", True]],
        [["1", 0]],
        [["1", -1]],
        [["nan", 1]],
        [["1/0", 1]],
        [["1", 1], None],
    ],
)
def test_malformed_data(data):
    with pytest.raises(UsageError):
        runs_from_data(data)

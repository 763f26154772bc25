"""Matrix files: what is read, and one clear line for everything else."""

from fractions import Fraction

import pytest

from verifier.errors import UsageError
from verifier.transition import Transition, transition_from_text


def test_rows_alone_and_with_vectors():
    assert transition_from_text('[["1/3", 2], [0, "1e-30"]]', "f").matrix == (
        (Fraction(1, 3), Fraction(2)),
        (Fraction(0), Fraction(1, 10**30)),
    )
    full = transition_from_text('{"A": [["0.1"]], "B": ["1"], "C": [-2]}', "f")
    assert (full.matrix, full.input, full.output) == (((Fraction(1, 10),),), (Fraction(1),), (Fraction(-2),))
    assert full.size == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[0.1]]", r"A\[1\]\[1\] is the JSON number 0.1, a float; write it as text"),
        ("[[1e3]]", "the JSON number 1e3, a float"),
        ("[[NaN]]", "the JSON number NaN"),
        ("[[Infinity]]", "the JSON number Infinity"),
        ('[["nan"]]', "not an exact number"),
        ('[["inf"]]', "not an exact number"),
        ('[["1/0"]]', "not an exact number"),
        ('[["1e999999"]]', "not an exact number"),
        ('[["1e6000"]]', "more than 5,000 digits"),
        ("[[true]]", "is true, not a number"),
        ("[[null]]", "is null, not a number"),
        ("[[[1]]]", r"is \[1\], not a number"),
        ("[[1, 2]]", "not square: 1 rows, but row 1 has 2"),
        ("[[1, 2], [3]]", "row 2 has 1 entries"),
        ("[1]", "row 1 of A is not a list but 1"),
        ("[]", "at least one"),
        ("{}", 'fields "A"'),
        ('{"A": [[1]], "D": [1]}', 'fields "A"'),
        ('{"A": [[1]], "B": [1]}', "give both or neither"),
        ('{"A": [[1]], "B": [1], "C": [1, 2]}', "C must be a list of 1 numbers, not 2 entries"),
        ('{"A": [[1]], "B": 1, "C": [1]}', "B must be a list of 1 numbers, not 1"),
        ('{"A": [[1]], "B": [0.5], "C": [1]}', r"B\[1\] is the JSON number 0.5"),
        ("[[1]", "not a matrix file"),
        ("", "not a matrix file"),
        ("[" * 100_000, "not a matrix file"),
        ("3", 'fields "A"'),
        (str([[0] * 65] * 65), "65 rows; at most 64"),
        ("[[" + "9" * 6000 + "]]", "f"),
    ],
)
def test_everything_else_is_one_line(text, message):
    with pytest.raises(UsageError, match=message) as caught:
        transition_from_text(text, "f")
    assert "\n" not in str(caught.value)


def test_weights_need_both_vectors():
    given = Transition("t", ((Fraction(1, 2),),), (Fraction(1),), (Fraction(3),))
    weights = given.weights("tanh")
    assert (weights["W_h"][0, 0], weights["U_h"][0,], weights["V"][0,]) == (Fraction(1, 2), 1, 3)
    with pytest.raises(UsageError, match="needs B and C"):
        Transition("t", ((Fraction(1, 2),),)).weights("tanh")

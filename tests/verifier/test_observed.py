"""What adversarial runs keep: an error and where it is, not the sequence."""

from fractions import Fraction

import flint
import pytest
from core_cases import flag_and_memory

from verifier.arithmetic.balls import Balls
from verifier.observed import error_of, observe
from verifier.program import record
from verifier.sequences import length

BITS = 200


@pytest.fixture
def seen():
    program = record(flag_and_memory(20, 60, Fraction(1, 100)))
    with Balls(BITS).working():
        yield program, observe(program, Fraction(1), 12, False, seed=0)


def test_sequences_are_coded_only_when_asked_for(seen):
    _, observed = seen
    assert all("runs" not in vars(observation) for observation in observed.observations)


def test_the_sequence_of_every_family_attains_its_error_at_its_horizon(seen):
    program, observed = seen
    assert flint.ctx.prec == BITS
    for observation in observed.observations:
        assert length(observation.runs) == observation.horizon
        assert error_of(program, observation.runs).overlaps(observation.error), observation.family
        assert error_of(program, observation.runs).rel_accuracy_bits() > BITS // 2

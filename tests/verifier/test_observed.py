"""What adversarial runs keep: an error and where it is, not the sequence."""

from fractions import Fraction

import flint
import pytest
from core_cases import flag_and_memory

from constructions import construct
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


@pytest.mark.parametrize("grid_bits", [None, 3])
def test_two_processes_observe_the_same(monkeypatch, grid_bits):
    program = record(flag_and_memory(20, 60, Fraction(1, 100)))
    told = []
    with Balls(BITS).working():
        here = observe(program, Fraction(1), 30, False, 1, grid_bits)
        monkeypatch.setattr("verifier.observed.LONG_RUN", 30)
        there = observe(program, Fraction(1), 30, False, 1, grid_bits, told.append, jobs=2)
    assert len(here.observations) == 15
    assert sum(told) == 30 * len(told) >= 14 * 30
    for one, other in zip(here.observations, there.observations, strict=True):
        assert (one.family, one.horizon, one.runs) == (other.family, other.horizon, other.runs)
        assert other.error.contains(one.error)
        assert other.error.rad() <= 1.001 * one.error.rad()


def test_exact_networks_observe_the_same_rationals_in_two_processes(monkeypatch):
    program = record(construct("relu", n=6, exact_recall=True).weights)
    broken = record(construct("linear", n=6, precision=1, horizon="fixed").weights)
    monkeypatch.setattr("verifier.observed.LONG_RUN", 6)
    for network in (program, broken):
        with Balls(BITS).working():
            here, there = (observe(network, Fraction(1), 6, False, 0, jobs=jobs) for jobs in (1, 2))
        assert [seen.exact_value for seen in here.observations] == [seen.exact_value for seen in there.observations]
    assert here.worst.exact_value > 0

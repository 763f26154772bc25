"""What adversarial runs keep: an error and where it is, not the sequence."""

import re
from fractions import Fraction

import flint
import pytest
from commands import verify
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


# --- balls that grow too wide -----------------------------------------------------------------------------------------

LOADS_TWICE = 300
"""Steps in which the refreshed memory of 41 bits, period 126, loads twice."""


@pytest.fixture(scope="module")
def integrators():
    return construct("tanh", 300, precision=12, horizon="forever")


def observed_of(memory, bits, resolution):
    with Balls(bits).working():
        return observe(record(memory.weights), Fraction(1), LOADS_TWICE, False, 0, resolution=resolution)


def test_a_run_whose_balls_grow_too_wide_is_repeated_with_more_bits(integrators, monkeypatch):
    """A comparator met on its threshold, gain 2^80, leaves nothing of 150 bits that resolves 10^-15 after the first load."""
    resolution = Fraction(1, 10**15)
    repeated = observed_of(integrators, 150, resolution)
    assert repeated.resolved == LOADS_TWICE
    assert all(observation.error.rad() <= 1e-15 for observation in repeated.observations)
    monkeypatch.setattr("verifier.observed.LARGEST_GROWTH", 1)
    once = observed_of(integrators, 150, resolution)
    assert 0 < once.resolved < 126
    assert {seen.family for seen in once.observations if seen.resolved < LOADS_TWICE} < {s.family for s in once.observations}
    monkeypatch.setattr("verifier.observed.LARGEST_GROWTH", 2)
    assert observed_of(integrators, 150, resolution).resolved > once.resolved


def test_without_a_resolution_only_infinite_balls_are_unresolved(integrators):
    assert observed_of(integrators, 400, None).resolved == LOADS_TWICE
    assert observed_of(integrators, 150, None).resolved < LOADS_TWICE


def test_rationals_are_always_resolved():
    program = record(construct("relu", n=6, exact_recall=True).weights)
    with Balls(BITS).working():
        assert observe(program, Fraction(1), 6, False, 0, resolution=Fraction(0)).resolved == 6


def test_two_processes_resolve_the_same(integrators, monkeypatch):
    here = observed_of(integrators, 150, Fraction(1, 10**15))
    monkeypatch.setattr("verifier.observed.LONG_RUN", LOADS_TWICE)
    with Balls(150).working():
        there = observe(record(integrators.weights), Fraction(1), LOADS_TWICE, False, 0, jobs=2, resolution=Fraction(1, 10**15))
    assert [seen.resolved for seen in there.observations] == [seen.resolved for seen in here.observations]
    assert there.worst.horizon == here.worst.horizon


def test_the_report_says_which_runs_are_not_decided(monkeypatch):
    asked = ["tanh", "--horizon", "forever", "--precision", "12", "--n", "300"]
    told = "15 adversarial families over 300 steps"
    decided = verify(*asked).out.replace("\n            ", " ")
    assert told in decided
    assert "balls are too wide" not in decided
    monkeypatch.setattr("verifier.observed.LARGEST_GROWTH", 1)
    some = verify(*asked).out.replace("\n            ", " ")
    assert re.search(f"{told}, [1-9] of them not decided to the end: after step 96 balls are too wide", some)

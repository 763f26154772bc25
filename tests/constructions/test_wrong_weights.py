"""Wrong LSTM weights, each a small change of the C6 network: none is ever PROVED, and the refuting sequence refutes.

Every sequence is run again through an LSTM that shares no code with the verifier (`independent_lstm`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from independent_lstm import IndependentLstm
from sympy import Symbol

from constructions import Construction, construct, derivations
from constructions.lstm import network
from verifier.arithmetic.balls import upper_fraction
from verifier.certificate import check_data, to_data
from verifier.certify import Certificate, certify, certify_weights
from verifier.inequality import Derivation
from verifier.regime import Regime
from verifier.sequences import Runs, expand, length
from verifier.verdict import Verdict
from verifier.weights import Weights

FLAG, MEMORY, EXTRA = 0, 1, 2
N = 20
PRECISION = 6
HIDDEN = 3

Place = tuple[str, tuple[int, ...]]


def proposal() -> Construction:
    """The right network for n = 20, six digits, with one unit to spare."""
    answer = construct("lstm", N, PRECISION, hidden=HIDDEN)
    assert isinstance(answer, Construction)
    return answer


RIGHT = proposal()
REGIME = RIGHT.regime
_values = {symbol.name: value for symbol, value in RIGHT.parameters.items()}
EPSILON, K, L = _values["epsilon"], _values["K"], _values["L"]


@dataclass(frozen=True)
class Claim:
    """Weights that claim a theorem."""

    weights: Weights
    regime: Regime
    derivation: Derivation
    parameters: Mapping[Symbol, Fraction]


def claiming_c6(weights: Weights, regime: Regime = REGIME) -> Claim:
    """These weights, claimed to be the right network of theorem C6."""
    return Claim(weights, regime, RIGHT.derivation, RIGHT.parameters)


def changed(changes: Mapping[Place, Any]) -> Weights:
    """The right weights with entries replaced."""
    return RIGHT.weights.replace(changes)


def scaled(place: Place, factor: Fraction | int) -> Weights:
    """The right weights with one entry multiplied."""
    name, index = place
    return changed({place: RIGHT.weights[name][index] * factor})


def swapped(first: str, second: str) -> Weights:
    """The right weights with the blocks of two gates exchanged."""
    blocks: dict[str, Any] = {name: dict(array.entries) for name, array in RIGHT.weights.blocks().items()}
    for kind in "WUb":
        one, other = f"{kind}_{first}", f"{kind}_{second}"
        blocks[one], blocks[other] = blocks[other], blocks[one]
    return Weights("lstm", HIDDEN, blocks)


def sized(k: Fraction | int, gain: Fraction | int, scale: Fraction) -> Weights:
    """The C6 network with other sizes."""
    return network(HIDDEN, k, gain, scale)[0]


PLACES: dict[str, Place] = {
    "flag forget bias": ("b_f", (FLAG,)),
    "flag input bias": ("b_i", (FLAG,)),
    "flag candidate bias": ("b_g", (FLAG,)),
    "flag output bias": ("b_o", (FLAG,)),
    "memory forget bias": ("b_f", (MEMORY,)),
    "memory input bias": ("b_i", (MEMORY,)),
    "flag gain": ("W_i", (MEMORY, FLAG)),
    "input weight": ("U_g", (MEMORY,)),
    "memory output bias": ("b_o", (MEMORY,)),
    "readout": ("V", (MEMORY,)),
}
"""The ten weights of C6."""


def compensated() -> Weights:
    """A memory that fades with f = σ(3), and a readout enlarged by f^-(n-1): right at n, wrong before."""
    kept = Fraction(1)
    # f to 30 digits by a rational that any precision agrees on: e^3 = 20.0855369231876677409285296545817...
    forget = Fraction(200855369231876677409285296546, 210855369231876677409285296546)
    for _ in range(N - 1):
        kept *= forget
    return changed({("b_f", (MEMORY,)): 3, ("V", (MEMORY,)): Fraction(round(10**30 / kept), 10**30) / EPSILON})


WRONG: dict[str, Weights] = {
    # sizes
    "forget gate too weak": changed({("b_f", (MEMORY,)): K - 3}),
    "forget gate half open": changed({("b_f", (MEMORY,)): 0}),
    "forget gate barely open": changed({("b_f", (MEMORY,)): 1}),
    "forget gate missing by one in K": sized(K - 1, 10 * L, EPSILON),
    "output gate too weak": changed({("b_o", (MEMORY,)): 3}),
    "input gate too weak": changed({("b_i", (MEMORY,)): 3}),
    "flag gain K: gate half open": scaled(PLACES["flag gain"], K / L),
    "flag gain halved": scaled(PLACES["flag gain"], Fraction(1, 2)),
    "flag gain too small by three": changed({("W_i", (MEMORY, FLAG)): 3 - L}),
    "flag gain absent": changed({("W_i", (MEMORY, FLAG)): 0}),
    "flag candidate weak": changed({("b_g", (FLAG,)): Fraction(1, 4)}),
    "flag output weak": changed({("b_o", (FLAG,)): 0}),
    "flag input weak": changed({("b_i", (FLAG,)): -1}),
    "epsilon ten times too large": sized(K, L, 10 * EPSILON),
    "epsilon a hundred times too large": sized(K + 10, 3 * L, 100 * EPSILON),
    "epsilon one, as if tanh were linear": sized(2 * K, 4 * L, Fraction(1)),
    "epsilon larger than the readout knows": scaled(PLACES["input weight"], 2),
    "epsilon smaller than the readout knows": scaled(PLACES["input weight"], Fraction(1, 10)),
    "epsilon off by one part in ten thousand": scaled(PLACES["input weight"], 1 + Fraction(1, 10**4)),
    "sized for n = 1": sized(16, 1, EPSILON),
    "sized for two digits": sized(7, 20, Fraction(1, 10)),
    "sized for one digit less": sized(K - 2, L - 5, Fraction(1, 300)),
    # signs of the ten weights; the eleventh, the flag's forget bias, is harmless and below
    **{f"wrong sign of the {name}": scaled(place, -1) for name, place in PLACES.items() if name != "flag forget bias"},
    # weights left out
    **{
        f"without the {name}": scaled(place, 0)
        for name, place in PLACES.items()
        if name in ("flag candidate bias", "memory input bias", "input weight", "memory output bias")
    },
    # gates exchanged
    **{f"gates {a} and {b} swapped": swapped(a, b) for a, b in ("fi", "fo", "fg", "io", "ig", "og")},
    # readout
    "readout twice too large": scaled(PLACES["readout"], 2),
    "readout off by one part in ten thousand": scaled(PLACES["readout"], 1 - Fraction(1, 10**4)),
    "readout bias": changed({("v0", ()): Fraction(1, 1000)}),
    "readout bias twice the tolerance": changed({("v0", ()): 2 * REGIME.tolerance}),
    "readout sees the flag": changed({("V", (FLAG,)): Fraction(1, 100)}),
    "readout of the flag alone": changed({("V", (FLAG,)): 1, ("V", (MEMORY,)): 0}),
    "readout exploding": scaled(PLACES["readout"], 10**9),
    "zero readout": changed({("V", (MEMORY,)): 0}),
    "everything zero": Weights("lstm", HIDDEN, {}),
    # initial state
    "flag up before the first input": changed({("h_0", (FLAG,)): 1}),
    "flag's cell deep below": changed({("c_0", (FLAG,)): -(10**12)}),
    "memory not empty": changed({("c_0", (MEMORY,)): EPSILON / 100}),
    "memory full": changed({("c_0", (MEMORY,)): 1}),
    # extra connections
    "forget gate falls with the flag": changed({("W_f", (MEMORY, FLAG)): -L}),
    "output gate falls with the flag": changed({("W_o", (MEMORY, FLAG)): -L}),
    "candidate sees the flag": changed({("W_g", (MEMORY, FLAG)): EPSILON}),
    "input gate sees the memory": changed({("W_i", (MEMORY, MEMORY)): L / EPSILON}),
    "forget gate sees the memory": changed({("W_f", (MEMORY, MEMORY)): 2 * K / EPSILON}),
    "flag sees the memory": changed({("W_g", (FLAG, MEMORY)): 2 * K / EPSILON}),
    "flag forgets itself": changed({("W_g", (FLAG, FLAG)): -4 * K}),
    "exploding candidate": changed({("W_g", (MEMORY, MEMORY)): 10**6}),
    "exploding input": scaled(PLACES["input weight"], 10**6),
    "input gate sees the input": changed({("U_i", (MEMORY,)): K}),
    "forget gate sees the input": changed({("U_f", (MEMORY,)): K}),
    "output gate sees the input": changed({("U_o", (MEMORY,)): K}),
    "output gate is asked by the input": changed({("U_o", (MEMORY,)): K, ("b_o", (MEMORY,)): 0}),
    "flag's candidate sees the input": changed({("U_g", (FLAG,)): 2 * K}),
    "flag's input gate sees the input": changed({("U_i", (FLAG,)): 2 * K}),
    "flag's output gate sees the input": changed({("U_o", (FLAG,)): 2 * K}),
    "candidate with a bias": changed({("b_g", (MEMORY,)): EPSILON}),
    "both signs of x look alike to the gate": changed({("U_g", (MEMORY,)): 0, ("U_i", (MEMORY,)): EPSILON}),
    # one step late: the flag is raised by a unit that is itself full only after step 1
    "one step late": changed(
        {
            ("b_g", (FLAG,)): 0,
            ("W_g", (FLAG, EXTRA)): 2 * K,
            ("b_f", (EXTRA,)): -K,
            ("b_i", (EXTRA,)): K,
            ("b_g", (EXTRA,)): K,
            ("b_o", (EXTRA,)): K,
        }
    ),
    "gate listens to the wrong unit": changed({("W_i", (MEMORY, FLAG)): 0, ("W_i", (MEMORY, EXTRA)): -L}),
    "a second memory that never closes": changed(
        {
            ("b_f", (EXTRA,)): K,
            ("b_i", (EXTRA,)): K,
            ("b_o", (EXTRA,)): K,
            ("U_g", (EXTRA,)): EPSILON,
            ("V", (EXTRA,)): 1 / EPSILON,
        }
    ),
    "last input instead of the first": Weights(
        "lstm",
        HIDDEN,
        {
            "b_f": {(0,): -K},
            "b_i": {(0,): K},
            "b_o": {(0,): K},
            "U_g": {(0,): EPSILON},
            "V": {(0,): 1 / EPSILON},
        },
    ),
    "mean of all inputs": Weights(
        "lstm",
        HIDDEN,
        {
            "b_f": {(0,): K},
            "b_i": {(0,): K},
            "b_o": {(0,): K},
            "U_g": {(0,): EPSILON},
            "V": {(0,): 1 / (EPSILON * N)},
        },
    ),
}

UPTO_ONLY: dict[str, Weights] = {
    "right at n, wrong at n - 1": compensated(),
}

NEED_HALVING = (
    "input gate sees the memory",
    "forget gate sees the memory",
    "flag sees the memory",
    "input gate sees the input",
    "forget gate sees the input",
    "flag's candidate sees the input",
    "flag's input gate sees the input",
    "exploding candidate",
)
"""Wrong weights whose error is not monotone in every input, so that the box is halved: seconds, not milliseconds."""

QUICK = [name for name in WRONG if name not in NEED_HALVING]

HARMLESS: dict[str, Weights] = {
    "K larger by one": sized(K + 1, L + 3, EPSILON),
    "memory holds better": changed({("b_f", (MEMORY,)): K + 1}),
    "flag gain larger": changed({("W_i", (MEMORY, FLAG)): -L - 1}),
    "gate closes harder by a fraction": changed({("W_i", (MEMORY, FLAG)): -L - Fraction(1, 3)}),
    "epsilon smaller on both sides": sized(K, L, EPSILON / 10),
    "epsilon negative on both sides": changed({("U_g", (MEMORY,)): -EPSILON, ("V", (MEMORY,)): -1 / EPSILON}),
    "flag never forgets": scaled(PLACES["flag forget bias"], -1),
    "flag starts up but is not shown": changed({("c_0", (FLAG,)): 1}),
    "candidate sees the memory, but the gate is closed": changed({("W_g", (MEMORY, MEMORY)): 1}),
    "an unread unit lives": changed({("b_g", (EXTRA,)): 5, ("U_i", (EXTRA,)): 7}),
    "the memory's shown value before the start": changed({("h_0", (MEMORY,)): 1}),
    "flag remembers a trace of its past output": changed({("W_g", (FLAG, FLAG)): Fraction(1, 10**9)}),
}


def refuting_runs(certificate: Certificate) -> Runs:
    """The sequence that the certificate holds against the weights."""
    candidates: list[tuple[Fraction, int, Runs]] = []
    if certificate.observed is not None:
        worst = certificate.observed.worst
        candidates.append((upper_fraction(worst.error), worst.horizon, worst.runs))
    if certificate.supremum is not None:
        supremum = certificate.supremum
        candidates.append((upper_fraction(supremum.lower), supremum.horizon, supremum.witness))
    _, horizon, runs = max(candidates, key=lambda candidate: candidate[0])
    assert length(runs) == horizon
    return runs


def assert_refuted_by_a_sequence(certificate: Certificate, within: int | None = None) -> None:
    """REFUTED, and the witness lies in the box and misses by more than the tolerance in an independent run.

    With `within` its first inputs miss already, and only they are run again.
    """
    regime = certificate.regime
    assert certificate.verdict is Verdict.REFUTED, certificate.reason
    assert "misses by more than the tolerance" in certificate.reason
    inputs = list(expand(refuting_runs(certificate)))
    assert 1 <= len(inputs) <= regime.n
    assert regime.horizon != "fixed" or len(inputs) == regime.n
    assert max(map(abs, inputs)) <= regime.bound
    if regime.bits is not None:
        gaps = 2**regime.bits - 1
        assert all(((x + regime.bound) / (2 * regime.bound) * gaps).denominator == 1 for x in inputs)
    digits = 60 + 4 * int(certificate.weights.largest).bit_length()
    assert IndependentLstm(certificate.weights.to_data(), digits).error(inputs[:within]) > regime.tolerance


def test_the_table_is_a_table() -> None:
    every = {**WRONG, **UPTO_ONLY, **HARMLESS}
    assert len(WRONG) + len(UPTO_ONLY) >= 60
    assert len(every) == len(WRONG) + len(UPTO_ONLY) + len(HARMLESS)
    assert len(set(every.values())) == len(every), "two names for one weight set"
    assert RIGHT.weights not in set(every.values())


def test_the_right_weights_are_proved() -> None:
    assert certify(RIGHT).verdict is Verdict.PROVED
    assert certify(claiming_c6(RIGHT.weights)).verdict is Verdict.PROVED
    assert certify_weights(RIGHT.weights, REGIME).verdict is Verdict.PROVED


@pytest.mark.parametrize("name", [*WRONG, *UPTO_ONLY])
def test_wrong_weights_are_refuted_by_a_sequence(name: str) -> None:
    weights = {**WRONG, **UPTO_ONLY}[name]
    assert_refuted_by_a_sequence(certify_weights(weights, REGIME))


@pytest.mark.parametrize("name", QUICK)
def test_wrong_weights_are_refuted_at_the_last_step_too(name: str) -> None:
    assert_refuted_by_a_sequence(certify_weights(WRONG[name], dataclasses.replace(REGIME, horizon="fixed")))


@pytest.mark.parametrize("name", QUICK)
def test_wrong_weights_are_refuted_on_a_grid(name: str) -> None:
    # a grid of 2^12 points with six digits asked
    regime = dataclasses.replace(REGIME, domain="grid", bits=12)
    assert_refuted_by_a_sequence(certify_weights(WRONG[name], regime))


@pytest.mark.parametrize("name", [*QUICK, *UPTO_ONLY, *HARMLESS])
def test_other_weights_are_not_the_theorem_s(name: str) -> None:
    weights = {**WRONG, **UPTO_ONLY, **HARMLESS}[name]
    certificate = certify(claiming_c6(weights))
    assert certificate.verdict is Verdict.REFUTED
    assert certificate.symbolic is not None
    assert certificate.symbolic.covers is Verdict.REFUTED
    if name in HARMLESS:
        assert certificate.reason == "the weights are not those of theorem C6 with the stated parameters"


@pytest.mark.parametrize("name", [*QUICK[::4], *UPTO_ONLY])
def test_refutation_survives_the_certificate(name: str) -> None:
    weights = {**WRONG, **UPTO_ONLY}[name]
    review = check_data(to_data(certify_weights(weights, REGIME)), derivations())
    assert review.verdict is Verdict.REFUTED
    assert all(finding.verdict is Verdict.PROVED for finding in review.findings), review.findings


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless_changes_are_not_refuted(name: str) -> None:
    certificate = certify_weights(HARMLESS[name], REGIME)
    assert certificate.verdict is Verdict.PROVED, certificate.reason


def test_right_at_n_alone_is_proved_there() -> None:
    weights = UPTO_ONLY["right at n, wrong at n - 1"]
    last = dataclasses.replace(REGIME, horizon="fixed")
    assert certify_weights(weights, last).verdict is Verdict.PROVED
    for n in (1, 2, N - 1, N + 1):
        assert_refuted_by_a_sequence(certify_weights(weights, dataclasses.replace(last, n=n)))


def test_a_point_off_the_grid_refutes_nothing_on_the_grid() -> None:
    # memory of the sign of x_1: right at the two grid points -1 and 1, wrong between them, where no input lies
    sign = network(2, 20, 60, Fraction(1))[0].replace({("U_g", (MEMORY,)): 10, ("V", (MEMORY,)): Fraction(131, 100)})
    grid = Regime("lstm", 3, Fraction(1), Fraction(1, 10), domain="grid", bits=1, hidden=2)
    reference = IndependentLstm(sign.to_data(), 60)
    vertices = [[Fraction(a), Fraction(b), Fraction(c)] for a in (1, -1) for b in (1, -1) for c in (1, -1)]
    assert max(max(reference.errors(inputs)) for inputs in vertices) < Fraction(1, 100)
    assert certify_weights(sign, grid).verdict is not Verdict.REFUTED
    box = dataclasses.replace(grid, domain="box", bits=None)
    assert_refuted_by_a_sequence(certify_weights(sign, box))


# --- wrong for their horizon or box -----------------------------------------------------------------------------------

LONG: dict[str, tuple[Callable[[], Weights], Regime]] = {
    "K from the precision alone at n = 10^5": (
        lambda: sized(15, 100, Fraction(1, 10**3)),
        Regime("lstm", 10**5, Fraction(1), Fraction(1, 10**6), hidden=HIDDEN),
    ),
    "sized for n = 1000, used at 2500": (
        lambda: construct("lstm", 1000, 6, hidden=HIDDEN).weights,
        Regime("lstm", 2500, Fraction(1), Fraction(1, 10**6), hidden=HIDDEN),
    ),
    "sized for M = 1, used at M = 10": (
        lambda: RIGHT.weights,
        Regime("lstm", N, Fraction(10), Fraction(1, 10**5), hidden=HIDDEN),
    ),
    "sized for six digits, used for seven": (
        lambda: RIGHT.weights,
        Regime("lstm", N, Fraction(1), Fraction(1, 10**7), hidden=HIDDEN),
    ),
    "gate leaks only on a long run": (
        lambda: sized(30, 60, Fraction(1, 10**3)),
        Regime("lstm", 3000, Fraction(1), Fraction(1, 10**6), hidden=HIDDEN),
    ),
}


@pytest.mark.parametrize("horizon", ["upto", "fixed"])
@pytest.mark.parametrize("name", LONG)
def test_weights_sized_for_less_are_refuted(name: str, horizon: str) -> None:
    make, regime = LONG[name]
    certificate = certify_weights(make(), dataclasses.replace(regime, horizon=horizon), steps=50)
    assert_refuted_by_a_sequence(certificate, within=500 if regime.n == 10**5 else None)


@pytest.mark.parametrize("n", [10**9, 10**18, 10**100])
def test_a_fading_memory_is_refuted_without_stepping(n: int) -> None:
    # K = 15 forgets e^-15 per step: after 10^9 steps nothing is left, and the witness is a few runs
    regime = Regime("lstm", n, Fraction(1), Fraction(1, 10**4), hidden=HIDDEN)
    certificate = certify_weights(sized(15, 100, Fraction(1, 10**3)), regime, steps=10)
    assert certificate.verdict is Verdict.REFUTED
    assert certificate.supremum is not None
    assert certificate.supremum.horizon == n
    assert length(certificate.supremum.witness) == n


# --- any change of any weight -----------------------------------------------------------------------------------------


def adversaries(n: int) -> list[list[Fraction]]:
    """A few sequences of the box [-1, 1]."""
    one = Fraction(1)
    return [[first, *([rest] * (n - 1))] for first in (one, -one, one / 3) for rest in (one, -one, Fraction(0))] + [
        [one, -one] * (n // 2)
    ]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(
    changes=st.dictionaries(
        st.sampled_from(sorted(PLACES)),
        st.fractions(min_value=-3, max_value=3, max_denominator=50),
        min_size=1,
        max_size=2,
    )
)
def test_no_change_of_the_weights_hides_an_error(changes: dict[str, Fraction]) -> None:
    n = 6
    regime = Regime("lstm", n, Fraction(1), Fraction(1, 10**3), hidden=HIDDEN)
    base = sized(15, 40, Fraction(1, 50))
    weights = base.replace({PLACES[name]: base[PLACES[name][0]][PLACES[name][1]] * f for name, f in changes.items()})
    certificate = certify_weights(weights, regime)
    supremum = certificate.supremum
    assert supremum is not None
    reference = IndependentLstm(weights.to_data(), 60)
    worst = max(max(reference.errors(inputs)) for inputs in adversaries(n))
    assert worst <= upper_fraction(supremum.upper) + Fraction(1, 10**40)
    if worst > regime.tolerance:
        assert certificate.verdict is Verdict.REFUTED
        assert_refuted_by_a_sequence(certificate)
    assert certificate.verdict is not Verdict.UNDECIDED or not supremum.exact

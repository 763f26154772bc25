"""What each theorem forbids, as a table over domain, horizon, n, hidden units and tolerance; and that answers agree with it."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction
from typing import Any

import pytest

from constructions import ARCHITECTURES, Construction, Impossibility, Unanswered, construct
from constructions.linear import _doubling_serves
from proofs.impossible import floors, forbidding
from proofs.theorem import Floor
from proofs.theorems import THEOREMS, t4
from verifier import UsageError, Verdict, certify
from verifier.regime import Regime

F = Fraction
GRUS = ("gru", "gru-keep", "gru-after", "gru-after-keep")
SATURATING = ("tanh", "sigmoid", "lstm", *GRUS)
LINEAR = ("linear", "lru", "s4d", "s5")
"""Cells whose step is affine."""

INFINITE = "infinite"


def regime(
    architecture: str, horizon: str, n: int, domain: str, tolerance: Any, hidden: int = 32, bits: int | None = None
) -> Regime:
    return Regime(architecture, n, F(1), F(tolerance), horizon, domain, bits, hidden)


def floor(name: str, asked: Regime) -> Floor | None:
    made = THEOREMS[name].floor
    assert made is not None
    return made(asked)


TABLE: list[tuple[str, Regime, Any]] = [
    # theorem, question, expected floor: None (not covered), INFINITE, or (error, strict)
    *[("T1", regime(a, h, n, "reals", 9), INFINITE) for a in SATURATING for h in ("fixed", "upto", "forever") for n in (1, 7)],
    *[("T1", regime(a, h, 3, "box", 0), None) for a in SATURATING for h in ("fixed", "upto", "forever")],
    *[("T1", regime(a, "upto", 3, "reals", 0), None) for a in ("linear", "relu", "bilinear", "stacked")],
    *[("T2", regime(a, h, n, "box", 0), (0, True)) for a in SATURATING for h in ("fixed", "upto", "forever") for n in (1, 10**18)],
    *[("T2", regime(a, "upto", 3, "reals", 0), None) for a in SATURATING],
    *[("T2", regime(a, "upto", 3, "grid", 0, bits=1), None) for a in SATURATING],
    *[("T2", regime(a, "upto", 3, "box", 0), None) for a in ("linear", "relu", "bilinear", "stacked")],
    ("T3", regime("linear", "fixed", 1, "box", 0, hidden=1), None),
    ("T3", regime("linear", "fixed", 2, "box", 0, hidden=1), (0, True)),
    ("T3", regime("linear", "fixed", 2, "reals", 5, hidden=1), INFINITE),
    ("T3", regime("linear", "fixed", 2, "grid", 0, hidden=1, bits=1), (0, True)),
    ("T3", regime("linear", "fixed", 32, "reals", 0), None),
    ("T3", regime("linear", "fixed", 33, "reals", 0), INFINITE),
    ("T3", regime("linear", "fixed", 10**18, "box", 0), (0, True)),
    ("T3", regime("linear", "upto", 32, "box", 0), None),
    ("T3", regime("linear", "upto", 33, "box", 0), (0, True)),
    ("T3", regime("linear", "forever", 1, "box", 0), (0, True)),
    ("T3", regime("linear", "forever", 1, "reals", 0), INFINITE),
    *[("T3", regime(a, "fixed", 99, "box", 0, hidden=2), None) for a in ARCHITECTURES if a not in LINEAR],
    ("T4", regime("linear", "upto", 1, "box", 0, hidden=1), None),
    ("T4", regime("linear", "upto", 1, "reals", 0, hidden=1), None),
    ("T4", regime("linear", "upto", 2, "box", 0, hidden=1), (F(1, 2), False)),
    ("T4", regime("linear", "upto", 2, "reals", 10**9, hidden=1), INFINITE),
    ("T4", regime("linear", "upto", 5, "box", 0), (F(15, 16), False)),
    ("T4", regime("linear", "upto", 5, "grid", 1, bits=1), (F(15, 16), False)),
    ("T4", regime("linear", "upto", 1, "grid", 1, bits=1), None),
    ("T4", regime("linear", "fixed", 5, "box", 0, hidden=1), None),
    ("T4", regime("linear", "forever", 1, "box", F(1, 2), hidden=1), (1, False)),
    ("T4", regime("linear", "forever", 1, "reals", 3, hidden=1), INFINITE),
    ("T4", regime("linear", "forever", 1, "grid", 1, bits=1), None),
    ("T4", regime("linear", "forever", 1, "grid", F(1, 2), bits=1), (1, False)),
    ("T4", regime("linear", "forever", 1, "grid", F(1, 3), bits=2), (1, False)),
    *[("T4", regime(a, "upto", 9, "box", 0), None) for a in ARCHITECTURES if a not in LINEAR],
    ("T6", regime("relu", "fixed", 1, "reals", 0, hidden=1), INFINITE),
    ("T6", regime("relu", "fixed", 1, "reals", 0, hidden=2), None),
    ("T6", regime("relu", "upto", 1, "reals", 0, hidden=1), INFINITE),
    ("T6", regime("relu", "upto", 1, "reals", 0, hidden=2), None),
    ("T6", regime("relu", "forever", 1, "reals", 7, hidden=2), INFINITE),
    ("T6", regime("relu", "upto", 2, "reals", 7), INFINITE),
    *[("T6", regime("relu", "fixed", 2, "reals", 0, hidden=d), INFINITE) for d in (1, 2, 3)],
    ("T6", regime("relu", "fixed", 2, "reals", 0, hidden=4), None),
    ("T6", regime("relu", "fixed", 30, "reals", 0), None),
    ("T6", regime("relu", "fixed", 31, "reals", 10**6), INFINITE),
    ("T6", regime("relu", "upto", 2, "box", 0), None),
    ("T6", regime("relu", "upto", 2, "grid", 0, bits=3), None),
    ("T6", regime("stacked", "upto", 2, "reals", 0), INFINITE),
    ("T6", regime("stacked", "forever", 2, "reals", 0), INFINITE),
    ("T6", regime("stacked", "fixed", 9, "reals", 0, hidden=2), None),
    ("T6", regime("linear", "upto", 2, "reals", 0), INFINITE),
    ("T6", regime("linear", "fixed", 99, "reals", 0), None),
    *[("T6", regime(a, "forever", 2, "reals", 0), None) for a in (*SATURATING, "bilinear")],
]


@pytest.mark.parametrize(
    ("name", "asked", "expected"), TABLE, ids=[f"{n}-{r.architecture}-{r.describe()}-{r.hidden}" for n, r, _ in TABLE]
)
def test_table(name: str, asked: Regime, expected: Any) -> None:
    found = floor(name, asked)
    if expected is None:
        assert found is None
        assert name not in floors(asked)
        return
    assert found is not None
    assert set(found.checks.values()) == {Verdict.PROVED}
    assert found.because
    if expected == INFINITE:
        assert found.error is None
        assert found.forbids(F(10) ** 30)
    else:
        assert (found.error, found.strict) == expected


def test_a_floor_forbids_below_it_and_at_it_only_if_strict() -> None:
    half = F(1, 2)
    assert Floor(half, "", {}).forbids(F(49, 100))
    assert not Floor(half, "", {}).forbids(half)
    assert Floor(half, "", {}).forbids(half, below=True)
    assert Floor(half, "", {}, strict=True).forbids(half)
    assert not Floor(half, "", {}, strict=True).forbids(F(51, 100))


def test_huge_horizons_do_not_form_huge_powers() -> None:
    for tolerance in (F(1, 2), 1 - F(1, 10**300), 1 - F(1, 2**5000)):
        asked = Regime("linear", 10**18, F(3), 3 * tolerance)
        found = floor("T4", asked)
        assert found is not None
        assert found.error is not None
        assert found.error.denominator.bit_length() < 6000
        assert 3 * tolerance < found.error < 3
        assert found.formula == "M (1 - 2^-999999999999999999)"
        assert not _doubling_serves(asked)
    exact = floor("T4", regime("linear", "upto", 1000, "box", 0))
    assert exact is not None
    assert exact.error == 1 - F(1, 2**999)


@pytest.mark.parametrize("n", [2, 3, 9, 65, 66, 200])
def test_the_doubling_scalar_serves_from_the_floor_on(n: int) -> None:
    least = 1 - F(1, 2 ** (n - 1))
    below = least - F(1, 2 ** (n + 70))
    assert isinstance(construct("linear", n, tolerance=least), Construction)
    answer = construct("linear", n, tolerance=below)
    assert isinstance(answer, Impossibility)
    assert answer.attains
    made = floor("T4", Regime("linear", n, F(1), below))
    assert made is not None
    assert made.forbids(below)
    assert not made.forbids(least)


def questions() -> list[dict[str, Any]]:
    """Every combination of small questions."""
    found: list[dict[str, Any]] = []
    for horizon, n, hidden in itertools.product(("fixed", "upto", "forever"), (1, 2, 3, 5), (1, 3, 4)):
        for domain, bits in (("box", None), ("reals", None), ("grid", 1), ("grid", 2)):
            for accuracy in ({"exact_recall": True}, {"tolerance": F(3, 4)}, {"tolerance": F(1, 10)}):
                found.append({"n": n, "horizon": horizon, "hidden": hidden, "domain": domain, "bits": bits, **accuracy})
            if bits is not None:
                found.append({"n": n, "horizon": horizon, "hidden": hidden, "domain": domain, "bits": bits})
    return found


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_every_answer_agrees_with_every_theorem(architecture: str) -> None:
    """Weights are never proposed for what is forbidden, and what a theorem forbids is never left open."""
    counts = {"construction": 0, "impossibility": 0, "unanswered": 0}
    for options in questions():
        try:
            answer = construct(architecture, **options)
        except UsageError:
            continue
        names = forbidding(answer.regime)
        if isinstance(answer, Construction):
            assert not names, (options, names)
            counts["construction"] += 1
        elif isinstance(answer, Impossibility):
            assert answer.theorem in names, options
            counts["impossibility"] += 1
            if answer.best is not None:
                made = floors(answer.best.regime).get(answer.theorem)
                assert made is not None
                assert answer.best.regime.tolerance >= (made.error or 0)
                assert answer.best.regime.domain == answer.regime.domain
                assert answer.best.regime.horizon == answer.regime.horizon
        else:
            assert isinstance(answer, Unanswered)
            assert not names, (options, names)
            assert "not proved" not in answer.reason
            counts["unanswered"] += 1
    assert counts["construction"] > 50
    if architecture not in ("bilinear",):
        assert counts["impossibility"] > 15


def test_small_constructions_of_the_table_are_really_possible() -> None:
    """A sample of the questions with weights is certified, so that no floor lies above what is reached."""
    generator = random.Random(3)
    for architecture in ("linear", "relu", "tanh", "lstm", "gru"):
        asked = [options for options in questions() if options["horizon"] != "forever"]
        for options in generator.sample(asked, 25):
            try:
                answer = construct(architecture, **options)
            except UsageError:
                continue
            if isinstance(answer, Construction):
                assert certify(answer, steps=8).verdict is Verdict.PROVED, (architecture, options)


def test_one_bit_for_ever_is_neither_promised_nor_denied() -> None:
    answer = construct("linear", 5, horizon="forever", domain="grid", bits=1)
    assert isinstance(answer, Unanswered)
    assert "sign" in answer.reason
    assert not forbidding(answer.regime)


def test_the_floor_of_linear_networks_is_met_by_no_random_network() -> None:
    """T4 against the verifier's exact supremum of random networks, biases and h_0 included."""
    from proofs.checks import random_rational, random_weights
    from verifier.impulse import linear_supremum
    from verifier.program import record

    generator = random.Random(4)
    for n in (2, 3, 4, 5):
        least = t4.floor(Regime("linear", n, F(1), F(0)))
        assert least is not None
        assert least.error is not None
        for hidden in (1, 2, 3):
            for _ in range(10):
                weights = random_weights(generator, "linear", hidden, 2)
                weights = weights.replace({("h_0", (k,)): random_rational(generator, 1) for k in range(hidden)})
                value = linear_supremum(record(weights), F(1), n, False).value
                assert value is not None
                assert value >= least.error

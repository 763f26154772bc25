"""C8: the latch holds for ever; its certificate is an invariant set, and wrong latches are refuted."""

import random
from fractions import Fraction

import mpmath
import pytest

from constructions import Construction, Unanswered, construct
from verifier import Verdict, certify, certify_weights
from verifier.arithmetic.balls import lower_fraction, upper_fraction
from verifier.weights import Weights

F = Fraction
ONE = Fraction(1)


def latch(hidden: int, tolerance: Fraction, bound: Fraction = ONE) -> Construction:
    answer = construct("tanh", n=50, tolerance=tolerance, bound=bound, hidden=hidden, horizon="forever")
    assert isinstance(answer, Construction)
    return answer


def plain_outputs(weights: Weights, inputs: list[Fraction]) -> list[mpmath.mpf]:
    """y_1, y_2, ... with plain mpmath."""
    context = mpmath.MPContext()
    context.dps = 40

    def number(value: Fraction) -> mpmath.mpf:
        return context.mpf(value.numerator) / value.denominator

    d = weights.hidden
    h = [context.zero] * d
    found = []
    for x in inputs:
        h = [
            context.tanh(number(weights["W_h"][k, k]) * h[k] + number(weights["U_h"][k,] * x + weights["b_h"][k,]))
            for k in range(d)
        ]
        found.append(sum((number(weights["V"][k,]) * h[k] for k in range(d)), context.zero))
    return found


@pytest.mark.parametrize(
    ("hidden", "tolerance", "bound"),
    [(2, F(3, 5), F(1)), (4, F(3, 10), F(1)), (8, F(2), F(12)), (5, F(1, 10), F(1, 3))],
)
def test_holds_for_ever(hidden: int, tolerance: Fraction, bound: Fraction) -> None:
    certificate = certify(latch(hidden, tolerance, bound), steps=50)
    assert certificate.verdict is Verdict.PROVED
    supremum, symbolic = certificate.supremum, certificate.symbolic
    assert supremum is not None
    assert symbolic is not None
    assert upper_fraction(supremum.upper) <= F(102, 100) * lower_fraction(supremum.lower)
    assert bound / hidden <= lower_fraction(supremum.lower) * F(105, 100)
    assert upper_fraction(symbolic.value) <= F(105, 100) * upper_fraction(supremum.upper)


def test_random_and_threshold_attacks_stay_below_the_bound() -> None:
    answer = latch(4, F(3, 10))
    certificate = certify(answer, steps=20)
    assert certificate.supremum is not None
    limit = upper_fraction(certificate.supremum.upper)
    generator = random.Random(1)
    thresholds = [F(-3, 4), F(-1, 4), F(1, 4), F(3, 4)]
    starts = [t + sign * F(1, 2**k) for t in thresholds for k in (3, 6, 9, 30) for sign in (1, -1)]
    starts += [F(generator.randint(-1000, 1000), 1000) for _ in range(20)]
    for x_1 in starts:
        for later in ([F(1)] * 12, [F(-1)] * 12, [F(generator.choice((1, -1))) for _ in range(12)]):
            for y in plain_outputs(answer.weights, [x_1, *later]):
                assert abs(y - mpmath.mpf(x_1.numerator) / x_1.denominator) <= mpmath.mpf(limit.numerator) / limit.denominator


@pytest.mark.parametrize("bits", [1, 2, 3])
def test_grid_is_recalled_exactly_for_ever(bits: int) -> None:
    answer = construct("tanh", n=50, horizon="forever", domain="grid", bits=bits, hidden=8)
    assert isinstance(answer, Construction)
    certificate = certify(answer, steps=50)
    assert certificate.verdict is Verdict.PROVED
    assert certificate.supremum is not None
    half_spacing = answer.regime.half_spacing
    assert half_spacing is not None
    assert upper_fraction(certificate.supremum.upper) < half_spacing


def test_one_level_too_many_is_not_answered() -> None:
    assert isinstance(construct("tanh", n=5, horizon="forever", domain="grid", bits=4, hidden=8), Unanswered)
    assert isinstance(construct("tanh", n=5, horizon="forever", tolerance=F(1, 8), hidden=8), Unanswered)


def wrong_latches() -> list[tuple[str, Weights]]:
    weights = latch(4, F(3, 10)).weights
    found = []
    for k in range(4):
        gain, bias = weights["W_h"][k, k], weights["b_h"][k,]
        found += [
            (f"feedback {k} negated", weights.replace({("W_h", (k, k)): -gain})),
            (f"feedback {k} dropped", weights.replace({("W_h", (k, k)): 0})),
            (f"feedback {k} too weak", weights.replace({("W_h", (k, k)): gain / 20})),
            (f"threshold {k} shifted", weights.replace({("b_h", (k,)): bias + weights["U_h"][k,] / 2})),
            (f"readout {k} dropped", weights.replace({("V", (k,)): 0})),
            (f"readout {k} negated", weights.replace({("V", (k,)): -weights["V"][k,]})),
            (f"input {k} negated", weights.replace({("U_h", (k,)): -weights["U_h"][k,]})),
        ]
    found.append(("readout offset", weights.replace({("v0", ()): F(1, 5)})))
    return found


@pytest.mark.parametrize(("name", "weights"), wrong_latches(), ids=[name for name, _ in wrong_latches()])
def test_wrong_latches_are_never_proved(name: str, weights: Weights) -> None:
    regime = latch(4, F(3, 10)).regime
    certificate = certify_weights(weights, regime, steps=30)
    assert certificate.verdict is Verdict.REFUTED, name
    assert certificate.supremum is not None or certificate.observed is not None


def test_there_are_at_least_twenty_wrong_latches() -> None:
    assert len(wrong_latches()) >= 20

"""What the tests of all refreshed memories share (C9, C9-tanh): each takes the family of one form, or weights."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from constructions import Construction, construct, derivations
from constructions.refreshed import COARSEST, Family, precision_of
from verifier import Certificate, Verdict, certify
from verifier.arithmetic.balls import Balls, to_ball, upper_fraction
from verifier.certificate import check_data, content_hash, to_data
from verifier.observed import run_error
from verifier.program import record
from verifier.refresh import Refresh, bound_refresh, push_levels
from verifier.run import Runner
from verifier.sequences import join
from verifier.weights import Weights

F = Fraction
ONE = F(1)
BITS = 200
"""Working precision of networks with few levels."""

SOON = 200
"""Steps within which a clock that still loads does so in small networks."""

Place = tuple[str, tuple[int, ...]]
Change = dict[Place, Fraction]


# --- networks ---------------------------------------------------------------------------------------------------------


def memory(
    family: Family, tolerance: Fraction, bound: Fraction = ONE, hidden: int | None = None, steps: int = 40, **asked: Any
) -> Construction:
    """The answer to a question for ever, which is of this family's theorem."""
    hidden = len(family.units) if hidden is None else hidden
    answer = construct(family.cell, n=steps, tolerance=tolerance, bound=bound, hidden=hidden, horizon="forever", **asked)
    assert isinstance(answer, Construction)
    assert answer.theorem == family.theorem
    return answer


def small(family: Family, bits: int, coarser: int = 0) -> Weights:
    """Levels of 2^-bits, with fine comparators or ones 2^coarser times less steep."""
    return family.network(len(family.units), bits, family.fine_gain(bits) - coarser, ONE)[0]


def places(weights: Weights) -> list[Place]:
    """Every weight that is not 0."""
    return [(name, index) for name, array in weights.blocks().items() for index, _ in array]


def scaled(weights: Weights, place: Place, factor: Fraction) -> Weights:
    """One weight times a factor."""
    return weights.replace({place: weights[place[0]][place[1]] * factor})


def found(weights: Weights, bits: int = BITS) -> Refresh | None:
    """What is read off the weights, for inputs in [-1, 1]."""
    with Balls(bits).working():
        return bound_refresh(record(weights), ONE)


def read(weights: Weights, bits: int = BITS) -> Refresh:
    """What is read off weights that are of some form."""
    what = found(weights, bits)
    assert what is not None
    return what


def proved_error(family: Family, bits: int, gain: int | None = None) -> Fraction | None:
    """The error that is proved for these sizes (fine comparators unless told otherwise); None if none is."""
    gain = family.fine_gain(bits) if gain is None else gain
    what = read(family.network(len(family.units), bits, gain, ONE)[0], precision_of(family, bits))
    return upper_fraction(what.upper) if what.verdict is Verdict.PROVED else None


# --- what is proposed is proved ---------------------------------------------------------------------------------------


def assert_proved_as_asked(answer: Construction, steps: int) -> None:
    """PROVED from the levels, by weights that are no more than five times as good as asked."""
    certificate, tolerance = certify(answer, steps=steps), answer.regime.tolerance
    assert certificate.verdict is Verdict.PROVED, certificate.reason
    assert certificate.theorem == answer.theorem
    supremum = certificate.supremum
    assert supremum is not None
    assert supremum.method == "refreshed levels"
    with Balls(certificate.working_bits).working():
        assert supremum.upper <= to_ball(tolerance)
        assert supremum.lower > to_ball(tolerance / 5)


def assert_bits_and_gain_are_the_smallest(family: Family, tolerance: Fraction, gain_of: Callable[[Weights], Fraction]) -> None:
    """The sizes read off the weights meet the tolerance; half the gain, and one bit fewer with fine comparators, do not."""
    weights = memory(family, tolerance).weights
    gain = abs(gain_of(weights))
    exponent = gain.numerator.bit_length() - 1
    assert gain == F(2) ** exponent
    least = family.smallest_bits
    bits = next(b for b in range(least, 100) if family.network(len(family.units), b, exponent, ONE)[0] == weights)
    error = proved_error(family, bits, exponent)
    assert error is not None
    assert error <= tolerance
    if exponent > family.fine_gain(bits) - COARSEST:
        coarser = proved_error(family, bits, exponent - 1)
        assert coarser is None or coarser > tolerance
    if bits > least:
        fewer = proved_error(family, bits - 1)
        assert fewer is None or fewer > tolerance


def assert_error_in_levels_below(family: Family, bits: int, share: Fraction) -> None:
    """With fine comparators the error is between half a level and this share of one."""
    error = proved_error(family, bits)
    assert error is not None
    assert F(1, 2) < error * 2**bits < share


# --- the form ---------------------------------------------------------------------------------------------------------


def assert_proved_in_any_order(weights: Weights, hidden: int, order: tuple[int, ...]) -> None:
    """Unit k at place order[k] of `hidden`: the same bound."""
    blocks = {name: {tuple(order[k] for k in index): value for index, value in array} for name, array in weights.blocks().items()}
    moved = read(Weights(weights.cell, hidden, blocks))
    assert moved.verdict is Verdict.PROVED
    assert moved.upper.overlaps(read(weights).upper)


# --- wrong weights ----------------------------------------------------------------------------------------------------


def assert_not_proved_within(wrong: Weights, tolerance: Fraction) -> None:
    """What is wrong is of another form, or some inequality fails, or the bound exceeds the tolerance."""
    what = found(wrong)
    if what is not None and what.verdict is Verdict.PROVED:
        with Balls(BITS).working():
            assert what.upper > to_ball(tolerance)


def assert_bounds_of_changed_weights_hold(
    base: Weights,
    generator: random.Random,
    *,
    tries: int,
    most: Fraction,
    least: int,
    firsts: Callable[[Refresh], Iterable[Fraction]],
    steps: Callable[[Refresh], int],
) -> None:
    """Random changes of one weight by `most` of itself: where a bound is proved, `least` times, no run exceeds it."""
    proved = 0
    for _ in range(tries):
        changed = scaled(base, generator.choice(places(base)), 1 + most * F(generator.randint(-60, 60), 60))
        what = found(changed)
        if what is None or what.verdict is not Verdict.PROVED:
            continue
        proved += 1
        with Balls(BITS).working():
            runner = Runner(record(changed), Balls(BITS))
            for x in firsts(what):
                assert run_error(runner, join([(x, 1), (F(generator.choice((-1, 1))), steps(what))])) <= what.upper
    assert proved >= least


# --- boxes and attacks ------------------------------------------------------------------------------------------------


def assert_every_level_returns(weights: Weights, bits: int, spread: Fraction) -> None:
    """Levels pushed as boxes return, and their bound is another way to the same number, up to a factor."""
    what = read(weights)
    with Balls(BITS).working():
        pushed = push_levels(record(weights), ONE, what)
        assert pushed.verdict is Verdict.PROVED
        assert pushed.boxes >= 5 * 2**bits
        assert what.upper / to_ball(spread) < pushed.upper < what.upper * to_ball(spread)


def assert_boxes_do_not_return(right: Weights, change: Change) -> None:
    """The hints of the right weights, and the wrong network: what is claimed of the boxes does not hold."""
    what = read(right)
    with Balls(BITS).working():
        assert push_levels(record(right.replace(change)), ONE, what).verdict is not Verdict.PROVED


def assert_bound_is_kept_by(weights: Weights, implementation: Callable[[dict[str, Any], int], Any], steps: int) -> None:
    """mpmath alone, x_1 beside borders of levels, inputs against it: within the bound, which is not half too large."""
    what, other = read(weights), implementation(weights.to_data(), 60)
    worst = F(0)
    for x in what.firsts:
        outputs = other.outputs([x, *[-ONE if x > 0 else ONE] * steps])
        worst = max(worst, *(abs(F(str(y)) - x) for y in outputs))
    assert upper_fraction(what.upper) / 2 < worst <= upper_fraction(what.upper)


def border(weights: Weights, low: Fraction, high: Fraction, level: Fraction) -> Fraction:
    """x_1 bisected onto the border of two levels, to 2^-40 of what lies between."""
    period = read(weights).period
    with Balls(BITS).working():
        runner = Runner(record(weights), Balls(BITS))
        start = _later(runner, low, period)
        for _ in range(40):
            middle = (low + high) / 2
            near = abs(_later(runner, middle, period) - start) < to_ball(level / 2)
            low, high = (middle, high) if near else (low, middle)
    return low


def _later(runner: Runner, x: Fraction, period: int):  # type: ignore[no-untyped-def]
    """What is read two loads later."""
    *_, y = runner.outputs([x, *[-ONE] * (2 * period)])
    return y


def assert_errors_do_not_add_up(
    weights: Weights, x: Fraction, *, steps: int, every: int, drift: Fraction, bits: int = BITS
) -> None:
    """x_1, then ±1 in turn: errors stay below the bound, and late ones exceed early ones by no more than a drift."""
    what = read(weights, bits)
    with Balls(bits).working():
        runner = Runner(record(weights), Balls(bits))
        state, late, early = runner.start(), to_ball(0), to_ball(0)
        for t in range(1, steps + 1):
            state = runner.step(t, state, x if t == 1 else ONE * (-1) ** (t // 7))
            if t % every == 0:
                error = abs(runner.output() - to_ball(x))
                assert error < what.upper
                late, early = (late.max(error), early) if t > steps // 2 else (late, early.max(error))
        assert late <= early + to_ball(drift)


# --- certificates -----------------------------------------------------------------------------------------------------


def assert_only_the_true_certificate_is_believed(certificate: Certificate) -> None:
    """Saved and read again it is PROVED; with a bound that is too good, and its hash made right, it is REFUTED."""
    data = json.loads(json.dumps(to_data(certificate)))
    assert check_data(data, derivations()).verdict is Verdict.PROVED
    stated = next(claim for claim in data["claims"] if claim["relation"] == "<=")
    stated["value"] = "0.01"
    data["sha256"] = content_hash(data)
    assert check_data(data, derivations()).verdict is Verdict.REFUTED

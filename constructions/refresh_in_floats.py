"""LSTM in IEEE arithmetic: the refreshed memory C9, sized from a float format.

The weights of `refresh`, which are floats already where M is a power of two. Held values stand still where gates are exactly 0 and
1, that is where comparators open over zero/G (`verifier.float_bound.Library`) on either side; so G is at least 4·zero/w, and L is
as large as the roundings of the format allow. Sizes are the smallest for which both the real and the float inequalities give the
tolerance.

Source: this project, theories C9 and F1.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache

from constructions.answer import Construction, Unanswered
from constructions.refresh import LSTM, SMALLEST_BITS, UNITS, Sizes, network
from constructions.refreshed import FINE, GUARD_BITS, construction, fewest_bits
from constructions.sizing import least_exponent, smallest, within
from verifier.arithmetic.balls import Balls, show_upper, to_ball, upper_fraction
from verifier.exact import show_rational
from verifier.float_bound import LIBRARIES, Library
from verifier.formats.rounding import round_weights
from verifier.program import record
from verifier.refresh import bound_refresh
from verifier.refresh.in_floats import bound_refresh_in_floats
from verifier.regime import Regime
from verifier.verdict import Verdict

SATURATING = 2
"""log2 of G w/zero: gates are a quarter of w away from their thresholds, so 2^2 zero/w is the least G."""


def gain(bits: int, library: Library, finer: int = FINE) -> int:
    """log2 of the least power of two G >= 2^finer zero/w: with 2^FINE comparators are open over 1/64 of a level."""
    return least_exponent(2**finer * library.zero / Sizes(bits, 0).unit)


def is_refreshed_lstm(made: Construction) -> bool:
    """Whether it is a refreshed memory that has a version for floats: the LSTM's of four units."""
    return made.theorem == "C9" and made.weights.cell == "lstm" and made.regime.hidden >= len(UNITS)


def construct_in_floats(regime: Regime, library: Library) -> Construction | Unanswered:
    """C9 with the fewest bits and then the smallest gain whose error is proved in real numbers and in floats of the library."""
    bits = _fewest_bits_in_floats(regime, library)
    if bits is None:
        return Unanswered(regime, _beyond(regime, library))

    def meets(candidate: int) -> bool:
        found = proved_error(Sizes(bits, candidate), regime.bound, library)
        return found is not None and within(found, regime.tolerance, regime.strict)

    sizes = Sizes(bits, smallest(meets, gain(bits, library, SATURATING)))
    made = construction(regime, LSTM, sizes.bits, sizes.gain)
    return replace(
        made,
        weights=round_weights(made.weights, library.form),
        sized=f"levels of 2^-{bits} M, period P = {sizes.period}, G = 2^{sizes.gain}: the fewest bits and then the smallest power "
        f"of two G whose inequalities give the tolerance in real numbers and, with every rounding, in {library.form}",
    )


def _fewest_bits_in_floats(regime: Regime, library: Library) -> int | None:
    """The least L whose error, with fine comparators, meets the tolerance; None where roundings come first."""
    for bits in range(fewest_bits(regime.bound, regime.tolerance, LSTM), library.p):
        found = proved_error(Sizes(bits, gain(bits, library)), regime.bound, library)
        if found is None:  # finer levels have the same roundings
            return None
        if within(found, regime.tolerance, regime.strict):
            return bits
    return None


@cache
def proved_error(sizes: Sizes, bound: Fraction, library: Library) -> Fraction | None:
    """The larger one of the errors that the real and the float inequalities give for these sizes; None if some do not hold."""
    weights = round_weights(network(len(UNITS), sizes, bound)[0], library.form)
    with Balls(4 * library.p + GUARD_BITS).working():
        reals, floats = bound_refresh(record(weights), bound), bound_refresh_in_floats(weights, bound, library)
        if reals is None or floats is None or floats.upper is None:
            return None
        if not (reals.verdict is floats.verdict is Verdict.PROVED):
            return None
        return max(upper_fraction(reals.upper), floats.upper)


def _beyond(regime: Regime, library: Library) -> str:
    """Why there is no answer: the least error that the roundings of the format leave."""
    reached: Fraction | None = None
    for bits in range(SMALLEST_BITS, library.p):
        found = proved_error(Sizes(bits, gain(bits, library)), regime.bound, library)
        if found is None:
            break
        reached = found if reached is None else min(reached, found)
    with Balls(GUARD_BITS).working():
        least = "no error bound" if reached is None else f"an error of {show_upper(to_ball(reached), 3)} at best"
    other = "" if library is LIBRARIES["binary64"] else "take --profile binary64, "
    return (
        f"with the roundings of {library.form} the inequalities of C9 prove {least} for inputs in "
        f"[-{show_rational(regime.bound)}, {show_rational(regime.bound)}], not {show_rational(regime.tolerance)}; "
        f"ask for less accuracy, {other}or write exact rationals (.json)"
    )

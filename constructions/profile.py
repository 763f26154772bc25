"""Constructions for IEEE arithmetic: the same networks, sized from a float format instead of a tolerance.

Scales are powers of two, so that scaling rounds nothing. Saturation constants are the least for which a correctly rounded σ
(or tanh) is exactly 1, and 0 on the other side: then a closed gate lets nothing in and an open one loses nothing, and what
is held stays the same float for ever (theorem F1). What the same weights do in real numbers is certified like any other.

For p bits of significand, and σ = 1 from `one`, 0 from -`zero` on (`verifier.float_bound.Library`):

    ε     the largest power of two with (εM)² < 3·2^-(p+1): tanh(v) rounds to v for |v| <= εM
    K     `zero`: σ(K) = 1 and σ(-K) = 0
    L     the least whole number that closes the memory's gate to exactly 0 once the flag is up; for a GRU whose z keeps, the
          L of the one whose z takes, because there 0 and not 1 must be reached and real numbers then leak less
    B     ⌈zero/2⌉: tanh(B) = 2σ(2B) - 1 with 2B >= `zero`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from sympy import Symbol

from constructions import ARCHITECTURES, gru, lstm, sigmoid, tanh, unknown_architecture
from constructions.answer import Construction, Place
from constructions.elman import EPSILON, B, M, N
from constructions.latch import SIGNS
from constructions.sizing import smallest
from verifier.arithmetic.balls import Balls, show_upper
from verifier.errors import UsageError
from verifier.exact import parse_rational
from verifier.float_bound import LIBRARIES, Library, bound_floats
from verifier.inequality import Derivation
from verifier.regime import Regime
from verifier.weights import Weights

STATED_DIGITS = 1
"""Digits, rounded up, of the tolerance that is claimed where none was asked for."""

PROFILED = (*SIGNS, "lstm", "tanh", "sigmoid")
"""Architectures that have a float profile; the others have whole or request-sized weights."""


def largest_scale(bound: Fraction, library: Library) -> Fraction:
    """The largest power of two ε with (εM)² < 3·2^-(p+1)."""
    exponent = smallest(lambda k: (Fraction(2) ** -k * bound) ** 2 < 3 * library.unit / 2, 0)
    return Fraction(2) ** -exponent


def balanced_scale(bound: Fraction, n: int, library: Library) -> Fraction:
    """The largest power of two ε with n(εM)³/3 <= 2^-p: the cubes of n steps stay below one rounding of a saturated sum."""
    exponent = smallest(lambda k: n * (Fraction(2) ** -k * bound) ** 3 / 3 <= library.unit, 0)
    return Fraction(2) ** -exponent


def least_gain(bound: Fraction, library: Library, network: Callable[[int], Weights]) -> int:
    """The least whole L for which theorem F1 shows the memory of `network(L)` to be bit-exact from step 1 on."""
    return smallest(lambda gain: gain > 0 and bound_floats(network(gain), bound, library, 2).held_from == 1, library.zero)


def construct_profile(
    architecture: str,
    n: int,
    form: str,
    *,
    bound: Fraction,
    hidden: int,
    tolerance: Fraction | None = None,
    fixed: bool = False,
    bits: int | None = None,
) -> Construction:
    """The construction of `architecture` sized for the float format `form` ("binary32", "binary64").

    `tolerance`: what is to be claimed in real numbers; None: what the closed form gives at n, rounded up. Raises `UsageError`
    where the architecture has no profile or where the closed form is not below M. `bits`: on the grid, which asks for half its
    spacing or less.
    """
    if architecture not in ARCHITECTURES:
        raise UsageError(unknown_architecture(architecture))
    if architecture not in PROFILED:
        raise UsageError(f"{architecture} has no float profile (known: {', '.join(PROFILED)})")
    library = LIBRARIES[form]
    theorem, title, parameters, derivation, (weights, reasons) = _sized(architecture, n, bound, hidden, library)
    if tolerance is None:
        tolerance = _reached(derivation, parameters, library)
        if tolerance >= bound:
            raise UsageError(
                f"the {form} profile of {architecture} does not reach n = {n}: in real numbers its error bound exceeds M; "
                "ask for a smaller n, or for --profile binary64"
            )
    domain = "box" if bits is None else "grid"
    regime = Regime(architecture, n, bound, tolerance, "fixed" if fixed else "upto", domain, bits, hidden)
    return Construction(regime, weights, theorem, title, parameters, derivation, reasons, "")


Sized = tuple[str, str, Mapping[Symbol, Fraction], Derivation, tuple[Weights, dict[Place, str]]]


def _sized(architecture: str, n: int, bound: Fraction, hidden: int, library: Library) -> Sized:
    steps = Fraction(n)
    if architecture in ("tanh", "sigmoid"):
        module, theorem = (tanh, "C5") if architecture == "tanh" else (sigmoid, "C5-sigmoid")
        scale, saturation = balanced_scale(bound, n, library), -(-library.zero // 2)
        line = {N: steps, M: bound, EPSILON: scale, B: Fraction(saturation)}
        return theorem, "the line C5 in floats", line, module.derivation(), module.network(hidden, saturation, scale)
    scale, k = largest_scale(bound, library), Fraction(library.zero)
    if architecture == "lstm":
        gain = least_gain(bound, library, lambda g: lstm.network(len(lstm.UNITS), k, g, scale)[0])
        cell = {lstm.N: steps, lstm.M: bound, lstm.EPSILON: scale, lstm.K: k, lstm.L: Fraction(gain)}
        return (
            "C6",
            "flag and memory in floats: gates exactly 0 and 1",
            cell,
            lstm.derivation(),
            lstm.network(hidden, k, gain, scale),
        )
    gain = least_gain(bound, library, lambda g: gru.network("gru", len(gru.UNITS), k, g, scale)[0])
    unit = {gru.N: steps, gru.M: bound, gru.EPSILON: scale, gru.K: k, gru.L: Fraction(gain)}
    made = gru.network(architecture, hidden, k, gain, scale)
    return "C7", "flag and memory in floats: gates exactly 0 and 1", unit, gru.derivation(), made


def _reached(derivation: Derivation, parameters: Mapping[Symbol, Fraction], library: Library) -> Fraction:
    with Balls(8 * library.zero).working():
        return parse_rational(show_upper(derivation.enclose(parameters), STATED_DIGITS))

"""What the core tests share: Hypothesis settings, one table of points, exact random networks, a plain mpmath LSTM."""

from __future__ import annotations

import random
from fractions import Fraction

import mpmath
from flint import arb
from hypothesis import settings
from hypothesis import strategies as st

from verifier.cells import CELLS
from verifier.weights import Weights

laws = settings(deadline=None, max_examples=30, derandomize=True)
few_laws = settings(deadline=None, max_examples=15, derandomize=True)

BITS = 128
DIGITS = 90
"""Digits of the reference: far beyond BITS, so that its own error does not matter."""

_SIZES = ["1e-200", "1e-30", "1/1000", "1/3", "1", "5/2", "17", "40", "200", "1000"]
POINTS = [Fraction(0)] + [sign * Fraction(size) for size in _SIZES for sign in (1, -1)]
"""The one table of arguments; every arithmetic is run through it."""

SHORT_POINTS = [f"{float(p):g}" for p in POINTS]
"""Names of the points for test ids."""

ACTIVATIONS = ("sigmoid", "tanh", "relu", "softplus", "exp")

dyadic = st.integers(-(2**14), 2**14).map(lambda k: Fraction(k, 2**9))
"""Rationals that balls hold exactly, in [-32, 32]."""


def plain(digits: int = DIGITS):
    """A fresh mpmath context."""
    context = mpmath.MPContext()
    context.dps = digits
    return context


def plain_sigmoid(context, z):
    """1 / (1 + e^-z) as it is written."""
    return 1 / (1 + context.exp(-z))


def plain_tanh(context, z):
    """(e^2z - 1) / (e^2z + 1) through expm1."""
    double = context.expm1(2 * z)
    return double / (double + 2)


def plain_softplus(context, z):
    """ln(1 + e^z) as it is written, with digits for the 1."""
    with context.workdps(2 * context.dps + 500):
        return +context.log(1 + context.exp(z))


def plain_number(context, value):
    """A rational in a context."""
    return context.mpf(value.numerator) / value.denominator


def plain_function(context, name, z):
    """One activation from scratch."""
    if name == "relu":
        return z if z > 0 else context.zero
    return {"sigmoid": plain_sigmoid, "tanh": plain_tanh, "softplus": plain_softplus, "exp": lambda c, v: c.e**v}[name](context, z)


def plain_lstm(weights: Weights, inputs, digits: int = DIGITS, start=None):
    """[(y, h, c), ...] after each input: the LSTM from scratch, entry by entry, from a start state {"h": .., "c": ..}."""
    context = plain(digits)
    d = weights.hidden

    def number(name, *index):
        return plain_number(context, weights[name][index])

    state = start or {name: [plain_number(context, weights[f"{name}_0"][k,]) for k in range(d)] for name in ("h", "c")}
    h, c = list(state["h"]), list(state["c"])
    found = []
    for x in inputs:
        x = plain_number(context, x) if isinstance(x, Fraction) else x
        z = {
            gate: [
                sum((number(f"W_{gate}", j, k) * h[k] for k in range(d)), context.zero)
                + number(f"U_{gate}", j) * x
                + number(f"b_{gate}", j)
                for j in range(d)
            ]
            for gate in "fiog"
        }
        c = [
            plain_sigmoid(context, z["f"][j]) * c[j] + plain_sigmoid(context, z["i"][j]) * plain_tanh(context, z["g"][j])
            for j in range(d)
        ]
        h = [plain_sigmoid(context, z["o"][j]) * plain_tanh(context, c[j]) for j in range(d)]
        y = sum((number("V", j) * h[j] for j in range(d)), number("v0"))
        found.append((y, h, c))
    return found


def plain_error(weights: Weights, inputs, digits: int = DIGITS):
    """|y_n - x_1| by `plain_lstm`."""
    inputs = list(inputs)
    y = plain_lstm(weights, inputs, digits)[-1][0]
    return abs(y - plain_number(plain(digits), inputs[0]))


def to_fraction(value) -> Fraction:
    """The exact rational of an mpf."""
    sign, mantissa, exponent, _ = value._mpf_
    return (-1) ** sign * Fraction(int(mantissa)) * Fraction(2) ** exponent


def point_fraction(point: arb) -> Fraction:
    """The rational of an exact ball."""
    mantissa, exponent = point.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def upper_end(ball: arb) -> Fraction:
    """The upper end of a ball, exactly, at whatever precision."""
    return point_fraction(ball.mid()) + point_fraction(ball.rad())


def lower_end(ball: arb) -> Fraction:
    """The lower end of a ball, exactly, at whatever precision."""
    return point_fraction(ball.mid()) - point_fraction(ball.rad())


def encloses(ball: arb, value, digits: int = DIGITS - 15) -> bool:
    """Whether a ball contains a reference value whose relative error is below 10^-digits."""
    exact = value if isinstance(value, Fraction) else to_fraction(value)
    slack = Fraction(0) if isinstance(value, Fraction) else abs(exact) / 10**digits
    return ball.is_finite() and lower_end(ball) <= exact + slack and exact - slack <= upper_end(ball)


def is_sharp(ball: arb, bits: int = BITS, lost: int = 10) -> bool:
    """Whether a ball has at least `bits - lost` correct bits, relatively; 0 only as exact zero."""
    width = upper_end(ball) - lower_end(ball)
    return width <= max(abs(upper_end(ball)), abs(lower_end(ball))) / 2 ** (bits - lost)


def random_weights(seed: int, hidden: int, size: int = 2, density: float = 1.0, initial: bool = True) -> Weights:
    """LSTM weights with rational entries in [-size, size] over denominators up to 7."""
    generator = random.Random(seed)
    blocks: dict[str, dict[tuple[int, ...], Fraction]] = {}
    for name, shape in CELLS["lstm"].block_shapes(hidden).items():
        if not initial and name in ("h_0", "c_0"):
            continue
        indices = [()]
        for length in shape:
            indices = [(*index, k) for index in indices for k in range(length)]
        blocks[name] = {}
        for index in indices:
            if generator.random() < density:
                q = generator.randint(1, 7)
                blocks[name][index] = Fraction(generator.randint(-size * q, size * q), q)
    return Weights("lstm", hidden, blocks)


def random_inputs(seed: int, n: int, bound: Fraction = Fraction(1)) -> list[Fraction]:
    """n rationals in [-bound, bound]."""
    generator = random.Random(seed)
    return [bound * Fraction(generator.randint(-64, 64), 64) for _ in range(n)]


def flag_and_memory(k, gain, scale, hidden: int = 2, **changes) -> Weights:
    """A net of the C6 kind, written out here so that the verifier's tests do not lean on the construction."""
    blocks = {
        "b_f": {(0,): -k, (1,): k},
        "b_i": {(0,): k, (1,): k},
        "b_g": {(0,): k},
        "b_o": {(0,): k, (1,): k},
        "W_i": {(1, 0): -gain},
        "U_g": {(1,): scale},
        "V": {(1,): 1 / Fraction(scale)},
    }
    for name, entries in changes.items():
        blocks[name] = {**blocks.get(name, {}), **entries}
    return Weights("lstm", hidden, blocks)

"""Numbers of a certificate as LaTeX: decimals rounded outward, enclosures of activations, sequences."""

from __future__ import annotations

from fractions import Fraction

from flint import arb

from proofs.sheet.notation import LONGEST_TEXT, number, rational, shortened
from verifier.arithmetic.balls import ONE, exact_fraction, show_lower, show_upper
from verifier.arithmetic.enclosures import Interval
from verifier.sequences import Runs
from verifier.summary import LONGEST_NUMBER, rational_text

ENCLOSURE_DIGITS = 3
"""Significant digits of the ends of an enclosure."""

NEAR_ONE = arb(1) / 100
"""Closer to ±1 than this, the distance from it is shown."""

HALF = arb("0.5")
"""σ(0): a sigmoid unit near it is shown by its distance from it."""

MOST_RUNS = 4
"""Runs of a sequence that are written out."""


def stated(value: str) -> str:
    """LaTeX of a number of `verifier.summary.numbers`: a decimal, an exact rational, a bracket, 1 - a decimal, or a dash."""
    if value == "-":
        return r"\text{--}"
    if value.endswith("..."):
        return stated(value[:-3]) + r"\ldots"
    if " .. " in value:
        low, high = value.split(" .. ")
        return rf"{stated(low)} \,\ldots\, {stated(high)}"
    if value.startswith(("1 - ", "1 + ")):
        return value[:4] + number(value[4:])
    if "/" in value:
        return rational(Fraction(value))
    return number(value)


def at_most(value: Fraction) -> str:
    """LaTeX of an upper bound: the rational itself if that is short, else rounded up.

    >>> at_most(Fraction(1, 10**200)), at_most(1 - Fraction(1, 2**999))
    ('10^{-200}', '1 - 1.86652\\\\cdot 10^{-301}')
    """
    text = rational(value)
    if len(text) <= LONGEST_TEXT:
        return text
    return stated(rational_text(value, up=True))


def at_least(value: Fraction) -> str:
    """LaTeX of a lower bound: the rational itself if that is short, else rounded down.

    >>> at_least(Fraction(1, 32)), at_least(Fraction(1, 3) ** 60)
    ('0.03125', '2.35898\\\\cdot 10^{-29}')
    """
    text = rational(value)
    return text if len(text) <= LONGEST_TEXT else stated(rational_text(value, up=False))


weight = shortened
"""LaTeX of an exact weight in full, or its first digits and dots where it is long."""


def enclosure(value: Interval) -> str:
    """LaTeX of an interval: both ends rounded outward; next to ±1 the distance from it; one number where both ends are one.

    >>> enclosure(Interval(arb(0))), enclosure(Interval(arb(1) / 3)), enclosure(Interval(arb(-1), arb(1)))
    ('0', '[0.333,\\\\,0.334]', '[-1,\\\\,1]')
    """
    if value.lower.is_exact() and value.upper.is_exact() and bool(value.lower == value.upper):
        return _interval(Interval(value.lower))
    point = Interval(ONE)
    for sign, gap in (("1 - {}", point - value), ("-1 + {}", point + value)):
        if gap.upper < NEAR_ONE and gap.upper.upper() > 0:
            if gap.lower > 0:
                return sign.format(_interval(gap))
            if gap.lower > -NEAR_ONE:
                return sign.format(rf"[0,\,{number(show_upper(gap.upper, ENCLOSURE_DIGITS))}]")
    rest = value - Interval(HALF)
    if rest.largest_modulus() < NEAR_ONE and not rest.is_point:
        return rf"\tfrac12 + {_interval(rest)}"
    return _interval(value)


def _interval(value: Interval) -> str:
    low, high = show_lower(value.lower, ENCLOSURE_DIGITS), show_upper(value.upper, ENCLOSURE_DIGITS)
    if value.is_point and value.lower.is_exact():
        point = exact_fraction(value.lower)
        if low == high or len(rational(point)) <= LONGEST_NUMBER:
            return rational(point)
    first, _, power = low.partition("e")
    second, _, other = high.partition("e")
    if power and power == other:
        return rf"[{first},\,{second}]\cdot 10^{{{power}}}"
    return rf"[{number(low)},\,{number(high)}]"


def sequence(runs: Runs) -> str:
    """LaTeX of an input sequence; long ones are cut with their length stated."""
    parts = []
    for value, count in runs[:MOST_RUNS]:
        one = weight(value)
        if count <= 3:
            parts += [one] * count
        else:
            parts.append(rf"\underbrace{{{one}, \dots, {one}}}_{{{count}}}")
    if len(runs) > MOST_RUNS:
        parts.append(r"\dots")
    return "(" + ",\\, ".join(parts) + ")"

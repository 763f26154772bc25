"""Weights, certificates and answers as notebooks show them: matrices in LaTeX, numbers and verdict in HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from html import escape

from verifier.arithmetic.balls import Balls, show_lower, show_upper
from verifier.certify import Certificate
from verifier.copying import CopyCertificate
from verifier.gates import live_units
from verifier.regime import Regime
from verifier.summary import DIGITS, numbers, short
from verifier.verdict import Verdict
from verifier.weights import Weights

LARGEST_SHOWN = 8
"""Live units up to which whole matrices are shown; of more, the first ones and the last."""

FIRST_SHOWN = 3
"""Of many units, the first that are shown."""

SHORTEST_POWER = 6
"""Digits from which on a power of two is shown as one."""


def weights_latex(weights: Weights, title: str = "") -> str:
    """The nonzero blocks on the live units as matrices below a title, $$ ... $$; rows and columns not shown are 0."""
    units = live_units(weights)
    many = len(units) > LARGEST_SHOWN
    shown = [*units[:FIRST_SHOWN], units[-1]] if many else units
    rows = [rf"&\text{{{_words(title)}}}"] if title else []
    for name, array in weights.blocks().items():
        if not len(array):
            continue
        shape = [[(unit, other) for other in shown] if len(array.shape) == 2 else [(unit,)] for unit in shown]
        entries = [[_entry(array[place]) for place in row] for row in (shape if array.shape else [[()]])]
        if many and array.shape:
            entries = _with_dots(entries)
        rows.append(rf"{_block_name(name)} &= \left[\begin{{matrix}}{_matrix(entries)}\end{{matrix}}\right]")
    names = ", ".join(weights.unit_name(unit) for unit in shown[:-1]) + (", ..., " if many else ", " if len(shown) > 1 else "")
    what = f"unit{'s' if len(units) > 1 else ''} {names}{weights.unit_name(units[-1])}" if units else "no unit"
    of = f" ({len(units)} of {weights.hidden} units)" if many else ""
    rows.append(rf"&\text{{{_words(what + of)}; all other weights of the {weights.hidden} units are 0}}")
    return r"$$\begin{aligned}" + r" \\ ".join(rows) + r"\end{aligned}$$"


def _matrix(entries: Sequence[Sequence[str]]) -> str:
    return r"\\".join(" & ".join(row) for row in entries)


def _with_dots(entries: list[list[str]]) -> list[list[str]]:
    """Dots before the last row, and before the last column of a matrix."""
    rows = [[*row[:-1], r"\cdots", row[-1]] if len(row) > 1 else row for row in entries]
    dots = [r"\ddots" if entry == r"\cdots" else r"\vdots" for entry in rows[-1]]
    return [*rows[:-1], dots, rows[-1]]


def _entry(value: Fraction) -> str:
    """LaTeX of an exact number: powers of ten and two as such, a long one by its first digits and dots.

    >>> _entry(Fraction(1, 10**100)), _entry(Fraction(-(2**78))), _entry(Fraction(-3, 2)), _entry(Fraction(3, 2**90) + 2)
    ('10^{-100}', '-2^{78}', '-1.5', '2\\\\ldots')
    """
    if not value:
        return "0"
    size, sign = abs(value), "-" if value < 0 else ""
    top, bottom = (part.bit_length() - 1 for part in (size.numerator, size.denominator))
    if size == Fraction(2**top, 2**bottom) and 0 in (top, bottom) and len(str(2 ** (top + bottom))) >= SHORTEST_POWER:
        return f"{sign}2^{{{top - bottom}}}"
    text = short(value)
    digits, _, power = text.removesuffix("...").partition("e")
    end = r"\ldots" if text.endswith("...") else ""
    if "/" in digits:
        return rf"{sign}\frac{{{size.numerator}}}{{{size.denominator}}}"
    if not power:
        return digits + end
    return f"{sign}10^{{{power}}}" if digits.lstrip("-") == "1" and not end else rf"{digits}{end} \cdot 10^{{{power}}}"


def _words(text: str) -> str:
    """Words inside LaTeX's text."""
    return re.sub(r"([_^%&#$])", r"\\\1", text)


def _block_name(name: str) -> str:
    letter, _, index = name.partition("_")
    if index:
        return f"{letter}_{{{index}}}"
    return {"v0": "v_0"}.get(name, name if len(name) == 1 else rf"\mathrm{{{name}}}")


def no_weights_html(regime: Regime, told: str, best: str = "") -> str:
    """A question without weights, and why, for notebooks; `best` is the title of the closest construction."""
    closest = f"<p>closest construction: {escape(best)}</p>" if best else ""
    question = f"<p>{escape(regime.asked())}</p>"
    return f"{question}<p>{escape(told)}</p>{closest}"


def copy_certificate_html(certificate: CopyCertificate) -> str:
    """Question, verdict, the attained and the proved error of a copy, rounded outward."""
    task = certificate.task
    with Balls(certificate.working_bits).working():
        attained, proved = show_lower(certificate.attained.error, DIGITS), show_upper(certificate.bound.upper, DIGITS)
    rows = (("attained", attained, certificate.attained.family), ("at most", proved, certificate.bound.method))
    return _decided_html(
        task.asked(),
        certificate.verdict,
        "",
        certificate.reason,
        rows,
        certificate.weights,
    )


def certificate_html(certificate: Certificate) -> str:
    """Question, verdict and the four numbers, rounded outward."""
    regime = certificate.regime
    with Balls(certificate.working_bits).working():
        rows = numbers(certificate)
    theorem = "" if certificate.theorem is None else f" (theorem {certificate.theorem})"
    return _decided_html(regime.asked(), certificate.verdict, theorem, certificate.reason, rows, certificate.weights)


def _decided_html(
    question: str, verdict: Verdict, theorem: str, reason: str, rows: Iterable[tuple[str, str, str]], weights: Weights
) -> str:
    """A question with its verdict, the reason if there is one, (name, number, where from) rows and the hash of the weights."""
    lines = "".join(
        f"<tr><td>{escape(name)}</td><td style='text-align:right'>{escape(value)}</td><td>{escape(where)}</td></tr>"
        for name, value, where in rows
    )
    told = f"<p>{escape(reason)}</p>" if reason else ""
    return (
        f"<p>{escape(question)}</p><p><strong>{verdict.value}</strong>{escape(theorem)}</p>{told}<table>{lines}</table>"
        f"<p>weights sha256 <code>{weights.sha256}</code></p>"
    )

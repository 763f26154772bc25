"""Weights and certificates as notebooks show them: matrices in LaTeX, numbers and verdict in HTML."""

from __future__ import annotations

from html import escape

import sympy

from verifier.arithmetic.balls import Balls
from verifier.certify import Certificate
from verifier.gates import live_units
from verifier.summary import numbers
from verifier.weights import Weights

LARGEST_SHOWN = 8
"""Live units up to which whole matrices are shown; of more, their number."""


def weights_latex(weights: Weights) -> str:
    """The nonzero blocks on the live units as matrices, $$ ... $$; rows and columns not shown are 0."""
    units = live_units(weights)
    if len(units) > LARGEST_SHOWN:
        return rf"$$\text{{{weights.cell}: {len(units)} of {weights.hidden} units with nonzero weights}}$$"
    rows = []
    for name, array in weights.blocks().items():
        if not len(array):
            continue
        width = len(units) if len(array.shape) == 2 else 1
        index = [[(unit, other) for other in units] if len(array.shape) == 2 else [(unit,)] for unit in units]
        places = index if array.shape else [[()]]
        entries = [[sympy.Rational(array[place].numerator, array[place].denominator) for place in row] for row in places]
        matrix = sympy.Matrix(len(places), width if array.shape else 1, [entry for row in entries for entry in row])
        rows.append(rf"{_block_name(name)} &= {sympy.latex(matrix)}")
    names = ", ".join(weights.unit_name(unit).replace("_", r"\_") for unit in units)
    rows.append(rf"&\text{{units {names}; all other weights of the {weights.hidden} units are 0}}")
    return r"$$\begin{aligned}" + r" \\ ".join(rows) + r"\end{aligned}$$"


def _block_name(name: str) -> str:
    letter, _, index = name.partition("_")
    return f"{letter}_{{{index}}}" if index else {"v0": "v_0"}.get(name, name)


def certificate_html(certificate: Certificate) -> str:
    """Question, verdict and the four numbers, rounded outward."""
    regime = certificate.regime
    with Balls(certificate.working_bits).working():
        columns = numbers(certificate)
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td style='text-align:right'>{escape(value)}</td><td>{escape(where)}</td></tr>"
        for name, value, where in columns
    )
    reason = f"<p>{escape(certificate.reason)}</p>" if certificate.reason else ""
    theorem = "" if certificate.symbolic is None else f" (theorem {escape(certificate.symbolic.theorem)})"
    return (
        f"<p>{escape(regime.architecture)}, {regime.hidden} hidden units: {escape(regime.describe())}</p>"
        f"<p><strong>{certificate.verdict.value}</strong>{theorem}</p>{reason}<table>{rows}</table>"
        f"<p>weights sha256 <code>{certificate.weights.sha256}</code></p>"
    )

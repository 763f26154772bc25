"""The question of a regime: words, formula, the cell's equations in the question's notation, the command that asks it."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

from proofs.sheet.document import Block, Cite, Display, Line, Math, Paragraph, Text
from proofs.sheet.notation import formula, prose, rational, shortened
from proofs.sheet.numbers import at_most
from verifier.cells import CELLS, Cell
from verifier.exact import show_rational
from verifier.regime import DEFAULT_HIDDEN, Regime

DEFAULT_N = 1000
"""The horizon that the command line asks for where none is given."""

QUESTION_NAMES = {"lstm": "The question writes W_c and b_c for W_g and b_g."}
"""Where the cell's letters are not those of the question."""


def condition(regime: Regime) -> str:
    """The request as one formula: |y - x_1| <= tolerance (a long one rounded up), when, and for which inputs.

    >>> condition(Regime("relu", 5, Fraction(1), Fraction(0), "fixed", "reals"))
    'y_{5} = x_1 \\\\quad\\\\text{for all } x_1, \\\\dots, x_{5} \\\\in \\\\mathbb{R}'
    """
    claim, *rest = (part.latex if isinstance(part, Math) else rf"\text{{{part.text}}}" for part in _condition(regime))
    return rf"{claim} \quad" + " ".join(rest).replace(r"\text{ for", r"\text{for")


def condition_line(regime: Regime) -> Line:
    """The same inside a sentence, where it may be broken."""
    return _condition(regime)


def _condition(regime: Regime) -> tuple[Math | Text, ...]:
    last = _last(regime)
    sign = "<" if regime.strict else r"\le"
    claim = rf"|y_{{{last}}} - x_1| {sign} {at_most(regime.tolerance)}" if regime.tolerance else rf"y_{{{last}}} = x_1"
    given = Math(rf"x_1, \dots, x_{{{last}}} \in {inputs(regime)}")
    if regime.horizon == "fixed":
        return (Math(claim), Text(" for all "), given)
    horizons = rf"n' \le {rational(Fraction(regime.n))}" if regime.horizon == "upto" else r"n' \ge 1"
    return (Math(claim), Text(" for every "), Math(horizons), Text(" and all "), given)


def _last(regime: Regime) -> str:
    return "n'" if regime.horizon != "fixed" else str(regime.n)


def inputs(regime: Regime) -> str:
    """The set the inputs are taken from."""
    if regime.domain == "reals":
        return r"\mathbb{R}"
    end = shortened(regime.bound)
    if regime.half_spacing is None:
        return rf"[-{end},\, {end}]"
    step = shortened(2 * regime.half_spacing)
    return rf"\{{-{end} + k\,{step} : k = 0, \dots, 2^{{{regime.bits}}} - 1\}}"


def question(regime: Regime) -> tuple[Block, ...]:
    """The question in its regime."""
    cell = CELLS[regime.architecture]
    name, _, convention = cell.title.partition(", ")
    named = f"{name} ({convention})" if convention else name
    words: Line = (
        *prose(f"A {named} with one real input per step, d = {regime.hidden} hidden units and the state s_0 = 0 reads "),
        Math(r"x_1, x_2, \dots"),
        *prose(" and puts out one number after each step, y_t = V h_t + v0. Are there weights such that "),
    )
    if words and isinstance(words[0], Text) and re.match("A (?:LSTM|RNN)", words[0].text):
        words = (Text("An" + words[0].text[1:]), *words[1:])
    source: Line = (
        *prose("This is first-input recall, asked in "),
        Cite("se46704"),
        *prose("; its binary ancestor is the latch task of Bengio, Simard & Frasconi 1994."),
    )
    exact = "Rounding the output to the nearest point of the grid then gives x_1 exactly. " if regime.strict else ""
    return (Paragraph(words), Display((condition(regime) + r"\;?",)), Paragraph((*prose(exact), *source)))


def equations(cell: Cell) -> tuple[Block, ...]:
    """The cell's equations, with the gates' matrices acting on [h_{t-1}, x_t] as in the question."""
    rows = [formula(_joined(equation)).replace("=", "&=", 1) for equation in cell.equations]
    notes = ["σ(v) = 1/(1 + e^-v), ∘ multiplies entry by entry. " if _uses(cell, "σ") else ""]
    if _uses(cell, "∘") and not _uses(cell, "σ"):
        notes = ["Here ∘ multiplies entry by entry. "]
    if any("[h_{t-1}, x_t]" in _joined(equation) for equation in cell.equations):
        several = "; so for every gate" if len(cell.gates) > 1 else ""
        gate = next(g for g in cell.gates if f"W_{g} [h_{{t-1}}, x_t]" in " ".join(map(_joined, cell.equations)))
        notes.append(f"The last column of W_{gate}, which multiplies x_t, is called U_{gate} below{several}. ")
    notes.append(QUESTION_NAMES.get(cell.name, ""))
    told = "".join(notes).strip()
    explained = (Paragraph(prose(told)),) if told else ()
    return (Display(tuple(rows)), *explained, Paragraph(prose(f"The cell: {cell.source}.")))


def _uses(cell: Cell, sign: str) -> bool:
    return any(sign in equation for equation in cell.equations)


def _joined(equation: str) -> str:
    """W h + U x as W [h, x]."""
    return re.sub(r"W_(\w) \(?((?:r_t∘)?h_\{t-1\})\)? \+ U_\1 x_t", r"W_\1 [\2, x_t]", equation)


def request(regime: Regime) -> str:
    """The command that asks this question.

    >>> request(Regime("lstm", 1000, Fraction(1), Fraction(1, 10**200)))
    'verify lstm --n 1000 --precision 200'
    """
    options: list[tuple[bool, Callable[[], str]]] = [
        (True, lambda: f"--n {regime.n}"),
        (regime.horizon != "upto", lambda: f"--horizon {regime.horizon}"),
        (regime.domain != "box", lambda: f"--domain {regime.domain}"),
        (regime.bits is not None, lambda: f"--bits {regime.bits}"),
        (regime.bound != 1, lambda: f"--bound {show_rational(regime.bound)}"),
        (regime.hidden != DEFAULT_HIDDEN, lambda: f"--hidden {regime.hidden}"),
        (not regime.strict, lambda: _accuracy(regime)),
    ]
    return " ".join([f"verify {regime.architecture}", *(text() for wanted, text in options if wanted)])


def _accuracy(regime: Regime) -> str:
    if not regime.tolerance:
        return "--exact"
    digits = show_rational(regime.tolerance / regime.bound)
    ratio = regime.bound / regime.tolerance
    power = len(str(ratio.numerator)) - 1
    if ratio == Fraction(10) ** power and power > 0:
        return f"--precision {power}"
    return f"--tolerance {digits if regime.bound == 1 else show_rational(regime.tolerance)}"

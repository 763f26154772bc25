"""From the plain notation of theorems and cells (`|y_n - x_1| <= M e^-K`, `f_t∘c_{t-1}`) to LaTeX mathematics.

`formula` reads a text that is all mathematics, `prose` finds the formulas among words, `expression` prints sympy, `number`
a decimal, `rational` an exact one. Characters without a LaTeX form raise `ValueError`.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache
from typing import Any

from pylatexenc.latexencode import UnicodeToLatexEncoder
from sympy import Expr, Rational, Symbol
from sympy.printing.latex import LatexPrinter

from proofs.sheet.bibliography import citations_in
from proofs.sheet.document import Cite, Inline, Line, Math, Refer, Text
from verifier.arithmetic.balls import Balls, show_lower, to_ball
from verifier.cells import CELLS
from verifier.exact import show_rational

SYMBOL_NAMES = {"phi": r"\varphi", "epsilon": r"\varepsilon"}
"""Greek letters as prose writes them: φ and ε."""

FUNCTIONS = {
    **{name: rf"\{name}" for name in ("tanh", "cosh", "sinh", "exp", "log", "ln", "max", "min", "sup", "inf", "det", "dim", "lim")},
    **{name: rf"\operatorname{{{name}}}" for name in ("relu", "sech", "artanh", "dist", "rank", "sgn", "diag")},
    "trdeg": r"\operatorname{tr.deg}",
    "const": r"\mathrm{const}",
}
"""Names that are functions, or a constant, in a formula."""

APPLIED = {name: rf"\operatorname{{{name}}}" for name in ("show", "keep")}
"""English words that are functions where a bracket follows."""

LONGEST_TEXT = 32
"""Characters of LaTeX up to which an exact number is printed in full."""

SHORT_DIGITS = 6
"""Digits shown of a longer one, followed by dots."""

SHORT_BITS = 64
"""Precision at which those digits are found."""

LONGEST_DECIMAL = 15
"""Decimal places up to which an exact decimal is printed without a power of ten."""

_DIRECT = {
    "∘": r"\odot ",
    "·": r"\cdot ",
    "×": r"\times ",
    "*": r"\cdot ",
    "≤": r"\le ",
    "≥": r"\ge ",
    "→": r"\to ",
    "ℝ": r"\mathbb{R}",
    "ℤ": r"\mathbb{Z}",
    "ℚ": r"\mathbb{Q}",
    "Σ": r"\sum ",
    "∏": r"\prod ",
    "φ": r"\varphi ",
    "ε": r"\varepsilon ",
    "−": "-",
    "…": r"\dots ",
    "{": r"\{",
    "}": r"\}",
    "%": r"\%",
    "&": r"\&",
    "#": r"\#",
    "$": r"\$",
    "~": r"\sim ",
    "\\": r"\backslash ",
    "⌊": r"\lfloor ",
    "⌋": r"\rfloor ",
    "⌈": r"\lceil ",
    "⌉": r"\rceil ",
    "‖": r"\|",
}
_RELATIONS = {"<=": r"\le ", ">=": r"\ge ", "->": r"\to ", "=>": r"\Rightarrow ", "!=": r"\ne ", "...": r"\dots "}
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ", "0123456789-+n", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))

_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<decimal>\d+(?:\.\d+)?e-?\d+)"
    r"|(?P<number>\d+(?:,\d{3})+|\d+(?:\.\d+)?)"
    r"|(?P<relation><=|>=|->|=>|!=|\.\.\.)"
    r"|(?P<raised>[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ]+)"
    r"|(?P<lowered>[₀₁₂₃₄₅₆₇₈₉]+)"
    r"|(?P<script>[_^])"
    r"|(?P<prime>'+)"
    r"|(?P<star>(?<=[A-Za-zα-ω])\*(?=[\s,.;:()]|\Z))"
    r"|(?P<letters>[A-Za-z]+)"
    r"|(?P<other>.)"
)
_GROUP = {"{": "}", "(": ")"}


@cache
def _encoder() -> UnicodeToLatexEncoder:
    return UnicodeToLatexEncoder(unknown_char_policy="fail", replacement_latex_protection="braces-after-macro")


@cache
def escape(text: str) -> str:
    """Words as LaTeX text: special and accented characters, Greek and signs."""
    return str(_encoder().unicode_to_latex(text))


@cache
def _symbol(character: str) -> str:
    """One character inside a formula."""
    if character in _DIRECT:
        return _DIRECT[character]
    if character.isascii():
        return character
    return re.sub(r"\\ensuremath\{(.*)\}\Z", r"\1 ", escape(character))


def formula(text: str) -> str:
    """LaTeX of a text that is all mathematics.

    >>> formula("f_t = σ(W_f h_{t-1} + b_f)"), formula("x_(t-k) <= e^-K"), formula("9.46e-201")
    ('f_{t} = \\\\sigma (W_{f} h_{t-1} + b_{f})', 'x_{t-k} \\\\le  e^{-K}', '9.46\\\\cdot 10^{-201}')
    """
    out: list[str] = []
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise ValueError(f"no LaTeX for {text[place:]!r}")
        place = found.end()
        kind, token = found.lastgroup, found.group()
        if kind == "script":
            inner, place = _script(text, place, raised=token == "^")
            out.append(f"{token}{{{inner}}}")
        elif kind == "space":
            out.append(" ")
        elif kind == "decimal":
            out.append(number(token))
        elif kind == "number":
            out.append(token.replace(",", "{,}"))
        elif kind == "relation":
            out.append(_RELATIONS[token])
        elif kind == "raised":
            out.append("^{" + "".join(_RAISED[c] for c in token) + "}")
        elif kind == "lowered":
            out.append("_{" + "".join(_LOWERED[c] for c in token) + "}")
        elif kind == "letters":
            out.append(_letters(token))
            following = _TOKEN.match(text, place)
            if len(token) == 1 and following is not None and (following.lastgroup == "number" or following.group() == "∞"):
                out.append(f"_{{{formula(following.group())}}}")
                place = following.end()
        elif kind == "star":
            out.append("^{*}")
        else:
            out.append(token if kind == "prime" else _symbol(token))
    return "".join(out).strip()


def _letters(run: str) -> str:
    if run in FUNCTIONS or run in APPLIED:
        return (FUNCTIONS.get(run) or APPLIED[run]) + " "
    return run if len(run) < 3 else rf"\mathrm{{{run}}}"


def _script(text: str, place: int, raised: bool) -> tuple[str, int]:
    """The sub- or superscript that starts at `place`, without its brackets, and where it ends."""
    minus = "-" if raised and text[place : place + 1] == "-" else ""
    place += len(minus)
    closing = _GROUP.get(text[place : place + 1])
    if closing is not None:
        depth, end = 0, place
        for end in range(place, len(text)):
            depth += (text[end] == text[place]) - (text[end] == closing)
            if depth == 0:
                break
        inner = formula(text[place + 1 : end])
        return (f"-({inner})" if minus else inner), end + 1
    found = re.compile(r"\d+|[A-Za-zα-ωΑ-Ωℓ]'*" if raised else r"\d+|[A-Za-zα-ωΑ-Ωℓ]+").match(text, place)
    if found is None:
        raise ValueError(f"nothing after _ or ^ in {text!r}")
    return minus + formula(found.group()), found.end()


def number(text: str) -> str:
    """LaTeX of a decimal such as 9.46e-201.

    >>> number("1e-20"), number("0.0329"), number("-2.5e7")
    ('10^{-20}', '0.0329', '-2.5\\\\cdot 10^{7}')
    """
    mantissa, mark, exponent = text.partition("e")
    if text in ("inf", "-inf"):
        return text.replace("inf", r"\infty")
    if not mark:
        return mantissa
    if mantissa in ("1", "-1"):
        return f"{mantissa[:-1]}10^{{{exponent}}}"
    return rf"{mantissa}\cdot 10^{{{exponent}}}"


def rational(value: Fraction) -> str:
    """LaTeX of an exact number, in full.

    >>> rational(Fraction(1, 10**100)), rational(Fraction(-2, 3)), rational(Fraction(469))
    ('10^{-100}', '-\\\\tfrac{2}{3}', '469')
    """
    text = show_rational(value)
    if "/" in text:
        above, below = text.lstrip("-").split("/")
        return ("-" if value < 0 else "") + rf"\tfrac{{{number(above)}}}{{{number(below)}}}"
    digits, mark, exponent = text.lstrip("-").partition("e-")
    if mark and int(exponent) <= LONGEST_DECIMAL and len(digits) > 1:
        padded = digits.rjust(int(exponent) + 1, "0")
        return ("-" if value < 0 else "") + f"{padded[: -int(exponent)]}.{padded[-int(exponent) :]}"
    return number(text)


def shortened(value: Fraction) -> str:
    """LaTeX of an exact number in full, or its first digits and dots where it is long.

    >>> shortened(Fraction(-1, 3)), shortened(Fraction(10**40 + 1, 3 * 10**40))
    ('-\\\\tfrac{1}{3}', '0.333333\\\\ldots')
    """
    text = rational(value)
    if len(text) <= LONGEST_TEXT:
        return text
    with Balls(SHORT_BITS).working():
        return ("-" if value < 0 else "") + number(show_lower(to_ball(abs(value)), SHORT_DIGITS)) + r"\ldots"


def unit_label(name: str) -> str:
    """The name of a unit inside a formula: a word, or a letter with an index."""
    return formula(name) if _is_math(name) else rf"\text{{{escape(name)}}}"


class _Printer(LatexPrinter):  # type: ignore[misc]
    """Round brackets that lines may break within, functions without invisible groups."""

    def _print_Function(self, expr: Any, exp: Any = None) -> str:
        name = expr.func.__name__
        head = FUNCTIONS.get(name) or {"sigmoid": r"\sigma"}.get(name) or self._hprint_Function(name)
        arguments = ", ".join(self._print(argument) for argument in expr.args)
        return head + ("" if exp is None else f"^{{{exp}}}") + f"({arguments})"

    _print_sigmoid = _print_Function
    _print_relu = _print_Function
    _print_log = _print_Function

    def _print_ExpBase(self, expr: Any, exp: Any = None) -> str:
        text = f"e^{{{self._print(expr.args[0])}}}"
        return text if exp is None else f"({text})^{{{exp}}}"


def expression(value: Expr) -> str:
    """LaTeX of a closed form, that a line may be broken in."""
    symbols = {symbol: SYMBOL_NAMES[symbol.name] for symbol in value.free_symbols if symbol.name in SYMBOL_NAMES}
    symbols |= {symbol: formula(symbol.name) for symbol in value.free_symbols if not symbol.name.isascii() or "[" in symbol.name}
    shown, long = _without_long_numbers(value)
    printer = _Printer({"symbol_names": symbols | long, "fold_short_frac": True, "long_frac_ratio": 3})
    return re.sub(r"\\(?:left|right)(?![a-z])", "", printer.doprint(shown))


def _without_long_numbers(value: Expr) -> tuple[Expr, dict[Symbol, str]]:
    """The form with a symbol for every long rational, and what to print for each: the first digits and dots.

    The names start with a space: they come first in a product, as numbers do.
    """
    exact = {number: abs(Fraction(int(number.p), int(number.q))) for number in value.atoms(Rational)}
    long = {number: size for number, size in exact.items() if len(rational(size)) > LONGEST_TEXT}
    symbols = {number: Symbol(f" {k}", positive=True) for k, number in enumerate(sorted(long))}
    replaced = value.xreplace({number: symbol if number > 0 else -symbol for number, symbol in symbols.items()})
    return replaced, {symbol: shortened(long[number]) for number, symbol in symbols.items()}


# --- formulas among words ---------------------------------------------------------------------------------------------

_THEOREM = re.compile(r"(?:[TC]\d{1,2}[a-z]?(?:-[a-z]+)?)")
_SIGNS = set("_^=<>|ℓ∘·×±×≤≥→²³⁴⁵ℝΣ∏√∞∈⌊⌋⌈⌉½¾") | {chr(c) for c in range(0x391, 0x3CA)}
_OPERATOR = re.compile(r"[+\-*/·<>≤≥]|<=|>=|=|->|\.\.\.")
_RELATION = re.compile(r"[<>=≤≥]|<=|>=")
_NEGATIVE = re.compile(r"-\d[\d./]*")
_ACCENTED = re.compile(r"[À-ÖØ-öø-ɏ]")
_INTERVAL = re.compile(r"\[-?\d[\d./]*,")
_NEUTRAL = re.compile(r"[-(\[|]*\d[\d./()\[\]|]*")
_ARTICLES = ("a", "A", "I")
_PUNCTUATION = ".,;:?!"
_QUOTES = '"“”'
_NAMES = (frozenset(CELLS) | {"s4"}) - set(FUNCTIONS)
"""Cells whose names would pass for formulas."""

_PRODUCT = re.compile(r"[a-z][A-Z]|(?!vs|st|nd|rd|th)[b-df-hj-np-tv-xz]{2}")
"""Two letters that are no English word: a product."""


def prose(text: str) -> Line:
    """Words and formulas of a text, with theorem ids linked and works cited.

    >>> prose("of C6: every n' <= n and a gate η = σ(K)")
    (Text(text='of '), Refer(theorem='C6'), Text(text=': every '), Math(latex="n' \\\\le  n"), Text(text=' and a gate '), \
Math(latex='\\\\eta  = \\\\sigma (K)'))
    """
    text = re.sub(r"(?<![\w\]})])'(\w[^']*)'(?!\w)", r"“\1”", text)
    cited = citations_in(text)
    parts: list[Inline] = []
    start = 0
    for begin, end, key in cited:
        parts += [*_formulas(text[start:begin]), Text(text[begin:end] + "\u00a0"), Cite(key)]
        start = end
    return _joined([*parts, *_formulas(text[start:])])


def _joined(parts: list[Inline]) -> Line:
    """Neighbouring pieces of text as one."""
    out: list[Inline] = []
    for part in parts:
        if isinstance(part, Text) and out and isinstance(out[-1], Text):
            out[-1] = Text(out[-1].text + part.text)
        elif not (isinstance(part, Text) and not part.text):
            out.append(part)
    return tuple(out)


def _formulas(text: str) -> list[Inline]:
    pieces = re.split(r"(\s+)", text)
    words, gaps = pieces[0::2], [*pieces[1::2], ""]
    parts: list[Inline] = []
    place = 0
    while place < len(words):
        end = _run(words, place)
        if end == place:
            parts += [*_word(words[place]), Text(gaps[place])]
            place += 1
        else:
            run = "".join(word + gap for word, gap in zip(words[place:end], gaps[place:end], strict=True))
            parts += [*_set(run.rstrip()), Text(gaps[end - 1])]
            place = end
    return parts


def _core(word: str) -> str:
    """A word without the punctuation and quotation marks around it, and without a genitive's 's."""
    return re.sub(r"(?<=[\w)])'s\Z", "", word.lstrip(_QUOTES).rstrip(_PUNCTUATION + _QUOTES))


def _is_math(word: str) -> bool:
    """Whether a word is mathematics by itself."""
    if re.fullmatch(r"[AI][.,;:]", word):
        return True  # no article stands before a stop
    core = _core(word).strip("()[]")
    if not core or core.startswith("--") or _THEOREM.fullmatch(core) or re.fullmatch(r"\([a-e]\)", word):
        return False
    if core.lower() in _NAMES or _ACCENTED.search(core):
        return False
    outside = re.sub(r"[_^]-?(?:\([^()]*\)|\{[^{}]*\})", "^", _core(word))
    runs = re.findall(r"[A-Za-z]+", outside)
    long = [run for run in runs if run not in FUNCTIONS and not _is_script(core, run) and not _PRODUCT.fullmatch(run)]
    long = [run for run in long if not (run in APPLIED and f"{run}(" in core)]
    if any(len(run) > 3 for run in long):
        return False
    if any(c in _SIGNS for c in core) or re.fullmatch(r"-?\d+(?:\.\d+)?e-?\d+", core) or _NEGATIVE.fullmatch(core):
        return True
    return bool(runs) and all(len(run) == 1 for run in long) and core not in _ARTICLES and "." not in core.replace("...", "")


def _is_script(core: str, run: str) -> bool:
    return f"_{run}" in core or f"_{{{run}" in core


def _run(words: list[str], start: int) -> int:
    """The end of the formula that starts with the word at `start`; `start` where none does.

    Numbers, dots and the articles' letters belong to it beside an operator; punctuation ends it, except a comma in brackets.
    """
    last, solid, depth = start, False, 0
    for end in range(start, len(words)):
        word = words[end]
        core = _core(word)
        before = words[end - 1] if end > start else ""
        linked = bool(before) and (_is_operator(before) or before.endswith(","))
        follows = end + 1 < len(words) and core == word and (_is_operator(words[end + 1]) or _NEUTRAL.fullmatch(core) is not None)
        if _is_operator(word):
            if end == start and not (_RELATION.fullmatch(word) and end + 1 < len(words) and _is_term(words[end + 1])):
                break
            solid = solid or end == start
        elif _is_math(word) or (_INTERVAL.fullmatch(word) and _is_interval(words, end)):
            solid, last = True, end + 1
        elif _NEUTRAL.fullmatch(core) or word.rstrip(",") == "..." or core.strip("()") in _ARTICLES:
            applied = before in FUNCTIONS and core.strip("()") in _ARTICLES
            if not linked and not applied and not (follows and (_is_operator(words[end + 1]) or _is_math(words[end + 1]))):
                break
            if linked or applied:
                last = end + 1
        else:
            break
        depth += _unbalanced(word)
        if not word.endswith(core) and word != "..." and not (depth > 0 and word.endswith(",")):
            break
    names_only = all(_core(word) in FUNCTIONS for word in words[start:last])
    return last if solid and not names_only else start


def _is_operator(word: str) -> bool:
    return _OPERATOR.fullmatch(word) is not None


def _is_term(word: str) -> bool:
    """Whether a word can stand on the right of a relation by itself."""
    return _NEUTRAL.fullmatch(_core(word)) is not None or _is_math(word)


def _is_interval(words: list[str], start: int) -> bool:
    """Whether the word at `start` opens an interval of two numbers."""
    return start + 1 < len(words) and re.match(r"-?\d[\d./]*\]", words[start + 1]) is not None


def _set(run: str) -> list[Inline]:
    """A formula, with the punctuation, quotation marks and brackets that belong to the sentence around it as words."""
    before = after = ""
    while run[:1] in tuple(_QUOTES) or (run[:1] in ("(", "[") and _unbalanced(run) > 0):
        run, before = run[1:], before + run[0]
    while run and not run.endswith("..."):
        if run.endswith("'s"):
            run, after = run[:-2], "'s" + after
        elif run[-1] in _PUNCTUATION + _QUOTES or (run[-1] in ")]" and _unbalanced(run) < 0):
            run, after = run[:-1], run[-1] + after
        else:
            break
    if not run:
        return [Text(before + after)]
    opening = run.rfind(" (")
    if opening > 0 and _unbalanced(run[opening:]) > 0:
        return [Text(before), *_set(run[:opening]), Text(" ("), *_set(run[opening + 2 :] + after)]
    return [Text(before), Math(formula(run)), Text(after)]


def _unbalanced(run: str) -> int:
    return sum(run.count(c) for c in "([{") - sum(run.count(c) for c in ")]}")


def _word(word: str) -> list[Inline]:
    """A word that is not mathematics, with a theorem's id or a leading variable (t-fold, x's) set as such."""
    found = _THEOREM.search(word)
    if found is not None and not re.search(r"\w", word[: found.start()][-1:] + word[found.end() :][:1]):
        return [Text(word[: found.start()]), Refer(found.group()), Text(word[found.end() :])]
    found = re.fullmatch(r"(\(?)([A-Za-z])('s|-[a-z]{3,})(\W*)", word)
    if found is not None and found[2] not in _ARTICLES:
        return [Text(found[1]), Math(found[2]), Text(found[3] + found[4])]
    if re.fullmatch(r"[+\-],|·,?", word):
        return [Math(formula(word[0])), Text(word[1:])]
    return [Text(word.replace("<=", "≤").replace(">=", "≥"))]

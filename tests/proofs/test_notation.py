"""From plain notation to LaTeX: formulas among words, closed forms, numbers."""

import re
from fractions import Fraction

import pytest
import sympy

from proofs.sheet.bibliography import entries, named, names_works
from proofs.sheet.document import Cite, Math, Refer, Text
from proofs.sheet.notation import escape, expression, formula, number, prose, rational
from proofs.theorems import THEOREMS
from verifier.arithmetic.symbols import sigmoid
from verifier.cells import CELLS

UNLISTED = {"Lambert 1761"}
"""Works that are named without an entry."""


def shown(text):
    """The line as text, formulas between brackets."""
    marks = {
        Text: lambda p: p.text,
        Math: lambda p: f"⟦{p.latex}⟧",
        Refer: lambda p: f"«{p.theorem}»",
        Cite: lambda p: f"[{p.key}]",
    }
    return "".join(marks[type(part)](part) for part in prose(text))


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("h_{t-1}", "h_{t-1}"),
        ("x_(t-k)", "x_{t-k}"),
        ("λ^-(n-1)", r"\lambda ^{-(n-1)}"),
        ("e^-K", "e^{-K}"),
        ("v_t²", "v_{t}^{2}"),
        ("A_RP", "A_{RP}"),
        ("y_{n'} <= v0", r"y_{n'} \le  v_{0}"),
        ("c* = 1/2", "c^{*} = 1/2"),
        ("2*x", r"2\cdot x"),
        ("f_t∘c_{t-1}", r"f_{t}\odot c_{t-1}"),
        ("relu(x)", r"\operatorname{relu} (x)"),
        ("1e-20", "10^{-20}"),
        ("a % b", r"a \% b"),
        ("2^(emin-p)", r"2^{\mathrm{emin}-p}"),
        ("f∞(x)", r"f_{\infty}(x)"),
        ("n*(2)", "n^{*}(2)"),
        ("n×n", r"n\times n"),
        ("Γ keep(κw)", r"\Gamma  \operatorname{keep} (\kappa w)"),
    ],
)
def test_formula(text, latex):
    assert formula(text) == latex


def test_a_dangling_index_is_refused():
    with pytest.raises(ValueError, match="nothing after"):
        formula("x_")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a gate is a function of A and I", "a gate is a function of A and I"),
        ("at every n' <= n, and so on", r"at every ⟦n' \le  n⟧, and so on"),
        ("(n = D is possible: C10)", "(⟦n = D⟧ is possible: «C10»)"),
        ("for n > D (n = D is possible)", "for ⟦n > D⟧ (⟦n = D⟧ is possible)"),
        ("x in [-M, M]^n: then", "⟦x⟧ in ⟦[-M, M]^{n}⟧: then"),
        ("x_1's threshold", "⟦x_{1}⟧'s threshold"),
        ("the t-fold tanh of x_1", "the ⟦t⟧-fold tanh of ⟦x_{1}⟧"),
        ("|y_n - x_1| <= M", r"⟦|y_{n} - x_{1}| \le  M⟧"),
        ("with x_2 = ... = x_t = M the step", r"with ⟦x_{2} = \dots  = x_{t} = M⟧ the step"),
        ("3 steps and 17 units", "3 steps and 17 units"),
        ("tanh increases", "tanh increases"),
        ("tanh z <= z", r"⟦\tanh  z \le  z⟧"),
        ("false variant: 'n >= D' fails", r"false variant: “⟦n \ge  D⟧” fails"),
        ("within 1e-20 of x_1", "within ⟦10^{-20}⟧ of ⟦x_{1}⟧"),
        ("(Li, Han, E & Li 2021)", "(Li, Han, E & Li 2021\u00a0[li2021curse])"),
        ("Elman 1990 and T8", "Elman 1990\u00a0[elman1990finding] and «T8»"),
        ("x_1 - y_n <= bound", "⟦x_{1} - y_{n}⟧ ≤ bound"),
        ("an absolute 2^(emin-p).", r"an absolute ⟦2^{\mathrm{emin}-p}⟧."),
        ("it lies in [-1, 1] always", "it lies in ⟦[-1, 1]⟧ always"),
        ("lifts it from -1 to 0", "lifts it from ⟦-1⟧ to 0"),
        ("coefficients of modulus < 1", "coefficients of modulus ⟦< 1⟧"),
        ("A' commutes with A.", "⟦A'⟧ commutes with ⟦A⟧."),
        ("the input (±1, 0, ..., 0) leaves", r"the input ⟦(\pm 1, 0, \dots , 0)⟧ leaves"),
        ("for s4d or s5", "for s4d or s5"),
        ("units keep x_1 and show(T) each", r"units keep ⟦x_{1}⟧ and ⟦\operatorname{show} (T)⟧ each"),
        ("on N = 2 ... 64", r"on ⟦N = 2 \dots  64⟧"),
        ("y_n = const + g_k", r"⟦y_{n} = \mathrm{const}  + g_{k}⟧"),
        ("+, -, · are exact", r"⟦+⟧, ⟦-⟧, ⟦\cdot⟧ are exact"),
    ],
)
def test_prose(text, expected):
    assert shown(text) == expected


UNSET = re.compile(r"[_^|=*{}<>±·∞α-ωΑ-Ω]|\d-\d")
"""What is mathematics and was not set as such; a ≤ may stand between words."""


@pytest.mark.parametrize("name", THEOREMS)
def test_every_theorem_can_be_set(name):
    theorem = THEOREMS[name]
    texts = [theorem.title, theorem.statement, *theorem.hypotheses, theorem.source, *theorem.argument, *(theorem.checks or {})]
    if theorem.derivation is not None:
        made = theorem.derivation()
        texts += [text for step in made.steps for text in (step.text, step.name)]
        texts += [made.statement, *(hypothesis.text for hypothesis in made.hypotheses)]
        assert expression(made.bound)
    for text in dict.fromkeys(texts):
        line = prose(text)
        left = "".join(part.text if isinstance(part, Text) else " " for part in line)
        assert not UNSET.search(left), (UNSET.search(left), text)
        for part in line:
            if isinstance(part, Math):
                assert part.latex.count("{") == part.latex.count("}"), text


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_can_be_set(name):
    for equation in CELLS[name].equations:
        assert formula(equation)
    assert prose(CELLS[name].source)


def test_a_character_without_latex_is_refused():
    with pytest.raises(ValueError, match=r"[Cc]haracter"):
        escape("\U00013000")


def test_expressions_break_and_keep_greek():
    k, phi = sympy.Symbol("K"), sympy.Symbol("phi")
    text = expression(phi * sympy.tanh(phi + k) ** 2 + sigmoid(k))
    assert r"\varphi" in text
    assert r"\left" not in text
    assert r"\tanh^{2}(" in text
    assert r"\sigma(K)" in text


def test_numbers():
    assert [number(t) for t in ("1e-20", "9.5e3", "inf", "-1e7")] == ["10^{-20}", r"9.5\cdot 10^{3}", r"\infty", "-10^{7}"]
    assert rational(Fraction(969482421875, 10**12)) == "0.969482421875"
    assert rational(Fraction(-1, 3)) == r"-\tfrac{1}{3}"
    assert rational(Fraction(1, 10**40)) == "10^{-40}"


REQUIRED = (
    "Elman 1990",
    "Bengio, Simard & Frasconi 1994",
    "Hochreiter & Schmidhuber 1997",
    "Cho et al. 2014",
    "Le, Jaitly & Hinton 2015",
    "Henaff, Szlam & LeCun 2016",
    "Weiss, Goldberg & Yahav 2018",
    "Ax 1971",
    "Borsuk 1933",
    "Gu & Dao 2023",
    "Feng et al. 2024",
    "François, Orvieto & Bach 2025",
)


@pytest.mark.parametrize("work", REQUIRED)
def test_the_works_to_credit_have_entries(work):
    assert named(work) in entries()


def test_every_named_work_has_an_entry():
    sources = [theorem.source for theorem in THEOREMS.values()] + [cell.source for cell in CELLS.values()]
    unknown = {work for source in sources for work in names_works(source) if named(work) is None}
    assert unknown <= UNLISTED


def test_a_work_of_another_year_is_not_cited():
    assert named("Elman 1991") is None
    assert shown("Elman 1991") == "Elman 1991"


def test_entries_are_whole():
    for entry in entries().values():
        assert entry.bibtex.count("{") == entry.bibtex.count("}")
        assert entry.key == "se46704" or (entry.surname and entry.year), entry.key

"""Every kind of step: a true example that is proved, and false variants that are not."""

import itertools
import random
from dataclasses import fields, replace
from fractions import Fraction

import pytest
import sympy
from core_cases import few_laws, flag_and_memory, laws
from hypothesis import given
from hypothesis import strategies as st
from sympy import Integer, Rational, Symbol, tanh

from constructions.lstm import EPSILON, K, L, M, N, derivation
from verifier.arithmetic.balls import Balls, lower_fraction, upper_fraction
from verifier.arithmetic.symbols import evaluate, sigmoid
from verifier.inequality import (
    ALL,
    AT_LEAST_ONE,
    NONNEGATIVE,
    SYMMETRIC_UNIT,
    UNIT,
    Assumed,
    AtMost,
    Atom,
    CellEquations,
    Chain,
    Context,
    Derivation,
    Growth,
    Hypothesis,
    Identity,
    Increasing,
    Induction,
    Instance,
    Relation,
    Step,
    UpToTheEnd,
    check_identity,
    check_nonnegative,
    range_of,
    unfold,
)
from verifier.verdict import Verdict

PROVED, REFUTED, UNDECIDED = Verdict.PROVED, Verdict.REFUTED, Verdict.UNDECIDED
INFINITY = float("inf")

x, y, z, w, s, r, d, e = sympy.symbols("x y z w s r d e", real=True)
q = Symbol("q", real=True)
slack = Symbol("slack", real=True)
n = Symbol("n", integer=True, positive=True)
half, third = Rational(1, 2), Rational(1, 3)
zero, one = Integer(0), Integer(1)

RANGES = {x: NONNEGATIVE, y: ALL, z: NONNEGATIVE, w: UNIT, s: ALL, r: SYMMETRIC_UNIT, q: UNIT, n: AT_LEAST_ONE}


def context(proved=None, definitions=None, hypotheses=(), **ranges):
    named = {symbol.name: symbol for symbol in RANGES}
    changed = {**RANGES, **{named[name]: value for name, value in ranges.items()}}
    return Context(changed, definitions or {}, proved or {}, hypotheses)


def build(kind, *arguments, **fields):
    return kind("name", "text", *arguments, **fields)


# --- signs of polynomials ---------------------------------------------------------------------------------------------

BOX = {x: (Fraction(0), Fraction(1)), y: (Fraction(-1), Fraction(2)), z: NONNEGATIVE}


@pytest.mark.parametrize(
    "polynomial",
    [
        zero,
        one,
        x,
        1 - x,
        y + 1,
        z,
        x * z + z**2,
        (x - half) ** 2,
        (x - third) ** 2 * x,
        (x - third) ** 2 * (x - Rational(2, 3)) ** 4,
        (y - 1) ** 2,
        x * (1 - x) * (2 - y),
        z * (1 - x) + x,
        x**7 - x**8,
    ],
)
def test_nonnegative_polynomials(polynomial):
    assert check_nonnegative(sympy.expand(polynomial), BOX) is PROVED


@pytest.mark.parametrize(
    "polynomial",
    [
        -one,
        x - Rational(1, 10**30),
        -x,
        Rational(999, 1000) - x,
        y + Rational(99, 100),
        (x - half) ** 2 - Rational(1, 10**12),
        (x - third) ** 3 * x,
        (x - third) ** 2 * (x - Rational(2, 3)) ** 3,
        (y - 1) ** 3,
        z - z**2,
        -z,
        x - z,
        (x + y) ** 2 - Rational(1, 100),
        x**8 - x**7,
        (z - 5) ** 2 - 1,
        -((x - third) ** 2),
    ],
)
def test_polynomials_that_are_negative_somewhere(polynomial):
    assert check_nonnegative(sympy.expand(polynomial), BOX) is not PROVED


def test_every_variable_is_halved():
    """Halving x alone never decides this one, however deep."""
    assert check_nonnegative(sympy.expand((x + y) ** 2 + half), BOX) is PROVED


@pytest.mark.parametrize("polynomial", [1 / z, tanh(x), w**n * x, x / (1 + x), sigmoid(x)])
def test_what_is_not_a_polynomial_is_undecided(polynomial):
    assert check_nonnegative(polynomial, {**BOX, w: UNIT, n: AT_LEAST_ONE}) is UNDECIDED


def test_unbounded_below_is_undecided_and_a_missing_range_an_error():
    assert check_nonnegative(s**2, {s: ALL}) is UNDECIDED
    with pytest.raises(KeyError):
        check_nonnegative(x * w, BOX)


@laws
@given(st.integers(0, 10**6), st.integers(1, 2), st.sampled_from([-1, 0, 1]))
def test_verdicts_on_random_polynomials(seed, variables, shift):
    """PROVED: no rational sample is negative. Far enough above all of |p| everything is PROVED, far below REFUTED."""
    generator = random.Random(seed)
    symbols = [x, y][:variables]
    box = {}
    for symbol in symbols:
        low = Fraction(generator.randint(-4, 2), 2)
        box[symbol] = (low, INFINITY if generator.random() < 0.2 else low + Fraction(generator.randint(0, 6), 2))
    terms = [
        (Rational(generator.randint(-6, 6), 3), [generator.randint(0, 2) for _ in symbols]) for _ in range(generator.randint(1, 4))
    ]
    polynomial = sum((c * sympy.prod(g**p for g, p in zip(symbols, powers, strict=True)) for c, powers in terms), zero)
    if shift:
        polynomial = sympy.expand(polynomial**2 + Rational(shift, 10))
    verdict = check_nonnegative(polynomial, box)
    grid = [[low + (8 if high == INFINITY else high - low) * Fraction(k, 12) for k in range(13)] for low, high in box.values()]
    least = min(polynomial.subs(dict(zip(symbols, map(_rational, point), strict=True))) for point in itertools.product(*grid))
    if verdict is PROVED:
        assert least >= 0
    if least < 0:
        assert verdict is not PROVED
    if all(high != INFINITY for _, high in box.values()):
        # |x|, |y| <= 5, at most 10 terms before squaring
        assert check_nonnegative(polynomial - 10**8, box) is REFUTED
        assert check_nonnegative(polynomial + 10**12, box) is PROVED


def _rational(value):
    return Rational(value.numerator, value.denominator)


@pytest.mark.parametrize(
    ("root", "power", "expected"),
    [(third, 2, PROVED), (third, 3, REFUTED), (Integer(0), 3, PROVED), (one, 2, PROVED), (-one, 3, PROVED)],
)
def test_roots_in_one_variable(root, power, expected):
    assert check_nonnegative(sympy.expand((x - root) ** power * (x**2 + 1)), {x: UNIT}) is expected


def test_irrational_double_roots_inside():
    assert check_nonnegative(sympy.expand((2 * x**2 - 1) ** 2), {x: UNIT}) is PROVED
    assert check_nonnegative(sympy.expand((2 * x**2 - 1) ** 3), {x: UNIT}) is REFUTED
    assert check_nonnegative(sympy.expand((2 * x**2 - 1) ** 2 - Rational(1, 10**20)), {x: UNIT}) is REFUTED


# --- ranges from shape ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (third, (Fraction(1, 3), Fraction(1, 3))),
        (sigmoid(y), UNIT),
        (sigmoid(x), (Fraction(1, 2), Fraction(1))),
        (sigmoid(-x), (Fraction(0), Fraction(1, 2))),
        (tanh(y), SYMMETRIC_UNIT),
        (tanh(x), UNIT),
        (tanh(-x), (Fraction(-1), Fraction(0))),
        (y**2, NONNEGATIVE),
        (r**2, UNIT),
        (r**3, SYMMETRIC_UNIT),
        (r**2 - r, (Fraction(-1), Fraction(2))),
        (w**n, UNIT),
        (1 - w, UNIT),
        (w * r, SYMMETRIC_UNIT),
        (x * y, ALL),
        (x + w, NONNEGATIVE),
        (-x, (-INFINITY, Fraction(0))),
        (r**n, ALL),
        (sympy.sin(w), ALL),
        (1 / (1 + x), UNIT),
    ],
)
def test_ranges(expression, expected):
    assert range_of(expression, RANGES) == expected


def test_range_of_inverse_powers():
    k = Symbol("k", positive=True)
    assert range_of(1 / k, {k: (Fraction(2), Fraction(4))}) == (Fraction(1, 4), Fraction(1, 2))
    assert range_of(k**-2, {k: NONNEGATIVE}) == (Fraction(0), INFINITY)
    assert range_of(1 / k, {k: (Fraction(-1), Fraction(1))}) == ALL


def random_closed_form(generator, depth):
    if depth == 0:
        return generator.choice([w, r, x, Rational(generator.randint(-4, 4), 3)])
    left = random_closed_form(generator, depth - 1)
    return {
        0: lambda: left + random_closed_form(generator, depth - 1),
        1: lambda: left * random_closed_form(generator, depth - 1),
        2: lambda: tanh(left),
        3: lambda: sigmoid(left),
        4: lambda: left ** generator.randint(1, 3),
    }[generator.randint(0, 4)]()


@few_laws
@given(st.integers(0, 10**6))
def test_random_closed_forms_stay_in_their_range(seed):
    generator = random.Random(seed)
    expression = sympy.sympify(random_closed_form(generator, 3))
    low, high = range_of(expression, RANGES)
    with Balls(96).working():
        for _ in range(5):
            point = {
                w: Fraction(generator.randint(0, 8), 8),
                r: Fraction(generator.randint(-8, 8), 8),
                x: Fraction(generator.randint(0, 40), 8),
            }
            value = evaluate(expression, point)
            assert low <= upper_fraction(value)
            assert lower_fraction(value) <= high


# --- steps: true examples ---------------------------------------------------------------------------------------------

FACTS = {
    "below": Relation(w * z, z),
    "tanh below": Relation(tanh(z), z),
    "w at most 1": Relation(w, one),
    "square": Relation(zero, y**2),
}
HYPOTHESIS = Hypothesis("w at least half", w - half)

IDENTITY = build(Identity, sigmoid(-y), 1 - sigmoid(y))
AT_MOST = build(AtMost, w * z, z)
WITH_ATOM = build(AtMost, zero, z**2 - tanh(z) * z, z * d, (Atom(d, z - tanh(z), "tanh below"),))
WITH_SHAPE = build(AtMost, tanh(y) ** 2 * z, z, z * (1 - d), (Atom(d, tanh(y) ** 2),))
SCALED = build(AtMost, zero, tanh(y) ** 2 * (2 - w), 2 - w, (), tanh(y) ** 2)
GROWTH = build(Growth, tanh(z), z, z, d**2, (Atom(d, tanh(z)),))
TO_THE_END = build(UpToTheEnd, w**2 + tanh(w), w, one, 2 * w + d, (Atom(d, 1 - tanh(w) ** 2),), "w at most 1")
INCREASING = build(Increasing, tanh, "below", FACTS["below"])
INSTANCE = build(Instance, "below", FACTS["below"], {w: q**2, z: y**2})
SUPPORTED = build(Instance, "below", FACTS["below"], {z: z - tanh(z)}, ("tanh below",))
ASSUMED = build(Assumed, half, w)
INDUCTION = build(
    Induction,
    state=s,
    index=n,
    lower=-(n - 1) * q,
    start=zero,
    successor=w * s + q * r,
    base_polynomial=None,
    base_atoms=(),
    step_polynomial=None,
    step_atoms=(),
    slack=slack,
)
CHAIN = build(
    Chain,
    (2 * tanh(z) * w, 2 * z * w, 2 * z * w + y**2),
    (("tanh below", 2 * w), ("square", one)),
    ("w at most 1",),
)
h0, c0, u = sympy.symbols("h0 c0 u", real=True)
CELL = build(
    CellEquations,
    cell="lstm",
    size=1,
    template={"U_g": {(0,): one}, "b_f": {(0,): K}, "W_i": {(0, 0): -L}, "V": {(0,): Integer(3)}, "v0": {(): half}},
    state={"h[0]": h0, "c[0]": c0},
    input=u,
    expected={
        "c[0]": sigmoid(K) * c0 + sigmoid(-L * h0) * tanh(u),
        "h[0]": half * tanh(sigmoid(K) * c0 + sigmoid(-L * h0) * tanh(u)),
        "y": Rational(3, 2) * tanh(sigmoid(K) * c0 + sigmoid(-L * h0) * tanh(u)) + half,
    },
)
TRUE = {
    "identity": IDENTITY,
    "at most": AT_MOST,
    "with atom": WITH_ATOM,
    "with shape": WITH_SHAPE,
    "scaled": SCALED,
    "growth": GROWTH,
    "to the end": TO_THE_END,
    "increasing": INCREASING,
    "instance": INSTANCE,
    "supported": SUPPORTED,
    "assumed": ASSUMED,
    "induction": INDUCTION,
    "chain": CHAIN,
    "cell": CELL,
}


def check(step, **changes):
    fields = {"proved": FACTS, "hypotheses": (HYPOTHESIS,) if isinstance(step, Assumed) else (), **changes}
    return step.check(context(**fields))


@pytest.mark.parametrize("name", TRUE)
def test_true_steps_are_proved(name):
    assert check(TRUE[name]) is PROVED


def change_cell(**fields):
    return replace(CELL, **fields)


TEMPLATE, EXPECTED = CELL.template, CELL.expected

FALSE = {
    "identity, sign flipped": replace(IDENTITY, right=1 + sigmoid(y)),
    "identity, constant changed": replace(IDENTITY, right=2 - sigmoid(y)),
    "identity, argument changed": replace(IDENTITY, left=sigmoid(-2 * y)),
    "at most, sides swapped": replace(AT_MOST, left=z, right=w * z),
    "at most, constant changed": replace(AT_MOST, right=z * Rational(999, 1000)),
    "at most, range too large": replace(AT_MOST, left=x * z),
    "at most, sign flipped": replace(AT_MOST, left=-w * z, right=-z),
    "at most, unknown symbol": replace(AT_MOST, left=Symbol("nowhere") * z),
    "atom, wrong polynomial": replace(WITH_ATOM, polynomial=z * d + 1),
    "atom, sign flipped": replace(WITH_ATOM, polynomial=-z * d),
    "atom, wrong fact": replace(WITH_ATOM, atoms=(Atom(d, z - tanh(z), "below"),)),
    "atom, unknown fact": replace(WITH_ATOM, atoms=(Atom(d, z - tanh(z), "nothing"),)),
    "atom, no fact": replace(WITH_ATOM, atoms=(Atom(d, z - tanh(z)),)),
    "atom, other definition": replace(WITH_ATOM, atoms=(Atom(d, 2 * z - tanh(z), "tanh below"),)),
    "atom, fact turned round": replace(WITH_ATOM, right=tanh(z) * z - z**2, atoms=(Atom(d, tanh(z) - z, "tanh below"),)),
    "shape, outside its range": replace(WITH_SHAPE, left=2 * tanh(y) ** 2 * z, polynomial=z * (1 - 2 * d)),
    "shape, tanh itself": replace(WITH_SHAPE, left=z, right=-tanh(y) * z, polynomial=z * (-d - 1), atoms=(Atom(d, tanh(y)),)),
    "shape, atom undefined": replace(WITH_SHAPE, atoms=()),
    "scale, negative": replace(SCALED, right=-(tanh(y) ** 2) * (2 - w), scale=-(tanh(y) ** 2)),
    "scale, open sign": replace(SCALED, right=tanh(y) * (2 - w), scale=tanh(y)),
    "scale, other": replace(SCALED, scale=tanh(y) ** 4),
    "growth, sides swapped": replace(GROWTH, left=z, right=tanh(z)),
    "growth, not 0 at 0": replace(GROWTH, left=tanh(z) + 1),
    "growth, below 0 at 0": replace(GROWTH, right=z - Rational(1, 10**9)),
    "growth, factor": replace(GROWTH, left=Rational(1001, 1000) * tanh(z)),
    "growth, wrong derivative": replace(GROWTH, derivative=d**2 + 1),
    "growth, of another variable": replace(GROWTH, variable=x),
    "growth, variable from -oo": replace(GROWTH, left=tanh(y), right=y, variable=y, atoms=(Atom(d, tanh(y)),)),
    "growth, variable from -1": replace(GROWTH, left=tanh(r), right=r, variable=r, atoms=(Atom(d, tanh(r)),)),
    "end, falls": replace(TO_THE_END, function=-(w**2) - tanh(w)),
    "end, wrong derivative": replace(TO_THE_END, derivative=2 * w + 2 * d),
    "end, smaller than the variable": replace(TO_THE_END, end=half),
    "end, no room": replace(TO_THE_END, room="nothing"),
    "end, other room": replace(TO_THE_END, room="square"),
    "end, beyond the range": replace(TO_THE_END, end=Integer(2)),
    "increasing, turned round": replace(INCREASING, inner=Relation(z, w * z)),
    "increasing, wrong fact": replace(INCREASING, fact="square"),
    "increasing, unknown fact": replace(INCREASING, fact="nothing"),
    "increasing, falling function": replace(INCREASING, function=lambda v: -v),
    "increasing, other function": replace(INCREASING, function=sympy.sin),
    "instance, out of range": replace(INSTANCE, values={w: q + 1}),
    "instance, just out of range": replace(INSTANCE, values={w: Rational(1001, 1000)}),
    "instance, negative": replace(INSTANCE, values={z: y}),
    "instance, wrong fact": replace(INSTANCE, fact="square"),
    "instance, changed relation": replace(INSTANCE, inner=Relation(2 * w * z, z)),
    "instance, turned round": replace(INSTANCE, inner=Relation(z, w * z)),
    "instance, no support": replace(SUPPORTED, support=()),
    "instance, wrong support": replace(SUPPORTED, support=("below", "square")),
    "instance, unknown support": replace(SUPPORTED, support=("nothing",)),
    "instance, support turned round": replace(SUPPORTED, values={z: tanh(z) - z}),
    "assumed, not stated": replace(ASSUMED, left=Rational(51, 100)),
    "assumed, turned round": replace(ASSUMED, left=w, right=half),
    "induction, base": replace(INDUCTION, start=-q),
    "induction, n - 2": replace(INDUCTION, lower=-(n - 2) * q),
    "induction, n off by one in the step": replace(INDUCTION, lower=-(n - 1) * q / 2),
    "induction, grows": replace(INDUCTION, successor=2 * s + q * r),
    "induction, larger input": replace(INDUCTION, successor=w * s + 2 * q * r),
    "induction, sign of the factor": replace(INDUCTION, successor=-w * s + q * r),
    "induction, input without bound": replace(INDUCTION, successor=w * s + y),
    "induction, wrong polynomial": replace(INDUCTION, step_polynomial=slack),
    "chain, order": replace(CHAIN, terms=CHAIN.terms[::-1]),
    "chain, factor": replace(CHAIN, links=(("tanh below", w), ("square", one))),
    "chain, sign": replace(
        CHAIN, terms=(-2 * tanh(z) * w, -2 * z * w, -2 * z * w), links=(("tanh below", -2 * w), ("square", zero))
    ),
    "chain, factor of open sign": replace(CHAIN, terms=(r * tanh(z), r * z), links=(("tanh below", r),)),
    "chain, unknown fact": replace(CHAIN, links=(("nothing", 2 * w), ("square", one))),
    "chain, wrong fact": replace(CHAIN, links=(("square", 2 * w), ("tanh below", one))),
    "chain, too few links": replace(CHAIN, links=CHAIN.links[:1]),
    "chain, too many links": replace(CHAIN, links=(*CHAIN.links, ("square", zero))),
    "chain, no links": replace(CHAIN, terms=(zero,), links=()),
    "chain, missing part": replace(CHAIN, also=("nothing",)),
    "cell, forget gate": change_cell(expected={**EXPECTED, "c[0]": sigmoid(-K) * c0 + sigmoid(-L * h0) * tanh(u)}),
    "cell, input gate sign": change_cell(expected={**EXPECTED, "c[0]": sigmoid(K) * c0 + sigmoid(L * h0) * tanh(u)}),
    "cell, readout": change_cell(expected={**EXPECTED, "y": EXPECTED["y"] + 1}),
    "cell, other weight": change_cell(template={**TEMPLATE, "b_f": {(0,): 2 * K}}),
    "cell, one more weight": change_cell(template={**TEMPLATE, "b_o": {(0,): one}}),
    "cell, one less": change_cell(template={k: v for k, v in TEMPLATE.items() if k != "v0"}),
    "cell, nothing expected": change_cell(expected={}),
}


@pytest.mark.parametrize("name", FALSE)
def test_false_variants_are_not_proved(name):
    assert check(FALSE[name]) is not PROVED


@pytest.mark.parametrize(
    "name", [name for name, step in TRUE.items() if "fact" in vars(step) or "room" in vars(step) or "links" in vars(step)]
)
def test_facts_must_have_been_proved(name):
    assert check(TRUE[name], proved={}) is UNDECIDED


def test_hypotheses_must_be_stated():
    assert check(ASSUMED, hypotheses=()) is UNDECIDED
    assert check(ASSUMED, hypotheses=(Hypothesis("other", w - third),)) is UNDECIDED


@pytest.mark.parametrize(
    ("name", "ranges"),
    [
        ("at most", {"w": NONNEGATIVE}),
        ("at most", {"z": (Fraction(-1), Fraction(1))}),
        ("at most", {"z": ALL}),
        ("with atom", {"z": ALL}),
        ("growth", {"z": AT_LEAST_ONE}),
        ("growth", {"z": ALL}),
        ("to the end", {"w": (Fraction(0), Fraction(1, 2))}),
        ("to the end", {"w": SYMMETRIC_UNIT}),
        ("instance", {"q": (Fraction(0), Fraction(2))}),
        ("instance", {"y": ALL, "w": (Fraction(1, 2), Fraction(1))}),
        ("induction", {"w": (Fraction(0), Fraction(2))}),
        ("induction", {"q": SYMMETRIC_UNIT}),
        ("induction", {"r": (Fraction(-2), Fraction(2))}),
        ("induction", {"n": (Fraction(-5), INFINITY)}),
        ("chain", {"w": SYMMETRIC_UNIT}),
    ],
)
def test_ranges_matter(name, ranges):
    assert check(TRUE[name], **ranges) is not PROVED


def test_steps_without_a_check_raise():
    with pytest.raises(TypeError, match="Step"):
        Step("name", "text").check(context())
    assert Step("name", "text").relation is None


def test_relations_that_steps_leave():
    assert GROWTH.relation == Relation(tanh(z), z)
    assert TO_THE_END.relation == Relation(w**2 + tanh(w), 1 + tanh(1))
    assert INCREASING.relation == Relation(tanh(w * z), tanh(z))
    assert INSTANCE.relation == Relation(q**2 * y**2, y**2)
    assert INDUCTION.relation == Relation(-(n - 1) * q, s)
    assert CHAIN.relation == Relation(2 * tanh(z) * w, 2 * z * w + y**2)


def test_definitions_are_put_in_where_needed():
    phi = Symbol("phi", positive=True)
    step = build(Identity, sigmoid(-y), 1 - phi)
    assert step.check(context()) is UNDECIDED
    assert step.check(context(definitions={phi: sigmoid(y)})) is PROVED
    assert step.check(context(definitions={phi: sigmoid(2 * y)})) is UNDECIDED
    assert unfold(phi**2, {z: 2 * y, phi: sigmoid(z)}) == sigmoid(2 * y) ** 2


def test_identities_of_closed_forms():
    assert check_identity((1 + w) ** 2, 1 + 2 * w + w**2) is PROVED
    assert check_identity((1 + w) ** 2, 1 + w + w**2) is UNDECIDED


# --- derivations ------------------------------------------------------------------------------------------------------


def fresh(**changes):
    """The C6 derivation with changes and nothing remembered."""
    values = {field.name: getattr(derivation(), field.name) for field in fields(Derivation) if field.name != "cache"}
    return Derivation(**{**values, **changes})


def test_every_step_of_c6_is_proved():
    results = fresh().check()
    assert len(results) == len(derivation().steps) >= 30
    assert set(results.values()) == {PROVED}
    assert fresh().verdict is PROVED
    assert set(derivation().conclusions) <= set(results)


def with_step(changed):
    old = derivation().steps
    assert changed.name in {step.name for step in old}
    return fresh(steps=tuple(changed if step.name == changed.name else step for step in old))


def one_less(expression):
    """n - 1 becomes n - 2 (and n + 1 becomes n)."""
    return expression.subs(N, N - 1)


def falsified(step):
    """(what was done, the step made false) in several ways."""
    tiny = Rational(1, 10**9)
    if isinstance(step, (Identity, AtMost, Growth)):
        if not isinstance(step, Identity):
            yield "swapped", replace(step, left=step.right, right=step.left)
        yield "left raised", replace(step, left=step.left + tiny)
        yield "right shrunk", replace(step, right=step.right * Rational(9, 10) - tiny)
        if isinstance(step, Identity):
            yield "right raised", replace(step, right=step.right + tiny)
    if isinstance(step, AtMost):
        for k, atom in enumerate(step.atoms):
            if atom.fact is not None:
                atoms = list(step.atoms)
                atoms[k] = replace(atom, fact="no such step")
                yield f"atom {k} without fact", replace(step, atoms=tuple(atoms))
                atoms[k] = replace(atom, fact=None)
                yield f"atom {k} by shape", replace(step, atoms=tuple(atoms))
    if isinstance(step, Growth):
        yield "derivative raised", replace(step, derivative=step.derivative + tiny)
        yield "negated", replace(step, left=-step.left, right=-step.right)
    if isinstance(step, UpToTheEnd):
        yield "negated", replace(step, function=-step.function)
        yield "end shrunk", replace(step, end=step.end * Rational(9, 10))
        yield "derivative raised", replace(step, derivative=step.derivative + tiny)
        yield "wrong room", replace(step, room="held")
    if isinstance(step, Increasing):
        yield "swapped", replace(step, inner=Relation(step.inner.right, step.inner.left))
        yield "right shrunk", replace(step, inner=Relation(step.inner.left, step.inner.right * Rational(9, 10)))
        yield "wrong fact", replace(step, fact="cell")
        yield "falling", replace(step, function=lambda v: -tanh(v))
    if isinstance(step, Instance):
        yield "swapped", replace(step, inner=Relation(step.inner.right, step.inner.left))
        yield "wrong fact", replace(step, fact="held")
        yield "outside", replace(step, values={symbol: value - 2 for symbol, value in step.values.items()})
        if "held" in step.support:
            yield "support gone", replace(step, support=tuple(name for name in step.support if name != "held"))
    if isinstance(step, Assumed):
        yield "swapped", replace(step, left=step.right, right=step.left)
        yield "right shrunk", replace(step, right=step.right * Rational(9, 10))
        yield "n - 2", replace(step, left=one_less(step.left), right=step.right * Rational(9, 10))
    if isinstance(step, Induction):
        yield "lower raised", replace(step, lower=step.lower + tiny)
        yield "base", replace(step, start=step.start - tiny)
        yield "successor", replace(step, successor=step.successor - tiny)
        yield "negative factor", replace(step, successor=step.successor.subs(step.state, -step.state))
        if step.lower.has(N):
            yield "n - 2", replace(step, lower=one_less(step.lower))
            yield "lower shrunk", replace(step, lower=step.lower * Rational(9, 10))
    if isinstance(step, Chain):
        yield "reversed", replace(step, terms=step.terms[::-1])
        yield "end shrunk", replace(step, terms=(*step.terms[:-1], step.terms[-1] * Rational(9, 10)))
        yield "start raised", replace(step, terms=(step.terms[0] + tiny, *step.terms[1:]))
        for k, (name, factor) in enumerate(step.links):
            links = list(step.links)
            links[k] = (name, -factor)
            yield f"factor {k} negative", replace(step, links=tuple(links))
            links[k] = ("no such step", factor)
            yield f"link {k} without fact", replace(step, links=tuple(links))
        yield "a term left out", replace(step, terms=(step.terms[0], *step.terms[2:]))
    if isinstance(step, CellEquations):
        for name, value in step.expected.items():
            yield f"{name} raised", replace(step, expected={**step.expected, name: value + tiny})
            yield f"{name} shrunk", replace(step, expected={**step.expected, name: value * Rational(9, 10)})
        for name, entries in step.template.items():
            for index, value in entries.items():
                other = {**step.template, name: {**entries, index: -value}}
                yield f"{name}{index} negated", replace(step, template=other)
        yield "readout bias", replace(step, template={**step.template, "v0": {(): one}})
        yield "memory reads itself", replace(step, template={**step.template, "W_g": {(1, 1): one}})


MUTATIONS = [pytest.param(changed, id=f"{step.name}: {what}") for step in derivation().steps for what, changed in falsified(step)]


def test_every_step_is_mutated():
    assert all(sum(1 for _ in falsified(step)) >= 3 for step in derivation().steps)


@pytest.mark.parametrize("changed", MUTATIONS)
def test_mutated_c6_is_not_proved(changed):
    assert with_step(changed).verdict is not PROVED


@pytest.mark.parametrize(
    "step", [pytest.param(step, id=step.name) for step in derivation().steps if step.name in derivation().conclusions]
)
def test_c6_without_a_conclusion_is_not_proved(step):
    assert fresh(steps=tuple(other for other in derivation().steps if other.name != step.name)).verdict is not PROVED


def test_steps_only_see_what_came_before():
    assert fresh(steps=derivation().steps[::-1]).verdict is not PROVED


@pytest.mark.parametrize("symbol", [L, EPSILON, M])
def test_c6_with_larger_ranges_is_not_proved(symbol):
    ranges = {**derivation().ranges, symbol: ALL}
    assert fresh(ranges=ranges).verdict is not PROVED


@pytest.mark.parametrize("name", ["theta", "rho", "w", "s_T", "n", "z"])
def test_c6_with_larger_variables_is_not_proved(name):
    ranges = dict(derivation().ranges)
    (symbol,) = [symbol for symbol in ranges if symbol.name == name]
    for wider in ((Fraction(-1), Fraction(2)), ALL):
        assert fresh(ranges={**ranges, symbol: wider}).verdict is not PROVED


def test_c6_without_its_hypothesis_is_not_proved():
    assert fresh(hypotheses=derivation().hypotheses[:-1]).verdict is not PROVED


def test_a_derivation_without_steps_is_undecided():
    assert fresh(steps=(), conclusions=()).verdict is UNDECIDED
    assert fresh(steps=()).verdict is UNDECIDED


def test_two_steps_of_one_name_are_an_error():
    with pytest.raises(ValueError, match="two steps"):
        fresh(steps=(*derivation().steps, derivation().steps[0])).check()


VALUES = {N: Fraction(50), M: Fraction(1), EPSILON: Fraction(1, 100), K: Fraction(12), L: Fraction(40)}


def test_hypotheses_at_numbers():
    with Balls(128).working():
        assert set(derivation().check_hypotheses(VALUES).values()) == {PROVED}
        for symbol in (K, L, EPSILON, M):
            for value in (Fraction(0), Fraction(-1)):
                with_zero = {**VALUES, symbol: value}
                assert REFUTED in derivation().check_hypotheses(with_zero).values()
        weak = derivation().check_hypotheses({**VALUES, L: Fraction(1)})
        assert REFUTED in weak.values()
    with Balls(16).working():
        equal = Derivation(
            "t", "", (K,), {K: ALL}, {}, (Hypothesis("h", tanh(K) - tanh(K / 3 * 3 + Rational(1, 10**9))),), (), zero, ()
        )
        assert equal.check_hypotheses({K: Fraction(1)})["h"] is UNDECIDED


def test_the_template_is_compared_with_the_weights():
    weights = flag_and_memory(12, 40, Fraction(1, 100), hidden=3)
    assert derivation().matches(weights, VALUES) is PROVED
    assert derivation().matches(weights, {**VALUES, K: Fraction(13)}) is REFUTED
    for name, array in weights.blocks().items():
        for index, value in array:
            assert derivation().matches(weights.replace({(name, index): value + Fraction(1, 10**40)}), VALUES) is REFUTED
    for place in [("b_o", (2,)), ("c_0", (1,)), ("h_0", (0,)), ("v0", ()), ("W_f", (1, 0))]:
        assert derivation().matches(weights.replace({place: Fraction(1, 10**40)}), VALUES) is REFUTED
    assert fresh(steps=()).matches(weights, VALUES) is UNDECIDED
    one_unit = type(weights)("lstm", 1, {"U_g": {(0,): 1}})
    assert derivation().matches(one_unit, VALUES) is REFUTED


def test_the_bound_at_numbers():
    """Against mpmath, and the closed form in the parameters alone is the same number."""
    import mpmath

    context = mpmath.MPContext()
    context.dps = 60
    k, gain, eps, count = (context.mpf(VALUES[v].numerator) / VALUES[v].denominator for v in (K, L, EPSILON, N))
    phi = 1 / (1 + context.exp(-k))
    eta = 1 / (1 + context.exp(-(k - gain * phi * context.tanh(phi * context.tanh(k)))))
    expected = 1 - phi / eps * (phi**count - (count - 1) * eta) * context.tanh(context.tanh(eps))
    with Balls(160).working():
        ball = derivation().enclose(VALUES)
        assert ball.overlaps(evaluate(derivation().closed_form(), VALUES))
        low, high = lower_fraction(ball), upper_fraction(ball)
    assert high - low < Fraction(1, 2**120)
    assert abs(Fraction(str(expected)) - low) < Fraction(1, 10**40)
    assert 0 < low < Fraction(1, 100)

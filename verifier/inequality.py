"""Symbolic bounds as checked derivations.

A derivation is a list of steps. Each step states a relation left <= right between closed forms and carries an argument
that a small checker verifies; a later step may use what earlier ones proved, under their names. The last step's relation
is the bound. What the checker knows:

* exact algebra: an identity holds when the difference cancels to zero as a rational function of its atoms;
* signs of polynomials on boxes: Bernstein coefficients, and in one variable Sturm's root count;
* ranges of closed forms from their shape: σ in [0, 1], tanh in [-1, 1], squares, sums, products, powers;
* growth: f(0) = 0 and f' + a f >= 0 give f >= 0 beyond 0; f' >= 0 gives f(x) <= f(b); tanh and σ increase;
* roots: a² <= b² and b >= 0 give a <= b;
* induction in the number of steps: base and step as polynomial inequalities;
* the cell: the recurrences of a derivation are what the cell's own equations give for the template weights.

Everything else is UNDECIDED, and an unchecked step never counts. A step that is refuted names a point.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import comb

import sympy
from flint import arb
from sympy import Expr, Rational, Symbol, oo, tanh

from verifier.algebra import Normaliser, Polynomial, add, multiply, negative
from verifier.arithmetic.symbols import Symbols, evaluate, evaluate_exactly, sigmoid, softplus
from verifier.cells import CELLS, Maps
from verifier.exact import exact
from verifier.ranges import ALL as ALL
from verifier.ranges import AT_LEAST_ONE as AT_LEAST_ONE
from verifier.ranges import INFINITY, End, add_ranges, multiply_ranges
from verifier.ranges import NONNEGATIVE as NONNEGATIVE
from verifier.ranges import SYMMETRIC_UNIT as SYMMETRIC_UNIT
from verifier.ranges import UNIT as UNIT
from verifier.ranges import Range as Range
from verifier.verdict import Verdict, all_of
from verifier.weights import Weights

ONE: Expr = sympy.Integer(1)
ZERO: Expr = sympy.Integer(0)

GRID_VARIABLES = 3
"""Variables up to which a sign is sampled on a full grid."""

SUBDIVISION_DEPTH = 6
"""How often a box is halved before a polynomial's sign is left undecided."""


# --- signs of polynomials ---------------------------------------------------------------------------------------------


def check_nonnegative(expression: Expr, ranges: Mapping[Symbol, Range]) -> Verdict:
    """Whether a polynomial is >= 0 on a box (upper ends may be infinite).

    PROVED by nonnegative Bernstein coefficients (power coefficients in unbounded variables), with halving, or in one
    variable by counting real roots of odd multiplicity; REFUTED by a rational point of the box where it is negative.
    Raises `KeyError` if a variable has no range.

    >>> x = Symbol("x")
    >>> check_nonnegative(x**2 - x + Rational(1, 4), {x: UNIT})
    <Verdict.PROVED: 'PROVED'>
    >>> check_nonnegative(x**2 - x + Rational(1, 5), {x: UNIT})
    <Verdict.REFUTED: 'REFUTED'>
    """
    normaliser = Normaliser()
    return check_polynomial(normaliser.normal(expression), normaliser, ranges)


def check_polynomial(form: Polynomial, normaliser: Normaliser, ranges: Mapping[Symbol, Range]) -> Verdict:
    """`check_nonnegative` of a normal form; UNDECIDED if it is not a polynomial in symbols bounded from below."""
    generators = sorted({g for monomial in form for g, _ in monomial})
    if any(g not in normaliser.symbols for g in generators) or any(e < 0 or e != int(e) for m in form for _, e in m):
        return Verdict.UNDECIDED
    box = [ranges[normaliser.symbols[g]] for g in generators]
    if any(low == -INFINITY for low, _ in box):
        return Verdict.UNDECIDED
    place = {g: k for k, g in enumerate(generators)}
    terms: Coefficients = {}
    for monomial, value in form.items():
        powers = [0] * len(generators)
        for g, e in monomial:
            powers[place[g]] = int(e)
        terms[tuple(powers)] = value
    finite = []
    for axis, (low, high) in enumerate(box):
        finite.append(high != INFINITY)
        start = Fraction(low)
        width = Fraction(1) if high == INFINITY else Fraction(high) - start
        if start != 0 or width != 1:
            terms = _shift(terms, axis, start, width)
    return _sign_on_unit_box(terms, tuple(finite), SUBDIVISION_DEPTH)


def _shift(terms: Coefficients, axis: int, start: Fraction, width: Fraction) -> Coefficients:
    """The polynomial in s where its variable is start + width·s."""
    result: Coefficients = {}
    for powers, value in terms.items():
        p = powers[axis]
        for i in range(p + 1):
            index = (*powers[:axis], i, *powers[axis + 1 :])
            part = value * comb(p, i) * start ** (p - i) * width**i
            if part:
                result[index] = result.get(index, Fraction(0)) + part
    return result


Coefficients = dict[tuple[int, ...], Fraction]


def _sign_on_unit_box(terms: Coefficients, finite: tuple[bool, ...], depth: int) -> Verdict:
    """Sign on the product of [0, 1] (finite) and [0, oo)."""
    if not finite:
        return Verdict.PROVED if sum(terms.values()) >= 0 else Verdict.REFUTED
    if all(value >= 0 for value in _bernstein(terms, finite).values()):
        return Verdict.PROVED
    for point in _samples(len(finite)):
        if _value(terms, point) < 0:
            return Verdict.REFUTED
    if len(finite) == 1 and finite[0]:
        return _sign_by_roots(terms)
    if depth == 0 or not any(finite):
        return Verdict.UNDECIDED
    axes = [k for k in range(len(finite)) if finite[k] and any(p[k] for p in terms)]
    if not axes:
        return Verdict.UNDECIDED
    axis = axes[depth % len(axes)]
    halves = [_halve(terms, axis, upper) for upper in (False, True)]
    return all_of(_sign_on_unit_box(half, finite, depth - 1) for half in halves)


def _samples(size: int) -> Iterator[tuple[Fraction, ...]]:
    """Points where a negative value is looked for: the grid {0, 1/2, 1}^size, of many variables its diagonal and axes."""
    marks = (Fraction(0), Fraction(1, 2), Fraction(1))
    if size <= GRID_VARIABLES:
        yield from itertools.product(marks, repeat=size)
        return
    for base in marks:
        yield (base,) * size
        for axis in range(size):
            for other in marks:
                yield (*(base,) * axis, other, *(base,) * (size - axis - 1))


def _bernstein(terms: Coefficients, finite: tuple[bool, ...]) -> Coefficients:
    """Tensor Bernstein coefficients in the finite variables, power coefficients in the others."""
    result = dict(terms)
    for axis, is_finite in enumerate(finite):
        if not is_finite:
            continue
        degree = max((p[axis] for p in result), default=0)
        converted: Coefficients = {}
        for powers, value in result.items():
            j = powers[axis]
            for i in range(j, degree + 1):
                index = (*powers[:axis], i, *powers[axis + 1 :])
                converted[index] = converted.get(index, Fraction(0)) + value * Fraction(comb(i, j), comb(degree, j))
        result = converted
    return result


def _halve(terms: Coefficients, axis: int, upper: bool) -> Coefficients:
    """The polynomial on one half of [0, 1] in one variable, rescaled to [0, 1]."""
    result: Coefficients = {}
    for powers, value in terms.items():
        p = powers[axis]
        for i in range(p + 1) if upper else (p,):
            index = (*powers[:axis], i, *powers[axis + 1 :])
            result[index] = result.get(index, Fraction(0)) + value * Fraction(comb(p, i), 2**p)
    return result


def _value(terms: Coefficients, point: Sequence[Fraction]) -> Fraction:
    total = Fraction(0)
    for powers, value in terms.items():
        for power, x in zip(powers, point, strict=True):
            value *= x**power
        total += value
    return total


def _sign_by_roots(terms: Coefficients) -> Verdict:
    """Sign on [0, 1] of a polynomial in one variable: no root of odd multiplicity inside (Sturm), then one sample."""
    x = Symbol("x")
    polynomial = sympy.Poly({p: Rational(v.numerator, v.denominator) for p, v in terms.items()}, x)
    for factor, multiplicity in polynomial.sqf_list()[1]:
        inside = factor.count_roots(0, 1) - (factor.eval(0) == 0) - (factor.eval(1) == 0)
        if multiplicity % 2 and inside:
            return Verdict.REFUTED
    sample = Fraction(1, 2)
    while _value(terms, [sample]) == 0:
        sample = (sample + Fraction(1, 3)) / 2
    return Verdict.PROVED if _value(terms, [sample]) > 0 else Verdict.REFUTED


# --- ranges from shape ------------------------------------------------------------------------------------------------


def range_of(expression: Expr, ranges: Mapping[Symbol, Range]) -> Range:
    """An interval with rational (or infinite) ends that contains the expression for all symbols in their ranges.

    >>> K = Symbol("K")
    >>> range_of(sigmoid(K) * tanh(K) ** 2, {K: ALL}) == UNIT
    True
    """
    if expression.is_Rational:
        number = Fraction(int(expression.p), int(expression.q))
        return number, number
    if expression.is_Symbol:
        return ranges[expression]
    if isinstance(expression, sigmoid):
        low, high = range_of(expression.args[0], ranges)
        return (HALF if low >= 0 else UNIT[0]), (HALF if high <= 0 else UNIT[1])
    if isinstance(expression, tanh):
        low, high = range_of(expression.args[0], ranges)
        return (UNIT[0] if low >= 0 else SYMMETRIC_UNIT[0]), (UNIT[0] if high <= 0 else UNIT[1])
    if isinstance(expression, softplus):
        return NONNEGATIVE
    if isinstance(expression, sympy.exp):
        low, high = range_of(expression.args[0], ranges)
        return (UNIT[1] if low >= 0 else UNIT[0]), (UNIT[1] if high <= 0 else INFINITY)
    if expression.is_Add:
        total: Range = (Fraction(0), Fraction(0))
        for argument in expression.args:
            total = add_ranges(total, range_of(argument, ranges))
        return total
    if expression.is_Mul:
        result: Range = (Fraction(1), Fraction(1))
        for argument in expression.args:
            result = multiply_ranges(result, range_of(argument, ranges))
        return result
    if expression.is_Pow:
        base, exponent = range_of(expression.args[0], ranges), expression.args[1]
        if exponent.is_Integer and exponent > 0:
            return _power_range(base, int(exponent))
        whole = exponent.is_integer and range_of(exponent, ranges)[0] >= 0
        if whole and base[0] >= 0 and base[1] <= 1:
            return UNIT
        if exponent.is_Integer and base[0] >= 0 and expression.args[0].is_positive:
            power = -int(exponent)
            high = INFINITY if base[0] == 0 else 1 / Fraction(base[0]) ** power
            return (Fraction(0) if base[1] == INFINITY else 1 / Fraction(base[1]) ** power), high
        defined = base[0] > 0 or (base[0] == 0 and expression.args[0].is_positive)
        if exponent.is_Rational and (defined or (exponent > 0 and base[0] >= 0)):
            return UNIT if exponent < 0 and base[0] >= 1 else NONNEGATIVE
        if exponent.is_real and defined:
            return NONNEGATIVE
    return ALL


HALF = Fraction(1, 2)


def _power_range(base: Range, exponent: int) -> Range:
    ends = [_signed_power(end, exponent) for end in base]
    if exponent % 2 == 0 and base[0] <= 0 <= base[1]:
        return Fraction(0), max(ends)
    return min(ends), max(ends)


def _signed_power(end: End, exponent: int) -> End:
    if isinstance(end, Fraction):
        return end**exponent
    return INFINITY if end > 0 or exponent % 2 == 0 else -INFINITY


# --- steps ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Relation:
    """left <= right for all values of the symbols in their ranges."""

    left: Expr
    right: Expr


Form = Callable[[Normaliser, Mapping[Symbol, Polynomial]], Polynomial]
"""Makes a normal form, with the given symbols replaced."""


@dataclass(frozen=True)
class Context:
    """Ranges of the free symbols, abbreviations (symbol -> closed form), hypotheses, and what has been proved so far.

    `relus` is a normaliser that knows the resolved relus, `split` the symbols that are parts of an input. `parameters` are
    fixed by a request; `assumed` names what was proved with a hypothesis; `recurrences` holds the (index, start, successor)
    of each quantity that an induction was about.
    """

    ranges: Mapping[Symbol, Range]
    definitions: Mapping[Symbol, Expr]
    proved: Mapping[str, Relation]
    hypotheses: tuple[Hypothesis, ...] = ()
    relus: Normaliser = field(default_factory=Normaliser)
    split: set[Symbol] = field(default_factory=set)
    parameters: tuple[Symbol, ...] = ()
    assumed: set[str] = field(default_factory=set)
    recurrences: dict[Expr, tuple[Symbol, Expr, Expr]] = field(default_factory=dict)

    def is_universal(self, symbol: Symbol) -> bool:
        """Whether what is proved holds for every value of the symbol in its range.

        Not so for parameters, abbreviations and what hypotheses and recurrences speak of.
        """
        taken = {*self.parameters, *self.definitions}
        taken |= {index for index, _, _ in self.recurrences.values()}
        for expression in (*(h.expression for h in self.hypotheses), *self.recurrences):
            taken |= expression.free_symbols
        return symbol in self.ranges and symbol not in taken

    def is_fresh(self, symbol: Symbol, *expressions: Expr) -> bool:
        """Whether the symbol means nothing yet: it is no variable, no abbreviation and not in the expressions."""
        known = symbol in self.ranges or symbol in self.definitions or any(symbol in q.free_symbols for q in self.recurrences)
        return not known and not any(symbol in expression.free_symbols for expression in expressions)

    def all_ranges(self) -> dict[Symbol, Range]:
        """Ranges of the free symbols and, from their shape, of the abbreviations."""
        ranges = dict(self.ranges)
        for symbol, definition in self.definitions.items():
            ranges[symbol] = range_of(definition, ranges)
        return ranges

    def check_identity(self, left: Expr, right: Expr) -> Verdict:
        """PROVED if both sides have the same normal form, with the abbreviations put in where that is needed."""
        return self.check_same(lambda n, v: n.normal(left, v), lambda n, v: n.normal(right, v))

    def check_same(self, left: Form, right: Form) -> Verdict:
        """PROVED if two forms agree with the abbreviations as free symbols, or else once they are put in."""
        normaliser = Normaliser()
        if normaliser.same(left(normaliser, {}), right(normaliser, {})):
            return Verdict.PROVED
        normaliser = Normaliser()
        values = self.normal_definitions(normaliser)
        return Verdict.PROVED if normaliser.same(left(normaliser, values), right(normaliser, values)) else Verdict.UNDECIDED

    def hides(self, variable: Symbol, *expressions: Expr) -> bool:
        """Whether an abbreviation in the expressions depends on the variable, so that replacing it there would miss some."""
        found = {s for expression in expressions for s in expression.free_symbols if s in self.definitions}
        return any(unfold(symbol, self.definitions).has(variable) for symbol in found)

    def normal_definitions(self, normaliser: Normaliser) -> dict[Symbol, Polynomial]:
        """The normal forms of the abbreviations."""
        values: dict[Symbol, Polynomial] = {}
        for symbol, definition in self.definitions.items():
            values[symbol] = normaliser.normal(definition, values)
        return values


def unfold(expression: Expr, definitions: Mapping[Symbol, Expr]) -> Expr:
    """The expression with abbreviations put in, later ones first."""
    for symbol, definition in reversed(list(definitions.items())):
        expression = expression.subs(symbol, definition)
    return expression


def check_identity(left: Expr, right: Expr) -> Verdict:
    """PROVED if both sides have the same normal form (`algebra`), else UNDECIDED.

    >>> v = Symbol("v")
    >>> check_identity(sigmoid(-v) * tanh(-v), (sigmoid(v) - 1) * tanh(v))
    <Verdict.PROVED: 'PROVED'>
    """
    normaliser = Normaliser()
    return Verdict.PROVED if normaliser.same(normaliser.normal(left), normaliser.normal(right)) else Verdict.UNDECIDED


@dataclass(frozen=True)
class Hypothesis:
    """A condition on the parameters, checked in balls at the numbers: `expression` >= 0 (> 0 if strict)."""

    text: str
    expression: Expr
    strict: bool = False


@dataclass(frozen=True)
class Atom:
    """A symbol standing for a closed form inside one polynomial argument.

    Its range comes from the shape of `definition`, or is [0, oo) where `fact` names a proved relation whose
    right - left is the definition.
    """

    symbol: Symbol
    definition: Expr
    fact: str | None = None


def _atom_ranges(atoms: Sequence[Atom], context: Context) -> dict[Symbol, Range] | None:
    ranges = context.all_ranges()
    for atom in atoms:
        if atom.fact is None:
            ranges[atom.symbol] = range_of(atom.definition, ranges)
        else:
            relation = context.proved.get(atom.fact)
            if relation is None:
                return None
            if context.check_identity(relation.right - relation.left, atom.definition) is not Verdict.PROVED:
                return None
            ranges[atom.symbol] = NONNEGATIVE
    return ranges


def _check_polynomial(
    value: Form,
    polynomial: Expr | None,
    atoms: Sequence[Atom],
    context: Context,
    scale: Expr = ONE,
) -> Verdict:
    """Whether value >= 0, where value is `scale` >= 0 times `polynomial` with the atoms put in."""
    others = [scale, *(atom.definition for atom in atoms)]
    if len({atom.symbol for atom in atoms}) < len(atoms) or not all(context.is_fresh(atom.symbol, *others) for atom in atoms):
        return Verdict.UNDECIDED
    ranges = _atom_ranges(atoms, context)
    if ranges is None:
        return Verdict.UNDECIDED
    normaliser = Normaliser()
    if polynomial is None:
        form = value(normaliser, {})
    else:

        def restored(n: Normaliser, v: Mapping[Symbol, Polynomial]) -> Polynomial:
            put_in = {**v, **{atom.symbol: n.normal(atom.definition, v) for atom in atoms}}
            return multiply(n.normal(scale, v), n.normal(polynomial, put_in))

        if context.check_same(restored, value) is not Verdict.PROVED or not range_of(scale, ranges)[0] >= 0:
            return Verdict.UNDECIDED
        form = normaliser.normal(polynomial)
    try:
        return check_polynomial(form, normaliser, ranges)
    except KeyError:
        return Verdict.UNDECIDED


def _difference(right: Expr, left: Expr) -> Form:
    return lambda n, v: add(n.normal(right, v), negative(n.normal(left, v)))


def _slope(right: Expr, left: Expr, variable: Symbol) -> Form:
    return lambda n, v: add(n.derivative(right, variable, v), negative(n.derivative(left, variable, v)))


@dataclass(frozen=True)
class Step:
    """A named claim with its text; subclasses say how it is checked and what relation it leaves behind."""

    name: str
    text: str

    @property
    def relation(self) -> Relation | None:
        """What later steps may use, once this one is proved."""
        return None

    def uses(self) -> tuple[str, ...]:
        """Names of the earlier steps this one rests on."""
        named = [atom.fact for kind in ("atoms", "base_atoms", "step_atoms") for atom in getattr(self, kind, ())]
        named += [getattr(self, "fact", None), getattr(self, "room", None)]
        named += [*getattr(self, "support", ()), *getattr(self, "also", ()), *(name for name, _ in getattr(self, "links", ()))]
        return tuple(name for name in named if name is not None)

    def check(self, context: Context) -> Verdict:
        """Verify the step in a context; PROVED only if every part was."""
        raise TypeError(f"{type(self).__name__} does not say how it is checked")


@dataclass(frozen=True)
class Identity(Step):
    """left = right by exact algebra. Leaves left <= right."""

    left: Expr
    right: Expr

    @property
    def relation(self) -> Relation:
        return Relation(self.left, self.right)

    def check(self, context: Context) -> Verdict:
        return context.check_identity(self.left, self.right)


@dataclass(frozen=True)
class AtMost(Step):
    """left <= right because right - left is scale >= 0 times a polynomial in atoms, nonnegative on their ranges."""

    left: Expr
    right: Expr
    polynomial: Expr | None = None
    atoms: tuple[Atom, ...] = ()
    scale: Expr = ONE

    @property
    def relation(self) -> Relation:
        return Relation(self.left, self.right)

    def check(self, context: Context) -> Verdict:
        return _check_polynomial(_difference(self.right, self.left), self.polynomial, self.atoms, context, self.scale)


@dataclass(frozen=True)
class Growth(Step):
    """0 <= f(v) for v >= 0 because f(0) = 0 and f' + a f >= 0, a polynomial in atoms. Leaves left <= right.

    f = right - left. The `damping` a is bounded (by its shape): then f exp(∫a) starts at 0 and grows.
    """

    left: Expr
    right: Expr
    variable: Symbol
    derivative: Expr
    atoms: tuple[Atom, ...] = ()
    damping: Expr = ZERO

    @property
    def relation(self) -> Relation:
        return Relation(self.left, self.right)

    def check(self, context: Context) -> Verdict:
        if not context.is_universal(self.variable) or context.hides(self.variable, self.left, self.right):
            return Verdict.UNDECIDED
        if context.ranges[self.variable][0] != 0:
            return Verdict.UNDECIDED
        if any(isinstance(end, float) for end in range_of(self.damping, context.all_ranges())):
            return Verdict.UNDECIDED
        zero = {self.variable: sympy.Integer(0)}
        start = context.check_identity(self.right.xreplace(zero), self.left.xreplace(zero))
        slope, value = _slope(self.right, self.left, self.variable), _difference(self.right, self.left)

        def damped(n: Normaliser, v: Mapping[Symbol, Polynomial]) -> Polynomial:
            return add(slope(n, v), multiply(n.normal(self.damping, v), value(n, v)))

        growing = _check_polynomial(damped, self.derivative, self.atoms, context)
        return all_of((start, growing))


@dataclass(frozen=True)
class UpToTheEnd(Step):
    """f(v) <= f(end) for v <= end because f' >= 0; `room` is the proved relation v <= end."""

    function: Expr
    variable: Symbol
    end: Expr
    derivative: Expr
    atoms: tuple[Atom, ...]
    room: str

    @property
    def relation(self) -> Relation:
        return Relation(self.function, self.function.xreplace({self.variable: self.end}))

    def check(self, context: Context) -> Verdict:
        room = context.proved.get(self.room)
        ranges = context.all_ranges()
        if room is None or room != Relation(self.variable, self.end) or context.hides(self.variable, self.function):
            return Verdict.UNDECIDED
        if not context.is_universal(self.variable):
            return Verdict.UNDECIDED
        if not range_of(self.end, ranges)[1] <= ranges[self.variable][1]:
            return Verdict.UNDECIDED
        slope = _slope(self.function, sympy.Integer(0), self.variable)
        return _check_polynomial(slope, self.derivative, self.atoms, context)


@dataclass(frozen=True)
class SquareRoot(Step):
    """left <= right because left² <= right² was proved (`fact`) and right >= 0 by its shape."""

    left: Expr
    right: Expr
    fact: str

    @property
    def relation(self) -> Relation:
        return Relation(self.left, self.right)

    def check(self, context: Context) -> Verdict:
        squares = context.proved.get(self.fact)
        if squares is None or not range_of(self.right, context.all_ranges())[0] >= 0:
            return Verdict.UNDECIDED
        return all_of((context.check_identity(squares.left, self.left**2), context.check_identity(squares.right, self.right**2)))


@dataclass(frozen=True)
class Increasing(Step):
    """tanh or σ applied to both sides of a proved relation."""

    function: Callable[[Expr], Expr]
    fact: str
    inner: Relation

    @property
    def relation(self) -> Relation:
        return Relation(self.function(self.inner.left), self.function(self.inner.right))

    def check(self, context: Context) -> Verdict:
        known = self.function in (tanh, sigmoid)
        return Verdict.PROVED if known and context.proved.get(self.fact) == self.inner else Verdict.UNDECIDED


@dataclass(frozen=True)
class Instance(Step):
    """A proved relation with closed forms put in for its variables.

    Each must lie in its variable's range: by its shape, or because a relation named in `support` says so.
    """

    fact: str
    inner: Relation
    values: Mapping[Symbol, Expr]
    support: tuple[str, ...] = ()

    @property
    def relation(self) -> Relation:
        return Relation(self.inner.left.xreplace(dict(self.values)), self.inner.right.xreplace(dict(self.values)))

    def check(self, context: Context) -> Verdict:
        hidden = any(context.hides(symbol, self.inner.left, self.inner.right) for symbol in self.values)
        if context.proved.get(self.fact) != self.inner or hidden or not all(map(context.is_universal, self.values)):
            return Verdict.UNDECIDED
        ranges = context.all_ranges()
        known = [context.proved[name] for name in self.support if name in context.proved]
        gaps = [relation.right - relation.left for relation in known]
        for symbol, value in self.values.items():
            (low, high), (least, most) = ranges[symbol], range_of(value, ranges)
            for end, covered, gap in (
                (low, least >= low, value - _number(low)),
                (high, most <= high, _number(high) - value),
            ):
                if covered or not isinstance(end, Fraction):
                    continue
                if not any(context.check_identity(gap, other) is Verdict.PROVED for other in gaps):
                    return Verdict.UNDECIDED
        return Verdict.PROVED


def _number(end: End) -> Expr:
    return Rational(end.numerator, end.denominator) if isinstance(end, Fraction) else oo if end > 0 else -oo


@dataclass(frozen=True)
class Assumed(Step):
    """A hypothesis of the derivation as a relation; checked in balls at the numbers (`check_hypotheses`)."""

    left: Expr
    right: Expr

    @property
    def relation(self) -> Relation:
        return Relation(self.left, self.right)

    def check(self, context: Context) -> Verdict:
        gap = self.right - self.left
        stated = any(context.check_identity(h.expression, gap) is Verdict.PROVED for h in context.hypotheses)
        return Verdict.PROVED if stated else Verdict.UNDECIDED


@dataclass(frozen=True)
class Induction(Step):
    """lower(t) <= s_t for t >= 1, where s_{t+1} = successor(s_t, t) and s_1 = start.

    The index t must range over [1, oo). Base: start - lower(1) >= 0. Step: with s_t = lower(t) + slack, slack >= 0,
    successor - lower(t+1) >= 0 as a polynomial in the atoms and the slack. Leaves lower(t) <= s. With `stands_for` the
    state is that expression in other symbols, and lower(t) <= stands_for is left. All inductions about one quantity or its
    negative must have one recurrence, and none may rest on a hypothesis: that speaks of the last index only.
    """

    state: Symbol
    index: Symbol
    lower: Expr
    start: Expr
    successor: Expr
    base_polynomial: Expr | None
    base_atoms: tuple[Atom, ...]
    step_polynomial: Expr | None
    step_atoms: tuple[Atom, ...]
    slack: Symbol
    stands_for: Expr | None = None

    @property
    def relation(self) -> Relation:
        return Relation(self.lower, self.state if self.stands_for is None else self.stands_for)

    def check(self, context: Context) -> Verdict:
        if context.ranges.get(self.index) != AT_LEAST_ONE or context.hides(self.index, self.lower, self.successor):
            return Verdict.UNDECIDED
        if any(name in context.assumed for name in self.uses()) or not self._recurrence_agrees(context):
            return Verdict.UNDECIDED
        if not context.is_fresh(self.slack, self.lower, self.start, self.successor, self.state):
            return Verdict.UNDECIDED
        first = _difference(self.start, self.lower.xreplace({self.index: sympy.Integer(1)}))
        base = _check_polynomial(first, self.base_polynomial, self.base_atoms, context)
        following = self.successor.xreplace({self.state: self.lower + self.slack})
        growth = _difference(following, self.lower.xreplace({self.index: self.index + 1}))
        inner = replace(context, ranges={**context.ranges, self.slack: NONNEGATIVE})
        return all_of((base, _check_polynomial(growth, self.step_polynomial, self.step_atoms, inner)))

    def _recurrence_agrees(self, context: Context) -> bool:
        """Whether start and successor are those of the quantity's other inductions; the first one records them."""
        quantity = self.state if self.stands_for is None else self.stands_for
        if self.state in context.definitions or self.state == self.index or not quantity.free_symbols - {self.index}:
            return False
        start, successor = self.start, self.successor.xreplace({self.state: PLACE})
        for sign in (1, -1):
            known = context.recurrences.get(sign * quantity)
            if known is not None:
                index, first, following = known
                following = sign * following.xreplace({PLACE: sign * PLACE})
                same = check_identity(sign * first, start) is Verdict.PROVED
                return index == self.index and same and check_identity(following, successor) is Verdict.PROVED
        context.recurrences[quantity] = (self.index, start, successor)
        return True


PLACE = Symbol("quantity of an induction", real=True)
"""Where a recorded successor has its quantity."""


@dataclass(frozen=True)
class ReluIs(Step):
    """relu(argument) = argument (active) or 0, because `polynomial` = ±argument >= 0 on the ranges."""

    argument: Expr
    active: bool
    polynomial: Expr | None = None
    atoms: tuple[Atom, ...] = ()

    def resolved(self) -> tuple[tuple[Expr, Expr], ...]:
        """(argument, value) of the relus this step resolves."""
        return ((self.argument, self.argument if self.active else ZERO),)

    def check(self, context: Context) -> Verdict:
        signed = _difference(self.argument, ZERO) if self.active else _difference(ZERO, self.argument)
        return _check_polynomial(signed, self.polynomial, self.atoms, context)


@dataclass(frozen=True)
class ReluSplit(Step):
    """An input x = p - q through its parts p = max(x, 0) and q = max(-x, 0): relu(p - q) = p and relu(q - p) = q.

    Checked: both parts are symbols of range [0, ∞), used for this input alone.
    """

    positive: Symbol
    negative: Symbol

    def resolved(self) -> tuple[tuple[Expr, Expr], ...]:
        """(argument, value) of the relus this step resolves."""
        return ((self.positive - self.negative, self.positive), (self.negative - self.positive, self.negative))

    def check(self, context: Context) -> Verdict:
        parts = {self.positive, self.negative}
        plain = all(part.is_Symbol and context.ranges.get(part) == NONNEGATIVE for part in parts)
        return Verdict.PROVED if plain and len(parts) == 2 and not parts & context.split else Verdict.UNDECIDED


@dataclass(frozen=True)
class CellEquations(Step):
    """The recurrences of the derivation are the cell's own equations with the template weights.

    `template` maps blocks to symbolic entries, `state` names the old state's symbols, `expected` the new state and
    readout ("h[0]", "c[1]", "y", ...) as closed forms in them and the input symbol. Where the number of units is the
    parameter `sized_by`, `grown` makes these equations for a number; `Derivation.matches` checks them at the one at hand.
    """

    cell: str
    size: int
    template: Mapping[str, Mapping[tuple[int, ...], Expr]]
    state: Mapping[str, Expr]
    input: Symbol
    expected: Mapping[str, Expr]
    sized_by: Symbol | None = None
    grown: Callable[[int], CellEquations] | None = None

    def check(self, context: Context) -> Verdict:
        cell = CELLS[self.cell]
        if any(f"{name}_0" in self.template for name in cell.states):  # the equations below start anywhere, matches() does not
            return Verdict.UNDECIDED
        maps = Maps(self.size, self.template, lambda bias, terms: sum((c * v for c, v in terms), sympy.sympify(bias)))
        old = {name: [self.state.get(f"{name}[{k}]", Symbol(f"{name}{k}")) for k in range(self.size)] for name in cell.states}
        new = cell.step(Symbols, maps, old, self.input)
        found = {f"{name}[{k}]": value for name in cell.states for k, value in enumerate(new[name])}
        readout = self.template.get("V", {})
        seen = cell.read(Symbols, maps, new, self.input)
        found["y"] = sum((entry * seen[k] for (k,), entry in readout.items()), sympy.Integer(0))
        found["y"] += self.template.get("v0", {}).get((), 0)
        normaliser = context.relus
        verdicts = []
        for name, value in self.expected.items():
            same = normaliser.normal(found[name]) == normaliser.normal(value)
            verdicts.append(Verdict.PROVED if same else context.check_identity(found[name], value))
        return all_of(verdicts)


@dataclass(frozen=True)
class Chain(Step):
    """terms[0] <= terms[1] <= ...: each difference is a factor >= 0 times right - left of a proved relation."""

    terms: tuple[Expr, ...]
    links: tuple[tuple[str, Expr], ...]
    also: tuple[str, ...] = ()

    @property
    def relation(self) -> Relation:
        return Relation(self.terms[0], self.terms[-1])

    def check(self, context: Context) -> Verdict:
        if len(self.links) != len(self.terms) - 1 or any(name not in context.proved for name in self.also):
            return Verdict.UNDECIDED
        ranges = context.all_ranges()
        verdicts = []
        for (name, factor), low, high in zip(self.links, self.terms, self.terms[1:], strict=False):
            relation = context.proved.get(name)
            if relation is None or not range_of(factor, ranges)[0] >= 0:
                verdicts.append(Verdict.UNDECIDED)
            else:
                scaled = _scaled(factor, relation)
                verdicts.append(context.check_same(_difference(high, low), scaled))
        return all_of(verdicts)


def _scaled(factor: Expr, relation: Relation) -> Form:
    gap = _difference(relation.right, relation.left)
    return lambda n, v: multiply(n.normal(factor, v), gap(n, v))


# --- derivations ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Derivation:
    """A closed-form bound on the recall error with the steps that prove it.

    `parameters` are the symbols that a request fixes; `ranges` those of all free symbols; `definitions` abbreviations in
    order; `bound` the closed form, in parameters and abbreviations. `conclusions` name the steps that together say
    |y_n - x_1| <= bound and that the bound grows with n. `from_below`: the bound is one of every network's error from below,
    so it is no claim about any weights.
    """

    theorem: str
    statement: str
    parameters: tuple[Symbol, ...]
    ranges: Mapping[Symbol, Range]
    definitions: Mapping[Symbol, Expr]
    hypotheses: tuple[Hypothesis, ...]
    steps: tuple[Step, ...]
    bound: Expr
    conclusions: tuple[str, ...]
    source: str = "this project"
    from_below: bool = False
    cache: dict[str, Verdict] = field(default_factory=dict, init=False, compare=False, repr=False)

    def check(self) -> dict[str, Verdict]:
        """Verify every step in order; a step sees only relations of steps proved before it. Cached per derivation."""
        if not self.cache:
            self.cache.update(self._check_steps())
        return dict(self.cache)

    def _check_steps(self) -> dict[str, Verdict]:
        for symbol, ends in self.ranges.items():
            if not all(isinstance(end, Fraction) or (isinstance(end, float) and math.isinf(end)) for end in ends):
                raise TypeError(f"the range of {symbol} has the end {ends}; ends are Fraction or ±infinity")
        proved: dict[str, Relation] = {}
        context = Context(self.ranges, self.definitions, proved, self.hypotheses, parameters=self.parameters)
        results: dict[str, Verdict] = {}
        for step in self.steps:
            if step.name in results:
                raise ValueError(f"two steps of {self.theorem} are named {step.name}")
            verdict = step.check(context)
            results[step.name] = verdict
            if verdict is not Verdict.PROVED:
                continue
            if step.relation is not None:
                proved[step.name] = step.relation
            if isinstance(step, Assumed) or any(name in context.assumed for name in step.uses()):
                context.assumed.add(step.name)
            if isinstance(step, ReluIs | ReluSplit):
                for argument, value in step.resolved():
                    context.relus.know_relu(argument, value)
                    context.split.update(argument.free_symbols if isinstance(step, ReluSplit) else ())
        return results

    @property
    def verdict(self) -> Verdict:
        """PROVED if every step is, every conclusion is among them, and one of them ends in the bound."""
        results = self.check()
        if any(name not in results for name in self.conclusions):
            return Verdict.UNDECIDED
        return all_of((*results.values(), self.check_conclusion()))

    def check_conclusion(self) -> Verdict:
        """PROVED if a conclusion says error <= bound or -bound <= error, or for the bound 0 is the cell's equation for y.

        With `from_below`: if a conclusion says bound <= error.
        """
        context = Context(self.ranges, self.definitions, {}, self.hypotheses, parameters=self.parameters)
        for step in self.steps:
            if step.name not in self.conclusions:
                continue
            relation = step.relation
            if relation is not None:
                ends = (relation.left,) if self.from_below else (relation.right, -relation.left)
                if any(context.check_identity(end, self.bound) is Verdict.PROVED for end in ends):
                    return Verdict.PROVED
            if isinstance(step, CellEquations) and self.bound == 0 and not self.from_below and "y" in step.expected:
                return Verdict.PROVED
        return Verdict.UNDECIDED

    def closed_form(self) -> Expr:
        """The bound in the parameters alone."""
        return unfold(self.bound, self.definitions)

    def enclose(self, values: Mapping[Symbol, Fraction | int]) -> arb:
        """The bound at the numbers, as a ball at the current precision."""
        return evaluate(self.bound, self._with_definitions(values))

    def exact_value(self, values: Mapping[Symbol, Fraction | int]) -> Fraction | None:
        """The bound at the numbers as a rational, where it is one without any function."""
        return evaluate_exactly(self.closed_form(), {s: Fraction(v) for s, v in values.items()})

    def _with_definitions(self, values: Mapping[Symbol, Fraction | int]) -> dict[Symbol, Fraction | int | arb]:
        known: dict[Symbol, Fraction | int | arb] = dict(values)
        for symbol, definition in self.definitions.items():
            known[symbol] = evaluate(definition, known)
        return known

    def matches(self, weights: Weights, values: Mapping[Symbol, Fraction | int]) -> Verdict:
        """PROVED if the weights are exactly the template for their cell at these numbers, all other entries zero.

        A derivation that serves several conventions of a cell has `CellEquations` steps for each. One `from_below` bounds no
        weights' error: UNDECIDED.
        """
        if self.from_below:
            return Verdict.UNDECIDED
        steps = [step for step in self.steps if isinstance(step, CellEquations)]
        templates = [step for step in steps if step.cell == weights.cell]
        if not steps or any(step.template != templates[0].template for step in templates):
            return Verdict.UNDECIDED
        if not templates:
            return Verdict.REFUTED
        template = templates[0]
        if template.sized_by is not None and template.grown is not None:
            size = Fraction(values[template.sized_by])
            if size.denominator != 1 or not 1 <= size <= weights.hidden:
                return Verdict.REFUTED
            template = template.grown(int(size))
            if template.check(Context(self.ranges, self.definitions, {}, self.hypotheses)) is not Verdict.PROVED:
                return Verdict.UNDECIDED
        if template.size > weights.hidden:
            return Verdict.REFUTED
        numbers = {s: Rational(Fraction(v).numerator, Fraction(v).denominator) for s, v in values.items()}
        try:
            blocks = {
                name: {index: exact(sympy.sympify(entry).subs(numbers)) for index, entry in entries.items()}
                for name, entries in template.template.items()
            }
        except TypeError:  # the template has no rational value there, e.g. 1/ε at ε = 0
            return Verdict.REFUTED
        return Verdict.PROVED if Weights(weights.cell, weights.hidden, blocks) == weights else Verdict.REFUTED

    def check_hypotheses(self, values: Mapping[Symbol, Fraction | int]) -> dict[str, Verdict]:
        """Each hypothesis at the numbers, decided in rationals where it is one, else in balls."""
        known = self._with_definitions(values)
        exact_values = {s: Fraction(v) for s, v in values.items()}
        results: dict[str, Verdict] = {}
        for symbol in self.parameters:
            low, high = self.ranges[symbol]
            if not low <= exact_values[symbol] <= high:
                results[f"{symbol} in its range"] = Verdict.REFUTED
        for hypothesis in self.hypotheses:
            if hypothesis.text in results:
                raise ValueError(f"two hypotheses of {self.theorem} read {hypothesis.text!r}")
            number = evaluate_exactly(hypothesis.expression, exact_values)
            ball = evaluate(hypothesis.expression, known)
            if number is not None:
                holds = number > 0 if hypothesis.strict else number >= 0
                verdict = Verdict.PROVED if holds else Verdict.REFUTED
            elif ball > 0 or (not hypothesis.strict and ball >= 0):
                verdict = Verdict.PROVED
            elif ball < 0 or (hypothesis.strict and ball <= 0):
                verdict = Verdict.REFUTED
            else:
                verdict = Verdict.UNDECIDED
            results[hypothesis.text] = verdict
        return results

"""What recognising any form of refreshed memory needs: affine nodes split into what inputs reach and what they do not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from verifier.arithmetic.balls import ZERO, to_ball
from verifier.program import Kind, Operation, Program

STEADY = (Kind.CONSTANT, Kind.AUTONOMOUS)


@dataclass(frozen=True)
class Affine:
    """bias + Σ coefficient·node over nodes that no input reaches."""

    bias: Fraction
    terms: Mapping[int, Fraction]

    def at(self, values: Sequence[arb]) -> arb:
        """Its value where the nodes have these."""
        total = to_ball(self.bias)
        for node, coefficient in self.terms.items():
            total = total + to_ball(coefficient) * values[node]
        return total


@dataclass(frozen=True)
class Steady:
    """Σ coefficient·(product of nodes) over nodes that no input reaches; the empty product is 1."""

    terms: tuple[tuple[tuple[int, ...], Fraction], ...]

    @classmethod
    def sum(cls, terms: Iterable[tuple[tuple[int, ...], Fraction]]) -> Steady:
        """The sum of these terms, each product once."""
        collected: dict[tuple[int, ...], Fraction] = {}
        for product, coefficient in terms:
            collected[product] = collected.get(product, Fraction(0)) + coefficient
        return cls(tuple((product, c) for product, c in collected.items() if c))

    def times(self, coefficient: Fraction, *nodes: int) -> Steady:
        """This, multiplied by a number and by nodes."""
        return Steady.sum((tuple(sorted((*product, *nodes))), c * coefficient) for product, c in self.terms)

    @property
    def number(self) -> Fraction | None:
        """Its value if that is one exact number."""
        if not self.terms:
            return Fraction(0)
        return self.terms[0][1] if len(self.terms) == 1 and not self.terms[0][0] else None

    def at(self, values: Sequence[arb]) -> arb:
        """Its value where the nodes have these."""
        total = ZERO
        for product, coefficient in self.terms:
            term = to_ball(coefficient)
            for node in product:
                term = term * values[node]
            total = total + term
        return total


ONE = Steady((((), Fraction(1)),))
NOTHING = Steady(())


@dataclass(frozen=True)
class Linear:
    """rest + Σ moving[node]·node over the input and driven states, with coefficients that no input reaches."""

    moving: Mapping[int, Steady]
    rest: Steady


def linear(program: Program, node: int) -> Linear | None:
    """A node as a linear form in the input and the driven states; None where it is not one."""
    operation = program.operations[node]
    if program.kinds[node] in STEADY:
        return Linear({}, Steady((((node,), Fraction(1)),)))
    if operation.name in ("state", "x"):
        return Linear({node: ONE}, NOTHING)
    if operation.name == "mul":
        steady = [a for a in operation.arguments if program.kinds[a] in STEADY]
        if len(steady) != 1:
            return None
        factor = steady[0]
        inner = linear(program, next(a for a in operation.arguments if a != factor))
        return None if inner is None else _sum([(Fraction(1), inner, (factor,))], Fraction(0))
    if operation.name != "affine":
        return None
    parts = [(c, linear(program, a)) for c, a in zip(operation.coefficients, operation.arguments, strict=True)]
    forms = [(c, inner, ()) for c, inner in parts if inner is not None]
    return _sum(forms, operation.bias) if len(forms) == len(parts) else None


def _sum(parts: Sequence[tuple[Fraction, Linear, tuple[int, ...]]], bias: Fraction) -> Linear:
    """bias + Σ number·form·nodes."""
    scaled = [({n: c.times(k, *nodes) for n, c in form.moving.items()}, form.rest.times(k, *nodes)) for k, form, nodes in parts]
    moving = {n for coefficients, _ in scaled for n in coefficients}
    return Linear(
        {n: Steady.sum(term for coefficients, _ in scaled if n in coefficients for term in coefficients[n].terms) for n in moving},
        Steady.sum([((), bias), *(term for _, rest in scaled for term in rest.terms)]),
    )


def split(program: Program, node: int) -> tuple[dict[int, Fraction], Affine] | None:
    """An affine node as (coefficients of the input and of driven states, the rest); None for anything else."""
    found = linear(program, node)
    if found is None:
        return None
    numbers = {n: c.number for n, c in found.moving.items()}
    if None in numbers.values() or any(len(product) > 1 for product, _ in found.rest.terms):
        return None
    rest = dict(found.rest.terms)
    bias = rest.pop((), Fraction(0))
    return {n: c for n, c in numbers.items() if c is not None}, Affine(bias, {product[0]: c for product, c in rest.items()})


def is_sum(operation: Operation, terms: int) -> bool:
    """Whether an operation is an affine combination of so many nodes without a constant."""
    return operation.name == "affine" and not operation.bias and len(operation.arguments) == terms

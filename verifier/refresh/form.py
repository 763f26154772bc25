"""What recognising any form of refreshed memory needs: affine nodes split into what inputs reach and what they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from flint import arb

from verifier.arithmetic.balls import to_ball
from verifier.program import Kind, Operation, Program

STEADY = (Kind.CONSTANT, Kind.AUTONOMOUS)


class Form(Protocol):
    """What every form says of its network: y = slope·A + constant, comparators σ(gain·(D - θ))."""

    @property
    def gain(self) -> Fraction:
        """κ."""

    @property
    def slope(self) -> Fraction:
        """V."""

    @property
    def constant(self) -> Fraction:
        """v_0."""


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


def split(program: Program, node: int) -> tuple[dict[int, Fraction], Affine] | None:
    """An affine node as (coefficients of the input and of driven states, the rest); None for anything else."""
    operation = program.operations[node]
    terms = {node: Fraction(1)}
    bias = Fraction(0)
    if operation.name == "affine":
        terms, bias = dict(zip(operation.arguments, operation.coefficients, strict=True)), operation.bias
    moving = {a: c for a, c in terms.items() if program.kinds[a] not in STEADY}
    if not all(program.operations[a].name in ("state", "x") for a in moving):
        return None
    return moving, Affine(bias, {a: c for a, c in terms.items() if a not in moving})


def is_sum(operation: Operation, terms: int) -> bool:
    """Whether an operation is an affine combination of so many nodes without a constant."""
    return operation.name == "affine" and not operation.bias and len(operation.arguments) == terms

"""Enclosures of one step's derivatives: how new driven states and the readout move with the old ones and the input.

Forward mode over the program, one step at a time, in interval arithmetic with ball ends. For a step over a box of
states and inputs the result encloses the derivative at every point of the box (for relu: every difference quotient).
"""

from __future__ import annotations

from dataclasses import dataclass

from flint import arb

from verifier.arithmetic.enclosures import Enclosures, Interval
from verifier.program import Kind
from verifier.run import Runner

INPUT = -1
"""The key of the input among the variables; driven states have keys 0, 1, ..."""

Tangent = dict[int, Interval]


@dataclass(frozen=True)
class StepDerivatives:
    """Enclosures of ∂(new state k)/∂(variable) and ∂y/∂(variable); absent entries are exactly zero."""

    states: list[Tangent]
    readout: Tangent


def derivatives(runner: Runner) -> StepDerivatives:
    """Derivatives of the step whose nodes are in `runner.values` (state, input and readout evaluated)."""
    program, values = runner.program, runner.values
    tangents: dict[int, Tangent] = {index: {k: _ONE} for k, index in enumerate(runner.driven_old)}
    if program.x is not None:
        tangents[program.x] = {INPUT: _ONE}
    for index in sorted((*runner.input_nodes, *runner.step_nodes, *runner.readout_nodes)):
        operation = program.operations[index]
        arguments = operation.arguments
        if operation.name == "affine":
            terms = [
                (tangents[a], c)
                for c, a in zip(runner.coefficients[index], arguments, strict=True)
                if program.kinds[a] in (Kind.INPUT, Kind.DRIVEN)
            ]
        elif operation.name == "mul":
            a, b = arguments
            terms = []
            if a in tangents:
                terms.append((tangents[a], values[b]))
            if b in tangents:
                terms.append((tangents[b], values[a]))
        else:
            slope = getattr(Enclosures, operation.name + "_slope")(values[arguments[0]], values[index])
            terms = [(tangents[arguments[0]], slope)]
        tangents[index] = combine(terms)
    none: Tangent = {}
    return StepDerivatives([tangents.get(index, none) for index in runner.driven_new], tangents.get(program.readout, none))


def combine(terms: list[tuple[Tangent, Interval | None]]) -> Tangent:
    """Σ factor·tangent; a factor None means 1."""
    result: Tangent = {}
    for tangent, factor in terms:
        for key, value in tangent.items():
            product = value if factor is None else factor * value
            result[key] = result[key] + product if key in result else product
    return result


_ONE = Interval(arb(1))

"""Recognising a memory that refreshes itself (theory C9) from a recorded step, whatever its numbers.

Besides autonomous units (a clock), which no input reaches, it has three LSTM units whose shown value is h = o tanh c:

    capture      c' = σ(F) c + σ(I) tanh(εx + b)
    hold         c' = σ(F) c + σ(I) tanh(u h_acc + λ)
    accumulate   c' = σ(F) c + σ(κ(h_cap + h_hold - h_acc - θ)) tanh(T)

and y = V (h_cap + h_hold) + v_0. F, I, T, λ and θ are functions of the clock alone; ε, b, u, κ, V, v_0 are numbers. Everything
starts at 0. `recognise` reads this off the operations and their exact coefficients; nothing here knows a construction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from verifier.program import Kind, Operation, Program

STEADY = (Kind.CONSTANT, Kind.AUTONOMOUS)


@dataclass(frozen=True)
class Affine:
    """bias + Σ coefficient·node over nodes that no input reaches."""

    bias: Fraction
    terms: Mapping[int, Fraction]


@dataclass(frozen=True)
class Gated:
    """One driven unit: nodes of the arguments of its forget gate, input gate and candidate, and of tanh(c')."""

    shown_state: int
    forget: int
    admit: int
    candidate: int
    cell_tanh: int
    shown: Fraction


@dataclass(frozen=True)
class Form:
    """The three units, and the numbers in which they are coupled (see the module)."""

    capture: Gated
    hold: Gated
    accumulate: Gated
    shown: Fraction
    scale: Fraction
    offset: Fraction
    feedback: Fraction
    lift: Affine
    gain: Fraction
    threshold: Affine
    slope: Fraction
    constant: Fraction


def recognise(program: Program) -> Form | None:
    """The form of a refreshed memory, or None where the step is not of that form."""
    driven = program.driven()
    if any(program.initial[k] for k in driven):
        return None
    units = sorted({program.states[k][1] for k in driven})
    if len(units) != 3 or len(driven) != 6:
        return None
    found = [_gated(program, unit) for unit in units]
    gated = [unit for unit in found if unit is not None]
    if len(gated) < 3 or len({unit.shown for unit in gated}) > 1:
        return None
    kinds = program.kinds
    accumulate = [unit for unit in gated if kinds[unit.admit] is Kind.DRIVEN]
    capture = [unit for unit in gated if kinds[unit.candidate] is Kind.INPUT]
    hold = [unit for unit in gated if unit not in accumulate and unit not in capture]
    if not len(accumulate) == len(capture) == len(hold) == 1:
        return None
    return _coupled(program, capture[0], hold[0], accumulate[0])


def _coupled(program: Program, capture: Gated, hold: Gated, accumulate: Gated) -> Form | None:
    """The form, if the three units read each other and the input as it says."""
    kinds = program.kinds
    gates = (capture.forget, capture.admit, hold.forget, hold.admit, accumulate.forget, accumulate.candidate)
    if not all(kinds[node] in STEADY for node in gates):
        return None
    entry, reload = _split(program, capture.candidate), _split(program, hold.candidate)
    compared = _split(program, accumulate.admit)
    read = program.operations[program.readout]
    if program.x is None or read.name != "affine" or entry is None or reload is None or compared is None:
        return None
    gain = compared[0].get(capture.shown_state, Fraction(0))
    slopes = dict(zip(read.arguments, read.coefficients, strict=True))
    slope = slopes.get(capture.cell_tanh, Fraction(0)) / capture.shown
    expected = {capture.shown_state: gain, hold.shown_state: gain, accumulate.shown_state: -gain}
    if (
        set(entry[0]) != {program.x}
        or entry[1].terms
        or set(reload[0]) != {accumulate.shown_state}
        or compared[0] != expected
        or slopes != {capture.cell_tanh: slope * capture.shown, hold.cell_tanh: slope * capture.shown}
    ):
        return None
    return Form(
        capture=capture,
        hold=hold,
        accumulate=accumulate,
        shown=capture.shown,
        scale=entry[0][program.x],
        offset=entry[1].bias,
        feedback=reload[0][accumulate.shown_state],
        lift=reload[1],
        gain=gain,
        threshold=Affine(-compared[1].bias / gain, {node: -value / gain for node, value in compared[1].terms.items()}),
        slope=slope,
        constant=read.bias,
    )


def _split(program: Program, node: int) -> tuple[dict[int, Fraction], Affine] | None:
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


def _gated(program: Program, unit: int) -> Gated | None:
    """A unit with c' = σ(F) c + σ(I) tanh(T) and h' = o tanh c', o an exact number."""
    place = {state: k for k, state in enumerate(program.states)}
    if ("h", unit) not in place or ("c", unit) not in place:
        return None
    operations = program.operations
    cell, shown = place["c", unit], place["h", unit]
    output = operations[program.new[shown]]
    update = operations[program.new[cell]]
    if not _is_sum(output, 1) or output.coefficients[0] <= 0 or not _is_sum(update, 2) or set(update.coefficients) != {1}:
        return None
    last = operations[output.arguments[0]]
    if last.name != "tanh" or last.arguments != (program.new[cell],):
        return None
    forget = admit = candidate = None
    for index in update.arguments:
        product = operations[index]
        if product.name != "mul":
            return None
        for gate, other in (product.arguments, product.arguments[::-1]):
            if operations[gate].name != "sigmoid":
                continue
            if other == program.old[cell]:
                forget = operations[gate].arguments[0]
            elif operations[other].name == "tanh":
                admit, candidate = operations[gate].arguments[0], operations[other].arguments[0]
    if forget is None or admit is None or candidate is None:
        return None
    return Gated(program.old[shown], forget, admit, candidate, output.arguments[0], output.coefficients[0])


def _is_sum(operation: Operation, terms: int) -> bool:
    """Whether an operation is an affine combination of so many nodes without a constant."""
    return operation.name == "affine" and not operation.bias and len(operation.arguments) == terms

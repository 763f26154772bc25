"""What weights do: gates, memory and the units that carry x_1, along one run and over the whole box, for any weights.

Along a run the chain rule splits ∂y_n/∂x_1 after every step t < n over the units,

    ∂y_n/∂x_1 = Σ_u share_u(t),    share_u(t) = Σ (∂y_n/∂s_k(t)) (∂s_k(t)/∂x_1) over the states k of unit u,

so a share says how much of x_1 is under way through unit u at that time. The parts come from two passes, forwards and
backwards; a step whose shares cannot add up to it is reported. Everything is enclosed in balls at the current
precision. Source: the product form is backpropagation through time (Werbos 1990); the split is the chain rule.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce

import flint
from flint import arb

from verifier.arithmetic.balls import ZERO, Balls, largest, to_ball
from verifier.arithmetic.enclosures import Interval
from verifier.derivatives import INPUT
from verifier.gates import Ranges, enclose_activations
from verifier.gradient import WITNESS_WORK, pull_back, telling_sequences, walk_along, walk_work
from verifier.monotone import Walk, interval_of, walk_box
from verifier.program import Program, record
from verifier.run import Runner
from verifier.verdict import Verdict, check_at_most
from verifier.weights import Weights

SHARP_BITS = 24
"""Bits to which ∂y_n/∂x_1 along the run is wanted, of the largest ∂y_n/∂x_t there."""

FIRST_BITS, MOST_BITS = 128, 4096
"""Working precisions tried, each twice the one before."""


@dataclass(frozen=True)
class Memory:
    """∂y_n/∂x_t along the run, enclosed over every sequence of the box, and the least and the largest value at sequences run.

    With kinks (relu) these are difference quotients in a small box next to the run, known between two ends only: `least` may be
    above `largest`.
    """

    t: int
    along_run: Interval
    over_box: Interval
    least: arb
    largest: arb


@dataclass(frozen=True)
class Carrier:
    """A unit and the part of ∂y_n/∂x_1 that is under way through its states after the steps 1, ..., n - 1."""

    unit: int
    shares: tuple[arb, ...]

    @property
    def weight(self) -> arb:
        """Mean of |share| over the steps."""
        return sum((abs(share) for share in self.shares), ZERO) / len(self.shares)


@dataclass(frozen=True)
class Inspection:
    """What was found along the run `inputs` and over the box [-bound, bound]^n.

    `error` is y_n - x_1 along the run, `gates` and `ranges` the activations of each step along the run and over the box,
    `memory` ∂y_n/∂x_t for t = 1 ... n, `carriers` the units in order of how much of x_1 they carry (empty for n = 1).
    `verdict` is PROVED where all enclosures are finite, REFUTED where the shares of a step cannot add up to ∂y_n/∂x_1, which
    would be a fault of this program.
    """

    weights: Weights
    bound: Fraction
    inputs: tuple[Fraction, ...]
    error: arb
    gates: list[Ranges]
    ranges: list[Ranges]
    memory: list[Memory]
    carriers: list[Carrier]
    verdict: Verdict
    working_bits: int

    @property
    def attention(self) -> arb:
        """|∂y_n/∂x_1| / Σ_t |∂y_n/∂x_t| along the run: the weight of x_1 among the inputs; not finite where y moves with none."""
        moduli = [abs(moment.along_run.ball()) for moment in self.memory]
        return moduli[0] / sum(moduli, ZERO)


def inspect(weights: Weights, bound: Fraction, inputs: Sequence[Fraction], seed: int = 0) -> Inspection:
    """Look into a network along one run and over its box, at the first precision that gives `SHARP_BITS` bits.

    Raises `StepLimit` where a walk over the box would take too long, `ValueError` for an empty run.
    """
    if not inputs:
        raise ValueError("a run has at least one input")
    program = record(weights)
    walk_work(program, len(inputs))
    bits = FIRST_BITS
    while True:
        with Balls(bits).working():
            found = _inspect(weights, program, bound, tuple(inputs), seed)
            if _is_sharp(found) or bits >= MOST_BITS:
                return found
        bits *= 2


def _is_sharp(found: Inspection) -> bool:
    values = [moment.along_run.ball() for moment in found.memory]
    size = largest(value.abs_upper() for value in values)
    return bool(values[0].rad() <= size * arb(2) ** -SHARP_BITS)


def _inspect(weights: Weights, program: Program, bound: Fraction, inputs: tuple[Fraction, ...], seed: int) -> Inspection:
    n, whole = len(inputs), (-bound, bound)
    run, box = walk_along(program, bound, inputs), walk_box(program, [whole] * n)
    y = list(Runner(program, Balls(flint.ctx.prec)).outputs(inputs))[-1]
    along_run = _slopes(run, n)
    seen = zip(*[along_run, *_seen(program, bound, n, seed)], strict=True)
    memory = [
        Memory(t, mine, every, _least(values), _largest(values))
        for t, (mine, every, values) in enumerate(zip(along_run, _slopes(box, n), seen, strict=True), 1)
    ]
    carriers = _carriers(program, run, n)
    return Inspection(
        weights=weights,
        bound=bound,
        inputs=inputs,
        error=y - to_ball(inputs[0]),
        gates=enclose_activations(weights, [interval_of((x, x)) for x in inputs]),
        ranges=enclose_activations(weights, [interval_of(whole)] * n),
        memory=memory,
        carriers=carriers,
        verdict=_verdict(memory, carriers),
        working_bits=flint.ctx.prec,
    )


def _slopes(walk: Walk, n: int) -> list[Interval]:
    """∂y_n/∂x_t for t = 1 ... n."""
    return [row.get(INPUT, Interval(ZERO)) for _, row in pull_back(walk, n)][::-1]


def _seen(program: Program, bound: Fraction, n: int, seed: int) -> Iterator[list[Interval]]:
    """∂y_n/∂x_t, t = 1 ... n, at each of the `telling_sequences`, as far as `WITNESS_WORK` goes."""
    work = walk_work(program, n)
    for inputs in itertools.islice(telling_sequences(bound, n, seed), WITNESS_WORK // work):
        yield _slopes(walk_along(program, bound, inputs), n)


def _least(values: Iterable[Interval]) -> arb:
    """An upper bound of the least of these numbers."""
    return reduce(arb.min, (value.upper for value in values))


def _largest(values: Iterable[Interval]) -> arb:
    """A lower bound of the largest of these numbers."""
    return reduce(arb.max, (value.lower for value in values))


def _carriers(program: Program, run: Walk, n: int) -> list[Carrier]:
    unit_of = [program.states[k][1] for k in program.driven()]
    shares: dict[int, list[arb]] = {unit: [ZERO] * (n - 1) for unit in unit_of}
    for t, row in pull_back(run, n):
        for k, value in row.items():
            if k != INPUT and t > 1 and k in run.first[t - 1]:
                shares[unit_of[k]][t - 2] += (value * run.first[t - 1][k]).ball()
    if n == 1:
        return []
    found = [Carrier(unit, tuple(values)) for unit, values in shares.items()]
    return sorted(found, key=lambda carrier: (-float(carrier.weight.mid()), carrier.unit))


def _verdict(memory: Sequence[Memory], carriers: Sequence[Carrier]) -> Verdict:
    ends = [end for moment in memory for part in (moment.along_run, moment.over_box) for end in (part.lower, part.upper)]
    if not all(end.is_finite() for end in ends):
        return Verdict.UNDECIDED
    slope = memory[0].along_run.ball()
    for step in zip(*(carrier.shares for carrier in carriers), strict=True):
        total = sum(step, ZERO)
        if Verdict.REFUTED in (check_at_most(total, slope), check_at_most(slope, total)):
            return Verdict.REFUTED
    return Verdict.PROVED

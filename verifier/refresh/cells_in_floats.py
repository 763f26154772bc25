"""Every level of a refreshed memory as a box of float states, pushed through whole cycles: `cells` with every rounding.

The cell's recorded step is evaluated on sets of floats (`float_enclosures`): products rounded or fused, sums in any order, σ
anything in [0, 1] between its thresholds, tanh within u ulps, later inputs anywhere in [-M, M]. A bit is decided where the argument
of its comparator is beyond these thresholds.

A recorded affine node is one sum of the cell: an LSTM whose output gate is σ(0) = 1/2 exactly has only products with powers of two
besides.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from flint import arb

from verifier.arithmetic.enclosures import Interval
from verifier.float_enclosures import FloatEnclosures
from verifier.program import Program, record
from verifier.refresh import lstm
from verifier.refresh.cells import BOXES_PER_LEVEL, Box, Enumeration, Levels, inside, skip
from verifier.refresh.in_floats import RefreshInFloats
from verifier.run import Runner
from verifier.weights import Weights

LARGEST_FLOAT_WORK = 10_000
"""Boxes times steps beyond which levels are not enumerated: some seconds."""


def push_levels_in_floats(weights: Weights, bound: Fraction, found: RefreshInFloats) -> Enumeration:
    """Every level and border pushed through a cycle in floats, where there are few enough. Works at the current precision."""
    if BOXES_PER_LEVEL * found.levels * found.hints.period > LARGEST_FLOAT_WORK:
        return skip(found.levels)
    return FloatLevels(record(weights), found, bound).decide()


class FloatBoxes(lstm.StateBoxes):
    """Boxes of the float states of an LSTM of this form; what is shown of a cell is rounded."""

    def __init__(self, program: Program, form: lstm.Form, arithmetic: FloatEnclosures) -> None:
        self.form, self.arithmetic = form, arithmetic
        super().__init__(program, form.gain, form.hold, (form.capture, form.accumulate))

    def compared(self, values: Sequence[Any]) -> tuple[Interval, Interval]:
        """As of `lstm`, settled."""
        argument, bit = super().compared(values)
        return argument.settled(), bit.settled()  # type: ignore[attr-defined]

    def with_sum(self, box: Box, low: arb, high: arb) -> Box:
        """The part of a box whose cells o tanh c lie between these values, which may pass what the box contains."""
        part, place = super().with_sum(box, low, high), self.cells[-1]
        part[place] = Interval(part[place].lower.max(box[place].lower), part[place].upper.min(box[place].upper))
        part[self.shown[-1]] = self._show(part[place])
        return part

    def _show(self, cell: Interval) -> Interval:
        return (self.arithmetic.exact(self.form.shown) * self.arithmetic.tanh(self.arithmetic.of(cell))).settled()


class FloatLevels(Levels):
    """Boxes of floats of one network."""

    def __init__(self, program: Program, found: RefreshInFloats, bound: Fraction) -> None:
        self.library, self.arithmetic = found.library, FloatEnclosures(found.library)
        super().__init__(program, FloatBoxes(program, found.form, self.arithmetic), bound, found.hints)

    def _runner(self) -> Runner:
        return Runner(self.program, self.arithmetic)

    def _clock(self) -> None:
        """As of `cells`, each value a set of floats."""
        start = [self.arithmetic.exact(self.program.initial[k]).settled() for k in self.program.autonomous()]
        self.opening, state = self._phase(start)
        self.first, state = self._phases(state, self.hints.first)
        _, after = self._phases(state, self.hints.period)
        around = []
        for old, new in zip(state, after, strict=True):
            span = old.hull(new)
            reach = span.upper - span.lower + span.largest_modulus() * self.arithmetic.unit
            around.append(Interval((span.lower - reach).lower(), (span.upper + reach).upper()))
        self.cycle, image = self._phases(around, self.hints.period)
        self.found += [inside(new, old) for new, old in zip(image, around, strict=True)]

    def _phase(self, state: Sequence[Interval]) -> tuple[list[Any], list[Interval]]:
        new = self.runner.advance_autonomous([self.arithmetic.of(value) for value in state])
        return [self.runner.values[index] for index in self.runner.boundary], [value.settled() for value in new]

    def _step(self, phase: Sequence[Any], box: Box, x: Interval) -> tuple[Box, Interval]:
        runner = self.runner
        for index, value in zip(runner.boundary, phase, strict=True):
            runner.values[index] = value
        runner.load_input(self.arithmetic.of(x))
        for index, entry in zip(runner.driven_old, box, strict=True):
            runner.values[index] = self.arithmetic.of(entry)
        return [value.settled() for value in runner.evaluate_driven()], runner.output().settled()

    def _decided(self, bit: Interval) -> arb:
        """Twice the thresholds of σ: cells are cut and shown with roundings, and where the cut is matters for sharpness alone."""
        return arb(2 * max(self.library.one, self.library.zero))

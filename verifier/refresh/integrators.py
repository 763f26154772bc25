"""Recognising a refreshed memory made of integrators (theory C9) in a one-layer RNN of tanh or σ units, whatever its numbers.

Besides autonomous units (a clock), which no input reaches, it has eight units. In tanh's terms (`elman`):

    entry       p' = tanh(εx + F)                      lets the input pass at step 1
    compare     s' = tanh(κ(A - q - θ))                ±1: does the bit fit?
    bit, pair   g' = tanh(Ys + B), k' = tanh(Ys + K)   g - k is the bit, worth B - K, where s is up
    sum         q' = tanh(q + c + g - k + S_q)         the sum of the bits
    clear       c' = tanh(-q + C)                      takes the sum off, once in a cycle
    load        m' = tanh(q - A + H)                   moves A to the sum, once in a cycle
    hold        A' = tanh(A + m + p + S_A)             the held value

and y = V (A + p) + R. F, θ, B, K, C, H, S_q, S_A and R are functions of the clock alone; ε, κ, Y and V are numbers. The clock
opens and shuts what passes, by driving tanh into saturation. `recognise` reads this off the exact coefficients.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from verifier.program import Program
from verifier.refresh.elman import Network, Row, in_terms_of_tanh
from verifier.refresh.form import Affine

ONE = Fraction(1)

DRIVEN_UNITS = 8
"""Units that inputs reach."""


@dataclass(frozen=True)
class Places:
    """Where the eight units stand."""

    entry: int
    compare: int
    bit: int
    pair: int
    sum: int
    clear: int
    load: int
    hold: int


@dataclass(frozen=True)
class Integrators:
    """The units, and the numbers and functions of the clock with which they are coupled (see the module)."""

    network: Network
    places: Places
    scale: Fraction
    gain: Fraction
    swing: Fraction
    slope: Fraction
    entry: Affine
    threshold: Affine
    bit: Affine
    pair: Affine
    worth: Affine
    sum: Affine
    clear: Affine
    load: Affine
    hold: Affine
    read: Affine


def recognise(program: Program) -> Integrators | None:
    """The form of a refreshed memory of integrators, or None where the step is not of that form."""
    network = in_terms_of_tanh(program)
    if network is None or len(network.rows) != DRIVEN_UNITS:
        return None
    places = _places(network.rows)
    return None if places is None else _coupled(network, places)


def _places(rows: Mapping[int, Row]) -> Places | None:
    """The units by what they read: the entry reads x, the hold itself and the entry, and so on along the arrows."""
    entry = _only(k for k, row in rows.items() if row.input and not row.moving)
    hold = _only(k for k, row in rows.items() if entry in row.moving and k in row.moving)
    total = _only(k for k, row in rows.items() if k in row.moving and k != hold)
    if entry is None or hold is None or total is None:
        return None
    load = _only(k for k in rows[hold].moving if k not in (entry, hold))
    compare = _only(k for k, row in rows.items() if set(row.moving) == {hold, total} and k != load)
    clear = _only(k for k, row in rows.items() if set(row.moving) == {total})
    bit = _only(k for k, row in rows.items() if set(row.moving) == {compare} and rows[total].moving.get(k) == ONE)
    pair = _only(k for k, row in rows.items() if set(row.moving) == {compare} and rows[total].moving.get(k) == -ONE)
    if load is None or compare is None or clear is None or bit is None or pair is None:
        return None
    return Places(entry, compare, bit, pair, total, clear, load, hold)


def _only(found: Iterable[int]) -> int | None:
    """The only one of them; None where there is none or several."""
    units = list(found)
    return units[0] if len(units) == 1 else None


def _coupled(network: Network, at: Places) -> Integrators | None:
    """The form, if the units read each other and the input as it says."""
    row = network.rows
    gain, swing = row[at.compare].moving[at.hold], row[at.bit].moving[at.compare]
    slope = network.readout.moving.get(at.hold, Fraction(0))
    expected = {
        at.entry: {},
        at.compare: {at.hold: gain, at.sum: -gain},
        at.bit: {at.compare: swing},
        at.pair: {at.compare: swing},
        at.sum: {at.sum: ONE, at.clear: ONE, at.bit: ONE, at.pair: -ONE},
        at.clear: {at.sum: -ONE},
        at.load: {at.sum: ONE, at.hold: -ONE},
        at.hold: {at.hold: ONE, at.load: ONE, at.entry: ONE},
    }
    if any(dict(row[k].moving) != terms or (row[k].input and k != at.entry) for k, terms in expected.items()):
        return None
    if dict(network.readout.moving) != {at.hold: slope, at.entry: slope} or network.readout.input:
        return None
    bit, pair = row[at.bit].steady, row[at.pair].steady
    return Integrators(
        network=network,
        places=at,
        scale=row[at.entry].input,
        gain=gain,
        swing=swing,
        slope=slope,
        entry=row[at.entry].steady,
        threshold=_over(row[at.compare].steady, -gain),
        bit=bit,
        pair=pair,
        worth=_less(bit, pair),
        sum=row[at.sum].steady,
        clear=row[at.clear].steady,
        load=row[at.load].steady,
        hold=row[at.hold].steady,
        read=network.readout.steady,
    )


def _over(affine: Affine, divisor: Fraction) -> Affine:
    return Affine(affine.bias / divisor, {node: value / divisor for node, value in affine.terms.items()})


def _less(affine: Affine, other: Affine) -> Affine:
    """The difference, in which equal terms cancel exactly."""
    zero = Fraction(0)
    terms = {node: affine.terms.get(node, zero) - other.terms.get(node, zero) for node in {*affine.terms, *other.terms}}
    return Affine(affine.bias - other.bias, {node: value for node, value in terms.items() if value})

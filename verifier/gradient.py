"""How the output moves with an old input, enclosed over a whole box of input sequences, for any weights.

With step derivatives J_t, b_t (driven state) and r_t, q_t (readout) enclosed over the box [-M, M]^n (`derivatives`),

    ∂y_n/∂x_n = q_n,    ∂y_n/∂x_t = r_n J_{n-1} ... J_{t+1} b_t.

*Stepping*: ∂y_n/∂x_1 is carried forwards, max over t >= 2 of |∂y_n/∂x_t| pulled back from n.
*Closed form*: after T steps the autonomous part rests in a box and each state with memory has a map of its own with slope in
[a, b] > 0 (`settled`), so the product of m such slopes lies in [a^m, b^m], whatever m.
*Contraction*: over a box of states that no step leaves let |J| <= G, |b| <= β, |r| <= ρ, entry by entry. Then
|∂y_n/∂x_t| <= ρ G^(n-1-t) β <= ‖ρ‖_1 κ g^(n-1-t) ‖β‖ for every n > t >= 1, with ‖G^m‖ <= κ g^m from `powers`: if the spectral
radius of G is below 1, gradients vanish for every input sequence and for ever.

For relu, which has kinks, every difference quotient is enclosed. Source: the product form and its two fates are Hochreiter
1991 and Bengio, Simard & Frasconi 1994; norm bounds of the product Pascanu, Mikolov & Bengio 2013; the enclosures are this
project's (theory section 4).
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import flint
from flint import arb, fmpq_mat, fmpz
from sympy import Expr, Symbol

from verifier.arithmetic.balls import ONE, ZERO, stated_upper, to_ball, upper_fraction
from verifier.arithmetic.enclosures import Enclosures, Interval
from verifier.arithmetic.symbols import evaluate
from verifier.derivatives import INPUT, StepDerivatives, Tangent, combine, derivatives
from verifier.errors import StepLimit
from verifier.induction import forms_of_driven_states, settle
from verifier.monotone import Walk, inner_product, interval_of, walk_box
from verifier.powers import GeometricBound, bound_powers
from verifier.program import Program
from verifier.run import Runner
from verifier.sequences import Runs, compress, join
from verifier.settled import SETTLING_STEPS, LaterStep
from verifier.spectral import LARGEST_DIMENSION, Spectrum, rate_above, rational, spectrum
from verifier.supremum import WALK_WORK
from verifier.verdict import Verdict, all_of, check_at_most

DEFAULT_STEPS = 2000
"""Longest horizon that is walked step by step."""

STATED_DIGITS = 12
"""Significant decimals to which a theorem's bound is rounded up before enclosures are compared with it."""

WITNESS_WORK = 8_000_000
"""Steps × terms × driven states spent on sequences that show how far the enclosure is attained."""

RANDOM_SEQUENCES = 4
"""Random sequences among those that show how far the enclosure is attained."""

ATTEMPTS = 3
"""Precisions tried, each twice the one before."""

INVARIANCE_ROUNDS = 256
"""Doublings after which a box that still grows is given up as invariant."""

KINK_WIDTH = Fraction(1, 2**20)
"""Where there are kinks, a sequence found is a box that is this much of M wide: derivatives at a point may not exist."""

CARRIED = Fraction(1, 2)
"""A gradient counts as carried to n if ∂y_n/∂x_1 is at least this for every sequence: a bare sign would say nothing."""

Range = tuple[Fraction, Fraction]


@dataclass(frozen=True)
class Attained:
    """A derivative ∂y_n/∂x_t at one input sequence; with kinks, where a difference quotient next to that sequence lies."""

    value: Interval
    inputs: Runs
    t: int = 1


@dataclass(frozen=True)
class GradientRow:
    """Derivatives of y_n over all input sequences of the box.

    `first` encloses ∂y_n/∂x_1, `lowest` and `highest` are values of it at two sequences, the least and the largest found.
    `later` bounds max over 2 <= t <= n of |∂y_n/∂x_t| (0 where n = 1), `later_seen` is the largest found.
    `method` is "stepping", "closed form" or "contraction".
    """

    n: int
    first: Interval
    lowest: Attained | None
    highest: Attained | None
    later: arb
    later_seen: Attained | None
    method: str


@dataclass(frozen=True)
class Contraction:
    """|∂y_n/∂x_t| <= `factor`·`powers.rate`^(n-1-t) for every n > t >= 1 and every input sequence of the box.

    `matrix` bounds the moduli of the step's Jacobian entry by entry, `spectrum` is that of it, `last` bounds |∂y_n/∂x_n|.
    """

    matrix: fmpq_mat
    spectrum: Spectrum
    powers: GeometricBound
    factor: Fraction
    last: arb

    def at(self, gap: int) -> arb:
        """The bound for n - 1 - t = `gap`."""
        return to_ball(self.factor) * to_ball(self.powers.rate) ** fmpz(gap)


@dataclass(frozen=True)
class StatedGradient:
    """What a theorem says about the gradients of its weights, for every n' up to its own n.

    |1 - ∂y_n'/∂x_1| <= `deficit` and |∂y_n'/∂x_t| <= `later` for t >= 2, in the symbol `horizon` for n' and the symbols of
    `parameters`. Both sides may be one number, so balls are compared with the bounds rounded up to `STATED_DIGITS` decimals.
    """

    theorem: str
    statement: str
    horizon: Symbol
    parameters: Mapping[Symbol, Fraction]
    deficit: Expr
    later: Expr

    def deficit_at(self, n: int) -> arb:
        """The deficit at n' = n, rounded up."""
        return self._stated(self.deficit, n)

    def later_at(self, n: int) -> arb:
        """The bound for t >= 2 at n' = n, rounded up."""
        return self._stated(self.later, n)

    def _stated(self, bound: Expr, n: int) -> arb:
        value = evaluate(bound, {**self.parameters, self.horizon: Fraction(n)})
        return to_ball(stated_upper(value)) if value.is_finite() else value

    def check(self, row: GradientRow) -> Verdict:
        """PROVED if the enclosures of a row lie inside what is stated, REFUTED if a sequence found lies outside."""
        deficit, later = self.deficit_at(row.n), self.later_at(row.n)
        parts = [check_at_most(ONE - row.first.lower, deficit), check_at_most(row.first.upper - ONE, deficit)]
        if row.n > 1:
            parts.append(check_at_most(row.later, later))
        if all_of(parts) is Verdict.PROVED:
            return Verdict.PROVED
        seen = []
        if row.lowest is not None:
            seen.append(check_at_most(ONE - row.lowest.value.upper, deficit))
        if row.highest is not None:
            seen.append(check_at_most(row.highest.value.lower - ONE, deficit))
        if row.later_seen is not None:
            seen.append(check_at_most(_least_modulus(row.later_seen.value), later))
        return Verdict.REFUTED if Verdict.REFUTED in seen else Verdict.UNDECIDED


def _least_modulus(value: Interval) -> arb:
    if value.lower > 0 or value.upper < 0:
        return abs(value.lower).min(abs(value.upper))
    return ZERO


def enclose_gradients(
    program: Program,
    bound: Fraction,
    horizons: Sequence[int],
    steps: int = DEFAULT_STEPS,
    seed: int = 0,
    contraction: Contraction | None = None,
) -> list[GradientRow]:
    """Enclose ∂y_n/∂x_1 and bound the later gradients for each horizon n, over [-bound, bound]^n, at the current precision.

    Horizons up to `steps` are walked, longer ones need a closed form or the `contraction` that `find_contraction` gave.
    Raises `StepLimit` where neither applies or a walk would take too long.
    """
    near, far = [n for n in horizons if n <= steps], [n for n in horizons if n > steps]
    rows = _stepped(program, bound, near, seed) if near else []
    for n in far:
        row = _closed_form(program, bound, n)
        if row is None:
            if contraction is None:
                raise StepLimit(
                    f"n = {n} exceeds {steps} steps, and these weights have neither a closed form in n that this version knows "
                    "nor a contraction"
                )
            most = contraction.at(n - 2)
            later = contraction.at(0).max(contraction.last)
            row = GradientRow(n, Interval(-most, most), None, None, later, None, "contraction")
        rows.append(row)
    return rows


def _stepped(program: Program, bound: Fraction, horizons: Sequence[int], seed: int) -> list[GradientRow]:
    longest, whole = max(horizons), (-bound, bound)
    work = walk_work(program, longest)
    rows = _rows(walk_box(program, [whole] * longest), horizons)
    for number, inputs in enumerate(telling_sequences(bound, longest, seed)):
        if number and number * work > WITNESS_WORK:
            break
        walk = walk_along(program, bound, inputs)
        rows = [_with_witness(row, found, inputs) for row, found in zip(rows, _seen(walk, horizons), strict=True)]
    return rows


def walk_along(program: Program, bound: Fraction, inputs: Sequence[Fraction]) -> Walk:
    """The walk along one sequence; with kinks, along a box next to it."""
    kinks = any(operation.name == "relu" for operation in program.operations)
    width = KINK_WIDTH * bound if kinks else Fraction(0)
    return walk_box(program, [_around(x, width) for x in inputs])


def walk_work(program: Program, n: int) -> int:
    """Steps × terms × driven states of a walk over the box; raises `StepLimit` where that is too long."""
    terms = 1 + sum(len(operation.arguments) for operation in program.operations)
    work = n * terms * (1 + len(program.driven()))
    if work > WALK_WORK:
        raise StepLimit(f"{n} steps of a network with {terms - 1} terms per step are too many to walk over the box")
    return work


def _around(x: Fraction, width: Fraction) -> Range:
    """A range of this width that holds x, towards 0 from the ends of the box."""
    return (x - width, x) if x >= 0 else (x, x + width)


def _rows(walk: Walk, horizons: Sequence[int]) -> list[GradientRow]:
    rows = []
    for n in horizons:
        later = ZERO
        for _, value in _pulled_back(walk, n):
            later = later.max(_modulus(value))
        rows.append(GradientRow(n, _first(walk, n), None, None, later, None, "stepping"))
    return rows


def _first(walk: Walk, n: int) -> Interval:
    """∂y_n/∂x_1."""
    readout = walk.steps[n - 1].readout
    slope = readout.get(INPUT) if n == 1 else inner_product(readout, walk.first[n - 1])
    return Interval(ZERO) if slope is None else slope


def pull_back(walk: Walk, n: int) -> Iterator[tuple[int, Tangent]]:
    """(t, ∂y_n/∂(driven states before step t and x_t)) for t = n, n - 1, ..., 1; absent entries are exactly zero."""
    row = walk.steps[n - 1].readout
    for t in range(n, 0, -1):
        if t < n:
            row = combine([(walk.steps[t - 1].states[k], value) for k, value in row.items() if k != INPUT])
        yield t, row


def _pulled_back(walk: Walk, n: int) -> Iterator[tuple[int, Interval | None]]:
    """(t, ∂y_n/∂x_t) for t = n, n - 1, ..., 2; None where it is exactly zero."""
    for t, row in itertools.islice(pull_back(walk, n), n - 1):
        yield t, row.get(INPUT)


def _seen(walk: Walk, horizons: Sequence[int]) -> list[tuple[Interval, Interval, int]]:
    """For each horizon ∂y_n/∂x_1, and the largest ∂y_n/∂x_t, t >= 2, with its t, at the one sequence that was walked."""
    found = []
    for n in horizons:
        best, place = Interval(ZERO), min(2, n)
        for t, value in _pulled_back(walk, n):
            if value is not None and _least_modulus(value).lower() > _least_modulus(best).upper():
                best, place = value, t
        found.append((_first(walk, n), best, place))
    return found


def _with_witness(row: GradientRow, found: tuple[Interval, Interval, int], inputs: Sequence[Fraction]) -> GradientRow:
    """The row with a sequence's values taken in where they are more extreme than those it has."""
    first, later, t = found
    runs = compress(list(inputs[: row.n]))
    if row.lowest is None or first.upper < row.lowest.value.upper:
        row = replace(row, lowest=Attained(first, runs))
    if row.highest is None or first.lower > row.highest.value.lower:
        row = replace(row, highest=Attained(first, runs))
    if row.n > 1 and (row.later_seen is None or _least_modulus(later).lower() > _least_modulus(row.later_seen.value).upper()):
        row = replace(row, later_seen=Attained(later, runs, t))
    return row


def telling_sequences(bound: Fraction, n: int, seed: int) -> Iterator[list[Fraction]]:
    """Sequences at which gradients of saturating cells are extreme: at rest, constant, opposite, alternating, then random."""
    zero = Fraction(0)
    yield [zero] * n
    for sign in (1, -1):
        yield [sign * bound] * n
    for first, rest in ((bound, -bound), (-bound, bound), (bound, zero), (zero, bound), (zero, -bound)):
        yield [first] + [rest] * (n - 1)
    yield [bound if t % 2 else -bound for t in range(n)]
    generator = random.Random(seed)
    for _ in range(RANDOM_SEQUENCES):
        yield [bound * Fraction(generator.randint(-64, 64), 64) for _ in range(n)]


def _modulus(value: Interval | None) -> arb:
    return ZERO if value is None else value.largest_modulus()


def _closed_form(program: Program, bound: Fraction, n: int) -> GradientRow | None:
    """The row of a long horizon from the closed form; None where a premise fails."""
    whole = (-bound, bound)
    over_the_box = _beyond(program, whole, whole, n)
    if over_the_box is None:
        return None
    first, later, _ = over_the_box
    row = GradientRow(n, first, None, None, later, None, "closed form")
    zero = Fraction(0)
    for x_1, rest in ((zero, zero), (bound, bound), (-bound, -bound), (bound, -bound), (-bound, bound)):
        found = _beyond(program, (x_1, x_1), (rest, rest), n)
        if found is None:
            continue
        value, _, last = found
        runs = join([(x_1, 1), (rest, n - 1)])
        if row.lowest is None or value.upper < row.lowest.value.upper:
            row = replace(row, lowest=Attained(value, runs))
        if row.highest is None or value.lower > row.highest.value.lower:
            row = replace(row, highest=Attained(value, runs))
        if row.later_seen is None or _least_modulus(last).lower() > _least_modulus(row.later_seen.value).upper():
            row = replace(row, later_seen=Attained(last, runs, n))
    return row


def _beyond(program: Program, first: Range, rest: Range, n: int) -> tuple[Interval, arb, Interval] | None:
    """∂y_n/∂x_1, the bound for t >= 2, and ∂y_n/∂x_n, with x_1 in `first` and all later inputs in `rest`."""
    forms = forms_of_driven_states(program)
    settled = settle(program, min(n - 1, SETTLING_STEPS))
    if not forms or program.x is None or settled is None:
        return None
    start = settled.steps + any(form.kind == "memoryless" for form in forms)
    count = n - start
    if count < 2:
        return None
    walk = walk_box(program, [first] + [rest] * (start - 1))
    tail = interval_of(rest)
    later = LaterStep.of(program, forms, settled.box, (tail,), walk.states[start], count)
    if later is None or any(later.slopes[k] is None for k in walk.first[start]):
        return None
    later.read(later.after(walk.states[start], count - 1), tail)
    readout = derivatives(later.runner).readout
    row = _row_at_the_start(later, readout, count)
    slope = inner_product(row, walk.first[start])
    worst = _modulus(readout.get(INPUT)).max(_worst_after_the_start(later, readout, count))
    for t in range(start, 1, -1):
        pulled = combine([(walk.steps[t - 1].states[k], value) for k, value in row.items()])
        worst = worst.max(_modulus(pulled.pop(INPUT, None)))
        row = pulled
    return Interval(ZERO) if slope is None else slope, worst, readout.get(INPUT, Interval(ZERO))


def _row_at_the_start(later: LaterStep, readout: Tangent, count: int) -> Tangent:
    """∂y_n/∂(driven state after step T), n = T + count: r J^(count-1), where J moves each state with memory by its slope
    and feeds it the memoryless ones, which forget everything."""
    row: Tangent = {}
    for k, slope in enumerate(later.slopes):
        if slope is None or k not in readout:
            continue
        kept = _power(slope, count - 2) * readout[k]
        for key, value in later.step.states[k].items():
            if key != INPUT:
                term = kept * (slope if key == k else value)
                row[key] = row[key] + term if key in row else term
    return row


def _worst_after_the_start(later: LaterStep, readout: Tangent, count: int) -> arb:
    """A bound of |∂y_n/∂x_t| for T < t < n: moduli, every power of a slope at most max(1, its largest power)."""
    on_state = {k: _modulus(value) for k, value in readout.items() if k != INPUT}
    through: dict[int, arb] = {}
    for k, slope in enumerate(later.slopes):
        if slope is None or k not in on_state:
            continue
        on_state[k] = on_state[k] * _power(slope, count - 1).upper.max(ONE)
        for key, value in later.step.states[k].items():
            if key not in (INPUT, k):
                through[key] = through.get(key, ZERO) + on_state[k] * _modulus(value)
    total = ZERO
    for k, moves in enumerate(later.step.states):
        total = total + on_state.get(k, ZERO).max(through.get(k, ZERO)) * _modulus(moves.get(INPUT))
    return total


def _power(slope: Interval, count: int) -> Interval:
    return Interval(slope.lower ** fmpz(count), slope.upper ** fmpz(count))


Box = list[Interval]


def invariant_box(program: Program, bound: Fraction) -> Box | None:
    """A box of all states (autonomous first) that holds s_0 and that no step with inputs in [-bound, bound] leaves, or None.

    What a step adds to the box is added 2, 4, 8, ... fold until a step adds nothing; the last image is then invariant too.
    """
    runner, whole = Runner(program, Enclosures), interval_of((-bound, bound))
    order = (*program.autonomous(), *program.driven())
    start = [Enclosures.exact(program.initial[k]) for k in order]
    box, margin = start, arb(2) ** -(flint.ctx.prec // 2)
    for doubling in range(1, INVARIANCE_ROUNDS):
        image = _image(runner, program, box, whole)
        if all(b.lower <= a.lower and a.upper <= b.upper for a, b in zip(image, box, strict=True)):
            return [a.hull(s) for a, s in zip(image, start, strict=True)]
        box = [_grown(a, b, doubling, margin) for a, b in zip(image, box, strict=True)]
        if not all(side.lower.is_finite() and side.upper.is_finite() for side in box):
            return None
    return None


def _grown(image: Interval, box: Interval, doubling: int, margin: arb) -> Interval:
    """The box widened by 2^doubling times what the image adds to it, ends exact."""
    below, above = (box.lower - image.lower).max(ZERO), (image.upper - box.upper).max(ZERO)
    factor, room = arb(2) ** doubling, margin * (1 + box.largest_modulus())
    return Interval((box.lower - factor * below - room).lower(), (box.upper + factor * above + room).upper())


def _image(runner: Runner, program: Program, box: Sequence[Interval], x: Interval) -> Box:
    """All states after one step from a box, autonomous first; the runner then holds the step's nodes."""
    count = len(program.autonomous())
    autonomous = runner.advance_autonomous(box[:count])
    runner.load_input(x)
    for index, value in zip(runner.driven_old, box[count:], strict=True):
        runner.values[index] = value
    return [*autonomous, *runner.evaluate_driven()]


def step_over(program: Program, bound: Fraction, box: Sequence[Interval]) -> StepDerivatives:
    """Derivatives of one step over a box of all states (autonomous first) and inputs in [-bound, bound]."""
    runner = Runner(program, Enclosures)
    _image(runner, program, box, interval_of((-bound, bound)))
    runner.output()
    return derivatives(runner)


def find_contraction(program: Program, bound: Fraction, rate: Fraction | None = None) -> Contraction | None:
    """A proof that gradients vanish for every input sequence and for ever, or None where none is found.

    `rate` is the g of the bound; by default a quarter of the way from the spectral radius of G to 1.
    """
    size = len(program.driven())
    box = invariant_box(program, bound) if size <= LARGEST_DIMENSION else None
    if box is None:
        return None
    step = step_over(program, bound, box)
    if size == 0:  # y sees the last input alone
        zero = fmpq_mat(1, 1)
        return Contraction(
            zero, spectrum(zero), GeometricBound(Fraction(1), Fraction(1, 2), 1, 0), Fraction(0), _modulus(step.readout.get(INPUT))
        )
    matrix = fmpq_mat(size, size, [rational(upper_fraction(_modulus(row.get(k)))) for row in step.states for k in range(size)])
    found = spectrum(matrix)
    if found.side is None or found.side >= 0:
        return None
    powers = bound_powers(matrix, found, rate_above(found) if rate is None else rate)
    if powers is None:
        return None
    on_state = sum((_modulus(value) for k, value in step.readout.items() if k != INPUT), ZERO)
    from_input = ZERO
    for row in step.states:
        from_input = from_input.max(_modulus(row.get(INPUT)))
    factor = upper_fraction(on_state * from_input * to_ball(powers.constant))
    return Contraction(matrix, found, powers, factor, _modulus(step.readout.get(INPUT)))


@dataclass(frozen=True)
class GradientReport:
    """What was decided about a network's gradients up to the last of its horizons.

    `carried` says whether ∂y_n/∂x_1 >= `CARRIED` at the last horizon for every sequence; `contraction`, where there is one, that
    gradients vanish in the end; `stated` is the theorem's statement and `inside` what the rows say about it. The verdict is
    PROVED if the rows lie inside the statement, if any, and the gradient is proved carried or vanishing.
    """

    rows: list[GradientRow]
    contraction: Contraction | None
    stated: StatedGradient | None
    inside: list[Verdict]
    carried: Verdict
    verdict: Verdict
    reason: str
    working_bits: int


def decide_gradients(
    program: Program,
    bound: Fraction,
    horizons: Sequence[int],
    bits: int,
    *,
    steps: int = DEFAULT_STEPS,
    stated: StatedGradient | None = None,
    seed: int = 0,
) -> GradientReport:
    """Enclose the gradients at the horizons, at `bits` of precision and, while a stated bound is left open, at more."""
    for attempt in range(ATTEMPTS):
        with flint.ctx.workprec(bits):
            report = _report(program, bound, horizons, steps, stated, seed)
        if report.verdict is not Verdict.UNDECIDED or attempt == ATTEMPTS - 1 or stated is None:
            break
        bits *= 2
    return report


def _carried(row: GradientRow) -> Verdict:
    """∂y_n/∂x_1 >= `CARRIED` for every sequence: proved by the enclosure, refuted by a sequence or by the enclosure's upper end."""
    least = to_ball(CARRIED)
    if check_at_most(least, row.first.lower) is Verdict.PROVED:
        return Verdict.PROVED
    below = row.first.upper if row.lowest is None else row.first.upper.min(row.lowest.value.upper)
    return Verdict.REFUTED if check_at_most(least, below) is Verdict.REFUTED else Verdict.UNDECIDED


def _report(
    program: Program, bound: Fraction, horizons: Sequence[int], steps: int, stated: StatedGradient | None, seed: int
) -> GradientReport:
    contraction = find_contraction(program, bound)
    try:
        rows, limit = enclose_gradients(program, bound, horizons, steps, seed, contraction), ""
    except StepLimit as trouble:
        rows, limit = [], str(trouble)
    inside = [] if stated is None else [stated.check(row) for row in rows]
    carried = _carried(rows[-1]) if rows else Verdict.UNDECIDED
    if limit:
        verdict, reason = Verdict.UNDECIDED, limit
    elif Verdict.REFUTED in inside:
        verdict, reason = Verdict.REFUTED, "a sequence has a gradient outside what the theorem states"
    elif Verdict.UNDECIDED in inside:
        verdict, reason = Verdict.UNDECIDED, "an enclosure does not lie inside what the theorem states"
    elif carried is Verdict.PROVED or contraction is not None:
        verdict, reason = Verdict.PROVED, ""
    else:
        verdict, reason = Verdict.UNDECIDED, "∂y_n/∂x_1 was neither bounded below by 1/2 for every sequence nor shown to vanish"
    return GradientReport(rows, contraction, stated, inside, carried, verdict, reason, flint.ctx.prec)

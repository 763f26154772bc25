"""Long horizons without stepping: settled states, recurrences, their closed forms.

Three facts carry a horizon of 10^18 steps.

*Settling* (invariant set). If after T steps the autonomous states lie in a box I and one step maps I into I, then by
induction on t they lie in I for every t >= T. Base and step are one ball evaluation each.

*Affine recurrence* (closed form). If s_{t+1} = a s_t + r_t with a > 0 and r <= r_t <= R, then by induction on m

    a^m s_0 + r G_m  <=  s_m  <=  a^m s_0 + R G_m,      G_m = 1 + a + ... + a^{m-1},

because G_{m+1} = a G_m + 1, and each side is monotone in m (its increments are a^m times the first one).

*Iterated tanh* (doubling). Let F(s) = tanh(a s + b) map [-R, R] into itself. If a polynomial P_k is within e_k of F^k on
[-R, R], then P_k∘P_k, cut to the degree of P_k, is within a computed e_{2k} of F^{2k}: 60 doublings reach 10^18. Base: the
Taylor polynomial of F with Cauchy's bound; step: `_compose`. If b_t varies in [b, b'], s_m lies between the iterates of b
and b', F being increasing; both are enclosed when b is a ball. σ is tanh after s = (1 + u)/2.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import flint
from flint import arb, arb_poly, fmpz

from verifier.arithmetic.balls import ONE, ZERO, Balls, to_ball
from verifier.arithmetic.enclosures import Enclosures, Interval
from verifier.program import Kind, Program
from verifier.run import Runner

SETTLING_GUARD_BITS = 40
"""The box I is this many bits wider than the rounding of one step, so that the step can be shown to map into it."""

DEGREES = (4, 8, 16, 32)
"""Degrees tried for the polynomials that enclose iterates of tanh; the smaller the held value, the fewer are needed."""

FEW_BLOCKS = 16
"""A higher degree is tried if the longest enclosed iterate would have to be applied more often than this."""

ENOUGH_BITS = 48
"""Doubling goes on while the error is this many bits below the distance from the identity."""

MOST_BLOCKS = 4096
"""Times the longest enclosed iterate is applied at most."""


@dataclass(frozen=True)
class Settled:
    """The autonomous states lie in `box` after every step t >= `steps` (in the order of `program.autonomous()`)."""

    steps: int
    box: list[Interval]


def settle(program: Program, limit: int) -> Settled | None:
    """Find T <= limit and a box that the autonomous states enter after T steps and never leave; None if not found.

    Candidate boxes are the balls of the state after T steps, if the step evaluated in balls gives them back, and balls
    wider than the state's last move, if interval end points show that the image lies inside. Works at the current precision.
    """
    bits = flint.ctx.prec
    balls, enclosures = Runner(program, Balls(bits)), Runner(program, Enclosures)
    state = balls.autonomous_state(1)
    if not state:
        return Settled(1, [])
    steps = 1
    while steps < limit:
        new = balls.advance_autonomous(state)
        steps += 1
        moves = [abs(a - b).upper() for a, b in zip(new, state, strict=True)]
        if all(a.mid() == b.mid() and a.rad() == b.rad() for a, b in zip(new, state, strict=True)):
            return Settled(steps - 1, [Interval(v.lower(), v.upper()) for v in state])  # the balls map to themselves
        state = new
        floor = arb(2) ** -(bits - SETTLING_GUARD_BITS)
        if all(move <= floor * (abs(value).upper() + floor) for move, value in zip(moves, state, strict=True)):
            radii = [floor * (abs(value).upper() + floor) * 8 for value in state]
            box = [Interval(v - r, v + r) for v, r in zip(state, radii, strict=True)]
            image = enclosures.advance_autonomous(box)
            if all(_inside(new_side, side) for new_side, side in zip(image, box, strict=True)):
                return Settled(steps, box)
    return None


def _inside(inner: Interval, outer: Interval) -> bool:
    return bool(outer.lower <= inner.lower and inner.upper <= outer.upper)


@dataclass(frozen=True)
class Form:
    """How one driven state moves, as far as the graph tells.

    "memoryless": the new value depends on the input and autonomous states alone. "affine": factor·(old value) + offset.
    "tanh", "sigmoid": that function of slope·(old value) + offset, formed in node `argument`. Factor and offset depend on
    the input, autonomous states and the old values of memoryless states; the factor on autonomous states alone.
    """

    kind: str
    argument: int
    slope: Fraction = Fraction(1)


def forms_of_driven_states(program: Program) -> list[Form] | None:
    """The form of every driven state (in the order of `program.driven()`), decided from the graph; None if one has none."""
    driven = program.driven()
    reads: list[set[int]] = []
    place = {program.old[k]: position for position, k in enumerate(driven)}
    for index, operation in enumerate(program.operations):
        reads.append({place[index]} if index in place else set().union(*(reads[a] for a in operation.arguments)))
    memoryless = {position for position, k in enumerate(driven) if not reads[program.new[k]]}
    degrees = _degrees(program, {program.old[driven[position]] for position in memoryless})
    forms = []
    for position, k in enumerate(driven):
        new = program.new[k]
        if position in memoryless:
            forms.append(Form("memoryless", new))
        elif reads[new] - memoryless - {position}:
            return None
        elif degrees[new] <= 1:
            forms.append(Form("affine", new))
        else:
            operation = program.operations[new]
            slope = None
            if operation.name in ("tanh", "sigmoid"):
                slope = _slope_in(program, operation.arguments[0], program.old[k], degrees)
            if slope is None or slope <= 0:
                return None
            forms.append(Form(operation.name, operation.arguments[0], slope))
    return forms


def _degrees(program: Program, as_input: set[int]) -> list[int]:
    """Degree of every node in the driven states outside `as_input`: 0, 1 (with steady factors), or 2 for anything else."""
    degree: list[int] = []
    for index, operation in enumerate(program.operations):
        if operation.name == "state":
            degree.append(1 if program.kinds[index] is Kind.DRIVEN and index not in as_input else 0)
        elif operation.name == "affine":
            degree.append(max((degree[a] for a in operation.arguments), default=0))
        elif operation.name == "mul":
            a, b = operation.arguments
            if degree[a] and degree[b]:
                degree.append(2)
            elif degree[a] or degree[b]:
                factor = b if degree[a] else a
                steady = program.kinds[factor] in (Kind.CONSTANT, Kind.AUTONOMOUS)
                degree.append(max(degree[a], degree[b]) if steady else 2)
            else:
                degree.append(0)
        else:
            degree.append(2 if any(degree[a] for a in operation.arguments) else 0)
    return degree


def _slope_in(program: Program, node: int, state: int, degrees: list[int]) -> Fraction | None:
    """The rational c in node = c·state + (terms of degree 0), or None."""
    if node == state:
        return Fraction(1)
    operation = program.operations[node]
    if operation.name != "affine" or any(degrees[a] for a in operation.arguments if a != state):
        return None
    return dict(zip(operation.arguments, operation.coefficients, strict=True)).get(state)


def geometric_sum(ratio: arb, count: int) -> arb:
    """G = 1 + a + ... + a^{count-1} for a > 0, sharp for a next to 1.

    min(1, a^{count-1})·count <= G <= max(1, a^{count-1})·count, and G = (1 - a^count)/(1 - a) where a ≠ 1.

    >>> geometric_sum(arb(2), 10)
    1023.00000000000
    """
    if count == 0:
        return ZERO
    last, number = ratio ** fmpz(count - 1), arb(fmpz(count))
    mean_value = number * last.min(ONE).union(last.max(ONE))
    away = ONE - ratio
    if not (away > 0 or away < 0):
        return mean_value
    quotient = (ONE - last * ratio) / away
    return quotient.intersection(mean_value) if quotient.overlaps(mean_value) else quotient


def iterate_affine(ratio: Interval, offset: Interval, start: Interval, count: int) -> Interval:
    """Enclose s_count where s_{t+1} = a_t s_t + r_t with a_t in `ratio` > 0 and r_t in `offset`, s_0 in `start`."""
    if count == 0:
        return start
    if ratio.is_point and offset.is_point and start.is_point:
        return Interval(_closed_form(ratio.lower, offset.lower, start.lower, count))
    upper = _one_side(ratio, offset.upper, start.upper, count)
    lower = -_one_side(ratio, -offset.lower, -start.lower, count)
    return Interval(lower, upper)


def _one_side(ratio: Interval, offset: arb, start: arb, count: int) -> arb:
    """An upper bound of s_count. With a fixed sign of the bounding path its worst ratio is an end of `ratio`."""
    if ratio.is_point:
        return _closed_form(ratio.lower, offset, start, count)
    rising = _closed_form(ratio.upper, offset, start, count)
    if start >= 0 and rising >= 0:  # the path is monotone in m, so it is >= 0 throughout
        return rising
    falling = _closed_form(ratio.lower, offset, start, count)
    if start <= 0 and falling <= 0:
        return falling
    return _closed_form(ratio.upper, offset.max(ZERO), start.max(ZERO), count)


def _closed_form(ratio: arb, offset: arb, start: arb, count: int) -> arb:
    return ratio ** fmpz(count) * start + offset * geometric_sum(ratio, count)


def iterate_activation(form: Form, offset: Interval, start: Interval, count: int) -> Interval | None:
    """Enclose s_count where s_{t+1} = act(slope·s_t + b_t), act = tanh or σ, b_t in `offset`; None if not found."""
    slope, shift = to_ball(form.slope), offset.lower.union(offset.upper)
    state = start.ball()
    if form.kind == "tanh":
        end = iterate_tanh(slope, shift, state, count)
        return None if end is None else Interval(end)
    # u = 2s - 1 obeys u' = tanh(slope u/4 + (b + slope/2)/2)
    end = iterate_tanh(slope / 4, (shift + slope / 2) / 2, 2 * state - 1, count)
    return None if end is None else Interval((1 + end) / 2)


def iterate_tanh(slope: arb, offset: arb, start: arb, count: int) -> arb | None:
    """Enclose F^count(start) for F(s) = tanh(slope·s + offset), slope > 0; None where no enclosure is found.

    >>> iterate_tanh(arb(1), arb(0), arb("0.001"), 10**6).str(6, radius=False)
    '0.000774597'
    """
    if count == 0:
        return start
    radius = _invariant_radius(slope, offset, start)
    if radius is None:
        return None
    iterates: list[_Enclosed] = []
    for degree in DEGREES:
        found = _doublings(slope, offset, radius, count, degree)
        if len(found) > len(iterates):
            iterates = found
        if iterates and count <= FEW_BLOCKS << len(iterates) - 1:
            break
    longest = len(iterates) - 1
    if longest < 0 or count > MOST_BLOCKS << longest:
        return None
    blocks, rest = divmod(count, 1 << longest)
    value = start / radius
    for _ in range(blocks):
        value = iterates[longest].apply(value)
    for k in range(longest):
        if rest >> k & 1:
            value = iterates[k].apply(value)
    return value * radius


def _doublings(slope: arb, offset: arb, radius: arb, count: int, degree: int) -> list[_Enclosed]:
    """F, F², F⁴, ... up to `count`, as far as they are sharp."""
    found: list[_Enclosed] = []
    following = _Enclosed.step(slope, offset, radius, degree)
    while following.is_sharp():
        found.append(following)
        if 1 << len(found) > count:
            break
        following = _compose(following, following)
    return found


def _invariant_radius(slope: arb, offset: arb, start: arb) -> arb | None:
    """An exact R >= |start| with F([-R, R]) inside [-R, R] and slope·R <= 1/2; None if doubling finds none."""
    radius = (abs(start).upper() + abs(offset).upper()).upper()
    while slope * radius <= ONE / 2:
        if (slope * radius + abs(offset)).tanh() <= radius:
            return radius
        radius = 2 * radius
    return None


@dataclass(frozen=True)
class _Enclosed:
    """A polynomial within `error` of ζ -> F^k(Rζ)/R on [-1, 1]."""

    polynomial: arb_poly
    error: arb

    @classmethod
    def step(cls, slope: arb, offset: arb, radius: arb, degree: int) -> _Enclosed:
        """F itself: tanh' = 1 - tanh² gives the Taylor coefficients at `offset`.

        On the circle of radius 1 around a real point |tanh| <= tan 1 (|tanh(x+iy)|² = (sinh²x + sin²y)/(sinh²x + cos²y)),
        so the k-th coefficient is at most tan 1 and the tail at most tan 1 · ρ^(D+1)/(1-ρ), ρ = slope·R.
        """
        taylor = [offset.tanh()]
        for k in range(degree):
            square = ZERO
            for i in range(k + 1):
                square = square + taylor[i] * taylor[k - i]
            taylor.append(((ONE if k == 0 else ZERO) - square) / (k + 1))
        reach = slope * radius
        coefficients = [value * reach**k / radius for k, value in enumerate(taylor)]
        tail = ONE.tan() * reach ** (degree + 1) / (ONE - reach) / radius
        return cls(arb_poly(coefficients), tail.upper())

    def apply(self, value: arb) -> arb:
        """F^k at a point of [-1, 1]."""
        return self.polynomial(value) + arb(0, self.error)

    def is_sharp(self) -> bool:
        """Whether the error is far below the distance of the polynomial from the identity."""
        distance = _size(self.polynomial - arb_poly([0, 1]))
        return bool(self.error <= distance * arb(2) ** -ENOUGH_BITS)


def _compose(outer: _Enclosed, inner: _Enclosed) -> _Enclosed:
    """F^{j+k} from F^j and F^k: cut to the degree, with what was cut and the inner error carried over.

    Horner's scheme cuts after each product; as the inner polynomial stays below 1 + e, so do the later factors of what was
    cut. The inner iterate lies in [-1, 1] and its polynomial within e of it, so the outer polynomial moves by at most
    Σ j|p_j|(1+e)^(j-1) e.
    """
    outside = ONE + inner.error
    coefficients = outer.polynomial.coeffs()
    degree = len(coefficients) - 1
    total, cut, slope = arb_poly([]), ZERO, ZERO
    for j in range(degree, -1, -1):
        product = (total * inner.polynomial).coeffs()
        total = arb_poly(product[: degree + 1]) + arb_poly([coefficients[j]])
        cut = cut * outside
        for value in product[degree + 1 :]:
            cut = cut + abs(value)
        if j:
            slope = slope + j * abs(coefficients[j]) * outside ** (j - 1)
    return _Enclosed(total, (outer.error + slope * inner.error + cut).upper())


def _size(polynomial: arb_poly) -> arb:
    total = ZERO
    for value in polynomial.coeffs():
        total = total + abs(value)
    return total

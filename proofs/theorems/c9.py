"""C9: an LSTM with four or three units, and a GRU with four, re-quantise x_1 for ever: recall to any tolerance at every n."""

from __future__ import annotations

from fractions import Fraction

import sympy
from flint import arb
from sympy import Expr, Rational, Symbol, tanh

from constructions.refresh import ACCUMULATE, CAPTURE, CLOCK, COARSEST, HOLD, LSTM, UNITS
from proofs.checks import holds
from proofs.theorem import Theorem
from proofs.theorems import c9_copies, c9_floats, c9_gru, c9_pair
from proofs.theorems.refreshed import ATTACK_BITS, CYCLES, GUARD_BITS, Shown, bisected, levels_return_as_boxes, proposed
from verifier.arithmetic.balls import Balls, to_ball
from verifier.arithmetic.symbols import sigmoid
from verifier.inequality import (
    NONNEGATIVE,
    UNIT,
    AtMost,
    Atom,
    CellEquations,
    Context,
    Growth,
    Relation,
    Step,
    check_nonnegative,
)
from verifier.observed import run_error
from verifier.ranges import Range
from verifier.run import Runner
from verifier.sequences import join
from verifier.verdict import Verdict, all_of, check_less

SMALL_BITS = 4
"""L of the memory that is attacked and pushed box by box."""

READ = 2
"""Periods after which an attack reads: two loads have landed."""

BITS_OF_LEMMA = 8
"""K for which the binary expansion is enumerated."""

# --- lemmas -----------------------------------------------------------------------------------------------------------

U, B, BETA, S, Z, R = sympy.symbols("u b beta s z r", real=True)
LEMMA: dict[Symbol, Range] = {U: NONNEGATIVE, B: NONNEGATIVE, BETA: UNIT, S: UNIT, Z: NONNEGATIVE, R: UNIT}


def soft_bits_lose_nothing() -> Verdict:
    """The residual lemma, D = θ ± u, the bit b taken with any share β: D' - (θ - b), θ - D' and hi - b(1-s)r - D' are >= 0."""
    half = Rational(1, 2)
    low = check_nonnegative(U + B * (1 - BETA), LEMMA)  # D = θ + u >= θ
    below = check_nonnegative((B - (Z + B * half)).subs(B, 2 * Z + U), LEMMA)  # D = θ - z, share 1/2, b = 2z + u
    above = check_nonnegative(half * (2 * Z + U) - Z, LEMMA)  # D = θ + z, share 1/2 of b r = 2z + u
    taken = check_nonnegative(B * (1 - BETA * S) - B * (1 - S), LEMMA)  # a share of at least 1 - s
    return all_of((low, below, above, taken))


def wide_comparators_would_lose() -> Verdict:
    """False variant: with comparators as wide as the bit (z = b) the residual may pass θ."""
    return holds(check_nonnegative(B / 2 - Z.subs(Z, B), LEMMA) is Verdict.REFUTED)


def the_load_is_cubic() -> Verdict:
    """X - 2X³/3 <= tanh tanh X <= X for X >= 0, by growth."""
    return all_of(_run(_cubic_steps(Rational(2, 3))))


def half_the_cubic_term_would_be_false() -> Verdict:
    """False variant: X - X³/3 <= tanh tanh X is not shown, and fails at X = 1/2."""
    shown = all_of(_run(_cubic_steps(Rational(1, 3))))
    with Balls(GUARD_BITS).working():
        fails = check_less(to_ball(Fraction(1, 2)).tanh().tanh(), to_ball(Fraction(1, 2) - Fraction(1, 24)))
    return holds(shown is not Verdict.PROVED and fails is Verdict.PROVED)


def _cubic_steps(factor: Expr) -> tuple[Step, ...]:
    z, t, gap, first, y = sympy.symbols("Y t g f y", real=True)
    once = tanh(z)
    return (
        Growth("below", "tanh z <= z", once, z, z, t**2, (Atom(t, once),)),
        Growth("cubic", "z - z³/3 <= tanh z", z - z**3 / 3, once, z, gap * (gap + 2 * t),
               (Atom(t, once), Atom(gap, z - once, "below"))),
        AtMost("twice", "with y = tanh X: (y - X + X³/3) + (X³ - y³)/3 >= 0", z - factor * z**3, once - once**3 / 3,
               first + gap * (z**2 + z * y + y**2) / 3,
               (Atom(first, once - z + z**3 / 3, "cubic"), Atom(gap, z - once, "below"), Atom(y, once))),
    )  # fmt: skip


def _run(steps: tuple[Step, ...]) -> list[Verdict]:
    proved: dict[str, Relation] = {}
    context = Context({Symbol("Y", real=True): NONNEGATIVE}, {}, proved)
    verdicts = []
    for step in steps:
        verdicts.append(step.check(context))
        if verdicts[-1] is Verdict.PROVED and step.relation is not None:
            proved[step.name] = step.relation
    return verdicts


def bits_are_the_floor() -> Verdict:
    """At each trial the threshold N = prefix + 2^k has N <= m or N >= m + 1, and the bit of m is 1 exactly if N <= m."""
    return holds(all(_bits(m, Fraction(1, 4)) == m for m in range(2**BITS_OF_LEMMA)))


def next_to_a_border_bits_may_differ() -> Verdict:
    """Near miss: thresholds that are off by more than the distance to the border give another level."""
    return holds(_bits(8, Fraction(-1, 4)) != 8)


def _bits(m: int, inside: Fraction) -> int:
    """The sum taken for the value m + inside, thresholds being off by 1/8 up and down in turn."""
    total = 0
    for k in reversed(range(BITS_OF_LEMMA)):
        if m + inside >= total + 2**k + Fraction((-1) ** k, 8):
            total += 2**k
    return total


def borders_return() -> Verdict:
    """J_m into itself: with w = ρ + ℓ + Z + s and ℓ = ρ + Z + u what is above mw + Z stays below (m+1)w - Z, and so below."""
    rho, z, s, u = sympy.symbols("rho Z s u", real=True)
    ranges = dict.fromkeys((rho, z, s, u), NONNEGATIVE)
    lift = rho + z + u
    unit = rho + lift + z + s
    above = check_nonnegative(unit - z - (lift + rho), ranges)
    below = check_nonnegative((lift - rho) - z, ranges)
    return all_of((above, below))


def wide_borders_would_not_return() -> Verdict:
    """False variant: without ρ + Z <= ℓ the lowest value of J_m may lie in the next border."""
    rho, z = sympy.symbols("rho Z", real=True)
    ranges = dict.fromkeys((rho, z), NONNEGATIVE)
    return holds(check_nonnegative(Rational(1, 2) - rho - z, ranges) is Verdict.REFUTED)


# --- the cell ---------------------------------------------------------------------------------------------------------


def the_cell_has_these_equations() -> Verdict:
    """The LSTM's own equations with the template weights are the four recurrences."""
    return _equations(top=Rational(3, 8)).check(Context({}, {}, {}))


def another_threshold_is_another_cell() -> Verdict:
    """Near miss: with another threshold in one gate the recurrences are not the cell's."""
    return holds(_equations(top=Rational(1, 4)).check(Context({}, {}, {})) is not Verdict.PROVED)


def _equations(top: Expr) -> CellEquations:
    gain, full, unit, scale = sympy.symbols("G gamma w epsilon", positive=True)
    x, *h = sympy.symbols("x h_cap h_hold h_acc h_clk", real=True)
    c = sympy.symbols("c_cap c_hold c_acc c_clk", real=True)
    low = Rational(3, 4) * unit
    cap, hold, acc, clk = h
    shut, loads = sigmoid(gain * clk - gain * low), sigmoid(gain * low - gain * clk)
    new = {
        CAPTURE: shut * c[0] + sigmoid(gain * unit / 4 - gain * clk) * tanh(scale * x + Rational(3, 16) * full + unit),
        HOLD: shut * c[1] + loads * tanh(2 * acc + 2 * clk),
        ACCUMULATE: sigmoid(gain * Rational(3, 8) * full - gain * clk) * c[2]
        + sigmoid(gain * (cap + hold - acc - clk)) * tanh(2 * clk),
        CLOCK: c[3] / 2 + loads * tanh(full - clk),
    }
    template: dict[str, dict[tuple[int, ...], Expr]] = {
        "b_i": {(CAPTURE,): gain * unit / 4, (HOLD,): gain * low, (CLOCK,): gain * low},
        "b_f": {(CAPTURE,): -gain * low, (HOLD,): -gain * low, (ACCUMULATE,): gain * top * full},
        "b_g": {(CAPTURE,): Rational(3, 16) * full + unit, (CLOCK,): full},
        "W_i": {
            **{(k, CLOCK): -gain for k in range(len(UNITS))},
            (ACCUMULATE, CAPTURE): gain, (ACCUMULATE, HOLD): gain, (ACCUMULATE, ACCUMULATE): -gain,
        },
        "W_f": {(CAPTURE, CLOCK): gain, (HOLD, CLOCK): gain, (ACCUMULATE, CLOCK): -gain},
        "W_g": {(HOLD, ACCUMULATE): 2, (HOLD, CLOCK): 2, (ACCUMULATE, CLOCK): 2, (CLOCK, CLOCK): -1},
        "U_g": {(CAPTURE,): scale},
        "V": {(CAPTURE,): 2 / scale, (HOLD,): 2 / scale},
    }  # fmt: skip
    return CellEquations(
        "cell", "four recurrences", cell="lstm", size=len(UNITS), template=template,
        state={f"{name}[{k}]": values[k] for name, values in (("h", h), ("c", c)) for k in range(len(UNITS))},
        input=x,
        expected={
            **{f"c[{k}]": value for k, value in new.items()}, **{f"h[{k}]": tanh(value) / 2 for k, value in new.items()},
            "y": (tanh(new[CAPTURE]) + tanh(new[HOLD])) / scale,
        },
    )  # fmt: skip


# --- at the numbers ---------------------------------------------------------------------------------------------------


SHOWN = Shown((LSTM,), (3, 16, 64), levels=Fraction(3, 5), coarser=6)
"""The memories whose inequalities are checked here: with fine comparators they are within 3/5 of a level."""


def inputs_on_a_border_stay_within_the_bound() -> Verdict:
    """Attack: x_1 bisected between two that go to different levels, then ±1 for many cycles: errors within the bound."""
    with Balls(ATTACK_BITS).working():
        program, memory = proposed(LSTM, SMALL_BITS)
        runner = Runner(program, Balls(ATTACK_BITS))
        beside = bisected(runner, memory, READ)[1]
        lengths = range(1, CYCLES * memory.period, 7)
        runs = [join([(beside, 1), (Fraction((-1) ** length), length)]) for length in lengths]
        return all_of(check_less(run_error(runner, run), memory.upper) for run in runs)


def half_a_level_is_not_enough() -> Verdict:
    """False variant: 'the error is at most half a level' is refuted by an x_1 next to a border, two loads later."""
    with Balls(ATTACK_BITS).working():
        program, memory = proposed(LSTM, SMALL_BITS, COARSEST)
        runner = Runner(program, Balls(ATTACK_BITS))
        beside = memory.hints.slope * memory.hints.margin / 8
        borders = [Fraction(k, 2 ** (SMALL_BITS + 1)) + beside for k in range(1, 2 ** (SMALL_BITS + 1), 2)]
        errors = [run_error(runner, join([(x, 1), (Fraction(1), READ * memory.period)])) for x in borders]
        return holds(any(check_less(arb(2) ** -(SMALL_BITS + 1), error) is Verdict.PROVED for error in errors))


C9 = Theorem(
    id="C9",
    title="a refreshed memory: an LSTM and a GRU that never forget",
    statement=(
        "Let an LSTM with s_0 = 0 have a clock of autonomous units and the units capture, hold and accumulate, or, as a GRU too, a "
        "clock and the units hold and accumulate, coupled as below, and let its numbers satisfy the inequalities. Then |y_n - x_1| "
        "<= V (ℓ + ρ + Z + drift) + distortion for every n >= 1 and every x in [-M, M]^n. The constructions have 4 units, an LSTM "
        "also 3 with larger weights, fixed dyadic weights (for dyadic M) and levels of 2^-L M; with fine comparators the bound is "
        "below 3/5 2^-L M for L = 3, 16 and 64 (LSTM with 4 units), for L = 3 and 64 (with 3 units, and the GRU, reset before or "
        "after the product, z taking or keeping). Each request checks the inequalities at its own L; that they hold for every L is "
        "not proved here. Whether an LSTM of 1 or 2 units, or a GRU of 1 to 3, can do it is open. "
        "In floats: the LSTM of 4 units keeps a bound of its own in binary32 and binary64, for every n, all float inputs and every "
        "library that F1 covers with σ(0) = 1/2, where its inequalities hold with every rounding in them (checked here at L = 10 "
        "and 38). Copies: one LSTM with 3k + 2 units and k readouts holds x_1 ... x_k, readout j for every n >= j."
    ),
    hypotheses=(
        "the clock comes back after P steps to a set of states that a cycle maps into itself",
        "comparators are narrow against the bit on trial: z <= b r/2",
        "the sums of bits stay below their limit, and the bits can express every held value",
        "E <= ρ, ρ + ℓ + Z <= w and ρ + Z <= ℓ: levels and borders return",
        "the first level found is decided in later cycles",
        "held values stay in the range assumed of them",
    ),
    source=(
        "this project, theory C9; the mechanism is the quantised refresh of analog memories by periodic conversion: Cauwenberghs "
        "& Yariv 1995 (patents; 1993 the parent); that such a memory must be finitely many cells: Casey 1996, Maass & Orponen 1996"
    ),
    argument=(
        "The clock is autonomous: it halves at every step, and its value is the weight of the bit on trial. Where it has become "
        "small it is reloaded, once in P steps; its orbit depends on neither inputs nor the held value, so the gates it drives are "
        "given numbers at each phase of a cycle, shut or open up to exponentially little.",
        "Between loads the held value A moves by at most the drift: what shut gates let through, all inputs included.",
        "The sum of the bits starts a cycle at 0. A comparator σ(G(A - sum - θ)) takes the bit b on trial with some share β. "
        "Let D = A - sum. If D >= θ then D - βb >= θ - b, whatever β is. If θ - z <= D <= θ, then β <= 1/2 and D - βb >= θ - b "
        "for z <= b/2; below that β is tiny. From above: D <= θ stays so; θ <= D <= θ + z has β >= 1/2 and comes below θ; beyond, "
        "the bit is taken. So before the load D is between 0 and w up to little: a soft bit costs nothing, later bits make up.",
        "The load replaces A by the sum plus w/2, up to the cubic term of tanh tanh: A moves by at most half a level and little.",
        "Sums and thresholds are multiples of w up to `grid`. A value at least Z away from every multiple of w has every "
        "comparator decided, the bits are those of its floor m, and it goes to the level L_m = mw + w/2 up to E.",
        "A value within Z of mw is moved by at most half a level and so lands in J_m, which reaches from a little below L_{m-1} to "
        "a little above L_m. What of J_m is decided goes to L_{m-1} or L_m, what is not lands in J_m again: J_m maps into itself. "
        "So held values stay within half a level, 2Z and little of the captured one for ever.",
        "An LSTM does with three units: one unit holds A + s, and its gate, open where the clock is negative and shut where it is "
        "positive, stands at 1/2 before step 1 alone, where the clock is 0; so it takes half of a constant T, and x through σ(εx). "
        "Where the clock has halved down to w it turns to about -1, for one step, and rises from there to 1/2; while it is above "
        "all bits that are used, the sum clears.",
        "The GRU holds A + o in one unit, whose gate stands at 1/2 before step 1 and so takes half of a constant T, and x through "
        "σ(εx); its sum is a mean of itself and of tanh(sum + bit), so it never leaves [0, its limit]. A second unit of its clock "
        "is +1 for one step after each load, in which the sum clears, its reset gate shut.",
        "The first cycle holds the captured value εx_1/2 plus an offset, distorted by the cubic term; its clock is, up to a cubic "
        "term, that of all later cycles, and its levels are theirs up to `shift`.",
        "In floats gates beyond the thresholds of σ are exactly 0 or 1, so between loads what is held does not change at all: "
        "fl(1·c + 0·g) = c. Within z of its threshold a bit may be taken by any share, which costs at most z on either side. "
        "Every sum, product and tanh adds its rounding to the comparators, the residual, the load and the grid; the clock is a set "
        "of floats that returns to itself.",
        "Several numbers share the clock. An age unit shrinks by 2^-(P+4) at every step for ever and tells the first steps apart: "
        "up to step j the capture unit of number j takes each input and forgets the one before, then it keeps x_j. In the first "
        "cycle x_j meets only the bits that come on trial after it, which its range leaves enough.",
    ),
    checks={
        "the cell's equations with the template weights": the_cell_has_these_equations,
        "near miss: another threshold gives other equations": another_threshold_is_another_cell,
        "residual lemma for arbitrary soft bits": soft_bits_lose_nothing,
        "false variant: comparators as wide as the bit lose some of it": wide_comparators_would_lose,
        "the load's cubic term: X - 2X³/3 <= tanh tanh X <= X": the_load_is_cubic,
        "false variant: half the cubic term": half_the_cubic_term_would_be_false,
        "decided bits are those of the floor": bits_are_the_floor,
        "near miss: nearer to a border than thresholds are exact": next_to_a_border_bits_may_differ,
        "levels and borders return": borders_return,
        "false variant: without ρ + Z <= ℓ": wide_borders_would_not_return,
        "the inequalities hold for L = 3, 16 and 64": SHOWN.inequalities_hold,
        "near miss: a 2^6 times smaller gain": SHOWN.coarse_comparators_are_not_proved,
        "the levels for L = 4 return as boxes of states": lambda: levels_return_as_boxes(LSTM, SMALL_BITS),
        "attack: x_1 bisected onto a border": inputs_on_a_border_stay_within_the_bound,
        "false variant: an error of half a level": half_a_level_is_not_enough,
        **c9_gru.CHECKS,
        **c9_pair.CHECKS,
        **c9_floats.CHECKS,
        **c9_copies.CHECKS,
    },
)

"""C9 for tanh and sigmoid RNNs: fifteen units re-quantise a real number for ever and so recall x_1 to any tolerance at every n."""

from __future__ import annotations

from fractions import Fraction

import sympy
from flint import arb
from sympy import Expr, Rational, tanh

from constructions.integrators import (
    BIT,
    BIT_PAIR,
    CLEAR,
    COMPARE,
    ENTRY,
    ENTRY_PAIR,
    FAMILIES,
    FLAG,
    HOLD,
    LOAD,
    LOAD_PAIR,
    REST,
    SUM,
    TRIAL,
    TURN,
    UNITS,
    WORTH,
    Sizes,
    network,
)
from constructions.refreshed import COARSEST
from proofs.checks import holds
from proofs.theorem import Theorem
from proofs.theorems.refreshed import ATTACK_BITS, CYCLES, Shown, bisected, proposed
from verifier.arithmetic.balls import Balls
from verifier.arithmetic.symbols import sigmoid
from verifier.inequality import NONNEGATIVE, CellEquations, Context, Identity, check_nonnegative
from verifier.observed import run_error
from verifier.program import record
from verifier.refresh.elman import in_terms_of_tanh
from verifier.run import Runner
from verifier.sequences import join
from verifier.verdict import Verdict, all_of, check_less

SMALL_BITS = 3
"""L of the memory that is attacked."""

ACROSS = 16
"""Parts into which the neighbourhood of a border is cut."""

READ = 3
"""Periods after which an attack reads: two loads have landed."""

CELLS = ("tanh", "sigmoid")

# --- lemmas -----------------------------------------------------------------------------------------------------------

A, B, U, V, Z, ON = sympy.symbols("a b u v z on", real=True)
LEMMA = dict.fromkeys((A, B, U, V, Z, ON), NONNEGATIVE)


def pairs_pass_more_the_less_they_are_driven() -> Verdict:
    """d/dX (tanh(X + v) - tanh X) = t² - t'² >= 0 where t = tanh X = -(a + b) <= t' = tanh(X + v) = -a <= 0."""
    x = sympy.Symbol("X", real=True)
    rate = sympy.diff(tanh(x + V) - tanh(x), x)
    same = sympy.expand(rate - (tanh(x) ** 2 - tanh(x + V) ** 2)) == 0
    return all_of((holds(bool(same)), check_nonnegative(sympy.expand((A + B) ** 2 - A**2), LEMMA)))


def open_pairs_pass_less_beyond_the_middle() -> Verdict:
    """Near miss: where X + v > 0 more drive may pass more: t = -a, t' = a + b."""
    return holds(check_nonnegative(sympy.expand(A**2 - (A + B) ** 2), LEMMA) is not Verdict.PROVED)


def undecided_bits_cost_a_width() -> Verdict:
    """The residual lemma with θ = 0, D in [lo, hi]: of a bit worth `whole` the part `taken` is taken.

    D >= z: taken >= on; |D| <= z: 0 <= taken <= whole; D <= -z: taken <= off. So D' >= min(lo - off, -z - whole) and
    D' <= max(hi - on, z).
    """
    fits, refused = Z + U, -Z - U
    undecided = (U - V) / 2  # z = (u + v)/2
    width = (U + V) / 2
    gaps = (
        (fits + V - ON) - (fits - ON - A),
        (fits - ON - A) - (-Z - ON - A - B),
        width - (undecided - A),
        (undecided - A) - (-width - A - B),
        Z - (refused - A),
        (refused - A) - (refused - V - A - B),
    )
    return all_of(check_nonnegative(sympy.expand(gap), LEMMA) for gap in gaps)


def without_the_width_it_would_be_false() -> Verdict:
    """False variant: D' >= θ - all, for an undecided bit that is taken at D = θ - z."""
    return holds(check_nonnegative((-Z - A) - (-A), LEMMA) is Verdict.REFUTED)


def loads_and_clearing_are_monotone() -> Verdict:
    """d/dv (tanh(v + H) - v) = -tanh²(v + H): so errors of load and clear are largest at ends."""
    h = sympy.Symbol("H", real=True)
    rate = sympy.diff(tanh(V + h) - V, V)
    return holds(bool(sympy.expand(rate + tanh(V + h) ** 2) == 0))


# --- the cells --------------------------------------------------------------------------------------------------------


def the_cell_has_these_equations() -> Verdict:
    """The tanh RNN's own equations with the template weights are the fifteen recurrences."""
    return _equations(Rational(3, 4)).check(Context({}, {}, {}))


def another_threshold_is_another_cell() -> Verdict:
    """Near miss: with another threshold of the turn unit the recurrences are not the cell's."""
    return holds(_equations(Rational(1, 2)).check(Context({}, {}, {})) is not Verdict.PROVED)


def _equations(turns_at: Expr) -> CellEquations:
    names = "Lambda Lambda_f Y kappa G T w epsilon"
    drive, raised, swing, gain, turn, full, unit, scale = sympy.symbols(names, positive=True)
    x, *h = sympy.symbols("x f p r a b c e s g k q m z n A", real=True)
    f, p, r, a, b, c, e, s, g, k, q, m, z, n, held = h
    reload, low = (full - unit / 2) / 2, turns_at * unit
    offset = full / 2 + unit / 2
    new = {
        FLAG: tanh(raised),
        ENTRY: tanh(scale * x + offset + drive * f),
        ENTRY_PAIR: tanh(drive * f),
        TRIAL: tanh(c / 2),
        WORTH: tanh(a),
        REST: tanh(b + reload * (1 + e) + (full - reload) * (1 - f)),
        TURN: tanh(turn * (low - a - 4 * b - 4 * c) - Rational(3, 2) * turn * unit * (1 - f)),
        COMPARE: tanh(gain * (held - q - a)),
        BIT: tanh(b + swing * (s - 1) - swing * (e + 1)),
        BIT_PAIR: tanh(swing * (s - 1) - swing * (e + 1)),
        SUM: tanh(q + z - n + g - k),
        LOAD: tanh(q - held + b + swing * (e - 1)),
        CLEAR: tanh(-q + swing * (e - 1)),
        LOAD_PAIR: tanh(swing * (e - 1)),
        HOLD: tanh(held + m - n + p - r),
    }
    reset = Rational(3, 2) * turn * unit
    template: dict[str, dict[tuple[int, ...], Expr]] = {
        "b_h": {
            (FLAG,): raised, (ENTRY,): offset, (REST,): full, (TURN,): Rational(3, 4) * turn * unit - reset,
            (BIT,): -2 * swing, (BIT_PAIR,): -2 * swing, (LOAD,): -swing, (CLEAR,): -swing, (LOAD_PAIR,): -swing,
        },
        "U_h": {(ENTRY,): scale},
        "W_h": {
            (ENTRY, FLAG): drive, (ENTRY_PAIR, FLAG): drive, (TRIAL, REST): Rational(1, 2), (WORTH, TRIAL): sympy.Integer(1),
            (REST, WORTH): sympy.Integer(1), (REST, TURN): reload, (REST, FLAG): reload - full,
            (TURN, TRIAL): -turn, (TURN, WORTH): -4 * turn, (TURN, REST): -4 * turn, (TURN, FLAG): reset,
            (COMPARE, HOLD): gain, (COMPARE, SUM): -gain, (COMPARE, TRIAL): -gain,
            (BIT, WORTH): sympy.Integer(1), (BIT, COMPARE): swing, (BIT, TURN): -swing,
            (BIT_PAIR, COMPARE): swing, (BIT_PAIR, TURN): -swing,
            **{(SUM, j): sympy.Integer(sign) for j, sign in ((SUM, 1), (CLEAR, 1), (LOAD_PAIR, -1), (BIT, 1), (BIT_PAIR, -1))},
            (LOAD, SUM): sympy.Integer(1), (LOAD, HOLD): sympy.Integer(-1), (LOAD, WORTH): sympy.Integer(1), (LOAD, TURN): swing,
            (CLEAR, SUM): sympy.Integer(-1), (CLEAR, TURN): swing, (LOAD_PAIR, TURN): swing,
            **{(HOLD, j): sympy.Integer(sign)
               for j, sign in ((HOLD, 1), (LOAD, 1), (LOAD_PAIR, -1), (ENTRY, 1), (ENTRY_PAIR, -1))},
        },
        "V": {(HOLD,): 1 / scale, (ENTRY,): 1 / scale, (ENTRY_PAIR,): -1 / scale},
    }  # fmt: skip
    return CellEquations(
        "cell", "fifteen recurrences", cell="tanh", size=len(UNITS), template=template,
        state={f"h[{j}]": value for j, value in enumerate(h)}, input=x,
        expected={
            **{f"h[{j}]": value for j, value in new.items()},
            "y": (new[HOLD] + new[ENTRY] - new[ENTRY_PAIR]) / scale,
        },
    )  # fmt: skip


def sigmoid_units_are_tanh_units() -> Verdict:
    """σ(2z) = (1 + tanh z)/2."""
    z = sympy.Symbol("z", real=True)
    return Identity("conjugate", "σ(2z) = (1 + tanh z)/2", sigmoid(2 * z), (1 + tanh(z)) / 2).check(Context({}, {}, {}))


def without_the_factor_they_are_not() -> Verdict:
    """False variant: σ(z) = (1 + tanh z)/2."""
    z = sympy.Symbol("z", real=True)
    shown = Identity("wrong", "σ(z) = (1 + tanh z)/2", sigmoid(z), (1 + tanh(z)) / 2).check(Context({}, {}, {}))
    return holds(shown is not Verdict.PROVED)


def both_cells_are_one_network() -> Verdict:
    """In u = 2h - 1 the sigmoid RNN's eight units that inputs reach read each other, and the input, as the tanh RNN's do."""
    sizes = Sizes(SMALL_BITS, FAMILIES["tanh"].fine_gain(SMALL_BITS))
    found = []
    for cell in CELLS:
        program = record(network(cell, len(UNITS), sizes, Fraction(1))[0])
        form = in_terms_of_tanh(program)
        if form is None:
            raise ValueError(f"the {cell} RNN has units that are neither tanh nor σ")
        unit = {k: program.states[k][1] for k in form.rows}
        found.append({unit[k]: ({unit[j]: c for j, c in row.moving.items()}, row.input) for k, row in form.rows.items()})
    return holds(found[0] == found[1])


# --- at the numbers ---------------------------------------------------------------------------------------------------


SHOWN = Shown(tuple(FAMILIES[cell] for cell in CELLS), (3, 16, 64), levels=Fraction(3, 5), coarser=8)
"""The memories whose inequalities are checked here: with fine comparators they are within 3/5 of a level."""


def inputs_on_a_border_stay_within_the_bound() -> Verdict:
    """Attack: x_1 bisected between two that go to different levels, then ±1 for many cycles: errors within the bound."""
    with Balls(ATTACK_BITS).working():
        program, memory = proposed(FAMILIES["tanh"], SMALL_BITS, COARSEST)
        runner = Runner(program, Balls(ATTACK_BITS))
        lengths = range(1, CYCLES * memory.period, 13)
        runs = [join([(x, 1), (Fraction((-1) ** n), n)]) for x in bisected(runner, memory, READ) for n in lengths]
        return all_of(check_less(run_error(runner, run), memory.upper) for run in runs)


def half_a_level_is_not_enough() -> Verdict:
    """False variant: 'the error is at most half a level' is refuted by an x_1 next to a border, two loads later."""
    with Balls(ATTACK_BITS).working():
        program, memory = proposed(FAMILIES["tanh"], SMALL_BITS, COARSEST)
        runner = Runner(program, Balls(ATTACK_BITS))
        low, high = sorted(memory.firsts[:2])
        across = [low + k * (high - low) / ACROSS for k in range(ACROSS + 1)]
        errors = [run_error(runner, join([(x, 1), (Fraction(1), READ * memory.period)])) for x in across]
        return holds(any(check_less(arb(2) ** -(SMALL_BITS + 1), error) is Verdict.PROVED for error in errors))


C9_TANH = Theorem(
    id="C9-tanh",
    title="a refreshed memory of integrators: tanh and sigmoid RNNs that never forget",
    statement=(
        "Let a tanh RNN (or a sigmoid RNN, in u = 2h - 1) have a clock of autonomous units and the units entry, compare, bit and "
        "its pair, sum, clear, load and hold, coupled as below, and let its numbers satisfy the inequalities. Then |y_n - x_1| <= "
        "V (ℓ + ρ + Z + drift) + distortion for every n >= 1 and every x in [-M, M]^n. The construction has 15 units, s_0 = 0, "
        "fixed dyadic weights (for dyadic M) and levels of 2^-L M; with fine comparators its bound is below 3/5 2^-L M for L = 3, "
        "16 and 64. Each request checks the inequalities at its own L; that they hold for every L is not proved here."
    ),
    hypotheses=(
        "the clock comes back after P steps to a set of states that a cycle maps into itself",
        "comparisons come three steps apart, after the last load and before the next",
        "the sums of bits stay within their limits, and the bits can express every held value",
        "E <= ρ, ρ + ℓ + Z <= w and ρ + Z <= ℓ: levels and borders return",
        "the first level found is decided in later cycles",
        "held values stay in the range assumed of them",
    ),
    source=(
        "this project, theory C9; the mechanism is the quantised refresh of analog memories by periodic conversion: Cauwenberghs "
        "& Yariv 1995"
    ),
    argument=(
        "A tanh unit that reads itself with weight 1 keeps a small value z up to |tanh z - z| <= |z|³/3 a step: hold keeps A, sum "
        "keeps q. What is added to them is the difference of a unit and its partner, tanh(X + v) - tanh X: v where X is 0, next to "
        "nothing where the clock or a comparison drives both to -1.",
        "The clock is autonomous. The weight of the bit on trial goes round three units and is halved at every turn, so a "
        "comparison, the bit and the sum that knows of it are three steps apart; where it has become w/2 the turn unit is up for "
        "one step, reloads it, and lets load and clear pass. Its orbit depends on neither inputs nor the held value.",
        "Between loads A moves by at most the drift: cubes, and what shut pairs let through, all inputs included.",
        "A comparison with |D - θ| >= z, D = A - q, is saturated, and its bit is taken or refused up to little. Otherwise what is "
        "taken is anything between nothing and the whole bit, and the sum and the residual see the same. Either way D in [lo, hi] "
        "becomes D' in [min(lo - off, θ - z - all), max(hi - on, θ + z)], so that before the load D is between -z and w + z, up "
        "to little: an undecided bit costs a width z.",
        "The load adds -D + ℓ to A, which is then q + ℓ, up to an error that is monotone in D and so largest at an end.",
        "From here on the proof is that of C9: a value at least Z away from every multiple of w goes to the middle of its level, "
        "one within Z of a multiple lands in J_m, and J_m maps into itself.",
        "A sigmoid RNN is a tanh RNN in u = 2h - 1, started at u = -1. What a unit reads of the others is then off by constants at "
        "step 1; the flag, -1 before step 1 and next to 1 ever after, takes them off.",
    ),
    uses=("C9",),
    checks={
        "the cell's equations with the template weights": the_cell_has_these_equations,
        "near miss: another threshold gives other equations": another_threshold_is_another_cell,
        "a sigmoid unit is a tanh unit in u = 2h - 1": sigmoid_units_are_tanh_units,
        "false variant: without the factor 2": without_the_factor_they_are_not,
        "both constructions are one network in u": both_cells_are_one_network,
        "pairs pass more the less they are driven": pairs_pass_more_the_less_they_are_driven,
        "near miss: not beyond the middle": open_pairs_pass_less_beyond_the_middle,
        "residual lemma: an undecided bit costs a width": undecided_bits_cost_a_width,
        "false variant: it costs nothing": without_the_width_it_would_be_false,
        "errors of load and clear are largest at ends": loads_and_clearing_are_monotone,
        "the inequalities hold for L = 3, 16 and 64": SHOWN.inequalities_hold,
        "near miss: a 2^8 times smaller gain": SHOWN.coarse_comparators_are_not_proved,
        "attack: x_1 bisected onto a border": inputs_on_a_border_stay_within_the_bound,
        "false variant: an error of half a level": half_a_level_is_not_enough,
    },
)

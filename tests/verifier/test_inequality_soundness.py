"""Attempts to prove something false. Each derivation below ends in a relation with a counterexample stated beside it.

The checker may answer UNDECIDED or REFUTED, or raise; it may not answer PROVED.
"""

from dataclasses import fields, replace
from fractions import Fraction

import pytest
import sympy
from sympy import Integer, Rational, Symbol, tanh

from constructions.lstm import EPSILON, K, L, M, N, derivation
from verifier.arithmetic.balls import Balls
from verifier.arithmetic.symbols import sigmoid
from verifier.inequality import (
    ALL,
    AT_LEAST_ONE,
    NONNEGATIVE,
    UNIT,
    Assumed,
    AtMost,
    Atom,
    CellEquations,
    Context,
    Derivation,
    Growth,
    Hypothesis,
    Identity,
    Induction,
    Instance,
    Relation,
    UpToTheEnd,
    range_of,
)
from verifier.verdict import Verdict, all_of

x, y, z, s, v, d = sympy.symbols("x y z s v d", real=True)
D = Symbol("D", real=True)
n = Symbol("n", integer=True, positive=True)
zero, one = Integer(0), Integer(1)
TINY = Rational(1, 10**400)
INFINITY = float("inf")


def prove(*steps, ranges, definitions=None, hypotheses=()):
    """The verdict of a derivation whose conclusion is its last step."""
    made = Derivation("false", "", (), ranges, definitions or {}, hypotheses, steps, zero, (steps[-1].name,))
    try:
        return made.verdict
    except (KeyError, TypeError, ValueError):
        return Verdict.UNDECIDED


def induction(name="induction", **changes):
    fields = {
        "state": s,
        "index": n,
        "lower": zero,
        "start": zero,
        "successor": s,
        "base_polynomial": None,
        "base_atoms": (),
        "step_polynomial": None,
        "step_atoms": (),
        "slack": z,
        **changes,
    }
    return Induction(name, "", **fields)


INDUCTION_RANGES = {s: ALL, n: AT_LEAST_ONE, x: ALL}


def test_tiny_number_times_everything():
    """10^-400 σ(x) y <= 0 fails at y = 1. The float of 10^-400 is 0, and 0·inf is not a number."""
    term = TINY * sigmoid(x) * y
    step = AtMost("false", "", term, zero, -d, (Atom(d, term),))
    assert prove(step, ranges={x: ALL, y: ALL}) is not Verdict.PROVED


def test_range_of_a_tiny_number_times_everything():
    low, high = range_of(TINY * sigmoid(x) * y, {x: ALL, y: ALL})
    assert low < -1
    assert high > 1


def test_range_of_a_huge_number_times_everything():
    low, high = range_of(Integer(10) ** 400 * y, {y: NONNEGATIVE})
    assert (low, high) == (0, INFINITY)


@pytest.mark.parametrize("ends", [(0, 1), (0.0, 1.0)])
def test_ranges_that_are_not_exact(ends):
    """Ranges with int or float ends: w <= 1 must not be instantiated at w = 5 because an end is no Fraction."""
    fact = AtMost("fact", "", x, one)
    instance = Instance("false", "", "fact", fact.relation, {x: Integer(5)})
    assert prove(fact, instance, ranges={x: ends}) is not Verdict.PROVED


def test_square_of_a_range_with_int_ends():
    """x² >= 2 fails at x = 1."""
    step = AtMost("false", "", Integer(2), x**2, d - 2, (Atom(d, x**2),))
    assert prove(step, ranges={x: (1, 2)}) is not Verdict.PROVED


def test_atom_named_like_a_variable():
    """0 <= y fails at y = -1. The second atom's range is read with y meaning the first atom."""
    step = AtMost("false", "", zero, y, z, (Atom(y, x**2), Atom(z, y)))
    assert prove(step, ranges={x: ALL, y: ALL}) is not Verdict.PROVED


def test_scale_named_like_an_atom():
    """0 <= y fails at y = -1. The sign of the scale y is read from an atom y."""
    step = AtMost("false", "", zero, y, one, (Atom(y, x**2),), y)
    assert prove(step, ranges={x: ALL, y: ALL}) is not Verdict.PROVED


def test_slack_named_like_an_input():
    """s_{t+1} = s_t + x with any real x does not stay >= 0."""
    assert prove(induction(successor=s + x, slack=x), ranges=INDUCTION_RANGES) is not Verdict.PROVED


def test_slack_named_like_an_abbreviation():
    """s_{t+1} = 1 - s_t from s_1 = 5: s_2 = -4. The slack was only as large as σ(x)."""
    step = induction(start=Integer(5), successor=1 - s, slack=D)
    assert prove(step, ranges=INDUCTION_RANGES, definitions={D: sigmoid(x)}) is not Verdict.PROVED


def test_state_that_stands_for_anything():
    """0 <= -100."""
    assert prove(induction(stands_for=Integer(-100)), ranges=INDUCTION_RANGES) is not Verdict.PROVED


def test_one_state_with_two_recurrences():
    """5 <= s and 0 <= -s cannot both hold."""
    steps = (
        induction("five", lower=Integer(5), start=Integer(5)),
        induction("zero", stands_for=-s),
    )
    assert prove(*steps, ranges=INDUCTION_RANGES) is not Verdict.PROVED


def test_index_whose_range_starts_late():
    """s_{t+1} = s_t + t - 5 from s_1 = 0: s_5 = -10. The step was only shown for t >= 5."""
    ranges = {**INDUCTION_RANGES, n: (Fraction(5), INFINITY)}
    assert prove(induction(successor=s + n - 5), ranges=ranges) is not Verdict.PROVED


def test_instance_at_a_state():
    """0 <= s_t for the trajectory does not give 0 <= -5."""
    first = induction()
    second = Instance("false", "", "induction", first.relation, {s: Integer(-5)})
    assert prove(first, second, ranges=INDUCTION_RANGES) is not Verdict.PROVED


def test_instance_at_an_index_without_its_state():
    """-(n-1) <= s_n gives 0 <= s_1, not 0 <= s_n."""
    first = induction(lower=-(n - 1), successor=s - 1)
    second = Instance("false", "", "induction", first.relation, {n: one})
    assert prove(first, second, ranges=INDUCTION_RANGES) is not Verdict.PROVED


def test_instance_inside_an_abbreviation():
    """x = D with D standing for x; at x = 1 this says 1 <= D, false for D = x = 0."""
    first = Identity("fact", "", x, D)
    second = Instance("false", "", "fact", first.relation, {x: one})
    assert prove(first, second, ranges={x: ALL}, definitions={D: x}) is not Verdict.PROVED


def test_instance_of_an_abbreviation():
    """x = D with D standing for x; putting 5 in for D says x <= 5."""
    first = Identity("fact", "", x, D)
    second = Instance("false", "", "fact", first.relation, {D: Integer(5)})
    assert prove(first, second, ranges={x: ALL}, definitions={D: x}) is not Verdict.PROVED


def test_instance_of_a_hypothesis():
    """v >= 1 is assumed of the parameter v; it does not give 0 >= 1."""
    first = Assumed("fact", "", one, v)
    second = Instance("false", "", "fact", first.relation, {v: zero})
    assert prove(first, second, ranges={v: NONNEGATIVE}, hypotheses=(Hypothesis("v >= 1", v - 1),)) is not Verdict.PROVED


def test_growth_from_zero_by_a_hypothesis_at_the_end():
    """f(v) = v (v - 2/5): f' = 2 (v - 1/5) >= 0 at v >= 1/5 only; f(3/10) < 0."""
    steps = (
        Assumed("fact", "", Rational(1, 5), v),
        Growth("false", "", zero, v * (v - Rational(2, 5)), v, 2 * d, (Atom(d, v - Rational(1, 5), "fact"),)),
    )
    hypotheses = (Hypothesis("v >= 1/5", v - Rational(1, 5)),)
    assert prove(*steps, ranges={v: NONNEGATIVE}, hypotheses=hypotheses) is not Verdict.PROVED


def test_up_to_the_end_by_a_hypothesis_at_the_start():
    """f(v) = 2v/5 - v²/2: f' = 2/5 - v >= 0 at v <= 2/5 only; f(3/10) = 0.075 > f(1) = -0.1."""
    gap = Rational(2, 5) - v
    steps = (
        AtMost("room", "", v, one),
        Assumed("fact", "", v, Rational(2, 5)),
        UpToTheEnd("false", "", Rational(2, 5) * v - v**2 / 2, v, one, d, (Atom(d, gap, "fact"),), "room"),
    )
    assert prove(*steps, ranges={v: UNIT}, hypotheses=(Hypothesis("v <= 2/5", gap),)) is not Verdict.PROVED


def test_growth_along_an_abbreviation():
    """With D standing for v: v² - (3/2) v D = -v²/2 < 0, though its derivative at D fixed is v/2 once D is put in."""
    step = Growth("false", "", zero, v**2 - Rational(3, 2) * v * D, v, v / 2)
    assert prove(step, ranges={v: NONNEGATIVE}, definitions={D: v}) is not Verdict.PROVED


def test_induction_by_a_hypothesis_about_the_last_index():
    """n >= 6 is true at n = 10, but s_{t+1} = s_t + t - 6 needs it at every t: s_10 = 45 - 54."""
    steps = (
        Assumed("fact", "", Integer(6), n),
        induction(successor=s + n - 6, step_polynomial=z + d, step_atoms=(Atom(d, n - 6, "fact"),)),
    )
    assert prove(*steps, ranges=INDUCTION_RANGES, hypotheses=(Hypothesis("n >= 6", n - 6),)) is not Verdict.PROVED


# --- derivations as a whole -------------------------------------------------------------------------------------------


def rebuilt(**changes):
    """The C6 derivation with changes, as a new object."""
    values = {field.name: getattr(derivation(), field.name) for field in fields(Derivation) if field.name != "cache"}
    return Derivation(**{**values, **changes})


FALSE_STEP = Identity("false", "", one, zero)


def test_a_changed_derivation_forgets_old_verdicts():
    """`dataclasses.replace` after a check: the new steps have not been verified."""
    derivation().check()
    changed = replace(derivation(), steps=(FALSE_STEP,), conclusions=())
    assert changed.verdict is not Verdict.PROVED


def test_verdicts_cannot_be_handed_in():
    try:
        made = Derivation("false", "", (), {}, {}, (), (FALSE_STEP,), zero, (), cache={"false": Verdict.PROVED})
    except TypeError:
        return
    assert made.verdict is not Verdict.PROVED


@pytest.mark.parametrize(
    "broken",
    [
        Identity("broken", "", sympy.sin(x), sympy.sin(x) + 1),
        AtMost("broken", "", zero, x, d, (Atom(d, Symbol("nowhere")),)),
        Identity("first", "", zero, one),
    ],
    ids=["unknown function", "unknown symbol", "name used twice"],
)
def test_a_check_that_broke_off_is_not_a_success_the_second_time(broken):
    made = Derivation("false", "", (), {x: ALL}, {}, (), (Identity("first", "", x, x), broken, FALSE_STEP), zero, ("first",))
    for _ in range(2):
        try:
            assert made.verdict is not Verdict.PROVED
            assert len(made.check()) == 3
        except (KeyError, TypeError, ValueError):
            continue


def test_a_smaller_bound_than_the_steps_prove():
    """The number that is compared with the tolerance must be what the conclusions are about."""
    assert rebuilt(bound=derivation().bound / 2).verdict is not Verdict.PROVED


def test_two_hypotheses_of_one_text():
    """A refuted hypothesis must not hide behind another one with the same words."""
    hypotheses = (Hypothesis("K large", K - 100), Hypothesis("K large", K))
    made = Derivation("t", "", (K,), {K: NONNEGATIVE}, {}, hypotheses, (), zero, ())
    with Balls(64).working():
        try:
            assert Verdict.REFUTED in made.check_hypotheses({K: Fraction(1)}).values()
        except ValueError:
            return


def test_initial_state_in_a_template():
    """c_0 belongs to the weights that `matches` accepts, so the equations must account for it."""
    (cell,) = [step for step in derivation().steps if isinstance(step, CellEquations)]
    changed = replace(cell, template={**cell.template, "c_0": {(1,): Integer(5)}})
    steps = tuple(changed if step is cell else step for step in derivation().steps)
    assert rebuilt(steps=steps).verdict is not Verdict.PROVED


def test_numbers_outside_the_ranges_of_the_derivation():
    """n = 0 lies outside [1, oo): steps proved for n >= 1 say nothing about it."""
    values = {N: Fraction(0), M: Fraction(1), EPSILON: Fraction(1, 100), K: Fraction(12), L: Fraction(40)}
    with Balls(64).working():
        assert all_of(derivation().check_hypotheses(values).values()) is not Verdict.PROVED


# --- what holds already, and must keep holding ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "step",
    [
        AtMost("false", "", tanh(x), x),
        AtMost("false", "", zero, x * y, x * y),
        AtMost("false", "", zero, -one, -d, (Atom(d, one),)),
        AtMost("false", "", zero, -one, d, (Atom(d, -one, "false"),)),
        AtMost("false", "", zero, -(y**2), -d, (Atom(d, y**2),)),
        AtMost("false", "", zero, 1 / x, one, (), 1 / x),
        Identity("false", "", x / y * y, x + 1),
        Identity("false", "", sympy.sqrt(y**2), y),
        Growth("false", "", one, x, x, one),
        UpToTheEnd("false", "", x, x, x + 1, one, (), "false"),
        Instance("false", "", "false", Relation(one, zero), {}),
    ],
)
def test_other_attempts(step):
    assert prove(step, ranges={x: NONNEGATIVE, y: ALL}) is not Verdict.PROVED


def test_a_step_cannot_use_itself():
    step = AtMost("loop", "", one, zero, d, (Atom(d, -one, "loop"),))
    made = Context({}, {}, {}, ())
    assert step.check(made) is not Verdict.PROVED
    assert prove(step, step.__class__("other", "", one, zero, d, (Atom(d, -one, "loop"),)), ranges={}) is not Verdict.PROVED

"""F1: in IEEE arithmetic a saturated memory is bit-exact for ever, which in real numbers it never is."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache

import numpy as np
from flint import arb

from constructions import gru, lstm, relu
from constructions.answer import Construction
from constructions.profile import PROFILED, construct_profile
from proofs.theorem import Theorem
from verifier.arithmetic.balls import Balls, to_ball
from verifier.float_bound import BINARY32, LIBRARIES, Library, bound_floats
from verifier.float_run import observe_floats
from verifier.program import record
from verifier.regime import Regime
from verifier.run import Runner
from verifier.verdict import Verdict, all_of, check_less

BITS = 4096
"""Working precision: σ(-746) and its neighbours in balls, and 1 - σ(746)."""

STEPS = 200
"""Steps of the runs in floats."""

UNIT = Fraction(1)


def _holds(claim: bool) -> Verdict:
    return Verdict.PROVED if claim else Verdict.REFUTED


def _rounds_to_one(v: int, library: Library) -> Verdict:
    """1 - σ(v) = σ(-v) < 2^-(p+1), half the distance of 1 from the float below it."""
    return check_less(Balls.sigmoid(to_ball(-v)), to_ball(library.unit / 2))


def _rounds_to_zero(v: int, library: Library) -> Verdict:
    """σ(-v) < 2^(emin-p), half the least positive float."""
    return check_less(Balls.sigmoid(to_ball(-v)), to_ball(Fraction(1, 1 << (library.p - library.emin))))


def thresholds_round() -> Verdict:
    """A correctly rounded σ is 1 from `one` and 0 from -`zero` on (σ increases)."""
    with Balls(BITS).working():
        found = [check(at, lib) for lib in LIBRARIES.values() for check, at in _thresholds(lib)]
        return all_of(found)


def thresholds_are_least() -> Verdict:
    """Near miss: one whole number less does not round there."""
    with Balls(BITS).working():
        found = [check(at - 1, lib) for lib in LIBRARIES.values() for check, at in _thresholds(lib)]
        return _holds(all(verdict is Verdict.REFUTED for verdict in found))


def _thresholds(library: Library) -> tuple[tuple[Callable[[int, Library], Verdict], int], ...]:
    return (_rounds_to_one, library.one), (_rounds_to_zero, library.zero)


def the_usual_formula_saturates() -> Verdict:
    """fl(1/fl(1 + exp(-v))) obeys the hypothesis for any exp within u ulps: e^-one (1+r) <= 2^-p and e^zero (1-r) overflows."""
    found = []
    with Balls(BITS).working():
        for library in LIBRARIES.values():
            off = to_ball(2 * library.ulps * library.unit)
            found.append(check_less(to_ball(-library.one).exp() * (1 + off), to_ball(library.unit)))
            overflow = to_ball(Fraction(1 << (2 - library.emin)))  # 2^(emax+1), as emax = 1 - emin
            found.append(check_less(overflow, to_ball(library.zero).exp() * (1 - off)))
    return all_of(found)


def _halves() -> tuple[np.ndarray, np.ndarray]:
    """All finite binary16 numbers, and some of modulus at most 1."""
    words = np.arange(2**16, dtype=np.uint32).astype(np.uint16).view(np.float16)
    every = words[np.isfinite(words)]
    return every, every[np.abs(every) <= 1][::97]


def holding_every_half() -> Verdict:
    """fl(fl(1·c) + fl(0·g)) = c for every finite binary16 c, and so for every format: no operation has anything to round."""
    every, inner = _halves()
    one, zero = np.float16(1), np.float16(0)
    return _holds(all(bool((one * every + zero * g == every).all()) for g in inner))


def a_gate_next_to_one_forgets() -> Verdict:
    """False variant: with the float below 1 in place of 1 some c changes."""
    every, _ = _halves()
    return _holds(bool((np.nextafter(np.float16(1), np.float16(0)) * every != every).any()))


def another_form_of_the_gru_forgets() -> Verdict:
    """False variant: (h - n)·z + n, the same polynomial, changes some h at z = 1."""
    every, inner = _halves()
    small = every[np.abs(every) <= 1]
    return _holds(any(bool(((small - n) + n != small).any()) for n in inner))


@cache
def _profiles(*names: str) -> tuple[tuple[Library, Construction], ...]:
    found = []
    for library in LIBRARIES.values():
        for name in names:
            made = construct_profile(name, 100, library.form, bound=UNIT, hidden=4)
            found.append((library, made))
    return tuple(found)


def the_profiles_are_bit_exact() -> Verdict:
    """C6 and C7 sized for either format repeat their state from step 1 on."""
    names = [name for name in PROFILED if name not in ("tanh", "sigmoid")]
    return all_of(bound_floats(made.weights, UNIT, library).verdict for library, made in _profiles(*names))


def relu_is_bit_exact() -> Verdict:
    """C3 repeats its state from step 2 on."""
    made = relu.construct(Regime("relu", 10, UNIT, Fraction(0), hidden=3))
    if not isinstance(made, Construction):
        return Verdict.UNDECIDED
    return all_of(bound_floats(made.weights, UNIT, library).verdict for library in LIBRARIES.values())


def one_less_is_not_bit_exact() -> Verdict:
    """Near miss: L - 1, or K - 1 with the same L, leaves a gate that need not be exactly 0 or 1."""
    k, scale = BINARY32.zero, Fraction(1, 4096)
    (_, cell), (_, unit) = [pair for pair in _profiles("lstm", "gru") if pair[0] is BINARY32]
    gains = [next(v for s, v in made.parameters.items() if s.name == "L") for made in (cell, unit)]
    variants = [
        lstm.network(2, k, gains[0] - 1, scale)[0],
        lstm.network(2, k - 1, gains[0], scale)[0],
        gru.network("gru", 2, k, gains[1] - 1, scale)[0],
    ]
    return _holds(all(bound_floats(weights, UNIT, BINARY32).held_from is None for weights in variants))


def runs_do_not_change() -> Verdict:
    """With numpy's functions no adversarial sequence changes y after step 1, and the error stays below the bound."""
    found = []
    for library, made in _profiles("lstm", "gru-after-keep"):
        seen = observe_floats(made.weights, library.form, UNIT, STEPS, seed=1)
        bound = bound_floats(made.weights, UNIT, library).error(STEPS)
        found.append(_holds(seen.changes == 0 and bound is not None and seen.error <= bound))
    return all_of(found)


def real_numbers_do_change() -> Verdict:
    """False variant: in real numbers the same weights do not hold; y_2 < y_1 strictly for x = (1, -1), decided in balls."""
    found = []
    for _, made in _profiles("lstm", "gru"):
        with Balls(BITS).working():
            first, second = list(Runner(record(made.weights), Balls(BITS)).outputs([UNIT, -UNIT]))
            found.append(check_less(arb(second), arb(first)))
    return all_of(found)


F1 = Theorem(
    id="F1",
    title="bit-exact memory in floating point",
    statement=(
        "Let one step of a network be evaluated in IEEE arithmetic by a library that obeys the hypotheses. Give every float "
        "the name of the computation that made it, where fl(1·c), c + 0 and relu(c) for c >= 0 keep c's name, and equal names at "
        "the same place of the step mean equal floats. If all names in the state after step t and after step t + 1 agree for "
        "all inputs of [-M, M], then y_n = y_t bit for bit (the sign of a zero aside) for every n >= t and all inputs. C6 "
        "and C7 sized for binary32 or binary64 do so from t = 1, C3 from t = 2, "
        "whence an error bound in floats that does not depend on n."
    ),
    hypotheses=(
        *(text for text in BINARY32.says()),
        "for binary64: 38 and 746 in place of 18 and 104, 2^-1022 in place of 2^-126",
    ),
    source=(
        "this project, theorem F1; errors of sums in any order: Higham 2002, section 4.2. That saturation makes memory possible "
        "in finite precision is used by Weiss, Goldberg & Yahav 2018 for counting"
    ),
    argument=(
        "A gate whose argument is at least `one` (at most -`zero`) is exactly 1 (exactly 0). Then fl(fl(1·c) + fl(0·g)) = c, as "
        "no operation has anything to round, whether products are fused or not; likewise z∘h + (1-z)∘n at z = 0 and z = 1.",
        "Ranges bound every argument for all inputs: rounding is monotone, so the ends of a sum of up to three terms are "
        "rounded in every order; longer sums err by at most γ_{k-1} times the sum of moduli.",
        "If the state after step t + 1 has the names of the state after step t whatever x_{t+1} was, it is the same floats. Step "
        "t + 2 then starts from the same floats, and so on: by induction the state, and the y read from it, never change.",
        "The error at y_1 follows from enclosures s·x_1 + o of every value: scaling by a power of two rounds nothing, "
        "tanh v = (1 - ψ)v with 0 <= ψ <= v²/3, and each rounding moves s and o by a relative 2^-p and an absolute 2^(emin-p).",
        "In real numbers σ is never 0 or 1, so the same weights leak at every step: neither statement implies the other. A "
        "runtime that evaluates (h - n)∘z + n, flushes subnormals to 0, or has a σ that is not 1 from `one` on is not covered.",
    ),
    uses=("C3", "C6", "C7"),
    checks={
        "σ rounds to 1 and to 0 at the thresholds": thresholds_round,
        "near miss: one less does not": thresholds_are_least,
        "1/(1 + exp(-v)) saturates there, for any exp within 8 ulps": the_usual_formula_saturates,
        "1·c + 0·g = c for every binary16 number": holding_every_half,
        "false variant: the float below 1 as gate": a_gate_next_to_one_forgets,
        "false variant: (h - n)·z + n": another_form_of_the_gru_forgets,
        "C6 and C7 in both formats repeat from step 1": the_profiles_are_bit_exact,
        "C3 in both formats repeats from step 2": relu_is_bit_exact,
        "near miss: L - 1 or K - 1": one_less_is_not_bit_exact,
        "runs with numpy's functions do not change": runs_do_not_change,
        "false variant: in real numbers the same weights do change": real_numbers_do_change,
    },
)

"""Diagonal layers at the numbers of a construction: C14, C15, C16 and the doubling unit of C2, for `certificate_in_rocq`.

Conditions between rationals are decided by computing with them in the kernel (proofs/rocq/rational.v), so nothing is rounded and
no closed form is simplified. Source: this project, theory C2, C14, C15, C16.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from math import lcm

from constructions import Construction
from constructions.paths import points
from constructions.poles import RESIDUAL
from proofs.instances_in_rocq import GUARD_BITS, Instance, decide, domain, number, short_enough
from verifier.errors import UsageError

MODULE = "rational"
"""The file of the kernel theorems used here."""

LONGEST_GATED = 12
"""Inputs up to which a response with irrational poles is decided, n^2 powers of exponentials: about a minute there."""

RATIONALS = ("real", "quotient", "QArith_base.Qnum", "QArith_base.Qden")
"""What turns listed rationals into real numbers, as certificates write them."""

COMPUTED = "vm_cast_no_check (eq_refl true)"
"""Has the kernel compute a decision, once: a wrong one is rejected at the end of the proof."""


def _entries(values: Iterable[tuple[int, Fraction]]) -> str:
    """A sparse vector of rationals as rational.v writes it."""
    return f"[{'; '.join(f'{k} |=> {value.numerator} // {value.denominator}' for k, value in values)}]"


def _listed(construction: Construction, *names: str) -> list[str]:
    """Blocks of the weights as sparse vectors of rationals."""
    return [_entries((index[0], value) for index, value in construction.weights[name]) for name in names]


def _output(construction: Construction) -> str:
    return f"(diagonal_output {construction.regime.hidden} (fst weights) (snd weights))"


def _diagonal_weights(construction: Construction) -> str:
    return "\n    ".join(["listed_diagonal", *_listed(construction, "U_a", "b_a", "U_b", "b_b", "V")])


def _delaying_filter(construction: Construction) -> Instance:
    regime = construction.regime
    return Instance(
        f"recalls_at 0 {domain(construction)} {regime.n} {_output(construction)}",
        _diagonal_weights(construction),
        (f"  apply (filter_certified {regime.hidden} {regime.n}); [lia|{COMPUTED}].",),
        module=MODULE,
        unfolds=RATIONALS,
    )


def _doubling(cell: str) -> Callable[[Construction], Instance]:
    def instance(construction: Construction) -> Instance:
        regime = construction.regime
        short_enough(Fraction(regime.n))
        output = _output(construction) if cell == "diagonal" else f"(linear_output {regime.hidden} weights)"
        return Instance(
            f"recalls_upto {number(regime.tolerance)} (box {number(regime.bound)}) {regime.n} {output}",
            f"{'listed_doubling' if cell == 'diagonal' else 'C2_doubling_weights'} {regime.n}",
            (f"  apply {cell}_doubling_certified; [lia|lia|lra|cbn [Nat.sub]; lra].",),
            module=MODULE,
            unfolds=("C15_weights", "doubling_readout"),
        )

    return instance


def _lattice_network(construction: Construction) -> Instance:
    regime = construction.regime
    n, tolerance, bound = regime.n, regime.tolerance, regime.bound
    found = points(n)
    blocks = _listed(construction, "U_a", "b_a", "U_b", "b_b", "V")
    listed = [_entries(enumerate(z for z, _ in found)), _entries((k, w) for k, (_, w) in enumerate(found) if w), *blocks]
    return Instance(
        f"recalls_upto {number(tolerance)} (box {number(bound)}) {n} {_output(construction)}",
        _diagonal_weights(construction),
        (
            f"  apply (lattice_certified {regime.hidden} {n} {number(bound)} {number(tolerance)}",
            f"    {_fraction(bound)} {_fraction(tolerance)}",
            *(f"    {text}" for text in listed),
            f"  ); [lia|lia|unfold Q2R, QArith_base.Qnum, QArith_base.Qden; lra..|{COMPUTED}].",
        ),
        module=MODULE,
        unfolds=RATIONALS,
    )


def _rotating_filter(construction: Construction) -> Instance:
    regime, weights = construction.regime, construction.weights
    n, units, doubles = regime.n, (regime.n + 1) // 2, construction.theorem.startswith("C15")
    if doubles:
        short_enough(Fraction(n))
    poles, shares = ([value for name in names for _, value in weights[name]] for names in (("re", "im"), ("U_h", "U_g")))
    blocks = _listed(construction, "re", "im", "U_h", "U_g", "V")
    denominators = (lcm(*(value.denominator for value in values)) for values in (poles, shares))
    numbers = " ".join(str(value) for value in (regime.hidden, units, n, *denominators))
    output = f"(lru_output {regime.hidden} weights)"
    tolerance, bound = number(regime.tolerance), number(regime.bound)
    return Instance(
        f"recalls_upto {tolerance} (box {bound}) {n} {output}" if doubles else f"recalls_at 0 {domain(construction)} {n} {output}",
        "\n    ".join(["listed_lru", *blocks]),
        (
            f"  apply (lru_{'half' if doubles else 'delay'}_certified {numbers});",
            f"    [lia|lia|{'lra|cbn [Nat.sub]; lra|' if doubles else ''}{COMPUTED}].",
        ),
        module=MODULE,
        unfolds=RATIONALS,
    )


def _gated_filter(construction: Construction) -> Instance:
    """minGRU, minLSTM, selective: r bounds how far the response is from the wanted one, decided by CoqInterval input by input."""
    regime, weights = construction.regime, construction.weights
    n, residual, doubles = regime.n, construction.parameters[RESIDUAL], construction.theorem.startswith("C15")
    if not residual or n > LONGEST_GATED:
        least = 1 if weights.cell == "selective" else 2
        allowed = f"n from {least} to {LONGEST_GATED}, where interval arithmetic decides the response in about a minute"
        raise UsageError(f"no Rocq file for theorem {construction.theorem} with n = {n}; there are ones for {allowed}")
    largest = max(abs(value) for _, value in weights["V"])
    bits = (n * max(Fraction(1), largest) / residual).__ceil__().bit_length() + GUARD_BITS
    claim = f"{'recalls_upto' if doubles else 'recalls_at'} {number(regime.tolerance)} (box {number(regime.bound)}) {n}"
    selective = weights.cell == "selective"
    blocks = _listed(construction, *GATED[weights.cell])
    output = f"(selective_output {regime.hidden} (fst weights) (snd weights))" if selective else _output(construction)
    proof = blocks if selective else [blocks[-3], blocks[-1]]
    lemma = f"{'selective' if selective else 'min'}_{'half' if doubles else 'delay'}"
    return Instance(
        f"{claim} {output}",
        "\n    ".join([f"listed_{weights.cell}", *blocks]),
        (
            f"  apply ({lemma} {regime.hidden} {n} {number(residual)} {number(regime.bound)} {number(regime.tolerance)}",
            *(f"    {text}" for text in proof),
            "  ).",
            "  - lia.",
            "  - lra.",
            f"  - {'' if selective else f'apply {weights.cell}_listed; '}{COMPUTED}.",
            "  - rewrite INR_IZR_INZ. cbn [Z.of_nat Pos.of_succ_nat Pos.succ Nat.sub]. lra.",
            f"  - intros j Hj. cbn [sum]. {FOUND}; unfold Q2R, sigmoid, delayed, halved; cbn [QArith_base.Qnum QArith_base.Qden].",
            *[f"    destruct j as [|j]; [cbn [Nat.eqb Nat.sub]; {decide(bits)}|]."] * n,
            "    lia.",
        ),
        decides=True,
        module=MODULE,
        unfolds=RATIONALS,
    )


GATED = {
    "mingru": ("b_z", "U_n", "V"),
    "minlstm": ("b_f", "b_i", "U_n", "V"),
    "selective": ("A", "b_B", "b_C", "V"),
}
"""Blocks of the weights in the order of rational.v."""

FOUND = (
    "repeat match goal with |- context [at_unit ?l ?k] => "
    "let v := eval vm_compute in (at_unit l k) in change (at_unit l k) with v end"
)
"""Looks listed rationals up."""


def _fraction(value: Fraction) -> str:
    return f"(QArith_base.Qmake ({value.numerator}) {value.denominator})"


INSTANCES: Mapping[str, Callable[[Construction], Instance]] = {
    "C2-doubling": _doubling("linear"),
    "C14": _delaying_filter,
    "C14-lru": _rotating_filter,
    "C15-lru": _rotating_filter,
    "C14-min": _gated_filter,
    "C15-min": _gated_filter,
    "C14-selective": _gated_filter,
    "C15-selective": _gated_filter,
    "C15": _doubling("diagonal"),
    "C16": _lattice_network,
}
"""What a certificate's file claims and how it is proved, by theorem id."""

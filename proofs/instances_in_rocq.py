"""Kernel theorems at the numbers of a construction: what to claim, the theorem's weights as a Rocq term, and the proof.

Where a bound is not 0 the condition to decide is one of numbers.v without cancellation, so that a precision little above the
digits of the numbers is enough. It is first decided here; if it misses what the closed form meets, no file is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from flint import arb
from sympy import Symbol, exp, tanh

from constructions import Construction, elman, exploding, latch, linear, lstm, refresh, thermometer
from proofs import memory_in_rocq
from verifier.arithmetic.balls import Balls, lower_fraction, to_ball
from verifier.arithmetic.symbols import evaluate
from verifier.errors import UsageError
from verifier.verdict import Verdict, check_less

GUARD_BITS = 64
"""Bits beyond those that tell the bound from the tolerance."""

LONGEST_POWER = 400
"""Horizon up to which λ^(n-1) is written into a file and compared there: the comparison takes seconds at 20 digits."""


@dataclass(frozen=True)
class Instance:
    """One theorem at numbers: `claim`, the `weights` it speaks of, `listed` the equations that write them as lists, `proof`.

    `decides` says that the proof needs CoqInterval; `module` is the file of the kernel theorem, "" for the one named after it;
    `unfolds` are further definitions to unfold in the weights.
    """

    claim: str
    weights: str
    proof: tuple[str, ...]
    listed: tuple[str, ...] = ()
    decides: bool = False
    module: str = ""
    unfolds: tuple[str, ...] = ()


def number(value: Fraction | int) -> str:
    """A rational number as Rocq writes it, in parentheses where it is not a natural number."""
    value = Fraction(value)
    if value.denominator == 1:
        return f"({value.numerator})" if value < 0 else str(value.numerator)
    return f"({value.numerator} / {value.denominator})"


def decide(bits: int) -> str:
    """CoqInterval at a precision."""
    return f"interval with (i_prec {bits})"


def _fits(bound: arb, tolerance: Fraction, bits: int) -> bool:
    """Whether the bound meets the tolerance with room for the rounding of CoqInterval."""
    return bool(bound * (1 + arb(2) ** (-bits // 2)) <= to_ball(tolerance))


def precision(size: int, error: Callable[[], arb], tolerance: Fraction) -> int:
    """Bits with which CoqInterval decides error <= tolerance, numbers of `size` bits; raises `UsageError` if it is not so."""
    for bits in (GUARD_BITS, 4 * GUARD_BITS, 16 * GUARD_BITS):
        with Balls(size + 2 * bits).working():
            if _fits(error(), tolerance, bits):
                return size + bits + GUARD_BITS
    raise missed()


def missed() -> UsageError:
    """The error of a request that the closed form meets and the simplified one of the file does not."""
    return UsageError("the simplified bound of the Rocq file misses the tolerance that the closed form meets; change the tolerance")


# --- exact ----------------------------------------------------------------------------------------------------------


def domain(construction: Construction) -> str:
    """The domain of the request as Rocq writes it; a grid lies in its box."""
    regime = construction.regime
    return "reals" if regime.domain == "reals" else f"(box {number(regime.bound)})"


def _forever(output: str) -> Callable[[Construction], Instance]:
    def instance(construction: Construction) -> Instance:
        theorem, bound = construction.theorem, number(construction.regime.bound)
        claim = f"recalls_forever 0 {domain(construction)} ({output} {construction.regime.hidden} weights)"
        if theorem == "C11":
            return Instance(claim, "C11_weights", ("  intros n Hn x _. apply c11.recalls; [lia|exact Hn|exact I].",))
        return Instance(claim, f"{theorem}_weights {bound}", (f"  apply {theorem.lower()}.recalls; [lia|lra].",))

    return instance


def _shift_register(construction: Construction) -> Instance:
    n, d = construction.regime.n, construction.regime.hidden
    claim = f"recalls_at 0 {domain(construction)} {n} (linear_output {d} weights)"
    return Instance(claim, f"C1_weights {n}", ("  intros x _. apply c1.recalls; [lia|exact I].",), (f"shift_listed 1 {n}",))


# --- two units: C6, C7 ------------------------------------------------------------------------------------------------


def _flag_and_memory(construction: Construction) -> Instance:
    regime, cell, p = construction.regime, construction.weights.cell, construction.parameters
    n, bound, k, gain, scale = (p[s] for s in (lstm.N, lstm.M, lstm.K, lstm.L, lstm.EPSILON))
    is_lstm = construction.theorem == "C6"
    size = (n * max(k, gain)).__ceil__().bit_length()

    def parts() -> tuple[arb, arb]:
        """What the flag shows, and the error without the leak that depends on it."""
        psi = Balls.sigmoid(to_ball(k if is_lstm else gain))
        shown = psi * Balls.tanh(psi * Balls.tanh(to_ball(k))) if is_lstm else psi * Balls.tanh(to_ball(gain))
        cube = to_ball((scale * bound) ** 2)
        early = (to_ball(n) + 1 if is_lstm else to_ball(1)) * (-to_ball(k)).exp()
        return shown, early + (2 * cube / 3 if is_lstm else cube / 3)

    def error(below: Fraction) -> arb:
        late = (to_ball(n) - 1) * to_ball(k - gain * below).exp()
        return to_ball(bound) * (parts()[1] + (late if is_lstm else 2 * late))

    below, bits = _shown(size, lambda: parts()[0], error, regime.tolerance)
    numbers = " ".join(number(value) for value in (k, gain, scale))
    flags = f"{str('after' in cell).lower()} {str('keep' in cell).lower()}"
    output = "lstm_output" if is_lstm else f"gru_output {flags}"
    lemma = "lstm_certified" if is_lstm else f"gru_certified {flags}"
    weights = f"C6_weights {numbers}" if is_lstm else f"C7_weights {flags.split()[1]} {numbers}"
    return Instance(
        _upto(construction, output),
        weights,
        (
            f"  apply ({lemma} {regime.hidden} {n} {numbers} {number(bound)} {number(below)}).",
            *(["  - lia."] * 2),
            *(["  - lra."] * 4),
            f"  - rewrite !tanh_exp. unfold sigmoid. {decide(bits)}.",
            *([f"  - {decide(bits)}."] * 2),
        ),
        decides=True,
    )


def _upto(construction: Construction, output: str) -> str:
    regime = construction.regime
    tolerance, bound = number(regime.tolerance), number(regime.bound)
    return f"recalls_upto {tolerance} (box {bound}) (Z.to_nat {regime.n}) ({output} {regime.hidden} weights)"


def _shown(size: int, shown: Callable[[], arb], error: Callable[[Fraction], arb], tolerance: Fraction) -> tuple[Fraction, int]:
    """(a, bits): a rational just below what is shown with which the error still fits, and the precision that decides it."""
    for bits in (GUARD_BITS, 4 * GUARD_BITS, 16 * GUARD_BITS):
        with Balls(size + 2 * bits).working():
            fine = 2 ** (bits + size)
            below = Fraction((lower_fraction(shown()) * fine).__floor__() - 1, fine)
            if _fits(error(below), tolerance, bits):
                return below, size + bits + GUARD_BITS
    raise missed()


# --- the line of tanh units: C4a, C5 ----------------------------------------------------------------------------------


def line_share(n: Fraction, bound: Fraction, scale: Fraction) -> Fraction:
    """q = n z² (2/3 + z²/15) with z = εM."""
    square = (scale * bound) ** 2
    return n * square * (Fraction(2, 3) + square / 15)


def lost(share: Fraction) -> arb:
    """1 - (1 + q)^(-1/2) = q/(1 + q + √(1 + q)): what n times tanh take."""
    return to_ball(share) / (to_ball(1 + share) + to_ball(1 + share).sqrt())


def _line(construction: Construction) -> Instance:
    regime, p = construction.regime, construction.parameters
    n, bound, scale, b = (p[s] for s in (elman.N, elman.M, elman.EPSILON, elman.B))
    conjugated = construction.theorem == "C5-sigmoid"
    size, share = (n * max(b, 1 / scale)).__ceil__().bit_length(), line_share(n, bound, scale)

    def shown() -> arb:
        """The argument of the saturated gate: B tanh B, in u = 2h - 1 B(1 + tanh B)."""
        return to_ball(b) * (Balls.tanh(to_ball(b)) + (1 if conjugated else 0))

    def error(below: Fraction) -> arb:
        leak = to_ball(bound * (n - 1)) * 4 * to_ball(-2 * (below - scale * bound)).exp()
        flag = to_ball((n - 1) / scale) * to_ball(-2 * b).exp() if conjugated else arb(0)
        return to_ball(bound) * lost(share) + leak + flag

    below, bits = _shown(size, shown, error, regime.tolerance)
    cell = "sigmoid" if conjugated else "tanh"
    numbers = f"{number(b)} {number(scale)}"
    return Instance(
        _upto(construction, f"{cell}_output"),
        f"C5{'_sigmoid' if conjugated else ''}_weights {numbers}",
        (
            f"  apply ({cell}_certified {regime.hidden} {n} {numbers} {number(bound)} {number(below)} {number(share)}).",
            *(["  - lia."] * 2),
            *(["  - lra."] * 5),
            f"  - rewrite !tanh_exp. {decide(bits)}.",
            f"  - unfold lost. {decide(bits)}.",
        ),
        decides=True,
    )


def _register(construction: Construction) -> Instance:
    regime, p = construction.regime, construction.parameters
    n, bound, scale = (p[s] for s in (elman.N, elman.M, elman.EPSILON))
    share, size = line_share(n, bound, scale), (n / scale).__ceil__().bit_length()
    bits = precision(size, lambda: to_ball(bound) * lost(share), regime.tolerance)
    cell = regime.architecture
    weights = "C4a_weights" if cell == "tanh" else "C4a_sigmoid_weights"
    listed = (f"shift_listed 1 {n}",) if cell == "tanh" else (f"shift_listed 4 {n}", f"later_listed (-2) {n}")
    tolerance, box = number(regime.tolerance), number(bound)
    return Instance(
        f"recalls_at {tolerance} (box {box}) {n} ({cell}_output {regime.hidden} weights)",
        f"{weights} {n} {number(scale)}",
        (
            f"  apply (register_certified {regime.hidden} {n} {number(scale)} {box} {number(share)}); [lia|lia|lra|lra|lra|].",
            f"  unfold lost. {decide(bits)}.",
        ),
        listed,
        decides=True,
    )


# --- exploding units: C2, C4b -----------------------------------------------------------------------------------------


def short_enough(n: Fraction) -> None:
    """Raise `UsageError` where a power up to the horizon is too long to be written out."""
    if n > LONGEST_POWER:
        raise UsageError(f"the Rocq file of an exploding unit writes λ^(n-1) out; it serves n up to {LONGEST_POWER}, not n = {n}")


def _exploding_scalar(construction: Construction) -> Instance:
    regime, p = construction.regime, construction.parameters
    n, bound, growth = (p[s] for s in (linear.N, linear.M, linear.LAMBDA))
    short_enough(n)
    if bound > regime.tolerance * (growth - 1):
        raise missed()
    is_layer = construction.weights.cell == "diagonal"
    output = "diagonal_output {} (fst weights) (snd weights)" if is_layer else "linear_output {} weights"
    return Instance(
        f"recalls_at {number(regime.tolerance)} (box {number(bound)}) {n} ({output.format(regime.hidden)})",
        f"{'listed_exploding' if is_layer else 'C2_weights'} {number(growth)} {n}",
        (f"  apply {'exploding_diagonal_certified' if is_layer else 'linear_certified'}; [lia|lia|lra|lra|lra].",),
        module="rational" if is_layer else "",
    )


def _exploding_unit(construction: Construction) -> Instance:
    regime, p = construction.regime, construction.parameters
    n, bound, scale, growth = (p[s] for s in (elman.N, elman.M, elman.EPSILON, exploding.LAMBDA))
    short_enough(n)
    rest = growth - 1
    error = bound / rest + scale**2 * bound**3 * growth ** (3 + 2 * int(n)) / (3 * rest**4 * (growth + 1))
    if error > regime.tolerance:
        raise missed()
    return Instance(
        f"recalls_at {number(regime.tolerance)} (box {number(bound)}) {n} (tanh_output {regime.hidden} weights)",
        f"C4b_weights {number(growth)} {number(scale)} {n}",
        ("  apply exploding_certified; [lia|lia|lra|lra|lra|cbn [Nat.mul Nat.add]; lra].",),
    )


# --- latches: C8; a delay line over a carrier: C12 ----------------------------------------------------------------------


def _thermometer(construction: Construction) -> Instance:
    regime, cell, p = construction.regime, construction.weights.cell, construction.parameters
    name = cell.partition("-")[0]
    flags = f"{str('after' in cell).lower()} {str('keep' in cell).lower()} " if name == "gru" else ""
    units, grid = int(p[latch.D]), regime.domain == "grid"
    sizes = [p[s] for s in (latch.M, latch.KAPPA, latch.GAMMA)]
    extra = [p[s] for s in LATCH_SIZES[name]]
    proof = [p[thermometer.T], *([] if grid else [p[thermometer.W]]), regime.tolerance]
    kind, box = ("grid", f"(grid {units + 1} {number(regime.bound)})") if grid else ("latch", f"(box {number(regime.bound)})")
    output = f"({name}_output {flags}{regime.hidden} weights)"
    tolerance = number(regime.tolerance)
    decided = f"first [lra | rewrite ?tanh_exp; unfold sigmoid; {decide(_latch_precision(construction))}]"
    return Instance(
        f"exists e, e < {tolerance} /\\ recalls_forever e {box} {output}"
        if grid
        else f"recalls_forever {tolerance} {box} {output}",
        f"listed_{name} {f'{flags.split()[1]} ' if flags else ''}{units} {_numbers(*sizes, *extra)}",
        (
            f"  apply ({name}_{kind}_certified {regime.hidden} {units} {units} {_numbers(*sizes, *proof)}).",
            "  1: lia. 1: reflexivity. 1: lra.",
            f"  all: try lia; unfold decided, decided_on_grid; repeat split; {decided}.",
        ),
        decides=True,
    )


LATCH_SIZES = {"tanh": (), "sigmoid": (latch.B,), "gru": (latch.K,), "lstm": (latch.K, latch.RHO)}
"""Sizes of a latch's weights besides κ and Γ, in the order of listed.v."""


def _latch_precision(construction: Construction) -> int:
    """Bits with which every hypothesis of C8 that is not rational, and the bound, are decided with room."""
    derivation = construction.derivation
    if derivation is None:
        raise UsageError("a latch without its derivation has no Rocq file")
    for bits in (GUARD_BITS, 4 * GUARD_BITS, 16 * GUARD_BITS):
        with Balls(bits).working():
            values: dict[Symbol, Fraction | int | arb] = {**construction.parameters}
            for symbol, definition in derivation.definitions.items():
                values[symbol] = evaluate(definition, values)
            spare = [to_ball(construction.regime.tolerance) - evaluate(derivation.bound, values)]
            spare += [
                evaluate(h.expression, values)
                for h in derivation.hypotheses
                if h.expression.has(exp, tanh, *derivation.definitions)
            ]
            if all(check_less(arb(2) ** (-bits // 2), value) is Verdict.PROVED for value in spare):
                return bits + GUARD_BITS
    raise missed()


def _delay_over_a_carrier(construction: Construction) -> Instance:
    n, d = construction.regime.n, construction.regime.hidden
    claim = f"recalls_at 0 {domain(construction)} {n} (relu_output {d} weights)"
    return Instance(claim, f"listed_delay {n}", ("  intros x _. apply delay_certified; [lia|lia|exact I].",))


# --- the refreshed memory: C9 -----------------------------------------------------------------------------------------


def _refreshed_memory(construction: Construction) -> Instance:
    regime, weights = construction.regime, construction.weights
    gain = weights["W_f"][refresh.CAPTURE, refresh.CLOCK] if weights.cell == "lstm" else Fraction(0)
    if not gain:
        raise UsageError(
            "no Rocq file for this refreshed memory (C9): its kernel theorem is about the LSTM's four units; "
            "use lstm with --hidden 4 or more"
        )
    full = weights["b_g"][(refresh.CLOCK,)]
    unit = 4 * weights["b_i"][(refresh.CAPTURE,)] / gain
    bits = int(full / unit).bit_length() - 2  # w = γ 2^-(B+1)
    found = memory_in_rocq.choose(memory_in_rocq.Memory(bits, full, unit, gain, regime.bound), regime.tolerance)
    if found is None:
        raise missed()
    numbers, precision = found
    proof = _numbers(*numbers.listed())
    unfolded = "C9_bound, C9_conditions, C9_highest, C9_moved, C9_off, C9_captured, C9_low, C9_unit"
    bound = f"(C9_bound {bits} {_numbers(regime.bound, full, unit)} {proof})"
    return Instance(
        f"recalls_forever {number(regime.tolerance)} (box {number(regime.bound)}) (lstm_output {regime.hidden} weights)",
        f"C9_weights {number(regime.bound)} {_numbers(full, unit, gain)}",
        (
            f"  apply (for_ever_less _ {bound}); [|apply (c9.recalls {regime.hidden}%nat {bits}%nat); [lia|lra|]].",
            f"  all: unfold {unfolded}; cbv zeta.",
            f"  all: replace (2 ^ ({bits} + 1)) with {2 ** (bits + 1)} by (rewrite pow_IZR; reflexivity).",
            f"  all: replace (INR {bits}) with {bits} by (rewrite INR_IZR_INZ; reflexivity).",
            "  all: repeat lazymatch goal with |- _ /\\ _ => split end.",
            f"  all: lazymatch goal with |- sigmoid _ <= {number(numbers.shut)} => apply (sigmoid_below ({-numbers.shutting}))",
            "    | |- (_ <= _)%nat => lia | _ => idtac end.",
            f"  all: rewrite ?tanh_exp; unfold sigmoid; {decide(precision)}.",
        ),
        decides=True,
    )


def _numbers(*values: Fraction) -> str:
    return " ".join(number(value) for value in values)


INSTANCES: Mapping[str, Callable[[Construction], Instance]] = {
    "C1": _shift_register,
    "C2": _exploding_scalar,
    "C3": _forever("relu_output"),
    "C4a": _register,
    "C4a-sigmoid": _register,
    "C4b": _exploding_unit,
    "C5": _line,
    "C5-sigmoid": _line,
    "C6": _flag_and_memory,
    "C7": _flag_and_memory,
    **dict.fromkeys(("C8", "C8-sigmoid", "C8-gru", "C8-lstm"), _thermometer),
    "C9": _refreshed_memory,
    "C11": _forever("bilinear_output"),
    "C12": _delay_over_a_carrier,
    "C13": _forever("stacked_output"),
}
"""What a certificate's file claims and how it is proved, by theorem id."""

"""`verify export ARCHITECTURE -o FILE`: construct, certify what the file will hold, write it, say what it computes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from constructions import Construction, construct
from constructions.profile import PROFILED, construct_profile
from constructions.refresh_in_floats import construct_in_floats, is_refreshed_lstm
from proofs.ask import ask
from verifier import __version__
from verifier.arithmetic.balls import Balls, show_decimal, show_upper
from verifier.arithmetic.floats import FORMATS
from verifier.certify import Certificate, certify, certify_weights
from verifier.cli.architecture import architecture_command, without_weights
from verifier.cli.files import check_writable, write_bytes
from verifier.cli.progress import Stepping
from verifier.cli.report import last_line, letter, wrapped
from verifier.errors import UsageError
from verifier.exact import show_rational
from verifier.float_bound import LIBRARIES, SETTLING_STEPS, FloatBound, Library, bound_floats
from verifier.float_run import PYTORCH_STEPS, FloatObserved, Step, observe_floats
from verifier.formats import WRITABLE, Note, check_available, decode, encode, suffix_of, weights_of
from verifier.formats.layout import ONNX, TORCH, Layout, native
from verifier.formats.rounding import round_weights
from verifier.refresh import Enumeration
from verifier.refresh.cells_in_floats import push_levels_in_floats
from verifier.refresh.in_floats import RefreshInFloats, bound_refresh_in_floats
from verifier.refresh.in_floats import says as says_refreshed
from verifier.regime import Regime, decide_tolerance
from verifier.summary import DIGITS
from verifier.verdict import Verdict
from verifier.weights import Weights

DIGITS_OF = {"binary32": 6, "binary64": 14}
"""Decimal digits asked for by default where an architecture has no float profile."""

DIGITS_FOR_EVER = {"binary32": 3, "binary64": 11}
"""Decimal digits asked for by default of an LSTM for ever: the most that its refreshed memory keeps in the format."""

SHARED = ("n", "precision", "tolerance", "exact_recall", "bound", "hidden", "horizon", "domain", "bits", "steps", "seed", "quiet")
"""Options of `verify ARCHITECTURE` that are taken as they are."""


FLOAT_BITS = 6
"""Working precision for sets of floats, in significands."""

LONGEST_WALK = 64
"""Steps over which an error bound in floats is carried where the state does not repeat."""


RNN_IN_ONNX = (
    "ONNX Runtime's RNN operator is not covered: its tanh errs by about 2^-24 even where tanh is tiny (its LSTM and GRU are)"
)
"""Found in ONNX Runtime 1.31; tests/runtimes runs it."""


@dataclass(frozen=True)
class FloatFacts:
    """What is known of the network in floats: proved for every library of theorem F1, and seen with numpy's functions."""

    bound: FloatBound
    observed: FloatObserved
    other_operations: bool = False
    not_covered: str = ""
    refreshed: RefreshInFloats | None = None
    pushed: Enumeration | None = None

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """What is assumed of the library."""
        return self.bound.library.says() if self.refreshed is None else says_refreshed(self.bound.library)

    def error(self, regime: Regime) -> Fraction | None:
        """The proved bound of |y - x_1| in floats where it is below M."""
        if self.refreshed is not None and self.refreshed.verdict is Verdict.PROVED:
            found = self.refreshed.upper
        else:
            found = self.bound.error(regime.n, regime.only_last) if regime.horizon != "forever" or self.bound.held_from else None
        return found if found is not None and found < regime.bound else None


def _export(
    architecture: str,
    output: Path,
    profile: str | None,
    n: int,
    precision: int | None,
    tolerance: Any,
    exact_recall: bool,
    bound: Any,
    hidden: int,
    horizon: str,
    domain: str,
    bits: int | None,
    steps: int,
    seed: int,
    quiet: bool,
) -> int:
    """Write nothing unless the weights of the file are PROVED to recall x_1 as stated."""
    suffix = suffix_of(output, WRITABLE)
    check_writable(output)
    form = profile or (None if suffix == ".json" else "binary32")
    asked = None
    if any((precision, tolerance is not None, exact_recall, bits)):
        asked = decide_tolerance(bound, precision, tolerance, bits, exact_recall)
    plain = domain != "reals" and horizon != "forever" and asked != 0
    if form is not None and architecture in PROFILED and plain:
        answer: Any = construct_profile(
            architecture, n, form, bound=bound, hidden=hidden, tolerance=asked, fixed=horizon == "fixed", bits=bits
        )
    else:
        if asked is None:
            refreshes = architecture == "lstm" and horizon == "forever"
            precision = 20 if form is None else (DIGITS_FOR_EVER if refreshes else DIGITS_OF)[form]
        answer = construct(
            architecture,
            n,
            precision,
            tolerance=tolerance,
            bound=bound,
            hidden=hidden,
            horizon=horizon,
            domain=domain,
            bits=bits,
            exact_recall=exact_recall,
        )
        if form is not None and isinstance(answer, Construction) and is_refreshed_lstm(answer):
            answer = construct_in_floats(answer.regime, LIBRARIES[form])
    if not isinstance(answer, Construction):
        if not quiet:
            click.echo(f"nothing written to {output}: there are no weights to write")
        return without_weights(ask(answer, steps=steps, seed=seed), None, as_json=False, quiet=quiet)
    weights = answer.weights if suffix == ".json" else native(answer.weights, layout_of(suffix))
    if form is not None:
        weights = round_weights(weights, form)
    check_available(suffix)
    with Stepping(show=not quiet) as progress:
        if weights == answer.weights:
            found = certify(answer, steps=steps, seed=seed, progress=progress.advance)
        else:
            regime = _for_cell(answer.regime, weights.cell)
            found = certify_weights(weights, regime, steps=steps, seed=seed, progress=progress.advance)
    if found.verdict is not Verdict.PROVED:
        return _refuse(found, form, output, quiet)
    coarse = suffix == ".onnx" and weights.cell in ("tanh", "sigmoid")
    other = PYTORCH_STEPS.get(weights.cell) if form is not None and suffix not in (".json", ".onnx") else None
    facts = None if form is None else float_facts(weights, found.regime, form, steps, seed, other, RNN_IN_ONNX if coarse else "")
    note = note_of(found, architecture, form, facts)
    data = encode(suffix, weights, form, note)
    if weights_of(decode(suffix, data))[0] != weights:
        raise UsageError(f"the {suffix} file would not read back as these weights; nothing written")
    write_bytes(output, data)
    if not quiet:
        _print(found, answer, weights, architecture, output, suffix, form, facts)
    click.echo(_last_line(found, output, form, facts))
    return found.verdict.exit_code


def layout_of(suffix: str) -> Layout:
    """The layout of the formats that hold floats."""
    return ONNX if suffix == ".onnx" else TORCH


def _for_cell(regime: Regime, cell: str) -> Regime:
    data = regime.to_data()
    data["architecture"] = cell
    return Regime.from_data(data)


def _refuse(found: Certificate, form: str | None, output: Path, quiet: bool) -> int:
    what = "these weights" if form is None else f"the weights as {form} numbers"
    if not quiet:
        click.echo(wrapped("question", found.regime.describe()))
        click.echo(wrapped("answer", f"{what}: {found.verdict.value}; {found.reason}"))
        click.echo(
            wrapped("file", f"nothing written to {output}; ask for less accuracy, or take another --profile or a .json file")
        )
        click.echo()
    click.echo(last_line(found))
    return found.verdict.exit_code


def float_facts(
    weights: Weights, regime: Regime, form: str, steps: int, seed: int, step: Step | None = None, not_covered: str = ""
) -> FloatFacts:
    """Proved and observed facts about the weights in floats; the observed ones over min(n, steps) steps.

    `step`: what the runtime of the file evaluates in place of the cell's equations, about which nothing is proved.
    `not_covered`: a well-known runtime of the file to which F1 does not apply, and why.
    """
    library = LIBRARIES[form]
    longest = max(SETTLING_STEPS, min(regime.n, LONGEST_WALK))
    proved = FloatBound(library, None, ()) if step is not None else bound_floats(weights, regime.bound, library, longest)
    seen = observe_floats(weights, form, regime.bound, min(regime.n, steps), seed, regime.only_last and regime.n <= steps, step)
    return FloatFacts(proved, seen, step is not None, not_covered, *_refreshed(weights, regime, library))


def _refreshed(weights: Weights, regime: Regime, library: Library) -> tuple[RefreshInFloats | None, Enumeration | None]:
    """What is proved of a refreshed memory in floats, by inequalities and by boxes; None of other networks."""
    if regime.horizon != "forever" or weights.cell != "lstm":
        return None, None
    with Balls(FLOAT_BITS * library.p).working():
        found = bound_refresh_in_floats(weights, regime.bound, library)
        if found is None or found.verdict is not Verdict.PROVED:
            return found, None
        return found, push_levels_in_floats(weights, regime.bound, found)


def note_of(found: Certificate, architecture: str, form: str | None, facts: FloatFacts | None) -> Note:
    """What the file says about its weights: question, claim, verdict, hash; text by name."""
    regime = found.regime
    note = {
        "format": "first-input-recall note 1",
        "written_by": f"first-input-recall {__version__}",
        "architecture": architecture,
        "cell": found.weights.cell,
        "question": regime.describe(),
        **{
            f"regime_{name}": str(value) for name, value in regime.to_data().items() if name != "architecture" and value is not None
        },
        "theorem": "none" if found.symbolic is None else found.symbolic.theorem,
        "claim": f"in real numbers |y - x_1| <= {_reals(found)}",
        "verdict": found.verdict.value,
        "weights_sha256": found.weights.sha256,
    }
    if form is not None and facts is not None:
        note["floats"] = form
        note["claim_floats"] = "; ".join(_float_claims(facts, regime))
        note["hypotheses_floats"] = "; ".join(facts.hypotheses)
    return note


def _reals(found: Certificate) -> str:
    with Balls(found.working_bits).working():
        return "?" if found.supremum is None else show_upper(found.supremum.upper, DIGITS)


def show_size(value: Fraction, digits: int = 3, up: bool = True) -> str:
    """A rational in few significant digits, rounded up (or down)."""
    shift = max(0, value.denominator.bit_length() - value.numerator.bit_length()) + 64
    scaled = value * 2**shift
    return show_decimal((scaled.__ceil__() if up else scaled.__floor__(), -shift), digits, up)


def _float_claims(facts: FloatFacts, regime: Regime) -> list[str]:
    """What is proved in floats, sentence by sentence."""
    proved, form = facts.bound, facts.bound.library.form
    where = f" for inputs in [-{show_rational(regime.bound)}, {show_rational(regime.bound)}]" if regime.domain == "reals" else ""
    said = []
    if proved.held_from is not None:
        start = "step 1" if proved.held_from == 1 else f"step {proved.held_from}"
        said.append(f"from {start} on y is the same {form} number for ever, bit for bit, whatever the inputs{where}: PROVED (F1)")
    elif facts.refreshed is not None:
        return [*_refreshed_claims(facts.refreshed, facts.pushed, regime), *filter(None, [facts.not_covered])]
    else:
        why = "PyTorch evaluates nn.GRU as (h - n)∘z + n, which F1 does not cover: it rounds at every step"
        said.append(f"that y stays the same {form} number is not shown ({why if facts.other_operations else 'F1 does not apply'})")
    error = facts.error(regime)
    if error is not None:
        said.append(f"|y - x_1| <= {show_size(error)} in {form} with every library that F1 covers{where}: PROVED")
    else:
        said.append(f"no bound of |y - x_1| in {form} is proved")
    if facts.not_covered:
        said.append(facts.not_covered)
    return said


def _refreshed_claims(found: RefreshInFloats, pushed: Enumeration | None, regime: Regime) -> list[str]:
    """What is proved of a refreshed memory in floats."""
    form = found.library.form
    if found.verdict is not Verdict.PROVED or found.upper is None or found.upper >= regime.bound:
        missing = "; ".join(found.missing) or "the bound is above M"
        return [f"no bound of |y - x_1| in {form} is proved: not every inequality of C9 holds with roundings ({missing})"]
    boxes = []
    if pushed is not None and not pushed.skipped:
        with Balls(FLOAT_BITS * found.library.p).working():
            bound = show_upper(pushed.upper, 3)
        what = f"every level as a box of {form} states through whole cycles, {pushed.boxes} boxes"
        boxes = [f"the same without the theorem, {what}: |y - x_1| <= {bound}: {pushed.verdict.value}"]
    return [
        f"|y - x_1| <= {show_size(found.upper)} in {form} at every n >= 1, for all inputs of the question and every library that "
        f"F1 covers with σ(0) = 1/2: PROVED ({len(found.inequalities)} inequalities of C9 with every rounding in them)",
        f"the value is re-quantised every {found.period} steps; between, what is held does not change at all",
        *boxes,
    ]


def _changed(seen: FloatObserved) -> str:
    return f"y changed along {seen.changes} of them" if seen.changes else "y never changed after step 1"


def _observed(facts: FloatFacts, regime: Regime) -> str:
    seen = facts.observed
    size = "0" if not seen.error else show_size(seen.error, up=False)
    if regime.only_last:
        changed = f"read at n = {regime.n}" if regime.n <= seen.steps else "n itself was not reached"
    else:
        changed = _changed(seen)
    order = ", in PyTorch's order of operations" if facts.other_operations else ""
    where = f"{seen.sequences} sequences of {seen.steps} steps"
    return f"seen with numpy's exp and tanh{order}: largest error {size} in {where}; {changed}"


def _print(
    found: Certificate,
    answer: Construction,
    weights: Weights,
    architecture: str,
    output: Path,
    suffix: str,
    form: str | None,
    facts: FloatFacts | None,
) -> None:
    regime = found.regime
    click.echo(wrapped("question", regime.asked()))
    click.echo(wrapped("answer", f"yes: {answer.title} (theorem {answer.theorem})"))
    sizes = [f"{letter(k.name)} = {_power(v)}" for k, v in answer.parameters.items() if k.name not in ("n", "M")]
    if sizes:
        click.echo(wrapped("sized", f"for {form or 'the tolerance'}: {', '.join(sizes)}"))
    elif answer.statement:
        click.echo(wrapped("sized", answer.sized))
    click.echo(wrapped("file", f"{output}: {_holds(suffix, weights, form)}"))
    if weights.cell != architecture:
        click.echo(wrapped("", f"as {weights.cell}, which computes the same function in real numbers"))
    click.echo()
    click.echo(wrapped("reals", f"|y - x_1| <= {_reals(found)} for all inputs of the question: PROVED"))
    if facts is not None and form is not None:
        for number, sentence in enumerate(_float_claims(facts, regime)):
            click.echo(wrapped("" if number else form, sentence))
        click.echo(wrapped("", _observed(facts, regime)))
        click.echo(wrapped("difference", _difference(found, facts, form)))
    else:
        click.echo(wrapped("floats", "none: this file holds exact rationals, and nothing is said about rounding them"))
    click.echo(wrapped("weights", f"sha256 {weights.sha256}"))
    click.echo()


def _difference(found: Certificate, facts: FloatFacts, form: str) -> str:
    text = f"no runtime computes the real numbers' y: it rounds every operation to {form}. "
    if facts.bound.held_from is None:
        return text + "Both statements are about the same weights and neither follows from the other."
    exact = found.supremum is not None and found.supremum.upper.is_zero()
    reals = "is exact" if exact else "fades a little at every step, because no gate is ever exactly 0 or 1"
    return text + (
        f"There what is held is rounded at the start and then does not change at all; in real numbers it {reals}. "
        "Neither statement follows from the other."
    )


def _power(value: Fraction) -> str:
    if value.denominator > 1 and value.numerator == 1 and value.denominator & (value.denominator - 1) == 0:
        return f"2^-{value.denominator.bit_length() - 1}"
    return show_rational(value)


def _holds(suffix: str, weights: Weights, form: str | None) -> str:
    nonzero = sum(len(array) for array in weights.blocks().values())
    count = f"{nonzero} weights that are not 0"
    if suffix == ".json":
        return f"exact rationals, {count}"
    layout = layout_of(suffix)
    operator, order = layout.operators[weights.cell], ", ".join(layout.order(weights.cell))
    if suffix == ".onnx":
        before = " with linear_before_reset = 1" if weights.cell == "gru-after-keep" else ""
        alone = " (which ONNX Runtime does not run here, only binary32)" if form == "binary64" else ""
        return f"ONNX {operator}{before} (gates {order}), then MatMul and Add; x and y [n, batch, 1]; {form}{alone}, {count}"
    return f"state_dict of {operator} (gates {order}) and nn.Linear, names rnn.* and head.*; {form}, {count}"


def _last_line(found: Certificate, output: Path, form: str | None, facts: FloatFacts | None) -> str:
    text = f"{last_line(found)} file={output} floats={form or 'none'}"
    if facts is None:
        return text
    held = facts.bound.held_from
    error = facts.error(found.regime)
    proved = "none" if error is None else show_size(error)
    seen = show_size(facts.observed.error, up=False) if facts.observed.error else "0"
    return f"{text} float_held_from={held or 'none'} float_error={proved} float_observed={seen}"


export = click.Command(
    "export",
    callback=_export,
    help=(
        "Construct and certify an ARCHITECTURE as `verify ARCHITECTURE` does and write its weights to a file "
        f"({', '.join(WRITABLE)}). Float formats hold the binary32 profile unless --profile says otherwise."
    ),
    params=[
        click.Argument(["architecture"]),
        click.Option(["-o", "--output"], type=click.Path(path_type=Path), required=True, help="The file; its suffix says how."),
        click.Option(
            ["--profile"],
            type=click.Choice(FORMATS),
            help="Size the weights for this float format.  [binary32; .json: none, exact rationals]",
        ),
        *(option for option in architecture_command("lstm").params if option.name in SHARED),
    ],
)

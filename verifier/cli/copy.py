"""`verify copy ARCHITECTURE`: read n reals, then blanks, and give them back in order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from constructions.delay import CopyConstruction, Impossible, NotKnown, construct_copy, unknown_line
from constructions.hold import numbers_in
from proofs.copies_in_rocq import copy_in_rocq
from verifier.arithmetic.balls import Balls, show_lower, show_upper, to_ball
from verifier.cells import CELLS
from verifier.cli.architecture import Count, Exact
from verifier.cli.files import check_writable, write_text
from verifier.cli.plot import check_plot, draw_figures, plot_option
from verifier.cli.report import wrapped
from verifier.copy_certificate import to_data
from verifier.copy_task import CopyTask, copy_task
from verifier.copying import CopyCertificate, certify_copy
from verifier.errors import UsageError
from verifier.exact import show_rational
from verifier.regime import DEFAULT_HIDDEN
from verifier.sequences import show_runs
from verifier.summary import DIGITS
from verifier.verdict import Verdict

DEFAULT_PRECISION = 20
"""Decimal digits when nothing states an accuracy."""

LONGEST_NUMBER = 12
"""Characters up to which a weight is printed exactly; longer ones are rounded (the JSON form has them in full)."""


@click.command("copy", help="Construct and certify a network that copies n inputs; beyond its capacity, say why none can.")
@click.argument("architecture")
@click.option("--n", "n", type=Count(1), help="Numbers to copy.  [the capacity: d, for the LSTM 2d]")
@click.option("--precision", type=Count(1), help="Certify to this many decimal digits: tolerance 10^-D M.  [20]")
@click.option("--tolerance", type=Exact(), help="Tolerance itself, instead of --precision.")
@click.option("--bound", type=Exact(), default="1", show_default=True, help="M: inputs lie in [-M, M].")
@click.option("--hidden", type=Count(1), default=str(DEFAULT_HIDDEN), show_default=True, help="Hidden units d.")
@click.option(
    "--horizon",
    type=click.Choice(("blanks", "forever")),
    default="blanks",
    show_default=True,
    help="Give them back in order while blanks come, or show all of them at every later step, whatever comes.",
)
@click.option("--symbols", type=Count(2), help="Copy m symbols, coded as m equispaced points, exactly after rounding.")
@click.option("--seed", type=Count(0), default="0", show_default=True, help="Seed of the random sequences.")
@click.option("--json", "as_json", is_flag=True, help="Print the certificate as JSON, nothing else.")
@click.option("--certificate", type=click.Path(path_type=Path), help="Also write the certificate to this file.")
@plot_option("where x_1 travels, or for ever the errors while numbers are held")
@click.option(
    "--rocq", type=click.Path(path_type=Path), help="Also write a Rocq file that proves it (verify proofs --certificate)."
)
@click.option("--quiet", is_flag=True, help="Print the last line only.")
def copy(
    architecture: str,
    n: int | None,
    precision: int | None,
    tolerance: Any,
    bound: Any,
    hidden: int,
    horizon: str,
    symbols: int | None,
    seed: int,
    as_json: bool,
    certificate: Path | None,
    plot: Path | None,
    rocq: Path | None,
    quiet: bool,
) -> int:
    """Print what was built and certified, or why it is impossible; exit with the verdict."""
    if horizon == "forever":
        if rocq is not None:
            raise UsageError("--rocq is not there for --horizon forever; --json prints what is decided")
        n = numbers_in(hidden) if n is None else n
        from verifier.cli.hold import hold

        asked = requested(architecture, n, precision, tolerance, bound, hidden, symbols)
        return hold(asked, as_json=as_json, quiet=quiet, certificate=certificate, plot=plot)
    task = requested(architecture, n, precision, tolerance, bound, hidden, symbols)
    for path in filter(None, (certificate, rocq)):
        check_writable(path)
    check_plot(plot)
    answer = construct_copy(task)
    if isinstance(answer, CopyConstruction):
        proof = copy_in_rocq(answer) if rocq is not None else ""
        result = certify_copy(answer.weights, task, seed=seed)
        text = json.dumps(to_data(result), indent=1) if as_json or certificate is not None else ""
        if certificate is not None:
            write_text(certificate, text + "\n")
        if plot is not None:
            from proofs.sheet.charts import copied

            draw_figures(plot, [copied(result)])
        if rocq is not None:
            write_text(rocq, proof)
        if as_json:
            click.echo(text)
            return result.verdict.exit_code
        if not quiet:
            print_copy(result, answer)
            if certificate is not None:
                click.echo(f"certificate written to {certificate}")
            if rocq is not None:
                click.echo(f"Rocq file written to {rocq}; check it with: verify proofs --certificate {rocq}")
        click.echo(last_line(result, answer.theorem))
        return result.verdict.exit_code
    refuse_files(answer, {"--certificate": certificate, "--rocq": rocq})
    return say_without_weights(answer, task.asked(), {}, as_json=as_json, quiet=quiet, plot=plot)


def requested(
    architecture: str,
    n: int | None,
    precision: int | None,
    tolerance: Any,
    bound: Any,
    hidden: int,
    symbols: int | None = None,
) -> CopyTask:
    """The question of a command line; raises `UsageError`."""
    if architecture not in CELLS:
        raise UsageError(unknown_line(architecture))
    if precision is None and tolerance is None and symbols is None:
        precision = DEFAULT_PRECISION
    return copy_task(architecture, n, precision, tolerance=tolerance, bound=bound, hidden=hidden, symbols=symbols)


def refuse_files(answer: Impossible | NotKnown, files: Mapping[str, Path | None]) -> None:
    """Raise `UsageError` where an option, by name, asks for a file of the weights that an answer does not have."""
    for option, path in files.items():
        if path is not None:
            raise UsageError(f"{option} needs weights, and there are none here: {answer.reason}; leave it out to see the answer")


def say_without_weights(
    answer: Impossible | NotKnown, asked: str, horizon: Mapping[str, str], *, as_json: bool, quiet: bool, plot: Path | None
) -> int:
    """Print why there are no weights, and that there is no picture; the question is `asked` in words, its horizon as fields.

    Return the exit code.
    """
    if plot is not None:
        draw_figures(plot, [])
    verdict = verdict_without_weights(answer)
    if as_json:
        data = {"question": answer.task.to_data(), **horizon, "verdict": verdict.value, "reason": answer.reason}
        click.echo(json.dumps(data | theorem_field(answer), indent=1))
        return verdict.exit_code
    if not quiet:
        click.echo(wrapped("question", asked))
        print_without_weights(answer)
        click.echo()
    click.echo(line_without_weights(answer, horizon))
    return verdict.exit_code


def verdict_without_weights(answer: Impossible | NotKnown) -> Verdict:
    """PROVED if the verifier itself finds T8's hypotheses at these numbers, whatever was proposed."""
    return Verdict.PROVED if isinstance(answer, Impossible) and answer.task.is_impossible else Verdict.UNDECIDED


def theorem_field(answer: Impossible | NotKnown) -> dict[str, str]:
    """The theorem that an answer rests on."""
    return {"theorem": answer.theorem} if isinstance(answer, Impossible) else {}


def print_without_weights(answer: Impossible | NotKnown) -> None:
    """Why no weights are given."""
    if isinstance(answer, NotKnown):
        click.echo(wrapped("answer", f"not known to this version: {answer.reason}"))
        return
    task = answer.task
    click.echo(wrapped("answer", f"impossible, for every choice of weights, s_0 and readout (theorem T8): {answer.reason}"))
    for paragraph in because_of_t8(task):
        click.echo(wrapped("because", paragraph))


def because_of_t8(task: CopyTask) -> list[str]:
    """T8 at the numbers of a task."""
    held, bound = task.capacity, show_rational(task.bound)
    states = " and ".join(CELLS[task.architecture].states)
    return [
        f"after x_{task.n} everything is blank, so all outputs depend on the inputs through the state alone: {states}, "
        f"{held} reals. The step is continuous, and by Borsuk-Ulam a continuous map from the boundary of the cube "
        f"[-{bound}, {bound}]^{task.n} to {held} reals takes one value at some x and -x; both get the same outputs, and "
        f"where |x_j| = {bound} one of the two is off by at least {bound}, as the constant output 0 is (verify explain T8)",
    ]


def fields_of(task: CopyTask) -> dict[str, str]:
    """The question as fields of the last line."""
    fields = {"architecture": task.architecture, "n": str(task.n), "hidden": str(task.hidden)}
    if task.symbols is not None:
        fields["symbols"] = str(task.symbols)
    fields |= {"capacity": str(task.capacity), "bound": show_rational(task.bound)}
    fields["tolerance"] = ("<" if task.strict else "") + show_rational(task.tolerance)
    return fields


def machine_line(verdict: Verdict, fields: Mapping[str, str]) -> str:
    """The last line: the verdict, then key=value."""
    return " ".join([verdict.value, *(f"{key}={value}" for key, value in fields.items())])


def line_without_weights(answer: Impossible | NotKnown, horizon: Mapping[str, str]) -> str:
    """The last line of an answer that has no weights."""
    verdict, asked = verdict_without_weights(answer), fields_of(answer.task)
    if verdict is Verdict.PROVED:
        fields = {"answer": "impossible", "theorem": "T8", **asked, "least_error": show_rational(answer.task.bound)}
    else:
        fields = {"answer": "unknown", "theorem": "none", **asked}
    return machine_line(verdict, {**fields, **horizon})


def last_line(result: CopyCertificate, theorem: str) -> str:
    """The last line of a decided copy; `theorem` is the one that proposed the weights, or "none"."""
    with Balls(result.working_bits).working():
        fields = {
            "answer": {Verdict.PROVED: "copies", Verdict.REFUTED: "fails", Verdict.UNDECIDED: "open"}[result.verdict],
            "theorem": theorem,
            **fields_of(result.task),
            "attained": show_lower(result.attained.error, DIGITS),
            "upper": show_upper(result.bound.upper, DIGITS),
            "initial_state": "zero" if result.starts_at_zero else "set",
            "semantics": "reals",
            "weights": result.weights.sha256[:16],
            "seconds": f"{result.seconds:.2f}",
        }
    return machine_line(result.verdict, fields)


def print_copy(result: CopyCertificate, answer: CopyConstruction) -> None:
    """The whole report of a certified copy, without the last line."""
    task = result.task
    click.echo(wrapped("question", task.asked()))
    click.echo(wrapped("answer", f"{_answer(result)}: {answer.title} (theorem {answer.theorem}), out at times n ... 2n - 1"))
    if answer.scale != 1:
        sized = f"ε = {show_rational(answer.scale)}: a power of ten whose error, bounded in balls, meets the tolerance"
        if answer.saturation is not None:
            sized = f"ε = {show_rational(answer.scale)}, K = {answer.saturation}: a power of ten and the smallest whole number "
            sized += "whose error, bounded in balls, meets the tolerance"
        click.echo(wrapped("sized", f"{sized}; leading order {answer.leading_order}"))
    start = "s_0 = 0" if result.starts_at_zero else "s_0 is SET (to the operating point), not 0"
    click.echo(wrapped("start", start))
    click.echo()
    _print_weights(answer)
    click.echo()
    with Balls(result.working_bits).working():
        low, high = show_lower(result.attained.error, DIGITS), show_upper(result.bound.upper, DIGITS)
    seen = f"{low} at output {result.attained.output} ({result.attained.family})"
    if result.bound.method == "affine":
        click.echo(wrapped("error", f"max |y_(n+j-1) - x_j| over the box is exactly {high} (exact affine forms)"))
    else:
        click.echo(wrapped("error", f"attained {seen} <= supremum over the box <= {high} (mean value form over all inputs)"))
        click.echo(wrapped("worst seen", f"x = {show_runs(result.attained.inputs)}"))
    if task.half_spacing is not None:
        click.echo(wrapped("rounding", f"half the spacing of the codes is {show_rational(task.half_spacing)}"))
    if result.reason:
        click.echo(wrapped("because", result.reason))
    digits = result.working_bits * 30103 // 100000
    told = f"real numbers; {digits} working digits; {result.seconds:.2f} s; weights sha256 {result.weights.sha256}"
    click.echo(wrapped("semantics", told))
    click.echo()


def _answer(result: CopyCertificate) -> str:
    return {Verdict.PROVED: "yes", Verdict.REFUTED: "these weights do not", Verdict.UNDECIDED: "undecided"}[result.verdict]


def _print_weights(answer: CopyConstruction) -> None:
    """One line per kind of weight: the first of it, how many there are, and the reason."""
    kinds: dict[tuple[str, str], list[tuple[tuple[int, ...], Fraction]]] = {}
    for name, array in answer.weights.blocks().items():
        for index, value in array:
            kinds.setdefault((name, answer.reasons[name, index]), []).append((index, value))
    rows = []
    for (name, reason), entries in kinds.items():
        index, value = entries[0]
        text = show_rational(value)
        shown = text if len(text) <= LONGEST_NUMBER else f"≈ {show_lower(to_ball(value), DIGITS)}"
        place = f"{name}[{', '.join(str(i) for i in index)}]" if index else name
        rows.append((place, shown, reason if len(entries) == 1 else f"{reason} ({len(entries)} such)"))
    first, second = (max(len(row[k]) for row in rows) for k in (0, 1))
    for place, shown, reason in rows:
        click.echo(f"  {place:<{first}}  {shown:>{second}}  {reason}")
    click.echo(f"  all other weights of the {answer.weights.hidden} units are 0")

"""`verify weights FILE`: how well do these weights recall x_1? A bracket that is proved on both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from proofs.impossible import forbidding, missed_word
from verifier.any_weights import Bracket, bracket, walked
from verifier.arithmetic.balls import Balls, show_lower, show_upper, to_ball
from verifier.cells import CELLS
from verifier.certify import DEFAULT_STEPS, GUARD_BITS
from verifier.cli.architecture import Count, Exact
from verifier.cli.files import read_bytes
from verifier.cli.plot import check_plot, draw_figures, plot_option
from verifier.cli.progress import Stepping
from verifier.cli.report import regime_fields, wrapped
from verifier.errors import UsageError
from verifier.formats import READABLE, Content, check_available, decode, suffix_of, weights_of
from verifier.formats.content import printable
from verifier.regime import Regime
from verifier.sequences import show_runs
from verifier.summary import DIGITS
from verifier.verdict import Verdict, check_less
from verifier.weights import Weights

LARGEST_SHOWN = 2**1000
"""Numbers up to this, and down to its reciprocal, are printed as floats are."""

USUAL_SHARE = Fraction(1, 10)
"""Tolerance over M where none is asked for."""


ROLE_OPTION = click.option(
    "--map", "chosen", multiple=True, metavar="ROLE=NAME", help="Which tensor is which, where the guess is wrong; repeat."
)


@click.command("weights", help=f"Bracket the worst recall error of weights from a FILE ({', '.join(READABLE)}).")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--arch", help="The cell, as in `verify list`; PyTorch's nn.GRU is gru-after-keep.  [what the file tells]")
@click.option("--n", "n", type=Count(1), required=True, help="Horizon; also 1e6, 10^18.")
@click.option("--bound", type=Exact(), default="1", show_default=True, help="M: inputs lie in [-M, M].")
@click.option("--tolerance", type=Exact(), help="The error that is asked about.  [M/10]")
@click.option(
    "--horizon",
    type=click.Choice(("fixed", "upto")),
    default="fixed",
    show_default=True,
    help="n alone, or every n' <= n.",
)
@ROLE_OPTION
@click.option("--steps", type=Count(1), default=str(DEFAULT_STEPS), show_default=True, help="Longest run, one input at a time.")
@click.option("--seed", type=Count(0), default="0", show_default=True, help="Seed of the random sequences.")
@click.option("--time", "patience", type=Count(1), default="60", show_default=True, help="Seconds of sharpening at one n.")
@plot_option("the bracket against n, or against the boxes where they are divided,")
@click.option("--quiet", is_flag=True, help="Print the last line only.")
def weights(
    file: Path,
    arch: str | None,
    n: int,
    bound: Any,
    tolerance: Any,
    horizon: str,
    chosen: tuple[str, ...],
    steps: int,
    seed: int,
    patience: int,
    plot: Path | None,
    quiet: bool,
) -> int:
    """Read, bracket, print; exit with the verdict on the tolerance."""
    check_plot(plot)
    suffix = suffix_of(file, READABLE)
    check_available(suffix)
    content = decode(suffix, read_bytes(file))
    found, roles = weights_of(content, arch, named_roles(chosen))
    asked = bound * USUAL_SHARE if tolerance is None else tolerance
    regime = Regime(found.cell, n, bound, asked, horizon, hidden=found.hidden)
    names = forbidding(regime)
    reached: list[Bracket] = []
    try:
        with Stepping(show=not quiet) as progress:

            def heard(sofar: Bracket) -> None:
                reached.append(sofar)
                progress.say(f"sharpening the bracket: error {_ends(sofar)}")

            result = bracket(found, regime, steps=steps, seed=seed, progress=progress.advance, patience=patience, sofar=heard)
    except KeyboardInterrupt:
        if reached:
            click.echo(_last_line(file, reached[-1], names))
        told = "the bracket so far is printed, it holds" if reached else f"{progress.count:,} steps were done, nothing is bounded"
        click.echo(f"verify: {told}", err=True)
        raise
    if names and result.verdict is not Verdict.REFUTED:
        result = _with_word(result)
    if plot is not None:
        _draw(plot, result, steps, seed)
    if not quiet:
        _print(file, content, roles, result, names, usual=tolerance is None)
    click.echo(_last_line(file, result, names))
    return result.verdict.exit_code


def _draw(plot: Path, result: Bracket, steps: int, seed: int) -> None:
    """How dividing the box sharpened the bracket; where it was not divided, the bracket at n' <= n, the last as it was found."""
    from proofs.sheet.charts import bracket_against_boxes, bracket_against_n
    from proofs.sheet.figures import horizons

    if result.moments:
        draw_figures(plot, [bracket_against_boxes(result)])
        return
    shorter = walked(result.weights, result.regime, horizons(result.regime.n)[:-1], steps=steps, seed=seed)
    draw_figures(plot, [bracket_against_n([*shorter, result])])


def named_roles(chosen: Sequence[str]) -> list[tuple[str, str]]:
    """(role, name) pairs of --map; raises `UsageError` for what is none."""
    return [_pair(text) for text in chosen]


def _with_word(result: Bracket) -> Bracket:
    """The bracket, refuted by a sequence out of a theorem's proof where these weights miss one."""
    missed = missed_word(result.weights, result.regime)
    if missed is None:
        return result
    reason = f"a sequence out of the proof of {missed.theorem} misses by more than the tolerance"
    with Balls(result.working_bits).working():
        larger = check_less(result.lower, missed.error) is Verdict.PROVED or not result.witness
    if larger:
        result = replace(result, lower=missed.error, witness=missed.runs)
    return replace(result, verdict=Verdict.REFUTED, reason=reason)


def _pair(text: str) -> tuple[str, str]:
    role, equals, name = text.partition("=")
    if not equals or not role or not name:
        raise UsageError(f"--map {text[:60]!r} is not of the form ROLE=NAME, such as head.weight=fc.weight")
    return role, name


def _print(file: Path, content: Content, roles: Mapping[str, str], result: Bracket, names: Sequence[str], usual: bool) -> None:
    regime, found = result.regime, result.weights
    what = regime.asked()
    click.echo(wrapped("question", what + (" (M/10, as no --tolerance was given)" if usual else "")))
    for line in describe_file(file, content, found, roles):
        click.echo(line)
    click.echo()
    with Balls(result.working_bits).working():
        attained = f"{show_lower(result.lower, DIGITS)}, attained by x = {show_runs(result.witness)}"
        click.echo(wrapped("at least", attained if result.witness else "nothing was run"))
        upper = "not bounded" if result.upper is None else f"{show_upper(result.upper, DIGITS)}, proved for all inputs of the box"
        click.echo(wrapped("at most", upper))
    if result.reason:
        click.echo(wrapped("because", result.reason))
    if names:
        click.echo(wrapped("forbidden", f"{', '.join(names)}: no weights of {found.cell} do this; verify explain {names[0]}"))
    click.echo(
        wrapped(
            "semantics",
            "real numbers: each float of the file is the rational it is, and y is what the equations give without rounding. A "
            f"runtime rounds every operation, which these bounds do not cover. Weights sha256 {found.sha256}",
        )
    )
    click.echo()


def describe_file(file: Path, content: Content, found: Weights, roles: Mapping[str, str]) -> list[str]:
    """What was read from a file, as lines of a report."""
    lines = [wrapped("file", f"{file}: {_described(found)}"), *(wrapped("", printable(line)) for line in content.told)]
    if roles:
        lines.append(wrapped("read as", "; ".join(f"{role} = {name}" for role, name in roles.items())))
    if "weights_sha256" in content.note:
        same = content.note["weights_sha256"] == found.sha256
        lines.append(wrapped("note", _noted(content) if same else "the file's note is about other weights"))
    return lines


def _described(found: Weights) -> str:
    nonzero = sum(len(array) for array in found.blocks().values())
    shapes = CELLS[found.cell].block_shapes(found.hidden).values()
    total = sum(_count(shape) for shape in shapes)
    return f"{CELLS[found.cell].title}, {nonzero} of {total} weights are not 0, the largest is {_shown(found.largest)}"


def _shown(size: Fraction) -> str:
    """A modulus in three digits; beyond the floats rounded up."""
    if not size or Fraction(1, LARGEST_SHOWN) <= size <= LARGEST_SHOWN:
        return f"{float(size):.3g}"
    with Balls(size.numerator.bit_length() + GUARD_BITS).working():
        return show_upper(to_ball(size), 3)


def _count(shape: tuple[int, ...]) -> int:
    product = 1
    for size in shape:
        product *= size
    return product


def _noted(content: Content) -> str:
    """What the writer says, cut short; nobody checks it here."""
    note = content.note
    said = f"{note.get('claim', 'no claim')} ({note.get('question', 'no question')})"
    return printable(f"{note.get('written_by', 'the writer')[:60]} says: {said[:200]}; not used below")


def _ends(result: Bracket) -> str:
    """The bracket for people."""
    with Balls(result.working_bits).working():
        upper = "" if result.upper is None else f", at most {show_upper(result.upper, DIGITS)}"
        return f"at least {show_lower(result.lower, DIGITS)}{upper}"


def _last_line(file: Path, result: Bracket, names: Sequence[str]) -> str:
    with Balls(result.working_bits).working():
        fields = {
            "architecture": result.regime.architecture,
            **regime_fields(result.regime),
            "lower": show_lower(result.lower, DIGITS) if result.witness else "none",
            "upper": "none" if result.upper is None else show_upper(result.upper, DIGITS),
            "forbidden_by": ",".join(names) or "none",
            "semantics": "reals",
            "weights": result.weights.sha256[:16],
            "file": str(file),
            "seconds": f"{result.seconds:.2f}",
        }
    return " ".join([result.verdict.value, *(f"{key}={value}" for key, value in fields.items())])

"""`verify capacity ARCHITECTURE`: how many reals it can copy, and why not one more."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import click

from constructions.delay import CopyConstruction, construct_copy
from proofs.theorems import THEOREMS
from verifier.arithmetic.balls import Balls, show_upper
from verifier.cells import CELLS
from verifier.cli.architecture import Count, Exact
from verifier.cli.copy import because_of_t8, machine_line, requested
from verifier.cli.plot import check_plot, draw_figures, plot_option
from verifier.cli.report import wrapped
from verifier.copy_task import CopyTask
from verifier.copying import CopyCertificate, certify_copy
from verifier.exact import show_rational
from verifier.regime import DEFAULT_HIDDEN
from verifier.summary import DIGITS
from verifier.verdict import Verdict, all_of


@click.command("capacity", help="Both sides of the memorisation capacity: what is copied, and why one more is impossible.")
@click.argument("architecture")
@click.option("--hidden", type=Count(1), default=str(DEFAULT_HIDDEN), show_default=True, help="Hidden units d.")
@click.option("--precision", type=Count(1), help="Certify the copy to this many decimal digits.  [20]")
@click.option("--tolerance", type=Exact(), help="Tolerance itself, instead of --precision.")
@click.option("--bound", type=Exact(), default="1", show_default=True, help="M: inputs lie in [-M, M].")
@plot_option("the error of copying n numbers, up to the capacity and beyond,")
@click.option("--quiet", is_flag=True, help="Print the last line only.")
def capacity(
    architecture: str, hidden: int, precision: int | None, tolerance: Any, bound: Any, plot: Path | None, quiet: bool
) -> int:
    """Certify n = D, check T8 at n = D + 1, print both; exit with the joint verdict."""
    check_plot(plot)
    most = requested(architecture, None, precision, tolerance, bound, hidden)
    beyond = requested(architecture, most.n + 1, precision, tolerance, bound, hidden)
    answer = construct_copy(most)
    checks = THEOREMS["T8"].run()
    upper_side = all_of([*checks.values(), Verdict.PROVED if beyond.is_impossible else Verdict.UNDECIDED])
    lower_side, error, start = Verdict.UNDECIDED, "none", "none"
    if isinstance(answer, CopyConstruction):
        result = certify_copy(answer.weights, most)
        lower_side, start = result.verdict, "zero" if result.starts_at_zero else "set"
        with Balls(result.working_bits).working():
            error = show_upper(result.bound.upper, DIGITS)
        if plot is not None:
            _draw(plot, result, beyond, upper_side)
    elif plot is not None:
        draw_figures(plot, [])
    verdict = all_of((lower_side, upper_side))
    if not quiet:
        states = " and ".join(CELLS[architecture].states)
        click.echo(wrapped("question", f"{architecture}, {hidden} hidden units: how many reals can it copy?"))
        click.echo(wrapped("state", f"{states}: D = {most.capacity} reals"))
        if isinstance(answer, CopyConstruction):
            told = f"{answer.title} (C10), error at most {error}" + ("" if start == "zero" else "; s_0 is SET, not 0")
            click.echo(wrapped(f"n = {most.n}", f"{lower_side.value}: copied within {show_rational(most.tolerance)} by {told}"))
        else:
            click.echo(wrapped(f"n = {most.n}", f"{lower_side.value}: {answer.reason}"))
        click.echo(wrapped(f"n = {beyond.n}", f"{upper_side.value}: impossible (T8). {because_of_t8(beyond)[0]}"))
        click.echo(wrapped("checked", "; ".join(f"{name}: {found.value}" for name, found in checks.items())))
        click.echo(wrapped("sources", THEOREMS["T8"].source))
        click.echo()
    fields = {
        "architecture": architecture,
        "hidden": str(hidden),
        "capacity": str(most.capacity) if verdict is Verdict.PROVED else f"<={most.capacity}",
        "copies": lower_side.value,
        "one_more_impossible": upper_side.value,
        "tolerance": show_rational(most.tolerance),
        "upper": error,
        "initial_state": start,
    }
    click.echo(machine_line(verdict, fields))
    return verdict.exit_code


def _draw(plot: Path, largest: CopyCertificate, beyond: CopyTask, upper_side: Verdict) -> None:
    """The copies at n = 1, 2, 4, ... D with weights of their own, and what T8 leaves beyond; nothing if T8 was not proved."""
    from proofs.sheet.charts import capacity as chart

    certificates = []
    smaller = (1 << k for k in range((largest.task.n - 1).bit_length()))
    for answer in (construct_copy(dataclasses.replace(largest.task, n=n)) for n in smaller):
        if isinstance(answer, CopyConstruction):
            certificates.append(certify_copy(answer.weights, answer.task))
    draw_figures(plot, [chart([*certificates, largest], beyond)] if upper_side is Verdict.PROVED else [])

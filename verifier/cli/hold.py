"""`verify copy ARCHITECTURE --horizon forever`: n numbers, shown at every later step by n readouts of one network."""

from __future__ import annotations

import json
from pathlib import Path

import click

from constructions.hold import HoldConstruction, construct_hold, units_for
from verifier.arithmetic.balls import Balls, largest, show_lower, show_upper
from verifier.cli.copy import (
    fields_of,
    machine_line,
    refuse_files,
    say_without_weights,
)
from verifier.cli.files import check_writable, write_text
from verifier.cli.plot import check_plot, draw_figures
from verifier.cli.report import wrapped
from verifier.copy_task import CopyTask
from verifier.hold_certificate import to_data
from verifier.holding import HoldCertificate, certify_hold
from verifier.summary import DIGITS
from verifier.verdict import Verdict, all_of


def hold(task: CopyTask, *, as_json: bool, quiet: bool, certificate: Path | None = None, plot: Path | None = None) -> int:
    """Print what holds n numbers for ever, or why none is given; return the exit code."""
    if certificate is not None:
        check_writable(certificate)
    check_plot(plot)
    answer = construct_hold(task)
    if not isinstance(answer, HoldConstruction):
        refuse_files(answer, {"--certificate": certificate})
        horizon = {"horizon": "forever"}
        return say_without_weights(answer, question_for_ever(task), horizon, as_json=as_json, quiet=quiet, plot=plot)
    result = certify_hold(answer.readouts, task)
    text = json.dumps(to_data(result), indent=1) if as_json or certificate is not None else ""
    if certificate is not None:
        write_text(certificate, text + "\n")
    if plot is not None:
        from proofs.sheet.charts import held

        draw_figures(plot, [held(result)])
    if as_json:
        click.echo(text)
        return result.verdict.exit_code
    if not quiet:
        print_hold(result, answer)
        if certificate is not None:
            click.echo(f"certificate written to {certificate}")
    click.echo(hold_line(result))
    return result.verdict.exit_code


def question_for_ever(task: CopyTask) -> str:
    """The question in words."""
    return f"{task.asked()}, at every step t >= {task.n}, whatever comes later"


def hold_line(result: HoldCertificate) -> str:
    """The last line of a decided copy for ever."""
    with Balls(result.working_bits).working():
        fields = {
            "answer": {Verdict.PROVED: "holds", Verdict.REFUTED: "fails", Verdict.UNDECIDED: "open"}[result.verdict],
            "theorem": result.theorem,
            **fields_of(result.task),
            "horizon": "forever",
            "attained": show_lower(result.attained, DIGITS),
            "upper": show_upper(result.upper, DIGITS),
            "initial_state": "zero",
            "semantics": "reals",
            "weights": result.readouts[0].sha256[:16],
            "seconds": f"{result.seconds:.2f}",
        }
    return machine_line(result.verdict, fields)


def print_hold(result: HoldCertificate, answer: HoldConstruction) -> None:
    """The whole report of copying for ever, without the last line."""
    task, sizes = result.task, answer.sizes
    said = {Verdict.PROVED: "yes", Verdict.REFUTED: "these weights do not", Verdict.UNDECIDED: "undecided"}[result.verdict]
    click.echo(wrapped("question", question_for_ever(task)))
    click.echo(wrapped("answer", f"{said}: {answer.title} (theorem C9); {units_for(task.n)} units, s_0 = 0"))
    least = "the fewest bits and then the smallest power of two G whose inequalities give the tolerance"
    click.echo(wrapped("sized", f"levels of 2^-{sizes.bits} M, G = 2^{sizes.gain}: {least}"))
    click.echo(wrapped("readouts", f"{task.n} of one network; readout j shows x_j at every step t >= j"))
    click.echo()
    with Balls(result.working_bits).working():
        for number, held in enumerate(result.held, 1):
            low, high = show_lower(held.attained, DIGITS), show_upper(held.upper, DIGITS)
            click.echo(wrapped("errors" if number == 1 else "", f"x_{number}: attained {low} <= supremum for ever <= {high}"))
    for number, text in enumerate(_checked(result)):
        click.echo(wrapped("" if number else "checked", text))
    if result.reason:
        click.echo(wrapped("because", result.reason))
    digits = result.working_bits * 30103 // 100000
    told = f"real numbers; {digits} working digits; {result.seconds:.2f} s; weights sha256 {result.readouts[0].sha256}"
    click.echo(wrapped("semantics", told))
    click.echo()


def _checked(result: HoldCertificate) -> list[str]:
    """What was checked, sentence by sentence."""
    said = []
    found = [held.refresh for held in result.held if held.refresh is not None]
    if found:
        comparisons = sum(i.comparisons for refresh in found for i in refresh.inequalities)
        said.append(f"the inequalities of C9 for each number, read off the weights: {comparisons} comparisons")
    pushed = [held.pushed for held in result.held if held.pushed is not None]
    if pushed and pushed[0].skipped:
        said.append(f"levels not pushed as boxes: {pushed[0].skipped}")
    elif pushed:
        with Balls(result.working_bits).working():
            bound, verdict = show_upper(largest(one.upper for one in pushed), DIGITS), all_of(one.verdict for one in pushed)
        boxes = sum(one.boxes for one in pushed)
        said.append(
            f"without the theorem, every level of every number as a box of states, {boxes} boxes: <= {bound}: {verdict.value}"
        )
    return said

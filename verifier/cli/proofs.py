"""`verify proofs`: every theorem's machine checks, and with --kernel the formal proofs through the Rocq kernel."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import click

from proofs.kernel import NotInstalled, Report, check, check_certificate
from proofs.lemmas import LEFT_OUT, LEMMAS
from proofs.theorems import THEOREMS
from verifier.cli.architecture import Count
from verifier.cli.files import read_text
from verifier.cli.report import wrapped
from verifier.errors import UsageError
from verifier.verdict import Verdict, all_of

Steps = Mapping[str, Mapping[str, Verdict]]
"""The outcome of every named check, by theorem id."""


@click.command("proofs", help="Check all theorems: by their steps, with --kernel also the formal proofs in Rocq.")
@click.option("--kernel", "with_kernel", is_flag=True, help="Compile proofs/rocq and ask the Rocq kernel about every lemma.")
@click.option("--cache", type=click.Path(path_type=Path), help="Folder for compiled files.  [~/.cache/first-input-recall/rocq]")
@click.option("--jobs", type=Count(1), default="2", show_default=True, help="Files compiled at once.")
@click.option("--recheck", is_flag=True, help="With --kernel: have coqchk check the compiled files again, too.")
@click.option("--certificate", type=click.Path(path_type=Path), help="Have the kernel check a file written by --rocq, only that.")
def proofs(with_kernel: bool, cache: Path | None, jobs: int, recheck: bool, certificate: Path | None) -> int:
    """Print the table and exit with the verdict of all that ran."""
    if recheck and not with_kernel:
        raise UsageError("--recheck belongs to --kernel, which compiles the files that it checks again")
    if cache is not None and not with_kernel and certificate is None:
        raise UsageError("--cache belongs to --kernel and --certificate, which compile files")
    if cache is not None and cache.exists() and not cache.is_dir():
        raise UsageError(f"cannot use the cache {cache}: it is not a folder")
    if certificate is not None:
        return _check_certificate(read_text(certificate), cache, jobs)
    steps = {name: theorem.run() for name, theorem in THEOREMS.items() if theorem.derivation or theorem.checks}
    report: Report | None = None
    missing = ""
    if with_kernel:
        try:
            report = check(cache=cache, jobs=jobs, recheck=recheck)
        except NotInstalled as error:
            missing = str(error)
        except OSError as error:
            raise UsageError(f"cannot write compiled files: {error.strerror}; choose a folder with --cache") from None
    _print_table(steps, report, "not installed" if missing else "not run")
    if report is not None:
        _print_kernel(report)
    if missing:
        click.echo(f"\nnot checked by the kernel: {missing}")
    by_steps = all_of(verdict for found in steps.values() for verdict in found.values())
    by_kernel = [report.verdict()] if report is not None else [Verdict.UNDECIDED] if with_kernel else []
    verdict = all_of([by_steps, *by_kernel])
    proved = 0 if report is None else sum(found.verdict is Verdict.PROVED for found in report.lemmas)
    click.echo(
        f"\n{verdict.value} theorems={len(steps)} checks={sum(map(len, steps.values()))} steps={by_steps.value} "
        f"kernel={by_kernel[0].value if by_kernel else 'not-run'} lemmas={proved}"
    )
    return verdict.exit_code


def _check_certificate(text: str, cache: Path | None, jobs: int) -> int:
    try:
        verdict, told, axioms = check_certificate(text, cache=cache, jobs=jobs)
    except NotInstalled as error:
        verdict, told, axioms = Verdict.UNDECIDED, str(error), ()
    click.echo(wrapped("theorem" if verdict is Verdict.PROVED else "rejected" if axioms or told else "", told))
    click.echo(wrapped("axioms", ", ".join(axioms) or "none"))
    click.echo(f"\n{verdict.value} kernel={verdict.value}")
    return verdict.exit_code


def natural(name: str) -> tuple[str, int, str]:
    """Sorts T1, T2, ..., T10 and C4a, C4a-sigmoid, C4b as people do."""
    letter, number, rest = re.fullmatch(r"(\D*)(\d*)(.*)", name).groups()  # type: ignore[union-attr]
    return {"T": "0", "C": "1"}.get(letter, letter), int(number or 0), rest


def _print_table(steps: Steps, report: Report | None, absent: str) -> None:
    names = sorted({*THEOREMS, *(LEMMAS if report else ())}, key=natural)
    click.echo(f"{'theorem':<15}{'by its steps':<22}{'by the kernel':<15}axioms  the kernel's statement")
    for name in names:
        found = steps.get(name)
        by_steps = "no checks"
        if found:
            proved = sum(verdict is Verdict.PROVED for verdict in found.values())
            by_steps = f"{all_of(found.values()).value} {proved} of {len(found)}"
        rows = report.of(name) if report else ()
        if not rows:
            click.echo(f"{name:<15}{by_steps:<22}{'-' if report else absent}".rstrip())
        for number, row in enumerate(rows):
            kernel = row.verdict.value if row.verdict is Verdict.PROVED else "REJECTED"
            lead = f"{'' if number else name:<15}{'' if number else by_steps:<22}"
            click.echo(f"{lead}{kernel:<15}{len(row.axioms) if not row.problem else '-':<8}{row.lemma.statement}: {row.lemma.says}")


def _print_kernel(report: Report) -> None:
    click.echo()
    for row in report.lemmas:
        if row.problem:
            click.echo(wrapped("rejected", f"{row.theorem}: {row.problem}"))
    axioms = sorted({axiom for row in report.lemmas for axiom in row.axioms})
    click.echo(wrapped("axioms", ", ".join(axioms) or "none"))
    told = report.cells_problem or "definitions.v equals verifier/cells.py, unit by unit, for all weights and states of two units"
    if report.uncompared:
        told += f"; not written in definitions.v: {', '.join(report.uncompared)}"
    click.echo(wrapped("cells", f"{report.cells.value}: {told}"))
    if report.rechecked is not None:
        again = report.recheck_problem or "coqchk accepts the compiled files; the libraries they use are not checked again"
        click.echo(wrapped("again", f"{report.rechecked.value}: {again}"))
    click.echo(wrapped("program", report.program))
    for name in sorted(LEFT_OUT, key=natural):
        click.echo(wrapped("" if name != min(LEFT_OUT, key=natural) else "left out", f"{name}: {LEFT_OUT[name]}"))

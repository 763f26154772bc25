"""`verify sweep`: many questions, one row each, on all cores or on a cluster."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import click

from verifier import __version__
from verifier.certify import DEFAULT_STEPS, LARGEST_STEPS
from verifier.cli.architecture import Count
from verifier.cli.grid import AXES, Asked, read_grid
from verifier.cli.interrupt import held
from verifier.cli.progress import Counting
from verifier.cli.row import Row, Task, decide_row
from verifier.cli.table import Journal, check_table, journal_of, open_journal, write_table
from verifier.errors import UsageError
from verifier.parallel import finished
from verifier.verdict import Verdict, all_of

Key = tuple[str, str, int, str, int, str]

ANSWERS = ("weights", "impossible", "open", "refused")
"""What a row may say, in the order of the summary."""


@dataclass(frozen=True)
class Settings:
    """How questions are decided: adversarial `steps` and `seed`; where: `jobs` processes here, or a cluster's `scheduler`."""

    steps: int
    seed: int
    jobs: int | None
    scheduler: str | None
    quiet: bool


@click.command("sweep", help="Decide every combination of lists, one row each, into a CSV or Parquet file.")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--arch", help=f"Architectures, such as {AXES['arch'].example}.")
@click.option("--n", "n", help=f"Horizons, such as {AXES['n'].example}.")
@click.option("--precision", help="Decimal digits, such as 20,50.  [20]")
@click.option("--bound", help="M: inputs lie in [-M, M]; such as 1,1/2.  [1]")
@click.option("--hidden", help="Hidden units, such as 2,32.  [32]")
@click.option("--horizon", help="upto (every n' <= n), fixed (n alone), forever.  [upto]")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="FILE.csv or FILE.parquet.")
@click.option("--steps", type=Count(1), default=str(DEFAULT_STEPS), show_default=True, help="Longest adversarial run.")
@click.option("--seed", type=Count(0), default="0", show_default=True, help="Seed of the random sequences.")
@click.option("--jobs", type=Count(1), help="Processes on this machine.  [the number of cores]")
@click.option("--scheduler", metavar="tcp://HOST:PORT", help="Use the workers of this Dask cluster instead.")
@click.option("--quiet", is_flag=True, help="Print the last line only.")
def sweep(
    file: Path | None,
    arch: str | None,
    n: str | None,
    precision: str | None,
    bound: str | None,
    hidden: str | None,
    horizon: str | None,
    output: Path,
    steps: int,
    seed: int,
    jobs: int | None,
    scheduler: str | None,
    quiet: bool,
) -> int:
    """Decide all questions and write the table; lists come from the options or from FILE (TOML).

    Every finished row is kept in OUTPUT.journal at once: the same command after a kill goes on from there.
    """
    if jobs is not None and scheduler is not None:
        raise UsageError("give --jobs (processes here) or --scheduler (a cluster), not both")
    if steps > LARGEST_STEPS:
        raise UsageError(f"--steps {steps} is not allowed; at most {LARGEST_STEPS:,}")
    lists = {"arch": arch, "n": n, "precision": precision, "bound": bound, "hidden": hidden, "horizon": horizon}
    asked = read_grid(file, lists)
    check_table(output)
    started = time.perf_counter()
    kept = journal_of(output)
    with open_journal(kept, {"version": __version__, "steps": steps, "seed": seed}) as journal:
        rows = _decide(asked, journal, kept, Settings(steps, seed, jobs, scheduler, quiet))
        ordered = [rows[question.key] for question in asked]
        write_table(output, ordered)
        kept.unlink()
    if not quiet:
        _print(ordered)
    click.echo(_last_line(ordered, output, time.perf_counter() - started))
    return _verdict(ordered).exit_code


def _decide(asked: list[Asked], journal: Journal, kept: Path, settings: Settings) -> dict[Key, Row]:
    """A row for every question: those of the journal, and the others as they are decided, each into the journal at once."""
    wanted = {question.key for question in asked}
    rows = {row.key: row for row in journal.rows}
    lost = len(rows.keys() - wanted)
    if lost:
        raise UsageError(f"{kept} holds {lost} finished rows that are not asked for now; ask for them too, or remove it")
    if rows and not settings.quiet:
        click.echo(f"{len(rows)} of {len(asked)} rows were finished before", err=True)
    tasks = [Task(question, settings.steps, settings.seed) for question in asked if question.key not in rows]
    try:
        with Counting("rows", len(asked), done=len(rows)) as progress:
            for row in finished(decide_row, tasks, settings.jobs, settings.scheduler):
                with held():
                    journal.add(row)
                    rows[row.key] = row
                progress.advance()
    except KeyboardInterrupt:
        where = f" and kept in {kept}; the same command goes on from there" if rows else ""
        click.echo(f"verify: {len(rows)} of {len(asked)} rows were finished{where}", err=True)
        raise
    return rows


def _verdict(rows: list[Row]) -> Verdict:
    return all_of(Verdict(row.verdict) for row in rows)


def _print(rows: list[Row]) -> None:
    """One line per architecture, and every row that is not proved."""
    for name in dict.fromkeys(row.architecture for row in rows):
        mine = [row for row in rows if row.architecture == name]
        answers = Counter(row.answer for row in mine)
        told = ", ".join(f"{answers[word]} {word}" for word in ANSWERS if answers[word])
        seconds = sum(row.seconds for row in mine)
        peak = max(row.peak_megabytes for row in mine)
        click.echo(f"{name:<16} {_verdict(mine).value:<9} {len(mine)} rows: {told}; {seconds:.2f} s of work, {peak:.0f} MB at most")
    for row in rows:
        if row.verdict != Verdict.PROVED.value:
            where = f"n={row.n} precision={row.precision} bound={row.bound} hidden={row.hidden} horizon={row.horizon}"
            click.echo(f"  {row.verdict} {row.architecture} {where}: {row.answer}{': ' if row.reason else ''}{row.reason}")


def _last_line(rows: list[Row], output: Path, seconds: float) -> str:
    answers = Counter(row.answer for row in rows)
    verdicts = Counter(row.verdict for row in rows)
    counts = {word: answers[word] for word in ANSWERS} | {verdict.value.lower(): verdicts[verdict.value] for verdict in Verdict}
    told = " ".join(f"{name}={count}" for name, count in counts.items())
    return f"{_verdict(rows).value} sweep rows={len(rows)} {told} file={output} seconds={seconds:.2f}"

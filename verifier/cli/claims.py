"""`verify claims FILE`: run a list of expected verdicts, one row each; for continuous integration.

A claims file is TOML:

    [[claim]]
    name = "the LSTM holds 200 digits for 1000 steps"     # optional
    ask = "lstm --n 1000 --precision 200"                 # what would be typed after `verify`
    expect = "PROVED"                                     # PROVED, "PROVED impossible", UNDECIDED or REFUTED
    fields = { theorem = "C6", tolerance = "1e-200" }     # optional: key=value pairs of the command's last line

A claim holds if the command's last line begins with what is expected and has every field.
"""

from __future__ import annotations

import contextlib
import io
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import click

from verifier.cli.architecture import Count
from verifier.cli.files import check_writable, read_text, write_text
from verifier.cli.progress import Counting
from verifier.errors import UsageError
from verifier.parallel import finished
from verifier.verdict import Verdict

EXPECTED = ("PROVED", "PROVED impossible", "UNDECIDED", "REFUTED")
"""What a claim may expect the last line to begin with."""

KEYS = {"name", "ask", "expect", "fields"}


@dataclass(frozen=True)
class Claim:
    """One expected verdict. `arguments` as typed after `verify`; `fields` as in the command's last line."""

    name: str
    arguments: tuple[str, ...]
    expect: str
    fields: Mapping[str, str]


@dataclass(frozen=True)
class Outcome:
    """What one claim came to: `trouble` is empty if it holds; `said` is the last line of the command or its error."""

    claim: Claim
    said: str
    trouble: str
    seconds: float


def read_claims(path: Path) -> list[Claim]:
    """The claims of a TOML file; raises `UsageError` naming the claim and what is wrong with it."""
    try:
        data = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not TOML: {error}") from None
    found = data.get("claim")
    if set(data) != {"claim"} or not isinstance(found, list) or not found:
        raise UsageError(f"{path} must consist of [[claim]] tables, each with ask and expect")
    claims = [_claim(f"claim {number} of {path}", entry) for number, entry in enumerate(found, 1)]
    names = [claim.name for claim in claims]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"two claims of {path} are named {name!r}; give each a name of its own")
    return claims


def _claim(where: str, entry: Any) -> Claim:
    if not isinstance(entry, dict) or not {"ask", "expect"} <= set(entry) <= KEYS:
        raise UsageError(f"{where} must have ask and expect, and may have name and fields; nothing else")
    asked, expect, fields = entry["ask"], entry["expect"], entry.get("fields", {})
    if not isinstance(asked, str) or not asked.strip():
        raise UsageError(f'{where}: ask must be text such as "lstm --n 1000 --precision 200"')
    if expect not in EXPECTED:
        raise UsageError(f"{where}: expect = {expect!r} is not allowed; choose one of {', '.join(EXPECTED)}")
    if not isinstance(fields, dict) or not all(isinstance(value, str) for value in fields.values()):
        raise UsageError(f'{where}: fields must map names of the last line to text, such as {{ theorem = "C6" }}')
    name = entry.get("name", asked)
    if not isinstance(name, str):
        raise UsageError(f"{where}: name must be text")
    try:
        arguments = tuple(shlex.split(asked))
    except ValueError as error:
        raise UsageError(f"{where}: ask cannot be read as a command: {error}") from None
    if arguments[:1] == ("claims",):
        raise UsageError(f"{where}: a claims file cannot ask for claims")
    return Claim(name, arguments, expect, fields)


def settle(claim: Claim) -> Outcome:
    """Run the command of one claim and compare its last line."""
    from verifier.cli.main import verify

    started = perf_counter()
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            verify.main(args=list(claim.arguments), prog_name="verify", standalone_mode=False)
    except (UsageError, click.ClickException) as error:
        said = error.format_message() if isinstance(error, click.ClickException) else str(error)
        return Outcome(claim, said, f"the command fails: {said}", perf_counter() - started)
    lines = printed.getvalue().strip().splitlines()
    said = lines[-1] if lines else ""
    return Outcome(claim, said, compare(claim, said), perf_counter() - started)


def compare(claim: Claim, last_line: str) -> str:
    """Why a last line is not what the claim expects; empty if it is."""
    words = last_line.split()
    found = " ".join(word for word in words[:2] if "=" not in word)
    if found not in EXPECTED:
        found = words[0] if words and words[0] in EXPECTED else found
    if found != claim.expect:
        return f"expected {claim.expect}, found {found or 'nothing'}"
    stated = dict(word.split("=", 1) for word in words if "=" in word)
    wrong = {key: value for key, value in claim.fields.items() if stated.get(key) != value}
    return "; ".join(f"expected {key}={value}, found {key}={stated.get(key, 'nothing')}" for key, value in wrong.items())


@click.command("claims", help="Run a file of expected verdicts; exit 0 if every one holds, 4 if one does not.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--junit", type=click.Path(path_type=Path), help="Also write the outcomes as JUnit XML.")
@click.option("--jobs", type=Count(1), help="Processes.  [the number of cores]")
@click.option("--quiet", is_flag=True, help="Print failures and the last line only.")
def claims_command(file: Path, junit: Path | None, jobs: int | None, quiet: bool) -> int:
    """Settle every claim in parallel and print one row each, in the order of the file."""
    claims = read_claims(file)
    if junit is not None:
        check_writable(junit)
    outcomes: dict[str, Outcome] = {}
    try:
        with Counting("claims", len(claims)) as progress:
            for outcome in finished(settle, claims, jobs):
                outcomes[outcome.claim.name] = outcome
                progress.advance()
    except KeyboardInterrupt:
        _print([outcomes[claim.name] for claim in claims if claim.name in outcomes], quiet)
        click.echo(f"verify: {len(outcomes)} of {len(claims)} claims were settled", err=True)
        raise
    ordered = [outcomes[claim.name] for claim in claims]
    if junit is not None:
        write_text(junit, junit_xml(file.name, ordered))
    _print(ordered, quiet)
    failed = sum(bool(outcome.trouble) for outcome in ordered)
    verdict = Verdict.REFUTED if failed else Verdict.PROVED
    click.echo(f"{verdict.value} claims={len(ordered)} hold={len(ordered) - failed} fail={failed}")
    return verdict.exit_code


def _print(outcomes: list[Outcome], quiet: bool) -> None:
    """One row each; with `quiet` those that fail alone."""
    for outcome in outcomes:
        if outcome.trouble or not quiet:
            click.echo(f"{'FAILS' if outcome.trouble else 'holds'}  {outcome.seconds:6.2f} s  {outcome.claim.name}")
        if outcome.trouble:
            click.echo(f"                 {outcome.trouble}")
            click.echo(f"                 {outcome.said}")


def junit_xml(suite: str, outcomes: list[Outcome]) -> str:
    """The outcomes as one JUnit test suite."""
    from junitparser import Failure, JUnitXml, TestCase, TestSuite

    cases = TestSuite(suite)
    for outcome in outcomes:
        case = TestCase(outcome.claim.name, classname=outcome.claim.arguments[0], time=round(outcome.seconds, 3))
        if outcome.trouble:
            case.result = [Failure(f"{outcome.trouble}\n{outcome.said}")]
        cases.add_testcase(case)
    document = JUnitXml()
    document.add_testsuite(cases)
    document.update_statistics()
    return str(document.tostring(), "utf-8")

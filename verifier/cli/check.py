"""`verify check FILE`: recompute a certificate from its weights."""

from __future__ import annotations

import json
from pathlib import Path

import click

from constructions import derivations
from proofs.impossible import forbidding, refute
from verifier.arithmetic.balls import Balls, show_lower
from verifier.certificate import AnyReview, check_data
from verifier.certify import Certificate
from verifier.cli.copy import last_line as copy_line
from verifier.cli.files import read_text
from verifier.cli.hold import hold_line
from verifier.cli.progress import Stepping
from verifier.cli.report import last_line
from verifier.copying import CopyCertificate
from verifier.errors import UsageError
from verifier.holding import HoldCertificate
from verifier.sequences import show_runs
from verifier.summary import DIGITS
from verifier.verdict import Verdict


@click.command("check", help="Recompute every claim of a certificate from its weights; believe none.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--quiet", is_flag=True, help="Print the last line only.")
def check(file: Path, quiet: bool) -> int:
    """Print what was found claim by claim; exit with the recomputed verdict."""
    text = read_text(file)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        detail = str(error) if isinstance(error, json.JSONDecodeError) else "it is not usable JSON"
        raise UsageError(f"{file} is not a certificate: {detail}") from None
    with Stepping(show=not quiet) as progress:
        review = check_data(data, derivations(), progress.advance)
    forbidden, against = _against(review)
    if not quiet:
        for finding in review.findings:
            detail = f"  ({finding.detail})" if finding.detail else ""
            word = "confirmed" if finding.verdict is Verdict.PROVED else finding.verdict.value
            click.echo(f"  {word:<10} {finding.text}{detail}")
    if forbidden and not quiet:
        click.echo(f"  {'REFUTED' if against else 'UNDECIDED':<10} {forbidden}{against}")
    if against and review.verdict is not Verdict.REFUTED:
        if not quiet:
            click.echo()
        click.echo(f"{Verdict.REFUTED.value} file={file} reason={json.dumps(forbidden + against, ensure_ascii=False)}")
        return Verdict.REFUTED.exit_code
    if review.certificate is None or review.verdict is not review.certificate.verdict:
        if not quiet:
            click.echo()
        click.echo(f"{review.verdict.value} file={file} reason={json.dumps(review.reason, ensure_ascii=False)}")
    else:
        if not quiet:
            click.echo()
        click.echo(_last_line(review.certificate))
    return review.verdict.exit_code


def _last_line(certificate: Certificate | CopyCertificate | HoldCertificate) -> str:
    if isinstance(certificate, HoldCertificate):
        return hold_line(certificate)
    return copy_line(certificate, "none") if isinstance(certificate, CopyCertificate) else last_line(certificate)


def _against(review: AnyReview) -> tuple[str, str]:
    """Which theorem forbids what is asked, and a sequence that the weights miss; empty where none does or none was found."""
    if not isinstance(review.certificate, Certificate):
        return "", ""
    weights, regime = review.certificate.weights, review.certificate.regime
    names = forbidding(regime)
    if not names:
        return "", ""
    found = refute(weights, regime, review.certificate)
    if found is None:
        return f"theorem {names[0]} forbids it, but no sequence was found that these weights miss", ""
    with Balls(review.certificate.working_bits).working():
        missed = show_lower(found.error, DIGITS)
    where = f"x = {show_runs(found.runs)}, read at n' = {found.horizon}"
    return f"theorem {found.theorem} forbids it", f": {where}, is missed by {missed} or more"

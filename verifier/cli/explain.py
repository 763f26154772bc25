"""`verify explain THEOREM`: statement, hypotheses, proof, and the checks as they ran just now."""

from __future__ import annotations

import click

from proofs.theorem import Theorem
from proofs.theorems import THEOREMS
from verifier.cli.report import wrapped
from verifier.errors import UsageError
from verifier.inequality import Identity
from verifier.verdict import Verdict


@click.command("explain", help="Show a theorem with its proof; every machine check runs now.")
@click.argument("theorem")
def explain(theorem: str) -> int:
    """Print the theorem and its checks; exit with their verdict."""
    known = {name.lower(): found for name, found in THEOREMS.items()}
    if theorem.lower() not in known:
        raise UsageError(f"theorem {theorem!r} is unknown (known: {', '.join(THEOREMS)})")
    found = known[theorem.lower()]
    results = found.run()
    click.echo(wrapped(found.id, f"{found.title}. {found.statement}"))
    click.echo(wrapped("source", found.source))
    if found.uses:
        click.echo(wrapped("uses", ", ".join(found.uses)))
    click.echo(wrapped("hypotheses", _hypotheses(found)))
    for number, paragraph in enumerate(found.argument):
        click.echo(wrapped("" if number else "proof", paragraph))
    if found.derivation is not None:
        derivation = found.derivation()
        if derivation.definitions:
            click.echo(wrapped("where", "; ".join(f"{s} = {d}" for s, d in derivation.definitions.items())))
        click.echo(wrapped("at least" if derivation.from_below else "bound", str(derivation.bound)))
        click.echo()
        for number, step in enumerate(derivation.steps, 1):
            click.echo(f"{number:>3}. {results[step.name].value:<9} {step.name} [{type(step).__name__}]: {step.text}")
            if step.relation is not None:
                sign = "=" if isinstance(step, Identity) else "<="
                click.echo(" " * 15 + f"{step.relation.left}  {sign}  {step.relation.right}")
    named = () if found.derivation is None else ("the steps end in the bound",)
    for name in (*named, *(found.checks or {})):
        click.echo(f"     {results[name].value:<9} {name}")
    verdict = found.judge(results)
    click.echo()
    if found.is_cited:
        proved = sum(result is Verdict.PROVED for result in results.values())
        click.echo(
            wrapped("status", f"stated, resting on its source: {proved} of {len(results)} checks hold, and they do not prove it")
        )
    click.echo(f"{verdict.value} theorem={found.id} checks={len(results)}{' status=cited' if found.is_cited else ''}")
    return verdict.exit_code


def _hypotheses(theorem: Theorem) -> str:
    """The hypotheses, and where they are checked."""
    if not theorem.hypotheses:
        return "none"
    where = {True: " (checked on the cell and the question)", False: ""}[theorem.floor is not None]
    if theorem.derivation is not None and theorem.floor is None:
        where = " (checked at the numbers of a request)"
    return "; ".join(theorem.hypotheses) + where

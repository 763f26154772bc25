"""`verify explain THEOREM`: statement, hypotheses, proof, and the checks as they ran just now."""

from __future__ import annotations

import click

from proofs.theorems import THEOREMS
from verifier.cli.report import wrapped
from verifier.errors import UsageError
from verifier.inequality import Identity
from verifier.verdict import all_of


@click.command("explain", help="Show a theorem with its proof; every machine check runs now.")
@click.argument("theorem")
def explain(theorem: str) -> int:
    """Print the theorem and its checks; exit with their verdict."""
    known = {name.lower(): found for name, found in THEOREMS.items()}
    if theorem.lower() not in known:
        raise UsageError(f"theorem {theorem!r} is unknown (known: {', '.join(THEOREMS)})")
    found = known[theorem.lower()]
    results = found.run()
    click.echo(wrapped(found.id, found.statement))
    click.echo(wrapped("source", found.source))
    stated = "; ".join(found.hypotheses) or "none"
    if found.hypotheses and found.derivation is not None:
        stated += " (checked at the numbers of a request)"
    click.echo(wrapped("hypotheses", stated))
    for number, paragraph in enumerate(found.argument):
        click.echo(wrapped("" if number else "proof", paragraph))
    if found.derivation is not None:
        derivation = found.derivation()
        if derivation.definitions:
            click.echo(wrapped("where", "; ".join(f"{s} = {d}" for s, d in derivation.definitions.items())))
        click.echo(wrapped("bound", str(derivation.bound)))
        click.echo()
        for number, step in enumerate(derivation.steps, 1):
            click.echo(f"{number:>3}. {results[step.name].value:<9} {step.name} [{type(step).__name__}]: {step.text}")
            if step.relation is not None:
                sign = "=" if isinstance(step, Identity) else "<="
                click.echo(" " * 15 + f"{step.relation.left}  {sign}  {step.relation.right}")
    named = () if found.derivation is None else ("the steps end in the bound",)
    for name in (*named, *(found.checks or {})):
        click.echo(f"     {results[name].value:<9} {name}")
    verdict = all_of(results.values())
    click.echo()
    click.echo(f"{verdict.value} theorem={found.id} checks={len(results)}")
    return verdict.exit_code

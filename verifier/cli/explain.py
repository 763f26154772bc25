"""`verify explain THEOREM`: statement, hypotheses and the proof steps as they were checked just now."""

from __future__ import annotations

import click

from constructions import derivations
from verifier.cli.report import wrapped
from verifier.errors import UsageError


@click.command("explain", help="Show a theorem with its proof steps, each checked now.")
@click.argument("theorem")
def explain(theorem: str) -> int:
    """Print the derivation; exit with its verdict."""
    known = {name.lower(): make for name, make in derivations().items()}
    if theorem.lower() not in known:
        raise UsageError(f"theorem {theorem!r} is unknown (known: {', '.join(sorted(derivations()))})")
    derivation = known[theorem.lower()]()
    results = derivation.check()
    click.echo(wrapped(derivation.theorem, derivation.statement))
    click.echo(wrapped("source", derivation.source))
    click.echo(wrapped("hypotheses", "; ".join(h.text for h in derivation.hypotheses) + " (checked at the numbers)"))
    click.echo(wrapped("where", "; ".join(f"{s} = {d}" for s, d in derivation.definitions.items())))
    click.echo(wrapped("bound", str(derivation.closed_form())))
    click.echo()
    for number, step in enumerate(derivation.steps, 1):
        kind = type(step).__name__
        click.echo(f"{number:>3}. {results[step.name].value:<9} {step.name} [{kind}]")
        click.echo(_indented(step.text))
        if step.relation is not None:
            click.echo(_indented(f"{step.relation.left}  <=  {step.relation.right}"))
    verdict = derivation.verdict
    click.echo()
    click.echo(f"{verdict.value} theorem={derivation.theorem} steps={len(results)}")
    return verdict.exit_code


def _indented(text: str) -> str:
    return " " * 15 + text

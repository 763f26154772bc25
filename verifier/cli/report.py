"""What a person reads: question, answer, weights, three numbers, witness, verdict."""

from __future__ import annotations

import itertools
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from verifier.arithmetic.balls import Balls, show_lower, show_near, show_upper
from verifier.cells import CELLS
from verifier.certify import Certificate
from verifier.exact import show_rational
from verifier.gates import gate_activations, live_units
from verifier.observed import Observed
from verifier.refresh import Enumeration
from verifier.regime import Regime
from verifier.sequences import Runs, expand, length, show_runs
from verifier.summary import DIGITS, LONGEST_NUMBER, numbers, short
from verifier.supremum import Supremum
from verifier.verdict import Verdict

if TYPE_CHECKING:
    from rich.table import Table

    from constructions import Construction

WIDTH = 100
"""Widest line of a report; narrower on a narrower terminal."""

SHORT_LIST = 9
"""Up to this many nonzero weights are all listed; of more, those that tell most, at most LONG_LIST."""

LONG_LIST = 12

ALIKE = 3
"""From this many on, rows that differ in the unit alone are printed as one."""

Cells = tuple[str, ...]

GATE_STEPS = 3
"""Steps whose gate activations are shown."""


def last_line(certificate: Certificate) -> str:
    """The machine-readable last line: the verdict, then key=value."""
    found = {name: "none" if text is None else text for name, text in number_fields(certificate).items()}
    fields = {
        "architecture": certificate.regime.architecture,
        "theorem": found.pop("theorem"),
        **regime_fields(certificate.regime),
        **found,
        "working_digits": str(certificate.working_digits),
        "semantics": "reals",
        "weights": certificate.weights.sha256[:16],
        "seconds": f"{certificate.seconds:.2f}",
    }
    return " ".join([certificate.verdict.value, *(f"{key}={value}" for key, value in fields.items())])


def number_fields(certificate: Certificate) -> dict[str, str | None]:
    """Theorem, observed error, supremum and symbolic bound, rounded outward; None where there is none."""
    observed, supremum, symbolic = certificate.observed, certificate.supremum, certificate.symbolic
    with Balls(certificate.working_bits).working():
        return {
            "theorem": certificate.theorem,
            "observed": None if observed is None else show_lower(observed.worst.error, DIGITS),
            "supremum": None if supremum is None else show_upper(supremum.upper, DIGITS),
            "symbolic": None if symbolic is None else show_upper(symbolic.value, DIGITS),
        }


def regime_fields(regime: Regime) -> dict[str, str]:
    """The question as the key=value fields of a last line."""
    fields = {"horizon": regime.horizon, "n": str(regime.n), "domain": regime.domain}
    if regime.bits is not None:
        fields["bits"] = str(regime.bits)
    fields["bound"] = show_rational(regime.bound)
    fields["hidden"] = str(regime.hidden)
    fields["tolerance"] = ("<" if regime.strict else "") + show_rational(regime.tolerance)
    return fields


def print_certificate(certificate: Certificate, construction: Construction, show_weights: bool) -> None:
    """Print the whole report, without the last line."""
    regime = certificate.regime
    click.echo(wrapped("question", regime.asked()))
    click.echo(wrapped("answer", _answer(certificate, construction)))
    sizes = ", ".join(
        f"{letter(name)} = {show_rational(value)}" for name, value in certificate.parameters.items() if name not in ("n", "M")
    )
    if sizes or construction.derivation is None:
        click.echo(wrapped("sized", ": ".join(filter(None, (sizes, construction.sized)))))
    click.echo()
    _print_weights(construction, show_weights)
    click.echo()
    with Balls(certificate.working_bits).working():
        _print_gates(certificate)
        click.echo()
        _print_numbers(certificate)
    click.echo()
    if certificate.supremum is not None:
        supremum = certificate.supremum
        if supremum.upper.is_zero():
            click.echo(wrapped("worst case", "none: the error is 0 for every sequence" + _settled(supremum)))
        elif supremum.witness:
            exact = "worst case" if supremum.exact else "worst found"
            click.echo(wrapped(exact, f"x = {show_runs(supremum.witness)}, read at n' = {supremum.horizon}"))
    statement = construction.statement if construction.derivation is None else construction.derivation.statement
    click.echo(wrapped("bound", f"{construction.theorem}: {statement}"))
    if construction.leading_order not in ("", "0"):
        click.echo(wrapped("", f"leading order {construction.leading_order}"))
    click.echo(wrapped("checked", _checks(certificate)))
    if certificate.reason:
        click.echo(wrapped("because", certificate.reason))
    click.echo(
        wrapped(
            "semantics",
            f"real numbers; {certificate.working_digits} working digits; {certificate.seconds:.2f} s; "
            f"weights sha256 {certificate.weights.sha256}",
        )
    )
    click.echo()


def _settled(supremum: Supremum) -> str:
    if supremum.settled_after is None:
        return ""
    return f"; the state's form repeats from step {supremum.settled_after} on, so for every later n too (induction)"


def _answer(certificate: Certificate, construction: Construction) -> str:
    if certificate.verdict is Verdict.PROVED:
        return f"yes: {construction.title} (theorem {construction.theorem})"
    if certificate.verdict is Verdict.REFUTED:
        return f"these weights do not ({construction.title})"
    return f"undecided for these weights ({construction.title})"


def letter(name: str) -> str:
    """The Greek letter of a parameter."""
    return {"epsilon": "ε", "lambda": "λ", "kappa": "κ", "Gamma": "Γ", "rho": "ρ"}.get(name, name)


def wrapped(label: str, text: str) -> str:
    """A labelled paragraph with a hanging indent."""
    return textwrap.fill(
        text,
        report_width(),
        initial_indent=f"{label:<12}",
        subsequent_indent=" " * 12,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _print_weights(construction: Construction, everything: bool) -> None:
    weights = construction.weights
    rows = []
    for name, array in weights.blocks().items():
        for index, value in array:
            reason = construction.reasons[name, index]
            place = ", ".join(weights.unit_name(k) for k in index)
            rows.append((name, f"[{place}]" if index else "", (short(value), reason)))
    merged = _merged(rows)
    telling = ("W_", "U_", "V", f"b_{CELLS[weights.cell].gates[0]}")
    if everything:
        merged = [(name + place, 1, cells) for name, place, cells in rows]
    few = everything or len(merged) <= SHORT_LIST
    shown = merged if few else [row for row in merged if row[0].startswith(telling)][:LONG_LIST]
    first = max(len(name) for name, _, _ in shown)
    second = max(len(text) for _, _, (text, _) in shown)
    for name, _, (text, reason) in shown:
        lead = f"  {name:<{first}}  {text:>{second}}  "
        click.echo(
            textwrap.fill(reason, report_width(), initial_indent=lead, subsequent_indent=" " * len(lead), break_long_words=False)
        )
    hidden = len(rows) - sum(count for _, count, _ in shown)
    rest = f"{hidden} more nonzero weights (--show-weights); " if hidden else ""
    click.echo(f"  {rest}all other weights of the {weights.hidden} units are 0, s_0 = 0")


def _merged(rows: Sequence[tuple[str, str, Cells]]) -> list[tuple[str, int, Cells]]:
    """(label, how many, cells): rows (name, place, cells) in order, those alike in all but place as one if they are `ALIKE`."""
    alike = Counter((name, cells) for name, _, cells in rows)
    found: list[tuple[str, int, Cells]] = []
    seen: set[tuple[str, Cells]] = set()
    for name, place, cells in rows:
        count = alike[name, cells]
        if count < ALIKE:
            found.append((name + place, 1, cells))
        elif (name, cells) not in seen:
            seen.add((name, cells))
            found.append((f"{name}{place} and {count - 1} alike", count, cells))
    return found


def _print_gates(certificate: Certificate) -> None:
    """Gate activations of the named units on the worst-case sequence at its first steps."""
    weights = certificate.weights
    bound = certificate.regime.bound
    runs: Runs = ((bound, 1), (-bound, GATE_STEPS))
    if certificate.supremum is not None and length(certificate.supremum.witness) >= min(GATE_STEPS, certificate.regime.n):
        runs = certificate.supremum.witness
    inputs = list(itertools.islice(expand(runs), GATE_STEPS))
    steps = gate_activations(weights, inputs)
    units = [k for k in live_units(weights) if k < len(weights.units)]
    heads = [f"t = {t}" for t in range(1, len(steps) + 1)]
    rows = [
        (gate, f"[{weights.unit_name(unit)}]", tuple(show_near(step[gate, unit]) for step in steps))
        for unit in units
        for gate in CELLS[weights.cell].gates
        if (gate, unit) in steps[0]
    ]
    merged = _merged(rows)
    first = max(len(name) for name, _, _ in merged)
    widths = [max(len(heads[k]), *(len(cells[k]) for _, _, cells in merged)) for k in range(len(heads))]
    click.echo("  " + " " * first + "  " + "  ".join(f"{h:>{w}}" for h, w in zip(heads, widths, strict=True)))
    for name, _, cells in merged:
        click.echo(f"  {name:<{first}}  " + "  ".join(f"{c:>{w}}" for c, w in zip(cells, widths, strict=True)))


def _print_numbers(certificate: Certificate) -> None:
    """The chain observed <= supremum <= symbolic <= tolerance: side by side, or a line each where that is too wide."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    columns = numbers(certificate)
    widest = sum(max(map(len, column)) + 3 for column in columns)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, show_header=widest <= report_width())
    if widest <= report_width():
        for title, _, _ in columns:
            table.add_column(title, justify="right", no_wrap=True)
        table.add_row(*(value for _, value, _ in columns))
        table.add_row(*(note for _, _, note in columns))
    else:
        for _ in range(3):
            table.add_column(no_wrap=True)
        for column in columns:
            table.add_row(*column)
    print_table(table, max(report_width(), 3 * LONGEST_NUMBER))


def print_table(table: Table, width: int) -> None:
    """A table as plain text of at most this width, without trailing blanks."""
    from rich.console import Console

    console = Console(width=width, highlight=False, color_system=None)
    with console.capture() as drawn:
        console.print(table)
    for line in drawn.get().splitlines():
        click.echo(line.rstrip())


def print_columns(heads: Sequence[str], rows: Sequence[Sequence[str]], *, named: bool = False) -> None:
    """Indented columns of short texts, flush right; the first flush left if it is `named`."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        cells = [f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)]
        if named:
            cells[0] = f"{row[0]:<{widths[0]}}"
        click.echo("  " + "  ".join(cells).rstrip())


def report_width(widest: int = WIDTH) -> int:
    """The report's width: the terminal's, at most `widest`, and that in files."""
    return min(widest, shutil.get_terminal_size((widest, 24)).columns) if sys.stdout.isatty() else widest


def _pushed(pushed: Enumeration | None) -> str:
    """What pushing every level as a box said, or why it was not done."""
    if pushed is None or pushed.skipped:
        return f"levels not pushed as boxes: {'the inequalities fail' if pushed is None else pushed.skipped}"
    return f"{pushed.boxes} boxes of whole states pushed through a cycle, error <= {show_upper(pushed.upper, DIGITS)}"


def _checks(certificate: Certificate) -> str:
    parts = [f"{c.text}: {c.verdict.value}" for c in certificate.comparisons]
    if certificate.symbolic is not None:
        steps = list(certificate.symbolic.steps.values())
        proved = sum(v is Verdict.PROVED for v in steps)
        parts.append(f"{proved} of {len(steps)} proof steps")
        held = list(certificate.symbolic.hypotheses.values())
        if held:
            parts.append(f"{sum(v is Verdict.PROVED for v in held)} of {len(held)} hypotheses")
        parts.append(f"weights are the theorem's: {certificate.symbolic.covers.value}")
    if certificate.supremum is not None and certificate.supremum.refresh is not None:
        theorem, read = certificate.supremum.refresh.theorem, certificate.supremum.refresh.inequalities
        proved, comparisons = sum(i.verdict is Verdict.PROVED for i in read), sum(i.comparisons for i in read)
        parts.append(f"{proved} of {len(read)} inequalities of {theorem} read off the weights ({comparisons} comparisons)")
        parts.append(_pushed(certificate.supremum.pushed))
    seen = certificate.observed
    if seen is not None:
        parts.append(f"{len(seen.observations)} adversarial families over {seen.steps} steps{_unresolved(seen)}")
    return "; ".join(parts)


def _unresolved(seen: Observed) -> str:
    """How many runs are not decided to the end; empty if all are."""
    count = sum(observation.resolved < seen.steps for observation in seen.observations)
    if not count:
        return ""
    return f", {count} of them not decided to the end: after step {seen.resolved} balls are too wide"

"""`verify cost`: what accuracy costs, architecture by architecture: units and the largest weight as a law in n and δ."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import click
from flint import arb
from sympy import Expr, Pow, ceiling, log

from constructions import canonical
from constructions.cost import Row, rows_of, without_law
from verifier.arithmetic.balls import Balls, show_lower
from verifier.arithmetic.symbols import evaluate
from verifier.cli.architecture import Count
from verifier.cli.copy import machine_line
from verifier.cli.plot import check_plot, draw_figures, plot_option
from verifier.cli.progress import Stepping
from verifier.cli.report import print_table, report_width, wrapped
from verifier.errors import UsageError
from verifier.exact import show_rational
from verifier.law import DELTA, Fit, Law, N, Sample, Survey, check_sample, law_value, sample_of, survey, units_at
from verifier.regime import LARGEST_PRECISION, Regime
from verifier.verdict import Verdict, all_of
from verifier.weights import Weights

DIGITS = 3
"""Significant digits of laws and measured powers."""

VALUE_BITS = 128
"""Precision of the printed values of laws."""

SHORTEST_POWER = 10**6
"""Whole numbers from here on are printed as powers of ten."""


MEANING = (
    "up to a stated factor (10 where a scale is rounded to a power of ten) the largest |weight| is the law's; powers of n and "
    "1/δ: as measured on built weights, beside a factor such as ln or e^n; here: what was built at the request, "
    "or ~ the law's value (* or -: outside its conditions); +3: and the other conventions or cells (--json names them)"
)

CHECKED = (
    "each law is derived from its theorem's bound and checked on {} weight sets: both inequalities and the number of units at "
    "every point, in rationals or balls. It is not proved for all n and δ. That weights reach δ, say "
    "verify ARCHITECTURE and verify copy ARCHITECTURE"
)


FULL_WIDTH = 100
"""Terminal width from which on only `FOLDED` columns are wrapped."""


@dataclass(frozen=True)
class Line:
    """One construction with what checking its law found, and what was built at the request (None: only the law)."""

    row: Row
    architectures: tuple[str, ...]
    surveys: tuple[Survey, ...]
    law: arb
    units: int
    built: tuple[tuple[Sample, Verdict], ...]
    applies: bool

    @property
    def verdict(self) -> Verdict:
        """The law at all its points, and at the request where it applies and weights are built."""
        asked = [verdict for _, verdict in self.built] if self.applies else []
        return all_of([found.verdict for found in self.surveys] + asked)

    @property
    def points(self) -> int:
        """How many weight sets were built and compared."""
        return sum(len(found.samples) for found in self.surveys) + (len(self.built) if self.applies else 0)


@click.command("cost", help="The price of accuracy: units and largest weight of every construction, as laws in n and 1/tolerance.")
@click.argument("architecture", required=False)
@click.option("--n", "n", type=Count(1), default="1000", show_default=True, help="Horizon at which the laws are evaluated.")
@click.option("--precision", type=Count(1), default="20", show_default=True, help="Decimal digits D: tolerance δ = 10^-D.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON, every point included, nothing else.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the table in Markdown, nothing else.")
@plot_option("accuracy against the largest weight")
@click.option("--quiet", is_flag=True, help="Print the last line only.")
def cost(architecture: str | None, n: int, precision: int, as_json: bool, as_markdown: bool, plot: Path | None, quiet: bool) -> int:
    """Check every law at its points, print the table; exit with the joint verdict."""
    if as_json and as_markdown:
        raise UsageError("give one of --json and --markdown")
    if precision > LARGEST_PRECISION:
        raise UsageError(f"--precision {precision} is not allowed; it counts decimal digits, 1 to {LARGEST_PRECISION:,}")
    check_plot(plot)
    architecture = None if architecture is None else canonical(architecture)
    tolerance, rows = Fraction(1, 10**precision), rows_of(architecture)
    Regime("lstm", n, Fraction(1), tolerance)  # the request must be one that construct() takes
    started = time.perf_counter()
    with Stepping(show=not quiet, what="laws: {} weight sets built") as progress:
        lines = [examine(row, architecture, n, tolerance, progress) for row in rows]
    verdict = all_of(line.verdict for line in lines)
    if plot is not None:
        from proofs.sheet.charts import price_of_accuracy

        samples = {line.row.theorem: [sample for sample, _ in line.surveys[0].samples] for line in lines}
        draw_figures(plot, [price_of_accuracy(samples)])
    if as_json:
        click.echo(json.dumps({"request": {"n": n, "tolerance": show_rational(tolerance), "bound": "1"},
                               "rows": [to_data(line) for line in lines], "verdict": verdict.value}, indent=1))  # fmt: skip
        return verdict.exit_code
    if as_markdown:
        print_markdown(lines)
        return verdict.exit_code
    if not quiet:
        print_report(lines, n, tolerance, architecture)
    fields = {
        "architecture": architecture or "all",
        "constructions": str(len(lines)),
        "points": str(sum(line.points for line in lines)),
        "n": str(n),
        "tolerance": show_rational(tolerance),
        "bound": "1",
        "outside": str(sum(not line.applies for line in lines)),
        "semantics": "reals",
        "seconds": f"{time.perf_counter() - started:.2f}",
    }
    click.echo(machine_line(verdict, fields))
    return verdict.exit_code


def examine(row: Row, architecture: str | None, n: int, tolerance: Fraction, progress: Stepping) -> Line:
    """Check a row's law for the architecture asked for, or for all of the row's."""
    names = row.architectures if architecture is None else (architecture,)

    def build(name: str, length: int, accuracy: Fraction) -> Weights:
        progress.advance(1)
        return row.build(name, length, accuracy)

    surveys = tuple(survey(row.law, row.plan, lambda k, d, name=name: build(name, k, d)) for name in names)  # type: ignore[misc]
    samples = [sample_of(build(name, n, tolerance), n, tolerance) for name in names] if row.serves(n, tolerance) else []
    built = tuple((sample, check_sample(row.law, sample)) for sample in samples)
    applies = row.law.holds_at(n, tolerance)
    with Balls(VALUE_BITS).working():
        value = law_value(row.law, n, tolerance) if applies else arb(0)
    return Line(row, names, surveys, value, units_at(row.law, n, tolerance), built, applies)


# --- words --------------------------------------------------------------------------------------------------------------


def law_text(law: Law) -> str:
    """The first term in plain signs: √(2/(3δ))."""
    return term_text(law.terms[0].value)


def term_text(value: Expr) -> str:
    """A term in plain signs, a root of n or δ as the root of one fraction; beside a logarithm, or other roots, with its constant to
    `DIGITS` digits."""
    roots = [power.exp.q for power in value.atoms(Pow) if power.exp.is_Rational and power.free_symbols]
    if roots and max(roots) == 2 and not value.has(log):
        return f"√({in_signs((value**2).simplify())})"
    if max(roots, default=1) > 1:
        constant, power = value.as_independent(N, DELTA, as_Add=False)
        return f"{_shortened(constant)} {in_signs(power)}"
    return in_signs(value)


def _shortened(constant: Expr) -> str:
    """A number to `DIGITS` digits, rounded down."""
    with Balls(VALUE_BITS).working():
        return show_lower(evaluate(constant, {}), DIGITS)


def in_signs(expression: Expr) -> str:
    """A sympy expression as people write it."""
    if isinstance(expression, ceiling):
        return f"⌈{in_signs(expression.args[0])}⌉"
    text = str(expression)
    for plain, sign in IN_SIGNS:
        text = re.sub(plain, sign, text)
    return text


IN_SIGNS = (
    ("log", "ln"), ("delta", "δ"), ("pi", "π"), (r"exp\(n\)", "e^n"), ("exp", "e^"), ("E", "e"), (r"\*\*", "^"),
    (r"sqrt\((ln\([^()]*\))\)", r"√\1"),
    (r"\(-([^()+ ]+) \+ ([^()]+)\)", r"(\2 - \1)"), (r"(?<=\d)\*(?=\d)", "·"), (r"\*(?=[a-z]{2})", " "), (r"\*", ""),
)  # fmt: skip
"""Sympy's spelling -> plain signs, in this order."""


def units_text(line: Line) -> str:
    """The number of units, and its formula where it depends on the request."""
    units = line.row.law.units
    return str(line.units) if units.is_Integer else in_signs(units)


def value_text(line: Line) -> str:
    """What was built at the request, marked by "*" outside the law's conditions; the law's value, marked by "~", elsewhere."""
    if line.built:
        return _number(line.built[0][0].largest) + ("" if line.applies else "*")
    if not line.applies:
        return "-"
    with Balls(VALUE_BITS).working():
        return f"~{show_lower(line.law, DIGITS)}"


def _number(value: Fraction) -> str:
    if value < SHORTEST_POWER:
        return show_rational(value)
    with Balls(VALUE_BITS).working():
        return show_lower(Balls.exact(value), DIGITS)


def fit_text(fit: Fit | None) -> str:
    """The measured power."""
    if fit is None:
        return "-"
    with Balls(VALUE_BITS).working():
        return measured_text(fit)


def measured_text(fit: Fit) -> str:
    """A measured power to the nearest thousandth; "?" where its ball is wider than that."""
    thousandths = (fit.measured * 1000 + arb(1) / 2).mid().floor().unique_fmpz()
    if thousandths is None or not fit.measured.rad() * 1000 < 1:
        return "?"
    size = abs(int(thousandths))
    return f"{'-' if thousandths < 0 else ''}{size // 1000}.{size % 1000:03d}"


RIGHT = ("units", "here", "power of n", "of 1/δ")
COLUMNS = ("theorem", "cell", "task", "units", "largest weight", "here", "power of n", "of 1/δ", "verdict")
FOLDED = ("task", "largest weight")


def cells(line: Line) -> tuple[str, ...]:
    """One table row."""
    first = line.surveys[0]
    return (
        line.row.theorem.partition("-")[0],
        line.architectures[0] + (f" +{len(line.architectures) - 1}" if len(line.architectures) > 1 else ""),
        line.row.task,
        units_text(line),
        law_text(line.row.law),
        value_text(line),
        fit_text(first.horizon),
        fit_text(first.tolerance),
        line.verdict.value,
    )


def print_report(lines: list[Line], n: int, tolerance: Fraction, architecture: str | None) -> None:
    """The table and what it means; for one architecture also each law's derivation, factors and points."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    click.echo(
        wrapped("question", f"what does accuracy cost? n = {n}, tolerance δ = {show_rational(tolerance)}, inputs in [-1, 1]")
    )
    click.echo()
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0), collapse_padding=True)
    for title in COLUMNS:
        justify: Literal["left", "right"] = "right" if title in RIGHT else "left"
        table.add_column(title, justify=justify, overflow="fold", no_wrap=title not in FOLDED and report_width() >= FULL_WIDTH)
    for line in lines:
        table.add_row(*cells(line))
    print_table(table, report_width())
    click.echo()
    if architecture is not None:
        for line in lines:
            print_law(line)
    click.echo(wrapped("meaning", MEANING))
    points = sum(line.points for line in lines)
    more = "" if architecture else "; derivations and points: verify cost ARCHITECTURE"
    click.echo(wrapped("checked", CHECKED.format(points) + more))
    if architecture is None and without_law():
        click.echo(wrapped("no law yet", ", ".join(without_law())))
    click.echo()


def print_law(line: Line) -> None:
    """One law in full: terms with factors, derivation, points."""
    law, plan = line.row.law, line.row.plan
    click.echo(wrapped(line.row.theorem, f"{line.row.task}: {line.row.derived}"))
    click.echo(wrapped("law", _inequalities(law)))
    if law.requires:
        click.echo(wrapped("where", ", ".join(text for text, _ in law.requires)))
    found = line.surveys[0]
    if found.leading is not None:
        error = in_signs(law.leading.error) if law.leading is not None else ""
        click.echo(wrapped("leading", f"{found.leading.value}: the error {error} at scale s is δ where A is the weight, as s -> 0"))
    points = ", ".join(f"({show_rational(Fraction(k))}, {show_rational(d)})" for k, d in plan.points)
    rest = sum(len(survey.samples) for survey in line.surveys) - len(plan.points) * len(line.surveys)
    click.echo(wrapped("points", f"(n, δ) = {points}; {rest} more for the measured powers (--json lists them)"))
    click.echo()


def _inequalities(law: Law) -> str:
    """low_i·term_i <= largest <= the greatest high_i·term_i, with letters for the terms."""
    letters = "AB"[: len(law.terms)]
    named = [f"A = {law_text(law)}", *(f"{k} = {in_signs(t.value)}" for k, t in zip(letters[1:], law.terms[1:], strict=True))]
    lows = ", ".join(_factor(t.low) + k for k, t in zip(letters, law.terms, strict=True))
    highs = ", ".join(_factor(t.high) + k for k, t in zip(letters, law.terms, strict=True))
    greatest = highs if len(letters) == 1 else f"the greater of {highs}"
    return f"{lows} <= largest |weight| <= {greatest}, where {', '.join(named)}"


def _factor(factor: Expr) -> str:
    text = in_signs(factor)
    return "" if text == "1" else f"({text}) " if " " in text else f"{text} "


def print_markdown(lines: list[Line]) -> None:
    """The table in Markdown."""
    click.echo("| " + " | ".join(title.replace("|", "\\|") for title in COLUMNS) + " |")
    click.echo("|" + "---|" * len(COLUMNS))
    for line in lines:
        click.echo("| " + " | ".join(text.replace("|", "\\|") for text in cells(line)) + " |")


# --- data ---------------------------------------------------------------------------------------------------------------


def to_data(line: Line) -> dict[str, Any]:
    """One construction as plain data."""
    law = line.row.law
    in_n, in_delta = law.exponents
    with Balls(VALUE_BITS).working():
        value = show_lower(line.law, DIGITS) if line.applies else None
    return {
        "theorem": line.row.theorem,
        "architectures": list(line.architectures),
        "task": line.row.task,
        "units": str(law.units),
        "law": [{"value": str(t.value), "low": str(t.low), "high": str(t.high)} for t in law.terms],
        "requires": [text for text, _ in law.requires],
        "derived": line.row.derived,
        "power_of_n": str(in_n),
        "power_of_inverse_tolerance": str(in_delta),
        "at_request": {
            "units": line.units,
            "law": value,
            "built": [_sample_data(*entry) for entry in line.built],
        },
        "checks": [
            {
                "architecture": name,
                "leading": None if found.leading is None else found.leading.value,
                "measured_power_of_n": _fit_data(found.horizon),
                "measured_power_of_inverse_tolerance": _fit_data(found.tolerance),
                "points": [_sample_data(*entry) for entry in found.samples],
            }
            for name, found in zip(line.architectures, line.surveys, strict=True)
        ],
        "verdict": line.verdict.value,
    }


def _sample_data(sample: Sample, verdict: Verdict) -> dict[str, Any]:
    return {
        "n": sample.n,
        "tolerance": show_rational(sample.tolerance),
        "units": sample.units,
        "largest": _number(sample.largest),
        "verdict": verdict.value,
    }


def _fit_data(fit: Fit | None) -> dict[str, str] | None:
    if fit is None:
        return None
    with Balls(VALUE_BITS).working():
        return {"measured": measured_text(fit), "resolution": show_lower(fit.resolution, DIGITS), "verdict": fit.verdict.value}

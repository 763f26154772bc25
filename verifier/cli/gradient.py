"""`verify gradient NETWORK ...`: where the gradient of the output with respect to an old input goes."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import click
from flint import arb

from constructions import ARCHITECTURES, Construction, Impossibility, Unanswered, construct, unknown_architecture
from constructions.slopes import stated_gradient
from constructions.transitions import TRANSITIONS, transition
from verifier.arithmetic.balls import Balls
from verifier.cells import CELLS
from verifier.cli.architecture import Count, Exact
from verifier.cli.copy import machine_line
from verifier.cli.files import read_text
from verifier.cli.numbers import show_bound, show_horizon, show_rate, show_slope
from verifier.cli.plot import check_plot, draw_figures, plot_option
from verifier.cli.report import print_columns, wrapped
from verifier.cli.transition import print_transition, transition_data, transition_line
from verifier.errors import UsageError
from verifier.exact import show_rational
from verifier.gradient import DEFAULT_STEPS, Attained, GradientReport, decide_gradients
from verifier.linear_gradient import decide_transition
from verifier.program import record
from verifier.regime import DEFAULT_HIDDEN, HORIZONS
from verifier.sequences import runs_to_data, show_runs
from verifier.transition import Transition, transition_from_text
from verifier.verdict import Verdict, all_of
from verifier.weights import Weights

DEFAULT_PRECISION = 20
"""Decimal digits of recall that the weights of an architecture are sized for."""

GIVEN_BITS = 192
"""Working precision for given weights, whose claim has no tolerance to size it from."""

GUARD_BITS = 64
"""Bits beyond those that tell errors of the tolerance's size apart."""

MATRIX_CELLS = ("linear", "relu", "tanh", "sigmoid")
"""Cells with one transition matrix: h' = act(A h + B x)."""

LARGEST_STEPS = 100_000
"""Longest walk that may be asked for."""

SOURCES = (
    "product of Jacobians: Hochreiter 1991; Bengio, Simard & Frasconi 1994; norm bounds: Pascanu, Mikolov & Bengio 2013; "
    "enclosures: this project, theory section 4"
)


@dataclass(frozen=True)
class Network:
    """One column of the table: exact weights, where they come from, and the horizon and bound they are asked about."""

    name: str
    weights: Weights
    bits: int
    construction: Construction | None


@click.command(
    "gradient",
    help=(
        "Enclose the gradients of y_n with respect to x_1 and to later inputs, over all input sequences. NETWORKS are "
        "architectures (their constructed weights, side by side); `linear` alone is decided by its matrix, for every n."
    ),
)
@click.argument("networks", nargs=-1)
@click.option("--n", "n", type=Count(1), default="1000", show_default=True, help="Last horizon of the table; also 1e6, 10^18.")
@click.option("--precision", type=Count(1), help="Size constructed weights for this many digits of recall.  [20]")
@click.option("--tolerance", type=Exact(), help="Tolerance itself, instead of --precision.")
@click.option("--bound", type=Exact(), default="1", show_default=True, help="M: inputs lie in [-M, M].")
@click.option("--hidden", type=Count(1), default=str(DEFAULT_HIDDEN), show_default=True, help="Hidden units d.")
@click.option("--horizon", type=click.Choice(HORIZONS), help="What constructed weights serve.  [upto; linear: fixed]")
@click.option("--example", type=click.Choice(sorted(TRANSITIONS)), help="A named matrix A (with B, C) of --hidden units.")
@click.option("--matrix", type=click.Path(path_type=Path), help='JSON file with "A", perhaps "B" and "C"; numbers as text.')
@click.option("--weights", type=click.Path(path_type=Path), multiple=True, help="JSON file with weights, or a certificate.")
@click.option("--rate", type=Exact(), help="linear: the r of the bound κ r^n of the powers.  [near the spectral radius]")
@click.option("--steps", type=Count(1), default=str(DEFAULT_STEPS), show_default=True, help="Longest horizon that is walked.")
@click.option("--seed", type=Count(0), default="0", show_default=True, help="Seed of random matrices and sequences.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON, nothing else.")
@plot_option("the gradients, or the powers of the matrix, against n")
@click.option("--quiet", is_flag=True, help="Print the last line only.")
def gradient(
    networks: tuple[str, ...],
    n: int,
    precision: int | None,
    tolerance: Any,
    bound: Any,
    hidden: int,
    horizon: str | None,
    example: str | None,
    matrix: Path | None,
    weights: tuple[Path, ...],
    rate: Any,
    steps: int,
    seed: int,
    as_json: bool,
    plot: Path | None,
    quiet: bool,
) -> int:
    """Decide and print; exit with the verdict."""
    check_plot(plot)
    if not networks and not weights:
        raise UsageError("name a network: verify gradient lstm tanh, verify gradient linear --example shift, or --weights FILE")
    for name in networks:
        if name not in ARCHITECTURES:
            raise UsageError(unknown_architecture(name))
    if example is not None and matrix is not None:
        raise UsageError("give one of --example and --matrix")
    if bound <= 0:
        raise UsageError(f"--bound {show_rational(bound)} is not allowed; inputs lie in [-M, M], M > 0")
    if steps > LARGEST_STEPS:
        raise UsageError(f"--steps {steps} is not allowed; 1 to {LARGEST_STEPS:,} steps are walked over the box")
    given = None
    if example is not None:
        given = transition(example, hidden, seed)
    elif matrix is not None:
        given = transition_from_text(read_text(matrix), str(matrix))
    if networks == ("linear",) and not weights:
        if given is None:
            given = _constructed_transition(n, precision, tolerance, bound, hidden, horizon)
        return _linear(given, n, rate, as_json, plot, quiet)
    if rate is not None:
        raise UsageError("--rate belongs to `verify gradient linear`: it is the r of a bound of the powers of one matrix")
    asked = _Asked(n, precision, tolerance, bound, hidden, horizon)
    found: list[Network | Unanswered] = [_network(name, given, asked) for name in networks]
    found += [_from_file(path) for path in weights]
    return _decide(found, bound, n, steps, seed, as_json, plot, quiet)


@dataclass(frozen=True)
class _Asked:
    n: int
    precision: int | None
    tolerance: Any
    bound: Any
    hidden: int
    horizon: str | None

    def construct(self, name: str) -> Construction | Unanswered:
        """The construction for this question; linear networks serve a fixed horizon unless asked otherwise."""
        precision = self.precision
        if precision is None and self.tolerance is None:
            precision = DEFAULT_PRECISION
        horizon = self.horizon or ("fixed" if name == "linear" else "upto")
        answer = construct(name, self.n, precision, tolerance=self.tolerance, bound=self.bound, hidden=self.hidden, horizon=horizon)
        if isinstance(answer, Impossibility):
            return Unanswered(answer.regime, f"theorem {answer.theorem} forbids the recall, so there is no network to look at")
        return answer


def table_horizons(n: int) -> list[int]:
    """1, 2, 5, 10, 20, 50, ... up to n, then every power of 1000 and the last decade, and n itself.

    >>> table_horizons(1000)
    [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
    """
    chosen = [1, 2, 5]
    power = 10
    while power <= 1000:
        chosen += [power, 2 * power, 5 * power]
        power *= 10
    power = 10**6
    rungs = 0
    while power <= n and rungs < LONGEST_LADDER:
        chosen.append(power)
        power, rungs = power * 1000, rungs + 1
    return [*(k for k in chosen if k < n), n]


LONGEST_LADDER = 8
"""Powers of 1000 that are listed on the way to a long horizon."""


def _network(name: str, given: Transition | None, asked: _Asked) -> Network | Unanswered:
    if given is not None:
        if name not in MATRIX_CELLS:
            raise UsageError(
                f"--example and --matrix give the A of h' = act(A h + B x): {', '.join(MATRIX_CELLS)}; a {name} has more than one"
            )
        return Network(name, given.weights(name), GIVEN_BITS, None)
    answer = asked.construct(name)
    if isinstance(answer, Unanswered):
        return answer
    return Network(name, answer.weights, answer.regime.working_bits + GUARD_BITS, answer)


def _from_file(path: Path) -> Network:
    text = read_text(path)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        detail = str(error) if isinstance(error, json.JSONDecodeError) else "it is not usable JSON"
        raise UsageError(f"{path} is not a weights file: {detail}") from None
    if isinstance(data, dict) and "weights" in data:
        data = data["weights"]
    return Network(path.stem, Weights.from_data(data), GIVEN_BITS, None)


def _constructed_transition(
    n: int, precision: int | None, tolerance: Any, bound: Any, hidden: int, horizon: str | None
) -> Transition:
    answer = _Asked(n, precision, tolerance, bound, hidden, horizon).construct("linear")
    if isinstance(answer, Unanswered):
        raise UsageError(f"no linear network to look at ({answer.reason}); give --example NAME or --matrix FILE")
    made = answer.weights
    rows = tuple(tuple(made["W_h"][i, k] for k in range(hidden)) for i in range(hidden))
    column = tuple(made["U_h"][i,] for i in range(hidden))
    row = tuple(made["V"][i,] for i in range(hidden))
    return Transition(f"{answer.title} (theorem {answer.theorem})", rows, column, row)


def _linear(given: Transition, n: int, rate: Fraction | None, as_json: bool, plot: Path | None, quiet: bool) -> int:
    report = decide_transition(given, sorted({*table_horizons(n), *(k for k in (given.size, given.size + 1) if k < n)}), rate)
    if plot is not None:
        from proofs.sheet.charts import powers

        draw_figures(plot, [powers(report)])
    with Balls(report.working_bits).working():
        if as_json:
            click.echo(json.dumps(transition_data(report), indent=1, ensure_ascii=False))
            return report.verdict.exit_code
        if not quiet:
            print_transition(report)
        click.echo(transition_line(report))
    return report.verdict.exit_code


def _decide(
    found: Sequence[Network | Unanswered],
    bound: Fraction,
    n: int,
    steps: int,
    seed: int,
    as_json: bool,
    plot: Path | None,
    quiet: bool,
) -> int:
    horizons = table_horizons(n)
    reports: list[tuple[Network, GradientReport]] = []
    for item in found:
        if isinstance(item, Network):
            stated = None if item.construction is None else stated_gradient(item.construction)
            program = record(item.weights)
            reports.append((item, decide_gradients(program, bound, horizons, item.bits, steps=steps, stated=stated, seed=seed)))
    if plot is not None:
        from proofs.sheet.charts import gradient_deficits, largest_gradients

        named = [(network.name, report) for network, report in reports]
        draw_figures(plot, [gradient_deficits(named), largest_gradients(named)])
    missing = [item for item in found if isinstance(item, Unanswered)]
    verdict = all_of([*(report.verdict for _, report in reports), *(Verdict.UNDECIDED for _ in missing)])
    if as_json:
        data = {
            "question": {"n": str(n), "bound": show_rational(bound), "horizons": [str(k) for k in horizons]},
            "verdict": verdict.value,
            "networks": [network_data(network, report) for network, report in reports],
            "unanswered": [{"architecture": item.regime.architecture, "reason": item.reason} for item in missing],
        }
        click.echo(json.dumps(data, indent=1, ensure_ascii=False))
        return verdict.exit_code
    if not quiet:
        _print(reports, missing, bound, n)
    click.echo(_last_line(reports, missing, verdict, bound, n))
    return verdict.exit_code


def _print(reports: Sequence[tuple[Network, GradientReport]], missing: Sequence[Unanswered], bound: Fraction, n: int) -> None:
    names = ", ".join(network.name for network, _ in reports)
    m = show_rational(bound)
    click.echo(wrapped("question", f"{names}: how does y_n move with x_1, over every input sequence in [-{m}, {m}]^n?"))
    for network, _ in reports:
        made = network.construction
        what = f"{CELLS[network.weights.cell].title}, {network.weights.hidden} units"
        if made is not None:
            tolerance = f"recall within {show_rational(made.regime.tolerance)}" if made.regime.tolerance else "exact recall"
            what = f"{made.title} (theorem {made.theorem}), sized for {tolerance}"
        click.echo(wrapped(network.name, f"{what}; largest weight {show_bound(arb(math.ceil(network.weights.largest)), True, 3)}"))
    for item in missing:
        click.echo(wrapped(item.regime.architecture, f"no weights to look at: {item.reason}"))
    shown = [(network, report) for network, report in reports if report.rows]
    if shown:
        click.echo()
        _print_table(shown)
    click.echo()
    for network, report in reports:
        with Balls(report.working_bits).working():
            _print_conclusions(network, report)
    click.echo(wrapped("sources", SOURCES))
    click.echo()


def _print_table(shown: Sequence[tuple[Network, GradientReport]]) -> None:
    heads = ["n"]
    columns: list[list[str]] = [[show_horizon(row.n) for row in shown[0][1].rows]]
    for network, report in shown:
        heads += [f"{network.name} from", "to", "t >= 2 up to"]
        with Balls(report.working_bits).working():
            columns.append([show_slope(row.first.lower, up=False) for row in report.rows])
            columns.append([show_slope(row.first.upper, up=True) for row in report.rows])
            columns.append([show_bound(row.later, up=True, digits=3) if row.n > 1 else "-" for row in report.rows])
    click.echo("  ∂y_n/∂x_1 over every sequence: from, to; then max over t >= 2 of |∂y_n/∂x_t|")
    print_columns(heads, list(zip(*columns, strict=True)))


def _print_conclusions(network: Network, report: GradientReport) -> None:
    name = network.name
    if report.rows:
        row = report.rows[-1]
        at = f"{name}, n = {show_horizon(row.n)}"
        if row.lowest is not None and row.highest is not None:
            low, high = _value(row.lowest, up=True), _value(row.highest, up=False)
            click.echo(
                wrapped(
                    "attained", f"{at}: {low} at x = {show_runs(row.lowest.inputs)}; {high} at x = {show_runs(row.highest.inputs)}"
                )
            )
        else:
            click.echo(wrapped("attained", f"{at}: no sequence was run; the enclosure is an upper bound of the modulus alone"))
        if row.later_seen is not None:
            seen = show_bound(_modulus_below(row.later_seen), up=False, digits=3)
            where = f"t = {show_horizon(row.later_seen.t)}, x = {show_runs(row.later_seen.inputs)}"
            click.echo(wrapped("", f"max over t >= 2: {seen} at {where}"))
        click.echo(
            wrapped("carried", f"{name}: ∂y_n/∂x_1 >= 1/2 at n = {show_horizon(row.n)} for every sequence: {report.carried.value}")
        )
    if report.stated is not None and report.rows:
        deficit = show_bound(report.stated.deficit_at(report.rows[-1].n), up=True)
        inside = all_of(report.inside).value
        click.echo(
            wrapped(
                "stated",
                f"{report.stated.theorem}: {report.stated.statement}; at n = {show_horizon(report.rows[-1].n)} that is {deficit}. "
                f"The enclosures of all rows lie inside: {inside}",
            )
        )
    if report.contraction is not None:
        rate = show_rate(report.contraction.powers.rate)
        radius = show_slope(report.contraction.spectrum.radius, up=True)
        factor = show_bound(report.contraction.at(0), up=True, digits=3)
        click.echo(
            wrapped(
                "vanishing",
                f"{name}: |∂y_n/∂x_t| <= {factor} · r^(n-1-t), r = {rate}, for every n > t >= 1 and every sequence: PROVED "
                f"(the moduli of the step's Jacobian have spectral radius at most {radius})",
            )
        )
    else:
        click.echo(wrapped("vanishing", f"{name}: not shown for every sequence"))
    if report.reason:
        click.echo(wrapped("because", f"{name}: {report.reason}"))


def _value(found: Attained, up: bool) -> str:
    return show_slope(found.value.upper if up else found.value.lower, up)


def _modulus_below(found: Attained) -> arb:
    return abs(found.value.lower).min(abs(found.value.upper))


def _last_line(
    reports: Sequence[tuple[Network, GradientReport]], missing: Sequence[Unanswered], verdict: Verdict, bound: Fraction, n: int
) -> str:
    fields = {
        "networks": ",".join([*(network.name for network, _ in reports), *(item.regime.architecture for item in missing)]),
        "n": str(n),
        "bound": show_rational(bound),
    }
    columns: dict[str, list[str]] = {key: [] for key in ("lower", "upper", "later", "carried", "vanishing", "inside_stated")}
    for _, report in reports:
        with Balls(report.working_bits).working():
            row = report.rows[-1] if report.rows else None
            columns["lower"].append("none" if row is None else show_slope(row.first.lower, up=False).replace(" ", ""))
            columns["upper"].append("none" if row is None else show_slope(row.first.upper, up=True).replace(" ", ""))
            columns["later"].append("none" if row is None else show_bound(row.later, up=True, digits=3))
        columns["carried"].append(report.carried.value)
        columns["vanishing"].append("UNDECIDED" if report.contraction is None else "PROVED")
        columns["inside_stated"].append(all_of(report.inside).value if report.stated is not None else "none")
    fields |= {key: ",".join(values) or "none" for key, values in columns.items()}
    return machine_line(verdict, fields)


def network_data(network: Network, report: GradientReport) -> dict[str, Any]:
    """One network's weights, rows and conclusions as plain data; bounds are decimals rounded outward."""
    with Balls(report.working_bits).working():
        rows = [
            {
                "n": str(row.n),
                "first": {
                    "lower": show_bound(row.first.lower, up=False, digits=40),
                    "upper": show_bound(row.first.upper, up=True, digits=40),
                },
                "lowest": _attained_data(row.lowest),
                "highest": _attained_data(row.highest),
                "later": show_bound(row.later, up=True, digits=12),
                "later_attained": _attained_data(row.later_seen),
                "method": row.method,
            }
            for row in report.rows
        ]
        stated, contraction = report.stated, report.contraction
        return {
            "name": network.name,
            "theorem": None if network.construction is None else network.construction.theorem,
            "verdict": report.verdict.value,
            "reason": report.reason,
            "rows": rows,
            "carried": report.carried.value,
            "stated": None
            if stated is None
            else {
                "theorem": stated.theorem,
                "statement": stated.statement,
                "deficits": [show_bound(stated.deficit_at(row.n), up=True, digits=12) for row in report.rows],
                "later": [show_bound(stated.later_at(row.n), up=True, digits=12) for row in report.rows],
                "inside": [found.value for found in report.inside],
            },
            "vanishing": None
            if contraction is None
            else {
                "bound": "|dy_n/dx_t| <= factor rate^(n-1-t) for every n > t >= 1",
                "factor": show_bound(contraction.at(0), up=True, digits=12),
                "rate": show_rational(contraction.powers.rate),
                "spectral_radius": show_bound(contraction.spectrum.radius, up=True, digits=40),
            },
            "working_bits": report.working_bits,
            "weights": network.weights.to_data(),
            "weights_sha256": network.weights.sha256,
        }


def _attained_data(found: Attained | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "lower": show_bound(found.value.lower, up=False, digits=40),
        "upper": show_bound(found.value.upper, up=True, digits=40),
        "t": str(found.t),
        "inputs": runs_to_data(found.inputs),
    }

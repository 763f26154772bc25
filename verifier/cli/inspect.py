"""`verify inspect FILE`: what do these weights do?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from pathlib import Path
from typing import Any

import click
from flint import arb

from verifier.arithmetic.balls import Balls, show_near
from verifier.arithmetic.enclosures import Interval
from verifier.cells import CELLS
from verifier.cli.architecture import Count, Exact
from verifier.cli.copy import machine_line
from verifier.cli.files import read_bytes
from verifier.cli.numbers import show_bound, show_slope
from verifier.cli.plot import check_plot, draw_figures, plot_option
from verifier.cli.report import print_columns, wrapped
from verifier.cli.weights import ROLE_OPTION, describe_file, named_roles
from verifier.errors import StepLimit, UsageError
from verifier.exact import parse_rational, show_rational
from verifier.formats import READABLE, check_available, decode, suffix_of, weights_of
from verifier.gates import Ranges
from verifier.gradient import walk_work
from verifier.inspection import Carrier, Inspection, Memory, inspect
from verifier.observed import observe
from verifier.program import Program, record
from verifier.sequences import Runs, compress, expand, length, runs_to_data, show_runs
from verifier.settled import NATURAL_RANGES

SEARCH_BITS = 128
"""Precision at which the run is looked for, unless one is given."""

TELLING = 5
"""Units and steps that are printed without --all."""

OPEN, SHUT = Fraction(9, 10), Fraction(1, 10)
"""A gate above the first counts as open, below the second as shut."""

LONGEST_RUN = 100_000
"""Inputs that are read from --inputs."""


@click.command(
    "inspect", help=f"Show what weights from a FILE ({', '.join(READABLE)}) do: gates, memory, and the units that carry x_1."
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--arch", help="The cell, as in `verify list`; PyTorch's nn.GRU is gru-after-keep.  [what the file tells]")
@click.option("--n", "n", type=Count(1), help="Length of the run.  [that of --inputs]")
@click.option("--bound", type=Exact(), default="1", show_default=True, help="M: inputs lie in [-M, M].")
@click.option("--inputs", help="The run to look at: 1,-1/2,0.25*8 with *8 for eight times.  [the worst one that is found]")
@ROLE_OPTION
@click.option("--seed", type=Count(0), default="0", show_default=True, help="Seed of the random sequences.")
@click.option("--all", "everything", is_flag=True, help="Print every unit that carries x_1 and every step.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@plot_option("gates, shares and memory")
@click.option("--quiet", is_flag=True, help="Print the last line only.")
def inspect_command(
    file: Path,
    arch: str | None,
    n: int | None,
    bound: Any,
    inputs: str | None,
    chosen: tuple[str, ...],
    seed: int,
    everything: bool,
    as_json: bool,
    plot: Path | None,
    quiet: bool,
) -> int:
    """Read, look, print; exit with 0 where everything was enclosed."""
    check_plot(plot)
    if bound <= 0:
        raise UsageError(f"--bound is M > 0, not {show_rational(bound)}")
    suffix = suffix_of(file, READABLE)
    check_available(suffix)
    content = decode(suffix, read_bytes(file))
    weights, roles = weights_of(content, arch, named_roles(chosen))
    program = record(weights)
    if inputs is not None:
        runs = _given_run(inputs, n, bound)
        _check_length(program, length(runs))
    else:
        runs = _worst_run(program, n, bound, seed)
    found = inspect(weights, bound, list(expand(runs)), seed)
    if plot is not None:
        from proofs.sheet.figures import inspection

        draw_figures(plot, inspection(found, [carrier.unit for carrier in found.carriers[:TELLING]]))
    with Balls(found.working_bits).working():
        if as_json:
            click.echo(json.dumps(inspection_data(found), indent=1, ensure_ascii=False))
            return found.verdict.exit_code
        if not quiet:
            for line in describe_file(file, content, weights, roles):
                click.echo(line)
            _print(found, everything, searched=inputs is None)
        click.echo(_last_line(file, found))
    return found.verdict.exit_code


def _given_run(text: str, n: int | None, bound: Fraction) -> Runs:
    """The run of --inputs; raises `UsageError` where it is empty, too long, not of length n or leaves the box."""
    runs: list[tuple[Fraction, int]] = []
    for part in text.split(","):
        value, star, count = part.strip().partition("*")
        number = parse_rational(value)
        if star and not (count.isascii() and count.isdigit() and 0 < int(count[:9]) <= LONGEST_RUN):
            raise UsageError(f"--inputs: {part.strip()[:40]!r} is not VALUE*COUNT with a count of 1 to {LONGEST_RUN:,}")
        if abs(number) > bound:
            raise UsageError(f"--inputs: {value.strip()[:40]} is outside [-M, M] with M = {show_rational(bound)}; see --bound")
        runs.append((number, int(count) if star else 1))
    total = sum(count for _, count in runs)
    if total > LONGEST_RUN:
        raise UsageError(f"--inputs: {total:,} inputs; at most {LONGEST_RUN:,} are read")
    if n is not None and n != total:
        raise UsageError(f"--inputs has {total} inputs, --n says {n}; leave --n out or make them agree")
    return compress(list(expand(tuple(runs))))


def _worst_run(program: Program, n: int | None, bound: Fraction, seed: int) -> Runs:
    """The sequence of n inputs at which adversarial runs find the largest error."""
    if n is None:
        raise UsageError("say how long the run is: --n N, or the run itself: --inputs 1,-1,0.5")
    _check_length(program, n)
    with Balls(SEARCH_BITS).working():
        return observe(program, bound, n, only_last=True, seed=seed).worst.runs


def _check_length(program: Program, n: int) -> None:
    try:
        walk_work(program, n)
    except StepLimit as limit:
        raise UsageError(f"{limit}; look at a shorter run") from None


def _print(found: Inspection, everything: bool, searched: bool) -> None:
    n = len(found.inputs)
    why = "the largest error that adversarial sequences found" if searched else "as given"
    click.echo(wrapped("run", f"n = {n}, x = {show_runs(compress(found.inputs))} ({why}); y_n - x_1 = {show_near(found.error)}"))
    click.echo(wrapped("x_1", _attention(found)))
    click.echo()
    _print_gates(found)
    if found.carriers:
        _print_carriers(found, everything)
    _print_memory(found, everything)
    click.echo(
        wrapped(
            "semantics",
            "real numbers: each float of the file is the rational it is; runs are enclosed in balls, and what is said of every "
            f"sequence holds on the whole box [-{show_rational(found.bound)}, {show_rational(found.bound)}]^{n}",
        )
    )
    click.echo()


def _attention(found: Inspection) -> str:
    share = found.attention
    slope = found.memory[0].along_run
    told = f"∂y_n/∂x_1 is {_value(slope)} along this run"
    if not share.is_finite():
        return told
    return f"{told}, which is {show_near(share)} of Σ_t |∂y_n/∂x_t|: 1 would mean that y_n listens to x_1 alone"


def _print_gates(found: Inspection) -> None:
    """How many units have each σ-gate open, between and shut at the first steps and the last."""
    cell = CELLS[found.weights.cell]
    gates = [gate for gate in cell.gates if cell.activation[gate] == "sigmoid" and any(key[0] == gate for key in found.gates[0])]
    if not gates:
        return
    steps = _telling_steps(len(found.inputs), False)
    click.echo(f"  units with the gate open (> {show_rational(OPEN)}) / between / shut (< {show_rational(SHUT)}) along the run")
    _table(["gate", *(f"t = {t}" for t in steps)], [[gate, *(_opened(found.gates[t - 1], gate) for t in steps)] for gate in gates])


def _opened(step: Ranges, gate: str) -> str:
    values = [value for (name, _), value in step.items() if name == gate]
    open_, shut = arb(OPEN.numerator) / OPEN.denominator, arb(SHUT.numerator) / SHUT.denominator
    above, below = sum(value.lower > open_ for value in values), sum(value.upper < shut for value in values)
    return f"{above} / {len(values) - above - below} / {below}"


def _print_carriers(found: Inspection, everything: bool) -> None:
    """The units through which x_1 travels: their share of ∂y_n/∂x_1 after steps, and their gates."""
    n = len(found.inputs)
    steps = [t for t in _telling_steps(n, everything) if t < n]
    shown = _shown(found.carriers, everything)
    click.echo(f"  share of ∂y_n/∂x_1 under way through a unit after step t ({len(shown)} of {len(found.carriers)} units)")
    names = [found.weights.unit_name(carrier.unit) for carrier in shown]
    rows = [[name, *(show_near(carrier.shares[t - 1]) for t in steps)] for name, carrier in zip(names, shown, strict=True)]
    rest = found.carriers[len(shown) :]
    if rest:
        totals = [sum((carrier.shares[t - 1] for carrier in rest), arb(0)) for t in steps]
        rows.append(["others", *(show_near(total) for total in totals)])
    _table(["unit", *(f"t = {t}" for t in steps)], rows)
    times = _telling_steps(n, False)
    click.echo("  gates of these units along the run, and from where to where over every sequence")
    rows = []
    for name, carrier in zip(names, shown, strict=True):
        for gate in CELLS[found.weights.cell].gates:
            key = gate, carrier.unit
            if key in found.gates[0]:
                along = [_value(found.gates[t - 1][key]) for t in times]
                every = [_clipped(step[key], CELLS[found.weights.cell].activation[gate]) for step in found.ranges]
                later = "-" if n == 1 else _interval(reduce(Interval.hull, every[1:]))
                rows.append([f"{gate}[{name}]", *along, _interval(every[0]), later])
    _table(["gate", *(f"t = {t}" for t in times), "every: t = 1", "t >= 2"], rows)


def _clipped(value: Interval, activation: str) -> Interval:
    """The interval without what rounding put beyond the range of the activation."""
    if activation not in NATURAL_RANGES:
        return value
    low, high = NATURAL_RANGES[activation]
    return Interval(value.lower.max(low), value.upper.min(high))


def _shown(carriers: Sequence[Carrier], everything: bool) -> list[Carrier]:
    return [carrier for carrier in carriers if not carrier.weight.is_zero()][: None if everything else TELLING]


def _print_memory(found: Inspection, everything: bool) -> None:
    click.echo("  ∂y_n/∂x_t: along the run; from where to where sequences attain it; enclosed over every sequence")
    steps = _telling_steps(len(found.inputs), everything)
    rows = []
    for t in steps:
        moment = found.memory[t - 1]
        rows.append([str(t), _value(moment.along_run), _attained(moment), _interval(moment.over_box)])
    _table(["t", "along the run", "attained", "every sequence"], rows)


def _telling_steps(n: int, everything: bool) -> list[int]:
    """1, 2, 3, the middle and the last two; or all."""
    return list(range(1, n + 1)) if everything else sorted({t for t in (1, 2, 3, (n + 1) // 2, n - 1, n) if 1 <= t <= n})


def _attained(moment: Memory) -> str:
    """From the least value seen, rounded up, to the largest, rounded down: every number between is attained."""
    if moment.least > moment.largest:
        return "-"
    low, high = show_slope(moment.least, up=True), show_slope(moment.largest, up=False)
    if moment.least.overlaps(moment.largest):
        return show_near(moment.least)
    return f"about {low}" if show_slope(moment.largest, up=True) == low else f"[{low}, {high}]"


def _interval(value: Interval) -> str:
    """Both ends, rounded outward."""
    low, high = show_slope(value.lower, up=False), show_slope(value.upper, up=True)
    return low if low == high else f"[{low}, {high}]"


def _value(value: Interval) -> str:
    return show_near(value.lower) if value.is_point else _interval(value)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print_columns(heads, rows, named=True)
    click.echo()


def _last_line(file: Path, found: Inspection) -> str:
    first = found.memory[0]
    carriers = _shown(found.carriers, False)
    return machine_line(
        found.verdict,
        {
            "architecture": found.weights.cell,
            "n": str(len(found.inputs)),
            "bound": show_rational(found.bound),
            "error": _compact(Interval(found.error)),
            "slope": _compact(first.along_run),
            "slope_every": _compact(first.over_box),
            "attention": _compact(Interval(found.attention)) if found.attention.is_finite() else "none",
            "carriers": ",".join(found.weights.unit_name(carrier.unit) for carrier in carriers) or "none",
            "semantics": "reals",
            "weights": found.weights.sha256[:16],
            "file": str(file),
        },
    )


def _compact(value: Interval) -> str:
    return f"{show_bound(value.lower, up=False, digits=6)},{show_bound(value.upper, up=True, digits=6)}"


def inspection_data(found: Inspection) -> dict[str, Any]:
    """Everything that was found as plain data; bounds are decimals rounded outward (`attained`: inward)."""

    def ends(value: Interval) -> dict[str, str]:
        return {"lower": show_bound(value.lower, up=False, digits=12), "upper": show_bound(value.upper, up=True, digits=12)}

    def gates(steps: Sequence[Ranges]) -> list[dict[str, dict[str, str]]]:
        return [{f"{gate}[{found.weights.unit_name(unit)}]": ends(value) for (gate, unit), value in step.items()} for step in steps]

    return {
        "verdict": found.verdict.value,
        "architecture": found.weights.cell,
        "bound": show_rational(found.bound),
        "inputs": runs_to_data(compress(found.inputs)),
        "error": ends(Interval(found.error)),
        "attention": ends(Interval(found.attention)) if found.attention.is_finite() else None,
        "memory": [
            {
                "t": moment.t,
                "along_run": ends(moment.along_run),
                "attained": [
                    show_bound(moment.least, up=True, digits=12),
                    show_bound(moment.largest, up=False, digits=12),
                ],
                "every_sequence": ends(moment.over_box),
            }
            for moment in found.memory
        ],
        "carriers": [
            {"unit": found.weights.unit_name(carrier.unit), "shares": [ends(Interval(share)) for share in carrier.shares]}
            for carrier in found.carriers
        ],
        "gates": gates(found.gates),
        "gates_every_sequence": gates(found.ranges),
        "semantics": "reals",
        "working_bits": found.working_bits,
        "weights_sha256": found.weights.sha256,
    }

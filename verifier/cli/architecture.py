"""`verify ARCHITECTURE`: construct, certify, print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from constructions import Construction, construct
from proofs.ask import Open, ask
from proofs.certificate_in_rocq import certificate_in_rocq
from proofs.impossible import Impossible
from verifier.certificate import to_data
from verifier.certify import DEFAULT_STEPS
from verifier.cli.files import check_writable, write_text
from verifier.cli.impossible import impossible_data, impossible_text, open_data, open_text
from verifier.cli.plot import check_plot, draw_answer, draw_without_weights, plot_option
from verifier.cli.progress import Stepping
from verifier.cli.report import last_line, print_certificate
from verifier.exact import parse_count, parse_rational
from verifier.regime import DEFAULT_HIDDEN, DOMAINS, HORIZONS


class Count(click.ParamType[int]):
    """A whole number such as 1000, 1e6 or 10^18."""

    name = "count"

    def __init__(self, least: int) -> None:
        self.least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        return value if isinstance(value, int) else parse_count(value, _option(param), self.least)


class Exact(click.ParamType[Any]):
    """An exact rational such as 3, 0.1, 1/3 or 1e-20."""

    name = "rational"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return parse_rational(value, _option(param)) if isinstance(value, str) else value


def _option(param: click.Parameter | None) -> str:
    return "value" if param is None else param.opts[0]


def architecture_command(name: str) -> click.Command:
    """The subcommand of one architecture."""

    @click.command(name, help=f"Construct and certify a {name} network that recalls its first input.")
    @click.option("--n", "n", type=Count(1), default="1000", show_default=True, help="Horizon; also 1e6, 10^18.")
    @click.option("--precision", type=Count(1), help="Certify to this many decimal digits: tolerance 10^-D M.  [20]")
    @click.option("--tolerance", type=Exact(), help="Tolerance itself, instead of --precision.")
    @click.option("--exact", "exact_recall", is_flag=True, help="Ask for error 0 instead of an accuracy.")
    @click.option("--bound", type=Exact(), default="1", show_default=True, help="M: inputs lie in [-M, M].")
    @click.option("--hidden", type=Count(1), default=str(DEFAULT_HIDDEN), show_default=True, help="Hidden units d.")
    @click.option(
        "--horizon",
        type=click.Choice(HORIZONS),
        default="upto",
        show_default=True,
        help="Every n' <= n, n alone, or for ever.",
    )
    @click.option(
        "--domain",
        type=click.Choice(DOMAINS),
        default="box",
        show_default=True,
        help="All reals of [-M, M], or 2^b points of it.",
    )
    @click.option("--bits", type=Count(1), help="b of the grid.")
    @click.option(
        "--steps",
        type=Count(1),
        default=str(DEFAULT_STEPS),
        show_default=True,
        help="Longest adversarial run, stepped one input at a time.",
    )
    @click.option("--jobs", type=Count(1), default="1", show_default=True, help="Processes for long adversarial runs.")
    @click.option("--seed", type=Count(0), default="0", show_default=True, help="Seed of the random sequences.")
    @click.option(
        "--cells",
        type=Count(1),
        default="1",
        show_default=True,
        hidden=name != "lstm",
        help="Memory cells; more of them need smaller weights (C6b).",
    )
    @click.option("--show-weights", is_flag=True, help="List every nonzero weight with its reason.")
    @click.option("--json", "as_json", is_flag=True, help="Print the certificate as JSON, nothing else.")
    @click.option("--certificate", type=click.Path(path_type=Path), help="Also write the certificate to this file.")
    @plot_option("activations and errors")
    @click.option(
        "--rocq", type=click.Path(path_type=Path), help="Also write a Rocq file that proves it (verify proofs --certificate)."
    )
    @click.option("--quiet", is_flag=True, help="Print the last line only.")
    def command(
        n: int,
        precision: int | None,
        tolerance: Any,
        exact_recall: bool,
        bound: Any,
        hidden: int,
        horizon: str,
        domain: str,
        bits: int | None,
        steps: int,
        jobs: int,
        seed: int,
        cells: int,
        show_weights: bool,
        as_json: bool,
        certificate: Path | None,
        plot: Path | None,
        rocq: Path | None,
        quiet: bool,
    ) -> int:
        if precision is None and tolerance is None and domain != "grid" and not exact_recall:
            precision = 20
        for path in filter(None, (certificate, rocq)):
            check_writable(path)
        check_plot(plot)
        answer = construct(
            name,
            n,
            precision,
            tolerance=tolerance,
            bound=bound,
            hidden=hidden,
            horizon=horizon,
            domain=domain,
            bits=bits,
            exact_recall=exact_recall,
            cells=cells,
        )
        if not isinstance(answer, Construction):
            if rocq is not None:
                click.echo(f"verify: no Rocq file written to {rocq}: there are no weights to prove anything about", err=True)
            found = ask(answer, steps=steps, seed=seed, jobs=jobs)
            if plot is not None:
                draw_without_weights(plot, found)
            return without_weights(found, certificate, as_json=as_json, quiet=quiet)
        proof = certificate_in_rocq(answer) if rocq is not None else ""
        try:
            with Stepping(show=not quiet and not as_json) as progress:
                result = ask(answer, steps=steps, seed=seed, progress=progress.advance, jobs=jobs)
        except KeyboardInterrupt:
            click.echo(f"verify: {progress.count:,} steps of adversarial runs were done; nothing is decided", err=True)
            raise
        data = to_data(result) if as_json or certificate is not None else {}
        if certificate is not None:
            write_text(certificate, json.dumps(data, indent=1) + "\n")
        if plot is not None:
            draw_answer(plot, answer, result)
        if rocq is not None:
            write_text(rocq, proof)
        if as_json:
            click.echo(json.dumps(data, indent=1))
            return result.verdict.exit_code
        if not quiet:
            print_certificate(result, answer, show_weights)
            if certificate is not None:
                click.echo(f"certificate written to {certificate}")
            if rocq is not None:
                click.echo(f"Rocq file written to {rocq}; check it with: verify proofs --certificate {rocq}")
        click.echo(last_line(result))
        return result.verdict.exit_code

    return command


def without_weights(found: Impossible | Open, certificate: Path | None, *, as_json: bool, quiet: bool) -> int:
    """Print an impossibility or an open question; return the exit code. There is no certificate to write."""
    if as_json:
        data = impossible_data(found) if isinstance(found, Impossible) else open_data(found)
        click.echo(json.dumps(data, indent=1))
        return found.verdict.exit_code
    text = impossible_text(found) if isinstance(found, Impossible) else open_text(found)
    if not quiet and certificate is not None:
        click.echo(f"no certificate is written to {certificate}: a certificate is about weights, and none are certified here")
    click.echo(text.splitlines()[-1] if quiet else text)
    return found.verdict.exit_code

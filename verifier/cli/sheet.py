"""`verify sheet NAME -o FILE`: the answer as a document to hand out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from constructions import ARCHITECTURES, construct, unknown_architecture
from verifier.cli.architecture import architecture_command
from verifier.cli.files import check_writable, write_bytes, write_text
from verifier.cli.progress import Counting
from verifier.errors import UsageError
from verifier.regime import decide_tolerance

if TYPE_CHECKING:
    from proofs.sheet.document import Document
    from proofs.sheet.sheets import Sheet

SUFFIXES = (".tex", ".pdf", ".html")

OTHERS = {
    "all": ("seed", "steps"),
    "capacity": ("bound", "hidden", "precision", "seed", "tolerance"),
    "gradient": ("bound", "hidden", "n", "precision", "seed"),
    "map": ("hidden",),
}
"""Sheets that are not one architecture's answer, and the options they take."""

DEFAULT_PRECISION = 20
"""Decimal digits when nothing states an accuracy."""

REQUEST = (
    "n", "precision", "tolerance", "exact_recall", "bound", "hidden", "horizon", "domain", "bits", "steps", "seed",
)  # fmt: skip
"""Options of an architecture's own command that also ask for its sheet."""

EXTRA = "sheets need their libraries: pip install 'first-input-recall[sheets]'"


def _request_options() -> list[click.Parameter]:
    """The options of `verify ARCHITECTURE` that make up a request."""
    return [option for option in architecture_command("lstm").params if option.name in REQUEST]


@click.command(
    "sheet",
    help="Write an answer as LaTeX, PDF or HTML. NAME: an architecture (options as in its command), map, capacity, gradient, all.",
)
@click.argument("name")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="FILE.tex, FILE.pdf or FILE.html.")
def sheet(name: str, output: Path, **request: Any) -> int:
    """Write the sheet; print where it is; exit with the verdict of what it claims."""
    if output.suffix not in SUFFIXES:
        raise UsageError(f"cannot write {output.name}: a sheet is {', '.join('FILE' + suffix for suffix in SUFFIXES)}")
    check_writable(output)
    make = _maker(name, request)
    write = {".tex": _tex, ".pdf": _pdf, ".html": _html}[output.suffix]()
    made = make()
    write(output, made.document)
    click.echo(f"{made.verdict.value} sheet={name} file={output} title={made.document.title!r}")
    return made.verdict.exit_code


sheet.params += _request_options()


Writer = Callable[[Path, "Document"], None]


def _tex() -> Writer:
    from proofs.sheet import latex

    return lambda output, document: write_text(output, latex.render(document))


def _pdf() -> Writer:
    from proofs.sheet import latex
    from proofs.sheet.compile import missing, pdf

    def write(output: Path, document: Document) -> None:
        absent = missing()
        if absent:
            source = output.with_suffix(".tex")
            check_writable(source)
            write_text(source, latex.render(document))
            raise UsageError(f"wrote {source}, but no PDF: {absent}")
        write_bytes(output, pdf(latex.render(document))[0])

    return write


def _html() -> Writer:
    try:
        from proofs.sheet import html, pictures
    except ImportError:
        raise UsageError(EXTRA) from None
    pictures.check_available()
    return lambda output, document: write_text(output, html.render(document))


def _maker(name: str, request: dict[str, Any]) -> Callable[[], Sheet]:
    """What makes the sheet of this name; a request is checked before anything runs."""
    try:
        from proofs.sheet import sheets
    except ImportError:
        raise UsageError(EXTRA) from None
    if name in OTHERS:
        _refuse_others(name)
    steps, seed = request.pop("steps"), request.pop("seed")
    if name == "all":
        return lambda: _whole(steps, seed)
    if name == "capacity":
        return lambda: _capacity(request, seed)
    if name == "map":
        return lambda: _map(request["hidden"])
    if name == "gradient":
        precision = request["precision"] or DEFAULT_PRECISION
        construct("lstm", request["n"], precision, bound=request["bound"], hidden=request["hidden"])  # refuses a bad request now
        return lambda: sheets.gradient_sheet(request["n"], precision, request["bound"], request["hidden"], seed)
    if name not in ARCHITECTURES:
        raise UsageError(f"{unknown_architecture(name)}; other sheets: {', '.join(OTHERS)}")
    if not any((request["precision"], request["tolerance"], request["exact_recall"], request["domain"] == "grid")):
        request["precision"] = DEFAULT_PRECISION
    answer = construct(name, request.pop("n"), request.pop("precision"), **request)
    return lambda: sheets.one_answer(answer, steps, seed)


def _refuse_others(name: str) -> None:
    """Raise `UsageError` for an option that this sheet does not take."""
    context = click.get_current_context()
    for option in context.command.params:
        given = context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
        if given and option.name in REQUEST and option.name not in OTHERS[name]:
            taken = ", ".join(f"--{other}" for other in OTHERS[name])
            raise UsageError(f"{option.opts[0]} means nothing to the sheet {name!r}; it takes {taken}")


def _whole(steps: int, seed: int) -> Sheet:
    from proofs.sheet.whole import whole

    return whole(steps, seed, lambda doing: click.echo(f"  {doing}", err=True) if sys.stderr.isatty() else None)


def _map(hidden: int) -> Sheet:
    from proofs.sheet.sheets import map_sheet
    from proofs.survey import map_questions

    count = sum(len(cell) for cells in map_questions(sorted(ARCHITECTURES), hidden).values() for cell in cells.values())
    with Counting("questions", count) as progress:
        return map_sheet(hidden, lambda _: progress.advance())


def _capacity(request: dict[str, Any], seed: int) -> Sheet:
    from proofs.sheet.sheets import capacity_sheet

    tolerance = (
        decide_tolerance(request["bound"], request["precision"], request["tolerance"], None)
        if (request["precision"] or request["tolerance"])
        else request["bound"] / 10**DEFAULT_PRECISION
    )
    return capacity_sheet(request["hidden"], request["bound"], tolerance, seed)

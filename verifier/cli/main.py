"""The `verify` command: one subcommand per architecture, and those of `OTHER_COMMANDS`."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import click

from verifier.cli.interrupt import INTERRUPTED_CODE, end_interrupted, interruptible
from verifier.errors import UsageError

USAGE_CODE = 2

OTHER_COMMANDS: dict[str, Callable[[], Any]] = {
    "capacity": lambda: import_module("verifier.cli.capacity").capacity,
    "check": lambda: import_module("verifier.cli.check").check,
    "claims": lambda: import_module("verifier.cli.claims").claims_command,
    "copy": lambda: import_module("verifier.cli.copy").copy,
    "cost": lambda: import_module("verifier.cli.cost").cost,
    "explain": lambda: import_module("verifier.cli.explain").explain,
    "export": lambda: import_module("verifier.cli.export").export,
    "gradient": lambda: import_module("verifier.cli.gradient").gradient,
    "inspect": lambda: import_module("verifier.cli.inspect").inspect_command,
    "list": lambda: import_module("verifier.cli.catalogue").catalogue,
    "map": lambda: import_module("verifier.cli.map").map_command,
    "proofs": lambda: import_module("verifier.cli.proofs").proofs,
    "report": lambda: import_module("verifier.cli.curves").report,
    "sheet": lambda: import_module("verifier.cli.sheet").sheet,
    "sweep": lambda: import_module("verifier.cli.sweep").sweep,
    "weights": lambda: import_module("verifier.cli.weights").weights,
}
"""The commands beside one per architecture; a module is imported when its command is used, so that others start without it."""


class Commands(click.Group):
    """Subcommands loaded when used; a misspelt one is answered with the nearest."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from constructions import ARCHITECTURES

        return [*sorted(ARCHITECTURES), *OTHER_COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in OTHER_COMMANDS:
            command: click.Command = OTHER_COMMANDS[cmd_name]()
            return command
        from constructions import ARCHITECTURES, canonical

        if canonical(cmd_name) in ARCHITECTURES:
            from verifier.cli.architecture import architecture_command

            return architecture_command(canonical(cmd_name))
        return None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            import difflib

            known = self.list_commands(ctx)
            near = difflib.get_close_matches(name.lower(), known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise UsageError(f"unknown architecture or command {name!r}{hint} (known: {', '.join(known)})")
        return super().resolve_command(ctx, args)


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        import flint
        import mpmath
        import sympy

        from verifier import __version__

        click.echo(
            f"verify {__version__} (python-flint {flint.__version__}, FLINT {flint.__FLINT_VERSION__}, "
            f"sympy {sympy.__version__}, mpmath {mpmath.__version__})"
        )
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=False)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show versions and exit.")
def verify() -> None:
    """Which one-layer recurrent networks can output their first input?

    `verify ARCHITECTURE` builds explicit weights for the request and proves in ball arithmetic how well they recall x_1,
    over all real input sequences of the box. Exit codes: 0 proved, 2 usage, 3 undecided, 4 refuted.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code; bad input is one line on stderr."""
    gc.freeze()  # the modules loaded so far live as long as the process: no collection, at exit neither, need visit them
    try:
        with interruptible():
            code: Any = verify.main(args=arguments, prog_name="verify", standalone_mode=False)
            sys.stdout.flush()
    except UsageError as error:
        _fail(str(error))
    except click.exceptions.NoArgsIsHelpError as error:
        _fail(error.format_message().splitlines()[0] if error.format_message() else "no command; try verify --help")
    except click.UsageError as error:
        _fail(error.format_message())
    except click.ClickException as error:
        _fail(error.format_message())
    except (click.Abort, KeyboardInterrupt):
        end_interrupted()
    except SystemExit:  # click's answer to a reader that went away
        sys.exit(INTERRUPTED_CODE)
    except OSError as error:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - what was not written stays unwritten at exit
        _fail(f"cannot write the output: {error.strerror}")
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str) -> None:
    line = " ".join(message.split())
    print(f"verify: {line}", file=sys.stderr)
    sys.exit(USAGE_CODE)

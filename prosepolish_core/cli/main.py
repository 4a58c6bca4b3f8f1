"""`prosepolish`: finds the verb, runs it, and turns every way it can end into a sentence and an exit code."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points, version
from typing import Any

import click

from .. import logs
from ..errors import InvalidInput, ProsePolishError

DONE, FAILED, WRONG_USAGE = 0, 1, 2
#: Verbs of the core, each loaded only when it is used: `module:attribute`.
VERBS = {
    "alerts": "prosepolish_core.cli.alerts:alerts",
    "check": "prosepolish_core.cli.check:check",
    "clear": "prosepolish_core.cli.clear:clear",
    "correct": "prosepolish_core.cli.correct:correct",
    "estimate": "prosepolish_core.cli.estimate:estimate",
    "export": "prosepolish_core.cli.export:export",
    "lookup": "prosepolish_core.cli.lookup:lookup",
    "mark": "prosepolish_core.cli.mark:mark",
    "migrate": "prosepolish_core.cli.migrate:migrate",
}
#: Other packages add theirs here.
GROUP = "prosepolish.commands"


class MissingVerb(click.ClickException):
    """A verb whose package is not installed."""

    exit_code = FAILED


class Verbs(click.Group):
    """A group that knows the names of its verbs without importing any of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's shape
        """Every verb, those of other packages too."""
        return sorted({*VERBS, *(point.name for point in _points())})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load one verb. Its help still shows, as one line, when its package is missing."""
        target = VERBS.get(cmd_name) or next((point.value for point in _points() if point.name == cmd_name), None)
        if target is None:
            return None
        try:
            module, _, attribute = target.partition(":")
            verb = getattr(import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            verb = _missing(cmd_name, error)
        return verb if isinstance(verb, click.Command) else None


def _points() -> Sequence[EntryPoint]:
    return [point for point in entry_points(group=GROUP) if point.name not in VERBS]


def _missing(name: str, error: Exception) -> click.Command:
    lacking = getattr(error, "name", None) or "a part of it"

    def fail(**_values: Any) -> None:
        raise MissingVerb(f"`prosepolish {name}` needs {lacking}, which is not installed: pip install 'prosepolish[demo]'")

    settings = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
    return click.Command(name, callback=fail, short_help="(not installed)", context_settings=settings)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("prosepolish"), message="prosepolish %(version)s")
def group() -> None:
    """ProsePolish: a four-tier cache stack, and the place where people watch it.

    Settings come from the environment (see .env.example). Exit codes: 0 done, 1 failed, 2 wrong usage.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code."""
    try:
        result = group.main(arguments, prog_name="prosepolish", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return FAILED
    except BrokenPipeError:
        # The reader is gone: nothing to tell it, and nothing may be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except ProsePolishError as error:
        click.echo(f"Error: {error}", err=True)
        return WRONG_USAGE if isinstance(error, InvalidInput) else FAILED
    except Exception as error:  # noqa: BLE001 - a fault of ours: say so, without a traceback and without values
        click.echo(f"Error: unexpected {type(error).__name__} at {logs.where(error)}; please report it.", err=True)
        return FAILED
    return result if isinstance(result, int) else DONE

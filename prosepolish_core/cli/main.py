"""`prosepolish`: finds the verb, runs it, and turns every way it can end into a sentence and an exit code."""

import logging
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from .. import __version__, logs
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
    "reconcile": "prosepolish_core.cli.reconcile:reconcile",
    "whatif": "prosepolish_core.cli.whatif:whatif",
}
#: Verbs of the programs beside the core: no part of the wheel, but at hand in a checkout and in the image.
PROGRAMS = {
    "collectors": "collectors.__main__:main",
    "dashboard": "dashboard.cli:dashboard",
    "up": "demo.cli:up",
}
#: Packages that a verb may lack, and the extra that brings each.
EXTRAS = {"numpy": "collectors", "apscheduler": "collectors", "streamlit": "dashboard", "psutil": "demo", "genai_prices": "gemini"}
#: Other packages add theirs here.
GROUP = "prosepolish.commands"


class MissingVerb(click.ClickException):
    """A verb whose package is not installed."""

    exit_code = FAILED


class Verbs(click.Group):
    """A group that knows the names of its verbs without importing any of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's shape
        """Every verb, those of other packages too."""
        programs = [name for name, target in PROGRAMS.items() if _at_hand(target)]
        return sorted({*VERBS, *programs, *(point.name for point in _points())})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load one verb. Its help still shows, as one line, when its package is missing."""
        target = VERBS.get(cmd_name) or PROGRAMS.get(cmd_name)
        target = target or next((point.value for point in _points() if point.name == cmd_name), None)
        if target is None:
            return None
        if cmd_name in PROGRAMS and not _at_hand(target):
            return _failing(
                cmd_name, "is no part of the installed package: run it from a checkout of ProsePolish or from its image"
            )
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
    extra = EXTRAS.get(lacking.split(".")[0])
    how = f": pip install 'prosepolish[{extra}]'" if extra else ""
    return _failing(name, f"needs {lacking}, which is not installed{how}")


def _at_hand(target: str) -> bool:
    """Whether the program's package is ours, and not one of the same name in the folder of whoever calls."""
    spec = find_spec(target.split(".")[0])
    return bool(spec and spec.origin and (Path(spec.origin).parents[1] / "pages/_router.py").is_file())


def _failing(name: str, what: str) -> click.Command:
    def fail(**_values: Any) -> None:
        raise MissingVerb(f"`prosepolish {name}` {what}")

    settings = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
    return click.Command(name, callback=fail, short_help="(not installed)", context_settings=settings)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="prosepolish %(version)s")
@click.pass_context
def group(context: click.Context) -> None:
    """ProsePolish: a four-tier cache stack, and the place where people watch it.

    Settings come from the environment (see .env.example). Exit codes: 0 done, 1 failed, 2 wrong usage.
    """
    if context.invoked_subcommand not in PROGRAMS:  # a verb tells an outage in its own sentence, not in a log line too
        logging.getLogger("prosepolish_core").setLevel(logging.ERROR)


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

"""`prosepolish clear`: removes every key of one family."""

import sys

import click

from ..live.cache import Cleared, Progress
from ..live.cache.clearing import STATE, family_named
from ..model.outcome import Family
from .opened import as_json, opened_core, print_json, written_down


@click.command()
@click.argument("prefix", metavar="PREFIX", type=click.Choice([f.value for f in Family]))
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@click.option("--yes", is_flag=True, help="Do not ask before sessions or limits are removed.")
@as_json
def clear(prefix: str, dry_run: bool, yes: bool, as_json: bool) -> int:
    """Remove every key of the family PREFIX from Redis, a slice at a time:
    dict, user, session, ratelimit, llm or settings.

    PREFIX is a family, not a pattern. Values come back by themselves when they are next asked for. Clearing `user`
    leaves `user:<id>:sessions` alone.
    """
    family = family_named(prefix)
    if family in STATE and not (dry_run or yes):
        click.confirm(f"Clearing '{family}' affects people who are logged in or limited. Go on?", abort=True, err=True)
    with opened_core() as core:
        if not dry_run:
            written_down(core, "clear", family)
        done = core.cache.clear(family, dry_run=dry_run, on_progress=None if as_json else _show)
    if as_json:
        print_json(done._asdict())
    else:
        click.echo(_sentence(done))
    return 0 if done.complete else 1


def _show(progress: Progress) -> None:
    """One line that is written over, for people at a terminal only."""
    if sys.stderr.isatty():
        click.echo(f"\r{progress.share:4.0%}  {progress.found} found, {progress.removed} removed", nl=False, err=True)
        if progress.share >= 1:
            click.echo(err=True)


def _sentence(done: Cleared) -> str:
    keys = "key" if (done.found if done.dry_run else done.removed) == 1 else "keys"
    said = f"Would remove {done.found} {keys}" if done.dry_run else f"Removed {done.removed} {keys}"
    said += f" of the family '{done.family}'."
    return said if done.complete else f"{said} Stopped early: Redis failed ({done.reason}); some may be left."

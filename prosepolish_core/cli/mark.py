"""`prosepolish mark`: draws a line on every chart."""

from datetime import UTC, datetime

import click

from ..model.series import MARK_KINDS, Mark
from ..watch.series.marks import add_mark
from .opened import as_json, opened_core, print_json, written_down


@click.command()
@click.argument("text", metavar="TEXT")
@click.option("--kind", type=click.Choice(sorted(MARK_KINDS)), default="deploy", show_default=True, help="What the mark tells of.")
@as_json
def mark(text: str, kind: str, as_json: bool) -> None:
    """Draw a line with TEXT at this moment on every chart, for example after a deploy: prosepolish mark "v1.4"."""
    drawn = Mark(datetime.now(UTC), kind, text)
    with opened_core() as core:
        add_mark(core.pool, drawn)
        written_down(core, "mark", text)
    if as_json:
        print_json(drawn._asdict())
    else:
        click.echo(f"Marked {drawn.ts:%Y-%m-%d %H:%M:%S} UTC: {text}")

"""`prosepolish alerts export`: one incident as one file, to begin a post-mortem with."""

from datetime import UTC, datetime
from pathlib import Path

import click

from ..watch.alerts.incident_report import read
from ..watch.alerts.post_mortem import FORMATS
from ..watch.alerts.rules import BY_NAME
from .opened import opened_core
from .whole_file import print_or_put


@click.command()
@click.argument("incident")
@click.option("--format", "ending", type=click.Choice(sorted(FORMATS)), default="md", show_default=True, help="Markdown or HTML.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write this file whole, instead of printing.")
def export(incident: str, ending: str, output: Path | None) -> None:
    """Everything known of INCIDENT as one file: effect, timeline, notes, and the questions that people answer.

    The same file as the buttons on the incident's page give.
    """
    with opened_core() as core:
        report = read(core.alerts, core.samples, core.telemetry, BY_NAME, incident, datetime.now(UTC))
    print_or_put(FORMATS[ending](report), output)

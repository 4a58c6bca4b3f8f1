"""`prosepolish check`: one verdict per dependency."""

import click

from ..model.health import Dependency, Level
from .opened import as_json, milliseconds, opened_core, print_json

MARKS = {Level.OK: ("ok", "green"), Level.WARNING: ("warning", "yellow"), Level.CRITICAL: ("critical", "red")}


@click.command()
@as_json
def check(as_json: bool) -> int:
    """Ask every dependency once and print one verdict for each.

    Exit code 0 when all required ones (redis, state, postgres) answer, else 1.
    """
    with opened_core() as core:
        health = core.health()
    if as_json:
        print_json(health.to_dict())
    else:
        for dependency in health:
            click.echo(_line(dependency))
    return 1 if health.failed else 0


def _line(dependency: Dependency) -> str:
    word, colour = MARKS.get(dependency.verdict.level, ("unknown", "white"))
    times = "" if not dependency.pings_s else f"{milliseconds(dependency.median_s)} "
    span = "" if not times else f"({milliseconds(dependency.min_s)} to {milliseconds(dependency.max_s)})"
    advice = f" {dependency.action}" if dependency.action else ""
    return f"{click.style(f'{word:<9}', fg=colour)} {dependency.name:<15} {times + span:<30} {dependency.reason}{advice}"

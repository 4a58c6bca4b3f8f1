"""`prosepolish check`: how every dependency stands, and the same sentence as on the first line of every page."""

import time

import click

from ..calc.status_sentence import JUST_NOW_S, clock, status_line
from ..model.health import Level
from ..model.standing import Standing, Standings
from .opened import as_json, milliseconds, opened_core, print_json

MARKS = {Level.OK: "green", Level.WARNING: "yellow", Level.CRITICAL: "red", Level.UNKNOWN: "white"}


@click.command()
@as_json
def check(as_json: bool) -> int:
    """Ask every dependency once and say how each stands, since when, and what users get.

    Exit code 0 when none is down, else 1. An upstream counts as down too, by the calls really made to it.
    """
    with opened_core() as core:
        found = core.health()
    now = time.time()
    if as_json:
        print_json(found.to_dict() | {"sentence": status_line(found, now).text})
    else:
        _print(found, now)
    return 1 if found.failed else 0


def _print(found: Standings, now: float) -> None:
    line = status_line(found, now)
    for part in line.parts:
        click.secho(part.text, fg=MARKS[part.level], bold=True)
    for standing in found:
        click.echo(_line(standing, now))


def _line(standing: Standing, now: float) -> str:
    colour = MARKS[standing.verdict.level]
    time_ = f"{milliseconds(standing.median_s)}" if standing.median_s is not None else ""
    advice = f" {standing.action}" if standing.action else ""
    state = click.style(f"{standing.state.value:<9}", fg=colour)
    since = f"since {clock(standing.since, now)}" if now - standing.since >= JUST_NOW_S else ""
    return f"{state} {standing.name:<15} {time_:<10} {since:<22} {standing.reason}{advice}"

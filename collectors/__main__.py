"""`python -m collectors`: run the schedule, or print it, or do one round and print that."""

import os
import signal
import sys
import threading
import time

import click

from prosepolish_core import logs
from prosepolish_core.cli.finite_range import FiniteRange
from prosepolish_core.config import Config
from prosepolish_core.errors import ConfigError, ProsePolishError, StartupError, StoreUnavailable
from prosepolish_core.model.sample import Run, RunOutcome

from .printing import fault_line, run_lines, schedule_lines
from .reading import read_once
from .schedule import ENTRIES, POSTGRES, REDIS, rows
from .wiring import CollectorParts


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--once", is_flag=True, help="Do one round of every collector, store it, print it and end.")
@click.option("--list", "listing", is_flag=True, help="Print the schedule and end.")
@click.option("--json", "as_json", is_flag=True, help="With --once or --list: one JSON object a line.")
@click.option("--interval", type=FiniteRange(1, 3600), help="Seconds between two INFO readings [default: PROSEPOLISH_INTERVAL_S].")
@click.option("--only", multiple=True, metavar="COLLECTOR", help="With --once: only this collector (may be given again).")
def main(once: bool, listing: bool, as_json: bool, interval: float | None, only: tuple[str, ...]) -> None:
    """Poll Redis, Valkey and PostgreSQL on a schedule and save what they say.

    Exit codes: 0 done, 1 a Redis source could not be read (or the configuration is wrong), 2 wrong usage.
    """
    names = {entry.name for entry in ENTRIES}
    if unknown := sorted(set(only) - names):
        raise click.UsageError(f"no collector is called {', '.join(unknown)}; --list shows them")
    if as_json and not (once or listing):
        raise click.UsageError("--json goes with --once or --list")
    try:
        config = Config.from_env()
    except ConfigError as error:
        raise click.ClickException(str(error)) from None
    base_s = interval or max(1.0, config.interval_s)
    if listing:
        for line in schedule_lines(rows(base_s), as_json):
            click.echo(line)
        return
    logs.configure(config)
    try:
        parts = CollectorParts(config, base_s)
    except (ProsePolishError, OSError) as error:
        raise click.ClickException(str(error)) from None
    if once:
        sys.exit(one_round(parts, as_json, frozenset(only or names)))
    run(parts)


def run(parts: CollectorParts) -> None:
    """Run the schedule until a signal ends it."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        ended = parts.run(stop)
    except StartupError as error:
        raise click.ClickException(str(error)) from None
    if not ended:
        sys.stderr.flush()
        os._exit(0)  # a thread still waits for a hanging server: its transaction is rolled back, its runs are on the disk


def one_round(parts: CollectorParts, as_json: bool, only: frozenset[str]) -> int:
    """Read everything once, print it, store it; the exit code."""
    found: list[Run] = []
    for entry in REDIS:
        if entry.name in only:
            interval = entry.interval_s(parts.base_s)
            tick = int(time.time()) // interval * interval
            found += [read_once(entry, instance, tick) for instance in parts.instances]
    for other in POSTGRES:
        if other.name in only and other.once:
            interval = other.interval_s(parts.base_s)
            found += [read_once(other, database, int(time.time()) // interval * interval) for database in parts.databases]
    for run in found:
        for line in run_lines(run, as_json):
            click.echo(line)
        if run.outcome is not RunOutcome.OK:
            click.echo(fault_line(run), err=True)
    try:
        parts.store.write(found)
    except StoreUnavailable as error:
        click.echo(f"Not stored: {error}", err=True)
    parts.close()
    watched = {instance.source for instance in parts.instances}
    answered = {run.source for run in found if run.outcome is RunOutcome.OK}
    return 0 if watched <= answered or not any(run.source in watched for run in found) else 1


if __name__ == "__main__":
    main()

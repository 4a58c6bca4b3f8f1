"""`prosepolish export ledger`: a calendar month of the ledger, row by row or as FOCUS, for finance."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from ..calc.flat_table import FlatColumn, csv_lines
from ..calc.focus import COLUMNS as FOCUS
from ..calc.focus import KINDS, charges, without_cost
from ..calc.ledger_export import COLUMNS
from ..calc.ledger_sums import HEADLINE
from ..core import Core
from ..model.calendar_month import CalendarMonth
from ..model.counts import LedgerTotal
from ..model.provenance import Provenance
from ..model.window import Window
from .opened import opened_core
from .whole_file import whole_file

FORMATS = ("csv", "parquet")


@click.command()
@click.option("--month", required=True, metavar="YYYY-MM", help="The calendar month, such as 2026-11.")
@click.option(
    "--zone", default="UTC", show_default=True, help="The time zone in which the month begins and ends, such as Europe/Berlin."
)
@click.option("--format", "form", type=click.Choice(FORMATS), help="[default: csv, or parquet for a file that is called so]")
@click.option(
    "--focus", type=click.Choice(list(KINDS)), help="FOCUS 1.2 columns, a row a day: what was paid, or what was saved as credits."
)
@click.option(
    "--count",
    "counted",
    type=click.Choice([mark.value for mark in Provenance]),
    multiple=True,
    default=sorted(HEADLINE),
    show_default=True,
    help="Whose calls. As often as needed.",
)
@click.option("--account", default="prosepolish", show_default=True, help="FOCUS's BillingAccountId.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write this file whole, instead of printing.")
def ledger(
    month: str, zone: str, form: str | None, focus: str | None, counted: tuple[str, ...], account: str, output: Path | None
) -> None:
    """A calendar month of the ledger of LLM calls, for finance. Needs PostgreSQL.

    One row a call, oldest first: those that were paid, and those that the caches made unnecessary (column `kind`).
    Money is exact and in US dollars. With --focus one row for each day and sum of alike calls.

    What is not in it is told on stderr: calls by others than --count names, and with --focus calls of unknown cost.

    Exit codes: 0 done, 1 the ledger cannot be read or the file cannot be written, 2 wrong usage.
    """
    form = form or ("parquet" if output is not None and output.suffix == ".parquet" else "csv")
    if form == "parquet" and output is None:
        raise click.UsageError("Parquet is for files: name one with --output")
    chosen = CalendarMonth.read(month, zone)
    with opened_core() as core:
        totals = core.telemetry.ledger(chosen.window)
        if focus is None:
            rows: Iterable[Any] = core.ledger_rows.every(chosen.window, {"provenance": counted})
            _write(form, output, COLUMNS, rows)
        else:
            _write(form, output, FOCUS, charges(KINDS[focus], account, chosen, _days(core, chosen, counted)))
    _tell(totals, counted, focus)


def _days(core: Core, month: CalendarMonth, counted: Sequence[str]) -> Iterator[tuple[Window, list[LedgerTotal]]]:
    for day in month.days():
        yield day, [total for total in core.telemetry.ledger(day) if total.provenance in counted]


def _write(form: str, output: Path | None, columns: Sequence[FlatColumn], rows: Iterable[Any]) -> None:
    if output is None:
        for lines in csv_lines(columns, rows):
            click.echo(lines, nl=False)
        return
    with whole_file(output) as place:
        if form == "parquet":
            from ..drivers.parquet_file import write_parquet

            try:
                write_parquet(place, columns, rows)
            except ImportError:
                raise click.ClickException("Parquet needs pyarrow: pip install 'prosepolish[parquet]'") from None
        else:
            with place.open("w", encoding="utf-8", newline="") as file:
                file.writelines(csv_lines(columns, rows))


def _tell(totals: Sequence[LedgerTotal], counted: Sequence[str], focus: str | None) -> None:
    """What is not in the file."""
    others = {total.provenance: 0 for total in totals if total.provenance not in counted}
    for total in totals:
        if total.provenance in others:
            others[total.provenance] += total.calls
    parts = [f"{calls:,} calls by {name}" for name, calls in sorted(others.items())]
    if focus is not None:
        kept = (total for total in totals if total.provenance in counted and total.kind == KINDS[focus].kind)
        if calls := sum(map(without_cost, kept)):
            parts.append(f"{calls:,} calls of unknown cost")
    if parts:
        click.echo(f"Not in it: {', '.join(parts)}.", err=True)

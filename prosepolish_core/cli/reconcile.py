"""`prosepolish reconcile`: months of the ledger against an invoice; names the gap."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from ..calc.invoice import Invoice, in_dollars, read_invoice
from ..calc.ledger_sums import measured
from ..calc.reconciliation import GOOGLE_ZONE, MonthFacts, explained
from ..core import Core
from ..model.calendar_month import CalendarMonth, zone_named
from ..model.counts import LedgerTotal
from ..model.provenance import UNREAL, Provenance
from ..model.window import Window
from .figures import amount, usd
from .opened import as_json, opened_core, print_json

#: Calls that cost real money, whoever caused them.
REAL = frozenset(mark.value for mark in Provenance if mark not in UNREAL)
GAP = 1


@click.command()
@click.argument("invoice", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--zone", default="UTC", show_default=True, help=f"The zone of the invoice's days; Google bills in {GOOGLE_ZONE}.")
@click.option(
    "--rate", type=Decimal, metavar="USD", help="US dollars for one unit of the invoice's currency, where that is another."
)
@as_json
@click.pass_context
def reconcile(context: click.Context, invoice: Path, zone: str, rate: Decimal | None, as_json: bool) -> None:
    """Set the ledger of LLM calls against INVOICE, a CSV file: Google Cloud's cost table, FOCUS, or date and amount.

    Counts every paid call that costs real money, the Playground's too. Months are those that the invoice names. Taxes
    and other services are told beside it. Needs PostgreSQL.

    Exit codes: 0 they agree to the cent, 1 there is a gap or the ledger cannot be read, 2 wrong usage.
    """
    read = _read(invoice, zone, rate)
    with opened_core() as core:
        found = [_facts(core, read, CalendarMonth.read(month, zone)) for month in read.months]
    if as_json:
        print_json(
            {"months": [_plain(facts) for facts in found], "beside": {name: amount(cost) for name, cost in read.beside.items()}}
        )
    else:
        _print(found, read)
    context.exit(0 if all(facts.agrees for facts in found) else GAP)


def _read(path: Path, zone: str, rate: Decimal | None) -> Invoice:
    try:
        found = read_invoice(path.read_text(encoding="utf-8-sig"), zone_named(zone))
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{path} cannot be read as text: {error}") from None
    if rate is not None and not (rate.is_finite() and rate > 0):
        raise click.UsageError("--rate is a number above 0")
    if rate is None and found.currency != "USD":
        raise click.UsageError(
            f"the invoice is in {found.currency} and the ledger in US dollars: give --rate, dollars for one {found.currency}"
        )
    return found if rate is None else in_dollars(found, rate)


def _facts(core: Core, invoice: Invoice, month: CalendarMonth) -> MonthFacts:
    """Raises StoreUnavailable."""
    window, now = month.window, datetime.now(UTC)
    totals = core.telemetry.ledger(window)
    since = core.telemetry.ledger_since(REAL)
    late = since.astimezone(month.zone).date() if since is not None and window.start < since < window.end else None
    billed = invoice.by_day(str(month))
    days = {day.start.astimezone(month.zone).date(): day for day in month.days()} if billed else {}
    return MonthFacts(
        month=str(month),
        invoice=invoice.cost(str(month)),
        ledger=measured(totals, counted=REAL),
        in_google_zone=_paid(core, CalendarMonth.read(str(month), GOOGLE_ZONE).window),
        by_day={day: (billed.get(day, Decimal(0)), _paid(core, window)) for day, window in days.items() if window.start < now},
        since=late,
        before=sum((cost for day, cost in billed.items() if day < late), Decimal(0)) if late and billed else None,
        open=window.start < now < window.end,
        prices=_prices(totals),
    )


def _paid(core: Core, window: Window) -> Decimal:
    return measured(core.telemetry.ledger(window), counted=REAL).paid.usd


def _prices(totals: Collection[LedgerTotal]) -> Sequence[str]:
    return sorted({f"{total.model} by {total.price_source}" for total in totals if total.price_source and total.kind == "paid"})


def _print(found: Sequence[MonthFacts], invoice: Invoice) -> None:
    console = Console(highlight=False)
    table = Table(title="Ledger against invoice, US dollars")
    for name in ("month", "invoice", "ledger", "gap"):
        table.add_column(name, justify="left" if name == "month" else "right")
    for facts in found:
        table.add_row(facts.month, usd(facts.invoice), usd(facts.ledger.paid.usd), usd(facts.gap))
    console.print(table)
    for facts in found:
        for sentence in explained(facts):
            console.print(f"{facts.month}: {sentence}", soft_wrap=True)
    if invoice.beside:
        console.print(
            "Beside it on the invoice: " + ", ".join(f"{name} {usd(cost)}" for name, cost in sorted(invoice.beside.items())) + "."
        )


def _plain(facts: MonthFacts) -> dict[str, Any]:
    return {
        "month": facts.month,
        "invoice_usd": amount(facts.invoice),
        "ledger_usd": amount(facts.ledger.paid.usd),
        "gap_usd": amount(facts.gap),
        "agrees": facts.agrees,
        "sentences": explained(facts),
    }

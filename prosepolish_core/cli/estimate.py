"""`prosepolish estimate`: what the cache saves in a month and a year, from assumptions you can change."""

import json
from collections.abc import Callable
from dataclasses import asdict, fields
from decimal import Decimal
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from ..calc import numbers
from ..calc.estimate_texts import EstimateTexts, hours, texts, traffic
from ..calc.hold_out import FEWEST_PAIRS, HoldOutRate, pairs_of, rate_of
from ..calc.ledger_sums import HEADLINE, Measured, measured
from ..calc.ratios import Ratio, tier_ratio
from ..calc.savings import Assumptions, Estimate
from ..calc.savings import estimate as estimated
from ..errors import InvalidInput
from ..model.llm import LedgerLine
from ..model.outcome import Family, Tier
from ..model.window import Window, parse_span
from .figures import amount, percent, plain_number, usd
from .opened import opened_core


class _Number(click.ParamType[Decimal]):
    """A decimal number, or a percentage such as 30%."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """Read exactly what was typed; no float in between."""
        text = str(value).strip()
        try:
            return Decimal(text[:-1]) / 100 if text.endswith("%") else Decimal(text)
        except ArithmeticError:
            self.fail(f"{text[:40]!r} is not a number", param, ctx)


_NUMBER = _Number()
#: A window's share of the cache's price rarely comes out even; millionths of a dollar are shown.
SHOWN_PLACES = 6
_DEFAULT = Assumptions()
_Decorator = Callable[[Callable[..., None]], Callable[..., None]]


def _option(name: str, field: str, text: str, kind: Any = _NUMBER, default: str | None = None) -> _Decorator:
    shown = default or str(getattr(_DEFAULT, field))
    return click.option(name, field, type=kind, default=shown, show_default=True, help=text)


@click.command("estimate")
@_option("--corrections", "corrections_per_day", "Corrections a day.", int)
@_option("--correction-hits", "correction_hit_ratio", "Share of corrections answered by the cache.", default="30%")
@_option("--usd-per-call", "usd_per_call", "Price of one LLM call in US dollars.")
@_option("--seconds-per-call", "seconds_per_call", "How long one LLM call takes.")
@_option("--lookups", "lookups_per_day", "Word lookups a day.", int)
@_option("--lookup-hits", "lookup_hit_ratio", "Share of lookups answered by the cache.", default="90%")
@_option("--bytes-per-lookup", "bytes_per_lookup", "Size of one answer of the dictionary API in bytes.", int)
@_option("--days", "days_per_month", "Days in a month.", int)
@_option("--cache-usd", "cache_usd_per_month", "What the cache itself costs a month, in US dollars.")
@click.option("--measured", "span", metavar="WINDOW", help="Also what the ledger says of the last WINDOW, such as 24h or 30d.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; money is exact decimal text.")
def estimate(span: str | None, as_json: bool, **given: Any) -> None:
    """Estimate what the cache saves. Asks no server, unless --measured is given: then PostgreSQL.

    Exit codes: 0 done, 1 the ledger cannot be read, 2 wrong usage.
    """
    try:
        assumed = Assumptions(**given)
        seconds = parse_span(span) if span else None
    except InvalidInput as error:
        raise click.UsageError(str(error)) from None
    result = estimated(assumed)
    found = None if seconds is None else _from_ledger(seconds, assumed)
    if as_json:
        plain: dict[str, object] = {"assumptions": _plain(assumed), "estimate": _plain(result)}
        click.echo(json.dumps(plain | ({"measured": _plain_measured(*found)} if found else {})))
        return
    console = Console(highlight=False)
    console.print(_table(assumed, result))
    if found:
        console.print(_measured_table(*found, str(span)))


def _from_ledger(seconds: int, assumed: Assumptions) -> tuple[Measured, Ratio, HoldOutRate]:
    """The ledger of the window with its share of what the cache costs a month, and the hit rate of corrections.

    Raises StoreUnavailable.
    """
    month_s = assumed.days_per_month * 86_400
    price = assumed.cache_usd_per_month * seconds / month_s if month_s else Decimal(0)
    with opened_core() as core:
        window = Window.last(seconds)
        rows, counts = core.telemetry.ledger(window), core.telemetry.lookups(window, 1)
        held = core.ledger_rows.every(window, {"line": [LedgerLine.HOLD_OUT], "provenance": HEADLINE})
        really = rate_of(pairs_of(held))
    rate = tier_ratio(counts, Family.LLM, Tier.REDIS)
    return measured(rows, cache_usd=round(price, SHOWN_PLACES)), rate, really


def _table(assumed: Assumptions, result: Estimate) -> Table:
    table = Table(title="Estimated savings", caption="An estimate from assumptions. The Savings page shows what was measured.")
    for name, side in (("what", "left"), ("how", "left"), ("a month", "right")):
        table.add_column(name, justify=side)  # type: ignore[arg-type] # a str is one of rich's literals here
    shown = EstimateTexts(*(text.replace(numbers.THIN, ",") for text in texts(result)))
    calls = f"{assumed.corrections_per_day:,} x {assumed.days_per_month} x {percent(assumed.correction_hit_ratio)}"
    requests = f"{assumed.lookups_per_day:,} x {assumed.days_per_month} x {percent(assumed.lookup_hit_ratio)}"
    table.add_row("LLM calls not made", calls, f"{shown.calls} calls")
    table.add_row("Savings", f"{shown.calls} x {usd(assumed.usd_per_call)}", shown.usd_per_month, style="bold")
    table.add_row("Savings in a year", f"{assumed.months_per_year} months", shown.usd_per_year, style="bold")
    if assumed.cache_usd_per_month:
        how = f"{shown.usd_per_month} less {usd(assumed.cache_usd_per_month)} for the cache"
        table.add_row("Net savings", how, shown.net_usd_per_month)
    table.add_row("Waiting saved", f"{shown.calls} x {plain_number(assumed.seconds_per_call)} s", shown.waiting, end_section=True)
    table.add_row("API requests not made", requests, f"{shown.requests} requests")
    size = traffic(Decimal(assumed.bytes_per_lookup))
    table.add_row("Traffic saved", f"{shown.requests} x {size}", shown.traffic, style="bold")
    return table


def _measured_table(found: Measured, rate: Ratio, really: HoldOutRate, span: str) -> Table:
    note = f"Calls without a known price, in no sum: {found.unpriced:,}." if found.unpriced else "Every call has a known price."
    table = Table(title=f"Measured in the last {span}", caption=note)
    for name, side in (("what", "left"), ("calls", "right"), ("US dollars", "right")):
        table.add_column(name, justify=side)  # type: ignore[arg-type] # a str is one of rich's literals here
    table.add_row("LLM calls paid for", f"{found.paid.calls:,}", numbers.usd(found.paid.usd))
    table.add_row("Savings (calls not made)", f"{found.avoided.calls:,}", numbers.usd(found.avoided.usd), style="bold")
    table.add_row("Net savings", "", numbers.usd(found.net_usd))
    if really.pairs:
        table.add_row("Really saved of each dollar, by hold-out", f"{really.pairs:,}", _of_each_dollar(really))
    table.add_row("Hit rate, corrections in Redis", numbers.percent(rate.value) if rate.total else numbers.NONE, "")
    table.add_row("Waiting saved", hours(Decimal(str(found.avoided.seconds))), "")
    return table


def _of_each_dollar(really: HoldOutRate) -> str:
    if really.rate is None or really.low is None or really.high is None:
        return f"– (needs {FEWEST_PAIRS} calls)"
    return f"{really.rate:.2f} ({really.low:.2f} to {really.high:.2f})"


def _plain_measured(found: Measured, rate: Ratio, really: HoldOutRate) -> dict[str, object]:
    return {
        "paid_calls": found.paid.calls,
        "paid_usd": amount(found.paid.usd),
        "avoided_calls": found.avoided.calls,
        "avoided_usd": amount(found.avoided.usd),
        "net_usd": amount(found.net_usd),
        "unpriced_calls": found.unpriced,
        "hit_ratio": rate.value if rate.total else None,
        "waiting_saved_s": found.avoided.seconds,
        "hold_out": asdict(really),
    }


def _plain(value: Assumptions | Estimate) -> dict[str, object]:
    """Whole numbers as numbers, everything else as exact decimal text."""
    plain = asdict(value)
    for field in fields(value):
        number = plain[field.name]
        if isinstance(number, Decimal):
            money, whole = "usd" in field.name, number == number.to_integral_value()
            plain[field.name] = amount(number) if money else int(number) if whole else plain_number(number)
    return plain

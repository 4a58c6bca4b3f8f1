"""`prosepolish estimate`: what the cache saves in a month and a year, from assumptions you can change."""

import json
from collections.abc import Callable
from dataclasses import asdict, fields
from decimal import Decimal, InvalidOperation
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from ..calc.savings import Assumptions, Estimate
from ..calc.savings import estimate as estimated
from ..errors import InvalidInput


class _Number(click.ParamType[Decimal]):
    """A decimal number, or a percentage such as 30%."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """Read exactly what was typed; no float in between."""
        text = str(value).strip()
        try:
            number = Decimal(text.removesuffix("%"))
        except InvalidOperation:
            self.fail(f"{text!r} is not a number", param, ctx)
        return number / 100 if text.endswith("%") else number


_NUMBER = _Number()
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
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; money is exact decimal text.")
def estimate(as_json: bool, **given: Any) -> None:
    """Estimate what the cache saves. Asks no server.

    Exit codes: 0 done, 2 wrong usage.
    """
    try:
        assumed = Assumptions(**given)
    except InvalidInput as error:
        raise click.UsageError(str(error)) from None
    result = estimated(assumed)
    if as_json:
        click.echo(json.dumps({"assumptions": _plain(assumed), "estimate": _plain(result)}))
    else:
        Console(highlight=False).print(_table(assumed, result))


def _table(assumed: Assumptions, result: Estimate) -> Table:
    table = Table(title="Estimated savings", caption="An estimate from assumptions. The Savings page shows what was measured.")
    for name, side in (("what", "left"), ("how", "left"), ("a month", "right")):
        table.add_column(name, justify=side)  # type: ignore[arg-type] # a str is one of rich's literals here
    calls = f"{assumed.corrections_per_day:,} x {assumed.days_per_month} x {_percent(assumed.correction_hit_ratio)}"
    requests = f"{assumed.lookups_per_day:,} x {assumed.days_per_month} x {_percent(assumed.lookup_hit_ratio)}"
    table.add_row("LLM calls not made", calls, f"{_count(result.calls_per_month)} calls")
    table.add_row(
        "Savings", f"{_count(result.calls_per_month)} x {_usd(assumed.usd_per_call)}", _usd(result.usd_per_month), style="bold"
    )
    table.add_row("Savings in a year", f"{assumed.months_per_year} months", _usd(result.usd_per_year), style="bold")
    if assumed.cache_usd_per_month:
        how = f"{_usd(result.usd_per_month)} less {_usd(assumed.cache_usd_per_month)} for the cache"
        table.add_row("Net savings", how, _usd(result.net_usd_per_month))
    waiting = f"{_count(result.calls_per_month)} x {_plain_number(assumed.seconds_per_call)} s"
    table.add_row("Waiting saved", waiting, f"{_plain_number(round(result.waiting_s_per_month / 3600, 2))} h", end_section=True)
    table.add_row("API requests not made", requests, f"{_count(result.requests_per_month)} requests")
    traffic = f"{_count(result.requests_per_month)} x {_bytes(Decimal(assumed.bytes_per_lookup))}"
    table.add_row("Traffic saved", traffic, _bytes(result.bytes_per_month), style="bold")
    return table


def _plain(value: Assumptions | Estimate) -> dict[str, object]:
    """Whole numbers as numbers, everything else as exact decimal text."""
    plain = asdict(value)
    for field in fields(value):
        number = plain[field.name]
        if isinstance(number, Decimal):
            money, whole = "usd" in field.name, number == number.to_integral_value()
            plain[field.name] = _amount(number) if money else int(number) if whole else _plain_number(number)
    return plain


def _plain_number(number: Decimal) -> str:
    """Without an exponent and without zeros at the end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _amount(amount: Decimal, grouping: str = "") -> str:
    """At least cents; more places when there is more to say."""
    return f"{amount:{grouping}.{max(2, -int(amount.normalize().as_tuple().exponent))}f}"


def _usd(amount: Decimal) -> str:
    return f"{'-' if amount < 0 else ''}${_amount(abs(amount), ',')}"


def _percent(ratio: Decimal) -> str:
    return f"{_plain_number(ratio * 100)} %"


def _count(number: Decimal) -> str:
    return f"{number:,.0f}" if number == number.to_integral_value() else f"{number:,.1f}"


def _bytes(number: Decimal) -> str:
    for unit, size in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("KB", 1000)):
        if number >= size:
            return f"{_plain_number(round(number / size, 2))} {unit}"
    return f"{_count(number)} B"

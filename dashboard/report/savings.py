"""The savings report of a month on one page: what finance and product ask, and what each number means."""

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo

from dashboard.charts.theme import GOOD, PALETTE
from dashboard.views.names import LINES, PROVENANCES
from dashboard.views.outlook import OutlookView
from dashboard.views.outlook_rows import PROJECTED, projected, quantities, reference
from dashboard.views.savings import SavingsView
from prosepolish_core.calc import numbers as said
from prosepolish_core.calc.ledger_sums import Side
from prosepolish_core.model.calendar_month import CalendarMonth
from prosepolish_core.model.window import Window

from . import sheet

#: Models, or prices, told by name.
MOST_GROUPS = 3

DEFINITIONS: Mapping[str, str] = {
    "Ledger": "One row for every LLM call that left (written before it left) and one for every call that a cache made unnecessary. "
    "Every number of money here is a sum of rows; the page Savings lists those of each, down to the single call.",
    "Cost": "Tokens as billed times the dated price of the model on the UTC day of the call, exactly, in US dollars.",
    "Avoided": "The tokens of the recorded call behind an answer, at the price on the day of the hit. Not a call that was made up.",
    "Without any cache": "Paid + avoided: what the same calls would have cost had none of them been spared.",
    "Paid for nothing": "Billed, and of no use: unfit, cut off or refused.",
    "By Redis alone": "What PostgreSQL would not have spared: corrections, which are kept nowhere else, and remembered refusals.",
    "Net": "Avoided less the price of the cache (setting PROSEPOLISH_CACHE_USD), its share of the time shown.",
    "No money": "Calls of the dictionary API and answers of PostgreSQL are free. They save waiting, quota and bandwidth only; "
    "traffic is counted at the assumed 2 KB an answer.",
    "Not ours": "What Gemini's own prompt caching takes off is in the cost already and in no saving.",
    "Projected": PROJECTED,
    "Unknown": "Calls without a known price or a readable reply are in no sum and counted beside it: the true figures are higher.",
}

#: The same, a line each, for the head of a file.
DEFINED = tuple(f"{name}: {text}" for name, text in DEFINITIONS.items())


def of_month(window: Window, now: datetime, zone: tzinfo) -> Window:
    """The month in which the window ends, as far as it has come."""
    month = CalendarMonth.of(window.end - timedelta(microseconds=1), zone).window
    return Window(month.start, min(month.end, max(now, month.start + timedelta(seconds=1))))


def report(view: SavingsView, outlook: OutlookView, counted: frozenset[str]) -> str:
    """The file. Both views speak of the same month."""
    sums, both = view.sums, view.sums.paid + view.sums.avoided
    since = f"ledger since {view.since:%Y-%m-%d %H:%M} UTC" if view.since else "no row in the ledger yet"
    whose = ", ".join(PROVENANCES.get(name, name) for name in sorted(counted))
    shown = [
        ("Avoided", said.usd(sums.avoided.known_usd), f"{said.count(sums.avoided.calls)} calls not made"),
        ("Paid", said.usd(sums.paid.known_usd), f"{said.count(sums.paid.calls)} calls"),
        ("Net of the cache", said.usd(sums.net_usd), f"the cache costs {said.usd(sums.cache_usd)}"),
        ("Hit rate, corrections", said.percent(view.rate.value), "of what reached Redis"),
    ]
    for label, name, until in (
        ("Projected month", "Avoided", "month"),
        ("Projected year", "Avoided", "year"),
        ("Projected bill", "Paid", "month"),
    ):
        shown.append((label, *projected(getattr(outlook.row(name), until), "usd")))
    shown.append(("Of unknown cost", said.count(both.unpriced + both.unknown + both.sent), "calls, in no sum"))
    highest = max((a + p for a, p in zip(view.avoided_usd, view.paid_usd, strict=True)), default=0.0)
    parts = [
        sheet.numbers(shown),
        sheet.bars(
            f"Avoided and paid, per {said.age(view.width_s)}",
            ("avoided", "paid"),
            (view.avoided_usd.tolist(), view.paid_usd.tolist()),
            (GOOD, PALETTE[3]),
            f"highest: {said.usd(float(highest))}",
        ),
        sheet.table("What adds up to the bill without any cache", _lines(view), sum_last=True),
        sheet.table("What the month comes to, and what is no money", [_narrow(row) for row in quantities(outlook)]),
        sheet.pair(
            sheet.table("By model", _groups(view, "model")) + sheet.table("By price", _groups(view, "price")),
            sheet.table("Beside what the project assumed", reference(outlook)),
        ),
    ]
    told = f"{view.window.words}, the month in {outlook.month.zone} · calls by {whose} · {since} · written {outlook.now:%Y-%m-%d}"
    return sheet.sheet(f"What the cache saved, {outlook.month}", told, parts, DEFINITIONS)


def _narrow(row: dict[str, object]) -> dict[str, object]:
    """A narrow table: the month is in the title, and what is no money says so in its name."""
    what, so_far, month, year, assumed, why = row.values()
    free = " (no money)" if "no money" in str(why) else ""
    return {
        "what": f"{what}{free}", "so far": so_far, "month, projected": month, "a year, projected": year, "month, assumed": assumed,
    }  # fmt: skip


def _lines(view: SavingsView) -> list[dict[str, object]]:
    sums = view.sums
    sides = [(name, sums.line(line)) for line, name in LINES.items() if sums.line(line).calls]
    return [_line(name, side) for name, side in [*sides, ("Without any cache", sums.paid + sums.avoided)]]


def _line(name: str, side: Side) -> dict[str, object]:
    return {
        "line": name,
        "calls": said.count(side.calls),
        "US dollars": said.usd(side.known_usd),
        "of unknown cost": said.count(side.unpriced + side.unknown + side.sent),
        "time of the model": said.age(side.seconds),
    }


def _groups(view: SavingsView, by: str) -> list[dict[str, object]]:
    """The dearest by name, all others in one row: the page is one page."""
    groups = sorted(view.apart[by].items(), key=lambda group: -group[1].without_cache_usd)
    rows = [(name, sums.paid, sums.avoided) for name, sums in groups[:MOST_GROUPS]]
    if others := [sums for _, sums in groups[MOST_GROUPS:]]:
        paid, avoided = (sum((getattr(o, side) for o in others), Side()) for side in ("paid", "avoided"))
        rows.append((f"{len(others)} others", paid, avoided))
    return [{by: name, "paid": said.usd(paid.known_usd), "avoided": said.usd(avoided.known_usd)} for name, paid, avoided in rows]

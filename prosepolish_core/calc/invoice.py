"""An invoice as CSV: Google Cloud's cost table, a FOCUS file, or any table with a date and an amount."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal

from ..errors import InvalidInput

#: What a column means -> the names it goes by, most telling first; compared without case, blanks and signs.
NAMES: Mapping[str, tuple[str, ...]] = {
    "when": ("chargeperiodstart", "usagestartdate", "usagestarttime", "date", "day", "billingperiodstart", "invoicemonth", "month"),
    "cost": ("billedcost", "unroundedsubtotal", "subtotal", "cost", "amount", "total", "usd"),
    "currency": ("billingcurrency", "currency"),
    "service": ("servicename", "servicedescription", "service"),
    "kind": ("chargecategory", "costtype"),
}
#: The services that sell the model, and what is no usage of it.
GEMINI = re.compile(r"gemini|generative language|vertex", re.IGNORECASE)
TAX = re.compile(r"\btax|\bvat\b", re.IGNORECASE)
_MONTH = re.compile(r"(\d{4})-?(0[1-9]|1[0-2])")
#: Lines that may stand above the table, as Google's export has them.
PREAMBLE = 30


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """What one line asks for; `day` is None where the invoice names the month alone."""

    month: str
    day: date | None
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Invoice:
    """The lines for calls of the model. `beside` is what else the invoice has: taxes, other services."""

    lines: tuple[InvoiceLine, ...]
    beside: Mapping[str, Decimal]
    currency: str

    @property
    def months(self) -> list[str]:
        """The months it speaks of."""
        return sorted({line.month for line in self.lines})

    def cost(self, month: str) -> Decimal:
        """The sum of one month."""
        return sum((line.cost for line in self.lines if line.month == month), Decimal(0))

    def by_day(self, month: str) -> dict[date, Decimal]:
        """The same day by day; empty where a line names no day."""
        lines = [line for line in self.lines if line.month == month]
        found: dict[date, Decimal] = {}
        for line in lines:
            if line.day is None:
                return {}
            found[line.day] = found.get(line.day, Decimal(0)) + line.cost
        return found


def read_invoice(text: str, zone: tzinfo) -> Invoice:
    """The invoice. An instant counts on the day of the zone. Raises InvalidInput with the line and its fault."""
    rows = list(csv.reader(text.lstrip("\ufeff").splitlines()))
    top, found = _head(rows)
    lines: list[InvoiceLine] = []
    beside: dict[str, Decimal] = {}
    currencies: set[str] = set()
    for number, row in enumerate(rows[top + 1 :], top + 2):
        cells = {meaning: row[at].strip() if at < len(row) else "" for meaning, at in found.items()}
        if not cells["when"] or not cells["cost"]:
            continue  # a line of totals, or an empty one
        cost = _cost(cells["cost"], number)
        currencies |= {cells["currency"].upper()} if cells.get("currency") else set()
        if other := _no_usage(cells):
            beside[other] = beside.get(other, Decimal(0)) + cost
        else:
            lines.append(_line(cells["when"], cost, zone, number))
    if len(currencies) > 1:
        raise InvalidInput(f"the invoice has several currencies ({', '.join(sorted(currencies))}); compare one at a time")
    if not lines:
        raise InvalidInput("the invoice has no line for calls of Gemini")
    return Invoice(tuple(lines), beside, next(iter(currencies), "USD"))


def _head(rows: Sequence[Sequence[str]]) -> tuple[int, dict[str, int]]:
    """The line that names the columns, and where each meaning stands."""
    for at, row in enumerate(rows[:PREAMBLE]):
        named = [re.sub(r"\(.*\)|[^a-z]", "", cell.lower()) for cell in row]
        found = {
            meaning: next(named.index(name) for name in names if name in named)
            for meaning, names in NAMES.items()
            if set(names) & set(named)
        }
        if {"when", "cost"} <= found.keys():
            return at, found
    known = "; ".join(f"{meaning}: {', '.join(names)}" for meaning, names in NAMES.items() if meaning in {"when", "cost"})
    raise InvalidInput(f"the invoice names no column for the date and none for the amount ({known})")


def _no_usage(cells: Mapping[str, str]) -> str:
    if TAX.search(cells.get("kind", "")):
        return "taxes"
    service = cells.get("service", "")
    return service[:60] if service and not GEMINI.search(service) else ""


def _cost(text: str, number: int) -> Decimal:
    try:
        cost = Decimal(re.sub(r"[$,\s]", "", text))
    except ArithmeticError:
        cost = Decimal("nan")
    if not cost.is_finite():
        raise InvalidInput(f"line {number} of the invoice: {text[:20]!r} is no amount; write for example 12.34")
    return cost


def _line(text: str, cost: Decimal, zone: tzinfo, number: int) -> InvoiceLine:
    if month := _MONTH.fullmatch(text):
        return InvoiceLine(f"{month[1]}-{month[2]}", None, cost)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"line {number} of the invoice: {text[:30]!r} is no date; write for example 2026-11-30") from None
    day = at.astimezone(zone).date() if at.tzinfo else at.date()
    return InvoiceLine(f"{day:%Y-%m}", day, cost)


def in_dollars(invoice: Invoice, rate: Decimal) -> Invoice:
    """The same in US dollars, at so many for one unit of its currency."""
    lines = tuple(InvoiceLine(line.month, line.day, line.cost * rate) for line in invoice.lines)
    return Invoice(lines, {name: cost * rate for name, cost in invoice.beside.items()}, "USD")

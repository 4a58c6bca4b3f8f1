"""This month so far, and what the month and a year come to if things go on: money, calls, waiting and traffic."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from prosepolish_core.calc.ledger_sums import HEADLINE, Measured, measured
from prosepolish_core.calc.lookups_spared import ANSWER_BYTES, ApiSpared, api_call_s, api_spared
from prosepolish_core.calc.measured_assumptions import measured_assumptions
from prosepolish_core.calc.projection import LEARNT_DAYS, NEEDED_DAYS, Projected, TooEarly, full_days, learnt
from prosepolish_core.calc.savings import Assumptions, Estimate, estimate
from prosepolish_core.errors import InvalidInput
from prosepolish_core.model.calendar_month import CalendarMonth
from prosepolish_core.model.counts import LedgerTotal, LookupCounts
from prosepolish_core.model.window import Window
from prosepolish_core.ports import TelemetryReader

HOUR_S, DAY_S = 3600, 86_400
INSTANT, YEAR, BASIS = timedelta(microseconds=1), timedelta(days=365), timedelta(days=30)
#: The task of the ledger that the project's formula speaks of.
CORRECT = "correct"


class Spared(NamedTuple):
    """What a stretch of time was spared, and what was paid in it."""

    money: Measured
    words: ApiSpared


class Quantity(NamedTuple):
    """One thing that is saved or spent: how it is read off, and what the project's formula assumes for a month."""

    name: str
    unit: str
    of: Callable[[Spared], float]
    assumed: Callable[[Estimate], float] | None = None
    why: str = ""


QUANTITIES = (
    Quantity("Avoided", "usd", lambda s: float(s.money.avoided.usd), lambda e: float(e.usd_per_month), "money for the LLM"),
    Quantity("Paid", "usd", lambda s: float(s.money.paid.usd), None, "money for the LLM"),
    Quantity("LLM calls not made", "count", lambda s: s.money.avoided.calls, lambda e: float(e.calls_per_month)),
    Quantity("Waiting for the LLM spared", "age", lambda s: s.money.waiting_s, lambda e: float(e.waiting_s_per_month)),
    Quantity(
        "API calls not made", "count", lambda s: s.words.total, lambda e: float(e.requests_per_month), "free: quota, no money"
    ),
    Quantity("Waiting for the API spared", "age", lambda s: s.words.waiting_s or 0.0, None, "no money"),
    Quantity(
        "Traffic not caused",
        "traffic",
        lambda s: s.words.total * ANSWER_BYTES,
        lambda e: float(e.bytes_per_month),
        f"no money; {ANSWER_BYTES // 1000} KB each, assumed",
    ),
)


class OutlookRow(NamedTuple):
    """One quantity: so far, what the month comes to, what a year comes to, and what was assumed for a month."""

    name: str
    unit: str
    so_far: float
    month: Projected | TooEarly
    year: Projected | TooEarly
    assumed: float | None
    why: str


class Basis(NamedTuple):
    """What was measured in the last 30 days, or since counting began, to be set beside what the formula assumes."""

    days: float
    corrections: Measured
    words: ApiSpared

    @property
    def measured(self) -> Assumptions:
        """The formula's assumptions as they were measured."""
        return measured_assumptions(self.corrections, self.words, self.days)


@dataclass(frozen=True, slots=True)
class OutlookView:
    """The month in which `now` lies, in its zone."""

    month: CalendarMonth
    now: datetime
    since: datetime | None
    so_far: Spared
    rows: tuple[OutlookRow, ...]
    basis: "Basis"

    @property
    def too_early(self) -> TooEarly | None:
        """How much is missing until anything can be projected."""
        found = self.rows[0].month
        return found if isinstance(found, TooEarly) else None

    def row(self, name: str) -> OutlookRow:
        """The row of a quantity."""
        return next(row for row in self.rows if row.name == name)


def build(telemetry: TelemetryReader, now: datetime, *, counted: Collection[str] = HEADLINE, zone: tzinfo = UTC) -> OutlookView:
    """Read and compute. Raises StoreUnavailable."""
    month = CalendarMonth.of(now - INSTANT, zone)  # at its very end it is still that month
    since = telemetry.ledger_since(counted)
    so_far = _spared(telemetry, Window(month.window.start, now), counted)
    learnt_from = Window(now - timedelta(days=LEARNT_DAYS + 1), now)
    hours = _by_hour(telemetry, learnt_from, counted)
    formula = estimate(Assumptions())
    rows = []
    for quantity in QUANTITIES:
        rhythm = learnt({ts: quantity.of(part) for ts, part in hours.items()}, since or now, now, zone)
        value = quantity.of(so_far)
        assumed = quantity.assumed(formula) if quantity.assumed else None
        to_end, to_year = (
            (rhythm, rhythm) if isinstance(rhythm, TooEarly) else (rhythm.until(month.window.end, value), rhythm.until(now + YEAR))
        )
        rows.append(OutlookRow(quantity.name, quantity.unit, value, to_end, to_year, assumed, quantity.why))
    return OutlookView(month, now, since, so_far, tuple(rows), basis(telemetry, now, since, counted))


def basis(telemetry: TelemetryReader, now: datetime, since: datetime | None, counted: Collection[str]) -> Basis:
    """Read the last 30 days. Raises StoreUnavailable."""
    window = Window(now - BASIS, now)
    days = (now - max(window.start, since or now)).total_seconds() / DAY_S
    rows = [row for row in telemetry.ledger(window) if row.task == CORRECT]
    return Basis(days, measured(rows, counted=counted), api_spared(telemetry.lookups(window, 1)))


def assumptions(
    telemetry: TelemetryReader, now: datetime, *, counted: Collection[str] = HEADLINE, zone: tzinfo = UTC
) -> Assumptions:
    """The formula's assumptions as the last 30 days had them.

    Raises InvalidInput before there are as many full days as a projection needs, and StoreUnavailable.
    """
    since = telemetry.ledger_since(counted)
    days = len(full_days(since, now, zone)) if since else 0
    if days < NEEDED_DAYS:
        raise InvalidInput(f"{days} full days are in the ledger, {NEEDED_DAYS} are needed to speak of a usual day")
    return basis(telemetry, now, since, counted).measured


def _spared(telemetry: TelemetryReader, window: Window, counted: Collection[str]) -> Spared:
    return Spared(measured(telemetry.ledger(window), counted=counted), api_spared(telemetry.lookups(window, 1)))


def _by_hour(telemetry: TelemetryReader, window: Window, counted: Collection[str]) -> Mapping[datetime, Spared]:
    """Every hour in which anything was counted."""
    points = round(window.seconds / HOUR_S)
    money: dict[datetime, list[LedgerTotal]] = {}
    for row in telemetry.ledger(window, points):
        money.setdefault(row.ts, []).append(row)
    words: dict[datetime, list[LookupCounts]] = {}
    for count in telemetry.lookups(window, points):
        words.setdefault(count.ts, []).append(count)
    each_s = api_call_s([row for rows in words.values() for row in rows])
    return {ts: _of(money.get(ts, ()), words.get(ts, ()), counted, each_s) for ts in money.keys() | words.keys()}


def _of(money: Sequence[LedgerTotal], words: Sequence[LookupCounts], counted: Collection[str], each_s: float | None) -> Spared:
    return Spared(measured(money, counted=counted), api_spared(words, each_s))

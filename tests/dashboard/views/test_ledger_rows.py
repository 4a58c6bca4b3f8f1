"""Every total of the Savings page is the sum of the rows it drills down to, for any window, zone and month."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from dashboard.views import ledger_rows, savings
from prosepolish_core.calc.ledger_parts import PARTS, part_named, side_of
from prosepolish_core.calc.ledger_sums import Side
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.model.calendar_month import CalendarMonth
from prosepolish_core.model.counts import LedgerRow
from prosepolish_core.model.window import Window
from prosepolish_core.watch.counts.ledger_rows import LedgerRows
from prosepolish_core.watch.counts.reader import PostgresTelemetry
from prosepolish_core.watch.counts.writer import PostgresTelemetryWriter
from tests.dashboard.rows import Samples
from tests.support.ledger_days import keep_days

pytestmark = pytest.mark.live
NOW = datetime(2026, 11, 20, 15, 4, 5, 600_000, tzinfo=UTC)
DAYS = 24
COUNTED = frozenset({"live", "playground"})


@pytest.fixture
def pool(database_url: str) -> Iterator[PostgresPool]:
    """A store with some weeks of a ledger."""
    found = PostgresPool(database_url, size=2, role="test")
    keep_days(PostgresTelemetryWriter(found), NOW, DAYS)
    yield found
    found.close()


def windows(seed: int, count: int) -> Iterator[Window]:
    """Any stretch of time, to the microsecond, and the months of some zones."""
    chance = random.Random(seed)
    for _ in range(count):
        start = NOW - timedelta(days=chance.uniform(0, DAYS + 2))
        yield Window(start, start + timedelta(seconds=10 ** chance.uniform(0, 6.5)))
    for zone in ("UTC", "Europe/Berlin", "Pacific/Auckland"):
        yield CalendarMonth(2026, 11, ZoneInfo(zone)).window


def summed(rows: list[LedgerRow]) -> tuple[int, Decimal]:
    """Calls and dollars of single rows."""
    return sum(row.calls for row in rows), sum((row.call.cost_usd or Decimal(0) for row in rows), Decimal(0))


def test_every_total_is_the_sum_of_its_rows(pool: PostgresPool) -> None:
    """Totals with names of their own, each line, task and model; what the page shows is the same number again."""
    telemetry, rows = PostgresTelemetry(pool, lambda: NOW), LedgerRows(pool)
    looked_at = 0
    for window in windows(20261120, 25):
        totals = telemetry.ledger(window)
        view = savings.build(Samples(), telemetry, window, counted=COUNTED)
        shown: dict[str, Side] = {
            "all": view.sums.paid + view.sums.avoided,
            "paid": view.sums.paid,
            "avoided": view.sums.avoided,
            "redis-alone": view.sums.redis_alone,
        }
        shown |= {f"line.{line}": side for line, side in view.sums.lines.items()}
        shown |= {f"task.{name}": sums.paid + sums.avoided for name, sums in view.apart["task"].items()}
        shown |= {f"model.{name}": sums.paid + sums.avoided for name, sums in view.apart["model"].items()}
        shown |= {f"family.{name}": sums.paid + sums.avoided for name, sums in view.apart["family"].items()}
        for row in view.tokens:
            source, _, date = row.price.rpartition(" from ")
            name = f"task.{row.task}~model.{row.model}~line.{row.line}~whose.{row.provenance}~price.{source}|{date}"
            shown[name] = Side(row.calls, row.unpriced, row.usd)
        for name in {*PARTS, *shown, *ledger_rows.names(telemetry, window, COUNTED)}:
            part = part_named(name)
            assert part
            found = list(rows.every(window, part.among(COUNTED)))
            total = side_of(part, totals, COUNTED)
            assert summed(found) == (total.calls, total.usd), (window, name)
            if name in shown:
                assert (shown[name].calls, shown[name].usd) == (total.calls, total.usd), (window, name)
            looked_at += len(found)
    assert looked_at > 5_000


def test_a_row_leads_to_its_call_and_to_what_its_answer_spared(pool: PostgresPool) -> None:
    """And a spared call leads to the one whose answer it got."""
    rows, window = LedgerRows(pool), Window(NOW - timedelta(days=DAYS), NOW)
    part = part_named("avoided")
    assert part
    known = {row.call_id for row in rows.every(window)}
    spared = next(row for row in rows.every(window, part.among({"live"})) if row.call.of_call in known)
    view = ledger_rows.one_call(rows, spared.call_id)
    assert view
    assert view.origin
    assert view.origin.call_id == spared.call.of_call
    paid = ledger_rows.one_call(rows, view.origin.call_id.upper())
    assert paid
    assert spared.call_id in {row.call_id for row in paid.spared}
    assert paid.spared_usd == summed(list(paid.spared))[1]
    assert ledger_rows.one_call(rows, "nothing like an id") is None


def test_a_hand_made_name_is_no_part() -> None:
    """What a link says is looked up, never made into a question to the store."""
    assert [part_named(name) for name in ("", "nobody", "call_id.x", ".", "line;drop.x", "paid~nobody", "~")] == [None] * 7

"""A month so far, its projection, and the formula's assumptions beside what was measured."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from dashboard.views import outlook
from dashboard.views.outlook_rows import quantities, reference
from prosepolish_core.calc.projection import Projected, TooEarly
from prosepolish_core.errors import InvalidInput
from prosepolish_core.model.counts import LedgerTotal, LookupCounts
from prosepolish_core.model.window import Window
from tests.dashboard.rows import Telemetry

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@dataclass
class Steady(Telemetry):
    """A ledger in which every hour since `began` is like every other: ten corrections, of which four were spared."""

    began: datetime = NOW

    def ledger(self, window: Window, points: int = 1) -> list[LedgerTotal]:
        """An hour's rows for every hour, or all of them in one bucket."""
        return [
            LedgerTotal(ts, kind, "m", n, 0, 1, 0, 1, 0, Decimal(n) / 1000, n * 1.5, line=line)
            for ts in self._hours(window)
            for kind, n, line in (("paid", 6, "answer"), ("avoided", 3, "redis"), ("avoided", 1, "coalesced"))
        ]

    def lookups(self, window: Window, points: int = 300) -> list[LookupCounts]:
        """A hundred words an hour, of which ten ask the API."""
        return [
            LookupCounts(ts, "dict", tier, "hit", n, n, n * took)
            for ts in self._hours(window)
            for tier, n, took in (("redis", 80, 0.001), ("postgres", 10, 0.01), ("dictionary_api", 10, 0.3))
        ]

    def ledger_since(self, provenance: Collection[str]) -> datetime | None:
        return self.began

    def _hours(self, window: Window) -> list[datetime]:
        first = max(window.start, self.began)
        return [first + timedelta(hours=n) for n in range(round((window.end - first).total_seconds() / 3600))]


def test_a_steady_month_is_projected_as_it_goes_on() -> None:
    """Four spared calls of a tenth of a cent an hour are $2.88 in the 720 hours of November."""
    view = outlook.build(Steady(began=NOW - timedelta(days=60)), NOW)
    row = view.row("Avoided")
    assert isinstance(row.month, Projected)
    assert isinstance(row.year, Projected)
    assert row.so_far == pytest.approx(0.004 * 468)
    assert row.month.amount == pytest.approx(2.88)
    assert row.year.amount == pytest.approx(0.004 * 8760)


def test_before_seven_full_days_nothing_is_projected() -> None:
    """A dash, and how long is still needed."""
    view = outlook.build(Steady(began=NOW - timedelta(days=3)), NOW)
    assert isinstance(view.too_early, TooEarly)
    cells = quantities(view)[0]
    assert (cells["2026-11 projected"], cells["a year projected"]) == ("–", "–")
    assert cells["2026-11 so far"] == "$0.29"


def test_free_calls_save_waiting_quota_and_bandwidth_and_no_money() -> None:
    """90 of 100 lookups need no call of the API; who waited for another's LLM call was spared money, not time."""
    view = outlook.build(Steady(began=NOW - timedelta(days=60)), NOW)
    hours = 468
    assert view.so_far.words.total == 90 * hours
    assert view.so_far.words.waiting_s == pytest.approx((90 * 0.3 - 80 * 0.001 - 10 * 0.01) * hours)
    assert view.so_far.money.waiting_s == pytest.approx(3 * 1.5 * hours)
    assert view.row("Traffic not caused").so_far == 90 * hours * 2000
    assert view.row("Avoided").so_far == pytest.approx(0.004 * hours)


def test_the_formula_is_filled_from_what_was_measured() -> None:
    """240 corrections a day, 40 % spared, a tenth of a cent each; what is not measured stays as assumed."""
    filled = outlook.assumptions(Steady(began=NOW - timedelta(days=60)), NOW)
    assert (filled.corrections_per_day, filled.correction_hit_ratio, filled.usd_per_call) == (240, Decimal("0.4"), Decimal("0.001"))
    assert (filled.lookups_per_day, filled.lookup_hit_ratio, filled.seconds_per_call) == (2400, Decimal("0.9"), Decimal("1.5"))
    assert filled.bytes_per_lookup == 2000
    rows = {
        row["what"]: (row["assumed"], row["measured"]) for row in reference(outlook.build(Steady(began=NOW - timedelta(60)), NOW))
    }
    assert rows["Corrections found"] == ("30.0 %", "40.0 %")
    assert rows["Price of a call"] == ("$0.00050", "$0.0010")
    with pytest.raises(InvalidInput, match="7 are needed"):
        outlook.assumptions(Steady(began=NOW - timedelta(days=3)), NOW)


def test_a_month_that_is_over_is_what_it_was() -> None:
    """Looked at from its very end nothing is left to project."""
    view = outlook.build(Steady(began=NOW - timedelta(days=60)), datetime(2026, 11, 1, tzinfo=UTC))
    row = view.row("Avoided")
    assert str(view.month) == "2026-10"
    assert isinstance(row.month, Projected)
    assert row.month.amount == row.so_far == pytest.approx(0.004 * 744)

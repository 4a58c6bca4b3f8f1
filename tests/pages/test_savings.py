"""The page Savings: the month and its projection, rows behind a total, and assumptions filled or refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from prosepolish_core import Core
from prosepolish_core.model.calendar_month import CalendarMonth, zone_named
from prosepolish_core.model.counts import LedgerRow
from prosepolish_core.watch.counts.writer import PostgresTelemetryWriter
from tests.dashboard.stack import installed
from tests.support.ledger_days import keep_days

from .test_pages import open_page, said

pytestmark = pytest.mark.live


@contextmanager
def ledger_of(days: float, valkey_url: str, database_url: str) -> Iterator[tuple[Core, list[LedgerRow]]]:
    """The dashboard over a store with a ledger of so many days."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url) as core:
        yield core, keep_days(PostgresTelemetryWriter(core.telemetry_pool), datetime.now(UTC), days)


def test_a_month_is_projected_from_seven_full_days_on(valkey_url: str, database_url: str) -> None:
    """With a range; before, a dash and how long it takes. The trust line says since when the ledger counts."""
    with ledger_of(18, valkey_url, database_url):
        at = open_page("savings.py", range="30d")
        assert not at.exception
        shown = {metric.label: metric for metric in at.metric}
        assert shown["Projected month"].value.startswith("$")
        assert " to $" in shown["Projected year"].delta
        assert "ledger since" in said(at)
        assert "free: quota, no money" in str(at.dataframe[0].value)


def test_one_young_hit_is_no_month(valkey_url: str, database_url: str) -> None:
    """What an hour comes to is not taken for a month."""
    with ledger_of(0.5, valkey_url, database_url):
        shown = {metric.label: metric for metric in open_page("savings.py", range="24h").metric}
        for label in ("Projected month", "Projected year", "Projected bill"):
            assert shown[label].value == "–"
            assert "0 of 7 full days" in shown[label].delta


def test_a_total_leads_to_its_rows_and_a_row_to_its_call(valkey_url: str, database_url: str) -> None:
    """By a link as by clicks; a name of nothing is refused in words."""
    with ledger_of(3, valkey_url, database_url) as (_, rows):
        live = [row for row in rows if row.call.provenance == "live"]
        at = open_page("savings.py", range="7d", rows="paid", call=live[-1].call_id)
        paid = [row for row in live if row.call.kind == "paid"]
        assert not at.exception
        assert f"the sum of the {len(paid)} rows below, to the last digit" in said(at)
        assert f"Id: {live[-1].call_id}" in said(at)

        at = open_page("savings.py", range="7d", rows="no;thing", call="<b>nobody</b>")
        assert not at.exception
        assert "The ledger has no call" in said(at)
        assert "rows below" not in said(at)


@pytest.mark.parametrize("value", ["-5", "NaN", "1e12", "many", "", "Infinity"])
def test_an_impossible_assumption_in_a_link_is_refused_visibly(value: str, valkey_url: str, database_url: str) -> None:
    """It never silently becomes the usual one; the warning goes when somebody types a value."""
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url):
        at = open_page("savings.py", corrections_per_day=value)
        assert not at.exception
        told = [warning.value for warning in at.warning if "Corrections a day" in warning.value]
        assert "is no number from 0 to 10\u2009000\u2009000. Shown is the usual 1000." in told[0]
        assert at.number_input(key="corrections_per_day").value == 1000

        at.number_input(key="corrections_per_day").set_value(2000.0).run()
        assert not [warning for warning in at.warning if "Corrections a day" in warning.value]


def test_assumptions_are_filled_from_what_was_measured(valkey_url: str, database_url: str) -> None:
    """One click; too short a ledger is told instead."""
    with ledger_of(18, valkey_url, database_url):
        at = open_page("savings.py")
        next(button for button in at.button if button.label == "Fill from the last 30 days").click().run()
        assert not at.exception
        assert 30 < at.number_input(key="corrections_per_day").value < 80
        assert at.number_input(key="lookups_per_day").value == pytest.approx(2400, rel=0.1)
        next(button for button in at.button if button.label == "As the project assumes").click().run()
        assert at.number_input(key="corrections_per_day").value == 1000


def test_nothing_is_filled_from_a_day(valkey_url: str, database_url: str) -> None:
    """And the page says how much is missing."""
    with ledger_of(1.5, valkey_url, database_url):
        at = open_page("savings.py")
        next(button for button in at.button if button.label == "Fill from the last 30 days").click().run()
        assert "7 are needed" in said(at)
        assert at.number_input(key="corrections_per_day").value == 1000


def test_months_are_counted_in_the_zone_of_the_link(valkey_url: str, database_url: str) -> None:
    """Midnight in Auckland is not midnight in UTC; a zone that nobody knows is refused visibly."""
    with ledger_of(2, valkey_url, database_url):
        first = CalendarMonth.of(datetime.now(UTC), zone_named("Pacific/Auckland")).window.start
        told = said(open_page("savings.py", zone="Pacific/Auckland"))
        assert f"Since {first:%Y-%m-%d %H:%M} UTC, the first of the month in Pacific/Auckland." in told

        at = open_page("savings.py", zone="Mars/Olympus")
        assert not at.exception
        assert "time zone is not used" in said(at)
        next(button for button in at.button if button.label.startswith("Range: ")).click().run()
        assert not at.exception
        assert "the first of the month in UTC" in said(at)
        assert "as it was then" in said(at)

"""The badge *simulated* on every page that shows a part of a simulated past, and on no other."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.components.simulated import words
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.model.health import Level
from prosepolish_core.model.incident import FiredAlert, Incident
from prosepolish_core.model.window import Window
from prosepolish_core.watch.alerts.alert_store import AlertStore
from prosepolish_core.watch.series.simulated import note_simulated
from tests.dashboard.stack import installed
from tests.pages.test_pages import TIMED, open_page, said, tour

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
BADGE = "[:material/theater_comedy: simulated]"


def test_the_badge_says_which_part_is_simulated() -> None:
    """All of it, what lies before an instant, or nothing."""
    spans = [Window(NOON - 24 * HOUR, NOON)]
    assert "All of it was made by a simulation" in words(spans, Window(NOON - 2 * HOUR, NOON))
    assert "What lies before 2026-11-20 12:00 UTC" in words(spans, Window(NOON - HOUR, NOON + HOUR))
    assert words(spans, Window(NOON, NOON + HOUR)) == ""


@pytest.mark.live
def test_every_page_that_shows_simulated_time_says_so(valkey_url: str, database_url: str) -> None:
    """The range decides; an incident is marked by itself, in the list and on its page."""
    now = datetime.now(UTC)
    began = now.timestamp() - 7200
    alert = FiredAlert("instance_down", (("instance", "cache"),), Level.CRITICAL, began, began + 30, began + 60)
    pool = PostgresPool(database_url, size=1, role="test")
    with pool.connection() as connection:
        note_simulated(connection, Window(now - 24 * HOUR, now - HOUR))
    AlertStore(pool).keep([Incident("20261120T100000Z-cache", "cache", Level.CRITICAL, began, began + 60, (alert,))])
    pool.close()
    with installed(REDIS_URL=valkey_url, DATABASE_URL=database_url):
        for file, at in tour(TIMED, range="6h"):
            assert said(at).count(BADGE) == 1, file
        for file, at in tour(TIMED, range="5m"):
            assert BADGE not in said(at), file
        assert BADGE in said(open_page("incidents.py"))
        one = open_page("overview.py", incident="20261120T100000Z-cache").switch_page("incidents.py")
        one.query_params["incident"] = "20261120T100000Z-cache"
        assert "This never happened: a simulation wrote it." in said(one.run())

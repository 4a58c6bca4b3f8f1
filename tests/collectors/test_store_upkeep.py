"""store_upkeep on a real PostgreSQL: retention by the settings, and what it removed in the store."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from collectors import store_upkeep
from collectors.reading import Database, ScheduledRead, read_once
from collectors.wiring import CollectorParts
from prosepolish_core.config import Config
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.errors import ConfigError
from prosepolish_core.model.sample import Run, RunOutcome, Sample, SlowCommand
from prosepolish_core.model.window import Window
from prosepolish_core.watch.series.retention import Kept
from prosepolish_core.watch.series.sample_store import SampleStore
from prosepolish_core.watch.series.slow_commands import SlowCommands

ENTRY: ScheduledRead[Database] = ScheduledRead(store_upkeep.NAME, "", store_upkeep.read)
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def pool(database_url: str) -> Iterator[PostgresPool]:
    made = PostgresPool(database_url, size=3, role="test")
    yield made
    made.close()


def day_of_runs(days_ago: int) -> list[Run]:
    """Two hours of runs, every minute, and a slow command."""
    start = int((NOW - timedelta(days=days_ago)).timestamp()) // 86_400 * 86_400 + 3600
    slow = (SlowCommand(days_ago, start, 0.1, "get", 1, "dict", ""),)
    return [
        Run("redis_info", "cache", t, datetime.fromtimestamp(t, UTC), 0.1, RunOutcome.OK, (Sample("m", float(t)),), {}, "", slow)
        for t in range(start, start + 7200, 60)
    ]


@pytest.mark.live
def test_what_is_past_its_time_goes_by_the_settings_and_is_reported(pool: PostgresPool) -> None:
    """With two days of raw samples kept, an older day leaves only its roll-ups;
    the report says how many rows and bytes went.
    """
    store, slow = SampleStore(pool), SlowCommands(pool)
    for days in (1, 5):
        store.write(day_of_runs(days))
        slow.write(day_of_runs(days))
    database = Database("postgres", pool, Kept(raw=2, minutes=30, hours=60))
    run = read_once(ENTRY, database, 1)
    assert run.outcome is RunOutcome.OK
    found = {(s.metric, dict(s.labels).get("what")): s.value for s in run.samples}
    assert found["store_removed_rows", "raw"] == 120
    assert found["store_removed_bytes", "raw"] > 8192
    assert found["store_removed_rows", "slow_command"] == 1
    assert "120 rows of raw" in run.detail
    with pool.connection() as connection:
        rows = connection.execute("SELECT count(DISTINCT time::date), min(time) FROM samples").fetchall()
    assert (rows[0][0], rows[0][1] > NOW - timedelta(days=3)) == (1, True)
    (old,) = store.gauges(["m"], Window(NOW - timedelta(days=6), NOW - timedelta(days=4)))
    assert old.last[~(old.last != old.last)].size > 0
    assert read_once(ENTRY, database, 2).detail == ""


def test_the_settings_reach_the_job_and_must_make_sense() -> None:
    """The variables name the days; roll-ups may not go before what they are made of."""
    given = {"REDIS_URL": "redis://127.0.0.1:1/0", "DATABASE_URL": "postgresql://127.0.0.1:1/x", "PROSEPOLISH_KEEP_RAW_DAYS": "3"}
    (database,) = CollectorParts(Config.from_env(given), 10.0).databases
    assert database.kept == Kept(3, 90, 730)
    with pytest.raises(ConfigError):
        CollectorParts(Config.from_env(given | {"PROSEPOLISH_KEEP_MINUTES_DAYS": "2"}), 10.0)

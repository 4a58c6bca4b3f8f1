"""A server's own times: windowed percentiles from the growth of its histograms."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import isnan

import numpy as np
import pytest
import redis

from collectors.reading import ObservedServer, read_once
from collectors.schedule import REDIS
from dashboard.views import commands
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.model.sample import Kind, Run, RunOutcome, Sample
from prosepolish_core.model.series import IncreaseSeries, SeriesKey, SlowRow
from prosepolish_core.model.window import Window
from prosepolish_core.watch.redis_info.latency import GRID_US, le
from prosepolish_core.watch.redis_info.redis_observer import Observer
from prosepolish_core.watch.series.rollups import RollUps
from prosepolish_core.watch.series.sample_store import SampleStore
from tests.dashboard.rows import WINDOW, Samples, at

HOUR = 3600
DAY = datetime(2026, 3, 1, tzinfo=UTC)


def grew(metric: str, by: float, **labels: str) -> IncreaseSeries:
    """A counter of one command that grew in one bucket."""
    ts = np.array([at(60).replace(tzinfo=None)], dtype="datetime64[ms]")
    return IncreaseSeries(SeriesKey("cache", metric, tuple(sorted(labels.items()))), ts, np.array([by]), np.array([60.0]))


def test_commands_are_ranked_by_the_time_they_took() -> None:
    """A few slow calls stand above many fast ones; a server without histograms still has its mean;
    refusals are counted.
    """
    rows = [
        *(grew("cmdstat_calls", n, cmd=c) for c, n in (("get", 1000), ("eval", 2), ("set", 0))),
        *(grew("cmdstat_usec", n, cmd=c) for c, n in (("get", 5000), ("eval", 90_000), ("set", 0))),
        grew("cmdstat_failed_calls", 3, cmd="get"),
        grew("cmdstat_rejected_calls", 1, cmd="get"),
        grew("errorstat_count", 4, error="WRONGTYPE"),
        grew("errorstat_count", 0, error="ERR"),
    ]

    found = commands.build(Samples(increase_rows=rows), WINDOW)

    assert [(r.command, r.calls, r.total_s, r.mean_s, r.failed) for r in found.rows] == [
        ("eval", 2, 0.09, 0.045, 0),
        ("get", 1000, 0.005, 5e-6, 4),
    ]
    assert all(isnan(r.p99.value) for r in found.rows)
    assert [(e.error, e.count) for e in found.errors] == [("WRONGTYPE", 4)]


def test_logged_commands_and_what_the_logs_lost_are_told() -> None:
    """The newest entries as they were read, and how many fell out of the rings before."""
    slow = SlowRow("cache", at(5), 0.02, "eval", 3, "", "web")
    rows = [grew("slowlog_missed", 4), grew("slowlog_missed", 2, log="large-reply")]

    found = commands.build(Samples(increase_rows=rows, slow_rows=[slow]), WINDOW)

    assert found.slow == (slow,)
    assert found.missed == 6


@pytest.mark.live
@pytest.mark.parametrize(("readable", "unread"), [(0.0, ("cache",)), (1.0, ())])
def test_a_log_that_may_not_be_read_is_not_called_empty(database_url: str, readable: float, unread: tuple[str, ...]) -> None:
    """The page can tell a server without slow commands from one whose log the collectors have no right to read."""
    pool = PostgresPool(database_url, size=2, role="test")
    store = SampleStore(pool)
    samples = (Sample("slowlog_length", 3.0), Sample("slowlog_readable", readable))
    store.write([Run("redis_slowlog", "cache", int(DAY.timestamp()), DAY, 0.01, RunOutcome.OK, samples)])
    assert commands.build(store, Window(DAY, DAY + timedelta(hours=1))).unread == unread
    pool.close()


def histogram(fast: float, slow: float) -> tuple[Sample, ...]:
    """A server that answered so many GETs in 5 microseconds and so many in 50 milliseconds, since it began."""
    buckets = ((le(us), fast * (us >= 8) + slow * (us >= 67_633)) for us in GRID_US)
    samples = (Sample("latency_bucket", n, Kind.COUNTER, "1", (("cmd", "get"), ("le", bound))) for bound, n in buckets)
    calls = Sample("cmdstat_calls", fast + slow, Kind.COUNTER, "1", (("cmd", "get"),))
    return (*samples, Sample("latency_bucket", fast + slow, Kind.COUNTER, "1", (("cmd", "get"), ("le", "+Inf"))), calls)


@pytest.mark.live
def test_a_slowdown_shows_in_its_window_after_ten_million_fast_calls_and_roll_ups_keep_it(database_url: str) -> None:
    """The lifetime's fast calls do not hide it, the window after it is fast again,
    and rolled-up buckets merge to the same p99.
    """
    pool = PostgresPool(database_url, size=3, role="test")
    store = SampleStore(pool)
    fast, slow, runs = 10_000_000.0, 0.0, []
    for second in range(0, 9 * HOUR, 60):
        bad = 2 * HOUR <= second < 2 * HOUR + 600
        fast, slow = fast + (0 if bad else 1000), slow + (1000 if bad else 0)
        ts = DAY + timedelta(seconds=second)
        runs.append(Run("redis_latency", "cache", int(ts.timestamp()), ts, 0.01, RunOutcome.OK, histogram(fast, slow)))
    store.write(runs)
    windows = [Window(DAY + timedelta(seconds=s), DAY + timedelta(seconds=e)) for s, e in ((0, 7200), (7200, 7800), (7800, 14_400))]

    def p99s() -> list[tuple[float, float]]:
        return [(row.p99.low, row.p99.high) for w in windows for row in commands.build(store, w).rows]

    raw = p99s()
    assert raw == [(4e-6, 8e-6), (0.033816, 0.067633), (4e-6, 8e-6)]
    RollUps(pool).run(DAY + timedelta(hours=9))
    with pool.connection() as connection:
        connection.execute("TRUNCATE sample_run")  # only the roll-ups are left
    assert p99s() == raw
    pool.close()


@pytest.mark.live
def test_a_real_servers_percentiles_are_those_of_its_histogram(valkey_url: str, database_url: str) -> None:
    """Calls between two readings are counted exactly, their mean lies within the histogram, and ours are among them."""
    pool = PostgresPool(database_url, size=3, role="test")
    store, instance = SampleStore(pool), ObservedServer("cache", Observer(valkey_url))
    began = int(datetime.now(UTC).timestamp())
    readers = [entry for entry in REDIS if entry.name in {"redis_info", "redis_latency"}]
    with redis.Redis.from_url(valkey_url) as client:
        client.get("dict:a")
        for tick, calls in ((0, 500), (1, 0)):
            runs = [read_once(entry, instance, began + tick) for entry in readers]
            store.write([replace(run, ts=datetime.fromtimestamp(began + tick, UTC)) for run in runs])
            for _ in range(calls):
                client.get("dict:a")
    found = commands.build(store, Window(datetime.fromtimestamp(began, UTC), datetime.fromtimestamp(began + 5, UTC)))
    (get,) = [row for row in found.rows if row.command == "get"]
    assert get.calls == 500
    assert 0 < get.mean_s < 0.001
    assert get.p50.low <= get.p50.value <= get.p50.high <= get.p99.high
    instance.observer.close()
    pool.close()

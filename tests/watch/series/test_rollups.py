"""Roll-ups and retention on a real PostgreSQL: the same numbers, from fewer rows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.errors import InvalidInput
from prosepolish_core.model.sample import Kind, Run, RunOutcome, Sample
from prosepolish_core.model.window import Window
from prosepolish_core.watch.series.retention import Kept, maintain, retain
from prosepolish_core.watch.series.rollups import RollUps
from prosepolish_core.watch.series.sample_store import SampleStore

pytestmark = pytest.mark.live

DAY = datetime(2026, 3, 2, tzinfo=UTC)
EVERY = 60


@pytest.fixture
def pool(database_url: str) -> Iterator[PostgresPool]:
    made = PostgresPool(database_url, size=4, role="test")
    yield made
    made.close()


def history(hours: float, seed: int = 1) -> list[Run]:
    """Runs with a noisy gauge, a constant, a counter with a reset now and then,
    a labelled counter, and a gap of an hour.
    """
    random = np.random.default_rng(seed)
    runs, hits, process, born = [], 0.0, 0, 0
    for at in range(0, int(hours * 3600), EVERY):
        hits += float(random.integers(0, 50))
        if random.random() < 0.002:
            hits, process, born = float(random.integers(0, 50)), process + 1, at - 5
        if 7200 <= at < 10_800:
            continue
        tick = int(DAY.timestamp()) + at
        samples = [
            Sample("used_memory", float(random.integers(1_000_000, 2_000_000)), Kind.GAUGE, "bytes"),
            Sample("mem_fragmentation_ratio", round(1 + random.random(), 2), Kind.GAUGE, "ratio"),
            Sample("maxmemory", 268_435_456.0, Kind.GAUGE, "bytes"),
            Sample("uptime_in_seconds", float(at - born), Kind.GAUGE, "seconds"),
            Sample("keyspace_hits", hits, Kind.COUNTER),
            Sample("cmdstat_calls", 2 * hits, Kind.COUNTER, "1", (("cmd", "get"),)),
        ]
        ts = DAY + timedelta(seconds=at, milliseconds=int(random.integers(0, 40)))
        state = {"run_id": f"{process:040d}"}
        runs.append(Run("info", "cache", tick, ts, 0.002, RunOutcome.OK, tuple(samples), state))
    return runs


def answers(store: SampleStore, window: Window, points: int) -> dict[str, np.ndarray]:
    """Everything that is asked of a window."""
    found: dict[str, np.ndarray] = {}
    for series in store.gauges(["used_memory", "mem_fragmentation_ratio", "maxmemory"], window, points):
        for name in ("ts", "mean", "low", "high", "last"):
            found[f"{series.key.metric} {name}"] = getattr(series, name)
    for counter in store.increases(["keyspace_hits", "cmdstat_calls"], window, points):
        for name in ("ts", "increase", "covered_s"):
            found[f"{counter.key.metric} {name}"] = getattr(counter, name)
    return found


def test_rolled_up_windows_give_the_same_numbers_as_raw_ones(pool: PostgresPool) -> None:
    """Before and after rolling up, every bucket of every window is the same: gauges, increases, resets and gaps."""
    store = SampleStore(pool)
    store.write(history(30))
    windows = [
        (Window(DAY, DAY + timedelta(hours=30)), 30),  # hours
        (Window(DAY + timedelta(hours=1), DAY + timedelta(hours=29)), 200),  # minutes
        (Window(DAY + timedelta(minutes=125), DAY + timedelta(hours=5)), 60),  # starts inside the gap
    ]
    raw = [answers(store, *w) for w in windows]
    done = RollUps(pool).run(DAY + timedelta(hours=30))
    assert done.minutes > 40
    assert done.hours > 5
    for before, asked in zip(raw, windows, strict=True):
        after = answers(store, *asked)
        assert after.keys() == before.keys()
        for name, expected in before.items():
            if name.endswith("ts"):
                np.testing.assert_array_equal(after[name], expected)
            else:
                np.testing.assert_allclose(after[name], expected, rtol=1e-6, atol=1e-3, err_msg=name)
    assert RollUps(pool).run(DAY + timedelta(hours=30)) == (0, 0, 0, 0)


def test_late_runs_are_rolled_up_again(pool: PostgresPool) -> None:
    """Runs replayed from a spool after their span was rolled up change the roll-up, once."""
    store = SampleStore(pool)
    runs = history(26)
    store.write(runs[:200] + runs[300:])
    RollUps(pool).run(DAY + timedelta(hours=26))
    store.write(runs[150:350])
    done = RollUps(pool).run(DAY + timedelta(hours=26))
    assert done.again >= 1
    window = Window(DAY, DAY + timedelta(hours=26))
    found = answers(store, window, 26)
    with pool.connection() as connection:
        connection.execute("TRUNCATE sample_minute, sample_hour, sample_rolled")
    for name, expected in answers(store, window, 26).items():
        if not name.endswith("ts"):
            np.testing.assert_allclose(found[name], expected, rtol=1e-6, atol=1e-3, err_msg=name)


def test_retention_drops_whole_days_and_says_so(pool: PostgresPool) -> None:
    """Raw days go once they are rolled up; windows over them are answered from roll-ups;
    nothing unrolled is removed.
    """
    store = SampleStore(pool)
    store.write(history(30))
    kept, later = Kept(raw=1, minutes=2, hours=3), DAY + timedelta(days=3, hours=1)
    assert retain(pool, kept, later) == []
    window = Window(DAY, DAY + timedelta(hours=24))
    whole = answers(store, window, 24)
    did = maintain(pool, kept, DAY + timedelta(days=2, hours=12))
    assert [(r.what, r.rows, r.before) for r in did.removed] == [("raw", 1380, DAY + timedelta(days=1))]
    assert did.removed[0].size_bytes > 100_000
    short = answers(store, Window(DAY + timedelta(hours=4), DAY + timedelta(hours=5)), 1000)
    assert len(short["used_memory mean"]) == 60
    did = maintain(pool, kept, later)
    assert [r.what for r in did.removed] == ["raw", "minutes"]
    after = answers(store, window, 24)
    np.testing.assert_allclose(after["keyspace_hits increase"], whole["keyspace_hits increase"], rtol=1e-6)
    np.testing.assert_array_equal(after["used_memory high"], whole["used_memory high"])
    assert [r.what for r in maintain(pool, kept, later + timedelta(days=1)).removed] == ["minutes", "hours"]


def test_plain_sql_reads_the_same_numbers(pool: PostgresPool) -> None:
    """The views give every sample as it was written, and roll-ups that agree with plain aggregates over it."""
    store = SampleStore(pool)
    runs = history(9)
    store.write(runs)
    RollUps(pool).run(DAY + timedelta(hours=9))
    with pool.connection() as connection:
        rows = connection.execute("SELECT value FROM samples WHERE metric = 'mem_fragmentation_ratio' ORDER BY time").fetchall()
        assert [r[0] for r in rows] == [run.samples[1].value for run in runs]
        different = connection.execute(
            """
            WITH raw AS (SELECT date_trunc('minute', time) AS time, metric, count(*) AS n, avg(value) AS mean, min(value), max(value)
                         FROM samples WHERE kind = 'gauge' AND time < %s GROUP BY 1, 2)
            SELECT count(*), count(*) FILTER (WHERE m.count <> raw.n OR abs(m.mean - raw.mean) > 1e-6 * abs(raw.mean)
                                              OR m.min <> raw.min OR m.max <> raw.max)
            FROM raw LEFT JOIN samples_minute m USING (time, metric)""",
            (DAY + timedelta(hours=8),),
        ).fetchone()
        assert different is not None
        assert different[0] == 7 * 60 * 4
        assert different[1] == 0
        total = connection.execute("SELECT sum(increase) FROM samples_minute WHERE metric = 'keyspace_hits'").fetchone()
    (series,) = store.increases(["keyspace_hits"], Window(DAY, DAY + timedelta(hours=8)), points=1)
    assert total is not None
    assert total[0] == pytest.approx(np.nansum(series.increase))


def test_the_order_of_retentions_is_checked() -> None:
    """Hours are not kept shorter than minutes, nor minutes shorter than raw samples."""
    with pytest.raises(InvalidInput):
        Kept(raw=10, minutes=5)


def test_coverage_is_the_same_from_roll_ups(pool: PostgresPool) -> None:
    """The share of runs present does not depend on whether they are rolled up; the silent hour is missing in both."""
    store = SampleStore(pool)
    store.write(history(30))
    window = Window(DAY, DAY + timedelta(hours=30))
    raw = store.coverage("info", window)
    assert raw.ratio == pytest.approx(29 / 30, abs=0.002)
    RollUps(pool).run(DAY + timedelta(hours=30))
    rolled = store.coverage("info", window, "cache")
    assert rolled.ratio == pytest.approx(raw.ratio, abs=0.002)
    assert rolled.samples == raw.samples

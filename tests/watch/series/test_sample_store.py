"""The sample store on a real PostgreSQL."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.errors import InvalidWindow, StoreUnavailable
from prosepolish_core.model.sample import Kind, Run, RunOutcome, Sample
from prosepolish_core.model.window import Window
from prosepolish_core.watch.series.sample_store import SampleStore

pytestmark = pytest.mark.live

T0 = 1_790_000_000 // 3600 * 3600
START = datetime.fromtimestamp(T0, UTC)


def run(tick: int, hits: float, memory: float = 1.5e9, state: dict[str, str] | None = None, **more: object) -> Run:
    """One INFO run with a counter, two gauges and the strings that tell resets apart."""
    samples = (
        Sample("keyspace_hits", hits, Kind.COUNTER),
        Sample("used_memory", memory, Kind.GAUGE, "bytes"),
        Sample("mem_fragmentation_ratio", 1.03, Kind.GAUGE, "ratio"),
        Sample("cmdstat_calls", hits * 2, Kind.COUNTER, "1", (("cmd", "get"),)),
    )
    made = Run(
        "info",
        "cache",
        T0 + tick,
        START + timedelta(seconds=tick, milliseconds=3),
        0.0125,
        RunOutcome.OK,
        samples,
        {"run_id": "a" * 40, "role": "master"} if state is None else state,
    )
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.fixture
def pool(database_url: str) -> Iterator[PostgresPool]:
    made = PostgresPool(database_url, size=4, role="test")
    yield made
    made.close()


@pytest.fixture
def store(pool: PostgresPool) -> SampleStore:
    """A store on a migrated database."""
    return SampleStore(pool)


def window(seconds: float, start: float = 0) -> Window:
    """A window that starts so many seconds after T0."""
    return Window(START + timedelta(seconds=start), START + timedelta(seconds=start + seconds))


def test_an_empty_store_answers_everything_with_nothing(store: SampleStore) -> None:
    """No samples is an honest empty answer, not an error."""
    assert store.sources() == []
    assert store.latest() == []
    assert store.state("cache") == {}
    assert store.gauges(["used_memory"], window(60)) == []
    assert store.increases(["keyspace_hits"], window(60)) == []
    assert store.runs(window(60)) == []
    assert store.marks(window(60)) == []
    assert store.coverage("info", window(60)) == (0.0, None, 0)


def test_what_was_written_comes_back_exactly(store: SampleStore) -> None:
    """Readings, strings and runs are those that were written."""
    store.write([run(t, 100 + t, 1.5e9 + t) for t in range(0, 100, 10)])
    latest = {(r.key.metric, r.key.labels): r for r in store.latest()}
    assert latest["keyspace_hits", ()].value == 190
    assert latest["keyspace_hits", ()].kind is Kind.COUNTER
    assert latest["used_memory", ()][2:4] == ("bytes", 1.5e9 + 90)
    assert latest["mem_fragmentation_ratio", ()].value == 1.03
    assert latest["cmdstat_calls", (("cmd", "get"),)].value == 380
    assert [r.key.metric for r in store.latest(["used_memory"], "cache")] == ["used_memory"]
    assert store.latest(["used_memory"], "other") == []
    assert store.sources() == ["cache"]
    assert store.state("cache") == {"run_id": "a" * 40, "role": "master"}
    runs = store.runs(window(100), limit=3)
    assert [round((r.ts - START).total_seconds()) for r in runs] == [90, 80, 70]
    assert runs[0].samples == 4
    assert runs[0].outcome == "ok"
    assert runs[0].duration_s == pytest.approx(0.0125)


def test_gauges_come_in_buckets_with_their_extremes(store: SampleStore) -> None:
    """A bucket keeps mean, low, high and last; where nothing was read it is NaN."""
    store.write([run(t, 0, 1e9 + t) for t in (*range(0, 60, 10), *range(120, 180, 10))])
    (series,) = store.gauges(["used_memory"], window(180), points=7)
    assert series.ts[0] == np.datetime64(START.replace(tzinfo=None), "ms")
    assert len(series.ts) == 6
    np.testing.assert_array_equal(series.low - 1e9, [0, 30, np.nan, np.nan, 120, 150])
    np.testing.assert_array_equal(series.high - 1e9, [20, 50, np.nan, np.nan, 140, 170])
    np.testing.assert_array_equal(series.mean - 1e9, [10, 40, np.nan, np.nan, 130, 160])
    np.testing.assert_array_equal(series.last, series.high)


def test_buckets_are_never_narrower_than_the_samples_are_apart(store: SampleStore) -> None:
    """A short window of slow samples has no holes between them."""
    store.write([run(t, t) for t in range(0, 120, 10)])
    (series,) = store.gauges(["used_memory"], window(120), points=1000)
    assert len(series.ts) == 12
    assert not np.isnan(series.mean).any()


def test_increases_add_up_to_what_happened(store: SampleStore) -> None:
    """The increases of a window sum to the counter's growth, whatever the number of points."""
    store.write([run(t, 7 * t) for t in range(0, 1000, 10)])
    for points in (1, 3, 10, 100):
        (series,) = store.increases(["keyspace_hits"], window(500, start=200), points=points)
        assert np.nansum(series.increase) == 7 * 500
        assert series.covered_s.sum() == pytest.approx(500)


def test_a_restart_and_a_resetstat_lose_nothing_and_are_marked(store: SampleStore) -> None:
    """The value after a fall is counted, and the charts get a mark that says which kind of reset it was."""
    before, after = {"run_id": "a" * 40}, {"run_id": "b" * 40}
    young = Sample("uptime_in_seconds", 4.0, Kind.GAUGE, "seconds")
    restarted = run(20, 30, state=after)
    store.write([run(0, 1000, state=before), run(10, 1100, state=before)])
    store.write([replace(restarted, samples=(*restarted.samples, young))])
    store.write([run(30, 50, state=after), run(40, 5, state=after)])
    (series,) = store.increases(["keyspace_hits"], window(40), points=1)
    assert np.nansum(series.increase) == 100 + 30 + 20 + 5
    assert [m.kind for m in store.marks(window(50))] == ["restart", "resetstat"]


def test_writing_twice_changes_nothing(store: SampleStore, pool: PostgresPool) -> None:
    """Duplicates are left out, in one call, in a second call and from another process; late runs fill their place."""
    runs = [run(t, t) for t in range(0, 60, 10)]
    store.write([*runs[:2], *runs[:2], *runs[4:]])
    SampleStore(pool).write(runs)
    store.write(runs)
    assert len(store.runs(window(60))) == 6
    (series,) = store.increases(["keyspace_hits"], window(60), points=1)
    assert np.nansum(series.increase) == 50


def test_failed_runs_are_kept_without_samples(store: SampleStore) -> None:
    """A failed run shows in the list with its detail; the newest values stay those of the last good run."""
    store.write([run(0, 5)])
    store.write([run(10, 0, samples=(), outcome=RunOutcome.TIMEOUT, detail="no answer\x00 in 50 ms", state={})])
    assert store.runs(window(60))[0][4:] == ("timeout", "no answer\ufffd in 50 ms", 0)
    assert [r.value for r in store.latest(["keyspace_hits"])] == [5]
    assert store.coverage("info", window(60)).samples == 4


def test_labelled_counters_begin_at_zero_beside_their_siblings(store: SampleStore) -> None:
    """A command called for the first time is counted from its first call on; a removed one was reset."""
    first, second = run(0, 10), run(10, 20)
    new = Sample("cmdstat_calls", 3, Kind.COUNTER, "1", (("cmd", "set"),))
    store.write([first, replace(second, samples=(*second.samples, new)), run(20, 30)])
    again = run(30, 40)
    store.write([replace(again, samples=(*again.samples, new))])
    found = {s.key.labels: np.nansum(s.increase) for s in store.increases(["cmdstat_calls"], window(40), points=1)}
    assert found == {(("cmd", "get"),): 60.0, (("cmd", "set"),): 6.0}


def test_odd_values_survive(store: SampleStore) -> None:
    """NaN, infinities, tiny, huge and arbitrary fractions come back as they were."""
    odd = [float("nan"), float("inf"), 1e300, 5e-324, 0.1 + 0.2, -1e15 - 1, 2.0**53, -0.0, 123456789.123456]
    for tick, shift in ((0, 0), (10, 3)):
        samples = tuple(Sample(f"m{i}", odd[(i + shift) % len(odd)]) for i in range(len(odd)))
        store.write([run(tick, 0, samples=samples)])
        found = [r.value for r in store.latest([f"m{i}" for i in range(len(odd))])]
        np.testing.assert_array_equal(found, [s.value for s in samples])


def test_a_gap_is_spread_and_not_lost(store: SampleStore) -> None:
    """What happened while nobody looked is counted, evenly over the gap."""
    store.write([run(0, 0), run(10, 10), run(20, 20), run(30, 30), run(300, 300), run(310, 310), run(320, 320)])
    (series,) = store.increases(["keyspace_hits"], window(320), points=33)
    assert np.nansum(series.increase) == pytest.approx(320)
    assert np.nanmax(series.increase) == pytest.approx(10)
    assert store.coverage("info", window(320)).ratio == pytest.approx(6 * 10 / 320)


def test_zero_points_is_a_wrong_argument(store: SampleStore) -> None:
    """A range cannot be drawn with no points."""
    with pytest.raises(InvalidWindow):
        store.gauges(["x"], window(10), points=0)


def test_a_database_without_schema_says_what_to_do(empty_database_url: str) -> None:
    """StoreUnavailable names the command."""
    pool = PostgresPool(empty_database_url, size=2, role="test")
    with pytest.raises(StoreUnavailable, match="prosepolish migrate"):
        SampleStore(pool).write([run(0, 1)])
    with pytest.raises(StoreUnavailable, match="prosepolish migrate"):
        SampleStore(pool).latest()
    pool.close()


def test_the_collectors_own_counters_live_with_the_collector(store: SampleStore) -> None:
    """A restarted server does not restart them, and a restarted collector resets no statistics of the server."""

    def both(tick: int, hits: float, calls: float, process: str, uptime: float) -> Run:
        extra = (Sample("collector_calls", calls, Kind.COUNTER), Sample("uptime_in_seconds", uptime))
        made = run(tick, hits, state={"run_id": process})
        return replace(made, samples=(*made.samples, *extra))

    store.write([both(0, 100, 1000, "a", 500), both(10, 110, 1005, "a", 510)])
    store.write([both(20, 4, 1010, "b", 3), both(30, 9, 2, "b", 13)])
    found = {
        s.key.metric: float(np.nansum(s.increase)) for s in store.increases(["keyspace_hits", "collector_calls"], window(60), 1)
    }
    assert found == {"keyspace_hits": 10 + 4 + 5, "collector_calls": 5 + 5 + 2}
    assert [m.kind for m in store.marks(window(60))] == ["restart"]

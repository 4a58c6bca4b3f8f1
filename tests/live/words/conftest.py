"""What lookup tests share: one database,
emptied before each (applying the schema takes longer than most tests), and lookups.
"""

from collections.abc import Callable, Iterator
from uuid import uuid4

import psycopg
import pytest

from prosepolish_core.drivers.redis_client import connect
from prosepolish_core.live.cache import CacheLink
from prosepolish_core.live.cache.redis_cache import cache_server
from prosepolish_core.live.words import Dictionary
from prosepolish_core.live.words.postgres_words import PostgresWords
from prosepolish_core.watch.schema.migrate import migrate
from tests.support.waiting import REDIS_S
from tests.support.words import Open, Remembers, Source


@pytest.fixture(scope="package")
def lookup_database_url(postgres_server: str) -> Iterator[str]:
    """A database with the schema applied."""
    name = f"t{uuid4().hex[:12]}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    url = postgres_server.replace("/postgres?", f"/{name}?")
    migrate(url)
    yield url
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(lookup_database_url: str) -> str:
    """The same database without words."""
    with psycopg.connect(lookup_database_url, autocommit=True) as connection:
        connection.execute("TRUNCATE dictionary_words")
    return lookup_database_url


@pytest.fixture
def recorder() -> Remembers:
    """What was recorded."""
    return Remembers()


@pytest.fixture
def open_dictionary(valkey_url: str, database_url: str, recorder: Remembers) -> Iterator[Open]:
    """Opens lookups as separate processes would."""
    opened: list[Callable[[], None]] = []

    def start(*sources: Source, redis_url: str = valkey_url, deadline_s: float = 4.0) -> Dictionary:
        client = connect(redis_url, timeout_s=REDIS_S, pool_size=8, role="test")
        server = cache_server(client, timeout_s=REDIS_S, pool_size=8)
        link, words = CacheLink(server), PostgresWords(database_url, size=2)
        opened.extend([client.close, words.close, server.close, link.close])
        return Dictionary(link, words, sources, recorder, deadline_s=deadline_s)

    yield start
    for close in reversed(opened):
        close()

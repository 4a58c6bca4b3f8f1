"""One database for all lookup tests, emptied before each: applying the schema takes longer than most of them."""

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from prosepolish_core.store.migrate import migrate


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

"""A migrated PostgreSQL for the tests of sessions, and services made on it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest

from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.drivers.redis_client import connect
from prosepolish_core.live.sessions.postgres_sessions import PostgresSessions
from prosepolish_core.live.sessions.service import Sessions
from prosepolish_core.model.session import SessionRules
from prosepolish_core.watch.schema.migrate import migrate
from tests.support.waiting import REDIS_S

Serve = Callable[..., Sessions]


@pytest.fixture(scope="module")
def migrated_url(postgres_server: str) -> str:
    """One database for a file; each test finds it empty."""
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS sessions_test WITH (FORCE)")
        connection.execute("CREATE DATABASE sessions_test")
    url = postgres_server.replace("/postgres?", "/sessions_test?")
    migrate(url)
    return url


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Makes a service on a Redis and a PostgreSQL; all are closed afterwards."""
    with ExitStack() as stack:

        def start(redis_url: str, database_url: str, *, cap: int = 3, replay_s: float = 0.0) -> Sessions:
            client = connect(redis_url, timeout_s=REDIS_S, pool_size=8, role="test")
            pool = PostgresPool(database_url, size=4, role="test")
            rules = SessionRules(cap=cap)
            service = Sessions(client, PostgresSessions(pool), rules=rules, deadline_s=REDIS_S, replay_s=replay_s)
            stack.callback(client.close)
            stack.callback(pool.close)
            stack.callback(service.close)
            return service

        yield start

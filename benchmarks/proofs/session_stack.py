"""Sessions on real servers for a campaign, with rules a proof may bend."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import redis

from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.live.sessions.postgres_sessions import PostgresSessions
from prosepolish_core.live.sessions.service import Sessions
from prosepolish_core.model.session import SessionRules

from .servers import client, postgres, valkey

PEPPER = b"a pepper of the proofs, no secret"


#: Servers that are already there (port of a Valkey, URL of a migrated PostgreSQL); the tests' own, to save their start.
SERVERS: tuple[int, str] | None = None


class Stack(NamedTuple):
    """A service, its Redis client, and the store behind it."""

    sessions: Sessions
    redis: redis.Redis
    store: PostgresSessions


def bent(**fields: float) -> SessionRules:
    """Rules with fields that production refuses, such as a session of half a second."""
    rules = SessionRules()
    for name, value in fields.items():
        object.__setattr__(rules, name, value)
    return rules


@contextmanager
def stack(rules: SessionRules | None = None, *, size: int = 10) -> Iterator[Stack]:
    """A Valkey, a PostgreSQL and a service on them."""
    if SERVERS:
        yield from service(*SERVERS, rules, size)
    else:
        with valkey() as server, postgres() as url:
            yield from service(server.port, url, rules, size)


def service(port: int, url: str, rules: SessionRules | None = None, size: int = 10) -> Iterator[Stack]:
    """A service on servers that are already there."""
    connection, pool = client(port), PostgresPool(url, size=size, role="proof")
    store = PostgresSessions(pool)
    sessions = Sessions(connection, store, pepper=PEPPER, rules=rules, deadline_s=5.0, replay_s=0)
    try:
        yield Stack(sessions, connection, store)
    finally:
        sessions.close()
        pool.close()
        connection.close()

"""Profiles and settings in PostgreSQL: the truth behind their copies in Redis, with a deadline the client itself keeps."""

import threading
from collections.abc import Mapping
from time import perf_counter
from typing import Any

import orjson
import psycopg
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from ...errors import InvalidInput, StoreUnavailable
from ...model.outcome import Family
from ...model.people import PersonRow
from ..words.postgres_words import DeadlineConnection

TABLES = {Family.PROFILE: "user_profile", Family.SETTINGS: "user_settings"}
_READ = {family: f"SELECT data::text, version FROM {table} WHERE user_id = %s" for family, table in TABLES.items()}
_MERGE = {
    family: f"""
INSERT INTO {table} AS t (user_id, data) VALUES (%(user_id)s, %(set)s::jsonb)
ON CONFLICT (user_id) DO UPDATE
SET data = (t.data || excluded.data) - %(remove)s::text[], version = t.version + 1, updated_at = now()
RETURNING data::text, version"""
    for family, table in TABLES.items()
}
_NOTHING = PersonRow({}, 0)


class PostgresPeople:
    """The store of users: profiles and settings. At most `size` connections, opened when first needed."""

    def __init__(self, url: str, *, size: int) -> None:
        self._lock = threading.Lock()
        self._opened = False
        self._attempts = size + 1  # every idle connection may have been closed by the server
        self._pool: ConnectionPool[DeadlineConnection] = ConnectionPool(
            url,
            connection_class=DeadlineConnection,
            min_size=0,
            max_size=size,
            max_waiting=size * 16,
            reconnect_timeout=2.0,
            open=False,
            kwargs={
                "autocommit": True,
                "connect_timeout": 2,
                "application_name": "prosepolish-people",
                "options": "-c statement_timeout=2000 -c timezone=UTC",
            },
        )

    def read(self, family: Family, user_id: str, timeout_s: float) -> PersonRow:
        """What is kept of this user. Connections that were closed while they lay idle are replaced."""
        return self._run(_READ[family], (user_id,), timeout_s, check=False)

    def merge(self, family: Family, user_id: str, changes: Mapping[str, object], timeout_s: float) -> PersonRow:
        """Set the fields given, remove those given as None."""
        values = {
            "user_id": user_id,
            "set": orjson.dumps({name: value for name, value in changes.items() if value is not None}).decode(),
            "remove": [name for name, value in changes.items() if value is None],
        }
        return self._run(_MERGE[family], values, timeout_s, check=True)

    def close(self) -> None:
        """Close every connection."""
        if self._opened:
            self._pool.close(timeout=1.0)

    def _run(self, statement: str, values: Any, timeout_s: float, *, check: bool) -> PersonRow:
        """A write is not repeated, so its connection is tried first; a read is simply repeated."""
        until = perf_counter() + timeout_s
        for attempt in range(1, self._attempts + 1):
            asked = False
            try:
                with self._borrowed().connection(timeout=max(0.001, until - perf_counter())) as connection:
                    connection.until = until
                    try:
                        if check:
                            connection.execute("SELECT 1")
                        asked = check
                        row = connection.execute(statement, values).fetchone()
                    except psycopg.OperationalError:
                        connection.close()
                        raise
                    finally:
                        connection.until = float("inf")
                return PersonRow(orjson.loads(row[0]), row[1]) if row else _NOTHING
            except psycopg.errors.CheckViolation:
                raise InvalidInput("this would grow over 64 KB; nothing was changed") from None
            except psycopg.DataError as error:
                raise InvalidInput("PostgreSQL cannot keep this; nothing was changed") from error
            except (PoolTimeout, TooManyRequests, PoolClosed) as error:
                raise StoreUnavailable("PostgreSQL did not give a connection in time") from error
            except psycopg.Error as error:
                last = asked or attempt == self._attempts or perf_counter() >= until
                if last or not isinstance(error, psycopg.OperationalError):
                    raise StoreUnavailable("PostgreSQL does not answer; check DATABASE_URL and that the server runs") from error
        raise AssertionError  # the last attempt returned or raised

    def _borrowed(self) -> "ConnectionPool[DeadlineConnection]":
        with self._lock:
            if not self._opened:
                self._pool.open(wait=False)
                self._opened = True
        return self._pool

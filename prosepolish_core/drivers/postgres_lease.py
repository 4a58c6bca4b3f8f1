"""Advisory locks on one kept PostgreSQL session: they vanish with the process, the connection or the server."""

import threading
from typing import Any
from zlib import crc32

import psycopg

from ..errors import StoreUnavailable

#: First half of every lock's key: what kind of lock it is.
SOURCES, MEMBERS, ALERTS = 0x50505343, 0x50504D42, 0x5050414C
#: A dead peer is noticed by the server within about ten seconds, so that its leases come free.
KEEPALIVE = "SET tcp_keepalives_idle=4; SET tcp_keepalives_interval=2; SET tcp_keepalives_count=3; SET idle_session_timeout=0"


class AdvisoryLocks:
    """Takes and gives back session locks. Every method raises StoreUnavailable when PostgreSQL is away."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None

    def take(self, kind: int, name: str) -> bool:
        """Whether the lock is ours now. Never waits for another holder."""
        return bool(self._value("SELECT pg_try_advisory_lock(%s, %s)", kind, key(name)))

    def give_back(self, kind: int, name: str) -> None:
        """Release a lock we hold."""
        self._value("SELECT pg_advisory_unlock(%s, %s)", kind, key(name))

    def holders(self, kind: int) -> int:
        """How many locks of this kind are held in this database, by anyone."""
        sql = (
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return int(self._value(sql, kind))

    def session(self) -> int:
        """The server's number of this session; another one than before means that every lock was lost."""
        return int(self._value("SELECT pg_backend_pid()"))

    def close(self) -> None:
        """End the session; every lock comes free."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection:
                connection.close()

    def _value(self, sql: str, *arguments: object) -> Any:
        with self._lock:
            try:
                if self._connection is None or self._connection.closed:
                    self._connection = self._connect()
                row = self._connection.execute(sql, arguments).fetchone()
            except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError) as error:
                if self._connection:
                    self._connection.close()
                self._connection = None
                raise StoreUnavailable("PostgreSQL does not answer; check DATABASE_URL and that the server runs") from error
            return row[0] if row else None

    def _connect(self) -> psycopg.Connection[Any]:
        connection = psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=2,
            application_name="prosepolish-lease",
            options="-c statement_timeout=2000 -c timezone=UTC",
            tcp_user_timeout=5000,
        )
        connection.execute(KEEPALIVE)
        return connection


def key(name: str) -> int:
    """A name as the signed 32-bit half of an advisory lock's key."""
    return crc32(name.encode()) - 2**31

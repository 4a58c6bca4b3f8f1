"""Advisory locks on one kept PostgreSQL session: they vanish with the process, the connection or the server."""

import threading
from time import perf_counter
from typing import Any
from zlib import crc32

from ..errors import StoreUnavailable
from ..forks import on_fork
from .postgres_connection import DeadlineConnection, abandon
from .postgres_faults import READ_ONLY, store_faults
from .postgres_pool import Connection, PostgresPool

#: Longest wait for a connection, or for a reply.
STATEMENT_S = 1.5
#: First half of every lock's key: what kind of lock it is.
SOURCES, MEMBERS, ALERTS = 0x50505343, 0x50504D42, 0x5050414C
#: A dead peer is noticed by the server within about ten seconds, so that its leases come free.
KEEPALIVE = "SET tcp_keepalives_idle=4; SET tcp_keepalives_interval=2; SET tcp_keepalives_count=3; SET idle_session_timeout=0"


class AdvisoryLocks:
    """Takes and gives back session locks. Every method raises StoreUnavailable when PostgreSQL is away."""

    def __init__(self, url: str) -> None:
        self._pool = PostgresPool(url, size=1, role="lease", statement_s=STATEMENT_S, autocommit=True, configure=_keep_alive)
        self.start_anew()
        on_fork(self)

    def start_anew(self) -> None:
        """As if just made: in a forked child the session, with its locks, is the parent's."""
        abandon([held] if (held := getattr(self, "_connection", None)) else [])
        self._lock = threading.Lock()
        self._connection: DeadlineConnection | None = None

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
        """The server's number of this session; another one than before means that every lock was lost.

        A server that takes no writes any more is left, with its locks: the name may lead to another one now.
        """
        session = self._value("SELECT pg_backend_pid() WHERE current_setting('transaction_read_only') = 'off'")
        if session is None:
            with self._lock:
                self._let_go()
            raise StoreUnavailable(*READ_ONLY)
        return int(session)

    def close(self) -> None:
        """End the session; every lock comes free."""
        with self._lock:
            self._let_go()
            self._pool.close()

    def _value(self, sql: str, *arguments: object) -> Any:
        with self._lock:
            if self._connection is None:
                self._connection = self._pool.borrow(perf_counter() + STATEMENT_S)
            self._connection.until = perf_counter() + STATEMENT_S
            try:
                with store_faults():
                    row = self._connection.execute(sql, arguments).fetchone()
            except BaseException:
                self._let_go()
                raise
            return row[0] if row else None

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.discard(connection)


def _keep_alive(connection: Connection) -> None:
    connection.execute(KEEPALIVE)


def key(name: str) -> int:
    """A name as the signed 32-bit half of an advisory lock's key."""
    return crc32(name.encode()) - 2**31

"""PostgreSQL by URL: a lazy bounded pool and a single connection, with one typed error for everything that goes wrong."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from select import POLLIN, poll
from time import perf_counter
from typing import Any

import psycopg
from psycopg import errors
from psycopg.errors import CheckViolation as NoPartition
from psycopg.errors import ForeignKeyViolation as Gone
from psycopg.errors import UniqueViolation as Duplicate
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from ..errors import StoreOutcomeUnknown, StoreUnavailable

__all__ = [
    "Connection",
    "DatabaseFault",
    "Duplicate",
    "Gone",
    "NoPartition",
    "PostgresPool",
    "alone",
    "connect",
    "has_ended",
    "store_faults",
    "untouched",
]


@contextmanager
def store_faults() -> Iterator[None]:
    """Turn a missing schema or missing rights into StoreUnavailable; leave mistakes of ours as they are."""
    try:
        yield
    except (errors.UndefinedTable, errors.UndefinedFunction, errors.UndefinedColumn) as error:
        raise StoreUnavailable("the schema is missing or old; run `prosepolish migrate`") from error
    except errors.InsufficientPrivilege as error:
        raise StoreUnavailable("this PostgreSQL user may not use the store; see `prosepolish export grants`") from error


#: A connection as the store uses it; rows are plain tuples unless the caller asks otherwise.
Connection = psycopg.Connection[Any]
#: Any error the server or the driver reports.
DatabaseFault = psycopg.Error
#: Longest wait for a connection, and longest statement, unless the caller says otherwise.
WAIT_S = 0.5
STATEMENT_S = 5.0
#: Longest wait for one reply: a server that has been stopped (SIGSTOP) keeps no statement deadline of its own.
REPLY_S = STATEMENT_S + 1.0


class _BoundedConnection(psycopg.Connection[Any]):
    """A connection that waits for one reply no longer than REPLY_S, and for nothing beyond `until`."""

    until = float("inf")

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for the server; at the deadline an OperationalError, and the connection is of no more use."""
        left = max(min(REPLY_S if timeout is None else timeout, self.until - perf_counter()), 0.001)
        return super().wait(gen, min(interval, left), left)


def has_ended(connection: Connection) -> bool:
    """Nothing comes in on an idle connection unless the server has ended it; looking costs no round trip."""
    if connection.closed:
        return True
    waiting = poll()
    waiting.register(connection.pgconn.socket, POLLIN)
    return bool(waiting.poll(0))


class PostgresPool:
    """At most `size` connections to one database. Opens nothing until the first use and never blocks start-up."""

    def __init__(self, url: str, *, size: int, role: str) -> None:
        self._lock = threading.Lock()
        self._opened = False
        self._pool: ConnectionPool[_BoundedConnection] = ConnectionPool(
            url,
            connection_class=_BoundedConnection,
            min_size=0,
            max_size=size,
            max_waiting=size * 8,
            timeout=WAIT_S,
            reconnect_timeout=5.0,
            open=False,
            kwargs={
                "connect_timeout": 2,
                "application_name": f"prosepolish-{role}",
                "options": f"-c statement_timeout={int(STATEMENT_S * 1000)} -c timezone=UTC",
                "tcp_user_timeout": 5000,
            },
        )

    @contextmanager
    def connection(self, wait_s: float = WAIT_S, within_s: float = float("inf")) -> Iterator[Connection]:
        """A connection in a transaction: committed at the end, rolled back on an error.

        Raises StoreUnavailable when no connection can be had within `wait_s`, the whole takes longer than `within_s`, a
        statement longer than STATEMENT_S, or the server fails: nothing was written then, unless it is StoreOutcomeUnknown
        (the reply to the commit was lost). Errors that tell of a mistake in our SQL or data
        (psycopg.DataError, IntegrityError, ProgrammingError) pass through unchanged.
        """
        self._open()
        try:
            until = perf_counter() + within_s
            with self._taken(min(wait_s, within_s)) as connection:
                connection.until = until
                try:
                    yield connection
                    _commit(connection)  # here, so that it keeps the deadline too
                except (psycopg.OperationalError, StoreOutcomeUnknown):
                    connection.close()  # a rollback would wait for the same server
                    raise
                finally:
                    connection.until = float("inf")
        except (PoolTimeout, TooManyRequests) as error:
            raise StoreUnavailable(
                "PostgreSQL did not give a connection in time; check DATABASE_URL and that the server runs"
            ) from error
        except PoolClosed as error:
            raise StoreUnavailable("the connections to PostgreSQL are closed") from error
        except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError) as error:
            raise StoreUnavailable("PostgreSQL does not answer; check DATABASE_URL and that the server runs") from error

    @contextmanager
    def _taken(self, wait_s: float) -> Iterator[_BoundedConnection]:
        """A connection that the server has not ended. The pool's own `check` gives up at the second dead one in a row."""
        until = perf_counter() + wait_s
        while has_ended(connection := self._pool.getconn(timeout=until - perf_counter())):
            connection.close()
            self._pool.putconn(connection)
        try:
            with connection:
                yield connection
        finally:
            self._pool.putconn(connection)

    def close(self) -> None:
        """Close every connection; the pool cannot be used afterwards."""
        if self._opened:
            self._pool.close(timeout=1.0)

    def _open(self) -> None:
        if not self._opened:
            with self._lock:
                if not self._opened:
                    self._pool.open(wait=False)
                    self._opened = True


def _commit(connection: Connection) -> None:
    try:
        connection.commit()
    except psycopg.OperationalError as error:
        raise StoreOutcomeUnknown("PostgreSQL was told to commit and did not say whether it has") from error


@contextmanager
def connect(url: str, *, role: str) -> Iterator[Connection]:
    """One connection without a statement deadline, in one transaction. Raises StoreUnavailable when it cannot be had."""
    try:
        with psycopg.connect(
            url, connect_timeout=5, application_name=f"prosepolish-{role}", options="-c timezone=UTC"
        ) as connection:
            yield connection
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        if "FATAL" in str(error) and error.sqlstate is None:  # the server's own word, while connecting
            raise StoreUnavailable(
                "PostgreSQL refuses us; check the user, the password and the database in DATABASE_URL"
            ) from error
        raise StoreUnavailable("PostgreSQL does not answer; check DATABASE_URL and that the server runs") from error


def untouched(connection: Connection) -> bool:
    """Whether nothing has been run on the connection since it was taken."""
    return connection.pgconn.transaction_status == TransactionStatus.IDLE


@contextmanager
def alone(connection: Connection) -> Iterator[None]:
    """Run one statement outside a transaction, on an untouched connection."""
    connection.autocommit = True
    try:
        yield
    finally:
        if untouched(connection):  # else it is broken, and the pool lets it go
            connection.autocommit = False

"""One PostgreSQL connection for a background writer: opened when needed, kept, and replaced when it fails.

A thread of its own keeps its own connection, so that a busy pool cannot starve it, and so that a flush at exit needs no
pool threads, which cannot be started any more by then.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import psycopg

from ..errors import StoreUnavailable
from ..live.words.postgres_words import DeadlineConnection
from .postgres_pool import has_ended


class PostgresConnection:
    """At most one connection. Not for use by two threads at once. `whole_s` is the longest a transaction may take."""

    def __init__(self, url: str, *, role: str, connect_s: int = 2, whole_s: float = 3.0) -> None:
        self._url = url
        self._whole_s = whole_s
        self._settings: dict[str, Any] = {
            "connect_timeout": connect_s,
            "application_name": f"prosepolish-{role}",
            "options": (f"-c statement_timeout={int(whole_s * 1000)} -c timezone=UTC -c idle_in_transaction_session_timeout=10000"),
            "tcp_user_timeout": 5000,
        }
        self._connection: DeadlineConnection | None = None

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Any]]:
        """The connection in a transaction: committed at the end, rolled back on an error.

        Raises StoreUnavailable when the server cannot be reached or fails; the next use connects anew.
        """
        try:
            if self._connection is not None and has_ended(self._connection):
                self.close()
            if self._connection is None:
                self._connection = DeadlineConnection.connect(self._url, **self._settings)
            # A server that has been stopped (SIGSTOP) keeps no deadline of its own.
            self._connection.until = perf_counter() + self._whole_s
            with self._connection.transaction():
                yield self._connection
        except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError) as error:
            self.close()
            raise StoreUnavailable("PostgreSQL does not answer; check DATABASE_URL and that the server runs") from error

    def forget(self) -> None:
        """In a forked child: let go of the parent's connection without telling the server."""
        self._connection = None

    def close(self) -> None:
        """Close the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

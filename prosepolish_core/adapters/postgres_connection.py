"""One PostgreSQL connection for a background writer: opened when needed, kept, and replaced when it fails.

A thread of its own keeps its own connection, so that a busy pool cannot starve it, and so that a flush at exit needs no
pool threads, which cannot be started any more by then.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from ..errors import StoreUnavailable


class PostgresConnection:
    """At most one connection. Not for use by two threads at once."""

    def __init__(self, url: str, *, role: str, connect_s: int = 2, statement_s: float = 5.0) -> None:
        self._url = url
        self._settings: dict[str, Any] = {
            "connect_timeout": connect_s,
            "application_name": f"prosepolish-{role}",
            "options": (
                f"-c statement_timeout={int(statement_s * 1000)} -c timezone=UTC -c idle_in_transaction_session_timeout=10000"
            ),
            "tcp_user_timeout": 5000,
        }
        self._connection: psycopg.Connection[Any] | None = None

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Any]]:
        """The connection in a transaction: committed at the end, rolled back on an error.

        Raises StoreUnavailable when the server cannot be reached or fails; the next use connects anew.
        """
        try:
            if self._connection is None or self._connection.closed:
                self._connection = psycopg.connect(self._url, **self._settings)
            with self._connection.transaction():
                yield self._connection
        except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError) as error:
            self.close()
            raise StoreUnavailable(f"PostgreSQL failed: {type(error).__name__}") from error

    def forget(self) -> None:
        """In a forked child: let go of the parent's connection without telling the server."""
        self._connection = None

    def close(self) -> None:
        """Close the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

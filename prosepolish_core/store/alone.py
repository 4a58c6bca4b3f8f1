"""One statement by itself: the server commits it, which saves the round trips of a transaction around it."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg.pq import TransactionStatus

from ..adapters.postgres_pool import Connection


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

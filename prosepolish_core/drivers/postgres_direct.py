"""One prepared statement asked straight over libpq:
psycopg connects and authenticates, then its Python layer is passed by.

Building a cursor, adapting values and fetching rows costs more than the server needs for a row by its key. A statement
is kept by its connection. When the server refuses it for whatever reason (a pooler that hands out another session,
DISCARD ALL, a column that changed), the caller asks the ordinary way, and the statement is prepared anew under another
name.
"""

from hashlib import sha1
from itertools import count
from select import POLLIN, POLLOUT, poll
from time import perf_counter
from typing import Any

import psycopg
from psycopg.pq import ConnStatus, ExecStatus

from .postgres_faults import TooLate

_TUPLES, _COMMAND = ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK
_NUMBERS = count(1)
_LOST = "the connection to PostgreSQL was lost"


class Refused(Exception):
    """The server refused the statement; the connection is fine."""


class DirectStatement:
    """One statement of one connection.

    Not for two threads at once; after any exception but Refused the connection is of no use.
    """

    __slots__ = ("_connection", "_name", "_prepared", "_reading", "_statement")

    def __init__(self, connection: psycopg.Connection[Any], statement: bytes) -> None:
        self._connection = connection.pgconn
        self._statement = statement
        # The text is in the name: behind a pooler another program's statement of the same name must not be ours to run.
        self._name = b"prosepolish_%b_" % sha1(statement, usedforsecurity=False).hexdigest()[:12].encode()
        self._prepared = b""
        self._reading = poll()
        self._reading.register(connection.pgconn.socket, POLLIN)

    def row(self, value: bytes, columns: int, until: float) -> list[bytes | None] | None:
        """The first row as text, or None; raises Refused, or TooLate when there is no reply until then."""
        connection = self._connection
        if not self._prepared:
            self._prepare(until)
        connection.send_query_prepared(self._prepared, (value,))
        result = self._result(until)
        if result.status != _TUPLES:
            raise self._refusal()
        if not result.ntuples:
            return None
        read = result.get_value
        return [read(0, column) for column in range(columns)]

    def _prepare(self, until: float) -> None:
        name = self._name + b"%d" % next(_NUMBERS)
        self._connection.send_prepare(name, self._statement)
        if self._result(until).status != _COMMAND:
            raise self._refusal()
        self._prepared = name

    def _result(self, until: float) -> Any:
        """The reply to what was sent, read to its end."""
        connection, found = self._connection, None
        if connection.flush():
            self._send_the_rest(until)
        while True:
            while connection.is_busy():
                self._wait(self._reading, until)
                connection.consume_input()
            result = connection.get_result()
            if result is None:
                break
            found = result
        if found is None:
            raise psycopg.OperationalError(_LOST)
        return found

    def _send_the_rest(self, until: float) -> None:
        writing = poll()
        writing.register(self._connection.socket, POLLIN | POLLOUT)
        while self._connection.flush():
            self._wait(writing, until)
            self._connection.consume_input()

    @staticmethod
    def _wait(on: poll, until: float) -> None:
        left = until - perf_counter()
        if left <= 0 or not on.poll(left * 1000):
            raise TooLate("no reply in time")

    def _refusal(self) -> Exception:
        self._prepared = b""
        if self._connection.status != ConnStatus.OK:
            return psycopg.OperationalError(_LOST)
        return Refused()

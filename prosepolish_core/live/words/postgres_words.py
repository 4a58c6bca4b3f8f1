"""The permanent word store in PostgreSQL: one statement a call, autocommit, prepared, and a deadline the client itself keeps."""

import os
import threading
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import perf_counter
from typing import Any

import orjson
import psycopg
from orjson import loads
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from ...drivers.postgres_direct import DirectStatement, Refused
from ...errors import StoreUnavailable
from ...model.llm import LlmCall
from ...model.tier_replies import WordRow

_COLUMNS = "fence, entry, source, absences, coalesce(absent_until > now(), false), judged, paid"
_GET = f"SELECT {_COLUMNS} FROM dictionary_words WHERE word = %s"
_GET_DIRECT = f"SELECT {_COLUMNS} FROM dictionary_words WHERE word = $1".encode()
_GET_MANY = f"SELECT word, {_COLUMNS} FROM dictionary_words WHERE word = ANY(%s)"
_PUT = """
INSERT INTO dictionary_words AS w (word, entry, source, paid, fence) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (word) DO UPDATE SET entry = excluded.entry, source = excluded.source, paid = excluded.paid,
    absences = 0, absent_until = NULL, judged = false, updated_at = now()
WHERE w.fence = excluded.fence RETURNING 1"""
_PUT_ABSENCE = """
INSERT INTO dictionary_words AS w (word, absences, absent_until, judged, fence)
VALUES (%s, %s, now() + make_interval(secs => %s), %s, %s)
ON CONFLICT (word) DO UPDATE SET absences = excluded.absences, absent_until = excluded.absent_until,
    judged = w.judged OR excluded.judged, updated_at = now()
WHERE w.fence = excluded.fence AND w.entry IS NULL RETURNING 1"""
_INVALIDATE = """
INSERT INTO dictionary_words AS w (word, fence) VALUES (%s, 1)
ON CONFLICT (word) DO UPDATE SET entry = NULL, source = '', paid = NULL, fence = w.fence + 1,
    absences = 0, absent_until = NULL, judged = false, updated_at = now()"""
_UNKNOWN = WordRow()


class DeadlineConnection(psycopg.Connection[Any]):
    """A connection whose waits end at an instant: a server that has stopped (SIGSTOP) would hold the caller for ever."""

    until = float("inf")
    #: The one-word query, once it has been asked on this connection.
    one_word: DirectStatement | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for the server, but not longer than until the deadline; then the connection is of no more use."""
        left = self.until - perf_counter()
        if left == float("inf"):
            return super().wait(gen, interval, timeout)
        return super().wait(gen, min(interval, max(left, 0.001)), max(left, 0.001))  # raises an OperationalError of its own


class PostgresWords:
    """A `ports.WordStore`. Holds at most `size` connections, opened when first needed."""

    def __init__(self, url: str, *, size: int) -> None:
        self._url, self._size = url, size
        self.start_anew()
        _ALL.add(self)

    def start_anew(self) -> None:
        """As if just made: in a forked child the connections are the parent's, and are neither used nor closed."""
        self._abandoned = getattr(self, "_idle", [])
        self._idle: list[DeadlineConnection] = []
        self._lock = threading.Lock()
        self._waiting = 0
        self._opened = False
        self._pool: ConnectionPool[DeadlineConnection] = ConnectionPool(
            self._url,
            connection_class=DeadlineConnection,
            min_size=0,
            max_size=self._size,
            max_waiting=self._size * 16,
            reconnect_timeout=2.0,
            open=False,
            configure=_configure,
            kwargs={
                "autocommit": True,
                "connect_timeout": 2,
                "prepare_threshold": 0,
                "client_encoding": "utf8",
                "application_name": "prosepolish-words",
                "options": "-c statement_timeout=2000 -c timezone=UTC",
            },
        )

    def get(self, word: str, timeout_s: float) -> WordRow:
        """What is known of one word."""
        row: WordRow = self._run(_one_word, word, (), timeout_s)
        return row

    def get_many(self, words: Sequence[str], timeout_s: float) -> dict[str, WordRow]:
        """The same for many, in one query."""
        found = dict.fromkeys(words, _UNKNOWN)
        if words:
            found.update({row[0]: _row(row[1:]) for row in self._run(_rows, _GET_MANY, (list(found),), timeout_s)})
        return found

    def put(self, word: str, row: WordRow, timeout_s: float) -> bool:
        """Keep an entry. False when the word was invalidated after `row.fence` was read."""
        paid = None if row.paid is None else _json(row.paid.to_dict())
        return bool(self._run(_rows, _PUT, (word, _json(row.entry), row.source, paid, row.fence), timeout_s))

    def put_absence(self, word: str, row: WordRow, absent_s: float, timeout_s: float) -> bool:
        """Remember for a while that there is no such word. Never replaces an entry."""
        return bool(self._run(_rows, _PUT_ABSENCE, (word, row.absences, absent_s, row.judged, row.fence), timeout_s))

    def invalidate(self, word: str, timeout_s: float) -> None:
        """Forget the word, and void every fill that is on its way."""
        self._run(_rows, _INVALIDATE, (word,), timeout_s)

    def close(self) -> None:
        """Close every connection."""
        while self._idle:
            self._pool.putconn(self._idle.pop())
        if self._opened:
            self._pool.close(timeout=1.0)

    def _run(self, ask: "Ask", what: str, values: tuple[object, ...], timeout_s: float) -> Any:
        until = perf_counter() + timeout_s
        try:
            while True:
                connection, used = self._borrow(until)
                try:
                    return self._on(connection, ask, what, values, until)
                except psycopg.OperationalError:
                    # A connection that the server closed while it lay idle says so at once; then once more on another.
                    # Every statement here may be repeated: a fill under its fence, an invalidation by its nature.
                    if not used or perf_counter() > until - timeout_s / 2:
                        raise
        except (PoolTimeout, TooManyRequests, PoolClosed) as error:
            raise StoreUnavailable("PostgreSQL did not give a connection in time") from error
        except psycopg.Error as error:
            raise StoreUnavailable("PostgreSQL does not answer; check DATABASE_URL and that the server runs") from error

    def _on(self, connection: DeadlineConnection, ask: "Ask", what: str, values: tuple[object, ...], until: float) -> Any:
        try:
            connection.until = until
            found = ask(connection, what, values)
        except BaseException:
            connection.until = float("inf")
            connection.close()
            self._pool.putconn(connection)
            raise
        if self._waiting:
            self._pool.putconn(connection)
        else:
            self._idle.append(connection)
        return found

    def _borrow(self, until: float) -> tuple[DeadlineConnection, bool]:
        """A connection kept from before (True), or one of the pool's."""
        if self._idle:
            with suppress(IndexError):
                return self._idle.pop(), True
        with self._lock:
            if not self._opened:
                self._pool.open(wait=False)
                self._opened = True
            self._waiting += 1  # seen by whoever gives one back from now on
        try:
            with suppress(IndexError):
                return self._idle.pop(), True
            return self._pool.getconn(timeout=max(0.001, until - perf_counter())), False
        finally:
            with self._lock:
                self._waiting -= 1


_ALL: "weakref.WeakSet[PostgresWords]" = weakref.WeakSet()


def _in_the_child() -> None:
    for words in list(_ALL):
        words.start_anew()


os.register_at_fork(after_in_child=_in_the_child)


def _configure(connection: DeadlineConnection) -> None:
    set_json_loads(orjson.loads, connection)
    set_json_dumps(orjson.dumps, connection)


#: How one kind of question is put to a connection: the statement or the word, and its values.
Ask = Callable[[DeadlineConnection, str, tuple[object, ...]], Any]


def _rows(connection: DeadlineConnection, statement: str, values: tuple[object, ...]) -> list[Any]:
    """Any statement, through psycopg."""
    cursor = connection.execute(statement, values)
    return cursor.fetchall() if cursor.description else []


def _one_word(connection: DeadlineConnection, word: str, _: tuple[object, ...]) -> WordRow:
    """The question that nearly every miss puts, past psycopg's Python layer."""
    direct = connection.one_word
    if direct is None:
        direct = connection.one_word = DirectStatement(connection, _GET_DIRECT)
    try:
        row = direct.row(word.encode(), 7, connection.until)
    except Refused:  # psycopg says why, or gets an answer without a prepared statement
        cursor = connection.execute(_GET, (word,), prepare=False)
        plain = cursor.fetchone()
        return _row(plain) if plain else _UNKNOWN
    if row is None:
        return _UNKNOWN
    fence, entry, source, absences, absent, judged, paid = row
    return WordRow(
        int(fence),  # type: ignore[arg-type]
        None if entry is None else loads(entry),
        source.decode(),  # type: ignore[union-attr]
        int(absences),  # type: ignore[arg-type]
        absent == b"t",
        judged == b"t",
        LlmCall.from_dict(loads(paid)) if paid else None,
    )


def _row(row: Sequence[Any]) -> WordRow:
    fence, entry, source, absences, absent, judged, paid = row
    return WordRow(fence, entry, source, absences, absent, judged, LlmCall.from_dict(paid) if paid else None)


def _json(value: object) -> str:
    return orjson.dumps(value).decode()

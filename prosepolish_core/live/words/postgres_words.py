"""The permanent word store in PostgreSQL: one statement a call, autocommit, prepared, within the caller's deadline."""

from collections.abc import Sequence
from typing import Any

import orjson
from orjson import loads
from psycopg.types.json import set_json_dumps, set_json_loads

from ...drivers.postgres_connection import DeadlineConnection
from ...drivers.postgres_direct import DirectStatement, Refused
from ...drivers.postgres_pool import Connection, PostgresPool
from ...model.llm import LlmCall
from ...model.tier_replies import WordRow

#: Longest statement by the server's clock: who asks has left long before.
STATEMENT_S = 2.0

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
INSERT INTO dictionary_words AS w (word, absences, absent_until, judged, paid, fence)
VALUES (%s, %s, now() + make_interval(secs => %s), %s, %s, %s)
ON CONFLICT (word) DO UPDATE SET absences = excluded.absences, absent_until = excluded.absent_until,
    judged = w.judged OR excluded.judged, paid = coalesce(excluded.paid, w.paid), updated_at = now()
WHERE w.fence = excluded.fence AND w.entry IS NULL RETURNING 1"""
_INVALIDATE = """
INSERT INTO dictionary_words AS w (word, fence) VALUES (%s, 1)
ON CONFLICT (word) DO UPDATE SET entry = NULL, source = '', paid = NULL, fence = w.fence + 1,
    absences = 0, absent_until = NULL, judged = false, updated_at = now()"""
_UNKNOWN = WordRow()


class PostgresWords:
    """A `ports.WordStore`. Holds at most `size` connections, opened when first needed."""

    def __init__(self, url: str, *, size: int) -> None:
        self.pool = PostgresPool(
            url, size=size, role="words", statement_s=STATEMENT_S, autocommit=True, prepare_threshold=0, configure=_configure
        )

    def get(self, word: str, timeout_s: float) -> WordRow:
        """What is known of one word."""
        return self.pool.ask(_one_word, word, within_s=timeout_s)

    def get_many(self, words: Sequence[str], timeout_s: float) -> dict[str, WordRow]:
        """The same for many, in one query."""
        found = dict.fromkeys(words, _UNKNOWN)
        if words:
            found.update({row[0]: _row(row[1:]) for row in self._rows(_GET_MANY, (list(found),), timeout_s)})
        return found

    def put(self, word: str, row: WordRow, timeout_s: float) -> bool:
        """Keep an entry. False when the word was invalidated after `row.fence` was read."""
        return bool(self._rows(_PUT, (word, _json(row.entry), row.source, _paid(row), row.fence), timeout_s))

    def put_absence(self, word: str, row: WordRow, absent_s: float, timeout_s: float) -> bool:
        """Remember for a while that there is no such word. Never replaces an entry."""
        return bool(self._rows(_PUT_ABSENCE, (word, row.absences, absent_s, row.judged, _paid(row), row.fence), timeout_s))

    def invalidate(self, word: str, timeout_s: float) -> None:
        """Forget the word, and void every fill that is on its way."""
        self._rows(_INVALIDATE, (word,), timeout_s)

    def close(self) -> None:
        """Close every connection."""
        self.pool.close()

    def _rows(self, statement: str, values: tuple[object, ...], timeout_s: float) -> list[Any]:
        """Any statement, through psycopg.

        Each may be repeated: a fill under its fence, an invalidation by its nature.
        """
        return self.pool.ask(_rows, statement, values, within_s=timeout_s)


def _configure(connection: Connection) -> None:
    set_json_loads(orjson.loads, connection)
    set_json_dumps(orjson.dumps, connection)


def _rows(connection: DeadlineConnection, statement: str, values: tuple[object, ...]) -> list[Any]:
    cursor = connection.execute(statement, values)
    return cursor.fetchall() if cursor.description else []


def _one_word(connection: DeadlineConnection, word: str) -> WordRow:
    """The question that nearly every miss puts, past psycopg's Python layer."""
    direct: DirectStatement | None = connection.kept
    if direct is None:
        direct = connection.kept = DirectStatement(connection, _GET_DIRECT)
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


def _paid(row: WordRow) -> str | None:
    return None if row.paid is None else _json(row.paid.to_dict())


def _json(value: object) -> str:
    return orjson.dumps(value).decode()

"""The one-word query past psycopg's Python layer, on a real PostgreSQL: refusals, lost sessions, hung servers."""

import os
import signal
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from prosepolish_core.drivers.postgres_direct import DirectStatement, Refused
from prosepolish_core.errors import StoreUnavailable
from prosepolish_core.live.words.postgres_words import PostgresWords
from prosepolish_core.model.llm import LlmCall
from prosepolish_core.model.tier_replies import WordRow
from tests.support.waiting import SOON_S
from tests.support.words import entry

pytestmark = pytest.mark.live
PAID = LlmCall("paid", "define", "m", 100, 10, 50, 7, Decimal("0.000512345"), "2026-01-01", 1.25)


@pytest.fixture
def words(database_url: str) -> Iterator[PostgresWords]:
    """A store over one connection, so that every question meets the same session."""
    found = PostgresWords(database_url, size=1)
    yield found
    found.close()


@pytest.fixture
def admin(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection beside it."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


def backend(admin: psycopg.Connection[Any]) -> int:
    """The process of the server that answers the store."""
    row = admin.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'prosepolish-words'").fetchone()
    assert row is not None
    return int(row[0])


def test_one_word_and_many_words_say_the_same(words: PostgresWords) -> None:
    """Whatever a row holds, in whatever script: the direct query and psycopg read the same values from it."""
    words.put("café", WordRow(entry=entry("café", "A “place” \\ 𝔘"), source="gemini", paid=PAID), 2)
    words.put_absence("qwrtz", WordRow(absences=3, judged=True), 60, 2)
    words.put_absence("forgotten", WordRow(absences=1), -60, 2)
    words.put("naïve", WordRow(entry=entry("naïve"), source="dictionary_api"), 2)
    words.invalidate("naïve", 2)
    words.put("长", WordRow(entry=entry("长")), 2)
    asked = ["café", "qwrtz", "forgotten", "naïve", "长", "nobody asked", "'; DROP TABLE dictionary_words --"]
    assert {word: words.get(word, 2) for word in asked} == words.get_many(asked, 2)
    assert words.get("naïve", 2) == WordRow(fence=1)


def test_a_session_that_has_lost_its_statements_is_answered_and_prepared_anew(words: PostgresWords) -> None:
    """As behind a pooler, which may hand out another session each time, or after DISCARD ALL."""
    words.put("a", WordRow(entry=entry("a")), 2)
    for _ in range(3):
        assert words.get("a", 2).entry == entry("a")
        (connection,) = words.pool._idle
        connection.execute("DISCARD ALL", prepare=False)
    assert words.get("a", 2).entry == entry("a")
    assert words.pool._idle == [connection]


def test_a_column_that_changed_under_a_prepared_statement_does_not_matter(
    words: PostgresWords, admin: psycopg.Connection[Any]
) -> None:
    """A migration while processes run: the server refuses the old plan once, nobody notices."""
    words.put("a", WordRow(entry=entry("a"), source="gemini"), 2)
    for _ in range(8):  # until the server has a plan that it keeps
        words.get("a", 2)
    admin.execute("ALTER TABLE dictionary_words ALTER COLUMN fence TYPE integer")
    try:
        assert [words.get("a", 2).source for _ in range(3)] == ["gemini"] * 3
    finally:
        admin.execute("ALTER TABLE dictionary_words ALTER COLUMN fence TYPE bigint")


def test_what_the_server_refuses_for_good_is_unavailable(words: PostgresWords, admin: psycopg.Connection[Any]) -> None:
    """A missing table is said, and once it is there again words are answered."""
    words.put("a", WordRow(entry=entry("a")), 2)
    admin.execute("ALTER TABLE dictionary_words RENAME TO away")
    try:
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                words.get("a", 2)
    finally:
        admin.execute("ALTER TABLE away RENAME TO dictionary_words")
    assert words.get("a", 2).entry == entry("a")


def test_a_hung_server_costs_the_deadline_and_its_late_reply_is_never_read(
    words: PostgresWords, admin: psycopg.Connection[Any]
) -> None:
    """SIGSTOP at the backend: the caller leaves, the connection is thrown away, the next word gets its own answer."""
    words.put("a", WordRow(entry=entry("a")), 2)
    words.put("b", WordRow(entry=entry("b")), 2)
    assert words.get("a", 2).entry == entry("a")
    pid = backend(admin)
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            words.get("a", 0.2)
        assert 0.15 < time.monotonic() - began < SOON_S
    finally:
        os.kill(pid, signal.SIGCONT)
    assert words.get("b", 2).entry == entry("b")
    assert backend(admin) != pid


def test_a_backend_that_ends_is_replaced_whether_it_idles_or_answers(words: PostgresWords, admin: psycopg.Connection[Any]) -> None:
    """Ended while it lay idle: the next word does not notice. Again and again, as in a restart."""
    words.put("a", WordRow(entry=entry("a")), 2)
    for _ in range(3):
        assert words.get("a", 2).entry == entry("a")
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", (backend(admin),))


def test_a_statement_that_was_refused_leaves_the_connection_usable(database_url: str) -> None:
    """Refused is said, and a good statement on the same connection works."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        until = time.perf_counter() + 2
        wrong = DirectStatement(connection, b"SELECT no_such_column FROM dictionary_words WHERE word = $1")
        with pytest.raises(Refused):
            wrong.row(b"a", 1, until)
        fails = DirectStatement(connection, b"SELECT 1 / (length($1) - 1)")
        with pytest.raises(Refused):
            fails.row(b"a", 1, until)
        assert fails.row(b"aa", 1, until) == [b"1"]
        assert DirectStatement(connection, b"SELECT $1 WHERE false").row(b"a", 1, until) is None
        big = DirectStatement(connection, b"SELECT repeat($1, 300000)").row(b"xyz", 1, until)
        assert big == [b"xyz" * 300_000]

"""The permanent word store on a real PostgreSQL: fences, absences, deadlines."""

from collections.abc import Iterator
from decimal import Decimal
from time import perf_counter

import psycopg
import pytest

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
    """A store over two connections."""
    found = PostgresWords(database_url, size=2)
    yield found
    found.close()


def test_an_entry_comes_back_as_it_was_with_what_it_cost(words: PostgresWords) -> None:
    """Money to the last digit."""
    row = WordRow(0, entry("café", "A place."), "gemini", paid=PAID)
    assert words.get("café", 2) == WordRow()
    assert words.put("café", row, 2)
    assert words.get("café", 2) == row


def test_a_backend_that_was_ended_is_replaced_without_a_word(words: PostgresWords, database_url: str) -> None:
    """Every statement may be repeated: a fill under its fence, an invalidation by its nature."""
    words.put("a", WordRow(entry=entry("a")), 2)
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'prosepolish-words'")
    assert words.get("a", 2).entry == entry("a")


def test_after_every_backend_was_ended_the_next_word_is_answered(words: PostgresWords, database_url: str) -> None:
    """The first dead connection takes the other idle ones with it: no second one sends the caller to a paid tier."""
    words.put("a", WordRow(entry=entry("a")), 2)
    for _ in range(5):
        held = [words.pool.borrow(perf_counter() + 2) for _ in range(2)]
        for connection in held:
            words.pool.give_back(connection)
        with psycopg.connect(database_url, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'prosepolish-words'")
        assert words.get("a", 2).entry == entry("a")
        assert len(words.pool._idle) == 1


def test_when_all_connections_are_busy_the_wait_is_bounded(words: PostgresWords, database_url: str) -> None:
    """And what is given back goes to who waits."""
    import threading
    import time

    with psycopg.connect(database_url) as blocker:
        blocker.execute("LOCK TABLE dictionary_words IN ACCESS EXCLUSIVE MODE")
        failures: list[Exception] = []

        def one() -> None:
            try:
                words.get("a", 0.3)
            except StoreUnavailable as error:
                failures.append(error)

        threads = [threading.Thread(target=one) for _ in range(6)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(failures) == 6
        assert time.monotonic() - began < SOON_S
    assert words.get("a", 2) == WordRow()

"""A connection whose packets are swallowed is given up when the server, asked beside it, has nothing to do for it."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from time import perf_counter
from typing import Any

import psycopg
import pytest

from prosepolish_core.drivers.postgres_connection import DeadlineConnection
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.errors import StoreUnavailable
from tests.support.gate import Gate, Pooler

pytestmark = pytest.mark.live
#: Far behind everything these tests wait for.
PATIENCE_S = 60.0
SESSIONS = "FROM pg_stat_activity WHERE application_name = 'prosepolish-test'"


@pytest.fixture
def beside() -> Iterator[Callable[..., Future[Any]]]:
    """Runs a call in another thread."""
    with ThreadPoolExecutor() as threads:
        yield threads.submit


def pool_behind(gate: Gate) -> PostgresPool:
    """A pool of one connection, which is open, and on which a reply is waited for until the caller's own deadline."""
    pool = PostgresPool(gate.url(), size=1, role="test", statement_s=PATIENCE_S, autocommit=True)
    connection = pool.borrow(perf_counter() + PATIENCE_S)
    connection.execute("SELECT 1")
    connection.reply_s = PATIENCE_S
    pool.give_back(connection)
    return pool


def asked(pool: PostgresPool, *, repeats: bool = True) -> Any:
    """The number of the session that answers, asked for in the manner of a lookup."""

    def question(connection: DeadlineConnection) -> Any:
        return connection.execute("SELECT pg_backend_pid()").fetchone()

    return pool.ask(question, within_s=PATIENCE_S, repeats=repeats)


@pytest.mark.parametrize("ended", [False, True], ids=["the session idles", "the session has ended"])
def test_a_swallowed_question_is_repeated_as_soon_as_the_server_is_reached(
    ended: bool, database_url: str, beside: Callable[..., Future[Any]]
) -> None:
    """The caller would have waited a minute; another connection is told what the server knows of the first."""
    gate = Gate(database_url)
    pool = pool_behind(gate)
    before = asked(pool)
    with gate.silent():
        answer = beside(asked, pool)
        if ended:
            with psycopg.connect(database_url, autocommit=True) as admin:
                admin.execute(f"SELECT pg_terminate_backend(pid) {SESSIONS}")
    assert answer.result(PATIENCE_S / 2) != before
    pool.close()
    gate.close()


def test_what_must_not_be_put_twice_is_told_that_the_connection_is_lost(
    database_url: str, beside: Callable[..., Future[Any]]
) -> None:
    """A transaction and a change are not repeated: whoever asked decides."""
    gate = Gate(database_url)
    pool = pool_behind(gate)

    def transaction() -> None:
        with pool.connection(within_s=PATIENCE_S) as connection:
            connection.execute("SELECT 1")
            with gate.silent():
                swallowed = beside(connection.execute, "SELECT 2")
            swallowed.result(PATIENCE_S / 2)

    with pytest.raises(StoreUnavailable) as caught:
        transaction()
    assert caught.value.word == "connection"
    assert asked(pool)
    pool.close()
    gate.close()


@pytest.mark.parametrize("door", [Gate, Pooler])
def test_a_statement_that_the_server_works_on_is_waited_for(door: type[Gate], database_url: str) -> None:
    """It is in doubt after half a second, and looked at twice: the server works, or its numbers are not to be had."""
    gate = door(database_url)
    pool = pool_behind(gate)
    with pool.connection(within_s=PATIENCE_S) as connection:
        assert connection.execute("SELECT 1 FROM pg_sleep(1.3)").fetchone() == (1,)
    pool.close()
    gate.close()

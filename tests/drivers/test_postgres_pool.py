"""The pool hands out no connection that the server has ended."""

from contextlib import ExitStack
from time import sleep

import psycopg
import pytest

from prosepolish_core.drivers.postgres_pool import PostgresPool

OTHERS = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"


@pytest.mark.live
def test_after_every_idle_connection_was_ended_the_next_call_answers(empty_database_url: str) -> None:
    """Three dead connections in a row cost the caller nothing but the time of a new one."""
    pool = PostgresPool(empty_database_url, size=4, role="test")
    with ExitStack() as held:
        for _ in range(3):
            held.enter_context(pool.connection()).execute("SELECT 1")
    with psycopg.connect(empty_database_url, autocommit=True) as operator:
        operator.execute(f"SELECT pg_terminate_backend(pid) {OTHERS}")
        while operator.execute(f"SELECT count(*) {OTHERS}").fetchone() != (0,):
            sleep(0.01)

    with pool.connection() as connection:
        answer = connection.execute("SELECT 2").fetchone()

    pool.close()
    assert answer == (2,)

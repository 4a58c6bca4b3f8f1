"""Leases, on a real PostgreSQL."""

import time

import psycopg
import pytest

from collectors.lease import Leases
from prosepolish_core.drivers.postgres_lease import AdvisoryLocks, key

SOURCES = ("cache", "state", "postgres")
pytestmark = pytest.mark.live


def leases(url: str) -> Leases:
    """One collector's leases."""
    return Leases(AdvisoryLocks(url), SOURCES)


def test_one_collector_holds_every_source(empty_database_url: str) -> None:
    """Alone, it observes everything."""
    one = leases(empty_database_url)
    assert one.renew() == frozenset(SOURCES)
    one.close()


def test_no_source_has_two_holders_and_the_share_is_fair(empty_database_url: str) -> None:
    """A second collector gets its share at the first one's next renewal;
    at no moment does a source have two holders.
    """
    one, two = leases(empty_database_url), leases(empty_database_url)
    one.renew()
    assert two.renew() == frozenset()
    for _ in range(3):
        one.renew()
        assert not one.held & two.held
        two.renew()
        assert not one.held & two.held
    assert one.held | two.held == frozenset(SOURCES)
    assert min(len(one.held), len(two.held)) >= 1
    one.close()
    until = time.monotonic() + 10
    while two.renew() != frozenset(SOURCES):  # the server takes a moment to see that a session is over
        assert time.monotonic() < until
    two.close()


def test_a_lost_session_is_noticed(empty_database_url: str) -> None:
    """When the server ends our session the locks are free:
    whoever comes first takes them, and we observe them no more.
    """
    one, two = leases(empty_database_url), leases(empty_database_url)
    one.renew()
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'prosepolish-lease' AND datname = current_database()"
        )
    until = time.monotonic() + 10
    while not two.renew():
        assert time.monotonic() < until
    one.renew()  # this call finds the session gone: we go on until we know better
    one.renew()
    two.renew()
    assert not one.held & two.held
    one.close()
    two.close()


def test_without_postgres_a_new_collector_observes_everything() -> None:
    """While the store is away nobody can tell collectors apart; the store keeps each tick once when it is back."""
    one = leases("postgresql://127.0.0.1:1/none")
    assert one.renew() == frozenset(SOURCES)
    one.close()


def test_keys_are_signed_32_bit_numbers() -> None:
    """A lock's key fits PostgreSQL's integer."""
    assert all(-(2**31) <= key(name) < 2**31 for name in ("", "cache", "state", "é" * 99))

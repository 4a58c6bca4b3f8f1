"""A collector that starts while PostgreSQL is away brings the schema up to date when it is back, without a restart."""

import threading

import psycopg
import pytest

from collectors.schema_upkeep import SchemaUpkeep
from tests.support.gate import Gate
from tests.support.waiting import PATIENCE_S, wait_for

pytestmark = pytest.mark.live


def test_the_schema_is_made_when_the_store_is_back(empty_database_url: str) -> None:
    """The collector goes on after the first attempt, which fails; a later one succeeds by itself."""
    gate, stop = Gate(empty_database_url), threading.Event()
    with gate.shut():
        upkeep = SchemaUpkeep(gate.url(), stop)
        assert upkeep.tried.wait(PATIENCE_S)
    with psycopg.connect(empty_database_url, autocommit=True) as admin:
        wait_for(lambda: admin.execute("SELECT to_regclass('sample_run')").fetchone() != (None,))
    stop.set()
    gate.close()

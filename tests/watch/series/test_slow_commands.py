"""Slow commands in a real PostgreSQL."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.model.sample import Run, RunOutcome, SlowCommand
from prosepolish_core.model.window import Window
from prosepolish_core.watch.series.slow_commands import SlowCommands

AT = 1_795_000_000
WINDOW = Window(datetime.fromtimestamp(AT - 10, UTC), datetime.fromtimestamp(AT + 10, UTC))


def run_with(*ids: int, run_id: str = "a") -> Run:
    """A run that found these entries."""
    slow = tuple(SlowCommand(n, AT + n, 0.25, "get\x00", 1, "dict", "web") for n in ids)
    return Run("redis_slowlog", "cache", AT, datetime.fromtimestamp(AT, UTC), 0.1, RunOutcome.OK, (), {"run_id": run_id}, "", slow)


@pytest.mark.live
def test_each_entry_is_kept_once_per_server_process(database_url: str) -> None:
    """Writing a run again adds nothing; the same id of a restarted server is another entry; old ones go when pruned."""
    pool = PostgresPool(database_url, size=1, role="test")
    store = SlowCommands(pool)
    for run in (run_with(1, 2), run_with(1, 2), run_with(2, run_id="b"), run_with()):
        store.write([run])
    rows = store.read(WINDOW)
    assert [(row.source, row.at.timestamp() - AT) for row in rows] == [("cache", 2.0), ("cache", 2.0), ("cache", 1.0)]
    assert (rows[0].duration_s, rows[0].command, rows[0].family) == (0.25, "get\ufffd", "dict")
    assert store.read(WINDOW, source="state") == []
    assert store.prune(datetime.fromtimestamp(AT + 2, UTC)) == 1
    assert len(store.read(WINDOW)) == 2
    pool.close()


@pytest.mark.live
def test_each_log_has_ids_of_its_own_and_gaps_are_read_by_sql(database_url: str) -> None:
    """The same id in two logs is two entries;
    ids nobody read, before a collector's restart or after, are a gap in plain SQL.
    """
    pool = PostgresPool(database_url, size=1, role="test")
    store = SlowCommands(pool)
    large = SlowCommand(1, AT + 1, 0.0, "set", 2, "llm", "web", "large-request", 2_000_000)
    store.write([replace(run_with(), slow=(large,)), run_with(1, 2), run_with(6)])
    rows = {(row.log, row.command): row.size_bytes for row in store.read(WINDOW)}
    assert rows == {("large-request", "set"): 2_000_000, ("slow", "get\ufffd"): 0}
    with pool.connection() as connection:
        gaps = connection.execute("SELECT source, log, missed FROM slow_command_gaps").fetchall()
    assert gaps == [("cache", "slow", 3)]
    pool.close()

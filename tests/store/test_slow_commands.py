"""Slow commands in a real PostgreSQL."""

from datetime import UTC, datetime

import pytest

from prosepolish_core.adapters.postgres_pool import PostgresPool
from prosepolish_core.model.sample import Run, RunOutcome, SlowCommand
from prosepolish_core.model.window import Window
from prosepolish_core.store.slow_commands import SlowCommands

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

"""Slow commands in the store: written once per server process and id,
read newest first, pruned with the raw samples.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from ...drivers.postgres_pool import PostgresPool
from ...model.sample import Run
from ...model.series import SlowRow
from ...model.window import Window
from .storable_text import clean

_WRITE = """
INSERT INTO slow_command (source, run_id, id, at, duration, command, arguments, family, client, log, size)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"""
_READ = """
SELECT source, at, duration, command, arguments, family, client, log, coalesce(size, 0) FROM slow_command
WHERE at >= %(start)s AND at < %(end)s AND (%(source)s::text IS NULL OR source = %(source)s)
ORDER BY at DESC, id DESC LIMIT %(limit)s"""


class SlowCommands:
    """The slow command table. Every method raises StoreUnavailable when PostgreSQL is away."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    def write(self, runs: Sequence[Run]) -> None:
        """Keep the entries of these runs; those known already change nothing."""
        rows = [
            (
                clean(run.source),
                clean(run.state.get("run_id", ""))[:100],
                slow.id,
                datetime.fromtimestamp(slow.at, UTC),
                slow.duration_s,
                clean(slow.command),
                slow.arguments,
                clean(slow.family),
                clean(slow.client),
                slow.log,
                slow.size_bytes or None,
            )
            for run in runs
            for slow in run.slow
        ]
        if rows:
            with self._pool.connection() as connection:
                connection.cursor().executemany(_WRITE, rows)

    def read(self, window: Window, source: str | None = None, limit: int = 200) -> list[SlowRow]:
        """Newest first."""
        asked = {"start": window.start, "end": window.end, "source": source, "limit": limit}
        with self._pool.connection() as connection:
            return [SlowRow(*row) for row in connection.execute(_READ, asked).fetchall()]

    def prune(self, before: datetime) -> int:
        """Remove what is older; returns how many went."""
        with self._pool.connection() as connection:
            return int(connection.execute("DELETE FROM slow_command WHERE at < %s", (before,)).rowcount)

"""The sample store: collector runs written whole, range queries that choose their resolution and survive resets."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from ...drivers.postgres_pool import PostgresPool
from ...model.sample import Run
from ...model.series import Coverage, GaugeSeries, IncreaseSeries, Mark, Pulse, Reading, RunCount, RunRow, SlowRow
from ...model.window import Window
from . import coverage, newest, retention
from . import range_query as ranges
from .marks import list_marks
from .simulated import simulated
from .slow_commands import SlowCommands
from .writer import SampleWriter


class SampleStore:
    """Implements ports.RunWriter and ports.SampleReader on PostgreSQL. Thread-safe."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool
        self._writer = SampleWriter(pool)

    def write(self, runs: Sequence[Run]) -> None:
        """Write the runs in one COPY. Raises StoreUnavailable; then nothing was written."""
        self._writer.write(runs)

    def sources(self) -> list[str]:
        """Names of the sources that have samples, sorted."""
        with self._pool.connection() as connection:
            return newest.sources(connection)

    def latest(self, metrics: Sequence[str] = (), source: str | None = None, at: datetime | None = None) -> list[Reading]:
        """The newest value of each series (all metrics when none are named), or the newest before an instant."""
        with self._pool.connection() as connection:
            return newest.readings(connection, metrics, source, at)

    def pulses(self, collector: str, at: datetime | None = None) -> list[Pulse]:
        """The newest run of this collector against each source, whatever came of it."""
        with self._pool.connection() as connection:
            return newest.pulses(connection, collector, at)

    def state(self, source: str, at: datetime | None = None) -> Mapping[str, str]:
        """The newest strings read from a source (run_id, version, role, maxmemory_policy …)."""
        with self._pool.connection() as connection:
            return newest.state(connection, source, at)

    def gauges(self, metrics: Sequence[str], window: Window, points: int = 300, source: str | None = None) -> list[GaugeSeries]:
        """Gauges thinned to at most `points` buckets; the resolution (raw, minute, hour) is chosen by the window."""
        with self._pool.connection() as connection:
            return ranges.gauges(connection, metrics, window, points, source)

    def increases(
        self, metrics: Sequence[str], window: Window, points: int = 300, source: str | None = None
    ) -> list[IncreaseSeries]:
        """Reset-safe increases of counters per bucket."""
        with self._pool.connection() as connection:
            return ranges.increases(connection, metrics, window, points, source)

    def coverage(self, collector: str, window: Window, source: str | None = None) -> Coverage:
        """Share of expected runs present, and the newest run's age."""
        with self._pool.connection() as connection:
            return coverage.coverage(connection, collector, window, source)

    def runs(self, window: Window, limit: int = 500, *, failed: bool = False) -> list[RunRow]:
        """Newest runs first, or only those that were not ok."""
        with self._pool.connection() as connection:
            return newest.runs(connection, window, limit, failed=failed)

    def run_counts(self, window: Window) -> list[RunCount]:
        """All runs of the window, counted by what came of them."""
        with self._pool.connection() as connection:
            return newest.run_counts(connection, window)

    def marks(self, window: Window) -> list[Mark]:
        """Marks in the window, oldest first."""
        return list_marks(self._pool, window)

    def simulated(self) -> list[Window]:
        """The spans of time that a simulation wrote, oldest first."""
        with self._pool.connection() as connection:
            return simulated(connection)

    def slow_commands(self, window: Window, limit: int = 50) -> list[SlowRow]:
        """Slow and large commands of the window, newest first."""
        return SlowCommands(self._pool).read(window, limit=limit)

    def maintain(self, kept: retention.Kept | None = None) -> retention.Maintenance:
        """Roll up what is due and remove what is past its time; says what it did. Meant for a job every few minutes."""
        return retention.maintain(self._pool, kept)

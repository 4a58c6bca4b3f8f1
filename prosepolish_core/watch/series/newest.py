"""What is newest, now or at an instant of the past: readings, strings and runs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from statistics import median

from ...drivers.postgres_pool import Connection, PostgresPool
from ...model.sample import Kind
from ...model.series import Pulse, Reading, RunCount, RunRow, SeriesKey
from ...model.window import Window
from .storable_text import labels_tuple

_NEWEST = """
SELECT n.* FROM sample_stream st CROSS JOIN LATERAL (
    SELECT r.tick, r.ts, r.stream, r.frame, r.delta, r.wide, r.state FROM sample_run r
    WHERE r.stream = st.id AND r.frame IS NOT NULL AND (r.tick <= %(at)s OR %(at)s::timestamptz IS NULL)
    ORDER BY r.tick DESC LIMIT 1
) n
WHERE st.source = %(source)s OR %(source)s::text IS NULL"""

#: The newest runs of a stream, failed or not, whose ticks tell how often it runs.
_PULSES = """
SELECT st.id, st.collector, st.source, (array_agg(n.ts ORDER BY n.tick DESC))[1], (array_agg(o.outcome ORDER BY n.tick DESC))[1],
       coalesce((array_agg(n.detail ORDER BY n.tick DESC))[1], ''), array_agg(extract(epoch FROM n.tick)::float8)
FROM sample_stream st CROSS JOIN LATERAL (
    SELECT r.tick, r.ts, r.outcome, r.detail FROM sample_run r
    WHERE r.stream = st.id AND (r.tick <= %(at)s OR %(at)s::timestamptz IS NULL) ORDER BY r.tick DESC LIMIT 6
) n JOIN sample_outcome o ON o.letter = n.outcome
WHERE (st.source = %(source)s OR %(source)s::text IS NULL) AND (st.collector = %(collector)s OR %(collector)s::text IS NULL)
GROUP BY st.id"""

_READINGS = f"""
SELECT st.id, st.source, se.metric, se.labels, se.kind, se.unit, n.ts,
       coalesce(n.wide[p.position], (f.base[p.position] + coalesce(n.delta[p.position], 0)) / coalesce(f.scale[p.position], 1))
FROM ({_NEWEST}) n
JOIN sample_stream st ON st.id = n.stream
JOIN sample_frame f ON f.id = n.frame
JOIN sample_layout l ON l.id = f.layout
CROSS JOIN LATERAL unnest(l.series) WITH ORDINALITY AS p (series, position)
JOIN sample_series se ON se.id = p.series
WHERE se.metric = ANY(%(metrics)s) OR %(all)s
ORDER BY n.ts"""

_STATES = f"""
SELECT jsonb_strip_nulls(f.state || coalesce(n.state, '{{}}')) FROM ({_NEWEST}) n
JOIN sample_frame f ON f.id = n.frame ORDER BY n.ts"""

_SOURCES = """
SELECT DISTINCT source FROM sample_stream st
WHERE EXISTS (SELECT FROM sample_run r WHERE r.stream = st.id AND r.frame IS NOT NULL) ORDER BY source"""

_RUNS = """
SELECT collector, source, read_at, duration_seconds, outcome, detail, samples FROM collector_runs
WHERE time >= %s AND time < %s ORDER BY time DESC, source, collector LIMIT %s"""


_RUN_COUNTS = """
SELECT st.collector, st.source, o.outcome, coalesce(r.detail, ''), count(*), min(r.tick), max(r.tick)
FROM sample_run r JOIN sample_stream st ON st.id = r.stream JOIN sample_outcome o ON o.letter = r.outcome
WHERE r.tick >= %s AND r.tick < %s GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"""


def sources(connection: Connection) -> list[str]:
    """Names of the sources that have samples, sorted."""
    return [row[0] for row in connection.execute(_SOURCES)]


def readings(connection: Connection, metrics: Sequence[str], source: str | None, at: datetime | None) -> list[Reading]:
    """The newest value of each series; of two collectors that read the same, the newer one counts."""
    rows = connection.execute(_READINGS, {"metrics": list(metrics), "all": not metrics, "source": source, "at": at}).fetchall()
    every_s = {stream: pulse.every_s for stream, pulse in _pulses(connection, source=source, at=at).items()} if rows else {}
    found: dict[SeriesKey, Reading] = {}
    for stream, origin, metric, labels, kind, unit, ts, value in rows:
        key = SeriesKey(origin, metric, labels_tuple(labels))
        found[key] = Reading(key, Kind(kind), unit, value, ts, every_s.get(stream))
    return [found[key] for key in sorted(found)]


class Pulses:
    """Implements ports.PulseReader on PostgreSQL, for whoever needs nothing else of the samples."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    def pulses(self, collector: str, at: datetime | None = None) -> list[Pulse]:
        """The newest run of this collector against each source, or the newest before `at`."""
        with self._pool.connection() as connection:
            return pulses(connection, collector, at)


def pulses(connection: Connection, collector: str, at: datetime | None) -> list[Pulse]:
    """The newest run of this collector against each source."""
    return sorted(_pulses(connection, collector=collector, at=at).values())


def _pulses(
    connection: Connection, *, source: str | None = None, collector: str | None = None, at: datetime | None = None
) -> dict[int, Pulse]:
    found = {}
    asked = {"source": source, "collector": collector, "at": at}
    for stream, of, origin, ts, outcome, detail, ticks in connection.execute(_PULSES, asked):
        apart = [after - before for before, after in pairwise(sorted(ticks))]
        found[stream] = Pulse(of, origin, ts, outcome, detail, median(apart) if apart else None)
    return found


def state(connection: Connection, source: str, at: datetime | None) -> Mapping[str, str]:
    """The newest strings of a source, all its collectors together."""
    merged: dict[str, str] = {}
    for (strings,) in connection.execute(_STATES, {"source": source, "at": at}):
        merged.update(strings)
    return merged


def runs(connection: Connection, window: Window, limit: int, *, failed: bool = False) -> list[RunRow]:
    """Newest runs first, or only those that were not ok."""
    statement = _RUNS.replace("ORDER BY", "AND outcome <> 'ok' ORDER BY") if failed else _RUNS
    return [RunRow(*row) for row in connection.execute(statement, (window.start, window.end, limit))]


def run_counts(connection: Connection, window: Window) -> list[RunCount]:
    """All runs of the window, counted by what came of them."""
    return [RunCount(*row) for row in connection.execute(_RUN_COUNTS, (window.start, window.end))]

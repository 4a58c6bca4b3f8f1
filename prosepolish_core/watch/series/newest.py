"""What is newest: readings, strings and runs."""

from collections.abc import Mapping, Sequence

from ...drivers.postgres_pool import Connection
from ...model.sample import Kind
from ...model.series import Reading, RunRow, SeriesKey
from ...model.window import Window
from .catalogue import labels_tuple

_NEWEST = """
SELECT n.* FROM sample_stream st CROSS JOIN LATERAL (
    SELECT r.tick, r.ts, r.stream, r.frame, r.delta, r.wide, r.state FROM sample_run r
    WHERE r.stream = st.id AND r.frame IS NOT NULL ORDER BY r.tick DESC LIMIT 1
) n
WHERE st.source = %(source)s OR %(source)s::text IS NULL"""

_READINGS = f"""
SELECT st.source, se.metric, se.labels, se.kind, se.unit, n.ts,
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


def sources(connection: Connection) -> list[str]:
    """Names of the sources that have samples, sorted."""
    return [row[0] for row in connection.execute(_SOURCES)]


def readings(connection: Connection, metrics: Sequence[str], source: str | None) -> list[Reading]:
    """The newest value of each series; of two collectors that read the same, the newer one counts."""
    rows = connection.execute(_READINGS, {"metrics": list(metrics), "all": not metrics, "source": source}).fetchall()
    found: dict[SeriesKey, Reading] = {}
    for origin, metric, labels, kind, unit, ts, value in rows:
        key = SeriesKey(origin, metric, labels_tuple(labels))
        found[key] = Reading(key, Kind(kind), unit, value, ts)
    return [found[key] for key in sorted(found)]


def state(connection: Connection, source: str) -> Mapping[str, str]:
    """The newest strings of a source, all its collectors together."""
    merged: dict[str, str] = {}
    for (strings,) in connection.execute(_STATES, {"source": source}):
        merged.update(strings)
    return merged


def runs(connection: Connection, window: Window, limit: int) -> list[RunRow]:
    """Newest runs first."""
    return [RunRow(*row) for row in connection.execute(_RUNS, (window.start, window.end, limit))]

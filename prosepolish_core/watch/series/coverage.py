"""Coverage: which share of the runs that a window should hold is there, from roll-ups where it is long."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import numpy as np

from ...drivers.postgres_pool import Connection
from ...model.series import Coverage
from ...model.window import Window
from .packing import Numbers
from .range_query import RangePlan, plan_of, resolution
from .rollup_rows import HOUR, MINUTE, read_spans

#: The resolution is chosen as for a chart of this many points.
POINTS = 300

_STREAMS = """
SELECT st.id, (SELECT cardinality(l.series) FROM sample_frame f JOIN sample_layout l ON l.id = f.layout
               WHERE f.stream = st.id ORDER BY f.day DESC LIMIT 1)
FROM sample_stream st WHERE st.collector = %s AND (st.source = %s OR %s::text IS NULL)"""

_TICKS = """
SELECT r.stream, extract(epoch FROM r.tick)::float8, coalesce(cardinality(l.series), 0)
FROM unnest(%s::integer[], %s::timestamptz[]) AS w (id, since)
JOIN sample_run r ON r.stream = w.id AND r.tick >= w.since
JOIN sample_frame f ON f.id = r.frame JOIN sample_layout l ON l.id = f.layout
WHERE r.tick >= %s AND r.tick < %s
ORDER BY r.stream, r.tick"""

_AGE = """
SELECT max(n.ts) FROM unnest(%s::integer[]) AS w (id) CROSS JOIN LATERAL (
    SELECT r.ts FROM sample_run r WHERE r.stream = w.id AND r.frame IS NOT NULL ORDER BY r.tick DESC LIMIT 1
) n"""


def coverage(connection: Connection, collector: str, window: Window, source: str | None) -> Coverage:
    """See ports.SampleReader.coverage. How often a stream runs is the usual distance of its ticks; streams count alike.

    Where only roll-ups are left, the samples are estimated: runs times the series the stream has now.
    """
    streams: dict[int, int | None] = dict(connection.execute(_STREAMS, (collector, source, source)).fetchall())
    if not streams:
        return Coverage(0.0, None, 0)
    row = connection.execute(_AGE, (list(streams),)).fetchone()
    newest: datetime | None = row[0] if row else None
    age = None if newest is None else max(0.0, (datetime.now(UTC) - newest) / timedelta(seconds=1))
    plan = plan_of(connection, window, list(streams), resolution(connection, window, POINTS))
    seconds, runs = _rolled_up(connection, plan, window)
    samples = sum(count * (streams[stream] or 0) for stream, count in runs.items())
    ticks: dict[int, list[float]] = {}
    asked = (list(plan.raw), list(plan.raw.values()), window.start, window.end)
    for stream, tick, count in connection.execute(_TICKS, asked) if plan.raw else ():
        ticks.setdefault(stream, []).append(tick)
        samples += count
    for stream, some in ticks.items():
        seconds[stream] += _seconds(np.array(some))
    shares = [min(1.0, spent / window.seconds) for spent in seconds.values()]
    return Coverage(float(np.mean(shares)) if shares else 0.0, age, samples)


def _rolled_up(connection: Connection, plan: RangePlan, window: Window) -> tuple[dict[int, float], dict[int, int]]:
    """Per stream the seconds that rolled-up runs stand for, and how many they are."""
    seconds: dict[int, float] = defaultdict(float)
    runs: dict[int, int] = defaultdict(int)
    for step, sinces in ((HOUR, plan.hours), (MINUTE, plan.minutes)):
        for row in read_spans(connection, step, sinces, [], window.end):
            at = step.grid(row.start).starts
            inside = (at >= window.start.timestamp()) & (at < window.end.timestamp())
            count = int(row.span.count[inside].sum())
            runs[row.stream] += count
            seconds[row.stream] += count * (row.every or 0.0)
    return seconds, runs


def _seconds(ticks: Numbers) -> float:
    """The time that runs stand for: as many usual distances as there are runs."""
    return len(ticks) * float(np.median(np.diff(ticks))) if len(ticks) > 1 else 1.0

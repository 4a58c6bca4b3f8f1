"""Whether a source answered, run by run: 1 where it did, 0 where it did not."""

from collections.abc import Mapping
from datetime import datetime

import numpy as np

from ...drivers.postgres_pool import Connection
from ...model.series import Numbers
from ...model.window import Window
from .courses import Readings
from .packing import EPOCH_S
from .pg_arrays import array_cursor, bind, read_columns
from .range_query import plan_of
from .raw_samples import Stream, find_streams
from .rollup_rows import MINUTE, RUNS

#: What the sources of the collectors' own runs are called: their runs tell that somebody was there to ask.
WATCHERS = "collectors"

_RAW = """
SELECT r.stream, r.tick, (r.outcome = 'o')::int FROM sample_run r
JOIN unnest({streams}::integer[], {sinces}::timestamptz[]) AS w (id, since) ON r.stream = w.id AND r.tick >= w.since
WHERE r.tick >= {first} AND r.tick < {end} ORDER BY r.tick"""
_MINUTES = f"""
SELECT stream, extract(epoch FROM start)::float8, count FROM {MINUTE.table}
WHERE series = {RUNS} AND stream = ANY(%s) AND start >= %s AND start < %s ORDER BY start"""


def pulse_courses(connection: Connection, collector: str, window: Window, fine: int) -> dict[str, Readings]:
    """The courses by source, of the raw runs or (`fine` is 60) of whole minutes.

    A failed run is kept as long as raw runs are. Before that a minute without a run, in which the collectors
    themselves ran, is one in which the source did not answer; a minute without either says nothing.
    """
    streams = find_streams(connection)
    asked = [s for s in streams.values() if s.collector == collector]
    watchers = [s for s in streams.values() if s.source.startswith(WATCHERS)]
    plan = plan_of(connection, window, [s.id for s in (*asked, *watchers)], fine)
    minutes = _minutes(connection, [s for s in (*asked, *watchers) if s.id in plan.minutes], window)
    awake = _any(minutes, watchers)
    found: dict[str, list[Readings]] = {}
    for stream in asked:
        if stream.id in minutes:
            until = plan.raw[stream.id].timestamp() if stream.id in plan.raw else window.end.timestamp()
            found.setdefault(stream.source, []).append(_told(minutes[stream.id], awake, until))
    for stream, readings in _raw(connection, [s for s in asked if s.id in plan.raw], plan.raw, window):
        found.setdefault(stream.source, []).append(readings)
    return {source: Readings(*map(np.concatenate, zip(*parts, strict=True))) for source, parts in found.items()}


def _told(runs: Readings, awake: Readings, until: float) -> Readings:
    """A minute's verdict, at its end."""
    at = np.union1d(runs.at[runs.value > 0], awake.at[awake.value > 0])
    at = at[at <= until]
    return Readings(at, np.isin(at, runs.at[runs.value > 0]).astype(float))


def _minutes(connection: Connection, streams: list[Stream], window: Window) -> dict[int, Readings]:
    """Runs of each minute, at its end, by stream."""
    if not streams:
        return {}
    rows = array_cursor(connection).execute(_MINUTES, ([s.id for s in streams], window.start, window.end)).fetchall()
    parts: dict[int, list[Readings]] = {}
    for stream, start, count in rows:
        at: Numbers = start + MINUTE.seconds * np.arange(1, MINUTE.size + 1)
        parts.setdefault(stream, []).append(Readings(at, count))
    return {stream: Readings(*map(np.concatenate, zip(*some, strict=True))) for stream, some in parts.items()}


def _any(minutes: dict[int, Readings], streams: list[Stream]) -> Readings:
    some = [minutes[s.id] for s in streams if s.id in minutes]
    if not some:
        return Readings(np.empty(0), np.empty(0))
    at = np.unique(np.concatenate([r.at[r.value > 0] for r in some]))
    return Readings(at, np.ones(len(at)))


def _raw(
    connection: Connection, streams: list[Stream], sinces: Mapping[int, datetime], window: Window
) -> list[tuple[Stream, Readings]]:
    if not streams:
        return []
    query = bind(
        _RAW,
        streams=[s.id for s in streams],
        sinces=[sinces[s.id] for s in streams],
        first=window.start,
        end=window.end,
    )
    rows = read_columns(connection, query, ["stream", "tick", "up"])
    at = rows["tick"] / 1e6 + EPOCH_S
    return [(s, Readings(at[rows["stream"] == s.id], rows["up"][rows["stream"] == s.id])) for s in streams]

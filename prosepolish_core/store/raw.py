"""Raw samples of some series over a window, as arrays per stream."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from psycopg.sql import SQL

from ..adapters.postgres_pool import Connection
from ..model.sample import Kind
from ..ports import SeriesKey
from .catalogue import labels_tuple
from .columns import bind, read_columns
from .packing import EPOCH_S, Numbers, join

#: Read with every counter, to tell how old the process was; never returned unless asked for.
UPTIME = "uptime_in_seconds"
#: A query gives at most some 1,600 columns; each series takes two.
MOST_COLUMNS = 600


class SeriesRow(NamedTuple):
    """A series of the catalogue."""

    id: int
    metric: str
    labels: tuple[tuple[str, str], ...]
    kind: Kind
    unit: str


class Stream(NamedTuple):
    """A stream of the catalogue."""

    id: int
    source: str
    collector: str


@dataclass(slots=True)
class Track:
    """All wanted series of one stream: runs down, series across; NaN where a run did not have the series."""

    stream: Stream
    tick: Numbers
    ts: Numbers
    process: npt.NDArray[np.int64]
    uptime: Numbers
    values: dict[int, Numbers]

    def key(self, series: SeriesRow) -> SeriesKey:
        """The public name of one of its series."""
        return SeriesKey(self.stream.source, series.metric, series.labels)


def find_series(connection: Connection, metrics: Sequence[str], kind: Kind | None = None) -> dict[int, SeriesRow]:
    """Series of these metrics by their number; all when none are named."""
    rows = connection.execute(
        "SELECT id, metric, labels, kind, unit FROM sample_series"
        " WHERE (metric = ANY(%(metrics)s) OR %(all)s) AND (kind = %(kind)s OR %(kind)s::text IS NULL)",
        {"metrics": list(metrics), "all": not metrics, "kind": None if kind is None else str(kind)},
    ).fetchall()
    return {r[0]: SeriesRow(r[0], r[1], labels_tuple(r[2]), Kind(r[3]), r[4]) for r in rows}


def find_streams(connection: Connection, source: str | None = None) -> dict[int, Stream]:
    """Streams by their number, of one source or all."""
    rows = connection.execute(
        "SELECT id, source, collector FROM sample_stream WHERE source = %(source)s OR %(source)s::text IS NULL ORDER BY id",
        {"source": source},
    ).fetchall()
    return {r[0]: Stream(*r) for r in rows}


_FRAMES = """
WITH used AS (SELECT id, stream, layout, state, base, scale FROM sample_frame
              WHERE day >= {first}::date AND day <= {last}::date AND stream = ANY({streams}::integer[])),
places AS (SELECT l.id AS layout, array_agg(p.position ORDER BY p.position) AS positions,
                  array_agg(p.series ORDER BY p.position) AS series
           FROM sample_layout l CROSS JOIN LATERAL unnest(l.series) WITH ORDINALITY AS p (series, position)
           WHERE l.id IN (SELECT layout FROM used) AND p.series = ANY({series}::integer[]) GROUP BY l.id)
SELECT u.id, u.stream, u.layout, u.state ->> 'run_id', p.positions, p.series,
       ARRAY(SELECT u.base[i] FROM unnest(p.positions) i), ARRAY(SELECT coalesce(u.scale[i], 1) FROM unnest(p.positions) i)
FROM used u JOIN places p USING (layout)"""

_RUNS = """
SELECT stream, tick, ts, frame, {values} FROM sample_run
JOIN unnest({streams}::integer[], {firsts}::timestamptz[]) AS w (id, since) ON stream = w.id AND tick >= w.since
WHERE tick >= {first} AND tick <= {last} AND frame = ANY({frames}::bigint[])"""

_BEFORE = """
SELECT s.id, coalesce((SELECT r.tick FROM sample_run r WHERE r.stream = s.id AND r.tick <= s.first
                       AND r.tick >= s.first - interval '8 days' AND r.frame IS NOT NULL ORDER BY r.tick DESC LIMIT 1), s.first)
FROM unnest(%s::integer[], %s::timestamptz[]) AS s (id, first)"""


def runs_before(connection: Connection, firsts: Mapping[int, datetime]) -> dict[int, datetime]:
    """Each stream's newest tick that is not after its instant, up to eight days back; the instant itself where there is none."""
    return dict(connection.execute(_BEFORE, (list(firsts), list(firsts.values()))).fetchall())


def read_tracks(
    connection: Connection, streams: dict[int, Stream], series: Sequence[int], firsts: Mapping[int, datetime], last: datetime
) -> list[Track]:
    """The wanted series of these streams, each from its own first tick to `last` inclusive; one track per stream."""
    if not firsts or not series:
        return []
    bounds: dict[str, object] = {"streams": list(firsts), "firsts": list(firsts.values())}
    bounds |= {"first": min(firsts.values()), "last": last}
    uptime = [r[0] for r in connection.execute("SELECT id FROM sample_series WHERE metric = %s", (UPTIME,))]
    frames = connection.execute(bind(_FRAMES, series=[*series, *uptime], **bounds)).fetchall()
    processes: dict[str | None, int] = {None: -1, "": -1}
    parts: dict[int, list[Track]] = {}
    for layout in {f[2] for f in frames}:
        mine = [f for f in frames if f[2] == layout]
        for track in _read_layout(connection, streams, mine, bounds, processes):
            parts.setdefault(track.stream.id, []).append(track)
    return [merge_tracks(parts[s], uptime) for s in streams if s in parts]


def _read_layout(
    connection: Connection,
    streams: dict[int, Stream],
    frames: list[tuple[object, ...]],
    bounds: dict[str, object],
    processes: dict[str | None, int],
) -> list[Track]:
    """Runs of all frames that share one layout: the positions are the same for all, the base is looked up by frame."""
    positions: list[int] = frames[0][4]  # type: ignore[assignment]
    ids: list[int] = frames[0][5]  # type: ignore[assignment]
    if len(ids) > MOST_COLUMNS:
        half = len(ids) // 2
        halves = [[(*f[:4], f[4][a:b], f[5][a:b], f[6][a:b], f[7][a:b]) for f in frames] for a, b in ((0, half), (half, None))]  # type: ignore[index]
        return [t for part in halves for t in _read_layout(connection, streams, part, bounds, processes)]
    picks = SQL(", ").join(
        part
        for p in positions
        for part in (bind("coalesce(delta[{p}], 0)", p=p), bind("coalesce(wide[{p}], '-Infinity'::float8)", p=p))
    )
    columns = [("stream", "integer"), ("tick", "timestamptz"), ("ts", "timestamptz"), ("frame", "bigint")]
    columns += [pair for i in ids for pair in ((f"d{i}", "integer"), (f"w{i}", "float8"))]
    rows = read_columns(connection, bind(_RUNS, values=picks, frames=[f[0] for f in frames], **bounds), columns)
    if not len(rows):
        return []
    known = np.array([f[0] for f in frames], dtype=np.int64)
    order = np.argsort(known)
    at = order[np.searchsorted(known, rows["frame"].astype(np.int64), sorter=order)]
    base, scale = np.array([f[6] for f in frames], dtype=float), np.array([f[7] for f in frames], dtype=float)
    process = np.array([processes.setdefault(f[3], len(processes)) for f in frames])[at]  # type: ignore[arg-type]
    tick, ts = (rows[n].astype(float) / 1e6 + EPOCH_S for n in ("tick", "ts"))
    values = {
        i: join(rows[f"d{i}"].astype(float), rows[f"w{i}"].astype(float), base[at, n], scale[at, n]) for n, i in enumerate(ids)
    }
    found: list[Track] = []
    for stream in np.unique(rows["stream"]):
        here = rows["stream"] == stream
        mine = {i: v[here] for i, v in values.items()}
        found.append(Track(streams[int(stream)], tick[here], ts[here], process[here], np.empty(0), mine))
    return found


def merge_tracks(parts: list[Track], uptime: list[int]) -> Track:
    """One track from parts of the same stream (other layouts, other series), in the order of ticks."""
    tick = np.unique(np.concatenate([p.tick for p in parts]))
    ts, process = np.empty(len(tick)), np.empty(len(tick), dtype=np.int64)
    values: dict[int, Numbers] = {}
    for part in parts:
        at = np.searchsorted(tick, part.tick)
        ts[at], process[at] = part.ts, part.process
        for series, numbers in part.values.items():
            if series not in values:
                values[series] = np.full(len(tick), np.nan)
            values[series][at] = numbers
    ages = [values[i] for i in uptime if i in values]
    return Track(parts[0].stream, tick, ts, process, ages[0] if ages else np.full(len(tick), np.nan), values)

"""Raw samples over a window, as arrays per stream: of some series for a chart, of whole streams for the roll-ups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from psycopg.sql import SQL

from ...drivers.postgres_pool import Connection
from ...model.sample import Kind
from ...model.series import SeriesKey
from .packing import EPOCH_S, Numbers, join
from .pg_arrays import bind, read_columns
from .storable_text import labels_tuple

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
WITH used AS (SELECT id, stream, layout, state ->> 'run_id' AS process, base, scale FROM sample_frame
              WHERE day >= {first}::date AND day <= {last}::date AND stream = ANY({streams}::integer[])),
places AS (SELECT l.id AS layout, array_agg(p.position ORDER BY p.position) AS positions,
                  array_agg(p.series ORDER BY p.position) AS series
           FROM sample_layout l CROSS JOIN LATERAL unnest(l.series) WITH ORDINALITY AS p (series, position)
           WHERE l.id IN (SELECT layout FROM used) AND p.series = ANY({series}::integer[]) GROUP BY l.id)
SELECT u.id, u.process, p.positions, p.series,
       ARRAY(SELECT u.base[i] FROM unnest(p.positions) i), ARRAY(SELECT coalesce(u.scale[i], 1) FROM unnest(p.positions) i)
FROM used u JOIN places p USING (layout)"""

_RUNS = """
SELECT stream, tick, ts, frame, {values} FROM sample_run
JOIN unnest({streams}::integer[], {firsts}::timestamptz[]) AS w (id, since) ON stream = w.id AND tick >= w.since
JOIN unnest({frames}::bigint[]{places}) AS f (id{names}) ON frame = f.id
WHERE tick >= {first} AND tick <= {last}"""

_BEFORE = """
SELECT s.id, coalesce((SELECT r.tick FROM sample_run r WHERE r.stream = s.id AND r.tick <= s.first
                       AND r.tick >= s.first - interval '8 days' AND r.frame IS NOT NULL ORDER BY r.tick DESC LIMIT 1), s.first)
FROM unnest(%s::integer[], %s::timestamptz[]) AS s (id, first)"""


def runs_before(connection: Connection, firsts: Mapping[int, datetime]) -> dict[int, datetime]:
    """Each stream's newest tick that is not after its instant, up to eight days back;
    the instant itself where there is none.
    """
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
    frames = _Frames(connection.execute(bind(_FRAMES, series=[*series, *uptime], **bounds)).fetchall())
    parts: dict[int, list[Track]] = {}
    for at in range(0, len(frames.series), MOST_COLUMNS):
        for track in _read(connection, streams, frames, slice(at, at + MOST_COLUMNS), bounds):
            parts.setdefault(track.stream.id, []).append(track)
    return [merge_tracks(parts[s], uptime) for s in streams if s in parts]


class _Frames:
    """The frames of a window as matrices: frames down (by rising number), wanted series across;
    place 0 means absent.
    """

    def __init__(self, rows: list[tuple[Any, ...]]) -> None:
        rows = sorted(rows, key=lambda row: row[0])
        self.series: list[int] = sorted({number for row in rows for number in row[3]})
        column = {number: at for at, number in enumerate(self.series)}
        shape = (len(rows), len(self.series))
        self.ids = np.array([row[0] for row in rows], dtype=np.int64)
        self.places = np.zeros(shape, dtype=np.int64)
        self.base, self.scale = np.full(shape, np.nan), np.ones(shape)
        processes: dict[str | None, int] = {None: -1, "": -1}
        self.process = np.array([processes.setdefault(row[1], len(processes)) for row in rows], dtype=np.int64)
        for at, (_, _, positions, numbers, base, scale) in enumerate(rows):
            columns = [column[number] for number in numbers]
            self.places[at, columns], self.base[at, columns], self.scale[at, columns] = positions, base, scale


def _read(
    connection: Connection, streams: dict[int, Stream], frames: _Frames, columns: slice, bounds: dict[str, object]
) -> list[Track]:
    """Some series of all runs, in one query; one track per stream."""
    places, ids = frames.places[:, columns], frames.series[columns]
    moving = [n for n in range(len(ids)) if (places[:, n] != places[0, n]).any()]
    at = [SQL(f"f.p{n}") if n in moving else bind("{place}", place=int(places[0, n])) for n in range(len(ids))]
    query = bind(
        _RUNS,
        values=SQL(", ").join(bind("coalesce(delta[{p}], 0), coalesce(wide[{p}], '-Infinity'::float8)", p=p) for p in at),
        frames=frames.ids.tolist(),
        places=SQL("").join(bind(", {p}::integer[]", p=places[:, n].tolist()) for n in moving),
        names=SQL("").join(SQL(f", p{n}") for n in moving),
        **bounds,
    )
    names = ["stream", "tick", "ts", "frame", *(name for i in ids for name in (f"d{i}", f"w{i}"))]
    rows = read_columns(connection, query, names)
    of = np.searchsorted(frames.ids, rows["frame"])
    tick, ts = (rows[name] / 1e6 + EPOCH_S for name in ("tick", "ts"))
    base, scale = frames.base[:, columns], frames.scale[:, columns]
    values = {i: join(rows[f"d{i}"], rows[f"w{i}"], base[of, n], scale[of, n]) for n, i in enumerate(ids)}
    found: list[Track] = []
    for stream in np.unique(rows["stream"]):
        here = rows["stream"] == stream
        mine = {i: v[here] for i, v in values.items()}
        found.append(Track(streams[int(stream)], tick[here], ts[here], frames.process[of][here], np.empty(0), mine))
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


_STREAM_FRAMES = """
SELECT f.id, f.layout, f.state ->> 'run_id', f.base, f.scale, l.series FROM sample_frame f
JOIN sample_layout l ON l.id = f.layout
WHERE f.stream = %s AND f.day >= %s::date AND f.day <= %s::date"""

_STREAM_RUNS = """
SELECT extract(epoch FROM tick)::float8, extract(epoch FROM ts)::float8, frame, delta, wide, duration FROM sample_run
WHERE stream = %s AND tick >= %s AND tick <= %s AND frame IS NOT NULL ORDER BY tick"""


#: A row as the driver gives it.
Row = tuple[Any, ...]


def read_stream(connection: Connection, stream: Stream, first: datetime, last: datetime) -> tuple[Track | None, Numbers]:
    """All series of a stream with first <= tick <= last (None without runs),
    and the runs' durations in the same order.
    """
    uptime = [row[0] for row in connection.execute("SELECT id FROM sample_series WHERE metric = %s", (UPTIME,))]
    frames = {f[0]: f for f in connection.execute(_STREAM_FRAMES, (stream.id, first, last))}
    rows = [r for r in connection.execute(_STREAM_RUNS, (stream.id, first, last), binary=True) if r[2] in frames]
    if not rows:
        return None, np.empty(0)
    processes: dict[str | None, int] = {None: -1, "": -1}
    parts = []
    for layout in {f[1] for f in frames.values()}:
        mine = [r for r in rows if frames[r[2]][1] == layout]
        if mine:
            series: list[int] = frames[mine[0][2]][5]
            values = _matrix(mine, frames, len(series))
            process = [processes.setdefault(frames[r[2]][2], len(processes)) for r in mine]
            tick, ts = np.array([r[0] for r in mine]), np.array([r[1] for r in mine])
            columns = {number: values[:, at] for at, number in enumerate(series)}
            parts.append(Track(stream, tick, ts, np.array(process), np.empty(0), columns))
    return merge_tracks(parts, uptime), np.array([r[5] for r in rows])


def _matrix(rows: list[Row], frames: dict[int, Row], size: int) -> Numbers:
    """Values of runs of one layout: runs down, positions across."""
    delta, wide = np.zeros((len(rows), size)), np.full((len(rows), size), -np.inf)
    base, scale = np.zeros((len(rows), size)), np.ones((len(rows), size))
    for at, (_, _, frame, narrow, full, _) in enumerate(rows):
        base[at] = frames[frame][3]
        if frames[frame][4] is not None:
            scale[at] = frames[frame][4]
        _fill(delta[at], narrow)
        _fill(wide[at], full)
    return join(delta, wide, base, scale)


def _fill(into: Numbers, sparse: object) -> None:
    if sparse is not None:
        assert isinstance(sparse, list)  # noqa: S101 - an array column
        for at, value in enumerate(sparse):
            if value is not None:
                into[at] = value

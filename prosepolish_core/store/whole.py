"""Everything a stream read over a while, for the roll-ups: whole rows are decoded here, not single series."""

from datetime import datetime
from typing import Any

import numpy as np

from ..adapters.postgres_pool import Connection
from .packing import Numbers, join
from .raw import UPTIME, Stream, Track, merge_tracks

_FRAMES = """
SELECT f.id, f.layout, f.state ->> 'run_id', f.base, f.scale, l.series FROM sample_frame f
JOIN sample_layout l ON l.id = f.layout
WHERE f.stream = %s AND f.day >= %s::date AND f.day <= %s::date"""

_RUNS = """
SELECT extract(epoch FROM tick)::float8, extract(epoch FROM ts)::float8, frame, delta, wide, duration FROM sample_run
WHERE stream = %s AND tick >= %s AND tick <= %s AND frame IS NOT NULL ORDER BY tick"""


#: A row as the driver gives it.
Row = tuple[Any, ...]


def read_stream(connection: Connection, stream: Stream, first: datetime, last: datetime) -> tuple[Track | None, Numbers]:
    """All series of a stream with first <= tick <= last (None without runs), and the runs' durations in the same order."""
    uptime = [row[0] for row in connection.execute("SELECT id FROM sample_series WHERE metric = %s", (UPTIME,))]
    frames = {f[0]: f for f in connection.execute(_FRAMES, (stream.id, first, last))}
    rows = [r for r in connection.execute(_RUNS, (stream.id, first, last), binary=True) if r[2] in frames]
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

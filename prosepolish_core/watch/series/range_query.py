"""Range queries: which resolution serves a window, and the cells of the wanted series put into buckets."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from ...calc.buckets import CounterCells, GaugeCells, between, bucket_gauges, bucket_increases, cut, grid_for
from ...calc.spans import counter_cells as span_counters
from ...calc.spans import gauge_cells as span_gauges
from ...drivers.postgres_pool import Connection
from ...errors import InvalidWindow
from ...model.sample import Kind
from ...model.series import GaugeSeries, IncreaseSeries, Instants, SeriesKey
from ...model.window import Window
from .cells import counter_cells, gauge_cells, merge
from .packing import Numbers
from .raw_samples import SeriesRow, Stream, find_series, find_streams, read_tracks, runs_before
from .rollup_rows import HOUR, MINUTE, RollupStep, Stretch, read_stretches

_ROLLED = "SELECT stream, step, until FROM sample_rolled WHERE stream = ANY(%s)"


class Ask(NamedTuple):
    """A question about series of one kind."""

    metrics: Sequence[str]
    window: Window
    points: int
    source: str | None


class RangePlan(NamedTuple):
    """Per stream the instant from which each resolution is read; a stream that is absent is not read in it."""

    hours: dict[int, datetime]
    minutes: dict[int, datetime]
    raw: dict[int, datetime]


def resolution(connection: Connection, window: Window, points: int) -> int:
    """Seconds per step of the finest resolution that is not finer than the
    buckets and still reaches back far enough.
    """
    gone = dict(connection.execute("SELECT step, before FROM sample_gone").fetchall())
    width = window.seconds / max(points, 1)
    fine = HOUR.seconds if width >= HOUR.seconds else MINUTE.seconds if width >= MINUTE.seconds else 0
    while fine != HOUR.seconds and fine in gone and gone[fine] > window.start:
        fine = MINUTE.seconds if fine == 0 else HOUR.seconds
    return fine


def _gauge_cells_of(connection: Connection, ask: Ask) -> tuple[int, dict[SeriesKey, GaugeCells]]:
    """The resolution, and the gauges' cells inside the window."""
    fine, series, streams = wanted_of(connection, ask, Kind.GAUGE)
    plan = plan_of(connection, ask.window, list(streams), fine)
    parts: dict[SeriesKey, dict[int, list[GaugeCells]]] = defaultdict(lambda: defaultdict(list))
    for part in rolled_up(connection, plan, series, ask.window.end):
        parts[key_of(streams, series, part)][part.stream].append(span_gauges(part.span, part.times))
    for track in read_tracks(connection, streams, list(series), plan.raw, ask.window.end):
        for key, cells in gauge_cells(track, series).items():
            parts[key][track.stream.id].append(cells)
    start, end = ask.window.start.timestamp(), ask.window.end.timestamp()
    # Where two collectors read the same series, the one that read more counts.
    return fine, {
        key: max((between(merge(some), start, end) for some in of.values()), key=lambda c: len(c.at)) for key, of in parts.items()
    }


def _counter_cells_of(connection: Connection, ask: Ask) -> tuple[int, dict[SeriesKey, CounterCells]]:
    """The resolution, and the counters' increases inside the window."""
    fine, series, streams = wanted_of(connection, ask, Kind.COUNTER)
    plan = plan_of(connection, ask.window, list(streams), fine)
    parts: dict[SeriesKey, dict[int, list[CounterCells]]] = defaultdict(lambda: defaultdict(list))
    for part in rolled_up(connection, plan, series, ask.window.end):
        parts[key_of(streams, series, part)][part.stream].append(span_counters(part.span, part.times))
    # The first increase of the raw part needs the reading before it.
    firsts = runs_before(connection, plan.raw) if plan.raw else {}
    for track in read_tracks(connection, streams, list(series), firsts, ask.window.end):
        after = plan.raw[track.stream.id].timestamp()
        for key, cells in counter_cells(track, series, after).items():
            parts[key][track.stream.id].append(cells)
    start, end = ask.window.start.timestamp(), ask.window.end.timestamp()
    return fine, {
        key: max((cut(merge(some), start, end) for some in of.values()), key=lambda c: len(c.at)) for key, of in parts.items()
    }


def wanted_of(connection: Connection, ask: Ask, kind: Kind) -> tuple[int, dict[int, SeriesRow], dict[int, Stream]]:
    series = find_series(connection, ask.metrics, kind)
    streams = find_streams(connection, ask.source) if series else {}
    return resolution(connection, ask.window, ask.points), series, streams


def key_of(streams: Mapping[int, Stream], series: Mapping[int, SeriesRow], part: Stretch) -> SeriesKey:
    return SeriesKey(streams[part.stream].source, series[part.series].metric, series[part.series].labels)


def plan_of(connection: Connection, window: Window, streams: list[int], fine: int) -> RangePlan:
    """From when on each resolution serves each stream: hours as far as they reach, then minutes, then raw samples."""
    plan = RangePlan({}, {}, {})
    rolled = {(s, step): until for s, step, until in connection.execute(_ROLLED, (streams,))} if fine else {}
    for stream in streams:
        since = window.start
        if fine == HOUR.seconds and (until := rolled.get((stream, HOUR.seconds), since)) > since:
            plan.hours[stream], since = floor_of(since, HOUR), until
        if (until := rolled.get((stream, MINUTE.seconds), since)) > since and since < window.end:
            plan.minutes[stream], since = floor_of(since, MINUTE), until
        if since < window.end:
            plan.raw[stream] = since
    return plan


def rolled_up(
    connection: Connection, plan: RangePlan, series: Mapping[int, SeriesRow], end: datetime, *, first_row: bool = False
) -> list[Stretch]:
    """What the roll-ups hold of these series; see rollup_rows.read_stretches."""
    found = []
    for step, sinces in ((HOUR, plan.hours), (MINUTE, plan.minutes)):
        found += read_stretches(connection, step, sinces, series, end, first_row=first_row)
    return found


def floor_of(instant: datetime, step: RollupStep) -> datetime:
    """Where the span that holds this instant starts."""
    return datetime.fromtimestamp(instant.timestamp() // step.span_s * step.span_s, UTC)


#: More buckets than this are never drawn.
MOST_POINTS = 20_000


def gauges(connection: Connection, metrics: Sequence[str], window: Window, points: int, source: str | None) -> list[GaugeSeries]:
    """See ports.SampleReader.gauges."""
    _check(points)
    fine, cells = _gauge_cells_of(connection, Ask(metrics, window, points, source))
    found = []
    for key in sorted(k for k, c in cells.items() if len(c.at)):
        grid = grid_for(*_bounds(window), points, fine or 1.0, cells[key].at)
        found.append(GaugeSeries(key, _instants(grid.starts), *bucket_gauges(cells[key], grid)))
    return found


def increases(
    connection: Connection, metrics: Sequence[str], window: Window, points: int, source: str | None
) -> list[IncreaseSeries]:
    """See ports.SampleReader.increases."""
    _check(points)
    fine, cells = _counter_cells_of(connection, Ask(metrics, window, points, source))
    found = []
    for key in sorted(k for k, c in cells.items() if len(c.at)):
        grid = grid_for(*_bounds(window), points, fine or 1.0, cells[key].at)
        found.append(IncreaseSeries(key, _instants(grid.starts), *bucket_increases(cells[key], grid)))
    return found


def _check(points: int) -> None:
    if not 1 <= points <= MOST_POINTS:
        raise InvalidWindow(f"a range is drawn with 1 to {MOST_POINTS} points")


def _bounds(window: Window) -> tuple[float, float]:
    return window.start.timestamp(), window.end.timestamp()


def _instants(seconds: Numbers) -> Instants:
    return (seconds * 1000).astype(np.int64).astype("datetime64[ms]")

"""Courses: series over a stretch of time as fine as it was kept, for rules that are replayed.

A reading of a minute's roll-up stands at the minute's end: before that nobody could have known it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ...calc.spans import counter_cells as span_counters
from ...drivers.postgres_pool import Connection
from ...model.sample import Kind, Labels
from ...model.series import Numbers, SeriesKey
from .cells import counter_cells, gauge_cells
from .range_query import Ask, key_of, plan_of, rolled_up, wanted_of
from .raw_samples import SeriesRow, Stream, Track, read_tracks, runs_before

#: Whether a series of this metric and these labels is wanted.
Wanted = Callable[[str, Labels], bool]


class Readings(NamedTuple):
    """Ascending instants in seconds since the epoch, and a number for each."""

    at: Numbers
    value: Numbers


def gauge_courses(connection: Connection, ask: Ask, wanted: Wanted) -> dict[SeriesKey, Readings]:
    """The readings of gauges; of several collectors that read the same series those of the busiest."""
    fine, series, streams = _chosen(connection, ask, Kind.GAUGE, wanted)
    plan = plan_of(connection, ask.window, list(streams), fine)
    parts: dict[SeriesKey, dict[int, list[Readings]]] = defaultdict(lambda: defaultdict(list))
    for part in rolled_up(connection, plan, series, ask.window.end, first_row=True):
        known = part.span.count > 0
        at = part.times.starts[known] + part.times.width
        parts[key_of(streams, series, part)][part.stream].append(Readings(at, part.span.steps[0][known]))
    for track in read_tracks(connection, streams, list(series), plan.raw, ask.window.end):
        for key, cells in gauge_cells(track, series).items():
            parts[key][track.stream.id].append(Readings(cells.at, cells.last))
    return _shared({key: _busiest(of.values()) for key, of in parts.items()})


def counter_courses(connection: Connection, ask: Ask, wanted: Wanted) -> dict[SeriesKey, Readings]:
    """Counters as their reset-safe sums since the first reading."""
    fine, series, streams = _chosen(connection, ask, Kind.COUNTER, wanted)
    plan = plan_of(connection, ask.window, list(streams), fine)
    parts: dict[SeriesKey, dict[int, list[Readings]]] = defaultdict(lambda: defaultdict(list))
    for part in rolled_up(connection, plan, series, ask.window.end, first_row=True):
        cells = span_counters(part.span, part.times)
        parts[key_of(streams, series, part)][part.stream].append(Readings(cells.at, cells.increase))
    firsts = runs_before(connection, plan.raw) if plan.raw else {}
    for track in read_tracks(connection, streams, list(series), firsts, ask.window.end):
        _begin_at_zero(track, series)
        for key, cells in counter_cells(track, series, plan.raw[track.stream.id].timestamp()).items():
            parts[key][track.stream.id].append(Readings(cells.at, cells.increase))
    return _shared({key: _summed(_busiest(of.values())) for key, of in parts.items()})


def _begin_at_zero(track: Track, series: Mapping[int, SeriesRow]) -> None:
    """A labelled counter that a run does not have was 0 then: servers make them at their first use."""
    for number, values in track.values.items():
        if number in series and series[number].labels and not np.isnan(values).all():
            track.values[number] = np.where(np.isnan(values), 0.0, values)


def _chosen(connection: Connection, ask: Ask, kind: Kind, wanted: Wanted) -> tuple[int, Mapping[int, SeriesRow], dict[int, Stream]]:
    fine, series, streams = wanted_of(connection, ask, kind)
    return fine, {number: row for number, row in series.items() if wanted(row.metric, row.labels)}, streams


def _busiest(streams: Iterable[Sequence[Readings]]) -> Readings:
    joined = [Readings(*map(np.concatenate, zip(*parts, strict=True))) for parts in streams]
    return max(joined, key=lambda readings: len(readings.at))


def _summed(readings: Readings) -> Readings:
    """A point before the first increase, at which nothing had been counted."""
    if not len(readings.at):
        return readings
    every = float(np.median(np.diff(readings.at))) if len(readings.at) > 1 else 1.0
    return Readings(np.append(readings.at[0] - every, readings.at), np.append(0.0, np.cumsum(readings.value)))


def _shared(courses: dict[SeriesKey, Readings]) -> dict[SeriesKey, Readings]:
    """Series that were read together share one array of instants: whoever searches it does so once."""
    known: dict[tuple[int, float, float], Numbers] = {}
    found = {}
    for key, readings in courses.items():
        at = readings.at
        if len(at):
            same = known.setdefault((len(at), float(at[0]), float(at[-1])), at)
            at = same if np.array_equal(same, at) else at
        found[key] = Readings(at, readings.value)
    return found

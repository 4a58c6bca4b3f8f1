"""Roll-ups: raw runs into minutes, minutes into hours, once a span is over; again when runs came late."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np

from ...calc import spans
from ...calc.buckets import CounterCells, GaugeCells, between
from ...calc.spans import Span
from ...drivers.postgres_pool import Connection, PostgresPool
from ...model.sample import Kind
from .cells import counter_cells, gauge_cells, merge
from .packing import Numbers
from .raw_samples import Stream, Track, find_series, find_streams, read_stream, runs_before
from .rollup_rows import HOUR, MINUTE, RUNS, RollupStep, read_spans, write_spans
from .writer import LATE_S

#: A span is rolled up this long after its end; later runs are told by `sample_late`.
GRACE_S = 2 * LATE_S
#: Key of the advisory lock that lets one process at a time roll up ("pprollup").
LOCK = 0x7070726F6C6C7570

_FIRST = "SELECT min(tick) FROM sample_run WHERE stream = %s AND tick >= %s AND frame IS NOT NULL"
_UNTIL = "SELECT until FROM sample_rolled WHERE stream = %s AND step = %s"
_ADVANCE = """
INSERT INTO sample_rolled (stream, step, until) VALUES (%s, %s, %s)
ON CONFLICT (stream, step) DO UPDATE SET until = EXCLUDED.until"""
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class RolledUp(NamedTuple):
    """What one call did: rows of minutes and hours written, late spans made again,
    late spans whose samples are gone.
    """

    minutes: int
    hours: int
    again: int
    lost: int


class RollUps:
    """Rolls up what is due. Each span is a transaction of its own: a kill loses nothing and repeats nothing."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    def run(self, now: datetime | None = None) -> RolledUp:
        """Roll up every span that is over. Does nothing while another process is at it. Raises StoreUnavailable."""
        at = now or datetime.now(UTC)
        minutes = hours = 0
        again, lost = self._late()
        with self._pool.connection() as connection:
            streams = find_streams(connection)
        for stream in streams.values():
            minutes += self._advance(stream, MINUTE, at - timedelta(seconds=GRACE_S))
            hours += self._advance(stream, HOUR, at - timedelta(seconds=GRACE_S))
        return RolledUp(minutes, hours, again, lost)

    def _advance(self, stream: Stream, step: RollupStep, now: datetime) -> int:
        """Roll up the spans of one stream that are over, one transaction each."""
        done = 0
        while True:
            with self._pool.connection() as connection:
                if not _alone(connection):
                    return done
                start = _next(connection, stream, step)
                limit = now if step is MINUTE else _settled(connection, stream, now)
                if start is None or limit is None or start + timedelta(seconds=step.span_s) > limit:
                    return done
                done += roll(connection, stream, step, start)
                connection.execute(_ADVANCE, (stream.id, step.seconds, start + timedelta(seconds=step.span_s)))

    def _late(self) -> tuple[int, int]:
        """Make the spans again into which runs came late, and those after them: their first increases changed too."""
        again = lost = 0
        with self._pool.connection() as connection:
            if not _alone(connection):
                return 0, 0
            gone = connection.execute("SELECT before FROM sample_gone WHERE step = 0").fetchone()
            streams = find_streams(connection)
            late = connection.execute("DELETE FROM sample_late RETURNING stream, start").fetchall()
            due = {(s, start + timedelta(seconds=k * MINUTE.span_s)) for s, start in late for k in (0, 1)}
            days = set()
            for number, start in sorted(due):
                until = _rolled(connection, streams[number], MINUTE)
                if until is None or start >= until:
                    continue
                if gone is not None and start < gone[0]:
                    lost += (number, start) in late
                    continue
                again += roll(connection, streams[number], MINUTE, start) > 0
                days.add((number, _floor(start, HOUR)))
            for number, day in sorted(days):
                until = _rolled(connection, streams[number], HOUR)
                if until is not None and day < until:
                    roll(connection, streams[number], HOUR, day)
        return again, lost


def roll(connection: Connection, stream: Stream, step: RollupStep, start: datetime) -> int:
    """Roll up one span of one stream, in place of what is there; gives the number of rows."""
    every, found = _from_raw(connection, stream, start) if step is MINUTE else _from_minutes(connection, stream, start)
    if found:
        write_spans(connection, step, stream.id, start.timestamp(), every, found)
    return len(found)


def _from_raw(connection: Connection, stream: Stream, start: datetime) -> tuple[float, dict[int, Span]]:
    first = runs_before(connection, {stream.id: start})[stream.id]
    end = start + timedelta(seconds=MINUTE.span_s)
    track, durations = read_stream(connection, stream, first, end)
    grid = MINUTE.grid(start.timestamp())
    if track is None or not ((track.tick >= grid.start) & (track.tick <= end.timestamp())).any():
        return 0.0, {}
    found = {RUNS: _runs(track, durations, start.timestamp(), end.timestamp())}
    series = find_series(connection, ())
    numbers = {(track.key(row), row.kind): number for number, row in series.items() if number in track.values}
    for key, gauge in gauge_cells(track, series).items():
        span = spans.span_of_gauges(between(gauge, start.timestamp(), end.timestamp()), grid)
        if span.count.any():
            found[numbers[key, Kind.GAUGE]] = span
    for key, counter in counter_cells(track, series, start.timestamp()).items():
        span = spans.span_of_counters(counter, grid)
        if span.count.any():
            found[numbers[key, Kind.COUNTER]] = span
    return float(np.median(np.diff(track.tick))) if len(track.tick) > 1 else 0.0, found


def _runs(track: Track, durations: Numbers, start: float, end: float) -> Span:
    """The runs themselves: durations as a gauge, and the seconds between them."""
    grid = MINUTE.grid(start)
    gauge = spans.span_of_gauges(between(GaugeCells.of_samples(track.tick, durations), start, end), grid)
    apart = np.diff(track.ts, prepend=track.ts[0])
    ends = CounterCells(track.tick[1:], np.zeros(len(track.tick) - 1), apart[1:])
    inside = ends.at > start
    covered = spans.span_of_counters(CounterCells(ends.at[inside], ends.increase[inside], ends.covered[inside]), grid).covered
    return Span(gauge.count, covered, gauge.steps)


def _from_minutes(connection: Connection, stream: Stream, start: datetime) -> tuple[float, dict[int, Span]]:
    end = start + timedelta(seconds=HOUR.span_s)
    series = find_series(connection, ())
    rows = read_spans(connection, MINUTE, {stream.id: start}, series, end)
    grid = HOUR.grid(start.timestamp())
    gauges: dict[int, list[GaugeCells]] = {}
    counters: dict[int, list[CounterCells]] = {}
    covers = np.zeros(HOUR.size)
    for row in rows:
        if row.series != RUNS and series[row.series].kind is Kind.COUNTER:
            counters.setdefault(row.series, []).append(spans.counter_cells(row.span, MINUTE.grid(row.start)))
        else:
            gauges.setdefault(row.series, []).append(spans.gauge_cells(row.span, MINUTE.grid(row.start)))
        if row.series == RUNS:
            minutes = MINUTE.grid(row.start).starts
            np.add.at(covers, ((minutes - grid.start) // HOUR.seconds).astype(int), row.span.covered)
    found = {number: spans.span_of_gauges(merge(parts), grid) for number, parts in gauges.items()}
    found |= {number: spans.span_of_counters(merge(parts), grid) for number, parts in counters.items()}
    if RUNS in found:
        found[RUNS] = Span(found[RUNS].count, covers, found[RUNS].steps)
    every = [row.every for row in rows if row.every]
    return float(np.median(every)) if every else 0.0, found


def _alone(connection: Connection) -> bool:
    row = connection.execute("SELECT pg_try_advisory_xact_lock(%s)", (LOCK,)).fetchone()
    return bool(row and row[0])


def _rolled(connection: Connection, stream: Stream, step: RollupStep) -> datetime | None:
    row = connection.execute(_UNTIL, (stream.id, step.seconds)).fetchone()
    return row[0] if row else None


def _settled(connection: Connection, stream: Stream, now: datetime) -> datetime | None:
    """Up to where the minutes of a stream are complete: until now if it has fallen silent."""
    return now if _next(connection, stream, MINUTE) is None else _rolled(connection, stream, MINUTE)


def _next(connection: Connection, stream: Stream, step: RollupStep) -> datetime | None:
    """Where the next span with runs starts; spans without any are skipped."""
    until = _rolled(connection, stream, step)
    row = connection.execute(_FIRST, (stream.id, until or _LONG_AGO)).fetchone()
    if row is None or row[0] is None:
        return None
    start = _floor(row[0], step)
    if start == row[0] and until is not None:
        start -= timedelta(seconds=step.span_s)  # the increase that ends on the boundary belongs to the span before
    return max(start, until or _LONG_AGO)


def _floor(instant: datetime, step: RollupStep) -> datetime:
    return datetime.fromtimestamp(instant.timestamp() // step.span_s * step.span_s, UTC)

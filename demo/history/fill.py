"""A simulated stretch of time into a new store: roll-ups of minutes and hours, the newest hours as raw runs,
the core's counts, all by COPY.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np

from prosepolish_core.calc.buckets import CounterCells, GaugeCells
from prosepolish_core.calc.counters import increases
from prosepolish_core.calc.spans import Span, span_of_counters, span_of_gauges
from prosepolish_core.drivers.postgres_pool import Connection, PostgresPool
from prosepolish_core.model.sample import Kind, Labels, Run, RunOutcome, Sample
from prosepolish_core.model.window import Window
from prosepolish_core.watch.series.raw_samples import find_series, find_streams
from prosepolish_core.watch.series.rollup_rows import HOUR, MINUTE, RUNS, RollupStep, copying, rows_of
from prosepolish_core.watch.series.sample_store import SampleStore
from prosepolish_core.watch.series.simulated import note_simulated

from .counts import CountCourse
from .courses import StreamCourse
from .knobs import Numbers
from .runs import runs_at
from .telemetry_copy import copy_counts

#: Numbers of series by what they are.
Named = Mapping[tuple[str, Labels, Kind], int]


def fill(pool: PostgresPool, at: Numbers, streams: Sequence[StreamCourse], counts: Sequence[CountCourse]) -> None:
    """Write what was simulated at `at`, a reading a minute. Roll-ups end where the newest whole span does."""
    boundary = float(at[-1] + MINUTE.seconds) // MINUTE.span_s * MINUTE.span_s
    store = SampleStore(pool)
    first = int(np.searchsorted(at, boundary))
    with pool.connection() as connection:  # first: should this be interrupted, what lies there is known for what it is
        note_simulated(connection, Window(_instant(at[0]), _instant(at[-1] + MINUTE.seconds)))
    store.write(_named(streams, at))
    for place in range(first, len(at)):
        store.write(list(runs_at(streams, float(at[place]), place)))
    with pool.connection(30.0) as connection:
        connection.execute("SET LOCAL synchronous_commit = off")
        connection.execute("SET LOCAL statement_timeout = '120s'")
        _roll_up(connection, MINUTE, at, streams, boundary)
        _roll_up(connection, HOUR, at, streams, boundary // HOUR.span_s * HOUR.span_s)
        connection.execute("INSERT INTO sample_gone (step, before) VALUES (0, to_timestamp(%s))", (boundary,))
        copy_counts(connection, at, counts)
        connection.execute("ANALYZE telemetry_lookup, sample_minute, sample_hour")


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)


def _named(streams: Sequence[StreamCourse], at: Numbers) -> list[Run]:
    """One run of each stream with every series it ever has, so that all of them have their number."""
    found = []
    for stream in streams:
        samples = tuple(Sample(c.metric, float(c.values[-1]), c.kind, c.unit, c.labels) for c in stream.columns)
        state = stream.states.get(int(stream.starts[-1]), {})
        tick = int(at[-1]) - 1  # between two ticks: it harms nothing
        found.append(Run(stream.collector, stream.source, tick, _instant(tick), 0.002, RunOutcome.OK, samples, state))
    return found


def _roll_up(connection: Connection, step: RollupStep, at: Numbers, streams: Sequence[StreamCourse], until: float) -> None:
    numbers = {(s.source, s.collector): s.id for s in find_streams(connection).values()}
    named = {(row.metric, row.labels, row.kind): row.id for row in find_series(connection, ()).values()}
    starts = np.arange(at[0] // step.span_s * step.span_s, until, step.span_s).tolist()
    with copying(connection, step) as write:
        for stream in streams:
            for start, spans in _spans(step, at, stream, named, starts):
                write(rows_of(step, numbers[stream.source, stream.collector], start, MINUTE.seconds, spans))
    connection.cursor().executemany(
        "INSERT INTO sample_rolled (stream, step, until) VALUES (%s, %s, to_timestamp(%s))",
        [(numbers[s.source, s.collector], step.seconds, until) for s in streams],
    )


def _spans(
    step: RollupStep, at: Numbers, stream: StreamCourse, named: Named, starts: Sequence[float]
) -> Iterator[tuple[float, dict[int, Span]]]:
    """The series of one stream, span by span; none of a span in which no run was answered."""
    known = stream.answered
    ticks = at[known]
    apart = np.diff(ticks, prepend=ticks[0] - MINUTE.seconds)
    other = np.diff(stream.starts[known], prepend=stream.starts[0]) > 0
    gauges, counters = {}, {}
    for column in stream.columns:
        number, values = named[column.metric, tuple(sorted(column.labels)), column.kind], column.values[known]
        if column.kind is Kind.COUNTER:
            counters[number] = increases(values, other, np.ones(len(values)))
        else:
            gauges[number] = values
    took, none = np.full(len(ticks), 0.002), np.zeros(len(ticks))
    for start in starts:
        # A gauge belongs to the minute that begins with its reading, an increase to the one that ends with it.
        grid, end = step.grid(start), start + step.span_s
        here, upto = (slice(*np.searchsorted(ticks, [start, end], side=side)) for side in ("left", "right"))
        if here.start == here.stop:
            continue
        runs = span_of_gauges(GaugeCells.of_samples(ticks[here], took[here]), grid)
        covered = span_of_counters(CounterCells(ticks[upto], none[upto], apart[upto]), grid).covered
        found = {RUNS: Span(runs.count, covered, runs.steps)}
        for number, values in gauges.items():
            found[number] = span_of_gauges(GaugeCells.of_samples(ticks[here], values[here]), grid)
        for number, grown in counters.items():
            found[number] = span_of_counters(CounterCells(ticks[upto], grown[upto], apart[upto]), grid)
        yield start, found

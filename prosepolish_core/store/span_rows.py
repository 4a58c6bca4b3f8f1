"""Spans of roll-ups in the database: written as rows of arrays, read back as cells."""

import struct
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np

from ..adapters.postgres_pool import Connection
from ..calc.buckets import Grid
from ..calc.spans import Span, pack, unpack
from .columns import array_cursor
from .packing import COPY_END, COPY_HEAD, EPOCH_S, Numbers


class Step(NamedTuple):
    """One resolution of roll-ups: seconds per step, steps per row."""

    seconds: int
    size: int
    table: str
    counts: str

    @property
    def span_s(self) -> int:
        """Seconds of one row."""
        return self.seconds * self.size

    def grid(self, start: float) -> Grid:
        """The steps of the row that starts here."""
        return Grid(start, float(self.seconds), self.size)


MINUTE = Step(60, 240, "sample_minute", "int2")
HOUR = Step(3600, 24, "sample_hour", "int4")

#: The row that stands for the runs themselves.
RUNS = 0

_OIDS = {">i2": 21, ">i4": 23, ">f4": 700, ">f8": 701}
_COUNTS = {"int2": ">i2", "int4": ">i4"}


class SpanRow(NamedTuple):
    """A span as it was read."""

    stream: int
    series: int
    start: float
    span: Span
    every: float | None


def write_spans(connection: Connection, step: Step, stream: int, start: float, every: float, spans: Mapping[int, Span]) -> None:
    """Put the spans of one stream and start in place of those that are there. Series 0 must be among them."""
    at = datetime.fromtimestamp(start, UTC)
    connection.execute(f"DELETE FROM {step.table} WHERE stream = %s AND start = %s", (stream, at))
    runs = spans[RUNS]
    rows = b"".join(_row(step, stream, start, number, span, runs, every) for number, span in sorted(spans.items()))
    columns = "stream, series, start, base, every, count, covered, narrow, wide"
    with connection.cursor().copy(f"COPY {step.table} ({columns}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(COPY_HEAD + rows + COPY_END)


def read_spans(
    connection: Connection, step: Step, sinces: Mapping[int, datetime], series: Iterable[int], end: datetime
) -> list[SpanRow]:
    """Spans of these series from each stream's own start up to `end`; what a row leaves out is filled in from series 0."""
    if not sinces:
        return []
    rows: list[tuple[Any, ...]] = (
        array_cursor(connection)
        .execute(
            "SELECT m.stream, m.series, extract(epoch FROM m.start)::float8, base, every, count, covered, narrow, wide"
            f" FROM {step.table} m JOIN unnest(%s::integer[], %s::timestamptz[]) AS w (id, since)"
            " ON m.stream = w.id AND m.start >= w.since WHERE m.series = ANY(%s) AND m.start < %s ORDER BY m.start",
            (list(sinces), list(sinces.values()), [RUNS, *series], end),
        )
        .fetchall()
    )
    runs = {(r[0], r[2]): r for r in rows if r[1] == RUNS}
    found = []
    for stream, number, start, base, every, count, covered, narrow, wide in rows:
        of_runs = runs[stream, start]
        counts = of_runs[5] if count is None else count
        steps = narrow if wide is None else wide
        values = unpack(base, np.zeros((4, step.size)) if steps is None else steps, counts)
        span = Span(counts, of_runs[6] if covered is None else covered, values)
        found.append(SpanRow(stream, number, start, span, every))
    return found


def _row(step: Step, stream: int, start: float, number: int, span: Span, runs: Span, every: float) -> bytes:
    packed = pack(span)
    own = number == RUNS
    gauge = len(span.steps) == 4
    same = np.array_equal(span.count, runs.count) if gauge else np.array_equal(span.count > 0, runs.count > 0)
    count = span.count if own or not same else None
    covered = span.covered if own or not (gauge or np.array_equal(span.covered, runs.covered)) else None
    head = struct.pack("!hiiiiiqid", 9, 4, stream, 4, number, 8, int((start - EPOCH_S) * 1_000_000), 8, packed.base)
    parts = (
        struct.pack("!f", every) if own else None,
        None if count is None else _array(count, _COUNTS[step.counts]),
        None if covered is None else _array(covered, ">f4"),
        _array(packed.steps, ">f4") if packed.steps is not None and packed.narrow else None,
        _array(packed.steps, ">f8") if packed.steps is not None and not packed.narrow else None,
    )
    return head + b"".join(b"\xff\xff\xff\xff" if p is None else struct.pack("!i", len(p)) + p for p in parts)


def _array(numbers: Numbers, kind: str) -> bytes:
    """An array without nulls in binary form, with as many dimensions as the numbers have."""
    item = np.empty(numbers.size, np.dtype([("size", ">i4"), ("value", kind)]))
    item["size"] = item.dtype["value"].itemsize
    item["value"] = numbers.ravel()
    bounds = [part for size in numbers.shape for part in (size, 1)]
    return struct.pack(f"!iii{len(bounds)}i", numbers.ndim, 0, _OIDS[kind], *bounds) + item.tobytes()

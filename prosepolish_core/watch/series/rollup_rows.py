"""Rows of roll-ups: written as arrays, read back as cells for one series or as matrices for many."""

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from psycopg.adapt import Loader
from psycopg.pq import Format

from ...calc.buckets import Grid
from ...calc.spans import Span, pack, unpack
from ...drivers.postgres_pool import Connection
from .packing import COPY_END, COPY_HEAD, EPOCH_S, Numbers
from .pg_arrays import ELEMENTS, array_cursor


class RollupStep(NamedTuple):
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


MINUTE = RollupStep(60, 240, "sample_minute", "int2")
HOUR = RollupStep(3600, 24, "sample_hour", "int4")

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


def write_spans(
    connection: Connection, step: RollupStep, stream: int, start: float, every: float, spans: Mapping[int, Span]
) -> None:
    """Put the spans of one stream and start in place of those that are there. Series 0 must be among them."""
    at = datetime.fromtimestamp(start, UTC)
    connection.execute(f"DELETE FROM {step.table} WHERE stream = %s AND start = %s", (stream, at))
    with copying(connection, step) as write:
        write(rows_of(step, stream, start, every, spans))


@contextmanager
def copying(connection: Connection, step: RollupStep) -> Iterator[Callable[[bytes], None]]:
    """One COPY that takes what `rows_of` gives."""
    columns = "stream, series, start, base, every, count, covered, narrow, wide"
    with connection.cursor().copy(f"COPY {step.table} ({columns}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(COPY_HEAD)
        yield copy.write
        copy.write(COPY_END)


def rows_of(step: RollupStep, stream: int, start: float, every: float, spans: Mapping[int, Span]) -> bytes:
    """The rows of one stream and start. Series 0 must be among them."""
    runs = spans[RUNS]
    return b"".join(_row(step, stream, start, number, span, runs, every) for number, span in sorted(spans.items()))


def read_spans(
    connection: Connection, step: RollupStep, sinces: Mapping[int, datetime], series: Iterable[int], end: datetime
) -> list[SpanRow]:
    """Spans of these series from each stream's own start up to `end`;
    what a row leaves out is filled in from series 0.
    """
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


def _row(step: RollupStep, stream: int, start: float, number: int, span: Span, runs: Span, every: float) -> bytes:
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


_SPANS = """
SELECT m.stream, m.series, m.start, base, count, covered, narrow{rows}, wide{rows}
FROM {table} m JOIN unnest(%s::integer[], %s::timestamptz[]) AS w (id, since) ON m.stream = w.id AND m.start >= w.since
WHERE m.series = ANY(%s) AND m.start < %s ORDER BY m.stream, m.series, m.start"""
_ARRAYS = ("int2", "int4", "float4", "float8")
_GAUGE_ROWS = 4


class Times(NamedTuple):
    """When steps start, and how long each is; a grid that may have holes."""

    starts: Numbers
    width: float


class Stretch(NamedTuple):
    """All that was read of one series: its spans, one after the other."""

    stream: int
    series: int
    times: Times
    span: Span


class _Bytes(Loader):
    """A value as it was sent."""

    format = Format.BINARY

    def load(self, data: Any) -> bytes:
        return bytes(data)


def read_stretches(
    connection: Connection,
    step: RollupStep,
    sinces: Mapping[int, datetime],
    series: Iterable[int],
    end: datetime,
    *,
    first_row: bool = False,
) -> list[Stretch]:
    """These series from each stream's own start up to `end`;
    what a row leaves out is filled in from that of the runs.

    `first_row`: only the first of a gauge's rows (the last reading of each step); the others are left out.
    """
    if not sinces:
        return []
    cursor = connection.cursor(binary=True)
    for name in _ARRAYS:
        cursor.adapters.register_loader(cursor.adapters.types[name].array_oid, _Bytes)
    cursor.adapters.register_loader("timestamptz", _Bytes)
    asked = (list(sinces), list(sinces.values()), [RUNS, *series], end)
    rows = cursor.execute(_SPANS.format(table=step.table, rows="[1:1]" if first_row else ""), asked).fetchall()
    if not rows:
        return []
    streams, numbers, sent, bases, counts, covers, narrow, wide = zip(*rows, strict=True)
    starts = np.frombuffer(b"".join(sent), ">i8") / 1e6 + EPOCH_S
    of_runs = {(stream, at): n for n, (stream, number, at) in enumerate(zip(streams, numbers, sent, strict=True)) if number == RUNS}
    own = np.array([of_runs[key] for key in zip(streams, sent, strict=True)])
    count, covered = (np.zeros((len(rows), step.size)) for _ in range(2))
    for into, cells in ((count, counts), (covered, covers)):
        _put(into[:, None, :], cells)
        left_out = np.array([cell is None for cell in cells])
        into[left_out] = into[own[left_out]]
    steps = np.zeros((len(rows), 1 if first_row else _GAUGE_ROWS, step.size))
    _put(steps, narrow)
    _put(steps, wide)
    base = np.array(bases, dtype=np.float64)[:, None]
    steps[:, :3] += base[:, None]
    if not first_row:
        steps[:, 3] += base * count
    at = starts[:, None] + step.seconds * np.arange(step.size)
    edges = [0, *(n for n in range(1, len(rows)) if (streams[n], numbers[n]) != (streams[n - 1], numbers[n - 1])), len(rows)]
    found = []
    for first, last in pairwise(edges):
        if numbers[first] != RUNS:
            some = steps[first:last].transpose(1, 0, 2).reshape(steps.shape[1], -1)
            span = Span(count[first:last].ravel(), covered[first:last].ravel(), some)
            found.append(Stretch(streams[first], numbers[first], Times(at[first:last].ravel(), float(step.seconds)), span))
    return found


def _put(into: Numbers, cells: Sequence[bytes | None]) -> None:
    """Decode arrays in binary form into their places of a matrix; those of one shape and type together."""
    alike: dict[bytes, list[int]] = {}
    for n, cell in enumerate(cells):
        if cell is not None:
            # The head: dimensions, flags, element type, then size and lower bound of each dimension.
            alike.setdefault(cell[: 12 + 8 * cell[3]], []).append(n)
    for head, places in alike.items():
        dimensions, _, element = struct.unpack_from("!iii", head)
        sizes = struct.unpack_from("!" + "ii" * dimensions, head, 12)[::2]
        item = np.dtype([("length", ">i4"), ("value", ELEMENTS[element][0])])
        body = np.frombuffer(b"".join(cell[len(head) :] for n in places if (cell := cells[n]) is not None), item)["value"]
        shape = (len(places), *((1,) * (2 - dimensions)), *sizes)
        into[places, : shape[1]] = body.reshape(shape)

"""Spans of roll-ups of whole series at once: all rows of a query decoded as matrices, none by itself."""

import struct
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from psycopg.adapt import Loader
from psycopg.pq import Format

from ..adapters.postgres_pool import Connection
from ..calc.spans import Span
from .columns import ELEMENTS
from .packing import EPOCH_S, Numbers
from .span_rows import RUNS, Step

_SPANS = """
SELECT m.stream, m.series, m.start, base, count, covered, narrow, wide
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
    connection: Connection, step: Step, sinces: Mapping[int, datetime], series: Iterable[int], end: datetime
) -> list[Stretch]:
    """These series from each stream's own start up to `end`; what a row leaves out is filled in from that of the runs."""
    if not sinces:
        return []
    cursor = connection.cursor(binary=True)
    for name in _ARRAYS:
        cursor.adapters.register_loader(cursor.adapters.types[name].array_oid, _Bytes)
    cursor.adapters.register_loader("timestamptz", _Bytes)
    asked = (list(sinces), list(sinces.values()), [RUNS, *series], end)
    rows = cursor.execute(_SPANS.format(table=step.table), asked).fetchall()
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
    steps = np.zeros((len(rows), _GAUGE_ROWS, step.size))
    _put(steps, narrow)
    _put(steps, wide)
    base = np.array(bases, dtype=np.float64)[:, None]
    steps[:, :3] += base[:, None]
    steps[:, 3] += base * count
    at = starts[:, None] + step.seconds * np.arange(step.size)
    edges = [0, *(n for n in range(1, len(rows)) if (streams[n], numbers[n]) != (streams[n - 1], numbers[n - 1])), len(rows)]
    found = []
    for first, last in pairwise(edges):
        if numbers[first] != RUNS:
            some = steps[first:last].transpose(1, 0, 2).reshape(_GAUGE_ROWS, -1)
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

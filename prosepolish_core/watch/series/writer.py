"""Writing runs: one COPY for many runs, each whole or absent, each (source, collector, tick) once."""

import secrets
import threading
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple
from weakref import WeakSet

import numpy as np
import orjson

from ...drivers.postgres_pool import Connection, Duplicate, Gone, NoPartition, PostgresPool, alone, untouched
from ...errors import StoreRefused
from ...model.sample import Run
from .catalogue import Catalogue, Layout, shape_of
from .mark_watch import MarkWatch
from .packing import COPY_END, COPY_HEAD, Frame, Numbers, base_of, decimals, float_array, frame_row, int_array, run_row, split
from .storable_text import clean

#: A writer waits longer for a connection than a reader: nobody looks at it.
WAIT_S = 2.0
#: Key of the advisory lock under which writers enlarge the catalogue ("ppcata").
LOCK = 0x707063617461
#: A run that is older than this when it is written may have missed its roll-up; roll-ups wait twice as long.
LATE_S = 300.0
#: Late runs are told by the span of minute roll-ups they fall into.
SPAN_S = 240 * 60

_COPY = "COPY sample_run (tick, ts, frame, stream, duration, outcome, detail, delta, wide, state) FROM STDIN (FORMAT BINARY)"
_PRESENT = """
SELECT stream, extract(epoch FROM tick)::bigint FROM sample_run
JOIN unnest(%s::integer[], %s::bigint[]) AS w (s, t) ON stream = w.s AND tick = to_timestamp(w.t)"""
_LATE = """
INSERT INTO sample_late (stream, start) SELECT s, to_timestamp(t) FROM unnest(%s::integer[], %s::bigint[]) AS w (s, t)
ON CONFLICT DO NOTHING"""
_COPY_FRAMES = "COPY sample_frame (id, stream, layout, day, state, base, scale) FROM STDIN (FORMAT BINARY)"


class _Packed(NamedTuple):
    """A run with its numbers looked up and its values as an array."""

    run: Run
    stream: int
    layout: Layout | None
    values: Numbers


class SampleWriter:
    """Implements ports.RunWriter. Thread-safe; remembers catalogue numbers and frames between calls."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool
        self._lock = threading.Lock()
        self._catalogue = Catalogue()
        self._frames: dict[int, Frame] = {}
        self._days: set[date] = set()
        self._watch = MarkWatch()
        #: Connections whose database is known to hold our frames; a new one might lead to a database put in its place.
        self._same_database: WeakSet[Connection] = WeakSet()

    def write(self, runs: Sequence[Run]) -> None:
        """Write the runs in one COPY. Raises StoreUnavailable; then nothing was written."""
        if not runs:
            return
        once = {(run.source, run.collector, run.tick): run for run in reversed(runs)}
        # One order for all writers: no deadlock.
        ordered = sorted(once.values(), key=lambda run: (run.tick, run.source, run.collector))
        with self._lock:
            done = False
            try:
                self._write(ordered)
                done = True
            finally:
                if not done:
                    self._forget()

    def _write(self, runs: list[Run]) -> None:
        for attempt in range(3):
            try:
                packed = self._look_up(runs)
                with self._pool.connection(WAIT_S) as connection:
                    self._refuse_other_database(connection, packed)
                    if attempt:
                        packed = _absent(connection, packed)
                    self._copy(connection, packed)
            except StoreRefused as refused:
                # Before us somebody wrote one of these ticks, or dropped a day or an unused layout: roll back, look
                # again, write the rest.
                self._forget()
                if attempt == 2 or not isinstance(refused.__cause__, Duplicate | NoPartition | Gone):
                    raise
            else:
                return

    def _forget(self) -> None:
        self._same_database.clear()
        self._frames.clear()
        self._days.clear()
        self._catalogue.forget()
        self._watch.forget()

    def _look_up(self, runs: list[Run]) -> list[_Packed]:
        """Numbers of streams and layouts, and values as arrays.

        What is new to us is made in a transaction of its own.
        """
        packed, unknown = [], []
        for run in runs:
            known = self._packed(run)
            packed.append(known)
            if known is None:
                unknown.append(run)
        days = {_day(run) for run in runs} - self._days
        if unknown or days:
            with self._pool.connection(WAIT_S) as connection:
                # One writer at a time, and nothing else under way: no deadlock.
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
                for day in sorted(days):
                    connection.execute("SELECT sample_ensure_day(%s)", (day,))
                learned = {id(run): self._learn(connection, run) for run in unknown}
            self._days |= days
            packed = [known or learned[id(run)] for known, run in zip(packed, runs, strict=True)]
        return [p for p in packed if p is not None]

    def _learn(self, connection: Connection, run: Run) -> _Packed | None:
        self._catalogue.learn(connection, run, shape_of(run.samples)[0])
        return self._packed(run)

    def _packed(self, run: Run) -> _Packed | None:
        """The run with its numbers, if they are known."""
        shape, given = shape_of(run.samples)
        stream = self._catalogue.stream(run)
        layout = self._catalogue.layout(stream, shape) if shape else None
        if stream is None or (shape and layout is None):
            return None
        values = np.array(given, dtype=np.float64)
        if layout is not None:
            values = layout.arranged(values)
        values[np.isneginf(values)] = np.nan
        return _Packed(run, stream, layout, values)

    def _refuse_other_database(self, connection: Connection, packed: list[_Packed]) -> None:
        """A new connection may lead to a database that was put in the place of ours:
        then everything is looked up again.
        """
        if connection not in self._same_database:
            if not self._frames_exist(connection, packed):
                raise NoPartition
            self._same_database.add(connection)

    def _frames_exist(self, connection: Connection, packed: list[_Packed]) -> bool:
        ids = [self._frames[stream].id for stream in {p.stream for p in packed} if stream in self._frames]
        if not ids:
            return True
        row = connection.execute("SELECT count(*) FROM sample_frame WHERE id = ANY(%s)", (ids,)).fetchone()
        return row is not None and row[0] == len(ids)

    def _copy(self, connection: Connection, packed: list[_Packed]) -> None:
        opened: list[Frame] = []
        rows = COPY_HEAD + b"".join([self._row(p, opened) for p in packed]) + COPY_END
        late, watched = _late(packed), self._watched(packed)
        if not (opened or late or watched) and untouched(connection):
            # Nothing but one statement, which is whole by itself: two round trips fewer than a transaction around it.
            with alone(connection), connection.cursor().copy(_COPY) as copy:
                copy.write(rows)
            return
        if opened:
            with connection.cursor().copy(_COPY_FRAMES) as copy:
                copy.write(COPY_HEAD + b"".join(_frame_row(f) for f in opened) + COPY_END)
        with connection.cursor().copy(_COPY) as copy:
            copy.write(rows)
        if late:
            streams, starts = zip(*sorted(late), strict=True)
            connection.execute(_LATE, (list(streams), list(starts)))
        for p in watched:
            self._watch.see(connection, p.run, p.stream, p.layout, p.values)

    def _watched(self, packed: list[_Packed]) -> list[_Packed]:
        """Runs to compare with the database (the first of a stream, one that calls for a mark),
        and every later run of the same stream.
        """
        found: list[_Packed] = []
        streams: set[int] = set()
        for p in packed:
            if p.stream in streams or not self._watch.passes(p.run, p.stream, p.layout, p.values):
                streams.add(p.stream)
                found.append(p)
        return found

    def _row(self, packed: _Packed, opened: list[Frame]) -> bytes:
        run, stream, layout, values = packed
        detail = clean(run.detail).encode() or None if run.detail else None
        outcome = str(run.outcome)[0].encode()
        if layout is None:
            rest = (detail, None, None, _json(run.state) if run.state else None)
            return run_row(run.tick, run.ts, None, stream, run.duration_s, outcome, rest)
        frame = self._frames.get(stream)
        if frame is None or not frame.fits(layout.id, _day(run), run.state):
            frame = self._frames[stream] = _open(frame, packed, layout)
            opened.append(frame)
        frame.runs += 1
        delta, full = split(values, frame.base, frame.scale)
        state = None if run.state == frame.state else _json(_changes(frame, run))
        packed_values = (detail, int_array(delta), float_array(values, full), state)
        return run_row(run.tick, run.ts, frame.id, stream, run.duration_s, outcome, packed_values)


def _late(packed: list[_Packed]) -> set[tuple[int, int]]:
    """Streams and spans of runs that come so late that their roll-up,
    or the next run's, may have been made without them.
    """
    before = time.time() - LATE_S
    return {(p.stream, p.run.tick // SPAN_S * SPAN_S) for p in packed if p.run.tick < before}


def _absent(connection: Connection, packed: list[_Packed]) -> list[_Packed]:
    """Those runs that are not in the store yet."""
    found = connection.execute(_PRESENT, ([p.stream for p in packed], [p.run.tick for p in packed])).fetchall()
    present = {(stream, tick) for stream, tick in found}
    return [p for p in packed if (p.stream, p.run.tick) not in present]


def _open(before: Frame | None, packed: _Packed, layout: Layout) -> Frame:
    scale = decimals(packed.values)
    if before is not None and before.layout == layout.id:
        scale = np.maximum(scale, before.scale)  # a ratio that happens to be 1.0 just now will have decimals again
    return Frame(
        id=secrets.randbits(62),
        stream=packed.stream,
        layout=layout.id,
        day=_day(packed.run),
        base=base_of(packed.values, scale),
        scale=scale,
        state=dict(packed.run.state),
    )


def _frame_row(frame: Frame) -> bytes:
    scale = None if (frame.scale == 1.0).all() else float_array(frame.scale)
    return frame_row(frame, _json(frame.state), float_array(frame.base), scale)


def _changes(frame: Frame, run: Run) -> dict[str, str | None]:
    changed: dict[str, str | None] = {k: v for k, v in run.state.items() if frame.state.get(k) != v}
    changed.update(dict.fromkeys(frame.state.keys() - run.state.keys()))
    return changed


def _json(strings: object) -> bytes:
    """An object of strings as jsonb in binary form (version byte first)."""
    assert isinstance(strings, dict)  # noqa: S101
    return b"\x01" + orjson.dumps({clean(str(k)): None if v is None else clean(str(v)) for k, v in strings.items()})


def _day(run: Run) -> date:
    return datetime.fromtimestamp(run.tick, UTC).date()

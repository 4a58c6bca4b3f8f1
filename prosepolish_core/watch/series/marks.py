"""Marks, the vertical lines on the charts: kept, listed, and set by themselves when a run shows a reset or a gap."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np

from ...calc.counters import Reset, classify
from ...drivers.postgres_pool import Connection, PostgresPool
from ...errors import InvalidInput
from ...model.sample import Run
from ...model.series import Mark
from ...model.window import Window
from .catalogue import Layout, clean
from .packing import Numbers

#: What a mark may tell of, see model.series.Mark.
KINDS = frozenset({"deploy", "restart", "resetstat", "failover", "swap", "gap", "note"})
LONGEST_TEXT = 500


def add_mark(pool: PostgresPool, mark: Mark) -> None:
    """Keep one mark. Raises InvalidInput for an unknown kind, a naive instant or a text that is empty or too long."""
    if mark.kind not in KINDS:
        raise InvalidInput(f"a mark is one of {', '.join(sorted(KINDS))}")
    if mark.ts.tzinfo is None:
        raise InvalidInput("a mark needs a timezone-aware instant")
    if not 1 <= len(mark.text) <= LONGEST_TEXT:
        raise InvalidInput(f"the text of a mark has 1 to {LONGEST_TEXT} characters")
    with pool.connection() as connection:
        add_marks(connection, [mark])


def add_marks(connection: Connection, marks: Sequence[Mark]) -> None:
    """Keep marks inside the caller's transaction; adding the same one twice changes nothing."""
    if marks:
        connection.cursor().executemany(
            "INSERT INTO mark (ts, kind, text, source) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [(m.ts, m.kind, clean(m.text), clean(m.source)) for m in marks],
        )


def list_marks(pool: PostgresPool, window: Window) -> list[Mark]:
    """Marks in the window, oldest first."""
    with pool.connection() as connection:
        rows = connection.execute(
            "SELECT ts, kind, text, source FROM mark WHERE ts >= %s AND ts < %s ORDER BY ts, id", (window.start, window.end)
        ).fetchall()
    return [Mark(*row) for row in rows]


#: Counter that grows with each gap -> what the mark says.
GAP_TEXTS = {
    "collector_clock_jumps": "{source}: the clock jumped; samples around here are missing, or stand at the time it showed then",
    "attributed_gaps": "{source}: key events were not heard for a while, the connection was lost",
}

_COUNT_BEFORE = """
SELECT s.time, s.value FROM samples s JOIN sample_stream st ON st.id = %s AND (st.source, st.collector) = (s.source, s.collector)
WHERE s.metric = %s AND s.time < to_timestamp(%s) AND s.time > to_timestamp(%s) - interval '1 hour'
ORDER BY s.time DESC LIMIT 1"""


class _Place(NamedTuple):
    """Where a layout has such a counter."""

    at: int
    metric: str


class GapWatch:
    """The newest count of each gap counter, to compare the next one with."""

    def __init__(self) -> None:
        self._places: dict[int, tuple[_Place, ...]] = {}
        self._seen: dict[tuple[int, str], tuple[int, float]] = {}

    def forget(self) -> None:
        """Begin anew; the next run of each stream is compared with the store's."""
        self._places.clear()
        self._seen.clear()

    def concerns(self, layout: Layout | None) -> bool:
        """Whether runs of this layout hold such a counter. Most do not."""
        return layout is not None and bool(self._places_of(layout))

    def see(self, connection: Connection, run: Run, stream: int, layout: Layout | None, values: Numbers) -> None:
        """Keep the mark a run calls for in the caller's transaction."""
        for at, metric in () if layout is None else self._places_of(layout):
            self._compare(connection, run, stream, metric, float(values[at]))

    def _places_of(self, layout: Layout) -> tuple[_Place, ...]:
        places = self._places.get(layout.id)
        if places is None:
            found = (_Place(i, f.metric) for i, f in enumerate(layout.facts) if f.metric in GAP_TEXTS and not f.labels)
            places = self._places[layout.id] = tuple(found)
        return places

    def _compare(self, connection: Connection, run: Run, stream: int, metric: str, value: float) -> None:
        before = self._seen.get((stream, metric)) or _count_before(connection, run, stream, metric)
        if before is not None and run.tick <= before[0]:
            return
        self._seen[stream, metric] = (run.tick, value)
        known = 0.0 if before is None or value < before[1] else before[1]  # a collector that began anew counts from 0
        if value > known:
            add_marks(connection, [Mark(run.ts, "gap", GAP_TEXTS[metric].format(source=run.source), run.source)])


def _count_before(connection: Connection, run: Run, stream: int, metric: str) -> tuple[int, float] | None:
    row = connection.execute(_COUNT_BEFORE, (stream, metric, run.tick, run.tick)).fetchone()
    return None if row is None else (int(row[0].timestamp()), float(row[1]))


#: What each reset says on the charts.
RESET_TEXTS = {
    Reset.RESTART: "{source} restarted",
    Reset.RESETSTAT: "{source}: statistics were reset",
    Reset.FAILOVER: "{source}: another server of the same replication group answers",
    Reset.SWAP: "{source}: another server answers at this address",
}


class _Seen(NamedTuple):
    tick: int
    ts: datetime
    layout: Layout | None
    values: Numbers
    state: Mapping[str, str]


_NOTHING = np.empty(0)

_RUN_BEFORE = """
SELECT extract(epoch FROM r.tick)::bigint, r.ts, jsonb_strip_nulls(f.state || coalesce(r.state, '{}')),
    (SELECT s.value FROM samples s WHERE s.time = r.tick AND s.source = st.source AND s.collector = st.collector
        AND s.metric = 'uptime_in_seconds' AND s.labels = '{}')
FROM sample_run r JOIN sample_frame f ON f.id = r.frame JOIN sample_stream st ON st.id = r.stream
WHERE r.stream = %(stream)s AND r.tick < to_timestamp(%(tick)s) AND r.tick > to_timestamp(%(tick)s) - interval '7 days'
ORDER BY r.tick DESC LIMIT 1"""


_MARKED = """
SELECT EXISTS (
    SELECT FROM mark WHERE source = %s AND kind = ANY(%s) AND ts > %s AND ts <= %s::timestamptz + interval '30 seconds'
)"""


class ResetWatch:
    """The newest run of each stream, to compare the next one with. Late runs are not compared."""

    def __init__(self) -> None:
        self._seen: dict[int, _Seen] = {}

    def forget(self) -> None:
        """Begin anew; the next run of each stream is compared with the store's."""
        self._seen.clear()

    def passes(self, run: Run, stream: int, layout: Layout | None, values: Numbers) -> bool:
        """Note a run that follows the one before without a reset;
        False when only `see`, with the database, can tell.
        """
        if layout is None or not run.state:
            return True
        before = self._seen.get(stream)
        if before is None:
            return False
        if run.tick > before.tick:
            now = _Seen(run.tick, run.ts, layout, values, run.state)
            if _compare(before, now) is not None:
                return False
            self._seen[stream] = now
        return True

    def see(self, connection: Connection, run: Run, stream: int, layout: Layout | None, values: Numbers) -> None:
        """Compare a run with the one before, and keep the mark it calls for in the caller's transaction."""
        if layout is None or not run.state:
            return
        before = self._seen.get(stream) or _run_before(connection, run, stream)
        if before is not None and run.tick <= before.tick:
            return
        self._seen[stream] = now = _Seen(run.tick, run.ts, layout, values, dict(run.state))
        kind = None if before is None else _compare(before, now)
        if before is not None and kind is not None and not _marked(connection, run, before.ts):
            add_marks(connection, [Mark(run.ts, str(kind), RESET_TEXTS[kind].format(source=run.source), run.source)])


def _marked(connection: Connection, run: Run, since: datetime) -> bool:
    """Whether a faster collector of this source has told of it already."""
    row = connection.execute(_MARKED, (run.source, [str(r) for r in Reset], since, run.ts)).fetchone()
    return row is not None and bool(row[0])


def _compare(before: _Seen, now: _Seen) -> Reset | None:
    return classify(
        before.state,
        now.state,
        fell=_fell(before, now),
        uptime_before_s=_uptime(before),
        uptime_after_s=_uptime(now),
        elapsed_s=(now.ts - before.ts).total_seconds(),
    )


def _fell(before: _Seen, now: _Seen) -> bool:
    if before.layout is None or now.layout is None:
        return False
    if before.layout is now.layout:
        return bool(((now.values < before.values) & now.layout.counters).any())
    old = dict(zip(before.layout.facts, before.values.tolist(), strict=True))
    counters = np.flatnonzero(now.layout.counters)
    return any(now.values[i] < old.get(now.layout.facts[i], -np.inf) for i in counters)


def _uptime(seen: _Seen) -> float | None:
    if seen.layout is None:
        return float(seen.values[0]) if len(seen.values) else None
    return None if seen.layout.uptime is None else float(seen.values[seen.layout.uptime])


def _run_before(connection: Connection, run: Run, stream: int) -> _Seen | None:
    row = connection.execute(_RUN_BEFORE, {"stream": stream, "tick": run.tick}).fetchone()
    if row is None:
        return None
    return _Seen(row[0], row[1], None, _NOTHING if row[3] is None else np.array([row[3]]), row[2])

"""The watch over runs as they are written: each is compared with the one before,
and the marks it calls for are kept in the writer's transaction.
"""

from datetime import datetime

import numpy as np

from ...drivers.postgres_pool import Connection
from ...model.sample import Run
from ...model.series import Mark
from .catalogue import Layout
from .mark_detectors import EVICTED, QUIET, RESET_TEXTS, WATCHED, Finding, Key, Seen, findings, followed
from .marks import add_marks
from .packing import Numbers

_RUN_BEFORE = """
SELECT extract(epoch FROM r.tick)::bigint, r.ts, jsonb_strip_nulls(coalesce(f.state, '{}') || coalesce(r.state, '{}')),
    st.source, st.collector
FROM sample_run r LEFT JOIN sample_frame f ON f.id = r.frame JOIN sample_stream st ON st.id = r.stream
WHERE r.stream = %(stream)s AND r.tick < to_timestamp(%(tick)s) AND r.tick > to_timestamp(%(tick)s) - interval '7 days'
    AND r.frame IS NOT NULL
ORDER BY r.tick DESC LIMIT 1"""
_NUMBERS_THEN = """
SELECT metric, ARRAY(SELECT ARRAY[key, value] FROM jsonb_each_text(labels) ORDER BY key), value FROM samples
WHERE time = to_timestamp(%s) AND source = %s AND collector = %s AND metric = ANY(%s)"""
_EVICTED_EARLIER = """
SELECT value FROM samples WHERE time >= to_timestamp(%s) - %s AND time < to_timestamp(%s) AND source = %s AND collector = %s
    AND metric = 'evicted_keys' ORDER BY time LIMIT 1"""
_TOLD = """
SELECT EXISTS (
    SELECT FROM mark WHERE source = %s AND kind = ANY(%s) AND (text = %s OR %s) AND ts > %s
        AND ts <= %s::timestamptz + interval '30 seconds'
)"""
_RESETS = [str(kind) for kind in RESET_TEXTS]
_NOTHING = np.empty(0)


class MarkWatch:
    """The newest run of each stream, to compare the next one with. Late runs are not compared."""

    def __init__(self) -> None:
        self._seen: dict[int, Seen] = {}
        #: Layout -> where it has the numbers that detectors look at.
        self._places: dict[int, tuple[tuple[int, Key], ...]] = {}

    def forget(self) -> None:
        """Begin anew; the next run of each stream is compared with the store's."""
        self._seen.clear()
        self._places.clear()

    def passes(self, run: Run, stream: int, layout: Layout | None, values: Numbers) -> bool:
        """Note a run that calls for no mark; False when only `see`, with the database, can tell."""
        if layout is None or not (run.state or self._places_of(layout)):
            return True
        before = self._seen.get(stream)
        if before is None:
            return False
        if run.tick > before.tick:
            now = self._look(run, layout, values)
            if findings(before, now, run.source):
                return False
            self._seen[stream] = followed(before, now)
        return True

    def see(self, connection: Connection, run: Run, stream: int, layout: Layout | None, values: Numbers) -> None:
        """Compare a run with the one before, and keep the marks it calls for in the caller's transaction."""
        if layout is None or not (run.state or self._places_of(layout)):
            return
        before = self._seen.get(stream) or _run_before(connection, run, stream)
        if before is not None and run.tick <= before.tick:
            return
        now = self._look(run, layout, values)
        self._seen[stream] = followed(before, now)
        marks = [
            Mark(run.ts, finding.kind, finding.text, run.source)
            for finding in findings(before, now, run.source)
            if before is None or not _told(connection, run, finding, before.ts)
        ]
        add_marks(connection, marks)

    def _look(self, run: Run, layout: Layout, values: Numbers) -> Seen:
        watched = {key: float(values[at]) for at, key in self._places_of(layout)}
        return Seen(run.tick, run.ts, layout, values, dict(run.state), watched)

    def _places_of(self, layout: Layout) -> tuple[tuple[int, Key], ...]:
        places = self._places.get(layout.id)
        if places is None:
            found = ((at, (facts.metric, facts.labels)) for at, facts in enumerate(layout.facts))
            places = self._places[layout.id] = tuple((at, key) for at, key in found if key in WATCHED)
        return places


def _told(connection: Connection, run: Run, finding: Finding, since: datetime) -> bool:
    """Whether another collector of this source, a faster one, has told of it already: of a reset in whatever words."""
    kinds, any_text = (_RESETS, True) if finding.kind in _RESETS else ([finding.kind], False)
    row = connection.execute(_TOLD, (run.source, kinds, finding.text, any_text, since, run.ts)).fetchone()
    return row is not None and bool(row[0])


def _run_before(connection: Connection, run: Run, stream: int) -> Seen | None:
    row = connection.execute(_RUN_BEFORE, {"stream": stream, "tick": run.tick}).fetchone()
    if row is None:
        return None
    tick, ts, state, source, collector = row
    names = sorted({metric for metric, _ in WATCHED})
    numbers = connection.execute(_NUMBERS_THEN, (tick, source, collector, names)).fetchall()
    watched = {(str(metric), tuple((str(k), str(v)) for k, v in labels)): float(value) for metric, labels, value in numbers}
    earlier = connection.execute(_EVICTED_EARLIER, (tick, QUIET, tick, source, collector)).fetchone()
    evicting = earlier is not None and watched.get(EVICTED, 0.0) > float(earlier[0])
    return Seen(tick, ts, None, _NOTHING, state, watched, ts if evicting else None)

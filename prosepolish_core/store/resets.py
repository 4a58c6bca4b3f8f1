"""Watching a stream of runs for resets, and marking each on the charts."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import numpy as np

from ..adapters.postgres_pool import Connection
from ..calc.counters import Reset, classify
from ..model.sample import Run
from ..ports import Mark
from .catalogue import Layout
from .marks import add_marks
from .packing import Numbers

TEXTS = {
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

_BEFORE = """
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
        """Note a run that follows the one before without a reset; False when only `see`, with the database, can tell."""
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
        before = self._seen.get(stream) or _from_store(connection, run, stream)
        if before is not None and run.tick <= before.tick:
            return
        self._seen[stream] = now = _Seen(run.tick, run.ts, layout, values, dict(run.state))
        kind = None if before is None else _compare(before, now)
        if before is not None and kind is not None and not _marked(connection, run, before.ts):
            add_marks(connection, [Mark(run.ts, str(kind), TEXTS[kind].format(source=run.source), run.source)])


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


def _from_store(connection: Connection, run: Run, stream: int) -> _Seen | None:
    row = connection.execute(_BEFORE, {"stream": stream, "tick": run.tick}).fetchone()
    if row is None:
        return None
    return _Seen(row[0], row[1], None, _NOTHING if row[3] is None else np.array([row[3]]), row[2])

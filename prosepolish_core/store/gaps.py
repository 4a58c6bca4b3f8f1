"""Watching the collectors' own counters for gaps (a clock that jumped, key events nobody heard), and marking each on the charts."""

from typing import NamedTuple

from ..adapters.postgres_pool import Connection
from ..model.sample import Run
from ..ports import Mark
from .catalogue import Layout
from .marks import add_marks
from .packing import Numbers

#: Counter that grows with each gap -> what the mark says.
TEXTS = {
    "collector_clock_jumps": "{source}: the clock jumped; samples around here are missing, or stand at the time it showed then",
    "attributed_gaps": "{source}: key events were not heard for a while, the connection was lost",
}

_BEFORE = """
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
            found = (_Place(i, f.metric) for i, f in enumerate(layout.facts) if f.metric in TEXTS and not f.labels)
            places = self._places[layout.id] = tuple(found)
        return places

    def _compare(self, connection: Connection, run: Run, stream: int, metric: str, value: float) -> None:
        before = self._seen.get((stream, metric)) or _from_store(connection, run, stream, metric)
        if before is not None and run.tick <= before[0]:
            return
        self._seen[stream, metric] = (run.tick, value)
        known = 0.0 if before is None or value < before[1] else before[1]  # a collector that began anew counts from 0
        if value > known:
            add_marks(connection, [Mark(run.ts, "gap", TEXTS[metric].format(source=run.source), run.source)])


def _from_store(connection: Connection, run: Run, stream: int, metric: str) -> tuple[int, float] | None:
    row = connection.execute(_BEFORE, (stream, metric, run.tick, run.tick)).fetchone()
    return None if row is None else (int(row[0].timestamp()), float(row[1]))

"""The catalogue: which numbers streams, series and layouts have in the database, remembered by this process."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from ...calc.counters import of_observer
from ...calc.roster import LEFT_OUT, Roster, RosterName, largest, told_apart
from ...drivers.postgres_pool import Connection
from ...model.sample import Kind, Labels, Run, Sample
from ...model.series import Numbers
from .storable_text import clean, labels_tuple


class Facts(NamedTuple):
    """What a series is, apart from where it was read."""

    metric: str
    labels: Labels
    kind: Kind
    unit: str


class Layout(NamedTuple):
    """Which series stands at which position.

    `counters` are those of the process that is observed. `columns` gives the position of each sample where some of them
    share one (names beyond the most that a metric may have).
    """

    id: int
    facts: tuple[Facts, ...]
    counters: npt.NDArray[np.bool_]
    columns: npt.NDArray[np.intp] | None

    def arranged(self, values: Numbers) -> Numbers:
        """A run's values, each at its position; those that share one added up, or the largest of them."""
        if self.columns is None:
            return values
        counts = np.array([f.metric == LEFT_OUT for f in self.facts])[self.columns]
        values = np.where(counts, 1.0, values)
        high = np.array([largest(f.kind, f.unit) for f in self.facts])[self.columns]
        found = np.zeros(len(self.facts))
        np.add.at(found, self.columns[~high], values[~high])
        found[self.columns[high]] = -np.inf
        np.maximum.at(found, self.columns[high], values[high])
        return found


#: The metrics, kinds, units and labels of a run's samples, each as one column.
Shape = tuple[tuple[str, ...], tuple[Kind, ...], tuple[str, ...], tuple[Labels, ...]]


def shape_of(samples: Sequence[Sample]) -> tuple[Shape | None, tuple[float, ...]]:
    """What the samples are, and their values; equal shapes share a layout. A run without samples has none."""
    if not samples:
        return None, ()
    metrics, values, kinds, units, labels = zip(*samples, strict=True)
    return (metrics, kinds, units, labels), values


class Catalogue:
    """Numbers of streams and layouts. Forgets everything on request, for a database that was replaced beneath it."""

    def __init__(self) -> None:
        self._streams: dict[tuple[str, str], int] = {}
        self._layouts: dict[Shape, Layout] = {}
        self._size = 0
        #: Layouts that gather names are those of one stream, whose names they go by; only the newest is kept.
        self._gathering: dict[int, tuple[Shape, Layout]] = {}
        self._rosters: dict[int, Roster] = {}

    def forget(self) -> None:
        """Ask the database again from now on."""
        for known in (self._streams, self._layouts, self._gathering, self._rosters):
            known.clear()
        self._size = 0

    def stream(self, run: Run) -> int | None:
        """The number of the run's stream, once learned."""
        return self._streams.get((run.source, run.collector))

    def layout(self, stream: int | None, shape: Shape) -> Layout | None:
        """The layout of this shape in this stream, once learned."""
        if known := self._layouts.get(shape):
            return known
        gathering = self._gathering.get(stream) if stream is not None else None
        return gathering[1] if gathering and gathering[0] == shape else None

    def learn(self, connection: Connection, run: Run, shape: Shape | None) -> None:
        """Look up or create the numbers of this run's stream and layout."""
        if (run.source, run.collector) not in self._streams:
            row = connection.execute(_STREAM, {"source": clean(run.source), "collector": clean(run.collector)}).fetchone()
            assert row is not None  # noqa: S101 - the statement always gives a row
            self._streams[run.source, run.collector] = row[0]
        stream = self._streams[run.source, run.collector]
        if shape and self.layout(stream, shape) is None:
            layout = _learn_layout(connection, shape, self._roster(connection, stream, run.tick))
            if layout.columns is not None:
                self._gathering[stream] = shape, layout
                return
            if len(self._layouts) >= _MOST_LAYOUTS or self._size > _MOST_REMEMBERED:
                self._layouts.clear()
                self._size = 0
            self._layouts[shape] = layout
            self._size += len(layout.facts)

    def _roster(self, connection: Connection, stream: int, tick: int) -> Roster:
        """The names this stream had in the week before."""
        if stream not in self._rosters:
            if len(self._rosters) >= _MOST_ROSTERS:
                self._rosters.pop(next(iter(self._rosters)))
            known = connection.execute(_NAMES, (stream, datetime.fromtimestamp(tick, UTC).date())).fetchall()
            self._rosters[stream] = Roster([RosterName(metric, labels_tuple(labels)) for metric, labels in known])
        return self._rosters[stream]


#: More remembered layouts, or series in them, than this and the memory starts afresh (labels that change all the time).
_MOST_LAYOUTS, _MOST_REMEMBERED = 4000, 1_000_000
#: Streams whose names are remembered; a stream asks for its names only when it has new ones.
_MOST_ROSTERS = 64
#: A label longer than this is cut, and told apart by a digest: PostgreSQL's indexes have a limit.
_LONGEST_LABEL = 160

_NAMES = """
SELECT DISTINCT s.metric, s.labels FROM (
    SELECT DISTINCT l.series FROM sample_frame f JOIN sample_layout l ON l.id = f.layout
    WHERE f.stream = %s AND f.day IN (SELECT %s::date - back FROM generate_series(0, 8) AS back)
) AS used CROSS JOIN LATERAL unnest(used.series) AS n (id) JOIN sample_series s ON s.id = n.id"""

_STREAM = """
WITH known AS (SELECT id FROM sample_stream WHERE source = %(source)s AND collector = %(collector)s),
made AS (
    INSERT INTO sample_stream (source, collector) SELECT %(source)s, %(collector)s WHERE NOT EXISTS (SELECT FROM known)
    ON CONFLICT (source, collector) DO UPDATE SET source = EXCLUDED.source RETURNING id
)
SELECT id FROM known UNION ALL SELECT id FROM made"""

_SERIES = """
WITH wanted AS (
    SELECT * FROM unnest(%(metric)s::text[], %(labels)s::jsonb[], %(kind)s::text[], %(unit)s::text[]) WITH ORDINALITY
        AS w (metric, labels, kind, unit, position)
), made AS (
    INSERT INTO sample_series (metric, labels, kind, unit)
    SELECT metric, labels, kind, unit FROM wanted w
    WHERE NOT EXISTS (SELECT FROM sample_series s WHERE (s.metric, s.labels, s.kind, s.unit) = (w.metric, w.labels, w.kind, w.unit))
    ON CONFLICT (metric, labels, kind, unit) DO UPDATE SET unit = EXCLUDED.unit
    RETURNING id, metric, labels, kind, unit
), known AS (
    SELECT s.id, s.metric, s.labels, s.kind, s.unit FROM sample_series s
    JOIN wanted w ON (s.metric, s.labels, s.kind, s.unit) = (w.metric, w.labels, w.kind, w.unit)
    UNION SELECT * FROM made
)
SELECT k.id FROM wanted w JOIN known k ON (k.metric, k.labels, k.kind, k.unit) = (w.metric, w.labels, w.kind, w.unit)
ORDER BY w.position"""

_LAYOUT = """
WITH known AS (SELECT id FROM sample_layout WHERE digest = %(digest)s),
made AS (
    INSERT INTO sample_layout (digest, series) SELECT %(digest)s, %(series)s WHERE NOT EXISTS (SELECT FROM known)
    ON CONFLICT (digest) DO UPDATE SET digest = EXCLUDED.digest RETURNING id
)
SELECT id FROM known UNION ALL SELECT id FROM made"""


def labels_json(labels: Iterable[tuple[str, str]]) -> str:
    """Labels as the canonical JSON object that identifies them."""
    return orjson.dumps(dict(labels), option=orjson.OPT_SORT_KEYS).decode()


def storable(labels: Labels) -> Labels:
    """Labels as PostgreSQL can keep and index them."""
    return tuple((clean(name), _short(clean(value))) for name, value in labels)


def _short(value: str) -> str:
    if len(value) <= _LONGEST_LABEL:
        return value
    return f"{value[: _LONGEST_LABEL - 20]}…{sha256(value.encode()).hexdigest()[:16]}"


def _learn_layout(connection: Connection, shape: Shape, roster: Roster) -> Layout:
    metrics, kinds, units, labels = shape
    names = told_apart([RosterName(clean(metric), storable(of)) for metric, of in zip(metrics, labels, strict=True)])
    columns: dict[RosterName, int] = {}
    facts: list[Facts] = []
    at: list[int] = []
    for name, kind, unit in zip(map(roster.place, names), kinds, units, strict=True):
        if name not in columns:
            columns[name] = len(facts)
            facts.append(Facts(*name, Kind.GAUGE, "1") if name.metric == LEFT_OUT else Facts(*name, kind, clean(unit)))
        at.append(columns[name])
    asked = {
        "metric": [f.metric for f in facts],
        "labels": [labels_json(f.labels) for f in facts],
        "kind": [str(f.kind) for f in facts],
        "unit": [f.unit for f in facts],
    }
    series = [row[0] for row in connection.execute(_SERIES, asked).fetchall()]
    digest = sha256(np.asarray(series, dtype="<i4").tobytes()).digest()
    row = connection.execute(_LAYOUT, {"digest": digest, "series": series}).fetchone()
    assert row is not None  # noqa: S101 - the statement always gives a row
    return Layout(
        id=row[0],
        facts=tuple(facts),
        counters=np.array([f.kind is Kind.COUNTER and not of_observer(f.metric) for f in facts]),
        columns=None if len(facts) == len(at) else np.array(at, dtype=np.intp),
    )

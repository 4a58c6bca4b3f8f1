"""The catalogue: which numbers streams, series and layouts have in the database, remembered by this process."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from ...calc.counters import of_observer
from ...drivers.postgres_pool import Connection
from ...model.sample import Kind, Labels, Run, Sample


class Facts(NamedTuple):
    """What a series is, apart from where it was read."""

    metric: str
    labels: Labels
    kind: Kind
    unit: str


class Layout(NamedTuple):
    """Which series stands at which position.

    `counters` are those of the process that is observed. `take` picks the samples to keep when a run names a series
    twice (the last wins).
    """

    id: int
    facts: tuple[Facts, ...]
    counters: npt.NDArray[np.bool_]
    take: tuple[int, ...] | None
    uptime: int | None


#: The metrics, kinds, units and labels of a run's samples, each as one column.
Shape = tuple[tuple[str, ...], tuple[Kind, ...], tuple[str, ...], tuple[Labels, ...]]


def clean(text: str) -> str:
    """Text as PostgreSQL can keep it: no NUL, no lone surrogates."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


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

    def forget(self) -> None:
        """Ask the database again from now on."""
        self._streams.clear()
        self._layouts.clear()

    def stream(self, run: Run) -> int | None:
        """The number of the run's stream, once learned."""
        return self._streams.get((run.source, run.collector))

    def layout(self, shape: Shape) -> Layout | None:
        """The layout of this shape, once learned."""
        return self._layouts.get(shape)

    def learn(self, connection: Connection, run: Run, shape: Shape | None) -> None:
        """Look up or create the numbers of this run's stream and layout."""
        if (run.source, run.collector) not in self._streams:
            row = connection.execute(_STREAM, {"source": clean(run.source), "collector": clean(run.collector)}).fetchone()
            assert row is not None  # noqa: S101 - the statement always gives a row
            self._streams[run.source, run.collector] = row[0]
        if shape and shape not in self._layouts:
            if len(self._layouts) > _MOST_LAYOUTS:
                self._layouts.clear()
            self._layouts[shape] = _learn_layout(connection, shape)


#: More remembered layouts than this and the memory starts afresh (labels that change all the time).
_MOST_LAYOUTS = 4000

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
    return orjson.dumps({clean(k): clean(v) for k, v in labels}, option=orjson.OPT_SORT_KEYS).decode()


def labels_tuple(labels: Mapping[str, str]) -> Labels:
    """Labels back from the database as sorted pairs."""
    return tuple(sorted(labels.items()))


def _learn_layout(connection: Connection, shape: Shape) -> Layout:
    last: dict[tuple[str, str, str, str], int] = {}
    for at, (metric, kind, unit, labels) in enumerate(zip(*shape, strict=True)):
        last[clean(metric), labels_json(labels), str(kind), clean(unit)] = at
    columns = list(zip(*last, strict=True))
    found = connection.execute(
        _SERIES,
        {"metric": list(columns[0]), "labels": list(columns[1]), "kind": list(columns[2]), "unit": list(columns[3])},
    ).fetchall()
    series = [row[0] for row in found]
    row = connection.execute(
        _LAYOUT, {"digest": sha256(np.asarray(series, dtype="<i4").tobytes()).digest(), "series": series}
    ).fetchone()
    assert row is not None  # noqa: S101 - the statement always gives a row
    facts = tuple(Facts(m, labels_tuple(orjson.loads(text)), Kind(k), u) for m, text, k, u in last)
    take = tuple(last.values())
    return Layout(
        id=row[0],
        facts=facts,
        counters=np.array([f.kind is Kind.COUNTER and not of_observer(f.metric) for f in facts]),
        take=None if take == tuple(range(len(shape[0]))) else take,
        uptime=next((i for i, f in enumerate(facts) if f.metric == "uptime_in_seconds" and not f.labels), None),
    )

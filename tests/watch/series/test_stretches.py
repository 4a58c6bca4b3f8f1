"""Spans of whole series read at once, against the rows they were written as."""

from datetime import UTC, datetime, timedelta

import numpy as np
import psycopg
import pytest

from prosepolish_core.calc.spans import Span
from prosepolish_core.watch.series.rollup_rows import HOUR, read_stretches, write_spans

pytestmark = pytest.mark.live


def test_whole_series_come_back_exactly_as_their_spans_were_written(database_url: str) -> None:
    """Gauges, counters, spans of zeros and of wide numbers, and what only the row of the runs holds,
    are read back exactly; sums to their rounding.
    """
    chance, start = np.random.default_rng(20261123), datetime(2026, 10, 1, tzinfo=UTC)
    written: dict[int, list[Span]] = {1: [], 2: [], 3: []}
    with psycopg.connect(database_url) as connection:
        connection.execute("SET session_replication_role = replica")
        for day in range(3):
            count = chance.integers(1, 360, 24).astype(float)
            low = np.cumsum(chance.integers(1, 1000, 24)) + (0.1 if day == 1 else 1e8)
            runs = Span(count, count * 10, np.vstack([low, low, low, low * count]))
            gauge = Span(count, np.zeros(24), np.vstack([low + 1, low, low + 9, (low + 3) * count]))
            counter = Span(np.minimum(count, 5), count * 9, chance.integers(0, 9999, 24).astype(float)[None, :] / (1 + 2 * day))
            zeros = Span(count, count * 10, np.zeros((1, 24)))
            spans = {0: runs, 1: gauge, 2: counter, 3: zeros}
            write_spans(connection, HOUR, 7, (start + timedelta(days=day)).timestamp(), 10.0, spans)
            for number, some in written.items():
                some.append(spans[number])
        found = read_stretches(connection, HOUR, {7: start}, [1, 2, 3], start + timedelta(days=9))
        connection.rollback()
    assert [(part.stream, part.series) for part in found] == [(7, 1), (7, 2), (7, 3)]
    for part in found:
        spans_of = written[part.series]
        steps = np.concatenate([span.steps for span in spans_of], axis=1)
        some = np.concatenate([span.count for span in spans_of]) > 0
        assert np.array_equal(part.span.count > 0, some)
        assert np.array_equal(part.span.steps[: min(3, len(steps))], steps[:3])
        assert np.allclose(part.span.steps[: len(steps)], steps, rtol=1e-14)
        assert np.array_equal(part.times.starts, start.timestamp() + 3600.0 * np.arange(72))

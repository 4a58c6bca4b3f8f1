"""Gaps that the collectors tell of become marks, on a real PostgreSQL."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.model.sample import Kind, Run, RunOutcome, Sample
from prosepolish_core.model.window import Window
from prosepolish_core.watch.series.sample_store import SampleStore

pytestmark = pytest.mark.live
T0 = 1_790_000_000
WINDOW = Window(datetime.fromtimestamp(T0, UTC), datetime.fromtimestamp(T0 + 600, UTC))


@pytest.fixture
def pool(database_url: str) -> Iterator[PostgresPool]:
    made = PostgresPool(database_url, size=2, role="test")
    yield made
    made.close()


def run(tick: int, metric: str, gaps: float) -> Run:
    """A run that tells of so many gaps since its collector began."""
    ts = datetime.fromtimestamp(T0 + tick, UTC)
    source = "cache" if metric == "attributed_gaps" else "collectors"
    return Run("some", source, T0 + tick, ts, 0.1, RunOutcome.OK, (Sample(metric, gaps, Kind.COUNTER),))


@pytest.mark.parametrize("metric", ["attributed_gaps", "collector_clock_jumps"])
def test_each_gap_is_one_mark(pool: PostgresPool, metric: str) -> None:
    """A count that grew is a mark at that run;
    neither a second writer, nor a repeat, nor a new collector adds one of its own.
    """
    told = [(0, 0.0), (10, 0.0), (20, 1.0), (30, 1.0), (40, 3.0), (50, 0.0), (60, 1.0)]
    for tick, gaps in told:
        SampleStore(pool).write([run(tick, metric, gaps)])  # a new writer every time: it asks the store what was before
    store = SampleStore(pool)
    store.write([run(tick, metric, gaps) for tick, gaps in told])
    store.write([run(70, metric, 1.0), run(80, metric, 2.0)])
    marks = store.marks(WINDOW)
    assert [(m.ts - WINDOW.start) / timedelta(seconds=1) for m in marks] == [20, 40, 60, 80]
    assert {m.kind for m in marks} == {"gap"}


def test_a_collector_without_gaps_marks_nothing(pool: PostgresPool) -> None:
    """Its first run, and one that counts from nothing, are no gap."""
    SampleStore(pool).write([run(tick, "attributed_gaps", 0.0) for tick in range(0, 60, 10)])
    assert SampleStore(pool).marks(WINDOW) == []

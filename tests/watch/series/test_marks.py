"""Marks on a real PostgreSQL."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.errors import InvalidInput
from prosepolish_core.model.sample import Kind, Run, RunOutcome, Sample
from prosepolish_core.model.series import Mark
from prosepolish_core.model.window import Window
from prosepolish_core.watch.series.marks import LONGEST_TEXT, add_mark, list_marks
from prosepolish_core.watch.series.sample_store import SampleStore

pytestmark = pytest.mark.live
T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def pool(database_url: str) -> Iterator[PostgresPool]:
    made = PostgresPool(database_url, size=2, role="test")
    yield made
    made.close()


def test_marks_come_back_in_order_and_once(pool: PostgresPool) -> None:
    """Oldest first, only those of the half-open window, the same mark only once."""
    later, first = Mark(T0 + timedelta(minutes=5), "deploy", "v1.4"), Mark(T0, "note", "quiet \x00 night", "cache")
    for mark in (later, first, first):
        add_mark(pool, mark)
    found = list_marks(pool, Window(T0, T0 + timedelta(minutes=6)))
    assert found == [first._replace(text="quiet \ufffd night"), later]
    assert list_marks(pool, Window(T0 - timedelta(minutes=1), T0)) == []


@pytest.mark.parametrize(
    "mark",
    [
        Mark(T0, "party", "x"),
        Mark(T0.replace(tzinfo=None), "note", "x"),
        Mark(T0, "note", ""),
        Mark(T0, "note", "x" * (LONGEST_TEXT + 1)),
    ],
)
def test_marks_that_make_no_sense_are_refused(pool: PostgresPool, mark: Mark) -> None:
    """Kind, instant and text are checked before the database is asked."""
    with pytest.raises(InvalidInput):
        add_mark(pool, mark)


def read_of(tick: int, hits: float, run_id: str = "a") -> Run:
    """One INFO of the source."""
    samples = (Sample("keyspace_hits", hits, Kind.COUNTER), Sample("uptime_in_seconds", float(tick)))
    ts = T0 + timedelta(seconds=tick)
    return Run("redis_info", "cache", int(ts.timestamp()), ts, 0.1, RunOutcome.OK, samples, {"run_id": run_id})


def test_a_reset_among_runs_written_together_is_marked(pool: PostgresPool) -> None:
    """Replayed in one batch, the run after the reset hides it no more than when each is written by itself."""
    store = SampleStore(pool)
    store.write([read_of(0, 100)])
    store.write([read_of(10, 5), read_of(20, 500), read_of(30, 600)])
    assert [(m.kind, m.ts) for m in store.marks(Window(T0, T0 + timedelta(minutes=1)))] == [
        ("resetstat", T0 + timedelta(seconds=10))
    ]

"""Marks on a real PostgreSQL."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from prosepolish_core.adapters.postgres_pool import PostgresPool
from prosepolish_core.errors import InvalidInput
from prosepolish_core.model.window import Window
from prosepolish_core.ports import Mark
from prosepolish_core.store.marks import LONGEST_TEXT, add_mark, list_marks

pytestmark = pytest.mark.live
T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def pool(database_url: str) -> Iterator[PostgresPool]:
    """A pool on a migrated database."""
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

"""Standings outlive a process, in PostgreSQL and in a file: what was written is read back, whole."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.errors import StoreUnavailable
from prosepolish_core.model.standing import Effect, Standing, State, Trouble
from prosepolish_core.watch.alerts.standing_file import StandingFile
from prosepolish_core.watch.alerts.standing_store import CONFIRMED_S, StandingStore

pytestmark = pytest.mark.live
NOW = 1_800_000_000.125
PAST = Trouble(NOW - 900, NOW - 600, State.DOWN, "Away.")
DOWN = Standing(
    "redis", State.DOWN, "Away.", "Start it.", NOW, NOW, NOW - 2, effect=Effect(9, 1, "postgres", 0.5), onset=NOW, past=PAST
)
UP = Standing("postgres", State.UP, "It answers.", "", NOW - 60, NOW, NOW)

Memory = StandingStore | StandingFile


@pytest.fixture
def pool(database_url: str) -> Iterator[PostgresPool]:
    """A migrated store."""
    found = PostgresPool(database_url, size=1, role="test")
    yield found
    found.close()


@pytest.fixture(params=["table", "file"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Memory:
    """Either of them."""
    if request.param == "file":
        return StandingFile(tmp_path / "new" / "standings.json")
    return StandingStore(request.getfixturevalue("pool"))


def test_what_was_written_is_read_back(memory: Memory) -> None:
    """State, instants, effect and the trouble before; writing one leaves the others."""
    memory.write([DOWN, UP])
    assert dict(memory.read()) == {"redis": DOWN, "postgres": UP}
    memory.write([UP])
    assert dict(memory.read())["redis"] == DOWN


def test_the_earlier_of_two_processes_that_saw_the_same_fall_is_right(pool: PostgresPool) -> None:
    """They look a moment apart; what lies before an end in between is another fall."""
    store = StandingStore(pool)
    for later_s in (0.0, 1.5):
        store.write([Standing("redis", State.DOWN, "Away.", "", NOW + later_s, NOW + later_s)])
    assert store.read()["redis"].since == NOW
    again = Standing("redis", State.DOWN, "Away.", "", NOW + 90, NOW + 90, past=Trouble(NOW, NOW + 60, State.DOWN, ""))
    store.write([again])
    assert store.read()["redis"].since == NOW + 90


def test_rows_that_nobody_confirmed_lately_say_nothing_about_now(pool: PostgresPool) -> None:
    """The process that wrote them may be gone."""
    store = StandingStore(pool)
    store.write([DOWN])
    assert [s.name for s in store.current(NOW + 1)] == ["redis"]
    assert store.current(NOW + CONFIRMED_S + 1).all == ()


@pytest.mark.parametrize("text", ["", "[]x", '[{"name": 1}]', '{"redis": "down"}'])
def test_a_file_that_is_not_ours_is_no_memory(tmp_path: Path, text: str) -> None:
    """Half written, or of somebody else."""
    (tmp_path / "standings.json").write_text(text)
    with pytest.raises(StoreUnavailable):
        StandingFile(tmp_path / "standings.json").read()

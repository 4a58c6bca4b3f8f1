"""The port RunWriter, held by the sample store, by the collectors' writer of all parts,
and by the shelf that their tests use.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from collectors.writing import RunParts
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.errors import StoreUnavailable
from prosepolish_core.model.sample import SlowCommand
from prosepolish_core.model.window import Window
from prosepolish_core.ports import RunWriter
from prosepolish_core.watch.series.sample_store import SampleStore
from prosepolish_core.watch.series.slow_commands import SlowCommands
from tests.collectors.parts import Shelf, run_at

TICKS = (1_790_000_010, 1_790_000_020, 1_790_000_030)
WINDOW = Window(datetime.fromtimestamp(TICKS[0] - 60, UTC), datetime.fromtimestamp(TICKS[-1] + 60, UTC))


@dataclass
class Subject:
    """A writer, and the ticks it keeps, oldest first."""

    writer: RunWriter
    kept: Callable[[], list[int]]


@pytest.fixture(
    params=[pytest.param("samples", marks=pytest.mark.live), pytest.param("all parts", marks=pytest.mark.live), "shelf"]
)
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    """One of the three."""
    if request.param == "shelf":
        shelf = Shelf()
        yield Subject(shelf, lambda: sorted(tick for _, _, tick in shelf.kept))
        return
    pool = PostgresPool(request.getfixturevalue("database_url"), size=2, role="test")
    store = SampleStore(pool)
    writer: RunWriter = store if request.param == "samples" else RunParts(store, SlowCommands(pool))
    yield Subject(writer, lambda: sorted(int(run.ts.timestamp()) for run in store.runs(WINDOW)))
    pool.close()


def test_a_run_written_twice_is_kept_once(subject: Subject) -> None:
    """In one batch or in two, with the same parts or with others: the first counts."""
    slow = (SlowCommand(1, TICKS[0], 0.2, "get", 2, "dict", ""),)
    first = [replace(run_at(tick), slow=slow) for tick in TICKS[:2]]
    subject.writer.write(first)
    subject.writer.write([*first, replace(first[0], detail="again"), run_at(TICKS[2])])
    assert subject.kept() == list(TICKS)


def test_no_run_is_no_work(subject: Subject) -> None:
    """An empty batch writes nothing and raises nothing."""
    subject.writer.write([])
    assert subject.kept() == []


def test_ticks_of_two_sources_do_not_mix(subject: Subject) -> None:
    """What is unique is the source, the collector and the tick together."""
    subject.writer.write([run_at(TICKS[0], "cache"), run_at(TICKS[0], "state")])
    assert subject.kept() == [TICKS[0], TICKS[0]]


@pytest.mark.parametrize("parts", [False, True], ids=["samples", "all parts"])
def test_with_the_store_away_it_is_said_in_one_type(parts: bool) -> None:
    """StoreUnavailable, never a driver's exception."""
    pool = PostgresPool("postgresql://127.0.0.1:9/nowhere", size=1, role="test")
    writer: RunWriter = RunParts(SampleStore(pool), SlowCommands(pool)) if parts else SampleStore(pool)
    with pytest.raises(StoreUnavailable):
        writer.write([run_at(TICKS[0])])
    pool.close()

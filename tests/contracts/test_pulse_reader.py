"""The port PulseReader, held by the sample store and by the small reader of those who need nothing else."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.model.sample import RunOutcome
from prosepolish_core.model.series import Pulse
from prosepolish_core.ports import PulseReader
from prosepolish_core.watch.series.newest import Pulses
from prosepolish_core.watch.series.sample_store import SampleStore
from tests.collectors.parts import run_at

pytestmark = pytest.mark.live
TICKS = (1_790_000_010, 1_790_000_020, 1_790_000_030)


@pytest.fixture(params=[SampleStore, Pulses])
def reader(request: pytest.FixtureRequest, database_url: str) -> Iterator[PulseReader]:
    """One of the two, over three runs of one collector, the last of which failed."""
    pool = PostgresPool(database_url, size=2, role="test")
    runs = [run_at(tick) for tick in TICKS]
    SampleStore(pool).write([*runs[:2], replace(runs[2], outcome=RunOutcome.TIMEOUT, detail="no answer", samples=())])
    make: Callable[[PostgresPool], PulseReader] = request.param
    yield make(pool)
    pool.close()


def test_the_newest_run_is_told_whatever_came_of_it(reader: PulseReader) -> None:
    """With how often the collector runs; nothing of a collector that never ran."""
    newest = run_at(TICKS[2])
    told = Pulse(newest.collector, newest.source, newest.ts, "timeout", "no answer", 10.0)
    assert reader.pulses(newest.collector) == [told]
    assert reader.pulses("nobody") == []


def test_of_an_instant_the_run_before_it_is_told(reader: PulseReader) -> None:
    """As the page of a past window shows it."""
    before = run_at(TICKS[1])
    found = reader.pulses(before.collector, datetime.fromtimestamp(TICKS[2] - 1, UTC))
    assert [(pulse.ts, pulse.outcome) for pulse in found] == [(before.ts, "ok")]

"""The calls of the last minute, as fresh as they are flushed, from a real store."""

import time
from collections.abc import Iterator

import pytest

from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.errors import StoreUnavailable
from prosepolish_core.model.outcome import Family, Outcome, Tier, TraceStep
from prosepolish_core.model.standing import Calls, Effect
from prosepolish_core.watch.counts.reader import PostgresTelemetry
from prosepolish_core.watch.counts.recent_calls import RecentCalls
from prosepolish_core.watch.counts.recorder import BufferedRecorder
from prosepolish_core.watch.counts.writer import PostgresTelemetryWriter

pytestmark = pytest.mark.live


class Clock:
    """Now, and later when told."""

    def __init__(self) -> None:
        self.now = time.time() - 300

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock that only we turn."""
    return Clock()


@pytest.fixture
def pool(database_url: str) -> Iterator[PostgresPool]:
    """A migrated store."""
    found = PostgresPool(database_url, size=3, role="test")
    yield found
    found.close()


def called(pool: PostgresPool, clock: Clock, outcome: Outcome, times: int) -> None:
    """So many words, asked of Redis with this outcome and then of PostgreSQL, which knows them; by a new process."""
    recorder = BufferedRecorder(PostgresTelemetryWriter(pool), clock=clock)
    steps = (TraceStep(Tier.REDIS, outcome, 0.0, 0.001), TraceStep(Tier.POSTGRES, Outcome.HIT, 0.001, 0.003))
    for _ in range(times):
        recorder.record(Family.DICTIONARY, steps)
    assert recorder.flush()


def test_the_end_of_a_fault_is_seen_within_one_flush(pool: PostgresPool, clock: Clock) -> None:
    """Calls of one bucket that failed, then calls that did not: the newest are only the latter."""
    recent = RecentCalls(PostgresTelemetry(pool))
    clock.now += 1 - clock.now % 10  # a second into a bucket
    recent.read(clock.now)
    called(pool, clock, Outcome.ERROR, 5)
    clock.now += 2
    recent.read(clock.now)
    assert recent.newest(Tier.REDIS, clock.now) == Calls(0, 0, 0, 5, clock.now)
    clock.now += 7
    called(pool, clock, Outcome.HIT, 4)
    recent.read(clock.now)
    assert recent.newest(Tier.REDIS, clock.now) == Calls(4, 0, 0, 0, clock.now)
    assert recent.minute(Tier.REDIS) == Calls(4, 0, 0, 5, clock.now)
    assert recent.failed_at(Tier.REDIS) == clock.now - 7


def test_too_few_calls_are_told_with_those_before_them(pool: PostgresPool, clock: Clock) -> None:
    """One call says little; a call of half a minute ago is better than nothing."""
    recent = RecentCalls(PostgresTelemetry(pool))
    for times, later in ((2, 30), (1, 0)):
        called(pool, clock, Outcome.TIMEOUT, times)
        recent.read(clock.now)
        clock.now += later
    assert recent.newest(Tier.REDIS, clock.now) == Calls(0, 0, 3, 0, clock.now)


def test_what_was_flushed_late_is_not_of_now(pool: PostgresPool, clock: Clock) -> None:
    """A process that was cut off sends its old counts: they are as old as their bucket."""
    recent = RecentCalls(PostgresTelemetry(pool))
    recent.read(clock.now)
    bucket = clock.now - clock.now % 10
    called(pool, clock, Outcome.ERROR, 5)
    clock.now += 40
    recent.read(clock.now)
    found = recent.newest(Tier.REDIS, clock.now)
    assert found is not None
    assert found.seen_at == bucket + 10
    clock.now += 31
    recent.read(clock.now)
    assert recent.minute(Tier.REDIS) is None


def test_the_effect_names_who_answers_and_what_it_takes_longer(pool: PostgresPool, clock: Clock) -> None:
    """Before: 10 ms a word. Now: Redis fails, PostgreSQL answers all, nothing is lost, and it takes less."""
    recorder = BufferedRecorder(PostgresTelemetryWriter(pool), clock=clock)
    recorder.record(Family.DICTIONARY, (TraceStep(Tier.REDIS, Outcome.HIT, 0.0, 0.001),))
    assert recorder.flush()
    clock.now += 120
    called(pool, clock, Outcome.ERROR, 5)
    recent = RecentCalls(PostgresTelemetry(pool))
    recent.read(clock.now)
    effect = recent.effect(clock.now, clock.now - 30, without=Tier.REDIS)
    assert effect is not None
    assert effect[:3] == Effect(5, 0, "postgres")[:3]
    assert effect.added_s == pytest.approx(0.003)


def test_without_the_store_nothing_is_known_and_nothing_is_made_up() -> None:
    """No calls, no effect: not zero of them."""
    pool = PostgresPool("postgresql://nobody@127.0.0.1:1/none", size=1, role="test")
    recent = RecentCalls(PostgresTelemetry(pool))
    with pytest.raises(StoreUnavailable):
        recent.read(time.time())
    assert recent.newest(Tier.REDIS, time.time()) is None
    assert recent.effect(time.time(), time.time() - 60, without=Tier.REDIS) is None

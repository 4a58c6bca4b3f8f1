"""The census's rolling walk on a real Valkey: what a sample holds, and how much is asked for at once."""

from collections.abc import Iterator

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from collectors import redis_census
from collectors.reading import ObservedServer, ScheduledRead
from collectors.redis_census import (
    COMMANDS_A_KEY,
    OLD_S,
    PAGE,
    SAMPLE_KEYS,
    SHARE,
    SLICE_KEYS,
    SMALLEST_PAGE,
    CensusMemory,
    fitting,
    keys_in,
    read_slice,
)
from prosepolish_core.watch.redis_info.census import KeyFacts, Slice
from prosepolish_core.watch.redis_info.redis_observer import Observer

pytestmark = pytest.mark.live
ENTRY: ScheduledRead[ObservedServer] = ScheduledRead("redis_census", "", redis_census.read, budget_s=5.0)


@pytest.fixture
def instance(valkey_url: str) -> Iterator[ObservedServer]:
    """A server with 2,500 keys of which two families are known."""
    with redis.Redis.from_url(valkey_url) as client:
        client.mset({f"dict:w{n}": "x" * (n % 400) for n in range(2000)} | {f"settings:{n}": "{}" for n in range(500)})
    made = ObservedServer("cache", Observer(valkey_url))
    yield made
    made.observer.close()


def of_keys(count: int) -> Slice:
    """A slice of so many keys."""
    part = Slice()
    for n in range(count):
        part.add(KeyFacts(b"dict:%d" % n, 100, 1000))
    return part


def test_a_walk_reads_every_key_once(instance: ObservedServer) -> None:
    """Slices of one walk add up to the keyspace, whatever their size."""
    memory, walk = CensusMemory(), []
    while not memory.passes:
        walk.append(read_slice(instance.observer, memory, ENTRY, 300))
    assert keys_in(walk) == 2500
    assert all(300 <= part.keys < 300 + 2 * PAGE for part in walk[:-1])


def test_a_small_keyspace_is_counted_and_not_estimated(instance: ObservedServer) -> None:
    """From the first whole walk on the interval is closed, in the middle of the next walks too."""
    for tick in range(8):
        found = {(s.metric, *(v for _, v in s.labels)): s.value for s in redis_census.read(instance, ENTRY).samples}
        if tick >= 2:
            assert {found["census_keys", "settings", stat] for stat in ("low", "value", "high")} == {500.0}


def test_of_a_large_keyspace_the_newest_keys_are_kept() -> None:
    """A sample is as large as asked for and no larger than by a slice; an unending walk is not remembered whole."""
    memory = CensusMemory(cursor=1)
    for _ in range(50):
        memory.add(of_keys(1000))
    assert SAMPLE_KEYS <= keys_in(memory.sample(1_000_000)) < SAMPLE_KEYS + 1000
    assert keys_in(memory.walk) <= SAMPLE_KEYS + 1000


def test_a_keyspace_that_has_grown_is_not_judged_by_its_last_whole_walk() -> None:
    """The walk under way counts as soon as it has seen more."""
    memory = CensusMemory(cursor=0)
    memory.add(of_keys(10))
    memory.cursor = 1
    memory.add(of_keys(500))
    assert keys_in(memory.sample(5000)) == 500


def walked(keys: int, read_at: float = 0.0) -> CensusMemory:
    """A memory that has walked so many keys, as much at a time as the budget allows."""
    memory = CensusMemory()
    for left in range(keys, 0, -SLICE_KEYS):
        memory.cursor = int(left > SLICE_KEYS)
        part = of_keys(min(SLICE_KEYS, left))
        part.read_at = read_at
        memory.add(part)
    return memory


@given(st.integers(1, 3 * SAMPLE_KEYS), st.floats(0, 1e6), st.floats(0, 1e6))
def test_of_a_keyspace_that_is_known_a_tick_costs_a_share_of_the_traffic(keys: int, before: float, asked: float) -> None:
    """Or a page, where nobody asks; and never more than its budget. A counter that was reset is no traffic."""
    memory = walked(keys)
    memory.pace(keys, before, 1.0)
    most = memory.pace(keys, before + asked, 2.0)
    assert SMALLEST_PAGE <= most <= SLICE_KEYS
    assert most == SMALLEST_PAGE or most * COMMANDS_A_KEY <= SHARE * asked
    assert memory.pace(keys, 0.0, 3.0) == SMALLEST_PAGE


@pytest.mark.parametrize(
    ("keys", "now", "full"), [(1000, 1.0, False), (1120, 1.0, True), (880, 1.0, True), (0, 1.0, True), (1000, OLD_S + 1, True)]
)
def test_what_has_moved_or_is_old_is_walked_as_fast_as_the_budget_allows(keys: int, now: float, full: bool) -> None:
    """More than a tenth of the keys came or went, or the oldest one was read ten minutes ago."""
    assert (walked(1000).pace(keys, 0.0, now) == SLICE_KEYS) is full


def test_a_server_that_nobody_asks_is_hardly_asked_by_us(instance: ObservedServer) -> None:
    """After the first walk; and after FLUSHALL the next tick tells that nothing is left, the one after counts it."""
    for _ in range(4):
        redis_census.read(instance, ENTRY)
    before = instance.observer.charges["redis_census"].calls
    found = {s.metric: s.value for s in redis_census.read(instance, ENTRY).samples if not s.labels}
    assert instance.observer.charges["redis_census"].calls - before <= 2 + COMMANDS_A_KEY * 3 * SMALLEST_PAGE
    assert (found["census_keyspace"], found["census_sample"]) == (2500, 2500)
    instance.observer.ask_all("test", [("FLUSHALL",)])
    next_tick, after_that = (
        {s.metric: s.value for s in redis_census.read(instance, ENTRY).samples if not s.labels} for _ in range(2)
    )
    assert next_tick["census_keyspace"] == 0
    assert (after_that["census_keyspace"], after_that["census_sample"], after_that["census_oldest"]) == (0, 0, 0)


def test_a_busy_server_is_asked_for_less() -> None:
    """Half as much each time, never nothing; and step by step as much as before once it is quick again."""
    pages = [PAGE]
    for busy in (True, True, True, True, False, False, False, False, False):
        pages.append(fitting(pages[-1], busy))
    assert min(pages) == SMALLEST_PAGE
    assert pages[-1] == PAGE
    assert pages[1:3] == [PAGE // 2, PAGE // 4]

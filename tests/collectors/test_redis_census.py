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
    memory.passes = 1
    return memory


@given(st.integers(1, 3 * SAMPLE_KEYS), st.lists(st.floats(-1000, 1e6), min_size=1, max_size=20))
def test_once_the_keys_are_known_the_census_asks_a_share_of_what_others_ask(keys: int, asked: list[float]) -> None:
    """Over any stretch, and never more than its budget in a tick. A counter that was reset is no traffic."""
    memory, others, read = walked(keys), 0.0, 0
    for tick, more in enumerate(asked):
        others = max(0.0, others + more)
        most = memory.pace(keys, others, float(tick))
        assert most == 0 or SMALLEST_PAGE <= most <= SLICE_KEYS
        read += most
    assert read * COMMANDS_A_KEY <= SHARE * sum(max(0.0, more) for more in asked) + 1e-6


@pytest.mark.parametrize(
    ("keys", "now", "full"),
    [
        (1000, 1.0, False),
        (4000, 1.0, False),
        (4001, 1.0, True),
        (500, 1.0, False),
        (499, 1.0, True),
        (0, 1.0, True),
        (1000, OLD_S, False),
        (1000, OLD_S + 1, True),
    ],
)
def test_what_has_moved_far_or_is_old_is_walked_as_fast_as_the_budget_allows(keys: int, now: float, full: bool) -> None:
    """More than half of the keys went, there are more than four times as many, or an hour has passed."""
    assert walked(1000).pace(keys, 0.0, now) == (SLICE_KEYS if full else 0)


def test_the_first_walk_is_hurried_to_its_end() -> None:
    """A newcomer sees what lies in the cache at once."""
    memory = CensusMemory(cursor=1)
    memory.add(of_keys(1000))
    assert memory.pace(1500, 0.0, 1.0) == SLICE_KEYS


def test_a_server_that_nobody_asks_is_not_walked_again_and_again(instance: ObservedServer) -> None:
    """After the first walk; and after FLUSHALL the next tick tells that nothing is left, the one after counts it."""
    for _ in range(4):
        redis_census.read(instance, ENTRY)
    before = instance.observer.charges["redis_census"].calls
    found = {s.metric: s.value for s in redis_census.read(instance, ENTRY).samples if not s.labels}
    assert instance.observer.charges["redis_census"].calls - before == 1  # DBSIZE
    assert (found["census_keyspace"], found["census_sample"]) == (2500, 2500)
    instance.observer.ask_all("test", [("FLUSHALL",)])
    next_tick, after_that = (
        {s.metric: s.value for s in redis_census.read(instance, ENTRY).samples if not s.labels} for _ in range(2)
    )
    assert next_tick["census_keyspace"] == 0
    assert (after_that["census_keyspace"], after_that["census_sample"]) == (0, 0)


def test_a_busy_server_is_asked_for_less() -> None:
    """Half as much each time, never nothing; and step by step as much as before once it is quick again."""
    pages = [PAGE]
    for busy in (True, True, True, True, False, False, False, False, False):
        pages.append(fitting(pages[-1], busy))
    assert min(pages) == SMALLEST_PAGE
    assert pages[-1] == PAGE
    assert pages[1:3] == [PAGE // 2, PAGE // 4]

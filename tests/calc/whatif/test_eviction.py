"""A limit of memory: near to exact simulations, and never better with less room."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prosepolish_core.calc.whatif.eviction import evicted_lives, evictions, pressure
from prosepolish_core.calc.whatif.lifetimes import lives
from prosepolish_core.calc.whatif.occupancy import by_age
from prosepolish_core.calc.whatif.policies import CHANCE, LRU, AgeLimit
from prosepolish_core.calc.whatif.reads import Reads
from prosepolish_core.calc.whatif.sampled import sampled_misses
from prosepolish_core.model.whatif import Policy

from .traces import Touch, lru_misses, reads_of, refusing_misses, same, zipf

ROWS = zipf(12_000, 2_000)
ALL = sum({row.key: row.size for row in ROWS}.values())
HOUR, FOREVER = 3_600_000, 1 << 35
EXACT = AgeLimit((1.0,))


def hits(reads: Reads, ttl_ms: int, room: float, limit: AgeLimit) -> float:
    ttl = same(reads, ttl_ms)
    free = lives(reads, ttl)
    found = pressure(reads, ttl, room, limit, by_age(reads, ttl, free))
    return 1 - float((free if found is None else evicted_lives(reads, ttl, found)).miss.mean())


@pytest.mark.parametrize("ttl_ms", [HOUR, 4 * HOUR, FOREVER])
@pytest.mark.parametrize("share", [0.03, 0.1, 0.3])
def test_hit_rates_are_those_of_exact_lru_to_half_a_point(ttl_ms: int, share: float) -> None:
    """By bytes and with times to live, against a simulation read by read."""
    exact = 1 - lru_misses(ROWS, ttl_ms, ALL * share) / len(ROWS)
    assert abs(hits(reads_of(ROWS), ttl_ms, ALL * share, EXACT) - exact) < 0.005


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_sampled_lru_is_what_playing_its_samples_gives(share: float) -> None:
    """The spread of ages stands for five samples and a pool of sixteen, to 0.7 points."""
    reads = reads_of(ROWS)
    played = 1 - sampled_misses(reads, same(reads, 4 * HOUR), ALL * share, Policy.ALLKEYS_LRU, 5).mean()
    assert abs(hits(reads, 4 * HOUR, ALL * share, LRU[5]) - played) < 0.007


def test_chance_is_worse_than_lru_for_reads_like_these_and_better_than_nothing() -> None:
    """Order of the policies at a tenth of the memory."""
    reads = reads_of(ROWS)
    found = [hits(reads, FOREVER, ALL * 0.1, limit) for limit in (LRU[10], LRU[5], LRU[3], CHANCE)]
    assert found == sorted(found, reverse=True)
    assert found[-1] > 0.3


SMALL = st.lists(
    st.builds(Touch, at=st.integers(0, 10_000), key=st.integers(0, 12), size=st.integers(1, 50)), min_size=2, max_size=80
).map(lambda rows: sorted(Touch(row.at, row.key, 10 + row.key) for row in rows))


@settings(max_examples=30)
@given(SMALL, st.floats(5, 200), st.floats(0, 200))
def test_more_memory_never_lowers_hits_under_lru(rows: list[Touch], room: float, more: float) -> None:
    """The stack property: without times to live."""
    reads = reads_of(rows)
    assert hits(reads, FOREVER, room + more, EXACT) >= hits(reads, FOREVER, room, EXACT)


@settings(max_examples=30)
@given(SMALL, st.integers(10, 5000), st.floats(5, 200))
def test_a_server_that_refuses_is_simulated_exactly(rows: list[Touch], ttl_ms: int, room: float) -> None:
    """`noeviction`: over its limit it keeps nothing new."""
    reads = reads_of(rows)
    found = int(sampled_misses(reads, same(reads, ttl_ms), room, Policy.NOEVICTION, 5).sum())
    assert found == refusing_misses(rows, ttl_ms, room)


@settings(max_examples=40)
@given(SMALL, st.integers(10, 5000), st.sampled_from([p for p in Policy if not p.endswith(("lru", "random"))]))
def test_with_room_for_all_no_policy_matters(rows: list[Touch], ttl_ms: int, policy: Policy) -> None:
    """Every one gives the misses of a server without a limit."""
    reads = reads_of(rows)
    ttl = same(reads, ttl_ms)
    assert sampled_misses(reads, ttl, 1e9, policy, 5).tolist() == lives(reads, ttl).miss.tolist()


def test_what_ends_soonest_goes_first() -> None:
    """`volatile-ttl` keeps the value that was filled last."""
    rows = [Touch(0, 1), Touch(10, 2), Touch(20, 3), Touch(30, 3), Touch(40, 1)]
    reads = reads_of(rows)
    by_key = sampled_misses(reads, same(reads, 1000), 200, Policy.VOLATILE_TTL, 5)
    assert int(by_key.sum()) == 4


def test_evictions_are_counted() -> None:
    """As many values as an exact simulation loses, to two in a hundred."""
    reads = reads_of(ROWS)
    ttl = same(reads, FOREVER)
    free = by_age(reads, ttl, lives(reads, ttl))
    found = pressure(reads, ttl, ALL * 0.1, EXACT, free)
    assert found is not None
    after = evicted_lives(reads, ttl, found)
    lost = evictions(reads, ttl, after, found)
    lying = reads.bytes[after.miss].sum() - reads.bytes[lost].sum()
    assert abs(lying / (ALL * 0.1) - 1) < 0.02

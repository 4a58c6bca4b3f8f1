"""Lives of values without a limit of memory: exactly what a plain dictionary of ends gives."""

from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.calc.whatif.lifetimes import lives, until
from prosepolish_core.model.access import Source

from .traces import Touch, misses, reads_of, same

ROWS = st.lists(
    st.builds(
        Touch,
        at=st.integers(0, 100),
        key=st.integers(0, 4),
        size=st.sampled_from([100, 100, 100, 0]),
        source=st.sampled_from([Source.REDIS, Source.REDIS, Source.GEMINI, Source.SHARED, Source.DROPPED]),
    ),
    min_size=1,
    max_size=60,
).map(lambda rows: sorted(rows, key=lambda row: row.at))
READ_ONLY = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 4)), min_size=1, max_size=60).map(
    lambda pairs: [Touch(at, key) for at, key in sorted(pairs)]
)


@given(ROWS, st.integers(1, 60))
def test_misses_are_exactly_those_of_a_plain_simulation(rows: list[Touch], ttl_ms: int) -> None:
    """With drops, values that were not kept, and reads that waited for others."""
    reads = reads_of(rows)
    assert int(lives(reads, same(reads, ttl_ms)).miss.sum()) == misses(rows, ttl_ms)


@given(READ_ONLY, st.integers(4, 60), st.sampled_from([0.1, 0.25, 0.5]))
def test_so_they_are_where_reads_towards_the_end_refresh(rows: list[Touch], ttl_ms: int, grace: float) -> None:
    """Such a read is a hit, and begins a new life."""
    reads = reads_of(rows)
    assert int(lives(reads, same(reads, ttl_ms, grace)).miss.sum()) == misses(rows, ttl_ms, grace)


@given(READ_ONLY, st.integers(1, 60), st.integers(0, 60))
def test_a_longer_time_to_live_never_lowers_hits(rows: list[Touch], ttl_ms: int, more: int) -> None:
    """Without a limit of memory."""
    reads = reads_of(rows)
    assert lives(reads, same(reads, ttl_ms + more)).miss.sum() <= lives(reads, same(reads, ttl_ms)).miss.sum()


def test_a_dropped_value_ends_when_it_is_dropped() -> None:
    """And the next read misses, however long it would have lived."""
    rows = [Touch(0, 1), Touch(10, 1), Touch(20, 1, 0, Source.DROPPED), Touch(30, 1)]
    reads = reads_of(rows)
    found = lives(reads, same(reads, 1000))
    assert found.miss.tolist() == [True, False, True]
    assert until(reads, same(reads, 1000), found).tolist() == [1000, 20, 1030]

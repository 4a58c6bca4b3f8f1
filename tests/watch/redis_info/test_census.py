"""The census."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.watch.redis_info.census import UNKNOWN, Census, KeyFacts, Slice, estimate, family_of, prefix_of, samples


@pytest.mark.parametrize(
    ("key", "family"),
    [
        (b"dict:eloquent", "dict"),
        (b"user:7", "user"),
        (b"user:7:sessions", "user:sessions"),
        (b"ratelimit:user:7:llm", "ratelimit"),
        (b"other:1", UNKNOWN),
        (b"plain", UNKNOWN),
        (b"\xff\xfe:x", UNKNOWN),
    ],
)
def test_keys_belong_to_families_by_prefix_and_sub_key(key: bytes, family: str) -> None:
    """A user's session index is another family than the user."""
    assert family_of(key) == family


def test_unknown_prefixes_give_no_identifier_away() -> None:
    """Digits are blotted out, and a key without a separator is not shown at all."""
    assert prefix_of(b"cart42:alice") == "cart##"
    assert prefix_of(b"alice@example.org") == "(no prefix)"


def slices(keys: list[KeyFacts], size: int = 50) -> list[Slice]:
    """Keys in slices, as ticks would read them."""
    found = []
    for at in range(0, len(keys), size):
        part = Slice()
        for facts in keys[at : at + size]:
            part.add(facts)
        found.append(part)
    return found


KEYS = st.lists(
    st.builds(
        KeyFacts, st.sampled_from([b"dict:a", b"user:1", b"llm:x:y", b"zzz:1"]), st.integers(50, 20_000), st.integers(-1, 10**7)
    ),
    min_size=1,
    max_size=200,
)


@given(KEYS)
def test_a_whole_keyspace_is_counted_exactly(keys: list[KeyFacts]) -> None:
    """When every key was read, the estimate is the truth and the interval is closed."""
    census = estimate(slices(keys), len(keys))
    assert sum(c.keys.value for c in census.families) == pytest.approx(len(keys))
    assert census.total_size == pytest.approx((sum(k.size_bytes for k in keys),) * 3)
    for counted in census.families:
        mine = [k for k in keys if family_of(k.key) == counted.family]
        assert counted.no_ttl.value == pytest.approx(sum(k.ttl_ms < 0 for k in mine))
        assert counted.keys.low == counted.keys.high


@given(KEYS, st.integers(1, 1000))
def test_an_estimate_lies_in_its_interval(keys: list[KeyFacts], times: int) -> None:
    """Low, value and high are in order, and no interval goes below what was seen."""
    census: Census = estimate(slices(keys), len(keys) * times)
    for counted in census.families:
        for estimated in (counted.keys, counted.size, counted.no_ttl, counted.big):
            assert estimated.low <= estimated.value * 1.000001 + 1e-6
            assert estimated.value <= estimated.high * 1.000001 + 1e-6


def test_intervals_cover_the_truth() -> None:
    """In 200 samples of a known keyspace,
    at least 93 of 100 intervals hold the true bytes and the true keys without TTL.
    """
    chance = random.Random(5)
    keyspace = [
        KeyFacts(
            b"dict:a" if chance.random() < 0.7 else b"llm:x:y",
            int(chance.lognormvariate(6, 1)),
            -1 if chance.random() < 0.02 else 1000,
        )
        for _ in range(20_000)
    ]
    true_bytes = sum(k.size_bytes for k in keyspace)
    true_no_ttl = sum(k.ttl_ms < 0 for k in keyspace if k.key == b"dict:a")
    covered_bytes = covered_no_ttl = 0
    for _ in range(200):
        census = estimate(slices(chance.sample(keyspace, 1000), 1000), len(keyspace))
        covered_bytes += census.total_size.low <= true_bytes <= census.total_size.high
        words = next(c for c in census.families if c.family == "dict")
        covered_no_ttl += words.no_ttl.low <= true_no_ttl <= words.no_ttl.high
    assert covered_bytes >= 186
    assert covered_no_ttl >= 186


def test_intervals_cover_the_truth_where_a_few_values_are_large() -> None:
    """Where one value in 500 is 40 times as large as the others, the interval is as often too low as anywhere:
    in at most 1 of 20.
    """
    chance = random.Random(5)
    keyspace = [KeyFacts(b"dict:a", 12_000 if chance.random() < 0.002 else chance.randrange(100, 500), 1000) for _ in range(20_000)]
    true_bytes = sum(k.size_bytes for k in keyspace)
    totals = [estimate(slices(chance.sample(keyspace, 2000), 2000), len(keyspace)).total_size for _ in range(300)]
    assert sum(true_bytes > total.high for total in totals) <= 15
    assert sum(total.low <= true_bytes <= total.high for total in totals) >= 279


def test_samples_say_how_large_the_sample_was() -> None:
    """Keyspace and sample size stand beside the numbers, and the TTL distribution is cumulative."""
    found = samples(estimate(slices([KeyFacts(b"dict:a", 100, 30_000), KeyFacts(b"dict:b", 20_000, -1)]), 2))
    named = {(s.metric, s.labels): s.value for s in found}
    assert named["census_sample", ()] == named["census_keyspace", ()] == 2.0
    assert named["census_big", (("family", "dict"), ("stat", "value"))] == 1.0
    assert named["census_ttl", (("family", "dict"), ("le", "60"))] == 1.0
    assert named["census_ttl", (("family", "dict"), ("le", "+Inf"))] == 1.0


def test_an_empty_keyspace_has_no_families() -> None:
    """Nothing read gives zeros, not an error."""
    assert estimate([], 0) == Census((), (0.0, 0.0, 0.0), 0, 0, ())

"""Who is nearest to a limit, read from the counts in a real server."""

from collections.abc import Iterator

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from prosepolish_core.drivers.redis_client import connect
from prosepolish_core.drivers.redis_sweep import RedisSweep
from prosepolish_core.errors import CacheUnavailable, InvalidIdentifier
from prosepolish_core.live.limits.limiter import Limiter
from prosepolish_core.live.limits.named import NAMED, named
from prosepolish_core.live.limits.nearest import name_of, nearest, read_key
from prosepolish_core.live.limits.wire import keys_of, plan
from prosepolish_core.model.limit import Algorithm, Limit
from tests.support.waiting import REDIS_S


@pytest.fixture
def client(valkey_url: str) -> Iterator[redis.Redis]:
    """The state server."""
    with connect(valkey_url, timeout_s=REDIS_S, pool_size=8, role="test") as connection:
        yield connection


@pytest.mark.live
def test_the_largest_share_comes_first_whatever_the_limit_remembers_by(client: redis.Redis) -> None:
    """Three ways to remember, one of them used up: each tells its use, its name where it has one, and its wait."""
    limiter = Limiter(client, deadline_s=REDIS_S)
    for _ in range(7):
        limiter.check_named("llm", "ann:1")
    for _ in range(2):
        limiter.check("ip:9", [Limit(8, 600, Algorithm.GCRA)])
    for _ in range(5):
        limiter.check("job", [Limit(4, 600, Algorithm.WINDOW)], request_id=None)
    limiter.check("kept", [Limit(100, 600)], request_id="remembered")
    found = nearest(limiter, RedisSweep(client, "ratelimit"), within_s=60)
    limiter.close()
    told = [(one.subject, one.name, one.used, one.limit.amount) for one in found.subjects]
    assert told == [("job", "", 4, 4), ("user:ann%3A1:llm", "llm", 7, 10), ("ip:9", "", 2, 8), ("kept", "", 1, 100)]
    assert found.subjects[0].wait_s > 0
    assert found.complete
    assert found.looked_at == 5  # the remembered request is a key, and no count


@pytest.mark.live
def test_looking_charges_nothing(client: redis.Redis) -> None:
    """However often the page is refreshed."""
    limiter = Limiter(client, deadline_s=REDIS_S)
    limiter.check_named("llm", "ann")
    uses = [nearest(limiter, RedisSweep(client, "ratelimit"), within_s=60).subjects[0].used for _ in range(3)]
    limiter.close()
    assert uses == [1, 1, 1]


def test_a_server_that_is_away_is_said() -> None:
    """It is no empty list."""
    with connect("redis://127.0.0.1:9/0", timeout_s=REDIS_S, pool_size=2, role="test") as away:
        limiter = Limiter(away)
        with pytest.raises(CacheUnavailable):
            nearest(limiter, RedisSweep(away, "ratelimit"))
        limiter.close()


@pytest.mark.live
def test_a_server_that_goes_away_during_the_walk_is_said_too(client: redis.Redis) -> None:
    """The names of the counts came, and nobody can say any more what is in them."""
    there = Limiter(client, deadline_s=REDIS_S)
    there.check_named("llm", "ann")
    with connect("redis://127.0.0.1:9/0", timeout_s=REDIS_S, pool_size=2, role="test") as away:
        gone = Limiter(away)
        with pytest.raises(CacheUnavailable):
            nearest(gone, RedisSweep(client, "ratelimit"), within_s=60)
        gone.close()
    there.close()


@given(st.text(min_size=1, max_size=40), st.sampled_from(list(Algorithm)), st.booleans())
def test_a_key_tells_the_subject_and_the_limit_it_was_made_of(subject: str, how: Algorithm, tagged: bool) -> None:
    """Of any subject, in a cluster or not."""
    limit = Limit(10, 60, how)
    try:
        (key,) = keys_of(subject, plan([limit], 1), tagged).names
    except InvalidIdentifier:
        return
    assert read_key(key) == (subject, limit)


@pytest.mark.parametrize(
    "key", ["ratelimit:a:r0011", "ratelimit:l10-60", "dict:word", "ratelimit:a:l0x-9", "ratelimit:%ff:l1-1", ""]
)
def test_what_counts_nothing_is_no_count(key: str) -> None:
    """A remembered request, another family, bytes that are no text."""
    assert read_key(key) is None


def test_every_named_limit_is_found_by_its_subject() -> None:
    """And a subject of that shape with another limit is not taken for it."""
    for name, row in NAMED.items():
        subject, limits = named(name, "u:1" if "{id}" in row.subject else "")
        assert [name_of(subject, limit) for limit in limits] == [name] * len(limits)
        assert name_of(subject, Limit(77, 77)) == ""

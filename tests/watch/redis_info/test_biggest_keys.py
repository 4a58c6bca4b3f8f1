"""The biggest keys of a real server, and whose names are told."""

import pytest
import redis

from prosepolish_core.drivers.redis_client import connect
from prosepolish_core.errors import CacheUnavailable
from prosepolish_core.watch.redis_info.biggest_keys import HIDDEN, biggest
from tests.support.waiting import REDIS_S


@pytest.mark.live
def test_the_biggest_come_first_and_names_with_peoples_data_are_hidden(valkey_url: str) -> None:
    """A word and a limit's subject are told apart from a user; an unknown key could be anything."""
    with redis.Redis.from_url(valkey_url) as client:
        sizes = {"dict:word": 9000, "user:ann": 50_000, "tmp:secret": 30_000, **{f"dict:w{n}": 10 for n in range(500)}}
        for key, size in sizes.items():
            client.set(key, "x" * size)
        found = biggest(client, most=3, within_s=60)

        assert [(key.name, key.family) for key in found.keys] == [(HIDDEN, "user"), (HIDDEN, "(unknown)"), ("dict:word", "dict")]
        assert [key.size_bytes >= size for key, size in zip(found.keys, (50_000, 30_000, 9000), strict=True)] == [True] * 3
        assert (found.read, found.complete) == (503, True)

        part = biggest(client, most=3, keys=100, within_s=60)
        assert not part.complete
        assert 100 <= part.read < 503


def test_a_server_that_is_away_is_said() -> None:
    """It is no empty list."""
    with connect("redis://127.0.0.1:9/0", timeout_s=REDIS_S, pool_size=2, role="test") as away, pytest.raises(CacheUnavailable):
        biggest(away)

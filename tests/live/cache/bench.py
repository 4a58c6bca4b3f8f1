"""What the tests of this room share: a cache as one process has it, loaders, and how often each command ran."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import redis

from prosepolish_core.drivers.redis_client import connect
from prosepolish_core.live.cache import CacheLink, FamilyCache, Loaded
from prosepolish_core.live.cache.redis_cache import cache_server
from prosepolish_core.model import keys
from tests.support.waiting import REDIS_S
from tests.support.words import Remembers

Open = Callable[..., FamilyCache]


@contextmanager
def process(url: str, recorder: Remembers, **options: object) -> Iterator[FamilyCache]:
    """What one process has: its own client, link and cache."""
    client = connect(url, timeout_s=REDIS_S, pool_size=16, role="test")
    server = cache_server(client, timeout_s=REDIS_S, pool_size=16)
    link = CacheLink(server)
    yield FamilyCache(link, keys.LLM, recorder, **options)  # type: ignore[arg-type]
    link.close()
    server.close()
    client.close()


def answer(value: object, **more: object) -> Callable[[float], Loaded]:
    """A loader that gives this."""
    return lambda until: Loaded(value, **more)  # type: ignore[arg-type]


def calls(url: str) -> dict[str, int]:
    """How often each command ran."""
    with redis.Redis.from_url(url) as client:
        return {name.removeprefix("cmdstat_"): row["calls"] for name, row in client.info("commandstats").items()}

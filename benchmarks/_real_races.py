"""Races on real servers: a load, and an invalidation in the middle of it; then a read.

Ours and the peers' on the same server.
"""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from benchmarks import _peers
from benchmarks._schedules import Silent
from benchmarks._stack import valkey
from prosepolish_core.drivers.redis_client import connect
from prosepolish_core.live.cache import CacheLink, FamilyCache, Loaded
from prosepolish_core.live.cache.redis_cache import cache_server
from prosepolish_core.model import keys

SIDE_BY_SIDE = 8


def report(trials: int) -> int:
    """Print how many of so many races served an old value afterwards; return ours."""
    with valkey() as (server, _):
        ours = races(server.port, trials)
        print(f"real races, {trials} each: ours {ours} old values", flush=True)
        if _peers.ready():
            for peer in _peers.NAMES:
                print(
                    f"real races, {trials} each: {peer} {_peers.ask(peer, 'races', server.port, trials=trials)} old values",
                    flush=True,
                )
    return ours


def races(port: int, trials: int) -> int:
    """Two caches, as two processes have them; every trial one loads while the other invalidates."""
    caches = [_cache(port) for _ in range(2)]
    rng = random.Random(7)
    stale = []

    def one(number: int) -> None:
        identifier, truth = f"race{number}", ["old"]
        pauses = 0.005 + rng.random() * 0.01, rng.random() * 0.02

        def load(until: float) -> Loaded:
            value = truth[0]
            time.sleep(pauses[0])
            return Loaded(value)

        def change() -> None:
            time.sleep(pauses[1])
            truth[0] = "new"
            while not caches[1].invalidate(identifier):
                time.sleep(0.05)

        thread = threading.Thread(target=change)
        thread.start()
        caches[0].get_or_load(identifier, load, 5)
        thread.join()
        stale.extend(c for c in caches if c.get_or_load(identifier, load, 5).value == "old")

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        list(pool.map(one, range(trials)))
    for cache in caches:
        cache.link.close()
        cache.link.server.close()  # type: ignore[attr-defined]
    return len(stale)


def _cache(port: int) -> FamilyCache:
    client = connect(f"redis://127.0.0.1:{port}/0", timeout_s=0.5, pool_size=32, role="races")
    return FamilyCache(CacheLink(cache_server(client, timeout_s=0.5, pool_size=32)), keys.LLM, Silent())

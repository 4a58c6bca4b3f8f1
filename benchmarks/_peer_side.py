"""Runs inside the peers' environment: one library, one question, one JSON answer on the last line of its output."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

Load = Callable[[], Awaitable[Any]]
TTL = 60


class Peer:
    """A library as its own documentation tells to use it:
    read through with protection against stampedes, and delete.
    """

    def __init__(self, name: str, port: int) -> None:
        self.name = name
        getattr(self, "_" + name.replace(".", "_"))(port)

    def _cashews(self, port: int) -> None:
        from cashews import Cache

        cache = Cache()
        cache.setup(f"redis://127.0.0.1:{port}/0", client_side=False)

        async def read(key: str, load: Load) -> Any:
            @cache(ttl=TTL, key="{key}", lock=True)
            async def through(key: str) -> Any:
                return await load()

            return await through(key)

        self.read, self.drop = read, cache.delete
        self.get = cache.get

    def _aiocache(self, port: int) -> None:
        from aiocache import RedisCache, cached_stampede
        from aiocache.serializers import JsonSerializer

        cache = RedisCache(endpoint="127.0.0.1", port=port, serializer=JsonSerializer(), pool_max_size=200)

        async def read(key: str, load: Load) -> Any:
            protected = cached_stampede(lease=2, ttl=TTL, key_builder=lambda *_, **__: key)
            protected.cache = cache

            async def through() -> Any:
                return await load()

            value = await protected.get_from_cache(key)
            return value if value is not None else await _stampede(protected, through, key)

        async def _stampede(protected: Any, through: Any, key: str) -> Any:
            from aiocache.lock import RedLock

            async with RedLock(cache, key, 2):
                value = await cache.get(key)
                if value is None:
                    value = await through()
                    await cache.set(key, value, ttl=TTL)
                return value

        self.read, self.drop, self.get = read, cache.delete, cache.get

    def _cachefence(self, port: int) -> None:
        from cachefence import CacheFence
        from redis.asyncio import Redis

        cache: Any = CacheFence(Redis(port=port, max_connections=500))

        async def read(key: str, load: Load) -> Any:
            return await cache.get_or_set(key=key, ttl=TTL, recompute=load)

        self.read, self.drop = read, cache.invalidate

    def _dogpile_cache(self, port: int) -> None:
        from dogpile.cache import make_region

        region = make_region().configure(
            "dogpile.cache.redis",
            expiration_time=TTL,
            arguments={"host": "127.0.0.1", "port": port, "distributed_lock": True, "lock_timeout": 5, "thread_local_lock": False},
        )

        async def read(key: str, load: Load) -> Any:
            return await asyncio.to_thread(region.get_or_create, key, lambda: asyncio.run(load()))

        async def drop(key: str) -> Any:
            return await asyncio.to_thread(region.delete, key)

        self.read, self.drop, self.region = read, drop, region


async def races(peer: Peer, trials: int) -> int:
    """How often the old value is served after a delete that ran beside a load."""
    stale = 0
    rng = random.Random(7)

    async def one(number: int) -> None:
        nonlocal stale
        key, truth = f"{peer.name}:race:{number}", ["old"]

        async def load() -> str:
            value = truth[0]
            await asyncio.sleep(0.005 + rng.random() * 0.01)
            return value

        async def change() -> None:
            await asyncio.sleep(rng.random() * 0.02)
            truth[0] = "new"
            await peer.drop(key)

        await asyncio.gather(peer.read(key, load), change())
        stale += await peer.read(key, load) == "old"

    for first in range(0, trials, 8):
        await asyncio.gather(*(one(n) for n in range(first, min(first + 8, trials))))
    return stale


async def herd(peer: Peer, callers: int, at: float, load_s: float) -> dict[str, Any]:
    """One cold key, many callers: how often it is loaded, and when the last caller has its answer."""
    loads: list[float] = []

    async def load() -> str:
        loads.append(time.time())
        await asyncio.sleep(load_s)
        return "v"

    if peer.name == "dogpile.cache":
        ended: list[float] = []

        def sync() -> None:
            def creator() -> str:
                loads.append(time.time())
                time.sleep(load_s)
                return "v"

            time.sleep(max(0.0, at - time.time()))
            peer.region.get_or_create(f"{peer.name}:herd", creator)
            ended.append(time.time())

        threads = [threading.Thread(target=sync) for _ in range(callers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return {"loads": len(loads), "last": max(ended), "first_load": min(loads, default=0)}
    await peer.drop("warm-up")
    await asyncio.sleep(max(0.0, at - time.time()))
    await asyncio.gather(*(peer.read(f"{peer.name}:herd", load) for _ in range(callers)))
    return {"loads": len(loads), "last": time.time(), "first_load": min(loads, default=0)}


async def hits(peer: Peer, value: Any, rounds: int, calls: int) -> list[dict[str, float]]:
    """Microseconds of a hit, per round: this library's and a bare client's GET, interleaved."""
    import redis
    import redis.asyncio

    async def load() -> Any:
        return value

    port = int(sys.argv[3])
    await peer.read(f"{peer.name}:hit", load)
    bare_async, bare = redis.asyncio.Redis(port=port), redis.Redis(port=port)
    await bare_async.set("bare", json.dumps(value))
    found = []
    for _ in range(rounds):
        ours, theirs = [], []
        for _ in range(calls):
            began = time.perf_counter()
            if peer.name == "dogpile.cache":
                peer.region.get_or_create(f"{peer.name}:hit", lambda: value)
            else:
                await peer.read(f"{peer.name}:hit", load)
            ours.append(time.perf_counter() - began)
            began = time.perf_counter()
            if peer.name == "dogpile.cache":
                bare.get("bare")
            else:
                await bare_async.get("bare")
            theirs.append(time.perf_counter() - began)
        found.append({"p50": sorted(ours)[calls // 2] * 1e6, "bare": sorted(theirs)[calls // 2] * 1e6})
    return found


async def main() -> None:
    name, question, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    options = json.loads(sys.argv[4])
    print(json.dumps(await {"races": races, "herd": herd, "hits": hits}[question](Peer(name, port), **options)))


asyncio.run(main())

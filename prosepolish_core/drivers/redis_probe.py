"""Asking one Redis how it is: several pings by the monotonic clock, INFO, and whether it takes a write."""

from collections.abc import Mapping
from time import perf_counter
from typing import Any, NamedTuple

import redis

from .redis_faults import classify

PINGS = 5


class RedisProbe(NamedTuple):
    """What came back. `fault` is empty when every ping was answered, else the word for what went wrong.

    `late` says that it was answered only when asked with more patience than lookups have. `refusal` is the word for why
    a write was refused, or empty.
    """

    pings_s: tuple[float, ...] = ()
    info: Mapping[str, Any] = {}
    fault: str = ""
    late: bool = False
    refusal: str = ""


def probe(client: redis.Redis, key: str = "", pings: int = PINGS) -> RedisProbe:
    """Ping, read INFO once, and write to the key where one is given, which is never there.

    Never raises for a fault of the server.
    """
    times: list[float] = []
    try:
        client.ping()  # opens the connection, which is not what we time
        for _ in range(pings):
            before = perf_counter()
            client.ping()
            times.append(perf_counter() - before)
        info = _info(client)
        if info.get("role") == "slave" and (pool := getattr(client, "connection_pool", None)):
            pool.disconnect()  # it may have been the primary before: the next question goes where the name leads then
        return RedisProbe(tuple(times), info, refusal=_refusal(client, key) if key else "")
    except Exception as error:  # noqa: BLE001 - whatever the driver raises is an answer here
        return RedisProbe(tuple(times), {}, classify(error)[1])


def _refusal(client: redis.Redis, key: str) -> str:
    """Why a write is refused. `SET … XX` changes nothing where there is no such key, and is refused like any write."""
    try:
        client.set(key, "", xx=True, px=1)
    except redis.exceptions.ResponseError as error:
        return classify(error)[1]
    return ""


def _info(client: redis.Redis) -> Mapping[str, Any]:
    """INFO; of a cluster, the reply of its first node. Empty where the server does not permit it."""
    try:
        reply: Mapping[str, Any] = client.info()
    except redis.exceptions.NoPermissionError:
        return {}
    first = next(iter(reply.values()), None)
    return first if isinstance(first, Mapping) and "redis_version" in first else reply

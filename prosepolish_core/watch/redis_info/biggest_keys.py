"""The biggest keys of a server: a walk that somebody asks for, within a budget of keys and time."""

import heapq
from time import perf_counter
from typing import Any, NamedTuple

from ...drivers.redis_faults import unavailable
from ...model.keys import KEYS
from .census import UNKNOWN, family_of

PERSONAL = frozenset(key.family.value for key in KEYS if key.personal)
#: Shown in the place of a name that could tell whose it is.
HIDDEN = "(personal: not shown)"
PAGE = 200


class BigKey(NamedTuple):
    """One key and its size in memory; `name` is hidden for families with people's data and for unknown ones."""

    name: str
    family: str
    size_bytes: int


class BiggestKeys(NamedTuple):
    """The biggest first, how many keys were read, and whether those were all."""

    keys: tuple[BigKey, ...]
    read: int
    complete: bool


def biggest(client: Any, *, most: int = 15, keys: int = 20_000, within_s: float = 1.5) -> BiggestKeys:
    """Walk with SCAN, a page at a time. Raises CacheUnavailable. On a cluster: the primaries one after the other."""
    ends, found, read = perf_counter() + within_s, list[tuple[int, bytes]](), 0
    nodes = [{"target_nodes": node} for node in client.get_primaries()] if hasattr(client, "get_primaries") else [{}]
    try:
        for node in nodes:
            cursor: Any = None
            while cursor != 0:
                if read >= keys or perf_counter() > ends:
                    return _told(found, read, complete=False)
                reply, page = client.scan(cursor or 0, count=PAGE, **node)
                cursor = next(iter(reply.values())) if isinstance(reply, dict) else reply
                names = [key if isinstance(key, bytes) else key.encode() for key in page]
                pipeline = client.pipeline(transaction=False)
                for key in names:
                    pipeline.memory_usage(key)
                sized = {(size, key) for key, size in zip(names, pipeline.execute() if names else (), strict=True) if size}
                found, read = heapq.nlargest(most, {*found, *sized}), read + len(names)
    except Exception as error:
        raise unavailable(error) from error
    return _told(found, read, complete=True)


def _told(found: list[tuple[int, bytes]], read: int, *, complete: bool) -> BiggestKeys:
    return BiggestKeys(tuple(BigKey(_name(key), family_of(key), size) for size, key in sorted(found, reverse=True)), read, complete)


def _name(key: bytes) -> str:
    family = family_of(key)
    return HIDDEN if family == UNKNOWN or family.partition(":")[0] in PERSONAL else key.decode(errors="replace")

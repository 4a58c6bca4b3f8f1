"""redis_census: one slice of the keyspace a tick, by a rolling cursor, within a budget of keys and milliseconds."""

import time
from collections import deque
from dataclasses import dataclass, field

from prosepolish_core.adapters.redis_observer import Charge, Observer
from prosepolish_core.errors import SourceRefused
from prosepolish_core.redis_info.census import KeyFacts, Slice, estimate, samples

from .reading import Entry, Found, Instance

NAME = "redis_census"
#: Keys a SCAN is asked for: one call stays far below a millisecond of the server.
PAGE = 100
#: Keys read in one tick, and keys the estimate rests on (the newest slices).
SLICE_KEYS, SAMPLE_KEYS = 1000, 20_000


@dataclass(slots=True)
class _Memory:
    cursor: int = 0
    passes: int = 0
    slices: deque[Slice] = field(default_factory=deque)


def read(instance: Instance, entry: Entry[Instance]) -> Found:
    """Read one more slice and estimate from the newest ones."""
    memory: _Memory = instance.memory.setdefault(NAME, _Memory())
    keyspace = int(instance.observer.ask(NAME, "DBSIZE", timeout_s=entry.timeout_s))
    part = read_slice(instance.observer, memory, entry, SLICE_KEYS)
    memory.slices.append(part)
    enough = min(SAMPLE_KEYS, keyspace)
    while len(memory.slices) > 1 and sum(s.keys for s in memory.slices) - memory.slices[0].keys >= enough:
        memory.slices.popleft()
    census = estimate(memory.slices, keyspace)
    unknown = {"unknown_prefixes": ",".join(f"{prefix}={count}" for prefix, count in census.unknown)} if census.unknown else {}
    return Found(samples(census), unknown)


def read_slice(observer: Observer, memory: _Memory, entry: Entry[Instance], most: int) -> Slice:
    """SCAN on from where the last tick ended until the budget is used up or the keyspace has been walked once."""
    part = Slice()
    until = time.monotonic() + entry.budget_s
    while part.keys < most and time.monotonic() < until:
        cursor, keys = observer.ask(NAME, "SCAN", memory.cursor, "COUNT", PAGE, timeout_s=entry.timeout_s)
        memory.cursor = int(cursor)
        _measure(observer, keys, part, entry.timeout_s)
        if memory.cursor == 0:
            memory.passes += 1
            break
    return part


def _measure(observer: Observer, keys: list[bytes], part: Slice, timeout_s: float) -> None:
    """MEMORY USAGE and PTTL of each key in one round trip. A PTTL counts as a lookup: the ledger knows every one."""
    commands = [command for key in keys for command in (("MEMORY", "USAGE", key), ("PTTL", key))]
    replies = observer.ask_all(NAME, commands, timeout_s=timeout_s)
    charge: Charge = observer.charges[NAME]
    for key, size, ttl in zip(keys, replies[::2], replies[1::2], strict=True):
        if isinstance(ttl, int):
            charge.misses += ttl == -2
            charge.hits += ttl != -2
        if isinstance(size, SourceRefused):
            raise size
        if isinstance(size, int) and isinstance(ttl, int) and ttl != -2:
            part.add(KeyFacts(key, size, ttl))

"""redis_census: one slice of the keyspace a tick, by a rolling cursor, within a budget of keys and milliseconds."""

import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from prosepolish_core.errors import SourceRefused
from prosepolish_core.watch.redis_info.census import KeyFacts, Slice, estimate, samples
from prosepolish_core.watch.redis_info.redis_observer import Charge, Command, Observer

from .reading import Entry, Found, Instance

NAME = "redis_census"
#: Keys a SCAN is asked for, at most and at least: one call takes some ten microseconds of the server, never a millisecond.
PAGE, SMALLEST_PAGE = 50, 10
#: A server that takes this much longer over a page than over DBSIZE is busy: it is asked for half as much.
BUSY_S = 0.002
#: Keys read in one tick, and keys the estimate rests on (the newest slices).
SLICE_KEYS, SAMPLE_KEYS = 1000, 8_000


@dataclass(slots=True)
class Memory:
    """Where the walk stands, the newest slices, those of the walk under way and those of the last whole one."""

    cursor: int = 0
    page: int = PAGE
    passes: int = 0
    slices: deque[Slice] = field(default_factory=deque)
    walk: list[Slice] = field(default_factory=list)
    whole: list[Slice] = field(default_factory=list)

    def add(self, part: Slice) -> None:
        """Keep a slice, and let go of what is not needed any more."""
        self.slices.append(part)
        while len(self.slices) > 1 and keys_in(self.slices) - self.slices[0].keys >= SAMPLE_KEYS:
            self.slices.popleft()
        if keys_in(self.walk) <= SAMPLE_KEYS:
            self.walk.append(part)
        if self.cursor == 0:
            self.whole, self.walk = self.walk if keys_in(self.walk) <= SAMPLE_KEYS else [], []

    def sample(self, keyspace: int) -> Sequence[Slice]:
        """What the estimate rests on: of a small keyspace no key twice, so that it is counted and not estimated."""
        return max(self.whole, self.walk, key=keys_in) if keyspace <= SAMPLE_KEYS else self.slices


def read(instance: Instance, entry: Entry[Instance]) -> Found:
    """Read one more slice and estimate from the newest ones."""
    memory: Memory = instance.memory.setdefault(NAME, Memory())
    began = time.monotonic()
    keyspace = int(instance.observer.ask(NAME, "DBSIZE", timeout_s=entry.timeout_s))
    part = read_slice(instance.observer, memory, entry, SLICE_KEYS, time.monotonic() - began + BUSY_S)
    memory.add(part)
    census = estimate(memory.sample(keyspace), keyspace)
    unknown = {"unknown_prefixes": ",".join(f"{prefix}={count}" for prefix, count in census.unknown)} if census.unknown else {}
    return Found(samples(census), unknown)


def keys_in(slices: Iterable[Slice]) -> int:
    """How many keys were read."""
    return sum(part.keys for part in slices)


def read_slice(observer: Observer, memory: Memory, entry: Entry[Instance], most: int, busy_s: float = BUSY_S) -> Slice:
    """SCAN on from where the last tick ended until the budget is used up or the keyspace has been walked once.

    The next page is asked for together with the sizes of the last one's keys: one round trip a page.
    """
    part = Slice()
    until = time.monotonic() + entry.budget_s
    keys: list[bytes] = []
    more = True
    while keys or more:
        began = time.monotonic()
        more = more and began < until and part.keys + len(keys) < most
        commands: list[Command] = [("SCAN", memory.cursor, "COUNT", memory.page)] if more else []
        commands += [command for key in keys for command in (("MEMORY", "USAGE", key), ("PTTL", key))]
        replies = observer.ask_all(NAME, commands, timeout_s=entry.timeout_s)
        page = replies.pop(0) if more else (memory.cursor, [])
        if isinstance(page, SourceRefused):
            raise page
        _count(observer.charges[NAME], keys, replies, part)
        memory.page = fitting(memory.page, time.monotonic() - began > busy_s)
        keys = page[1]
        if more:
            memory.cursor = int(page[0])
            more = memory.cursor != 0
            memory.passes += not more
    return part


def fitting(page: int, busy: bool) -> int:
    """The size of the next page: half as large for a busy server, else a little larger again."""
    return max(SMALLEST_PAGE, page // 2) if busy else min(PAGE, page + SMALLEST_PAGE)


def _count(charge: Charge, keys: list[bytes], replies: list[Any], part: Slice) -> None:
    """Add a page's keys. A PTTL counts as a lookup: the ledger knows every one."""
    for key, size, ttl in zip(keys, replies[::2], replies[1::2], strict=True):
        if isinstance(ttl, int):
            charge.misses += ttl == -2
            charge.hits += ttl != -2
        if isinstance(size, SourceRefused):
            raise size
        if isinstance(size, int) and isinstance(ttl, int) and ttl != -2:
            part.add(KeyFacts(key, size, ttl))

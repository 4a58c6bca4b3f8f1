"""redis_census: one slice of the keyspace a tick, by a rolling cursor, within a budget of keys and milliseconds.

Once the keyspace has been walked the pace follows the traffic: a server that does little is not kept busy by us.
"""

import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from prosepolish_core.errors import NoAnswer
from prosepolish_core.model.sample import Sample
from prosepolish_core.watch.redis_info.census import KeyFacts, Slice, estimate, samples
from prosepolish_core.watch.redis_info.redis_observer import Charge, Command, Observer

from . import footprint
from .reading import ObservedServer, ScheduledRead, SourceReply

NAME = "redis_census"
#: Keys a SCAN is asked for, at most and at least: one call takes some ten microseconds of the server, never a
#: millisecond.
PAGE, SMALLEST_PAGE = 50, 10
#: A server that takes this much longer over a page than over DBSIZE is busy: it is asked for half as much.
BUSY_S = 0.002
#: Once it has walked the keyspace, the census asks at most this share of what all others ask; a key costs two commands.
SHARE, COMMANDS_A_KEY = 0.05, 2
#: It hurries again when more than half of the keys that it knows have gone or there are four times as many, and when
#: the oldest was read this long ago. Until then the estimate is scaled, and its page tells how old it is.
GONE, GROWN, OLD_S = 2, 4, 3600.0
#: Keys read in one tick, and keys the estimate rests on (the newest slices).
SLICE_KEYS, SAMPLE_KEYS = 1000, 8_000


@dataclass(slots=True)
class CensusMemory:
    """Where the walk stands, the newest slices, those of the walk under way and those of the last whole one."""

    cursor: int = 0
    page: int = PAGE
    passes: int = 0
    slices: deque[Slice] = field(default_factory=deque)
    walk: list[Slice] = field(default_factory=list)
    whole: list[Slice] = field(default_factory=list)
    #: Commands of all others, as the newest INFO told them, and how many of its own the census may still ask.
    others: float = 0.0
    credit: float = 0.0
    #: What was not answered in the newest slice: true until there is another one.
    lacks: dict[str, NoAnswer] = field(default_factory=dict)

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

    def pace(self, keyspace: int | None, others: float, now: float) -> int:
        """How many keys the next slice may have: as many as the budget allows, until the keys are known; then, for a
        share of what all others have asked, a page or more, or nothing yet.
        """
        self.credit = min(COMMANDS_A_KEY * SLICE_KEYS, self.credit + SHARE * max(0.0, others - self.others))
        self.others = others
        if keyspace is None or not (sample := self.sample(keyspace)):
            return SLICE_KEYS
        known, wanted = keys_in(sample), min(keyspace, SAMPLE_KEYS)
        moved = known > GONE * keyspace or wanted > GROWN * known
        if moved or (not self.passes and known < wanted) or now - sample[0].read_at > OLD_S:
            return SLICE_KEYS
        most = int(self.credit / COMMANDS_A_KEY)
        if most < SMALLEST_PAGE:
            return 0
        self.credit -= COMMANDS_A_KEY * most
        return most


def read(instance: ObservedServer, entry: ScheduledRead[ObservedServer]) -> SourceReply:
    """Read one more slice and estimate from the newest ones.

    What the server does not tell is left out, the rest is kept.
    """
    memory: CensusMemory = instance.memory.setdefault(NAME, CensusMemory())
    began = time.monotonic()
    (told,) = instance.observer.ask_all(NAME, [("DBSIZE",)], timeout_s=entry.timeout_s)
    took_s = time.monotonic() - began
    known = None if isinstance(told, NoAnswer) else int(told)
    most = memory.pace(known, footprint.others(instance), began)
    part = Slice()
    if most:
        memory.lacks = {}
        part = read_slice(instance.observer, memory, entry, most, took_s + BUSY_S, memory.lacks)
        part.read_at = began
        memory.add(part)
    missing = ({told.command: told} if isinstance(told, NoAnswer) else {}) | memory.lacks
    keyspace = _keyspace(told, part, memory)
    lacks = tuple(dict.fromkeys(missing.values()))
    if keyspace is None or "scan" in missing:
        if isinstance(told, NoAnswer) and "scan" in missing:
            raise told
        either = Sample("census_sample", float(part.keys)) if keyspace is None else Sample("census_keyspace", float(keyspace))
        return SourceReply((either,), missing=lacks)
    sample = memory.sample(keyspace)
    census = estimate(sample, keyspace)
    oldest = Sample("census_oldest", began - sample[0].read_at if sample else 0.0, unit="seconds")
    unknown = {"unknown_prefixes": ",".join(f"{prefix}={count}" for prefix, count in census.unknown)} if census.unknown else {}
    return SourceReply((*samples(census), oldest), unknown, missing=lacks)


def _keyspace(told: int | NoAnswer, part: Slice, memory: CensusMemory) -> int | None:
    """How many keys there are: at least as many as were just read.

    Without the server's word, those of the last whole walk.
    """
    if not isinstance(told, NoAnswer):
        return max(told, part.keys)
    return keys_in(memory.whole) or None


def keys_in(slices: Iterable[Slice]) -> int:
    """How many keys were read."""
    return sum(part.keys for part in slices)


def read_slice(
    observer: Observer,
    memory: CensusMemory,
    entry: ScheduledRead[ObservedServer],
    most: int,
    busy_s: float = BUSY_S,
    missing: dict[str, NoAnswer] | None = None,
) -> Slice:
    """SCAN on from where the last tick ended until the budget is used up or the keyspace has been walked once.

    The next page is asked for together with the sizes of the last one's keys: one round trip a page. What is not
    answered is put into `missing`.
    """
    lacks: dict[str, NoAnswer] = {} if missing is None else missing
    part = Slice()
    until = time.monotonic() + entry.budget_s
    seen: set[bytes] = set()
    keys: list[bytes] = []
    more = True
    while keys or more:
        began = time.monotonic()
        more = more and began < until and part.keys + len(keys) < most
        commands: list[Command] = [("SCAN", memory.cursor, "COUNT", min(memory.page, most))] if more else []
        commands += [command for key in keys for command in (("MEMORY", "USAGE", key), ("PTTL", key))]
        replies = observer.ask_all(NAME, commands, timeout_s=entry.timeout_s)
        page: Any = replies.pop(0) if more else [memory.cursor, []]
        _count(observer.charges[NAME], keys, replies, part)
        lacks |= {reply.command: reply for reply in (page, *replies) if isinstance(reply, NoAnswer)}
        if isinstance(page, NoAnswer):
            lacks["scan"] = page
            break
        memory.page = fitting(memory.page, time.monotonic() - began > busy_s)
        keys = [key for key in dict.fromkeys(page[1]) if key not in seen]  # SCAN may give a key twice
        seen.update(keys)
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
        if ttl == -2 or size is None:  # it has vanished meanwhile
            continue
        part.add(KeyFacts(key, None if isinstance(size, NoAnswer) else size, None if isinstance(ttl, NoAnswer) else ttl))

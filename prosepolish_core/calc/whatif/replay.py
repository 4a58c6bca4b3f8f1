"""A trace, ready to be played in any number of scenarios."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ...model.access import Source
from ...model.whatif import Scenario
from .eviction import Pressure, evicted_lives, evictions, pressure
from .lifetimes import Lives, TimesToLive, lives
from .occupancy import Ages, by_age
from .policies import age_limit
from .reads import BUCKETS, Array, Reads
from .sampled import sampled_misses

#: How hard the memory presses is worked out on about so many reads at most; hits are counted on all.
ENOUGH = 200_000
#: How long "there is none" is remembered, in seconds, by family and who said so: the first time, as the live path does.
ABSENT_S: Mapping[tuple[str, int], float] = {
    ("dict", Source.POSTGRES): 240.0,
    ("dict", Source.DICTIONARY_API): 60.0,
    ("dict", Source.GEMINI): 600.0,
    ("llm", Source.GEMINI): 300.0,
}
#: The rest: read from Redis, so that nobody knows who said it first.
ABSENT_OTHERWISE_S = 120.0


class Played(NamedTuple):
    """What a scenario came to, read by read; `held` is bytes of keys and values over the trace."""

    miss: Array
    evicted: Array | None
    held: Array


class TraceReplay:
    """Not thread-safe: it remembers what the last scenarios had in common."""

    def __init__(self, reads: Reads, grace: Mapping[str, float], beside: float = 0.0) -> None:
        """`grace` is the share of a life, at its end, in which a read refreshes the value.

        `beside` is what else lies in Redis, of `maxmemory`.
        """
        self.reads = reads
        self._grace = np.array([grace.get(family, 0.0) for family in reads.families])
        self._beside = beside
        self._part = _at_most(reads, ENOUGH)
        self._ttl = lru_cache(maxsize=8)(self._times)
        self._free = lru_cache(maxsize=8)(self._unlimited)

    def play(self, scenario: Scenario, *, evicted: bool = False) -> Played:
        """Play it. Which values are evicted is told when it is wanted: that takes as long again."""
        key = tuple(scenario.ttl_s[family] for family in self.reads.families)
        ttl, part_ttl, scale = self._ttl(key)
        free = self._free(key)
        if scenario.maxmemory is None:
            return Played(lives(self.reads, ttl).miss, None, free.held / scale)
        room = max(1.0, scenario.maxmemory - self._beside) * scale
        held = np.minimum(free.held, room) / scale
        limit = age_limit(scenario.policy, scenario.samples)
        if limit is None and free.held.max() > room:
            miss = sampled_misses(self.reads, ttl, room / scale, scenario.policy, scenario.samples)
            return Played(miss, None, held)
        if limit is None:
            return Played(lives(self.reads, ttl).miss, None, held)
        found = pressure(self._part, part_ttl, room, limit, free)
        return self._pressed(ttl, found, held, evicted=evicted)

    def _pressed(self, ttl: TimesToLive, found: Pressure | None, held: Array, *, evicted: bool) -> Played:
        if found is None:
            return Played(lives(self.reads, ttl).miss, None, held)
        after: Lives = evicted_lives(self.reads, ttl, found)
        return Played(after.miss, evictions(self.reads, ttl, after, found) if evicted else None, held)

    def _times(self, ttl_s: tuple[float, ...]) -> tuple[TimesToLive, TimesToLive, float]:
        """For all reads, for the part; and how many of all bytes the part stands for."""
        ttl = times_to_live(self.reads, ttl_s, self._grace)
        if self._part is self.reads:
            return ttl, ttl, 1.0
        part = times_to_live(self._part, ttl_s, self._grace)
        return ttl, part, _lying(self._part, part) / max(_lying(self.reads, ttl), 1e-9)

    def _unlimited(self, ttl_s: tuple[float, ...]) -> Ages:
        _, ttl, _ = self._ttl(ttl_s)
        return by_age(self._part, ttl, lives(self._part, ttl))


def _at_most(reads: Reads, most: int) -> Reads:
    """Reads of fewer keys: those of the first buckets."""
    shown = max(1, BUCKETS * most // max(len(reads), 1))
    return reads if shown >= BUCKETS else reads.part(reads.bucket % BUCKETS < shown)


def times_to_live(reads: Reads, ttl_s: tuple[float, ...], grace: Array) -> TimesToLive:
    """Of each read. A value that was not kept has none, and "there is none" has one of its own."""
    full = (np.array(ttl_s) * 1000)[reads.family]
    longest = full.astype(np.int64)
    absent = np.flatnonzero(reads.absent)
    if len(absent):
        table = [[ABSENT_S.get((family, tier), ABSENT_OTHERWISE_S) for tier in range(4)] for family in reads.families]
        full[absent] = 1000 * np.array(table)[reads.family[absent], reads.source[absent] & 3]
        longest = np.maximum(longest, full.astype(np.int64))
    full = (full * reads.ttl_share).astype(np.int64)
    full[reads.bytes == 0] = 0
    busy = full if not grace.any() else (full * (1 - grace)[reads.family]).astype(np.int64)
    return TimesToLive(full, busy, longest)


def _lying(reads: Reads, ttl: TimesToLive) -> float:
    """Bytes times how long they lie after each read, at most."""
    return float(np.dot(reads.bytes, np.minimum(reads.gap_after, ttl.longest)))

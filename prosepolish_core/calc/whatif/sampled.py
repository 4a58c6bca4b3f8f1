"""Policies that go by more than the last read, played read by read as Redis does: sample keys, evict the best of 16.

`volatile-ttl` evicts what ends soonest, `allkeys-lfu` what is read least (a counter that grows ever more slowly and
falls by one a minute), and `noeviction` refuses fills instead.
"""

import heapq
import random
from bisect import insort
from collections.abc import Callable

import numpy as np

from ...model.whatif import Policy
from .lifetimes import TimesToLive
from .reads import SEED, Array, Reads

#: Redis keeps so many of the best keys it has sampled.
POOL = 16
#: The counter of a new key, how fast it grows (lfu-log-factor), and how often it falls (lfu-decay-time).
LFU_NEW, LFU_FACTOR, LFU_FALLS_MS = 5, 10, 60_000


class LyingValue:
    """A value that lies in the simulated Redis."""

    __slots__ = ("at", "begun", "counter", "ends", "place", "refreshes", "size")

    def __init__(self, at: int, ends: int, refreshes: int, size: float) -> None:
        self.at, self.begun, self.ends, self.refreshes, self.size = at, at, ends, refreshes, size
        self.counter, self.place = LFU_NEW, 0


def sampled_misses(reads: Reads, ttl: TimesToLive, room: float, policy: Policy, samples: int) -> Array:
    """Which reads miss."""
    return _Server(reads, ttl, room, policy, samples).play()


class _Server:
    def __init__(self, reads: Reads, ttl: TimesToLive, room: float, policy: Policy, samples: int) -> None:
        self._reads, self._ttl, self._room = reads, ttl, room
        self._drawn = random.Random(SEED)  # noqa: S311 - a simulation
        self._samples = samples
        self._better = _BETTER.get(policy)
        self._held = 0.0
        self._entries: dict[int, LyingValue] = {}
        self._keys: list[int] = []
        self._ends: list[tuple[int, int]] = []
        self._pool: list[tuple[float, int]] = []

    def play(self) -> Array:
        reads, ttl = self._reads, self._ttl
        miss = np.zeros(len(reads), bool)
        order = np.argsort(reads.at, kind="stable")
        rank = (reads.axis - reads.at)[order].tolist()
        columns = (reads.at, reads.fresh, ttl.full, ttl.busy, reads.bytes)
        rows = zip(order.tolist(), rank, *(column[order].tolist() for column in columns), strict=True)
        for place, key, at, fresh, full, busy, size in rows:
            self._expire(at)
            found = self._entries.get(key)
            if found is not None and fresh:
                self._remove(key)
                found = None
            if found is None:
                miss[place] = True
                if full > 0:
                    self._fill(key, LyingValue(at, at + full, at + busy, size))
            else:
                _count(found, at, self._drawn)
                if at >= found.refreshes:
                    found.ends, found.refreshes = at + full, at + busy
                    heapq.heappush(self._ends, (found.ends, key))
        return miss

    def _fill(self, key: int, entry: LyingValue) -> None:
        if self._better is None and self._held > self._room:
            return  # Redis asks whether memory is over its limit before the write, not whether the value still fits
        entry.place = len(self._keys)
        self._keys.append(key)
        self._entries[key] = entry
        self._held += entry.size
        heapq.heappush(self._ends, (entry.ends, key))
        while self._held > self._room and self._better is not None and len(self._keys) > 1:
            self._remove(self._worst(entry.at, self._better))

    def _worst(self, now: int, better: Callable[[LyingValue, int], float]) -> int:
        while True:
            held = {key for _, key in self._pool}
            for _ in range(self._samples):
                key = self._keys[int(self._drawn.random() * len(self._keys))]
                if key not in held:
                    insort(self._pool, (better(self._entries[key], now), key))
                    held.add(key)
            del self._pool[:-POOL]
            while self._pool:
                key = self._pool.pop()[1]
                if key in self._entries:
                    return key

    def _remove(self, key: int) -> None:
        entry = self._entries.pop(key)
        self._held -= entry.size
        last = self._keys.pop()
        if last != key:
            self._keys[entry.place] = last
            self._entries[last].place = entry.place

    def _expire(self, now: int) -> None:
        while self._ends and self._ends[0][0] <= now:
            ends, key = heapq.heappop(self._ends)
            entry = self._entries.get(key)
            if entry is not None and entry.ends == ends:
                self._remove(key)


def _fallen(entry: LyingValue, now: int) -> int:
    return max(0, entry.counter - (now - entry.at) // LFU_FALLS_MS)


def _count(entry: LyingValue, now: int, drawn: random.Random) -> None:
    """A read: the counter falls with time and grows by chance, the less the higher it is."""
    entry.counter = _fallen(entry, now)
    entry.at = now
    if drawn.random() * (max(0, entry.counter - LFU_NEW) * LFU_FACTOR + 1) < 1:
        entry.counter += 1


#: How good a key is to evict; the largest goes first.
_BETTER: dict[Policy, Callable[[LyingValue, int], float]] = {
    Policy.VOLATILE_TTL: lambda entry, _: -float(entry.ends),
    Policy.ALLKEYS_LFU: lambda entry, now: -float(_fallen(entry, now)),
    Policy.VOLATILE_LFU: lambda entry, now: -float(_fallen(entry, now)),
    Policy.ALLKEYS_LRU: lambda entry, _: -float(entry.at),
    Policy.VOLATILE_LRU: lambda entry, _: -float(entry.at),
}

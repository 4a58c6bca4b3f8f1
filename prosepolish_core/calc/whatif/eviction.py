"""How old values may grow in a limited memory: what lives must just fit, at every instant of the trace.

The mean age at which values are lost is the one at which the bytes that lie in Redis are as many as there is room for.
A lost value that is read again begins a new life, so this is done again with the lives that come of it.
"""

from typing import NamedTuple

import numpy as np

from .lifetimes import Lives, TimesToLive, lives, until
from .occupancy import INSTANTS, STEPS, Ages, by_age
from .policies import AgeLimit
from .reads import Array, Reads

#: Times the ages are worked out: lives change little after the second.
ROUNDS = 2
#: Ages that are tried, from a quarter of a step to twice the trace.
TRIED = 100


class Pressure(NamedTuple):
    """One over the mean age at which values are lost, in milliseconds, at each instant; 0 while there is room."""

    per_ms: Array
    since_ms: float
    limit: AgeLimit

    def lost(self, reads: Reads, gap: Array, at: Array) -> Array:
        """Which values are evicted within so long after their last read, at these instants."""
        drawn = self.limit.drawn(reads.luck)
        place = at * np.float32(INSTANTS / reads.span_ms)
        before = place.astype(np.int32)
        rate = self.per_ms.astype(np.float32)
        slope = np.append(np.diff(rate), np.float32(0))
        now = rate[before] + slope[before] * (place - before)
        waited = gap.astype(np.float32)
        if self.limit.memoryless:
            np.minimum(waited, at.astype(np.float32) - np.float32(self.since_ms), out=waited)
        lost: Array = waited * now > drawn
        return lost


def pressure(reads: Reads, ttl: TimesToLive, room: float, limit: AgeLimit, free: Ages) -> Pressure | None:
    """How hard `room` bytes press; None when all that lives without a limit (`free`) fits."""
    if free.held.max() <= room:
        return None
    found = _pressure(free, room, limit, reads.span_ms)
    for _ in range(ROUNDS - 1):
        found = _pressure(by_age(reads, ttl, evicted_lives(reads, ttl, found)), room, limit, reads.span_ms)
    return found


def evicted_lives(reads: Reads, ttl: TimesToLive, found: Pressure) -> Lives:
    """Hits and misses under it."""
    return lives(reads, ttl, found.lost(reads, reads.gap, reads.at))


def evictions(reads: Reads, ttl: TimesToLive, after: Lives, found: Pressure) -> Array:
    """Reads whose value was evicted before its time to live was over or its key was read again."""
    ends = np.minimum(np.minimum(reads.at + reads.gap_after, until(reads, ttl, after)), reads.span_ms - 1)
    evicted: Array = found.lost(reads, ends - reads.at, ends) & (reads.bytes > 0)
    return evicted


def _pressure(ages: Ages, room: float, limit: AgeLimit, span_ms: int) -> Pressure:
    instants = np.arange(INSTANTS + 1) * (span_ms / INSTANTS)
    full = ages.held > room
    since = float(instants[np.argmax(full)]) if full.any() else float(span_ms)
    tried = np.geomspace(ages.step_ms / 4, span_ms * 2, TRIED)
    reach = tried[:, None] * np.array(limit.spread)
    place = np.minimum(reach / ages.step_ms, STEPS - 1e-9)
    before = place.astype(int)
    share = place - before
    lying = ages.bytes[:, before] * (1 - share) + ages.bytes[:, before + 1] * share
    if limit.memoryless:
        lying = np.where(reach > np.maximum(instants - since, ages.step_ms)[:, None, None], ages.held[:, None, None], lying)
    age = np.array([np.interp(room, kept, tried) for kept in lying.mean(axis=2)])
    if not limit.memoryless:  # the last read of what was evicted last: that instant never goes back
        oldest = np.maximum.accumulate(np.where(full, instants - age, -np.inf))
        age = np.maximum(instants - oldest, ages.step_ms / 4)
    return Pressure(np.where(full | (np.isfinite(age) & (instants > since)), 1 / age, 0.0), since, limit)

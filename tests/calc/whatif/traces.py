"""Small traces, and simulations of them as plain as can be."""

import heapq
from collections import OrderedDict
from typing import NamedTuple

import numpy as np

from prosepolish_core.calc.whatif.lifetimes import TimesToLive
from prosepolish_core.calc.whatif.reads import Reads, sorted_reads
from prosepolish_core.model.access import Source


class Touch(NamedTuple):
    """One row of a trace. `size` 0: not kept."""

    at: int
    key: int
    size: int = 100
    source: int = Source.REDIS
    usd: float = 0.001


def reads_of(rows: list[Touch], *, span_ms: int | None = None, jitter: float = 0.0) -> Reads:
    """Rows in the order of time, all of one family."""
    columns = {
        "family": np.zeros(len(rows), np.int8),
        "key": np.array([(row.key * 2_654_435_761) % (1 << 48) for row in rows], dtype=np.int64),
        "at": np.array([row.at for row in rows], dtype=np.int64),
        "bytes": np.array([row.size for row in rows], dtype=float),
        "source": np.array([row.source for row in rows], dtype=np.int8),
        "usd": np.array([row.usd for row in rows], dtype=float),
    }
    return sorted_reads(("llm",), columns, span_ms=span_ms or max(1, rows[-1].at + 1), jitter=jitter)


def same(reads: Reads, ttl_ms: int, grace: float = 0.0) -> TimesToLive:
    """One time to live for all values that were kept."""
    full = np.where(reads.bytes > 0, ttl_ms, 0)
    return TimesToLive(full, full - (full * grace).astype(int), np.full(len(reads), ttl_ms))


def misses(rows: list[Touch], ttl_ms: int, grace: float = 0.0) -> int:
    """Without a limit of memory: a dictionary of ends."""
    ends: dict[int, int] = {}
    missed = 0
    for row in rows:
        if row.source == Source.SHARED:
            continue
        if row.source == Source.DROPPED:
            ends.pop(row.key, None)
            continue
        end = ends.get(row.key)
        if end is None or row.at >= end:
            missed += 1
            end = None
        if row.size == 0:
            ends.pop(row.key, None)
        elif end is None or row.at >= end - int(ttl_ms * grace):
            ends[row.key] = row.at + ttl_ms
    return missed


def lru_misses(rows: list[Touch], ttl_ms: int, room: float) -> int:
    """Exact LRU by bytes; values that have ended take no room."""
    held: OrderedDict[int, tuple[int, int]] = OrderedDict()
    ends: list[tuple[int, int]] = []
    missed = used = 0
    for row in rows:
        while ends and ends[0][0] <= row.at:
            end, key = heapq.heappop(ends)
            if held.get(key, (0, 0))[0] == end:
                used -= held.pop(key)[1]
        if row.key in held:
            held.move_to_end(row.key)
            continue
        missed += 1
        held[row.key] = (row.at + ttl_ms, row.size)
        heapq.heappush(ends, (row.at + ttl_ms, row.key))
        used += row.size
        while used > room:
            used -= held.popitem(last=False)[1][1]
    return missed


def refusing_misses(rows: list[Touch], ttl_ms: int, room: float) -> int:
    """A full server that evicts nothing: once it is over its limit, it takes no more."""
    held: dict[int, tuple[int, int]] = {}
    missed = 0
    for row in rows:
        held = {key: value for key, value in held.items() if value[0] > row.at}
        if row.key in held:
            continue
        missed += 1
        if sum(size for _, size in held.values()) <= room:
            held[row.key] = (row.at + ttl_ms, row.size)
    return missed


def zipf(reads: int, keys: int, seed: int = 3) -> list[Touch]:
    """Keys of very different popularity and size, over about ten hours."""
    drawn = np.random.default_rng(seed)
    share = 1 / np.arange(1, keys + 1) ** 0.9
    chosen = drawn.choice(keys, reads, p=share / share.sum())
    sizes = drawn.integers(100, 4000, keys)
    at = np.sort(drawn.integers(0, 36_000_000, reads))
    return [Touch(int(t), int(k), int(sizes[k])) for t, k in zip(at, chosen, strict=True)]

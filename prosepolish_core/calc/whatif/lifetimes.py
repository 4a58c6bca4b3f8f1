"""Which reads miss, and how long each value lives: every fill starts a life that ends with its time to live.

Lives are followed for all keys at once: from each certain miss to the first read after its end, and so on.
"""

from typing import NamedTuple

import numpy as np

from .reads import Array, Reads


class TimesToLive(NamedTuple):
    """What a value filled at each read would get, and the longest any value of its family gets; milliseconds.

    `busy` is the part of it in which a read begins no new life. It is shorter than `full` where values are refreshed in
    the background towards their end.
    """

    full: Array
    busy: Array
    longest: Array


class Lives(NamedTuple):
    """Per read: whether it misses, and whether a value was filled at it."""

    miss: Array
    fill: Array


def lives(reads: Reads, ttl: TimesToLive, lost: Array | None = None) -> Lives:
    """`lost` marks reads that find their value evicted."""
    certain = reads.fresh | (reads.gap >= ttl.longest)
    if lost is not None:
        certain |= lost
    miss, fill = certain.copy(), certain.copy()
    begun = np.flatnonzero(certain)
    stop = np.append(begun[1:], len(certain)) if len(begun) else begun
    while True:
        ends = reads.axis[stop - 1] - reads.axis[begun] >= ttl.busy[begun]  # other lives outlast the reads of their run
        begun, stop = begun[ends], stop[ends]
        alone = stop == begun + 1
        if alone.any():  # a value that lives for no time
            begun, stop = begun[~alone], stop[~alone]
        if not len(begun):
            return Lives(miss, fill)
        following = np.maximum(np.searchsorted(reads.axis, reads.axis[begun] + ttl.busy[begun]), begun + 1)
        fill[following] = True
        miss[following] = reads.axis[following] - reads.axis[begun] >= ttl.full[begun]
        begun = following


def until(reads: Reads, ttl: TimesToLive, found: Lives) -> Array:
    """When the value that lies there after each read ends by its time to live or is dropped."""
    life = np.maximum.accumulate(np.where(found.fill, np.arange(len(reads)), 0))
    ends: Array = np.minimum((reads.at + ttl.full)[life], reads.dropped_at)
    return ends

"""How many bytes lie in Redis at some instants of a trace, by the age of their last read."""

from typing import NamedTuple

import numpy as np

from .lifetimes import Lives, TimesToLive, until
from .reads import Array, Reads

#: Instants at which bytes are added up, and the steps of age by which.
INSTANTS, STEPS = 64, 4096


class Ages(NamedTuple):
    """`bytes[i, s]`: bytes at instant i whose last read is less than s steps ago."""

    bytes: Array
    step_ms: float

    @property
    def held(self) -> Array:
        """All of them, at each instant."""
        return self.bytes[:, -1]


def by_age(reads: Reads, ttl: TimesToLive, found: Lives) -> Ages:
    """Bytes by the age of their last read, whether or not they would have been evicted."""
    ends = np.minimum(reads.at + reads.gap_after, until(reads, ttl, found))
    begin, end = _instant(reads, reads.at), _instant(reads, ends)
    chosen = np.flatnonzero((begin < end) & (reads.bytes > 0))
    begin, end = begin[chosen], end[chosen]
    at = np.minimum((reads.at[chosen] * (STEPS / reads.span_ms)).astype(np.int64), STEPS - 1)
    weights, size = reads.bytes[chosen].astype(float), (INSTANTS + 2) * STEPS
    change = np.bincount(begin * STEPS + at, weights, size) - np.bincount(end * STEPS + at, weights, size)
    lying = change.reshape(INSTANTS + 2, STEPS)[: INSTANTS + 1].cumsum(axis=0)
    newest_first = np.zeros((INSTANTS + 1, STEPS + 1))
    lying[:, ::-1].cumsum(axis=1, out=newest_first[:, 1:])
    # The newest step that an instant can hold is the one before it: bring all of them to the front.
    shift = STEPS - np.arange(INSTANTS + 1) * STEPS // INSTANTS
    columns = np.minimum(np.arange(STEPS + 1) + shift[:, None], STEPS)
    return Ages(np.take_along_axis(newest_first, columns, axis=1), reads.span_ms / STEPS)


def _instant(reads: Reads, at: Array) -> Array:
    """The first instant that is not before."""
    place: Array = np.ceil(np.minimum(at, reads.span_ms * 2) * (INSTANTS / reads.span_ms)).astype(np.int64)
    return np.minimum(place, INSTANTS + 1, out=place)

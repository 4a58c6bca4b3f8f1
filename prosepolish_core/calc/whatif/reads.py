"""The reads of a trace, sorted by key and then by time, as arrays: what every scenario is played on."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ...model.access import Source

Array = npt.NDArray[Any]
#: Keys are put into so many buckets by their hash; bands come from drawing buckets again and again.
BUCKETS = 64
#: Milliseconds between the last read of one key and the first of the next, on the common axis: longer than any time
#: to live.
APART_MS = 1 << 36
KEY_SPACE = 1 << 48
SEED = 20_261_127


@dataclass(frozen=True, slots=True)
class Reads:
    """One element a read. `at` is milliseconds since the trace began, `axis` the same apart for each key.

    A read of no `bytes` left nothing in Redis. `fresh` reads cannot be hits: the first of their key, or after the key
    was dropped, which happened at `dropped_at`. `gap` and `gap_after` are the times to the same key's last and next
    read. `ttl_share` is how much of its time to live a value filled here gets (jitter), `luck` a number between 0 and
    1, both drawn once.
    """

    family: Array
    bucket: Array
    at: Array
    axis: Array
    gap: Array
    gap_after: Array
    bytes: Array
    fresh: Array
    dropped_at: Array
    source: Array
    usd: Array
    ttl_share: Array
    luck: Array
    families: tuple[str, ...]
    span_ms: int

    def __len__(self) -> int:
        return len(self.at)

    @property
    def absent(self) -> Array:
        """Reads answered with "there is none"."""
        absent: Array = (self.source & Source.ABSENT) > 0
        return absent

    def part(self, chosen: Array) -> Self:
        """Only these reads; of a key all or none may be chosen."""
        return replace(self, **{name: getattr(self, name)[chosen] for name in _COLUMNS})

    def sums(self, of: Array) -> Array:
        """Sums per family and bucket."""
        size = len(self.families) * BUCKETS
        edges = np.searchsorted(self.bucket, np.arange(size + 1))
        found = np.add.reduceat(np.append(of, 0), edges[:-1], dtype=float)
        found[edges[:-1] == edges[1:]] = 0.0  # of an empty part reduceat gives one element
        return found.reshape(len(self.families), BUCKETS)


_COLUMNS = [field.name for field in fields(Reads) if field.name not in {"families", "span_ms"}]


def sorted_reads(
    families: tuple[str, ...],
    columns: dict[str, Array],
    *,
    span_ms: int,
    limits: Sequence[int] = (),
    jitter: float = 0.1,
) -> Reads:
    """From columns in the order of time: `family` (its place), `key`, `at`, `bytes`, `source`, `usd`.

    Keys lie under the limit of their family. Reads that waited for another's load are left out.
    """
    told = columns["source"] != Source.SHARED
    if not told.all():
        columns = {name: column[told] for name, column in columns.items()}
    key = (columns["family"].astype(np.int64) << 48) | columns["key"].astype(np.int64)
    order = np.argsort(key, kind="stable")
    key, at, source = key[order], columns["at"][order].astype(np.int64), columns["source"][order]
    dropped_at = np.full(len(key), APART_MS)
    begins = _changes(key)
    fresh = begins.copy()
    drops = source == Source.DROPPED
    if drops.any():
        here = np.flatnonzero(drops)
        before, after = here[~begins[here]] - 1, here[here + 1 < len(key)] + 1
        np.minimum.at(dropped_at, before, at[before + 1])
        fresh[after] = True
        kept = ~drops
        key, at, source, order = key[kept], at[kept], source[kept], order[kept]
        fresh, dropped_at = fresh[kept], dropped_at[kept]
        begins = _changes(key)
        fresh |= begins
    size = columns["bytes"][order].astype(float)
    fresh |= np.append(False, size[:-1] == 0)[: len(key)]
    axis = (np.cumsum(begins) - 1) * APART_MS + at
    gap = np.where(begins, APART_MS, np.diff(axis, prepend=0))
    drawn = np.random.default_rng(SEED)
    family = (key >> 48).astype(np.int8)
    limit = np.array(limits or [KEY_SPACE] * len(families), dtype=np.int64)
    return Reads(
        family=family,
        bucket=family.astype(np.int64) * BUCKETS + ((key & (KEY_SPACE - 1)) * BUCKETS // limit[family]).clip(0, BUCKETS - 1),
        at=at,
        axis=axis,
        gap=gap,
        gap_after=np.append(gap[1:], APART_MS)[: len(gap)],
        bytes=size,
        fresh=fresh,
        dropped_at=dropped_at,
        source=source,
        usd=columns["usd"][order],
        ttl_share=1 - jitter * drawn.random(len(key), dtype=np.float32),
        luck=drawn.random(len(key), dtype=np.float32),
        families=families,
        span_ms=span_ms,
    )


def _changes(keys: Array) -> Array:
    """Where another key begins."""
    return np.append(True, keys[1:] != keys[:-1])[: len(keys)]

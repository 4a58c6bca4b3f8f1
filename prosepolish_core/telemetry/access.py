"""The hash-sampled access trace: which share of all keys is followed, and how much of it a process may write.

A key is sampled when its hash lies under a threshold (SHARDS), so a followed key is followed every time and in every
process. The share halves while reads come too fast and doubles again when they slow down; each chunk says its share.
"""

import hashlib
from collections import deque
from datetime import UTC, datetime
from functools import lru_cache

from ..model.outcome import Family
from ..ports import AccessChunk

#: Sampled reads of one process and second, above which the share of keys is halved.
BUSY_PER_S = 400
SMALLEST_RATE = 1 / 4096
#: Reads that may wait for the next drain; more are dropped, and counted.
MOST_WAITING = 20_000


class AccessTrace:
    """`offer` is called by any thread, `take` by the flusher."""

    def __init__(self, key: bytes = b"") -> None:
        self._hash = hashlib.blake2b(digest_size=8, key=key[:64], person=b"access-trace")
        self._waiting: deque[tuple[float, Family, int, int]] = deque()
        self._limit = 1 << 64
        self._number = lru_cache(maxsize=8192)(self._hashed)  # hot keys come again and again; hashing is most of the cost

    @property
    def rate(self) -> float:
        """The share of keys followed now."""
        return self._limit / (1 << 64)

    def offer(self, now: float, family: Family, key: str, size: int) -> bool:
        """Remember that this key was read, when it is one of those followed. False when there was no room."""
        number = self._number(key)
        if number < self._limit:
            if len(self._waiting) >= MOST_WAITING:
                return False
            self._waiting.append((now, family, number, size))
        return True

    def _hashed(self, key: str) -> int:
        hashed = self._hash.copy()
        hashed.update(key.encode("utf-8", "surrogatepass"))
        return int.from_bytes(hashed.digest(), "big")

    def take(self, elapsed_s: float) -> list[AccessChunk]:
        """Everything offered since the last take, one chunk a family; adapts the share of keys to the pace."""
        waiting, rate = self._waiting, self.rate
        reads = [waiting.popleft() for _ in range(len(waiting))]
        pace = len(reads) / max(elapsed_s, 1.0)
        if pace > BUSY_PER_S and rate > SMALLEST_RATE:
            self._limit //= 2
        elif pace < BUSY_PER_S / 4 and rate < 1:
            self._limit *= 2
        by_family: dict[Family, list[tuple[float, int, int]]] = {}
        for now, family, number, size in reads:
            if number < rate * (1 << 64):
                by_family.setdefault(family, []).append((now, number, size))
        return [_chunk(family, rate, rows) for family, rows in sorted(by_family.items())]


def _chunk(family: Family, rate: float, rows: list[tuple[float, int, int]]) -> AccessChunk:
    first = min(now for now, _, _ in rows)
    return AccessChunk(
        datetime.fromtimestamp(first, UTC),
        str(family),
        rate,
        tuple(number - (1 << 63) for _, number, _ in rows),  # PostgreSQL's bigint is signed
        tuple(int((now - first) * 1000) for now, _, _ in rows),
        tuple(size for _, _, size in rows),
    )

"""The hash-sampled access trace: which share of all keys is followed, and how much of it a process may write.

A key is sampled when its hash lies under a threshold (SHARDS), so a followed key is followed every time and in every
process. The share halves while reads come too fast and doubles again when they slow down; each chunk says its share.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from ...model.counts import AccessChunk
from ...model.outcome import Family

#: Sampled reads of one process and second, above which the share of keys is halved.
BUSY_PER_S = 400
SMALLEST_RATE = 1 / 4096
WHOLE = 1 << 64
#: When a row of the store is full.
LONGEST_CHUNK_S, MOST_IN_CHUNK = 60.0, 5000


class AccessTrace:
    """Turns reads into chunks without the keys. Only the flusher's thread uses it."""

    def __init__(self, key: bytes = b"") -> None:
        self._hash = hashlib.blake2b(digest_size=8, key=key[:64], person=b"access-trace")
        self._limit = WHOLE

    @property
    def rate(self) -> float:
        """The share of keys followed now."""
        return self._limit / WHOLE

    def chunks(
        self,
        reads: Iterable[tuple[float, Family, str, int]],
        elapsed_s: float,
        batches: Iterable[tuple[float, Family, Sequence[str], Sequence[int]]] = (),
    ) -> list[AccessChunk]:
        """The reads (instant, family, key, bytes) of the keys followed, one chunk a family;
        adapts the share to the pace.

        `batches` are reads of many keys at one instant.
        """
        rate, limit, followed = self.rate, self._limit, 0
        by_family: dict[Family, list[tuple[float, int, int]]] = {}
        numbers = _Numbers(self._number)  # a few keys make most of the reads, and hashing is most of the work
        for now, family, key, size in reads:
            number = numbers[key]
            if number < limit:
                followed += 1
                by_family.setdefault(family, []).append((now, number, size))
        for now, family, keys, sizes in batches:
            rows = [(now, n, size) for n, size in zip(map(numbers.__getitem__, keys), sizes, strict=False) if n < limit]
            if rows:
                followed += len(rows)
                by_family.setdefault(family, []).extend(rows)
        pace = followed / max(elapsed_s, 1.0)
        if pace > BUSY_PER_S and rate > SMALLEST_RATE:
            self._limit //= 2
        elif pace < BUSY_PER_S / 4 and rate < 1:
            self._limit *= 2
        return [_chunk(family, rate, rows) for family, rows in sorted(by_family.items())]

    def _number(self, key: str) -> int:
        hashed = self._hash.copy()
        hashed.update(key.encode("utf-8", "surrogatepass"))
        return int.from_bytes(hashed.digest(), "big")


class _Numbers(dict[str, int]):
    """The number of each key, worked out once."""

    def __init__(self, number: Callable[[str], int]) -> None:
        super().__init__()
        self._number = number

    def __missing__(self, key: str) -> int:
        number = self[key] = self._number(key)
        return number


def _chunk(family: Family, rate: float, rows: list[tuple[float, int, int]]) -> AccessChunk:
    first = min(now for now, _, _ in rows)
    return AccessChunk(
        datetime.fromtimestamp(first, UTC),
        str(family),
        rate,
        tuple(number - (1 << 63) for _, number, _ in rows),  # PostgreSQL's bigint is signed
        tuple(round((now - first) * 1000) for now, _, _ in rows),
        tuple(size for _, _, size in rows),
    )


def joined(chunks: Iterable[AccessChunk]) -> list[AccessChunk]:
    """Chunks of one family and share that follow each other closely, as one: fewer, fuller rows."""
    found: list[AccessChunk] = []
    latest: dict[str, int] = {}
    for chunk in chunks:
        at = latest.get(chunk.family)
        last = found[at] if at is not None else None
        if at is None or last is None or last.rate != chunk.rate or not _close(last, chunk):
            latest[chunk.family] = len(found)
            found.append(chunk)
            continue
        later = round((chunk.ts - last.ts).total_seconds() * 1000)
        found[at] = last._replace(
            key_hashes=last.key_hashes + chunk.key_hashes,
            offsets_ms=last.offsets_ms + tuple(offset + later for offset in chunk.offsets_ms),
            sizes=last.sizes + chunk.sizes,
        )
    return found


def _close(last: AccessChunk, chunk: AccessChunk) -> bool:
    return 0 <= (chunk.ts - last.ts).total_seconds() < LONGEST_CHUNK_S and len(last.sizes) < MOST_IN_CHUNK

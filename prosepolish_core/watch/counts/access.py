"""The hash-sampled access trace: which share of a family's keys is followed, and how much of it may be written.

A key is sampled when its hash lies under a threshold (SHARDS), so a followed key is followed every time and in every
process. The share of a family halves while its reads come too fast and doubles again when they slow down; each chunk
says its share.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from math import exp

from ...model.access import cost_code, packed
from ...model.counts import AccessChunk
from ...model.near_text import FAMILY as NEAR
from ...model.near_text import near_rows
from ...model.outcome import Family

#: Sampled reads of one family and second, over all processes, above which the share of its keys is halved: at most
#: five megabytes a day.
BUSY_PER_S = 4.0
#: Paces are averaged over about so long: a burst is no reason to follow fewer keys for days.
SMOOTH_S = 600.0
#: The share never falls lower; and it is not raised again sooner than this.
SMALLEST_RATE, STEADY_S = 1 / 4096, 3600.0
WHOLE = 1 << 64
#: When a row of the store is full: so many reads fill a page of PostgreSQL; half as many would waste a fifth of it.
LONGEST_CHUNK_S, MOST_IN_CHUNK = 150.0, 570

#: What was noted of one read: instant, family, key, bytes of the value, who answered (model.access.Source), price of
#: its call.
Read = tuple[float, Family, str, int, int, Decimal | None]
_Row = tuple[int, float, int, int, int]


class _Followed:
    """One family: the threshold, the pace, and what waits to become a chunk."""

    def __init__(self) -> None:
        self.limit = WHOLE
        self.pace = 0.0
        self.steady_s = 0.0
        self.rows: list[_Row] = []
        self.before = 0

    def adapt(self, busy: float, elapsed_s: float) -> None:
        """Halve or double the share. Rows that wait are thinned with it, so that each chunk has one share."""
        new = (len(self.rows) - self.before) / elapsed_s
        self.pace += (new - self.pace) * (1 - exp(-elapsed_s / SMOOTH_S))
        self.steady_s += elapsed_s
        if self.pace > busy and self.limit > WHOLE * SMALLEST_RATE:
            self.limit //= 2
            self.rows = [row for row in self.rows if row[0] < self.limit]
            self.pace, self.steady_s = self.pace / 2, 0.0
        elif self.pace < busy / 4 and self.limit < WHOLE and self.steady_s > STEADY_S and not self.rows:
            self.limit *= 2
            self.pace, self.steady_s = self.pace * 2, 0.0
        self.before = len(self.rows)

    def chunks(self, family: Family, *, whole: bool) -> Iterator[AccessChunk]:
        """What waits, as far as it fills chunks or has waited long; all of it when `whole` is wanted."""
        rows = self.rows
        whole = whole or (bool(rows) and rows[-1][1] - rows[0][1] >= LONGEST_CHUNK_S)
        end = len(rows) if whole else len(rows) - len(rows) % MOST_IN_CHUNK
        self.rows, self.before = rows[end:], len(rows) - end
        for start in range(0, end, MOST_IN_CHUNK):
            part = rows[start : min(start + MOST_IN_CHUNK, end)]
            first = min(row[1] for row in part)
            yield AccessChunk(datetime.fromtimestamp(first, UTC), str(family), self.limit / WHOLE, packed(part, first))


class AccessTrace:
    """Turns reads into chunks without the keys. Only the flusher's thread uses it."""

    def __init__(self, key: bytes = b"", processes: int = 1) -> None:
        """`processes` share what may be written."""
        self._hash = hashlib.blake2b(digest_size=8, key=key[:64], person=b"access-trace")
        self._secret = bool(key)
        self._busy = BUSY_PER_S / max(1, processes)
        self._families: dict[Family, _Followed] = {}

    def rate(self, family: Family) -> float:
        """The share of a family's keys followed now."""
        return self._of(family).limit / WHOLE

    def chunks(
        self,
        reads: Iterable[Read],
        elapsed_s: float,
        batches: Iterable[tuple[float, Family, Sequence[str], Sequence[int]]] = (),
        *,
        whole: bool = True,
    ) -> list[AccessChunk]:
        """The chunks that are full now, or with `whole` everything; adapts the share of each family to its pace.

        `batches` are hits of many keys at one instant.
        """
        numbers = _Numbers(self._number)  # a few keys make most of the reads, and hashing is most of the work
        for now, family, key, size, source, usd in reads:
            number, followed = numbers[key], self._of(family)
            if number < followed.limit:
                followed.rows.append((number, now, size and size + len(key), source, cost_code(usd) if usd else 0))
        for now, family, keys, sizes in batches:
            followed = self._of(family)
            limit, rows = followed.limit, followed.rows
            for key, size in zip(keys, sizes, strict=False):
                number = numbers[key]
                if number < limit:
                    rows.append((number, now, size + len(key), 0, 0))
        for followed in self._families.values():
            followed.adapt(self._busy, max(elapsed_s, 1e-3))
        return [c for family, followed in sorted(self._families.items()) for c in followed.chunks(family, whole=whole)]

    def near_chunks(self, texts: Iterable[tuple[float, str, Decimal | None]]) -> list[AccessChunk]:
        """Paid corrections (instant, text, price) as keyed hashes for near misses; none without a secret."""
        rows: list[_Row] = []
        for now, text, usd in texts if self._secret else ():
            cost = cost_code(usd)
            rows += [(n, now, size, kind, 0 if kind else cost) for n, size, kind in near_rows(text, self._number)]
        if not rows:
            return []
        first = rows[0][1]
        return [AccessChunk(datetime.fromtimestamp(first, UTC), NEAR, 1.0, packed(rows, first))]

    def _of(self, family: Family) -> _Followed:
        followed = self._families.get(family)
        if followed is None:
            followed = self._families[family] = _Followed()
        return followed

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

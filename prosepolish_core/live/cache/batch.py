"""Many keys at once: a round trip each for values, leases and fills, one quick load,
and the slow ones in parallel, bounded.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import compress
from operator import itemgetter
from typing import Any

from orjson import loads

from ...errors import CacheUnavailable
from ...model.outcome import Outcome, Tier, TraceStep
from .family_cache import Cached, FamilyCache
from .flight import Flight
from .results import Landing, Later, Loaded, Loader, NoLoad
from .stored_value import HEADER, Unreadable

LoadMany = Callable[[Sequence[str], float], dict[str, Loaded | Later]]
Result = Cached | Exception
#: Slow loads of one batch that run at the same time.
PARALLEL = 8
#: A batch stops waiting this much before its deadline for each key still missing: writing down "no value" takes time
#: for each.
TO_TELL_S = 0.0005
#: Parts of a stored value, for loops that run in C: kind and encoding, the instants of creation and of going stale, the
#: body.
_KIND, _CREATED, _STALE = itemgetter(slice(0, 3)), itemgetter(slice(33, 46)), itemgetter(slice(46, HEADER))
_BODY = itemgetter(slice(HEADER, None))


class Hits:
    """Fresh, plain values found in Redis, column by column; of each value only the part that the caller picks."""

    __slots__ = ("_rows", "created_ms", "keys", "parts", "sizes")

    def __init__(
        self, keys: Sequence[str], parts: list[Any], created_ms: list[int], sizes: list[int], rows: Sequence[bytes]
    ) -> None:
        self.keys, self.parts, self.created_ms, self.sizes, self._rows = keys, parts, created_ms, sizes, rows

    def values_of(self, chosen: Iterable[bool]) -> list[Any]:
        """The whole values of the chosen ones, read again: hardly ever wanted."""
        return [loads(_BODY(row)) for row in compress(self._rows, chosen)]


class Batch:
    """One call for many keys.

    Every key gets its own result: an answer, or the exception a single read would have raised.
    """

    def __init__(
        self, cache: FamilyCache, load_many: LoadMany, began: float, deadline_s: float, pick: Callable[[Any], Any]
    ) -> None:
        """`pick` takes the wanted part out of a hit's value;
        where it gives None, the key is treated as no plain hit.
        """
        self._cache = cache
        self._loading = cache.loading
        self._link = cache.link
        self._load_many = load_many
        self._pick = pick
        self._began = began
        self._deadline_s = deadline_s
        self._until = began + deadline_s
        self._found: dict[str, Result] = {}
        #: What Redis answered at once, and the one step that all of it shares.
        self.hits = Hits([], [], [], [], [])
        self.step = TraceStep(Tier.REDIS, Outcome.HIT, 0.0, 0.0)
        self.wall_ms = 0
        self._plain = b"1Vj" if cache.seal is None else b"sealed"  # of a sealed family nothing lies open

    def read(self, keys: Sequence[str]) -> dict[str, Result]:
        """Every key once.

        Plain hits are left in `hits`, to be made an answer of without a detour; the others are returned.
        """
        missing, fault = self._look(keys)
        if missing:
            self._load(missing, fault)
        return self._found

    def _look(self, keys: Sequence[str]) -> tuple[list[str], Landing]:
        """The hits into `hits`; what is left, and why Redis could not say more."""
        guard = self._link.guard
        fault = Landing()
        stored: Sequence[bytes | None] = [None] * len(keys)
        if not guard.up or guard.owed:  # an unpaid debt is rare: then nothing is read from Redis
            fault = Landing(fault="breaker_open")
        else:
            try:
                stored = self._link.server.get_many(keys)
            except CacheUnavailable as failure:
                guard.failed(failure)
                fault = Landing(fault=failure.detail, fault_outcome=Outcome(failure.outcome))
        spent = self._link.runtime.now() - self._began
        self.step = TraceStep(Tier.REDIS, Outcome.HIT, 0.0, spent)
        self.wall_ms = self._link.runtime.wall_ms()
        self._wall = b"%013d" % self.wall_ms
        missing: list[str] = []
        rows: Sequence[bytes] = stored  # type: ignore[assignment]
        if not self._all_fresh(stored):
            keys, rows = self._without([self._is_fresh(raw) for raw in stored], keys, stored, missing)
        try:  # the rest of a value is let go at once: what lives for a moment only costs the garbage collector nothing
            parts = list(map(self._pick, map(loads, map(_BODY, rows))))
            if set(map(type, parts)) != {dict}:  # nothing wanted of it, or not ours
                wanted = [type(part) is dict for part in parts]
                keys, rows = self._without(wanted, keys, rows, missing)
                parts = list(compress(parts, wanted))
            self.hits = Hits(keys, parts, list(map(int, map(_CREATED, rows))), list(map(len, rows)), rows)
        except (ValueError, TypeError, LookupError):  # one of them cannot be read: rare enough to look at each again
            self._without([False] * len(rows), keys, rows, missing)
        return missing, fault

    def _all_fresh(self, stored: Sequence[Any]) -> bool:
        """Whether every value is plain and fresh: the common case of a batch, found out without a look at each."""
        try:
            return set(map(_KIND, stored)) == {self._plain} and min(map(_STALE, stored)) > self._wall
        except TypeError:  # one is missing
            return False

    def _is_fresh(self, raw: bytes | None) -> bool:
        return raw is not None and raw[:3] == self._plain and raw[46:HEADER] > self._wall

    def _without(
        self, good: list[bool], keys: Sequence[str], stored: Sequence[bytes | None], missing: list[str]
    ) -> tuple[list[str], list[Any]]:
        """The good ones; the others go their own ways."""
        for key, raw, is_good in zip(keys, stored, good, strict=True):
            if not is_good:
                self._not_plain(key, raw, missing)
        return list(compress(keys, good)), list(compress(stored, good))

    def _not_plain(self, key: str, raw: bytes | None, missing: list[str]) -> None:
        """Anything but a fresh, plain value: nothing, a lease, compressed, sealed, stale, unreadable."""
        if raw is None or raw[:2] != b"1V":
            missing.append(key)
            return
        try:
            found, wall = self._cache.opened(key, raw), self._link.runtime.wall_ms()
        except Unreadable:
            self._cache.discard(key)
            missing.append(key)
            return
        step = self.step
        if wall >= found.fresh_until_ms:
            step = step._replace(outcome=Outcome.STALE_HIT)
            self._cache.refresh(key, self._single(key), self._deadline_s)
        self._found[key] = Cached(found.value, step.outcome, step, max(0, wall - found.created_ms) / 1000, found.size_bytes)

    def _load(self, missing: list[str], fault: Landing) -> None:
        self._until -= min(len(missing) * TO_TELL_S, self._deadline_s / 4)
        leases, others = ({}, {}) if fault.fault else self._loading.claim(missing)
        mine = [key for key in missing if key not in others]
        asked = self._link.runtime.now()
        if not leases and mine and not fault.fault:
            fault = Landing(fault=self._link.guard.reason or "no_lease")
        fault = fault._replace(asked=asked)
        flights: dict[str, Flight[Landing]] = {key: Flight() for key in mine}
        for flight in flights.values():
            flight.proved_from = asked
        self._load_mine(mine, leases, flights, fault)
        for key in others:  # somebody else is loading these, or just has: wait as a single read does
            try:
                self._found[key] = self._wait(key)
            except Exception as error:  # noqa: BLE001 - it is this key's result
                self._found[key] = error
        for key, flight in flights.items():
            self._found[key] = self._landed(key, flight)

    def _wait(self, key: str) -> Cached:
        if self._link.runtime.now() >= self._until:
            raise NoLoad(Outcome.TIMEOUT, "deadline")
        return self._cache.read(key, self._single(key), self._began, self._until - self._began, inline=True)

    def _load_mine(self, mine: list[str], leases: dict[str, str], flights: dict[str, Flight[Landing]], fault: Landing) -> None:
        try:
            loaded = self._load_many(mine, self._until) if mine else {}
        except Exception as error:  # noqa: BLE001 - it is the result of every key of ours
            for key in mine:
                self._loading.release(key, leases.get(key, ""))
                flights[key].land(error=error)
            return
        self._fill({key: r for key, r in loaded.items() if isinstance(r, Loaded)}, leases, flights, fault)
        self._go_on(deque((key, r) for key, r in loaded.items() if isinstance(r, Later)), leases, flights, fault)

    def _fill(self, quick: dict[str, Loaded], leases: dict[str, str], flights: dict[str, Flight[Landing]], fault: Landing) -> None:
        fills = [self._loading.to_fill(key, leases[key], result) for key, result in quick.items() if key in leases]
        replies = self._loading.store(fills) if fills else []
        stood = {fill.key: len(fill.stored) for fill, ok in zip(fills, replies, strict=True) if ok}
        for key, result in quick.items():
            flights[key].land(fault._replace(loaded=result, filled=stood.get(key, 0)))

    def _go_on(
        self, slow: deque[tuple[str, Later]], leases: dict[str, str], flights: dict[str, Flight[Landing]], fault: Landing
    ) -> None:
        for key, _ in slow:
            if key in leases:
                self._link.keeper.keep(key, leases[key])

        def drain() -> None:
            while slow:
                with suppress(IndexError):
                    key, later = slow.popleft()
                    self._loading.finish(key, flights[key], leases.get(key, ""), later, self._until, fault)

        for _ in range(min(PARALLEL, len(slow))):
            if not self._link.runtime.submit(drain):
                break

    def _landed(self, key: str, flight: Flight[Landing]) -> Result:
        try:
            if not flight.join(self._link.runtime.signal, self._until - self._link.runtime.now()):
                return NoLoad(Outcome.TIMEOUT, "deadline")
            if isinstance(flight.error, Exception):
                return flight.error
            assert flight.result is not None  # noqa: S101 - a batch's flight lands with a result or an error
            return self._cache.answer(key, flight.result, self._began, self._single(key), self._deadline_s, shared=False)
        except Unreadable:
            return NoLoad(Outcome.ERROR, "unreadable")

    def _single(self, key: str) -> Loader:
        return lambda until: self._load_many([key], until)[key]

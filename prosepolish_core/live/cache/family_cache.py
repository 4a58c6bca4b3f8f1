"""FamilyCache: one key family behind leases. See the package's docstring for how it is used."""

import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from ...errors import CacheUnavailable
from ...forks import on_fork
from ...model import keys
from ...model.access import Source
from ...model.keys import KeyFamily
from ...model.outcome import Family, Outcome, Tier, TraceStep
from ...ports import Recorder
from .cache_link import CacheLink
from .flight import Flight
from .leased_load import Loading
from .results import Landing, Loader, NoLoad
from .stored_value import Seal, Stored, Unreadable, decode

#: Members of an enum are slow to reach; these are needed for every hit.
_HIT, _REDIS = Outcome.HIT, Tier.REDIS
#: Who waits for a load that began without asking Redis asks it this often whether the value lies there.
LOOK_AGAIN_S = 0.25


class Cached(NamedTuple):
    """An answer. `value` is None only when that is what the loader gave."""

    value: Any
    outcome: Outcome
    step: TraceStep
    age_s: float | None
    size_bytes: int = 0
    shared: bool = False
    filled: bool = False
    degraded: bool = False
    extra: Any = None


class FamilyCache:
    """Reads, loads and invalidates the values of one family. Thread-safe; no fault of Redis leaves it."""

    def __init__(
        self,
        link: CacheLink,
        family: KeyFamily,
        recorder: Recorder,
        *,
        ttl_s: float | None = None,
        seal: Seal | None = None,
        grace: float | None = None,
        fits: Callable[[Any], bool] = lambda _: True,
    ) -> None:
        """`fits` says whether a stored value has the shape of this family's;
        one that has not is unreadable, like foreign bytes.
        """
        self.family = family
        self.link = link
        self.recorder = recorder
        self.seal = seal if family.personal else None
        self.fits = fits
        self._guard = link.guard
        self._get = link.server.get
        self._now = link.runtime.now
        self._wall_ms = link.runtime.wall_ms
        self._flights: dict[str, Flight[Landing]] = {}
        self.start_anew()
        grace = family.grace if grace is None else grace
        self.loading = Loading(link, recorder, self.seal, ttl_s or family.ttl_s, grace, self._flights)
        on_fork(self)

    def start_anew(self) -> None:
        """In a forked child the loads in progress are the parent's."""
        self._flights.clear()
        self._refreshing: set[str] = set()
        self._lock = threading.Lock()

    def get(self, identifier: str | tuple[str, ...]) -> Stored | None:
        """The stored value, by one plain GET; None when there is none or Redis is away."""
        key = self._key(identifier)
        landing = self.look(key)
        try:
            return self.opened(key, landing.stored) if landing.stored and landing.stored[:2] == b"1V" else None
        except Unreadable:
            self.discard(key)
            return None

    def opened(self, key: str, stored: bytes) -> Stored:
        """Stored bytes as a value of this family. Raises Unreadable."""
        found = decode(key, stored, self.seal)
        if not self.fits(found.value):
            raise Unreadable
        return found

    def get_or_load(self, identifier: str | tuple[str, ...], loader: Loader, deadline_s: float, *, inline: bool = False) -> Cached:
        """The value, loaded by one caller if need be. Raises InvalidIdentifier, NoLoad, or what the loader raised."""
        return self.read(self._key(identifier), loader, self._now(), deadline_s, inline=inline)

    def invalidate(self, identifier: str | tuple[str, ...]) -> bool:
        """Delete the value and void whatever lease is out.

        False: Redis did not say so in time; it is tried again until it does.
        """
        return self.drop([self._key(identifier)])

    def drop(self, keys: list[str]) -> bool:
        """The same for ready-made keys."""
        for key in keys:
            self.recorder.access(Family(key.partition(":")[0]), key, 0, Source.DROPPED)
        try:
            if self._guard.up:
                self.link.server.drop(keys)
                return True
        except CacheUnavailable as fault:
            self._guard.failed(fault)
        self._guard.owe(keys)
        return False

    def read(self, key: str, loader: Loader, began: float, deadline_s: float, *, inline: bool = False) -> Cached:
        """`get_or_load` for a ready-made key and a call that began earlier."""
        until = began + deadline_s
        blind = False
        while True:
            mine: Flight[Landing] = Flight()
            flight = self._flights.setdefault(key, mine)
            landing = self._lead(key, mine, loader, until, inline=inline, blind=blind) if flight is mine else None
            if landing is None:
                landing = self._board(key, flight, began, until)
            if landing is None:
                continue
            try:
                return self.answer(key, landing, began, loader, deadline_s, shared=flight is not mine)
            except Unreadable:
                blind = not self.discard(key)

    def _key(self, identifier: str | tuple[str, ...]) -> str:
        """Several parts are encoded one by one and joined: ("correct", digest) is llm:correct:<digest>."""
        return self.family.key(identifier) if isinstance(identifier, str) else keys.key(self.family.family, *identifier)

    # --- one flight ---

    def _lead(
        self, key: str, flight: Flight[Landing], loader: Loader, until: float, *, inline: bool, blind: bool
    ) -> Landing | None:
        """Ask Redis; load when it has nothing. None: the load goes on in the background."""
        try:
            flight.proved_from = self._now()
            found = Landing(fault="unreadable") if blind else self.look(key)
            if found.stored is not None and found.stored[:2] == b"1V":
                del self._flights[key]
                flight.land(found)
                return found
            return self.loading.run(key, flight, loader, until, found, inline=inline)
        except BaseException as error:
            if self._flights.get(key) is flight:
                del self._flights[key]
            flight.land(error=error if isinstance(error, Exception) and not isinstance(error, NoLoad) else None)
            raise

    def look(self, key: str) -> Landing:
        """One plain GET, or why there was none."""
        guard = self._guard
        if not guard.up or (guard.owed and key in guard.owed):
            return Landing(fault="breaker_open")
        try:
            return Landing(self._get(key))
        except CacheUnavailable as fault:
            guard.failed(fault)
            if fault.detail == "wrong_type":
                self.discard(key)
            return Landing(fault=fault.detail, fault_outcome=Outcome(fault.outcome))

    def _board(self, key: str, flight: Flight[Landing], began: float, until: float) -> Landing | None:
        """Wait for a flight. None: what came of it is not proved for this caller."""
        while not flight.join(self.link.runtime.signal, min(max(0.0, until - self._now()), LOOK_AGAIN_S)):
            if self._now() >= until:
                raise NoLoad(Outcome.TIMEOUT, "deadline")
            if flight.leaseless and (found := self.look(key)).stored is not None and found.stored[:2] == b"1V":
                return found
        if not flight.serves(began):
            if self._now() > until:
                raise NoLoad(Outcome.TIMEOUT, "deadline")
            return None
        if flight.error is not None:
            raise flight.error
        return flight.result

    def answer(self, key: str, landing: Landing, began: float, loader: Loader, deadline_s: float, *, shared: bool) -> Cached:
        """A landing as this caller sees it. Raises Unreadable."""
        now = self._now()
        if landing.stored is not None:
            # What a holder told us was never stored, and may be a reason why there is no value.
            found = decode(key, landing.stored, self.seal) if landing.woken else self.opened(key, landing.stored)
            wall = self._wall_ms()
            outcome = Outcome.COALESCED if landing.woken else _HIT
            if wall >= found.fresh_until_ms and not landing.woken:
                outcome = Outcome.STALE_HIT
                self.refresh(key, loader, deadline_s)
            step = TraceStep(_REDIS, outcome, 0.0, now - began, (), "coalesced" if landing.woken else "")
            age_s = max(0, wall - found.created_ms) / 1000
            return Cached(found.value, outcome, step, age_s, found.size_bytes, landing.woken or shared)
        loaded = landing.loaded
        assert loaded is not None  # noqa: S101 - a landing has one or the other
        outcome = Outcome.COALESCED if shared else Outcome.MISS
        if shared:
            step = TraceStep(Tier.REDIS, outcome, 0.0, now - began, (), "coalesced")
        else:
            said = landing.fault_outcome if landing.fault else outcome
            step = TraceStep(Tier.REDIS, said, 0.0, landing.asked - began, (), landing.fault)
        filled = landing.filled
        return Cached(loaded.value, outcome, step, None, filled, shared, filled > 0, bool(landing.fault), loaded.extra)

    # --- beside the flights ---

    def discard(self, key: str) -> bool:
        """Delete what cannot be read; False when Redis would not."""
        self.recorder.event("unreadable_value")
        try:
            self.link.server.drop([key])
        except CacheUnavailable as fault:
            self._guard.failed(fault)
            return False
        return True

    def refresh(self, key: str, loader: Loader, deadline_s: float) -> None:
        """Load again in the background, once per key and process, and once over all processes by the lease."""
        with self._lock:
            if key in self._refreshing:
                return
            self._refreshing.add(key)

        def work() -> None:
            try:
                self.loading.refresh(key, loader, deadline_s)
            finally:
                with self._lock:
                    self._refreshing.discard(key)

        if not self.link.runtime.submit(work):
            with self._lock:
                self._refreshing.discard(key)

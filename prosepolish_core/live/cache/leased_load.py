"""Loading under a lease: one loader over all threads and processes,
and a fill that counts only while the lease stands.
"""

from collections.abc import Sequence

from ...errors import CacheUnavailable
from ...model.lease import Fill
from ...model.outcome import Outcome
from ...model.provenance import Provenance, acting_as
from ...ports import Recorder
from .cache_link import CacheLink
from .flight import Flight
from .lease_keeper import LEASE_MS
from .results import Landing, Later, Loaded, Loader, NoLoad, complete
from .stored_value import MOST_TOLD, Seal, encode, is_lease, token_of

#: A little more than a lease: a holder that is alive has prolonged it by then.
PATIENCE_S = LEASE_MS / 1000 + 0.05
#: Without grace a value lives until Redis ends it: no clock that runs ahead in another process may have it loaded anew.
NEVER_STALE_MS = 9_999_999_999_999
#: How often to look when wake-ups cannot be heard.
POLL_S = 0.1


class Loading:
    """The part of a family's cache that runs on a miss."""

    def __init__(
        self,
        link: CacheLink,
        recorder: Recorder,
        seal: Seal | None,
        ttl_s: float,
        grace: float,
        flights: dict[str, Flight[Landing]],
    ) -> None:
        self._link = link
        self._server = link.server
        self._runtime = link.runtime
        self._guard = link.guard
        self._recorder = recorder
        self._seal = seal
        self._ttl_s = ttl_s
        self._grace = grace
        self._flights = flights

    def run(
        self, key: str, flight: Flight[Landing], loader: Loader, until: float, found: Landing, *, inline: bool
    ) -> Landing | None:
        """Load, or wait for who does. Lands the flight, or returns None and lands it from the background."""
        lease, landing = ("", None) if found.fault else self._lease(key, flight, until, waits=found.stored is not None)
        if landing is not None:
            self._land(key, flight, landing)
            return landing
        asked = self._runtime.now()
        if lease:
            found = Landing(asked=asked)
        else:
            flight.proved_from, flight.leaseless = asked, True
            found = found._replace(stored=None, fault=found.fault or self._guard.reason or "no_lease", asked=asked)
        try:
            result = loader(until) if inline else _all_later(loader)
        except BaseException:
            self.release(key, lease)
            raise
        if isinstance(result, Loaded):
            return self._settle(key, flight, lease, result, found, quick=True)
        if lease:
            self._link.keeper.keep(key, lease)
        if not self._runtime.submit(lambda: self.finish(key, flight, lease, result, until, found)):
            self._link.keeper.let_go(lease)
            self.release(key, lease)
            raise NoLoad(Outcome.REFUSED, "saturated")
        return None

    def finish(self, key: str, flight: Flight[Landing], lease: str, later: Later, until: float, found: Landing) -> None:
        """The slow part of a load, in the background. Lands the flight whatever happens."""
        try:
            self._settle(key, flight, lease, later.finish(until), found)
        except Exception as error:  # noqa: BLE001 - it is handed to the callers
            self.release(key, lease)
            self._land(key, flight, None, error)
        finally:
            self._link.keeper.let_go(lease)

    def claim(self, wanted: Sequence[str]) -> tuple[dict[str, str], dict[str, bytes | None]]:
        """Leases for many keys in one round trip:
        what was taken (key -> token), and what lies there instead of the others.

        Both are empty when Redis cannot give leases.
        """
        claims = [(key, self._runtime.token()) for key in wanted]
        try:
            replies = self._server.take(claims, LEASE_MS, waits=False) if claims and self._guard.writable() else []
        except CacheUnavailable as fault:
            self._guard.failed(fault)
            replies = []
        pairs = list(zip(claims, replies, strict=False))
        return {k: token for (k, token), r in pairs if r.taken}, {k: r.stored for (k, _), r in pairs if not r.taken}

    def refresh(self, key: str, loader: Loader, deadline_s: float) -> None:
        """Load a value that has gone stale.

        Its lease is not given back after a failure: that is the pause before the next try.
        """
        token = self._runtime.token()
        try:
            with acting_as(Provenance.REFRESH):
                self._refresh(key, token, loader, deadline_s)
        except CacheUnavailable as fault:
            self._guard.failed(fault)
        except Exception:  # noqa: BLE001 - nobody waits for a refresh; the next reader tries again
            self._recorder.event("refresh_failed")
        finally:
            self._link.keeper.let_go(token)

    def _refresh(self, key: str, token: str, loader: Loader, deadline_s: float) -> None:
        if self._guard.writable() and self._server.take([(key, token)], LEASE_MS, refresh=True)[0].taken:
            self._link.keeper.keep(key, token)
            until = self._runtime.now() + deadline_s
            loaded = complete(loader(until), until)
            if loaded.keep:
                self._fill(key, token, loaded)

    def release(self, key: str, lease: str) -> None:
        """Give a lease back without a value: whoever waits tries for himself."""
        if lease:
            self.store([Fill(key, lease, b"", 1)])

    def store(self, fills: list[Fill]) -> list[bool]:
        """Fill; all False when Redis would not."""
        try:
            return self._server.fill(fills)
        except CacheUnavailable as fault:
            self._guard.failed(fault)
            return [False] * len(fills)

    def to_fill(self, key: str, lease: str, loaded: Loaded) -> Fill:
        """The value as it will lie in Redis, with a jittered time to live. Over the size limit it is only told."""
        ttl_ms = int((loaded.ttl_s or self._ttl_s) * 1000 * (0.9 + 0.1 * self._runtime.share()))
        created = self._runtime.wall_ms()
        fresh_until = created + int(ttl_ms * (1 - self._grace)) if self._grace else NEVER_STALE_MS
        stored, fits = encode(key, loaded.value, created, fresh_until, self._seal)
        if not fits:
            self._recorder.event("oversized_value")
        if fits and loaded.keep:
            return Fill(key, lease, stored, ttl_ms)
        return Fill(key, lease, b"", ttl_ms, stored if len(stored) <= MOST_TOLD else b"")

    def _lease(self, key: str, flight: Flight[Landing], until: float, *, waits: bool) -> tuple[str, Landing | None]:
        """A lease of our own, or what its holder told us. ('', None): Redis cannot give one, load without."""
        while self._guard.writable():
            token = self._runtime.token()
            hears = self._server.listen(0)
            sent = self._runtime.now()
            try:
                taken, stored = self._server.take([(key, token)], LEASE_MS, waits=waits)[0]
            except CacheUnavailable as fault:
                self._guard.failed(fault)
                break
            flight.proved_from = sent
            if taken:
                return token, None
            if stored is not None and not is_lease(stored):
                return "", Landing(stored)
            if hears and not waits:
                waits = True  # now that there is somebody to wait for, he must know
                continue
            waits = True
            told = self._wait(token_of(stored or b""), until, hears=hears)
            if told is not None:
                return "", Landing(told, woken=True)
            if self._runtime.now() >= until:
                raise NoLoad(Outcome.TIMEOUT, "deadline")
        return "", None

    def _wait(self, token: str, until: float, *, hears: bool) -> bytes | None:
        """What the holder says; None: look again (it failed, it died, or it may have spoken before we could hear)."""
        left = until - self._runtime.now()
        if not hears:
            if left > 0 and not self._server.listen(min(left, POLL_S)):
                self._runtime.pause(min(left, POLL_S))
            return None
        signal = self._runtime.signal()
        self._server.expect(token, signal)
        signal.wait(max(0.0, min(left, PATIENCE_S)))
        wake = self._server.heard(token)
        return wake.stored if wake else None

    def _settle(
        self, key: str, flight: Flight[Landing], lease: str, loaded: Loaded, found: Landing, *, quick: bool = False
    ) -> Landing:
        """Fill and land.

        The fill's reply is waited for when it proves the value to somebody who came after the lease.
        """
        if not lease:
            filled = 0
        elif quick and not flight.joined:
            filled = self._fill_soon(key, lease, loaded)
        else:
            filled = self._fill(key, lease, loaded, flight)
        flight.proved_from = max(flight.proved_from, loaded.proved_from)
        landing = Landing(None, loaded, False, filled, found.fault, found.fault_outcome, found.asked)
        self._land(key, flight, landing)
        return landing

    def _land(self, key: str, flight: Flight[Landing], landing: Landing | None, error: BaseException | None = None) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        flight.land(landing, error)

    def _fill(self, key: str, lease: str, loaded: Loaded, flight: Flight[Landing] | None = None) -> int:
        """How many bytes of the value now lie in Redis.

        A lease that stood proves the value for everybody who came before the fill.
        """
        fill = self.to_fill(key, lease, loaded)
        sent = self._runtime.now()
        stood = self.store([fill])[0]
        if not stood:
            self._recorder.event("lease_lost")
        elif flight is not None:
            flight.proved_from = sent
        return len(fill.stored) if stood else 0

    def _fill_soon(self, key: str, lease: str, loaded: Loaded) -> int:
        """How many bytes are on their way. That Redis refused them is counted when the reply is read."""
        fill = self.to_fill(key, lease, loaded)
        try:
            self._server.fill_soon(fill, self._settled)
        except CacheUnavailable as fault:
            self._settled(False, fault)
            return 0
        self._link.keeper.watch()
        return len(fill.stored)

    def _settled(self, stood: bool | None, fault: CacheUnavailable | None) -> None:
        if fault is not None:
            self._guard.failed(fault)
        if not stood:
            self._recorder.event("fill_unconfirmed" if stood is None else "lease_lost")


def _all_later(loader: Loader) -> Loaded | Later:
    return Later(lambda limit: complete(loader(limit), limit))

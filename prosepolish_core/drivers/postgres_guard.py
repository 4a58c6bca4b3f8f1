"""Leaving a dead server alone: one guard per address and process, which every pool asks before it connects.

Only connecting is guarded. Who still has a connection uses it, and a slow statement is no outage: it costs its caller
the deadline, and nobody else anything.
"""

from weakref import WeakValueDictionary

from ..calc.breaker import Breaker, BreakerPolicy
from ..errors import StoreUnavailable
from ..forks import on_fork
from ..outage_note import OutageNote

#: One failed attempt is enough to stop; then one attempt each half second finds out. Everything comes back within 2 s:
#: half a second of pause, at most a second until an attempt that got no answer stops blocking the next one, and the
#: time to connect.
POLICY = BreakerPolicy(failures=1, open_s=0.5, longest_s=0.5)


class ServerGuard:
    """What this process knows of one server. Thread-safe."""

    def __init__(self) -> None:
        self._note = OutageNote("postgres", "PostgreSQL", "answers come from the other tiers, and sessions cannot begin or end")
        self.start_anew()
        on_fork(self)

    def start_anew(self) -> None:
        """As if nothing were known: another thread of the parent may have held the lock."""
        self._breaker = Breaker(POLICY)
        self._last: StoreUnavailable | None = None
        self._well_since = 0.0

    @property
    def closed(self) -> bool:
        """Whether the server is believed to be well."""
        return self._breaker.closed

    def may_connect(self, now: float) -> bool:
        """Whether an attempt may begin: always while the server is well, else one at a time, after a pause."""
        return self._breaker.allow(now)

    def connected(self, began: float) -> None:
        """An attempt got a connection: whatever was believed before, the server is well."""
        self._well_since = max(self._well_since, began)
        if not self._breaker.closed:
            self._breaker = Breaker(POLICY)
            self._note.end()

    def failed(self, began: float, since: float, fault: StoreUnavailable) -> None:
        """An attempt failed. The pause counts from `since`.

        It says nothing when one that began later got a connection.
        """
        if began >= self._well_since:
            self._last = fault
            self._breaker.failure(since)
            self._note.begin(fault.reason)

    def refusal(self) -> StoreUnavailable:
        """What a caller is told who would have to connect and may not: what the last attempt met."""
        last = self._last or StoreUnavailable("PostgreSQL does not answer")
        return StoreUnavailable(last.reason, last.action, "breaker_open")


_GUARDS: "WeakValueDictionary[str, ServerGuard]" = WeakValueDictionary()


def guard_of(url: str) -> ServerGuard:
    """The guard of the server at this address."""
    return _GUARDS.setdefault(url, ServerGuard())

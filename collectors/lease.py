"""Leases: which sources this collector observes, so that two collectors never write twice and the second takes over."""

from collections.abc import Iterable

from prosepolish_core.drivers.postgres_lease import MEMBERS, SOURCES, AdvisoryLocks
from prosepolish_core.errors import StoreUnavailable

#: At most this many collectors share the sources of one database.
SLOTS = 64


class Leases:
    """Holds a fair share of the sources. `renew` is called every second or two by one thread."""

    def __init__(self, locks: AdvisoryLocks, sources: Iterable[str]) -> None:
        self._locks = locks
        self._sources = tuple(sources)
        self._session: int | None = None
        self.held: frozenset[str] = frozenset()
        self.slot: int | None = None

    @property
    def away(self) -> bool:
        """Whether PostgreSQL could not be asked the last time."""
        return self._session is None

    def renew(self) -> frozenset[str]:
        """Take what is free up to our share, give back what is over it; returns what we observe now.

        While PostgreSQL is away nobody can take anything: we go on with what we held (with everything when we have just
        begun), and the store keeps each tick only once.
        """
        try:
            self._renew()
        except StoreUnavailable:
            if self._session is None and not self.held:
                self.held = frozenset(self._sources)
            self._session = None
        return self.held

    def close(self) -> None:
        """Give everything back; another collector takes over at its next renewal."""
        self._locks.close()
        self.held = frozenset()

    def _renew(self) -> None:
        session = self._locks.session()
        held = set(self.held) if session == self._session else set()
        if session != self._session:
            self.slot = next((n for n in range(SLOTS) if self._locks.take(MEMBERS, str(n))), None)
        self._session = session
        share = -(-len(self._sources) // max(1, self._locks.holders(MEMBERS)))
        for source in sorted(held)[share:]:
            self._locks.give_back(SOURCES, source)
            held.discard(source)
        for source in self._sources:
            if len(held) >= share:
                break
            if source not in held and self._locks.take(SOURCES, source):
                held.add(source)
        self.held = frozenset(held)

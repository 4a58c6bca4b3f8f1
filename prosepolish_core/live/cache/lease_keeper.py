"""Keeps the leases of long loads alive, so that a lease can be short and a dead holder is noticed soon;
hears late replies.
"""

import threading
from contextlib import suppress

from ...errors import CacheUnavailable
from ...ports import CacheServer
from .threads import Runtime

#: How long a lease lasts, and how often it is prolonged meanwhile.
LEASE_MS = 1000
BEAT_S = 0.3
#: Beats without anything to do, after which the thread ends.
IDLE_BEATS = 100


class LeaseKeeper:
    """One thread while there is something to keep; none otherwise."""

    def __init__(self, server: CacheServer, runtime: Runtime) -> None:
        self._server = server
        self._runtime = runtime
        self.start_anew()

    def start_anew(self) -> None:
        """As if just made: in a forked child the parent keeps its own leases."""
        self._lock = threading.Lock()
        self._kept: dict[str, str] = {}
        self._owing = False
        self._running = False
        self._closed = False

    def keep(self, key: str, token: str) -> None:
        """Prolong this lease until it is let go."""
        with self._lock:
            self._kept[token] = key
        self._start()

    def watch(self) -> None:
        """A fill was sent whose reply nobody has read: if no other command reads it soon, this thread does."""
        with self._lock:
            self._owing = True
            if self._running:
                return
        self._start()

    def _start(self) -> None:
        with self._lock:
            if self._running:
                return
            self._running = True
        self._runtime.spawn(self._run, "prosepolish-leases")

    def let_go(self, token: str) -> None:
        """The load is over."""
        with self._lock:
            self._kept.pop(token, None)

    def close(self) -> None:
        """Let everything go."""
        self._closed = True
        with self._lock:
            self._kept.clear()

    def _run(self) -> None:
        idle = 0
        while True:
            self._runtime.pause(BEAT_S)
            with self._lock:
                kept = [(key, token) for token, key in self._kept.items()]
                owing, self._owing = self._owing, False
                idle = 0 if kept or owing else idle + 1
                if idle > IDLE_BEATS or self._closed:
                    self._running = False
                    return
            with suppress(CacheUnavailable):  # then the lease lapses, and the fill is refused: safe, only slower
                if kept:
                    self._server.renew(kept, LEASE_MS)
                if owing:
                    self._server.collect()
